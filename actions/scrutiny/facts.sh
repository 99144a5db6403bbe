#!/bin/bash
# Refuses inputs that make no sense, and says what this job may do: whose change it is about, and since when.
# shellcheck source=common.sh
. "${BASH_SOURCE[0]%/*}/common.sh"

for name in ALL COMMENT SARIF RECORDS; do
	variable=SCRUTINY_$name
	[[ ${!variable-} =~ ^(true|false)$ ]] || fail "the input \"${name,,}\" is neither true nor false"
done
[[ ${SCRUTINY_COMMIT-} =~ ^(none|push|pr)$ ]] || fail 'the input "commit" is none of none, push, pr'
[[ ${SCRUTINY_FAIL_ON-} =~ ^(error|warning|note|never)$ ]] || fail 'the input "fail-on" is none of error, warning, note, never'
[[ ${SCRUTINY_MAX_COST-} =~ ^([0-9]{1,6}(\.[0-9]{1,4})?|none)$ ]] || fail 'the input "max-cost" is no sum in US dollars'
[[ ${SCRUTINY_REVIEWERS-} =~ ^[A-Za-z0-9][A-Za-z0-9._/:,@+' '-]*$|^$ ]] || fail 'the input "reviewers" names no models'
[[ $(git rev-parse --is-inside-work-tree 2>/dev/null || :) == true ]] ||
	fail 'there is no repository here: use actions/checkout before this, and `directory` if it is not at the top'

# A pull request is from a fork unless it is told not to be; so is whatever may be about one.
fork=true
case ${GITHUB_EVENT_NAME-} in
push | schedule | workflow_dispatch | repository_dispatch | merge_group) fork=false ;;
pull_request)
	[[ -z ${GITHUB_REPOSITORY-} || ${SCRUTINY_HEAD_REPOSITORY,,} != "${GITHUB_REPOSITORY,,}" ]] || fork=false
	;;
pull_request_target)
	fail 'pull_request_target hands secrets to what a stranger wrote: use pull_request'
	;;
esac
# GitHub treats its jobs as those of forks: without secrets there is nobody who could be asked.
[[ ${GITHUB_ACTOR-} != 'dependabot[bot]' ]] || fork=true

have () {
	git cat-file -e "$1^{commit}" 2>/dev/null
}
# have_or_fetch COMMIT: a shallow clone lacks what it is to be compared with.
have_or_fetch () {
	have "$1" || { authorised git fetch --quiet --no-tags --depth=1 origin "$1" >/dev/null 2>&1 && have "$1"; }
}
is_commit () {
	[[ ${1-} =~ ^[0-9a-f]{40}([0-9a-f]{24})?$ && ! $1 =~ ^0+$ ]]
}

# Also where all papers are looked at: of a fork, the policy is that of the branch it is to go into.
if [[ ${GITHUB_EVENT_NAME-} == pull_request ]] && is_commit "${SCRUTINY_BASE-}"; then
	have_or_fetch "$SCRUTINY_BASE" || :
fi
since=
if [[ $SCRUTINY_ALL == false ]]; then
	case ${GITHUB_EVENT_NAME-} in
	pull_request)
		if is_commit "${SCRUTINY_BASE-}" && have "$SCRUTINY_BASE"; then
			since=$(git merge-base "$SCRUTINY_BASE" HEAD 2>/dev/null) || since=$SCRUTINY_BASE
		fi
		# The merge that GitHub made: of what was on the branch before, nothing counts as a change.
		if [[ ${GITHUB_REF-} == refs/pull/*/merge && $(git rev-parse HEAD) == "${GITHUB_SHA-}" ]] &&
			have 'HEAD^2' && have 'HEAD^1'; then
			since=$(git rev-parse 'HEAD^1')
		fi
		;;
	push)
		if is_commit "${SCRUTINY_BEFORE-}" && have_or_fetch "$SCRUTINY_BEFORE"; then
			since=$SCRUTINY_BEFORE
		fi
		;;
	esac
fi

request=false
[[ ${GITHUB_EVENT_NAME-} != pull_request ]] || request=true
commit=$SCRUTINY_COMMIT
if [[ $commit != none && ($request == true || $fork == true || ${GITHUB_REF-} != refs/heads/*) ]]; then
	tell notice 'reports are committed in jobs on branches only: the input "commit" does not count here'
	commit=none
fi
# yes INPUT CONDITION: "true" if both hold.
yes () {
	if [[ $1 == true && $2 == true ]]; then echo true; else echo false; fi
}
ours=true
[[ $fork == false ]] || ours=false
{
	printf 'fork=%s\n' "$fork"
	printf 'since=%s\n' "$since"
	printf 'commit=%s\n' "$commit"
	printf 'records=%s\n' "$SCRUTINY_RECORDS"
	printf 'sarif=%s\n' "$(yes "$SCRUTINY_SARIF" "$ours")"
	printf 'comment=%s\n' "$(yes "$SCRUTINY_COMMENT" "$(yes "$request" "$ours")")"
} >>"$GITHUB_OUTPUT"
if [[ $fork == true ]]; then
	echo 'This may be the change of a fork, or of Dependabot: built-in checks only, no model, nothing is written to the repository.'
fi
