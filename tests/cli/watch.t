#!/bin/sh
# git scrutiny watch: papers are reviewed as they are saved.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
plan 45

# watch [OPTION...]: starts one in the background and waits until its first round is over.
watch () {
	: >"$world/said"
	: >"$world/told"
	GIT_TRACE_SCRUTINY=$world/trace git-scrutiny watch --quiet-for=0.1 "$@" >>"$world/told" 2>>"$world/said" &
	watcher=$!
	trap 'kill $watcher 2>/dev/null; chmod -R u+w "$world" 2>/dev/null; rm -rf "$world"' EXIT
	: >"$world/trace"
	until_there said 'Ctrl-C ends'
	rounds=0
	next_round
}

# until_there FILE PATTERN: waits until a line of it matches, 10 s at most.
until_there () {
	for _ in $(seq 200); do
		! grep -qE "$2" "$world/$1" || return 0
		kill -0 "$watcher" 2>/dev/null || break
		sleep 0.05
	done
	grep -qE "$2" "$world/$1"
}

# next_round: waits until one more round has ended.
next_round () {
	rounds=$((rounds + 1))
	until_there trace "round $rounds ended"
}

# no_round WHAT PATTERN: makes a change that begins a round, and sees that nothing like PATTERN has counted before it.
no_round () {
	echo "% $rounds" >>theory/one/main.tex
	next_round
	unlike "$(cat "$world/trace")" "changed: $2" "$1 begins no round"
}

end () {
	kill -"${1-INT}" "$watcher"
	status=0
	wait "$watcher" || status=$?
}

told () {
	cat "$world/told"
}

repo sha1
paper theory/one
broken_paper theory/two
printf 'build/\n*.aux\n' >.gitignore
commit papers

watch
like "$(cat "$world/said")" '^watching 4 folders; built-in checks, and models on this machine' 'says what it watches'
like "$(told)" '^[0-9:]{8}  theory/two  1 error  \(1 new\)$' 'first everything is reviewed'
ok "$([ -f theory/two/scrutiny.md ]; echo $?)" 'reports are written'
unlike "$(cat "$world/trace")" 'round 2 ' 'which begins no round'

: >"$world/told"
paper theory/two
next_round
like "$(told)" 'theory/two  no findings  \(1 fixed\)' 'a paper that is saved is reviewed again'
like "$(told)" '^  fixed  theory/two/main.tex:10: error  reference-undefined' 'what was fixed is told'
: >"$world/told"
broken_paper theory/one
next_round
like "$(told)" '^  new    theory/one/main.tex:10: error  reference-undefined' 'what is new is told'
unlike "$(told)" 'theory/two' 'the others are not'
: >"$world/told"
echo '% a remark' >>theory/one/main.tex
next_round
is "$(told)" '' 'what stays the same is not told again'

# another_paper FOLDER: a broken one that nobody has seen yet.
another_paper () {
	broken_paper "$1.new"
	seen=x${seen-}
	echo "% $seen" >>"$1.new/main.tex"
	mkdir -p "$1"
	mv "$1.new/main.tex" "$1/main.tex"
	rmdir "$1.new"
}
: >"$world/told"
another_paper deep/er/folder/three
until_there told 'deep/er/folder/three  1 error'
like "$(told)" 'deep/er/folder/three  1 error' 'new folders are watched, however deep'
rm -r deep
: >"$world/told"
another_paper deep/er/folder/four
until_there told 'folder/four  1 error'
like "$(told)" 'deep/er/folder/four  1 error' 'and so are those that come back'
mv theory moved
: >"$world/told"
another_paper moved/one
until_there told 'moved/one'
like "$(told)" 'moved/one  1 error' 'a folder that moves is followed'
: >"$world/told"
another_paper moved/one/below
until_there told 'moved/one/below'
like "$(told)" 'moved/one/below  1 error' 'with what comes in it'
mv moved theory
end
is "$status" 0 'an interrupt ends it, which is success'

# What is nothing to look at.
git add -A && git commit -q -m more
watch
touch theory/one/.main.tex.swp theory/one/4913 theory/one/main.tex~ theory/one/.#main.tex 'theory/one/#main.tex#'
rm theory/one/4913
no_round 'what editors write while they save' 'theory/one/(\.|#|4913|main.tex~)'
mkdir build && echo x >build/out.tex
echo x | tee theory/one/main.aux >':!main.aux'
until_there trace 'all of it is ignored'
ok "$?" 'what .gitignore takes out begins no round'
no_round 'a folder that .gitignore takes out' 'build'
printf 'theory/two\n' >.ignore
next_round
echo x >>theory/two/main.tex
no_round 'what .ignore takes out' 'theory/two'
touch theory/one/meta.yaml theory/one/scrutiny.md
no_round 'a report' 'theory/one/(meta|scrutiny)'
git status >/dev/null
no_round 'git status' '\.git'
# A save as vim makes it.
: >"$world/told"
paper theory/new
mv theory/one/main.tex theory/one/main.tex~
mv theory/new/main.tex theory/one/main.tex
until_there told 'theory/one  no findings'
like "$(told)" 'theory/one  no findings' 'a save by renaming is seen'
rm -rf theory/new .ignore
end TERM
is "$status" 0 'so does a request to end'

# git at work.
git add -A && git commit -q -m 'now'
watch
touch .git/index.lock
: >"$world/told"
another_paper theory/one
until_there trace 'the round waits for git'
is "$(told)" '' 'while git holds its lock, the round waits'
rm .git/index.lock
until_there told 'theory/one  1 error'
like "$(told)" 'theory/one  1 error' 'and comes when it is done'
git add -A && git commit -q -m 'now'
mkdir .git/rebase-merge
touch -d '1 minute ago' .git/rebase-merge
rm theory/one/scrutiny.md
: >"$world/told"
paper theory/one
echo '% while it is stopped' >>theory/one/main.tex
until_there told 'theory/one  no findings'
like "$(told)" 'theory/one  no findings' 'while a rebase is stopped, papers are reviewed'
ok "$([ ! -e theory/one/scrutiny.md ]; echo $?)" 'but no report is written'
like "$(cat "$world/said")" 'a rebase or merge is not finished' 'which is said'
rmdir .git/rebase-merge
for _ in $(seq 100); do [ ! -f theory/one/scrutiny.md ] || break; sleep 0.05; done
ok "$([ -f theory/one/scrutiny.md ]; echo $?)" 'until it is over'
# Many files at once.
git add -A && git commit -q -m 'before many'
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do another_paper many/$i; done
git add -A && git commit -q -m many
until_there told 'many/12 '
git checkout -qf HEAD~1
: >"$world/told"
git checkout -qf main
paper many/7
echo '% after the checkout' >>many/7/main.tex
until_there told 'many/7 '
like "$(told)" 'many/7  no findings' 'folders that a checkout took away and brought back are watched'
mv .git .away
wait "$watcher"
is "$?" 128 'a repository that goes away ends it'
like "$(cat "$world/said")" '^fatal: .*\.git.* is no longer there' 'with a word'
mv .away .git
end 0 2>/dev/null

git checkout -qf main
watch
mv ../repo ../elsewhere
wait "$watcher"
is "$?" 128 'so does one that is moved'
like "$(cat "$world/said")" '^fatal: the work tree .* is no longer there' 'with a word, too'
mv ../elsewhere ../repo
cd ../repo || exit 1

# Without events.
watch --poll=0.1 --no-write theory/one
like "$(cat "$world/said")" '^looking every 0.1 s' 'it can look by itself'
: >"$world/told"
another_paper theory/one
until_there told 'theory/one  1 error'
like "$(told)" 'theory/one  1 error' 'and sees a change'
: >"$world/told"
paper theory/one
until_there told 'theory/one  no findings'
like "$(told)" 'theory/one  no findings' 'and the next one to the same file'
end

# Whom it asks.
model_server --requests "$world/requests"
trap 'kill $watcher $model_server_pid 2>/dev/null; chmod -R u+w "$world" 2>/dev/null; rm -rf "$world"' EXIT
git config scrutiny.cloud.endpoint http://cloud.example/v1
git config http.http://cloud.example.proxy "http://127.0.0.1:$port"
lab
git config scrutiny.reviewers cloud/alpha,lab/alpha
printf 'reviewers: cloud/alpha\n' >.scrutiny.yml
asked () {
	cat "$world/requests" 2>/dev/null | wc -l
}
watch theory/one
end
like "$(cat theory/one/scrutiny.md)" 'lab/alpha' 'a model on this machine is asked'
unlike "$(cat theory/one/scrutiny.md)" 'cloud/alpha' 'one elsewhere is not, though it is configured'
git config scrutiny.watch.reviewers cloud/alpha
before=$(asked)
watch theory/one
end
ok "$([ "$(asked)" -gt "$before" ]; echo $?)" 'unless it is named for this'
run git scrutiny watch nowhere
is "$status" 128 'a paper that is not there ends it at once'
like "$err" 'the first review failed: nothing is watched' 'and not with a watch over nothing'
run git scrutiny watch --max-cost=cheap
is "$status" 129 'a limit has to be an amount'
unlike "$err" 'Ctrl-C ends' 'and nothing is watched before that is said'
run git scrutiny watch --quiet-for=-1
is "$status" 129 'a time that is none is refused'
git clone -q --bare . ../bare.git
cd ../bare.git || exit 1
run git scrutiny watch
like "$err" '^fatal: a bare repository has no files to watch' 'a bare repository is refused'
