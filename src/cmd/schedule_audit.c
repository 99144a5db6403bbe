/* An audit as the timer begins it: at low priority, in a repository that may be gone by now. */
#include "cmd/schedule.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "cmd/own_program.h"

/* ioprio_set(2), which has no function in libc: the class that gets what nobody else wants. */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_IDLE (3 << 13)

static void lower_priority(void)
{
	/* Whoever is lower already stays there. */
	if (getpriority(PRIO_PROCESS, 0) < 19)
		setpriority(PRIO_PROCESS, 0, 19);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
}

static struct error *write_record(const struct repo *repo, const char *name, const char *data, size_t len)
{
	char *folder = xstrfmt("%s/" SCHEDULE_FOLDER, repo_common_dir(repo));
	char *path = xstrfmt("%s/%s", repo_common_dir(repo), name);
	struct error *err = file_make_directories(folder);
	if (!err)
		err = file_write(path, data, len);
	free(folder);
	free(path);
	return err;
}

static struct error *record(const struct repo *repo, const struct buffer *said, int status)
{
	size_t kept = said->len < SCHEDULE_MAX_LOG ? said->len : SCHEDULE_MAX_LOG;
	char *last = xstrfmt("%lld %d\n", (long long)time(NULL), status);
	struct error *err = write_record(repo, SCHEDULE_LOG, said->data + said->len - kept, kept);
	if (!err)
		err = write_record(repo, SCHEDULE_LAST, last, strlen(last));
	free(last);
	return err;
}

static struct error *review(const struct schedule_options *o, const struct repo *repo, struct buffer *said, int *status)
{
	char *program = own_program(), *cost = NULL, *reviewers = NULL;
	const char *argv[10] = { program, "run", "--all", "--fail-on=never" };
	size_t nr = 4;
	if (o->pr)
		argv[nr++] = "--pr";
	else if (!o->write || !repo_work_tree(repo))
		argv[nr++] = "--no-write";
	if (o->max_cost)
		argv[nr++] = cost = xstrfmt("--max-cost=%s", o->max_cost);
	else
		argv[nr++] = "--adjudicate=none";
	if (o->reviewers || !o->max_cost)
		argv[nr++] = reviewers = xstrfmt("--reviewers=%s", o->reviewers ? o->reviewers : "local");
	struct process_options options = {
		.directory = repo_work_tree(repo) ? repo_work_tree(repo) : repo_git_dir(repo),
		.out = said,
		.err = said,
		.exit_status = status,
	};
	struct error *err = process_run(argv, &options);
	free(program);
	free(cost);
	free(reviewers);
	return err;
}

static struct error *open_repository(struct repo **out, const char *path)
{
	struct stat st;
	struct error *err = stat(path, &st) ? error_new(ERROR_NOT_FOUND, "'%s' is not there", path) : repo_open(out, path);
	if (!err)
		return NULL;
	struct error *gone = error_with_hint(
		error_new(ERROR_NOT_FOUND, "the repository '%s' is no longer there: it was moved or deleted", path),
		"`git scrutiny schedule remove '%s'` ends the audits; after a move, install them again there", path);
	error_free(err);
	return gone;
}

struct error *schedule_audit(struct context *ctx, const struct schedule_options *o, const char *path, int *exit_status)
{
	struct buffer said = BUFFER_INIT_MAX(SCHEDULE_MAX_OUTPUT);
	struct repo *repo = NULL;
	(void)ctx;
	struct error *err = open_repository(&repo, path);
	if (err)
		return err;
	lower_priority();
	err = review(o, repo, &said, exit_status);
	/* cron mails what is printed. */
	if (!o->quiet || *exit_status || err)
		print_buffer(&said);
	struct error *unwritten = record(repo, &said, err ? EXIT_FATAL : *exit_status);
	if (unwritten)
		say_warning("%s", unwritten->message);
	error_free(unwritten);
	buffer_release(&said);
	repo_free(repo);
	return err;
}
