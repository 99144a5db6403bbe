#include "cmd/login.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "cmd/workspace.h"
#include "model/provider.h"

/* Of a column with names of models. */
#define LEAST_WIDTH 24

struct models_options {
	bool list;
};

/* One model and its price. */
struct line {
	char *name;
	double in, out;           /* US dollars per million tokens; < 0: unknown */
	int64_t to;               /* tokens of a prompt, at most; 0: any */
	double then_in, then_out; /* beyond that; < 0: unknown */
};

/* What is known about one provider. */
struct row {
	const char *provider;
	const struct provider *known; /* NULL: the user named it */
	char *endpoint;
	struct error *err;  /* why it cannot be used, or NULL */
	char *lacks_key;    /* the variable that could hold its key, when that is all that is wrong */
	bool contacted;     /* the server was asked what it has */
	struct line *lines;
	size_t nr, alloc;
};

static bool speaks_ollama(struct repo *repo, const char *provider)
{
	char *key = xstrfmt("scrutiny.%s.api", provider);
	const char *api = repo_config(repo, key);
	bool ollama = api ? !strcmp(api, "ollama") : !strcmp(provider, "ollama");
	free(key);
	return ollama;
}

static const char *configured_model(struct repo *repo, const char *provider)
{
	char *key = xstrfmt("scrutiny.%s.model", provider);
	const char *model = repo_config(repo, key);
	free(key);
	return model && *model ? model : NULL;
}

static struct line *add_line(struct row *row, const char *name, double in, double out)
{
	ALLOC_GROW(row->lines, row->nr, row->alloc);
	row->lines[row->nr++] = (struct line){ xstrdup(name), in, out, 0, -1, -1 };
	return &row->lines[row->nr - 1];
}

static bool has_line(const struct row *row, const char *name)
{
	for (size_t i = 0; i < row->nr; i++)
		if (!strcmp(row->lines[i].name, name))
			return true;
	return false;
}

/* What the provider's table has of NAME now, with its second tier. */
static void add_from_table(struct row *row, const char *name)
{
	int64_t now = (int64_t)time(NULL);
	const struct price_row *first = price_find(row->known->prices, name, 0, now);
	const char *prefix = row->known->price_prefix;
	char *id = xstrfmt("%s%s", prefix ? prefix : "", name);
	bool added = first && !has_line(row, id);
	struct line *line = added ? add_line(row, id, first->price.in, first->price.out) : NULL;
	free(id);
	if (!added || !first->max_prompt)
		return;
	const struct price_row *then = price_find(row->known->prices, name, first->max_prompt + 1, now);
	line->to = first->max_prompt;
	if (then)
		line->then_in = then->price.in, line->then_out = then->price.out;
}

/* Any name will do to see whether a provider can be used, but for one that asks who gives it credentials, or what
 * it has. */
static struct error *try_provider(struct row *row, const char *model, const struct model_settings *settings)
{
	struct model m;
	bool by_itself = row->known && row->known->auth == MODEL_AUTH_AWS;
	char *spec = model || !by_itself ? xstrfmt("%s/%s", row->provider, model ? model : "any")
					 : xstrdup(row->provider);
	struct error *err = model_find(&m, spec, settings);
	if (!err && model)
		add_line(row, m.name, m.price_in, m.price_out);
	if (!err)
		model_release(&m);
	free(spec);
	return err;
}

/* The variable that the key of ROW is looked for in, when there is none and that is all that is wrong; else NULL. */
static char *lacks_key(const struct row *row, const struct model_settings *settings)
{
	char *key = xstrfmt("scrutiny.%s.keyenv", row->provider);
	const char *named = settings->config(settings->data, key);
	const char *usual[ARRAY_SIZE(row->known->key_env) + 1] = { named };
	free(key);
	if (!row->err || (!named && (!row->known || !row->known->needs_key)) ||
	    (!named && http_url_is_loopback(row->endpoint)))
		return NULL;
	if (!named)
		memcpy(usual, row->known->key_env, sizeof(row->known->key_env));
	for (size_t i = 0; i < ARRAY_SIZE(usual) && usual[i]; i++) {
		const char *value = settings->env(settings->data, usual[i]);
		if (value && *value)
			return NULL;
	}
	return usual[0] ? xstrdup(usual[0]) : NULL;
}

static void add_ollama(struct row *row, const struct model_settings *settings)
{
	char **names = NULL;
	size_t nr = 0;
	row->contacted = true;
	row->err = model_ollama_list(row->endpoint, &settings->http, &names, &nr);
	for (size_t i = 0; i < nr; i++) {
		add_line(row, names[i], 0, 0);
		free(names[i]);
	}
	free(names);
}

static void fill_row(struct row *row, struct repo *repo, const char *provider)
{
	struct model_settings settings = workspace_model_settings(repo);
	*row = (struct row){ .provider = provider, .known = provider_by_name(provider) };
	row->err = model_endpoint(&row->endpoint, provider, &settings);
	if (row->err)
		return;
	if (speaks_ollama(repo, provider)) {
		add_ollama(row, &settings);
		return;
	}
	row->err = try_provider(row, configured_model(repo, provider), &settings);
	row->lacks_key = lacks_key(row, &settings);
	const struct price_row *prices = row->known ? row->known->prices : NULL;
	for (; prices && prices->model; prices++)
		add_from_table(row, prices->model);
}

static void row_release(struct row *row)
{
	for (size_t i = 0; i < row->nr; i++)
		free(row->lines[i].name);
	free(row->lines);
	free(row->endpoint);
	free(row->lacks_key);
	error_free(row->err);
}

static void add_safe(struct buffer *out, const char *s)
{
	char *clean = redact(xstrdup(s)); /* an address may hold a password */
	text_for_terminal(out, clean, strlen(clean), false);
	free(clean);
}

static void print_price(struct buffer *out, const struct line *line)
{
	if (line->in == 0 && line->out == 0) {
		buffer_addstr(out, "free");
		return;
	}
	if (line->in < 0 || line->out < 0) {
		buffer_addstr(out, "price unknown");
		return;
	}
	buffer_addf(out, "$%g in, $%g out", line->in, line->out);
	if (line->to && line->then_in >= 0)
		buffer_addf(out, "; beyond %lldK $%g in, $%g out", (long long)(line->to / 1000),
			    line->then_in, line->then_out);
	else if (line->to)
		buffer_addf(out, "; beyond %lldK unknown", (long long)(line->to / 1000));
}

static void print_lines(struct buffer *out, const struct row *row)
{
	size_t width = LEAST_WIDTH;
	for (size_t i = 0; i < row->nr; i++)
		width = strlen(row->lines[i].name) > width ? strlen(row->lines[i].name) : width;
	for (size_t i = 0; i < row->nr; i++) {
		size_t start = out->len;
		buffer_addf(out, "           %s/", row->provider);
		size_t name = out->len;
		add_safe(out, row->lines[i].name);
		int pad = (int)(name - start + width) - (int)(out->len - start);
		buffer_addf(out, "%*s", pad > 0 ? pad + 2 : 2, "");
		print_price(out, &row->lines[i]);
		buffer_addch(out, '\n');
	}
}

static void print_trouble(struct buffer *out, const struct row *row)
{
	if (row->lacks_key) {
		buffer_addf(out, "no key: `git scrutiny models login %s`, or export ", row->provider);
		add_safe(out, row->lacks_key);
		buffer_addstr(out, "=...\n");
		return;
	}
	add_safe(out, row->err->message);
	if (row->err->hint) {
		buffer_addch(out, ' ');
		add_safe(out, row->err->hint);
	}
	buffer_addch(out, '\n');
}

static void print_row(struct buffer *out, const struct row *row)
{
	buffer_addf(out, "%-10s ", row->provider);
	if (row->err) {
		print_trouble(out, row);
	} else {
		buffer_addstr(out, row->contacted ? "runs at " : "set up: ");
		add_safe(out, row->endpoint);
		buffer_addstr(out, row->nr || !row->contacted ? "\n" : ", but has no model\n");
	}
	print_lines(out, row);
}

static void list_row(struct buffer *out, const struct row *row)
{
	for (size_t i = 0; i < row->nr && !row->err; i++) {
		buffer_addf(out, "%s/", row->provider);
		add_safe(out, row->lines[i].name);
		buffer_addch(out, '\n');
	}
}

/* Providers that are known, then those that are configured: scrutiny.<name>.endpoint. */
static void add_configured(const char *key, const char *value, void *data)
{
	struct strmap *names = data;
	const char *name = key + strlen("scrutiny.");
	(void)value;
	size_t len = strlen(name);
	if (len > strlen(".endpoint") && ends_with(name, ".endpoint"))
		strmap_add(names, name, len - strlen(".endpoint"));
}

static void print_all(struct buffer *out, struct repo *repo, bool list)
{
	struct strmap names = STRMAP_INIT;
	for (size_t i = 0; model_provider_name(i); i++)
		strmap_add(&names, model_provider_name(i), strlen(model_provider_name(i)));
	repo_config_each(repo, "scrutiny.", add_configured, &names);
	if (!list)
		buffer_addstr(out, "builtin    ready: always runs; `git scrutiny explain` lists its rules\n");
	for (size_t i = 0; i < names.nr; i++) {
		struct row row;
		fill_row(&row, repo, names.entries[i].key);
		if (list)
			list_row(out, &row);
		else
			print_row(out, &row);
		row_release(&row);
	}
	strmap_release(&names, NULL);
}

static void print_advice(struct context *ctx, struct repo *repo)
{
	const char *configured = repo_config(repo, "scrutiny.reviewers");
	if (configured)
		say_hint(ctx, "asked by default: %s (git config scrutiny.reviewers)", configured);
	else
		say_hint(ctx, "choose with --reviewers=<provider>/<model>,... or for good with "
			      "`git config scrutiny.reviewers <list>`");
	say_hint(ctx, "prices are US dollars per million tokens; `git scrutiny plan` makes them those of your papers");
	say_hint(ctx, "any OpenAI-compatible server: `git config scrutiny.<name>.endpoint "
		      "http://<host>/v1` makes it <name>/...");
}

static struct error *run_action(struct context *ctx, int argc, const char **argv)
{
	static const struct {
		const char *name;
		struct error *(*run)(struct context *ctx, const char *provider);
	} actions[] = { { "login", login }, { "logout", logout } };
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(argv[0], actions[i].name))
			continue;
		/* A second word may be a key, typed by mistake: it is not repeated. */
		if (argc != 2)
			return error_with_hint(error_new(ERROR_USAGE, "models %s takes one provider", argv[0]),
					       "the key is read from the terminal, or from standard input");
		return actions[i].run(ctx, argv[1]);
	}
	return error_with_hint(error_new(ERROR_USAGE, "models does not know '%s'", argv[0]),
			       "`git scrutiny models login <provider>` and `logout <provider>` are what it does");
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const struct models_options *o = options;
	struct repo *repo;
	struct buffer out = BUFFER_INIT;
	(void)exit_status;
	if (argc)
		return run_action(ctx, argc, argv);
	struct error *err = context_repo(ctx, &repo);
	if (err)
		return err;
	print_all(&out, repo, o->list);
	print_buffer(&out);
	if (!o->list)
		print_advice(ctx, repo);
	buffer_release(&out);
	return NULL;
}

static const struct option options[] = {
	{ OPTION_BOOL, 0, "list", offsetof(struct models_options, list), NULL,
	  "print the models' names only, one a line" },
	{ .kind = OPTION_END },
};

static const char *const usage[] = { "[--list]", "login <provider>", "logout <provider>", NULL };

static const struct example examples[] = {
	{ "git scrutiny models", "What can be asked from here." },
	{ "git config scrutiny.lab.endpoint http://gpu.lab.example:8000/v1",
	  "Make any OpenAI-compatible server known as `lab`." },
	{ "git config scrutiny.reviewers lab/qwen3-32b,ollama/llama3.1",
	  "Ask these two from now on." },
	{ "git scrutiny models login openai",
	  "Have git's credential helper keep the key of openai, which is asked for." },
	{ NULL, NULL },
};

const struct command cmd_models = {
	.name = "models",
	.summary = "show which models can be asked, and how to add one",
	.usage = usage,
	.description =
		"Shows the providers that are known, whether they can be used or what they lack, and "
		"which models of theirs have a known price. Only servers that speak Ollama's API are "
		"contacted.\n\n"
		"Endpoints and keys come from git config and the environment, never from the repository's "
		"files: `scrutiny.<name>.endpoint` makes an OpenAI-compatible server known under a name. "
		"`scrutiny.<name>.api` says what it speaks: openai (chat completions; the default), responses, "
		"anthropic, gemini, ollama, or converse. `scrutiny.<name>.keyEnv` names the "
		"environment variable that holds its key, `scrutiny.<name>.model` is what the name alone means, "
		"and `scrutiny.<name>.contextTokens`, `.maxTokens`, `.priceIn` and `.priceOut` (US "
		"dollars per million tokens) say what the server does not. The keys of openai, "
		"anthropic and gemini are in OPENAI_API_KEY, ANTHROPIC_API_KEY and GEMINI_API_KEY (or "
		"GOOGLE_API_KEY); OPENAI_BASE_URL, ANTHROPIC_BASE_URL, GOOGLE_GEMINI_BASE_URL and OLLAMA_HOST "
		"are honoured.\n\n"
		"`bedrock` is Amazon Bedrock in the region of `scrutiny.bedrock.region`, AWS_REGION, "
		"AWS_DEFAULT_REGION or the profile. Requests are signed with the credentials that AWS's own tools "
		"would use: environment, web identity, the profile (`scrutiny.bedrock.profile`, AWS_PROFILE) of "
		"~/.aws with its keys, role or credential_process, the container's, the instance's; a Bedrock "
		"API key in AWS_BEARER_TOKEN_BEDROCK takes their place. Profiles that sign in through IAM Identity "
		"Center are used by way of a credential_process. Where a model is configured, who hands out "
		"temporary credentials is asked for them here, too.\n\n"
		"A key that is in no variable is asked of git's credential helpers (see gitcredentials(7)), "
		"under the provider's endpoint and its name as the user name. `login` puts it there: it is "
		"typed without echo, or read from standard input when that is no terminal, and the server is "
		"asked for its list of models to see whether it takes the key. `logout` has the helpers "
		"forget it.",
	.options = options,
	.options_size = sizeof(struct models_options),
	.examples = examples,
	.run = run,
};
