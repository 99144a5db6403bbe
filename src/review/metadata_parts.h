/* What the files of the metadata task share. */
#ifndef REVIEW_METADATA_PARTS_H
#define REVIEW_METADATA_PARTS_H

#include "review/metadata.h"

/* TAG as tags are compared: lower case, words joined by single spaces. */
char *tag_key(const char *tag);

/* "Tags in use ...", one a line. Appends. */
void vocabulary_show(struct buffer *out, const struct vocabulary *v);

#endif
