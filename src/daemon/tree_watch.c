#include "daemon/tree_watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "daemon/noise.h"

/* A file counts when it is closed, linked or moved: while somebody is writing it, there is nothing to review. */
#define TREE_EVENTS                                                                                          \
	(IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | \
	 IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK)

/* One watched folder. The kernel numbers them upwards: sorted by number, a new one goes to the end. */
struct node {
	int number;
	int parent; /* the number of the folder it is in; 0: it is the top */
	char *name; /* NULL: forgotten */
};

struct tree_watch {
	struct repo *repo;
	int fd; /* -1: there is no inotify to be had */
	struct node *nodes;
	size_t nr, alloc, forgotten;
	int top;
	size_t unwatched;
	bool limit;
};

/* -- the folders ------------------------------------------------------------------------------------ */

static struct node *find_node(const struct tree_watch *t, int number)
{
	size_t low = 0, high = t->nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (t->nodes[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->nr && t->nodes[low].number == number && t->nodes[low].name ? &t->nodes[low] : NULL;
}

static void insert_node(struct tree_watch *t, struct node node)
{
	size_t at = t->nr;
	while (at && t->nodes[at - 1].number > node.number)
		at--;
	if (at && t->nodes[at - 1].number == node.number) {
		/* Forgotten, and its number given again; or moved meanwhile. */
		struct node *old = &t->nodes[at - 1];
		t->forgotten -= !old->name;
		free(old->name);
		*old = node;
		return;
	}
	ALLOC_GROW(t->nodes, t->nr, t->alloc);
	memmove(t->nodes + at + 1, t->nodes + at, (t->nr - at) * sizeof(*t->nodes));
	t->nodes[at] = node;
	t->nr++;
}

static void drop_forgotten(struct tree_watch *t)
{
	size_t kept = 0;
	for (size_t i = 0; i < t->nr; i++)
		if (t->nodes[i].name)
			t->nodes[kept++] = t->nodes[i];
	t->nr = kept;
	t->forgotten = 0;
}

static void forget(struct tree_watch *t, int number)
{
	struct node *node = find_node(t, number);
	if (!node)
		return;
	free(node->name);
	node->name = NULL;
	if (++t->forgotten > 64 && t->forgotten > t->nr / 2)
		drop_forgotten(t);
}

/* Appends the path of NODE; false when a folder above it is gone. */
static bool add_path(const struct tree_watch *t, struct buffer *out, const struct node *node, unsigned depth)
{
	if (!node || depth > TREE_WATCH_MAX_DEPTH)
		return false;
	if (!node->parent)
		return true;
	if (!add_path(t, out, find_node(t, node->parent), depth + 1))
		return false;
	buffer_addf(out, "%s%s", out->len ? "/" : "", node->name);
	return true;
}

/* -- watching --------------------------------------------------------------------------------------- */

/* Others may write to those without the kernel here hearing of it. */
static bool is_on_network(const char *path)
{
	static const unsigned long kinds[] = {
		0x6969,     /* NFS */
		0x517B,     /* SMB */
		0xFF534D42, /* CIFS */
		0xFE534D42, /* SMB2 */
		0x65735546, /* FUSE: sshfs and its like */
		0x01021997, /* 9p: shared into a virtual machine */
		0x5346414F, /* AFS */
		0x00C36400, /* Ceph */
		0x73757245, /* Coda */
		0x0BD00BD0, /* Lustre */
		0x47504653, /* GPFS */
		0x786F4256, /* VirtualBox' shared folders */
	};
	struct statfs fs;
	if (statfs(path, &fs) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (((unsigned long)fs.f_type & 0xFFFFFFFFUL) == kinds[i])
			return true;
	return false;
}

/* *NUMBER is 0 when the folder is unwatched, or gone. */
static void watch_folder(struct tree_watch *t, const char *path, int *number)
{
	char *full = xstrfmt("%s%s%s", repo_work_tree(t->repo), *path ? "/" : "", path);
	*number = 0;
	if (t->fd < 0 || t->limit || is_on_network(full)) {
		t->unwatched++;
	} else {
		int wd = inotify_add_watch(t->fd, full, TREE_EVENTS);
		if (wd > 0)
			*number = wd;
		t->limit = wd < 0 && (errno == ENOSPC || errno == ENOMEM);
		/* One we may not read has no paper that we could. */
		t->unwatched += t->limit;
	}
	free(full);
}

/* Folders that wait to be watched: path, and the number of the folder they are in. */
struct level {
	struct strmap paths;
	int *parents;
	size_t alloc;
};

/* A repository in this one: a submodule, or somebody's clone. */
static bool is_repository(const struct tree_watch *t, const char *path)
{
	struct stat st;
	char *git = xstrfmt("%s/%s/.git", repo_work_tree(t->repo), path);
	bool found = !lstat(git, &st);
	free(git);
	return found;
}

static void level_add(struct level *level, const char *path, int parent)
{
	if (!strmap_add(&level->paths, path, strlen(path)))
		return;
	ALLOC_GROW(level->parents, level->paths.nr - 1, level->alloc);
	level->parents[level->paths.nr - 1] = parent;
}

static void level_release(struct level *level)
{
	strmap_release(&level->paths, NULL);
	free(level->parents);
	*level = (struct level){ .paths = STRMAP_INIT };
}

static void add_change(struct tree_changes *changes, const char *path)
{
	if (!changes)
		return;
	changes->events++;
	if (changes->paths.nr >= TREE_WATCH_MAX_CHANGED)
		changes->many = true;
	else
		strmap_add(&changes->paths, path, strlen(path));
}

static bool is_directory(int folder, const struct dirent *entry)
{
	struct stat st;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return !fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
}

/* The folders in PATH go to NEXT; its files, which were there before the watch was, to CHANGES. */
static void read_folder(struct tree_watch *t, const char *path, int number, struct level *next,
			struct tree_changes *changes)
{
	struct buffer full = BUFFER_INIT;
	buffer_addf(&full, "%s/%s", repo_work_tree(t->repo), path);
	int fd = open(full.data, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	for (const struct dirent *e; dir && (e = readdir(dir));) {
		bool folder = is_directory(fd, e);
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || noise_is_name(e->d_name, folder))
			continue;
		buffer_reset(&full);
		buffer_addf(&full, "%s%s%s", path, *path ? "/" : "", e->d_name);
		if (folder)
			level_add(next, full.data, number);
		else
			add_change(changes, full.data);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	buffer_release(&full);
}

/* Watches the folders of LEVEL and all below them, one depth after the other. LEVEL is emptied. */
static struct error *watch_level(struct tree_watch *t, struct level *level, struct tree_changes *changes)
{
	struct error *err = NULL;
	for (unsigned depth = 0; !err && level->paths.nr && depth < TREE_WATCH_MAX_DEPTH; depth++) {
		struct level next = { .paths = STRMAP_INIT };
		struct strmap ignored = STRMAP_INIT;
		err = noise_find_ignored(t->repo, &level->paths, true, &ignored);
		for (size_t i = 0; !err && i < level->paths.nr; i++) {
			const struct strmap_entry *e = &level->paths.entries[i];
			const char *slash = strrchr(e->key, '/');
			int number = 0;
			if (strmap_has(&ignored, e->key, e->key_len) || is_repository(t, e->key))
				continue;
			watch_folder(t, e->key, &number);
			if (number)
				insert_node(t, (struct node){ number, level->parents[i],
							      xstrdup(slash ? slash + 1 : e->key) });
			read_folder(t, e->key, number, &next, changes);
		}
		strmap_release(&ignored, NULL);
		level_release(level);
		*level = next;
	}
	level_release(level);
	return err;
}

static void forget_all(struct tree_watch *t)
{
	for (size_t i = 0; i < t->nr; i++)
		free(t->nodes[i].name);
	if (t->fd >= 0)
		close(t->fd);
	free(t->nodes);
	*t = (struct tree_watch){ .repo = t->repo, .fd = -1 };
}

static struct error *watch_all(struct tree_watch *t)
{
	struct level level = { .paths = STRMAP_INIT };
	forget_all(t);
	t->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	t->limit = t->fd < 0;
	watch_folder(t, "", &t->top);
	if (t->top)
		insert_node(t, (struct node){ t->top, 0, xstrdup("") });
	read_folder(t, "", t->top, &level, NULL);
	struct error *err = watch_level(t, &level, NULL);
	trace_printf("watching %zu folders, %zu are unwatched", tree_watch_folders(t), t->unwatched);
	return err;
}

struct error *tree_watch_new(struct tree_watch **out, struct repo *repo)
{
	struct tree_watch *t = xcalloc(1, sizeof(*t));
	t->repo = repo;
	t->fd = -1;
	struct error *err = watch_all(t);
	if (err)
		tree_watch_free(t);
	*out = err ? NULL : t;
	return err;
}

void tree_watch_free(struct tree_watch *t)
{
	if (!t)
		return;
	forget_all(t);
	free(t);
}

int tree_watch_fd(const struct tree_watch *t)
{
	return t->fd;
}

size_t tree_watch_folders(const struct tree_watch *t)
{
	return t->nr - t->forgotten;
}

size_t tree_watch_unwatched(const struct tree_watch *t)
{
	return t->unwatched;
}

bool tree_watch_hit_limit(const struct tree_watch *t)
{
	return t->limit;
}

void tree_changes_release(struct tree_changes *c)
{
	strmap_release(&c->paths, NULL);
	*c = (struct tree_changes){ .paths = STRMAP_INIT };
}

/* -- events ----------------------------------------------------------------------------------------- */

/* What a burst asks for besides its changes. */
struct burst {
	struct level came;
	/* A folder went elsewhere with all that is below it; the rules of what is ignored are others, and folders may
	 * have to be watched that were not; or events were lost. */
	bool anew;
};

static bool sets_rules(const char *name)
{
	return !strcmp(name, ".ignore") || !strcmp(name, ".gitignore");
}

static void take_event(struct tree_watch *t, const struct inotify_event *event, struct burst *burst,
		       struct tree_changes *changes)
{
	bool folder = event->mask & IN_ISDIR;
	struct buffer path = BUFFER_INIT;
	const struct node *node = find_node(t, event->wd);
	if (event->mask & IN_Q_OVERFLOW)
		burst->anew = changes->many = true;
	if (event->wd == t->top && event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT))
		changes->gone = true;
	/* Whether there still is a repository is for the caller to see. */
	if (event->wd == t->top && event->len && !strcmp(event->name, ".git") &&
	    event->mask & (IN_DELETE | IN_MOVED_FROM))
		add_change(changes, event->name);
	if (event->mask & IN_IGNORED) {
		forget(t, event->wd);
		return;
	}
	if (!node || !event->len || noise_is_name(event->name, folder) || !add_path(t, &path, node, 0))
		goto out;
	buffer_addf(&path, "%s%s", path.len ? "/" : "", event->name);
	if (folder ? event->mask & IN_MOVED_FROM : sets_rules(event->name))
		burst->anew = true;
	if (folder && event->mask & (IN_CREATE | IN_MOVED_TO))
		level_add(&burst->came, path.data, node->number);
	/* What a new folder has in it is found when it is read. */
	if (!folder || event->mask & (IN_DELETE | IN_MOVED_FROM))
		add_change(changes, path.data);
out:
	buffer_release(&path);
}

static void take_events(struct tree_watch *t, struct burst *burst, struct tree_changes *changes)
{
	_Alignas(struct inotify_event) char bytes[65536];
	ssize_t n;
	while ((n = read(t->fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event = (const struct inotify_event *)(bytes + at);
			take_event(t, event, burst, changes);
			at += (ssize_t)sizeof(*event) + event->len;
		}
	}
}

struct error *tree_watch_read(struct tree_watch *t, struct tree_changes *changes)
{
	struct burst burst = { .came = { .paths = STRMAP_INIT } };
	struct error *err = NULL;
	if (t->fd < 0)
		return NULL;
	take_events(t, &burst, changes);
	if (changes->gone)
		goto out;
	if (burst.anew) {
		/* What happens between the two watches is not seen. */
		changes->many = true;
		err = watch_all(t);
	} else {
		err = watch_level(t, &burst.came, changes);
	}
out:
	level_release(&burst.came);
	return err;
}
