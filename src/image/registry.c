/* Manifests and tags. */
#include "image/registry.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "image/registry_internal.h"

#define ACCEPT_MANIFESTS \
	MEDIA_OCI_MANIFEST ", " MEDIA_OCI_INDEX ", " MEDIA_DOCKER_MANIFEST ", " MEDIA_DOCKER_INDEX
#define TAGS_A_PAGE 1000

static char *name_of(const struct reference *ref)
{
	struct buffer name = BUFFER_INIT;
	reference_add(&name, ref);
	return buffer_detach(&name, NULL);
}

/* A manifest's address: of its digest, else its tag, else "latest". */
static char *manifest_url(const struct reference *ref)
{
	const char *which = ref->digest.text[0] ? ref->digest.text : ref->tag ? ref->tag : "latest";
	return xstrfmt("/v2/%s/manifests/%s", ref->repository, which);
}

/* -- reading ---------------------------------------------------------------------------------------- */

static struct error *ask_for_manifest(struct registries *r, const struct reference *ref, const char *method,
				      struct registry_answer *answer)
{
	struct server *s;
	*answer = (struct registry_answer){ .response = { .body = BUFFER_INIT, .headers = BUFFER_INIT } };
	struct error *err = server_of(r, ref, &s);
	if (err)
		return err;
	char *url = manifest_url(ref), *scope = scope_of(ref, "pull"), *name = name_of(ref);
	struct call_request request = {
		.method = method,
		.url = url,
		.repository = ref->repository,
		.scope = scope,
		.accept = ACCEPT_MANIFESTS,
		.max_body = OCI_MAX_MANIFEST,
	};
	err = call_once(s, &request, answer);
	if (err)
		err = error_context(err, "cannot read the image %s", name);
	else if (answer->status / 100 != 2)
		err = answer_error(s, ref, &answer->response, "cannot read the image %s", name);
	free(url);
	free(scope);
	free(name);
	return err;
}

/* What arrived is what was asked for, and what the registry says it is. */
static struct error *check_digest(const struct reference *ref, const struct http_response *response,
				  const struct digest *own)
{
	struct digest told;
	if (ref->digest.text[0] && !digest_equals(own, &ref->digest))
		return error_new(ERROR_NETWORK, "%s answered for %s with a manifest that is %s",
				 ref->registry, ref->digest.text, own->text);
	if (digest_parse(http_header(response, "docker-content-digest"), &told) && !digest_equals(own, &told))
		return error_new(ERROR_NETWORK, "%s sent a manifest as %s that is %s", ref->registry,
				 told.text, own->text);
	return NULL;
}

static char *type_of(const struct http_response *response)
{
	struct slice type = http_header(response, "content-type");
	const char *semicolon = memchr(type.data, ';', type.len);
	if (semicolon)
		type.len = (size_t)(semicolon - type.data);
	type = slice_trim(type);
	return xmemdupz(type.data, type.len);
}

struct error *registry_get_manifest(struct registries *r, const struct reference *ref, struct buffer *out,
				    char **media_type, struct digest *digest)
{
	struct registry_answer answer;
	struct digest own;
	struct error *err = ask_for_manifest(r, ref, "GET", &answer);
	if (!err) {
		digest_of(answer.response.body.data, answer.response.body.len, &own);
		err = check_digest(ref, &answer.response, &own);
	}
	if (!err) {
		buffer_addbuf(out, &answer.response.body);
		err = buffer_check(out, "the manifest");
	}
	if (!err && digest)
		*digest = own;
	if (!err && media_type)
		*media_type = type_of(&answer.response);
	registry_answer_release(&answer);
	return err;
}

static void on_manifest(void *data, const struct http_response *response, struct error *err)
{
	struct manifest_request *request = data;
	if (!err && response && response->status / 100 == 2) {
		digest_of(response->body.data, response->body.len, &request->digest);
		err = check_digest(request->ref, response, &request->digest);
		request->found = !err;
	}
	if (request->found)
		buffer_addbuf(&request->bytes, &response->body);
	error_free(err);
}

struct error *registry_get_manifests(struct registries *r, struct manifest_request *requests, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		const struct reference *ref = requests[i].ref;
		struct server *s;
		requests[i] =
			(struct manifest_request){ .ref = ref, .bytes = BUFFER_INIT_MAX(OCI_MAX_MANIFEST) };
		struct error *err = server_of(r, ref, &s);
		if (err) {
			error_free(err);
			continue;
		}
		char *url = manifest_url(ref), *scope = scope_of(ref, "pull");
		struct call_request call = {
			.method = "GET", .url = url, .repository = ref->repository, .scope = scope,
			.accept = ACCEPT_MANIFESTS, .max_body = OCI_MAX_MANIFEST,
			.on_done = on_manifest, .data = &requests[i],
		};
		call_start(s, &call, 0);
		free(url);
		free(scope);
	}
	return calls_run(r);
}

struct error *registry_find_manifest(struct registries *r, const struct reference *ref, struct digest *digest)
{
	struct registry_answer answer;
	struct error *err = ask_for_manifest(r, ref, "HEAD", &answer);
	bool told = !err && digest_parse(http_header(&answer.response, "docker-content-digest"), digest);
	registry_answer_release(&answer);
	if (err || told)
		return err;
	/* Not all registries tell it. */
	struct buffer bytes = BUFFER_INIT_MAX(OCI_MAX_MANIFEST);
	err = registry_get_manifest(r, ref, &bytes, NULL, digest);
	buffer_release(&bytes);
	return err;
}

/* -- writing ---------------------------------------------------------------------------------------- */

/* The registry refused to put DIGEST under REF's tag with RESPONSE: because the tag may not be changed? */
static struct error *tag_refused(struct registries *r, struct server *s, const struct reference *ref,
				 const struct http_response *response, const struct digest *digest)
{
	struct reference tagged = { ref->registry, ref->repository, ref->tag, { "" } };
	struct digest there = { "" };
	char *name = name_of(&tagged);
	struct error *err = NULL;
	if (ref->tag && (response->status == 400 || response->status == 409 || response->status == 412))
		err = registry_find_manifest(r, &tagged, &there);
	if (error_is(err, ERROR_NOT_FOUND)) {
		error_free(err);
		err = NULL;
	}
	if (!err && there.text[0] && !digest_equals(&there, digest))
		err = error_with_hint(error_new(ERROR_EXISTS,
						"%s is another image already (%s), and its tags cannot be "
						"changed",
						name, there.text),
				      "use another tag, or have the registry allow '%s' to be moved (ECR: "
				      "IMMUTABLE_WITH_EXCLUSION)",
				      ref->tag);
	else if (!err && !there.text[0])
		err = answer_error(s, ref, response, "cannot put the image %s", name);
	free(name);
	return err;
}

struct error *put_manifest(struct registries *r, const struct reference *ref, const char *media_type,
			   struct slice bytes, const struct digest *digest, bool *keeps_subject)
{
	struct server *s;
	struct registry_answer answer;
	struct error *err = server_of(r, ref, &s);
	if (err)
		return err;
	struct reference target = { ref->registry, ref->repository, ref->tag, { "" } };
	if (!ref->tag)
		target.digest = *digest;
	char *url = manifest_url(&target), *scope = scope_of(ref, "pull,push"), *name = name_of(&target);
	struct call_request request = {
		.method = "PUT", .url = url, .repository = ref->repository, .scope = scope,
		.content_type = media_type, .body = bytes,
	};
	err = call_once(s, &request, &answer);
	struct slice told = http_header(&answer.response, "docker-content-digest");
	if (err)
		err = error_context(err, "cannot put the image %s", name);
	else if (answer.status / 100 != 2)
		err = tag_refused(r, s, &target, &answer.response, digest);
	else if (told.len && !slice_equals(told, digest->text))
		err = error_new(ERROR_NETWORK, "%s stored the manifest %s as %.*s", s->name, digest->text,
				(int)told.len, told.data);
	if (keeps_subject)
		*keeps_subject = http_header(&answer.response, "oci-subject").len > 0;
	registry_answer_release(&answer);
	free(url);
	free(scope);
	free(name);
	return err;
}

struct error *registry_put_manifest(struct registries *r, const struct reference *ref, const char *media_type,
				    struct slice bytes, const struct digest *digest)
{
	return put_manifest(r, ref, media_type, bytes, digest, NULL);
}
