"""Whether IAM policies allow a call, by resource and condition: what moto leaves out.

From the Service Authorization Reference and the User Guide of IAM: which resources and keys of conditions a call
has, and how policies are evaluated. Only the actions that are tested are known; of all others the resource is "*".
"""

import fnmatch
import json
import re
from urllib.parse import parse_qsl


class Request:
    """One permission that a call needs."""

    def __init__(self, action, resource="*", **keys):
        self.action, self.resource = action, resource
        self.keys = {key.lower(): value for key, value in keys.pop("keys", {}).items()}


# -- evaluation -----------------------------------------------------------------------------------


def as_list(value):
    return value if isinstance(value, list) else [value]


def matches(pattern, text):
    """With * and ? as wildcards, and nothing else."""
    return re.fullmatch("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern), text, re.S) is not None


OPERATORS = {
    "StringEquals": lambda wanted, given: wanted == given,
    "StringNotEquals": lambda wanted, given: wanted != given,
    "StringEqualsIgnoreCase": lambda wanted, given: wanted.lower() == given.lower(),
    "StringLike": matches,
    "ArnEquals": matches,
    "ArnLike": matches,
    "Bool": lambda wanted, given: str(wanted).lower() == str(given).lower(),
}


def condition_holds(operator, key, wanted, keys):
    operator, all_values = operator.removeprefix("ForAllValues:"), operator.startswith("ForAllValues:")
    if all_values:
        given = keys.get(key.lower(), [])
        return all(condition_holds(operator, key, wanted, {key.lower(): value}) for value in given)
    optional = operator.endswith("IfExists")
    compare = OPERATORS[operator.removesuffix("IfExists")]
    given = keys.get(key.lower())
    if given is None:
        return optional
    return any(compare(value, given) for value in as_list(wanted))


def statement_applies(statement, request):
    if not any(matches(pattern.lower(), request.action.lower()) for pattern in as_list(statement["Action"])):
        return False
    if not any(matches(pattern, request.resource) for pattern in as_list(statement["Resource"])):
        return False
    return all(
        condition_holds(operator, key, wanted, request.keys)
        for operator, tests in statement.get("Condition", {}).items()
        for key, wanted in tests.items()
    )


def is_allowed(documents, request):
    allowed = False
    for document in documents:
        for statement in as_list(json.loads(document)["Statement"]):
            if statement_applies(statement, request):
                if statement["Effect"] == "Deny":
                    return False
                allowed = True
    return allowed


# -- what a call needs ----------------------------------------------------------------------------


def fields_of(body):
    """Parameters of a Query call."""
    text = body.decode() if isinstance(body, bytes) else body or ""
    return dict(parse_qsl(text, keep_blank_values=True))


def numbered(fields, pattern):
    """The values of fields like "InstanceId.1", in their order."""
    return [value for key, value in fields.items() if fnmatch.fnmatchcase(key, pattern)]


def request_tags(fields, prefix):
    keys = numbered(fields, prefix + "*.Key")
    return dict(zip(keys, numbered(fields, prefix + "*.Value")))


class Calls:
    """TAGS_OF(id) tells the tags of an instance, ROLE_OF(arn of an instance profile) its role, SECRET_ARN(name) the
    whole ARN of a secret; each may answer None."""

    def __init__(self, account, region, tags_of, role_of, secret_arn):
        self.account, self.region = account, region
        self.tags_of, self.role_of, self.secret_arn = tags_of, role_of, secret_arn

    def arn(self, service, name, account=None):
        return f"arn:aws:{service}:{self.region}:{self.account if account is None else account}:{name}"

    def tag_keys(self, prefixes, instance):
        tags = self.tags_of(instance) or {}
        return {f"{prefix}/{key}": value for prefix in prefixes for key, value in tags.items()}

    def on_instances(self, action, ids, more=None):
        return [
            Request(
                action,
                self.arn("ec2", f"instance/{i}"),
                keys={**self.tag_keys(("aws:ResourceTag", "ec2:ResourceTag"), i), **(more or {})},
            )
            for i in ids
        ]

    def launch(self, fields):
        tags = {f"aws:RequestTag/{key}": value for key, value in request_tags(fields, "TagSpecification.1.Tag.").items()}
        needed = [
            Request(
                "ec2:RunInstances",
                self.arn("ec2", "instance/*"),
                keys={**tags, "ec2:InstanceType": fields.get("InstanceType", "")},
            ),
            Request("ec2:RunInstances", self.arn("ec2", f"image/{fields.get('ImageId', '')}", "")),
            Request("ec2:RunInstances", self.arn("ec2", "network-interface/*")),
            Request("ec2:RunInstances", self.arn("ec2", "volume/*")),
        ]
        parts = {"subnet": "*SubnetId", "security-group": "*SecurityGroupId.*", "key-pair": "KeyName"}
        for kind, pattern in parts.items():
            needed += [
                Request("ec2:RunInstances", self.arn("ec2", f"{kind}/{name}")) for name in numbered(fields, pattern)
            ]
        if tags:
            keys = {**tags, "ec2:CreateAction": "RunInstances"}
            needed.append(Request("ec2:CreateTags", self.arn("ec2", "instance/*"), keys=keys))
        profile = fields.get("IamInstanceProfile.Arn")
        if profile:
            role = self.role_of(profile) or profile
            needed.append(Request("iam:PassRole", role, keys={"iam:PassedToService": "ec2.amazonaws.com"}))
        return needed

    def of_ec2(self, name, fields):
        ids = numbered(fields, "InstanceId*")
        if name == "RunInstances":
            return self.launch(fields)
        if name in ("StartInstances", "StopInstances", "TerminateInstances", "GetConsoleOutput"):
            return self.on_instances(f"ec2:{name}", ids)
        if name == "CreateTags":
            tags = {f"aws:RequestTag/{key}": value for key, value in request_tags(fields, "Tag.").items()}
            tags["aws:TagKeys"] = list(request_tags(fields, "Tag."))
            return self.on_instances("ec2:CreateTags", numbered(fields, "ResourceId*"), tags)
        return [Request(f"ec2:{name}")]

    def of_ecr(self, name, body):
        names = body.get("repositoryNames") or [body.get("repositoryName")]
        if name == "GetAuthorizationToken":
            return [Request("ecr:GetAuthorizationToken")]
        return [Request(f"ecr:{name}", self.arn("ecr", f"repository/{n}" if n else "repository/*")) for n in names]

    def of_ssm(self, name, body):
        if name == "SendCommand":
            document = self.arn("ssm", f"document/{body['DocumentName']}", "")
            return [Request("ssm:SendCommand", document)] + [
                Request(
                    "ssm:SendCommand",
                    self.arn("ec2", f"instance/{i}"),
                    keys=self.tag_keys(("ssm:resourceTag", "aws:ResourceTag"), i),
                )
                for i in body.get("InstanceIds", [])
            ]
        if name in ("GetParameter", "PutParameter", "DeleteParameter"):
            return [Request(f"ssm:{name}", self.arn("ssm", f"parameter/{body['Name'].lstrip('/')}"))]
        return [Request(f"ssm:{name}")]

    def of_secretsmanager(self, name, body):
        secret = body.get("SecretId") or body.get("Name") or "*"
        found = self.secret_arn(secret)
        # A name that no secret has is not made an ARN.
        return [Request(f"secretsmanager:{name}", found or secret)]

    def needs(self, service, name, body):
        """The permissions that the call NAME with BODY (its bytes) needs; None when SERVICE is not known here."""
        if service == "ec2":
            return self.of_ec2(name, fields_of(body))
        known = {"ecr": self.of_ecr, "ssm": self.of_ssm, "secretsmanager": self.of_secretsmanager}
        return known[service](name, json.loads(body or b"{}")) if service in known else None
