#include "git/diff_lines.h"

#include <stdint.h>

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"

/* In order, and apart from each other: hunks of one file are. */
struct stretch {
	size_t from, to; /* lines, both included */
};

struct file_lines {
	struct stretch *items;
	size_t nr, alloc;
};

struct diff_lines {
	struct strmap files; /* struct file_lines by path */
	size_t hunks;
};

static void free_file(void *value)
{
	struct file_lines *file = value;
	if (file)
		free(file->items);
	free(file);
}

void diff_lines_free(struct diff_lines *d)
{
	if (d)
		strmap_release(&d->files, free_file);
	free(d);
}

bool diff_lines_has(const struct diff_lines *d, const char *path, size_t line)
{
	const struct file_lines *file = strmap_get(&d->files, path, strlen(path));
	size_t low = 0, high = file ? file->nr : 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (line < file->items[middle].from)
			high = middle;
		else if (line > file->items[middle].to)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

/* -- parsing ----------------------------------------------------------------------------------- */

struct parser {
	const char *at, *end;
	size_t number;          /* of the line, for errors */
	struct diff_lines *out;
	struct buffer path;     /* of the new side; empty: there is none */
	bool has_path;
	struct error *err;
};

/* The next line without its newline. */
static bool next_line(struct parser *p, struct slice *line)
{
	if (p->at >= p->end)
		return false;
	const char *newline = memchr(p->at, '\n', (size_t)(p->end - p->at));
	const char *stop = newline ? newline : p->end;
	*line = (struct slice){ p->at, (size_t)(stop - p->at) };
	p->at = newline ? newline + 1 : p->end;
	p->number++;
	return true;
}

static bool begins(struct slice line, const char *prefix)
{
	size_t len = strlen(prefix);
	return line.len >= len && !memcmp(line.data, prefix, len);
}

static void fail(struct parser *p, const char *what)
{
	if (!p->err)
		p->err = error_at(ERROR_SYNTAX, "a diff", p->number, 0, "%s", what);
}

/* What follows the backslash at S[0]; the bytes that it takes, 0: nonsense. */
static size_t unquote_one(struct buffer *out, const char *s, size_t len)
{
	static const char letters[] = "abtnvfr\"\\", bytes[] = "\a\b\t\n\v\f\r\"\\";
	const char *letter = len > 1 && s[1] ? strchr(letters, s[1]) : NULL;
	if (letter) {
		buffer_addch(out, bytes[letter - letters]);
		return 2;
	}
	unsigned value = 0;
	for (size_t i = 1; i < 4; i++) {
		if (i >= len || s[i] < '0' || s[i] > '7')
			return 0;
		value = value * 8 + (unsigned)(s[i] - '0');
	}
	if (value > 255 || !value)
		return 0;
	buffer_addch(out, (char)value);
	return 4;
}

/* "\"b/caf\\303\\251\"" as git quotes names, or plainly; with a tab behind when it has spaces. */
static bool read_name(struct buffer *out, struct slice name)
{
	buffer_reset(out);
	if (name.len && name.data[name.len - 1] == '\t')
		name.len--;
	if (!name.len || name.data[0] != '"') {
		buffer_add(out, name.data, name.len);
		return name.len > 0;
	}
	size_t i = 1;
	while (i < name.len && name.data[i] != '"') {
		size_t n = 1;
		if (name.data[i] == '\\')
			n = unquote_one(out, name.data + i, name.len - i);
		else
			buffer_addch(out, name.data[i]);
		if (!n)
			return false;
		i += n;
	}
	return i + 1 == name.len;
}

static void read_new_name(struct parser *p, struct slice line)
{
	struct slice name = { line.data + 4, line.len - 4 };
	p->has_path = false;
	if (slice_equals(name, "/dev/null"))
		return;
	if (!read_name(&p->path, name) || strlen(p->path.data) != p->path.len || !starts_with(p->path.data, "b/")) {
		fail(p, "a file has a name that git does not write");
		return;
	}
	buffer_splice(&p->path, 0, 2, "", 0);
	p->has_path = true;
}

static bool read_number(const char **s, const char *end, size_t *out)
{
	const char *start = *s;
	size_t n = 0;
	while (*s < end && ascii_digit((unsigned char)**s) && n <= DIFF_LINES_MAX_LINE)
		n = n * 10 + (size_t)(*(*s)++ - '0');
	*out = n;
	return *s > start && n <= DIFF_LINES_MAX_LINE;
}

/* "-12,7" or "-12" */
static bool read_range(const char **s, const char *end, char sign, size_t *from, size_t *count)
{
	*count = 1;
	if (*s >= end || **s != sign)
		return false;
	(*s)++;
	if (!read_number(s, end, from))
		return false;
	if (*s >= end || **s != ',')
		return true;
	(*s)++;
	return read_number(s, end, count);
}

static void add_stretch(struct parser *p, size_t from, size_t count)
{
	struct file_lines **slot = (struct file_lines **)strmap_at(&p->out->files, p->path.data, p->path.len);
	struct file_lines *file = *slot ? *slot : (*slot = xcalloc(1, sizeof(*file)));
	if (!from || (file->nr && from <= file->items[file->nr - 1].to)) {
		fail(p, "the stretches of a file are not in order");
		return;
	}
	if (++p->out->hunks > DIFF_LINES_MAX_HUNKS) {
		p->err = error_new(ERROR_LIMIT, "the diff has more than %zu stretches", DIFF_LINES_MAX_HUNKS);
		return;
	}
	if (file->nr == file->alloc) {
		file->alloc = file->alloc ? 2 * file->alloc : 4;
		file->items = xreallocarray(file->items, file->alloc, sizeof(*file->items));
	}
	file->items[file->nr++] = (struct stretch){ from, from + count - 1 };
}

/* "@@ -1,2 +3,4 @@ ..." and its lines, whose counts tell where it ends whatever is in them. */
static void read_hunk(struct parser *p, struct slice line)
{
	const char *s = line.data + 3, *end = line.data + line.len;
	size_t old_from, old, from, new;
	if (!read_range(&s, end, '-', &old_from, &old) || s >= end || *s++ != ' ' ||
	    !read_range(&s, end, '+', &from, &new) || end - s < 3 || memcmp(s, " @@", 3) != 0) {
		fail(p, "a stretch does not begin as it should");
		return;
	}
	if (!p->has_path && new)
		fail(p, "a file that is not there has lines");
	if (new && !p->err)
		add_stretch(p, from, new);
	while ((old || new) && !p->err) {
		if (!next_line(p, &line)) {
			fail(p, "it ends too early");
			return;
		}
		char kind = line.len ? line.data[0] : ' '; /* diff.suppressBlankEmpty */
		bool in_old = kind == ' ' || kind == '-', in_new = kind == ' ' || kind == '+';
		if ((in_old && !old) || (in_new && !new) || (!in_old && !in_new && kind != '\\')) {
			fail(p, "a stretch has other lines than it says");
			return;
		}
		old -= in_old;
		new -= in_new;
	}
}

struct error *diff_lines_parse(struct diff_lines **out, struct slice diff)
{
	struct parser p = { .at = diff.data, .end = diff.data + diff.len, .path = BUFFER_INIT };
	struct slice line;
	p.out = xcalloc(1, sizeof(*p.out));
	while (!p.err && next_line(&p, &line)) {
		if (begins(line, "diff --git "))
			p.has_path = false;
		else if (begins(line, "+++ "))
			read_new_name(&p, line);
		else if (begins(line, "@@ "))
			read_hunk(&p, line);
	}
	buffer_release(&p.path);
	if (p.err) {
		diff_lines_free(p.out);
		p.out = NULL;
	}
	*out = p.out;
	return p.err;
}

/* -- git --------------------------------------------------------------------------------------- */

struct error *diff_lines_new(struct diff_lines **out, struct repo *repo, const struct oid *from, const struct oid *to)
{
	/* A plumbing command, and all that could be set otherwise said: as forges show it. */
	const char *const argv[] = {
		"-c", "core.quotePath=true", "diff-tree", "-r", "-p", "-M", "--unified=3", "--inter-hunk-context=0",
		"--no-color", "--no-ext-diff", "--no-textconv", "--no-relative", "--submodule=short",
		"--src-prefix=a/", "--dst-prefix=b/", from->hex, to->hex, "--", NULL,
	};
	struct buffer diff = BUFFER_INIT_MAX(DIFF_LINES_MAX_SIZE), said = BUFFER_INIT_MAX(1 << 20);
	struct process_options options = { .out = &diff, .err = &said };
	*out = NULL;
	struct error *err = repo_git_read(repo, argv, &options);
	if (!err)
		err = diff_lines_parse(out, slice_of(&diff));
	buffer_release(&diff);
	buffer_release(&said);
	return err;
}

struct error *diff_merge_base(struct repo *repo, const struct oid *a, const struct oid *b, struct oid *out)
{
	const char *const argv[] = { "merge-base", a->hex, b->hex, NULL };
	struct buffer said = BUFFER_INIT_MAX(4096);
	int status = 0;
	struct process_options options = { .out = &said, .exit_status = &status, .discard_err = true };
	struct error *err = repo_git_read(repo, argv, &options);
	size_t len = strcspn(said.data, "\n");
	*out = (struct oid){ "" };
	if (!err && (status || !len || len > OID_MAX_HEX))
		err = error_with_hint(error_new(ERROR_NOT_FOUND, "the history here does not reach back to where %.10s and %.10s "
								 "parted", a->hex, b->hex),
				      "a shallow clone has too little of it: `git fetch --unshallow`, or `fetch-depth: 0` "
				      "of actions/checkout");
	if (!err)
		memcpy(out->hex, said.data, len);
	buffer_release(&said);
	return err;
}
