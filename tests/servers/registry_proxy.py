"""A registry with quirks and faults, before one that has none.

    python3 registry_proxy.py UPSTREAM REQUESTS

Prints its address. Each request is noted in the file REQUESTS: method, path, status, and who asked (the user's name, "token",
or "-"). What goes wrong is chosen by the first part of the repository's name, words joined by "-": "ecr-busy/app". Nothing does
when there is a header "X-Faults: off".

    ecr        logins as AWS; no mounts; a second PUT to the same upload is 416; PATCH is answered with 201 and a Range
               that does not move; tags but "latest" cannot be changed; it keeps account of what refers to a manifest
    bearer     wants bearer tokens of /token; a token is good for six requests
    lost       the first PUT of a blob is read, and then the connection is closed
    half       of the first answer to a GET of a blob, half is sent
    busy       all is answered with 503 twice
    slow       all is answered with 429 once, and when to come back
    storage    blobs are redirected to another port, which refuses who says who it is
    loop       blobs are redirected in a circle
    eof        uploads are not answered: what ECR does when there is no repository
    missing    there is no such repository
    bare       manifests that refer to others are not taken
    denied     nothing may be pushed
    full       no room is left
    readonly   nothing can be pushed
    expired    no login is accepted
"""

import base64
import collections
import hashlib
import http.client
import http.server
import json
import re
import sys
import threading
import urllib.parse

UPSTREAM, REQUESTS = sys.argv[1], sys.argv[2]
LOGIN = "Basic " + base64.b64encode(b"AWS:test-token").decode()
TOKEN_USES = 6

lock = threading.Lock()
counts = collections.Counter()
tokens = {}
referrers = collections.defaultdict(list)


def once(*key, times=1):
    """Whether KEY has come up at most TIMES times, this time included."""
    with lock:
        counts[key] += 1
        return counts[key] <= times


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def note(self, status):
        authorization = self.headers.get("Authorization", "")
        who = "-"
        if authorization.startswith("Basic "):
            who = base64.b64decode(authorization[6:]).decode().split(":")[0]
        elif authorization:
            who = "token"
        with lock, open(REQUESTS, "a", encoding="utf-8") as file:
            file.write(f"{self.command} {self.path} {status} {who}\n")

    def answer(self, status, body=b"", **headers):
        self.note(status)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, code, message, **headers):
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        if status >= 500 or status == 429:
            headers["Retry_After_Ms"] = "5"
        self.answer(status, body, Content_Type="application/json", **headers)

    def hang_up(self):
        self.note(0)
        self.close_connection = True

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    # -- logins ----------------------------------------------------------------------------------

    def challenge(self):
        here = f"http://{self.headers['Host']}"
        if "bearer" in self.faults:
            value = f'Bearer realm="{here}/token",service="tests",scope="repository:{self.repository}:pull,push"'
        else:
            value = f'Basic realm="{here}/",service="ecr.amazonaws.com"'
        self.refuse(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=value)

    def is_known(self):
        authorization = self.headers.get("Authorization", "")
        if "expired" in self.faults:
            return False
        if "bearer" not in self.faults:
            return authorization == LOGIN
        token = authorization.removeprefix("Bearer ")
        with lock:
            if tokens.get(token, 0) <= 0:
                return False
            tokens[token] -= 1
        return True

    def give_token(self):
        if self.headers.get("Authorization") != LOGIN:
            self.refuse(401, "UNAUTHORIZED", "wrong password")
            return
        with lock:
            token = f"token-{len(tokens)}"
            tokens[token] = TOKEN_USES
        self.answer(200, json.dumps({"token": token, "expires_in": 300}).encode())

    # -- faults ----------------------------------------------------------------------------------

    def fail(self, body):
        """Whether the request went wrong."""
        kind, write = self.kind, self.command in ("POST", "PUT", "PATCH")
        what = self.command, kind, self.digest or self.path
        if "busy" in self.faults and once("busy", *what, times=2):
            self.refuse(503, "UNAVAILABLE", "try again")
        elif "slow" in self.faults and once("slow", *what):
            self.refuse(429, "TOOMANYREQUESTS", "Rate exceeded")
        elif "eof" in self.faults and write:
            self.hang_up()
        elif "missing" in self.faults and self.command == "HEAD":
            self.refuse(404, "NAME_UNKNOWN", "")
        elif "missing" in self.faults:
            name = f"The repository with name '{self.repository}' does not exist in the registry with id '123456789012'"
            self.refuse(404, "NAME_UNKNOWN", name)
        elif "bare" in self.faults and self.command == "PUT" and kind == "manifest" and b'"subject"' in body:
            self.refuse(400, "MANIFEST_INVALID", "unknown member: subject")
        elif "denied" in self.faults and write:
            self.refuse(403, "DENIED", "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: "
                                       "ecr:InitiateLayerUpload on this resource")
        elif "full" in self.faults and self.command == "PUT":
            self.refuse(500, "UNKNOWN", "write: no space left on device")
        elif "readonly" in self.faults and write:
            self.refuse(405, "UNSUPPORTED", "The operation is unsupported.")
        elif "lost" in self.faults and kind == "upload" and self.command == "PUT" and once("lost", self.digest):
            counts["sent", urllib.parse.urlsplit(self.path).path] += 1
            self.hang_up()
        elif "storage" in self.faults and kind == "blob" and self.command == "GET":
            self.answer(307, Location=f"{storage_address}/stored{self.path}?signature=x")
        elif "loop" in self.faults and kind == "blob" and self.command == "GET":
            self.answer(307, Location=self.path)
        else:
            return "ecr" in self.faults and self.fail_as_ecr(body)
        return True

    def fail_as_ecr(self, body):
        path = urllib.parse.urlsplit(self.path).path
        if self.command == "PUT" and self.kind == "upload" and not once("sent", path):
            self.refuse(416, "BLOB_UPLOAD_INVALID", "the upload has parts already")
        elif self.command == "PATCH":
            once("sent", path)
            self.answer(201, Range="0-0", Location=path)
        elif self.kind == "referrers":
            index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                     "manifests": referrers[path.rsplit("/", 1)[1]]}
            self.answer(200, json.dumps(index).encode(), Content_Type=index["mediaType"])
        elif self.command == "PUT" and self.kind == "manifest" and not self.may_tag():
            self.refuse(400, "TAG_INVALID", f"The image tag '{self.path.rsplit('/', 1)[1]}' already exists in the "
                        f"'{self.repository}' repository and cannot be overwritten because the tag is immutable.")
        else:
            return False
        return True

    def may_tag(self):
        tag = self.path.rsplit("/", 1)[1]
        if tag == "latest" or tag.startswith("sha256:"):
            return True
        accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"
        return self.ask_upstream("HEAD", self.path, {"Accept": accept, "Authorization": LOGIN}, b"")[0] == 404

    # -- the registry behind ---------------------------------------------------------------------

    @staticmethod
    def ask_upstream(method, path, headers, body):
        connection = http.client.HTTPConnection(UPSTREAM)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        result = response.status, response.getheaders(), response.read()
        connection.close()
        return result

    def forward(self, body):
        path = self.path
        if "ecr" in self.faults and "mount=" in path:
            path = path.split("?")[0]
        headers = {name: ", ".join(self.headers.get_all(name)) for name in self.headers
                   if name.lower() not in ("authorization", "transfer-encoding", "content-length", "connection")}
        headers["Authorization"] = LOGIN
        headers["Content-Length"] = str(len(body))
        status, answer, data = self.ask_upstream(self.command, path, headers, body)
        half = "half" in self.faults and self.kind == "blob" and self.command == "GET" and once("half", self.path)
        self.note(status)
        self.send_response(status)
        if "ecr" in self.faults and self.kind == "manifest" and self.command == "PUT":
            self.keep_referrer(body)
        for name, value in answer:
            if name.lower() not in ("date", "server", "connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        length = dict(answer).get("Content-Length", "0") if self.command == "HEAD" else str(len(data))
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(data[:len(data) // 2] if half else data)
        self.close_connection = half

    def keep_referrer(self, body):
        manifest = json.loads(body)
        subject = manifest.get("subject", {}).get("digest")
        if subject:
            entry = {"mediaType": manifest["mediaType"], "size": len(body), "artifactType": manifest["artifactType"],
                     "digest": "sha256:" + hashlib.sha256(body).hexdigest()}
            with lock:
                if entry not in referrers[subject]:
                    referrers[subject].append(entry)
            self.send_header("OCI-Subject", subject)

    def serve(self):
        body = self.read_body()
        url = urllib.parse.urlsplit(self.path)
        match = re.fullmatch(r"/v2/(.+?)/(blobs/uploads|blobs|manifests|tags|referrers)/(.*)", url.path)
        self.repository = match[1] if match else ""
        self.faults = [] if self.headers.get("X-Faults") == "off" else self.repository.split("/")[0].split("-")
        self.kind = {"blobs/uploads": "upload", "blobs": "blob", "manifests": "manifest",
                     "referrers": "referrers"}.get(match[2] if match else "")
        self.digest = urllib.parse.parse_qs(url.query).get("digest", [""])[0]
        if url.path == "/token":
            self.give_token()
        elif not self.is_known():
            self.challenge()
        elif not self.fail(body):
            self.forward(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = serve


class Storage(Proxy):
    """Where blobs are redirected to."""

    def serve(self):
        self.faults, self.kind, self.repository, self.digest = [], None, "", ""
        if "Authorization" in self.headers:
            self.answer(400, b"<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>")
            return
        self.path = self.path.split("?")[0].removeprefix("/stored")
        self.forward(b"")

    do_GET = do_HEAD = serve


def start(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.request_queue_size = 128
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


storage_address = start(Storage)
print(start(Proxy), flush=True)
threading.Event().wait()
