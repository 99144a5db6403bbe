#!/bin/sh
# Reports as a branch and a pull request: nothing of the user's is touched, and the next run goes on where it stands.
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "${source_tree:?}/tests/cli/papers.sh"
plan 39

# A repository with two papers on main, pushed to a bare one beside it.
world_of () {
	mkdir "$1" && cd "$1" && git init -q --bare -b main remote.git && repo sha1 repo || exit 1
	git remote add origin ../remote.git
	broken_paper theory/tilings
	paper 'notes and more/recall'
	commit papers
	git push -q -u origin main
}
on_branch () {
	git -C ../remote.git show "scrutiny/main:$1" 2>/dev/null
}

world_of "$world/work/one"
git config advice.scrutiny true
before=$(git for-each-ref refs/heads refs/remotes refs/tags; git status --porcelain=v2; git stash list; git rev-parse HEAD)
run git scrutiny run --pr
is "$status" 1 'findings decide about the exit status as ever'
like "$out" "2 reports \\(scrutiny.md\\) and meta.yaml: pushed to the branch 'scrutiny/main' of 'origin'" 'it is said where the reports are'
like "$err" "hint: only the branch 'scrutiny/main' will be pushed" 'that no forge is known is said'
git update-ref -d refs/remotes/origin/scrutiny/main
is "$(git for-each-ref refs/heads refs/remotes refs/tags; git status --porcelain=v2; git stash list; git rev-parse HEAD)" "$before" \
	'refs, index, work tree and HEAD are as before'
is "$(find .git/scrutiny/tmp -type f | wc -l)" 0 'no temporary file is left'
like "$(on_branch theory/tilings/scrutiny.md)" 'sec:nowhere' 'the branch has the report'
like "$(on_branch 'notes and more/recall/meta.yaml')" 'verdict: clean' 'and the metadata, also of a folder with spaces'
is "$(git -C ../remote.git rev-list --count main..scrutiny/main)" 1 'in one commit on top of what was pushed'

# -- trailers ---------------------------------------------------------------------------------------

is "$(git -C ../remote.git log -1 --format='%(trailers:key=Scrutiny,valueonly)' scrutiny/main | sed '/^$/d')" \
	'notes and more/recall 0 errors, 0 warnings
theory/tilings 1 error, 0 warnings' 'trailers say what was found, a line a paper'
like "$(git -C ../remote.git log -1 --format=%B scrutiny/main | git interpret-trailers --parse)" \
	'^Scrutiny: theory/tilings 1 error, 0 warnings$' 'git interpret-trailers reads them'
is "$(git -C ../remote.git log -1 --format=%s scrutiny/main)" 'Review 2 papers: 1 error' 'the title says the sum'

# -- again -------------------------------------------------------------------------------------------

tip=$(git -C ../remote.git rev-parse scrutiny/main)
run git scrutiny run --pr --fail-on=never
is "$status" 0 'the same again succeeds'
like "$out" "already on the branch 'scrutiny/main'" 'and says that it is there already'
is "$(git -C ../remote.git rev-parse scrutiny/main)" "$tip" 'nothing is pushed'

echo '% more' >>theory/tilings/main.tex
run git scrutiny run --pr --fail-on=never
like "$err" 'hint: --pr looks at the papers as they are at HEAD .*uncommitted' 'uncommitted changes are said to be no part of it'
is "$(git -C ../remote.git rev-parse scrutiny/main)" "$tip" 'and they are none'

commit more
run git scrutiny run --pr --fail-on=never
is "$status" 128 'a commit that was not pushed is refused'
like "$err" "fatal: the commit .* is not in the branch 'main' of 'origin'" 'and the reason said'
like "$err" 'hint: push it first' 'with what to do'

git push -q
run git scrutiny run --pr --fail-on=never
is "$status" 0 'when it is pushed it goes on'
is "$(git -C ../remote.git rev-list --count main..scrutiny/main)" 1 'the branch begins anew from it'
like "$(on_branch 'notes and more/recall/scrutiny.md')" 'No problems' 'with the reports of all papers'

git fetch -q && git merge -q --no-edit origin/scrutiny/main && git push -q
run git scrutiny run --pr
like "$out" '^2 papers up to date' 'after the merge there is nothing to do'
run git scrutiny run --pr --all --fail-on=never
like "$out" "'main' has them already" 'and all of them are there already'

# -- other branches, other places ---------------------------------------------------------------------

git checkout -q -b draft && broken_paper third && commit third && git push -q -u origin draft
run git scrutiny run --pr --fail-on=never
like "$out" "branch 'scrutiny/draft'" 'another branch has a proposal of its own'
run git scrutiny run --pr=reports/x --fail-on=never
like "$out" "branch 'reports/x'" 'the branch can be named'
git config scrutiny.pr.branch configured
run git scrutiny run --pr --fail-on=never
like "$out" "branch 'configured'" 'or configured'
run git scrutiny run --pr=draft
is "$status" 129 'a proposal cannot lie on its own base'
run git scrutiny run --pr=a..b
is "$status" 129 'a name that is none is refused'
run git scrutiny run --pr --commit
is "$status" 129 '--pr and --commit contradict each other'
run git scrutiny run --draft
is "$status" 129 '--draft alone makes no sense'
cd "$world/work/one" && git clone -q --bare remote.git bare.git && cd bare.git || exit 1
git config scrutiny.pr.branch from-bare
git symbolic-ref HEAD refs/heads/draft
run git scrutiny run --pr --fail-on=never
like "$out" "branch 'from-bare'" 'a bare repository can propose, too'

# -- what stands in the way -----------------------------------------------------------------------------

world_of "$world/work/two"
ln -s ../../secret theory/tilings/scrutiny.md
commit link
git push -q
run git scrutiny run --pr --fail-on=never
is "$status" 2 'a link where a report should be stops that paper'
like "$err" 'scrutiny.md' 'and is named'
is "$(on_branch theory/tilings/meta.yaml)" '' 'nothing of that paper is proposed'

world_of "$world/work/three"
printf '#!/bin/sh\necho "no robots" >&2\nexit 1\n' >../remote.git/hooks/pre-receive
chmod +x ../remote.git/hooks/pre-receive
run git scrutiny run --pr
like "$err" "^fatal: cannot push the branch 'scrutiny/main' to 'origin'" 'a refused push is said in a sentence'
like "$err" 'no robots' "with the server's words"

# -- an address with a password ---------------------------------------------------------------------------

world_of "$world/work/four"
git config branch.main.remote "file://user:correct-horse@$world/work/four/remote.git"
run git scrutiny run --pr --fail-on=never
like "$out" "pushed to the branch 'scrutiny/main' of 'file://.*@" 'where the reports are is said'
unlike "$out$err" 'correct-horse' 'but no password'
