/* The union of two commits of records. */
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "git/records_internal.h"
#include "git/records_sync.h"

/* v1/<2 digits>/<62 digits>/replies/<name> and some more. */
#define MERGE_MAX_DEPTH 8
#define ENTRY_FOLDER 040000

/* One name in the folder of one or both sides. */
struct pair {
	struct tree_entry sides[2]; /* mode 0: that side has none */
	struct tree_entry result;   /* mode 0: none */
	bool decided;
};

/* The sides stand in an order that does not depend on whose store this is. */
struct merge {
	struct records *r;
	struct oid commits[2];
	unsigned ours;              /* which of them */
	bool differs[2];            /* the union is not what that side has */
	struct buffer commands;     /* for fast-import: from side 0 to the union */
	struct records_merged *out;
};

/* A blob's content where it matters which of two it is. */
struct content {
	struct buffer data;
	int64_t date;               /* -1: none can be read */
};

static bool is_file(const struct tree_entry *e)
{
	return e->mode == 0100644 || e->mode == 0100755;
}

static bool is_same(const struct tree_entry *a, const struct tree_entry *b)
{
	return (!a->mode && !b->mode) ||
	       (is_file(a) == is_file(b) && !!a->mode == !!b->mode && !strcmp(a->oid.hex, b->oid.hex));
}

/* Nothing else is taken over from another store: what we write are files and folders with plain names. */
static bool is_of_ours(const char *name, const struct tree_entry *e)
{
	if (!is_file(e) && e->mode != ENTRY_FOLDER)
		return false;
	for (const char *c = name; *c; c++)
		if (!ascii_alnum((unsigned char)*c) && (c == name || !strchr("._+@=,-~", *c)))
			return false;
	return !strchr(name, '~') || ends_with(name, ".json") || ends_with(name, ".jsonl");
}

/* -- reading ----------------------------------------------------------------------------------- */

struct side_walk {
	struct strmap *pairs;
	unsigned side;
};

static struct error *add_entry(const struct tree_entry *e, void *data)
{
	const struct side_walk *walk = data;
	void **slot = strmap_at(walk->pairs, e->name.data, e->name.len);
	if (!*slot)
		*slot = xcalloc(1, sizeof(struct pair));
	struct pair *pair = *slot;
	pair->sides[walk->side] = *e;
	pair->sides[walk->side].name = (struct slice){ NULL, 0 };
	return NULL;
}

static struct error *read_content(struct merge *m, const struct tree_entry *e, struct content *out)
{
	cJSON *root = NULL;
	*out = (struct content){ .data = BUFFER_INIT_MAX(OBJECT_MAX_SIZE), .date = -1 };
	struct error *err = repo_read_object(m->r->repo, &e->oid, OBJECT_BLOB, &out->data);
	if (err)
		return err;
	error_free(json_parse(&root, slice_of(&out->data), "a record"));
	out->date = root ? json_integer_or(root, "date", -1) : -1;
	cJSON_Delete(root);
	return NULL;
}

/* Which of the two keeps the name: the older answer, or the newer facts of a run. What has no date is damaged. */
static unsigned who_keeps(const char *name, const struct content contents[2])
{
	bool newer_wins = !strcmp(name, RUN_NAME);
	const struct content *a = &contents[0], *b = &contents[1];
	if ((a->date < 0) != (b->date < 0))
		return a->date < 0;
	if (a->date != b->date)
		return newer_wins ? a->date < b->date : a->date > b->date;
	size_t shorter = a->data.len < b->data.len ? a->data.len : b->data.len;
	int order = memcmp(a->data.data, b->data.data, shorter);
	bool a_is_less = order ? order < 0 : a->data.len < b->data.len;
	return newer_wins ? a_is_less : !a_is_less;
}

/* -- one folder -------------------------------------------------------------------------------- */

static void decide(struct pair *pair, const struct tree_entry *result)
{
	pair->result = result ? *result : (struct tree_entry){ 0 };
	pair->decided = true;
}

/* Gives BLOB, which lost its NAME to another, the name of a second answer. */
static void set_aside(struct merge *m, struct strmap *pairs, const char *name,
		      const struct tree_entry *blob, const struct content *content)
{
	char *second = records_second_name(name, &content->data);
	void **slot = strmap_at(pairs, second, strlen(second));
	if (!*slot)
		*slot = xcalloc(1, sizeof(struct pair));
	decide(*slot, blob);
	m->out->second_answers++;
	free(second);
}

/* What has the name itself now is not kept a second time beside it. */
static void drop_duplicate(struct strmap *pairs, const char *name, const struct tree_entry *blob,
			   const struct content *content)
{
	char *second = records_second_name(name, &content->data);
	struct pair *pair = strmap_get(pairs, second, strlen(second));
	for (unsigned side = 0; pair && side < 2; side++)
		if (pair->sides[side].mode && !is_same(&pair->sides[side], blob))
			pair = NULL;
	if (pair)
		decide(pair, NULL);
	free(second);
}

static struct error *settle_files(struct merge *m, struct strmap *pairs, const char *name,
				  struct pair *pair)
{
	struct content contents[2] = { { .data = BUFFER_INIT }, { .data = BUFFER_INIT } };
	struct error *err = read_content(m, &pair->sides[0], &contents[0]);
	if (!err)
		err = read_content(m, &pair->sides[1], &contents[1]);
	if (!err) {
		unsigned keeps = who_keeps(name, contents);
		decide(pair, &pair->sides[keeps]);
		if (strcmp(name, RUN_NAME)) {
			drop_duplicate(pairs, name, &pair->sides[keeps], &contents[keeps]);
			set_aside(m, pairs, name, &pair->sides[!keeps], &contents[!keeps]);
		}
	}
	buffer_release(&contents[0].data);
	buffer_release(&contents[1].data);
	return err;
}

/* A folder keeps its name before a file: nothing of ours makes both, and nothing of it is lost. */
static struct error *settle_file_and_folder(struct merge *m, struct strmap *pairs, const char *name,
					    struct pair *pair)
{
	unsigned file = is_file(&pair->sides[1]);
	struct content content;
	decide(pair, &pair->sides[!file]);
	if (!strchr(name, '.')) {
		m->out->left_out++;
		return NULL;
	}
	struct error *err = read_content(m, &pair->sides[file], &content);
	if (!err)
		set_aside(m, pairs, name, &pair->sides[file], &content);
	buffer_release(&content.data);
	return err;
}

/* Decides NAME where both sides have it and differ, unless both are folders. */
static struct error *settle(struct merge *m, struct strmap *pairs, const char *name, struct pair *pair)
{
	const struct tree_entry *a = &pair->sides[0], *b = &pair->sides[1];
	if (pair->decided || !a->mode || !b->mode || is_same(a, b))
		return NULL;
	bool ours[2] = { is_of_ours(name, a), is_of_ours(name, b) };
	if (!ours[0] || !ours[1]) {
		m->out->left_out++;
		decide(pair, ours[0] ? a : ours[1] ? b : NULL);
		return NULL;
	}
	if (!is_file(a) && !is_file(b))
		return NULL;
	if (!is_file(a) || !is_file(b))
		return settle_file_and_folder(m, pairs, name, pair);
	if (!strchr(name, '.')) {
		m->out->left_out++;
		decide(pair, strcmp(a->oid.hex, b->oid.hex) < 0 ? a : b);
		return NULL;
	}
	return settle_files(m, pairs, name, pair);
}

static void settle_simply(struct merge *m, const char *name, struct pair *pair)
{
	unsigned side = !pair->sides[0].mode;
	if (pair->decided)
		return;
	bool strange = !is_of_ours(name, &pair->sides[side]);
	m->out->left_out += strange;
	decide(pair, strange ? NULL : &pair->sides[side]);
}

static void write_change(struct merge *m, const char *path, const struct pair *pair)
{
	for (unsigned side = 0; side < 2; side++)
		m->differs[side] |= !is_same(&pair->result, &pair->sides[side]);
	if (is_same(&pair->result, &pair->sides[0]))
		return;
	if (!pair->result.mode)
		buffer_addstr(&m->commands, "D ");
	else
		buffer_addf(&m->commands, "M %s %s ", pair->result.mode == ENTRY_FOLDER ? "040000" : "100644",
			    pair->result.oid.hex);
	records_add_quoted(&m->commands, path);
}

/* Counts the content ids in what only the other store has. */
struct paper_walk {
	struct merge *m;
	unsigned depth; /* of the entries: v1 is at 0, content ids are at 2 */
};

static struct error *count_papers(const struct tree_entry *e, void *data)
{
	static const size_t lengths[] = { 2, 2, CONTENT_ID_SIZE - 2 };
	const struct paper_walk *walk = data;
	if (e->mode != ENTRY_FOLDER || e->name.len != lengths[walk->depth])
		return NULL;
	struct paper_walk below = { walk->m, walk->depth + 1 };
	if (below.depth < ARRAY_SIZE(lengths))
		return repo_tree_each(walk->m->r->repo, &e->oid, count_papers, &below);
	walk->m->out->papers++;
	return NULL;
}

static struct error *merge_folder(struct merge *m, const struct oid trees[2], const char *path, unsigned depth);

static struct error *merge_pair(struct merge *m, const char *path, const char *name, struct pair *pair,
				unsigned depth)
{
	struct error *err = NULL;
	char *whole = *path ? xstrfmt("%s/%s", path, name) : xstrdup(name);
	bool recurse = !pair->decided && pair->sides[0].mode && pair->sides[1].mode &&
		       !is_same(&pair->sides[0], &pair->sides[1]);
	if (recurse) {
		const struct oid trees[2] = { pair->sides[0].oid, pair->sides[1].oid };
		err = merge_folder(m, trees, whole, depth + 1);
	} else {
		settle_simply(m, name, pair);
		write_change(m, whole, pair);
		struct tree_entry theirs = pair->sides[!m->ours];
		struct paper_walk walk = { m, depth };
		theirs.name = (struct slice){ name, strlen(name) };
		if (!pair->sides[m->ours].mode && depth <= 2)
			err = count_papers(&theirs, &walk);
	}
	free(whole);
	return err;
}

static struct error *merge_folder(struct merge *m, const struct oid trees[2], const char *path, unsigned depth)
{
	struct strmap pairs = STRMAP_INIT;
	struct error *err = NULL;
	if (depth > MERGE_MAX_DEPTH)
		return error_new(ERROR_LIMIT, "'%s' in the records is nested too deep", path);
	for (unsigned side = 0; side < 2 && !err; side++) {
		struct side_walk walk = { &pairs, side };
		if (trees[side].hex[0])
			err = repo_tree_each(m->r->repo, &trees[side], add_entry, &walk);
	}
	size_t nr = pairs.nr; /* those that are added by settling are decided */
	for (size_t i = 0; i < nr && !err; i++)
		err = settle(m, &pairs, pairs.entries[i].key, pairs.entries[i].value);
	for (size_t i = 0; i < pairs.nr && !err; i++)
		err = merge_pair(m, path, pairs.entries[i].key, pairs.entries[i].value, depth);
	strmap_release(&pairs, free);
	return err;
}

/* -- histories --------------------------------------------------------------------------------- */

struct error *records_is_ancestor(struct records *r, const char *old, const char *young, bool *is)
{
	const char *const argv[] = { "merge-base", "--is-ancestor", old, young, NULL };
	int status = 0;
	struct process_options options = { .discard_err = true, .exit_status = &status };
	struct error *err = repo_git_read(r->repo, argv, &options);
	*is = !err && !status;
	return err;
}

/* The line "Folds: <commit>" of a commit that replaced a history, or "". */
static struct error *read_folded(struct records *r, const char *commit, struct oid *folded)
{
	static const char mark[] = "\nFolds: ";
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct oid oid = { "" };
	memcpy(oid.hex, commit, strlen(commit) + 1);
	struct error *err = repo_read_object(r->repo, &oid, OBJECT_COMMIT, &text);
	const char *line = err ? NULL : memmem(text.data, text.len, mark, strlen(mark));
	folded->hex[0] = '\0';
	if (line) {
		line += strlen(mark);
		size_t len = strspn(line, "0123456789abcdef");
		if (len == strlen(commit)) {
			memcpy(folded->hex, line, len);
			folded->hex[len] = '\0';
		}
	}
	buffer_release(&text);
	return err;
}

struct error *records_folds(struct records *r, const struct oid *commit, const struct oid *old,
			    enum records_fold *folds)
{
	const char *const argv[] = { "rev-list", "--max-parents=0", commit->hex, "--", NULL };
	struct buffer roots = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct process_options options = { .out = &roots, .discard_err = true };
	struct error *err = repo_git_read(r->repo, argv, &options);
	*folds = FOLDS_NOTHING;
	for (char *at = roots.data, *end; !err && *folds != FOLDS_THIS && (end = strchr(at, '\n')); at = end + 1) {
		struct oid folded;
		bool within = false;
		*end = '\0';
		if (end - at > OID_MAX_HEX)
			continue;
		err = read_folded(r, at, &folded);
		if (!err && folded.hex[0])
			err = records_is_ancestor(r, old->hex, folded.hex, &within);
		if (folded.hex[0])
			*folds = within || !strcmp(folded.hex, old->hex) ? FOLDS_THIS : FOLDS_ANOTHER;
	}
	buffer_release(&roots);
	return err;
}

/* The time of a commit, in seconds. */
static struct error *commit_date(struct records *r, const struct oid *commit, int64_t *date)
{
	static const char mark[] = "\ncommitter ";
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct error *err = repo_read_object(r->repo, commit, OBJECT_COMMIT, &text);
	const char *line = err ? NULL : memmem(text.data, text.len, mark, strlen(mark));
	const char *mail = line ? strchr(line, '>') : NULL;
	*date = mail ? strtoll(mail + 1, NULL, 10) : 0;
	if (*date < 0)
		*date = 0;
	buffer_release(&text);
	return err;
}

/* -- moving the ref ---------------------------------------------------------------------------- */

struct error *records_move(struct records *r, const struct oid *to, const char *why, bool *again)
{
	/* All zeros: there must be no such ref. */
	char none[OID_MAX_HEX + 1] = "";
	memset(none, '0', strlen(to->hex));
	const char *const argv[] = { "-c", "core.fsync=committed,reference", "update-ref", "-m", why,
				     RECORDS_REF, to->hex, r->tip.hex[0] ? r->tip.hex : none, NULL };
	struct buffer said = BUFFER_INIT_MAX(65536);
	int status = 0;
	struct process_options options = { .env = ref_environment, .err = &said, .exit_status = &status };
	struct error *err = repo_git(r->repo, argv, &options);
	if (!err)
		err = records_lost_race(r, &said, again);
	if (!err && !status)
		*again = false;
	else if (!err && !*again)
		err = ref_git_failed(&said, "cannot update " RECORDS_REF);
	buffer_release(&said);
	return err;
}

static struct error *import_union(struct merge *m, bool *again)
{
	static const char message[] = "Merge records\n";
	int64_t dates[2];
	int status = 0;
	struct error *err = commit_date(m->r, &m->commits[0], &dates[0]);
	if (!err)
		err = commit_date(m->r, &m->commits[1], &dates[1]);
	if (err)
		return err;
	struct buffer stream = BUFFER_INIT, said = BUFFER_INIT_MAX(65536);
	buffer_addf(&stream, "commit %s\ncommitter " REF_IDENTITY " %lld +0000\ndata %zu\n%sfrom %s\nmerge %s\n",
		    RECORDS_REF, (long long)(dates[0] > dates[1] ? dates[0] : dates[1]), strlen(message), message,
		    m->commits[0].hex, m->commits[1].hex);
	buffer_addbuf(&stream, &m->commands);
	buffer_addstr(&stream, "\ndone\n");
	err = buffer_check(&stream, "the union of records");
	if (!err)
		err = records_import(m->r, "raw", &stream, &status, &said);
	if (!err)
		err = records_lost_race(m->r, &said, again);
	if (!err && !status)
		*again = false;
	else if (!err && !*again)
		err = ref_git_failed(&said, "cannot merge into " RECORDS_REF);
	buffer_release(&stream);
	buffer_release(&said);
	return err;
}

/* What can be said without looking at trees: THEIRS adds nothing, or replaces what is here. */
struct relation {
	bool nothing_new, replaces;
	enum records_fold ours_fold, theirs_fold;
};

static struct error *relate(struct records *r, const struct oid *theirs, struct relation *out)
{
	*out = (struct relation){ .replaces = !r->tip.hex[0], .nothing_new = !strcmp(r->tip.hex, theirs->hex) };
	if (out->replaces || out->nothing_new)
		return NULL;
	struct error *err = records_is_ancestor(r, theirs->hex, r->tip.hex, &out->nothing_new);
	if (!err && !out->nothing_new)
		err = records_is_ancestor(r, r->tip.hex, theirs->hex, &out->replaces);
	if (err || out->nothing_new || out->replaces)
		return err;
	err = records_folds(r, &r->tip, theirs, &out->ours_fold);
	if (!err)
		err = records_folds(r, theirs, &r->tip, &out->theirs_fold);
	out->nothing_new = out->ours_fold == FOLDS_THIS;
	out->replaces = !out->nothing_new && out->theirs_fold == FOLDS_THIS;
	return err;
}

/* Who folded history did it to be rid of it: it does not come back for the sake of a store that is only behind. */
static bool folded_has_all(const struct merge *m, unsigned side, enum records_fold its, enum records_fold other)
{
	return !m->differs[side] && its == FOLDS_ANOTHER && other == FOLDS_NOTHING;
}

static struct error *move_to_union(struct merge *m, const struct oid *theirs, const struct relation *relation,
				   bool *again)
{
	if (folded_has_all(m, m->ours, relation->ours_fold, relation->theirs_fold))
		return NULL;
	m->out->moved = true;
	if (relation->replaces || folded_has_all(m, !m->ours, relation->theirs_fold, relation->ours_fold))
		return records_move(m->r, theirs, "records: fast-forward", again);
	return import_union(m, again);
}

static struct error *merge_once(struct records *r, const struct oid *theirs, struct records_merged *out, bool *again)
{
	struct relation relation;
	struct oid trees[2] = { { "" }, { "" } }, root;
	struct merge m = { .r = r, .commands = BUFFER_INIT, .out = out };
	*out = (struct records_merged){ 0 };
	*again = false;
	struct error *err = records_root(r->repo, theirs, &root);
	if (!err)
		err = relate(r, theirs, &relation);
	if (err || relation.nothing_new)
		return err;
	m.ours = strcmp(r->tip.hex, theirs->hex) > 0;
	m.commits[m.ours] = r->tip;
	m.commits[!m.ours] = *theirs;
	for (unsigned side = 0; side < 2 && !err; side++)
		if (m.commits[side].hex[0])
			err = repo_commit_tree(r->repo, &m.commits[side], &trees[side]);
	if (!err)
		err = merge_folder(&m, trees, "", 0);
	if (!err)
		err = move_to_union(&m, theirs, &relation, again);
	buffer_release(&m.commands);
	return err;
}

struct error *records_merge(struct records *r, const struct oid *theirs, struct records_merged *out)
{
	for (unsigned attempt = 0; attempt < RECORDS_MAX_ATTEMPTS; attempt++) {
		bool again;
		if (attempt)
			ref_pause(attempt);
		struct error *err = records_refresh(r, NULL);
		if (!err)
			err = merge_once(r, theirs, out, &again);
		if (err || !again)
			return error_context(err, "cannot merge records");
	}
	return error_new(ERROR_CONFLICT, "cannot merge records: %s keeps moving or is locked", RECORDS_REF);
}
