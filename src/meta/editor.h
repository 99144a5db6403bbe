/* Editing YAML by splicing bytes. Shared by the files of this folder. */
#ifndef META_EDITOR_H
#define META_EDITOR_H

#include "base/yaml.h"
#include "meta/section.h"

/* LEN bytes at POS become TEXT. */
struct edit {
	size_t pos, len;
	char *text;
	size_t text_len;
};

struct editor {
	struct slice text;
	size_t bom;
	const char *newline; /* as the file's first line ends */
	const char *file;
	const struct section *section;
	const struct yaml_node *root;
	struct edit *edits;
	size_t nr, alloc;
};

/* Bytes of the line break at POS, as YAML 1.1 and so libyaml sees them; 0: there is none. */
size_t break_at(struct slice text, size_t pos);
bool is_blank(char c);
size_t line_end(struct slice text, size_t pos);
bool ends_with_break(struct slice text, size_t end);
size_t line_start(const struct editor *ed, size_t pos);

/* A parsed document to be edited; FILE is for errors. */
struct error *editor_open(struct editor *ed, struct yaml_document *doc, struct slice text,
			  const char *file);
void editor_release(struct editor *ed);

/* Takes the bytes of TEXT. Edits at the same place keep their order. */
void add_edit(struct editor *ed, size_t pos, size_t len, struct buffer *text);
void apply_edits(struct buffer *out, const struct editor *ed);
/* Adds LINES, each with its line break, as lines of their own behind the line that holds END, the
 * end of a node. If that line has no break, the file goes on to end without one. */
void add_lines_behind(struct editor *ed, size_t end, struct buffer *lines);
/* The end of NODE without the blank lines that are part of a block ("|+"). */
size_t tight_end(const struct editor *ed, const struct yaml_node *node);
/* Takes the bytes of TEXT as the new value of a key in MAPPING. */
void replace_value(struct editor *ed, const struct yaml_node *mapping, const struct yaml_node *key,
		   const struct yaml_node *value, struct buffer *text);

bool has_text(const struct yaml_node *node, const char *text);
bool has_value(const struct yaml_node *node, const struct field *field);
/* The item of KEY in MAPPING: the index of its value, or 0. */
size_t find_item(const struct yaml_node *mapping, const char *key);
/* Sets the fields of ed->section in MAPPING. */
void update_section(struct editor *ed, const struct yaml_node *mapping);

/* Whether A and B hold the same keys and values in the same order but for the OURS ones. */
bool same_but(const struct yaml_node *a, const struct yaml_node *b,
	      bool (*ours)(const struct yaml_node *key, const void *data), const void *data);

#endif
