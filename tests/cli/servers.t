#!/bin/sh
# Real model servers: aimock, which speaks the providers' APIs, and a small language model on the
# CPU. Each part is skipped where its server is not installed and may not be (TEST_INSTALL=1).

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
plan 18

# start SCRIPT: starts a server; sets $address, or $reason why there is none.
start () {
	address='' reason=''
	BUILD=$SCRUTINY_BUILD "$source_tree/tests/servers/$1" >"$world/$1.out" 2>"$world/$1.err" &
	server=$!
	servers="${servers-} $server"
	# shellcheck disable=SC2064 # the list as it is now
	trap "kill $servers 2>/dev/null; rm -rf '$world'" EXIT
	waited=0
	while [ -z "$address" ] && [ "$waited" -lt 300 ]; do
		sleep 1
		waited=$((waited + 1))
		address=$(sed -n 's|.*\(http://127[^ "]*\).*|\1|p' "$world/$1.out" | head -n 1)
		if ! kill -0 "$server" 2>/dev/null; then
			reason=$(tail -n 1 "$world/$1.err")
			return
		fi
	done
	[ -n "$address" ] || reason="no answer from $1 in 300 seconds"
}

repo sha1
mkdir theory
cat >theory/main.tex <<'END'
\documentclass{article}
\title{Smooth functions}
\author{Ada Marsh}
\begin{document}
\section{A lemma}
Every continuous function is differentiable. It follows that every path has a tangent.
\end{document}
END
commit papers

# -- aimock ---------------------------------------------------------------------------------------

start aimock-start
if [ -n "$reason" ]; then
	skip 12 "$reason"
else
	git config scrutiny.mock.endpoint "$address/v1"
	run git scrutiny --reviewers=mock/reviewer --no-write
	is "$status" 0 'an OpenAI-compatible server answers'
	like "$out" 'A continuous function need not be differentiable' 'with its finding'
	like "$out" '^ +6: error' 'at the place of its quote'
	run git scrutiny theory --reviewers=mock/slow --no-write
	is "$status" 0 'an answer that comes slowly, piece by piece'
	run git scrutiny theory --reviewers=mock/busy --no-write
	is "$status" 0 'a server that is busy is asked again when it says'
	run git scrutiny theory --reviewers=mock/prose --no-write
	is "$status" 0 'prose is repaired in a second round'
	export OPENAI_API_KEY=test-key OPENAI_BASE_URL="$address/v1"
	run git scrutiny theory --reviewers=openai/gpt-6-luna --no-write
	is "$status" 0 'OPENAI_BASE_URL is honoured'
	unset OPENAI_API_KEY OPENAI_BASE_URL
	OLLAMA_HOST=$address
	export OLLAMA_HOST
	run git scrutiny theory --reviewers=ollama/llama3.1 --no-write
	is "$status" 0 'the API of Ollama'
	like "$out" 'ollama/llama3.1' 'is spoken'
	OLLAMA_HOST=http://127.0.0.1:9
	run git scrutiny run --reviewers=mock/reviewer,mock/nobody
	is "$status" 2 'a model that is not there fails alone'
	like "$(cat theory/scrutiny.md)" 'mock/nobody' 'as the report says'
	like "$(cat theory/scrutiny.json)" '"grounding": "exact"' 'and quotes are found in the paper'
fi

# -- a real model -----------------------------------------------------------------------------------

start llm-start
if [ -n "$reason" ]; then
	skip 6 "$reason"
else
	git config scrutiny.small.endpoint "$address"
	git config scrutiny.small.contextTokens 4096
	git config scrutiny.small.maxTokens 600
	git checkout -q . && git clean -qfd
	run git scrutiny theory --reviewers=small/gemma-3-270m
	# A model this small may run into the limit of its answer; then it fails as such.
	case $status in
	0 | 1 | 2) ok 0 'a real model is asked' ;;
	*) ok 1 "a real model is asked (exit $status: $err)" ;;
	esac
	unlike "$err" 'fatal' 'and whatever it says is survived'
	like "$(cat theory/scrutiny.md)" 'small/gemma-3-270m' 'the report names it'
	python3 -m json.tool theory/scrutiny.json >/dev/null
	ok $? 'the report for programs parses'
	like "$(git ls-tree -r --name-only refs/scrutiny/records)" 'replies/[0-9a-f]{64}' 'its answer is kept'
	cp theory/scrutiny.md "$world/before.md"
	git scrutiny report --replay && cmp -s theory/scrutiny.md "$world/before.md"
	ok $? 'and the report rebuilt from it'
fi
