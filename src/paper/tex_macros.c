#include "base/memory.h"
#include "base/text.h"
#include "paper/tex.h"

/* Chains of macros longer than this are taken to matter. */
#define MAX_LOOK 40
/* As many \expandafter one behind the other are followed. */
#define MAX_CHAIN 40

struct tex_meaning *tex_meaning(struct tex *tex, uint32_t name)
{
	return &tex->meanings[name];
}

/* What a package defines never takes the place of a command of ours: it would define it in terms
 * that no reader follows. */
static bool is_protected(struct tex *tex, uint32_t name)
{
	struct tex_frame *file = tex_file(tex);
	return file && file->is_package && tex->meanings[name].kind == TEX_COMMAND;
}

void tex_set_meaning(struct tex *tex, uint32_t name, const struct tex_meaning *m, bool global)
{
	global |= tex->global_prefix;
	tex->global_prefix = false;
	if (is_protected(tex, name))
		return;
	if (tex->nr_groups && !global) {
		ALLOC_GROW(tex->saved, tex->nr_saved, tex->alloc_saved);
		tex->saved[tex->nr_saved++] = (struct tex_saved){ name, tex->meanings[name] };
	}
	tex->meanings[name] = *m;
	tex->epoch++;
}

struct tex_macro *tex_macro_new(struct tex *tex, const struct tex_token *at)
{
	if (tex->nr_macros >= TEX_MAX_MACROS) {
		reading_limit(tex->r, tex_where(at), "macros");
		return NULL;
	}
	tex->nr_macros++;
	struct tex_macro *macro = xcalloc(1, sizeof(*macro));
	macro->conditional = tex->undecided > 0;
	macro->next = tex->macros;
	tex->macros = macro;
	return macro;
}

void tex_macros_release(struct tex *tex)
{
	while (tex->macros) {
		struct tex_macro *macro = tex->macros;
		tex->macros = macro->next;
		tex_tokens_release(&macro->body);
		tex_tokens_release(&macro->prefix);
		for (size_t i = 0; macro->parameters && i < TEX_MAX_PARAMETERS; i++)
			tex_tokens_release(&macro->parameters[i].fallback);
		free(macro->parameters);
		free(macro);
	}
}

/* -- does it matter? --------------------------------------------------------------------------- */

static bool control_matters(struct tex *tex, uint32_t name, unsigned depth);

static bool body_matters(struct tex *tex, const struct tex_macro *macro, unsigned depth)
{
	unsigned used = 0;
	for (size_t i = 0; i < macro->body.nr; i++) {
		const struct tex_token *t = &macro->body.items[i];
		if (t->kind == TEX_PARAMETER)
			used |= 1u << (t->value & 0xff);
		else if (t->kind == TEX_CONTROL && control_matters(tex, t->value, depth))
			return true;
	}
	for (unsigned i = 1; i <= macro->nr_parameters; i++)
		if (!(used & 1u << i))
			return true;
	return false;
}

static bool macro_matters(struct tex *tex, struct tex_macro *macro, unsigned depth)
{
	if (macro->looking)
		return true; /* only a test can end that */
	if (macro->matters_epoch == tex->epoch + 1)
		return macro->matters;
	if (depth > MAX_LOOK)
		return true;
	macro->looking = true;
	macro->matters = body_matters(tex, macro, depth);
	macro->matters_epoch = tex->epoch + 1;
	macro->looking = false;
	return macro->matters;
}

static bool control_matters(struct tex *tex, uint32_t name, unsigned depth)
{
	const struct tex_meaning *m = &tex->meanings[name];
	if (m->kind == TEX_MACRO)
		return macro_matters(tex, m->macro, depth + 1);
	return m->kind != TEX_UNDEFINED || tex_is_conditional(tex, name);
}

bool tex_macro_matters(struct tex *tex, struct tex_macro *macro)
{
	return macro_matters(tex, macro, 0);
}

/* -- expansion --------------------------------------------------------------------------------- */

bool tex_spend(struct tex *tex, size_t tokens, const struct tex_token *at)
{
	tex->tokens_made += tokens;
	tex->expansions++;
	tex->call_expansions++;
	if (tex->gave_up)
		return false;
	if (tex->tokens_made > TEX_MAX_TOKENS || tex->expansions > DOCUMENT_MAX_EXPANSIONS) {
		tex->gave_up = true;
		reading_limit(tex->r, tex_where(at), "macro expansions");
		return false;
	}
	if (tex->call_expansions <= TEX_MAX_CALL_EXPANSIONS && tex->nr_frames < TEX_MAX_FRAMES)
		return true;
	if (!tex->call_reported)
		reading_problem(tex->r, tex_where(at), "the expansion of this macro does not end");
	tex->call_reported = true;
	tex->doc->labels_complete = false;
	tex->doc->citations_complete = false;
	return false;
}

bool tex_reread(struct tex *tex, const struct tex_tokens *tokens, bool barrier)
{
	static const struct tex_token nowhere;
	if (!tex_spend(tex, tokens->nr, tokens->nr ? tokens->items : &nowhere))
		return false;
	struct tex_tokens copy = { NULL, 0, 0 };
	tex_tokens_append(&copy, tokens->items, tokens->nr);
	tex_push_tokens(tex, &copy, barrier);
	return true;
}

void tex_push_body(struct tex *tex, const struct tex_macro *macro,
		   const struct tex_tokens *arguments, const struct tex_token *at)
{
	struct tex_tokens out = { NULL, 0, 0 };
	size_t nr = macro->body.nr;
	for (size_t i = 0; i < macro->body.nr && nr <= TEX_MAX_TOKENS; i++) {
		const struct tex_token *t = &macro->body.items[i];
		if (t->kind == TEX_PARAMETER && t->value >= 1 && t->value <= macro->nr_parameters)
			nr += arguments[t->value - 1].nr;
	}
	if (!tex_spend(tex, nr, at))
		return;
	out.alloc = nr;
	out.items = xreallocarray(NULL, nr, sizeof(*out.items));
	for (size_t i = 0; i < macro->body.nr; i++) {
		struct tex_token t = macro->body.items[i];
		if (t.kind == TEX_PARAMETER && t.value >= 1 && t.value <= macro->nr_parameters) {
			const struct tex_tokens *a = &arguments[t.value - 1];
			tex_tokens_append(&out, a->items, a->nr);
			continue;
		}
		if (t.kind == TEX_PARAMETER && t.value > 0xff)
			t.value -= 0x100;
		t.file = at->file;
		t.start = at->start;
		t.end = at->end;
		t.flow = at->flow;
		t.flags = (uint8_t)(TEX_FROM_BODY | (at->flags & TEX_CONDITIONAL) |
				    (macro->conditional ? TEX_CONDITIONAL : 0));
		tex_tokens_add(&out, &t);
	}
	tex_push_tokens(tex, &out, false);
}

static bool same_token(const struct tex_token *a, const struct tex_token *b)
{
	return a->kind == b->kind && a->value == b->value;
}

/* LIST without what it ends with, when that is DELIMITER. */
static bool ends_with_delimiter(struct tex_tokens *list, const struct tex_tokens *delimiter)
{
	if (list->nr < delimiter->nr)
		return false;
	const struct tex_token *tail = list->items + (list->nr - delimiter->nr);
	for (size_t i = 0; i < delimiter->nr; i++)
		if (!same_token(&tail[i], &delimiter->items[i]))
			return false;
	list->nr -= delimiter->nr;
	return true;
}

static void strip_braces(struct tex_tokens *list)
{
	size_t depth = 0;
	if (list->nr < 2 || list->items[0].kind != TEX_BEGIN)
		return;
	for (size_t i = 0; i < list->nr; i++) {
		if (list->items[i].kind == TEX_BEGIN)
			depth++;
		else if (list->items[i].kind == TEX_END && !--depth && i + 1 < list->nr)
			return;
	}
	memmove(list->items, list->items + 1, (list->nr - 2) * sizeof(*list->items));
	list->nr -= 2;
}

/* When the delimiter does not come, TeX gives up at the end of the paragraph; so do we, and what
 * was read is read again as if the macro were not there. */
static bool delimited_argument(struct tex *tex, const struct tex_tokens *delimiter,
			       struct tex_tokens *out)
{
	struct tex_token token;
	size_t depth = 0;
	while (out->nr < TEX_MAX_ARGUMENT && tex_next(tex, &token)) {
		if (token.kind == TEX_BEGIN)
			depth++;
		else if (token.kind == TEX_END && depth)
			depth--;
		else if (token.kind == TEX_END) {
			tex_unread(tex, &token);
			break;
		}
		tex_tokens_add(out, &token);
		if (!depth && ends_with_delimiter(out, delimiter)) {
			strip_braces(out);
			return true;
		}
		if (token.kind == TEX_PAR && !depth)
			break;
	}
	tex_reread(tex, out, false);
	return false;
}

static void add_control(struct tex *tex, struct tex_tokens *out, const char *name,
			const struct tex_token *at)
{
	struct tex_token token = *at;
	token.kind = TEX_CONTROL;
	token.value = tex_name(tex, name, strlen(name));
	token.flags |= TEX_FROM_BODY;
	tex_tokens_add(out, &token);
}

static bool read_parameter(struct tex *tex, const struct tex_parameter *p, struct tex_tokens *out,
			   const struct tex_token *at)
{
	struct tex_token none = *at;
	switch (p->kind) {
	case TEX_MANDATORY:
		tex_argument(tex, out, at);
		return true;
	case TEX_FLAG:
		add_control(tex, out, tex_star(tex, p->open) ? "BooleanTrue" : "BooleanFalse", at);
		return true;
	case TEX_DELIMITED:
		return delimited_argument(tex, &p->fallback, out);
	case TEX_OPTIONAL:
		if (p->open && tex_optional(tex, p->open, p->close, out, at))
			return true;
		if (p->has_fallback) {
			tex_tokens_append(out, p->fallback.items, p->fallback.nr);
			for (size_t i = 0; i < out->nr; i++) {
				out->items[i].file = at->file;
				out->items[i].start = at->start;
				out->items[i].end = at->end;
				out->items[i].flow = at->flow;
				out->items[i].flags |= TEX_FROM_BODY;
			}
		} else {
			none.kind = TEX_NO_VALUE;
			tex_tokens_add(out, &none);
		}
		return true;
	}
	return true;
}

static bool read_prefix(struct tex *tex, const struct tex_tokens *prefix)
{
	struct tex_token token;
	for (size_t i = 0; i < prefix->nr; i++) {
		if (!tex_next(tex, &token))
			return false;
		if (!same_token(&token, &prefix->items[i])) {
			tex_unread(tex, &token);
			return false;
		}
	}
	return true;
}

/* Text in an argument that the macro throws away is not seen by anybody. */
static void hide_discarded(struct tex *tex, const struct tex_macro *macro,
			   const struct tex_tokens *argument, const struct tex_token *at)
{
	struct buffer how = BUFFER_INIT, text = BUFFER_INIT;
	if (macro->body.nr || !argument->nr || !tex->in_document || tex->quiet ||
	    at->kind != TEX_CONTROL || at->flags & TEX_FROM_BODY)
		return;
	const struct tex_token *first = argument->items, *last = first + (argument->nr - 1);
	if (first->flags & TEX_FROM_BODY || last->flags & TEX_FROM_BODY ||
	    first->file != last->file)
		return;
	tex_write_tokens(tex, &text, argument->items, argument->nr);
	if (tex_has_words(slice_of(&text), 2)) {
		buffer_addf(&how, "argument that \\%s throws away", tex_name_of(tex, at->value));
		tex_hide_range(tex, first->file, first->start, last->end, first->flow,
			       last->flow + (last->end - last->start), how.data);
	}
	buffer_release(&how);
	buffer_release(&text);
}

bool tex_expand(struct tex *tex, struct tex_macro *macro, const struct tex_token *at)
{
	struct tex_tokens arguments[TEX_MAX_PARAMETERS] = { { NULL, 0, 0 } };
	if (tex->gave_up || (tex->call_reported && tex->nr_frames > tex->nr_file_frames))
		return false;
	bool ok = read_prefix(tex, &macro->prefix);
	for (size_t i = 0; ok && i < macro->nr_parameters; i++) {
		ok = read_parameter(tex, &macro->parameters[i], &arguments[i], at);
		if (ok)
			hide_discarded(tex, macro, &arguments[i], at);
	}
	if (ok)
		tex_push_body(tex, macro, arguments, at);
	for (size_t i = 0; i < macro->nr_parameters; i++)
		tex_tokens_release(&arguments[i]);
	return true;
}

/* -- definitions ------------------------------------------------------------------------------- */

bool tex_control_argument(struct tex *tex, uint32_t *name, const struct tex_token *at)
{
	struct tex_tokens argument = { NULL, 0, 0 };
	bool found = false;
	if (tex_argument(tex, &argument, at)) {
		for (size_t i = 0; i < argument.nr && !found; i++) {
			found = argument.items[i].kind == TEX_CONTROL;
			*name = argument.items[i].value;
		}
	}
	tex_tokens_release(&argument);
	return found;
}

static void define_macro(struct tex *tex, uint32_t name, struct tex_macro *macro, bool global)
{
	struct tex_meaning m = { .kind = TEX_MACRO, .macro = macro };
	tex_set_meaning(tex, name, &m, global);
}

static struct tex_parameter *parameter(struct tex_macro *macro, size_t i)
{
	if (!macro->parameters)
		macro->parameters = xcalloc(TEX_MAX_PARAMETERS, sizeof(*macro->parameters));
	return &macro->parameters[i];
}

/* [number][default] */
static void read_latex_parameters(struct tex *tex, struct tex_macro *macro,
				  const struct tex_token *at)
{
	struct tex_tokens number = { NULL, 0, 0 };
	bool found = tex_optional(tex, '[', ']', &number, at);
	for (size_t i = 0; i < number.nr; i++)
		if (number.items[i].kind == TEX_CHAR && number.items[i].value >= '0' &&
		    number.items[i].value <= '9')
			macro->nr_parameters = number.items[i].value - '0';
	tex_tokens_release(&number);
	if (!found)
		return;
	struct tex_parameter *first = parameter(macro, 0);
	if (tex_optional(tex, '[', ']', &first->fallback, at)) {
		first->kind = TEX_OPTIONAL;
		first->open = '[';
		first->close = ']';
		first->has_fallback = true;
	}
}

/* parameter 1: only if it is not defined yet */
TEX_HANDLER(tex_do_newcommand)
{
	uint32_t name;
	tex_star(tex, '*');
	if (!tex_control_argument(tex, &name, at))
		return;
	struct tex_macro *macro = tex_macro_new(tex, at);
	if (!macro)
		return;
	read_latex_parameters(tex, macro, at);
	if (!tex_argument(tex, &macro->body, at))
		return;
	if (cmd->parameter == 1 && tex_meaning(tex, name)->kind != TEX_UNDEFINED)
		return;
	define_macro(tex, name, macro, false);
}

TEX_HANDLER(tex_do_math_operator)
{
	uint32_t name;
	(void)cmd;
	tex_star(tex, '*');
	if (!tex_control_argument(tex, &name, at))
		return;
	struct tex_macro *macro = tex_macro_new(tex, at);
	if (macro && tex_argument(tex, &macro->body, at))
		define_macro(tex, name, macro, false);
}

static size_t spec_token(const struct tex_tokens *spec, size_t i, char *out)
{
	while (i < spec->nr && spec->items[i].kind == TEX_SPACE)
		i++;
	if (i < spec->nr)
		*out = (char)spec->items[i++].value;
	return i;
}

/* A braced group, or one token, of an argument specification. */
static size_t spec_group(const struct tex_tokens *spec, size_t i, struct tex_tokens *out)
{
	size_t depth = 0;
	while (i < spec->nr && spec->items[i].kind == TEX_SPACE)
		i++;
	for (; i < spec->nr; i++) {
		const struct tex_token *t = &spec->items[i];
		if (t->kind == TEX_END && (!depth || !--depth))
			return i + 1;
		if (t->kind != TEX_BEGIN || depth++)
			tex_tokens_add(out, t);
		if (!depth)
			return i + 1;
	}
	return i;
}

/* xparse: letters, each with what follows it: characters (c) and groups (g). */
static const struct argument_type {
	char letter;
	enum tex_parameter_kind kind;
	const char *follow;
	char open, close;
} argument_types[] = {
	{ 'm', TEX_MANDATORY, "", 0, 0 },    { 'v', TEX_MANDATORY, "", 0, 0 },
	{ 'o', TEX_OPTIONAL, "", '[', ']' }, { 'O', TEX_OPTIONAL, "g", '[', ']' },
	{ 'd', TEX_OPTIONAL, "cc", 0, 0 },   { 'D', TEX_OPTIONAL, "ccg", 0, 0 },
	{ 'r', TEX_OPTIONAL, "cc", 0, 0 },   { 'R', TEX_OPTIONAL, "ccg", 0, 0 },
	{ 's', TEX_FLAG, "", '*', 0 },       { 't', TEX_FLAG, "c", 0, 0 },
	{ 'g', TEX_MANDATORY, "", 0, 0 },    { 'G', TEX_MANDATORY, "g", 0, 0 },
	{ 'b', TEX_OPTIONAL, "", 0, 0 },
};

static void parse_specification(struct tex_macro *macro, const struct tex_tokens *spec)
{
	size_t i = 0;
	while (i < spec->nr && macro->nr_parameters < TEX_MAX_PARAMETERS) {
		const struct argument_type *type = NULL;
		char letter = 0;
		i = spec_token(spec, i, &letter);
		for (size_t k = 0; k < ARRAY_SIZE(argument_types); k++)
			if (argument_types[k].letter == letter)
				type = &argument_types[k];
		if (!type) {
			if (letter == '>') {
				struct tex_tokens processor = { NULL, 0, 0 };
				i = spec_group(spec, i, &processor);
				tex_tokens_release(&processor);
			}
			continue;
		}
		struct tex_parameter *p = parameter(macro, macro->nr_parameters++);
		p->kind = type->kind;
		p->open = type->open;
		p->close = type->close;
		for (const char *f = type->follow; *f; f++) {
			if (*f == 'g') {
				i = spec_group(spec, i, &p->fallback);
				p->has_fallback = true;
			} else {
				i = spec_token(spec, i, f == type->follow ? &p->open : &p->close);
			}
		}
	}
}

TEX_HANDLER(tex_do_document_command)
{
	uint32_t name;
	struct tex_tokens spec = { NULL, 0, 0 };
	if (!tex_control_argument(tex, &name, at))
		return;
	struct tex_macro *macro = tex_macro_new(tex, at);
	if (macro && tex_argument(tex, &spec, at) && tex_argument(tex, &macro->body, at)) {
		parse_specification(macro, &spec);
		if (cmd->parameter != 1 || tex_meaning(tex, name)->kind == TEX_UNDEFINED)
			define_macro(tex, name, macro, false);
	}
	tex_tokens_release(&spec);
}

/* The parameter text of \def, up to the brace that opens the body. */
static bool read_parameter_text(struct tex *tex, struct tex_macro *macro)
{
	struct tex_token token;
	struct tex_tokens *delimiter = &macro->prefix;
	for (size_t nr = 0; tex_next(tex, &token) && nr < 1000; nr++) {
		if (token.kind == TEX_BEGIN) {
			tex_unread(tex, &token);
			return true;
		}
		if (token.kind == TEX_END || token.kind == TEX_PAR)
			break;
		if (token.kind != TEX_PARAMETER) {
			tex_tokens_add(delimiter, &token);
			continue;
		}
		if (!(token.value & 0xff) || macro->nr_parameters >= TEX_MAX_PARAMETERS)
			continue;
		delimiter = &parameter(macro, macro->nr_parameters++)->fallback;
	}
	return false;
}

/* parameter: 1 expands the body, 2 is global */
TEX_HANDLER(tex_do_def)
{
	struct tex_token name;
	if (!tex_next_solid(tex, &name) || name.kind != TEX_CONTROL)
		return;
	struct tex_macro *macro = tex_macro_new(tex, at);
	if (!macro || !read_parameter_text(tex, macro) || !tex_argument(tex, &macro->body, at))
		return;
	for (size_t i = 0; i < macro->nr_parameters; i++)
		if (macro->parameters[i].fallback.nr)
			macro->parameters[i].kind = TEX_DELIMITED;
	if (cmd->parameter & 1) {
		struct tex_tokens expanded = { NULL, 0, 0 };
		tex_expand_fully(tex, &macro->body, &expanded);
		tex_tokens_release(&macro->body);
		macro->body = expanded;
	}
	define_macro(tex, name.value, macro, cmd->parameter & 2);
}

TEX_HANDLER(tex_do_let)
{
	struct tex_token name, target;
	(void)at;
	if (!tex_next_solid(tex, &name) || name.kind != TEX_CONTROL ||
	    !tex_next_solid(tex, &target))
		return;
	if (target.kind == TEX_CHAR && target.value == '=' && !tex_next_solid(tex, &target))
		return;
	struct tex_meaning m = { .kind = TEX_TOKEN, .token = target };
	if (target.kind == TEX_CONTROL)
		m = *tex_meaning(tex, target.value);
	if (cmd->parameter) /* \futurelet\a\b: \a and \b are only looked at */
		return;
	tex_set_meaning(tex, name.value, &m, false);
}

TEX_HANDLER(tex_do_global)
{
	(void)cmd;
	(void)at;
	tex->global_prefix = true;
}

/* -- programming in macros --------------------------------------------------------------------- */

static void push_control(struct tex *tex, const char *name, size_t len, const struct tex_token *at)
{
	struct tex_tokens out = { NULL, 0, 0 };
	struct tex_token token = *at;
	token.kind = TEX_CONTROL;
	token.value = tex_name(tex, name, len);
	tex_tokens_add(&out, &token);
	tex_push_tokens(tex, &out, false);
}

TEX_HANDLER(tex_do_csname)
{
	struct buffer name = BUFFER_INIT_MAX(1000);
	struct tex_token token;
	(void)cmd;
	for (size_t nr = 0; nr < 1000 && tex_next(tex, &token); nr++) {
		if (token.kind != TEX_CONTROL) {
			tex_add_token_text(tex, &name, &token);
			continue;
		}
		struct tex_meaning *m = tex_meaning(tex, token.value);
		if (!strcmp(tex_name_of(tex, token.value), "endcsname")) {
			if (tex_spend(tex, 1, at))
				push_control(tex, name.data, name.len, at);
			break;
		}
		if (m->kind == TEX_MACRO)
			tex_expand(tex, m->macro, &token);
		else if (m->kind == TEX_COMMAND && m->command->expandable)
			m->command->run(tex, m->command, &token);
	}
	buffer_release(&name);
}

TEX_HANDLER(tex_do_expandafter)
{
	struct tex_token first, second;
	struct tex_tokens list = { NULL, 0, 0 };
	(void)cmd;
	if (!tex_next(tex, &first) || !tex_spend(tex, 1, at))
		return;
	if (tex_next(tex, &second)) {
		struct tex_meaning m = { .kind = TEX_UNDEFINED };
		if (second.kind == TEX_CONTROL)
			m = *tex_meaning(tex, second.value);
		if (m.kind == TEX_MACRO)
			tex_expand(tex, m.macro, &second);
		else if (m.kind == TEX_COMMAND && m.command->expandable && tex->chain < MAX_CHAIN) {
			tex->chain++;
			m.command->run(tex, m.command, &second);
			tex->chain--;
		} else {
			tex_unread(tex, &second);
		}
	}
	tex_tokens_add(&list, &first);
	tex_push_tokens(tex, &list, false);
}

TEX_HANDLER(tex_do_gobble)
{
	tex_skip_arguments(tex, cmd->arguments, at);
}

/* arguments: as many letters as there are; parameter: the one that is kept */
TEX_HANDLER(tex_do_choose)
{
	struct tex_tokens argument = { NULL, 0, 0 }, kept = { NULL, 0, 0 };
	for (int i = 0; cmd->arguments[i]; i++) {
		argument.nr = 0;
		tex_argument(tex, i == cmd->parameter ? &kept : &argument, at);
	}
	tex_reread(tex, &kept, false);
	tex_tokens_release(&argument);
	tex_tokens_release(&kept);
}

static void choose(struct tex *tex, bool first, const struct tex_tokens *a,
		   const struct tex_tokens *b)
{
	tex_reread(tex, first ? a : b, false);
}

/* parameter: the character, or 0: it is the first argument */
TEX_HANDLER(tex_do_ifnextchar)
{
	struct tex_tokens wanted = { NULL, 0, 0 }, yes = { NULL, 0, 0 }, no = { NULL, 0, 0 };
	struct tex_token next = { .kind = TEX_PAR };
	tex_argument(tex, &wanted, at);
	tex_argument(tex, &yes, at);
	tex_argument(tex, &no, at);
	(void)cmd;
	if (tex_next_solid(tex, &next))
		tex_unread(tex, &next);
	choose(tex, wanted.nr && same_token(&wanted.items[0], &next), &yes, &no);
	tex_tokens_release(&wanted);
	tex_tokens_release(&yes);
	tex_tokens_release(&no);
}

TEX_HANDLER(tex_do_ifstar)
{
	struct tex_tokens yes = { NULL, 0, 0 }, no = { NULL, 0, 0 };
	(void)cmd;
	tex_argument(tex, &yes, at);
	tex_argument(tex, &no, at);
	choose(tex, tex_star(tex, '*'), &yes, &no);
	tex_tokens_release(&yes);
	tex_tokens_release(&no);
}

static void add_char(struct tex_tokens *list, enum tex_kind kind, char c,
		     const struct tex_token *at)
{
	struct tex_token token = *at;
	token.kind = (uint8_t)kind;
	token.value = (unsigned char)c;
	token.flags |= TEX_FROM_BODY;
	tex_tokens_add(list, &token);
}

static void add_bracketed(struct tex_tokens *list, const struct tex_tokens *value,
			  const struct tex_token *at)
{
	add_char(list, TEX_CHAR, '[', at);
	add_char(list, TEX_BEGIN, '{', at);
	tex_tokens_append(list, value->items, value->nr);
	add_char(list, TEX_END, '}', at);
	add_char(list, TEX_CHAR, ']', at);
}

static bool bracket_follows(struct tex *tex)
{
	struct tex_token next;
	if (!tex_next_solid(tex, &next))
		return false;
	tex_unread(tex, &next);
	return next.kind == TEX_CHAR && next.value == '[';
}

TEX_HANDLER(tex_do_testopt)
{
	struct tex_tokens command = { NULL, 0, 0 }, fallback = { NULL, 0, 0 };
	(void)cmd;
	tex_argument(tex, &command, at);
	tex_argument(tex, &fallback, at);
	if (!bracket_follows(tex))
		add_bracketed(&command, &fallback, at);
	tex_reread(tex, &command, false);
	tex_tokens_release(&command);
	tex_tokens_release(&fallback);
}

TEX_HANDLER(tex_do_dblarg)
{
	struct tex_tokens command = { NULL, 0, 0 }, argument = { NULL, 0, 0 };
	(void)cmd;
	tex_argument(tex, &command, at);
	if (!bracket_follows(tex)) {
		tex_argument(tex, &argument, at);
		add_bracketed(&command, &argument, at);
		add_char(&command, TEX_BEGIN, '{', at);
		tex_tokens_append(&command, argument.items, argument.nr);
		add_char(&command, TEX_END, '}', at);
	}
	tex_reread(tex, &command, false);
	tex_tokens_release(&command);
	tex_tokens_release(&argument);
}

TEX_HANDLER(tex_do_at_letter)
{
	(void)at;
	if (cmd->parameter & 2)
		tex->expl_syntax = cmd->parameter & 1;
	else
		tex->at_letter = cmd->parameter & 1;
}

TEX_HANDLER(tex_do_catcode)
{
	(void)cmd;
	(void)at;
	tex->odd_catcodes = true;
}
