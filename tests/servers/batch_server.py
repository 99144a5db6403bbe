#!/usr/bin/env python3
"""The batch APIs of OpenAI, Anthropic and Gemini for tests, on a free loopback port.

    batch_server.py FOLDER

prints the port on its first line of output and serves until it is killed. Questions are answered as
model_server.py answers them, in batches and live. Files in FOLDER say how it behaves:

    ended     batches have ended: with all answers; with the word `expired` in it, with the first only
    partial   the last request of each batch failed
    drop      the connection is closed when a batch has been taken, without a word; removed then
    hang      a batch is taken, and nothing is said until this file is gone
    refuse    batches are not accepted
    forget    no batch is known
    log       is written: a line `<live|batch> <api> <request hash or custom id>` for every question taken
"""
import hashlib
import json
import os
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from model_server import answer


class Refused(Exception):
    pass


def texts(value):
    """All that a body says, in order."""
    if isinstance(value, dict):
        return "\n".join(texts(v) for k, v in value.items()
                         if k in ("text", "content", "parts", "contents", "messages", "input"))
    if isinstance(value, list):
        return "\n".join(texts(v) for v in value)
    return value if isinstance(value, str) else ""


def chat(text):
    return {"object": "chat.completion", "model": "served", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}}


def responses(text):
    return {"id": "resp_1", "object": "response", "status": "completed", "error": None,
            "model": "served", "incomplete_details": None,
            "output": [{"type": "message", "role": "assistant", "content": [
                {"type": "output_text", "text": text, "annotations": []}]}],
            "usage": {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}}


def messages(text):
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "served",
            "content": [{"type": "text", "text": text}], "stop_reason": "end_turn",
            "usage": {"input_tokens": 1000, "output_tokens": 100}}


def gemini(text):
    return {"modelVersion": "served", "candidates": [
        {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 100}}


SHAPES = {"/v1/chat/completions": chat, "/v1/responses": responses, "/v1/messages": messages}


class World:
    def __init__(self, folder):
        self.folder = folder
        self.files = {}
        self.batches = {}

    def said(self, name):
        try:
            with open(os.path.join(self.folder, name), encoding="ascii") as f:
                return f.read() or "yes"
        except FileNotFoundError:
            return ""

    def log(self, *words):
        with open(os.path.join(self.folder, "log"), "a", encoding="ascii") as f:
            f.write(" ".join(words) + "\n")

    def add(self, api, batch_id, requests, **more):
        """REQUESTS: (id, body) pairs."""
        if self.said("refuse"):
            raise Refused("batches are refused here")
        ids = [i for i, _ in requests]
        if len(set(ids)) < len(ids) or not requests:
            raise Refused("custom_id must be unique")
        for i, body in requests:
            if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", i):
                raise Refused("custom_id has the wrong form")
            if "stream" in body:
                raise Refused("a batch cannot stream")
            self.log("batch", api, i)
        self.batches[batch_id] = {"requests": requests, "time": int(time.time()), **more}
        return batch_id

    def ended(self, batch):
        return bool(self.said("ended")) or batch.get("cancelled", False)

    def outcomes(self, batch):
        """(id, body, problem) of each request."""
        last = len(batch["requests"]) - 1
        for n, (i, body) in enumerate(batch["requests"]):
            problem = None
            if self.said("partial") and n == last:
                problem = "failed"
            elif n and "expired" in self.said("ended"):
                problem = "expired"
            elif n and batch.get("cancelled"):
                problem = "cancelled"
            yield i, body, problem


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world = None

    def log_message(self, *args):
        pass

    def send(self, status, data, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def reply(self, value, status=200):
        self.send(status, json.dumps(value).encode())

    def lines(self, values):
        self.send(200, "".join(json.dumps(v) + "\n" for v in values).encode(), "application/jsonl")

    def created(self, value):
        while self.world.said("hang"):
            time.sleep(0.05)
        path = os.path.join(self.world.folder, "drop")
        if os.path.exists(path):
            os.remove(path)
            self.close_connection = True
            return
        self.reply(value)

    def text_of(self, body, number):
        return answer("alpha", texts(body), number)

    # -- OpenAI

    def openai_status(self, batch_id):
        batch = self.world.batches[batch_id]
        ended = self.world.ended(batch)
        outcomes = list(self.world.outcomes(batch))
        good = [o for o in outcomes if not o[2]]
        expired = "expired" in self.world.said("ended")
        status = "in_progress"
        if ended:
            status = "cancelled" if batch.get("cancelled") else "expired" if expired else "completed"
        return {"id": batch_id, "object": "batch", "status": status, "created_at": batch["time"],
                "endpoint": batch["endpoint"], "metadata": batch["metadata"],
                "request_counts": {"total": len(outcomes), "completed": len(good) if ended else 0,
                                   "failed": len(outcomes) - len(good) if ended else 0},
                "output_file_id": f"out-{batch_id}" if ended else None,
                "error_file_id": f"err-{batch_id}" if ended and len(good) < len(outcomes) else None}

    def openai_file(self, name):
        batch = self.world.batches[name[4:]]
        shape = SHAPES[batch["endpoint"]]
        lines = []
        for n, (i, body, problem) in enumerate(self.world.outcomes(batch)):
            if not problem and name.startswith("out-"):
                lines.append({"id": f"r{n}", "custom_id": i, "error": None, "response": {
                    "status_code": 200, "request_id": "x", "body": shape(self.text_of(body, n))}})
            elif problem and name.startswith("err-"):
                lines.append({"id": f"r{n}", "custom_id": i, "response": None,
                              "error": {"code": "batch_" + problem, "message": f"request {problem}"}})
        self.lines(reversed(lines))

    def openai_create(self, body):
        request = json.loads(body)
        content = self.world.files[request["input_file_id"]].decode()
        requests = []
        for line in content.splitlines():
            item = json.loads(line)
            if item["url"] != request["endpoint"] or item["method"] != "POST":
                raise Refused("the url of a request is not the batch's endpoint")
            requests.append((item["custom_id"], item["body"]))
        batch_id = f"batch_{len(self.world.batches)}"
        self.world.add("openai", batch_id, requests, endpoint=request["endpoint"],
                       metadata=request.get("metadata"))
        self.created(self.openai_status(batch_id))

    def openai_upload(self, body):
        boundary = self.headers["Content-Type"].partition("boundary=")[2].encode()
        parts = body.split(b"--" + boundary)
        if parts[-1] != b"--\r\n" or b'name="purpose"\r\n\r\nbatch\r\n' not in parts[1]:
            raise Refused("the form is not whole")
        name = f"file-{len(self.world.files)}"
        self.world.files[name] = parts[2].partition(b"\r\n\r\n")[2][:-2]
        self.reply({"id": name, "object": "file", "purpose": "batch"})

    # -- Anthropic

    def anthropic_status(self, batch_id):
        batch = self.world.batches[batch_id]
        ended = self.world.ended(batch)
        counts = dict.fromkeys(["processing", "succeeded", "errored", "canceled", "expired"], 0)
        words = {None: "succeeded", "failed": "errored", "expired": "expired", "cancelled": "canceled"}
        for _, _, problem in self.world.outcomes(batch):
            counts[words[problem] if ended else "processing"] += 1
        made = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(batch["time"]))
        return {"id": batch_id, "type": "message_batch", "request_counts": counts, "created_at": made,
                "processing_status": "ended" if ended else "in_progress", "results_url": None}

    def anthropic_results(self, batch_id):
        lines = []
        for n, (i, body, problem) in enumerate(self.world.outcomes(self.world.batches[batch_id])):
            result = {"type": "succeeded", "message": messages(self.text_of(body, n))}
            if problem == "failed":
                result = {"type": "errored", "error": {"type": "error", "error": {
                    "type": "api_error", "message": "request failed"}}}
            elif problem:
                result = {"type": "canceled" if problem == "cancelled" else problem}
            lines.append({"custom_id": i, "result": result})
        self.lines(reversed(lines))

    # -- Gemini

    def gemini_status(self, name):
        batch = self.world.batches[name]
        value = {"name": name, "metadata": {"displayName": batch["tag"], "state": "BATCH_STATE_RUNNING",
                                            "batchStats": {"requestCount": str(len(batch["requests"]))}}}
        if not self.world.ended(batch):
            return value
        responses_ = []
        for n, (i, body, problem) in enumerate(self.world.outcomes(batch)):
            item = {"metadata": {"key": i}}
            if problem:
                item["error"] = {"code": 13, "message": f"request {problem}"}
            else:
                item["response"] = gemini(self.text_of(body, n))
            responses_.append(item)
        state = "CANCELLED" if batch.get("cancelled") else "SUCCEEDED"
        value["metadata"]["state"] = "BATCH_STATE_" + state
        return {**value, "done": True, "response": {"inlinedResponses": {"inlinedResponses": responses_}}}

    def gemini_create(self, body):
        batch = json.loads(body)["batch"]
        requests = [(r["metadata"]["key"], r["request"])
                    for r in batch["inputConfig"]["requests"]["requests"]]
        name = self.world.add("gemini", f"batches/b{len(self.world.batches)}", requests,
                              tag=batch["displayName"])
        self.created(self.gemini_status(name))

    # -- all of them

    def live(self, body):
        request = json.loads(body)
        path = self.path
        self.world.log("live", path.split(":")[0].rpartition("/")[2],
                       hashlib.sha256(body).hexdigest())
        text = self.text_of(request, 0)
        if path in SHAPES:
            self.reply(SHAPES[path](text))
        elif ":streamGenerateContent" in path:
            data = json.dumps(gemini(text))
            self.send(200, f"data: {data}\n\n".encode(), "text/event-stream")
        else:
            self.reply({"error": {"message": "not found"}}, 404)

    def get(self):
        path, world = self.path.partition("?")[0], self.world
        if path == "/v1/batches":
            self.reply({"data": [self.openai_status(b) for b in reversed(world.batches)
                                 if "endpoint" in world.batches[b]], "has_more": False})
        elif path.startswith("/v1/batches/"):
            self.reply(self.openai_status(path.rpartition("/")[2]))
        elif path.startswith("/v1/files/"):
            self.openai_file(path.split("/")[3])
        elif path == "/v1/messages/batches":
            self.reply({"data": [self.anthropic_status(b) for b in reversed(world.batches)
                                 if b.startswith("msgbatch_")], "has_more": False})
        elif path.endswith("/results"):
            self.anthropic_results(path.split("/")[4])
        elif path.startswith("/v1/messages/batches/"):
            self.reply(self.anthropic_status(path.rpartition("/")[2]))
        elif path == "/v1beta/batches":
            self.reply({"operations": [self.gemini_status(b) for b in world.batches if "batches/" in b]})
        else:
            self.reply(self.gemini_status(path[len("/v1beta/"):]))

    def post(self, body):
        path = self.path
        if path == "/v1/files":
            self.openai_upload(body)
        elif path == "/v1/batches":
            self.openai_create(body)
        elif path == "/v1/messages/batches":
            requests = [(r["custom_id"], r["params"]) for r in json.loads(body)["requests"]]
            self.created(self.anthropic_status(self.world.add(
                "anthropic", f"msgbatch_{len(self.world.batches)}", requests)))
        elif path.endswith(":batchGenerateContent"):
            self.gemini_create(body)
        elif path.endswith("/cancel") or path.endswith(":cancel"):
            name = path[len("/v1beta/"):-len(":cancel")] if path.endswith(":cancel") else path.split("/")[-2]
            self.world.batches[name]["cancelled"] = True
            self.reply({})
        else:
            self.live(body)

    def do_GET(self):
        try:
            if self.world.said("forget"):
                raise KeyError(self.path)
            self.get()
        except KeyError:
            self.reply({"error": {"message": "there is no such thing"}}, 404)

    def do_POST(self):
        try:
            self.post(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        except Refused as e:
            self.reply({"error": {"message": str(e), "type": "invalid_request_error"}}, 400)


def main():
    Handler.world = World(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
