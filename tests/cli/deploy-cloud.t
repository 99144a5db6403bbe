#!/bin/sh
# git deploy start, stop, hibernate and logs against a mock of AWS that recomputes every signature with botocore and
# evaluates the policies that `git deploy iam` prints, with their resources and conditions.

# shellcheck source=servers.sh
. "${0%/*}/servers.sh"
need_server moto-start
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
export MOTO_FAULTS="$world/faults" MOTO_AGENT="$world/agent" MOTO_SLOW="$world/slow"
start_server moto-start
python=$SCRUTINY_BUILD/moto/bin/python
tool=$SCRUTINY_BUILD/tests/tools/cloud-call
[ -x "$tool" ] || {
	echo "Bail out! $tool is not built: use \`make check-cli\`"
	exit 1
}
plan 112

# test_ask PATH [FILE]: asks what the mock tells tests only.
test_ask () {
	path=$1
	shift
	"$python" -c '
import sys, urllib.request
data = open(sys.argv[2], "rb").read() if len(sys.argv) > 2 else None
print(urllib.request.urlopen(sys.argv[1].replace(" ", "%20"), data).read().decode(), end="")
' "$address/test/$path" "$@"
}
state () {
	test_ask "state/eu-west-1/$1"
}
"$python" "$source_tree/tests/servers/cloud_world.py" "$address" prod gpu nap far odd none person nobody >"$world/made" || exit 1
web='' gpu='' nap=''
# shellcheck disable=SC1091 # made above
. "$world/made"

# -- an app that is healthy, and one that is not -----------------------------------------------------------

mkdir "$world/site"
echo well >"$world/site/healthz"
"$python" -c '
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
print(server.server_port, flush=True)
server.serve_forever()
' "$world/site" >"$world/port" 2>/dev/null &
site=$!
trap 'kill $site $server 2>/dev/null; wait; rm -rf "$world"' EXIT
while [ ! -s "$world/port" ]; do sleep 0.05; done
url=http://127.0.0.1:$(cat "$world/port")

repo sha1 "$world/work/repo"
cat >.deploy.yml <<END
app: web-demo
registry: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web-demo
image:
  base: python:3.12-slim
port: 8501
health: /healthz
uptime: 8 hours
secrets:
  OPENAI_API_KEY: /web-demo/openai
  DB_PASSWORD: secretsmanager:web-demo/db#password
  MISSING: secretsmanager:web-demo/none
environments:
  prod: {instance: web-demo, type: t3.medium, url: '$url'}
  sick: {instance: web-demo, type: t3.medium, url: '$url/sick'}
  gpu: {instance: gpu-demo, type: g5.xlarge, spot: true, url: '$url'}
  nap: {instance: nap-demo, type: t3.medium, url: '$url'}
  far: {instance: far-demo, type: t3.medium, url: '$url'}
  odd: {instance: odd-demo, url: '$url'}
  none: {instance: nothing-demo}
END
commit configuration

export AWS_ENDPOINT_URL="$address" AWS_EC2_METADATA_DISABLED=true AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY

# as USER: one who has the policy that is printed for the environment of that name; nobody has none.
as () {
	eval "AWS_ACCESS_KEY_ID=\$key_$1 AWS_SECRET_ACCESS_KEY=\$secret_$1"
}
for user in prod gpu nap far odd none; do
	git deploy iam --role=ci --env="$user" >"$world/policy" && test_ask "policy/$user" "$world/policy"
done
git deploy iam --role=person >"$world/policy" && test_ask policy/person "$world/policy"

# -- the registry, secrets -----------------------------------------------------------------------

as prod
export AWS_REGION=eu-west-1
run "$tool" login
is "$out" 'AWS with a password' 'a login for the registry'
run "$tool" repository web-demo
like "$err" "^there is no repository 'web-demo' in ECR in eu-west-1\$" 'a repository that is not there'
like "$err" '^hint: `git deploy push --accept-cost` makes it' 'a repository that is not there: how it is made'
run "$tool" make web-demo
like "$err" '^ecr: AccessDeniedException: .*ecr:CreateRepository on resource: arn:aws:ecr:eu-west-1:123456789012:repository/web-demo' \
	'CI makes no repository'
run "$tool" repository another
like "$err" '^ecr: AccessDeniedException: .*repository/another' 'nor does it see another'
as person
for time in 'is made' 'is left as it is'; do
	run "$tool" make web-demo
	is "$out" '123456789012.dkr.ecr.eu-west-1.amazonaws.com/web-demo immutable latest moves' "a repository $time"
done
as prod
run "$tool" repository web-demo
is "$out" '123456789012.dkr.ecr.eu-west-1.amazonaws.com/web-demo immutable latest moves' 'and is found'
like "$(test_ask repository/eu-west-1/web-demo)" '"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":14' \
	'untagged images go after two weeks'
like "$(test_ask repository/eu-west-1/web-demo)" '"tagPatternList":\["\*"\],"countType":"imageCountMoreThan","countNumber":30' \
	'the newest tagged ones stay'
like "$(test_ask repository/eu-west-1/web-demo)" \
	'"rulePriority":2,.*"tagPatternList":\["prod"\],"countType":"imageCountMoreThan".*"rulePriority":3,.*"untagged"' \
	'and what is served stays however old it is: rules leave alone what an earlier one is about'
run "$tool" secret /web-demo/openai
is "$out" there 'a parameter that is there'
run "$tool" secret /web-demo/none
is "$out" 'not there' 'a parameter that is not'
run "$tool" secret 'secretsmanager:web-demo/db#password'
is "$out" there 'a secret that is there'
run "$tool" secret secretsmanager:web-demo/none
is "$out" 'not there' 'a secret that is not'
run "$tool" secret secretsmanager:others/db
like "$err" '^secretsmanager: AccessDeniedException: .* on resource: arn:aws:secretsmanager:eu-west-1:123456789012:secret:others/db-' 'the secret of another app is none of ours'
run "$tool" volumes "$web"
like "$out" '^t3\.medium [0-9]+ GB$' 'what its disks hold'
unset AWS_REGION

# -- start ---------------------------------------------------------------------------------------------------

as prod
run git deploy start
is "$status" 0 'start'
is "$out" "$url/" 'start: standard output is the URL'
like "$err" "^$web is stopped: starting it \\(t3\\.medium, \\\$0\\.[0-9]+ an hour\\)\$" 'start: what it costs is told'
like "$err" "^$web runs; waiting for $url/healthz\$" 'start: what it waits for, too'
like "$err" '^no release of prod is recorded$' 'start: and what it serves'
like "$(state "$web")" " running normal .*git-deploy:stop-after=$(date -u -d '+8 hours' +%Y-%m-%dT%H)" \
	'start: the instance runs, and has a tag that ends it after its longest time'
run git deploy cost --json
like "$out" "\"instance\": \"$web\"" 'start: its hours are booked'
run git deploy start
is "$status" 0 'start again'
like "$err" "^$web runs already\$" 'start again: it runs already'
is "$out" "$url/" 'start again: the URL is told all the same'
printf 2026-01-01T00:00:00Z >"$world/earlier"
test_ask "tag/eu-west-1/$web/git-deploy:stop-after" "$world/earlier"
run git deploy start
like "$err" "^$web was started by other means and about to end itself: it has the time of a start\$" \
	'started by other means: start gives it its time'
like "$(state "$web")" "git-deploy:stop-after=$(date -u -d '+8 hours' +%Y-%m-%dT%H)" 'started by other means: in its tag'

run git deploy start --env=sick --timeout=1
is "$status" 2 'an app that is not healthy'
like "$err" "^warning: $web runs, but the app is not healthy: .*404" 'an app that is not healthy: what was seen last'
like "$err" '^hint: `health:` in \.deploy\.yml is the path that is asked' 'an app that is not healthy: and where to look'

# -- logs ----------------------------------------------------------------------------------------------------

run git deploy logs
like "$err" "^warning: no SSM agent answers on $web: this is the output of the console" 'logs: no agent answers'
is "$status" 0 'logs: so the console is shown'
like "$out" 'Linux version|BIOS|kernel' 'logs: of a kernel that boots'
mkdir "$MOTO_AGENT"
cat >"$MOTO_AGENT/journalctl" <<'END'
#!/bin/sh
printf '%s\n' "$*" >>"$MOTO_AGENT/asked"
case $* in
*--after-cursor*) echo '2026-11-22T10:00:02+0000 web app[7]: later'; [ ! -e "$MOTO_AGENT/end" ] || exit 0 ;;
*) printf '2026-11-22T10:00:01+0000 web app[7]: red \033[31m\n' ;;
esac
printf -- '-- cursor: s=0d;i=%s;b=1\n' "$(wc -l <"$MOTO_AGENT/asked")"
END
chmod +x "$MOTO_AGENT/journalctl"
run git deploy logs -n 7 --boot
is "$out" '2026-11-22T10:00:01+0000 web app[7]: red \x1b[31m' 'logs: the journal, without control bytes'
like "$(cat "$MOTO_AGENT/asked")" 'git-deploy-\* .*--lines=7 --boot$' 'logs: as many lines as were asked for'
: >"$world/followed"
git-deploy logs --follow >"$world/followed" 2>"$world/follow.err" &
follower=$!
for _ in $(seq 100); do
	! grep -q later "$world/followed" || break
	sleep 0.1
done
kill -INT $follower
wait $follower
is "$?" 0 'logs --follow: goes on until it is interrupted'
like "$(cat "$world/followed")" '^2026-11-22T10:00:02.* later$' 'logs --follow: with what came later'
unlike "$(cat "$world/followed")" cursor 'logs --follow: without its marks'

# -- what runs there, installed --------------------------------------------------------------------------------

# In the agent's place nothing is installed, but looked at: what `sh` would have been given.
cat >"$MOTO_AGENT/sh" <<'END'
#!/bin/sh
cp "$1" "$MOTO_AGENT/installed"
END
chmod +x "$MOTO_AGENT/sh"
run git deploy boot --install
is "$status" 0 'boot --install'
like "$err" "^installed on $web: it starts the newest image of 'prod' now\$" 'boot --install: says what happens'
like "$(cat "$MOTO_AGENT/installed")" "^install_file 0644 '/etc/systemd/system/git-deploy-web-demo.service' <<'END'\$" \
	'boot --install: the whole installer arrived'
rm "$MOTO_AGENT/sh"

# -- stop and hibernate ----------------------------------------------------------------------------------------

run git deploy hibernate
is "$status" 128 'hibernate'
like "$err" "^fatal: $web cannot be hibernated: it was not launched for it\$" 'hibernate: not what was not made for it'
like "$err" 'hint: .*`hibernate: true`.*`git deploy stop` stops it' 'hibernate: and the way out'
run git deploy stop
is "$status" 0 'stop'
like "$err" "^$web is stopped\$" 'stop: is waited for'
like "$err" '^0\.0 hours and \$0\.0[0-9]* this month' 'stop: what it took'
like "$(state "$web")" ' stopped ' 'stop: it is stopped'
echo '# not committed' >>.deploy.yml
run git deploy stop
is "$err" "$web is stopped already" 'stop again: it is stopped already, and the work tree does not matter'
git checkout -q .deploy.yml
run git deploy logs
like "$err" "^warning: $web is stopped: this is the output of the console" 'logs of one that is stopped: its console'
as nap
run git deploy start --env=nap
run git deploy hibernate --env=nap
is "$status" 0 'hibernate what was launched for it'
like "$err" "^$nap is hibernated\$" 'hibernate what was launched for it: is said'
run git deploy start --env=nap --no-wait
like "$err" "^$nap is starting\$" 'start --no-wait: wakes it up'
is "$out" '' 'start --no-wait: without a URL'

# -- spot ----------------------------------------------------------------------------------------------------

as gpu
run git deploy start --env=gpu
is "$status" 0 'spot'
like "$err" "^i-[0-9a-f]+ is launched in place of $gpu \\(g5\\.xlarge, spot, about \\\$0\\.[0-9]+ an hour\\)\$" 'spot: something is launched in its place'
like "$(state 'gpu-demo (spot)')" " running spot .*git-deploy:stands-in-for=$gpu git-deploy:stop-after=" \
	'spot: on spot capacity, with tags'
like "$(state "$gpu")" ' stopped ' 'spot: the instance itself is left alone'
run git deploy start --env=gpu
like "$err" '^i-[0-9a-f]+ runs already$' 'spot: what stands in for it runs already'
run git deploy logs --env=gpu
like "$out" 'red' 'spot: logs are those of what stands in'
run git deploy hibernate --env=gpu
like "$err" 'cannot be hibernated' 'spot: and it cannot be hibernated'
spot=$(state 'gpu-demo (spot)' | sed 's/ .*//')
git deploy cost --json >"$world/cost"
like "$(cat "$world/cost")" "\"instance\": \"$spot\"" 'spot: its hours are booked'
test_ask "end/eu-west-1/$spot"
run git deploy start --env=gpu --no-wait
git deploy cost --json >"$world/cost"
unlike "$(cat "$world/cost")" "$spot" 'spot: what AWS ends is booked as ended'
run git deploy stop --env=gpu
like "$err" "^i-[0-9a-f]+, which stood in for $gpu, has ended\$" 'spot: stopping ends it'
unlike "$(state 'gpu-demo (spot)')" ' running ' 'spot: for ever'
echo 'RunInstances:spot InsufficientInstanceCapacity There is no Spot capacity available.' >"$MOTO_FAULTS"
run git deploy start --env=gpu
is "$status" 0 'no spot capacity'
like "$err" '^warning: there is no g5.xlarge as spot now, so it is bought on demand, \$1\.[0-9]+ an hour \(no capacity: ec2: Ins' \
	'no spot capacity: what it costs instead is told'
like "$(state "$gpu")" ' running normal ' 'no spot capacity: the instance itself is started'
run git deploy stop --env=gpu
echo 'StartInstances InsufficientInstanceCapacity There is none.' >>"$MOTO_FAULTS"
run git deploy start --env=gpu
is "$status" 128 'no capacity at all'
like "$err" '^fatal: no capacity: ec2: InsufficientInstanceCapacity: There is none$' 'no capacity at all: is said'
run git deploy start --env=gpu --no-spot
like "$err" '^fatal: no capacity' 'start --no-spot: nothing is launched'
unlike "$err" 'as spot' 'start --no-spot: and spot is not asked for'
rm "$MOTO_FAULTS"

# -- money ---------------------------------------------------------------------------------------------------

as odd
run git deploy start --env=odd
is "$status" 3 'a price that is not known'
like "$err" '^fatal: what u-24tb1\.metal costs in eu-west-1 is not known, so the budget cannot stop it$' 'a price that is not known: is said'
run git -c deploy.price='u-24tb1.metal: 200' deploy start --env=odd --accept-cost
is "$status" 129 'a price that cannot be read starts nothing'
like "$err" "^error: git config deploy\\.price has 'u-24tb1\\.metal: 200', which is no price\$" 'and is shown'
run git -c deploy.price='u-24tb1.metal = 200' deploy start --env=odd
is "$status" 0 'git config deploy.price makes it known'
as prod
git config deploy.budgetStop 0.0000001
run git deploy start
is "$status" 3 'a budget that is used up'
like "$err" '^fatal: the budget of this month is used up: ' 'a budget that is used up: is said'
like "$(state "$web")" ' stopped ' 'a budget that is used up: nothing was started'
git config --unset deploy.budgetStop
git init -q --bare "$world/hub"
git remote add origin "$world/hub"
booked=$(git rev-parse refs/deploy/hours)
git push -q origin refs/deploy/hours
git deploy cost >/dev/null
git clone -q "$world/hub" "$world/other" 2>/dev/null
(
	cd "$world/other" || exit 1
	git config user.name Other
	git config user.email other@example.org
	git fetch -q origin refs/deploy/hours
	git checkout -q FETCH_HEAD
	printf '{"instance":"i-0de1","from":%s,"environment":"prod","usd_hour":90000}\n' \
		"$(date -d '-1 minute' +%s)" >>"$(date -u +%Y-%m).jsonl"
	git add -A
	git commit -qm 'the hours of another clone'
	git push -q origin HEAD:refs/deploy/hours
)
run git deploy start
is "$status" 3 'a budget that another clone has used up'
git remote remove origin
git update-ref refs/deploy/hours "$booked"

# -- an interrupt --------------------------------------------------------------------------------------------

: >"$world/start.err"
git-deploy start --env=sick >"$world/start.out" 2>"$world/start.err" &
starter=$!
for _ in $(seq 100); do
	! grep -q 'waiting for' "$world/start.err" || break
	sleep 0.1
done
kill -INT $starter
status=0
wait $starter || status=$?
is "$status" 2 'start, interrupted'
like "$(cat "$world/start.err")" "^fatal: interrupted: $web goes on starting, \\\$0\.[0-9]* an hour\$" 'start, interrupted: what goes on'
like "$(cat "$world/start.err")" '^hint: .*`git deploy stop` stops it$' 'start, interrupted: and how it ends'
git deploy stop 2>"$world/err"

# -- on the way to another state --------------------------------------------------------------------------------

: >"$MOTO_SLOW"
run git deploy start --no-wait
run git deploy stop --no-wait
is "$status" 0 'stop of what is starting'
like "$err" "^$web is starting: waiting until it runs, to stop it\$" 'stop of what is starting: waits for it'
like "$err" "^$web is stopping\$" 'stop --no-wait: is not waited for'
run git deploy start --no-wait
like "$err" "^fatal: $web is being stopped\$" 'start --no-wait of what is being stopped: cannot be'
run git deploy stop --no-wait
run git deploy start
is "$status" 0 'start of what has been stopped a moment ago'
run git deploy stop --no-wait
run git deploy start
like "$err" "^$web is being stopped: waiting until it has\$" 'start of what is being stopped: waits'
is "$out" "$url/" 'start of what is being stopped: and starts it'
rm "$MOTO_SLOW"
run git deploy stop

# -- what goes wrong -----------------------------------------------------------------------------------------

as none
run git deploy start --env=none
is "$status" 128 'no such instance'
like "$err" "^fatal: there is no instance 'nothing-demo' in eu-west-1\$" 'no such instance: and where'
as far
run git deploy start --env=far
like "$err" "^fatal: there is no instance 'far-demo' in eu-west-1, but in us-east-1\$" 'an instance in another region'
like "$err" '^hint: write `region: us-east-1` into \.deploy\.yml' 'an instance in another region: what to write'
as nobody
run git deploy start
is "$status" 128 'no permission'
like "$err" '^fatal: ec2: UnauthorizedOperation: You are not authorized .*ec2:DescribeInstances' 'no permission: is said'
like "$err" '^hint: a policy of arn:aws:iam::123456789012:user/nobody has to allow ec2:DescribeInstances on \*; `git deploy iam`' \
	'no permission: and which'
unlike "$err" 'Encoded|4GIOHl' 'no permission: without what only machines read'
as far
run git deploy stop --env=prod
is "$status" 0 'a policy for one environment: may look at another'
as prod
run git deploy start --env=prod --no-wait
as far
run git deploy stop --env=prod
like "$err" 'UnauthorizedOperation.*ec2:StopInstances on resource: arn:aws:ec2:eu-west-1:123456789012:instance/i-' \
	'a policy for one environment: but not stop it'
AWS_SECRET_ACCESS_KEY=wrong
run git deploy stop
like "$err" '^fatal: ec2: AuthFailure: .*credentials$' 'wrong keys'
like "$err" '^hint: the call was signed with the keys of: environment; are they right' 'wrong keys: whose'
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
run git deploy start
is "$status" 128 'no credentials'
like "$err" '^fatal: no AWS credentials were found' 'no credentials: where they were looked for'

# -- nothing was called that is not allowed, and all that is allowed was called -----------------------------------

calls=$(test_ask calls | grep -v '^iam:' | tr '\n' ' ')
is "$calls" 'ec2:CreateTags ec2:DescribeInstances ec2:DescribeRegions ec2:DescribeVolumes ec2:GetConsoleOutput ec2:RunInstances ec2:StartInstances ec2:StopInstances ec2:TerminateInstances ecr:CreateRepository ecr:DescribeRepositories ecr:GetAuthorizationToken ecr:PutLifecyclePolicy secretsmanager:CreateSecret secretsmanager:DescribeSecret ssm:DescribeParameters ssm:GetCommandInvocation ssm:PutParameter ssm:SendCommand ' \
	'the actions that were called'

# -- a repository that has to be made: ECR, by its name, behind a proxy ---------------------------------------

if command -v docker-registry >/dev/null; then
	moto=$address
	start_server registry-start --proxy "$world/requests"
	registry=$address address=$moto
	# shellcheck disable=SC2086 # a list of processes
	trap 'kill $site $servers 2>/dev/null; wait; rm -rf "$world"' EXIT
	python3 "$source_tree/tests/servers/base_image.py" "$registry" base:1 AWS:test-token >/dev/null
	sed -e 's|^registry:.*|registry: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/missing/web|' -e '/^image:/d' -e '/^  base:/d' \
		.deploy.yml >"$world/deploy.yml"
	cp "$world/deploy.yml" .deploy.yml
	echo "image: {base: '${registry#http://}/base:1', command: [app]}" >>.deploy.yml
	commit 'A repository that is not there'
	git deploy iam --role=person >"$world/policy" && test_ask policy/person "$world/policy"
	as person
	export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	mkdir -p "$HOME/.docker"
	login=$(printf AWS:test-token | base64)
	printf '{"auths":{"%s":{"auth":"%s"},"123456789012.dkr.ecr.eu-west-1.amazonaws.com":{"auth":"%s"}}}' \
		"${registry#http://}" "$login" "$login" >"$HOME/.docker/config.json"
	git config http.proxy "$registry"
	git config deploy.insecureRegistry 123456789012.dkr.ecr.eu-west-1.amazonaws.com
	export NO_PROXY=127.0.0.1
	run git deploy push
	is "$status" 3 'a repository that is not there costs money'
	like "$err" '^fatal: the repository missing/web is not there: this would be new recurring cost: registry storage' 'and is refused'
	like "$err" '^hint: --accept-cost if that is fine' 'with the way out'
	run git deploy push --accept-cost
	like "$err" '^made the repository missing/web in eu-west-1$' '--accept-cost makes it'
else
	skip 4 'there is no docker-registry'
fi
