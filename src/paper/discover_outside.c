/* References that lead out of a paper's folder, and the files they find. */
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "paper/discover.h"

const char *const discover_extensions[] = {
	"", ".tex", ".bib", ".png", ".pdf", ".jpg", ".jpeg", ".eps", ".sty", ".cls", ".bst", NULL
};

/* A folder that references lead to, looked at once. */
struct listing {
	struct snapshot_entry *entries;
	size_t nr;
	struct strmap by_name; /* entry + 1 */
};

static void listing_free(void *data)
{
	struct listing *listing = data;
	free(listing->entries);
	strmap_release(&listing->by_name, NULL);
	free(listing);
}

static void resolution_free(void *data)
{
	struct resolution *r = data;
	input_list_release(&r->found);
	free(r);
}

void discover_resolve_release(struct discovery *d)
{
	strmap_release(&d->listings, listing_free);
	strmap_release(&d->resolved, resolution_free);
}

void path_resolve(struct buffer *out, const char *folder, const char *reference)
{
	size_t start = out->len;
	buffer_addstr(out, folder);
	while (*reference) {
		size_t len = strcspn(reference, "/"), have = out->len - start;
		const char *last = have ? memrchr(out->data + start, '/', have) : NULL;
		const char *part = last ? last + 1 : out->data + start;
		if (len == 2 && reference[0] == '.' && reference[1] == '.' && have &&
		    strcmp(part, "..")) {
			buffer_truncate(out, last ? (size_t)(last - out->data) : start);
		} else if (len && !(len == 1 && reference[0] == '.')) {
			if (have)
				buffer_addch(out, '/');
			buffer_add(out, reference, len);
		}
		reference += len;
		reference += *reference == '/';
	}
}

static struct error *list_folder(struct discovery *d, const char *path, const struct listing **out)
{
	struct listing *listing = strmap_get(&d->listings, path, strlen(path));
	if (!listing) {
		listing = xcalloc(1, sizeof(*listing));
		struct error *err = snapshot_list(d->snapshot, path, &listing->entries,
						  &listing->nr, NULL);
		if (err && !error_drop_if(&err, ERROR_NOT_FOUND)) {
			free(listing);
			return err;
		}
		for (size_t i = 0; i < listing->nr; i++)
			*strmap_at(&listing->by_name, listing->entries[i].name,
				   strlen(listing->entries[i].name)) = (void *)(i + 1);
		*strmap_at(&d->listings, path, strlen(path)) = listing;
	}
	*out = listing;
	return NULL;
}

static void add_found(struct resolution *r, const struct snapshot_entry *e, char *suffix)
{
	enum file_role role = file_role(e->name);
	if (!is_file_mode(e->mode) || role == FILE_REPORT || role == FILE_GENERATED) {
		free(suffix);
		return;
	}
	ALLOC_GROW(r->found.items, r->found.nr, r->found.alloc);
	r->found.items[r->found.nr++] = (struct input){ e->mode, e->oid, suffix };
}

static void find_file(struct resolution *r, const struct listing *in, const char *name,
		      bool with_extensions)
{
	struct buffer full = BUFFER_INIT;
	for (size_t i = 0; i < (with_extensions ? ARRAY_SIZE(discover_extensions) - 1 : 1); i++) {
		buffer_reset(&full);
		buffer_addf(&full, "%s%s", name, discover_extensions[i]);
		uintptr_t at = (uintptr_t)strmap_get(&in->by_name, full.data, full.len);
		if (at)
			add_found(r, &in->entries[at - 1], xstrdup(discover_extensions[i]));
	}
	buffer_release(&full);
}

static struct error *find_in_folder(struct discovery *d, struct resolution *r, const char *path,
				    bool graphics_only)
{
	const struct listing *in;
	struct error *err = list_folder(d, path, &in);
	for (size_t i = 0; !err && i < in->nr; i++)
		if (in->entries[i].name[0] != '.' &&
		    (!graphics_only || is_graphics_file(in->entries[i].name)))
			add_found(r, &in->entries[i], xstrfmt("/%s", in->entries[i].name));
	return err;
}

static void digest(struct resolution *r)
{
	unsigned char hash[SHA256_SIZE];
	char mode[16];
	struct sha256 h;
	sha256_init(&h);
	for (size_t i = 0; i < r->found.nr; i++) {
		const struct input *input = &r->found.items[i];
		snprintf(mode, sizeof(mode), "%o", input->mode);
		sha256_update(&h, mode, strlen(mode) + 1);
		sha256_update(&h, input->oid.hex, strlen(input->oid.hex) + 1);
		sha256_update(&h, input->path, strlen(input->path) + 1);
	}
	sha256_final(&h, hash);
	memcpy(r->digest, hash, sizeof(r->digest));
}

/* TARGET is a path from the top. */
static struct error *find(struct discovery *d, struct resolution *r, const char *target,
			  enum reference_kind kind)
{
	const struct listing *in;
	if (kind == REFERENCE_GRAPHICS)
		return find_in_folder(d, r, target, true);
	const char *slash = strrchr(target, '/');
	char *folder = slash ? xmemdupz(target, (size_t)(slash - target)) : xstrdup("");
	struct error *err = list_folder(d, folder, &in);
	if (!err)
		find_file(r, in, slash ? slash + 1 : target, kind == REFERENCE_FILE);
	free(folder);
	if (!err && !r->found.nr && kind == REFERENCE_LINK)
		err = find_in_folder(d, r, target, false);
	return err;
}

struct error *discover_resolve(struct discovery *d, const char *path, const char *reference,
			       enum reference_kind kind, const struct resolution **out)
{
	struct buffer key = BUFFER_INIT;
	struct error *err = NULL;
	buffer_addch(&key, (char)('0' + kind));
	path_resolve(&key, path, reference);
	const char *target = key.data + 1;
	struct resolution *r = strmap_get(&d->resolved, key.data, key.len);
	if (!r) {
		r = xcalloc(1, sizeof(*r));
		/* Nothing is outside of the repository. */
		if (*target && strcmp(target, "..") && !starts_with(target, "../"))
			err = find(d, r, target, kind);
		if (!err) {
			digest(r);
			*strmap_at(&d->resolved, key.data, key.len) = r;
		} else {
			resolution_free(r);
			r = NULL;
		}
	}
	*out = r;
	buffer_release(&key);
	return err;
}
