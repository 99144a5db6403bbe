#!/bin/bash
# Gets the job's own token from GitHub, for whom AWS lets take on the role (`git deploy iam --trust`): no key is stored.
# The token goes into a file that only this user can read; the role's keys are in no file and no variable.
set -euo pipefail
umask 077

if [[ -z ${ACTIONS_ID_TOKEN_REQUEST_URL-} || -z ${ACTIONS_ID_TOKEN_REQUEST_TOKEN-} ]]; then
	echo '::error title=git deploy::the job gets no token: it needs `permissions: id-token: write`' >&2
	exit 1
fi
file=$RUNNER_TEMP/git-deploy-token
# The bearer token is handed over on standard input: arguments can be seen by every process.
printf 'header = "Authorization: bearer %s"\n' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" |
	curl --config - --silent --show-error --fail --retry 3 --max-time 60 --output "$file.json" \
		"$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com"
python3 -c 'import json, sys; sys.stdout.write(json.load(sys.stdin)["value"])' <"$file.json" >"$file"
rm -f "$file.json"
[[ -s $file ]]
printf '::add-mask::%s\n' "$(cat "$file")"
{
	printf 'AWS_ROLE_ARN=%s\n' "$DEPLOY_AWS_ROLE"
	printf 'AWS_WEB_IDENTITY_TOKEN_FILE=%s\n' "$file"
	printf 'AWS_ROLE_SESSION_NAME=github-%s-%s\n' "${GITHUB_RUN_ID//[^0-9]/}" "${GITHUB_RUN_ATTEMPT//[^0-9]/}"
} >>"$GITHUB_ENV"
