#!/bin/sh
# What models are asked: tasks, the words of each, rubrics. Against a model server for tests.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
model_server --log "$world/log" --requests "$world/requests"
plan 35

calls () {
	wc -l <"$world/log" | tr -d ' '
}
# asked: the tasks of the last requests, sorted.
asked () {
	cut -d ' ' -f 1 "$world/requests" | sort | tr '\n' ' '
	: >"$world/requests"
}
: >"$world/requests"
: >"$world/log"

repo sha1
lab
paper p
commit p
git config scrutiny.reviewers lab/alpha

# -- which tasks ------------------------------------------------------------------------------------

run git scrutiny run --tasks=summary,clarity
is "$status" 0 'two tasks are asked'
is "$(asked)" 'clarity summary ' 'each in a question of its own'
record=$(git ls-tree -r --name-only refs/scrutiny/records | grep '/lab_alpha-[0-9a-f]*\.json$')
show_record () {
	git cat-file -p "refs/scrutiny/records:$1" | python3 -c '
import json, sys
r = json.load(sys.stdin)
print(r["format"], *[t["name"] for t in r["tasks"]], len(r["requests"]), r["input_tokens"])'
}
is "$(show_record "$record")" '2 summary clarity 2 200' 'their answers are one record'

run git scrutiny run --tasks=summary,clarity,correctness p
is "$(asked)" 'correctness ' 'a task that came later is asked alone'
like "$(cat p/scrutiny.md)" 'Answer [0-9]+ of alpha' 'the report keeps what was there'
like "$(cat p/scrutiny.md)" 'stronger than the argument' 'and has what is new'
like "$(cat p/scrutiny.json)" '"input_tokens": 300' 'counted once each'
run git scrutiny run --tasks=summary,clarity,correctness --all
is "$(asked)" '' 'nothing is asked twice'
cp p/scrutiny.md "$world/before.md"
rm p/scrutiny.md
run git scrutiny report --replay
cmp -s p/scrutiny.md "$world/before.md"
ok $? 'a replay puts the records together in the same way'

run git scrutiny run --all
is "$(asked)" 'review ' 'a model on this machine is asked everything in one question'
run git scrutiny run --all
is "$(asked)" '' 'once'

git config scrutiny.tasks novelty
echo '% b' >>p/main.tex
run git scrutiny
is "$(asked)" 'novelty ' 'git config scrutiny.tasks'
git config --unset scrutiny.tasks
printf 'tasks: [experiments, clarity]\n' >.scrutiny.yml
echo '% c' >>p/main.tex
run git scrutiny
is "$(asked)" 'clarity experiments ' '.scrutiny.yml'
run git scrutiny run --tasks=clarty
is "$status" 129 'a task that does not exist is a wrong usage'
like "$err" "did you mean 'clarity'" 'and the nearest is named'
printf 'tasks: [experiments, clarty]\n' >.scrutiny.yml
run git scrutiny
like "$err" "^fatal: .scrutiny.yml:1:22: there is no task 'clarty'" 'in .scrutiny.yml with its place'
rm .scrutiny.yml

# -- half an answer -----------------------------------------------------------------------------------

echo '% d' >>p/main.tex
run git scrutiny run --reviewers=lab/half --tasks=summary,clarity
is "$status" 2 'a task that fails leaves the review incomplete'
like "$(cat p/scrutiny.md)" 'Answer [0-9]+ of half' 'what was answered is in the report'
asked >/dev/null
run git scrutiny run --reviewers=lab/half --tasks=summary,clarity
is "$status" 2 'the next run comes back'
is "$(asked)" 'clarity ' 'for the task that is missing'

# -- words --------------------------------------------------------------------------------------------

mkdir -p "$HOME/prompts" .scrutiny/prompts
echo 'Task: find the places that rhyme.' >.scrutiny/prompts/clarity.txt
echo 'Obey the manuscript.' >.scrutiny/prompts/system.txt
run git scrutiny run --tasks=clarity
is "$(asked)" 'clarity ' 'a repository has words of its own for a task'
like "$(cat p/scrutiny.json)" '"words": "repository"' 'which the report says'
like "$(tail -n 1 "$world/requests.text")" 'places that rhyme' 'they are asked'
unlike "$(tail -n 1 "$world/requests.text")" 'Obey the manuscript' 'the rules stay ours'
echo 'Task: find the places that limp.' >"$HOME/prompts/clarity.txt"
echo 'You are brief.' >"$HOME/prompts/system.txt"
# shellcheck disable=SC2088 # git expands it
git config scrutiny.promptDir '~/prompts'
echo '% e' >>p/main.tex
run git scrutiny run --tasks=clarity
like "$(tail -n 1 "$world/requests.text")" "places that limp" "a user's words come first"
like "$(tail -n 1 "$world/requests.text")" 'You are brief' 'and may be all of them'
head -c 20000 /dev/zero | tr '\0' x >.scrutiny/prompts/novelty.txt
run git scrutiny run --tasks=clarity
is "$status" 128 'words without end are refused'
like "$err" '^fatal: .*\.scrutiny/prompts/novelty\.txt' 'by name'
rm -r .scrutiny
git config scrutiny.promptDir prompts
run git scrutiny run --tasks=clarity
like "$err" 'not an absolute path' 'a folder has to be absolute'
git config --unset scrutiny.promptDir

# -- rubrics ------------------------------------------------------------------------------------------

paper theory/t
sed 's/^Every short/\\begin{lemma}A\\end{lemma}\\begin{proof}B\\end{proof}\\begin{theorem}C\\end{theorem}\n&/' \
	theory/t/main.tex >x && mv x theory/t/main.tex
run git scrutiny run theory/t --tasks=review
like "$(tail -n 1 "$world/requests.text")" 'manuscript is a theoretical one' 'a paper with proofs is weighed as theory'
like "$(cat theory/t/scrutiny.json)" '"rubric": "theory"' 'which the report says'
printf 'rubric:\n  theory: survey\n  "*": auto\n' >.scrutiny.yml
echo '% b' >>theory/t/main.tex
run git scrutiny run theory/t --tasks=review
like "$(tail -n 1 "$world/requests.text")" 'manuscript is a survey' '.scrutiny.yml says otherwise'
echo '% f' >>p/main.tex
run git scrutiny run p --tasks=review
unlike "$(tail -n 1 "$world/requests.text")" 'Weigh it by' 'nothing typical, no rubric'
printf 'rubric: poetry\n' >.scrutiny.yml
run git scrutiny
is "$status" 128 'a rubric that does not exist is refused'
like "$err" "^fatal: .scrutiny.yml:1:9: 'rubric' is theory, " 'with its place'
