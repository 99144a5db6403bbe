#!/bin/sh
# git deploy boot: what it prints and writes, and the scripts one by one. deploy-boot-instance.t boots them.
. "${0%/*}/lib.sh"

repo sha1
cat >.deploy.yml <<'YAML'
app: web-demo
registry: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/web-demo
image: {base: "python:3.12-slim"}
port: 8501
health: /_stcore/health
secrets:
  OPENAI_API_KEY: /web-demo/openai
gpu: true
environments:
  prod:
    strategy: blue-green
    second_port: 8081
  lab:
    region: us-east-1
  test:
    strategy: canary
    canary_instance: test-canary
YAML
commit 'An app'
plan 45

# -- printing and writing -------------------------------------------------------------------------

run git deploy boot
is "$status" 0 'the files are listed'
like "$out" '^0755 +[0-9]+  /usr/local/lib/git-deploy/boot$' 'with modes and sizes'
like "$err" '^hint: .*git deploy infra' 'and what to do with them'
run git deploy boot --env=lab --print settings
like "$out" "^region='us-east-1'\$" 'one of them is printed, for the environment that was asked for'
run git deploy boot --env=test --canary --print settings
like "$out" "^tag='test-canary'\$" 'the instance of canary releases has their tag'
run git deploy boot --print git-deploy-web-demo-watch.timr
is "$status" 129 'a file that there is not is refused'
like "$err" "did you mean 'git-deploy-web-demo-watch.timer'" 'with the one that was meant'
run git deploy boot --user-data --print boot
is "$status" 129 'two ways of printing exclude one another'
run git deploy boot --env=lab --install
like "$err" "^error: environment 'lab' names no instance\$" 'nothing is installed where there is no instance'
run git deploy boot --canary
like "$err" "environment 'prod' has no instance for canaries" 'nor where there is none for canaries'
run git deploy boot -o out
is "$status" 0 'they are written'
is "$(stat -c %a out/usr/local/lib/git-deploy/boot out/etc/git-deploy/settings | tr '\n' ' ')" '755 644 ' 'with their modes'
git deploy boot --user-data >user-data
cmp -s user-data out/user-data
ok $? 'the user-data is written as it is printed'
[ "$(wc -c <user-data)" -le 16384 ] && sh -n user-data
ok $? 'it is a script, and not too long for EC2'

# The script that is packed in it, run below another root.
sed '1,/base64 -d/d; /^END$/,$d' user-data | base64 -d | gzip -dc >packed
sh -n packed
ok $? 'so is what is packed in it'
sed 's/^install_docker ()/exit 0\n&/' packed | sed "s#^\(install_file [0-7]* '\)/#\1$PWD/packed-root/#" >moved
grep '^install_file 0' moved | grep -v "'$PWD/packed-root/" >unmoved
[ ! -s unmoved ] && grep -q '^exit 0$' moved && sh moved
ok $? 'which runs'
(cd out && find etc usr -type f) | while read -r file; do
	sed '/^[[:blank:]]*#\([^!]\|$\)/d' "out/$file" | cmp - "packed-root/$file"
done >differences 2>&1
is "$(cat differences)" '' 'and installs the very files, less their comments'
is "$(cd packed-root && find . -type f | wc -l)" "$(find out/etc out/usr -type f | wc -l)" 'and no other'

# -- the files themselves -------------------------------------------------------------------------

scripts=out/usr/local/lib/git-deploy
if command -v shellcheck >/dev/null; then
	(
		cd "$source_tree" &&
			shellcheck -x "$world/work/repo/$scripts/boot" "$world/work/repo/$scripts/watch" &&
			shellcheck --shell=sh "$world/work/repo/$scripts/enter" "$world/work/repo/user-data" &&
			shellcheck --shell=sh --severity=warning "$world/work/repo/packed"
	)
	ok $? 'shellcheck has nothing to say'
else
	skip 1 'there is no shellcheck'
fi
python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$scripts/fetch"
ok $? 'what is in Python is Python'
if command -v systemd-analyze >/dev/null && [ -x /usr/lib/systemd/systemd-socket-proxyd ]; then
	mkdir units
	for unit in out/etc/systemd/system/*; do
		name=${unit##*/}
		# verify wants instances, and programs that are there.
		case $name in
		*-port@*) name=$(echo "$name" | sed 's/@/@8080/') ;;
		esac
		sed "s|/usr/local/lib|$PWD/out/usr/local/lib|" "$unit" >"units/$name"
	done
	run systemd-analyze verify units/*
	is "$(printf '%s\n' "$err" | grep web-demo)" '' 'systemd-analyze has nothing to say'
else
	skip 1 'there is no systemd'
fi

# -- the scripts, on a system of stand-ins --------------------------------------------------------

mkdir -p bin root/lib root/run root/state secrets
for script in "$scripts"/*; do
	sed "s|/proc/swaps|$PWD/swaps|g; s|/etc/git-deploy|$PWD/root|g; s|/usr/local/lib/git-deploy|$PWD/root/lib|g; s|/run/git-deploy|$PWD/root/run|g
		s|/var/lib/git-deploy|$PWD/root/state|g; s|/run/secrets|$PWD/secrets|g" "$script" >"root/lib/${script##*/}"
	chmod +x "root/lib/${script##*/}"
done
mkdir -p root/run-watch
cp out/etc/git-deploy/settings root/settings

# stand_in NAME: a program whose script comes from standard input.
stand_in () {
	{
		echo '#!/bin/sh'
		cat
	} >"bin/$1"
	chmod +x "bin/$1"
}
PATH=$PWD/bin:$PATH
stand_in docker </dev/null
stand_in loginctl </dev/null
stand_in grep <<'STAND_IN'
[ "$1" = -lsx ] || exec /usr/bin/grep "$@"
STAND_IN
stand_in nvidia-smi <<'STAND_IN'
cat gpu
STAND_IN
stand_in systemctl <<'STAND_IN'
[ "$1" != poweroff ] || : >off
[ "$1" != show ] || printf 'exited\n0\n'
STAND_IN
cat >root/lib/fetch <<'STAND_IN'
#!/bin/sh
cat tag
STAND_IN

# look: whether the instance powers itself off, as it looks once more.
look () {
	rm -f off
	run root/lib/watch look
	[ -f off ]
}
sed -i "s/^idle_seconds=.*/idle_seconds='1'/; s/^idle_cpu_percent=.*/idle_cpu_percent='1000'/" root/settings
echo 0 >gpu
: >tag
look
is $? 1 'the first look decides nothing'
echo 1 >root/run-watch/idle-since
look
ok $? 'idle for long enough, the instance powers itself off'
like "$(cat root/state/stopped)" '^20[0-9-]*T[0-9:]*Z idle for [0-9]* minutes$' 'and leaves when and why'
echo 80 >gpu
look
is $? 1 'not while the GPU works'
echo 0 >gpu
echo 1 >root/run-watch/idle-since
(
	flock 9
	echo >locked
	sleep 60
) 9>root/run/lock >/dev/null 2>&1 &
holder=$!
while [ ! -f locked ]; do
	sleep 0.02
done
look
is $? 1 'nor while a release starts'
kill "$holder"
echo 1 >root/run-watch/idle-since
stand_in loginctl <<'STAND_IN'
echo '1 1000 user seat0'
STAND_IN
look
is $? 1 'nor while somebody is logged in'
stand_in loginctl </dev/null
sed -i "s/^idle_seconds=.*/idle_seconds='0'/" root/settings
echo 1 >root/run-watch/idle-since
look
is $? 1 'nor when it is never to'
sed -i "s/^idle_seconds=.*/idle_seconds='1'/" root/settings
echo 1 >root/run-watch/idle-since
echo 1 >root/run-watch/looked
look
is $? 1 'nor when it has just woken up: nobody looked meanwhile'
sed -i "s/^idle_seconds=.*/idle_seconds='0'/" root/settings
date -d '1 hour' +%s >tag
look
is $? 1 'the budget reaches for another hour'
# began AGO: the instance was woken up that many seconds ago.
began () {
	awk '{ print int($1) }' /proc/uptime >root/run-watch/looked
	echo $(($(cat root/run-watch/looked) - $1)) >root/run-watch/woken
}
date -d '1 year ago' +%s >tag
began 600
look
is $? 1 'what was set for an earlier start does not end this one at once'
like "$out" 'was over before this start: powering off in (19|20) minutes; `git deploy start` gives it more' 'but is told of'
began 1800
look
ok $? 'and ends it when half an hour is over'
began 1800
date -u -d '1 minute ago' +%Y-%m-%dT%H:%M:%SZ >tag
look
ok $? 'and when it is used up, the instance powers itself off'
# shellcheck disable=SC2016 # nobody is to expand it
echo '$(touch hacked); rm -rf x' >tag
look
is $?-"$(ls hacked 2>/dev/null)" 1- 'a tag that is no time does nothing'

# A release that was killed.
: >tag
began 0
stand_in systemctl <<'STAND_IN'
[ "$1" != restart ] || echo "$@" >>restarted
[ "$1" != is-failed ] || [ ! -f alive ]
STAND_IN
mkdir -p root/run-ports
ln -s blue root/run-ports/80
touch alive
look
is "$(cat restarted 2>/dev/null)" '' 'as long as the app lives, it is let alone'
rm alive
look
is "$(cat restarted)" 'restart --no-block git-deploy-web-demo.service' \
	'a release that was killed while nothing is served is followed by what served before'

# A promotion that was killed when the port had moved: the slot before still runs.
old=sha256:$(printf %064d 1) new=sha256:$(printf %064d 2)
mkdir -p root/run/blue root/run/green
echo "$old" | tee root/run/blue/image >root/state/good
echo "$new" >root/run/green/image
ln -sfn green root/run-ports/80
ln -s green root/run-ports/8081
run root/lib/boot promote
is "$status $(readlink root/run-ports/80)" '0 green' 'a promotion that was killed is completed, not turned back'
is "$(ls -d root/run/blue root/run-ports/8081 2>/dev/null)" '' 'with the slot before, and the second port, given up'
is "$(cat root/state/good root/state/previous)" "$new
$old" 'and remembered as good'

# Swap: the kernel of this system knows no tmpfs without.
printf 'Filename Type Size Used Priority\n/swap file 1 0 -2\n' >swaps
stand_in mountpoint <<'STAND_IN'
exit 1
STAND_IN
stand_in mount <<'STAND_IN'
case $* in *noswap*) exit 32 ;; esac
STAND_IN
run root/lib/boot secrets
is "$status" 1 'where secrets would be swapped to a disk, the app is not started'
like "$err" '^this system swaps to a disk, where secrets would end up' 'and the journal says why'
printf 'Filename Type Size Used Priority\n/dev/zram0 partition 1 0 100\n' >swaps
: >tag
run root/lib/boot secrets
is "$status" 0 'swap in memory does no harm'

# What the container sees.
printf 'two\nlines\n\n' >secrets/MANY
printf '%s' "it's \$HOME \\ \"x\"" >secrets/ODD
: >secrets/EMPTY
run sh root/lib/enter sh -c 'printf "%s|%s|%s|%s" "$MANY" "$ODD" "$EMPTY" "$1"' name 'the  word'
is "$out" "two
lines
|it's \$HOME \\ \"x\"||the  word" 'secrets arrive in the environment byte by byte but for the end of a typed line, and so do the words'
run sh root/lib/enter env
is "$(printf '%s\n' "$out" | grep -c '^EMPTY=$')" 1 'an empty secret is empty'
