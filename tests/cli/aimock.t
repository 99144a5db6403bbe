#!/bin/sh
# Models behind a mock of the real APIs that others made: what we send and read is what they
# expect and say, not only what we think.

# shellcheck source=servers.sh
. "${0%/*}/servers.sh"
need_server aimock-start
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
start_server aimock-start
plan 81

# review MODEL: reviews the one paper of a new repository, where nothing is recorded yet.
review () {
	repo sha1 "$world/work/$checks"
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


# -- each provider's own API, found through its environment variables ------------------------------------

export OPENAI_BASE_URL="$address" OPENAI_API_KEY=sk-mock OLLAMA_HOST="$address"
export ANTHROPIC_BASE_URL="$address/v1/" ANTHROPIC_API_KEY=sk-mock
export GOOGLE_GEMINI_BASE_URL="$address" GEMINI_API_KEY=sk-mock

# speaks PROVIDER MODEL: the usual course of things.
speaks () {
	review "$1/$2"
	like "$out" "^paper +1 error.*$1/$2" "$1: its finding is read"
	is "$err" '' "$1: without a complaint"
	[ "$1" = ollama ] || # whose tokens the mock does not count
		like "$(cat paper/scrutiny.json)" '"input_tokens": 900' "$1: the usage is in the report"
}
speaks openai gpt-6-luna
speaks anthropic claude-sonnet-5-5
speaks gemini gemini-3.8-flash
speaks ollama llama3.1

# fails PROVIDER MODEL WORDS
fails () {
	review "$1/$2"
	is "$status" 2 "$1/$2: the reviewer is incomplete"
	like "$err" "^warning: $1/$2 on paper: .*$3" "$1/$2: and the reason is told"
}
for provider in openai anthropic gemini ollama; do
	review "$provider/thinker"
	like "$out" "^paper +1 error.*$provider/thinker" "$provider: what was thought is no answer"
	review "$provider/prose"
	like "$out" "^paper +1 error.*$provider/prose" "$provider: prose is repaired in a second round"
	[ "$provider" = ollama ] || # which never breaks off there
		fails "$provider" short 'broke off at the limit'
	fails "$provider" denied '401 Incorrect API key provided'
	fails "$provider" garbled 'something that is not JSON'
done
fails anthropic refuser 'a content filter of the provider'
fails gemini filtered 'a content filter of the provider'

# -- answers in one piece, as batches have them --------------------------------------------------------

# whole PROVIDER/MODEL PATH
whole () {
	like "$("$SCRUTINY_BUILD/tests/tools/ask-whole" "$1" "$2" 2>&1)" \
		'^ok \{"summary":"The proof rests on a false lemma.*\} 900 60$' "$1: an answer in one piece"
}
if [ -x "$SCRUTINY_BUILD/tests/tools/ask-whole" ]; then
	whole openai/gpt-6-luna /chat/completions
	whole anthropic/claude-sonnet-5-5 /v1/messages
	whole gemini/gemini-3.8-flash /v1beta/models/gemini-3.8-flash:generateContent
else
	skip 3 'ask-whole is not built: make check-cli builds it'
fi

# The mock takes OpenAI's batches, but answers their questions in a sentence of its own.
review openai/none-such
batch () {
	git scrutiny run --batch -q --reviewers=openai/gpt-6-luna >"$world/sent" 2>&1
	git scrutiny collect -q >"$world/under-way" 2>&1
	git scrutiny collect >"$world/collected" 2>&1
	like "$(cat "$world/collected")" 'brought no answer: the answer is prose, not JSON' "$1: a batch goes there and back"
}
batch 'chat completions'

git config --global scrutiny.openai.api responses
speaks openai gpt-6-luna
fails openai short 'broke off at the limit'
fails openai garbled 'something that is not JSON'
review openai/none-such
batch responses
