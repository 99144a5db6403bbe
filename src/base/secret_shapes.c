#include "base/secret_shapes.h"

#include <math.h>

#include "base/memory.h"
#include "base/text.h"

/* Bits a character of random letters and digits has; words have less than 3. */
#define MIN_ENTROPY 3.0
/* Longer ones are data, not a password. */
#define MAX_COUNTED 256

static double entropy(struct slice s)
{
	unsigned counts[256] = { 0 };
	double bits = 0;
	size_t len = s.len < MAX_COUNTED ? s.len : MAX_COUNTED;
	for (size_t i = 0; i < len; i++)
		counts[(unsigned char)s.data[i]]++;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		double share = (double)counts[i] / (double)len;
		if (counts[i])
			bits -= share * log2(share);
	}
	return bits;
}

/* Letters and digits mixed as nobody writes them; not the made-up keys of manuals. */
static bool looks_random(struct slice text, size_t start, size_t end)
{
	static const char *const made_up[] = { "example", "xxxx", "your", "changeme", "placeholder",
					       "1234567890123", "abcdefghijklm", NULL };
	struct slice s = { text.data + start, end - start };
	size_t upper = 0, lower = 0, digits = 0;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		upper += c >= 'A' && c <= 'Z';
		lower += c >= 'a' && c <= 'z';
		digits += ascii_digit((unsigned char)c) != 0;
	}
	return digits >= 2 && upper + lower >= 4 && entropy(s) >= MIN_ENTROPY &&
	       !shape_holds_word(s, made_up);
}

/* As looks_random, for a value that nothing but the word before it makes a secret of: "token = ...". */
static bool looks_like_password(struct slice text, size_t start, size_t end)
{
	struct slice s = { text.data + start, end - start };
	bool upper = false, lower = false, other = false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.data[i];
		upper |= c >= 'A' && c <= 'Z';
		lower |= c >= 'a' && c <= 'z';
		other |= !ascii_alnum(c) && !strchr("-_.:/", c);
	}
	bool url = s.len > 4 && (!memcmp(s.data, "http", 4) || memchr(s.data, '(', s.len));
	return !url && lower && (upper || other || s.len >= 20) && looks_random(text, start, end);
}

static bool is_not_made_up(struct slice text, size_t start, size_t end)
{
	static const char *const made_up[] = { "EXAMPLE", "XXXX", NULL };
	return !shape_holds_word((struct slice){ text.data + start, end - start }, made_up);
}

/* An underscore as it is, or as TeX text has it. */
#define US "\\\\?_"
/* Not within a longer word. */
#define NOT_IN_WORD "(?<![A-Za-z0-9_-])"

const struct shape secret_shapes[] = {
	{ "a key of Anthropic", "sk-ant-",
	  NOT_IN_WORD "sk-ant-[A-Za-z0-9]{2,12}-(?:[A-Za-z0-9-]|" US "){20,}", false, NULL },
	{ "a key of OpenAI", "sk-",
	  NOT_IN_WORD "sk-(?:proj-|svcacct-|admin-)?(?:[A-Za-z0-9-]|" US "){24,}",
	  false, looks_random },
	{ "a key of Google", "AIza",
	  NOT_IN_WORD "AIza(?:[0-9A-Za-z-]|" US "){35}", false, looks_random },
	{ "a token of Google", "ya29.",
	  NOT_IN_WORD "ya29\\.(?:[0-9A-Za-z-]|" US "){20,}", false, NULL },
	{ "a client secret of Google", "GOCSPX-",
	  NOT_IN_WORD "GOCSPX-(?:[0-9A-Za-z-]|" US "){20,}", false, NULL },
	{ "an access key id of AWS", "KIA",
	  NOT_IN_WORD "AKIA[A-Z0-9]{16}(?![A-Za-z0-9])", false, is_not_made_up },
	{ "an access key id of AWS", "ASIA",
	  NOT_IN_WORD "ASIA[A-Z0-9]{16}(?![A-Za-z0-9])", false, is_not_made_up },
	{ "a secret key of AWS", "secret",
	  "aws.{0,20}secret.{0,20}?[=: \"']{1,6}([A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])",
	  true, looks_random },
	{ "a token of GitHub", "gh",
	  NOT_IN_WORD "gh[pousr]" US "[A-Za-z0-9]{36,}", false, NULL },
	{ "a token of GitHub", "github",
	  NOT_IN_WORD "github" US "pat" US "(?:[A-Za-z0-9]|" US "){40,}", false, NULL },
	{ "a token of GitLab", "glpat-",
	  NOT_IN_WORD "glpat-(?:[A-Za-z0-9.-]|" US "){20,}", false, NULL },
	{ "a token of Slack", "xox",
	  NOT_IN_WORD "xox[abeoprs]-[A-Za-z0-9-]{10,}", false, looks_random },
	{ "a web hook of Slack", "hooks.slack.com",
	  "hooks\\.slack\\.com/services/[A-Z0-9]+/[A-Z0-9]+/[A-Za-z0-9]+", false, NULL },
	{ "a token of Hugging Face", "hf",
	  NOT_IN_WORD "hf" US "[A-Za-z0-9]{30,}", false, NULL },
	{ "a key of Groq", "gsk",
	  NOT_IN_WORD "gsk" US "[A-Za-z0-9]{40,}", false, looks_random },
	{ "a key of xAI", "xai-",
	  NOT_IN_WORD "xai-[A-Za-z0-9]{40,}", false, looks_random },
	{ "a key of Perplexity", "pplx-",
	  NOT_IN_WORD "pplx-[A-Za-z0-9]{40,}", false, looks_random },
	{ "a token of Replicate", "r8",
	  NOT_IN_WORD "r8" US "[A-Za-z0-9]{36,}", false, looks_random },
	{ "a key of Stripe", "live",
	  NOT_IN_WORD "[rs]k" US "live" US "[A-Za-z0-9]{20,}", false, looks_random },
	{ "a token of npm", "npm",
	  NOT_IN_WORD "npm" US "[A-Za-z0-9]{36}(?![A-Za-z0-9])", false, looks_random },
	{ "a token of PyPI", "pypi-",
	  NOT_IN_WORD "pypi-Ag(?:[A-Za-z0-9-]|" US "){50,}", false, NULL },
	{ "a key of SendGrid", "SG.",
	  NOT_IN_WORD "SG\\.(?:[A-Za-z0-9-]|" US "){22}\\.(?:[A-Za-z0-9-]|" US "){43}", false, NULL },
	{ "a private key", "PRIVATE KEY",
	  "-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----"
	  "(?:[A-Za-z0-9+/=:,.\\s\\\\]*+(?:-(?!-)[A-Za-z0-9+/=:,.\\s\\\\]*+){0,40}+-----END [A-Z0-9"
	  " ]{1,60}-----|" "[A-Za-z0-9+/=\\s]*+)", false, NULL },
	{ "a web token", "eyJ",
	  NOT_IN_WORD "eyJ(?:[A-Za-z0-9-]|" US "){8,}\\.eyJ(?:[A-Za-z0-9-]|" US
	  "){8,}\\.(?:[A-Za-z0-9-]|" US "){10,}", false, NULL, .reach = 8192 },
	{ "a bearer token", "bearer",
	  "bearer +([A-Za-z0-9._~+/-]{20,}=*)", true, looks_random, true },
	{ "a password in an address", "://",
	  "[a-z][a-z0-9+.-]{1,20}://[^\\s/:@{}\\\\$<>\"]{1,64}:([^\\s/@{}\\\\$<>\"]{3,128})@",
	  true, is_not_made_up, true },
#define ASSIGNED "[\"'`]?[ \\t]{0,3}(?:=>|:=|=|:)[ \\t]{0,3}[\"'`]?([^\\s\"'`\\\\{}$,;<>&]{8,128})"
	{ "a password", "pass",
	  "(?<![a-z0-9])(?:password|passwd|passphrase)" ASSIGNED, true, looks_like_password, true },
	{ "a secret", "secret",
	  "(?<![a-z0-9])(?:[a-z]{1,20}" US ")?(?:client|api|app|auth)?(?:" US "|-)?secret(?:(?:" US
	  "|-)key)?" ASSIGNED, true, looks_like_password, true },
	{ "a key", "key",
	  "(?<![a-z0-9])(?:api|access|auth|account)(?:" US "|-| )?key" ASSIGNED,
	  true, looks_like_password, true },
	{ "a token", "token",
	  "(?<![a-z0-9])(?:access|auth|api|bot|refresh)(?:" US "|-| )?token" ASSIGNED,
	  true, looks_like_password, true },
#undef ASSIGNED
};
const size_t secret_shapes_nr = ARRAY_SIZE(secret_shapes);
