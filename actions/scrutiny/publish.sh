#!/bin/bash
# Tells the pull request what was found. That the token may not is no fault of the papers.
# shellcheck source=common.sh
. "${BASH_SOURCE[0]%/*}/common.sh"

name_author
export GITHUB_TOKEN=${SCRUTINY_TOKEN-}
guarded authorised git scrutiny publish --review --comment --status ||
	tell warning 'the pull request could not be told: see above (permissions: pull-requests: write, statuses: write)'
