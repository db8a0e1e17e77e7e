/* What a trunk's page says of one of its checks: an address, a transport, a method. */
#include <stdio.h>

#include "exporter/ondemand/probe_explain.h"
#include "exporter/pages/ladders.h"
#include "exporter/pages/page_chain.h"
#include "exporter/pages/page_ladder.h"
#include "exporter/pages/page_loss.h"
#include "exporter/pages/page_mirror.h"
#include "exporter/pages/page_survey.h"
#include "exporter/pages/page_text.h"
#include "exporter/pages/page_trunk.h"
#include "exporter/store/labels.h"
#include "exporter/store/status.h"

static void page_target_put_numbers(struct buffer *b, const struct status_target *t,
				    int64_t now_ns)
{
	page_item_begin(b, "Last probe");
	if (t->last_unix_ns) {
		page_outcome(b, t->last, t->said);
		buffer_str(b, ", ");
		page_age(b, t->last_unix_ns, now_ns);
		buffer_str(b, " ago");
	} else {
		buffer_str(b, "none yet");
	}
	page_item_end(b);
	for (int i = 0; i < PROBE_PHASES; i++) {
		int64_t ns = stats_phase_ns(t->stats.phases[i]);

		if (ns < 0)
			continue;
		page_item_begin(b, probe_phase_name((enum probe_phase)i));
		page_duration(b, ns);
		page_item_end(b);
	}
	if (t->stats.priority || t->stats.weight) {
		page_item_begin(b, "SRV priority, weight");
		page_number(b, t->stats.priority);
		buffer_str(b, ", ");
		page_number(b, t->stats.weight);
		page_item_end(b);
	}
	page_item_begin(b, "Probes");
	page_number(b, t->stats.probes);
	page_item_end(b);
	page_item_begin(b, "Retransmissions");
	page_number(b, t->stats.retransmissions);
	page_item_end(b);
	page_item_begin(b, "Late answers");
	page_number(b, t->stats.late);
	page_item_end(b);
	if (t->stats.udp)
		page_loss_numbers(b, t);
	if (t->sized)
		page_survey_size(b, &t->size);
	if (t->train.trains)
		page_survey_train(b, &t->train);
	page_mirror(b, t, now_ns);
	page_changes(b, t, now_ns);
}

/* What is not shown for want of memory, and which setting would change that. */
static void page_target_put_lack(struct buffer *b, const struct status_trunk *t,
				 const char *what)
{
	buffer_str(b, "<p class=\"lack\">There was no memory for ");
	buffer_str(b, what);
	buffer_str(b, ": <code>status.memory_mib</code>, now ");
	page_number(b, t->memory_mib);
	buffer_str(b, ", is shared by all trunks.</p>\n");
}

static void page_target_put_recent(struct buffer *b, const struct status_target *t)
{
	unsigned bad = 0;
	uint32_t max_us = 0;

	if (!t->probe_count)
		return;
	for (unsigned i = 0; i < t->probe_count; i++) {
		bad += t->probes[i].verdict != PROBE_UP;
		if (t->probes[i].latency_us != HISTORY_NO_LATENCY &&
		    t->probes[i].latency_us > max_us)
			max_us = t->probes[i].latency_us;
	}
	buffer_str(b, "<figure class=\"recent\">");
	page_spark(b, t->probes, t->probe_count, 640, 72);
	buffer_str(b, "<figcaption>Latency of the last ");
	page_number(b, t->probe_count);
	buffer_str(b, t->probe_count == 1 ? " probe" : " probes");
	if (max_us) {
		buffer_str(b, ", from 0 to ");
		page_duration(b, max_us * 1000LL);
	}
	buffer_str(b, bad ? "; marks below are the " : "; none failed");
	if (bad) {
		page_number(b, bad);
		buffer_str(b, " that did not succeed");
	}
	buffer_str(b, "</figcaption></figure>\n");
}

void page_next(struct buffer *b, const struct probe_result *r)
{
	const char *advice = probe_explain_next(r);

	if (!*advice)
		return;
	buffer_str(b, "<p class=\"next\"><b>Next:</b> ");
	page_str(b, advice);
	buffer_str(b, "</p>\n");
}

/* What it answers works, and may yet end in a ban. */
static void page_target_put_caution(struct buffer *b, const struct status_target *t)
{
	struct probe_result r = probe_result_none();

	r.outcome = PROBE_RESPONSE;
	r.code = t->last.code;
	if (t->last_unix_ns && t->last.verdict == PROBE_UP && r.code == 401)
		page_next(b, &r);
}

static void page_target_put_ladder(struct buffer *b, const struct page_trunk *p,
				   const struct status_target *t, size_t index,
				   struct history_ladder *kept)
{
	struct buffer url = {0};
	char part[24], success[LADDERS_ID];
	struct ladders_view v;

	ladders_view(&v, p->name, t, kept);
	snprintf(part, sizeof(part), "%zu", index);
	ladders_success(success, &v);
	buffer_str(&url, "../api/v1/trunks/");
	page_trunk_segment(&url, p);
	buffer_str(&url, "/ladders/");
	buffer_str(&url, kept == t->success ? success : v.id);
	page_ladder(b,
		    &(struct page_ladder){.now_ns = p->now_ns,
					  .part = part,
					  .url = {url.data, url.len}},
		    &v.record);
	buffer_clear(&url);
}

static void page_target_put_ladders(struct buffer *b, const struct page_trunk *p,
				    const struct status_target *t, size_t index)
{
	for (int i = 0; i < HISTORY_FAILURES && t->failures[i]; i++) {
		if (!i)
			buffer_str(b, "<h3>Last failures</h3>\n");
		if (!i && t->last.verdict != PROBE_UP)
			page_next(b, &t->failures[i]->result);
		page_target_put_ladder(b, p, t, index, t->failures[i]);
	}
	if (t->lacks_failures)
		page_target_put_lack(b, p->t, "all of its last failures");
	if (!t->success)
		return;
	buffer_str(b, "<h3>A success, to compare</h3>\n");
	page_target_put_ladder(b, p, t, index, t->success);
}

void page_target(struct buffer *b, const struct page_trunk *p, size_t index)
{
	static const char *const verdicts[] = {"up", "degraded", "down", "down"};
	const struct status_target *t = &p->t->targets[index];

	buffer_str(b, "<section class=\"target\"><h2>");
	page_label(b, labels_find(t->labels, "address"));
	buffer_str(b, " <span class=\"label\">");
	page_label(b, labels_find(t->labels, "transport"));
	buffer_str(b, "</span> <span class=\"label\">");
	page_label(b, labels_find(t->labels, "method"));
	buffer_str(b, "</span> ");
	page_badge(b, t->last_unix_ns ? verdicts[t->last.verdict & 3] : "unknown");
	buffer_str(b, "</h2>\n");
	page_target_put_recent(b, t);
	if (t->lacks_probes)
		page_target_put_lack(b, p->t, "its last probes");
	buffer_str(b, "<dl class=\"facts\">\n");
	page_target_put_numbers(b, t, p->now_ns);
	buffer_str(b, "</dl>\n");
	if (t->chain)
		page_chain(b, t->chain, index, p->now_ns);
	page_target_put_caution(b, t);
	page_mirror_next(b, t);
	page_target_put_ladders(b, p, t, index);
	buffer_str(b, "</section>\n");
}
