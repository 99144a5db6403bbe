/* Standard input of the hook pre-push. */
#include "hook/push.h"

#include "base/memory.h"
#include "base/text.h"

static bool is_hex(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_digit(s.data[i]) && (s.data[i] < 'a' || s.data[i] > 'f'))
			return false;
	return s.len == 40 || s.len == OID_MAX_HEX;
}

static bool is_zeros(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] != '0')
			return false;
	return true;
}

/* The id of zeros is no object. */
static bool take_id(struct oid *out, struct slice s)
{
	*out = (struct oid){ "" };
	if (!is_hex(s))
		return false;
	if (!is_zeros(s))
		memcpy(out->hex, s.data, s.len);
	return true;
}

/* Cuts what follows the last space off LINE. */
static struct slice take_last_word(struct slice *line)
{
	const char *space = line->len ? memrchr(line->data, ' ', line->len) : NULL;
	if (!space)
		return (struct slice){ line->data, 0 };
	struct slice word = { space + 1, (size_t)(line->data + line->len - space - 1) };
	line->len = (size_t)(space - line->data);
	return word;
}

static bool is_ref_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] < ' ' || s.data[i] == 127)
			return false;
	return s.len > 0;
}

/* From behind: an expression that was typed for the local ref may have spaces in it, nothing else has. */
static struct error *parse_line(struct push_update *out, struct push *push, struct slice line, size_t number)
{
	struct slice remote = take_last_word(&line);
	struct slice remote_ref = take_last_word(&line);
	struct slice local = take_last_word(&line);
	bool good = take_id(&out->remote, remote) && take_id(&out->local, local) &&
		    remote.len == local.len && is_ref_name(remote_ref) && line.len &&
		    !memchr(line.data, '\0', line.len);
	if (!good)
		return error_with_hint(error_new(ERROR_SYNTAX, "standard input, line %zu: not what git tells the hook "
							       "pre-push", number),
				       "a line is <local ref> <local id> <remote ref> <remote id>; see githooks(5)");
	out->remote_ref = arena_strndup(&push->memory, remote_ref.data, remote_ref.len);
	out->local_ref = arena_strndup(&push->memory, line.data, line.len);
	return NULL;
}

struct error *push_parse(struct push *out, struct slice text)
{
	struct error *err = NULL;
	size_t alloc = 0, number = 0;
	*out = (struct push){ NULL, 0, NULL };
	while (text.len && !err) {
		const char *newline = memchr(text.data, '\n', text.len);
		struct slice line = { text.data, newline ? (size_t)(newline - text.data) : text.len };
		text.data += line.len + (newline != NULL);
		text.len -= line.len + (newline != NULL);
		ALLOC_GROW(out->updates, out->nr, alloc);
		err = parse_line(&out->updates[out->nr++], out, line, ++number);
	}
	if (err)
		push_release(out);
	return err;
}

void push_release(struct push *push)
{
	free(push->updates);
	arena_free(push->memory);
	*push = (struct push){ NULL, 0, NULL };
}

bool push_is_own_ref(const char *ref)
{
	return starts_with(ref, "refs/scrutiny/") || starts_with(ref, "refs/notes/") ||
	       starts_with(ref, "refs/deploy/");
}
