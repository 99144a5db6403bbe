#!/bin/bash
# The step fails as git scrutiny does.
# shellcheck source=common.sh
. "${BASH_SOURCE[0]%/*}/common.sh"

case ${SCRUTINY_STATUS-} in
0) echo 'nothing at or above the level of "fail-on"' ;;
1) fail 'there are findings at or above the level of "fail-on": see the annotations and the summary' ;;
2) fail 'a reviewer or a paper could not be completed: see the summary' ;;
3) fail 'the budget stopped the review: see the summary, and the input "max-cost"' ;;
*) fail 'git scrutiny could not run' ;;
esac
