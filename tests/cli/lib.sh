# shellcheck shell=sh
# What the CLI tests share: TAP (see prove(1)), and a world in which nothing of the user's counts.
#
# A test sources this file, says how many checks it has, and makes them:
#
#	. "${0%/*}/lib.sh"
#	plan 2
#	repo sha1
#	run git scrutiny status
#	is "$status" 0 'status succeeds'
#	like "$out" '^0 papers' 'and finds nothing'
#
# Every test runs in a new directory, $PWD, that is removed at its end.

set -u

[ -n "${SCRUTINY_BUILD-}" ] || {
	echo "Bail out! SCRUTINY_BUILD does not name the build directory: use \`make check-cli\`"
	exit 1
}
# shellcheck disable=SC2034 # for the tests
source_tree=$(cd "$(dirname "$0")" && while [ ! -f Makefile ] && [ "$PWD" != / ]; do cd ..; done && pwd)

# -- the world --------------------------------------------------------------------------------

# Everything that git, curl or we listen to goes, whatever it is called.
for variable in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
	case $variable in
	GIT_* | *_API_KEY | *_API_TOKEN | *_BASE_URL | AWS_* | OLLAMA_* | SCRUTINY_[!B]* | \
	*_proxy | *_PROXY | XDG_* | EMAIL | PAGER | EDITOR | VISUAL | LESS | LV | NO_COLOR | CDPATH | \
	LANG | LANGUAGE | LC_* | COLUMNS)
		unset "$variable"
		;;
	esac
done

world=$(mktemp -d "${TMPDIR:-/tmp}/scrutiny-test.XXXXXX") || exit 1
# A test that hides write permissions must still be removable.
trap 'chmod -R u+w "$world" 2>/dev/null; rm -rf "$world"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

HOME=$world/home
TMPDIR=$world/tmp
TZ=UTC
LC_ALL=C.UTF-8
TERM=dumb
GIT_CONFIG_NOSYSTEM=1
GIT_CONFIG_GLOBAL=$HOME/.gitconfig
PATH=$SCRUTINY_BUILD:$PATH
export HOME TMPDIR TZ LC_ALL TERM GIT_CONFIG_NOSYSTEM GIT_CONFIG_GLOBAL PATH
mkdir "$HOME" "$TMPDIR" "$world/work"
cat >"$GIT_CONFIG_GLOBAL" <<'END'
[user]
	name = A Tester
	email = tester@example.org
[init]
	defaultBranch = main
[commit]
	gpgSign = false
END
cd "$world/work" || exit 1

# -- TAP ----------------------------------------------------------------------------------------

checks=0

# plan N
plan () {
	echo "1..$1"
}

# skip_all REASON: ends a test that cannot run here.
skip_all () {
	echo "1..0 # SKIP $1"
	exit 0
}

# ok CONDITION NAME: CONDITION is an exit status.
ok () {
	checks=$((checks + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $checks - $2"
	else
		echo "not ok $checks - $2"
	fi
	return "$1"
}

# diagnose TEXT: what a person needs to see of a failure.
diagnose () {
	printf '%s\n' "$1" | sed 's/^/# /'
}

# is GOT EXPECTED NAME
is () {
	if [ "$1" = "$2" ]; then
		ok 0 "$3"
	else
		ok 1 "$3"
		diagnose "got: $1"
		diagnose "expected: $2"
		[ -z "${err-}" ] || diagnose "standard error: $err"
	fi
}

# like TEXT REGEX NAME: some line matches the extended regular expression.
like () {
	if printf '%s\n' "$1" | grep -qE -e "$2"; then
		ok 0 "$3"
	else
		ok 1 "$3"
		diagnose "no line matches $2 in: $1"
		[ -z "${err-}" ] || diagnose "standard error: $err"
	fi
}

# unlike TEXT REGEX NAME
unlike () {
	if printf '%s\n' "$1" | grep -qE -e "$2"; then
		ok 1 "$3"
		diagnose "a line matches $2 in: $1"
	else
		ok 0 "$3"
	fi
}

# skip COUNT REASON: counts as checks that cannot be made here.
skip () {
	for _ in $(seq "$1"); do
		checks=$((checks + 1))
		echo "ok $checks # SKIP $2"
	done
}

# -- helpers ------------------------------------------------------------------------------------

# run COMMAND...: sets $out, $err and $status.
# shellcheck disable=SC2034 # for the tests
run () {
	status=0
	"$@" >"$world/out" 2>"$world/err" </dev/null || status=$?
	out=$(cat "$world/out")
	err=$(cat "$world/err")
}

# repo [sha1|sha256] [DIRECTORY]: makes a repository and goes there.
repo () {
	mkdir -p "${2:-repo}" && cd "${2:-repo}" && git init -q --object-format="${1:-sha1}"
}

# commit MESSAGE: commits everything, at a time that does not change from run to run.
commit () {
	tick=$((${tick:-1700000000} + 60))
	git add -A &&
		GIT_AUTHOR_DATE="$tick +0000" GIT_COMMITTER_DATE="$tick +0000" git commit -q -m "$1"
}
