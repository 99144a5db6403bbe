#!/bin/sh
# Everything that can be wrong: one clear sentence and the right exit status.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
plan 42

GIT_CEILING_DIRECTORIES=$world
export GIT_CEILING_DIRECTORIES

run git scrutiny
is "$status" 128 'no repository: fatal'
like "$err" '^fatal: not a git repository' 'in git'"'"'s words'

repo sha1
run git scrutiny
is "$status" 0 'an empty repository is no mistake'
like "$out" '^no papers here' 'it has no papers'
paper one
run git scrutiny --no-write
is "$status" 0 'an unborn HEAD is no mistake'
like "$out" '^one ' 'its untracked papers are found'
commit papers

run git scrutiny modles
like "$err" '^hint: did you mean `git scrutiny models`' 'a mistyped command'

run git scrutiny --since yesterdy
is "$status" 128 'an unknown revision'
like "$err" "^fatal: 'yesterdy' is not a commit" 'is named'
like "$err" '@\{yesterday\}' 'and guessed'

# refuse TEXT SENTENCE: TEXT in .scrutiny.yml is refused with SENTENCE.
refuse () {
	printf '%b' "$1" >.scrutiny.yml
	run git scrutiny
	is "$status" 128 "refused: $(head -n 1 .scrutiny.yml)"
	is "$(printf '%s\n' "$err" | head -n 1)" "fatal: $2" 'with one sentence'
}
refuse 'papers: [one\n' ".scrutiny.yml:2:1: did not find expected ',' or ']' while parsing a flow sequence"
refuse 'papers: [one]\nbudgt: 3\n' ".scrutiny.yml:2:1: unknown key 'budgt'; did you mean 'budget'?"
refuse 'papers: [one]\nreviewer: [x]\n' ".scrutiny.yml:2:1: unknown key 'reviewer'; did you mean 'reviewers'?"
refuse 'openai:\n  endpoint: http://evil.example\n' ".scrutiny.yml:2:3: 'endpoint' cannot be set by a repository (anyone who can open a pull request could read your key)"
refuse 'key: sk-123\n' ".scrutiny.yml:1:1: 'key' cannot be set by a repository (keys do not belong into a repository)"
refuse 'command: rm\n' ".scrutiny.yml:1:1: 'command' cannot be set by a repository (anyone who can open a pull request could run it on your machine)"
refuse 'papers: [../elsewhere]\n' ".scrutiny.yml:1:10: '../elsewhere' in 'papers' leads out of the repository"
rm .scrutiny.yml

# -- files ----------------------------------------------------------------------------------------

mkdir binary && head -c 100000 /dev/urandom >binary/main.tex
mkdir cycle && printf '\\documentclass{article}\n\\begin{document}\n\\input{a}\nText.\n\\end{document}\n' >cycle/main.tex
printf '\\input{main}\n\\input{a}\n' >cycle/a.tex
mkdir huge && printf '\\documentclass{article}\n' >huge/main.tex && truncate -s 100M huge/main.tex
mkdir pdf && printf '%%PDF-1.4\n' >pdf/paper.pdf
run git scrutiny run cycle --no-write
is "$status" 0 'a cycle of \input is no failure'
like "$err" '^warning: cycle/a.tex:[12]: ' 'it is said where it closes'
run git scrutiny run huge --no-write
is "$status" 2 'a text of 100 MB is not read'
like "$err" '^warning: huge/main.tex: .*larger than' 'and that is said'
run git scrutiny run pdf --no-write
is "$status" 2 'a PDF is not readable yet'
like "$err" '^warning: pdf/paper.pdf: not readable yet' 'and that is said'
like "$out" '^pdf +not reviewed' 'and counted'
run git scrutiny --no-write
unlike "$err" 'fatal' 'none of them stops the others'
like "$out" '^one ' 'which are reviewed'

if [ "$(id -u)" = 0 ]; then
	skip 2 'root reads everything'
else
	mkdir secret && paper secret && chmod 000 secret/main.tex
	run git scrutiny run secret --no-write
	is "$status" 2 'a file that may not be read'
	like "$err" '^warning: secret/main.tex: .*Permission denied' 'is named'
	chmod 644 secret/main.tex && rm -r secret
fi
rm -r binary cycle huge pdf

git scrutiny status >/dev/full 2>"$world/err"
is "$?" 128 'a full disk behind standard output'
like "$(cat "$world/err")" 'cannot write to standard output: No space left' 'is told'

run git scrutiny status extra
is "$status" 129 'an argument too many'

if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
	skip 4 'a read-only and a full file system need root and mount name spaces'
else
	run unshare -m sh -c "mount --bind -o ro . . 2>/dev/null; mount -o remount,bind,ro . && cd $PWD && git scrutiny"
	is "$status" 128 'a read-only repository'
	like "$err" '^fatal: .*Read-only file system' 'is told'
	run unshare -m sh -c "mkdir -p $world/small && mount -t tmpfs -o size=200k none $world/small &&
		cp -r . $world/small/r 2>/dev/null; cd $world/small/r 2>/dev/null &&
		head -c 300000 /dev/zero >filler 2>/dev/null; git scrutiny"
	is "$status" 128 'a full disk'
	like "$err" '^fatal: .*No space left on device' 'is told'
fi
