#include <string.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"
#include "forge/internal.h"

static const char cut_here[] = "\n\n*The rest is left out: it is too long for this page.*\n";

void forge_cut(struct buffer *out, const char *s, size_t max, bool say)
{
	size_t len = strlen(s), end = 0;
	if (len <= max) {
		utf8_scrub(out, s, len);
		return;
	}
	max -= say ? sizeof(cut_here) : 0;
	for (size_t i = 0; i < max; i++)
		if (s[i] == '\n')
			end = i;
	if (!end)
		for (end = max; end && ((unsigned char)s[end] & 0xc0) == 0x80; end--)
			;
	utf8_scrub(out, s, end);
	if (say)
		buffer_addstr(out, cut_here);
}

void forge_body(struct buffer *out, const char *s, size_t max)
{
	struct buffer text = BUFFER_INIT;
	bool starts = true; /* GitLab does not count carriage returns */
	for (; *s; s++) {
		if (starts && *s == '/')
			buffer_addch(&text, ' ');
		starts = *s == '\n' || (starts && *s == '\r');
		buffer_addch(&text, *s);
	}
	forge_cut(out, text.data, max, true);
	buffer_release(&text);
}

/* The next byte that counts: ends of lines are one, whatever they are made of. */
static int next_byte(const char **s)
{
	if (**s == '\r')
		++*s;
	return **s ? (unsigned char)*(*s)++ : 0;
}

bool forge_same_text(const char *a, const char *b)
{
	struct slice one = slice_trim(slice_of_string(a)), other = slice_trim(slice_of_string(b));
	char *left = xmemdupz(one.data, one.len), *right = xmemdupz(other.data, other.len);
	const char *p = left, *q = right;
	int c, d;
	do {
		c = next_byte(&p);
		d = next_byte(&q);
	} while (c && c == d);
	free(left);
	free(right);
	return c == d;
}

char *forge_escape(const char *s)
{
	struct buffer out = BUFFER_INIT;
	text_percent(&out, slice_of_string(s), "");
	return buffer_detach(&out, NULL);
}

char *forge_title(const char *title)
{
	struct buffer line = BUFFER_INIT, out = BUFFER_INIT;
	text_for_terminal(&line, title, strcspn(title, "\r\n"), false);
	forge_cut(&out, line.data, FORGE_MAX_TITLE, false);
	buffer_release(&line);
	return buffer_detach(&out, NULL);
}

char *forge_web_address(const char *url)
{
	for (const char *p = url; *p; p++)
		if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f)
			return xstrdup("");
	return xstrdup(starts_with(url, "https://") || starts_with(url, "http://") ? url : "");
}

bool forge_is_commit(const char *hex)
{
	return hex_is(hex, 40) || hex_is(hex, 64);
}

struct error *forge_send(struct forge *f, const char *method, char *path, const struct buffer *body, const char *what,
			 struct forge_answer *out)
{
	const struct forge_request request = { .method = method, .path = path, .body = body, .what = what };
	struct error *err = forge_call(f, &request, out);
	free(path);
	return err;
}

struct error *forge_tell(struct forge *f, const char *method, char *path, const struct buffer *body, const char *what)
{
	struct forge_answer a;
	struct error *err = forge_send(f, method, path, body, what, &a);
	forge_answer_release(&a);
	return err;
}

struct error *forge_put_comment(struct forge *f, const char *method, char *path, const char *text, const char *what,
				bool *unsure)
{
	struct buffer body = BUFFER_INIT;
	struct forge_answer a;
	struct json_writer w;
	json_writer_init(&w, &body, false);
	json_begin_object(&w);
	json_put_string(&w, "body", text);
	json_end_object(&w);
	struct error *err = forge_send(f, method, path, &body, what, &a);
	*unsure = a.unsure;
	forge_answer_release(&a);
	buffer_release(&body);
	return err;
}

void forge_add_name(char ***names, size_t *nr, const char *s)
{
	*names = xreallocarray(*names, *nr + 1, sizeof(**names));
	(*names)[(*nr)++] = xstrdup(s);
}
