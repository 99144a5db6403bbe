/* How a registry asks for a login, and docker's file that has it: what comes out can stand in a header, and a
 * host never gets the login of another. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "image/docker_auth.h"
#include "image/registry_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
	if (!ok)
		abort();
}

static void check_challenge(struct slice text)
{
	struct challenge c = { .scheme = CHALLENGE_NONE };
	bool found = challenge_parse(&c, text);
	require(found == (c.scheme > CHALLENGE_NONE));
	require((c.realm != NULL) == (c.scheme == CHALLENGE_BEARER));
	for (const char *p = c.realm ? c.realm : ""; *p; p++)
		require((unsigned char)*p > ' ');
	require(!c.service || c.realm);
	challenge_release(&c);
}

static void check_file(struct slice text)
{
	static const char *const hosts[] = { "registry-1.docker.io", "quay.io", "127.0.0.1:5000" };
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct docker_login login = { 0 };
		char *helper = NULL;
		struct error *err =
			docker_auth_parse(text, "config.json", hosts[i], "team/app", &login, &helper);
		require(!login.user == !login.password);
		require(!helper || (*helper && !strchr(helper, '/') && *helper != '-'));
		if (login.user && !i) /* nothing else is the hub */
			require(memmem(text.data, text.len, "docker.io", 9) ||
				memmem(text.data, text.len, "\\u", 2) || strcasestr(text.data, "docker.io"));
		error_free(err);
		docker_login_release(&login);
		free(helper);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer text = BUFFER_INIT;
	buffer_add(&text, data, size);
	check_challenge(slice_of(&text));
	check_file(slice_of(&text));
	buffer_release(&text);
	return 0;
}
