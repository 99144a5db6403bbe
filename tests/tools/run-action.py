#!/usr/bin/env python3
"""Runs the steps of a composite action as GitHub's runner does, as far as our actions need it.

    run-action.py ACTION RESULT [--input NAME=VALUE]... [--secret VALUE]... [--cache FOLDER]

The job is described by the variables that a job has (GITHUB_EVENT_NAME, GITHUB_EVENT_PATH, RUNNER_TEMP, ...). Into the
folder RESULT go: log (as people see it, secrets masked), raw (as it was written), annotations and commands (what the
runner was told, one a line), summary, outputs, uses (the actions of others, one JSON object a line: they are not run,
but for actions/cache, whose place is kept in --cache), conclusion.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys

import yaml

ANNOTATIONS = ("error", "warning", "notice")
# What the runner obeys; set-env and add-path it refuses by now, which fails the step.
COMMANDS = ANNOTATIONS + ("debug", "group", "endgroup", "add-mask", "add-matcher", "remove-matcher", "echo", "save-state",
                          "set-output", "set-env", "add-path", "stop-commands")


# -- expressions: literals, contexts, ==, !=, &&, ||, !, parentheses, always() and success() --------------------

class Expression:
    def __init__(self, text, contexts):
        self.tokens = re.findall(r"'(?:[^']|'')*'|\|\||&&|==|!=|[!()]|[A-Za-z_][\w.-]*|\d+", text)
        if re.sub(r"\s", "", text) != re.sub(r"\s", "", "".join(self.tokens)):
            sys.exit(f"run-action: not understood: {text}")
        self.contexts = contexts

    def next_is(self, *wanted):
        return self.tokens and self.tokens[0] in wanted

    def value(self):
        result = self.either()
        if self.tokens:
            sys.exit(f"run-action: left over: {self.tokens}")
        return result

    def either(self):
        left = self.both()
        while self.next_is("||"):
            self.tokens.pop(0)
            right = self.both()
            left = left or right
        return left

    def both(self):
        left = self.comparison()
        while self.next_is("&&"):
            self.tokens.pop(0)
            right = self.comparison()
            left = left and right
        return left

    def comparison(self):
        left = self.primary()
        while self.next_is("==", "!="):
            operator = self.tokens.pop(0)
            right = self.primary()
            same = str(left).lower() == str(right).lower()
            left = same if operator == "==" else not same
        return left

    def primary(self):
        token = self.tokens.pop(0)
        if token == "!":
            return not self.primary()
        if token == "(":
            result = self.either()
            assert self.tokens.pop(0) == ")"
            return result
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self.next_is("("):
            assert self.tokens[1] == ")", "functions have no arguments here"
            del self.tokens[:2]
            return {"always": True, "success": self.contexts["job"]["ok"]}[token]
        value = self.contexts
        for part in token.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return "" if value is None else value


def expand(text, contexts):
    def one(match):
        value = Expression(match.group(1), contexts).value()
        return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", one, str(text))


def condition(step, contexts):
    text = str(step.get("if", "success()"))
    text = re.sub(r"^\$\{\{\s*(.*?)\s*\}\}$", r"\1", text)
    value = Expression(text, contexts).value()
    return bool(value) and ("always()" in text or contexts["job"]["ok"])


# -- what the runner reads -------------------------------------------------------------------------------

def unescape(text, of_property=False):
    for escaped, plain in (("%0D", "\r"), ("%0A", "\n")) + ((("%3A", ":"), ("%2C", ",")) if of_property else ()):
        text = text.replace(escaped, plain)
    return text.replace("%25", "%")


def parse_command(line):
    """The command of a line: (name, properties, data), or None."""
    match = re.match(r"\s*::([A-Za-z-]+)(?: (.*?))?::(.*)$", line, re.S)
    if match and match.group(1) in COMMANDS:
        properties = {}
        for pair in (match.group(2) or "").split(","):
            name, _, value = pair.strip().partition("=")
            properties[name] = unescape(value, True)
        return match.group(1), properties, unescape(match.group(3))
    match = re.search(r"##\[([A-Za-z-]+)[^\]]*\](.*)$", line, re.S)
    if match and match.group(1) in COMMANDS:
        return match.group(1), {}, match.group(2)
    return None


def read_pairs(path):
    """The file of a step's outputs or variables: name=value, or name<<END."""
    pairs, lines = {}, open(path, encoding="utf-8").read().splitlines()
    while lines:
        line = lines.pop(0)
        name, separator, value = line.partition("=")
        if "<<" in line and line.index("<<") < (line.index("=") if separator else len(line)):
            name, _, end = line.partition("<<")
            value = []
            while lines[0] != end:
                value.append(lines.pop(0))
            lines.pop(0)
            pairs[name] = "\n".join(value)
        elif separator:
            pairs[name] = value
        elif line:
            sys.exit(f"run-action: invalid line in {path}: {line}")
    return pairs


class Runner:
    def __init__(self, arguments):
        self.action = os.path.abspath(arguments.action)
        self.result = os.path.abspath(arguments.result)
        self.cache = arguments.cache
        self.secrets = [secret for secret in arguments.secret if secret]
        self.environment = dict(os.environ)
        self.stop = None
        self.log, self.raw, self.commands, self.annotations, self.uses = [], [], [], [], []
        os.makedirs(self.result, exist_ok=True)
        with open(os.environ["GITHUB_EVENT_PATH"], encoding="utf-8") as file:
            event = json.load(file)
        github = {name[7:].lower(): value for name, value in os.environ.items() if name.startswith("GITHUB_")}
        github.update(event=event, action_repository="octo/git-scrutiny", workspace=os.getcwd())
        self.contexts = {"github": github, "inputs": {}, "steps": {}, "job": {"ok": True}}
        with open(f"{self.action}/action.yml", encoding="utf-8") as file:
            self.document = yaml.safe_load(file)
        given = dict(pair.split("=", 1) for pair in arguments.input)
        assert set(given) <= set(self.document["inputs"]), "an input that the action has not"
        for name, described in self.document["inputs"].items():
            default = expand(described.get("default", ""), self.contexts)
            self.contexts["inputs"][name] = given.get(name, default)

    def mask(self, text):
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

    def obey(self, line):
        """Whether LINE is to be shown."""
        if self.stop:
            if line.strip() == f"::{self.stop}::":
                self.stop = None
                return False
            return True
        command = parse_command(line)
        if not command:
            return True
        name, properties, data = command
        if name == "stop-commands":
            self.stop = data
            return False
        if name in ANNOTATIONS:
            self.annotations.append("|".join([name, properties.get("file", ""), properties.get("line", ""),
                                              properties.get("title", ""), data.replace("\n", "\\n")]))
            self.log.append(self.mask(f"{name}: {data}"))
            return False
        self.commands.append(f"{name} {data}")
        if name == "add-mask":
            self.secrets.append(data)
        return False

    def run(self, step, environment):
        files = {}
        for name in ("OUTPUT", "ENV", "PATH", "STEP_SUMMARY"):
            files[name] = f"{self.result}/file-{name}"
            open(files[name], "w", encoding="utf-8").close()
            environment[f"GITHUB_{name}"] = files[name]
        environment["GITHUB_ACTION_PATH"] = self.action
        script = f"{self.result}/script.sh"
        assert step["shell"] == "bash"
        with open(script, "w", encoding="utf-8") as file:
            file.write(expand(step["run"], self.contexts))
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", script], env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.raw.append(done.stdout)
        for line in done.stdout.decode("utf-8", "replace").split("\n"):
            if self.obey(line):
                self.log.append(self.mask(line))
        self.stop = None
        self.environment.update(read_pairs(files["ENV"]))
        with open(files["PATH"], encoding="utf-8") as file:
            for line in file.read().splitlines():
                self.environment["PATH"] = line + ":" + self.environment["PATH"]
        with open(files["STEP_SUMMARY"], encoding="utf-8") as file, \
                open(f"{self.result}/summary", "a", encoding="utf-8") as summary:
            summary.write(file.read())
        return done.returncode, read_pairs(files["OUTPUT"])

    def use(self, step):
        wanted = {name: expand(value, self.contexts) for name, value in step.get("with", {}).items()}
        self.uses.append(json.dumps({"uses": step["uses"], "with": wanted}, sort_keys=True))
        if self.cache and step["uses"].startswith("actions/cache@"):
            kept = f"{self.cache}/{wanted['key']}"
            if os.path.isdir(kept):
                shutil.copytree(kept, wanted["path"], dirs_exist_ok=True, symlinks=True)
            return [(wanted["path"], kept)]
        return []

    def all_steps(self):
        to_keep = []
        for step in self.document["runs"]["steps"]:
            if not condition(step, self.contexts):
                self.log.append(f"skipped: {step['name']}")
                continue
            self.log.append(f"step: {step['name']}")
            environment = dict(self.environment)
            for name, value in step.get("env", {}).items():
                environment[name] = expand(value, self.contexts)
            status, outputs = 0, {}
            if "uses" in step:
                to_keep += self.use(step)
            else:
                status, outputs = self.run(step, environment)
            if "id" in step:
                self.contexts["steps"][step["id"]] = {"outputs": outputs}
            if status:
                self.contexts["job"]["ok"] = False
        for place, kept in to_keep:
            if self.contexts["job"]["ok"] and os.path.isdir(place) and not os.path.isdir(kept):
                shutil.copytree(place, kept, symlinks=True)

    def write(self):
        outputs = [f"{name}={expand(described['value'], self.contexts)}"
                   for name, described in self.document.get("outputs", {}).items()]
        texts = {"log": self.log, "annotations": self.annotations, "commands": self.commands, "uses": self.uses,
                 "outputs": outputs, "conclusion": ["success" if self.contexts["job"]["ok"] else "failure"]}
        for name, lines in texts.items():
            with open(f"{self.result}/{name}", "w", encoding="utf-8") as file:
                file.write("".join(line + "\n" for line in lines))
        with open(f"{self.result}/raw", "wb") as file:
            file.write(b"".join(self.raw))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("action")
    parser.add_argument("result")
    parser.add_argument("--input", action="append", default=[])
    parser.add_argument("--secret", action="append", default=[])
    parser.add_argument("--cache")
    runner = Runner(parser.parse_args())
    open(f"{runner.result}/summary", "w", encoding="utf-8").close()
    runner.all_steps()
    runner.write()


main()
