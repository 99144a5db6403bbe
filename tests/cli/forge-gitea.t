#!/bin/sh
# A real Gitea behind the remote: pull requests, statuses, comments and reviews, each asked for twice.
. "${0%/*}/servers.sh"
need_server gitea-start
. "${0%/*}/lib.sh"
plan 41

unset GITEA_TOKEN FORGEJO_TOKEN
start_server gitea-start
token=$(sed -n 's/^alice [^ ]* //p' "$server_output")
api=$address/api/v1/repos/alice/papers

# api METHOD PATH [JSON]: what a person does in the browser.
api () {
	curl -s -f -X "$1" -H "Authorization: token $token" -H 'Content-Type: application/json' ${3:+-d "$3"} \
		"$address/api/v1/$2"
}
forge () {
	run "$SCRUTINY_BUILD/tests/tools/forge-call" "$@"
}
first () {
	printf '%s\n' "$out" | sed -n 1p
}

api POST user/repos '{"name": "papers"}' >/dev/null
repo sha1 papers
seq 40 >paper.tex
commit 'A paper'
git remote add origin "$(printf '%s\n' "$address" | sed 's,//,//alice:alice-12345@,')/alice/papers.git"
git push -q origin main 2>/dev/null
git checkout -q -b scrutiny/main
seq 60 >paper.tex
commit 'Findings'
git push -q origin scrutiny/main 2>/dev/null
head=$(git rev-parse HEAD)

forge where
is "$status" 3 'a host that nobody named is not known'
like "$err" '^hint: git config scrutiny\.forge\.127\.0\.0\.1\.type ' 'and the setting is told'
git config scrutiny.forge.127.0.0.1.type gitea
forge where
is "$out" "gitea Gitea ${address#http://} alice/papers origin" 'with the setting it is'

forge ensure scrutiny/main main 'Findings' 'In short.'
is "$status" 3 'without a token nothing is opened'
like "$err" '^cannot open .* there is no token for 127' 'which is what it says'
like "$err" '^hint: set GITEA_TOKEN' 'with what to do'
export GITEA_TOKEN=0123456789abcdef
forge ensure scrutiny/main main 'Findings' 'In short.'
like "$err" 'does not accept the token of GITEA_TOKEN' 'a wrong token is told from none'
unlike "$err" 0123456789abcdef 'and is not shown'
export GITEA_TOKEN="$token"

forge find scrutiny/main main
is "$out" none 'no pull request is there yet'
forge ensure scrutiny/main main 'Findings' 'In short.' label=scrutiny label=Wanted reviewer=bob
is "$(first)" "opened #1 open main $head $address/alice/papers/pulls/1" 'it is opened'
is "$(api GET repos/alice/papers/issues/1/labels | grep -o '"name":"[^"]*"' | sort | tr '\n' ' ')" \
	'"name":"Wanted" "name":"scrutiny" ' 'with labels that were made for it'
like "$(api GET repos/alice/papers/pulls/1)" '"requested_reviewers":\[.*"login":"bob"' 'and its reviewer'
GIT_TRACE_SCRUTINY="$world/trace" forge ensure scrutiny/main main 'Findings' 'In short.' label=scrutiny label=wanted reviewer=bob
is "$(first)" "unchanged #1 open main $head $address/alice/papers/pulls/1" 'once more changes nothing'
is "$(grep -c 'forge: [A-Z]' "$world/trace")" 1 'and costs one call'
unlike "$(cat "$world/trace")" "$token" 'the trace has no token'
forge ensure scrutiny/main main 'More findings' 'In short.'
is "$(first)" "updated #1 open main $head $address/alice/papers/pulls/1" 'another title updates it'
forge ensure scrutiny/main main 'More findings' 'In short.' reviewer=nobody reviewer=bob
like "$err" "^nobody: .*'nobody'" 'who cannot review is a warning'
is "$status" 0 'and no failure'
forge get 1
like "$out" '^More findings$' 'it can be read by its number'

forge status "$head" scrutiny failure '2 errors' "$address/x"
is "$status" 0 'a status is set'
forge status "$head" scrutiny failure '2 errors' "$address/x"
forge status "$head" scrutiny success 'none'
forge status "$head" scrutiny success 'none'
is "$(api GET "repos/alice/papers/statuses/$head" | grep -o '"status":"[^"]*"' | sort | tr '\n' ' ')" \
	'"status":"failure" "status":"success" ' 'each once'
forge check "$head" scrutiny success title summary
is "$status" 12 'check runs are not supported'

api POST repos/alice/papers/issues/1/comments '{"body": "<!-- m --> of another"}' >/dev/null
bob=$(sed -n 's/^bob [^ ]* //p' "$server_output")
# A stranger has copied the marker.
curl -s -f -o "$world/bob" -H "Authorization: token $bob" -H 'Content-Type: application/json' \
	-d '{"body": "<!-- scrutiny --> copied"}' "$api/issues/1/comments"
forge comment 1 '<!-- scrutiny -->' '<!-- scrutiny -->
one'
is "$out" written 'the comment is written'
forge comment 1 '<!-- scrutiny -->' '<!-- scrutiny -->
one'
is "$out" unchanged 'left'
forge comment 1 '<!-- scrutiny -->' '<!-- scrutiny -->
two'
is "$out" updated 'and updated'
is "$(api GET repos/alice/papers/issues/1/comments | grep -o 'scrutiny[^"]*two"' | wc -l)" 1 'in place'
is "$(api GET repos/alice/papers/issues/1/comments | grep -o 'scrutiny[^"]*copied"' | wc -l)" 1 \
	'and what a stranger wrote below the same marker is left'

notes () {
	for i in $(seq "$1"); do
		echo "paper.tex|$((i % 20 + 41))||error|id-$i|A title|Message $i"
	done
}
notes 30 >"$world/notes"
annotations () {
	"$SCRUTINY_BUILD/tests/tools/forge-call" "$@" 2>&1
}
is "$(annotations review 1 "$head" 'Findings' <"$world/notes")" '30 of 30' 'a review has comments on lines'
is "$(annotations review 1 "$head" 'Findings' <"$world/notes")" '0 of 30' 'which are not said again'
notes 33 >"$world/notes"
is "$(annotations review 1 "$head" 'Findings' <"$world/notes")" '3 of 33' 'but for the new ones'
is "$(api GET 'repos/alice/papers/pulls/1/reviews' | grep -o '"comments_count":[0-9]*' | tr '\n' ' ')" \
	'"comments_count":0 "comments_count":20 "comments_count":10 "comments_count":3 ' 'twenty at most in each'

api PATCH repos/alice/papers/pulls/1 '{"state": "closed"}' >/dev/null
forge find scrutiny/main main
like "$out" '^#1 closed main' 'one that was closed is recognised'
forge ensure scrutiny/main main 'Findings' 'b' draft
like "$(first)" '^opened #2 open draft main' 'and a new one opened, as a draft'
forge ensure scrutiny/main main 'Other' 'b'
like "$(first)" '^updated #2 open draft main' 'that stays a draft'
like "$out" '^Other$' 'whatever its title'
api PATCH repos/alice/papers/pulls/2 '{"title": "Other"}' >/dev/null
forge ensure scrutiny/main main 'Other' 'b' draft
like "$(first)" '^unchanged #2 open main' 'until somebody says that it is ready'
for _ in $(seq 50); do
	api POST repos/alice/papers/pulls/2/merge '{"do": "merge", "delete_branch_after_merge": true}' && break
	sleep 0.1
done
forge find scrutiny/main main
like "$out" '^#2 merged main' 'one that was merged is recognised, its branch gone'
forge ensure scrutiny/main main 'Findings' 'b'
is "$status" 3 'without the branch none is opened'
git push -q origin HEAD:refs/heads/scrutiny/main 2>/dev/null
forge ensure scrutiny/main main 'Findings' 'b'
like "$(first)" '^opened #3 open main' 'with it a new one is'

# Gitea itself makes two of them.
git checkout -q -b twice main
echo 1 >>paper.tex
commit Twice
git push -q origin twice 2>/dev/null
for i in 1 2 3; do
	annotations ensure twice main 'Twice' 'b' >"$world/twice$i" &
	asked="$! ${asked-}"
done
# shellcheck disable=SC2086 # a list of processes
wait $asked
is "$(cat "$world"/twice? | grep -c '^Twice')" 3 'three may ask at the same time'
is "$(api GET 'repos/alice/papers/pulls?state=open' | grep -o '"title":"Twice"' | wc -l)" 1 'and one is open in the end'
