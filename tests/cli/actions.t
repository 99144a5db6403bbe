#!/bin/sh
# actions/scrutiny: its steps run as GitHub's runner would (tests/tools/run-action.py), for pushes, pull requests and those
# of forks, also with hostile names and words.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
# shellcheck source=jobs.sh
. "$source_tree/tests/cli/jobs.sh"
model_server --requests "$world/requests"
plan 77
action=$source_tree/actions/scrutiny

asked () {
	now=$(cat "$world/requests" 2>/dev/null | wc -l)
	echo $((now - $(cat "$world/asked" 2>/dev/null || echo 0)))
	echo "$now" >"$world/asked"
}

# of_request HEAD BASE: a pull request from the repository HEAD, with words of its author.
of_request () {
	python3 - "$1" "$2" >"$world/event" <<'PYTHON'
import json
import sys

evil = "$(touch pwned) `touch pwned` \"; touch pwned; '\n::set-env name=X::y\n##[add-mask]x %0A::error::z"
print(json.dumps({"pull_request": {
    "number": 7, "title": evil, "body": evil,
    "head": {"ref": evil, "repo": {"full_name": sys.argv[1]}},
    "base": {"sha": sys.argv[2], "ref": "main", "repo": {"full_name": "lab/papers"}}}}))
PYTHON
}
# A checkout of what is at the hub, as actions/checkout makes it.
checkout () {
	cd "$world/work" || exit 1
	rm -rf job
	git clone -q "$world/work/hub" job && cd job || exit 1
	git checkout -q "$1"
	lab
}

# -- what it says of itself ----------------------------------------------------------------------------------

cat >look.py <<'PYTHON'
import re
import sys

import yaml

documents = {}
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        documents[name] = yaml.safe_load(file)
for name, document in documents.items():
    jobs = document["jobs"] if "jobs" in document else {"": document["runs"]}
    for job in jobs.values():
        for step in job["steps"]:
            if "${{" in step.get("run", ""):
                print(name, "a script holds an expression:", step["run"])
            uses = step.get("uses", "./")
            if not uses.startswith("./") and not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", uses):
                print(name, "not pinned:", uses)
    if "jobs" in document:
        if "permissions" not in document:
            print(name, "no permissions")
        if "pull_request_target" in str(document.get(True)):
            print(name, "pull_request_target")
        for title, job in jobs.items():
            if "timeout-minutes" not in job:
                print(name, title, "no timeout")
setup = [d for n, d in documents.items() if n.endswith("setup/action.yml")][0]["runs"]["steps"]
scrutiny = [d for n, d in documents.items() if n.endswith("scrutiny/action.yml")][0]["runs"]["steps"]
if any(step not in scrutiny for step in setup):
    print("the steps of setup differ")
PYTHON
is "$(python3 look.py "$source_tree"/actions/*/action.yml "$source_tree"/.github/workflows/*.yml 2>&1)" '' \
	'scripts hold no expressions, actions of others are pinned, permissions and timeouts are set'
if BUILD="$SCRUTINY_BUILD" "$source_tree/tests/servers/actionlint" --install >/dev/null 2>&1; then
	run env BUILD="$SCRUTINY_BUILD" "$source_tree/tests/servers/actionlint" "$source_tree"/.github/workflows/*.yml
	is "$status $out" '0 ' 'actionlint finds nothing in the workflows'
else
	skip 1 'actionlint is not installed (TEST_INSTALL=1 installs it)'
fi
if tool=$(BUILD="$SCRUTINY_BUILD" "$source_tree/tests/servers/zizmor" 2>/dev/null); then
	run "$tool" --offline --quiet --no-progress --format=plain "$source_tree/actions" "$source_tree/.github/workflows"
	is "$status" 0 'zizmor finds nothing'
	[ "$status" = 0 ] || diagnose "$out"
else
	skip 1 'zizmor is not installed (TEST_INSTALL=1 installs it)'
fi

# -- a push --------------------------------------------------------------------------------------------------

git init -q --bare hub
repo sha1 author
lab
paper theory/one
broken_paper theory/two
commit papers
git remote add origin ../hub
git push -q origin main
checkout main
event "{\"before\": \"0000000000000000000000000000000000000000\"}"
push='GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/main'
# shellcheck disable=SC2086
job "$action" $push -- --input reviewers=lab/alpha
is "$(of conclusion)" failure 'a push with an error fails'
is "$(asked)" 2 'the models were asked'
like "$(of annotations)" '^error\|theory/two/main.tex\|10\|reference-undefined\|.*sec:nowhere' 'an annotation stands at its line'
like "$(of log)" 'at or above the level of "fail-on"' 'why it fails is said'
is "$(output verdict)/$(output errors)/$(output papers)/$(output status)" errors/1/2/1 'the counts are outputs'
like "$(of summary)" '^## Papers: 1 error, .* in 2 papers$' 'the summary has the counts'
like "$(of summary)" '\(https://github.com/lab/papers/blob/[0-9a-f]{40}/theory/two/main.tex#L10\)' 'and links to lines'
like "$(cat "$(output sarif)")" '"ruleId": "reference-undefined"' 'SARIF is there'
like "$(cat "$(output report)")" '^# Review of ' 'the report is there'
like "$(cat "$(output json)")" '"rule": "reference-undefined"' 'so are the findings in JSON'
is "$(of uses)" '' 'nothing is uploaded unless it is wished'
ok "$(git -C ../hub rev-parse -q --verify refs/scrutiny/records >/dev/null; echo $?)" 'the records are pushed'
is "$(git status --porcelain)" '' 'the work tree is as it was'

checkout main
# shellcheck disable=SC2086
job "$action" $push -- --input reviewers=lab/alpha --input fail-on=never --input sarif=true
is "$(of conclusion)" success 'the same in another job, where nothing fails it'
is "$(asked)" 0 'what was answered is not asked again'
like "$(of uses)" '"uses": "github/codeql-action/upload-sarif@[0-9a-f]{40}", "with": \{"category": "git-scrutiny"' \
	'code scanning gets the findings'

before=$(git rev-parse HEAD)
cd ../author || exit 1
sed -i 's/finite/not finite/' theory/one/main.tex
commit change
git push -q origin main
checkout main
event "{\"before\": \"$before\"}"
# shellcheck disable=SC2086
job "$action" $push -- --input reviewers=lab/alpha
is "$(of conclusion)/$(output papers)" success/1 'only what the push changes is looked at'
is "$(asked)" 1 'and asked about'

# shellcheck disable=SC2086
job "$action" $push -- --input all=true --input commit=push --input fail-on=never \
	--input reviewers=builtin
is "$(of conclusion)" success 'reports are committed'
like "$(git -C ../hub show --stat --format=%an main)" 'github-actions\[bot\]' 'by the robot'
like "$(git -C ../hub show --name-only --format= main)" '^theory/two/scrutiny.md$' 'and pushed to the branch'
tip=$(git -C ../hub rev-parse main)
checkout main
git -c user.name=a -c user.email=a@b commit -q --allow-empty -m 'not of the push'
# shellcheck disable=SC2086
job "$action" $push GITHUB_SHA="$tip" -- --input all=true --input commit=push --input fail-on=never --input reviewers=builtin
is "$(of conclusion)/$(git -C ../hub rev-parse main)" "success/$tip" 'nothing is pushed when there is nothing new'
# What a job that was cancelled has left, and nothing else.
git clone -q ../hub ../stopped && cd ../stopped || exit 1
mkdir -p .git/scrutiny/journal/ledger
echo '{}' >.git/scrutiny/journal/ledger/2026-11%2F22-killed.jsonl
# shellcheck disable=SC2086
job "$action" $push -- --input papers='theory/no-such' --input fail-on=never
is "$(git -C ../hub show refs/scrutiny/records:v1/ledger/2026-11/22-killed.jsonl)" '{}' 'what a cancelled job was answered is pushed'
cd ../job || exit 1
# shellcheck disable=SC2086
job "$action" $push -- --input papers='theory/no-such' --input fail-on=never
is "$(of conclusion)" failure 'a paper that is not there'
like "$(of log)" 'no-such' 'is told'

# -- a pull request of the repository ------------------------------------------------------------------------

cd ../author || exit 1
git pull -q --rebase origin main
git checkout -q -b topic
broken_paper theory/three
sed 's/short/third/g' theory/three/main.tex >x && mv x theory/three/main.tex
commit three
git push -q origin topic
git checkout -q main
echo '% more' >>theory/two/main.tex
commit 'meanwhile on main'
git push -q origin main
git checkout -q -b merged main
git merge -q -m merge topic
git push -q origin merged
checkout merged
base=$(git rev-parse origin/main~)
of_request lab/papers "$base"
request='GITHUB_EVENT_NAME=pull_request GITHUB_REF=refs/pull/7/merge'
# shellcheck disable=SC2086
job "$action" $request -- --input reviewers=lab/alpha --input comment=false
is "$(output papers)" 1 'of a pull request what it changes is looked at, and not what main does'
is "$(asked)" 1 'with models'
like "$(of annotations)" '^error\|theory/three/main.tex\|10\|' 'an annotation stands at its line'
is "$(of commands)" '' 'the runner got no other command'
is "$(find "$world" -name 'pwned*')" '' 'no word of its author was run'
# shellcheck disable=SC2086
job "$action" $request -- --input commit=push --input comment=false --input fail-on=never
like "$(of annotations)" '^notice\|\|\|git scrutiny\|reports are committed in jobs on branches only' 'nothing is committed there'
git clone -q --depth=1 --branch merged "file://$world/work/hub" ../shallow
cd ../shallow || exit 1
# shellcheck disable=SC2086
job "$action" $request -- --input reviewers=builtin --input comment=false
is "$(output papers)" 2 'a shallow clone gets what it is compared with: the base that the event tells'

# -- a pull request of a fork --------------------------------------------------------------------------------

cd ../author || exit 1
git checkout -q -b evil main
# shellcheck disable=SC2016 # hostile on purpose
for name in '$(touch pwned)' '`touch pwned2`' '-rf' '"; touch pwned3; "' '::set-env name=X::y' '%0A::error::z' '##[add-mask]q' \
	"$(printf 'new\nline::add-mask::w')" '--output=pwned4' ':(exclude)x' '::stop-commands::t'; do
	mkdir -p "./$name"
	paper "./$name"
	# What is wrong there is shown with the words of the line.
	sed 's/as Section.*says/::add-mask::e ##[add-mask]f %0A::error::g \\ref{sec:nowhere$(touch pwned5)}/' \
		"./$name/main.tex" >x && mv x "./$name/main.tex"
done
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do broken_paper "many/$n"; done
printf 'reviewers: lab/alpha\n' >.scrutiny.yml
mkdir -p actions/scrutiny
printf '#!/bin/sh\ntouch pwned6\n' | tee git-scrutiny actions/scrutiny/facts.sh >Makefile
chmod +x git-scrutiny actions/scrutiny/facts.sh
printf '* filter=evil diff=evil merge=evil\n' >.gitattributes
commit evil
git push -q origin evil
checkout evil
of_request mallory/papers "$(git rev-parse origin/main)"
job "$action" GITHUB_EVENT_NAME=pull_request GITHUB_REF=refs/pull/8/merge GITHUB_HEAD_REF='$(touch pwned7)' \
	OPENAI_API_KEY=sk-key-of-the-lab -- --input reviewers=lab/alpha --input sarif=true \
	--input commit=push --input token=the-token-of-the-job
is "$(asked)" 0 'no model is asked about the change of a fork'
is "$(find "$world" -name 'pwned*')" '' 'nothing of it is run'
is "$(of commands)" '' 'the runner obeys none of its words'
is "$(of conclusion)/$(output verdict)" failure/errors 'it is checked all the same'
is "$(of annotations | grep -c '^error|.*|reference-undefined|')" 10 'with as many annotations as GitHub shows'
is "$(of annotations | cut -d'|' -f1,4 | sort -u | grep -vE '^[a-z]*[|]([a-z-]*|git scrutiny|plausible claim of alpha)$')" '' \
	'each of which is one of ours'
like "$(of log)" '^[0-9]+ errors.* in 25 papers, of which [0-9]+ errors.* only in the report' 'how many more is said'
like "$(of summary)" '^## Papers: [0-9]+ errors' 'and a summary'
unlike "$(of summary)" '^::|^##\[' 'in which they are words'
unlike "$(cat "$result/raw" "$result/summary" "$result/outputs"; cat "$world"/runner/git-scrutiny-report.*/*)" \
	'the-token|sk-key' 'no secret is in any output'
if schema=$(BUILD="$SCRUTINY_BUILD" "$source_tree/tests/servers/sarif-schema" 2>/dev/null); then
	run python3 "$source_tree/tests/tools/validate-json.py" "$schema" "$(output sarif)"
	[ "$status" = 77 ] || is "$status $out" '0 ' 'SARIF is as its schema says'
	[ "$status" != 77 ] || skip 1 "$out"
else
	skip 1 "the schema of SARIF is not installed (TEST_INSTALL=1 installs it)"
fi
is "$(of uses)" '' 'nothing is uploaded'
like "$(of log)" 'skipped: Push records' 'no records are pushed'
like "$(of log)" 'skipped: Tell the pull request' 'nothing is written to it'
is "$(git -C ../hub rev-parse evil)" "$(git rev-parse HEAD)" 'nothing is committed'
git clone -q --depth=1 --branch evil "file://$world/work/hub" ../shallow-evil
cd ../shallow-evil || exit 1
printf 'papers: [theory/one]\n' >.scrutiny.yml
job "$action" GITHUB_EVENT_NAME=pull_request GITHUB_REF=refs/pull/8/merge -- --input all=true --input fail-on=never
like "$(of log)" ' in 2[0-9] papers' 'also in a shallow clone it is the policy of the branch to go into that counts'
cd ../job || exit 1
for hostile in issue_comment workflow_run pull_request_review; do
	job "$action" GITHUB_EVENT_NAME="$hostile" GITHUB_REF=refs/heads/main -- \
		--input reviewers=lab/alpha --input fail-on=never --input commit=push
	is "$(asked)/$(of conclusion)" 0/success "$hostile may be about a fork: no model"
done
job "$action" GITHUB_EVENT_NAME=pull_request_target GITHUB_REF=refs/heads/main --
is "$(of conclusion)/$(asked)" failure/0 'pull_request_target is refused'
like "$(of annotations)" 'use pull_request$' 'with what to use'
of_request lab/papers "$(git rev-parse origin/main)"
job "$action" GITHUB_EVENT_NAME=pull_request GITHUB_REF=refs/pull/8/merge GITHUB_ACTOR='dependabot[bot]' -- \
	--input reviewers=lab/alpha --input fail-on=never
is "$(asked)/$(of conclusion)" 0/success 'Dependabot has no secrets: no model'
event '{"pull_request": {}}'
job "$action" $request -- --input reviewers=lab/alpha --input fail-on=never
is "$(asked)/$(of conclusion)" 0/success 'an event that does not say whose it is counts as a fork'

# -- a container ---------------------------------------------------------------------------------------------

# The folder belongs to another user there.
checkout main
event '{}'
if [ "$(id -u)" = 0 ] && chown -R 65534 . 2>/dev/null; then
	# shellcheck disable=SC2086
	job "$action" $push -- --input reviewers=builtin --input fail-on=never
	is "$(of conclusion)/$(output papers)" success/2 'the checkout may belong to somebody else'
else
	skip 1 'only root can give files away'
fi

# -- inputs --------------------------------------------------------------------------------------------------

# shellcheck disable=SC2016 # hostile on purpose
for hostile in 'max-cost=1; touch pwned8' 'max-cost=-1' 'fail-on=$(touch pwned8)' 'commit=yes' 'comment=1' 'sarif=' \
	'reviewers=--output=pwned8' 'reviewers=$(touch pwned8)' 'directory=/no/such' 'all=maybe' 'version=1; touch pwned8' \
	'checksum=abc'; do
	# shellcheck disable=SC2086
	job "$action" $push -- --input "$hostile"
	is "$(of conclusion)$(grep -c '^error' "$result/annotations")" failure1 "refused: $hostile"
done
is "$(find "$world" -name 'pwned*')" '' 'and nothing of it was run'

# -- the token -----------------------------------------------------------------------------------------------

# A git that shows what it would have sent.
mkdir "$world/bin"
cat >"$world/bin/git" <<END
#!/bin/sh
for word; do
	case \$word in
	-c | *=*) continue ;;
	push | ls-remote | fetch) ;;
	*) break ;;
	esac
	printf '%s %s\n' "\$GIT_CONFIG_KEY_1" "\$GIT_CONFIG_VALUE_1" >>"$world/sent"
	printf '%s\n' "\$*" >>"$world/arguments"
	exit 128
done
exec $(command -v git) "\$@"
END
chmod +x "$world/bin/git"
checkout main
git remote set-url origin https://github.com/lab/papers
event '{}'
# shellcheck disable=SC2086
job "$action" $push PATH="$world/bin:$PATH" -- --input reviewers=builtin --input token=s3cr3t \
	--input fail-on=never
is "$(of conclusion)" success 'a server that is not there does not fail the job'
like "$(of annotations)" 'the records of earlier runs could not be fetched' 'and is told'
is "$(sort -u "$world/sent")" \
	"http.https://github.com/.extraheader Authorization: Basic $(printf 'x-access-token:s3cr3t' | base64)" \
	'git gets the token in its environment'
unlike "$(cat "$world/arguments" "$result/raw")" 's3cr3t|eC1hY2Nlc3' 'and nowhere else'
is "$(git config --get-regexp extraheader)" '' 'it is written into no file'
