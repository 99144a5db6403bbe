# shellcheck shell=sh
# Servers that are packages of others. Source this before lib.sh, which hides the user's settings:
# a package manager may need them.
#
#	need_server aimock-start
#	. "${0%/*}/lib.sh"
#	start_server aimock-start      sets $address

# need_server SCRIPT: installs what it needs if TEST_INSTALL=1; ends the test as skipped if that is
# not possible. Can be run again and again.
need_server () {
	reason=$(BUILD="$SCRUTINY_BUILD" "${0%/*}/../servers/$1" --install 2>&1) && return
	echo "1..0 # SKIP $(printf '%s\n' "$reason" | sed -n '$s/.*: skipped: //p')"
	exit 0
}

# start_server SCRIPT: runs it until the test ends.
start_server () {
	BUILD="$SCRUTINY_BUILD" "${source_tree:?}/tests/servers/$1" >"${world:?}/server" 2>"$world/server.err" &
	server=$!
	trap 'kill $server 2>/dev/null; wait $server; chmod -R u+w "$world" 2>/dev/null; rm -rf "$world"' EXIT
	for _ in $(seq 240); do
		# shellcheck disable=SC2034 # for the tests
		address=$(sed -n '1s/.*http:/http:/p' "$world/server")
		[ -z "$address" ] || return 0
		kill -0 $server 2>/dev/null || break
		sleep 0.25
	done
	echo "Bail out! $1 did not start: $(tail -n 1 "$world/server.err")"
	exit 1
}
