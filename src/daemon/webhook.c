#include "daemon/webhook.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "daemon/delivery.h"
#include "git/ignore.h"

/* One repository while the receiver runs. */
struct queue {
	const struct webhook_repository *repository;
	struct webhook *webhook;
	struct strmap pending, running; /* sets of items */
	pid_t job;                      /* 0: none */
	int end;                        /* closes when the job ends */
	char remembered[WEBHOOK_MAX_REMEMBERED][SHA256_HEX_SIZE + 1];
	size_t nr_remembered;           /* ever; the oldest is overwritten */
	bool unsaved;                   /* the file lacks some of PENDING */
};

struct webhook {
	struct webhook_settings settings;
	struct queue *queues;
};

static void say(const struct queue *q, bool warning, const char *text)
{
	struct buffer safe = BUFFER_INIT;
	text_for_terminal(&safe, text, strlen(text), false);
	q->webhook->settings.say(q->webhook->settings.data, warning, q->repository->name, safe.data);
	buffer_release(&safe);
}

static void job_says(void *data, bool warning, const char *text)
{
	say(data, warning, text);
}

/* -- what waits ------------------------------------------------------------------------------------- */

static char *queue_path(const struct queue *q)
{
	return xstrfmt("%s/" WEBHOOK_QUEUE, repo_common_dir(q->repository->job.repo));
}

static void add_items(struct buffer *out, const struct strmap *items)
{
	for (size_t i = 0; i < items->nr; i++)
		buffer_addf(out, "%s\n", items->entries[i].key);
}

static struct error *save_queue(const struct queue *q)
{
	struct buffer text = BUFFER_INIT;
	char *path = queue_path(q), *slash = strrchr(path, '/');
	add_items(&text, &q->running);
	add_items(&text, &q->pending);
	*slash = '\0';
	struct error *err = file_make_directories(path);
	*slash = '/';
	if (!err && text.len)
		err = file_write(path, text.data, text.len);
	else if (!err && unlink(path) < 0 && errno != ENOENT)
		err = error_errno(ERROR_IO, "cannot remove '%s'", path);
	buffer_release(&text);
	free(path);
	return err;
}

static bool is_number(const char *s)
{
	size_t len = strlen(s);
	return len > 0 && len < 20 && strspn(s, "0123456789") == len;
}

static bool is_item(const char *line)
{
	const char *rest;
	if (skip_prefix(line, "heads/", &rest))
		return delivery_is_branch(rest);
	return (skip_prefix(line, "pull/", &rest) || skip_prefix(line, "merge-requests/", &rest)) && is_number(rest);
}

static void load_queue(struct queue *q)
{
	struct buffer text = BUFFER_INIT_MAX(WEBHOOK_MAX_QUEUE_FILE);
	char *path = queue_path(q);
	struct error *err = file_read(path, &text);
	for (char *line = text.data; !err && *line;) {
		char *end = strchr(line, '\n');
		if (!end)
			break;
		*end = '\0';
		/* Those of a job that ran, and those that waited for it. */
		if (is_item(line) && q->pending.nr < (size_t)2 * JOB_MAX_ITEMS)
			strmap_add(&q->pending, line, strlen(line));
		line = end + 1;
	}
	if (!err && q->pending.nr)
		say(q, false, "taking up what was left when the receiver ended");
	if (!error_drop_if(&err, ERROR_NOT_FOUND) && err)
		say(q, true, err->message);
	error_free(err);
	buffer_release(&text);
	free(path);
}

/* -- deliveries ------------------------------------------------------------------------------------- */

static struct queue *find_queue(struct webhook *w, struct slice path)
{
	for (size_t i = 0; i < w->settings.nr; i++)
		if (path.len > 1 && slice_equals((struct slice){ path.data + 1, path.len - 1 },
						 w->settings.repositories[i].name))
			return &w->queues[i];
	return NULL;
}

/* The name a forge gave, and the body: the name alone is not signed. */
static void hash_delivery(char hash[SHA256_HEX_SIZE + 1], const struct delivery *d, struct slice body)
{
	struct sha256 h;
	sha256_init(&h);
	/* GitLab signs nothing; the others' bodies differ from delivery to delivery. */
	sha256_update(&h, d->id, d->gitlab ? strlen(d->id) : 0);
	sha256_update(&h, body.data, body.len);
	sha256_final_hex(&h, hash);
}

static bool is_repeated(const struct queue *q, const char *hash)
{
	size_t nr = q->nr_remembered < WEBHOOK_MAX_REMEMBERED ? q->nr_remembered : WEBHOOK_MAX_REMEMBERED;
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(q->remembered[i], hash))
			return true;
	return false;
}

static void remember(struct queue *q, const char *hash)
{
	memcpy(q->remembered[q->nr_remembered++ % WEBHOOK_MAX_REMEMBERED], hash, SHA256_HEX_SIZE + 1);
}

static struct http_answer enqueue(struct queue *q, const char *item, const struct delivery *d)
{
	bool is_new = !strmap_has(&q->pending, item, strlen(item));
	if (is_new && q->pending.nr >= JOB_MAX_ITEMS)
		return (struct http_answer){ 503, "too much waits for this repository" };
	strmap_add(&q->pending, item, strlen(item));
	struct error *err = is_new || q->unsaved ? save_queue(q) : NULL;
	q->unsaved = err != NULL;
	if (err) {
		say(q, true, err->message);
		error_free(err);
		return (struct http_answer){ 500, "the delivery could not be recorded" };
	}
	char *text = xstrfmt("delivery %s: %s %s", *d->id ? d->id : "without a name", item,
			     q->job ? "waits for the job that runs" : "is reviewed");
	say(q, false, text);
	free(text);
	return (struct http_answer){ 202, "queued" };
}

static struct http_answer take_push(struct queue *q, const struct delivery *d)
{
	if (q->repository->branches && !wildmatch(q->repository->branches, d->branch, false))
		return (struct http_answer){ 200, "this branch is not reviewed" };
	char *item = xstrfmt("heads/%s", d->branch);
	struct http_answer a = enqueue(q, item, d);
	free(item);
	return a;
}

static struct http_answer take_pull(struct queue *q, const struct delivery *d)
{
	/* Its commits were reviewed when there was no pull request to write to. */
	if (!d->from_fork && q->repository->job.publish && *d->branch)
		return take_push(q, d);
	if (!d->from_fork)
		return (struct http_answer){ 200, "its branch is reviewed when it is pushed" };
	if (!q->repository->forks)
		return (struct http_answer){ 200, "pull requests from forks are not reviewed" };
	char *item = xstrfmt("%s/%llu", d->gitlab ? "merge-requests" : "pull", (unsigned long long)d->pull);
	struct http_answer a = enqueue(q, item, d);
	free(item);
	return a;
}

static struct http_answer take_delivery(struct queue *q, const struct http_head *head, struct slice body)
{
	struct delivery d;
	char hash[SHA256_HEX_SIZE + 1];
	if (!delivery_verify(head, body, q->repository->secret)) {
		say(q, true, "a delivery was refused: its signature or token is wrong");
		return (struct http_answer){ 401, "the signature or token is wrong" };
	}
	struct error *err = delivery_read(&d, head, body);
	if (err) {
		say(q, true, err->message);
		error_free(err);
		return (struct http_answer){ 400, "the delivery cannot be read" };
	}
	if (d.kind == DELIVERY_PING)
		return (struct http_answer){ 200, "pong" };
	if (d.kind == DELIVERY_OTHER)
		return (struct http_answer){ 200, "nothing to do" };
	hash_delivery(hash, &d, body);
	if (is_repeated(q, hash))
		return (struct http_answer){ 200, "this delivery was taken already" };
	struct http_answer a = d.kind == DELIVERY_PUSH ? take_push(q, &d) : take_pull(q, &d);
	if (a.status == 202)
		remember(q, hash); /* one that could not be taken may come again */
	return a;
}

static bool is_health(const struct http_head *head)
{
	return slice_equals(head->path, "/health");
}

static int admit(void *data, const struct http_head *head)
{
	bool reads = slice_equals(head->method, "GET") || slice_equals(head->method, "HEAD");
	if (is_health(head))
		return reads ? 0 : 405;
	if (!find_queue(data, head->path))
		return 404;
	if (!slice_equals(head->method, "POST"))
		return 405;
	bool is_signed = http_head_get(head, "X-Hub-Signature-256").len ||
			 http_head_get(head, "X-Gitea-Signature").len ||
			 http_head_get(head, "X-Forgejo-Signature").len || http_head_get(head, "X-Gitlab-Token").len;
	return is_signed ? 0 : 401;
}

static struct http_answer answer(void *data, const struct http_head *head, struct slice body)
{
	if (is_health(head))
		return (struct http_answer){ 200, "ok" };
	return take_delivery(find_queue(data, head->path), head, body);
}

void webhook_handle(struct webhook *w, struct http_server_settings *out)
{
	out->admit = admit;
	out->answer = answer;
	out->data = w;
}

/* -- jobs ------------------------------------------------------------------------------------------- */

/* In the job's process: it has nothing of the receiver's but its settings. */
static void work(struct queue *q, struct http_server *server)
{
	struct job_settings settings = q->repository->job;
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	setpgid(0, 0);
	http_server_free(server);
	settings.say = job_says;
	settings.data = q;
	_exit(job_run(&settings, &q->running) ? 0 : 1);
}

static void start_job(struct queue *q, struct http_server *server)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0) {
		say(q, true, "a job could not be started: no pipe is to be had");
		return;
	}
	q->running = q->pending;
	q->pending = (struct strmap)STRMAP_INIT;
	fflush(NULL);
	q->job = fork();
	if (!q->job)
		work(q, server);
	close(ends[1]);
	q->end = ends[0];
	if (q->job < 0) {
		say(q, true, "a job could not be started: no process is to be had");
		close(q->end);
		q->pending = q->running;
		q->running = (struct strmap)STRMAP_INIT;
		q->job = 0;
		return;
	}
	setpgid(q->job, q->job);
}

static void start_jobs(struct webhook *w, struct http_server *server)
{
	size_t running = 0;
	for (size_t i = 0; i < w->settings.nr; i++)
		running += w->queues[i].job != 0;
	for (size_t i = 0; i < w->settings.nr && running < WEBHOOK_MAX_JOBS; i++) {
		struct queue *q = &w->queues[i];
		if (q->job || !q->pending.nr)
			continue;
		start_job(q, server);
		running += q->job != 0;
	}
}

static int wait_for_job(pid_t job)
{
	int status;
	while (waitpid(job, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static void end_job(struct queue *q)
{
	int status = wait_for_job(q->job);
	close(q->end);
	q->job = 0;
	if (status) {
		say(q, true, "the review failed; deliver it again to try again");
		q->nr_remembered = 0;
	} else {
		say(q, false, "done");
	}
	strmap_release(&q->running, NULL);
	struct error *err = save_queue(q);
	if (err)
		say(q, true, err->message);
	error_free(err);
}

/* What it had to do stays in the queue's file. */
static void leave_job(struct queue *q)
{
	say(q, true, "the review was interrupted; it begins again at the next start");
	kill(-q->job, SIGTERM);
	/* One that has just begun may catch it still, as we do. */
	kill(q->job, SIGKILL);
	wait_for_job(q->job);
	close(q->end);
	q->job = 0;
}

/* -- the loop --------------------------------------------------------------------------------------- */

struct waiting {
	struct pollfd *fds;
	size_t nr_jobs;
	struct queue **jobs; /* whose ends the first of FDS are */
};

/* See watch.c: signals come in only while we wait. *STOPPED tells that one has. */
static int wait_for_events(struct webhook *w, struct http_server *server, struct waiting *wait, int wait_ms,
			   bool *stopped)
{
	sigset_t ours, before;
	wait->nr_jobs = 0;
	for (size_t i = 0; i < w->settings.nr; i++) {
		if (!w->queues[i].job)
			continue;
		wait->fds[wait->nr_jobs] = (struct pollfd){ w->queues[i].end, POLLIN, 0 };
		wait->jobs[wait->nr_jobs++] = &w->queues[i];
	}
	size_t nr = wait->nr_jobs + http_server_poll(server, wait->fds + wait->nr_jobs, &wait_ms);
	struct timespec time = { wait_ms / 1000, (long)(wait_ms % 1000) * 1000000 };
	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigprocmask(SIG_BLOCK, &ours, &before);
	bool was_stopped = *stopped;
	*stopped = *w->settings.stop;
	int ready = *stopped && !was_stopped ? 0 : ppoll(wait->fds, nr, wait_ms < 0 ? NULL : &time, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	for (size_t i = 0; ready > 0 && i < wait->nr_jobs; i++)
		if (wait->fds[i].revents)
			end_job(wait->jobs[i]);
	return ready;
}

static bool any_job(const struct webhook *w)
{
	for (size_t i = 0; i < w->settings.nr; i++)
		if (w->queues[i].job)
			return true;
	return false;
}

/* Jobs that run may end, for a while. */
static void wind_down(struct webhook *w, struct http_server *server, struct waiting *wait)
{
	uint64_t end = clock_ms() + w->settings.grace_ms;
	bool stopped = true;
	http_server_close(server);
	for (uint64_t now; any_job(w) && (now = clock_ms()) < end;) {
		wait_for_events(w, server, wait, (int)(end - now), &stopped);
		http_server_serve(server);
	}
	for (size_t i = 0; i < w->settings.nr; i++)
		if (w->queues[i].job)
			leave_job(&w->queues[i]);
}

struct error *webhook_run(struct webhook *w, struct http_server *server)
{
	struct error *err = NULL;
	bool stopped = false;
	struct waiting wait = {
		.fds = xcalloc(w->settings.nr + HTTP_SERVER_MAX_CONNECTIONS + 1, sizeof(*wait.fds)),
		.jobs = xcalloc(w->settings.nr + 1, sizeof(struct queue *)),
	};
	for (size_t i = 0; i < w->settings.nr; i++)
		load_queue(&w->queues[i]);
	while (!err && !stopped) {
		start_jobs(w, server);
		int ready = wait_for_events(w, server, &wait, -1, &stopped);
		if (ready < 0 && errno != EINTR)
			err = error_errno(ERROR_IO, "cannot wait for deliveries");
		if (!err && !stopped)
			http_server_serve(server);
	}
	wind_down(w, server, &wait);
	free(wait.fds);
	free(wait.jobs);
	return err;
}

struct webhook *webhook_new(const struct webhook_settings *settings)
{
	struct webhook *w = xcalloc(1, sizeof(*w));
	w->settings = *settings;
	w->queues = xcalloc(settings->nr + 1, sizeof(*w->queues));
	for (size_t i = 0; i < settings->nr; i++)
		w->queues[i] = (struct queue){ .repository = &settings->repositories[i], .webhook = w, .end = -1 };
	return w;
}

void webhook_free(struct webhook *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->settings.nr; i++) {
		strmap_release(&w->queues[i].pending, NULL);
		strmap_release(&w->queues[i].running, NULL);
	}
	free(w->queues);
	free(w);
}
