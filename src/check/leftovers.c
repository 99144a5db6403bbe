/* What was meant to be gone before anybody reads the paper. */
#include "base/memory.h"
#include "base/text.h"
#include "check/engine.h"
#include "check/phrase.h"
#include "check/prose.h"

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool is_word_byte(char c)
{
	return ascii_alnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '~';
}

struct leftovers {
	struct check *check;
	struct slice text;
	bool asked, writes_about_notes;
	bool todo_is_silent;        /* \todo prints nothing here */
	struct phrases *phrases;
	size_t run_start;           /* of the run whose phrases are scanned */
};

static char byte_at(const struct leftovers *l, size_t pos)
{
	return pos < l->text.len ? l->text.data[pos] : '\0';
}

/* The nearest byte before POS, or from POS on, that is no blank; '\n' at the ends. */
static char solid_before(const struct leftovers *l, size_t pos)
{
	while (pos && is_blank(l->text.data[pos - 1]))
		pos--;
	return pos ? l->text.data[pos - 1] : '\n';
}

static size_t skip_blanks(const struct leftovers *l, size_t pos)
{
	while (pos < l->text.len && is_blank(l->text.data[pos]))
		pos++;
	return pos;
}

/* WHAT, and the source from START on to the end of its line, cut. */
static char *title_with_words(const struct leftovers *l, const char *what, size_t start)
{
	size_t end = start;
	while (end < l->text.len && l->text.data[end] != '\n' && end - start < 200)
		end++;
	char *words = xmemdupz(l->text.data + start, end - start);
	char *shown = check_shown(words);
	char *title = xstrfmt("%s: \"%s\"", what, shown);
	free(words);
	free(shown);
	return title;
}

/* One thing that may be left over, and what is said about it. */
struct leftover {
	const char *rule;
	const char *what;
	const char *suggestion;
	bool with_words;        /* what stands there is shown in the title */
};

static const struct leftover note = { "todo-left", "a note to the authors is printed",
				      "do what it says, or turn it into a comment", true };
static const struct leftover number = { "placeholder-text", "a number is still to be filled in",
					"write the number", true };
static const struct leftover placeholder = { "placeholder-text",
					     "a place was kept free and not filled in",
					     "write what belongs there", true };
static const struct leftover marker = {
	"unresolved-marker", "question marks stand where a number or a source belongs",
	"use a reference or a citation, or write the number", false
};
static const struct leftover filler = { "lorem-ipsum", "filler text stands where a section belongs",
					"write the section or delete it", false };
static const struct leftover no_source = {
	"citation-empty", "a citation names no source",
	"put the key between the braces, or delete the command", false
};
static const struct leftover no_label = {
	"reference-empty", "a cross-reference names no label",
	"put the label between the braces, or delete the command", false
};

static void raise_at(struct leftovers *l, const struct leftover *what, size_t start, size_t end)
{
	if (!check_may_raise(l->check, what->rule))
		return;
	char *subject = xmemdupz(l->text.data + start, end - start);
	struct claim claim = {
		.rule = what->rule,
		.where = document_locate(l->check->doc, start, end),
		.subject = subject,
		.title = what->with_words ? title_with_words(l, what->what, start)
					  : xstrdup(what->what),
		.suggestion = xstrdup(what->suggestion),
		.why = "readers see it, and take the paper for unfinished",
	};
	check_raise(l->check, &claim);
	free(subject);
}

enum phrase_kind { FILLER, TEMPLATE, BRACKETED, MARK };

static const struct phrase_row phrase_rows[] = {
	{ FILLER, "lorem ipsum dolor sit" },
	{ TEMPLATE, "xxx et al" },
	{ TEMPLATE, "your abstract|title|text goes? here" },
	{ TEMPLATE, "the|this abstract|text goes here" },
	{ TEMPLATE, "type your abstract|title|text here" },
	{ TEMPLATE, "replace this text|paragraph|abstract with your" },
	{ TEMPLATE, "the name of the title is hope" },
	{ TEMPLATE, "conference acronym xx" },
	{ TEMPLATE, "make sure to enter the correct conference title from your rights" },
	{ BRACKETED, "citation|citations|reference|references|ref needed|missing|required" },
	{ BRACKETED, "insert|add the|a|your* figure|table|image|plot|citation|citations|reference|"
		     "references|ref|cite|text|number|numbers|value here?" },
	{ MARK, "cite|ref|citation|cites|refs" },
};

/* What a paper says that is about such notes. */
static const struct phrase_row note_rows[] = {
	{ 0, "todo|fixme|xxx comment|comments|tag|tags|marker|markers|annotation|annotations" },
	{ 0, "todo|fixme and|or fixme|todo|xxx|hack" },
	{ 0, "self admitted technical debt" },
};

static bool on_notes(void *data, const struct phrase_match *match)
{
	struct leftovers *l = data;
	(void)match;
	l->writes_about_notes = true;
	return false;
}

/* Whether the paper writes about TODO comments; asked when the first of them is met. */
static bool notes_are_the_subject(struct leftovers *l)
{
	if (!l->asked) {
		struct phrases *phrases = phrases_new(note_rows, ARRAY_SIZE(note_rows));
		phrases_scan(phrases, l->text, on_notes, l);
		phrases_free(phrases);
	}
	l->asked = true;
	return l->writes_about_notes;
}

/* -- notes to the authors --------------------------------------------------------------------- */

/* Whether the text from POS on is one of the words that make TODO the subject of a sentence. */
static bool names_notes(const struct leftovers *l, size_t pos)
{
	static const char *const nouns[] = { "comment", "tag",  "marker", "annotation", "note",
					     "item",    "list", "and",	  "or",		"in",
					     "is",      "are",  "app" };
	pos = skip_blanks(l, pos);
	if (byte_at(l, pos) == ',' || byte_at(l, pos) == '-' || byte_at(l, pos) == '/')
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(nouns); i++) {
		size_t len = strlen(nouns[i]);
		if (l->text.len - pos >= len && !memcmp(l->text.data + pos, nouns[i], len))
			return true;
	}
	return false;
}

static bool is_closer(char c)
{
	return c == ']' || c == '}' || c == ')' || c == '&' || c == '|';
}

/* The word stands where a paragraph, an item or a cell begins. */
static bool begins_block(const struct leftovers *l, size_t pos)
{
	size_t at = pos;
	while (at && is_blank(l->text.data[at - 1]))
		at--;
	if (!at)
		return true;
	if (l->text.data[at - 1] == '\n')
		return at < 2 || l->text.data[at - 2] == '\n' || l->text.data[at - 2] == '}';
	static const char item[] = "\\item";
	size_t len = sizeof(item) - 1;
	return at >= len && !memcmp(l->text.data + at - len, item, len);
}

/* A word that wants a number behind it: "Section", "Fig.", "Eqs." before POS. */
static bool wants_number(const struct leftovers *l, size_t pos)
{
	static const char *const words[] = {
		"section",  "sections", "sec",	     "secs",  "figure",	     "figures", "fig",
		"figs",	    "table",	"tables",    "tab",   "equation",    "equations",
		"eq",	    "eqs",	"theorem",   "lemma", "proposition", "corollary",
		"appendix", "chapter",	"algorithm", "ref",   "refs",	     "definition",
	};
	size_t end = pos;
	while (end && (is_blank(l->text.data[end - 1]) || l->text.data[end - 1] == '.' ||
		       l->text.data[end - 1] == '('))
		end--;
	size_t start = end;
	while (start && ascii_alpha((unsigned char)l->text.data[start - 1]))
		start--;
	if (end == pos || start == end || end - start > 12)
		return false;
	char word[16] = "";
	for (size_t i = start; i < end; i++)
		word[i - start] = (char)ascii_lower((unsigned char)l->text.data[i]);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(word, words[i]))
			return true;
	}
	return false;
}

/* Whether the word at [START, END) is surely a note, and not a word that the paper is about. */
static bool is_note(const struct leftovers *l, size_t start, size_t end, bool is_xxx)
{
	char before = solid_before(l, start);
	size_t next = skip_blanks(l, end);
	char after = byte_at(l, next);
	char behind = byte_at(l, next + 1);
	bool is_link = behind && strchr(":([{", behind);
	bool boxed = before == '[' && after == ']' && !is_link;
	if (byte_at(l, end) == ':' && byte_at(l, end + 1) != ':')
		return true;
	if (is_xxx)
		return boxed || wants_number(l, start);
	if (boxed || (before == '[' && after != ']') || (before == '(' && after == ')') ||
	    ((before == '{' || before == '&' || before == '|') && is_closer(after)))
		return !names_notes(l, end);
	return begins_block(l, start) && !names_notes(l, end);
}

static bool is_note_word(struct slice word, bool *is_xxx)
{
	static const char *const words[] = { "TODO", "FIXME", "TBD" };
	*is_xxx = slice_equals(word, "XXX");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (slice_equals(word, words[i]))
			return true;
	}
	return *is_xxx;
}

/* "XX\%", "XX.X\%": a number that was to come. Returns its end, or START. */
static size_t blank_number_end(const struct leftovers *l, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++) {
		if (l->text.data[i] != 'X')
			return start;
	}
	if (end - start > 3)
		return start;
	if (byte_at(l, end) == '.' && byte_at(l, end + 1) == 'X') {
		end++;
		while (byte_at(l, end) == 'X')
			end++;
	} else if (end - start < 2) {
		return start;
	}
	if (byte_at(l, end) == '\\')
		end++;
	return byte_at(l, end) == '%' ? end + 1 : start;
}

static void look_at_word(struct leftovers *l, size_t start, size_t end)
{
	bool is_xxx;
	struct slice word = { l->text.data + start, end - start };
	size_t number_end = blank_number_end(l, start, end);
	if (number_end > start)
		raise_at(l, &number, start, number_end);
	else if (is_note_word(word, &is_xxx) && is_note(l, start, end, is_xxx) &&
		 !notes_are_the_subject(l))
		raise_at(l, &note, start, end);
}

/* -- question marks --------------------------------------------------------------------------- */

static void look_at_question_marks(struct leftovers *l, size_t start, size_t end)
{
	char before = start ? l->text.data[start - 1] : '\n';
	char after = byte_at(l, end);
	bool boxed = (before == '[' && after == ']') || (before == '(' && after == ')') ||
		     (before == '{' && after == '}');
	bool cell = solid_before(l, start) == '&' &&
		    (byte_at(l, skip_blanks(l, end)) == '&' ||
		     byte_at(l, skip_blanks(l, end)) == '\\');
	if (end - start < 2 || end - start > 3 || is_word_byte(after))
		return;
	if (boxed || cell || wants_number(l, start))
		raise_at(l, &marker, start, end);
}

static void look_at_text(struct leftovers *l, size_t start, size_t end)
{
	for (size_t i = start; i < end;) {
		char c = l->text.data[i];
		size_t stop = i + 1;
		if (c == '?') {
			while (byte_at(l, stop) == '?')
				stop++;
			look_at_question_marks(l, i, stop);
		} else if (is_upper(c)) {
			while (is_upper(byte_at(l, stop)))
				stop++;
			bool whole = (!i || !is_word_byte(l->text.data[i - 1])) &&
				     !is_word_byte(byte_at(l, stop));
			if (whole)
				look_at_word(l, i, stop);
		} else if (is_word_byte(c)) {
			while (is_word_byte(byte_at(l, stop)))
				stop++;
		}
		i = stop;
	}
}

/* -- phrases ---------------------------------------------------------------------------------- */

/* The match stands alone in square brackets that are neither a link nor an option. */
static bool is_bracketed(const struct leftovers *l, size_t start, size_t end)
{
	size_t close = skip_blanks(l, end);
	while (start && is_blank(l->text.data[start - 1]))
		start--;
	if (!start || l->text.data[start - 1] != '[' || byte_at(l, close) != ']')
		return false;
	char before = start > 1 ? l->text.data[start - 2] : '\n';
	char after = byte_at(l, close + 1);
	return (is_blank(before) || before == '\n' || before == '(') && after != '(' &&
	       after != '[' && after != '{' && after != ':';
}

/* What is put into brackets when it means that something is to come. */
static bool is_placeholder(const struct leftovers *l, unsigned kind, size_t start, size_t end)
{
	if (kind == MARK && l->check->doc->kind == MANUSCRIPT_MARKDOWN)
		return false; /* a link */
	return kind == TEMPLATE || is_bracketed(l, start, end);
}

static bool on_phrase(void *data, const struct phrase_match *match)
{
	struct leftovers *l = data;
	size_t start = l->run_start + match->start, end = l->run_start + match->end;
	if (match->kind == FILLER)
		raise_at(l, &filler, start, end);
	else if (is_placeholder(l, match->kind, start, end))
		raise_at(l, &placeholder, start, end);
	return true;
}

/* -- whether \todo prints --------------------------------------------------------------------- */

/* Whether the definition of \todo whose name ends at POS prints its argument for sure. */
static bool definition_prints(struct slice bytes, size_t pos)
{
	struct slice rest = { bytes.data + pos, bytes.len - pos < 400 ? bytes.len - pos : 400 };
	const char *open = memchr(rest.data, '{', rest.len);
	size_t depth = 0, start = open ? (size_t)(open - rest.data) + 1 : rest.len, end = start;
	for (; end < rest.len && !(rest.data[end] == '}' && !depth); end++) {
		depth += rest.data[end] == '{';
		depth -= rest.data[end] == '}';
	}
	if (end >= rest.len)
		return false;
	struct slice body = slice_trim((struct slice){ rest.data + start, end - start });
	bool takes_argument = memchr(rest.data, '#', start) || memchr(rest.data, '[', start);
	return body.len && !memmem(body.data, body.len, "\\if", 3) &&
	       (!takes_argument || memchr(body.data, '#', body.len));
}

static bool slice_ends_with(struct slice s, const char *suffix)
{
	size_t len = strlen(suffix);
	return s.len >= len && !memcmp(s.data + s.len - len, suffix, len);
}

enum definition { NO_DEFINITION, DEFINED, ALIASED };

/* How the name at AT, with or without braces around it, is being defined. */
static enum definition definition_at(struct slice bytes, size_t at)
{
	static const char *const words[] = { "\\def", "command", "command*", "Command", "\\gdef" };
	size_t back = at > 24 ? at - 24 : 0;
	struct slice before = slice_trim((struct slice){ bytes.data + back, at - back });
	if (before.len && before.data[before.len - 1] == '{')
		before.len--;
	if (slice_ends_with(before, "\\let"))
		return ALIASED;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (slice_ends_with(before, words[i]))
			return DEFINED;
	}
	return NO_DEFINITION;
}

static bool is_commented_out(struct slice bytes, size_t at)
{
	size_t limit = at > 400 ? at - 400 : 0; /* a definition behind that is no usual one */
	while (at > limit && bytes.data[at - 1] != '\n') {
		if (bytes.data[--at] == '%')
			return true;
	}
	return false;
}

/* Looks for definitions such as \renewcommand{\todo}[1]{} and options such as [disable]. */
static bool file_silences_todo(struct slice bytes)
{
	static const char name[] = "\\todo";
	const char *end = bytes.data + bytes.len, *s = bytes.data;
	while ((s = memmem(s, (size_t)(end - s), name, sizeof(name) - 1))) {
		size_t at = (size_t)(s - bytes.data), behind = at + sizeof(name) - 1;
		s += sizeof(name) - 1;
		if (behind >= bytes.len || ascii_alpha((unsigned char)bytes.data[behind]))
			continue;
		enum definition how = definition_at(bytes, at);
		if (!how || is_commented_out(bytes, at))
			continue;
		if (how == ALIASED || !definition_prints(bytes, behind))
			return true;
	}
	s = memmem(bytes.data, bytes.len, "{todonotes}", 11);
	size_t at = s ? (size_t)(s - bytes.data) : 0, back = at > 200 ? at - 200 : 0;
	const char *options = s ? memrchr(bytes.data + back, '[', at - back) : NULL;
	return options && memmem(options, (size_t)(s - options), "disable", 7);
}

static bool todo_is_silent(const struct document *doc)
{
	for (size_t i = 0; i < doc->nr_files; i++) {
		if (file_silences_todo(slice_of(&doc->files[i].bytes)))
			return true;
	}
	return false;
}

/* -- commands --------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	const struct leftover *says;
} commands[] = {
	{ "lipsum", &filler },	  { "blindtext", &filler },	{ "Blindtext", &filler },
	{ "todo", &note },	  { "blinddocument", &filler }, { "Blinddocument", &filler },
	{ "Todo", &note },	  { "TODO", &note },		{ "fixme", &note },
	{ "FIXME", &note },	  { "missingfigure", &note },
};

/* An argument of a command whose name ends at POS, all blank: its end, otherwise POS. */
static size_t empty_argument_end(const struct leftovers *l, size_t pos)
{
	size_t at = pos;
	if (byte_at(l, at) == '*')
		at++;
	while (byte_at(l, at) == '[') {
		size_t close = at;
		while (close < l->text.len && close - at < 200 && l->text.data[close] != ']')
			close++;
		if (byte_at(l, close) != ']')
			return pos;
		at = close + 1;
	}
	if (byte_at(l, at) != '{')
		return pos;
	at++;
	while (at < l->text.len && (is_blank(l->text.data[at]) || l->text.data[at] == ',' ||
				    l->text.data[at] == '\n'))
		at++;
	return byte_at(l, at) == '}' ? at + 1 : pos;
}

static bool in_list(struct slice name, const char *const *names, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (slice_equals(name, names[i]))
			return true;
	}
	return false;
}

static void look_at_keys(struct leftovers *l, struct slice name, size_t start, size_t end)
{
	static const char *const citations[] = {
		"cite",	    "citep",	 "citet",     "citealp",  "citealt",  "citeauthor",
		"citeyear", "parencite", "textcite",  "autocite", "footcite", "Citet",
		"Citep",    "citeyearpar", "fullcite", "onlinecite", "shortcite", "smartcite",
	};
	static const char *const references[] = {
		"ref",	"eqref",   "pageref", "autoref", "cref",    "Cref",
		"vref", "nameref", "subref",  "Autoref", "labelcref", "cpageref",
	};
	bool cites = in_list(name, citations, ARRAY_SIZE(citations));
	if (!cites && !in_list(name, references, ARRAY_SIZE(references)))
		return;
	size_t close = empty_argument_end(l, end);
	if (close == end)
		return;
	raise_at(l, cites ? &no_source : &no_label, start, close);
}

static void look_at_command(struct leftovers *l, size_t start, size_t end)
{
	struct slice name = { l->text.data + start + 1, end - start - 1 };
	look_at_keys(l, name, start, end);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!slice_equals(name, commands[i].name))
			continue;
		if (commands[i].says != &note ||
		    (!l->todo_is_silent && !definition_at(l->text, start)))
			raise_at(l, commands[i].says, start, end);
	}
}

void check_leftovers(struct check *c)
{
	struct leftovers l = { .check = c, .text = slice_of(&c->doc->text) };
	struct prose p;
	struct prose_run run;
	l.todo_is_silent = todo_is_silent(c->doc);
	l.phrases = phrases_new(phrase_rows, ARRAY_SIZE(phrase_rows));
	prose_init(&p, l.text, c->doc->kind);
	while (prose_next(&p, &run)) {
		if (run.kind == PROSE_TEXT && !run.quoted) {
			struct slice words = { l.text.data + run.start, run.end - run.start };
			l.run_start = run.start;
			phrases_scan(l.phrases, words, on_phrase, &l);
			look_at_text(&l, run.start, run.end);
		} else if (run.kind == PROSE_COMMAND && l.text.data[run.start] == '\\') {
			look_at_command(&l, run.start, run.end);
		}
	}
	phrases_free(l.phrases);
	check_conflicts(c);
}
