# shellcheck shell=sh
# Papers and a model server for the tests that review something. Sourced after lib.sh.

# paper FOLDER: a manuscript with nothing wrong in it.
paper () {
	mkdir -p "$1"
	cat >"$1/main.tex" <<'END'
\documentclass{article}
\title{On short sequences}
\author{Ada Marsh}
\begin{document}
\maketitle
\begin{abstract}
Short sequences are finite.
\end{abstract}
\section{Claim}\label{sec:claim}
Every short sequence has a last element, as Section~\ref{sec:claim} says.
\end{document}
END
}

# broken_paper FOLDER: the same with an undefined reference on line 10.
broken_paper () {
	paper "$1"
	sed 's/ref{sec:claim}/ref{sec:nowhere}/' "$1/main.tex" >"$1/main.new"
	mv "$1/main.new" "$1/main.tex"
}

# model_server [OPTION...]: starts tests/servers/model_server.py; sets $port. Needs python3.
model_server () {
	command -v python3 >/dev/null 2>&1 || skip_all 'python3 is not there'
	python3 "$source_tree/tests/servers/model_server.py" "$@" >"$world/port" 2>"$world/server.err" &
	model_server_pid=$!
	trap 'kill $model_server_pid 2>/dev/null; chmod -R u+w "$world" 2>/dev/null; rm -rf "$world"' EXIT
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		port=$(head -n 1 "$world/port")
		[ -z "$port" ] || return 0
		sleep 0.25
	done
	skip_all "the model server did not start: $(cat "$world/server.err")"
}

# lab: makes the server known as the provider "lab".
lab () {
	git config scrutiny.lab.endpoint "http://127.0.0.1:$port/v1"
}

# No test may find an Ollama that happens to run on this machine.
OLLAMA_HOST=http://127.0.0.1:9
export OLLAMA_HOST
