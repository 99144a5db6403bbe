#include "deploy/release.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "deploy/release_documents.h"
#include "deploy/release_tag.h"
#include "git/ref.h"

#define REVISION_LABEL "org.opencontainers.image.revision"

/* -- one release at a time in this clone ------------------------------------------------------- */

struct release_lock {
	int fd;
};

static struct error *held_by(int fd, const char *environment)
{
	char pid[32] = "";
	ssize_t len = pread(fd, pid, sizeof(pid) - 1, 0);
	long holder = len > 0 ? strtol(pid, NULL, 10) : 0;
	struct error *err = holder > 0 ? error_new(ERROR_CONFLICT, "another `git deploy` is at work on %s "
								   "(process %ld)",
						   environment, holder)
				       : error_new(ERROR_CONFLICT, "another `git deploy` is at work on %s",
						   environment);
	return error_with_hint(err, "wait until it has ended");
}

/* On a file system without locks (some network ones) everybody gets in: the ledger's compare-and-swap keeps
 * them in a row. */
static struct error *take_lock(int fd, const char *path, const char *environment)
{
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno == EWOULDBLOCK)
			return held_by(fd, environment);
		if (errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS)
			break;
		return error_errno(ERROR_IO, "cannot lock '%s'", path);
	}
	/* For people only: that it cannot be written stops nothing. */
	char pid[32];
	int len = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) || pwrite(fd, pid, (size_t)len, 0) != len)
		return NULL;
	return NULL;
}

struct error *release_lock(struct release_lock **out, struct repo *repo, const char *environment)
{
	char *folder = xstrfmt("%s/scrutiny", repo_common_dir(repo));
	char *path = xstrfmt("%s/deploy-%s.lock", folder, environment);
	struct error *err = file_make_directories(folder);
	int fd = err ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (!err && fd < 0)
		err = error_errno(ERROR_IO, "cannot open '%s'", path);
	if (!err)
		err = take_lock(fd, path, environment);
	if (err && fd >= 0)
		close(fd);
	*out = NULL;
	if (!err) {
		*out = xcalloc(1, sizeof(**out));
		(*out)->fd = fd;
	}
	free(folder);
	free(path);
	return err;
}

void release_unlock(struct release_lock *lock)
{
	if (!lock)
		return;
	close(lock->fd);
	free(lock);
}

/* -- step 1: the tag and the ledger ------------------------------------------------------------ */

static bool is_made(const struct release *r)
{
	return r->result == RELEASE_DONE || r->result == RELEASE_CANARY;
}

static const struct release *find_made(const struct releases *all, const char *tag, const struct oid *commit)
{
	for (size_t i = 0; i < all->nr; i++) {
		const struct release *r = &all->items[i];
		if (is_made(r) && (tag ? r->tag && !strcmp(r->tag, tag) : !r->tag && !strcmp(r->commit.hex,
			commit->hex)))
			return r;
	}
	return NULL;
}

static struct error *overtaken(const struct release *r, const struct releases *all, const char *environment)
{
	const struct release *served = releases_served(all);
	struct error *err = served ? error_new(ERROR_CONFLICT, "%s was release #%" PRId64 " of %s; "
											  "#%" PRId64 " is "
											  "served now",
					       r->tag, r->number, environment, served->number)
				   : error_new(ERROR_CONFLICT, "%s was release #%" PRId64 " of %s, and taken "
											  "back", r->tag,
					       r->number, environment);
	return error_with_hint(err, "`git deploy rollback %" PRId64 "` serves it again; `git deploy` tags "
								    "HEAD anew",
			       r->number);
}

/* A job that waited while a newer tag was released must not bring the older commit back. */
static struct error *check_age(const struct releases *all, const char *name)
{
	struct release_tag tag, newest;
	const struct release *last = NULL;
	for (size_t i = 0; i < all->nr && !last; i++)
		if (is_made(&all->items[i]) && all->items[i].tag)
			last = &all->items[i];
	if (!last || !release_tag_parse(&tag, name) || !release_tag_parse(&newest, last->tag) ||
	    release_tag_compare(&tag, &newest) > 0)
		return NULL;
	return error_with_hint(error_new(ERROR_CONFLICT, "%s comes too late: %s is released already, as "
							 "#%" PRId64, name,
					 last->tag, last->number),
			       "to deploy that commit all the same, check it out: `git deploy` tags it anew");
}

struct error *release_check(const struct releases *all, const char *environment, const char *tag,
			    const struct oid *commit, const struct release **done)
{
	const struct release *made = find_made(all, tag, commit);
	*done = NULL;
	if (!made)
		return tag ? check_age(all, tag) : NULL;
	if (strcmp(made->commit.hex, commit->hex) != 0)
		return error_with_hint(error_new(ERROR_CONFLICT, "%s is of commit %.12s, but was released as "
								 "#%" PRId64
						 " when it was of %.12s", tag, commit->hex, made->number,
							 made->commit.hex),
				       "tags of releases are not to be moved; `git deploy` makes a new one");
	const struct release *served = releases_served(all);
	if (made == releases_canary(all))
		*done = made;
	else if (served && digest_equals(&made->digest, &served->digest) &&
		 !strcmp(made->commit.hex, served->commit.hex))
		*done = served; /* it, its promotion, or a rollback to it */
	if (*done)
		return NULL;
	/* Without a tag a commit may be released again. */
	return tag ? overtaken(made, all, environment) : NULL;
}

/* -- what the registry says -------------------------------------------------------------------- */

static struct reference reference_of(const struct deploy_config *config, const char *tag,
				     const struct digest *digest)
{
	return (struct reference){
		.registry = config->repository.registry,
		.repository = config->repository.repository,
		.tag = (char *)tag,
		.digest = digest ? *digest : (struct digest){ "" },
	};
}

static struct error *find_tag(struct registries *registries, const struct deploy_config *config,
			      const char *tag,
			      struct digest *out)
{
	struct reference ref = reference_of(config, tag, NULL);
	*out = (struct digest){ "" };
	struct error *err = registry_find_manifest(registries, &ref, out);
	error_drop_if(&err, ERROR_NOT_FOUND);
	return err;
}

/* What the registry tells of an image. */
struct image_facts {
	struct oid commit;     /* that its configuration's label names; empty: none */
	int64_t bytes;         /* of layers and configuration */
};

static struct error *read_label(struct registries *registries, const struct reference *ref,
				const struct manifest *manifest, struct oid *commit)
{
	struct buffer text = BUFFER_INIT_MAX(OCI_MAX_CONFIG);
	cJSON *json = NULL;
	struct error *err = registry_get_blob(registries, ref, &manifest->config.digest, &text);
	if (!err)
		err = config_parse(&json, slice_of(&text), ref->digest.text);
	const cJSON *config = cJSON_GetObjectItemCaseSensitive(json, "config");
	const cJSON *labels = cJSON_GetObjectItemCaseSensitive(config, "Labels");
	const char *revision = json_string_or(labels, REVISION_LABEL, "");
	if (!err && strlen(revision) <= OID_MAX_HEX)
		memcpy(commit->hex, revision, strlen(revision) + 1);
	cJSON_Delete(json);
	buffer_release(&text);
	return err;
}

static struct error *read_facts(struct registries *registries, const struct deploy_config *config,
				const struct digest *digest, struct image_facts *out)
{
	struct reference ref = reference_of(config, NULL, digest);
	struct buffer bytes = BUFFER_INIT_MAX(OCI_MAX_MANIFEST);
	struct manifest manifest = { 0 };
	char *media_type = NULL;
	*out = (struct image_facts){ 0 };
	struct error *err = registry_get_manifest(registries, &ref, &bytes, &media_type, NULL);
	if (!err)
		err = manifest_parse(&manifest, slice_of(&bytes), digest->text);
	if (!err && !manifest.is_index) {
		out->bytes = manifest.config.size;
		for (size_t i = 0; i < manifest.nr_layers; i++)
			out->bytes += manifest.layers[i].size;
		err = read_label(registries, &ref, &manifest, &out->commit);
	}
	manifest_release(&manifest);
	buffer_release(&bytes);
	free(media_type);
	return err;
}

static struct error *gone(const struct release *r)
{
	return error_with_hint(error_new(ERROR_NOT_FOUND, "the registry does not have the image of release "
							  "#%" PRId64
					 " any more (%s@%s)", r->number, r->repository, r->digest.text),
			       "`git checkout %.12s` and `git deploy` make it anew", r->commit.hex);
}

struct error *release_confirm(struct registries *registries, const struct deploy_config *config,
			      const struct release *r)
{
	struct image_facts facts;
	struct digest digest;
	if (!release_is_here(r, &config->repository))
		return error_new(ERROR_CONFLICT, "release #%" PRId64 " is in another repository (%s)",
				 r->number,
				 r->repository);
	struct error *err = read_facts(registries, config, &r->digest, &facts);
	if (error_drop_if(&err, ERROR_NOT_FOUND))
		return gone(r);
	if (err || !strcmp(facts.commit.hex, r->commit.hex))
		return err;
	char *tag = assemble_commit_tag(&r->commit);
	err = find_tag(registries, config, tag, &digest);
	free(tag);
	if (err || digest_equals(&digest, &r->digest))
		return err;
	err = error_new(ERROR_CONFLICT, "the ledger says that release #%" PRId64 " is of commit %.12s; the "
										 "registry "
			"does not say so of its image", r->number, r->commit.hex);
	return error_with_hint(err, "`git log " LEDGER_REF_PREFIX "%s` shows who wrote that", r->environment);
}

/* -- step 4: the moving tags ------------------------------------------------------------------- */

size_t release_moving_tags(const struct deploy_config *config, const char *environment, bool canary,
			   struct moving_tag tags[RELEASE_MAX_TAGS])
{
	size_t nr = 0;
	tags[nr++] = (struct moving_tag){ xstrdup(environment), false };
	if (canary)
		tags[nr++] = (struct moving_tag){ xstrfmt("%s-canary", environment), true };
	if (config->nr_environments <= 1 || !strcmp(environment, "prod"))
		tags[nr++] = (struct moving_tag){ xstrdup("latest"), false };
	return nr;
}

void moving_tags_free(struct moving_tag *tags, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		free(tags[i].name);
}

static struct error *put_tag(const struct release_settings *s, const char *tag, const struct release *r)
{
	struct reference from = reference_of(s->config, NULL, &r->digest);
	struct reference to = reference_of(s->config, tag, NULL);
	struct buffer bytes = BUFFER_INIT_MAX(OCI_MAX_MANIFEST);
	struct digest digest;
	char *media_type = NULL;
	struct error *err = registry_get_manifest(s->registries, &from, &bytes, &media_type, &digest);
	if (error_drop_if(&err, ERROR_NOT_FOUND))
		err = gone(r);
	if (!err)
		err = registry_put_manifest(s->registries, &to, media_type, slice_of(&bytes), &r->digest);
	if (error_is(err, ERROR_EXISTS))
		err = error_with_hint(err, "the tag '%s' has to move with every release: let the "
					   "repository's tags be "
				      "immutable but for it (ECR: IMMUTABLE_WITH_EXCLUSION)", tag);
	free(media_type);
	buffer_release(&bytes);
	return err;
}

/* Puts TAG on R's image if it is not there. OWN is the release this process has just made: it needs no
 * confirmation. */
static struct error *move_tag(const struct release_settings *s, const char *tag, const struct release *r,
			      int64_t own,
			      bool *moved)
{
	struct digest now;
	struct error *err = find_tag(s->registries, s->config, tag, &now);
	if (err || digest_equals(&now, &r->digest))
		return err;
	if (r->number != own)
		err = release_confirm(s->registries, s->config, r);
	if (!err)
		err = put_tag(s, tag, r);
	*moved |= !err;
	return err;
}

static struct error *move_tags(const struct release_settings *s, const struct releases *all, int64_t own,
			       bool *moved)
{
	struct moving_tag tags[RELEASE_MAX_TAGS];
	size_t nr = release_moving_tags(s->config, s->environment, s->canary, tags);
	const struct release *served = releases_served(all), *canary = releases_canary(all);
	struct error *err = NULL;
	for (size_t i = 0; i < nr && !err; i++) {
		const struct release *r = tags[i].canary && canary ? canary : served;
		if (r)
			err = move_tag(s, tags[i].name, r, own, moved);
	}
	moving_tags_free(tags, nr);
	return err;
}

/* While other clones keep releasing. */
#define MAX_ROUNDS 16

/* The ledger here is the newest as far as we know when it begins; OWN as in move_tag. */
static struct error *follow_ledger(const struct release_settings *s, int64_t own, struct release_outcome *out)
{
	struct releases all = { 0 };
	bool moved = true;
	struct error *err = releases_read(s->repo, s->environment, 0, &all);
	for (unsigned round = 0; !err && moved && round < MAX_ROUNDS; round++) {
		moved = false;
		err = move_tags(s, &all, own, &moved);
		out->moved |= moved;
		if (err || !moved || !s->remote)
			break;
		/* Somebody may have released since, and have moved the tags before we did. */
		err = releases_fetch(s->repo, s->remote, s->environment, NULL);
		releases_release(&all);
		if (!err)
			err = releases_read(s->repo, s->environment, 0, &all);
	}
	const struct release *served = err ? NULL : releases_served(&all);
	out->served = served ? served->number : 0;
	releases_release(&all);
	return err;
}

/* After a release of our own, which the ledger has by now. */
static struct error *follow_own(const struct release_settings *s, int64_t own, struct release_outcome *out)
{
	return error_context(follow_ledger(s, own, out),
			     "#%" PRId64 " is in the ledger, but the registry does not serve it yet", own);
}

static struct error *fetch(const struct release_settings *s)
{
	if (!s->remote || s->fetched)
		return NULL;
	return releases_fetch(s->repo, s->remote, s->environment, NULL);
}

struct error *release_serve(struct release_outcome *out, const struct release_settings *s)
{
	*out = (struct release_outcome){ 0 };
	struct error *err = fetch(s);
	return err ? err : follow_ledger(s, 0, out);
}

/* -- steps 2 and 3 ----------------------------------------------------------------------------- */

static void tell(const struct release_settings *s, const char *what)
{
	if (s->progress)
		s->progress(s->progress_data, what, 0, 0);
}

static char *repository_name(const struct deploy_config *config)
{
	struct buffer name = BUFFER_INIT;
	struct reference ref = reference_of(config, NULL, NULL);
	reference_add(&name, &ref);
	return buffer_detach(&name, NULL);
}

static struct release new_entry(const struct release_settings *s, enum release_result result)
{
	struct buffer who = BUFFER_INIT;
	if (s->who)
		buffer_addstr(&who, s->who);
	else
		ref_identity(&who, s->repo);
	return (struct release){
		.environment = xstrdup(s->environment),
		.result = result,
		.repository = repository_name(s->config),
		.date = s->now,
		.who = buffer_detach(&who, NULL),
		.where = xstrdup(s->where),
		.note = s->note ? xstrdup(s->note) : NULL,
	};
}

/* Images whose layers may be used again: the newest releases', each once; the strings of TAGS are malloc'd. */
static size_t list_earlier(const struct release_settings *s, const struct releases *all,
			   char *tags[ASSEMBLE_MAX_EARLIER])
{
	size_t nr = 0;
	tags[nr++] = xstrdup(s->environment);
	for (size_t i = 0; i < all->nr && nr < ASSEMBLE_MAX_EARLIER; i++) {
		char *tag = assemble_commit_tag(&all->items[i].commit);
		bool known = false;
		for (size_t k = 0; k < nr; k++)
			known |= !strcmp(tags[k], tag);
		if (known)
			free(tag);
		else
			tags[nr++] = tag;
	}
	return nr;
}

static struct assemble_settings settings_of(const struct release_settings *s,
					    const struct release_source *source)
{
	return (struct assemble_settings){
		.repo = s->repo,
		.commit = source->commit,
		.registries = s->registries,
		.builder = source->builder,
		.cache = source->cache,
		.source = source->source,
		.stop = s->stop,
		.progress = s->progress,
		.progress_data = s->progress_data,
	};
}

static struct error *build(struct assembly *a, const struct release_settings *s,
			   const struct release_source *source,
			   const struct releases *all, struct release_outcome *out)
{
	char *earlier[ASSEMBLE_MAX_EARLIER];
	struct assemble_settings settings = settings_of(s, source);
	uint64_t start = clock_ms();
	settings.earlier = (const char *const *)earlier;
	settings.nr_earlier = list_earlier(s, all, earlier);
	struct error *err = assemble(a, s->config, &settings);
	out->build_ms = clock_ms() - start;
	out->builder = !err && a->builder ? xstrdup(a->builder) : NULL;
	out->warnings = !err && a->warnings ? xstrdup(a->warnings) : NULL;
	out->dependencies_made = !err && a->dependencies_made;
	out->built = !err;
	for (size_t i = 0; i < settings.nr_earlier; i++)
		free(earlier[i]);
	return err;
}

/* Where the tag of the commit's id cannot be changed and has an image of the commit already (made of an
 * older base, or with other dependencies), that one is released. */
static struct error *use_the_one_there(const struct release_settings *s, const struct oid *commit,
				       const char *tag,
				       struct release *r)
{
	struct image_facts facts = { 0 };
	struct error *err = find_tag(s->registries, s->config, tag, &r->digest);
	if (!err)
		err = read_facts(s->registries, s->config, &r->digest, &facts);
	if (!err && strcmp(facts.commit.hex, commit->hex) != 0)
		err = error_new(ERROR_EXISTS, "the tag '%s' is taken by an image of something else, and "
					      "cannot be "
				"changed", tag);
	r->image_bytes = facts.bytes;
	return err;
}

/* R gets what the ledger is to say of the image. */
static struct error *push(struct assembly *a, const struct release_settings *s,
			  const struct release_source *source, struct release_outcome *out)
{
	const struct assemble_settings settings = settings_of(s, source);
	char *tag = assemble_commit_tag(&source->commit);
	const char *const tags[] = { tag };
	struct release *r = &out->release;
	struct reference target = reference_of(s->config, NULL, NULL);
	uint64_t start = clock_ms();
	tell(s, "pushing");
	struct error *err = assembly_push(a, s->config, &settings, &target, tags, 1, &out->push);
	r->digest = a->image.digest;
	r->dependencies = a->dependencies_input;
	r->image_bytes = image_bytes(&a->image);
	if (!err)
		err = release_attach_documents(s->registries, a, &target, &out->not_attached);
	else if (error_drop_if(&err, ERROR_EXISTS)) {
		out->was_there = true;
		err = use_the_one_there(s, &source->commit, tag, r);
	}
	r->bytes_sent = out->push.bytes_sent;
	out->push_ms = clock_ms() - start;
	free(tag);
	return err;
}

/* Steps 2 and 3. */
static struct error *make(struct release_outcome *out, const struct release_settings *s,
			  const struct release_source *source, const struct releases *all)
{
	bool canary = s->canary && releases_served(all);
	struct assembly a = { 0 };
	struct release *r = &out->release;
	struct error *err = build(&a, s, source, all, out);
	*r = new_entry(s, canary ? RELEASE_CANARY : RELEASE_DONE);
	r->commit = source->commit;
	r->tag = source->tag ? xstrdup(source->tag) : NULL;
	if (!err)
		err = push(&a, s, source, out);
	out->pushed = !err;
	if (!err && source->make_tag) {
		tell(s, "tagging");
		err = source->make_tag(source->make_tag_data, &r->tag);
	}
	if (!err) {
		tell(s, "recording");
		err = releases_add(s->repo, s->remote, r, &out->added);
	}
	assembly_release(&a);
	return err;
}

/* A release that the ledger has: its image must be the one of the commit, or it is built and compared. */
static struct error *take_up(struct release_outcome *out, const struct release_settings *s,
			     const struct release *done, bool *confirmed)
{
	struct error *err = release_confirm(s->registries, s->config, done);
	*confirmed = !err;
	if (!err)
		release_copy(&out->release, done);
	else if (error_is(err, ERROR_NOT_FOUND) || error_is(err, ERROR_CONFLICT)) {
		error_free(err);
		return NULL;
	}
	return err;
}

struct error *release_make(struct release_outcome *out, const struct release_settings *s,
			   const struct release_source *source)
{
	struct releases all = { 0 };
	const struct release *done = NULL;
	bool confirmed = false;
	*out = (struct release_outcome){ 0 };
	struct error *err = fetch(s);
	if (!err)
		err = releases_read(s->repo, s->environment, 0, &all);
	if (!err)
		err = release_check(&all, s->environment, source->tag, &source->commit, &done);
	if (!err && done)
		err = take_up(out, s, done, &confirmed);
	if (!err && !confirmed)
		err = make(out, s, source, &all);
	releases_release(&all);
	return err ? err : follow_own(s, out->release.number, out);
}

/* -- what is done about releases that there are ------------------------------------------------ */

static struct error *add_about(struct release_outcome *out, const struct release_settings *s,
			       const struct release *about, enum release_result result)
{
	struct release *r = &out->release;
	*r = new_entry(s, result);
	r->of = about->number;
	r->commit = about->commit;
	r->digest = about->digest;
	r->dependencies = about->dependencies;
	r->image_bytes = about->image_bytes;
	tell(s, "recording");
	struct error *err = releases_add(s->repo, s->remote, r, &out->added);
	if (err)
		return err;
	return result == RELEASE_FAILED ? follow_ledger(s, 0, out) : follow_own(s, r->number, out);
}

struct error *release_roll_back(struct release_outcome *out, const struct release_settings *s,
				const struct release *target)
{
	*out = (struct release_outcome){ 0 };
	struct error *err = release_confirm(s->registries, s->config, target);
	return err ? err : add_about(out, s, target, RELEASE_ROLLED_BACK);
}

struct error *release_promote(struct release_outcome *out, const struct release_settings *s,
			      const struct release *canary)
{
	*out = (struct release_outcome){ 0 };
	struct error *err = release_confirm(s->registries, s->config, canary);
	return err ? err : add_about(out, s, canary, RELEASE_PROMOTED);
}

struct error *release_take_back(struct release_outcome *out, const struct release_settings *s,
				const struct release *r)
{
	*out = (struct release_outcome){ 0 };
	return add_about(out, s, r, RELEASE_FAILED);
}

void release_outcome_release(struct release_outcome *o)
{
	release_release(&o->release);
	free(o->builder);
	free(o->warnings);
	free(o->not_attached);
	*o = (struct release_outcome){ 0 };
}
