#!/usr/bin/env python3
"""Batches, killed at random moments: `git scrutiny run --batch` and `git scrutiny collect`, two at once.

    batch.py BUILD KILLS [SEED]

Whatever was killed when, each question is taken by the server once, nothing is asked live, and in the end
every paper has its report; only a batch of which it cannot be known yet whether it was sent may be open.
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "servers", "batch_server.py")
REVIEWERS = ["openai/gpt-6-luna", "anthropic/claude-sonnet-5-5", "gemini/gemini-3.8-flash"]
TASKS = 3
PAPERS = ["one", "two"]
KILLS_A_ROUND = 6
PAPER = """\\documentclass{article}
\\title{On short sequences}
\\begin{document}
Every short sequence has a last element, as paper %s of round %d says.
\\end{document}
"""


class Round:
    def __init__(self, world, number, env):
        self.world = world
        self.number = number
        self.env = env
        self.repo = os.path.join(world, f"round{number}")
        self.control = os.path.join(world, "control")
        self.reviewer = random.choice(REVIEWERS)
        self.kills = 0

    def git(self, *words):
        return subprocess.run(["git", *words], cwd=self.repo, env=self.env, capture_output=True,
                              text=True, check=False)

    def prepare(self):
        for name in os.listdir(self.control):
            os.remove(os.path.join(self.control, name))
        os.makedirs(self.repo)
        self.git("init", "-q")
        self.git("config", "user.name", "A. Tester")
        self.git("config", "user.email", "tester@example.org")
        self.git("config", "scrutiny.tasks", "summary, correctness, experiments")
        for paper in PAPERS:
            os.makedirs(os.path.join(self.repo, paper))
            with open(os.path.join(self.repo, paper, "main.tex"), "w", encoding="ascii") as f:
                f.write(PAPER % (paper, self.number))
        self.git("add", "-A")
        self.git("commit", "-qm", "papers")

    def end_batches(self):
        with open(os.path.join(self.control, "ended"), "w", encoding="ascii"):
            pass

    def start(self):
        words = ["git-scrutiny", "collect"]
        if random.random() < 0.6:
            words = ["git-scrutiny", "run", "--batch", "--reviewers=" + self.reviewer]
        return subprocess.Popen(words, cwd=self.repo, env=self.env, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def kill(self):
        running = [self.start() for _ in range(random.choice([1, 2]))]
        time.sleep(random.uniform(0, 0.12))
        self.kills += running[0].poll() is None
        running[0].kill()
        for process in running:
            process.wait()
        if random.random() < 0.4:
            self.end_batches()

    def log(self):
        try:
            with open(os.path.join(self.control, "log"), encoding="ascii") as f:
                return [line.split() for line in f]
        except FileNotFoundError:
            return []

    def finish(self):
        """What is wrong in the end, or None."""
        self.end_batches()
        said = ""
        for _ in range(4):
            said += self.git("scrutiny", "collect").stderr
            last = self.git("scrutiny", "run", "--batch", "--reviewers=" + self.reviewer)
            said += last.stderr
        ids = [line[2] for line in self.log() if line[0] == "batch"]
        if len(set(ids)) != len(ids):
            return "a question was taken twice"
        if len(ids) != len(self.log()):
            return "a question was asked live"
        if "has not heard of it" in said: # within two minutes nobody can know
            return None
        if len(ids) != TASKS * len(PAPERS):
            return f"{len(ids)} questions were asked: {said}"
        missing = [p for p in PAPERS if not os.path.exists(os.path.join(self.repo, p, "scrutiny.md"))]
        if missing or "up to date" not in last.stdout:
            return f"no report of {missing}: {said} {last.stdout}"
        return None


def main():
    build, kills = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1000000)
    random.seed(seed)
    world = tempfile.mkdtemp(prefix="scrutiny-kill.")
    os.makedirs(os.path.join(world, "control"))
    server = subprocess.Popen([sys.executable, SERVER, os.path.join(world, "control")],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    address = "http://127.0.0.1:" + server.stdout.readline().strip()
    env = {"HOME": world, "PATH": build + ":" + os.environ["PATH"], "LC_ALL": "C.UTF-8",
           "GIT_CONFIG_NOSYSTEM": "1", "OLLAMA_HOST": "127.0.0.1:9",
           "OPENAI_BASE_URL": address + "/v1", "OPENAI_API_KEY": "k",
           "ANTHROPIC_BASE_URL": address, "ANTHROPIC_API_KEY": "k",
           "GOOGLE_GEMINI_BASE_URL": address, "GEMINI_API_KEY": "k"}
    done = number = 0
    problem = None
    try:
        while done < kills and not problem:
            number += 1
            current = Round(world, number, env)
            current.prepare()
            for _ in range(KILLS_A_ROUND):
                current.kill()
            problem = current.finish()
            done += max(current.kills, 1)
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(world, ignore_errors=True)
    if problem:
        sys.exit(f"batch.py: seed {seed}, round {number}: {problem}")
    print(f"{done} kills of batches: every question was taken once, nothing was lost")


if __name__ == "__main__":
    main()
