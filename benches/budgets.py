#!/usr/bin/env python3
"""Measures rendering against its peers, on this machine and in one run.

    cargo build --release
    benches/budgets.py [--load PATH/render-load.py] [--rounds 3] [--json FILE]

The load is 100 apps in 4 environments, 2,800 objects, written by the load
generator and brought into rungs' layout by repository.py. Before anything is
measured, the objects of both are compared as parsed data.

Every contestant is a cold process: nothing is kept between two runs but the
kernel's file cache, which is warm for all. Rounds alternate between the
contestants, so that a slow moment of the machine hits all of them. CPU is user
and system time of the process and its children. Memory is the largest resident
set; Linux counts that of the process that starts another into it, so what is
below this script's own reads as this script's. Figures are medians of the rounds.

Peers: `kubectl kustomize` always; stand-alone `kustomize` and go-jsonnet
(`jsonnet`) where they are on PATH.
"""

import argparse
import json
import multiprocessing
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import repository

ROOT = Path(__file__).resolve().parent.parent
OBJECTS_PER_APP = 7


class Cost:
    """What one contestant took in one round."""

    def __init__(self, cpu=0.0, wall=0.0, memory=0):
        self.cpu, self.wall, self.memory = cpu, wall, memory

    def __add__(self, other):
        return Cost(self.cpu + other.cpu, self.wall + other.wall, max(self.memory, other.memory))


def measure(command, cwd=None, output=None):
    """Runs one process to its end; its output goes to a file, or nowhere."""
    with open(output or os.devnull, "w") as out, tempfile.TemporaryFile() as errors:
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        # The status was taken above; Popen must not wait for it again.
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            sys.exit(f"{' '.join(map(str, command))} failed:\n{errors.read().decode()}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024)


class Contestant:
    def __init__(self, name, command, run):
        self.name, self.command, self.run = name, command, run
        self.costs = []

    def median(self, what):
        return statistics.median(getattr(cost, what) for cost in self.costs)

    def spread(self, what):
        values = [getattr(cost, what) for cost in self.costs]
        return min(values), max(values)


def ours(rungs, repo, name, command="rungs render"):
    def run():
        # Cold includes writing, so the tree is not there. It is moved away and
        # not deleted: ext4 passes over inodes that were freed in the last
        # seconds, one by one, and a run right after a deletion takes up to ten
        # times as long as the same run a minute later.
        if (repo / "rendered").exists():
            (repo / "rendered").rename(tempfile.mkdtemp(dir=repo.parent) + "/rendered")
        return measure([rungs, "--repo", repo, "render"])
    return Contestant(name, command, run)


def again(rungs, repo, name):
    return Contestant(name, "rungs render", lambda: measure([rungs, "--repo", repo, "render"]))


def each(tool, directories, name, command):
    """One process per directory, one after the other."""
    def run():
        return sum((measure([*tool, directory]) for directory in directories), Cost())
    return Contestant(name, command, run)


def main():
    options = arguments()
    rungs = options.rungs.resolve()
    if not rungs.is_file():
        sys.exit(f"{rungs} is not there: cargo build --release")
    with tempfile.TemporaryDirectory(prefix="rungs-bench-", dir=options.directory) as directory:
        directory = Path(directory)
        load = generate(options.load, directory / "load", options.apps)
        small = generate(options.load, directory / "small", quarter_of(options.apps))
        repos = repositories(load, directory)
        repository.convert(small, directory / "tera-small", "tera")
        aside(verify, rungs, load, repos)
        measure([rungs, "--repo", directory / "tera-small", "render"])
        contestants = line_up(rungs, load, repos, directory / "tera-small")
        for number in range(options.rounds):
            for contestant in contestants.values():
                print(f"round {number + 1} of {options.rounds}: {contestant.name}", file=sys.stderr)
                contestant.costs.append(contestant.run())
        report(contestants, options, rungs)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    load = os.environ.get("RUNGS_LOAD", ROOT / "../shared/bench/render-load.py")
    parser.add_argument("--load", type=Path, default=load, help="the load generator; also RUNGS_LOAD")
    parser.add_argument("--rungs", type=Path, default=ROOT / "target/release/rungs", help="the program to measure")
    parser.add_argument("--apps", type=int, default=100, help="how many apps, each in 4 environments")
    parser.add_argument("--rounds", type=int, default=3, help="how often each contestant runs")
    parser.add_argument("--directory", type=Path, default=Path(tempfile.gettempdir()), help="where the repositories are made, to compare file systems")
    parser.add_argument("--json", type=Path, help="where the figures go as JSON")
    options = parser.parse_args()
    if not options.load.is_file():
        parser.error(f"the load generator is not at {options.load}: say --load")
    return options


def generate(generator, to, apps):
    subprocess.run([sys.executable, generator, to, "--apps", str(apps)], check=True, stdout=subprocess.DEVNULL)
    return to


def quarter_of(apps):
    return max(1, apps // 4)


def repositories(load, directory):
    repos = {}
    for engine in ("tera", "jsonnet"):
        repos[engine] = directory / engine
        repository.convert(load, repos[engine], engine)
    return repos


def aside(task, *arguments):
    """Runs a task in a process of its own, whose memory goes with it: whatever
    this process holds would count into the memory of those that it starts."""
    process = multiprocessing.Process(target=task, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(process.exitcode)


def verify(rungs, load, repos):
    """All must have rendered the same objects, or the figures say nothing."""
    kustomize = subprocess.run(["kubectl", "kustomize", load / "kustomize/all"], check=True, capture_output=True, text=True)
    theirs = repository.objects(kustomize.stdout)
    for engine, repo in repos.items():
        measure([rungs, "--repo", repo, "render"])
        files = sorted((repo / "rendered").rglob("*.yaml"))
        mine = repository.objects("---\n".join(file.read_text() for file in files))
        different = repository.differences(mine, theirs)
        if different:
            shown = "\n".join(different[:20])
            sys.exit(f"{engine} and kustomize differ in {len(different)} places:\n{shown}")
        print(f"{engine}: {len(mine)} objects, equal to kustomize's", file=sys.stderr)


def line_up(rungs, load, repos, small):
    apps = sorted((load / "kustomize/apps").iterdir())
    overlays = [overlay for app in apps for overlay in sorted((app / "overlays").iterdir())]
    environments = sorted((load / "kustomize/envs").iterdir())
    kubectl = ["kubectl", "kustomize"]
    found = {
        "tera": ours(rungs, repos["tera"], "rungs, Tera"),
        "tera again": again(rungs, repos["tera"], "rungs, Tera, nothing to write"),
        "tera small again": again(rungs, small, "rungs, Tera, a quarter of the apps, nothing to write"),
        "jsonnet": ours(rungs, repos["jsonnet"], "rungs, Jsonnet"),
        "jsonnet again": again(rungs, repos["jsonnet"], "rungs, Jsonnet, nothing to write"),
        "version": Contestant("rungs --version", "rungs --version", lambda: measure([rungs, "--version"])),
        "kubectl per overlay": each(kubectl, overlays, f"kubectl kustomize, {len(overlays)} overlays", "kubectl kustomize OVERLAY"),
        "kubectl per environment": each(kubectl, environments, f"kubectl kustomize, {len(environments)} environments", "kubectl kustomize ENVIRONMENT"),
    }
    if shutil.which("kustomize"):
        kustomize = ["kustomize", "build"]
        found["kustomize per overlay"] = each(kustomize, overlays, f"kustomize, {len(overlays)} overlays", "kustomize build OVERLAY")
        found["kustomize per environment"] = each(kustomize, environments, f"kustomize, {len(environments)} environments", "kustomize build ENVIRONMENT")
    if shutil.which("jsonnet"):
        program = load / "jsonnet/all.jsonnet"
        found["go-jsonnet"] = Contestant("go-jsonnet, all in one program", "jsonnet all.jsonnet", lambda: measure(["jsonnet", program]))
    return found


def budgets(by, quarter):
    """Each budget as (what, figure, limit, how to print both). `quarter` is the
    part of all objects that the smaller repository has."""
    ratio = lambda a, b: by[a].median("cpu") / by[b].median("cpu")
    times = lambda value: f"1/{1 / value:.0f}" if value < 0.1 else f"1/{1 / value:.1f}" if value < 1 else f"{value:.2f}"
    mib = lambda value: f"{value / 2**20:.0f} MiB"
    ms = lambda value: f"{value * 1000:.1f} ms"
    yield "Tera against kubectl kustomize per overlay, CPU", ratio("tera again", "kubectl per overlay"), 1 / 400, times
    yield "Tera against kubectl kustomize per environment, CPU", ratio("tera again", "kubectl per environment"), 1 / 55, times
    yield "Tera, memory of the largest process", by["tera"].median("memory"), 64 * 2**20, mib
    if "kustomize per overlay" in by:
        yield "Tera against kustomize per overlay, CPU", ratio("tera again", "kustomize per overlay"), 1 / 120, times
        yield "Tera against kustomize per environment, CPU", ratio("tera again", "kustomize per environment"), 1 / 55, times
    if "go-jsonnet" in by:
        yield "Jsonnet against go-jsonnet's evaluation, CPU", ratio("jsonnet again", "go-jsonnet"), 1 / 6, times
    yield "CPU per object, all apps against a quarter", ratio("tera again", "tera small again") * quarter, 1.15, lambda v: f"{v:.2f}"
    yield "rungs --version, wall", by["version"].median("wall"), 0.010, ms


def report(by, options, rungs):
    print(f"{options.apps * 4 * OBJECTS_PER_APP} objects, {options.rounds} rounds, medians (least to most). {machine()}\n")
    print(f"- files on {file_system(options.directory)}")
    print("\n".join(f"- {line}" for line in versions(rungs)))
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(f"- memory up to {own:.0f} MiB is this script's own")
    print("\n| what | command | CPU | wall | memory |\n| --- | --- | ---: | ---: | ---: |")
    for contestant in by.values():
        low, high = contestant.spread("cpu")
        print(f"| {contestant.name} | `{contestant.command}` | {contestant.median('cpu'):.3f} s ({low:.3f} to {high:.3f}) "
              f"| {contestant.median('wall'):.3f} s | {contestant.median('memory') / 2**20:.0f} MiB |")
    print("\n| budget | at most | measured | met |\n| --- | ---: | ---: | --- |")
    verdicts = []
    for what, figure, limit, show in budgets(by, quarter_of(options.apps) / options.apps):
        met = "" if limit is None else "yes" if figure <= limit else "**no**"
        print(f"| {what} | {'' if limit is None else show(limit)} | {show(figure)} | {met} |")
        verdicts.append({"budget": what, "limit": limit, "measured": figure})
    if options.json:
        options.json.write_text(json.dumps(figures(by, verdicts, options, rungs), indent=1) + "\n")


def figures(by, verdicts, options, rungs):
    return {
        "machine": machine(),
        "versions": versions(rungs),
        "apps": options.apps,
        "rounds": options.rounds,
        "contestants": {
            name: {"command": c.command, "rounds": [vars(cost) for cost in c.costs]} for name, c in by.items()
        },
        "budgets": verdicts,
    }


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}."


def file_system(directory):
    """The type of the file system that a directory is on."""
    mounts = [line.split() for line in open("/proc/mounts")]
    place = str(directory.resolve())
    within = [(len(at), kind) for _, at, kind, *_ in mounts if f"{place}/".startswith(f"{at.rstrip('/')}/")]
    return max(within)[1]


def versions(rungs):
    """What ran, each in the words of its own first line."""
    asked = [[rungs, "--version"], ["kubectl", "version", "--client"], ["kustomize", "version"], ["jsonnet", "--version"]]
    said = []
    for command in asked:
        if shutil.which(command[0]):
            lines = subprocess.run(command, capture_output=True, text=True).stdout.split("\n")
            said.append(f"{Path(command[0]).name}: {', '.join(line for line in lines if line)}")
    return said


if __name__ == "__main__":
    main()
