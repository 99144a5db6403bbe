#!/bin/sh
# Money: prices, budgets that stop a run, and the ledger of what was spent.

# shellcheck disable=SC2016 # dollars are money here
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
model_server --log "$world/log" --latency 0.05
plan 53

# Every answer of the server has 100 tokens in and 50 out.
papers () {
	for name in one two three four; do
		paper "theory/$name"
		sed "s/short/$name/g" "theory/$name/main.tex" >x && mv x "theory/$name/main.tex"
	done
	commit papers
}

answers () {
	touch "$world/log"
	wc -l <"$world/log" | tr -d ' '
}

# value KEY...: of the JSON in $out.
value () {
	printf '%s' "$out" | python3 -c '
import json, sys
at = json.load(sys.stdin)
for key in sys.argv[1:]:
    at = at[int(key)] if isinstance(at, list) else at[key]
print(at)' "$@"
}

validate () {
	python3 "$source_tree/tests/tools/validate-json.py" "$source_tree/docs/formats/$1" "$2" >"$world/said" 2>&1
	case $? in
	0) ok 0 "$3" ;;
	77) skip 1 'there is no jsonschema' ;;
	*) ok 1 "$3"
	   diagnose "$(cat "$world/said")" ;;
	esac
}

# priced REPOSITORY PRICES: a repository of four papers whose models cost that.
priced () {
	cd "$world/work" || exit 1
	repo sha1 "$1"
	lab
	git config --add scrutiny.lab.price "$2"
	papers
	: >"$world/log"
}

# -- spending and the account of it -----------------------------------------------------------------

priced account 'alpha 10 50'
git config --add scrutiny.lab.price 'beta 20 100 upTo=1000'
run git scrutiny cost
is "$status" 0 'nothing was spent yet'
like "$out" '^No model was asked for money since [-0-9]*\.$' 'and that is said'
like "$out" '^this month \$0.00, warn at \$15.00, stop at \$20.00: \$20.00 left$' 'with the usual limits'

run git scrutiny --reviewers=lab/alpha,lab/beta
is "$status" 0 'a run within its budget ends well'
like "$out" 'Cost \$0.042, \$0.042 this month' 'and tells what it did cost'
run git scrutiny cost
like "$out" '^lab/beta +4 +400 +0 +200 +\$0.0280$' 'cost shows each model, the dearest first'
like "$out" '^total +8 +800 +0 +400 +\$0.0420$' 'and the total'
like "$out" '^this month \$0.042, .*: \$19.96 left' 'and what the budget leaves'
run git scrutiny cost --by=paper
like "$out" '^theory/one +2 .*\$0.0105$' 'by paper'
run git scrutiny cost --by=author
like "$out" '^[^ ]+.*<.*> +8 .*\$0.0420$' 'by the author of the last commit on it'
run git scrutiny cost --by=task --since=yesterday
like "$out" '^review +8 ' 'by task'
run git scrutiny cost --by=day --since="$(date +%Y-%m-%d)"
like "$out" "^$(date +%Y-%m-%d) +8 " 'by day'
run git scrutiny cost --since=someday
is "$status" 129 'what is no date is an error'
run git scrutiny cost --json
is "$(value total usd)" 0.042 'as JSON'
printf '%s\n' "$out" >"$world/cost.json"
validate cost.schema.json "$world/cost.json" 'that keeps to its schema'
page=$(git ls-tree -r --name-only refs/scrutiny/records | grep '^v1/ledger/')
git show "refs/scrutiny/records:$page" | head -n 1 >"$world/line.json"
validate spending.schema.json "$world/line.json" 'as does the ledger'
is "$(find .git/scrutiny/spending -type f)" '' 'no file of the run is left'

git clone -q . ../clone
run git -C ../clone scrutiny records fetch
run git -C ../clone scrutiny cost --json
is "$(value month usd)" 0.042 'a clone that fetched the records knows the spending'
run git scrutiny --all --reviewers=lab/alpha,lab/beta
run git scrutiny cost --json
is "$(value total usd)" 0.042 'what is recorded is not paid for again'
rmdir .git/scrutiny/spending && : >.git/scrutiny/spending
run git scrutiny --all --reviewers=lab/alpha,lab/beta
is "$status" 0 'nor does it need an account'
rm .git/scrutiny/spending

# -- unknown prices ----------------------------------------------------------------------------------

git config scrutiny.lab.price 'alpha x' 'beta'
run git scrutiny plan --all --reviewers=lab/alpha
is "$status" 129 'a row of prices that cannot be read is an error'
like "$err" "scrutiny.lab.price 'alpha x': it must begin with <model> <in> <out>" 'and is shown'
git config --unset-all scrutiny.lab.price
git config --add scrutiny.lab.price 'other 1 1'
git config --add scrutiny.lab.price '* 1 1 until=2001-01-01'
run git scrutiny plan --all --reviewers=lab/prose
like "$out" 'price unknown' 'a model no row covers today has no price'
run git scrutiny --reviewers=lab/busy --max-cost=1 theory/one
is "$status" 3 'and is not asked under a limit of ones own'
like "$err" '^warning: stopped: the price of lab/busy is unknown, and the budget of this run is limited' 'which is told'

# -- budgets that stop a run --------------------------------------------------------------------------

priced stops '* 10 50'
run git scrutiny --reviewers=lab/alpha --max-cost=0.01
is "$status" 3 'a run that cannot afford a request ends with 3'
is "$(answers)" 0 'and sends none'
like "$err" '^warning: stopped: the budget of \$0.010 for this run leaves \$0.010, the next request may cost \$0.1[0-9]+; 4 reviews are missing, the next run asks for them$' 'saying why, once'
is "$(printf '%s\n' "$err" | grep -c warning)" 1 'in one line'
like "$(cat theory/one/scrutiny.md)" 'lab/alpha.*(over-budget|budget)' 'the report tells it too'
run git scrutiny --reviewers=lab/alpha --max-cost=0.2
is "$status" 0 'what is reserved at its dearest makes room when it is settled'
is "$(answers)" 4 'so that all are asked'
like "$out" 'Cost \$0.014, ' 'for much less than the limit'
run git scrutiny --max-cost=1,5
is "$status" 129 '--max-cost takes an amount'

printf 'budget:\n  run: 0.01\n' >.scrutiny.yml
run git scrutiny --reviewers=lab/beta --max-cost=5
is "$status" 3 'the repository can lower what the user allows'
printf 'budget:\n  run: 500\n' >.scrutiny.yml
run git scrutiny --reviewers=lab/beta --max-cost=0.01
is "$status" 3 'and not raise it'
printf 'budget:\n  runs: 500\n' >.scrutiny.yml
run git scrutiny
like "$err" "^fatal: .scrutiny.yml:2:3: unknown key 'runs' in 'budget'; did you mean 'run'\\?" 'mistakes have a place'
rm .scrutiny.yml
git config scrutiny.budget.month 0.02
run git scrutiny plan --reviewers=lab/beta
like "$err" '^warning: the run would stop at the budget of \$0.020 for this month' 'plan tells what would stop it'
git config scrutiny.budget.month lots
run git scrutiny
like "$err" "scrutiny.budget.month is 'lots': it must be an amount in US dollars, or none" 'so do mistakes of the user'
git config scrutiny.budget.month 10
git config scrutiny.budget.monthWarn 0.01
run git scrutiny --reviewers=lab/beta
like "$err" '^warning: models have cost \$0.01[0-9]* this month, past the \$0.010 to warn at; no more is spent than \$10.00$' 'a warning comes before the end'
is "$(printf '%s\n' "$err" | grep -c 'to warn at')" 1 'once'

# -- a free model goes on -------------------------------------------------------------------------------

priced mixed 'alpha 10 50'
run git scrutiny --reviewers=lab/alpha,lab/beta --max-cost=0
is "$status" 3 'where a budget stops one model'
is "$(answers)" 4 'those that are free go on'
like "$(cat theory/two/scrutiny.md)" 'lab/beta' 'and are in the report'

# -- two processes ----------------------------------------------------------------------------------------

# An answer costs $0.05, and may cost $2.05 and the tokens sent; so one is in flight at a time.
priced together '* 0 1000'
git config scrutiny.budget.month 2.3
git scrutiny theory/one theory/two --reviewers=lab/alpha >"$world/first" 2>&1 &
first=$!
git scrutiny theory/three theory/four --reviewers=lab/beta >"$world/second" 2>&1
wait $first
run git scrutiny cost --json
is "$(value total requests)" "$(answers)" 'every answer two processes got is in the ledger'
is "$(python3 -c 'import sys; print(0 < float(sys.argv[1]) <= 2.3)' "$(value total usd)")" True 'and they kept the limit together'

# -- a run that is killed -----------------------------------------------------------------------------------

priced killed '* 10 50'
# Not through git, which would be what is killed.
git-scrutiny theory/one --reviewers=lab/hang >"$world/hang" 2>&1 &
hanging=$!
for _ in $(seq 100); do
	grep -q reserved .git/scrutiny/spending/*.jsonl 2>/dev/null && break
	sleep 0.1
done
run git scrutiny cost --json
is "$(value total requests)" 0 'what is in flight is not spent yet'
kill -9 $hanging
wait $hanging 2>/dev/null
run git scrutiny cost --json
is "$(value total estimated)" 1 'what a killed run had in flight is'
before=$(value total usd)
run git scrutiny theory/two --reviewers=lab/alpha
run git scrutiny cost --json
is "$(value total estimated) $(value total requests)" '1 2' 'the next run books it'
is "$(python3 -c 'import sys; print(round(float(sys.argv[1]) - float(sys.argv[2]), 6))' "$(value total usd)" "$before")" 0.0035 'at what was reserved'
is "$(find .git/scrutiny/spending -type f)" '' 'and puts its file away'

# -- plan and cost ---------------------------------------------------------------------------------------------

priced agree '* 0 50'
run git scrutiny theory/one --reviewers=lab/alpha
run git scrutiny plan --json --reviewers=lab/alpha
printf '%s\n' "$out" >"$world/plan.json"
validate plan.schema.json "$world/plan.json" 'plan has a schema'
planned=$(value usd)
run git scrutiny --reviewers=lab/alpha
run git scrutiny cost --json
is "$(python3 -c 'import sys; print(round(float(sys.argv[1]) - 0.0025, 6) == round(float(sys.argv[2]), 6))' "$(value total usd)" "$planned")" True 'answers are expected to be as long as they were'
