#!/bin/sh
# Models behind a mock of the real APIs that others made: what we send and read is what they
# expect and say, not only what we think.

# shellcheck source=servers.sh
. "${0%/*}/servers.sh"
need_server aimock-start
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
start_server aimock-start
plan 27

# review MODEL: reviews the one paper of a new repository, where nothing is recorded yet.
review () {
	repo sha1 "$world/work/${1#*/}"
	mkdir paper
	cat >paper/main.tex <<'END'
\documentclass{article}
\title{On limits}
\begin{document}
Every continuous function is differentiable.
\end{document}
END
	commit paper
	git config scrutiny.mock.endpoint "$address"
	run git scrutiny --reviewers="$1"
}

for model in reviewer fenced slow bytes; do
	review "mock/$model"
	like "$out" "^paper +1 error.*mock/$model" "$model: its finding is read"
	is "$err" '' "$model: without a complaint"
done

review mock/busy
like "$out" '^paper +1 error.*mock/busy' 'busy: asked again after the time it said'
review mock/prose
like "$out" '^paper +1 error.*mock/prose' 'prose: repaired in a second round'

# complains MODEL WORDS
complains () {
	review "mock/$1"
	is "$status" 2 "$1: the reviewer is incomplete"
	like "$err" "^warning: mock/$1 on paper: .*$2" "$1: and the reason is told"
}
complains quota '429 Quota exceeded, retry after 9 h'
complains denied '401 Incorrect API key provided'
complains failing '400 This model is not for chats'
complains never-json 'the answer is prose, not JSON'
complains garbled 'something that is not JSON'
complains short 'broke off at the limit'
complains filtered 'content filter'

OPENAI_BASE_URL=$address OPENAI_API_KEY=sk-mock review openai/gpt-6-luna
like "$out" '^paper +1 error.*openai/gpt-6-luna' 'openai, found through its environment variables'
like "$(cat paper/scrutiny.json)" '"input_tokens": 900' 'the usage is in the report'
OLLAMA_HOST=$address review ollama/llama3.1
like "$out" '^paper +1 error.*ollama/llama3.1' 'ollama, found through its environment variable'
