#include "base/memory.h"
#include "base/text.h"
#include "paper/tex.h"

static const char not_taken[] = "branch that is not taken";

static bool in_package(struct tex *tex)
{
	struct tex_frame *file = tex_file(tex);
	return file && file->is_package;
}

bool tex_is_conditional(struct tex *tex, uint32_t name)
{
	const struct tex_meaning *m = tex_meaning(tex, name);
	if (m->kind == TEX_BOOLEAN)
		return true;
	if (m->kind == TEX_COMMAND) {
		static void (*const starts[])(struct tex *, const struct tex_command *,
					      const struct tex_token *) = {
			tex_do_iftrue,    tex_do_iffalse,  tex_do_ifx,        tex_do_ifnum,
			tex_do_ifdefined, tex_do_ifcsname, tex_do_if_unknown,
		};
		for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
			if (m->command->run == starts[i])
				return true;
		return false;
	}
	const char *s = tex_name_of(tex, name);
	return m->kind == TEX_UNDEFINED && s[0] == 'i' && s[1] == 'f' && s[2] && strcmp(s, "iff");
}

/* A command that a package may define takes its argument in braces; a conditional does not. */
static bool starts_conditional(struct tex *tex, const struct tex_token *token)
{
	struct tex_token next;
	if (token->kind != TEX_CONTROL || !tex_is_conditional(tex, token->value))
		return false;
	if (tex_meaning(tex, token->value)->kind != TEX_UNDEFINED)
		return true;
	if (!tex_next(tex, &next))
		return true;
	tex_unread(tex, &next);
	return next.kind != TEX_BEGIN;
}

/* -- branches ---------------------------------------------------------------------------------- */

void tex_act(struct tex *tex, const struct tex_token *action)
{
	if (action->value == TEX_GROUP_END)
		tex_environment_close(tex, NULL);
	else if (action->value == TEX_BRANCH_BEGIN)
		tex->undecided++;
	else if (tex->undecided)
		tex->undecided--;
}

/* What stands between the tokens FROM and TO (or to END of the file) is not read by TeX. */
static void hide_between(struct tex *tex, const struct tex_token *from, const struct tex_token *to,
			 size_t end, const char *how)
{
	if (tex->quiet || in_package(tex) || from->flags & TEX_FROM_BODY ||
	    (to && (to->flags & TEX_FROM_BODY || to->file != from->file)))
		return;
	size_t stop = to ? to->start : end, stop_cut = to ? to->end : end;
	const char *data = tex->doc->files[from->file].bytes.data;
	size_t flow_end = to ? to->flow + (stop_cut - to->start) : from->flow + (end - from->start);
	reading_cut(tex->r, from->flow, flow_end);
	if (stop <= from->end ||
	    !tex_has_words((struct slice){ data + from->end, stop - from->end }, 1))
		return;
	struct location where = { from->file, from->end, stop };
	reading_hidden(tex->r, where, from->flow + (from->end - from->start), data + from->end,
		       stop - from->end, how);
}

/* Reads over a branch; true when it ended with \else. */
static bool skip_branch(struct tex *tex, const struct tex_token *at, bool stop_at_else,
			const char *how)
{
	struct tex_token token;
	size_t depth = 0;
	while (tex_next(tex, &token)) {
		if (token.kind == TEX_ACTION)
			tex_act(tex, &token);
		if (token.kind != TEX_CONTROL)
			continue;
		const struct tex_meaning *m = tex_meaning(tex, token.value);
		bool is_fi = m->kind == TEX_COMMAND && m->command->run == tex_do_fi;
		bool is_else = m->kind == TEX_COMMAND && m->command->run == tex_do_else &&
			       m->command->parameter == 0;
		if ((is_fi || (is_else && stop_at_else)) && !depth) {
			hide_between(tex, at, &token, 0, how);
			return is_else;
		}
		if (is_fi)
			depth--;
		else if (!is_else && starts_conditional(tex, &token))
			depth++;
	}
	struct tex_frame *file = tex_file(tex);
	if (file && !tex->quiet) {
		reading_problem(tex->r, tex_where(at), "this conditional has no \\fi");
		if (file->file == at->file)
			hide_between(tex, at, NULL, file->end, how);
	}
	return false;
}

static void push_conditional(struct tex *tex, enum tex_branch branch, const struct tex_token *at)
{
	if (tex->nr_conditionals >= TEX_MAX_CONDITIONALS) {
		reading_limit(tex->r, tex_where(at), "nested conditionals");
		return;
	}
	ALLOC_GROW(tex->conditionals, tex->nr_conditionals, tex->alloc_conditionals);
	tex->conditionals[tex->nr_conditionals++] = (struct tex_conditional){ branch, *at };
	tex->undecided += branch == TEX_BRANCH_UNDECIDED;
}

static void begin_conditional(struct tex *tex, enum tex_truth truth, const struct tex_token *at,
			      const char *how)
{
	if (truth == TEX_UNKNOWN)
		push_conditional(tex, TEX_BRANCH_UNDECIDED, at);
	else if (truth == TEX_TRUE || skip_branch(tex, at, true, how))
		push_conditional(tex, TEX_BRANCH_TAKEN, at);
}

void tex_do_conditional(struct tex *tex, const struct tex_token *at)
{
	const struct tex_meaning *m = tex_meaning(tex, at->value);
	if (m->kind == TEX_BOOLEAN)
		begin_conditional(tex, m->value, at, not_taken);
	else if (starts_conditional(tex, at))
		begin_conditional(tex, TEX_UNKNOWN, at, not_taken);
}

TEX_HANDLER(tex_do_iftrue)
{
	(void)cmd;
	begin_conditional(tex, TEX_TRUE, at, not_taken);
}

TEX_HANDLER(tex_do_iffalse)
{
	(void)cmd;
	begin_conditional(tex, TEX_FALSE, at, "\\iffalse");
}

TEX_HANDLER(tex_do_if_unknown)
{
	(void)cmd;
	begin_conditional(tex, TEX_UNKNOWN, at, not_taken);
}

/* parameter 1: \or, which only \ifcase has, and that is never decided */
TEX_HANDLER(tex_do_else)
{
	if (!tex->nr_conditionals || cmd->parameter ||
	    tex->conditionals[tex->nr_conditionals - 1].branch == TEX_BRANCH_UNDECIDED)
		return;
	tex->nr_conditionals--;
	skip_branch(tex, at, false, not_taken);
}

TEX_HANDLER(tex_do_fi)
{
	(void)cmd;
	(void)at;
	if (!tex->nr_conditionals)
		return;
	if (tex->conditionals[--tex->nr_conditionals].branch == TEX_BRANCH_UNDECIDED &&
	    tex->undecided)
		tex->undecided--;
}

void tex_end_conditionals(struct tex *tex)
{
	for (size_t i = 0; i < tex->nr_conditionals; i++) {
		const struct tex_token *at = &tex->conditionals[i].at;
		if (!(at->flags & TEX_FROM_BODY) && !tex->ended)
			reading_problem(tex->r, tex_where(at), "this conditional has no \\fi");
	}
}

/* -- tests ------------------------------------------------------------------------------------- */

static bool same_tokens(const struct tex_tokens *a, const struct tex_tokens *b)
{
	if (a->nr != b->nr)
		return false;
	for (size_t i = 0; i < a->nr; i++)
		if (a->items[i].kind != b->items[i].kind || a->items[i].value != b->items[i].value)
			return false;
	return true;
}

static bool is_name(struct tex *tex, const struct tex_token *token, const char *const *names)
{
	if (token->kind != TEX_CONTROL)
		return false;
	const char *name = tex_name_of(tex, token->value);
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

static enum tex_truth compare_macro(struct tex *tex, const struct tex_macro *macro,
				    const struct tex_token *other)
{
	static const char *const empty[] = { "@empty", "empty", NULL };
	static const char *const other_kinds[] = { "undefined", "@undefined", "relax", NULL };
	struct tex_meaning *m = tex_meaning(tex, other->value);
	if (other->kind != TEX_CONTROL || is_name(tex, other, other_kinds))
		return TEX_FALSE;
	if (m->kind == TEX_MACRO)
		return m->macro->nr_parameters == macro->nr_parameters &&
			       same_tokens(&m->macro->body, &macro->body)
			   ? TEX_TRUE
			   : TEX_FALSE;
	if (is_name(tex, other, empty))
		return macro->body.nr || macro->nr_parameters ? TEX_FALSE : TEX_TRUE;
	return TEX_UNKNOWN;
}

static enum tex_truth compare_tokens(struct tex *tex, const struct tex_token *a,
				     const struct tex_token *b)
{
	static const char *const no_characters[] = { "relax",     "@empty",     "empty",
						     "undefined", "@undefined", NULL };
	if (a->kind == b->kind && a->value == b->value)
		return TEX_TRUE;
	if (a->kind != TEX_CONTROL && b->kind != TEX_CONTROL)
		return TEX_FALSE;
	if (a->kind == TEX_CONTROL && tex_meaning(tex, a->value)->kind == TEX_MACRO)
		return compare_macro(tex, tex_meaning(tex, a->value)->macro, b);
	if (b->kind == TEX_CONTROL && tex_meaning(tex, b->value)->kind == TEX_MACRO)
		return compare_macro(tex, tex_meaning(tex, b->value)->macro, a);
	if (a->kind != TEX_CONTROL || b->kind != TEX_CONTROL)
		return is_name(tex, a, no_characters) || is_name(tex, b, no_characters)
			   ? TEX_FALSE
			   : TEX_UNKNOWN;
	return TEX_UNKNOWN;
}

TEX_HANDLER(tex_do_ifx)
{
	struct tex_token a, b;
	(void)cmd;
	if (!tex_next(tex, &a) || !tex_next(tex, &b))
		return;
	begin_conditional(tex, in_package(tex) ? TEX_UNKNOWN : compare_tokens(tex, &a, &b), at,
			  not_taken);
}

static bool next_expanded(struct tex *tex, struct tex_token *out)
{
	for (size_t i = 0; i < 100; i++) {
		if (!tex_next(tex, out))
			return false;
		if (out->kind != TEX_CONTROL || tex_meaning(tex, out->value)->kind != TEX_MACRO)
			return true;
		if (!tex_expand(tex, tex_meaning(tex, out->value)->macro, out))
			return true;
	}
	return false;
}

static bool read_number(struct tex *tex, long *out)
{
	struct tex_token token;
	bool negative = false, found = false;
	*out = 0;
	while (next_expanded(tex, &token)) {
		char c = token.kind == TEX_CHAR ? (char)token.value : 0;
		if (ascii_digit(c) && *out < 100000000) {
			found = true;
			*out = *out * 10 + (c - '0');
		} else if (!found && (c == '-' || c == '+')) {
			negative ^= c == '-';
		} else if (found || token.kind != TEX_SPACE) {
			if (token.kind != TEX_SPACE)
				tex_unread(tex, &token);
			break;
		}
	}
	if (negative)
		*out = -*out;
	return found;
}

TEX_HANDLER(tex_do_ifnum)
{
	long a, b;
	struct tex_token relation;
	enum tex_truth truth = TEX_UNKNOWN;
	(void)cmd;
	if (read_number(tex, &a) && tex_next_solid(tex, &relation)) {
		if (relation.kind == TEX_CHAR && read_number(tex, &b)) {
			bool holds = relation.value == '<'   ? a < b
				     : relation.value == '>' ? a > b
							     : a == b;
			truth = holds ? TEX_TRUE : TEX_FALSE;
		} else if (relation.kind != TEX_CHAR) {
			tex_unread(tex, &relation);
		}
	}
	begin_conditional(tex, truth, at, not_taken);
}

TEX_HANDLER(tex_do_ifdefined)
{
	struct tex_token token;
	(void)cmd;
	bool known = tex_next(tex, &token) && token.kind == TEX_CONTROL &&
		     tex_meaning(tex, token.value)->kind != TEX_UNDEFINED;
	begin_conditional(tex, known ? TEX_TRUE : TEX_UNKNOWN, at, not_taken);
}

TEX_HANDLER(tex_do_ifcsname)
{
	(void)cmd;
	begin_conditional(tex, TEX_UNKNOWN, at, not_taken);
}

/* -- booleans ---------------------------------------------------------------------------------- */

static void define_setter(struct tex *tex, const char *name, const char *value, uint32_t target,
			  enum tex_truth truth)
{
	char *full = xstrfmt("%s%s", name, value);
	struct tex_meaning m = { .kind = TEX_SETTER, .target = target, .value = truth };
	tex_set_meaning(tex, tex_name(tex, full, strlen(full)), &m, true);
	free(full);
}

static void define_boolean(struct tex *tex, const char *conditional)
{
	/* A package's own switches depend on options that are not followed. */
	enum tex_truth truth = in_package(tex) ? TEX_UNKNOWN : TEX_FALSE;
	uint32_t target = tex_name(tex, conditional, strlen(conditional));
	struct tex_meaning m = { .kind = TEX_BOOLEAN, .value = truth };
	tex_set_meaning(tex, target, &m, true);
	char *name = xstrdup(starts_with(conditional, "if") ? conditional + 2 : conditional);
	define_setter(tex, name, "true", target, TEX_TRUE);
	define_setter(tex, name, "false", target, TEX_FALSE);
	free(name);
}

static void set_boolean(struct tex *tex, uint32_t target, enum tex_truth truth)
{
	struct tex_meaning m = *tex_meaning(tex, target);
	m.kind = TEX_BOOLEAN;
	m.value = tex->undecided || in_package(tex) ? TEX_UNKNOWN : truth;
	tex_set_meaning(tex, target, &m, false);
}

void tex_do_setter(struct tex *tex, const struct tex_meaning *setter)
{
	set_boolean(tex, setter->target, setter->value);
}

TEX_HANDLER(tex_do_newif)
{
	uint32_t name;
	(void)cmd;
	if (tex_control_argument(tex, &name, at)) {
		char *copy = xstrdup(tex_name_of(tex, name));
		define_boolean(tex, copy);
		free(copy);
	}
}

/* The boolean that the argument names; arguments of the command is the prefix of its name. */
static bool boolean_argument(struct tex *tex, const char *prefix, struct buffer *name,
			     const struct tex_token *at)
{
	struct buffer argument = BUFFER_INIT_MAX(1000);
	buffer_reset(name);
	buffer_addstr(name, prefix);
	bool found = tex_string(tex, &argument, at);
	buffer_addbuf(name, &argument);
	buffer_release(&argument);
	return found;
}

TEX_HANDLER(tex_do_newbool)
{
	struct buffer name = BUFFER_INIT;
	if (boolean_argument(tex, cmd->arguments, &name, at))
		define_boolean(tex, name.data);
	buffer_release(&name);
}

/* parameter: 0 takes the value from the second argument, 1 sets, 2 clears */
TEX_HANDLER(tex_do_setbool)
{
	struct buffer name = BUFFER_INIT, value = BUFFER_INIT;
	if (boolean_argument(tex, cmd->arguments, &name, at)) {
		if (!cmd->parameter)
			tex_string(tex, &value, at);
		bool on = cmd->parameter ? cmd->parameter == 1 : !strcmp(value.data, "true");
		set_boolean(tex, tex_name(tex, name.data, name.len), on ? TEX_TRUE : TEX_FALSE);
	}
	buffer_release(&name);
	buffer_release(&value);
}

static enum tex_truth boolean_value(struct tex *tex, const struct buffer *name)
{
	const struct tex_meaning *m = tex_meaning(tex, tex_name(tex, name->data, name->len));
	return m->kind == TEX_BOOLEAN ? m->value : TEX_UNKNOWN;
}

/* -- commands with branches as arguments ------------------------------------------------------- */

static void add_action(struct tex_tokens *list, enum tex_action action, const struct tex_token *at)
{
	struct tex_token token = *at;
	token.kind = TEX_ACTION;
	token.value = action;
	tex_tokens_add(list, &token);
}

void tex_undecided_branches(struct tex *tex, struct tex_tokens *branches, size_t nr,
			    const struct tex_token *at)
{
	struct tex_tokens list = { NULL, 0, 0 };
	add_action(&list, TEX_BRANCH_BEGIN, at);
	for (size_t i = 0; i < nr; i++)
		tex_tokens_append(&list, branches[i].items, branches[i].nr);
	add_action(&list, TEX_BRANCH_END, at);
	tex_reread(tex, &list, false);
	tex_tokens_release(&list);
}

static void hide_branch(struct tex *tex, const struct tex_tokens *branch)
{
	if (!branch->nr || !tex->in_document || tex->quiet || in_package(tex))
		return;
	const struct tex_token *first = branch->items, *last = first + (branch->nr - 1);
	if (first->flags & TEX_FROM_BODY || last->flags & TEX_FROM_BODY ||
	    first->file != last->file)
		return;
	const char *data = tex->doc->files[first->file].bytes.data;
	struct slice text = { data + first->start, last->end - first->start };
	if (tex_has_words(text, 1))
		tex_hide_range(tex, first->file, first->start, last->end, first->flow,
			       last->flow + (last->end - last->start), not_taken);
}

static void take_branch(struct tex *tex, enum tex_truth truth, struct tex_tokens *branches,
			const struct tex_token *at)
{
	if (truth == TEX_UNKNOWN) {
		tex_undecided_branches(tex, branches, 2, at);
		return;
	}
	hide_branch(tex, &branches[truth == TEX_TRUE]);
	tex_reread(tex, &branches[truth != TEX_TRUE], false);
}

static void read_branches(struct tex *tex, enum tex_truth truth, const struct tex_token *at)
{
	struct tex_tokens branches[2] = { { NULL, 0, 0 }, { NULL, 0, 0 } };
	tex_argument(tex, &branches[0], at);
	tex_argument(tex, &branches[1], at);
	take_branch(tex, truth, branches, at);
	tex_tokens_release(&branches[0]);
	tex_tokens_release(&branches[1]);
}

static enum tex_truth negate(enum tex_truth truth)
{
	return truth == TEX_UNKNOWN ? truth : truth == TEX_TRUE ? TEX_FALSE : TEX_TRUE;
}

/* parameter 1: negated */
TEX_HANDLER(tex_do_ifbool)
{
	struct buffer name = BUFFER_INIT;
	boolean_argument(tex, cmd->arguments, &name, at);
	enum tex_truth truth = boolean_value(tex, &name);
	buffer_release(&name);
	read_branches(tex, cmd->parameter ? negate(truth) : truth, at);
}

/* \boolean{x}, \equal{a}{b}, each perhaps behind \not; anything else is not decided. */
static enum tex_truth evaluate_test(struct tex *tex, const struct tex_token *at)
{
	static const char *const nots[] = { "not", "NOT", NULL };
	static const char *const booleans[] = { "boolean", NULL };
	static const char *const equals[] = { "equal", NULL };
	struct tex_token token;
	struct buffer a = BUFFER_INIT, b = BUFFER_INIT;
	enum tex_truth truth = TEX_UNKNOWN;
	bool negated = false;
	while (tex_next_solid(tex, &token) && is_name(tex, &token, nots))
		negated = !negated;
	if (is_name(tex, &token, booleans) && boolean_argument(tex, "if", &a, at))
		truth = boolean_value(tex, &a);
	else if (is_name(tex, &token, equals) && tex_string(tex, &a, at) &&
		 tex_string(tex, &b, at) && !strchr(a.data, '\\') && !strchr(b.data, '\\'))
		truth = strcmp(a.data, b.data) ? TEX_FALSE : TEX_TRUE;
	if (tex_next_solid(tex, &token))
		truth = TEX_UNKNOWN;
	buffer_release(&a);
	buffer_release(&b);
	return negated ? negate(truth) : truth;
}

TEX_HANDLER(tex_do_ifthenelse)
{
	struct tex_tokens test = { NULL, 0, 0 };
	enum tex_truth truth = TEX_UNKNOWN;
	(void)cmd;
	struct tex_state state;
	if (tex_argument(tex, &test, at) && test.nr && tex_enter(tex, &test, &state)) {
		truth = evaluate_test(tex, at);
		tex_leave(tex, &state);
	}
	tex_tokens_release(&test);
	read_branches(tex, truth, at);
}

TEX_HANDLER(tex_do_if_file_exists)
{
	struct buffer name = BUFFER_INIT;
	(void)cmd;
	tex_string(tex, &name, at);
	char *path = tex_find_file(tex, name.data, NULL);
	read_branches(tex, path ? TEX_TRUE : TEX_UNKNOWN, at);
	free(path);
	buffer_release(&name);
}

/* xparse's tests. parameter: 1 has a branch for true, 2 for false, 4 asks for a value rather than
 * for none, 8 asks a boolean */
TEX_HANDLER(tex_do_if_value)
{
	struct tex_tokens argument = { NULL, 0, 0 };
	struct tex_tokens branches[2] = { { NULL, 0, 0 }, { NULL, 0, 0 } };
	static const char *const yes[] = { "BooleanTrue", NULL };
	static const char *const no[] = { "BooleanFalse", NULL };
	enum tex_truth truth;
	tex_argument(tex, &argument, at);
	const struct tex_token *first = argument.nr ? argument.items : NULL;
	bool none = first && first->kind == TEX_NO_VALUE;
	if (cmd->parameter & 8)
		truth = first && is_name(tex, first, yes)  ? TEX_TRUE
			: first && is_name(tex, first, no) ? TEX_FALSE
							   : TEX_UNKNOWN;
	else
		truth = none == !(cmd->parameter & 4) ? TEX_TRUE : TEX_FALSE;
	if (cmd->parameter & 1)
		tex_argument(tex, &branches[0], at);
	if (cmd->parameter & 2)
		tex_argument(tex, &branches[1], at);
	take_branch(tex, truth, branches, at);
	tex_tokens_release(&argument);
	tex_tokens_release(&branches[0]);
	tex_tokens_release(&branches[1]);
}

/* Tests that are not followed; parameter 1: is the argument empty? */
TEX_HANDLER(tex_do_either)
{
	struct tex_tokens argument = { NULL, 0, 0 };
	enum tex_truth truth = TEX_UNKNOWN;
	if (cmd->parameter == 1) {
		size_t solid = 0;
		tex_argument(tex, &argument, at);
		for (size_t i = 0; i < argument.nr; i++)
			solid += argument.items[i].kind != TEX_SPACE;
		truth = solid ? TEX_FALSE : TEX_TRUE;
		if (solid && argument.items[0].kind == TEX_PARAMETER)
			truth = TEX_UNKNOWN;
		tex_tokens_release(&argument);
	} else {
		tex_skip_arguments(tex, cmd->arguments, at);
	}
	read_branches(tex, truth, at);
}
