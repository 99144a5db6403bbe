#!/bin/sh
# How long images take to be made of a tree of 26,900 files and 215 MB: all layers new, one file changed, and nothing
# changed in a clone without blobs; without what the registry takes (tests/bench/deploy.py has that).
#
#   tests/bench/image.sh [<runs>]
#
# BENCH_DIR keeps the repository for the next time. SCRUTINY_BUILD is where the programs are (build).
set -eu

runs=${1:-5}
here=$(cd "$(dirname "$0")" && pwd)
program=$(cd "${SCRUTINY_BUILD:-build}" && pwd)/bench/image
directory=${BENCH_DIR:-$(mktemp -d)}
[ -n "${BENCH_DIR-}" ] || trap 'rm -rf "$directory"' EXIT
tree=$directory/image-tree.git
layers=$directory/image-layers

GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 LC_ALL=C
export GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM LC_ALL
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

if [ ! -d "$tree" ]; then
	python3 "$here/image_tree.py" "$tree.new"
	git -C "$tree.new" repack -adq
	git -C "$tree.new" config uploadpack.allowFilter true
	mv "$tree.new" "$tree"
	rm -rf "$directory/blobless.git"
	git clone -q --bare --filter=blob:none "file://$tree" "$directory/blobless.git"
	git -C "$directory/blobless.git" config remote.origin.url /nonexistent
fi

# Each run begins without layers on this machine. The best is told: what else goes on only adds.
measure () { # WHAT [ARGUMENTS]...
	what=$1
	shift
	for _ in $(seq "$runs"); do
		rm -rf "$layers"
		"$program" "$@" "$layers"
	done | sort -n | sed -n "1s/^/$what: /p"
}
measure 'all layers new' -s "$directory/manifest" "$tree" main
measure 'one file changed' -e "$directory/manifest" "$tree" changed
measure 'nothing changed, no blobs here' -e "$directory/manifest" "$directory/blobless.git" main
