#include "history/match.h"

#include "base/memory.h"
#include "base/strmap.h"
#include "review/identity.h"

struct finding_key *finding_keys(const struct finding_list *list)
{
	struct finding_key *keys = xcalloc(list->nr + 1, sizeof(*keys));
	struct buffer key = BUFFER_INIT;
	for (size_t i = 0; i < list->nr; i++) {
		const struct finding *f = &list->items[i];
		identity_key(&key, f, "");
		keys[i].bare = strmap_hash(key.data, key.len);
		identity_key(&key, f, f->path ? f->path : "");
		keys[i].placed = strmap_hash(key.data, key.len);
		buffer_addstr(&key, f->quote ? f->quote : "");
		keys[i].quoted = strmap_hash(key.data, key.len);
	}
	buffer_release(&key);
	return keys;
}

/* How equal two must be, from the strictest on. */
enum strictness { QUOTED, PLACED, BARE, NR_STRICTNESSES };

static uint64_t part(const struct finding_key *key, enum strictness how)
{
	const uint64_t parts[NR_STRICTNESSES] = { key->quoted, key->placed, key->bare };
	return parts[how];
}

/* Pairs what is left of both, in order. */
static void pair(size_t *out, bool *taken, enum strictness how, const struct finding_key *newer, size_t nr_newer,
		 const struct finding_key *older, size_t nr_older)
{
	struct strmap first = STRMAP_INIT; /* part -> the first older one + 1; `next` leads on */
	size_t *next = xcalloc(nr_older + 1, sizeof(*next));
	for (size_t i = nr_older; i-- > 0;) {
		uint64_t key = part(&older[i], how);
		if (taken[i])
			continue;
		void **slot = strmap_at(&first, (const char *)&key, sizeof(key));
		next[i] = (size_t)(uintptr_t)*slot;
		*slot = (void *)(uintptr_t)(i + 1);
	}
	for (size_t i = 0; i < nr_newer; i++) {
		uint64_t key = part(&newer[i], how);
		if (out[i] || !strmap_has(&first, (const char *)&key, sizeof(key)))
			continue;
		void **slot = strmap_at(&first, (const char *)&key, sizeof(key));
		size_t older_one = (size_t)(uintptr_t)*slot;
		if (!older_one)
			continue;
		out[i] = older_one;
		taken[older_one - 1] = true;
		*slot = (void *)(uintptr_t)next[older_one - 1];
	}
	free(next);
	strmap_release(&first, NULL);
}

/* Most versions have what the one before had. */
static bool all_equal(const struct finding_key *a, const struct finding_key *b, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (a[i].quoted != b[i].quoted)
			return false;
	return true;
}

void findings_match(size_t *out, const struct finding_key *newer, size_t nr_newer,
		    const struct finding_key *older, size_t nr_older)
{
	bool equal = nr_newer == nr_older && all_equal(newer, older, nr_newer);
	for (size_t i = 0; i < nr_newer; i++)
		out[i] = equal ? i + 1 : 0;
	if (equal || !nr_older)
		return;
	bool *taken = xcalloc(nr_older, sizeof(*taken));
	for (int how = QUOTED; how < NR_STRICTNESSES; how++)
		pair(out, taken, (enum strictness)how, newer, nr_newer, older, nr_older);
	free(taken);
}
