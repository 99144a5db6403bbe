#include "base/memory.h"
#include "base/text.h"
#include "paper/tex.h"

/* -- lists ------------------------------------------------------------------------------------- */

void tex_tokens_add(struct tex_tokens *list, const struct tex_token *token)
{
	ALLOC_GROW(list->items, list->nr, list->alloc);
	list->items[list->nr++] = *token;
}

void tex_tokens_append(struct tex_tokens *list, const struct tex_token *tokens, size_t nr)
{
	if (!nr)
		return;
	if (list->alloc < list->nr + nr) {
		list->alloc = list->nr + nr + list->nr / 2;
		list->items = xreallocarray(list->items, list->alloc, sizeof(*list->items));
	}
	memcpy(list->items + list->nr, tokens, nr * sizeof(*tokens));
	list->nr += nr;
}

void tex_tokens_release(struct tex_tokens *list)
{
	free(list->items);
	*list = (struct tex_tokens){ NULL, 0, 0 };
}

struct location tex_where(const struct tex_token *token)
{
	return (struct location){ token->file, token->start, token->end };
}

/* -- arguments --------------------------------------------------------------------------------- */

bool tex_next_solid(struct tex *tex, struct tex_token *out)
{
	while (tex_next(tex, out))
		if (out->kind != TEX_SPACE)
			return true;
	return false;
}

/* Tokens up to CLOSE (0: the closing brace) outside of braces. */
static bool collect(struct tex *tex, char close, struct tex_tokens *out, const struct tex_token *at)
{
	struct tex_token token;
	size_t depth = 0;
	while (out->nr < TEX_MAX_ARGUMENT && tex_next(tex, &token)) {
		if (token.kind == TEX_END) {
			if (!depth && !close)
				return true;
			if (!depth) {
				tex_unread(tex, &token);
				break;
			}
			depth--;
		} else if (token.kind == TEX_BEGIN) {
			depth++;
		} else if (close && !depth && token.kind == TEX_CHAR &&
			   token.value == (unsigned char)close) {
			return true;
		}
		tex_tokens_add(out, &token);
	}
	out->nr = 0;
	tex->doc->labels_complete = false;
	tex->doc->citations_complete = false;
	reading_problem(tex->r, tex_where(at), "the argument of %s%s does not end",
			at->kind == TEX_CONTROL ? "\\" : "",
			at->kind == TEX_CONTROL ? tex_name_of(tex, at->value) : "this");
	return false;
}

bool tex_argument(struct tex *tex, struct tex_tokens *out, const struct tex_token *at)
{
	struct tex_token token;
	if (!tex_next_solid(tex, &token))
		return false;
	if (token.kind == TEX_BEGIN)
		return collect(tex, 0, out, at);
	if (token.kind == TEX_END || token.kind == TEX_PAR) {
		tex_unread(tex, &token);
		return false;
	}
	tex_tokens_add(out, &token);
	return true;
}

bool tex_optional(struct tex *tex, char open, char close, struct tex_tokens *out,
		  const struct tex_token *at)
{
	struct tex_token token;
	if (!tex_next_solid(tex, &token))
		return false;
	if (token.kind != TEX_CHAR || token.value != (unsigned char)open) {
		tex_unread(tex, &token);
		return false;
	}
	return collect(tex, close, out, at);
}

bool tex_star(struct tex *tex, char star)
{
	struct tex_token token;
	if (!tex_next_solid(tex, &token))
		return false;
	if (token.kind == TEX_CHAR && token.value == (unsigned char)star)
		return true;
	tex_unread(tex, &token);
	return false;
}

void tex_skip_arguments(struct tex *tex, const char *arguments, const struct tex_token *at)
{
	struct tex_tokens skipped = { NULL, 0, 0 };
	for (const char *p = arguments ? arguments : ""; *p; p++) {
		skipped.nr = 0;
		switch (*p) {
		case 's':
			tex_star(tex, '*');
			break;
		case 'o':
			tex_optional(tex, '[', ']', &skipped, at);
			break;
		case 'a':
			tex_optional(tex, '<', '>', &skipped, at);
			break;
		case 'p':
			tex_optional(tex, '(', ')', &skipped, at);
			break;
		default:
			tex_argument(tex, &skipped, at);
		}
	}
	tex_tokens_release(&skipped);
}

/* -- tokens as text ---------------------------------------------------------------------------- */

void tex_add_token_text(struct tex *tex, struct buffer *out, const struct tex_token *token)
{
	const char *name;
	switch ((enum tex_kind)token->kind) {
	case TEX_CHAR:
	case TEX_BEGIN:
	case TEX_END:
		buffer_addch(out, (char)token->value);
		break;
	case TEX_SPACE:
		buffer_addch(out, ' ');
		break;
	case TEX_PAR:
		buffer_addstr(out, "\n\n");
		break;
	case TEX_PARAMETER:
		buffer_addch(out, '#');
		if (token->value & 0xff)
			buffer_addch(out, (char)('0' + (token->value & 0xff)));
		break;
	case TEX_CONTROL:
		name = tex_name_of(tex, token->value);
		buffer_addch(out, '\\');
		buffer_addstr(out, name);
		if (ascii_alpha((unsigned char)*name))
			buffer_addch(out, ' ');
		break;
	case TEX_NO_VALUE:
	case TEX_ACTION:
		break;
	}
}

void tex_write_tokens(struct tex *tex, struct buffer *out, const struct tex_token *tokens,
		      size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		tex_add_token_text(tex, out, &tokens[i]);
	if (nr && tokens[nr - 1].kind == TEX_CONTROL && out->len && out->data[out->len - 1] == ' ')
		buffer_truncate(out, out->len - 1);
}

/* -- expansion of arguments -------------------------------------------------------------------- */

static void add_chars(struct tex_tokens *out, const struct tex_token *at, const char *text)
{
	for (; *text; text++) {
		struct tex_token token = *at;
		token.kind = *text == ' ' ? TEX_SPACE : TEX_CHAR;
		token.value = (unsigned char)*text;
		token.flags |= TEX_FROM_BODY;
		tex_tokens_add(out, &token);
	}
}

static void add_jobname(struct tex *tex, struct tex_tokens *out, const struct tex_token *at)
{
	const char *slash = strrchr(tex->doc->path, '/');
	char *stem = xstrdup(slash ? slash + 1 : tex->doc->path);
	char *dot = strrchr(stem, '.');
	if (dot)
		*dot = '\0';
	add_chars(out, at, stem);
	free(stem);
}

/* Control sequences that mean something in a key though no package is needed for them. */
static bool add_known_control(struct tex *tex, struct tex_tokens *out,
			      const struct tex_token *token)
{
	static const char *const nothing[] = {
		"protect", "relax",      "noexpand", "ignorespaces", "unskip",
		"xspace",  "@empty",     "empty",    "detokenize",   "unexpanded",
		"string",  "expandonce", "space",    "jobname",
	};
	const char *name = tex_name_of(tex, token->value);
	size_t i = 0;
	while (i < ARRAY_SIZE(nothing) && strcmp(nothing[i], name))
		i++;
	if (i == ARRAY_SIZE(nothing))
		return false;
	if (!strcmp(name, "space"))
		add_chars(out, token, " ");
	else if (!strcmp(name, "jobname"))
		add_jobname(tex, out, token);
	return true;
}

bool tex_enter(struct tex *tex, const struct tex_tokens *tokens, struct tex_state *state)
{
	*state = (struct tex_state){ tex->nr_conditionals, tex->undecided, tex->quiet };
	return tex_reread(tex, tokens, true);
}

void tex_leave(struct tex *tex, const struct tex_state *state)
{
	while (!tex->frames[tex->nr_frames - 1].barrier)
		tex_pop(tex);
	tex_pop(tex);
	tex->nr_conditionals = state->nr_conditionals;
	tex->undecided = state->undecided;
	tex->quiet = state->quiet;
}

bool tex_expand_control(struct tex *tex, const struct tex_token *token)
{
	struct tex_meaning m = *tex_meaning(tex, token->value);
	if (m.kind == TEX_MACRO)
		return tex_expand(tex, m.macro, token);
	if (m.kind == TEX_COMMAND && m.command->expandable) {
		m.command->run(tex, m.command, token);
		return true;
	}
	if (m.kind == TEX_BOOLEAN) {
		tex_do_conditional(tex, token);
		return true;
	}
	return false;
}

void tex_expand_fully(struct tex *tex, const struct tex_tokens *in, struct tex_tokens *out)
{
	struct tex_token token;
	struct tex_state state;
	if (!tex_enter(tex, in, &state))
		return;
	while (out->nr < TEX_MAX_ARGUMENT && tex_next(tex, &token)) {
		if (token.kind == TEX_ACTION)
			continue;
		if (token.kind == TEX_CONTROL) {
			const struct tex_meaning *m = tex_meaning(tex, token.value);
			if (tex_expand_control(tex, &token))
				continue;
			if (m->kind == TEX_TOKEN) {
				token.kind = m->token.kind;
				token.value = m->token.value;
			} else if (add_known_control(tex, out, &token)) {
				continue;
			}
		}
		tex_tokens_add(out, &token);
	}
	tex_leave(tex, &state);
}

bool tex_string(struct tex *tex, struct buffer *out, const struct tex_token *at)
{
	struct tex_tokens argument = { NULL, 0, 0 }, expanded = { NULL, 0, 0 };
	bool found = tex_argument(tex, &argument, at);
	if (found) {
		tex_expand_fully(tex, &argument, &expanded);
		tex_write_tokens(tex, out, expanded.items, expanded.nr);
		struct slice s = slice_trim(slice_of(out));
		size_t lead = (size_t)(s.data - out->data);
		if (lead)
			buffer_splice(out, 0, lead, "", 0);
		buffer_truncate(out, s.len);
	}
	tex_tokens_release(&argument);
	tex_tokens_release(&expanded);
	return found;
}

/* -- keys -------------------------------------------------------------------------------------- */

void tex_key_of_token(const struct tex_token *at, struct tex_key *key)
{
	buffer_init(&key->text, BUFFER_MAX_INTERNAL);
	key->where = tex_where(at);
	key->flow = at->flow;
	key->from_macro = at->flags & TEX_FROM_BODY;
	key->conditional = at->flags & TEX_CONDITIONAL;
	key->uncertain = false;
}

/* The author sees a key where its own characters stand; one made by macros alone at the call. */
static void place_key(const struct tex_token *tokens, size_t nr, struct tex_key *key)
{
	bool found = false;
	for (size_t i = 0; i < nr; i++) {
		key->from_macro |= tokens[i].flags & TEX_FROM_BODY;
		key->conditional |= !!(tokens[i].flags & TEX_CONDITIONAL);
		if (tokens[i].flags & TEX_FROM_BODY)
			continue;
		if (!found) {
			key->where = tex_where(&tokens[i]);
			key->flow = tokens[i].flow;
			found = true;
		} else if (tokens[i].file == key->where.file && tokens[i].end > key->where.end) {
			key->where.end = tokens[i].end;
		}
	}
	if (!found) {
		key->where = tex_where(&tokens[0]);
		key->flow = tokens[0].flow;
	}
}

static void one_key(struct tex *tex, const struct tex_token *tokens, size_t nr,
		    const struct tex_token *at,
		    void (*fn)(struct tex *, struct tex_key *, const void *), const void *data)
{
	struct tex_key key;
	while (nr && (tokens->kind == TEX_SPACE || tokens->kind == TEX_PAR)) {
		tokens++;
		nr--;
	}
	while (nr && (tokens[nr - 1].kind == TEX_SPACE || tokens[nr - 1].kind == TEX_PAR))
		nr--;
	if (!nr)
		return;
	tex_key_of_token(at, &key);
	place_key(tokens, nr, &key);
	for (size_t i = 0; i < nr; i++) {
		enum tex_kind kind = (enum tex_kind)tokens[i].kind;
		if (kind == TEX_PAR)
			buffer_addch(&key.text, ' ');
		else
			tex_add_token_text(tex, &key.text, &tokens[i]);
		if (kind == TEX_CONTROL || kind == TEX_PARAMETER || kind == TEX_NO_VALUE)
			key.uncertain = true;
	}
	fn(tex, &key, data);
	buffer_release(&key.text);
}

void tex_each_key(struct tex *tex, const struct tex_tokens *list, const struct tex_token *at,
		  bool split, void (*fn)(struct tex *, struct tex_key *, const void *),
		  const void *data)
{
	struct tex_tokens expanded = { NULL, 0, 0 };
	size_t i = 0, depth = 0, start = 0;
	while (i < list->nr && list->items[i].kind != TEX_CONTROL)
		i++;
	if (i < list->nr) {
		tex_expand_fully(tex, list, &expanded);
		list = &expanded;
	}
	for (i = 0; i < list->nr; i++) {
		const struct tex_token *t = &list->items[i];
		if (t->kind == TEX_BEGIN)
			depth++;
		else if (t->kind == TEX_END && depth)
			depth--;
		else if (split && !depth && t->kind == TEX_CHAR && t->value == ',') {
			one_key(tex, list->items + start, i - start, at, fn, data);
			start = i + 1;
		}
	}
	if (list->nr > start)
		one_key(tex, list->items + start, list->nr - start, at, fn, data);
	tex_tokens_release(&expanded);
}

struct item *tex_item(struct tex *tex, enum item_kind kind, struct tex_key *key)
{
	struct tex_frame *file = tex_file(tex);
	if (tex->quiet || (file && file->is_package))
		return NULL;
	struct item *item =
	    reading_item(tex->r, kind, key->text.data, key->text.len, key->where, key->flow);
	if (item) {
		item->from_macro = key->from_macro;
		item->uncertain = key->uncertain;
		item->conditional = key->conditional || tex->undecided;
	}
	return item;
}

/* -- options ----------------------------------------------------------------------------------- */

static bool matches_name(const struct tex_token *tokens, size_t nr, const char *name)
{
	size_t len = strlen(name);
	if (nr != len)
		return false;
	for (size_t i = 0; i < nr; i++)
		if (tokens[i].kind != TEX_CHAR || tokens[i].value != (unsigned char)name[i])
			return false;
	return true;
}

static void trim_tokens(const struct tex_token **tokens, size_t *nr)
{
	while (*nr && (*tokens)->kind == TEX_SPACE) {
		++*tokens;
		--*nr;
	}
	while (*nr && (*tokens)[*nr - 1].kind == TEX_SPACE)
		--*nr;
}

static bool option_matches(const struct tex_token *tokens, size_t nr, const char *name,
			   struct tex_tokens *out)
{
	size_t equals = 0;
	while (equals < nr && (tokens[equals].kind != TEX_CHAR || tokens[equals].value != '='))
		equals++;
	if (equals == nr)
		return false;
	const struct tex_token *key = tokens, *value = tokens + equals + 1;
	size_t key_nr = equals, value_nr = nr - equals - 1;
	trim_tokens(&key, &key_nr);
	trim_tokens(&value, &value_nr);
	if (!matches_name(key, key_nr, name))
		return false;
	if (value_nr >= 2 && value[0].kind == TEX_BEGIN && value[value_nr - 1].kind == TEX_END) {
		value++;
		value_nr -= 2;
	}
	tex_tokens_append(out, value, value_nr);
	return true;
}

bool tex_option_value(struct tex *tex, const struct tex_tokens *options, const char *name,
		      struct tex_tokens *out)
{
	size_t depth = 0, start = 0;
	(void)tex;
	for (size_t i = 0; options->nr && i <= options->nr; i++) {
		const struct tex_token *t = i < options->nr ? &options->items[i] : NULL;
		if (t && t->kind == TEX_BEGIN)
			depth++;
		else if (t && t->kind == TEX_END && depth)
			depth--;
		if (t && (depth || t->kind != TEX_CHAR || t->value != ','))
			continue;
		if (option_matches(options->items + start, i - start, name, out))
			return true;
		start = i + 1;
	}
	return false;
}
