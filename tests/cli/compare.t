#!/bin/sh
# `git scrutiny compare`: new, fixed, persisting and unchecked between two revisions, without a model.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
plan 39

# -- the built-in checks, nothing recorded -----------------------------------------------------------

repo sha1
paper theory/one
broken_paper theory/two
paper theory/three
commit 'three papers'
git tag first
mend () {
	sed 's/nowhere/claim/' "$1" >"$world/x" && mv "$world/x" "$1"
}
broken_paper theory/one
mend theory/two/main.tex
mkdir elsewhere
git mv theory/three elsewhere/three
broken_paper added
commit 'changes'

run git scrutiny compare first
is "$status" 1 'a new error fails'
like "$out" '^theory/one: 1 new' 'what is new'
like "$out" '^  new +error +main.tex:10 .*sec:nowhere.*\[reference-undefined\]' 'where it is and what'
like "$out" '^theory/two: 1 fixed' 'what is fixed'
like "$out" '^  fixed +error +main.tex:10 ' 'where it was'
like "$out" '^elsewhere/three: was theory/three; no findings' 'a paper that moved is compared with where it was'
like "$out" '^added: added; 1 new' 'a new paper'
like "$out" 'first: was never reviewed; the built-in checks were run now' 'what was never reviewed is said'
like "$out" '^4 papers changed: 2 new, 1 fixed between first and the work tree\.' 'and the sum of it'
run git scrutiny compare --fail-on=never first
is "$status" 0 '--fail-on=never'
run git scrutiny compare first theory/two
is "$status" 0 'one paper only'
is "$(printf '%s\n' "$out" | grep -c ': was never\|^theory/one')" 2 'and nothing of the others'
run git scrutiny compare HEAD first
like "$out" '^theory/one: 1 fixed' 'the other way round'
like "$out" '^added: removed, with 1 finding' 'a paper that is gone'
run git scrutiny compare HEAD
is "$out" '4 papers, none changed between HEAD and the work tree.' 'nothing changed'
run git scrutiny compare HEAD HEAD -- theory/one
is "$status" 0 'paths behind --'
is "$(git status --porcelain)" '' 'nothing is written'
is "$(git for-each-ref refs/scrutiny)" '' 'nor recorded'

run git scrutiny compare
is "$status" 129 'a revision is needed'
run git scrutiny compare nonsense
is "$status" 128 'it has to be one'
like "$err" "'nonsense' is not a commit" 'as is said'
run git scrutiny compare first theory/nothing
like "$err" "'theory/nothing' matches no paper" 'as is a path that is none'

# -- moved and changed -----------------------------------------------------------------------------

git mv theory/two/main.tex theory/two/proof.tex
git mv theory/two theory/second
echo '% a comment' >>theory/second/proof.tex
commit 'moved and changed'
run git scrutiny compare HEAD~1 HEAD
like "$out" '^theory/second: was theory/two; no findings' 'git knows what was renamed'

# -- models ------------------------------------------------------------------------------------------

model_server
lab
git config scrutiny.reviewers lab/alpha
paper theory/models
commit 'for models'
git scrutiny run --commit theory/models >/dev/null 2>&1
git tag reviewed
sed 's/last element/final element/' theory/models/main.tex >x && mv x theory/models/main.tex
commit 'a word'
run git scrutiny compare reviewed HEAD theory/models
like "$out" '^theory/models: 1 not looked at again' 'what a model raised stays until it looks again'
like "$out" 'looked at reviewed only: lab/alpha' 'and it is said that it did not'
git scrutiny run --commit theory/models >/dev/null 2>&1
run git scrutiny compare reviewed HEAD~1 theory/models
like "$out" '^theory/models: 1 persisting' 'raised again it persists'
run git scrutiny compare reviewed HEAD theory/models
like "$out" 'theory/models: 1 persisting' 'in the commit of its report too'

run git scrutiny compare --format=md first
like "$out" '^### theory/models' 'Markdown has a heading for each paper'
like "$out" '^- \*\*new\*\* error: ' 'and a line for each change'
run git scrutiny compare --format=json reviewed HEAD theory/models
printf '%s\n' "$out" >"$world/compare.json"
like "$out" '"source": "records"' 'JSON tells where findings are from'
like "$out" '"persisting": \[$' 'and lists those that persist'
python3 "$source_tree/tests/tools/validate-json.py" "$source_tree/docs/formats/compare.schema.json" \
	"$world/compare.json" >"$world/valid" 2>&1
case $? in
0 | 77) ok 0 'as its schema says' ;;
*) ok 1 'as its schema says'; diagnose "$(cat "$world/valid")" ;;
esac

# A clone without the records has the reports.
git clone -q . ../clone && cd ../clone || exit 1
run git scrutiny compare --format=json origin/HEAD~2 origin/HEAD theory/models
like "$out" '"source": "report"' 'a clone without records reads the committed reports'
like "$out" '"persisting": \[$' 'and finds the same'
sed 's/"findings"/"fundings"/' theory/models/scrutiny.json >x && mv x theory/models/scrutiny.json
git commit -qam 'a broken report'
run git scrutiny compare origin/HEAD~2 HEAD theory/models
like "$err" "warning: HEAD: theory/models/scrutiny.json: 'findings' is missing" 'a broken report is said to be so'
like "$out" 'HEAD: was never reviewed' 'and counts as none'

cd .. && git clone -q --bare clone bare.git && cd bare.git || exit 1
run git scrutiny compare HEAD~3
is "$status" 0 'a bare repository is compared at HEAD'
like "$out" 'between HEAD~3 and HEAD\.' 'as is said'
run git scrutiny compare HEAD~3 --color=always
like "$out" 'between HEAD~3' 'options may follow'
