/* Streams of messages: every example is fed whole and cut at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/stream.h"

static struct error *collect(void *data, const char *event, struct slice message)
{
	struct buffer *out = data;
	if (message.len == 4 && !memcmp(message.data, "stop", 4))
		return error_new(ERROR_GENERIC, "stopped");
	buffer_addf(out, "%s<%.*s>", event ? event : "", (int)message.len, message.data);
	return NULL;
}

static struct error *feed_in_pieces(enum stream_kind kind, const char *text, size_t len, size_t cut,
				    struct buffer *out)
{
	struct stream s;
	stream_init(&s, kind, collect, out);
	struct error *err = stream_feed(&s, text, cut);
	for (size_t i = cut; i < len && !err; i++)
		err = stream_feed(&s, text + i, 1);
	if (!err)
		err = stream_end(&s);
	stream_release(&s);
	return err;
}

static void check(enum stream_kind kind, const char *text, const char *expected)
{
	size_t len = strlen(text);
	for (size_t cut = 0; cut <= len; cut++) {
		struct buffer out = BUFFER_INIT;
		assert_null(feed_in_pieces(kind, text, len, cut, &out));
		assert_string_equal(out.data, expected);
		buffer_release(&out);
	}
}

static void test_events_are_told_apart_by_empty_lines(void **state)
{
	(void)state;
	check(STREAM_EVENTS, "data: one\n\ndata: two\n\n", "message<one>message<two>");
}

static void test_all_three_line_ends_work_and_mix(void **state)
{
	(void)state;
	check(STREAM_EVENTS, "data: a\r\n\r\ndata: b\r\rdata: c\n\n", "message<a>message<b>message<c>");
	check(STREAM_EVENTS, "data: a\r\ndata: b\r\n\r\n", "message<a\nb>");
}

static void test_fields_and_comments(void **state)
{
	(void)state;
	check(STREAM_EVENTS, ": ping\n\nevent: error\ndata:x\nid: 7\nretry: 3\n\ndata\n\n",
	      "error<x>message<>");
	check(STREAM_EVENTS, "data:  two spaces\n\n", "message< two spaces>");
	check(STREAM_EVENTS, "event: lonely\n\ndata: y\n\n", "message<y>");
}

static void test_byte_order_mark_and_blank_lines_in_front_are_skipped(void **state)
{
	(void)state;
	check(STREAM_EVENTS, "\xef\xbb\xbf\n\ndata: a\n\n", "message<a>");
	check(STREAM_LINES, "\n \n{}\n", "<{}>");
}

static void test_last_event_without_its_empty_line_counts(void **state)
{
	(void)state;
	check(STREAM_EVENTS, "data: a\n\ndata: b", "message<a>message<b>");
}

static void test_body_that_is_one_document_is_one_message(void **state)
{
	(void)state;
	check(STREAM_EVENTS, " {\n\"data\": 1\r\n}\n\n", "<{\n\"data\": 1\r\n}>");
}

static void test_lines_are_messages(void **state)
{
	(void)state;
	check(STREAM_LINES, "{\"a\":1}\r\n\n  {\"b\":2}\n{\"c\":3}", "<{\"a\":1}><{\"b\":2}><{\"c\":3}>");
}

static void test_error_of_the_reader_ends_the_stream(void **state)
{
	(void)state;
	struct buffer out = BUFFER_INIT;
	static const char text[] = "a\nstop\nb\n";
	struct error *err = feed_in_pieces(STREAM_LINES, text, sizeof(text) - 1, 0, &out);
	assert_non_null(err);
	assert_string_equal(out.data, "<a>");
	error_free(err);
	buffer_release(&out);
}

static void test_endless_line_is_bounded(void **state)
{
	(void)state;
	static const enum stream_kind kinds[] = { STREAM_EVENTS, STREAM_LINES };
	static const char *const starts[] = { "data: ", "{", "\n[" };
	char block[4096];
	memset(block, 'x', sizeof(block));
	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
			struct stream s;
			struct buffer out = BUFFER_INIT;
			stream_init(&s, kinds[k], collect, &out);
			struct error *err = stream_feed(&s, starts[i], strlen(starts[i]));
			size_t fed = 0;
			for (; !err && fed <= STREAM_MAX_MESSAGE; fed += sizeof(block))
				err = stream_feed(&s, block, sizeof(block));
			assert_true(error_is(err, ERROR_LIMIT));
			error_free(err);
			stream_release(&s);
			buffer_release(&out);
		}
	}
}

static void test_event_of_endless_lines_is_bounded(void **state)
{
	(void)state;
	struct stream s;
	struct buffer out = BUFFER_INIT;
	struct error *err = NULL;
	char line[1024] = "data: ";
	memset(line + 6, 'x', sizeof(line) - 6);
	line[sizeof(line) - 1] = '\n';
	stream_init(&s, STREAM_EVENTS, collect, &out);
	for (size_t fed = 0; !err && fed <= 2 * STREAM_MAX_MESSAGE; fed += sizeof(line))
		err = stream_feed(&s, line, sizeof(line));
	assert_true(error_is(err, ERROR_LIMIT));
	error_free(err);
	stream_release(&s);
	buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_are_told_apart_by_empty_lines),
		cmocka_unit_test(test_all_three_line_ends_work_and_mix),
		cmocka_unit_test(test_fields_and_comments),
		cmocka_unit_test(test_byte_order_mark_and_blank_lines_in_front_are_skipped),
		cmocka_unit_test(test_last_event_without_its_empty_line_counts),
		cmocka_unit_test(test_body_that_is_one_document_is_one_message),
		cmocka_unit_test(test_lines_are_messages),
		cmocka_unit_test(test_error_of_the_reader_ends_the_stream),
		cmocka_unit_test(test_endless_line_is_bounded),
		cmocka_unit_test(test_event_of_endless_lines_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
