#!/usr/bin/env python3
"""A model server for tests, shaped like OpenAI, Ollama, Anthropic and Gemini, on a free loopback port.

    model_server.py [--log FILE] [--begun FILE] [--requests FILE] [--latency SECONDS] [--key KEY] [--tls FILE]

prints the port on its first line of output and serves until it is killed. What a model does is
its name: `alpha`, `beta` and `gamma` find something in the first sentence they are shown, `prose` never
answers JSON, `repairs` does so only when asked again, `busy` answers 429 once and then well,
`nometa` has nothing to say on metadata, `curt` refuses them, `broken` always answers 500, `half` refuses `clarity`, `quota` is
used up for nine hours, `cut` closes the connection in the middle of the stream, `hang` says nothing.
Every answer carries a number of its own; FILE gets a line `<number> <hash of the request>` when
an answer was sent whole; the file of --begun when its question has come. With --key, requests that do not
show it get 401. The file of --requests gets the task and the model of each question, and that file's name
with ".text" its words on one line. With --tls, FILE holds the
certificate and its key. Used as a proxy, it answers for every host.
"""
import argparse
import hashlib
import itertools
import json
import re
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODELS = ["alpha", "beta", "prose", "repairs", "busy", "broken", "cut", "hang", "half", "gamma", "quota", "nometa",
          "curt"]


class State:
    def __init__(self, log, latency, key=None, requests=None, begun=None):
        self.begun = begun
        self.requests = requests
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.log = log
        self.latency = latency
        self.key = key
        self.seen = set()

    def first_time(self, key):
        with self.lock:
            new = key not in self.seen
            self.seen.add(key)
            return new

    def note_request(self, model, words, task):
        if self.requests:
            text = " ".join(words).replace("\n", " ")
            with self.lock, open(self.requests, "a", encoding="utf-8") as f:
                f.write(f"{task} {model}\n")
            with self.lock, open(self.requests + ".text", "a", encoding="utf-8") as f:
                f.write(text + "\n")

    def note(self, path, number, digest):
        if path:
            with self.lock, open(path, "a", encoding="ascii") as f:
                f.write(f"{number} {digest}\n")


def manuscript_sentence(question):
    body = re.search(r"=== manuscript \w+ ===\n(.*)=== end of manuscript", question, re.S)
    for line in (body.group(1) if body else question).splitlines():
        if len(line) > 30 and not line.startswith("\\"):
            return line.strip()
    return "nothing to quote"


SCORES = {"alpha": 4, "beta": 6}  # `overall` of each model; the others say 5


def task_of(question):
    """What is asked, by the first words behind the paper: see prompts/."""
    words = question.rpartition("=== end of manuscript")[2]
    for task, start in [("review", "review the"), ("summary", "sum the"),
                        ("correctness", "check the arguments"),
                        ("experiments", "check the evidence"), ("novelty", "judge what is new"),
                        ("clarity", "find the places"), ("adjudication", "judge the findings"), ("metadata", "describe the")]:
        if f"Task: {start}" in words:
            return task
    return "unknown"


def metadata(model):
    if model == "nometa":
        return "I would rather not."
    return json.dumps({
        "description": "Sequences are shown to be finite." if model == "alpha"
                       else "It is shown that all sequences of a kind are finite.",
        "tags": ["finite-sequences", "well-orders", f"only-{model}"],
        "scope": "Short sequences, and what comes last in them.",
    })


def rulings(question):
    """One on each finding that is shown, and one on a finding that nobody raised."""
    ids = re.findall(r"^\[([0-9a-f]{12})\]", question, re.M) + ["000000000000"]
    return json.dumps({
        "summary": "The first matters most.", "strengths": [], "weaknesses": [], "questions": [],
        "scores": [],
        "findings": [{
            "quote": "nobody wrote this sentence into the paper", "location": f"[{i}]",
            "title": "It does not hold", "why": "The next line shows it.", "suggestion": "",
            "severity": "note", "confidence": 0.2,
        } for i in ids],
    })


def answer(model, question, number):
    if "Task: judge the findings" in question:
        return rulings(question)
    quote = manuscript_sentence(question)
    task = task_of(question)
    if task == "metadata":
        return metadata(model)
    form = {"summary": "", "strengths": [], "weaknesses": [], "questions": [], "scores": []}
    if task in ("review", "summary"):
        form = {
            "summary": f"Answer {number} of {model}.",
            "strengths": [f"The question is clear ({model})."],
            "weaknesses": [f"The evidence is thin ({model})."],
            "questions": [f"What if the claim fails ({model})?"],
            "scores": [{"criterion": c, "score": s, "reason": f"As {model} sees it."}
                       for c, s in [("soundness", 2), ("presentation", 3), ("contribution", 2),
                                    ("overall", SCORES.get(model, 5)), ("confidence", 4)]],
        }
    if task not in ("review", "correctness"):
        return json.dumps({**form, "findings": []})
    return json.dumps({
        **form,
        "findings": [{
            "quote": quote,
            "location": "",
            "title": "The claim is stronger than the argument that follows",
            "why": f"The text does not show it ({model}).",
            "suggestion": "Weaken the claim or add the missing step.",
            "severity": "warning",
            "confidence": 0.7,
        }],
    })


class Question:
    """What is asked, whatever the provider's way to say it."""

    def __init__(self, path, request):
        self.model = request.get("model") or request.get("name", "")
        if path.startswith("/v1beta/models/"):
            self.api = "gemini"
            self.model = path.removeprefix("/v1beta/models/").partition(":")[0]
            turns = [(t.get("role"), t["parts"]) for t in request.get("contents", [])]
            system = request.get("systemInstruction", {}).get("parts", [])
        else:
            self.api = {"/api/chat": "ollama", "/v1/messages": "anthropic"}.get(path, "openai")
            turns = [(m["role"], m["content"]) for m in request.get("messages", [])]
            system = request.get("system", "")
        self.words = [self.text(system)] if system else []
        self.words += [self.text(content) for _, content in turns]
        self.text = "\n".join(self.text(content) for role, content in turns if role == "user")
        self.again = any(role in ("assistant", "model") for role, _ in turns)

    @staticmethod
    def text(content):
        if isinstance(content, str):
            return content
        return "".join(part.get("text", "") for part in content)


def openai_pieces(model, parts):
    chunks = [{"model": model, "choices": [{"index": 0, "delta": {"content": p},
                                            "finish_reason": None}]} for p in parts]
    chunks.append({"model": model, "choices": [{"index": 0, "delta": {},
                                                "finish_reason": "stop"}]})
    chunks.append({"model": model, "choices": [],
                   "usage": {"prompt_tokens": 100, "completion_tokens": 50,
                             "total_tokens": 150}})
    return [f"data: {json.dumps(c)}\n\n" for c in chunks] + ["data: [DONE]\n\n"]


def ollama_pieces(model, parts):
    lines = [{"model": model, "message": {"role": "assistant", "content": p},
              "done": False} for p in parts]
    lines.append({"model": model, "message": {"role": "assistant", "content": ""},
                  "done": True, "done_reason": "stop",
                  "prompt_eval_count": 100, "eval_count": 50})
    return [json.dumps(line) + "\n" for line in lines]


def anthropic_pieces(model, parts):
    events = [{"type": "message_start",
               "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": [],
                           "stop_reason": None, "usage": {"input_tokens": 100, "output_tokens": 1}}},
              {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}]
    events += [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": p}}
               for p in parts]
    events += [{"type": "content_block_stop", "index": 0},
               {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                "usage": {"output_tokens": 50}},
               {"type": "message_stop"}]
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events]


def gemini_pieces(model, parts):
    chunks = [{"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": p}]}}],
               "modelVersion": model} for p in parts]
    chunks[-1]["candidates"][0]["finishReason"] = "STOP"
    chunks[-1]["usageMetadata"] = {"promptTokenCount": 100, "candidatesTokenCount": 50, "totalTokenCount": 150}
    return [f"data: {json.dumps(c)}\n\n" for c in chunks]


PIECES = {"openai": openai_pieces, "ollama": ollama_pieces,
          "anthropic": anthropic_pieces, "gemini": gemini_pieces}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state = None

    def log_message(self, *args):
        pass

    def send_json(self, status, value, headers=()):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, content in headers:
            self.send_header(name, content)
        self.end_headers()
        self.wfile.write(data)

    def refused(self):
        if not self.state.key or self.headers.get("Authorization") == "Bearer " + self.state.key:
            return False
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_json(401, {"error": {"message": "Incorrect API key provided: "
                                       + self.headers.get("Authorization", "none")}})
        return True

    def do_GET(self):
        if self.refused():
            return
        if self.path == "/api/tags":
            self.send_json(200, {"models": [{"name": m, "model": m} for m in MODELS]})
        elif self.path == "/v1/models":
            self.send_json(200, {"object": "list", "data": [{"id": m} for m in MODELS]})
        elif self.path == "/api/version":
            self.send_json(200, {"version": "0.5.0"})
        else:
            self.send_json(404, {"error": {"message": "not found"}})

    def stream(self, pieces, ollama, cut=False):
        self.send_response(200)
        self.send_header("Content-Type",
                         "application/x-ndjson" if ollama else "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for i, piece in enumerate(pieces):
            if cut and i == len(pieces) // 2:
                self.wfile.flush()
                self.close_connection = True
                self.connection.close()
                return False
            data = piece.encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()
            time.sleep(self.state.latency / len(pieces))
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()
        return True

    def pieces(self, question, text):
        parts = [text[i:i + 40] for i in range(0, len(text), 40)]
        return PIECES[question.api](question.model, parts)

    def do_POST(self):
        if self.refused():
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = json.loads(body)
        model = request.get("model") or request.get("name", "")
        if self.path == "/api/show":
            self.send_json(200 if model in MODELS else 404,
                           {"model_info": {"general.architecture": "test",
                                           "test.context_length": 16384},
                            "capabilities": ["completion"]})
            return
        question = Question(self.path.partition("?")[0], request)
        model = question.model
        digest = hashlib.sha256(self.path.encode() + b"\0" + body).hexdigest()
        number = next(self.state.numbers)
        task = task_of(question.text)
        self.state.note_request(model, question.words, task)
        self.state.note(self.state.begun, number, digest)
        if model == "quota":
            self.send_json(429, {"error": {"message": "quota exceeded"}}, [("Retry-After", "32400")])
            return
        if model == "half" and task == "clarity":
            self.send_json(400, {"error": {"message": "I do not judge clarity"}})
            return
        if model == "curt" and task == "metadata":
            self.send_json(400, {"error": {"message": "I do not describe"}})
            return
        if model == "hang":
            time.sleep(3600)
        if model == "broken":
            self.send_json(500, {"error": {"message": "the machine is on fire"}})
            return
        if model == "busy" and self.state.first_time(digest):
            self.send_json(429, {"error": {"message": "slow down"}}, [("Retry-After", "1")])
            return
        text = answer(model, question.text, number)
        if model == "prose" or (model == "repairs" and not question.again):
            text = "I enjoyed this paper very much and have nothing to add."
        pieces = self.pieces(question, text)
        if self.stream(pieces, question.api == "ollama", cut=model == "cut"):
            self.state.note(self.state.log, number, digest)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # with a short queue a busy machine drops connections, and a second passes

    def handle_error(self, request, client_address):
        pass  # a client that goes away in the middle is what some tests are about


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--log")
    parser.add_argument("--begun")
    parser.add_argument("--requests")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--key")
    parser.add_argument("--tls")
    args = parser.parse_args()
    Handler.state = State(args.log, args.latency, args.key, args.requests, args.begun)
    server = Server(("127.0.0.1", 0), Handler)
    if args.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
