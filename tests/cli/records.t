#!/bin/sh
# Records among processes and clones: claims, push, fetch, merge.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
plan 90

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

# -- what a killed run has left -------------------------------------------------------------------------

# It is in the journal, and on no ref.
cd ..
repo sha1 killed
git remote add origin ../emptied.git
git init -q --bare ../emptied.git
mkdir -p .git/scrutiny/journal/ledger
printf '{}\n' >.git/scrutiny/journal/ledger/2026-11%2F22-killed.jsonl
run git scrutiny records push
is "$status $out" '0 pushed the records to origin' 'what a killed run has left is pushed, too'
is "$(git -C ../emptied.git show refs/scrutiny/records:v1/ledger/2026-11/22-killed.jsonl)" '{}' 'as it was'
cd ../ben || exit 1

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

# -- verify -------------------------------------------------------------------------------------------

# put_blob PATH: replaces a file of the records by standard input.
put_blob () {
	blob=$(git hash-object -w --stdin) &&
		GIT_INDEX_FILE=$world/index git read-tree refs/scrutiny/records &&
		GIT_INDEX_FILE=$world/index git update-index --add --cacheinfo "100644,$blob,$1" &&
		tree=$(GIT_INDEX_FILE=$world/index git write-tree) &&
		git update-ref refs/scrutiny/records "$(git commit-tree -p refs/scrutiny/records -m damage "$tree")"
}

repo sha1 damaged
paper one
review two long
commit papers
git scrutiny run --all --checks-only --commit >/dev/null
run git scrutiny records verify
is "$status $out" '0 4 files of records, 4 reports: all as they should be' 'records that are whole are verified'
record=$(git ls-tree -r --name-only refs/scrutiny/records | grep builtin | head -n 1)
git cat-file blob "refs/scrutiny/records:$record" | head -c 100 | put_blob "$record"
run git scrutiny records verify
is "$status" 1 'a damaged one is found'
like "$out" "$(basename "$(dirname "$record")")/builtin-[0-9]*.json: " 'and named'
run git scrutiny report --format=json
is "$status" 128 'reports are not made without it'
like "$err" 'hint: .git scrutiny run. on that paper' 'but it is said what helps'
run git scrutiny run --all --checks-only
is "$status" 0 'the next run on the paper'
like "$err" 'warning: the record builtin-[0-9]*.json of (one|two) is damaged: it is kept aside' 'says so, and makes it anew'
run git scrutiny records verify
like "$out" '^5 files .* 1 damaged one is kept aside' 'which puts things right'
git scrutiny run --all --checks-only --commit >/dev/null
echo 'and more' >>one/scrutiny.md
git commit -qam 'by hand'
run git scrutiny records verify
is "$status" 1 'a report that says something else is found'
like "$out" '^one/scrutiny.md: it is not what the records give' 'and named'
git scrutiny report --replay
git commit -qam 'as it was'
run git scrutiny records verify
is "$status" 0 'and put right by a replay'
record=$(git ls-tree -r --name-only refs/scrutiny/records | grep 'builtin-[0-9]*.json' | head -n 1)
git cat-file blob "refs/scrutiny/records:$record" | put_blob "${record%/*}/lab_alpha-12345678.json"
run git scrutiny records verify
like "$out" "its contents belong under the name 'builtin-" 'a name that does not fit its contents is found'
git update-ref refs/scrutiny/records refs/scrutiny/records^
git cat-file blob "refs/scrutiny/records:$record" | sed 's/"format": [0-9]*/"format": 99/' | put_blob "$record"
run git scrutiny report --format=json
like "$err" 'was written by a newer git scrutiny \(format 99\)' 'a record of a newer version is told as such'
like "$err" '^hint: upgrade git scrutiny' 'with what helps'
run git scrutiny run --all --checks-only
like "$err" 'newer git scrutiny' 'and not replaced by a run'
git update-ref refs/scrutiny/records refs/scrutiny/records^
git cat-file blob "refs/scrutiny/records:$record" | sed 's/"format": 2/"format": 1/; /"tasks"/d; /"rubric"/d' | put_blob "$record"
run git scrutiny records verify
is "$status" 0 'a record of an older version is fine'
like "$err" 'older format' 'and mentioned'
run git scrutiny records migrate
is "$status $out" '0 rewrote 1 record' 'records migrate rewrites it'
run git scrutiny records migrate
is "$status $out" "0 all records are in today's format" 'once'
run git scrutiny records verify
is "$status $err" '0 ' 'and all is well'
cd ..

# -- a fresh clone ------------------------------------------------------------------------------------

git clone -q --bare damaged fresh-hub.git
(cd damaged && git push -q ../fresh-hub.git main && git scrutiny records push ../fresh-hub.git) >/dev/null 2>&1
git clone -q fresh-hub.git fresh
cd fresh || exit 1
run git scrutiny status
like "$err" '^hint: 2 papers have a report, but the records .* are not here: .git scrutiny records fetch. takes them from origin' 'a clone without records is told how to get them'
git scrutiny records fetch >/dev/null
git remote remove origin
run git scrutiny status
is "$err" '' 'once'
before=$(cat ./*/scrutiny.* ./*/meta.yaml | git hash-object --stdin)
rm ./*/scrutiny.*
run git scrutiny report --replay
is "$status" 0 'reports are replayed from fetched records'
is "$(cat ./*/scrutiny.* ./*/meta.yaml | git hash-object --stdin)" "$before" 'byte for byte, offline'
is "$(git status --porcelain)" '' 'as they are committed'
rm one/scrutiny.md
run git scrutiny report --replay --format=json -o replayed.json one
is "$status$out" 0 '--replay with a file'
like "$(cat replayed.json)" '"papers"' 'writes the file'
ok "$(test -f one/scrutiny.md; echo $?)" 'and the report'
cd ..

# -- gc -----------------------------------------------------------------------------------------------

git clone -q --bare damaged tidy-hub.git
git clone -q tidy-hub.git tidy
git clone -q tidy-hub.git follower
(cd damaged && git scrutiny records push ../tidy-hub.git >/dev/null)
(cd follower && git scrutiny records fetch >/dev/null)
cd tidy || exit 1
git scrutiny records fetch >/dev/null
run git scrutiny records gc --keep=0 --reviews
is "$out" 'nothing to drop' 'nothing of the papers as they are is dropped'
sed 's/last/final/' one/main.tex >x && mv x one/main.tex
git commit -qam changed
git push -q origin main 2>/dev/null
git scrutiny run --checks-only --commit >/dev/null
run git scrutiny records gc --reviews
is "$out" 'nothing to drop' 'nor what was reviewed of late'
run git scrutiny records gc --keep=0 --reviews --dry-run
like "$out" '^would drop 0 replies and the reviews of 1 earlier version of papers' '--dry-run says what would go'
run git scrutiny records gc --keep=0 --reviews --squash
like "$out" '^dropped .* of 1 earlier version' 'gc drops it'
run git scrutiny records push
is "$(git -C ../tidy-hub.git rev-list --count refs/scrutiny/records)" 1 'a folded history replaces the old one at the remote'
cd ../follower || exit 1
run git scrutiny records push
is "$status" 0 'a clone that has not heard of it can push'
is "$(git -C ../tidy-hub.git ls-tree -r --name-only refs/scrutiny/records | grep -c run.json)" 3 'what was dropped elsewhere comes back with it'
cd ..

# -- two processes --------------------------------------------------------------------------------------

model_server --log "$world/log" --latency 0.8
repo sha1 shared
lab
for n in 1 2 3; do
	paper "paper$n" && sed "s/short/no$n/" "paper$n/main.tex" >x && mv x "paper$n/main.tex"
done
rm -f x
commit papers
for n in 1 2; do
	# The second starts while the first is at work.
	for _ in $(seq 100); do
		[ $n = 2 ] && [ -z "$(ls .git/scrutiny/claims 2>/dev/null)" ] || break
		sleep 0.05
	done
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
cd ..

# -- two clones at the same time ------------------------------------------------------------------------

git clone -q --bare shared sync.git
git -C sync.git update-ref -d refs/scrutiny/records 2>/dev/null
for n in 1 2; do
	git clone -q sync.git "sync$n" && (cd "sync$n" && lab && git config scrutiny.recordsSync true && rm -f ./*/scrutiny.*)
done
: >"$world/log"
pids=
for n in 1 2; do
	(cd "sync$n" && git scrutiny run --reviewers=lab/alpha,lab/beta >"$world/out$n" 2>"$world/err$n"; echo $? >"$world/status$n") &
	pids="$pids $!"
done
# shellcheck disable=SC2086 # several
wait $pids
is "$(cat "$world"/status?)" "$(printf '0\n0')" 'two clones that review at the same time both succeed'
is "$(wc -l <"$world/log")" "$(cut -d' ' -f2 "$world/log" | sort -u | wc -l)" 'no request is sent by both'
like "$(cat "$world"/err?)" '^waiting for another clone that reviews paper' 'one waits for the other'
is "$(git -C sync1 rev-parse refs/scrutiny/records)" "$(git -C sync.git rev-parse refs/scrutiny/records)" 'the records are pushed' ||
	is "$(git -C sync2 rev-parse refs/scrutiny/records)" "$(git -C sync.git rev-parse refs/scrutiny/records)" 'by the last one'
is "$(git -C sync.git ls-tree -r --name-only refs/scrutiny/records | grep -c replies/)" "$(wc -l <"$world/log")" 'all of them'
is "$(git -C sync.git cat-file blob refs/scrutiny/claims)" 'scrutiny-claims v1' 'and no claim is left'

# A clone that dies leaves its claims; the next run of the same clone takes them over, others wait until they end.
cd sync1 || exit 1
echo '% edited' >>paper1/main.tex
git-scrutiny run --reviewers=lab/hang >/dev/null 2>&1 &
pid=$!
for _ in $(seq 100); do
	[ "$(git -C ../sync.git cat-file blob refs/scrutiny/claims | wc -l)" = 1 ] || break
	sleep 0.1
done
kill -9 $pid
wait $pid 2>/dev/null
like "$(git -C ../sync.git cat-file blob refs/scrutiny/claims)" '^[0-9a-f]{64} [0-9a-f]{16}-[0-9a-f]{16} [0-9]+$' 'a clone that dies leaves its claims'
run git scrutiny run --reviewers=lab/alpha
is "$status" 0 'which its next run takes over'
is "$(git -C ../sync.git cat-file blob refs/scrutiny/claims)" 'scrutiny-claims v1' 'and gives back'

# Another clone pushes and gives its claims back between this one's first look and its own claim.
echo '% raced' >>paper1/main.tex
cp paper1/main.tex ../sync2/paper1/main.tex
(cd ../sync2 && git scrutiny run --no-sync --reviewers=lab/alpha paper1 >/dev/null 2>&1 &&
	git push -q ../sync.git refs/scrutiny/records:refs/hidden/records)
cat >../sync.git/hooks/reference-transaction <<'END'
#!/bin/sh
[ "$1" = committed ] && grep -q refs/scrutiny/claims || exit 0
rm hooks/reference-transaction
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
git update-ref refs/scrutiny/records refs/hidden/records
END
chmod +x ../sync.git/hooks/reference-transaction
: >"$world/log"
run git scrutiny run --reviewers=lab/alpha paper1
is "$status $(ls ../sync.git/hooks/reference-transaction 2>/dev/null)" '0 ' 'a clone claims what another has just given back'
is "$(wc -l <"$world/log" | tr -d ' ')" 0 'and pays for nothing that the other has paid for'
git remote set-url origin "$world/nowhere.git"
run git scrutiny run --all --reviewers=lab/alpha
is "$status" 128 'a remote that cannot be reached is told before anything is paid'
run git scrutiny run --all --no-sync --reviewers=lab/alpha
is "$status" 0 'and --no-sync goes on without it'

# A damaged reply is asked for once more, and no third time when the record made of it is damaged.
repo sha1 replies
lab
paper one
commit papers
git scrutiny run --reviewers=lab/alpha >/dev/null 2>&1
# damage PATTERN...
damage () {
	for pattern; do
		echo "no $pattern" | put_blob "$(git ls-tree -r --name-only refs/scrutiny/records | grep "$pattern" | grep -v '~')"
	done
}
damage lab_alpha replies/
: >"$world/log"
run git scrutiny run --all --reviewers=lab/alpha
is "$(wc -l <"$world/log" | tr -d ' ')" 1 'a damaged reply is asked for anew'
damage lab_alpha
run git scrutiny run --all --reviewers=lab/alpha
is "$(wc -l <"$world/log" | tr -d ' ')" 1 'once'
