#include "base/command.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

/* How many candidates an "ambiguous option" error names before it says "...". */
#define AMBIGUOUS_SHOWN 6

/* One option as it was met on the command line. */
struct met {
	const struct option *option;
	bool negated;
	const char *shown; /* as the user may write it: "--since", "-n" */
};

typedef struct error *set_fn(void *member, const struct met *met, const char *value);

static struct error *bad_value(const struct met *met, const char *value, const char *expects)
{
	return error_new(ERROR_USAGE, "option `%s' expects %s, not `%s'", met->shown, expects,
			 value);
}

static struct error *set_string(void *member, const struct met *met, const char *value)
{
	(void)met;
	/* --name of an OPTION_OPTIONAL_STRING: given, but without a value. */
	*(const char **)member = value ? value : "";
	return NULL;
}

static struct error *add_string(void *member, const struct met *met, const char *value)
{
	(void)met;
	struct option_strings *strings = member;
	ALLOC_GROW(strings->items, strings->nr, strings->alloc);
	strings->items[strings->nr++] = value;
	return NULL;
}

static bool apply_unit(int64_t *number, const char *unit)
{
	static const struct {
		char name;
		int64_t factor;
	} units[] = { { 'k', 1 << 10 }, { 'm', 1 << 20 }, { 'g', 1 << 30 } };

	if (!*unit)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (ascii_lower((unsigned char)unit[0]) == units[i].name && !unit[1])
			return !__builtin_mul_overflow(*number, units[i].factor, number);
	return false;
}

static struct error *set_integer(void *member, const struct met *met, const char *value)
{
	char *end;
	const char *digits = value + (*value == '-' || *value == '+');
	errno = 0;
	int64_t number = strtoimax(value, &end, 10);
	if (!ascii_digit((unsigned char)*digits) || errno || !apply_unit(&number, end))
		return bad_value(met, value, "an integer with an optional k, m or g suffix");
	*(int64_t *)member = number;
	return NULL;
}

static struct error *set_number(void *member, const struct met *met, const char *value)
{
	char *end;
	double number = strtod(value, &end);
	/* The span keeps out what strtod takes besides: blanks, "nan", "inf", hexadecimal. */
	if (!*value || *end || value[strspn(value, "0123456789+-.eE")] || !isfinite(number))
		return bad_value(met, value, "a number");
	*(double *)member = number;
	return NULL;
}

static struct error *set_choice(void *member, const struct met *met, const char *value)
{
	struct buffer list = BUFFER_INIT;
	for (const char *const *choice = met->option->choices; *choice; choice++) {
		if (!strcmp(*choice, value)) {
			buffer_release(&list);
			*(const char **)member = *choice;
			return NULL;
		}
		buffer_addf(&list, "%s%s", list.len ? (choice[1] ? ", " : " or ") : "", *choice);
	}
	struct error *err = bad_value(met, value, list.data);
	const char *near = text_nearest(value, met->option->choices);
	if (near)
		err = error_with_hint(err, "did you mean `%s'?", near);
	buffer_release(&list);
	return err;
}

static struct error *set_bool(void *member, const struct met *met, const char *value)
{
	(void)met;
	(void)value;
	*(bool *)member = true;
	return NULL;
}

static struct error *set_switch(void *member, const struct met *met, const char *value)
{
	(void)met;
	(void)value;
	*(int *)member = 1;
	return NULL;
}

static const struct kind {
	enum option_value value;
	set_fn *set;
	size_t size;
	bool negated_is_default; /* --no-name restores the default instead of clearing */
} kinds[] = {
	[OPTION_BOOL] = { OPTION_VALUE_NONE, set_bool, sizeof(bool) },
	[OPTION_SWITCH] = { OPTION_VALUE_NONE, set_switch, sizeof(int) },
	[OPTION_STRING] = { OPTION_VALUE_REQUIRED, set_string, sizeof(const char *) },
	[OPTION_STRINGS] = { OPTION_VALUE_REQUIRED, add_string, sizeof(struct option_strings) },
	[OPTION_INTEGER] = { OPTION_VALUE_REQUIRED, set_integer, sizeof(int64_t), true },
	[OPTION_NUMBER] = { OPTION_VALUE_REQUIRED, set_number, sizeof(double), true },
	[OPTION_CHOICE] = { OPTION_VALUE_REQUIRED, set_choice, sizeof(const char *), true },
	[OPTION_OPTIONAL_STRING] = { OPTION_VALUE_OPTIONAL, set_string, sizeof(const char *) },
};

enum option_value option_value(const struct option *option)
{
	return kinds[option->kind].value;
}

bool option_next(const struct command *cmd, const struct option **option)
{
	if (!*option)
		*option = cmd->options;
	else
		(*option)++;
	while (*option && (*option)->kind == OPTION_GROUP)
		(*option)++;
	return *option && (*option)->kind != OPTION_END;
}

void option_negated_name(struct buffer *out, const struct option *option)
{
	const char *positive;
	if (!skip_prefix(option->long_name, "no-", &positive)) {
		buffer_addstr(out, "no-");
		positive = option->long_name;
	}
	buffer_addstr(out, positive);
}

/* -- finding the option that was meant ------------------------------------------------------ */

struct parser {
	const struct command *cmd;
	char *options;
	int argc, next, kept;
	const char **argv;
	bool *help;
};

/* Every way to spell a long option of a command: the names and their negations. */
struct spellings {
	struct buffer text; /* the names, each ended by NUL */
	struct spelling {
		const char *name;
		const struct option *option; /* NULL: --help */
		bool negated;
	} *items;
	size_t nr, alloc;
};

static void spellings_add(struct spellings *all, const struct option *option, bool negated)
{
	ALLOC_GROW(all->items, all->nr, all->alloc);
	/* The text may still move: until it is complete, `name` is found through the order. */
	all->items[all->nr++] = (struct spelling){ NULL, option, negated };
	if (negated)
		option_negated_name(&all->text, option);
	else
		buffer_addstr(&all->text, option ? option->long_name : "help");
	buffer_addch(&all->text, '\0');
}

static void spellings_collect(struct spellings *all, const struct command *cmd)
{
	for (const struct option *o = NULL; option_next(cmd, &o);) {
		if (!o->long_name)
			continue;
		spellings_add(all, o, false);
		spellings_add(all, o, true);
	}
	spellings_add(all, NULL, false);
	const char *name = all->text.data;
	for (size_t i = 0; i < all->nr; i++, name += strlen(name) + 1)
		all->items[i].name = name;
}

static void spellings_release(struct spellings *all)
{
	buffer_release(&all->text);
	free(all->items);
}

static const char *spellings_nearest(const struct spellings *all, const char *word)
{
	const char **names = xcalloc(all->nr + 1, sizeof(*names));
	for (size_t i = 0; i < all->nr; i++)
		names[i] = all->items[i].name;
	const char *near = text_nearest(word, names);
	free(names);
	return near;
}

static struct error *ambiguous(const struct spellings *all, const char *name, size_t len)
{
	struct buffer list = BUFFER_INIT;
	size_t shown = 0, total = 0;
	for (size_t i = 0; i < all->nr; i++)
		total += !strncmp(all->items[i].name, name, len);
	for (size_t i = 0; i < all->nr && shown < AMBIGUOUS_SHOWN; i++) {
		if (strncmp(all->items[i].name, name, len))
			continue;
		const char *between = !shown ? "" : shown + 1 == total ? " or " : ", ";
		buffer_addf(&list, "%s--%s", between, all->items[i].name);
		shown++;
	}
	struct error *err = error_new(ERROR_USAGE, "ambiguous option `--%.*s' (could be %s%s)",
				      (int)len, name, list.data, shown < total ? ", ..." : "");
	buffer_release(&list);
	return err;
}

/* Finds the spelling that the LEN bytes at NAME are, or the only one that they begin. */
static struct error *find_spelling(const struct spellings *all, const char *name, size_t len,
				   const struct spelling **out)
{
	size_t candidates = 0;
	*out = NULL;
	for (size_t i = 0; i < all->nr; i++) {
		if (strncmp(all->items[i].name, name, len))
			continue;
		if (!all->items[i].name[len]) {
			*out = &all->items[i];
			return NULL;
		}
		*out = &all->items[i];
		candidates++;
	}
	if (candidates == 1)
		return NULL;
	*out = NULL;
	if (candidates)
		return ambiguous(all, name, len);
	char *word = xmemdupz(name, len);
	const char *near = spellings_nearest(all, word);
	struct error *err = error_new(ERROR_USAGE, "unknown option `--%s'", word);
	if (near)
		err = error_with_hint(err, "did you mean `--%s'?", near);
	else
		err = error_with_hint(err, "`-h' lists the options");
	free(word);
	return err;
}

static const struct option *find_short(const struct command *cmd, char name)
{
	for (const struct option *o = NULL; option_next(cmd, &o);)
		if (o->short_name == name)
			return o;
	return NULL;
}

/* -- parsing -------------------------------------------------------------------------------- */

static void negate(struct parser *p, const struct option *option)
{
	const struct kind *kind = &kinds[option->kind];
	char *member = p->options + option->offset;
	if (option->kind == OPTION_STRINGS)
		free(((struct option_strings *)member)->items);
	if (kind->negated_is_default && p->cmd->defaults)
		memcpy(member, (const char *)p->cmd->defaults + option->offset, kind->size);
	else
		memset(member, 0, kind->size);
}

/* Sets what MET stands for; STUCK is the value given in the same argument, or NULL. */
static struct error *apply(struct parser *p, const struct met *met, const char *stuck)
{
	const struct kind *kind = &kinds[met->option->kind];
	if (stuck && (met->negated || kind->value == OPTION_VALUE_NONE))
		return error_new(ERROR_USAGE, "option `%s' takes no value", met->shown);
	/* A bool called "no-write" is set by --no-write and cleared by --write. */
	if (met->negated) {
		negate(p, met->option);
		return NULL;
	}
	if (!stuck && kind->value == OPTION_VALUE_REQUIRED) {
		if (p->next == p->argc)
			return error_new(ERROR_USAGE, "option `%s' requires a value", met->shown);
		stuck = p->argv[p->next++];
	}
	return kind->set(p->options + met->option->offset, met, stuck);
}

static struct error *parse_long(struct parser *p, const char *arg)
{
	struct spellings all = { BUFFER_INIT, NULL, 0, 0 };
	const struct spelling *found;
	struct error *err;
	size_t len = strcspn(arg, "=");
	char *shown = NULL;

	spellings_collect(&all, p->cmd);
	err = find_spelling(&all, arg, len, &found);
	if (err)
		goto out;
	if (!found->option) {
		*p->help = true;
		goto out;
	}
	shown = xstrfmt("--%s", found->name);
	struct met met = { found->option, found->negated, shown };
	err = apply(p, &met, arg[len] ? arg + len + 1 : NULL);
out:
	free(shown);
	spellings_release(&all);
	return err;
}

/* CLUSTER is the argument behind its dash, AT the letter in it that is no option. */
static struct error *unknown_short(const struct parser *p, const char *cluster, const char *at)
{
	struct spellings all = { BUFFER_INIT, NULL, 0, 0 };
	const struct spelling *meant = NULL;
	struct error *err;

	spellings_collect(&all, p->cmd);
	size_t len = strcspn(cluster, "=");
	if (len >= 3)
		error_free(find_spelling(&all, cluster, len, &meant));
	/* A letter that is not ASCII is part of a longer sequence: show the whole argument. */
	if (meant || (unsigned char)*at >= 0x80)
		err = error_new(ERROR_USAGE, "unknown option `-%s'", cluster);
	else if (at == cluster)
		err = error_new(ERROR_USAGE, "unknown option `-%c'", *at);
	else
		err = error_new(ERROR_USAGE, "unknown option `-%c' in `-%s'", *at, cluster);
	if (meant)
		err = error_with_hint(err, "did you mean `--%s' (with two dashes)?", meant->name);
	else
		err = error_with_hint(err, "`-h' lists the options");
	spellings_release(&all);
	return err;
}

static struct error *parse_short(struct parser *p, const char *cluster)
{
	for (const char *at = cluster; *at; at++) {
		const struct option *option = find_short(p->cmd, *at);
		if (!option && *at == 'h') {
			*p->help = true;
			return NULL;
		}
		if (!option)
			return unknown_short(p, cluster, at);
		const char shown[] = { '-', *at, '\0' };
		struct met met = { option, false, shown };
		bool alone = option_value(option) == OPTION_VALUE_NONE;
		struct error *err = apply(p, &met, !alone && at[1] ? at + 1 : NULL);
		if (err || !alone)
			return err;
	}
	return NULL;
}

struct error *options_parse(const struct command *cmd, void *options, int *argc, const char **argv,
			    bool *help)
{
	struct parser p = { cmd, options, *argc, 0, 0, argv, help };
	struct error *err = NULL;

	*help = false;
	while (!err && !*help && p.next < p.argc) {
		const char *arg = argv[p.next++];
		if (arg[0] != '-' || !arg[1]) {
			argv[p.kept++] = arg;
			continue;
		}
		if (!strcmp(arg, "--") || !strcmp(arg, "--end-of-options"))
			break;
		err = arg[1] == '-' ? parse_long(&p, arg + 2) : parse_short(&p, arg + 1);
	}
	if (err)
		return err;
	while (p.next < p.argc)
		argv[p.kept++] = argv[p.next++];
	if (p.kept < *argc)
		argv[p.kept] = NULL;
	*argc = p.kept;
	return NULL;
}

void options_release(const struct command *cmd, void *options)
{
	for (const struct option *o = NULL; option_next(cmd, &o);) {
		if (o->kind != OPTION_STRINGS)
			continue;
		struct option_strings *strings = (void *)((char *)options + o->offset);
		free(strings->items);
		*strings = (struct option_strings){ NULL, 0, 0 };
	}
}

/* -- programs ------------------------------------------------------------------------------- */

static struct error *unknown_command(const struct program *program, const char *word)
{
	size_t nr = 0;
	while (program->commands[nr])
		nr++;
	const char **names = xcalloc(nr + 1, sizeof(*names));
	for (size_t i = 0; i < nr; i++)
		names[i] = program->commands[i]->name;
	const char *near = text_nearest(word, names);
	free(names);

	struct error *err = error_new(ERROR_USAGE, "`%s' is not a command of %s", word,
				      program->spoken);
	if (near)
		return error_with_hint(err, "did you mean `%s %s'?", program->spoken, near);
	return error_with_hint(err, "`%s -h' lists the commands", program->spoken);
}

struct error *program_find_command(const struct program *program, int *argc, const char ***argv,
				   const struct command **out)
{
	const char *word = *argc ? (*argv)[0] : NULL;

	*out = NULL;
	for (const struct command *const *cmd = program->commands; word && *cmd; cmd++) {
		if (strcmp((*cmd)->name, word))
			continue;
		*out = *cmd;
		--*argc;
		++*argv;
		return NULL;
	}
	*out = program->default_command;
	if (*out)
		return NULL;
	if (!word)
		return error_with_hint(error_new(ERROR_USAGE, "which command of %s?",
						 program->spoken),
				       "`%s -h' lists the commands", program->spoken);
	return unknown_command(program, word);
}
