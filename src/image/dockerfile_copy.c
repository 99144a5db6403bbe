/* COPY, ADD and RUN: what of a Dockerfile has to do with files. */
#include "base/memory.h"
#include "base/text.h"
#include "image/dockerfile_internal.h"

#define MAX_COPIES 1000

/* Folders of every distribution. https://refspecs.linuxfoundation.org/FHS_3.0/fhs/index.html */
static const char *const system_folders[] = {
	"/bin",
	"/boot",
	"/dev",
	"/etc",
	"/home",
	"/lib",
	"/media",
	"/mnt",
	"/opt",
	"/proc",
	"/root",
	"/run",
	"/sbin",
	"/srv",
	"/sys",
	"/tmp",
	"/usr",
	"/usr/bin",
	"/usr/lib",
	"/usr/local",
	"/usr/local/bin",
	"/usr/local/etc",
	"/usr/local/lib",
	"/usr/local/sbin",
	"/usr/local/share",
	"/usr/sbin",
	"/usr/share",
	"/usr/src",
	"/var",
	"/var/cache",
	"/var/lib",
	"/var/log",
	"/var/run",
	"/var/tmp",
};

/* A source of a COPY, relative to the context and clean; *OUT malloc'd. */
static struct error *context_path(const char *path, char **out)
{
	struct buffer clean = BUFFER_INIT;
	const char *s = path;
	while (*s) {
		size_t len = strcspn(s, "/");
		struct slice part = { s, len };
		s += len + (s[len] == '/');
		if (slice_equals(part, "..")) {
			buffer_release(&clean);
			return error_new(ERROR_SYNTAX,
					 "'%s' has '..' in it: only files of the context can be copied",
					 path);
		}
		if (len && !slice_equals(part, "."))
			buffer_addf(&clean, "%s%.*s", clean.len ? "/" : "", (int)len, part.data);
	}
	*out = buffer_detach(&clean, NULL);
	return NULL;
}

static struct error *copy_flags(struct slice *args)
{
	struct slice name, value;
	while (dockerfile_take_flag(args, &name, &value)) {
		bool ours = slice_equals(name, "link") ||
			    (slice_equals(name, "chown") &&
			     (slice_equals(value, "0") || slice_equals(value, "0:0") ||
			      slice_equals(value, "root") || slice_equals(value, "root:root")));
		if (!ours)
			return error_new(ERROR_UNSUPPORTED, "COPY --%.*s needs a builder", (int)name.len,
					 name.data);
	}
	return NULL;
}

/* The words of a COPY, expanded. */
static struct error *copy_words(struct parser *p, struct slice args, struct list *out)
{
	struct list raw = { 0 };
	struct error *err = NULL;
	if (!dockerfile_read_json_list(args, &raw))
		for (struct slice word; (word = dockerfile_word_next_plain(&args)).len;)
			dockerfile_list_add(&raw, xmemdupz(word.data, word.len));
	for (size_t i = 0; !err && i < raw.nr; i++) {
		char *value;
		err = dockerfile_parser_expand(p, slice_of_string(raw.items[i]), &value);
		if (!err)
			dockerfile_list_add(out, value);
	}
	strings_free(raw.items, raw.nr);
	if (!err && out->nr < 2)
		err = error_new(ERROR_SYNTAX, "COPY needs a source and a destination");
	if (!err && p->out->nr_copies >= MAX_COPIES)
		err = error_new(ERROR_LIMIT, "more than %d files and folders are copied", MAX_COPIES);
	return err;
}

/* Whether a COPY to TO, clean: PATH, puts files into a folder for certain. */
static bool is_folder(struct parser *p, const char *to, const char *path)
{
	if (ends_with(to, "/") || ends_with(to, "/.") || !strcmp(to, ".") ||
	    strmap_has(&p->folders, path, strlen(path)))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(system_folders); i++)
		if (!strcmp(path, system_folders[i]))
			return true;
	return false;
}

struct error *dockerfile_parse_copy(struct parser *p, struct slice args)
{
	struct dockerfile *d = p->out;
	struct list words = { 0 };
	struct error *err = dockerfile_has_here_document(args)
				? error_new(ERROR_UNSUPPORTED, "a here-document")
				: copy_flags(&args);
	if (!err)
		err = copy_words(p, args, &words);
	for (size_t i = 0; !err && i + 1 < words.nr; i++) {
		char *clean = NULL;
		err = context_path(words.items[i], &clean);
		if (err)
			break;
		if (!*clean && !p->whole_copied)
			p->whole_copied = p->line;
		free(words.items[i]);
		words.items[i] = clean;
	}
	if (!err) {
		char *to = words.items[--words.nr], *path = dockerfile_parser_image_path(p, to);
		bool into = is_folder(p, to, path);
		if (into || (words.nr == 1 && !*words.items[0]))
			dockerfile_parser_know_folder(p, path);
		ALLOC_GROW(d->copies, d->nr_copies, d->alloc_copies);
		d->copies[d->nr_copies++] = (struct dockerfile_copy){
			.from = words.items,
			.nr_from = words.nr,
			.to = path,
			.into = into,
			.line = p->line,
		};
		buffer_addf(&p->so_far, "COPY %.*s\n", (int)args.len, args.data);
		free(to);
		words = (struct list){ 0 };
	}
	strings_free(words.items, words.nr);
	return err;
}

/* Of a folder, ADD is COPY; what it does with files depends on their bytes. */
struct error *dockerfile_parse_add(struct parser *p, struct slice args)
{
	struct slice rest = args, word = dockerfile_word_next_plain(&rest),
		     to = dockerfile_word_next_plain(&rest);
	bool folder = word.len && (word.data[word.len - 1] == '/' || slice_equals(word, "."));
	bool remote = memmem(word.data, word.len, "://", 3);
	if (!folder || remote || !to.len || dockerfile_word_next_plain(&rest).len)
		return error_new(ERROR_UNSUPPORTED, "ADD may unpack or download: COPY does not");
	return dockerfile_parse_copy(p, args);
}

static bool take_option(struct slice *options, struct slice *name, struct slice *value)
{
	if (!options->len)
		return false;
	const char *comma = memchr(options->data, ',', options->len);
	struct slice one = { options->data, comma ? (size_t)(comma - options->data) : options->len };
	const char *equals = memchr(one.data, '=', one.len);
	size_t taken = one.len + (comma != NULL);
	*name = (struct slice){ one.data, equals ? (size_t)(equals - one.data) : one.len };
	*value = equals ? (struct slice){ equals + 1, one.len - name->len - 1 } : (struct slice){ "", 0 };
	*options = (struct slice){ options->data + taken, options->len - taken };
	return true;
}

static void add_input(struct parser *p, char *path)
{
	struct dockerfile *d = p->out;
	ALLOC_GROW(d->copies, d->nr_copies, d->alloc_copies);
	char **from = xmalloc(sizeof(*from));
	*from = path;
	d->copies[d->nr_copies++] = (struct dockerfile_copy){ .from = from, .nr_from = 1, .line = p->line };
}

/* RUN --mount=... */
static struct error *parse_mount(struct parser *p, struct slice options)
{
	struct slice name, value, type = slice_of_string("bind"), source = { "", 0 };
	while (take_option(&options, &name, &value)) {
		if (slice_equals(name, "type"))
			type = value;
		else if (slice_equals(name, "source") || slice_equals(name, "src"))
			source = value;
		else if (slice_equals(name, "from"))
			return error_new(ERROR_UNSUPPORTED,
					 "RUN --mount from another image or stage needs a builder");
	}
	if (slice_equals(type, "cache") || slice_equals(type, "tmpfs"))
		return NULL;
	if (!slice_equals(type, "bind"))
		return error_new(ERROR_UNSUPPORTED, "RUN --mount=type=%.*s needs a builder", (int)type.len,
				 type.data);
	char *text = NULL, *path = NULL;
	struct error *err = dockerfile_parser_expand(p, source, &text);
	if (!err)
		err = context_path(text, &path);
	free(text);
	if (!err && !*path)
		err = error_new(ERROR_UNSUPPORTED, "RUN with the whole context mounted");
	if (err || p->out->nr_copies >= MAX_COPIES) {
		free(path);
		return err ? err : error_new(ERROR_LIMIT, "more than %d files are mounted", MAX_COPIES);
	}
	add_input(p, path);
	return NULL;
}

struct error *dockerfile_parse_run(struct parser *p, struct slice args)
{
	struct slice rest = args, name, value;
	if (!args.len)
		return error_new(ERROR_SYNTAX, "RUN needs a command");
	if (dockerfile_has_here_document(args))
		return error_new(ERROR_UNSUPPORTED, "a here-document");
	if (p->whole_copied)
		return error_new(
		    ERROR_UNSUPPORTED,
		    "RUN after all files were copied at line %zu (copying only what lists the dependencies "
		    "before it, and the rest behind, keeps it from running at every change)",
		    p->whole_copied);
	while (dockerfile_take_flag(&rest, &name, &value)) {
		struct error *err = NULL;
		if (slice_equals(name, "mount"))
			err = parse_mount(p, value);
		else if (!slice_equals(name, "network"))
			err = error_new(ERROR_UNSUPPORTED, "RUN --%.*s needs a builder", (int)name.len,
					name.data);
		if (err)
			return err;
	}
	buffer_addf(&p->so_far, "RUN %.*s\n", (int)args.len, args.data);
	p->dependencies = p->so_far.len;
	p->dependency_copies = p->out->nr_copies;
	return NULL;
}
