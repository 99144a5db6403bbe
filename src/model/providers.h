/* Steps of model_find that are worth testing by themselves. */
#ifndef MODEL_PROVIDERS_H
#define MODEL_PROVIDERS_H

#include "model/model.h"

/* "llama", "gpt", ...: the part of the name that tells whose weights these are; malloc'd. */
char *model_family(const char *name);
/* OLLAMA_HOST in its forms (host, host:port, :port, URL, 0.0.0.0) as a base URL; malloc'd. */
char *model_ollama_address(const char *host);

#endif
