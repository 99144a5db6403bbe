aside=$here/../@ASIDE@
# Called under the name of another hook, by a link of theirs: their own file is meant.
case $name in
"$hook") ;;
*.*) ;;
*) [ ! -x "$aside/$name" ] || exec "$aside/$name" "$@" ;;
esac
earlier=$aside/$hook
