#!/bin/sh
# `git scrutiny blame` of what models found: since when the words stand there that they quote.
. "${0%/*}/lib.sh"
. "$source_tree/tests/cli/papers.sh"
plan 7
model_server
repo sha1
lab
git config scrutiny.reviewers lab/alpha,lab/beta
paper theory
commit 'a paper'
sed 's/Every short sequence has a last element/Each short sequence has a final element/' theory/main.tex >new && mv new theory/main.tex
commit 'reword the claim'
sed 's/finite\./finite and nice./' theory/main.tex >new && mv new theory/main.tex
commit 'touch the abstract'
git scrutiny run --commit >/dev/null 2>&1

run git scrutiny blame
like "$out" "^~$(git rev-parse --short HEAD~1)  A Tester  2023-11-14  theory/main.tex:7  warning  lab/alpha  The claim is" 'the commit that wrote the words is told'
like "$err" 'no model was asked about earlier versions' 'and what that means'
run git scrutiny blame --porcelain
like "$out" '^summary touch the abstract$' 'porcelain has its subject'
like "$out" '^[0-9a-f]{40} [0-9a-f]{12} warning claim 7$' 'and that it is a claim'
like "$(git scrutiny blame --format=json)" '"since": "text"' 'JSON says that the text is dated'

sed 's/Each short/Surely each short/' theory/main.tex >new && mv new theory/main.tex
commit 'change something else'
git scrutiny run --commit >/dev/null 2>&1
like "$(git scrutiny blame --porcelain)" '^summary touch the abstract$' 'a later change elsewhere is not to blame'
git mv theory proofs
commit 'rename'
like "$(git scrutiny blame --porcelain)" '^summary touch the abstract$' 'nor is a rename'
