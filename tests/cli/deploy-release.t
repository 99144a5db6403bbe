#!/bin/sh
# git deploy, release, log, status, diff and rollback against a real registry and a bare remote.
. "${0%/*}/servers.sh"
need_server registry-start
. "${0%/*}/lib.sh"
plan 84
start_server registry-start --open
registry=${address#http://}
python3 "$source_tree/tests/servers/base_image.py" "$address" base:1 >/dev/null
export GIT_AUTHOR_DATE='1795348800 +0000' GIT_COMMITTER_DATE='1795348800 +0000'
day=$(date -u +%Y%m%d)

# tag NAME: the digest it has in the registry.
tag () {
	curl -sI -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$address/v2/${2:-web}/manifests/$1" |
		tr -d '\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p'
}

# member PATH: of the newest release, as Python has it.
member () {
	git show refs/deploy/prod:release.json | python3 -c "import json, sys; print(json.load(sys.stdin)['$1'])"
}

# change TEXT: a commit.
change () {
	mkdir -p app
	echo "$1" >app/main.py
	git add -A
	git commit -qm "$1"
}

git init -q --bare hub
repo sha1 anna
git remote add origin ../hub
cat >.deploy.yml <<END
app: web
registry: $registry/web
port: 80
image:
  base: $registry/base:1
  command: [python3, app/main.py]
END
change 'First version'
git push -q origin main

# -- the first release ------------------------------------------------------------------------------

run git deploy log
is "$status" 0 'log without a release succeeds'
like "$err" 'prod has no release yet' 'and says that there is none'
run git deploy status
like "$out" '^registry  no image yet$' 'and status that there is no image'
run git deploy --dry-run
is "$status" 0 'a dry run succeeds'
like "$out" "would tag deploy-prod-$day-1 at [0-9a-f]{7} First version" 'and says what it would tag'
like "$out" 'would build 2 of 3 layers, push to .*/web and move prod, latest' 'what it would build, push and move'
is "$(git tag)$(tag prod)" '' 'and does nothing'

run git deploy -m 'the very first'
is "$status" 0 'git deploy succeeds'
like "$out" "^tagged deploy-prod-$day-1, pushed; release #1 built in [0-9.]+ s, pushed [0-9.]+ kB$" 'in one line'
is "$(git -C ../hub cat-file -t "deploy-prod-$day-1")" tag 'the tag at the remote is annotated'
is "$(git rev-parse refs/deploy/prod)" "$(git -C ../hub rev-parse refs/deploy/prod)" 'the ledger is here and there'
is "$(member digest)" "$(tag prod)" 'the tag prod is on the image of the ledger'
is "$(tag latest) $(tag "$(git rev-parse HEAD)")" "$(tag prod) $(tag prod)" 'so are latest and the tag of the commit'
is "$(member note)" 'the very first' 'the note is in the ledger'
is "$(git log -1 --format='%an <%ae>' refs/deploy/prod)" 'A Tester <tester@example.org>' 'its author is who tagged'
git show refs/deploy/prod:release.json >"$world/release.json"
validate=$(python3 "$source_tree/tests/tools/validate-json.py" "$source_tree/docs/formats/release.schema.json" "$world/release.json")
case $? in
77) skip 1 "$validate" ;;
*) is "$validate" '' 'release.json has the form of its schema' ;;
esac
first=$(tag prod)
attached=$(curl -s "$address/v2/web/manifests/$(echo "$first" | tr : -)" -H 'Accept: application/vnd.oci.image.index.v1+json')
like "$attached" 'application/spdx\+json' 'a list of what is in the image is attached to it'
like "$attached" 'application/vnd.in-toto\+json' 'and how it was made'

run git deploy
is "$out" 'HEAD is release #1 of prod already' 'git deploy again has nothing to do'
run git deploy release
is "$out" 'release #1 is there already' 'nor has release'
run git deploy release "deploy-prod-$day-1"
is "$out" 'release #1 is there already' 'nor release of that tag'

# -- the second, and what is told of both -----------------------------------------------------------

change 'Second version'
echo 'not committed' >>app/main.py
run git deploy
is "$status" 0 'a dirty work tree is deployed as it is committed'
like "$err" 'not committed: they are not part of what is deployed' 'with a warning'
git checkout -q app/main.py
second=$(tag prod)
run git deploy log
like "$(printf '%s\n' "$out" | sed -n 1p)" "^#2 .* deploy-prod-$day-2 .* Second version .* A Tester  served$" \
	'log lists the newest release first'
like "$(printf '%s\n' "$out" | sed -n 2p)" "^#1 .* deploy-prod-$day-1 .* First version .* A Tester$" 'and then the others'
run git deploy log --json -n 1
is "$(printf '%s' "$out" | python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["served"], [r["number"] for r in d["releases"]])')" \
	'2 [2]' 'log --json -n 1 has the newest'
run git deploy diff
is "$status" 0 'diff succeeds'
like "$out" '^commits  1 new$' 'and counts commits'
like "$out" '^layers   1 of 3 changed$' 'and layers'
like "$out" '^    M app/main.py$' 'and lists files'
run git deploy diff 1 3
is "$status" 128 'a release that is none is an error'
like "$err" "'3' is no release of prod" 'that says so'
run git deploy status
is "$out" "environment prod
git       #2 deploy-prod-$day-2, $(git rev-parse --short=7 HEAD) Second version; HEAD is that
registry  prod is #2, latest is #2
instance  none yet: .deploy.yml names none" 'status tells what is in git and in the registry'

# -- back and forth ---------------------------------------------------------------------------------

run git deploy rollback --dry-run
like "$out" '^would serve #1 ' 'rollback --dry-run says where it would go'
run git deploy rollback -m 'it was broken'
is "$status" 0 'rollback succeeds'
like "$out" '^release #3: back to #1; prod is [0-9a-f]{7} now$' 'and says where it went'
is "$(tag prod) $(tag latest)" "$first $first" 'the registry serves the first image again'
is "$(member result) $(member of) $(member note)" 'rolled-back 1 it was broken' 'the ledger says so'
run git deploy rollback
is "$status" 128 'there is nothing before the first release'
run git deploy rollback 2
is "$(tag prod)" "$second" 'rollback to a later release goes forward'
run git deploy release "deploy-prod-$day-2"
is "$out" 'release #4 is there already' 'the tag of what is served again has nothing to do'
run git deploy release "deploy-prod-$day-1"
is "$status" 128 'a tag that was overtaken is refused'
like "$err" "deploy-prod-$day-1 was release #1 of prod; #4 is served now" 'and it says by what'

# What a kill between ledger and registry leaves.
curl -s -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$address/v2/web/manifests/$first" >"$world/manifest"
curl -s -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary "@$world/manifest" \
	"$address/v2/web/manifests/prod"
run git deploy status
like "$out" 'prod is #3, not #4' 'status sees a tag that is not where the ledger says'
like "$err" 'git deploy rollback 4' 'and says what puts it there'
run git deploy rollback
like "$out" 'what was interrupted is finished: served is #4' 'rollback finishes that first, and no more'
is "$(tag prod)" "$second" 'the tag is where it should be'

# -- tags, branches and continuous integration ------------------------------------------------------

change 'Third version'
run git deploy --tag-only
is "$out" "tagged deploy-prod-$day-3, pushed" '--tag-only makes and pushes a tag'
git clone -q --depth 1 --branch "deploy-prod-$day-3" "file://$PWD/../hub" ../ci 2>/dev/null
cd ../ci || exit 1
git config --global --unset user.name
git config --global --unset user.email
run env GITHUB_REF=refs/heads/main GITHUB_EVENT_NAME=push git deploy release
is "$status" 129 'a push to a branch is refused'
like "$err" "this job runs for the branch 'main': a release is asked for by a tag" 'with the reason'
run env GITHUB_REF=refs/heads/main GITHUB_EVENT_NAME=push git deploy release "deploy-prod-$day-3"
is "$status" 129 'also when it names a tag'
run env GITHUB_REF=refs/pull/1/merge GITHUB_EVENT_NAME=pull_request git deploy
is "$status" 129 'so is a pull request'
run env GITHUB_REF=refs/tags/v1.0 git deploy release
like "$err" "the tag 'v1.0' asks for no release" 'and a tag of another form'
run env GITHUB_REF="refs/tags/deploy-prod-$day-3" GITHUB_RUN_ID=17 git deploy release --json
is "$status" 0 'the tag of a job is released, in a shallow and detached clone without a user'
is "$(printf '%s' "$out" | python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["release"]["number"], d["release"]["where"], d["release"]["who"], d["served"])')" \
	'5 github-actions run 17 A Tester <tester@example.org> 5' 'with the tagger, and where it was made'
run env GITHUB_REF=refs/heads/main GITHUB_EVENT_NAME=workflow_dispatch git deploy release "deploy-prod-$day-3"
is "$out" 'release #5 is there already' 'a job that a person started may name a tag'
cd ../anna || exit 1
git config user.name 'A Tester'
git config user.email tester@example.org
run git deploy
is "$out" 'HEAD is release #5 of prod already' 'another clone hears of it'

git tag "deploy-prod-$day-9" HEAD~2
git tag "deploy-prod-$day-8" HEAD
run git deploy release "deploy-prod-$day-9"
is "$status" 0 'a later tag of an older commit is a release'
run git deploy release "deploy-prod-$day-8"
is "$status" 128 'an earlier tag that comes after it is refused'
like "$err" "comes too late: deploy-prod-$day-9 is released already, as #6" 'with the reason'
git tag -f "deploy-prod-$day-9" HEAD >/dev/null
run git deploy release "deploy-prod-$day-9"
like "$err" 'but was released as #6 when it was of' 'a tag that was moved since is refused'

# A tag that was left behind, and overtaken, is not taken up again.
git checkout -q HEAD~1
git tag -m old "deploy-prod-$day-4" HEAD
run git deploy
is "$status" 0 'a commit whose tag comes too late gets another one'
like "$out" "^tagged deploy-prod-$day-10, pushed; release #7 built" 'as the refusal of that tag promises'
git checkout -q main

# -- what cannot be released gets no tag ------------------------------------------------------------

tags=$(git tag && git ls-remote origin 'refs/tags/*')
sed "s|base:1|base:no-such|" .deploy.yml >"$world/deploy.yml" && cp "$world/deploy.yml" .deploy.yml
change 'A base that is not there'
run git deploy
is "$status" 128 'a base that is not there stops it'
like "$err" 'there is no such base' 'with the reason'
is "$(git tag && git ls-remote origin 'refs/tags/*')" "$tags" 'and no tag is made, here or at the remote'
git reset -q --hard HEAD~1
printf 'AWS_SECRET_ACCESS_KEY=%s\n' wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzQmPlKeY9 >app/credentials
change 'A secret'
run git deploy
is "$status" 128 'a secret in the image stops it'
like "$err" 'app/credentials' 'with the place'
is "$(git tag && git ls-remote origin 'refs/tags/*')" "$tags" 'and no tag is made for it'
git reset -q --hard HEAD~1

# An image that the registry has lost is made anew.
run git deploy
curl -s -X DELETE "$address/v2/web/manifests/$(tag prod)"
run git deploy
is "$status" 0 'HEAD is deployed again when the registry does not have its image any more'
like "$out" 'release #9 built' 'as another release'
like "$err" '^warning: the registry does not have the image of release #8 any more .*: it is deployed anew$' \
	'and it says why'

# -- two clones at once -----------------------------------------------------------------------------

git clone -q ../hub ../ben
git -C ../ben config user.name Ben
git -C ../ben config user.email ben@example.org
change 'Fourth version, of Anna'
(cd ../ben && git checkout -q -b ben && change 'Fourth version, of Ben')
(cd ../ben && git deploy >"$world/ben" 2>&1) &
run git deploy
wait $!
like "$out" '^tagged .* release #(10|11) built' 'of two clones at once, one releases'
like "$(cat "$world/ben")" '^tagged .* release #(10|11) built|comes too late' 'and the other, too, or it comes too late'
git fetch -q origin '+refs/deploy/*:refs/deploy/*'
is "$(tag prod) $(tag latest)" "$(member digest) $(member digest)" 'the registry is on the newest of the ledger'
is "$(git log --format=%s refs/deploy/prod | sed 's/.*#\([0-9]*\) .*/\1/' | tr '\n' ' ')" \
	"$(seq "$(member number)" -1 1 | tr '\n' ' ')" 'whose numbers are in a row'

# -- what is not there ------------------------------------------------------------------------------

git -C ../hub config receive.denyDeletes false
shown=$(member number)
kill "$server"
wait "$server" 2>/dev/null
run git deploy status
is "$status" 0 'status succeeds without the registry'
like "$out" '^registry  not known: .*cannot connect' 'and says why it does not know of it'
run git deploy log -n 1
like "$out" "^#$shown " 'log needs no registry'
change 'Fifth version'
run git deploy
is "$status" 128 'without the registry nothing is released'
is "$(git tag --points-at HEAD)$(git ls-remote origin 'refs/tags/*' | grep "$(git rev-parse HEAD)")" '' 'nor tagged'
is "$(member number)" "$shown" 'and the ledger is as it was'
mv ../hub ../hub.away
run git deploy log -n 1
is "$status" 0 'log succeeds without the remote'
like "$err" '^warning: .*what is shown may not be the newest' 'with a warning'
