#!/bin/sh
# `git scrutiny notes`: what is found in the papers of a commit, as git notes.
. "${0%/*}/lib.sh"
. "$source_tree/tests/cli/papers.sh"
plan 31

note () {
	git notes --ref=scrutiny show "${1:-HEAD}" 2>&1
}
# id PAPER: the first digits of its content id.
id () {
	git scrutiny blame --format=json "$1" | sed -n 's/.*"content_id": "\(.\{12\}\).*/\1/p'
}

repo sha1 one
paper theory/good
broken_paper theory/bad
commit 'two papers'
echo 'a note' >notes.txt
commit 'no paper'
paper theory/third
commit 'one more'

run git scrutiny notes
is "$status:$out" '0:wrote 1 note; `git log --notes=scrutiny` shows them' 'a note is written'
is "$(note)" "theory/third  clean (checks)  $(id theory/third)" 'about the paper that the commit changed'
run git scrutiny notes
is "$status:$out" '0:nothing new to note about that commit' 'once'
run git scrutiny notes HEAD~1
is "$status:$out" '0:nothing new to note about that commit' 'a commit that changed no paper gets none'
run git scrutiny notes HEAD~2
is "$(note HEAD~2)" "theory/bad  1 error (checks)  $(id theory/bad)
theory/good  clean (checks)  $(id theory/good)" 'the first commit has all papers, a line each'
like "$(git log --notes=scrutiny -1)" '^    theory/third  clean' 'git log shows them'
run git scrutiny notes pish
like "$err" '^hint: did you mean `git scrutiny notes push`' 'a word that is nearly one of ours'
run git scrutiny notes nowhere
is "$status" 128 'a commit that is none is an error'
run git scrutiny notes nowhere..HEAD
is "$status:$(printf %s "$err" | head -n 1)" "128:fatal: 'nowhere..HEAD' is not a range of commits" 'so is a range'
like "$err" '^hint: a range is written as <since>' 'and it is said what one looks like'
run git scrutiny notes HEAD HEAD~1
is "$status" 129 'one at a time'

# With reports.
git config scrutiny.notes true
git scrutiny run --commit theory/bad >/dev/null 2>&1
is "$(note)" "theory/bad  1 error  $(id theory/bad)" 'run --commit writes the note of its commit, if it is to'
git config scrutiny.notes false
paper theory/fourth
git add theory/fourth
git commit -q -m 'by hand'
git scrutiny run --commit theory/fourth >/dev/null 2>&1
like "$(note)" 'no note found' 'or not'
git notes --ref=scrutiny add -m 'theory/fourth  9 errors  000000000000
by hand: see the issue' HEAD
git scrutiny notes -q
is "$(note)" "by hand: see the issue
theory/fourth  clean  $(id theory/fourth)" 'a newer line takes the place of the older one, and no other'
paper 'two  blanks'
commit 'a name with two blanks'
git notes --ref=scrutiny add -m 'two  blanks  9 errors  000000000000' HEAD
git scrutiny notes -q
is "$(note)" "two  blanks  clean  $(id 'two  blanks')" 'also where the name of the paper has two blanks in a row'
echo 'papers: [' >.scrutiny.yml
echo '% mistaken' >>theory/good/main.tex
commit 'a mistake in the rules'
git rm -q .scrutiny.yml
echo '% mended' >>theory/good/main.tex
commit 'mend the rules'
run git scrutiny notes HEAD~2..HEAD
is "$status:$out" '0:wrote 2 notes; `git log --notes=scrutiny` shows them' 'rules that were malformed once do not stop notes'

# Many at once.
git update-ref -d refs/notes/scrutiny
for i in 1 2 3 4 5 6 7 8; do
	echo "% $i" >>theory/good/main.tex
	commit "change $i"
done
run git scrutiny notes HEAD~8..HEAD
is "$out" 'wrote 8 notes; `git log --notes=scrutiny` shows them' 'a range is written'
is "$(git rev-list --count refs/notes/scrutiny)" 1 'in one commit'
is "$(git notes --ref=scrutiny list | wc -l | tr -d ' ')" 8 'a note each'

# Among clones.
git init -q --bare ../hub.git
git remote add origin ../hub.git
git push -q origin main
run git scrutiny notes push
is "$status:$out" '0:pushed the notes to origin' 'push sends them'
run git scrutiny notes push
is "$status:$out" '0:all notes are at origin' 'once'
git clone -q ../hub.git ../two
like "$(git -C ../two log --notes=scrutiny -1)" 'change 8' 'a clone'
is "$(git -C ../two for-each-ref refs/notes)" '' 'has no notes'
cd ../two || exit 1
git scrutiny notes -q HEAD~9
git scrutiny notes -q HEAD~10
run git scrutiny notes push
is "$status:$out" '0:pushed the notes to origin' 'a clone with notes of its own unites them with those of others'
is "$(git notes --ref=scrutiny list | wc -l | tr -d ' ')" 10 'and has all'
git notes --ref=scrutiny append -m 'theory/good  said by two  111111111111' HEAD
cd ../one || exit 1
git notes --ref=scrutiny append -m 'theory/good  said by one  222222222222' HEAD
git -C ../two scrutiny notes -q push
run git scrutiny notes fetch
is "$status:$out" '0:fetched the notes of origin' 'fetch takes over what is there'
is "$(note | grep -c 'said by')" 2 'lines about one commit are united'
is "$(note | sort -u)" "$(note | sort)" 'each line once'
git scrutiny notes -q push && git -C ../two scrutiny notes -q fetch
is "$(git -C ../two notes --ref=scrutiny show HEAD)" "$(note)" 'both clones have the same'
run git scrutiny notes fetch
is "$out" 'up to date with origin' 'then there is nothing to do'
run git scrutiny notes push nowhere
is "$status" 128 'a remote that is none is an error'
