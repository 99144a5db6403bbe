/*
 * AWS credentials, looked for where the SDKs look, in their order: environment; web identity
 * (AWS_WEB_IDENTITY_TOKEN_FILE, through STS); the shared config and credentials files with profiles
 * (static keys, role_arn with source_profile or credential_source, web identity, credential_process, which
 * is run without a shell; no sign-in through IAM Identity Center, no second factor); the container endpoint
 * (AWS_CONTAINER_CREDENTIALS_*); the instance's metadata service (IMDSv2 only).
 */
#ifndef NET_AWS_H
#define NET_AWS_H

#include "net/http.h"
#include "net/sigv4.h"

struct aws_settings {
	const char *(*env)(void *data, const char *name); /* never NULL itself; may return NULL */
	void *data;
	const char *home;      /* the user's home directory, for ~/.aws; may be NULL */
	const char *profile;   /* overrules AWS_PROFILE and keys in the environment; NULL: AWS_PROFILE, then
				* "default" */
	struct http_settings http; /* what it points to must outlive the credentials; all else is copied */
};

/* Temporary credentials are renewed when less than five minutes of them are left. */
struct aws_credentials;

/* Looks for credentials at once, so that having none is told early, as ERROR_NOT_FOUND with what was looked
 * at. All keys are made known to the redactor. */
struct error *aws_credentials_new(struct aws_credentials **out, const struct aws_settings *settings);
void aws_credentials_free(struct aws_credentials *c);
/* The keys to sign with now; valid until the next call. May block for a renewal. */
struct error *aws_credentials_keys(struct aws_credentials *c, struct sigv4_keys *out);
/* "environment", "profile lab of ~/.aws/credentials", ...: for messages. */
const char *aws_credentials_source(const struct aws_credentials *c);

/* The region: AWS_REGION, AWS_DEFAULT_REGION, then the profile's; malloc'd; NULL when none is set. */
char *aws_region(const struct aws_settings *settings);
/* AWS_ENDPOINT_URL_<SERVICE> (SERVICE as the SDKs spell it, "BEDROCK_RUNTIME"), then AWS_ENDPOINT_URL, then
 * endpoint_url of the profile, unless AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true; malloc'd; NULL: none. */
char *aws_endpoint(const struct aws_settings *settings, const char *service);
/* "https://sts.eu-west-1.amazonaws.com": where SERVICE is in REGION; malloc'd. */
char *aws_service_url(const char *service, const char *region);

#endif
