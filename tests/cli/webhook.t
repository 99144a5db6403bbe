#!/bin/sh
# git scrutiny serve --webhook: what is pushed is reviewed, told by deliveries that are signed.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
for tool in curl openssl; do
	command -v $tool >/dev/null 2>&1 || skip_all "$tool is not there"
done
plan 57

secret='a secret that nobody guesses'

# until_there FILE PATTERN [TIMES]: waits until that many lines match, 10 s at most.
until_there () {
	for _ in $(seq 200); do
		[ "$(grep -cE "$2" "$world/$1")" -lt "${3-1}" ] || return 0
		sleep 0.05
	done
	return 1
}

# serve [OPTION...]: starts a receiver; sets $address.
serve () {
	: >"$world/log"
	git-scrutiny serve --webhook --listen=0 "$@" >"$world/reviews" 2>"$world/log" &
	receiver=$!
	trap 'kill $receiver 2>/dev/null; chmod -R u+w "$world" 2>/dev/null; rm -rf "$world"' EXIT
	until_there log '^listening on'
	address=$(sed -n 's/^listening on \(.*\) for .*/\1/p' "$world/log")
}

# deliver PATH BODY [CURL-OPTION...]: sets $code and $said.
deliver () {
	path=$1
	printf '%s' "$2" >"$world/body"
	shift 2
	code=$(curl -s -o "$world/said" -w '%{http_code}' --max-time 10 -H 'Content-Type: application/json' "$@" \
		--data-binary @"$world/body" "$address$path")
	said=$(cat "$world/said")
}

# signature BODY: as the forges make it.
signature () {
	printf '%s' "$1" | openssl dgst -sha256 -hmac "$secret" | sed 's/.*= *//'
}

# github EVENT BODY [CURL-OPTION...]
github () {
	event=$1
	body=$2
	shift 2
	deliveries=$((${deliveries-0} + 1))
	deliver /lab "$body" -H "X-GitHub-Event: $event" -H "X-GitHub-Delivery: delivery-$deliveries" \
		-H "X-Hub-Signature-256: sha256=$(signature "$body")" "$@"
}

# push_event BRANCH: the body of a push of what the branch is at the remote.
push_event () {
	printf '{"ref": "refs/heads/%s", "after": "%s", "repository": {"full_name": "lab/papers"}}' "$1" \
		"$(git -C "$world/work/author" rev-parse HEAD)"
}

# The forge's repository, an author's clone, and the receiver's.
git init -q --bare "$world/work/forge.git"
git clone -q "$world/work/forge.git" author 2>/dev/null
cd author || exit 1
git checkout -q -b main
paper theory/one
commit one
git push -q origin main
git clone -q --bare "$world/work/forge.git" "$world/work/my clone.git"
git config --global scrutiny.webhook.lab.path "$world/work/my clone.git"
git config --global scrutiny.webhook.lab.secretFile "$world/secret"

run git scrutiny serve
is "$status" 129 'what is to be served has to be said'
run git scrutiny serve --webhook
like "$err" "cannot|No such file" 'a secret that is not there is an error'
printf '%s\n' "$secret" >"$world/secret"
chmod 644 "$world/secret"
run git scrutiny serve --webhook
like "$err" '^fatal: others may read the secret' 'and so is one that others can read'
chmod 600 "$world/secret"
run git scrutiny serve --webhook --listen=nowhere:80
like "$err" "^error: 'nowhere:80' is no address" 'an address has to be one'
git config --global scrutiny.webhook.lab.command 'touch pwned'
run git scrutiny serve --webhook
like "$err" 'there is no setting scrutiny.webhook.lab.command' 'a setting that does not exist is an error'
git config --global --unset scrutiny.webhook.lab.command
git config --global scrutiny.webhook.lab.maxCost cheap
run git scrutiny serve --webhook
like "$err" "maxCost is 'cheap': it must be an amount" 'and so is a limit that is no amount'
git config --global --unset scrutiny.webhook.lab.maxCost

serve
run git scrutiny serve --webhook --listen="${address#http://}"
like "$err" '^hint: another program listens there; --listen=<port>' 'an address that is taken has a hint'
like "$(cat "$world/log")" '^listening on http://127.0.0.1:[0-9]+ for 1 repository$' 'it listens on this machine'
is "$(curl -s "$address/health")" ok 'it says that it is well'
is "$(curl -s -I "$address/health" | head -n 1 | tr -d '\r')" 'HTTP/1.1 200 OK' 'also to HEAD'

# Who may deliver.
github ping '{"zen": "Keep it short."}'
is "$code $said" '200 pong' 'a ping is answered'
body=$(push_event main)
deliver /lab "$body" -H 'X-GitHub-Event: push'
is "$code" 401 'a delivery without a signature is refused'
deliver /lab "$body" -H 'X-GitHub-Event: push' -H "X-Hub-Signature-256: sha256=$(signature "$body ")"
is "$code" 401 'and one with a wrong signature'
deliver /lab "$body" -H 'X-GitHub-Event: push' -H "X-Hub-Signature-256: sha256=$(signature "$body")" \
	-H "X-Hub-Signature-256: sha256=$(signature "$body")"
is "$code" 401 'and one with two'
deliver /lab "$body" -H 'X-GitHub-Event: push' -H 'X-Gitlab-Token: wrong'
is "$code" 401 'and one with a wrong token'
deliver /other "$body" -H "X-Hub-Signature-256: sha256=$(signature "$body")"
is "$code" 404 'nobody is at home under another name'
is "$(curl -s -o /dev/null -w '%{http_code}' "$address/lab")" 405 'GET is not for deliveries'
is "$(curl -s -o /dev/null -w '%{http_code}' "$address/../../etc/passwd" --path-as-is)" 404 'no path leads elsewhere'
head -c 6000000 /dev/zero >"$world/large"
is "$(curl -s -o /dev/null -w '%{http_code}' -H "X-Hub-Signature-256: sha256=00" --data-binary @"$world/large" \
	"$address/lab")" 413 'a large delivery is refused'
is "$(curl -s -o /dev/null -w '%{http_code}' -H 'Transfer-Encoding: chunked' -H "X-Hub-Signature-256: x" -d x \
	"$address/lab")" 501 'and one in chunks'
is "$(curl -s -o /dev/null -w '%{http_code}' -H "X-Long: $(head -c 20000 /dev/zero | tr '\0' x)" \
	"$address/health")" 431 'and a large head'
github push '{"ref": ['
is "$code" 400 'what is signed and no JSON is refused'

# What is pushed.
github push "$(push_event main)"
is "$code $said" '202 queued' 'a push is taken'
until_there log 'lab: done'
like "$(cat "$world/log")" "^lab: reviewing heads/main at $(git rev-parse --short=12 HEAD)" 'and reviewed'
like "$(cat "$world/reviews")" '^theory/one  no findings' 'at the commit that was pushed'
is "$(git -C "$world/work/my clone.git" rev-parse refs/scrutiny/webhook/heads/main)" "$(git rev-parse HEAD)" \
	'which was fetched into a ref of our own'
github push "$(push_event main)"
is "$code $said" '200 this delivery was taken already' 'a delivery is taken once, whatever it is called'
broken_paper theory/one
commit two
git push -q origin main
github push "$(push_event main)"
until_there log 'lab: done' 2
like "$(cat "$world/reviews")" '^theory/one  1 error' 'the next push is reviewed'

# What others send.
body=$(push_event main | sed 's/one/two/;s/}}/}, "n": 1}/')
deliver /lab "$body" -H 'X-Gitea-Event: push' -H "X-Gitea-Signature: $(signature "$body")"
is "$code" 202 "Gitea's signature is good"
body=$(push_event main | sed 's/}}/}, "n": 2}/')
deliver /lab "$body" -H 'X-Gitea-Event: push' -H "X-Forgejo-Signature: $(signature "$body")"
is "$code" 202 "Forgejo's, too"
body=$(push_event main | sed 's/}}/}, "n": 3}/')
deliver /lab "$body" -H 'X-Gitlab-Event: Push Hook' -H "X-Gitlab-Token: $secret"
is "$code" 202 "and GitLab's token"
github push '{"ref": "refs/tags/v1", "after": "1111111111111111111111111111111111111111"}'
is "$code $said" '200 nothing to do' 'tags are nothing to us'
github push '{"ref": "refs/heads/main", "after": "0000000000000000000000000000000000000000"}'
is "$code $said" '200 nothing to do' 'nor are branches that are deleted'
github issues '{"action": "opened"}'
is "$code $said" '200 nothing to do' 'nor is what else happens'

# Hostile names.
for name in '--upload-pack=touch pwned' '-x' '../../heads/main' '$(touch pwned)' 'a b' 'x;touch pwned' 'a..b' 'a\nb'; do
	github push "{\"ref\": \"refs/heads/$name\", \"after\": \"1111111111111111111111111111111111111111\"}"
done
github push '{"ref": "refs/heads/$(touch${IFS}pwned)", "after": "1111111111111111111111111111111111111111"}'
is "$code" 202 'a strange name that git would take'
until_there log 'is not at the remote'
like "$(cat "$world/log")" 'heads/\$\(touch\$\{IFS\}pwned\) is not at the remote: nothing to review' \
	'is looked for among what was fetched'
is "$(find "$world" -name '*pwned*')" '' 'and nothing is run'
unlike "$(cat "$world/log")" "$secret" 'no secret is in the log'

# Pull requests.
fork='{"action": "opened", "number": 7, "pull_request": {"number": 7,
	"head": {"repo": {"full_name": "mallory/papers"}}, "base": {"repo": {"full_name": "lab/papers"}}}}'
github pull_request "$fork"
is "$code $said" '200 pull requests from forks are not reviewed' 'a pull request from a fork is ignored'
github pull_request "$(printf '%s' "$fork" | sed s/mallory/lab/)"
is "$code $said" '200 its branch is reviewed when it is pushed' "one of the repository's own is known by its branch"

# The end, and a new beginning.
kill -TERM $receiver
wait $receiver
is "$?" 0 'a request to end is obeyed'
{
	printf 'heads/--upload-pack=x\nrubbish\n'
	seq -f 'heads/gone%g' 100
	echo heads/main
} >"$world/work/my clone.git/scrutiny/webhook-queue"
git config --global scrutiny.webhook.lab.forks checks
git config --global scrutiny.webhook.lab.branches 'ma*'
git config --global scrutiny.webhook.lab.reviewers cloud/alpha
serve
until_there log 'lab: (done|the review failed)'
like "$(cat "$world/log")" '^lab: reviewing heads/main' 'what was left is taken up'
unlike "$(cat "$world/log")" 'upload-pack|rubbish' 'what has no place there is not'
ok "$([ ! -e "$world/work/my clone.git/scrutiny/webhook-queue" ]; echo $?)" 'and then it is done'
github push '{"ref": "refs/heads/other", "after": "1111111111111111111111111111111111111111"}'
is "$code $said" '200 this branch is not reviewed' 'branches can be chosen'
git checkout -q -b theirs
sed -i 's/finite/short/' theory/one/main.tex
commit theirs
git push -q origin theirs:refs/pull/7/head
github pull_request "$fork"
is "$code" 202 'pull requests from forks can be'
until_there log 'reviewing pull/7' && until_there log 'lab: (done|the review failed)' 2
like "$(cat "$world/log")" "^lab: reviewing pull/7 at $(git rev-parse --short=12 HEAD)" 'and are reviewed at what was fetched'
like "$(cat "$world/reviews")" '^theory/one .* built-in$' 'by nobody but the built-in checks'

# A job that runs when the end comes, and what comes while it does.
cat >"$world/work/slow" <<END
#!/bin/sh
echo begun >>"$world/slow"
while [ ! -e "$world/go" ]; do sleep 0.05; done
exec git-upload-pack "\$@"
END
chmod +x "$world/work/slow"
git -C "$world/work/my clone.git" config remote.origin.uploadpack "$world/work/slow"
git config --global --unset scrutiny.webhook.lab.reviewers
kill -TERM $receiver
wait $receiver
: >"$world/slow"
serve --grace=0
github push "$(push_event main | sed 's/}}/}, "n": 11}/')"
until_there slow begun
for n in 12 13 14; do
	github push "$(push_event main | sed "s/}}/}, \"n\": $n}/")"
done
is "$code" 202 'pushes during a run are taken'
touch "$world/go"
until_there log 'lab: done' 2
is "$(grep -c begun "$world/slow")" 2 'and make one more run together'
rm "$world/go"
: >"$world/slow"

# One that cannot be recorded may come again.
mkdir "$world/work/my clone.git/scrutiny/webhook-queue"
again=$(push_event main | sed 's/}}/}, "n": 21}/')
github push "$again"
is "$code" 500 'a delivery that cannot be recorded is not taken'
rmdir "$world/work/my clone.git/scrutiny/webhook-queue"
github push "$again"
is "$code $said" '202 queued' 'and may come again'
like "$(cat "$world/work/my clone.git/scrutiny/webhook-queue")" '^heads/main$' 'then it is recorded'
touch "$world/go"
until_there log 'lab: done' 4
rm "$world/go"
: >"$world/slow"
github push "$(push_event main | sed 's/}}/}, "n": 15}/')"
until_there slow begun
kill -TERM $receiver
wait $receiver
is "$?" 0 'it ends while a job runs'
is "$(cat "$world/work/my clone.git/scrutiny/webhook-queue")" heads/main 'and the job is left for the next start'
touch "$world/go"

# A socket that systemd has opened, which waits for connections.
if command -v systemd-socket-activate >/dev/null 2>&1; then
	systemd-socket-activate -l "${address#http://}" -E HOME="$HOME" -E PATH="$PATH" git-scrutiny serve --webhook \
		>"$world/reviews" 2>"$world/log" &
	receiver=$!
	until_there log 'Listening on'
	curl -s --max-time 5 "$address/health" >/dev/null
	is "$(curl -s --max-time 5 "$address/health")" ok 'a socket of systemd is served'
	kill $receiver
	wait $receiver
else
	skip 1 'systemd-socket-activate is not there'
fi

run git scrutiny serve --webhook --print-unit
printf '%s\n' "$out" >"$world/git-scrutiny-webhook.service"
if command -v systemd-analyze >/dev/null 2>&1; then
	run systemd-analyze verify --man=no "$world/git-scrutiny-webhook.service"
	is "$out$err" '' 'the unit is one'
else
	skip 1 'systemd-analyze is not there'
fi
