#include "cmd/progress_line.h"

#include <string.h>

static void add_seconds(struct buffer *out, uint64_t seconds)
{
	if (seconds >= 3600)
		buffer_addf(out, "%u h %02u min", (unsigned)(seconds / 3600),
			    (unsigned)(seconds / 60 % 60));
	else if (seconds >= 60)
		buffer_addf(out, "%u min %02u s", (unsigned)(seconds / 60), (unsigned)(seconds % 60));
	else
		buffer_addf(out, "%u s", (unsigned)seconds);
}

/* What stands behind the last slash: the line is short, and the rest is mostly the same. */
static const char *last_part(const char *name)
{
	const char *slash = strrchr(name, '/');
	return slash ? slash + 1 : name;
}

static void add_tokens(struct buffer *out, int64_t tokens)
{
	if (tokens < 10000)
		buffer_addf(out, "   %lld tokens", (long long)tokens);
	else if (tokens < 10000000)
		buffer_addf(out, "   %lldk tokens", (long long)(tokens / 1000));
	else
		buffer_addf(out, "   %lldM tokens", (long long)(tokens / 1000000));
}

/* Papers that have not been begun will need as many calls as the others, on average. */
static double calls_expected(const struct session_progress *p)
{
	double begun = (double)p->papers_begun;
	return begun > 0 ? (double)p->calls * (double)p->papers / begun : (double)p->calls;
}

void progress_line(struct buffer *out, const struct session_progress *p)
{
	double left = calls_expected(p) - (double)p->calls_done;
	buffer_addf(out, "%zu paper%s x %zu model%s   %zu/%.0f done", p->papers,
		    p->papers == 1 ? "" : "s", p->models, p->models == 1 ? "" : "s", p->calls_done,
		    calls_expected(p));
	if (p->waiting) {
		buffer_addf(out, "   %s on %s ", last_part(p->waiting),
			    *p->waiting_paper ? last_part(p->waiting_paper) : ".");
		add_seconds(out, p->waiting_us / 1000000);
	}
	if (p->tokens)
		add_tokens(out, p->tokens);
	if (p->cost_usd > 0)
		buffer_addf(out, "   $%.3f", p->cost_usd);
	if (p->calls_done && left > 0) {
		buffer_addstr(out, "  eta ");
		add_seconds(out, (uint64_t)((double)p->elapsed_us / 1e6 / (double)p->calls_done * left +
					    0.5));
	}
}
