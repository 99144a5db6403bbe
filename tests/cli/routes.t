#!/bin/sh
# Who reviews which paper: routes, dearer models where the cheap ones disagree, and who steps in.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
model_server --log "$world/log" --requests "$world/requests"
plan 39

# asked: the models of the last requests, sorted.
asked () {
	cut -d ' ' -f 2 "$world/requests" | sort | tr '\n' ' '
	: >"$world/requests"
}
: >"$world/requests"

repo sha1
lab
git config scrutiny.other.endpoint "http://127.0.0.1:$port/v1/"
paper drafts/a
paper main/a
echo '% other bytes' >>main/a/main.tex
commit papers

# -- routes -----------------------------------------------------------------------------------------

cat >.scrutiny.yml <<'END'
reviewers: [lab/gamma]
routes:
  - papers: [main]
    reviewers: [lab/alpha, lab/gamma]
    escalate: [lab/beta]
END
run git scrutiny run
is "$status" 0 'papers are reviewed'
is "$(asked)" 'alpha gamma gamma ' 'each by the reviewers of its route'
run git scrutiny run
like "$out" '^2 papers up to date' 'and are fresh by those'

sed 's/alpha, lab.gamma/alpha, lab\/repairs/; s/lab.beta/lab\/gamma/' .scrutiny.yml >x && mv x .scrutiny.yml
sed 's/lab.repairs/lab\/beta/' .scrutiny.yml >x && mv x .scrutiny.yml
echo '% b' >>main/a/main.tex
run git scrutiny run
is "$(asked)" 'alpha beta gamma ' 'one more is asked where scores lie apart'
like "$(cat main/a/scrutiny.json)" '"reviewer": "lab/gamma"' 'and is in the report'
run git scrutiny run
like "$out" '^2 papers up to date' 'once'
run git scrutiny run --all
is "$(asked)" '' 'also when everything is looked at again'
run git scrutiny plan main
like "$out" 'recorded' 'the plan knows'

printf 'routes: [{papers: main, reviewers: [lab/gamma], escalate: lab/alpha, when: never}]\n' >.scrutiny.yml
echo '% c' >>main/a/main.tex
run git scrutiny run main
is "$(asked)" 'gamma ' 'never'
printf 'routes: [{papers: main, reviewers: [lab/gamma], escalate: lab/alpha, when: always}]\n' >.scrutiny.yml
run git scrutiny run main
is "$(asked)" 'alpha ' 'always'
run git scrutiny run --reviewers=lab/beta main
is "$(asked)" 'beta ' '--reviewers overrides routes'

# -- killed between the cheap and the dear ----------------------------------------------------------

printf 'routes: [{papers: main, reviewers: [lab/gamma], escalate: lab/hang}]\n' >.scrutiny.yml
echo '% d' >>main/a/main.tex
"$SCRUTINY_BUILD/git-scrutiny" run main >/dev/null 2>&1 &
pid=$!
for _ in $(seq 100); do
	grep -q hang "$world/requests" && break
	sleep 0.1
done
kill -9 $pid
wait $pid 2>/dev/null
is "$(asked)" 'gamma hang ' 'killed when the dear one had been asked'
printf 'routes: [{papers: main, reviewers: [lab/gamma], escalate: lab/alpha}]\n' >.scrutiny.yml
run git scrutiny run
is "$(asked)" 'alpha ' 'the next run asks that one only'

printf 'routes: [{papers: main, reviewers: [lab/gamma], escalate: lab/quota}]\n' >.scrutiny.yml
git config scrutiny.reviewers lab/alpha
git config --unset scrutiny.reviewers
echo '% e' >>main/a/main.tex
run git scrutiny run main
is "$status" 2 'a dear one that fails leaves the review incomplete'
asked >/dev/null
run git scrutiny run main
like "$(asked)" '^quota ' 'and is asked again'

# -- falling back -----------------------------------------------------------------------------------

cat >.scrutiny.yml <<'END'
reviewers: [lab/quota]
fallback:
  lab/quota: [nowhere/x, other/quota, other/alpha]
END
git scrutiny run drafts >/dev/null 2>&1
asked >/dev/null
echo '% f' >>main/a/main.tex
echo '% f' >>drafts/a/main.tex
run git scrutiny plan
like "$out" '^ .* lab/quota$' 'the plan shows who is asked'
unlike "$out" 'other/' 'and not who might step in'
run git scrutiny run
is "$status" 0 'another model steps in'
like "$err" '^warning: lab/quota: .*429.*quota exceeded.*9 h; fell back to other/quota' 'which is said'
like "$err" '^warning: other/quota: .*; fell back to other/alpha' 'down the chain'
is "$(printf '%s\n' "$err" | grep -c 'lab/quota')" 1 'once for all papers'
like "$(cat main/a/scrutiny.md)" 'Answer [0-9]+ of alpha' 'its answer is in the report'
like "$(cat main/a/scrutiny.json)" '"message": ".*fell back to other/quota' 'which tells why'
like "$(asked)" '^alpha alpha quota' 'each was asked'
run git scrutiny run
like "$(asked)" '^quota' 'the next run tries the first again'
unlike "$(asked)" 'alpha' 'and does not pay the other twice'
is "$status" 0 'with what is recorded'
printf 'local_only: drafts\n' >>.scrutiny.yml
run git scrutiny run --all
is "$status" 0 'local_only papers may go to models here'
git config scrutiny.reviewers lab/quota
run git scrutiny run main
is "$status" 2 'fall-backs of the repository do not count for reviewers of the user'
git config --unset scrutiny.reviewers

for case in \
	'routes: main|' \
	'routes: [{paper: main}]|' \
	'fallback: [lab/alpha]|'; do
	printf '%s\n' "${case%|*}" >.scrutiny.yml
	run git scrutiny run
	like "$err" '^fatal: .scrutiny.yml:1:[0-9]+: ' "refused: ${case%|*}"
done

# -- how long ---------------------------------------------------------------------------------------

rm .scrutiny.yml
echo '% g' >>main/a/main.tex
run git scrutiny run --reviewers=lab/hang,lab/gamma --deadline=2s main
is "$status" 2 'a run ends at its deadline'
like "$err" '^warning: lab/hang on main/a: ' 'what was not answered is told'
like "$(cat main/a/scrutiny.md)" 'Answer [0-9]+ of gamma' 'what was answered is there'
run git scrutiny run --checks-only --deadline=soon # up to date or not
is "$status" 129 'a deadline is a time'
git config scrutiny.lab.concurrency many
run git scrutiny run --reviewers=lab/gamma main
is "$status" 129 'concurrency is a number'
git config scrutiny.lab.concurrency 1
git config scrutiny.hedge often
run git scrutiny run --reviewers=lab/gamma main
like "$err" 'scrutiny.hedge is .often.' 'so is hedge'
git config scrutiny.hedge 3
run git scrutiny run --reviewers=lab/gamma main
is "$status" 0 'with all of them right it runs'
