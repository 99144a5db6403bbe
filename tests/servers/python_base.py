#!/usr/bin/env python3
"""Puts a base image with this machine's Python, pip and a shell into a test registry.

    python_base.py <http://host:port> <repository>:<tag>

Made of the files that are here, so that no distribution has to be downloaded: the interpreter, its standard library,
the libraries they are linked with, pip as ensurepip has it, and the certificates that this machine trusts. Prints
the image's platform.
"""
import glob
import gzip
import io
import json
import os
import platform
import shutil
import sys
import sysconfig
import tarfile
import zipfile

from base_image import CONFIG, LAYER, MANIFEST, Registry, descriptor, digest, libraries

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
LEFT_OUT = {"test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "__pycache__", "site-packages", "dist-packages"}
# Loaded by name at run time, or by wheels that expect every system to have them.
LOADED = ("libgcc_s.so.1", "libstdc++.so.6", "libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def standard_library():
    """{path in the image: file} of the interpreter's modules."""
    top = sysconfig.get_path("stdlib", vars={"base": sys.base_prefix, "installed_base": sys.base_prefix})
    files = {}
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in LEFT_OUT and not name.startswith("config-")]
        for name in names:
            if not name.endswith((".a", ".whl")):
                files[os.path.join(folder, name)] = os.path.realpath(os.path.join(folder, name))
    return files


def pip_wheel():
    for pattern in ("/usr/share/python-wheels/pip-*.whl",
                    os.path.join(sysconfig.get_path("stdlib"), "ensurepip", "_bundled", "pip-*.whl")):
        for wheel in sorted(glob.glob(pattern)):
            return wheel
    sys.exit("python_base.py: skipped: there is no wheel of pip (python3-venv?)")


def shared_libraries(files):
    found = {}
    for path, source in list(files.items()):
        if ".so" in os.path.basename(path) or path == interpreter():
            found.update(libraries(source))
    for folder in {os.path.dirname(path) for path in found} | {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"}:
        for name in LOADED:
            source = os.path.join(folder, name)
            if os.path.exists(source):
                found.setdefault(source, os.path.realpath(source))
                found.update(libraries(os.path.realpath(source)))
    return found


def interpreter():
    return os.path.join(sys.base_prefix, "bin", "python3")


def collect():
    files = standard_library()
    files[interpreter()] = os.path.realpath(interpreter())
    shell = os.path.realpath(shutil.which("dash") or "/bin/sh")
    files.update(libraries(shell))
    files["/bin/sh"] = shell
    files.update(shared_libraries(files))
    if os.path.exists(CERTIFICATES):
        files[CERTIFICATES] = CERTIFICATES
    contents = {path: open(source, "rb").read() for path, source in files.items()}
    packages = sysconfig.get_path("purelib", "posix_prefix", {"base": sys.base_prefix})
    # Debian's interpreter looks here, wherever others are installed to.
    if sys.base_prefix == "/usr":
        packages = "/usr/lib/python3/dist-packages"
    with zipfile.ZipFile(pip_wheel()) as wheel:
        for name in wheel.namelist():
            if not name.endswith("/"):
                contents[os.path.join(packages, name)] = wheel.read(name)
    contents["/etc/passwd"] = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"
    # What is imported is compiled then; all of it would take longer than the test has.
    settings = "[install]\nno-compile = true\n"
    if os.path.exists(CERTIFICATES):
        settings += f"[global]\ncert = {CERTIFICATES}\n"
    contents["/etc/pip.conf"] = settings.encode()
    return contents


def layer(contents):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        folder = tarfile.TarInfo("tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
        archive.addfile(folder)
        for path, data in sorted(contents.items()):
            info = tarfile.TarInfo(path.lstrip("/"))
            info.size, info.mode = len(data), 0o755
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def main():
    address, name = sys.argv[1:]
    repository, tag = name.rsplit(":", 1)
    architecture = ARCHITECTURES.get(platform.machine()) or sys.exit("python_base.py: skipped: an unknown machine")
    tar = layer(collect())
    compressed = gzip.compress(tar, compresslevel=1, mtime=0)
    config = json.dumps({
        "architecture": architecture, "os": "linux",
        "config": {"Env": [f"PATH={sys.base_prefix}/bin:/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(tar)]},
    }).encode()
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, config),
        "layers": [descriptor(LAYER, compressed)],
    }).encode()
    registry = Registry(address)
    registry.put_blob(repository, compressed)
    registry.put_blob(repository, config)
    registry.put_manifest(repository, tag, manifest)
    print(f"linux/{architecture}")


if __name__ == "__main__":
    main()
