"""Ollama's API in front of an OpenAI-compatible server, so that a real model can answer in that shape."""
import json
import re
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def openai_question(asked):
    options = asked.get("options", {})
    body = {
        "model": asked["model"],
        "messages": asked["messages"],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": options.get("num_predict", 256),
        "temperature": options.get("temperature", 0),
    }
    if isinstance(asked.get("format"), dict):
        body["response_format"] = {"type": "json_schema",
                                   "json_schema": {"name": "answer", "schema": asked["format"]}}
    return json.dumps(body).encode()


class Handler(BaseHTTPRequestHandler):
    behind = None  # address of the server, up to /v1
    model = None
    context = 0

    def log_message(self, *_):
        pass

    def reply(self, value):
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/api/tags":
            self.reply({"models": [{"name": self.model}]})
        else:
            self.send_error(404)

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/show":
            self.reply({"capabilities": ["completion"], "model_info": {"gemma3.context_length": self.context}})
        elif self.path == "/api/chat":
            self.chat(asked)
        else:
            self.send_error(404)

    def line(self, asked, text, **more):
        message = {"model": asked["model"], "message": {"role": "assistant", "content": text}, "done": False}
        self.wfile.write(json.dumps(message | more).encode() + b"\n")

    def chat(self, asked):
        request = urllib.request.Request(self.behind + "/chat/completions", openai_question(asked),
                                         {"Content-Type": "application/json"})
        reason, usage = "stop", {}
        with urllib.request.urlopen(request) as stream:
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.end_headers()
            for line in stream:
                event = re.match(rb"data: (\{.*)", line)
                if not event:
                    continue
                chunk = json.loads(event[1])
                usage = chunk.get("usage") or usage
                for choice in chunk.get("choices", []):
                    reason = choice.get("finish_reason") or reason
                    if choice["delta"].get("content"):
                        self.line(asked, choice["delta"]["content"])
        self.line(asked, "", done=True, done_reason=reason, prompt_eval_count=usage.get("prompt_tokens", 0),
                  eval_count=usage.get("completion_tokens", 0))


def start(behind, model, context):
    """Serves in the background; returns the address."""
    Handler.behind, Handler.model, Handler.context = behind, model, context
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
