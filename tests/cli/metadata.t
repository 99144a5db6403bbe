#!/bin/sh
# Description, tags and scope of papers, from models, in meta.yaml: never over a person's words.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
model_server --log "$world/log"
plan 32

answers () {
	wc -l <"$world/log" | tr -d ' '
}

repo sha1
lab
git config scrutiny.reviewers lab/alpha,lab/beta
paper theory/one
paper theory/two
mkdir theory/three && sed 's/Short/Long/' theory/one/main.tex >theory/three/main.tex
sed 's/finite/countable/' theory/one/main.tex >theory/two/main.tex
cat >theory/two/meta.yaml <<'END_OF_META'
# mine
title: Sequences # short ones
description: My own words.
tags: [Finite Sequences, order]
END_OF_META
commit 'papers'

# -- a model on this machine is not asked unless somebody says so ----------------------------------------

run git scrutiny run
is "$status" 0 'a run without metadata'
is "$(answers)" 6 'asks each model once a paper'
unlike "$(cat theory/one/meta.yaml)" '^description:' 'and leaves meta.yaml without them'

# -- metadata: true --------------------------------------------------------------------------------------

echo 'metadata: true' >.scrutiny.yml
run git scrutiny run --all
is "$status" 0 'metadata: true'
is "$(answers)" 12 'asks each model for the metadata only'
like "$(cat theory/one/meta.yaml)" '^description: Sequences are shown to be finite\.' 'a description'
like "$(cat theory/one/meta.yaml)" '^  - Finite Sequences$' 'a tag as the repository spells it'
like "$(cat theory/one/meta.yaml)" '^  - well-orders$' 'a new one that both give'
unlike "$(cat theory/one/meta.yaml)" 'only-alpha|only-beta' 'not one that only one of two gives'
like "$(cat theory/one/meta.yaml)" '^semantic_scope: ' 'and the scope'
is "$(head -n 4 theory/two/meta.yaml)" '# mine
title: Sequences # short ones
description: My own words.
tags: [Finite Sequences, order]' 'what a person wrote stays'
like "$(cat theory/two/meta.yaml)" '^semantic_scope: ' 'and what was missing is added'
python3 "$source_tree/tests/tools/validate-json.py" "$source_tree/docs/formats/meta.schema.json" \
	theory/one/meta.yaml theory/two/meta.yaml >"$world/valid" 2>&1
case $? in
0 | 77) ok 0 'as the schema says' ;;
*) ok 1 'as the schema says'; diagnose "$(cat "$world/valid")" ;;
esac

run git scrutiny run --all
is "$(answers)" 12 'what was asked is not asked again'
git add -A && git commit -qm reports
cp theory/one/meta.yaml "$world/meta.yaml"
printf 'title: On short sequences\n' >theory/one/meta.yaml
run git scrutiny report --replay theory/one
is "$(grep -E '^(description|semantic_scope):' theory/one/meta.yaml)" \
	"$(grep -E '^(description|semantic_scope):' "$world/meta.yaml")" 'it comes back from the records, offline'
is "$(answers)" 12 'without a call'
git checkout -q theory/one

# -- a person goes on writing ----------------------------------------------------------------------------

sed -e 's/^description: .*/description: Better words./' -e 's/^  - well-orders$/  - mine # really/' \
	theory/one/meta.yaml >x && mv x theory/one/meta.yaml
echo '% changed' >>theory/one/main.tex
run git scrutiny run
is "$(answers)" 16 'a changed paper is asked about again'
like "$(cat theory/one/meta.yaml)" '^description: Better words\.' "a person's description stays"
like "$(cat theory/one/meta.yaml)" '^  - mine # really$' "and so does a person's tag"
unlike "$(cat theory/one/meta.yaml)" 'well-orders' 'and what was taken out stays out'

# -- who is asked ----------------------------------------------------------------------------------------

printf 'metadata: false\n' >.scrutiny.yml
echo '% changed' >>theory/two/main.tex
run git scrutiny run theory/two
is "$(answers)" 18 'metadata: false'
printf 'description: d\ntags: [a]\nsemantic_scope: s\n' >theory/three/meta.yaml
printf 'metadata: true\n' >.scrutiny.yml
echo '% changed' >>theory/three/main.tex
run git scrutiny run theory/three
is "$(answers)" 20 'a meta.yaml that a person filled asks for nothing'
printf 'metadata: maybe\n' >.scrutiny.yml
run git scrutiny run
is "$status" 128 'metadata is true or false'
like "$err" "\.scrutiny\.yml:1:11: .*metadata" 'and said where not'
rm .scrutiny.yml
run git scrutiny run --tasks=nonsense
like "$err" 'metadata' 'the task has a name'

# -- a model that cannot do it ---------------------------------------------------------------------------

printf 'metadata: true\n' >.scrutiny.yml
rm -f theory/three/meta.yaml
git config scrutiny.reviewers lab/alpha,lab/nometa
echo '% again' >>theory/three/main.tex
run git scrutiny run theory/three
is "$status" 0 'a model without metadata has reviewed nevertheless'
like "$err" 'warning: lab/nometa on theory/three: no description, tags and scope: ' 'as is said'
like "$(cat theory/three/meta.yaml)" '^description: ' 'and another gives them'

run git scrutiny run theory/three --no-write --reviewers=lab/prose --tasks=review,metadata
is "$(printf '%s\n' "$err" | grep -c '^warning: lab/prose on theory/three: ')" 1 'who fails at everything is told of once'

git config --unset scrutiny.reviewers
printf 'metadata: true\nreviewers: [lab/curt]\nfallback: {lab/curt: [lab/gamma]}\n' >.scrutiny.yml
before=$(answers)
echo '% and again' >>theory/three/main.tex
run git scrutiny run theory/three
is "$status" 0 'one whose server refuses that question has reviewed, too'
like "$err" 'warning: lab/curt on theory/three: no description, tags and scope: .*I do not describe' 'as is said'
is "$(answers)" $((before + 1)) 'and nobody else is asked for the review'
