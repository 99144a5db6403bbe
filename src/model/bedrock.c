#include "model/bedrock.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/providers.h"
#include "net/aws.h"

#define MAX_REGION 40

static struct aws_settings aws_settings_of(const struct model_settings *s, const char *provider)
{
	return (struct aws_settings){
		.env = s->env,
		.data = s->data,
		.home = s->env(s->data, "HOME"),
		.profile = provider_setting(s, provider, "profile"),
		.http = s->http,
	};
}

/* It becomes part of an address. */
static bool is_region(const char *region)
{
	size_t len = strlen(region);
	for (size_t i = 0; i < len; i++)
		if (!ascii_alnum(region[i]) && region[i] != '-')
			return false;
	return len > 0 && len <= MAX_REGION;
}

static struct error *find_region(char **out, const struct model_settings *s, const char *provider)
{
	struct aws_settings aws = aws_settings_of(s, provider);
	const char *configured = provider_setting(s, provider, "region");
	char *region = configured ? xstrdup(configured) : aws_region(&aws);
	struct error *err = NULL;
	if (!region)
		err = error_with_hint(error_new(ERROR_USAGE, "which AWS region is %s in?", provider),
				      "export AWS_REGION=..., or git config scrutiny.%s.region ...", provider);
	else if (!is_region(region))
		err = error_new(ERROR_USAGE, "'%s' is no AWS region", region);
	if (err)
		free(region);
	else
		*out = region;
	return err;
}

struct error *bedrock_endpoint(char **out, const struct model_settings *settings)
{
	static const char provider[] = "bedrock";
	struct aws_settings aws = aws_settings_of(settings, provider);
	char *region = NULL;
	*out = aws_endpoint(&aws, "BEDROCK_RUNTIME");
	if (*out)
		return NULL;
	struct error *err = find_region(&region, settings, provider);
	if (!err)
		*out = aws_service_url("bedrock-runtime", region);
	free(region);
	return err;
}

struct error *bedrock_complete(struct model *m, const struct model_settings *settings)
{
	struct aws_settings aws = aws_settings_of(settings, m->provider);
	if (m->key) /* a Bedrock API key needs no signature */
		return NULL;
	struct error *err = find_region(&m->region, settings, m->provider);
	if (!err)
		err = aws_credentials_new(&m->aws, &aws);
	if (err && !err->hint)
		err = error_with_hint(err, "a Bedrock API key in AWS_BEARER_TOKEN_BEDROCK does instead");
	return error_context(err, "%s", m->provider);
}
