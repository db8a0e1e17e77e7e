#include "exporter/pages/page_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "exporter/pages/assets.h"

static const struct {
	char c;
	const char *entity;
} entities[] = {
	{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"},
};

static void page_text_add_char(struct buffer *b, const char *p, size_t len)
{
	unsigned char c = (unsigned char)*p;

	for (size_t i = 0; i < sizeof(entities) / sizeof(*entities); i++) {
		if (entities[i].c != *p)
			continue;
		buffer_str(b, entities[i].entity);
		return;
	}
	if (!len || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
		buffer_str(b, "\xef\xbf\xbd");
	else
		buffer_add(b, p, len);
}

void page_bytes(struct buffer *b, struct slice text)
{
	while (text.l) {
		size_t len = utf8_length(text.p, text.l);

		if (text.p[0] != '\r' || text.l == 1 || text.p[1] != '\n')
			page_text_add_char(b, text.p, len);
		len = len ? len : 1;
		text.p += len;
		text.l -= len;
	}
}

void page_str(struct buffer *b, const char *text)
{
	page_bytes(b, (struct slice){text, strlen(text)});
}

/* Copies a label's value as it was before it became label text. */
static void page_text_unescape(struct buffer *to, struct slice value)
{
	for (size_t i = 0; i < value.l; i++) {
		char c = value.p[i];

		if (c == '\\' && i + 1 < value.l)
			c = value.p[++i] == 'n' ? '\n' : value.p[i];
		buffer_add(to, &c, 1);
	}
}

void page_label(struct buffer *b, struct slice value)
{
	struct buffer plain = {0};

	page_text_unescape(&plain, value);
	page_bytes(b, (struct slice){plain.data, plain.len});
	buffer_clear(&plain);
}

void page_segment(struct buffer *b, struct slice value)
{
	static const char kept[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-_~";
	struct buffer plain = {0};
	char text[4];

	page_text_unescape(&plain, value);
	for (size_t i = 0; i < plain.len; i++) {
		char c = plain.data[i];

		/* "." and ".." are steps of a path wherever they stand alone. */
		if (memchr(kept, c, sizeof(kept) - 1) || (c == '.' && plain.len > 2)) {
			buffer_add(b, &c, 1);
			continue;
		}
		snprintf(text, sizeof(text), "%%%02X", (unsigned char)c);
		buffer_str(b, text);
	}
	buffer_clear(&plain);
}

static void page_text_add_stamp(struct buffer *b, bool machine, int64_t unix_s)
{
	time_t s = (time_t)unix_s;
	struct tm tm;
	char text[40] = "";

	if (!gmtime_r(&s, &tm))
		return;
	if (machine)
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	else
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
	buffer_str(b, text);
}

void page_time_s(struct buffer *b, int64_t unix_s)
{
	buffer_str(b, "<time datetime=\"");
	page_text_add_stamp(b, true, unix_s);
	buffer_str(b, "\">");
	page_text_add_stamp(b, false, unix_s);
	buffer_str(b, "</time>");
}

void page_time(struct buffer *b, int64_t unix_ns)
{
	page_time_s(b, unix_ns / CLOCK_NS_PER_S);
}

void page_number(struct buffer *b, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, n);
	buffer_str(b, text);
}

static void page_text_add_span(struct buffer *b, int64_t s)
{
	static const struct {
		int64_t s;
		const char *unit;
	} units[] = {{86400, " d"}, {3600, " h"}, {60, " min"}, {1, " s"}};
	size_t i = 0;

	s = s > 0 ? s : 0;
	while (i < 3 && s < units[i].s)
		i++;
	page_number(b, s / units[i].s);
	buffer_str(b, units[i].unit);
}

/* A span of time, with the point that it leads from or to. */
static void page_text_put_span(struct buffer *b, int64_t unix_s, int64_t span_s)
{
	buffer_str(b, "<time datetime=\"");
	page_text_add_stamp(b, true, unix_s);
	buffer_str(b, "\" title=\"");
	page_text_add_stamp(b, false, unix_s);
	buffer_str(b, "\">");
	page_text_add_span(b, span_s);
	buffer_str(b, "</time>");
}

void page_age(struct buffer *b, int64_t unix_ns, int64_t now_ns)
{
	page_text_put_span(b, unix_ns / CLOCK_NS_PER_S,
			   (now_ns - unix_ns) / CLOCK_NS_PER_S);
}

void page_left(struct buffer *b, int64_t unix_s, int64_t now_ns)
{
	page_text_put_span(b, unix_s, unix_s - now_ns / CLOCK_NS_PER_S);
}

void page_duration(struct buffer *b, int64_t ns)
{
	char text[32];

	if (ns < CLOCK_NS_PER_MS)
		snprintf(text, sizeof(text), "%.2f ms", (double)ns / 1e6);
	else if (ns < CLOCK_NS_PER_S)
		snprintf(text, sizeof(text), "%.*f ms", ns < 100000000 ? 1 : 0,
			 (double)ns / 1e6);
	else
		snprintf(text, sizeof(text), "%.2f s", (double)ns / 1e9);
	buffer_str(b, text);
}

void page_expiry(struct buffer *b, int64_t not_after_s, int64_t now_ns)
{
	int64_t left_s = not_after_s - now_ns / CLOCK_NS_PER_S;

	if (!not_after_s) {
		buffer_str(b, "<span class=\"none\">–</span>");
		return;
	}
	buffer_str(b, left_s < 7 * 86400    ? "<span class=\"bad\">"
		      : left_s < 30 * 86400 ? "<span class=\"warn\">"
					    : "<span>");
	if (left_s < 0) {
		buffer_str(b, "expired</span>");
		return;
	}
	page_number(b, left_s / 86400);
	buffer_str(b, " days</span>");
}

void page_badge(struct buffer *b, const char *state)
{
	buffer_str(b, "<span class=\"badge ");
	buffer_str(b, state);
	buffer_str(b, "\">");
	buffer_str(b, state);
	buffer_str(b, "</span>");
}

void page_outcome(struct buffer *b, struct history_probe p, struct slice said)
{
	static const char *const words[PROBE_OUTCOMES] = {
		[PROBE_RESPONSE] = "answered",
		[PROBE_TIMEOUT] = "no answer in time",
		[PROBE_DNS] = "name does not resolve",
		[PROBE_REFUSED] = "refused",
		[PROBE_UNREACHABLE] = "unreachable",
		[PROBE_CONNECT] = "no connection",
		[PROBE_TLS] = "TLS failed",
		[PROBE_PROTOCOL] = "unreadable answer",
		[PROBE_AUTH] = "credentials refused",
		[PROBE_INTERNAL] = "our own failure",
		[PROBE_ELSEWHERE] = "answered from elsewhere",
		[PROBE_WEBSOCKET] = "WebSocket failed",
	};

	if (p.outcome == PROBE_RESPONSE && p.code) {
		buffer_str(b, "<b class=\"code\">");
		page_number(b, p.code);
		buffer_str(b, "</b>");
	} else {
		buffer_str(b, "<b>");
		buffer_str(b, words[p.outcome < PROBE_OUTCOMES ? p.outcome : 0]);
		buffer_str(b, "</b>");
	}
	/* There it is the same in other words. */
	if (!said.l || p.outcome == PROBE_REFUSED)
		return;
	buffer_str(b, " <bdi class=\"said\">");
	page_bytes(b, said);
	buffer_str(b, "</bdi>");
}

static void page_text_fill_word(struct buffer *b, struct slice word, const char *root,
				void (*fill_h)(struct buffer *b, struct slice word,
					       void *arg),
				void *arg)
{
	if (word.l != strlen("assets") || memcmp(word.p, "assets", word.l)) {
		fill_h(b, word, arg);
		return;
	}
	buffer_str(b, root);
	buffer_str(b, "static/");
	buffer_str(b, assets_hash);
	buffer_str(b, "/");
}

void page_template(struct buffer *b, const char *name, const char *root,
		   void (*fill_h)(struct buffer *b, struct slice word, void *arg),
		   void *arg)
{
	const struct asset *a = assets_template(name);
	const char *p = a ? (const char *)a->data : "";
	const char *end = a ? p + a->size : p;

	while (p < end) {
		const char *open = memmem(p, (size_t)(end - p), "{{", 2);
		const char *close = NULL;

		if (open)
			close = memmem(open, (size_t)(end - open), "}}", 2);
		if (!close) {
			buffer_add(b, p, (size_t)(end - p));
			return;
		}
		buffer_add(b, p, (size_t)(open - p));
		page_text_fill_word(b,
				    (struct slice){open + 2, (size_t)(close - open - 2)},
				    root, fill_h, arg);
		p = close + 2;
	}
}

void page_base64(struct buffer *b, struct slice bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes.l; i += 3) {
		uint32_t three = 0;
		char four[4] = {'=', '=', '=', '='};

		for (size_t k = 0; k < 3; k++)
			three = three << 8 |
				(i + k < bytes.l ? (unsigned char)bytes.p[i + k] : 0);
		for (size_t k = 0; k < 4 && i + k <= bytes.l; k++)
			four[k] = digits[three >> (18 - 6 * k) & 63];
		buffer_add(b, four, 4);
	}
}

void page_item_begin(struct buffer *b, const char *name)
{
	buffer_str(b, "<div><dt>");
	buffer_str(b, name);
	buffer_str(b, "</dt><dd>");
}

void page_item_end(struct buffer *b)
{
	buffer_str(b, "</dd></div>\n");
}
