#!/bin/sh
# Repositories of every kind, and names of every kind.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
plan 36

papers_of () {
	git scrutiny status --all --porcelain -z 2>"$world/err" | tr '\n\000' '|\n' | sed 1d
}

for format in sha1 sha256; do
	(
		repo $format $format
		broken_paper deep/er/paper
		commit papers
	)
	cd $format || exit 1
	run git scrutiny --commit
	is "$status" 1 "$format: a paper is reviewed"
	is "$(papers_of)" 'fresh deep/er/paper' "$format: and up to date afterwards"
	cd deep/er || exit 1
	run git scrutiny paper
	is "$status" 1 "$format: from a subdirectory"
	cd ../..
	git worktree add -q ../$format-worktree
	is "$(cd ../$format-worktree && papers_of)" 'fresh deep/er/paper' "$format: a linked worktree shares the records"
	git clone -q --bare . ../$format.git
	git -C ../$format.git fetch -q ../$format 'refs/scrutiny/*:refs/scrutiny/*'
	cd ../$format.git || exit 1
	is "$(papers_of)" 'fresh deep/er/paper' "$format: so does a bare repository"
	run git scrutiny run --all --no-write
	is "$status" 1 "$format: which can be read"
	run git scrutiny run --all
	is "$status" 128 "$format: but not written"
	like "$err" 'bare repository has no place for reports' "$format: as is said"
	cd ..
	git clone -q --bare $format $format-packed.git && git -C $format-packed.git repack -qad
	is "$(cd $format-packed.git && papers_of | sed 's/^[a-z]* //')" deep/er/paper "$format: packed"
done

# -- partial and sparse -------------------------------------------------------------------------------

git -C sha1 config uploadpack.allowFilter true
git -C sha1 config uploadpack.allowAnySHA1InWant true
git clone -q --filter=blob:none "file://$PWD/sha1" partial
is "$(cd partial && papers_of)" 'stale deep/er/paper' 'a partial clone has the report but not the records'
is "$(cd partial && git scrutiny --no-write >/dev/null 2>&1; echo $?)" 1 'is reviewed'
cp -r sha1 sparse
(cd sparse && paper other && commit other && git scrutiny >/dev/null 2>&1 && git sparse-checkout set other) 2>/dev/null
is "$(cd sparse && papers_of | sed 's/^[a-z]* //' | tr '\n' ' ')" 'deep/er/paper other ' 'a sparse checkout still has all its papers'

# -- inside a hook --------------------------------------------------------------------------------

cd sha1 || exit 1
printf '#!/bin/sh\ngit scrutiny --staged --no-write >"%s" 2>&1\n' "$world/hook" >.git/hooks/pre-commit
chmod +x .git/hooks/pre-commit
sed 's/nowhere/anywhere/' deep/er/paper/main.tex >x && mv x deep/er/paper/main.tex
git commit -qam 'edit' 2>"$world/hook.err"
like "$(cat "$world/hook")" 'sec:anywhere' 'inside a hook the staged content is seen'
rm .git/hooks/pre-commit
cd ..

# -- names ----------------------------------------------------------------------------------------

repo sha1 names
paper 'with space'
paper "$(printf 'new\nline')"
paper "$(printf 'latin\351')"
paper -- 2>/dev/null || paper ./--option
paper ':magic'
commit papers
is "$(papers_of | wc -l | tr -d ' ')" 5 'odd names are found'
run git scrutiny run --commit
is "$status" 0 'and reviewed'
is "$(git status --porcelain)" '' 'and committed'
is "$(papers_of | grep -c '^fresh')" 5 'and fresh afterwards'
run git scrutiny show './:magic'
is "$status" 0 'and shown'
unlike "$(git scrutiny status --all 2>/dev/null | cat -v)" '\^\[|M-i' 'what a terminal cannot show is escaped'
cd ..

# -- links and submodules -----------------------------------------------------------------------------

repo sha1 links
paper real
ln -s /etc real/outside
ln -s ../real linked
printf 'secret text outside' >"$world/secret.tex"
ln -s "$world/secret.tex" real/appendix.tex
sed 's/\\end{document}/\\input{appendix}\n&/' real/main.tex >x && mv x real/main.tex
git -c protocol.file.allow=always submodule --quiet add "file://$world/work/names" module
commit links
is "$(papers_of)" 'new real' 'links and submodules hold no papers'
run git scrutiny real --format=json --no-write
unlike "$out" 'secret text' 'a link out of the repository is not followed'
cd ..

# -- .ignore --------------------------------------------------------------------------------------

repo sha1 ignore
for p in a b/kept b/gone c/x; do paper $p; done
printf '/a/\nb/*\n!b/kept\n' >.ignore
printf 'x\n' >c/.ignore
commit papers
is "$(papers_of | grep -v ignored)" 'new b/kept' '.ignore with negation, and in a folder of its own'
is "$(papers_of | grep ignored | tr '\n' ' ')" 'ignored a/ ignored b/gone/ ignored c/x/ ' 'what it takes out is told'
git clone -q --bare . ../ignore.git
is "$(cd ../ignore.git && papers_of | grep -v ignored)" 'new b/kept' 'in a bare repository too'
echo 'papers: [c, b]' >.scrutiny.yml
is "$(papers_of | grep -v ignored)" 'new b/kept' 'papers: narrows'
cd ..

# -- several manuscripts ---------------------------------------------------------------------------

repo sha1 several
paper one
cp one/main.tex one/supplement.tex
printf '\\documentclass[../main]{subfiles}\\begin{document}Part.\\end{document}' >one/part.tex
mkdir notes figures && printf '# A note\n\nText.\n' >notes/a.md && printf '# B\n\nText.\n' >notes/b.md
printf '# Read me\n' >README.md && printf '%%PDF-1.4\n' >figures/plot.pdf
commit all
is "$(papers_of | tr '\n' ' ')" 'new notes new one ' 'a README and a figure are no papers'
like "$(git scrutiny status 2>/dev/null)" 'one +main.tex and 1 more manuscript' 'a supplement is a second manuscript, a part is not'
