#!/bin/bash
# Shares with other runs what models answered. That it cannot be done costs money, not the job.
# shellcheck source=common.sh
. "${BASH_SOURCE[0]%/*}/common.sh"

name_author
case $1 in
fetch) refused='the records of earlier runs could not be fetched: what models said then is not known here' ;;
push) refused='the records could not be pushed: later runs will ask again (permissions: contents: write lets them be)' ;;
*) fail 'usage: records.sh fetch|push' ;;
esac
# A remote without records is no fault.
if [[ $1 == fetch ]]; then
	found=0
	authorised git ls-remote --exit-code origin refs/scrutiny/records >/dev/null 2>&1 || found=$?
	[[ $found != 2 ]] || exit 0
fi
guarded authorised git scrutiny records "$1" origin || tell notice "$refused"
