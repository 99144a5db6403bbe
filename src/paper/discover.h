/*
 * What the files of discovery share; nobody else includes this.
 *
 * Discovery works in three steps:
 *
 *   facts      what a folder and the folders below it hold, looked at from inside: manuscripts,
 *              references that lead out, ignored entries (discover.c). A folder whose tree id is
 *              known is answered by the memo (discover_memo.c).
 *   complete   which folders are papers, looked at from outside, and their content ids
 *              (discover_content.c)
 *   list       what callers get (discover_list.c)
 *
 * The facts are a tree of nodes in the memo's own form, numbered, so that those of an earlier run
 * are used where they lie in the mapped file.
 */
#ifndef PAPER_DISCOVER_H
#define PAPER_DISCOVER_H

#include "base/cache_file.h"
#include "git/ignore.h"
#include "paper/paper.h"

/* Raised when the rules below change: older memos are void then. */
#define DISCOVER_VERSION 2

#define IGNORE_FILE ".ignore"

#define DISCOVER_MAX_DEPTH 200             /* folders in folders */
#define DISCOVER_MAX_TEX ((size_t)16 << 20) /* a TeX file that is looked into */
#define DISCOVER_MAX_REPORT ((size_t)64 << 20)
#define DISCOVER_MAX_REFERENCES 1000       /* that one file makes to others */
#define DISCOVER_MAX_REFERENCE 1024        /* bytes of one */
#define DISCOVER_MAX_OPTION 16384          /* bytes of a command's [...] */

/* -- discover_names.c: what names say ---------------------------------------------------------- */

enum file_role {
	FILE_OTHER,
	FILE_TEX_SOURCE, /* .sty and .cls: no manuscripts, but they name files */
	FILE_TEX,
	FILE_MARKDOWN,
	FILE_PDF,
	FILE_HIDDEN,     /* a leading dot */
	FILE_REPORT,     /* scrutiny.json */
	FILE_GENERATED,  /* what else we write: scrutiny.md, meta.yaml */
};
enum file_role file_role(const char *name);
/* README and its like: never a manuscript. */
bool is_project_file(const char *name);
bool is_graphics_file(const char *name);
/* figures, images, ...: such folders, and those below them, hold no manuscripts. */
bool is_asset_folder(const char *name);
/* latex, tex, src: their parent may be the paper. */
bool is_source_folder(const char *name);
/* main, paper, ms, ...: that it is the paper of its folder. */
bool is_main_name(const char *name);
/* Where a manuscript called NAME stands among several of a paper whose folder is called FOLDER:
 * lower is more likely the main one. */
unsigned manuscript_rank(const char *name, const char *folder, size_t folder_len);
bool same_stem(const char *a, const char *b);

/* -- discover_tex.c: what a TeX file says ------------------------------------------------------ */

enum reference_kind {
	REFERENCE_FILE,     /* tried with the usual extensions */
	REFERENCE_GRAPHICS, /* a folder: the graphics files in it */
	REFERENCE_LINK,     /* a symbolic link's target: a file, or a folder's files */
};

struct tex_scan {
	bool is_manuscript;       /* has a \documentclass that makes a document of its own */
	struct strmap included;   /* names in the same folder, as written less "./" */
	struct strmap references; /* "../..." with the digit of its kind in front */
};
void tex_scan(struct tex_scan *scan, struct slice text);
void tex_scan_release(struct tex_scan *scan);

/* -- discover_memo.c: nodes -------------------------------------------------------------------- */

enum node_flags {
	/* One bit a kind, in the order of enum manuscript_kind: */
	NODE_OWN = 1,    /* manuscripts in the folder itself */
	NODE_TAKEN = 8,  /* those, and what a paper would take in from the folders below */
	NODE_KINDS = 7,  /* all the bits of either */
	NODE_REPORTED = 1 << 6,   /* a report stands in it: reported is set */
	NODE_LIFTED = 1 << 7,     /* its latex, tex or src folder does */
	NODE_TEXT_BELOW = 1 << 8, /* a TeX or Markdown manuscript is somewhere in it */
	NODE_OPEN = 1 << 9,       /* the top, a paper that does not close the folders below */
	NODE_RELEVANT = 1 << 10,  /* something of it comes into the list */
	NODE_IGNORE_FILE = 1 << 11,
	NODE_HAS_ID = 1 << 12,    /* content_id, nr_inputs and dependencies are set */
	NODE_COMPLETE = 1 << 13,  /* 3 bits: papers below have theirs, by the view on this folder */
};

#define NODE_KEY_SIZE 16
#define DEPENDENCY_DIGEST_WORDS 4

/* Strings and words are numbers of places in the memo's pools. */
struct node {
	unsigned char key[NODE_KEY_SIZE]; /* zeros: the folder has changes; not kept */
	unsigned char content_id[SHA256_SIZE];
	unsigned char reported[SHA256_SIZE]; /* the content id in its scrutiny.json */
	uint32_t flags;
	uint32_t nr_inputs;
	uint32_t manuscripts, nr_manuscripts;   /* (name, kind) each */
	uint32_t references, nr_references;     /* (path from this folder, kind) */
	uint32_t ignored, nr_ignored;           /* (name, a folder's with '/' at its end) */
	uint32_t children, nr_children;         /* (name, node | CHILD_RELEVANT), in git's order */
	uint32_t dependencies, nr_dependencies; /* (path from this folder, kind, digest): outside
						   files on which content ids in it depend */
};
#define MANUSCRIPT_WORDS 2
#define REFERENCE_WORDS 2
#define IGNORED_WORDS 1
#define CHILD_WORDS 2
#define DEPENDENCY_WORDS (2 + DEPENDENCY_DIGEST_WORDS)
#define CHILD_RELEVANT (1u << 31)
#define NODE_NONE UINT32_MAX

/* An earlier run's pools, mapped, and behind them what this run adds. */
struct memo {
	char *path;
	struct cache_file file;
	const struct node *old_nodes;
	const uint32_t *old_words, *old_table;
	const char *old_strings;
	uint32_t nr_old_nodes, nr_old_words, size_old_strings, size_old_table;
	struct node *nodes;
	size_t nr_nodes, alloc_nodes;
	uint32_t *words;
	size_t nr_words, alloc_words;
	struct buffer strings;
	struct strmap interned; /* strings added by this run -> place + 1 */
	struct strmap keys;     /* keys added by this run -> node + 1 */
	uint32_t nr_when_cleaned;
	bool worth_writing;
};

void memo_open(struct memo *memo, const char *common_dir);
/* A memo with the same earlier run behind it, under the same numbers. OTHER must outlive it. */
void memo_open_beside(struct memo *memo, const struct memo *other);
/* Writes what this run has added, if anything, for the next one; ROOT's nodes are in use. */
void memo_save(struct memo *memo, uint32_t root);
void memo_release(struct memo *memo);

const struct node *memo_node(const struct memo *memo, uint32_t number);
const uint32_t *memo_words(const struct memo *memo, uint32_t place);
const char *memo_string(const struct memo *memo, uint32_t place);
uint32_t memo_find(const struct memo *memo, const unsigned char key[NODE_KEY_SIZE]);
/* Pointers from the three above are valid until something is added. */
uint32_t memo_add_node(struct memo *memo, const struct node *node);
uint32_t memo_add_words(struct memo *memo, const uint32_t *words, size_t nr);
uint32_t memo_add_string(struct memo *memo, const char *s, size_t len);
/* Node NUMBER, or a copy of it if it is of an earlier run, to be changed. */
uint32_t memo_own(struct memo *memo, uint32_t number);
struct node *memo_change(struct memo *memo, uint32_t number);
void memo_set_child(struct memo *memo, uint32_t number, size_t child, uint32_t node);

/* -- discover_folder.c and discover.c: facts --------------------------------------------------- */

/* How a folder is seen from outside. */
enum view {
	VIEW_FREE,   /* no paper holds it: any manuscript makes a paper */
	VIEW_INSIDE, /* it is in a paper: only TeX makes another */
	VIEW_TAKEN,  /* it is in a paper that takes in what is below */
};
/* Whether a folder with these facts is a paper in that view, and the view on the folders in it. */
bool node_is_paper(uint32_t flags, enum view view, enum view *below);

struct discovery {
	struct snapshot *snapshot;
	const struct paper_rules *rules;
	struct memo memo;
	char rules_id[SHA256_HEX_SIZE + 1]; /* of the globs; "" without */
	struct strmap listings;             /* folders that references lead to */
	struct strmap resolved;             /* absolute references -> struct resolution */
};

/* What facts inherit on the way down. */
struct place {
	const struct ignore_rules *ignore;
	bool in_assets;
	bool in_scope; /* of the globs */
	unsigned depth;
};

void discovery_init(struct discovery *d, struct snapshot *snapshot,
		    const struct paper_rules *rules);
/* Another discovery in the same repository: see memo_open_beside. */
void discovery_init_beside(struct discovery *d, struct snapshot *snapshot, const struct paper_rules *rules,
			   const struct discovery *other);
void discovery_release(struct discovery *d);

/* A folder's entries as discovery sees them. */
struct folder {
	struct snapshot_entry *entries; /* nothing hidden, no submodules */
	bool *ignored;                  /* by entry */
	size_t nr;
	bool has_ignore_file;
	bool is_incomplete;             /* its .ignore is not here, and counts as empty */
	struct ignore_rules *own_rules; /* of its .ignore */
	const struct ignore_rules *rules;
};
struct error *folder_open(struct folder *folder, struct discovery *d, const char *path,
			  const struct ignore_rules *inherited);
void folder_release(struct folder *folder);

struct place place_top(const struct discovery *d);
/* PLACE of the folder itself, and that of NAME in it. */
struct place place_inside(const struct place *place, const struct folder *folder);
struct place place_below(const struct discovery *d, const struct place *inside, const char *path,
			 const char *name);

/* The facts of the folder at PATH. TREE is its tree id, empty when it has changes. */
struct error *discover_facts(struct discovery *d, const char *path, const struct oid *tree,
			     const struct place *place, uint32_t *node);

/* Whether ERR says that an object is missing in a partial clone that stays as it is. */
bool is_away(const struct discovery *d, const struct error *err);
bool is_file_mode(unsigned mode);
bool is_folder_mode(unsigned mode);
/* "a" and "b" are "a/b"; "" and "b" are "b". */
void path_join(struct buffer *out, const char *folder, const char *name);

/* -- discover_content.c ------------------------------------------------------------------------ */

/* Settles the content ids of node NUMBER at PATH and of what is below it, as seen in VIEW.
 * IGNORE is what the folders above PATH say. */
struct error *discover_complete(struct discovery *d, const char *path,
				const struct ignore_rules *ignore, enum view view,
				uint32_t *number);

/* One file that a content id covers. */
struct input {
	unsigned mode;
	struct oid oid;
	char *path; /* from the paper's folder */
};
struct input_list {
	struct input *items;
	size_t nr, alloc;
};
void input_list_release(struct input_list *list);

/* An outside reference of a paper. */
struct dependency {
	char *path; /* from the paper's folder: "../..." */
	enum reference_kind kind;
	uint32_t digest[DEPENDENCY_DIGEST_WORDS];
};
struct dependency_list {
	struct dependency *items;
	size_t nr, alloc;
	struct strmap known;
};
void dependency_list_release(struct dependency_list *list);

/* The content id over INPUTS. */
void discover_content_id(unsigned char id[SHA256_SIZE], const struct input_list *inputs);

/* The inputs of the paper that node NUMBER at PATH is, in the content id's order, and what
 * outside of its folder they depend on. */
struct error *discover_inputs(struct discovery *d, const char *path,
			      const struct ignore_rules *ignore, uint32_t number,
			      struct input_list *inputs, struct dependency_list *dependencies);

/* -- discover_outside.c: files that references lead to ----------------------------------------- */

/* What TeX adds to a name; the first is nothing. Ends with NULL. */
extern const char *const discover_extensions[];

/* What a reference finds: the digest of it, and each file as what to add to the reference. */
struct resolution {
	uint32_t digest[DEPENDENCY_DIGEST_WORDS];
	struct input_list found;
};
/* REFERENCE ("../...") seen from the folder PATH. The result belongs to D. */
struct error *discover_resolve(struct discovery *d, const char *path, const char *reference,
			       enum reference_kind kind, const struct resolution **out);
void discover_resolve_release(struct discovery *d);
/* Appends REFERENCE as seen from FOLDER's folder: "../x" in "a/b" is "a/x", in "" it stays. */
void path_resolve(struct buffer *out, const char *folder, const char *reference);

/* -- discover_list.c --------------------------------------------------------------------------- */

void discover_list(struct paper_list *out, const struct discovery *d, uint32_t root);
/* Adds the paper that node NUMBER at PATH is, when it is looked at from inside. */
void discover_list_one(struct paper_list *out, const struct discovery *d, uint32_t number, const char *path);

#endif
