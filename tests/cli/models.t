#!/bin/sh
# Models: asked at once, kept, merged; every failure is that of one model only.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
model_server --log "$world/log"
plan 54

repo sha1
lab
paper theory/one
paper theory/two
sed 's/short/long/g' theory/two/main.tex >x && mv x theory/two/main.tex
commit papers

answers () {
	wc -l <"$world/log" | tr -d ' '
}

run git scrutiny plan --reviewers=lab/alpha,lab/beta
is "$status" 0 'plan succeeds'
like "$out" 'lab/alpha +lab/beta' 'with a column for each model'
like "$out" '^4 calls, free of charge' 'and the calls'
run git scrutiny --dry-run --reviewers=lab/alpha
like "$out" '^2 calls' '--dry-run says the same'
is "$(cat "$world/log" 2>/dev/null)" '' 'and no call was made'

run git scrutiny --reviewers=lab/alpha,lab/beta --fail-on=warning
is "$status" 1 'two families that agree make a verified finding'
is "$(answers)" 4 'two papers by two models are four calls'
like "$out" '^theory/one +1 warning.*built-in, lab/alpha, lab/beta' 'merged into one'
like "$(cat theory/one/scrutiny.md)" 'lab/beta' 'the report says who agrees'
like "$(cat theory/one/scrutiny.json)" '"bucket": "(verified|plausible)"' 'and how sure it is'

run git scrutiny --reviewers=lab/alpha,lab/beta
like "$out" '^2 papers up to date' 'a second run has nothing to do'
run git scrutiny --all --reviewers=lab/alpha,lab/beta
is "$(answers)" 4 'and --all asks nothing that is recorded'
git clone -q . ../clone
(cd ../clone && git fetch -q origin 'refs/scrutiny/*:refs/scrutiny/*' && lab &&
	git scrutiny --reviewers=lab/alpha,lab/beta) >"$world/clone" 2>&1
is "$(answers)" 4 'nor does a clone that has the records'
like "$(cat "$world/clone")" 'up to date' 'which is up to date'

git scrutiny report --replay
like "$(git for-each-ref --format='%(refname)' refs/scrutiny)" '^refs/scrutiny/records$' 'records are in a ref'
git fsck --strict >/dev/null 2>&1
ok $? 'that fsck likes'

# -- failures -------------------------------------------------------------------------------------

run git scrutiny theory/one --reviewers=lab/prose --no-write
is "$status" 2 'prose instead of JSON: the reviewer is incomplete'
like "$err" '^warning: lab/prose on theory/one: ' 'with a word on who failed'
like "$out" '^theory/one ' 'and the rest is there'

run git scrutiny theory/one --reviewers=lab/repairs --no-write
is "$status" 0 'a model that answers JSON when asked again'
like "$out" 'lab/repairs' 'is heard'

run git scrutiny theory/one --reviewers=lab/busy --no-write
is "$status" 0 'a model that is busy is asked again, when it says'

run git scrutiny theory/one --reviewers=lab/cut,lab/alpha --no-write
is "$status" 2 'a stream that is cut'
like "$err" '^warning: lab/cut on theory/one: ' 'fails that model'
unlike "$err" 'lab/alpha' 'and no other'

run git scrutiny theory/two --reviewers=lab/prose,lab/alpha
is "$status" 2 'a failure is in the exit status'
like "$(cat theory/two/scrutiny.md)" 'lab/prose' 'and in the report'

git config scrutiny.dead.endpoint http://127.0.0.1:9/v1
run git scrutiny theory/one --reviewers=dead/model --no-write
is "$status" 2 'a dead server'
like "$err" '^warning: dead/model on theory/one: cannot connect to 127.0.0.1:9' 'is told as such'

run git scrutiny --reviewers=nobody/model
is "$status" 129 'an unknown provider is a usage error'
like "$err" "^hint: git config scrutiny.nobody.endpoint" 'with the way out'
run git scrutiny --reviewers=openai/gpt-6-luna
is "$status" 129 'so is a missing key'
like "$err" 'OPENAI_API_KEY' 'that names the variable'

# -- interrupted ----------------------------------------------------------------------------------

echo '% edited' >>theory/one/main.tex
git-scrutiny theory/one --reviewers=lab/alpha,lab/hang >"$world/out" 2>"$world/err" &
reviewing=$!
for _ in $(seq 50); do
	ls .git/scrutiny/journal/*/replies* >/dev/null 2>&1 && break
	sleep 0.2
done
# `git` passes on the interrupt that the terminal has sent to both of them.
kill -TERM $reviewing
sleep 0.01
kill -TERM $reviewing 2>/dev/null
wait $reviewing
is "$?" 2 'an interrupted run is incomplete'
unlike "$(cat "$world/out")" 'no findings in 0' 'and says nothing of findings'
like "$(cat "$world/err")" '^warning: interrupted: 1 of 1 papers are left' 'and says what is left'
before=$(answers)
git scrutiny theory/one --reviewers=lab/alpha >/dev/null 2>&1
is "$(answers)" "$before" 'what came back is not asked for again'
git checkout -q theory/one

# -- what a repository may say -----------------------------------------------------------------------

printf 'reviewers: [openai/gpt-6-luna, lab/alpha]\n' >.scrutiny.yml
git checkout -q theory && git clean -qfd theory
run git scrutiny theory/two
is "$status" 2 'a reviewer of .scrutiny.yml without a key is skipped'
like "$err" '^warning: openai/gpt-6-luna: there is no key' 'and told'
like "$(cat theory/two/scrutiny.md)" 'openai/gpt-6-luna' 'also in the report'

rm .scrutiny.yml
OLLAMA_HOST=127.0.0.1:$port git scrutiny plan >"$world/plan" 2>&1
like "$(cat "$world/plan")" 'ollama/alpha' 'an Ollama on this machine is used by itself'
OLLAMA_HOST=127.0.0.1:$port git scrutiny theory/one >"$world/ollama" 2>&1
like "$(cat "$world/ollama")" 'ollama/alpha' 'and answers'
OLLAMA_HOST=127.0.0.1:$port git scrutiny models >"$world/models" 2>&1
like "$(cat "$world/models")" 'ollama/alpha +free' 'models lists its models'

AWS_REGION=us-east-1 OLLAMA_HOST=127.0.0.1:$port ANTHROPIC_API_KEY=sk-nothing git scrutiny models >"$world/models" 2>&1
like "$(cat "$world/models")" '^anthropic +set up: https://api.anthropic.com' 'a provider with a key is set up'
like "$(cat "$world/models")" '^openai +no key: `git scrutiny models login openai`, or export OPENAI_API_KEY=\.\.\.$' 'one without is told what it lacks'
git config scrutiny.far.endpoint https://far.example/v1
git config scrutiny.far.keyEnv FAR_KEY
run git scrutiny models
like "$out" '^far +no key: `git scrutiny models login far`, or export FAR_KEY=...$' 'also one with a variable of its own'
is "$(printf '%s\n' "$out" | grep -c '^bedrock\|^ .*export AWS')" 1 'and each in one line'
git config --remove-section scrutiny.far
like "$(cat "$world/models")" 'anthropic/claude-haiku-5-5 .*beyond 100K' 'prices are told, with their tiers'
like "$(cat "$world/models")" 'bedrock/global.anthropic.claude-haiku-5-5 .*beyond 100K' 'under the ids that a provider has'
like "$(cat "$world/models")" '^lab +set up: http://127.0.0.1' 'servers of the user are there, too'

# -- secrets --------------------------------------------------------------------------------------

git config scrutiny.lab.keyEnv LAB_KEY
export LAB_KEY=sk-verysecretverysecretverysecret
GIT_TRACE_SCRUTINY=$world/trace git scrutiny theory/one --reviewers=lab/broken,lab/beta \
	>"$world/secret" 2>&1
ok "$([ -s "$world/trace" ]; echo $?)" 'there is a trace'
git cat-file --batch-all-objects --batch >"$world/objects"
unlike "$(cat "$world/trace" "$world/secret" "$world/objects" theory/*/scrutiny.* 2>/dev/null | tr -d '\000')" \
	'verysecret' 'and no key in traces, output, records or reports'

# -- copies of one paper ----------------------------------------------------------------------------

paper copies/one
echo '% a copy' >>copies/one/main.tex
cp -r copies/one copies/two
before=$(answers)
run git scrutiny --reviewers=lab/alpha copies
is "$(answers)" $((before + 1)) 'copies of a paper are asked about once'
like "$out" 'in 2 papers\.' 'and both are reported'
