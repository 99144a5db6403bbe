/*
 * The files that AWS's tools share: ~/.aws/config ("[default]", "[profile lab]") and ~/.aws/credentials
 * ("[lab]"), or what AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name. Private to net/aws.
 */
#ifndef NET_AWS_CONFIG_H
#define NET_AWS_CONFIG_H

#include <stdbool.h>

#include "net/aws.h"

#define AWS_CONFIG_MAX_SIZE ((size_t)1 << 20)

struct aws_config;

/* An environment variable of SETTINGS; NULL when it is not set or empty. */
const char *aws_env(const struct aws_settings *settings, const char *name);
bool aws_env_is_true(const struct aws_settings *settings, const char *name);

/* Files that are not there are empty. ERROR_SYNTAX with the place for a line that is none. */
struct error *aws_config_read(struct aws_config **out, const struct aws_settings *settings);
void aws_config_free(struct aws_config *c); /* wipes the values */
/* The profile in use: of the settings, AWS_PROFILE, or "default". */
const char *aws_config_profile(const struct aws_config *c);
bool aws_config_has_profile(const struct aws_config *c, const char *profile);
/* KEY (lower case) of PROFILE, the credentials file first; NULL when it is not there or empty. Owned by C. */
const char *aws_config_get(const struct aws_config *c, const char *profile, const char *key);
/* The file that PROFILE's KEY is in, for messages. */
const char *aws_config_file(const struct aws_config *c, const char *profile, const char *key);

#endif
