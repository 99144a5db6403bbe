/* What an Ollama server tells about its models. */
#ifndef MODEL_OLLAMA_H
#define MODEL_OLLAMA_H

#include "model/model.h"

#define OLLAMA_PORT "11434"

/* OLLAMA_HOST in its forms (host, host:port, :port, URL, 0.0.0.0) as a base URL; malloc'd. */
char *model_ollama_address(const char *host);
/* Fills name (the server's first model that answers chats, when it is NULL) and context_tokens of M,
 * whose endpoint is known. *HERE: the server computes the answers itself, it does not forward the questions.
 * ERROR_NOT_FOUND when the server has no such model. */
struct error *ollama_complete(struct model *m, const struct http_settings *http, bool *here);
/* Models whose names end in "cloud" are forwarded to ollama.com by the local server. */
bool ollama_is_cloud(const char *name);

#endif
