/* Values out of a YAML tree, and strings into YAML. */
#include <errno.h>
#include <locale.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
	size_t len = strlen(key);
	if (!mapping || mapping->kind != YAML_MAPPING)
		return NULL;
	for (size_t i = 0; i + 1 < mapping->nr; i += 2) {
		const struct yaml_node *k = mapping->items[i];
		if (k->value_len == len && !memcmp(k->value, key, len))
			return mapping->items[i + 1];
	}
	return NULL;
}

static bool is_one_of(const char *s, const char *const *words)
{
	for (; *words; words++) {
		const char *a = s, *b = *words;
		while (*a && ascii_lower(*a) == *b) {
			a++;
			b++;
		}
		if (!*a && !*b)
			return true;
	}
	return false;
}

bool yaml_is_null(const struct yaml_node *node)
{
	static const char *const words[] = { "", "~", "null", NULL };
	return node && node->kind == YAML_SCALAR && node->plain && is_one_of(node->value, words);
}

static struct error *not_a(const struct yaml_node *node, const char *file, const char *name,
			   const char *type)
{
	if (!node)
		return error_at(ERROR_SYNTAX, file, 0, 0, "'%s' is missing", name);
	return error_at(ERROR_SYNTAX, file, node->line, node->column, "'%s' is not %s", name, type);
}

struct error *yaml_string(const struct yaml_node *node, const char *file, const char *name, const char **out)
{
	*out = NULL;
	if (!node || node->kind != YAML_SCALAR || yaml_is_null(node))
		return not_a(node, file, name, "a string");
	if (strlen(node->value) != node->value_len)
		return not_a(node, file, name, "a string without NUL");
	*out = node->value;
	return NULL;
}

/* [-+]digits; the rest of the string, or NULL if there is no digit. */
static const char *skip_number(const char *s)
{
	s += *s == '-' || *s == '+';
	if (!ascii_digit(*s))
		return NULL;
	while (ascii_digit(*s))
		s++;
	return s;
}

static bool is_plain_scalar(const struct yaml_node *node)
{
	return node && node->kind == YAML_SCALAR && node->plain;
}

struct error *yaml_integer(const struct yaml_node *node, const char *file, const char *name, int64_t *out)
{
	*out = 0;
	const char *end = is_plain_scalar(node) ? skip_number(node->value) : NULL;
	if (!end || *end)
		return not_a(node, file, name, "an integer");
	errno = 0;
	long long value = strtoll(node->value, NULL, 10);
	if (errno)
		return not_a(node, file, name, "an integer of 64 bits");
	*out = value;
	return NULL;
}

static bool is_decimal(const char *s)
{
	s = skip_number(s);
	if (s && *s == '.')
		s += 1 + strspn(s + 1, "0123456789");
	if (s && ascii_lower(*s) == 'e')
		s = skip_number(s + 1);
	return s && !*s;
}

/* strtod with a point whatever the locale. */
static double parse_decimal(const char *s)
{
	locale_t c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
	double value = strtod_l(s, NULL, c);
	freelocale(c);
	return value;
}

struct error *yaml_number(const struct yaml_node *node, const char *file, const char *name, double *out)
{
	*out = 0;
	if (!is_plain_scalar(node) || !is_decimal(node->value))
		return not_a(node, file, name, "a number");
	double value = parse_decimal(node->value);
	if (value - value != 0) /* infinite */
		return not_a(node, file, name, "a number that fits");
	*out = value;
	return NULL;
}

struct error *yaml_bool(const struct yaml_node *node, const char *file, const char *name, bool *out)
{
	static const char *const yes[] = { "true", "yes", "on", NULL };
	static const char *const no[] = { "false", "no", "off", NULL };
	*out = is_plain_scalar(node) && is_one_of(node->value, yes);
	if (!*out && !(is_plain_scalar(node) && is_one_of(node->value, no)))
		return not_a(node, file, name, "true or false");
	return NULL;
}

/* -- writing --------------------------------------------------------------------------------- */

/* What YAML 1.2 lets stand unescaped. */
static bool is_printable(uint32_t cp)
{
	return (cp >= 0x20 && cp <= 0x7e) || (cp >= 0xa0 && cp <= 0xd7ff && cp != 0x2028 && cp != 0x2029) ||
	       (cp >= 0xe000 && cp <= 0xfffd && cp != 0xfeff) || (cp >= 0x10000 && cp <= 0x10ffff);
}

/* Plain only where no YAML reader, 1.1 or 1.2, in block or flow, could see anything but this
 * string. Numbers and dates all begin with a digit, a sign or a point. */
static bool is_safe_plain(const char *s, size_t len)
{
	static const char *const words[] = { "y", "n", "yes", "no", "on", "off", "true", "false",
					     "null", NULL };
	if (!len || !(ascii_alpha(*s) || *s == '_' || *s == '/' || (unsigned char)*s >= 0x80))
		return false;
	if (ascii_space(s[len - 1]) || s[len - 1] == ':' || is_one_of(s, words))
		return false;
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = utf8_decode(s + i, len - i, &cp);
		if (!is_printable(cp) || cp == 0xa0 || (n == 1 && cp == 0xfffd))
			return false;
		if (cp < 0x80 && strchr(",[]{}", (int)cp))
			return false;
		if ((s[i] == ':' && s[i + 1] == ' ') || (s[i] == ' ' && s[i + 1] == '#'))
			return false;
		i += n;
	}
	return true;
}

static void add_quoted(struct buffer *out, const char *s, size_t len)
{
	static const char special[] = "\"\\\n\t\r", letters[] = "\"\\ntr";
	buffer_addch(out, '"');
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		i += utf8_decode(s + i, len - i, &cp);
		const char *escape = cp && cp < 0x80 ? strchr(special, (int)cp) : NULL;
		if (escape)
			buffer_addf(out, "\\%c", letters[escape - special]);
		else if (is_printable(cp))
			utf8_encode(out, cp);
		else
			buffer_addf(out, cp < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)cp);
	}
	buffer_addch(out, '"');
}

void yaml_add_scalar(struct buffer *out, const char *s)
{
	size_t len = strlen(s);
	if (is_safe_plain(s, len))
		buffer_add(out, s, len);
	else
		add_quoted(out, s, len);
}
