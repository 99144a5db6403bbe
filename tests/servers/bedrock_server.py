"""Amazon Bedrock's runtime for tests: the answers are aimock's, the checks are botocore's.

usage: bedrock_server.py <program that starts aimock>

Prints the address, with a free port. A request must be signed for service bedrock with the keys
AKIDMOCKMOCK / mock/secret+key and the session token mock/token, or show the Bedrock key absk-mock; a
signature is computed again by botocore from what has arrived. The path /anthropic stands before
Anthropic's API. Some models fail in ways of their own: `damaged` (a wrong checksum in the stream), `cut`
(half a frame at its end), `exception` and `invalid` (an exception in the stream that time cures, and one
it does not), `throttled` (429 once, then well).
"""

import datetime
import http.client
import json
import signal
import struct
import subprocess
import sys
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEYS = Credentials("AKIDMOCKMOCK", "mock/secret+key", "mock/token")
seen = set()


def frame(kind, name, payload):
    headers = b""
    for key, value in [(f":{kind}-type", name), (":content-type", "application/json"), (":message-type", kind)]:
        headers += bytes([len(key)]) + key.encode() + b"\7" + struct.pack(">H", len(value)) + value.encode()
    body = json.dumps(payload).encode()
    out = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    out += struct.pack(">I", zlib.crc32(out)) + headers + body
    return out + struct.pack(">I", zlib.crc32(out))


def signature_problem(method, url, headers, body):
    """What is wrong with the request's proof of identity, or None."""
    given = headers.get("Authorization", "")
    if given == "Bearer absk-mock":
        return None
    if not given.startswith("AWS4-HMAC-SHA256 Credential=AKIDMOCKMOCK/"):
        return "The security token included in the request is invalid."
    scope = given.partition("Credential=")[2].partition(",")[0].split("/")
    names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    if scope[3] != "bedrock" or "host" not in names or "x-amz-security-token" not in names:
        return "Credential should be scoped to correct service: 'bedrock'."
    date = datetime.datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    if abs((now - date).total_seconds()) > 300:
        return "Signature expired."
    request = AWSRequest(method=method, url=url, data=body, headers={n: headers[n] for n in names})
    request.context["timestamp"] = headers["X-Amz-Date"]
    auth = SigV4Auth(KEYS, "bedrock", scope[2])
    expected = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    if headers["X-Amz-Security-Token"] != KEYS.token or expected != given.rpartition("Signature=")[2]:
        return "The request signature we calculated does not match the signature you provided."
    return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream = None

    def log_message(self, *args):
        pass

    def refuse(self, status, kind, message):
        data = json.dumps({"message": message}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("x-amzn-errortype", kind)
        self.end_headers()
        self.wfile.write(data)

    def send_stream(self, data):
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.amazon.eventstream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def relay(self, path, body):
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc)
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer, data

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = f"http://{self.headers['Host']}{self.path}"
        problem = signature_problem("POST", url, self.headers, body)
        if problem:
            self.refuse(403, "InvalidSignatureException", problem)
            return
        path = self.path
        model = unquote(path.split("/")[2]) if path.startswith("/model/") else ""
        if model == "throttled" and model not in seen:
            seen.add(model)
            self.refuse(429, "ThrottlingException", "Too many requests, please wait before trying again.")
        elif model == "exception" and model not in seen:
            seen.add(model)
            self.send_stream(frame("event", "messageStart", {"role": "assistant"})
                             + frame("exception", "modelStreamErrorException", {"message": "Try again."}))
        elif model == "invalid":
            self.send_stream(frame("exception", "validationException", {"message": "Input is too long."}))
        else:
            if path.startswith("/anthropic/"):
                path = path[len("/anthropic"):]
            answer, data = self.relay(path, body)
            if model == "damaged":
                data = data[:60] + bytes([data[60] ^ 1]) + data[61:]
            elif model == "cut":
                data = data[:-20]
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.getheader("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)


def main():
    aimock = subprocess.Popen([sys.argv[1]], stdout=subprocess.PIPE, text=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        Handler.upstream = "http:" + aimock.stdout.readline().strip().partition("http:")[2]
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
    finally:
        aimock.terminate()


main()
