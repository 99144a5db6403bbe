#!/bin/bash
# Builds git deploy from the sources that this action is part of, unless it is there already.
set -euo pipefail

if command -v git-deploy >/dev/null; then
	git-deploy version
	exit 0
fi
source=$(cd "$GITHUB_ACTION_PATH/../.." && pwd)
place=$RUNNER_TEMP/git-deploy
export DEBIAN_FRONTEND=noninteractive
# The action's own folder is not ours to write to.
rm -rf "$place"
mkdir -p "$place"
cp -R "$source/." "$place/source"
cd "$place/source"
tools/deps build
make --no-print-directory -j"$(nproc)" BUILD="$place/build" all
make --no-print-directory BUILD="$place/build" PREFIX="$place" install >/dev/null
printf '%s\n' "$place/bin" >>"$GITHUB_PATH"
"$place/bin/git-deploy" version
