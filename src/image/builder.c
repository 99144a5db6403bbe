#include "image/builder.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "image/build.h"
#include "image/builder_context.h"

#define PROBE_TIMEOUT_MS 30000
#define PROBE_MAX_OUTPUT ((size_t)1 << 20)
/* How long a builder may take to stop when it was asked to. */
#define STOP_MS 5000
#define MAX_LINE ((size_t)16 << 10)
#define LAST_LINES 8
/* Of each, when it fails. */
#define MAX_SHOWN 240
#define MAX_ARGUMENTS 40

/* -- which are there -------------------------------------------------------------------------- */

/* Runs a question to a builder; *GOOD tells whether it was answered with success. */
static struct error *ask(const char *const *argv, struct buffer *out, bool *good)
{
	int status = 1;
	struct process_options options = {
		.out = out, .discard_err = true, .exit_status = &status, .timeout_ms = PROBE_TIMEOUT_MS
	};
	struct error *err = process_run(argv, &options);
	*good = !err && !status;
	if (error_is(err, ERROR_NOT_FOUND) || error_is(err, ERROR_TIMEOUT) || error_is(err, ERROR_LIMIT))
		error_drop_if(&err, err->code);
	return err;
}

/* Sets *WHY (malloc'd) when the builder cannot be used. */
static struct error *probe_storage(struct builder *b, const char *program, char **why)
{
	static const char *const drivers[] = { NULL, "vfs" };
	struct buffer out = BUFFER_INIT_MAX(PROBE_MAX_OUTPUT);
	const char *const version[] = { program, "--version", NULL };
	bool good;
	struct error *err = ask(version, &out, &good);
	if (!err && !good)
		*why = xstrdup("not installed");
	if (!err && good) {
		struct slice line = slice_trim(slice_of(&out));
		b->version = xmemdupz(line.data, line.len);
		good = false;
	}
	for (size_t i = 0; !err && !*why && !good && i < ARRAY_SIZE(drivers); i++) {
		const char *const own[] = { program, "info", NULL };
		const char *const other[] = { program, "--storage-driver", drivers[i], "info", NULL };
		b->storage = drivers[i];
		buffer_reset(&out);
		err = ask(drivers[i] ? other : own, &out, &good);
	}
	if (!err && !*why && !good)
		*why = xstrfmt("`%s info` fails", program);
	buffer_release(&out);
	return err;
}

static struct error *probe_buildah(struct builder *b, char **why)
{
	return probe_storage(b, "buildah", why);
}

static struct error *probe_podman(struct builder *b, char **why)
{
	return probe_storage(b, "podman", why);
}

/* Its driver "docker" writes OCI layouts only where dockerd keeps its images with containerd. */
static struct error *probe_buildx(struct builder *b, char **why)
{
	static const char *const version[] = { "docker", "buildx", "version", NULL };
	static const char *const inspect[] = { "docker", "buildx", "inspect", NULL };
	static const char *const store[] = { "docker", "info", "--format", "{{json .DriverStatus}}", NULL };
	struct buffer out = BUFFER_INIT_MAX(PROBE_MAX_OUTPUT);
	bool good, by_dockerd = false;
	struct error *err = ask(version, &out, &good);
	if (!err && !good)
		*why = xstrdup("not installed");
	if (!err && good) {
		struct slice line = slice_trim(slice_of(&out));
		b->version = xmemdupz(line.data, line.len);
		buffer_reset(&out);
		err = ask(inspect, &out, &good);
		const char *driver = strstr(out.data, "Driver:");
		by_dockerd = driver &&
			     slice_equals(slice_trim((struct slice){ driver + 7, strcspn(driver + 7, "\n") }),
					  "docker");
		if (!err && (!good || !driver))
			*why = xstrdup("`docker buildx inspect` fails: no daemon answers");
	}
	if (!err && !*why && by_dockerd) {
		buffer_reset(&out);
		err = ask(store, &out, &good);
		if (!err && (!good || !strstr(out.data, "io.containerd.snapshotter")))
			*why = xstrdup("its builder cannot write OCI layouts (`docker buildx create --use` "
				       "makes one that "
				       "can)");
	}
	buffer_release(&out);
	return err;
}

static const struct builder_kind {
	const char *name;
	struct error *(*probe)(struct builder *b, char **why);
} kinds[] = {
	{ "docker buildx", probe_buildx },
	{ "buildah", probe_buildah },
	{ "podman", probe_podman },
};

static bool is_wanted(const char *name, const char *wanted)
{
	return !wanted || !strcmp(name, wanted) || (ends_with(name, wanted) && !strcmp(wanted, "buildx")) ||
	       (!strcmp(wanted, "docker") && starts_with(name, "docker"));
}

struct error *builder_find(struct builder *out, const char *wanted)
{
	struct buffer looked = BUFFER_INIT;
	struct error *err = NULL;
	bool known = false;
	*out = (struct builder){ 0 };
	for (size_t i = 0; !err && !out->name && i < ARRAY_SIZE(kinds); i++) {
		char *why = NULL;
		if (!is_wanted(kinds[i].name, wanted))
			continue;
		known = true;
		err = kinds[i].probe(out, &why);
		if (!err && !why) {
			out->name = kinds[i].name;
			trace_printf("builder: %s, %s", out->name, out->version);
		} else {
			builder_release(out);
		}
		if (why)
			buffer_addf(&looked, "%s%s: %s", looked.len ? "; " : "", kinds[i].name, why);
		free(why);
	}
	if (!err && !known)
		err = error_with_hint(error_new(ERROR_USAGE, "'%s' is no builder that is known here", wanted),
				      "docker buildx, buildah and podman are");
	else if (!err && !out->name)
		err = error_with_hint(
		    error_new(ERROR_NOT_FOUND, "no image builder works here (%s)", looked.data),
		    "install buildah or podman, or docker with buildx; `git config deploy.builder` names "
		    "one of several");
	buffer_release(&looked);
	return err;
}

void builder_release(struct builder *b)
{
	free(b->version);
	*b = (struct builder){ 0 };
}

/* -- running one ------------------------------------------------------------------------------ */

/* What a run has said. */
struct output {
	const struct builder_job *job;
	struct buffer line;
	char *last[LAST_LINES]; /* the newest at (nr - 1) % LAST_LINES */
	size_t nr;
	bool broken_runtime; /* it could not start a container, whatever was to run in it */
};

/* Said by buildah and podman when the container cannot be made; nothing of the Dockerfile was run then. */
static const char *const runtime_failures[] = {
	"did not get container create message",
	"error creating new mount namespace",
	"cannot clone: Operation not permitted",
	"error running container: from ",
};

static void end_line(struct output *o)
{
	struct buffer shown = BUFFER_INIT;
	struct slice line = slice_trim(slice_of(&o->line));
	for (size_t i = 0; i < ARRAY_SIZE(runtime_failures); i++)
		o->broken_runtime |= strstr(o->line.data, runtime_failures[i]) != NULL;
	text_for_terminal(&shown, line.data, line.len, false);
	char *text = redact(buffer_detach(&shown, NULL));
	buffer_reset(&o->line);
	o->line.overflowed = false;
	if (!*text) {
		free(text);
		return;
	}
	if (o->job->say)
		o->job->say(o->job->say_data, text);
	char **place = &o->last[o->nr++ % LAST_LINES];
	free(*place);
	*place = text;
}

/* Bars of progress are drawn with carriage returns. */
static void take_output(struct output *o, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n' || data[i] == '\r')
			end_line(o);
		else
			buffer_addch(&o->line, data[i]);
	}
}

static void output_release(struct output *o)
{
	buffer_release(&o->line);
	for (size_t i = 0; i < LAST_LINES; i++)
		free(o->last[i]);
}

static bool stopped(const struct builder_job *job)
{
	return job->stop && *job->stop;
}

/* Reads until the output ends. Asked to stop, the builder is told to, and killed if it does not. */
static struct error *follow(struct process *p, struct output *o)
{
	uint64_t asked = 0;
	for (;;) {
		char bytes[16384];
		struct pollfd fd = { p->out, POLLIN, 0 };
		int ready = poll(&fd, 1, 100);
		if (stopped(o->job) && !asked) {
			asked = clock_ms();
			kill(p->pid, SIGTERM);
		} else if (asked && clock_ms() - asked > STOP_MS) {
			kill(p->pid, SIGKILL);
			return NULL;
		}
		if (ready < 0 && errno != EINTR)
			return error_errno(ERROR_IO, "cannot wait for the builder");
		if (ready <= 0)
			continue;
		ssize_t n = read(p->out, bytes, sizeof(bytes));
		if (n < 0 && errno != EINTR)
			return error_errno(ERROR_IO, "cannot read from the builder");
		if (!n)
			return NULL;
		if (n > 0)
			take_output(o, bytes, (size_t)n);
	}
}

/* Lines that builders put around what a command said. */
static bool is_frame(const char *line)
{
	static const char *const frames[] = {
		"STEP ",   "subprocess exited",      "exit status", "Error: building at", "error building at",
		"time=\"", "ERROR: failed to solve", "------", "Hint: "
	};
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++)
		if (starts_with(line, frames[i]))
			return true;
	return false;
}

static void add_shown(struct buffer *out, const char *line)
{
	size_t len = strlen(line), cut = len;
	/* Not within a character. */
	while (cut > MAX_SHOWN || (cut < len && ((unsigned char)line[cut] & 0xc0) == 0x80))
		cut--;
	buffer_add(out, line, cut);
	if (cut < len)
		buffer_addstr(out, "...");
}

static struct error *failed(const struct builder *b, const struct output *o, int status)
{
	struct buffer all = BUFFER_INIT, last = BUFFER_INIT;
	const char *reason = NULL;
	size_t first = o->nr > LAST_LINES ? o->nr - LAST_LINES : 0;
	for (size_t i = first; i < o->nr; i++) {
		const char *line = o->last[i % LAST_LINES];
		if (i > first && !strcmp(line, o->last[(i - 1) % LAST_LINES]))
			continue;
		buffer_addstr(&all, "\n  ");
		add_shown(&all, line);
		if (!reason || !is_frame(line) || is_frame(reason))
			reason = line;
	}
	if (reason)
		add_shown(&last, reason);
	struct error *err =
	    reason ? error_new(ERROR_GENERIC, "%s could not build it: %s", b->name, last.data)
		   : error_new(ERROR_GENERIC, "%s could not build it and ended with %d", b->name, status);
	buffer_release(&last);
	if (o->nr > 1)
		err = error_with_hint(err, "these were its last words:%s", all.data);
	buffer_release(&all);
	return err;
}

struct arguments {
	const char *items[MAX_ARGUMENTS + 1];
	size_t nr;
};

static void add(struct arguments *a, const char *argument)
{
	if (a->nr < MAX_ARGUMENTS)
		a->items[a->nr++] = argument;
}

static void trace_arguments(const struct arguments *a)
{
	struct buffer line = BUFFER_INIT;
	for (size_t i = 0; i < a->nr; i++)
		buffer_addf(&line, " %s", a->items[i]);
	trace_printf("run:%s", line.data);
	buffer_release(&line);
}

/* Runs A in FOLDER; *BROKEN (may be NULL) tells that it failed for want of a container, not of what was to be
 * built. */
static struct error *run(const struct builder *b, const struct builder_job *job, const struct arguments *a,
			 const char *folder, bool *broken)
{
	struct output o = { .job = job, .line = BUFFER_INIT_MAX(MAX_LINE) };
	struct process_options options = { .directory = folder, .join_err = true };
	struct process p;
	int status = 0;
	trace_arguments(a);
	struct error *err = process_start(&p, a->items, false, true, &options);
	if (err)
		return err;
	err = follow(&p, &o);
	if (err)
		kill(p.pid, SIGKILL);
	end_line(&o);
	struct error *end = process_finish(&p, &status);
	if (err)
		error_free(end);
	else
		err = end;
	if (!err && stopped(job))
		err = error_new(ERROR_CANCELLED, "interrupted while %s was at work", b->name);
	else if (!err && status)
		err = failed(b, &o, status);
	if (broken)
		*broken = o.broken_runtime;
	output_release(&o);
	return err;
}

/* -- buildah and podman ----------------------------------------------------------------------- */

struct place {
	char *folder; /* of all below */
	char *context, *dockerfile;
	char *layout; /* "layout" in it */
	char tag[64]; /* a name of ours for the time of the build */
	char *platform, *time, *epoch;
};

static void begin(struct arguments *a, const struct builder *b)
{
	*a = (struct arguments){ 0 };
	add(a, b->name);
	if (b->storage) {
		add(a, "--storage-driver");
		add(a, b->storage);
	}
}

/* ISOLATION NULL: what it takes by itself. */
static struct error *build_in_storage(const struct builder *b, const struct builder_job *job,
				      const struct place *at, const char *isolation, bool *broken)
{
	struct arguments a;
	begin(&a, b);
	add(&a, "build");
	static const char *const fixed[] = {
		"--format", "oci", "--layers=false", "--no-cache", "--identity-label=false", "--platform"
	};
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		add(&a, fixed[i]);
	add(&a, at->platform);
	add(&a, "--timestamp");
	add(&a, at->time);
	if (isolation) {
		add(&a, "--isolation");
		add(&a, isolation);
	}
	if (job->insecure)
		add(&a, "--tls-verify=false");
	add(&a, "--file");
	add(&a, at->dockerfile);
	add(&a, "--tag");
	add(&a, at->tag);
	add(&a, at->context);
	return run(b, job, &a, at->folder, broken);
}

static struct error *with_storage(const struct builder *b, const struct builder_job *job,
				  const struct place *at)
{
	struct arguments a;
	bool broken = false;
	struct error *err = build_in_storage(b, job, at, NULL, &broken);
	if (err && broken && !stopped(job)) {
		trace_printf("%s cannot start containers here: trying chroot", b->name);
		error_free(err);
		err = build_in_storage(b, job, at, "chroot", NULL);
	}
	if (err)
		return err;
	begin(&a, b);
	add(&a, "push");
	add(&a, at->tag);
	add(&a, "oci:layout:image");
	err = run(b, job, &a, at->folder, NULL);

	struct builder_job quiet = *job;
	quiet.say = NULL;
	quiet.stop = NULL;
	begin(&a, b);
	add(&a, "rmi");
	add(&a, at->tag);
	error_free(run(b, &quiet, &a, at->folder, NULL));
	return err;
}

/* -- docker buildx ---------------------------------------------------------------------------- */

static struct error *with_buildx(const struct builder *b, const struct builder_job *job,
				 const struct place *at)
{
	static const char *const fixed[] = { "docker",
					     "buildx",
					     "build",
					     "--progress",
					     "plain",
					     "--no-cache",
					     "--provenance=false",
					     "--sbom=false",
					     "--output",
					     "type=oci,tar=false,dest=layout,rewrite-timestamp=true",
					     "--platform" };
	struct arguments a = { 0 };
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		add(&a, fixed[i]);
	add(&a, at->platform);
	add(&a, "--build-arg");
	add(&a, at->epoch);
	add(&a, "--file");
	add(&a, at->dockerfile);
	add(&a, at->context);
	return run(b, job, &a, at->folder, NULL);
}

/* -- a job ------------------------------------------------------------------------------------ */

static struct error *make_place(struct place *at, const struct builder_job *job)
{
	struct buffer platform = BUFFER_INIT;
	char number[17];
	struct error *err = hex_random(number, 16);
	if (err)
		return err;
	platform_add(&platform, job->platform);
	snprintf(at->tag, sizeof(at->tag), "localhost/git-deploy-%s", number);
	at->platform = buffer_detach(&platform, NULL);
	at->time = xstrfmt("%d", BUILD_FILE_TIME);
	at->epoch = xstrfmt("SOURCE_DATE_EPOCH=%d", BUILD_FILE_TIME);
	at->folder = xstrfmt("%s.%s", job->layout, number);
	at->context = xstrfmt("%s/context", at->folder);
	at->dockerfile = xstrfmt("%s/Dockerfile", at->folder);
	at->layout = xstrfmt("%s/layout", at->folder);
	if (mkdir(at->folder, 0700))
		err = error_errno(ERROR_IO, "cannot make '%s'", at->folder);
	if (!err)
		err = builder_context_write(job, at->context);
	if (!err)
		err = file_write(at->dockerfile, job->dockerfile.data, job->dockerfile.len);
	return err;
}

static void place_release(struct place *at)
{
	if (at->folder)
		builder_remove(at->folder);
	free(at->folder);
	free(at->context);
	free(at->dockerfile);
	free(at->layout);
	free(at->platform);
	free(at->time);
	free(at->epoch);
}

struct error *builder_run(const struct builder *b, const struct builder_job *job)
{
	struct place at = { 0 };
	/* Builders are started in another folder. */
	struct builder_job whole = *job;
	char *parent = xstrdup(job->layout), *slash = strrchr(parent, '/');
	if (slash)
		*slash = '\0';
	char *real = realpath(slash ? parent : ".", NULL);
	struct error *err = real ? NULL : error_errno(ERROR_IO, "cannot use '%s'", job->layout);
	char *layout = real ? xstrfmt("%s/%s", real, slash ? slash + 1 : parent) : NULL;
	whole.layout = layout;
	if (!err)
		err = make_place(&at, &whole);
	if (!err)
		err = !strcmp(b->name, "docker buildx") ? with_buildx(b, &whole, &at)
							: with_storage(b, &whole, &at);
	if (!err && rename(at.layout, layout))
		err = error_errno(ERROR_IO, "cannot keep what %s made as '%s'", b->name, layout);
	place_release(&at);
	free(layout);
	free(real);
	free(parent);
	return err;
}

void builder_discard(const char *layout)
{
	builder_remove(layout);
}

/* -- what it depends on ----------------------------------------------------------------------- */

static void hash_text(struct sha256 *h, const char *what, struct slice text)
{
	char head[64];
	int len = snprintf(head, sizeof(head), "%s %zu\n", what, text.len);
	sha256_update(h, head, (size_t)len);
	sha256_update(h, text.data, text.len);
}

static struct error *hash_input(struct sha256 *h, const struct builder_job *job, const struct oid *tree,
				const char *path)
{
	struct tree_entry e;
	char *whole = *job->context && *path ? xstrfmt("%s/%s", job->context, path)
					     : xstrdup(*path ? path : job->context);
	struct error *err = NULL;
	e = (struct tree_entry){ .mode = 040000, .oid = *tree };
	if (*whole)
		err = repo_tree_lookup(job->repo, tree, whole, &e);
	if (!err) {
		char mode[16];
		int len = snprintf(mode, sizeof(mode), "%o", e.mode);
		hash_text(h, "input", slice_of_string(path));
		hash_text(h, "mode", (struct slice){ mode, (size_t)len });
		hash_text(h, "object", slice_of_string(e.oid.hex));
	}
	free(whole);
	return err;
}

struct error *builder_input_hash(const struct builder_job *job, const struct digest *base, struct digest *out)
{
	struct buffer platform = BUFFER_INIT;
	struct sha256 h;
	struct oid tree;
	struct error *err = repo_commit_tree(job->repo, &job->commit, &tree);
	if (err)
		return err;
	platform_add(&platform, job->platform);
	sha256_init(&h);
	hash_text(&h, "git-deploy dependencies", slice_of_string("1"));
	hash_text(&h, "base", slice_of_string(base->text));
	hash_text(&h, "platform", slice_of(&platform));
	hash_text(&h, "dockerfile", job->dockerfile);
	if (!job->inputs)
		err = hash_input(&h, job, &tree, "");
	for (size_t i = 0; !err && job->inputs && i < job->nr_inputs; i++)
		err = hash_input(&h, job, &tree, job->inputs[i]);
	digest_of_hash(&h, out);
	buffer_release(&platform);
	return err;
}
