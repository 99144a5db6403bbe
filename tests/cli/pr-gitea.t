#!/bin/sh
# `run --pr` and `publish` with a real Gitea behind the remote.
. "${0%/*}/servers.sh"
need_server gitea-start
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "${source_tree:?}/tests/cli/papers.sh"
plan 28

unset GITEA_TOKEN FORGEJO_TOKEN
start_server gitea-start
GITEA_TOKEN=$(sed -n 's/^alice [^ ]* //p' "$server_output")
export GITEA_TOKEN

# api METHOD PATH [JSON]: what a person does in the browser.
api () {
	curl -s -f -X "$1" -H "Authorization: token $GITEA_TOKEN" -H 'Content-Type: application/json' ${3:+-d "$3"} \
		"$address/api/v1/$2"
}
# field PROGRAM METHOD PATH: a Python expression of the answer, v.
field () {
	api "$2" "$3" | python3 -c "import json, sys
v = json.load(sys.stdin)
print(($1))"
}
pr () {
	run git scrutiny run --pr --fail-on=never "$@"
}
papers=repos/alice/papers

api POST user/repos '{"name": "papers"}' >/dev/null
repo sha1 papers
git config scrutiny.forge.127.0.0.1.type gitea
git config credential.helper '!f() { echo username=alice; echo password=alice-12345; }; f'
git remote add origin "$address/alice/papers.git"
broken_paper theory/tilings
paper 'recall and more'
commit papers
git push -q -u origin main

pr --label=review --reviewer=bob --draft
is "$status" 0 'a pull request is opened'
like "$out" "opened pull request #1 $address/alice/papers/pulls/1" 'and named'
is "$(field "v['title'], [l['name'] for l in v['labels']], [u['login'] for u in v['requested_reviewers']]" GET $papers/pulls/1)" \
	"('WIP: Reviews: 1 error in 2 papers', ['review'], ['bob'])" 'as a draft with label and reviewer'
link=$(field "v['body']" GET $papers/pulls/1 | grep -o 'http://[^)]*tilings/scrutiny.md')
like "$(curl -s -f -H "Authorization: token $GITEA_TOKEN" "$link")" 'Review of' 'its body leads to the report'
pr --label=review --reviewer=bob
like "$out" 'already in pull request #1' 'the same again changes nothing'

echo '% more' >>theory/tilings/main.tex
commit more
git push -q
pr
like "$out" 'updated pull request #1' 'a newer commit updates it'
is "$(field 'len(v)' GET $papers/pulls/1/commits)" 1 'it has one commit'

# -- two at once, in two clones -------------------------------------------------------------------

git clone -q . ../second && cp .git/config ../second/.git/config
broken_paper third
commit third
git push -q
(cd ../second && git pull -q && git scrutiny run --pr --fail-on=never >"$world/other" 2>&1) &
other=$!
pr
wait $other
ok $? 'two runs at once both succeed'
is "$status" 0 'this one, too'
is "$(field 'len(v)' GET "$papers/pulls?state=open")" 1 'there is one pull request'

# -- people ------------------------------------------------------------------------------------------

git fetch -q origin && git checkout -q --detach origin/scrutiny/main
echo 'by hand' >notes.txt
commit 'by hand'
by_hand=$(git rev-parse HEAD)
git push -q origin HEAD:scrutiny/main
git checkout -q main
broken_paper fourth
commit fourth
git push -q
pr
like "$out" 'updated pull request #1' 'what people have added is no obstacle'
git fetch -q origin
ok "$(git merge-base --is-ancestor "$by_hand" origin/scrutiny/main; echo $?)" 'and stays'
ok "$(git merge-base --is-ancestor main origin/scrutiny/main; echo $?)" 'on top of what moved on'

# -- merged, closed -----------------------------------------------------------------------------------

api PATCH $papers/pulls/1 '{"title": "Reviews"}' >/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do
	! api POST $papers/pulls/1/merge '{"Do": "squash"}' >/dev/null || break
	sleep 0.5
done
is "$(field "v['merged']" GET $papers/pulls/1)" True 'the pull request is merged'
git pull -q
pr
like "$out" 'papers up to date' 'then there is nothing to do'
broken_paper fifth
commit fifth
git push -q
pr
like "$out" 'opened pull request #2' 'until there is something new: a new one is opened'
git fetch -q origin
is "$(git diff --name-only main origin/scrutiny/main | tr '\n' ' ')" 'fifth/meta.yaml fifth/scrutiny.json fifth/scrutiny.md ' \
	'with that alone'
api PATCH $papers/pulls/2 '{"state": "closed"}' >/dev/null
pr
like "$out" 'opened pull request #3' 'after one was closed, too'

# -- a branch that is protected -----------------------------------------------------------------------

api POST $papers/branch_protections '{"rule_name": "scrutiny/*", "enable_push": false}' >/dev/null
broken_paper sixth
commit sixth
git push -q
pr
is "$status" 128 'a push to a protected branch is refused'
like "$err" "^fatal: cannot push the branch 'scrutiny/main' to 'origin'" 'which is said in a sentence'
like "$err" "^fatal: .*protected from force push" "with the server's words"

# -- publish --------------------------------------------------------------------------------------------

git checkout -q -b feature
broken_paper feature
commit feature
git push -q -u origin feature
api POST $papers/pulls '{"head": "feature", "base": "main", "title": "a feature"}' >/dev/null
git scrutiny run -q --no-write --fail-on=never >/dev/null
head=$(git rev-parse HEAD)
run git scrutiny publish --status --comment --review
is "$status" 0 'it is published'
is "$(field "v[0]['context'], v[0]['status'], v[0]['description']" GET "$papers/statuses/$head")" \
	"('scrutiny', 'failure', '1 error in 1 paper')" 'the commit has its status'
number=$(field "[p['number'] for p in v if p['head']['ref'] == 'feature'][0]" GET "$papers/pulls?state=open")
like "$(field "v[0]['body']" GET "$papers/issues/$number/comments")" '^\*\*1 error in 1 paper\.\*\*' 'the pull request its comment'
review=$(field "v[0]['id']" GET "$papers/pulls/$number/reviews")
is "$(field "v[0]['path'], v[0]['position']" GET "$papers/pulls/$number/reviews/$review/comments")" "('feature/main.tex', 10)" \
	'and the line its own'
run git scrutiny publish --status --comment --review
like "$out" 'is so already' 'again changes nothing'
like "$out" '0 comments, 1 said before' 'and says nothing twice'
run git scrutiny publish --check
like "$err" '^fatal: check run: ' 'what Gitea lacks is told'
