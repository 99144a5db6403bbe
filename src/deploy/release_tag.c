#include "deploy/release_tag.h"

#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "deploy/ledger.h"

#define DATE_DIGITS 8
/* Bytes of a tag. */
#define MAX_TAG ((size_t)1 << 20)

/* -- names ------------------------------------------------------------------------------------- */

/* The number behind the last dash of NAME, which has LEN bytes; LEN becomes the length of what is before
 * the dash. */
static bool take_number(const char *name, size_t *len, size_t least_digits, size_t most_digits, int *out)
{
	size_t digits = 0;
	while (digits < *len && ascii_digit((unsigned char)name[*len - 1 - digits]))
		digits++;
	if (digits < least_digits || digits > most_digits || digits == *len || name[*len - 1 - digits] != '-')
		return false;
	*out = 0;
	for (size_t i = *len - digits; i < *len; i++)
		*out = *out * 10 + (name[i] - '0');
	*len -= digits + 1;
	return true;
}

bool release_tag_parse(struct release_tag *out, const char *name)
{
	const char *rest;
	*out = (struct release_tag){ 0 };
	if (!skip_prefix(name, RELEASE_TAG_PREFIX, &rest))
		return false;
	size_t len = strlen(rest);
	if (!take_number(rest, &len, 1, 6, &out->number) || !out->number || rest[len + 1] == '0' ||
	    !take_number(rest, &len, DATE_DIGITS, DATE_DIGITS, &out->date) || len >= sizeof(out->environment))
		return false;
	memcpy(out->environment, rest, len);
	return release_is_environment(out->environment);
}

int release_tag_compare(const struct release_tag *a, const struct release_tag *b)
{
	if (a->date != b->date)
		return a->date < b->date ? -1 : 1;
	return a->number == b->number ? 0 : a->number < b->number ? -1 : 1;
}
