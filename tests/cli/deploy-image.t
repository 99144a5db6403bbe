#!/bin/sh
# The images of `git deploy build`, held against other programs: git archive, tar, skopeo, umoci, oci-image-tool; and
# `git deploy verify` against images that somebody else built, or changed.

. "${0%/*}/servers.sh"
need_server registry-start
. "${0%/*}/lib.sh"
for program in skopeo umoci buildah; do
	command -v $program >/dev/null || skip_all "there is no $program"
done

start_server registry-start --open
host=${address#http://}
python3 "$source_tree/tests/servers/base_image.py" "$address" base:1 >/dev/null || {
	echo 'Bail out! the base image could not be made'
	exit 1
}
plan 28

digest () {
	printf '%s\n' "$out" | sed -n 's/^image  *\(sha256:[0-9a-f]*\)$/\1/p'
}

# -- a tree with all that trees can have ---------------------------------------------------------

repo
cat >.deploy.yml <<END
app: demo
registry: $host/demo
port: 8080
image:
  base: $host/base:1
  command: [/bin/true]
END
long=$(printf 'a-folder-with-a-name-of-its-own/%.0s' 1 2 3 4 5 6 7 8)
last=file-whose-path-does-not-fit-into-the-header-of-an-archive-at-all.txt
mkdir -p "$long" pages many 'with space' docs
echo deep >"$long$last"
echo umlaut >'pages/ä ö 日本.txt'
echo space >'with space/#a "b"'
: >empty
printf 'x\0y' >binary
head -c 3000000 /dev/zero | tr '\0' 'z' >large
echo '#!/bin/sh' >run
chmod +x run
ln -s ../run pages/link
ln -s "$long$last" link-to-a-long-path
for i in $(seq 300); do echo "$i" >"many/$i"; done
echo page >docs/page.md
printf 'docs export-ignore\n' >.gitattributes
commit one
run git deploy build --output "$world/layout"
is "$status" 0 'it is built'
first=$(digest)
name=$(git rev-parse HEAD)

umoci unpack --rootless --image "$world/layout:$name" "$world/bundle" >"$world/umoci" 2>&1
ok $? 'umoci unpacks it'
mkdir "$world/archive"
git archive HEAD | tar -x -C "$world/archive"
is "$(diff -r --no-dereference "$world/archive" "$world/bundle/rootfs/app" 2>&1)" '' 'and finds what git archive has'
is "$(cd "$world/bundle/rootfs/app" && find . -type l -o -perm -100 -type f | sort | tr '\n' ' ')" \
	'./link-to-a-long-path ./pages/link ./run ' 'links are links, and programs can be run'

mkdir "$world/tar"
for layer in $(skopeo inspect "oci:$world/layout:$name" | python3 -c '
import json, sys
print(*[layer.split(":")[1] for layer in json.load(sys.stdin)["Layers"]])'); do
	tar -xzf "$world/layout/blobs/sha256/$layer" -C "$world/tar" || echo "$layer"
	tar --numeric-owner -tvzf "$world/layout/blobs/sha256/$layer"
done >"$world/listed" 2>&1
is "$(diff -r --no-dereference "$world/archive" "$world/tar/app" 2>&1)" '' 'GNU tar finds the same'
is "$(grep ' app/' "$world/listed" | awk '{ print $2, $4 }' | sort -u)" '0/0 1980-01-01' 'all is of root, and of one time'
run skopeo copy -q "oci:$world/layout:$name" "docker-archive:$world/docker.tar:demo:1"
is "$status" 0 "skopeo makes docker's archive of it"
if command -v oci-image-tool >/dev/null; then
	run oci-image-tool validate --type image --ref "name=$name" "$world/layout"
	is "$status" 0 'oci-image-tool finds it valid'
else
	skip 1 'there is no oci-image-tool'
fi

# -- the same image everywhere -------------------------------------------------------------------

git config uploadpack.allowFilter true
git config uploadpack.allowAnySHA1InWant true
origin=file://$PWD
git clone -q "$origin" ../clone
git -C ../clone repack -adfq --depth=50
git clone -q --bare --filter=blob:none "$origin" ../blobless
for clone in clone blobless; do
	(cd "../$clone" && git deploy build) >"$world/$clone.out" 2>"$world/err"
	out=$(cat "$world/$clone.out")
	err=$(cat "$world/err")
	like "$(digest)" '^sha256:' "a $clone builds it"
	digest >"$world/$clone"
done
is "$(cat "$world/clone")" "$(cat "$world/blobless")" 'and it is the same image'
git remote add origin "$origin"
run git deploy build
is "$(digest)" "$(cat "$world/clone")" 'as where they came from'
like "$first" '^sha256:' 'which was another only while its label had no origin to name'

# -- proof ---------------------------------------------------------------------------------------

run git deploy push
is "$status" 0 'it is pushed'
run git deploy verify "$host/demo:$name"
is "$status" 0 'and is the commit'
rm -rf .git/scrutiny
run git deploy verify --quick "$host/demo:$name"
is "$status" 0 'which its manifest alone shows too'
is "$(find .git/scrutiny -name '*.tar.gz' 2>/dev/null | wc -l)" 0 'without making a layer'

# The same layers, and a configuration that runs something else.
umoci config --image "$world/layout:$name" --tag commanded --config.env LD_PRELOAD=/tmp/evil.so >"$world/umoci" 2>&1 &&
	skopeo copy -q --dest-tls-verify=false "oci:$world/layout:commanded" "docker://$host/changed:2"
for how in --quick --json; do
	run git deploy verify $how "$host/changed:2"
	is "$status,$(printf '%s' "$out" | grep -c 'Env LD_PRELOAD')" 1,1 "a variable that was added is found ($how)"
done

# The same files, put together by another builder, and one layer more, that changes a file.
cat >"$world/storage.conf" <<END
[storage]
driver = "vfs"
graphroot = "$world/storage"
runroot = "$world/storage-run"
END
export CONTAINERS_STORAGE_CONF="$world/storage.conf" BUILDAH_ISOLATION=chroot
# build_on FROM TARGET [<configuration>...]: what stands in $world/context is added at /app.
build_on () {
	from=$1 to=$2
	shift 2
	container=$(buildah from -q --tls-verify=false "$from") &&
		buildah copy -q "$container" "$world/context" /app >/dev/null &&
		buildah config --author somebody "$@" "$container" &&
		buildah commit -q --format oci "$container" "$to" >/dev/null &&
		buildah push -q --tls-verify=false "$to" "docker://$host/$to"
}
echo evil >"$world/evil"
git deploy build --output "$world/layout" >/dev/null 2>&1
umoci insert --rootless --image "$world/layout:$name" --tag changed "$world/evil" /app/run >"$world/umoci" 2>&1 &&
	skopeo copy -q --dest-tls-verify=false "oci:$world/layout:changed" "docker://$host/changed:1"
ok $? 'a layer is added that changes a file' || diagnose "$(cat "$world/umoci")"
run git deploy verify "$host/changed:1"
is "$status" 1 'that is found'
like "$out" 'app/run ' 'and the file is named'
cp -a "$world/archive" "$world/context"
find "$world/context" -type d -exec chmod 755 {} +
find "$world/context" -type f -perm -100 -exec chmod 755 {} +
find "$world/context" -type f ! -perm -100 -exec chmod 644 {} +
build_on "$host/base:1" foreign:1 >"$world/buildah" 2>&1
ok $? 'another builder makes an image of the same files' || diagnose "$(cat "$world/buildah")"
run git deploy verify "$host/foreign:1" HEAD
is "$status" 1 'which would run in another folder'
like "$out" '^  WorkingDir  is another in the configuration$' 'that is told'
build_on "$host/base:1" foreign:2 --workingdir /app >"$world/buildah" 2>&1
run git deploy verify "$host/foreign:2" HEAD
is "$status" 0 'with the same configuration it is the commit, whoever built it'
like "$out" '311 files' 'all of them'
like "$out" '^building it again gives another image: ' 'and that it is not the same image is said'
