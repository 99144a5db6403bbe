#!/usr/bin/env python3
"""Puts a small base image into a test registry.

    base_image.py <http://host:port> <repository>:<tag> [<user>:<password>] [--with PROGRAM[=NAME]]...

It has one layer with /etc/os-release, for linux/amd64; the same bytes each time. --with adds a program of this
machine, with the libraries it needs, under its path or as NAME ("/bin/dash=/bin/sh"). Prints its digest.
"""
import argparse
import base64
import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
import urllib.request

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry:
    def __init__(self, address, login=None):
        self.address = address
        self.login = login

    def call(self, method, path, data=None, headers=None):
        url = path if path.startswith("http") else self.address + path
        request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
        if self.login:
            request.add_header("Authorization", "Basic " + base64.b64encode(self.login.encode()).decode())
        with urllib.request.urlopen(request) as answer:
            return answer.headers, answer.read()

    def put_blob(self, repository, data):
        headers, _ = self.call("POST", f"/v2/{repository}/blobs/uploads/", b"")
        where = headers["Location"]
        where += ("&" if "?" in where else "?") + "digest=" + digest(data)
        self.call("PUT", where, data, {"Content-Type": "application/octet-stream"})

    def put_manifest(self, repository, tag, data):
        self.call("PUT", f"/v2/{repository}/manifests/{tag}", data, {"Content-Type": MANIFEST})


def descriptor(media_type, data):
    return {"mediaType": media_type, "digest": digest(data), "size": len(data)}


def libraries(program):
    """What the program is linked with, as {path in the image: file}."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return {word: os.path.realpath(word) for word in listed.split() if word.startswith("/")}


def put_base(registry, repository, tag, content=b"ID=test\n", programs=()):
    tar = io.BytesIO()
    files = {}
    for program in programs:
        source, _, name = program.partition("=")
        files.update(libraries(source))
        files[name or source] = source
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo("etc/os-release")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
        for name, source in sorted(files.items()):
            with open(source, "rb") as file:
                data = file.read()
            info = tarfile.TarInfo(name.lstrip("/"))
            info.size = len(data)
            info.mode = 0o755
            archive.addfile(info, io.BytesIO(data))
    layer = gzip.compress(tar.getvalue(), mtime=0)
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/true"], "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(tar.getvalue())]},
    }).encode()
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, config),
        "layers": [descriptor(LAYER, layer)],
    }).encode()
    for data in (layer, config):
        registry.put_blob(repository, data)
    registry.put_manifest(repository, tag, manifest)
    return digest(manifest)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("name")
    parser.add_argument("login", nargs="?")
    parser.add_argument("--with", action="append", default=[], dest="programs")
    arguments = parser.parse_args()
    repository, tag = arguments.name.rsplit(":", 1)
    print(put_base(Registry(arguments.address, arguments.login), repository, tag, programs=arguments.programs))


if __name__ == "__main__":
    main()
