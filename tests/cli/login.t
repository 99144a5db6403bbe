#!/bin/sh
# Keys: kept by git's credential helper, and to be found nowhere else.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
key=zq7-Wm4kT9vXr2LpY8sN3dHc
model_server --log "$world/log" --key $key
plan 43

repo sha1
lab
paper theory/one
commit papers

# A helper that keeps one secret a user name in a file of its own.
mkdir "$world/keys"
cat >"$world/helper" <<END
#!/bin/sh
while read -r line && [ -n "\$line" ]; do
	case \$line in
	username=*) user=\${line#*=} ;;
	password=*) password=\${line#*=} ;;
	esac
done
file="$world/keys/\${user:-nobody}"
case \$1 in
get) [ ! -f "\$file" ] || printf 'username=%s\npassword=%s\n' "\$user" "\$(cat "\$file")" ;;
store) printf '%s\n' "\$password" >"\$file" ;;
erase) rm -f "\$file" ;;
esac
END
chmod +x "$world/helper"

# typed TEXT COMMAND...: the text is the command's standard input.
typed () {
	printf '%s\n' "$1" >"$world/typed"
	shift
	status=0
	"$@" <"$world/typed" >"$world/out" 2>"$world/err" || status=$?
	out=$(cat "$world/out")
	err=$(cat "$world/err")
}

# -- before there is a helper ---------------------------------------------------------------------

typed $key git scrutiny models login lab
is "$status" 129 'without a helper there is nothing to log in to'
like "$err" 'no credential helper' 'which is said'
like "$err" '^hint: git config --global credential.helper' 'with what to do'
run git scrutiny --reviewers=lab/alpha --no-write
is "$status" 2 'a server that wants a key refuses'
like "$err" '401 .*no key was sent, .git scrutiny models login lab. keeps one' 'and it is said how to give it one'
git config credential.helper "$world/helper"

# -- what is typed wrongly -------------------------------------------------------------------------

run git scrutiny models login
is "$status" 129 'login needs a provider'
run git scrutiny models login lab $key
is "$status" 129 'and takes no key from the command line'
unlike "$out$err" $key 'nor repeats it'
run git scrutiny models signin lab
is "$status" 129 'an unknown word is refused'
typed $key git scrutiny models login nosuch
like "$err" "no provider 'nosuch'" 'and so is an unknown provider'
typed '' git scrutiny models login lab
like "$err" 'no key in the input' 'no key, no login'
typed 'wrong-key-1234567890' git scrutiny models login lab
is "$status" 129 'a key that the server refuses is not kept'
like "$err" '^error: the key for lab is not kept: 401' 'with what the server said'
unlike "$out$err" 'wrong-key' 'but for the key'
is "$(ls "$world/keys")" '' 'and the helper does not get it'

# -- in and out --------------------------------------------------------------------------------------

typed $key git scrutiny models login lab
is "$status" 0 'a good key is taken'
is "$out" "The key for lab is kept by git's credential helper." 'which is said'
is "$(cat "$world/keys/lab")" $key 'and the helper has it'

# Everything that this run writes, or tells git, is looked through.
trace () {
	# The leak checker does not work where another looks on.
	set -- env ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" GIT_TRACE="$world/trace" GIT_TRACE2="$world/trace" GIT_TRACE_CURL=1 GIT_TRACE_SCRUTINY=1 "$@"
	if command -v strace >/dev/null 2>&1 && strace -qq -e trace=none true 2>/dev/null; then
		strace -f -qq -s 8192 -e trace=execve -v -o "$world/strace" "$@"
	else
		"$@"
	fi
}
run trace git scrutiny --reviewers=lab/alpha
is "$status" 0 'a run finds the key there'
is "$(wc -l <"$world/log" | tr -d ' ')" 1 'and the server takes it'
unlike "$out$err$(cat "$world/trace")" $key 'the key is in no trace'
like "$(cat "$world/trace")" 'credential fill' 'although there were some'
[ ! -f "$world/strace" ] || unlike "$(cat "$world/strace")" $key 'in no argument and no environment'
[ -f "$world/strace" ] || skip 1 'strace is not there'
git scrutiny report --replay >/dev/null
ok "$(grep -raq $key . && echo 1 || echo 0)" 'in no file, in the work tree or in the git directory'
git cat-file --batch-all-objects --batch >"$world/objects"
ok "$(grep -aq $key "$world/objects" && echo 1 || echo 0)" 'and in no object'

# The server repeats the key it refuses, as some do.
printf 'sk-other-7hG5fD3sA1qW9eR2\n' >"$world/keys/lab"
run git scrutiny --reviewers=lab/beta --no-write
like "$err" "401 .*the key is the one in git's credential helper, .git scrutiny models login lab. replaces it" \
	'a refused key: where it came from'
unlike "$out$err" 'sk-other' 'without saying it'
git config scrutiny.lab.keyEnv LAB_KEY
run env LAB_KEY=sk-third-7hG5fD3sA1qW9eR2 git scrutiny --reviewers=lab/beta --no-write
like "$err" '401 .*the key is the one in LAB_KEY' 'or from which variable'
run env LAB_KEY=$key git scrutiny --reviewers=lab/beta --no-write
is "$status" 0 'the environment goes before the helper'
git config --unset scrutiny.lab.keyEnv

run git scrutiny models logout lab
is "$status" 0 'logout'
is "$(ls "$world/keys")" '' 'has the helper forget it'
run git scrutiny models logout lab
like "$err" 'keeps no key for lab' 'once'

# -- a password in an address -------------------------------------------------------------------------

git config scrutiny.other.endpoint "https://me:$key@127.0.0.1:9/v1"
git config http.sslVerify false
run trace git scrutiny --reviewers=other/alpha --no-write
unlike "$out$err$(cat "$world/trace")" $key 'a password in an address is in no message and no trace'
[ ! -f "$world/strace" ] || unlike "$(cat "$world/strace")" $key 'nor in an argument'
[ -f "$world/strace" ] || skip 1 'strace is not there'
run git scrutiny models
unlike "$out$err" $key 'nor is it listed'
git config scrutiny.other.endpoint "https://me:$key@elsewhere.invalid/v1"
run git scrutiny --reviewers=other/alpha --no-write
unlike "$out$err" $key 'nor in a warning'
run git scrutiny models login other </dev/null
unlike "$out$err" $key 'nor in what login says'
git config --unset http.sslVerify
git config --remove-section scrutiny.other

# -- helpers that are not what they seem ------------------------------------------------------------

git config credential.helper '!f() { echo username=me; echo password=ghp_0123456789abcdefghijABCDEFGHIJ012345; }; f'
run git scrutiny --reviewers=lab/repairs --no-write
like "$err" 'no key was sent' "a helper's token for somebody else goes nowhere"
git config credential.helper '!true'
typed $key git scrutiny models login lab
like "$err" 'helper did not keep the key' 'a helper that keeps nothing is found out'
git config core.askPass "$world/asks"
printf '#!/bin/sh\ntouch %s\n' "$world/asked" >"$world/asks"
chmod +x "$world/asks"
run env GIT_ASKPASS="$world/asks" SSH_ASKPASS="$world/asks" git scrutiny --reviewers=lab/repairs --no-write
ok "$([ ! -e "$world/asked" ]; echo $?)" 'nobody is asked during a run'
git config --unset core.askPass

# -- at a terminal --------------------------------------------------------------------------------

git config credential.helper "$world/helper"
cat >"$world/terminal.py" <<'END'
import os, pty, sys
pid, fd = pty.fork()
if not pid:
    os.execvp("git", ["git", "scrutiny", "models", "login", "lab"])
seen = b""
while b": " not in seen:
    seen += os.read(fd, 4096)
os.write(fd, sys.argv[1].encode() + b"\n")
try:
    while True:
        data = os.read(fd, 4096)
        if not data:
            break
        seen += data
except OSError:
    pass
print(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
run python3 "$world/terminal.py" $key
is "$status" 0 'a key that is typed'
like "$out" '^Key of lab: ' 'is asked for'
unlike "$out" $key 'and not shown'
