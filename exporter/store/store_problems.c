/* What is wrong with a row: the facts for problems_of(). */
#include "base/clock.h"
#include "exporter/store/store_rows.h"

/* By its last probes, as far as they reach back. */
static bool store_problems_is_slow(const struct store *s, const struct store_target *t,
				   int64_t now_ns)
{
	const struct history_track *k = t->track;
	int64_t age_ns = now_ns - t->last_unix_ns;
	uint32_t answers = 0, above = 0;
	uint64_t sum_us = 0;

	for (unsigned i = 0; k && i < k->count; i++) {
		struct history_probe p = history_get(&s->history, k, i);

		if (age_ns > PROBLEMS_LATENCY_WINDOW_S * CLOCK_NS_PER_S)
			break;
		age_ns += p.gap_ds * 100 * CLOCK_NS_PER_MS;
		if (p.latency_us == HISTORY_NO_LATENCY)
			continue;
		answers++;
		above += p.latency_us > PROBLEMS_LATENCY_US / 2;
		sum_us += p.latency_us;
	}
	return problems_is_slow(answers, sum_us, above);
}

static void store_problems_earlier(int64_t *at_s, int64_t other_s)
{
	if (other_s && (!*at_s || other_s < *at_s))
		*at_s = other_s;
}

struct registered {
	bool any;
	bool success;
};

static bool store_problems_is_mute(uint8_t failure)
{
	return failure == CALL_FAILURE_NO_MEDIA || failure == CALL_FAILURE_ONE_WAY ||
	       failure == CALL_FAILURE_NONCE;
}

/* Of several addresses one that works is enough. */
static void store_problems_calls(struct problems_facts *f, const struct store_trunk *row)
{
	struct store_target *t;
	bool works = false;

	SLIST_FOREACH(t, &row->targets, entry) {
		const struct stats_call *c = store_call_of(t);

		if (!c)
			continue;
		works = works || t->stats.success > 0;
		f->calls_failed += c->failed_row;
		/* An address that came later knows nothing of either. */
		if (c->not_ended_s > f->call_not_ended_s)
			f->call_not_ended_s = c->not_ended_s;
		if (c->failed_row)
			f->calls_mute = store_problems_is_mute(c->failed_last);
		if (c->poor_row > f->calls_poor)
			f->calls_poor = c->poor_row;
	}
	if (works)
		f->calls_failed = 0;
}

static void store_problems_loss(struct problems_facts *f, const struct loss_window *w)
{
	struct probe_loss sum = {0};

	if (w)
		loss_window_sum(w, f->now_s, &sum);
	f->requests += sum.requests;
	f->lost += sum.lost;
	f->lost_there += sum.lost_there;
	f->lost_back += sum.lost_back;
}

static void store_problems_target(struct problems_facts *f, struct registered *r,
				  const struct store *s, struct store_target *t,
				  int64_t now_ns)
{
	store_problems_loss(f, t->window);
	f->tried = f->tried || t->last_unix_ns;
	f->slow = f->slow || store_problems_is_slow(s, t, now_ns);
	store_problems_earlier(&f->cert_end_s, store_certificate_end_s(t));
	if (store_registered_until_s(t) > f->registered_until_s)
		f->registered_until_s = store_registered_until_s(t);
	if (t->stats.success < 0 || !t->more || !t->more->registers)
		return;
	r->any = true;
	r->success = r->success || t->stats.success;
}

/* Changes of state within the window, of the last few. */
static uint32_t store_problems_flaps(const struct store_trunk *row, int64_t now_s)
{
	const struct store_course *course = store_course_of(row);
	uint32_t count = 0;

	for (int i = 0; course && i < PROBLEMS_FLAPS; i++)
		count += course->changes_s[i] &&
			 now_s - course->changes_s[i] <= PROBLEMS_FLAP_WINDOW_S;
	return count;
}

void store_problems(struct problems_facts *f, const struct store *s,
		    const struct store_trunk *row, int64_t now_ns)
{
	const struct store_course *course = store_course_of(row);
	struct registered r = {0};
	struct store_target *t;

	*f = (struct problems_facts){
		.now_s = now_ns / CLOCK_NS_PER_S,
		.state = row->stats.state,
		.paused = row->stats.paused,
		.tried = row->stats.dns_failures,
		.addresses = row->stats.addresses,
		.addresses_up = row->stats.addresses_up,
		.since_s = store_since_unix_ns(s, row) / CLOCK_NS_PER_S,
	};
	if (course) {
		f->down_until_s = course->down_until_s;
		f->dns_failed_s = course->dns_failed_before_ns / CLOCK_NS_PER_S;
	}
	f->flaps = store_problems_flaps(row, f->now_s);
	SLIST_FOREACH(t, &row->targets, entry)
		store_problems_target(f, &r, s, t, now_ns);
	f->register_fails = r.any && !r.success;
	if (row->stats.calls)
		store_problems_calls(f, row);
	if (!store_own_file(row))
		return;
	f->own_end_s = store_texts_of(row)->own.not_after_s;
	f->own_unfit = !tls_own_usable(&store_texts_of(row)->own, f->now_s);
}
