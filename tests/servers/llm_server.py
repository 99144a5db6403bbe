"""Serves a GGUF model with llama.cpp on a free loopback port; prints the address, and on a second line that of
the same model behind Ollama's API; runs until killed."""
import os
import signal
import sys

import ollama_front
import xllamacpp

MODEL = "gemma3-270m"
CONTEXT = 8192


def main():
    params = xllamacpp.CommonParams()
    params.model.path = sys.argv[1]
    params.model_alias = {MODEL}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = CONTEXT
    params.n_parallel = 2
    params.kv_unified = True
    params.n_gpu_layers = 0
    # Its threads wait for each other by spinning: a machine that is busy otherwise crawls.
    params.cpuparams.n_threads = max(1, (os.cpu_count() or 1) // 2)
    params.sampling.temp = 0.0
    params.sampling.seed = 1
    # Without it a model this small repeats its first finding until the limit.
    params.sampling.penalty_repeat = 1.3
    params.sampling.penalty_last_n = 256
    params.warmup = False
    params.ui = False
    server = xllamacpp.Server(params)
    address = server.listening_address + "/v1"
    print(address, ollama_front.start(address, MODEL, CONTEXT), sep="\n", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
    os._exit(0)


signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
main()
