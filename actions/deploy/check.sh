#!/bin/bash
# Refuses what no release should come from, before anything is installed or asked for a credential.
set -euo pipefail
export LC_ALL=C

fail () {
	printf '::error title=git deploy::%s\n' "$1" >&2
	exit 1
}

case ${GITHUB_EVENT_NAME-} in
workflow_dispatch) ;;
push)
	[[ ${GITHUB_REF-} =~ ^refs/tags/deploy-[a-z0-9-]+-[0-9]{8}-[0-9]{1,9}$ ]] ||
		fail 'a release is asked for by a tag deploy-<environment>-<date>-<n>, never by a push to a branch'
	;;
*) fail 'only tags deploy-* and jobs that a person has started may deploy' ;;
esac

case ${DEPLOY_COMMAND-} in
release | plan | build | start | stop | rollback | promote | abort | status) ;;
*) fail 'the input "command" is none of release, plan, build, start, stop, rollback, promote, abort, status' ;;
esac
[[ ${DEPLOY_ENV-} =~ ^([a-z][a-z0-9-]{0,31})?$ ]] || fail 'the input "env" is no name of an environment'
[[ ${DEPLOY_RELEASE-} =~ ^(#?[0-9]{1,9}|deploy-[a-z0-9-]+|[0-9a-f]{7,64}|sha256:[0-9a-f]{64})?$ ]] ||
	fail 'the input "release" is no number, tag, commit or digest'
[[ ${DEPLOY_REGION-} =~ ^([a-z]{2}(-[a-z]+)+-[0-9])?$ ]] || fail 'the input "region" is no region of AWS'
[[ ${DEPLOY_AWS_ROLE-} =~ ^(arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512})?$ ]] ||
	fail 'the input "aws-role" is no ARN of a role'
