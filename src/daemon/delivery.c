#include "daemon/delivery.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"

/* -- who sent it ------------------------------------------------------------------------------------- */

static bool has_signature(struct slice given, const char *prefix, struct slice body, const char *secret)
{
	unsigned char wanted[SHA256_SIZE], digest[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE + 1];
	unsigned size = 0;
	size_t skip = strlen(prefix);
	if (given.len != skip + SHA256_HEX_SIZE || memcmp(given.data, prefix, skip) != 0)
		return false;
	memcpy(hex, given.data + skip, SHA256_HEX_SIZE);
	hex[SHA256_HEX_SIZE] = '\0';
	if (!hex_decode(hex, wanted, SHA256_SIZE))
		return false;
	if (!HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)body.data, body.len, digest, &size))
		return false;
	return size == SHA256_SIZE && !CRYPTO_memcmp(wanted, digest, SHA256_SIZE);
}

/* Of hashes, so that their lengths tell nothing. */
static bool is_same_secret(struct slice given, const char *secret)
{
	char a[SHA256_HEX_SIZE + 1], b[SHA256_HEX_SIZE + 1];
	sha256_hex(given.data, given.len, a);
	sha256_hex(secret, strlen(secret), b);
	return given.len && !CRYPTO_memcmp(a, b, SHA256_HEX_SIZE);
}

bool delivery_verify(const struct http_head *head, struct slice body, const char *secret)
{
	static const struct {
		const char *header, *prefix;
	} signatures[] = {
		{ "X-Hub-Signature-256", "sha256=" },
		{ "X-Forgejo-Signature", "" },
		{ "X-Gitea-Signature", "" },
	};
	if (strlen(secret) < DELIVERY_MIN_SECRET)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(signatures); i++) {
		struct slice given = http_head_get(head, signatures[i].header);
		if (given.len)
			return has_signature(given, signatures[i].prefix, body, secret);
	}
	return is_same_secret(http_head_get(head, "X-Gitlab-Token"), secret);
}

/* -- what it says ------------------------------------------------------------------------------------ */

bool delivery_is_branch(const char *name)
{
	size_t len = strlen(name);
	if (!len || len > DELIVERY_MAX_BRANCH || name[0] == '-' || name[0] == '/' || name[0] == '.' ||
	    name[len - 1] == '/' || name[len - 1] == '.' || ends_with(name, ".lock"))
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];
		if (c <= ' ' || c == 0x7f || strchr("~^:?*[\\", c))
			return false;
		if ((c == '.' && name[i + 1] == '.') || (c == '@' && name[i + 1] == '{') ||
		    (c == '/' && (name[i + 1] == '/' || name[i + 1] == '.')))
			return false;
	}
	return utf8_valid(name, len) && !strstr(name, ".lock/");
}

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

static bool is_nothing(const char *id)
{
	return !*id || strspn(id, "0") == strlen(id);
}

static void read_push(struct delivery *d, const cJSON *body)
{
	const char *branch;
	const char *ref = json_string_or(body, "ref", ""), *after = json_string_or(body, "after", "");
	if (!skip_prefix(ref, "refs/heads/", &branch) || is_nothing(after) || !delivery_is_branch(branch))
		return;
	d->kind = DELIVERY_PUSH;
	snprintf(d->branch, sizeof(d->branch), "%s", branch);
}

/* A repository that is gone, or has no name, is somebody else's. */
static bool are_same(const cJSON *a, const cJSON *b, const char *key)
{
	const char *x = json_string_or(a, key, ""), *y = json_string_or(b, key, "");
	return *x && !strcmp(x, y);
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

static void set_pull(struct delivery *d, int64_t number)
{
	if (number <= 0)
		return;
	d->kind = DELIVERY_PULL;
	d->pull = (uint64_t)number;
}

/* What moves later is told by a push as well. */
static void set_opened(struct delivery *d, const char *action, const char *branch)
{
	static const char *const actions[] = { "opened", "reopened", "open", "reopen", NULL };
	if (is_one_of(action, actions) && delivery_is_branch(branch))
		snprintf(d->branch, sizeof(d->branch), "%s", branch);
}

static void read_pull(struct delivery *d, const cJSON *body)
{
	/* GitHub's words, and Gitea's for a branch that has moved. */
	static const char *const actions[] = { "opened", "reopened", "synchronize", "synchronized",
					       "ready_for_review", NULL };
	const cJSON *pull = member(body, "pull_request");
	const cJSON *head = member(member(pull, "head"), "repo"), *base = member(member(pull, "base"), "repo");
	d->from_fork = !are_same(head, base, "full_name");
	set_opened(d, json_string_or(body, "action", ""), json_string_or(member(pull, "head"), "ref", ""));
	if (is_one_of(json_string_or(body, "action", ""), actions))
		set_pull(d, json_integer_or(body, "number", json_integer_or(pull, "number", 0)));
}

static void read_merge_request(struct delivery *d, const cJSON *body)
{
	static const char *const actions[] = { "open", "reopen", "update", NULL };
	const cJSON *request = member(body, "object_attributes");
	int64_t source = json_integer_or(request, "source_project_id", -1);
	d->from_fork = source < 0 || source != json_integer_or(request, "target_project_id", -2);
	set_opened(d, json_string_or(request, "action", ""), json_string_or(request, "source_branch", ""));
	if (is_one_of(json_string_or(request, "action", ""), actions))
		set_pull(d, json_integer_or(request, "iid", 0));
}

static void read_ping(struct delivery *d, const cJSON *body)
{
	(void)body;
	d->kind = DELIVERY_PING;
}

static const struct event {
	const char *header, *name;
	void (*read)(struct delivery *d, const cJSON *body);
} events[] = {
	/* Gitea and Forgejo send GitHub's headers, too. */
	{ "X-GitHub-Event", "push", read_push },
	{ "X-GitHub-Event", "pull_request", read_pull },
	{ "X-GitHub-Event", "pull_request_sync", read_pull },
	{ "X-GitHub-Event", "ping", read_ping },
	{ "X-Gitea-Event", "push", read_push },
	{ "X-Gitea-Event", "pull_request", read_pull },
	{ "X-Gitea-Event", "pull_request_sync", read_pull },
	{ "X-Gitlab-Event", "Push Hook", read_push },
	{ "X-Gitlab-Event", "Merge Request Hook", read_merge_request },
};

static void read_id(struct delivery *d, const struct http_head *head)
{
	static const char *const names[] = { "X-GitHub-Delivery", "X-Forgejo-Delivery", "X-Gitea-Delivery",
					     "X-Gitlab-Event-UUID" };
	struct slice id = { "", 0 };
	for (size_t i = 0; i < ARRAY_SIZE(names) && !id.len; i++)
		id = http_head_get(head, names[i]);
	size_t nr = 0;
	for (size_t i = 0; i < id.len && nr + 1 < sizeof(d->id); i++)
		if (ascii_alnum((unsigned char)id.data[i]) || id.data[i] == '-')
			d->id[nr++] = id.data[i];
	d->id[nr] = '\0';
}

struct error *delivery_read(struct delivery *out, const struct http_head *head, struct slice body)
{
	const struct event *event = NULL;
	cJSON *json = NULL;
	*out = (struct delivery){ .kind = DELIVERY_OTHER, .gitlab = http_head_get(head, "X-Gitlab-Event").len > 0 };
	read_id(out, head);
	for (size_t i = 0; i < ARRAY_SIZE(events) && !event; i++)
		if (slice_equals(http_head_get(head, events[i].header), events[i].name))
			event = &events[i];
	if (!event)
		return NULL;
	struct error *err = json_parse(&json, body, "the delivery");
	if (!err && !cJSON_IsObject(json))
		err = error_new(ERROR_SYNTAX, "the delivery is no JSON object");
	if (!err)
		event->read(out, json);
	cJSON_Delete(json);
	return err;
}
