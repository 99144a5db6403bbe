# shellcheck shell=bash
# What the scripts of this action share.
set -euo pipefail
export LC_ALL=C

# tell error|warning|notice WORDS: never words from elsewhere.
tell () {
	printf '::%s title=git scrutiny::%s\n' "$1" "$2"
}
fail () {
	tell error "$1"
	exit 1
}

# guarded COMMAND...: what it prints may hold words of a paper, a file name, a server: the runner obeys none of them.
guarded () {
	local end status=0
	end=$(od -An -N16 -tx1 /dev/urandom | tr -cd 0-9a-f)
	printf '::stop-commands::%s\n' "$end"
	"$@" 2>&1 || status=$?
	printf '\n::%s::\n' "$end"
	return "$status"
}

# authorised COMMAND...: git reaches the repository's server with the token, unless the checkout left credentials here. The
# token is in the environment of that command only: in no argument and no file.
authorised () (
	remote=$(git remote get-url --push origin 2>/dev/null || :)
	if [[ -n ${SCRUTINY_TOKEN-} && -n ${GITHUB_SERVER_URL-} && $remote == "$GITHUB_SERVER_URL"/* ]] &&
		! git config --get-urlmatch http.extraheader "$remote" >/dev/null; then
		n=${GIT_CONFIG_COUNT:-0}
		export GIT_CONFIG_COUNT=$((n + 1)) "GIT_CONFIG_KEY_$n=http.$GITHUB_SERVER_URL/.extraheader"
		export "GIT_CONFIG_VALUE_$n=Authorization: Basic $(printf 'x-access-token:%s' "$SCRUTINY_TOKEN" | base64 |
			tr -d '\n')"
	fi
	"$@"
)

# Commits of ours have an author where nobody set one.
name_author () {
	! git config user.email >/dev/null || return 0
	export GIT_AUTHOR_NAME='github-actions[bot]' GIT_COMMITTER_NAME='github-actions[bot]'
	export GIT_AUTHOR_EMAIL='41898282+github-actions[bot]@users.noreply.github.com'
	export GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
}

cd -- "${SCRUTINY_DIRECTORY:-.}" || fail 'the input "directory" is no folder here'
# In a container the folder belongs to another user, which git takes for a trap; who wrote the workflow named it.
config=${GIT_CONFIG_COUNT:-0}
export GIT_CONFIG_COUNT=$((config + 1)) "GIT_CONFIG_KEY_$config=safe.directory" "GIT_CONFIG_VALUE_$config=$PWD"
# No question is answered here.
export GIT_TERMINAL_PROMPT=0
