#!/usr/bin/env python3
"""Kills a run with models at random moments, and sees whether anything was lost or paid twice.

    kill.py <build folder> [<kills>] [<seed>]

For every kill: a fresh repository; `git scrutiny run --commit` with two models is killed with
SIGKILL; then `git fsck` must be clean, the next run must complete, every reply that was stored
when the kill came must not have been asked for again, and one more run must have nothing to do.
Prints TAP.
"""
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

HERE = pathlib.Path(__file__).resolve().parent
PAPERS = 4
REVIEWERS = "lab/alpha,lab/beta"

PAPER = r"""\documentclass{article}
\title{Paper number %(n)d}
\begin{document}
\section{Claim}
Every bounded sequence of the space number %(n)d has a convergent subsequence.
\section{Proof}
This is clear for the space number %(n)d because its unit ball is compact.
\end{document}
"""


class Server:
    def __init__(self, log):
        script = HERE.parent / "servers" / "model_server.py"
        self.process = subprocess.Popen([sys.executable, script, "--log", log, "--latency", "0.05"],
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.kill()
        self.process.wait()


def environment(build, home):
    env = {"PATH": f"{build}:{os.environ['PATH']}", "HOME": str(home), "TZ": "UTC", "LC_ALL": "C.UTF-8",
           "GIT_CONFIG_NOSYSTEM": "1"}
    for who in ("AUTHOR", "COMMITTER"):
        env[f"GIT_{who}_NAME"] = "Kill Test"
        env[f"GIT_{who}_EMAIL"] = "kill@example.org"
    return env


def git(repository, env, *arguments, check=True):
    return subprocess.run(["git", "-C", repository, *arguments], env=env, check=check,
                          capture_output=True, text=True)


def make_template(folder, env, port):
    folder.mkdir()
    subprocess.run(["git", "init", "-q", folder], env=env, check=True)
    for n in range(PAPERS):
        paper = folder / f"paper{n}"
        paper.mkdir()
        (paper / "main.tex").write_text(PAPER % {"n": n})
    git(folder, env, "add", ".")
    git(folder, env, "commit", "-qm", "papers")
    git(folder, env, "config", "scrutiny.lab.endpoint", f"http://127.0.0.1:{port}/v1")


def run_command(env, repository):
    return dict(args=["git-scrutiny", "run", "--commit",
                      "--reviewers", REVIEWERS, "--fail-on", "never"],
                cwd=repository, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def stored_answers(repository, env):
    """The numbers of all answers that are in the ref or the journal."""
    texts = []
    listing = git(repository, env, "ls-tree", "-r", "refs/scrutiny/records", check=False)
    for line in listing.stdout.splitlines():
        if "/replies/" in line:
            texts.append(git(repository, env, "cat-file", "blob", line.split()[2]).stdout)
    journal = pathlib.Path(repository, ".git", "scrutiny", "journal")
    if journal.is_dir():
        texts += [p.read_text(errors="replace") for p in journal.rglob("*") if p.is_file()]
    numbers = set()
    for text in texts:
        try:
            reply = json.loads(text)
            summary = json.loads(reply["answer"])["summary"]
        except (ValueError, KeyError, TypeError):
            continue
        numbers.add(summary.split()[1])
    return numbers


def sent_answers(log):
    """number -> hash of its request, in the order they were sent."""
    if not os.path.exists(log):
        return {}
    with open(log, encoding="ascii") as f:
        return dict(line.split() for line in f if line.endswith("\n"))


def wait_for_orphans(repository):
    """A git the killed run had started ends by itself; answers under way are sent to nobody."""
    for _ in range(100):
        time.sleep(0.1)
        if not list((repository / ".git").rglob("*.lock")):
            return


def one_kill(build, scratch, server, log, env, delay):
    repository = scratch / "repository"
    if repository.exists():
        shutil.rmtree(repository)
    shutil.copytree(scratch / "template", repository)
    open(log, "w", encoding="ascii").close()
    first = subprocess.Popen(**run_command(env, repository))
    time.sleep(delay)
    first.kill()
    first.communicate()
    killed = first.returncode == -signal.SIGKILL
    wait_for_orphans(repository)
    problems = []
    fsck = git(repository, env, "fsck", "--full", "--strict", check=False)
    if fsck.returncode:
        problems.append("fsck: " + fsck.stderr)
    stored = stored_answers(repository, env)
    before = sent_answers(log)
    second = subprocess.run(**run_command(env, repository))
    if second.returncode != 0:
        problems.append(f"the next run exits {second.returncode}: {second.stderr}")
    again = {h for n, h in sent_answers(log).items() if n not in before}
    paid_twice = [n for n in stored if before.get(n) in again]
    if paid_twice:
        problems.append(f"{len(paid_twice)} stored answers were asked for again")
    third = subprocess.run(**run_command(env, repository))
    if "up to date" not in third.stdout:
        problems.append("the run after that had something to do: " + third.stdout + third.stderr)
    reports = list(repository.glob("paper*/scrutiny.md"))
    if len(reports) != PAPERS:
        problems.append(f"{len(reports)} of {PAPERS} reports")
    dirty = git(repository, env, "status", "--porcelain").stdout
    if dirty:
        problems.append("not committed: " + dirty)
    if git(repository, env, "fsck", "--full", "--strict", check=False).returncode:
        problems.append("fsck after the next run")
    return killed, len(stored), problems


def time_of_a_run(scratch, env):
    repository = scratch / "repository"
    shutil.copytree(scratch / "template", repository)
    start = time.monotonic()
    done = subprocess.run(**run_command(env, repository))
    if done.returncode:
        sys.exit(f"Bail out! a run that is not killed exits {done.returncode}: {done.stderr}")
    return time.monotonic() - start


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    chance = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="scrutiny-kill-"))
    log = str(scratch / "log")
    server = Server(log)
    hits = answers = failures = 0
    try:
        env = environment(build, scratch)
        make_template(scratch / "template", env, server.port)
        whole = time_of_a_run(scratch, env)
        print(f"1..{kills}")
        for i in range(1, kills + 1):
            delay = chance.uniform(0, whole * 1.05)
            killed, stored, problems = one_kill(build, scratch, server, log, env, delay)
            hits += killed
            answers += stored
            failures += bool(problems)
            print(f"{'not ok' if problems else 'ok'} {i} - killed after {delay * 1000:.0f} ms, "
                  f"{stored} answers stored{'' if killed else ' (it had ended)'}", flush=True)
            for p in problems:
                print("#   " + p.replace("\n", "\n#   "))
        print(f"# {hits} of {kills} runs were hit; a whole run takes {whole * 1000:.0f} ms; "
              f"{answers} answers were stored when the kills came")
    finally:
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(1 if failures else 0)


main()
