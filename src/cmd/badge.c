/* badge: a picture that says how the papers are. */
#include "history/badge.h"

#include <stddef.h>

#include "base/memory.h"
#include "cmd/output.h"
#include "cmd/workspace.h"
#include "history/known.h"

struct badge_options {
	const char *format, *output, *label, *at;
};

struct total {
	size_t papers, unread, counts[3];
};

static struct error *count(struct total *total, struct workspace *ws, const struct paper *const *papers, size_t nr)
{
	struct error *err = NULL;
	for (size_t i = 0; i < nr && !err; i++) {
		struct known known;
		err = known_load(&known, ws->records, ws->snapshot, papers[i], papers[i]->path);
		if (err)
			break;
		total->papers++;
		total->unread += !known.side.nr;
		for (int k = SEVERITY_NOTE; k <= SEVERITY_ERROR; k++)
			total->counts[k] += known.consensus.counts[k];
		known_release(&known);
	}
	return err;
}

/* The worst there is, counted. */
static enum badge_color describe(struct buffer *out, const struct total *t)
{
	static const enum badge_color by_severity[] = {
		[SEVERITY_NOTE] = BADGE_NOTES, [SEVERITY_WARNING] = BADGE_WARNINGS, [SEVERITY_ERROR] = BADGE_ERRORS,
	};
	for (int k = SEVERITY_ERROR; k >= SEVERITY_NOTE; k--) {
		if (!t->counts[k])
			continue;
		buffer_addf(out, "%zu %s%s", t->counts[k], severity_name((enum severity)k), t->counts[k] == 1 ? "" : "s");
		return by_severity[k];
	}
	if (t->papers == t->unread) {
		buffer_addstr(out, t->papers ? "not readable" : "none");
		return BADGE_UNKNOWN;
	}
	if (t->papers == 1)
		buffer_addstr(out, "clean");
	else
		buffer_addf(out, "%zu clean", t->papers - t->unread);
	return BADGE_CLEAN;
}

static struct error *draw(const struct badge_options *o, const struct total *total)
{
	struct buffer message = BUFFER_INIT, out = BUFFER_INIT;
	const char *label = o->label ? o->label : total->papers == 1 ? "paper" : "papers";
	enum badge_color color = describe(&message, total);
	if (o->format && !strcmp(o->format, "json"))
		badge_json(&out, label, message.data, color);
	else
		badge_svg(&out, label, message.data, color);
	struct error *err = output_write(o->output, &out);
	buffer_release(&message);
	buffer_release(&out);
	return err;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv, int *exit_status)
{
	const struct badge_options *o = options;
	struct workspace ws;
	struct workspace_view view = { .at = o->at };
	const struct paper **papers = NULL;
	struct total total = { 0 };
	size_t nr = 0;
	(void)exit_status;
	struct error *err = workspace_open(&ws, ctx, &view);
	struct selection sel = { .all = true, .paths = argv, .nr_paths = argc };
	if (!err)
		err = workspace_select(&ws, &sel, &papers, &nr);
	if (!err)
		err = count(&total, &ws, papers, nr);
	if (!err)
		err = draw(o, &total);
	free(papers);
	workspace_release(&ws);
	return err;
}

static const char *const formats[] = { "svg", "json", NULL };

static const struct option options[] = {
	{ OPTION_CHOICE, 0, "format", offsetof(struct badge_options, format), "<format>",
	  "svg (default), or json for shields.io",
	  "svg (default), or json: what https://shields.io/badges/endpoint-badge takes, when the file is published.",
	  formats },
	{ OPTION_STRING, 'o', "output", offsetof(struct badge_options, output), "<file>",
	  "write into a file instead of standard output", NULL, NULL, "file" },
	{ OPTION_STRING, 0, "label", offsetof(struct badge_options, label), "<text>",
	  "what stands on the left (default: papers; of one: paper)" },
	{ OPTION_STRING, 0, "at", offsetof(struct badge_options, at), "<rev>",
	  "the papers as <rev> has them, instead of the work tree", NULL, NULL, "rev" },
	{ .kind = OPTION_END },
};

static const char *const usage[] = { "[<options>] [<paper>...]", NULL };

static const struct example examples[] = {
	{ "git scrutiny badge -o badge.svg", "A picture for the README: \"papers | 12 clean\"." },
	{ "git scrutiny badge --label=tilings -o tilings.svg theory/tilings", "Of one paper." },
	{ NULL, NULL },
};

const struct command cmd_badge = {
	.name = "badge",
	.summary = "draw a badge that says how the papers are",
	.usage = usage,
	.description =
		"Draws a badge: how many findings of the worst severity the papers have, or how many papers are clean. "
		"Verified and plausible findings count, from the records or the reports, and where there is neither from "
		"the built-in checks. No model is asked. The same findings give the same bytes.",
	.options = options,
	.options_size = sizeof(struct badge_options),
	.examples = examples,
	.run = run,
};
