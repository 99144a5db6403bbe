#include "image/image_config.h"

#include <stdio.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#define FACT "org.opencontainers.image."

/* -- where it is from -------------------------------------------------------------------------- */

static void add_fact(struct annotation *facts, size_t *nr, const char *key, const char *value)
{
	if (value && *value)
		facts[(*nr)++] = (struct annotation){ (char *)key, xstrdup(value) };
}

size_t image_facts(struct annotation *facts, const struct image_spec *spec,
		   const struct build_settings *settings, const char *created)
{
	struct buffer base = BUFFER_INIT;
	size_t nr = 0;
	if (spec->base.registry) {
		/* The digest has a key of its own. */
		struct reference name = spec->base;
		name.digest = (struct digest){ "" };
		reference_add(&base, &name);
	}
	add_fact(facts, &nr, FACT "base.digest", settings->base_digest.text);
	add_fact(facts, &nr, FACT "base.name", base.data);
	add_fact(facts, &nr, FACT "created", created);
	add_fact(facts, &nr, FACT "revision", settings->commit.hex);
	/* Where the commit was cloned from is no fact of the commit: it would give every clone another image. It
	 * stands in the provenance. */
	buffer_release(&base);
	return nr;
}

/* -- members of a tree ------------------------------------------------------------------------- */

/* Puts VALUE, which the object then owns, in the place of KEY's. */
static void set(cJSON *object, const char *key, cJSON *value)
{
	if (cJSON_GetObjectItemCaseSensitive(object, key))
		cJSON_ReplaceItemInObjectCaseSensitive(object, key, value);
	else
		cJSON_AddItemToObject(object, key, value);
}

/* The member KEY, made (of KIND) when it is not there or null. */
static cJSON *member(cJSON *object, const char *key, int kind)
{
	cJSON *there = cJSON_GetObjectItemCaseSensitive(object, key);
	if (there && (there->type & 0xff) == kind)
		return there;
	cJSON *made = kind == cJSON_Array ? cJSON_CreateArray() : cJSON_CreateObject();
	set(object, key, made);
	return made;
}

static void set_strings(cJSON *object, const char *key, char **strings, size_t nr)
{
	cJSON *array = cJSON_CreateArray();
	for (size_t i = 0; i < nr; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(strings[i]));
	set(object, key, array);
}

/* -- config ------------------------------------------------------------------------------------ */

static void set_variable(cJSON *list, const struct image_variable *variable)
{
	char *text = xstrfmt("%s=%s", variable->name, variable->value);
	size_t name_len = strlen(variable->name) + 1;
	int at = 0;
	for (const cJSON *item = list->child; item; item = item->next, at++) {
		if (!cJSON_IsString(item) || strncmp(item->valuestring, text, name_len))
			continue;
		cJSON_ReplaceItemInArray(list, at, cJSON_CreateString(text));
		free(text);
		return;
	}
	cJSON_AddItemToArray(list, cJSON_CreateString(text));
	free(text);
}

static void set_labels(cJSON *config, const struct image_spec *spec, const struct annotation *facts,
		       size_t nr_facts)
{
	static const char *const of_the_base[] = { FACT "base.digest", FACT "base.name", FACT "created",
						   FACT "revision", FACT "source", FACT "version" };
	cJSON *labels = member(config, "Labels", cJSON_Object);
	/* What the base says of itself is not true of this image, and a file of the repository has no say in
	 * it. */
	for (size_t i = 0; i < ARRAY_SIZE(of_the_base); i++)
		cJSON_DeleteItemFromObjectCaseSensitive(labels, of_the_base[i]);
	for (size_t i = 0; i < spec->nr_labels; i++)
		set(labels, spec->labels[i].name, cJSON_CreateString(spec->labels[i].value));
	for (size_t i = 0; i < nr_facts; i++)
		set(labels, facts[i].key, cJSON_CreateString(facts[i].value));
}

static void set_ports(cJSON *config, const struct image_spec *spec)
{
	char key[32];
	for (size_t i = 0; i < spec->nr_ports; i++) {
		snprintf(key, sizeof(key), "%u/tcp", spec->ports[i]);
		set(member(config, "ExposedPorts", cJSON_Object), key, cJSON_CreateObject());
	}
}

static struct error *set_config(cJSON *config, const struct image_spec *spec, const struct annotation *facts,
				size_t nr_facts)
{
	const struct {
		const char *key, *value;
	} texts[] = { { "User", spec->user },
		      { "WorkingDir", spec->workdir },
		      { "StopSignal", spec->stop_signal } };
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].value)
			set(config, texts[i].key, cJSON_CreateString(texts[i].value));
	for (size_t i = 0; i < spec->nr_environment; i++)
		set_variable(member(config, "Env", cJSON_Array), &spec->environment[i]);
	/* As docker: a new entry point does not get the arguments that the old one had. */
	if (spec->nr_entrypoint) {
		set_strings(config, "Entrypoint", spec->entrypoint, spec->nr_entrypoint);
		cJSON_DeleteItemFromObjectCaseSensitive(config, "Cmd");
	}
	if (spec->nr_command)
		set_strings(config, "Cmd", spec->command, spec->nr_command);
	set_ports(config, spec);
	set_labels(config, spec, facts, nr_facts);
	if (!spec->healthcheck)
		return NULL;
	cJSON *check;
	struct error *err = json_parse(&check, slice_of_string(spec->healthcheck), "the health check");
	if (!err)
		set(config, "Healthcheck", check);
	return err;
}

/* -- layers ------------------------------------------------------------------------------------ */

/* Diff ids that CONFIG has have to be those of the first layers of IMAGE; the others are appended. */
static struct error *set_diff_ids(cJSON *config, const struct image *image, size_t known)
{
	cJSON *rootfs = member(config, "rootfs", cJSON_Object);
	cJSON *ids = member(rootfs, "diff_ids", cJSON_Array);
	size_t at = 0;
	set(rootfs, "type", cJSON_CreateString("layers"));
	if ((size_t)cJSON_GetArraySize(ids) != known)
		return error_new(ERROR_SYNTAX, "the base image has %zu layers, and its configuration %d",
				 known, cJSON_GetArraySize(ids));
	for (const cJSON *id = ids->child; id; id = id->next, at++)
		if (image->layers[at].diff_id.text[0] &&
		    (!cJSON_IsString(id) || strcmp(id->valuestring, image->layers[at].diff_id.text)))
			return error_new(ERROR_SYNTAX,
					 "the configuration of the base image has another layer %zu", at + 1);
	for (; at < image->nr_layers; at++)
		cJSON_AddItemToArray(ids, cJSON_CreateString(image->layers[at].diff_id.text));
	return NULL;
}

static void add_history(cJSON *list, const char *created, const char *text)
{
	cJSON *entry = cJSON_CreateObject();
	cJSON_AddStringToObject(entry, "created", created);
	cJSON_AddStringToObject(entry, "created_by", text);
	cJSON_AddItemToArray(list, entry);
}

/* Readers that show the history want an entry for each layer. */
static void set_history(cJSON *config, const struct image *image, size_t known, const char *created,
			char **history)
{
	cJSON *list = member(config, "history", cJSON_Array);
	if (!cJSON_GetArraySize(list))
		for (size_t i = 0; i < known; i++)
			add_history(list, created, "a layer of the base image");
	for (size_t i = known; i < image->nr_layers; i++)
		add_history(list, created, history[i] ? history[i] : "dependencies");
}

static cJSON *scratch(const struct platform *platform)
{
	cJSON *config = cJSON_CreateObject();
	cJSON_AddStringToObject(config, "architecture", platform->architecture);
	cJSON_AddStringToObject(config, "os", platform->os);
	if (platform->variant)
		cJSON_AddStringToObject(config, "variant", platform->variant);
	return config;
}

struct error *image_config_write(struct buffer *out, const struct image *image, const struct image_spec *spec,
				 const struct build_settings *settings, const char *created, char **history)
{
	const cJSON *from =
	    settings->dependencies_config ? settings->dependencies_config : settings->base_config;
	cJSON *config = from ? cJSON_Duplicate(from, true) : scratch(&spec->platform);
	struct annotation facts[IMAGE_MAX_FACTS];
	size_t nr_facts = image_facts(facts, spec, settings, created), known = 0;
	struct json_writer w;
	while (known < image->nr_layers && image->layers[known].origin == LAYER_BASE)
		known++;
	if (settings->dependencies_config)
		known += settings->nr_dependencies;
	set(config, "created", cJSON_CreateString(created));
	struct error *err = set_config(member(config, "config", cJSON_Object), spec, facts, nr_facts);
	if (!err)
		err = set_diff_ids(config, image, known);
	if (!err) {
		set_history(config, image, known, created, history);
		json_writer_init(&w, out, false);
		json_value(&w, config);
		err = buffer_check(out, "the configuration of the image");
	}
	for (size_t i = 0; i < nr_facts; i++)
		free(facts[i].value);
	cJSON_Delete(config);
	return err;
}
