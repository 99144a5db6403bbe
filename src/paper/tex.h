/*
 * The TeX reader's parts. It works as TeX does, token by token: frames (files and token lists)
 * are read from the top of a stack, user macros are expanded by pushing what they stand for,
 * and commands of the table act. It differs where a reader may: a macro whose expansion cannot
 * matter (tex_macro_matters) is passed over with its arguments in place, and what TeX would
 * typeset is only passed over.
 *
 *   tex_lexer.c         files to tokens; comments; raw text (verbatim, \url)
 *   tex_tokens.c        token lists, arguments, and tokens as keys
 *   tex_macros.c        definitions and expansion
 *   tex_conditionals.c  \if... and their kin
 *   tex_commands.c      the table of commands
 *   tex_references.c    labels, references, citations, bibliographies
 *   tex_files.c         \input and its kin, graphics, packages
 *   tex_environments.c  \begin and \end
 *   tex_hidden.c        what no reader sees: colour, size, opacity, place
 *   tex_plain.c         tokens as plain text; title, authors, sections
 *   tex_reader.c        the loop
 */
#ifndef PAPER_TEX_H
#define PAPER_TEX_H

#include "paper/reading.h"

#define TEX_MAX_FRAMES 2000
#define TEX_MAX_GROUPS 5000
#define TEX_MAX_CONDITIONALS 5000
#define TEX_MAX_ARGUMENT ((size_t)64 << 10) /* tokens */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
/* Reached as surely, but soon: a fuzzer is to look at more than endless macros. */
#define TEX_MAX_CALL_EXPANSIONS 300
#define TEX_MAX_TOKENS ((size_t)100 << 10)
#else
#define TEX_MAX_CALL_EXPANSIONS 10000    /* started by one call in a file */
#define TEX_MAX_TOKENS ((size_t)4 << 20) /* made by expansion or read again, all together */
#endif
#define TEX_MAX_PARAMETERS 9
#define TEX_MAX_MACROS 200000

enum tex_kind {
	TEX_CHAR, /* value: the byte */
	TEX_SPACE,
	TEX_PAR,       /* an empty line */
	TEX_BEGIN,     /* { */
	TEX_END,       /* } */
	TEX_PARAMETER, /* value: digit | number of further # << 8; digit 0 for a bare # */
	TEX_CONTROL,   /* value: number of the name */
	TEX_NO_VALUE,  /* an optional argument that was not given */
	TEX_ACTION,    /* value: enum tex_action; put into a list by the reader itself */
};

enum tex_action { TEX_BRANCH_BEGIN, TEX_BRANCH_END, TEX_GROUP_END };

#define TEX_FROM_BODY 1   /* from a macro's body: start, end and flow are the call's */
#define TEX_CONDITIONAL 2 /* from a macro whose definition is conditional */

struct tex_token {
	uint8_t kind, flags;
	uint32_t value;
	uint32_t file, start, end;
	uint32_t flow;
};

struct tex_tokens {
	struct tex_token *items;
	size_t nr, alloc;
};

enum tex_frame_kind { TEX_FRAME_FILE, TEX_FRAME_TOKENS };

struct tex_frame {
	enum tex_frame_kind kind;
	bool barrier; /* tokens: do not read on below */
	/* a token list, owned */
	struct tex_token *tokens;
	size_t next, nr;
	/* bytes [pos, end) of a file */
	uint32_t file;
	size_t pos, end;
	size_t run_start;   /* what has not yet gone to the flow starts here */
	size_t run_flow;    /* and there in the flow */
	size_t start_flow;  /* where the file begins in the flow */
	bool skip_spaces;   /* behind a control word */
	bool is_package;    /* .sty, .cls: only definitions count */
	bool not_text;      /* goes out of the text: packages, a .bbl */
	bool has_class;     /* a \documentclass of its own was seen */
	bool preamble_only; /* left at \begin{document} */
	bool saved_at_letter;
	size_t outer_file;  /* tex->file_frame outside this file */
	char *saved_import; /* \import's folder outside this file */
};

enum tex_parameter_kind {
	TEX_MANDATORY,
	TEX_OPTIONAL,  /* open, close; `fallback` */
	TEX_FLAG,      /* open: the token, such as * */
	TEX_DELIMITED, /* up to `delimiter` */
};

struct tex_parameter {
	enum tex_parameter_kind kind;
	char open, close;
	bool has_fallback;
	struct tex_tokens fallback; /* or the delimiter */
};

struct tex_macro {
	struct tex_tokens body;
	struct tex_tokens prefix;         /* \def\a(#1): the ( */
	struct tex_parameter *parameters; /* TEX_MAX_PARAMETERS of them, or NULL */
	size_t nr_parameters;
	bool conditional;
	uint64_t matters_epoch; /* `matters` was found at this state of definitions */
	bool matters, looking;
	struct tex_macro *next; /* all macros, for release */
};

struct tex;
struct tex_command {
	const char *name;
	void (*run)(struct tex *tex, const struct tex_command *cmd, const struct tex_token *at);
	const char *arguments; /* what stands before the interesting one; see tex_skip_arguments */
	int parameter;         /* for RUN */
	bool expandable;       /* acts by putting tokens in its place; may stand in a key */
};

enum tex_meaning_kind {
	TEX_UNDEFINED,
	TEX_COMMAND,
	TEX_MACRO,
	TEX_TOKEN,   /* \let to a character */
	TEX_BOOLEAN, /* \iffoo of \newif; value is enum tex_truth */
	TEX_SETTER,  /* \footrue, \foofalse */
};

enum tex_truth { TEX_FALSE, TEX_TRUE, TEX_UNKNOWN };

struct tex_meaning {
	enum tex_meaning_kind kind;
	const struct tex_command *command;
	struct tex_macro *macro;
	struct tex_token token;
	uint32_t target; /* setter: the \iffoo */
	enum tex_truth value;
};

enum tex_environment_kind {
	TEX_ENVIRONMENT_PLAIN,
	TEX_ENVIRONMENT_VERBATIM,
	TEX_ENVIRONMENT_LISTING, /* verbatim with options that may hold label= */
	TEX_ENVIRONMENT_COMMENT,
	TEX_ENVIRONMENT_FILE,     /* filecontents */
	TEX_ENVIRONMENT_LABELLED, /* options may hold label= */
	TEX_ENVIRONMENT_TCB,      /* [options]{title}{label} with a prefix */
	TEX_ENVIRONMENT_ABSTRACT,
	TEX_ENVIRONMENT_DRAWING, /* what is white there may lie on anything */
	TEX_ENVIRONMENT_DOCUMENT,
	TEX_ENVIRONMENT_USER, /* begin and end are macros */
};

struct tex_environment {
	enum tex_environment_kind kind;
	struct tex_macro *begin, *end;
	char *prefix;
};

/* Why text cannot be seen, as a scope knows it. */
struct tex_appearance {
	bool white, dark_background, unsure_background, transparent, moved, phantom;
	bool until_paragraph, until_semicolon;
	double size; /* pt; 0: as ever */
};

struct tex_group {
	char *environment; /* NULL: braces */
	struct tex_token at;
	size_t nr_saved; /* meanings to restore above this */
	struct tex_appearance appearance;
};

struct tex_saved {
	uint32_t name;
	struct tex_meaning meaning;
};

enum tex_branch { TEX_BRANCH_TAKEN, TEX_BRANCH_UNDECIDED };

struct tex_conditional {
	enum tex_branch branch;
	struct tex_token at;
};

/* The hidden text being gathered. */
struct tex_hiding {
	bool active, uncertain;
	char how[80];
	struct buffer text;
	bool in_source; /* some of it stands in a file: */
	struct location where;
	size_t flow_start, flow_end;
	size_t end_before, flow_end_before; /* without the last token */
	struct location call;               /* otherwise: where the macro was called */
	size_t call_flow;
};

struct tex {
	struct reading *r;
	struct document *doc;
	struct tex_frame *frames;
	size_t nr_frames, alloc_frames, nr_file_frames;
	size_t file_frame;   /* the innermost file's number + 1; 0: none */
	struct strmap names; /* value: number + 1 */
	struct tex_meaning *meanings;
	size_t nr_meanings, alloc_meanings;
	struct tex_macro *macros;
	size_t nr_macros;
	struct strmap environments; /* name -> struct tex_environment */
	struct strmap colors;       /* names of colours: value is enum tex_truth + 1: white? */
	struct strmap read_bibliographies;
	uint64_t epoch; /* counts definitions */
	struct tex_group *groups;
	size_t nr_groups, alloc_groups, surplus_groups;
	struct tex_saved *saved;
	size_t nr_saved, alloc_saved;
	struct tex_conditional *conditionals;
	size_t nr_conditionals, alloc_conditionals;
	size_t undecided; /* how many of them, and of the branches of \IfFileExists */
	bool at_letter, expl_syntax;
	bool in_document, ended, odd_catcodes;
	bool global_prefix;            /* \global was just read */
	bool call_reported;            /* this call's endless expansion is a problem already */
	bool quiet;                    /* expanding for text only: nothing is reported */
	unsigned char short_verb[256]; /* \MakeShortVerb */
	unsigned char classes[256];
	size_t expansions, call_expansions, tokens_made;
	unsigned chain;      /* of \expandafter */
	bool gave_up;        /* a ceiling on expansion was met */
	char *import_folder; /* of \import, or NULL */
	char **graphics_folders;
	size_t nr_graphics_folders, alloc_graphics_folders;
	char **graphics_extensions; /* declared ones, or NULL */
	size_t nr_graphics_extensions, alloc_graphics_extensions;
	struct tex_appearance appearance;
	struct tex_hiding hiding;
	bool tried_bbl;
	bool abstract_open;
};

/* -- tex_lexer.c */
void tex_lexer_init(struct tex *tex);
/* The next token; false at the end of the file or list being read. */
bool tex_next(struct tex *tex, struct tex_token *out);
/* Takes back the token that tex_next gave last. */
void tex_unread(struct tex *tex, const struct tex_token *token);
/* The file on top of the stack when bytes can be read from it directly, else NULL. */
struct tex_frame *tex_raw(struct tex *tex);
/* The innermost file. */
struct tex_frame *tex_file(struct tex *tex);
size_t tex_flow(const struct tex_frame *file, size_t pos);
const char *tex_bytes(struct tex *tex, const struct tex_frame *file);
/* Moves over ordinary text in the file on top. */
void tex_skip_text(struct tex *tex, struct tex_frame *file);
bool tex_push_file(struct tex *tex, uint32_t file, size_t start, size_t end);
void tex_push_tokens(struct tex *tex, struct tex_tokens *tokens, bool barrier); /* takes them */
void tex_pop(struct tex *tex);
/* Finds NEEDLE in the file on top from its place on; sets *AT and returns true. */
bool tex_raw_find(struct tex *tex, const char *needle, size_t *at);
/* A raw argument in braces, or between equal characters; false if there is none. */
bool tex_raw_argument(struct tex *tex, bool delimiters, size_t *start, size_t *end);
void tex_raw_spaces(struct tex *tex, struct tex_frame *file);
uint32_t tex_name(struct tex *tex, const char *name, size_t len);
const char *tex_name_of(struct tex *tex, uint32_t name);

/* -- tex_tokens.c */
void tex_tokens_add(struct tex_tokens *list, const struct tex_token *token);
void tex_tokens_append(struct tex_tokens *list, const struct tex_token *tokens, size_t nr);
void tex_tokens_release(struct tex_tokens *list);
struct location tex_where(const struct tex_token *token);
/* First token that is not a space; false at the end. */
bool tex_next_solid(struct tex *tex, struct tex_token *out);
/* An argument as TeX takes it: one token, or what stands in braces (without them). False if there
 * is none; one that does not end is a problem, and its tokens are lost. AT is blamed. */
bool tex_argument(struct tex *tex, struct tex_tokens *out, const struct tex_token *at);
bool tex_optional(struct tex *tex, char open, char close, struct tex_tokens *out,
		  const struct tex_token *at);
bool tex_star(struct tex *tex, char star);
/* Skips arguments by a list of letters: s star, o [..], a <..>, p (..), m {..}. */
void tex_skip_arguments(struct tex *tex, const char *arguments, const struct tex_token *at);
void tex_add_token_text(struct tex *tex, struct buffer *out, const struct tex_token *token);
/* Tokens as they would be written; used for keys and for what is shown. */
void tex_write_tokens(struct tex *tex, struct buffer *out, const struct tex_token *tokens,
		      size_t nr);
/* Reads TOKENS by themselves: from tex_enter (false: a ceiling) to tex_leave, tex_next ends with
 * them, and what they open is forgotten. */
struct tex_state {
	size_t nr_conditionals, undecided;
	bool quiet;
};
bool tex_enter(struct tex *tex, const struct tex_tokens *tokens, struct tex_state *state);
void tex_leave(struct tex *tex, const struct tex_state *state);
/* Expands TOKEN in place if it can be; false if it is something to look at. */
bool tex_expand_control(struct tex *tex, const struct tex_token *token);
/* Expands everything expandable. */
void tex_expand_fully(struct tex *tex, const struct tex_tokens *in, struct tex_tokens *out);
/* The argument as a string, expanded; false if there is none. */
bool tex_string(struct tex *tex, struct buffer *out, const struct tex_token *at);
/* One key of a list. */
struct tex_key {
	struct buffer text;
	struct location where;
	size_t flow;
	bool from_macro, uncertain, conditional;
};
/* Calls FN for every key in LIST, split at commas if SPLIT. AT is the command. */
void tex_each_key(struct tex *tex, const struct tex_tokens *list, const struct tex_token *at,
		  bool split, void (*fn)(struct tex *, struct tex_key *, const void *),
		  const void *data);
/* The value of NAME= in a list of options: its tokens go to OUT. */
bool tex_option_value(struct tex *tex, const struct tex_tokens *options, const char *name,
		      struct tex_tokens *out);
/* Adds an item for KEY with the state the reader is in; NULL if nothing is to be added. */
struct item *tex_item(struct tex *tex, enum item_kind kind, struct tex_key *key);
void tex_key_of_token(const struct tex_token *at, struct tex_key *key);

/* -- tex_macros.c */
struct tex_meaning *tex_meaning(struct tex *tex, uint32_t name);
void tex_set_meaning(struct tex *tex, uint32_t name, const struct tex_meaning *m, bool global);
/* NULL when there are too many: blames AT. */
struct tex_macro *tex_macro_new(struct tex *tex, const struct tex_token *at);
bool tex_macro_matters(struct tex *tex, struct tex_macro *macro);
/* Reads the arguments and pushes the expansion; false if it was not possible. */
bool tex_expand(struct tex *tex, struct tex_macro *macro, const struct tex_token *at);
/* Pushes BODY as if macro called at AT without arguments. */
void tex_push_body(struct tex *tex, const struct tex_macro *macro,
		   const struct tex_tokens *arguments, const struct tex_token *at);
void tex_macros_release(struct tex *tex);
bool tex_control_argument(struct tex *tex, uint32_t *name, const struct tex_token *at);
/* Pushes a copy of TOKENS, to be read again. False when the ceiling is met. */
bool tex_reread(struct tex *tex, const struct tex_tokens *tokens, bool barrier);
bool tex_spend(struct tex *tex, size_t tokens, const struct tex_token *at);

/* -- tex_conditionals.c */
/* Whether NAME begins a conditional that ends with \fi. */
bool tex_is_conditional(struct tex *tex, uint32_t name);
void tex_do_conditional(struct tex *tex, const struct tex_token *at);
void tex_undecided_branches(struct tex *tex, struct tex_tokens *branches, size_t nr,
			    const struct tex_token *at);
void tex_end_conditionals(struct tex *tex);
void tex_act(struct tex *tex, const struct tex_token *action);
/* \footrue and \foofalse */
void tex_do_setter(struct tex *tex, const struct tex_meaning *setter);

/* -- tex_files.c */
/* Path from the top of the file that NAME means, tried with each of EXTENSIONS in turn ("" is the
 * name itself; the list ends with NULL, and NULL is the name alone), or NULL. */
char *tex_find_file(struct tex *tex, const char *name, const char *const *extensions);
/* Opens the file at PATH, or the one the manuscript holds under that name. */
bool tex_open_path(struct tex *tex, const char *path, const struct tex_token *at);
/* Finds PATH's bytes without opening them. */
bool tex_locate_path(struct tex *tex, const char *path, struct location from, uint32_t *file,
		     size_t *start, size_t *end);

/* -- tex_environments.c */
void tex_environments_init(struct tex *tex);
struct tex_environment *tex_environment(struct tex *tex, const char *name, bool make);
void tex_group_push(struct tex *tex, char *environment, const struct tex_token *at);
void tex_group_pop(struct tex *tex);
/* A closing brace, or \endgroup. */
void tex_group_close(struct tex *tex);
bool tex_in_environment(struct tex *tex, enum tex_environment_kind kind);
/* Ends the innermost environment called NAME; NULL: whatever it is called. */
void tex_environment_close(struct tex *tex, const char *name);
/* The label= of a list of options, as an item. */
void tex_option_label(struct tex *tex, const struct tex_tokens *options,
		      const struct tex_token *at);
/* Opens the group that a following brace begins; false if none follows. */
bool tex_open_group(struct tex *tex);

/* -- tex_hidden.c */
void tex_hidden_init(struct tex *tex);
/* The appearance changed: hidden text may begin or end here. */
void tex_appearance_changed(struct tex *tex, const struct tex_token *at);
/* A token passes while text is hidden. */
void tex_hidden_token(struct tex *tex, const struct tex_token *token);
/* Bytes [start, end) of FILE are not seen, nor is FLOW to FLOW_END part of the text. */
void tex_hide_range(struct tex *tex, uint32_t file, size_t start, size_t end, size_t flow,
		    size_t flow_end, const char *how);
/* Whether TEXT has that many runs of at least two letters. */
bool tex_has_words(struct slice text, size_t words);
void tex_hidden_finish(struct tex *tex);
/* Read the arguments of \color and \fontsize: white? too small to be seen? */
bool tex_white_follows(struct tex *tex, const struct tex_token *at);
bool tex_tiny_follows(struct tex *tex, const struct tex_token *at);
/* A semicolon or an empty line: some of what hides ends there. */
void tex_hidden_boundary(struct tex *tex, const struct tex_token *at);

/* -- tex_plain.c */
/* Tokens as plain text: macros expanded, accents as UTF-8, mathematics as source. */
char *tex_plain(struct tex *tex, const struct tex_tokens *tokens);
void tex_keep_abstract(struct tex *tex, const struct tex_tokens *tokens);

/* -- tex_commands.c */
void tex_commands_init(struct tex *tex);
/* Reads frames until the stack is as deep as DEPTH. */
void tex_run(struct tex *tex, size_t depth);

/* handlers, by the file they are in */
#define TEX_HANDLER(name)                                                                          \
	void name(struct tex *tex, const struct tex_command *cmd, const struct tex_token *at)
TEX_HANDLER(tex_do_label);
TEX_HANDLER(tex_do_reference);
TEX_HANDLER(tex_do_citation);
TEX_HANDLER(tex_do_multicite);
TEX_HANDLER(tex_do_hyperref);
TEX_HANDLER(tex_do_bibitem);
TEX_HANDLER(tex_do_bibliography);
TEX_HANDLER(tex_do_newcites);
TEX_HANDLER(tex_do_external);
TEX_HANDLER(tex_do_input);
TEX_HANDLER(tex_do_import);
TEX_HANDLER(tex_do_input_if_exists);
TEX_HANDLER(tex_do_listing_file);
TEX_HANDLER(tex_do_graphics);
TEX_HANDLER(tex_do_graphicspath);
TEX_HANDLER(tex_do_graphics_extensions);
TEX_HANDLER(tex_do_usepackage);
TEX_HANDLER(tex_do_documentclass);
TEX_HANDLER(tex_do_endinput);
TEX_HANDLER(tex_do_newcommand);
TEX_HANDLER(tex_do_document_command);
TEX_HANDLER(tex_do_def);
TEX_HANDLER(tex_do_let);
TEX_HANDLER(tex_do_global);
TEX_HANDLER(tex_do_math_operator);
TEX_HANDLER(tex_do_csname);
TEX_HANDLER(tex_do_expandafter);
TEX_HANDLER(tex_do_gobble);
TEX_HANDLER(tex_do_choose);
TEX_HANDLER(tex_do_ifstar);
TEX_HANDLER(tex_do_ifnextchar);
TEX_HANDLER(tex_do_testopt);
TEX_HANDLER(tex_do_dblarg);
TEX_HANDLER(tex_do_at_letter);
TEX_HANDLER(tex_do_catcode);
TEX_HANDLER(tex_do_newif);
TEX_HANDLER(tex_do_newbool);
TEX_HANDLER(tex_do_setbool);
TEX_HANDLER(tex_do_ifbool);
TEX_HANDLER(tex_do_ifthenelse);
TEX_HANDLER(tex_do_if_file_exists);
TEX_HANDLER(tex_do_if_value);
TEX_HANDLER(tex_do_either);
TEX_HANDLER(tex_do_else);
TEX_HANDLER(tex_do_fi);
TEX_HANDLER(tex_do_iftrue);
TEX_HANDLER(tex_do_iffalse);
TEX_HANDLER(tex_do_ifx);
TEX_HANDLER(tex_do_ifnum);
TEX_HANDLER(tex_do_ifdefined);
TEX_HANDLER(tex_do_ifcsname);
TEX_HANDLER(tex_do_if_unknown);
TEX_HANDLER(tex_do_begin);
TEX_HANDLER(tex_do_end);
TEX_HANDLER(tex_do_begingroup);
TEX_HANDLER(tex_do_endgroup);
TEX_HANDLER(tex_do_newenvironment);
TEX_HANDLER(tex_do_document_environment);
TEX_HANDLER(tex_do_declare_environment);
TEX_HANDLER(tex_do_new_tcbtheorem);
TEX_HANDLER(tex_do_new_environ);
TEX_HANDLER(tex_do_verb);
TEX_HANDLER(tex_do_short_verb);
TEX_HANDLER(tex_do_url);
TEX_HANDLER(tex_do_color);
TEX_HANDLER(tex_do_textcolor);
TEX_HANDLER(tex_do_definecolor);
TEX_HANDLER(tex_do_colorlet);
TEX_HANDLER(tex_do_colorbox);
TEX_HANDLER(tex_do_background);
TEX_HANDLER(tex_do_fontsize);
TEX_HANDLER(tex_do_size);
TEX_HANDLER(tex_do_scalebox);
TEX_HANDLER(tex_do_resizebox);
TEX_HANDLER(tex_do_opacity);
TEX_HANDLER(tex_do_phantom);
TEX_HANDLER(tex_do_space);
TEX_HANDLER(tex_do_raisebox);
TEX_HANDLER(tex_do_put);
TEX_HANDLER(tex_do_drawing_options);
TEX_HANDLER(tex_do_section);
TEX_HANDLER(tex_do_title);
TEX_HANDLER(tex_do_author);
TEX_HANDLER(tex_do_abstract);

#endif
