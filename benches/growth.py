#!/usr/bin/env python3
"""Shows that rendering and promoting take time in proportion to their input.

    cargo build --release
    benches/growth.py [--rungs target/release/rungs] [--sizes 4]

Each case is run with an input that is doubled several times. The exponent is that
of the growth between the last two sizes, from the CPU time above that of an empty
run: 1 is linear, 2 quadratic. Above 1.2 the script ends with 1. It is for people,
on a machine that does nothing else; no test runs it.
"""

import argparse
import math
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST = 1.2


def write(directory, files):
    for name, text in files.items():
        path = Path(directory, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def repository(values, template):
    return {
        "rungs.yaml": "version: 1\nladder: [qa]\n",
        "environments/qa/web.yaml": "values:\n  some: 1\n" + values,
        **template,
    }


HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n"


def tera_values(count):
    """Texts and numbers that a Tera template prints."""
    values = "".join(f"  t{i}: x{i}\n  n{i}: {i}\n" for i in range(count))
    body = "".join(f"  t{i}: {{{{ values.t{i} }}}}\n  n{i}: n{{{{ values.n{i} }}}}\n" for i in range(count))
    return repository(values, {"templates/web/a.yaml.tera": HEAD + body})


def jsonnet_values(count):
    """Texts that a Jsonnet program prints."""
    values = "".join(f"  t{i}: x{i}\n" for i in range(count))
    body = "".join(f"t{i}: v.t{i}, " for i in range(count))
    program = (
        "function(rungs) local v = rungs.values; "
        "[{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { %s } }]" % body
    )
    return repository(values, {"templates/web/main.jsonnet": program})


def bare_prints(count):
    """Texts that a loop prints without quotes, none of which needs them."""
    values = "  map:\n" + "".join(f"    t{i}: x-{i}\n" for i in range(count))
    body = "  {%- for key, value in values.map %}\n  {{ key }}: {{ value | upper }}\n  {%- endfor %}\n"
    return repository(values, {"templates/web/a.yaml.tera": HEAD + body})


def signs(count):
    """Rows of operators in Jsonnet, as long as they may be."""
    rows = " ".join("!" * 256 for _ in range(count))
    program = (
        "function(rungs) [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, "
        "data: { a: std.toString(%strue), b: rungs.values.some } }]" % rows
    )
    return repository("", {"templates/web/main.jsonnet": program})


def one_file(count):
    """Apps whose images are all in one file for each environment."""
    text = lambda tag: "".join(
        f"app{i}:\n  image: {{ repository: x/app{i}, tag: {tag} }}\n" for i in range(count)
    )
    rules = "sites:\n  - { path: '{environment}.yaml', kind: helm-values, app: '{image}' }\n"
    settings = "version: 1\nladder: [qa, prod]\n"
    return {"rungs.yaml": settings + rules, "qa.yaml": text("v2"), "prod.yaml": text("v1")}


def entries(count):
    """As many entries of `sites` as apps, each with files of its own."""
    entry = "  - {{ path: 'd{i}/{{environment}}/*.yaml', kind: helm-values, app: app{i} }}\n"
    settings = "version: 1\nladder: [qa, prod]\nsites:\n"
    files = {"rungs.yaml": settings + "".join(entry.format(i=i) for i in range(count))}
    for i in range(count):
        for environment, tag in ("qa", "v2"), ("prod", "v1"):
            files[f"d{i}/{environment}/a.yaml"] = f"image: {{ repository: x/a, tag: {tag} }}\n"
    return files


def entries_of_one_file(count):
    """As many entries of `sites` as apps, all of one file for each environment."""
    entry = "  - {{ path: '{{environment}}.yaml', kind: helm-values, root: app{i}, app: app{i} }}\n"
    settings = "version: 1\nladder: [qa, prod]\nsites:\n"
    rules = settings + "".join(entry.format(i=i) for i in range(count))
    return {**one_file(count), "rungs.yaml": rules}


def clusters(count):
    """Clusters, each a wave of its own, of which one alone has a file."""
    waves = ", ".join(f"[c{i}]" for i in range(count))
    settings = "version: 1\nladder: [qa, prod]\nenvironments:\n"
    environments = f"  qa: {{ cluster: c }}\n  prod: {{ waves: [{waves}] }}\n"
    rules = "sites:\n  - { path: 'd/{app}/{environment}/{cluster}.yaml', kind: helm-values }\n"
    value = lambda tag: f"image: {{ repository: x/a, tag: {tag} }}\n"
    files = {"d/a/qa/c.yaml": value("v2"), "d/a/prod/c0.yaml": value("v1")}
    return {"rungs.yaml": settings + environments + rules, **files}


def one_wave(count):
    """Clusters of one wave, each with a file of its own that lags."""
    wave = ", ".join(f"c{i}" for i in range(count))
    settings = "version: 1\nladder: [qa, prod]\nenvironments:\n"
    environments = f"  qa: {{ cluster: c }}\n  prod: {{ waves: [[{wave}]] }}\n"
    rules = "sites:\n  - { path: '{environment}/{cluster}/{app}.yaml', kind: yaml, fields: { tag: tag } }\n"
    files = {f"prod/c{i}/web.yaml": "tag: v1\n" for i in range(count)}
    return {"rungs.yaml": settings + environments + rules, "qa/c/web.yaml": "tag: v2\n", **files}


def wave_without_files(count):
    """Clusters of one wave, of which one alone has a file."""
    files = one_wave(count)
    return {path: text for path, text in files.items() if not path.startswith("prod/") or "/c0/" in path}


PROMOTE = ["promote", "--all", "--to", "prod", "--dry-run"]
CASES = [
    ("apps in one file, promoted", one_file, 400, PROMOTE),
    ("apps in one file, status", one_file, 400, ["status"]),
    ("entries, promoted", entries, 200, PROMOTE),
    ("entries, status", entries, 200, ["status"]),
    ("entries of one file, promoted", entries_of_one_file, 200, PROMOTE),
    ("entries of one file, status", entries_of_one_file, 200, ["status"]),
    ("clusters, promoted", clusters, 200, ["promote", "a", "--to", "prod", "--cluster", "c0", "--dry-run"]),
    ("clusters, status", clusters, 200, ["status"]),
    ("one wave, promoted", one_wave, 100, ["promote", "web", "--to", "prod", "--dry-run"]),
    ("one wave, written", one_wave, 100, ["promote", "web", "--to", "prod", "--dry-run", "--write"]),
    ("one wave, no files", wave_without_files, 100, ["promote", "web", "--to", "prod", "--dry-run"]),
    ("one wave, status", one_wave, 100, ["status"]),
    ("values, Tera", tera_values, 400, ["render", "--check"]),
    ("values, Jsonnet", jsonnet_values, 400, ["render", "--check"]),
    ("printed texts", bare_prints, 2000, ["render", "--stdout"]),
    ("rows of signs", signs, 40, ["render", "--stdout"]),
]


def commit(directory):
    person = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], [*person, "commit", "-qm", "All"]):
        subprocess.run(["git", *command], cwd=directory, check=True)


def seconds(rungs, files, arguments):
    with tempfile.TemporaryDirectory() as directory:
        write(directory, files)
        commit(directory)
        best = math.inf
        for _ in range(3):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(
                [rungs, *arguments],
                cwd=directory,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env={"PATH": os.environ["PATH"], "HOME": directory},
                check=False,
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            # A status is shown although environments without files are errors.
            if done.returncode not in (0, 1) and not done.stdout:
                sys.exit(done.stderr.decode())
            best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rungs", default=ROOT / "target/release/rungs", type=Path)
    parser.add_argument("--sizes", default=4, type=int, help="how often the input is doubled")
    options = parser.parse_args()
    rungs = options.rungs.resolve()
    too_steep = False
    for name, made, first, arguments in CASES:
        empty = seconds(rungs, made(1), arguments)
        sizes = [first << doubled for doubled in range(options.sizes)]
        times = [max(seconds(rungs, made(size), arguments) - empty, 0.001) for size in sizes]
        exponent = math.log2(times[-1] / times[-2])
        too_steep |= exponent > MOST
        shown = ", ".join(f"{size}: {time:.2f} s" for size, time in zip(sizes, times))
        print(f"{name:29} exponent {exponent:4.2f}   {shown}")
    sys.exit(1 if too_steep else 0)


if __name__ == "__main__":
    main()
