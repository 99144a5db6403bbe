#include "check/conflict.h"

#include "base/memory.h"
#include "base/text.h"
#include "check/engine.h"
#include "check/prose.h"

static bool is_marker(struct slice bytes, size_t line, const char *marker, bool alone)
{
	size_t len = strlen(marker);
	if (bytes.len - line < len || memcmp(bytes.data + line, marker, len))
		return false;
	char next = line + len < bytes.len ? bytes.data[line + len] : '\n';
	return next == '\n' || next == '\r' || (!alone && next == ' ');
}

static size_t next_line(struct slice bytes, size_t pos)
{
	const char *hit = memchr(bytes.data + pos, '\n', bytes.len - pos);
	return hit ? (size_t)(hit - bytes.data) + 1 : bytes.len;
}

bool conflict_find(struct slice bytes, size_t pos, struct conflict *out)
{
	static const struct {
		const char *marker;
		bool alone;
	} markers[] = { { "<<<<<<<", false }, { "=======", true }, { ">>>>>>>", false } };
	unsigned state = 0;
	for (; pos < bytes.len; pos = next_line(bytes, pos)) {
		if (!strchr("<=>", bytes.data[pos]))
			continue;
		if (is_marker(bytes, pos, markers[0].marker, false)) {
			out->start = pos;
			state = 1;
		} else if (state &&
			   is_marker(bytes, pos, markers[state].marker, markers[state].alone)) {
			if (++state == ARRAY_SIZE(markers)) {
				out->end = next_line(bytes, pos);
				return true;
			}
		}
	}
	return false;
}

/* Whether the byte at POS lies in verbatim text or a code fence; P and RUN go on from call to
 * call. */
static bool is_code(struct prose *p, struct prose_run *run, size_t pos)
{
	while (run->end <= pos) {
		if (!prose_next(p, run))
			return false;
	}
	return run->kind == PROSE_CODE;
}

static void raise_conflict(struct check *c, uint32_t file, struct slice bytes, size_t start)
{
	size_t end = next_line(bytes, start);
	while (end > start && ascii_space((unsigned char)bytes.data[end - 1]))
		end--;
	char *subject = xmemdupz(bytes.data + start, end - start);
	struct claim claim = {
		.rule = "merge-conflict",
		.where = { file, start, end },
		.subject = subject,
		.title = xstrdup("git's markers of an unresolved merge are in the file"),
		.suggestion = xstrdup("choose one of the two versions, and delete the other and "
				      "the three marker lines"),
		.why = "both versions and the markers are printed",
	};
	check_raise(c, &claim);
	free(subject);
}

static void look_at_file(struct check *c, uint32_t file)
{
	struct source_file *source = &c->doc->files[file];
	struct slice bytes = slice_of(&source->bytes);
	bool may_be_code = !ends_with(source->path, ".bib");
	struct conflict conflict;
	struct prose_run run = { 0 };
	struct prose p;
	prose_init(&p, bytes, c->doc->kind);
	for (size_t pos = 0; conflict_find(bytes, pos, &conflict); pos = conflict.end) {
		if (!may_be_code || !is_code(&p, &run, conflict.start))
			raise_conflict(c, file, bytes, conflict.start);
	}
}

void check_conflicts(struct check *c)
{
	for (size_t i = 0; i < c->doc->nr_files; i++)
		look_at_file(c, (uint32_t)i);
}
