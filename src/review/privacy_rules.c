#include "review/privacy_rules.h"

#include "base/memory.h"
#include "base/text.h"

bool privacy_action_parse(bool of_keys, const char *word, enum privacy_action *out)
{
	static const struct {
		const char *word;
		enum privacy_action action;
		bool of_keys;
	} words[] = {
		{ "allow", PRIVACY_ALLOW, false },
		{ "redact", PRIVACY_REDACT, true },
		{ "block", PRIVACY_BLOCK, true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(word, words[i].word) != 0 || (of_keys && !words[i].of_keys))
			continue;
		*out = words[i].action;
		return true;
	}
	return false;
}

struct error *privacy_rules_read(struct privacy_rules *out, const struct yaml_node *value, const char *file)
{
	if (value->kind != YAML_MAPPING)
		return error_at(ERROR_SYNTAX, file, value->line, value->column,
				"'privacy' must be 'keys: ...' and 'personal: ...'");
	for (size_t i = 0; i + 1 < value->nr; i += 2) {
		const struct yaml_node *key = value->items[i], *node = value->items[i + 1];
		const char *word;
		bool of_keys = key->kind == YAML_SCALAR && !strcmp(key->value, "keys");
		if (!of_keys && (key->kind != YAML_SCALAR || strcmp(key->value, "personal") != 0))
			return error_at(ERROR_SYNTAX, file, key->line, key->column,
					"'privacy' knows 'keys' and 'personal'");
		struct error *err = yaml_string(node, file, key->value, &word);
		if (err)
			return err;
		if (!privacy_action_parse(of_keys, word, of_keys ? &out->keys : &out->personal))
			return error_at(ERROR_SYNTAX, file, node->line, node->column,
					of_keys ? "'keys' is block or redact"
						: "'personal' is block, redact or allow");
	}
	return NULL;
}

static enum privacy_action stricter(enum privacy_action a, enum privacy_action b)
{
	return a > b ? a : b;
}

struct privacy_rules privacy_rules_combine(struct privacy_rules user, struct privacy_rules repository)
{
	if (user.keys == PRIVACY_UNSET)
		user.keys = PRIVACY_BLOCK;
	if (user.personal == PRIVACY_UNSET)
		user.personal = PRIVACY_REDACT;
	return (struct privacy_rules){ stricter(user.keys, repository.keys),
				       stricter(user.personal, repository.personal) };
}
