#!/bin/sh
# git deploy push, to a real registry and through a proxy that has the quirks and faults of others.
. "${0%/*}/servers.sh"
need_server registry-start
for program in skopeo umoci python3 curl; do
	command -v $program >/dev/null || {
		echo "1..0 # SKIP there is no $program"
		exit 0
	}
done
. "${0%/*}/lib.sh"
plan 71

requests=$world/requests
start_server registry-start --proxy "$requests"
registry=${address#http://}
start_server registry-start --open
other=${address#http://}

DOCKER_CONFIG=$world/docker
GIT_CONFIG_COUNT=0
export DOCKER_CONFIG GIT_CONFIG_COUNT
mkdir "$DOCKER_CONFIG"
log_in () {
	printf '{"auths": {"%s": {"auth": "%s"}}}\n' "$registry" "$(printf AWS:test-token | base64)" \
		>"$DOCKER_CONFIG/config.json"
}
log_in

# A base image of one layer.
(
	cd "$world" && umoci init --layout base && umoci new --image base:v1 &&
		umoci config --image base:v1 --os linux --architecture amd64 &&
		umoci unpack --rootless --image base:v1 bundle && mkdir -p bundle/rootfs/bin &&
		echo 'a tool' >bundle/rootfs/bin/tool && umoci repack --image base:v1 bundle &&
		skopeo copy -q --dest-tls-verify=false oci:base:v1 "docker://$other/base:v1" &&
		for name in plain ecr half storage loop; do
			skopeo copy -q --dest-tls-verify=false oci:base:v1 "docker://$registry/plain/$name:v1" || exit
		done
) >"$world/base.log" 2>&1 || {
	echo "Bail out! no base image: $(tail -n 1 "$world/base.log")"
	exit 1
}

# app BASE: what is deployed.
app () {
	cat >.deploy.yml <<END
app: web
image:
  base: $1
  command: [python3, src/app.py]
port: 8501
END
}
repo sha1
mkdir src data
echo 'print("hi")' >src/app.py
seq 200000 >data/numbers
app "$registry/plain/plain:v1"
commit 'An app'

# push_to REPOSITORY [OPTION...]
push_to () {
	to=$registry/$1
	shift
	: >"$requests"
	run git -c "deploy.registry=$to" deploy push "$@"
}
# asked REGEX: how many requests were so.
asked () {
	grep -cE "$1" "$requests"
}
head=$(git rev-parse HEAD)

# -- as to ECR ----------------------------------------------------------------------------------

push_to ecr/web --latest
is "$status" 0 'an image is pushed'
like "$out" "^$registry/ecr/web@sha256:[0-9a-f]{64}$" 'and its name printed, with the digest'
like "$err" '^4 layers: 1 copied, 3 sent; [0-9.]+ [kM]B in [0-9.]+ s \(built in [0-9.]+ s\)$' 'and how much was sent'
like "$err" "^tagged $head, latest$" 'and under which tags'
name=$out
is "$(asked '^PATCH')" 0 'no blob goes in pieces'
is "$(asked '^PUT /v2/ecr/web/blobs/uploads/.* 201 AWS')" \
	"$(asked '^POST /v2/ecr/web/blobs/uploads/ 202 AWS|^POST .*mount=.* 202')" 'each in an upload of its own'
is "$(grep -E '^PUT .*/manifests/' "$requests" | sed -n '1s/.*manifests.\(sha256:\).*/\1/p')" sha256: \
	'the manifest goes by its digest first'
is "$(asked '^GET /v2/ecr/web/blobs')" 0 'nothing is read back'
is "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$registry/ecr/web:latest")" \
	"${name#*@}" 'skopeo finds it under latest'
is "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$registry/ecr/web:$head")" \
	"${name#*@}" 'and under the commit'
skopeo copy -q --src-tls-verify=false "docker://$name" "oci:$world/copy:v1" 2>"$world/err"
is "$?" 0 'skopeo copies it'
umoci unpack --rootless --image "$world/copy:v1" "$world/unpacked" >/dev/null 2>"$world/err"
is "$(cat "$world/unpacked/rootfs/bin/tool" "$world/unpacked/rootfs/app/src/app.py")" 'a tool
print("hi")' 'umoci unpacks base and app'
cmp -s data/numbers "$world/unpacked/rootfs/app/data/numbers"
ok $? 'to the byte'

push_to ecr/web --latest
is "$out" "$name" 'the same commit is the same image'
like "$err" '^4 layers: 4 there; 0 bytes ' 'of which nothing is sent'
is "$(asked '^(POST|PUT)')" 0 'not even asked for'

echo 'print("hello")' >src/app.py
commit 'Another greeting'
push_to ecr/web --latest
like "$err" '^4 layers: 3 there, 1 sent; [0-9.]+ kB ' 'one file changed: one layer is sent'
unlike "$out" "$name" 'it is another image'
push_to ecr/web --tag "$head"
is "$status" 2 'a tag that cannot be changed is left alone'
like "$err" "^warning: $registry/ecr/web:$head is another image already \(${name#*@}\), and its tags cannot be changed" \
	'and named'
like "$err" '^hint: the image is in the registry all the same' 'with what is there'
push_to ecr/web --tag 'no tag'
is "$status" 129 'what is no tag is refused'
like "$err" "'no tag' is no tag of an image" 'before anything is built'
is "$(asked .)" 0 'or asked'

# -- other registries ---------------------------------------------------------------------------

push_to plain/web
like "$err" '^4 layers: 1 mounted, 3 sent; ' 'layers of another repository are mounted'
push_to plain/web --json
is "$(printf '%s' "$out" | python3 -c 'import json, sys; r = json.load(sys.stdin); print(r["layers"]["there"], r["bytes"], r["new"])')" \
	'4 0 False' 'JSON says the same'
attached=$(printf '%s' "$out" | sed -n 's/.*"digest": "sha256:\(.*\)".*/sha256-\1/p')
is "$(skopeo inspect --raw --tls-verify=false "docker://$registry/plain/web:$attached" | grep -o '"artifactType":"[^"]*"' | sort)" \
	'"artifactType":"application/spdx+json"
"artifactType":"application/vnd.in-toto+json"' 'its documents are found by the fall-back tag'

for fault in bearer busy slow ecr-lost bearer-lost; do
	push_to "$fault/web" --latest
	is "$status" 0 "it arrives, too: $fault"
	is "$(curl -sI -u AWS:test-token -H 'X-Faults: off' -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
		"http://$registry/v2/$fault/web/manifests/latest" |
		sed -n 's/\r$//; s/^Docker-Content-Digest: //p')" "${out#*@}" "and is tagged: $fault"
done
push_to bearer/other
like "$(sed -n '/token?/p' "$requests" | head -n 1)" 'scope=repository:bearer/other:pull' 'a token is asked for the repository'
like "$(cat "$requests")" ' 401 token$' 'one that has ended is renewed in the middle'
is "$status" 0 'and the push goes on'

app "$other/base:v1"
commit 'A base from elsewhere'
push_to plain/elsewhere
like "$err" '^4 layers: 1 copied, 3 sent; ' 'a base in another registry is copied'
for fault in half storage; do
	skopeo copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$registry/plain/$fault:v1" \
		"docker://$registry/$fault/base:v1" 2>/dev/null
	app "$registry/$fault/base:v1"
	commit "A base: $fault"
	push_to "ecr/$fault"
	is "$status" 0 "so is one that comes with trouble: $fault"
	like "$err" '^4 layers: 1 copied, 3 sent; ' "whole: $fault"
done
is "$(asked '^GET /v2/storage/base/blobs/sha256:[0-9a-f]* 307 AWS')" \
	"$(asked '^GET /v2/storage/base/blobs/sha256:[0-9a-f]* 200 -')" 'where it is stored nobody says who he is'

# -- what people get wrong ----------------------------------------------------------------------

app "$registry/plain/plain:v1"
commit 'The base of before'
push_to missing/web
is "$status" 128 'a repository that does not exist'
like "$err" "^fatal: cannot push to $registry/missing/web: the repository does not exist \(404 NAME_UNKNOWN\): The repository with" \
	'is said to be missing'
like "$err" '^hint: is the name right\?' 'with what to do'
push_to denied/web
like "$err" "^fatal: cannot push to $registry/denied/web: permission denied \(403 DENIED\): User: arn:aws:iam" \
	'no permission is told in the words of the registry'
push_to readonly/web
like "$err" "^fatal: cannot push to $registry/readonly/web: the registry is read-only \(405" 'a read-only registry is told'
push_to bare/web
is "$status" 2 'where nothing can be attached to an image, that is said'
like "$err" '^warning: what is in the image, and how it was made, is not attached to it: .*unknown member: subject' 'with the reason'
like "$out" "^$registry/bare/web@sha256:" 'and the image is there all the same'
push_to bare/web --no-documents
is "$status" 0 'those who know it leave them away'
push_to full/web
like "$err" "^fatal: cannot push the blob sha256:[0-9a-f]{12} to $registry/full/web: the registry is full \(500" \
	'a full one, too'
push_to expired/web
like "$err" "^fatal: .*$registry does not accept the login: it is wrong or has ended" 'so is a login that has ended'
like "$err" "^hint: log in again: docker login $registry" 'and how to log in'

rm "$DOCKER_CONFIG/config.json"
push_to plain/web
is "$status" 128 'without a login nothing is pushed'
like "$err" "^fatal: .*$registry wants a login, and there is none for it" 'and that is said'
like "$err" "^hint: log in: docker login $registry" 'with what to do'

printf '{"auths": {"%s": {"auth": "%s"}}}\n' "$registry" "$(printf AWS:wrong-password | base64)" >"$DOCKER_CONFIG/config.json"
push_to plain/web
like "$err" 'does not accept the login' 'a wrong password is told'
unlike "$err" 'wrong-password' 'but not repeated'

mkdir "$world/bin"
cat >"$world/bin/docker-credential-keyring" <<END
#!/bin/sh
read -r host
[ "\$1 \$host" = "get $registry" ] && echo '{"Username": "AWS", "Secret": "test-token"}'
END
chmod +x "$world/bin/docker-credential-keyring"
echo '{"credsStore": "keyring"}' >"$DOCKER_CONFIG/config.json"
PATH=$world/bin:$PATH
export GIT_TRACE_SCRUTINY="$world/trace"
push_to bearer/helped
is "$status" 0 'a credential helper is asked'
ok "$(grep -cE "test-token|$(printf AWS:test-token | base64)|token-[0-9]" "$world/trace")" 'no secret is traced'
unset GIT_TRACE_SCRUTINY
rm "$world/bin/docker-credential-keyring"
push_to plain/web
like "$err" 'docker-credential-keyring' 'one that is missing is named'
log_in

# Signals and repetitions: a push that was ended goes on where it was.
push_to lost/again -q
is "$err" '' '--quiet says nothing but the name'
git -c "deploy.registry=127.0.0.1:1/web" deploy push >/dev/null 2>"$world/err"
is "$?" 128 'nobody listens'
like "$(cat "$world/err")" 'cannot connect to 127.0.0.1:1' 'and that is said'
app 'python:3.12@sha256:0000'
commit 'A broken base'
push_to plain/web
is "$status" 128 'a base that is no name is refused'
like "$err" '^fatal: \.deploy\.yml:3:' 'where it stands'
