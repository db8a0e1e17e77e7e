/* What pages are made of: no bytes from outside may become markup. */
#include <stdlib.h>

#include "base/clock.h"
#include "exporter/pages/page_text.h"
#include "tests/unit/tap.h"

static const char *end(struct buffer *b)
{
	buffer_add(b, "", 1);
	return b->data;
}

#define CHECK(call, want, name)                                                          \
	do {                                                                             \
		struct buffer b = {0};                                                   \
		call;                                                                    \
		is_str(end(&b), want, name);                                             \
		buffer_clear(&b);                                                        \
	} while (0)

#define REPLACED "\xef\xbf\xbd"

static void test_text(void)
{
	CHECK(page_str(&b, "<b>&\"'"), "&lt;b&gt;&amp;&quot;&#39;", "markup");
	CHECK(page_bytes(&b, SLICE("a\r\nb\rc\td")), "a\nb" REPLACED "c\td", "line ends");
	CHECK(page_bytes(&b, SLICE("\xff\x01\x7f\xc3\xa4\xc3")),
	      REPLACED REPLACED REPLACED "\xc3\xa4" REPLACED, "what is not text");
	CHECK(page_label(&b, SLICE("a\\\"<\\\\\\n")), "a&quot;&lt;\\\n", "a label");
	CHECK(page_segment(&b, SLICE("a/b ?#%\\\"\xc3\xa4.")),
	      "a%2Fb%20%3F%23%25%22%C3%A4.", "a path's segment");
	CHECK(page_segment(&b, SLICE("..")), "%2E%2E", "not a step up");
}

static void test_numbers(void)
{
	CHECK(page_duration(&b, 107000), "0.11 ms", "microseconds");
	CHECK(page_duration(&b, 15340000), "15.3 ms", "milliseconds");
	CHECK(page_duration(&b, 153400000), "153 ms", "many of them");
	CHECK(page_duration(&b, 2100000000), "2.10 s", "seconds");
	CHECK(page_expiry(&b, 0, 0), "<span class=\"none\">–</span>", "no certificate");
	CHECK(page_expiry(&b, 86400 * 8, 0), "<span class=\"warn\">8 days</span>",
	      "soon");
	CHECK(page_expiry(&b, 86400 * 90, 0), "<span>90 days</span>", "later");
	CHECK(page_expiry(&b, 1, 5000000000), "<span class=\"bad\">expired</span>",
	      "over");
	CHECK(page_age(&b, 0, 7200000000000),
	      "<time datetime=\"1970-01-01T00:00:00Z\" title=\"1970-01-01 00:00:00 "
	      "UTC\">2 h"
	      "</time>",
	      "an age");
	CHECK(page_left(&b, 253402300799, 1700000000 * CLOCK_NS_PER_S),
	      "<time datetime=\"9999-12-31T23:59:59Z\" title=\"9999-12-31 23:59:59 "
	      "UTC\">2913221 d</time>",
	      "far more nanoseconds than there can be");
	CHECK(page_time_s(&b, -11644473600),
	      "<time datetime=\"1601-01-01T00:00:00Z\">1601-01-01 00:00:00 UTC</time>",
	      "as many ago");
}

static void test_outcome(void)
{
	struct history_probe p = {.code = 503, .outcome = PROBE_RESPONSE};

	CHECK(page_outcome(&b, p, SLICE("<x>")),
	      "<b class=\"code\">503</b> <bdi class=\"said\">&lt;x&gt;</bdi>",
	      "a response");
	p = (struct history_probe){.outcome = PROBE_TIMEOUT};
	CHECK(page_outcome(&b, p, SLICE("")), "<b>no answer in time</b>", "silence");
	p.outcome = 15;
	CHECK(page_outcome(&b, p, SLICE("")), "<b>answered</b>", "what does not exist");
	p.outcome = PROBE_REFUSED;
	CHECK(page_outcome(&b, p, SLICE("Connection refused")), "<b>refused</b>",
	      "what is said already");
	p = (struct history_probe){.outcome = PROBE_RESPONSE};
	CHECK(page_outcome(&b, p, SLICE("")), "<b>answered</b>", "without a code");
}

static void test_spark(void)
{
	const struct history_probe p[] = {
		{.latency_us = 1000, .code = 200},
		{.latency_us = HISTORY_NO_LATENCY, .verdict = PROBE_DOWN},
		{.latency_us = 2000, .code = 200},
	};

	CHECK(page_spark(&b, p, 0, 96, 24), "", "no probes, no picture");
	CHECK(page_spark(&b, p, 3, 96, 24),
	      "<svg class=\"spark\" viewBox=\"0 0 96 24\" width=\"96\" height=\"24\" "
	      "role=\"img\" preserveAspectRatio=\"none\" aria-label=\"3 probes, 2 "
	      "answered, "
	      "slowest 2.0 ms\"><path class=\"fail\" d=\"M48.0 23v-8\"/><path "
	      "class=\"line\" "
	      "d=\"M2.0 12.0h.1M94.0 2.0h.1\"/></svg>",
	      "a gap where none answered");
}

static void test_any_bytes(void)
{
	unsigned seed = 3;
	bool all = true;

	for (int round = 0; round < 5000; round++) {
		size_t len = (size_t)rand_r(&seed) % 64;
		char *text = malloc(len + 1);
		struct buffer b = {0};

		for (size_t i = 0; i < len; i++)
			text[i] = (char)rand_r(&seed);
		page_bytes(&b, (struct slice){text, len});
		page_label(&b, (struct slice){text, len});
		page_segment(&b, (struct slice){text, len});
		all = all &&
		      (!b.len ||
		       (!memchr(b.data, '<', b.len) && !memchr(b.data, '"', b.len) &&
			!memchr(b.data, '\'', b.len) && !memchr(b.data, '\0', b.len)));
		buffer_clear(&b);
		free(text);
	}
	ok(all, "random bytes never hold what ends a text or an attribute");
}

int main(void)
{
	test_text();
	test_numbers();
	test_outcome();
	test_spark();
	test_any_bytes();
	return tap_done();
}
