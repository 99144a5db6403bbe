/* plan: what a release would build, send, use and cost. Nothing is sent, and nothing is made but layers in the cache. */
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cloud/ecr.h"
#include "cloud/secrets.h"
#include "cmd/deploy_instance.h"
#include "cmd/money.h"
#include "deploy/assemble.h"
#include "deploy/hours.h"
#include "deploy/infrastructure.h"
#include "deploy/release.h"

#define PLAN_FORMAT 1
/* Of changed layers with more files than that the size is not found out: it would take as long as the release. */
#define MAX_FILES_MEASURED 50000

struct plan_options {
	const char *env;
	bool accept_cost, offline, json;
};

enum presence { IS_THERE, IS_MISSING, NOT_ASKED };

struct plan {
	const struct plan_options *o;
	struct deployment d;
	struct oid head;
	bool at_head, clean;
	char *branch;                /* NULL: none */
	/* The image. */
	struct assembly assembly;
	struct error *image_error;   /* why it is not known */
	size_t layers, changed;      /* those of the commit and of dependencies */
	int64_t bytes;               /* to send; below 0: not known */
	enum presence repository;    /* of ECR; others are not asked */
	/* Where it runs. */
	struct deployed t;
	bool found;                  /* t.own is set */
	bool absent;                 /* none is configured, or none is there */
	struct error *nowhere;       /* then: what was looked for, and where */
	struct error *cloud_error;   /* why nobody could be asked */
	enum presence *secrets;
	char *url;
	/* What it costs. */
	struct resources resources;
	struct hours hours;
	struct hours_sum month;
	double usd_hour;             /* of what runs, or would; below 0: not known */
};

/* -- the commit ---------------------------------------------------------------------------------- */

static struct error *look_at_work_tree(struct plan *p)
{
	static const char *const status[] = { "status", "--porcelain=v1", "-z", "--untracked-files=normal", NULL };
	static const char *const branch[] = { "symbolic-ref", "--quiet", "--short", "HEAD", NULL };
	struct buffer out = BUFFER_INIT_MAX((size_t)64 << 20), name = BUFFER_INIT_MAX(65536);
	struct error *err = repo_head(p->d.repo, &p->head);
	p->at_head = !err && !strcmp(p->head.hex, p->d.commit.hex);
	if (!err && p->at_head && repo_work_tree(p->d.repo))
		err = repo_git_read(p->d.repo, status, &(struct process_options){ .out = &out });
	p->clean = !out.len;
	if (!err && p->at_head) {
		error_free(repo_git_line(p->d.repo, branch, &name));
		p->branch = name.len ? buffer_detach(&name, NULL) : NULL;
	}
	buffer_release(&out);
	buffer_release(&name);
	return err;
}

/* -- the image ----------------------------------------------------------------------------------- */

static bool is_new(const struct layer *layer)
{
	return layer->origin != LAYER_BASE && !layer->reused;
}

static size_t files_to_read(const struct image *image)
{
	size_t files = 0;
	for (size_t i = 0; i < image->nr_layers; i++)
		if (is_new(&image->layers[i]) && !image->layers[i].descriptor.digest.text[0])
			files += image->layers[i].files;
	return files;
}

/* Changed layers are made, in the cache, where the release finds them. */
static void measure(struct plan *p)
{
	struct image image = { 0 };
	struct error *err = image_build(&image, &p->assembly.spec, &p->assembly.build);
	if (err)
		p->image_error = err;
	for (size_t i = 0; i < image.nr_layers && !err; i++)
		if (is_new(&image.layers[i]))
			p->bytes += image.layers[i].descriptor.size;
	image_release(&image);
}

static void count_layers(struct plan *p)
{
	const struct image *image = &p->assembly.image;
	for (size_t i = 0; i < image->nr_layers; i++) {
		p->layers += image->layers[i].origin != LAYER_BASE;
		p->changed += is_new(&image->layers[i]);
	}
	if (p->assembly.builder || p->assembly.dependencies_stale || files_to_read(image) > MAX_FILES_MEASURED)
		return;
	p->bytes = 0;
	if (p->changed)
		measure(p);
	if (p->image_error)
		p->bytes = -1;
}

static struct error *plan_image(struct plan *p)
{
	struct deployment *d = &p->d;
	struct moving_tag tags[RELEASE_MAX_TAGS];
	const char *earlier[RELEASE_MAX_TAGS];
	size_t nr = 0;
	char *cache = deployment_cache(d), *source = deployment_source(d);
	if (d->environment)
		nr = release_moving_tags(&d->config, d->environment->name,
					 d->environment->strategy == DEPLOY_CANARY, tags);
	for (size_t i = 0; i < nr; i++)
		earlier[i] = tags[i].name;
	struct assemble_settings settings = {
		.repo = d->repo, .commit = d->commit, .cache = cache, .source = source, .earlier = earlier,
		.nr_earlier = nr, .offline = p->o->offline, .keep_local = true, .plan_only = true,
		.stop = d->ctx->stop, .builder = repo_config(d->repo, "deploy.builder"),
	};
	p->bytes = -1;
	struct error *err = deployment_registries(d, &settings.registries);
	if (!err)
		p->image_error = assemble(&p->assembly, &d->config, &settings);
	if (!err && !p->image_error)
		count_layers(p);
	moving_tags_free(tags, nr);
	free(cache);
	free(source);
	if (error_is(p->image_error, ERROR_CANCELLED)) {
		err = p->image_error;
		p->image_error = NULL;
	}
	return err;
}

/* -- the cloud ----------------------------------------------------------------------------------- */

static bool is_ecr(const struct plan *p)
{
	struct slice account, region;
	return p->d.config.repository.registry && reference_is_ecr(&p->d.config.repository, &account, &region);
}

/* What nobody can be asked about is said, and no reason to stop. */
static void note_cloud(struct plan *p, struct error *err)
{
	if (!p->cloud_error)
		p->cloud_error = err;
	else
		error_free(err);
}

static void ask_for_repository(struct plan *p)
{
	struct ecr_repository repository = { 0 };
	struct slice account, region;
	struct cloud *cloud = NULL;
	reference_is_ecr(&p->d.config.repository, &account, &region);
	char *name = xmemdupz(region.data, region.len);
	struct cloud_settings settings = deployment_cloud_settings(p->d.ctx, p->d.repo, name);
	struct error *err = cloud_new(&cloud, &settings);
	if (!err)
		err = ecr_find_repository(cloud, p->d.config.repository.repository, &repository);
	p->repository = !err ? IS_THERE : error_drop_if(&err, ERROR_NOT_FOUND) && cloud ? IS_MISSING : NOT_ASKED;
	note_cloud(p, err);
	ecr_repository_release(&repository);
	cloud_free(cloud);
	free(name);
}

static void ask_for_secrets(struct plan *p, struct cloud *cloud)
{
	struct error *err = NULL;
	for (size_t i = 0; i < p->d.config.nr_secrets && !err; i++) {
		bool there;
		err = secret_exists(cloud, p->d.config.secrets[i].source, &there);
		if (!err)
			p->secrets[i] = there ? IS_THERE : IS_MISSING;
	}
	note_cloud(p, err);
}

static void ask_for_instance(struct plan *p)
{
	struct error *err = deployed_open(&p->t, &p->d);
	p->absent = error_is(err, ERROR_NOT_FOUND);
	if (p->absent) {
		p->nowhere = err;
		err = NULL;
	}
	p->found = !err && !p->absent;
	if (p->found)
		err = instance_volumes(p->t.cloud, &p->t.own);
	if (p->found)
		p->url = deployed_url(&p->t, deployed_current(&p->t));
	note_cloud(p, err);
}

static void ask_cloud(struct plan *p)
{
	bool wanted = is_ecr(p) || p->d.config.nr_secrets || (p->d.environment && p->d.environment->instance);
	p->repository = NOT_ASKED;
	p->secrets = xcalloc(p->d.config.nr_secrets + 1, sizeof(*p->secrets));
	for (size_t i = 0; i < p->d.config.nr_secrets; i++)
		p->secrets[i] = NOT_ASKED;
	p->absent = p->d.environment && !p->d.environment->instance;
	if (p->o->offline && wanted)
		note_cloud(p, error_new(ERROR_GENERIC, "--offline"));
	if (p->o->offline)
		return;
	/* Without credentials nobody is there to be asked. */
	struct cloud *cloud;
	struct error *err = wanted ? deployment_cloud(&p->d, &cloud) : NULL;
	if (!err && is_ecr(p))
		ask_for_repository(p);
	if (!err && p->d.config.nr_secrets)
		ask_for_secrets(p, cloud);
	if (!err && p->d.environment && p->d.environment->instance)
		ask_for_instance(p);
	note_cloud(p, err);
}

/* -- money --------------------------------------------------------------------------------------- */

static void add(struct plan *p, const char *kind, char *name, enum resource_state state, double usd_hour,
		double usd_month, const char *note)
{
	resources_add(&p->resources, &(struct resource){ .kind = kind, .name = name, .state = state,
							 .usd_hour = usd_hour, .usd_month = usd_month, .note = note });
}

static void add_storage(struct plan *p)
{
	static const enum resource_state states[] = {
		[IS_THERE] = RESOURCE_EXISTS, [IS_MISSING] = RESOURCE_NEW, [NOT_ASKED] = RESOURCE_UNKNOWN,
	};
	if (is_ecr(p))
		resources_add(&p->resources, &(struct resource){
			.kind = "registry storage", .name = xstrdup(p->d.config.repository.repository),
			.state = states[p->repository], .usd_month = price_registry_gigabyte_month(), .by_use = true,
			.note = p->repository == IS_MISSING ? "`git deploy --accept-cost` makes it" : NULL });
}

static void add_secrets(struct plan *p)
{
	static const enum resource_state states[] = {
		[IS_THERE] = RESOURCE_EXISTS, [IS_MISSING] = RESOURCE_MISSING, [NOT_ASKED] = RESOURCE_UNKNOWN,
	};
	const struct deploy_config *c = &p->d.config;
	for (size_t i = 0; i < c->nr_secrets; i++) {
		bool manager = starts_with(c->secrets[i].source, "secretsmanager:");
		add(p, "secret", xstrdup(c->secrets[i].source), states[p->secrets[i]], 0,
		    manager ? price_secret_month() : 0, p->secrets[i] == IS_MISSING ? "to be made by hand" : NULL);
	}
}

/* Of the instance that is there, or that the file tells of. */
static void add_instance(struct plan *p)
{
	const struct deploy_environment *env = p->d.environment;
	char *region = deploy_config_region(&p->d.config, env);
	const char *type = p->found ? p->t.own.type : env->type;
	double gigabyte = price_gigabyte_month(region), hour = price_hour(p->d.repo, type, region, false, NULL);
	enum resource_state state = p->found ? RESOURCE_EXISTS : RESOURCE_UNKNOWN;
	int64_t size = p->found ? p->t.own.volume_gigabytes : -1;
	bool guess;
	p->usd_hour = hour < 0 ? hour : hour + price_address_hour();
	add(p, "instance", xstrfmt("%s (%s)", env->instance, type ? type : "of unknown type"), state, hour, 0,
	    "while it runs");
	add(p, "public address", xstrdup(env->instance), state, price_address_hour(), 0, "while it runs");
	if (p->found && size >= 0)
		add(p, "volumes", xstrfmt("%lld GB", (long long)size), state, 0,
		    gigabyte < 0 ? gigabyte : gigabyte * (double)size, "also while it is stopped, as gp3");
	if (env->spot)
		add(p, "spot instance", xstrfmt("%s (%s)", env->instance, type ? type : "of unknown type"), RESOURCE_NEW,
		    price_hour(p->d.repo, type, region, true, &guess), 0,
		    "a guess; `git deploy start` launches it in the instance's place, while it runs");
	free(region);
}

static void add_up(struct plan *p)
{
	struct infrastructure all = { .config = &p->d.config, .env = p->d.environment };
	p->usd_hour = -1;
	add_storage(p);
	add_secrets(p);
	if (p->d.environment && p->absent)
		p->usd_hour = infrastructure_machine(&p->resources, p->d.repo, &all);
	else if (p->d.environment)
		add_instance(p);
}

static struct error *read_hours(struct plan *p)
{
	int64_t now = (int64_t)time(NULL), from, until;
	struct error *err = prices_check(p->d.repo);
	if (!err && !p->o->offline)
		deployment_fetch_hours(p->d.repo);
	if (!err)
		err = hours_read(p->d.repo, &p->hours);
	hours_month_span(now, &from, &until);
	if (!err)
		hours_add_up(&p->hours, NULL, from, until, now, &p->month);
	return err;
}

/* -- for people ---------------------------------------------------------------------------------- */

static void print_app(struct buffer *out, const struct plan *p)
{
	buffer_addf(out, "app    %s   commit %.7s", p->d.config.app, p->d.commit.hex);
	if (p->at_head)
		buffer_addf(out, " (%s, %s)", p->branch ? p->branch : "no branch",
			    p->clean ? "clean" : "the work tree has changes that are not deployed");
	buffer_addch(out, '\n');
}

static void print_image(struct buffer *out, const struct plan *p)
{
	const struct assembly *a = &p->assembly;
	buffer_addstr(out, "image  ");
	if (p->d.config.repository.registry)
		reference_add(out, &p->d.config.repository);
	else
		buffer_addstr(out, "no registry is configured");
	if (p->image_error) {
		buffer_addf(out, "   not known: %s\n", p->image_error->message);
		return;
	}
	if (a->builder) {
		buffer_addf(out, "   all of it made by an image builder (%s)\n", a->builder);
		return;
	}
	if (p->changed)
		buffer_addf(out, "   %zu of %zu layer%s changed, ", p->changed, p->layers, p->layers == 1 ? "" : "s");
	else
		buffer_addf(out, "   no layer of %zu changed, ", p->layers);
	if (p->bytes > 0)
		text_bytes(out, p->bytes);
	else
		buffer_addstr(out, p->bytes ? "an unknown size" : "nothing");
	buffer_addstr(out, " to send");
	if (a->dependencies_stale)
		buffer_addstr(out, "; dependencies would be made");
	else if (a->dependencies_input.text[0])
		buffer_addstr(out, "; dependencies unchanged");
	buffer_addch(out, '\n');
}

static void print_secrets(struct buffer *out, const struct plan *p)
{
	static const char *const words[] = {
		[IS_THERE] = "", [IS_MISSING] = " (missing)", [NOT_ASKED] = " (not asked)",
	};
	const struct deploy_config *c = &p->d.config;
	for (size_t i = 0; i < c->nr_secrets; i++)
		buffer_addf(out, "%s%s from %s%s", i ? ", " : "   secrets: ", c->secrets[i].variable,
			    c->secrets[i].source, words[p->secrets[i]]);
}

static void print_run(struct buffer *out, const struct plan *p)
{
	const struct deploy_environment *env = p->d.environment;
	buffer_addstr(out, "run    ");
	if (!env) {
		buffer_addstr(out, "no environment is configured");
	} else if (p->found) {
		const struct instance *i = deployed_current((struct deployed *)&p->t);
		buffer_addf(out, "%s (%s, %s)", i->id, i->type, i->state);
		if (p->t.stand_in.id)
			buffer_addf(out, ", in place of %s", p->t.own.id);
		if (p->url)
			buffer_addf(out, "  %s/", p->url);
	} else if (!env->instance) {
		buffer_addstr(out, "no instance yet: `git deploy infra` prints one");
	} else {
		buffer_addf(out, "%s (%s)", env->instance, p->absent ? "not there" : "not asked");
		if (env->url)
			buffer_addf(out, "  %s", env->url);
	}
	print_secrets(out, p);
	buffer_addch(out, '\n');
}

static void print_new_cost(struct buffer *out, const struct plan *p)
{
	double hour, month;
	size_t unknown;
	resources_sum(&p->resources, true, &hour, &month, &unknown);
	if (hour <= 0 && month <= 0 && !unknown) {
		buffer_addstr(out, "nothing new");
		return;
	}
	buffer_addstr(out, "new: ");
	text_dollars(out, month);
	buffer_addstr(out, " a month, and ");
	text_dollars(out, hour);
	buffer_addstr(out, " an hour while it runs");
	if (unknown)
		buffer_addf(out, ", and %zu price%s not known", unknown, unknown == 1 ? "" : "s");
}

static void print_cost(struct buffer *out, const struct plan *p)
{
	buffer_addstr(out, "cost   ");
	print_new_cost(out, p);
	if (p->usd_hour >= 0) {
		buffer_addstr(out, ". Running: ");
		text_dollars(out, p->usd_hour);
		buffer_addstr(out, "/h");
	} else if (p->d.environment) {
		buffer_addstr(out, ". Running: of unknown price");
	}
	buffer_addf(out, "; %.1f h this month, ", p->month.hours);
	buffer_addf(out, "$%.2f", p->month.usd);
	if (p->month.unpriced > 0)
		buffer_addstr(out, " and hours of unknown price");
	if (p->d.config.stop_usd >= 0) {
		buffer_addstr(out, " of ");
		text_dollars(out, p->d.config.stop_usd);
	}
	buffer_addch(out, '\n');
}

static void print_plan(const struct plan *p)
{
	struct buffer out = BUFFER_INIT, safe = BUFFER_INIT;
	print_app(&out, p);
	print_image(&out, p);
	print_run(&out, p);
	print_cost(&out, p);
	if (p->resources.nr) {
		buffer_addch(&out, '\n');
		resources_print(&out, &p->resources);
	}
	text_for_terminal(&safe, out.data, out.len, true);
	print_buffer(&safe);
	buffer_release(&out);
	buffer_release(&safe);
}

/* -- for programs -------------------------------------------------------------------------------- */

static void put_presence(struct json_writer *w, const char *key, enum presence presence)
{
	json_key(w, key);
	presence == NOT_ASKED ? json_null(w) : json_bool(w, presence == IS_THERE);
}

static void put_price(struct json_writer *w, const char *key, double usd)
{
	json_key(w, key);
	usd < 0 ? json_null(w) : json_number(w, money_rounded(usd));
}

static void put_image(struct json_writer *w, const struct plan *p)
{
	const struct assembly *a = &p->assembly;
	struct buffer name = BUFFER_INIT;
	if (p->d.config.repository.registry)
		reference_add(&name, &p->d.config.repository);
	json_key(w, "image");
	json_begin_object(w);
	json_put_string(w, "repository", name.len ? name.data : NULL);
	json_put_string(w, "error", p->image_error ? p->image_error->message : NULL);
	json_put_integer(w, "layers", (int64_t)p->layers);
	json_put_integer(w, "changed", (int64_t)p->changed);
	json_key(w, "bytes_to_send");
	p->bytes < 0 ? json_null(w) : json_integer(w, p->bytes);
	json_put_string(w, "dependencies", a->dependencies_stale	      ? "to be made"
					   : a->dependencies_input.text[0] ? "unchanged"
									   : "none");
	json_put_string(w, "builder", a->builder);
	json_end_object(w);
	buffer_release(&name);
}

static void put_instance(struct json_writer *w, const struct plan *p)
{
	json_key(w, "instance");
	if (!p->found) {
		json_null(w);
		return;
	}
	const struct instance *i = deployed_current((struct deployed *)&p->t);
	json_begin_object(w);
	json_put_string(w, "id", i->id);
	json_put_string(w, "type", i->type);
	json_put_string(w, "state", i->state);
	json_put_string(w, "url", p->url);
	json_end_object(w);
}

static void put_secrets(struct json_writer *w, const struct plan *p)
{
	json_key(w, "secrets");
	json_begin_array(w);
	for (size_t i = 0; i < p->d.config.nr_secrets; i++) {
		json_begin_object(w);
		json_put_string(w, "variable", p->d.config.secrets[i].variable);
		json_put_string(w, "source", p->d.config.secrets[i].source);
		put_presence(w, "exists", p->secrets[i]);
		json_end_object(w);
	}
	json_end_array(w);
}

static void put_resources(struct json_writer *w, const struct plan *p)
{
	static const char *const states[] = {
		[RESOURCE_EXISTS] = "exists", [RESOURCE_NEW] = "new", [RESOURCE_MISSING] = "missing",
		[RESOURCE_UNKNOWN] = "unknown",
	};
	json_key(w, "resources");
	json_begin_array(w);
	for (size_t i = 0; i < p->resources.nr; i++) {
		const struct resource *r = &p->resources.items[i];
		json_begin_object(w);
		json_put_string(w, "kind", r->kind);
		json_put_string(w, "name", r->name);
		json_put_string(w, "state", states[r->state]);
		put_price(w, "usd_hour", r->usd_hour);
		put_price(w, r->by_use ? "usd_gigabyte_month" : "usd_month", r->usd_month);
		json_end_object(w);
	}
	json_end_array(w);
}

static void print_json(const struct plan *p)
{
	struct buffer out = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", PLAN_FORMAT);
	json_put_string(&w, "app", p->d.config.app);
	json_put_string(&w, "environment", p->d.environment ? p->d.environment->name : NULL);
	json_put_string(&w, "commit", p->d.commit.hex);
	put_image(&w, p);
	put_instance(&w, p);
	put_secrets(&w, p);
	put_resources(&w, p);
	json_key(&w, "month");
	json_begin_object(&w);
	json_put_number(&w, "hours", money_rounded(p->month.hours));
	json_put_number(&w, "usd", money_rounded(p->month.usd));
	json_put_number(&w, "unpriced_hours", money_rounded(p->month.unpriced));
	put_price(&w, "warn_at", p->d.config.warn_usd);
	put_price(&w, "stop_at", p->d.config.stop_usd);
	put_price(&w, "usd_hour", p->usd_hour);
	json_end_object(&w);
	json_put_string(&w, "not_asked", p->cloud_error ? p->cloud_error->message : NULL);
	json_end_object(&w);
	buffer_addch(&out, '\n');
	print_buffer(&out);
	buffer_release(&out);
}

/* -- the command --------------------------------------------------------------------------------- */

static void say_missing_secret(const struct plan *p, const char *source)
{
	struct buffer command = BUFFER_INIT;
	char *region = p->d.environment ? deploy_config_region(&p->d.config, p->d.environment) : NULL;
	infrastructure_secret(&command, source, region);
	say_warning("the secret %s is not there: the app would not start", source);
	say_hint(p->d.ctx, "%s", command.data);
	buffer_release(&command);
	free(region);
}

static void say_doubts(struct plan *p)
{
	if (p->image_error && p->image_error->hint)
		say_hint(p->d.ctx, "%s", p->image_error->hint);
	if (p->cloud_error && !p->o->offline)
		say_warning("not everything could be asked: %s", p->cloud_error->message);
	if (p->cloud_error && p->cloud_error->hint)
		say_hint(p->d.ctx, "%s", p->cloud_error->hint);
	for (size_t i = 0; i < p->d.config.nr_secrets; i++)
		if (p->secrets[i] == IS_MISSING)
			say_missing_secret(p, p->d.config.secrets[i].source);
	if (p->nowhere)
		say_warning("%s", p->nowhere->message);
	if (p->nowhere && p->nowhere->hint)
		say_hint(p->d.ctx, "%s", p->nowhere->hint);
}

static void plan_release(struct plan *p)
{
	assembly_release(&p->assembly);
	deployed_release(&p->t);
	resources_release(&p->resources);
	hours_release(&p->hours);
	error_free(p->image_error);
	error_free(p->cloud_error);
	error_free(p->nowhere);
	free(p->secrets);
	free(p->branch);
	free(p->url);
	deployment_release(&p->d);
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv, int *exit_status)
{
	struct plan p = { .o = options };
	(void)exit_status;
	if (argc > 1)
		return error_new(ERROR_USAGE, "plan takes one commit, not also '%s'", argv[1]);
	context_catch_signals(ctx);
	struct error *err = deployment_open(&p.d, ctx, argc ? argv[0] : "HEAD", p.o->env);
	if (!err)
		err = look_at_work_tree(&p);
	if (!err)
		err = plan_image(&p);
	if (!err) {
		ask_cloud(&p);
		err = read_hours(&p);
	}
	if (!err) {
		add_up(&p);
		p.o->json ? print_json(&p) : print_plan(&p);
		print_flush();
		say_doubts(&p);
		err = resources_check(&p.resources, p.o->accept_cost);
	}
	plan_release(&p);
	return err;
}

static const struct option options[] = {
	OPTION_ENVIRONMENT(offsetof(struct plan_options, env)),
	{ OPTION_BOOL, 0, "accept-cost", offsetof(struct plan_options, accept_cost), NULL,
	  "new recurring cost is fine",
	  "New recurring cost is fine. Without it a plan that would make something which costs money by the month, "
	  "whether it runs or not, ends with exit status 3." },
	{ OPTION_BOOL, 0, "offline", offsetof(struct plan_options, offline), NULL,
	  "ask neither AWS nor the registry for earlier images",
	  "Asks neither AWS nor, for earlier images, the registry; what would have to be asked is said to be not known. "
	  "Only the base image's own registry is." },
	{ OPTION_BOOL, 0, "json", offsetof(struct plan_options, json), NULL,
	  "print JSON, as docs/formats/deploy-plan.schema.json says" },
	{ .kind = OPTION_END },
};

static const char *const usage[] = { "[<options>] [<commit>]", NULL };

static const struct example examples[] = {
	{ "git deploy plan", "What a release of HEAD would change, use and cost." },
	{ "git deploy plan --env=test v1.2", "The same of another environment and commit." },
	{ NULL, NULL },
};

const struct command cmd_deploy_plan = {
	.name = "plan",
	.summary = "show what a release would build, send, use and cost",
	.usage = usage,
	.description =
		"Shows the layers of the image that changed and how much there is to send; whether dependencies would "
		"have to be made; the instance and its state; the secrets, and whether they are there; every resource "
		"that is used or would be made, with its price by the hour and the month; and what this month's hours "
		"have cost. Nothing is sent and nothing is made, but for layers in the cache, where the release finds "
		"them.\n\n"
		"Where no instance is there, what `git deploy infra` prints is what would be new. New recurring cost, "
		"which is there whether the app runs or not (a disk, an Elastic IP, a NAT gateway, a load balancer, a "
		"domain), is refused without --accept-cost. Prices are those of " PRICES_DATE ", before tax; git config "
		"deploy.price goes first. What is not known is said to be, and never taken for nothing.",
	.options = options,
	.options_size = sizeof(struct plan_options),
	.examples = examples,
	.run = run,
};
