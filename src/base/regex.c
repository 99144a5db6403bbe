#include "base/regex.h"

#include <pcre2.h>

#include "base/memory.h"

/* Backtracking frames, in KiB. */
#define REGEX_HEAP_LIMIT 65536
#define REGEX_DEPTH_LIMIT 100000

struct regex {
	pcre2_code *code;
	pcre2_match_context *limits;
};

static const struct {
	enum regex_flags flag;
	uint32_t option;
} options[] = {
	{ REGEX_CASELESS, PCRE2_CASELESS },
	{ REGEX_UTF, PCRE2_UTF | PCRE2_UCP },
	{ REGEX_MULTILINE, PCRE2_MULTILINE },
	{ REGEX_DOTALL, PCRE2_DOTALL },
};

struct error *regex_new(struct regex **out, const char *pattern, unsigned flags)
{
	struct error *err = NULL;
	/* \C would match half a character and leave offsets inside it. */
	uint32_t bits = PCRE2_NEVER_BACKSLASH_C;
	int code;
	PCRE2_SIZE offset;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (flags & options[i].flag)
			bits |= options[i].option;
	struct regex *re = xcalloc(1, sizeof(*re));
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	/* The default depends on how the library was built. */
	if (context)
		pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	re->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, bits, &code, &offset,
				 context);
	if (!re->code) {
		char message[256];
		pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof(message));
		err = error_new(ERROR_SYNTAX, "the pattern '%s' is broken at byte %zu: %s", pattern,
				(size_t)offset, message);
		goto out;
	}
	re->limits = pcre2_match_context_create(NULL);
	if (!re->limits) {
		err = error_new(ERROR_GENERIC, "the pattern '%s' needs too much memory", pattern);
		goto out;
	}
	pcre2_set_match_limit(re->limits, REGEX_MATCH_LIMIT);
	pcre2_set_depth_limit(re->limits, REGEX_DEPTH_LIMIT);
	pcre2_set_heap_limit(re->limits, REGEX_HEAP_LIMIT);
out:
	pcre2_compile_context_free(context);
	if (err) {
		regex_free(re);
		re = NULL;
	}
	*out = re;
	return err;
}

void regex_free(struct regex *re)
{
	if (!re)
		return;
	pcre2_match_context_free(re->limits);
	pcre2_code_free(re->code);
	free(re);
}

bool regex_search(const struct regex *re, struct slice subject, size_t offset, struct regex_match *m,
		  bool *gave_up)
{
	bool found = false;
	if (gave_up)
		*gave_up = false;
	if (offset > subject.len)
		return false;
	pcre2_match_data *data = pcre2_match_data_create(REGEX_MAX_GROUPS, NULL);
	/* Checking the whole subject again at every search would be quadratic. */
	int n = data ? pcre2_match(re->code, (PCRE2_SPTR)subject.data, subject.len, offset,
				   PCRE2_NO_UTF_CHECK, data, re->limits)
		     : PCRE2_ERROR_NOMEMORY;
	if (n >= 0) {
		const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(data);
		m->nr = n ? (size_t)n : REGEX_MAX_GROUPS;
		for (size_t i = 0; i < REGEX_MAX_GROUPS; i++) {
			m->start[i] = i < m->nr ? offsets[2 * i] : (size_t)-1;
			m->end[i] = i < m->nr ? offsets[2 * i + 1] : (size_t)-1;
		}
		found = true;
	} else if (n != PCRE2_ERROR_NOMATCH && gave_up) {
		*gave_up = true;
	}
	pcre2_match_data_free(data);
	return found;
}
