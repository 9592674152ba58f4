"""The synthetic load in rungs' own layout.

The load generator writes 100 apps as kustomize bases and overlays, as Jsonnet
and as templates. Here the same objects become two repositories for rungs, one
with a Tera template and one with a Jsonnet program, as a person would write
them: what an app is in `environments/<app>.yaml`, what an environment is in its
`environment.yaml`, what is particular to both in the app's file there.
"""

import json
import re
import subprocess
from pathlib import Path

# What may stand in YAML without quotes and mean itself to every reader.
PLAIN = re.compile(r"[A-Za-z][\w./-]*( [\w./-]+)*$")
TRUTH = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def yaml(value, indent=0):
    """Block YAML of maps, strings and numbers."""
    lines = []
    for key, item in value.items():
        if isinstance(item, dict):
            lines.append(f"{' ' * indent}{key}:")
            lines.append(yaml(item, indent + 2).rstrip("\n"))
        else:
            lines.append(f"{' ' * indent}{key}: {scalar(item)}")
    return "\n".join(lines) + "\n"


def scalar(value):
    if isinstance(value, list):
        return json.dumps(value)
    if isinstance(value, str) and PLAIN.match(value) and value.lower() not in TRUTH:
        return value
    return json.dumps(value)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def convert(load, to, engine):
    """Writes the repository. `engine` is "tera" or "jsonnet"."""
    environments = sorted(p.name for p in (load / "tera/values").iterdir())
    apps = sorted(p.stem for p in (load / "tera/values" / environments[0]).iterdir())
    write(to / "rungs.yaml", f"version: 1\nladder: {json.dumps(environments)}\n")
    # The peers write no namespaces, network policies and the like either.
    write(to / "environments/environment.yaml", "generate: { namespaces: false, network: false }\n")
    flat = {
        (environment, app): json.loads((load / f"tera/values/{environment}/{app}.json").read_text())
        for environment in environments
        for app in apps
    }
    for environment in environments:
        write(to / f"environments/{environment}/environment.yaml",
              yaml(environment_settings(flat[environment, apps[0]])))
    for app in apps:
        write(to / f"environments/{app}.yaml", yaml(app_settings(flat[environments[0], app])))
        for environment in environments:
            write(to / f"environments/{environment}/{app}.yaml",
                  yaml(particulars(flat[environment, app])))
    if engine == "tera":
        write_tera(load, to / "templates/service")
    else:
        write_jsonnet(load, to / "templates/service")


def environment_settings(flat):
    return {
        # Named literally, so that all apps share it.
        "namespace": flat["namespace"],
        "values": {
            "domain": flat["host"].split(".", 1)[1],
            "logLevel": flat["env"]["LOG_LEVEL"],
            **{key: flat[key] for key in ("replicas", "minReplicas", "maxReplicas", "cpu", "memory")},
            "config": {"environment": flat["config"]["environment"]},
        },
    }


def app_settings(flat):
    shared = lambda values, own: {key: value for key, value in values.items() if key not in own}
    return {
        "template": "service",
        "images": {"main": {"repository": flat["image"]}},
        "values": {
            "team": flat["team"],
            "port": flat["port"],
            "env": {"SETTING_0": f"value-{flat['name']}-0",
                    **shared(flat["env"], {"SETTING_0", "ENVIRONMENT", "LOG_LEVEL"})},
            "config": {"key_0": f"config {flat['name']} 0",
                       **shared(flat["config"], {"key_0", "environment"})},
        },
    }


def particulars(flat):
    return {
        "images": {"main": {"tag": flat["tag"]}},
        "values": {
            "env": {"SETTING_0": flat["env"]["SETTING_0"]},
            "config": {"key_0": flat["config"]["key_0"]},
        },
    }


def write_tera(load, to):
    """The load's own templates, with its flat variables renamed to ours."""
    for template in sorted((load / "tera/templates").iterdir()):
        text = template.read_text()
        text = text.replace("  namespace: {{ namespace }}\n", "")
        text = text.replace("{{ image }}:{{ tag }}", "{{ images.main.ref }}")
        text = text.replace("{{ name }}", "{{ app }}")
        text = text.replace("{{ host }}", "{{ app }}.{{ values.domain }}")
        text = re.sub(r"\{\{ (team|port|cpu|memory|\w*[rR]eplicas) \}\}", r"{{ values.\1 }}", text)
        text = re.sub(r" in (env|config) ", r" in values.\1 ", text)
        text = text.replace("        env:\n", "        env:\n"
                            "        - name: ENVIRONMENT\n          value: {{ environment }}\n"
                            "        - name: LOG_LEVEL\n          value: {{ values.logLevel }}\n")
        write(to / f"{template.name}.tera", text)


MAIN = """\
local base = import 'lib/base.libsonnet';
local manifests = import 'lib/manifests.libsonnet';

function(rungs)
  local values = rungs.values;
  manifests(base {
    _p+:: {
      name: rungs.app,
      team: values.team,
      port: values.port,
      image: rungs.images.main.repository,
      tag: rungs.images.main.tag,
      namespace: rungs.namespace,
      environment: rungs.environment,
      host: '%s.%s' % [self.name, values.domain],
      replicas: values.replicas,
      minReplicas: values.minReplicas,
      maxReplicas: values.maxReplicas,
      resources+: {
        requests+: { cpu: values.cpu, memory: values.memory },
        limits+: { memory: values.memory },
      },
      env: { ENVIRONMENT: rungs.environment, LOG_LEVEL: values.logLevel } + values.env,
      config: values.config,
    },
  })
"""


def write_jsonnet(load, to):
    """The load's own library, with one entry point for all apps."""
    for name in ("base.libsonnet", "manifests.libsonnet"):
        write(to / "lib" / name, (load / "jsonnet/lib" / name).read_text())
    write(to / "main.jsonnet", MAIN)


def objects(text):
    """Objects of a stream of YAML by identity, as kubectl reads them."""
    # Removing a label that is not there changes nothing and prints everything.
    read = subprocess.run(["kubectl", "label", "--local", "-f", "-", "-o", "json", "no-such-label-"],
                          input=text, capture_output=True, text=True)
    if read.returncode:
        raise SystemExit(f"kubectl cannot read the objects: {read.stderr}")
    decoder, at, found = json.JSONDecoder(), 0, {}
    while at < len(read.stdout.rstrip()):
        value, at = decoder.raw_decode(read.stdout, at)
        at += len(read.stdout[at:]) - len(read.stdout[at:].lstrip())
        meta = value["metadata"]
        key = (value["apiVersion"], value["kind"], meta.get("namespace"), meta["name"])
        if key in found:
            raise SystemExit(f"{key} is there twice")
        found[key] = value
    return found


def differences(ours, theirs):
    """How our objects differ from the peer's, in words; our own label aside."""
    said = []
    for key in sorted(set(ours) | set(theirs), key=str):
        name = "/".join(str(part) for part in key)
        if key not in ours or key not in theirs:
            said.append(f"{name} is only {'ours' if key in ours else 'theirs'}")
            continue
        mine = json.loads(json.dumps(ours[key]))
        mine["metadata"].get("labels", {}).pop("app.kubernetes.io/managed-by", None)
        said.extend(f"{name}{path}" for path in unequal(mine, theirs[key], ""))
    return said


def unequal(a, b, path):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(set(a) | set(b)):
            yield from unequal(a.get(key), b.get(key), f"{path}.{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for index, (x, y) in enumerate(zip(a, b)):
            yield from unequal(x, y, f"{path}[{index}]")
    elif a != b:
        yield f"{path}: {json.dumps(a)} is ours, {json.dumps(b)} theirs"
