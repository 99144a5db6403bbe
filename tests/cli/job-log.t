#!/bin/sh
# In a job of GitHub Actions the log is read by the runner: nothing in a paper becomes a command to it.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
plan 11

repo sha1
broken_paper '::add-mask::x'
broken_paper 'b##[add-mask]y'
# A line of the paper that is shown because something is wrong in it.
# shellcheck disable=SC2016
printf '%s\n' '\documentclass{article}' '\begin{document}' '::stop-commands::z Section~\ref{sec:nowhere} ##[group]' \
	'\end{document}' >'::add-mask::x/main.tex'
commit papers

# As the runner does it: the first form at the start of a line, the second anywhere.
commands () {
	printf '%s\n%s\n' "$out" "$err" | grep -E '^[^!-~]*::|##\['
}

run git scrutiny --all --no-write
ok "$([ -n "$(commands)" ]; echo $?)" 'the words are shown as they are elsewhere'
GITHUB_ACTIONS=true
export GITHUB_ACTIONS
for command in 'run --all' 'report --format=md' 'status --all' 'plan' 'show --all ./::add-mask::x' \
	'log ./b##[add-mask]y' 'blame'; do
	# shellcheck disable=SC2086
	run git scrutiny $command
	is "${out:+said}$(commands)" said "no command from: $command"
done
run git scrutiny run 'nothing##[group]here'
is "$(commands)" '' 'nor from an error'
run git scrutiny --all --no-write --format=github
is "$(commands | grep -cvE '^::(error|warning|notice) ')" 0 'format github: only annotations'
like "$out" '^::error file=%3A%3Aadd-mask%3A%3Ax/main.tex,line=3,' 'of the right file'
