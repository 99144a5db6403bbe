#!/bin/sh
# Canaries: releases that a part of the users get first. Without an instance, as far as ledger and registry go.
. "${0%/*}/servers.sh"
need_server registry-start
. "${0%/*}/lib.sh"
plan 27
start_server registry-start --open
registry=${address#http://}
python3 "$source_tree/tests/servers/base_image.py" "$address" base:1 >/dev/null

tag () {
	curl -sI -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$address/v2/web/manifests/$1" | tr -d '\r' |
		sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p'
}

change () {
	mkdir -p app
	echo "$1" >app/main.py
	git add -A
	git commit -qm "$1"
}

# where: the releases that are served and that wait as canary.
where () {
	git deploy log --json | python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["served"], d["canary"])'
}

repo sha256
cat >.deploy.yml <<END
app: web
registry: $registry/web
port: 80
image:
  base: $registry/base:1
  command: [python3, app/main.py]
environments:
  prod: {strategy: canary, second_port: 8080}
  test: {}
END
change 'First version'
run git deploy
like "$out" '^tagged .*; release #1 built' 'the first release has nothing to stand beside: it is served at once'
first=$(tag prod)
run git deploy promote
is "$status" 128 'there is no canary to promote'
like "$err" 'no canary of prod waits' 'and it says so'

change 'Second version'
run git deploy
like "$out" '^tagged .*; canary #2 built' 'the next one is a canary'
is "$(where)" '1 2' 'which waits, while the first is served'
second=$(tag prod-canary)
is "$(tag prod) $(tag latest)" "$first $first" 'under the tags of before'
[ "$second" != "$first" ]
ok $? 'the canary has a tag of its own'
run git deploy
is "$out" 'HEAD is release #2 of prod already' 'git deploy again has nothing to do'
run git deploy status
like "$out" 'prod is #1, prod-canary is #2, latest is #1' 'status tells of both'

run git deploy promote
is "$status" 128 'a canary that nobody can see is not promoted'
like "$err" 'the canary #2 has no address' 'and it says why'
run git deploy abort -m 'too slow'
is "$out" 'release #3: #2 taken back' 'abort takes it back'
is "$(where) $(tag prod) $(tag prod-canary)" "1 None $first $first" 'all tags are on what is served'
run git deploy release
is "$status" 128 'its tag is not released again'
like "$err" 'was release #2 of prod; #1 is served now' 'and it says why'

change 'Third version'
git deploy >/dev/null
run git deploy promote --no-health
is "$status" 0 'a canary is promoted unseen if one says so'
like "$out" '^release #5: canary #4 promoted; prod is' 'and what it is now is said'
is "$(tag prod)" "$(tag prod-canary)" 'its image has all tags'
is "$(where)" '5 None' 'and is served'

change 'Fourth version'
git deploy >/dev/null
run git deploy rollback
like "$out" '^release #7: back to #1' 'a rollback with a canary goes back from what is served'
is "$(where) $(tag prod) $(tag prod-canary)" "7 None $first $first" 'and gives the canary up'
run git deploy rollback
is "$status" 128 'again, there is nothing before it'
run git deploy rollback 5
change 'Fifth version'
git deploy >/dev/null
git deploy promote --no-health >/dev/null
run git deploy rollback
like "$out" '^release #11: back to #5' 'a canary that was promoted is gone back to'

run git deploy --env test
like "$out" '^tagged deploy-test-.*; release #1 built' 'another environment has releases of its own'
is "$(tag test) $(tag latest)" "$(tag "$(git rev-parse HEAD)") $(tag prod)" 'and does not move latest'
run git deploy log nowhere
like "$err" "^error: there is no environment 'nowhere'; .deploy.yml has prod, test$" 'one that nobody knows is told'
is "$status" 129 'and is an error'
