#include "daemon/watch.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/trace.h"
#include "daemon/debounce.h"
#include "daemon/git_activity.h"
#include "daemon/noise.h"
#include "daemon/poll_state.h"
#include "daemon/tree_watch.h"

/* While git works, and how long at most a round waits for it. */
#define GIT_LOOK_MS 200
#define GIT_WAIT_MS 60000
/* While a rebase is stopped: whether it has gone on. */
#define STOPPED_LOOK_MS 1000
/* What a round gets to end by itself when the watch does. */
#define LAST_WORDS_MS 1000

struct watch {
	const struct watch_settings *settings;
	struct tree_watch *tree; /* NULL: poll_only */
	struct tree_changes changes;
	struct debounce debounce;
	char state[SHA256_HEX_SIZE + 1];
	uint64_t next_poll;    /* 0: nothing to poll */
	uint64_t busy_since;   /* git is at work while a round is due; 0: it is not */
	uint64_t next_look;    /* at git; 0: no reason to */
	unsigned rounds;
	bool held;             /* the last round was not to write */
	bool said_unwatched;
	struct process child;  /* pid 0: none runs */
	struct buffer output;
};

static void add_event(struct watch *w)
{
	debounce_event(&w->debounce, clock_ms());
}

/* -- what cannot be watched ------------------------------------------------------------------------- */

static void tell_of_unwatched(struct watch *w)
{
	size_t unwatched = tree_watch_unwatched(w->tree);
	if (!unwatched || w->said_unwatched)
		return;
	bool limit = tree_watch_hit_limit(w->tree);
	char *text = xstrfmt("%zu folder%s cannot be watched (%s): looking every %.3g s instead", unwatched,
			     unwatched == 1 ? "" : "s",
			     limit ? "the system's limit of watches is reached" : "they are on a network file system",
			     (double)w->settings->poll_ms / 1000);
	w->settings->say(w->settings->data, text,
			 limit ? "sudo sysctl fs.inotify.max_user_watches=1048576 raises it (and "
				 "fs.inotify.max_user_instances); a file in /etc/sysctl.d makes that last" : NULL);
	w->said_unwatched = true;
	free(text);
}

static void plan_poll(struct watch *w)
{
	bool needed = !w->tree || tree_watch_unwatched(w->tree);
	w->next_poll = needed ? clock_ms() + w->settings->poll_ms : 0;
}

static void poll_now(struct watch *w)
{
	char state[SHA256_HEX_SIZE + 1];
	struct error *err = poll_state_read(w->settings->repo, state);
	if (err) {
		/* git may be in the middle of something; or there is no repository any more, which is seen elsewhere. */
		trace_printf("%s", err->message);
		error_free(err);
	} else if (strcmp(state, w->state) != 0) {
		if (*w->state) {
			w->changes.many = true;
			add_event(w);
		}
		memcpy(w->state, state, sizeof(state));
	}
	plan_poll(w);
}

/* -- whether there still is something to watch ------------------------------------------------------- */

static bool is_directory(const char *path)
{
	struct stat st;
	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static struct error *check_is_there(const struct watch *w)
{
	struct repo *repo = w->settings->repo;
	if (w->changes.gone || !is_directory(repo_work_tree(repo)))
		return error_new(ERROR_NOT_FOUND, "the work tree '%s' is no longer there: nothing is left to watch",
				 repo_work_tree(repo));
	if (!is_directory(repo_git_dir(repo)))
		return error_new(ERROR_NOT_FOUND, "'%s' is no longer there: nothing is left to watch",
				 repo_git_dir(repo));
	return NULL;
}

/* -- rounds ----------------------------------------------------------------------------------------- */

/* Whether all that has changed is ignored. */
static bool is_all_ignored(const struct watch *w)
{
	struct strmap ignored = STRMAP_INIT;
	if (w->changes.many || !w->changes.paths.nr)
		return false;
	struct error *err = noise_find_ignored(w->settings->repo, &w->changes.paths, false, &ignored);
	bool all = !err && ignored.nr == w->changes.paths.nr;
	if (err)
		trace_printf("%s", err->message);
	error_free(err);
	strmap_release(&ignored, NULL);
	return all;
}

/* True when the round has to wait for git; it looks again later. */
static bool waits_for_git(struct watch *w, enum git_activity activity)
{
	uint64_t now = clock_ms();
	if (activity != GIT_WORKING) {
		w->busy_since = w->next_look = 0;
		return false;
	}
	if (!w->busy_since) {
		trace_printf("the round waits for git");
		w->busy_since = now;
	}
	if (now - w->busy_since >= GIT_WAIT_MS)
		return false;
	w->next_look = now + GIT_LOOK_MS;
	return true;
}

static void trace_changes(const struct watch *w)
{
	const struct strmap *paths = &w->changes.paths;
	for (size_t i = 0; !w->changes.many && i < paths->nr; i++)
		trace_printf("changed: %s", paths->entries[i].key);
}

static struct error *begin_round(struct watch *w)
{
	enum git_activity activity = git_activity(w->settings->repo);
	struct error *err = check_is_there(w);
	if (err || waits_for_git(w, activity))
		return err;
	w->busy_since = w->next_look = 0;
	bool ignored = is_all_ignored(w);
	trace_changes(w);
	tree_changes_release(&w->changes);
	debounce_clear(&w->debounce);
	if (ignored) {
		trace_printf("all of it is ignored");
		return NULL;
	}
	w->held = activity != GIT_IDLE;
	w->rounds++;
	trace_printf("round %u begins", w->rounds);
	return w->settings->start(w->settings->data, w->held, &w->child);
}

static struct error *end_round(struct watch *w)
{
	int status = 0;
	bool whole = !w->output.overflowed;
	struct error *err = process_finish(&w->child, &status);
	w->child = (struct process){ .in = -1, .out = -1 };
	if (!err)
		err = w->settings->ended(w->settings->data, whole ? &w->output : NULL, status);
	buffer_release(&w->output);
	buffer_init(&w->output, WATCH_MAX_OUTPUT);
	trace_printf("round %u ended with %d", w->rounds, status);
#ifdef __GLIBC__
	malloc_trim(0); /* the process may be asleep for days from here on */
#endif
	if (!err)
		err = check_is_there(w);
	if (w->held)
		w->next_look = clock_ms() + STOPPED_LOOK_MS;
	return err;
}

/* The reports that a round held back are written once the rebase is over. */
static void look_at_git(struct watch *w)
{
	w->next_look = 0;
	if (w->debounce.pending || w->child.pid || !w->held)
		return;
	if (git_activity(w->settings->repo) != GIT_IDLE) {
		w->next_look = clock_ms() + STOPPED_LOOK_MS;
		return;
	}
	w->changes.many = true;
	add_event(w);
}

static struct error *read_child(struct watch *w)
{
	char bytes[65536];
	ssize_t n = read(w->child.out, bytes, sizeof(bytes));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return NULL;
	if (n <= 0)
		return end_round(w);
	buffer_add(&w->output, bytes, (size_t)n);
	return NULL;
}

/* Nothing that was paid for is lost by a kill. */
static void stop_round(struct watch *w)
{
	char bytes[65536];
	uint64_t end = clock_ms() + LAST_WORDS_MS;
	if (!w->child.pid)
		return;
	kill(w->child.pid, SIGTERM);
	for (;;) {
		struct pollfd fd = { w->child.out, POLLIN, 0 };
		uint64_t now = clock_ms();
		int ready = now < end ? poll(&fd, 1, (int)(end - now)) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0 || read(w->child.out, bytes, sizeof(bytes)) <= 0)
			break;
	}
	kill(w->child.pid, SIGKILL);
	int status;
	error_free(process_finish(&w->child, &status));
	w->child = (struct process){ .in = -1, .out = -1 };
}

/* -- the loop --------------------------------------------------------------------------------------- */

static int sooner(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static int until(uint64_t time, uint64_t now)
{
	if (!time)
		return -1;
	return time <= now ? 0 : (int)(time - now);
}

static bool is_due(const struct watch *w)
{
	bool looks_again = w->busy_since && w->next_look;
	return !w->child.pid && !looks_again && !debounce_wait(&w->debounce, clock_ms());
}

static int wait_ms(const struct watch *w)
{
	uint64_t now = clock_ms();
	int wait = sooner(until(w->next_poll, now), until(w->next_look, now));
	/* A round that waits for git is due all the time; one that runs puts off the next. */
	if (!w->child.pid && !w->busy_since)
		wait = sooner(wait, debounce_wait(&w->debounce, now));
	return wait;
}

/* Waits for what comes next. A signal between the look at *STOP and poll() would be slept over, so they are let in
 * only while we wait. */
static int wait_for_events(struct watch *w, struct pollfd fds[2], bool *stopped)
{
	sigset_t ours, before;
	int wait = wait_ms(w);
	struct timespec time = { wait / 1000, (long)(wait % 1000) * 1000000 };
	fds[0] = (struct pollfd){ w->tree ? tree_watch_fd(w->tree) : -1, POLLIN, 0 };
	fds[1] = (struct pollfd){ w->child.pid ? w->child.out : -1, POLLIN, 0 };
	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigprocmask(SIG_BLOCK, &ours, &before);
	*stopped = *w->settings->stop;
	int ready = *stopped ? 0 : ppoll(fds, 2, wait < 0 ? NULL : &time, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ready;
}

static struct error *take_changes(struct watch *w)
{
	struct error *err = tree_watch_read(w->tree, &w->changes);
	if (err)
		return err;
	if (w->changes.gone)
		return check_is_there(w);
	if (w->changes.events || (w->changes.many && !w->debounce.pending))
		add_event(w);
	w->changes.events = 0;
	if (tree_watch_unwatched(w->tree) && !w->next_poll) {
		tell_of_unwatched(w);
		plan_poll(w);
	}
	return NULL;
}

static struct error *loop(struct watch *w)
{
	struct error *err = NULL;
	while (!err) {
		struct pollfd fds[2];
		bool stopped;
		int ready = wait_for_events(w, fds, &stopped);
		uint64_t now = clock_ms();
		if (stopped)
			break;
		if (ready < 0 && errno != EINTR)
			err = error_errno(ERROR_IO, "cannot wait for changes");
		if (!err && ready > 0 && fds[1].revents)
			err = read_child(w);
		if (!err && ready > 0 && fds[0].revents)
			err = take_changes(w);
		if (!err && w->next_poll && now >= w->next_poll)
			poll_now(w);
		if (!err && w->next_look && now >= w->next_look)
			look_at_git(w);
		if (!err && is_due(w))
			err = begin_round(w);
	}
	return err;
}

struct error *watch_run(const struct watch_settings *settings)
{
	struct watch w = {
		.settings = settings,
		.changes = { .paths = STRMAP_INIT, .many = true },
		.debounce = { .quiet_ms = settings->quiet_ms, .ceiling_ms = settings->ceiling_ms },
		.child = { .in = -1, .out = -1 },
		.output = BUFFER_INIT_MAX(WATCH_MAX_OUTPUT),
	};
	struct error *err = settings->poll_only ? NULL : tree_watch_new(&w.tree, settings->repo);
	if (err)
		return err;
	if (w.tree)
		tell_of_unwatched(&w);
	plan_poll(&w);
	if (w.next_poll)
		poll_now(&w);
	if (!err)
		settings->ready(settings->data, w.tree ? tree_watch_folders(w.tree) : 0);
	if (!err)
		err = begin_round(&w);
	if (!err && !w.child.pid)
		add_event(&w); /* git is at work */
	if (!err)
		err = loop(&w);
	stop_round(&w);
	tree_changes_release(&w.changes);
	tree_watch_free(w.tree);
	buffer_release(&w.output);
	return err;
}
