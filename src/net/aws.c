#include "net/aws.h"

#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "net/aws_config.h"
#include "net/aws_source.h"

#define RENEW_BEFORE 300
/* Seconds between two attempts to renew: each may block. */
#define RENEW_PAUSE 20

struct aws_credentials {
	struct aws_source *source;
	struct aws_keys keys;
	int64_t renew_at; /* 0: never */
	char *failure;    /* of the last renewal; NULL: it worked */
};

/* -- region and endpoint -------------------------------------------------------------------------- */

/* What the environment does not say, the profile in use may; a file that cannot be read is told by those
 * who need credentials. */
static char *profile_setting(const struct aws_settings *settings, const char *key)
{
	struct aws_config *config;
	struct error *err = aws_config_read(&config, settings);
	if (err) {
		trace_printf("%s", err->message);
		error_free(err);
		return NULL;
	}
	const char *value = aws_config_get(config, aws_config_profile(config), key);
	char *out = value ? xstrdup(value) : NULL;
	aws_config_free(config);
	return out;
}

char *aws_region(const struct aws_settings *settings)
{
	const char *region = aws_env(settings, "AWS_REGION");
	if (!region)
		region = aws_env(settings, "AWS_DEFAULT_REGION");
	return region ? xstrdup(region) : profile_setting(settings, "region");
}

char *aws_endpoint(const struct aws_settings *settings, const char *service)
{
	if (aws_env_is_true(settings, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))
		return NULL;
	char *variable = xstrfmt("AWS_ENDPOINT_URL_%s", service);
	const char *url = aws_env(settings, variable);
	free(variable);
	if (!url)
		url = aws_env(settings, "AWS_ENDPOINT_URL");
	return url ? xstrdup(url) : profile_setting(settings, "endpoint_url");
}

char *aws_service_url(const char *service, const char *region)
{
	return xstrfmt("https://%s.%s.amazonaws.com%s", service, region,
		       starts_with(region, "cn-") ? ".cn" : "");
}

/* -- credentials ---------------------------------------------------------------------------------- */

/* Looks for keys and says when to look again: in time before they expire, but not at every request. */
static struct error *renew(struct aws_credentials *c, int64_t now)
{
	struct error *err = c->source->fetch(c->source, &c->keys);
	free(c->failure);
	c->failure = err ? xstrdup(err->message) : NULL;
	c->renew_at = c->keys.expires ? c->keys.expires - RENEW_BEFORE : 0;
	if (c->keys.expires && c->renew_at < now + RENEW_PAUSE)
		c->renew_at = now + RENEW_PAUSE;
	return err;
}

struct error *aws_credentials_new(struct aws_credentials **out, const struct aws_settings *settings)
{
	struct aws_credentials *c = xcalloc(1, sizeof(*c));
	struct error *err = aws_source_find(&c->source, settings);
	if (!err)
		err = renew(c, (int64_t)time(NULL));
	if (err && c->source && c->source->optional) {
		struct error *why = err;
		err = error_with_hint(error_new(ERROR_NOT_FOUND, "no AWS credentials were found in the "
						"environment, the profiles or a container, and %s",
						why->message),
				      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE");
		error_free(why);
	}
	if (err)
		aws_credentials_free(c);
	else
		*out = c;
	return err;
}

void aws_credentials_free(struct aws_credentials *c)
{
	if (!c)
		return;
	aws_keys_release(&c->keys);
	aws_source_free(c->source);
	free(c->failure);
	free(c);
}

struct error *aws_credentials_keys_at(struct aws_credentials *c, int64_t now, struct sigv4_keys *out)
{
	if (c->renew_at && now >= c->renew_at) {
		struct error *err = renew(c, now);
		if (err)
			trace_printf("the AWS keys cannot be renewed: %s", err->message);
		error_free(err);
	}
	if (c->failure && now >= c->keys.expires)
		return error_new(ERROR_NETWORK, "the AWS keys have expired and cannot be renewed: %s",
				 c->failure);
	*out = (struct sigv4_keys){ c->keys.access_key, c->keys.secret_key, c->keys.session_token };
	return NULL;
}

struct error *aws_credentials_keys(struct aws_credentials *c, struct sigv4_keys *out)
{
	return aws_credentials_keys_at(c, (int64_t)time(NULL), out);
}

const char *aws_credentials_source(const struct aws_credentials *c)
{
	return c->source->description;
}
