#!/usr/bin/env python3
"""Kills `git scrutiny run --pr` at random moments, and sees that the next one carries on.

    propose.py <build folder> [<kills>] [<seed>]

A forge with a memory (tests/servers/github_forge.py) with one repository and one pull request after another. In each
round a commit is pushed, a run is killed with SIGKILL - in every third round while another clone's run is at work -, and
then

- `git fsck` must be clean here and at the remote, nothing of the user's may have moved;
- the next run must complete: one open pull request, its branch one commit on top of main with all reports, the
  same as the forge has it; nothing may be left in the scratch folder, no lock in the git directory;
- one more run must change nothing at all.

In every fourth round the pull request is merged or closed afterwards. Prints TAP, and when the kills hit.
"""
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PAPER = r"""\documentclass{article}
\title{Paper %(n)d}
\begin{document}
\section{Claim}\label{sec:%(text)s}
As Section~\ref{sec:nowhere} says.
\end{document}
"""


class Forge:
    def __init__(self, folder):
        self.process = subprocess.Popen([sys.executable, "-B", HERE.parent / "servers" / "github_forge.py", folder],
                                        stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()

    def control(self, what, body):
        request = urllib.request.Request(f"{self.address}/_control/{what}", json.dumps(body).encode())
        urllib.request.urlopen(request).read()

    def state(self):
        with urllib.request.urlopen(f"{self.address}/_state") as answer:
            return json.load(answer)

    def open_pulls(self):
        return [p for p in self.state().get("o/r", {}).get("pulls", []) if p["state"] == "open"]

    def stop(self):
        self.process.kill()
        self.process.wait()


class World:
    def __init__(self, build, folder):
        self.folder = folder
        self.env = {"PATH": f"{build}:{os.environ['PATH']}", "HOME": str(folder), "TZ": "UTC", "LC_ALL": "C.UTF-8",
                    "GIT_CONFIG_NOSYSTEM": "1", "OLLAMA_HOST": "http://127.0.0.1:9"}
        for who in ("AUTHOR", "COMMITTER"):
            self.env[f"GIT_{who}_NAME"] = "Kill Test"
            self.env[f"GIT_{who}_EMAIL"] = "kill@example.org"
        self.remote = folder / "srv" / "o" / "r.git"
        self.remote.parent.mkdir(parents=True)
        self.git(folder, "init", "-q", "--bare", "-b", "main", str(self.remote))
        self.git(self.remote, "config", "http.receivepack", "true")
        self.forge = Forge(folder / "srv")
        self.clones = [folder / "one", folder / "two"]
        for clone in self.clones:
            self.git(folder, "init", "-q", "-b", "main", str(clone))
            host = self.forge.address.removeprefix("http://")
            for key, value in [("remote.origin.url", f"{self.forge.address}/o/r.git"),
                               ("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"),
                               (f"scrutiny.forge.{host}.type", "github"), ("branch.main.remote", "origin"),
                               ("branch.main.merge", "refs/heads/main"),
                               ("credential.helper", "!f() { echo username=tester; echo password=good; }; f")]:
                self.git(clone, "config", key, value)

    def git(self, where, *arguments, check=True):
        run = subprocess.run(["git", "-C", where, *arguments], env=self.env, check=False, capture_output=True, text=True)
        if check and run.returncode:
            raise RuntimeError(f"git {' '.join(arguments)}: {run.stderr}")
        return run.stdout.strip()

    def start(self, clone):
        return subprocess.Popen(["git-scrutiny", "run", "--pr", "--fail-on=never", "-q"], cwd=clone, env=self.env,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, clone):
        process = self.start(clone)
        said = process.communicate(timeout=120)
        return process.returncode, said[1]

    def new_commit(self, number):
        one, two = self.clones
        self.git(one, "fetch", "-q", "origin", check=False)
        self.git(one, "reset", "-q", "--hard", "refs/remotes/origin/main", check=False)
        for n in range(3):
            folder = one / f"paper{n}"
            folder.mkdir(exist_ok=True)
            if n == number % 3 or number < 2:
                (folder / "main.tex").write_text(PAPER % {"n": n, "text": f"t{number}"})
        self.git(one, "add", ".")
        self.git(one, "commit", "-qm", f"commit {number}")
        self.git(one, "push", "-q", "origin", "main")
        self.git(two, "fetch", "-q", "origin")
        self.git(two, "reset", "-q", "--hard", "refs/remotes/origin/main")

    def mine(self, clone):
        """What no run may touch."""
        return (self.git(clone, "status", "--porcelain=v2"), self.git(clone, "rev-parse", "HEAD"),
                self.git(clone, "for-each-ref", "refs/heads"))

    def wait_for_orphans(self, clone):
        """A git that the killed run had started ends by itself."""
        for _ in range(100):
            time.sleep(0.05)
            if not [p for p in (clone / ".git").rglob("*.lock") if "scrutiny" not in p.parts]:
                return


def check(world, clone, problems):
    for where in (clone, world.remote):
        if subprocess.run(["git", "-C", where, "fsck", "--no-dangling", "--no-progress"], env=world.env,
                          capture_output=True, check=False).returncode:
            problems.append(f"git fsck of {where.name}")


def completed(world, clone, problems):
    status, said = world.run(clone)
    if status:
        problems.append(f"the next run fails: {said}")
        return
    pulls = world.forge.open_pulls()
    tip = world.git(world.remote, "rev-parse", "--verify", "--quiet", "refs/heads/scrutiny/main", check=False)
    if len(pulls) != 1 or pulls[0]["head"]["sha"] != tip:
        problems.append(f"not one pull request: {[p['number'] for p in pulls]}")
    if world.git(world.remote, "rev-list", "--count", "scrutiny/main..main") != "0":
        problems.append("the branch is not on top of main")
    names = world.git(world.remote, "ls-tree", "-r", "--name-only", "scrutiny/main").split("\n")
    missing = [n for n in range(3) if f"paper{n}/scrutiny.md" not in names]
    if missing:
        problems.append(f"no report of {missing}")
    left = list((clone / ".git" / "scrutiny" / "tmp").glob("*"))
    if left:
        problems.append(f"left over: {left}")
    before = world.forge.state()
    status, said = world.run(clone)
    calls = world.forge.state()["calls"][len(before["calls"]):]
    if status or [c for c in calls if not c.startswith("GET ")]:
        problems.append(f"one more run is not at rest: {said} {calls}")
    if world.git(world.remote, "rev-parse", "scrutiny/main") != tip:
        problems.append("one more run moved the branch")


def play(world, number, longest, hits):
    problems = []
    clone, other = world.clones
    world.new_commit(number)
    mine = world.mine(clone)
    beside = world.start(other) if number % 3 == 2 else None
    tip = world.git(world.remote, "rev-parse", "--verify", "--quiet", "refs/heads/scrutiny/main", check=False)
    victim = world.start(clone)
    time.sleep(random.uniform(0, longest))
    victim.kill()
    victim.communicate()
    if beside and beside.wait(120):
        problems.append(f"the run beside it fails: {beside.stderr.read()}")
    world.wait_for_orphans(clone)
    now = world.git(world.remote, "rev-parse", "--verify", "--quiet", "refs/heads/scrutiny/main", check=False)
    moment = "after its end" if victim.returncode != -signal.SIGKILL else "before the push" if now == tip else "after the push"
    hits[moment] += 1
    check(world, clone, problems)
    completed(world, clone, problems)
    if world.mine(clone) != mine:
        problems.append("something of the user's has moved")
    if number % 4 == 3 and not problems:
        world.forge.control(random.choice(["merge", "close"]), {"number": world.forge.open_pulls()[0]["number"]})
    return problems


def main():
    build = os.path.abspath(sys.argv[1])
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    random.seed(seed)
    print(f"1..{kills}\n# seed {seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="scrutiny-kill-"))
    world = World(build, folder)
    hits, failed = collections.Counter(), 0
    try:
        world.new_commit(0)
        start = time.monotonic()
        status, said = world.run(world.clones[0])
        assert status == 0, said
        longest = 1.1 * (time.monotonic() - start)
        for number in range(1, kills + 1):
            problems = play(world, number, longest, hits)
            failed += bool(problems)
            print(f"{'not ok' if problems else 'ok'} {number}", flush=True)
            for problem in problems:
                print(f"# {problem}")
    finally:
        world.forge.stop()
        print("# " + ", ".join(f"{n} {moment}" for moment, n in sorted(hits.items())))
        if not failed:
            shutil.rmtree(folder)
        else:
            print(f"# kept: {folder}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
