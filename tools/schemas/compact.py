"""Schemas as text in which nothing is said twice.

The format, which src/kubernetes/schema/text.rs reads:

    rungs-schemas 1 SOURCE…
    API_VERSION KIND ROOT…          one line for each kind, sorted
                                    an empty line
    {"properties":{"a":3},…}        one line for each schema, the first is 0

A schema is JSON, with the numbers of lines in place of the schemas in it. A ROOT is
the number of a line, with the minor versions of Kubernetes before it (`25-27=812`)
where they matter; words after it say more about the kind.
"""

import json
import sys
from pathlib import Path

import zstandard

FORMAT = 1
# Where the files go: the directory that is named on the command line, else the checked-in one.
DATA = Path(sys.argv[1] if sys.argv[1:] else Path(__file__).parents[2] / "src/kubernetes/schema/data")

# Keywords whose value is a schema, has schemas by name, or lists them.
ONE = ("items", "additionalProperties", "not")
NAMED = ("properties",)
SEVERAL = ("allOf", "anyOf", "oneOf")
# What people read, and servers do not.
PROSE = ("description", "example", "examples", "externalDocs", "title")


def canonical(value):
    """The one way to write a value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Graph:
    """All schemas of all versions. A schema may lead back to itself."""

    def __init__(self):
        self.labels = []
        self.children = []

    def add(self, schema, resolve=None, refine=None):
        """Adds a schema with all in it, and returns its number. `resolve` returns the
        number of what a `$ref` with nothing beside it means, and else the schema to add
        in its place; `refine` changes the keywords of a schema."""
        if "$ref" in schema:
            schema = resolve(schema)
            if isinstance(schema, int):
                return schema
        number = self.reserve()
        self.fill(number, schema, resolve, refine)
        return number

    def reserve(self):
        """The number of a schema that is added later."""
        self.labels.append(None)
        self.children.append(())
        return len(self.labels) - 1

    def fill(self, number, schema, resolve=None, refine=None):
        """Adds the schema with a number that was reserved."""
        schema = {k: v for k, v in schema.items() if k not in PROSE}
        if refine:
            schema = refine(schema)
        children = []

        def child(part):
            children.append(self.add(part, resolve, refine))
            return len(children) - 1

        label = {}
        for keyword in sorted(schema):
            value = schema[keyword]
            if keyword in ONE and isinstance(value, dict):
                value = child(value)
            elif keyword in NAMED:
                value = {name: child(value[name]) for name in sorted(value)}
            elif keyword in SEVERAL:
                value = [child(part) for part in value]
            label[keyword] = value
        self.labels[number] = label
        self.children[number] = tuple(children)

    def classes(self):
        """For each schema the number of the class of those that say the same. All
        count as the same until something in them, or below them, tells them apart: so
        recursion needs no care."""
        labels = [canonical(label) for label in self.labels]
        found, count = numbered(labels)
        while True:
            keys = zip(labels, (tuple(found[c] for c in cs) for cs in self.children))
            finer, finer_count = numbered(keys)
            if finer_count == count:
                return finer
            found, count = finer, finer_count

    def write(self, roots):
        """The lines for what the roots lead to, and the lines' numbers by root. What a
        schema uses is before it, except where it leads back to itself."""
        classes = self.classes()
        one_of = {}
        for number, found in enumerate(classes):
            one_of.setdefault(found, number)
        order, seen = [], set()

        sys.setrecursionlimit(10_000)

        def visit(number):
            number = one_of[classes[number]]
            if number in seen:
                return
            seen.add(number)
            for child in self.children[number]:
                visit(child)
            order.append(number)

        for root in roots:
            visit(root)
        line_of = {classes[number]: line for line, number in enumerate(order)}
        lines = [self.line(number, classes, line_of) for number in order]
        return lines, {root: line_of[classes[root]] for root in roots}

    def line(self, number, classes, line_of):
        """A schema with the numbers of lines in place of those in it."""
        children = [line_of[classes[child]] for child in self.children[number]]
        label = dict(self.labels[number])
        for keyword, value in label.items():
            if keyword in ONE and not isinstance(value, bool):
                label[keyword] = children[value]
            elif keyword in NAMED:
                label[keyword] = {name: children[part] for name, part in value.items()}
            elif keyword in SEVERAL:
                label[keyword] = [children[part] for part in value]
        return canonical(label)


def numbered(keys):
    """A number for each key, the same for equal ones, and how many there are."""
    known = {}
    return [known.setdefault(key, len(known)) for key in keys], len(known)


def save_table(name, title, rows):
    """Writes the list of kinds, which is read without inflating anything."""
    header = f"# {title}. Made by tools/schemas."
    lines = [header, *(" ".join(row) for row in sorted(rows)), ""]
    (DATA / name).write_text("\n".join(lines), encoding="utf-8")


def save(name, source, index, lines):
    """Writes the file, and says how large it is."""
    header = f"rungs-schemas {FORMAT} {source}"
    text = "\n".join([header, *index, "", *lines, ""]).encode()
    packed = zstandard.ZstdCompressor(level=19).compress(text)
    DATA.mkdir(parents=True, exist_ok=True)
    (DATA / name).write_bytes(packed)
    print(f"{name}: {len(lines)} schemas, {len(text)} bytes, {len(packed)} compressed")
