#!/usr/bin/env python3
"""A small imitation of GitHub with a memory: git over HTTP, pull requests, comments, reviews, statuses, check runs.

    github_forge.py <folder>

Prints the address of its web pages; the API is at /api/v3, and <folder>/<owner>/<name>.git are the repositories. It
knows two tokens: "good" belongs to the user "tester", "weak" may only read. What a test needs besides:

    POST /_control/fail    {"method", "path" (a regular expression), "status", "times", "headers", "message",
                            "drop": true (the connection is cut), "after": true (when the call was carried out)}
    POST /_control/heal    {}                no fault any more
    POST /_control/close   {"number"}        POST /_control/merge   {"number"}
    GET  /_state           all of it, and every call that was made
"""
import base64
import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

FOLDER = os.path.abspath(sys.argv[1])
LOCK = threading.RLock()
ADDRESS = ""
REPOSITORY = re.compile(r"^/api/v3/repos/([\w.-]+/[\w.-]+)(/.*)?$")


class Refused(Exception):
    def __init__(self, status, message, **more):
        super().__init__(message)
        self.status, self.answer = status, {"message": message, **more}


class Repository:
    def __init__(self, name):
        self.name = name
        self.path = f"{FOLDER}/{name}.git"
        self.pulls, self.comments, self.reviews, self.inline = [], [], [], []
        self.statuses, self.checks = [], []
        self.next_id = 1

    def git(self, *arguments):
        run = subprocess.run(["git", "-C", self.path, *arguments], capture_output=True, text=True, check=False)
        return run.stdout.strip() if run.returncode == 0 else None

    def tip(self, branch):
        return self.git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")

    def new_id(self):
        self.next_id += 1
        return self.next_id

    def pull(self, number):
        for pull in self.pulls:
            if pull["number"] == int(number):
                return pull
        raise Refused(404, "Not Found")

    def shown(self, pull):
        head = pull["head"]
        if pull["state"] == "open":
            head["sha"] = self.tip(head["ref"]) or head["sha"]
        return pull


REPOSITORIES = {}
FAULTS = []
CALLS = []


def repository(name):
    if not os.path.isdir(f"{FOLDER}/{name}.git"):
        raise Refused(404, "Not Found")
    return REPOSITORIES.setdefault(name, Repository(name))


USER = {"login": "tester", "type": "User"}


def list_pulls(repo, query, _):
    found = []
    for pull in reversed(repo.pulls):
        repo.shown(pull)
        owner, _, branch = query.get("head", ":").partition(":")
        if query.get("state", "open") not in ("all", pull["state"]):
            continue
        if branch and (branch != pull["head"]["ref"] or owner != repo.name.split("/")[0]):
            continue
        if query.get("base", pull["base"]["ref"]) == pull["base"]["ref"]:
            found.append(pull)
    return 200, found


def open_pull(repo, _, body):
    head, base = body["head"].split(":")[-1], body["base"]
    if not repo.tip(head) or not repo.tip(base):
        raise Refused(422, "Validation Failed", errors=[{"field": "head", "code": "invalid"}])
    if any(p["state"] == "open" and p["head"]["ref"] == head and p["base"]["ref"] == base for p in repo.pulls):
        raise Refused(422, "Validation Failed", errors=[
            {"message": f"A pull request already exists for {repo.name.split('/')[0]}:{head}."}])
    if repo.git("rev-list", "--count", f"{base}..{head}") == "0":
        raise Refused(422, "Validation Failed", errors=[{"message": f"No commits between {base} and {head}"}])
    number = len(repo.pulls) + 1
    pull = {
        "number": number, "state": "open", "title": body["title"], "body": body.get("body"),
        "draft": body.get("draft", False), "merged_at": None, "user": USER, "labels": [],
        "requested_reviewers": [], "requested_teams": [],
        "html_url": f"{ADDRESS}/{repo.name}/pull/{number}",
        "head": {"ref": head, "sha": repo.tip(head), "repo": {"full_name": repo.name}},
        "base": {"ref": base, "sha": repo.tip(base), "repo": {"full_name": repo.name}},
    }
    repo.pulls.append(pull)
    return 201, pull


def get_pull(repo, _, __, number):
    return 200, repo.shown(repo.pull(number))


def edit_pull(repo, _, body, number):
    pull = repo.pull(number)
    pull.update({key: body[key] for key in ("title", "body", "state") if key in body})
    return 200, repo.shown(pull)


def add_labels(repo, _, body, number):
    pull = repo.pull(number)
    have = {label["name"] for label in pull["labels"]}
    pull["labels"] += [{"name": name} for name in body["labels"] if name not in have]
    return 200, pull["labels"]


def ask_reviewers(repo, _, body, number):
    pull = repo.pull(number)
    if "nobody" in body["reviewers"]:
        raise Refused(422, "Reviews may only be requested from collaborators.")
    pull["requested_reviewers"] += [{"login": name} for name in body["reviewers"]]
    return 201, pull


def of(items, number):
    return [item for item in items if item["number"] == int(number)]


def list_comments(repo, _, __, number):
    return 200, of(repo.comments, number)


def add_comment(repo, _, body, number):
    repo.pull(number)
    comment = {"id": repo.new_id(), "number": int(number), "user": USER, "body": body["body"]}
    repo.comments.append(comment)
    return 201, comment


def edit_comment(repo, _, body, ident):
    for comment in repo.comments:
        if comment["id"] == int(ident):
            comment["body"] = body["body"]
            return 200, comment
    raise Refused(404, "Not Found")


def list_reviews(repo, _, __, number):
    return 200, of(repo.reviews, number)


def list_inline(repo, _, __, number):
    return 200, of(repo.inline, number)


def diff_lines(repo, pull):
    """The lines that may have comments, told by another program than ours: git's own diff, read anew."""
    base = repo.git("merge-base", pull["base"]["ref"], pull["head"]["sha"])
    lines, path, line = set(), None, 0
    for text in (repo.git("-c", "core.quotePath=false", "diff", "-M", "-U3", base, pull["head"]["sha"]) or "").split("\n"):
        if text.startswith("+++ "):
            path = text[6:].rstrip("\t")
        elif text.startswith("@@"):
            line = int(re.match(r"@@ -\S+ \+(\d+)", text).group(1)) - 1
        elif text[:1] in ("+", " "):
            line += 1
            lines.add((path, line))
    return lines


def add_review(repo, _, body, number):
    pull = repo.shown(repo.pull(number))
    allowed = diff_lines(repo, pull)
    for comment in body.get("comments", []):
        if (comment["path"], comment["line"]) not in allowed:
            raise Refused(422, "Unprocessable Entity", errors=["Pull request review thread line must be part of the diff"])
    review = {"id": repo.new_id(), "number": int(number), "user": USER, "body": body.get("body"),
              "state": body.get("event"), "commit_id": body.get("commit_id")}
    repo.reviews.append(review)
    for comment in body.get("comments", []):
        repo.inline.append({"id": repo.new_id(), "number": int(number), "user": USER, **comment})
    return 200, review


def get_status(repo, _, __, commit):
    newest = {s["context"]: s for s in repo.statuses if s["sha"] == commit}
    return 200, {"sha": commit, "statuses": list(newest.values())}


def set_status(repo, _, body, commit):
    if not repo.git("rev-parse", "--verify", "--quiet", commit + "^{commit}"):
        raise Refused(422, f"No commit found for SHA: {commit}")
    status = {"sha": commit, **body}
    repo.statuses.append(status)
    return 201, status


def list_checks(repo, _, __, commit):
    runs = [c for c in repo.checks if c["head_sha"] == commit]
    return 200, {"total_count": len(runs), "check_runs": runs}


def add_check(_, __, ___):
    raise Refused(403, "You must authenticate via a GitHub App.")


ROUTES = [(method, re.compile(f"^{path}$"), call) for method, path, call in [
    ("GET", r"/pulls", list_pulls), ("POST", r"/pulls", open_pull),
    ("GET", r"/pulls/(\d+)", get_pull), ("PATCH", r"/pulls/(\d+)", edit_pull),
    ("POST", r"/issues/(\d+)/labels", add_labels), ("POST", r"/pulls/(\d+)/requested_reviewers", ask_reviewers),
    ("GET", r"/issues/(\d+)/comments", list_comments), ("POST", r"/issues/(\d+)/comments", add_comment),
    ("PATCH", r"/issues/comments/(\d+)", edit_comment),
    ("GET", r"/pulls/(\d+)/reviews", list_reviews), ("POST", r"/pulls/(\d+)/reviews", add_review),
    ("GET", r"/pulls/(\d+)/comments", list_inline),
    ("GET", r"/commits/([0-9a-f]+)/status", get_status), ("POST", r"/statuses/([0-9a-f]+)", set_status),
    ("GET", r"/commits/([0-9a-f]+)/check-runs", list_checks), ("POST", r"/check-runs", add_check),
]]


def control(path, body):
    if path == "/_control/fail":
        FAULTS.append({"times": 1, **body})
    elif path == "/_control/heal":
        FAULTS.clear()
    else:
        repo = next(iter(REPOSITORIES.values()))
        pull = repo.shown(repo.pull(body["number"]))
        if path == "/_control/merge":
            repo.git("update-ref", f"refs/heads/{pull['base']['ref']}", pull["head"]["sha"])
            pull["merged_at"] = "2026-11-22T12:00:00Z"
        pull["state"] = "closed"
    return 200, {}


def state():
    for repo in REPOSITORIES.values():
        for pull in repo.pulls:
            repo.shown(pull)
    return 200, {"calls": CALLS, **{name: {k: v for k, v in vars(r).items() if isinstance(v, list)}
                                    for name, r in REPOSITORIES.items()}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def token(self):
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            return base64.b64decode(value).decode().partition(":")[2]
        return value

    def fault(self, path, after):
        for fault in FAULTS:
            if (fault["times"] > 0 and self.command == fault["method"] and re.search(fault["path"], path)
                    and bool(fault.get("after")) == after):
                fault["times"] -= 1
                return fault
        return None

    def send(self, status, answer, headers=None):
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def fail(self, fault):
        if fault.get("drop"):
            self.close_connection = True
            self.connection.close()
            return
        self.send(fault["status"], {"message": fault.get("message", "a fault")}, fault.get("headers"))

    def call(self, path, query, body):
        match = REPOSITORY.match(path)
        if path == "/api/v3/user":
            return 200, USER
        if not match:
            raise Refused(404, "Not Found")
        repo = repository(match.group(1))
        if not match.group(2):
            return 200, {"full_name": repo.name, "archived": False,
                         "permissions": {"pull": True, "push": self.token() == "good"}}
        for method, pattern, call in ROUTES:
            found = pattern.match(match.group(2))
            if method == self.command and found:
                return call(repo, query, body, *found.groups())
        raise Refused(404, "Not Found")

    def api(self, path, query, data):
        with LOCK:
            CALLS.append(f"{self.command} {path}")
            fault = self.fault(path, False)
            if fault:
                self.fail(fault)
                return
            try:
                if self.token() not in ("good", "weak"):
                    raise Refused(401, "Bad credentials")
                if self.token() == "weak" and self.command != "GET":
                    raise Refused(403, "Resource not accessible by personal access token")
                status, answer = self.call(path, query, json.loads(data) if data else {})
            except Refused as refused:
                status, answer = refused.status, refused.answer
            fault = self.fault(path, True)
            if fault:
                self.fail(fault)
            else:
                self.send(status, answer)

    def git(self, parts, data):
        if self.token() != "good":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        env = {**os.environ, "GIT_PROJECT_ROOT": FOLDER, "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": unquote(parts.path),
               "QUERY_STRING": parts.query, "REQUEST_METHOD": self.command, "REMOTE_USER": "tester",
               "CONTENT_TYPE": self.headers.get("content-type", ""), "CONTENT_LENGTH": str(len(data)),
               "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
               "GIT_PROTOCOL": self.headers.get("git-protocol", "")}
        run = subprocess.run(["git", "http-backend"], env=env, input=data, capture_output=True, check=False)
        head, _, content = run.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
        status = next((int(v.split()[0]) for k, v in fields if k == "Status"), 200)
        self.send_response(status)
        for name, value in fields:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def body(self):
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        data = b""
        while size := int(self.rfile.readline().strip() or b"0", 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def handle_any(self):
        parts = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        data = self.body()
        if parts.path.startswith("/_control/"):
            with LOCK:
                self.send(*control(parts.path, json.loads(data)))
        elif parts.path == "/_state":
            with LOCK:
                self.send(*state())
        elif parts.path.startswith("/api/"):
            self.api(unquote(parts.path), query, data)
        else:
            self.git(parts, data)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = handle_any


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ADDRESS = f"http://127.0.0.1:{server.server_port}"
    print(ADDRESS, flush=True)
    server.serve_forever()
