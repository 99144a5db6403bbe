"""usage: github_description.py <api.github.com.json> <folder>

Takes the calls that are made out of GitHub's description of its API (13 MB, which takes long to compile): writes
<folder>/description.json, and <folder>/examples.json with what GitHub gives as answers ("GET /user 200").
"""
import json
import sys

CALLS = {
    "/user": ["get"],
    "/repos/{owner}/{repo}/pulls": ["get", "post"],
    "/repos/{owner}/{repo}/pulls/{pull_number}": ["get", "patch"],
    "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers": ["post"],
    "/repos/{owner}/{repo}/pulls/{pull_number}/reviews": ["get", "post"],
    "/repos/{owner}/{repo}/pulls/{pull_number}/comments": ["get"],
    "/repos/{owner}/{repo}/issues/{issue_number}/labels": ["post"],
    "/repos/{owner}/{repo}/issues/{issue_number}/comments": ["get", "post"],
    "/repos/{owner}/{repo}/issues/comments/{comment_id}": ["patch"],
    "/repos/{owner}/{repo}/commits/{ref}/status": ["get"],
    "/repos/{owner}/{repo}/statuses/{sha}": ["post"],
    "/repos/{owner}/{repo}/commits/{ref}/check-runs": ["get"],
    "/repos/{owner}/{repo}/check-runs": ["post"],
    "/repos/{owner}/{repo}/check-runs/{check_run_id}": ["patch"],
}


def find(document, reference):
    for key in reference.removeprefix("#/").split("/"):
        document = document[key.replace("~1", "/").replace("~0", "~")]
    return document


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        whole = json.load(file)
    paths = {path: {key: value for key, value in whole["paths"][path].items() if key in methods or key == "parameters"}
             for path, methods in CALLS.items()}
    needed, open_ones = {}, list(references(paths))
    while open_ones:
        reference = open_ones.pop()
        if reference not in needed:
            needed[reference] = find(whole, reference)
            open_ones += references(needed[reference])
    components = {}
    for reference, value in needed.items():
        _, _, kind, name = reference.split("/")
        components.setdefault(kind, {})[name] = value
    examples = {}
    for path, methods in CALLS.items():
        for method in methods:
            for status, answer in paths[path][method]["responses"].items():
                answer = find(whole, answer["$ref"]) if "$ref" in answer else answer
                for example in answer.get("content", {}).get("application/json", {}).get("examples", {}).values():
                    example = find(whole, example["$ref"]) if "$ref" in example else example
                    examples.setdefault(f"{method.upper()} {path} {status}", example["value"])
    with open(sys.argv[2] + "/description.json", "w", encoding="utf-8") as file:
        json.dump({"openapi": whole["openapi"], "info": whole["info"], "servers": [{"url": "http://localhost"}],
                   "paths": paths, "components": components}, file)
    with open(sys.argv[2] + "/examples.json", "w", encoding="utf-8") as file:
        json.dump(examples, file)


main()
