#include "git/ignore.h"

#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"

struct pattern {
	const char *text;
	size_t len;
	size_t literal; /* so many bytes at its beginning hold no wildcard */
	bool negated;
	bool only_directories;
	bool any_depth; /* no '/' in it: matches the last component alone */
};

struct ignore_rules {
	const struct ignore_rules *parent;
	char *folder;
	size_t folder_len;
	char *text; /* the patterns point into it */
	struct pattern *patterns;
	size_t nr;
	bool truncated;
	char id[SHA256_HEX_SIZE + 1];
};

/* Spaces at the end do not count unless a backslash protects them. LINE is NUL-terminated. */
static void trim_trailing_spaces(char *line)
{
	char *spaces = NULL;
	for (char *p = line; *p; p++) {
		if (*p == ' ') {
			spaces = spaces ? spaces : p;
			continue;
		}
		spaces = NULL;
		if (*p == '\\' && !*++p)
			return;
	}
	if (spaces)
		*spaces = '\0';
}

static struct pattern parse_pattern(char *text)
{
	struct pattern pattern = { .negated = *text == '!' };
	text += pattern.negated;
	pattern.len = strlen(text);
	if (pattern.len && text[pattern.len - 1] == '/') {
		pattern.only_directories = true;
		text[--pattern.len] = '\0';
	}
	pattern.text = text;
	pattern.any_depth = !memchr(text, '/', pattern.len);
	pattern.literal = strcspn(text, "*?[\\");
	/* A '/' in first place only says that the pattern belongs to this folder. */
	if (*text == '/') {
		pattern.text++;
		pattern.len--;
		pattern.literal--;
	}
	return pattern;
}

/* A line is a C string to git: what follows a NUL byte is not seen. */
static void parse_lines(struct ignore_rules *rules, char *text, size_t len)
{
	size_t alloc = 0;
	char *end = text + len;
	for (char *line = text, *next; line < end; line = next) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		char *stop = newline ? newline : end;
		next = stop + 1;
		if (stop == line || *line == '#')
			continue;
		if (rules->nr == IGNORE_MAX_PATTERNS) {
			rules->truncated = true;
			return;
		}
		if (stop[-1] == '\r')
			stop--;
		*stop = '\0';
		trim_trailing_spaces(line);
		ALLOC_GROW(rules->patterns, rules->nr, alloc);
		rules->patterns[rules->nr++] = parse_pattern(line);
	}
}

static void add_string(struct sha256 *hash, const char *s)
{
	sha256_update(hash, s, strlen(s) + 1);
}

static void set_id(struct ignore_rules *rules)
{
	const char *above = ignore_rules_id(rules->parent);
	struct sha256 hash;
	if (!rules->nr) {
		memcpy(rules->id, above, strlen(above) + 1);
		return;
	}
	sha256_init(&hash);
	add_string(&hash, above);
	add_string(&hash, rules->folder);
	for (size_t i = 0; i < rules->nr; i++) {
		const struct pattern *p = &rules->patterns[i];
		char kind = (char)('0' + p->negated + 2 * p->only_directories + 4 * p->any_depth);
		sha256_update(&hash, &kind, 1);
		add_string(&hash, p->text);
	}
	sha256_final_hex(&hash, rules->id);
}

struct ignore_rules *ignore_rules_new(const struct ignore_rules *parent, const char *folder,
				      struct slice text)
{
	struct ignore_rules *rules = xcalloc(1, sizeof(*rules));
	rules->parent = parent;
	rules->folder = xstrdup(folder);
	rules->folder_len = strlen(folder);
	if (text.len > IGNORE_MAX_FILE) {
		rules->truncated = true;
		text.len = IGNORE_MAX_FILE;
	}
	rules->text = xmemdupz(text.data, text.len);
	size_t mark = text.len >= 3 && !memcmp(text.data, "\xef\xbb\xbf", 3) ? 3 : 0;
	parse_lines(rules, rules->text + mark, text.len - mark);
	set_id(rules);
	return rules;
}

void ignore_rules_free(struct ignore_rules *rules)
{
	if (!rules)
		return;
	free(rules->folder);
	free(rules->text);
	free(rules->patterns);
	free(rules);
}

const char *ignore_rules_id(const struct ignore_rules *rules)
{
	return rules ? rules->id : "";
}

bool ignore_rules_truncated(const struct ignore_rules *rules)
{
	return rules->truncated;
}

/* NAME is what the pattern is held against: the last component, or the path below the folder. */
static bool pattern_matches(const struct pattern *pattern, const char *name)
{
	if (!pattern->literal || pattern->any_depth)
		return wildmatch(pattern->text, name, true);
	/* git compares the literal beginning first and gives wildmatch only what follows, so that
	 * the stars of "a**" + "/b" stand at the beginning of what wildmatch sees. */
	return !strncmp(pattern->text, name, pattern->literal) &&
	       wildmatch(pattern->text + pattern->literal, name + pattern->literal, true);
}

/* PATH below the folder of RULES, or NULL when it is not there. */
static const char *path_below(const struct ignore_rules *rules, const char *path)
{
	if (!rules->folder_len)
		return path;
	if (strncmp(path, rules->folder, rules->folder_len) || path[rules->folder_len] != '/')
		return NULL;
	return path + rules->folder_len + 1;
}

int ignore_match(const struct ignore_rules *rules, const char *path, bool is_directory)
{
	const char *slash = strrchr(path, '/');
	const char *basename = slash ? slash + 1 : path;
	for (; rules; rules = rules->parent) {
		const char *below = path_below(rules, path);
		for (size_t i = below ? rules->nr : 0; i > 0; i--) {
			const struct pattern *pattern = &rules->patterns[i - 1];
			if (pattern->only_directories && !is_directory)
				continue;
			if (pattern_matches(pattern, pattern->any_depth ? basename : below))
				return !pattern->negated;
		}
	}
	return -1;
}
