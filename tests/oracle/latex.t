#!/bin/bash
# What LaTeX and BibTeX themselves warn about, paper by paper, against what the built-in reviewer
# says: undefined references and citations, labels defined twice, bibliography keys used twice,
# pictures shown twice. The sets of keys must be the same.
#
#   TEST_CORPUS=<folder> make check-oracle
#
# Every .tex with \documentclass below the folder is run in a copy. Classes and styles that are not
# installed are replaced by stubs; so are missing inputs (LaTeX would stop there). Where the reviewer
# says that it cannot tell, that is shown ("?"), and it must have accused nothing. Citations of papers
# that use biblatex are left out: biber is not run.
set -u
export LC_ALL=C max_print_line=10000 openin_any=a
tool=${SCRUTINY_BUILD:?}/tests/tools/check-file
corpus=${TEST_CORPUS:-}

skip() { echo "1..0 # SKIP $1"; exit 0; }
[ -n "$corpus" ] || skip "TEST_CORPUS names no folder of papers"
command -v pdflatex >/dev/null && command -v bibtex >/dev/null || skip "no pdflatex and bibtex"
corpus=$(cd "$corpus" && pwd) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# Names of journals that bibliographies use; LaTeX gives up at a hundred unknown commands.
journals=aj,apj,apjl,apjs,aap,aapr,aaps,mnras,pasp,pasj,araa,nat,prd,prl,ssr,icarus,jcap,solphys,memras
journals=$journals,physrep,jgr,grl,ao,procspie,baas,rmxaa,planss,qjras,actaa,aplett,apss,azh,na,nar

# stub <file>: what stands in for a file that LaTeX did not find
stub() {
	mkdir -p "$(dirname "$1")"
	case $1 in
	*.cls)
		echo '\LoadClass{article}\RequirePackage{natbib,graphicx,xcolor,amsmath}'
		echo "\\@for\\journal:=$journals\\do{\\expandafter\\def\\csname\\journal\\endcsname{}}"
		;;
	*.sty) echo '\RequirePackage{natbib,xcolor,fancyhdr}' ;;
	esac >"$1"
}

# Without microtype, which stops at fonts that cannot be scaled.
run_latex() {
	timeout 120 pdflatex -draftmode -interaction=nonstopmode -jobname="$1" \
		"\\PassOptionsToPackage{activate=false}{microtype}\\input{$1}" >/dev/null 2>&1 </dev/null
}

# build <main file>: all runs that warnings need to settle, in the current folder
build() {
	local base=${1%.tex} name style
	for _ in 1 2 3 4 5 6 7 8; do
		run_latex "$base"
		name=$(sed -n "s/^! LaTeX Error: File \`\([^']*\)' not found\./\1/p" "$base.log" |
			grep -E '\.(cls|sty|tex)$' | head -n 1)
		[ -n "$name" ] || break
		stub "$name"
	done
	style=$(sed -n 's/^\\bibstyle{\(.*\)}/\1/p' "$base.aux" 2>/dev/null | head -n 1)
	if [ -n "$style" ] && ! kpsewhich "$style.bst" >/dev/null; then
		cp "$(kpsewhich plainnat.bst)" "$style.bst"
	fi
	bibtex "$base" >/dev/null 2>&1
	run_latex "$base"; run_latex "$base"; run_latex "$base"
}

# theirs <kind>: the keys that the logs of $base warn about
theirs() {
	case $1 in
	reference-undefined)
		sed -n "s/^.*Warning: \(Hyper reference\|Reference\) \`\(.*\)' on page.*/\2/p" "$base.log" ;;
	citation-undefined)
		sed -n "s/^.*Warning: Citation [\`']\(.*\)' on page.*/\1/p" "$base.log" ;;
	label-duplicate)
		sed -n "s/^LaTeX Warning: Label \`\(.*\)' multiply defined.*/\1/p" "$base.log" |
			grep -v '@cref$' ;;
	bibliography-key-duplicate)
		sed -n '/^Repeated entry/{n;s/^ : @[^{(]*[{(] *\([^, ]*\).*/\1/p;}' "$base.blg" ;;
	figure-used-twice)
		sed -n 's/^Package pdftex.def Info: \(.*[^ ]\) *used on input line.*/\1/p' "$base.log" |
			sed 's|.*/||' | sort | uniq -d ;;
	esac 2>/dev/null | sort -u
}

ours() {
	awk -F '\t' -v rule="$1" '$1 == rule && ($2 == "error" || rule == "figure-used-twice") &&
		$2 != "uncertain" { n = split($4, part, "/"); print rule ~ /^figure/ ? part[n] : $4 }' \
		"$work/found" | sort -u
}

count() { if [ -n "$1" ]; then printf '%s\n' "$1" | wc -l; else echo 0; fi; }

compare() {
	local kind=$1 them us doubt
	number=$((number + 1))
	case $kind:$(ls "$base.bcf" 2>/dev/null) in
	citation-*:?* | bibliography-*:?*)
		row="$row -"
		echo "ok $number - $paper: $kind # SKIP biblatex"
		return
		;;
	esac
	them=$(theirs "$kind") us=$(ours "$kind")
	row="$row $(count "$us")/$(count "$them")"
	doubt=$(awk -F '\t' -v rule="$kind" '$1 == rule && $2 == "uncertain"' "$work/found")
	if [ "$them" = "$us" ]; then
		echo "ok $number - $paper: $kind"
	elif [ -n "$doubt" ] && [ -z "$us" ]; then
		echo "ok $number - $paper: $kind, said that it cannot tell"
		row="$row?"
	else
		echo "not ok $number - $paper: $kind"
		diff <(printf '%s\n' "$them") <(printf '%s\n' "$us") |
			sed -n 's/^< \(.\)/#  LaTeX only: \1/p; s/^> \(.\)/#  reviewer only: \1/p'
	fi
}

kinds="reference-undefined citation-undefined label-duplicate bibliography-key-duplicate
	figure-used-twice"
number=0
rows=
while IFS= read -r main; do
	paper=${main#"$corpus"/}
	top=$corpus/${paper%%/*}
	rm -rf "$work/paper"
	cp -RL "$top" "$work/paper" && chmod -R u+w "$work/paper"
	(cd "$top" && "$tool" "${main#"$top"/}") >"$work/found" || exit 1
	cd "$work/paper/$(dirname "${main#"$top"/}")" || exit 1
	base=$(basename "$main" .tex)
	build "$base.tex"
	row=
	for kind in $kinds; do compare "$kind"; done
	rows="$rows$(printf '# %-36s' "${paper%/*}")$(printf ' %11s' $row)
"
done < <(grep -RlE --include='*.tex' '^[^%]*\\documentclass' "$corpus" | sort)
echo "1..$number"
echo "# reviewer/LaTeX"
printf '# %-36s %11s %11s %11s %11s %11s\n' paper references citations labels 'bib. keys' pictures
printf '%s' "$rows"
