/* Whether one file gives a secret away, by its name and what is in it. */
#ifndef DEPLOY_LEAKS_TEXT_H
#define DEPLOY_LEAKS_TEXT_H

#include <stdint.h>

#include "base/buffer.h"

struct leaks_text; /* the shapes, made ready; may be used by several threads at once */
struct leaks_text *leaks_text_new(void);
void leaks_text_free(struct leaks_text *shapes);
/* A number that changes with the shapes: what was clean for others need not be for these. */
uint32_t leaks_text_version(void);

/* Whether PATH alone makes it worth a look, whatever was found out about its bytes elsewhere. */
bool leaks_text_is_suspect(const char *path);
/* Calls FN for each secret in TEXT, the file at PATH; line 0 and no EXCERPT for the file as a whole. True
 * when it is clean at any path: when there is nothing in it that only PATH excuses. */
bool leaks_text_look(const struct leaks_text *shapes, const char *path, struct slice text,
		     void (*fn)(void *data, size_t line, const char *what, const char *excerpt), void *data);

#endif
