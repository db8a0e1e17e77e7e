#include "exporter/pages/page_trace.h"

#include "exporter/capture/trace_text.h"
#include "exporter/pages/page_text.h"

static void page_trace_put(struct buffer *b, const struct buffer *text)
{
	page_bytes(b, (struct slice){text->data, text->len});
}

/* "answered by 10.70.4.2 (hop 4); way back: …; path MTU 1500" */
static void page_trace_put_sum(struct buffer *b, const struct trace_report *r)
{
	char words[TRACE_WORDS];
	struct buffer back = {0};

	trace_words(words, sizeof(words), r);
	buffer_str(b, "<p>The way to ");
	page_str(b, r->address);
	buffer_str(b, " over ");
	buffer_str(b, r->transport);
	buffer_str(b, ": <b>");
	page_str(b, words);
	buffer_str(b, "</b>.");
	capture_trace_back(&back, r);
	if (back.len) {
		buffer_str(b, " Way back: ");
		page_trace_put(b, &back);
		buffer_str(b, ".");
	}
	if (r->path_mtu) {
		buffer_str(b, " Path MTU ");
		page_number(b, r->path_mtu);
		buffer_str(b, ".");
	}
	buffer_str(b, "</p>\n");
	buffer_clear(&back);
}

static void page_trace_put_rtt(struct buffer *b, int64_t ns)
{
	buffer_str(b, "<td class=\"num\">");
	if (ns >= 0)
		page_duration(b, ns);
	buffer_str(b, "</td>");
}

static void page_trace_put_hop(struct buffer *b, const struct trace_report *r,
			       unsigned ttl)
{
	const struct trace_hop *h = &r->hops[ttl - 1];
	struct buffer said = {0};

	buffer_str(b, "<tr><td class=\"num\">");
	page_number(b, ttl);
	buffer_str(b, "</td><td>");
	page_str(b, h->answer ? h->address : "*");
	buffer_str(b, "</td>");
	page_trace_put_rtt(b, h->rtt_ns);
	buffer_str(b, "<td>");
	if (h->answer)
		capture_trace_said(&said, r, ttl);
	else
		buffer_str(b, "no answer");
	page_trace_put(b, &said);
	buffer_str(b, "</td></tr>\n");
	buffer_clear(&said);
}

static void page_trace_put_sip(struct buffer *b, const struct trace_sip_hop *s)
{
	buffer_str(b, "<tr><td>SIP ");
	page_number(b, s->max_forwards + 1);
	buffer_str(b, "</td><td><bdi>");
	page_str(b, s->server);
	buffer_str(b, "</bdi></td>");
	page_trace_put_rtt(b, s->rtt_ns);
	buffer_str(b, "<td>Max-Forwards ");
	page_number(b, s->max_forwards);
	buffer_str(b, ": ");
	if (s->code) {
		page_number(b, s->code);
		buffer_str(b, " <bdi>");
		page_str(b, s->phrase);
		buffer_str(b, "</bdi>");
	} else {
		buffer_str(b, probe_outcome_name((enum probe_outcome)s->outcome));
	}
	buffer_str(b, "</td></tr>\n");
}

void page_trace(struct buffer *b, const struct trace_report *r)
{
	page_trace_put_sum(b, r);
	if (!r->count)
		return;
	buffer_str(b, "<table class=\"trace\"><thead><tr><th scope=\"col\">Hop</th>"
		      "<th scope=\"col\">Who</th><th scope=\"col\">After</th>"
		      "<th scope=\"col\">Said</th></tr></thead>\n<tbody>\n");
	for (unsigned ttl = 1; ttl <= r->count; ttl++)
		page_trace_put_hop(b, r, ttl);
	for (unsigned i = 0; i < r->sip_count; i++)
		page_trace_put_sip(b, &r->sip[i]);
	buffer_str(b, "</tbody></table>\n");
}

void page_traced(struct buffer *b, const struct traced *t, int64_t now_ns)
{
	buffer_str(b, "<section class=\"target\"><h2>The way</h2>\n<p class=\"when\">");
	page_time(b, t->report.begun_unix_ns);
	buffer_str(b, ", ");
	page_age(b, t->report.begun_unix_ns, now_ns);
	buffer_str(b, t->by_hand ? " ago, asked for by hand</p>\n"
				 : " ago, when it went down</p>\n");
	page_trace(b, &t->report);
	buffer_str(b, "</section>\n");
}
