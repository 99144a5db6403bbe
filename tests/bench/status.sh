#!/bin/sh
# How long `git scrutiny status` takes against `git status`, in a repository of many papers, all of
# them recorded, one changed. The two take turns, so that what else the machine does hits both.
#
#   tests/bench/status.sh [<runs>]
#
# PAPERS (100000) papers are made in folders of 100. BENCH_DIR keeps the repository for the next
# time. SCRUTINY_BUILD is where the programs are (build).
set -eu

runs=${1:-15}
papers=${PAPERS:-100000}
build=$(cd "${SCRUTINY_BUILD:-build}" && pwd)
directory=${BENCH_DIR:-$(mktemp -d)}
repo=$directory/papers-$papers

HOME=$directory GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 LC_ALL=C TZ=UTC
GIT_AUTHOR_NAME=Bench GIT_AUTHOR_EMAIL=bench@example.org
GIT_COMMITTER_NAME=Bench GIT_COMMITTER_EMAIL=bench@example.org
PATH=$build:$PATH
export HOME GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM LC_ALL TZ PATH
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

paper_stream() {
	awk -v papers="$papers" '
	function file(path, text) {
		printf "M 100644 inline %s\ndata %d\n%s\n", path, length(text), text
	}
	BEGIN {
		print "commit refs/heads/main\ncommitter B <b@example.org> now\ndata 4\nmake"
		for (i = 0; i < papers; i++) {
			folder = sprintf("group-%04d/paper-%02d", i / 100, i % 100)
			file(folder "/main.tex", "\\documentclass{article}\n\\title{Paper " i "}\n" \
				"\\begin{document}\n\\maketitle\nText, see \\cite{key" i "}.\n" \
				"\\bibliography{refs}\n\\end{document}\n")
			file(folder "/refs.bib", "@book{key" i ", title = {Book " i "}, year = 1999}\n")
			file(folder "/meta.yaml", "title: Paper " i "\nauthors:\n  - A. Author\n")
		}
		print "done"
	}'
}

make_repository() {
	git init -q -b main "$repo.new"
	paper_stream | git -C "$repo.new" fast-import --quiet --done --date-format=now
	git -C "$repo.new" reset -q --hard
	"$build/bench/discover" --records "$repo.new" |
		git -C "$repo.new" fast-import --quiet --date-format=now
	printf '%% changed\n' >>"$repo.new/group-0000/paper-07/main.tex"
	mv "$repo.new" "$repo"
}

# Milliseconds that "$@" takes.
duration() {
	start=$(date +%s%N)
	"$@" >/dev/null 2>&1
	end=$(date +%s%N)
	echo $(((end - start) / 10000)) | sed 's/\(..\)$/.\1/'
}

median() {
	sort -n | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }'
}

[ -d "$repo" ] || make_repository
cd "$repo"
git status >/dev/null
git scrutiny status --checks-only | tail -n 3
: >"$directory/git" && : >"$directory/scrutiny"
i=0
while [ $i -lt "$runs" ]; do
	duration git status >>"$directory/git"
	duration git scrutiny status --checks-only >>"$directory/scrutiny"
	i=$((i + 1))
done
a=$(median <"$directory/git") b=$(median <"$directory/scrutiny")
echo "git status           $a ms"
echo "git scrutiny status  $b ms"
echo "ratio                $(echo "$a $b" | awk '{ printf "%.2f", $2 / $1 }')"
"$build/bench/discover" "$repo"
[ -n "${BENCH_DIR:-}" ] || rm -rf "$directory"
