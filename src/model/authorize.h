/* The header lines that prove to a model's server who sends a request. */
#ifndef MODEL_AUTHORIZE_H
#define MODEL_AUTHORIZE_H

#include "model/model.h"

#define HEADER_LIST_MAX 16

/* Lines "Name: value"; LINES[NR] is always NULL, as http_request wants it. */
struct header_list {
	char *lines[HEADER_LIST_MAX + 1];
	size_t nr;
};

/* The list has a named size: one line too many is a mistake of the program, and is left out. */
void header_list_add(struct header_list *list, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void header_list_release(struct header_list *list); /* wipes the lines */

/* Appends what M's server wants to see for REQUEST, whose method, URL, other headers (LIST so far) and body
 * stand. Nothing without a key. Keys of AWS that expire are renewed, which may block and fail with
 * ERROR_NETWORK. */
struct error *model_authorize(const struct model *m, const struct http_request *request,
			      struct header_list *list);

#endif
