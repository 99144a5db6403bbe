"""The engine beside other clients, in one run: many questions to a server of canned answers on loopback.

usage: fanout.py <build folder>

Columns: requests/s and CPU per request (user and system, start-up taken off), both the best of RUNS runs that
take turns; wall time over the ideal (rounds x latency) at 200 ms; peak resident memory; wall time of a
process that asks once. All stream their answers, as the engine always does; with PLAIN=1 the others take them
in one piece, which costs less. With TEST_INSTALL=1 what is missing of the others is installed below
<build folder>/bench-peers. ONLY=name,name leaves the rest out.
"""
import json
import os
import pathlib
import subprocess
import sys
import time

RUNS = int(os.environ.get("RUNS", "3"))
PROMPT = os.environ.get("PROMPT", "100")
ONLY = os.environ.get("ONLY", "").replace(",", " ").split()
PYTHON_PACKAGES = ["aiohttp==3.14.5", "httpx==0.28.1", "openai==2.54.0", "litellm==1.106.2"]
NODE_PACKAGE = "openai@6.49.0"

here = pathlib.Path(__file__).resolve().parent
build = pathlib.Path(sys.argv[1]).resolve()
peers = build / "bench-peers"


def install():
    if os.environ.get("TEST_INSTALL") != "1":
        return
    peers.mkdir(parents=True, exist_ok=True)
    python = peers / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", python], check=True)
    subprocess.run([python / "bin/pip", "install", "--quiet", *PYTHON_PACKAGES])
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts",
                    "--prefix", peers, NODE_PACKAGE])


def clients():
    """Name and command of every client that is there; what is not is said."""
    yield "git-scrutiny", [build / "bench/fanout"]
    python = peers / "python/bin/python"
    for name in ["aiohttp", "httpx", "openai", "litellm"]:
        known = python.exists() and not subprocess.run([python, "-c", f"import {name}"], capture_output=True,
                                                       check=False).returncode
        if known:
            yield {"openai": "openai-python"}.get(name, name), [python, here / "fanout_peer.py", name]
        else:
            print(f"{name} is not installed in {peers}: skipped (TEST_INSTALL=1 installs it)")
    if (peers / "node_modules/openai").exists():
        yield "openai-node", ["node", here / "fanout_peer.mjs", peers]
    else:
        print(f"openai-node is not installed in {peers}: skipped (TEST_INSTALL=1 installs it)")


class Server:
    def __init__(self, latency):
        self.process = subprocess.Popen([build / "bench/fanout_server", str(latency)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().strip()}/v1"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def ask(command, url, requests, at_once):
    """What the client prints, and the wall time of its process."""
    started = time.monotonic()
    done = subprocess.run([*command, url, str(requests), str(at_once), PROMPT], capture_output=True, text=True,
                          check=False)
    wall = time.monotonic() - started
    if done.returncode:
        raise SystemExit(f"{command} failed: {done.stderr[-500:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    if result["ok"] != requests:
        raise SystemExit(f"{command}: {result['ok']} of {requests} answers")
    return {**result, "process": wall, "cpu": result["user"] + result["system"]}


def requests_at_once(name, at_once):
    """About a second of work at 0 ms: nobody learns more from waiting for the slow ones."""
    rate = {"git-scrutiny": 15000, "aiohttp": 1500}.get(name, 400)
    return max(rate, at_once)


def measure_rate(everybody, at_once, starts):
    best = {}
    with Server(0) as server:
        for _ in range(RUNS):
            for name, command in everybody:
                n = requests_at_once(name, at_once)
                r = ask(command, server.url, n, at_once)
                rate, cpu = n / r["wall"], (r["cpu"] - starts[name]["cpu"]) / (n - 1) * 1e6
                old = best.get(name, (0, float("inf"), 0))
                best[name] = max(old[0], rate), min(old[1], cpu), max(old[2], r["rss_kb"])
    return best


def measure_latency(everybody, at_once):
    """How far the wall time of some rounds of AT_ONCE requests is over that of waiting alone."""
    over = {}
    with Server(200) as server:
        for name, command in everybody:
            rounds = 20 if name == "git-scrutiny" or at_once < 100 else 2
            walls = [ask(command, server.url, at_once * rounds, at_once)["wall"] for _ in range(RUNS)]
            over[name] = min(walls) / (rounds * 0.2) - 1
    return over


def measure_start(everybody):
    with Server(0) as server:
        runs = {name: [ask(command, server.url, 1, 1) for _ in range(RUNS + 1)] for name, command in everybody}
    return {name: {key: min(r[key] for r in list_of) for key in ("cpu", "process")}
            for name, list_of in runs.items()}


def main():
    install()
    everybody = [c for c in clients() if not ONLY or c[0] in ONLY]
    starts = measure_start(everybody)
    print(f"prompts of {PROMPT} bytes, best of {RUNS} runs, {os.cpu_count()} processors, load "
          f"{os.getloadavg()[0]:.1f}")
    for at_once in (64, 1000):
        rates = measure_rate(everybody, at_once, starts)
        over = measure_latency(everybody, at_once)
        print(f"\n{at_once} at once\n{'':14}{'requests/s':>12}{'CPU us':>9}{'over ideal':>12}{'RSS MB':>9}"
              f"{'start ms':>10}")
        for name, _ in everybody:
            rate, cpu, rss = rates[name]
            print(f"{name:14}{rate:12,.0f}{cpu:9.0f}{over[name]:12.1%}{rss / 1024:9.0f}"
                  f"{starts[name]['process'] * 1000:10.0f}")
        others = [rates[name][0] for name, _ in everybody[1:]]
        if others:
            print(f"git-scrutiny is {rates['git-scrutiny'][0] / max(others):.1f} times as fast as the fastest of "
                  "the others")


main()
