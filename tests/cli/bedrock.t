#!/bin/sh
# Amazon Bedrock from end to end: aimock answers, botocore checks every signature.

# shellcheck source=servers.sh
. "${0%/*}/servers.sh"
need_server bedrock-start
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
start_server bedrock-start
plan 31

export AWS_ENDPOINT_URL_BEDROCK_RUNTIME="$address" AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
export AWS_ACCESS_KEY_ID=AKIDMOCKMOCK AWS_SECRET_ACCESS_KEY=mock/secret+key AWS_SESSION_TOKEN=mock/token

# review MODEL: reviews the one paper of a new repository, where nothing is recorded yet.
number=0
review () {
	number=$((number + 1))
	repo sha1 "$world/work/$number"
	mkdir paper
	cat >paper/main.tex <<'END'
\documentclass{article}
\title{On limits}
\begin{document}
Every continuous function is differentiable.
\end{document}
END
	commit paper
	run git scrutiny --reviewers="bedrock/$1"
}

# speaks MODEL: the usual course of things.
speaks () {
	review "$1"
	like "$out" "^paper +1 error.*bedrock/$1" "$1: its finding is read"
	is "$err" '' "$1: without a complaint"
	like "$(cat paper/scrutiny.json)" '"input_tokens": 900' "$1: the usage is in the report"
}

# fails MODEL WORDS
fails () {
	review "$1"
	is "$status" 2 "$1: the reviewer is incomplete"
	like "$err" "^warning: bedrock/$1 on paper: .*$2" "$1: and the reason is told"
}

speaks us.amazon.nova-pro-v1:0
speaks arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-5-5
speaks global.anthropic.claude-sonnet-5-5

review throttled
like "$out" '^paper +1 error.*bedrock/throttled' 'throttled: asked again'
review exception
like "$out" '^paper +1 error.*bedrock/exception' 'an exception in the stream that time cures: asked again'
fails invalid 'Input is too long'
fails damaged 'event stream is damaged: the checksum of a message is wrong'
fails cut 'broke off in the middle of a message'
fails guarded 'a content filter of the provider'

AWS_SECRET_ACCESS_KEY=another
fails global.anthropic.claude-sonnet-5-5 '403 The request signature we calculated does not match.*; signed with the keys of: environment'
GIT_TRACE_SCRUTINY=1 review us.amazon.nova-pro-v1:0
unlike "$err" 'another|AKIDMOCKMOCK|mock/token|Signature=' 'no secret is in the trace'
like "$err" '403 The request signature' 'which tells what happened'

unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
export AWS_BEARER_TOKEN_BEDROCK=absk-mock
speaks us.amazon.nova-pro-v1:0
unset AWS_BEARER_TOKEN_BEDROCK
review us.amazon.nova-pro-v1:0
like "$err" 'no AWS credentials were found' 'without credentials that is said'
unset AWS_REGION
export AWS_ACCESS_KEY_ID=AKIDMOCKMOCK AWS_SECRET_ACCESS_KEY=mock/secret+key AWS_SESSION_TOKEN=mock/token
review us.amazon.nova-pro-v1:0
like "$err" 'which AWS region' 'without a region, too'
git config --global scrutiny.bedrock.region eu-west-1
speaks global.anthropic.claude-sonnet-5-5
