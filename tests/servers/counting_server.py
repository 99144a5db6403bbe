#!/usr/bin/env python3
"""model_server.py, but its usage is true: tokens are counted with a tokenizer of a hosted model (o200k), the schema
included, and what stands up to the end of the manuscript is read from a cache when it was there before.
Its first line of output ends in the address.
"""
import io
import json
import threading

import bpe_openai

import model_server

ENCODING = bpe_openai.get_encoding("o200k_base")
END = "=== end of manuscript"
CACHE_MIN = 1024   # tokens below which nothing is cached
PER_MESSAGE = 4    # tokens around each message
cached = set()
lock = threading.Lock()


def count(text):
    return len(ENCODING.encode_ordinary(text))


class Handler(model_server.Handler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.request_json = json.loads(body)
        connection, self.rfile = self.rfile, io.BytesIO(body)
        super().do_POST()
        self.rfile = connection

    def usage(self, text):
        messages = self.request_json["messages"]
        prompt = "".join(m["content"] for m in messages)
        schema = json.dumps(self.request_json.get("response_format", {}).get("json_schema", {}))
        prefix = prompt[:prompt.rfind(END)]
        prefix_tokens = count(prefix)
        with lock:
            key = (self.request_json["model"], prefix)
            hit = key in cached and prefix_tokens >= CACHE_MIN
            cached.add(key)
        tokens = count(prompt) + count(schema) + PER_MESSAGE * len(messages)
        return {"prompt_tokens": tokens, "completion_tokens": count(text),
                "total_tokens": tokens + count(text),
                "prompt_tokens_details": {"cached_tokens": prefix_tokens if hit else 0}}

    def pieces(self, question, text):
        pieces = super().pieces(question, text)
        chunk = {"model": question.model, "choices": [], "usage": self.usage(text)}
        return pieces[:-2] + [f"data: {json.dumps(chunk)}\n\n", pieces[-1]]


def main():
    Handler.state = model_server.State(None, 0.0)
    server = model_server.Server(("127.0.0.1", 0), Handler)
    print(f"listening on http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
