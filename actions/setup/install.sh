#!/bin/bash
# Installs what choose.sh decided upon. Of a release the archive is kept in the cache, not what was in it: it is verified
# each time it is unpacked, wherever it came from.
set -euo pipefail
export LC_ALL=C

fail () {
	printf '::error title=git scrutiny::%s\n' "$1"
	exit 1
}
checksum_of () {
	sha256sum -- "$1" | cut -c 1-64
}
# download ADDRESS FILE
download () {
	local protocols='=https'
	[[ $1 != http://127.0.0.1:* ]] || protocols='=http'
	rm -f -- "$2.part"
	curl --proto "$protocols" --silent --show-error --fail --location --retry 3 --retry-connrefused --max-time 300 \
		--output "$2.part" -- "$1" || fail "the release cannot be downloaded: $3 is not to be had"
	mv -- "$2.part" "$2"
}

from_release () {
	local machine sums="$SETUP_PLACE/SHA256SUMS" archive expected from
	case ${RUNNER_ARCH-$(uname -m)} in
	X64 | x86_64) machine=x86_64 ;;
	*) machine=aarch64 ;;
	esac
	archive=git-scrutiny-$SETUP_VERSION-linux-$machine.tar.gz
	from=${SETUP_RELEASES:-https://github.com/${SETUP_REPOSITORY:-$GITHUB_REPOSITORY}/releases/download}/v$SETUP_VERSION
	[[ $from =~ ^(https://|http://127\.0\.0\.1:)[A-Za-z0-9._~/:%-]+$ ]] ||
		fail 'the input "releases" is no address that begins with https://'
	mkdir -p -- "$SETUP_PLACE"
	[[ -s $sums ]] || download "$from/SHA256SUMS" "$sums" SHA256SUMS
	[[ $(checksum_of "$sums") == "$SETUP_CHECKSUM" ]] || {
		rm -f -- "$sums"
		fail 'SHA256SUMS of the release is not what it should be: its SHA-256 is another one; nothing was installed'
	}
	expected=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1; exit }' "$sums")
	[[ $expected =~ ^[0-9a-f]{64}$ ]] || fail "SHA256SUMS of the release does not name $archive"
	[[ -s $SETUP_PLACE/$archive ]] || download "$from/$archive" "$SETUP_PLACE/$archive" "$archive"
	[[ $(checksum_of "$SETUP_PLACE/$archive") == "$expected" ]] || {
		rm -f -- "${SETUP_PLACE:?}/$archive"
		fail "$archive is damaged: its SHA-256 is not what SHA256SUMS says; nothing was installed"
	}
	rm -rf -- "$RUNNER_TEMP/git-scrutiny"
	mkdir -p -- "$RUNNER_TEMP/git-scrutiny"
	tar --extract --gzip --no-same-owner --no-same-permissions --directory "$RUNNER_TEMP/git-scrutiny" \
		--file "$SETUP_PLACE/$archive"
	# With or without a folder around it.
	for place in "$RUNNER_TEMP/git-scrutiny" "$RUNNER_TEMP/git-scrutiny"/*; do
		[[ ! -x $place/bin/git-scrutiny ]] || break
	done
}

from_source () {
	local source
	source=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
	place=$SETUP_PLACE/installed
	export DEBIAN_FRONTEND=noninteractive
	# The action's own folder is not ours to write to.
	rm -rf -- "$RUNNER_TEMP/git-scrutiny"
	mkdir -p -- "$RUNNER_TEMP/git-scrutiny" "$place"
	cp -R -- "$source/." "$RUNNER_TEMP/git-scrutiny/source"
	cd -- "$RUNNER_TEMP/git-scrutiny/source"
	# Also with a build from the cache: it needs the libraries.
	tools/deps build
	if [[ ! -x $place/bin/git-scrutiny ]]; then
		make --no-print-directory -j"$(nproc)" BUILD="$RUNNER_TEMP/git-scrutiny/build" all
		make --no-print-directory BUILD="$RUNNER_TEMP/git-scrutiny/build" PREFIX="$place" install >/dev/null
	fi
}

case $SETUP_HOW in
present) place= ;;
release) from_release ;;
source) from_source ;;
*) fail 'it is not known what to install' ;;
esac
if [[ -n $place ]]; then
	[[ $("$place/bin/git-scrutiny" version) == "git scrutiny version $SETUP_VERSION" ]] ||
		fail 'what was installed does not run here, or is of another version'
	printf '%s\n' "$place/bin" >>"$GITHUB_PATH"
fi
printf 'version=%s\n' "$SETUP_VERSION" >>"$GITHUB_OUTPUT"
printf 'git scrutiny %s (%s)\n' "$SETUP_VERSION" "$SETUP_HOW"
