/* Traces of calls: what each counted, and what the last one showed. */
#include <stdlib.h>

#include "base/clock.h"
#include "config/config.h"
#include "exporter/store/store_rows.h"

/* Upper bounds of delays that people wait, in seconds. */
static const double bounds_s[STATS_CALL_BUCKETS] = {0.1, 0.25, 0.5, 1,	2,  3,
						    5,	 8,    12,  20, 30, 60};

const double *store_call_bounds(void)
{
	return bounds_s;
}

static void call_last_clear(struct stats_call *c)
{
	c->first_audio_ns = -1;
	for (int i = 0; i < STATS_CALL_SOURCES; i++)
		c->round_trip_ns[i] = -1;
	for (int i = 0; i < STATS_CALL_WAYS; i++)
		c->last[i] = (struct stats_call_last){
			.jitter_ns = -1,
			.delay_ns = -1,
			.loss_ratio = -1,
			.mos = -1,
			.r_factor = -1,
			.heard = {-1, -1},
		};
}

struct stats_call *store_call_alloc(void)
{
	struct stats_call *c = calloc(1, sizeof(*c));

	if (c)
		call_last_clear(c);
	return c;
}

static void call_observe(struct stats_call_histogram *h, int64_t ns)
{
	size_t i = 0;

	if (ns < 0)
		return;
	while (i < STATS_CALL_BUCKETS && (double)ns > bounds_s[i] * 1e9)
		i++;
	h->counts[i]++;
	h->sum_ns += ns;
}

static void call_count_way(uint64_t packets[STATS_CALL_EVENTS],
			   const struct media_inbound *in)
{
	packets[STATS_CALL_RECEIVED] += in->received;
	packets[STATS_CALL_LOST] += in->lost;
	packets[STATS_CALL_DUPLICATE] += in->duplicate;
	packets[STATS_CALL_REORDERED] += in->reordered;
	packets[STATS_CALL_DISCARDED] += in->discarded;
}

/* @listened: whether a nonce was to be heard there */
static void call_keep_way(struct stats_call_last *last, const struct media_inbound *in,
			  bool listened)
{
	last->jitter_ns = in->jitter_ns;
	last->loss_ratio = in->received ? in->loss_ratio : -1;
	if (in->unscored == MEDIA_SCORED) {
		last->mos = in->mos;
		last->r_factor = in->r_factor;
	}
	if (!listened)
		return;
	last->heard[STATS_CALL_INBAND] = in->nonce_inband;
	last->heard[STATS_CALL_AS_EVENTS] = in->nonce_events;
}

/* Without an end of ours over there, the peer's own reports tell of what we sent. */
static void call_keep_reported(struct stats_call_last *last,
			       const struct media_outbound *out)
{
	if (!out->reports)
		return;
	last->jitter_ns = out->jitter_ns;
	last->loss_ratio = out->loss_ratio;
}

static void call_keep_media(struct stats_call *c, const struct call_report *r)
{
	const struct media_inbound *in = &r->media->near.in;
	bool listened = r->mode > CONFIG_CALL_ANSWER;

	c->packets[STATS_CALL_OUT][STATS_CALL_SENT] += r->media->near.out.sent;
	call_count_way(c->packets[STATS_CALL_IN], in);
	call_keep_way(&c->last[STATS_CALL_IN], in, listened);
	c->first_audio_ns = r->first_audio_ns;
	c->round_trip_ns[STATS_CALL_RTCP] = r->media->near.out.round_trip_ns;
	if (!r->has_far) {
		call_keep_reported(&c->last[STATS_CALL_OUT], &r->media->near.out);
		if (in->delay_by != MEDIA_DELAY_NONE)
			c->round_trip_ns[STATS_CALL_AUDIO] = in->delay_ns;
		return;
	}
	c->packets[STATS_CALL_IN][STATS_CALL_SENT] += r->media->far.out.sent;
	call_count_way(c->packets[STATS_CALL_OUT], &r->media->far.in);
	call_keep_way(&c->last[STATS_CALL_OUT], &r->media->far.in, listened);
	c->last[STATS_CALL_IN].delay_ns = in->delay_ns;
	c->last[STATS_CALL_OUT].delay_ns = r->media->far.in.delay_ns;
}

/* Whether something else of the trunk is answered, or nothing else is asked. */
static bool call_is_alone(const struct store_target *cell)
{
	bool any = false, works = false;
	struct store_target *t;

	SLIST_FOREACH(t, &cell->row->targets, entry) {
		if (store_call_of(t))
			continue;
		any = true;
		works = works || t->stats.success > 0;
	}
	return works || !any;
}

/* As the rules of siptrunk:problem count them. */
static void call_count_rows(struct stats_call *c, const struct store_target *cell,
			    const struct call_report *r)
{
	bool poor = false;

	for (int i = 0; i < STATS_CALL_WAYS; i++)
		poor = poor ||
		       (c->last[i].mos >= 0 && c->last[i].mos < PROBLEMS_CALL_MOS);
	/* One that was not made left what the last one showed. */
	if (r->made)
		c->poor_row = poor ? c->poor_row + 1 : 0;
	if (!r->failure)
		c->failed_row = 0;
	else if (call_is_alone(cell))
		c->failed_row++;
	c->failed_last = r->failure;
}

static void call_count(struct stats_call *c, const struct call_report *r)
{
	if (r->failure)
		c->failures[r->failure]++;
	if (!r->made)
		return;
	if (r->answered)
		c->answered++;
	else
		c->unanswered++;
	c->talk_ns += r->talk_ns;
	call_observe(&c->post_dial, r->post_dial_ns);
	call_observe(&c->answer, r->answer_ns);
	call_last_clear(c);
	if (r->has_media)
		call_keep_media(c, r);
}

void store_call_count(struct store_target *cell, const struct call_report *r)
{
	struct stats_call *c = store_call_of(cell);

	if (!c)
		return;
	call_count(c, r);
	call_count_rows(c, cell, r);
}

void store_call_refused(struct store *s, struct store_target *cell)
{
	if (!cell || !store_call_of(cell))
		return;
	store_write_lock(s);
	store_call_of(cell)->failures[CALL_FAILURE_LIMIT]++;
	store_write_unlock(s);
}

void store_calls_open(struct store *s, const char *trunk, unsigned open)
{
	struct store_trunk *row;

	store_write_lock(s);
	row = name_index_find(&s->names, trunk);
	if (row && store_bill_of(row))
		store_bill_of(row)->open =
			(uint16_t)(open < UINT16_MAX ? open : UINT16_MAX);
	if (row)
		store_touch(s, row);
	store_write_unlock(s);
}

void store_call_made(struct store *s, const char *trunk, const struct call_report *r)
{
	struct store_trunk *row;
	struct stats_bill *bill;

	store_write_lock(s);
	row = name_index_find(&s->names, trunk);
	bill = row ? store_bill_of(row) : NULL;
	if (bill) {
		bill->answered += r->answered;
		bill->unanswered += !r->answered;
		bill->talk_ns += r->talk_ns;
		store_touch(s, row);
	}
	store_write_unlock(s);
}

/* Remembered with each of the trunk's targets that make calls; few do. */
static void call_not_ended(struct store *s, struct store_trunk *row)
{
	struct store_target *t;

	SLIST_FOREACH(t, &row->targets, entry)
		if (store_call_of(t))
			store_call_of(t)->not_ended_s = clock_wall_ns() / CLOCK_NS_PER_S;
	store_touch(s, row);
}

void store_call_not_ended(struct store *s, const char *trunk)
{
	struct store_trunk *row;
	struct stats_bill *bill;

	store_write_lock(s);
	row = name_index_find(&s->names, trunk);
	bill = row ? store_bill_of(row) : NULL;
	if (bill && bill->not_ended < UINT16_MAX)
		bill->not_ended++;
	if (row)
		call_not_ended(s, row);
	store_write_unlock(s);
}

void store_media_lateness(struct store *s, const struct media_lateness *l)
{
	struct stats_exporter *e = &s->exporter;

	store_write_lock(s);
	for (size_t i = 0; i <= MEDIA_LATENESS_BOUNDS; i++)
		e->media_late[i] = l->count[i];
	e->media_late_sum_ns = (int64_t)l->sum_us * 1000;
	store_write_unlock(s);
}
