#!/usr/bin/env python3
"""Kills releases at random moments, and sees that registry, ledger and tags are as they were or as they are to be.

    release.py <build folder> [<kills>] [<seed>]

A docker-registry, a bare remote and two clones of it. In each round one of these is killed with SIGKILL:

- `git deploy` of a new commit (which makes and pushes a tag),
- `git deploy release <tag>` of a tag that is there,
- `git deploy rollback <release>`,
- `git deploy release <tag>` while the other clone releases another tag at the same time.

Then `git fsck` must be clean in the clone and at the remote; the ledgers must have the releases of before, and at most
one more; the registry's moving tags must name the old image or the new one, and each must be there whole. The same
command again must complete: one more release and not two, the tags of the registry on it, the ledgers equal. And once
more it must have nothing to do.

Prints TAP, and how often each moment was hit. The folders of rounds that failed are kept.
"""
import collections
import hashlib
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
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "servers"))
import base_image  # noqa: E402

MOVING = ["prod", "latest"]
KINDS = ["deploy", "release", "rollback", "race"]
ACCEPT = ", ".join([
    "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
])


class Registry:
    def __init__(self, build, folder):
        self.process = subprocess.Popen(
            [HERE.parent / "servers" / "registry-start", "--open"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={**os.environ, "BUILD": build, "TMPDIR": str(folder)})
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            reason = self.process.stderr.read().strip()
            print(f"1..0 # SKIP {reason.rpartition('skipped: ')[2]}")
            shutil.rmtree(folder)
            sys.exit(0)
        self.host = self.address.removeprefix("http://")
        self.sound = set()

    def get(self, path):
        request = urllib.request.Request(f"{self.address}/v2/web/{path}", headers={"Accept": ACCEPT})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def tag(self, name):
        """The digest that a tag names; "" if there is none."""
        data = self.get(f"manifests/{name}")
        return "sha256:" + hashlib.sha256(data).hexdigest() if data is not None else ""

    def check(self, digest):
        """What is missing or wrong of an image."""
        if not digest or digest in self.sound:
            return []
        data = self.get(f"manifests/{digest}")
        if data is None:
            return [f"the registry does not have {digest}"]
        manifest = json.loads(data)
        problems = []
        for part in [manifest["config"], *manifest["layers"]]:
            blob = self.get(f"blobs/{part['digest']}")
            if blob is None or "sha256:" + hashlib.sha256(blob).hexdigest() != part["digest"]:
                problems.append(f"{part['digest']} of {digest} is not there whole")
        if not problems:
            self.sound.add(digest)
        return problems

    def stop(self):
        self.process.terminate()
        self.process.wait()


class World:
    def __init__(self, build, folder, registry):
        self.folder, self.registry = folder, registry
        home = folder / "home"
        home.mkdir()
        self.env = {"PATH": f"{build}:{os.environ['PATH']}", "HOME": str(home), "TZ": "UTC", "LC_ALL": "C.UTF-8",
                    "GIT_CONFIG_NOSYSTEM": "1", "TMPDIR": str(folder)}
        for who in ("AUTHOR", "COMMITTER"):
            self.env[f"GIT_{who}_NAME"] = "Kill Test"
            self.env[f"GIT_{who}_EMAIL"] = "kill@example.org"
        self.hub = folder / "hub"
        self.clones = [folder / "anna", folder / "ben"]
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.hub], env=self.env, check=True)
        self.make_clone(self.clones[0])
        self.commits = 0
        self.commit(self.clones[0], {".deploy.yml": (
            f"app: web\nregistry: {registry.host}/web\nport: 80\n"
            f"image: {{base: \"{registry.host}/base:1\", command: [python3, app/main.py]}}\n")})
        self.git(self.clones[0], "push", "-q", "origin", "main")
        self.make_clone(self.clones[1])
        self.git(self.clones[1], "checkout", "-q", "-b", "ben", "origin/main")

    def make_clone(self, clone):
        subprocess.run(["git", "clone", "-q", self.hub, clone], env=self.env, check=True, stderr=subprocess.DEVNULL)

    def git(self, repository, *arguments, check=True):
        return subprocess.run(["git", "-C", repository, *arguments], env=self.env, check=check, capture_output=True,
                              text=True)

    def commit(self, clone, files):
        for path, text in files.items():
            (clone / path).parent.mkdir(exist_ok=True)
            (clone / path).write_text(text)
        self.git(clone, "add", "-A")
        self.git(clone, "commit", "-qm", "change")
        self.commits += 1

    def change(self, clone):
        """A commit that changes one of several layers."""
        n = self.commits
        self.commit(clone, {f"part{n % 5}/file": f"{n} {random.random()}\n" * 2000, "app/main.py": f"print({n})\n"})

    def deploy(self, clone, *arguments):
        return subprocess.Popen(["git-deploy", *arguments], cwd=clone, env=self.env, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, start_new_session=True)

    def ledger(self, repository):
        """The releases, newest first."""
        log = self.git(repository, "log", "--format=%H:release.json", "refs/deploy/prod", check=False).stdout
        said = subprocess.run(["git", "-C", repository, "cat-file", "--batch"], env=self.env, check=True,
                              capture_output=True, input=log.encode()).stdout
        releases = []
        while said:
            head, _, said = said.partition(b"\n")
            size = int(head.split()[2])
            releases.append(json.loads(said[:size]))
            said = said[size + 1:]
        return releases

    def release_tags(self, repository):
        return set(self.git(repository, "tag", "--list", "deploy-prod-*").stdout.split())

    def new_tag(self, clone):
        self.change(clone)
        said = self.deploy(clone, "--tag-only").communicate(timeout=60)
        return said[0].split()[1].rstrip(",")


def wait_for_orphans(process):
    """What the killed process had started goes on to its end: it must not be taken for the next run's work."""
    for _ in range(200):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)


class Round:
    def __init__(self, world, kind):
        self.world, self.kind = world, kind
        self.clone = world.clones[0]
        self.before = world.ledger(world.hub)
        self.old = {name: world.registry.tag(name) for name in MOVING}
        self.other = None
        if kind == "deploy":
            world.change(self.clone)
            self.arguments = []
        elif kind == "rollback":
            numbers = [r["number"] for r in self.before if r["digest"] != self.before[0]["digest"]]
            self.arguments = ["rollback", str(random.choice(numbers))]
        else:
            self.arguments = ["release", world.new_tag(self.clone)]
        if kind == "race":
            world.git(world.clones[1], "fetch", "-q", "origin")
            world.change(world.clones[1])
            self.other = world.deploy(world.clones[1], "--env", "prod")

    def kill(self, delay):
        process = self.world.deploy(self.clone, *self.arguments)
        time.sleep(delay)
        process.kill()
        said = process.communicate()
        wait_for_orphans(process)
        problems = []
        if process.returncode not in (0, -signal.SIGKILL):
            problems.append(f"it exits {process.returncode}: {said}")
        if self.other:
            said = self.other.communicate(timeout=120)[1]
            if self.other.returncode not in (0, 128):
                problems.append(f"the clone beside it exits {self.other.returncode}: {said}")
            # 128: the tag of this clone is the newer one, and was released first.
            elif self.other.returncode == 128 and "comes too late" not in said:
                problems.append(f"the clone beside it: {said}")
            self.before = self.before[:0] + [r for r in self.world.ledger(self.world.hub)
                                             if r["tag"] != self.arguments[1]]
        return process.returncode == -signal.SIGKILL, problems

    def more_than_before(self, ledger):
        """How many releases there are more; None if the old ones are not all there."""
        more = len(ledger) - len(self.before)
        if more < 0 or [r["digest"] for r in ledger[more:]] != [r["digest"] for r in self.before]:
            return None
        return more

    def check_ledgers(self, allowed):
        problems = []
        for repository in (self.world.hub, self.clone):
            fsck = self.world.git(repository, "fsck", "--strict", "--no-dangling", check=False)
            if fsck.returncode:
                problems.append(f"fsck of {repository.name}: {fsck.stderr}")
            ledger = self.world.ledger(repository)
            numbers = [r["number"] for r in ledger]
            if numbers != list(range(len(ledger), 0, -1)):
                problems.append(f"{repository.name} numbers its releases {numbers}")
            tags = [tag for tag, nr in collections.Counter(r["tag"] for r in ledger if r["tag"]).items() if nr > 1]
            if tags:
                problems.append(f"released twice: {tags}")
            if repository == self.world.hub and not self.other and self.more_than_before(ledger) not in allowed:
                problems.append(f"{len(self.before)} releases before, and now {len(ledger)}")
        return problems

    def check_registry(self, allowed):
        problems = []
        for name in MOVING:
            now = self.world.registry.tag(name)
            if now not in allowed and now != self.old[name]:
                problems.append(f"{name} names {now}, which is neither old nor new")
            problems += self.world.registry.check(now)
        return problems

    def state(self):
        """For the statistics: what was done when it was killed."""
        ledger = self.world.ledger(self.world.hub)
        if self.other:
            return "in the ledger" if any(r["tag"] == self.arguments[1] for r in ledger) else "not in the ledger"
        moved = sum(self.world.registry.tag(name) != self.old[name] for name in MOVING)
        more = self.more_than_before(ledger)
        return f"{more if more is not None else '?'} in the ledger, {moved} tags moved"

    def again(self, expect):
        process = self.world.deploy(self.clone, *self.arguments)
        out, err = process.communicate(timeout=120)
        if process.returncode == 128 and self.other and ("comes too late" in err or "is served now" in err):
            return [], True
        problems = [] if process.returncode == 0 else [f"{expect} exits {process.returncode}: {out}{err}"]
        return problems, False

    def check_end(self):
        late = False
        problems, late = self.again("the next run")
        ledger = self.world.ledger(self.world.hub)
        problems += self.check_ledgers({1})
        served = ledger[0]["digest"]
        if self.world.ledger(self.clone) != ledger and not late:
            problems.append("the clone's ledger is not the remote's")
        for name in MOVING:
            now = self.world.registry.tag(name)
            if now != served:
                problems.append(f"{name} names {now}, and the ledger {served}")
        more, _ = self.again("the run after that")
        problems += more
        if self.world.ledger(self.world.hub) != ledger:
            problems.append("the run after that added something")
        return problems


def run_round(world, kind, duration, hits):
    this = Round(world, kind)
    killed, problems = this.kill(random.uniform(0, duration))
    state = this.state()
    hits[f"{kind}: {state}" if killed else f"{kind}: not hit"] += 1
    new = {r["digest"] for r in world.ledger(world.hub)} | {r["digest"] for r in world.ledger(this.clone)}
    problems += this.check_ledgers({0, 1})
    problems += this.check_registry(new)
    # The tags of git: of before, and at most the one that was asked for.
    lost = {r["tag"] for r in this.before if r["tag"]} - world.release_tags(world.hub)
    if lost:
        problems.append(f"tags are lost: {lost}")
    return killed, problems + this.check_end()


def measure(world, kind):
    """Seconds that one takes."""
    this = Round(world, "release" if kind == "race" else kind)
    start = time.monotonic()
    problems, _ = this.again(kind)
    if problems:
        print(f"Bail out! {problems[0]}")
        sys.exit(1)
    return time.monotonic() - start


def prepare(build, folder, registry):
    base_image.put_base(base_image.Registry(registry.address), "base", "1")
    world = World(build, folder, registry)
    for _ in range(2): # the second one has a release before it
        measure(world, "deploy")
    return world, {kind: measure(world, kind) for kind in KINDS}


def main():
    build = os.path.abspath(sys.argv[1])
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 31)
    random.seed(seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="scrutiny-kill-release."))
    registry = Registry(build, folder)
    hits = collections.Counter()
    failed = count = done = 0
    try:
        world, durations = prepare(build, folder, registry)
        # Those that ended before they were hit do not count, but a machine that is too slow ends, too.
        while done < kills and count < 3 * kills:
            count += 1
            kind = KINDS[count % len(KINDS)]
            killed, problems = run_round(world, kind, durations[kind], hits)
            done += killed
            print(f"{'not ok' if problems else 'ok'} {count} - {kind}{'' if killed else ', not hit'}")
            for problem in problems:
                print("# " + problem.replace("\n", "\n# "))
            failed += bool(problems)
            if problems:
                break
    finally:
        registry.stop()
    print(f"1..{count}")
    print(f"# {done} kills with seed {seed}; a release takes {durations['release']:.2f} s")
    for state, nr in sorted(hits.items()):
        print(f"# {nr:4} {state}")
    if failed:
        print(f"# kept: {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


sys.exit(main())
