#!/bin/sh
# Records among processes and clones: claims, push, fetch, merge.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
plan 38

# review NAME WORD: a paper that no other is like, with the built-in checks.
review () {
	paper "$1" && sed "s/short/$2/" "$1/main.tex" >x && mv x "$1/main.tex" &&
		git scrutiny run --checks-only "$1" >/dev/null
}

# clone_of NAME
clone_of () {
	git clone -q hub.git "$1" 2>/dev/null
}

# -- nothing there ------------------------------------------------------------------------------------

repo sha1 seed
paper one
commit papers
run git scrutiny records push
is "$status" 128 'without a remote nothing is pushed'
like "$err" "there is no remote 'origin'" 'which is said'
cd ..
git clone -q --bare seed hub.git
clone_of anna
clone_of ben
cd anna || exit 1
run git scrutiny records push
is "$status $out" '0 there are no records here yet' 'nothing to push is no failure'
run git scrutiny records fetch
is "$status $out" '0 origin has no records' 'nor is nothing to fetch'
run git scrutiny records push nowhere
is "$status" 128 'a remote that is not there is'
run git scrutiny records frob
is "$status" 129 'what records does not do is a usage error'
run git scrutiny records
is "$status" 129 'as is nothing'

# -- one clone to another -----------------------------------------------------------------------------

git scrutiny run --checks-only >/dev/null
run git scrutiny records push
is "$status $out" '0 pushed the records to origin' 'records are pushed'
run git scrutiny records push
is "$status $out" '0 origin has all records' 'once'
cd ../ben || exit 1
run git scrutiny records fetch
is "$status" 0 'and fetched'
like "$out" 'fetched the records of origin: 1 new paper$' 'which is said'
is "$(git rev-parse refs/scrutiny/records)" "$(git -C ../anna rev-parse refs/scrutiny/records)" 'as they are'
run git scrutiny records fetch
is "$out" 'up to date with origin' 'fetching again changes nothing'

# -- both have something of their own -----------------------------------------------------------------

(cd ../anna && review two long && git scrutiny records push) >/dev/null
review three longer
run git scrutiny records push
is "$status $out" '0 pushed the records to origin; those that it had are merged' 'what the other one has pushed is merged'
cd ../anna || exit 1
run git scrutiny records fetch
is "$status" 0 'fetching moves forward'
is "$(git rev-parse refs/scrutiny/records)" "$(git -C ../ben rev-parse refs/scrutiny/records)" 'to the same commit'
is "$(git ls-tree -r --name-only refs/scrutiny/records | grep -c 'run.json')" 3 'with the papers of both'
run git fsck --strict
is "$status" 0 'git fsck finds nothing'

# Two that fetch from each other, without a hub, agree at once.
review four small
(cd ../ben && review five brief)
old=$(git rev-parse refs/scrutiny/records)
git scrutiny records fetch ../ben >/dev/null
git -C ../ben fetch -q ../anna "+$old:refs/anna"
git update-ref refs/old "$old"
(cd ../ben && git fetch -q ../anna '+refs/scrutiny/records:refs/anna' && git scrutiny records merge refs/anna) >/dev/null
is "$(git rev-parse refs/scrutiny/records)" "$(git -C ../ben rev-parse refs/scrutiny/records)" 'a merge of both ways is one commit'
run git scrutiny records merge refs/old
is "$status $out" '0 nothing new in refs/old' 'what is there already is not merged'
run git scrutiny records merge nowhere
is "$status" 128 'what is no commit cannot be merged'

# -- configuration ------------------------------------------------------------------------------------

git config scrutiny.recordsRemote upstream
run git scrutiny records fetch
like "$err" "there is no remote 'upstream'" 'git config scrutiny.recordsRemote names the remote'
git remote add upstream ../hub.git
run git scrutiny records push
is "$status $out" '0 pushed the records to upstream' 'which is used then'
# A mirror's refspec is not to overwrite what is here.
git config remote.upstream.fetch '+refs/*:refs/*'
review six tiny
old=$(git rev-parse refs/scrutiny/records)
git scrutiny records fetch >/dev/null
is "$(git rev-parse refs/scrutiny/records)" "$old" 'fetching loses nothing, whatever the remote is set to fetch'

# -- what stands in the way ---------------------------------------------------------------------------

printf '#!/bin/sh\necho "no records here, please" >&2\nexit 1\n' >../hub.git/hooks/pre-receive
chmod +x ../hub.git/hooks/pre-receive
run git scrutiny records push
is "$status" 128 'a push that the server declines fails'
like "$err" "cannot push the records to 'upstream'" 'with a sentence'
like "$err" '^hint: a hook or rule of the server' 'and a hint'
rm ../hub.git/hooks/pre-receive
git config remote.upstream.url "$world/nowhere.git"
run git scrutiny records fetch
is "$status" 128 'a remote that cannot be read is a failure'
like "$err" "cannot fetch the records of 'upstream'.*nowhere" 'that names it'

# -- many at the same time ----------------------------------------------------------------------------

cd ..
for n in 1 2 3 4; do
	clone_of "many$n"
	(cd "many$n" && review own "no$n")
done
for n in 1 2 3 4; do
	(cd "many$n" && git scrutiny records push; echo $? >"$world/pushed$n") >/dev/null 2>"$world/push$n.err" &
done
wait
is "$(cat "$world"/pushed?)" "$(printf '0\n0\n0\n0')" 'four clones that push at the same time all succeed'
is "$(git -C hub.git ls-tree -r --name-only refs/scrutiny/records | grep -c run.json)" 9 'and nothing is lost'

# -- two processes --------------------------------------------------------------------------------------

model_server --log "$world/log" --latency 0.3
repo sha1 shared
lab
for n in 1 2 3; do
	paper "paper$n" && sed "s/short/no$n/" "paper$n/main.tex" >x && mv x "paper$n/main.tex"
done
rm -f x
commit papers
for n in 1 2; do
	(git scrutiny run --commit --reviewers=lab/alpha,lab/beta >"$world/out$n" 2>"$world/err$n"; echo $? >"$world/status$n") &
	pids="${pids-} $!"
done
# shellcheck disable=SC2086 # several
wait $pids
is "$(cat "$world"/status?)" "$(printf '0\n0')" 'two runs at the same time both succeed'
is "$(wc -l <"$world/log")" "$(cut -d' ' -f2 "$world/log" | sort -u | wc -l)" 'no request is sent twice'
is "$(wc -l <"$world/log")" "$(git ls-tree -r --name-only refs/scrutiny/records | grep -c replies/)" 'and every answer is kept'
like "$(cat "$world"/err?)" '^waiting for another git scrutiny \(process [0-9]+\) that reviews paper' 'the one that waits says so'
is "$(cat "$world"/err? | grep -c waiting)" 1 'once'
is "$(git status --porcelain)" '' 'the reports are committed'
is "$(ls .git/scrutiny/claims .git/scrutiny/journal)" "$(printf '.git/scrutiny/claims:\n\n.git/scrutiny/journal:')" 'nothing is left over'
