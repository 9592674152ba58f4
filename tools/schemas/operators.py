"""Makes operators.zst and operators.txt from the definitions in the operators' Go modules.

`operators.txt` lists the kinds with their scopes and where they are from, `operators.zst`
has their schemas.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import yaml

import compact

HERE = Path(__file__).parent
# Some of the modules need a newer toolchain than whoever runs this may have.
GO = {**os.environ, "GOTOOLCHAIN": "go1.27.3", "GOFLAGS": "-mod=mod"}


class Loader(yaml.CSafeLoader):
    """YAML in which `=` is a text, as it is to Kubernetes."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))


def modules():
    """The lines of modules.txt."""
    for line in (HERE / "modules.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split()


def go(*arguments):
    """What the `go` command prints."""
    done = subprocess.run(["go", *arguments], env=GO, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


def files_of(module, version, directories):
    """The files with definitions in a published module, directory by directory."""
    at = Path(json.loads(go("mod", "download", "-json", f"{module}@{version}"))["Dir"])
    for directory in directories:
        yield from sorted((at / directory).glob("*.yaml"))


def generated(module, directory):
    """The files with definitions that are made of a module's types."""
    generator = directory / "controller-gen"
    here = HERE / "generated"
    if not generator.exists():
        go("build", "-C", str(here), "-mod=readonly", "-o", str(generator),
           "sigs.k8s.io/controller-tools/cmd/controller-gen")
    output = directory / module.replace("/", "_")
    subprocess.run(
        [generator, "crd:maxDescLen=0", f"paths={module}/...", f"output:crd:dir={output}"],
        cwd=here, env={**GO, "GOFLAGS": "-mod=readonly"}, check=True,
    )
    return sorted(output.glob("*.yaml"))


def definitions(files):
    """The definitions of custom resources in files."""
    for path in files:
        for document in yaml.load_all(path.read_text(encoding="utf-8"), Loader):
            if document and document.get("kind") == "CustomResourceDefinition":
                yield document


def sources():
    """Every product with its version and definitions."""
    with tempfile.TemporaryDirectory() as directory:
        for product, module, version, *directories in modules():
            if version == "generated":
                version = go("list", "-C", str(HERE / "generated"), "-mod=readonly", "-m", "-f",
                             "{{.Version}}", module).strip()
                files = generated(module, Path(directory))
            else:
                files = files_of(module, version, directories)
            yield product, version, definitions(files)


def root(schema):
    """An object's schema with the top level that servers demand."""
    required = {"apiVersion", "kind", "metadata", *schema.get("required", ())}
    properties = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        **schema.get("properties", {}),
    }
    return {**schema, "required": sorted(required), "properties": properties}


def words(version):
    """What else is to be said of a version of a kind."""
    if "status" in version.get("subresources", {}):
        yield "status"
    if version.get("deprecated"):
        yield "deprecated"


def main():
    graph, kinds, names = compact.Graph(), {}, []
    for product, module_version, found in sources():
        names.append(f"{product}-{module_version.removeprefix('v')}")
        for definition in found:
            spec = definition["spec"]
            for version in spec["versions"]:
                key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                if version["served"] and key not in kinds:
                    number = graph.add(root(version["schema"]["openAPIV3Schema"]))
                    scope = spec["scope"].lower()
                    kinds[key] = (number, list(words(version)), scope, names[-1])
    kinds = dict(sorted(kinds.items()))
    lines, line_of = graph.write([number for number, *_ in kinds.values()])
    index, rows = [], []
    for key, (number, more, scope, name) in kinds.items():
        index.append(" ".join([*key, str(line_of[number]), *more]))
        rows.append((*key, scope, name))
    compact.save("operators.zst", " ".join(names), index, lines)
    compact.save_table("operators.txt", "Operators' kinds by API version, with scope and origin", rows)


if __name__ == "__main__":
    main()
