#!/usr/bin/env python3
"""Budgets 6 and 7: one promotion in a long history, and what looks at it.

    cargo build --release
    benches/promotion.py [--rungs target/release/rungs] [--rounds 10] [--work DIR]
                         [--commits 50000]

For repositories of 5,000 and of 500 app files, each with 50,000 commits: a
promotion by `rungs promote --commit` from a clone that knows the tip, against
what CI does without it (`git clone --depth 1` over file://, edit, `git commit`),
and the push alone, which is the same for both: in a first run, with and without
changed paths in the commit-graph, and with the history index. Then the first
run that indexes everything, against `git log --first-parent --raw`; and what
looks at history, after one new commit each time. At the end `rungs status` on the
demo. CPU is user + sys with all children; a program's own is that of its main
thread, which does nearly all of it. Memory is the program's own, without children.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
APP = "app-{:04}"
# No change of the past has a ticket, so that each one fails and is shown.
GATES = """\
gates:
  soak: 1d
  tag: '^v[0-9]+$'
  image: { allow: ['*'] }
  ticket: '^REL-[0-9]+$'
"""

class Run:
    """Seconds of one process (its main thread's CPU, all CPU, the wall's), and its MiB."""

    def __init__(self, own, cpu, wall, memory=0):
        self.own, self.cpu, self.wall, self.memory = own, cpu, wall, memory


def follow(process, memory):
    """Notes a process's largest resident set in MiB, until it ends."""
    while True:
        try:
            status = pathlib.Path(f"/proc/{process}/status").read_text()
        except FileNotFoundError:
            return
        peak = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        if not peak:
            return
        memory[0] = int(peak[0].split()[1]) / 1024
        time.sleep(0.005)


def run(command, cwd=None, expect=0):
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    memory = [0]
    watch = threading.Thread(target=follow, args=(process.pid, memory))
    watch.start()
    errors = process.stderr.read()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    wall = time.perf_counter() - begun
    # Nanoseconds of the main thread, which does nearly all of a promotion.
    own = int(pathlib.Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]) / 1e9
    watch.join()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if expect is not None and process.returncode != expect:
        sys.exit(f"{command} ended with {process.returncode}:\n{errors.decode()}")
    return Run(own, usage.ru_utime + usage.ru_stime, wall, memory[0])


def git(*arguments, cwd):
    command = ["git", "-c", "user.name=Ana", "-c", "user.email=ana@example.com", *arguments]
    return subprocess.run(
        command, cwd=cwd, check=True, capture_output=True, text=True
    ).stdout.strip()


class Long:
    """A bare repository with a long history and a clone of it."""

    def __init__(self, work, files, commits):
        self.bare, self.clone = work / f"bare-{files}", work / f"clone-{files}"
        self.app = APP.format(files // 4 - 1)
        if not self.bare.exists():
            subprocess.run(
                [HERE / "history.py", self.bare, f"--files={files}", f"--commits={commits}"],
                check=True,
            )
            git("tag", "begin", "main", cwd=self.bare)
        if not self.clone.exists():
            git("clone", "-q", f"file://{self.bare}", str(self.clone), cwd=work)
            git("config", "user.name", "Ana", cwd=self.clone)
            git("config", "user.email", "ana@example.com", cwd=self.clone)
        self.tip = git("rev-parse", "begin", cwd=self.bare)
        self.reset()

    def reset(self):
        git("update-ref", "refs/heads/main", self.tip, cwd=self.bare)
        git("update-ref", "refs/remotes/origin/main", self.tip, cwd=self.clone)

    def promote(self, rungs):
        """A promotion in a clone that has no index."""
        shutil.rmtree(self.clone / ".git/rungs", ignore_errors=True)
        return self.promote_again(rungs)

    def promote_again(self, rungs):
        self.reset()
        return run([rungs, "promote", self.app, "--to", "e2e", "--commit", "-q"], self.clone)

    def first(self, rungs):
        """A run that indexes the whole branch: it asks for a state that was never there."""
        shutil.rmtree(self.clone / ".git/rungs", ignore_errors=True)
        self.reset()
        never = [rungs, "promote", APP.format(0), "--to", "e2e", "--ref", ":v0", "--dry-run"]
        # The run before it reads git, and leaves a note that it read far.
        run(never, self.clone, expect=1)
        return run(never, self.clone, expect=1)

    def after_commit(self, rungs, *arguments, expect=0):
        """A run after one new commit."""
        self.reset()
        tree = git("rev-parse", "begin^{tree}", cwd=self.bare)
        new = git("commit-tree", "-p", self.tip, "-m", f"new {time.time()}", tree, cwd=self.bare)
        git("update-ref", "refs/heads/main", new, cwd=self.bare)
        git("fetch", "-q", "origin", cwd=self.clone)
        return run([rungs, *arguments], self.clone, expect)

    def judge(self, rungs):
        """A change by hand that promotes the app, judged after one new commit."""
        self.reset()
        git("reset", "-q", "--hard", self.tip, cwd=self.clone)
        environments = self.clone / "environments"
        shutil.copy(environments / f"qa/{self.app}.yaml", environments / f"e2e/{self.app}.yaml")
        git("commit", "-qam", f"x {time.time()}", cwd=self.clone)
        return self.after_commit(rungs, "gates", "--base", "origin/main")

    def replay(self, rungs, gates, indexed):
        """The gates of the work tree, asked of all of the past."""
        if not indexed:
            shutil.rmtree(self.clone / ".git/rungs", ignore_errors=True)
        self.reset()
        git("reset", "-q", "--hard", self.tip, cwd=self.clone)
        file = self.clone / "environments/environment.yaml"
        file.write_text(gates)
        replayed = run([rungs, "gates", "--replay", "99y"], self.clone)
        git("clean", "-qfd", cwd=self.clone)
        git("reset", "-q", "--hard", cwd=self.clone)
        return replayed

    def push(self):
        """A push of one commit that is made already."""
        self.reset()
        git("reset", "-q", "--hard", self.tip, cwd=self.clone)
        self.edit(self.clone)
        git("commit", "-qam", "x", cwd=self.clone)
        return run(["git", "push", "-q", "origin", "HEAD:main"], self.clone)

    def edit(self, directory):
        path = directory / "environments/e2e" / f"{self.app}.yaml"
        path.write_text(path.read_text().replace("tag: v", "tag: v9"))

    def by_hand(self, work):
        """Clone, edit and commit, without the push."""
        self.reset()
        directory = work / "by-hand"
        shutil.rmtree(directory, ignore_errors=True)
        clone = run(["git", "clone", "-q", "--depth", "1", f"file://{self.bare}", str(directory)])
        self.edit(directory)
        identity = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com"]
        commit = run(["git", *identity, "commit", "-qam", "x"], directory)
        return Run(0, clone.cpu + commit.cpu, clone.wall + commit.wall)


def median(runs, of):
    return statistics.median(of(one) for one in runs)


def row(name, runs):
    mean = statistics.mean(one.own for one in runs)
    print(
        f"| {name} | {median(runs, lambda one: one.cpu):.3f} | {mean:.3f} "
        f"| {median(runs, lambda one: one.wall):.3f} | {max(one.memory for one in runs):.0f} |",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rungs", type=pathlib.Path, default=HERE.parent / "target/release/rungs")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--commits", type=int, default=50000)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    options = parser.parse_args()
    rungs, work = options.rungs.resolve(), options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    large = Long(work, 5000, options.commits)
    small = Long(work, 500, options.commits)
    print("| what | CPU s, median | own CPU s, mean | wall s, median | own MiB |")
    print("| --- | --- | --- | --- | --- |")
    rounds = range(options.rounds)
    hand, promoted, pushed, fewer = [], [], [], []
    for graph in (False, True):
        for long in (large, small):
            for file in (long.clone / ".git/objects/info").glob("commit-graph*"):
                shutil.rmtree(file) if file.is_dir() else file.unlink()
            if graph:
                git("commit-graph", "write", "--reachable", "--changed-paths", cwd=long.clone)
        hand, promoted, pushed, fewer = [], [], [], []
        for _ in rounds:
            hand.append(large.by_hand(work))
            promoted.append(large.promote(rungs))
            pushed.append(large.push())
            fewer.append(small.promote(rungs))
        words = "with changed paths in the commit-graph" if graph else "without a commit-graph"
        row(f"clone --depth 1, edit, commit: 5,000 files ({words})", hand)
        row(f"rungs promote --commit, push included: 5,000 files ({words})", promoted)
        row(f"git push alone: 5,000 files ({words})", pushed)
        row(f"rungs promote --commit, push included: 500 files ({words})", fewer)
        alone = median(promoted, lambda one: one.cpu) - median(pushed, lambda one: one.cpu)
        ratio = median(hand, lambda one: one.cpu) / alone
        own = statistics.mean(one.own for one in promoted) / statistics.mean(one.own for one in fewer)
        print(f"\npromotion without the push: 1/{ratio:.1f} of by hand; own CPU {own:.2f} x that at 500 files\n")
    for file in (large.clone / ".git/objects/info").glob("commit-graph*"):
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    few = range(max(1, options.rounds // 3))
    logged, first, indexed = [], [], []
    for _ in few:
        logged.append(run(["git", "log", "--first-parent", "--raw"], large.clone))
        first.append(large.first(rungs))
    for _ in rounds:
        indexed.append(large.promote_again(rungs))
    row("git log --first-parent --raw", logged)
    row("rungs, first run, everything indexed", first)
    ratio = median(first, lambda one: one.cpu) / median(logged, lambda one: one.cpu)
    index = sum(file.stat().st_size for file in (large.clone / ".git/rungs/history").rglob("*"))
    print(f"\nfirst run: {ratio:.2f} x git log; index: {index * 10000 / options.commits / 1e6:.2f} MB per 10,000 commits\n")
    row("rungs promote --commit, push included: 5,000 files (with the index)", indexed)
    # The push may take all that is measured of it: its own runs say what it takes at least.
    alone = median(indexed, lambda one: one.cpu) - min(one.cpu for one in pushed)
    ratio = median(hand, lambda one: one.cpu) / alone
    print(f"\npromotion without the push, with the index: 1/{ratio:.1f} of by hand\n")
    app = APP.format(0)
    for name, arguments, expect in [
        ("rungs status", ["status"], 0),
        ("rungs status APP", ["status", app], 0),
        ("rungs promote APP --dry-run", ["promote", large.app, "--to", "e2e", "--dry-run"], 0),
        ("rungs promote --all --dry-run", ["promote", "--all", "--to", "e2e", "--dry-run"], None),
        ("rungs audit --since 90d", ["audit", "--since", "90d"], 0),
        ("rungs audit --app APP", ["audit", "--app", app], 0),
        ("rungs audit, everything", ["audit"], 0),
    ]:
        # Facts are derived once.
        large.after_commit(rungs, *arguments, expect=expect)
        runs = [large.after_commit(rungs, *arguments, expect=expect) for _ in few]
        row(f"{name}, after one new commit", runs)
    for name, gates in [("no gates", ""), ("four gates, all changes shown", GATES)]:
        first = [large.replay(rungs, gates, indexed=False) for _ in few]
        again = [large.replay(rungs, gates, indexed=True) for _ in few]
        row(f"rungs gates --replay 99y, {name}, first run, everything indexed", first)
        row(f"rungs gates --replay 99y, {name}", again)
        of_log = [median(runs, lambda one: one.cpu) / median(logged, lambda one: one.cpu) for runs in (first, again)]
        print(f"\nreplay, {name}: {of_log[0]:.2f} x git log in a first run, {of_log[1]:.2f} x with the index\n")
    large.judge(rungs)
    judged = [large.judge(rungs) for _ in few]
    row("rungs gates --base, a promotion by hand, after one new commit", judged)
    demo = work / "demo"
    shutil.rmtree(demo, ignore_errors=True)
    run([rungs, "init", "-q", str(demo)])
    row("rungs status on the demo, without git", [run([rungs, "status"], demo) for _ in range(20)])
    git("init", "-q", "-b", "main", cwd=demo)
    git("add", "-A", cwd=demo)
    git("commit", "-qm", "Begin", cwd=demo)
    row("rungs status on the demo, a clone", [run([rungs, "status"], demo) for _ in range(20)])
    row("rungs --version", [run([rungs, "--version"]) for _ in range(20)])


if __name__ == "__main__":
    main()
