#!/usr/bin/env python3
"""Makes a bare repository with many apps and a long history, for budget 6.

    benches/history.py DIR [--files 5000] [--commits 50000]

Every environment (qa, e2e, stage, prod) has a quarter of the files. Each commit
gives one app a new tag in one environment, as promotions do: a version enters
qa, and climbs later. Every second commit carries a record. The history is
linear; times are a minute apart and end at a fixed date, so that the same
arguments make the same commits.
"""

import argparse
import pathlib
import subprocess

ENVIRONMENTS = ["qa", "e2e", "stage", "prod"]
END = 1_780_000_000

TEMPLATE = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ app }}
spec:
  replicas: {{ values.replicas }}
  selector: { matchLabels: { app: {{ app }} } }
  template:
    metadata: { labels: { app: {{ app }} } }
    spec:
      containers:
        - name: web
          image: {{ images.web.ref }}
"""


def app_file(app, version):
    return (
        f"# {app}: owned by team {app[-1]}\n"
        "template: web\n"
        "images:\n"
        f"  web: {{ repository: registry.example.com/shop/{app}, tag: v{version} }}\n"
        "values:\n"
        "  replicas: 2   # per zone\n"
    )


def files(apps):
    yield "rungs.yaml", "version: 1\nladder: [qa, e2e, stage, prod]\n"
    yield "templates/web/deployment.yaml.tera", TEMPLATE
    for environment in ENVIRONMENTS:
        yield f"environments/{environment}/environment.yaml", "values: { logLevel: info }\n"
        for app in apps:
            yield f"environments/{environment}/{app}.yaml", app_file(app, 1)


def record(app, environment, below, version):
    if below is None:
        first = f"Rungs-Set: {app} in {environment}"
    else:
        first = f"Rungs-Promote: {app} from {below} to {environment}"
    return (
        f"{first}\n"
        f"Rungs-Reference: web registry.example.com/shop/{app}:v{version}\n"
        "Rungs-Requested-By: ana\n"
    )


class Import:
    """A stream of git fast-import."""

    def __init__(self, directory, commits):
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", directory], check=True)
        self.process = subprocess.Popen(
            ["git", f"--git-dir={directory}", "fast-import", "--quiet", "--depth=20"],
            stdin=subprocess.PIPE,
        )
        self.time = END - 60 * (commits + 1)
        self.mark = 0

    def data(self, text):
        data = text.encode()
        self.process.stdin.write(b"data %d\n" % len(data) + data + b"\n")

    def commit(self, message, changes):
        self.mark += 1
        self.time += 60
        write = self.process.stdin.write
        write(f"commit refs/heads/main\nmark :{self.mark}\n".encode())
        write(f"committer Ana <ana@example.com> {self.time} +0000\n".encode())
        self.data(message)
        if self.mark > 1:
            write(f"from :{self.mark - 1}\n".encode())
        for path, text in changes:
            write(f"M 100644 inline {path}\n".encode())
            self.data(text)

    def end(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise SystemExit("git fast-import failed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--commits", type=int, default=50000)
    options = parser.parse_args()
    apps = [f"app-{number:04}" for number in range(options.files // len(ENVIRONMENTS))]
    versions = {(app, environment): 1 for app in apps for environment in ENVIRONMENTS}
    stream = Import(options.directory, options.commits)
    stream.commit("Begin\n", files(apps))
    # A walk that visits every app, and each rung after the one below it; the
    # last app never leaves qa, so that there is something to promote.
    moves = options.commits - 2
    for number in range(moves):
        turn, place = divmod(number, len(apps) * len(ENVIRONMENTS))
        rung, index = divmod(place, len(apps))
        app = apps[(index * 7919 + turn) % len(apps)]
        environment = ENVIRONMENTS[rung]
        below = ENVIRONMENTS[rung - 1] if rung else None
        version = versions[app, below] if below else versions[app, environment] + 1
        if version == versions[app, environment]:
            version += 1
        versions[app, environment] = version
        subject = f"{environment}: {app} v{version}\n"
        body = "\n" + record(app, environment, below, version) if number % 2 else ""
        path = f"environments/{environment}/{app}.yaml"
        stream.commit(subject + body, [(path, app_file(app, version))])
    last = apps[-1]
    version = max(versions[last, environment] for environment in ENVIRONMENTS) + 1
    path = f"environments/qa/{last}.yaml"
    stream.commit(f"qa: {last} v{version}\n", [(path, app_file(last, version))])
    stream.end()


if __name__ == "__main__":
    main()
