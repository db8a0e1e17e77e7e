#include "exporter/capture/trace_text.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer_format.h"

static void trace_text_title(struct buffer *b, const struct trace_report *r)
{
	buffer_format(b, "trace  %s over %s", r->address, r->transport);
	if (r->bytes)
		buffer_format(b, ", %u bytes", r->bytes);
	else
		buffer_str(b, ", by its SYN");
	if (*r->local)
		buffer_format(b, ", from %s", r->local);
	buffer_str(b, "\n");
}

static void trace_text_sip(struct buffer *b, const struct trace_sip_hop *s)
{
	char what[64];

	if (s->code)
		(void)snprintf(what, sizeof(what), "SIP: %u %s", s->code, s->phrase);
	else
		(void)snprintf(what, sizeof(what), "SIP: %s",
			       probe_outcome_name((enum probe_outcome)s->outcome));
	buffer_format(b, "%-30s Max-Forwards %u", what, s->max_forwards);
	if (*s->server)
		buffer_format(b, ", \"%s\"", s->server);
}

void capture_trace_said(struct buffer *b, const struct trace_report *r, unsigned ttl)
{
	const struct trace_hop *h = &r->hops[ttl - 1];

	if (h->answer == TRACE_ANSWERED && h->sip_code)
		buffer_format(b, "SIP: %u", h->sip_code);
	else if (h->answer == TRACE_ANSWERED)
		buffer_str(b, "TCP: connected, and closed at once");
	else if (h->answer == TRACE_REFUSED && !h->type)
		buffer_str(b, "TCP: reset, nothing listens there");
	else if (h->answer == TRACE_REFUSED || h->answer == TRACE_REJECTED)
		buffer_format(b, "ICMP%s %u/%u: %s", r->v6 ? "v6" : "", h->type, h->code,
			      trace_icmp_words(r->v6, h->type, h->code));
}

static void trace_text_time(struct buffer *b, int64_t ns)
{
	if (ns >= 0)
		buffer_format(b, " %8.1f ms", (double)ns / 1e6);
	else
		buffer_format(b, " %11s", "");
}

/* The peer's own line says too what it answered to Max-Forwards 0. */
static void trace_text_hop(struct buffer *b, struct capture_trace *t,
			   const struct trace_report *r, unsigned ttl)
{
	const struct trace_hop *h = &r->hops[ttl - 1];
	struct buffer said = {0};

	if (h->answer == TRACE_SILENT) {
		buffer_format(b, " %2u  *", ttl);
		if (!t->silence)
			buffer_str(b,
				   "                           (no answer: many routers "
				   "keep silent or limit ICMP)");
		t->silence = true;
		buffer_str(b, "\n");
		return;
	}
	capture_trace_said(&said, r, ttl);
	buffer_format(b, " %2u  %-15s", ttl, h->address);
	trace_text_time(b, h->rtt_ns);
	if (h->answer == TRACE_ANSWERED && h->sip_code && r->sip_count) {
		buffer_str(b, "   ");
		trace_text_sip(b, &r->sip[0]);
		t->sip = 1;
	} else if (said.len) {
		buffer_str(b, "   ");
		buffer_add(b, said.data, said.len);
	}
	buffer_str(b, "\n");
	buffer_clear(&said);
}

/* The line of the hop that answers waits for the first question by Max-Forwards. */
static bool trace_text_is_ready(const struct trace_report *r, unsigned ttl)
{
	const struct trace_hop *h = &r->hops[ttl - 1];

	if (ttl > r->count || !h->settled)
		return false;
	return h->answer != TRACE_ANSWERED || !h->sip_code || r->sip_count || r->ended;
}

void capture_trace_back(struct buffer *b, const struct trace_report *r)
{
	unsigned hops = r->reply_ttl ? trace_reply_hops(r->reply_ttl) : 0;

	if (r->reply_ttl)
		buffer_format(b, "%u router%s (reply TTL %u of %u)", hops,
			      hops == 1 ? "" : "s", r->reply_ttl,
			      trace_first_ttl(r->reply_ttl));
}

static void trace_text_end(struct buffer *b, const struct trace_report *r)
{
	char words[TRACE_WORDS];

	trace_words(words, sizeof(words), r);
	buffer_format(b, "  %s.", words);
	if (r->reply_ttl) {
		buffer_str(b, "   Way back: ");
		capture_trace_back(b, r);
		buffer_str(b, ".");
	}
	if (r->path_mtu)
		buffer_format(b, "   Path MTU %u.", r->path_mtu);
	buffer_str(b, "\n");
	if (r->one_by_one)
		buffer_str(b,
			   "  Routers return too little of a packet to tell two apart: "
			   "hops were asked one at a time.\n");
}

void capture_trace_more(struct buffer *b, struct capture_trace *t,
			const struct trace_report *r)
{
	if (!t->title)
		trace_text_title(b, r);
	t->title = true;
	while (t->hops < TRACE_HOPS && trace_text_is_ready(r, t->hops + 1U))
		trace_text_hop(b, t, r, ++t->hops);
	while (t->hops && t->sip < r->sip_count) {
		buffer_format(b, "     sip hop %-7u", t->sip + 1U);
		trace_text_time(b, r->sip[t->sip].rtt_ns);
		buffer_str(b, "   ");
		trace_text_sip(b, &r->sip[t->sip++]);
		buffer_str(b, "\n");
	}
	if (r->ended && !t->end)
		trace_text_end(b, r);
	t->end = r->ended;
}

void capture_trace(struct buffer *b, const struct trace_report *r)
{
	struct capture_trace t = {false};

	capture_trace_more(b, &t, r);
}
