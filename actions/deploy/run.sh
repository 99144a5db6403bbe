#!/bin/bash
# Runs the command; everything it gets was checked by check.sh.
set -euo pipefail

[[ -z ${DEPLOY_REGION-} ]] || export AWS_REGION=$DEPLOY_REGION
options=()
[[ -z ${DEPLOY_ENV-} ]] || options+=("--env=$DEPLOY_ENV")

case $DEPLOY_COMMAND in
release)
	options+=("--summary=$GITHUB_STEP_SUMMARY" --json)
	# A person who starts the job on a branch means that commit; on a tag, and for a tag's push, the tag is meant.
	[[ $GITHUB_REF == refs/tags/* ]] || options+=("$GITHUB_SHA")
	git deploy release "${options[@]}" | tee "$RUNNER_TEMP/git-deploy-release.json"
	python3 - "$RUNNER_TEMP/git-deploy-release.json" >>"$GITHUB_OUTPUT" <<'END'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    print("digest=" + json.load(file)["release"]["digest"])
END
	;;
rollback)
	[[ -z ${DEPLOY_RELEASE-} ]] || options+=("$DEPLOY_RELEASE")
	git deploy rollback "${options[@]}"
	;;
status)
	git deploy status ${DEPLOY_ENV:+"$DEPLOY_ENV"}
	;;
*)
	git deploy "$DEPLOY_COMMAND" "${options[@]}"
	;;
esac
