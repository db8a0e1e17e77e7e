/* A probe as text. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buffer_format.h"
#include "base/clock.h"
#include "exporter/capture/record.h"
#include "exporter/capture/record_private.h"

static const struct {
	const char *arrow;
	const char *words; /* before what the event itself says */
} rungs[LADDER_KINDS] = {
	[LADDER_CONNECT] = {"---", "TCP connected"},
	[LADDER_TLS] = {"---", "TLS handshake done, peer verified"},
	[LADDER_TLS_RESUMED] = {"---", "TLS session resumed, no certificate shown"},
	[LADDER_WEBSOCKET] = {"---", "WebSocket handshake done"},
	[LADDER_SENT] = {"-->", ""},
	[LADDER_RETRANSMITTED] = {"-->", "the same again"},
	[LADDER_RECEIVED] = {"<--", ""},
	[LADDER_GARBAGE] = {"<--", "bytes that are not SIP"},
	[LADDER_ICMP] = {"<--", "ICMP"},
	[LADDER_CLOSED] = {"-x-", "no connection"},
	[LADDER_DEADLINE] = {"-x-", "the deadline passed"},
	[LADDER_LATE] = {"<--", "a response, too late"},
	[LADDER_REFUSED] = {"<--", "a response that cannot be read"},
	[LADDER_ODDITY] = {"   ", "odd"},
	[LADDER_ELSEWHERE] = {"<--", "a response that was not taken"},
	[LADDER_REPLACED] = {"---", "another connection"},
	[LADDER_AUDIO] = {"~~~", "audio"},
};

const char *capture_words(enum ladder_kind kind)
{
	return rungs[kind].words;
}

bool capture_is_message(enum ladder_kind kind)
{
	return kind == LADDER_SENT || kind == LADDER_RECEIVED || kind == LADDER_GARBAGE ||
	       kind == LADDER_REFUSED;
}

void capture_put_safe(struct buffer *b, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x20 && c < 0x7f)
			buffer_add(b, &text[i], 1);
		else
			buffer_format(b, "\\x%02x", c);
	}
}

void capture_put_time(struct buffer *b, int64_t unix_ns)
{
	time_t at_s = (time_t)(unix_ns / CLOCK_NS_PER_S);
	char text[32] = "?";
	struct tm tm;

	if (gmtime_r(&at_s, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	buffer_format(b, "%s.%06lld UTC", text,
		      (long long)(unix_ns % CLOCK_NS_PER_S / CLOCK_NS_PER_US));
}

void capture_put_outcome(struct buffer *b, const struct probe_result *r)
{
	const char *said = r->phrase[0] ? r->phrase : r->detail;

	if (r->outcome == PROBE_RESPONSE || r->code)
		buffer_format(b, "%u", r->code);
	else
		buffer_str(b, probe_outcome_name(r->outcome));
	if (*said) {
		buffer_str(b, " ");
		capture_put_safe(b, said, strlen(said));
	}
}

/* Beside the head's own lines. */
static void record_text_fact_h(const char *name, const char *value, void *arg)
{
	buffer_format(arg, "  %-12s %s\n", name, value);
}

static void record_text_head(struct buffer *b, const struct capture_record *r)
{
	const char *comma = "Phases:  ";

	buffer_str(b, "Trunk:   ");
	capture_put_safe(b, r->trunk, strlen(r->trunk));
	buffer_format(b, "\nPeer:    %s %s, probed with %s\nBegun:   ", r->address,
		      r->transport, r->method);
	capture_put_time(b, r->result->begun_unix_ns);
	buffer_str(b, "\nResult:  ");
	capture_put_outcome(b, r->result);
	buffer_str(b, "\n");
	if (r->result->call_id[0]) {
		buffer_str(b, "Call-ID: ");
		capture_put_safe(b, r->result->call_id, strlen(r->result->call_id));
		buffer_str(b, "\n");
	}
	for (int i = 0; i < PROBE_PHASES; i++) {
		if (r->result->phase_ns[i] < 0)
			continue;
		buffer_format(b, "%s%s %.3f ms", comma,
			      probe_phase_name((enum probe_phase)i),
			      (double)r->result->phase_ns[i] / 1e6);
		comma = ", ";
	}
	buffer_str(b, *comma == ',' ? "\n" : "");
	capture_call(&r->result->call, record_text_fact_h, b);
	buffer_str(b, "\n");
}

/* A message's lines, below its rung. */
static void record_text_lines(struct buffer *b, const struct ladder_entry *e)
{
	const char *p = e->text, *end = e->text + e->len;

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((lf ? lf : end) - p);

		if (len && p[len - 1] == '\r')
			len--;
		if (len) {
			buffer_str(b, "        ");
			capture_put_safe(b, p, len);
			buffer_str(b, "\n");
		}
		p = lf ? lf + 1 : end;
	}
}

static void record_text_at(struct buffer *b, int64_t at_ns, enum ladder_kind kind)
{
	buffer_format(b, "%+13.3f ms %s ", (double)at_ns / 1e6, rungs[kind].arrow);
}

void capture_put_event(struct buffer *b, const struct ladder_entry *e)
{
	buffer_str(b, rungs[e->kind].words);
	if (capture_is_message(e->kind) || !e->len)
		return;
	buffer_str(b, *rungs[e->kind].words ? ": " : "");
	capture_put_safe(b, e->text, e->len);
}

static void record_text_rung(struct buffer *b, const struct ladder_entry *e)
{
	record_text_at(b, e->at_ns, e->kind);
	capture_put_event(b, e);
	if (!capture_is_message(e->kind)) {
		buffer_str(b, "\n");
		return;
	}
	buffer_format(b, "%s%u bytes\n", *rungs[e->kind].words ? ", " : "", e->size);
	if (e->len)
		record_text_lines(b, e);
}

void capture_text(struct buffer *b, const struct capture_record *r)
{
	record_text_head(b, r);
	for (unsigned i = 0; i < r->count; i++) {
		/* The steps that were left out stood before the end. */
		if (r->dropped && i + 1 == r->count)
			buffer_format(b, "%16s %u more\n", "...", r->dropped);
		record_text_rung(b, &r->entries[i]);
	}
	if (r->late_unix_ns) {
		record_text_at(b, r->late_unix_ns - r->result->begun_unix_ns,
			       LADDER_LATE);
		buffer_format(b, "%s\n", rungs[LADDER_LATE].words);
	}
	buffer_str(b, "\nMessages without bodies other than SDP; secrets are replaced by "
		      "\"redacted\", keys by x.\n");
}
