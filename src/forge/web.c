/* Where people look at a file. */
#include "forge/web.h"

#include <string.h>

#include "base/text.h"
#include "forge/internal.h"

/* The pages are above the API, but for GitHub's own, which has a host for it. */
static void add_root(struct buffer *out, const struct forge *f)
{
	static const char *const apis[] = { [FORGE_GITHUB] = "/api/v3", [FORGE_GITEA] = "/api/v1", [FORGE_GITLAB] = "/api/v4" };
	const char *api = f->site.api, *below = apis[f->site.kind];
	if (ends_with(api, below))
		buffer_add(out, api, strlen(api) - strlen(below));
	else
		buffer_addf(out, "%s://%s", starts_with(api, "http:") ? "http" : "https", f->site.host);
	buffer_addch(out, '/');
}

void forge_add_file_url(struct buffer *out, const struct forge *forge, const struct forge_place *place)
{
	static const struct {
		const char *branch, *commit, *plain;
	} forms[] = {
		[FORGE_GITHUB] = { "/blob/", "/blob/", "?plain=1" },
		[FORGE_GITEA] = { "/src/branch/", "/src/commit/", "?display=source" },
		[FORGE_GITLAB] = { "/-/blob/", "/-/blob/", "?plain=1" },
	};
	enum forge_kind kind = forge_kind(forge);
	const char *ref = place->branch ? place->branch : place->commit;
	add_root(out, forge);
	text_percent(out, slice_of_string(forge_repository(forge)), "/");
	buffer_addstr(out, place->branch ? forms[kind].branch : forms[kind].commit);
	text_percent(out, slice_of_string(ref), "/");
	buffer_addch(out, '/');
	text_percent(out, slice_of_string(place->path), "/");
	/* A rendered page has no lines. */
	if (place->line)
		buffer_addf(out, "%s#L%zu", ends_with(place->path, ".md") ? forms[kind].plain : "", place->line);
}
