"""Makes kubernetes.zst and kubernetes.txt from the package `kubernetes-validate`.

`kubernetes.txt` lists the kinds with their scopes and versions, `kubernetes.zst` has their
schemas.
"""

import importlib.metadata
import importlib.resources
import json
import re

import compact
import facts

PACKAGE = "kubernetes-validate"
PREFIX = "io.k8s."
# Definitions of which the package only says `string or number`, or nothing: what the
# server's own readers of these types accept.
KNOWN = {
    "apimachinery.pkg.api.resource.Quantity": {"format": "quantity"},
    "apimachinery.pkg.util.intstr.IntOrString": {"x-kubernetes-int-or-string": True},
    "apimachinery.pkg.apis.meta.v1.FieldsV1": {"x-kubernetes-preserve-unknown-fields": True},
    "apimachinery.pkg.runtime.RawExtension": {"x-kubernetes-preserve-unknown-fields": True},
    **{
        f"apiextensions-apiserver.pkg.apis.apiextensions.v1.{name}": {
            "x-kubernetes-preserve-unknown-fields": True
        }
        for name in (
            "JSON", "JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool",
            "JSONSchemaPropsOrStringArray",
        )
    },
}


def versions():
    """The definitions by minor version."""
    directory = importlib.resources.files("kubernetes_validate") / "kubernetes-json-schema"
    found = {}
    for entry in directory.iterdir():
        # The strict ones only add `additionalProperties: false` to every definition.
        if match := re.fullmatch(r"v1\.(\d+)\.0-local", entry.name):
            text = (entry / "_definitions.json").read_text(encoding="utf-8")
            found[int(match[1])] = json.loads(text)["$defs"]
    return dict(sorted(found.items()))


def kinds_of(definition):
    """The kinds of objects that a definition is of."""
    for entry in definition.get("x-kubernetes-group-version-kind", ()):
        kind = entry["kind"]
        if kind not in facts.NOT_OBJECTS and not kind.endswith("List"):
            yield entry["group"], entry["version"], kind


def refined(schema):
    """A schema in the terms of definitions: one type and `nullable`."""
    schema = dict(schema)
    choices = schema.pop("oneOf", None)
    types = schema.get("type", [])
    if choices:
        types = [one for choice in choices for one in choice["type"]]
    types = [types] if isinstance(types, str) else list(dict.fromkeys(types))
    if "null" in types:
        types.remove("null")
        schema["nullable"] = True
    if types:
        schema["type"] = types[0] if len(types) == 1 else types
    return schema


class Version:
    """The definitions of one version, added to the graph when they are needed."""

    def __init__(self, graph, definitions):
        self.graph = graph
        self.definitions = definitions
        self.numbers = {}

    def definition(self, name):
        """The number of a definition."""
        if name not in self.numbers:
            self.numbers[name] = self.graph.reserve()
            self.graph.fill(self.numbers[name], self.named(name), self.resolve, refined)
        return self.numbers[name]

    def named(self, name):
        """A definition that knows its name, and what is known of that name."""
        schema = dict(self.definitions[name])
        schema.pop("x-kubernetes-group-version-kind", None)
        short = name.removeprefix(PREFIX)
        return {**schema, "definition": short, **KNOWN.get(short, {})}

    def resolve(self, schema):
        """What a reference means, with what is said beside it."""
        name = schema["$ref"].removeprefix("#/$defs/")
        beside = {k: v for k, v in schema.items() if k != "$ref" and k not in compact.PROSE}
        return {**self.named(name), **beside} if beside else self.definition(name)

    def root(self, name, kind):
        """The number of an object's schema, with the top level that servers demand. Which
        `apiVersion` and `kind` it has, the index says."""
        schema = self.named(name)
        required = {"apiVersion", "kind", *schema.get("required", ())}
        if kind not in facts.WITHOUT_NAME:
            required.add("metadata")
        type_meta = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
        schema["required"] = sorted(required)
        schema["properties"] = {**schema["properties"], **type_meta}
        return self.graph.add(schema, self.resolve, refined)


def ranges(minors):
    """Sorted minor versions as `25-27,30`."""
    runs = []
    for minor in minors:
        if runs and runs[-1][1] == minor - 1:
            runs[-1][1] = minor
        else:
            runs.append([minor, minor])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def row(api_version, kind, minors):
    """What is known of a kind without its schema."""
    return api_version, kind, facts.scope(api_version.rpartition("/")[0], kind), minors


def main():
    graph, kinds = compact.Graph(), {}
    for minor, definitions in versions().items():
        version = Version(graph, definitions)
        for name, definition in sorted(definitions.items()):
            for group, api, kind in kinds_of(definition):
                api_version = f"{group}/{api}" if group else api
                roots = kinds.setdefault((api_version, kind), {})
                roots[minor] = version.root(name, kind)
    kinds = dict(sorted(kinds.items()))
    lines, line_of = graph.write([root for roots in kinds.values() for root in roots.values()])
    index, rows = [], []
    for (api_version, kind), roots in kinds.items():
        minors_of = {}
        for minor, root in roots.items():
            minors_of.setdefault(line_of[root], []).append(minor)
        entries = (f"{ranges(minors)}={line}" for line, minors in minors_of.items())
        index.append(" ".join([api_version, kind, *entries]))
        rows.append(row(api_version, kind, ranges(roots)))
    for (api_version, last), gone in facts.GONE.items():
        rows += [row(api_version, kind, f"-{last}") for kind in gone.split()]
    source = f"{PACKAGE}-{importlib.metadata.version(PACKAGE)}"
    compact.save("kubernetes.zst", source, index, lines)
    title = "Kubernetes' own kinds by API version, with scope and minor versions"
    compact.save_table("kubernetes.txt", title, rows)


if __name__ == "__main__":
    main()
