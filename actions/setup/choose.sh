#!/bin/bash
# Decides where git scrutiny comes from: what is there, a release whose checksum is known, or the sources.
set -euo pipefail
export LC_ALL=C

fail () {
	printf '::error title=git scrutiny::%s\n' "$1"
	exit 1
}

wanted=${SETUP_VERSION-} checksum=${SETUP_CHECKSUM-}
[[ $wanted =~ ^(v?[0-9]{1,4}(\.[0-9]{1,6}){2}(-[a-z0-9.]{1,20})?|source)?$ ]] ||
	fail 'the input "version" is neither a version, such as 0.1.0, nor "source"'
[[ $checksum =~ ^([0-9a-f]{64})?$ ]] || fail 'the input "checksum" is no SHA-256: 64 digits of 0-9 and a-f'
[[ ${RUNNER_OS-Linux} == Linux ]] || fail 'git scrutiny runs on Linux here: use a runner such as ubuntu-24.04'

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
source=$(cd "$here/../.." && pwd)
own=$(sed -n 's/^VERSION := //p' "$source/Makefile")
version=${wanted#v}
[[ -n $version && $version != source ]] || version=$own
case ${RUNNER_ARCH-$(uname -m)} in
X64 | x86_64) machine=x86_64 ;;
ARM64 | aarch64) machine=aarch64 ;;
*) machine= ;;
esac

if [[ -z $checksum ]]; then
	checksum=$(awk -v version="$version" '$1 == version && $2 ~ /^[0-9a-f]+$/ && length($2) == 64 { print $2; exit }' \
		"$here/releases")
fi
key=
if [[ $wanted != source && $(git-scrutiny version 2>/dev/null || :) == "git scrutiny version $version" ]]; then
	how=present
elif [[ $wanted != source && -n $checksum && -n $machine ]]; then
	how=release
	key=git-scrutiny-$version-linux-$machine-${checksum:0:16}
elif [[ $version == "$own" ]]; then
	how=source
	checksum=
	# What is built depends on the sources and on the system's libraries.
	sources=$(cd "$source" && find Makefile src prompts tools -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
	system=$(. /etc/os-release 2>/dev/null && printf '%s-%s' "${ID-}" "${VERSION_ID-}" | tr -cd 'a-z0-9.-')
	key=git-scrutiny-source-${system:-linux}-$(uname -m)-${sources:0:16}
elif [[ -z $machine ]]; then
	fail 'there is no release for this machine, and this action holds the sources of another version'
else
	fail "the checksum of release $version is not known here: give the input \"checksum\", the SHA-256 of its SHA256SUMS"
fi
{
	printf 'how=%s\n' "$how"
	printf 'version=%s\n' "$version"
	printf 'checksum=%s\n' "$checksum"
	printf 'place=%s\n' "$RUNNER_TEMP/git-scrutiny-setup"
	printf 'key=%s\n' "$key"
} >>"$GITHUB_OUTPUT"
