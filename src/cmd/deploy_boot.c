/* git deploy boot: what runs on the instance. */
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cloud/instance.h"
#include "cloud/secrets.h"
#include "cmd/deployment.h"
#include "deploy/boot.h"

#define INSTALL_TIMEOUT_MS (15u * 60 * 1000)

struct boot_options {
	const char *environment, *output, *print;
	bool user_data, install, canary;
};

struct boot_set {
	struct boot_file *files;
	size_t nr;
};

/* -- what is printed -------------------------------------------------------------------------- */

static struct error *print_file(const struct boot_set *set, const char *name)
{
	const char **known = xcalloc(set->nr + 1, sizeof(*known));
	const struct boot_file *found = NULL;
	for (size_t i = 0; i < set->nr; i++) {
		const char *path = set->files[i].path;
		const char *base = strrchr(path, '/') + 1;
		known[i] = base;
		if (!strcmp(path, name) || !strcmp(base, name))
			found = &set->files[i];
	}
	struct error *err = NULL;
	const char *near = found ? NULL : text_nearest(name, known);
	if (found)
		print_buffer(&found->text);
	else if (near)
		err = error_new(ERROR_USAGE, "no file of the instance is called '%s'; did you mean '%s'?", name, near);
	else
		err = error_with_hint(error_new(ERROR_USAGE, "no file of the instance is called '%s'", name),
				      "`git deploy boot` lists them");
	free(known);
	return err;
}

static void print_list(struct context *ctx, const struct boot_set *set)
{
	struct buffer out = BUFFER_INIT;
	for (size_t i = 0; i < set->nr; i++)
		buffer_addf(&out, "%04o %6zu  %s\n", set->files[i].mode, set->files[i].text.len, set->files[i].path);
	print_buffer(&out);
	buffer_release(&out);
	say_hint(ctx, "`git deploy boot --print <file>` shows one of them; `git deploy infra` gives them to a new "
		      "instance, `git deploy boot --install` to one that runs");
}

static struct error *print_user_data(const struct boot_set *set)
{
	struct buffer out = BUFFER_INIT;
	struct error *err = boot_user_data(&out, set->files, set->nr);
	if (!err)
		print_buffer(&out);
	buffer_release(&out);
	return err;
}

/* -- what is written -------------------------------------------------------------------------- */

/* Each at its path on the instance, below FOLDER; and the user-data beside them. */
static struct error *write_files(const struct boot_set *set, const char *folder)
{
	struct buffer script = BUFFER_INIT;
	struct error *err = boot_user_data(&script, set->files, set->nr);
	for (size_t i = 0; i < set->nr && !err; i++) {
		const struct boot_file *f = &set->files[i];
		char *path = xstrfmt("%s%s", folder, f->path);
		char *parent = xmemdupz(path, (size_t)(strrchr(path, '/') - path));
		err = file_make_directories(parent);
		if (!err)
			err = file_write(path, f->text.data, f->text.len);
		if (!err && chmod(path, f->mode))
			err = error_errno(ERROR_IO, "cannot set the mode of '%s'", path);
		free(parent);
		free(path);
	}
	if (!err) {
		char *path = xstrfmt("%s/user-data", folder);
		err = file_write(path, script.data, script.len);
		free(path);
	}
	buffer_release(&script);
	return err;
}

/* -- what is installed ------------------------------------------------------------------------ */

static struct error *install(struct deployment *d, const struct boot_set *set,
			     const struct deploy_environment *env)
{
	struct buffer script = BUFFER_INIT, out = BUFFER_INIT;
	struct instance instance = { 0 };
	struct cloud *cloud;
	if (!env->instance)
		return error_with_hint(error_new(ERROR_USAGE, "environment '%s' names no instance", env->name),
				       "write `instance:` into .deploy.yml, or make one with `git deploy infra`");
	struct error *err = boot_user_data(&script, set->files, set->nr);
	if (!err)
		err = deployment_cloud(d, &cloud);
	if (!err)
		err = instance_find(cloud, env->instance, &instance);
	if (!err && strcmp(instance.state, "running"))
		err = error_with_hint(error_new(ERROR_CONFLICT, "%s is %s", instance.id, instance.state),
				      "`git deploy start` starts it; then install again");
	if (!err) {
		const char *const lines[] = { script.data, NULL };
		err = instance_command(cloud, instance.id, lines, INSTALL_TIMEOUT_MS, &out, NULL);
	}
	if (!err)
		fprintf(stderr, "installed on %s: it starts the newest image of '%s' now\n", instance.id, env->name);
	instance_release(&instance);
	buffer_release(&out);
	buffer_release(&script);
	return err;
}

/* -- the command ------------------------------------------------------------------------------ */

static struct error *find_region(struct deployment *d, char **out)
{
	*out = deploy_config_region(&d->config, d->environment);
	if (!*out) {
		struct cloud_settings settings = deployment_cloud_settings(d->ctx, d->repo, NULL);
		*out = aws_region(&settings.aws);
	}
	return *out ? NULL
		    : error_with_hint(error_new(ERROR_USAGE, "the region of environment '%s' is not known",
						d->environment->name),
				      "write `region:` into .deploy.yml, or set AWS_REGION");
}

/* The instance of canary releases is one that knows their tag only. */
static struct error *pick(struct deploy_environment *env, char **name, const struct deployment *d, bool canary)
{
	if (!d->environment)
		return error_with_hint(error_new(ERROR_USAGE, ".deploy.yml has no environment to run in"),
				       "add `environments:` with `prod: {}` below it");
	*env = *d->environment;
	if (!canary)
		return NULL;
	if (!env->canary_instance)
		return error_with_hint(error_new(ERROR_USAGE, "environment '%s' has no instance for canaries", env->name),
				       "write `strategy: canary` and `canary_instance:` into .deploy.yml");
	env->name = *name = xstrfmt("%s-canary", env->name);
	env->instance = env->canary_instance;
	env->strategy = DEPLOY_REPLACE;
	return NULL;
}

static struct error *act(struct deployment *d, const struct boot_options *o, const struct boot_set *set,
			 const struct deploy_environment *env)
{
	if (o->install)
		return install(d, set, env);
	if (o->output)
		return write_files(set, o->output);
	if (o->print)
		return print_file(set, o->print);
	if (o->user_data)
		return print_user_data(set);
	print_list(d->ctx, set);
	return NULL;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv, int *exit_status)
{
	const struct boot_options *o = options;
	struct deployment d = { 0 };
	struct boot_set set = { 0 };
	struct deploy_environment env;
	char *region = NULL, *name = NULL;
	(void)exit_status;
	if (argc)
		return error_new(ERROR_USAGE, "there is no argument such as '%s': environments are named by --env",
				 argv[0]);
	if (o->install + o->user_data + (o->output != NULL) + (o->print != NULL) > 1)
		return error_new(ERROR_USAGE, "--install, --output, --print and --user-data exclude one another");
	context_catch_signals(ctx);
	struct error *err = deployment_open(&d, ctx, NULL, o->environment);
	if (!err)
		err = pick(&env, &name, &d, o->canary);
	if (!err)
		err = find_region(&d, &region);
	if (!err)
		err = boot_render(&set.files, &set.nr, &d.config, &env, region);
	if (!err)
		err = act(&d, o, &set, &env);
	boot_files_free(set.files, set.nr);
	free(region);
	free(name);
	deployment_release(&d);
	return err;
}

static const struct option options[] = {
	OPTION_ENVIRONMENT(offsetof(struct boot_options, environment)),
	{ OPTION_BOOL, 0, "canary", offsetof(struct boot_options, canary), NULL,
	  "those of the instance of canary releases",
	  "Those of `canary_instance:`, which runs what is tagged <env>-canary." },
	{ OPTION_BOOL, 0, "user-data", offsetof(struct boot_options, user_data), NULL,
	  "print the script that installs them on a first boot",
	  "Prints the script that cloud-init runs on the first boot of a new instance (its user-data). It holds all "
	  "files (less their comments, as EC2 takes 16 KiB) and no secret; running it again installs them again." },
	{ OPTION_STRING, 0, "print", offsetof(struct boot_options, print), "<file>", "print one of them" },
	{ OPTION_STRING, 'o', "output", offsetof(struct boot_options, output), "<folder>",
	  "write them below this folder",
	  "Writes them below this folder, each at the path it has on the instance, and the file user-data beside them.",
	  NULL, "file" },
	{ OPTION_BOOL, 0, "install", offsetof(struct boot_options, install), NULL,
	  "install them on the instance, which has to run",
	  "Installs them on the instance of the environment, through SSM, and starts the app anew. For an instance that "
	  "was not made with this user-data, and after changes of .deploy.yml in how the app runs." },
	{ .kind = OPTION_END },
};

static const char *const usage[] = {
	"[--env=<name>]", "[--env=<name>] --print=<file> | --user-data", "[--env=<name>] --output=<folder>",
	"[--env=<name>] --install", NULL,
};

static const struct example examples[] = {
	{ "git deploy boot", "Lists the files that make an instance run the app." },
	{ "git deploy boot --print boot", "Shows the script that runs at every start." },
	{ "git deploy boot --user-data >user-data", "What to give to a new instance." },
	{ NULL, NULL },
};

const struct command cmd_deploy_boot = {
	.name = "boot",
	.summary = "print or install what makes an instance run the app",
	.usage = usage,
	.description =
		"Prints, writes or installs the files that make an instance of EC2 (Amazon Linux 2023, Debian or Ubuntu) "
		"run the app: units of systemd, their scripts and settings.\n\n"
		"At every start the instance pulls the image that the environment's tag names, starts it, and waits until "
		"it is healthy. If the registry cannot be reached, or the image does not become healthy, it runs the one "
		"that was healthy last; an image that failed is not tried again until the next start. What the app "
		"prints goes to the journal (`journalctl -u 'git-deploy-*'` there, `git deploy logs` here).\n\n"
		"Secrets are read from SSM Parameter Store and Secrets Manager with the instance's role, into memory: a "
		"tmpfs that is never swapped, which the container sees as /run/secrets, and from there into the app's "
		"environment. They are on no disk, and in no answer of `docker inspect`. An image without /bin/sh gets the "
		"files only. Where the system swaps to a disk and its kernel knows no tmpfs without swap, the app is not "
		"started, unless the environment says `hibernate: true`: then the disk is encrypted, and gets all of the "
		"memory anyway.\n\n"
		"The instance powers itself off when nobody has used it for the time that `idle:` says (no connection to "
		"the app, no login, processors and GPU idle), when it has run for as long as `uptime:` allows, and when "
		"the time in its tag git-deploy:stop-after has come. Started by other means than `git deploy start`, with a "
		"time that was over before, it does so after half an hour, unless `git deploy start` gives it more.\n\n"
		"With `strategy: blue-green` or `canary`, systemd-socket-proxyd holds the ports, so that a release takes "
		"over without a refused connection; the app sees connections from the instance itself then.",
	.options = options,
	.options_size = sizeof(struct boot_options),
	.examples = examples,
	.run = run,
};
