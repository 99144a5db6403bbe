#include "deploy/config_text.h"

#include "base/memory.h"
#include "base/regex.h"
#include "base/text.h"
#include "image/reference.h"

/* Of a value in a message. */
#define MAX_SHOWN 60

/* -- faults that no pattern tells ---------------------------------------------------------------- */

static const char *fault_of_path(const char *s)
{
	if (*s == '/' || *s == '~' || *s == '-')
		return "must be a path in the repository, written from its top: without '/', '~' or '-' "
		       "before it";
	for (const char *part = s; part; part = strchr(part, '/')) {
		part += *part == '/';
		size_t len = strcspn(part, "/");
		if (len == 2 && starts_with(part, ".."))
			return "leads out of the repository";
		if (!len || (len == 1 && *part == '.'))
			return "must be a path without empty parts and '.'";
		if (len == 4 && !strncmp(part, ".git", 4))
			return "is git's own folder, which is in no commit";
	}
	return NULL;
}

/* What a mounted folder would take from the system in the container, or give away of the host. */
static const char *fault_of_folder(const char *s)
{
	static const char *const whole[] = { "/", "/bin", "/boot", "/etc", "/home", "/lib", "/lib64",
					     "/opt", "/root", "/sbin", "/tmp", "/usr", "/var", NULL };
	static const char *const below[] = { "/dev", "/proc", "/run", "/sys", "/var/run", NULL };
	size_t len = strlen(s);
	if (strstr(s, "//") || strstr(s, "/../") || strstr(s, "/./") || ends_with(s, "/..") ||
	    ends_with(s, "/.") || (len > 1 && s[len - 1] == '/'))
		return "must be an absolute path without '.', '..' and empty parts";
	for (size_t i = 0; whole[i]; i++)
		if (!strcmp(s, whole[i]))
			return "is a folder of the system in the container: name one below it, such as /data";
	for (size_t i = 0; below[i]; i++) {
		const char *rest;
		if (skip_prefix(s, below[i], &rest) && (!*rest || *rest == '/'))
			return "belongs to the system in the container: name another, such as /data";
	}
	return NULL;
}

/* Variables that change which code a process runs, or where it looks for it. Whoever can set those from
 * outside runs what they like; a star stands for the rest of the name. */
static const char *const variables_of_loaders[] = {
	"LD_*", "DYLD_*", "PATH", "IFS", "ENV", "BASH_ENV", "BASH_FUNC_*", "SHELL", "SHELLOPTS",
	"BASHOPTS", "PS4", "PROMPT_COMMAND", "HOME", "TMPDIR", "PYTHONPATH", "PYTHONHOME",
	"PYTHONSTARTUP", "PYTHONUSERBASE", "PYTHONEXECUTABLE", "PYTHONPLATLIBDIR", "PYTHONBREAKPOINT",
	"PYTHONINSPECT", "PYTHONWARNINGS", "PYTHONPYCACHEPREFIX", "NODE_OPTIONS", "NODE_PATH",
	"NODE_EXTRA_CA_CERTS", "PERL5LIB", "PERL5OPT", "PERL5DB", "PERLLIB", "RUBYLIB", "RUBYOPT",
	"GEM_PATH", "GEM_HOME", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH",
	"GCONV_PATH", "GLIBC_TUNABLES", "MALLOC_*", "LOCPATH", "NLSPATH", "HOSTALIASES", "RESOLV_*",
	"OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "GIT_*", "PHPRC", "PHP_INI_SCAN_DIR", "LUA_PATH*",
	"LUA_CPATH*", "DOTNET_STARTUP_HOOKS", "CORECLR_*", "COR_*", NULL,
};

static const char *fault_of_variable(const char *s)
{
	for (size_t i = 0; variables_of_loaders[i]; i++) {
		const char *name = variables_of_loaders[i];
		size_t len = strcspn(name, "*");
		if (!strncmp(s, name, len) && (name[len] == '*' || !s[len]))
			return "changes how programs are started or find their code, which no secret may";
	}
	return NULL;
}

static const char *fault_of_dots(const char *s)
{
	return strstr(s, "..") ? "must be without '..'" : NULL;
}

static const char *fault_of_health(const char *s)
{
	return starts_with(s, "//") ? "must be a path on the app's own server, such as /healthz"
				    : fault_of_dots(s);
}

/* -- the table ------------------------------------------------------------------------------------- */

/* Names of files: any character but those that a shell, a unit, a pattern or a template reads. */
#define FILE_CHARACTERS "A-Za-z0-9._@+,=/~\\x80-\\xff-"
#define LABEL "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
#define HOST LABEL "(?:\\." LABEL "){0,8}"
#define URL_PATH "/[A-Za-z0-9._~/=+,@-]*"

static const struct text_rule {
	size_t max;
	const char *regex;    /* all of the string */
	const char *must;     /* what it says, for people: "must be ..." */
	const char *(*fault)(const char *s); /* NULL, or what the pattern does not tell */
	bool path;            /* "./" before and '/' behind are taken off first */
	bool hidden;          /* not shown: people write secrets where they should not */
} rules[TEXT_KINDS] = {
	[TEXT_APP] = { 63, "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?",
		       "lower-case letters, digits and '-' between them" },
	[TEXT_ENVIRONMENT] = { 32, "(?!(?:hours|remotes)\\z)[a-z][a-z0-9]*(?:-[a-z0-9]+)*",
			       "lower-case letters, digits and '-' between them, and neither 'hours' nor "
			       "'remotes'" },
	[TEXT_REGION] = { 32, "[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}",
			  "a region of AWS, such as eu-central-1" },
	[TEXT_INSTANCE] = { 128, "i-[0-9a-f]{8}(?:[0-9a-f]{9})?|(?!i-[0-9a-f]+\\z)[A-Za-z0-9][A-Za-z0-9._-]*",
			    "an instance's id (i- and 17 digits), or its tag Name of letters, digits and any "
			    "of ._-" },
	[TEXT_INSTANCE_TYPE] = { 32, "[a-z][a-z0-9-]*\\.[a-z0-9][a-z0-9-]*",
				 "a type of instance, such as t3.medium" },
	[TEXT_REPOSITORY_FILE] = { 1024, "[" FILE_CHARACTERS "]+",
				   "the path of a file, of letters, digits and any of ._-+@,=/",
				   fault_of_path, true },
	[TEXT_REPOSITORY_PATH] = { 1024, "[" FILE_CHARACTERS " ]*",
				   "a path of letters, digits, spaces and any of ._-+@,=/ (where a file has "
				   "others in its name, write its folder)",
				   fault_of_path, true },
	[TEXT_CONTAINER_FOLDER] = { 255, "/[A-Za-z0-9._/-]*",
				    "an absolute path of letters, digits and any of ._-/, such as /data",
				    fault_of_folder },
	[TEXT_VARIABLE] = { 128, "[A-Z_][A-Z0-9_]*",
			    "capital letters, digits and '_', such as OPENAI_API_KEY", fault_of_variable },
	[TEXT_IMAGE_VARIABLE] = { 128, "[A-Za-z_][A-Za-z0-9_]*", "letters, digits and '_'" },
	[TEXT_SECRET_SOURCE] = { 512,
				 "(?:/[A-Za-z0-9_.-]+){1,15}|"
				 "secretsmanager:[A-Za-z0-9/_+=.@-]+(?:#[A-Za-z0-9_.-]{1,128})?",
				 "the name of a parameter (/web-demo/openai) or "
				 "secretsmanager:<name>[#<key>]: never the secret itself",
				 fault_of_dots, .hidden = true },
	[TEXT_HEALTH] = { 255, URL_PATH, "a path of letters, digits and any of ._~/=+,@-, such as /healthz",
			  fault_of_health },
	[TEXT_WORD] = { 4096, "[^\\x00-\\x1f\\x7f]+", "text on one line" },
	[TEXT_USER] = { 65,
			"(?:[a-z_][a-z0-9_-]{0,31}|[0-9]{1,10})(?::(?:[a-z_][a-z0-9_-]{0,31}|[0-9]{1,10}))?",
			"a user's name or number in the container, and optionally ':' and a group" },
	[TEXT_PACKAGE] = { 128, "[a-z0-9][a-z0-9+.-]*(?:=[A-Za-z0-9.+:~-]+)?",
			   "the name of a package of the base's distribution, such as libgomp1" },
	[TEXT_IMAGE] = { REFERENCE_MAX, "[A-Za-z0-9._/:@\\[\\]-]+", "the name of an image" },
	[TEXT_PLATFORM] = { 32, "linux/[a-z0-9_]{1,16}(?:/v[0-9]{1,2})?", "linux/amd64 or linux/arm64" },
	[TEXT_URL] = { 512, "https?://" HOST "(?::[0-9]{1,5})?(?:" URL_PATH ")?",
		       "an http or https address without user, password and query", fault_of_dots },
};

static bool matches(const char *regex, const char *s)
{
	struct regex *re;
	struct regex_match m;
	char *whole = xstrfmt("\\A(?:%s)\\z", regex);
	struct error *err = regex_new(&re, whole, 0);
	bool found = !err && regex_search(re, slice_of_string(s), 0, &m, NULL);
	error_free(err);
	if (!err)
		regex_free(re);
	free(whole);
	return found;
}

/* What looks like something else, or like nothing, to whoever reads it. */
static bool is_plain_text(const char *s)
{
	struct buffer shown = BUFFER_INIT;
	text_for_terminal(&shown, s, strlen(s), false);
	bool same = !strcmp(shown.data, s);
	buffer_release(&shown);
	return same;
}

char *config_text_fault(enum config_text kind, const char *s)
{
	const struct text_rule *rule = &rules[kind];
	if (strlen(s) > rule->max)
		return xstrfmt("must have at most %zu characters", rule->max);
	if (!matches(rule->regex, s) || !is_plain_text(s))
		return xstrfmt("must be %s", rule->must);
	const char *why = rule->fault && *s ? rule->fault(s) : NULL;
	return why ? xstrdup(why) : NULL;
}

void config_text_show(struct buffer *out, const char *s, size_t len)
{
	text_for_terminal(out, s, len < MAX_SHOWN ? len : MAX_SHOWN, false);
	if (len > MAX_SHOWN)
		buffer_addstr(out, "...");
}

static char *normal_path(const char *s)
{
	while (skip_prefix(s, "./", &s))
		;
	if (!strcmp(s, "."))
		return xstrdup("");
	size_t len = strlen(s);
	return xmemdupz(s, len > 1 && s[len - 1] == '/' ? len - 1 : len);
}

struct error *config_text_read(char **out, enum config_text kind, const struct yaml_node *value,
			       const char *file, const char *name)
{
	const char *s;
	struct error *err = yaml_string(value, file, name, &s);
	if (err)
		return err;
	char *text = rules[kind].path ? normal_path(s) : xstrdup(s), *why = config_text_fault(kind, text);
	if (!why) {
		free(*out);
		*out = text;
		return NULL;
	}
	struct buffer shown = BUFFER_INIT;
	config_text_show(&shown, s, value->value_len);
	if (rules[kind].hidden)
		err = error_at(ERROR_SYNTAX, file, value->line, value->column, "'%s' %s", name, why);
	else
		err = error_at(ERROR_SYNTAX, file, value->line, value->column, "'%s' is '%s': it %s", name,
			       shown.data, why);
	buffer_release(&shown);
	free(why);
	free(text);
	return err;
}
