/* Looking at versions: reading the paper as a commit has it, and running the checks. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/memory.h"
#include "history/internal.h"
#include "review/ground.h"
#include "review/review.h"

/* One content being looked at, in a thread of its own. */
struct job {
	struct paper_history *h;
	pthread_mutex_t *repository; /* one at a time reads from it */
	struct snapshot *snapshot;
	bool owns_snapshot;
	struct oid tree;             /* of the commit; empty: the present's */
	struct paper_inside inside;
	const char *folder;
	struct strmap asked;         /* paths outside of the folder that the manuscripts name */
	struct kept_look *kept;
};

void kept_look_free(void *data)
{
	struct kept_look *kept = data, *next;
	for (; kept; kept = next) {
		next = kept->next;
		finding_list_release(&kept->look.findings);
		free(kept->look.quoted);
		free(kept->keys);
		for (size_t i = 0; i < kept->nr_outside; i++)
			free(kept->outside[i].path);
		free(kept->outside);
		free(kept);
	}
}

/* -- reading ------------------------------------------------------------------------------------ */

static bool is_inside(const char *folder, const char *path)
{
	size_t len = strlen(folder);
	return !len || (!strncmp(path, folder, len) && path[len] == '/');
}

static struct error *read_file(void *data, const char *path, struct buffer *out)
{
	struct job *job = data;
	if (!is_inside(job->folder, path))
		strmap_add(&job->asked, path, strlen(path));
	pthread_mutex_lock(job->repository);
	struct error *err = snapshot_read(job->snapshot, path, out);
	pthread_mutex_unlock(job->repository);
	if (!err && snapshot_is_lfs_pointer(slice_of(out)))
		err = error_new(ERROR_UNSUPPORTED, "stored with Git LFS, and not fetched");
	return err;
}

static bool file_exists(void *data, const char *path)
{
	struct job *job = data;
	if (!is_inside(job->folder, path))
		strmap_add(&job->asked, path, strlen(path));
	pthread_mutex_lock(job->repository);
	bool exists = snapshot_exists(job->snapshot, path);
	pthread_mutex_unlock(job->repository);
	return exists;
}

static bool stands_exactly(struct document *const *documents, size_t nr, const char *quote)
{
	for (size_t i = 0; i < nr; i++)
		if (memmem(documents[i]->text.data, documents[i]->text.len, quote, strlen(quote)))
			return true;
	return false;
}

/* An index costs more than all else: it is made for the first quote that is not there to the letter. */
static void look_for_quotes(struct job *job, struct document *const *documents, size_t nr)
{
	const struct history_settings *settings = &job->h->settings;
	struct ground_index *index = NULL;
	bool *quoted = xcalloc(settings->nr_quotes + 1, sizeof(*quoted));
	for (size_t i = 0; i < settings->nr_quotes && nr; i++) {
		quoted[i] = stands_exactly(documents, nr, settings->quotes[i]);
		if (quoted[i])
			continue;
		struct finding f = { .quote = xstrdup(settings->quotes[i]) };
		if (!index)
			index = ground_index_new(documents, nr);
		ground_finding(index, &f);
		quoted[i] = f.grounding != GROUNDING_NONE;
		finding_release(&f);
	}
	ground_index_free(index);
	job->kept->look.quoted = quoted;
}

static void read_and_check(struct job *job)
{
	const struct paper *paper = job->inside.list.nr ? &job->inside.list.items[0] : NULL;
	struct document_source source = { read_file, file_exists, job };
	size_t most = paper ? paper->nr_manuscripts : 0, nr = 0;
	struct document *documents = xcalloc(most + 1, sizeof(*documents));
	struct document **readable = xcalloc(most + 1, sizeof(*readable));
	struct kept_look *kept = job->kept;
	for (size_t i = 0; i < most; i++) {
		const struct manuscript *m = &paper->manuscripts[i];
		struct error *err = document_read_from(&documents[nr], &source, m->path, m->kind);
		if (!err) {
			readable[nr] = &documents[nr];
			nr++;
		}
		error_free(err); /* what cannot be read has nothing to find in it */
	}
	kept->look.is_paper = paper != NULL;
	if (nr && job->h->settings.families)
		check_run_families(&kept->look.findings, readable, nr, job->h->settings.families);
	review_store_paths(&kept->look.findings, job->folder);
	kept->keys = finding_keys(&kept->look.findings);
	look_for_quotes(job, readable, nr);
	for (size_t i = 0; i < nr; i++)
		document_release(&documents[i]);
	free(documents);
	free(readable);
}

/* -- several at a time -------------------------------------------------------------------------- */

struct crew {
	struct job *jobs;
	size_t nr;
	atomic_size_t next;
	volatile const int *stop;
};

static void *work(void *data)
{
	struct crew *crew = data;
	size_t i;
	while ((i = atomic_fetch_add(&crew->next, 1)) < crew->nr && !(crew->stop && *crew->stop))
		read_and_check(&crew->jobs[i]);
	return NULL;
}

/* A thread that cannot be had leaves the work to the others. */
static struct error *run_jobs(struct paper_history *h, struct job *jobs, size_t nr)
{
	struct crew crew = { .jobs = jobs, .nr = nr, .stop = h->settings.stop };
	pthread_t threads[HISTORY_MAX_THREADS];
	size_t started = 0, wanted = h->settings.threads < nr ? h->settings.threads : nr;
	while (started + 1 < wanted && !pthread_create(&threads[started], NULL, work, &crew))
		started++;
	work(&crew);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	if (h->settings.stop && *h->settings.stop)
		return error_new(ERROR_CANCELLED, "interrupted");
	return NULL;
}

/* -- what was looked at before ------------------------------------------------------------------ */

static char *look_key(const struct version *v, const char *key)
{
	return xstrfmt("%s:%s", v->folder, key);
}

static struct error *counts_for(struct paper_history *h, const struct kept_look *kept, const struct oid *tree, bool *counts)
{
	struct error *err = NULL;
	*counts = true;
	for (size_t i = 0; i < kept->nr_outside && *counts && !err; i++) {
		struct outside now = { .path = kept->outside[i].path };
		err = outside_find(h, tree, &now);
		*counts = !err && outside_equal(&now, &kept->outside[i]);
	}
	return err;
}

/* *KEY is set, malloc'd, when V has to be looked at. */
static struct error *find_known(struct paper_history *h, struct version *v, char **key)
{
	struct oid folder;
	const char *content;
	bool here = true;
	*key = NULL;
	struct error *err = version_trees(h, v, &folder);
	if (!err && folder.hex[0])
		err = tree_is_here(h, &folder, &here);
	if (err)
		return err;
	v->missing = !here;
	if (!here)
		return NULL;
	content = "";
	if (folder.hex[0])
		err = tree_key(h, &folder, &content);
	if (err)
		return err;
	char *whole = look_key(v, content);
	struct kept_look *kept = strmap_get(&h->looks, whole, strlen(whole));
	for (; kept && !err && !v->look; kept = kept->next) {
		bool counts;
		err = counts_for(h, kept, &v->inside->tree, &counts);
		if (!err && counts)
			v->look = &kept->look;
	}
	if (err || v->look)
		free(whole);
	else
		*key = whole;
	return err;
}

/* -- jobs --------------------------------------------------------------------------------------- */

/* V NULL: the present. */
static struct error *job_open(struct job *job, struct paper_history *h, const struct version *v,
			      pthread_mutex_t *repository)
{
	*job = (struct job){ .h = h, .repository = repository };
	job->kept = xcalloc(1, sizeof(*job->kept));
	job->folder = v ? v->folder : h->settings.folder;
	job->snapshot = v ? NULL : h->settings.snapshot;
	job->owns_snapshot = v != NULL;
	struct error *err = NULL;
	if (v) {
		job->tree = v->inside->tree;
		err = snapshot_new(&job->snapshot, h->settings.repo, SNAPSHOT_COMMIT, &v->commit);
	}
	return err ? err : paper_lookup_at(h->lookup, job->snapshot, job->folder, &job->inside);
}

static void add_outside(struct job *job, const char *path)
{
	struct kept_look *kept = job->kept;
	strmap_add(&job->h->outside, path, strlen(path));
	kept->outside = xreallocarray(kept->outside, kept->nr_outside + 1, sizeof(*kept->outside));
	kept->outside[kept->nr_outside++] = (struct outside){ .path = xstrdup(path) };
}

/* What the look depends on, and how that is here. */
static struct error *settle_outside(struct job *job)
{
	struct kept_look *kept = job->kept;
	struct error *err = NULL;
	for (size_t i = 0; i < job->inside.nr_outside; i++)
		if (!strmap_has(&job->asked, job->inside.outside[i], strlen(job->inside.outside[i])))
			add_outside(job, job->inside.outside[i]);
	for (size_t i = 0; i < job->asked.nr; i++)
		add_outside(job, job->asked.entries[i].key);
	for (size_t i = 0; i < kept->nr_outside && job->tree.hex[0] && !err; i++)
		err = outside_find(job->h, &job->tree, &kept->outside[i]);
	return err;
}

static void job_close(struct job *job)
{
	if (job->owns_snapshot)
		snapshot_free(job->snapshot);
	paper_inside_release(&job->inside);
	strmap_release(&job->asked, NULL);
	kept_look_free(job->kept);
}

struct error *look_at_present(struct paper_history *h)
{
	pthread_mutex_t repository = PTHREAD_MUTEX_INITIALIZER;
	struct job job;
	struct error *err = job_open(&job, h, NULL, &repository);
	if (!err)
		err = run_jobs(h, &job, 1);
	if (!err)
		err = settle_outside(&job);
	if (!err) {
		h->present_look = job.kept;
		job.kept = NULL;
	}
	job_close(&job);
	return err;
}

/* Takes the looks of finished jobs in, each under the key of its version. */
static struct error *keep(struct paper_history *h, struct job *jobs, struct version **versions, char **keys, size_t nr)
{
	struct error *err = NULL;
	for (size_t i = 0; i < nr && !err; i++) {
		err = settle_outside(&jobs[i]);
		if (err)
			break;
		void **slot = strmap_at(&h->looks, keys[i], strlen(keys[i]));
		jobs[i].kept->next = *slot;
		*slot = jobs[i].kept;
		versions[i]->look = &jobs[i].kept->look;
		jobs[i].kept = NULL;
	}
	return err;
}

/* Looks at those of VERSIONS that differ from each other; the others are left without a look. */
static struct error *look_at_some(struct paper_history *h, struct version *const *versions, size_t nr)
{
	pthread_mutex_t repository = PTHREAD_MUTEX_INITIALIZER;
	struct job *jobs = xcalloc(nr + 1, sizeof(*jobs));
	struct version **chosen = xcalloc(nr + 1, sizeof(*chosen));
	char **keys = xcalloc(nr + 1, sizeof(*keys));
	struct strmap seen = STRMAP_INIT;
	struct error *err = NULL;
	size_t n = 0;
	for (size_t i = 0; i < nr && !err; i++) {
		char *key;
		err = versions[i]->look ? NULL : find_known(h, versions[i], &key);
		if (err || versions[i]->look || versions[i]->missing)
			continue;
		if (!strmap_add(&seen, key, strlen(key))) {
			free(key);
			continue;
		}
		keys[n] = key;
		chosen[n] = versions[i];
		err = job_open(&jobs[n++], h, versions[i], &repository);
	}
	if (!err)
		err = run_jobs(h, jobs, n);
	if (!err)
		err = keep(h, jobs, chosen, keys, n);
	for (size_t i = 0; i < n; i++)
		job_close(&jobs[i]);
	free(jobs);
	free(chosen);
	strings_free(keys, n);
	strmap_release(&seen, NULL);
	return err;
}

/* -- windows ------------------------------------------------------------------------------------ */

/* VERSION and what comes before it, as far as it was not looked at. */
static size_t fill_window(struct paper_history *h, struct version *version, struct version **window)
{
	struct strmap seen = STRMAP_INIT;
	size_t nr = 0;
	window[nr++] = version;
	strmap_add(&seen, (const char *)&version, sizeof(version));
	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k < window[i]->nr_parents && nr < h->window; k++) {
			struct version *parent = window[i]->parents[k];
			if (!parent->look && !parent->missing &&
			    strmap_add(&seen, (const char *)&parent, sizeof(parent)))
				window[nr++] = parent;
		}
	strmap_release(&seen, NULL);
	return nr;
}

struct error *history_look(struct paper_history *h, struct version *version)
{
	struct version *window[HISTORY_MAX_WINDOW];
	if (version->look || version->missing)
		return NULL;
	size_t nr = fill_window(h, version, window);
	h->window = h->window * 2 < HISTORY_MAX_WINDOW ? h->window * 2 : HISTORY_MAX_WINDOW;
	struct error *err = look_at_some(h, window, nr);
	/* Alone it is looked at, if it was like another one of the window but for what is outside. */
	if (!err && !version->look && !version->missing)
		err = look_at_some(h, &version, 1);
	return err;
}
