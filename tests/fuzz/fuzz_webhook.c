/* A request to the receiver of webhooks: its head is inside the bytes or refused, and of its body no branch comes out that
 * could be anything else. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/delivery.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
	if (!ok)
		abort();
}

static void require_inside(struct slice part, struct slice whole)
{
	require(!part.len || (part.data >= whole.data && part.data + part.len <= whole.data + whole.len));
}

static void check_delivery(const struct http_head *head, struct slice body)
{
	struct delivery d;
	/* Nobody guesses it. */
	require(!delivery_verify(head, body, "d5c1a7e2b9f04466"));
	struct error *err = delivery_read(&d, head, body);
	if (!err && d.kind == DELIVERY_PUSH)
		require(delivery_is_branch(d.branch) && d.branch[0] != '-' && !strchr(d.branch, '\n') &&
			!strstr(d.branch, "..") && !strchr(d.branch, ' '));
	if (!err && d.kind == DELIVERY_PULL)
		require(d.pull > 0);
	require(strspn(d.id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == strlen(d.id));
	error_free(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_head head;
	struct slice all = { (const char *)data, size };
	int status = http_head_parse(&head, all);
	require(status == 0 || (status >= 200 && status < 600));
	if (status != 200)
		return 0;
	require(head.length <= size && head.length <= HTTP_HEAD_MAX);
	require_inside(head.method, all);
	require_inside(head.path, all);
	require(head.path.len && head.path.data[0] == '/');
	for (size_t i = 0; i < head.nr_headers; i++) {
		require_inside(head.headers[i].name, all);
		require_inside(head.headers[i].value, all);
		require(!memchr(head.headers[i].value.data, '\n', head.headers[i].value.len));
	}
	check_delivery(&head, (struct slice){ all.data + head.length, size - head.length });
	return 0;
}
