#!/bin/sh
# Pull requests and what is published, against a small GitHub with a memory (tests/servers/github_forge.py).

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "${source_tree:?}/tests/cli/papers.sh"
command -v python3 >/dev/null 2>&1 || skip_all 'python3 is not there'
command -v curl >/dev/null 2>&1 || skip_all 'curl is not there'
[ -x "$(git --exec-path)/git-http-backend" ] || skip_all 'git has no http-backend here'
plan 70

mkdir -p "$world/srv/owner"
git init -q --bare -b main "$world/srv/owner/papers.git"
git -C "$world/srv/owner/papers.git" config http.receivepack true
python3 -B "$source_tree/tests/servers/github_forge.py" "$world/srv" >"$world/address" 2>"$world/server.err" &
server=$!
trap 'kill $server 2>/dev/null; chmod -R u+w "$world" 2>/dev/null; rm -rf "$world"' EXIT
for _ in $(seq 200); do
	address=$(cat "$world/address")
	[ -z "$address" ] || break
	sleep 0.05
done
[ -n "$address" ] || skip_all "the server did not start: $(cat "$world/server.err")"

# state PROGRAM: what a Python expression says of the forge's memory.
state () {
	curl -s "$address/_state" | python3 -c "import json, sys
s = json.load(sys.stdin); r = s.get('owner/papers', {}); calls = s['calls']
print(($1))"
}
control () {
	curl -s -o /dev/null -d "$2" "$address/_control/$1"
}
remote_git () {
	git -C "$world/srv/owner/papers.git" "$@"
}
token () {
	git config credential.helper "!f() { echo username=tester; echo password=$1; }; f"
}
# A token that may not push asks the API with another one.
pr () {
	run git scrutiny run --pr --fail-on=never "$@"
}

repo sha1
git remote add origin "$address/owner/papers.git"
git config "scrutiny.forge.${address#http://}.type" github
token good
broken_paper theory/tilings
paper recall
commit papers
git push -q -u origin main

# -- open, unchanged, update -----------------------------------------------------------------------

pr --label=review,robots --reviewer=alice --reviewer=nobody --draft
is "$status" 0 'a pull request is opened'
like "$out" 'opened pull request #1 http://127.0.0.1:[0-9]*/owner/papers/pull/1$' 'and named'
like "$err" 'warning: nobody: .*collaborators' 'a reviewer who cannot be asked is a warning'
is "$(state "[r['pulls'][0][k] for k in ('state', 'draft', 'title')]")" "['open', True, 'Reviews: 1 error in 2 papers']" \
	'it is a draft with a title'
is "$(state "[l['name'] for l in r['pulls'][0]['labels']], [u['login'] for u in r['pulls'][0]['requested_reviewers']]")" \
	"(['review', 'robots'], ['alice'])" 'with labels and reviewers'
body=$(state "r['pulls'][0]['body']")
like "$body" '^\*\*1 error in 2 papers\.\*\*$' 'its body opens with the verdict'
like "$body" '^\| theory/tilings \| 1 \| 0 \| 0 \| \[scrutiny.md\]\(http://127.0.0.1:[0-9]*/owner/papers/blob/scrutiny/main/theory/tilings/scrutiny.md\) \|$' \
	'and has a table that leads to the reports'
like "$body" '^- \*\*error\*\* \[theory/tilings/main.tex:10\]\(.*/blob/[0-9a-f]{40}/theory/tilings/main.tex#L10\): ' 'and the findings with their places'

before=$(state 'len(calls)')
pr --label=review,robots --reviewer=alice
like "$out" 'already in pull request #1' 'the same again finds it as it should be'
is "$(state "{c.split()[0] for c in calls[$before:]}")" "{'GET'}" 'and writes nothing'

sed 's/sec:nowhere/sec:elsewhere/' theory/tilings/main.tex >x && mv x theory/tilings/main.tex
broken_paper third
commit more
git push -q
pr
like "$out" 'updated pull request #1 ' 'a newer commit updates it'
is "$(state "len(r['pulls']), r['pulls'][0]['title']")" "(1, 'Reviews: 2 errors in 3 papers')" 'the same one'
is "$(remote_git rev-list --count main..scrutiny/main)" 1 'whose branch begins anew at that commit'

# -- two at once ------------------------------------------------------------------------------------

remote_git update-ref -d refs/heads/scrutiny/main
control close '{"number": 1}'
git clone -q "$world/srv/owner/papers.git" ../second && cp .git/config ../second/.git/config
(cd ../second && git scrutiny run --pr --fail-on=never >"$world/other" 2>&1) &
other=$!
pr
wait $other
ok $? 'two runs at once both succeed'
is "$status" 0 'this one, too'
is "$(state "[p['number'] for p in r['pulls'] if p['state'] == 'open']")" '[2]' 'and make one pull request'

# -- closed and merged ---------------------------------------------------------------------------------

control close '{"number": 2}'
pr
like "$out" 'opened pull request #3 ' 'after one was closed a new one is opened'
control merge '{"number": 3}'
git pull -q --ff-only
broken_paper fourth
commit fourth
git push -q
pr
like "$out" 'opened pull request #4 ' 'after one was merged a new one is opened'
is "$(remote_git diff --name-only main scrutiny/main | sort | tr '\n' ' ')" \
	'fourth/meta.yaml fourth/scrutiny.json fourth/scrutiny.md ' 'with what is new'

# -- cuts and faults --------------------------------------------------------------------------------

control close '{"number": 4}'
control fail '{"method": "POST", "path": "/pulls$", "status": 500, "times": 9, "message": "out of order"}'
pr
is "$status" 128 'a fault after the push fails the run'
like "$err" "^fatal: the branch 'scrutiny/main' is pushed; " 'and says that the branch is pushed'
like "$err" '^hint: .*the same command completes it' 'and how to go on'
tip=$(remote_git rev-parse scrutiny/main)
control heal '{}'
control fail '{"method": "POST", "path": "/pulls$", "drop": true, "after": true}'
pr
like "$out" 'opened pull request #5' 'the next run completes it, though the answer was cut off'
is "$(remote_git rev-parse scrutiny/main)" "$tip" 'without another commit'
is "$(state "[p['number'] for p in r['pulls'] if p['state'] == 'open']")" '[5]' 'there is one pull request'

refused () {
	broken_paper "paper$1" && commit "paper$1" && git push -q
	tip=$(remote_git rev-parse scrutiny/main)
	control fail "$2"
	pr
	is "$status" 128 "$1: the run fails"
	like "$err" "$3" "$1: and says why"
	like "$err" "$4" "$1: and what to do"
	is "$(remote_git rev-parse scrutiny/main)" "$tip" "$1: nothing was pushed"
}
refused 403 '{"method": "GET", "path": "/pulls$", "status": 403, "message": "Resource not accessible by integration"}' \
	'^fatal: cannot look for the pull request: .*Resource not accessible' '^hint: .*permissions'
refused 404 '{"method": "GET", "path": "/pulls$", "status": 404, "message": "Not Found"}' \
	'^fatal: cannot look for the pull request: ' '^hint: '
refused 429 '{"method": "GET", "path": "/pulls$", "status": 429, "headers": {"Retry-After": "7200"}}' \
	'^fatal: .*takes no more calls of ours until ' '^hint: try again then'
control fail '{"method": "GET", "path": "/pulls$", "status": 502}'
pr
like "$out" 'updated pull request #5' 'one 502 is tried again'

# A token that may read only: git's server says no.
broken_paper weak && commit weak && git push -q
token weak
pr
is "$status" 128 'without the right to push nothing is proposed'
token good
run env GH_ENTERPRISE_TOKEN=weak git scrutiny run --pr
is "$status" 128 'nor without the right to open it'
like "$err" '^fatal: cannot open a pull request: the token of GH_ENTERPRISE_TOKEN may read owner/papers at .*, not write' 'and why is said'
is "$out" '' 'before any paper is looked at'
git remote set-url --push origin "$address/owner/papers.git" && git remote set-url origin "$world/srv/owner/papers.git"
git config --unset credential.helper
pr
is "$status" 128 'nor without a token at all'
like "$err" '^fatal: cannot open a pull request: there is no token for ' 'which is said'
is "$out" '' 'as early'
git remote set-url origin "$address/owner/papers.git" && git config --unset remote.origin.pushurl
token good

# -- publish -----------------------------------------------------------------------------------------

git checkout -q -b feature
broken_paper new/paper
sed 's/Claim/New claim/' new/paper/main.tex >x && mv x new/paper/main.tex
printf '%% @alice fixes #12 <img src=x>\n' >>recall/main.tex
commit feature
git push -q -u origin feature
curl -s -o /dev/null -H 'Authorization: token good' -d '{"head": "feature", "base": "main", "title": "a feature"}' \
	"$address/api/v3/repos/owner/papers/pulls"
run git scrutiny publish
is "$status" 128 'of papers that nobody has reviewed nothing is said'
like "$err" '^fatal: nothing is known about the 2 papers of ' 'and that is said'
git scrutiny run -q --no-write --fail-on=never >/dev/null
run git scrutiny publish
is "$status" 0 'what was reviewed is published'
like "$out" '^status scrutiny of [0-9a-f]{10}: failure, 1 error in 2 papers$' 'as a status of the commit, about what it changes'
like "$out" '^comment on pull request #6: written$' 'and as a comment on its pull request'
is "$(state "[(x['context'], x['state'], x['description'], x['sha']) for x in r['statuses']]")" \
	"[('scrutiny', 'failure', '1 error in 2 papers', '$(git rev-parse HEAD)')]" 'the forge has the status'
run git scrutiny publish --status --comment --review --check
is "$status" 0 'what the token may not do is no failure'
like "$err" '^warning: check run: .*GitHub App' 'but a warning'
like "$out" '^review of pull request #6: 1 comment, 0 said before; ' 'the others are done'
is "$(state "[(x['path'], x['line']) for x in r['inline']]")" "[('new/paper/main.tex', 10)]" \
	'the comment stands beside its line'
run git scrutiny publish --review --comment
is "$(state "len(r['statuses']), len(r['inline']), len(r['comments'])")" '(1, 1, 1)' 'again says nothing twice'
git branch -q -m feature mine
run git scrutiny publish --comment
like "$out" '^comment on pull request #6: is so already$' 'a branch with another name here is known by the one it has there'
git branch -q -m mine feature
run git scrutiny publish --fail-on=error -q
is "$status" 1 'with --fail-on findings decide about the exit status'

# Names of an attacker's choice are words, nothing else.
broken_paper 'new/@alice #12 ![x](y) <img src=z> `c` /close'
commit hostile
git push -q
git scrutiny run -q --no-write --fail-on=never >/dev/null
run git scrutiny publish --comment --review
is "$status" 0 'a folder with a hostile name is published'
said=$(state "r['comments'][0]['body'] + r['reviews'][-1]['body'] + ''.join(x['body'] for x in r['inline'])")
like "$said" '/new/%40alice%20%2312%20%21%5Bx%5D%28y%29%20%3Cimg%20src%3Dz%3E%20%60c%60%20/close/main.tex#L10' \
	'its address is one'
unlike "$said" '@alice|#12|[^\\]<img|[^\\]!\[|^/close' 'nobody is mentioned, nothing referred to, shown or closed'
is "$(state "r['inline'][-1]['path']")" 'new/@alice #12 ![x](y) <img src=z> `c` /close/main.tex' \
	'and the comment stands in that file'

broken_paper '::add-mask::x'
commit 'hostile to a job'
git push -q
git scrutiny run -q --no-write --fail-on=never >/dev/null
run env GITHUB_ACTIONS=true git scrutiny publish --dry-run --review
like "$out" '^  : ?:add-mask: ?:x/main.tex:10: error: ' 'a dry run in a job shows such a name'
unlike "$out" '^[^!-~]*::' 'and tells the job nothing'

# As the job of a pull request, which stands at a merge that nobody else has.
head=$(git rev-parse HEAD)
cat >"$world/event" <<END
{"pull_request": {"number": 6, "head": {"sha": "$head"}, "base": {"ref": "main", "sha": "$(git rev-parse main)"}}}
END
git checkout -q --detach main && git merge -q --no-ff -m merge feature
run env GITHUB_REF=refs/pull/6/merge GITHUB_EVENT_PATH="$world/event" git scrutiny publish --dry-run --status --review
like "$out" "^status scrutiny of $(printf %.10s "$head"): failure" 'in a job the head of the pull request is meant'
like "$out" '^  new/paper/main.tex:10: error: ' 'and a dry run shows the comments'

# What both sides have changed is known as it is in the merge.
git checkout -q main
sed 's/short sequence/long sequence/' recall/main.tex >x && mv x recall/main.tex
sed 's/sec:claim}$/&%/' recall/main.tex >x && mv x recall/main.tex
commit 'main has moved on'
git push -q
git checkout -q --detach main && git merge -q --no-ff -m merge feature
git update-ref -d refs/scrutiny/records
git scrutiny run -q --all --no-write --fail-on=never >/dev/null
run env GITHUB_REF=refs/pull/6/merge GITHUB_EVENT_PATH="$world/event" git scrutiny publish --dry-run --status --comment
is "$status" 0 'a merge that differs from the head is no obstacle'
like "$out" '\| recall \| 0 \| 0 \| 0 \|' 'a paper that both sides have changed is there'
unlike "$err" 'not reviewed' 'and known'
git clone -q --depth=1 "file://$world/srv/owner/papers.git" ../shallow && cp .git/config ../shallow/.git/config
cd ../shallow && git scrutiny run -q --all --no-write --fail-on=never >/dev/null
run env GITHUB_REF=refs/pull/6/merge GITHUB_EVENT_PATH="$world/event" git scrutiny publish --dry-run --status
like "$err" '^warning: the commit .* is not here: ' 'that a shallow clone lacks the head is told'
