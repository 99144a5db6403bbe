/* infra: all that a deployment uses, for CloudFormation or Terraform. */
#include <stddef.h>
#include <stdio.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/deploy_github.h"
#include "deploy/hours.h"
#include "deploy/infrastructure.h"

struct infra_options {
	const char *env, *format, *output, *account, *repository;
};

static void say_prices(const struct deployment *d, const struct infrastructure *i)
{
	struct resources resources = { 0 };
	struct buffer out = BUFFER_INIT;
	double hour, month;
	size_t unknown;
	infrastructure_resources(&resources, d->repo, i);
	resources_print(&out, &resources);
	resources_sum(&resources, true, &hour, &month, &unknown);
	buffer_addstr(&out, "altogether ");
	text_dollars(&out, hour);
	buffer_addstr(&out, " an hour while it runs, and ");
	text_dollars(&out, month);
	buffer_addstr(&out, " a month");
	if (unknown)
		buffer_addf(&out, ", and %zu price%s that %s not known", unknown, unknown == 1 ? "" : "s",
			    unknown == 1 ? "is" : "are");
	buffer_addstr(&out, " (prices of " PRICES_DATE ", before tax and traffic)\n");
	print_flush();
	fputs(out.data, stderr);
	resources_release(&resources);
	buffer_release(&out);
}

static void say_hints(const struct deployment *d, const struct infrastructure *i, bool loose)
{
	const struct deploy_environment *env = d->environment;
	char *name = infrastructure_instance(i);
	if (!env->instance || strcmp(env->instance, name))
		say_hint(d->ctx, "once it is made, write `instance: %s` into the environment %s of " DEPLOY_CONFIG_FILE,
			 name, env->name);
	if (!env->type)
		say_hint(d->ctx, "`type:` in " DEPLOY_CONFIG_FILE " chooses another type than %s",
			 infrastructure_type(i));
	if (loose)
		say_hint(d->ctx, "the policies have `*` in place of the account: --account=<12 digits> makes them narrower");
	if (!i->repository)
		say_hint(d->ctx, "origin is not at GitHub, so CI gets a user, for static keys; "
			 "--repository=<owner>/<name> makes a role for its workflows instead");
	free(name);
}

static struct error *print(const struct deployment *d, const struct infra_options *o, const char *repository)
{
	struct infrastructure i = { .config = &d->config, .env = d->environment, .account = o->account,
				    .repository = repository };
	struct buffer out = BUFFER_INIT;
	bool loose = false, terraform = !strcmp(o->format, "terraform");
	struct error *err = infrastructure_render(&out, &i, terraform ? INFRASTRUCTURE_TERRAFORM
								      : INFRASTRUCTURE_CLOUDFORMATION, &loose);
	if (!err && o->output)
		err = file_write(o->output, out.data, out.len);
	else if (!err)
		print_buffer(&out);
	if (!err) {
		say_prices(d, &i);
		say_hints(d, &i, loose);
	}
	buffer_release(&out);
	return err;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv, int *exit_status)
{
	const struct infra_options *o = options;
	struct deployment d = { 0 };
	char *repository = NULL;
	(void)exit_status;
	if (argc)
		return error_new(ERROR_USAGE, "infra takes no argument, such as '%s'", argv[0]);
	if (o->account && (strlen(o->account) != 12 || strspn(o->account, "0123456789") != 12))
		return error_new(ERROR_USAGE, "--account must be the twelve digits of an account, not '%s'", o->account);
	struct error *err = deployment_open(&d, ctx, NULL, o->env);
	if (!err)
		err = prices_check(d.repo);
	if (!err && !d.environment)
		err = error_with_hint(error_new(ERROR_USAGE, DEPLOY_CONFIG_FILE " has no environment"),
				      "add `environments:` with `  prod: {}` below it");
	if (!err && o->repository)
		err = github_find(&d, o->repository, &repository);
	else if (!err)
		repository = github_of_origin(&d);
	if (!err)
		err = print(&d, o, repository);
	free(repository);
	deployment_release(&d);
	return err;
}

static const char *const formats[] = { "cloudformation", "terraform", NULL };

static const struct option options[] = {
	{ OPTION_CHOICE, 0, "format", offsetof(struct infra_options, format), "<format>",
	  "cloudformation (YAML, default) or terraform (HCL)", NULL, formats },
	{ OPTION_STRING, 'o', "output", offsetof(struct infra_options, output), "<file>",
	  "write it to this file", NULL, NULL, "file" },
	OPTION_ENVIRONMENT(offsetof(struct infra_options, env)),
	{ OPTION_STRING, 0, "account", offsetof(struct infra_options, account), "<12 digits>",
	  "the account of AWS",
	  "The account of AWS, for policies; without it, that of the registry if it is ECR." },
	{ OPTION_STRING, 0, "repository", offsetof(struct infra_options, repository), "<owner>/<name>",
	  "whose workflows GitHub is trusted for",
	  "The repository at GitHub whose workflows may be CI; without it, that of the remote origin. If that is "
	  "elsewhere, CI gets a user for static keys." },
	{ .kind = OPTION_END },
};

static const struct infra_options defaults = { .format = "cloudformation" };
static const char *const usage[] = { "[<options>]", NULL };

static const struct example examples[] = {
	{ "git deploy infra --output=stack.yaml", "A stack for `aws cloudformation deploy`, with what it costs." },
	{ "git deploy infra --format=terraform --output=main.tf", "The same for Terraform." },
	{ NULL, NULL },
};

const struct command cmd_deploy_infra = {
	.name = "infra",
	.summary = "print all that a deployment uses, for CloudFormation or Terraform",
	.usage = usage,
	.description =
		"Prints what makes the repository of images (immutable tags, and a rule that spares what a rollback "
		"needs), the role of CI and of the instance with the policies that `git deploy iam` prints, a security "
		"group that lets in nothing but the app's port, the instance itself with what `git deploy boot` "
		"renders, alarms that stop it when its own timers fail, and a budget of AWS. The disk is encrypted, "
		"metadata needs a token and is out of reach for containers, and nobody can log in: commands and logs "
		"go through Systems Manager. There is no NAT gateway, no load balancer, no Elastic IP, and no secret "
		"in it.\n\n"
		"Nothing is made: what it prints goes to `aws cloudformation deploy` or `terraform apply`. What each "
		"resource costs is told on standard error.",
	.options = options,
	.options_size = sizeof(struct infra_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
