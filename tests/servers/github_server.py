#!/usr/bin/env python3
"""usage: github_server.py <examples.json>

As much of GitHub as pull requests need, with what it was told kept in memory. Its answers are made of the examples of
GitHub's own description. Its first line of output ends in the address.

A test plays people and accidents by POSTs that GitHub does not have:
    /_pull {"number": 1, "state": "closed", "merged": true}    changes a pull request
    /_comment {"number": 1, "login": "mallory", "type": "User", "body": "...", "times": 1}
    /_lose {"path": "/pulls"}     the next POST there is carried out, but its answer cut in the middle
    /_app {}                      the token is an app's from now on: it belongs to no user
and reads by GET /_log which calls changed something.
"""
import copy
import http.server
import json
import re
import sys
import threading
import urllib.parse

EXAMPLES = {}
PAGE = 30
LAST_LINE = 1000  # of what the diff shows


def example(call):
    value = copy.deepcopy(EXAMPLES[call])
    return value[0] if isinstance(value, list) else value


class Refused(Exception):
    def __init__(self, status, body):
        super().__init__(status)
        self.status, self.body = status, {"documentation_url": "https://docs.github.com", **body}


class World:
    def __init__(self):
        self.lock = threading.Lock()
        self.pulls, self.comments, self.lines, self.reviews, self.statuses, self.checks = [], [], [], [], [], []
        self.log, self.lose, self.app = [], None, False
        self.next_id = 100

    def id(self):
        self.next_id += 1
        return self.next_id

    def user(self, login=None, kind="User"):
        user = example("GET /repos/{owner}/{repo}/pulls 200")["user"]
        user["login"] = login or ("tester[bot]" if self.app else "tester")
        user["type"] = kind if login else "Bot" if self.app else "User"
        return user

    def pull(self, number):
        for pull in self.pulls:
            if pull["number"] == number:
                return pull
        raise Refused(404, {"message": "Not Found"})


WORLD = World()
ROUTES = []


def route(method, pattern):
    def add(function):
        ROUTES.append((method, re.compile("^" + pattern + "$"), function))
        return function
    return add


REPO = "/repos/([^/]+/[^/]+)"


def simple(pull):
    keys = EXAMPLES["GET /repos/{owner}/{repo}/pulls 200"][0].keys()
    return {key: pull[key] for key in keys}


@route("GET", "/user")
def get_user(_query, _body):
    if WORLD.app:
        raise Refused(403, {"message": "Resource not accessible by integration"})
    return 200, {**example("GET /user 200"), "login": "tester"}


@route("GET", REPO + "/pulls")
def list_pulls(query, _body, repository):
    owner = repository.split("/")[0]
    found = [simple(p) for p in reversed(WORLD.pulls)
             if query.get("state", "open") in ("all", p["state"])
             and ("head" not in query or query["head"] == f"{owner}:{p['head']['ref']}")
             and query.get("base", p["base"]["ref"]) == p["base"]["ref"]]
    return 200, found


@route("POST", REPO + "/pulls")
def open_pull(_query, body, repository):
    owner = repository.split("/")[0]
    if body["head"] == body["base"]:
        raise Refused(422, {"message": "Validation Failed", "errors": [{
            "resource": "PullRequest", "code": "custom",
            "message": f"No commits between {body['base']} and {body['head']}"}]})
    for p in WORLD.pulls:
        if p["state"] == "open" and (p["head"]["ref"], p["base"]["ref"]) == (body["head"], body["base"]):
            raise Refused(422, {"message": "Validation Failed", "errors": [{
                "resource": "PullRequest", "code": "custom",
                "message": f"A pull request already exists for {owner}:{body['head']}."}]})
    pull = example("POST /repos/{owner}/{repo}/pulls 201")
    pull.update(number=len(WORLD.pulls) + 1, title=body["title"], body=body["body"], state="open", labels=[],
                requested_reviewers=[], requested_teams=[], merged=False, merged_at=None,
                draft=body.get("draft", False), user=WORLD.user(), closed_at=None)
    pull["html_url"] = f"https://github.com/{repository}/pull/{pull['number']}"
    pull["head"].update(ref=body["head"], label=f"{owner}:{body['head']}", sha="6dcb09b5b57875f334f61aebed695e2e4193db5e")
    pull["base"].update(ref=body["base"], label=f"{owner}:{body['base']}")
    for side in ("head", "base"):
        pull[side]["repo"]["full_name"] = repository
    WORLD.pulls.append(pull)
    return 201, pull


@route("GET", REPO + "/pulls/([0-9]+)")
def get_pull(_query, _body, _repository, number):
    return 200, WORLD.pull(int(number))


@route("PATCH", REPO + "/pulls/([0-9]+)")
def edit_pull(_query, body, _repository, number):
    pull = WORLD.pull(int(number))
    pull.update({key: body[key] for key in ("title", "body", "state") if key in body})
    return 200, pull


@route("POST", REPO + "/issues/([0-9]+)/labels")
def add_labels(_query, body, _repository, number):
    pull = WORLD.pull(int(number))
    for name in body["labels"]:
        if name.lower() not in [label["name"].lower() for label in pull["labels"]]:
            pull["labels"].append({**example("POST /repos/{owner}/{repo}/issues/{issue_number}/labels 200"),
                                   "name": name, "id": WORLD.id()})
    return 200, pull["labels"]


@route("POST", REPO + "/pulls/([0-9]+)/requested_reviewers")
def add_reviewers(_query, body, _repository, number):
    pull = WORLD.pull(int(number))
    if "nobody" in body.get("reviewers", []):
        raise Refused(422, {"message": "Reviews may only be requested from collaborators. One or more of the users or "
                                       "teams you specified is not a collaborator of the repository."})
    pull["requested_reviewers"] += [WORLD.user(name) for name in body.get("reviewers", [])]
    team = example("POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers 201")["requested_teams"][0]
    pull["requested_teams"] += [{**team, "type": "organization", "slug": name} for name in body.get("team_reviewers", [])]
    return 201, simple(pull)


@route("GET", REPO + "/pulls/([0-9]+)/reviews")
def list_reviews(_query, _body, _repository, _number):
    return 200, WORLD.reviews


@route("POST", REPO + "/pulls/([0-9]+)/reviews")
def add_review(_query, body, _repository, number):
    WORLD.pull(int(number))
    if any(comment["line"] > LAST_LINE for comment in body["comments"]):
        raise Refused(422, {"message": "Unprocessable Entity",
                            "errors": ["Pull request review thread line must be part of the diff"]})
    review = example("POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews 200")
    review.update(id=WORLD.id(), body=body.get("body", ""), state="COMMENTED", user=WORLD.user())
    for comment in body["comments"]:
        line = example("GET /repos/{owner}/{repo}/pulls/{pull_number}/comments 200")
        line.update(id=WORLD.id(), body=comment["body"], path=comment["path"], line=comment["line"], user=WORLD.user())
        WORLD.lines.append(line)
    WORLD.reviews.append(review)
    return 200, review


@route("GET", REPO + "/pulls/([0-9]+)/comments")
def list_lines(_query, _body, _repository, _number):
    return 200, WORLD.lines


@route("GET", REPO + "/issues/([0-9]+)/comments")
def list_comments(_query, _body, _repository, _number):
    return 200, WORLD.comments


@route("POST", REPO + "/issues/([0-9]+)/comments")
def add_comment(_query, body, _repository, _number):
    comment = example("POST /repos/{owner}/{repo}/issues/{issue_number}/comments 201")
    comment.update(id=WORLD.id(), body=body["body"], user=WORLD.user())
    WORLD.comments.append(comment)
    return 201, comment


@route("PATCH", REPO + "/issues/comments/([0-9]+)")
def edit_comment(_query, body, _repository, number):
    for comment in WORLD.comments:
        if comment["id"] == int(number):
            comment["body"] = body["body"]
            return 200, comment
    raise Refused(404, {"message": "Not Found"})


@route("GET", REPO + "/commits/([0-9a-f]+)/status")
def get_status(_query, _body, _repository, commit):
    combined = example("GET /repos/{owner}/{repo}/commits/{ref}/status 200")
    latest = {status["context"]: status for status in WORLD.statuses}
    combined.update(sha=commit, statuses=list(latest.values()), total_count=len(latest))
    return 200, combined


@route("POST", REPO + "/statuses/([0-9a-f]+)")
def set_status(_query, body, _repository, _commit):
    status = example("POST /repos/{owner}/{repo}/statuses/{sha} 201")
    status.update(id=WORLD.id(), state=body["state"], context=body["context"], description=body["description"],
                  target_url=body.get("target_url"))
    WORLD.statuses.append({key: value for key, value in status.items() if key != "creator"})
    return 201, status


@route("GET", REPO + "/commits/([0-9a-f]+)/check-runs")
def list_checks(query, _body, _repository, commit):
    found = [c for c in WORLD.checks if c["head_sha"] == commit and c["name"] == query.get("check_name", c["name"])][-1:]
    return 200, {"total_count": len(found), "check_runs": found}


def change_check(check, body):
    if len(body["output"].get("annotations", [])) > 50:
        raise Refused(422, {"message": "Invalid request.\n\nNo more than 50 items are allowed.",
                            "errors": ["annotations"]})
    count = check["output"]["annotations_count"] + len(body["output"].get("annotations", []))
    check["output"].update(title=body["output"]["title"], summary=body["output"]["summary"], annotations_count=count)
    check.update(status=body["status"], conclusion=body.get("conclusion"),
                 external_id=body.get("external_id", check["external_id"]))
    return check


@route("POST", REPO + "/check-runs")
def add_check(_query, body, _repository):
    if not WORLD.app:
        raise Refused(403, {"message": "You must authenticate via a GitHub App."})
    check = example("POST /repos/{owner}/{repo}/check-runs 201")
    check.update(id=WORLD.id(), head_sha=body["head_sha"], name=body["name"], external_id="", completed_at=None)
    check["output"]["annotations_count"] = 0
    WORLD.checks.append(change_check(check, body))
    return 201, check


@route("PATCH", REPO + "/check-runs/([0-9]+)")
def edit_check(_query, body, _repository, number):
    return 200, change_check([c for c in WORLD.checks if c["id"] == int(number)][0], body)


@route("POST", "/_pull")
def play_pull(_query, body):
    pull = WORLD.pull(body["number"])
    pull.update({key: body[key] for key in ("state", "merged", "title") if key in body})
    pull["merged_at"] = "2026-01-01T00:00:00Z" if pull["merged"] else None
    return 200, {}


@route("POST", "/_comment")
def play_comment(_query, body):
    for _ in range(body.get("times", 1)):
        comment = example("POST /repos/{owner}/{repo}/issues/{issue_number}/comments 201")
        comment.update(id=WORLD.id(), body=body["body"], user=WORLD.user(body["login"], body["type"]))
        WORLD.comments.append(comment)
    return 200, {}


@route("POST", "/_lose")
def play_loss(_query, body):
    WORLD.lose = body["path"]
    return 200, {}


@route("POST", "/_app")
def play_app(_query, _body):
    WORLD.app = True
    return 200, {}


@route("GET", "/_log")
def get_log(_query, _body):
    return 200, WORLD.log


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, method):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urllib.parse.unquote(url.path)
        headers, status, value, lost = {}, 404, {"message": "Not Found"}, False
        with WORLD.lock:
            try:
                for known, pattern, function in ROUTES:
                    match = pattern.match(path)
                    if known == method and match:
                        status, value = function(query, json.loads(body) if body else {}, *match.groups())
                        break
                if method != "GET" and not path.startswith("/_"):
                    WORLD.log.append(f"{method} {path}")
            except Refused as refused:
                status, value = refused.status, refused.body
            if isinstance(value, list) and method == "GET" and not path.startswith("/_"):
                size, page = int(query.get("per_page", PAGE)), int(query.get("page", 1))
                if len(value) > size * page:
                    headers["Link"] = f'<http://elsewhere.invalid{path}?page={page + 1}>; rel="next"'
                value = value[size * (page - 1):size * page]
            data = json.dumps(value).encode()
            if method == "POST" and WORLD.lose and path.endswith(WORLD.lose):
                WORLD.lose, lost = None, True
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data[:len(data) // 2] if lost else data)
        if lost:
            self.close_connection = True

    def do_GET(self):
        self.answer("GET")

    def do_POST(self):
        self.answer("POST")

    def do_PATCH(self):
        self.answer("PATCH")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        EXAMPLES.update(json.load(file))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


main()
