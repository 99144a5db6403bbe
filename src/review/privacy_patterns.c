#include "review/privacy_patterns.h"

#include "base/memory.h"
#include "base/text.h"

/* -- what only looks like it ------------------------------------------------------------------- */

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
	if (!dot || shape_holds_word(s, nobody) || shape_holds_word((struct slice){ dot, tail }, endings))
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
#define MAIL_DOMAIN "@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?\\.){1,5}[A-Za-z]{2,18}(?![A-Za-z0-9@])"
/* What separates the groups of a phone number. */
#define GAP "(?:[ ~.\\-/]|--|\\\\,|\\\\ )"

const struct privacy_pattern privacy_patterns[] = {
	{ PRIVACY_EMAIL, { "an e-mail address", "@",
	  "(?<![A-Za-z0-9.%+@-])(?:[A-Za-z0-9.%+-]|" US "){1,64}" MAIL_DOMAIN, false, is_somebody } },
	/* {ada,ben}@uni.edu */
	{ PRIVACY_EMAIL, { "an e-mail address", "@",
	  "\\\\?\\{[A-Za-z0-9._%+, ~-]{1,120}\\\\?\\}" MAIL_DOMAIN, false, is_somebody } },
	{ PRIVACY_EMAIL, { "an e-mail address", "at",
	  "[A-Za-z0-9._-]{2,40} ?[\\[(] ?at ?[\\])] ?[A-Za-z0-9-]{2,40}(?: ?[\\[(] ?dot ?[\\])] ?|"
	  "\\.)[A-Za-z0-9.-]{2,40}", true, NULL } },
	{ PRIVACY_PHONE, { "a phone number", "+",
	  "(?<![A-Za-z0-9$^_+=)\\]}])\\+[1-9][0-9]{0,2}+(?:" GAP
	  "?+\\(?+[0-9]{1,5}+\\)?+){2,6}+(?![0-9A-Za-z%^_])", false, has_phone_digits } },
	{ PRIVACY_PHONE, { "a phone number", NULL,
	  "(?<![A-Za-z\\\\])(?:telephone|tel|phone|fax|mobile|cell ?phone|telefon|tél)\\b[.:]?(?: ?"
	  "(?:no\\.?|number|nr\\.?))?:?[ ~]{0,3}" "(\\+?+\\(?+[0-9]{1,5}+\\)?+(?:" GAP
	  "{0,2}+\\(?+[0-9]{1,5}+\\)?+){1,6}+)(?![0-9A-Za-z%])", true, has_some_digits } },
	{ PRIVACY_PHONE, { "a phone number", NULL,
	  "(?<![0-9A-Za-z.$-])(?:\\([2-9][0-9]{2}\\)[ ~]?[2-9][0-9]{2}-[0-9]{4}|"
	  "[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4})(?![0-9A-Za-z-])", false, NULL } },
};
const size_t privacy_pattern_nr = ARRAY_SIZE(privacy_patterns);
