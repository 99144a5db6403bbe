/* Which source of credentials counts: the SDKs' order. */
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/trace.h"
#include "net/aws_config.h"
#include "net/aws_source.h"

/* Profiles that name each other as the source of a role's credentials. */
#define MAX_PROFILES 8
#define MAX_DURATION 43200
#define DEFAULT_SESSION_NAME "git-scrutiny"
#define CONTAINER_ADDRESS "http://169.254.170.2"
#define INSTANCE_ADDRESS "http://169.254.169.254"
#define INSTANCE_ADDRESS_6 "http://[fd00:ec2::254]"

struct search {
	const struct aws_settings *settings;
	struct aws_config *config;
	const char *visited[MAX_PROFILES];
	size_t nr_visited;
};

static char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static struct aws_source *source_new(const struct search *s,
				     struct error *(*fetch)(struct aws_source *s, struct aws_keys *out),
				     char *description)
{
	struct aws_source *source = xcalloc(1, sizeof(*source));
	source->description = description;
	source->fetch = fetch;
	source->http = s->settings->http;
	return source;
}

void aws_source_free(struct aws_source *s)
{
	while (s) {
		struct aws_source *base = s->base;
		aws_keys_release(&s->fixed);
		secret_free(s->token);
		free(s->description);
		free(s->role);
		free(s->session_name);
		free(s->external_id);
		free(s->region);
		free(s->url);
		free(s->token_file);
		free(s->command);
		free(s);
		s = base;
	}
}

/* -- environment ---------------------------------------------------------------------------------- */

static struct error *from_environment(struct search *s, struct aws_source **out)
{
	const char *key = aws_env(s->settings, "AWS_ACCESS_KEY_ID");
	const char *secret = aws_env(s->settings, "AWS_SECRET_ACCESS_KEY");
	const char *token = aws_env(s->settings, "AWS_SESSION_TOKEN");
	if (!key && !secret)
		return NULL;
	if (!key || !secret)
		return error_new(ERROR_USAGE, "%s is not set, the other half of the AWS keys is",
				 key ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
	*out = source_new(s, aws_fetch_fixed, xstrdup("environment"));
	return aws_keys_set(&(*out)->fixed, "environment", key, secret, token, NULL);
}

/* -- roles ---------------------------------------------------------------------------------------- */

/* The address of STS: what is configured, else the region's, else that of all regions. */
static void set_sts(struct search *s, struct aws_source *source, const char *region)
{
	source->url = aws_endpoint(s->settings, "STS");
	source->region = region ? xstrdup(region) : aws_region(s->settings);
	if (!source->url)
		source->url = source->region ? aws_service_url("sts", source->region)
					     : xstrdup("https://sts.amazonaws.com");
	if (!source->region)
		source->region = xstrdup("us-east-1");
}

static struct aws_source *role_source(struct search *s, char *description, const char *role,
				      const char *session_name, const char *region)
{
	struct aws_source *source = source_new(s, aws_fetch_role, description);
	source->role = xstrdup(role);
	source->session_name = xstrdup(session_name ? session_name : DEFAULT_SESSION_NAME);
	set_sts(s, source, region);
	return source;
}

static struct error *from_web_identity(struct search *s, struct aws_source **out)
{
	const char *file = aws_env(s->settings, "AWS_WEB_IDENTITY_TOKEN_FILE");
	const char *role = aws_env(s->settings, "AWS_ROLE_ARN");
	if (!file)
		return NULL;
	if (!role)
		return error_new(ERROR_USAGE, "AWS_WEB_IDENTITY_TOKEN_FILE is set, AWS_ROLE_ARN is not");
	*out = role_source(s, xstrdup("web identity of AWS_WEB_IDENTITY_TOKEN_FILE"), role,
			   aws_env(s->settings, "AWS_ROLE_SESSION_NAME"), NULL);
	(*out)->token_file = xstrdup(file);
	return NULL;
}

/* -- profiles ------------------------------------------------------------------------------------- */

static struct error *from_container(struct search *s, struct aws_source **out);
static struct error *from_instance(struct search *s, struct aws_source **out);
static struct error *from_profile(struct search *s, const char *profile, struct aws_source **out);

static char *describe(const struct search *s, const char *profile, const char *key)
{
	return xstrfmt("profile %s of %s", profile, aws_config_file(s->config, profile, key));
}

static const char *get(const struct search *s, const char *profile, const char *key)
{
	return aws_config_get(s->config, profile, key);
}

static struct error *from_credential_source(struct search *s, const char *profile, const char *name,
					    struct aws_source **out)
{
	static const struct {
		const char *name;
		struct error *(*find)(struct search *s, struct aws_source **out);
	} kinds[] = {
		{ "Environment", from_environment },
		{ "Ec2InstanceMetadata", from_instance },
		{ "EcsContainer", from_container },
	};
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, name))
			continue;
		struct error *err = kinds[i].find(s, out);
		if (!err && !*out)
			err = error_new(ERROR_NOT_FOUND, "profile %s: its credential_source '%s' has no "
					"credentials", profile, name);
		return err;
	}
	return error_new(ERROR_USAGE, "profile %s: credential_source is '%s', not Environment, "
			 "Ec2InstanceMetadata or EcsContainer", profile, name);
}

static struct error *from_static_keys(struct search *s, const char *profile, struct aws_source **out)
{
	const char *key = get(s, profile, "aws_access_key_id");
	const char *secret = get(s, profile, "aws_secret_access_key");
	if (!key && !secret)
		return NULL;
	*out = source_new(s, aws_fetch_fixed, describe(s, profile, "aws_access_key_id"));
	return aws_keys_set(&(*out)->fixed, (*out)->description, key, secret,
			    get(s, profile, "aws_session_token"), NULL);
}

/* The keys that ask for the role of PROFILE. A profile may name itself: then its own keys are meant. */
static struct error *find_base(struct search *s, const char *profile, struct aws_source **out)
{
	const char *source = get(s, profile, "source_profile");
	const char *kind = get(s, profile, "credential_source");
	if (!source && !kind)
		return error_new(ERROR_USAGE, "profile %s has a role_arn, but no source_profile, "
				 "credential_source or web_identity_token_file", profile);
	if (!source)
		return from_credential_source(s, profile, kind, out);
	struct error *err = strcmp(source, profile) ? from_profile(s, source, out)
						    : from_static_keys(s, profile, out);
	if (!err && !*out)
		err = error_new(ERROR_NOT_FOUND, "profile %s: its source_profile '%s' has no credentials",
				profile, source);
	return err;
}

static struct error *read_duration(struct search *s, const char *profile, long *out)
{
	const char *text = get(s, profile, "duration_seconds");
	char *end = NULL;
	*out = text ? strtol(text, &end, 10) : 0;
	if (text && (*end || *out <= 0 || *out > MAX_DURATION))
		return error_new(ERROR_USAGE, "profile %s: duration_seconds is '%s', no number up to %d",
				 profile, text, MAX_DURATION);
	return NULL;
}

static struct error *from_role(struct search *s, const char *profile, struct aws_source **out)
{
	const char *role = get(s, profile, "role_arn");
	const char *file = get(s, profile, "web_identity_token_file");
	if (!role)
		return NULL;
	if (get(s, profile, "mfa_serial"))
		return error_with_hint(error_new(ERROR_UNSUPPORTED, "profile %s asks for a second factor "
						 "(mfa_serial), which is not supported", profile),
				       "eval \"$(aws configure export-credentials --profile %s --format "
				       "env)\"", profile);
	*out = role_source(s, describe(s, profile, "role_arn"), role, get(s, profile, "role_session_name"),
			   get(s, profile, "region"));
	(*out)->external_id = copy(get(s, profile, "external_id"));
	(*out)->token_file = copy(file);
	struct error *err = read_duration(s, profile, &(*out)->duration);
	return err || file ? err : find_base(s, profile, &(*out)->base);
}

static struct error *refuse_sso(struct search *s, const char *profile, struct aws_source **out)
{
	(void)out;
	if (!get(s, profile, "sso_start_url") && !get(s, profile, "sso_session"))
		return NULL;
	return error_with_hint(error_new(ERROR_UNSUPPORTED, "profile %s signs in through IAM Identity "
					 "Center, which is not supported directly", profile),
			       "after `aws sso login`, let another profile have credential_process = "
			       "aws configure export-credentials --profile %s", profile);
}

static struct error *from_process(struct search *s, const char *profile, struct aws_source **out)
{
	const char *command = get(s, profile, "credential_process");
	if (!command)
		return NULL;
	*out = source_new(s, aws_fetch_process, describe(s, profile, "credential_process"));
	(*out)->command = xstrdup(command);
	return NULL;
}

static struct error *visit(struct search *s, const char *profile)
{
	for (size_t i = 0; i < s->nr_visited; i++)
		if (!strcmp(s->visited[i], profile))
			return error_new(ERROR_USAGE, "the AWS profiles go in a circle: %s names itself as "
					 "the source of its credentials", profile);
	if (s->nr_visited == MAX_PROFILES)
		return error_new(ERROR_LIMIT, "more than %d AWS profiles name each other as source_profile",
				 MAX_PROFILES);
	if (!aws_config_has_profile(s->config, profile))
		return error_with_hint(error_new(ERROR_NOT_FOUND, "there is no AWS profile '%s'", profile),
				       "`aws configure list-profiles` lists them");
	s->visited[s->nr_visited++] = profile;
	return NULL;
}

static struct error *from_profile(struct search *s, const char *profile, struct aws_source **out)
{
	static struct error *(*const kinds[])(struct search *s, const char *profile,
					      struct aws_source **out) = {
		from_role, refuse_sso, from_static_keys, from_process,
	};
	struct error *err = visit(s, profile);
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !err && !*out; i++)
		err = kinds[i](s, profile, out);
	return err;
}

/* -- the machine ---------------------------------------------------------------------------------- */

/* Over http the keys may only come from this machine or the addresses that a container's host has. */
static bool may_be_asked(const char *url)
{
	static const char *const hosts[] = { "http://169.254.170.2", "http://169.254.170.23",
					     "http://[fd00:ec2::23]" };
	const char *rest;
	if (!strncasecmp(url, "https://", 8) || http_url_is_loopback(url))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (skip_prefix(url, hosts[i], &rest) && (*rest == '/' || *rest == ':' || !*rest) &&
		    !strchr(rest, '@'))
			return true;
	return false;
}

static struct error *from_container(struct search *s, struct aws_source **out)
{
	const char *relative = aws_env(s->settings, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = aws_env(s->settings, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	if (!relative && !full)
		return NULL;
	if (relative && *relative != '/')
		return error_new(ERROR_USAGE, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with "
				 "a slash");
	if (!relative && !may_be_asked(full))
		return error_new(ERROR_USAGE, "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor an "
				 "address of this machine or its host");
	*out = source_new(s, aws_fetch_container, xstrdup("container endpoint"));
	(*out)->url = relative ? xstrfmt(CONTAINER_ADDRESS "%s", relative) : xstrdup(full);
	(*out)->token_file = copy(aws_env(s->settings, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));
	(*out)->token = copy(aws_env(s->settings, "AWS_CONTAINER_AUTHORIZATION_TOKEN"));
	trace_add_secret((*out)->token);
	if ((*out)->token && strpbrk((*out)->token, "\r\n"))
		return error_new(ERROR_USAGE, "AWS_CONTAINER_AUTHORIZATION_TOKEN holds a line break");
	return NULL;
}

static struct error *from_instance(struct search *s, struct aws_source **out)
{
	const char *url = aws_env(s->settings, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
	const char *mode = aws_env(s->settings, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
	if (aws_env_is_true(s->settings, "AWS_EC2_METADATA_DISABLED"))
		return NULL;
	if (!url)
		url = mode && !strcasecmp(mode, "IPv6") ? INSTANCE_ADDRESS_6 : INSTANCE_ADDRESS;
	*out = source_new(s, aws_fetch_instance, xstrdup("instance metadata"));
	(*out)->url = xstrdup(url);
	while (ends_with((*out)->url, "/"))
		(*out)->url[strlen((*out)->url) - 1] = '\0';
	(*out)->optional = true;
	return NULL;
}

/* -- all of it ------------------------------------------------------------------------------------ */

/* The profile in use; one that nobody asked for need not be there. */
static struct error *from_profile_in_use(struct search *s, struct aws_source **out)
{
	const char *profile = aws_config_profile(s->config);
	bool asked = s->settings->profile || aws_env(s->settings, "AWS_PROFILE") ||
		     aws_env(s->settings, "AWS_DEFAULT_PROFILE");
	if (!asked && !aws_config_has_profile(s->config, profile))
		return NULL;
	return from_profile(s, profile, out);
}

static struct error *nothing_found(const struct search *s)
{
	return error_with_hint(error_new(ERROR_NOT_FOUND, "no AWS credentials were found in the environment, "
					 "profile %s, a container or the instance's metadata",
					 aws_config_profile(s->config)),
			       "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE");
}

struct error *aws_source_find(struct aws_source **out, const struct aws_settings *settings)
{
	static struct error *(*const kinds[])(struct search *s, struct aws_source **out) = {
		from_environment, from_web_identity, from_profile_in_use, from_container, from_instance,
	};
	struct search s = { .settings = settings };
	struct aws_source *source = NULL;
	struct error *err = aws_config_read(&s.config, settings);
	if (err)
		return err;
	/* Who names a profile means it, whatever the environment holds. */
	size_t i = settings->profile ? 2 : 0;
	for (; i < ARRAY_SIZE(kinds) && !err && !source; i++)
		err = kinds[i](&s, &source);
	if (!err && !source)
		err = nothing_found(&s);
	aws_config_free(s.config);
	if (err)
		aws_source_free(source);
	else
		*out = source;
	return err;
}
