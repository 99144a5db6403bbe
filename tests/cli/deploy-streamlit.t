#!/bin/sh
# containers/app-example, with streamlit from PyPI, answers over HTTP from its image. Takes about a minute.

. "${0%/*}/servers.sh"
need_server registry-start
. "${0%/*}/lib.sh"

[ "$(id -u)" = 0 ] || skip_all 'only root can run the container'
for program in buildah umoci runc nsenter curl python3; do
	command -v "$program" >/dev/null || skip_all "there is no $program"
done
unshare --mount true 2>/dev/null || skip_all 'a builder cannot work here'
curl -sfo /dev/null -m 20 https://pypi.org/simple/streamlit/ || skip_all 'PyPI cannot be reached'

start_server registry-start --open
host=${address#http://}
platform=$(python3 "$source_tree/tests/servers/python_base.py" "$address" python:3 2>"$world/base.err") ||
	skip_all "$(tail -n 1 "$world/base.err")"
cat >"$world/storage.conf" <<END
[storage]
driver = "overlay"
graphroot = "$world/storage"
runroot = "$world/storage-run"
END
export CONTAINERS_STORAGE_CONF="$world/storage.conf" BUILDAH_ISOLATION=chroot

plan 8
cp -R "$source_tree/containers/app-example" app && cd app && git init -q || exit 1
sed -i -e "s|^  base: .*|  base: $host/python:3\n  platform: $platform|" \
	-e "s|^# registry: .*|registry: $host/web-demo|" .deploy.yml
commit 'the example'

run git deploy build --builder buildah --output "$world/layout"
is "$status" 0 'the example is built'
like "$out" '^deps .* made by buildah in ' 'with what it depends on'
ok "$(python3 -c 'import glob, json, sys
names = {p["name"] for p in json.load(open(glob.glob(".git/scrutiny/layers/deps-*/packages.json")[0]))}
sys.exit(not names >= {"streamlit", "pandas"})'; echo $?)" 'which is known by name'
sed -i 's/How does it fall to 1?/Changed/' app.py
commit 'a change of the app'
run git deploy build --builder none-is-asked
like "$out" '^deps .* as before' 'a change of the app needs no builder'
like "$out" '^files +1 layer, [0-9]+ bytes, 1 new' 'but one small layer'

image=$world/layout:$(git rev-parse HEAD~1)
bundle=$world/bundle
umoci unpack --image "$image" "$bundle" >/dev/null 2>&1
ok "$([ -f "$bundle/rootfs/app/app.py" ] && [ ! -e "$bundle/rootfs/app/README.md" ]; echo $?)" 'the app is in the image'
python3 - "$bundle/config.json" <<'END'
import json, sys
with open(sys.argv[1]) as file:
    config = json.load(file)
config["process"]["terminal"] = False
with open(sys.argv[1], "w") as file:
    json.dump(config, file)
END
id=demo-$$
# It would outlive a test that is ended.
trap 'runc --root "$world/runc" delete -f "$id" 2>/dev/null; kill "$server"; wait; rm -rf "$world"' EXIT
runc --root "$world/runc" run --bundle "$bundle" "$id" >"$world/app.log" 2>&1 </dev/null &
# ask PATH: as the container's own neighbour, who needs no port of this machine.
ask () {
	pid=$(runc --root "$world/runc" state "$id" 2>/dev/null | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
	[ -n "$pid" ] && nsenter --net="/proc/$pid/ns/net" curl -s -m 5 "http://127.0.0.1:8501$1"
}
answer=
for _ in $(seq 300); do
	answer=$(ask /_stcore/health) && [ -n "$answer" ] && break
	sleep 0.2
done
is "$answer" ok 'it is healthy'
like "$(ask /)" '<title>Streamlit</title>' 'and answers with its page'
