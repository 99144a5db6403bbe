#include "base/date.h"

#include <stdio.h>
#include <time.h>

#include "base/text.h"

/* What stands behind the seconds: ".5Z", "+01:00". */
static bool parse_rest(struct slice rest, double *fraction, double *offset)
{
	int hours, minutes;
	*fraction = *offset = 0;
	if (rest.len && *rest.data == '.') {
		size_t i = 1;
		for (double unit = 0.1; i < rest.len && ascii_digit((unsigned char)rest.data[i]); i++, unit /= 10)
			*fraction += unit * (rest.data[i] - '0');
		rest = (struct slice){ rest.data + i, rest.len - i };
	}
	if (rest.len == 6 && (*rest.data == '+' || *rest.data == '-') &&
	    sscanf(rest.data + 1, "%2d:%2d", &hours, &minutes) == 2)
		*offset = (*rest.data == '-' ? -60.0 : 60.0) * (hours * 60 + minutes);
	else if (!slice_equals(rest, "Z") && !slice_equals(rest, "z"))
		return false;
	return true;
}

bool date_parse(struct slice s, double *seconds)
{
	struct tm tm = { 0 };
	double fraction, offset;
	int end = 0;
	char text[64];
	if (s.len >= sizeof(text))
		return false;
	memcpy(text, s.data, s.len);
	text[s.len] = '\0';
	if (sscanf(text, "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &end) != 6 || !end)
		return false;
	if (!parse_rest((struct slice){ text + end, s.len - (size_t)end }, &fraction, &offset))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*seconds = (double)timegm(&tm) - offset + fraction;
	return true;
}

void date_add(struct buffer *out, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	if (gmtime_r(&t, &tm))
		buffer_addf(out, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
			    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void add_day(struct buffer *out, const struct tm *tm)
{
	if (tm)
		buffer_addf(out, "%04d-%02d-%02d", tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday);
}

void date_add_day(struct buffer *out, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	add_day(out, gmtime_r(&t, &tm));
}

void date_add_local_day(struct buffer *out, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	tzset();
	add_day(out, localtime_r(&t, &tm));
}
