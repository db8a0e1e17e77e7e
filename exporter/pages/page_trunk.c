/* The page of one trunk: its state, its facts, each of its checks, its settings. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "exporter/pages/page_loss.h"
#include "exporter/pages/page_notes.h"
#include "exporter/pages/page_text.h"
#include "exporter/pages/page_trace.h"
#include "exporter/pages/page_trunk.h"
#include "exporter/pages/page_why.h"
#include "exporter/pages/pages.h"
#include "exporter/store/labels.h"
#include "exporter/store/status.h"
#include "sipprobe/health.h"

void page_trunk_segment(struct buffer *b, const struct page_trunk *p)
{
	struct buffer text = {0};

	/* As a label's value, from which a segment is made. */
	labels_add(&text, "a", p->name);
	page_segment(b, labels_find((struct slice){text.data, text.len}, "a"));
	buffer_clear(&text);
}

static void page_trunk_put_name(struct buffer *b, const struct page_trunk *p)
{
	page_str(b, p->name);
}

static void page_trunk_put_version(struct buffer *b, const struct page_trunk *p)
{
	page_str(b, p->q->site->version);
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

	page_item_begin(b, "Not set");
	for (size_t at = 0; at < pairs->len;) {
		at = page_trunk_next_setting(pairs, at, &key, &value);
		if (*value)
			continue;
		buffer_str(b, comma);
		page_str(b, key);
		comma = ", ";
	}
	page_item_end(b);
}

static void page_trunk_put_settings(struct buffer *b, const struct page_trunk *p)
{
	const struct buffer *pairs = &p->t->settings;
	const char *key, *value;

	buffer_str(b, "<section><details id=\"settings\"><summary>Settings in force"
		      "</summary>\n<dl class=\"facts settings\">\n");
	for (size_t at = 0; at < pairs->len;) {
		at = page_trunk_next_setting(pairs, at, &key, &value);
		if (!*value)
			continue;
		page_item_begin(b, key);
		page_str(b, value);
		page_item_end(b);
	}
	page_trunk_put_unset(b, pairs);
	buffer_str(b, "</dl></details></section>\n");
}

static void page_trunk_put_state(struct buffer *b, const struct page_trunk *p)
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
	page_next(b, &unresolved);
}

static void page_trunk_put_why(struct buffer *b, const struct status_trunk *t)
{
	struct buffer line = {0};

	page_why_line(&line, &t->outage, t->traced ? &t->traced->report : NULL);
	buffer_str(b, "<p class=\"why\"><b>Why:</b> <bdi>");
	page_bytes(b, (struct slice){line.data, line.len});
	buffer_str(b, "</bdi></p>\n");
	buffer_clear(&line);
}

static void page_trunk_put_pause(struct buffer *b, const struct page_trunk *p)
{
	int64_t until_s = p->t->stats.paused_until_s;

	buffer_str(b, "<p>It is paused by its settings: it is not probed");
	if (until_s) {
		buffer_str(b, " until ");
		page_time_s(b, until_s);
		buffer_str(b, ", for ");
		page_left(b, until_s, p->now_ns);
		buffer_str(b, " more");
	}
	buffer_str(b, ".</p>\n");
}

static void page_trunk_put_main(struct buffer *b, const struct page_trunk *p)
{
	if (!p->t) {
		buffer_str(b, "<p>There is no trunk of this name. It may have left the "
			      "configuration.</p>\n");
		return;
	}
	if (p->t->down)
		page_trunk_put_why(b, p->t);
	page_facts(b, p);
	page_loss_way(b, &p->t->facts);
	if (p->t->stats.paused)
		page_trunk_put_pause(b, p);
	else if (!p->t->target_count)
		page_trunk_put_no_address(b, p->t);
	if (p->t->traced)
		page_traced(b, p->t->traced, p->now_ns);
	for (size_t i = 0; i < p->t->target_count; i++)
		page_target(b, p, i);
	page_trunk_put_settings(b, p);
}

static void page_trunk_put_api(struct buffer *b, const struct page_trunk *p)
{
	buffer_str(b, "../api/v1/trunks/");
	page_trunk_segment(b, p);
}

/* A form, so that it works without scripts; trunk.js shows the result in its place. */
static void page_trunk_put_probe(struct buffer *b, const struct page_trunk *p)
{
	if (!p->t)
		return;
	buffer_str(b, "<form id=\"probe\" method=\"post\" action=\"");
	page_trunk_segment(b, p);
	buffer_str(b, "/probe\"><button>Probe now</button> <button formaction=\"");
	page_trunk_segment(b, p);
	buffer_str(b, "/trace\">Trace the way</button> <span id=\"probing\" "
		      "role=\"status\"></span></form>\n");
}

static void page_trunk_fill_h(struct buffer *b, struct slice word, void *arg)
{
	static const struct {
		const char *word;
		void (*put)(struct buffer *b, const struct page_trunk *p);
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
	struct page_trunk p = {.q = q, .name = name, .now_ns = clock_wall_ns()};
	struct status_trunk *t = NULL;
	int err = status_trunk_take(&t, q->site->store, name);

	if (err && err != ENOENT)
		return err;
	p.t = t;
	page_template(b, "trunk.html", "../", page_trunk_fill_h, &p);
	status_trunk_free(t);
	return err;
}
