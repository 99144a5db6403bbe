#include "hook/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "hook/hook.h"

#define ASIDE_SUFFIX ".before-scrutiny"
/* Of a shim that is not in its place yet. */
#define FRESH_SUFFIX ".scrutiny-new"
/* Hooks that were put out of use under one name; more than anybody has. */
#define KEPT_MAX 100
/* What a shim leaves when it has said that git-scrutiny-hook is gone. */
#define MISSING_NAME "scrutiny-is-missing"

void hook_folder_init(struct hook_folder *f, const char *path, const char *program)
{
	char *real = realpath(path, NULL);
	*f = (struct hook_folder){ .path = xstrdup(real ? real : path), .program = program };
	size_t len = strlen(f->path);
	while (len > 1 && f->path[len - 1] == '/')
		f->path[--len] = '\0';
	f->aside = xstrfmt("%s" ASIDE_SUFFIX, f->path);
	free(real);
}

void hook_folder_release(struct hook_folder *f)
{
	free(f->path);
	free(f->aside);
	*f = (struct hook_folder){ 0 };
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static void step(const struct hook_folder *f)
{
	if (f->after_step)
		f->after_step(f->data);
}

static struct error *refused(const char *what, const char *path)
{
	int code = errno;
	struct error *err = error_errno(ERROR_IO, "cannot %s '%s'", what, path);
	if (code == EACCES || code == EPERM || code == EROFS)
		err = error_with_hint(err, "the folder of hooks has to be writable for you; nothing of this hook was changed");
	return err;
}

/* -- looking ----------------------------------------------------------------------------------- */

static bool exists(const char *path)
{
	struct stat st;
	return !lstat(path, &st);
}

/* As git finds out whether to run it. */
static bool runs(const char *path)
{
	struct stat st;
	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* The beginning of what is at PATH; empty when it is no regular file. */
static void read_some(const char *path, struct buffer *out)
{
	struct stat st;
	buffer_init(out, SHIM_MAX_SIZE);
	if (stat(path, &st) || !S_ISREG(st.st_mode) || st.st_size > (off_t)SHIM_MAX_SIZE)
		return;
	error_free(file_read(path, out));
}

/* One that the framework pre-commit installs; the name is in its first lines. */
static bool is_framework(const char *path)
{
	struct buffer text;
	read_some(path, &text);
	bool found = memmem(text.data, text.len, HOOK_FRAMEWORK_MARK, strlen(HOOK_FRAMEWORK_MARK)) != NULL;
	buffer_release(&text);
	return found;
}

static bool same_bytes(const char *a, const char *b)
{
	struct buffer first, second;
	read_some(a, &first);
	read_some(b, &second);
	bool same = first.len && first.len == second.len && !memcmp(first.data, second.data, first.len);
	buffer_release(&first);
	buffer_release(&second);
	return same;
}

static bool same_link(const char *a, const char *b)
{
	char first[PATH_MAX], second[PATH_MAX];
	ssize_t n = readlink(a, first, sizeof(first));
	return n > 0 && readlink(b, second, sizeof(second)) == n && !memcmp(first, second, (size_t)n);
}

/* Whether both are one hook: a link of it, or the copy that is made where there are no links. */
static bool same_hook(const char *a, const char *b)
{
	struct stat first, second;
	if (lstat(a, &first) || lstat(b, &second))
		return false;
	if (first.st_dev == second.st_dev && first.st_ino == second.st_ino)
		return true;
	if ((first.st_mode & S_IFMT) != (second.st_mode & S_IFMT) || S_ISDIR(first.st_mode))
		return false;
	return S_ISLNK(first.st_mode) ? same_link(a, b) : same_bytes(a, b);
}

static void expected_shim(const struct hook_folder *f, const char *hook, const char *earlier, struct buffer *out)
{
	struct shim shim = { .hook = hook, .program = f->program, .aside = base_name(f->aside),
			     .earlier = f->hides ? SHIM_EARLIER_HIDDEN : SHIM_EARLIER_BESIDE,
			     .passes_on = !hook_is_known(hook),
			     .is_framework = !f->hides && is_framework(earlier) };
	shim_write(out, &shim);
}

/* Whether the foreign hook at PATH calls ours under NAME: it says so, or it is the framework, which calls every
 * <hook>.legacy. */
static bool is_called(const char *path, const char *name)
{
	struct buffer text;
	read_some(path, &text);
	bool called = memmem(text.data, text.len, name, strlen(name)) ||
		      (ends_with(name, ".legacy") && is_framework(path));
	buffer_release(&text);
	return called;
}

/* The name below which the foreign hook at PATH has put ours and calls it; NULL: none. */
static char *find_moved(const struct hook_folder *f, const char *hook, const char *path)
{
	char *found = NULL;
	size_t len = strlen(hook);
	DIR *dir = opendir(f->path);
	for (struct dirent *e; dir && !found && (e = readdir(dir));) {
		if (strncmp(e->d_name, hook, len) || e->d_name[len] != '.')
			continue;
		struct buffer text;
		char *other = xstrfmt("%s/%s", f->path, e->d_name);
		read_some(other, &text);
		if (shim_is(slice_of(&text), hook) && runs(other) && is_called(path, e->d_name))
			found = xstrdup(e->d_name);
		buffer_release(&text);
		free(other);
	}
	if (dir)
		closedir(dir);
	return found;
}

static enum hook_state state_of(const struct hook_folder *f, const char *hook, const char *path, const char *aside)
{
	struct buffer text, wanted = BUFFER_INIT;
	read_some(path, &text);
	enum hook_state state = HOOK_FOREIGN;
	struct stat st;
	if (!lstat(path, &st) && S_ISREG(st.st_mode) && shim_is(slice_of(&text), hook)) {
		expected_shim(f, hook, aside, &wanted);
		bool same = wanted.len == text.len && !memcmp(wanted.data, text.data, text.len);
		state = same && runs(path) ? HOOK_OURS : HOOK_OUTDATED;
	}
	buffer_release(&text);
	buffer_release(&wanted);
	return state;
}

void hook_folder_look(const struct hook_folder *f, const char *hook, struct hook_seen *seen)
{
	char *path = xstrfmt("%s/%s", f->path, hook), *aside = xstrfmt("%s/%s", f->aside, hook);
	*seen = (struct hook_seen){ .runs = runs(path), .aside = exists(aside), .aside_runs = runs(aside) };
	if (exists(path))
		seen->state = state_of(f, hook, path, aside);
	if (seen->state == HOOK_FOREIGN) {
		seen->moved_to = find_moved(f, hook, path);
		if (seen->moved_to)
			seen->state = HOOK_CALLED;
		seen->interrupted = !seen->moved_to && seen->aside && same_hook(path, aside);
	}
	free(path);
	free(aside);
}

void hook_seen_release(struct hook_seen *seen)
{
	free(seen->moved_to);
	seen->moved_to = NULL;
}

/* -- the folder aside -------------------------------------------------------------------------- */

/* What else is in the folder is found from aside, too: a link of theirs as it is, and a link to anything else. */
static void link_sibling(const struct hook_folder *f, const char *name)
{
	char *from = xstrfmt("%s/%s", f->path, name), *to = xstrfmt("%s/%s", f->aside, name);
	char target[PATH_MAX];
	ssize_t n = readlink(from, target, sizeof(target) - 1);
	if (n > 0) {
		target[n] = '\0';
		(void)!symlink(target, to);
	} else {
		char *there = xstrfmt("../%s/%s", base_name(f->path), name);
		(void)!symlink(there, to);
		free(there);
	}
	free(from);
	free(to);
}

/* Whether hooks of others may want NAME: neither an example, nor a hook, unless that one is a link (to the hook that
 * is moved aside, it may be: then what is called is our shim by another name, and has to find what is meant). */
static bool is_sibling(const struct hook_folder *f, const char *name)
{
	struct stat st;
	char *path = xstrfmt("%s/%s", f->path, name);
	bool is_link = !lstat(path, &st) && S_ISLNK(st.st_mode);
	free(path);
	if (*name == '.' || ends_with(name, ".sample") || !strcmp(name, MISSING_NAME))
		return false;
	return is_link || !hook_is_of_git(name);
}

static struct error *make_aside(const struct hook_folder *f)
{
	if (mkdir(f->aside, 0777) && errno != EEXIST)
		return refused("make", f->aside);
	step(f);
	DIR *dir = opendir(f->path);
	for (struct dirent *e; dir && (e = readdir(dir));)
		if (is_sibling(f, e->d_name))
			link_sibling(f, e->d_name);
	if (dir)
		closedir(dir);
	step(f);
	return NULL;
}

/* Whether NAME aside is what link_sibling made, rather than a hook that is kept. */
static bool is_made_link(const struct hook_folder *f, const char *name)
{
	char target[PATH_MAX];
	char *aside = xstrfmt("%s/%s", f->aside, name), *path = xstrfmt("%s/%s", f->path, name);
	char *there = xstrfmt("../%s/%s", base_name(f->path), name);
	ssize_t n = readlink(aside, target, sizeof(target));
	bool leads_there = n > 0 && (size_t)n == strlen(there) && !memcmp(target, there, (size_t)n);
	bool made = leads_there || same_link(aside, path);
	free(aside);
	free(path);
	free(there);
	return made;
}

/* Removes the folder aside with the links in it, unless it still keeps something. */
static void drop_aside(const struct hook_folder *f)
{
	bool keeps = false;
	struct dirent *e;
	DIR *dir = opendir(f->aside);
	while (dir && !keeps && (e = readdir(dir)))
		keeps = strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && !is_made_link(f, e->d_name);
	if (dir && !keeps) {
		rewinddir(dir);
		while ((e = readdir(dir)))
			if (is_made_link(f, e->d_name))
				unlinkat(dirfd(dir), e->d_name, 0);
		rmdir(f->aside);
	}
	if (dir)
		closedir(dir);
}

/* -- moving ------------------------------------------------------------------------------------ */

static struct error *copy_file(const char *from, const char *to, const struct stat *st)
{
	struct buffer bytes = BUFFER_INIT;
	struct timespec times[2] = { st->st_atim, st->st_mtim };
	struct error *err = file_read(from, &bytes);
	if (!err)
		err = file_write(to, bytes.data, bytes.len);
	if (!err && (chmod(to, st->st_mode & 07777) || utimensat(AT_FDCWD, to, times, 0)))
		err = refused("set the mode of", to);
	buffer_release(&bytes);
	return err;
}

static struct error *copy_link(const char *from, const char *to)
{
	char target[PATH_MAX];
	ssize_t n = readlink(from, target, sizeof(target) - 1);
	if (n < 0)
		return refused("read", from);
	target[n] = '\0';
	return symlink(target, to) ? refused("make", to) : NULL;
}

/* A second name for the hook at FROM, which stays. A directory, which is no hook that runs, is moved. */
static struct error *put_aside(const struct hook_folder *f, const char *from, const char *to)
{
	struct stat st;
	struct error *err = NULL;
	if (lstat(from, &st))
		return refused("look at", from);
	if (S_ISDIR(st.st_mode))
		err = rename(from, to) ? refused("move", from) : NULL;
	else if (linkat(AT_FDCWD, from, AT_FDCWD, to, 0) && errno == EEXIST)
		err = error_errno(ERROR_CONFLICT, "cannot write '%s'", to);
	else if (!exists(to))
		err = S_ISLNK(st.st_mode) ? copy_link(from, to) : copy_file(from, to, &st);
	step(f);
	return err;
}

/* With the right to run it for everybody who may read it. */
static struct error *write_program(const char *path, const struct buffer *text)
{
	struct stat st;
	struct error *err = file_write(path, text->data, text->len);
	if (!err && (stat(path, &st) || chmod(path, (st.st_mode & 07777) | (st.st_mode & 0444) >> 2)))
		err = refused("make executable", path);
	return err;
}

static struct error *put_shim(const struct hook_folder *f, const char *hook, const char *path, const char *aside)
{
	struct buffer text = BUFFER_INIT;
	char *fresh = xstrfmt("%s/.%s" FRESH_SUFFIX, f->path, hook);
	expected_shim(f, hook, aside, &text);
	struct error *err = write_program(fresh, &text);
	step(f);
	if (!err && rename(fresh, path))
		err = refused("write", path);
	if (err)
		unlink(fresh);
	step(f);
	buffer_release(&text);
	free(fresh);
	return err;
}

/* What is aside, though a later hook of somebody's has taken ours out, is put out of the way. */
static struct error *keep_unused(const char *aside, char **kept)
{
	for (int i = 1; i <= KEPT_MAX; i++) {
		*kept = xstrfmt("%s.%d", aside, i);
		if (!exists(*kept))
			return rename(aside, *kept) ? refused("move", aside) : NULL;
		free(*kept);
	}
	*kept = NULL;
	return error_new(ERROR_LIMIT, "there are %d earlier hooks at '%s' already", KEPT_MAX, aside);
}

/* -- installing and removing ------------------------------------------------------------------- */

struct places {
	char *path, *aside;
	int lock; /* of the folder; -1: none */
};

/* Two of us at the same time would each take the other's shim for an earlier hook. A file system without
 * locks has to do without. */
static void places_init(struct places *p, const struct hook_folder *f, const char *hook, bool locked)
{
	p->path = xstrfmt("%s/%s", f->path, hook);
	p->aside = xstrfmt("%s/%s", f->aside, hook);
	p->lock = locked ? open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (p->lock >= 0)
		(void)!flock(p->lock, LOCK_EX);
}

static void places_release(struct places *p)
{
	free(p->path);
	free(p->aside);
	if (p->lock >= 0)
		close(p->lock);
}

static struct error *chain(const struct hook_folder *f, const struct places *p, const struct hook_seen *seen,
			   char **kept)
{
	struct error *err = make_aside(f);
	bool again = seen->interrupted || (exists(p->aside) && same_hook(p->path, p->aside));
	if (!err && again && unlink(p->aside))
		err = refused("write", p->aside);
	else if (!err && !again && exists(p->aside))
		err = keep_unused(p->aside, kept);
	return err ? err : put_aside(f, p->path, p->aside);
}

/* What a kill, or a program that was missing, may have left. */
static void clean_up(const struct hook_folder *f, const char *hook)
{
	char *missing = xstrfmt("%s/" MISSING_NAME, f->path), *fresh = xstrfmt("%s/.%s" FRESH_SUFFIX, f->path, hook);
	unlink(missing);
	unlink(fresh);
	free(missing);
	free(fresh);
}

static enum hook_change change_of(const struct hook_seen *seen)
{
	switch (seen->state) {
	case HOOK_NONE:
		return seen->aside ? HOOK_CHAINED : HOOK_ADDED;
	case HOOK_OUTDATED:
		return HOOK_UPDATED;
	case HOOK_FOREIGN:
		return HOOK_CHAINED;
	case HOOK_OURS:
	case HOOK_CALLED:
		break;
	}
	return HOOK_UNCHANGED;
}

struct error *hook_folder_install(const struct hook_folder *f, const char *hook, bool dry_run, struct hook_done *out)
{
	struct places p;
	struct hook_seen seen;
	struct error *err = dry_run ? NULL : file_make_directories(f->path);
	*out = (struct hook_done){ 0 };
	if (err)
		return err;
	places_init(&p, f, hook, !dry_run);
	hook_folder_look(f, hook, &seen);
	out->change = change_of(&seen);
	if (f->hides && seen.state == HOOK_FOREIGN)
		err = error_new(ERROR_EXISTS, "'%s' is no hook of ours", p.path);
	else if (!dry_run && seen.state == HOOK_FOREIGN)
		err = chain(f, &p, &seen, &out->kept);
	if (!dry_run && !err && out->change != HOOK_UNCHANGED)
		err = put_shim(f, hook, p.path, p.aside);
	if (!dry_run && !err)
		clean_up(f, hook);
	hook_seen_release(&seen);
	places_release(&p);
	return err;
}

/* The earlier hook takes the place of PATH. */
static struct error *put_back(const struct hook_folder *f, const char *aside, const char *path)
{
	struct stat st;
	if (!lstat(aside, &st) && S_ISDIR(st.st_mode) && unlink(path) && errno != ENOENT)
		return refused("remove", path);
	struct error *err = rename(aside, path) ? refused("write", path) : NULL;
	step(f);
	return err;
}

/* Of a foreign hook that stays: what is aside with it. */
static void leave_foreign(const struct places *p, const struct hook_seen *seen, bool dry_run, struct hook_done *out)
{
	struct stat st;
	out->change = HOOK_NOT_OURS;
	if (seen->aside && !seen->interrupted)
		out->kept = xstrdup(p->aside);
	else if (seen->interrupted && !dry_run && !lstat(p->aside, &st) && !S_ISLNK(st.st_mode))
		unlink(p->aside); /* a link may be one of make_aside's: it goes with the folder */
}

struct error *hook_folder_remove(const struct hook_folder *f, const char *hook, bool dry_run, struct hook_done *out)
{
	struct places p;
	struct hook_seen seen;
	struct error *err = NULL;
	*out = (struct hook_done){ 0 };
	places_init(&p, f, hook, !dry_run);
	hook_folder_look(f, hook, &seen);
	char *ours = seen.moved_to ? xstrfmt("%s/%s", f->path, seen.moved_to) : xstrdup(p.path);
	bool there = seen.state != HOOK_NONE && seen.state != HOOK_FOREIGN;
	/* The framework writes its hook anew, and what we keep is the same: it must not be called by itself. */
	bool twice = seen.state == HOOK_CALLED && same_hook(p.path, p.aside);
	if (!dry_run && twice)
		unlink(p.aside);
	seen.aside &= !twice;
	if (seen.state == HOOK_FOREIGN)
		leave_foreign(&p, &seen, dry_run, out);
	else if (seen.aside)
		out->change = HOOK_RESTORED;
	else if (there)
		out->change = HOOK_REMOVED;
	if (!dry_run && out->change == HOOK_RESTORED)
		err = put_back(f, p.aside, ours);
	else if (!dry_run && out->change == HOOK_REMOVED && unlink(ours))
		err = refused("remove", ours);
	if (!dry_run && !err) {
		step(f);
		clean_up(f, hook);
		drop_aside(f);
	}
	free(ours);
	hook_seen_release(&seen);
	places_release(&p);
	return err;
}
