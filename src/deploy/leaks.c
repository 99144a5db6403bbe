#include "deploy/leaks.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "deploy/leaks_known.h"
#include "deploy/leaks_text.h"
#include "git/object_reader.h"
#include "image/file_tree.h"

#define MAX_THREADS 16
/* Named in the message of an error. */
#define MAX_TOLD 5
#define NO_BLOB "0000000000000000000000000000000000000000000000000000000000000000"

/* One blob to look at. */
struct job {
	char *path;
	struct oid oid, commit; /* commit: of the history; else empty */
	bool clean, read;
	struct leak *leaks;
	size_t nr, alloc;
};

struct search {
	struct repo *repo;
	const struct deploy_config *config;
	struct leaks_text *shapes;
	struct leaks_known known;
	struct oid tree, earlier_tree; /* empty: none */
	bool partial;
	struct strmap queued;          /* "<blob>:<path>" */
	struct job *jobs;
	size_t nr_jobs, alloc_jobs;
	atomic_size_t next;
};

/* -- which blobs -------------------------------------------------------------------------------------- */

static bool is_allowed(const struct deploy_config *config, const char *path)
{
	for (size_t i = 0; config && i < config->nr_allowed_secrets; i++) {
		const char *rest;
		if (!*config->allowed_secrets[i] ||
		    (skip_prefix(path, config->allowed_secrets[i], &rest) && (!*rest || *rest == '/')))
			return true;
	}
	return false;
}

static bool is_file(unsigned mode)
{
	return (mode & 0170000) == 0100000;
}

/* In a partial clone: whether what is deployed has it already, in the same place. */
static bool was_deployed(const struct search *s, const char *path, const struct oid *oid)
{
	struct tree_entry entry;
	if (!s->partial || !*s->earlier_tree.hex)
		return false;
	struct error *err = repo_tree_lookup(s->repo, &s->earlier_tree, path, &entry);
	bool same = !err && !strcmp(entry.oid.hex, oid->hex);
	error_free(err);
	return same;
}

static void queue(struct search *s, const char *path, const struct oid *oid, const struct oid *commit)
{
	if (is_allowed(s->config, path) || (!leaks_text_is_suspect(path) && leaks_known_has(&s->known, oid)))
		return;
	char *key = xstrfmt("%s:%s", oid->hex, path);
	bool is_new = strmap_add(&s->queued, key, strlen(key));
	free(key);
	if (!is_new || was_deployed(s, path, oid))
		return;
	ALLOC_GROW(s->jobs, s->nr_jobs, s->alloc_jobs);
	s->jobs[s->nr_jobs++] = (struct job){ .path = xstrdup(path), .oid = *oid,
					      .commit = commit ? *commit : (struct oid){ "" } };
}

static void queue_node(struct search *s, const struct file_node *node, struct buffer *path,
		       const struct image_spec *spec)
{
	size_t len = path->len;
	for (size_t i = 0; i < node->nr; i++) {
		const struct file_node *child = &node->children[i];
		buffer_addf(path, "%s%s", len ? "/" : "", child->name);
		if (file_node_is_folder(child)) {
			queue_node(s, child, path, spec);
		} else if (is_file(child->mode)) {
			char *source = file_node_source(child, path->data, spec);
			queue(s, source, &child->oid, NULL);
			free(source);
		}
		buffer_truncate(path, len);
	}
}

/* What the image is made by leaves its traces in it: ENV, LABEL, addresses of package servers. */
static void queue_makers(struct search *s)
{
	const struct deploy_config *c = s->config;
	const char *context = c && c->context ? c->context : "";
	char *dependencies = c && c->dependencies
				     ? xstrfmt("%s%s%s", context, *context ? "/" : "", c->dependencies)
				     : NULL;
	const char *const paths[] = { DEPLOY_CONFIG_FILE, c ? c->dockerfile : NULL, dependencies };
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct tree_entry entry;
		struct error *err = paths[i] ? repo_tree_lookup(s->repo, &s->tree, paths[i], &entry) : NULL;
		if (paths[i] && !err && is_file(entry.mode))
			queue(s, paths[i], &entry.oid, NULL);
		error_free(err); /* whoever needs it says that it is missing */
	}
	free(dependencies);
}

static struct error *queue_tree(struct search *s, const struct image_spec *spec)
{
	char top[] = "", app[] = "app";
	struct image_copy all = { .from = top, .to = app };
	struct image_spec whole = { .copies = &all, .nr_copies = 1, .context = spec->context };
	const struct image_spec *used = spec->nr_copies ? spec : &whole;
	struct buffer path = BUFFER_INIT;
	struct file_tree tree;
	struct error *err = file_tree_read(&tree, s->repo, &s->tree, used);
	if (!err) {
		queue_node(s, &tree.root, &path, used);
		file_tree_release(&tree);
	}
	buffer_release(&path);
	return err;
}

/* -- history --------------------------------------------------------------------------------------------- */

static bool is_blob(const struct oid *oid)
{
	return strncmp(oid->hex, NO_BLOB, strlen(oid->hex)) != 0;
}

/* ":100644 100644 <old> <new> M" */
static void queue_change(struct search *s, const char *line, const char *path, const struct oid *commit)
{
	struct oid sides[2];
	unsigned modes[2];
	if (sscanf(line, ":%o %o %64s %64s", &modes[0], &modes[1], sides[0].hex, sides[1].hex) != 4)
		return;
	for (size_t i = 0; i < 2; i++)
		if (is_file(modes[i]) && is_blob(&sides[i]))
			queue(s, path, &sides[i], commit);
}

/* The oldest first, so that a secret is told of the commit that brought it. With -z each field ends with a
 * NUL; a commit's name begins with \1, behind the newline of the one before. */
static void queue_changes(struct search *s, const struct buffer *log)
{
	struct oid commit = { "" };
	const char *at = log->data, *end = log->data + log->len;
	size_t left = LEAKS_MAX_HISTORY_FILES;
	while (at < end && left--) {
		const char *field = at + (*at == '\n');
		at += strlen(at) + 1;
		if (*field == '\1') {
			memset(&commit, 0, sizeof(commit));
			memcpy(commit.hex, field + 1, strnlen(field + 1, OID_MAX_HEX));
		} else if (*field == ':' && at < end) {
			queue_change(s, field, at, &commit);
			at += strlen(at) + 1;
		}
	}
}

static struct error *queue_history(struct search *s, const struct oid *commit, const struct oid *earlier)
{
	char *most = xstrfmt("--max-count=%d", LEAKS_MAX_COMMITS);
	bool since = earlier && *earlier->hex && *s->earlier_tree.hex;
	char *not_those = since ? xstrfmt("^%s", earlier->hex) : NULL;
	const char *const argv[] = { "log",
				     "-z",
				     "--format=%x01%H",
				     "--raw",
				     "--no-abbrev",
				     "--no-renames",
				     "--no-show-signature",
				     "--reverse",
				     "--diff-filter=ADM",
				     most,
				     "--end-of-options",
				     commit->hex,
				     not_those,
				     NULL };
	struct buffer log = BUFFER_INIT_MAX((size_t)64 << 20);
	struct process_options options = { .out = &log };
	struct error *err = repo_git_read(s->repo, argv, &options);
	if (error_is(err, ERROR_LIMIT)) {
		/* What fits is looked at: the newest. */
		error_free(err);
		err = NULL;
	}
	if (!err)
		queue_changes(s, &log);
	buffer_release(&log);
	free(not_those);
	free(most);
	return err;
}

/* -- looking ------------------------------------------------------------------------------------------------
 */

static void add_leak(void *data, size_t line, const char *what, const char *excerpt)
{
	struct job *job = data;
	ALLOC_GROW(job->leaks, job->nr, job->alloc);
	job->leaks[job->nr++] = (struct leak){ .path = xstrdup(job->path),
					       .line = line,
					       .what = what,
					       .commit = job->commit,
					       .excerpt = excerpt ? xstrdup(excerpt) : NULL };
}

static void *look(void *data)
{
	struct search *s = data;
	struct object_reader *reader = object_reader_new(s->repo);
	struct buffer text = BUFFER_INIT_MAX(LEAKS_MAX_FILE);
	size_t i;
	while ((i = atomic_fetch_add(&s->next, 1)) < s->nr_jobs) {
		struct job *job = &s->jobs[i];
		buffer_reset(&text);
		struct error *err = object_reader_read(reader, &job->oid, OBJECT_BLOB, &text);
		job->read = !err;
		if (!err)
			job->clean = leaks_text_look(s->shapes, job->path, slice_of(&text), add_leak, job);
		else
			job->clean = error_is(err, ERROR_LIMIT); /* data: as clean as it will ever be */
		error_free(err); /* who makes the image will tell of one that is damaged */
	}
	buffer_release(&text);
	object_reader_free(reader);
	return NULL;
}

static void look_at_all(struct search *s)
{
	pthread_t threads[MAX_THREADS];
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t wanted = processors > MAX_THREADS ? MAX_THREADS
			: processors < 1         ? 1
						 : (size_t)processors,
	       started = 0;
	if (wanted > s->nr_jobs / 16 + 1)
		wanted = s->nr_jobs / 16 + 1;
	while (started + 1 < wanted && !pthread_create(&threads[started], NULL, look, s))
		started++;
	look(s);
	while (started)
		pthread_join(threads[--started], NULL);
}

/* In a partial clone all that has to be read is fetched in one go. */
static struct error *fetch(struct search *s)
{
	struct oid *oids = xcalloc(s->nr_jobs + 1, sizeof(*oids));
	for (size_t i = 0; i < s->nr_jobs; i++)
		oids[i] = s->jobs[i].oid;
	struct error *err = s->partial ? repo_fetch_missing(s->repo, oids, s->nr_jobs) : NULL;
	free(oids);
	return err;
}

/* Those of the tree first, then by place. */
static int by_place(const void *a, const void *b)
{
	const struct leak *x = a, *y = b;
	int order = (*x->commit.hex != '\0') - (*y->commit.hex != '\0');
	if (!order)
		order = strcmp(x->path, y->path);
	if (!order && x->line != y->line)
		order = x->line < y->line ? -1 : 1;
	return order ? order : strcmp(x->commit.hex, y->commit.hex);
}

static void gather(struct search *s, struct leak **leaks, size_t *nr)
{
	size_t alloc = 0;
	for (size_t i = 0; i < s->nr_jobs; i++) {
		struct job *job = &s->jobs[i];
		if (job->clean)
			leaks_known_add(&s->known, &job->oid);
		for (size_t j = 0; j < job->nr; j++) {
			ALLOC_GROW(*leaks, *nr, alloc);
			(*leaks)[(*nr)++] = job->leaks[j];
		}
		job->nr = 0;
	}
	if (*nr)
		qsort(*leaks, *nr, sizeof(**leaks), by_place);
	while (*nr > LEAKS_MAX) {
		struct leak *last = &(*leaks)[--*nr];
		free(last->path);
		free(last->excerpt);
	}
}

static void open_search(struct search *s, struct repo *repo, const struct deploy_config *config)
{
	*s = (struct search){ .repo = repo, .config = config, .shapes = leaks_text_new(),
			      .partial = repo_is_partial(repo) };
	atomic_init(&s->next, 0);
	leaks_known_open(&s->known, repo, leaks_text_version());
}

static void close_search(struct search *s)
{
	for (size_t i = 0; i < s->nr_jobs; i++) {
		leaks_free(s->jobs[i].leaks, s->jobs[i].nr);
		free(s->jobs[i].path);
	}
	free(s->jobs);
	strmap_release(&s->queued, NULL);
	leaks_known_close(&s->known);
	leaks_text_free(s->shapes);
}

struct error *leaks_find(struct leak **leaks, size_t *nr, struct repo *repo, const struct oid *commit,
			 const struct image_spec *spec, const struct deploy_config *config, bool history,
			 const struct oid *earlier)
{
	struct search s;
	*leaks = NULL;
	*nr = 0;
	open_search(&s, repo, config);
	/* A commit that is not here (a shallow clone) tells nothing. */
	if (earlier && *earlier->hex)
		error_free(repo_commit_tree(repo, earlier, &s.earlier_tree));
	struct error *err = repo_commit_tree(repo, commit, &s.tree);
	if (!err)
		queue_makers(&s);
	if (!err && spec)
		err = queue_tree(&s, spec);
	if (!err)
		err = fetch(&s);
	if (!err && history && !s.partial)
		err = queue_history(&s, commit, earlier);
	if (!err) {
		look_at_all(&s);
		gather(&s, leaks, nr);
	}
	close_search(&s);
	return err;
}

/* -- while an image is made ---------------------------------------------------------------------------------
 */

struct leaks_watch {
	pthread_mutex_t lock;      /* of all but the shapes */
	struct deploy_config config;
	struct leaks_text *shapes;
	struct leaks_known known;
	struct job found;
};

struct leaks_watch *leaks_watch_new(struct repo *repo, const struct deploy_config *config)
{
	struct leaks_watch *w = xcalloc(1, sizeof(*w));
	pthread_mutex_init(&w->lock, NULL);
	w->config = *config;
	w->shapes = leaks_text_new();
	leaks_known_open(&w->known, repo, leaks_text_version());
	return w;
}

void leaks_watch_inspect(void *data, const char *path, const struct oid *blob, struct slice bytes)
{
	struct leaks_watch *w = data;
	struct job job = { .path = (char *)(uintptr_t)path };
	if (is_allowed(&w->config, path) || bytes.len > LEAKS_MAX_FILE)
		return;
	if (!leaks_text_is_suspect(path) && leaks_known_has(&w->known, blob))
		return;
	job.clean = leaks_text_look(w->shapes, path, bytes, add_leak, &job);
	pthread_mutex_lock(&w->lock);
	if (job.clean)
		leaks_known_add(&w->known, blob);
	for (size_t i = 0; i < job.nr; i++) {
		ALLOC_GROW(w->found.leaks, w->found.nr, w->found.alloc);
		w->found.leaks[w->found.nr++] = job.leaks[i];
	}
	pthread_mutex_unlock(&w->lock);
	free(job.leaks);
}

struct error *leaks_watch_judge(void *data)
{
	struct leaks_watch *w = data;
	if (w->found.nr)
		qsort(w->found.leaks, w->found.nr, sizeof(*w->found.leaks), by_place);
	return leaks_error(w->found.leaks, w->found.nr);
}

void leaks_watch_free(struct leaks_watch *w)
{
	if (!w)
		return;
	leaks_known_close(&w->known);
	leaks_free(w->found.leaks, w->found.nr);
	leaks_text_free(w->shapes);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void leaks_free(struct leak *leaks, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(leaks[i].path);
		free(leaks[i].excerpt);
	}
	free(leaks);
}

/* -- words
 * ------------------------------------------------------------------------------------------------------ */

static void add_place(struct buffer *out, const struct leak *leak)
{
	text_for_terminal(out, leak->path, strlen(leak->path), false);
	if (leak->line)
		buffer_addf(out, ":%zu", leak->line);
}

static void add_words(struct buffer *out, const struct leak *leak)
{
	add_place(out, leak);
	buffer_addf(out, ": %s", leak->what);
	if (leak->excerpt)
		buffer_addf(out, " (%s)", leak->excerpt);
}

struct error *leaks_error(const struct leak *leaks, size_t nr)
{
	struct buffer places = BUFFER_INIT;
	size_t count = 0;
	for (size_t i = 0; i < nr && !*leaks[i].commit.hex; i++)
		if (count++ < MAX_TOLD) {
			buffer_addstr(&places, "\n");
			add_words(&places, &leaks[i]);
		}
	if (count > MAX_TOLD)
		buffer_addf(&places, "\nand %zu more", count - MAX_TOLD);
	struct error *err = NULL;
	if (count == 1)
		err = error_new(ERROR_CONFLICT, "a secret would be in the image:%s", places.data);
	else if (count)
		err = error_new(ERROR_CONFLICT, "%zu secrets would be in the image:%s", count, places.data);
	buffer_release(&places);
	return error_with_hint(
		err,
		"take it out of the repository, rotate it (history keeps it), and name where it is kept "
		"below `secrets:` in .deploy.yml; a sample or a key of tests: name its path below `allow:`");
}

void leaks_warn(struct buffer *out, const struct leak *leaks, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (!*leaks[i].commit.hex)
			continue;
		add_words(out, &leaks[i]);
		buffer_addf(out, " is in commit %.7s of the history: whoever reads it has it, rotate it\n",
			    leaks[i].commit.hex);
	}
}
