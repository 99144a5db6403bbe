#include "cmd/engine_settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define MAX_SECONDS (7 * 24 * 3600L)
/* Fewer would be no straggler, more would never be reached. */
#define MIN_HEDGE 1.0
#define MAX_HEDGE 1000.0

static long seconds_of_unit(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	default:
		return 0;
	}
}

bool duration_parse(const char *text, long *out_ms)
{
	long seconds = 0;
	if (!*text)
		return false;
	for (const char *p = text; *p;) {
		char *end;
		if (!ascii_digit((unsigned char)*p))
			return false;
		long n = strtol(p, &end, 10);
		long unit = *end ? seconds_of_unit(*end) : 1;
		if (!unit || n > MAX_SECONDS / unit || seconds + n * unit > MAX_SECONDS)
			return false;
		seconds += n * unit;
		p = *end ? end + 1 : end;
	}
	*out_ms = seconds * 1000;
	return seconds > 0;
}

static struct error *read_deadline(struct model_engine_settings *out, const char *text,
				   const char *name)
{
	if (!text || duration_parse(text, &out->run_deadline_ms))
		return NULL;
	return error_with_hint(error_new(ERROR_USAGE, "%s '%s' is no time", name, text),
			       "write it as 90s, 15m or 2h");
}

static struct error *read_hedge(struct model_engine_settings *out, const char *text)
{
	char *end;
	if (!text || !strcmp(text, "0") || !strcmp(text, "false"))
		return NULL;
	out->hedge = strtod(text, &end);
	if (*end || end == text || !(out->hedge >= MIN_HEDGE && out->hedge <= MAX_HEDGE))
		return error_with_hint(error_new(ERROR_USAGE, "scrutiny.hedge is '%s': it must be a "
							      "number from 1 to 1000", text),
				       "3 asks again what has been silent three times as long as the "
				       "median answer takes; 0 never does");
	return NULL;
}

struct error *engine_settings_read(struct model_engine_settings *out, struct repo *repo,
				   const char *deadline)
{
	const char *configured = repo_config(repo, "scrutiny.deadline");
	struct error *err = deadline ? read_deadline(out, deadline, "--deadline")
				     : read_deadline(out, configured, "scrutiny.deadline");
	return err ? err : read_hedge(out, repo_config(repo, "scrutiny.hedge"));
}
