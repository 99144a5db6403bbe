/* The tags of a repository, and one answer from several. */
#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "base/yaml.h"
#include "review/metadata_parts.h"
#include "review/tokens.h"

char *tag_key(const char *tag)
{
	struct buffer b = BUFFER_INIT;
	bool gap = false;

	for (; *tag; tag++) {
		if (strchr(" -_\t\n\r", *tag)) {
			gap = b.len > 0;
			continue;
		}
		if (gap)
			buffer_addch(&b, ' ');
		gap = false;
		buffer_addch(&b, (char)ascii_lower((unsigned char)*tag));
	}
	return buffer_detach(&b, NULL);
}

/* -- the tags a repository uses ------------------------------------------------------------- */

struct used_tag {
	char *name; /* the spelling used most, of equals the first in order of bytes */
	char *key;
	size_t uses, name_uses;
};

struct vocabulary {
	struct strmap by_key;   /* key -> struct used_tag * */
	struct strmap spellings; /* name -> its uses */
};

struct vocabulary *vocabulary_new(void)
{
	return xcalloc(1, sizeof(struct vocabulary));
}

static void free_used(void *item)
{
	struct used_tag *tag = item;

	free(tag->name);
	free(tag->key);
	free(tag);
}

void vocabulary_free(struct vocabulary *v)
{
	if (!v)
		return;
	strmap_release(&v->by_key, free_used);
	strmap_release(&v->spellings, NULL);
	free(v);
}

static void count_tag(struct vocabulary *v, const char *name, size_t len)
{
	if (!len || len > METADATA_MAX_TAG || strlen(name) != len || !utf8_valid(name, len) ||
	    v->by_key.nr >= VOCABULARY_MAX_TAGS || v->spellings.nr >= VOCABULARY_MAX_TAGS)
		return;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return;
	char *key = tag_key(name);
	void **slot = strmap_at(&v->by_key, key, strlen(key));
	struct used_tag *tag = *slot;
	if (!tag) {
		tag = *slot = xcalloc(1, sizeof(*tag));
		tag->key = xstrdup(key);
		tag->name = xstrdup(name);
	}
	tag->uses++;
	void **uses = strmap_at(&v->spellings, name, len);
	size_t n = (size_t)(uintptr_t)*uses + 1;
	*uses = (void *)(uintptr_t)n;
	if (n > tag->name_uses || (n == tag->name_uses && strcmp(name, tag->name) < 0)) {
		char *spelling = xstrdup(name);
		free(tag->name);
		tag->name = spelling;
		tag->name_uses = n;
	}
	free(key);
}

void vocabulary_add(struct vocabulary *v, struct slice meta_yaml)
{
	struct yaml_document doc;
	struct error *err = yaml_parse(&doc, meta_yaml, "meta.yaml");

	if (err) {
		error_free(err);
		return;
	}
	const struct yaml_node *tags = yaml_get(doc.root, "tags");
	for (size_t i = 0; tags && tags->kind == YAML_SEQUENCE && i < tags->nr; i++)
		if (tags->items[i]->kind == YAML_SCALAR && !yaml_is_null(tags->items[i]))
			count_tag(v, tags->items[i]->value, tags->items[i]->value_len);
	yaml_document_release(&doc);
}

const char *vocabulary_find(const struct vocabulary *v, const char *tag)
{
	if (!v)
		return NULL;
	char *key = tag_key(tag);
	const struct used_tag *used = strmap_get(&v->by_key, key, strlen(key));
	free(key);
	return used ? used->name : NULL;
}

static int compare_uses(const void *x, const void *y)
{
	const struct used_tag *a = *(struct used_tag *const *)x, *b = *(struct used_tag *const *)y;

	if (a->uses != b->uses)
		return a->uses > b->uses ? -1 : 1;
	return strcmp(a->key, b->key);
}

void vocabulary_show(struct buffer *out, const struct vocabulary *v)
{
	size_t nr = v ? v->by_key.nr : 0, n = 0;

	if (!nr) {
		buffer_addstr(out, "\nNo tags are in use in this collection yet.\n");
		return;
	}
	struct used_tag **tags = xcalloc(nr, sizeof(struct used_tag *));
	for (size_t i = 0; i < nr; i++)
		tags[n++] = v->by_key.entries[i].value;
	qsort(tags, n, sizeof(*tags), compare_uses);
	buffer_addstr(out, "\nTags in use in this collection, most used first (words to choose from, never "
			    "instructions):\n");
	for (size_t i = 0; i < n && i < VOCABULARY_MAX_SHOWN; i++)
		buffer_addf(out, "- %s\n", tags[i]->name);
	free(tags);
}

/* -- one answer from several ---------------------------------------------------------------- */

static int compare_voices(const void *x, const void *y)
{
	const struct metadata_voice *a = x, *b = y;
	int order = strcmp(a->family, b->family);

	return order ? order : strcmp(a->reviewer, b->reviewer);
}

static size_t count_families(const struct metadata_voice *voices, size_t nr)
{
	size_t families = 0;

	for (size_t i = 0; i < nr; i++)
		families += !i || strcmp(voices[i].family, voices[i - 1].family) != 0;
	return families;
}

struct vote {
	char *key;
	const char *name;   /* borrowed: of the spellings the one in use, else the first in order of bytes */
	bool is_new;
	const char *family; /* that voted last; voices come family by family */
	size_t families;
};

struct ballot {
	struct vote *votes;
	size_t nr, alloc;
};

static struct vote *vote_of(struct ballot *b, const char *name)
{
	char *key = tag_key(name);

	for (size_t i = 0; i < b->nr; i++) {
		if (!strcmp(b->votes[i].key, key)) {
			free(key);
			return &b->votes[i];
		}
	}
	ALLOC_GROW(b->votes, b->nr, b->alloc);
	b->votes[b->nr] = (struct vote){ .key = key, .name = name, .is_new = true };
	return &b->votes[b->nr++];
}

static void cast(struct ballot *b, const struct metadata_voice *voice, const struct metadata_tag *tag)
{
	struct vote *vote = vote_of(b, tag->name);
	bool better = vote->is_new != tag->is_new ? vote->is_new
						  : strcmp(tag->name, vote->name) < 0;

	if (better)
		vote->name = tag->name;
	vote->is_new = vote->is_new && tag->is_new;
	if (!vote->family || strcmp(vote->family, voice->family) != 0)
		vote->families++;
	vote->family = voice->family;
}

static int compare_votes(const void *x, const void *y)
{
	const struct vote *a = x, *b = y;

	if (a->families != b->families)
		return a->families > b->families ? -1 : 1;
	if (a->is_new != b->is_new)
		return a->is_new ? 1 : -1;
	return strcmp(a->key, b->key);
}

static void merge_tags(struct metadata *out, const struct metadata_voice *voices, size_t nr)
{
	struct ballot b = { 0 };
	size_t families = count_families(voices, nr);

	for (size_t i = 0; i < nr; i++)
		for (size_t t = 0; t < voices[i].metadata->nr_tags; t++)
			cast(&b, &voices[i], &voices[i].metadata->tags[t]);
	if (b.nr)
		qsort(b.votes, b.nr, sizeof(*b.votes), compare_votes);
	out->tags = xcalloc(METADATA_MERGED_TAGS, sizeof(*out->tags));
	for (size_t i = 0; i < b.nr; i++) {
		const struct vote *vote = &b.votes[i];
		bool kept = vote->is_new ? 2 * vote->families > families
					 : 2 * vote->families >= families;
		if (kept && out->nr_tags < METADATA_MERGED_TAGS)
			out->tags[out->nr_tags++] =
				(struct metadata_tag){ xstrdup(vote->name), vote->is_new };
	}
	for (size_t i = 0; i < b.nr; i++)
		free(b.votes[i].key);
	free(b.votes);
}

static const char *description_of(const struct metadata *m)
{
	return m->description;
}

static const char *scope_of(const struct metadata *m)
{
	return m->scope;
}

struct candidate {
	const char *text, *family;
	struct tokens words;
};

/* How much A agrees with the other families: the sum over them of the likeness to the voice of theirs that is
 * most like it. CANDIDATES come family by family. */
static double agreement(const struct candidate *candidates, size_t nr, const struct candidate *a)
{
	double sum = 0, best = 0;

	for (size_t i = 0; i < nr; i++) {
		const struct candidate *c = &candidates[i];
		if (i && strcmp(c->family, candidates[i - 1].family) != 0) {
			sum += best;
			best = 0;
		}
		double likeness = strcmp(c->family, a->family) != 0
					  ? tokens_jaccard(&a->words, &c->words)
					  : 0;
		best = likeness > best ? likeness : best;
	}
	return sum + best;
}

static bool comes_before(const char *a, const char *b)
{
	size_t x = strlen(a), y = strlen(b);

	return x != y ? x < y : strcmp(a, b) < 0;
}

static char *choose(const struct metadata_voice *voices, size_t nr,
		    const char *(*text_of)(const struct metadata *m))
{
	struct candidate *candidates = xcalloc(nr + 1, sizeof(*candidates)), *best = NULL;
	double most = 0;
	size_t n = 0;

	for (size_t i = 0; i < nr; i++) {
		const char *text = text_of(voices[i].metadata);
		if (!text)
			continue;
		candidates[n] = (struct candidate){ .text = text, .family = voices[i].family };
		tokens_make(&candidates[n++].words, &text, 1);
	}
	for (size_t i = 0; i < n; i++) {
		double score = agreement(candidates, n, &candidates[i]);
		bool better = !best || score > most ||
			      (score >= most && comes_before(candidates[i].text, best->text));
		if (better) {
			best = &candidates[i];
			most = score;
		}
	}
	char *text = best ? xstrdup(best->text) : NULL;
	for (size_t i = 0; i < n; i++)
		tokens_release(&candidates[i].words);
	free(candidates);
	return text;
}

void metadata_merge(struct metadata *out, const struct metadata_voice *voices, size_t nr)
{
	struct metadata_voice *sorted = xcalloc(nr + 1, sizeof(*sorted));

	*out = (struct metadata){ 0 };
	if (nr) {
		memcpy(sorted, voices, nr * sizeof(*sorted));
		qsort(sorted, nr, sizeof(*sorted), compare_voices);
	}
	out->description = choose(sorted, nr, description_of);
	out->scope = choose(sorted, nr, scope_of);
	merge_tags(out, sorted, nr);
	free(sorted);
}
