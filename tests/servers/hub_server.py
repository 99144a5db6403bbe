#!/usr/bin/env python3
"""A small GitHub for tests, on a free loopback port: one repository, private, over git's smart HTTP and the API.

    hub_server.py BARE-REPOSITORY REQUESTS WRITER READER

prints its address on the first line of output. The repository is lab/papers, the API below /api. WRITER and READER are the
tokens that may write, and read. The file REQUESTS gets a line for each request that changes something: method, path, status,
and, of the API, the body.
"""
import base64
import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REPOSITORY, REQUESTS, WRITER, READER = sys.argv[1:5]
lock = threading.Lock()
pulls, comments, reviews, statuses = [], [], [], {}


def git(*arguments):
    return subprocess.run(["git", "-C", REPOSITORY, *arguments], capture_output=True, text=True, check=False).stdout.strip()


def pull(number, title, body, head, base):
    return {"number": number, "state": "open", "title": title, "body": body, "draft": False, "merged": False,
            "html_url": f"http://127.0.0.1/lab/papers/pull/{number}", "user": {"login": "github-actions[bot]", "type": "Bot"},
            "head": {"ref": head, "sha": git("rev-parse", head), "repo": {"full_name": "lab/papers"}},
            "base": {"ref": base, "sha": git("rev-parse", base), "repo": {"full_name": "lab/papers"}},
            "labels": [], "requested_reviewers": [], "requested_teams": []}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def token(self):
        kind, _, value = (self.headers["Authorization"] or "").partition(" ")
        if kind.lower() == "basic":
            user, _, value = base64.b64decode(value).decode().partition(":")
            return value if user == "x-access-token" else ""
        return value if kind.lower() == "bearer" else ""

    def answer(self, status, body=b"", kind="application/json"):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="lab"')
        self.end_headers()
        self.wfile.write(body)

    def read(self):
        if self.headers["Transfer-Encoding"] == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers["Content-Length"] or 0))

    def note(self, status, body=b""):
        with lock, open(REQUESTS, "a", encoding="utf-8") as file:
            file.write(f"{self.command} {self.path} {status} {body.decode()}\n")

    def handle_one(self):
        body = self.read()
        if self.token() not in (WRITER, READER):
            return self.answer(401, {"message": "Requires authentication"})
        if self.path.startswith("/api/"):
            return self.api(body)
        return self.smart_http(body)

    do_GET = do_POST = do_PATCH = handle_one

    def smart_http(self, body):
        path, _, query = self.path.partition("?")
        service = path.endswith("/git-receive-pack") or "git-receive-pack" in query
        if service and self.token() != WRITER:
            self.note(403)
            return self.answer(403, b"denied", "text/plain")
        if path.endswith("/git-receive-pack"):
            self.note(200)
        environment = {"PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": os.path.dirname(REPOSITORY), "GIT_HTTP_EXPORT_ALL": "1",
                       "PATH_INFO": re.sub(r"^/lab/papers(\.git)?", "/" + os.path.basename(REPOSITORY), path),
                       "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_USER": "lab", "REMOTE_ADDR": "127.0.0.1",
                       "CONTENT_TYPE": self.headers["Content-Type"] or "", "CONTENT_LENGTH": str(len(body)),
                       "HTTP_CONTENT_ENCODING": self.headers["Content-Encoding"] or "",
                       "GIT_PROTOCOL": self.headers["Git-Protocol"] or ""}
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        head, _, text = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        return self.answer(int(fields.get("Status", "200").split()[0]), text, fields["Content-Type"])

    def api(self, body):
        path = self.path[len("/api"):].partition("?")[0]
        root = "/repos/lab/papers"
        if self.command != "GET" and self.token() != WRITER:
            self.note(403, body)
            return self.answer(403, {"message": "Resource not accessible by integration"})
        status, result = self.route(self.command, path.removeprefix(root), json.loads(body or b"{}"))
        if self.command != "GET":
            self.note(status, body)
        return self.answer(status, result)

    def route(self, method, path, sent):
        number = int(re.search(r"/(\d+)", path).group(1)) if re.search(r"/(\d+)", path) else 0
        author = {"user": {"login": "github-actions[bot]", "type": "Bot"}}
        if path == "/user":
            return 403, {"message": "Resource not accessible by integration"}
        if not path:  # the token of a job has no account that might do anything
            return 200, {"full_name": "lab/papers", "archived": False, "permissions": {"push": False, "pull": False}}
        if path == "/pulls":
            if method == "GET":
                return 200, pulls
            pulls.insert(0, pull(10 + len(pulls), sent["title"], sent["body"], sent["head"], sent["base"]))
            return 201, pulls[0]
        if re.fullmatch(r"/pulls/\d+", path):
            known = [p for p in pulls if p["number"] == number]
            found = known[0] if known else pull(number, "of people", "", "topic", "main")
            found.update(sent)
            return 200, found
        if re.fullmatch(r"/commits/\w+/status", path):
            return 200, {"statuses": statuses.get(path.split("/")[2], [])}
        if path.startswith("/statuses/"):
            statuses.setdefault(path.split("/")[2], []).insert(0, sent)
            return 201, sent
        if re.fullmatch(r"/issues/\d+/comments", path):
            if method == "GET":
                return 200, comments
            comments.append({"id": 100 + len(comments), **author, **sent})
            return 201, comments[-1]
        if path.startswith("/issues/comments/"):
            comments[number - 100].update(sent)
            return 200, comments[number - 100]
        if re.fullmatch(r"/pulls/\d+/comments", path):
            return 200, [{"id": 1, **author, **comment} for review in reviews for comment in review["comments"]]
        if re.fullmatch(r"/pulls/\d+/reviews", path):
            if method == "GET":
                return 200, []
            reviews.append(sent)
            return 200, {"id": len(reviews)}
        if path.endswith("/labels"):
            return 200, []
        return 404, {"message": "Not Found"}

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
