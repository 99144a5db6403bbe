"""Which papers a push brings: the rule of src/hook/push.h, done slowly and plainly.

Commits, trees and blobs are read through one `git cat-file --batch`; everything else is sets. The papers of
the test's repositories are of two simple kinds, so that nothing of git scrutiny's own discovery is needed:

- a folder below papers/ with a main.tex; its content are the files in it and below, but for scrutiny.md,
  scrutiny.json and meta.yaml, and shared/macros.tex if its main.tex names that;
- a folder below notes/ with a note.md, likewise.

A line of .ignore takes a folder out, `papers:` of .scrutiny.yml leaves only the folders below one.
"""
import re
import subprocess

OWN_REFS = ("refs/scrutiny/", "refs/notes/", "refs/deploy/")
GENERATED = {"scrutiny.md", "scrutiny.json", "meta.yaml"}


class Objects:
    """One repository's objects, as `git cat-file --batch` tells them."""

    def __init__(self, repository, env, others):
        """OTHERS are object directories in which is what a partial clone lacks."""
        self.repository, self.env = repository, env
        quiet = dict(env, GIT_NO_LAZY_FETCH="1", GIT_NO_REPLACE_OBJECTS="1",
                     GIT_ALTERNATE_OBJECT_DIRECTORIES=":".join(others))
        self.process = subprocess.Popen(["git", "-C", repository, "cat-file", "--batch"], env=quiet,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.shallow = self.read_shallow()
        self.trees = {}

    def read_shallow(self):
        path = subprocess.run(["git", "-C", self.repository, "rev-parse", "--git-path", "shallow"], env=self.env,
                              capture_output=True, text=True, check=True).stdout.strip()
        try:
            with open(f"{self.repository}/{path}", encoding="ascii") as f:
                return set(f.read().split())
        except FileNotFoundError:
            return set()

    def read(self, name):
        """(id, type, bytes), or None."""
        self.process.stdin.write(name.encode() + b"\n")
        self.process.stdin.flush()
        head = self.process.stdout.readline().split()
        if head[-1] == b"missing":
            return None
        data = self.process.stdout.read(int(head[2]) + 1)[:-1]
        return head[0].decode(), head[1].decode(), data

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def commit(self, oid):
        """The commit that an id stands for, tags peeled; None if there is none."""
        found = self.read(oid)
        while found and found[1] == "tag":
            found = self.read(found[2].split(b"\n")[0].split()[1].decode())
        return found[0] if found and found[1] == "commit" else None

    def parents(self, commit):
        if commit in self.shallow:
            return []
        head = self.read(commit)[2].split(b"\n\n")[0].decode("utf-8", "replace")
        return [line.split()[1] for line in head.split("\n") if line.startswith("parent ")]

    def files(self, commit):
        """path -> (mode, id) of everything at the commit."""
        tree = self.read(commit)[2].split(b"\n")[0].split()[1].decode()
        return dict(self.tree(tree))

    def tree(self, oid):
        if oid not in self.trees:
            data, found, size = self.read(oid)[2], [], len(oid) // 2
            while data:
                head, data = data.split(b"\0", 1)
                mode, name = head.split(b" ", 1)
                name, child, data = name.decode(), data[:size].hex(), data[size:]
                if mode == b"40000":
                    found += [(f"{name}/{path}", what) for path, what in self.tree(child)]
                else:
                    found.append((name, (mode, child)))
            self.trees[oid] = found
        return self.trees[oid]

    def reachable(self, starts):
        seen, todo = set(), list(starts)
        while todo:
            commit = todo.pop()
            if commit not in seen:
                seen.add(commit)
                todo += self.parents(commit)
        return seen


def scope(objects, files):
    """The folder that the policy at a tip narrows papers to; "" is everywhere."""
    if ".scrutiny.yml" not in files:
        return ""
    found = re.search(r"^papers: (\S+)$", objects.read(files[".scrutiny.yml"][1])[2].decode(), re.M)
    return found.group(1) + "/" if found else ""


def papers(objects, commit, below):
    """{(path, content)} of a commit, as far as they lie in the folder BELOW."""
    files = objects.files(commit)
    ignored = []
    if ".ignore" in files:
        ignored = objects.read(files[".ignore"][1])[2].decode().split()
    found = set()
    for path, (_, oid) in files.items():
        folder, _, name = path.rpartition("/")
        parts = path.split("/")
        if len(parts) != 3 or (parts[0], name) not in (("papers", "main.tex"), ("notes", "note.md")):
            continue
        if f"{folder}/" in ignored or not f"{folder}/".startswith(below):
            continue
        inputs = {(inner[len(folder) + 1:], what) for inner, what in files.items()
                  if inner.startswith(folder + "/") and inner.split("/")[-1] not in GENERATED}
        if b"../../shared/macros" in objects.read(oid)[2] and "shared/macros.tex" in files:
            inputs.add(("../../shared/macros.tex", files["shared/macros.tex"]))
        found.add((folder, frozenset(inputs)))
    return found


def tracking_commits(objects, remote, url, config, refs):
    """Commits that refs of the remote below refs/remotes/ point at; REFS is name -> id."""
    names = {remote} | {name for name, settings in config.items()
                        if {remote, url} & set(settings.get("url", []) + settings.get("pushurl", []))}
    found = set()
    for name in names:
        for spec in config.get(name, {}).get("fetch", []):
            to = spec.split(":")[1]
            if not to.startswith("refs/remotes/"):
                continue
            for ref, oid in refs.items():
                if ref == to or ("*" in to and ref.startswith(to.split("*")[0]) and ref.endswith(to.split("*")[1])):
                    found.add(objects.commit(oid))
    return found - {None}


class Expectation:
    """What a push is to bring: `looked_at` is [(tip, path)] in order, `new` the commits."""

    def __init__(self, objects, lines, remote, url, config, refs):
        zero = re.compile("^0+$")
        updates = [line.rsplit(" ", 3) for line in lines]
        updates = [u for u in updates if not u[2].startswith(OWN_REFS)]
        theirs = {objects.commit(u[3]) for u in updates if not zero.match(u[3])} - {None}
        known = objects.reachable(theirs | tracking_commits(objects, remote, url, config, refs))
        tips = []
        for u in updates:
            commit = None if zero.match(u[1]) else objects.commit(u[1])
            if commit and commit not in known and commit not in tips:
                tips.append(commit)
        self.new = objects.reachable(tips) - known
        edge = {p for c in self.new for p in objects.parents(c) if p in known} | (theirs if tips else set())
        self.looked_at, self.files, seen = [], {}, set()
        for tip in tips:
            files = objects.files(tip)
            below, policy = scope(objects, files), files.get(".scrutiny.yml")
            there = set().union(*(papers(objects, c, below) for c in edge))
            for path, content in sorted(papers(objects, tip, below) - there, key=lambda p: p[0]):
                if (policy, path, content) in seen:
                    continue
                seen.add((policy, path, content))
                self.looked_at.append((tip, path))
                self.files[tip, path] = files
                self.check_touched(objects, path, content, below)

    def check_touched(self, objects, path, content, below):
        """The other definition: some new commit has the paper as no parent of it has it."""
        for commit in self.new:
            if (path, content) in papers(objects, commit, below) and not any(
                    (path, content) in papers(objects, p, below) for p in objects.parents(commit)):
                return
        raise AssertionError(f"no new commit touches {path}")

    def broken(self, objects, word=b"sec:nowhere"):
        """The papers of which a manuscript holds the WORD that makes an error."""
        found = []
        for (tip, path), files in self.files.items():
            for name in ("main.tex", "note.md"):
                entry = files.get(f"{path}/{name}")
                if entry and word in objects.read(entry[1])[2]:
                    found.append((tip, path))
        return found
