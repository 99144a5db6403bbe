#!/bin/sh
# `git deploy init`: a .deploy.yml for what is in the repository; and the schema of that file.

. "${0%/*}/lib.sh"
plan 42

# valid FILE NAME: according to the schema; invalid FILE NAME: not so.
validate () {
	python3 "$source_tree/tests/tools/validate-json.py" "$source_tree/docs/formats/deploy-yml.schema.json" "$1" \
		>"$world/said" 2>&1
}
valid () {
	validate "$1"
	case $? in
	77) skip 1 'there is no jsonschema' ;;
	*) ok "$(grep -c . "$world/said")" "$2" || diagnose "$(cat "$world/said")" ;;
	esac
}
invalid () {
	validate "$1"
	case $? in
	1) ok 0 "$2" ;;
	77) skip 1 'there is no jsonschema' ;;
	*) ok 1 "$2" ;;
	esac
}

# -- a Streamlit app --------------------------------------------------------------------------------

repo sha1 web_demo
run git deploy init
is "$status" 128 'without a commit and an index there is nothing to look at'
like "$err" '^hint: git add' 'which is said'
cat >app.py <<'END'
import os
import streamlit as st
from openai import OpenAI
client = OpenAI(api_key=os.environ["OPENAI_API_KEY"])
END
printf 'streamlit\nopenai\n' >requirements.txt
for i in $(seq 200); do
	echo "package$i==1.$i"
done >requirements_large.txt
git add .
run git deploy init --print
is "$status" 0 'before the first commit the index is looked at'
like "$out" '^  dependencies: requirements.txt$' 'the curated list is found'
like "$out" '^# Note: requirements_large.txt: it pins 200 packages .* passed over' 'and why the dump is not'
like "$out" '^  OPENAI_API_KEY: /web-demo/OPENAI_API_KEY$' 'a secret is named'
like "$out" '^#registry: ' 'an unknown registry is a comment'
is "$(git status --porcelain --untracked-files | grep -c deploy)" 0 'printing writes nothing'
run git deploy init
like "$err" '^warning: there is no commit yet' 'which is told'
rm .deploy.yml
commit app

run git deploy init --registry r.example.org:5000 --region eu-west-1
is "$status" 0 'it is written'
is "$out" 'wrote .deploy.yml: streamlit, app.py, port 8501, health /_stcore/health' 'and said in a line'
like "$err" '^hint: .*git add .deploy.yml' 'with what comes next'
like "$err" '^hint: aws ssm put-parameter .*--name /web-demo/OPENAI_API_KEY' 'and how a secret gets there'
like "$(cat .deploy.yml)" '^registry: "?r.example.org:5000/web-demo"?$' 'with the repository in the registry'
like "$(cat .deploy.yml)" '^    region: eu-west-1$' 'and the region'
valid .deploy.yml 'it is as the schema says'
commit config
run git deploy plan --offline
unlike "$err" 'deploy.yml:[0-9]' 'git deploy reads it'
cp .deploy.yml before
run git deploy init
is "$status" 128 'one that is there is left as it is'
like "$err" '^hint: .*--force' 'which says how to replace it'
is "$(cmp before .deploy.yml)" '' 'truly'
echo 'app: mine' >.deploy.yml
run git deploy init --force
like "$(cat .deploy.yml)" '^app: web-demo$' '--force replaces it'
rm .deploy.yml
ln -s /nonexistent/elsewhere .deploy.yml
run git deploy init --force
is "$status" 128 'it is not written through a link'
rm .deploy.yml

# -- registries -------------------------------------------------------------------------------------

mkdir "$HOME/.docker"
echo '{"credHelpers": {"108712345678.dkr.ecr.eu-central-1.amazonaws.com": "ecr-login"}, "auths": {"ghcr.io": {}}}' \
	>"$HOME/.docker/config.json"
run git deploy init --print
like "$out" '^registry: "?108712345678.dkr.ecr.eu-central-1.amazonaws.com/web-demo"?$' 'the registry of ECR that docker knows'
git config deploy.registry r.example.org/ada/web
run git deploy init --print
like "$out" '^registry: "?r.example.org/ada/web"?$' 'goes behind git config'
run git deploy init --print --registry 'r.example.org/$(id)'
is "$status" 129 'a registry that is none is refused'
run git deploy init --print --region 'x y'
is "$status" 129 'and so is a region'

# -- what cannot be deployed ------------------------------------------------------------------------

git rm -qf requirements.txt
commit dump
run git deploy init --print
like "$err" '^fatal: requirements_large.txt: it pins 200 packages' 'a dump alone is refused'
like "$err" '^hint: write a requirements.txt .*: streamlit, openai' 'with what would be in a curated list'
cd .. && repo sha256 nothing
echo x >README
commit c
run git deploy init
like "$err" '^fatal: cannot tell how the app is started' 'an app that is none is refused'
cd .. && repo sha256 pages
mkdir public
echo '<h1>' >public/index.html
commit c
run git deploy init
is "$status" 0 'static pages, in a repository of SHA-256'
valid .deploy.yml 'whose file is valid'

# -- the schema and the reader agree --------------------------------------------------------------

whole=$source_tree/tests/fuzz/corpus/deploy_config/whole.yml
valid "$whole" 'a file with all keys is valid'
n=0
for change in 's/^app:.*/app: Web Demo/' 's/platform: .*/platform: windows\/amd64/' 's/budget: .*/budget: {warn: -1}/' \
	's/health: .*/health: \/..\/x/' 's/idle: .*/idle: soon/'; do
	n=$((n + 1))
	sed "$change" "$whole" >.deploy.yml
	commit "$n"
	invalid .deploy.yml "not valid: $change"
	run git deploy plan --offline
	like "$err" '^fatal: .deploy.yml:[0-9]+:[0-9]+: ' 'nor read'
done
