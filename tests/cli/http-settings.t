#!/bin/sh
# git's own settings of proxies and certificates count for models.

# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=papers.sh
. "$source_tree/tests/cli/papers.sh"
command -v openssl >/dev/null 2>&1 || skip_all 'openssl is not there'
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=lab -addext subjectAltName=IP:127.0.0.1 \
	-keyout "$world/key.pem" -out "$world/cert.pem" >/dev/null 2>&1 || skip_all 'openssl makes no certificate'
cat "$world/cert.pem" "$world/key.pem" >"$world/both.pem"
model_server --tls "$world/both.pem"
secure_port=$port secure_pid=$model_server_pid
rm "$world/port"
model_server --log "$world/log"
trap 'kill $model_server_pid $secure_pid 2>/dev/null; rm -rf "$world"' EXIT
plan 12

repo sha1
paper theory/one
commit papers
git config scrutiny.lab.endpoint "https://127.0.0.1:$secure_port/v1"

run git scrutiny --reviewers=lab/alpha --no-write
is "$status" 2 'a certificate nobody vouches for is refused'
like "$err" 'certificate of 127.0.0.1' 'and that is said'
git config "http.https://127.0.0.1:$secure_port.sslCAInfo" "$world/cert.pem"
run git scrutiny --reviewers=lab/alpha --no-write
is "$status" 0 'http.<url>.sslCAInfo vouches for it'
git config --unset "http.https://127.0.0.1:$secure_port.sslCAInfo"
git config "http.https://other.example.sslVerify" false
run git scrutiny --reviewers=lab/beta --no-write
is "$status" 2 'sslVerify=false of another server does not count'
git config http.sslVerify false
run git scrutiny --reviewers=lab/beta --no-write
is "$status" 0 'that of all servers does'
git config --unset http.sslVerify

# The server stands in for a proxy; nothing called cloud.example is ever looked up.
git config scrutiny.cloud.endpoint http://cloud.example/v1
git config http.proxy "http://127.0.0.1:9"
git config http.http://cloud.example.proxy "http://127.0.0.1:$port"
run git scrutiny --reviewers=cloud/alpha --no-write
is "$status" 0 'a proxy for one server'
used=$(wc -l <"$world/log")
ok "$([ "$used" -gt 0 ]; echo $?)" 'is used'
git config scrutiny.lab.endpoint "http://127.0.0.1:$port/v1"
run env http_proxy=http://127.0.0.1:9 ALL_PROXY=http://127.0.0.1:9 git scrutiny --reviewers=lab/prose --no-write
unlike "$err" 'proxy' 'a server on this machine is never reached through one'
ok "$([ "$(wc -l <"$world/log")" -gt "$used" ]; echo $?)" 'but directly'

git config scrutiny.cloud.endpoint https://cloud.example/v1
git config http.https://cloud.example.sslVerify false
git config http.https://cloud.example.proxy http://127.0.0.1:9
run git scrutiny --reviewers=cloud/beta,cloud/prose --no-write
is "$(printf '%s\n' "$err" | grep -c 'certificate of https://cloud.example/v1 is not checked')" 1 \
	'that a certificate is not checked is said once'
is "$status" 2 'a proxy that is not there'
like "$err" 'cloud/beta on theory/one: .*cannot connect' 'is an absent server'
