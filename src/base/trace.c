#include "base/trace.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

/* Shorter ones would take words out of every line, and guard nothing. */
#define SECRET_MIN_LENGTH 6

/* The state of the process: like errno, tracing is of no use if it must be passed everywhere. */
static int trace_fd = -1;
static struct {
	char **items;
	size_t nr, alloc;
} secrets;

void trace_open(const char *setting)
{
	static const char *const to_stderr[] = { "1", "true", "yes", "on" };
	trace_fd = -1;
	if (!setting)
		return;
	if (setting[0] == '/') {
		trace_fd = open(setting, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
		return;
	}
	if (setting[0] >= '2' && setting[0] <= '9' && !setting[1]) {
		trace_fd = setting[0] - '0';
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(to_stderr); i++)
		if (!strcmp(setting, to_stderr[i]))
			trace_fd = STDERR_FILENO;
}

bool trace_enabled(void)
{
	return trace_fd >= 0;
}

void trace_add_secret(const char *secret)
{
	if (!secret || strlen(secret) < SECRET_MIN_LENGTH)
		return;
	for (size_t i = 0; i < secrets.nr; i++)
		if (!strcmp(secrets.items[i], secret))
			return;
	ALLOC_GROW(secrets.items, secrets.nr, secrets.alloc);
	secrets.items[secrets.nr++] = xstrdup(secret);
}

static void write_line(const struct buffer *line)
{
	const char *data = line->data;
	size_t len = line->len;
	while (len) {
		ssize_t n = write(trace_fd, data, len);
		if (n <= 0)
			return; /* tracing never stops the work */
		data += n;
		len -= (size_t)n;
	}
}

void trace_printf_at(const char *file, int line, const char *fmt, ...)
{
	struct buffer out = BUFFER_INIT, text = BUFFER_INIT;
	struct timespec now = { 0, 0 };
	struct tm tm = { 0 };
	va_list ap;
	if (!trace_enabled())
		return;
	va_start(ap, fmt);
	buffer_vaddf(&text, fmt, ap);
	va_end(ap);
	char *clean = redact(buffer_detach(&text, NULL));
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	const char *slash = strrchr(file, '/');
	buffer_addf(&out, "%02d:%02d:%02d.%06ld %s:%d  ", tm.tm_hour, tm.tm_min, tm.tm_sec,
		    now.tv_nsec / 1000, slash ? slash + 1 : file, line);
	text_for_terminal(&out, clean, strlen(clean), true);
	if (out.data[out.len - 1] != '\n')
		buffer_addch(&out, '\n');
	write_line(&out);
	buffer_release(&out);
	free(clean);
}

/* -- redaction ------------------------------------------------------------------------------- */

/* How far a secret reaches that is recognised by what stands before it. */
enum reach {
	REACH_TOKEN, /* letters, digits and -_.~+/=%: */
	REACH_LINE,  /* to the end of the line */
};

/*
 * Shapes of secrets: what comes before one, whether that is part of it, and how many bytes must
 * follow so that a word is not taken for a key. Compared without regard to case where the case
 * is not part of the shape.
 */
static const struct shape {
	const char *prefix;
	bool is_secret;    /* the prefix belongs to the secret */
	bool any_case;
	enum reach reach;
	size_t min;
} shapes[] = {
	{ "sk-", true, false, REACH_TOKEN, 16 },          /* OpenAI, Anthropic and many others */
	{ "sk_", true, false, REACH_TOKEN, 16 },
	{ "AIza", true, false, REACH_TOKEN, 30 },         /* Google */
	{ "ya29.", true, false, REACH_TOKEN, 16 },
	{ "AKIA", true, false, REACH_TOKEN, 16 },         /* AWS */
	{ "ASIA", true, false, REACH_TOKEN, 16 },
	{ "ghp_", true, false, REACH_TOKEN, 16 },         /* GitHub */
	{ "gho_", true, false, REACH_TOKEN, 16 },
	{ "ghu_", true, false, REACH_TOKEN, 16 },
	{ "ghs_", true, false, REACH_TOKEN, 16 },
	{ "ghr_", true, false, REACH_TOKEN, 16 },
	{ "github_pat_", true, false, REACH_TOKEN, 16 },
	{ "glpat-", true, false, REACH_TOKEN, 16 },       /* GitLab */
	{ "hf_", true, false, REACH_TOKEN, 16 },          /* Hugging Face */
	{ "gsk_", true, false, REACH_TOKEN, 16 },         /* Groq */
	{ "xai-", true, false, REACH_TOKEN, 16 },
	{ "pplx-", true, false, REACH_TOKEN, 16 },
	{ "r8_", true, false, REACH_TOKEN, 16 },          /* Replicate */
	{ "xoxb-", true, false, REACH_TOKEN, 10 },        /* Slack */
	{ "xoxp-", true, false, REACH_TOKEN, 10 },
	{ "eyJ", true, false, REACH_TOKEN, 30 },          /* JSON web tokens */
	{ "authorization:", false, true, REACH_LINE, 1 },
	{ "cookie:", false, true, REACH_LINE, 1 },
	{ "x-api-key:", false, true, REACH_LINE, 1 },
	{ "api-key:", false, true, REACH_LINE, 1 },
	{ "x-goog-api-key:", false, true, REACH_LINE, 1 },
	{ "x-amz-security-token:", false, true, REACH_LINE, 1 },
	{ "private-token:", false, true, REACH_LINE, 1 },
	{ "bearer ", false, true, REACH_TOKEN, 6 },
	{ "api_key=", false, true, REACH_TOKEN, 1 },
	{ "apikey=", false, true, REACH_TOKEN, 1 },
	{ "key=", false, true, REACH_TOKEN, 6 },
	{ "token=", false, true, REACH_TOKEN, 6 },
	{ "secret=", false, true, REACH_TOKEN, 1 },
	{ "password=", false, true, REACH_TOKEN, 1 },
	{ "x-amz-signature=", false, true, REACH_TOKEN, 1 },
	{ "api_key\":", false, true, REACH_LINE, 1 },
	{ "access_token\":", false, true, REACH_LINE, 1 },
};

static bool token_byte(char c)
{
	return ascii_alnum(c) || (c && strchr("-_.~+/=%:", c));
}

static size_t reach_of(enum reach reach, const char *s)
{
	size_t n = 0;
	if (reach == REACH_LINE)
		return strcspn(s, "\r\n");
	while (token_byte(s[n]))
		n++;
	return n;
}

static bool has_prefix(const char *s, const char *prefix, bool any_case)
{
	for (; *prefix; s++, prefix++)
		if (any_case ? ascii_lower(*s) != *prefix : *s != *prefix)
			return false;
	return true;
}

/* The length of the known secret at S, the longest of several. */
static size_t known_secret(const char *s)
{
	size_t longest = 0;
	for (size_t i = 0; i < secrets.nr; i++)
		if (starts_with(s, secrets.items[i]) && strlen(secrets.items[i]) > longest)
			longest = strlen(secrets.items[i]);
	return longest;
}

/* If S begins with the shape of a secret: how many bytes of it stay, and how many go. */
static bool shaped_secret(const char *s, size_t *kept, size_t *gone)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *shape = &shapes[i];
		if (!has_prefix(s, shape->prefix, shape->any_case))
			continue;
		size_t prefix = strlen(shape->prefix);
		size_t n = reach_of(shape->reach, s + prefix);
		/* "KEY=..." in a sentence that says how to set one. */
		bool only_dots = shape->reach == REACH_TOKEN && strspn(s + prefix, ".") >= n;
		if (n < shape->min || only_dots)
			continue;
		*kept = shape->is_secret ? 0 : prefix;
		*gone = shape->is_secret ? prefix + n : n;
		return true;
	}
	return false;
}

/* "://user:password@": what stands between "://" and "@". */
static size_t user_info(const char *s)
{
	size_t n = strcspn(s, "@/?# \t\r\n\"'");
	return s[n] == '@' ? n : 0;
}

char *redact(char *text)
{
	struct buffer out = BUFFER_INIT;
	const char *s = text;
	while (*s) {
		size_t kept = 0, gone = known_secret(s);
		bool word_start = s == text || !ascii_alnum(s[-1]);
		if (!gone && word_start && *s != ':')
			shaped_secret(s, &kept, &gone);
		if (!gone && starts_with(s, "://")) {
			kept = 3;
			gone = user_info(s + 3);
		}
		if (!gone) {
			buffer_addch(&out, *s++);
			continue;
		}
		buffer_add(&out, s, kept);
		buffer_addstr(&out, s[kept] == ' ' ? " <redacted>" : "<redacted>");
		s += kept + gone;
	}
	free(text);
	return buffer_detach(&out, NULL);
}
