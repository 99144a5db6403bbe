/* From names to commits, and what may have been meant when a name is none. */
#include <stdint.h>

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "git/repo_internal.h"

/* *OUT is empty when git does not know the name. */
static struct error *rev_parse(struct repo *repo, const char *name, const char *peel,
			       struct oid *out)
{
	char *peeled = xstrfmt("%s%s", name, peel);
	const char *argv[] = { "rev-parse", "--verify", "--quiet", "--end-of-options", peeled,
			       NULL };
	struct buffer line = BUFFER_INIT_MAX(REPO_MAX_PATHS);
	int status;
	struct process_options options = { .out = &line, .discard_err = true,
					   .exit_status = &status };
	*out = (struct oid){ "" };
	struct error *err = repo_git_read(repo, argv, &options);
	if (!err && !status && line.len && repo_is_oid(repo, line.data, line.len - 1))
		memcpy(out->hex, line.data, line.len - 1);
	buffer_release(&line);
	free(peeled);
	return err;
}

struct error *repo_ref(struct repo *repo, const char *refname, struct oid *out)
{
	return rev_parse(repo, refname, "^{commit}", out);
}

struct error *repo_head(struct repo *repo, struct oid *out)
{
	struct oid any;
	struct error *err = repo_ref(repo, "HEAD", out);
	if (err || out->hex[0])
		return err;
	/* An unborn branch is no error; a HEAD that names something we cannot use is. */
	err = rev_parse(repo, "HEAD", "", &any);
	if (!err && any.hex[0])
		err = error_new(ERROR_NOT_FOUND, "HEAD is %s, which is not a commit", any.hex);
	return err;
}

/* -- hints ------------------------------------------------------------------------------------- */

static const char *const date_words[] = {
	"yesterday", "today",  "now",	 "noon",      "midnight",  "tea",	"never",
	"last",	     "ago",    "second", "seconds",   "minute",	   "minutes",	"hour",
	"hours",     "day",    "days",	 "week",      "weeks",	   "fortnight", "month",
	"months",    "year",   "years",	 "monday",    "tuesday",   "wednesday", "thursday",
	"friday",    "saturday", "sunday", "january",   "february",  "march",	"april",
	"may",	     "june",   "july",	 "august",    "september", "october",	"november",
	"december",  "one",    "two",	 "three",     "four",	   "five",	"six",
	"seven",     "eight",  "nine",	 "ten",	      NULL,
};

/* Only words as long as this are taken for a misspelt word of date_words. */
#define MISSPELT_MIN 5

enum date_likeness { DATE_NO, DATE_NEARLY, DATE_YES };

/* 2024-05-01, 12:30, 2024/05/01 */
static bool is_numeric_date(const char *word)
{
	size_t separators = 0;
	for (const char *p = word; *p; p++) {
		if (strchr("-:/", *p))
			separators++;
		else if (!ascii_digit(*p))
			return false;
	}
	return separators > 0 && ascii_digit(word[0]);
}

static bool is_number(const char *word)
{
	return word[strspn(word, "0123456789")] == '\0';
}

/* The date word that WORD is or was meant to be; *LIKE goes down accordingly. */
static const char *date_word(const char *word, enum date_likeness *like)
{
	for (size_t i = 0; date_words[i]; i++)
		if (!strcmp(word, date_words[i]))
			return date_words[i];
	const char *meant = strlen(word) >= MISSPELT_MIN ? text_nearest(word, date_words) : NULL;
	*like = meant ? DATE_NEARLY : DATE_NO;
	return meant;
}

/* Whether REV reads as a date, such as "2 weeks ago" or "yesterdy"; OUT gets it corrected, in
 * the form that needs no quotes in a shell. */
static enum date_likeness looks_like_date(const char *rev, struct buffer *out)
{
	enum date_likeness like = DATE_YES, word_like = DATE_YES;
	bool any_word = false;
	char *words = xstrdup(rev), *rest = NULL;
	for (char *p = words; *p; p++)
		*p = (char)ascii_lower(*p);
	static const char between[] = " \t._";
	for (char *w = strtok_r(words, between, &rest); w && like;
	     w = strtok_r(NULL, between, &rest)) {
		const char *meant = w;
		bool date = is_numeric_date(w);
		if (!date && !is_number(w))
			meant = date_word(w, &word_like);
		any_word |= date || !is_number(w);
		if (!meant || word_like < like)
			like = word_like;
		if (meant)
			buffer_addf(out, "%s%s", out->len ? "." : "", meant);
	}
	free(words);
	return any_word ? like : DATE_NO;
}

/* The nearest branch or tag, copied, or NULL. */
static char *nearest_ref(struct repo *repo, const char *rev)
{
	static const char *const argv[] = { "for-each-ref", "--format=%(refname:short)",
					    "refs/heads", "refs/tags", "refs/remotes", NULL };
	struct buffer out = BUFFER_INIT_MAX(REPO_MAX_REFS);
	struct process_options options = { .out = &out, .discard_err = true };
	const char **names = NULL;
	size_t nr = 0, alloc = 0;
	char *nearest = NULL, *rest = NULL;
	struct error *err = repo_git_read(repo, argv, &options);
	if (err)
		goto out;
	for (char *name = strtok_r(out.data, "\n", &rest); name;
	     name = strtok_r(NULL, "\n", &rest)) {
		ALLOC_GROW(names, nr, alloc);
		names[nr++] = name;
	}
	ALLOC_GROW(names, nr, alloc);
	names[nr] = NULL;
	const char *found = text_nearest(rev, names);
	nearest = found ? xstrdup(found) : NULL;
out:
	/* Without the names there is only no hint. */
	error_free(err);
	free(names);
	buffer_release(&out);
	return nearest;
}

static struct error *with_hint(struct repo *repo, const char *rev, struct error *err)
{
	struct buffer date = BUFFER_INIT;
	enum date_likeness like = looks_like_date(rev, &date);
	char *ref = like == DATE_YES ? NULL : nearest_ref(repo, rev);
	if (ref)
		err = error_with_hint(err, "did you mean '%s'?", ref);
	else if (like)
		err = error_with_hint(err, "did you mean --since=@{%s}?", date.data);
	buffer_release(&date);
	free(ref);
	return err;
}

struct error *repo_resolve_commit(struct repo *repo, const char *rev, struct oid *out)
{
	/* What follows ":/" is all one text to search for; it finds only commits. */
	struct error *err = rev_parse(repo, rev, starts_with(rev, ":/") ? "" : "^{commit}", out);
	if (err || out->hex[0])
		return err;
	struct buffer shown = BUFFER_INIT;
	text_for_terminal(&shown, rev, strlen(rev), false);
	err = with_hint(repo, rev, error_new(ERROR_NOT_FOUND, "'%s' is not a commit", shown.data));
	buffer_release(&shown);
	return err;
}
