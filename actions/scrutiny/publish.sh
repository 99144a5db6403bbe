#!/bin/bash
# Tells the pull request what was found. That the token may not is no fault of the papers.
# shellcheck source=common.sh
. "${BASH_SOURCE[0]%/*}/common.sh"

name_author
export GITHUB_TOKEN=${SCRUTINY_TOKEN-}
status=0
guarded authorised git scrutiny publish --review --comment --status "--fail-on=$SCRUTINY_FAIL_ON" || status=$?
# 1: there are findings, which is for the last step to say.
[[ $status -le 1 ]] ||
	tell warning 'the pull request could not be told: why is above (permissions: pull-requests: write, statuses: write)'
