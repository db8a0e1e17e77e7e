/* Traces of single probes: counters, ends, the last phrase or failure, history. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "exporter/store/store_rows.h"
#include "sipprobe/trace.h"

static const double lag_bounds_s[STATS_LAG_BUCKETS] = {
	0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5,
};

const double *store_lag_bounds(void)
{
	return lag_bounds_s;
}

static void store_probe_lag_note(struct store *s, int64_t now_ns, int64_t lag_ns)
{
	int64_t second = now_ns / CLOCK_NS_PER_S;
	struct store_lag *slot = &s->lag[second % STORE_LAG_SLOTS];
	size_t i = 0;

	while (i < STATS_LAG_BUCKETS && lag_ns > s->lag_buckets.bound_ns[i])
		i++;
	s->exporter.lags[i]++;
	s->exporter.lag_sum_ns += lag_ns;
	if (slot->second != second)
		*slot = (struct store_lag){second, 0};
	if (lag_ns > slot->lag_ns)
		slot->lag_ns = lag_ns;
}

int64_t store_lag_ns(const struct store *s, int64_t now_ns)
{
	int64_t second = now_ns / CLOCK_NS_PER_S;
	int64_t max_ns = 0;
	size_t i;

	for (i = 0; i < STORE_LAG_SLOTS; i++) {
		if (second - s->lag[i].second < STORE_LAG_SLOTS &&
		    s->lag[i].lag_ns > max_ns)
			max_ns = s->lag[i].lag_ns;
	}
	return max_ns;
}

void store_probe_begin(struct store *s, struct store_target *cell, int64_t lag_ns)
{
	int64_t now_ns = clock_monotonic_ns();

	if (!cell)
		return;
	store_write_lock(s);
	cell->stats.probes++;
	store_probe_lag_note(s, now_ns, lag_ns);
	store_write_unlock(s);
}

/* What one probe may add: a failure and its code. */
enum { ADDED_AT_ONCE = 2 };

static struct stats_ending *store_probe_ending_list(struct store_target *cell)
{
	return cell->ending_cap ? cell->endings.list : cell->endings.own;
}

/* Room for another probe, made ahead of need: it may come where there is no memory. */
static void store_probe_ending_room(struct store_target *cell)
{
	uint16_t cap = cell->ending_cap ? cell->ending_cap : STORE_ENDINGS;
	struct stats_ending *old = cell->ending_cap ? cell->endings.list : NULL;
	struct stats_ending *list;

	if (cell->ending_count + ADDED_AT_ONCE <= cap)
		return;
	cap *= 2;
	list = realloc(old, cap * sizeof(*list));
	if (!list)
		return;
	if (!old)
		memcpy(list, cell->endings.own, sizeof(cell->endings.own));
	cell->endings.list = list;
	cell->ending_cap = cap;
}

/* NULL where there was no memory for room. */
static struct stats_ending *store_probe_ending_insert(struct store_target *cell,
						      size_t at, uint16_t how)
{
	struct stats_ending *list = store_probe_ending_list(cell);

	if (cell->ending_count == (cell->ending_cap ? cell->ending_cap : STORE_ENDINGS))
		return NULL;
	memmove(list + at + 1, list + at, (cell->ending_count - at) * sizeof(*list));
	list[at] = (struct stats_ending){how, 0};
	cell->ending_count++;
	return &list[at];
}

static void store_probe_ending_add(struct store_target *cell, uint16_t how)
{
	struct stats_ending *list = store_probe_ending_list(cell), *e;
	size_t i = 0;

	while (i < cell->ending_count && list[i].how < how)
		i++;
	e = i < cell->ending_count && list[i].how == how
		    ? &list[i]
		    : store_probe_ending_insert(cell, i, how);
	if (e)
		e->count++;
}

static void store_probe_ending_count(struct store_target *cell,
				     const struct probe_result *r)
{
	if (!cell->stats.success && (unsigned)r->outcome < PROBE_OUTCOMES)
		store_probe_ending_add(cell, (uint16_t)r->outcome);
	/* Only the 600 status codes that exist have a counter, whatever a peer sends. */
	if (r->code >= STATS_CODES_FROM && r->code <= STATS_CODES_TO)
		store_probe_ending_add(cell, (uint16_t)r->code);
	store_probe_ending_room(cell);
}

/* Another length of the way back is another way. */
static void store_probe_way_back(struct stats_target *stats, uint8_t ttl)
{
	int8_t hops = (int8_t)trace_reply_hops(ttl);

	stats->reply_hops_changes += stats->reply_hops >= 0 && stats->reply_hops != hops;
	stats->reply_hops = hops;
}

static void store_probe_tls(struct stats_tls *stats, const struct probe_result *result)
{
	if (result->cert_not_after_s > 0)
		stats->cert_not_after_s = result->cert_not_after_s;
	if (result->verified_not_after_s > 0)
		stats->verified_not_after_s = result->verified_not_after_s;
	if (result->outcome == PROBE_TLS && result->tls_cause < TLS_FAILURES)
		stats->failures[result->tls_cause]++;
	stats->resumed += result->tls_resumed;
}

static void store_probe_result_count(const struct store *s, struct store_target *cell,
				     const struct probe_result *result)
{
	struct stats_target *stats = &cell->stats;
	bool answered = result->outcome == PROBE_RESPONSE;

	stats->success = answered && result->verdict != PROBE_DOWN;
	if (stats->success)
		stats->last_success_unix_ns = result->begun_unix_ns;
	if (answered)
		store_observe(s, cell, result);
	stats->retry_after_s = result->retry_after_s;
	if (result->reply_ttl)
		store_probe_way_back(stats, result->reply_ttl);
	if (store_tls_of(cell))
		store_probe_tls(&store_tls_of(cell)->stats, result);
	stats->retransmissions += result->retransmissions;
	for (int i = 0; i < PROBE_PHASES; i++)
		stats->phases[i] = stats_phase(result->phase_ns[i]);
	stats->priority = result->priority;
	stats->weight = result->weight;
	if (result->registered_until_s >= 0 && cell->more)
		cell->more->registered_until_s = result->registered_until_s;
	store_probe_ending_count(cell, result);
}

/* The phrase or failure that a person would want to read. */
static const char *store_probe_words_of(const struct probe_result *r)
{
	const char *text = r->phrase[0] ? r->phrase : r->detail;

	if (!text[0] && r->outcome != PROBE_RESPONSE && r->err &&
	    r->outcome != PROBE_TIMEOUT)
		text = strerror(r->err);
	return text;
}

/* What a failure will be compared with. */
static void store_probe_keep_success(struct store_target *cell,
				     const struct probe_result *r)
{
	int64_t latency_ns = r->phase_ns[PROBE_PHASE_ANSWER];

	cell->success_code = (uint16_t)r->code;
	cell->success_latency_us = latency_ns > 0 ? (uint32_t)(latency_ns / 1000) : 0;
	cell->success_reply_hops = cell->stats.reply_hops;
}

static void store_probe_remember(struct store *s, struct store_target *cell,
				 const struct probe_result *r)
{
	int64_t gap_ns = cell->last_unix_ns ? r->begun_unix_ns - cell->last_unix_ns : 0;

	cell->last = history_pack(r, gap_ns);
	cell->last_unix_ns = r->begun_unix_ns;
	history_add(&s->history, cell->track, cell->last);
	if (cell->stats.success)
		store_probe_keep_success(cell, r);
	store_target_say(cell, store_probe_words_of(r));
	store_touch(s, cell->row);
}

void store_probe_done(struct store *s, struct store_target *cell,
		      const struct probe_result *result)
{
	if (!cell)
		return;
	store_write_lock(s);
	store_probe_result_count(s, cell, result);
	store_call_count(cell, &result->call);
	store_probe_remember(s, cell, result);
	store_write_unlock(s);
}

bool store_ladder_wanted(const struct store *s, const struct store_target *cell,
			 const struct probe_result *result)
{
	return cell && history_wants(&s->history, cell->track, result);
}

void store_ladder(struct store *s, struct store_target *cell,
		  const struct probe_result *result, const struct ladder *ladder)
{
	struct history_ladder *copy = history_ladder_copy(result, ladder);

	if (!copy)
		return;
	/* Of a call from before a reload that forbade it. */
	if (!s->keeps_audio && history_ladder_has_audio(copy)) {
		history_ladder_unref(copy);
		return;
	}
	store_write_lock(s);
	history_keep(&s->history, &cell->track, copy);
	store_write_unlock(s);
}

void store_probe_late(struct store *s, struct store_target *cell)
{
	int64_t now_unix_ns = clock_wall_ns();

	if (!cell)
		return;
	store_write_lock(s);
	cell->stats.late++;
	history_late(cell->track, now_unix_ns);
	store_write_unlock(s);
}

/* Before the first loss each probe was one request. With the lock held. */
static void store_probe_begin_window(struct store_target *cell, int64_t now_s,
				     uint32_t requests)
{
	const struct config_settings *set = cell->row->conf->settings;
	int64_t most = set && set->interval_us
			       ? LOSS_WINDOW_STEPS * LOSS_WINDOW_STEP_S *
					 INT64_C(1000000) / set->interval_us
			       : 0;

	cell->window = calloc(1, sizeof(*cell->window));
	if (cell->window)
		loss_window_begin(cell->window, now_s,
				  requests < most ? requests : (uint32_t)most);
}

void store_probe_settled(struct store *s, struct store_target *cell,
			 const struct probe_loss *loss)
{
	int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;
	struct stats_loss *sum;

	if (!cell)
		return;
	sum = &cell->stats.loss;
	store_write_lock(s);
	sum->requests += loss->requests;
	sum->answers += loss->answers;
	sum->lost += loss->lost;
	if (store_ways_of(cell)) {
		cell->more->ways.there += loss->lost_there;
		cell->more->ways.back += loss->lost_back;
	}
	if (loss->lost && !cell->window)
		store_probe_begin_window(cell, now_s, sum->requests - loss->requests);
	if (cell->window)
		loss_window_add(cell->window, now_s, loss);
	store_write_unlock(s);
}

void store_probe_misdirected(struct store *s, struct store_target *cell,
			     enum probe_misdirected how)
{
	if (!cell || !how || (unsigned)how >= PROBE_MISDIRECTEDS)
		return;
	store_write_lock(s);
	cell->stats.misdirected[how - 1]++;
	store_write_unlock(s);
}

void store_seen_as(struct store *s, struct store_target *cell,
		   const struct mirror_view *view)
{
	const char *text = cell ? store_words_keep(&s->words, view->address) : NULL, *old;

	if (!text)
		return;
	store_write_lock(s);
	old = cell->seen_as;
	cell->stats.nat = view->nat;
	/* The same in other words is no change. */
	if (!old || strcmp(old, text) != 0) {
		cell->stats.seen_as_changes += old != NULL;
		cell->stats.seen_as_unix_ns = clock_wall_ns();
	}
	cell->seen_as = text;
	store_touch(s, cell->row);
	store_write_unlock(s);
	store_words_drop(&s->words, old);
}

bool store_mirrored(struct store *s, struct store_target *cell, unsigned signs)
{
	bool changed;

	if (!cell)
		return false;
	store_write_lock(s);
	changed = cell->stats.alg_signs != signs;
	cell->stats.alg_signs = (uint8_t)signs;
	cell->stats.alg_known = true;
	store_touch(s, cell->row);
	store_write_unlock(s);
	return changed;
}
