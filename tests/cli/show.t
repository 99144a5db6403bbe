#!/bin/sh
# `git scrutiny show`, and all that is folded in a report.
. "${0%/*}/lib.sh"
. "$source_tree/tests/cli/papers.sh"
plan 15

model_server
repo sha1
lab
git config scrutiny.reviewers lab/alpha,lab/beta,lab/prose
broken_paper theory
echo 'metadata: true' >.scrutiny.yml
commit 'a paper'
git scrutiny run >/dev/null 2>&1

run git scrutiny show
is "$status" 0 'the only paper need not be named'
like "$out" '^# Review of On short sequences' 'the report is shown as it is written'
printf '%s\n' "$out" | cmp -s - theory/scrutiny.md
ok $? 'byte for byte'

run git scrutiny show --all theory
is "$status" 0 '--all succeeds'
like "$out" '^    lab/alpha: warning, 70 % sure, main.tex:' 'it tells who said it, how severe, how sure and where'
like "$out" 'does not show it \(alpha\)' 'in the words of one'
like "$out" 'does not show it \(beta\)' 'and of the other, which the report folds'
like "$out" 'Answer [0-9]+ of (alpha|beta)' 'what they say of the paper as a whole'
like "$out" '^        Weakness: The evidence is thin \(beta\)' 'its strengths, weaknesses and questions'
like "$out" '^        overall 6: As beta sees it' 'its scores'
like "$out" '^        Tags: .*only-alpha \(new\)' 'and what it would have in meta.yaml'
like "$out" 'lab/prose' 'and who did not answer'
is "$(printf '%s\n' "$out" | awk 'length > 80' | wc -l | tr -d ' ')" 0 'in lines of 80 columns'

run git scrutiny show --all --format=json theory
is "$status" 129 'JSON needs no --all'
like "$err" 'format=json always holds everything' 'and it says so'
