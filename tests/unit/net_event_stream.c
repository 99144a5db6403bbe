/* Frames of AWS's event streams: every example is fed whole and cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "event_stream_testing.h"
#include "net/stream.h"

static struct error *collect(void *data, const char *event, struct slice message)
{
	struct buffer *out = data;
	buffer_addf(out, "%s<%.*s>", event ? event : "(none)", (int)message.len, message.data);
	return NULL;
}

/* Feeds the first CUT bytes at once, the others one by one. */
static struct error *feed(const struct buffer *bytes, size_t cut, struct buffer *out)
{
	struct stream s;
	stream_init(&s, STREAM_FRAMES, collect, out);
	struct error *err = stream_feed(&s, bytes->data, cut);
	for (size_t i = cut; i < bytes->len && !err; i++)
		err = stream_feed(&s, bytes->data + i, 1);
	if (!err)
		err = stream_end(&s);
	stream_release(&s);
	return err;
}

static void check(const struct buffer *bytes, const char *expected)
{
	for (size_t cut = 0; cut <= bytes->len; cut++) {
		struct buffer out = BUFFER_INIT;
		assert_null(feed(bytes, cut, &out));
		assert_string_equal(out.data, expected);
		buffer_release(&out);
	}
}

static void check_error(const struct buffer *bytes, enum error_code code, const char *words)
{
	struct buffer out = BUFFER_INIT;
	struct error *err = feed(bytes, bytes->len, &out);
	assert_true(error_is(err, code));
	assert_non_null(strstr(err->message, words));
	error_free(err);
	buffer_release(&out);
}

static void test_vectors_of_the_sdks(void **state)
{
	(void)state;
	struct buffer bytes = BUFFER_INIT;
	static const char empty[] = "\0\0\0\x10\0\0\0\0\x05\xc2\x48\xeb\x7d\x98\xc8\xff";
	static const char payload[] = "\0\0\0\x1d\0\0\0\0\xfd\x52\x8c\x5a"
				      "{'foo':'bar'}\xc3\x65\x39\x36";
	buffer_add(&bytes, empty, sizeof(empty) - 1);
	buffer_add(&bytes, payload, sizeof(payload) - 1);
	check(&bytes, "<><{'foo':'bar'}>");
	buffer_release(&bytes);
}

static void test_messages_have_the_name_of_their_event(void **state)
{
	(void)state;
	struct buffer bytes = BUFFER_INIT;
	frame_message(&bytes, "event", "messageStart", "{\"role\":\"assistant\"}");
	frame_message(&bytes, "event", "contentBlockDelta", "{}");
	check(&bytes, "messageStart<{\"role\":\"assistant\"}>contentBlockDelta<{}>");
	buffer_release(&bytes);
}

static void test_exceptions_and_errors_are_marked(void **state)
{
	(void)state;
	struct buffer bytes = BUFFER_INIT, headers = BUFFER_INIT;
	frame_message(&bytes, "exception", "throttlingException", "{\"message\":\"slow\"}");
	frame_header(&headers, ":message-type", "error");
	frame_header(&headers, ":error-code", "InternalError");
	frame_header(&headers, ":error-message", "it \"broke\"");
	frame_add(&bytes, slice_of(&headers), (struct slice){ "", 0 });
	check(&bytes, "!throttlingException<{\"message\":\"slow\"}>"
		      "!InternalError<{\"message\":\"it \\\"broke\\\"\"}>");
	buffer_release(&headers);
	buffer_release(&bytes);
}

static void test_headers_of_all_types_are_passed_over(void **state)
{
	(void)state;
	static const char others[] = "\1a\0" "\1b\1" "\1c\2x" "\1d\3xx" "\1e\4xxxx" "\1f\5xxxxxxxx"
				     "\1g\6\0\2xx" "\1h\7\0\0" "\1i\10xxxxxxxx"
				     "\1j\11xxxxxxxxxxxxxxxx" "\0\1";
	struct buffer bytes = BUFFER_INIT, headers = BUFFER_INIT;
	buffer_add(&headers, others, sizeof(others) - 1);
	frame_header(&headers, ":event-type", "last");
	frame_add(&bytes, slice_of(&headers), (struct slice){ "{}", 2 });
	check(&bytes, "last<{}>");
	buffer_release(&headers);
	buffer_release(&bytes);
}

static void check_header_refused(const char *header, size_t len)
{
	struct buffer bytes = BUFFER_INIT;
	frame_add(&bytes, (struct slice){ header, len }, (struct slice){ "{}", 2 });
	check_error(&bytes, ERROR_SYNTAX, "malformed header");
	buffer_release(&bytes);
}

static void test_headers_that_are_cut_or_unknown_are_refused(void **state)
{
	(void)state;
	check_header_refused("\1", 1);
	check_header_refused("\1a", 2);
	check_header_refused("\1a\12", 3);
	check_header_refused("\377abc", 4);
	check_header_refused("\1a\7\0", 4);
	check_header_refused("\1a\7\0\3xx", 7);
	check_header_refused("\1a\11xxxx", 7);
}

static void test_wrong_checksums_are_errors(void **state)
{
	(void)state;
	struct buffer good = BUFFER_INIT;
	frame_message(&good, "event", "messageStop", "{\"stopReason\":\"end_turn\"}");
	for (size_t i = 0; i < good.len; i++) {
		struct buffer bad = BUFFER_INIT, out = BUFFER_INIT;
		buffer_addbuf(&bad, &good);
		bad.data[i] ^= 1;
		struct error *err = feed(&bad, 5, &out);
		assert_true(error_is(err, ERROR_SYNTAX));
		assert_string_equal(out.data, "");
		error_free(err);
		buffer_release(&bad);
		buffer_release(&out);
	}
	buffer_release(&good);
}

static void test_stream_that_ends_inside_a_frame_broke_off(void **state)
{
	(void)state;
	struct buffer bytes = BUFFER_INIT;
	frame_message(&bytes, "event", "a", "{}");
	size_t first = bytes.len;
	frame_message(&bytes, "event", "b", "{}");
	while (bytes.len > first + 1) {
		buffer_truncate(&bytes, bytes.len - 1);
		check_error(&bytes, ERROR_NETWORK, "broke off");
	}
	buffer_truncate(&bytes, first);
	check(&bytes, "a<{}>");
	buffer_release(&bytes);
}

/* A prelude with a right checksum. */
static void check_lengths(uint32_t total, uint32_t headers, enum error_code code)
{
	struct buffer bytes = BUFFER_INIT;
	frame_number(&bytes, total, 4);
	frame_number(&bytes, headers, 4);
	frame_number(&bytes, frame_crc(bytes.data, 8), 4);
	check_error(&bytes, code, "message");
	buffer_release(&bytes);
}

static void test_lengths_are_bounded(void **state)
{
	(void)state;
	check_lengths(15, 0, ERROR_SYNTAX);
	check_lengths(20, 5, ERROR_SYNTAX);
	check_lengths(0, 0, ERROR_SYNTAX);
	check_lengths(100, 0xffffffff, ERROR_SYNTAX);
	check_lengths(0xffffffff, 0, ERROR_LIMIT);
	check_lengths(STREAM_MAX_MESSAGE + 1, 0, ERROR_LIMIT);
	check_lengths(STREAM_MAX_MESSAGE, STREAM_MAX_MESSAGE / 2, ERROR_LIMIT);
}

static void test_body_that_is_one_document_is_one_message(void **state)
{
	(void)state;
	struct buffer bytes = BUFFER_INIT;
	buffer_addstr(&bytes, "\n {\"message\": \"no such model\"}\n");
	check(&bytes, "(none)<{\"message\": \"no such model\"}>");
	buffer_release(&bytes);
}

static void test_other_bytes_are_no_stream(void **state)
{
	(void)state;
	struct buffer bytes = BUFFER_INIT;
	buffer_addstr(&bytes, "<html>Bad gateway</html>");
	check_error(&bytes, ERROR_SYNTAX, "damaged");
	buffer_release(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_of_the_sdks),
		cmocka_unit_test(test_messages_have_the_name_of_their_event),
		cmocka_unit_test(test_exceptions_and_errors_are_marked),
		cmocka_unit_test(test_headers_of_all_types_are_passed_over),
		cmocka_unit_test(test_headers_that_are_cut_or_unknown_are_refused),
		cmocka_unit_test(test_wrong_checksums_are_errors),
		cmocka_unit_test(test_stream_that_ends_inside_a_frame_broke_off),
		cmocka_unit_test(test_lengths_are_bounded),
		cmocka_unit_test(test_body_that_is_one_document_is_one_message),
		cmocka_unit_test(test_other_bytes_are_no_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
