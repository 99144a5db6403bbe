#include "base/memory.h"
#include "base/text.h"
#include "paper/tex.h"

/* A package larger than this is no user's own macros. */
#define MAX_PACKAGE ((size_t)512 << 10)

/* -- finding files ----------------------------------------------------------------------------- */

static bool exists(struct tex *tex, const char *path)
{
	return strmap_has(&tex->r->virtual_files, path, strlen(path)) ||
	       reading_exists(tex->r, path);
}

static char *find_below(struct tex *tex, const char *folder, const char *name,
			const char *const *extensions)
{
	static const char *const alone[] = { "", NULL };
	for (extensions = extensions ? extensions : alone; *extensions; extensions++) {
		char *full = xstrfmt("%s%s", name, *extensions);
		char *path = reading_join(folder, full);
		free(full);
		if (path && exists(tex, path))
			return path;
		free(path);
	}
	return NULL;
}

/* NAME without the quotes that keep its spaces together. */
static char *clean_name(const char *name)
{
	struct buffer out = BUFFER_INIT;
	for (; *name; name++)
		if (*name != '"')
			buffer_addch(&out, *name);
	return buffer_detach(&out, NULL);
}

char *tex_find_file(struct tex *tex, const char *name, const char *const *extensions)
{
	char *clean = clean_name(name), *path = NULL;
	struct tex_frame *file = tex_file(tex);
	if (tex->import_folder)
		path = find_below(tex, tex->import_folder, clean, extensions);
	if (!path)
		path = find_below(tex, tex->r->folder, clean, extensions);
	if (!path && file) {
		char *own = path_folder(tex->doc->files[file->file].path);
		path = find_below(tex, own, clean, extensions);
		free(own);
	}
	free(clean);
	return path;
}

bool tex_locate_path(struct tex *tex, const char *path, struct location from, uint32_t *file,
		     size_t *start, size_t *end)
{
	/* LaTeX writes what filecontents holds only where there is no such file, unless told to. */
	const struct virtual_file *v = strmap_get(&tex->r->virtual_files, path, strlen(path));
	if (v && (v->replaces || !reading_exists(tex->r, path))) {
		*file = v->file;
		*start = v->start;
		*end = v->end;
		return true;
	}
	if (!reading_load(tex->r, path, from, file))
		return false;
	*start = 0;
	*end = tex->doc->files[*file].bytes.len;
	return true;
}

/* UTF-8 files may begin with a byte order mark, which is no text. */
static size_t after_mark(struct tex *tex, uint32_t file, size_t start, size_t end)
{
	const char *data = tex->doc->files[file].bytes.data + start;
	return start + (end - start >= 3 && !memcmp(data, "\xef\xbb\xbf", 3) ? 3 : 0);
}

bool tex_open_path(struct tex *tex, const char *path, const struct tex_token *at)
{
	uint32_t file;
	size_t start, end;
	if (!tex_locate_path(tex, path, tex_where(at), &file, &start, &end))
		return false;
	for (size_t i = 0; i < tex->nr_frames; i++) {
		const struct tex_frame *f = &tex->frames[i];
		if (f->kind == TEX_FRAME_FILE && f->file == file && f->end <= end &&
		    f->end > start) {
			reading_problem(tex->r, tex_where(at), "%s reads itself", path);
			return false;
		}
	}
	if (tex->nr_file_frames >= DOCUMENT_MAX_INPUT_DEPTH) {
		reading_limit(tex->r, tex_where(at), "files inside one another");
		return false;
	}
	return tex_push_file(tex, file, after_mark(tex, file, start, end), end);
}

/* -- \input and its kin ------------------------------------------------------------------------ */

static const char *const tex_extensions[] = { ".tex", "", NULL };
static const char *const tex_extension_last[] = { "", ".tex", NULL };

/* These come with every TeX distribution and define nothing that matters here. */
static bool is_distributed(const char *name)
{
	static const char *const names[] = {
		"glyphtounicode", "glyphtounicode.tex",
		"pdfmsym",        "epsf",
		"epsf.tex",       "xy",
		"xypic",          "psfig",
		"psfig.sty",      "pstricks",
		"amssym.def",     "amssym.tex",
		"insbox",         "insbox.tex",
		"ix-utf8enc.dfu", "binhex",
		"binhex.tex",     "t1enc.def",
		"lipsum",         "kvoptions-patch",
		"random",         "random.tex",
		"amstex",         "mathptmx",
		"ushyphex",
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return starts_with(name, "tikzlibrary") || starts_with(name, "pgflibrary");
}

/* \input name: up to a space, as TeX itself reads it. */
static bool read_file_name(struct tex *tex, struct tex_tokens *out, const struct tex_token *at)
{
	struct tex_token token;
	bool quoted = false;
	if (!tex_next_solid(tex, &token))
		return false;
	tex_unread(tex, &token);
	if (token.kind == TEX_BEGIN)
		return tex_argument(tex, out, at);
	for (size_t nr = 0; nr < 1000 && tex_next(tex, &token); nr++) {
		if (token.kind == TEX_CHAR && token.value == '"')
			quoted = !quoted;
		if (token.kind == TEX_PAR || token.kind == TEX_BEGIN || token.kind == TEX_END ||
		    (token.kind == TEX_SPACE && !quoted)) {
			if (token.kind != TEX_SPACE)
				tex_unread(tex, &token);
			break;
		}
		tex_tokens_add(out, &token);
	}
	return out->nr > 0;
}

/* The command gives way to what it reads. */
static void cut_command(struct tex *tex, const struct tex_token *at)
{
	struct tex_frame *file = tex_raw(tex);
	if (file && file->file == at->file && !(at->flags & TEX_FROM_BODY))
		reading_cut(tex->r, at->flow, tex_flow(file, file->pos));
}

static void open_input(struct tex *tex, struct tex_key *key, const void *data)
{
	const struct tex_token *at = data;
	bool has_extension = ends_with(key->text.data, ".tex");
	if (tex->quiet || is_distributed(key->text.data))
		return;
	struct tex_frame *file = tex_file(tex);
	bool in_package = file && file->is_package;
	char *path =
	    tex_find_file(tex, key->text.data, has_extension ? tex_extension_last : tex_extensions);
	struct item *item = tex_item(tex, ITEM_INPUT, key);
	if (item && path)
		item->path = xstrdup(path);
	if (path)
		cut_command(tex, at);
	size_t depth = tex->nr_file_frames;
	if (path && tex_open_path(tex, path, at)) {
		struct tex_frame *child = &tex->frames[tex->nr_frames - 1];
		child->is_package = child->not_text = in_package;
	}
	if (tex->nr_file_frames == depth && !in_package) {
		tex->doc->labels_complete = false;
		tex->doc->citations_complete = false;
	}
	free(path);
}

TEX_HANDLER(tex_do_input)
{
	struct tex_tokens name = { NULL, 0, 0 };
	tex_skip_arguments(tex, cmd->arguments, at);
	if (read_file_name(tex, &name, at))
		tex_each_key(tex, &name, at, false, open_input, at);
	tex_tokens_release(&name);
}

/* parameter 1: the folder is named from the one of the file that does the import */
TEX_HANDLER(tex_do_import)
{
	struct buffer folder = BUFFER_INIT;
	struct tex_tokens name = { NULL, 0, 0 };
	tex_star(tex, '*');
	tex_string(tex, &folder, at);
	const char *base =
	    cmd->parameter && tex->import_folder ? tex->import_folder : tex->r->folder;
	char *outer = tex->import_folder;
	tex->import_folder = reading_join(base, folder.data);
	size_t depth = tex->nr_file_frames;
	if (tex_argument(tex, &name, at))
		tex_each_key(tex, &name, at, false, open_input, at);
	if (tex->nr_file_frames > depth) {
		tex->frames[tex->nr_frames - 1].saved_import = outer ? outer : xstrdup("");
	} else {
		free(tex->import_folder);
		tex->import_folder = outer;
	}
	tex_tokens_release(&name);
	buffer_release(&folder);
}

static void open_if_exists(struct tex *tex, struct tex_key *key, const void *data)
{
	char *path = tex_find_file(tex, key->text.data, tex_extension_last);
	key->conditional = true;
	if (path)
		open_input(tex, key, data);
	free(path);
}

/* \InputIfFileExists{file}{then}{else}: THEN comes before the file */
TEX_HANDLER(tex_do_input_if_exists)
{
	struct tex_tokens name = { NULL, 0, 0 }, branches[2] = { { NULL, 0, 0 }, { NULL, 0, 0 } };
	(void)cmd;
	if (tex_argument(tex, &name, at)) {
		tex_argument(tex, &branches[0], at);
		tex_argument(tex, &branches[1], at);
		tex_each_key(tex, &name, at, false, open_if_exists, at);
		tex_undecided_branches(tex, branches, 2, at);
	}
	tex_tokens_release(&name);
	tex_tokens_release(&branches[0]);
	tex_tokens_release(&branches[1]);
}

static void add_listing_file(struct tex *tex, struct tex_key *key, const void *data)
{
	(void)data;
	struct item *item = tex_item(tex, ITEM_INPUT, key);
	if (item)
		item->path = tex_find_file(tex, key->text.data, NULL);
}

/* Files shown as they are. parameter: 1 \lstinputlisting, whose options may hold a label */
TEX_HANDLER(tex_do_listing_file)
{
	struct tex_tokens options = { NULL, 0, 0 }, name = { NULL, 0, 0 };
	tex_star(tex, '*');
	if (tex_optional(tex, '[', ']', &options, at) && cmd->parameter == 1)
		tex_option_label(tex, &options, at);
	tex_skip_arguments(tex, cmd->arguments, at);
	if (tex_argument(tex, &name, at))
		tex_each_key(tex, &name, at, false, add_listing_file, NULL);
	tex_tokens_release(&options);
	tex_tokens_release(&name);
}

TEX_HANDLER(tex_do_endinput)
{
	struct tex_frame *file = tex_file(tex);
	(void)cmd;
	(void)at;
	const char *data = tex_bytes(tex, file);
	const char *newline = memchr(data + file->pos, '\n', file->end - file->pos);
	if (newline)
		file->end = (size_t)(newline - data);
}

/* -- graphics ---------------------------------------------------------------------------------- */

static const char *const default_graphics[] = { "",         ".pdf", ".png", ".jpg",   ".jpeg",
						".eps",     ".ps",  ".mps", ".jbig2", ".jb2",
						".svg",     ".gif", ".tif", ".tiff",  ".bmp",
						".PDF",     ".PNG", ".JPG", ".JPEG",  ".EPS",
						".pdf_tex", ".tex", NULL };

static char *find_graphics(struct tex *tex, const char *name)
{
	const char *const *declared = (const char *const *)tex->graphics_extensions;
	char *path = declared ? tex_find_file(tex, name, declared) : NULL;
	for (size_t i = 0; declared && !path && i < tex->nr_graphics_folders; i++) {
		char *full = xstrfmt("%s/%s", tex->graphics_folders[i], name);
		path = tex_find_file(tex, full, declared);
		free(full);
	}
	if (!path)
		path = tex_find_file(tex, name, default_graphics);
	for (size_t i = 0; !path && i < tex->nr_graphics_folders; i++) {
		char *full = xstrfmt("%s/%s", tex->graphics_folders[i], name);
		path = tex_find_file(tex, full, default_graphics);
		free(full);
	}
	return path;
}

static void add_graphics(struct tex *tex, struct tex_key *key, const void *data)
{
	const struct buffer *options = data;
	if (starts_with(key->text.data, "example-image") || tex->quiet)
		return; /* the mwe package brings these */
	struct item *item = tex_item(tex, ITEM_GRAPHICS, key);
	if (!item)
		return;
	if (options->len)
		item->extra = xmemdupz(options->data, options->len);
	char *clean = clean_name(item->key);
	item->path = find_graphics(tex, clean);
	free(clean);
}

/* parameter: 1 several names in as many arguments (aastex's \plottwo), 2 options in braces with
 * the name under file= or figure= (\epsfig) */
TEX_HANDLER(tex_do_graphics)
{
	struct tex_tokens options = { NULL, 0, 0 }, name = { NULL, 0, 0 };
	struct buffer text = BUFFER_INIT_MAX(4000);
	tex_star(tex, '*');
	tex_skip_arguments(tex, "a", at);
	for (int i = 0; i < 2 && tex_optional(tex, '[', ']', &options, at); i++)
		;
	tex_write_tokens(tex, &text, options.items, options.nr);
	tex_skip_arguments(tex, cmd->arguments, at);
	for (int i = 0; i < (cmd->parameter == 1 ? 2 : 1); i++) {
		options.nr = name.nr = 0;
		if (!tex_argument(tex, &options, at))
			break;
		if (cmd->parameter != 2)
			tex_each_key(tex, &options, at, false, add_graphics, &text);
		else if (tex_option_value(tex, &options, "file", &name) ||
			 tex_option_value(tex, &options, "figure", &name))
			tex_each_key(tex, &name, at, false, add_graphics, &text);
	}
	buffer_release(&text);
	tex_tokens_release(&options);
	tex_tokens_release(&name);
}

static void add_folder(struct tex *tex, const char *name, size_t len)
{
	while (len && name[len - 1] == '/')
		len--;
	ALLOC_GROW(tex->graphics_folders, tex->nr_graphics_folders, tex->alloc_graphics_folders);
	tex->graphics_folders[tex->nr_graphics_folders++] =
	    len ? xmemdupz(name, len) : xstrdup(".");
}

/* \graphicspath{{a/}{b/}} */
TEX_HANDLER(tex_do_graphicspath)
{
	struct buffer list = BUFFER_INIT_MAX(64 << 10);
	(void)cmd;
	if (tex_string(tex, &list, at)) {
		for (size_t i = 0; i < tex->nr_graphics_folders; i++)
			free(tex->graphics_folders[i]);
		tex->nr_graphics_folders = 0;
		const char *p = list.data;
		while (tex->nr_graphics_folders < 100 && (p = strchr(p, '{'))) {
			size_t len = strcspn(p + 1, "{}");
			add_folder(tex, p + 1, len);
			p += 1 + len;
		}
		if (!tex->nr_graphics_folders && list.len)
			add_folder(tex, list.data, list.len);
	}
	buffer_release(&list);
}

static void add_extension(struct tex *tex, struct tex_key *key, const void *data)
{
	(void)data;
	if (tex->nr_graphics_extensions + 1 >= tex->alloc_graphics_extensions)
		return;
	tex->graphics_extensions[tex->nr_graphics_extensions++] = xstrdup(key->text.data);
}

TEX_HANDLER(tex_do_graphics_extensions)
{
	struct tex_tokens list = { NULL, 0, 0 };
	(void)cmd;
	if (tex_argument(tex, &list, at)) {
		for (size_t i = 0; i < tex->nr_graphics_extensions; i++)
			free(tex->graphics_extensions[i]);
		free(tex->graphics_extensions);
		tex->alloc_graphics_extensions = 64;
		tex->graphics_extensions = xcalloc(64, sizeof(*tex->graphics_extensions));
		tex->nr_graphics_extensions = 0;
		tex_each_key(tex, &list, at, true, add_extension, NULL);
	}
	tex_tokens_release(&list);
}

/* -- packages ---------------------------------------------------------------------------------- */

/* Copies of these lie beside many papers; they define no macros of the author's. */
static bool is_well_known(const char *name)
{
	static const char *const names[] = {
		"algorithm", "algorithm2e", "algorithmic", "algorithmicx", "algpseudocode",
		"amsmath",   "amssymb",     "amsthm",      "biblatex",     "booktabs",
		"caption",   "cite",        "cleveref",    "color",        "enumitem",
		"eso-pic",   "fancyhdr",    "float",       "forloop",      "geometry",
		"graphicx",  "hyperref",    "inputenc",    "lineno",       "listings",
		"microtype", "multirow",    "natbib",      "pgf",          "pgfplots",
		"rotating",  "soul",        "subcaption",  "subfig",       "subfigure",
		"tcolorbox", "tikz",        "times",       "titlesec",     "tocloft",
		"todonotes", "ulem",        "url",         "verbatim",     "wrapfig",
		"xcolor",    "xr",          "xspace",      "siunitx",
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* Reads a package or class of the author's own for the macros it defines. */
static void read_package(struct tex *tex, const char *path, const struct tex_token *at)
{
	uint32_t file;
	size_t start, end, depth = tex->nr_frames;
	if (!tex_locate_path(tex, path, tex_where(at), &file, &start, &end) ||
	    end - start > MAX_PACKAGE || !strmap_add(&tex->read_bibliographies, path, strlen(path)))
		return;
	if (!tex_open_path(tex, path, at))
		return;
	tex->frames[tex->nr_frames - 1].is_package = true;
	tex->frames[tex->nr_frames - 1].not_text = true;
	tex->at_letter = true;
	tex_run(tex, depth);
	tex->expl_syntax = false;
}

static void use_package(struct tex *tex, struct tex_key *key, const void *data)
{
	static const char *const style[] = { ".sty", NULL };
	const struct tex_token *at = data;
	char *path = tex_find_file(tex, key->text.data, style);
	struct item *item = tex_item(tex, ITEM_PACKAGE, key);
	if (item && path)
		item->path = xstrdup(path);
	if (path && !is_well_known(key->text.data) && !tex->quiet)
		read_package(tex, path, at);
	free(path);
}

TEX_HANDLER(tex_do_usepackage)
{
	struct tex_tokens names = { NULL, 0, 0 };
	(void)cmd;
	tex_skip_arguments(tex, "o", at);
	if (tex_argument(tex, &names, at))
		tex_each_key(tex, &names, at, true, use_package, at);
	tex_tokens_release(&names);
}

/* A part of a larger document: it is set with that one's preamble, and may refer to all of it. */
static void read_main_preamble(struct tex *tex, const struct tex_tokens *name,
			       const struct tex_token *at)
{
	struct buffer text = BUFFER_INIT;
	size_t depth = tex->nr_frames;
	tex_write_tokens(tex, &text, name->items, name->nr);
	char *path = tex_find_file(tex, text.data, tex_extension_last);
	if (path && tex_open_path(tex, path, at)) {
		tex->frames[tex->nr_frames - 1].preamble_only = true;
		tex_run(tex, depth);
	}
	tex->doc->labels_complete = false;
	tex->doc->citations_complete = false;
	free(path);
	buffer_release(&text);
}

TEX_HANDLER(tex_do_documentclass)
{
	static const char *const class_extension[] = { ".cls", NULL };
	struct tex_tokens options = { NULL, 0, 0 };
	struct buffer name = BUFFER_INIT;
	(void)cmd;
	tex_optional(tex, '[', ']', &options, at);
	tex_string(tex, &name, at);
	struct tex_frame *file = tex_file(tex);
	if (tex->nr_file_frames > 1 && !file->preamble_only) {
		file->has_class = true;
	} else if (!strcmp(name.data, "subfiles")) {
		read_main_preamble(tex, &options, at);
	} else {
		char *path = tex_find_file(tex, name.data, class_extension);
		if (path && !tex->quiet)
			read_package(tex, path, at);
		free(path);
		/* Slides have backgrounds that are not looked into. */
		if (!strcmp(name.data, "beamer"))
			tex->appearance.unsure_background = true;
	}
	tex_tokens_release(&options);
	buffer_release(&name);
}
