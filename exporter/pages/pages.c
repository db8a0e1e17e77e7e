/* The page of all trunks. list.js writes the same rows: test_page.Rows compares them. */
#include "exporter/pages/pages.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "exporter/pages/api.h"
#include "exporter/pages/page_notes.h"
#include "exporter/pages/page_text.h"
#include "exporter/store/changes.h"
#include "exporter/store/labels.h"
#include "sipprobe/health.h"

struct list_page {
	const struct http_query *q;
	const struct status_list *list;
	int64_t now_ns;
	size_t matching;
	unsigned states; /* asked for, 0: any */
};

enum { URGENCY_WELL = 4, URGENCY_PAUSED };

/* Trunks that do not work come first, then those that are up and not well. */
static int pages_urgency(const struct status_row *row)
{
	static const int order[HEALTH_STATES] = {
		[HEALTH_DOWN] = 0,
		[HEALTH_DEGRADED] = 1,
		[HEALTH_UNKNOWN] = 2,
		[HEALTH_UP] = URGENCY_WELL,
	};

	if (row->paused)
		return URGENCY_PAUSED;
	if (row->state == HEALTH_UP && row->problems)
		return URGENCY_WELL - 1;
	return row->state < HEALTH_STATES ? order[row->state] : 0;
}

static int pages_by_urgency(const void *a, const void *b)
{
	const struct status_row *x = a, *y = b;
	int diff = pages_urgency(x) - pages_urgency(y);

	/* Of what is wrong, what changed last. */
	if (diff || pages_urgency(x) >= URGENCY_WELL)
		return diff ? diff : status_name_compare(x->name, y->name);
	diff = (x->since_unix_ns < y->since_unix_ns) -
	       (x->since_unix_ns > y->since_unix_ns);
	return diff ? diff : status_name_compare(x->name, y->name);
}

static void pages_labels(struct buffer *b, struct slice labels)
{
	struct slice name, value;
	size_t pos = 0;

	(void)labels_next(labels, &pos, &name, &value);
	while (labels_next(labels, &pos, &name, &value)) {
		buffer_str(b, " <span class=\"label\" title=\"");
		page_bytes(b, name);
		buffer_str(b, "\">");
		page_label(b, value);
		buffer_str(b, "</span>");
	}
}

static void pages_latency(struct buffer *b, const struct status_row *row)
{
	page_spark(b, row->probes, row->probe_count, 96, 24);
	buffer_str(b, row->probe_count ? " " : "");
	buffer_str(b, "<span class=\"ms\">");
	if (row->last_unix_ns && row->last.latency_us != HISTORY_NO_LATENCY)
		page_duration(b, row->last.latency_us * 1000LL);
	else
		buffer_str(b, "–");
	buffer_str(b, "</span>");
}

/* Why the trunk is in its state, when that is not what its last probe says. */
static void pages_reason(struct buffer *b, const struct status_row *row)
{
	const char *reason = stats_state_reason(row->state, row->inbound_missing);

	if (!reason)
		return;
	buffer_str(b, " <span class=\"said\">");
	buffer_str(b, reason);
	buffer_str(b, "</span>");
}

/* Why there is no last answer. */
static void pages_unprobed(struct buffer *b, const struct status_row *row)
{
	time_t until_s = (time_t)row->paused_until_s;
	char text[48] = "not probed yet";
	struct tm tm;

	if (row->paused)
		text[strlen("not probed")] = '\0';
	if (row->paused && until_s && gmtime_r(&until_s, &tm))
		strftime(text, sizeof(text), "not probed until %Y-%m-%d %H:%M UTC", &tm);
	buffer_str(b, "<span class=\"none\">");
	buffer_str(b, text);
	buffer_str(b, "</span>");
}

static void pages_row(struct buffer *b, const struct status_row *row, int64_t now_ns)
{
	buffer_str(b, "<tr role=\"row\"><td role=\"cell\" class=\"c-state\">");
	page_badge(b, row->paused ? "paused"
				  : health_state_name((enum health_state)row->state));
	buffer_str(b, "</td><th scope=\"row\" role=\"rowheader\" class=\"c-name\">"
		      "<a href=\"trunks/");
	page_segment(b, row->name);
	buffer_str(b, "\">");
	page_label(b, row->name);
	buffer_str(b, "</a>");
	pages_labels(b, row->labels);
	buffer_str(b, "</th><td role=\"cell\" class=\"c-since\">");
	page_age(b, row->since_unix_ns, now_ns);
	buffer_str(b, "</td><td role=\"cell\" class=\"c-last\">");
	if (row->last_unix_ns)
		page_outcome(b, row->last, row->said);
	else
		pages_unprobed(b, row);
	pages_reason(b, row);
	page_notes(b, &(struct page_notes){.problems = row->problems,
					   .addresses = row->addresses,
					   .addresses_up = row->addresses_up,
					   .requests = row->requests,
					   .lost = row->lost,
					   .paused = row->paused});
	buffer_str(b, "</td><td role=\"cell\" class=\"c-latency\">");
	pages_latency(b, row);
	buffer_str(b, "</td><td role=\"cell\" class=\"c-cert\">");
	page_expiry(b, row->cert_not_after_s, now_ns);
	buffer_str(b, "</td></tr>\n");
}

static void pages_rows(struct buffer *b, const struct list_page *p)
{
	size_t shown = p->matching < PAGES_ROWS ? p->matching : PAGES_ROWS;

	for (size_t i = 0; i < shown; i++)
		pages_row(b, &p->list->rows[i], p->now_ns);
}

static void pages_state_link(struct buffer *b, const struct list_page *p,
			     const char *state, size_t count, bool current)
{
	buffer_str(b, "<a class=\"chip");
	if (p && *state) {
		buffer_str(b, " ");
		buffer_str(b, state);
	}
	buffer_str(b, "\" href=\"?state=");
	buffer_str(b, state);
	buffer_str(b, "\" data-state=\"");
	buffer_str(b, state);
	buffer_str(b, current ? "\" aria-current=\"true\">" : "\">");
	buffer_str(b, *state ? state : "all");
	buffer_str(b, " <span class=\"count\">");
	page_number(b, (int64_t)count);
	buffer_str(b, "</span></a>\n");
}

static void pages_states(struct buffer *b, const struct list_page *p)
{
	static const enum health_state order[] = {HEALTH_DOWN, HEALTH_DEGRADED,
						  HEALTH_UNKNOWN, HEALTH_UP};
	size_t all = 0;

	for (int i = 0; i < HEALTH_STATES; i++)
		all += p->list->states[i];
	pages_state_link(b, p, "", all, !p->states);
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		size_t paused = order[i] == HEALTH_UNKNOWN ? p->list->paused : 0;

		pages_state_link(b, p, health_state_name(order[i]),
				 p->list->states[order[i]] - paused,
				 p->states == 1U << order[i]);
	}
	pages_state_link(b, p, "paused", p->list->paused, p->states == STATUS_PAUSED);
}

static void pages_search(struct buffer *b, const struct list_page *p)
{
	const char *words = http_query_arg(p->q, "q");

	page_str(b, words ? words : "");
}

static void pages_more(struct buffer *b, const struct list_page *p)
{
	page_number(b, (int64_t)p->matching);
	buffer_str(b, p->matching == 1 ? " trunk" : " trunks");
	if (p->matching > PAGES_ROWS)
		buffer_str(b,
			   ", the first 200 of them here: search, or switch on scripts "
			   "to see all");
}

static void pages_metrics(struct buffer *b, const struct list_page *p)
{
	const char *path = p->q->site->telemetry_path;

	page_str(b, path + (path[0] == '/'));
}

static void pages_version(struct buffer *b, const struct list_page *p)
{
	page_str(b, p->q->site->version);
}

/* "Last reload 2026-11-22 08:52:11 UTC: added isp-b; changed a, b and 3 more" */
static void pages_reload(struct buffer *b, const struct list_page *p)
{
	const char *before = ": ";
	struct changes c;

	if (changes_take(&c, p->q->site->store))
		return;
	if (c.at_unix_ns) {
		buffer_str(b, "Last reload ");
		page_time(b, c.at_unix_ns);
	}
	for (int i = 0; c.at_unix_ns && i < CONFIG_TURNS; i++) {
		struct buffer names = {0};

		changes_names(&names, &c, (enum config_turn)i);
		if (names.len) {
			buffer_str(b, before);
			buffer_str(b, config_turn_name((enum config_turn)i));
			buffer_str(b, " ");
			page_bytes(b, (struct slice){names.data, names.len});
			before = "; ";
		}
		buffer_clear(&names);
	}
	changes_clear(&c);
}

static void pages_fill_h(struct buffer *b, struct slice word, void *arg)
{
	static const struct {
		const char *word;
		void (*put)(struct buffer *b, const struct list_page *p);
	} words[] = {
		{"rows", pages_rows},	    {"states", pages_states},
		{"words", pages_search},    {"more", pages_more},
		{"metrics", pages_metrics}, {"version", pages_version},
		{"reload", pages_reload},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i].word) == word.l &&
		    !memcmp(words[i].word, word.p, word.l))
			words[i].put(b, arg);
}

/* Moves the rows that match to the front. Who is paused is not meant by "unknown". */
static size_t pages_filter(struct status_list *l, unsigned states, const char *words)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		const struct status_row *row = &l->rows[i];

		if ((!row->paused || !states || states & STATUS_PAUSED) &&
		    (!words || api_row_matches(row, words)))
			l->rows[kept++] = *row;
	}
	return kept;
}

int pages_list(struct buffer *b, const struct http_query *q)
{
	const char *state = http_query_arg(q, "state");
	struct status_query sq = {.recent = API_RECENT};
	struct list_page p = {.q = q, .now_ns = clock_wall_ns()};
	struct status_list *l;
	int err;

	/* A state that does not exist is as good as none: a person typed it. */
	if (state)
		(void)api_parse_states(&sq.states, state);
	err = status_list_take(&l, q->site->store, &sq);
	if (err)
		return err;
	p.list = l;
	p.states = sq.states;
	p.matching = pages_filter(l, sq.states, http_query_arg(q, "q"));
	if (p.matching)
		qsort(l->rows, p.matching, sizeof(*l->rows), pages_by_urgency);
	page_template(b, "list.html", "", pages_fill_h, &p);
	status_list_free(l);
	return 0;
}
