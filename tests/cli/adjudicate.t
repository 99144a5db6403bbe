#!/bin/sh
# Adjudication: one model rules upon the findings of the others, and changes none.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
model_server --requests "$world/requests"
plan 18

asked () {
	sort "$world/requests" | tr '\n' ' '
	: >"$world/requests"
}
: >"$world/requests"

repo sha1
lab
paper p
commit p
git config scrutiny.reviewers lab/alpha
run git scrutiny run
cp p/scrutiny.json "$world/before.json"
asked >/dev/null
run git scrutiny run --adjudicate=lab/beta p
is "$status" 0 'a model rules upon the findings'
is "$(asked)" 'adjudication beta ' 'in one question'
like "$(tail -n 1 "$world/requests.text")" 'The findings of other reviewers: === manuscript' 'they are fenced'
like "$(tail -n 1 "$world/requests.text")" 'Every short sequence.*The findings' 'behind the paper'
like "$(cat p/scrutiny.md)" '^> \*Adjudication by lab/beta:\* It does not hold\. The next line shows it\.' \
	'its ruling stands beside the finding'
like "$(cat p/scrutiny.md)" 'What it quotes is not in the paper.*a note; holds with 20 %' 'with what it rests on'
like "$(cat p/scrutiny.md)" '^### warning: The claim is stronger' 'the finding stays what it was'
python3 - "$world/before.json" p/scrutiny.json <<'END'
import json, sys
before, after = [json.load(open(f)) for f in sys.argv[1:]]
for f in before["findings"] + after["findings"]:
    f.pop("history")
assert before["findings"] == after["findings"], "findings"
assert [r["reviewer"] for r in before["records"]] == [r["reviewer"] for r in after["records"]]
assert len(after["adjudications"][0]["rulings"]) == 2
END
ok $? 'nothing else is changed, and no ruling is lost'
run git scrutiny run --adjudicate=lab/beta p
is "$(asked)" '' 'the same findings are judged once'
cp p/scrutiny.md "$world/before.md"
rm p/scrutiny.md
run git scrutiny report --replay
cmp -s p/scrutiny.md "$world/before.md"
ok $? 'a replay gives the same bytes'
run git scrutiny run --reviewers=lab/alpha,lab/beta --all
is "$(asked)" 'review beta ' 'an adjudicator may review as well'
run git scrutiny run --adjudicate=lab/beta p
is "$(asked)" 'adjudication beta ' 'other findings are judged anew'
run git scrutiny records verify
is "$status" 0 'the record is in order'

git config scrutiny.adjudicate lab/broken
git config --unset scrutiny.reviewers
printf 'reviewers: lab/gamma\nadjudicate: lab/quota\n' >.scrutiny.yml
echo '% b' >>p/main.tex
run git scrutiny run --adjudicate=none
is "$(asked)" 'review gamma ' 'none is nobody'
git config --unset scrutiny.adjudicate
echo '% c' >>p/main.tex
run git scrutiny run
is "$status" 2 'one that fails leaves the review incomplete'
like "$err" '^warning: lab/quota on p: ' 'and is told'
like "$(cat p/scrutiny.md)" 'adjudication by lab/quota: failed' 'in the report too'
echo '% d' >>p/main.tex
printf 'local_only: p\nreviewers: builtin\nadjudicate: lab/beta\n' >.scrutiny.yml
asked >/dev/null
run git scrutiny run
is "$(asked)" '' 'without claims there is nothing to judge'
