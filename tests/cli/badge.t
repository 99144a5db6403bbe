#!/bin/sh
# `git scrutiny badge`: a picture that says how the papers are.
. "${0%/*}/lib.sh"
. "$source_tree/tests/cli/papers.sh"
plan 16

title () {
	git scrutiny badge "$@" | sed -n 's,.*<title>\(.*\)</title>.*,\1,p'
}

repo sha1
is "$(title)" 'papers: none' 'a repository without papers has a badge, too'
paper theory/one
paper theory/two
commit 'two papers'
is "$(title)" 'papers: 2 clean' 'it counts clean papers'
is "$(title theory/one)" 'paper: clean' 'one can be named'
is "$(title --label=tilings theory/one)" 'tilings: clean' 'and called something else'
broken_paper theory/three
is "$(title)" 'papers: 1 error' 'or findings of the worst severity'
is "$(title --at HEAD)" 'papers: 2 clean' '--at looks at a commit'
is "$(title theory/one theory/two)" 'papers: 2 clean' 'of papers that are named'

run git scrutiny badge -o badge.svg
is "$status:$out" '0:' '-o writes a file'
cp badge.svg first.svg
git scrutiny badge -o badge.svg
cmp -s first.svg badge.svg
ok $? 'the same bytes each time'
git scrutiny run -q >/dev/null 2>&1
git scrutiny badge | cmp -s first.svg -
ok $? 'and from the records'
if command -v rsvg-convert >/dev/null 2>&1; then
	rsvg-convert badge.svg >badge.png && [ -s badge.png ]
	ok $? 'it can be drawn'
else
	skip 1 'rsvg-convert is not there'
fi
like "$(cat badge.svg)" 'role="img" aria-label="papers: 1 error"' 'it is read aloud'
unlike "$(cat badge.svg)" 'href|script|url\(http' 'it needs nothing else'

run git scrutiny badge --format=json
is "$(printf '%s' "$out" | tr -d ' \n')" \
	'{"schemaVersion":1,"label":"papers","message":"1error","color":"cf222e"}' 'JSON is what shields.io takes'
is "$(title --label='<&>')" '&lt;&amp;&gt;: 1 error' 'a label is text'
run git scrutiny badge nowhere
is "$status" 128 'a paper that is none is an error'
