#!/bin/sh
# git scrutiny serve --webhook tells the forge (tests/servers/github_forge.py) what it has found: a status, a comment, a
# pull request.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "${source_tree:?}/tests/cli/papers.sh"
for tool in curl openssl python3; do
	command -v $tool >/dev/null 2>&1 || skip_all "$tool is not there"
done
[ -x "$(git --exec-path)/git-http-backend" ] || skip_all 'git has no http-backend here'
plan 18

# until_there FILE PATTERN [TIMES]: waits until that many lines match, 10 s at most.
until_there () {
	for _ in $(seq 200); do
		[ "$(grep -cE "$2" "$world/$1")" -lt "${3-1}" ] || return 0
		sleep 0.05
	done
	return 1
}

# state PROGRAM: what a Python expression says of the forge's memory.
state () {
	curl -s "$forge/_state" | python3 -c "import json, sys
s = json.load(sys.stdin); r = s.get('owner/papers', {}); calls = s['calls']
print(($1))"
}

# serve: starts a receiver; sets $address.
serve () {
	: >"$world/log"
	git-scrutiny serve --webhook --listen=0 >"$world/reviews" 2>"$world/log" &
	receiver=$!
	until_there log '^listening on'
	address=$(sed -n 's/^listening on \(.*\) for .*/\1/p' "$world/log")
	jobs=0
}

# deliver EVENT BODY: and waits until its job is over.
deliver () {
	printf '%s' "$2" >"$world/body"
	signature=$(openssl dgst -sha256 -hmac "$(cat "$world/secret")" "$world/body" | sed 's/.*= *//')
	curl -s -o /dev/null -H "X-GitHub-Event: $1" -H "X-Hub-Signature-256: sha256=$signature" \
		--data-binary @"$world/body" "$address/lab"
	jobs=$((jobs + 1))
	until_there log 'lab: (done|the review failed)' $jobs
}

# pushed BRANCH: pushes HEAD there, and has that delivered.
pushed () {
	git push -q origin "HEAD:refs/heads/$1"
	deliver push "{\"ref\": \"refs/heads/$1\", \"after\": \"$(git rev-parse HEAD)\"}"
}

set_up () {
	git config --global "scrutiny.webhook.lab.$1" "$2"
}

mkdir -p "$world/srv/owner"
git init -q --bare -b main "$world/srv/owner/papers.git"
git -C "$world/srv/owner/papers.git" config http.receivepack true
: >"$world/forge"
: >"$world/log"
python3 -B "$source_tree/tests/servers/github_forge.py" "$world/srv" >"$world/forge" 2>"$world/forge.err" &
server=$!
trap 'kill $server $receiver 2>/dev/null; chmod -R u+w "$world" 2>/dev/null; rm -rf "$world"' EXIT
until_there forge '^http:' || skip_all "the forge did not start: $(cat "$world/forge.err")"
forge=$(cat "$world/forge")
git config --global "scrutiny.forge.${forge#http://}.type" github
git config --global credential.helper '!f() { echo username=tester; echo password=good; }; f'

repo sha1
git remote add origin "$forge/owner/papers.git"
paper theory/one
commit one
git push -q origin main
git clone -q --bare "$forge/owner/papers.git" "$world/work/clone.git"
echo 'a secret that nobody guesses' >"$world/secret"
chmod 600 "$world/secret"
set_up path "$world/work/clone.git"
set_up secretFile "$world/secret"

# Nothing is told unless it is asked for.
serve
pushed main
is "$(state '[c for c in calls if "/api/" in c]')" '[]' 'without the setting the forge is told nothing'
kill $receiver
wait $receiver

# A status, and a comment on the pull request of the branch.
set_up publish true
set_up forks checks
serve
pushed main
is "$(state '[(s["context"], s["state"]) for s in r["statuses"]]')" "[('scrutiny', 'success')]" \
	'a commit that was reviewed has a status'
git checkout -q -b 'area/$(touch${IFS}pwned)'
broken_paper theory/two
commit two
git push -q origin HEAD
curl -s -o /dev/null -H 'Authorization: Bearer good' "$forge/api/v3/repos/owner/papers/pulls" \
	-d '{"title": "Two", "head": "area/$(touch${IFS}pwned)", "base": "main"}'
pushed 'area/$(touch${IFS}pwned)'
is "$(state '[(s["sha"], s["state"]) for s in r["statuses"]][1:]')" "[('$(git rev-parse HEAD)', 'failure')]" \
	'a finding fails the status of its commit'
is "$(state '[(c["number"], "theory/two" in c["body"], "theory/one" in c["body"]) for c in r["comments"]]')" \
	'[(1, True, False)]' 'and is in a comment on the pull request of the branch, not of the one of the clone'
like "$(cat "$world/log")" '^lab: done$' 'the job is done'
is "$(find "$world" -name '*pwned*' ! -path '*/refs/*' ! -path '*/logs/*')" '' 'no name of a branch is run'
paper theory/two
commit mended
pushed 'area/$(touch${IFS}pwned)'
is "$(state 'len(r["comments"]), r["statuses"][-1]["state"]')" "(1, 'success')" 'the next push brings both up to date'

# A pull request that is opened when its branch was reviewed already.
git checkout -q -b later main
broken_paper theory/two
commit later
pushed later
curl -s -o /dev/null -H 'Authorization: Bearer good' "$forge/api/v3/repos/owner/papers/pulls" \
	-d '{"title": "Later", "head": "later", "base": "main"}'
deliver pull_request '{"action": "opened", "number": 2, "pull_request": {"number": 2, "head": {"ref": "later", "repo":
	{"full_name": "owner/papers"}}, "base": {"repo": {"full_name": "owner/papers"}}}}'
is "$(state '[c["number"] for c in r["comments"]]')" '[1, 2]' 'a pull request gets its comment when it is opened'
git checkout -q 'area/$(touch${IFS}pwned)'

# From a fork; and one that is gone.
fork () {
	printf '{"action": "opened", "number": %d, "pull_request": {"number": %d, "head": {"repo": {"full_name":
		"mallory/papers"}}, "base": {"repo": {"full_name": "owner/papers"}}}}' "$1" "$1"
}
broken_paper theory/two
printf 'fail_on: never\n' >.scrutiny.yml
git add .scrutiny.yml
commit theirs
git push -q origin HEAD:refs/pull/1/head
before=$(state 'len(r["statuses"])')
deliver pull_request "$(fork 1)"
is "$(state 'len(r["statuses"])')" "$before" "the commit of a fork has no status, which its own policy would settle"
like "$(state 'r["comments"][0]["body"]')" '1 error' 'but the pull request has the comment'
deliver pull_request "$(fork 99)"
like "$(cat "$world/log")" 'refs/pull/99/head' 'a pull request that is gone is said'
like "$(cat "$world/log")" '^warning: lab: the review failed' 'and can be delivered again'

# What the forge refuses is a warning.
git config --global credential.helper '!f() { echo username=tester; echo password=bad; }; f'
git -C "$world/work/clone.git" config remote.origin.url "$world/srv/owner/papers.git"
git -C "$world/work/clone.git" config remote.origin.pushurl "$forge/owner/papers.git"
git checkout -q main
git remote set-url --push origin "$world/srv/owner/papers.git"
paper theory/three
commit three
pushed main
like "$(cat "$world/log")" '^warning: lab: git scrutiny publish ended with exit status 128$' 'that the forge cannot be told is a warning'
like "$(tail -n 1 "$world/log")" '^lab: done$' 'and the review is good without'
unlike "$(cat "$world/log")" 'bad$|a secret' 'no secret is in the log'
git config --global credential.helper '!f() { echo username=tester; echo password=good; }; f'
kill $receiver
wait $receiver

# The reports of the clone's own branch, as a pull request.
set_up pr true
serve
broken_paper theory/three
commit broken
pushed main
is "$(state '[(p["number"], p["state"], p["title"], p["head"]["ref"]) for p in r["pulls"]][2:]')" \
	"[(3, 'open', 'Reviews: 1 error in 2 papers', 'scrutiny/main')]" 'reports of the branch of the clone are proposed'
run git scrutiny publish --pull=1 --branch=main
is "$status" 129 'a branch and a pull request contradict each other'
git -C "$world/work/clone.git" remote add other "$world/srv/owner/papers.git"
set_up remote other
run git scrutiny serve --webhook
like "$err" "pr and publish go to 'origin'" 'only to the remote that the branch of the clone has'
