#!/usr/bin/env python3
"""Build and push, beside other builders: the same app, the same base, the same registry, in one run.

usage: tests/bench/deploy.py BUILD [--rounds N] [--crane PROGRAM] [--only NAME]...

A registry is started on loopback, with a base image made by mmdebstrap. Each builder then builds and pushes

  small cold    an app of a dozen files; the builder has nothing cached, the registry only the base
  small warm    one file of it changed since
  large cold    26,900 files, 215 MB
  large warm    one file of it changed since

with what a person would type. What `cold` throws away, and the start of a daemon, is not timed. Builders that are
not installed are left out and said to be: docker (BuildKit, from docker.io), buildah, crane.
"""
import argparse, contextlib, gzip, hashlib, io, json, os, random, shutil, signal, socket, statistics, subprocess, sys
import tarfile, tempfile, time
from pathlib import Path

LARGE_FILES, LARGE_BYTES, LARGE_FOLDERS = 26900, 215 << 20, 120
QUIET = dict(stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def run(command, **more):
    done = subprocess.run(command, **{**QUIET, **more})
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {(done.stderr or b'').decode(errors='replace')[-800:]}")
    return done


def timed(commands, **more):
    start = time.monotonic()
    for command in commands:
        run(command, **more)
    return time.monotonic() - start


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, ready, process):
    for _ in range(400):
        if ready():
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit(f"{what} did not start")


class Registry:
    """docker-registry of Debian, that counts what it was sent by the size of its storage."""

    def __init__(self, folder):
        self.storage = folder / "registry"
        port = free_port()
        self.host = f"127.0.0.1:{port}"
        config = folder / "registry.yml"
        config.write_text(f"version: 0.1\nlog: {{accesslog: {{disabled: true}}, level: error}}\n"
                          f"storage: {{filesystem: {{rootdirectory: {self.storage}}}, delete: {{enabled: true}}}}\n"
                          f"http: {{addr: '{self.host}'}}\n")
        self.process = subprocess.Popen(["docker-registry", "serve", config], **QUIET)
        wait_for("docker-registry", self.answers, self.process)

    def answers(self):
        with contextlib.suppress(OSError):
            socket.create_connection(tuple(self.host.split(":")), 1).close()
            return True
        return False

    def size(self):
        blobs = self.storage / "docker/registry/v2/blobs"
        return sum(f.stat().st_size for f in blobs.rglob("data")) if blobs.exists() else 0

    def forget(self, repository):
        """The repository, with the blobs of its own: the storage holds them by hard reference only."""
        shutil.rmtree(self.storage / "docker/registry/v2/repositories" / repository, ignore_errors=True)
        kept = set()
        for link in (self.storage / "docker/registry/v2/repositories").rglob("link"):
            kept.add(link.read_text().strip().split(":")[1])
        for data in list((self.storage / "docker/registry/v2/blobs").rglob("data")):
            if data.parent.name not in kept:
                shutil.rmtree(data.parent)


# -- what is built --------------------------------------------------------------------------------

def push_base(folder, registry, build):
    """Debian with python3 as an image of one layer."""
    kept = Path(build) / "bench/base.tar"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        run(["mmdebstrap", "--variant=minbase", "--include=python3-minimal", "bookworm", f"{kept}.new"])
        os.rename(f"{kept}.new", kept)
    tar = kept.read_bytes()
    layout = folder / "base"
    blobs = layout / "blobs/sha256"
    blobs.mkdir(parents=True)

    def blob(data, media):
        name = hashlib.sha256(data).hexdigest()
        (blobs / name).write_bytes(data)
        return {"mediaType": media, "digest": f"sha256:{name}", "size": len(data)}

    oci = "application/vnd.oci.image"
    layer = blob(gzip.compress(tar, 6, mtime=0), f"{oci}.layer.v1.tar+gzip")
    config = blob(json.dumps({"architecture": "amd64", "os": "linux", "config": {"Env": ["PATH=/usr/bin:/bin"]},
                              "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}"]},
                              "history": [{"created_by": "mmdebstrap"}]}).encode(), f"{oci}.config.v1+json")
    manifest = blob(json.dumps({"schemaVersion": 2, "mediaType": f"{oci}.manifest.v1+json", "config": config,
                                "layers": [layer]}).encode(), f"{oci}.manifest.v1+json")
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
    run(["skopeo", "copy", "--dest-tls-verify=false", f"oci:{layout}", f"docker://{registry.host}/base:1"])


def text_of(source, size):
    """Compressible as source code is, about 2.3 times."""
    words = [b"def", b"return", b"value", b"=", b"(self)", b"import", b"\n    ", b"0x%08x" % source.getrandbits(32)]
    out = io.BytesIO()
    while out.tell() < size:
        out.write(source.choice(words) + b" " + b"%x" % source.getrandbits(40))
    return out.getvalue()[:size]


def make_tree(folder, large, registry):
    source = random.Random(7)
    folder.mkdir()
    files = {"app.py": text_of(source, 4000), "requirements.txt": b"", "pages/one.py": text_of(source, 9000)}
    for i in range(10):
        files[f"lib/part{i}.py"] = text_of(source, 8000)
    if large:
        text = text_of(source, 8 << 20)
        for i in range(LARGE_FILES - len(files)):
            size = max(64, int(source.expovariate(1) * LARGE_BYTES / LARGE_FILES))
            at = source.randrange(len(text) - 64)
            files[f"data/{i % LARGE_FOLDERS:03}/{i:05}.txt"] = b"%d\n" % i + text[at:at + size]
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    name = "large" if large else "small"
    (folder / "Dockerfile").write_text(f"FROM {registry.host}/base:1\nWORKDIR /app\nCOPY . /app\n"
                                       'CMD ["python3", "app.py"]\n')
    (folder / ".deploy.yml").write_text(f"app: {name}\nregistry: {registry.host}/{name}\n"
                                        "image: {dockerfile: Dockerfile}\nport: 8000\n")
    run(["git", "init", "-q", "-b", "main", folder])
    run(["git", "-C", folder, "config", "gc.auto", "0"])
    commit(folder, "first")
    run(["git", "-C", folder, "repack", "-adq"])


def commit(folder, message):
    run(["git", "-C", folder, "add", "-A"])
    run(["git", "-C", folder, "-c", "user.name=B", "-c", "user.email=b@example.org", "commit", "-q", "-m", message])


def change_one_file(folder, round_number):
    path = folder / "lib/part3.py"
    path.write_bytes(path.read_bytes() + b"# %d\n" % round_number)
    commit(folder, f"change {round_number}")


# -- builders -------------------------------------------------------------------------------------

class Ours:
    name = "git deploy"

    def __init__(self, folder, build):
        self.program = Path(build).resolve() / "git-deploy"

    def cold(self, tree):
        shutil.rmtree(tree / ".git/scrutiny", ignore_errors=True)

    def build(self, tree, target):
        return [[self.program, "push", "--latest", "HEAD"]], dict(cwd=tree)

    def end(self):
        pass


class Docker:
    name = "BuildKit (docker.io)"

    def __init__(self, folder, build):
        self.folder, self.process = folder / "docker", None
        # A newer client that stands before Debian's on the PATH wants a plug-in for what the daemon can do alone.
        self.client = "/usr/bin/docker" if os.path.exists("/usr/bin/docker") else "docker"
        self.start()

    def start(self):
        self.folder.mkdir()
        self.address = f"unix://{self.folder}/socket"
        self.process = subprocess.Popen(["dockerd", "--data-root", self.folder / "data", "--exec-root",
                                         self.folder / "exec", "--pidfile", self.folder / "pid", "-H", self.address,
                                         "--iptables=false", "--bridge=none"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for("dockerd", lambda: subprocess.run([self.client, "-H", self.address, "info"], **QUIET).returncode == 0,
                 self.process)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        subprocess.run(["umount", self.folder / "data"], **QUIET)  # a bind mount of its own that it leaves behind
        shutil.rmtree(self.folder, ignore_errors=True)

    def cold(self, tree):
        self.end()
        self.start()

    def build(self, tree, target):
        docker = [self.client, "-H", self.address]
        return ([docker + ["build", "-q", "-t", target, tree], docker + ["push", "-q", target]],
                dict(env={**os.environ, "DOCKER_BUILDKIT": "1"}))


class Buildah:
    name = "buildah"

    def __init__(self, folder, build):
        self.folder = folder / "buildah"

    def end(self):
        subprocess.run([*self.program(), "rm", "-a"], **QUIET)
        shutil.rmtree(self.folder, ignore_errors=True)

    def cold(self, tree):
        self.end()

    def program(self):
        return ["buildah", "--root", self.folder / "root", "--runroot", self.folder / "run", "--storage-driver",
                "overlay"]

    def build(self, tree, target):
        return ([self.program() + ["bud", "-q", "--layers", "--isolation", "chroot", "--tls-verify=false", "-t", target,
                                   tree],
                 self.program() + ["push", "-q", "--tls-verify=false", target]], {})


class Crane:
    """Appends one layer, a tar of the tree, to the base: what it does is less than the others do."""
    name = "crane append"

    def __init__(self, folder, build):
        self.folder, self.program = folder / "crane", Crane.path
        self.folder.mkdir()

    def end(self):
        pass

    def cold(self, tree):
        pass

    def build(self, tree, target):
        tar = self.folder / "layer.tar.gz"
        base = target.split("/")[0] + "/base:1"
        return ([["tar", "-C", tree, "--exclude=.git", "-czf", tar, "."],
                 [self.program, "append", "--insecure", "-b", base, "-f", tar, "-t", target]], {})


def present(args):
    kinds = [Ours]
    Crane.path = args.crane or shutil.which("crane")
    for kind, program in ((Docker, shutil.which("dockerd")), (Buildah, shutil.which("buildah")), (Crane, Crane.path)):
        if not program:
            print(f"{kind.name}: not installed, left out")
        elif not args.only or any(word in kind.name.lower() for word in args.only):
            kinds.append(kind)
    return kinds


# -- measuring ------------------------------------------------------------------------------------

def measure(builder, tree, registry, rounds):
    """Seconds of each cold and each warm round, and bytes the registry grew by in the last warm one."""
    name = tree.name
    target = f"{registry.host}/{name}:bench"
    times = {"cold": [], "warm": []}
    for number in range(rounds):
        registry.forget(name)
        builder.cold(tree)
        commands, more = builder.build(tree, target)
        times["cold"].append(timed(commands, **more))
        change_one_file(tree, time.monotonic_ns())
        before = registry.size()
        commands, more = builder.build(tree, target)
        times["warm"].append(timed(commands, **more))
        grown = registry.size() - before
    return times, grown


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--crane")
    parser.add_argument("--only", action="append", default=[], help="part of a builder's name, lower case")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="deploy-bench.", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        registry = Registry(folder)
        try:
            push_base(folder, registry, args.build)
            kinds = present(args)
            for large in (False, True):
                tree = folder / ("large" if large else "small")
                make_tree(tree, large, registry)
                ours = None
                for kind in kinds:
                    builder = kind(folder, args.build)
                    try:
                        times, grown = measure(builder, tree, registry, args.rounds)
                    finally:
                        builder.end()
                    medians = {k: statistics.median(v) for k, v in times.items()}
                    ours = ours or medians
                    print(f"{tree.name:6} {kind.name:22}" + "".join(
                        f"  {k} {medians[k]:7.3f} s ({min(times[k]):.3f}-{max(times[k]):.3f}) {medians[k] / ours[k]:6.1f}x"
                        for k in ("cold", "warm")) + f"  {grown / 1e6:.2f} MB in the last warm push", flush=True)
        finally:
            registry.process.terminate()
            registry.process.wait()


if __name__ == "__main__":
    main()
