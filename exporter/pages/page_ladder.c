#include "exporter/pages/page_ladder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "exporter/pages/page_text.h"

static const struct {
	const char *words;
	const char *class;
	bool message;
} kinds[LADDER_KINDS] = {
	[LADDER_CONNECT] = {"TCP connected", "mid", false},
	[LADDER_TLS] = {"TLS handshake done, peer verified", "mid", false},
	[LADDER_TLS_RESUMED] = {"TLS session resumed, no certificate shown", "mid",
				false},
	[LADDER_WEBSOCKET] = {"WebSocket handshake done", "mid", false},
	[LADDER_SENT] = {"", "out", true},
	[LADDER_RETRANSMITTED] = {"the same again", "out again", false},
	[LADDER_RECEIVED] = {"", "in", true},
	[LADDER_GARBAGE] = {"bytes that are not SIP", "in bad", true},
	[LADDER_ICMP] = {"ICMP", "in bad", false},
	[LADDER_CLOSED] = {"no connection", "mid bad", false},
	[LADDER_DEADLINE] = {"the deadline passed", "mid bad", false},
	[LADDER_LATE] = {"a response, too late", "in", false},
	[LADDER_REFUSED] = {"a response that cannot be read", "in bad", true},
	[LADDER_ODDITY] = {"odd", "mid", false},
	[LADDER_ELSEWHERE] = {"a response that was not taken", "in bad", false},
	[LADDER_REPLACED] = {"another connection", "mid", false},
	[LADDER_AUDIO] = {"audio", "mid", false},
};

static struct slice page_ladder_first_line(const struct ladder_entry *e)
{
	const char *end = e->len ? memchr(e->text, '\n', e->len) : NULL;
	struct slice line = {e->text, end ? (size_t)(end - e->text) : e->len};

	if (line.l && line.p[line.l - 1] == '\r')
		line.l--;
	return line;
}

/* Of a message what it is for: the method and URI, or the code and phrase. */
static struct slice page_ladder_gist(const struct ladder_entry *e)
{
	static const char version[] = "SIP/2.0";
	const size_t len = sizeof(version) - 1;
	struct slice line = page_ladder_first_line(e);

	if (line.l > len && !memcmp(line.p, version, len)) {
		line.p += len + 1;
		line.l -= len + 1;
	} else if (line.l > len + 1 && !memcmp(line.p + line.l - len, version, len)) {
		line.l -= len + 1;
	}
	return line;
}

static void page_ladder_put_offset(struct buffer *b, int64_t ns)
{
	buffer_str(b, "<span class=\"at\">+");
	page_duration(b, ns);
	buffer_str(b, "</span>");
}

/* Title of a ladder: which probe, and how it ended. */
static const char *page_ladder_closed_words(const struct probe_result *r)
{
	static const char *const words[PROBE_OUTCOMES] = {
		[PROBE_TLS] = "TLS failed",
		[PROBE_REFUSED] = "refused",
		[PROBE_UNREACHABLE] = "unreachable",
		[PROBE_INTERNAL] = "could not be sent",
		[PROBE_WEBSOCKET] = "WebSocket failed",
	};

	if (words[r->outcome])
		return words[r->outcome];
	return r->phase_ns[PROBE_PHASE_CONNECT] >= 0 ? "connection lost"
						     : kinds[LADDER_CLOSED].words;
}

static void page_ladder_put_what(struct buffer *b, const struct capture_record *l,
				 unsigned i)
{
	const struct ladder_entry *e = &l->entries[i];
	const char *words = e->kind == LADDER_CLOSED ? page_ladder_closed_words(l->result)
						     : kinds[e->kind].words;
	bool plain = !kinds[e->kind].message;
	struct slice text = plain ? (struct slice){e->text, e->len} : page_ladder_gist(e);

	buffer_str(b, "<span class=\"what\">");
	if (e->kind == LADDER_SENT || e->kind == LADDER_RETRANSMITTED)
		buffer_str(b, "<span class=\"sr\">sent: </span>");
	else if (ladder_is_inbound(e->kind))
		buffer_str(b, "<span class=\"sr\">received: </span>");
	buffer_str(b, words);
	if (e->kind != LADDER_GARBAGE && e->kind != LADDER_REFUSED && text.l) {
		buffer_str(b, *words ? ": <bdi>" : "<bdi>");
		page_bytes(b, text);
		buffer_str(b, "</bdi>");
	}
	buffer_str(b, "</span>");
}

static void page_ladder_put_message(struct buffer *b, const struct page_ladder *p,
				    const struct capture_record *l, unsigned i)
{
	const struct ladder_entry *e = &l->entries[i];
	struct slice text = {e->text, e->len};
	char id[80];

	snprintf(id, sizeof(id), "<details id=\"m%s-%" PRIx64 "-%u\">", p->part,
		 (uint64_t)l->result->begun_unix_ns, i);
	buffer_str(b, id);
	buffer_str(b, "<summary>Message, ");
	page_number(b, e->size);
	buffer_str(b, " bytes</summary><pre tabindex=\"0\">");
	while (text.l && (text.p[text.l - 1] == '\n' || text.p[text.l - 1] == '\r'))
		text.l--;
	page_bytes(b, text);
	buffer_str(b, "</pre></details>");
}

static void page_ladder_put_entry(struct buffer *b, const struct page_ladder *p,
				  const struct capture_record *l, unsigned i)
{
	const struct ladder_entry *e = &l->entries[i];

	buffer_str(b, "<li class=\"");
	buffer_str(b, kinds[e->kind].class);
	buffer_str(b, "\">");
	page_ladder_put_offset(b, e->at_ns);
	buffer_str(b, "<div class=\"lane\">");
	page_ladder_put_what(b, l, i);
	buffer_str(b, "<span class=\"arrow\" aria-hidden=\"true\"></span></div>");
	if (kinds[e->kind].message && e->len)
		page_ladder_put_message(b, p, l, i);
	buffer_str(b, "</li>\n");
}

static void page_ladder_put_late(struct buffer *b, const struct capture_record *l,
				 int64_t late_ns)
{
	buffer_str(b, "<li class=\"in late\">");
	page_ladder_put_offset(b, late_ns - l->result->begun_unix_ns);
	buffer_str(b, "<div class=\"lane\"><span class=\"what\"><span class=\"sr\">"
		      "received: </span>");
	buffer_str(b, kinds[LADDER_LATE].words);
	buffer_str(b, "</span><span class=\"arrow\" aria-hidden=\"true\"></span></div>"
		      "</li>\n");
}

static void page_ladder_put_head(struct buffer *b, const struct page_ladder *p,
				 const struct capture_record *l)
{
	const struct probe_result *r = l->result;
	const char *said = r->phrase[0] ? r->phrase : r->detail;

	buffer_str(b, "<h4>");
	page_outcome(b, history_pack(r, 0), (struct slice){said, strlen(said)});
	buffer_str(b, "</h4><p class=\"when\">");
	page_time(b, r->begun_unix_ns);
	buffer_str(b, ", ");
	page_age(b, r->begun_unix_ns, p->now_ns);
	buffer_str(b, " ago");
	if (r->call_id[0]) {
		buffer_str(b, " · Call-ID <code>");
		page_str(b, r->call_id);
		buffer_str(b, "</code>");
	}
	buffer_str(b, "</p>\n<div class=\"ends\" aria-hidden=\"true\"><span></span>"
		      "<span>exporter</span><span>");
	page_str(b, l->address);
	buffer_str(b, "</span></div>\n");
}

/* A link that holds what it leads to. */
static void page_ladder_put_data(struct buffer *b, const char *type,
				 const struct buffer *bytes)
{
	buffer_str(b, "data:");
	buffer_str(b, type);
	buffer_str(b, ";base64,");
	page_base64(b, (struct slice){bytes->data, bytes->len});
}

static void page_ladder_put_link(struct buffer *b, const struct page_ladder *p,
				 const struct capture_record *l, bool packets)
{
	struct buffer bytes = {0};

	if (p->url.l) {
		buffer_add(b, p->url.p, p->url.l);
		buffer_str(b, packets ? ".pcapng" : ".txt");
		return;
	}
	if (packets)
		capture_pcapng(&bytes, l, 1, p->version);
	else
		capture_text(&bytes, l);
	page_ladder_put_data(b, packets ? "application/x-pcapng" : "text/plain", &bytes);
	buffer_clear(&bytes);
}

static void page_ladder_fact_h(const char *name, const char *value, void *arg)
{
	page_item_begin(arg, name);
	page_str(arg, value);
	page_item_end(arg);
}

/* Of a call what it showed. */
static void page_ladder_put_call(struct buffer *b, const struct call_report *c)
{
	if (!c->made)
		return;
	buffer_str(b, "<dl class=\"facts call\">\n");
	capture_call(c, page_ladder_fact_h, b);
	buffer_str(b, "</dl>\n");
}

/* What was heard of a call, to be listened to. */
static void page_ladder_put_sound(struct buffer *b, const struct page_ladder *p,
				  const struct capture_record *l)
{
	const struct call_media *m = l->result->call.media;

	if (!p->url.l || !m || !m->near.wav)
		return;
	buffer_str(b, " · <a download href=\"");
	buffer_add(b, p->url.p, p->url.l);
	buffer_str(b, ".wav\">What was heard (.wav)</a>");
}

/* To take away: for the ticket, and for who wants to see it in Wireshark. */
static void page_ladder_put_take(struct buffer *b, const struct page_ladder *p,
				 const struct capture_record *l)
{
	buffer_str(b, "<p class=\"take\"><a class=\"copy\" href=\"");
	page_ladder_put_link(b, p, l, false);
	buffer_str(b, p->url.l ? "\">As text</a> · <a download href=\""
			       : "\" download=\"ladder.txt\">As text</a> · "
				 "<a download=\"ladder.pcapng\" href=\"");
	page_ladder_put_link(b, p, l, true);
	buffer_str(b, "\">Packets (.pcapng)</a>");
	page_ladder_put_sound(b, p, l);
	buffer_str(b, "</p>\n");
}

void page_ladder(struct buffer *b, const struct page_ladder *p,
		 const struct capture_record *l)
{
	int64_t late_ns = l->late_unix_ns;

	buffer_str(b, "<article class=\"ladder\">");
	page_ladder_put_head(b, p, l);
	buffer_str(b, "<ol>\n");
	for (unsigned i = 0; i < l->count; i++) {
		/* The steps that were left out stood before the end. */
		if (l->dropped && i + 1 == l->count) {
			buffer_str(b, "<li class=\"mid\"><span class=\"at\">…</span>"
				      "<div class=\"lane\"><span class=\"what\">");
			page_number(b, l->dropped);
			buffer_str(b, " more</span></div></li>\n");
		}
		page_ladder_put_entry(b, p, l, i);
	}
	if (late_ns)
		page_ladder_put_late(b, l, late_ns);
	buffer_str(b, "</ol>\n");
	page_ladder_put_call(b, &l->result->call);
	page_ladder_put_take(b, p, l);
	buffer_str(b, "</article>\n");
}
