/* HEALTHCHECK, in the form that docker's configuration has.
 * https://docs.docker.com/reference/dockerfile/#healthcheck */
#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "image/dockerfile_internal.h"

static const struct {
	const char *flag, *key;
} health_flags[] = {
	{ "interval", "Interval" },
	{ "timeout", "Timeout" },
	{ "start-period", "StartPeriod" },
	{ "start-interval", "StartInterval" },
};

/* "1m30s" in nanoseconds; below 0: it is no duration of Go's. */
static int64_t duration(struct slice text)
{
	static const struct {
		const char *unit;
		double nanoseconds;
	} units[] = {
		{ "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 }
	};
	char *s = xmemdupz(text.data, text.len), *at = s;
	double sum = *s && text.len < 40 ? 0 : -1;
	while (*at && sum >= 0) {
		size_t digits = strspn(at, "0123456789."), unit = strcspn(at + digits, "0123456789.");
		double scale = 0;
		for (size_t i = 0; digits && i < ARRAY_SIZE(units); i++)
			if (strlen(units[i].unit) == unit && !memcmp(units[i].unit, at + digits, unit))
				scale = units[i].nanoseconds;
		sum = scale > 0 ? sum + strtod(at, NULL) * scale : -1;
		at += digits + unit;
	}
	free(s);
	return sum < 9e18 ? (int64_t)sum : -1;
}

static struct error *health_option(struct json_writer *w, struct slice flag, struct slice value)
{
	for (size_t i = 0; i < ARRAY_SIZE(health_flags); i++) {
		if (!slice_equals(flag, health_flags[i].flag))
			continue;
		int64_t ns = duration(value);
		if (ns < 0)
			return error_new(ERROR_SYNTAX, "'%.*s' is no duration, as \"30s\" is", (int)value.len,
					 value.data);
		json_put_integer(w, health_flags[i].key, ns);
		return NULL;
	}
	if (!slice_equals(flag, "retries"))
		return error_new(ERROR_SYNTAX, "HEALTHCHECK has no flag --%.*s", (int)flag.len, flag.data);
	if (!value.len || value.len > 6 || strspn(value.data, "0123456789") < value.len)
		return error_new(ERROR_SYNTAX, "'%.*s' is no number of retries", (int)value.len, value.data);
	json_put_integer(w, "Retries", strtol(value.data, NULL, 10));
	return NULL;
}

struct error *dockerfile_parse_health_check(struct parser *p, struct slice args)
{
	struct buffer out = BUFFER_INIT;
	struct json_writer w;
	struct slice flag, value;
	struct list command = { 0 };
	struct error *err = NULL;
	json_writer_init(&w, &out, false);
	json_begin_object(&w);
	while (!err && dockerfile_take_flag(&args, &flag, &value))
		err = health_option(&w, flag, value);
	struct slice word = dockerfile_word_next_plain(&args);
	args = slice_trim(args);
	bool none = word.len == 4 && !strncasecmp(word.data, "NONE", 4) && !args.len;
	if (!err && !none && (word.len != 3 || strncasecmp(word.data, "CMD", 3) || !args.len))
		err = error_new(ERROR_SYNTAX, "HEALTHCHECK needs CMD and a command, or NONE");
	json_key(&w, "Test");
	json_begin_array(&w);
	bool list = !err && !none && dockerfile_read_json_list(args, &command);
	json_string(&w, none ? "NONE" : list ? "CMD" : "CMD-SHELL");
	for (size_t i = 0; i < command.nr; i++)
		json_string(&w, command.items[i]);
	if (!list && !none)
		json_string_n(&w, args.data, args.len);
	json_end_array(&w);
	json_end_object(&w);
	if (!err) {
		free(p->out->spec.healthcheck);
		p->out->spec.healthcheck = buffer_detach(&out, NULL);
	}
	buffer_release(&out);
	strings_free(command.items, command.nr);
	return err;
}
