/* The address of a remote, and what a forge says about an error: names are safe to put into a URL, words to show. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "forge/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
	if (!ok)
		abort();
}

static void require_shown(const char *text)
{
	for (; *text; text++)
		require((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void try_address(const char *text)
{
	struct remote_address a;
	if (!remote_address_parse(&a, text))
		return;
	require(*a.host && *a.host != '-' && !strpbrk(a.host, "/@ ?#%"));
	require(strchr(a.path, '/') && *a.path != '/' && a.path[strlen(a.path) - 1] != '/');
	require(!strstr(a.path, "//") && !strstr(a.path, "/../"));
	require(!a.port || strspn(a.port, "0123456789") == strlen(a.port));
	require_shown(a.path);
	remote_address_release(&a);
}

static void try_message(const char *text)
{
	cJSON *json = NULL;
	struct error *err = json_parse(&json, slice_of_string(text), "the answer");
	char *message = err ? NULL : fault_message(json);
	if (message) {
		require_shown(message);
		require(strlen(message) <= 12 * FORGE_MAX_WORDS);
	}
	free(message);
	error_free(err);
	cJSON_Delete(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmemdupz(data, size);
	struct buffer cut = BUFFER_INIT;
	try_address(text);
	try_message(text);
	forge_cut(&cut, text, 200, true);
	require(cut.len <= 3 * 200 + 1);
	require(forge_same_text(text, text));
	buffer_release(&cut);
	free(text);
	return 0;
}
