#!/bin/sh
# A real language model, so small that it runs on any machine's CPU: what it says is nonsense, that it
# streams tokens through a grammar made from our schema is not.

# shellcheck source=servers.sh
. "${0%/*}/servers.sh"
need_server llm-start
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
start_server llm-start
plan 9

repo sha1
mkdir paper
cat >paper/main.tex <<'END'
\documentclass{article}
\title{On limits}
\begin{document}
Every continuous function is differentiable.
\end{document}
END
commit paper
git config scrutiny.small.endpoint "$address"
git config scrutiny.small.contextTokens 4096
git config scrutiny.small.maxTokens 800

run git scrutiny --reviewers=small/gemma3-270m --fail-on=never
is "$status" 0 'the model answers with JSON of the schema'
is "$err" '' 'without a complaint'
like "$out" '^paper .*small/gemma3-270m' 'and is named'
like "$(cat paper/scrutiny.json)" '"output_tokens": [1-9]' 'its tokens are counted'
run git scrutiny --reviewers=small/gemma3-270m
like "$out" 'up to date' 'and it is not asked again'

# The same model as an Ollama serves it.
OLLAMA_HOST=$(sed -n 2p "$server_output")
export OLLAMA_HOST
run git scrutiny --all --no-write --reviewers=ollama/gemma3-270m --fail-on=never
is "$status" 0 'the model answers through the API of Ollama'
is "$err" '' 'without a complaint'
like "$out" '^paper .*ollama/gemma3-270m' 'and is named'
like "$(git scrutiny show --all paper)" 'ollama/gemma3-270m' 'its answer is kept'
