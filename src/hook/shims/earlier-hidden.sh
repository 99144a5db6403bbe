# This folder is core.hooksPath and hides the repository's own hooks: those are the earlier ones.
common=${GIT_DIR-}
if [ -z "$common" ] && [ -d .git ]; then
	common=.git
elif [ -z "$common" ]; then
	common=$(git rev-parse --git-common-dir) || exit 0
fi
if [ -f "$common/commondir" ] && read -r shared <"$common/commondir"; then
	case $shared in
	/*) common=$shared ;;
	*) common=$common/$shared ;;
	esac
fi
earlier=$common/hooks/$hook
