#!/bin/sh
# What is said, on a terminal only, of checks that were skipped.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
command -v script >/dev/null || skip_all 'script (bsdutils) is not there'
plan 15

# on_terminal COMMAND: sets $out to what it writes to a terminal, and $status.
on_terminal () {
	status=0
	script -qec "$1" /dev/null >"$world/out" 2>&1 </dev/null || status=$?
	out=$(tr -d '\r' <"$world/out")
}

repo sha1
git scrutiny hooks install -q
paper theory
git add theory
on_terminal 'git commit -q -m one'
is "$out" '' 'nothing is said of a good paper'
broken_paper theory
git add theory
run env SCRUTINY=0 git commit -q -m two
is "$status$err" 0 'without a terminal nothing is said'
git reset -q --soft HEAD^
on_terminal 'SCRUTINY=0 git commit -q -m two'
is "$out" 'git scrutiny: skipped (SCRUTINY=0): pre-commit checks' 'SCRUTINY=0 is told'
git init -q --bare ../remote.git
on_terminal 'SCRUTINY=0 git push -q ../remote.git HEAD'
is "$out" 'git scrutiny: skipped (SCRUTINY=0): pre-push checks' 'also of a push'
on_terminal 'SCRUTINY=0 git scrutiny hooks run pre-commit'
is "$out" 'git scrutiny: skipped (SCRUTINY=0): pre-commit checks' 'and by way of managers'

echo % >>theory/main.tex
git add theory
on_terminal 'git commit -q -m three'
is "$status" 1 'a paper with an error is refused'
on_terminal 'git commit -q --no-verify -m three'
like "$out" '^git scrutiny: committed without checks: theory$' '--no-verify is told, with the paper'
echo % >>theory/main.tex
run git commit -qa --no-verify -m four
unlike "$err" 'without checks' 'on a terminal only'
echo notes >notes
git add notes
on_terminal 'git commit -q --no-verify -m five'
unlike "$out" 'without checks' 'and not of what is no paper'
paper theory
on_terminal 'git commit -q -a -m six'
unlike "$out" 'without checks' 'nor of what was checked'
is "$status" 0 'which is committed'
git checkout -q -b other HEAD~2
echo more >else
git add else
run git commit -q -m seven
git checkout -q main
on_terminal 'git cherry-pick other'
unlike "$out" 'without checks' 'a cherry-pick has no pre-commit'
for name in a b c d; do broken_paper "many/$name"; done
git add many
on_terminal 'git commit -q --no-verify -m many'
like "$out" '^git scrutiny: committed without checks: many/a, many/b, many/c and 1 more$' 'of many papers some are named'

git scrutiny hooks remove -q --only=pre-commit
echo % >>theory/main.tex
on_terminal 'git commit -qa -m eight'
unlike "$out" 'without checks' 'without our pre-commit there is nothing to tell'

cd .. || exit 1
repo sha1 plain
git scrutiny hooks install -q
echo a >a
git add a
on_terminal 'git commit -qm one; git commit -q --allow-empty --no-verify -m two'
is "$out" '' 'a repository without papers says nothing at all'
