/* iam: the policies that our commands and the instance need, and no more. */
#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/deployment.h"
#include "deploy/permissions.h"

#define GITHUB "github.com"

struct iam_options {
	const char *env, *role, *repository, *account;
	bool trust, all;
};

/* -- what GitHub calls the repository ---------------------------------------------------------- */

static bool is_part(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!ascii_alnum((unsigned char)s[i]) && !strchr("-._", s[i]))
			return false;
	return len && len <= 100;
}

/* "owner/name" and nothing that a pattern of IAM's would read otherwise. */
static bool is_repository(const char *s)
{
	const char *slash = strchr(s, '/');
	return slash && is_part(s, (size_t)(slash - s)) && is_part(slash + 1, strlen(slash + 1));
}

/* Of "https://github.com/owner/name.git" and "git@github.com:owner/name.git"; malloc'd; NULL. */
static char *repository_of_origin(const struct deployment *d)
{
	char *url = deployment_source(d);
	const char *host = url ? strstr(url, GITHUB) : NULL;
	char *name = NULL;
	if (host && (host == url || strchr("/@", host[-1])) && host[strlen(GITHUB)] &&
	    strchr(":/", host[strlen(GITHUB)])) {
		const char *path = host + strlen(GITHUB) + 1;
		size_t len = strlen(path);
		len -= len && path[len - 1] == '/' ? 1 : 0;
		if (len > 4 && !strncmp(path + len - 4, ".git", 4))
			len -= 4;
		name = xmemdupz(path, len);
	}
	if (name && !is_repository(name)) {
		free(name);
		name = NULL;
	}
	free(url);
	return name;
}

static struct error *find_repository(const struct deployment *d, const struct iam_options *o, char **out)
{
	*out = o->repository ? xstrdup(o->repository) : repository_of_origin(d);
	if (!*out)
		return error_with_hint(error_new(ERROR_USAGE, "origin is no repository of GitHub's: whose workflows are "
						 "to be trusted?"),
				       "--repository=<owner>/<name>");
	if (!is_repository(*out))
		return error_with_hint(error_new(ERROR_USAGE, "'%s' is no name of a repository", *out),
				       "--repository=<owner>/<name>");
	return NULL;
}

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
		err = find_repository(d, o, &repository);
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
	fflush(stdout);
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
		fflush(stdout);
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
	{ OPTION_STRING, 0, "env", offsetof(struct iam_options, env), "<name>",
	  "of this environment",
	  "Of this environment of .deploy.yml; without it, of the only one, or prod." },
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
		"stolen, and a user with static keys alike.",
	.options = options,
	.options_size = sizeof(struct iam_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
