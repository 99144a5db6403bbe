/*
 * An archive passes three stages. Its files are read in any order; their bytes are joined in the archive's
 * order and cut into members; these are compressed in any order, and written in order. Joining and writing a
 * layer is done by one thread at a time, whichever has just finished the piece that was waited for. Reading
 * stops while much is under way; since pieces are read in order, what is under way can always be finished.
 */
#include "image/layer_maker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "git/object_reader.h"
#include "image/gzip.h"
#include "image/tar.h"

#define MAX_THREADS 64
/* Bytes read and not yet written at which no more files are begun. */
#define UNDER_WAY_MAX ((size_t)64 << 20)

/* One entry's bytes, when they are read. */
struct piece {
	struct buffer bytes;
	bool ready;
};

struct member {
	struct archive_line *line;
	struct buffer plain, packed;
	bool ready;
	struct member *next_queued, *next; /* to be compressed; in its archive */
};

/* A layer under way. */
struct archive_line {
	struct layer_job *job;
	struct piece *pieces;
	size_t joined;
	struct buffer stream; /* not yet cut */
	struct member *first, **last; /* not yet written */
	struct sha256 diff_id, digest;
	bool joining, writing, ended, finished;
};

struct maker {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	const struct image_spec *spec;
	const struct build_settings *settings;
	struct archive_line *lines;
	size_t nr, line, entry; /* the next to be read */
	struct member *queue, **queue_end;
	size_t under_way, finished, files_done, files_total;
	struct error *err;
};

struct worker {
	struct maker *maker;
	struct object_reader *reader;
	struct gzip *gzip;
	pthread_t thread;
	bool first;
};

/* -- files ------------------------------------------------------------------------------------- */

/* What git lfs leaves in the place of a file. */
static bool is_lfs_pointer(struct slice bytes)
{
	static const char *const begins[] = { "version https://git-lfs.github.com/spec/v1\n",
					      "version https://hawser.github.com/spec/v1\n" };
	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (bytes.len >= strlen(begins[i]) && bytes.len < 1024 &&
		    !memcmp(bytes.data, begins[i], strlen(begins[i])))
			return true;
	return false;
}

struct error *layer_check_link(const char *path, const char *source, struct slice target)
{
	long depth = 0;
	bool out = !target.len || *target.data == '/';
	if (target.len > TAR_MAX_PATH || memchr(target.data, '\0', target.len))
		return error_new(ERROR_UNSUPPORTED, "'%s' is a symbolic link to no path", source);
	for (const char *p = path; *p; p++)
		depth += *p == '/';
	for (const char *at = target.data, *end = at + target.len; at < end && !out;) {
		size_t left = (size_t)(end - at);
		const char *slash = memchr(at, '/', left);
		struct slice name = { at, slash ? (size_t)(slash - at) : left };
		if (slice_equals(name, ".."))
			out = --depth < 0;
		else if (name.len && !slice_equals(name, "."))
			depth++;
		at += name.len + (slash != NULL);
	}
	if (!out)
		return NULL;
	return error_with_hint(
	    error_new(ERROR_UNSUPPORTED, "'%s' is a symbolic link to '%.*s', out of what is copied", source,
		      (int)target.len, target.data),
	    "make it relative and lead to a file of the image, or leave it out with .dockerignore");
}

static struct error *check_bytes(const struct layer_entry *e, const char *source, struct slice bytes)
{
	if (e->node->mode == 0120000)
		return layer_check_link(e->path, source, bytes);
	if (!is_lfs_pointer(bytes))
		return NULL;
	return error_with_hint(
	    error_new(ERROR_UNSUPPORTED, "'%s' is a pointer of Git LFS, not the file itself", source),
	    "put the file into the repository (git lfs migrate export --include='%s'), or leave it "
	    "out with .dockerignore and mount it",
	    source);
}

static struct error *read_piece(struct worker *w, const struct layer_entry *e, struct piece *piece)
{
	buffer_init(&piece->bytes, BUILD_MAX_FILE_SIZE);
	struct error *err = object_reader_read(w->reader, &e->node->oid, OBJECT_BLOB, &piece->bytes);
	const struct build_settings *settings = w->maker->settings;
	char *source = NULL;
	if (err || e->node->mode == 0120000 || piece->bytes.len < 1024 || settings->inspect)
		source = file_node_source(e->node, e->path, w->maker->spec);
	if (error_is(err, ERROR_LIMIT))
		err = error_with_hint(err, "leave it out with .dockerignore, and mount it, or fetch it when the app "
					   "starts");
	if (err)
		err = error_context(err, "%s", source);
	else if (source)
		err = check_bytes(e, source, slice_of(&piece->bytes));
	if (!err && settings->inspect && e->node->mode != 0120000)
		settings->inspect(settings->inspect_data, source, &e->node->oid, slice_of(&piece->bytes));
	free(source);
	return err;
}

/* -- joining ----------------------------------------------------------------------------------- */

static void fail(struct maker *m, struct error *err)
{
	if (m->err)
		error_free(err);
	else
		m->err = err;
	pthread_cond_broadcast(&m->changed);
}

/* Makes a member of the stream. */
static void cut(struct maker *m, struct archive_line *line)
{
	struct member *member = xcalloc(1, sizeof(*member));
	member->line = line;
	member->plain = line->stream;
	buffer_init(&member->packed, BUFFER_MAX_INTERNAL);
	buffer_init(&line->stream, BUFFER_MAX_INTERNAL);
	sha256_update(&line->diff_id, member->plain.data, member->plain.len);
	pthread_mutex_lock(&m->lock);
	m->under_way += member->plain.len;
	*line->last = member;
	line->last = &member->next;
	*m->queue_end = member;
	m->queue_end = &member->next_queued;
	pthread_cond_signal(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

static void feed(struct maker *m, struct archive_line *line, struct slice bytes)
{
	while (bytes.len) {
		size_t room = GZIP_MEMBER_MAX - line->stream.len, n = bytes.len < room ? bytes.len : room;
		buffer_add(&line->stream, bytes.data, n);
		bytes.data += n;
		bytes.len -= n;
		if (line->stream.len == GZIP_MEMBER_MAX)
			cut(m, line);
	}
}

static void join_entry(struct maker *m, struct archive_line *line, const struct layer_entry *e,
		       const struct buffer *bytes)
{
	bool link = e->node->mode == 0120000, folder = file_node_is_folder(e->node);
	struct tar_entry entry = {
		.kind = link ? TAR_LINK : folder ? TAR_FOLDER : TAR_FILE,
		.path = e->path,
		.target = link ? bytes->data : NULL,
		.mode = e->mode,
		.owner = e->owner,
		.group = e->group,
		.size = bytes->len,
		.time = BUILD_FILE_TIME,
	};
	struct buffer block = BUFFER_INIT;
	tar_add_header(&block, &entry);
	feed(m, line, slice_of(&block));
	if (!link && !folder) {
		feed(m, line, slice_of(bytes));
		buffer_reset(&block);
		tar_add_padding(&block, bytes->len);
		feed(m, line, slice_of(&block));
	}
	if (line->stream.len >= GZIP_MEMBER_MIN)
		cut(m, line);
	buffer_release(&block);
}

static void end_archive(struct maker *m, struct archive_line *line)
{
	struct buffer block = BUFFER_INIT;
	tar_add_end(&block);
	feed(m, line, slice_of(&block));
	if (line->stream.len)
		cut(m, line);
	buffer_release(&block);
}

/* Joins what is ready; called and left with the lock held, which is let go meanwhile. */
static void join(struct maker *m, struct archive_line *line)
{
	const struct tree_layer *layer = line->job->layer;
	if (line->joining)
		return;
	line->joining = true;
	while (!m->err && line->joined < layer->nr && line->pieces[line->joined].ready) {
		const struct layer_entry *e = &layer->entries[line->joined];
		struct piece *piece = &line->pieces[line->joined++];
		pthread_mutex_unlock(&m->lock);
		size_t len = piece->bytes.len;
		join_entry(m, line, e, &piece->bytes);
		buffer_release(&piece->bytes);
		pthread_mutex_lock(&m->lock);
		m->under_way -= len;
		m->files_done += !file_node_is_folder(e->node);
	}
	if (!m->err && line->joined == layer->nr && !line->ended) {
		pthread_mutex_unlock(&m->lock);
		end_archive(m, line);
		pthread_mutex_lock(&m->lock);
		line->ended = true;
	}
	line->joining = false;
	pthread_cond_broadcast(&m->changed);
}

/* -- writing ----------------------------------------------------------------------------------- */

static struct error *write_member(struct archive_line *line, const struct member *member)
{
	const char *at = member->packed.data;
	size_t left = member->packed.len;
	struct error *err = buffer_check(&member->packed, "a part of a layer");
	sha256_update(&line->digest, at, left);
	while (left && !err) {
		ssize_t n = write(line->job->fd, at, left);
		if (n < 0 && errno != EINTR)
			err = error_errno(ERROR_IO, "cannot write a layer");
		if (n <= 0)
			continue;
		at += n;
		left -= (size_t)n;
	}
	line->job->size += (int64_t)member->packed.len;
	return err;
}

static void member_free(struct member *member)
{
	buffer_release(&member->plain);
	buffer_release(&member->packed);
	free(member);
}

/* As join. */
static void write_out(struct maker *m, struct archive_line *line)
{
	if (line->writing)
		return;
	line->writing = true;
	while (!m->err && line->first && line->first->ready) {
		struct member *member = line->first;
		pthread_mutex_unlock(&m->lock);
		struct error *err = write_member(line, member);
		size_t len = member->plain.len;
		pthread_mutex_lock(&m->lock);
		line->first = member->next;
		if (!line->first)
			line->last = &line->first;
		m->under_way -= len;
		member_free(member);
		if (err)
			fail(m, err);
	}
	line->writing = false;
	if (!m->err && line->ended && !line->first && !line->finished) {
		line->finished = true;
		m->finished++;
	}
	pthread_cond_broadcast(&m->changed);
}

/* -- workers ----------------------------------------------------------------------------------- */

/* The next entry that has to be read; folders on the way are ready as they are. */
static struct piece *take_piece(struct maker *m, struct archive_line **line, const struct layer_entry **entry)
{
	for (; m->line < m->nr; m->line++, m->entry = 0) {
		*line = &m->lines[m->line];
		const struct tree_layer *layer = (*line)->job->layer;
		while (m->entry < layer->nr) {
			struct piece *piece = &(*line)->pieces[m->entry];
			*entry = &layer->entries[m->entry++];
			if (!file_node_is_folder((*entry)->node))
				return piece;
			buffer_init(&piece->bytes, 0);
			piece->ready = true;
		}
	}
	return NULL;
}

/* One step of work; false when there is nothing to do just now. Called and left with the lock held. */
static bool step(struct worker *w)
{
	struct maker *m = w->maker;
	struct archive_line *line;
	const struct layer_entry *entry;
	struct piece *piece;
	struct member *member = m->queue;
	if (member) {
		m->queue = member->next_queued;
		if (!m->queue)
			m->queue_end = &m->queue;
		pthread_mutex_unlock(&m->lock);
		gzip_add_member(w->gzip, slice_of(&member->plain), &member->packed);
		pthread_mutex_lock(&m->lock);
		member->ready = true;
		write_out(m, member->line);
		return true;
	}
	if (m->under_way >= UNDER_WAY_MAX || !(piece = take_piece(m, &line, &entry)))
		return false;
	pthread_mutex_unlock(&m->lock);
	struct error *err = read_piece(w, entry, piece);
	pthread_mutex_lock(&m->lock);
	m->under_way += piece->bytes.len;
	piece->ready = true;
	if (err)
		fail(m, err);
	join(m, line);
	write_out(m, line);
	return true;
}

static void tell_progress(struct worker *w)
{
	struct maker *m = w->maker;
	const struct build_settings *settings = m->settings;
	if (settings->stop && *settings->stop && !m->err)
		fail(m, error_new(ERROR_CANCELLED, "interrupted"));
	if (!w->first || !settings->progress)
		return;
	size_t done = m->files_done;
	pthread_mutex_unlock(&m->lock);
	settings->progress(settings->progress_data, done, m->files_total);
	pthread_mutex_lock(&m->lock);
}

static void *work(void *data)
{
	struct worker *w = data;
	struct maker *m = w->maker;
	pthread_mutex_lock(&m->lock);
	while (!m->err && m->finished < m->nr) {
		tell_progress(w);
		if (!step(w) && !m->err && m->finished < m->nr)
			pthread_cond_wait(&m->changed, &m->lock);
	}
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

static unsigned count_threads(const struct maker *m)
{
	cpu_set_t set;
	size_t nr = m->settings->threads;
	if (!nr)
		nr = sched_getaffinity(0, sizeof(set), &set) ? 1 : (size_t)CPU_COUNT(&set);
	nr = nr < m->files_total ? nr : m->files_total;
	return (unsigned)(nr < 1 ? 1 : nr > MAX_THREADS ? MAX_THREADS : nr);
}

/* The calling thread is the first worker. */
static struct error *run_workers(struct maker *m)
{
	struct worker workers[MAX_THREADS];
	unsigned nr = count_threads(m), started = 0;
	for (; started < nr; started++) {
		struct worker *w = &workers[started];
		*w = (struct worker){ .maker = m, .first = !started };
		w->reader = object_reader_new(m->settings->repo);
		w->gzip = gzip_new();
		if (started && pthread_create(&w->thread, NULL, work, w)) {
			/* Fewer do it, too. */
			object_reader_free(w->reader);
			gzip_free(w->gzip);
			break;
		}
	}
	work(&workers[0]);
	for (unsigned i = 0; i < started; i++) {
		if (i)
			pthread_join(workers[i].thread, NULL);
		object_reader_free(workers[i].reader);
		gzip_free(workers[i].gzip);
	}
	return m->err;
}

static void line_init(struct archive_line *line, struct layer_job *job)
{
	*line = (struct archive_line){ .job = job };
	job->size = 0;
	line->pieces = xcalloc(job->layer->nr, sizeof(*line->pieces));
	line->last = &line->first;
	buffer_init(&line->stream, BUFFER_MAX_INTERNAL);
	sha256_init(&line->diff_id);
	sha256_init(&line->digest);
}

static void line_release(struct archive_line *line)
{
	for (size_t i = 0; i < line->job->layer->nr; i++)
		buffer_release(&line->pieces[i].bytes);
	free(line->pieces);
	while (line->first) {
		struct member *member = line->first;
		line->first = member->next;
		member_free(member);
	}
	buffer_release(&line->stream);
	digest_of_hash(&line->diff_id, &line->job->diff_id);
	digest_of_hash(&line->digest, &line->job->digest);
}

struct error *layers_make(struct layer_job *jobs, size_t nr, const struct image_spec *spec,
			  const struct build_settings *settings)
{
	struct maker m = { .spec = spec, .settings = settings, .nr = nr, .lock = PTHREAD_MUTEX_INITIALIZER,
			   .changed = PTHREAD_COND_INITIALIZER };
	if (!nr)
		return NULL;
	m.queue_end = &m.queue;
	m.lines = xcalloc(nr, sizeof(*m.lines));
	for (size_t i = 0; i < nr; i++) {
		line_init(&m.lines[i], &jobs[i]);
		m.files_total += jobs[i].layer->files;
	}
	struct error *err = run_workers(&m);
	for (size_t i = 0; i < nr; i++)
		line_release(&m.lines[i]);
	free(m.lines);
	pthread_mutex_destroy(&m.lock);
	pthread_cond_destroy(&m.changed);
	return err;
}
