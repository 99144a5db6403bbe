#include "base/memory.h"
#include "base/text.h"
#include "paper/tex.h"

static void do_control(struct tex *tex, const struct tex_token *token)
{
	struct tex_meaning m = *tex_meaning(tex, token->value);
	switch (m.kind) {
	case TEX_MACRO:
		if (tex_macro_matters(tex, m.macro))
			tex_expand(tex, m.macro, token);
		break;
	case TEX_COMMAND:
		m.command->run(tex, m.command, token);
		break;
	case TEX_TOKEN:
		if (m.token.kind == TEX_BEGIN)
			tex_group_push(tex, NULL, token);
		else if (m.token.kind == TEX_END)
			tex_group_close(tex);
		break;
	case TEX_SETTER:
		tex_do_setter(tex, &m);
		break;
	case TEX_BOOLEAN:
	case TEX_UNDEFINED:
		if (tex_is_conditional(tex, token->value))
			tex_do_conditional(tex, token);
		break;
	}
}

/* A character that a package made to stand for \verb. */
static void short_verb(struct tex *tex, const struct tex_token *token)
{
	struct tex_frame *file = tex_raw(tex);
	size_t start, end;
	if (!file || token->flags & TEX_FROM_BODY)
		return;
	file->pos = token->start;
	if (!tex_raw_argument(tex, true, &start, &end))
		file->pos = token->end;
}

static void step(struct tex *tex, const struct tex_token *token)
{
	if (tex->hiding.active)
		tex_hidden_token(tex, token);
	switch ((enum tex_kind)token->kind) {
	case TEX_CONTROL:
		do_control(tex, token);
		break;
	case TEX_BEGIN:
		tex_group_push(tex, NULL, token);
		break;
	case TEX_END:
		tex_group_close(tex);
		break;
	case TEX_ACTION:
		tex_act(tex, token);
		break;
	case TEX_CHAR:
		if (tex->short_verb[token->value & 0xff])
			short_verb(tex, token);
		tex_hidden_boundary(tex, token);
		break;
	case TEX_PAR:
		tex_hidden_boundary(tex, token);
		break;
	case TEX_SPACE:
	case TEX_PARAMETER:
	case TEX_NO_VALUE:
		break;
	}
}

void tex_run(struct tex *tex, size_t depth)
{
	struct tex_token token;
	while (!tex->ended && tex->nr_frames > depth) {
		struct tex_frame *top = &tex->frames[tex->nr_frames - 1];
		if (top->kind == TEX_FRAME_FILE) {
			tex->call_expansions = 0;
			tex->call_reported = false;
			if (!tex->hiding.active)
				tex_skip_text(tex, top);
		}
		if (tex_next(tex, &token)) {
			step(tex, &token);
			continue;
		}
		/* A list's barrier never stands on top here: who sets one reads to it. */
		if (tex->nr_frames > depth)
			tex_pop(tex);
	}
}

/* Braces that were opened in a file and never closed: once, the outermost. */
static void report_open_groups(struct tex *tex)
{
	for (size_t i = 0; i < tex->nr_groups && !tex->odd_catcodes; i++) {
		const struct tex_group *group = &tex->groups[i];
		if (group->environment || group->at.kind != TEX_BEGIN ||
		    group->at.flags & TEX_FROM_BODY)
			continue;
		reading_problem(tex->r, tex_where(&group->at), "this brace is never closed");
		return;
	}
}

static void free_environment(void *environment)
{
	struct tex_environment *e = environment;
	free(e->prefix);
	free(e);
}

static void release(struct tex *tex)
{
	while (tex->nr_groups)
		free(tex->groups[--tex->nr_groups].environment);
	tex_macros_release(tex);
	free(tex->frames);
	strmap_release(&tex->names, NULL);
	free(tex->meanings);
	strmap_release(&tex->environments, free_environment);
	strmap_release(&tex->colors, NULL);
	strmap_release(&tex->read_bibliographies, NULL);
	free(tex->groups);
	free(tex->saved);
	free(tex->conditionals);
	free(tex->import_folder);
	for (size_t i = 0; i < tex->nr_graphics_folders; i++)
		free(tex->graphics_folders[i]);
	free(tex->graphics_folders);
	for (size_t i = 0; i < tex->nr_graphics_extensions; i++)
		free(tex->graphics_extensions[i]);
	free(tex->graphics_extensions);
	buffer_release(&tex->hiding.text);
}

void tex_read(struct reading *r)
{
	struct tex tex;
	struct document *doc = r->doc;
	const struct buffer *bytes = &doc->files[0].bytes;
	memset(&tex, 0, sizeof(tex));
	tex.r = r;
	tex.doc = doc;
	tex_lexer_init(&tex);
	tex_commands_init(&tex);
	tex_environments_init(&tex);
	tex_hidden_init(&tex);
	size_t start = starts_with(bytes->data, "\xef\xbb\xbf") ? 3 : 0;
	if (tex_push_file(&tex, 0, start, bytes->len))
		tex_run(&tex, 0);
	if (tex.hiding.active)
		tex_hidden_finish(&tex);
	while (tex.nr_frames)
		tex_pop(&tex);
	tex_end_conditionals(&tex);
	report_open_groups(&tex);
	release(&tex);
}
