#!/usr/bin/env python3
"""How the time of edits grows with what is edited.

Each case is measured at sizes that double. The exponent between the last two says how the
time grows: 1 is in proportion, 2 is quadratic. A case fails above the limit.

    python3 benches/edits.py --rungs target/release/rungs

needs a rungs built with `--release`, and nothing else.
"""

import argparse
import math
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

LIMIT = 1.2
"""The highest exponent that passes."""

RUNS = 3
"""Each size is measured so often; the shortest run counts."""


def in_one_map(directory, size):
    """One file whose map has an image at each key."""
    lines = (f"  app{n}: {{image: {{repository: x/web, tag: v1}}}}\n" for n in range(size))
    (directory / "values.yaml").write_text("apps:\n" + "".join(lines))
    return ["--in", "values.yaml", "x/web:v2"]


def with_digests(directory, size):
    """The same in lines, with a digest that is filled in."""
    image = "image:\n      repository: x/web\n      tag: v1\n      digest: ''\n"
    lines = (f"  app{n}:\n    {image}" for n in range(size))
    (directory / "values.yaml").write_text("apps:\n" + "".join(lines))
    return ["--in", "values.yaml", f"x/web:v2@sha256:{'a' * 64}"]


def in_one_list(directory, size):
    """One Pod with many containers."""
    lines = (f"  - {{name: c{n}, image: x/web:v1}}\n" for n in range(size))
    head = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n"
    (directory / "pod.yaml").write_text(head + "".join(lines))
    return ["--in", "pod.yaml", "x/web:v2"]


def in_documents(directory, size):
    """One file with an image in each of its documents."""
    spec = "spec: {{containers: [{{name: c, image: 'x/web:v1'}}]}}\n"
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{}}}\n" + spec
    (directory / "pods.yaml").write_text("---\n".join(pod.format(n) for n in range(size)))
    return ["--in", "pods.yaml", "x/web:v2"]


def in_aliases(directory, size):
    """One file in which many maps repeat one image."""
    lines = (f"  app{n}: {{image: *image}}\n" for n in range(size))
    text = "image: &image {repository: x/web, tag: v1}\napps:\n" + "".join(lines)
    text += "".join(f"more{n}: {{image: {{repository: x/web, tag: v1}}}}\n" for n in range(size))
    (directory / "values.yaml").write_text(text)
    return ["--in", "values.yaml", "x/web:v2"]


def in_files(directory, size):
    """A directory with an image in each of its files."""
    for n in range(size):
        (directory / f"{n}.yaml").write_text("image: {repository: x/web, tag: v1}\n")
    return ["--in", ".", "x/web:v2"]


def by_route_in_files(directory, size):
    """A value at one route in each of many named files."""
    arguments = []
    for n in range(size):
        (directory / f"{n}.yaml").write_text("web: {size: 1, other: [a, b]}\n")
        arguments += ["--in", f"{n}.yaml"]
    return [*arguments, "--route", "web.size=2"]


def by_routes(directory, size):
    """Many routes of one file."""
    (directory / "values.yaml").write_text("".join(f"k{n}: {{size: 1}}\n" for n in range(size)))
    arguments = ["--in", "values.yaml"]
    for n in range(size):
        arguments += ["--route", f"k{n}.size=2"]
    return arguments


CASES = [
    (in_one_map, 10_000),
    (with_digests, 5_000),
    (in_one_list, 10_000),
    (in_documents, 20_000),
    (in_aliases, 5_000),
    (in_files, 5_000),
    (by_route_in_files, 4_000),
    (by_routes, 4_000),
]
"""Each with its largest size."""


def seconds(program, case, size):
    """The processor time of a run that changes everything, the shortest of several."""
    best = math.inf
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as path:
            directory = pathlib.Path(path)
            arguments = case(directory, size)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([program, "set", *arguments], cwd=directory, check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            best = min(best, taken)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rungs", default="target/release/rungs", help="the program (target/release/rungs)")
    parser.add_argument("--scale", type=float, default=1, help="multiplies the sizes, as for a debug build")
    parser.add_argument("case", nargs="*", help="these cases only")
    options = parser.parse_args()
    program = os.path.abspath(options.rungs)
    failed = False
    for case, most in CASES:
        if options.case and case.__name__ not in options.case:
            continue
        largest = int(most * options.scale)
        sizes = [largest // 4, largest // 2, largest]
        times = [seconds(program, case, size) for size in sizes]
        exponent = math.log2(times[-1] / times[-2])
        failed |= exponent > LIMIT
        shown = " ".join(f"{size}: {taken:.2f} s" for size, taken in zip(sizes, times))
        mark = " !" if exponent > LIMIT else ""
        print(f"{case.__name__:20} {shown}   exponent {exponent:.2f}{mark}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
