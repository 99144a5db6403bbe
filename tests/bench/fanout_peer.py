"""Sends the same questions as fanout.c through a Python library; prints one line of JSON.

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


async def with_aiohttp(run):
    import aiohttp
    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(connector=connector) as session:
        async def ask():
            async with session.post(url + "/chat/completions", json=body) as response:
                return (await response.json())["choices"][0]["message"]["content"]
        return await run(ask)


async def with_httpx(run):
    import httpx
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(limits=limits, timeout=600) as client:
        async def ask():
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
            return (await client.chat.completions.create(**body)).choices[0].message.content
        return await run(ask)


async def with_litellm(run):
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm
    litellm.suppress_debug_info = True
    question = {**body, "model": "openai/m"}

    async def ask():
        answer = await litellm.acompletion(**question, api_base=url, api_key="none", timeout=600)
        return answer.choices[0].message.content
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
