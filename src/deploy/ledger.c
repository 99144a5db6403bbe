/* Reading the ledger. All of it may have been pushed by anybody. */
#include "deploy/ledger.h"

#include <inttypes.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"
#include "deploy/release_tag.h"
#include "image/reference.h"

/* Bytes of a commit of the ledger: its message says no more than release.json. */
#define MAX_COMMIT ((size_t)256 << 10)
#define MAX_ENVIRONMENT 40
/* Beyond that no release was made: the year 9999. */
#define MAX_DATE INT64_C(253402300799)
#define MAX_BYTES (INT64_C(1) << 50)

static const char *const result_names[] = {
	[RELEASE_DONE] = "done",
	[RELEASE_CANARY] = "canary",
	[RELEASE_PROMOTED] = "promoted",
	[RELEASE_ROLLED_BACK] = "rolled-back",
	[RELEASE_FAILED] = "failed",
};

const char *release_result_name(enum release_result result)
{
	return result_names[result];
}

static char *copy_string(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

void release_copy(struct release *out, const struct release *from)
{
	*out = *from;
	out->environment = copy_string(from->environment);
	out->tag = copy_string(from->tag);
	out->repository = copy_string(from->repository);
	out->who = copy_string(from->who);
	out->where = copy_string(from->where);
	out->note = copy_string(from->note);
}

void release_release(struct release *r)
{
	free(r->environment);
	free(r->tag);
	free(r->repository);
	free(r->who);
	free(r->where);
	free(r->note);
	*r = (struct release){ 0 };
}

void releases_release(struct releases *r)
{
	for (size_t i = 0; i < r->nr; i++)
		release_release(&r->items[i]);
	free(r->items);
	*r = (struct releases){ 0 };
}

bool release_is_environment(const char *name)
{
	size_t len = strlen(name);
	/* Other refs, and other tags of images, have those names. */
	if (!len || len > MAX_ENVIRONMENT || !strcmp(name, "hours") || !strcmp(name, "latest") ||
	    ends_with(name, "-canary"))
		return false;
	for (size_t i = 0; i < len; i++) {
		bool dash = name[i] == '-' && i && i + 1 < len && name[i - 1] != '-';
		if (!dash && !ascii_digit(name[i]) && !(name[i] >= 'a' && name[i] <= 'z'))
			return false;
	}
	return true;
}

/* -- release.json ------------------------------------------------------------------------------ */

void release_write(struct json_writer *w, const struct release *r)
{
	json_begin_object(w);
	json_put_integer(w, "format", LEDGER_FORMAT);
	json_put_integer(w, "number", r->number);
	json_put_string(w, "environment", r->environment);
	json_put_string(w, "result", release_result_name(r->result));
	json_key(w, "of");
	if (r->of)
		json_integer(w, r->of);
	else
		json_null(w);
	json_put_string(w, "tag", r->tag);
	json_put_string(w, "commit", r->commit.hex);
	json_put_string(w, "repository", r->repository);
	json_put_string(w, "digest", r->digest.text);
	json_put_string(w, "dependencies", r->dependencies.text[0] ? r->dependencies.text : NULL);
	json_put_integer(w, "image_bytes", r->image_bytes);
	json_put_integer(w, "bytes_sent", r->bytes_sent);
	json_put_integer(w, "date", r->date);
	json_put_string(w, "who", r->who);
	json_put_string(w, "where", r->where);
	json_put_string(w, "note", r->note);
	json_end_object(w);
}

/* A string of SIZE bytes at most; absent or null: NULL, if it MAY be. */
static struct error *get_string(const cJSON *json, const char *key, const char *what, bool may_be_null,
				char **out)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, key);
	const char *text = NULL;
	if (may_be_null && (!value || cJSON_IsNull(value)))
		return NULL;
	struct error *err = json_get_string(json, key, what, &text);
	if (!err && strlen(text) > LEDGER_MAX_STRING)
		err = error_new(ERROR_LIMIT, "%s: '%s' is longer than %zu bytes", what, key,
				LEDGER_MAX_STRING);
	if (!err)
		*out = xstrdup(text);
	return err;
}

static struct error *get_integer(const cJSON *json, const char *key, const char *what, int64_t least,
				 int64_t most, int64_t *out)
{
	struct error *err = json_get_integer(json, key, what, out);
	if (!err && (*out < least || *out > most))
		err = error_new(ERROR_SYNTAX, "%s: '%s' cannot be %" PRId64, what, key, *out);
	return err;
}

static struct error *get_digest(const cJSON *json, const char *key, const char *what, bool may_be_null,
				struct digest *out)
{
	char *text = NULL;
	struct error *err = get_string(json, key, what, may_be_null, &text);
	if (!err && text && !digest_parse(slice_of_string(text), out))
		err = error_new(ERROR_SYNTAX, "%s: '%s' is no SHA-256 digest", what, key);
	free(text);
	return err;
}

static struct error *get_commit(const cJSON *json, const char *what, struct oid *out)
{
	char *text = NULL;
	struct error *err = get_string(json, "commit", what, false, &text);
	if (!err && !hex_is(text, 40) && !hex_is(text, 64))
		err = error_new(ERROR_SYNTAX, "%s: 'commit' is no object id", what);
	if (!err)
		memcpy(out->hex, text, strlen(text) + 1);
	free(text);
	return err;
}

static struct error *get_result(const cJSON *json, const char *what, enum release_result *out)
{
	const char *text;
	struct error *err = json_get_string(json, "result", what, &text);
	for (size_t i = 0; !err && i < ARRAY_SIZE(result_names); i++)
		if (!strcmp(text, result_names[i])) {
			*out = (enum release_result)i;
			return NULL;
		}
	return err ? err : error_new(ERROR_SYNTAX, "%s: '%s' is no result", what, text);
}

/* What belongs together: a result about another release names an earlier one. */
static struct error *check_release(const struct release *r, const char *what)
{
	struct reference ref = { 0 };
	struct release_tag tag;
	bool about_another = r->result != RELEASE_DONE && r->result != RELEASE_CANARY;
	if (!release_is_environment(r->environment))
		return error_new(ERROR_SYNTAX, "%s: '%s' cannot be an environment", what, r->environment);
	if (about_another ? !r->of || r->of >= r->number : r->of != 0)
		return error_new(ERROR_SYNTAX, "%s: 'of' cannot be %" PRId64, what, r->of);
	if (r->tag && (!release_tag_parse(&tag, r->tag) || strcmp(tag.environment, r->environment) != 0))
		return error_new(ERROR_SYNTAX, "%s: '%s' is no tag of %s", what, r->tag, r->environment);
	struct error *err = reference_parse(&ref, r->repository);
	if (!err && (ref.tag || ref.digest.text[0]))
		err = error_new(ERROR_SYNTAX, "'%s' is no repository", r->repository);
	reference_release(&ref);
	return error_context(err, "%s", what);
}

static struct error *parse_members(struct release *r, const cJSON *json, const char *what)
{
	const cJSON *of = cJSON_GetObjectItemCaseSensitive(json, "of");
	struct error *err = get_integer(json, "number", what, 1, LEDGER_MAX_RELEASES, &r->number);
	if (!err)
		err = get_string(json, "environment", what, false, &r->environment);
	if (!err)
		err = get_result(json, what, &r->result);
	if (!err && of && !cJSON_IsNull(of))
		err = get_integer(json, "of", what, 1, LEDGER_MAX_RELEASES, &r->of);
	if (!err)
		err = get_string(json, "tag", what, true, &r->tag);
	if (!err)
		err = get_commit(json, what, &r->commit);
	if (!err)
		err = get_string(json, "repository", what, false, &r->repository);
	if (!err)
		err = get_digest(json, "digest", what, false, &r->digest);
	if (!err)
		err = get_digest(json, "dependencies", what, true, &r->dependencies);
	if (!err)
		err = get_integer(json, "image_bytes", what, 0, MAX_BYTES, &r->image_bytes);
	if (!err)
		err = get_integer(json, "bytes_sent", what, 0, MAX_BYTES, &r->bytes_sent);
	if (!err)
		err = get_integer(json, "date", what, 0, MAX_DATE, &r->date);
	if (!err)
		err = get_string(json, "who", what, false, &r->who);
	if (!err)
		err = get_string(json, "where", what, false, &r->where);
	return err ? err : get_string(json, "note", what, true, &r->note);
}

struct error *release_parse(struct release *out, struct slice text, const char *what)
{
	cJSON *json = NULL;
	int64_t format = 0;
	*out = (struct release){ 0 };
	struct error *err = json_parse(&json, text, what);
	if (!err)
		err = json_get_integer(json, "format", what, &format);
	if (!err && format > LEDGER_FORMAT)
		err = error_with_hint(error_new(ERROR_UNSUPPORTED, "%s was written by a newer git deploy",
						what),
				      "upgrade git deploy");
	if (!err)
		err = parse_members(out, json, what);
	if (!err)
		err = check_release(out, what);
	if (err)
		release_release(out);
	cJSON_Delete(json);
	return err;
}

/* -- the chain of commits ---------------------------------------------------------------------- */

struct chain {
	struct repo *repo;
	const char *environment;
	struct oid at, tree, parent; /* the commit that is read, and what it names */
};

/* Takes "<name> <id>\n" off TEXT. */
static bool take_line(struct slice *text, const char *name, struct oid *out)
{
	size_t len = strlen(name), digits = 0;
	if (text->len <= len || memcmp(text->data, name, len) != 0 || text->data[len] != ' ')
		return false;
	const char *id = text->data + len + 1;
	while (len + 1 + digits < text->len && id[digits] != '\n' && digits <= OID_MAX_HEX)
		digits++;
	if (digits > OID_MAX_HEX || len + 1 + digits == text->len)
		return false;
	memcpy(out->hex, id, digits);
	out->hex[digits] = '\0';
	*text = (struct slice){ id + digits + 1, text->len - (len + digits + 2) };
	return true;
}

static struct error *read_commit(struct chain *c)
{
	struct buffer data = BUFFER_INIT_MAX(MAX_COMMIT);
	struct oid second;
	struct error *err = repo_read_object(c->repo, &c->at, OBJECT_COMMIT, &data);
	struct slice text = slice_of(&data);
	c->parent = (struct oid){ "" };
	if (!err && !take_line(&text, "tree", &c->tree))
		err = error_new(ERROR_SYNTAX, "it is no commit");
	if (!err && take_line(&text, "parent", &c->parent) && take_line(&text, "parent", &second))
		err = error_new(ERROR_SYNTAX, "it is a merge");
	buffer_release(&data);
	return err;
}

static struct error *read_entry(struct chain *c, struct release *out)
{
	struct tree_entry entry;
	struct buffer data = BUFFER_INIT_MAX(LEDGER_MAX_FILE);
	struct error *err = repo_tree_lookup(c->repo, &c->tree, LEDGER_FILE, &entry);
	if (!err && (entry.mode & 0170000) != 0100000)
		err = error_new(ERROR_SYNTAX, LEDGER_FILE " is no file");
	if (!err)
		err = repo_read_object(c->repo, &entry.oid, OBJECT_BLOB, &data);
	if (!err)
		err = release_parse(out, slice_of(&data), LEDGER_FILE);
	if (!err)
		out->entry = c->at;
	buffer_release(&data);
	return err;
}

static struct error *check_order(const struct chain *c, const struct releases *r, const struct release *new)
{
	if (strcmp(new->environment, c->environment) != 0)
		return error_new(ERROR_SYNTAX, "it is a release of '%s'", new->environment);
	if (r->nr && r->items[r->nr - 1].number != new->number + 1)
		return error_new(ERROR_SYNTAX, "release #%" PRId64 " follows #%" PRId64,
				 r->items[r->nr - 1].number, new->number);
	if ((new->number == 1) != !c->parent.hex[0])
		return error_new(ERROR_SYNTAX, "release #%" PRId64 " %s", new->number,
				 c->parent.hex[0] ? "follows another commit" : "has none before it");
	return NULL;
}

/* Whether a commit's absence is what a shallow clone is about. */
static bool is_shallow(struct repo *repo)
{
	struct buffer text = BUFFER_INIT_MAX((size_t)64 << 20);
	char *path = xstrfmt("%s/shallow", repo_common_dir(repo));
	struct error *err = file_read(path, &text);
	bool is = !err && text.len;
	error_free(err);
	buffer_release(&text);
	free(path);
	return is;
}

static struct error *read_next(struct chain *c, struct releases *out)
{
	struct release new = { 0 };
	struct error *err = read_commit(c);
	if (error_is(err, ERROR_NOT_FOUND) && out->nr && is_shallow(c->repo)) {
		error_free(err);
		out->cut_off = true;
		return NULL;
	}
	if (!err)
		err = read_entry(c, &new);
	if (!err)
		err = check_order(c, out, &new);
	if (err) {
		release_release(&new);
		return err;
	}
	ALLOC_GROW(out->items, out->nr, out->alloc);
	out->items[out->nr++] = new;
	return NULL;
}

/* What can be done about a ledger that somebody has broken. */
static struct error *damaged(struct error *err, const struct chain *c)
{
	err = error_context(err, "the ledger of '%s' is damaged at commit %.12s", c->environment, c->at.hex);
	if (!err->hint)
		err = error_with_hint(err, "`git log %.12s` shows who wrote it; `git push <remote> "
				      "+<the last good commit>:" LEDGER_REF_PREFIX "%s` puts it back at the "
				      "remote, `git update-ref " LEDGER_REF_PREFIX "%s <the same>` here",
				      c->at.hex, c->environment, c->environment);
	return err;
}

struct error *releases_read_from(struct repo *repo, const char *environment, const struct oid *tip,
				 size_t count, struct releases *out)
{
	struct chain c = { .repo = repo, .environment = environment, .at = *tip };
	*out = (struct releases){ 0 };
	if (!count || count > LEDGER_MAX_RELEASES)
		count = LEDGER_MAX_RELEASES;
	while (c.at.hex[0] && out->nr < count && !out->cut_off) {
		struct error *err = read_next(&c, out);
		if (err)
			return damaged(err, &c);
		c.at = c.parent;
	}
	return NULL;
}

struct error *releases_read(struct repo *repo, const char *environment, size_t count, struct releases *out)
{
	struct oid tip;
	char *ref = xstrfmt(LEDGER_REF_PREFIX "%s", environment);
	*out = (struct releases){ 0 };
	struct error *err = release_is_environment(environment)
				    ? repo_ref(repo, ref, &tip)
				    : error_new(ERROR_USAGE, "'%s' cannot be an environment", environment);
	if (!err)
		err = releases_read_from(repo, environment, &tip, count, out);
	free(ref);
	return err;
}
