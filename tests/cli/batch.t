#!/bin/sh
# Batches: questions at half price, answered later, recorded like live ones and never paid for twice.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
command -v python3 >/dev/null 2>&1 || skip_all 'python3 is not there'

control=$world/control
mkdir "$control"
python3 "$source_tree/tests/servers/batch_server.py" "$control" >"$world/port" 2>"$world/server.err" &
server=$!
trap 'kill $server 2>/dev/null; chmod -R u+w "$world" 2>/dev/null; rm -rf "$world"' EXIT
for _ in $(seq 20); do
	port=$(head -n 1 "$world/port")
	[ -z "$port" ] || break
	sleep 0.25
done
[ -n "$port" ] || skip_all "the server did not start: $(cat "$world/server.err")"
export OPENAI_BASE_URL="http://127.0.0.1:$port/v1" OPENAI_API_KEY=sk-mock
export ANTHROPIC_BASE_URL="http://127.0.0.1:$port" ANTHROPIC_API_KEY=sk-mock
export GOOGLE_GEMINI_BASE_URL="http://127.0.0.1:$port" GEMINI_API_KEY=sk-mock
plan 84
# What is on loopback counts as local: it would be asked one question, free of charge.
git config --global scrutiny.tasks 'summary, correctness, experiments, novelty, clarity'
git config --global scrutiny.openai.price 'gpt-6-luna 0.1 0.5'

# lines KIND [API]: questions the server was asked.
lines () {
	cat "$control/log" 2>/dev/null | grep -c "^$1 ${2-}"
}

# fresh NAME: a repository with two papers, and a server that knows nothing of it.
fresh () {
	rm -f "$control"/*
	repo sha1 "$world/work/$1"
	paper theory/one
	paper theory/two
	sed 's/short/long/g' theory/two/main.tex >x && mv x theory/two/main.tex
	commit papers
}

# -- from the question to the report, with each API ------------------------------------------------------

# whole REVIEWER
whole () {
	fresh "$checks"
	run git scrutiny --batch --reviewers="$1"
	is "$status" 0 "$1: a batch is sent"
	like "$err" "^sent 10 questions to $1 as a batch" "$1: and that is said"
	like "$out" '^2 papers wait for a batch: .git scrutiny collect.' "$1: with what comes next"
	run git scrutiny collect
	is "$status" 2 "$1: a batch under way is no result yet"
	like "$err" "^$1: its batch is under way" "$1: and told"
	touch "$control/ended"
	run git scrutiny collect
	is "$status" 0 "$1: collected"
	like "$out" "^theory/two +1 warning.*$1" "$1: the answers make the report"
	is "$(lines live)" 0 "$1: nothing was asked live"
}
whole openai/gpt-6-luna
whole anthropic/claude-sonnet-5-5
whole gemini/gemini-3.8-flash
git config --global scrutiny.openai.api responses
whole openai/gpt-6-luna
git config --global --unset scrutiny.openai.api

# -- the same as live, at half the price -------------------------------------------------------------------

facts () {
	python3 -c 'import json,sys
report=json.load(open("theory/one/scrutiny.json"))
for r in report["records"]:
    r.pop("date", None)
    print(r["reviewer"], r["cost_usd"], r["input_tokens"])
print([f["title"] for f in report["findings"]])'
}
fresh same
git scrutiny --batch -q --reviewers=openai/gpt-6-luna theory/one
touch "$control/ended"
git scrutiny collect -q >"$world/findings"
facts >"$world/batch.facts"
fresh live
git scrutiny -q --reviewers=openai/gpt-6-luna theory/one >"$world/findings"
facts >"$world/live.facts"
like "$(cat "$world/live.facts")" '^openai/gpt-6-luna 0.00075 5000' 'five live answers have their price'
is "$(sed 's/0\.000375/0.00075/' "$world/batch.facts")" "$(cat "$world/live.facts")" \
	'a batch makes the same record and report at half of it'

fresh about
git scrutiny --batch -q --tasks=clarity,metadata --reviewers=openai/gpt-6-luna theory/one
touch "$control/ended"
run git scrutiny collect
is "$status" 0 'what the paper is about comes with a batch, too'
like "$(cat theory/one/meta.yaml)" '^tags:' 'and goes into meta.yaml'

# -- nothing is asked twice -----------------------------------------------------------------------------

fresh twice
git scrutiny --batch -q --reviewers=openai/gpt-6-luna
run git scrutiny --reviewers=openai/gpt-6-luna
is "$status" 2 'a live run leaves what waits in a batch'
like "$out" '^theory/one +waiting' 'and says so'
run git scrutiny --batch --reviewers=openai/gpt-6-luna
unlike "$err" '^sent' 'nor is it sent again'
is "$(lines batch) $(lines live)" '10 0' 'each question was asked once'
git clone -q . ../clone
git scrutiny collect -q
(cd ../clone && git fetch -q origin 'refs/scrutiny/*:refs/scrutiny/*' && touch "$control/ended" &&
	git scrutiny collect) >"$world/clone" 2>&1
like "$(cat "$world/clone")" '^theory/one +1 warning' 'a clone that has the records collects it, too'
run git scrutiny --reviewers=openai/gpt-6-luna
like "$out" '^theory/one +1 warning' 'a later run takes in what has arrived'
is "$(lines batch) $(lines live)" '10 0' 'and nobody asked anything again'
run git scrutiny collect
is "$out" 'no batches are under way' 'after which nothing is left'

rm "$control/log"
sed -i 's/Every short/Each short/' theory/one/main.tex
git scrutiny --batch -q --reviewers=openai/gpt-6-luna >"$world/one" 2>&1 &
one=$!
git scrutiny --batch -q --reviewers=openai/gpt-6-luna >"$world/two" 2>&1 &
two=$!
wait $one
wait $two
is "$(lines batch)" 5 'two processes at once send each question once'
rm "$control/ended"

# -- the ways of .scrutiny.yml --------------------------------------------------------------------------

fresh routed
cat >.scrutiny.yml <<'END'
routes:
  - papers: theory
    reviewers: [openai/gpt-6-luna]
    escalate: anthropic/claude-sonnet-5-5
END
run git scrutiny --batch theory/one
like "$err" '^sent 5 questions to openai/gpt-6-luna' 'the first reviewers of a route are asked'
touch "$control/ended"
run git scrutiny collect
is "$status" 2 'when their answers call for others, the review is incomplete'
like "$err" 'anthropic/claude-sonnet-5-5 on theory/one: no answer came' 'and it is told who is missing'
rm "$control/ended"
run git scrutiny --batch theory/one
like "$err" '^sent 5 questions to anthropic/claude-sonnet-5-5' 'whom the next run asks'
touch "$control/ended"
run git scrutiny collect
is "$status" 0 'after which it is complete'
like "$out" '^theory/one .*anthropic/claude-sonnet-5-5' 'with the answers of both'
rm "$control/ended"

# -- money ----------------------------------------------------------------------------------------------

spent () {
	git scrutiny cost --json | python3 -c 'import json,sys
t=json.load(sys.stdin)["total"]
print(t["requests"], t["estimated"], round(t["usd"], 6))'
}
usd () {
	git scrutiny plan --all --json --reviewers=openai/gpt-6-luna "$@" |
		python3 -c 'import json,sys; print(round(json.load(sys.stdin)["usd"] * int(sys.argv[1]), 8))' \
			"$([ "${1-}" = --batch ] && echo 2 || echo 1)"
}
fresh money
is "$(usd --batch)" "$(usd)" 'a batch is planned at half the price'
git scrutiny --batch -q --reviewers=openai/gpt-6-luna theory/one
run git scrutiny plan --reviewers=openai/gpt-6-luna
like "$out" '^theory/one .*waiting' 'what is under way is not planned again'
like "$(spent)" '^5 5 0\.0' 'what a batch can cost is booked when it is sent'
touch "$control/ended"
git scrutiny collect >"$world/findings" 2>&1
is "$(spent)" '5 0 0.000375' 'and replaced by what it did cost when it is collected'
fresh poor
run git scrutiny --batch --max-cost=0.0001 --reviewers=openai/gpt-6-luna theory/one
is "$status $(lines batch)" '3 0' 'a budget stops a batch before it is sent'
fresh mean
touch "$control/refuse"
git scrutiny --batch -q --reviewers=openai/gpt-6-luna theory/one >"$world/findings" 2>&1
like "$(spent)" '^[05] 0 0$' 'a batch that was refused has cost nothing'

# -- what goes wrong -----------------------------------------------------------------------------------

fresh partial
git scrutiny --batch -q --reviewers=anthropic/claude-sonnet-5-5 theory/one
touch "$control/ended" "$control/partial"
run git scrutiny collect
is "$status" 2 'a batch with a failed request is incomplete'
like "$err" '^warning: anthropic/claude-sonnet-5-5: 4 of 5 answers of its batch are taken in' 'and told'
run git scrutiny --reviewers=anthropic/claude-sonnet-5-5 theory/one
is "$status $(lines live)" '0 1' 'only the failed request is asked again'

fresh expired
git scrutiny --batch -q --reviewers=openai/gpt-6-luna theory/one
echo expired >"$control/ended"
run git scrutiny collect
like "$err" '^warning: openai/gpt-6-luna: 1 of 5 answers.*expired' 'an expired batch is told as such'

fresh refused
touch "$control/refuse"
run git scrutiny --batch --reviewers=gemini/gemini-3.8-flash
like "$err" '^warning: the batch for gemini/gemini-3.8-flash was not accepted: 400 batches are refused here' \
	'a batch that is refused is told'
rm "$control/refuse"
run git scrutiny --reviewers=gemini/gemini-3.8-flash
is "$(lines live)" 10 'and its questions are free to be asked'

# The answer to the sending was lost: the server knows.
for reviewer in openai/gpt-6-luna anthropic/claude-sonnet-5-5 gemini/gemini-3.8-flash; do
	fresh "lost-$checks"
	touch "$control/drop"
	run git scrutiny --batch --reviewers="$reviewer" theory/one
	like "$err" "^warning: the batch for $reviewer was not confirmed" "$reviewer: a lost answer is told"
	touch "$control/ended"
	run git scrutiny collect
	like "$out" "^theory/one +1 warning.*$reviewer" "$reviewer: and the batch is found"
done

# Killed between the sending and the answer.
for reviewer in openai/gpt-6-luna anthropic/claude-sonnet-5-5 gemini/gemini-3.8-flash; do
	fresh "killed-$checks"
	touch "$control/hang"
	git-scrutiny --batch --reviewers="$reviewer" theory/one >"$world/findings" 2>&1 &
	sending=$!
	for _ in $(seq 100); do
		[ "$(lines batch)" = 5 ] && break
		sleep 0.05
	done
	kill -KILL $sending
	wait $sending 2>/dev/null
	rm "$control/hang"
	touch "$control/ended"
	run git scrutiny collect
	like "$out" "^theory/one +1 warning.*$reviewer" "$reviewer: a batch is found after a kill"
	is "$(lines batch) $(lines live)" '5 0' "$reviewer: and nothing is asked again"
done

# One that takes long to send, while another process collects.
fresh slow
touch "$control/hang" "$control/forget"
git-scrutiny --batch -q --reviewers=openai/gpt-6-luna theory/one >"$world/findings" 2>&1 &
sending=$!
for _ in $(seq 100); do
	[ "$(lines batch)" = 5 ] && break
	sleep 0.05
done
sed -i 's/"date": [0-9]*/"date": 1/' "$(find .git/scrutiny -name '*intent*')"
run git scrutiny collect
is "$status" 2 'a batch that is being sent is under way'
like "$err" 'another git scrutiny is sending it' 'as is told, however long it takes'
rm "$control/hang" "$control/forget"
wait $sending
touch "$control/ended"
run git scrutiny collect
is "$status $(lines batch) $(lines live)" '0 5 0' 'and its answers are taken in'

# A server that has forgotten it, or another account.
fresh forgotten
git scrutiny --batch -q --reviewers=openai/gpt-6-luna theory/one
touch "$control/forget"
run git scrutiny collect
like "$err" '^warning: openai/gpt-6-luna: its batch cannot be collected: 404' 'a batch that the server does not know is told'
run git scrutiny --no-batch --reviewers=openai/gpt-6-luna theory/one
is "$status $(lines live)" '0 5' 'and can be given up'
run git scrutiny collect
is "$out" 'no batches are under way' 'for good'

fresh abandoned
git scrutiny --batch -q --reviewers=openai/gpt-6-luna theory/one
run git scrutiny --no-batch --reviewers=openai/gpt-6-luna theory/one
is "$status" 0 'a batch can be given up'
is "$(lines live)" 4 'and what it has answered is not asked again'

fresh logged
git config scrutiny.promptLog "$HOME/prompts"
git scrutiny --batch -q --reviewers=openai/gpt-6-luna theory/one
is "$(grep -c "^==== request" "$HOME/prompts")" 5 'each question is in the log of prompts once'
