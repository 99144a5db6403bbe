#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"

__attribute__((format(printf, 1, 0)))
static char *vformat(const char *fmt, va_list ap)
{
	char *s = NULL;
	if (vasprintf(&s, fmt, ap) < 0)
		return xstrdup(fmt);
	return s;
}

static struct error *error_take(enum error_code code, char *message)
{
	struct error *err = xcalloc(1, sizeof(*err));
	err->code = code;
	err->message = message;
	return err;
}

struct error *error_new(enum error_code code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct error *err = error_take(code, vformat(fmt, ap));
	va_end(ap);
	return err;
}

struct error *error_errno(enum error_code code, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	va_start(ap, fmt);
	char *what = vformat(fmt, ap);
	va_end(ap);
	struct error *err = error_take(code, xstrfmt("%s: %s", what, strerror(saved)));
	free(what);
	return err;
}

struct error *error_at(enum error_code code, const char *file, size_t line, size_t column,
		       const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *what = vformat(fmt, ap);
	va_end(ap);
	char *message;
	if (line && column)
		message = xstrfmt("%s:%zu:%zu: %s", file, line, column, what);
	else if (line)
		message = xstrfmt("%s:%zu: %s", file, line, what);
	else
		message = xstrfmt("%s: %s", file, what);
	free(what);
	return error_take(code, message);
}

struct error *error_context(struct error *err, const char *fmt, ...)
{
	if (!err)
		return NULL;
	va_list ap;
	va_start(ap, fmt);
	char *context = vformat(fmt, ap);
	va_end(ap);
	char *message = xstrfmt("%s: %s", context, err->message);
	free(context);
	free(err->message);
	err->message = message;
	return err;
}

struct error *error_with_hint(struct error *err, const char *fmt, ...)
{
	if (!err)
		return NULL;
	va_list ap;
	va_start(ap, fmt);
	free(err->hint);
	err->hint = vformat(fmt, ap);
	va_end(ap);
	return err;
}

bool error_is(const struct error *err, enum error_code code)
{
	return err && err->code == code;
}

void error_free(struct error *err)
{
	if (!err)
		return;
	free(err->message);
	free(err->hint);
	free(err);
}

bool error_drop_if(struct error **err, enum error_code code)
{
	if (!error_is(*err, code))
		return false;
	error_free(*err);
	*err = NULL;
	return true;
}
