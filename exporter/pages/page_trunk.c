/* The page of one trunk: addresses, their last probes, and the ladders of failures. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "exporter/ondemand/probe_explain.h"
#include "exporter/pages/ladders.h"
#include "exporter/pages/page_chain.h"
#include "exporter/pages/page_ladder.h"
#include "exporter/pages/page_notes.h"
#include "exporter/pages/page_text.h"
#include "exporter/pages/pages.h"
#include "exporter/store/labels.h"
#include "exporter/store/status.h"
#include "sipprobe/health.h"

struct trunk_page {
	const struct http_query *q;
	const char *name;
	const struct status_trunk *t; /* NULL: there is none of this name */
	int64_t now_ns;
};

static void page_trunk_put_name(struct buffer *b, const struct trunk_page *p)
{
	page_str(b, p->name);
}

static void page_trunk_put_version(struct buffer *b, const struct trunk_page *p)
{
	page_str(b, p->q->site->version);
}

static void page_trunk_begin_item(struct buffer *b, const char *name)
{
	buffer_str(b, "<div><dt>");
	buffer_str(b, name);
	buffer_str(b, "</dt><dd>");
}

static void page_trunk_end_item(struct buffer *b)
{
	buffer_str(b, "</dd></div>\n");
}

static void page_trunk_put_text_item(struct buffer *b, const char *name,
				     struct slice label)
{
	if (!label.l)
		return;
	page_trunk_begin_item(b, name);
	page_label(b, label);
	page_trunk_end_item(b);
}

static void page_trunk_put_labels(struct buffer *b, const struct trunk_page *p)
{
	struct slice name, value;
	size_t pos = 0;

	(void)labels_next(p->t->labels, &pos, &name, &value);
	while (labels_next(p->t->labels, &pos, &name, &value)) {
		buffer_str(b, "<div><dt>");
		page_bytes(b, name);
		buffer_str(b, "</dt><dd>");
		page_label(b, value);
		page_trunk_end_item(b);
	}
}

static int64_t page_trunk_earliest_expiry(const struct status_trunk *t)
{
	int64_t at_s = 0;

	for (size_t i = 0; i < t->target_count; i++) {
		int64_t other_s = stats_certificate_end_s(&t->targets[i].stats);

		if (other_s && (!at_s || other_s < at_s))
			at_s = other_s;
	}
	return at_s;
}

/* The certificate that we show its peer, and what the peer will mind of it. */
static void page_trunk_put_own(struct buffer *b, const struct trunk_page *p)
{
	char why[TLS_OWN_TEXT + 96];

	tls_own_complaint(why, sizeof(why), &p->t->own, p->now_ns / CLOCK_NS_PER_S);
	page_trunk_begin_item(b, "Our certificate");
	page_label(b, labels_find(p->t->own_file, "file"));
	buffer_str(b, *why ? ": <span class=\"bad\">" : ", ends in ");
	if (*why) {
		page_str(b, why);
		buffer_str(b, "</span>");
	} else {
		page_expiry(b, p->t->own.not_after_s, p->now_ns);
	}
	page_trunk_end_item(b);
}

/* "sip:100@isp.example until 2026-11-22 09:52:11, for 43 min, at 192.0.2.1:5060" */
static void page_trunk_put_registration(struct buffer *b, const struct trunk_page *p)
{
	const struct status_target *t = status_registered(p->t);
	int64_t until_ns = t ? t->stats.registered_until_s * CLOCK_NS_PER_S : 0;
	bool lost = t && until_ns <= p->now_ns;

	page_trunk_begin_item(b, p->t->binds ? "Registration" : "Registration, as asked");
	buffer_str(b, "<bdi>");
	page_bytes(b, (struct slice){p->t->aor.data, p->t->aor.len});
	buffer_str(b, "</bdi> ");
	if (!t) {
		buffer_str(b, "is not registered</dd></div>\n");
		return;
	}
	buffer_str(b, lost ? "<span class=\"bad\">ended at " : "until ");
	page_time(b, until_ns);
	buffer_str(b, lost ? ", " : ", for ");
	if (lost)
		page_age(b, until_ns, p->now_ns);
	else
		page_left(b, until_ns, p->now_ns);
	buffer_str(b, lost ? " ago</span>, at " : " more, at ");
	page_label(b, labels_find(t->labels, "address"));
	page_trunk_end_item(b);
}

static void page_trunk_put_facts(struct buffer *b, const struct trunk_page *p)
{
	const struct stats_trunk *s = &p->t->stats;
	int64_t expiry_s = page_trunk_earliest_expiry(p->t);

	buffer_str(b, "<dl class=\"facts\">\n");
	page_trunk_put_text_item(b, "URI", labels_find(p->t->info, "uri"));
	page_trunk_put_text_item(b, "Profile", labels_find(p->t->info, "profile"));
	page_trunk_put_labels(b, p);
	page_trunk_begin_item(b, s->paused ? "Addresses" : "Addresses that answer");
	if (!s->paused) {
		page_number(b, s->addresses_up);
		buffer_str(b, " of ");
	}
	page_number(b, s->addresses);
	page_trunk_end_item(b);
	if (p->t->aor.len)
		page_trunk_put_registration(b, p);
	if (expiry_s) {
		page_trunk_begin_item(b, "Certificate ends in");
		page_expiry(b, expiry_s, p->now_ns);
		buffer_str(b, " (");
		page_time(b, expiry_s * CLOCK_NS_PER_S);
		buffer_str(b, ")");
		page_trunk_end_item(b);
	}
	if (p->t->own_file.l)
		page_trunk_put_own(b, p);
	if (s->dns_failures) {
		page_trunk_begin_item(b, "Failed look-ups of its name");
		page_number(b, s->dns_failures);
		if (p->t->dns_said.l) {
			buffer_str(b, ", at last <bdi>");
			page_bytes(b, p->t->dns_said);
			buffer_str(b, "</bdi>");
		}
		page_trunk_end_item(b);
	}
	if (p->t->dns_note.l) {
		page_trunk_begin_item(b, "Its addresses were found in spite of");
		buffer_str(b, "<bdi>");
		page_bytes(b, p->t->dns_note);
		buffer_str(b, "</bdi>");
		page_trunk_end_item(b);
	}
	page_trunk_begin_item(b, "Its own last ping to us");
	if (s->inbound_options_unix_ns) {
		page_age(b, s->inbound_options_unix_ns, p->now_ns);
		buffer_str(b, " ago");
	} else {
		buffer_str(b, "none yet");
	}
	if (s->inbound_missing > 0)
		buffer_str(b, "; more were expected: see expect_inbound");
	page_trunk_end_item(b);
	buffer_str(b, "</dl>\n");
}

/* The same share as alert and dashboard have it, since the start: "0.5 % (3 of 600)". */
static void page_trunk_put_loss(struct buffer *b, const struct probe_loss *loss)
{
	char share[24];

	page_trunk_begin_item(b, "Packets lost");
	if (loss->requests) {
		(void)snprintf(share, sizeof(share), "%.1f %% (",
			       100.0 * loss->lost / loss->requests);
		buffer_str(b, share);
		page_number(b, loss->lost);
		buffer_str(b, " of ");
		page_number(b, loss->requests);
		buffer_str(b, ")");
	} else {
		buffer_str(b, "not known yet");
	}
	page_trunk_end_item(b);
}

static void page_trunk_put_numbers(struct buffer *b, const struct status_target *t,
				   int64_t now_ns)
{
	page_trunk_begin_item(b, "Last probe");
	if (t->last_unix_ns) {
		page_outcome(b, t->last, t->said);
		buffer_str(b, ", ");
		page_age(b, t->last_unix_ns, now_ns);
		buffer_str(b, " ago");
	} else {
		buffer_str(b, "none yet");
	}
	page_trunk_end_item(b);
	for (int i = 0; i < PROBE_PHASES; i++) {
		if (t->stats.phase_ns[i] < 0)
			continue;
		page_trunk_begin_item(b, probe_phase_name((enum probe_phase)i));
		page_duration(b, t->stats.phase_ns[i]);
		page_trunk_end_item(b);
	}
	if (t->stats.priority || t->stats.weight) {
		page_trunk_begin_item(b, "SRV priority, weight");
		page_number(b, t->stats.priority);
		buffer_str(b, ", ");
		page_number(b, t->stats.weight);
		page_trunk_end_item(b);
	}
	page_trunk_begin_item(b, "Probes");
	page_number(b, t->stats.probes);
	page_trunk_end_item(b);
	page_trunk_begin_item(b, "Retransmissions");
	page_number(b, t->stats.retransmissions);
	page_trunk_end_item(b);
	page_trunk_begin_item(b, "Late answers");
	page_number(b, t->stats.late);
	page_trunk_end_item(b);
	if (t->stats.udp)
		page_trunk_put_loss(b, &t->stats.loss);
}

/* What is not shown for want of memory, and which setting would change that. */
static void page_trunk_put_lack(struct buffer *b, const struct status_trunk *t,
				const char *what)
{
	buffer_str(b, "<p class=\"lack\">There was no memory for ");
	buffer_str(b, what);
	buffer_str(b, ": <code>status.memory_mib</code>, now ");
	page_number(b, t->memory_mib);
	buffer_str(b, ", is shared by all trunks.</p>\n");
}

static void page_trunk_put_recent(struct buffer *b, const struct status_target *t)
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

/* Advice for whoever was woken by it. */
static void page_trunk_put_next(struct buffer *b, const struct probe_result *r)
{
	const char *advice = probe_explain_next(r);

	if (!*advice)
		return;
	buffer_str(b, "<p class=\"next\"><b>Next:</b> ");
	page_str(b, advice);
	buffer_str(b, "</p>\n");
}

/* What it answers works, and may yet end in a ban. */
static void page_trunk_put_caution(struct buffer *b, const struct status_target *t)
{
	struct probe_result r = probe_result_none();

	r.outcome = PROBE_RESPONSE;
	r.code = t->last.code;
	if (t->last_unix_ns && t->last.verdict == PROBE_UP && r.code == 401)
		page_trunk_put_next(b, &r);
}

static void page_trunk_put_segment(struct buffer *b, const struct trunk_page *p)
{
	struct buffer text = {0};

	/* As a label's value, from which a segment is made. */
	labels_add(&text, "a", p->name);
	page_segment(b, labels_find((struct slice){text.data, text.len}, "a"));
	buffer_clear(&text);
}

static void page_trunk_put_ladder(struct buffer *b, const struct trunk_page *p,
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
	page_trunk_put_segment(&url, p);
	buffer_str(&url, "/ladders/");
	buffer_str(&url, kept == t->success ? success : v.id);
	page_ladder(b,
		    &(struct page_ladder){.now_ns = p->now_ns,
					  .part = part,
					  .url = {url.data, url.len}},
		    &v.record);
	buffer_clear(&url);
}

static void page_trunk_put_ladders(struct buffer *b, const struct trunk_page *p,
				   const struct status_target *t, size_t index)
{
	for (int i = 0; i < HISTORY_FAILURES && t->failures[i]; i++) {
		if (!i)
			buffer_str(b, "<h3>Last failures</h3>\n");
		if (!i && t->last.verdict != PROBE_UP)
			page_trunk_put_next(b, &t->failures[i]->result);
		page_trunk_put_ladder(b, p, t, index, t->failures[i]);
	}
	if (t->lacks_failures)
		page_trunk_put_lack(b, p->t, "all of its last failures");
	if (!t->success)
		return;
	buffer_str(b, "<h3>A success, to compare</h3>\n");
	page_trunk_put_ladder(b, p, t, index, t->success);
}

static void page_trunk_put_target(struct buffer *b, const struct trunk_page *p, size_t i)
{
	static const char *const verdicts[] = {"up", "degraded", "down", "down"};
	const struct status_target *t = &p->t->targets[i];

	buffer_str(b, "<section class=\"target\"><h2>");
	page_label(b, labels_find(t->labels, "address"));
	buffer_str(b, " <span class=\"label\">");
	page_label(b, labels_find(t->labels, "transport"));
	buffer_str(b, "</span> <span class=\"label\">");
	page_label(b, labels_find(t->labels, "method"));
	buffer_str(b, "</span> ");
	page_badge(b, t->last_unix_ns ? verdicts[t->last.verdict & 3] : "unknown");
	buffer_str(b, "</h2>\n");
	page_trunk_put_recent(b, t);
	if (t->lacks_probes)
		page_trunk_put_lack(b, p->t, "its last probes");
	buffer_str(b, "<dl class=\"facts\">\n");
	page_trunk_put_numbers(b, t, p->now_ns);
	buffer_str(b, "</dl>\n");
	if (t->chain)
		page_chain(b, t->chain, i, p->now_ns);
	page_trunk_put_caution(b, t);
	page_trunk_put_ladders(b, p, t, i);
	buffer_str(b, "</section>\n");
}

/* The next pair of settings; returns where the one after it begins. */
static size_t page_trunk_next_setting(const struct buffer *pairs, size_t at,
				      const char **key, const char **value)
{
	*key = pairs->data + at;
	*value = *key + strlen(*key) + 1;
	return (size_t)(*value - pairs->data) + strlen(*value) + 1;
}

static void page_trunk_put_unset(struct buffer *b, const struct buffer *pairs)
{
	const char *key, *value, *comma = "";

	page_trunk_begin_item(b, "Not set");
	for (size_t at = 0; at < pairs->len;) {
		at = page_trunk_next_setting(pairs, at, &key, &value);
		if (*value)
			continue;
		buffer_str(b, comma);
		page_str(b, key);
		comma = ", ";
	}
	page_trunk_end_item(b);
}

static void page_trunk_put_settings(struct buffer *b, const struct trunk_page *p)
{
	const struct buffer *pairs = &p->t->settings;
	const char *key, *value;

	buffer_str(b, "<section><details id=\"settings\"><summary>Settings in force"
		      "</summary>\n<dl class=\"facts settings\">\n");
	for (size_t at = 0; at < pairs->len;) {
		at = page_trunk_next_setting(pairs, at, &key, &value);
		if (!*value)
			continue;
		page_trunk_begin_item(b, key);
		page_str(b, value);
		page_trunk_end_item(b);
	}
	page_trunk_put_unset(b, pairs);
	buffer_str(b, "</dl></details></section>\n");
}

static void page_trunk_put_state(struct buffer *b, const struct trunk_page *p)
{
	const char *reason;

	if (!p->t)
		return;
	page_badge(b, p->t->stats.paused
			      ? "paused"
			      : health_state_name((enum health_state)p->t->stats.state));
	buffer_str(b, " for ");
	page_age(b, p->t->since_unix_ns, p->now_ns);
	buffer_str(b, ", since ");
	page_time(b, p->t->since_unix_ns);
	reason = stats_state_reason(p->t->stats.state, p->t->stats.inbound_missing);
	if (reason) {
		buffer_str(b, ": ");
		buffer_str(b, reason);
	}
	if (p->t->stats.state == HEALTH_UNKNOWN && !p->t->stats.paused)
		buffer_str(b,
			   "; it is called down after as many failures in a row as its "
			   "setting fall says");
	page_notes(b, &(struct page_notes){.problems = problems_of(&p->t->facts),
					   .addresses = p->t->stats.addresses,
					   .addresses_up = p->t->stats.addresses_up,
					   .requests = p->t->facts.requests,
					   .lost = p->t->facts.lost,
					   .paused = p->t->stats.paused});
}

static void page_trunk_put_no_address(struct buffer *b, const struct status_trunk *t)
{
	const struct probe_result unresolved = {.outcome = PROBE_DNS,
						.dns_hint = t->dns_hint};

	buffer_str(b, "<p>It has no address yet: its name does not resolve.</p>\n");
	page_trunk_put_next(b, &unresolved);
}

static void page_trunk_put_pause(struct buffer *b, const struct trunk_page *p)
{
	int64_t until_ns = p->t->stats.paused_until_s * CLOCK_NS_PER_S;

	buffer_str(b, "<p>It is paused by its settings: it is not probed");
	if (until_ns) {
		buffer_str(b, " until ");
		page_time(b, until_ns);
		buffer_str(b, ", for ");
		page_left(b, until_ns, p->now_ns);
		buffer_str(b, " more");
	}
	buffer_str(b, ".</p>\n");
}

static void page_trunk_put_main(struct buffer *b, const struct trunk_page *p)
{
	if (!p->t) {
		buffer_str(b, "<p>There is no trunk of this name. It may have left the "
			      "configuration.</p>\n");
		return;
	}
	page_trunk_put_facts(b, p);
	if (p->t->stats.paused)
		page_trunk_put_pause(b, p);
	else if (!p->t->target_count)
		page_trunk_put_no_address(b, p->t);
	for (size_t i = 0; i < p->t->target_count; i++)
		page_trunk_put_target(b, p, i);
	page_trunk_put_settings(b, p);
}

static void page_trunk_put_api(struct buffer *b, const struct trunk_page *p)
{
	buffer_str(b, "../api/v1/trunks/");
	page_trunk_put_segment(b, p);
}

/* A form, so that it works without scripts; trunk.js shows the result in its place. */
static void page_trunk_put_probe(struct buffer *b, const struct trunk_page *p)
{
	if (!p->t)
		return;
	buffer_str(b, "<form id=\"probe\" method=\"post\" action=\"");
	page_trunk_put_segment(b, p);
	buffer_str(b, "/probe\"><button>Probe now</button> <span id=\"probing\" "
		      "role=\"status\"></span></form>\n");
}

static void page_trunk_fill_h(struct buffer *b, struct slice word, void *arg)
{
	static const struct {
		const char *word;
		void (*put)(struct buffer *b, const struct trunk_page *p);
	} words[] = {
		{"name", page_trunk_put_name},	     {"state", page_trunk_put_state},
		{"main", page_trunk_put_main},	     {"api", page_trunk_put_api},
		{"version", page_trunk_put_version}, {"probe", page_trunk_put_probe},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i].word) == word.l &&
		    !memcmp(words[i].word, word.p, word.l))
			words[i].put(b, arg);
}

int pages_trunk(struct buffer *b, const struct http_query *q, const char *name)
{
	struct trunk_page p = {.q = q, .name = name, .now_ns = clock_wall_ns()};
	struct status_trunk *t = NULL;
	int err = status_trunk_take(&t, q->site->store, name);

	if (err && err != ENOENT)
		return err;
	p.t = t;
	page_template(b, "trunk.html", "../", page_trunk_fill_h, &p);
	status_trunk_free(t);
	return err;
}
