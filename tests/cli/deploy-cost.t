#!/bin/sh
# What `git deploy cost` says of a ledger of hours.

. "${0%/*}/lib.sh"
plan 22

configuration () {
	cat >.deploy.yml <<'END'
app: web-demo
registry: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/web-demo
image:
  base: python:3.12-slim
port: 8501
budget:
  warn: 10
  stop: 12
environments:
  prod:
    instance: web-demo
END
}

# book FILE: what is on standard input becomes that file of the ledger.
book () {
	blob=$(git hash-object -w --stdin) &&
		tree=$(printf '100644 blob %s\t%s\n' "$blob" "$1" | git mktree) &&
		git update-ref refs/deploy/hours "$(git commit-tree -m hours "$tree")"
}

repo
run git deploy cost
is "$status" 0 'without a ledger and a configuration there is nothing to tell'
like "$out" '^No instance ran\.$' 'and that is said'
like "$out" '^this month 0\.0 h, \$0\.00$' 'without budgets'

configuration
commit one
month=$(date -u +%Y-%m)
start=$(date -u -d "$month-01" +%s)
now=$(date -u +%s)
old=$((start - 86400 * 3))
last=$(date -u -d @$old +%Y-%m)
# Two hours ago, if that was this month.
run=$((now - 7200 > start ? now - 7200 : start))
book "$month.jsonl" <<END
{"instance":"i-0old","from":$old,"environment":"prod","type":"t3.medium","region":"eu-central-1","usd_hour":0.05}
{"instance":"i-0old","from":$old,"until":$((old + 36000))}
{"instance":"i-0new","from":$start,"environment":"test","type":"x9.huge","region":"eu-central-1"}
{"instance":"i-0new","from":$start,"until":$((start + 1))}
{"instance":"i-0run","from":$run,"environment":"prod","type":"t3.medium","region":"eu-central-1","usd_hour":2.5,"at_most":43200}
END
run git deploy cost
is "$status" 0 'cost of a ledger'
like "$out" "^$last +prod +10 h +\\\$0\\.50\$" 'has a row for the last month'
like "$out" "^$month +test +0\\.0 h +unknown\$" 'does not take an unknown price for nothing'
like "$out" '^prod i-0run \(t3\.medium\) runs since .*, \$2\.50 an hour, until .* at most$' 'tells what runs'
like "$out" '^this month .*, warn at \$10\.00, stop at \$12\.00: .* h left for what runs$' 'and what the budget leaves'
like "$err" 'deploy\.price' 'says how an unknown price is set'

run git -c 'deploy.price=x9.huge = 3600' deploy cost --env=test
like "$out" '^total +0\.0 h +\$1\.00$' 'a price that is set later counts'
unlike "$out" 'unknown' 'and is known then'

run git deploy cost --env=test
unlike "$out" '^[0-9-]+ +prod' '--env leaves out the others'
run git deploy cost --since="$month"
unlike "$out" "^$last" '--since leaves out what was before'
run git deploy cost --since=yesterdy
is "$status" 129 'a date that is none is a usage error'
run git -c deploy.price=cheap deploy cost
is "$status" 129 'so is a price that is none'
like "$err" "deploy\\.price has 'cheap'" 'which is named'

run git deploy cost --json
is "$status" 0 '--json'
printf '%s\n' "$out" >cost.json
run python3 "$source_tree/tests/tools/validate-json.py" "$source_tree/docs/formats/deploy-cost.schema.json" cost.json
is "$status" 0 'is as its schema says'

git show "refs/deploy/hours:$month.jsonl" >lines
: >lines.err
while read -r line; do
	printf '%s\n' "$line" >line.json
	python3 "$source_tree/tests/tools/validate-json.py" "$source_tree/docs/formats/deploy-hours.schema.json" line.json \
		>>lines.err 2>&1 || echo bad >>lines.err
done <lines
is "$(cat lines.err)" "" 'the lines of the ledger are as their schema says'

git init -q --bare ../remote.git
git remote add origin ../remote.git
git push -q origin refs/deploy/hours
git update-ref -d refs/deploy/hours
run git deploy cost --no-fetch
like "$out" '^No instance ran\.$' '--no-fetch asks nobody'
run git deploy cost
like "$out" "^$last +prod" 'the hours of other clones are fetched'
git remote set-url origin ../elsewhere.git
run git deploy cost
like "$err" '^warning: cannot fetch the ledger of hours of .origin.* may be missing$' 'that they cannot be is a warning'
