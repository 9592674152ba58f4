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

# Modules with definitions: the product, the module, its version, the directories. What an
# earlier directory defines, a later one does not: the experimental channel of the Gateway
# API only adds kinds and versions that the standard one lacks.
PUBLISHED = [
    ("argo-cd", "github.com/argoproj/argo-cd/v3", "v3.6.1", ["manifests/crds"]),
    ("argo-rollouts", "github.com/argoproj/argo-rollouts", "v1.10.2", ["manifests/crds"]),
    ("cert-manager", "github.com/cert-manager/cert-manager", "v1.21.2", ["deploy/crds"]),
    ("external-secrets", "github.com/external-secrets/external-secrets", "v1.3.2",
     ["config/crds/bases"]),
    ("flux-kustomize-controller", "github.com/fluxcd/kustomize-controller", "v1.10.1",
     ["config/crd/bases"]),
    ("flux-source-controller", "github.com/fluxcd/source-controller", "v1.10.1",
     ["config/crd/bases"]),
    ("gateway-api", "sigs.k8s.io/gateway-api", "v1.7.0",
     ["config/crd/standard", "config/crd/experimental"]),
]

# Modules with Go types only, from which `controller-gen` makes the definitions. Their
# versions are those of generated/go.mod.
GENERATED = [
    ("flux-helm-controller", "github.com/fluxcd/helm-controller/api"),
    ("flux-image-automation-controller", "github.com/fluxcd/image-automation-controller/api"),
    ("flux-image-reflector-controller", "github.com/fluxcd/image-reflector-controller/api"),
    ("flux-notification-controller", "github.com/fluxcd/notification-controller/api"),
    ("flux-source-watcher", "github.com/fluxcd/source-watcher/api/v2"),
    ("prometheus-operator", "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring"),
]


class Loader(yaml.CSafeLoader):
    """YAML in which `=` is a text, as it is to Kubernetes."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))


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
    for product, module, version, directories in PUBLISHED:
        yield product, version, definitions(files_of(module, version, directories))
    with tempfile.TemporaryDirectory() as directory:
        for product, module in GENERATED:
            version = go("list", "-C", str(HERE / "generated"), "-mod=readonly", "-m", "-f",
                         "{{.Version}}", module).strip()
            yield product, version, definitions(generated(module, Path(directory)))


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
