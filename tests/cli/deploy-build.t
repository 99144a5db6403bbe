#!/bin/sh
# `git deploy build`: from a commit to an image, with dependencies made by a builder.

. "${0%/*}/servers.sh"
need_server registry-start
. "${0%/*}/lib.sh"

start_server registry-start --open
host=${address#http://}
base_image () {
	python3 "$source_tree/tests/servers/base_image.py" "$address" "$@" >/dev/null
}

# Builders keep what they pull; here, not in the user's storage.
cat >"$world/storage.conf" <<END
[storage]
driver = "vfs"
graphroot = "$world/storage"
runroot = "$world/storage-run"
END
# That a container cannot be started otherwise here costs time once for each build.
export CONTAINERS_STORAGE_CONF="$world/storage.conf" BUILDAH_ISOLATION=chroot
can_build=
if command -v buildah >/dev/null && unshare --mount true 2>/dev/null; then
	can_build=yes
fi

plan 78
base_image base:1 --with /bin/dash=/bin/sh --with /bin/cat --with /bin/mkdir || {
	echo 'Bail out! the base image could not be made'
	exit 1
}

# configure [KEY: VALUE]...: .deploy.yml with this in its `image`.
configure () {
	printf 'app: demo\nregistry: %s/demo\nport: 8080\nimage:\n' "$host" >.deploy.yml
	printf '  %s\n' "$@" >>.deploy.yml
}
digest () {
	printf '%s\n' "$out" | sed -n 's/^image  *\(sha256:[0-9a-f]*\)$/\1/p'
}
base="$host/base:1"

# -- files on a base ---------------------------------------------------------------------------

repo
git remote add origin https://example.org/demo.git
configure "base: $base" 'command: [/bin/cat, /app/hello]'
echo hello >hello
mkdir -p src/deep
echo a >src/a
echo '#!/bin/sh' >src/deep/run
chmod +x src/deep/run
echo secret >ignored
echo ignored >.dockerignore
commit one
run git deploy build
is "$status" 0 'a commit is built'
first=$(digest)
like "$first" '^sha256:[0-9a-f]{64}$' 'its digest is printed'
like "$out" "^base +$host/base:1 +1 layer, .* not downloaded$" 'the base is named, and stays where it is'
like "$out" '^files .* 0 as before$' 'all layers of files are new'
like "$out" "^to push +[0-9].* in [1-9][0-9]* layers?, and the base's mounted or copied +to $host/demo$" 'what would be sent is told'

run git deploy build
is "$(digest)" "$first" 'doing it again gives the same image'

rm -rf .git/scrutiny
git clone -q . ../clone
git -C ../clone remote set-url origin https://user:password@example.org/demo.git
(cd ../clone && git deploy build) >"$world/out" 2>&1
out=$(cat "$world/out")
is "$(digest)" "$first" 'another clone makes the same image'

echo changed >hello
run git deploy build
is "$(digest)" "$first" 'what is not committed has no part in it'
like "$err" '^warning: the work tree has changes that are not committed' 'and that is said'
git checkout -q hello

run git deploy build --json --output "$world/layout"
is "$(printf '%s\n' "$out" | python3 -c 'import json,sys; print(json.load(sys.stdin)["digest"])')" "$first" '--json has the digest'
name=$(git rev-parse HEAD)
if command -v skopeo >/dev/null && command -v umoci >/dev/null; then
	is "$(skopeo inspect --format '{{.Digest}}' "oci:$world/layout:$name")" "$first" 'skopeo reads the layout'
	like "$(umoci ls --layout "$world/layout")" "^$name$" 'so does umoci'
	umoci unpack --rootless --image "$world/layout:$name" "$world/bundle" >/dev/null 2>&1
	is "$(cat "$world/bundle/rootfs/app/hello")" hello 'the files are in it'
	is "$(cd "$world/bundle/rootfs/app" && find . -type f | sort | tr '\n' ' ')" \
		'./.deploy.yml ./.dockerignore ./hello ./src/a ./src/deep/run ' 'all but those that .dockerignore names'
	ok "$([ -x "$world/bundle/rootfs/app/src/deep/run" ]; echo $?)" 'programs can be run'
	like "$(skopeo inspect --config "oci:$world/layout:$name")" "\"org.opencontainers.image.revision\": \"$name\"" \
		'its label names the commit'
	skopeo copy -q --dest-tls-verify=false "oci:$world/layout:$name" "docker://$host/demo:latest"
	run git deploy build
	like "$out" '^files .* 0 new, [1-9][0-9]* as before$' 'what the registry has is used again'
	like "$out" '^to push +0 bytes in 0 layers' 'and need not be sent'
	run git deploy verify latest
	is "$status" 0 'the image in the registry is the commit'
	like "$out" "^$first is the commit .*: 5 files in [0-9]+ layers? compared$" 'file by file'
	like "$out" '^1 layer of the base and of dependencies is not of the commit$' 'less the base'
	like "$out" '^building it again gives the same image$' 'and it can be made again'
	git rm -q hello && commit 'no hello'
	run git deploy verify latest HEAD
	is "$status" 1 'it is no other commit'
	like "$out" "^  it says that it is of $name$" 'as it says itself'
	like "$out" '^  app/hello  ' 'what differs is named'
	run git deploy verify "$host/base:1"
	like "$err" '^fatal: the image does not say which commit it is of$' 'an image of nobody has to be told of a commit'
	run git deploy verify demo
	like "$err" '^hint: an image is named by a tag ' 'a name that is none is told how to be one'
	run git deploy build
	unlike "$out" "$first" 'another commit is another image'
	like "$out" '^to push +[0-9]+ bytes in 1 layer ' 'of which one layer is new'
else
	skip 19 'there is no skopeo, or no umoci'
fi

# -- mistakes ----------------------------------------------------------------------------------

configure "base: $host/base:2"
commit 'unknown base'
run git deploy build
is "$status" 128 'a base that is not there ends the build'
like "$err" "^fatal: there is no such base: cannot read the image $host/base:2: " 'which says so'
like "$err" '^hint: .*\.deploy\.yml' 'and where it is named'
run git deploy build --env nowhere
is "$status" 129 'an environment that is not there is a wrong command line'
configure "base: 127.0.0.1:9/base:1"
commit 'unreachable base'
run git deploy build
like "$err" '^fatal: the base: cannot read the image 127\.0\.0\.1:9/base:1: cannot connect to 127\.0\.0\.1:9$' 'an unreachable base'
like "$err" '^hint: is 127\.0\.0\.1:9 the right name, and is there a network\?$' 'and what to look at'
configure "base: $base" 'platform: linux/arm64'
commit 'another platform'
run git deploy build
like "$err" "^fatal: the base $base is there for linux/amd64, not for linux/arm64$" 'a base for another platform is refused'
run git deploy build --platform sparc
is "$status" 128 'a platform that is none is refused'
mkdir -p below
git mv .deploy.yml below
commit 'in a folder'
(cd below && git deploy build) >"$world/out" 2>"$world/err"
err=$(cat "$world/err")
like "$err" '^hint: it is read from the top of the repository, not from below/: move it' 'one in a folder is not read'
rm -r below
configure "base: $base"
sed -i 's,^registry: ,registry: https://,' .deploy.yml
commit 'an address'
run git deploy build
like "$err" '^fatal: \.deploy\.yml:2:11: .* it is written without http:// and https://$' 'a registry is no address'
configure "base: $base" 'files: [missing]'
commit 'missing file'
run git deploy build
like "$err" "^fatal: .*'missing'" 'a file that is not in the commit is named'
configure "base: $base" 'dependencies: requirements.txt'
commit 'missing dependencies'
run git deploy build
like "$err" "^fatal: \.deploy\.yml: 'requirements.txt' is not in the commit$" 'so is a missing list of dependencies'
configure 'dockerfile: Dockerfile'
commit 'missing Dockerfile'
run git deploy build
like "$err" "^fatal: \.deploy\.yml: 'Dockerfile' is not in the commit$" 'and a missing Dockerfile'
printf 'FROM %s\n\nFORM x\n' "$base" >Dockerfile
commit 'wrong Dockerfile'
run git deploy build
like "$err" "^fatal: Dockerfile:3: there is no instruction 'FORM'$" 'a mistake in a Dockerfile is named with its line'
printf 'FROM %s\nCOPY nothing /x/\n' "$base" >Dockerfile
commit 'missing source'
run git deploy build
like "$err" "^fatal: Dockerfile:2: 'nothing' is not in the commit$" 'so is a source that is not there'
run git deploy build nothing
is "$status" 128 'a revision that is none ends it'
run git deploy build HEAD HEAD
is "$status" 129 'one commit at a time'

# -- a Dockerfile without a builder ------------------------------------------------------------

cat >Dockerfile <<END
ARG TAG=1
FROM $host/base:\${TAG} AS base
ENV MODE=demo PATH=/app/bin:\$PATH
WORKDIR /app
COPY . .
EXPOSE 8080
HEALTHCHECK --interval=5s CMD cat /app/src/a
ENTRYPOINT ["/bin/cat"]
CMD ["src/a"]
END
commit 'a Dockerfile'
run git deploy build --output "$world/layout2" --builder no-builder-is-asked
is "$status" 0 'a Dockerfile that runs nothing needs no builder'
like "$out" '^files ' 'its files are layers'
unlike "$out" '^deps ' 'and it has no dependencies'
if command -v skopeo >/dev/null; then
	config=$(skopeo inspect --config "oci:$world/layout2")
	like "$config" '"PATH=/app/bin:/' 'variables build on those of the base'
	like "$config" '"/bin/cat"' 'the entry point is the one of the Dockerfile'
	like "$config" '"8080/tcp"' 'ports are exposed'
else
	skip 3 'there is no skopeo'
fi

# -- dependencies ------------------------------------------------------------------------------

[ -n "$can_build" ] || {
	skip 26 'buildah cannot work here'
	exit 0
}

cat >Dockerfile <<END
FROM $base
WORKDIR /app
COPY require*.txt ./
# what is installed
RUN cat requirements.txt >/installed && \\
    mkdir /packages
COPY . .
CMD ["/bin/cat", "/installed"]
END
echo streamlit >requirements.txt
commit 'dependencies'
run git deploy build --builder buildah
is "$status" 0 'dependencies are made by a builder'
like "$out" '^deps +1 layer, .* made by buildah in ' 'which is named'
with_dependencies=$(digest)
run git deploy build
like "$out" '^deps +1 layer, .* as before, kept here$' 'they are kept'
is "$(digest)" "$with_dependencies" 'and the image is the same'
layer=$(cd .git/scrutiny/layers/deps-* && python3 -c '
import json
blob = lambda descriptor: "blobs/sha256/" + descriptor["digest"].split(":")[1]
manifest = json.load(open(blob(json.load(open("index.json"))["manifests"][0])))
print(blob(manifest["layers"][-1]))')
layer=$(ls .git/scrutiny/layers/deps-*/"$layer")
chmod u+w "$layer"
printf 'damaged' | dd of="$layer" bs=1 conv=notrunc 2>/dev/null
run git deploy build --builder buildah
like "$out" '^deps +1 layer, .* made by buildah in ' 'unless they are damaged'
is "$(digest)" "$with_dependencies" 'the builder makes the same bytes again'
ok "$(ls -d .git/scrutiny/layers/deps-*.* >/dev/null 2>&1; [ $? -ne 0 ]; echo $?)" 'nothing is left of its work'
echo b >src/b
commit 'another file'
run git deploy build --builder no-builder-is-asked
is "$status" 0 'a change of the app needs no builder'
git commit -q --allow-empty -m empty
sed -i 's/# what is installed/# what was installed/' Dockerfile
commit 'a comment'
run git deploy build --builder no-builder-is-asked
is "$status" 0 'nor does a comment in the Dockerfile'
mkdir .git/scrutiny/layers/deps-left.1 .git/scrutiny/layers/deps-lately.1
touch -d '8 days ago' .git/scrutiny/layers/deps-left.1
echo flask >>requirements.txt
commit 'another dependency'
run git deploy build --builder buildah --output "$world/layout3"
like "$out" '^deps .* made by buildah in ' 'a change of the dependencies has them made again'
is "$(cd .git/scrutiny/layers && ls -d deps-l*)" deps-lately.1 'what nobody used for a week goes'
if command -v umoci >/dev/null; then
	umoci unpack --rootless --image "$world/layout3:$(git rev-parse HEAD)" "$world/bundle3" >/dev/null 2>&1
	is "$(tr '\n' ' ' <"$world/bundle3/rootfs/installed")" 'streamlit flask ' 'what it ran is in the image'
	is "$(cat "$world/bundle3/rootfs/app/src/b")" b 'below the files'
	ok "$([ -d "$world/bundle3/rootfs/packages" ]; echo $?)" 'all of it'
else
	skip 3 'there is no umoci'
fi
run git deploy push
is "$status" 0 'it is pushed'
run git deploy build --json
python3 - "$address" "$(printf '%s\n' "$out" | sed -n 's/.*"digest": "\(sha256:[0-9a-f]*\)".*/\1/p' | head -n 1)" <<END
import json, sys, urllib.request
registry, digest = sys.argv[1:]
def ask(method, path):
    return urllib.request.urlopen(urllib.request.Request(registry + "/v2/demo/" + path, method=method, headers={
        "Accept": "application/vnd.oci.image.manifest.v1+json"})).read()
for layer in json.loads(ask("GET", "manifests/" + digest))["layers"]:
    if layer.get("annotations"):
        ask("DELETE", "blobs/" + layer["digest"])
END
git commit -q --allow-empty -m 'a registry that loses layers'
run git deploy push --builder no-builder-is-asked
is "$status" 0 'layers that the registry has lost are sent again'
rm -rf .git/scrutiny
run git deploy build --builder no-builder-is-asked
like "$out" '^deps +1 layer, .* as before, in the registry$' 'dependencies are found again by any machine'
git rm -q --cached requirements.txt && mv requirements.txt requirements-1.txt
run git deploy build --builder no-such-builder
is "$status" 0 'the image of HEAD does not need the work tree'
commit 'no requirements.txt'
run git deploy build --builder buildah
is "$status" 128 'a builder that fails ends the build'
like "$err" '^fatal: buildah could not build it: cat: requirements.txt: No such file or directory$' 'with its last words'
like "$err" '^hint: .*RUN cat requirements.txt' 'and those around'

cat >Dockerfile <<END
FROM $base
COPY . /app/
RUN cat /app/src/b >/built
CMD ["/bin/cat", "/built"]
END
commit 'more than we can'
run git deploy build --builder buildah --output "$world/layout4"
is "$status" 0 'what is beyond us is left to the builder'
like "$out" '^all of it +[2-9] layers, .* made by buildah' 'whole'
like "$err" '^hint: Dockerfile:3: RUN after all files were copied at line 2' 'with the reason'
if command -v umoci >/dev/null; then
	umoci unpack --rootless --image "$world/layout4:$(git rev-parse HEAD)" "$world/bundle4" >/dev/null 2>&1
	is "$(cat "$world/bundle4/rootfs/built")" b 'the image is what the Dockerfile says'
else
	skip 1 'there is no umoci'
fi
run git deploy build --builder no-builder-is-asked
is "$status" 0 'and the same commit is not built twice'
