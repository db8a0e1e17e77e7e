#include "exporter/pages/page_probed.h"

#include <string.h>

#include "base/clock.h"
#include "exporter/ondemand/probe_explain.h"
#include "exporter/ondemand/why.h"
#include "exporter/pages/http_query.h"
#include "exporter/pages/page_ladder.h"
#include "exporter/pages/page_text.h"
#include "exporter/pages/page_trace.h"
#include "exporter/store/labels.h"

struct probed_page {
	const struct probe_output *t;
	const struct http_site *site;
};

static void page_probed_put_name(struct buffer *b, const struct probed_page *p)
{
	page_str(b, p->t->trunk);
}

static void page_probed_put_version(struct buffer *b, const struct probed_page *p)
{
	page_str(b, p->site->version);
}

/* The trunk's page, from below it. */
static void page_probed_put_back(struct buffer *b, const struct probed_page *p)
{
	struct buffer text = {0};

	labels_add(&text, "a", p->t->trunk);
	page_segment(b, labels_find((struct slice){text.data, text.len}, "a"));
	buffer_clear(&text);
}

static void page_probed_put_verdict(struct buffer *b, const struct probe_output *t)
{
	bool fault = t->report->result.outcome == PROBE_INTERNAL;
	const char *advice = probe_explain_advice(t->report);
	struct buffer text = {0};

	probe_explain_verdict(&text, t->report);
	buffer_str(b, "<p>");
	page_badge(b, health_state_name(fault ? HEALTH_UNKNOWN : t->report->state));
	buffer_str(b, " <bdi>");
	page_bytes(b, (struct slice){text.data, text.len});
	buffer_str(b, "</bdi></p>\n");
	buffer_clear(&text);
	why_report(&text, t->report);
	if (text.len) {
		buffer_str(b, "<p class=\"why\"><b>Why:</b> <bdi>");
		page_bytes(b, (struct slice){text.data, text.len});
		buffer_str(b, "</bdi></p>\n");
	}
	buffer_clear(&text);
	if (!*advice)
		return;
	buffer_str(b, "<p class=\"next\"><b>Next:</b> ");
	page_str(b, advice);
	buffer_str(b, "</p>\n");
}

static void page_probed_put_answer(struct buffer *b, const struct probed_page *p,
				   const struct ondemand_answer *a)
{
	const struct page_ladder l = {
		.now_ns = clock_wall_ns(),
		.part = "now",
		.version = p->site->version,
	};
	const struct capture_record r = {
		.trunk = p->t->trunk,
		.address = a->address,
		.transport = a->transport,
		.method = a->method,
		.result = &a->result,
		.entries = a->ladder.entries,
		.count = a->ladder.count,
		.dropped = a->ladder.dropped,
	};

	buffer_str(b, "<h3>");
	page_str(b, a->address);
	buffer_str(b, " <span class=\"label\">");
	page_str(b, a->transport);
	buffer_str(b, "</span> <span class=\"label\">");
	page_str(b, a->method);
	buffer_str(b, "</span></h3>\n");
	page_ladder(b, &l, &r);
}

static void page_probed_put_section(struct buffer *b, const struct probed_page *p)
{
	const struct ondemand_report *r = p->t->report;

	buffer_str(b, "<section id=\"probed\" class=\"target\"><h2>Probed by hand at ");
	page_time(b, r->result.begun_unix_ns ? r->result.begun_unix_ns
					     : p->t->now_s * CLOCK_NS_PER_S);
	buffer_str(b, "</h2>\n");
	page_probed_put_verdict(b, p->t);
	for (size_t i = 0; i < r->count; i++)
		page_probed_put_answer(b, p, &r->answers[i]);
	if (r->trace)
		page_trace(b, r->trace);
	buffer_str(b, "<p class=\"when\">It counts in no metric and changes no state.</p>"
		      "</section>\n");
}

static void page_probed_fill_h(struct buffer *b, struct slice word, void *arg)
{
	static const struct {
		const char *word;
		void (*put)(struct buffer *b, const struct probed_page *p);
	} words[] = {
		{"name", page_probed_put_name},
		{"back", page_probed_put_back},
		{"probed", page_probed_put_section},
		{"version", page_probed_put_version},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i].word) == word.l &&
		    !memcmp(words[i].word, word.p, word.l))
			words[i].put(b, arg);
}

void page_probed(struct buffer *b, const struct probe_output *t, const void *site)
{
	struct probed_page p = {.t = t, .site = site};

	page_template(b, "probed.html", "../../", page_probed_fill_h, &p);
}
