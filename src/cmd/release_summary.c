#include "cmd/release_summary.h"

#include <inttypes.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/deploy_instance.h"
#include "deploy/hours.h"

#define MAX_SUMMARY ((size_t)16 << 20)

/* Nothing in a cell is read as markup; what it holds was written by people, or by other servers. */
static void add_cell(struct buffer *out, const char *text)
{
	struct buffer safe = BUFFER_INIT;
	text_for_terminal(&safe, text, strlen(text), false);
	buffer_addstr(out, "<code>");
	for (size_t i = 0; i < safe.len; i++)
		if (strchr("<>&|`[]*_!\\@#", safe.data[i]))
			buffer_addf(out, "&#%d;", safe.data[i]);
		else
			buffer_addch(out, safe.data[i]);
	buffer_addstr(out, "</code>");
	buffer_release(&safe);
}

static void add_row(struct buffer *out, const char *name, const char *value)
{
	buffer_addf(out, "| %s | ", name);
	add_cell(out, value);
	buffer_addstr(out, " |\n");
}

static void add_size(struct buffer *out, const char *name, int64_t bytes)
{
	buffer_addf(out, "| %s | ", name);
	text_bytes(out, bytes);
	buffer_addstr(out, " |\n");
}

static void add_price(struct buffer *out, const struct release_run *run, const char *type, const char *region)
{
	double usd = price_hour(run->d.repo, type, region, false, NULL);
	buffer_addf(out, "| price | ");
	if (usd >= 0) {
		text_dollars(out, usd + price_address_hour());
		buffer_addstr(out, " an hour while it runs |\n");
	} else {
		buffer_addstr(out, "not known |\n");
	}
}

/* What of it only the configuration knows. */
static void add_configured(struct buffer *out, const struct release_run *run)
{
	const struct deploy_environment *env = run->d.environment;
	char *region = deploy_config_region(&run->d.config, env);
	if (env->instance)
		add_row(out, "instance", env->instance);
	if (env->type)
		add_price(out, run, env->type, region);
	if (env->url)
		add_row(out, "URL", env->url);
	free(region);
}

static void add_instance(struct buffer *out, struct release_run *run)
{
	struct deployed t = { 0 };
	struct error *err = NULL;
	if (!run->d.environment)
		return;
	if (run->d.environment->instance)
		err = deployed_open(&t, &run->d);
	if (err || !run->d.environment->instance) {
		/* Who may push need not be allowed to look at instances. */
		add_configured(out, run);
	} else {
		const struct instance *i = deployed_current(&t);
		char *url = deployed_url(&t, i);
		char *what = xstrfmt("%s (%s, %s)", i->id, i->type, i->state);
		add_row(out, "instance", what);
		add_price(out, run, i->type, cloud_region(t.cloud));
		if (url)
			add_row(out, "URL", url);
		free(what);
		free(url);
	}
	error_free(err);
	deployed_release(&t);
}

static void write_summary(struct buffer *out, struct release_run *run, const struct release_outcome *o)
{
	const struct release *r = &o->release;
	buffer_addf(out, "### %s #%" PRId64 " of ", o->added ? "Release" : "Release (recorded before)", r->number);
	add_cell(out, r->environment);
	buffer_addstr(out, "\n\n| | |\n|---|---|\n");
	if (r->tag)
		add_row(out, "tag", r->tag);
	add_row(out, "commit", r->commit.hex);
	add_row(out, "image", r->repository);
	add_row(out, "digest", r->digest.text);
	add_size(out, "size", r->image_bytes);
	add_size(out, "sent", o->push.bytes_sent);
	buffer_addf(out, "| layers | %zu, %zu of them sent |\n", o->push.layers, o->push.sent);
	buffer_addf(out, "| time | built in %.1f s, pushed in %.1f s |\n", (double)o->build_ms / 1000,
		    (double)o->push_ms / 1000);
	add_instance(out, run);
	buffer_addch(out, '\n');
}

struct error *release_summary(struct release_run *run, const struct release_outcome *out, const char *file)
{
	struct buffer text = BUFFER_INIT_MAX(MAX_SUMMARY);
	struct error *err = file_read(file, &text);
	error_drop_if(&err, ERROR_NOT_FOUND);
	if (!err)
		write_summary(&text, run, out);
	if (!err)
		err = buffer_check(&text, "the summary");
	if (!err)
		err = file_write(file, text.data, text.len);
	buffer_release(&text);
	return error_context(err, "cannot write the summary to '%s'", file);
}
