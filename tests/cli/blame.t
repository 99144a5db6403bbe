#!/bin/sh
# `git scrutiny blame`: which commit brought each finding in.
. "${0%/*}/lib.sh"
. "$source_tree/tests/cli/papers.sh"
plan 45

# blamed [ARGUMENT...]: "<subject> <rule> <line>" of each finding.
blamed () {
	git scrutiny blame --porcelain "$@" | awk '
		/^[0-9a-f]* [0-9a-f]* (error|warning|note) / { rule = $4; line = $5; subject = "not committed" }
		/^summary / { subject = substr($0, 9) }
		/^\t/ { print subject ": " rule " " line }'
}

repo sha1
paper theory
commit 'a paper'
sed 's/^Every/See \\ref{sec:far}. Every/; s/^Short/\\label{sec:far}Short/' theory/main.tex >new && mv new theory/main.tex
commit 'refer to a label far away'
echo 'a note' >notes.txt
commit 'something else'
sed 's/\\label{sec:far}//' theory/main.tex >new && mv new theory/main.tex
commit 'delete the label'
sed 's/finite\./finite, and countable./' theory/main.tex >new && mv new theory/main.tex
commit 'touch the abstract'

run git scrutiny blame
is "$status" 0 'blame succeeds'
like "$out" "^$(git rev-parse --short HEAD~1)  A Tester  2023-11-14  theory/main.tex:10  error  reference-undefined  .sec:far. is referred to" 'the commit that deleted the label is to blame, not the one that wrote the line'
is "$err" '' 'and nothing else is said'
is "$(git blame -s -L10,10 theory/main.tex | cut -d' ' -f1)" "$(git rev-parse --short=8 HEAD~3)" 'git blame names the one that wrote it'
is "$(blamed theory)" 'delete the label: reference-undefined 10' 'porcelain says the same'
is "$(blamed theory/main.tex:10)" 'delete the label: reference-undefined 10' 'so does the line'
is "$(blamed theory/main.tex:9)" '' 'another line has no finding'
is "$(blamed --rule=reference-undefined)" 'delete the label: reference-undefined 10' 'so does the rule'
is "$(blamed --rule=label-duplicate)" '' 'another rule has no finding'
run git scrutiny blame theory/main.tex:9
is "$status$out$err" '0no such finding' 'which is said, as no error'
run git scrutiny blame --porcelain theory/main.tex:9
is "$err" '' 'but to no script'
id=$(git scrutiny blame --porcelain | sed -n 's/^[0-9a-f]* \([0-9a-f]\{12\}\) .*/\1/p')
is "$(blamed "$id")" 'delete the label: reference-undefined 10' 'so does the id'
is "$(blamed "${id%????????}")" 'delete the label: reference-undefined 10' 'or its first digits'
run git scrutiny blame 0000000
is "$status" 128 'an id that no finding has is an error'
like "$err" "no finding has an id that begins with '0000000'" 'which says so'

# Presence that alternates: the last time counts.
git checkout -q -b alternating
sed 's/ref{sec:far}/ref{sec:claim}/' theory/main.tex >new && mv new theory/main.tex
commit 'mend it'
is "$(blamed)" '' 'what is mended is not listed'
sed 's/See \\ref{sec:claim}/See \\ref{sec:far}/' theory/main.tex >new && mv new theory/main.tex
commit 'break it again'
is "$(blamed)" 'break it again: reference-undefined 10' 'what comes back is blamed on who brought it back'
echo '% the end' >>theory/main.tex
is "$(blamed)" 'break it again: reference-undefined 10' 'a change of the work tree does not hide it'
sed 's/^Short/\\ref{sec:new}Short/' theory/main.tex >new && mv new theory/main.tex
is "$(blamed --rule=reference-undefined | sort)" 'break it again: reference-undefined 10
not committed: reference-undefined 7' 'what is not committed is told'
like "$(git scrutiny blame)" '^not committed yet  .*theory/main.tex:7 ' 'in words'
is "$(blamed --at HEAD)" 'break it again: reference-undefined 10' '--at leaves the work tree aside'
git checkout -q -f main

# Moves.
mkdir papers
git mv theory papers/theory
is "$(blamed)" 'delete the label: reference-undefined 10' 'a folder is followed that is about to be renamed'
commit 'move the folder'
is "$(blamed)" 'delete the label: reference-undefined 10' 'a renamed folder is followed'
like "$(git scrutiny blame --porcelain)" '^paper-then theory$' 'and its name of then is told'
sed -n '/^Every\|^See/p' papers/theory/main.tex >papers/theory/claim.tex
sed '/^See/s/.*/\\input{claim}/' papers/theory/main.tex >new && mv new papers/theory/main.tex
commit 'move the claim to a file of its own'
is "$(blamed)" 'delete the label: reference-undefined 1' 'a finding that moved to another file is the same'
like "$(git scrutiny blame)" 'papers/theory/claim.tex:1 ' 'and told where it is now'

# The same finding where it was not before.
sed '/^.begin{abstract}/i See \\ref{sec:far}, too.' papers/theory/main.tex >new && mv new papers/theory/main.tex
commit 'refer to it once more'
is "$(blamed)" 'delete the label: reference-undefined 6' 'it is as old as it was, wherever it is told now'

# Merges.
git checkout -q -b side HEAD~1
sed 's/On short/On very short/; s/^Short/\\ref{sec:side} Short/' papers/theory/main.tex >new && mv new papers/theory/main.tex
commit 'on the side'
git checkout -q main
git merge -q -m 'a merge' side
is "$(blamed | sort)" 'delete the label: reference-undefined 6
on the side: reference-undefined 8' 'behind a merge the commit of the branch is to blame'
is "$(blamed --first-parent | sed -n '/8$/p')" 'a merge: reference-undefined 8' 'with --first-parent the merge'

# Files outside of the folder.
mkdir outside shared
cat >outside/main.tex <<'END'
\documentclass{article}
\input{../shared/labels}
\begin{document}
As \ref{sec:shared} says.
\end{document}
END
echo '\newcommand{\sharedlabel}{\label{sec:shared}}' >shared/labels.tex
echo '\sharedlabel' >>shared/labels.tex
commit 'a paper with a shared file'
echo '% nothing' >shared/labels.tex
commit 'empty the shared file'
is "$(blamed outside)" 'empty the shared file: reference-undefined 4' 'a file outside of the folder is to blame, too'

# Reports of ours change nothing.
git scrutiny run -q --commit outside >/dev/null 2>&1
is "$(blamed outside)" 'empty the shared file: reference-undefined 4' 'a committed report changes nothing'
is "$(git scrutiny blame --porcelain outside | sed -n 's/^[0-9a-f]* \([0-9a-f]\{12\}\) .*/\1/p')" \
	"$(sed -n 's/.*"id": "\([0-9a-f]*\)".*/\1/p' outside/scrutiny.json | head -n 1)" 'ids are those of the report'

run git scrutiny blame --format=json outside
is "$status" 0 'JSON can be had'
like "$out" '"subject": "empty the shared file"' 'with the commit'
if command -v python3 >/dev/null 2>&1 && python3 -c 'import jsonschema' 2>/dev/null; then
	printf '%s\n' "$out" >"$world/blame.json"
	python3 "$source_tree/tests/tools/validate-json.py" "$source_tree/docs/formats/blame.schema.json" "$world/blame.json"
	ok $? 'as its schema says'
else
	skip 1 'python3-jsonschema is not there'
fi

# Elsewhere.
top=$PWD
cd .. && git clone -q --depth 3 "file://$top" shallow && cd shallow || exit 1
run git scrutiny blame papers/theory/main.tex:6
like "$out" '^\^' 'a shallow clone marks where its history ends'
like "$err" 'fetch --unshallow' 'and says what to do'
cd .. && git clone -q --bare "$top" bare.git && cd bare.git || exit 1
is "$(blamed papers/theory/main.tex:6)" 'delete the label: reference-undefined 6' 'a bare repository will do'
cd "$top" && git worktree add -q ../linked && cd ../linked || exit 1
is "$(blamed papers/theory/main.tex:6)" 'delete the label: reference-undefined 6' 'so will a linked work tree'
cd "$top/papers/theory" || exit 1
is "$(blamed main.tex:6)" 'delete the label: reference-undefined 6' 'paths are relative to where we stand'
cd "$top/.." && git -C "$top" config uploadpack.allowFilter true
git clone -q --no-checkout --filter=blob:none "file://$top" partial && cd partial || exit 1
git checkout -q && git config remote.origin.url /nonexistent
run git scrutiny blame papers/theory/main.tex:6
is "$status" 0 'a partial clone fetches nothing'
like "$out" '^\^' 'and marks where its files end'
cd .. && git clone -q --filter=tree:0 "file://$top" treeless && cd treeless || exit 1
git config remote.origin.url /nonexistent
run git scrutiny blame papers/theory/main.tex:6
is "$status" 128 'without the folders of earlier commits there is no history to look at'
like "$err" 'hint: .*--no-filter' 'and it is said how to get it'

cd .. && repo sha256 other
broken_paper one
commit 'a broken paper'
is "$(blamed)" 'a broken paper: reference-undefined 10' 'ids of 64 digits will do'
