#include "base/memory.h"
#include "base/text.h"
#include "paper/tex.h"

/* Bytes that tex_skip_text must stop at. */
enum { CLASS_TEXT, CLASS_STOP };

void tex_lexer_init(struct tex *tex)
{
	static const unsigned char stops[] = { '\\', '{', '}', '%' };
	for (size_t i = 0; i < ARRAY_SIZE(stops); i++)
		tex->classes[stops[i]] = CLASS_STOP;
}

uint32_t tex_name(struct tex *tex, const char *name, size_t len)
{
	void **slot = strmap_at(&tex->names, name, len);
	if (!*slot) {
		*slot = (void *)(uintptr_t)tex->names.nr;
		ALLOC_GROW(tex->meanings, tex->nr_meanings, tex->alloc_meanings);
		memset(&tex->meanings[tex->nr_meanings++], 0, sizeof(*tex->meanings));
	}
	return (uint32_t)((uintptr_t)*slot - 1);
}

const char *tex_name_of(struct tex *tex, uint32_t name)
{
	return tex->names.entries[name].key;
}

/* -- frames ------------------------------------------------------------------------------------ */

static struct tex_frame *top_frame(struct tex *tex)
{
	return &tex->frames[tex->nr_frames - 1];
}

struct tex_frame *tex_file(struct tex *tex)
{
	return tex->file_frame ? &tex->frames[tex->file_frame - 1] : NULL;
}

struct tex_frame *tex_raw(struct tex *tex)
{
	while (tex->nr_frames) {
		struct tex_frame *f = top_frame(tex);
		if (f->kind == TEX_FRAME_FILE)
			return f;
		if (f->next < f->nr || f->barrier)
			return NULL;
		tex_pop(tex);
	}
	return NULL;
}

const char *tex_bytes(struct tex *tex, const struct tex_frame *file)
{
	return tex->doc->files[file->file].bytes.data;
}

size_t tex_flow(const struct tex_frame *file, size_t pos)
{
	return pos < file->run_start ? file->run_flow : file->run_flow + (pos - file->run_start);
}

/* What was read of FILE so far goes to the flow. */
static void end_run(struct tex *tex, struct tex_frame *file)
{
	reading_append(tex->r, file->file, file->run_start, file->pos);
	file->run_start = file->pos;
	file->run_flow = tex->r->flow;
}

static struct tex_frame *push_frame(struct tex *tex)
{
	ALLOC_GROW(tex->frames, tex->nr_frames, tex->alloc_frames);
	struct tex_frame *f = &tex->frames[tex->nr_frames++];
	memset(f, 0, sizeof(*f));
	return f;
}

bool tex_push_file(struct tex *tex, uint32_t file, size_t start, size_t end)
{
	struct reading *r = tex->r;
	struct tex_frame *parent = tex_file(tex);
	struct location where = { file, start, start };
	if (parent)
		end_run(tex, parent);
	if (++r->nr_opens > READING_MAX_OPENS || end - start > DOCUMENT_MAX_TEXT - r->flow ||
	    tex->nr_frames >= TEX_MAX_FRAMES) {
		reading_limit(r, where, "files");
		return false;
	}
	struct tex_frame *f = push_frame(tex);
	f->kind = TEX_FRAME_FILE;
	f->file = file;
	f->pos = f->run_start = start;
	f->end = end;
	f->run_flow = f->start_flow = r->flow;
	f->saved_at_letter = tex->at_letter;
	f->outer_file = tex->file_frame;
	tex->file_frame = tex->nr_frames;
	tex->nr_file_frames++;
	return true;
}

void tex_push_tokens(struct tex *tex, struct tex_tokens *tokens, bool barrier)
{
	/* Lists that are read to their end go first: a macro that ends in itself needs no room. */
	while (!barrier && tex->nr_frames) {
		struct tex_frame *f = top_frame(tex);
		if (f->kind == TEX_FRAME_FILE || f->next < f->nr || f->barrier)
			break;
		tex_pop(tex);
	}
	struct tex_frame *f = push_frame(tex);
	f->kind = TEX_FRAME_TOKENS;
	f->barrier = barrier;
	f->tokens = tokens->items;
	f->nr = tokens->nr;
	*tokens = (struct tex_tokens){ NULL, 0, 0 };
}

void tex_pop(struct tex *tex)
{
	struct tex_frame f = *top_frame(tex);
	if (f.kind == TEX_FRAME_TOKENS) {
		free(f.tokens);
		tex->nr_frames--;
		return;
	}
	end_run(tex, top_frame(tex));
	if (f.not_text)
		reading_cut(tex->r, f.start_flow, tex->r->flow);
	tex->at_letter = f.saved_at_letter;
	if (f.saved_import) {
		free(tex->import_folder);
		tex->import_folder = *f.saved_import ? f.saved_import : NULL;
		if (!*f.saved_import)
			free(f.saved_import);
	}
	tex->nr_frames--;
	tex->nr_file_frames--;
	tex->file_frame = f.outer_file;
	struct tex_frame *parent = tex_file(tex);
	if (parent) {
		parent->run_start = parent->pos;
		parent->run_flow = tex->r->flow;
	}
}

/* -- white space and comments ------------------------------------------------------------------ */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A line ends at \n, \r\n, or \r alone; length of the end at P, or 0. */
static size_t newline_at(const char *data, size_t p, size_t end)
{
	if (p >= end)
		return 0;
	if (data[p] == '\n')
		return 1;
	if (data[p] != '\r')
		return 0;
	return p + 1 < end && data[p + 1] == '\n' ? 2 : 1;
}

static size_t skip_blanks(const char *data, size_t p, size_t end)
{
	while (p < end && is_blank(data[p]))
		p++;
	return p;
}

static size_t line_end(const char *data, size_t p, size_t end)
{
	const char *newline = memchr(data + p, '\n', end - p);
	size_t stop = newline ? (size_t)(newline - data) : end;
	const char *cr = memchr(data + p, '\r', stop - p);
	return cr ? (size_t)(cr - data) : stop;
}

static void make_token(const struct tex_frame *f, struct tex_token *out, enum tex_kind kind,
		       uint32_t value, size_t start)
{
	*out = (struct tex_token){
		.kind = (uint8_t)kind,
		.value = value,
		.file = f->file,
		.start = (uint32_t)start,
		.end = (uint32_t)f->pos,
		.flow = (uint32_t)tex_flow(f, start),
	};
}

/* Takes the white space at f->pos; whether an empty line is in it. */
static bool take_space(const char *data, struct tex_frame *f)
{
	size_t lines = 0;
	for (;;) {
		f->pos = skip_blanks(data, f->pos, f->end);
		size_t n = newline_at(data, f->pos, f->end);
		if (!n)
			return lines > 1;
		lines++;
		f->pos += n;
	}
}

/* A comment, with the ones on lines of their own that follow it. Afterwards f->pos is behind the
 * blanks of the next line; true if that line is empty. */
static bool take_comment(struct tex *tex, struct tex_frame *f)
{
	const char *data = tex_bytes(tex, f);
	size_t start = f->pos, line = start;
	while (line > 0 && is_blank(data[line - 1]))
		line--;
	bool own_line = !line || data[line - 1] == '\n' || data[line - 1] == '\r';
	size_t end, next;
	for (size_t p = start;;) {
		end = line_end(data, p, f->end);
		next = end + newline_at(data, end, f->end);
		p = skip_blanks(data, next, f->end);
		f->pos = p;
		if (!own_line || p >= f->end || data[p] != '%')
			break;
	}
	size_t flow = tex_flow(f, start);
	if (own_line)
		reading_cut(tex->r, tex_flow(f, line), tex_flow(f, next));
	else
		reading_cut(tex->r, flow, tex_flow(f, end));
	if (!f->is_package)
		reading_comment(tex->r, (struct location){ f->file, start, end }, flow, '%');
	return newline_at(data, f->pos, f->end) > 0;
}

/* -- tokens ------------------------------------------------------------------------------------ */

static bool is_letter(const struct tex *tex, char c)
{
	return ascii_alpha((unsigned char)c) || (c == '@' && tex->at_letter) ||
	       ((c == '_' || c == ':') && tex->expl_syntax);
}

static void take_control(struct tex *tex, struct tex_frame *f, struct tex_token *out)
{
	const char *data = tex_bytes(tex, f);
	size_t start = f->pos, p = start + 1;
	while (p < f->end && is_letter(tex, data[p]))
		p++;
	if (p > start + 1)
		f->skip_spaces = true;
	else if (p < f->end)
		p++;
	uint32_t name = tex_name(tex, data + start + 1, p - start - 1);
	f->pos = p;
	make_token(f, out, TEX_CONTROL, name, start);
}

/* #1, ##1, ... : what TeX makes of pairs of # is one level less each time it is expanded. */
static void take_parameter(const char *data, struct tex_frame *f, struct tex_token *out)
{
	size_t start = f->pos, marks = 0, level = 0;
	while (f->pos < f->end && data[f->pos] == '#' && marks < 256) {
		f->pos++;
		marks++;
	}
	while (marks >> (level + 1))
		level++;
	uint32_t digit = 0;
	if (f->pos < f->end && data[f->pos] >= '1' && data[f->pos] <= '9')
		digit = (uint32_t)(data[f->pos++] - '0');
	make_token(f, out, TEX_PARAMETER, digit | (uint32_t)level << 8, start);
}

static bool take_token(struct tex *tex, struct tex_frame *f, struct tex_token *out)
{
	const char *data = tex_bytes(tex, f);
	for (;;) {
		size_t start = f->pos;
		if (start >= f->end)
			return false;
		unsigned char c = (unsigned char)data[start];
		bool skip = f->skip_spaces || tex->expl_syntax;
		f->skip_spaces = false;
		if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			bool empty_line = take_space(data, f);
			if (skip && !empty_line)
				continue;
			make_token(f, out, empty_line ? TEX_PAR : TEX_SPACE, ' ', start);
			return true;
		}
		if (c == '%') {
			if (!take_comment(tex, f))
				continue;
			start = f->pos;
			take_space(data, f);
			make_token(f, out, TEX_PAR, ' ', start);
			return true;
		}
		if (c == '\\') {
			take_control(tex, f, out);
			return true;
		}
		if (c == '#') {
			take_parameter(data, f, out);
			return true;
		}
		f->pos++;
		make_token(f, out, c == '{' ? TEX_BEGIN : c == '}' ? TEX_END : TEX_CHAR, c, start);
		return true;
	}
}

bool tex_next(struct tex *tex, struct tex_token *out)
{
	while (tex->nr_frames) {
		struct tex_frame *f = top_frame(tex);
		if (f->kind == TEX_FRAME_FILE)
			return take_token(tex, f, out);
		if (f->next < f->nr) {
			*out = f->tokens[f->next++];
			return true;
		}
		if (f->barrier)
			return false;
		tex_pop(tex);
	}
	return false;
}

void tex_unread(struct tex *tex, const struct tex_token *token)
{
	struct tex_frame *f = top_frame(tex);
	if (f->kind == TEX_FRAME_TOKENS) {
		f->next--;
	} else {
		f->pos = token->start;
		f->skip_spaces = false;
	}
}

void tex_skip_text(struct tex *tex, struct tex_frame *file)
{
	const unsigned char *data = (const unsigned char *)tex_bytes(tex, file);
	size_t p = file->pos;
	while (p < file->end && tex->classes[data[p]] == CLASS_TEXT)
		p++;
	if (p > file->pos)
		file->skip_spaces = false;
	file->pos = p;
}

/* -- raw text ---------------------------------------------------------------------------------- */

void tex_raw_spaces(struct tex *tex, struct tex_frame *file)
{
	take_space(tex_bytes(tex, file), file);
	file->skip_spaces = false;
}

bool tex_raw_find(struct tex *tex, const char *needle, size_t *at)
{
	struct tex_frame *f = tex_raw(tex);
	if (!f)
		return false;
	const char *data = tex_bytes(tex, f);
	const char *found = memmem(data + f->pos, f->end - f->pos, needle, strlen(needle));
	*at = found ? (size_t)(found - data) : f->end;
	return found != NULL;
}

/* Behind a failed argument nothing is read twice, or hostile files would take for ever. */
static bool raw_braces(const char *data, struct tex_frame *f, size_t *start, size_t *end)
{
	size_t depth = 0, p = f->pos;
	for (; p < f->end; p++) {
		if (data[p] == '{')
			depth++;
		else if (data[p] == '}' && !--depth)
			break;
		else if (data[p] == '\n' &&
			 newline_at(data, skip_blanks(data, p + 1, f->end), f->end))
			break;
	}
	*start = f->pos + 1;
	*end = p;
	bool closed = p < f->end && data[p] == '}';
	f->pos = p + closed;
	return closed;
}

bool tex_raw_argument(struct tex *tex, bool delimiters, size_t *start, size_t *end)
{
	struct tex_frame *f = tex_raw(tex);
	if (!f)
		return false;
	const char *data = tex_bytes(tex, f);
	size_t p = f->pos;
	if (!delimiters || (p < f->end && is_blank(data[p])))
		p = skip_blanks(data, p, f->end);
	if (p >= f->end || newline_at(data, p, f->end))
		return false;
	if (data[p] == '{') {
		f->pos = p;
		f->skip_spaces = false;
		return raw_braces(data, f, start, end);
	}
	if (!delimiters)
		return false;
	size_t stop = line_end(data, p, f->end);
	const char *close = memchr(data + p + 1, data[p], stop - p - 1);
	if (!close)
		return false;
	*start = p + 1;
	*end = (size_t)(close - data);
	f->pos = *end + 1;
	f->skip_spaces = false;
	return true;
}
