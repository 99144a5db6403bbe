/* A step of model_find that is worth testing by itself. */
#ifndef MODEL_PROVIDERS_H
#define MODEL_PROVIDERS_H

#include "model/model.h"

/* "llama", "gpt", ...: the part of the name that tells whose weights these are; malloc'd. */
char *model_family(const char *name);

#endif
