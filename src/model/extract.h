/*
 * The JSON object in a model's answer: the whole text, or what stands in a fence, behind a
 * <think> block or between sentences.
 */
#ifndef MODEL_EXTRACT_H
#define MODEL_EXTRACT_H

#include "base/json.h"

/*
 * Looks for an object in TEXT that validates against SCHEMA (the last one, when there are several)
 * and appends it to *JSON. If none does, slips that models make again and again are mended before
 * giving up: a TeX command whose backslash was not doubled, line breaks inside a string, a comma
 * behind the last item. Otherwise an error that says what is wrong with the likeliest candidate,
 * in words that the model can be given. Time is linear in TEXT.
 *
 * MAY_LACK (NULL-terminated; may be NULL) are keys, at any depth, whose absence means that they are empty: an
 * answer that was paid for is not thrown away for an empty list that its model left out.
 */
struct error *answer_extract(struct slice text, const cJSON *schema, const char *const *may_lack,
			     struct buffer *json);

#endif
