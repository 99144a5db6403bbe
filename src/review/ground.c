#include "review/ground.h"

#include "base/memory.h"
#include "base/text.h"
#include "review/locate.h"
#include "review/near.h"
#include "review/normalise.h"

/* Letters and digits that one piece of a quote with an ellipsis must have. */
#define MIN_LONGEST_PIECE 16
/* Bytes of text that an ellipsis may stand for. */
#define MAX_GAP 3000
#define MAX_PIECES 32
/* Occurrences looked at before giving up: bounds texts such as a million times the same letter. */
#define MAX_TRIES 2000
/* Places of a quote that are held against what the model calls its place. */
#define MAX_PLACES 200

/* From strict to loose; the reader that makes both sides comparable. */
static const struct tier {
	enum grounding grounding;
	unit_reader *read;
} tiers[] = {
	{ GROUNDING_EXACT, NULL }, /* the text as it is */
	{ GROUNDING_WHITESPACE, unit_whitespace },
	{ GROUNDING_LOOSE, unit_loose },
};
#define NR_TIERS ARRAY_SIZE(tiers)

struct text_forms {
	struct document *document;
	struct unit_stream streams[NR_TIERS]; /* [0] unused: that is the document's text */
	bool made[NR_TIERS];
};

struct ground_index {
	struct text_forms *texts;
	size_t nr;
	struct near_index *near; /* made when the first quote is not found */
};

/* What is searched: bytes, and where they came from (NULL: their own offsets). */
struct form {
	struct slice bytes;
	const uint32_t *places;
};

struct range {
	size_t start, end;
};

/* Where a quote should be by its location: a range of a document's text; DOCUMENT NULL: it does not say. */
struct hint {
	const struct document *document;
	struct range range;
};

struct ground_index *ground_index_new(struct document *const *documents, size_t nr)
{
	struct ground_index *index = xcalloc(1, sizeof(*index));

	index->texts = xcalloc(nr ? nr : 1, sizeof(*index->texts));
	index->nr = nr;
	for (size_t i = 0; i < nr; i++)
		index->texts[i].document = documents[i];
	return index;
}

void ground_index_free(struct ground_index *index)
{
	if (!index)
		return;
	for (size_t i = 0; i < index->nr; i++) {
		for (size_t t = 0; t < NR_TIERS; t++) {
			if (index->texts[i].made[t])
				unit_stream_release(&index->texts[i].streams[t]);
		}
	}
	near_index_free(index->near);
	free(index->texts);
	free(index);
}

/* Forms are made when a quote first needs them: most papers never get to the loose one. */
static struct form text_form(struct text_forms *text, size_t tier)
{
	struct slice source = slice_of(&text->document->text);
	struct unit_stream *st = &text->streams[tier];

	if (!tiers[tier].read)
		return (struct form){ source, NULL };
	if (!text->made[tier]) {
		unit_stream_make(st, source, tiers[tier].read);
		text->made[tier] = true;
	}
	return (struct form){ slice_of(&st->bytes), st->places };
}

/* A quote in the form of a tier, in OUT. */
static void quote_form(struct buffer *out, struct slice quote, size_t tier)
{
	struct unit_stream st;

	if (!tiers[tier].read) {
		buffer_add(out, quote.data, quote.len);
		return;
	}
	unit_stream_make(&st, quote, tiers[tier].read);
	buffer_addbuf(out, &st.bytes);
	unit_stream_release(&st);
}

/* -- searching ------------------------------------------------------------------------------ */

/* Characters of scripts that write words with gaps between them. */
static bool is_word(uint32_t cp)
{
	if (cp < 0x80)
		return ascii_alnum((int)cp);
	return cp >= 0xc0 && cp < 0x2000 && cp != 0xd7 && cp != 0xf7;
}

static uint32_t character_before(struct slice s, size_t pos)
{
	uint32_t cp;
	size_t start = pos - 1;

	while (start && pos - start < 4 && ((unsigned char)s.data[start] & 0xc0) == 0x80)
		start--;
	return utf8_decode(s.data + start, pos - start, &cp) == pos - start ? cp : 0xfffd;
}

static bool digit_at(struct slice s, size_t pos)
{
	return pos < s.len && ascii_digit((unsigned char)s.data[pos]);
}

/* Whether what stands at POS, before a digit, is its decimal point, grouping comma or sign. */
static bool belongs_to_number(const struct form *f, size_t pos)
{
	const char *c = f->bytes.data + pos;
	bool word_starts = !pos || (f->places && f->places[pos] & STREAM_BREAK);

	if (*c == ',')
		return pos && digit_at(f->bytes, pos - 1);
	if (*c == '-')
		return word_starts || !ascii_alnum((unsigned char)c[-1]);
	return *c == '.';
}

/* Whether a cut at POS goes through a word or a number: "significant" is not in "insignificant",
 * nor "5 %" in "0.5 %" or "-5 %". */
static bool cuts_word(const struct form *f, size_t pos)
{
	struct slice s = f->bytes;
	uint32_t after;

	if (!pos || pos >= s.len || (f->places && f->places[pos] & STREAM_BREAK))
		return false;
	utf8_decode(s.data + pos, s.len - pos, &after);
	if (is_word(after) && is_word(character_before(s, pos)))
		return true;
	if (digit_at(s, pos) && belongs_to_number(f, pos - 1))
		return true;
	return digit_at(s, pos - 1) && (after == '.' || after == ',') && digit_at(s, pos + 1);
}

/* The first occurrence of NEEDLE at or after FROM that cuts no word; *TRIES is counted down. */
static bool find(const struct form *f, struct slice needle, size_t from, unsigned *tries,
		 size_t *pos)
{
	while (from <= f->bytes.len && *tries) {
		const char *hit =
			memmem(f->bytes.data + from, f->bytes.len - from, needle.data, needle.len);
		if (!hit)
			return false;
		--*tries;
		*pos = (size_t)(hit - f->bytes.data);
		if (!cuts_word(f, *pos) && !cuts_word(f, *pos + needle.len))
			return true;
		from = *pos + 1;
	}
	return false;
}

/* The bytes of the source that f[start,end) came from. */
static struct range source_range(const struct form *f, struct slice source, size_t tier,
				 size_t start, size_t end)
{
	struct unit u;

	if (!f->places)
		return (struct range){ start, end };
	size_t first = f->places[start] & ~STREAM_BREAK, last = f->places[end - 1] & ~STREAM_BREAK;
	tiers[tier].read(&u, source, last);
	return (struct range){ first, last + u.len };
}

/* How far what starts at POS of F is from where HINT says; 0 inside. */
static size_t distance(const struct form *f, const struct document *document, size_t pos,
		       const struct hint *hint)
{
	size_t start = f->places ? f->places[pos] & ~STREAM_BREAK : pos;

	if (document != hint->document)
		return (size_t)-1;
	if (start < hint->range.start)
		return hint->range.start - start;
	return start < hint->range.end ? 0 : start - hint->range.end + 1;
}

/* The places of a needle, told apart by their distance from a hint. */
struct places {
	struct text_forms *text; /* of the nearest, of equals the first; NULL: none */
	size_t pos, distance;
	size_t nr, nr_inside;    /* all of them, and those within the hint */
};

static void look_through(struct places *p, struct text_forms *text, const struct form *f,
			 struct slice needle, const struct hint *hint, bool first_counts,
			 unsigned *tries)
{
	size_t pos, from = 0;

	while (p->nr < MAX_PLACES && find(f, needle, from, tries, &pos)) {
		size_t away = distance(f, text->document, pos, hint);
		if (!p->text || away < p->distance) {
			p->text = text;
			p->pos = pos;
			p->distance = away;
		}
		p->nr++;
		p->nr_inside += !away;
		from = pos + 1;
		if (first_counts)
			break;
	}
}

/* Looks for NEEDLE in all texts. A short one must stand in one place only, or in one of those that
 * HINT means. */
static struct text_forms *find_whole(struct ground_index *index, struct slice needle, size_t tier,
				     const struct hint *hint, struct range *range)
{
	struct places p = { NULL };
	bool is_short = count_letters(needle) < GROUND_MIN_LOOSE;
	bool first_counts = !is_short && !hint->document;
	unsigned tries = MAX_TRIES;

	if (!needle.len || (is_short && tiers[tier].grounding == GROUNDING_LOOSE))
		return NULL;
	for (size_t i = 0; i < index->nr; i++) {
		struct form f = text_form(&index->texts[i], tier);
		look_through(&p, &index->texts[i], &f, needle, hint, first_counts, &tries);
		if (p.text && first_counts)
			break;
	}
	if (!p.text || (is_short && p.nr > 1 && p.nr_inside != 1) || (is_short && !tries))
		return NULL;
	struct form f = text_form(p.text, tier);
	*range = source_range(&f, slice_of(&p.text->document->text), tier, p.pos, p.pos + needle.len);
	return p.text;
}

/* -- quotes with an ellipsis ---------------------------------------------------------------- */

static size_t ellipsis_at(struct slice s, size_t pos)
{
	static const char *const forms[] = { "...",    "\xe2\x80\xa6", "\\ldots",
					     "\\dots", "\\cdots",      ". . ." };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		size_t n = strlen(forms[i]);
		if (s.len - pos >= n && !memcmp(s.data + pos, forms[i], n))
			return n;
	}
	return 0;
}

static struct slice trim_brackets(struct slice s)
{
	while (s.len && (ascii_space((unsigned char)*s.data) || strchr("])", *s.data))) {
		s.data++;
		s.len--;
	}
	while (s.len &&
	       (ascii_space((unsigned char)s.data[s.len - 1]) || strchr("[(", s.data[s.len - 1])))
		s.len--;
	return s;
}

/* Splits QUOTE at its ellipses into the pieces that are long enough to be looked for; 0 when it
 * has no ellipsis or too little remains. */
static size_t split(struct slice quote, struct slice pieces[MAX_PIECES])
{
	size_t nr = 0, start = 0, longest = 0;
	bool any = false;

	for (size_t i = 0; i <= quote.len; i++) {
		size_t n = i < quote.len ? ellipsis_at(quote, i) : 0;
		if (!n && i < quote.len)
			continue;
		struct slice piece = trim_brackets((struct slice){ quote.data + start, i - start });
		size_t letters = count_letters(piece);
		if (letters >= GROUND_MIN_LOOSE && nr < MAX_PIECES)
			pieces[nr++] = piece;
		longest = letters > longest ? letters : longest;
		any |= n > 0;
		start = i + n;
		i += n ? n - 1 : 0;
	}
	return any && longest >= MIN_LONGEST_PIECE ? nr : 0;
}

/* Whether all NEEDLES stand in F in order, none too far behind the one before. */
static bool find_in_order(const struct form *f, const struct buffer *needles, size_t nr,
			  size_t *start, size_t *end)
{
	unsigned tries = MAX_TRIES;
	size_t from = 0;

	while (find(f, slice_of(&needles[0]), from, &tries, start)) {
		size_t i;
		*end = *start + needles[0].len;
		for (i = 1; i < nr; i++) {
			struct form near = *f;
			size_t limit = *end + MAX_GAP + needles[i].len, pos;
			if (limit < near.bytes.len)
				near.bytes.len = limit;
			if (!find(&near, slice_of(&needles[i]), *end, &tries, &pos))
				break;
			*end = pos + needles[i].len;
		}
		if (i == nr)
			return true;
		from = *start + 1;
	}
	return false;
}

static struct text_forms *find_pieces(struct ground_index *index, const struct slice *pieces,
				      size_t nr, size_t tier, struct range *range)
{
	struct buffer needles[MAX_PIECES];
	struct text_forms *found = NULL;
	size_t start, end, long_enough = 0;

	for (size_t i = 0; i < nr; i++) {
		buffer_init(&needles[i], BUFFER_MAX_INTERNAL);
		quote_form(&needles[i], pieces[i], tier);
		long_enough += count_letters(slice_of(&needles[i])) >= GROUND_MIN_LOOSE;
	}
	for (size_t i = 0; i < index->nr && long_enough == nr && !found; i++) {
		struct form f = text_form(&index->texts[i], tier);
		if (!find_in_order(&f, needles, nr, &start, &end))
			continue;
		found = &index->texts[i];
		*range = source_range(&f, slice_of(&found->document->text), tier, start, end);
	}
	for (size_t i = 0; i < nr; i++)
		buffer_release(&needles[i]);
	return found;
}

/* -- findings ------------------------------------------------------------------------------- */

static struct text_forms *look_up(struct ground_index *index, struct slice quote,
				  const struct hint *hint, enum grounding *grounding,
				  struct range *range)
{
	struct text_forms *found = NULL;
	struct slice pieces[MAX_PIECES];

	for (size_t tier = 0; tier < NR_TIERS && !found; tier++) {
		struct buffer needle = BUFFER_INIT;
		quote_form(&needle, quote, tier);
		found = find_whole(index, slice_of(&needle), tier, hint, range);
		*grounding = tiers[tier].grounding;
		buffer_release(&needle);
	}
	size_t nr = found ? 0 : split(quote, pieces);
	for (size_t tier = 0; nr && tier < NR_TIERS && !found; tier++) {
		found = find_pieces(index, pieces, nr, tier, range);
		*grounding = tiers[tier].grounding;
	}
	return found;
}

static void set_place(struct finding *f, struct document *doc, struct range range)
{
	struct location where = document_locate(doc, range.start, range.end);
	struct location end = { where.file, where.end, where.end };

	f->path = xstrdup(doc->files[where.file].path);
	f->start = where.start;
	f->end = where.end;
	document_position(doc, where, &f->line, &f->column);
	document_position(doc, end, &f->end_line, &f->end_column);
}

/* A place for what is said about words that are not there. */
static void set_place_near(struct ground_index *index, struct finding *f, struct slice quote)
{
	struct document *doc;
	struct location where, around;

	if (!index->near) {
		struct document **documents = xcalloc(index->nr + 1, sizeof(struct document *));
		for (size_t i = 0; i < index->nr; i++)
			documents[i] = index->texts[i].document;
		index->near = near_index_new(documents, index->nr);
		free(documents);
	}
	if (!near_find(index->near, quote, &doc, &where, &around))
		return;
	size_t column;
	f->path = xstrdup(doc->files[where.file].path);
	f->start = around.start;
	f->end = around.end;
	document_position(doc, where, &f->line, &column);
}

static struct hint hint_of(const struct ground_index *index, const char *location)
{
	struct hint hint = { NULL };

	for (size_t i = 0; location && i < index->nr && !hint.document; i++) {
		const struct document *doc = index->texts[i].document;
		if (locate_name(doc, location, &hint.range.start, &hint.range.end))
			hint.document = doc;
	}
	return hint;
}

void ground_finding(struct ground_index *index, struct finding *f)
{
	struct range range;
	enum grounding grounding;
	struct slice quote = { f->quote ? f->quote : "", f->quote ? strlen(f->quote) : 0 };

	free(f->path);
	f->path = NULL;
	f->line = f->column = f->end_line = f->end_column = f->start = f->end = 0;
	f->grounding = GROUNDING_NONE;
	struct hint hint = hint_of(index, f->location);
	struct text_forms *found = look_up(index, slice_trim(quote), &hint, &grounding, &range);
	if (!found) {
		set_place_near(index, f, quote);
		return;
	}
	f->grounding = grounding;
	set_place(f, found->document, range);
}
