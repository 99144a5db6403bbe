/* The .deploy.yml that `git deploy init` writes. */
#include "base/text.h"
#include "base/yaml.h"
#include "deploy/project.h"

/* Names in one line. */
#define MAX_ASKED_FOR 8

static const struct {
	const char *kind, *words;
} kinds[] = {
	{ "streamlit", "a Streamlit app" }, { "gradio", "a Gradio app" }, { "dash", "a Dash app" },
	{ "fastapi", "a FastAPI app" }, { "flask", "a Flask app" }, { "django", "a Django app" },
	{ "node", "a Node app" }, { "static", "static pages" }, { "procfile", "what the Procfile starts" },
	{ "dockerfile", "an app with a Dockerfile" },
};

static const char *words_of(const char *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].kind, kind))
			return kinds[i].words;
	return "an app";
}

/* In a list of YAML's flow style, also the comma is a mark: whatever is not plainly a word gets quotes. */
static void add_list(struct buffer *out, char *const *items, size_t nr)
{
	buffer_addch(out, '[');
	for (size_t i = 0; i < nr; i++) {
		buffer_addstr(out, i ? ", " : "");
		yaml_add_scalar(out, items[i]);
	}
	buffer_addstr(out, "]\n");
}

static void add_pair(struct buffer *out, const char *key, const char *value)
{
	buffer_addf(out, "%s: ", key);
	yaml_add_scalar(out, value);
	buffer_addch(out, '\n');
}

static void write_head(struct buffer *out, const struct project *p, const char *registry)
{
	buffer_addf(out, "# What `git deploy` builds, and where it runs: %s", words_of(p->kind));
	if (p->entry) {
		buffer_addstr(out, " (");
		text_for_terminal(out, p->entry, strlen(p->entry), false);
		buffer_addch(out, ')');
	}
	buffer_addstr(
		out,
		".\n# Written by `git deploy init`; change it as you like. Only what is committed counts.\n\n"
		"# The app's name: of units, roles and parameters.\n");
	add_pair(out, "app", p->app);
	buffer_addstr(out, "\n# Registry and repository of its images.\n");
	if (registry)
		add_pair(out, "registry", registry);
	else
		buffer_addf(out, "# Not known yet; without it, git config deploy.registry is asked.\n"
			    "#registry: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/%s\n", p->app);
}

static void write_packages(struct buffer *out, const struct project *p)
{
	if (p->nr_packages) {
		buffer_addstr(out, "  # Packages of Debian that the dependencies need.\n  packages: ");
		add_list(out, p->packages, p->nr_packages);
	} else if (p->dependencies) {
		buffer_addstr(out,
			      "  #packages: [libgomp1]      # of Debian, where a dependency needs one\n");
	}
}

/* What the code asks for and is called like no secret: names only, which are of capital letters. */
static void write_asked_for(struct buffer *out, const struct project *p)
{
	if (!p->nr_variables)
		return;
	buffer_addf(out, "  # The code asks for these, too%s:\n  #",
		    p->dockerfile ? " (ENV in the Dockerfile)" : "");
	for (size_t i = 0; i < p->nr_variables && i < MAX_ASKED_FOR; i++)
		buffer_addf(out, " %s", p->variables[i]);
	buffer_addstr(out, p->nr_variables > MAX_ASKED_FOR ? " ...\n" : "\n");
}

static void write_variables(struct buffer *out, const struct project *p)
{
	if (p->nr_environment)
		buffer_addstr(out, "  # Variables that are no secret.\n  environment:\n");
	else
		buffer_addstr(out, "  #environment: {LOG_LEVEL: info}   # variables that are no secret\n");
	for (size_t i = 0; i < p->nr_environment; i++) {
		buffer_addstr(out, "    ");
		add_pair(out, p->environment[i].name, p->environment[i].value);
	}
	write_asked_for(out, p);
}

static void write_image(struct buffer *out, const struct project *p)
{
	buffer_addstr(out, "\n# How the image is made.\nimage:\n");
	if (p->dockerfile) {
		buffer_addstr(out, "  ");
		add_pair(out, "dockerfile", p->dockerfile);
		buffer_addstr(
			out,
			"  #context: web             # the folder that it copies from; the top by default\n");
		write_asked_for(out, p);
		return;
	}
	buffer_addstr(out, "  # What it stands on; its digest is looked up when the image is built.\n  ");
	add_pair(out, "base", p->base);
	if (p->dependencies) {
		buffer_addstr(out, "  # The curated list of what the app needs; installed anew only when it "
				   "changes.\n  ");
		add_pair(out, "dependencies", p->dependencies);
	}
	write_packages(out, p);
	buffer_addstr(out, "  # Files and folders that go in; without it, all that .dockerignore leaves.\n"
		      "  #files: [app.py, pages]\n"
		      "  # What is run, word by word: no shell takes it apart.\n  command: ");
	add_list(out, p->command, p->nr_command);
	write_variables(out, p);
	buffer_addf(out, "  # Who runs it in the container: not root.\n  user: %s\n",
		    strcmp(p->kind, "node") ? "nobody" : "node");
}

static void write_running(struct buffer *out, const struct project *p)
{
	buffer_addf(out,
		    "\n# The port that the app listens on in its container.\nport: %u\n"
		    "# What answers with 200 when it is ready. A release that does not become healthy is "
		    "taken back.\n",
		    p->port);
	add_pair(out, "health", p->health);
	buffer_addstr(out,
		      "\n# Secrets by name: a variable, and where its value is kept (SSM Parameter Store, or "
		      "secretsmanager:<name>#<key>).\n"
		      "# The instance reads them at every start, into memory. Never write a value here.\n");
	if (p->nr_secrets)
		buffer_addstr(out, "secrets:\n");
	for (size_t i = 0; i < p->nr_secrets; i++)
		buffer_addf(out, "  %s: /%s/%s\n", p->secrets[i], p->app, p->secrets[i]);
	if (!p->nr_secrets)
		buffer_addf(out, "#secrets:\n#  OPENAI_API_KEY: /%s/OPENAI_API_KEY\n", p->app);
	buffer_addstr(out, "\n#data: [/data]              # folders in the container that outlive it\n"
		      "#memory: 1500 MB            # more is not given to it\n"
		      "#gpu: true\n");
}

static void write_money(struct buffer *out, const char *app, const char *region)
{
	buffer_addstr(
		out,
		"\n# The instance stops when nobody used the app for so long, and after so long in any case; "
		"or: never.\n"
		"idle: 30 minutes\nuptime: 12 hours\n"
		"# US dollars a month, for a warning and for a stop. It can only lower your git config "
		"deploy.budgetWarn and\n"
		"# deploy.budgetStop.\nbudget: {warn: 15, stop: 20}\n\n"
		"# Where it runs. The tag deploy-prod-<date>-<n> deploys to prod.\nenvironments:\n  prod:\n");
	if (region)
		buffer_addf(out, "    region: %s\n", region);
	else
		buffer_addstr(out, "    #region: eu-central-1     # without it, the registry's, or that of "
				   "your AWS settings\n");
	buffer_addf(
		out,
		"    #instance: %s      # its id, or its tag Name; `git deploy infra` prints what makes one\n"
		"    #type: t3.small           # for prices and `git deploy infra`\n"
		"    port: 80                  # on the instance\n"
		"    #strategy: blue-green     # with `second_port: 8081`: no request is refused while a "
		"release takes over\n",
		app);
}

void project_write(struct buffer *out, const struct project *p, const char *registry, const char *region)
{
	write_head(out, p, registry);
	for (size_t i = 0; i < p->nr_notes; i++)
		buffer_addf(out, "%s# Note: %s.\n", i ? "" : "\n", p->notes[i]);
	write_image(out, p);
	write_running(out, p);
	write_money(out, p->app, region);
}
