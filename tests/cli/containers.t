#!/bin/sh
# compose.yaml and containers/: services, folders and packages are what they say.

. "${0%/*}/lib.sh"
python3 -c 'import yaml' 2>/dev/null || skip_all 'the Python package PyYAML is not installed'
plan 14
cat >compose.py <<'END'
"""What `docker compose config` would say of a compose file: faults, one a line; or a value: compose.py FILE [PATH...]"""

import os
import sys

import yaml

SERVICE = {
    "build", "image", "user", "volumes", "environment", "cap_drop", "security_opt", "profiles", "network_mode",
    "depends_on", "deploy", "restart", "ports", "command", "entrypoint", "healthcheck",
}
TOP = {"name", "services", "volumes"}


def look(document, folder):
    for key in document:
        if key not in TOP and not key.startswith("x-"):
            yield f"{key}: no such key"
    services = document["services"]
    for name, service in services.items():
        for key in service:
            if key not in SERVICE:
                yield f"{name}.{key}: no such key"
        if not service.get("profiles"):
            yield f"{name}: starts without being asked for"
        if "ports" in service:
            yield f"{name}: listens on the machine"
        build = service["build"]
        context = os.path.join(folder, build["context"])
        if not os.path.isfile(os.path.join(context, build.get("dockerfile", "Dockerfile"))):
            yield f"{name}: there is no Dockerfile"
        for volume in service["volumes"]:
            source = volume.rsplit(":", 1)[0]
            if not source.startswith(("$", ".", "/")) and source not in document["volumes"]:
                yield f"{name}: there is no volume {source}"
        kind, _, other = service.get("network_mode", "").partition(":")
        needs = set(service.get("depends_on", {})) | ({other} if kind == "service" else set())
        for other in needs:
            if other not in services:
                yield f"{name}: there is no service {other}"
            elif not set(service["profiles"]) <= set(services[other]["profiles"]):
                yield f"{name}: {other} is in no profile of its own"


with open(sys.argv[1], encoding="utf-8") as file:
    document = yaml.safe_load(file)
if len(sys.argv) == 2:
    print("".join(fault + "\n" for fault in look(document, os.path.dirname(sys.argv[1]))), end="")
else:
    for part in sys.argv[2:]:
        document = document[int(part) if isinstance(document, list) else part]
    print(document)
END
compose () {
	python3 compose.py "$source_tree/compose.yaml" "$@"
}
is "$(compose)" '' 'services refer to what there is, and none starts by itself'
is "$(compose services pipeline profiles)" "['cpu']" 'the pipeline is for CPUs'
is "$(compose services ollama deploy resources reservations devices 0 capabilities)" "['gpu']" 'Ollama asks for a GPU'
is "$(compose services ollama volumes)" "['models:/root/.ollama']" 'and keeps its models'
is "$(compose services pipeline-gpu network_mode)" 'service:ollama' 'the pipeline reaches it on localhost'
is "$(compose services pipeline-gpu depends_on ollama condition)" service_healthy 'once it has them'
is "$(compose services pipeline environment OPENAI_API_KEY)" None 'keys are taken from the environment, and stand in no file'
for command in $(compose services | tr "'" '\n' | grep -E '^(pipeline|pipeline-gpu|ollama)$' | sort -u); do
	like "$(cat "$source_tree/containers/README.md")" "docker compose .*$command" "containers/README.md tells how to start $command"
done
like "$(cat "$source_tree/containers/README.md")" 'profile gpu stop' 'and how to stop what runs'

# A start of Ollama in which what it calls only notes that.
mkdir bin
cat >bin/ollama <<'END'
#!/bin/sh
echo "$*" >>"$NOTES"
case $1 in
serve) touch "$NOTES.up"; exec sleep 60 ;;
list) [ -f "$NOTES.up" ] || exit 1
	echo 'NAME ID SIZE MODIFIED'
	[ ! -f "$NOTES.models" ] || cat "$NOTES.models" ;;
pull) [ "$2" != nonsense ] || exit 1
	case $2 in *:*) echo "$2 x" ;; *) echo "$2:latest x" ;; esac >>"$NOTES.models" ;;
esac
END
chmod +x bin/ollama
PATH=$PWD/bin:$PATH
NOTES=$PWD/notes
export NOTES
MODELS='llama3.1 qwen2.5:14b' "$source_tree/containers/ollama/start" &
server=$!
for _ in $(seq 200); do
	! grep -qs qwen notes.models || break
	sleep 0.05
done
is "$(sort -u notes | grep pull | tr '\n' ' ')" 'pull llama3.1 pull qwen2.5:14b ' 'models that are missing are pulled'
run env MODELS='llama3.1 qwen2.5:14b' "$source_tree/containers/ollama/start" check
is "$status" 0 'then it is healthy'
run env MODELS='llama3.1 other' "$source_tree/containers/ollama/start" check
is "$status" 1 'but not while one is missing'
kill $server
wait $server 2>/dev/null || :
