/*
 * Amazon Bedrock. Current Claude models are asked in Anthropic's own format, all others through Converse.
 * Ids are "[<geography>.]<vendor>.<model>", or ARNs.
 */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/bedrock.h"
#include "model/provider.h"

/* What an inference profile that stays in its geography costs more than a global one. */
#define GEOGRAPHY_FACTOR 1.1
#define CLAUDE "anthropic."

/* Versions behind a colon ("...-20250514-v1:0") and ARNs name models that know Converse only. */
static const struct codec *codec_of(const char *model)
{
	return strstr(model, CLAUDE "claude") && !strchr(model, ':') ? &codec_anthropic : &codec_converse;
}

static const char *path_of(const struct codec *codec)
{
	return codec == &codec_anthropic ? "/anthropic" : "";
}

/* "us.anthropic.claude-sonnet-5-5-v1:0" is Anthropic's claude-sonnet-5-5. */
static char *price_name(const char *model, double *factor)
{
	const char *name = strstr(model, CLAUDE);
	*factor = 1;
	if (!name || strchr(model, '/'))
		return NULL;
	if (!starts_with(model, "global."))
		*factor = GEOGRAPHY_FACTOR;
	char *out = xstrdup(name + strlen(CLAUDE));
	char *version = strstr(out, "-v");
	if (version && ascii_digit(version[2]))
		*version = '\0';
	return out;
}

/* It tells nothing of its limits but in errors. */
const struct provider provider_bedrock = {
	.name = "bedrock",
	.codec = &codec_converse,
	.codec_of = codec_of,
	.find_endpoint = bedrock_endpoint,
	.path_of = path_of,
	.key_env = { "AWS_BEARER_TOKEN_BEDROCK" },
	.auth = MODEL_AUTH_AWS,
	.prices = claude_prices,
	.price_name = price_name,
	.price_prefix = "global." CLAUDE,
};
