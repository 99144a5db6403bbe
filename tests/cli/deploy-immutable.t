#!/bin/sh
# Releases into a registry whose tags cannot be changed, but for `latest`: ECR's, by default.
. "${0%/*}/servers.sh"
need_server registry-start
. "${0%/*}/lib.sh"
plan 13
start_server registry-start --proxy "$world/requests"
registry=${address#http://}
python3 "$source_tree/tests/servers/base_image.py" "$address" base:1 AWS:test-token >/dev/null
mkdir "$HOME/.docker"
printf '{"auths":{"%s":{"auth":"%s"}}}' "$registry" "$(printf AWS:test-token | base64)" >"$HOME/.docker/config.json"

repo sha1
mkdir app
echo 1 >app/main.py
cat >.deploy.yml <<END
app: web
registry: $registry/ecr/web
port: 80
image: {base: '$registry/base:1', command: [app]}
environments: {prod: {}, test: {}}
END
commit 'First version'
run git deploy
is "$status" 0 'a first release sets its tags'
image=$(git deploy log --json | sed -n 's/^ *"digest": //p')
python3 - "$source_tree/tests/servers" "$address" <<'END'
import sys
sys.path.insert(0, sys.argv[1])
import base_image
base_image.put_base(base_image.Registry(sys.argv[2], "AWS:test-token"), "base", "1", b"ID=newer\n")
END
run git deploy --env test
is "$status" 0 'a newer base makes another image of the same commit, whose tag is taken'
like "$err" 'the registry had an image of this commit, which cannot be replaced: that one is released' 'and it says so'
is "$(git deploy log test --json | sed -n 's/^ *"digest": //p')" "$image" 'so both environments have the same image'

echo 2 >app/main.py
commit 'Second version'
run git deploy
is "$status" 128 'a tag that should move, and may not, is an error'
like "$err" '^fatal: #2 is in the ledger, but the registry does not serve it yet: .*:prod is another image already' \
	'with what is done and what is not'
like "$err" "^hint: the tag 'prod' has to move with every release" 'and what to do'
run git deploy status
like "$out" 'prod is #1, not #2' 'status tells the same'
run git deploy rollback 1
is "$status" 0 'a rollback to what the tags are on needs no tag to move'
run git deploy status
like "$out" '^registry  prod is #3, latest is #3$' 'and then all agree'

# -- a registry that does not let documents be attached ---------------------------------------------

sed "s|$registry/ecr/web|$registry/bare/web|" .deploy.yml >"$world/deploy.yml" && cp "$world/deploy.yml" .deploy.yml
commit 'Another registry'
run git deploy
is "$status" 2 'documents that cannot be attached stop no release'
like "$out" '^tagged .*; release #4 built' 'which is made'
like "$err" '^warning: what is in the image, and how it was made, is not attached to it: .*unknown member: subject' 'but it is not whole'
