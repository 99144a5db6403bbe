#!/usr/bin/env python3
"""Validate JSON or YAML files against a JSON Schema: validate-json.py SCHEMA FILE...

Exit status 0: all are valid; 1: some are not; 77: the jsonschema package (or, for YAML, PyYAML)
is not installed, so nothing was looked at.
"""
import json
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: the Python package jsonschema is not installed")
    sys.exit(77)


def load(path):
    with open(path, encoding="utf-8") as file:
        if not path.endswith((".yml", ".yaml")):
            return json.load(file)
        try:
            import yaml
        except ImportError:
            print("skipped: the Python package PyYAML is not installed")
            sys.exit(77)

        class Loader(yaml.SafeLoader):
            """Leaves dates as the strings they were written as."""

        Loader.yaml_implicit_resolvers = {
            first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith(":timestamp")]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }
        return yaml.load(file, Loader=Loader)


def main():
    schema_path, *paths = sys.argv[1:]
    schema = load(schema_path)
    validator_class = jsonschema.validators.validator_for(schema)
    validator_class.check_schema(schema)
    validator = validator_class(schema)
    failed = False
    for path in paths:
        for error in sorted(validator.iter_errors(load(path)), key=str):
            failed = True
            where = "/".join(str(part) for part in error.absolute_path)
            print(f"{path}: {where or '(root)'}: {error.message[:300]}")
    return 1 if failed else 0


sys.exit(main())
