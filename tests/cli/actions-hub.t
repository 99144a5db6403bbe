#!/bin/sh
# actions/scrutiny at a server that is as GitHub: git over HTTP with the token of the job, pull requests, comments.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
# shellcheck source=jobs.sh
. "$source_tree/tests/cli/jobs.sh"
plan 31
action=$source_tree/actions/scrutiny

git init -q --bare hub
git -C hub config http.receivepack true
repo sha1 author
paper theory/one
broken_paper theory/two
commit papers
git remote add origin ../hub
git push -q origin main
git checkout -q -b topic
broken_paper theory/three
commit three
git push -q origin topic
cd ..
python3 "$source_tree/tests/servers/hub_server.py" "$PWD/hub" "$world/requests" a-writers-token a-readers-token >address 2>errors &
hub=$!
trap 'kill $hub 2>/dev/null; rm -rf "$world"' EXIT
for _ in $(seq 100); do [ -s address ] || sleep 0.05; done
[ -s address ] || skip_all "the server did not start: $(cat errors)"
address=$(cat address)
: >"$world/requests"

# checkout REF: as actions/checkout does it with `persist-credentials: false`.
checkout () {
	cd "$world/work" || exit 1
	rm -rf job
	git -c "http.extraheader=Authorization: Basic $(printf x-access-token:a-readers-token | base64)" \
		clone -q "$address/lab/papers" job && cd job && git checkout -q "$1"
}
# at_hub NAME=VALUE... -- OPTION...
at_hub () {
	job "$action" GITHUB_SERVER_URL="$address" GITHUB_API_URL="$address/api" GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=init.defaultBranch \
		GIT_CONFIG_VALUE_0=main "$@" --input reviewers=builtin --input fail-on=never
}
changes () {
	grep -c . "$world/requests"
}

# -- records -------------------------------------------------------------------------------------------------

event '{}'
checkout main
at_hub GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/main -- --input token=a-writers-token
is "$(of conclusion)" success 'a push'
is "$(cut -d' ' -f1-3 "$world/requests")" 'POST /lab/papers/git-receive-pack 200' 'pushes the records with the token of the job'
ok "$(git -C ../hub rev-parse -q --verify refs/scrutiny/records >/dev/null; echo $?)" 'which are there then'
is "$(git config --get-regexp 'extraheader|insteadof|credential')" '' 'and leaves no token behind'
unlike "$(of raw)" 'a-writers-token|YS13cml0ZXJz' 'nor in the log'
checkout main
at_hub GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/main -- --input token=a-writers-token
like "$(of log)" '[Ff]etched the records|records of origin' 'the next job fetches them'

checkout main
sed -i 's/finite/short/' theory/one/main.tex
git -c user.name=a -c user.email=a@b commit -qam change
at_hub GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/main -- --input token=a-readers-token
is "$(of conclusion)" success 'a token that may only read'
like "$(of annotations)" '^notice.*records could not be pushed.*contents: write' 'is no failure, and what is missing is said'

# -- reports -------------------------------------------------------------------------------------------------

checkout main
at_hub GITHUB_EVENT_NAME=schedule GITHUB_REF=refs/heads/main -- --input token=a-writers-token --input commit=pr
is "$(of conclusion)" success 'an audit'
like "$(git -C ../hub show --name-only --format=%an scrutiny/main)" '^theory/two/scrutiny.md$' 'proposes the reports on a branch'
like "$(cat "$world/requests")" '^POST /api/repos/lab/papers/pulls 201 .*"base":"main"' 'as a pull request'
is "$(git -C ../hub log --format=%s main | wc -l)" 1 'and leaves the branch alone'
tip=$(git -C ../hub rev-parse scrutiny/main)
checkout main
at_hub GITHUB_EVENT_NAME=schedule GITHUB_REF=refs/heads/main -- --input token=a-writers-token --input commit=pr
is "$(grep -c '/pulls 201' "$world/requests")/$(git -C ../hub rev-parse scrutiny/main)" "1/$tip" 'once'
checkout main
at_hub GITHUB_EVENT_NAME=schedule GITHUB_REF=refs/heads/main -- --input token=a-readers-token --input commit=pr \
	--input records=false --input papers=theory/one
like "$(of conclusion)" failure 'with a token that may only read it fails'
at_hub GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/main -- --input token=a-readers-token --input commit=push
like "$(of conclusion; of annotations)" '^error.*the reports could not be pushed' 'as a push of the reports does'

# -- a pull request ------------------------------------------------------------------------------------------

# about HEAD-REPOSITORY
about () {
	event "{\"number\": 7, \"pull_request\": {\"number\": 7,
		\"head\": {\"ref\": \"topic\", \"sha\": \"$(git rev-parse origin/topic)\", \"repo\": {\"full_name\": \"$1\"}},
		\"base\": {\"ref\": \"main\", \"sha\": \"$(git rev-parse origin/main)\", \"repo\": {\"full_name\": \"lab/papers\"}}}}"
}
checkout main
git -c user.name=a -c user.email=a@b merge -q --no-ff -m merge origin/topic
about lab/papers
request='GITHUB_EVENT_NAME=pull_request GITHUB_REF=refs/pull/7/merge'
# shellcheck disable=SC2086
at_hub $request -- --input token=a-readers-token --input records=false
is "$(of conclusion)" success 'a token that may only read'
like "$(of annotations)" '^warning.*the pull request could not be told.*pull-requests: write' 'is no failure, and what is missing is said'
: >"$world/requests"
# shellcheck disable=SC2086
at_hub $request -- --input token=a-writers-token
is "$(of conclusion)/$(output papers)" success/1 'a pull request'
grep /api/ "$world/requests" >"$world/told"
like "$(cat "$world/told")" '/issues/7/comments 201 .*git-scrutiny' 'gets a comment'
like "$(cat "$world/told")" '/pulls/7/reviews 200 .*"path":"theory/three/main.tex".*"line":10' 'a review with a comment at the line'
like "$(cat "$world/told")" "/statuses/$(git rev-parse origin/topic) 201 .*\"context\":\"scrutiny\"" 'and a status of its commit'
is "$(wc -l <"$world/told")" 3 'and nothing else'
# shellcheck disable=SC2086
at_hub $request -- --input token=a-writers-token
is "$(grep -c /api/ "$world/requests")" 3 'the same again says nothing twice'
: >"$world/requests"
# shellcheck disable=SC2086
at_hub $request -- --input token=a-writers-token --input comment=false
is "$(grep -c '201\|200' "$world/requests")" 0 'without comment nothing is said'

about mallory/papers
: >"$world/requests"
# shellcheck disable=SC2086
at_hub $request -- --input token=a-writers-token --input commit=pr --input sarif=true
is "$(of conclusion)/$(output errors)" success/1 'the pull request of a fork is checked'
is "$(changes)" 0 'and nothing is written, though the token might'
is "$(of uses)" '' 'or uploaded'
git clone -q --depth=1 "file://$world/work/hub" ../shallow && cd ../shallow || exit 1
git remote set-url origin "$address/lab/papers"
# shellcheck disable=SC2086
at_hub $request -- --input token=a-readers-token
is "$(of conclusion)" success 'also in a shallow clone'
unlike "$(of raw)" 'a-readers-token|YS1yZWFkZXJz' 'without a token in its log'
is "$(git config --get-regexp extraheader)" '' 'or in its configuration'
is "$(changes)" 0 'and without a word to the server'
