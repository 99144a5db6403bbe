#include "deploy/leaks_text.h"

#include "base/memory.h"
#include "base/secret_shapes.h"
#include "base/sha256.h"
#include "base/text.h"
#include "git/ignore.h"

/* Raise it when the judgement changes but no shape does. */
#define LEAKS_TEXT_VERSION 1
/* A NUL in so many bytes, and it is no text. */
#define SNIFFED 8000
/* What is shown of a line before the secret, and of the secret: the maker's mark. */
#define SHOWN_BEFORE 32
#define SHOWN_OF_SECRET 4
#define MAX_HITS 100
/* A key has more than its first and last line. */
#define MIN_PRIVATE_KEY 200
/* How far around a key it is told whose it is. */
#define NEIGHBOURHOOD 600

/* -- what only looks like it ---------------------------------------------------------------------- */

/* The text after it is where somebody writes what goes there: "<token>", "${TOKEN}", "changeme". */
static bool is_filled_in(struct slice text, size_t start, size_t end)
{
	static const char *const blanks[] = {
		"example", "changeme", "change_me", "change-me", "placeholder", "your",        "xxxx", "****",
		"....",    "replace",  "insert",    "todo",      "dummy",       "secret_here", "<",    "${",
		"{{",      "$(",       "%(",        "none",      "null",        "localhost",
		/* of RFC 6749 */
		"2YotnFZFEjr1zCsicMWpAA", "tGzv3JOkF0XG5Qx2TlKWIA", NULL
	};
	struct slice s = { text.data + start, end - start };
	return !shape_holds_word(s, blanks);
}

/* -- files that are secrets by name ------------------------------------------------------------------ */

#define VALUE "[ \\t]*[:=][ \\t]*[\"']?([^\\s\"'#]{6,})"
static const struct shape named_shapes[] = {
	{ "a secret in a file of variables", NULL,
	  "(?m)^[ \\t]*(?:export[ "
	  "\\t]+)?(?!(?:NEXT_PUBLIC|REACT_APP|VITE|PUBLIC|NUXT_PUBLIC|EXPO_PUBLIC|GATSBY)_)"
	  "[A-Z0-9_]{0,64}(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|DATABASE_URL|DSN)[A-Z0-9_"
	  "]{0,64}" VALUE,
	  true, is_filled_in, true },
	{ "a secret of Streamlit", NULL, "(?m)^[ \\t]*[\\w-]{1,64}[ \\t]*=[ \\t]*[\"']([^\\s\"'#]{8,})", true,
	  is_filled_in, true },
	{ "a secret key of AWS", NULL, "(?i)aws_secret_access_key" VALUE, false, is_filled_in, true },
	{ "a password of .netrc", NULL, "password[ \\t\\n]+(\\S{4,})", false, is_filled_in, true },
	{ "a password of PostgreSQL", NULL, "(?m)^[^#:\\n]*:[^:\\n]*:[^:\\n]*:[^:\\n]*:(.{4,})", false,
	  is_filled_in, true },
	{ "a password of git", NULL, "://[^/\\s:]{1,64}:([^@\\s]{4,})@", false, is_filled_in, true },
	{ "a token of npm", NULL, "_(?:authToken|auth|password)" VALUE, false, is_filled_in, true },
	{ "a password of PyPI", NULL, "(?m)^[ \\t]*password" VALUE, false, is_filled_in, true },
	{ "a login of docker", NULL, "\"(?:auth|identitytoken)\"[ \\t]*:[ \\t]*\"([A-Za-z0-9+/=._-]{8,})\"",
	  false, is_filled_in, true },
	{ "a private key", NULL, "PRIVATE KEY", false, NULL, true },
	{ "a key of Kubernetes", NULL, "(?:client-key-data|token):[ \\t]*([A-Za-z0-9+/=._-]{20,})", false,
	  is_filled_in, true },
	{ "a secret in Terraform's state", NULL,
	  "\"[a-z_]{0,40}(?:password|secret|private_key|token)[a-z_]{0,40}\"[ \\t]*:[ "
	  "\\t]*\"([^\"\\n]{6,})\"",
	  false, is_filled_in, true },
	{ "a store of keys", NULL, "", false, NULL },
};
enum named {
	NAMED_VARIABLES,
	NAMED_STREAMLIT,
	NAMED_AWS,
	NAMED_NETRC,
	NAMED_PGPASS,
	NAMED_GIT,
	NAMED_NPM,
	NAMED_PYPI,
	NAMED_DOCKER,
	NAMED_KEY,
	NAMED_KUBERNETES,
	NAMED_TERRAFORM,
	NAMED_STORE
};

/* Globs of a path's end, whatever is above it. */
static const struct {
	const char *glob;
	enum named shape;
} names[] = {
	{ ".env", NAMED_VARIABLES },
	{ ".env.*", NAMED_VARIABLES },
	{ "*.env", NAMED_VARIABLES },
	{ ".envrc", NAMED_VARIABLES },
	{ ".streamlit/secrets.toml", NAMED_STREAMLIT },
	{ ".aws/credentials", NAMED_AWS },
	{ ".aws/config", NAMED_AWS },
	{ ".netrc", NAMED_NETRC },
	{ "_netrc", NAMED_NETRC },
	{ ".pgpass", NAMED_PGPASS },
	{ "pgpass.conf", NAMED_PGPASS },
	{ ".git-credentials", NAMED_GIT },
	{ ".npmrc", NAMED_NPM },
	{ ".yarnrc", NAMED_NPM },
	{ ".pypirc", NAMED_PYPI },
	{ ".docker/config.json", NAMED_DOCKER },
	{ ".dockercfg", NAMED_DOCKER },
	{ ".dockerconfigjson", NAMED_DOCKER },
	{ "id_rsa", NAMED_KEY },
	{ "id_dsa", NAMED_KEY },
	{ "id_ecdsa", NAMED_KEY },
	{ "id_ed25519", NAMED_KEY },
	{ ".kube/config", NAMED_KUBERNETES },
	{ "kubeconfig", NAMED_KUBERNETES },
	{ "*.tfstate", NAMED_TERRAFORM },
	{ "*.tfstate.backup", NAMED_TERRAFORM },
	{ "*.p12", NAMED_STORE },
	{ "*.pfx", NAMED_STORE },
	{ "*.jks", NAMED_STORE },
	{ "*.keystore", NAMED_STORE },
	{ "*.kdbx", NAMED_STORE },
};

/* Names that say themselves that there is nothing in it. */
static bool is_sample_name(const char *name)
{
	static const char *const words[] = { "example", "sample", "template", "dist",
					     "default", "schema", "test",     NULL };
	return shape_holds_word(slice_of_string(name), words);
}

static const char *last_parts(const char *path, size_t nr)
{
	const char *at = path + strlen(path);
	while (at > path)
		if (*--at == '/' && !--nr)
			return at + 1;
	return path;
}

/* -1: none of these. */
static int named_shape(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *end = last_parts(path, strchr(names[i].glob, '/') ? 2 : 1);
		if (wildmatch(names[i].glob, end, true) && !is_sample_name(last_parts(path, 1)))
			return (int)names[i].shape;
	}
	return -1;
}

/* -- where a file stands -------------------------------------------------------------------------------- */

static bool has_part(const char *path, const char *const *parts)
{
	while (*path) {
		size_t len = strcspn(path, "/");
		for (const char *const *part = parts; *part; part++)
			if (strlen(*part) == len && !strncasecmp(*part, path, len))
				return true;
		path += len + (path[len] == '/');
	}
	return false;
}

static bool is_of_library(const char *path)
{
	static const char *const parts[] = { "node_modules",
					     "site-packages",
					     "dist-packages",
					     "vendor",
					     "third_party",
					     "bower_components",
					     NULL };
	return has_part(path, parts);
}

/* Keys made up for tests, and manuals. */
static bool is_of_tests(const char *path)
{
	static const char *const parts[] = { "test",         "tests",     "testing",   "testdata",
					     "test-data",    "test_data", "__tests__", "fixtures",
					     "__fixtures__", "fixture",   "spec",      "specs",
					     "mock",         "mocks",     "__mocks__", "example",
					     "examples",     "sample",    "samples",   "demo",
					     "demos",        "doc",       "docs",      "documentation",
					     "cassettes",    NULL };
	const char *name = last_parts(path, 1);
	return has_part(path, parts) || starts_with(name, "test_") || starts_with(name, "conftest.") ||
	       strstr(name, "_test.") || strstr(name, ".test.") || strstr(name, ".spec.");
}

static bool has_ending(const char *path, const char *const *endings)
{
	for (; *endings; endings++)
		if (ends_with(path, *endings))
			return true;
	return false;
}

/* Texts for people, and texts that no person wrote. */
static bool is_prose_or_made(const char *path)
{
	static const char *const endings[] = { ".md",    ".rst", ".txt",       ".adoc",      ".html",
					       ".htm",   ".svg", ".map",       ".lock",      ".min.js",
					       ".po",    ".pot", ".csv",       ".tsv",       ".xml",
					       ".ipynb", ".log", "-lock.json", "-lock.yaml", ".tex",
					       ".bib",   ".sum", "PKG-INFO", "METADATA", NULL };
	return has_ending(path, endings);
}

/* Where values need no quotes. */
static bool is_settings(const char *path)
{
	static const char *const endings[] = { ".ini",  ".cfg",  ".conf", ".properties", ".yml",
					       ".yaml", ".toml", ".env",  NULL };
	return has_ending(path, endings);
}

/* -- one hit ------------------------------------------------------------------------------------------------
 */

struct hit {
	size_t start, end;
	const struct shape *shape;
};

struct hits {
	const char *path;
	struct slice text;
	struct hit items[MAX_HITS];
	size_t nr;
	bool any;      /* also of those that are excused */
};

static bool is_what(const struct shape *shape, const char *what)
{
	return !strcmp(shape->what, what);
}

/* The keys of Firebase tell browsers which project is meant; they open nothing. */
static bool is_for_browsers(struct slice text, size_t start)
{
	static const char *const words[] = { "firebase", "authDomain", "messagingSenderId", "maps.googleapis",
					     NULL };
	size_t from = start > NEIGHBOURHOOD ? start - NEIGHBOURHOOD : 0, to = start + NEIGHBOURHOOD;
	struct slice near = { text.data + from, (to < text.len ? to : text.len) - from };
	return shape_holds_word(near, words);
}

/* "postgres://app:app@db/": of a container on somebody's desk, or of a manual. */
static bool is_own_password(struct slice text, size_t start, size_t end)
{
	static const char *const weak[] = { "password", "passwd", "secret", "postgres", "root",
					    "admin",    "guest",  "user",   "pass",     "test",
					    "pwd",      "%s",     NULL };
	static const char *const nowhere[] = { "example", "127.",     "localhost", "domain.",
					       "foo.",    "host.com", ".test",     NULL };
	struct slice value = { text.data + start, end - start };
	size_t to = end + 1, user = start;
	while (to < text.len && to < end + 255 &&
	       (ascii_alnum((unsigned char)text.data[to]) || strchr("-.", text.data[to])))
		to++;
	while (user && start - user < 80 && text.data[user - 1] != '/')
		user--;
	struct slice host = { text.data + end, to - end }, name = { text.data + user, start - 1 - user };
	return shape_holds_word(value, weak) || shape_holds_word(host, nowhere) ||
	       !memchr(host.data, '.', host.len) ||
	       (name.len == value.len && !memcmp(name.data, value.data, value.len));
}

/* A key's shape alone is enough, wherever it stands; but for private keys, which tests and libraries bring
 * with them. */
static bool is_excused_key(const struct hits *h, const struct hit *hit)
{
	struct slice s = { h->text.data + hit->start, hit->end - hit->start };
	if (is_what(hit->shape, "a private key"))
		return s.len < MIN_PRIVATE_KEY || is_of_tests(h->path) || is_of_library(h->path);
	if (is_what(hit->shape, "a key of Google"))
		return is_for_browsers(h->text, hit->start);
	if (is_what(hit->shape, "a web token"))
		return is_of_tests(h->path) || is_of_library(h->path) || is_prose_or_made(h->path);
	return !is_filled_in(h->text, hit->start, hit->end) || is_of_library(h->path);
}

static bool is_excused_word(const struct hits *h, const struct hit *hit)
{
	char before = hit->start ? h->text.data[hit->start - 1] : '\n';
	if (is_of_tests(h->path) || is_of_library(h->path) || is_prose_or_made(h->path) ||
	    !is_filled_in(h->text, hit->start, hit->end))
		return true;
	if (is_what(hit->shape, "a password in an address"))
		return is_own_password(h->text, hit->start, hit->end);
	/* Google's keys are judged by their own shape. */
	if (hit->end - hit->start > 4 && !memcmp(h->text.data + hit->start, "AIza", 4))
		return true;
	return !is_settings(h->path) && !strchr("\"'`", before);
}

static bool add(void *data, const struct shape *shape, size_t start, size_t end)
{
	struct hits *h = data;
	struct hit hit = { start, end, shape };
	h->any = true;
	if (shape->vague ? is_excused_word(h, &hit) : is_excused_key(h, &hit))
		return true;
	if (h->nr < MAX_HITS)
		h->items[h->nr++] = hit;
	return h->nr < MAX_HITS;
}

/* -- telling of it
 * -------------------------------------------------------------------------------------------- */

static int by_start(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->shape->vague - y->shape->vague;
}

/* Of the line before the secret as much as tells what it is, none of the secret but its maker's mark, and
 * nothing of what follows it. AFTER is where the secret before it ends. */
static void add_excerpt(struct buffer *out, struct slice text, const struct hit *hit, size_t after)
{
	size_t from = hit->start, mark = hit->shape->vague ? 0 : SHOWN_OF_SECRET;
	while (from > after && text.data[from - 1] != '\n' && hit->start - from < SHOWN_BEFORE)
		from--;
	while (from < hit->start && ascii_space((unsigned char)text.data[from]))
		from++;
	if (mark > (hit->end - hit->start) / 4)
		mark = (hit->end - hit->start) / 4;
	text_for_terminal(out, text.data + from, hit->start + mark - from, false);
	buffer_addstr(out, "****");
}

static void tell(struct hits *h, void (*fn)(void *data, size_t line, const char *what, const char *excerpt),
		 void *data)
{
	size_t line = 1, at = 0, after = 0;
	qsort(h->items, h->nr, sizeof(*h->items), by_start);
	for (size_t i = 0; i < h->nr; i++) {
		const struct hit *hit = &h->items[i];
		struct buffer excerpt = BUFFER_INIT;
		if (hit->start < after)
			continue; /* two shapes of one secret */
		for (; at < hit->start; at++)
			line += h->text.data[at] == '\n';
		add_excerpt(&excerpt, h->text, hit, after);
		fn(data, line, hit->shape->what, excerpt.data);
		buffer_release(&excerpt);
		after = hit->end;
	}
}

/* -- the whole
 * -------------------------------------------------------------------------------------------------- */

struct leaks_text {
	struct shape_finder *secrets;
	struct shape_finder *named[ARRAY_SIZE(named_shapes)];
};

struct leaks_text *leaks_text_new(void)
{
	struct leaks_text *t = xcalloc(1, sizeof(*t));
	t->secrets = shape_finder_new(secret_shapes, secret_shapes_nr);
	for (size_t i = 0; i < ARRAY_SIZE(named_shapes); i++)
		t->named[i] = shape_finder_new(&named_shapes[i], 1);
	return t;
}

void leaks_text_free(struct leaks_text *shapes)
{
	if (!shapes)
		return;
	shape_finder_free(shapes->secrets);
	for (size_t i = 0; i < ARRAY_SIZE(named_shapes); i++)
		shape_finder_free(shapes->named[i]);
	free(shapes);
}

uint32_t leaks_text_version(void)
{
	unsigned char digest[SHA256_SIZE];
	struct sha256 h;
	sha256_init(&h);
	sha256_update(&h, &(uint32_t){ LEAKS_TEXT_VERSION }, sizeof(uint32_t));
	for (size_t i = 0; i < secret_shapes_nr; i++)
		sha256_update(&h, secret_shapes[i].regex, strlen(secret_shapes[i].regex) + 1);
	sha256_final(&h, digest);
	return (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 | digest[3];
}

bool leaks_text_is_suspect(const char *path)
{
	return named_shape(path) >= 0;
}

static bool add_named(void *data, const struct shape *shape, size_t start, size_t end)
{
	struct hits *h = data;
	h->items[h->nr++] = (struct hit){ start, end, shape };
	return false; /* one is enough */
}

/* Whether its name and what is in it make the file a secret; then nothing else in it needs to be told. */
static bool look_by_name(const struct leaks_text *shapes, struct hits *h,
			 void (*fn)(void *data, size_t line, const char *what, const char *excerpt),
			 void *data)
{
	int named = named_shape(h->path);
	if (named < 0 || is_of_library(h->path) || (named == NAMED_KEY && is_of_tests(h->path)) ||
	    (named == NAMED_STORE && is_of_tests(h->path)))
		return false;
	if (named == NAMED_STORE) {
		fn(data, 0, named_shapes[named].what, NULL);
		return true;
	}
	shape_finder_run(shapes->named[named], h->text, add_named, h);
	if (h->nr && named == NAMED_KEY)
		fn(data, 0, named_shapes[named].what, NULL);
	else if (h->nr)
		tell(h, fn, data);
	return h->nr > 0;
}

bool leaks_text_look(const struct leaks_text *shapes, const char *path, struct slice text,
		     void (*fn)(void *data, size_t line, const char *what, const char *excerpt), void *data)
{
	struct hits *h = xcalloc(1, sizeof(*h));
	h->path = path;
	h->text = text;
	bool found = look_by_name(shapes, h, fn, data);
	bool is_text = !memchr(text.data, 0, text.len < SNIFFED ? text.len : SNIFFED);
	if (!found && is_text) {
		shape_finder_run(shapes->secrets, text, add, h);
		tell(h, fn, data);
	}
	bool clean = !found && !h->any;
	free(h);
	return clean;
}
