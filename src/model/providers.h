/* Steps of model_find that are of use by themselves. */
#ifndef MODEL_PROVIDERS_H
#define MODEL_PROVIDERS_H

#include "model/model.h"

/* "llama", "gpt", ...: the part of the name that tells whose weights these are; malloc'd. */
char *model_family(const char *name);

/* The setting scrutiny.<SUBSECTION>.<NAME>; NULL when it is unset or empty. */
const char *provider_setting(const struct model_settings *s, const char *subsection, const char *name);
/* The setting NAME ("pricein") of the model, else that of its provider; NULL when it is unset or empty. */
const char *model_setting(const struct model_settings *s, const struct model *m, const char *name);
/* Fills prices, price_in, price_out, and the size of the context where a row of prices or the provider's table
 * tells it and nothing else has. */
struct error *model_find_prices(struct model *m, const struct model_settings *s);
/* The API and the base URL of the provider NAME, malloc'd; *ENDPOINT may be set on an error, too. Both may
 * depend on the MODEL, which may be NULL. */
struct error *provider_endpoint(const struct model_settings *s, const char *name, const char *model,
				const struct codec **codec, char **endpoint);
/* Gives M, whose provider and endpoint are known, the key VALUE; FROM says where it comes from. ERROR_USAGE
 * when no key looks like that, or when it would go over the network in the clear. */
struct error *provider_take_key(struct model *m, const struct model_settings *s, const char *from,
				const char *value);

#endif
