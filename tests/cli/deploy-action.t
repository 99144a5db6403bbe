#!/bin/sh
# actions/deploy and .github/workflows/deploy.yml: checked by actionlint, and their scripts run as a runner would, also with
# hostile names.

# shellcheck source=servers.sh
. "${0%/*}/servers.sh"
BUILD="$SCRUTINY_BUILD" "${0%/*}/../servers/actionlint" --install >/dev/null 2>&1 || :
need_server registry-start
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
plan 61
action=$source_tree/actions/deploy

# -- what they say -------------------------------------------------------------------------------------------

if BUILD="$SCRUTINY_BUILD" "$source_tree/tests/servers/actionlint" --install >/dev/null 2>&1; then
	run env BUILD="$SCRUTINY_BUILD" "$source_tree/tests/servers/actionlint" "$source_tree/.github/workflows/deploy.yml"
	is "$status $out" '0 ' 'actionlint finds nothing in the workflow'
else
	skip 1 'actionlint is not installed (TEST_INSTALL=1 installs it)'
fi
cat >look.py <<'END'
import re
import sys

import yaml

with open(sys.argv[1], encoding="utf-8") as file:
    document = yaml.safe_load(file)
jobs = document["jobs"].values() if "jobs" in document else [document["runs"]]
for job in jobs:
    for step in job["steps"]:
        if "${{" in step.get("run", ""):
            print("a script holds an expression:", step["run"])
        uses = step.get("uses", "./")
        if not uses.startswith("./") and not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", uses):
            print("not pinned:", uses)
        if "run" in step and "composite" in str(document.get("runs")) and "shell" not in step:
            print("no shell:", step["run"])
END
if python3 -c 'import yaml' 2>/dev/null; then
	is "$(python3 look.py "$action/action.yml")" '' 'no script of the action holds an expression'
	is "$(python3 look.py "$source_tree/.github/workflows/deploy.yml")" '' 'nor of the workflow, where actions are pinned'
else
	skip 2 'the Python package PyYAML is not installed'
fi
workflow=$(cat "$source_tree/.github/workflows/deploy.yml")
like "$workflow" "^    tags: \\['deploy-\\*'\\]" 'it runs for deploy tags'
unlike "$workflow" '^ +branches:|pull_request|schedule' 'and for no branch'
like "$workflow" '^      cancel-in-progress: false$' 'a deployment that has begun is not cut short'

# -- what is asked for ---------------------------------------------------------------------------------------

# check [NAME=VALUE...]: check.sh in a job for a tag, changed by the arguments.
check () {
	run env GITHUB_EVENT_NAME=push GITHUB_REF=refs/tags/deploy-prod-20261122-1 DEPLOY_COMMAND=release DEPLOY_ENV='' \
		DEPLOY_RELEASE='' DEPLOY_REGION='' DEPLOY_AWS_ROLE='' "$@" "$action/check.sh"
}
check
is "$status" 0 'a tag that asks for a release'
check GITHUB_EVENT_NAME=workflow_dispatch GITHUB_REF=refs/heads/main DEPLOY_COMMAND=start DEPLOY_ENV=prod \
	DEPLOY_REGION=eu-central-1 DEPLOY_AWS_ROLE=arn:aws:iam::123456789012:role/web-demo-prod-ci
is "$status" 0 'a person who starts it'
check DEPLOY_COMMAND=rollback DEPLOY_RELEASE='#12'
is "$status" 0 'a rollback to a release'
# shellcheck disable=SC2016 # hostile on purpose
for hostile in GITHUB_REF=refs/heads/main GITHUB_REF=refs/pull/1/merge GITHUB_REF= GITHUB_EVENT_NAME=pull_request \
	GITHUB_EVENT_NAME=pull_request_target GITHUB_EVENT_NAME=schedule 'GITHUB_REF=refs/tags/deploy-$(touch bad)-20261122-1' \
	'GITHUB_REF=refs/tags/deploy-`touch bad`-20261122-1' 'GITHUB_REF=refs/tags/deploy-a;touch bad;-20261122-1' \
	"GITHUB_REF=refs/tags/deploy-a
touch bad-20261122-1" 'GITHUB_REF=refs/tags/deploy-prod' 'GITHUB_REF=refs/tags/v1/deploy-prod-20261122-1' \
	'DEPLOY_COMMAND=release; touch bad' DEPLOY_COMMAND=boot DEPLOY_COMMAND= DEPLOY_COMMAND=--help \
	'DEPLOY_ENV=--output=/etc/passwd' 'DEPLOY_ENV=a b' 'DEPLOY_ENV=$(touch bad)' 'DEPLOY_RELEASE=--json' \
	'DEPLOY_RELEASE=1 2' 'DEPLOY_REGION=evil.example/' 'DEPLOY_REGION=--x' 'DEPLOY_AWS_ROLE=arn:aws:iam::1:role/x' \
	"DEPLOY_AWS_ROLE=arn:aws:iam::123456789012:role/x
AWS_ENDPOINT_URL=http://evil.example"; do
	check "$hostile"
	is "$status" 1 "refused: $(printf '%s' "$hostile" | tr '\n' ' ')"
done
is "$(find . -name bad)" '' 'and nothing of it was run'

# -- the token -----------------------------------------------------------------------------------------------

mkdir runner
cat >github.py <<'END'
import http.server
import json


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        good = self.headers["Authorization"] == "bearer job-token" and self.path == "/?x=1&audience=sts.amazonaws.com"
        body = json.dumps({"value": "eyJ.the-token.sig"}).encode() if good else b"no"
        self.send_response(200 if good else 403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
END
python3 github.py >github.address &
github=$!
trap 'kill $github 2>/dev/null; rm -rf "$world"' EXIT
while [ ! -s github.address ]; do sleep 0.05; done
# role TOKEN
role () {
	: >runner/env
	run env RUNNER_TEMP="$PWD/runner" GITHUB_ENV="$PWD/runner/env" GITHUB_RUN_ID=42 GITHUB_RUN_ATTEMPT=1 \
		ACTIONS_ID_TOKEN_REQUEST_URL="$(cat github.address)/?x=1" ACTIONS_ID_TOKEN_REQUEST_TOKEN="$1" \
		DEPLOY_AWS_ROLE=arn:aws:iam::123456789012:role/ci "$action/role.sh"
}
role job-token
is "$status" 0 'a role is taken on with the token of the job'
is "$(cat runner/git-deploy-token)" 'eyJ.the-token.sig' 'which is in a file'
is "$(stat -c %a runner/git-deploy-token)" 600 'that nobody else can read'
is "$out" '::add-mask::eyJ.the-token.sig' 'and masked in logs'
like "$(cat runner/env)" '^AWS_ROLE_ARN=arn:aws:iam::123456789012:role/ci$' 'the role is said to the steps that follow'
unlike "$(cat runner/env)" 'the-token' 'but not the token'
role wrong-token
is "$status" 22 'without permission there is no token'
is "$(cat runner/env)" '' 'and no role'
run env RUNNER_TEMP="$PWD/runner" "$action/role.sh"
like "$out$err" 'id-token: write' 'what the job lacks is said'
kill $github
wait $github 2>/dev/null

# -- the release ---------------------------------------------------------------------------------------------

start_server registry-start --open
registry=${address#http://}
python3 "$source_tree/tests/servers/base_image.py" "$address" base:1 >/dev/null
runner=$PWD/runner
git init -q --bare hub
repo sha1 app
git remote add origin ../hub
cat >.deploy.yml <<END
app: web-demo
registry: $registry/web-demo
image:
  base: $registry/base:1
port: 8501
environments:
  prod: {instance: web-demo, type: t3.medium, region: eu-central-1, url: 'https://demo.example.org'}
END
echo 'print("well")' >app.py
commit one
git push -q origin main
git deploy --tag-only >/dev/null 2>&1
tag=$(git tag)

# job COMMAND [NAME=VALUE...]
job () {
	command=$1
	shift
	: >"$runner/output"
	: >"$runner/summary"
	run env CI=true GITHUB_ACTIONS=true GITHUB_EVENT_NAME=push GITHUB_REF="refs/tags/$tag" GITHUB_SHA="$(git rev-parse HEAD)" \
		GITHUB_RUN_ID=42 GITHUB_ACTOR=octocat GITHUB_OUTPUT="$runner/output" GITHUB_STEP_SUMMARY="$runner/summary" \
		RUNNER_TEMP="$runner" AWS_EC2_METADATA_DISABLED=true DEPLOY_COMMAND="$command" DEPLOY_ENV=prod \
		DEPLOY_RELEASE='' DEPLOY_REGION='' "$@" "$action/run.sh"
}
run env GITHUB_ACTION_PATH="$action" RUNNER_TEMP="$runner" GITHUB_PATH="$runner/path" "$action/install.sh"
is "$status" 0 'what is installed is taken'
like "$out" '^git deploy version' 'and says its version'
job release
is "$status" 0 'a release for a tag'
digest=$(git show refs/deploy/prod:release.json | sed -n 's/.*"digest": *"\([^"]*\)".*/\1/p')
is "$(cat "$runner/output")" "digest=$digest" 'the digest is an output'
summary=$(cat "$runner/summary")
like "$summary" "^### Release &#35;1|^### Release #1 of <code>prod</code>$" 'the summary has a heading'
like "$summary" "^\\| digest \\| <code>$digest</code> \\|\$" 'the digest'
like "$summary" '^\| size \| [0-9.]+ [kM]B \|$' 'the size'
like "$summary" '^\| time \| built in [0-9.]+ s, pushed in [0-9.]+ s \|$' 'the time'
like "$summary" '^\| price \| \$0\.053 an hour while it runs \|$' 'the price'
like "$summary" '^\| URL \| <code>https://demo\.example\.org</code> \|$' 'and the URL'
like "$(git show refs/deploy/prod:release.json)" 'github-actions run 42' 'the ledger says where it was made'
is "$(git -C ../hub rev-parse refs/deploy/prod)" "$(git rev-parse refs/deploy/prod)" 'the ledger is at the remote'
job release
is "$status" 0 'the same job again'
like "$(cat "$runner/summary")" 'recorded before' 'is no second release'
job status
is "$status" 0 'another command'
job release GITHUB_REF=refs/heads/main
is "$status" 129 'a push to a branch is refused by git deploy itself, too'
is "$(cat "$runner/output")" '' 'and has no digest'
