/* iam: the policies that our commands and the instance need, and no more. */
#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "cmd/deploy_github.h"
#include "deploy/permissions.h"

struct iam_options {
	const char *env, *role, *repository, *account;
	bool trust, all;
};

/* -- printing ---------------------------------------------------------------------------------- */

static void say_loose(struct context *ctx, bool loose)
{
	if (loose)
		say_hint(ctx, "`*` stands where the account or the region is not known: --account=<12 digits>, and "
			 "`region:` in " DEPLOY_CONFIG_FILE ", make the policy narrower");
}

static void say_missing(struct context *ctx, const struct deployment *d, enum permission_role role)
{
	if (role != PERMISSION_INSTANCE && (!d->environment || !d->environment->instance))
		say_hint(ctx, "no instance is configured, so nothing about instances is allowed: `instance:` in "
			 DEPLOY_CONFIG_FILE " names it");
}

static struct error *print_trust(const struct deployment *d, const struct iam_options *o,
				 const struct permission_subject *subject, enum permission_role role)
{
	struct buffer out = BUFFER_INIT;
	char *repository = NULL, *account, *region;
	struct error *err = NULL;
	if (role == PERMISSION_PERSON)
		return error_with_hint(error_new(ERROR_USAGE, "people have no trust policy"),
				       "attach the policy to a user, or to a permission set of IAM Identity Center");
	permission_locate(subject, &account, &region);
	if (role == PERMISSION_CI && !account)
		err = error_with_hint(error_new(ERROR_USAGE, "a trust policy for GitHub names the account"),
				      "--account=<12 digits>; `aws sts get-caller-identity` says which");
	if (!err && role == PERMISSION_CI && !d->environment)
		err = error_with_hint(error_new(ERROR_USAGE, "a trust policy for GitHub names the environment"),
				      "add one below `environments:` in " DEPLOY_CONFIG_FILE);
	if (!err && role == PERMISSION_CI)
		err = github_find(d, o->repository, &repository);
	if (!err) {
		permission_trust(&out, subject, role, repository);
		print_buffer(&out);
	}
	buffer_release(&out);
	free(repository);
	free(account);
	free(region);
	return err;
}

static void print_policy(const struct permission_subject *subject, enum permission_role role, bool *loose)
{
	struct buffer out = BUFFER_INIT;
	permission_policy(&out, subject, role, loose);
	print_buffer(&out);
	buffer_release(&out);
}

/* Headings go to standard error, so that what is on standard output stays JSON. */
static void say_heading(const char *role, const char *what)
{
	print_flush();
	fprintf(stderr, "# %s: %s\n", role, what);
}

static struct error *print_all(const struct deployment *d, const struct iam_options *o,
			       const struct permission_subject *subject)
{
	struct error *err = NULL;
	bool loose = false;
	for (int role = 0; role < PERMISSION_NR_ROLES && !err; role++) {
		bool own;
		say_heading(permission_roles[role], "what it may do");
		print_policy(subject, (enum permission_role)role, &own);
		loose |= own;
		if (role == PERMISSION_PERSON)
			continue;
		say_heading(permission_roles[role], "who may be it (the role's trust policy)");
		err = print_trust(d, o, subject, (enum permission_role)role);
	}
	say_loose(d->ctx, loose);
	return err;
}

static bool is_account(const char *s)
{
	return strlen(s) == 12 && strspn(s, "0123456789") == 12;
}

static enum permission_role role_of(const char *name)
{
	int role = 0;
	while (strcmp(permission_roles[role], name))
		role++;
	return (enum permission_role)role;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv, int *exit_status)
{
	const struct iam_options *o = options;
	struct deployment d = { 0 };
	(void)exit_status;
	if (argc)
		return error_new(ERROR_USAGE, "iam takes no argument, such as '%s'", argv[0]);
	if (o->account && !is_account(o->account))
		return error_new(ERROR_USAGE, "--account must be the twelve digits of an account, not '%s'", o->account);
	if (o->all && o->trust)
		return error_new(ERROR_USAGE, "--all has the trust policies already: leave --trust out");
	struct error *err = deployment_open(&d, ctx, NULL, o->env);
	struct permission_subject subject = { .config = &d.config, .env = d.environment, .account = o->account };
	if (!err && o->all) {
		err = print_all(&d, o, &subject);
	} else if (!err && o->trust) {
		err = print_trust(&d, o, &subject, role_of(o->role));
	} else if (!err) {
		bool loose;
		print_policy(&subject, role_of(o->role), &loose);
		print_flush();
		say_loose(ctx, loose);
		say_missing(ctx, &d, role_of(o->role));
	}
	deployment_release(&d);
	return err;
}

static const struct option options[] = {
	{ OPTION_CHOICE, 0, "role", offsetof(struct iam_options, role), "<role>",
	  "whose policy: ci (default), instance or person",
	  "Whose policy: that of CI, which builds, pushes, starts and stops (the default); that of the instance, "
	  "which pulls and reads its secrets; or that of a person, who may make the repository, too.",
	  permission_roles },
	{ OPTION_BOOL, 0, "trust", offsetof(struct iam_options, trust), NULL,
	  "the role's trust policy instead",
	  "Prints who may be the role: EC2 for the instance's; for CI's, GitHub's workflows of the repository, in the "
	  "environment or on its tags deploy-<env>-*." },
	{ OPTION_BOOL, 0, "all", offsetof(struct iam_options, all), NULL,
	  "all policies, one after the other",
	  "Prints the policies of all roles and their trust policies, one JSON document after the other; headings "
	  "are on standard error." },
	OPTION_ENVIRONMENT(offsetof(struct iam_options, env)),
	{ OPTION_STRING, 0, "repository", offsetof(struct iam_options, repository), "<owner>/<name>",
	  "whose workflows GitHub is trusted for",
	  "The repository at GitHub whose workflows may be CI; without it, that of the remote origin." },
	{ OPTION_STRING, 0, "account", offsetof(struct iam_options, account), "<12 digits>",
	  "the account of AWS",
	  "The account of AWS; without it, that of the registry if it is ECR." },
	{ .kind = OPTION_END },
};

static const struct iam_options defaults = { .role = "ci" };
static const char *const usage[] = { "[<options>]", NULL };

static const struct example examples[] = {
	{ "git deploy iam --role=instance", "What the instance has to be allowed." },
	{ "git deploy iam --role=ci --trust", "Who may be CI: workflows on deploy tags, without a stored key." },
	{ NULL, NULL },
};

const struct command cmd_deploy_iam = {
	.name = "iam",
	.summary = "print the least policies that CI, the instance and people need",
	.usage = usage,
	.description =
		"Prints a policy for AWS IAM with the actions that the commands of git deploy make, each on what "
		".deploy.yml names and nothing else: the one repository of ECR, the instance by its id or its tag "
		"Name, the secrets one by one, keys only through the services that hold those secrets, and of "
		"Systems Manager the one document that runs commands, on that instance. Nothing is asked of AWS and "
		"nothing is changed there.\n\n"
		"The policy of CI fits a role that GitHub's workflows take on (--trust), which leaves no key to be "
		"stolen, and a user with static keys alike; a user gets it as a managed policy, since those within a user "
		"are limited to 2048 characters.",
	.options = options,
	.options_size = sizeof(struct iam_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
