/*
 * .dockerignore, as docker reads it: patterns of Go's filepath.Match and `**`, the last one that matches
 * decides, and what matches a folder matches all that is in it.
 * https://docs.docker.com/build/concepts/context/#dockerignore-files
 *
 * A pattern is a list of tokens, and a match is a walk over the path with the set of tokens that may come
 * next: the work is the length of the pattern times that of the path at most, whatever they are.
 */
#include "base/memory.h"
#include "base/text.h"
#include "image/dockerfile.h"

#define IGNORE_MAX_FILE ((size_t)64 << 10)
#define IGNORE_MAX_PATTERN 1000

enum token_kind {
	TOKEN_LITERAL,
	TOKEN_ONE,          /* ?: anything but '/' */
	TOKEN_CLASS,        /* [...] */
	TOKEN_STAR,         /* *: any number of anything but '/' */
	TOKEN_ALL,          /* all that is left, or (at the beginning) before */
	TOKEN_FOLDERS,      /* **: no folder, or (the token after it) */
	TOKEN_FOLDERS_BODY, /* any number of folders, and a '/' */
};

struct token {
	enum token_kind kind;
	uint32_t literal;
	const char *class, *class_end; /* in the pattern's text, behind '[' and before ']' */
};

struct pattern {
	char *text;
	bool exception; /* ! */
	struct token *tokens;
	size_t nr;
};

struct docker_ignore {
	struct pattern *patterns;
	size_t nr, alloc;
};

/* -- reading ---------------------------------------------------------------------------------- */

/* PATH without empty, "." and ".." components, as Go's path.Clean makes it, and without a leading slash. */
static char *clean_path(struct slice path)
{
	struct buffer out = BUFFER_INIT;
	bool rooted = path.len && *path.data == '/';
	for (size_t i = 0; i < path.len;) {
		const char *slash = memchr(path.data + i, '/', path.len - i);
		struct slice part = { path.data + i, slash ? (size_t)(slash - path.data) - i : path.len - i };
		i += part.len + 1;
		if (!part.len || slice_equals(part, "."))
			continue;
		const char *last = out.len ? memrchr(out.data, '/', out.len) : NULL;
		size_t last_start = last ? (size_t)(last - out.data) + 1 : 0;
		bool climbs = slice_equals(part, "..");
		if (climbs && out.len && strcmp(out.data + last_start, "..")) {
			buffer_truncate(&out, last ? last_start - 1 : 0);
		} else if (!climbs || !rooted) {
			if (out.len)
				buffer_addch(&out, '/');
			buffer_add(&out, part.data, part.len);
		}
	}
	return buffer_detach(&out, NULL);
}

/* One character of a class, or NULL: it must not stand there. */
static const char *class_character(const char *s, const char *end, uint32_t *cp)
{
	if (s < end && *s == '\\')
		s++;
	else if (s == end || *s == '-' || *s == ']')
		return NULL;
	return s == end ? NULL : s + utf8_decode(s, (size_t)(end - s), cp);
}

/* Whether C is in the class at S ("^a-z\]]..."); *BEHIND is set behind its ']', or to NULL when it is
 * malformed. */
static bool class_has(const char *s, const char *end, uint32_t c, const char **behind)
{
	bool negated = s < end && *s == '^', in = false;
	s += negated;
	*behind = NULL;
	for (bool first = true; first || s == end || *s != ']'; first = false) {
		uint32_t low = 0, high;
		s = class_character(s, end, &low);
		if (!s)
			return false;
		high = low;
		if (s < end && *s == '-')
			s = class_character(s + 1, end, &high);
		if (!s)
			return false;
		in |= c >= low && c <= high;
	}
	*behind = s + 1;
	return in != negated;
}

static struct token *add_token(struct pattern *p, enum token_kind kind)
{
	p->tokens[p->nr] = (struct token){ .kind = kind };
	return &p->tokens[p->nr++];
}

/* The stars at S; returns behind them. */
static const char *add_stars(struct pattern *p, const char *s, bool plain)
{
	bool first = s == p->text;
	if (s[1] != '*') {
		add_token(p, TOKEN_STAR);
		return s + 1;
	}
	s += 2;
	/* Docker takes a beginning of two stars without a slash, if nothing else is special, for "ends with".
	 */
	if (first && *s != '/' && plain) {
		add_token(p, TOKEN_ALL);
		return s;
	}
	s += *s == '/';
	if (!*s) {
		add_token(p, TOKEN_ALL);
	} else {
		add_token(p, TOKEN_FOLDERS);
		add_token(p, TOKEN_FOLDERS_BODY);
	}
	return s;
}

/* False when the pattern is malformed. */
static bool compile(struct pattern *p)
{
	size_t len = strlen(p->text);
	const char *s = p->text, *end = s + len;
	bool plain = !strpbrk(s + (starts_with(s, "**") ? 2 : 0), "*?[]\\");
	p->tokens = xcalloc(len + 1, sizeof(*p->tokens));
	while (s < end) {
		if (*s == '*') {
			s = add_stars(p, s, plain);
		} else if (*s == '?') {
			add_token(p, TOKEN_ONE);
			s++;
		} else if (*s == '[') {
			struct token *t = add_token(p, TOKEN_CLASS);
			t->class = s + 1;
			class_has(s + 1, end, 0, &s);
			if (!s)
				return false;
			t->class_end = s;
		} else {
			s += *s == '\\';
			if (s == end)
				return false;
			s += utf8_decode(s, (size_t)(end - s), &add_token(p, TOKEN_LITERAL)->literal);
		}
	}
	return true;
}

static struct error *add_line(struct docker_ignore *ignore, struct slice line, const char *file, size_t nr)
{
	bool exception = false;
	if (line.len && *line.data == '#')
		return NULL;
	line = slice_trim(line);
	if (line.len && *line.data == '!') {
		exception = true;
		line = slice_trim((struct slice){ line.data + 1, line.len - 1 });
		if (!line.len)
			return error_at(ERROR_SYNTAX, file, nr, 0, "'!' has no pattern behind it");
	}
	if (!line.len)
		return NULL;
	if (line.len > IGNORE_MAX_PATTERN)
		return error_at(ERROR_LIMIT, file, nr, 0, "a pattern is longer than %d bytes",
				IGNORE_MAX_PATTERN);
	if (memchr(line.data, 0, line.len))
		return error_at(ERROR_SYNTAX, file, nr, 0, "a pattern has a NUL byte in it");
	ALLOC_GROW(ignore->patterns, ignore->nr, ignore->alloc);
	struct pattern *p = &ignore->patterns[ignore->nr++];
	*p = (struct pattern){ .text = clean_path(line), .exception = exception };
	if (!compile(p))
		return error_at(ERROR_SYNTAX, file, nr, 0,
				"'%s' is no pattern: brackets or a backslash at its end are "
				"not complete",
				p->text);
	return NULL;
}

struct error *docker_ignore_parse(struct docker_ignore **out, struct slice text, const char *file)
{
	struct docker_ignore *ignore = xcalloc(1, sizeof(*ignore));
	struct error *err = NULL;
	*out = NULL;
	if (text.len > IGNORE_MAX_FILE)
		err = error_new(ERROR_LIMIT, "%s is larger than %zu bytes", file, IGNORE_MAX_FILE);
	if (text.len >= 3 && !memcmp(text.data, "\xef\xbb\xbf", 3))
		text = (struct slice){ text.data + 3, text.len - 3 };
	for (size_t nr = 1; !err && text.len; nr++) {
		const char *newline = memchr(text.data, '\n', text.len);
		struct slice line = { text.data, newline ? (size_t)(newline - text.data) : text.len };
		size_t taken = line.len + (newline != NULL);
		err = add_line(ignore, line, file, nr);
		text = (struct slice){ text.data + taken, text.len - taken };
	}
	if (err)
		docker_ignore_free(ignore);
	else
		*out = ignore;
	return err;
}

void docker_ignore_free(struct docker_ignore *ignore)
{
	if (!ignore)
		return;
	for (size_t i = 0; i < ignore->nr; i++) {
		free(ignore->patterns[i].text);
		free(ignore->patterns[i].tokens);
	}
	free(ignore->patterns);
	free(ignore);
}

/* -- matching --------------------------------------------------------------------------------- */

/* The tokens that may come next, each once; one above the last is the end of the pattern. */
struct states {
	uint16_t items[IGNORE_MAX_PATTERN + 1];
	size_t nr;
};

struct walk {
	struct states sets[2];
	struct states *now, *next;
	uint32_t seen[IGNORE_MAX_PATTERN + 1]; /* the turn in which a token was added last */
	uint32_t turn;
};

static void add_one(struct walk *w, size_t state)
{
	if (w->seen[state] == w->turn)
		return;
	w->seen[state] = w->turn;
	w->next->items[w->next->nr++] = (uint16_t)state;
}

/* Adds STATE, and what may come instead because it may stand for nothing. */
static void add_state(struct walk *w, const struct pattern *p, size_t state)
{
	while (state < p->nr) {
		enum token_kind kind = p->tokens[state].kind;
		if (kind == TOKEN_FOLDERS) {
			add_one(w, state + 1);
			state += 2;
			continue;
		}
		if (kind != TOKEN_STAR && kind != TOKEN_ALL)
			break;
		add_one(w, state);
		state++;
	}
	add_one(w, state);
}

static void turn(struct walk *w)
{
	struct states *now = w->now;
	w->now = w->next;
	w->next = now;
	w->next->nr = 0;
	w->turn++;
}

static void begin(struct walk *w, const struct pattern *p)
{
	w->now = &w->sets[0];
	w->next = &w->sets[1];
	w->next->nr = 0;
	w->turn++;
	add_state(w, p, 0);
	turn(w);
}

static void step(struct walk *w, const struct pattern *p, uint32_t c)
{
	for (size_t i = 0; i < w->now->nr; i++) {
		size_t state = w->now->items[i];
		const struct token *t = &p->tokens[state];
		const char *behind;
		if (state == p->nr)
			continue;
		switch (t->kind) {
		case TOKEN_LITERAL:
			if (c == t->literal)
				add_state(w, p, state + 1);
			break;
		case TOKEN_ONE:
			if (c != '/')
				add_state(w, p, state + 1);
			break;
		case TOKEN_CLASS:
			if (class_has(t->class, t->class_end, c, &behind))
				add_state(w, p, state + 1);
			break;
		case TOKEN_STAR:
			if (c != '/')
				add_state(w, p, state);
			break;
		case TOKEN_ALL:
			add_state(w, p, state);
			break;
		case TOKEN_FOLDERS_BODY:
			add_one(w, state);
			if (c == '/')
				add_state(w, p, state + 1);
			break;
		case TOKEN_FOLDERS:
			break; /* never in a set: add_state() goes past it */
		}
	}
	turn(w);
}

static bool at_end(const struct walk *w, const struct pattern *p)
{
	return w->seen[p->nr] == w->turn - 1;
}

/* Whether P matches PATH or a folder that it is in. */
static bool pattern_matches(struct walk *w, const struct pattern *p, const char *path)
{
	size_t len = strlen(path);
	begin(w, p);
	for (size_t i = 0; i < len && w->now->nr;) {
		uint32_t c;
		if (path[i] == '/' && at_end(w, p))
			return true;
		i += utf8_decode(path + i, len - i, &c);
		step(w, p, c);
	}
	return at_end(w, p);
}

bool docker_ignore_match(const struct docker_ignore *ignore, const char *path)
{
	bool ignored = false;
	struct walk w;
	if (!ignore || !ignore->nr)
		return false;
	memset(w.seen, 0, sizeof(w.seen));
	w.turn = 1;
	for (size_t i = 0; i < ignore->nr; i++)
		if (ignore->patterns[i].exception == ignored &&
		    pattern_matches(&w, &ignore->patterns[i], path))
			ignored = !ignored;
	return ignored;
}

bool docker_ignore_may_return(const struct docker_ignore *ignore, const char *path)
{
	size_t len = strlen(path);
	struct walk w;
	if (!ignore)
		return false;
	memset(w.seen, 0, sizeof(w.seen));
	w.turn = 1;
	for (size_t i = 0; i < ignore->nr; i++) {
		const struct pattern *p = &ignore->patterns[i];
		if (!p->exception)
			continue;
		begin(&w, p);
		for (size_t at = 0; at < len;) {
			uint32_t c;
			at += utf8_decode(path + at, len - at, &c);
			step(&w, p, c);
		}
		if (len)
			step(&w, p, '/');
		if (w.now->nr)
			return true;
	}
	return false;
}
