#include "review/rubric.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"

static const char *const rubric_names[] = { "none", "theory", "empirical", "ml", "survey", "auto" };

const char *rubric_name(enum rubric rubric)
{
	return rubric_names[rubric];
}

bool rubric_parse(const char *name, enum rubric *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(rubric_names); i++) {
		if (!strcmp(rubric_names[i], name)) {
			*out = (enum rubric)i;
			return true;
		}
	}
	return false;
}

/* -- what a text shows ------------------------------------------------------------------------ */

enum cue_kind { CUE_STATEMENT, CUE_PROOF, CUE_TABLE, CUE_ML, CUE_EMPIRICAL, CUE_NR };

/* Lower case. Each says something about the kind of paper; of words of a field, how many different ones occur
 * counts, not how often. */
static const struct cue {
	enum cue_kind kind;
	const char *text;
} cues[] = {
	{ CUE_STATEMENT, "\\begin{theorem" },
	{ CUE_STATEMENT, "\\begin{lemma" },
	{ CUE_STATEMENT, "\\begin{proposition" },
	{ CUE_STATEMENT, "\\begin{corollary" },
	{ CUE_STATEMENT, "\\begin{thm" },
	{ CUE_STATEMENT, "\\begin{lem}" },
	{ CUE_STATEMENT, "\\begin{prop}" },
	{ CUE_STATEMENT, "**theorem" },
	{ CUE_STATEMENT, "**lemma" },
	{ CUE_STATEMENT, "**proposition" },
	{ CUE_PROOF, "\\begin{proof" },
	{ CUE_PROOF, "\\begin{pf}" },
	{ CUE_PROOF, "\n*proof" },
	{ CUE_PROOF, "\n**proof" },
	{ CUE_TABLE, "\\begin{tabular" },
	{ CUE_TABLE, "|---" },
	{ CUE_TABLE, "| ---" },
	{ CUE_ML, "neural network" },
	{ CUE_ML, "training set" },
	{ CUE_ML, "test set" },
	{ CUE_ML, "baseline" },
	{ CUE_ML, "benchmark" },
	{ CUE_ML, "learning rate" },
	{ CUE_ML, "fine-tun" },
	{ CUE_ML, "hyperparameter" },
	{ CUE_ML, "gradient descent" },
	{ CUE_ML, "language model" },
	{ CUE_ML, "transformer" },
	{ CUE_ML, "ablation" },
	{ CUE_ML, "epochs" },
	{ CUE_ML, "generaliz" },
	{ CUE_ML, "diffusion model" },
	{ CUE_ML, "embedding" },
	{ CUE_ML, "batch size" },
	{ CUE_EMPIRICAL, "participants" },
	{ CUE_EMPIRICAL, "patients" },
	{ CUE_EMPIRICAL, "sample size" },
	{ CUE_EMPIRICAL, "confidence interval" },
	{ CUE_EMPIRICAL, "p < " },
	{ CUE_EMPIRICAL, "p<" },
	{ CUE_EMPIRICAL, "standard deviation" },
	{ CUE_EMPIRICAL, "standard error" },
	{ CUE_EMPIRICAL, "regression" },
	{ CUE_EMPIRICAL, "respondents" },
	{ CUE_EMPIRICAL, "we measured" },
	{ CUE_EMPIRICAL, "measurements" },
	{ CUE_EMPIRICAL, "observations" },
	{ CUE_EMPIRICAL, "control group" },
	{ CUE_EMPIRICAL, "randomi" },
	{ CUE_EMPIRICAL, "anova" },
	{ CUE_EMPIRICAL, "hypothes" },
};

/* How many different cues of a kind there are, or, of statements, proofs and tables, how many in all. */
struct traits {
	size_t count[CUE_NR];
};

static size_t count_occurrences(struct slice text, const char *what)
{
	size_t nr = 0, len = strlen(what);
	const char *end = text.data + text.len;
	for (const char *p = text.data; (p = memmem(p, (size_t)(end - p), what, len)); p += len)
		nr++;
	return nr;
}

static void add_traits(struct traits *t, struct slice text)
{
	struct buffer lower = BUFFER_INIT_MAX(RUBRIC_MAX_TEXT + 1);
	if (text.len > RUBRIC_MAX_TEXT)
		text.len = RUBRIC_MAX_TEXT;
	for (size_t i = 0; i < text.len; i++)
		buffer_addch(&lower, (char)ascii_lower((unsigned char)text.data[i]));
	for (size_t i = 0; i < ARRAY_SIZE(cues); i++) {
		size_t nr = count_occurrences(slice_of(&lower), cues[i].text);
		bool of_field = cues[i].kind == CUE_ML || cues[i].kind == CUE_EMPIRICAL;
		/* Once may be in passing. */
		t->count[cues[i].kind] += of_field ? nr > 1 : nr;
	}
	buffer_release(&lower);
}

/* -- what kind of paper that is --------------------------------------------------------------- */

static bool title_names_a_survey(const char *title)
{
	static const char *const words[] = { "survey", "a review", "review of", "systematic review",
					     "literature review", "overview", "state of the art",
					     "tutorial" };
	struct buffer lower = BUFFER_INIT;
	bool found = false;
	for (const char *p = title; p && *p; p++)
		buffer_addch(&lower, (char)ascii_lower((unsigned char)*p));
	for (size_t i = 0; i < ARRAY_SIZE(words) && lower.len; i++)
		found |= strstr(lower.data, words[i]) != NULL;
	buffer_release(&lower);
	return found;
}

/* A paper that compares methods in tables is weighed as such even if it has theorems; a few words of a field
 * are less than a proof. */
static enum rubric kind_of(const struct traits *t)
{
	bool proves = t->count[CUE_STATEMENT] >= 2 && t->count[CUE_PROOF] >= 1;
	if (t->count[CUE_ML] >= 5 && t->count[CUE_TABLE] >= 1)
		return RUBRIC_ML;
	if (proves || t->count[CUE_PROOF] >= 2)
		return RUBRIC_THEORY;
	if (t->count[CUE_ML] >= 4 && t->count[CUE_ML] >= t->count[CUE_EMPIRICAL])
		return RUBRIC_ML;
	return t->count[CUE_EMPIRICAL] >= 3 ? RUBRIC_EMPIRICAL : RUBRIC_NONE;
}

enum rubric rubric_of_paper(struct document *const *documents, size_t nr)
{
	struct traits traits = { 0 };
	for (size_t i = 0; i < nr; i++) {
		if (title_names_a_survey(documents[i]->title))
			return RUBRIC_SURVEY;
		add_traits(&traits, slice_of(&documents[i]->text));
	}
	return kind_of(&traits);
}
