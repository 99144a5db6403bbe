#!/bin/sh
# Our hooks where husky, lefthook, pre-commit or simple-git-hooks, the real ones, look after hooks.

# shellcheck source=servers.sh
. "${0%/*}/servers.sh"
need_server hook-managers
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
plan 49

managers=$(cd "$SCRUTINY_BUILD/hook-managers" && pwd)
PATH=$PATH:$managers/bin:$managers/node_modules/.bin
NO_COLOR=1
CI=1 # simple-git-hooks asks nothing
export PATH NO_COLOR CI
git init -q --bare remote.git

# refused NAME: a paper with an error, staged, is not committed; committed all the same, it is not pushed.
refused () {
	broken_paper theory
	git add theory
	run git commit -m broken
	is "$status" 1 "$1: a paper with an error is not committed"
	like "$out$err" 'main.tex:10: error' "$1: and the finding is shown"
	git commit -q --no-verify -m broken
	run git push ../remote.git "HEAD:refs/heads/$1"
	is "$status" 1 "$1: nor pushed"
	like "$out$err" 'not pushed' "$1: which is said"
	paper theory
	git add theory
	run git commit -m good
	is "$status" 0 "$1: a good one is committed"
	run git push ../remote.git "HEAD:refs/heads/$1"
	is "$status" 0 "$1: and pushed"
}

# -- husky -----------------------------------------------------------------------------------------

repo sha1 husky
echo '{}' >package.json
husky
# shellcheck disable=SC2016 # for the script
printf 'echo "theirs $1"\ncat >got\n' >.husky/pre-push
commit start
run git scrutiny hooks install
is "$status" 2 'husky: its files are not changed without being asked'
is "$(git status --porcelain)" '' 'husky: indeed'
run git scrutiny hooks install --write
like "$out" '^pre-commit +added to .husky/pre-commit, for husky' 'husky: with --write they are'
run git scrutiny hooks status --porcelain
like "$out" '^pre-commit	managed	husky	.*/.husky/pre-commit$' 'husky: status knows'
refused husky
like "$(cat got)" '^HEAD [0-9a-f]+ refs/heads/husky ' 'husky: its own pre-push reads what is pushed'
git scrutiny hooks remove --write -q
is "$(echo .husky/*)" '.husky/_ .husky/pre-push' 'husky: our files go'
is "$(git status --porcelain .husky)" '' 'husky: and our lines'
cd ..

# -- lefthook --------------------------------------------------------------------------------------

repo sha1 lefthook
printf 'pre-commit:\n  jobs:\n    - name: theirs\n      run: echo theirs ran\n' >lefthook.yml
commit start
lefthook install >/dev/null 2>&1
run git scrutiny hooks install
like "$out" '^pre-commit +added to lefthook-local.yml, for lefthook' 'lefthook: its local file is used'
is "$(git status --porcelain)" '' 'lefthook: which git does not see'
like "$err" 'run .lefthook install' 'lefthook: what is left to do is said'
lefthook install >/dev/null 2>&1
refused lefthook
run git commit --allow-empty -m empty
is "$status" 0 'lefthook: an empty commit goes through'
git scrutiny hooks remove -q
is "$(git status --porcelain --ignored)" '' 'lefthook: the file goes'
cd ..

# -- pre-commit ------------------------------------------------------------------------------------

repo sha1 framework
cat >.pre-commit-config.yaml <<'YAML'
repos:
  - repo: local
    hooks:
      - id: theirs
        name: theirs
        entry: echo theirs
        language: system
        always_run: true

# The end.
YAML
commit start
pre-commit install -t pre-commit -t pre-push >/dev/null
run git scrutiny hooks install
like "$out" '^pre-commit +installed; the hook that was there runs first' 'pre-commit: its hook is chained'
refused chained
run git commit --allow-empty -m both
is "$(printf '%s\n' "$err" | grep -c '^theirs\.*Passed')" 1 'pre-commit: it runs once'
pre-commit install -t pre-commit >/dev/null
run git scrutiny hooks status
like "$out" '^pre-commit +installed; called by the hook in its place, as pre-commit.legacy' \
	'pre-commit: installed again it calls ours'
run git commit --allow-empty -m both
is "$status $(printf '%s\n' "$err" | grep -c '^theirs\.*Passed')" '0 1' 'pre-commit: and itself once'
git scrutiny hooks remove -q
run git commit --allow-empty -m neither
is "$status $(find .git/hooks* -name 'pre-*' ! -name '*.sample' | sort | tr '\n' ' ')" \
	'0 .git/hooks/pre-commit .git/hooks/pre-push ' 'pre-commit: its hooks alone are left'

run git scrutiny hooks install --write
like "$err" 'git add .pre-commit-config.yaml' 'pre-commit: with --write it gets an entry'
commit configured
refused configured
like "$(git scrutiny hooks status)" '^pre-push +installed; pre-commit runs' 'pre-commit: status knows'
git scrutiny hooks remove --write -q
is "$(git diff HEAD^^^ -- .pre-commit-config.yaml | grep -c '^[-+] ')" 0 'pre-commit: and the entry goes'
git checkout -q .

# As others name us in their configuration.
mkdir ../ours ../ours/hooks
cp "$source_tree/.pre-commit-hooks.yaml" ../ours
cp "$source_tree/hooks/framework" ../ours/hooks
git -C ../ours init -q
git -C ../ours add .
git -C ../ours commit -qm ours
broken_paper theory
git add theory
run pre-commit try-repo ../ours scrutiny
is "$status" 1 'pre-commit: what we ship finds an error'
like "$out" 'main.tex:10: error' 'pre-commit: and shows it'
cd ..

# -- simple-git-hooks ------------------------------------------------------------------------------

repo sha1 simple
echo '{"simple-git-hooks": {"pre-commit": "echo theirs ran"}}' >package.json
commit start
simple-git-hooks >/dev/null
run git scrutiny hooks install
like "$err" '^hint: simple-git-hooks writes its hooks anew' 'simple-git-hooks: what to know is said'
run git commit --allow-empty -m x
like "$err" '^theirs ran' 'simple-git-hooks: its hook is chained'
simple-git-hooks >/dev/null
run git scrutiny hooks install
like "$out" '^pre-commit +installed; the hook that was there runs first' 'simple-git-hooks: written anew, it is chained again'
