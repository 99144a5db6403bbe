/* Lists of Python packages: which one is curated, which a dump, and what of the system they need. */
#include "base/memory.h"
#include "base/regex.h"
#include "base/text.h"
#include "deploy/project_parts.h"

/* Fewer pinned packages than this may well have been chosen one by one. */
#define MANY_PINS 60

struct counts {
	size_t packages, pinned, local, conda, reasons;
};

static void count_line(struct counts *c, struct slice line)
{
	line = slice_trim(line);
	if (memmem(line.data, line.len, "# via", 5) || memmem(line.data, line.len, "--hash", 6))
		c->reasons++;
	if (!line.len || *line.data == '#' || *line.data == '-')
		return;
	c->packages++;
	c->local += memmem(line.data, line.len, "@ file://", 9) != NULL;
	const char *equals = memmem(line.data, line.len, "==", 2);
	c->pinned += equals != NULL;
	/* "numpy=1.26.4=py311h64a7726_0" */
	const char *one = equals ? NULL : memchr(line.data, '=', line.len);
	c->conda += one && one[1] != '=' &&
		    memchr(one + 1, '=', (size_t)(line.data + line.len - one - 1)) != NULL;
}

char *project_frozen(struct slice text)
{
	struct counts c = { 0 };
	for (size_t at = 0; at < text.len;) {
		const char *end = memchr(text.data + at, '\n', text.len - at);
		size_t len = end ? (size_t)(end - text.data) - at : text.len - at;
		count_line(&c, (struct slice){ text.data + at, len });
		at += len + 1;
	}
	if (c.local)
		return xstrfmt("%zu of its %zu packages are paths on the machine it was made on (@ file://)",
			       c.local, c.packages);
	if (c.conda)
		return xstrfmt("it is a list of conda's, which pip cannot read");
	if (c.pinned >= MANY_PINS && c.pinned * 100 >= c.packages * 95 && !c.reasons)
		return xstrfmt("it pins %zu packages and says of none why it is needed", c.pinned);
	return NULL;
}

/* -- which one ------------------------------------------------------------------------------------------ */

static unsigned rank(const char *path)
{
	static const char *const names[] = {
		"requirements.txt",      "requirements/prod.txt", "requirements/production.txt",
		"requirements/base.txt", "requirements-prod.txt", "requirements_prod.txt",
		"requirements.in",       "pyproject.toml"
	};
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(path, names[i]))
			return i;
	bool other = starts_with(path, "requirements") && ends_with(path, ".txt") && !strstr(path, "dev") &&
		     !strstr(path, "test") && !strstr(path, "doc") && !strstr(path, "lint");
	return other ? ARRAY_SIZE(names) : ARRAY_SIZE(names) + 1;
}

static bool is_list(const char *path)
{
	const char *slash = strrchr(path, '/');
	return starts_with(slash ? slash + 1 : path, "requirements") && ends_with(path, ".txt");
}

char *project_requirements(struct survey *s, char **dump)
{
	const char *best = NULL;
	unsigned best_rank = 9; /* behind the last one that counts */
	struct buffer text = BUFFER_INIT;
	*dump = NULL;
	for (size_t i = 0; i < s->nr; i++) {
		const char *path = s->files[i].path;
		if ((rank(path) >= best_rank && (*dump || !is_list(path))) || !survey_read(s, path, &text))
			continue;
		/* Of a project without dependencies of its own, only settings of tools. */
		if (!strcmp(path, "pyproject.toml") && !strstr(text.data, "dependencies"))
			continue;
		char *why = is_list(path) ? project_frozen(slice_of(&text)) : NULL;
		if (why && !*dump)
			*dump = xstrfmt("%s: %s", path, why);
		if (!why && rank(path) < best_rank) {
			best = path;
			best_rank = rank(path);
		}
		free(why);
	}
	buffer_release(&text);
	return best ? xstrdup(best) : NULL;
}

/* -- what they need of the system -------------------------------------------------------------------------
 */

static const struct {
	const char *python, *debian; /* packages, separated by spaces */
} needs[] = {
	{ "lightgbm", "libgomp1" },
	{ "opencv-python", "libgl1 libglib2.0-0" },
	{ "opencv-contrib-python", "libgl1 libglib2.0-0" },
	{ "weasyprint", "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" },
	{ "cairosvg", "libcairo2" },
	{ "pdf2image", "poppler-utils" },
	{ "pytesseract", "tesseract-ocr" },
	{ "ocrmypdf", "tesseract-ocr ghostscript" },
	{ "camelot-py", "ghostscript" },
	{ "ffmpeg-python", "ffmpeg" },
	{ "pydub", "ffmpeg" },
	{ "moviepy", "ffmpeg" },
	{ "openai-whisper", "ffmpeg" },
	{ "psycopg2", "gcc libpq-dev" },
	{ "psycopg", "libpq5" },
	{ "mysqlclient", "gcc pkg-config default-libmysqlclient-dev" },
	{ "pyodbc", "unixodbc" },
	{ "python-magic", "libmagic1" },
	{ "python-ldap", "gcc libldap-dev libsasl2-dev" },
	{ "graphviz", "graphviz" },
	{ "pydot", "graphviz" },
	{ "pygraphviz", "gcc graphviz libgraphviz-dev" },
	{ "pyzbar", "libzbar0" },
	{ "pdfkit", "wkhtmltopdf" },
	{ "gitpython", "git" },
	{ "pyaudio", "gcc portaudio19-dev" },
};

void project_system_packages(struct project *p, struct slice text)
{
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		char *pattern =
			xstrfmt("(?:^|[\"'\\s\\[,])(%s)(?:\\[[^\\]]*\\])?\\s*(?:[=<>!~;\"',\\]#@ ]|$)",
				needs[i].python);
		char *found = survey_match(text, pattern, REGEX_CASELESS);
		for (const char *at = needs[i].debian; found && *at;) {
			size_t len = strcspn(at, " ");
			char *name = xmemdupz(at, len);
			project_package(p, name);
			free(name);
			at += len + (at[len] == ' ');
		}
		if (found)
			project_note(p, "%s needs %s of Debian", needs[i].python, needs[i].debian);
		free(found);
		free(pattern);
	}
}

/* -- the version of Python
 * ----------------------------------------------------------------------------------- */

/* Whether "3.<minor>" is within SPEC, as ">=3.10,<3.13" or "~=3.11.2". */
static bool fits(const char *spec, int minor)
{
	while (*spec) {
		spec += strspn(spec, ", ");
		size_t op = strspn(spec, "<>=!~^");
		int other = -1, used = 0;
		if (sscanf(spec + op, " 3.%d%n", &other, &used) != 1 || !used)
			return true; /* "3", or nothing that we know */
		bool or_equal = op > 1 && spec[1] == '=';
		if (*spec == '>' && (minor < other || (!or_equal && minor == other)))
			return false;
		if (*spec == '<' && (minor > other || (!or_equal && minor == other)))
			return false;
		if ((*spec == '=' || !op) && minor != other)
			return false;
		if (*spec == '!' && minor == other)
			return false;
		if ((*spec == '~' || *spec == '^') && minor < other)
			return false;
		spec += strcspn(spec, ",");
	}
	return true;
}

char *project_python_version(const struct survey *s)
{
	static const int preferred[] = { 12, 13, 11, 10, 14, 9, 8 };
	static const struct {
		const char *path, *regex;
		bool exact;
	} places[] = {
		{ ".python-version", "^\\s*(?:cpython-|python-)?(3\\.[0-9]{1,2})", true },
		{ "runtime.txt", "^\\s*python-(3\\.[0-9]{1,2})", true },
		{ "pyproject.toml", "^\\s*requires-python\\s*=\\s*[\"']([^\"'\\n]{1,60})", false },
		{ "pyproject.toml", "^\\s*python\\s*=\\s*[\"']([^\"'\\n]{1,60})", false },
	};
	struct buffer text = BUFFER_INIT;
	char *found = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(places) && !found; i++) {
		if (!survey_read(s, places[i].path, &text))
			continue;
		char *match = survey_match(slice_of(&text), places[i].regex, 0);
		if (match && places[i].exact)
			found = xstrdup(match);
		for (size_t k = 0; match && k < ARRAY_SIZE(preferred) && !found; k++)
			if (fits(match, preferred[k]))
				found = xstrfmt("3.%d", preferred[k]);
		free(match);
	}
	buffer_release(&text);
	return found ? found : xstrdup("3.12");
}
