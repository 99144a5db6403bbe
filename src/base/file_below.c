#include "base/file_below.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"

/* Directories open at once, and links followed, in one walk (the kernel follows 40). */
#define WALK_MAX_DEPTH 256
#define WALK_MAX_LINKS 40

struct walk {
	int dirs[WALK_MAX_DEPTH]; /* from the root down; dirs[0] is borrowed */
	size_t depth;
	char *rest;               /* what is still to be resolved */
	unsigned links;
	bool follow;
};

static int fail(int error_number)
{
	errno = error_number;
	return -1;
}

/* Takes the next component off W->rest: "" at the end. *LAST: nothing follows it. */
static void next_component(struct walk *w, char name[NAME_MAX + 2], bool *last, bool *directory)
{
	char *s = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(s, "/");
	size_t copied = len <= NAME_MAX ? len : NAME_MAX + 1; /* too long stays too long */
	memcpy(name, s, copied);
	name[copied] = '\0';
	char *after = s + len + strspn(s + len, "/");
	*last = !*after;
	*directory = s[len] == '/';
	memmove(w->rest, after, strlen(after) + 1);
}

static int enter_directory(struct walk *w, int fd)
{
	if (w->depth >= WALK_MAX_DEPTH) {
		close(fd);
		return fail(ENAMETOOLONG);
	}
	w->dirs[w->depth++] = fd;
	return 0;
}

static int leave_directory(struct walk *w)
{
	if (w->depth == 1)
		return fail(EXDEV);
	close(w->dirs[--w->depth]);
	return 0;
}

/* Puts the target of the link FD (an O_PATH descriptor) before what remains; DIRECTORY: a slash
 * stood behind the link's name. */
static int follow_link(struct walk *w, int fd, bool directory)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);
	int saved = errno;
	close(fd);
	if (n < 0)
		return fail(saved);
	target[n] = '\0';
	if (!w->follow || ++w->links > WALK_MAX_LINKS)
		return fail(ELOOP);
	if (target[0] == '/')
		return fail(EXDEV);
	if ((size_t)n + strlen(w->rest) + 2 > PATH_MAX)
		return fail(ENAMETOOLONG);
	char *rest = xstrfmt("%s%s%s", target, directory ? "/" : "", w->rest);
	free(w->rest);
	w->rest = rest;
	return 0;
}

/* One step: 0 to go on, 1 when *FD is the thing opened, -1 on error. */
static int step(struct walk *w, int flags, int *fd)
{
	char name[NAME_MAX + 2];
	struct stat st;
	bool last, directory;
	next_component(w, name, &last, &directory);
	int dir = w->dirs[w->depth - 1];
	if (!strcmp(name, "..") && leave_directory(w) < 0)
		return -1;
	if (!*name || !strcmp(name, ".") || !strcmp(name, "..")) {
		if (!last)
			return 0;
		*fd = openat(w->dirs[w->depth - 1], ".", flags);
		return *fd < 0 ? -1 : 1;
	}
	int found = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (found < 0)
		return -1;
	if (fstat(found, &st) < 0) {
		int saved = errno;
		close(found);
		return fail(saved);
	}
	if (S_ISLNK(st.st_mode))
		return follow_link(w, found, directory);
	if (!last)
		return S_ISDIR(st.st_mode) ? enter_directory(w, found)
					   : (close(found), fail(ENOTDIR));
	close(found);
	if (directory && !S_ISDIR(st.st_mode))
		return fail(ENOTDIR);
	*fd = openat(dir, name, flags | O_NOFOLLOW);
	return *fd < 0 ? -1 : 1;
}

int open_below_by_walking(int root_fd, const char *path, int flags, bool follow)
{
	struct walk w = { .depth = 1, .follow = follow };
	int fd = -1, state = 0;
	if (!*path)
		return fail(ENOENT);
	if (path[0] == '/')
		return fail(EXDEV);
	if (strlen(path) >= PATH_MAX)
		return fail(ENAMETOOLONG);
	w.dirs[0] = root_fd;
	w.rest = xstrdup(path);
	while (!state)
		state = step(&w, flags | O_CLOEXEC, &fd);
	int saved = errno;
	while (w.depth > 1)
		close(w.dirs[--w.depth]);
	free(w.rest);
	return state < 0 ? fail(saved) : fd;
}

int open_below(int root_fd, const char *path, int flags, bool follow)
{
	struct open_how how = {
		.flags = (unsigned long long)(flags | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	if (!follow)
		how.resolve |= RESOLVE_NO_SYMLINKS;
	long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	/* EPERM: what some containers answer to system calls they do not know. EAGAIN: something
	 * was renamed during the walk and the kernel could not be sure. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
		return open_below_by_walking(root_fd, path, flags, follow);
	return (int)fd;
}
