#!/bin/sh
# pre-push: the papers of the commits that are pushed, as they are there.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
model_server --requests "$world/requests"
plan 54

records () {
	git rev-parse -q --verify refs/scrutiny/records
}
asked () {
	cat "$world/requests" 2>/dev/null | wc -l
}
# there REF: what the remote has under a name.
there () {
	git -C "$world/work/remote.git" rev-parse -q --verify "$1"
}

git init -q --bare remote.git
git init -q --bare mirror.git
repo sha1
git remote add origin "$world/work/remote.git"
git scrutiny hooks install --only=pre-push >/dev/null 2>&1
paper theory/good
broken_paper theory/broken
commit 'two papers'

# -- a first push

run git push origin main
is "$status" 1 'an error in a paper refuses the push'
like "$err" '^theory/broken/main.tex:10: error: .*sec:nowhere.* \[reference-undefined\]$' 'it is told with file and line'
like "$err" '^git scrutiny: 1 error in 2 pushed papers: not pushed$' 'and how many papers were looked at'
like "$err" '^hint: .*git push --no-verify' 'and how to push all the same'
is "$out" '' 'nothing on standard output'
is "$(there main)" '' 'nothing was pushed'
is "$(git status --porcelain)" '' 'and nothing written'
ok "$(records >/dev/null; echo $?)" 'what was found is recorded'
before=$(records)
run git push origin main
is "$status" 1 'a second attempt is refused as well'
is "$(records)" "$before" 'with what is recorded'
run git push --no-verify origin main
is "$status" 0 '--no-verify pushes all the same'

# -- only what is pushed

echo 'int x;' >tool.c
commit 'no paper'
run git push origin main
is "$status" 0 'papers that the remote has already are not looked at again'
unlike "$err" '^git scrutiny' 'which is done without a word'
paper theory/broken
commit 'correct it'
broken_paper theory/broken
run git push origin main
is "$status" 0 'the commit counts, not the work tree'
like "$err" '^git scrutiny: no findings in 1 pushed paper$' 'which is said in a line'
git checkout -q -- .
broken_paper theory/broken
commit 'break it'
paper theory/broken
commit 'correct it again'
run git push origin main
is "$status" 0 'what was changed and changed back counts no more'
git mv theory/good theory/moved
commit 'move one'
run git push origin main
like "$err" '^git scrutiny: no findings in 1 pushed paper$' 'a paper that was moved is looked at'
git rm -q -r theory/moved
commit 'delete one'
run git push origin main HEAD:refs/heads/copy :refs/heads/none
run git push origin main
is "$status" 0 'one that is gone is not'

# -- several refs

git checkout -q -b first
broken_paper theory/third
commit third
git checkout -q -b second
paper theory/fourth
commit fourth
run git push origin first second
is "$status" 1 'several refs are pushed, or none of them'
like "$err" '^first:$' 'the ref is told where there are several'
like "$err" '^git scrutiny: 1 error in 2 pushed papers: not pushed$' 'a paper of two of them counts once'
is "$(there first)$(there second)" '' 'nothing was pushed'
git tag -a -m x tagged main
git tag blob "$(git rev-parse main:tool.c)"
run git push origin tagged blob
is "$status" 0 'tags of old commits and of files are none of our business'
run git push origin refs/scrutiny/records
is "$status" 0 'neither are refs of our own'
unlike "$err" '^git scrutiny' 'of which nothing is said'
hostile="refs/heads/$(printf 'x\342\200\256y')"
git update-ref "$hostile" first
run git push origin "$hostile" second
like "$err" '^x\\u\{202e\}y:$' 'the name of a ref cannot disturb a terminal'

# -- what decides

git config scrutiny.hooks.failOn never
run git push origin first
is "$status" 0 'scrutiny.hooks.failOn=never lets everything pass'
like "$err" '^git scrutiny: 1 error in 1 pushed paper$' 'and still tells of it'
git config scrutiny.hooks.failOn often
git push -q --no-verify origin :first
run git push origin first
is "$status" 0 'a setting that is wrong stops nobody'
like "$err" "^warning: refs/heads/first: scrutiny.hooks.failOn is 'often': .* not checked$" 'and is told'
git config scrutiny.hooks.strict true
git push -q --no-verify origin :first
run git push origin first
is "$status" 1 'unless scrutiny.hooks.strict is set'
git config --unset scrutiny.hooks.strict
git config --unset scrutiny.hooks.failOn
printf 'fail_on: never\n' >.scrutiny.yml
commit policy
git config scrutiny.hooks false
run git push origin second
is "$status" 0 'scrutiny.hooks=false: no hook'
git config --unset scrutiny.hooks
run git push origin second:refs/heads/third
is "$status" 0 'the policy of the commit that is pushed counts'
printf 'fail_on: [\n' >.scrutiny.yml
paper theory/fifth
commit 'policy that cannot be read'
run git push origin second
is "$status" 0 'one that cannot be read stops nobody'
like "$err" '^warning: refs/heads/second: \.scrutiny\.yml:.* not checked$' 'and is told in a line'
git rm -q .scrutiny.yml
commit 'no policy'

# -- models

lab
broken_paper theory/sixth
commit sixth
run env SCRUTINY=0 git push origin second
is "$status" 0 'SCRUTINY=0 skips the hook'
paper theory/seventh
commit seventh
git config scrutiny.reviewers lab/alpha
run git push origin second
is "$(asked)" 0 'models are not asked'
sed -i 's/short/tall/' theory/seventh/main.tex
commit 'seventh again'
git config scrutiny.hooks.prePushReviewers configured
run git push origin second
ok "$([ "$(asked)" -gt 0 ]; echo $?)" 'but where scrutiny.hooks.prePushReviewers says so'
is "$status" 0 'what a single model claims stops nobody'
is "$(git status --porcelain)" '' 'and no report is written'
git config --unset scrutiny.hooks.prePushReviewers

# -- what cannot be read

mkdir scanned
printf '%%PDF-1.4\n' >scanned/paper.pdf
commit 'a scan'
run git push origin second
is "$status" 0 'a paper that cannot be read stops nobody'
like "$err" '^warning: scanned/paper.pdf: ' 'and is told'
like "$err" '^git scrutiny: no pushed paper could be reviewed$' 'and so is what that means'
git push -q --no-verify origin second~1:refs/heads/scan
git config scrutiny.hooks.strict true
run git push origin second:refs/heads/scan
is "$status" 0 'what the remote has already does not count'
git mv scanned scans
commit 'move it'
run git push origin second
is "$status" 1 'scrutiny.hooks.strict: it stops everybody'
like "$err" '^git scrutiny: .*: not pushed$' 'which is said'
git config --unset scrutiny.hooks.strict

# -- other clones

git remote add mirror "$world/work/mirror.git"
git push -q --no-verify mirror main
git fetch -q mirror
git checkout -q main
paper theory/eighth
commit eighth
git config --add remote.mirror.pushurl "$world/work/mirror.git"
git config --add remote.mirror.pushurl "$world/work/remote.git"
run git push mirror main
is "$(printf '%s\n' "$err" | grep -c '^git scrutiny: ')" 1 'a push to several addresses is checked once'
git -C "$world/work/remote.git" config uploadpack.allowFilter true
git clone -q --no-checkout --filter=blob:none "file://$world/work/remote.git" "$world/work/partial" 2>/dev/null
cd "$world/work/partial" || exit 1
git scrutiny hooks install --only=pre-push >/dev/null 2>&1
git read-tree HEAD
git update-index --add --cacheinfo "100644,$(echo x | git hash-object -w --stdin),theory/eighth/notes.txt"
tip=$(git commit-tree -p HEAD -m 'in a paper that is not here' "$(git write-tree --missing-ok)")
blobs () {
	git cat-file --batch-all-objects --batch-check='%(objecttype)' 2>/dev/null | grep -c blob
}
before=$(blobs)
run git push origin "$tip:refs/heads/partial"
is "$status" 0 'from a partial clone that lacks the paper it is pushed'
like "$err" '^warning: .*theory/eighth.* not in this partial clone: not checked$' 'and it is told that it was not checked'
is "$(blobs)" "$before" 'nothing was fetched'
cd "$world/work/repo" || exit 1

# -- what is not git

run sh -c 'echo nonsense | git scrutiny hooks run pre-push origin there'
like "$err" '^fatal: standard input, line 1: not what git tells the hook pre-push$' 'other input is an error'
is "$status" 128 'that stops'
run sh -c 'git scrutiny hooks run pre-push </dev/null'
is "$status" 129 'it needs the name of a remote'
run sh -c 'git scrutiny hooks run pre-push origin there </dev/null'
is "$status" 0 'a push of nothing is fine'
