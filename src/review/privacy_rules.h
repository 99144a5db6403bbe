/* What happens to keys and personal data in a text that is about to leave this machine. */
#ifndef REVIEW_PRIVACY_RULES_H
#define REVIEW_PRIVACY_RULES_H

#include "base/yaml.h"

/* From lax to strict. */
enum privacy_action {
	PRIVACY_UNSET,  /* the default: see privacy_rules_combine */
	PRIVACY_ALLOW,  /* sent as it is */
	PRIVACY_REDACT, /* a placeholder is sent in its place */
	PRIVACY_BLOCK,  /* the text is not sent */
};

struct privacy_rules {
	enum privacy_action keys;     /* keys, tokens, passwords: REDACT or BLOCK */
	enum privacy_action personal; /* e-mail addresses outside of the author block, phone numbers */
};

/* A value of "keys" or "personal"; false when it is none. */
bool privacy_action_parse(bool of_keys, const char *word, enum privacy_action *out);
/* Reads `privacy:` of .scrutiny.yml. */
struct error *privacy_rules_read(struct privacy_rules *out, const struct yaml_node *value, const char *file);
/* The stricter of what the USER (by default keys block, personal data is redacted) and the REPOSITORY say: a
 * repository can make nothing laxer. */
struct privacy_rules privacy_rules_combine(struct privacy_rules user, struct privacy_rules repository);

#endif
