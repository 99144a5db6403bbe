/* Putting values into files that something else reads: each in the way that is right for its place. */
#ifndef DEPLOY_BOOT_QUOTE_H
#define DEPLOY_BOOT_QUOTE_H

#include "base/buffer.h"

struct boot_value {
	const char *name, *value;
};

/* Part of a value in a systemd unit: no specifier, no escape, no variable, no line but its own. */
void boot_quote_unit(struct buffer *out, const char *value);
/*
 * Appends TEMPLATE with its places filled: "@sh:name@" by a quoted shell word, "@unit:name@" by part of a unit's
 * value, "@text:name@" as it is (for what we made ourselves). A name that VALUES has not is a fault of the program.
 */
void boot_fill(struct buffer *out, const char *template, const struct boot_value *values, size_t nr);

#endif
