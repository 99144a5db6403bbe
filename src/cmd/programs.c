#include "cmd/cmd.h"

static const char *const exit_statuses[] = {
	"0", "Done; no verified finding at or above `--fail-on`.",
	"1", "There are verified findings at or above `--fail-on`, whatever else happened.",
	"2", "Some reviewer or paper could not be completed; the rest was written.",
	"3", "A budget stopped the run.",
	"128", "Something failed; one sentence says what.",
	"129", "The command line is wrong.",
	NULL,
};

static const struct command *const scrutiny_commands[] = {
	&cmd_run,
	&cmd_collect,
	&cmd_plan,
	&cmd_status,
	&cmd_show,
	&cmd_compare,
	&cmd_log,
	&cmd_blame,
	&cmd_badge,
	&cmd_notes,
	&cmd_publish,
	&cmd_report,
	&cmd_explain,
	&cmd_hooks,
	&cmd_watch,
	&cmd_schedule,
	&cmd_serve,
	&cmd_models,
	&cmd_cost,
	&cmd_records,
	&cmd_version,
	NULL,
};

static const struct example scrutiny_examples[] = {
	{ "git scrutiny status", "What would be reviewed." },
	{ "git scrutiny", "Review it." },
	{ "git scrutiny show theory/tilings", "Read the report." },
	{ NULL, NULL },
};

const struct program scrutiny_program = {
	.name = "git-scrutiny",
	.spoken = "git scrutiny",
	.summary = "review the papers that changed in a repository",
	.description =
		"Finds the papers of a repository (one folder a paper, less what .ignore names), "
		"reviews each one that changed with built-in checks and with language models, merges what "
		"they found into one report, and writes it beside the paper as scrutiny.md and "
		"scrutiny.json, with a summary in meta.yaml.\n\n"
		"Without a command, `git scrutiny` is `git scrutiny run`.",
	.commands = scrutiny_commands,
	.default_command = &cmd_run,
	.exit_statuses = exit_statuses,
	.examples = scrutiny_examples,
};

static const char *const deploy_statuses[] = {
	"0", "Done.",
	"1", "`verify`: the image is not the commit.",
	"2", "Something could not be completed; the rest was done.",
	"3", "Refused or stopped because of money.",
	"128", "Something failed; one sentence says what.",
	"129", "The command line is wrong.",
	NULL,
};

static const struct command *const version_only[] = { &cmd_version, NULL };

const struct program papermeta_program = {
	.name = "git-papermeta",
	.spoken = "git papermeta",
	.summary = "keep the metadata of a repository's papers (no command works yet)",
	.description = "Will check, generate, search and export the meta.yaml of papers. This version "
		       "has no command yet but `version`; `git scrutiny` keeps the `scrutiny` "
		       "section of meta.yaml.",
	.commands = version_only,
	.exit_statuses = exit_statuses + 8,
};

/* One a line, in the order people meet them. */
static const struct command *const deploy_commands[] = {
	&cmd_deploy_init,
	&cmd_deploy_build,
	&cmd_deploy_push,
	&cmd_deploy_verify,
	&cmd_deploy_deploy,
	&cmd_deploy_release,
	&cmd_deploy_log,
	&cmd_deploy_status,
	&cmd_deploy_diff,
	&cmd_deploy_rollback,
	&cmd_deploy_promote,
	&cmd_deploy_abort,
	&cmd_deploy_boot,
	&cmd_deploy_start,
	&cmd_deploy_stop,
	&cmd_deploy_hibernate,
	&cmd_deploy_logs,
	&cmd_deploy_plan,
	&cmd_deploy_iam,
	&cmd_deploy_infra,
	&cmd_deploy_cost,
	&cmd_version,
	NULL,
};

const struct program deploy_program = {
	.name = "git-deploy",
	.spoken = "git deploy",
	.summary = "build, push and run images from git objects",
	.description = "Builds images from the objects of a commit, never from the work tree, pushes them to a registry, "
		       "and has an instance run them. What is deployed, and where to, stands in .deploy.yml.",
	.commands = deploy_commands,
	.default_command = &cmd_deploy_deploy,
	.exit_statuses = deploy_statuses,
};
