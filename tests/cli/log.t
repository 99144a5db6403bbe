#!/bin/sh
# `git scrutiny log`: how findings developed over commits.
. "${0%/*}/lib.sh"
. "$source_tree/tests/cli/papers.sh"
plan 24

# logged [ARGUMENT...]: the listing without ids, dates and authors.
logged () {
	git scrutiny log "$@" | sed 's/^\^*[0-9a-f]\{7,\}  2023-11-[0-9][0-9]  A Tester  *//; s/  */ /g'
}

model_server
repo sha1
lab
paper theory
commit 'a paper'
sed 's/ref{sec:claim}/ref{sec:nowhere}/' theory/main.tex >new && mv new theory/main.tex
commit 'break a reference'
echo 'a note' >notes.txt
commit 'something else'
sed 's/^Short/\\ref{sec:new} Short/' theory/main.tex >new && mv new theory/main.tex
commit 'break another'
sed 's/ref{sec:nowhere}/ref{sec:claim}/' theory/main.tex >new && mv new theory/main.tex
commit 'mend the first'

run git scrutiny log
is "$status" 0 'log succeeds'
is "$err" '' 'and says nothing else'
is "$(logged)" '1 error -1 fixed checks mend the first
2 errors +1 new checks break another
1 error +1 new checks break a reference
clean first checks a paper' 'it tells what came and what went'
like "$out" "^$(git rev-parse --short HEAD)  2023-11-14  A Tester  1 error " 'with the commit, its date and author'
is "$(logged -n 1)" '1 error -1 fixed checks mend the first' '-n takes the newest'
is "$(logged --recorded)" '' 'none of them was reviewed'
paper other
run git scrutiny log --recorded
is "$out" '' 'papers of which nothing is listed are not named'
is "$err" 'no version is known that was asked for' 'which is said'
rm -r other
sed 's/ref{sec:new}/ref{sec:claim}/' theory/main.tex >new && mv new theory/main.tex
is "$(logged | head -n 1 | sed 's/^ *//')" 'not committed clean -1 fixed checks' 'what is not committed comes first'
is "$(logged --at HEAD~1 | head -n 1)" '2 errors +1 new checks break another' '--at begins elsewhere'
is "$(logged --since 2023-11-14T22:17:00Z --at HEAD)" '1 error -1 fixed checks mend the first
2 errors +1 new checks break another' '--since ends earlier'
commit 'mend the second'

# Reviews.
git config scrutiny.reviewers lab/alpha
git scrutiny run --commit >/dev/null 2>&1
like "$(git scrutiny log --format=json -n 1)" '"(errors|warnings|notes|unverified)": [1-9]' 'a review counts for its version'
like "$(logged -n 1)" '(reviewed|\$[0-9.]+) mend the second$' 'at the commit that has the content, not at that of the report'
is "$(logged | sed -n 2p)" '1 error -1 fixed checks mend the first' 'others stay as they were'
like "$(logged -n 1)" '-1 fixed' 'what a model says is not held against a version that it did not see'
is "$(logged --recorded | wc -l | tr -d ' ')" 1 '--recorded shows the one that was reviewed'
run git scrutiny log --format=json
printf '%s\n' "$out" >"$world/log.json"
like "$out" '"source": "records"' 'JSON tells where it is known from'
python3 "$source_tree/tests/tools/validate-json.py" "$source_tree/docs/formats/log.schema.json" "$world/log.json" \
	>"$world/valid" 2>&1
case $? in
0 | 77) ok 0 'as its schema says' ;;
*) ok 1 'as its schema says'; diagnose "$(cat "$world/valid")" ;;
esac
git clone -q . ../clone
is "$(cd ../clone && logged -n 1 | sed 's/ [^ ]* mend/ mend/')" "$(logged -n 1 | sed 's/ [^ ]* mend/ mend/')" \
	'a clone without records has the reports'

# Several, and moved.
git mv theory tilings
commit 'rename'
is "$(logged | tail -n 1)" 'clean first checks a paper' 'a renamed folder is followed'
broken_paper other
commit 'another paper'
is "$(logged -n 1 | sed -n '1p;3,4p')" 'other

tilings' 'several papers have a heading each'
git rm -q -r other
commit 'away'
broken_paper other
commit 'back'
is "$(logged other | sed 's/^ *//')" '1 error +1 new checks back
not there away
1 error first checks another paper' 'a paper that was away is told so'
cd .. && git clone -q --depth 1 "file://$PWD/repo" shallow && cd shallow || exit 1
run git scrutiny log other
like "$out" '^\^' 'a shallow clone marks its end'
run git scrutiny log -n -1
is "$status" 129 'a number below zero is none'
