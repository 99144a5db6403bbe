#include "cmd/deployment.h"

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cloud/ecr.h"
#include "cmd/release_view.h"
#include "cmd/workspace.h"
#include "deploy/hours.h"
#include "image/docker_auth.h"

/* -- the cloud -------------------------------------------------------------------------------- */

static const char *env_of(void *data, const char *name)
{
	(void)data;
	return context_env(name);
}

struct cloud_settings deployment_cloud_settings(struct context *ctx, struct repo *repo, const char *region)
{
	return (struct cloud_settings){
		.aws = {
			.env = env_of,
			.home = context_env("HOME"),
			.profile = repo_config(repo, "deploy.awsprofile"),
			.http = workspace_http_settings(repo),
		},
		.region = region,
		.stop = ctx->stop,
	};
}

struct error *deployment_cloud(struct deployment *d, struct cloud **out)
{
	if (!d->cloud) {
		char *region = d->environment ? deploy_config_region(&d->config, d->environment) : NULL;
		struct cloud_settings settings = deployment_cloud_settings(d->ctx, d->repo, region);
		struct error *err = cloud_new(&d->cloud, &settings);
		free(region);
		if (err)
			return err;
	}
	*out = d->cloud;
	return NULL;
}

/* -- registries ------------------------------------------------------------------------------- */

/* ECR's registries are asked for a password in their own region, which need not be the instance's. */
static struct error *login_to_ecr(struct deployment *d, struct slice region, char **user, char **password)
{
	struct cloud *cloud = NULL;
	char *name = xmemdupz(region.data, region.len);
	struct cloud_settings settings = deployment_cloud_settings(d->ctx, d->repo, name);
	struct error *err = cloud_new(&cloud, &settings);
	if (!err)
		err = ecr_login(cloud, user, password);
	cloud_free(cloud);
	free(name);
	return err;
}

/* $DOCKER_CONFIG or ~/.docker, and what podman and buildah write. */
static struct error *login_by_files(const char *host, const char *repository, struct docker_login *out)
{
	const char *folder = context_env("DOCKER_CONFIG"), *home = context_env("HOME");
	const char *runtime = context_env("XDG_RUNTIME_DIR"), *settings = context_env("XDG_CONFIG_HOME");
	char *docker = folder ? xstrfmt("%s/config.json", folder)
			      : xstrfmt("%s/.docker/config.json", home ? home : "");
	char *containers = runtime ? xstrfmt("%s/containers/auth.json", runtime) : NULL;
	char *lasting = settings ? xstrfmt("%s/containers/auth.json", settings)
				 : xstrfmt("%s/.config/containers/auth.json", home ? home : "");
	const char *const files[] = { context_env("REGISTRY_AUTH_FILE"), docker, containers, lasting };
	const char *named[ARRAY_SIZE(files) + 1] = { NULL };
	for (size_t i = 0, nr = 0; i < ARRAY_SIZE(files); i++)
		if (files[i])
			named[nr++] = files[i];
	struct error *err = docker_auth_find(named, host, repository, out);
	free(docker);
	free(containers);
	free(lasting);
	return err;
}

static struct error *login(void *data, const char *host, const char *repository, bool fresh,
			   struct registry_login *out)
{
	struct deployment *d = data;
	struct reference ref = { .registry = (char *)host };
	struct slice account, region;
	struct docker_login found = { 0 };
	struct error *err = fresh ? NULL : login_by_files(host, repository, &found);
	*out = (struct registry_login){ found.user, found.password, found.narrow };
	if (!err && !out->user && reference_is_ecr(&ref, &account, &region))
		err = login_to_ecr(d, region, &out->user, &out->password);
	return err;
}

static void allow_host(const char *key, const char *value, void *registries)
{
	if (!strcmp(key, "deploy.insecureregistry"))
		registries_allow_http(registries, value);
}

struct error *deployment_registries(struct deployment *d, struct registries **out)
{
	if (!d->registries) {
		struct registry_settings settings = {
			.http = workspace_http_settings(d->repo),
			.login = login,
			.login_data = d,
			.stop = d->ctx->stop,
		};
		struct error *err = registries_new(&d->registries, &settings);
		if (err)
			return err;
		repo_config_each(d->repo, "deploy.", allow_host, d->registries);
	}
	*out = d->registries;
	return NULL;
}

/* -- the commit and its configuration --------------------------------------------------------- */

static struct error *warn_if_dirty(struct deployment *d)
{
	static const char *const argv[] = { "status", "--porcelain=v1", "-z", "--untracked-files=normal", NULL };
	struct buffer out = BUFFER_INIT_MAX((size_t)64 << 20);
	if (!repo_work_tree(d->repo))
		return NULL;
	struct error *err = repo_git_read(d->repo, argv, &(struct process_options){ .out = &out });
	if (!err && out.len)
		say_warning("the work tree has changes that are not committed: they are not part of what is deployed");
	buffer_release(&out);
	return err;
}

struct error *deployment_open(struct deployment *d, struct context *ctx, const char *rev, const char *environment)
{
	*d = (struct deployment){ .ctx = ctx };
	struct error *err = context_repo(ctx, &d->repo);
	if (!err && rev && strcmp(rev, "HEAD") != 0)
		err = repo_resolve_commit(d->repo, rev, &d->commit);
	else if (!err)
		err = repo_head(d->repo, &d->commit);
	if (!err && !d->commit.hex[0])
		err = error_with_hint(error_new(ERROR_NOT_FOUND, "there is no commit yet"),
				      "git deploy deploys commits: make one first");
	if (!err)
		err = deploy_config_read(&d->config, d->repo, &d->commit);
	if (!err && (environment || d->config.nr_environments))
		err = deploy_config_environment(&d->config, environment, &d->environment);
	if (!err && !rev)
		err = warn_if_dirty(d);
	return err;
}

void deployment_release(struct deployment *d)
{
	registries_free(d->registries);
	cloud_free(d->cloud);
	deploy_config_release(&d->config);
	*d = (struct deployment){ 0 };
}

char *deployment_cache(const struct deployment *d)
{
	return xstrfmt("%s/scrutiny/layers", repo_common_dir(d->repo));
}

void deployment_progress(void *line, const char *what, size_t done, size_t total)
{
	char *text = total ? xstrfmt("%s %zu/%zu", what, done, total) : NULL;
	progress_say(line, text ? text : what);
	free(text);
}

void deployment_warn(const char *lines)
{
	while (lines && *lines) {
		size_t len = strcspn(lines, "\n");
		say_warning("%.*s", (int)len, lines);
		lines += len + (lines[len] == '\n');
	}
}

void deployment_fetch_hours(struct repo *repo)
{
	const char *remote = release_remote(repo);
	struct error *err = remote ? hours_fetch(repo, remote) : NULL;
	if (err)
		say_warning("%s: hours that others booked since may be missing", err->message);
	error_free(err);
}

char *deployment_source(const struct deployment *d)
{
	const char *url = repo_config(d->repo, "remote.origin.url");
	const char *rest = url ? strstr(url, "://") : NULL;
	if (!rest)
		return url ? xstrdup(url) : NULL;
	rest += 3;
	size_t host = strcspn(rest, "/");
	for (size_t i = host; i; i--)
		if (rest[i - 1] == '@')
			return xstrfmt("%.*s%s", (int)(rest - url), url, rest + i);
	return xstrdup(url);
}
