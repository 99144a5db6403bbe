"""moto on a free loopback port, which is printed, with what it lacks:

- Policies count with their resources and conditions (aws_policy.py), and refusals are spelled as each service does.
- Agents of Systems Manager: where the folder MOTO_AGENT is, with the programs that are to be found there first,
  commands run in a shell on this machine; their output is there from the second look on. Without it no agent answers.
- Faults: lines of the file MOTO_FAULTS, "<action> <code> <message>"; "RunInstances:spot" is for spot instances only.
- The account uses three regions only: each takes moto a while to make.
- Where the file MOTO_SLOW is, instances that were told to start or stop are on their way for the next two looks.
- For the tests themselves, without signature or permission: GET /test/state/<region>/<id or name> tells of instances;
  GET /test/end/<region>/<id> ends one; POST /test/policy/<user> gives the user that policy and no other; GET
  /test/calls tells which actions were called since it was asked last; GET /test/repository/<region>/<name> tells the
  lifecycle policy of a repository.
"""

import datetime
import io
import json
import logging
import os
import subprocess
import threading

from aws_policy import Calls, is_allowed
from moto.core.exceptions import JsonRESTError
from moto.ecr.models import ecr_backends
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.responses.instances import InstanceResponse
from moto.iam.access_control import IAMPolicy, IAMRequest
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import SimpleSystemManagerBackend
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server

OUTPUT_KEPT, ERRORS_KEPT = 24000, 8000  # characters, as SSM does

# -- permissions ----------------------------------------------------------------------------------


class UnauthorizedOperation(HTTPException):
    """As EC2 spells it."""

    code = 403

    def __init__(self, message):
        super().__init__()
        self.description = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>UnauthorizedOperation</Code>'
            f"<Message>You are not authorized to perform this operation. {message} Encoded authorization failure "
            "message: 4GIOHlTkIaWHQD0Q0m6XSnuUMCm-abcdefghijklmn</Message></Error></Errors>"
            "<RequestID>7d9c8f3a</RequestID></Response>"
        )

    def get_body(self, *_):
        return self.description


def tags_of(account, region):
    def find(instance):
        try:
            found = ec2_backends[account][region].get_instance(instance)
        except Exception:
            return None
        return {tag["key"]: tag["value"] for tag in found.get_tags()}

    return find


def role_of(account):
    def find(profile):
        for found in iam_backends[account]["aws"].instance_profiles.values():
            if found.arn == profile and found.roles:
                return found.roles[0].arn
        return None

    return find


def secret_arn(account, region):
    def find(name):
        secrets = secretsmanager_backends[account][region].secrets
        return secrets[name].arn if name in secrets else None

    return find


def with_its_body(request):
    """What is signed: moto makes the body of a form again, in its own spelling."""
    made = request_by_moto(request)
    if current.body:
        made.data = current.body
    return made


def check_action_permitted(request, resource):
    service, _, name = request._action.partition(":")
    calls_made.append(request._action)
    account, region = request.account_id, request._region
    calls = Calls(account, region, tags_of(account, region), role_of(account), secret_arn(account, region))
    needed = calls.needs(service, name, current.body)
    if needed is None:
        permitted_by_moto(request, resource)
        return
    assert needed, f"{name} is about nothing"
    documents = [json.dumps(IAMPolicy(p)._policy_json) for p in request._access_key.collect_policies()]
    for one in needed:
        if is_allowed(documents, one):
            continue
        message = (
            f"User: {request._access_key.arn} is not authorized to perform: {one.action} on resource: {one.resource} "
            f"because no identity-based policy allows the {one.action} action"
        )
        raise UnauthorizedOperation(message + ".") if service == "ec2" else JsonRESTError(
            "AccessDeniedException", message
        )


calls_made = []
current = threading.local()  # the request that this thread answers
request_by_moto = IAMRequest._create_aws_request
IAMRequest._create_aws_request = with_its_body
permitted_by_moto = IAMRequest.check_action_permitted
IAMRequest.check_action_permitted = check_action_permitted

# -- faults ---------------------------------------------------------------------------------------


def fault_of(action):
    try:
        with open(os.environ.get("MOTO_FAULTS", ""), encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError:
        return
    for line in lines:
        name, code, message = line.split(" ", 2)
        if name == action:
            raise EC2ClientError(code, message)


def refusing(action, method):
    def call(self, *args, **kwargs):
        fault_of(action)
        if action == "RunInstances" and kwargs.get("instance_market_options"):
            fault_of("RunInstances:spot")
        return method(self, *args, **kwargs)

    return call


def start_instances(backend, ids):
    """Each start has a launch time of its own."""
    for instance in backend.get_multi_instances_by_id(ids):
        instance.launch_time = datetime.datetime.now(datetime.timezone.utc)
    return start_by_moto(backend, ids)


start_by_moto = InstanceBackend.start_instances
InstanceBackend.start_instances = refusing("StartInstances", start_instances)
InstanceBackend.stop_instances = refusing("StopInstances", InstanceBackend.stop_instances)
InstanceBackend.run_instances = refusing("RunInstances", InstanceBackend.run_instances)

# -- regions --------------------------------------------------------------------------------------

USED_REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
RegionsAndZonesBackend.regions = [region for region in RegionsAndZonesBackend.regions if region.name in USED_REGIONS]

# -- on the way -----------------------------------------------------------------------------------

LOOKS = 2
CODES = {"pending": 0, "stopping": 64}


def going(method, state):
    def call(instance):
        previous = method(instance)
        if os.path.exists(os.environ.get("MOTO_SLOW", "")):
            instance.arrival = (LOOKS, instance._state.name, instance._state.code)
            instance._state.name, instance._state.code = state, CODES[state]
        return previous

    return call


def look(method):
    def call(backend, *args, **kwargs):
        for reservation in backend.all_reservations():
            for instance in reservation.instances:
                left, name, code = getattr(instance, "arrival", (0, "", 0))
                instance.arrival = (left - 1, name, code)
                if left == 1:
                    instance._state.name, instance._state.code = name, code
        return method(backend, *args, **kwargs)

    return call


Instance.start = going(Instance.start, "pending")
Instance.stop = going(Instance.stop, "stopping")
InstanceBackend.get_reservations_by_instance_ids = look(InstanceBackend.get_reservations_by_instance_ids)
InstanceBackend.describe_instances = look(InstanceBackend.describe_instances)

# -- hibernation ----------------------------------------------------------------------------------


def stop_instances(response):
    if response._get_param("Hibernate"):
        for instance in response._get_param("InstanceIds", []):
            options = response.ec2_backend.get_instance(instance).hibernation_options or {}
            if not options.get("Configured"):
                raise EC2ClientError(
                    "UnsupportedHibernationConfiguration",
                    f"The instance '{instance}' was not launched with hibernation.",
                )
    return stop_by_moto(response)


stop_by_moto = InstanceResponse.stop_instances
InstanceResponse.stop_instances = stop_instances

# -- agents ---------------------------------------------------------------------------------------


def send_command(backend, *args, **kwargs):
    agent = os.environ.get("MOTO_AGENT", "")
    states = [
        ec2_backends[backend.account_id][backend.region_name].get_instance(i).state for i in kwargs["instance_ids"]
    ]
    if not os.path.isdir(agent) or any(state != "running" for state in states):
        raise JsonRESTError(
            "InvalidInstanceId", f"Instances {[kwargs['instance_ids']]} not in a valid state for account 123456789012"
        )
    command = send_by_moto(backend, *args, **kwargs)
    result = subprocess.run(
        ["/bin/sh"],
        # What is installed on an instance is in the agent's folder here.
        input="\n".join(kwargs["parameters"]["commands"]).replace("/usr/local/lib/git-deploy/", agent + "/"),
        env={**os.environ, "PATH": agent + ":" + os.environ["PATH"]},
        capture_output=True,
        check=False,
        text=True,
    )
    for invocation in command.invocations:
        invocation["final"] = {
            "Status": "Failed" if result.returncode else "Success",
            "StatusDetails": "Failed" if result.returncode else "Success",
            "ResponseCode": result.returncode,
            "StandardOutputContent": result.stdout[:OUTPUT_KEPT],
            "StandardErrorContent": result.stderr[:ERRORS_KEPT],
        }
        invocation.update(Status="InProgress", StatusDetails="InProgress", ResponseCode=-1, looks=0)
    return command


def get_command_invocation(backend, *args, **kwargs):
    invocation = invocation_by_moto(backend, *args, **kwargs)
    invocation["looks"] += 1
    if invocation["looks"] > 1:
        invocation.update(invocation["final"])
    return {key: value for key, value in invocation.items() if key not in ("looks", "final")}


send_by_moto = SimpleSystemManagerBackend.send_command
SimpleSystemManagerBackend.send_command = send_command
invocation_by_moto = SimpleSystemManagerBackend.get_command_invocation
SimpleSystemManagerBackend.get_command_invocation = get_command_invocation

# -- for the tests --------------------------------------------------------------------------------

ACCOUNT = "123456789012"


def tell_state(region, wanted):
    for reservation in ec2_backends[ACCOUNT][region].all_reservations():
        for instance in reservation.instances:
            tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
            if wanted in (instance.id, tags.get("Name")):
                words = [f"{key}={value}" for key, value in sorted(tags.items())]
                yield " ".join([instance.id, instance.state, instance.lifecycle or "normal", *words]) + "\n"


def answer_test(path, body):
    what, *rest = path.split("/")
    if what == "state":
        return "".join(tell_state(*rest))
    if what == "end":
        ec2_backends[ACCOUNT][rest[0]].terminate_instances([rest[1]])
    elif what == "tag":
        ec2_backends[ACCOUNT][rest[0]].create_tags([rest[1]], {rest[2]: body})
    elif what == "policy":
        iam_backends[ACCOUNT]["aws"].put_user_policy(rest[0], "printed", body)
    elif what == "repository":
        return ecr_backends[ACCOUNT][rest[0]].repositories[rest[1]].lifecycle_policy or ""
    elif what == "calls":
        seen = "".join(call + "\n" for call in sorted(set(calls_made)))
        calls_made.clear()
        return seen
    return ""


def serve(environ, start_response):
    path = environ["PATH_INFO"]
    current.body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(current.body)
    if not path.startswith("/test/"):
        return moto(environ, start_response)
    text = answer_test(path.removeprefix("/test/"), current.body.decode()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text]


moto = DomainDispatcherApplication(create_backend_app)

# -- serving --------------------------------------------------------------------------------------

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server(
    "127.0.0.1",
    0,
    serve,
    threaded=True,
    request_handler=MotoRequestHandler,
)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
