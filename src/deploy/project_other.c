/* Apps with a Dockerfile, in Node, of static files; and Procfiles. */
#include "base/json.h"
#include "base/memory.h"
#include "base/regex.h"
#include "base/text.h"
#include "deploy/config_text.h"
#include "deploy/project_parts.h"

static unsigned port_of(const char *digits)
{
	unsigned long number = digits ? strtoul(digits, NULL, 10) : 0;
	return number >= 1 && number <= 65535 ? (unsigned)number : 0;
}

/* -- Dockerfile --------------------------------------------------------------------------------------------
 */

static const char *find_dockerfile(const struct survey *s)
{
	static const char *const names[] = { "Dockerfile",        "Containerfile",  "docker/Dockerfile",
					     "deploy/Dockerfile", "app/Dockerfile", "web/Dockerfile" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (survey_has(s, names[i]))
			return names[i];
	return NULL;
}

struct error *project_of_dockerfile(struct survey *s, bool *found)
{
	struct project *p = s->p;
	struct buffer text = BUFFER_INIT;
	const char *path = find_dockerfile(s);
	*found = path && survey_read(s, path, &text);
	if (*found) {
		char *port = survey_match(slice_of(&text), "^\\s*EXPOSE\\s+([0-9]{1,5})", REGEX_CASELESS);
		char *health =
			survey_match(slice_of(&text),
				     "HEALTHCHECK[^\\n]*(?:\\\\\\n[^\\n]*)?https?://[^/\\s\"']+(/[\\w./~-]*)",
				     REGEX_CASELESS);
		char *streamlit = survey_match(slice_of(&text), "(streamlit)[\"', ]+run", 0);
		p->kind = "dockerfile";
		project_set(&p->dockerfile, path);
		p->port = port_of(port);
		if (!p->port) {
			p->port = streamlit ? 8501 : 8080;
			project_note(p, "%s has no EXPOSE: is %u the port the app listens on?", path,
				     p->port);
		}
		project_set(&p->health, health ? health : streamlit ? "/_stcore/health" : "/");
		free(port);
		free(health);
		free(streamlit);
	}
	buffer_release(&text);
	return NULL;
}

/* -- Node
 * ----------------------------------------------------------------------------------------------------- */

/* What is asked for when PORT is not set: "process.env.PORT || 3000". */
static unsigned node_port(const struct survey *s)
{
	static const char *const names[] = { "server.js",     "index.js",   "app.js",    "src/index.js",
					     "src/server.js", "src/app.js", "server.ts", "src/index.ts",
					     "src/server.ts", "server.mjs", "index.mjs", "bin/www" };
	struct buffer text = BUFFER_INIT;
	unsigned port = 0;
	for (size_t i = 0; i < ARRAY_SIZE(names) && !port; i++) {
		if (!survey_read(s, names[i], &text))
			continue;
		char *digits =
			survey_match(slice_of(&text), "PORT\\s*(?:\\|\\||\\?\\?)\\s*[\"']?([0-9]{2,5})", 0);
		if (!digits)
			digits = survey_match(slice_of(&text), "\\.listen\\(\\s*([0-9]{2,5})", 0);
		port = port_of(digits);
		free(digits);
	}
	buffer_release(&text);
	return port ? port : 3000;
}

static char *node_version(const struct survey *s, const cJSON *package)
{
	const cJSON *engines = cJSON_GetObjectItemCaseSensitive(package, "engines");
	const char *wanted = json_string_or(engines, "node", "");
	char *major = survey_match(slice_of_string(wanted), "^[\\s>=^~v]*([0-9]{2})\\b", 0);
	struct buffer text = BUFFER_INIT;
	if (!major && (survey_read(s, ".nvmrc", &text) || survey_read(s, ".node-version", &text)))
		major = survey_match(slice_of(&text), "^\\s*v?([0-9]{2})\\b", 0);
	buffer_release(&text);
	return major ? major : xstrdup("22");
}

struct error *project_of_node(struct survey *s, bool *found)
{
	struct project *p = s->p;
	struct buffer text = BUFFER_INIT;
	cJSON *package = NULL;
	struct error *err = survey_read(s, "package.json", &text)
				    ? json_parse(&package, slice_of(&text), "package.json")
				    : NULL;
	buffer_release(&text);
	if (err)
		return err;
	const cJSON *scripts = cJSON_GetObjectItemCaseSensitive(package, "scripts");
	const char *start = json_string_or(scripts, "start", NULL),
		   *main = json_string_or(package, "main", NULL);
	bool has_main = main && !config_text_fault(TEXT_REPOSITORY_FILE, main) && survey_has(s, main);
	*found = start || has_main || survey_has(s, "server.js");
	if (*found) {
		char *version = node_version(s, package);
		p->kind = "node";
		p->base = xstrfmt("node:%s-slim", version);
		project_set(&p->dependencies, "package.json");
		project_set(&p->entry, start ? "npm start" : has_main ? main : "server.js");
		project_set(&p->health, "/");
		p->port = node_port(s);
		if (start)
			project_command(p, (const char *const[]){ "npm", "start", NULL });
		else
			project_command(p, (const char *const[]){ "node", p->entry, NULL });
		char *port = xstrfmt("%u", p->port);
		project_variable(p, "NODE_ENV", "production");
		project_variable(p, "PORT", port);
		if (json_string_or(scripts, "build", NULL))
			project_note(p, "package.json has a build script: its output must be committed, or "
					"write a Dockerfile "
					"that runs it");
		free(port);
		free(version);
		project_read_procfile(s);
	}
	cJSON_Delete(package);
	return NULL;
}

/* -- static files -------------------------------------------------------------------------------------------
 */

struct error *project_of_static(struct survey *s, bool *found)
{
	static const char *const folders[] = { "",      "public/", "dist/", "build/",
					       "docs/", "site/",   "www/",  "_site/" };
	struct project *p = s->p;
	*found = false;
	for (size_t i = 0; i < ARRAY_SIZE(folders) && !*found; i++) {
		char *index = xstrfmt("%sindex.html", folders[i]);
		*found = survey_has(s, index);
		if (*found) {
			char *home = xstrfmt("/app/%s", folders[i]);
			p->kind = "static";
			p->port = 8080;
			project_set(&p->entry, index);
			project_set(&p->base, "busybox:1.37");
			project_set(&p->health, "/");
			home[strlen(home) - 1] = '\0';
			project_command(p, (const char *const[]){ "busybox", "httpd", "-f", "-p", "8080",
								  "-h", home, NULL });
			free(home);
		}
		free(index);
	}
	return NULL;
}

/* -- Procfile
 * ------------------------------------------------------------------------------------------------- */

#define MAX_WORDS 32

void project_read_procfile(struct survey *s)
{
	struct project *p = s->p;
	struct buffer text = BUFFER_INIT, line = BUFFER_INIT;
	char *web = survey_read(s, "Procfile", &text)
			    ? survey_match(slice_of(&text), "^web:[ \\t]*([^\\n\\r]{1,500})", 0)
			    : NULL;
	const char *words[MAX_WORDS + 1];
	size_t nr = 0;
	char *rest = NULL;
	for (const char *at = web; at && *at;) {
		const char *behind;
		if (skip_prefix(at, "${PORT}", &behind) || skip_prefix(at, "$PORT", &behind)) {
			buffer_addf(&line, "%u", p->port);
			at = behind;
		} else {
			buffer_addch(&line, *at++);
		}
	}
	if (web && strpbrk(line.data, "$`\"'\\|&;<>(){}*?#")) {
		project_note(p, "the Procfile's command needs a shell, and was not taken over: %s", web);
	} else if (web) {
		for (char *word = strtok_r(line.data, " \t", &rest); word && nr < MAX_WORDS;
		     word = strtok_r(NULL, " \t", &rest))
			words[nr++] = word;
		words[nr] = NULL;
		if (nr) {
			project_command(p, words);
			project_note(p, "the command is the Procfile's");
		}
	}
	free(web);
	buffer_release(&line);
	buffer_release(&text);
}

static bool has_python(const struct survey *s)
{
	for (size_t i = 0; i < s->nr; i++)
		if (ends_with(s->files[i].path, ".py") && !strchr(s->files[i].path, '/'))
			return true;
	return false;
}

/* What no framework tells, the Procfile may: a command, and that it listens on $PORT. */
struct error *project_of_procfile(struct survey *s, bool *found)
{
	struct project *p = s->p;
	struct buffer text = BUFFER_INIT;
	bool python = has_python(s);
	if (!python && !survey_has(s, "package.json"))
		return NULL;
	p->port = 8080;
	project_read_procfile(s);
	*found = p->nr_command > 0;
	if (*found) {
		char *version = python ? project_python_version(s) : xstrdup("22"), *dump = NULL;
		char *list = python ? project_requirements(s, &dump) : xstrdup("package.json");
		p->kind = "procfile";
		project_set(&p->entry, "Procfile");
		project_set(&p->health, "/");
		project_set(&p->dependencies, list);
		project_variable(p, "PORT", "8080");
		p->base = xstrfmt("%s:%s-slim", python ? "python" : "node", version);
		if (python && list && survey_read(s, list, &text))
			project_system_packages(p, slice_of(&text));
		if (dump)
			project_note(p, "%s: passed over%s%s", dump, list ? " for " : "", list ? list : "");
		free(version);
		free(list);
		free(dump);
	}
	buffer_release(&text);
	return NULL;
}
