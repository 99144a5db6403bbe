#include "review/record_merge.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/strmap.h"
#include "review/stored.h"

#define BUILTIN "builtin"

static long version_number(const struct record *r)
{
	return r->version ? strtol(r->version, NULL, 10) : 0;
}

/* A total order on contents, the record that counts first. */
static int compare_records(const void *x, const void *y)
{
	const struct record *a = x, *b = y;
	int order = strcmp(a->reviewer, b->reviewer);

	if (!order && !strcmp(a->reviewer, BUILTIN))
		order = (version_number(a) < version_number(b)) -
			(version_number(a) > version_number(b));
	if (!order)
		order = (a->date < b->date) - (a->date > b->date);
	if (!order)
		order = (a->nr_requests < b->nr_requests) - (a->nr_requests > b->nr_requests);
	if (order)
		return order;
	struct buffer p = BUFFER_INIT, q = BUFFER_INIT;
	record_write(&p, a);
	record_write(&q, b);
	order = strcmp(p.data, q.data); /* JSON holds no NUL */
	buffer_release(&p);
	buffer_release(&q);
	return order;
}

static void add_key(struct strmap *seen, struct buffer *key, const struct finding *f, bool *is_new)
{
	struct json_writer w;

	buffer_reset(key);
	json_writer_init(&w, key, false);
	json_begin_object(&w);
	stored_put_finding(&w, f);
	json_end_object(&w);
	*is_new = strmap_add(seen, key->data, key->len);
}

/* Moves the findings of FROM that INTO does not have; true when there was one. */
static bool join_findings(struct record *into, struct record *from)
{
	struct strmap seen = STRMAP_INIT;
	struct buffer key = BUFFER_INIT;
	bool is_new, any = false;

	for (size_t i = 0; i < into->findings.nr; i++)
		add_key(&seen, &key, &into->findings.items[i], &is_new);
	for (size_t i = 0; i < from->findings.nr; i++) {
		struct finding *f = &from->findings.items[i];
		add_key(&seen, &key, f, &is_new);
		if (!is_new)
			continue;
		*finding_list_add(&into->findings) = *f;
		memset(f, 0, sizeof(*f));
		any = true;
	}
	strmap_release(&seen, NULL);
	buffer_release(&key);
	return any;
}

/* Moves the requests of FROM that INTO does not have; true when there was one. */
static bool join_requests(struct record *into, struct record *from)
{
	struct strmap seen = STRMAP_INIT;
	size_t before = into->nr_requests;

	for (size_t i = 0; i < before; i++)
		strmap_add(&seen, into->requests[i], strlen(into->requests[i]));
	into->requests = xreallocarray(into->requests, before + from->nr_requests + 1,
				       sizeof(*into->requests));
	for (size_t i = 0; i < from->nr_requests; i++) {
		if (!strmap_add(&seen, from->requests[i], strlen(from->requests[i])))
			continue;
		into->requests[into->nr_requests++] = from->requests[i];
		from->requests[i] = NULL;
	}
	strmap_release(&seen, NULL);
	return into->nr_requests > before;
}

static int64_t add_tokens(int64_t a, int64_t b)
{
	return a < 0 || b < 0 ? -1 : a + b;
}

bool record_covers(const struct record *r, const struct record *old)
{
	struct strmap set = STRMAP_INIT;

	if (!old->nr_requests || old->nr_requests > r->nr_requests)
		return false;
	for (size_t i = 0; i < old->nr_tasks; i++)
		if (!record_has_task(r, old->tasks[i].name))
			return false;
	for (size_t i = 0; i < r->nr_requests; i++)
		strmap_add(&set, r->requests[i], strlen(r->requests[i]));
	bool covers = true;
	for (size_t i = 0; i < old->nr_requests && covers; i++)
		covers = strmap_has(&set, old->requests[i], strlen(old->requests[i]));
	strmap_release(&set, NULL);
	return covers;
}

static void join_tasks(struct record *into, struct record *from)
{
	for (size_t i = 0; i < from->nr_tasks; i++)
		if (!record_has_task(into, from->tasks[i].name))
			record_add_task(into, from->tasks[i].name, from->tasks[i].version,
					from->tasks[i].words);
	if (!into->rubric) {
		into->rubric = from->rubric;
		from->rubric = NULL;
	}
	if (!into->metadata) {
		into->metadata = from->metadata;
		from->metadata = NULL;
	}
	assessment_extend(&from->assessment, &into->assessment);
	into->assessment = from->assessment;
	from->assessment = (struct assessment){ 0 };
}

void record_join(struct record *into, struct record *from)
{
	bool findings = join_findings(into, from), requests = join_requests(into, from);

	if (findings || requests) {
		into->input_tokens = add_tokens(into->input_tokens, from->input_tokens);
		into->output_tokens = add_tokens(into->output_tokens, from->output_tokens);
		into->cost_usd = into->cost_usd < 0 || from->cost_usd < 0
					 ? -1
					 : into->cost_usd + from->cost_usd;
	}
	if (!into->summary) {
		into->summary = from->summary;
		from->summary = NULL;
	}
	if (!into->version) {
		into->version = from->version;
		from->version = NULL;
	}
	join_tasks(into, from);
	record_release(from);
}

/* Both are of one model, and INTO is the newer. */
static void merge(struct record *into, struct record *from)
{
	if (record_covers(into, from)) {
		record_release(from);
	} else if (record_covers(from, into)) {
		record_release(into);
		*into = *from;
	} else {
		record_join(into, from);
	}
}

size_t record_merge_all(struct record *items, size_t nr)
{
	size_t kept = 0;

	if (nr)
		qsort(items, nr, sizeof(*items), compare_records);
	for (size_t i = 0; i < nr; i++) {
		if (!kept || strcmp(items[kept - 1].reviewer, items[i].reviewer))
			items[kept++] = items[i];
		else if (!strcmp(items[i].reviewer, BUILTIN))
			record_release(&items[i]);
		else
			merge(&items[kept - 1], &items[i]);
	}
	return kept;
}
