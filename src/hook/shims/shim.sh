#!/bin/sh
# git-scrutiny shim @VERSION@ @HOOK@
# Written by `git scrutiny hooks install@GLOBAL@`; `git scrutiny hooks remove@GLOBAL@` takes it out again.
hook=@HOOK@
program=@PROGRAM@
case $0 in
*/*) here=${0%/*} ;;
*) here=. ;;
esac
name=${0##*/}
@EARLIER@
# Below another shim of ours, which will run the program itself, there is only the earlier hook to run. A hook
# that calls itself by way of us ends here.
case ${SCRUTINY_SHIM-} in
"1 $hook $PWD") [ "$name" = "$hook" ] || exit 0; level=2 ;;
"2 $hook $PWD") exit 0 ;;
*) level=1 ;;
esac

run () {
	if [ -n "${input+set}" ]; then
		printf %s "$input" 2>/dev/null | "$@"
	else
		"$@"
	fi
}

if [ -n "$earlier" ] && [ -x "$earlier" ] && [ ! -d "$earlier" ]; then
	case $level-@OURS@-$hook in
	1-1-pre-push | 1-1-post-rewrite)
		# Both are to read all of it.
		input=$(cat; echo .)
		input=${input%.}
		;;
	esac
	SCRUTINY_SHIM="$level $hook $PWD"
	export SCRUTINY_SHIM
	run "$earlier" "$@" || exit
	unset SCRUTINY_SHIM
fi
[ "$level-@OURS@" = 1-1 ] || exit 0

[ -x "$program" ] || program=$(command -v git-scrutiny-hook)
if [ -n "$program" ]; then
	[ -n "${input+set}" ] || exec "$program" "$hook" "$@"
	run "$program" "$hook" "$@"
	exit
fi
# A program that is gone is no reason to keep anybody from working. It is said once.
if [ "${SCRUTINY-}" != 0 ] && [ ! -e "$here/scrutiny-is-missing" ]; then
	{ echo "$hook" >"$here/scrutiny-is-missing"; } 2>/dev/null
	echo "warning: git-scrutiny is not installed any more: papers are not checked (this is said once)" >&2
fi
exit 0
