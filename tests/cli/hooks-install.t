#!/bin/sh
# hooks install, remove and status: our hooks among those of others.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
plan 69

# All that is in the folder of hooks and aside, with modes, links and times.
listing () {
	(cd .git && find hooks* ! -name '*.sample' ! -type d -printf '%p %M %l %T@ %s\n' | sort)
}

theirs () {
	# shellcheck disable=SC2016 # for the script
	printf '#!/bin/sh\necho "theirs ${0##*/} $*"\n[ "${0##*/}" != pre-push ] || cat\nexit ${STATUS-0}\n' >"$1"
	chmod 755 "$1"
}

# A repository whose name is no easy one, with hooks of somebody's.
repo sha1 "it's a \"hard\" \$name"
theirs .git/hooks/pre-commit
theirs .git/hooks/pre-push
touch -d '2020-02-03 04:05:06.789' .git/hooks/pre-commit
ln -s pre-commit .git/hooks/commit-msg
echo notes >.git/hooks/post-merge
before=$(listing)

run git scrutiny hooks install --dry-run
is "$status" 0 'a dry run succeeds'
like "$out" '^pre-commit +would be installed; the hook that was there runs first' 'and says what would be'
is "$(listing)" "$before" 'and does nothing'

run git scrutiny hooks install
is "$status" 0 'installing succeeds'
like "$out" '^pre-commit +installed; the hook that was there runs first' 'and says which hook is chained'
like "$out" '^post-commit +installed$' 'and which is new'
like "$err" 'hint: .*SCRUTINY=0' 'and how to get out of it'
run git scrutiny hooks status
like "$out" '^pre-push +installed; the hook that was there runs first' 'status knows a chained one'
like "$out" '^post-merge +installed; the one that was there cannot be run' 'and one that git did not run'
run git scrutiny hooks status --porcelain
like "$out" '^# scrutiny-hooks v1$' 'the porcelain has a version'
like "$out" "^pre-commit	installed	git	/.*\"hard\" .name/.git/hooks/pre-commit$" 'and a line a hook'
run git scrutiny hooks status --porcelain -z
is "$(tr '\0' '\n' <"$world/out" | sed -n 2,4p | tr '\n' ' ')" 'pre-commit installed git ' 'or a field a NUL'

after=$(listing)
run git scrutiny hooks install
is "$(listing | sed 's/ [0-9.]* / /')" "$(printf '%s\n' "$after" | sed 's/ [0-9.]* / /')" 'installing twice changes nothing'
like "$out" '^pre-commit +is there already' 'and says so'

paper theory
git add theory
run git commit -m one
is "$status" 0 'a good paper is committed'
like "$err" '^theirs pre-commit' 'after the hook that was there'
like "$err" '^theirs commit-msg ' 'and one that was a link to it'
broken_paper theory
git add theory
run git commit -m two
is "$status" 1 'one with an error is not'
like "$err" '^theirs pre-commit' 'though theirs agreed'
like "$err" 'main.tex:10: error' 'the finding is shown'
run env STATUS=3 SCRUTINY=0 git commit -m two
is "$status" 1 'their refusal counts'
run env SCRUTINY=0 git commit -m two
is "$status" 0 'SCRUTINY=0 skips ours'
like "$err" '^theirs pre-commit' 'and not theirs'
git init -q --bare ../remote.git
run git push ../remote.git HEAD:main
is "$status" 1 'nor is it pushed'
like "$out" '^HEAD [0-9a-f]+ refs/heads/main 0*$' 'after theirs has read what is pushed'
like "$err" 'not pushed' 'which is said'
run env SCRUTINY=0 git push ../remote.git HEAD:main
is "$status" 0 'but with SCRUTINY=0'

# Work trees share them.
git worktree add -q ../linked >/dev/null 2>&1
cd ../linked || exit 1
run git scrutiny hooks status
like "$out" '^pre-commit +installed' 'another work tree has the same hooks'
run git commit --allow-empty -m linked
like "$err" '^theirs pre-commit' 'and runs theirs'
cd - >/dev/null || exit 1

run git scrutiny hooks remove
is "$status" 0 'removing succeeds'
like "$out" '^pre-commit +removed; the earlier hook is back' 'and says what is back'
is "$(listing)" "$before" 'all is as it was: modes, links and times'
run git scrutiny hooks remove
like "$out" '^there are no hooks of ours' 'there is nothing more to remove'

run git scrutiny hooks install --only=post-merge,pre-push
is "$(printf '%s\n' "$out" | wc -l)" 2 'hooks can be chosen'
git scrutiny hooks remove -q
run git scrutiny hooks install --only=pre-comit
is "$status" 129 'a hook that is none is an error'
like "$err" 'did you mean pre-commit' 'with the one that was meant'
run git scrutiny hooks status --write
is "$status" 129 'and so is an option of another action'

# Without the program.
mkdir programs
cp "$SCRUTINY_BUILD/git-scrutiny" "$SCRUTINY_BUILD/git-scrutiny-hook" programs
# Removed while PATH has no other.
without=$(printf '%s' "$PATH" | tr ':' '\n' | grep -vxF "$SCRUTINY_BUILD" | paste -sd: -)
run env PATH="$PWD/programs:$without" git scrutiny hooks install -q
is "$status$out" 0 'an installation is quiet if asked'
rm -r programs
run env PATH="$without" git commit --allow-empty -m gone
is "$status" 0 'a program that is gone keeps nobody from committing'
is "$(printf '%s\n' "$err" | grep -c 'not installed any more')" 1 'which is said'
run env PATH="$without" git commit --allow-empty -m gone
unlike "$err" 'not installed' 'once'
run git scrutiny hooks status
like "$out" '^pre-commit +outdated' 'another program makes them outdated'
run git scrutiny hooks install
like "$out" '^pre-commit +updated' 'and installing renews them'

# Somebody replaces ours.
theirs .git/hooks/post-merge
run git scrutiny hooks install
like "$out" '^post-merge +installed; the hook that was there' 'a hook that replaced ours is chained'
like "$err" 'warning: an earlier post-merge is not run any more' 'the one before is kept, which is said'
git scrutiny hooks remove -q

# core.hooksPath.
mkdir ../own
git config core.hooksPath ../own
run git scrutiny hooks install
is "$status" 0 'a folder of the user outside is served'
like "$err" 'warning: core.hooksPath \(local\) hides hooks .*: pre-commit, commit-msg, ' 'what it hides is said'
like "$err" 'every repository that uses that folder' 'and whom it concerns'
[ -x ../own/pre-commit ] && [ ! -e ../own.before-scrutiny ]
ok $? 'the hooks are there'
git scrutiny hooks remove -q
is "$(ls ../own)" '' 'and go again'
git config core.hooksPath /dev/null
run git scrutiny hooks install
is "$status" 128 'no folder is an error'
like "$err" 'git runs no hooks here' 'that says what it means'
mkdir .githooks
theirs .githooks/pre-commit
git config core.hooksPath .githooks
run git scrutiny hooks install --only=pre-commit,pre-push
is "$status" 2 'hooks in the work tree are not changed without being asked'
like "$out" '^pre-commit +not installed: it has to be called by .githooks/pre-commit' 'which is said'
run git scrutiny hooks install --only=pre-commit,pre-push --write
is "$status" 0 'with --write they are'
run git commit --allow-empty -m three
like "$err" '^theirs pre-commit' 'and run'
git scrutiny hooks remove --write -q
is "$(ls .githooks) $(grep -c scrutiny .githooks/pre-commit)" 'pre-commit 0' 'our lines go again'
git config core.hooksPath .made
run git scrutiny hooks install --only=pre-commit --write
is "$status" 0 'a folder that is not there yet is made'
like "$(git scrutiny hooks status)" '^pre-commit +installed; git runs what is in .made/pre-commit' 'and git runs what is in it'
rm -r .made
git config --unset core.hooksPath

chmod a-w .git/hooks
if [ -w .git/hooks ]; then
	skip 1 'this user may write everywhere'
else
	run git scrutiny hooks install
	like "$err" 'cannot .* Permission denied' 'a folder that cannot be written is an error'
fi
chmod u+w .git/hooks
rm -rf .git/hooks
run git scrutiny hooks install
is "$status" 0 'a missing folder is made'
cd ../remote.git || exit 1
run git scrutiny hooks install
is "$status" 128 'a bare repository is refused'
cd .. || exit 1

# For all repositories.
run git scrutiny hooks install --global
is "$(git config --global init.templateDir)" "$HOME/.config/git-scrutiny/template" 'a template is set'
git clone -q remote.git clone 2>/dev/null
run git -C clone scrutiny hooks status
like "$out" '^pre-push +installed' 'what is cloned has the hooks'
run git scrutiny hooks remove --global
is "$(git config --global init.templateDir) $(find "$HOME" -type f)" " $HOME/.gitconfig" 'and all of it goes again'
mkdir mine
git config --global init.templateDir "$PWD/mine"
run git scrutiny hooks install --global
is "$(git config --global init.templateDir) $(ls mine/hooks | wc -l)" "$PWD/mine 6" "the user's own template gets them"
git scrutiny hooks remove --global -q

run git scrutiny hooks install --global=hooks-path
git init -q plain
theirs plain/.git/hooks/commit-msg
theirs plain/.git/hooks/pre-commit
run git -C plain commit --allow-empty -m x
like "$err" '^theirs commit-msg' 'core.hooksPath for all: hooks of the repository run, of any name'
run git -C plain scrutiny hooks remove
like "$err" '^hint: .*remove --global' 'which are not removed for one repository'
git scrutiny hooks remove --global -q
is "$(git config --global core.hooksPath)" '' 'and go again'
