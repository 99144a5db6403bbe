#!/bin/sh
# What `git deploy infra` prints, read by cfn-lint, moto and a parser of HCL.

. "${0%/*}/servers.sh"
BUILD="$SCRUTINY_BUILD" "${0%/*}/../servers/infrastructure-tools" --install >/dev/null 2>&1 || :
. "${0%/*}/lib.sh"
plan 36

tools () {
	BUILD="$SCRUTINY_BUILD" "$source_tree/tests/servers/infrastructure-tools" "$@"
}

configuration () {
	cat >.deploy.yml <<'END'
app: web-demo
registry: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/web-demo
image:
  base: python:3.12-slim
port: 8501
secrets:
  OPENAI_API_KEY: /web-demo/openai
  DB_PASSWORD: secretsmanager:web-demo/db#password
END
	cat >>.deploy.yml
}

repo
git remote add origin git@github.com:acme/web-demo.git
configuration <<'END'
environments:
  prod:
    instance: web-demo
    type: t3.medium
    port: 8080
END
commit one

run git deploy infra
is "$status" 0 'prints CloudFormation'
printf '%s\n' "$out" >prod.yaml
like "$err" '^instance +web-demo \(t3\.medium\) +new +\$0\.048/h' 'with the price of the instance'
like "$err" '^volume +20 GB gp3 +new +\$1\.90/month' 'and of the disk, on standard error'
like "$err" '^altogether \$0\.053 an hour while it runs, and \$2\.30 a month' 'and of all'
unlike "$out" 'NatGateway|LoadBalancer|AWS::EC2::EIP|AccessKey|SecretString' 'nothing that costs while it stands, and no key'
like "$out" 'HttpTokens: required' 'metadata needs a token'
like "$out" 'HttpPutResponseHopLimit: 1' 'which containers do not get'
like "$out" 'Encrypted: true' 'the disk is encrypted'
like "$out" 'InstanceInitiatedShutdownBehavior: stop' 'powering off stops it'
unlike "$out" 'FromPort: 22' 'nobody can log in'
like "$out" 'repo:acme/web-demo:environment:prod' 'CI is the workflows of the repository'
git deploy boot --user-data >user-data
sed -n '/Fn::Base64/,/^$/p' prod.yaml | sed -e 1d -e '/^$/d' -e 's/^          //' >in-template
is "$(cat in-template)" "$(cat user-data)" 'the instance gets what `git deploy boot` renders'

run git deploy infra --format=terraform --output=main.tf
is "$status" 0 'writes Terraform'
is "$out" '' 'into the file that is named'
sed -n '/^  user_data = <<SCRIPT/,/^SCRIPT/p' main.tf | sed -e 1d -e '$d' >in-template
is "$(cat in-template)" "$(cat user-data)" 'with the same user-data'
mv prod.yaml main.tf ..

run git deploy infra --format=pulumi
is "$status" 129 'a format that there is not'

# Everything that is there only sometimes.
git remote remove origin
configuration <<'END'
gpu: true
idle: 15 minutes
uptime: 2 hours
environments:
  prod: {}
  gpu:
    instance: i-0123456789abcdef0
    type: g5.xlarge
    port: 80
    spot: true
    hibernate: true
END
commit two
run git deploy infra --env=gpu --output=../gpu.yaml
is "$status" 0 'of a GPU'
like "$err" 'hint: .*`instance: web-demo-gpu`' 'an instance that is known by its id is there already, so another is made'
like "$err" 'hint: origin is not at GitHub' 'CI gets a user where no workflow can be trusted'
like "$(cat ../gpu.yaml)" 'AWS::IAM::User' 'without a key'
like "$(cat ../gpu.yaml)" 'HibernationOptions' 'hibernation has to be asked for at the launch'
unlike "$(cat ../gpu.yaml)" 'AWS::ECR::Repository' 'the repository is made with the first environment'
run git deploy infra --env=gpu --format=terraform --output=../gpu.tf
is "$status" 0 'the same for Terraform'
run git deploy infra --env=prod --repository='a/b"c'
is "$status" 129 'what is no repository cannot get into a policy'

configuration <<'END'
environments:
  a-very-long-name-of-an-environmt: {}
END
sed -i 's/^app: .*/app: an-app-with-a-name-that-is-as-long-as-names-of-apps-may-be-here/' .deploy.yml
commit three
run git deploy infra
is "$status" 129 'names that are too long for a role'
like "$err" 'a shorter `app:`' 'are told with what to do'
sed -i 's,^registry: .*,registry: ghcr.io/acme/web-demo,' .deploy.yml
sed -i 's/^app: .*/app: web/' .deploy.yml
commit four
run git deploy infra
is "$status" 129 'without a region there is no price and no policy'
like "$err" '`region:`' 'which is told'

cd ..
if ! tools --install >/dev/null 2>&1; then
	skip 8 'cfn-lint, moto and python-hcl2 are not installed (TEST_INSTALL=1 installs them)'
	exit 0
fi
run tools cfn-lint prod.yaml gpu.yaml
is "$status $out" '0 ' 'cfn-lint finds nothing'
run tools "$source_tree/tests/servers/create_stack.py" prod.yaml
like "$out" '^CREATE_COMPLETE$' 'moto makes the stack'
like "$out" '^instance t3\.medium web-demo$' 'with the instance'
is "$(printf '%s\n' "$out" | grep '^lets in')" 'lets in tcp 8080 8080' 'and nothing open but its port'
like "$out" '^repository team/web-demo$' 'and the repository'
is "$(printf '%s\n' "$out" | grep -c '^role')" 2 'and two roles'
cat >tf.py <<'END'
import json
import sys

import hcl2

kinds = {}
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        text = file.read()
    for resource in hcl2.loads(text)["resource"]:
        kind = next(key for key in resource if not key.startswith("__")).strip('"')
        kinds[kind] = kinds.get(kind, 0) + 1
    # The policies are JSON in HCL's here-documents.
    for document in text.split("<<-JSON\n")[1:]:
        json.loads(document.split("\n  JSON\n")[0])
print(json.dumps(kinds))
END
run tools tf.py main.tf gpu.tf
is "$status" 0 'the HCL can be parsed, and the policies in it'
like "$out" '"aws_instance": 2, .*"aws_budgets_budget": 2' 'and has the same resources'
