#include "review/answer.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

/* Bytes of a finding's title; a model that writes more has put its reasons there. */
#define ANSWER_MAX_TITLE 400
/* Bytes of the name of a place. */
#define ANSWER_MAX_LOCATION 200

/* Not the findings: an answer without them is not one that found nothing. */
const char *const answer_may_lack[] = { "summary",  "strengths", "weaknesses", "questions",
					"scores",   "reason",    "location",   "why",
					"suggestion", NULL };

const char answer_schema[] =
	"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"summary\",\"strengths\","
	"\"weaknesses\",\"questions\",\"scores\",\"findings\"],\"properties\":{"
	"\"summary\":{\"type\":\"string\"},"
	"\"strengths\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
	"\"weaknesses\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
	"\"questions\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
	"\"scores\":{\"type\":\"array\",\"items\":{"
	"\"type\":\"object\",\"additionalProperties\":false,"
	"\"required\":[\"criterion\",\"score\",\"reason\"],\"properties\":{"
	"\"criterion\":{\"type\":\"string\",\"enum\":[\"soundness\",\"presentation\","
	"\"contribution\",\"overall\",\"confidence\"]},"
	"\"score\":{\"type\":\"number\"},"
	"\"reason\":{\"type\":\"string\"}}}},"
	"\"findings\":{\"type\":\"array\",\"items\":{"
	"\"type\":\"object\",\"additionalProperties\":false,"
	"\"required\":[\"quote\",\"location\",\"title\",\"why\",\"suggestion\",\"severity\","
	"\"confidence\"],\"properties\":{"
	"\"quote\":{\"type\":\"string\"},"
	"\"location\":{\"type\":\"string\"},"
	"\"title\":{\"type\":\"string\"},"
	"\"why\":{\"type\":\"string\"},"
	"\"suggestion\":{\"type\":\"string\"},"
	"\"severity\":{\"type\":\"string\",\"enum\":[\"error\",\"warning\",\"note\"]},"
	"\"confidence\":{\"type\":\"number\"}}}}}}";

/* Words that models use for severities although the schema names three. */
static const struct {
	const char *word;
	enum severity severity;
} severity_words[] = {
	{ "error", SEVERITY_ERROR },	  { "critical", SEVERITY_ERROR },
	{ "major", SEVERITY_ERROR },	  { "high", SEVERITY_ERROR },
	{ "severe", SEVERITY_ERROR },	  { "fatal", SEVERITY_ERROR },
	{ "warning", SEVERITY_WARNING },  { "moderate", SEVERITY_WARNING },
	{ "medium", SEVERITY_WARNING },	  { "note", SEVERITY_NOTE },
	{ "minor", SEVERITY_NOTE },	  { "low", SEVERITY_NOTE },
	{ "info", SEVERITY_NOTE },	  { "suggestion", SEVERITY_NOTE },
	{ "nitpick", SEVERITY_NOTE },
};

/* An unknown word is a warning: neither hidden among the notes nor an alarm. */
static enum severity severity_of(const char *word)
{
	struct buffer lower = BUFFER_INIT_MAX(32);
	struct slice s = slice_trim((struct slice){ word, strlen(word) });
	enum severity severity = SEVERITY_WARNING;

	for (size_t i = 0; i < s.len; i++)
		buffer_addch(&lower, (char)ascii_lower((unsigned char)s.data[i]));
	for (size_t i = 0; i < ARRAY_SIZE(severity_words); i++) {
		if (!strcmp(severity_words[i].word, lower.data))
			severity = severity_words[i].severity;
	}
	buffer_release(&lower);
	return severity;
}

/*
 * A model that writes \beta into JSON without doubling the backslash has written a backspace and
 * "eta". Backspace, form feed and a lone carriage return mean nothing in prose, so before a letter
 * they always were commands; tab and newline are taken back only before the rest of a command
 * that no line of prose starts with.
 */
static const struct {
	char control;
	char letter;
	const char *rest; /* what must follow, as a whole word; "": any letter */
} lost_escapes[] = {
	{ '\b', 'b', "" },	{ '\f', 'f', "" },	 { '\r', 'r', "" },
	{ '\t', 't', "heta" },	{ '\t', 't', "au" },	 { '\t', 't', "imes" },
	{ '\t', 't', "ilde" },	{ '\t', 't', "frac" },	 { '\t', 't', "riangle" },
	{ '\t', 't', "ext" },	{ '\t', 't', "extbf" },	 { '\t', 't', "extit" },
	{ '\t', 't', "extrm" }, { '\t', 't', "extsc" },	 { '\t', 't', "exttt" },
	{ '\n', 'n', "abla" },	{ '\n', 'n', "otin" },	 { '\n', 'n', "onumber" },
};

/* The letter that S, a control byte, was meant to be with a backslash before it; or 0. */
static char lost_escape(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(lost_escapes); i++) {
		const char *rest;
		if (*s != lost_escapes[i].control ||
		    !skip_prefix(s + 1, lost_escapes[i].rest, &rest))
			continue;
		if (ascii_alpha((unsigned char)*rest) == !*lost_escapes[i].rest)
			return lost_escapes[i].letter;
	}
	return 0;
}

/* Where to cut S so that at most MAX bytes stay and no character is split. */
static size_t cut_at(struct slice s, size_t max)
{
	if (s.len <= max)
		return s.len;
	while (max && ((unsigned char)s.data[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* S without control bytes and surrounding space, at most MAX bytes; NULL when nothing is left. */
static char *sanitise(const char *s, size_t max, bool one_line)
{
	struct buffer b = BUFFER_INIT;
	char *result = NULL;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		char letter = c < 0x20 ? lost_escape(s) : 0;
		if (letter) {
			buffer_addch(&b, '\\');
			buffer_addch(&b, letter);
		} else if (c == '\n' || c == '\t') {
			buffer_addch(&b, one_line ? ' ' : (char)c);
		} else if (c >= 0x20 && c != 0x7f) {
			buffer_addch(&b, (char)c);
		}
	}
	struct slice text = slice_trim(slice_of(&b));
	if (text.len) {
		size_t kept = cut_at(text, max);
		if (kept < text.len)
			result = xstrfmt("%.*s [... %zu more bytes]", (int)kept, text.data,
					 text.len - kept);
		else
			result = xmemdupz(text.data, text.len);
	}
	buffer_release(&b);
	return result;
}

static struct error *take_string(const cJSON *object, const char *key, const char *what, size_t max,
				 char **out)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
	if (!value || cJSON_IsNull(value))
		return NULL;
	const char *s;
	struct error *err = json_get_string(object, key, what, &s);
	if (!err)
		*out = sanitise(s, max, false);
	return err;
}

static double clamp(double x)
{
	return x >= 1 ? 1 : x > 0 ? x : 0; /* NaN falls to 0 */
}

/* A title is one line without a full stop; a finding without one is called by its reason. */
static char *make_title(const struct finding *f)
{
	const char *source = f->title        ? f->title
			     : f->why        ? f->why
			     : f->suggestion ? f->suggestion
					     : f->quote;
	char *title = source ? sanitise(source, ANSWER_MAX_TITLE, true) : NULL;
	if (!title)
		return NULL;
	size_t len = strlen(title);
	if (len > 1 && title[len - 1] == '.' && title[len - 2] != '.')
		title[len - 1] = '\0';
	return title;
}

static struct error *parse_finding(struct finding *f, const cJSON *object, const char *what)
{
	char *severity = NULL;
	struct error *err = NULL;

	if (!cJSON_IsObject(object))
		return error_new(ERROR_SYNTAX, "%s is not an object", what);
	if ((err = take_string(object, "quote", what, ANSWER_MAX_STRING, &f->quote)) ||
	    (err = take_string(object, "location", what, ANSWER_MAX_LOCATION, &f->location)) ||
	    (err = take_string(object, "title", what, ANSWER_MAX_STRING, &f->title)) ||
	    (err = take_string(object, "why", what, ANSWER_MAX_STRING, &f->why)) ||
	    (err = take_string(object, "suggestion", what, ANSWER_MAX_STRING, &f->suggestion)) ||
	    (err = take_string(object, "severity", what, ANSWER_MAX_STRING, &severity)))
		goto out;
	char *title = make_title(f);
	free(f->title);
	f->title = title;
	f->severity = severity_of(severity ? severity : "");
	f->confidence = clamp(json_number_or(object, "confidence", 0.5));
out:
	free(severity);
	return err;
}

/* -- the assessment --------------------------------------------------------------------------- */

static struct error *parse_remarks(struct remarks *out, const cJSON *root, const char *key,
				   const char *what, size_t *left_out)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, key), *item;
	if (!list || cJSON_IsNull(list))
		return NULL;
	struct error *err = json_get_array(root, key, what, &list);
	if (err)
		return err;
	cJSON_ArrayForEach(item, list) {
		if (!cJSON_IsString(item))
			return error_new(ERROR_SYNTAX, "%s: an item of '%s' is not a string", what,
					 key);
		char *text = sanitise(item->valuestring, ANSWER_MAX_STRING, true);
		if (!text)
			continue;
		if (out->nr < ASSESSMENT_MAX_REMARKS) {
			remarks_add(out, text);
		} else {
			free(text);
			++*left_out;
		}
	}
	return NULL;
}

/* A score that is none (of a criterion that nobody asked for, or out of bounds) is left out. */
static struct error *parse_score(struct assessment *a, const cJSON *object, const char *what)
{
	char *reason = NULL;
	if (!cJSON_IsObject(object))
		return error_new(ERROR_SYNTAX, "%s is not an object", what);
	const struct criterion *c = criterion_by_name(json_string_or(object, "criterion", ""));
	struct error *err = take_string(object, "reason", what, ANSWER_MAX_STRING, &reason);
	if (err || !c || assessment_score(a, c->id)) {
		free(reason);
		return err;
	}
	assessment_add_score(a, c->id, json_number_or(object, "score", -1), reason);
	return NULL;
}

static struct error *parse_scores(struct assessment *a, const cJSON *root, const char *what)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "scores"), *item;
	size_t number = 0;
	if (!list || cJSON_IsNull(list))
		return NULL;
	struct error *err = json_get_array(root, "scores", what, &list);
	if (err)
		return err;
	cJSON_ArrayForEach(item, list) {
		char *place = xstrfmt("%s: score %zu", what, ++number);
		err = parse_score(a, item, place);
		free(place);
		if (err)
			return err;
	}
	return NULL;
}

/* -- the answer ------------------------------------------------------------------------------- */

/* What an answer held and was not taken. */
struct left_out {
	size_t empty, findings, remarks;
};

static char *make_summary(const char *summary, const struct left_out *left_out)
{
	struct buffer b = BUFFER_INIT;
	char *text = sanitise(summary, ANSWER_MAX_STRING, false);
	if (text)
		buffer_addstr(&b, text);
	free(text);
	if (left_out->empty)
		buffer_addf(&b, "%s[findings without a word in this answer: %zu]", b.len ? "\n" : "",
			    left_out->empty);
	if (left_out->findings)
		buffer_addf(&b,
			    "%s[%zu more findings in this answer were not taken: the limit is %d]",
			    b.len ? "\n" : "", left_out->findings, ANSWER_MAX_FINDINGS);
	if (left_out->remarks)
		buffer_addf(&b,
			    "%s[%zu more remarks in this answer were not taken: the limit is %d]",
			    b.len ? "\n" : "", left_out->remarks, ASSESSMENT_MAX_REMARKS);
	char *whole = buffer_detach(&b, NULL);
	if (*whole)
		return whole;
	free(whole);
	return NULL;
}

static struct error *parse_findings(struct answer *out, const cJSON *root, const char *what,
				    struct left_out *left_out)
{
	const cJSON *findings, *item;
	size_t number = 0;
	struct error *err = json_get_array(root, "findings", what, &findings);
	if (err)
		return err;
	cJSON_ArrayForEach(item, findings) {
		number++;
		if (out->findings.nr >= ANSWER_MAX_FINDINGS) {
			left_out->findings++;
			continue;
		}
		char *place = xstrfmt("%s: finding %zu", what, number);
		struct finding *f = finding_list_add(&out->findings);
		err = parse_finding(f, item, place);
		free(place);
		if (err)
			return err;
		if (!f->title) {
			left_out->empty++;
			finding_release(f);
			out->findings.nr--;
		}
	}
	return NULL;
}

void answer_release(struct answer *a)
{
	free(a->summary);
	assessment_release(&a->assessment);
	finding_list_release(&a->findings);
	*a = (struct answer){ 0 };
}

struct error *answer_parse(struct answer *out, struct slice answer, const char *what)
{
	cJSON *root = NULL;
	struct left_out left_out = { 0 };
	struct assessment *a = &out->assessment;
	struct error *err = json_parse(&root, answer, what);

	*out = (struct answer){ 0 };
	if (err)
		return err;
	if (!cJSON_IsObject(root))
		err = error_new(ERROR_SYNTAX, "%s: the answer is not an object", what);
	if (err || (err = parse_findings(out, root, what, &left_out)) ||
	    (err = parse_remarks(&a->strengths, root, "strengths", what, &left_out.remarks)) ||
	    (err = parse_remarks(&a->weaknesses, root, "weaknesses", what, &left_out.remarks)) ||
	    (err = parse_remarks(&a->questions, root, "questions", what, &left_out.remarks)) ||
	    (err = parse_scores(a, root, what)))
		goto out;
	out->summary = make_summary(json_string_or(root, "summary", ""), &left_out);
out:
	cJSON_Delete(root);
	if (err)
		answer_release(out);
	return err;
}
