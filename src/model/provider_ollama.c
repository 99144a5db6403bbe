/* Ollama, on this machine unless OLLAMA_HOST says otherwise. */
#include "model/ollama.h"
#include "model/provider.h"

const struct provider provider_ollama = {
	.name = "ollama",
	.codec = &codec_ollama,
	.endpoint = "http://127.0.0.1:" OLLAMA_PORT,
	.endpoint_env = { "OLLAMA_HOST" },
	.read_endpoint = model_ollama_address,
	.auth = MODEL_AUTH_BEARER,
	/* A local model computes one answer after the other; a second one fills the gaps. */
	.per_provider = 2,
};
