/* Pull requests: what is there is compared with what is wished for, and only the difference asked for. */
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "forge/internal.h"
#include "net/retry.h"

/* Times that one is opened, or somebody else's is found instead. */
#define MAX_ROUNDS 3
#define MAX_NAMES 100

void pull_release(struct pull *pull)
{
	free(pull->url);
	free(pull->head_commit);
	free(pull->base);
	free(pull->title);
	free(pull->body);
	*pull = (struct pull){ 0 };
}

void pull_details_release(struct pull_details *d)
{
	pull_release(&d->pull);
	strings_free(d->labels, d->nr_labels);
	strings_free(d->reviewers, d->nr_reviewers);
	free(d->author);
	*d = (struct pull_details){ 0 };
}

bool pull_details_take(struct pull_details *out, bool *found, struct pull_details *d)
{
	bool open = d->pull.state == PULL_OPEN;
	if (!*found || open) {
		pull_details_release(out);
		*out = *d;
		*found = true;
	} else {
		pull_details_release(d);
	}
	return !open;
}

/* -- before ----------------------------------------------------------------------------------------------------- */

/* The token of an app may nothing there by its own account, and is told what it may elsewhere. */
static bool may_only_read(const cJSON *repository)
{
	const cJSON *may = cJSON_GetObjectItemCaseSensitive(repository, "permissions");
	return json_bool_or(may, "pull", false) && !json_bool_or(may, "push", true);
}

struct error *forge_check_access(struct forge *f)
{
	static const char what[] = "open a pull request";
	struct forge_answer a = { 0 };
	struct error *err = forge_find_token(f, what, true);
	if (err || f->token.job) /* which may read little, and not this */
		return err;
	err = forge_send(f, "GET", xstrdup(f->root), NULL, "read the repository", &a);
	if (!err && json_bool_or(a.json, "archived", false))
		err = error_new(ERROR_NETWORK, "cannot %s: %s at %s is archived", what, f->site.repository, f->site.host);
	else if (!err && f->site.kind == FORGE_GITHUB && may_only_read(a.json))
		err = error_with_hint(error_new(ERROR_NETWORK, "cannot %s: the token of %s may read %s at %s, not write", what,
						f->token.source, f->site.repository, f->site.host),
				      "use the token of somebody who may");
	forge_answer_release(&a);
	return err;
}

/* -- drafts that are told by their titles ---------------------------------------------------------------------- */

static const char *without_prefix(const char *title)
{
	static const char *const prefixes[] = { "WIP:", "[WIP]", "Draft:", "[Draft]", "(Draft)" };
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t len = strlen(prefixes[i]);
		if (!strncasecmp(title, prefixes[i], len))
			return title + len + strspn(title + len, " ");
	}
	return title;
}

/* Title and state of a draft, as people mean them. */
static void plain_title(const struct forge *f, struct pull *pull)
{
	const char *rest = pull->title ? without_prefix(pull->title) : NULL;
	if (!f->operations->draft_prefix || !rest || rest == pull->title)
		return;
	char *title = xstrdup(rest);
	free(pull->title);
	pull->title = title;
	pull->draft = true;
}

static char *sent_title(const struct forge *f, const char *title, bool draft)
{
	const char *prefix = f->operations->draft_prefix;
	char *line = forge_title(title);
	if (!draft || !prefix)
		return line;
	char *full = xstrfmt("%s%s", prefix, line);
	free(line);
	return full;
}

/* -- finding ---------------------------------------------------------------------------------------------------- */

static void hand_over(const struct forge *f, struct pull_details *d, struct pull *out)
{
	*out = d->pull;
	d->pull = (struct pull){ 0 };
	plain_title(f, out);
	pull_details_release(d);
}

struct error *forge_pull_find(struct forge *f, const char *branch, const char *base, struct pull *out, bool *found)
{
	struct pull_details d = { 0 };
	*out = (struct pull){ 0 };
	*found = false;
	struct error *err = f->operations->find(f, branch, base, false, &d, found);
	hand_over(f, &d, out);
	return err;
}

struct error *forge_pull_get(struct forge *f, int64_t number, struct pull *out)
{
	struct pull_details d = { 0 };
	struct error *err = f->operations->get(f, number, &d);
	hand_over(f, &d, out);
	return err;
}

/* -- opening, or bringing up to date ---------------------------------------------------------------------------- */

static void warn(struct buffer *warnings, struct error *err)
{
	if (!err)
		return;
	buffer_addf(warnings, "%s%s%s%s\n", err->message, err->hint ? " (" : "", err->hint ? err->hint : "",
		    err->hint ? ")" : "");
	error_free(err);
}

static bool is_among(const char *name, char *const *names, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcasecmp(name, names[i]))
			return true;
	return false;
}

/* Those of WISHED that are not in HAVE; an array that ends with NULL, of WISHED's strings. */
static const char **missing_of(const char *const *wished, char *const *have, size_t nr_have, size_t *nr)
{
	const char **missing = xcalloc(MAX_NAMES + 1, sizeof(*missing));
	*nr = 0;
	for (; wished && *wished && *nr < MAX_NAMES; wished++)
		if (**wished && !is_among(*wished, have, nr_have))
			missing[(*nr)++] = *wished;
	return missing;
}

static bool add_labels(struct forge *f, const struct pull_details *d, const struct pull_wish *wish,
		       struct buffer *warnings)
{
	size_t nr;
	const char **missing = missing_of(wish->labels, d->labels, d->nr_labels, &nr);
	struct error *err = nr ? f->operations->add_labels(f, d->pull.number, missing) : NULL;
	bool changed = nr && !err;
	warn(warnings, err);
	free(missing);
	return changed;
}

/* One that cannot be asked has all others refused: then each by itself. */
static bool ask(struct forge *f, const struct pull_details *d, const char *const *names, size_t nr,
		struct buffer *warnings)
{
	bool changed = false;
	struct error *err = f->operations->add_reviewers(f, d, names);
	if (!err || nr == 1) {
		changed = !err;
		if (err)
			err = error_context(err, "%s", *names);
		warn(warnings, err);
		return changed;
	}
	error_free(err);
	for (size_t i = 0; i < nr; i++) {
		const char *const one[] = { names[i], NULL };
		changed |= ask(f, d, one, 1, warnings);
	}
	return changed;
}

/* Who has reviewed is not asked again, nor is who opened it. */
static bool add_reviewers(struct forge *f, struct pull_details *d, const struct pull_wish *wish,
			  bool opened, struct buffer *warnings)
{
	size_t nr;
	if (d->author && *d->author)
		forge_add_name(&d->reviewers, &d->nr_reviewers, d->author);
	const char **missing = missing_of(wish->reviewers, d->reviewers, d->nr_reviewers, &nr);
	struct error *err = NULL;
	if (nr && !opened && f->operations->note_reviewed) {
		free(missing);
		err = f->operations->note_reviewed(f, d);
		missing = missing_of(wish->reviewers, d->reviewers, d->nr_reviewers, &nr);
	}
	bool changed = nr && !err && ask(f, d, missing, nr, warnings);
	warn(warnings, err);
	free(missing);
	return changed;
}

static struct error *update(struct forge *f, struct pull_details *d, const char *title, const char *body, bool *changed)
{
	char *now = d->pull.title ? forge_title(without_prefix(d->pull.title)) : xstrdup("");
	const char *have = f->operations->draft_prefix ? now : d->pull.title;
	bool draft = f->operations->draft_prefix && strcmp(now, d->pull.title) != 0;
	struct error *err = NULL;
	*changed = strcmp(have, title) != 0 || !forge_same_text(d->pull.body, body);
	if (*changed) {
		struct pull_details new = { 0 };
		char *sent = sent_title(f, title, draft);
		err = f->operations->edit(f, d->pull.number, sent, body, &new);
		free(sent);
		if (!err) {
			pull_details_release(d);
			*d = new;
		}
	}
	free(now);
	return err;
}

/* Finds the one that is open, or opens it. After an answer that was lost, or "already exists", it is looked for before
 * it is asked for again. *OPENED: it is new; *READ: and what the server made of it is in D. */
static struct error *find_or_open(struct forge *f, const struct pull_wish *wish, struct pull_details *d, bool *opened,
				  bool *read, struct buffer *warnings)
{
	struct error *last = NULL;
	char *title = sent_title(f, wish->title, wish->draft);
	struct pull_wish sent = *wish;
	bool found = false, unsure = false;
	sent.title = title;
	*opened = *read = false;
	for (unsigned round = 1;; round++) {
		struct error *err = f->operations->find(f, wish->branch, wish->base, true, d, &found);
		if (err || found) {
			*opened = found && unsure;
			error_free(last);
			last = err;
			break;
		}
		if (round > MAX_ROUNDS)
			break;
		error_free(last);
		last = f->operations->open(f, &sent, d, &unsure, warnings);
		*opened = *read = !last;
		if (!unsure && !error_is(last, ERROR_EXISTS))
			break;
		/* It may take the server a moment to see what it has. */
		f->delay_ms = f->settings.retry_ms ? f->settings.retry_ms : RETRY_FIRST_MS;
	}
	free(title);
	return last;
}

/* Of two that were opened at the same moment the older stays: whoever opened the other one finds it, and closes
 * its own. D is the one that stays. */
static struct error *give_way(struct forge *f, const struct pull_wish *wish, struct pull_details *d, bool *gave_way)
{
	struct pull_details older = { 0 };
	struct error *err = NULL;
	*gave_way = false;
	if (f->operations->rival)
		err = f->operations->rival(f, wish, d->pull.number, &older, gave_way);
	if (!err && *gave_way)
		err = f->operations->close(f, d->pull.number);
	if (!err && *gave_way) {
		pull_details_release(d);
		*d = older;
		older = (struct pull_details){ 0 };
	}
	pull_details_release(&older);
	return err;
}

struct error *forge_pull_ensure(struct forge *f, const struct pull_wish *wish, struct pull *out,
				enum pull_outcome *outcome, struct buffer *warnings)
{
	struct pull_details d = { 0 };
	struct buffer body = BUFFER_INIT;
	char *title = forge_title(wish->title);
	struct pull_wish cut = *wish;
	bool opened = false, read = false, changed = false, gave_way = false;
	*out = (struct pull){ 0 };
	*outcome = PULL_UNCHANGED;
	forge_body(&body, wish->body ? wish->body : "", FORGE_MAX_BODY);
	cut.title = title;
	cut.body = body.data;
	struct error *err = find_or_open(f, &cut, &d, &opened, &read, warnings);
	if (!err && opened)
		err = give_way(f, &cut, &d, &gave_way);
	opened &= !gave_way;
	if (!err && (!read || gave_way))
		err = update(f, &d, title, body.data, &changed);
	if (!err) {
		changed |= add_labels(f, &d, &cut, warnings);
		changed |= add_reviewers(f, &d, &cut, opened, warnings);
		*outcome = opened ? PULL_OPENED : changed ? PULL_UPDATED : PULL_UNCHANGED;
		hand_over(f, &d, out);
	}
	pull_details_release(&d);
	buffer_release(&body);
	free(title);
	return err;
}
