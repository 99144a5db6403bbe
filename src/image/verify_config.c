#include "image/verify_config.h"

#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "image/verify_layers.h"

/* Members of an object that is compared as a whole; none of docker's has more. */
#define MAX_MEMBERS 32
/* What runtimes give a program when the image does not say it. */
#define USUAL_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define USUAL_FOLDER "/"

static const char differs[] = "is another in the configuration";

static const struct {
	const char *name;
	const char *usual; /* the same as nothing; may be NULL */
	bool optional;     /* OCI does not know it: programs leave it away */
} members[] = {
	{ "Entrypoint", NULL, false },
	{ "Cmd", NULL, false },
	{ "User", NULL, false },
	{ "WorkingDir", USUAL_FOLDER, false },
	{ "StopSignal", NULL, false },
	{ "Healthcheck", NULL, true },
	{ "Shell", NULL, true },
	{ "OnBuild", NULL, true },
};

/* As programs in Go find it, whatever its case; config_parse sees to it that there is one at most. */
static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItem(object, name);
}

static bool is_nothing(const cJSON *item, const char *usual)
{
	if (cJSON_IsString(item))
		return !*item->valuestring || (usual && !strcmp(item->valuestring, usual));
	return !item || cJSON_IsNull(item) || ((cJSON_IsArray(item) || cJSON_IsObject(item)) && !item->child);
}

static bool is_same(const cJSON *a, const cJSON *b, const char *usual)
{
	if (is_nothing(a, usual) || is_nothing(b, usual))
		return is_nothing(a, usual) && is_nothing(b, usual);
	/* Objects are compared by looking for each member. */
	if (cJSON_IsObject(a) && (cJSON_GetArraySize(a) > MAX_MEMBERS || cJSON_GetArraySize(b) > MAX_MEMBERS))
		return false;
	return cJSON_Compare(a, b, true);
}

/* -- variables --------------------------------------------------------------------------------- */

/* Their names, each with its "NAME=value"; the last of a name counts. */
static void read_variables(struct strmap *out, const cJSON *config)
{
	static const char usual[] = USUAL_PATH;
	const cJSON *item;
	*strmap_at(out, "PATH", strlen("PATH")) = (char *)usual;
	cJSON_ArrayForEach(item, member(config, "Env"))
		if (cJSON_IsString(item))
			*strmap_at(out, item->valuestring, strcspn(item->valuestring, "=")) =
			    item->valuestring;
}

static void add_variable(struct verify_result *out, const char *name)
{
	struct buffer path = BUFFER_INIT;
	buffer_addf(&path, "Env %s", name);
	verify_add_difference(out, path.data, differs);
	buffer_release(&path);
}

static void compare_variables(struct verify_result *out, const cJSON *found, const cJSON *expected)
{
	struct strmap has = STRMAP_INIT, wants = STRMAP_INIT;
	read_variables(&has, found);
	read_variables(&wants, expected);
	for (size_t i = 0; i < has.nr; i++) {
		const char *wanted = strmap_get(&wants, has.entries[i].key, has.entries[i].key_len);
		if (!wanted || strcmp(wanted, has.entries[i].value) != 0)
			add_variable(out, has.entries[i].key);
	}
	for (size_t i = 0; i < wants.nr; i++)
		if (!strmap_has(&has, wants.entries[i].key, wants.entries[i].key_len))
			add_variable(out, wants.entries[i].key);
	strmap_release(&has, NULL);
	strmap_release(&wants, NULL);
}

void verify_config(struct verify_result *out, const cJSON *found, const cJSON *expected)
{
	static const char *const platform[] = { "os", "architecture" };
	for (size_t i = 0; i < ARRAY_SIZE(platform); i++)
		if (!is_same(member(found, platform[i]), member(expected, platform[i]), NULL))
			verify_add_difference(out, platform[i], differs);
	found = member(found, "config");
	expected = member(expected, "config");
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const cJSON *has = member(found, members[i].name);
		if (!(members[i].optional && is_nothing(has, NULL)) &&
		    !is_same(has, member(expected, members[i].name), members[i].usual))
			verify_add_difference(out, members[i].name, differs);
	}
	compare_variables(out, found, expected);
}
