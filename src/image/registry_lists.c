/* What a repository has: its tags, and what is attached to a manifest.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#content-discovery */
#include <curl/curl.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "image/registry_internal.h"

#define TAGS_A_PAGE 1000
#define MAX_TAG 128
/* Pages of a list; each has to bring something new. */
#define MAX_PAGES 1000
#define MAX_REFERRERS OCI_MAX_LAYERS

/* -- pages ------------------------------------------------------------------------------------------ */

/* Where the next page is, of RFC 8288's `<url>; rel="next"`; *URL is NULL when there is none. */
static struct error *next_page(const struct server *s, const char *from, const struct http_response *response,
			       char **url)
{
	struct slice link = http_header(response, "link");
	const char *end = link.len && *link.data == '<' ? memchr(link.data, '>', link.len) : NULL;
	bool foreign = false;
	*url = NULL;
	if (!end || !memmem(end, (size_t)(link.data + link.len - end), "next", 4))
		return NULL;
	struct slice target = { link.data + 1, (size_t)(end - link.data - 1) };
	char *whole = xstrfmt("%s%s", s->origin, *from == '/' ? from : "");
	struct error *err = url_follow(s, *from == '/' ? whole : from, target, "next page", url, &foreign);
	if (!err && foreign) {
		err = error_new(ERROR_NETWORK, "the next page that %s answered with is on another server",
				s->name);
		free(*url);
		*url = NULL;
	}
	free(whole);
	return err;
}

/* Calls TAKE with each page from PATH on; *SUPPORTED is false when the server has no such list. */
static struct error *read_pages(struct registries *r, const struct reference *ref, const char *path,
				const char *accept, const char *what, bool *supported,
				struct error *(*take)(void *data, struct slice body, size_t *news),
				void *data)
{
	struct server *s;
	struct error *err = server_of(r, ref, &s);
	char *url = xstrdup(path), *scope = scope_of(ref, "pull");
	for (size_t page = 0, news = 1; !err && url && news && page < MAX_PAGES; page++) {
		struct registry_answer answer;
		char *next = NULL;
		struct call_request request = {
			.method = "GET",
			.url = url,
			.repository = ref->repository,
			.scope = scope,
			.accept = accept,
		};
		news = 0;
		err = call_once(s, &request, &answer);
		long status = answer.status;
		if (!err && supported && (status == 400 || status == 404 || status == 405 || status == 406))
			*supported = false;
		else if (!err && status / 100 != 2)
			err = answer_error(s, ref, &answer.response, "cannot list %s of %s/%s", what,
					   ref->registry, ref->repository);
		else if (!err)
			err = take(data, slice_of(&answer.response.body), &news);
		if (!err)
			err = next_page(s, url, &answer.response, &next);
		free(url);
		url = next;
		registry_answer_release(&answer);
	}
	free(url);
	free(scope);
	return err;
}

/* -- tags ------------------------------------------------------------------------------------------- */

struct tag_list {
	struct strmap tags;
	size_t max;
};

static bool is_tag(const char *tag)
{
	size_t len = strlen(tag);
	for (size_t i = 0; i < len; i++)
		if (!ascii_alnum((unsigned char)tag[i]) && tag[i] != '_' && (!i || !strchr(".-", tag[i])))
			return false;
	return len && len <= MAX_TAG;
}

static struct error *take_tags(void *data, struct slice body, size_t *news)
{
	struct tag_list *list = data;
	cJSON *json = NULL;
	struct error *err = json_parse(&json, body, "the list of tags");
	const cJSON *tags = cJSON_GetObjectItemCaseSensitive(json, "tags"), *tag;
	cJSON_ArrayForEach(tag, tags) {
		if (!cJSON_IsString(tag) || !is_tag(tag->valuestring)) {
			err = error_new(ERROR_SYNTAX, "the list of tags has one that is none");
			break;
		}
		if (list->tags.nr < list->max)
			*news += strmap_add(&list->tags, tag->valuestring, strlen(tag->valuestring));
	}
	cJSON_Delete(json);
	return err;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct error *registry_list_tags(struct registries *r, const struct reference *ref, size_t max, char ***tags,
				 size_t *nr)
{
	struct tag_list list = { STRMAP_INIT, max };
	char *path = xstrfmt("/v2/%s/tags/list?n=%d", ref->repository, TAGS_A_PAGE);
	struct error *err = read_pages(r, ref, path, NULL, "the tags", NULL, take_tags, &list);
	*nr = err ? 0 : list.tags.nr;
	*tags = *nr ? xcalloc(*nr, sizeof(**tags)) : NULL;
	for (size_t i = 0; i < *nr; i++)
		(*tags)[i] = xstrdup(list.tags.entries[i].key);
	if (*nr)
		qsort(*tags, *nr, sizeof(**tags), compare_strings);
	strmap_release(&list.tags, NULL);
	free(path);
	return err;
}

/* -- referrers -------------------------------------------------------------------------------------- */

static void add_entry(struct manifest *index, const struct descriptor *entry)
{
	index->layers = xreallocarray(index->layers, index->nr_layers + 1, sizeof(*index->layers));
	descriptor_copy(&index->layers[index->nr_layers++], entry);
}

static bool has_entry(const struct manifest *index, const struct digest *digest)
{
	for (size_t i = 0; i < index->nr_layers; i++)
		if (digest_equals(&index->layers[i].digest, digest))
			return true;
	return false;
}

static struct error *take_referrers(void *data, struct slice body, size_t *news)
{
	struct manifest *out = data, page = { 0 };
	struct error *err = manifest_parse(&page, body, "the list of referrers");
	if (!err && !page.is_index)
		err = error_new(ERROR_SYNTAX, "the list of referrers is no index");
	for (size_t i = 0; !err && i < page.nr_layers && out->nr_layers < MAX_REFERRERS; i++) {
		if (has_entry(out, &page.layers[i].digest))
			continue;
		add_entry(out, &page.layers[i]);
		++*news;
	}
	manifest_release(&page);
	return err;
}

/* The tag under which the list is kept where the registry does not keep it. */
static struct reference fallback_tag(const struct reference *ref, const struct digest *subject, char **tag)
{
	*tag = xstrfmt("sha256-%s", digest_hex(subject));
	return (struct reference){ ref->registry, ref->repository, *tag, { "" } };
}

static struct error *read_fallback(struct registries *r, const struct reference *ref,
				   const struct digest *subject, struct manifest *out)
{
	char *tag;
	struct reference tagged = fallback_tag(ref, subject, &tag);
	struct buffer bytes = BUFFER_INIT_MAX(OCI_MAX_MANIFEST);
	size_t ignored = 0;
	struct error *err = registry_get_manifest(r, &tagged, &bytes, NULL, NULL);
	if (!error_drop_if(&err, ERROR_NOT_FOUND) && !err)
		err = take_referrers(out, slice_of(&bytes), &ignored);
	buffer_release(&bytes);
	free(tag);
	return err;
}

static struct error *find_referrers(struct registries *r, const struct reference *ref,
				    const struct digest *subject, struct manifest *out, bool *supported)
{
	char *path = xstrfmt("/v2/%s/referrers/%s", ref->repository, subject->text);
	*out = (struct manifest){ .media_type = xstrdup(MEDIA_OCI_INDEX), .is_index = true };
	*supported = true;
	struct error *err = read_pages(r, ref, path, MEDIA_OCI_INDEX, "what is attached to an image",
				       supported, take_referrers, out);
	if (!err && !*supported)
		err = read_fallback(r, ref, subject, out);
	free(path);
	return err;
}

struct error *registry_referrers(struct registries *r, const struct reference *ref,
				 const struct digest *subject, struct manifest *out)
{
	bool supported;
	return find_referrers(r, ref, subject, out, &supported);
}

/* -- attaching -------------------------------------------------------------------------------------- */

static struct error *put_fallback(struct registries *r, const struct reference *ref,
				  const struct digest *subject, const struct manifest *index)
{
	char *tag;
	struct reference tagged = fallback_tag(ref, subject, &tag);
	struct buffer bytes = BUFFER_INIT_MAX(OCI_MAX_MANIFEST);
	struct digest digest;
	manifest_write(&bytes, index);
	digest_of(bytes.data, bytes.len, &digest);
	struct error *err = buffer_check(&bytes, "the list of referrers");
	if (!err)
		err = registry_put_manifest(r, &tagged, MEDIA_OCI_INDEX, slice_of(&bytes), &digest);
	buffer_release(&bytes);
	free(tag);
	return err;
}

/* An attachment as it is stored: a manifest whose only layer it is. */
struct artifact {
	struct digest layer, digest;
	struct buffer manifest;
	bool attached; /* before */
};

static const struct slice empty_config = { "{}", 2 };

static void artifact_make(struct artifact *out, const struct descriptor *subject, const struct attachment *a)
{
	struct descriptor layer = { .media_type = (char *)a->media_type, .size = (int64_t)a->bytes.len };
	struct manifest m = {
		.media_type = (char *)MEDIA_OCI_MANIFEST,
		.config = { .media_type = (char *)MEDIA_OCI_EMPTY, .size = (int64_t)empty_config.len },
		.layers = &layer,
		.nr_layers = 1,
		.artifact_type = (char *)a->artifact_type,
		.subject = { .media_type = subject->media_type,
			     .digest = subject->digest,
			     .size = subject->size },
	};
	buffer_init(&out->manifest, OCI_MAX_MANIFEST);
	digest_of(a->bytes.data, a->bytes.len, &out->layer);
	digest_of(empty_config.data, empty_config.len, &m.config.digest);
	layer.digest = out->layer;
	manifest_write(&out->manifest, &m);
	digest_of(out->manifest.data, out->manifest.len, &out->digest);
}

/* All that the new artifacts are made of, at once. */
static struct error *put_documents(struct registries *r, const struct reference *ref,
				   const struct artifact *artifacts, const struct attachment *attachments,
				   size_t nr)
{
	struct blob *blobs = xcalloc(nr + 1, sizeof(*blobs));
	size_t nr_blobs = 1;
	int64_t sent;
	blobs[0] = (struct blob){ .size = (int64_t)empty_config.len, .bytes = empty_config };
	digest_of(empty_config.data, empty_config.len, &blobs[0].digest);
	for (size_t i = 0; i < nr; i++)
		if (!artifacts[i].attached)
			blobs[nr_blobs++] = (struct blob){
				.digest = artifacts[i].layer,
				.size = (int64_t)attachments[i].bytes.len,
				.bytes = attachments[i].bytes,
			};
	struct error *err = registry_put_blobs(r, ref, blobs, nr_blobs, &sent);
	free(blobs);
	return err;
}

/* *UNKNOWN: the registry does not keep account of what is attached; INDEX has it all then. */
static struct error *put_artifact(struct registries *r, const struct reference *ref, const struct artifact *a,
				  const char *type, struct manifest *index, bool *unknown)
{
	struct reference target = { ref->registry, ref->repository, NULL, { "" } };
	struct descriptor entry = {
		.media_type = (char *)MEDIA_OCI_MANIFEST,
		.digest = a->digest,
		.size = (int64_t)a->manifest.len,
		.artifact_type = (char *)type,
	};
	bool keeps_subject = false;
	struct error *err = put_manifest(r, &target, MEDIA_OCI_MANIFEST, slice_of(&a->manifest), &a->digest,
					 &keeps_subject);
	if (!err) {
		add_entry(index, &entry);
		*unknown |= !keeps_subject;
	}
	return err;
}

struct error *registry_attach(struct registries *r, const struct reference *ref,
			      const struct descriptor *subject, const struct attachment *attachments,
			      size_t nr)
{
	struct artifact *artifacts = xcalloc(nr ? nr : 1, sizeof(*artifacts));
	struct manifest index;
	bool supported, unknown = false;
	size_t new = 0;
	struct error *err = find_referrers(r, ref, &subject->digest, &index, &supported);
	for (size_t i = 0; i < nr; i++) {
		artifact_make(&artifacts[i], subject, &attachments[i]);
		artifacts[i].attached = has_entry(&index, &artifacts[i].digest);
		new += !artifacts[i].attached;
	}
	if (!err && new)
		err = put_documents(r, ref, artifacts, attachments, nr);
	for (size_t i = 0; i < nr && !err; i++)
		if (!artifacts[i].attached)
			err = put_artifact(r, ref, &artifacts[i], attachments[i].artifact_type, &index,
					   &unknown);
	/* All at once: where tags cannot be changed, this one can be put once. */
	if (!err && unknown && !supported)
		err = put_fallback(r, ref, &subject->digest, &index);
	for (size_t i = 0; i < nr; i++)
		buffer_release(&artifacts[i].manifest);
	free(artifacts);
	manifest_release(&index);
	return err;
}
