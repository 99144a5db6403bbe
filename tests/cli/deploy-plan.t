#!/bin/sh
# What `git deploy plan` tells of an image, of an instance and of money, asking a registry and a mock of AWS that
# evaluates the printed policies.

# shellcheck source=servers.sh
. "${0%/*}/servers.sh"
need_server moto-start
need_server registry-start
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
start_server registry-start --open
registry=${address#http://}
start_server moto-start
python=$SCRUTINY_BUILD/moto/bin/python
plan 41

valid () {
	printf '%s\n' "$out" >"$world/plan.json"
	python3 "$source_tree/tests/tools/validate-json.py" "$source_tree/docs/formats/deploy-plan.schema.json" \
		"$world/plan.json"
}

configuration () {
	cat >.deploy.yml <<END
app: web-demo
registry: $registry/web-demo
image:
  base: $registry/base:1
port: 8501
secrets:
  OPENAI_API_KEY: /web-demo/gone
  DB_PASSWORD: secretsmanager:web-demo/db#password
environments:
END
	cat >>.deploy.yml
}

python3 "$source_tree/tests/servers/base_image.py" "http://$registry" base:1 >/dev/null
repo
mkdir src data
echo 'print("well")' >src/app.py
echo one >data/one
configuration <<'END'
  prod: {instance: web-demo, region: eu-west-1, type: t3.medium}
END
commit one

# -- nobody to ask -------------------------------------------------------------------------------------------

run git deploy plan --offline
is "$status" 0 'offline'
like "$out" '^app    web-demo   commit [0-9a-f]{7} \(main, clean\)$' 'the commit'
like "$out" "^image  $registry/web-demo   [0-9]+ of [0-9]+ layers? changed, [0-9.]+ (bytes|kB) to send\$" 'the image'
like "$out" '^run    web-demo \(not asked\)   secrets: OPENAI_API_KEY from /web-demo/gone \(not asked\), ' 'the instance'
like "$out" '^cost   nothing new\. Running: \$0\.051/h; 0\.0 h this month, \$0\.00 of \$20\.00$' 'the cost'
like "$out" '^instance +web-demo \(t3\.medium\) +\? +\$0\.046/h' 'resources, with what is not known'
echo more >data/two
run git deploy plan --offline
like "$out" 'the work tree has changes that are not deployed\)$' 'changes of the work tree are told'
run git deploy plan --offline --json
is "$status" 0 '--json'
run valid
is "$status" 0 'is as its schema says'
export AWS_EC2_METADATA_DISABLED=true
run git deploy plan
is "$status" 0 'without credentials there is a plan'
like "$err" '^warning: not everything could be asked: no AWS credentials were found' 'and why it is not whole'

# -- the registry --------------------------------------------------------------------------------------------

run git deploy
is "$status" 0 'a release'
run git deploy plan --offline
like "$out" 'changed, ' 'offline the registry is not asked for what it has'
unlike "$out" 'no layer of' 'so all may have to be sent'
run git deploy plan
like "$out" '   no layer of [0-9]+ changed, nothing to send$' 'what was pushed need not be sent'
commit two
run git deploy plan
like "$out" '   1 of [0-9]+ layers? changed, [0-9]+ bytes to send$' 'of what changed, one layer'
run git deploy plan HEAD^
like "$out" "   no layer of" 'an earlier commit'
unlike "$out" '\(main' 'is on no branch'

# -- AWS -----------------------------------------------------------------------------------------------------

"$python" "$source_tree/tests/servers/cloud_world.py" "$address" prod nobody >"$world/made" || exit 1
web=
# shellcheck disable=SC1091 # made above
. "$world/made"
export AWS_ENDPOINT_URL="$address" AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
as () {
	eval "AWS_ACCESS_KEY_ID=\$key_$1 AWS_SECRET_ACCESS_KEY=\$secret_$1"
}
git deploy iam --account=123456789012 >"$world/policy"
test_ask () {
	url=$address/test/$1
	shift
	"$python" -c '
import sys, urllib.request
data = open(sys.argv[2], "rb").read() if len(sys.argv) > 2 else None
print(urllib.request.urlopen(sys.argv[1], data).read().decode(), end="")
' "$url" "$@"
}
test_ask policy/prod "$world/policy"

as prod
test_ask calls >/dev/null
run git deploy plan
is "$status" 0 'with the policy that is printed for CI'
is "$err" "warning: the secret /web-demo/gone is not there: the app would not start
hint: aws ssm put-parameter --region eu-west-1 --type SecureString --name /web-demo/gone --value file:///dev/stdin" 'all can be asked, and what is missing is told'
like "$out" "^run    $web \\(t3\\.medium, stopped\\)" 'the state of the instance'
like "$out" '^volumes +[0-9]+ GB +there +\$[0-9.]+/month' 'its disks, which cost on while it is stopped'
is "$(test_ask calls | tr '\n' ' ')" \
	'ec2:DescribeInstances ec2:DescribeVolumes secretsmanager:DescribeSecret ssm:DescribeParameters ' \
	'and no more was asked than that'
run git deploy plan --json
run valid
is "$status" 0 'JSON of an instance'

# Each action that is taken out of the policy is missed, and said to be.
for action in ec2:DescribeInstances ec2:DescribeVolumes secretsmanager:DescribeSecret ssm:DescribeParameters; do
	"$python" -c '
import json, sys
policy = json.load(open(sys.argv[1]))
for statement in policy["Statement"]:
    statement["Action"] = [a for a in statement["Action"] if a != sys.argv[2]]
policy["Statement"] = [s for s in policy["Statement"] if s["Action"]]
print(json.dumps(policy))
' "$world/policy" "$action" >"$world/less"
	test_ask policy/prod "$world/less"
	run git deploy plan
	like "$err" "hint: a policy of .*user/prod has to allow $action on " "without $action"
done
as nobody
run git deploy plan
is "$status" 0 'without any permission there is a plan'
like "$out" '\(not asked\)' 'of what is known'
as prod
test_ask policy/prod "$world/policy"

# -- money ---------------------------------------------------------------------------------------------------

configuration <<'END'
  prod: {instance: elsewhere, region: eu-west-1, type: t3.medium}
  new: {region: eu-west-1}
END
commit three
run git deploy plan
is "$status" 3 'an instance that is not there would be new cost'
like "$err" '^fatal: this would be new recurring cost: volume 20 GB gp3 \(\$1\.76/month\)' 'which is refused'
like "$err" "^warning: there is no instance 'elsewhere' in eu-west-1" 'what was looked for, and where, is told'
like "$out" '^cost   new: \$1\.76 a month, and \$0\.051 an hour while it runs\. Running: \$0\.051/h' 'and added up'
run git deploy plan --accept-cost
is "$status" 0 'unless it is accepted'
run git deploy plan --env=new
is "$status" 3 'the same where none is configured'
like "$out" '^run    no instance yet: `git deploy infra` prints one' 'with who makes one'
run git -c 'deploy.price=t3.medium = 9' deploy plan --accept-cost
like "$out" '^instance +elsewhere \(t3\.medium\) +new +\$9\.00/h' 'prices of the user go first'
run git deploy plan --env=nowhere
is "$status" 129 'an environment that there is not'
run git deploy plan nowhere
is "$status" 128 'a commit that there is not'
run git deploy plan HEAD HEAD^
is "$status" 129 'two commits'
