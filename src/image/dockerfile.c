#include "image/dockerfile_internal.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#define MAX_PORTS 64

/* -- variables -------------------------------------------------------------------------------- */

static void set(struct strmap *map, const char *name, const char *value)
{
	void **slot = strmap_at(map, name, strlen(name));
	free(*slot);
	*slot = xstrdup(value);
}

/* What builders set by themselves.
 * https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope */
static bool set_by_builders(struct slice name)
{
	static const char *const names[] = {
		"TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT",
		"BUILDPLATFORM",  "BUILDOS",  "BUILDARCH",  "BUILDVARIANT",
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (slice_equals(name, names[i]))
			return true;
	return false;
}

static struct error *lookup_in(const struct strmap *const *maps, size_t nr, struct slice name,
			       const char **value)
{
	*value = NULL;
	for (size_t i = 0; !*value && i < nr; i++)
		*value = strmap_get(maps[i], name.data, name.len);
	if (!*value && set_by_builders(name))
		return error_new(ERROR_UNSUPPORTED, "only a builder sets %.*s", (int)name.len, name.data);
	return NULL;
}

static struct error *lookup(void *data, struct slice name, const char **value)
{
	struct parser *p = data;
	const struct strmap *const stage[] = { &p->environment, &p->inherited, &p->arguments };
	const struct strmap *const global[] = { &p->globals };
	return p->in_stage ? lookup_in(stage, ARRAY_SIZE(stage), name, value)
			   : lookup_in(global, ARRAY_SIZE(global), name, value);
}

struct error *dockerfile_parser_expand(struct parser *p, struct slice word, char **out)
{
	struct dockerfile_expansion x = { p->lines.escape, lookup, p };
	struct buffer value = BUFFER_INIT_MAX(WORD_MAX);
	struct error *err = dockerfile_word_expand(&value, word, &x);
	*out = err ? NULL : buffer_detach(&value, NULL);
	buffer_release(&value);
	return err;
}

/* The variables that the base's configuration sets. */
static void inherit(struct parser *p)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(p->base, "Env"))
	{
		const char *text = cJSON_GetStringValue(item), *equals = text ? strchr(text, '=') : NULL;
		if (!equals)
			continue;
		void **slot = strmap_at(&p->inherited, text, (size_t)(equals - text));
		free(*slot);
		*slot = xstrdup(equals + 1);
	}
	const char *folder = json_string_or(p->base, "WorkingDir", "");
	if (*folder == '/')
		p->folder = xstrdup(folder);
}

/* -- paths ------------------------------------------------------------------------------------ */

char *dockerfile_parser_image_path(const struct parser *p, const char *path)
{
	struct buffer out = BUFFER_INIT;
	char *whole = *path == '/' ? xstrdup(path) : xstrfmt("%s/%s", p->folder ? p->folder : "", path);
	for (const char *s = whole; *s;) {
		size_t len = strcspn(s, "/");
		struct slice part = { s, len };
		s += len + (s[len] == '/');
		if (slice_equals(part, "..")) {
			const char *last = memrchr(out.data, '/', out.len);
			buffer_truncate(&out, last ? (size_t)(last - out.data) : 0);
		} else if (len && !slice_equals(part, ".")) {
			buffer_addf(&out, "/%.*s", (int)len, part.data);
		}
	}
	if (!out.len)
		buffer_addch(&out, '/');
	free(whole);
	return buffer_detach(&out, NULL);
}

void dockerfile_parser_know_folder(struct parser *p, const char *folder)
{
	for (size_t len = strlen(folder); len; len--)
		if ((folder[len] == '/' || !folder[len]) && !strmap_add(&p->folders, folder, len))
			break;
	strmap_add(&p->folders, "/", 1);
}

/* -- lists ------------------------------------------------------------------------------------ */

void dockerfile_list_add(struct list *l, char *item)
{
	ALLOC_GROW(l->items, l->nr, l->alloc);
	l->items[l->nr++] = item;
}

bool dockerfile_read_json_list(struct slice args, struct list *out)
{
	cJSON *json = NULL;
	bool good = args.len && *args.data == '[';
	struct error *err = good ? json_parse(&json, args, "instruction") : NULL;
	good = good && !err && cJSON_IsArray(json);
	error_free(err);
	const cJSON *item;
	if (good)
		cJSON_ArrayForEach(item, json) good = good && cJSON_IsString(item);
	if (good)
		cJSON_ArrayForEach(item, json) dockerfile_list_add(out, xstrdup(item->valuestring));
	cJSON_Delete(json);
	return good;
}

/* A command: a list as it is, anything else for the shell. */
static void read_command(const struct parser *p, struct slice args, struct list *out)
{
	const cJSON *shell = cJSON_GetObjectItemCaseSensitive(p->base, "Shell"), *item;
	if (dockerfile_read_json_list(args, out))
		return;
	cJSON_ArrayForEach(item, shell) if (cJSON_IsString(item))
	    dockerfile_list_add(out, xstrdup(item->valuestring));
	if (!out->nr) {
		dockerfile_list_add(out, xstrdup("/bin/sh"));
		dockerfile_list_add(out, xstrdup("-c"));
	}
	dockerfile_list_add(out, xmemdupz(args.data, args.len));
}

bool dockerfile_has_here_document(struct slice args)
{
	for (struct slice w; (w = dockerfile_word_next_plain(&args)).len;) {
		while (w.len && ascii_digit(*w.data)) {
			w.data++;
			w.len--;
		}
		if (w.len < 3 || w.data[0] != '<' || w.data[1] != '<' || w.data[2] == '<')
			continue;
		if (w.data[2] != '-' || w.len > 3)
			return true;
	}
	return false;
}

bool dockerfile_take_flag(struct slice *args, struct slice *name, struct slice *value)
{
	struct slice rest = *args, word = dockerfile_word_next_plain(&rest);
	if (word.len < 2 || memcmp(word.data, "--", 2))
		return false;
	const char *equals = memchr(word.data, '=', word.len);
	size_t len = equals ? (size_t)(equals - word.data) : word.len;
	*name = (struct slice){ word.data + 2, len - 2 };
	*value = equals ? (struct slice){ equals + 1, word.len - len - 1 } : (struct slice){ "", 0 };
	*args = slice_trim(rest);
	return true;
}

static struct error *no_flags(struct slice args, const char *what)
{
	struct slice name, value;
	if (!dockerfile_take_flag(&args, &name, &value))
		return NULL;
	return error_new(ERROR_UNSUPPORTED, "%s --%.*s needs a builder", what, (int)name.len, name.data);
}

/* -- instructions ----------------------------------------------------------------------------- */

static bool is_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_alnum(s.data[i]) && s.data[i] != '_')
			return false;
	return s.len && !ascii_digit(*s.data);
}

static struct error *parse_argument(struct parser *p, struct slice args)
{
	struct strmap *map = p->in_stage ? &p->arguments : &p->globals;
	struct slice word = dockerfile_word_next(&args, p->lines.escape);
	if (!word.len)
		return error_new(ERROR_SYNTAX, "ARG needs a name");
	for (; word.len; word = dockerfile_word_next(&args, p->lines.escape)) {
		const char *equals = memchr(word.data, '=', word.len);
		struct slice name = { word.data, equals ? (size_t)(equals - word.data) : word.len };
		char *value = NULL;
		if (!is_name(name))
			return error_new(ERROR_SYNTAX, "'%.*s' is no name for an ARG", (int)name.len,
					 name.data);
		if (equals) {
			struct slice rest = { equals + 1, word.len - name.len - 1 };
			struct error *err = dockerfile_parser_expand(p, rest, &value);
			if (err)
				return err;
		} else if (p->in_stage && strmap_get(&p->globals, name.data, name.len)) {
			value = xstrdup(strmap_get(&p->globals, name.data, name.len));
		}
		if (p->in_stage) {
			buffer_addf(&p->so_far, "ARG %.*s", (int)name.len, name.data);
			if (value) {
				buffer_addch(&p->so_far, '=');
				dockerfile_word_quote(&p->so_far, value, p->lines.escape);
			}
			buffer_addch(&p->so_far, '\n');
		}
		if (value) {
			void **slot = strmap_at(map, name.data, name.len);
			free(*slot);
			*slot = value;
		}
	}
	return NULL;
}

static struct error *parse_base_name(struct parser *p, struct slice args)
{
	struct slice word = dockerfile_word_next_plain(&args), as = dockerfile_word_next_plain(&args),
		     stage = dockerfile_word_next_plain(&args);
	struct image_spec *spec = &p->out->spec;
	char *name = NULL;
	bool named = as.len == 2 && !strncasecmp(as.data, "as", 2) && stage.len;
	if (!word.len || (as.len && !named) || dockerfile_word_next_plain(&args).len)
		return error_new(ERROR_SYNTAX, "FROM needs an image, as in `FROM python:3.12-slim`");
	struct error *err = dockerfile_parser_expand(p, word, &name);
	if (!err && !*name)
		err = error_new(ERROR_SYNTAX, "'%.*s' is empty: give its ARG a default", (int)word.len,
				word.data);
	if (!err && !strcmp(name, "scratch"))
		err = error_new(ERROR_UNSUPPORTED, "FROM scratch has no base");
	if (!err)
		err = reference_parse(&spec->base, name);
	free(name);
	return err;
}

static struct error *parse_from(struct parser *p, struct slice args)
{
	struct slice flag, value;
	if (p->in_stage)
		return error_new(ERROR_UNSUPPORTED, "a second FROM: several stages need a builder");
	while (dockerfile_take_flag(&args, &flag, &value)) {
		char *platform = NULL;
		if (!slice_equals(flag, "platform"))
			return error_new(ERROR_SYNTAX, "FROM has no flag --%.*s", (int)flag.len, flag.data);
		if (slice_equals(value, "$TARGETPLATFORM") || slice_equals(value, "${TARGETPLATFORM}"))
			continue;
		struct error *err = dockerfile_parser_expand(p, value, &platform);
		platform_release(&p->out->spec.platform);
		if (!err)
			err = platform_parse(&p->out->spec.platform, platform);
		free(platform);
		if (err)
			return err;
	}
	struct error *err = parse_base_name(p, args);
	p->in_stage = true;
	if (!err && cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(p->base, "OnBuild")))
		err = error_new(ERROR_UNSUPPORTED, "the base has ONBUILD instructions");
	return err;
}

/* ENV and LABEL: "a=b c=d" or "a the rest". */
static struct error *parse_pairs(struct parser *p, struct slice args, struct strmap *map, const char *what)
{
	struct slice rest = args, first = dockerfile_word_next(&rest, p->lines.escape);
	bool old_form = first.len && !memchr(first.data, '=', first.len);
	struct strmap added = STRMAP_INIT;
	struct error *err = NULL;
	if (!first.len || (old_form && !slice_trim(rest).len))
		return error_new(ERROR_SYNTAX, "%s needs a name and a value", what);
	while (!err && first.len) {
		const char *equals = memchr(first.data, '=', first.len);
		char *name = NULL, *value = NULL;
		size_t len = equals ? (size_t)(equals - first.data) : first.len;
		struct slice text =
		    equals ? (struct slice){ equals + 1, first.len - len - 1 } : slice_trim(rest);
		if (!equals && !old_form)
			err = error_new(ERROR_SYNTAX, "'%.*s' of %s has no '='", (int)first.len, first.data,
					what);
		if (!err)
			err = dockerfile_parser_expand(p, (struct slice){ first.data, len }, &name);
		if (!err && !*name)
			err = error_new(ERROR_SYNTAX, "%s needs a name before '='", what);
		if (!err)
			err = dockerfile_parser_expand(p, text, &value);
		/* All are expanded with the variables as they were before the instruction. */
		if (!err)
			set(&added, name, value);
		free(name);
		free(value);
		first = old_form ? (struct slice){ "", 0 } : dockerfile_word_next(&rest, p->lines.escape);
	}
	for (size_t i = 0; !err && i < added.nr; i++)
		set(map, added.entries[i].key, added.entries[i].value);
	strmap_release(&added, free);
	return err;
}

static struct error *parse_env(struct parser *p, struct slice args)
{
	return parse_pairs(p, args, &p->environment, "ENV");
}

static struct error *parse_label(struct parser *p, struct slice args)
{
	return parse_pairs(p, args, &p->labels, "LABEL");
}

static struct error *parse_maintainer(struct parser *p, struct slice args)
{
	char *value = xmemdupz(args.data, args.len);
	set(&p->labels, "maintainer", value);
	free(value);
	return NULL;
}

static struct error *parse_workdir(struct parser *p, struct slice args)
{
	char *path;
	struct error *err = dockerfile_parser_expand(p, args, &path);
	if (!err && !*path)
		err = error_new(ERROR_SYNTAX, "WORKDIR needs a folder");
	if (!err) {
		char *folder = dockerfile_parser_image_path(p, path);
		free(p->folder);
		p->folder = folder;
		dockerfile_parser_know_folder(p, folder);
		free(p->out->spec.workdir);
		p->out->spec.workdir = xstrdup(folder);
	}
	free(path);
	return err;
}

static struct error *parse_text(struct parser *p, struct slice args, char **where, const char *what)
{
	char *value;
	struct error *err = dockerfile_parser_expand(p, args, &value);
	if (!err && !*value)
		err = error_new(ERROR_SYNTAX, "%s needs a value", what);
	if (err) {
		free(value);
		return err;
	}
	free(*where);
	*where = value;
	return NULL;
}

static struct error *parse_user(struct parser *p, struct slice args)
{
	return parse_text(p, args, &p->out->spec.user, "USER");
}

static struct error *parse_stop_signal(struct parser *p, struct slice args)
{
	return parse_text(p, args, &p->out->spec.stop_signal, "STOPSIGNAL");
}

static struct error *add_port(struct image_spec *spec, const char *text)
{
	char *end;
	unsigned long port = ascii_digit(*text) ? strtoul(text, &end, 10) : 0;
	if (port && port < 65536 && (*end == '-' || !strcmp(end, "/udp") || !strcmp(end, "/sctp")))
		return error_new(ERROR_UNSUPPORTED, "EXPOSE %s: only single ports of TCP are known here",
				 text);
	if (!port || port > 65535 || (*end && strcmp(end, "/tcp")))
		return error_new(ERROR_SYNTAX, "'%s' is no port", text);
	for (size_t i = 0; i < spec->nr_ports; i++)
		if (spec->ports[i] == port)
			return NULL;
	if (spec->nr_ports == MAX_PORTS)
		return error_new(ERROR_LIMIT, "more than %d ports are exposed", MAX_PORTS);
	spec->ports = xreallocarray(spec->ports, spec->nr_ports + 1, sizeof(*spec->ports));
	spec->ports[spec->nr_ports++] = (unsigned)port;
	return NULL;
}

static struct error *parse_expose(struct parser *p, struct slice args)
{
	struct error *err = NULL;
	for (struct slice word; !err && (word = dockerfile_word_next(&args, p->lines.escape)).len;) {
		char *value;
		err = dockerfile_parser_expand(p, word, &value);
		struct slice rest = slice_of_string(value);
		/* A variable may hold several. */
		for (struct slice one; !err && (one = dockerfile_word_next_plain(&rest)).len;) {
			char *text = xmemdupz(one.data, one.len);
			err = add_port(&p->out->spec, text);
			free(text);
		}
		free(value);
	}
	return err;
}

static struct error *parse_list(struct parser *p, struct slice args, char ***items, size_t *nr,
				const char *what)
{
	struct list list = { 0 };
	if (!args.len)
		return error_new(ERROR_SYNTAX, "%s needs a command", what);
	read_command(p, args, &list);
	if (!list.nr) {
		free(list.items);
		return error_new(ERROR_UNSUPPORTED, "an empty %s", what);
	}
	strings_free(*items, *nr);
	*items = list.items;
	*nr = list.nr;
	return NULL;
}

static struct error *parse_command(struct parser *p, struct slice args)
{
	return parse_list(p, args, &p->out->spec.command, &p->out->spec.nr_command, "CMD");
}

static struct error *parse_entrypoint(struct parser *p, struct slice args)
{
	return parse_list(p, args, &p->out->spec.entrypoint, &p->out->spec.nr_entrypoint, "ENTRYPOINT");
}

static struct error *parse_beyond(struct parser *p, struct slice args)
{
	(void)args;
	return error_new(ERROR_UNSUPPORTED, "%s needs a builder", p->instruction);
}

/* -- the file --------------------------------------------------------------------------------- */

static const struct instruction {
	const char *name;
	struct error *(*parse)(struct parser *p, struct slice args);
	bool flags; /* has "--name=value" */
	bool kept;  /* later RUNs depend on it as it is written */
} instructions[] = {
	{ "ADD", dockerfile_parse_add, true, false },
	{ "ARG", parse_argument, false, false },
	{ "CMD", parse_command, false, false },
	{ "COPY", dockerfile_parse_copy, true, false },
	{ "ENTRYPOINT", parse_entrypoint, false, false },
	{ "ENV", parse_env, false, true },
	{ "EXPOSE", parse_expose, false, false },
	{ "FROM", parse_from, true, false },
	{ "HEALTHCHECK", dockerfile_parse_health_check, true, false },
	{ "LABEL", parse_label, false, false },
	{ "MAINTAINER", parse_maintainer, false, false },
	{ "ONBUILD", parse_beyond, true, false },
	{ "RUN", dockerfile_parse_run, true, false },
	{ "SHELL", parse_beyond, true, false },
	{ "STOPSIGNAL", parse_stop_signal, false, false },
	{ "USER", parse_user, false, true },
	{ "VOLUME", parse_beyond, true, false },
	{ "WORKDIR", parse_workdir, false, true },
};

static struct error *parse_instruction(struct parser *p, struct slice text)
{
	struct slice word = dockerfile_word_next_plain(&text), args = slice_trim(text);
	const struct instruction *found = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(instructions); i++)
		if (word.len == strlen(instructions[i].name) &&
		    !strncasecmp(word.data, instructions[i].name, word.len))
			found = &instructions[i];
	if (!found)
		return error_new(ERROR_SYNTAX, "there is no instruction '%.*s'",
				 (int)(word.len < 40 ? word.len : 40), word.data);
	if (!p->in_stage && found->parse != parse_from && found->parse != parse_argument)
		return error_new(ERROR_SYNTAX, "%s stands before the first FROM", found->name);
	p->instruction = found->name;
	struct error *err = found->flags ? NULL : no_flags(args, found->name);
	if (!err)
		err = found->parse(p, args);
	if (!err && found->kept)
		buffer_addf(&p->so_far, "%s %.*s\n", found->name, (int)args.len, args.data);
	return err;
}

static void take_variables(struct strmap *map, struct image_variable **out, size_t *nr)
{
	*out = map->nr ? xcalloc(map->nr, sizeof(**out)) : NULL;
	for (size_t i = 0; i < map->nr; i++)
		(*out)[(*nr)++] =
		    (struct image_variable){ xstrdup(map->entries[i].key), xstrdup(map->entries[i].value) };
}

static struct error *parse_all(struct parser *p, struct slice text)
{
	struct buffer line = BUFFER_INIT_MAX(DOCKERFILE_MAX_SIZE);
	struct error *err = dockerfile_lines_init(&p->lines, text);
	p->line = p->lines.line;
	static const char official[] = "docker/dockerfile:";
	struct slice syntax = p->lines.syntax;
	if (!err && syntax.len && !memmem(syntax.data, syntax.len, official, strlen(official)))
		err = error_new(ERROR_UNSUPPORTED, "syntax=%.*s", (int)syntax.len, syntax.data);
	if (p->lines.escape != '\\')
		buffer_addf(&p->so_far, "# escape=%c\n", p->lines.escape);
	while (!err && dockerfile_lines_next(&p->lines, &line, &p->line))
		err = parse_instruction(p, slice_of(&line));
	buffer_release(&line);
	if (error_is(err, ERROR_UNSUPPORTED)) {
		p->out->beyond = xstrfmt("%s:%zu: %s", p->file, p->line, err->message);
		error_free(err);
		return NULL;
	}
	if (err)
		return error_context(err, "%s:%zu", p->file, p->line);
	return p->in_stage ? NULL : error_new(ERROR_SYNTAX, "%s has no FROM", p->file);
}

struct error *dockerfile_parse(struct dockerfile *out, struct slice text, const char *file,
			       const cJSON *base_config)
{
	struct parser p = { .out = out,
			    .file = file,
			    .base = cJSON_GetObjectItemCaseSensitive(base_config, "config") };
	struct error *err;
	*out = (struct dockerfile){ 0 };
	buffer_init(&out->dependencies, BUFFER_MAX_INTERNAL);
	buffer_init(&p.so_far, BUFFER_MAX_INTERNAL);
	inherit(&p);
	if (text.len > DOCKERFILE_MAX_SIZE)
		err = error_new(ERROR_LIMIT, "%s is larger than %zu bytes", file, DOCKERFILE_MAX_SIZE);
	else if (memchr(text.data, 0, text.len))
		err = error_new(ERROR_SYNTAX, "%s has a NUL byte in it", file);
	else
		err = parse_all(&p, text);
	for (size_t i = 0; i < p.dependency_copies; i++)
		out->copies[i].dependency = true;
	buffer_add(&out->dependencies, p.so_far.data, p.dependencies);
	take_variables(&p.environment, &out->spec.environment, &out->spec.nr_environment);
	take_variables(&p.labels, &out->spec.labels, &out->spec.nr_labels);
	struct strmap *maps[] = { &p.globals, &p.arguments, &p.inherited, &p.environment, &p.labels };
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
		strmap_release(maps[i], free);
	strmap_release(&p.folders, NULL);
	buffer_release(&p.so_far);
	free(p.folder);
	return err;
}

void dockerfile_release(struct dockerfile *d)
{
	for (size_t i = 0; i < d->nr_copies; i++) {
		strings_free(d->copies[i].from, d->copies[i].nr_from);
		free(d->copies[i].to);
	}
	free(d->copies);
	strings_free(d->inputs, d->nr_inputs);
	image_spec_release(&d->spec);
	buffer_release(&d->dependencies);
	free(d->beyond);
	*d = (struct dockerfile){ 0 };
	buffer_init(&d->dependencies, BUFFER_MAX_INTERNAL);
}
