#!/bin/sh
# What plan says against what a run then costs, by a server that counts with a real tokenizer. TEST_CORPUS may name
# a folder of papers; without it, the demo's are taken.

# shellcheck source=servers.sh
. "${0%/*}/servers.sh"
need_server counting-start
corpus=${TEST_CORPUS:-}
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
start_server counting-start
plan 10

repo sha1
[ -n "$corpus" ] || corpus=$source_tree/demo
(cd "$corpus" && find . \( -name '*.tex' -o -name '*.bib' -o -name '*.md' \) -size -1000k ! -name scrutiny.md \
	! -name '[A-Z]*.md' | tar cf - -T -) | tar xf -
commit papers
git config scrutiny.lab.endpoint "$address"
git config scrutiny.lab.contextTokens 128000
git config --add scrutiny.lab.price '* 2 10 cached=0.20'

value () {
	python3 -c 'import json, sys
at = json.load(open(sys.argv[1]))
for key in sys.argv[2:]:
    at = at[int(key)] if isinstance(at, list) else at[key]
print(at)' "$@"
}

git scrutiny plan --json --checks-only >"$world/papers"
first=$(value "$world/papers" papers 0 paper)

# within PERCENT GOT TRUE NAME
within () {
	python3 -c 'import sys
percent, got, true = map(float, sys.argv[1:])
print(f"# {got:g} planned, {true:g} used: {100 * (got / true - 1):+.1f} %")
sys.exit(abs(got / true - 1) * 100 > percent)' "$1" "$2" "$3"
	ok $? "$4"
}

# plan_and_run NAME OPTION...: writes $world/NAME.plan and .cost, the latter of this run alone.
plan_and_run () {
	name=$1
	shift
	git scrutiny cost --json >"$world/$name.before"
	git scrutiny plan --json "$@" >"$world/$name.plan"
	git scrutiny run --no-write -q --format=json --fail-on=never -o "$world/$name.out" "$@" 2>"$world/$name.err" || cat "$world/$name.err"
	git scrutiny cost --json >"$world/$name.after"
	python3 -c 'import json, sys
before, after = (json.load(open(f))["total"] for f in sys.argv[1:])
print(json.dumps({k: after[k] - before[k] for k in after}))' "$world/$name.before" "$world/$name.after" >"$world/$name.cost"
}

# The first paper tells how long answers are.
plan_and_run first --reviewers=lab/alpha "$first"
within 15 "$(value "$world/first.plan" input_tokens)" "$(value "$world/first.cost" input_tokens)" \
	'the tokens of a first paper are known within 15 %'

plan_and_run one --reviewers=lab/alpha --tasks=review
within 15 "$(value "$world/one.plan" input_tokens)" "$(value "$world/one.cost" input_tokens)" \
	'one question a paper: tokens in within 15 %'
within 40 "$(value "$world/one.plan" output_tokens)" "$(value "$world/one.cost" output_tokens)" \
	'and roughly those out, from the one answer there was'
within 15 "$(value "$world/one.plan" usd)" "$(value "$world/one.cost" usd)" 'and cost'
is "$(value "$world/one.plan" calls)" "$(value "$world/one.cost" requests)" 'in as many calls'

tasks=summary,correctness,experiments,novelty,clarity
plan_and_run warm --reviewers=lab/beta --tasks=$tasks "$first"
plan_and_run many --reviewers=lab/beta --tasks=$tasks --all
within 15 "$(value "$world/many.plan" input_tokens)" "$(value "$world/many.cost" input_tokens)" \
	'five questions over one text: tokens in within 15 %'
within 40 "$(value "$world/many.plan" output_tokens)" "$(value "$world/many.cost" output_tokens)" 'and those out'
within 15 "$(value "$world/many.plan" usd)" "$(value "$world/many.cost" usd)" 'and cost, with what the cache saved'
ok "$(python3 -c 'import sys; print(int(float(sys.argv[1]) < float(sys.argv[2])))' \
	"$(value "$world/many.plan" usd_at_most)" "$(value "$world/many.cost" usd)")" 'which is below what it said at most'
is "$(value "$world/many.plan" calls)" "$(value "$world/many.cost" requests)" 'in as many calls'
