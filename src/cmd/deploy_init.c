/* init: writes a .deploy.yml for what is in the repository. */
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/deployment.h"
#include "deploy/config_text.h"
#include "deploy/infrastructure.h"
#include "deploy/project.h"
#include "net/aws.h"

struct init_options {
	bool force, print;
	const char *registry, *region;
};

struct init {
	struct context *ctx;
	struct repo *repo;
	const struct init_options *options;
	struct oid tree;
	bool of_index;          /* there is no commit yet */
	struct project project;
	char *registry, *region;
	struct buffer text;
};

/* -- what is looked at ------------------------------------------------------------------------ */

static struct error *find_tree(struct init *i)
{
	static const char *const write_tree[] = { "write-tree", NULL };
	struct oid head;
	struct error *err = repo_head(i->repo, &head);
	if (err || head.hex[0])
		return err ? err : repo_commit_tree(i->repo, &head, &i->tree);
	struct buffer line = BUFFER_INIT_MAX(OID_MAX_HEX);
	i->of_index = true;
	err = repo_git_line(i->repo, write_tree, &line);
	if (!err)
		memcpy(i->tree.hex, line.data, line.len + 1);
	buffer_release(&line);
	if (!err && !strcmp(i->tree.hex, repo_empty_tree(i->repo)->hex))
		err = error_with_hint(error_new(ERROR_NOT_FOUND,
						"nothing is committed, and nothing is added: there is "
						"no app to look at"),
				      "git add what makes the app");
	return err;
}

/* -- registry and region ------------------------------------------------------------------------ */

static bool is_ecr(const char *host)
{
	struct reference ref = { .registry = (char *)(uintptr_t)host };
	struct slice account, region;
	return reference_is_ecr(&ref, &account, &region);
}

/* The registry of ECR that docker was logged in to, if there is just one. */
static char *registry_of_docker(void)
{
	static const char *const keys[] = { "auths", "credHelpers" };
	const char *folder = context_env("DOCKER_CONFIG"), *home = context_env("HOME"), *host = NULL;
	char *path = folder ? xstrfmt("%s/config.json", folder)
			    : xstrfmt("%s/.docker/config.json", home ? home : "");
	struct buffer text = BUFFER_INIT_MAX((size_t)1 << 20);
	cJSON *json = NULL;
	size_t nr = 0;
	struct error *err = file_read(path, &text);
	if (!err)
		err = json_parse(&json, slice_of(&text), path);
	for (size_t k = 0; !err && k < ARRAY_SIZE(keys); k++) {
		const cJSON *entry, *list = cJSON_GetObjectItemCaseSensitive(json, keys[k]);
		cJSON_ArrayForEach(entry, list) {
			if (entry->string && is_ecr(entry->string) &&
			    (!host || strcmp(host, entry->string) != 0)) {
				host = entry->string;
				nr++;
			}
		}
	}
	char *found = nr == 1 ? xstrdup(host) : NULL;
	error_free(err); /* whoever logs in will be told */
	cJSON_Delete(json);
	buffer_release(&text);
	free(path);
	return found;
}

/* NAME with the app's name for its repository, if it has none. */
static struct error *set_registry(struct init *i, const char *name, const char *where)
{
	struct reference ref;
	bool alone = !strchr(name, '/') && strpbrk(name, ".:");
	char *why = config_text_fault(TEXT_IMAGE, name);
	i->registry = alone ? xstrfmt("%s/%s", name, i->project.app) : xstrdup(name);
	struct error *err = why ? error_new(ERROR_USAGE, "%s: it %s", where, why)
				: error_context(reference_parse(&ref, i->registry), "%s", where);
	if (!err && (ref.tag || ref.digest.text[0]))
		err = error_new(ERROR_USAGE, "%s: it must be without tag and digest", where);
	if (!why)
		reference_release(&ref);
	free(why);
	return err;
}

static struct error *find_registry(struct init *i)
{
	if (i->options->registry)
		return set_registry(i, i->options->registry, "--registry");
	/* What is in git config needs not be in the file, but whoever else deploys needs it. */
	const char *configured = repo_config(i->repo, "deploy.registry");
	if (configured)
		return set_registry(i, configured, "git config deploy.registry");
	char *host = registry_of_docker();
	struct error *err = host ? set_registry(i, host, "docker's configuration") : NULL;
	free(host);
	return err;
}

static struct error *find_region(struct init *i)
{
	char *why = i->options->region ? config_text_fault(TEXT_REGION, i->options->region) : NULL;
	if (why) {
		struct error *err = error_new(ERROR_USAGE, "--region: it %s", why);
		free(why);
		return err;
	}
	struct reference ref = { 0 };
	struct slice account, region;
	struct error *err = i->registry ? reference_parse(&ref, i->registry) : NULL;
	bool told = !err && i->registry && reference_is_ecr(&ref, &account, &region);
	error_free(err);
	reference_release(&ref);
	if (i->options->region) {
		i->region = xstrdup(i->options->region);
	} else if (!told) {
		struct cloud_settings settings = deployment_cloud_settings(i->ctx, i->repo, NULL);
		i->region = aws_region(&settings.aws);
	}
	why = i->region ? config_text_fault(TEXT_REGION, i->region) : NULL;
	if (why) { /* of settings that mean something else */
		free(i->region);
		i->region = NULL;
	}
	free(why);
	return NULL;
}

/* -- writing --------------------------------------------------------------------------------------- */

/* What cannot be read back would be found out at the worst time. */
static struct error *check(const struct init *i)
{
	struct deploy_config config;
	struct error *err = deploy_config_parse(&config, slice_of(&i->text), DEPLOY_CONFIG_FILE);
	if (!err)
		deploy_config_release(&config);
	return error_context(err, "the file that would be written is not right");
}

static struct error *write_file(const struct init *i)
{
	const char *top = repo_work_tree(i->repo);
	if (!top)
		return error_with_hint(
			error_new(ERROR_USAGE, "this repository has no work tree to write into"),
			"git deploy init --print");
	if (!i->options->force && file_exists_below(top, DEPLOY_CONFIG_FILE))
		return error_with_hint(
			error_new(ERROR_EXISTS, "there is a " DEPLOY_CONFIG_FILE " already, which is left "
						"as it is"),
			"--print shows what would be written; --force puts it in the place of yours");
	return file_write_below(top, DEPLOY_CONFIG_FILE, i->text.data, i->text.len);
}

static void hint_secret(const struct init *i, const char *variable)
{
	struct buffer command = BUFFER_INIT;
	char *source = xstrfmt("/%s/%s", i->project.app, variable);
	infrastructure_secret(&command, source, i->region);
	say_hint(i->ctx, "%s", command.data);
	buffer_release(&command);
	free(source);
}

static void tell(const struct init *i)
{
	const struct project *p = &i->project;
	struct buffer out = BUFFER_INIT, shown = BUFFER_INIT;
	text_for_terminal(&shown, p->entry ? p->entry : p->dockerfile,
			  strlen(p->entry ? p->entry : p->dockerfile), false);
	buffer_addf(&out, "wrote " DEPLOY_CONFIG_FILE ": %s, %s, port %u, health %s\n", p->kind, shown.data,
		    p->port, p->health);
	print_buffer(&out);
	for (size_t k = 0; k < p->nr_notes; k++)
		say_warning("%s", p->notes[k]);
	if (i->of_index)
		say_warning("there is no commit yet: what is in the index was looked at");
	say_hint(i->ctx, "read it, then git add " DEPLOY_CONFIG_FILE " && git commit");
	if (!i->registry)
		say_hint(i->ctx,
			 "name the registry in it, or git config deploy.registry <registry>/<repository>");
	for (size_t k = 0; k < p->nr_secrets; k++)
		hint_secret(i, p->secrets[k]);
	say_hint(i->ctx, "git deploy build makes the image and sends nothing; git deploy plan tells what the "
			 "rest costs");
	buffer_release(&shown);
	buffer_release(&out);
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	struct init i = { .ctx = ctx, .options = options, .text = BUFFER_INIT };
	(void)exit_status;
	if (argc)
		return error_new(ERROR_USAGE, "there is no argument such as '%s'", argv[0]);
	struct error *err = context_repo(ctx, &i.repo);
	if (!err)
		err = find_tree(&i);
	if (!err)
		err = project_detect(&i.project, i.repo, &i.tree);
	if (!err)
		err = find_registry(&i);
	if (!err)
		err = find_region(&i);
	if (!err) {
		project_write(&i.text, &i.project, i.registry, i.region);
		err = check(&i);
	}
	if (!err && i.options->print)
		print_buffer(&i.text);
	else if (!err)
		err = write_file(&i);
	if (!err && !i.options->print)
		tell(&i);
	project_release(&i.project);
	buffer_release(&i.text);
	free(i.registry);
	free(i.region);
	return err;
}

static const struct option options[] = {
	{ OPTION_BOOL, 'f', "force", offsetof(struct init_options, force), NULL,
	  "write it in the place of one that is there" },
	{ OPTION_BOOL, 0, "print", offsetof(struct init_options, print), NULL,
	  "print it, and write nothing" },
	{ OPTION_STRING, 0, "registry", offsetof(struct init_options, registry), "<registry>",
	  "where images go",
	  "The registry, with or without a repository in it (then the app's name). Without it git config "
	  "deploy.registry, or the registry of ECR that docker is logged in to." },
	{ OPTION_STRING, 0, "region", offsetof(struct init_options, region), "<region>",
	  "the region of AWS the app runs in" },
	{ .kind = OPTION_END },
};

static const char *const usage[] = { "[--registry=<registry>] [--region=<region>] [--force | --print]",
				     NULL };

static const struct example examples[] = {
	{ "git deploy init", "Writes .deploy.yml, with comments." },
	{ "git deploy init --print", "Shows what it would write." },
	{ NULL, NULL },
};

const struct command cmd_deploy_init = {
	.name = "init",
	.summary = "write a .deploy.yml for the app in the repository",
	.usage = usage,
	.description = "Looks at the files of HEAD (before the first commit: of the index) and writes a "
		       "commented .deploy.yml: how "
		       "the image is made, what is run in it, on which port and how it is found healthy, "
		       "which secrets it needs, by "
		       "name, and where it runs. It asks nothing.\n\n"
		       "It knows Dockerfiles, Procfiles, and apps of Streamlit, Gradio, Dash, FastAPI, "
		       "Flask, Django and Node, and "
		       "static pages, by what their files import. Variables that the code reads and that are "
		       "called like secrets "
		       "(OPENAI_API_KEY) become entries of `secrets:`; their values are never asked for.\n\n"
		       "A list of packages that was dumped from an environment (requirements_large.txt, "
		       "conda's, `pip freeze`) is "
		       "refused: images of it are slow to make and break elsewhere. It is passed over for a "
		       "curated list; where there "
		       "is none, the packages that the app imports are named.\n\n"
		       "A file that is there is left as it is.",
	.options = options,
	.examples = examples,
	.options_size = sizeof(struct init_options),
	.run = run,
};
