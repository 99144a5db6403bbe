#include "base/json.h"
#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "check/check.h"
#include "review/report.h"
#include "review/report_parts.h"

/* What GitHub shows of one run. */
#define MAX_RESULTS 5000
/* It takes files of 10 MB, compressed; this is before that. */
#define MAX_FILE ((size_t)10 << 20)

/* "[text](target)" would be a link there. */
static void put_message(struct json_writer *w, const struct consensus_finding *f)
{
	struct buffer text = BUFFER_INIT, message = BUFFER_INIT;

	report_add_message(&text, f);
	for (const char *p = text.data; *p; p++) {
		buffer_addch(&message, *p);
		if (p[0] == ']' && p[1] == '(')
			buffer_addch(&message, ' ');
	}
	json_key(w, "message");
	json_begin_object(w);
	json_put_string(w, "text", message.data);
	json_end_object(w);
	buffer_release(&text);
	buffer_release(&message);
}

static void put_region(struct json_writer *w, const struct finding *f)
{
	if (!f->line)
		return;
	json_key(w, "region");
	json_begin_object(w);
	json_put_integer(w, "startLine", (int64_t)f->line);
	if (f->column)
		json_put_integer(w, "startColumn", (int64_t)f->column);
	if (f->end_line >= f->line) {
		json_put_integer(w, "endLine", (int64_t)f->end_line);
		if (f->end_column && (f->end_line > f->line || f->end_column >= f->column))
			json_put_integer(w, "endColumn", (int64_t)f->end_column);
	}
	json_end_object(w);
}

static void put_location(struct json_writer *w, const struct finding *f)
{
	struct buffer uri = BUFFER_INIT;

	text_percent(&uri, slice_of_string(f->path), "/");
	json_key(w, "locations");
	json_begin_array(w);
	json_begin_object(w);
	json_key(w, "physicalLocation");
	json_begin_object(w);
	json_key(w, "artifactLocation");
	json_begin_object(w);
	json_put_string(w, "uri", uri.data);
	json_put_string(w, "uriBaseId", "%SRCROOT%");
	json_end_object(w);
	put_region(w, f);
	json_end_object(w);
	json_end_object(w);
	json_end_array(w);
	buffer_release(&uri);
}

/* Ids are told apart within a paper; copies of a paper are told apart by their number. */
static void put_fingerprint(struct json_writer *w, const struct consensus_finding *f,
			    struct strmap *seen)
{
	void **slot = strmap_at(seen, f->id, strlen(f->id));
	uintptr_t number = (uintptr_t)*slot + 1;
	char *hash = xstrfmt("%s:%llu", f->id, (unsigned long long)number);

	*slot = (void *)number;
	json_key(w, "partialFingerprints");
	json_begin_object(w);
	json_put_string(w, "primaryLocationLineHash", hash);
	json_end_object(w);
	free(hash);
}

static void put_result(struct json_writer *w, const struct consensus_finding *f, size_t rule,
		       struct strmap *seen)
{
	json_begin_object(w);
	json_put_string(w, "ruleId", report_rule(f));
	json_put_integer(w, "ruleIndex", (int64_t)rule);
	json_put_string(w, "level", severity_name(f->severity));
	put_message(w, f);
	put_location(w, &f->lead);
	put_fingerprint(w, f, seen);
	json_key(w, "properties");
	json_begin_object(w);
	json_put_string(w, "id", f->id);
	json_put_string(w, "bucket", bucket_name(f->bucket));
	json_put_string(w, "history", f->history == HISTORY_NEW ? "new" : "persisting");
	json_key(w, "families");
	json_begin_array(w);
	for (size_t i = 0; i < f->nr_families; i++)
		json_string(w, f->families[i]);
	json_end_array(w);
	json_end_object(w);
	json_end_object(w);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_rule(struct json_writer *w, const char *id)
{
	const struct rule *rule = check_rule_find(id);
	const char *summary = rule ? rule->summary
			      : strcmp(id, REPORT_CLAIM_RULE)
				      ? id
				      : "a claim of language models about words of the paper";

	json_begin_object(w);
	json_put_string(w, "id", id);
	json_key(w, "shortDescription");
	json_begin_object(w);
	json_put_string(w, "text", summary);
	json_end_object(w);
	json_end_object(w);
}

/* The rules that the results name, sorted; INDEX gets their numbers. */
static void put_rules(struct json_writer *w, const struct report_result *results, size_t nr,
		      struct strmap *index)
{
	const char **names = xcalloc(nr + 1, sizeof(*names));
	size_t nr_names = 0;
	struct strmap seen = STRMAP_INIT;

	for (size_t i = 0; i < nr; i++) {
		const char *rule = report_rule(results[i].finding);
		if (strmap_add(&seen, rule, strlen(rule)))
			names[nr_names++] = rule;
	}
	if (nr_names)
		qsort(names, nr_names, sizeof(*names), compare_names);
	json_key(w, "rules");
	json_begin_array(w);
	for (size_t i = 0; i < nr_names; i++) {
		*strmap_at(index, names[i], strlen(names[i])) = (void *)(uintptr_t)i;
		put_rule(w, names[i]);
	}
	json_end_array(w);
	strmap_release(&seen, NULL);
	free(names);
}

static void put_tool(struct json_writer *w, const char *program_version,
		     const struct report_result *results, size_t nr, struct strmap *rules)
{
	json_key(w, "tool");
	json_begin_object(w);
	json_key(w, "driver");
	json_begin_object(w);
	json_put_string(w, "name", "git-scrutiny");
	json_put_string(w, "version", program_version);
	put_rules(w, results, nr, rules);
	json_end_object(w);
	json_end_object(w);
}

void report_sarif(struct buffer *out, const struct report *const *reports, size_t nr,
		  const char *program_version)
{
	struct strmap rules = STRMAP_INIT, seen = STRMAP_INIT;
	struct json_writer w;
	size_t nr_results, unplaced;
	struct report_result *results = report_results(reports, nr, &nr_results, &unplaced);
	size_t most = nr_results < MAX_RESULTS ? nr_results : MAX_RESULTS, shown = 0, start = out->len;

	json_writer_init(&w, out, true);
	json_begin_object(&w);
	json_put_string(&w, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	json_put_string(&w, "version", "2.1.0");
	json_key(&w, "runs");
	json_begin_array(&w);
	json_begin_object(&w);
	put_tool(&w, program_version, results, most, &rules);
	json_put_string(&w, "columnKind", "unicodeCodePoints");
	json_key(&w, "results");
	json_begin_array(&w);
	for (; shown < most && out->len - start < MAX_FILE; shown++) {
		const struct consensus_finding *f = results[shown].finding;
		const char *rule = report_rule(f);
		put_result(&w, f, (size_t)(uintptr_t)strmap_get(&rules, rule, strlen(rule)), &seen);
	}
	json_end_array(&w);
	json_key(&w, "properties");
	json_begin_object(&w);
	json_put_integer(&w, "notShown", (int64_t)(nr_results - shown));
	json_put_integer(&w, "withoutPlace", (int64_t)unplaced);
	json_end_object(&w);
	json_end_object(&w);
	json_end_array(&w);
	json_end_object(&w);
	buffer_addch(out, '\n');
	strmap_release(&rules, NULL);
	strmap_release(&seen, NULL);
	free(results);
}
