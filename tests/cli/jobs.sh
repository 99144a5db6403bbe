# shellcheck shell=sh
# Jobs of GitHub Actions for the tests of actions. Sourced after lib.sh.

python3 -c 'import yaml' 2>/dev/null || skip_all 'the Python package PyYAML is not installed'

# event JSON: what the jobs that follow are about.
event () {
	printf '%s\n' "$1" >"$world/event"
}

# job ACTION [NAME=VALUE...] [-- RUN-ACTION OPTION...]: runs the action's steps in the current folder, with these variables; the
# result is in $result.
job () {
	action=$1
	shift
	result=$world/result
	rm -rf "$result" "$world/runner"
	mkdir -p "$world/runner"
	for word; do
		shift
		if [ "$word" = -- ]; then
			set -- "$@" python3 "$source_tree/tests/tools/run-action.py" "$action" "$result"
		else
			set -- "$@" "$word"
		fi
	done
	env CI=true GITHUB_ACTIONS=true GIT_CONFIG_GLOBAL=/dev/null GITHUB_EVENT_PATH="$world/event" \
		GITHUB_REPOSITORY=lab/papers GITHUB_ACTOR=mallory GITHUB_SERVER_URL=https://github.com \
		GITHUB_SHA="$(git rev-parse HEAD 2>/dev/null)" GITHUB_RUN_ID=42 RUNNER_OS=Linux RUNNER_ARCH=X64 \
		RUNNER_TEMP="$world/runner" "$@" >"$world/out" 2>&1 || diagnose "$(cat "$world/out")"
}

# of FILE: a file of the result, see run-action.py; output NAME: an output of the action.
of () {
	cat "$result/$1"
}
output () {
	sed -n "s/^$1=//p" "$result/outputs"
}
