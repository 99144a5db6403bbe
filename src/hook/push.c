#include "hook/push.h"

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"

/* -- what the remote has ----------------------------------------------------------------------- */

/* The remotes that are meant, and where fetching from them puts what it got. */
struct tracking {
	struct repo *repo;
	const char *remote, *url;
	struct strmap names;
	struct strmap globs; /* "--glob=refs/remotes/origin/" and a star */
	struct buffer refs;  /* "^<ref>", a line each, of those without a star */
};

/* Takes "remote.<name>.<key>" apart, with any dot in the name; false when it is another key. */
static bool is_remote_key(const char *key, const char *wanted, struct slice *name)
{
	name->data = key + strlen("remote.");
	size_t len = strlen(name->data), tail = strlen(wanted);
	if (len <= tail || strcmp(name->data + len - tail, wanted) != 0)
		return false;
	name->len = len - tail;
	return true;
}

static void note_remote(const char *key, const char *value, void *data)
{
	struct tracking *t = data;
	struct slice name;
	if (!is_remote_key(key, ".url", &name) && !is_remote_key(key, ".pushurl", &name))
		return;
	if (!strcmp(value, t->url) || !strcmp(value, t->remote))
		strmap_add(&t->names, name.data, name.len);
}

/* Only below refs/remotes/: a mirror fetches into refs of which some are our own branches. */
static void note_refspec(const char *key, const char *value, void *data)
{
	struct tracking *t = data;
	struct slice name;
	const char *colon = strrchr(value, ':');
	if (!is_remote_key(key, ".fetch", &name) || !strmap_has(&t->names, name.data, name.len) || !colon ||
	    !starts_with(colon + 1, "refs/remotes/"))
		return;
	if (!strchr(colon, '*')) {
		buffer_addf(&t->refs, "^%s\n", colon + 1);
		return;
	}
	char *glob = xstrfmt("--glob=%s", colon + 1);
	strmap_add(&t->globs, glob, strlen(glob));
	free(glob);
}

static void find_tracking(struct tracking *t, struct repo *repo, const char *remote, const char *url)
{
	*t = (struct tracking){ .repo = repo, .remote = remote, .url = url, .names = STRMAP_INIT,
				.globs = STRMAP_INIT, .refs = BUFFER_INIT };
	strmap_add(&t->names, remote, strlen(remote));
	repo_config_each(repo, "remote.", note_remote, t);
	repo_config_each(repo, "remote.", note_refspec, t);
}

static void tracking_release(struct tracking *t)
{
	strmap_release(&t->names, NULL);
	strmap_release(&t->globs, NULL);
	buffer_release(&t->refs);
}

/* -- which commits are new --------------------------------------------------------------------- */

/* What is known of an object that a line names; the values of search.objects. */
struct object {
	const char *hex;       /* the map's */
	bool is_local;         /* of a line that wants papers looked at */
	bool is_remote;        /* what a line's ref is at */
	bool is_new, is_edge;  /* as a commit */
	bool is_here;
	struct object *peeled; /* the commit of a tag, or itself; NULL: it has none */
};

/* Finding the range of one push. */
struct search {
	struct repo *repo;
	const struct push *push;
	struct push_range *range;
	struct arena *memory;
	struct strmap objects;
	struct buffer commits; /* of rev-list: the new ones, and those of the edge with a '-' in front; a line each */
	size_t nr_tags;        /* whose commits the list has to be gone through for once more */
	size_t alloc_edge, alloc_missing;
};

static struct error *check_format(const struct search *s)
{
	const char *format = repo_object_format(s->repo);
	size_t len = strcmp(format, "sha1") ? 64 : 40;
	for (size_t i = 0; i < s->push->nr; i++) {
		const struct push_update *update = &s->push->updates[i];
		const struct oid *oid = update->local.hex[0] ? &update->local : &update->remote;
		if (oid->hex[0] && strlen(oid->hex) != len)
			return error_new(ERROR_SYNTAX, "standard input, line %zu: not an id of this repository, whose "
						       "object format is %s", i + 1, format);
	}
	return NULL;
}

static struct object *object_of(struct search *s, const char *hex)
{
	void **slot = strmap_at(&s->objects, hex, strlen(hex));
	if (!*slot) {
		struct object *object = arena_alloc(&s->memory, sizeof(*object));
		*object = (struct object){ .hex = arena_strndup(&s->memory, hex, strlen(hex)) };
		*slot = object;
	}
	return *slot;
}

/* Whether a line wants papers looked at. Returns true if any does. */
static bool note_updates(struct search *s)
{
	bool any = false;
	for (size_t i = 0; i < s->push->nr; i++) {
		const struct push_update *update = &s->push->updates[i];
		if (push_is_own_ref(update->remote_ref))
			continue;
		if (update->remote.hex[0])
			object_of(s, update->remote.hex)->is_remote = true;
		if (update->local.hex[0])
			object_of(s, update->local.hex)->is_local = any = true;
	}
	return any;
}

static struct error *list_commits(struct search *s, const struct tracking *tracking)
{
	static const char *const head[] = { "rev-list", "--boundary", "--ignore-missing", "--missing=allow-any",
					    "--stdin", "--not" };
	const char **argv = xcalloc(ARRAY_SIZE(head) + tracking->globs.nr + 1, sizeof(*argv));
	struct buffer questions = BUFFER_INIT, said = BUFFER_INIT_MAX(PUSH_MAX_INPUT);
	memcpy(argv, head, sizeof(head));
	for (size_t i = 0; i < tracking->globs.nr; i++)
		argv[ARRAY_SIZE(head) + i] = tracking->globs.entries[i].key;
	for (size_t i = 0; i < s->objects.nr; i++) {
		const struct object *object = s->objects.entries[i].value;
		if (object->is_remote)
			buffer_addf(&questions, "^%s\n", object->hex);
		if (object->is_local)
			buffer_addf(&questions, "%s\n", object->hex);
	}
	buffer_addbuf(&questions, &tracking->refs);
	struct process_options options = { .input = slice_of(&questions), .out = &s->commits,
					   .err = &said };
	struct error *err = repo_git_read(s->repo, argv, &options);
	free(argv);
	buffer_release(&questions);
	buffer_release(&said);
	return error_context(err, "cannot find out which commits are new to the remote");
}

static void add_edge(struct search *s, struct object *object)
{
	if (object->is_edge)
		return;
	object->is_edge = true;
	ALLOC_GROW(s->range->edge, s->range->nr_edge, s->alloc_edge);
	struct oid *oid = &s->range->edge[s->range->nr_edge++];
	*oid = (struct oid){ "" };
	memcpy(oid->hex, object->hex, strlen(object->hex));
}

/* Marks the objects that are new commits; the FIRST time, the edge is taken down, too. */
static void read_commits(struct search *s, bool first)
{
	char *at = s->commits.data;
	while (*at) {
		size_t len = strcspn(at, "\n"), next = len + (at[len] == '\n');
		at[len] = '\0';
		if (*at != '-') {
			struct object *object = strmap_get(&s->objects, at, len);
			if (object)
				object->is_new = object->is_here = true;
			s->range->nr_commits += first;
		} else if (first) {
			add_edge(s, object_of(s, at + 1));
		}
		at[len] = next > len ? '\n' : '\0';
		at += next;
	}
}

/* Reads what a tag is of: "object <id>\ntype <type>\n..." */
static bool read_tag(const struct buffer *text, size_t hex_len, struct oid *out)
{
	const char *at;
	*out = (struct oid){ "" };
	if (!skip_prefix(text->data, "object ", &at) || strcspn(at, "\n") != hex_len)
		return false;
	memcpy(out->hex, at, hex_len);
	return true;
}

/* Finds the commit that OBJECT stands for, through tags of tags. What it is must be read, one kind after the other:
 * trees and blobs stand for none. */
static struct error *peel(struct search *s, struct object *object)
{
	struct oid oid = { "" };
	memcpy(oid.hex, object->hex, strlen(object->hex));
	for (unsigned depth = 0; depth < PUSH_MAX_TAGS; depth++) {
		struct buffer text = BUFFER_INIT;
		struct error *err = repo_read_object(s->repo, &oid, OBJECT_COMMIT, &text);
		bool is_commit = !err, is_other = error_drop_if(&err, ERROR_GENERIC);
		if (is_commit)
			object->peeled = object_of(s, oid.hex);
		if (is_other)
			err = repo_read_object(s->repo, &oid, OBJECT_TAG, &text);
		object->is_here |= is_commit || is_other;
		bool is_tag = is_other && !err && read_tag(&text, strlen(oid.hex), &oid);
		buffer_release(&text);
		/* What is not here may be so; what is no tag is a tree or a blob. */
		if (!error_drop_if(&err, ERROR_NOT_FOUND))
			error_drop_if(&err, ERROR_GENERIC);
		if (err || !is_tag)
			return err;
	}
	return NULL;
}

/* The list of commits does not tell of tags, of what the remote has already, and of what a ref there is at when it
 * is not where both histories part. */
static struct error *peel_others(struct search *s)
{
	struct error *err = NULL;
	size_t nr = s->objects.nr; /* those that are found have nothing more to be found of */
	for (size_t i = 0; i < nr && !err; i++) {
		struct object *object = s->objects.entries[i].value;
		if ((object->is_local && !object->is_new) || (object->is_remote && !object->is_edge))
			err = peel(s, object);
		s->nr_tags += object->peeled && object->peeled != object;
	}
	return error_context(err, "cannot find out what is pushed");
}

/* The commits that the lines' refs are at are of the edge, unless they are only where their histories were left. */
static void add_remote_edge(struct search *s)
{
	for (size_t i = 0; i < s->objects.nr; i++) {
		const struct object *object = s->objects.entries[i].value;
		if (object->is_remote && !object->is_edge && object->peeled)
			add_edge(s, object->peeled);
	}
}

static void add_missing(struct search *s, const char *ref)
{
	ALLOC_GROW(s->range->missing, s->range->nr_missing, s->alloc_missing);
	s->range->missing[s->range->nr_missing++] = ref;
}

static void add_tips(struct search *s)
{
	struct push_range *range = s->range;
	struct strmap known = STRMAP_INIT;
	range->tips = xcalloc(s->push->nr, sizeof(*range->tips));
	for (size_t i = 0; i < s->push->nr; i++) {
		const struct push_update *update = &s->push->updates[i];
		if (!update->local.hex[0] || push_is_own_ref(update->remote_ref))
			continue;
		struct object *object = object_of(s, update->local.hex);
		if (!object->is_here)
			add_missing(s, update->remote_ref);
		if (object->peeled)
			object = object->peeled;
		if (!object->is_new || !strmap_add(&known, object->hex, strlen(object->hex)))
			continue;
		struct push_tip *tip = &range->tips[range->nr_tips++];
		*tip = (struct push_tip){ .ref = update->remote_ref };
		memcpy(tip->commit.hex, object->hex, strlen(object->hex));
	}
	strmap_release(&known, NULL);
}

struct error *push_find_range(struct push_range *out, struct repo *repo, const struct push *push,
			      const char *remote, const char *url)
{
	struct search s = { .repo = repo, .push = push, .range = out, .objects = STRMAP_INIT,
			    .commits = BUFFER_INIT_MAX(PUSH_MAX_COMMITS) };
	struct tracking tracking;
	*out = (struct push_range){ NULL };
	find_tracking(&tracking, repo, remote, url);
	struct error *err = check_format(&s);
	if (err || !note_updates(&s))
		goto out;
	err = list_commits(&s, &tracking);
	if (!err) {
		read_commits(&s, true);
		err = peel_others(&s);
	}
	if (!err) {
		if (s.nr_tags)
			read_commits(&s, false);
		add_remote_edge(&s);
		add_tips(&s);
	}
out:
	tracking_release(&tracking);
	strmap_release(&s.objects, NULL);
	arena_free(s.memory);
	buffer_release(&s.commits);
	if (err)
		push_range_release(out);
	return err;
}

void push_range_release(struct push_range *range)
{
	free(range->tips);
	free(range->edge);
	free(range->missing);
	*range = (struct push_range){ NULL };
}
