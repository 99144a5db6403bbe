#!/bin/sh
# actions/setup: where git scrutiny comes from, and that nothing is installed whose checksum is not what it should be.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=jobs.sh
. "$source_tree/tests/cli/jobs.sh"
plan 37
event '{}'
setup=$source_tree/actions/setup

# Whether what was installed is found by the steps that follow.
added () {
	cat "$result"/file-PATH
}

# -- what is there -------------------------------------------------------------------------------------------

job "$setup" --
is "$(of conclusion)" success 'what is there, and of the right version, is taken'
own=$(git scrutiny version | sed 's/.* //')
is "$(output version)" "$own" 'the version is an output'
is "$(of uses)$(added)" '' 'nothing is cached or installed'
for wrong in 'RUNNER_OS=Windows' 'RUNNER_OS=macOS'; do
	job "$setup" "$wrong" --
	like "$(of conclusion; of annotations)" '^error.* on Linux' "refused: $wrong"
done

# -- a release -----------------------------------------------------------------------------------------------

mkdir -p releases/v9.9.9 "$world/cache"
# release ARCHITECTURE [FOLDER]: an archive whose program tells its version.
release () {
	rm -rf made
	mkdir -p "made/${2-}bin"
	printf '#!/bin/sh\necho git scrutiny version 9.9.9\n' >"made/${2-}bin/git-scrutiny"
	chmod +x "made/${2-}bin/git-scrutiny"
	tar -C made -czf "releases/v9.9.9/git-scrutiny-9.9.9-linux-$1.tar.gz" .
}
sums () {
	(cd releases/v9.9.9 && sha256sum ./*.tar.gz | sed 's, \./, ,' >SHA256SUMS)
	checksum=$(sha256sum releases/v9.9.9/SHA256SUMS | cut -c 1-64)
}
release x86_64 git-scrutiny-9.9.9/
release aarch64
sums
python3 -u -m http.server --bind 127.0.0.1 --directory releases 0 >served 2>requests &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$world"' EXIT
while [ ! -s served ]; do sleep 0.05; done
releases=http://127.0.0.1:$(sed 's/.* port \([0-9]*\) .*/\1/' served)
# install [NAME=VALUE...] [-- OPTION...]
install () {
	job "$setup" "$@" --input version=9.9.9 --input "checksum=$checksum" --input "releases=$releases" --cache "$world/cache"
}

install --
is "$(of conclusion)/$(output version)" success/9.9.9 'a release is installed'
is "$(added)" "$world/runner/git-scrutiny/git-scrutiny-9.9.9/bin" 'and on the PATH'
like "$(of uses)" '"key": "git-scrutiny-9.9.9-linux-x86_64-[0-9a-f]{16}"' 'it is cached by version, machine and checksum'
: >requests
install --
is "$(of conclusion)$(cat requests)" success 'the next job takes it from the cache'
install RUNNER_ARCH=ARM64 --
is "$(added)" "$world/runner/git-scrutiny/bin" 'another machine gets its own'
job "$setup" -- --input version=v9.9.9 --input "checksum=$checksum" --input "releases=$releases" --cache "$world/cache"
is "$(output version)" 9.9.9 'a version may be written as its tag'

kept=$(find "$world/cache" -name '*x86_64.tar.gz')
cp "$kept" good
printf x >>"$kept"
install --
is "$(of conclusion)$(added)" failure 'what was changed in the cache is not installed'
like "$(of annotations)" 'is damaged: its SHA-256 is not what SHA256SUMS says; nothing was installed$' 'which is said'
cp good "$kept"
sed -i 's/^./x/' "${kept%/*}/SHA256SUMS"
install --
is "$(of conclusion)$(added)" failure 'nor with checksums that were changed there'
rm -rf "$world/cache"

cp releases/v9.9.9/git-scrutiny-9.9.9-linux-x86_64.tar.gz good
printf x >>releases/v9.9.9/git-scrutiny-9.9.9-linux-x86_64.tar.gz
install --
is "$(of conclusion)$(added)" failure 'a corrupted archive is not installed'
like "$(of annotations)" 'git-scrutiny-9.9.9-linux-x86_64.tar.gz is damaged' 'which is said'
is "$(find "$world/runner" -name 'git-scrutiny' -type f)" '' 'nor unpacked'
sums_before=$checksum
sums
checksum=$sums_before
install --
is "$(of conclusion)$(added)" failure 'nor one that came with checksums of its own'
like "$(of annotations)" 'SHA256SUMS of the release is not what it should be' 'which is said'
mv good releases/v9.9.9/git-scrutiny-9.9.9-linux-x86_64.tar.gz
sums
sed -i /x86_64/d releases/v9.9.9/SHA256SUMS
checksum=$(sha256sum releases/v9.9.9/SHA256SUMS | cut -c 1-64)
install --
is "$(of conclusion)$(added)" failure 'an archive without a checksum is not installed'
like "$(of annotations)" 'does not name git-scrutiny-9.9.9-linux-x86_64.tar.gz' 'which is said'
rm releases/v9.9.9/SHA256SUMS
install --
is "$(of conclusion)$(added)" failure 'nor a release without checksums'
like "$(of annotations)" 'SHA256SUMS is not to be had' 'which is said'
job "$setup" -- --input version=9.9.9 --input "releases=$releases"
is "$(of conclusion)$(added)" failure 'nor one whose checksum nobody knows'
like "$(of annotations)" 'give the input "checksum"' 'and how to tell it is said'
release x86_64
sed -i s/9.9.9/9.9.8/ made/bin/git-scrutiny
tar -C made -czf releases/v9.9.9/git-scrutiny-9.9.9-linux-x86_64.tar.gz .
sums
install --
is "$(of conclusion)$(added)" failure 'nor one that says it is of another version'
# shellcheck disable=SC2016 # hostile on purpose
for hostile in 'http://example.org' 'file:///etc' 'https://x/$(touch pwned)' '--output=pwned' 'https://x/ y'; do
	job "$setup" -- --input version=9.9.9 --input "checksum=$checksum" --input "releases=$hostile"
	like "$(of conclusion; of annotations)" 'is no address that begins with https://' "refused: $hostile"
done
is "$(find . -name pwned)" '' 'and nothing of it was run'

# -- the sources ---------------------------------------------------------------------------------------------

# Sources that are built in no time.
mkdir -p sources/actions sources/tools sources/src sources/prompts
cp -R "$setup" sources/actions/
cat >sources/Makefile <<'END'
VERSION := 9.9.7
all:
	@mkdir -p $(BUILD) && echo built >>../built && printf '#!/bin/sh\necho git scrutiny version $(VERSION)\n' >$(BUILD)/p
install:
	@mkdir -p $(PREFIX)/bin && cp $(BUILD)/p $(PREFIX)/bin/git-scrutiny && chmod +x $(PREFIX)/bin/git-scrutiny
END
printf '#!/bin/sh\n' >sources/tools/deps
chmod +x sources/tools/deps
job sources/actions/setup -- --cache "$world/cache"
is "$(of conclusion)/$(output version)" success/9.9.7 'without a release that is known, the sources are built'
like "$(of uses)" '"key": "git-scrutiny-source-.*-[0-9a-f]{16}"' 'and what was built is cached'
is "$(find sources -newer sources/tools/deps -type f)" '' 'the sources of the action are left as they were'
job sources/actions/setup -- --cache "$world/cache"
is "$(of conclusion)$(find "$world/runner" -name built)" success 'the next job builds nothing'
echo 'int changed;' >sources/src/new.c
job sources/actions/setup -- --cache "$world/cache" --input version=source
is "$(wc -l <"$world/runner/git-scrutiny/built")" 1 'unless the sources changed'
