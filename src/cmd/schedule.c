/* schedule: audits of a repository from time to time, by systemd or cron. */
#include "cmd/schedule.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/action.h"
#include "cmd/money.h"
#include "cmd/own_program.h"
#include "daemon/schedule.h"

/* Of a crontab, and of what systemctl says. */
#define MAX_ANSWER ((size_t)4 << 20)
#define SEARCH_PATH "/usr/local/bin:/usr/bin:/bin"

struct call {
	struct context *ctx;
	const struct schedule_options *options;
	const char *argument; /* or NULL */
	char *path;           /* of the repository, absolute */
	char name[SCHEDULE_NAME_SIZE];
	int *exit_status;
};

/* -- systemd ---------------------------------------------------------------------------------------- */

static char *unit_folder(void)
{
	const char *config = context_env("XDG_CONFIG_HOME"), *home = context_env("HOME");
	if (config && config[0] == '/')
		return xstrfmt("%s/systemd/user", config);
	return home ? xstrfmt("%s/.config/systemd/user", home) : NULL;
}

static char *unit_path(const struct call *c, const char *folder, const char *ending)
{
	return xstrfmt("%s/%s%s", folder, c->name, ending);
}

static bool unit_is_there(const struct call *c)
{
	struct stat st;
	char *folder = unit_folder();
	char *path = folder ? unit_path(c, folder, ".timer") : NULL;
	bool there = path && !lstat(path, &st);
	free(folder);
	free(path);
	return there;
}

/* systemctl --user ARGUMENTS; its output goes to OUT, its complaints nowhere. */
static bool systemctl(struct buffer *out, const char *const *arguments)
{
	const char *argv[8] = { "systemctl", "--user" };
	struct buffer unused = BUFFER_INIT_MAX(MAX_ANSWER);
	int status = 0;
	struct process_options options = { .out = out ? out : &unused, .discard_err = true, .exit_status = &status,
					   .timeout_ms = 60000 };
	for (size_t i = 0; arguments[i] && i < ARRAY_SIZE(argv) - 3; i++)
		argv[i + 2] = arguments[i];
	struct error *err = process_run(argv, &options);
	bool good = !err && !status;
	error_free(err);
	buffer_release(&unused);
	return good;
}

static bool has_systemd(void)
{
	struct buffer out = BUFFER_INIT_MAX(MAX_ANSWER);
	const char *argv[] = { "systemctl", "--version", NULL };
	struct error *err = process_run(argv, &(struct process_options){ .out = &out, .discard_err = true });
	bool there = !err;
	error_free(err);
	buffer_release(&out);
	return there;
}

/* What `systemctl enable` does, for a user whose manager does not run now. */
static struct error *link_timer(const struct call *c, const char *folder)
{
	char *wants = xstrfmt("%s/timers.target.wants", folder), *timer = unit_path(c, folder, ".timer");
	char *link = xstrfmt("%s/%s.timer", wants, c->name);
	struct error *err = file_make_directories(wants);
	if (!err && symlink(timer, link) < 0 && errno != EEXIST)
		err = error_errno(ERROR_IO, "cannot make '%s'", link);
	free(wants);
	free(timer);
	free(link);
	return err;
}

static struct error *write_unit(const struct call *c, const char *folder, const char *ending, const struct buffer *text)
{
	char *path = unit_path(c, folder, ending);
	struct error *err = file_write(path, text->data, text->len);
	free(path);
	return err;
}

static struct error *write_units(const struct call *c, const char *folder, const struct schedule *s)
{
	struct buffer service = BUFFER_INIT, timer = BUFFER_INIT;
	schedule_service(&service, s);
	schedule_timer(&timer, s);
	struct error *err = file_make_directories(folder);
	if (!err)
		err = write_unit(c, folder, ".service", &service);
	if (!err)
		err = write_unit(c, folder, ".timer", &timer);
	buffer_release(&service);
	buffer_release(&timer);
	return err;
}

static void hint_at_lingering(const struct call *c)
{
	struct stat st;
	const struct passwd *user = getpwuid(geteuid());
	char *path = user ? xstrfmt("/var/lib/systemd/linger/%s", user->pw_name) : NULL;
	if (path && stat(path, &st))
		say_hint(c->ctx, "it runs while you are logged in; `loginctl enable-linger` makes it run always");
	free(path);
}

static struct error *install_units(struct call *c, const struct schedule *s)
{
	char *folder = unit_folder(), *timer = xstrfmt("%s.timer", c->name);
	const char *reload[] = { "daemon-reload", NULL }, *enable[] = { "enable", "--now", timer, NULL };
	struct error *err = folder ? write_units(c, folder, s)
				   : error_new(ERROR_GENERIC, "HOME is not set: there is no place for units of systemd");
	if (!err && !(systemctl(NULL, reload) && systemctl(NULL, enable))) {
		err = link_timer(c, folder);
		if (!err)
			say_warning("systemd does not run for you here: the timer starts when you log in next");
	}
	if (!err && !c->options->quiet) {
		printf("%s: %s, by systemd (%s)\n", c->path, s->calendar, timer);
		hint_at_lingering(c);
	}
	free(folder);
	free(timer);
	return err;
}

static struct error *remove_units(struct call *c)
{
	static const char *const endings[] = { ".timer", ".service" };
	char *folder = unit_folder(), *timer = xstrfmt("%s.timer", c->name);
	const char *disable[] = { "disable", "--now", timer, NULL }, *reload[] = { "daemon-reload", NULL };
	struct error *err = NULL;
	systemctl(NULL, disable);
	char *link = xstrfmt("%s/timers.target.wants/%s", folder, timer);
	unlink(link);
	for (size_t i = 0; i < ARRAY_SIZE(endings) && !err; i++) {
		char *path = unit_path(c, folder, endings[i]);
		if (unlink(path) < 0 && errno != ENOENT)
			err = error_errno(ERROR_IO, "cannot remove '%s'", path);
		free(path);
	}
	systemctl(NULL, reload);
	free(link);
	free(folder);
	free(timer);
	return err;
}

/* -- cron ------------------------------------------------------------------------------------------- */

/* An empty crontab, and none, are the same. */
static struct error *read_crontab(struct buffer *out)
{
	const char *argv[] = { "crontab", "-l", NULL };
	struct buffer said = BUFFER_INIT_MAX(MAX_ANSWER);
	int status = 0;
	struct process_options options = { .out = out, .err = &said, .exit_status = &status };
	struct error *err = process_run(argv, &options);
	/* Taken for empty, it would be overwritten. */
	if (!err && status && !strstr(said.data, "no crontab"))
		err = error_new(ERROR_GENERIC, "the crontab cannot be read: %.200s", said.data);
	buffer_release(&said);
	return err;
}

static struct error *write_crontab(const struct buffer *text)
{
	const char *change[] = { "crontab", "-", NULL }, *remove[] = { "crontab", "-r", NULL };
	struct buffer said = BUFFER_INIT_MAX(MAX_ANSWER);
	struct process_options options = { .input = slice_of(text), .err = &said };
	struct error *err = process_run(text->len ? change : remove, &options);
	buffer_release(&said);
	return err;
}

static struct error *install_cron(struct call *c, const struct schedule *s)
{
	struct buffer before = BUFFER_INIT_MAX(MAX_ANSWER), after = BUFFER_INIT, when = BUFFER_INIT;
	struct error *err = read_crontab(&before);
	if (error_is(err, ERROR_NOT_FOUND))
		err = error_with_hint(err, "neither systemd nor cron is here: run `git scrutiny run --all` by other means");
	if (!err)
		err = schedule_add_to_crontab(&after, slice_of(&before), s, c->options->daily);
	if (!err)
		err = write_crontab(&after);
	if (!err && !c->options->quiet) {
		schedule_read_crontab(&when, slice_of(&after), c->name);
		printf("%s: %s, by cron\n", c->path, when.data);
	}
	buffer_release(&before);
	buffer_release(&after);
	buffer_release(&when);
	return err;
}

static struct error *remove_cron(struct call *c, bool *removed)
{
	struct buffer before = BUFFER_INIT_MAX(MAX_ANSWER), after = BUFFER_INIT;
	struct error *err = read_crontab(&before);
	*removed = false;
	if (!error_drop_if(&err, ERROR_NOT_FOUND) && !err) {
		*removed = schedule_take_from_crontab(&after, slice_of(&before), c->name);
		err = *removed ? write_crontab(&after) : NULL;
	}
	buffer_release(&before);
	buffer_release(&after);
	return err;
}

/* -- the actions ------------------------------------------------------------------------------------ */

static struct error *check_calendar(const char *calendar)
{
	const char *argv[] = { "systemd-analyze", "calendar", "--", calendar, NULL };
	struct buffer out = BUFFER_INIT_MAX(MAX_ANSWER);
	int status = 0;
	struct process_options options = { .out = &out, .discard_err = true, .exit_status = &status };
	struct error *err = process_run(argv, &options);
	error_drop_if(&err, ERROR_NOT_FOUND);
	buffer_release(&out);
	if (!err && status)
		err = error_with_hint(error_new(ERROR_USAGE, "'%s' is no time that systemd knows", calendar),
				      "see systemd.time(7): 'Mon 04:00', or 'monthly'");
	return err;
}

static struct error *check_install(const struct schedule_options *o, bool by_cron)
{
	double most;
	struct error *err = money_check(o->max_cost, &most);
	if (err)
		return err;
	if (o->daily + o->weekly + (o->calendar != NULL) > 1)
		return error_new(ERROR_USAGE, "--daily, --weekly and --on-calendar contradict each other");
	if (o->pr && o->write)
		return error_new(ERROR_USAGE, "--pr and --write contradict each other");
	if (o->reviewers && strcmp(o->reviewers, "local") != 0 && !o->max_cost)
		return error_with_hint(error_new(ERROR_USAGE, "models that may cost money need a limit when nobody watches"),
				       "add --max-cost=<usd>, of each audit");
	if (o->calendar && by_cron)
		return error_new(ERROR_USAGE, "--on-calendar is systemd's: cron takes --daily or --weekly");
	return o->calendar ? check_calendar(o->calendar) : NULL;
}

/* There is one schedule a repository. A crontab that cannot be read has none of ours. */
static struct error *remove_other(struct call *c, bool by_cron)
{
	bool removed;
	if (by_cron)
		return unit_is_there(c) ? remove_units(c) : NULL;
	error_free(remove_cron(c, &removed));
	return NULL;
}

/* The time is the user's: of the other options those that `schedule run` is to get. */
static struct error *install(struct call *c)
{
	const struct schedule_options *o = c->options;
	bool by_cron = o->cron || !has_systemd();
	struct error *err = check_install(o, by_cron);
	if (err)
		return err;
	char *program = own_program(), *cost = NULL, *reviewers = NULL;
	const char *argv[12] = { program, "schedule", "run" };
	size_t nr = 3;
	if (o->max_cost)
		argv[nr++] = cost = xstrfmt("--max-cost=%s", o->max_cost);
	if (o->reviewers)
		argv[nr++] = reviewers = xstrfmt("--reviewers=%s", o->reviewers);
	if (o->pr)
		argv[nr++] = "--pr";
	if (o->write)
		argv[nr++] = "--write";
	if (by_cron)
		argv[nr++] = "--quiet";
	argv[nr++] = "--";
	argv[nr++] = c->path;
	const char *search_path = context_env("PATH");
	struct schedule s = {
		.name = c->name,
		.path = c->path,
		.argv = argv,
		.search_path = search_path ? search_path : SEARCH_PATH,
		.calendar = o->calendar ? o->calendar : o->daily ? "daily" : "weekly",
		.spread = o->daily ? "1h" : "4h",
	};
	err = by_cron ? install_cron(c, &s) : install_units(c, &s);
	if (!err)
		err = remove_other(c, by_cron);
	free(program);
	free(cost);
	free(reviewers);
	return err;
}

static struct error *remove_schedule(struct call *c)
{
	bool by_systemd = unit_is_there(c), by_cron = false;
	struct error *err = by_systemd ? remove_units(c) : NULL;
	if (!err)
		err = remove_cron(c, &by_cron);
	if (!err && !by_systemd && !by_cron)
		err = error_new(ERROR_NOT_FOUND, "no audit of '%s' is scheduled", c->path);
	if (!err && !c->options->quiet)
		printf("%s: no longer scheduled\n", c->path);
	return err;
}

static void print_last(const struct repo *repo)
{
	struct buffer text = BUFFER_INIT_MAX(128);
	char *path = xstrfmt("%s/" SCHEDULE_LAST, repo_common_dir(repo)), when[64] = "";
	int64_t seconds;
	int status;
	struct tm tm;
	struct error *err = file_read(path, &text);
	if (!err && sscanf(text.data, "%" SCNd64 " %d", &seconds, &status) == 2) {
		time_t ended = (time_t)seconds;
		if (localtime_r(&ended, &tm))
			strftime(when, sizeof(when), "%a %Y-%m-%d %H:%M:%S %Z", &tm);
		printf("last  %s: %s (exit status %d); %s/" SCHEDULE_LOG "\n", when,
		       status == EXIT_DONE ? "done" : status == EXIT_BUDGET ? "stopped by a budget" : "not completed", status,
		       repo_common_dir(repo));
	} else {
		printf("last  never\n");
	}
	error_free(err);
	free(path);
	buffer_release(&text);
}

static struct error *status(struct call *c)
{
	char *timer = xstrfmt("%s.timer", c->name);
	const char *ask[] = { "show", "--property=NextElapseUSecRealtime", "--value", timer, NULL };
	struct buffer answer = BUFFER_INIT_MAX(MAX_ANSWER), crontab = BUFFER_INIT_MAX(MAX_ANSWER), when = BUFFER_INIT;
	struct repo *repo = NULL;
	bool by_systemd = unit_is_there(c);
	struct error *err = by_systemd ? NULL : read_crontab(&crontab);
	error_drop_if(&err, ERROR_NOT_FOUND);
	if (by_systemd) {
		bool runs = systemctl(&answer, ask) && slice_trim(slice_of(&answer)).len;
		struct slice next = slice_trim(slice_of(&answer));
		printf("%s: by systemd (%s)\n", c->path, timer);
		if (runs) {
			printf("next  %.*s\n", (int)next.len, next.data);
		} else {
			printf("next  not known\n");
			say_warning("the timer does not run now: `systemctl --user start %s`", timer);
		}
	} else if (!err && schedule_read_crontab(&when, slice_of(&crontab), c->name)) {
		printf("%s: by cron\nnext  %s\n", c->path, when.data);
	} else if (!err) {
		printf("%s: not scheduled\n", c->path);
	}
	if (!err) {
		/* A repository that is gone has a schedule still. */
		struct error *gone = repo_open(&repo, c->path);
		if (gone)
			say_warning("the repository '%s' is no longer there: `git scrutiny schedule remove '%s'`", c->path, c->path);
		else
			print_last(repo);
		error_free(gone);
		repo_free(repo);
	}
	buffer_release(&answer);
	buffer_release(&crontab);
	buffer_release(&when);
	free(timer);
	return err;
}

static struct error *audit(struct call *c)
{
	return schedule_audit(c->ctx, c->options, c->path, c->exit_status);
}

/* Which options an action takes. */
enum takes { TAKES_QUIET = 1, TAKES_WHEN = 2, TAKES_WHAT = 4 };

static const struct action {
	const char *name;
	unsigned takes;
	struct error *(*run)(struct call *c);
} actions[] = {
	{ "install", TAKES_WHEN | TAKES_WHAT | TAKES_QUIET, install },
	{ "remove", TAKES_QUIET, remove_schedule },
	{ "status", 0, status },
	{ "run", TAKES_WHAT | TAKES_QUIET, audit },
};

static struct error *check_options(const struct action *action, const struct schedule_options *o)
{
	const struct action_option given[] = {
		{ o->weekly, TAKES_WHEN, "weekly" },           { o->daily, TAKES_WHEN, "daily" },
		{ o->calendar, TAKES_WHEN, "on-calendar" },    { o->cron, TAKES_WHEN, "cron" },
		{ o->max_cost, TAKES_WHAT, "max-cost" },       { o->reviewers, TAKES_WHAT, "reviewers" },
		{ o->pr, TAKES_WHAT, "pr" },                   { o->write, TAKES_WHAT, "write" },
		{ o->quiet, TAKES_QUIET, "quiet" },
	};
	return action_check("schedule", action->name, action->takes, given, ARRAY_SIZE(given));
}

/* The repository of TYPED (NULL: the one we stand in) by the path that its schedule is known by; of one that is gone, what
 * was typed, made absolute. */
static struct error *find_path(const char *typed, char **out)
{
	char here[PATH_MAX];
	struct repo *repo = NULL;
	struct error *err = repo_open(&repo, typed);
	if (!err) {
		*out = xstrdup(repo_work_tree(repo) ? repo_work_tree(repo) : repo_git_dir(repo));
		repo_free(repo);
		return NULL;
	}
	if (!typed)
		return err;
	error_free(err);
	if (typed[0] != '/' && !getcwd(here, sizeof(here)))
		return error_errno(ERROR_IO, "cannot find out where we are");
	*out = typed[0] == '/' ? xstrdup(typed) : xstrfmt("%s/%s", here, typed);
	for (size_t len = strlen(*out); len > 1 && (*out)[len - 1] == '/';)
		(*out)[--len] = '\0';
	return NULL;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv, int *exit_status)
{
	struct call c = { .ctx = ctx, .options = options, .exit_status = exit_status };
	const void *row = NULL;
	struct error *err = action_find(&row, "schedule", argc ? argv[0] : NULL, actions, ARRAY_SIZE(actions),
					sizeof(*actions));
	const struct action *action = row;
	if (!err)
		err = check_options(action, options);
	if (!err && argc > 2)
		err = error_new(ERROR_USAGE, "too many arguments for schedule %s", action->name);
	if (!err)
		err = find_path(argc > 1 ? argv[1] : NULL, &c.path);
	if (!err && action->run == install) {
		/* There has to be something to review. */
		struct repo *repo = NULL;
		err = repo_open(&repo, c.path);
		repo_free(repo);
	}
	if (err)
		goto out;
	schedule_name(c.name, c.path);
	err = action->run(&c);
out:
	free(c.path);
	return err;
}

static const struct option options[] = {
	{ OPTION_GROUP, 0, NULL, 0, NULL, "When" },
	{ OPTION_BOOL, 0, "weekly", offsetof(struct schedule_options, weekly), NULL, "once a week (default)" },
	{ OPTION_BOOL, 0, "daily", offsetof(struct schedule_options, daily), NULL, "once a day" },
	{ OPTION_STRING, 0, "on-calendar", offsetof(struct schedule_options, calendar), "<time>",
	  "at these times, as systemd.time(7) writes them" },
	{ OPTION_BOOL, 0, "cron", offsetof(struct schedule_options, cron), NULL, "use cron, though systemd is here" },
	{ OPTION_GROUP, 0, NULL, 0, NULL, "What" },
	{ OPTION_STRING, 0, "max-cost", offsetof(struct schedule_options, max_cost), "<usd>",
	  "ask also models that cost money, for so much an audit",
	  "Asks the models that `run` would ask, also those that cost money, and spends at most so much in one audit; the "
	  "month's budget holds, too. Without it only models on this machine are asked." },
	{ OPTION_STRING, 0, "reviewers", offsetof(struct schedule_options, reviewers), "<list>",
	  "ask these models, as of `run`; needs --max-cost", NULL, NULL, "model" },
	{ OPTION_BOOL, 0, "pr", offsetof(struct schedule_options, pr), NULL, "propose the reports, as `run --pr` does" },
	{ OPTION_BOOL, 0, "write", offsetof(struct schedule_options, write), NULL,
	  "write the reports into the work tree (default: they are recorded only)" },
	{ OPTION_GROUP, 0, NULL, 0, NULL, "Output" },
	{ OPTION_BOOL, 'q', "quiet", offsetof(struct schedule_options, quiet), NULL,
	  "print warnings and errors only; of `run`, nothing when all went well" },
	{ .kind = OPTION_END },
};

static const char *const usage[] = {
	"install [<options>] [<repository>]",
	"status [<repository>]",
	"remove [<repository>]",
	"run [<options>] [<repository>]",
	NULL,
};

static const struct example examples[] = {
	{ "git scrutiny schedule install", "Audit this repository once a week, at no cost." },
	{ "git scrutiny schedule install --daily --max-cost=0.50 --pr", "Every day, with models, as a pull request." },
	{ "git scrutiny schedule remove /srv/papers", "No more audits of a repository that is gone." },
	{ NULL, NULL },
};

const struct command cmd_schedule = {
	.name = "schedule",
	.summary = "review all papers from time to time",
	.usage = usage,
	.description =
		"`install` has all papers of the repository reviewed once a week, at low priority and some time at night: "
		"by a timer of systemd that is the user's own, or where there is no systemd, by cron. A computer that slept "
		"at that time catches up (with systemd). What has a record is not asked for again, so an audit of papers that "
		"did not change costs nothing; it finds what newer checks find, and what others have put there.\n\n"
		"The audit's answers are recorded; the next `git scrutiny` writes the reports from them. `--write` writes "
		"them into the work tree at once, `--pr` proposes them.\n\n"
		"`status` says when the next audit is and how the last one ended; what it printed is in scrutiny/schedule/log of "
		"the git directory, and with systemd in the journal. `remove` ends the audits, also those of a repository that is "
		"gone. There is one schedule a repository; to install again replaces it. Of a crontab only the lines between our "
		"own marks are touched.\n\n"
		"`run` is what the timer calls. Findings do not change its exit status.",
	.options = options,
	.options_size = sizeof(struct schedule_options),
	.examples = examples,
	.run = run,
};
