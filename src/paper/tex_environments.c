#include "base/memory.h"
#include "base/text.h"
#include "paper/tex.h"

/* How far up a closing token looks for what it closes. */
#define MAX_CLOSE 100

static const struct {
	const char *name;
	enum tex_environment_kind kind;
} known_environments[] = {
	{ "document", TEX_ENVIRONMENT_DOCUMENT },    { "abstract", TEX_ENVIRONMENT_ABSTRACT },
	{ "Abstract", TEX_ENVIRONMENT_ABSTRACT },    { "verbatim", TEX_ENVIRONMENT_VERBATIM },
	{ "verbatim*", TEX_ENVIRONMENT_VERBATIM },   { "Verbatim", TEX_ENVIRONMENT_VERBATIM },
	{ "Verbatim*", TEX_ENVIRONMENT_VERBATIM },   { "BVerbatim", TEX_ENVIRONMENT_VERBATIM },
	{ "LVerbatim", TEX_ENVIRONMENT_VERBATIM },   { "SaveVerbatim", TEX_ENVIRONMENT_VERBATIM },
	{ "VerbatimOut", TEX_ENVIRONMENT_VERBATIM }, { "alltt", TEX_ENVIRONMENT_PLAIN },
	{ "spverbatim", TEX_ENVIRONMENT_VERBATIM },  { "minted", TEX_ENVIRONMENT_VERBATIM },
	{ "pyglist", TEX_ENVIRONMENT_VERBATIM },     { "luacode", TEX_ENVIRONMENT_VERBATIM },
	{ "luacode*", TEX_ENVIRONMENT_VERBATIM },    { "pycode", TEX_ENVIRONMENT_VERBATIM },
	{ "tcblisting", TEX_ENVIRONMENT_VERBATIM },  { "dot2tex", TEX_ENVIRONMENT_VERBATIM },
	{ "lstlisting", TEX_ENVIRONMENT_LISTING },   { "comment", TEX_ENVIRONMENT_COMMENT },
	{ "filecontents", TEX_ENVIRONMENT_FILE },    { "filecontents*", TEX_ENVIRONMENT_FILE },
	{ "frame", TEX_ENVIRONMENT_LABELLED },       { "restatable", TEX_ENVIRONMENT_LABELLED },
	{ "dmath", TEX_ENVIRONMENT_LABELLED },       { "dgroup", TEX_ENVIRONMENT_LABELLED },
	{ "darray", TEX_ENVIRONMENT_LABELLED },      { "dseries", TEX_ENVIRONMENT_LABELLED },
	{ "tblr", TEX_ENVIRONMENT_LABELLED },        { "longtblr", TEX_ENVIRONMENT_LABELLED },
	{ "talltblr", TEX_ENVIRONMENT_LABELLED },    { "tikzpicture", TEX_ENVIRONMENT_DRAWING },
	{ "tikzcd", TEX_ENVIRONMENT_DRAWING },       { "pgfpicture", TEX_ENVIRONMENT_DRAWING },
	{ "pspicture", TEX_ENVIRONMENT_DRAWING },    { "scope", TEX_ENVIRONMENT_DRAWING },
	{ "axis", TEX_ENVIRONMENT_DRAWING },         { "overpic", TEX_ENVIRONMENT_DRAWING },
	{ "tcolorbox", TEX_ENVIRONMENT_DRAWING },    { "mdframed", TEX_ENVIRONMENT_DRAWING },
	{ "shaded", TEX_ENVIRONMENT_DRAWING },       { "snugshade", TEX_ENVIRONMENT_DRAWING },
	{ "block", TEX_ENVIRONMENT_DRAWING },
};

void tex_environments_init(struct tex *tex)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_environments); i++)
		tex_environment(tex, known_environments[i].name, true)->kind =
		    known_environments[i].kind;
}

struct tex_environment *tex_environment(struct tex *tex, const char *name, bool make)
{
	if (!make)
		return strmap_get(&tex->environments, name, strlen(name));
	void **slot = strmap_at(&tex->environments, name, strlen(name));
	if (!*slot)
		*slot = xcalloc(1, sizeof(struct tex_environment));
	return *slot;
}

/* -- groups ------------------------------------------------------------------------------------ */

void tex_group_push(struct tex *tex, char *environment, const struct tex_token *at)
{
	if (tex->nr_groups >= TEX_MAX_GROUPS) {
		if (!tex->surplus_groups++)
			reading_limit(tex->r, tex_where(at), "groups inside one another");
		free(environment);
		return;
	}
	ALLOC_GROW(tex->groups, tex->nr_groups, tex->alloc_groups);
	tex->groups[tex->nr_groups++] = (struct tex_group){
		.environment = environment,
		.at = *at,
		.nr_saved = tex->nr_saved,
		.appearance = tex->appearance,
	};
}

void tex_group_pop(struct tex *tex)
{
	struct tex_group *group = &tex->groups[--tex->nr_groups];
	while (tex->nr_saved > group->nr_saved) {
		struct tex_saved *saved = &tex->saved[--tex->nr_saved];
		tex->meanings[saved->name] = saved->meaning;
		tex->epoch++;
	}
	tex->appearance = group->appearance;
	tex_appearance_changed(tex, NULL);
	free(group->environment);
}

void tex_group_close(struct tex *tex)
{
	if (tex->surplus_groups) {
		tex->surplus_groups--;
		return;
	}
	size_t least = tex->nr_groups > MAX_CLOSE ? tex->nr_groups - MAX_CLOSE : 0;
	for (size_t i = tex->nr_groups; i-- > least;) {
		if (tex->groups[i].environment)
			continue;
		while (tex->nr_groups > i)
			tex_group_pop(tex);
		return;
	}
}

void tex_environment_close(struct tex *tex, const char *name)
{
	size_t least = tex->nr_groups > MAX_CLOSE ? tex->nr_groups - MAX_CLOSE : 0;
	for (size_t i = tex->nr_groups; i-- > least;) {
		const char *environment = tex->groups[i].environment;
		if (!environment || (name && strcmp(environment, name)))
			continue;
		while (tex->nr_groups > i)
			tex_group_pop(tex);
		return;
	}
}

bool tex_in_environment(struct tex *tex, enum tex_environment_kind kind)
{
	size_t least = tex->nr_groups > MAX_CLOSE ? tex->nr_groups - MAX_CLOSE : 0;
	for (size_t i = tex->nr_groups; i-- > least;) {
		const char *name = tex->groups[i].environment;
		const struct tex_environment *e = name ? tex_environment(tex, name, false) : NULL;
		if (e && e->kind == kind)
			return true;
	}
	return false;
}

bool tex_open_group(struct tex *tex)
{
	struct tex_token token;
	if (!tex_next_solid(tex, &token))
		return false;
	if (token.kind != TEX_BEGIN) {
		tex_unread(tex, &token);
		return false;
	}
	tex_group_push(tex, NULL, &token);
	return true;
}

TEX_HANDLER(tex_do_begingroup)
{
	(void)cmd;
	tex_group_push(tex, NULL, at);
}

TEX_HANDLER(tex_do_endgroup)
{
	(void)cmd;
	(void)at;
	tex_group_close(tex);
}

/* -- environments read raw --------------------------------------------------------------------- */

/* Moves behind \end{NAME}; the bytes between go to *START and *END. */
static bool raw_environment(struct tex *tex, const char *name, const struct tex_token *at,
			    size_t *start, size_t *end)
{
	char *needle = xstrfmt("\\end{%s}", name);
	struct tex_frame *f = tex_raw(tex);
	size_t stop;
	bool found = tex_raw_find(tex, needle, &stop);
	if (f) {
		*start = f->pos;
		*end = stop;
		f->pos = found ? stop + strlen(needle) : f->end;
		f->skip_spaces = false;
		if (!found)
			reading_problem(tex->r, tex_where(at), "%s is not ended by \\end{%s}", name,
					name);
	}
	free(needle);
	return f != NULL;
}

static void begin_verbatim(struct tex *tex, const char *name, const struct tex_token *at)
{
	size_t start, end;
	raw_environment(tex, name, at, &start, &end);
}

static void begin_listing(struct tex *tex, const char *name, const struct tex_token *at)
{
	struct tex_tokens options = { NULL, 0, 0 };
	if (tex_optional(tex, '[', ']', &options, at))
		tex_option_label(tex, &options, at);
	tex_tokens_release(&options);
	begin_verbatim(tex, name, at);
}

static void begin_comment(struct tex *tex, const char *name, const struct tex_token *at)
{
	size_t start, end;
	struct tex_frame *f = tex_raw(tex);
	if (!f || !raw_environment(tex, name, at, &start, &end))
		return;
	f = tex_raw(tex);
	size_t flow = tex_flow(f, start);
	reading_cut(tex->r, at->flags & TEX_FROM_BODY ? flow : at->flow, tex_flow(f, f->pos));
	struct slice text = { tex_bytes(tex, f) + start, end - start };
	if (!f->is_package && !tex->quiet && tex_has_words(text, 1)) {
		char *how = xstrfmt("%s environment", name);
		reading_hidden(tex->r, (struct location){ f->file, start, end }, flow, text.data,
			       text.len, how);
		free(how);
	}
}

/* \begin{filecontents}[options]{name}: LaTeX writes that file. */
static void begin_file(struct tex *tex, const char *name, const struct tex_token *at)
{
	struct tex_tokens options = { NULL, 0, 0 };
	struct buffer text = BUFFER_INIT, file_name = BUFFER_INIT;
	size_t start, end;
	tex_optional(tex, '[', ']', &options, at);
	tex_write_tokens(tex, &text, options.items, options.nr);
	tex_string(tex, &file_name, at);
	struct tex_frame *f = tex_raw(tex);
	if (f && raw_environment(tex, name, at, &start, &end)) {
		f = tex_raw(tex);
		reading_cut(tex->r, at->flow, tex_flow(f, f->pos));
		char *path = reading_join(tex->r->folder, file_name.data);
		void **slot = path ? strmap_at(&tex->r->virtual_files, path, strlen(path)) : NULL;
		if (slot && !*slot) {
			struct virtual_file *v = xmalloc(sizeof(*v));
			*v = (struct virtual_file){ f->file, start, end,
						    strstr(text.data, "overwrite") ||
							strstr(text.data, "force") };
			*slot = v;
		}
		free(path);
	}
	buffer_release(&text);
	buffer_release(&file_name);
	tex_tokens_release(&options);
}

/* -- \begin and \end --------------------------------------------------------------------------- */

static void begin_document(struct tex *tex, const char *name, const struct tex_token *at)
{
	(void)name;
	(void)at;
	struct tex_frame *f = tex_file(tex);
	if (f->preamble_only)
		f->end = f->pos;
	else if (tex->nr_file_frames > 1 && f->has_class)
		reading_cut(tex->r, f->start_flow, tex_flow(f, f->pos));
	else if (!tex->in_document)
		reading_cut(tex->r, 0, tex_flow(f, f->pos));
	tex->in_document |= !f->preamble_only;
}

/* What is left of a file behind \end{document}: comments are comments, the rest is hidden text. */
static void hide_rest(struct tex *tex, const struct tex_frame *f, size_t start)
{
	const char *data = tex_bytes(tex, f);
	bool only_comments = true, line_start = false;
	size_t first = f->end, last = start;
	for (size_t p = start; p < f->end; p++) {
		if (data[p] == '\n') {
			line_start = true;
		} else if (!ascii_space((unsigned char)data[p])) {
			if (first == f->end)
				first = p;
			if ((line_start || p == first) && data[p] != '%')
				only_comments = false;
			line_start = false;
			last = p + 1;
		}
	}
	struct location where = { f->file, first, last };
	if (first >= last)
		return;
	if (only_comments)
		reading_comment(tex->r, where, NO_FLOW, '%');
	else
		reading_hidden(tex->r, where, NO_FLOW, data + first, last - first,
			       "after \\end{document}");
}

static void end_document(struct tex *tex, const struct tex_token *at)
{
	struct tex_frame *f = tex_file(tex);
	size_t cut =
	    at->flags & TEX_FROM_BODY || at->file != f->file ? tex_flow(f, f->pos) : at->flow;
	if (tex->nr_file_frames > 1 && f->has_class) {
		f->pos = f->end;
		reading_cut(tex->r, cut, tex_flow(f, f->end));
		return;
	}
	tex->ended = true;
	reading_cut(tex->r, cut, tex_flow(f, f->pos));
	for (size_t i = tex->nr_frames; i-- > 0;)
		if (tex->frames[i].kind == TEX_FRAME_FILE && !tex->frames[i].is_package)
			hide_rest(tex, &tex->frames[i], tex->frames[i].pos);
}

static void begin_labelled(struct tex *tex, const struct tex_token *at)
{
	struct tex_tokens options = { NULL, 0, 0 };
	tex_skip_arguments(tex, "a", at);
	if (tex_optional(tex, '[', ']', &options, at)) {
		tex_option_label(tex, &options, at);
		tex_reread(tex, &options, false);
	}
	tex_tokens_release(&options);
}

static void add_prefixed_label(struct tex *tex, struct tex_key *key, const void *data)
{
	const char *prefix = data;
	if (*prefix) {
		buffer_splice(&key->text, 0, 0, ":", 1);
		buffer_splice(&key->text, 0, 0, prefix, strlen(prefix));
	}
	tex_item(tex, ITEM_LABEL, key);
}

/* \begin{name}[options]{title}{label} */
static void begin_tcb(struct tex *tex, const struct tex_environment *e, const struct tex_token *at)
{
	struct tex_tokens options = { NULL, 0, 0 }, title = { NULL, 0, 0 }, label = { NULL, 0, 0 };
	if (tex_optional(tex, '[', ']', &options, at))
		tex_option_label(tex, &options, at);
	tex_argument(tex, &title, at);
	if (tex_argument(tex, &label, at))
		tex_each_key(tex, &label, at, false, add_prefixed_label,
			     e->prefix ? e->prefix : "");
	tex_reread(tex, &title, false);
	tex_tokens_release(&options);
	tex_tokens_release(&title);
	tex_tokens_release(&label);
}

/* Whether BODY ends with \end{NAME}, whose \end is token AT; NR is where that starts. */
static bool ends_environment(struct tex *tex, const struct tex_tokens *body, size_t at,
			     const char *name)
{
	struct buffer text = BUFFER_INIT_MAX(200);
	tex_write_tokens(tex, &text, body->items + at + 1, body->nr - at - 1);
	size_t len = strlen(name);
	bool same = text.len == len + 2 && !memcmp(text.data + 1, name, len);
	buffer_release(&text);
	return same;
}

/* Only the first abstract is kept, so this is done once. */
static void begin_abstract(struct tex *tex, const char *name, const struct tex_token *at)
{
	struct tex_tokens body = { NULL, 0, 0 };
	struct tex_token token;
	uint32_t end = tex_name(tex, "end", 3);
	size_t last_end = SIZE_MAX;
	if (tex->doc->abstract || tex->abstract_open || tex->quiet)
		return;
	tex->abstract_open = true;
	tex_skip_arguments(tex, "o", at);
	while (body.nr < TEX_MAX_ARGUMENT && tex_next(tex, &token)) {
		tex_tokens_add(&body, &token);
		if (token.kind == TEX_CONTROL && token.value == end)
			last_end = body.nr - 1;
		if (token.kind == TEX_END && last_end != SIZE_MAX) {
			if (ends_environment(tex, &body, last_end, name))
				break;
			last_end = SIZE_MAX;
		}
	}
	struct tex_tokens text = body;
	if (last_end != SIZE_MAX) {
		text.nr = last_end;
		tex_keep_abstract(tex, &text);
	}
	tex_reread(tex, &body, false);
	tex_tokens_release(&body);
}

static void begin_user(struct tex *tex, const struct tex_environment *e, const struct tex_token *at)
{
	if (e->begin)
		tex_expand(tex, e->begin, at);
}

TEX_HANDLER(tex_do_begin)
{
	static void (*const raw[])(struct tex *, const char *, const struct tex_token *) = {
		[TEX_ENVIRONMENT_VERBATIM] = begin_verbatim,
		[TEX_ENVIRONMENT_LISTING] = begin_listing,
		[TEX_ENVIRONMENT_COMMENT] = begin_comment,
		[TEX_ENVIRONMENT_FILE] = begin_file,
		[TEX_ENVIRONMENT_DOCUMENT] = begin_document,
		[TEX_ENVIRONMENT_USER] = NULL,
	};
	struct buffer name = BUFFER_INIT_MAX(1000);
	(void)cmd;
	if (tex_string(tex, &name, at)) {
		const struct tex_environment *e = tex_environment(tex, name.data, false);
		enum tex_environment_kind kind = e ? e->kind : TEX_ENVIRONMENT_PLAIN;
		if (raw[kind]) {
			raw[kind](tex, name.data, at);
			buffer_release(&name);
			return;
		}
		tex_group_push(tex, xmemdupz(name.data, name.len), at);
		if (kind == TEX_ENVIRONMENT_LABELLED)
			begin_labelled(tex, at);
		else if (kind == TEX_ENVIRONMENT_TCB)
			begin_tcb(tex, e, at);
		else if (kind == TEX_ENVIRONMENT_ABSTRACT)
			begin_abstract(tex, name.data, at);
		else if (kind == TEX_ENVIRONMENT_DRAWING)
			tex->appearance.unsure_background = true;
		else if (kind == TEX_ENVIRONMENT_USER)
			begin_user(tex, e, at);
		if (!strcmp(name.data, "overpic"))
			tex_do_graphics(tex, cmd, at);
	}
	buffer_release(&name);
}

/* The group of a user's environment ends behind what the environment ends with. */
static void end_user(struct tex *tex, const struct tex_environment *e, const struct tex_token *at)
{
	struct tex_tokens close = { NULL, 0, 0 };
	struct tex_token token = *at;
	token.kind = TEX_ACTION;
	token.value = TEX_GROUP_END;
	tex_tokens_add(&close, &token);
	tex_push_tokens(tex, &close, false);
	if (e->end)
		tex_push_body(tex, e->end, NULL, at);
}

TEX_HANDLER(tex_do_end)
{
	struct buffer name = BUFFER_INIT_MAX(1000);
	(void)cmd;
	if (tex_string(tex, &name, at)) {
		const struct tex_environment *e = tex_environment(tex, name.data, false);
		if (e && e->kind == TEX_ENVIRONMENT_DOCUMENT)
			end_document(tex, at);
		else if (e && e->kind == TEX_ENVIRONMENT_USER && tex_spend(tex, 1, at))
			end_user(tex, e, at);
		else
			tex_environment_close(tex, name.data);
	}
	buffer_release(&name);
}

/* -- definitions ------------------------------------------------------------------------------- */

/* What these do by themselves is not given up when an author dresses them up. */
static bool keeps_kind(const struct tex_environment *e)
{
	static const bool keeps[] = {
		[TEX_ENVIRONMENT_DOCUMENT] = true, [TEX_ENVIRONMENT_ABSTRACT] = true,
		[TEX_ENVIRONMENT_FILE] = true,     [TEX_ENVIRONMENT_LISTING] = true,
		[TEX_ENVIRONMENT_VERBATIM] = true, [TEX_ENVIRONMENT_USER] = false,
	};
	return keeps[e->kind];
}

static void define_environment(struct tex *tex, const char *name, struct tex_macro *begin,
			       struct tex_macro *end)
{
	struct tex_environment *e = tex_environment(tex, name, true);
	if (keeps_kind(e))
		return;
	e->kind = TEX_ENVIRONMENT_USER;
	e->begin = begin;
	e->end = end;
}

/* [number][default] are read by a \newcommand that is made for it. parameter 1: xparse's */
TEX_HANDLER(tex_do_newenvironment)
{
	static const char begin_name[] = "begin environment";
	struct buffer name = BUFFER_INIT_MAX(1000);
	struct tex_tokens end = { NULL, 0, 0 };
	uint32_t id = tex_name(tex, begin_name, strlen(begin_name));
	tex_star(tex, '*');
	tex_string(tex, &name, at);
	struct tex_meaning before = *tex_meaning(tex, id);
	struct tex_tokens control = { NULL, 0, 0 };
	struct tex_token token = *at;
	token.kind = TEX_CONTROL;
	token.value = id;
	tex_tokens_add(&control, &token);
	tex_push_tokens(tex, &control, false);
	static const struct tex_command plain = { .parameter = 0 };
	(cmd->parameter ? tex_do_document_command : tex_do_newcommand)(tex, &plain, at);
	struct tex_meaning begin = *tex_meaning(tex, id);
	tex_argument(tex, &end, at);
	if (name.len && begin.kind == TEX_MACRO && begin.macro != before.macro) {
		struct tex_macro *macro = tex_macro_new(tex, at);
		if (macro) {
			macro->body = end;
			end = (struct tex_tokens){ NULL, 0, 0 };
			define_environment(tex, name.data, begin.macro, macro);
		}
	}
	tex_tokens_release(&end);
	buffer_release(&name);
}

/* Environments that other commands declare; parameter: the kind */
TEX_HANDLER(tex_do_declare_environment)
{
	struct buffer name = BUFFER_INIT_MAX(1000);
	tex_star(tex, '*');
	tex_skip_arguments(tex, cmd->arguments, at);
	if (tex_string(tex, &name, at) && name.len) {
		struct tex_environment *e = tex_environment(tex, name.data, true);
		if (e->kind != TEX_ENVIRONMENT_DOCUMENT)
			e->kind = (enum tex_environment_kind)cmd->parameter;
	}
	buffer_release(&name);
}

/* \newtcbtheorem[init]{name}{display name}{options}{prefix} */
TEX_HANDLER(tex_do_new_tcbtheorem)
{
	struct buffer name = BUFFER_INIT_MAX(1000), prefix = BUFFER_INIT_MAX(1000);
	(void)cmd;
	tex_skip_arguments(tex, "o", at);
	tex_string(tex, &name, at);
	tex_skip_arguments(tex, "mm", at);
	if (tex_string(tex, &prefix, at) && name.len) {
		struct tex_environment *e = tex_environment(tex, name.data, true);
		e->kind = TEX_ENVIRONMENT_TCB;
		free(e->prefix);
		e->prefix = xmemdupz(prefix.data, prefix.len);
	}
	buffer_release(&name);
	buffer_release(&prefix);
}

/* environ: \NewEnviron{name}{... \BODY ...}; without \BODY what stands in it is gone */
TEX_HANDLER(tex_do_new_environ)
{
	struct buffer name = BUFFER_INIT_MAX(1000);
	struct tex_tokens body = { NULL, 0, 0 };
	(void)cmd;
	tex_string(tex, &name, at);
	tex_skip_arguments(tex, "oo", at);
	if (tex_argument(tex, &body, at) && name.len) {
		uint32_t body_name = tex_name(tex, "BODY", 4);
		bool used = false;
		for (size_t i = 0; i < body.nr; i++)
			used |=
			    body.items[i].kind == TEX_CONTROL && body.items[i].value == body_name;
		tex_environment(tex, name.data, true)->kind =
		    used ? TEX_ENVIRONMENT_PLAIN : TEX_ENVIRONMENT_COMMENT;
	}
	tex_tokens_release(&body);
	buffer_release(&name);
}

/* -- raw text in a line ------------------------------------------------------------------------ */

/* arguments: what stands before it */
TEX_HANDLER(tex_do_verb)
{
	size_t start, end;
	tex_skip_arguments(tex, cmd->arguments, at);
	struct tex_frame *f = tex_raw(tex);
	if (f && f->pos < f->end && tex_bytes(tex, f)[f->pos] == '*')
		f->pos++;
	tex_raw_argument(tex, true, &start, &end);
}

TEX_HANDLER(tex_do_short_verb)
{
	uint32_t name;
	(void)cmd;
	tex_star(tex, '*');
	if (tex_control_argument(tex, &name, at)) {
		unsigned char c = (unsigned char)*tex_name_of(tex, name);
		if (c && !ascii_alnum(c))
			tex->short_verb[c] = tex->classes[c] = 1;
	}
}

/* parameter 1: \path, which draws in pictures */
TEX_HANDLER(tex_do_url)
{
	size_t start, end;
	if (cmd->parameter == 1 && tex_in_environment(tex, TEX_ENVIRONMENT_DRAWING)) {
		tex_do_drawing_options(tex, cmd, at);
		return;
	}
	tex_skip_arguments(tex, cmd->arguments, at);
	struct tex_frame *f = tex_raw(tex);
	if (!f)
		return;
	tex_raw_spaces(tex, f);
	char c = f->pos < f->end ? tex_bytes(tex, f)[f->pos] : 0;
	if (c && c != '\\' && !ascii_alnum((unsigned char)c))
		tex_raw_argument(tex, true, &start, &end);
}
