/*
 * What hands out AWS credentials: the first byte says whether the rest is the answer of a service (XML and
 * JSON are both tried, and an error's words), or the files of ~/.aws, one half each, from which a source
 * is looked for.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "net/aws_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char config_path[64], credentials_path[64];

static const char *env(void *data, const char *name)
{
	(void)data;
	if (!strcmp(name, "AWS_CONFIG_FILE"))
		return config_path;
	if (!strcmp(name, "AWS_SHARED_CREDENTIALS_FILE"))
		return credentials_path;
	return !strcmp(name, "AWS_EC2_METADATA_DISABLED") ? "true" : NULL;
}

static void write_or_abort(const char *path, const char *bytes, size_t len)
{
	struct error *err = file_write(path, bytes, len);
	if (err)
		abort();
}

static void read_files(const char *bytes, size_t len)
{
	struct aws_settings settings = { .env = env, .profile = len % 2 ? "p" : NULL };
	struct aws_source *source = NULL;
	const char *folder = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
	snprintf(config_path, sizeof(config_path), "%s/fuzz-aws-config.%d", folder, (int)getpid());
	snprintf(credentials_path, sizeof(credentials_path), "%s/fuzz-aws-keys.%d", folder, (int)getpid());
	write_or_abort(config_path, bytes, len / 2);
	write_or_abort(credentials_path, bytes + len / 2, len - len / 2);
	struct error *err = aws_source_find(&source, &settings);
	if (!err && !source)
		abort();
	if (err)
		error_free(err);
	else
		aws_source_free(source);
	unlink(config_path);
	unlink(credentials_path);
}

static void take(struct error *err, struct aws_keys *keys)
{
	if (!err && (!*keys->access_key || strpbrk(keys->access_key, "\r\n ") || !*keys->secret_key))
		abort();
	error_free(err);
	aws_keys_release(keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	const char *bytes = (const char *)data + 1;
	struct slice body = { bytes, size - 1 };
	struct aws_keys keys = { 0 };
	if (data[0] & 1) {
		read_files(bytes, size - 1);
		return 0;
	}
	take(aws_answer_xml(&keys, body, "xml"), &keys);
	take(aws_answer_json(&keys, body, "Token", "json"), &keys);
	free(aws_answer_complaint(body));
	return 0;
}
