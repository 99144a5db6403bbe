#!/bin/bash
# Runs git scrutiny once; its findings go to the log as annotations, to the summary of the job, and into files.
# shellcheck source=common.sh
. "${BASH_SOURCE[0]%/*}/common.sh"

name_author
place=$(mktemp -d "$RUNNER_TEMP/git-scrutiny-report.XXXXXX")
options=(--format=github "--output=$place/annotations" "--save=summary:$place/summary.md" "--save=md:$place/report.md"
	"--save=json:$place/report.json" "--save=sarif:$place/report.sarif" "--fail-on=$SCRUTINY_FAIL_ON"
	"--max-cost=$SCRUTINY_MAX_COST")
if [[ $SCRUTINY_FORK != false ]]; then
	options+=(--checks-only)
elif [[ -n ${SCRUTINY_REVIEWERS-} ]]; then
	options+=("--reviewers=${SCRUTINY_REVIEWERS// /}")
fi
if [[ -n ${SCRUTINY_SINCE-} ]]; then
	options+=("--since=$SCRUTINY_SINCE")
else
	options+=(--all)
fi
case $SCRUTINY_COMMIT in
push) options+=(--commit) ;;
pr)
	options+=(--pr)
	export GITHUB_TOKEN=${SCRUTINY_TOKEN-}
	;;
*) options+=(--no-write) ;;
esac
papers=()
while IFS= read -r paper; do
	paper=${paper%$'\r'}
	[[ -z $paper ]] || papers+=("$paper")
done <<<"${SCRUTINY_PAPERS-}"

before=$(git rev-parse --quiet --verify HEAD || :)
status=0
if [[ $SCRUTINY_COMMIT == pr ]]; then
	guarded authorised git scrutiny run "${options[@]}" -- "${papers[@]}" || status=$?
else
	guarded git scrutiny run "${options[@]}" -- "${papers[@]}" || status=$?
fi
errors=0 warnings=0 notes=0 reviewed=0
if [[ -s $place/annotations ]]; then
	# Each line of it is one of ours: words from elsewhere are escaped in it.
	cat -- "$place/annotations"
	# "3 errors, 1 note in 2 papers, ..."
	counts=$(tail -n 1 -- "$place/annotations")
	[[ ! $counts =~ \ in\ ([0-9]+)\ paper ]] || reviewed=${BASH_REMATCH[1]}
	counts=${counts%% in *}
	[[ ! $counts =~ ([0-9]+)\ error ]] || errors=${BASH_REMATCH[1]}
	[[ ! $counts =~ ([0-9]+)\ warning ]] || warnings=${BASH_REMATCH[1]}
	[[ ! $counts =~ ([0-9]+)\ note ]] || notes=${BASH_REMATCH[1]}
fi
[[ -z ${GITHUB_STEP_SUMMARY-} || ! -s $place/summary.md ]] || cat -- "$place/summary.md" >>"$GITHUB_STEP_SUMMARY"

if [[ $SCRUTINY_COMMIT == push && $status -lt 128 && $(git rev-parse HEAD) != "$before" ]]; then
	guarded authorised git push --quiet origin "HEAD:$GITHUB_REF" || {
		tell error 'the reports could not be pushed: the branch has moved on, is protected, or permissions: contents: write is missing'
		status=2
	}
fi
verdict=clean
[[ $notes == 0 ]] || verdict=notes
[[ $warnings == 0 ]] || verdict=warnings
[[ $errors == 0 ]] || verdict=errors
[[ $status -le 1 ]] || verdict=incomplete
{
	printf 'verdict=%s\n' "$verdict"
	printf 'papers=%s\n' "$reviewed"
	printf 'errors=%s\n' "$errors"
	printf 'warnings=%s\n' "$warnings"
	printf 'notes=%s\n' "$notes"
	printf 'status=%s\n' "$status"
	printf 'report=%s\n' "$place/report.md"
	printf 'json=%s\n' "$place/report.json"
	printf 'sarif=%s\n' "$place/report.sarif"
} >>"$GITHUB_OUTPUT"
# Without its files there is nothing that the steps that follow could tell.
[[ $status -lt 128 ]] || fail 'git scrutiny could not run: why is said above'
