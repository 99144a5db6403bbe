#include "cmd/deploy_repository.h"

#include "base/memory.h"
#include "cloud/ecr.h"
#include "cmd/deploy_instance.h"
#include "deploy/hours.h"
#include "deploy/infrastructure.h"
#include "deploy/release.h"
#include "deploy/resources.h"

static struct error *check_cost(const char *name, int64_t bytes, bool accepted)
{
	struct resources resources = { 0 };
	struct resource storage = {
		.kind = "registry storage",
		.name = xstrdup(name),
		.state = RESOURCE_NEW,
		.usd_month = bytes < 0 ? -1 : (double)bytes / 1e9 * price_registry_gigabyte_month(),
	};
	resources_add(&resources, &storage);
	struct error *err = resources_check(&resources, accepted);
	resources_release(&resources);
	return error_context(err, "the repository %s is not there", name);
}

static struct error *make(struct cloud *cloud, const struct deploy_config *config)
{
	struct ecr_repository made = { 0 };
	struct movable_tags movable;
	const char *name = config->repository.repository;
	movable_tags_list(&movable, config, "prod");
	struct error *err = ecr_make_repository(cloud, name, (const char *const *)movable.names,
						INFRASTRUCTURE_KEEP, &made);
	if (!err)
		deployed_say("made the repository %s in %s", name, cloud_region(cloud));
	movable_tags_release(&movable);
	ecr_repository_release(&made);
	return err;
}

/* ECR answers a push to a repository that is not there with 404, or not at all: only its control plane tells. */
static bool is_missing(struct cloud *cloud, const char *name)
{
	struct ecr_repository there = { 0 };
	struct error *err = ecr_find_repository(cloud, name, &there);
	bool missing = error_is(err, ERROR_NOT_FOUND);
	ecr_repository_release(&there);
	error_free(err);
	return missing;
}

struct error *repository_make(struct deployment *d, struct error *err, int64_t bytes, bool accepted,
			      bool *made)
{
	const struct reference *ref = &d->config.repository;
	struct cloud *cloud = NULL;
	struct slice account, region;
	*made = false;
	if (!(error_is(err, ERROR_NOT_FOUND) || error_is(err, ERROR_NETWORK)) ||
	    !reference_is_ecr(ref, &account, &region))
		return err;
	char *name = xmemdupz(region.data, region.len);
	struct cloud_settings settings = deployment_cloud_settings(d->ctx, d->repo, name);
	struct error *other = cloud_new(&cloud, &settings);
	if (!other && is_missing(cloud, ref->repository)) {
		error_free(err);
		err = check_cost(ref->repository, bytes, accepted);
		if (!err)
			err = make(cloud, &d->config);
		*made = !err;
	}
	error_free(other);
	cloud_free(cloud);
	free(name);
	return err;
}
