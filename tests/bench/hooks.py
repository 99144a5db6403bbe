"""What hooks add to `git commit` and `git push`, beside other managers of hooks, in one run.

usage: hooks.py <build folder>

A repository of PAPERS papers. RUNS times, in turns: a commit of a file that is no paper's, and its push to a bare
repository on this disk, without hooks and with those of each manager. The others have one hook of their own on *.tex
(`true`), so that they too find that there is nothing to do. Then, of ours: one changed paper of 90 KB. Columns are
medians in milliseconds; what is added is the median of the differences within a turn. With TEST_INSTALL=1 what is
missing of the others is installed below <build folder>/hook-peers.
"""
import fcntl
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PAPERS = int(os.environ.get("PAPERS", "10000"))
RUNS = int(os.environ.get("RUNS", "40"))
PRE_COMMIT = "pre-commit==4.7.0"
LEFTHOOK = "lefthook@2.2.2"

build = pathlib.Path(sys.argv[1]).resolve()
peers = build / "hook-peers"

PAPER = "\\documentclass{article}\n\\title{Paper %d}\n\\begin{document}\nText of paper %d.\n\\end{document}\n"
LARGE = ("\\documentclass{article}\n\\begin{document}\n%s\\end{document}\n" %
         "".join(f"\\section{{Part {i}}}\\label{{s{i}}}\nSee Section~\\ref{{s{i}}} for what follows.\n"
                 + "We show that the bound holds for all larger values, too, and give a proof of it.\n" * 10
                 for i in range(100)))

PRE_COMMIT_CONFIG = """repos:
- repo: local
  hooks:
  - id: papers
    name: papers
    language: system
    entry: "true"
    files: '\\.tex$'
    stages: [pre-commit, pre-push]
"""
LEFTHOOK_CONFIG = """pre-commit:
  commands:
    papers:
      glob: "*.tex"
      run: "true"
pre-push:
  commands:
    papers:
      glob: "*.tex"
      run: "true"
"""


def install_peers():
    if os.environ.get("TEST_INSTALL") != "1":
        return
    peers.mkdir(parents=True, exist_ok=True)
    if not (peers / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", peers / "python"], check=True)
    subprocess.run([peers / "python/bin/pip", "install", "--quiet", "--disable-pip-version-check", PRE_COMMIT],
                   check=False)
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts",
                    "--prefix", peers, LEFTHOOK], check=False)


class World:
    """Repositories below FOLDER, with nothing of the user's configuration."""

    def __init__(self, folder):
        self.folder = folder
        keep = ("PATH", "LANG", "TMPDIR")
        self.env = {k: v for k, v in os.environ.items() if k in keep}
        self.env |= {"HOME": str(folder / "home"), "GIT_CONFIG_NOSYSTEM": "1",
                     "PATH": f"{build}:{peers / 'python/bin'}:{peers / 'node_modules/.bin'}:{self.env['PATH']}"}
        (folder / "home").mkdir()
        (folder / "home/.gitconfig").write_text("[user]\n\tname = A Tester\n\temail = tester@example.org\n"
                                                "[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n")

    def run(self, top, *argv):
        subprocess.run(argv, cwd=top, env=self.env, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)

    def time(self, top, *argv):
        start = time.perf_counter()
        self.run(top, *argv)
        return (time.perf_counter() - start) * 1000

    def make(self, name):
        top = self.folder / name
        bare = self.folder / f"{name}.git"
        self.run(self.folder, "git", "init", "-q", top)
        for i in range(PAPERS):
            paper = top / f"theory/g{i // 100:03}/p{i:05}"
            paper.mkdir(parents=True)
            (paper / "main.tex").write_text(PAPER % (i, i))
            (paper / "refs.bib").write_text(f"@book{{b{i}, title={{Title {i}}}}}\n")
        (top / "large").mkdir()
        (top / "large/main.tex").write_text(LARGE)
        (top / "src").mkdir()
        (top / "src/tool.c").write_text("int x;\n")
        self.run(top, "git", "add", "-A")
        self.run(top, "git", "commit", "-qm", "papers")
        self.run(self.folder, "git", "clone", "-q", "--bare", top, bare)
        self.run(top, "git", "remote", "add", "origin", bare)
        self.run(top, "git", "fetch", "-q", "origin")
        self.run(top, "git", "gc", "-q")
        return top

    def copy(self, source, name):
        top = self.folder / name
        for old, new in ((source, top), (f"{source}.git", f"{top}.git")):
            subprocess.run(["cp", "-a", old, new], check=True)
        self.run(top, "git", "remote", "set-url", "origin", f"{top}.git")
        self.run(top, "git", "status")
        return top


def wait_for_background(top):
    """Until the review that a commit has started is over: its processor time is not the next commit's."""
    lock = top / ".git/scrutiny/hooks/lock"
    deadline = time.monotonic() + 60
    time.sleep(0.05)
    while lock.exists() and time.monotonic() < deadline:
        with open(lock, "rb") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not (top / ".git/scrutiny/hooks/wanted").exists():
                    return
            except OSError:
                pass
        time.sleep(0.02)


def set_up(world, plain):
    """Name and repository of each manager that is there."""
    tops = {"no hooks": plain, "git-scrutiny": world.copy(plain, "ours")}
    world.run(tops["git-scrutiny"], "git-scrutiny", "hooks", "install")
    world.run(tops["git-scrutiny"], "git-scrutiny", "hooks", "background")
    if (peers / "python/bin/pre-commit").exists():
        tops["pre-commit"] = top = world.copy(plain, "pre-commit")
        (top / ".pre-commit-config.yaml").write_text(PRE_COMMIT_CONFIG)
        world.run(top, "git", "add", ".pre-commit-config.yaml")
        world.run(top, "git", "commit", "-qm", "configure")
        world.run(top, "pre-commit", "install", "-t", "pre-commit", "-t", "pre-push")
    if (peers / "node_modules/.bin/lefthook").exists():
        tops["lefthook"] = top = world.copy(plain, "lefthook")
        (top / "lefthook.yml").write_text(LEFTHOOK_CONFIG)
        world.run(top, "git", "add", "lefthook.yml")
        world.run(top, "git", "commit", "-qm", "configure")
        world.run(top, "lefthook", "install")
    for name in ("pre-commit", "lefthook"):
        if name not in tops:
            print(f"{name} is not installed in {peers}: skipped (TEST_INSTALL=1 installs it)")
    return tops


def measure_nothing_to_do(world, tops):
    times = {name: {"commit": [], "push": []} for name in tops}
    for run in range(RUNS + 2):
        for name, top in tops.items():
            (top / "src/tool.c").write_text(f"int x = {run};\n")
            world.run(top, "git", "add", "src/tool.c")
            commit = world.time(top, "git", "commit", "-qm", "more")
            wait_for_background(top)
            push = world.time(top, "git", "push", "-q", "origin", "main")
            if run >= 2:
                times[name]["commit"].append(commit)
                times[name]["push"].append(push)
    return times


def measure_large(world, top):
    hooks = {"pre-commit": [], "post-commit": []}
    for run in range(RUNS):
        (top / "large/main.tex").write_text(LARGE.replace("\\end{document}", f"Run {run}.\n\\end{{document}}"))
        world.run(top, "git", "add", "large/main.tex")
        world.run(top, "git", "write-tree")
        hooks["pre-commit"].append(world.time(top, top / ".git/hooks/pre-commit"))
        world.run(top, "git", "commit", "-qm", "large", "--no-verify")
        wait_for_background(top)
        hooks["post-commit"].append(world.time(top, top / ".git/hooks/post-commit"))
        wait_for_background(top)
    return {name: statistics.median(times) for name, times in hooks.items()}


def main():
    install_peers()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="scrutiny-bench."))
    failed = []
    try:
        world = World(folder)
        tops = set_up(world, world.make("plain"))
        times = measure_nothing_to_do(world, tops)
        added = {}
        print(f"{PAPERS} papers, nothing to do; medians of {RUNS} turns in ms; load {os.getloadavg()[0]:.1f}")
        print(f"{'':14}{'commit':>9}{'added':>9}{'push':>9}{'added':>9}")
        for name, t in times.items():
            row = f"{name:14}"
            for what in ("commit", "push"):
                added[name, what] = statistics.median(a - b for a, b in zip(t[what], times["no hooks"][what]))
                row += f"{statistics.median(t[what]):9.1f}{added[name, what]:9.1f}"
            print(row)
        large = measure_large(world, tops["git-scrutiny"])
        empty = statistics.median(world.time(folder, "true") for _ in range(RUNS))
        print(f"one changed paper of {len(LARGE) // 1000} KB: pre-commit {large['pre-commit']:.1f} ms, "
              f"post-commit {large['post-commit']:.1f} ms (starting `true` {empty:.1f} ms)")
        for what in ("commit", "push"):
            ours = added["git-scrutiny", what]
            if ours >= 10:
                failed.append(f"{what}: {ours:.1f} ms added, not under 10")
            if ("lefthook", what) in added and ours >= added["lefthook", what]:
                failed.append(f"{what}: not less than lefthook")
            if ("pre-commit", what) in added and ours > added["pre-commit", what] / 20:
                failed.append(f"{what}: more than a twentieth of pre-commit")
        if large["pre-commit"] >= 50:
            failed.append(f"pre-commit of a changed paper: {large['pre-commit']:.1f} ms, not under 50")
        if large["post-commit"] >= 10:
            failed.append(f"post-commit: {large['post-commit']:.1f} ms, not under 10")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for line in failed:
        print(f"not reached: {line}")
    return 1 if failed else 0


sys.exit(main())
