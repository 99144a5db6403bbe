#include "deploy/release_tag.h"

#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "deploy/ledger.h"
#include "git/ref.h"

#define DATE_DIGITS 8
/* Bytes of a tag, and of a list of tags. */
#define MAX_TAG ((size_t)1 << 20)
#define MAX_LISTING ((size_t)64 << 20)
/* Of one environment that are looked at. */
#define MAX_TAGS 20000
/* While other clones keep taking the next number. */
#define MAX_ATTEMPTS 16
/* The message of a tag for which there is no note; the environment's name stands behind it. */
#define DEFAULT_SUBJECT "Deploy to "

/* -- names ------------------------------------------------------------------------------------- */

/* The number behind the last dash of NAME, which has LEN bytes; LEN becomes the length of what is before
 * the dash. */
static bool take_number(const char *name, size_t *len, size_t least_digits, size_t most_digits, int *out)
{
	size_t digits = 0;
	while (digits < *len && ascii_digit((unsigned char)name[*len - 1 - digits]))
		digits++;
	if (digits < least_digits || digits > most_digits || digits == *len || name[*len - 1 - digits] != '-')
		return false;
	*out = 0;
	for (size_t i = *len - digits; i < *len; i++)
		*out = *out * 10 + (name[i] - '0');
	*len -= digits + 1;
	return true;
}

bool release_tag_parse(struct release_tag *out, const char *name)
{
	const char *rest;
	*out = (struct release_tag){ 0 };
	if (!skip_prefix(name, RELEASE_TAG_PREFIX, &rest))
		return false;
	size_t len = strlen(rest);
	if (!take_number(rest, &len, 1, 6, &out->number) || !out->number || rest[len + 1] == '0' ||
	    !take_number(rest, &len, DATE_DIGITS, DATE_DIGITS, &out->date) || len >= sizeof(out->environment))
		return false;
	memcpy(out->environment, rest, len);
	return release_is_environment(out->environment);
}

int release_tag_compare(const struct release_tag *a, const struct release_tag *b)
{
	if (a->date != b->date)
		return a->date < b->date ? -1 : 1;
	return a->number == b->number ? 0 : a->number < b->number ? -1 : 1;
}

/* -- one tag ----------------------------------------------------------------------------------- */

void release_tag_object_release(struct release_tag_object *t)
{
	free(t->who);
	free(t->note);
	*t = (struct release_tag_object){ 0 };
}

/* The next of the strings that TEXT has between NULs. */
static const char *next_field(struct slice *text)
{
	const char *field = text->data, *end = memchr(text->data, '\0', text->len);
	size_t len = end ? (size_t)(end - text->data) + 1 : text->len;
	*text = (struct slice){ text->data + len, text->len - len };
	return field;
}

struct error *release_tag_read(struct repo *repo, const char *name, struct release_tag_object *out)
{
	struct buffer said = BUFFER_INIT_MAX(MAX_TAG);
	char *ref = xstrfmt("refs/tags/%s", name);
	const char *const argv[] = { "for-each-ref",
				     "--format=%(objecttype)%00%(taggername) %(taggeremail)%00"
				     "%(contents:subject)%00%(contents:body)%00", ref, NULL };
	struct process_options options = { .out = &said };
	*out = (struct release_tag_object){ 0 };
	struct error *err = repo_git_read(repo, argv, &options);
	struct slice text = slice_of(&said);
	if (!err && !text.len)
		err = error_new(ERROR_NOT_FOUND, "there is no tag '%s' here", name);
	if (!err && !strcmp(next_field(&text), "tag")) {
		const char *who = next_field(&text), *subject = next_field(&text), *body = next_field(&text);
		struct slice rest = slice_trim(slice_of_string(body));
		out->who = xstrdup(who);
		if (!starts_with(subject, DEFAULT_SUBJECT))
			out->note = rest.len ? xstrfmt("%s\n\n%.*s", subject, (int)rest.len, rest.data)
					     : xstrdup(subject);
	}
	if (!err)
		err = repo_ref(repo, ref, &out->commit);
	if (!err && !out->commit.hex[0])
		err = error_new(ERROR_NOT_FOUND, "the tag '%s' is not of a commit", name);
	if (err)
		release_tag_object_release(out);
	buffer_release(&said);
	free(ref);
	return err;
}

/* -- making one -------------------------------------------------------------------------------- */

/* A tag of the environment, here or at the remote, or both. */
struct known_tag {
	char *name;
	struct release_tag tag;
	struct oid here, there;     /* the tag's object; empty: not there */
	struct oid commit;          /* what it is of, peeled */
};

struct known_tags {
	struct known_tag *items;
	size_t nr, alloc;
	struct strmap names; /* -> index, malloc'd */
};

static void known_tags_release(struct known_tags *known)
{
	for (size_t i = 0; i < known->nr; i++)
		free(known->items[i].name);
	free(known->items);
	strmap_release(&known->names, free);
	*known = (struct known_tags){ 0 };
}

static bool set_oid(struct oid *out, struct slice hex)
{
	if (hex.len > OID_MAX_HEX)
		return false;
	memcpy(out->hex, hex.data, hex.len);
	out->hex[hex.len] = '\0';
	return true;
}

/* The entry of a tag of ENVIRONMENT, made if it is new; NULL for other names. */
static struct known_tag *known_tag_at(struct known_tags *known, struct slice name, const char *environment)
{
	struct release_tag tag;
	size_t *index = strmap_get(&known->names, name.data, name.len);
	if (index)
		return &known->items[*index];
	char *copy = xmemdupz(name.data, name.len);
	if (known->nr >= MAX_TAGS || !release_tag_parse(&tag, copy) ||
	    strcmp(tag.environment, environment) != 0) {
		free(copy);
		return NULL;
	}
	ALLOC_GROW(known->items, known->nr, known->alloc);
	known->items[known->nr] = (struct known_tag){ .name = copy, .tag = tag };
	index = xmalloc(sizeof(*index));
	*index = known->nr;
	*strmap_at(&known->names, name.data, name.len) = index;
	return &known->items[known->nr++];
}

/* Lines "<id>\trefs/tags/<name>" and "<id>\trefs/tags/<name>^{}", as ls-remote and show-ref give them. */
static void take_lines(struct known_tags *known, struct slice text, char separator, bool remote,
		       const char *environment)
{
	static const char prefix[] = "refs/tags/", peeled[] = "^{}";
	const char *end = text.data + text.len;
	for (const char *at = text.data, *next; at < end; at = next + 1) {
		next = memchr(at, '\n', (size_t)(end - at));
		if (!next)
			next = end;
		const char *gap = memchr(at, separator, (size_t)(next - at));
		size_t before = gap ? (size_t)(gap - at) + strlen(prefix) + 1 : 0;
		if (!gap || (size_t)(next - at) < before || memcmp(gap + 1, prefix, strlen(prefix)) != 0)
			continue;
		struct slice name = { at + before, (size_t)(next - at) - before };
		bool is_peeled = name.len > strlen(peeled) &&
				 !memcmp(name.data + name.len - strlen(peeled), peeled, strlen(peeled));
		name.len -= is_peeled ? strlen(peeled) : 0;
		struct known_tag *tag = known_tag_at(known, name, environment);
		struct slice id = { at, (size_t)(gap - at) };
		if (!tag)
			continue;
		if (!is_peeled)
			set_oid(remote ? &tag->there : &tag->here, id);
		/* What is here counts: the remote's is looked at first. */
		set_oid(&tag->commit, id);
	}
}

static struct error *read_tags_there(struct known_tags *known, struct repo *repo, const char *remote,
				     const char *environment)
{
	char *pattern = xstrfmt("refs/tags/" RELEASE_TAG_PREFIX "%s-*", environment);
	const char *const argv[] = { "ls-remote", "--quiet", "--", remote, pattern, NULL };
	struct buffer out = BUFFER_INIT_MAX(MAX_LISTING), said = BUFFER_INIT_MAX(MAX_LISTING);
	int status = 0;
	struct process_options options = { .env = ref_environment, .out = &out, .err = &said,
					   .exit_status = &status };
	struct error *err = repo_git(repo, argv, &options);
	if (!err && status) {
		char *what = xstrfmt("cannot list the tags of '%s'", remote);
		err = ref_git_failed(&said, what);
		err->code = ERROR_NETWORK;
		err = error_with_hint(err, "`git ls-remote %s` asks for the same", remote);
		free(what);
	}
	if (!err)
		take_lines(known, slice_of(&out), '\t', true, environment);
	buffer_release(&out);
	buffer_release(&said);
	free(pattern);
	return err;
}

static struct error *read_tags_here(struct known_tags *known, struct repo *repo, const char *environment)
{
	/* `show-ref --tags` cannot be told a pattern, and exits with 1 where there are none. */
	char *pattern = xstrfmt("refs/tags/" RELEASE_TAG_PREFIX "%s-*", environment);
	const char *const argv[] = { "for-each-ref",
				     "--format=%(objectname) %(refname)%0a%(if)%(*objectname)%(then)"
				     "%(*objectname) %(refname)^{}%(end)",
				     pattern, NULL };
	struct buffer out = BUFFER_INIT_MAX(MAX_LISTING);
	struct process_options options = { .out = &out };
	struct error *err = repo_git_read(repo, argv, &options);
	if (!err)
		take_lines(known, slice_of(&out), ' ', false, environment);
	buffer_release(&out);
	free(pattern);
	return err;
}

static struct error *read_tags(struct known_tags *known, struct repo *repo, const char *remote,
			       const char *environment)
{
	struct error *err = remote ? read_tags_there(known, repo, remote, environment) : NULL;
	return err ? err : read_tags_here(known, repo, environment);
}

/* The newest of COMMIT that is not released; those that remote and we see differently are nobody's. */
static struct known_tag *find_unused(struct known_tags *known, const struct oid *commit,
				     release_tag_unused *unused, void *data)
{
	struct known_tag *found = NULL;
	for (size_t i = 0; i < known->nr; i++) {
		struct known_tag *at = &known->items[i];
		bool differ = at->here.hex[0] && at->there.hex[0] && strcmp(at->here.hex, at->there.hex) != 0;
		if (!differ && !strcmp(at->commit.hex, commit->hex) && (!unused || unused(at->name, data)) &&
		    (!found || release_tag_compare(&found->tag, &at->tag) < 0))
			found = at;
	}
	return found;
}

static int today(int64_t now)
{
	time_t t = (time_t)now;
	struct tm tm;
	if (!gmtime_r(&t, &tm))
		return 0;
	return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

static char *next_name(const struct known_tags *known, const char *environment, int date, int least)
{
	int number = least;
	for (size_t i = 0; i < known->nr; i++)
		if (known->items[i].tag.date == date && known->items[i].tag.number >= number)
			number = known->items[i].tag.number + 1;
	return xstrfmt(RELEASE_TAG_PREFIX "%s-%08d-%d", environment, date, number);
}

static struct error *make_tag(struct repo *repo, const char *name, const struct release_tag_request *request,
			      bool *taken)
{
	char *message = request->note ? xstrdup(request->note)
				      : xstrfmt(DEFAULT_SUBJECT "%s", request->environment);
	const char *const argv[] = { "tag", "--annotate", "--cleanup=whitespace", "-m", message, name,
				     request->commit.hex, NULL };
	struct buffer said = BUFFER_INIT_MAX(MAX_TAG);
	int status = 0;
	struct process_options options = { .env = ref_environment, .err = &said, .exit_status = &status };
	struct error *err = repo_git(repo, argv, &options);
	*taken = !err && status && (strstr(said.data, "already exists") || strstr(said.data, ".lock"));
	if (!err && status && !*taken)
		err = ref_git_failed(&said, "cannot tag the commit");
	if (err && strstr(said.data, "user.email"))
		err = error_with_hint(err, "tell git who you are: `git config user.name` and `git config "
				      "user.email`");
	buffer_release(&said);
	free(message);
	return err;
}

static struct error *push_tag(struct repo *repo, const char *name, const char *remote, bool *taken)
{
	char *ref = xstrfmt("refs/tags/%s", name);
	struct push_try try = { .remote = remote, .ref = ref, .object = ref, .lease = "" };
	struct error *err = ref_push(repo, &try, "the tag");
	*taken = !err && try.outcome == PUSH_BEHIND;
	free(ref);
	return err;
}

static struct error *drop_tag(struct repo *repo, const char *name)
{
	char *ref = xstrfmt("refs/tags/%s", name);
	const char *const argv[] = { "update-ref", "-d", ref, NULL };
	struct error *err = repo_git(repo, argv, &(struct process_options){ .env = ref_environment });
	free(ref);
	return err;
}

struct error *release_tag_fetch(struct repo *repo, const char *name, const char *remote)
{
	bool found;
	char *refspec = xstrfmt("refs/tags/%s:refs/tags/%s", name, name);
	struct error *err = ref_fetch(repo, remote, refspec, "a tag", &found);
	free(refspec);
	return err;
}

/* Takes a tag that a kill, or `git deploy --tag-only`, left behind. */
static struct error *take_unused(struct repo *repo, const struct release_tag_request *request,
				 const struct known_tag *tag, struct release_tag_made *out)
{
	bool taken = false;
	struct error *err = NULL;
	if (!tag->here.hex[0])
		err = release_tag_fetch(repo, tag->name, request->remote);
	else if (request->remote && request->push && !tag->there.hex[0])
		err = push_tag(repo, tag->name, request->remote, &taken);
	if (!err && taken)
		return error_with_hint(error_new(ERROR_CONFLICT, "another clone has just pushed another '%s'",
						 tag->name),
				       "do it again");
	out->name = err ? NULL : xstrdup(tag->name);
	out->pushed = !err && request->remote && request->push;
	return err;
}

static struct error *make_next(struct repo *repo, const struct release_tag_request *request,
			       const struct known_tags *known, int least, struct release_tag_made *out,
			       bool *taken)
{
	char *name = next_name(known, request->environment, today(request->now), least);
	struct error *err = make_tag(repo, name, request, taken);
	if (!err && !*taken && request->remote && request->push) {
		err = push_tag(repo, name, request->remote, taken);
		/* The remote has another of that name: ours has never been seen. One that could not be
		 * pushed for another reason stays, and is pushed the next time. */
		if (!err && *taken)
			err = drop_tag(repo, name);
		out->pushed = !err && !*taken;
	}
	if (err || *taken) {
		free(name);
		return err;
	}
	out->made = true;
	out->name = name;
	return NULL;
}

struct error *release_tag_make(struct repo *repo, const struct release_tag_request *request,
			       release_tag_unused *unused, void *data, struct release_tag_made *out)
{
	struct known_tags known = { 0 };
	bool taken = true;
	*out = (struct release_tag_made){ 0 };
	struct error *err = read_tags(&known, repo, request->remote, request->environment);
	const struct known_tag *left = err ? NULL : find_unused(&known, &request->commit, unused, data);
	if (!err && request->dry_run) {
		out->made = !left;
		out->name = left ? xstrdup(left->name)
				 : next_name(&known, request->environment, today(request->now), 1);
		known_tags_release(&known);
		return NULL;
	}
	if (left) {
		err = take_unused(repo, request, left, out);
		known_tags_release(&known);
		return err;
	}
	for (int attempt = 0; !err && taken && attempt < MAX_ATTEMPTS; attempt++) {
		if (attempt)
			ref_pause((unsigned)attempt);
		err = make_next(repo, request, &known, 1 + attempt, out, &taken);
		if (!err && taken) {
			known_tags_release(&known);
			err = read_tags(&known, repo, request->remote, request->environment);
		}
	}
	known_tags_release(&known);
	if (!err && taken)
		err = error_with_hint(error_new(ERROR_CONFLICT,
						"cannot find a free tag: others keep taking them"),
				      "try again later");
	return err;
}

struct error *release_tag_find(struct repo *repo, const char *environment, const struct oid *commit,
			       char **name)
{
	struct known_tags known = { 0 };
	struct error *err = read_tags(&known, repo, NULL, environment);
	const struct known_tag *found = err ? NULL : find_unused(&known, commit, NULL, NULL);
	*name = found ? xstrdup(found->name) : NULL;
	known_tags_release(&known);
	return err;
}
