/* The `scrutiny` section as the fields it is made of. Shared by the files of this folder. */
#ifndef META_SECTION_H
#define META_SECTION_H

#include <stdbool.h>

#include "base/buffer.h"
#include "meta/meta.h"

#define SECTION_KEY "scrutiny"
#define SECTION_MAX_FIELDS 8

struct field {
	const char *key;
	const char *text;  /* the value, borrowed from struct meta_scrutiny or in `digits` */
	bool number;
	bool timestamp;
	char digits[24];
};

struct section {
	struct field fields[SECTION_MAX_FIELDS]; /* in the order they are written */
	size_t nr;
	bool at_end; /* new ones go behind what stands in the section, else first */
};

/* Strings that are NULL give no field. SECTION must not be moved afterwards. */
void section_init(struct section *section, const struct meta_scrutiny *s);

/* How a value is written where there was one: as it was, as far as the new value allows. */
enum value_style { VALUE_AS_NEEDED, VALUE_PLAIN, VALUE_SINGLE_QUOTED, VALUE_DOUBLE_QUOTED };

void section_add_value(struct buffer *out, const struct field *field, enum value_style style);

/* "key: value" lines indented by INDENT and ended by NEWLINE. */
void section_add_lines(struct buffer *out, const struct section *section, size_t indent,
		       const char *newline);

/* "{key: value, key: value}" */
void section_add_flow(struct buffer *out, const struct section *section);

void add_spaces(struct buffer *out, size_t nr);

/* S as a block of lines if that reads back as the same, else as a scalar on one line; the lines of a
 * block stand at column 3. Without a line break at its end. */
void add_text_value(struct buffer *out, const char *s, const char *newline);

/* A whole new file but for the section: a comment, then what INITIAL knows. */
void new_file_add(struct buffer *out, const struct meta_initial *initial, const char *newline);

#endif
