#include "cmd/login.h"

#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/workspace.h"

struct models_options {
	bool list;
};

/* What is known about one provider. */
struct row {
	const char *provider;
	char *endpoint;
	struct error *err;  /* why it cannot be used, or NULL */
	char **models;      /* that it tells of, or that is configured */
	size_t nr;
	double price_in, price_out; /* of the configured model; < 0: unknown */
};

static bool speaks_ollama(struct repo *repo, const char *provider)
{
	char *key = xstrfmt("scrutiny.%s.api", provider);
	const char *api = repo_config(repo, key);
	bool ollama = api ? !strcmp(api, "ollama") : !strcmp(provider, "ollama");
	free(key);
	return ollama;
}

static void ask_configured(struct row *row, const struct model_settings *settings)
{
	struct model model;
	row->err = model_find(&model, row->provider, settings);
	if (row->err)
		return;
	row->models = xcalloc(1, sizeof(*row->models));
	row->models[row->nr++] = xstrdup(model.name);
	row->price_in = model.price_in;
	row->price_out = model.price_out;
	model_release(&model);
}

static void fill_row(struct row *row, struct repo *repo, const char *provider)
{
	struct model_settings settings = workspace_model_settings(repo);
	*row = (struct row){ .provider = provider, .price_in = -1, .price_out = -1 };
	row->err = model_endpoint(&row->endpoint, provider, &settings);
	if (row->err)
		return;
	if (speaks_ollama(repo, provider)) {
		row->err = model_ollama_list(row->endpoint, &settings.http, &row->models, &row->nr);
		row->price_in = row->price_out = 0;
	} else {
		ask_configured(row, &settings);
	}
}

static void row_release(struct row *row)
{
	for (size_t i = 0; i < row->nr; i++)
		free(row->models[i]);
	free(row->models);
	free(row->endpoint);
	error_free(row->err);
}

static void add_safe(struct buffer *out, const char *s)
{
	text_for_terminal(out, s, strlen(s), false);
}

static void print_row(struct buffer *out, const struct row *row)
{
	buffer_addf(out, "%-10s ", row->provider);
	if (row->endpoint)
		add_safe(out, row->endpoint);
	buffer_addch(out, '\n');
	if (row->err) {
		buffer_addstr(out, "           ");
		add_safe(out, row->err->message);
		buffer_addch(out, '\n');
		if (row->err->hint) {
			buffer_addstr(out, "           ");
			add_safe(out, row->err->hint);
			buffer_addch(out, '\n');
		}
	}
	for (size_t i = 0; i < row->nr; i++) {
		buffer_addf(out, "           %s/", row->provider);
		add_safe(out, row->models[i]);
		if (row->price_in == 0 && row->price_out == 0)
			buffer_addstr(out, "   free");
		else if (row->price_in >= 0 && row->price_out >= 0)
			buffer_addf(out, "   $%g in, $%g out per million tokens", row->price_in,
				    row->price_out);
		else
			buffer_addstr(out, "   price unknown");
		buffer_addch(out, '\n');
	}
	if (!row->err && !row->nr)
		buffer_addstr(out, "           answers, but has no model\n");
}

static void list_row(struct buffer *out, const struct row *row)
{
	for (size_t i = 0; i < row->nr; i++) {
		buffer_addf(out, "%s/", row->provider);
		add_safe(out, row->models[i]);
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
		buffer_addstr(out, "builtin    always runs; `git scrutiny explain` lists its rules\n");
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
	say_hint(ctx, "any OpenAI-compatible server: `git config scrutiny.<name>.endpoint "
		      "http://<host>/v1`, then --reviewers=<name>/<model>");
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
		"Shows the providers that are known, their endpoints, whether they can be used, and "
		"which models they have. Only servers that speak Ollama's API are contacted.\n\n"
		"Endpoints and keys come from git config and the environment, never from the repository's "
		"files: `scrutiny.<name>.endpoint` makes an OpenAI-compatible server known under a name "
		"(`scrutiny.<name>.api` set to ollama: an Ollama), `scrutiny.<name>.keyEnv` names the "
		"environment variable that holds its key, `scrutiny.<name>.model` is what the name alone means, "
		"and `scrutiny.<name>.contextTokens`, `.maxTokens`, `.priceIn` and `.priceOut` (US "
		"dollars per million tokens) say what the server does not. The key of openai is in "
		"OPENAI_API_KEY; OPENAI_BASE_URL and OLLAMA_HOST are honoured.\n\n"
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
