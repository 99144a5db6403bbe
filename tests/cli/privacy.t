#!/bin/sh
# What leaves the machine: less than what is in the paper, and for some papers nothing.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
model_server --log "$world/log" --requests "$world/requests"
plan 51

# A server on another machine, as far as the program can tell: what it is sent goes through a proxy.
cloud () {
	git config scrutiny.cloud.endpoint http://cloud.example/v1
	git config http.http://cloud.example.proxy "http://127.0.0.1:$port"
	lab
}

# asked: how many questions the server was asked since the last time.
asked () {
	now=$(cat "$world/requests" 2>/dev/null | wc -l)
	echo $((now - $(cat "$world/asked" 2>/dev/null || echo 0)))
	echo "$now" >"$world/asked"
}

sent () {
	cat "$world/requests.text" 2>/dev/null
}

# personal_paper FOLDER [KEY]
personal_paper () {
	paper "$1"
	{
		sed '/end{document}/d' "$1/main.tex"
		echo '\section{Data}'
		echo 'For the data write to grace.holm@data-lab.org; her phone is +49 431 880-4445. The samples are many.'
		[ -z "${2-}" ] || echo "The server takes $2 as the key."
		echo '\end{document}'
	} >"$1/new"
	mv "$1/new" "$1/main.tex"
}

# A token of GitHub's shape, in two pieces so that this file holds none.
key=ghp
key=${key}_Zk3vB9qLmT7xWc2RfYh8Nd4Js6PaUe5Gi1Ho

repo sha1
cloud
personal_paper theory/one
commit papers

# -- personal data ----------------------------------------------------------------------------------

run git scrutiny --reviewers=cloud/alpha
is "$status" 0 'a paper with addresses is reviewed'
like "$(sent)" 'write to \[e-mail 1\]; her phone is \[phone 1\]' 'what is sent has placeholders'
unlike "$(sent)" 'grace' 'and not the address'
unlike "$(sent)" '880-4445' 'nor the number'
like "$(cat theory/one/scrutiny.md)" '1 e-mail address, 1 phone number not sent to models on other machines' \
	'the report says so'
run git scrutiny report --replay
like "$(cat theory/one/scrutiny.md)" '1 e-mail address, 1 phone number not sent' 'also when it is made again'
asked >/dev/null
run git scrutiny --all --reviewers=cloud/alpha
is "$(asked)" 0 'the stored replies are found again'
run git scrutiny --reviewers=lab/alpha --no-write
like "$(sent)" 'grace.holm' 'a model on this machine sees everything'
git config scrutiny.privacy.personal allow
run git scrutiny --reviewers=cloud/beta --no-write
like "$(sent)" 'cloud.*grace|grace' 'the user may allow it'
asked >/dev/null
printf 'privacy: {personal: block}\n' >.scrutiny.yml
run git scrutiny --reviewers=cloud/repairs --no-write
is "$status" 2 'the repository may forbid it'
is "$(asked)" 0 'and nothing is sent'
like "$err" 'cloud/repairs on theory/one: not sent: theory/one/main.tex:12 holds what looks like an e-mail' \
	'with the place'
unlike "$err" 'grace' 'but not the address'
printf 'privacy: {personal: allow, keys: redact}\n' >.scrutiny.yml
git config --unset scrutiny.privacy.personal
: >"$world/requests.text"
run git scrutiny --reviewers=cloud/repairs --no-write
unlike "$(sent)" 'grace' 'but it cannot allow anything'
rm .scrutiny.yml
git config scrutiny.privacy.personal maybe
run git scrutiny plan
is "$status" 129 'a word that is none is refused'
git config --unset scrutiny.privacy.personal

# A model that quotes what it was shown is not said to have made it up.
mkdir -p theory/quoted
cat >theory/quoted/main.tex <<'END'
\documentclass{article}
\title{On mail}
\begin{document}
\section{Data}
The data are with grace.holm@data-lab.org for all who ask her.
\end{document}
END
run git scrutiny theory/quoted --reviewers=cloud/alpha
like "$out" '^theory/quoted +1 warning' 'a quote with a placeholder is found in the paper'
like "$(cat theory/quoted/scrutiny.json)" '"quote": "The data are with grace.holm' 'in its own words'
: >"$world/requests.text"
run git scrutiny theory/quoted --reviewers=lab/alpha --adjudicate=cloud/beta --no-write
grep 'findings of other reviewers' "$world/requests.text" >"$world/rulings"
like "$(cat "$world/rulings")" 'quote: The data are with \[e-mail 1\]' 'what models here found is shown to others with placeholders'
unlike "$(cat "$world/rulings")" 'grace' 'and nothing else of it'
rm -r theory/quoted

# -- what would be sent, and what was -----------------------------------------------------------------

asked >/dev/null
run git scrutiny plan theory/one --reviewers=cloud/prose,lab/prose --show-prompts
is "$(asked)" 0 'plan --show-prompts sends nothing'
like "$out" '^==== .* cloud/prose theory/one ' 'and shows what each model would get'
like "$out" 'write to \[e-mail 1\]' 'with placeholders where it is to leave'
like "$out" 'write to grace.holm' 'and without where it stays'
like "$out" '^==== [0-9]+ bytes, SHA-256 [0-9a-f]{64}$' 'with a hash of the bytes'
# shellcheck disable=SC2088 # git expands it
git config scrutiny.promptLog '~/prompts'
run git scrutiny theory/one --reviewers=cloud/prose --no-write
like "$(cat "$HOME/prompts")" 'write to \[e-mail 1\]' 'the log has what was sent'
is "$(stat -c %a "$HOME/prompts" 2>/dev/null || stat -f %Lp "$HOME/prompts")" 600 'for nobody else to read'
chmod 644 "$HOME/prompts"
run git scrutiny theory/one --reviewers=cloud/prose --no-write
is "$status" 129 'a log that others can read stops the run'
git config scrutiny.promptLog "$PWD/prompts"
asked >/dev/null
run git scrutiny theory/one --reviewers=cloud/prose --no-write
is "$status" 129 'and so does one in the work tree'
is "$(asked)" 0 'before anything is sent'
git config --unset scrutiny.promptLog

# -- keys -------------------------------------------------------------------------------------------

personal_paper theory/two $key
commit 'with a key'
asked >/dev/null
run git scrutiny theory/two --reviewers=cloud/alpha,lab/alpha
is "$status" 2 'a paper with a key is not complete'
like "$err" 'cloud/alpha on theory/two: not sent: theory/two/main.tex:13 holds what looks like a token of GitHub' \
	'it is said where the key is'
unlike "$out$err$(cat theory/two/scrutiny.md theory/two/scrutiny.json)" "$key" 'and nowhere repeated'
like "$(cat theory/two/scrutiny.md)" 'lab/alpha' 'models on this machine review it'
printf 'privacy: {keys: redact}\n' >.scrutiny.yml
asked >/dev/null
run git scrutiny theory/two --reviewers=cloud/alpha --no-write
is "$(asked)" 0 'a repository cannot have it sent'
rm .scrutiny.yml
: >"$world/requests.text"
git config scrutiny.privacy.keys redact
run git scrutiny theory/two --reviewers=cloud/alpha --no-write
is "$status" 0 'the user can'
like "$(sent)" 'takes \[secret 1\] as the key' 'with a placeholder'
git config --unset scrutiny.privacy.keys

# A repository's own words for a task are part of what leaves.
mkdir -p .scrutiny/prompts
cp "$source_tree"/prompts/review.txt .scrutiny/prompts/ 2>/dev/null || cp "$source_tree"/prompts/clarity.txt .scrutiny/prompts/
for file in "$source_tree"/prompts/*.txt; do
	name=${file##*/}
	[ "$name" = system.txt ] || { cat "$file"; echo "Use $key and mail grace.holm@data-lab.org."; } >".scrutiny/prompts/$name"
done
paper theory/three
commit prompts
asked >/dev/null
run git scrutiny theory/three --reviewers=cloud/alpha
is "$(asked)" 0 'a key in the words of a question stops it, too'
like "$err" 'not sent: the question holds what looks like a token' 'which is said'
for file in .scrutiny/prompts/*.txt; do
	sed "s/Use $key and/Please/" "$file" >new
	mv new "$file"
done
: >"$world/requests.text"
run git scrutiny theory/three --reviewers=cloud/alpha
like "$(sent)" 'mail \[e-mail 1\]' 'an address in them is replaced'
rm -r .scrutiny

# The tags of papers that stay are not offered to models elsewhere, nor is a key that stands among those of
# another one.
printf 'local_only: secret\n' >.scrutiny.yml
paper secret/one
printf 'tags: [unobtainium]\n' >secret/one/meta.yaml
paper theory/tagged
printf 'tags: [tilings]\n' >theory/tagged/meta.yaml
paper theory/new
sed 's/short/new/g' theory/new/main.tex >new && mv new theory/new/main.tex
: >"$world/requests.text"
run git scrutiny theory/new --reviewers=cloud/alpha --no-write
like "$(sent)" 'tilings' 'tags of other papers are offered'
unlike "$(sent)" 'unobtainium' 'but not those of papers that stay here'
printf 'tags: [tilings, %s]\n' $key >theory/tagged/meta.yaml
sed 's/new/other/g' theory/new/main.tex >new && mv new theory/new/main.tex
run git scrutiny theory/new --reviewers=cloud/alpha --no-write
unlike "$(sent)" "$key" 'and no key among them'
rm -r secret theory/tagged theory/new .scrutiny.yml

# -- local_only -------------------------------------------------------------------------------------

printf 'local_only: [theory/three]\n' >.scrutiny.yml
asked >/dev/null
run git scrutiny theory/three --reviewers=cloud/beta
is "$(asked)" 0 'a local_only paper stays here'
printf 'local_only: theory/[three\n' >.scrutiny.yml
run git scrutiny theory/three --reviewers=cloud/beta
is "$(asked)" 0 'nor with a pattern that cannot be understood'
for pattern in '' '~' '"!theory"' '"theory/{one,three}"' ':theory' '"$PWD/theory"'; do
	printf 'local_only: %s\n' "$pattern" >.scrutiny.yml
	run git scrutiny theory/three --reviewers=cloud/beta
	[ "$status" = 128 ] || break
done
is "$status$(asked)" 1280 'or of a form that is not known'
printf 'local_only: theory/three/*.tex\n' >.scrutiny.yml
run git scrutiny theory/three --reviewers=cloud/beta
is "$(asked)" 0 'files may be named as well as papers'
printf 'local_only: drafts\n' >.scrutiny.yml
mkdir drafts
echo 'A secret proof of many words.' >drafts/proof.tex
paper theory/four
sed 's|^Every short|\\input{../../drafts/proof} Every short|' theory/four/main.tex >new && mv new theory/four/main.tex
commit draft
run git scrutiny theory/four --reviewers=cloud/beta
is "$(asked)" 0 'and what a paper takes from there stays, too'
like "$err$out$(cat theory/four/scrutiny.md)" 'not sent: drafts/proof.tex is local_only' 'with the reason'
git config scrutiny.cloud.api ollama
git config scrutiny.cloud.model alpha
printf 'local_only: theory/three\n' >.scrutiny.yml
run git scrutiny theory/three --reviewers=cloud/alpha
is "$(asked)" 0 "an Ollama elsewhere is not on this machine"
git config --unset scrutiny.cloud.api
printf 'local_only: {theory/three: yes}\n' >.scrutiny.yml
run git scrutiny theory/three --reviewers=cloud/beta
is "$(asked)" 0 'a policy that cannot be read stops everything'
is "$status" 128 'and is told'
