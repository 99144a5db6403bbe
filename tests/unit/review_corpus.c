/*
 * Grounding and consensus measured on real comments: $TEST_REVIEWS names a folder of JSON files
 * with "paragraphs" (the paper) and "methods", each with "comments" that quote it. Skipped without
 * it.
 */
#include "review_testing.h"

#include <dirent.h>

#include "base/json.h"
#include "base/text.h"
#include "review/consensus.h"
#include "review/ground.h"

#define EXPERTS "ground_truth"
#define MAX_METHODS 16

struct corpus {
	struct document document;
	struct record *records[MAX_METHODS];
	size_t nr;
};

static void read_comments(struct record *r, const cJSON *comments)
{
	const cJSON *c;

	cJSON_ArrayForEach(c, comments) {
		struct finding *f = finding_list_add(&r->findings);
		f->severity = SEVERITY_WARNING;
		f->title = copy(json_string_or(c, "title", "?"));
		f->why = copy(json_string_or(c, "explanation", json_string_or(c, "message", "")));
		f->quote = copy(json_string_or(c, "quote", ""));
		f->confidence = 0.5;
	}
}

static void read_corpus(struct corpus *out, const char *path)
{
	struct buffer json = BUFFER_INIT, text = BUFFER_INIT;
	cJSON *root;
	const cJSON *item;

	memset(out, 0, sizeof(*out));
	assert_ok(file_read(path, &json));
	assert_ok(json_parse(&root, slice_of(&json), path));
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(root, "paragraphs")) {
		buffer_addstr(&text, json_string_or(item, "text", ""));
		buffer_addstr(&text, "\n\n");
	}
	make_document(&out->document, "paper.md", text.data);
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(root, "methods")) {
		assert_true(out->nr < MAX_METHODS);
		out->records[out->nr] = make_record(item->string, item->string);
		read_comments(out->records[out->nr++], cJSON_GetObjectItem(item, "comments"));
	}
	struct document *docs[] = { &out->document };
	struct ground_index *index = ground_index_new(docs, 1);
	for (size_t i = 0; i < out->nr; i++) {
		for (size_t j = 0; j < out->records[i]->findings.nr; j++)
			ground_finding(index, &out->records[i]->findings.items[j]);
	}
	ground_index_free(index);
	cJSON_Delete(root);
	buffer_release(&json);
	buffer_release(&text);
}

static void release_corpus(struct corpus *c)
{
	document_release(&c->document);
	for (size_t i = 0; i < c->nr; i++)
		free_record(c->records[i]);
}

/* Calls FN for every file of the folder; skips the test without one. */
static void for_each_corpus(void (*fn)(struct corpus *c, void *data), void *data)
{
	const char *folder = getenv("TEST_REVIEWS");
	struct dirent **entries = NULL;
	int nr = folder ? scandir(folder, &entries, NULL, alphasort) : -1;

	if (nr < 0) {
		print_message("skipped: TEST_REVIEWS names no folder of reviews\n");
		skip();
	}
	for (int i = 0; i < nr; i++) {
		if (ends_with(entries[i]->d_name, ".json")) {
			struct corpus c;
			char *path = xstrfmt("%s/%s", folder, entries[i]->d_name);
			read_corpus(&c, path);
			fn(&c, data);
			release_corpus(&c);
			free(path);
		}
		free(entries[i]);
	}
	free(entries);
}

struct shares {
	size_t total, tiers[4];
};

static void count_tiers(struct corpus *c, void *data)
{
	struct shares *s = data;

	for (size_t i = 0; i < c->nr; i++) {
		for (size_t j = 0; j < c->records[i]->findings.nr; j++) {
			s->tiers[c->records[i]->findings.items[j].grounding]++;
			s->total++;
		}
	}
}

static void test_at_least_96_of_100_real_quotes_are_found(void **state)
{
	struct shares s = { 0 };
	(void)state;
	for_each_corpus(count_tiers, &s);
	double exact = (double)s.tiers[GROUNDING_EXACT],
	       space = exact + (double)s.tiers[GROUNDING_WHITESPACE],
	       loose = space + (double)s.tiers[GROUNDING_LOOSE], total = (double)s.total / 100;
	print_message("%zu quotes: %.1f %% exactly, %.1f %% ignoring white space, %.1f %% ignoring "
		      "markup\n",
		      s.total, exact / total, space / total, loose / total);
	assert_true(loose / total >= 96);
}

/* A copy of QUOTE with one digit changed, or NULL when it has none that counts. */
static char *change_digit(const char *quote)
{
	struct buffer before = BUFFER_INIT, after = BUFFER_INIT;
	char *changed = copy(quote);
	bool counts = false;

	ground_normalise(&before, text_slice(quote));
	for (char *p = changed; *p && !counts; p++) {
		if (!ascii_digit((unsigned char)*p))
			continue;
		*p = *p == '9' ? '1' : (char)(*p + 1);
		buffer_reset(&after);
		ground_normalise(&after, text_slice(changed));
		counts = strcmp(before.data, after.data) != 0;
	}
	buffer_release(&before);
	buffer_release(&after);
	if (counts)
		return changed;
	free(changed);
	return NULL;
}

/* A copy of QUOTE with "not" before the word in its middle, or NULL when it is too short. */
static char *negate(const char *quote)
{
	const char *space = strchr(quote + strlen(quote) / 2, ' ');

	if (!space || !ascii_alpha((unsigned char)space[1]) || strstr(quote, "..."))
		return NULL;
	return xstrfmt("%.*s not%s", (int)(space - quote), quote, space);
}

struct misses {
	size_t tried, grounded;
};

static void count_misses(struct corpus *c, void *data)
{
	struct misses *m = data;
	struct document *docs[] = { &c->document };
	struct ground_index *index = ground_index_new(docs, 1);
	char *(*const changes[])(const char *) = { change_digit, negate };

	for (size_t i = 0; i < c->nr; i++) {
		for (size_t j = 0; j < c->records[i]->findings.nr * ARRAY_SIZE(changes); j++) {
			const struct finding *real = &c->records[i]->findings.items[j / 2];
			struct finding f = { 0 };
			if (real->grounding == GROUNDING_NONE ||
			    !(f.quote = changes[j % 2](real->quote)))
				continue;
			ground_finding(index, &f);
			m->tried++;
			if (f.grounding != GROUNDING_NONE) {
				print_message("grounds although changed: %s\n", f.quote);
				m->grounded++;
			}
			finding_release(&f);
		}
	}
	ground_index_free(index);
}

static void test_changed_numbers_and_negations_do_not_ground(void **state)
{
	struct misses m = { 0 };
	(void)state;
	for_each_corpus(count_misses, &m);
	print_message("%zu changed quotes, %zu found\n", m.tried, m.grounded);
	assert_int_equal(m.grounded, 0);
}

struct recall {
	size_t comments, left, experts, by_union, by_consensus;
};

static bool overlap(const struct finding *a, const struct finding *b)
{
	return a->path && b->path && a->start < b->end && b->start < a->end;
}

static bool is_expert(const struct record *r)
{
	return !strcmp(r->reviewer, EXPERTS);
}

static bool in_union(const struct corpus *c, const struct finding *expert)
{
	for (size_t i = 0; i < c->nr; i++) {
		for (size_t j = 0; j < c->records[i]->findings.nr && !is_expert(c->records[i]);
		     j++) {
			if (overlap(&c->records[i]->findings.items[j], expert))
				return true;
		}
	}
	return false;
}

static bool in_consensus(const struct consensus *c, const struct finding *expert)
{
	for (size_t i = 0; i < c->nr; i++) {
		for (size_t v = 0; v < c->findings[i].nr_voices; v++) {
			const struct voice *voice = &c->findings[i].voices[v];
			if (!is_expert(voice->record) && overlap(voice->finding, expert))
				return true;
		}
	}
	return false;
}

static void count_recall(struct corpus *c, void *data)
{
	struct recall *r = data;
	struct consensus consensus;
	struct run run = make_run("");
	size_t voices = 0;

	consensus_make(&consensus, (const struct record *const *)c->records, c->nr, &run);
	for (size_t i = 0; i < consensus.nr; i++)
		voices += consensus.findings[i].nr_voices;
	assert_int_equal(voices, consensus.nr_voices);
	r->comments += consensus.nr_voices;
	r->left += consensus.nr;
	for (size_t i = 0; i < c->nr; i++) {
		for (size_t j = 0; j < c->records[i]->findings.nr && is_expert(c->records[i]);
		     j++) {
			const struct finding *expert = &c->records[i]->findings.items[j];
			r->experts++;
			r->by_union += in_union(c, expert);
			r->by_consensus += in_consensus(&consensus, expert);
		}
	}
	consensus_release(&consensus);
	run_release(&run);
}

static void test_folding_loses_no_place_that_experts_point_at(void **state)
{
	struct recall r = { 0 };
	(void)state;
	for_each_corpus(count_recall, &r);
	print_message("%zu comments, %zu findings (%.1f %%); experts' places found: union %zu, "
		      "consensus %zu of %zu\n",
		      r.comments, r.left, 100.0 * (double)r.left / (double)r.comments, r.by_union,
		      r.by_consensus, r.experts);
	assert_int_equal(r.by_consensus, r.by_union);
	assert_true(r.left * 100 <= r.comments * 73);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_least_96_of_100_real_quotes_are_found),
		cmocka_unit_test(test_changed_numbers_and_negations_do_not_ground),
		cmocka_unit_test(test_folding_loses_no_place_that_experts_point_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
