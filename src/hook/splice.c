#include "hook/splice.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"

/* -- lines ------------------------------------------------------------------------------------- */

/* Where the line that has POS begins, and where the next one does. */
static size_t line_start(struct slice text, size_t pos)
{
	while (pos && text.data[pos - 1] != '\n')
		pos--;
	return pos;
}

static size_t line_end(struct slice text, size_t pos)
{
	const char *newline = pos < text.len ? memchr(text.data + pos, '\n', text.len - pos) : NULL;
	return newline ? (size_t)(newline - text.data) + 1 : text.len;
}

/* Inserts whole lines at POS, the beginning of a line or the end, with the line ends of the rest. */
static void insert_lines(struct buffer *text, size_t pos, const struct buffer *lines)
{
	struct buffer fresh = BUFFER_INIT;
	bool crlf = memmem(text->data, text->len, "\r\n", 2) != NULL;
	if (pos == text->len && pos && text->data[pos - 1] != '\n')
		buffer_addstr(&fresh, crlf ? "\r\n" : "\n");
	for (size_t i = 0; i < lines->len; i++) {
		if (crlf && lines->data[i] == '\n')
			buffer_addch(&fresh, '\r');
		buffer_addch(&fresh, lines->data[i]);
	}
	buffer_splice(text, pos, 0, fresh.data, fresh.len);
	buffer_release(&fresh);
}

static bool is_blank(struct slice text)
{
	return !slice_trim(text).len;
}

/* -- scripts ----------------------------------------------------------------------------------- */

#define BEGIN "# git scrutiny hooks: begin\n"
#define END "# git scrutiny hooks: end\n"

static bool is_sh(struct slice line)
{
	static const char *const shells[] = { "/sh", "/bash", "/dash", "/ksh", "/zsh", " sh", " bash", " dash", " zsh", " ksh" };
	struct slice end = slice_trim(line);
	/* Options such as -e, but no other word. */
	for (size_t i = end.len; i > 1; i--)
		if (end.data[i - 1] == '-' && end.data[i - 2] == ' ')
			end = slice_trim((struct slice){ end.data, i - 1 });
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		size_t len = strlen(shells[i]);
		if (end.len >= len && !memcmp(end.data + end.len - len, shells[i], len))
			return true;
	}
	return false;
}

static void add_block(struct buffer *out, const char *hook, bool others)
{
	buffer_addstr(out, BEGIN);
	if (others && !strcmp(hook, "pre-push"))
		buffer_addstr(out, "scrutiny_input=$(cat)\n"
				   "! command -v git-scrutiny >/dev/null ||\n"
				   "    printf %s \"$scrutiny_input\" | git scrutiny hooks run pre-push -- \"$@\" || exit\n"
				   "[ -z \"$scrutiny_input\" ] || exec <<END_OF_INPUT\n"
				   "$scrutiny_input\n"
				   "END_OF_INPUT\n");
	else
		buffer_addf(out, "! command -v git-scrutiny >/dev/null || git scrutiny hooks run %s -- \"$@\" || exit\n", hook);
	buffer_addstr(out, END);
}

bool splice_script_has(struct slice text)
{
	return memmem(text.data, text.len, "git scrutiny hooks run", 22) != NULL;
}

struct error *splice_script_add(struct buffer *text, const char *hook, enum splice_script kind, bool *changed)
{
	struct buffer block = BUFFER_INIT;
	struct slice all = slice_of(text);
	bool shebang = all.len > 1 && !memcmp(all.data, "#!", 2), others = !is_blank(all);
	size_t first = line_end(all, 0);
	*changed = false;
	if (splice_script_has(all))
		return NULL;
	if (memchr(all.data, '\r', all.len) || memchr(all.data, '\0', all.len))
		return error_new(ERROR_UNSUPPORTED, "the hook %s is no script with plain lines", hook);
	if (others && kind == SPLICE_SCRIPT && (!shebang || !is_sh((struct slice){ all.data, first })))
		return error_new(ERROR_UNSUPPORTED, "the hook %s is no script for sh", hook);
	/* Of a file with nothing but white space nothing is kept: the first line has to be the first. */
	if (!others)
		buffer_reset(text);
	if (!others && kind == SPLICE_SCRIPT)
		buffer_addstr(&block, "#!/bin/sh\n");
	add_block(&block, hook, others);
	size_t pos = text->len;
	if (others && shebang)
		pos = first;
	else if (others && !strcmp(hook, "pre-push"))
		pos = 0;
	insert_lines(text, pos, &block);
	buffer_release(&block);
	*changed = true;
	return NULL;
}

void splice_script_drop(struct buffer *text, bool *changed)
{
	const char *begin = memmem(text->data, text->len, BEGIN, strlen(BEGIN));
	*changed = false;
	if (!begin)
		return;
	size_t start = (size_t)(begin - text->data);
	const char *end = memmem(begin, text->len - start, END, strlen(END));
	if (!end)
		return;
	buffer_splice(text, start, (size_t)(end - begin) + strlen(END), "", 0);
	if (slice_equals(slice_of(text), "#!/bin/sh\n"))
		buffer_reset(text);
	*changed = true;
}

/* -- YAML -------------------------------------------------------------------------------------- */

/* Where the last thing in NODE that is written ends. */
static size_t last_end(const struct yaml_node *node)
{
	while (node->nr && !node->flow)
		node = node->items[node->nr - 1];
	return node->end;
}

static size_t behind(struct slice text, const struct yaml_node *node)
{
	size_t end = last_end(node);
	/* A block scalar ends behind its last line, what is in a line before the end of that. */
	return end && end <= text.len && text.data[end - 1] == '\n' ? end : line_end(text, end);
}

static bool is_block(const struct yaml_node *node, enum yaml_kind kind)
{
	return node && node->kind == kind && !node->flow && node->nr;
}

static void add_spaces(struct buffer *out, size_t nr)
{
	while (nr--)
		buffer_addch(out, ' ');
}

static struct error *by_hand(const char *name)
{
	return error_new(ERROR_UNSUPPORTED, "%s has a form that is not edited by a program", name);
}

/* Parses what is there; a text that cannot be read is for a person to look at. */
static struct error *parse(struct yaml_document *doc, const struct buffer *text, const char *name)
{
	return yaml_parse(doc, slice_of(text), name);
}

static size_t key_index(const struct yaml_node *mapping, const struct yaml_node *value)
{
	size_t i = 0;
	while (mapping->items[i + 1] != value)
		i += 2;
	return i;
}

/* Takes the key of VALUE, with its lines, out of MAPPING. */
static void drop_key(struct buffer *text, const struct yaml_node *mapping, const struct yaml_node *value)
{
	struct slice all = slice_of(text);
	const struct yaml_node *key = mapping->items[key_index(mapping, value)];
	size_t start = line_start(all, key->start), end = behind(all, value);
	buffer_splice(text, start, end - start, "", 0);
}

/* -- lefthook ---------------------------------------------------------------------------------- */

static void add_lefthook_command(struct buffer *out, const char *hook, const char *name, size_t indent)
{
	bool push = !strcmp(hook, "pre-push");
	add_spaces(out, indent);
	buffer_addstr(out, "scrutiny:\n");
	add_spaces(out, indent + 2);
	if (push) {
		/* lefthook skips what names no files, by what differs from HEAD's upstream: a file that is there makes it
		 * run whatever is pushed. */
		buffer_addstr(out, "run: 'git scrutiny hooks run pre-push -- \"{1}\" \"{2}\" # {files}'\n");
		add_spaces(out, indent + 2);
		buffer_addf(out, "files: echo %s\n", name);
		add_spaces(out, indent + 2);
		buffer_addstr(out, "use_stdin: true\n");
	} else {
		buffer_addf(out, "run: git scrutiny hooks run %s -- {0}\n", hook);
	}
}

/* The places in the file that our command's would be in; NULL where there is none. */
struct lefthook_places {
	const struct yaml_node *hook, *commands, *ours;
};

static void find_lefthook(struct lefthook_places *p, const struct yaml_node *root, const char *hook)
{
	p->hook = root && root->kind == YAML_MAPPING ? yaml_get(root, hook) : NULL;
	p->commands = p->hook && p->hook->kind == YAML_MAPPING ? yaml_get(p->hook, "commands") : NULL;
	p->ours = p->commands && p->commands->kind == YAML_MAPPING ? yaml_get(p->commands, "scrutiny") : NULL;
}

/* Lines at the head of MAPPING, in its indentation. */
static void insert_first(struct buffer *text, const struct yaml_node *mapping, const struct buffer *lines)
{
	insert_lines(text, line_start(slice_of(text), mapping->items[0]->start), lines);
}

struct error *splice_lefthook_add(struct buffer *text, const char *hook, const char *name, bool *changed)
{
	struct yaml_document doc;
	struct lefthook_places p;
	struct buffer lines = BUFFER_INIT;
	*changed = false;
	struct error *err = parse(&doc, text, name);
	if (err)
		return err;
	find_lefthook(&p, doc.root, hook);
	if (p.ours || (doc.root && !is_block(doc.root, YAML_MAPPING)) || (p.hook && !is_block(p.hook, YAML_MAPPING)) ||
	    (p.commands && !is_block(p.commands, YAML_MAPPING))) {
		err = p.ours ? NULL : by_hand(name);
		goto out;
	}
	if (p.commands) {
		add_lefthook_command(&lines, hook, name, p.commands->items[0]->column - 1);
		insert_first(text, p.commands, &lines);
	} else if (p.hook) {
		size_t indent = p.hook->items[0]->column - 1;
		add_spaces(&lines, indent);
		buffer_addstr(&lines, "commands:\n");
		add_lefthook_command(&lines, hook, name, indent + 2);
		insert_first(text, p.hook, &lines);
	} else {
		buffer_addf(&lines, "%s:\n  commands:\n", hook);
		add_lefthook_command(&lines, hook, name, 4);
		insert_lines(text, doc.root ? behind(slice_of(text), doc.root) : text->len, &lines);
	}
	*changed = true;
out:
	yaml_document_release(&doc);
	buffer_release(&lines);
	return err;
}

struct error *splice_lefthook_drop(struct buffer *text, const char *hook, const char *name, bool *changed)
{
	struct yaml_document doc;
	struct lefthook_places p;
	*changed = false;
	struct error *err = parse(&doc, text, name);
	if (err)
		return err;
	find_lefthook(&p, doc.root, hook);
	if (p.ours && (p.commands->flow || p.hook->flow || doc.root->flow)) {
		err = by_hand(name);
	} else if (p.ours) {
		bool alone = p.commands->nr == 2, alone_in_hook = alone && p.hook->nr == 2;
		if (alone_in_hook)
			drop_key(text, doc.root, p.hook);
		else if (alone)
			drop_key(text, p.hook, p.commands);
		else
			drop_key(text, p.commands, p.ours);
		*changed = true;
	}
	yaml_document_release(&doc);
	return err;
}

bool splice_lefthook_has(struct slice text, const char *hook)
{
	struct yaml_document doc;
	struct lefthook_places p;
	struct error *err = yaml_parse(&doc, text, "");
	if (err) {
		error_free(err);
		return false;
	}
	find_lefthook(&p, doc.root, hook);
	bool has = p.ours != NULL;
	yaml_document_release(&doc);
	return has;
}

/* -- pre-commit -------------------------------------------------------------------------------- */

/* ITEM of `repos:` is the entry that splice_framework_add writes, or one like it. */
static bool is_our_entry(const struct yaml_node *item)
{
	const struct yaml_node *hooks = item->kind == YAML_MAPPING ? yaml_get(item, "hooks") : NULL;
	bool ours = hooks && hooks->kind == YAML_SEQUENCE && hooks->nr;
	for (size_t i = 0; ours && i < hooks->nr; i++) {
		const struct yaml_node *hook = hooks->items[i];
		const struct yaml_node *id = hook->kind == YAML_MAPPING ? yaml_get(hook, "id") : NULL;
		ours = id && id->kind == YAML_SCALAR && (!strcmp(id->value, "scrutiny") || !strcmp(id->value, "scrutiny-push"));
	}
	return ours;
}

static const struct yaml_node *find_repos(const struct yaml_node *root)
{
	const struct yaml_node *repos = root && root->kind == YAML_MAPPING ? yaml_get(root, "repos") : NULL;
	return repos && repos->kind == YAML_SEQUENCE ? repos : NULL;
}

static const struct yaml_node *find_entry(const struct yaml_node *repos)
{
	for (size_t i = 0; repos && i < repos->nr; i++)
		if (is_our_entry(repos->items[i]))
			return repos->items[i];
	return NULL;
}

void splice_framework_entry(struct buffer *out, size_t indent)
{
	static const char *const lines[] = {
		"- repo: local",
		"  hooks:",
		"    - id: scrutiny",
		"      name: papers (git scrutiny)",
		"      entry: sh -c '! command -v git-scrutiny >/dev/null || exec git scrutiny hooks run pre-commit'",
		"      language: system",
		"      pass_filenames: false",
		"      always_run: true",
		"      stages: [pre-commit]",
		"    - id: scrutiny-push",
		"      name: papers that are pushed (git scrutiny)",
		"      entry: sh -c '! command -v git-scrutiny >/dev/null || exec git scrutiny hooks run pre-push'",
		"      language: system",
		"      pass_filenames: false",
		"      always_run: true",
		"      stages: [pre-push]",
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		add_spaces(out, indent);
		buffer_addf(out, "%s\n", lines[i]);
	}
}

/* How far the dash before the first of REPOS is from the line's begin; false when it shares the line. */
static bool dash_indent(struct slice text, const struct yaml_node *repos, size_t *indent)
{
	size_t start = line_start(text, repos->items[0]->start), at = start;
	while (at < text.len && text.data[at] == ' ')
		at++;
	*indent = at - start;
	return at < text.len && text.data[at] == '-';
}

struct error *splice_framework_add(struct buffer *text, const char *name, bool *changed)
{
	struct yaml_document doc;
	struct buffer lines = BUFFER_INIT;
	size_t indent = 0;
	*changed = false;
	struct error *err = parse(&doc, text, name);
	if (err)
		return err;
	const struct yaml_node *repos = find_repos(doc.root);
	if (!repos || !is_block(repos, YAML_SEQUENCE) || !dash_indent(slice_of(text), repos, &indent)) {
		err = by_hand(name);
	} else if (!find_entry(repos)) {
		splice_framework_entry(&lines, indent);
		insert_lines(text, behind(slice_of(text), repos), &lines);
		*changed = true;
	}
	yaml_document_release(&doc);
	buffer_release(&lines);
	return err;
}

struct error *splice_framework_drop(struct buffer *text, const char *name, bool *changed)
{
	struct yaml_document doc;
	*changed = false;
	struct error *err = parse(&doc, text, name);
	if (err)
		return err;
	const struct yaml_node *repos = find_repos(doc.root), *entry = find_entry(repos);
	const struct yaml_node *repo = entry ? yaml_get(entry, "repo") : NULL;
	/* An entry for a clone of ours is the user's own. */
	if (entry && repo && repo->kind == YAML_SCALAR && !strcmp(repo->value, "local")) {
		struct slice all = slice_of(text);
		size_t start = line_start(all, entry->start), end = behind(all, entry);
		if (repos->flow || repos->nr == 1)
			err = by_hand(name);
		else
			buffer_splice(text, start, end - start, "", 0);
		*changed = !err;
	}
	yaml_document_release(&doc);
	return err;
}

bool splice_framework_has(struct slice text)
{
	struct yaml_document doc;
	struct error *err = yaml_parse(&doc, text, "");
	if (err) {
		error_free(err);
		return false;
	}
	bool has = find_entry(find_repos(doc.root)) != NULL;
	yaml_document_release(&doc);
	return has;
}
