#!/bin/sh
# The policies that `git deploy iam` prints hold nothing that is not needed: of each action that is taken out, some command
# says that it is missing. (That they hold all that is needed is what deploy-cloud.t and deploy-plan.t are about.)

# shellcheck source=servers.sh
. "${0%/*}/servers.sh"
need_server moto-start
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
export MOTO_AGENT="$world/agent"
start_server moto-start
python=$SCRUTINY_BUILD/moto/bin/python
plan 15

test_ask () {
	url=$address/test/$1
	shift
	"$python" -c '
import sys, urllib.request
data = open(sys.argv[2], "rb").read() if len(sys.argv) > 2 else None
print(urllib.request.urlopen(sys.argv[1], data).read().decode(), end="")
' "$url" "$@"
}
"$python" "$source_tree/tests/servers/cloud_world.py" "$address" prod gpu >"$world/made" || exit 1
# shellcheck disable=SC1091 # made above
. "$world/made"
export AWS_ENDPOINT_URL="$address" AWS_EC2_METADATA_DISABLED=true AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
repo
cat >.deploy.yml <<'END'
app: web-demo
registry: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web-demo
image:
  base: python:3.12-slim
port: 8501
environments:
  prod: {instance: web-demo, type: t3.medium}
  gpu: {instance: gpu-demo, type: g5.xlarge, spot: true}
END
commit one

# without ACTION USER COMMAND...: the command says that the action is missing, when it is taken out of USER's policy.
without () {
	action=$1 user=$2
	shift 2
	eval "AWS_ACCESS_KEY_ID=\$key_$user AWS_SECRET_ACCESS_KEY=\$secret_$user"
	git deploy iam --env="$user" >"$world/policy"
	"$python" -c '
import json, sys
policy = json.load(open(sys.argv[1]))
for statement in policy["Statement"]:
    statement["Action"] = [action for action in statement["Action"] if action != sys.argv[2]]
policy["Statement"] = [statement for statement in policy["Statement"] if statement["Action"]]
print(json.dumps(policy))
' "$world/policy" "$action" >"$world/less"
	test_ask "policy/$user" "$world/less"
	run "$@"
	like "$err" "has to allow $action on " "$*: without $action"
	test_ask "policy/$user" "$world/policy"
}

without ec2:DescribeInstances prod git deploy start --no-wait
without ec2:StartInstances prod git deploy start --no-wait
without ec2:CreateTags prod git deploy start --no-wait
without ec2:GetConsoleOutput prod git deploy logs
run git deploy start --no-wait
is "$status" 0 'with all of them it starts'
mkdir "$MOTO_AGENT"
printf '#!/bin/sh\necho a line\n' >"$MOTO_AGENT/journalctl"
chmod +x "$MOTO_AGENT/journalctl"
without ssm:SendCommand prod git deploy logs
without ssm:GetCommandInvocation prod git deploy logs
without ec2:StopInstances prod git deploy stop --no-wait
without ec2:RunInstances gpu git deploy start --env=gpu --no-wait
without iam:PassRole gpu git deploy start --env=gpu --no-wait
without ec2:DescribeVolumes gpu git deploy start --env=gpu --no-wait
run git deploy start --env=gpu --no-wait
is "$status" 0 'with all of them it launches'
without ec2:TerminateInstances gpu git deploy stop --env=gpu

# One's own instance only, whatever one may do with that.
git deploy iam --env=gpu >"$world/policy"
eval "AWS_ACCESS_KEY_ID=\$key_prod AWS_SECRET_ACCESS_KEY=\$secret_prod"
run git deploy stop --env=gpu
like "$err" 'has to allow ec2:TerminateInstances on ' 'nobody ends what stands in for the instance of others'
run git deploy iam --role=instance --trust
like "$out" '"ec2.amazonaws.com"' 'the role of the instance is for EC2'
