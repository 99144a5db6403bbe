#include "cmd/lines.h"

#include "base/memory.h"

void line_source_init(struct line_source *source, struct snapshot *snapshot)
{
	*source = (struct line_source){ snapshot, STRMAP_INIT };
}

static void free_buffer(void *value)
{
	buffer_release(value);
	free(value);
}

void line_source_release(struct line_source *source)
{
	strmap_release(&source->files, free_buffer);
}

static struct buffer *read_file(struct line_source *source, const char *path)
{
	void **slot = strmap_at(&source->files, path, strlen(path));
	if (!*slot) {
		struct buffer *text = xmalloc(sizeof(*text));
		buffer_init(text, SNAPSHOT_MAX_TEXT);
		/* A file that is gone by now only costs the listing its source line. */
		error_free(snapshot_read(source->snapshot, path, text));
		*slot = text;
	}
	return *slot;
}

struct slice line_source_get(void *data, const struct finding *f)
{
	struct slice none = { "", 0 };
	if (!f->path || !*f->path || !f->line)
		return none;
	const struct buffer *text = read_file(data, f->path);
	if (f->start >= text->len)
		return none;
	size_t start = f->start, end = f->start;
	while (start && text->data[start - 1] != '\n')
		start--;
	while (end < text->len && text->data[end] != '\n')
		end++;
	if (end > start && text->data[end - 1] == '\r')
		end--;
	return (struct slice){ text->data + start, end - start };
}
