/* What the parts of the Dockerfile reader share: image/dockerfile*.c. */
#ifndef IMAGE_DOCKERFILE_INTERNAL_H
#define IMAGE_DOCKERFILE_INTERNAL_H

#include "base/strmap.h"
#include "image/dockerfile.h"
#include "image/dockerfile_words.h"

/* An instruction's function returns ERROR_UNSUPPORTED for what is beyond us; see image/dockerfile.h. */
struct parser {
	struct dockerfile *out;
	const cJSON *base; /* "config" of the base's configuration; or NULL */
	const char *file;
	struct dockerfile_lines lines;
	size_t line;
	struct strmap globals;   /* ARG before FROM */
	struct strmap arguments; /* ARG after it */
	struct strmap inherited; /* the base's environment */
	struct strmap environment, labels;
	bool in_stage; /* after FROM */
	char *folder;  /* WORKDIR, absolute; NULL: not set */
	const char *instruction;
	struct buffer so_far; /* instructions that a builder needs, if a RUN follows */
	size_t dependencies;  /* how much of that is up to the last RUN, and how many copies */
	size_t dependency_copies;
	size_t whole_copied;   /* line of the COPY of the whole context; 0: none yet */
	struct strmap folders; /* in the image, that are there for certain */
};

struct list {
	char **items;
	size_t nr, alloc;
};
void dockerfile_list_add(struct list *l, char *item); /* takes it over */

/* WORD without quotes and with its variables replaced; *OUT is malloc'd, or NULL. */
struct error *dockerfile_parser_expand(struct parser *p, struct slice word, char **out);
/* PATH in the image, absolute and clean, relative to the folder we are in. malloc'd. */
char *dockerfile_parser_image_path(const struct parser *p, const char *path);
/* Remembers that FOLDER, and what it is in, are there. */
void dockerfile_parser_know_folder(struct parser *p, const char *folder);
/* The JSON array of strings at ARGS; false when it is none, which is then to be read as words. */
bool dockerfile_read_json_list(struct slice args, struct list *out);
/* Whether one of the words begins a here-document: <<EOF, 3<<-"EOF". */
bool dockerfile_has_here_document(struct slice args);
/* The flag at the beginning of ARGS ("--name=value"), taken off. False when there is none. */
bool dockerfile_take_flag(struct slice *args, struct slice *name, struct slice *value);

struct error *dockerfile_parse_copy(struct parser *p, struct slice args);
struct error *dockerfile_parse_add(struct parser *p, struct slice args);
struct error *dockerfile_parse_run(struct parser *p, struct slice args);
struct error *dockerfile_parse_health_check(struct parser *p, struct slice args);

#endif
