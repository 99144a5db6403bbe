#include "deploy/project_parts.h"

#include <stdarg.h>

#include "base/memory.h"
#include "base/regex.h"
#include "base/text.h"
#include "deploy/config_text.h"

/* -- the tree ---------------------------------------------------------------------------------------- */

/* What nobody starts an app from. */
static bool is_passed_over(struct slice name)
{
	static const char *const folders[] = { "node_modules",  "venv",        ".venv", "env",
					       "site-packages", "__pycache__", ".git",  "dist-info",
					       "vendor",        ".tox",        ".idea", ".vscode" };
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (slice_equals(name, folders[i]))
			return true;
	return false;
}

struct level {
	struct survey *survey;
	const char *folder; /* with a '/' behind, or "" */
	unsigned depth;
};

static struct error *add_entry(const struct tree_entry *e, void *data)
{
	const struct level *l = data;
	struct survey *s = l->survey;
	struct error *err = NULL;
	bool plain = true;
	for (size_t i = 0; i < e->name.len; i++)
		plain &= (unsigned char)e->name.data[i] >= ' ' && !strchr("\"'\\`$%#:{}[]", e->name.data[i]);
	/* What cannot be named in the file is not what the app is started by. */
	if (s->nr == PROJECT_MAX_FILES || !plain)
		return NULL;
	char *path = xstrfmt("%s%.*s", l->folder, (int)e->name.len, e->name.data);
	if ((e->mode & 0170000) == 0100000) {
		ALLOC_GROW(s->files, s->nr, s->alloc);
		s->files[s->nr++] = (struct survey_file){ path, e->oid };
		return NULL;
	}
	if (e->mode == 040000 && l->depth < PROJECT_MAX_DEPTH && !is_passed_over(e->name)) {
		char *folder = xstrfmt("%s/", path);
		struct level below = { s, folder, l->depth + 1 };
		err = repo_tree_each(s->repo, &e->oid, add_entry, &below);
		free(folder);
	}
	free(path);
	return err;
}

static const struct survey_file *find(const struct survey *s, const char *path)
{
	for (size_t i = 0; i < s->nr; i++)
		if (!strcmp(s->files[i].path, path))
			return &s->files[i];
	return NULL;
}

bool survey_has(const struct survey *s, const char *path)
{
	return find(s, path) != NULL;
}

bool survey_read(const struct survey *s, const char *path, struct buffer *out)
{
	const struct survey_file *file = find(s, path);
	buffer_release(out);
	buffer_init(out, PROJECT_MAX_FILE);
	struct error *err = file ? repo_read_object(s->repo, &file->oid, OBJECT_BLOB, out) : NULL;
	bool read = file && !err && !memchr(out->data, '\0', out->len);
	error_free(err);
	if (!read)
		buffer_reset(out);
	return read;
}

/* -- patterns -------------------------------------------------------------------------------------------- */

char *survey_match(struct slice text, const char *pattern, unsigned flags)
{
	struct regex *regex;
	struct regex_match m;
	char *found = NULL;
	struct error *err = regex_new(&regex, pattern, flags | REGEX_MULTILINE);
	if (!err && regex_search(regex, text, 0, &m, NULL) && m.nr > 1 && m.start[1] != (size_t)-1)
		found = xmemdupz(text.data + m.start[1], m.end[1] - m.start[1]);
	error_free(err);
	regex_free(regex);
	return found;
}

void survey_match_all(struct strmap *set, struct slice text, const char *pattern)
{
	struct regex *regex;
	struct regex_match m;
	size_t at = 0;
	struct error *err = regex_new(&regex, pattern, REGEX_MULTILINE);
	while (!err && regex_search(regex, text, at, &m, NULL)) {
		if (m.nr > 1 && m.start[1] != (size_t)-1 && set->nr < PROJECT_MAX_READ)
			strmap_add(set, text.data + m.start[1], m.end[1] - m.start[1]);
		at = m.end[0] > m.start[0] ? m.end[0] : m.end[0] + 1;
	}
	error_free(err);
	regex_free(regex);
}

/* -- what was found ------------------------------------------------------------------------------------ */

static void add_string(char ***list, size_t *nr, char *string)
{
	*list = xreallocarray(*list, *nr + 2, sizeof(**list));
	(*list)[(*nr)++] = string;
	(*list)[*nr] = NULL;
}

/* On one line, whatever is quoted in it. */
void project_note(struct project *p, const char *fmt, ...)
{
	struct buffer text = BUFFER_INIT, shown = BUFFER_INIT;
	va_list ap;
	va_start(ap, fmt);
	buffer_vaddf(&text, fmt, ap);
	va_end(ap);
	text_for_terminal(&shown, text.data, text.len, false);
	buffer_release(&text);
	add_string(&p->notes, &p->nr_notes, buffer_detach(&shown, NULL));
}

void project_set(char **member, const char *value)
{
	char *copy = value ? xstrdup(value) : NULL;
	free(*member);
	*member = copy;
}

void project_command(struct project *p, const char *const *words)
{
	strings_free(p->command, p->nr_command);
	p->command = NULL;
	p->nr_command = 0;
	for (; *words; words++)
		add_string(&p->command, &p->nr_command, xstrdup(*words));
}

void project_variable(struct project *p, const char *name, const char *value)
{
	p->environment = xreallocarray(p->environment, p->nr_environment + 1, sizeof(*p->environment));
	p->environment[p->nr_environment++] = (struct deploy_variable){ xstrdup(name), xstrdup(value) };
}

void project_package(struct project *p, const char *name)
{
	for (size_t i = 0; i < p->nr_packages; i++)
		if (!strcmp(p->packages[i], name))
			return;
	add_string(&p->packages, &p->nr_packages, xstrdup(name));
}

/* -- the name ---------------------------------------------------------------------------------------------
 */

/* The last part of origin's URL, or the folder's name, with what no app may be called taken out. */
static char *app_name(struct repo *repo)
{
	const char *url = repo_config(repo, "remote.origin.url");
	const char *folder = repo_work_tree(repo) ? repo_work_tree(repo) : repo_common_dir(repo);
	char *text = xstrdup(url && *url ? url : folder);
	size_t len = strlen(text);
	while (len && text[len - 1] == '/')
		text[--len] = '\0';
	if (ends_with(text, ".git"))
		text[len - 4] = '\0';
	const char *last = text;
	for (const char *c = text; *c; c++)
		if ((*c == '/' || *c == ':') && c[1])
			last = c + 1;
	struct buffer name = BUFFER_INIT;
	for (; *last && name.len < 40; last++) {
		int c = ascii_lower((unsigned char)*last);
		if (ascii_alnum(c))
			buffer_addch(&name, (char)c);
		else if (name.len && name.data[name.len - 1] != '-')
			buffer_addch(&name, '-');
	}
	while (name.len && name.data[name.len - 1] == '-')
		buffer_truncate(&name, name.len - 1);
	if (!name.len)
		buffer_addstr(&name, "app");
	free(text);
	return buffer_detach(&name, NULL);
}

/* -- variables
 * ----------------------------------------------------------------------------------------------- */

#define NAME "[\"']([A-Z_][A-Z0-9_]{1,63})[\"']"

static bool looks_secret(const char *name)
{
	static const char *const words[] = {
		"KEY", "TOKEN",        "SECRET",    "PASSWORD",  "PASSWD",  "PASSPHRASE", "CREDENTIAL",
		"DSN", "DATABASE_URL", "MONGO_URI", "REDIS_URL", "WEBHOOK", NULL
	};
	static const char *const no[] = { "PUBLIC",    "TOKENIZERS", "KEYBOARD", "_KEY_ID",
					  "MAX_TOKEN", "NUM_TOKEN",  NULL };
	struct slice s = slice_of_string(name);
	char *why = config_text_fault(TEXT_VARIABLE, name);
	bool can_be = !why;
	free(why);
	for (size_t i = 0; no[i]; i++)
		can_be &= !strstr(name, no[i]);
	for (size_t i = 0; words[i] && can_be; i++)
		if (memmem(s.data, s.len, words[i], strlen(words[i])))
			return true;
	return false;
}

static bool is_source(const char *path)
{
	static const char *const endings[] = { ".py", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx" };
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (ends_with(path, endings[i]))
			return !starts_with(path, "tests/") && !strstr(path, "/tests/") &&
			       !starts_with(path, "test/");
	return false;
}

static void find_variables(struct survey *s)
{
	static const char *const patterns[] = {
		"os\\.environ\\[" NAME,           "os\\.environ\\.(?:get|setdefault)\\(\\s*" NAME,
		"\\bgetenv\\(\\s*" NAME,          "\\benviron\\[" NAME,
		"\\benv(?:\\.str)?\\(\\s*" NAME,  "st\\.secrets\\[" NAME,
		"st\\.secrets\\.get\\(\\s*" NAME, "process\\.env\\.([A-Z_][A-Z0-9_]{1,63})\\b",
		"process\\.env\\[" NAME,
	};
	struct strmap names = STRMAP_INIT;
	struct buffer text = BUFFER_INIT;
	size_t read = 0;
	for (size_t i = 0; i < s->nr && read < PROJECT_MAX_READ; i++) {
		if (!is_source(s->files[i].path) || !survey_read(s, s->files[i].path, &text))
			continue;
		read++;
		for (size_t k = 0; k < ARRAY_SIZE(patterns); k++)
			survey_match_all(&names, slice_of(&text), patterns[k]);
	}
	for (size_t i = 0; i < names.nr; i++) {
		const char *name = names.entries[i].key;
		if (looks_secret(name) && s->p->nr_secrets < DEPLOY_MAX_SECRETS)
			add_string(&s->p->secrets, &s->p->nr_secrets, xstrdup(name));
		else if (strcmp(name, "PORT") != 0)
			add_string(&s->p->variables, &s->p->nr_variables, xstrdup(name));
	}
	buffer_release(&text);
	strmap_release(&names, NULL);
}

/* -- the whole
 * ------------------------------------------------------------------------------------------------- */

static struct error *cannot_tell(void)
{
	return error_with_hint(
		error_new(ERROR_UNSUPPORTED,
			  "cannot tell how the app is started: there is no Dockerfile, no "
			  "Python file that makes a Streamlit, Gradio, FastAPI, Flask, Dash or Django app, "
			  "no package.json with a start script, no Procfile with a plain command and no "
			  "index.html"),
		"write a Dockerfile, or a Procfile with a line such as 'web: python app.py'");
}

static struct error *detect(struct survey *s)
{
	static struct error *(*const detectors[])(struct survey *s, bool *found) = {
		project_of_dockerfile, project_of_python, project_of_node, project_of_procfile,
		project_of_static,
	};
	struct error *err = NULL;
	bool found = false;
	for (size_t i = 0; i < ARRAY_SIZE(detectors) && !err && !found; i++)
		err = detectors[i](s, &found);
	if (!err && !found)
		return cannot_tell();
	if (err)
		return err;
	find_variables(s);
	if (!survey_has(s, ".dockerignore") && !s->p->dockerfile)
		project_note(s->p, "there is no .dockerignore: all that is committed goes into the image, "
				   "tests and data too");
	return NULL;
}

struct error *project_detect(struct project *out, struct repo *repo, const struct oid *tree)
{
	struct survey s = { .p = out, .repo = repo };
	struct level top = { &s, "", 0 };
	*out = (struct project){ .app = app_name(repo) };
	struct error *err = repo_tree_each(repo, tree, add_entry, &top);
	if (!err)
		err = detect(&s);
	for (size_t i = 0; i < s.nr; i++)
		free(s.files[i].path);
	free(s.files);
	if (err)
		project_release(out);
	return err;
}

void project_release(struct project *p)
{
	free(p->app);
	free(p->dockerfile);
	free(p->dependencies);
	free(p->entry);
	free(p->base);
	free(p->health);
	strings_free(p->command, p->nr_command);
	strings_free(p->packages, p->nr_packages);
	for (size_t i = 0; i < p->nr_environment; i++) {
		free(p->environment[i].name);
		free(p->environment[i].value);
	}
	free(p->environment);
	strings_free(p->secrets, p->nr_secrets);
	strings_free(p->variables, p->nr_variables);
	strings_free(p->notes, p->nr_notes);
	*p = (struct project){ 0 };
}
