#!/usr/bin/env python3
"""Random pushes to real bare repositories, each compared with what oracle.py says of it.

    situations.py <build folder> [<pushes>] [<seed>]

A world has a clone with the hook, a bare remote, a second remote that nobody fetches from, and a colleague who
pushes to the first one, too. It lasts for some pushes: of new and of old branches, several refs at once,
deletions, forced pushes, tags of all kinds, expressions, addresses, hostile names, refs of our own; from whole,
shallow and partial clones and from linked work trees, sha1 and sha256; of histories with merges, moved, copied and
deleted papers, changes that were taken back, and roots that have nothing in common. Another hook was there
before ours, and now and then refuses. At every push

- the papers that the hook looked at must be the oracle's, in its order;
- the push must go through, or be refused, as the papers and the other hook want it, and the remote's refs must
  be what they are to be; the work tree must be as it was;
- both repositories must pass `git fsck`, and nothing may be left over in the journal.

In every fifth push the hook, or git with all that it started, is killed with SIGKILL at a random moment; then
the refs must be the old or the new ones, and the same push must do what it should.

Prints TAP. The worlds of pushes that failed are kept.
"""
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from oracle import Expectation, Objects  # noqa: E402

PUSHES_OF_WORLD = 10
KILL_EVERY = 5

PAPER = r"""\documentclass{article}
\title{On %(word)s sequences}
\author{Ada Marsh}
%(macros)s\begin{document}
\maketitle
\begin{abstract}
Sequences of the kind %(word)s are finite.
\end{abstract}
\section{Claim}\label{sec:claim}
Every %(word)s sequence has a last element, as Section~\ref{sec:%(label)s} says.
\end{document}
"""
NOTE = "# Note on %(word)s\n\nSequences of the kind %(word)s are finite.\n"
MACROS = "\\newcommand{\\kind}{%s}\n"

# What was there before us.
OTHERS_HOOK = """#!/bin/sh
n=$(ls "$PUSH_RECORDS" | wc -l)
mkdir "$PUSH_RECORDS/$n"
printf '%s\\n' "$@" >"$PUSH_RECORDS/$n/arguments"
git for-each-ref --format='%(objectname) %(refname)' >"$PUSH_RECORDS/$n/refs"
cat >"$PUSH_RECORDS/$n/lines"
test ! -e "$PUSH_RECORDS.refuse"
"""
# What a manager of hooks does: it keeps the input for whoever wants it.
MANAGERS_HOOK = """#!/bin/sh
input=$(cat; echo .)
input=${input%.}
printf %s "$input" | "$0.others" "$@" || exit
printf %s "$input" | git scrutiny hooks run pre-push "$@"
"""
HOSTILE = ["$(touch${IFS}pwned);x", "a\u202eb", "-x", "--upload-pack=touch${IFS}pwned", "%s%n", "'\"`&|", "refs/heads/main", "HEAD",
           "\u00fc" * 90]


class Git:
    def __init__(self, folder, env):
        self.folder, self.env = folder, env

    def __call__(self, *arguments, check=True, **options):
        done = subprocess.run(["git", *arguments], cwd=self.folder, env=self.env, capture_output=True, text=True,
                              errors="surrogateescape", **options)
        if check and done.returncode:
            raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip() if check else done

    def refs(self):
        listing = self("for-each-ref", "--format=%(refname) %(objectname)")
        return dict(line.rsplit(" ", 1) for line in listing.split("\n") if line)

    def config(self):
        """remote name -> key -> values."""
        found = {}
        listing = self("config", "--get-regexp", r"^remote\.", check=False).stdout
        for line in listing.strip().split("\n"):
            key, _, value = line.partition(" ")
            parts = key.split(".")
            found.setdefault(".".join(parts[1:-1]), {}).setdefault(parts[-1], []).append(value)
        return found


def environment(build, home):
    env = {"PATH": f"{build}:{os.environ['PATH']}", "HOME": str(home), "TZ": "UTC", "LC_ALL": "C.UTF-8",
           "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": str(home / "gitconfig"), "OLLAMA_HOST": "http://127.0.0.1:9"}
    for who in ("AUTHOR", "COMMITTER"):
        env[f"GIT_{who}_NAME"] = "Push Test"
        env[f"GIT_{who}_EMAIL"] = "push@example.org"
    return env


# -- worlds -------------------------------------------------------------------------------------------------


class World:
    def __init__(self, folder, env, chance, kind):
        self.folder, self.chance, self.kind = folder, chance, kind
        self.env = dict(env, PUSH_RECORDS=str(folder / "records"), GIT_TRACE_SCRUTINY=str(folder / "trace"))
        self.counter = 0
        self.was_killed = False
        (folder / "records").mkdir(parents=True)
        form = "sha256" if kind == "sha256" else "sha1"
        outside = Git(folder, self.env)
        for name in ("remote.git", "fork.git"):
            outside("init", "-q", "--bare", "-b", "main", f"--object-format={form}", name)
            bare = Git(folder / name, self.env)
            bare("config", "receive.denyDeleteCurrent", "ignore")
            bare("config", "uploadpack.allowFilter", "true")
        outside("init", "-q", "-b", "main", f"--object-format={form}", "colleague")
        self.colleague = Git(folder / "colleague", self.env)
        self.colleague("remote", "add", "origin", f"{folder}/remote.git")
        for _ in range(chance.randint(2, 8)):
            self.add(self.colleague)
        for _ in range(chance.randint(1, 4)):
            self.commit(self.colleague)
        self.colleague("push", "-q", "origin", "main")
        self.make_local(outside)
        self.install()

    def make_local(self, outside):
        address = f"file://{self.folder}/remote.git"
        if self.kind == "shallow":
            outside("clone", "-q", "--depth=1", "--no-single-branch", address, "local")
        elif self.kind == "partial":
            outside("clone", "-q", "--filter=blob:none", address, "local")
        elif self.kind == "empty":
            outside("init", "-q", "-b", "main", "local")
            Git(self.folder / "local", self.env)("remote", "add", "origin", address)
        else:
            outside("clone", "-q", address, "local")
        self.git = Git(self.folder / "local", self.env)
        if self.kind == "work tree":
            self.git("worktree", "add", "-q", "-b", "linked", "../linked")
            self.git = Git(self.folder / "linked", self.env)
        if self.kind == "empty":
            self.commit(self.git)
        self.git("remote", "add", "fork", f"{self.folder}/fork.git")
        self.git("remote", "add", "both", f"{self.folder}/remote.git")
        self.git("config", "--add", "remote.both.pushurl", f"{self.folder}/remote.git")
        self.git("config", "--add", "remote.both.pushurl", f"{self.folder}/fork.git")

    def install(self):
        hooks = pathlib.Path(self.git("rev-parse", "--path-format=absolute", "--git-path", "hooks"))
        hook = hooks / "pre-push"
        others = hooks / "pre-push.others" if self.kind == "manager" else hook
        hooks.mkdir(exist_ok=True)
        others.write_text(OTHERS_HOOK)
        others.chmod(0o755)
        if self.kind == "manager":
            hook.write_text(MANAGERS_HOOK)
            hook.chmod(0o755)
        else:
            self.git("scrutiny", "hooks", "install", "--only=pre-push")

    def word(self):
        self.counter += 1
        return f"k{self.counter}"

    # -- what happens to papers

    def folders(self, git, kind):
        top = pathlib.Path(git.folder, kind)
        name = "main.tex" if kind == "papers" else "note.md"
        return sorted(p for p in top.glob("*") if (p / name).is_file()) if top.is_dir() else []

    def add(self, git):
        kind = self.chance.choice(["papers", "papers", "notes"])
        folder = pathlib.Path(git.folder, kind, self.word())
        folder.mkdir(parents=True)
        if kind == "notes":
            (folder / "note.md").write_text(NOTE % {"word": self.word()})
            return
        macros = "\\input{../../shared/macros}\n" if self.chance.random() < 0.3 else ""
        if macros and not pathlib.Path(git.folder, "shared/macros.tex").exists():
            self.macros(git)
        self.write(folder, macros, 0.1)

    def write(self, folder, macros, broken):
        label = "nowhere" if self.chance.random() < broken else "claim"
        (folder / "main.tex").write_text(PAPER % {"word": self.word(), "label": label, "macros": macros})

    def change(self, git):
        for folder in self.some(self.folders(git, "papers")):
            macros = "\\input{../../shared/macros}\n"
            old = (folder / "main.tex").read_text()
            self.write(folder, macros if macros in old else "", 0.15)
        for folder in self.some(self.folders(git, "notes")):
            (folder / "note.md").write_text(NOTE % {"word": self.word()})

    def some(self, items):
        return self.chance.sample(items, min(len(items), self.chance.randint(0, 2)))

    def move(self, git):
        for folder in self.some(self.folders(git, "papers"))[:1]:
            folder.rename(folder.with_name(self.word()))

    def copy(self, git):
        for folder in self.some(self.folders(git, "papers"))[:1]:
            shutil.copytree(folder, folder.with_name(self.word()))

    def delete(self, git):
        for folder in self.some(self.folders(git, "papers") + self.folders(git, "notes"))[:1]:
            shutil.rmtree(folder)

    def report(self, git):
        """What is generated makes no paper another one."""
        for folder in self.some(self.folders(git, "papers")):
            (folder / "scrutiny.md").write_text(self.word())
            (folder / "meta.yaml").write_text(f"title: {self.word()}\n")

    def figure(self, git):
        for folder in self.some(self.folders(git, "papers"))[:1]:
            (folder / "figures").mkdir(exist_ok=True)
            (folder / "figures" / "plot.dat").write_text(self.word())

    def macros(self, git):
        shared = pathlib.Path(git.folder, "shared")
        shared.mkdir(exist_ok=True)
        (shared / "macros.tex").write_text(MACROS % self.word())

    def code(self, git):
        pathlib.Path(git.folder, "program.c").write_text(self.word())

    def ignore(self, git):
        file = pathlib.Path(git.folder, ".ignore")
        if file.exists() and self.chance.random() < 0.5:
            file.unlink()
            return
        folders = self.some(self.folders(git, "papers"))
        file.write_text("".join(f"{f.parent.name}/{f.name}/\n" for f in folders))

    def policy(self, git):
        file = pathlib.Path(git.folder, ".scrutiny.yml")
        if file.exists() and self.chance.random() < 0.7:
            file.unlink()
        else:
            file.write_text(self.chance.choice(["papers: papers\n", "papers: notes\n", "fail_on: error\n"]))

    def commit(self, git):
        happenings = [self.add, self.add, self.change, self.change, self.change, self.move, self.copy, self.delete,
                      self.report, self.figure, self.macros, self.code, self.ignore, self.policy]
        for happen in self.chance.choices(happenings, k=self.chance.randint(1, 2)):
            happen(git)
        git("add", "-A")
        git("commit", "-q", "--allow-empty", "-m", f"commit {self.word()}")

    # -- what happens to histories

    def branches(self):
        return [r[len("refs/heads/"):] for r in self.git.refs() if r.startswith("refs/heads/")]

    def other_branch(self):
        plain = [b for b in self.branches() if b.isalnum()]
        self.git("checkout", "-q", "--ignore-other-worktrees", self.chance.choice(plain), "--")

    def new_branch(self):
        commits = self.git("rev-list", "--all", "--max-count=12", "--", ".").split() or ["HEAD"]
        self.git("checkout", "-q", "-b", self.word(), self.chance.choice(commits), "--")

    def merge(self):
        refs = [r for r in self.git.refs() if r.startswith(("refs/heads/", "refs/remotes/origin/"))]
        how = self.chance.choice([["--no-ff"], ["-X", "ours"], ["-X", "theirs", "--no-ff"], ["-s", "ours"]])
        done = self.git("merge", "-q", "--no-edit", "--allow-unrelated-histories", *how, self.chance.choice(refs),
                        check=False)
        if done.returncode:
            self.git("merge", "--abort", check=False)
            self.git("reset", "-q", "--hard")
            self.git("clean", "-qfd")

    def colleague_works(self):
        self.colleague("fetch", "-q", "origin")
        self.colleague("checkout", "-q", "-B", "main", "origin/main", check=False)
        for _ in range(self.chance.randint(1, 2)):
            self.commit(self.colleague)
        self.colleague("push", "-q", "origin", self.chance.choice(["main", f"main:{self.word()}"]), check=False)
        if self.chance.random() < 0.6:
            self.git("fetch", "-q", "--prune", "origin")

    def amend(self):
        self.change(self.git)
        self.git("add", "-A")
        self.git("commit", "-q", "--amend", "--allow-empty", "-m", f"amended {self.word()}")

    def step_back(self):
        if self.git("rev-parse", "-q", "--verify", "HEAD~1", check=False).returncode == 0:
            self.git("reset", "-q", "--hard", "HEAD~1")

    def there_and_back(self):
        before = self.git("rev-parse", "HEAD")
        self.commit(self.git)
        self.git("checkout", "-q", before, "--", ".", check=False)
        self.git("read-tree", "-u", "--reset", before)
        self.git("commit", "-q", "--allow-empty", "-m", "back again")

    def unrelated(self):
        self.git("checkout", "-q", "--orphan", self.word())
        self.git("rm", "-rqf", "--ignore-unmatch", ".")
        self.git("clean", "-qfd")
        self.commit(self.git)

    def tag(self):
        target = self.chance.choice(["HEAD", "HEAD", "HEAD~1", "HEAD^{tree}", "HEAD:program.c"])
        how = self.chance.choice([[], ["-a", "-m", "x"]])
        self.git("tag", *how, f"t{self.word()}", target, check=False)
        if self.chance.random() < 0.2:
            tags = [r for r in self.git.refs() if r.startswith("refs/tags/")]
            if tags:
                self.git("tag", "-a", "-m", "x", f"t{self.word()}", self.chance.choice(tags))

    def hostile(self):
        name = self.chance.choice(HOSTILE) + self.word()
        self.git("update-ref", f"refs/heads/{name}", "HEAD")

    def tidy(self):
        # In a partial clone git 2.39 drops local objects which the remote has, too, but has not promised.
        if self.kind != "partial":
            self.git("repack", "-adq", "--write-midx" if self.chance.random() < 0.3 else "-q", check=False)
        self.git("pack-refs", "--all")

    def live(self):
        for _ in range(self.chance.randint(1, 5)):
            commit = lambda: self.commit(self.git)
            self.chance.choice([commit, commit, commit, commit, self.other_branch, self.new_branch, self.merge,
                                self.merge, self.colleague_works, self.colleague_works, self.amend, self.step_back,
                                self.there_and_back, self.unrelated, self.tag, self.tag, self.hostile,
                                self.tidy])()

    # -- pushes

    def specs(self):
        refs, chance = self.git.refs(), self.chance
        branches = [r for r in refs if r.startswith("refs/heads/")]
        tags = [r for r in refs if r.startswith("refs/tags/")]
        remote = [r.replace("refs/remotes/origin/", "refs/heads/") for r in refs
                  if r.startswith("refs/remotes/origin/") and not r.endswith(("/HEAD", "/main"))]
        branch = lambda: chance.choice(branches)
        new = lambda: f"refs/heads/n{self.word()}"
        kinds = {
            "branch": lambda: [branch()],
            "new branch": lambda: [f"{branch()}:{new()}"],
            "forced": lambda: ["--force", branch()],
            "forced elsewhere": lambda: ["--force", f"{branch()}:{chance.choice(remote or branches)}"],
            "several": lambda: [f"+{b}" for b in chance.sample(branches, min(3, len(branches)))] + tags[:2],
            "and a deletion": lambda: [f"+{branch()}", f":{chance.choice(remote)}"] if remote else [branch()],
            "deletion": lambda: ["--delete", chance.choice(remote)] if remote else [branch()],
            "all": lambda: ["--all", "--force"],
            "tags": lambda: ["--tags"],
            "tag": lambda: [chance.choice(tags)] if tags else [branch()],
            "with its tags": lambda: ["--follow-tags", branch()],
            "HEAD": lambda: [f"HEAD:{new()}"],
            "expression": lambda: [f"HEAD^{{/commit}}:{new()}"],
            "id": lambda: [f"{refs[branch()]}:{new()}"],
            "blob": lambda: [f"HEAD:program.c:refs/tags/b{self.word()}"],
            "ours": lambda: ["+refs/scrutiny/records"] if "refs/scrutiny/records" in refs else [branch()],
            "ours and a branch": lambda: [f"+{branch()}:refs/notes/n{self.word()}", f"+{branch()}"],
            "dry": lambda: ["--dry-run", branch()],
            "atomic": lambda: ["--atomic", "--force", branch(), f"{branch()}:{new()}"],
        }
        kind = chance.choice(sorted(kinds))
        found = kinds[kind]()
        options = [s for s in found if s.startswith("--")]
        to = chance.choice(["origin"] * 7 + ["both", "fork", "fork", f"{self.folder}/remote.git",
                                             f"file://{self.folder}/remote.git"])
        if to == "fork" and chance.random() < 0.2:
            return "mirror to fork", ["--mirror", "fork"]
        return f"{kind} to {to.rpartition('/')[2]}", [*options, "--", to, *(s for s in found if s not in options)]


# -- one push -----------------------------------------------------------------------------------------------


def descendants(pid):
    """The processes that PID has started, and theirs."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        parents.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
    found, todo = [], [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found


def kill_after(push, delay, everything):
    time.sleep(delay)
    if everything:
        os.killpg(push.pid, signal.SIGKILL)
        return
    for pid in descendants(push.pid):
        try:
            if os.readlink(f"/proc/{pid}/exe").rpartition("/")[2].startswith("git-scrutiny"):
                os.kill(pid, signal.SIGKILL)
        except OSError:
            pass


class Push:
    """One call of git push, and what was seen of it."""

    def __init__(self, world, arguments, kill=None):
        self.world = world
        self.records = world.folder / "records"
        shutil.rmtree(self.records)
        self.records.mkdir()
        self.trace = world.folder / "trace"
        self.trace.write_text("")
        status = world.git("status", "--porcelain")
        push = subprocess.Popen(["git", "push", "--porcelain", *arguments], cwd=world.git.folder, env=world.env,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                errors="replace", start_new_session=True)
        if kill:
            try:
                kill_after(push, *kill)
            except ProcessLookupError:
                pass
        self.out, self.err = push.communicate(timeout=120)
        self.status = push.returncode
        self.killed = kill is not None
        self.touched = world.git("status", "--porcelain") != status
        self.looked_at = []
        for line in self.trace.read_text(errors="surrogateescape").splitlines():
            if "  pushed paper " in line:
                self.looked_at.append(tuple(line.split("  pushed paper ")[1].split(" ", 1)))

    def calls(self):
        """What each call of the hook was given: (remote, address, lines, refs)."""
        for folder in sorted(self.records.iterdir(), key=lambda p: int(p.name)):
            if not (folder / "lines").exists():
                continue
            remote, address = (folder / "arguments").read_text().split("\n")[:2]
            refs = dict(reversed(line.split(" ", 1)) for line in (folder / "refs").read_text().splitlines())
            yield remote, address, (folder / "lines").read_text().splitlines(), refs


def check_refs(push, address, lines, went, dry):
    """Whether the remote's refs are as the push wanted them, or as they were. (Some are rejected after the hook was
    asked, by git here or there: what the remote has got meanwhile, shallow histories.)"""
    there = Git(address.replace("file://", ""), push.world.env).refs()
    rejected = [line.split("\t")[1].rpartition(":")[2] for line in push.out.splitlines()
                if line.startswith("!") and "rejected]" in line]
    problems = []
    for line in lines:
        _, local, ref, remote = line.rsplit(" ", 3)
        if ref in rejected:
            continue
        wanted = (local if went and not dry else remote).strip("0") and (local if went and not dry else remote)
        if there.get(ref, "") != wanted:
            problems.append(f"{ref} is {there.get(ref)}, not {wanted or 'gone'}")
    return problems


AWAY = re.compile(r"^warning: (?:.*: )?(\S+): some of its files are not in this partial clone: not checked\n", re.M)


def unchecked(push):
    """The papers of which a partial clone lacks something; elsewhere there are none."""
    return AWAY.findall(push.err) if push.world.kind == "partial" else []


def expect(world, push, refuses, objects):
    """What the oracle wants of a push that was not disturbed: (papers, [(call, goes through)], problems)."""
    papers, calls = [], []
    for call in push.calls():
        remote, address, lines, refs = call
        if refuses:
            calls.append((call, False))
            continue
        wanted = Expectation(objects, lines, remote, address, world.git.config(), refs)
        papers += wanted.looked_at
        calls.append((call, all(path in unchecked(push) for _, path in wanted.broken(objects))))
    return papers, calls


def describe(pairs):
    return ", ".join(f"{path} at {tip[:7]}" for tip, path in pairs) or "nothing"


def check_push(world, push, refuses, dry):
    """What is wrong with a push that was not disturbed."""
    objects = Objects(world.git.folder, world.env, [f"{world.folder}/remote.git/objects"] if world.kind == "partial" else [])
    try:
        papers, calls = expect(world, push, refuses, objects)
    finally:
        objects.close()
    problems = []
    if papers != push.looked_at:
        problems.append(f"looked at {describe(push.looked_at)}, not at {describe(papers)}")
    for (_, address, lines, _), went in calls:
        problems += check_refs(push, address, lines, went, dry)
        if not went and push.status == 0:
            problems.append("a push that should be refused went through")
    if "fatal: " in push.err.replace("fatal: the remote end hung up", "") or "not checked" in (
            AWAY.sub("", push.err) if world.kind == "partial" else push.err):
        problems.append("it says: " + push.err)
    return len(papers), all(went for _, went in calls), problems


def check_killed(world, push, dry):
    """After a kill each ref is the old or the new one."""
    problems = []
    for _, address, lines, _ in push.calls():
        one = check_refs(push, address, lines, True, dry)
        other = check_refs(push, address, lines, False, dry)
        if one and other and "--atomic" in push.out:
            problems += one
    return problems


def check_repositories(world, killed):
    """What was journalled before a kill stays until something is recorded again."""
    problems = []
    for name in ("local", "remote.git", "fork.git"):
        done = Git(world.folder / name, world.env)("fsck", "--full", "--no-dangling", check=False)
        if done.returncode:
            problems.append(f"fsck of {name}: {done.stderr}")
    if (world.folder / "local" / "pwned").exists() or (world.folder / "linked" / "pwned").exists():
        problems.append("the name of a branch was executed")
    journal = world.folder / "local" / ".git" / "scrutiny" / "journal"
    left = [p.name for p in journal.rglob("*") if p.is_file()] if journal.is_dir() else []
    if left and not killed:
        problems.append(f"left over in the journal: {left}")
    verify = Git(world.git.folder, world.env)("scrutiny", "records", "verify", check=False)
    if verify.returncode:
        problems.append("records verify: " + verify.stdout + verify.stderr)
    return problems


def situation(world, number):
    """One push: (what it was, what came of it, problems)."""
    chance = world.chance
    world.live()
    if chance.random() < 0.4: # which lists the papers, for the quick answer that none is pushed
        world.git("scrutiny", "hooks", "background", check=False)
    kind, arguments = world.specs()
    refuses, dry = chance.random() < 0.07, "--dry-run" in arguments
    refusal = world.folder / "records.refuse"
    killed, problems = "", []
    if number % KILL_EVERY == 0:
        delay, everything = chance.uniform(0, 0.2), chance.random() < 0.4
        push = Push(world, arguments, (delay, everything))
        world.was_killed = True
        killed = f", {'git' if everything else 'the hook'} killed after {delay * 1000:.0f} ms"
        time.sleep(0.1)
        problems += check_killed(world, push, dry)
        for lock in (world.folder / "local" / ".git").rglob("*.lock"):
            if lock.parent.name != "scrutiny" and everything:
                lock.unlink()
    if refuses:
        refusal.write_text("")
    push = Push(world, arguments)
    refusal.unlink(missing_ok=True)
    papers, went, found = check_push(world, push, refuses, dry)
    problems += found + check_repositories(world, world.was_killed)
    if push.touched:
        problems.append("the work tree was changed")
    outcome = "refused by the other hook" if refuses else f"{papers} papers, {'pushed' if went else 'refused'}"
    if problems:
        problems.append(f"git push {' '.join(arguments)}: {push.status}\n{push.out}{push.err}")
    return f"{world.kind} clone, {kind}{killed}", outcome, papers, problems


KINDS = ["plain", "plain", "manager", "sha256", "shallow", "partial", "empty", "work tree"]


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    pushes = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="scrutiny-push-"))
    env = environment(build, scratch)
    failures = looked_at = refused = 0
    world, start = None, time.monotonic()
    per_world = min(PUSHES_OF_WORLD, max(1, pushes // len(KINDS)))
    print(f"1..{pushes}")
    for number in range(1, pushes + 1):
        if world is None or (number - 1) % per_world == 0:
            if world:
                shutil.rmtree(world.folder)
            round_ = (number - 1) // per_world
            world = World(scratch / f"world{round_}", env, random.Random(f"{seed} {round_}"), KINDS[round_ % len(KINDS)])
        what, outcome, papers, problems = situation(world, number)
        looked_at += papers
        refused += "refused" in outcome
        print(f"{'not ok' if problems else 'ok'} {number} - {what}: {outcome}", flush=True)
        for p in problems:
            print("#   " + p.encode("utf-8", "backslashreplace").decode().replace("\n", "\n#   "))
        if problems:
            failures += 1
            kept = world.folder.rename(scratch / f"failed-{number}")
            print(f"#   kept: {kept}", flush=True)
            world = None
    print(f"# {looked_at} papers were looked at, {refused} pushes refused; {time.monotonic() - start:.0f} s")
    if not failures:
        shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(1 if failures else 0)


main()
