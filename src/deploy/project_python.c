/* Apps in Python: which file makes one, and how it is started. */
#include "base/memory.h"
#include "base/regex.h"
#include "base/text.h"
#include "deploy/project_parts.h"

#define ROUTE_PATTERN                                                                                        \
	"[\"'](/(?:healthz?|healthcheck|health-check|health/live|livez|readyz|ready|ping|status|up))/?[\"']"

struct candidate {
	char *path;
	int framework, score;
	char *variable;      /* of the app object, "app"; NULL: none was seen */
};

/* Of two kinds in one repository the one above counts: a page of Streamlit may call its own FastAPI, not the
 * reverse. */
static const struct framework {
	const char *kind, *module;
	const char *constructor; /* finds the name of the app object; NULL: it needs none */
	unsigned port;
	const char *health;
} frameworks[] = {
	{ "streamlit", "streamlit", NULL, 8501, "/_stcore/health" },
	{ "gradio", "gradio", NULL, 7860, "/" },
	{ "dash", "dash", "^(\\w+)\\s*(?::[^=\\n]{1,40})?=\\s*(?:dash\\.)?Dash\\(", 8050, "/" },
	{ "fastapi", "fastapi", "^(\\w+)\\s*(?::[^=\\n]{1,40})?=\\s*(?:fastapi\\.)?FastAPI\\(", 8000,
	  "/openapi.json" },
	{ "flask", "flask", "^(\\w+)\\s*(?::[^=\\n]{1,40})?=\\s*(?:flask\\.)?Flask\\(", 8000, "/" },
	{ "django", "django", NULL, 8000, "/" },
};

/* -- which file ------------------------------------------------------------------------------------------ */

static int name_score(const char *path, const char *kind)
{
	static const char *const names[] = { "streamlit_app.py", "app.py",  "main.py", "Home.py",
					     "home.py",          "wsgi.py", "asgi.py", "server.py",
					     "index.py",         "run.py",  "demo.py", "api.py" };
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	int score = 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			score = 20 - (int)i;
	if (!strcmp(kind, "django"))
		return strcmp(name, "manage.py") ? -100 : 30;
	for (const char *c = path; *c; c++)
		score -= *c == '/' ? 6 : 0;
	return score;
}

static bool is_aside(const char *path)
{
	static const char *const folders[] = { "tests/",   "test/",      "docs/",  "examples/",   "example/",
					       "scripts/", "notebooks/", "pages/", "benchmarks/", "tools/" };
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		char *inner = xstrfmt("/%s", folders[i]);
		bool inside = starts_with(path, folders[i]) || strstr(path, inner);
		free(inner);
		if (inside)
			return true;
	}
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	return starts_with(name, "test_") || ends_with(name, "_test.py") || !strcmp(name, "conftest.py") ||
	       !strcmp(name, "setup.py");
}

static void consider(struct candidate *best, const char *path, struct slice text, int framework)
{
	const struct framework *f = &frameworks[framework];
	char *pattern = xstrfmt("^[ \\t]*(?:import|from)[ \\t]+(%s)\\b", f->module);
	char *imported = survey_match(text, pattern, 0);
	char *variable = imported && f->constructor ? survey_match(text, f->constructor, 0) : NULL;
	int score = name_score(path, f->kind);
	free(pattern);
	if (f->constructor)
		score += variable ? 40 : -60;
	if (imported && score > -30 && (!best->path || score > best->score)) {
		free(best->path);
		free(best->variable);
		*best = (struct candidate){ xstrdup(path), framework, score, variable };
		variable = NULL;
	}
	free(variable);
	free(imported);
}

/* The best file of the first framework that has one. ALL gets the modules that are imported anywhere. */
static void find_entry(struct survey *s, struct candidate *out, struct strmap *all, char **health)
{
	struct candidate best[ARRAY_SIZE(frameworks)] = { { 0 } };
	struct buffer text = BUFFER_INIT;
	size_t read = 0;
	for (size_t i = 0; i < s->nr && read < PROJECT_MAX_READ; i++) {
		const char *path = s->files[i].path;
		if (!ends_with(path, ".py") || is_aside(path) || !survey_read(s, path, &text))
			continue;
		read++;
		survey_match_all(all, slice_of(&text),
				 "^[ \\t]*(?:import|from)[ \\t]+([A-Za-z_][A-Za-z0-9_]*)");
		if (!*health)
			*health = survey_match(slice_of(&text), ROUTE_PATTERN, 0);
		for (int k = 0; k < (int)ARRAY_SIZE(frameworks); k++)
			consider(&best[k], path, slice_of(&text), k);
	}
	*out = (struct candidate){ 0 };
	for (size_t k = 0; k < ARRAY_SIZE(frameworks); k++) {
		if (!out->path && best[k].path) {
			*out = best[k];
			continue;
		}
		free(best[k].path);
		free(best[k].variable);
	}
	buffer_release(&text);
}

/* -- what it imports ----------------------------------------------------------------------------------------
 */

static const char *const standard_library[] = {
	"__future__",
	"abc",
	"argparse",
	"array",
	"ast",
	"asyncio",
	"base64",
	"binascii",
	"bisect",
	"builtins",
	"calendar",
	"codecs",
	"collections",
	"concurrent",
	"configparser",
	"contextlib",
	"copy",
	"csv",
	"ctypes",
	"dataclasses",
	"datetime",
	"decimal",
	"difflib",
	"email",
	"enum",
	"errno",
	"fnmatch",
	"fractions",
	"functools",
	"gc",
	"getpass",
	"glob",
	"gzip",
	"hashlib",
	"heapq",
	"hmac",
	"html",
	"http",
	"importlib",
	"inspect",
	"io",
	"ipaddress",
	"itertools",
	"json",
	"locale",
	"logging",
	"math",
	"mimetypes",
	"multiprocessing",
	"operator",
	"os",
	"pathlib",
	"pickle",
	"pkgutil",
	"platform",
	"pprint",
	"queue",
	"random",
	"re",
	"sched",
	"secrets",
	"select",
	"shlex",
	"shutil",
	"signal",
	"site",
	"smtplib",
	"socket",
	"sqlite3",
	"ssl",
	"stat",
	"statistics",
	"string",
	"struct",
	"subprocess",
	"sys",
	"tarfile",
	"tempfile",
	"textwrap",
	"threading",
	"time",
	"timeit",
	"tkinter",
	"tomllib",
	"traceback",
	"types",
	"typing",
	"unicodedata",
	"unittest",
	"urllib",
	"uuid",
	"warnings",
	"weakref",
	"xml",
	"zipfile",
	"zlib",
	"zoneinfo",
	NULL,
};

static const struct {
	const char *module, *package;
} package_names[] = {
	{ "PIL", "pillow" },
	{ "sklearn", "scikit-learn" },
	{ "cv2", "opencv-python-headless" },
	{ "yaml", "pyyaml" },
	{ "dotenv", "python-dotenv" },
	{ "bs4", "beautifulsoup4" },
	{ "dateutil", "python-dateutil" },
	{ "skimage", "scikit-image" },
	{ "fitz", "pymupdf" },
	{ "docx", "python-docx" },
	{ "google", "google-cloud" },
	{ "jwt", "pyjwt" },
	{ "magic", "python-magic" },
	{ "psycopg2", "psycopg2-binary" },
	{ "MySQLdb", "mysqlclient" },
};

static bool is_own(const struct survey *s, const char *module)
{
	size_t len = strlen(module);
	for (size_t i = 0; i < s->nr; i++) {
		const char *path = s->files[i].path;
		for (const char *at = path; at; at = strchr(at, '/')) {
			at += *at == '/';
			if (!strncmp(at, module, len) && (at[len] == '/' || !strcmp(at + len, ".py")))
				return true;
		}
	}
	return false;
}

/* "streamlit, pandas": what a curated list would have. */
static char *imported(const struct survey *s, const struct strmap *modules)
{
	struct buffer out = BUFFER_INIT;
	for (size_t i = 0; i < modules->nr && out.len < 400; i++) {
		const char *name = modules->entries[i].key;
		bool known = is_own(s, name);
		for (size_t k = 0; standard_library[k] && !known; k++)
			known = !strcmp(standard_library[k], name);
		if (known)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(package_names); k++)
			if (!strcmp(package_names[k].module, name))
				name = package_names[k].package;
		buffer_addf(&out, "%s%s", out.len ? ", " : "", name);
	}
	if (!out.len)
		buffer_addstr(&out, "nothing but the standard library");
	return buffer_detach(&out, NULL);
}

static struct error *read_dependencies(struct survey *s, const struct strmap *modules, const char *entry)
{
	char *dump, *list = project_requirements(s, &dump), *names = imported(s, modules);
	struct error *err = NULL;
	struct buffer text = BUFFER_INIT;
	if (list) {
		project_set(&s->p->dependencies, list);
		if (dump)
			project_note(s->p, "%s: passed over for %s", dump, list);
		if (survey_read(s, list, &text))
			project_system_packages(s->p, slice_of(&text));
	} else if (dump) {
		err = error_with_hint(error_new(ERROR_UNSUPPORTED,
						"%s; an image of all that takes long to make and "
						"breaks on another machine",
						dump),
				      "write a requirements.txt of what the app imports itself: %s", names);
	} else {
		err = error_with_hint(error_new(ERROR_UNSUPPORTED,
						"%s needs packages, and there is no requirements.txt "
						"or pyproject.toml that names them",
						entry),
				      "write a requirements.txt of what the app imports: %s", names);
	}
	buffer_release(&text);
	free(dump);
	free(list);
	free(names);
	return err;
}

static bool lists(const struct survey *s, const char *package)
{
	struct buffer text = BUFFER_INIT;
	char *pattern =
		xstrfmt("(?:^|[\"'\\s,\\[])(%s)(?:\\[[^\\]]*\\])?\\s*(?:[=<>!~;\"',\\]#@ ]|$)", package);
	char *found = s->p->dependencies && survey_read(s, s->p->dependencies, &text)
			      ? survey_match(slice_of(&text), pattern, REGEX_CASELESS) : NULL;
	bool there = found != NULL;
	free(found);
	free(pattern);
	buffer_release(&text);
	return there;
}

/* -- how it is started
 * ----------------------------------------------------------------------------------------- */

/* "src/app.py" as Python imports it. */
static char *module_of(const char *path)
{
	char *name = xmemdupz(path, strlen(path) - strlen(".py"));
	for (char *c = name; *c; c++)
		if (*c == '/')
			*c = '.';
	return name;
}

static void start_streamlit(struct survey *s, const struct candidate *c)
{
	struct buffer text = BUFFER_INIT;
	if (survey_read(s, ".streamlit/config.toml", &text)) {
		char *port = survey_match(slice_of(&text), "^\\s*port\\s*=\\s*([0-9]{2,5})", 0);
		char *base = survey_match(slice_of(&text),
					  "^\\s*baseUrlPath\\s*=\\s*[\"']/?([\\w/-]{1,64})[\"']", 0);
		unsigned long number = port ? strtoul(port, NULL, 10) : 0;
		if (number >= 1 && number <= 65535)
			s->p->port = (unsigned)number;
		if (base) {
			free(s->p->health);
			s->p->health = xstrfmt("/%s/_stcore/health", base);
		}
		free(port);
		free(base);
	}
	char *port = xstrfmt("--server.port=%u", s->p->port);
	project_command(s->p, (const char *const[]){ "streamlit", "run", c->path, port,
						     "--server.address=0.0.0.0", "--server.headless=true",
						     "--browser.gatherUsageStats=false", NULL });
	if (survey_has(s, ".streamlit/secrets.toml"))
		project_note(s->p, ".streamlit/secrets.toml is in the repository: `git deploy build` will "
				   "refuse it; take it "
				   "out, rotate what is in it, and name it below `secrets:`");
	free(port);
	buffer_release(&text);
}

/* Behind a server for production if the list has one; else by the framework's own, with a word. */
static void start_wsgi(struct survey *s, const char *module, const char *variable,
		       const char *const *otherwise)
{
	char *bind = xstrfmt("--bind=0.0.0.0:%u", s->p->port), *app = xstrfmt("%s:%s", module, variable);
	if (lists(s, "gunicorn")) {
		project_command(s->p, (const char *const[]){ "gunicorn", bind, "--workers=2",
							     "--access-logfile=-", app, NULL });
	} else {
		project_command(s->p, otherwise);
		project_note(s->p,
			     "the framework's own server is meant for development: add gunicorn to %s, and "
			     "have the "
			     "command [gunicorn, \"%s\", \"%s\"]",
			     s->p->dependencies, bind, app);
	}
	free(bind);
	free(app);
}

static void start_flask(struct survey *s, const struct candidate *c)
{
	char *module = module_of(c->path), *port = xstrfmt("--port=%u", s->p->port);
	start_wsgi(s, module, c->variable ? c->variable : "app",
		   (const char *const[]){ "flask", "--app", module, "run", "--host=0.0.0.0", port, NULL });
	free(module);
	free(port);
}

static void start_fastapi(struct survey *s, const struct candidate *c)
{
	char *module = module_of(c->path), *port = xstrfmt("--port=%u", s->p->port);
	char *app = xstrfmt("%s:%s", module, c->variable ? c->variable : "app");
	if (!lists(s, "uvicorn") && !lists(s, "fastapi\\[[^\\]]*\\]"))
		project_note(s->p, "add uvicorn to %s: it is what serves the app", s->p->dependencies);
	project_command(s->p, (const char *const[]){ "uvicorn", app, "--host=0.0.0.0", port, NULL });
	free(module);
	free(port);
	free(app);
}

static void start_script(struct survey *s, const struct candidate *c)
{
	if (!strcmp(frameworks[c->framework].kind, "gradio")) {
		project_variable(s->p, "GRADIO_SERVER_NAME", "0.0.0.0");
		project_variable(s->p, "GRADIO_SERVER_PORT", "7860");
	} else {
		project_variable(s->p, "HOST", "0.0.0.0");
	}
	project_command(s->p, (const char *const[]){ "python", c->path, NULL });
}

static void start_dash(struct survey *s, const struct candidate *c)
{
	char *module = module_of(c->path), *server = xstrfmt("%s.server", c->variable ? c->variable : "app");
	struct candidate script = *c;
	if (lists(s, "gunicorn"))
		start_wsgi(s, module, server, NULL);
	else
		start_script(s, &script);
	free(module);
	free(server);
}

static void start_django(struct survey *s, const struct candidate *c)
{
	struct buffer text = BUFFER_INIT;
	char *settings = survey_read(s, c->path, &text)
				 ? survey_match(slice_of(&text),
						"[\"']([A-Za-z0-9_.]{1,100})\\.settings(?:\\.\\w+)?[\"']", 0)
				 : NULL;
	char *module = xstrfmt("%s.wsgi", settings ? settings : "config");
	char *address = xstrfmt("0.0.0.0:%u", s->p->port);
	start_wsgi(s, module, "application",
		   (const char *const[]){ "python", c->path, "runserver", "--noreload", address, NULL });
	project_note(s->p, "ALLOWED_HOSTS must have the instance's name, and static files need "
			   "`collectstatic` (whitenoise)");
	free(settings);
	free(module);
	free(address);
	buffer_release(&text);
}

static void (*const starts[ARRAY_SIZE(frameworks)])(struct survey *s, const struct candidate *c) = {
	start_streamlit, start_script, start_dash, start_fastapi, start_flask, start_django,
};

struct error *project_of_python(struct survey *s, bool *found)
{
	struct project *p = s->p;
	struct strmap modules = STRMAP_INIT;
	struct candidate c;
	char *health = NULL;
	struct error *err = NULL;
	find_entry(s, &c, &modules, &health);
	*found = c.path != NULL;
	if (*found)
		err = read_dependencies(s, &modules, c.path);
	if (*found && !err) {
		const struct framework *f = &frameworks[c.framework];
		char *version = project_python_version(s);
		p->kind = f->kind;
		p->port = f->port;
		project_set(&p->entry, c.path);
		project_set(&p->health, health && strcmp(f->kind, "streamlit") != 0 ? health : f->health);
		p->base = xstrfmt("python:%s-slim", version);
		starts[c.framework](s, &c);
		project_read_procfile(s);
		free(version);
	}
	free(c.path);
	free(c.variable);
	free(health);
	strmap_release(&modules, NULL);
	return err;
}
