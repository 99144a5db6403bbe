#include "base/yaml.h"

#include <stdio.h>
#include <yaml.h>

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"

/* Characters between two remembered byte offsets. */
#define OFFSET_STRIDE 256

/* A collection that is being filled. */
struct open_collection {
	struct yaml_node *node;
	size_t alloc;
	struct strmap keys;
};

struct reader {
	const char *file;
	struct slice text;  /* all of it */
	size_t bom;         /* bytes of the byte order mark */
	size_t *offsets;    /* byte offset of every OFFSET_STRIDE-th character after it */
	size_t nr_offsets;
	yaml_parser_t parser;
	struct open_collection stack[YAML_MAX_DEPTH];
	size_t depth;
	struct yaml_document *out;
};

/* -- offsets --------------------------------------------------------------------------------- */

static size_t character_size(const char *s)
{
	unsigned char c = (unsigned char)*s;
	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* libyaml counts characters, we cut bytes. The text is known to be valid UTF-8. */
static void index_offsets(struct reader *r)
{
	size_t character = 0;
	r->offsets = xreallocarray(NULL, r->text.len / OFFSET_STRIDE + 1, sizeof(*r->offsets));
	for (size_t pos = r->bom; pos < r->text.len; pos += character_size(r->text.data + pos))
		if (character++ % OFFSET_STRIDE == 0)
			r->offsets[r->nr_offsets++] = pos;
}

static size_t byte_offset(const struct reader *r, yaml_mark_t mark)
{
	size_t stride = mark.index / OFFSET_STRIDE, left = mark.index % OFFSET_STRIDE;
	if (stride >= r->nr_offsets)
		return r->text.len;
	size_t pos = r->offsets[stride];
	for (; left && pos < r->text.len; left--)
		pos += character_size(r->text.data + pos);
	return pos;
}

/* -- errors ---------------------------------------------------------------------------------- */

static struct error *error_at_mark(const struct reader *r, enum error_code code, yaml_mark_t mark,
				   const char *message)
{
	return error_at(code, r->file, mark.line + 1, mark.column + 1, "%s", message);
}

static struct error *error_at_offset(const char *file, struct slice text, size_t offset,
				     const char *message)
{
	size_t line = 1, start = 0;
	for (size_t i = 0; i < offset && i < text.len; i++) {
		if (text.data[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	return error_at(ERROR_SYNTAX, file, line, offset - start + 1, "%s", message);
}

static struct error *parser_error(const struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "cannot be read";
	if (p->error == YAML_READER_ERROR)
		return error_at_offset(r->file, r->text, r->bom + p->problem_offset, problem);
	if (!p->context)
		return error_at_mark(r, ERROR_SYNTAX, p->problem_mark, problem);
	return error_at(ERROR_SYNTAX, r->file, p->problem_mark.line + 1, p->problem_mark.column + 1,
			"%s %s", problem, p->context);
}

/* -- building -------------------------------------------------------------------------------- */

static struct open_collection *innermost(struct reader *r)
{
	return r->depth ? &r->stack[r->depth - 1] : NULL;
}

static bool expects_key(const struct open_collection *in)
{
	return in && in->node->kind == YAML_MAPPING && in->node->nr % 2 == 0;
}

static struct error *check_key(struct open_collection *in, const struct reader *r,
			       const struct yaml_node *node)
{
	if (node->kind != YAML_SCALAR)
		return error_at(ERROR_SYNTAX, r->file, node->line, node->column,
				"a key must be a single word or string");
	if (strmap_add(&in->keys, node->value, node->value_len))
		return NULL;
	struct buffer shown = BUFFER_INIT_MAX(256);
	text_for_terminal(&shown, node->value, node->value_len, false);
	struct error *err = error_at(ERROR_SYNTAX, r->file, node->line, node->column,
				     "the key '%s' is there twice", shown.data);
	buffer_release(&shown);
	return err;
}

static void node_free(struct yaml_node *node);

/* Gives NODE to the innermost collection, or makes it the root. Owns NODE even on error. */
static struct error *place(struct reader *r, struct yaml_node *node)
{
	struct open_collection *in = innermost(r);
	struct error *err = NULL;
	if (++r->out->nr_nodes > YAML_MAX_NODES)
		err = error_at(ERROR_LIMIT, r->file, node->line, node->column,
			       "the file has more than %d values", YAML_MAX_NODES);
	else if (expects_key(in))
		err = check_key(in, r, node);
	if (err) {
		node_free(node);
		return err;
	}
	if (!in) {
		r->out->root = node;
		return NULL;
	}
	ALLOC_GROW(in->node->items, in->node->nr, in->alloc);
	in->node->items[in->node->nr++] = node;
	return NULL;
}

static struct yaml_node *new_node(const struct reader *r, const yaml_event_t *event,
				  enum yaml_kind kind)
{
	struct yaml_node *node = xcalloc(1, sizeof(*node));
	node->kind = kind;
	node->line = event->start_mark.line + 1;
	node->column = event->start_mark.column + 1;
	node->start = byte_offset(r, event->start_mark);
	node->end = byte_offset(r, event->end_mark);
	return node;
}

/* libyaml ends a block scalar where the next token may begin. Line breaks behind the last line
 * stay in the node only if they are part of the value ("|+"). */
static void tighten_block_scalar(const struct reader *r, struct yaml_node *node)
{
	const char *s = r->text.data;
	const char *v = node->value;
	size_t len = node->value_len;
	if (len && v[len - 1] == '\n' && (len == 1 || v[len - 2] == '\n'))
		return;
	while (node->end > node->start && ascii_space(s[node->end - 1]))
		node->end--;
}

/* A value that is not there is put by libyaml where the next token begins; it belongs behind the
 * ':', or behind its key if there is none. Between them stand only white space and comments. */
static void pull_empty_value(const struct reader *r, struct open_collection *in,
			     struct yaml_node *node)
{
	if (!in || in->node->kind != YAML_MAPPING || in->node->nr % 2 == 0)
		return;
	const char *s = r->text.data;
	size_t key_end = in->node->items[in->node->nr - 1]->end, pos = key_end;
	for (bool comment = false; pos < node->start && (comment || s[pos] != ':'); pos++)
		comment = s[pos] == '#' || (comment && s[pos] != '\n' && s[pos] != '\r');
	node->start = node->end = pos < node->start ? pos + 1 : key_end;
}

static struct error *add_scalar(struct reader *r, const yaml_event_t *event)
{
	struct yaml_node *node = new_node(r, event, YAML_SCALAR);
	yaml_scalar_style_t style = event->data.scalar.style;
	node->value = xmemdupz(event->data.scalar.value, event->data.scalar.length);
	node->value_len = event->data.scalar.length;
	node->plain = style == YAML_PLAIN_SCALAR_STYLE;
	if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE)
		tighten_block_scalar(r, node);
	if (node->start == node->end)
		pull_empty_value(r, innermost(r), node);
	return place(r, node);
}

static struct error *begin_collection(struct reader *r, const yaml_event_t *event, enum yaml_kind kind,
				      bool flow)
{
	if (r->depth >= YAML_MAX_DEPTH)
		return error_at_mark(r, ERROR_LIMIT, event->start_mark, "the nesting is too deep");
	struct yaml_node *node = new_node(r, event, kind);
	node->flow = flow;
	struct error *err = place(r, node);
	if (!err)
		r->stack[r->depth++] = (struct open_collection){ node, 0, STRMAP_INIT };
	return err;
}

/* The end of a collection with brackets is theirs; of any other, that of its last item, because
 * libyaml's is where the next token begins, behind comments and blank lines. */
static struct error *end_collection(struct reader *r, const yaml_event_t *event)
{
	struct open_collection *in = innermost(r);
	struct yaml_node *node = in->node;
	char first = node->start < r->text.len ? r->text.data[node->start] : '\0';
	if (node->flow && first == (node->kind == YAML_MAPPING ? '{' : '['))
		node->end = byte_offset(r, event->end_mark);
	else if (node->nr)
		node->end = node->items[node->nr - 1]->end;
	strmap_release(&in->keys, NULL);
	r->depth--;
	return NULL;
}

static bool has_property(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor || event->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor || event->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor || event->data.mapping_start.tag;
	default:
		return event->type == YAML_ALIAS_EVENT;
	}
}

static struct error *take_event(struct reader *r, const yaml_event_t *event, bool *first_document)
{
	if (has_property(event))
		return error_at_mark(r, ERROR_SYNTAX, event->start_mark,
				     "anchors, aliases and tags are not accepted");
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (!*first_document)
			return error_at_mark(r, ERROR_SYNTAX, event->start_mark,
					     "a second document is not accepted");
		*first_document = false;
		return NULL;
	case YAML_SCALAR_EVENT:
		return add_scalar(r, event);
	case YAML_SEQUENCE_START_EVENT:
		return begin_collection(r, event, YAML_SEQUENCE,
					event->data.sequence_start.style ==
						YAML_FLOW_SEQUENCE_STYLE);
	case YAML_MAPPING_START_EVENT:
		return begin_collection(r, event, YAML_MAPPING,
					event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return end_collection(r, event);
	default:
		return NULL;
	}
}

static struct error *read_events(struct reader *r)
{
	struct error *err = NULL;
	bool first_document = true, done = false;
	while (!err && !done) {
		yaml_event_t event;
		if (!yaml_parser_parse(&r->parser, &event))
			return parser_error(r);
		err = take_event(r, &event, &first_document);
		done = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	return err;
}

static struct error *check_encoding(struct slice text, const char *file)
{
	if (text.len > YAML_MAX_SIZE)
		return error_at(ERROR_LIMIT, file, 0, 0, "the file is larger than %zu bytes",
				YAML_MAX_SIZE);
	for (size_t pos = 0; pos < text.len;) {
		uint32_t cp;
		size_t n = utf8_decode(text.data + pos, text.len - pos, &cp);
		if (n == 1 && cp == 0xfffd)
			return error_at_offset(file, text, pos, "the file is not valid UTF-8");
		pos += n;
	}
	return NULL;
}

struct error *yaml_parse(struct yaml_document *out, struct slice text, const char *file)
{
	struct reader r = { .file = file, .text = text, .out = out };
	*out = (struct yaml_document){ NULL, 0 };
	struct error *err = check_encoding(text, file);
	if (err)
		return err;
	if (text.len >= 3 && !memcmp(text.data, "\xef\xbb\xbf", 3))
		r.bom = 3;
	if (!yaml_parser_initialize(&r.parser))
		return error_new(ERROR_GENERIC, "%s: the YAML parser could not be made", file);
	index_offsets(&r);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.data + r.bom,
				     text.len - r.bom);
	err = read_events(&r);
	while (r.depth)
		strmap_release(&r.stack[--r.depth].keys, NULL);
	yaml_parser_delete(&r.parser);
	free(r.offsets);
	if (err)
		yaml_document_release(out);
	return err;
}

/* Recursion is bounded by YAML_MAX_DEPTH. */
static void node_free(struct yaml_node *node)
{
	for (size_t i = 0; i < node->nr; i++)
		node_free(node->items[i]);
	free(node->items);
	free(node->value);
	free(node);
}

void yaml_document_release(struct yaml_document *doc)
{
	if (doc->root)
		node_free(doc->root);
	*doc = (struct yaml_document){ NULL, 0 };
}
