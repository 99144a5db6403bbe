/* Where people look at a file. */
#include "forge/web.h"

#include "base/text.h"

static bool is_loopback(const char *host)
{
	return starts_with(host, "127.") || starts_with(host, "localhost") || starts_with(host, "[::1]");
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
	const char *host = forge_host(forge), *ref = place->branch ? place->branch : place->commit;
	buffer_addf(out, "%s://%s/", is_loopback(host) ? "http" : "https", host);
	text_percent(out, slice_of_string(forge_repository(forge)), "/");
	buffer_addstr(out, place->branch ? forms[kind].branch : forms[kind].commit);
	text_percent(out, slice_of_string(ref), "/");
	buffer_addch(out, '/');
	text_percent(out, slice_of_string(place->path), "/");
	/* A rendered page has no lines. */
	if (place->line)
		buffer_addf(out, "%s#L%zu", ends_with(place->path, ".md") ? forms[kind].plain : "", place->line);
}
