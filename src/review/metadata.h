/*
 * What models say a paper is about, for meta.yaml: a description, tags, and the ground it covers. The
 * question shows title, abstract, headings and the beginning of the text only, so that it costs little.
 */
#ifndef REVIEW_METADATA_H
#define REVIEW_METADATA_H

#include "base/json.h"
#include "paper/document.h"

#define METADATA_MAX_DESCRIPTION 600 /* bytes, as of the next two */
#define METADATA_MAX_SCOPE 1000
#define METADATA_MAX_TAG 60
#define METADATA_MAX_TAGS 12         /* taken from one answer */
#define METADATA_MERGED_TAGS 8
#define METADATA_OUTPUT_TOKENS 800

struct metadata_tag {
	char *name;
	bool is_new; /* no paper of the repository had it when it was given */
};

struct metadata {
	char *description;  /* one line; NULL: none */
	char *scope;        /* likewise */
	struct metadata_tag *tags;
	size_t nr_tags;
};
void metadata_release(struct metadata *m);
/* Frees M as well; NULL is fine. */
void metadata_free(struct metadata *m);
bool metadata_is_empty(const struct metadata *m);

/* -- the tags a repository uses --------------------------------------------------------------- */

/* Tags that are counted, and of them those that models are shown. */
#define VOCABULARY_MAX_TAGS 10000
#define VOCABULARY_MAX_SHOWN 150

struct vocabulary;
struct vocabulary *vocabulary_new(void);
void vocabulary_free(struct vocabulary *v);
/* Counts the tags of a meta.yaml; one that cannot be read has none. */
void vocabulary_add(struct vocabulary *v, struct slice meta_yaml);
/* Its spelling of TAG, whatever the case and whether words are joined by spaces, hyphens or
 * underscores: the one used most. NULL when it has none; V may be NULL. */
const char *vocabulary_find(const struct vocabulary *v, const char *tag);

/* -- the question ----------------------------------------------------------------------------- */

/* {"description": string, "tags": [string], "scope": string} */
extern const char metadata_schema[];
extern const char metadata_system[];
/* What of the paper is shown, to be put between marker lines: of the main manuscript. Appends. */
void metadata_excerpt(struct buffer *out, struct document *const *documents, size_t nr);
/* The words of the task, and the tags there are, most used first. Appends; V may be NULL. */
void metadata_words(struct buffer *out, const char *words, const struct vocabulary *v);

/* -- the answer ------------------------------------------------------------------------------- */

/* What is too long is cut or left out. */
struct error *metadata_parse(struct metadata *out, struct slice answer, const char *what,
			     const struct vocabulary *v);

/* As the key "metadata" of the object that is open, unless M is NULL; and back: *OUT is NULL when it is not
 * there. */
void metadata_put(struct json_writer *w, const struct metadata *m);
struct error *metadata_get(const cJSON *object, const char *what, struct metadata **out);

/* -- several answers -------------------------------------------------------------------------- */

struct metadata_voice {
	const char *reviewer, *family;
	const struct metadata *metadata;
};
/*
 * One from many; the order they come in does not matter. A family has one vote. A tag stays when half
 * of the families give it, a new one when more than half do (or there is but one family); most votes
 * first, then those that are in use, then by name. Description and scope are those of the voice that
 * agrees most with the other families', by the words they share; of equals the shorter one.
 */
void metadata_merge(struct metadata *out, const struct metadata_voice *voices, size_t nr);

#endif
