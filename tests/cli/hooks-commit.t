#!/bin/sh
# Hooks of real commits: what is staged is checked, and what was committed is reviewed in the background.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
plan 75
model_server --latency=3

# Until the background has reviewed HEAD; 1 when it does not. It has the lowest priority: on a busy machine it takes long.
reviewed () {
	state=$(git rev-parse --git-dir)/scrutiny/hooks
	for _ in $(seq 1200); do
		[ "$(cat "$state/reviewed" 2>/dev/null)" != "$(git rev-parse HEAD)" ] || return 0
		sleep 0.05
	done
	diagnose "$(cat "$state/log" 2>/dev/null)"
	return 1
}

commits () {
	git rev-list --count HEAD
}

# -- the first commit, and what stops one ------------------------------------------------------

repo sha1 first
git scrutiny hooks install >/dev/null 2>&1
broken_paper new
git add new
run git commit -qm 'first'
is "$status" 1 'the first commit of a repository is checked'
like "$err" '^new/main.tex:10: error: .*\[reference-undefined\]$' 'what is wrong is said with file and line'
like "$err" '^git scrutiny: 1 error in 1 staged paper: not committed$' 'in short'
is "$(printf '%s\n' "$err" | grep -c 'no-verify')" 1 'and, once, how to go on'
run git rev-parse -q --verify HEAD
is "$status" 1 'nothing was committed'
[ ! -d .git/scrutiny/journal ] && ! git rev-parse -q --verify refs/scrutiny/records >/dev/null
ok $? 'and nothing written'

run env SCRUTINY=0 git commit -qm first
is "$status" 0 'SCRUTINY=0 skips the hooks'
git rm -q --cached -r new
run git commit -q --amend --allow-empty -m first
is "$status" 0 'an empty commit is checked by nobody'
paper new
git add new
run git commit -qm 'a good one'
is "$status:$err" 0: 'a paper without findings is committed without a word'
reviewed
ok $? 'and reviewed in the background'
git rev-parse -q --verify refs/scrutiny/records >/dev/null
ok $? 'which records it'
is "$(git status --porcelain)" '' 'and writes no file'

# -- which index ---------------------------------------------------------------------------------

broken_paper new
git commit -qm 'nothing staged' 2>/dev/null
run git commit -qam 'all'
is "$status" 1 'git commit -a is checked: the index is one of its own then'
run git commit -qm one new/main.tex
is "$status" 1 'git commit <path> likewise'
mkdir -p tools
echo 1 >tools/x.sh
git add tools new
run git commit -qm two tools/x.sh
is "$status:$err" 0: 'of a paper that is staged, but not part of the commit, nothing is said'
run git commit -q --amend -m three new/main.tex
is "$status" 1 '--amend is checked'
git reset -q --hard
paper new
echo '% more' >>new/main.tex
git add new
broken_paper new
run git commit -qm 'as staged'
is "$status" 0 'the staged content counts, not that of the work tree'
git checkout -q new
cd tools || exit
broken_paper ../new
run git commit -qam 'from below'
is "$status" 1 'also from a subdirectory'
cd .. || exit
git checkout -q new
mkdir -p "$world/elsewhere"
broken_paper new
run sh -c 'cd "$1" && git --git-dir="$2/.git" --work-tree="$2" commit -qam elsewhere' sh "$world/elsewhere" "$PWD"
is "$status" 1 'and from elsewhere, with GIT_DIR'
git checkout -q new

# -- how strict ----------------------------------------------------------------------------------

broken_paper new
git config scrutiny.hooks.failOn never
run git commit -qam 'told only'
is "$status" 0 'scrutiny.hooks.failOn=never stops nothing'
like "$err" 'reference-undefined' 'and tells all the same'
git config scrutiny.hooks.failOn wrong
echo '% x' >>new/main.tex
run git commit -qam 'a wrong setting'
like "$err" "scrutiny.hooks.failOn is 'wrong'" 'a wrong setting is told'
git config --unset scrutiny.hooks.failOn
reviewed # so that there is something to be said
# A record that is damaged (others push them, too) does not let other papers through.
for name in damaged second; do broken_paper "$name"; done
echo '% of its own' >>second/main.tex
git add damaged
git scrutiny run --staged --checks-only --no-write --fail-on=never >/dev/null 2>&1
reviewed
sound=$(git rev-parse refs/scrutiny/records)
blob=$(echo '{' | git hash-object -w --stdin)
tree=$(
	GIT_INDEX_FILE=$PWD/.git/damaged
	export GIT_INDEX_FILE
	git read-tree "$sound"
	git ls-files | sed "s/^/100644 $blob	/" | git update-index --index-info
	git write-tree
)
git update-ref refs/scrutiny/records "$(git commit-tree -m damaged "$tree")"
git add second
run git commit -qm 'one cannot be checked'
is "$status" 1 'a paper whose record is damaged keeps no other from being checked'
like "$err" '^warning: record .*: not checked$' 'and is told'
git rm -qrf damaged second
git update-ref refs/scrutiny/records "$sound"
git config scrutiny.hooks false
echo '% y' >>new/main.tex
run git commit -qam 'off'
is "$status:$err" 0: 'scrutiny.hooks=false is silence'
git config scrutiny.hooks No
echo '% z' >>new/main.tex
run git commit -qam 'off, in another word'
is "$status:$err" 0: 'in whatever words git takes for that'
git config --unset scrutiny.hooks

# -- the background ------------------------------------------------------------------------------

repo sha1 background
git scrutiny hooks install >/dev/null 2>&1
paper a
git add a
git commit -qm one
reviewed
broken_paper a
run sh -c 'git commit -qam two --no-verify | cat'
is "$status" 0 'a commit in a pipe ends'
reviewed
run git commit -q --allow-empty -m three
like "$err" '^git scrutiny: the background review found 1 error in 1 paper of commit ' 'the next commit says what was found'
like "$err" '^a/main.tex:10: error: .*\[reference-undefined\]$' 'and where'
run git commit -q --allow-empty -m four
is "$err" '' 'once'
broken_paper b
git add b
git commit -qm five --no-verify
reviewed
run git checkout -q -b other
like "$err" 'found 1 error in 1 paper' 'a checkout says it, too'
git checkout -q main
broken_paper c
git add c
git commit -qm six --no-verify
reviewed
run git scrutiny status --porcelain
is "$err" '' 'what programs read says nothing of it'
run git scrutiny status
like "$err" 'found 1 error in 1 paper' 'what people read does'
run git scrutiny status
is "$(printf '%s\n' "$err" | grep -c 'background')" 0 'once'

# A notification is one argument, without a word of the repository's.
mkdir "$world/bin"
# shellcheck disable=SC2016 # for the script
printf '#!/bin/sh\nprintf "<%%s>" "$@" >"%s/notified"\n' "$world" >"$world/bin/notify-send"
chmod +x "$world/bin/notify-send"
git config scrutiny.hooks.notify on
broken_paper 'd; touch x'
git add .
PATH=$world/bin:$PATH git commit -qm seven --no-verify
reviewed
like "$(cat "$world/notified")" '^<--app-name=git scrutiny><--><git scrutiny><1 error in 1 paper of commit [0-9a-f]+>$' \
	'scrutiny.hooks.notify tells the desktop'
git config --unset scrutiny.hooks.notify
git scrutiny status >/dev/null 2>&1

# Slow reviewers hold nobody up.
lab
git config scrutiny.hooks.backgroundReviewers lab/slow
for i in 1 2 3 4; do
	paper a
	echo "% $i" >>a/main.tex
	start=$(date +%s%N)
	git commit -qam "slow $i"
	took=$((($(date +%s%N) - start) / 1000000))
	[ "$took" -lt 2000 ] || diagnose "commit $i took $took ms"
done
[ "$took" -lt 2000 ]
ok $? 'a commit does not wait for the review of the one before'
[ -e .git/scrutiny/hooks/wanted ]
ok $? 'which is wanted when that is over'
# The one who reviews is killed; the lock is nobody's then.
pid=$(fuser .git/scrutiny/hooks/lock 2>/dev/null | tr -d ' ')
if [ -n "$pid" ]; then
	# shellcheck disable=SC2086 # several, perhaps
	kill -9 $pid
fi
git config --unset scrutiny.hooks.backgroundReviewers
git commit -q --allow-empty -m 'after the kill'
reviewed
ok $? 'after a kill -9 the next commit is reviewed'
[ ! -e .git/scrutiny/hooks/wanted ]
ok $? 'and nothing is left to do'
git scrutiny records verify >/dev/null 2>&1
ok $? 'the records are sound'

# A setting that keeps it from reviewing does not do so in silence.
git config scrutiny.hooks.backgroundReviewers lab/
git commit -q --allow-empty -m 'a wrong setting'
for _ in $(seq 1200); do
	[ ! -e .git/scrutiny/hooks/result ] || break
	sleep 0.05
done
git config --unset scrutiny.hooks.backgroundReviewers
run git commit -q --allow-empty -m 'the next'
like "$err" '^git scrutiny: the background review failed: ' 'what keeps the background from reviewing is told'

# Nobody who could send a bill is asked.
git config scrutiny.reviewers openai/gpt-6-luna
run env OPENAI_API_KEY=sk-not-a-key git commit -q --allow-empty -m 'not asked'
echo '% asked' >>a/main.tex
OPENAI_API_KEY=sk-not-a-key git commit -qam 'not asked'
reviewed
ok $? 'models elsewhere that are configured do not hold up the background'
is "$(git ls-tree -r --name-only refs/scrutiny/records | grep -c openai)" 0 'and are not asked'
git config scrutiny.reviewers lab/alpha
git config scrutiny.lab.price 'alpha 1 2'
echo '% a gateway' >>a/main.tex
git commit -qam 'a gateway is not asked'
reviewed
is "$(git ls-tree -r --name-only refs/scrutiny/records | grep -c alpha)" 0 'nor is one on this machine that has a price'
git config --unset scrutiny.lab.price
echo '% no gateway' >>a/main.tex
git commit -qam 'a model of our own is'
reviewed
[ "$(git ls-tree -r --name-only refs/scrutiny/records | grep -c alpha)" -gt 0 ]
ok $? 'one that has none is'
git config --unset scrutiny.reviewers

# Reports are written where that is wanted.
git config scrutiny.hooks.write yes
echo '% written' >>a/main.tex
git commit -qam 'written'
reviewed
[ -s a/scrutiny.md ]
ok $? 'scrutiny.hooks.write writes reports'
git add -A
run git commit -qm reports
is "$status" 0 'which can be committed'
reviewed
echo '% changed again' >>a/main.tex
SCRUTINY=0 git commit -qam again
echo '% not committed' >>a/main.tex
before=$(cat a/scrutiny.md)
run git scrutiny hooks background
is "$status" 0 'it can be called by hand'
is "$(cat a/scrutiny.md)" "$before" 'where a paper is changed again, its report is left'
git checkout -q a/main.tex
git config --unset scrutiny.hooks.write

# -- sequences -----------------------------------------------------------------------------------

repo sha1 sequences
sequences=$PWD
git scrutiny hooks install >/dev/null 2>&1
paper a
git add a
git commit -qm base
git checkout -qb topic
for i in $(seq 12); do
	echo "% $i" >>a/main.tex
	git commit -qam "topic $i"
done
reviewed
git checkout -q main
echo x >other.txt
git add other.txt
git commit -qm other
reviewed
git checkout -q topic
run git rebase -q main
is "$status" 0 'a rebase of many commits goes through'
is "$(commits)" 14 'with all of them'
reviewed
ok $? 'and its end is reviewed'
git checkout -q main
run git merge -q --no-ff -m merged topic
is "$status" 0 'a merge goes through'
reviewed
ok $? 'and is reviewed'
git checkout -q -b picks topic~4
run git cherry-pick topic~3 topic~2 topic~1
reviewed
ok $? 'so is the last one of several picks'
git checkout -q main
run git commit -q --amend -m amended
is "$status" 0 '--amend of a merge goes through'
reviewed
ok $? 'and is reviewed'

# -- work trees, submodules, object formats --------------------------------------------------------

git worktree add -q "$world/linked" -b linked
cd "$world/linked" || exit
broken_paper a
run git commit -qam linked
is "$status" 1 'a linked work tree is checked'
paper a
echo '% linked' >>a/main.tex
run git commit -qam linked
is "$status" 0 'and committed'
reviewed
ok $? 'and reviewed'
cd "$sequences" || exit
lab
git config scrutiny.hooks.backgroundReviewers lab/slow
echo '% slow' >>a/main.tex
git commit -qam slow
until grep -q "$(git rev-parse HEAD)" .git/scrutiny/hooks/log; do sleep 0.05; done
cd "$world/linked" || exit
broken_paper b
git add b
git commit -qm meanwhile --no-verify
reviewed
ok $? 'what is committed there while another work tree is reviewed is reviewed, too'
run git commit -q --allow-empty -m after
like "$err" '^b/main.tex:10: error: ' 'and told there'
cd "$sequences" || exit
git worktree remove --force "$world/linked"

repo sha1 outer
git -c protocol.file.allow=always submodule add -q "$sequences" inner 2>/dev/null
git commit -qm submodule
cd inner || exit
git scrutiny hooks install >/dev/null 2>&1
broken_paper a
run git commit -qam inner
is "$status" 1 'a submodule is checked'
paper a
echo '% inner' >>a/main.tex
run git commit -qam inner
is "$status" 0 'and committed'
reviewed
ok $? 'and reviewed'

repo sha256 longer
git scrutiny hooks install >/dev/null 2>&1
broken_paper a
git add a
run git commit -qm one
is "$status" 1 'with sha256 likewise'
paper a
git add a
run git commit -qm one
is "$status" 0 'and committed'
reviewed
ok $? 'and reviewed'

# -- the quick answer ------------------------------------------------------------------------------

# What does the work says that it was called.
mkdir "$world/quick"
cp "$SCRUTINY_BUILD/git-scrutiny-hook" "$world/quick"
cat >"$world/quick/git-scrutiny" <<END
#!/bin/sh
echo called >&2
exec "$SCRUTINY_BUILD/git-scrutiny" "\$@"
END
chmod +x "$world/quick/git-scrutiny"
mkdir -p src
echo 'int x;' >src/tool.c
git add src
git write-tree >/dev/null
run "$world/quick/git-scrutiny-hook" pre-commit
is "$status:$err" 0: 'what is no paper is told at once'
echo '% more' >>a/main.tex
git add a
git write-tree >/dev/null
run "$world/quick/git-scrutiny-hook" pre-commit
is "$status:$err" 0:called 'what is one is looked at'
git commit -qm paper
git mv a moved
git write-tree >/dev/null
run "$world/quick/git-scrutiny-hook" pre-commit
is "$status:$err" 0:called 'so is one that is moved'
git commit -qm moved
reviewed
git rm -qr moved
run "$world/quick/git-scrutiny-hook" pre-commit
is "$status:$err" 0:called 'and one that goes away'
run "$world/quick/git-scrutiny-hook" no-such-hook
is "$status" 129 'a hook that is none is a wrong call'
rm "$world/quick/git-scrutiny"
run env PATH=/usr/bin:/bin "$world/quick/git-scrutiny-hook" pre-commit
is "$status" 0 'without git-scrutiny nobody is kept from committing'
like "$err" 'nothing was checked' 'but told'
