#!/usr/bin/env python3
"""Kills runs with models at random moments, and sees whether anything was lost or paid twice.

    kill.py <build folder> [<kills>] [<seed>]

Every round has a fresh repository and two `git scrutiny run --commit` side by side, each with models
behind four APIs at a price; one of the runs, or both, are killed with SIGKILL. In every third round the
budget is too small for all answers. Then

- `git fsck` must be clean, a run that was not killed must have ended well, and what was answered must
  not cost more than the budget;
- the next run, without the limit, must complete, and one more must have nothing to do;
- of no question whose answer is stored may there be a later request, by whichever process;
- the ledger must have every stored answer, every record must be sound, every report committed, and
  nothing may be left over.

Prints TAP. The repositories of rounds that failed are kept.
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
APIS = ["openai", "anthropic", "gemini", "ollama"]
REVIEWERS = ",".join(f"lab{api}/alpha" for api in APIS)
ANSWERS = PAPERS * len(APIS)
# US dollars per million tokens; the server says 100 and 50 of each question.
PRICE_IN, PRICE_OUT = 1000, 2000
PRICE_OF_ANSWER = (100 * PRICE_IN + 50 * PRICE_OUT) / 1e6
ENOUGH = 10000
TOO_LITTLE = 14

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
    def __init__(self, log, begun):
        script = HERE.parent / "servers" / "model_server.py"
        self.process = subprocess.Popen(
            [sys.executable, script, "--log", log, "--begun", begun, "--latency", "0.05"],
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
    for api in APIS:
        base = f"http://127.0.0.1:{port}" + ("/v1" if api == "openai" else "")
        for key, value in [("endpoint", base), ("api", api), ("priceIn", PRICE_IN),
                           ("priceOut", PRICE_OUT), ("maxTokens", 500)]:
            git(folder, env, "config", f"scrutiny.lab{api}.{key}", str(value))
    git(folder, env, "config", "scrutiny.budget.month", str(ENOUGH))


def run_command(env, repository):
    return dict(args=["git-scrutiny", "run", "--commit", "--tasks=review",
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
        numbers.add(int(summary.split()[1]))
    return numbers


def read_log(path):
    """[(number, hash of the request)], in the order of the numbers."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="ascii") as f:
        return sorted((int(n), h) for n, h in (line.split() for line in f if line.endswith("\n")))


def wait_for_orphans(repository):
    """A git the killed run had started ends by itself; answers under way are sent to nobody."""
    for _ in range(100):
        time.sleep(0.1)
        if not [p for p in (repository / ".git").rglob("*.lock") if p.parent.name != "scrutiny"]:
            return


def run_and_kill(env, repository, delays):
    """Two runs; those that have a delay are killed. Returns them when both have ended, and the hits."""
    runs = [subprocess.Popen(**run_command(env, repository)) for _ in delays]
    start = time.monotonic()
    for delay, run in sorted((d, r) for d, r in zip(delays, runs) if d is not None):
        time.sleep(max(0, start + delay - time.monotonic()))
        run.kill()
    said = [run.communicate(timeout=120)[1] for run in runs]
    return list(zip(runs, said)), sum(r.returncode == -signal.SIGKILL for r in runs)


def check_after_kill(env, repository, ended, limit, log):
    problems = []
    for run, said in ended:
        allowed = {0, -signal.SIGKILL} | ({2, 3} if limit < ENOUGH else set())
        if run.returncode not in allowed:
            problems.append(f"a run beside the killed one exits {run.returncode}: {said}")
    fsck = git(repository, env, "fsck", "--full", "--strict", check=False)
    if fsck.returncode:
        problems.append("fsck: " + fsck.stderr)
    paid = len(read_log(log)) * PRICE_OF_ANSWER
    if paid > limit:
        problems.append(f"{paid} dollars were paid, the budget is {limit}")
    return problems


def check_money(env, repository, stored):
    problems = []
    cost = json.loads(subprocess.run(["git-scrutiny", "cost", "--json"], cwd=repository, env=env,
                                     check=True, capture_output=True, text=True).stdout)
    if cost["total"]["usd"] < len(stored) * PRICE_OF_ANSWER - 1e-6:
        problems.append(f"{len(stored)} answers are stored, and the ledger has {cost['total']['usd']} dollars")
    if cost["damaged_lines"]:
        problems.append("the ledger is damaged")
    return problems


def check_end(env, repository, begun):
    """After a last run: everything is there, once."""
    problems = []
    second = subprocess.run(**run_command(env, repository), timeout=120)
    if second.returncode != 0:
        problems.append(f"the next run exits {second.returncode}: {second.stderr}")
    third = subprocess.run(**run_command(env, repository), timeout=120)
    if "up to date" not in third.stdout:
        problems.append("the run after that had something to do: " + third.stdout + third.stderr)
    stored = stored_answers(repository, env)
    if len(stored) != ANSWERS:
        problems.append(f"{len(stored)} answers of {ANSWERS} are stored")
    first_stored = {}
    for number, question in read_log(begun):
        if question in first_stored:
            problems.append(f"answer {first_stored[question]} is stored, and asked for again as {number}")
        elif number in stored:
            first_stored[question] = number
    reports = list(repository.glob("paper*/scrutiny.md"))
    if len(reports) != PAPERS:
        problems.append(f"{len(reports)} of {PAPERS} reports")
    dirty = git(repository, env, "status", "--porcelain").stdout
    if dirty:
        problems.append("not committed: " + dirty)
    if git(repository, env, "fsck", "--full", "--strict", check=False).returncode:
        problems.append("fsck after the next run")
    verify = subprocess.run(["git-scrutiny", "records", "verify"], cwd=repository, env=env,
                            capture_output=True, text=True)
    if verify.returncode:
        problems.append("records verify: " + verify.stdout + verify.stderr)
    for left in ("journal", "claims"):
        folder = repository / ".git" / "scrutiny" / left
        if folder.is_dir() and list(folder.iterdir()):
            problems.append(f"left over in {left}: {[p.name for p in folder.iterdir()]}")
    return problems + check_money(env, repository, stored)


def one_round(scratch, logs, env, delays, limit):
    repository = scratch / "repository"
    if repository.exists():
        shutil.rmtree(repository)
    shutil.copytree(scratch / "template", repository)
    git(repository, env, "config", "scrutiny.budget.month", str(limit))
    for log in logs:
        open(log, "w", encoding="ascii").close()
    ended, hits = run_and_kill(env, repository, delays)
    wait_for_orphans(repository)
    stored = len(stored_answers(repository, env))
    problems = check_after_kill(env, repository, ended, limit, logs[0])
    git(repository, env, "config", "scrutiny.budget.month", str(ENOUGH))
    return hits, stored, problems + check_end(env, repository, logs[1])


def time_of_a_run(scratch, env):
    repository = scratch / "repository"
    shutil.copytree(scratch / "template", repository)
    start = time.monotonic()
    for run, said in run_and_kill(env, repository, [None, None])[0]:
        if run.returncode:
            sys.exit(f"Bail out! a run that is not killed exits {run.returncode}: {said}")
    return time.monotonic() - start


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    chance = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="scrutiny-kill-"))
    logs = [str(scratch / "log"), str(scratch / "begun")]
    server = Server(*logs)
    hits = rounds = answers = failures = 0
    try:
        env = environment(build, scratch)
        make_template(scratch / "template", env, server.port)
        whole = time_of_a_run(scratch, env)
        print(f"1..{kills}")
        for i in range(1, kills + 1):
            delays = [chance.uniform(0, whole * 1.05) for _ in range(2)]
            spared = chance.choice([None, None, 0, 1])
            if spared is not None:
                delays[spared] = None
            limit = ENOUGH if i % 3 else TOO_LITTLE
            killed, stored, problems = one_round(scratch, logs, env, delays, limit)
            hits += killed
            rounds += killed > 0
            answers += stored
            failures += bool(problems)
            moments = " and ".join(f"{d * 1000:.0f} ms" for d in delays if d is not None)
            print(f"{'not ok' if problems else 'ok'} {i} - killed after {moments}, "
                  f"{stored} answers stored{'' if killed else ' (both had ended)'}", flush=True)
            for p in problems:
                print("#   " + p.replace("\n", "\n#   "))
            if problems:
                print("#   kept: " + str((scratch / "repository").rename(scratch / f"failed-{i}")), flush=True)
        print(f"# {hits} processes were hit in {rounds} of {kills} rounds; two runs side by side take "
              f"{whole * 1000:.0f} ms; {answers} answers were stored when the kills came")
    finally:
        server.stop()
        if not failures:
            shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(1 if failures else 0)


main()
