#!/bin/sh
# Reviewing, writing and committing: the main job.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
plan 85

repo sha1
paper theory/clean
broken_paper theory/broken
mkdir -p software/manual
printf '\\documentclass{article}\\begin{document}\\ref{x}\\end{document}' >software/manual/main.tex
echo /software/ >.ignore
commit papers

run git scrutiny status
is "$status" 0 'status succeeds'
like "$out" '^2 papers, 1 ignored' 'two papers, one folder ignored'
like "$out" '^ +new +theory/broken' 'a paper without a review is new'
unlike "$out" 'software' 'what is ignored is not listed'

run git scrutiny --no-write
is "$status" 1 'findings give status 1'
like "$out" 'Nothing was written' '--no-write says so'
is "$(git status --porcelain)" '' 'and writes nothing'

run git scrutiny
is "$status" 1 'findings give status 1 again'
like "$out" '^theory/clean +no findings' 'a clean paper is told as such'
like "$out" '^theory/broken +1 error' 'and a broken one'
like "$out" '10: error +reference-undefined' 'with the line and the rule'
like "$err" 'git scrutiny explain reference-undefined' 'the hint names the rule'
is "$(ls theory/broken)" 'main.tex
meta.yaml
scrutiny.json
scrutiny.md' 'the report stands beside the paper'
like "$(cat theory/broken/meta.yaml)" '^title: On short sequences$' 'meta.yaml has the title'
like "$(cat theory/broken/meta.yaml)" '^  verdict: errors' 'and the verdict'
like "$(cat theory/broken/scrutiny.md)" 'sec:nowhere' 'the report names what is undefined'

run git scrutiny
is "$status" 0 'nothing to do is success'
like "$out" '^2 papers up to date' 'said in one line'
is "$err" '' 'and no hint'

# -- what selects ---------------------------------------------------------------------------------

first=$(git rev-parse HEAD)
run git scrutiny --at="$first" --no-write --all
like "$out" '^theory/clean +no findings' '--at reviews papers as they are at a commit'
run git scrutiny --at="$first"
is "$status" 129 'whose reports have no place in the work tree'
like "$err" '^hint: add --no-write' 'as it says'

run git scrutiny theory/broken
is "$status" 1 'a paper that is named is reported again'
like "$out" 'recorded' 'from its record'
run git scrutiny theory/broken/main.tex
is "$status" 1 'a file names its paper'
(cd theory && git scrutiny broken >"$world/sub" 2>&1)
is "$?" 1 'names are relative to where we stand'
run git scrutiny "$PWD/theory/broken/"
is "$status" 1 'an absolute path too'
run git scrutiny 'theory/*/main.tex'
is "$status" 1 'pathspecs are understood'
like "$out" '^theory/clean' 'and match all they should'
run git scrutiny nothing-here
is "$status" 128 'what matches nothing is an error'
like "$err" "^fatal: 'nothing-here' matches no paper" 'that names it'

git add -A && git commit -qm reports
run git scrutiny --since=HEAD~1
is "$status" 0 'reports do not change a paper'
echo '% edited' >>theory/clean/main.tex
run git scrutiny --since=HEAD --no-write
is "$status" 0 '--since sees the work tree'
like "$out" '^theory/clean' 'the edited paper only'
unlike "$out" '^theory/broken' 'not the other'
run git scrutiny --staged --no-write
unlike "$out" '^theory/' '--staged sees nothing before it is staged'
git add theory/clean/main.tex
run git scrutiny --staged --no-write
like "$out" '^theory/clean' 'and the paper afterwards'
run git scrutiny --since=nowhere
is "$status" 128 'an unknown revision is an error'
like "$err" "^fatal: 'nowhere' is not a commit" 'that names it'

# -- committing -----------------------------------------------------------------------------------

echo unrelated >unrelated
git add unrelated
echo more >>.ignore
run git scrutiny run --commit
is "$status" 0 '--commit succeeds'
like "$(git log -1 --format=%s)" '^Review 1 paper: no findings' 'the commit says what was reviewed'
is "$(git show --name-only --format= HEAD)" 'theory/clean/meta.yaml
theory/clean/scrutiny.json
theory/clean/scrutiny.md' 'and holds the report only'
is "$(git status --porcelain)" ' M .ignore
M  theory/clean/main.tex
A  unrelated' 'what was staged or changed stays so'
git commit -qm rest && git checkout -q .ignore

sed 's/nowhere/claim/' theory/broken/main.tex >x && mv x theory/broken/main.tex
run git scrutiny run --commit
is "$status" 0 'a mended paper has no findings'
like "$(cat theory/broken/scrutiny.md)" 'ixed' 'the report tells what was fixed'

mkdir -p .git/hooks
printf '#!/bin/sh\necho the hook says no >&2\nexit 1\n' >.git/hooks/pre-commit
chmod +x .git/hooks/pre-commit
echo '% again' >>theory/broken/main.tex
git add -A
run git scrutiny run --commit
is "$status" 128 'a hook that refuses fails the command'
like "$err" 'the hook says no' 'with its own words'
like "$(git status --porcelain theory/broken)" 'scrutiny.json' 'the reports are written'
rm .git/hooks/pre-commit
run git scrutiny run --commit
is "$(git status --porcelain theory/broken/scrutiny.md)" '' 'and the next run commits them'
git commit -qam again

# -- formats --------------------------------------------------------------------------------------

broken_paper theory/broken
for format in json sarif; do
	run git scrutiny --no-write --all --format=$format
	is "$status" 1 "$format: the exit status is that of the findings"
	printf '%s' "$out" | python3 -m json.tool >"$world/json" 2>&1
	ok $? "$format: parses"
	like "$out" 'reference-undefined' "$format: holds the finding"
done
run git scrutiny --no-write --all --format=rdjsonl
printf '%s\n' "$out" | head -n 1 | python3 -m json.tool >"$world/json" 2>&1
ok $? 'rdjsonl: each line parses'
like "$out" '"start":\{"line":10,"column":[0-9]+\}.*"value":"reference-undefined"' 'rdjsonl: holds the finding'
run git scrutiny --no-write --all --format=github
like "$out" '^::error file=theory/broken/main.tex,line=10,title=reference-undefined::.*sec:nowhere' 'github: an annotation'
like "$out" '^[1-9].* in [0-9]+ papers?\.$' 'github: and the counts'
run git scrutiny --no-write --all --format=md -o "$world/all.md"
is "$out" '' '--output leaves standard output alone'
like "$(cat "$world/all.md")" 'sec:nowhere' 'and has the report'
run git scrutiny --no-write --fail-on=never --all
is "$status" 0 '--fail-on=never never fails'

# -- replay ---------------------------------------------------------------------------------------

git scrutiny --all >/dev/null 2>&1
cp theory/broken/scrutiny.md "$world/before.md"
cp theory/broken/scrutiny.json "$world/before.json"
cp theory/broken/meta.yaml "$world/before.yaml"
rm theory/broken/scrutiny.*
run git scrutiny report --replay
is "$status" 0 'reports are rebuilt'
cmp -s theory/broken/scrutiny.md "$world/before.md"
ok $? 'scrutiny.md has the same bytes'
cmp -s theory/broken/scrutiny.json "$world/before.json"
ok $? 'scrutiny.json has the same bytes'
cmp -s theory/broken/meta.yaml "$world/before.yaml"
ok $? 'meta.yaml has the same bytes'
run git scrutiny show theory/broken
is "$status" 0 'show shows'

# -- the same content elsewhere, and again ------------------------------------------------------------

git add -A && git commit -qm 'before the move'
git mv theory/broken theory/moved
run git scrutiny
like "$out" '^2 papers up to date' 'a folder that is moved is not reviewed again'
run git scrutiny show --format=text theory/moved
like "$out" '^theory/moved/main.tex$' 'its report names where it is now'
cp theory/moved/main.tex "$world/kept.tex"
echo '% changed' >>theory/moved/main.tex
sed 's/nowhere/claim/' theory/moved/main.tex >x && mv x theory/moved/main.tex
git scrutiny >/dev/null 2>&1
unlike "$(head -n 12 theory/moved/scrutiny.md)" '1 error' 'a report follows a change'
cp "$world/kept.tex" theory/moved/main.tex
run git scrutiny
like "$out" '^theory/moved +1 error' 'changing it back'
like "$(cat theory/moved/scrutiny.md)" '1 error' 'brings back the report'

# -- one paper in trouble ---------------------------------------------------------------------------

git add -A && git commit -qm 'before the trouble'
for p in trouble/broken-meta trouble/damaged trouble/linked trouble/past trouble/well; do
	broken_paper $p
	echo "% $p" >>$p/main.tex
done
printf 'title: "no end\n' >trouble/broken-meta/meta.yaml
echo outside >"$world/outside"
ln -s "$world/outside" trouble/linked/scrutiny.md
ln -s "$world/outside" trouble/past/scrutiny.json
git scrutiny run trouble/damaged >/dev/null 2>&1
id=$(sed -n 's/^  "content_id": "\(.*\)",$/\1/p' trouble/damaged/scrutiny.json | sed 's/^../&\//')
blob=$(echo '{"format": 1, "reviewer": 5}' | git hash-object -w --stdin)
(
	GIT_INDEX_FILE=$world/index && export GIT_INDEX_FILE
	git read-tree refs/scrutiny/records
	git update-index --add --cacheinfo "100644,$blob,v1/$id/lab_alpha-fb7e213c.json"
	git update-ref refs/scrutiny/records "$(git commit-tree -p refs/scrutiny/records -m damaged "$(git write-tree)")"
)
run git scrutiny run trouble --commit
is "$status" 1 'findings are told by the exit status'
like "$err" '^warning: trouble/broken-meta/meta.yaml:2:1: ' 'a broken meta.yaml is told'
like "$err" '^warning: the record lab_alpha-fb7e213c.json of trouble/damaged is damaged' 'so is a damaged record'
like "$err" "^warning: cannot write 'trouble/linked/scrutiny.md': it is a symbolic link" 'and a link'
like "$out" '^trouble/damaged +1 error' 'whose paper is reviewed all the same'
like "$out" '^trouble/past +1 error' 'no link in place of the last report hides what is found now'
like "$out" 'Wrote 2 reports ' 'none of them stops the others'
is "$(git show --format= --name-only | tr '\n' ' ')" 'trouble/damaged/meta.yaml trouble/damaged/scrutiny.json trouble/damaged/scrutiny.md trouble/well/meta.yaml trouble/well/scrutiny.json trouble/well/scrutiny.md ' \
	'whose reports are committed'
is "$(cat "$world/outside")" outside 'nothing is written through a link'
rm trouble/linked/scrutiny.md trouble/broken-meta/meta.yaml trouble/past/scrutiny.json
run git scrutiny
like "$out" 'Wrote 3 reports ' 'and are written when nothing stands in their way'

# -- nothing to do ----------------------------------------------------------------------------------

git scrutiny >/dev/null 2>&1
run git scrutiny -q
is "$out$err" '' '-q says nothing when nothing is to be done'
git config scrutiny.reviewers openai/gpt-6-luna
run git scrutiny
is "$status" 2 'a reviewer without a key leaves the run incomplete even then'
like "$err" 'OPENAI_API_KEY' 'and is told each time'
