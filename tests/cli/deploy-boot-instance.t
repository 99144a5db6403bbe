#!/bin/sh
# git deploy boot on a real system: systemd boots in a container of its own (systemd-nspawn), with the real
# dockerd, which runs real images; the user-data installs what runs there. What it talks to (metadata service, SSM,
# Secrets Manager, ECR and its registry) is one server of ours in its network namespace, under the names, and with a
# certificate for them, that AWS has. Not real: the kernel is this machine's, cloud-init is a unit that runs the
# user-data, and the times until the instance powers itself off are shortened to seconds.
. "${0%/*}/servers.sh"
need_server instance-rootfs
. "${0%/*}/lib.sh"

for program in systemd-nspawn ip nsenter openssl curl python3 cc; do
	command -v "$program" >/dev/null || skip_all "there is no $program"
done
[ "$(id -u)" = 0 ] || skip_all 'only root can boot a system in a container'
[ -d "${world:?}" ] || exit 1

# -- the instance's world -------------------------------------------------------------------------

# shellcheck disable=SC2154 # of lib.sh
servers=$source_tree/tests/servers
rootfs=$(cd "$SCRUTINY_BUILD/instance-rootfs" && pwd)
network=scrutiny-$$
aws=$world/aws
root=$world/root
mkdir -p "$aws/images" "$aws/tags" "$root" "$world/upper" "$world/overlay" "$world/docker"
nspawn=
leader=
server=

# shellcheck disable=SC2317 # the trap calls it
clean_up () {
	[ -z "$nspawn" ] || {
		kill -KILL "$leader" "$nspawn"
		wait "$nspawn"
	}
	[ -z "$server" ] || kill "$server"
	umount "$root" || umount -l "$root"
	ip netns del "$network"
	chmod -R u+w "$world"
	rm -rf "$world"
}
trap 'clean_up 2>/dev/null' EXIT

ip netns add "$network" 2>/dev/null || skip_all 'no network namespace can be made here'
in_network () {
	ip netns exec "$network" "$@"
}
in_network ip link set lo up
in_network ip address add 169.254.169.254/32 dev lo
mount -t overlay overlay -o "lowerdir=$rootfs,upperdir=$world/upper,workdir=$world/overlay" "$root" 2>/dev/null ||
	skip_all 'no overlay can be mounted here'

# What must never be on a disk.
openai_key=sk-test-$(openssl rand -hex 16)
password="pa\$\$ 'word\" $(openssl rand -hex 16)"
secret_key=$(openssl rand -hex 20)
session_token=$(openssl rand -hex 40)
registry_password=$(openssl rand -hex 40)
python3 - "$aws/world.json" "$openai_key" "$password" "$secret_key" "$session_token" "$registry_password" <<'PYTHON'
import json, sys
path, openai, password, secret, token, registry = sys.argv[1:]
json.dump({
    "access_key": "ASIATESTTESTTESTTEST", "secret_key": secret, "session_token": token, "registry_password": registry,
    "parameters": {"/web-demo/openai": openai}, "secrets": {"web-demo/db": {"user": "web", "password": password}},
}, open(path, "w"))
PYTHON
hash_of () {
	printf %s "$1" | openssl dgst -sha256 -r | cut -d ' ' -f 1
}

# -- the app --------------------------------------------------------------------------------------

repo sha1
registry=123456789012.dkr.ecr.eu-central-1.amazonaws.com
cat >.deploy.yml <<YAML
app: web-demo
registry: $registry/web-demo
image: {base: "busybox:1.36"}
port: 8501
health: {path: /healthz, timeout: 3}
secrets:
  OPENAI_API_KEY: /web-demo/openai
  PASSWORD: secretsmanager:web-demo/db#password
data: [/data]
memory: 64 MB
environments:
  prod: {port: 8080}
YAML
commit 'An app'
git deploy iam --role=instance >"$aws/policy.json" || exit 1

# -- who answers it
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=test' \
	-addext "subjectAltName=DNS:*.eu-central-1.amazonaws.com,DNS:api.ecr.eu-central-1.amazonaws.com,DNS:$registry" \
	-keyout "$aws/key.pem" -out "$aws/cert.pem" 2>/dev/null
# Where Go and where OpenSSL look.
mkdir -p "$root/etc/ssl/certs" "$root/usr/lib/ssl"
cp "$aws/cert.pem" "$root/etc/ssl/certs/ca-certificates.crt"
cp "$aws/cert.pem" "$root/usr/lib/ssl/cert.pem"
printf '127.0.0.1 %s\n' localhost ssm.eu-central-1.amazonaws.com secretsmanager.eu-central-1.amazonaws.com \
	api.ecr.eu-central-1.amazonaws.com "$registry" >"$root/etc/hosts"

cc -static -O1 -o "$aws/app" "$servers/instance_app.c" -lcrypto 2>/dev/null ||
	skip_all 'no static program with libcrypto can be linked here'
cp "$rootfs/bin/busybox" "$aws/busybox"
# image NAME MODE
image () {
	# shellcheck disable=SC2016 # that is what the app gets
	printf '["%s", "%s", "it'\''s", "$HOME \\"*\\"", "a\\nb"]\n' "$2" "$1" >"$aws/images/$1"
}
tag () {
	echo "$2" >"$aws/tags/$1"
}
for name in v1 v4 v5 v6 v7; do
	image "$name" ok
done
image v2 crash
image v3 sick
image v8 crash
tag prod v1
ip netns exec "$network" python3 "$servers/instance_server.py" "$aws" >"$world/server.log" 2>&1 &
server=$!
for _ in $(seq 100); do
	[ ! -f "$aws/ready" ] || break
	sleep 0.1
done
digest_of () {
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$aws/digests.json" "$1"
}

# -- the instance ---------------------------------------------------------------------------------

# In place of cloud-init; and dockerd gets the cgroups that nspawn leaves read-only where they are of version 1.
units=$root/etc/systemd/system
mkdir -p "$units/docker.service.d" "$units/graphical.target.wants" "$root/var/log/journal"
cat >"$units/docker.service.d/nspawn.conf" <<'UNIT'
[Service]
ExecStartPre=-/bin/sh -c 'for m in /sys/fs/cgroup/*; do mountpoint -q $$m && mount -o remount,bind,rw $$m; done; true'
UNIT
cat >"$units/user-data.service" <<'UNIT'
[Unit]
After=network-online.target multi-user.target
ConditionPathExists=!/var/lib/user-data-ran
[Service]
Type=oneshot
KillMode=process
ExecStart=/bin/sh /var/lib/user-data
ExecStartPost=/bin/touch /var/lib/user-data-ran
UNIT
ln -s ../user-data.service "$units/graphical.target.wants/user-data.service"

start () {
	SYSTEMD_NSPAWN_API_VFS_WRITABLE=network systemd-nspawn --quiet --directory="$root" --boot \
		--network-namespace-path="/run/netns/$network" --machine="$network" --register=no --keep-unit --kill-signal=SIGRTMIN+3 --capability=all \
		--system-call-filter='@keyring bpf' --resolv-conf=off --timezone=off \
		--bind="$world/docker:/var/lib/docker" >"$world/console" 2>&1 </dev/null &
	nspawn=$!
	leader=
	for _ in $(seq 100); do
		leader=$(cut -d ' ' -f 1 "/proc/$nspawn/task/$nspawn/children" 2>/dev/null)
		[ -z "$leader" ] || [ "$(cat "/proc/$leader/comm" 2>/dev/null)" != systemd ] || return 0
		kill -0 "$nspawn" 2>/dev/null || return 1
		sleep 0.1
	done
	return 1
}
inside () {
	nsenter --target "$leader" --mount --uts --ipc --pid --net --root --wd \
		env -i PATH=/usr/sbin:/usr/bin "$@"
}
# wait_for SECONDS COMMAND...
wait_for () {
	deadline=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$deadline" ] || return 1
		sleep 0.1
	done
}
is_off () {
	! kill -0 "$nspawn" 2>/dev/null
}
get () {
	in_network curl -s --max-time 10 "http://127.0.0.1:${2:-8080}${1:-/}"
}
answers () {
	get / "${2-}" | grep -qx "word $1"
}
# Of what the instance wrote, also when it is off.
journal () {
	journalctl --directory "$root/var/log/journal" --no-pager --output cat "$@" 2>/dev/null
}
boot () {
	run inside /usr/local/lib/git-deploy/boot "$@"
}

git deploy boot --user-data >"$root/var/lib/user-data" || exit 1
start || skip_all "systemd-nspawn does not boot here: $(tail -n 1 "$world/console")"

plan 45
wait_for 40 answers v1
ok $? 'the first boot runs the user-data, which has the image pulled and run' || {
	diagnose "$(journal --unit 'git-deploy-*' --unit user-data.service | tail -n 40)"
	diagnose "$(tail -n 20 "$world/server.log" "$aws/requests")"
}
out=$(get)
like "$out" "^OPENAI_API_KEY $(hash_of "$openai_key")\$" 'the parameter of SSM is in the environment of the app'
like "$out" "^PASSWORD $(hash_of "$password")\$" 'and so is the member of the secret of Secrets Manager'
# shellcheck disable=SC2016 # no shell is to expand it
like "$out" '^word \$HOME "\*"$' 'the words of the command are what the image says'
like "$out" '^user 1234$' 'and so is the user'
# shellcheck disable=SC2016
run inside sh -c 'docker inspect $(docker ps -aq)'
unlike "$out" "$openai_key|OPENAI_API_KEY" 'docker inspect knows of no secret'
like "$(journal --unit 'git-deploy-web-demo@blue')" '^the app v1 is here$' 'the journal has what the app prints'
is "$(inside sh -c 'find /var/lib/docker/containers -name "*-json.log" -size +0')" '' 'and no file of docker has it'

inside docker kill git-deploy-web-demo-blue >/dev/null
get >/dev/null
wait_for 20 answers v1
ok $? 'an app that dies is started again'

# -- releases that do not work --------------------------------------------------------------------

tag prod v2
boot refresh
is "$status" 1 'a release that crashes is told of'
like "$err" '^the container ended before it was healthy$' 'as soon as it does'
like "$err" "^fell back to $registry/web-demo@$(digest_of v1)\$" 'with what is served instead'
answers v1
ok $? 'and the one before serves'
boot refresh
like "$err" "$(digest_of v2) failed on this boot" 'it is not tried twice'
tag prod v3
boot refresh
like "$err" '^/healthz did not answer within 3 seconds$' 'a release that is never healthy is told of, too'
answers v1
ok $? 'and the one before serves'
tag prod v4
boot refresh
is "$status" 0 'a release that works takes over'
answers v4
ok $? 'and serves'
boot status
like "$out" "^serving $(digest_of v4) active\$" 'the status says so'

# -- releases side by side ------------------------------------------------------------------------

# strategy NAME: of the environment from now on; installed the way `git deploy boot --install` does it.
strategy () {
	sed -i "s/^  prod:.*/  prod: {port: 8080, second_port: 8081, strategy: $1}/" .deploy.yml
	commit "Release by $1"
	git deploy boot --user-data >"$root/var/lib/user-data"
	inside sh /var/lib/user-data >"$world/installed" 2>&1 || diagnose "$(cat "$world/installed")"
	inside systemctl start git-deploy-web-demo.service # waits for the restart that is under way
}
strategy blue-green
answers v4
ok $? 'the user-data may run again, with another strategy' ||
	diagnose "$(journal --unit 'git-deploy-*' | tail -n 40)"
(
	while [ ! -f "$world/enough" ]; do
		get / >"$world/answer" && grep -q '^user 1234$' "$world/answer" || echo failed >>"$world/failures"
	done
) &
asking=$!
get /slow >"$world/slow" &
tag prod v5
boot refresh
is "$status" 0 'blue-green: a release that works takes over'
answers v5
ok $? 'and serves'
tag prod v8
boot refresh
is "$status" 1 'one that does not is told of'
answers v5
ok $? 'and the one before serves'
: >"$world/enough"
wait "$asking"
is "$(cat "$world/failures" 2>/dev/null)" '' 'in all that time no request failed'
like "$(cat "$world/slow")" '^word v4$' 'and one that took long was finished by the release it was made to'

tag prod v5
strategy replace
wait_for 20 answers v5
ok $? 'the strategy may change back'
strategy canary
tag prod-canary v6
boot refresh
answers v6 8081 && answers v5
ok $? 'canary: the new release is on the second port, the old one stays on the first'
boot promote
answers v6
ok $? 'promoted, it has the first'
answers v6 8081
is "$?" 1 'and the second is closed'
tag prod v6
tag prod-canary v7
boot refresh
answers v7 8081
ok $? 'the next canary'
boot abort
answers v6 && ! answers v7 8081
ok $? 'dropped, it is gone'
boot refresh
answers v7 8081
is "$?" 1 'and does not come back'

# -- the next boot: a bad image, and nobody there -------------------------------------------------

inside systemctl poweroff 2>/dev/null
wait_for 20 is_off
ok $? 'the instance powers off'
tag prod v3
sed -i "s/^idle_seconds=.*/idle_seconds='3'/; s/^idle_cpu_percent=.*/idle_cpu_percent='1000'/" "$root/etc/git-deploy/settings"
mkdir -p "$units/git-deploy-web-demo-watch.timer.d"
cat >"$units/git-deploy-web-demo-watch.timer.d/short.conf" <<'UNIT'
[Timer]
OnBootSec=1
OnUnitInactiveSec=1
AccuracySec=100ms
UNIT
start
wait_for 30 answers v6
ok $? 'booted with a bad release, it falls back to the last good one' ||
	diagnose "$(journal --boot --unit 'git-deploy-*' | tail -n 40)"
get /slow >/dev/null
is_off
is $? 1 'as long as somebody is connected, it stays on'
wait_for 20 is_off
ok $? 'when nobody is, it powers itself off'
like "$(journal --boot --unit git-deploy-web-demo)" "^fell back to $registry/web-demo@$(digest_of v6)\$" \
	'the journal says what it fell back to'
like "$(cat "$root/var/lib/git-deploy/stopped")" 'idle for' 'and leaves the reason'

# -- the next: no registry, and the longest time --------------------------------------------------

: >"$aws/unreachable"
sed -i "s/^idle_seconds=.*/idle_seconds='0'/" "$root/etc/git-deploy/settings"
start
wait_for 30 answers v6
ok $? 'without a registry, it runs the last good release' ||
	diagnose "$(journal --boot --unit 'git-deploy-*' | tail -n 40)"
like "$(journal --boot --unit git-deploy-web-demo)" 'cannot be pulled; going on with the last good image' \
	'and the journal says so'
mkdir -p "$units/git-deploy-web-demo-uptime.timer.d"
printf '[Timer]\nOnBootSec=\nOnBootSec=1\n' >"$units/git-deploy-web-demo-uptime.timer.d/short.conf"
inside systemctl daemon-reload
inside systemctl restart git-deploy-web-demo-uptime.timer 2>/dev/null # which it stops, too
wait_for 20 is_off
ok $? 'after the longest time it may run, it powers itself off'
like "$(journal --boot --unit 'git-deploy-*')" 'powering off: up for as long as it may be' 'and says why'
nspawn=

# -- no secret is left ----------------------------------------------------------------------------

found=
for secret in "$openai_key" "$password" "$secret_key" "$session_token" "$registry_password" \
	"$(printf 'AWS:%s' "$registry_password" | base64 -w 0)" "$(printf %s "$openai_key" | base64 -w 0)"; do
	printf '%s\n' "$secret"
done >"$world/secrets"
found=$(grep -rlaF --file="$world/secrets" "$world/upper" "$world/docker" "$root" 2>/dev/null)
is "$found" '' 'no file of the instance holds a secret, byte by byte'
grep -rqaF "$openai_key" "$aws"
ok $? 'which that search does find where it is'
