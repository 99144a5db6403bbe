/* A step of model_find that is worth testing by itself. */
#ifndef MODEL_PROVIDERS_H
#define MODEL_PROVIDERS_H

#include "model/model.h"

/* "llama", "gpt", ...: the part of the name that tells whose weights these are; malloc'd. */
char *model_family(const char *name);

/* The setting NAME ("pricein") of the model, else that of its provider; NULL when it is unset or empty. */
const char *model_setting(const struct model_settings *s, const struct model *m, const char *name);
/* Fills prices, price_in, price_out, and the size of the context where a row of prices or the provider's table
 * tells it and nothing else has. */
struct error *model_find_prices(struct model *m, const struct model_settings *s);

#endif
