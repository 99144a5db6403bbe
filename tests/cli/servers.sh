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

# start_server SCRIPT [ARGUMENT...]: runs it until the test ends; sets $address, and $server_output to the file that has
# what it says. Several can run.
start_server () {
	started=${started-}x
	script=${source_tree:?}/tests/servers/$1
	shift
	server_output=${world:?}/server$started
	: >"$server_output"
	BUILD="$SCRUTINY_BUILD" "$script" "$@" >"$server_output" 2>"$world/server$started.err" &
	server=$!
	servers="$server ${servers-}"
	# shellcheck disable=SC2086 # a list of processes
	trap 'kill $servers 2>/dev/null; wait $servers; chmod -R u+w "$world" 2>/dev/null; rm -rf "$world"' EXIT
	for _ in $(seq 1200); do
		# shellcheck disable=SC2034 # for the tests
		address=$(sed -n '1s/.*http:/http:/p' "$server_output")
		[ -z "$address" ] || return 0
		kill -0 $server 2>/dev/null || break
		sleep 0.05
	done
	echo "Bail out! $script did not start: $(tail -n 1 "$world/server$started.err")"
	exit 1
}
