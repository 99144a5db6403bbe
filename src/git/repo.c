#include "git/repo.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "git/object_reader.h"
#include "git/repo_internal.h"

/* GIT_DIR and GIT_WORK_TREE are git's own way to be told where the repository is. */
#undef getenv

/* Only whether git was told where the repository is: it has to be told again, see
 * set_environment(). */
#undef getenv

static const char *const read_environment[] = { REPO_READ_ENVIRONMENT, NULL };

/* The questions of repo_open, in the order in which git answers them. */
enum place { PLACE_BARE, PLACE_FORMAT, PLACE_GIT_DIR, PLACE_COMMON_DIR, PLACE_PREFIX, PLACE_TOP,
	     PLACES };

static const char *const place_options[PLACES] = {
	[PLACE_BARE] = "--is-bare-repository", [PLACE_FORMAT] = "--show-object-format",
	[PLACE_GIT_DIR] = "--absolute-git-dir", [PLACE_COMMON_DIR] = "--git-common-dir",
	[PLACE_PREFIX] = "--show-prefix",	[PLACE_TOP] = "--show-toplevel",
};

/* git's own words: the first line is the message, the rest (the command that helps, as with
 * safe.directory) the hint. */
static struct error *git_refused(const struct buffer *said)
{
	const char *text = said->data;
	skip_prefix(text, "fatal: ", &text);
	size_t len = strcspn(text, "\n");
	const char *more = text + len;
	enum error_code code = starts_with(text, "not a git repository") ? ERROR_NOT_FOUND
									  : ERROR_GENERIC;
	if (code == ERROR_NOT_FOUND && len > 6 && !strncmp(text + len - 6, ": .git", 6))
		len -= 6;
	if (!len)
		return error_new(code, "git cannot open the repository");
	struct buffer shown = BUFFER_INIT;
	text_for_terminal(&shown, text, len, false);
	struct error *err = error_new(code, "%s", shown.data);
	struct slice rest = slice_trim((struct slice){ more, strlen(more) });
	buffer_reset(&shown);
	text_for_terminal(&shown, rest.data, rest.len, true);
	if (shown.len)
		err = error_with_hint(err, "%s", shown.data);
	buffer_release(&shown);
	return err;
}

/* Asks git for one place or (PLACES) for all of them. *STATUS as in process_options. */
static struct error *ask_places(const char *directory, enum place which, struct buffer *out,
				struct buffer *said, int *status)
{
	const char *argv[PLACES + 4] = { "git", "rev-parse", "--path-format=absolute" };
	size_t n = 3;
	for (int i = 0; i < PLACES; i++)
		if (which == PLACES || which == (enum place)i)
			argv[n++] = place_options[i];
	struct process_options options = { .directory = directory, .env = read_environment,
					   .out = out, .err = said, .exit_status = status };
	return process_run(argv, &options);
}

static size_t count_lines(const struct buffer *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

static void split_places(const struct buffer *b, char *places[PLACES], size_t nr)
{
	const char *at = b->data;
	for (size_t i = 0; i < nr; i++) {
		size_t len = strcspn(at, "\n");
		places[i] = xmemdupz(at, len);
		at += len + 1;
	}
}

/*
 * One call normally answers everything. Where there is no work tree the last question makes git
 * fail after it has answered the others. Only when a path holds a newline, so that there are
 * more lines than answers, is each question asked by itself.
 */
static struct error *find_places(const char *directory, char *places[PLACES])
{
	struct buffer out = BUFFER_INIT_MAX(REPO_MAX_PATHS), said = BUFFER_INIT_MAX(REPO_MAX_PATHS);
	int status;
	struct error *err = ask_places(directory, PLACES, &out, &said, &status);
	if (err)
		goto out;
	size_t answers = status ? PLACE_TOP : PLACES;
	if (count_lines(&out) < answers) {
		err = git_refused(&said);
		goto out;
	}
	if (count_lines(&out) == answers) {
		split_places(&out, places, answers);
		goto out;
	}
	for (size_t i = 0; i < answers && !err; i++) {
		buffer_reset(&out);
		err = ask_places(directory, (enum place)i, &out, NULL, NULL);
		if (!err && out.len)
			places[i] = xmemdupz(out.data, out.len - 1);
	}
out:
	buffer_release(&out);
	buffer_release(&said);
	return err;
}

/* Whether a git started at the top finds this repository without being told. */
static bool is_found_from_top(const struct repo *repo)
{
	struct stat dot_git, git_dir;
	if (!repo->work_tree)
		return true;
	char *path = xstrfmt("%s/.git", repo->work_tree);
	bool found = !stat(path, &dot_git) &&
		     (S_ISREG(dot_git.st_mode) ||
		      (!stat(repo->git_dir, &git_dir) && git_dir.st_dev == dot_git.st_dev &&
		       git_dir.st_ino == dot_git.st_ino));
	free(path);
	return found;
}

/*
 * Commands run at the top of the work tree, where a GIT_DIR relative to the directory we were
 * started in would lead elsewhere. So whoever was told where the repository is passes that on in
 * absolute form. Otherwise nothing is set: hooks of `git commit` see what they always see.
 */
static void set_environment(struct repo *repo)
{
	size_t n = 0;
	if (!getenv("GIT_DIR") && !getenv("GIT_WORK_TREE") && is_found_from_top(repo))
		return;
	repo->git_dir_variable = xstrfmt("GIT_DIR=%s", repo->git_dir);
	repo->environment[n++] = repo->git_dir_variable;
	if (repo->work_tree) {
		repo->work_tree_variable = xstrfmt("GIT_WORK_TREE=%s", repo->work_tree);
		repo->environment[n++] = repo->work_tree_variable;
	}
}

/* The second is for versions of git that do not know the first. */
void repo_stay_local(struct repo *repo)
{
	size_t n = 0;
	if (repo->stays_local)
		return;
	while (repo->environment[n])
		n++;
	repo->environment[n++] = "GIT_NO_LAZY_FETCH=1";
	repo->environment[n++] = "GIT_ALLOW_PROTOCOL=none";
	repo->stays_local = true;
	repo->lacks_objects = repo_is_partial(repo);
}

bool repo_stays_local(const struct repo *repo)
{
	return repo->stays_local;
}

/* In a hook of `git commit -a`, say, the index is another file. It may be relative to the top, where git runs hooks, and
 * where we run git. */
static void set_index_file(struct repo *repo)
{
	const char *named = getenv("GIT_INDEX_FILE");
	if (named && *named == '/')
		repo->index_file = xstrdup(named);
	else if (named && *named && repo->work_tree)
		repo->index_file = xstrfmt("%s/%s", repo->work_tree, named);
	else
		repo->index_file = xstrfmt("%s/index", repo->git_dir);
}

static struct error *set_object_format(struct repo *repo, const char *format)
{
	static const struct {
		const char *name;
		size_t size;
		const char *empty_tree;
	} formats[] = {
		{ "sha1", 20, "4b825dc642cb6eb9a060e54bf8d69288fbee4904" },
		{ "sha256", 32,
		  "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (strcmp(format, formats[i].name))
			continue;
		memcpy(repo->object_format, format, strlen(format) + 1);
		memcpy(repo->empty_tree.hex, formats[i].empty_tree, formats[i].size * 2 + 1);
		repo->oid_size = formats[i].size;
		return NULL;
	}
	return error_new(ERROR_UNSUPPORTED, "the repository's object format '%s' is not known",
			 format);
}

/* Starts reading the settings; it runs while git is asked for the places. */
static struct error *start_config(struct process *config, const char *directory)
{
	static const char *const argv[] = { "git", "config", "-z", "--includes", "--list", NULL };
	struct process_options options = { .directory = directory, .env = read_environment,
					   .discard_err = true };
	return process_start(config, argv, false, true, &options);
}

static struct error *finish_config(struct repo *repo, struct process *config)
{
	char bytes[16384];
	ssize_t n;
	int status;
	while ((n = read(config->out, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			buffer_add(&repo->settings_text, bytes, (size_t)n);
	}
	struct error *err = process_finish(config, &status);
	if (!err && status)
		err = error_new(ERROR_GENERIC, "git cannot read its configuration");
	if (!err)
		err = buffer_check(&repo->settings_text, "the configuration of git");
	if (!err)
		repo_parse_settings(repo);
	return err;
}

struct error *repo_open(struct repo **out, const char *directory)
{
	struct repo *repo = xcalloc(1, sizeof(*repo));
	struct process config = { -1, -1, -1 };
	char *places[PLACES] = { NULL };
	buffer_init(&repo->settings_text, REPO_MAX_SETTINGS);
	struct error *err = start_config(&config, directory);
	if (err)
		goto out;
	err = find_places(directory, places);
	/* A broken configuration is told best by what git said about it to rev-parse. */
	if (err)
		error_free(finish_config(repo, &config));
	else
		err = finish_config(repo, &config);
	if (!err)
		err = set_object_format(repo, places[PLACE_FORMAT]);
	if (err)
		goto out;
	repo->git_dir = xstrdup(places[PLACE_GIT_DIR]);
	repo->common_dir = xstrdup(places[PLACE_COMMON_DIR]);
	repo->prefix = xstrdup(places[PLACE_PREFIX] ? places[PLACE_PREFIX] : "");
	repo->work_tree = places[PLACE_TOP] ? xstrdup(places[PLACE_TOP]) : NULL;
	set_environment(repo);
	set_index_file(repo);
	*out = repo;
	repo = NULL;
out:
	for (size_t i = 0; i < PLACES; i++)
		free(places[i]);
	repo_free(repo);
	return err;
}

void repo_free(struct repo *repo)
{
	if (!repo)
		return;
	repo_close_objects(repo);
	buffer_release(&repo->settings_text);
	free(repo->settings);
	free(repo->git_dir);
	free(repo->common_dir);
	free(repo->work_tree);
	free(repo->index_file);
	free(repo->prefix);
	free(repo->git_dir_variable);
	free(repo->work_tree_variable);
	free(repo);
}

const char *repo_git_dir(const struct repo *repo)
{
	return repo->git_dir;
}

const char *repo_common_dir(const struct repo *repo)
{
	return repo->common_dir;
}

const char *repo_work_tree(const struct repo *repo)
{
	return repo->work_tree;
}

const char *repo_prefix(const struct repo *repo)
{
	return repo->prefix;
}

const char *repo_object_format(const struct repo *repo)
{
	return repo->object_format;
}

const struct oid *repo_empty_tree(const struct repo *repo)
{
	return &repo->empty_tree;
}

bool repo_is_oid(const struct repo *repo, const char *text, size_t len)
{
	if (len != repo->oid_size * 2)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!ascii_digit(text[i]) && (text[i] < 'a' || text[i] > 'f'))
			return false;
	return true;
}

/* What process_run needs to run git here: the vector with "git" before it, and the options with
 * our directory and environment. Free both arrays. */
struct invocation {
	const char **argv, **env;
	struct process_options options;
};

static size_t count(const char *const *strings)
{
	size_t n = 0;
	while (strings && strings[n])
		n++;
	return n;
}

static void invocation_init(struct invocation *call, const struct repo *repo,
			    const char *const *argv, const char *const *extra,
			    const struct process_options *options)
{
	static const struct process_options none;
	const char *const *sets[] = { repo->environment, extra, options ? options->env : NULL };
	size_t nr = count(argv), n = 0;
	call->options = options ? *options : none;
	call->argv = xreallocarray(NULL, nr + 2, sizeof(*call->argv));
	call->argv[0] = "git";
	for (size_t i = 0; i <= nr; i++)
		call->argv[i + 1] = argv[i];
	call->env = xreallocarray(NULL, count(sets[0]) + count(sets[1]) + count(sets[2]) + 1,
				  sizeof(*call->env));
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		for (size_t k = 0; k < count(sets[i]); k++)
			call->env[n++] = sets[i][k];
	call->env[n] = NULL;
	call->options.env = call->env;
	if (!call->options.directory)
		call->options.directory = repo->work_tree ? repo->work_tree : repo->git_dir;
}

static void invocation_release(struct invocation *call)
{
	free(call->argv);
	free(call->env);
}

static struct error *run(struct repo *repo, const char *const *argv, const char *const *extra,
			 struct process_options *options)
{
	struct invocation call;
	invocation_init(&call, repo, argv, extra, options);
	struct error *err = process_run(call.argv, &call.options);
	invocation_release(&call);
	return err;
}

struct error *repo_git(struct repo *repo, const char *const *argv, struct process_options *options)
{
	return run(repo, argv, NULL, options);
}

struct error *repo_git_read(struct repo *repo, const char *const *argv,
			    struct process_options *options)
{
	return run(repo, argv, read_environment, options);
}

struct error *repo_git_start(struct repo *repo, const char *const *argv, struct process *p,
			     bool pipe_in, bool pipe_out, const struct process_options *options)
{
	struct invocation call;
	invocation_init(&call, repo, argv, read_environment, options);
	struct error *err = process_start(p, call.argv, pipe_in, pipe_out, &call.options);
	invocation_release(&call);
	return err;
}

struct error *repo_git_line(struct repo *repo, const char *const *argv, struct buffer *out)
{
	struct buffer said = BUFFER_INIT_MAX(REPO_MAX_PATHS);
	size_t before = out->len;
	struct process_options options = { .out = out, .err = &said };
	struct error *err = repo_git(repo, argv, &options);
	while (out->len > before && out->data[out->len - 1] == '\n')
		buffer_truncate(out, out->len - 1);
	buffer_release(&said);
	return err;
}
