#include "history/notes.h"

#include <inttypes.h>
#include <time.h>

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "git/ref.h"
#include "history/known.h"
#include "review/policy.h"

#define MAX_SAID ((size_t)1 << 20)
#define MAX_LIST ((size_t)256 << 20)
#define SHOWN_DIGITS 12
/* Times that other processes may move the ref meanwhile. */
#define MAX_ATTEMPTS 8

/* -- what a commit changed ---------------------------------------------------------------------- */

struct commit_view {
	struct snapshot *snapshot;
	struct policy policy;
	struct paper_list papers;
};

/* COMMIT empty: nothing at all. A .scrutiny.yml that is malformed is as none: no later commit can mend it. */
static struct error *view_open(struct commit_view *view, struct repo *repo, const struct oid *commit)
{
	memset(view, 0, sizeof(*view));
	if (!commit->hex[0])
		return NULL;
	struct error *err = snapshot_new(&view->snapshot, repo, SNAPSHOT_COMMIT, commit);
	if (!err)
		err = policy_read(&view->policy, view->snapshot);
	error_drop_if(&err, ERROR_SYNTAX);
	struct paper_rules rules = { (const char *const *)view->policy.papers };
	if (!err)
		err = paper_discover(&view->papers, view->snapshot, &rules);
	return err;
}

static void view_close(struct commit_view *view)
{
	paper_list_release(&view->papers);
	policy_release(&view->policy);
	snapshot_free(view->snapshot);
}

static int compare_path(const void *key, const void *item)
{
	return strcmp(key, ((const struct paper *)item)->path);
}

/* A commit of a report is about its paper, too. */
static bool is_changed(const struct commit_view *before, const struct paper *paper)
{
	const struct paper *was = before->papers.nr ? bsearch(paper->path, before->papers.items, before->papers.nr,
							       sizeof(*was), compare_path)
						    : NULL;
	return !was || strcmp(was->content_id, paper->content_id) || strcmp(was->reported, paper->reported);
}

static struct error *first_parent(struct repo *repo, const struct oid *commit, struct oid *out)
{
	char *revision = xstrfmt("%s^1", commit->hex);
	struct error *err = repo_resolve_commit(repo, revision, out);
	free(revision);
	if (!error_drop_if(&err, ERROR_NOT_FOUND))
		return err;
	*out = (struct oid){ "" };
	return NULL;
}

/* -- lines -------------------------------------------------------------------------------------- */

static void add_line(struct strmap *lines, const struct paper *paper, const struct known *known)
{
	struct buffer line = BUFFER_INIT;
	text_for_terminal(&line, *paper->path ? paper->path : ".", *paper->path ? strlen(paper->path) : 1, false);
	buffer_addstr(&line, "  ");
	size_t head = line.len;
	known_words(&line, known_verdict(known), known->consensus.counts);
	if (known->side.source == COMPARE_CHECKS)
		buffer_addstr(&line, " (checks)");
	buffer_addf(&line, "  %.*s", SHOWN_DIGITS, paper->content_id);
	/* keyed by the paper, with the blanks behind it */
	void **slot = strmap_at(lines, line.data, head);
	free(*slot);
	*slot = buffer_detach(&line, NULL);
}

/* The key of a line of ours: its paper and the blanks behind it; 0 when it is no such line. It is told from the end, since
 * a paper's name may hold two blanks in a row, and what stands behind it does not. */
static size_t key_length(const char *line, size_t len)
{
	size_t end = len > SHOWN_DIGITS + 2 ? len - SHOWN_DIGITS - 2 : 0;
	if (!end || memcmp(line + end, "  ", 2) || strspn(line + end + 2, "0123456789abcdef") != SHOWN_DIGITS)
		return 0;
	while (end >= 2 && memcmp(line + end - 2, "  ", 2))
		end--;
	return end >= 2 ? end : 0;
}

static void add_old_line(struct strmap *lines, const char *line, size_t len)
{
	size_t key = key_length(line, len);
	if (!len || (key && strmap_has(lines, line, key)))
		return;
	void **slot = strmap_at(lines, line, len);
	free(*slot);
	*slot = xmemdupz(line, len);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(((const struct strmap_entry *)a)->value, ((const struct strmap_entry *)b)->value);
}

/* OLD is the note that is there. */
static void join(struct buffer *out, struct strmap *lines, const struct buffer *old)
{
	for (const char *line = old->data; old->len && *line;) {
		size_t len = strcspn(line, "\n");
		add_old_line(lines, line, len);
		line += len + (line[len] == '\n');
	}
	struct strmap_entry *sorted = xcalloc(lines->nr + 1, sizeof(*sorted));
	memcpy(sorted, lines->entries, lines->nr * sizeof(*sorted));
	qsort(sorted, lines->nr, sizeof(*sorted), compare_lines);
	for (size_t i = 0; i < lines->nr; i++)
		buffer_addf(out, "%s\n", (const char *)sorted[i].value);
	free(sorted);
}

static struct error *make_lines(struct strmap *lines, struct repo *repo, struct records *store,
				const struct oid *commit)
{
	struct commit_view now = { NULL }, before = { NULL };
	struct oid parent;
	struct error *err = first_parent(repo, commit, &parent);
	if (!err)
		err = view_open(&before, repo, &parent);
	if (!err)
		err = view_open(&now, repo, commit);
	for (size_t i = 0; i < now.papers.nr && !err; i++) {
		const struct paper *paper = &now.papers.items[i];
		struct known known;
		if (!is_changed(&before, paper))
			continue;
		err = known_load(&known, store, now.snapshot, paper, paper->path);
		if (err)
			break;
		add_line(lines, paper, &known);
		known_release(&known);
	}
	view_close(&before);
	view_close(&now);
	return err;
}

/* -- writing ------------------------------------------------------------------------------------ */

struct writer {
	struct repo *repo;
	struct oid tip;          /* of the ref; empty: there is none */
	struct strmap blobs;     /* commit -> blob of its note; strdup'd */
	struct buffer stream;    /* for fast-import */
	size_t changed;
};

static struct error *list_notes(struct writer *w)
{
	static const char *const argv[] = { "notes", "--ref=" NOTES_REF, "list", NULL };
	struct buffer out = BUFFER_INIT_MAX(MAX_LIST), said = BUFFER_INIT_MAX(MAX_SAID);
	struct process_options options = { .out = &out, .err = &said };
	struct error *err = repo_ref(w->repo, NOTES_REF, &w->tip);
	if (!err && w->tip.hex[0])
		err = repo_git_read(w->repo, argv, &options);
	for (const char *line = out.data; !err && out.len && *line;) {
		size_t len = strcspn(line, "\n"), blob = strcspn(line, " ");
		if (blob < len)
			*strmap_at(&w->blobs, line + blob + 1, len - blob - 1) = xmemdupz(line, blob);
		line += len + (line[len] == '\n');
	}
	buffer_release(&out);
	buffer_release(&said);
	return err;
}

static void begin(struct writer *w)
{
	struct buffer identity = BUFFER_INIT;
	static const char message[] = "Notes added by 'git scrutiny notes'\n";
	ref_identity(&identity, w->repo);
	buffer_addf(&w->stream, "commit " NOTES_REF "\ncommitter %s %" PRId64 " +0000\ndata %zu\n%s", identity.data,
		    (int64_t)time(NULL), strlen(message), message);
	if (w->tip.hex[0])
		buffer_addf(&w->stream, "from %s\n", w->tip.hex);
	buffer_release(&identity);
}

static struct error *read_old(struct writer *w, const struct oid *commit, struct buffer *out)
{
	const char *blob = strmap_get(&w->blobs, commit->hex, strlen(commit->hex));
	struct oid oid = { "" };
	if (!blob)
		return NULL;
	memcpy(oid.hex, blob, strlen(blob) < sizeof(oid.hex) ? strlen(blob) : 0);
	struct error *err = repo_read_object(w->repo, &oid, OBJECT_BLOB, out);
	if (error_drop_if(&err, ERROR_LIMIT))
		buffer_reset(out);
	return err;
}

static struct error *add_note(struct writer *w, struct records *store, const struct oid *commit)
{
	struct strmap lines = STRMAP_INIT;
	struct buffer old = BUFFER_INIT_MAX(NOTES_MAX_SIZE), text = BUFFER_INIT;
	struct error *err = make_lines(&lines, w->repo, store, commit);
	if (!err && lines.nr)
		err = read_old(w, commit, &old);
	if (!err && lines.nr) {
		join(&text, &lines, &old);
		if (text.len != old.len || memcmp(text.data, old.data, text.len)) {
			if (!w->changed++)
				begin(w);
			buffer_addf(&w->stream, "N inline %s\ndata %zu\n", commit->hex, text.len);
			buffer_addbuf(&w->stream, &text);
			buffer_addch(&w->stream, '\n');
		}
	}
	strmap_release(&lines, free);
	buffer_release(&old);
	buffer_release(&text);
	return err;
}

/* fast-import leaves a ref alone that is elsewhere by then; *LOST says so. */
static struct error *import(struct writer *w, bool *lost)
{
	static const char *const argv[] = { "fast-import", "--quiet", "--done", NULL };
	struct buffer out = BUFFER_INIT_MAX(MAX_SAID), said = BUFFER_INIT_MAX(MAX_SAID);
	int status = 0;
	struct oid tip;
	buffer_addstr(&w->stream, "done\n");
	struct process_options options = { .env = ref_environment, .input = slice_of(&w->stream), .out = &out,
					   .err = &said, .exit_status = &status };
	struct error *err = repo_git(w->repo, argv, &options);
	if (!err && status)
		err = repo_ref(w->repo, NOTES_REF, &tip);
	*lost = !err && status && strcmp(tip.hex, w->tip.hex) != 0;
	if (!err && status && !*lost)
		err = ref_git_failed(&said, "cannot write the notes to " NOTES_REF);
	buffer_release(&out);
	buffer_release(&said);
	return err;
}

static struct error *write_once(struct repo *repo, struct records *store, const struct oid *commits, size_t nr,
				size_t *written, bool *lost)
{
	struct writer w = { .repo = repo };
	*lost = false;
	buffer_init(&w.stream, BUFFER_MAX_INTERNAL);
	struct error *err = list_notes(&w);
	for (size_t i = 0; i < nr && !err; i++)
		err = add_note(&w, store, &commits[i]);
	if (!err && w.changed)
		err = import(&w, lost);
	*written = w.changed;
	strmap_release(&w.blobs, free);
	buffer_release(&w.stream);
	return err;
}

struct error *notes_write(struct repo *repo, struct records *store, const struct oid *commits, size_t nr,
			  size_t *written)
{
	bool lost = true;
	struct error *err = NULL;
	for (unsigned attempt = 1; lost && !err; attempt++) {
		if (attempt > MAX_ATTEMPTS)
			return error_new(ERROR_CONFLICT, "other processes keep changing " NOTES_REF);
		if (attempt > 1)
			ref_pause(attempt);
		err = write_once(repo, store, commits, nr, written, &lost);
	}
	return err;
}

/* -- among clones ------------------------------------------------------------------------------- */

/* Both have what either had: a line is a fact of its own. */
static struct error *unite(struct repo *repo, const char *theirs)
{
	const char *const argv[] = { "notes", "--ref=" NOTES_REF, "merge", "--quiet", "--strategy=cat_sort_uniq", theirs,
				     NULL };
	struct buffer out = BUFFER_INIT_MAX(MAX_SAID), said = BUFFER_INIT_MAX(MAX_SAID), identity = BUFFER_INIT;
	int status = 0;
	ref_identity(&identity, repo);
	const char *mail = strrchr(identity.data, '<');
	char *name = mail ? xstrfmt("GIT_COMMITTER_NAME=%.*s", (int)(mail - identity.data), identity.data) : NULL;
	char *address = mail ? xstrfmt("GIT_COMMITTER_EMAIL=%.*s", (int)strcspn(mail + 1, ">"), mail + 1) : NULL;
	const char *env[] = { "GIT_QUARANTINE_PATH", "LC_ALL=C", "SCRUTINY=0", name, address, NULL };
	struct process_options options = { .env = env, .out = &out, .err = &said, .exit_status = &status };
	struct error *err = repo_git(repo, argv, &options);
	if (!err && status)
		err = ref_git_failed(&said, "cannot unite the notes");
	free(name);
	free(address);
	buffer_release(&identity);
	buffer_release(&out);
	buffer_release(&said);
	return err;
}

struct error *notes_fetch(struct repo *repo, const char *remote, bool *found, bool *moved)
{
	struct oid before, after;
	char *tracking = ref_tracking(repo, remote, "notes");
	char *refspec = xstrfmt("+" NOTES_REF ":%s", tracking);
	struct error *err = repo_ref(repo, NOTES_REF, &before);
	*moved = *found = false;
	if (!err)
		err = ref_fetch(repo, remote, refspec, "the notes", found);
	if (!err && *found)
		err = unite(repo, tracking);
	if (!err)
		err = repo_ref(repo, NOTES_REF, &after);
	*moved = !err && strcmp(before.hex, after.hex) != 0;
	free(tracking);
	free(refspec);
	return err;
}

struct error *notes_push(struct repo *repo, const char *remote, enum notes_pushed *out)
{
	struct oid tip;
	bool found, moved;
	struct error *err = NULL;
	for (unsigned attempt = 1; !err; attempt++) {
		struct push_try try = { .remote = remote, .ref = NOTES_REF, .object = tip.hex };
		err = repo_ref(repo, NOTES_REF, &tip);
		*out = NOTES_NONE;
		if (err || !tip.hex[0])
			return err;
		err = ref_push(repo, &try, "the notes");
		*out = try.outcome == PUSH_UP_TO_DATE ? NOTES_UP_TO_DATE : NOTES_PUSHED;
		if (err || try.outcome != PUSH_BEHIND)
			return err;
		if (attempt == MAX_ATTEMPTS)
			return error_new(ERROR_CONFLICT, "other clones keep changing the notes of '%s'", remote);
		ref_pause(attempt);
		err = notes_fetch(repo, remote, &found, &moved);
	}
	return err;
}
