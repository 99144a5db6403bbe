/* Which release is meant, and which is to be served. */
#include "deploy/ledger.h"

#include <inttypes.h>

#include "base/memory.h"
#include "base/text.h"

/* Digits of an abbreviated commit or digest that are taken for one. */
#define MIN_ABBREVIATION 4

const struct release *releases_number(const struct releases *r, int64_t number)
{
	if (!r->nr || number > r->items[0].number || r->items[0].number - number >= (int64_t)r->nr)
		return NULL;
	return &r->items[r->items[0].number - number];
}

static const struct release *find_by_number(const struct releases *r, const char *name)
{
	const char *digits = *name == '#' ? name + 1 : name;
	size_t len = strspn(digits, "0123456789");
	if (!len || digits[len] || len > 9)
		return NULL;
	return releases_number(r, strtoll(digits, NULL, 10));
}

static bool fits(const struct release *r, const char *name, size_t len)
{
	const char *hex = digest_hex(&r->digest);
	if ((r->tag && !strcmp(r->tag, name)) || !strcmp(r->digest.text, name))
		return true;
	return len >= MIN_ABBREVIATION && (!strncmp(r->commit.hex, name, len) || !strncmp(hex, name, len));
}

struct error *releases_find(const struct releases *r, const char *environment, const char *name,
			    const struct release **out)
{
	const char *rest = name;
	*out = find_by_number(r, name);
	if (strlen(name) < DIGEST_LENGTH)
		skip_prefix(name, "sha256:", &rest);
	for (size_t i = 0; i < r->nr && !*out; i++)
		if (fits(&r->items[i], rest, strlen(rest)))
			*out = &r->items[i];
	if (*out)
		return NULL;
	if (!r->nr)
		return error_with_hint(error_new(ERROR_NOT_FOUND, "'%s' has no release yet", environment),
				       "`git deploy` makes one");
	struct error *err = error_new(ERROR_NOT_FOUND, "'%s' is no release of %s", name, environment);
	return error_with_hint(err, "`git deploy log %s` lists #%" PRId64 " to #%" PRId64
			       "; a tag, or the beginning of a commit or digest will do, too",
			       environment, r->items[r->nr - 1].number, r->items[0].number);
}

/* The newest release that nothing took back; of canaries, or of all others. It goes from the newest
 * backwards, so what took a release back has been seen before it. */
static const struct release *newest_that_stands(const struct releases *r, bool canary)
{
	bool *failed = xcalloc(r->nr + 1, sizeof(*failed));
	const struct release *found = NULL;
	for (size_t i = 0; i < r->nr && !found; i++) {
		const struct release *at = &r->items[i];
		if (at->result == RELEASE_FAILED) {
			const struct release *of = releases_number(r, at->of);
			if (of)
				failed[of - r->items] = true;
		} else if (!failed[i] && (at->result == RELEASE_CANARY) == canary) {
			found = at;
		} else if (!failed[i] && canary) {
			break; /* whatever is served since then has replaced it */
		}
	}
	free(failed);
	return found;
}

const struct release *releases_served(const struct releases *r)
{
	return newest_that_stands(r, false);
}

const struct release *releases_canary(const struct releases *r)
{
	return newest_that_stands(r, true);
}

bool release_is_here(const struct release *r, const struct reference *repository)
{
	struct reference ref = { 0 };
	struct error *err = reference_parse(&ref, r->repository);
	bool is = !err && repository->registry && !strcmp(ref.registry, repository->registry) &&
		  !strcmp(ref.repository, repository->repository);
	error_free(err);
	reference_release(&ref);
	return is;
}
