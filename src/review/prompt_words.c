#include "review/prompt_words.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"

struct own_words {
	char *words; /* NULL: the program's */
	enum prompt_source source;
};

struct prompt_words {
	struct own_words *items; /* as many as there are prompt_files, in their order */
	size_t nr;
};

static const char *const source_names[] = { "program", "repository", "user" };

const char *prompt_source_name(enum prompt_source source)
{
	return source_names[source];
}

static size_t find_file(const char *name)
{
	for (size_t i = 0; prompt_files[i].name; i++)
		if (!strcmp(prompt_files[i].name, name))
			return i;
	abort(); /* a name that the program itself made up */
}

/* Takes the file's TEXT for the words of number I. */
static struct error *take_words(struct prompt_words *w, size_t i, const struct buffer *text,
				enum prompt_source source, const char *path)
{
	struct slice trimmed = slice_trim(slice_of(text));
	for (size_t at = 0, n; at < trimmed.len; at += n) {
		uint32_t cp;
		n = utf8_decode(trimmed.data + at, trimmed.len - at, &cp);
		if (n == 1 && (unsigned char)trimmed.data[at] >= 0x80)
			return error_new(ERROR_SYNTAX, "%s: not UTF-8", path);
		if (!cp)
			return error_new(ERROR_SYNTAX, "%s: holds a NUL byte", path);
	}
	if (!trimmed.len)
		return error_with_hint(error_new(ERROR_SYNTAX, "%s: empty", path),
				       "remove it to have the program's own words back");
	char *words = xmemdupz(trimmed.data, trimmed.len);
	free(w->items[i].words);
	w->items[i] = (struct own_words){ xstrfmt("%s\n", words), source };
	free(words);
	return NULL;
}

static struct error *read_from_folder(struct prompt_words *w, size_t i, const char *folder)
{
	struct buffer text = BUFFER_INIT_MAX(PROMPT_MAX_WORDS);
	char *path = xstrfmt("%s/%s.txt", folder, prompt_files[i].name);
	struct error *err = file_read(path, &text);
	if (!error_drop_if(&err, ERROR_NOT_FOUND) && !err)
		err = take_words(w, i, &text, PROMPT_OF_USER, path);
	free(path);
	buffer_release(&text);
	return err;
}

static struct error *read_from_snapshot(struct prompt_words *w, size_t i, struct snapshot *snapshot)
{
	struct buffer text = BUFFER_INIT_MAX(PROMPT_MAX_WORDS);
	char *path = xstrfmt("%s/%s.txt", PROMPT_REPOSITORY_FOLDER, prompt_files[i].name);
	struct error *err = snapshot_read(snapshot, path, &text);
	if (!error_drop_if(&err, ERROR_NOT_FOUND) && !err)
		err = take_words(w, i, &text, PROMPT_OF_REPOSITORY, path);
	free(path);
	buffer_release(&text);
	return err;
}

struct error *prompt_words_new(struct prompt_words **out, const char *folder, struct snapshot *snapshot)
{
	struct prompt_words *w = xcalloc(1, sizeof(*w));
	struct error *err = NULL;
	while (prompt_files[w->nr].name)
		w->nr++;
	w->items = xcalloc(w->nr, sizeof(*w->items));
	for (size_t i = 0; i < w->nr && !err; i++) {
		if (snapshot && task_by_name(prompt_files[i].name))
			err = read_from_snapshot(w, i, snapshot);
		if (!err && folder)
			err = read_from_folder(w, i, folder);
	}
	*out = w;
	if (err) {
		prompt_words_free(w);
		*out = NULL;
	}
	return err;
}

void prompt_words_free(struct prompt_words *words)
{
	if (!words)
		return;
	for (size_t i = 0; i < words->nr; i++)
		free(words->items[i].words);
	free(words->items);
	free(words);
}

const char *prompt_words_get(const struct prompt_words *words, const char *name)
{
	size_t i = find_file(name);
	return words && words->items[i].words ? words->items[i].words : prompt_files[i].text;
}

enum prompt_source prompt_words_source(const struct prompt_words *words, const char *name)
{
	return words ? words->items[find_file(name)].source : PROMPT_OF_PROGRAM;
}

void prompt_version(char out[PROMPT_VERSION_DIGITS + 1], const char *words)
{
	char hex[SHA256_HEX_SIZE + 1];
	sha256_hex(words, strlen(words), hex);
	memcpy(out, hex, PROMPT_VERSION_DIGITS);
	out[PROMPT_VERSION_DIGITS] = '\0';
}
