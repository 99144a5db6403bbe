#include "base/memory.h"
#include "base/text.h"
#include "paper/tex.h"

/* -- labels and references --------------------------------------------------------------------- */

static void add_label(struct tex *tex, struct tex_key *key, const void *data)
{
	(void)data;
	if (key->uncertain && !tex->quiet)
		tex->doc->labels_complete = false;
	tex_item(tex, ITEM_LABEL, key);
}

TEX_HANDLER(tex_do_label)
{
	struct tex_tokens argument = { NULL, 0, 0 };
	tex_skip_arguments(tex, cmd->arguments, at);
	if (tex_argument(tex, &argument, at))
		tex_each_key(tex, &argument, at, false, add_label, NULL);
	tex_tokens_release(&argument);
}

void tex_option_label(struct tex *tex, const struct tex_tokens *options, const struct tex_token *at)
{
	struct tex_tokens value = { NULL, 0, 0 };
	if (tex_option_value(tex, options, "label", &value))
		tex_each_key(tex, &value, at, false, add_label, NULL);
	tex_tokens_release(&value);
}

static void add_reference(struct tex *tex, struct tex_key *key, const void *data)
{
	(void)data;
	tex_item(tex, ITEM_REFERENCE, key);
}

/* parameter: 1 a comma list, 2 two keys */
TEX_HANDLER(tex_do_reference)
{
	struct tex_tokens argument = { NULL, 0, 0 };
	tex_skip_arguments(tex, cmd->arguments, at);
	for (int i = 0; i < (cmd->parameter & 2 ? 2 : 1); i++) {
		argument.nr = 0;
		if (tex_argument(tex, &argument, at))
			tex_each_key(tex, &argument, at, cmd->parameter & 1, add_reference, NULL);
	}
	tex_tokens_release(&argument);
}

/* \hyperref[key]{text}; the text is read on */
TEX_HANDLER(tex_do_hyperref)
{
	struct tex_tokens key = { NULL, 0, 0 };
	(void)cmd;
	if (tex_optional(tex, '[', ']', &key, at))
		tex_each_key(tex, &key, at, false, add_reference, NULL);
	tex_tokens_release(&key);
}

TEX_HANDLER(tex_do_external)
{
	tex_skip_arguments(tex, cmd->arguments, at);
	tex->doc->labels_complete = false;
}

/* -- citations --------------------------------------------------------------------------------- */

static void add_citation(struct tex *tex, struct tex_key *key, const void *data)
{
	const struct tex_command *cmd = data;
	bool nocite = cmd->parameter == 1;
	if (nocite && !strcmp(key->text.data, "*"))
		return;
	struct item *item = tex_item(tex, ITEM_CITATION, key);
	if (item)
		item->is_nocite = nocite;
}

/* Reads [..] and <..>; what stands in them goes to NOTES, to be read on afterwards. */
static void read_notes(struct tex *tex, struct tex_tokens *notes, const struct tex_token *at)
{
	struct tex_tokens note = { NULL, 0, 0 };
	for (int i = 0; i < 3; i++) {
		note.nr = 0;
		if (!tex_optional(tex, '[', ']', &note, at) &&
		    !tex_optional(tex, '<', '>', &note, at))
			break;
		tex_tokens_append(notes, note.items, note.nr);
	}
	tex_tokens_release(&note);
}

static void reread_notes(struct tex *tex, struct tex_tokens *notes)
{
	size_t i = 0;
	while (i < notes->nr && notes->items[i].kind != TEX_CONTROL)
		i++;
	if (i < notes->nr)
		tex_reread(tex, notes, false);
	tex_tokens_release(notes);
}

/* parameter 1: \nocite */
TEX_HANDLER(tex_do_citation)
{
	struct tex_tokens notes = { NULL, 0, 0 }, keys = { NULL, 0, 0 };
	tex_star(tex, '*');
	tex_skip_arguments(tex, cmd->arguments, at);
	read_notes(tex, &notes, at);
	if (tex_argument(tex, &keys, at))
		tex_each_key(tex, &keys, at, true, add_citation, cmd);
	tex_tokens_release(&keys);
	reread_notes(tex, &notes);
}

static bool argument_follows(struct tex *tex)
{
	struct tex_token next;
	if (!tex_next(tex, &next))
		return false;
	tex_unread(tex, &next);
	return next.kind == TEX_BEGIN || (next.kind == TEX_CHAR && next.value == '[');
}

/* biblatex's \cites(pre)(post)[..][..]{key}[..]{key}... */
TEX_HANDLER(tex_do_multicite)
{
	struct tex_tokens notes = { NULL, 0, 0 }, keys = { NULL, 0, 0 };
	tex_star(tex, '*');
	tex_skip_arguments(tex, "pp", at);
	do {
		keys.nr = 0;
		read_notes(tex, &notes, at);
		if (!tex_argument(tex, &keys, at))
			break;
		tex_each_key(tex, &keys, at, true, add_citation, cmd);
	} while (argument_follows(tex));
	tex_tokens_release(&keys);
	reread_notes(tex, &notes);
}

/* multibib: \newcites{app}{Appendix} makes \citeapp, \citepapp, \bibliographyapp, ... */
static void define_cites(struct tex *tex, struct tex_key *key, const void *data)
{
	static const char *const bases[] = {
		"cite",     "citep", "citet", "citealp", "citealt",      "citeauthor",
		"citeyear", "Citet", "Citep", "nocite",  "bibliography",
	};
	(void)data;
	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		struct tex_meaning m = *tex_meaning(tex, tex_name(tex, bases[i], strlen(bases[i])));
		char *name = xstrfmt("%s%s", bases[i], key->text.data);
		tex_set_meaning(tex, tex_name(tex, name, strlen(name)), &m, true);
		free(name);
	}
}

TEX_HANDLER(tex_do_newcites)
{
	struct tex_tokens names = { NULL, 0, 0 };
	(void)cmd;
	if (tex_argument(tex, &names, at))
		tex_each_key(tex, &names, at, true, define_cites, NULL);
	tex_tokens_release(&names);
}

/* -- bibliographies ---------------------------------------------------------------------------- */

static void add_entry(struct tex *tex, struct tex_key *key, const void *data)
{
	if (key->uncertain && !tex->quiet)
		tex->doc->citations_complete = false;
	struct item *item = tex_item(tex, ITEM_BIB_ENTRY, key);
	if (item)
		item->extra = xstrdup(data);
}

static bool in_bbl(struct tex *tex)
{
	struct tex_frame *file = tex_file(tex);
	return file && ends_with(tex->doc->files[file->file].path, ".bbl");
}

/* parameter 1: a command that means this only in a .bbl (biblatex's \entry) */
TEX_HANDLER(tex_do_bibitem)
{
	struct tex_tokens key = { NULL, 0, 0 };
	if (cmd->parameter == 1 && !in_bbl(tex))
		return;
	tex_skip_arguments(tex, cmd->arguments, at);
	if (tex_argument(tex, &key, at))
		tex_each_key(tex, &key, at, false, add_entry, "bibitem");
	tex_tokens_release(&key);
}

/* What BibTeX wrote, beside the manuscript: stands in for .bib files that are not there. */
static bool read_bbl(struct tex *tex, const struct tex_token *at)
{
	if (tex->tried_bbl)
		return true;
	const char *slash = strrchr(tex->doc->path, '/');
	const char *name = slash ? slash + 1 : tex->doc->path, *dot = strrchr(name, '.');
	char *bbl = xstrfmt("%.*s.bbl", (int)(dot ? dot - name : (long)strlen(name)), name);
	char *path = tex_find_file(tex, bbl, NULL);
	bool found = path && tex_open_path(tex, path, at);
	if (found) {
		tex->tried_bbl = true;
		tex->frames[tex->nr_frames - 1].not_text = true;
	}
	free(path);
	free(bbl);
	return found;
}

/* These come with every TeX distribution, and hold abbreviations only. */
static bool is_distributed(const char *name)
{
	static const char *const names[] = { "IEEEabrv", "IEEEfull", "IEEEabrv.bib",
					     "IEEEfull.bib" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static void read_bib_file(struct tex *tex, struct tex_key *key, const void *data)
{
	static const char *const bare[] = { ".bib", "", NULL }, *const full[] = { "", ".bib",
										  NULL };
	const struct tex_token *at = data;
	uint32_t file;
	size_t start, end;
	if (tex->quiet || is_distributed(key->text.data))
		return;
	struct item *item = tex_item(tex, ITEM_BIB_FILE, key);
	char *path =
	    tex_find_file(tex, key->text.data, ends_with(key->text.data, ".bib") ? full : bare);
	if (item && path)
		item->path = xstrdup(path);
	if (!path || !tex_locate_path(tex, path, key->where, &file, &start, &end)) {
		if (key->uncertain || !read_bbl(tex, at))
			tex->doc->citations_complete = false;
	} else if (strmap_add(&tex->read_bibliographies, path, strlen(path))) {
		bibliography_read(tex->r, file, start, end);
	}
	free(path);
}

/* An optional argument tells biblatex where the file is: on another machine, perhaps. */
TEX_HANDLER(tex_do_bibliography)
{
	struct tex_tokens options = { NULL, 0, 0 }, names = { NULL, 0, 0 },
			  location = { NULL, 0, 0 };
	(void)cmd;
	tex_optional(tex, '[', ']', &options, at);
	bool remote = tex_option_value(tex, &options, "location", &location);
	if (tex_argument(tex, &names, at)) {
		if (remote)
			tex->doc->citations_complete = false;
		else
			tex_each_key(tex, &names, at, true, read_bib_file, at);
	}
	tex_tokens_release(&options);
	tex_tokens_release(&names);
	tex_tokens_release(&location);
}
