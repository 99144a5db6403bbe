#!/bin/sh
# make install and make uninstall.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
plan 18

# MAKEFLAGS, as set by `make check-cli`, makes this the same build.
run make -s -C "$source_tree" install DESTDIR="$PWD/root" PREFIX=/usr
is "$status" 0 'installing succeeds'

for program in git-scrutiny git-papermeta git-deploy; do
	[ -x "root/usr/bin/$program" ]
	ok $? "$program is there"
	[ -r "root/usr/share/man/man1/$program.1" ]
	ok $? 'so is its man page'
	[ -r "root/usr/share/bash-completion/completions/$program" ] &&
		[ -r "root/usr/share/zsh/site-functions/_$program" ] &&
		[ -r "root/usr/share/fish/vendor_completions.d/$program.fish" ]
	ok $? 'so are its completions'
done
[ -x root/usr/bin/git-scrutiny-hook ]
ok $? 'what hooks run is there'
[ -r root/usr/share/man/man1/git-scrutiny-status.1 ]
ok $? 'commands have man pages'

run env PATH="$PWD/root/usr/bin:$PATH" git scrutiny version
is "$status" 0 'git finds the installed program'
like "$out" '[0-9]+\.[0-9]+\.[0-9]+' 'that says its version'

touch root/usr/bin/of-somebody-else
run make -s -C "$source_tree" uninstall DESTDIR="$PWD/root" PREFIX=/usr
is "$status" 0 'uninstalling succeeds'
is "$(find root -type f)" root/usr/bin/of-somebody-else 'and leaves only what is not ours'

run make -s -C "$source_tree" install DESTDIR="$PWD/home" PREFIX=/opt/scrutiny mandir=/opt/man
is "$status" 0 'other places are possible'
[ -r home/opt/man/man1/git-scrutiny.1 ] && [ -x home/opt/scrutiny/bin/git-scrutiny ]
ok $? 'and are used'
