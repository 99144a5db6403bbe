#!/bin/sh
# What is asked of GitHub, and what it answers, held against GitHub's own description of its API by prism.
. "${0%/*}/servers.sh"
need_server github-start
. "${0%/*}/lib.sh"
plan 41

for variable in GITHUB_TOKEN GH_TOKEN GITHUB_SERVER_URL GITHUB_API_URL CI_SERVER_URL GITEA_ACTIONS FORGEJO_ACTIONS; do
	unset "$variable"
done
start_server github-start
behind=$(sed -n 2p "$server_output")
commit=6dcb09b5b57875f334f61aebed695e2e4193db5e

forge () {
	run "$SCRUTINY_BUILD/tests/tools/forge-call" "$@"
}
# annotate FILE ARGUMENT...
annotate () {
	notes=$1
	shift
	status=0
	"$SCRUTINY_BUILD/tests/tools/forge-call" "$@" >"$world/out" 2>"$world/err" <"$notes" || status=$?
	out=$(cat "$world/out")
	err=$(cat "$world/err")
}
first () {
	printf '%s\n' "$out" | sed -n 1p
}
# play WHAT JSON: people and accidents.
play () {
	curl -s -f -o /dev/null -H 'Content-Type: application/json' -d "$2" "$behind/_$1"
}
# lose PATH COMMAND...: the answer to the next POST there is cut; prism would wait for the rest of it.
lose () {
	play lose "{\"path\": \"$1\"}"
	shift
	git config scrutiny.forge.127.0.0.1.api "$behind"
	"$@"
	git config scrutiny.forge.127.0.0.1.api "$address"
}
# changes: how many calls have changed something.
changes () {
	curl -s "$behind/_log" | grep -o '"[A-Z]* /' | wc -l
}

repo sha1
git remote add origin "$address/octocat/Hello-World.git"
git config scrutiny.forge.127.0.0.1.type github
git config scrutiny.forge.127.0.0.1.api "$address"
export GH_ENTERPRISE_TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ012345

forge find scrutiny/main main
is "$out" none 'no pull request is there yet'
forge ensure scrutiny/main main 'Findings' 'In short.' label=scrutiny reviewer=alice reviewer=team:core
is "$(first)" "opened #1 open main $commit https://github.com/octocat/Hello-World/pull/1" 'it is opened'
is "$err" '' 'with its label and reviewers'
before=$(changes)
GIT_TRACE_SCRUTINY="$world/trace" forge ensure scrutiny/main main 'Findings' 'In short.' label=Scrutiny reviewer=alice reviewer=team:core
like "$(first)" '^unchanged #1 open' 'once more changes nothing'
is "$(changes)" "$before" 'at GitHub neither'
is "$(grep -c 'forge: [A-Z]' "$world/trace")" 1 'and costs one call'
unlike "$(cat "$world/trace")" ghp_ 'the trace has no token'
forge ensure scrutiny/main main 'More' 'In short.' reviewer=nobody reviewer=bob
like "$(first)" '^updated #1 open' 'another title updates it'
like "$err" '^nobody: cannot ask for reviews: .*is not a collaborator' 'who cannot review is a warning'
unlike "$err" '^bob' 'that keeps nobody else from it'
forge get 1
like "$out" '^More$' 'it can be read by its number'
forge get 7
is "$status" 3 'one that is not there is not found'
play pull '{"number": 1, "state": "closed", "merged": true}'
forge find scrutiny/main main
like "$out" '^#1 merged' 'one that was merged is recognised'
forge ensure scrutiny/main main 'Findings' 'b' draft
like "$(first)" '^opened #2 open draft' 'and a new one opened, as a draft'
play pull '{"number": 2, "state": "closed", "merged": false}'
forge find scrutiny/main
like "$out" '^#2 closed' 'one that was closed is recognised'
forge ensure main main 'Findings' 'b'
like "$err" 'No commits between main and main' 'GitHub says why it opens none'
lose /pulls forge ensure scrutiny/main main 'Findings' 'b'
like "$(first)" '^opened #3 open' 'an answer that was cut does not make two'
forge find scrutiny/main main
like "$out" '^#3 open' 'but one'

forge status "$commit" scrutiny failure '2 errors' https://example.org/x
is "$status" 0 'a status is set'
before=$(changes)
forge status "$commit" scrutiny failure '2 errors' https://example.org/x
is "$(changes)" "$before" 'once'
forge status "$commit" scrutiny success none
is "$(changes)" $((before + 1)) 'and changed'

play comment '{"number": 3, "login": "mallory", "type": "User", "body": "<!-- s -->\nstolen"}'
forge comment 3 '<!-- s -->' '<!-- s --> one'
is "$out" written 'the comment is written, whoever has copied its marker'
forge comment 3 '<!-- s -->' '<!-- s --> one'
is "$out" unchanged 'and left'
lose /comments forge comment 3 '<!-- t -->' '<!-- t --> one'
is "$out" written 'an answer that was cut'
is "$(curl -s "$behind/repos/octocat/Hello-World/issues/3/comments" | grep -o '"<!-- t -->' | wc -l)" 1 'does not make two of them'
play comment '{"number": 3, "login": "alice", "type": "User", "body": "chat", "times": 150}'
forge comment 3 '<!-- u -->' '<!-- u --> one'
forge comment 3 '<!-- u -->' '<!-- u --> two'
is "$out" updated 'it is found on the second page'

for i in $(seq 45); do
	echo "paper.tex|$i|$((i + i % 2))|error|id-$i|A *title*|Message $i"
done >"$world/notes"
annotate "$world/notes" review 3 "$commit" Findings
is "$out" '45 of 45' 'a review has comments on lines'
is "$(curl -s "$behind/repos/octocat/Hello-World/pulls/3/reviews" | grep -o '"state": "COMMENTED"' | wc -l)" 3 'twenty at most in each'
annotate "$world/notes" review 3 "$commit" Findings
is "$out" '0 of 45' 'none is said twice'
cat >>"$world/notes" <<END
paper.tex|50||note|id-50||Fine
paper.tex|5000||note|id-5000||Not in the diff
paper.tex|51||note|id-51||Fine
END
annotate "$world/notes" review 3 "$commit" Findings
is "$out" '2 of 48' 'one that is not in the diff does not keep the others out'
echo 'paper.tex|60||note|id-60||Fine' >"$world/notes"
lose /reviews annotate "$world/notes" review 3 "$commit" Findings
is "$out" '1 of 1' 'an answer that was cut'
is "$(curl -s "$behind/repos/octocat/Hello-World/pulls/3/comments?per_page=100" | grep -o 'git-scrutiny: id-60' | wc -l)" 1 'does not make two of them'

for i in $(seq 120); do
	echo "paper.tex|$i||warning|id-$i|Title|Message"
done >"$world/notes"
annotate "$world/notes" check "$commit" scrutiny failure Title Summary
is "$status" 12 'a check run needs an app'
like "$err" 'hint: .*set a status' 'others set a status'
play app '{}'
annotate "$world/notes" check "$commit" scrutiny failure Title Summary
is "$status$err" 0 'that can make one'
like "$(curl -s "$behind/repos/octocat/Hello-World/commits/$commit/check-runs")" '"annotations_count": 120' 'with all annotations'
before=$(changes)
annotate "$world/notes" check "$commit" scrutiny failure Title Summary
is "$(changes)" "$before" 'once more changes nothing'
annotate "$world/notes" check "$commit" scrutiny success Title Summary
is "$(changes)" $((before + 3)) 'another result does'
annotate /dev/null check "$commit" other success Title Summary
is "$status$err" 0 'one may have nothing to point at'
forge comment 3 '<!-- v -->' '<!-- v --> one'
forge comment 3 '<!-- v -->' '<!-- v --> two'
is "$out" updated 'an app finds its own comment, though it is no user'
play comment '{"number": 3, "login": "mallory", "type": "User", "body": "<!-- w --> stolen"}'
forge comment 3 '<!-- w -->' '<!-- w --> one'
is "$out" written 'and takes none of a person'
