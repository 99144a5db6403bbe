/*
 * What a builder has to do without a Dockerfile: install packages of the base's distribution, and what
 * requirements.txt, pyproject.toml or package.json list. What is written here is the input hash of
 * everybody's dependency layers: a change makes them all again.
 */
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "deploy/assemble_parts.h"

#define MAX_REQUIREMENT_FILES 32
#define MAX_REQUIREMENT_DEPTH 8
#define MAX_REQUIREMENT_SIZE ((size_t)4 << 20)
/* Where the lists are copied to; they stay there, to tell what was installed. */
#define LISTS "/usr/local/share/git-deploy"

struct inputs {
	char **items;
	size_t nr, alloc;
};

static bool has_input(const struct inputs *in, const char *path)
{
	for (size_t i = 0; i < in->nr; i++)
		if (!strcmp(in->items[i], path))
			return true;
	return false;
}

static void add_input(struct inputs *in, const char *path)
{
	ALLOC_GROW(in->items, in->nr, in->alloc);
	in->items[in->nr++] = xstrdup(path);
}

/* -- requirements.txt ------------------------------------------------------------------------- */

/* Names that can stand in a Dockerfile and a command as they are. */
static bool is_plain(const char *path)
{
	static const char good[] = "._@+,=/~-";
	for (const char *s = path; *s; s++)
		if (!ascii_alnum(*s) && !strchr(good, *s))
			return false;
	return *path && *path != '-' && *path != '/';
}

/* PATH, as the file BESIDE names it, from the top of the context; NULL: it leads out of it. malloc'd. */
static char *relative_to(const char *beside, struct slice path)
{
	struct buffer out = BUFFER_INIT;
	const char *slash = strrchr(beside, '/');
	char *whole =
	    xstrfmt("%.*s/%.*s", slash ? (int)(slash - beside) : 0, beside, (int)path.len, path.data);
	bool good = path.len && *path.data != '/';
	for (const char *s = whole; good && *s;) {
		size_t len = strcspn(s, "/");
		struct slice part = { s, len };
		s += len + (s[len] == '/');
		if (slice_equals(part, "..")) {
			const char *last = memrchr(out.data, '/', out.len);
			good = out.len > 0;
			buffer_truncate(&out, last ? (size_t)(last - out.data) : 0);
		} else if (len && !slice_equals(part, ".")) {
			buffer_addf(&out, "%s%.*s", out.len ? "/" : "", (int)len, part.data);
		}
	}
	free(whole);
	if (good && out.len)
		return buffer_detach(&out, NULL);
	buffer_release(&out);
	return NULL;
}

/* The file that a line such as "-r other.txt" names; empty: none. */
static struct slice named_file(struct slice line)
{
	static const char *const options[] = { "-r", "--requirement", "-c", "--constraint" };
	line = slice_trim(line);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		size_t len = strlen(options[i]);
		if (line.len <= len || memcmp(line.data, options[i], len))
			continue;
		struct slice rest = { line.data + len, line.len - len };
		bool longer = options[i][1] == '-';
		if (longer && *rest.data != '=' && !ascii_space(*rest.data))
			continue;
		rest = slice_trim(
		    (struct slice){ rest.data + (*rest.data == '='), rest.len - (*rest.data == '=') });
		for (size_t k = 0; k < rest.len; k++)
			if (ascii_space(rest.data[k]))
				rest.len = k;
		return rest;
	}
	return (struct slice){ "", 0 };
}

static struct error *collect(struct assembling *a, struct inputs *in, const char *path, unsigned depth);

static struct error *collect_named(struct assembling *a, struct inputs *in, const char *path, size_t line,
				   struct slice name, unsigned depth)
{
	if (!name.len || memmem(name.data, name.len, "://", 3))
		return NULL;
	char *named = relative_to(path, name);
	struct error *err = NULL;
	if (!named || !is_plain(named))
		err = error_at(ERROR_UNSUPPORTED, path, line, 0,
			       "'%.*s' is not a file of the repository whose name can be "
			       "used here",
			       (int)name.len, name.data);
	else if (!has_input(in, named))
		err = collect(a, in, named, depth + 1);
	if (error_is(err, ERROR_NOT_FOUND))
		err = error_context(err, "%s:%zu", path, line);
	free(named);
	return err;
}

static struct error *collect(struct assembling *a, struct inputs *in, const char *path, unsigned depth)
{
	struct buffer text = BUFFER_INIT_MAX(MAX_REQUIREMENT_SIZE);
	struct tree_entry e;
	if (in->nr >= MAX_REQUIREMENT_FILES || depth > MAX_REQUIREMENT_DEPTH)
		return error_new(ERROR_LIMIT, "%s names more than %d files, or more than %d in a row",
				 a->config->dependencies, MAX_REQUIREMENT_FILES, MAX_REQUIREMENT_DEPTH);
	struct error *err = repo_tree_lookup(a->settings->repo, &a->context, path, &e);
	if (error_drop_if(&err, ERROR_NOT_FOUND))
		return error_new(ERROR_NOT_FOUND, "'%s' is not in the commit", path);
	add_input(in, path);
	if (!err)
		err = repo_read_object(a->settings->repo, &e.oid, OBJECT_BLOB, &text);
	size_t number = 1;
	for (const char *s = text.data; !err && *s; number++) {
		size_t len = strcspn(s, "\n");
		err = collect_named(a, in, path, number, named_file((struct slice){ s, len }), depth);
		s += len + (s[len] == '\n');
	}
	buffer_release(&text);
	return err;
}

static void add_copy(struct buffer *text, const char *from, const char *to)
{
	buffer_addf(text, "COPY [\"%s\", \"%s\"]\n", from, to);
}

#define PIP                                                                                                  \
	"PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore python3 -m pip install --no-cache-dir "     \
	"--no-input "                                                                                        \
	"--disable-pip-version-check"

static struct error *add_requirements(struct assembling *a, struct buffer *text, struct inputs *in)
{
	struct error *err = collect(a, in, a->config->dependencies, 0);
	for (size_t i = 0; !err && i < in->nr; i++) {
		char *to = xstrfmt(LISTS "/%s", in->items[i]);
		add_copy(text, in->items[i], to);
		free(to);
	}
	buffer_addf(text, "RUN " PIP " --requirement " LISTS "/%s\n", a->config->dependencies);
	return err;
}

/* -- pyproject.toml and package.json ---------------------------------------------------------- */

static struct error *need(struct assembling *a, const char *path, bool *there)
{
	struct tree_entry e;
	struct error *err = repo_tree_lookup(a->settings->repo, &a->context, path, &e);
	*there = !err;
	if (error_is(err, ERROR_NOT_FOUND))
		error_drop_if(&err, ERROR_NOT_FOUND);
	return err;
}

/* The project itself is not there yet: what its table `project` lists is installed. */
static void add_pyproject(struct assembling *a, struct buffer *text, struct inputs *in)
{
	const char *path = a->config->dependencies;
	char *to = xstrfmt(LISTS "/%s", path);
	add_input(in, path);
	add_copy(text, path, to);
	buffer_addf(text,
		    "RUN python3 -c 'import importlib, importlib.util as u, sys; "
		    "t = importlib.import_module(\"tomllib\" if u.find_spec(\"tomllib\") else "
		    "\"pip._vendor.tomli\"); "
		    "p = t.load(open(sys.argv[1], \"rb\")).get(\"project\") or sys.exit(\"%s has no table "
		    "[project]\"); "
		    "print(\"\\n\".join(p.get(\"dependencies\", [])))' %s >" LISTS "/requirements.txt && " PIP
		    " --requirement " LISTS "/requirements.txt\n",
		    path, to);
	free(to);
}

static struct error *add_node(struct assembling *a, struct buffer *text, struct inputs *in)
{
	static const char *const locks[] = { "package-lock.json", "npm-shrinkwrap.json" };
	const char *path = a->config->dependencies, *slash = strrchr(path, '/');
	char *folder = xmemdupz(path, slash ? (size_t)(slash + 1 - path) : 0);
	struct error *err = NULL;
	bool locked = false;
	add_input(in, path);
	char *to = xstrfmt("/" ASSEMBLE_FOLDER "/%s", folder);
	add_copy(text, path, to);
	for (size_t i = 0; !err && !locked && i < ARRAY_SIZE(locks); i++) {
		char *lock = xstrfmt("%s%s", folder, locks[i]);
		err = need(a, lock, &locked);
		if (locked) {
			add_input(in, lock);
			add_copy(text, lock, to);
		}
		free(lock);
	}
	buffer_addf(text,
		    "WORKDIR %s\nRUN npm %s --omit=dev --no-audit --no-fund --no-update-notifier && "
		    "npm cache clean --force && rm -rf /root/.npm\n",
		    to, locked ? "ci" : "install");
	free(to);
	free(folder);
	return err;
}

/* -- packages --------------------------------------------------------------------------------- */

static void add_list(struct buffer *text, char *const *items, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		buffer_addf(text, " %s", items[i]);
}

/* Which of them the base has is found out where it is there. What they leave behind that differs from day to
 * day is removed. */
static void add_packages(struct assembling *a, struct buffer *text)
{
	char *const *packages = a->config->packages;
	size_t nr = a->config->nr_packages;
	buffer_addstr(text, "RUN if command -v apt-get >/dev/null; then apt-get update && "
			    "DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends");
	add_list(text, packages, nr);
	buffer_addstr(text,
		      " && apt-get clean && rm -rf /var/lib/apt/lists/* /var/cache/ldconfig/aux-cache "
		      "/var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log /var/log/alternatives.log; "
		      "elif command -v apk >/dev/null; then apk add --no-cache");
	add_list(text, packages, nr);
	buffer_addstr(text, "; elif command -v dnf >/dev/null; then dnf install --assumeyes "
			    "--setopt=install_weak_deps=False");
	add_list(text, packages, nr);
	buffer_addstr(
	    text,
	    " && dnf clean all; else echo 'the base has no apt-get, apk or dnf to install packages with' "
	    ">&2; exit 1; fi\n");
}

/* -- all of it -------------------------------------------------------------------------------- */

static struct error *add_dependencies(struct assembling *a, struct buffer *text, struct inputs *in)
{
	const char *path = a->config->dependencies, *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	bool there;
	struct error *err = need(a, path, &there);
	if (!err && !there)
		return error_with_hint(
		    error_new(ERROR_NOT_FOUND, "%s: '%s' is not in the commit", DEPLOY_CONFIG_FILE, path),
		    "only what is committed is deployed: add it, or change `image.dependencies`");
	if (err)
		return err;
	if (!strcmp(name, "package.json"))
		return add_node(a, text, in);
	if (!strcmp(name, "pyproject.toml")) {
		add_pyproject(a, text, in);
		return NULL;
	}
	if (ends_with(name, ".txt"))
		return add_requirements(a, text, in);
	return error_with_hint(
	    error_new(ERROR_UNSUPPORTED, "%s: nobody knows how to install '%s'", DEPLOY_CONFIG_FILE, path),
	    "requirements.txt, pyproject.toml and package.json are known; a Dockerfile can do more");
}

/* Whoever the base runs as, installing is root's. */
static void add_user(struct assembling *a, struct buffer *text)
{
	const cJSON *config = cJSON_GetObjectItemCaseSensitive(a->out->base_config, "config");
	const char *user = json_string_or(config, "User", "");
	if (!*user || !strcmp(user, "root") || !strcmp(user, "0") || !strcmp(user, "0:0"))
		return;
	buffer_addstr(text, "USER root\n");
	if (!a->out->spec.user)
		a->out->spec.user = xstrdup(user);
}

struct error *assemble_recipe(struct assembling *a, struct buffer *text, char ***inputs, size_t *nr_inputs)
{
	struct inputs in = { 0 };
	struct error *err = NULL;
	if (a->config->nr_packages || a->config->dependencies)
		add_user(a, text);
	if (a->config->nr_packages)
		add_packages(a, text);
	if (a->config->dependencies)
		err = add_dependencies(a, text, &in);
	*inputs = in.items;
	*nr_inputs = in.nr;
	return err;
}
