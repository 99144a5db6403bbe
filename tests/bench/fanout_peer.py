"""Sends the same questions as fanout.c through a Python library; prints one line of JSON. Answers are
streamed and put together, unless PLAIN is 1: then they come in one piece.

usage: fanout_peer.py aiohttp|httpx|openai|litellm <base URL> <requests> <at once> <bytes of prompt>
"""
import asyncio
import json
import os
import resource
import sys
import time

name, url, requests, at_once, size = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
words = 'the proof of lemma three is "not" complete\n'
body = {"model": "m", "max_tokens": 100, "messages": [
    {"role": "system", "content": "Review."},
    {"role": "user", "content": (words * (size // len(words) + 1))[:size]}]}
stream = os.environ.get("PLAIN") != "1"
if stream:
    body |= {"stream": True, "stream_options": {"include_usage": True}}


async def join_lines(lines):
    """The answer in a stream of server-sent events."""
    text = ""
    async for line in lines:
        if isinstance(line, bytes):
            line = line.decode()
        data = line.removeprefix("data: ").strip()
        if line.startswith("data: ") and data != "[DONE]":
            for choice in json.loads(data)["choices"]:
                text += choice["delta"].get("content", "")
    return text


async def join_chunks(chunks):
    """The answer in the chunks that a library makes of it."""
    text = ""
    async for chunk in chunks:
        for choice in chunk.choices:
            text += choice.delta.content or ""
    return text


async def with_aiohttp(run):
    import aiohttp
    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(connector=connector) as session:
        async def ask():
            async with session.post(url + "/chat/completions", json=body) as response:
                if stream:
                    return await join_lines(response.content)
                return (await response.json())["choices"][0]["message"]["content"]
        return await run(ask)


async def with_httpx(run):
    import httpx
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(limits=limits, timeout=600) as client:
        async def ask():
            if stream:
                async with client.stream("POST", url + "/chat/completions", json=body) as response:
                    return await join_lines(response.aiter_lines())
            response = await client.post(url + "/chat/completions", json=body)
            return response.json()["choices"][0]["message"]["content"]
        return await run(ask)


async def with_openai(run):
    import httpx
    import openai
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with openai.AsyncOpenAI(base_url=url, api_key="none",
                                  http_client=httpx.AsyncClient(limits=limits, timeout=600)) as client:
        async def ask():
            answer = await client.chat.completions.create(**body)
            return await join_chunks(answer) if stream else answer.choices[0].message.content
        return await run(ask)


async def with_litellm(run):
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm
    litellm.suppress_debug_info = True
    question = {**body, "model": "openai/m"}

    async def ask():
        answer = await litellm.acompletion(**question, api_base=url, api_key="none", timeout=600)
        return await join_chunks(answer) if stream else answer.choices[0].message.content
    return await run(ask)


async def run(ask):
    """AT_ONCE workers share the requests; returns how many were answered well."""
    left, good = requests, 0

    async def work():
        nonlocal left, good
        while left > 0:
            left -= 1
            answer = json.loads(await ask())
            good += answer["word"] == "yes"
    started = time.monotonic()
    await asyncio.gather(*(work() for _ in range(min(at_once, requests))))
    return good, time.monotonic() - started

good, wall = asyncio.run(globals()["with_" + name](run))
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"ok": good, "wall": wall, "user": usage.ru_utime, "system": usage.ru_stime,
                  "rss_kb": usage.ru_maxrss}))
