#include "review/privacy_patterns.h"

#include <math.h>

#include "base/memory.h"
#include "base/regex.h"
#include "base/text.h"

/* Bits a character of random letters and digits has; words have less than 3. */
#define MIN_ENTROPY 3.0
/* Longer ones are data, not a password. */
#define MAX_COUNTED 256

/* -- what only looks like it ------------------------------------------------------------------- */

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

static bool holds_word(struct slice s, const char *const *words)
{
	char *text = xmemdupz(s.data, s.len);
	bool found = false;
	for (; *words && !found; words++)
		found = strcasestr(text, *words) != NULL;
	free(text);
	return found;
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
	return digits >= 2 && upper + lower >= 4 && entropy(s) >= MIN_ENTROPY && !holds_word(s, made_up);
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
	return !holds_word((struct slice){ text.data + start, end - start }, made_up);
}

/* Addresses that belong to nobody: of examples, of programs, of repositories. */
static bool is_somebody(struct slice text, size_t start, size_t end)
{
	static const char *const nobody[] = {
		"@example.", "@example-", ".example", "@localhost", ".invalid", ".localhost", "@test.",
		"noreply@",  "no-reply@", "git@",     "@users.noreply.", "@domain.", "@email.com",
		"@company.", "@foo.",     "@bar.",    "@mycompany.", NULL,
	};
	/* Endings of files and of words that no top-level domain has: mAP@0.5.The, icon@2x.png. */
	static const char *const endings[] = { ".png", ".jpg", ".jpeg", ".svg",
						".pdf", ".gif", ".tex",  NULL };
	struct slice s = { text.data + start, end - start };
	size_t slashes = 0;
	while (slashes < start && text.data[start - slashes - 1] == '\\')
		slashes++;
	if (slashes % 2)
		return false; /* \pgf@name.of.something */
	const char *dot = memrchr(s.data, '.', s.len);
	size_t tail = dot ? (size_t)(s.data + s.len - dot) : 0;
	if (!dot || holds_word(s, nobody) || holds_word((struct slice){ dot, tail }, endings))
		return false;
	bool upper = false, lower = false;
	for (size_t i = 1; i < tail; i++) {
		upper |= dot[i] >= 'A' && dot[i] <= 'Z';
		lower |= dot[i] >= 'a' && dot[i] <= 'z';
	}
	return !(upper && lower);
}

static bool has_phone_digits(struct slice text, size_t start, size_t end)
{
	size_t digits = 0, groups = 0;
	bool thousands = true, inside = false, decimal = true;
	size_t group = 0;
	for (size_t i = start; i <= end; i++) {
		bool digit = i < end && ascii_digit((unsigned char)text.data[i]);
		if (inside && !digit) {
			groups++;
			thousands &= groups == 1 || group == 3;
		}
		group = digit ? (inside ? group + 1 : 1) : group;
		inside = digit;
		digits += digit;
		decimal &= digit || i == end || strchr("+.", text.data[i]);
	}
	if (decimal && groups == 2)
		return false;
	/* "+1 234 567": a number in groups of three. */
	return digits >= 8 && digits <= 15 && groups >= 2 && !(thousands && groups > 1 && digits < 11);
}

static bool has_some_digits(struct slice text, size_t start, size_t end)
{
	size_t digits = 0;
	for (size_t i = start; i < end; i++)
		digits += ascii_digit((unsigned char)text.data[i]) != 0;
	return digits >= 7 && digits <= 15;
}

/* -- the table -------------------------------------------------------------------------------------- */

/* An underscore as it is, or as TeX text has it. */
#define US "\\\\?_"
/* Not within a longer word. */
#define NOT_IN_WORD "(?<![A-Za-z0-9_-])"
#define MAIL_DOMAIN "@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?\\.){1,5}[A-Za-z]{2,18}(?![A-Za-z0-9@])"
/* What separates the groups of a phone number. */
#define GAP "(?:[ ~.\\-/]|--|\\\\,|\\\\ )"

const struct privacy_pattern privacy_patterns[] = {
	{ PRIVACY_KEY, "a key of Anthropic", "sk-ant-",
	  NOT_IN_WORD "sk-ant-[A-Za-z0-9]{2,12}-(?:[A-Za-z0-9-]|" US "){20,}", false, NULL },
	{ PRIVACY_KEY, "a key of OpenAI", "sk-",
	  NOT_IN_WORD "sk-(?:proj-|svcacct-|admin-)?(?:[A-Za-z0-9-]|" US "){24,}",
	  false, looks_random },
	{ PRIVACY_KEY, "a key of Google", "AIza",
	  NOT_IN_WORD "AIza(?:[0-9A-Za-z-]|" US "){35}", false, looks_random },
	{ PRIVACY_KEY, "a token of Google", "ya29.",
	  NOT_IN_WORD "ya29\\.(?:[0-9A-Za-z-]|" US "){20,}", false, NULL },
	{ PRIVACY_KEY, "a client secret of Google", "GOCSPX-",
	  NOT_IN_WORD "GOCSPX-(?:[0-9A-Za-z-]|" US "){20,}", false, NULL },
	{ PRIVACY_KEY, "an access key id of AWS", "KIA",
	  NOT_IN_WORD "AKIA[A-Z0-9]{16}(?![A-Za-z0-9])", false, is_not_made_up },
	{ PRIVACY_KEY, "an access key id of AWS", "ASIA",
	  NOT_IN_WORD "ASIA[A-Z0-9]{16}(?![A-Za-z0-9])", false, is_not_made_up },
	{ PRIVACY_KEY, "a secret key of AWS", "secret",
	  "aws.{0,20}secret.{0,20}?[=: \"']{1,6}([A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])",
	  true, looks_random },
	{ PRIVACY_KEY, "a token of GitHub", "gh",
	  NOT_IN_WORD "gh[pousr]" US "[A-Za-z0-9]{36,}", false, NULL },
	{ PRIVACY_KEY, "a token of GitHub", "github",
	  NOT_IN_WORD "github" US "pat" US "(?:[A-Za-z0-9]|" US "){40,}", false, NULL },
	{ PRIVACY_KEY, "a token of GitLab", "glpat-",
	  NOT_IN_WORD "glpat-(?:[A-Za-z0-9.-]|" US "){20,}", false, NULL },
	{ PRIVACY_KEY, "a token of Slack", "xox",
	  NOT_IN_WORD "xox[abeoprs]-[A-Za-z0-9-]{10,}", false, looks_random },
	{ PRIVACY_KEY, "a web hook of Slack", "hooks.slack.com",
	  "hooks\\.slack\\.com/services/[A-Z0-9]+/[A-Z0-9]+/[A-Za-z0-9]+", false, NULL },
	{ PRIVACY_KEY, "a token of Hugging Face", "hf",
	  NOT_IN_WORD "hf" US "[A-Za-z0-9]{30,}", false, NULL },
	{ PRIVACY_KEY, "a key of Groq", "gsk",
	  NOT_IN_WORD "gsk" US "[A-Za-z0-9]{40,}", false, looks_random },
	{ PRIVACY_KEY, "a key of xAI", "xai-",
	  NOT_IN_WORD "xai-[A-Za-z0-9]{40,}", false, looks_random },
	{ PRIVACY_KEY, "a key of Perplexity", "pplx-",
	  NOT_IN_WORD "pplx-[A-Za-z0-9]{40,}", false, looks_random },
	{ PRIVACY_KEY, "a token of Replicate", "r8",
	  NOT_IN_WORD "r8" US "[A-Za-z0-9]{36,}", false, looks_random },
	{ PRIVACY_KEY, "a key of Stripe", "live",
	  NOT_IN_WORD "[rs]k" US "live" US "[A-Za-z0-9]{20,}", false, looks_random },
	{ PRIVACY_KEY, "a token of npm", "npm",
	  NOT_IN_WORD "npm" US "[A-Za-z0-9]{36}(?![A-Za-z0-9])", false, looks_random },
	{ PRIVACY_KEY, "a token of PyPI", "pypi-",
	  NOT_IN_WORD "pypi-Ag(?:[A-Za-z0-9-]|" US "){50,}", false, NULL },
	{ PRIVACY_KEY, "a key of SendGrid", "SG.",
	  NOT_IN_WORD "SG\\.(?:[A-Za-z0-9-]|" US "){22}\\.(?:[A-Za-z0-9-]|" US "){43}", false, NULL },
	{ PRIVACY_KEY, "a private key", "PRIVATE KEY",
	  "-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----"
	  "(?:[A-Za-z0-9+/=:,.\\s\\\\]*+(?:-(?!-)[A-Za-z0-9+/=:,.\\s\\\\]*+){0,40}+-----END [A-Z0-9"
	  " ]{1,60}-----|" "[A-Za-z0-9+/=\\s]*+)", false, NULL },
	{ PRIVACY_KEY, "a web token", "eyJ",
	  NOT_IN_WORD "eyJ(?:[A-Za-z0-9-]|" US "){8,}\\.eyJ(?:[A-Za-z0-9-]|" US
	  "){8,}\\.(?:[A-Za-z0-9-]|" US "){10,}", false, NULL },
	{ PRIVACY_KEY, "a bearer token", "bearer",
	  "bearer +([A-Za-z0-9._~+/-]{20,}=*)", true, looks_random },
	{ PRIVACY_KEY, "a password in an address", "://",
	  "[a-z][a-z0-9+.-]{1,20}://[^\\s/:@{}\\\\$<>\"]{1,64}:([^\\s/@{}\\\\$<>\"]{3,128})@",
	  true, is_not_made_up },
#define ASSIGNED "[\"'`]?[ \\t]{0,3}(?:=>|:=|=|:)[ \\t]{0,3}[\"'`]?([^\\s\"'`\\\\{}$,;<>&]{8,128})"
	{ PRIVACY_KEY, "a password", "pass",
	  "(?<![a-z0-9])(?:password|passwd|passphrase)" ASSIGNED, true, looks_like_password },
	{ PRIVACY_KEY, "a secret", "secret",
	  "(?<![a-z0-9])(?:[a-z]{1,20}" US ")?(?:client|api|app|auth)?(?:" US "|-)?secret(?:(?:" US
	  "|-)key)?" ASSIGNED, true, looks_like_password },
	{ PRIVACY_KEY, "a key", "key",
	  "(?<![a-z0-9])(?:api|access|auth|account)(?:" US "|-| )?key" ASSIGNED,
	  true, looks_like_password },
	{ PRIVACY_KEY, "a token", "token",
	  "(?<![a-z0-9])(?:access|auth|api|bot|refresh)(?:" US "|-| )?token" ASSIGNED,
	  true, looks_like_password },
#undef ASSIGNED
	{ PRIVACY_EMAIL, "an e-mail address", "@",
	  "(?<![A-Za-z0-9.%+@-])(?:[A-Za-z0-9.%+-]|" US "){1,64}" MAIL_DOMAIN, false, is_somebody },
	/* {ada,ben}@uni.edu */
	{ PRIVACY_EMAIL, "an e-mail address", "@",
	  "\\\\?\\{[A-Za-z0-9._%+, ~-]{1,120}\\\\?\\}" MAIL_DOMAIN, false, is_somebody },
	{ PRIVACY_EMAIL, "an e-mail address", "at",
	  "[A-Za-z0-9._-]{2,40} ?[\\[(] ?at ?[\\])] ?[A-Za-z0-9-]{2,40}(?: ?[\\[(] ?dot ?[\\])] ?|"
	  "\\.)[A-Za-z0-9.-]{2,40}", true, NULL },
	{ PRIVACY_PHONE, "a phone number", "+",
	  "(?<![A-Za-z0-9$^_+=)\\]}])\\+[1-9][0-9]{0,2}+(?:" GAP
	  "?+\\(?+[0-9]{1,5}+\\)?+){2,6}+(?![0-9A-Za-z%^_])", false, has_phone_digits },
	{ PRIVACY_PHONE, "a phone number", NULL,
	  "(?<![A-Za-z\\\\])(?:telephone|tel|phone|fax|mobile|cell ?phone|telefon|tél)\\b[.:]?(?: ?"
	  "(?:no\\.?|number|nr\\.?))?:?[ ~]{0,3}" "(\\+?+\\(?+[0-9]{1,5}+\\)?+(?:" GAP
	  "{0,2}+\\(?+[0-9]{1,5}+\\)?+){1,6}+)(?![0-9A-Za-z%])", true, has_some_digits },
	{ PRIVACY_PHONE, "a phone number", NULL,
	  "(?<![0-9A-Za-z.$-])(?:\\([2-9][0-9]{2}\\)[ ~]?[2-9][0-9]{2}-[0-9]{4}|"
	  "[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4})(?![0-9A-Za-z-])", false, NULL },
};
const size_t privacy_pattern_nr = ARRAY_SIZE(privacy_patterns);

static bool holds(struct slice text, const char *literal)
{
	size_t len = strlen(literal);
	for (const char *p = text.data, *end = text.data + text.len; (size_t)(end - p) >= len; p++) {
		/* Both cases of the first byte by the quick way there is. */
		size_t i = 0;
		while (i < len && ascii_lower((unsigned char)p[i]) == ascii_lower((unsigned char)literal[i]))
			i++;
		if (i == len)
			return true;
	}
	return false;
}

static void add_hit(struct privacy_scan *scan, const struct privacy_pattern *pattern, size_t start,
		    size_t end)
{
	if (scan->nr == PRIVACY_MAX_HITS) {
		scan->gave_up = true;
		return;
	}
	ALLOC_GROW(scan->hits, scan->nr, scan->alloc);
	scan->hits[scan->nr++] = (struct privacy_hit){ .start = start, .end = end, .kind = pattern->kind,
						       .what = pattern->what };
}

void privacy_find(const struct privacy_pattern *pattern, struct slice text, struct privacy_scan *scan)
{
	struct regex *regex;
	struct regex_match m;
	bool gave_up = false;
	size_t at = 0;
	if (pattern->literal && !holds(text, pattern->literal))
		return;
	struct error *err = regex_new(&regex, pattern->regex, pattern->caseless ? REGEX_CASELESS : 0);
	if (err) {
		scan->gave_up = true;
		error_free(err);
		return;
	}
	while (!scan->gave_up && regex_search(regex, text, at, &m, &gave_up)) {
		bool part = m.nr > 1 && m.start[1] != (size_t)-1;
		size_t start = part ? m.start[1] : m.start[0], end = part ? m.end[1] : m.end[0];
		while (end > start && strchr(".,:;-", text.data[end - 1]))
			end--; /* of the sentence */
		if (end > start && (!pattern->accept || pattern->accept(text, start, end)))
			add_hit(scan, pattern, start, end);
		at = m.end[0] > m.start[0] ? m.end[0] : m.end[0] + 1;
	}
	scan->gave_up |= gave_up;
	regex_free(regex);
}
