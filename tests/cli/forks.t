#!/bin/sh
# Pull requests from forks: what they change is not sent anywhere.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
model_server --requests "$world/requests"
plan 17

asked () {
	now=$(cat "$world/requests" 2>/dev/null | wc -l)
	echo $((now - $(cat "$world/asked" 2>/dev/null || echo 0)))
	echo "$now" >"$world/asked"
}

repo sha1
git config scrutiny.cloud.endpoint http://cloud.example/v1
git config http.http://cloud.example.proxy "http://127.0.0.1:$port"
lab
paper theory/one
paper theory/two
sed 's/short/long/g' theory/two/main.tex >x && mv x theory/two/main.tex
paper secret/three
sed 's/short/tall/g' secret/three/main.tex >x && mv x secret/three/main.tex
printf 'local_only: secret\n' >.scrutiny.yml
commit papers
base=$(git rev-parse HEAD)

# The pull request: another paper, no policy, words of its own.
sed 's/short/strange/g' theory/one/main.tex >x && mv x theory/one/main.tex
mkdir -p .scrutiny/prompts
cp "$source_tree/prompts/review.txt" .scrutiny/prompts/
for task in review summary correctness experiments novelty clarity; do
	echo "Words of the pull request." >".scrutiny/prompts/$task.txt"
done
printf 'reviewers: cloud/repairs\n' >.scrutiny.yml
commit 'pull request'

# event HEAD: makes the file that tells of a pull request from the repository HEAD.
event () {
	cat >"$world/event" <<END
{"pull_request": {"head": {"repo": {"full_name": "$1"}},
	"base": {"sha": "$base", "repo": {"full_name": "lab/papers"}}}}
END
}
in_ci () {
	env GITHUB_EVENT_NAME=pull_request GITHUB_EVENT_PATH="$world/event" "$@"
}

event mallory/papers
run in_ci git scrutiny theory/one --reviewers=cloud/alpha,lab/alpha
is "$(asked)" 1 'a paper that a fork changes is asked about here only'
is "$status" 0 'which is no failure'
like "$(cat theory/one/scrutiny.md)" 'cloud/alpha: skipped, not sent: a pull request from mallory/papers changes' \
	'and the report says so'
like "$(cat theory/one/scrutiny.md)" 'lab/alpha' 'models on this machine review it'
unlike "$(cat "$world/requests.text")" 'Words of the pull request' "in the repository's words"
run in_ci git scrutiny plan theory/one --reviewers=cloud/alpha
like "$out" '^theory/one .*not sent' 'plan says so, too'
run in_ci git scrutiny secret/three --reviewers=cloud/alpha
is "$(asked)" 0 'what the repository keeps stays, though the fork took the policy out'
run in_ci git scrutiny theory/two --reviewers=cloud/alpha
ok "$([ "$(asked)" -gt 0 ]; echo $?)" 'a paper that it does not change is sent as ever'
run in_ci git scrutiny --all --no-write
is "$(asked)" 0 'the reviewers that the fork asks for are not asked'

sed -i "s/$base/0123456789012345678901234567890123456789/" "$world/event"
run in_ci git scrutiny theory/two --reviewers=cloud/beta --no-write
is "$(asked)" 0 'without the base at hand, nothing is sent'
rm "$world/event"
run in_ci git scrutiny theory/two --reviewers=cloud/beta --no-write
is "$(asked)" 0 'nor when it cannot be told what it is'
event lab/papers
run in_ci git scrutiny theory/one --reviewers=cloud/beta --no-write
ok "$([ "$(asked)" -gt 0 ]; echo $?)" 'a branch of the repository itself is trusted'
event mallory/papers
run in_ci env SCRUTINY_FORKS=allow git scrutiny theory/one --reviewers=cloud/prose --no-write
ok "$([ "$(asked)" -gt 0 ]; echo $?)" 'the workflow may permit it'
git config scrutiny.forks allow
run in_ci git scrutiny theory/one --reviewers=cloud/repairs --no-write
ok "$([ "$(asked)" -gt 0 ]; echo $?)" 'and so may git config'
git config scrutiny.forks yes
run in_ci git scrutiny plan
is "$status" 129 'in a word that is known'
git config --unset scrutiny.forks
printf 'forks: allow\n' >.scrutiny.yml
run in_ci git scrutiny plan
is "$status" 128 'the repository cannot'
like "$err" "unknown key 'forks'" 'and is told'
