/* Which packages a layer installs, by the files that package managers leave. */
#include "image/sbom.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#define MAX_NAME 256
#define MAX_LICENSE 200
#define MAX_SMALL_FILE ((size_t)1 << 20) /* that tells of one package */

struct packages {
	struct sbom_package *items;
	size_t nr, alloc;
};

/* A name or version, fit to be shown; NULL when there is none, or it is longer than any. */
static char *text_of(struct slice s, size_t max)
{
	struct buffer out = BUFFER_INIT;
	s = slice_trim(s);
	if (!s.len || s.len > max)
		return NULL;
	text_for_terminal(&out, s.data, s.len, false);
	return buffer_detach(&out, NULL);
}

static void add_package(struct packages *p, const char *ecosystem, struct slice name, struct slice version,
			struct slice license)
{
	char *n = text_of(name, MAX_NAME), *v = text_of(version, MAX_NAME);
	if (n && v && p->nr < SBOM_MAX_PACKAGES) {
		ALLOC_GROW(p->items, p->nr, p->alloc);
		p->items[p->nr++] = (struct sbom_package){ n, v, text_of(license, MAX_LICENSE), ecosystem };
	} else {
		free(n);
		free(v);
	}
}

/* -- what package managers write -------------------------------------------------------------- */

static struct slice next_line(struct slice *rest)
{
	const char *newline = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
	struct slice line = { rest->data, newline ? (size_t)(newline - rest->data) : rest->len };
	size_t taken = line.len + (newline != NULL);
	*rest = (struct slice){ rest->data + taken, rest->len - taken };
	return line;
}

/* Whether LINE is "NAME: ...", whatever the case of its letters; *VALUE is what follows. */
static bool is_field(struct slice line, const char *name, struct slice *value)
{
	size_t len = strlen(name);
	if (line.len <= len || line.data[len] != ':' || strncasecmp(line.data, name, len))
		return false;
	*value = slice_trim((struct slice){ line.data + len + 1, line.len - len - 1 });
	return true;
}

/* Core metadata: fields up to an empty line. */
static void read_python(struct packages *p, struct slice text)
{
	struct slice name = { "", 0 }, version = name, license = name, expression = name;
	while (text.len) {
		struct slice line = next_line(&text);
		if (!slice_trim(line).len)
			break;
		if (!is_field(line, "Name", &name) && !is_field(line, "Version", &version) &&
		    !is_field(line, "License-Expression", &expression))
			is_field(line, "License", &license);
	}
	add_package(p, "pypi", name, version, expression.len ? expression : license);
}

/* Paragraphs of fields; only what is installed counts. */
static void read_dpkg(struct packages *p, struct slice text)
{
	struct slice none = { "", 0 }, name = none, version = none, status = none;
	for (bool more = true; more;) {
		more = text.len > 0;
		struct slice line = next_line(&text);
		if (slice_trim(line).len) {
			if (!is_field(line, "Package", &name) && !is_field(line, "Version", &version))
				is_field(line, "Status", &status);
			continue;
		}
		if (!status.len || memmem(status.data, status.len, " installed", 10))
			add_package(p, "deb", name, version, none);
		name = version = status = none;
	}
}

/* "P:name", "V:version", "L:license", paragraphs. */
static void read_apk(struct packages *p, struct slice text)
{
	struct slice none = { "", 0 }, name = none, version = none, license = none;
	for (bool more = true; more;) {
		more = text.len > 0;
		struct slice line = next_line(&text);
		if (slice_trim(line).len) {
			if (!is_field(line, "P", &name) && !is_field(line, "V", &version))
				is_field(line, "L", &license);
			continue;
		}
		add_package(p, "apk", name, version, license);
		name = version = license = none;
	}
}

static void read_node(struct packages *p, struct slice text)
{
	cJSON *json = NULL;
	struct error *err = json_parse(&json, text, "package.json");
	if (!err && cJSON_IsObject(json))
		add_package(p, "npm", slice_of_string(json_string_or(json, "name", "")),
			    slice_of_string(json_string_or(json, "version", "")),
			    slice_of_string(json_string_or(json, "license", "")));
	/* What npm would not understand is no package. */
	error_free(err);
	cJSON_Delete(json);
}

/* "…/node_modules/name/package.json", "…/node_modules/@scope/name/package.json" */
static bool is_node_package(const char *path)
{
	static const char folder[] = "node_modules/";
	const char *name = NULL;
	for (const char *s = strstr(path, folder); s; s = strstr(s + 1, folder))
		if (s == path || s[-1] == '/')
			name = s + strlen(folder);
	const char *slash = name ? strchr(name, '/') : NULL;
	if (slash && *name == '@')
		slash = strchr(slash + 1, '/');
	return slash && !strcmp(slash, "/package.json");
}

static const struct list_file {
	const char *beginning, *end; /* of the path; "" is any */
	bool (*test)(const char *path);
	void (*read)(struct packages *p, struct slice text);
	size_t max;
} list_files[] = {
	{ "", ".dist-info/METADATA", NULL, read_python, MAX_SMALL_FILE },
	{ "", ".egg-info/PKG-INFO", NULL, read_python, MAX_SMALL_FILE },
	{ "", "/package.json", is_node_package, read_node, MAX_SMALL_FILE },
	{ "var/lib/dpkg/status", "", NULL, read_dpkg, SBOM_MAX_FILE },
	{ "lib/apk/db/installed", "", NULL, read_apk, SBOM_MAX_FILE },
	{ "usr/lib/apk/db/installed", "", NULL, read_apk, SBOM_MAX_FILE },
};

static const struct list_file *list_file_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(list_files); i++) {
		const struct list_file *f = &list_files[i];
		bool named = *f->beginning ? !strcmp(path, f->beginning) ||
						 (starts_with(path, "var/lib/dpkg/status.d/") &&
						  f->read == read_dpkg && !ends_with(path, ".md5sums"))
					   : ends_with(path, f->end);
		if (named && (!f->test || f->test(path)))
			return f;
	}
	return NULL;
}

/* -- the archive ------------------------------------------------------------------------------ */

static struct error *damaged(struct archive *a, const char *file)
{
	const char *why = archive_error_string(a);
	return error_new(ERROR_SYNTAX, "the layer %s is no archive that can be read: %s", file,
			 why ? why : "it is damaged");
}

static struct error *read_entry(struct archive *a, const char *file, size_t max, struct buffer *out)
{
	char bytes[65536];
	la_ssize_t n;
	buffer_reset(out);
	out->overflowed = false;
	out->max = max;
	while ((n = archive_read_data(a, bytes, sizeof(bytes))) > 0 && !out->overflowed)
		buffer_add(out, bytes, (size_t)n);
	return n < 0 ? damaged(a, file) : NULL;
}

static struct error *read_entries(struct archive *a, const char *file, struct packages *p,
				  struct buffer *text)
{
	struct archive_entry *entry;
	struct error *err = NULL;
	int status = ARCHIVE_OK;
	size_t nr = 0;
	while (!err && (status = archive_read_next_header(a, &entry)) != ARCHIVE_EOF) {
		if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
			return damaged(a, file);
		if (++nr > SBOM_MAX_ENTRIES || archive_filter_bytes(a, 0) > SBOM_MAX_BYTES)
			return error_new(ERROR_LIMIT,
					 "the layer %s has more files, or larger ones, than are looked at",
					 file);
		const char *path = archive_entry_pathname(entry);
		while (path && (starts_with(path, "./") || *path == '/'))
			path += *path == '/' ? 1 : 2;
		const struct list_file *list =
		    path && archive_entry_filetype(entry) == AE_IFREG ? list_file_of(path) : NULL;
		if (!list)
			continue;
		err = read_entry(a, file, list->max, text);
		/* One that is larger than any tells nothing. */
		if (!err && !text->overflowed)
			list->read(p, slice_of(text));
	}
	return err;
}

static int compare(const void *x, const void *y)
{
	const struct sbom_package *a = x, *b = y;
	int by = strcmp(a->ecosystem, b->ecosystem);
	if (!by)
		by = strcmp(a->name, b->name);
	if (!by)
		by = strcmp(a->version, b->version);
	return by ? by : strcmp(a->license ? a->license : "", b->license ? b->license : "");
}

static void package_release(struct sbom_package *p)
{
	free(p->name);
	free(p->version);
	free(p->license);
}

static void sort(struct packages *p)
{
	size_t kept = 0;
	if (p->nr)
		qsort(p->items, p->nr, sizeof(*p->items), compare);
	for (size_t i = 0; i < p->nr; i++) {
		struct sbom_package *last = kept ? &p->items[kept - 1] : NULL;
		if (last && !strcmp(last->ecosystem, p->items[i].ecosystem) &&
		    !strcmp(last->name, p->items[i].name) && !strcmp(last->version, p->items[i].version))
			package_release(&p->items[i]);
		else
			p->items[kept++] = p->items[i];
	}
	p->nr = kept;
}

struct error *sbom_read_layer(const char *file, struct sbom_package **packages, size_t *nr)
{
	struct packages p = { 0 };
	struct buffer text = BUFFER_INIT_MAX(SBOM_MAX_FILE);
	struct archive *a = archive_read_new();
	struct error *err = NULL;
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_format_tar(a);
	if (archive_read_open_filename(a, file, 65536) != ARCHIVE_OK)
		err = damaged(a, file);
	if (!err)
		err = read_entries(a, file, &p, &text);
	archive_read_free(a);
	buffer_release(&text);
	sort(&p);
	*packages = p.items;
	*nr = p.nr;
	if (err) {
		sbom_packages_free(p.items, p.nr);
		*packages = NULL;
		*nr = 0;
	}
	return err;
}

void sbom_packages_merge(struct sbom_package **packages, size_t *nr, struct sbom_package **more,
			 size_t *nr_more)
{
	struct packages all = { *packages, *nr, *nr };
	for (size_t i = 0; i < *nr_more; i++) {
		ALLOC_GROW(all.items, all.nr, all.alloc);
		all.items[all.nr++] = (*more)[i];
	}
	free(*more);
	*more = NULL;
	*nr_more = 0;
	sort(&all);
	*packages = all.items;
	*nr = all.nr;
}

/* -- kept beside a layer ---------------------------------------------------------------------- */

static const char *const ecosystems[] = { "apk", "deb", "npm", "pypi" };

void sbom_packages_write(struct buffer *out, const struct sbom_package *packages, size_t nr)
{
	struct json_writer w;
	json_writer_init(&w, out, false);
	json_begin_array(&w);
	for (size_t i = 0; i < nr; i++) {
		json_begin_object(&w);
		json_put_string(&w, "ecosystem", packages[i].ecosystem);
		json_put_string(&w, "name", packages[i].name);
		json_put_string(&w, "version", packages[i].version);
		if (packages[i].license)
			json_put_string(&w, "license", packages[i].license);
		json_end_object(&w);
	}
	json_end_array(&w);
}

struct error *sbom_packages_read(struct sbom_package **packages, size_t *nr, struct slice json)
{
	struct packages p = { 0 };
	cJSON *list = NULL;
	const cJSON *item;
	struct error *err = json_parse(&list, json, "the list of packages");
	if (!err && !cJSON_IsArray(list))
		err = error_new(ERROR_SYNTAX, "the list of packages is no list");
	if (!err)
		cJSON_ArrayForEach(
		    item, list) for (size_t i = 0; i < ARRAY_SIZE(ecosystems);
				     i++) if (!strcmp(json_string_or(item, "ecosystem", ""), ecosystems[i]))
		    add_package(&p, ecosystems[i], slice_of_string(json_string_or(item, "name", "")),
				slice_of_string(json_string_or(item, "version", "")),
				slice_of_string(json_string_or(item, "license", "")));
	cJSON_Delete(list);
	sort(&p);
	*packages = p.items;
	*nr = p.nr;
	return err;
}

void sbom_packages_free(struct sbom_package *packages, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		package_release(&packages[i]);
	free(packages);
}
