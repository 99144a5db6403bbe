#!/bin/sh
# What the instance makes of a release: told, refreshed, or taken back; against a registry and a mock of AWS.
. "${0%/*}/servers.sh"
need_server registry-start
need_server moto-start
. "${0%/*}/lib.sh"
export MOTO_AGENT="$world/agent"
start_server registry-start --open
registry_address=$address registry_server=$server
start_server moto-start
trap 'kill $server $registry_server 2>/dev/null; wait; chmod -R u+w "$world" 2>/dev/null; rm -rf "$world"' EXIT
python=$SCRUTINY_BUILD/moto/bin/python
registry=${registry_address#http://}
"$python" "$source_tree/tests/servers/base_image.py" "$registry_address" base:1 >/dev/null
plan 31

tag () {
	curl -sI -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$registry_address/v2/web/manifests/$1" |
		tr -d '\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p'
}

change () {
	mkdir -p app
	echo "$1" >app/main.py
	git add -A
	git commit -qm "$1"
}

# agent REFRESH STATUS: what the instance's boot script does when it is asked to refresh, and says of its state.
agent () {
	mkdir -p "$MOTO_AGENT"
	printf '#!/bin/sh\necho "$1" >>"%s"\ncase $1 in\nstatus) printf "%s" ;;\n*) %s ;;\nesac\n' "$world/asked" "$2" "$1" \
		>"$MOTO_AGENT/boot"
	chmod +x "$MOTO_AGENT/boot"
}

"$python" "$source_tree/tests/servers/cloud_world.py" "$address" person >"$world/made" || exit 1
web='' key_person='' secret_person=''
# shellcheck disable=SC1091 # made above
. "$world/made"
repo sha1
cat >.deploy.yml <<END
app: web-demo
registry: $registry/web
port: 80
image:
  base: $registry/base:1
  command: [python3, app/main.py]
environments:
  prod: {instance: web-demo, region: eu-west-1}
END
change 'First version'
export AWS_ENDPOINT_URL="$address" AWS_EC2_METADATA_DISABLED=true
run git deploy
is "$status" 0 'without credentials for AWS a release is made'
like "$err" "^hint: web-demo was not asked \(.*\): it will serve release #1 when it starts" 'and the instance is not asked'
run git deploy status
like "$out" '^instance  not known: ' 'nor does status know of it'

export AWS_ACCESS_KEY_ID="$key_person" AWS_SECRET_ACCESS_KEY="$secret_person"
git deploy iam --role=person >"$world/policy" 2>/dev/null
curl -s --data-binary "@$world/policy" "$address/test/policy/person" >/dev/null
change 'Second version'
run git deploy
is "$status" 0 'a release for an instance that is stopped'
like "$err" "^$web is stopped: it will serve release #2 when it starts \(\`git deploy start\`\)\$" 'says when it is served'
run git deploy status
like "$out" "^instance  $web \(t3.medium\) is stopped: it will serve #2 when it starts" 'so does status'

git deploy start --no-wait >/dev/null 2>&1
change 'Third version'
run git deploy
like "$err" "^$web is running: it will serve release #3 after its next start" 'one that runs is left alone'
run git deploy status
like "$out" "^instance  $web .* is running; what it serves is not known: " 'without an agent its state is not known'

third=$(tag prod)
agent 'exit 0' "environment prod\\nserving $third active\\n"
run git deploy release --refresh
is "$status" 0 'a refresh of a release that was there'
like "$err" "^$web serves release #3\$" 'is said to be served'
is "$(cat "$world/asked")" refresh 'the instance was asked for no more than that'
run git deploy status
like "$out" "^instance  $web .* is running, serves #3" 'status asks it what it serves'

change 'Fourth version'
agent 'echo "no route to the registry" >&2; exit 1' "environment prod\\nserving $third active\\n"
run git deploy --refresh
is "$status" 128 'an instance that cannot take a release is an error'
like "$err" "^fatal: $web did not take release #4: .*no route to the registry" 'with its reason'
is "$(git deploy log --json | sed -n 's/^  "served": //p')" 4, 'the release stays: the image may be sound'

git config deploy.refresh true
change 'Fifth version'
fourth=$(tag prod)
# The digest that is bad is the one the registry has just got.
cat >"$MOTO_AGENT/boot" <<END
#!/bin/sh
[ "\$1" = status ] || { echo 'the container ended before it was healthy' >&2; exit 1; }
curl -sI -H 'Accept: application/vnd.oci.image.manifest.v1+json' $registry_address/v2/web/manifests/prod |
	tr -d '\\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: /bad /p'
END
run git deploy
is "$status" 2 'a release that is not healthy is not completed'
like "$err" "^warning: $web did not take release #5: .*before it was healthy" 'and it says why'
like "$out" '^release #6: #5 taken back$' 'it is taken back'
is "$(tag prod) $(tag latest)" "$fourth $fourth" 'the tags are on the image before'
is "$(git deploy log --json | sed -n 's/^  "served": //p')" 4, 'which the ledger says is served'
run git deploy release
is "$status" 128 'its tag is refused from now on'
like "$err" 'was release #5 of prod; #4 is served now' 'with the reason'

change 'Another one'
git deploy --tag-only >/dev/null
run git deploy release --json
is "$status" 2 'one that is taken back for a program'
like "$(printf '%s' "$out" | python3 -c 'import json, sys; print(json.load(sys.stdin)["release"]["number"])')" '^7$' \
	'leaves standard output to JSON'
like "$err" '^release #8: #7 taken back$' 'and says it elsewhere'

agent 'exit 0' "serving $fourth active\\n"
run git deploy rollback 3
is "$status" 0 'a rollback is told to the instance, too'
like "$err" "^$web serves release #9\$" 'which serves it'

# -- canaries ---------------------------------------------------------------------------------------------

sed -i 's/prod: {/prod: {strategy: canary, second_port: 8080, /' .deploy.yml
change 'Sixth version'
: >"$world/asked"
run git deploy
like "$out" 'canary #10 built' 'a canary'
run git deploy promote --no-health
is "$status" 0 'is promoted'
is "$(tr '\n' ' ' <"$world/asked")" 'refresh promote ' 'and the instance asked to start it, and then to switch'
change 'Seventh version'
git deploy >/dev/null 2>&1
: >"$world/asked"
run git deploy abort
is "$status $(cat "$world/asked")" '0 abort' 'one that is given up is dropped there'
