/* The JSON writer: what it writes must be JSON, whatever it is given. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

#include "base/json.h"
#include "tests/unit/tap.h"

static const struct {
	const char *in;
	size_t len;
	const char *out;
} texts[] = {
	{"plain", 5, "\"plain\""},
	{"", 0, "\"\""},
	{"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
	{"\r\n\t\x1b\x7f", 5, "\"\\r\\n\\u0009\\u001b\\u007f\""},
	{"a\0b", 3,
	 "\"a\xef\xbf\xbd"
	 "b\""},
	{"</script>&", 10, "\"\\u003c/script\\u003e\\u0026\""},
	{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9,
	 "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
	{"\xc3", 1, "\"\xef\xbf\xbd\""},
	{"\xff\xc0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	{"\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	{"\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},
};

static const char *end(struct buffer *b)
{
	buffer_add(b, "", 1);
	return b->data;
}

static void test_texts(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct buffer b = {0};
		struct json j = {.out = &b};

		json_text(&j, NULL, (struct slice){texts[i].in, texts[i].len});
		is_str(end(&b), texts[i].out, "a text");
		buffer_clear(&b);
	}
}

/* The same characters without a byte that a terminal could take for more. */
static void test_ascii(void)
{
	static const char in[] = "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xc2\x9b\xff\"<";
	struct buffer b = {0};
	struct json j = {.out = &b, .ascii = true};

	json_text(&j, NULL, (struct slice){in, sizeof(in) - 1});
	is_str(end(&b), "\"\\u00e4\\u20ac\\ud83d\\ude00\\u009b\\ufffd\\\"\\u003c\"",
	       "a text in ASCII alone");
	buffer_clear(&b);
}

static void test_shape(void)
{
	struct buffer b = {0};
	struct json j = {.out = &b};

	json_open(&j, NULL, '{');
	json_number(&j, "n", -1234567, 6);
	json_bool(&j, "yes", true);
	json_str(&j, "none", NULL);
	json_open(&j, "list", '[');
	json_number(&j, NULL, 0, 0);
	json_open(&j, NULL, '{');
	json_close(&j, '}');
	json_null(&j, NULL);
	json_close(&j, ']');
	json_open(&j, "labels", '{');
	json_member(&j, SLICE("a"), SLICE("x\\\"y\\\\z\\n"));
	json_member(&j, SLICE("b"), SLICE(""));
	json_close(&j, '}');
	json_seconds(&j, "took", 1500000);
	json_seconds(&j, "not", -1);
	json_time(&j, "at", 1763798707123456789);
	json_time(&j, "never", 0);
	json_close(&j, '}');
	is_str(end(&b),
	       "{\"n\":-1.234567,\"yes\":true,\"none\":null,\"list\":[0,{},null],"
	       "\"labels\":{\"a\":\"x\\\"y\\\\z\\n\",\"b\":\"\"},\"took\":0.0015,"
	       "\"not\":null,\"at\":1763798707.123,\"never\":null}",
	       "a whole object");
	buffer_clear(&b);
}

static void test_any_bytes(void)
{
	unsigned seed = 7;
	bool all = true;

	for (int round = 0; round < 5000; round++) {
		size_t len = (size_t)rand_r(&seed) % 64;
		char *text = malloc(len + 1);
		struct buffer b = {0};
		struct json j = {.out = &b};
		cJSON *tree;

		for (size_t i = 0; i < len; i++)
			text[i] = (char)rand_r(&seed);
		json_open(&j, NULL, '[');
		json_text(&j, NULL, (struct slice){text, len});
		json_label(&j, NULL, (struct slice){text, len});
		json_close(&j, ']');
		tree = cJSON_ParseWithLength(b.data, b.len);
		all = all && cJSON_GetArraySize(tree) == 2 &&
		      !memchr(b.data, '<', b.len) && !memchr(b.data, '\n', b.len);
		cJSON_Delete(tree);
		buffer_clear(&b);
		free(text);
	}
	ok(all, "random bytes are always JSON, and never markup");
}

/* Without memory nothing is written, and that is told. */
static void test_full(void)
{
	struct buffer b = {.err = ENOMEM};
	struct json j = {.out = &b};

	json_number(&j, "a", 1, 0);
	json_bool(&j, "d", false);
	json_str(&j, "b", "x");
	json_seconds(&j, "c", 1);
	is_int((int)b.len, 0, "nothing without memory");
	is_int(b.err, ENOMEM, "as told");
}

int main(void)
{
	test_full();
	test_texts();
	test_ascii();
	test_shape();
	test_any_bytes();
	return tap_done();
}
