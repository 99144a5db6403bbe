/* What the names of files and folders say. */
#include "base/memory.h"
#include "base/text.h"
#include "paper/discover.h"

static const struct {
	const char *extension;
	enum file_role role;
} roles[] = {
	{ ".tex", FILE_TEX },	{ ".md", FILE_MARKDOWN },	{ ".pdf", FILE_PDF },
	{ ".sty", FILE_TEX_SOURCE }, { ".cls", FILE_TEX_SOURCE },
};

static const char *const project_files[] = {
	"readme",	"changelog", "changes", "history", "news",	"license",
	"licence",	"copying",   "contributing", "code_of_conduct", "security", "support",
	"authors",	"maintainers", "governance", "install", "todo",	"agents",
	"claude",	NULL,
};

static const char *const graphics_extensions[] = { ".png", ".pdf", ".jpg", ".jpeg", ".eps", NULL };

static const char *const asset_folders[] = {
	"figures", "figs", "fig", "images", "img", "plots", "graphics", "assets", NULL,
};

static const char *const source_folders[] = { "latex", "tex", "src", NULL };

static const char *const main_names[] = { "main", "paper", "ms", "article", "manuscript", NULL };

/* ASCII letters count as equal in either case, whatever the locale. */
static bool same_letters(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (ascii_lower((unsigned char)a[i]) != ascii_lower((unsigned char)b[i]))
			return false;
	return true;
}

static bool same(const char *a, size_t len, const char *b)
{
	return strlen(b) == len && same_letters(a, b, len);
}

/* The place of the LEN bytes at S in a list, or the length of the list. */
static unsigned position(const char *const *list, const char *s, size_t len)
{
	unsigned i = 0;
	while (list[i] && !same(s, len, list[i]))
		i++;
	return i;
}

static bool is_in(const char *const *list, const char *s, size_t len)
{
	return list[position(list, s, len)] != NULL;
}

static const char *extension_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot && dot > name ? dot : name + strlen(name);
}

static size_t stem_len(const char *name)
{
	return (size_t)(extension_of(name) - name);
}

enum file_role file_role(const char *name)
{
	if (*name == '.')
		return FILE_HIDDEN;
	if (!strcmp(name, "scrutiny.json"))
		return FILE_REPORT;
	if (!strcmp(name, "scrutiny.md") || !strcmp(name, "meta.yaml"))
		return FILE_GENERATED;
	const char *extension = extension_of(name);
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (same(extension, strlen(extension), roles[i].extension))
			return roles[i].role;
	return FILE_OTHER;
}

bool is_project_file(const char *name)
{
	return is_in(project_files, name, stem_len(name));
}

bool is_graphics_file(const char *name)
{
	const char *extension = extension_of(name);
	return is_in(graphics_extensions, extension, strlen(extension));
}

bool is_asset_folder(const char *name)
{
	return is_in(asset_folders, name, strlen(name));
}

bool is_source_folder(const char *name)
{
	return is_in(source_folders, name, strlen(name));
}

bool same_stem(const char *a, const char *b)
{
	size_t len = stem_len(a);
	return len == stem_len(b) && !memcmp(a, b, len);
}

bool is_main_name(const char *name)
{
	return is_in(main_names, name, stem_len(name));
}

unsigned manuscript_rank(const char *name, const char *folder, size_t folder_len)
{
	size_t len = stem_len(name);
	unsigned rank = position(main_names, name, len);
	if (main_names[rank])
		return rank;
	return len == folder_len && same_letters(name, folder, len) ? rank : rank + 1;
}
