#!/bin/sh
# Secrets that would be in an image stop it, before anything is sent. Keys are put together here, so that nobody's
# scanner takes this file for a leak.

. "${0%/*}/servers.sh"
need_server registry-start
. "${0%/*}/lib.sh"

start_server registry-start --open
host=${address#http://}
python3 "$source_tree/tests/servers/base_image.py" "$address" base:1 >/dev/null || {
	echo 'Bail out! the base image could not be made'
	exit 1
}
plan 27

key=sk-proj-Zk3vB9qLmT7xWc2RfYh8Nd4Js6Pa
repo
configure () {
	printf 'app: demo\nregistry: %s/demo\nport: 8080\nimage: {base: "%s/base:1", command: [/app]}\n' "$host" "$host" \
		>.deploy.yml
	printf '%s\n' "$@" >>.deploy.yml
}
there () {
	curl -sf "$address/v2/demo/tags/list" 2>/dev/null
}

# -- in the tree --------------------------------------------------------------------------------

configure
mkdir src
printf 'import os\nclient = OpenAI(api_key="%s")\n' "$key" >src/app.py
commit leak
run git deploy push
is "$status" 128 'a key in the code stops the push'
like "$err" '^fatal: a secret would be in the image:$' 'which says so'
like "$err" '^fatal: src/app.py:2: a key of OpenAI \(client = OpenAI\(api_key="sk-p\*\*\*\*\)$' 'with the place'
like "$err" '^hint: .*rotate' 'and what to do'
unlike "$err$out" 'Zk3vB9q' 'and without the key'
is "$(there)" '' 'nothing was sent'
run git deploy build
is "$status" 128 'nor is it built'
run git deploy build
is "$status" 128 'and the second build does not find the layer of the first'
is "$(grep -rl Zk3vB9q .git/scrutiny | wc -l)" 0 'nothing of it is kept'

git checkout -q -b ignored
echo src/app.py >.dockerignore
commit ignored
run git deploy build
is "$status" 0 'what does not go into the image does not stop it'
git checkout -q main
configure 'allow: [src/app.py]'
commit allowed
run git deploy build
is "$status" 0 '`allow:` lets it pass'
git reset -q --hard HEAD~

printf 'import os\nkey = os.environ["OPENAI_API_KEY"]\n' >src/app.py
printf 'DEBUG=1\nSTRIPE_KEY=abcdef123456\n' >.env
commit env
run git deploy build
is "$status" 128 'a file of variables is a secret by its name'
like "$err" '^fatal: \.env:2: a secret in a file of variables' 'which is told'
printf 'STRIPE_KEY=your-key-here\n' >.env
commit 'placeholder'
run git deploy build
is "$status" 0 'a placeholder is none'

# -- in the history -----------------------------------------------------------------------------

leak=$(git rev-parse --short=7 HEAD~2)
like "$err" "^warning: src/app.py:2: a key of OpenAI .* is in commit $leak of the history: .*rotate it" \
	'a secret that was deleted is told'
unlike "$err" 'Zk3vB9q' 'and not shown'
run git deploy push --latest
is "$status" 0 'and does not stop the push'
like "$err" '^warning: src/app.py:2: ' 'which tells it too'
echo more >another
commit more
run git deploy push --latest
is "$status" 0 'the next one'
unlike "$err" 'src/app.py' 'tells only what came since'

# -- by a Dockerfile ----------------------------------------------------------------------------

printf 'app: demo\nregistry: %s/demo\nport: 8080\nimage: {dockerfile: Dockerfile}\n' "$host" >.deploy.yml
printf 'FROM %s/base:1\nENV TOKEN=%s\nCOPY another /app/\nCMD ["/app"]\n' "$host" "$key" >Dockerfile
commit dockerfile
run git deploy build
is "$status" 128 'a Dockerfile with a key stops it'
like "$err" '^fatal: Dockerfile:2: a key of OpenAI' 'by its line'

# -- many ---------------------------------------------------------------------------------------

configure
rm Dockerfile
mkdir many
for i in 1 2 3 4 5 6 7; do
	echo "x = '$key'" >many/$i.py
done
commit many
run git deploy build
like "$err" '^fatal: 7 secrets would be in the image:$' 'all are counted'
is "$(printf '%s\n' "$err" | grep -c '^fatal: many/')" 5 'some are told'
like "$err" '^fatal: and 2 more$' 'and how many are not'
git rm -rqf many

# -- what looks like one -------------------------------------------------------------------------

mkdir -p tests/fixtures
{
	printf '%s BEGIN PRIVATE KEY%s\n' ----- ----- | tr -d ' ' | sed 's/BEGINPRIVATEKEY/BEGIN PRIVATE KEY/'
	for i in 1 2 3 4 5; do
		echo MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj
	done
	printf '%sEND PRIVATE KEY%s\n' ----- -----
} >tests/fixtures/key.pem
echo 'id = "AKIAIOSFODNN7EXAMPLE"' >src/example.py
commit fixtures
run git deploy build
is "$status" 0 'keys of tests and examples are no accusation'
cp tests/fixtures/key.pem src/key.pem
commit key
run git deploy build
like "$err" '^fatal: src/key.pem:1: a private key' 'the same key in the app is'
