"""Everything an instance talks to: the metadata service (version 2 only), SSM, Secrets Manager, ECR and its registry.

usage: instance_server.py <folder>

The folder has: world.json (credentials, parameters, secrets), policy.json (what the instance's role may do; it is
asked about every call), app (the program of all images), busybox, cert.pem and key.pem. Images are made when it starts: one for each file images/<name>, which holds its
command as JSON. Which one a tag means is looked up for every request: tags/<tag> holds an image's name. While there is
a file `unreachable`, the registry hangs up. Requests are noted in the file requests; `ready` appears when it listens.

Listens on 169.254.169.254:80 and 127.0.0.1:443, which have to be there: meant for a network namespace of its own.
"""
import base64
import fnmatch
import gzip
import hashlib
import hmac
import http.server
import io
import json
import os
import re
import socketserver
import ssl
import sys
import tarfile
import threading

folder = sys.argv[1]
METADATA_TOKEN = "a-token-of-the-metadata-service"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
blobs, manifests = {}, {}


def path(*names):
    return os.path.join(folder, *names)


def read(*names):
    with open(path(*names), "rb") as file:
        return file.read()


world = json.loads(read("world.json"))


def store(table, data):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    table[digest] = data
    return {"digest": digest, "size": len(data)}


def make_layer():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in (("app", read("app")), ("bin/busybox", read("busybox"))):
            entry = tarfile.TarInfo(name)
            entry.mode, entry.size = 0o755, len(data)
            tar.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo("bin/sh")
        link.type, link.linkname = tarfile.SYMTYPE, "busybox"
        tar.addfile(link)
    return out.getvalue()


def make_images():
    layer = make_layer()
    diff_id = "sha256:" + hashlib.sha256(layer).hexdigest()
    stored = dict(store(blobs, gzip.compress(layer, 1, mtime=0)), mediaType="application/vnd.oci.image.layer.v1.tar+gzip")
    images = {}
    for name in os.listdir(path("images")):
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": ["/app"], "Cmd": json.loads(read("images", name)), "User": "1234"},
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        }
        described = dict(
            store(blobs, json.dumps(config).encode()), mediaType="application/vnd.oci.image.config.v1+json"
        )
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": [stored]}
        images[name] = store(manifests, json.dumps(manifest).encode())["digest"]
    with open(path("digests.json"), "w", encoding="utf-8") as file:
        json.dump(images, file)
    return images


images = make_images()


def allowed(action, resource):
    """Whether the policy allows it; of its conditions, none is about these calls but the one on KMS, which is not here."""
    for statement in json.loads(read("policy.json"))["Statement"]:
        if statement["Effect"] == "Allow" and any(fnmatch.fnmatchcase(action, a) for a in statement["Action"]):
            if any(fnmatch.fnmatchcase("arn:aws:" + resource, r) for r in statement["Resource"]):
                return True
    return False


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        with open(path("requests"), "a", encoding="utf-8") as file:
            file.write("%s %s%s %s\n" % (
                self.command, self.headers.get("Host"), self.path, self.headers.get("X-Amz-Target", "")))


class Metadata(Handler):
    def do_PUT(self):
        if self.path == "/latest/api/token" and self.headers.get("X-aws-ec2-metadata-token-ttl-seconds"):
            return self.answer(200, METADATA_TOKEN.encode())
        return self.answer(400)

    def do_GET(self):
        if self.headers.get("X-aws-ec2-metadata-token") != METADATA_TOKEN:
            return self.answer(401)
        known = {
            "/latest/meta-data/iam/security-credentials/": "role-of-the-instance",
            "/latest/meta-data/iam/security-credentials/role-of-the-instance": json.dumps({
                "Code": "Success",
                "AccessKeyId": world["access_key"],
                "SecretAccessKey": world["secret_key"],
                "Token": world["session_token"],
            }),
        }
        if os.path.exists(path("stop-after")):
            known["/latest/meta-data/tags/instance/git-deploy:stop-after"] = read("stop-after").decode()
        if self.path not in known:
            return self.answer(404)
        return self.answer(200, known[self.path].encode())


class Services(Handler):
    def signed(self, body):
        """Whether the request is signed as AWS wants it, with the role's keys."""
        found = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8}/[^/]+/[^/]+/aws4_request), SignedHeaders=([^,]+), Signature=(\w+)",
            self.headers.get("Authorization", ""),
        )
        if not found or self.headers.get("X-Amz-Security-Token") != world["session_token"]:
            return False
        key_id, scope, names, signature = found.groups()
        service = self.headers["Host"].split(".")[-4]
        if key_id != world["access_key"] or not {"host", "x-amz-date", "x-amz-security-token"} <= set(names.split(";")):
            return False
        if scope.split("/")[1:3] != ["eu-central-1", service]:
            return False
        lines = "".join("%s:%s\n" % (n, self.headers[n].strip()) for n in names.split(";"))
        request = "\n".join([self.command, "/", "", lines, names, hashlib.sha256(body).hexdigest()])
        text = "\n".join([
            "AWS4-HMAC-SHA256", self.headers["X-Amz-Date"], scope, hashlib.sha256(request.encode()).hexdigest()])
        key = ("AWS4" + world["secret_key"]).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), signature)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.signed(body):
            return self.answer(403, b'{"__type": "InvalidSignatureException"}')
        wanted = json.loads(body)
        service = self.headers["Host"].split(".")[-4]
        target = self.headers["X-Amz-Target"].split(".")[-1]
        resource = {
            "GetParameter": "ssm:eu-central-1:123456789012:parameter" + wanted.get("Name", ""),
            "GetSecretValue": "secretsmanager:eu-central-1:123456789012:secret:%s-AbCdEf" % wanted.get("SecretId"),
        }.get(target, "")
        if not allowed("%s:%s" % (service, target), resource):
            return self.answer(400, b'{"__type": "AccessDeniedException"}')
        if target == "GetParameter" and wanted["Name"] in world["parameters"] and wanted["WithDecryption"]:
            result = {"Parameter": {"Value": world["parameters"][wanted["Name"]]}}
        elif target == "GetSecretValue" and wanted["SecretId"] in world["secrets"]:
            result = {"SecretString": json.dumps(world["secrets"][wanted["SecretId"]])}
        elif target == "GetAuthorizationToken":
            token = base64.b64encode(("AWS:" + world["registry_password"]).encode()).decode()
            result = {"authorizationData": [{"authorizationToken": token}]}
        else:
            return self.answer(400, b'{"__type": "ParameterNotFound"}')
        return self.answer(200, json.dumps(result).encode())

    def do_GET(self):
        if os.path.exists(path("unreachable")):
            self.close_connection = True
            return self.connection.close()
        user = "Basic " + base64.b64encode(("AWS:" + world["registry_password"]).encode()).decode()
        if self.headers.get("Authorization") != user:
            return self.answer(401, WWW_Authenticate='Basic realm="registry"')
        if self.path == "/v2/":
            return self.answer(200)
        kind, name = self.path.split("/")[-2:]
        action = "ecr:BatchGetImage" if kind == "manifests" else "ecr:GetDownloadUrlForLayer"
        if not allowed(action, "ecr:eu-central-1:123456789012:repository/" + self.path.split("/")[2]):
            return self.answer(403, b'{"errors": [{"code": "DENIED"}]}', Content_Type="application/json")
        if kind == "manifests" and not name.startswith("sha256:"):
            name = images.get(read("tags", name).decode().strip()) if os.path.exists(path("tags", name)) else None
        data = (manifests if kind == "manifests" else blobs).get(name)
        if data is None:
            return self.answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}', Content_Type="application/json")
        kind = MANIFEST if kind == "manifests" else "application/octet-stream"
        return self.answer(200, data, Content_Type=kind, Docker_Content_Digest=name)

    do_HEAD = do_GET


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


metadata = Server(("169.254.169.254", 80), Metadata)
services = Server(("127.0.0.1", 443), Services)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(path("cert.pem"), path("key.pem"))
services.socket = context.wrap_socket(services.socket, server_side=True)
threading.Thread(target=metadata.serve_forever, daemon=True).start()
with open(path("ready"), "w", encoding="utf-8"):
    pass
services.serve_forever()
