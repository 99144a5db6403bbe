#include "cloud/instance.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cloud/call.h"

#define MAX_REGIONS 60
#define MAX_NAMED 5 /* of several with one name */
/* What AWS answered to a start is not at once what it answers to a look. */
#define SETTLE_MS 30000
#define MAX_USER_DATA ((size_t)16 << 10)
#define MAX_TAGS 40

/* -- reading -------------------------------------------------------------------------------------- */

void instance_release(struct instance *i)
{
	char *const strings[] = { i->id,     i->type,    i->state, i->public_name,  i->public_address,
				  i->zone,   i->image,   i->name,  i->architecture, i->reason,
				  i->subnet, i->profile, i->key,   i->root_device };
	for (size_t n = 0; n < ARRAY_SIZE(strings); n++)
		free(strings[n]);
	cJSON_Delete(i->tags);
	cJSON_Delete(i->security_groups);
	*i = (struct instance){ 0 };
}

const char *instance_tag_value(const struct instance *i, const char *key)
{
	return json_string_or(i->tags, key, NULL);
}

bool instance_is(const struct instance *i, const char *state)
{
	return i->state && !strcmp(i->state, state);
}

static const cJSON *child(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* The text of an element; NULL when it is empty or not there. */
static char *text_of(const cJSON *object, const char *key)
{
	const char *text = json_string_or(object, key, "");
	return *text ? xstrdup(text) : NULL;
}

static cJSON *read_tags(const cJSON *set)
{
	cJSON *tags = cJSON_CreateObject();
	const cJSON *tag;
	int nr = 0;
	cJSON_ArrayForEach(tag, set) {
		const char *key = json_string_or(tag, "key", NULL);
		if (key && nr++ < MAX_TAGS * 2)
			cJSON_AddStringToObject(tags, key, json_string_or(tag, "value", ""));
	}
	return tags;
}

static cJSON *read_groups(const cJSON *set)
{
	cJSON *ids = cJSON_CreateArray();
	const cJSON *group;
	cJSON_ArrayForEach(group, set) {
		const char *id = json_string_or(group, "groupId", NULL);
		if (id)
			cJSON_AddItemToArray(ids, cJSON_CreateString(id));
	}
	return ids;
}

static int64_t read_date(const char *text)
{
	double seconds;
	return date_parse(slice_of_string(text), &seconds) ? (int64_t)seconds : 0;
}

/* The time in "User initiated (2026-11-22 10:00:00 GMT)". */
static int64_t read_stop(const char *reason, int64_t launched)
{
	const char *open = strchr(reason, '(');
	char text[] = "2026-11-22T10:00:00Z";
	size_t day = strlen("2026-11-22"), second = strlen("2026-11-22T10:00:00");
	if (!open || strlen(open + 1) < second || open[1 + day] != ' ')
		return 0;
	memcpy(text, open + 1, day);
	memcpy(text + day + 1, open + 1 + day + 1, second - day - 1);
	int64_t date = read_date(text);
	return date >= launched ? date : 0;
}

static bool is_id(const char *text)
{
	const char *digits;
	return skip_prefix(text, "i-", &digits) && *digits && !digits[strspn(digits, "0123456789abcdef")];
}

static struct error *read_instance(struct instance *out, const cJSON *json)
{
	const cJSON *state = child(json, "instanceState");
	const char *lifecycle = json_string_or(json, "instanceLifecycle", "");
	const char *hibernation = json_string_or(child(json, "hibernationOptions"), "configured", "");
	*out = (struct instance){
		.id = text_of(json, "instanceId"),
		.type = text_of(json, "instanceType"),
		.state = text_of(state, "name"),
		.public_name = text_of(json, "dnsName"),
		.public_address = text_of(json, "ipAddress"),
		.zone = text_of(child(json, "placement"), "availabilityZone"),
		.image = text_of(json, "imageId"),
		.architecture = text_of(json, "architecture"),
		.spot = !strcmp(lifecycle, "spot"),
		.hibernation = !strcmp(hibernation, "true"),
		.launched = read_date(json_string_or(json, "launchTime", "")),
		.tags = read_tags(child(json, "tagSet")),
		.volume_gigabytes = -1,
		.reason = text_of(child(json, "stateReason"), "message"),
		.subnet = text_of(json, "subnetId"),
		.profile = text_of(child(json, "iamInstanceProfile"), "arn"),
		.key = text_of(json, "keyName"),
		.root_device = text_of(json, "rootDeviceName"),
		.security_groups = read_groups(child(json, "groupSet")),
	};
	out->stopped = read_stop(json_string_or(json, "reason", ""), out->launched);
	const char *name = instance_tag_value(out, "Name");
	out->name = name && *name ? xstrdup(name) : NULL;
	if (out->id && is_id(out->id) && out->type && out->state)
		return NULL;
	instance_release(out);
	return error_new(ERROR_SYNTAX, "ec2: an instance in the answer lacks its id, type or state");
}

/* -- finding -------------------------------------------------------------------------------------- */

struct found {
	struct instance *items;
	size_t nr, alloc;
	bool ended; /* with those that have ended */
};

static void found_release(struct found *f)
{
	for (size_t i = 0; i < f->nr; i++)
		instance_release(&f->items[i]);
	free(f->items);
	*f = (struct found){ 0 };
}

static struct error *read_found(struct found *out, const cJSON *reservations)
{
	const cJSON *reservation, *item;
	cJSON_ArrayForEach(reservation, reservations) {
		cJSON_ArrayForEach(item, child(reservation, "instancesSet")) {
			struct instance i;
			struct error *err = read_instance(&i, item);
			if (err)
				return err;
			if (!out->ended &&
			    (instance_is(&i, "terminated") || instance_is(&i, "shutting-down"))) {
				instance_release(&i);
				continue;
			}
			ALLOC_GROW(out->items, out->nr, out->alloc);
			out->items[out->nr++] = i;
		}
	}
	return NULL;
}

/* Those that PARAMETERS describe; none when AWS knows no such id. */
static struct error *describe(struct cloud *c, const char *region, const char *const *parameters,
			      struct found *out)
{
	cJSON *reservations;
	struct error *err = cloud_query_list_in(c, region, "ec2", "DescribeInstances", parameters,
						"reservationSet", &reservations);
	if (cloud_error_drop(&err, "InvalidInstanceID"))
		return NULL;
	if (err)
		return err;
	err = read_found(out, reservations);
	cJSON_Delete(reservations);
	if (err)
		found_release(out);
	return err;
}

static struct error *describe_wanted(struct cloud *c, const char *region, const char *wanted,
				     struct found *out)
{
	const char *by_id[] = { "InstanceId.1", wanted, NULL };
	const char *by_name[] = { "Filter.1.Name", "tag:Name", "Filter.1.Value.1", wanted, NULL };
	return describe(c, region, is_id(wanted) ? by_id : by_name, out);
}

/* The first other region that has WANTED and that we may look into; NULL: none. malloc'd. */
static char *find_elsewhere(struct cloud *c, const char *wanted)
{
	cJSON *answer;
	const cJSON *region;
	char *where = NULL;
	int nr = 0;
	struct error *err = cloud_query(c, "ec2", "DescribeRegions", NULL, &answer);
	if (err) {
		error_free(err);
		return NULL;
	}
	cJSON_ArrayForEach(region, child(answer, "regionInfo")) {
		const char *name = json_string_or(region, "regionName", "");
		struct found found = { 0 };
		if (where || nr++ >= MAX_REGIONS || (c->stop && *c->stop))
			break;
		if (!cloud_is_region(name) || !strcmp(name, c->region))
			continue;
		error_free(describe_wanted(c, name, wanted, &found));
		if (found.nr)
			where = xstrdup(name);
		found_release(&found);
	}
	cJSON_Delete(answer);
	return where;
}

static struct error *not_found(struct cloud *c, const char *wanted)
{
	char *where = find_elsewhere(c, wanted);
	struct error *err = error_new(ERROR_NOT_FOUND, "there is no instance '%s' in %s%s%s", wanted,
				      c->region, where ? ", but in " : "", where ? where : "");
	if (where)
		err = error_with_hint(err,
				      "write `region: %s` into .deploy.yml, or export AWS_REGION=%s where it "
				      "names none",
				      where, where);
	else
		err = error_with_hint(err,
				      "%s; `git deploy infra` prints one for CloudFormation and Terraform",
				      is_id(wanted) ? "one that has ended is forgotten after an hour"
						    : "it is looked for by the tag Name");
	free(where);
	return err;
}

static struct error *ambiguous(const struct found *found, const char *wanted)
{
	struct buffer ids = BUFFER_INIT;
	for (size_t i = 0; i < found->nr && i < MAX_NAMED; i++)
		buffer_addf(&ids, "%s%s", i ? ", " : "", found->items[i].id);
	struct error *err = error_new(ERROR_USAGE, "%zu instances are called '%s': %s%s", found->nr, wanted,
				      ids.data, found->nr > MAX_NAMED ? ", ..." : "");
	buffer_release(&ids);
	return error_with_hint(err, "write the id of the right one as `instance:` into .deploy.yml");
}

struct error *instance_find(struct cloud *c, const char *wanted, struct instance *out)
{
	struct found found = { 0 };
	*out = (struct instance){ 0 };
	struct error *err = describe_wanted(c, c->region, wanted, &found);
	if (!err && !found.nr)
		err = not_found(c, wanted);
	else if (!err && found.nr > 1)
		err = ambiguous(&found, wanted);
	if (!err) {
		*out = found.items[0];
		found.nr = 0;
	}
	found_release(&found);
	return err;
}

struct error *instance_find_tagged(struct cloud *c, const char *key, const char *value,
				   struct instance **out, size_t *nr)
{
	char *filter = xstrfmt("tag:%s", key);
	const char *parameters[] = { "Filter.1.Name", filter, "Filter.1.Value.1", value, NULL };
	struct found found = { .ended = true };
	struct error *err = describe(c, c->region, parameters, &found);
	*out = found.items;
	*nr = found.nr;
	free(filter);
	return err;
}

/* -- waiting -------------------------------------------------------------------------------------- */

/* OUT stays as it was when AWS does not know ID. */
static struct error *look(struct cloud *c, const char *id, struct instance *out)
{
	const char *parameters[] = { "InstanceId.1", id, NULL };
	struct found found = { 0 };
	struct error *err = describe(c, c->region, parameters, &found);
	if (!err && found.nr) {
		instance_release(out);
		*out = found.items[0];
		found.items[0] = (struct instance){ 0 };
	}
	found_release(&found);
	return err;
}

/* A new one may not be known everywhere yet. */
static bool on_its_way(const struct instance *i, const char *state, bool moved, uint64_t elapsed_ms)
{
	if (!i->state)
		return elapsed_ms < SETTLE_MS;
	if (!strcmp(state, "running"))
		return instance_is(i, "pending") ||
		       (!moved && elapsed_ms < SETTLE_MS && !instance_is(i, "stopping"));
	return instance_is(i, "stopping") || instance_is(i, "running") || instance_is(i, "pending");
}

static struct error *went_elsewhere(const struct instance *i, const char *id, const char *state)
{
	return error_new(ERROR_GENERIC, "%s did not become %s but is %s%s%s", id, state,
			 i->state ? i->state : "gone", i->reason ? ": " : "", i->reason ? i->reason : "");
}

struct error *instance_wait(struct cloud *c, const char *id, const char *state, uint64_t timeout_ms,
			    void (*on_poll)(void *data, const struct instance *i), void *data,
			    struct instance *out)
{
	uint64_t start = clock_ms();
	bool moved = false;
	struct error *err = NULL;
	*out = (struct instance){ 0 };
	for (unsigned attempt = 1; !err; attempt++) {
		uint64_t elapsed = clock_ms() - start;
		err = look(c, id, out);
		if (!err && on_poll && out->state)
			on_poll(data, out);
		if (!err && instance_is(out, state))
			return NULL;
		if (!err && !on_its_way(out, state, moved, elapsed))
			err = went_elsewhere(out, id, state);
		moved |= instance_is(out, "pending");
		if (!err && elapsed >= timeout_ms)
			err = error_new(ERROR_TIMEOUT, "%s is %s and not %s after %llu s", id,
					out->state ? out->state : "unknown", state,
					(unsigned long long)timeout_ms / 1000);
		if (!err)
			err = cloud_pause(c, attempt);
	}
	return err;
}

/* -- starting and stopping ------------------------------------------------------------------------ */

static const char *const no_capacity[] = {
	"InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientCapacityOnHost",
	"SpotMaxPriceTooLow", "MaxSpotInstanceCountExceeded", "VcpuLimitExceeded", "InstanceLimitExceeded",
	"Unsupported", NULL,
};

/* What EC2 refuses because of the state of things, by what a caller can do about it. */
static struct error *sort_error(struct error *err, const char *id)
{
	for (const char *const *code = no_capacity; *code; code++) {
		if (!cloud_error_is(err, *code))
			continue;
		bool quota = strstr(*code, "Exceeded") != NULL;
		err->code = ERROR_UNSUPPORTED;
		err = error_context(err, quota ? "the account's quota does not allow it" : "no capacity");
		return error_with_hint(err,
				       quota ? "ask for more in the console, under Service Quotas, Amazon EC2"
					     : "try again later, or another type or availability zone");
	}
	if (cloud_error_is(err, "IncorrectInstanceState") || cloud_error_is(err, "IncorrectState") ||
	    cloud_error_is(err, "IncorrectSpotRequestState")) {
		err->code = ERROR_CONFLICT;
		return error_with_hint(err, "%s is on its way to another state: try again in a minute", id);
	}
	if (cloud_error_is(err, "UnsupportedHibernationConfiguration"))
		err->code = ERROR_UNSUPPORTED;
	return err;
}

static struct error *act_on(struct cloud *c, const char *action, const char *id, const char *key,
			    const char *value)
{
	const char *parameters[] = { "InstanceId.1", id, key, value, NULL };
	cJSON *answer = NULL;
	struct error *err = cloud_query(c, "ec2", action, parameters, &answer);
	if (!err)
		cJSON_Delete(answer);
	return sort_error(err, id);
}

struct error *instance_start(struct cloud *c, const char *id)
{
	return act_on(c, "StartInstances", id, NULL, NULL);
}

struct error *instance_stop(struct cloud *c, const char *id, bool hibernate)
{
	return act_on(c, "StopInstances", id, hibernate ? "Hibernate" : NULL, "true");
}

struct error *instance_terminate(struct cloud *c, const char *id)
{
	return act_on(c, "TerminateInstances", id, NULL, NULL);
}

struct error *instance_tag(struct cloud *c, const char *id, const char *key, const char *value)
{
	const char *parameters[] = { "ResourceId.1", id, "Tag.1.Key", key, "Tag.1.Value", value, NULL };
	cJSON *answer = NULL;
	struct error *err = cloud_query(c, "ec2", "CreateTags", parameters, &answer);
	if (!err)
		cJSON_Delete(answer);
	return err;
}

/* -- what else there is to ask -------------------------------------------------------------------- */

struct error *instance_volumes(struct cloud *c, struct instance *i)
{
	const char *parameters[] = { "Filter.1.Name", "attachment.instance-id", "Filter.1.Value.1", i->id,
				     NULL };
	cJSON *volumes;
	const cJSON *volume;
	struct error *err = cloud_query_list(c, "ec2", "DescribeVolumes", parameters, "volumeSet", &volumes);
	if (err)
		return err;
	i->volume_gigabytes = 0;
	cJSON_ArrayForEach(volume, volumes) {
		long long size = strtoll(json_string_or(volume, "size", "0"), NULL, 10);
		i->volume_gigabytes += size > 0 && size < INT32_MAX ? size : 0;
	}
	cJSON_Delete(volumes);
	return NULL;
}

struct error *instance_console(struct cloud *c, const char *id, struct buffer *out)
{
	const char *latest[] = { "InstanceId", id, "Latest", "true", NULL };
	const char *kept[] = { "InstanceId", id, NULL };
	cJSON *answer;
	struct error *err = cloud_query(c, "ec2", "GetConsoleOutput", latest, &answer);
	/* Only newer types hand it over as it is written. */
	if (cloud_error_drop(&err, "UnsupportedOperation") ||
	    cloud_error_drop(&err, "InvalidParameterCombination"))
		err = cloud_query(c, "ec2", "GetConsoleOutput", kept, &answer);
	if (err)
		return err;
	struct buffer encoded = BUFFER_INIT;
	for (const char *p = json_string_or(answer, "output", ""); *p; p++)
		if (!ascii_space((unsigned char)*p))
			buffer_addch(&encoded, *p);
	if (!base64_decode(out, slice_of(&encoded)))
		err = error_new(ERROR_SYNTAX, "ec2: GetConsoleOutput: the output is damaged");
	buffer_release(&encoded);
	cJSON_Delete(answer);
	return err;
}

/* -- launching ------------------------------------------------------------------------------------ */

/* A list of names and values that grows. */
struct form {
	const char **items;
	size_t nr, alloc;
	char **owned;
	size_t nr_owned, alloc_owned;
};

static char *own(struct form *f, char *text)
{
	ALLOC_GROW(f->owned, f->nr_owned, f->alloc_owned);
	return f->owned[f->nr_owned++] = text;
}

static void add(struct form *f, const char *name, const char *value)
{
	if (!value)
		return;
	for (int i = 0; i < 2; i++) {
		ALLOC_GROW(f->items, f->nr, f->alloc);
		f->items[f->nr++] = i ? value : name;
	}
}

static void form_release(struct form *f)
{
	strings_free(f->owned, f->nr_owned);
	free(f->items);
}

/* Security groups stand with the network card, which is ours to describe for the sake of a public address. */
static void add_network(struct form *f, const struct instance *like)
{
	int nr = 1;
	const cJSON *group;
	add(f, "NetworkInterface.1.DeviceIndex", "0");
	add(f, "NetworkInterface.1.AssociatePublicIpAddress", "true");
	add(f, "NetworkInterface.1.SubnetId", like->subnet);
	cJSON_ArrayForEach(group, like->security_groups)
		add(f, own(f, xstrfmt("NetworkInterface.1.SecurityGroupId.%d", nr++)), group->valuestring);
}

/* The keys that the metadata service can show, too; those of AWS itself nobody may set. */
static bool is_tag_for_all(const char *key)
{
	for (const char *p = key; *p; p++)
		if (!ascii_alnum((unsigned char)*p) && !strchr("+-=.,_:@", *p))
			return false;
	return !starts_with(key, "aws:");
}

static void add_tags(struct form *f, const struct instance_launch *l)
{
	int nr = 1;
	const cJSON *tag;
	add(f, "TagSpecification.1.ResourceType", "instance");
	add(f, "TagSpecification.1.Tag.1.Key", "Name");
	add(f, "TagSpecification.1.Tag.1.Value", l->name);
	cJSON_ArrayForEach(tag, l->tags) {
		if (!strcmp(tag->string, "Name") || !is_tag_for_all(tag->string) || nr >= MAX_TAGS)
			continue;
		nr++;
		add(f, own(f, xstrfmt("TagSpecification.1.Tag.%d.Key", nr)), tag->string);
		add(f, own(f, xstrfmt("TagSpecification.1.Tag.%d.Value", nr)), tag->valuestring);
	}
}

static void add_volume(struct form *f, const struct instance *like)
{
	if (like->volume_gigabytes <= 0 || !like->root_device)
		return;
	add(f, "BlockDeviceMapping.1.DeviceName", like->root_device);
	add(f, "BlockDeviceMapping.1.Ebs.VolumeSize",
	    own(f, xstrfmt("%lld", (long long)like->volume_gigabytes)));
	add(f, "BlockDeviceMapping.1.Ebs.VolumeType", "gp3");
	add(f, "BlockDeviceMapping.1.Ebs.Encrypted", "true");
	add(f, "BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true");
}

static void describe_launch(struct form *f, const struct instance_launch *l)
{
	struct buffer data = BUFFER_INIT;
	base64_add(&data, l->user_data);
	add(f, "MinCount", "1");
	add(f, "MaxCount", "1");
	add(f, "ClientToken", l->token);
	add(f, "ImageId", l->like->image);
	add(f, "InstanceType", l->like->type);
	add(f, "KeyName", l->like->key);
	add(f, "IamInstanceProfile.Arn", l->like->profile);
	add(f, "UserData", own(f, buffer_detach(&data, NULL)));
	add(f, "MetadataOptions.HttpTokens", "required");
	add(f, "MetadataOptions.HttpPutResponseHopLimit", "1");
	add(f, "MetadataOptions.InstanceMetadataTags", "enabled");
	add(f, "InstanceInitiatedShutdownBehavior", "terminate");
	if (l->spot) {
		add(f, "InstanceMarketOptions.MarketType", "spot");
		add(f, "InstanceMarketOptions.SpotOptions.SpotInstanceType", "one-time");
		add(f, "InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior", "terminate");
	}
	add_network(f, l->like);
	add_volume(f, l->like);
	add_tags(f, l);
}

struct error *instance_launch(struct cloud *c, const struct instance_launch *l, struct instance *out)
{
	struct form f = { 0 };
	cJSON *answer = NULL;
	*out = (struct instance){ 0 };
	if (l->user_data.len > MAX_USER_DATA)
		return error_new(ERROR_LIMIT, "the user-data is larger than EC2's %zu bytes", MAX_USER_DATA);
	describe_launch(&f, l);
	const char **parameters = xcalloc(f.nr + 1, sizeof(*parameters));
	memcpy(parameters, f.items, f.nr * sizeof(*parameters));
	struct error *err = sort_error(cloud_query(c, "ec2", "RunInstances", parameters, &answer), l->name);
	if (!err)
		err = read_instance(out, cJSON_GetArrayItem(child(answer, "instancesSet"), 0));
	cJSON_Delete(answer);
	free(parameters);
	form_release(&f);
	return err;
}
