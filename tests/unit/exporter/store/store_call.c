/* What is counted of calls, and what the last one leaves to be seen. */
#include <stdlib.h>

#include "base/clock.h"
#include "config/config.h"
#include "exporter/store/problems.h"
#include "exporter/store/snapshot.h"
#include "exporter/store/store.h"
#include "tests/unit/tap.h"

#define MS CLOCK_NS_PER_MS

struct world {
	struct store *store;
	struct store_trunk *row;
	struct store_target *calls, *pings;
	struct snapshot *seen; /* of the last look, or NULL */
};

static const struct config_call call = {.mode = CONFIG_CALL_ECHO};
static const struct config_settings settings = {
	.call = &call, .methods = 1 << CONFIG_METHOD_OPTIONS | 1 << CONFIG_METHOD_INVITE};
static const struct config_trunk trunk = {
	.name = "a", .uri = "sip:192.0.2.1", .settings = &settings};

static void world_begin(struct world *w)
{
	static const double bounds[] = {0.1, 1};
	static const struct engine_target invite = {"INVITE", "192.0.2.1:5060", "udp"};
	static const struct engine_target options = {"OPTIONS", "192.0.2.1:5060", "udp"};

	*w = (struct world){0};
	if (store_alloc(&w->store, bounds, 2))
		exit(1);
	w->row = store_trunk_add(w->store, &trunk);
	w->calls = store_target_add(w->store, w->row, &invite);
	w->pings = store_target_add(w->store, w->row, &options);
}

static void world_end(struct world *w)
{
	snapshot_free(w->seen);
	store_free(w->store);
}

/* What is kept of the calls; valid until the next look. */
static const struct stats_call *look(struct world *w)
{
	snapshot_free(w->seen);
	w->seen = NULL;
	if (snapshot_take(&w->seen, w->store, 0))
		exit(1);
	for (size_t i = 0; i < w->seen->target_count; i++)
		if (w->seen->targets[i].call)
			return w->seen->targets[i].call;
	return NULL;
}

/* A call that was made, with what is not zero of it. */
static struct call_report made(enum call_failure failure)
{
	struct call_report r = call_report_none();

	r.made = true;
	r.mode = CONFIG_CALL_ECHO;
	r.failure = (uint8_t)failure;
	r.answered = !failure;
	r.ended = true;
	return r;
}

static void done(struct world *w, const struct call_report *r)
{
	struct probe_result result = probe_result_none();

	result.outcome = PROBE_RESPONSE;
	result.verdict = r->failure ? PROBE_DOWN : PROBE_UP;
	result.code = 200;
	result.call = *r;
	store_probe_done(w->store, w->calls, &result);
}

static void pinged(struct world *w, bool up)
{
	struct probe_result result = probe_result_none();

	result.outcome = up ? PROBE_RESPONSE : PROBE_TIMEOUT;
	result.verdict = up ? PROBE_UP : PROBE_DOWN;
	result.code = up ? 200 : 0;
	store_probe_done(w->store, w->pings, &result);
}

static void test_counts(void)
{
	struct call_report good = made(CALL_FAILURE_NONE);
	struct call_report busy = made(CALL_FAILURE_REJECTED);
	struct call_report limit = call_report_none();
	const struct stats_call *c;
	struct world w;

	world_begin(&w);
	good.talk_ns = 3000 * MS;
	limit.failure = CALL_FAILURE_LIMIT;
	done(&w, &good);
	done(&w, &good);
	done(&w, &busy);
	done(&w, &limit);
	c = look(&w);
	is_int(c->answered, 2, "answered");
	is_int(c->unanswered, 1, "made, and not answered");
	is_int(c->failures[CALL_FAILURE_REJECTED], 1, "rejected");
	is_int(c->failures[CALL_FAILURE_LIMIT], 1, "not made");
	is_int(c->failures[CALL_FAILURE_NONE], 0, "success is no failure");
	is_int(c->talk_ns / MS, 6000, "all together");
	store_call_refused(w.store, w.calls);
	store_call_refused(w.store, w.pings);
	is_int(look(&w)->failures[CALL_FAILURE_LIMIT], 2, "refused by a limit");
	world_end(&w);
}

/* A bucket holds its own bound. */
static void test_delays(void)
{
	static const struct {
		int64_t ns;
		int bucket; /* -1: none */
	} cases[] = {
		{-1, -1},	   {0, 0},	     {100 * MS, 0},
		{100 * MS + 1, 1}, {60000 * MS, 11}, {60000 * MS + 1, 12},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct call_report r = made(CALL_FAILURE_NONE);
		const struct stats_call *c;
		struct world w;
		int bad = 0;

		world_begin(&w);
		r.post_dial_ns = r.answer_ns = cases[i].ns;
		done(&w, &r);
		c = look(&w);
		for (int b = 0; b <= STATS_CALL_BUCKETS; b++)
			bad += c->post_dial.counts[b] != (b == cases[i].bucket) ||
			       c->answer.counts[b] != (b == cases[i].bucket);
		is_int(bad, 0, "the bucket, and no other");
		is_int(c->answer.sum_ns, cases[i].ns < 0 ? 0 : cases[i].ns, "the sum");
		world_end(&w);
	}
}

/* As a call that is answered and heard both ways leaves it. */
static const struct call_media media_heard = {
	.near = {.in = {.received = 50,
			.lost = 5,
			.duplicate = 1,
			.reordered = 2,
			.discarded = 3,
			.loss_ratio = 0.1,
			.jitter_ns = 7,
			.mos = 4.1,
			.r_factor = 90,
			.delay_ns = 80,
			.delay_by = MEDIA_DELAY_TONE,
			.nonce_inband = true},
		 .out = {.sent = 60,
			 .reports = 1,
			 .round_trip_ns = 40,
			 .loss_ratio = 0.2,
			 .jitter_ns = 9}},
	.far = {.in = {.received = 30,
		       .lost = 4,
		       .loss_ratio = 0.3,
		       .delay_ns = 21,
		       .jitter_ns = 6,
		       .unscored = MEDIA_UNSCORED_SHORT},
		.out = {.sent = 33}},
};

static struct call_report heard(void)
{
	struct call_report r = made(CALL_FAILURE_NONE);

	r.has_media = true;
	r.media = &media_heard;
	r.first_audio_ns = 11;
	return r;
}

/* Of all calls together. */
static void test_packets(void)
{
	const struct call_report r = heard();
	const struct stats_call *c;
	const uint64_t *in, *out;
	struct world w;

	world_begin(&w);
	done(&w, &r);
	done(&w, &r);
	c = look(&w);
	in = c->packets[STATS_CALL_IN];
	out = c->packets[STATS_CALL_OUT];
	is_int((long long)out[STATS_CALL_SENT], 120, "sent");
	is_int((long long)in[STATS_CALL_RECEIVED], 100, "received");
	is_int((long long)in[STATS_CALL_LOST], 10, "lost");
	is_int((long long)in[STATS_CALL_DUPLICATE], 2, "twice");
	is_int((long long)in[STATS_CALL_REORDERED], 4, "out of order");
	is_int((long long)in[STATS_CALL_DISCARDED], 6, "too late");
	world_end(&w);
}

/* Of the last call alone. */
static void test_echo(void)
{
	const struct call_report r = heard(), silent = made(CALL_FAILURE_NONE);
	const struct stats_call_last *in, *out;
	const struct stats_call *c;
	struct world w;

	world_begin(&w);
	c = look(&w);
	ok(c->first_audio_ns == -1 && c->last[0].mos < 0 && c->last[1].heard[0] == -1,
	   "before the first call nothing was measured");
	done(&w, &r);
	c = look(&w);
	in = &c->last[STATS_CALL_IN];
	out = &c->last[STATS_CALL_OUT];
	ok(c->first_audio_ns == 11 && in->jitter_ns == 7 && in->mos > 4 &&
		   in->loss_ratio > 0.09 && in->loss_ratio < 0.11 && in->r_factor > 89,
	   "what was heard");
	ok(in->heard[STATS_CALL_INBAND] == 1 && in->heard[STATS_CALL_AS_EVENTS] == 0,
	   "how the nonce came");
	ok(out->jitter_ns == 9 && out->loss_ratio > 0.19, "what the peer reports");
	ok(c->round_trip_ns[STATS_CALL_RTCP] == 40 &&
		   c->round_trip_ns[STATS_CALL_AUDIO] == 80 && in->delay_ns == -1,
	   "there and back");
	done(&w, &silent);
	c = look(&w);
	ok(c->first_audio_ns == -1 && c->last[STATS_CALL_IN].mos < 0 &&
		   c->last[STATS_CALL_IN].heard[STATS_CALL_INBAND] == -1,
	   "of a call without audio nothing of the one before is left");
	world_end(&w);
}

/* Each end of a loop is ours. */
static void test_loop(void)
{
	struct call_report r = heard();
	const struct stats_call *c;
	struct world w;

	world_begin(&w);
	r.mode = CONFIG_CALL_LOOP;
	r.has_far = true;
	done(&w, &r);
	c = look(&w);
	ok(c->last[STATS_CALL_IN].delay_ns == 80 &&
		   c->last[STATS_CALL_OUT].delay_ns == 21 &&
		   c->round_trip_ns[STATS_CALL_AUDIO] == -1,
	   "each way is measured");
	ok(c->packets[STATS_CALL_IN][STATS_CALL_SENT] == 33 &&
		   c->packets[STATS_CALL_OUT][STATS_CALL_RECEIVED] == 30,
	   "both ends' packets");
	ok(c->last[STATS_CALL_OUT].jitter_ns == 6 && c->last[STATS_CALL_OUT].mos < 0,
	   "and what the far end heard");
	world_end(&w);
}

/* In a row, as the rules count: only those that fail while something else works. */
static void test_rows(void)
{
	struct call_report good = made(CALL_FAILURE_NONE);
	struct call_report bad = made(CALL_FAILURE_NO_ANSWER);
	struct world w;

	world_begin(&w);
	done(&w, &bad);
	is_int(look(&w)->failed_row, 0, "nobody knows yet whether it answers pings");
	pinged(&w, true);
	done(&w, &bad);
	done(&w, &bad);
	is_int(look(&w)->failed_row, 2, "two, and pings are answered");
	is_int(look(&w)->failed_last, CALL_FAILURE_NO_ANSWER, "by the last");
	pinged(&w, false);
	done(&w, &bad);
	is_int(look(&w)->failed_row, 2,
	       "what fails with the trunk is not the calls' fault");
	done(&w, &good);
	is_int(look(&w)->failed_row, 0, "begins anew");
	is_int(look(&w)->failed_last, CALL_FAILURE_NONE, "and nothing failed");
	world_end(&w);
}

static void test_poor(void)
{
	static struct call_media media;
	struct call_report r = made(CALL_FAILURE_NONE), unmade = call_report_none();
	struct world w;

	world_begin(&w);
	unmade.failure = CALL_FAILURE_INTERNAL;
	r.has_media = true;
	r.media = &media;
	media.near.in.mos = PROBLEMS_CALL_MOS - 0.1;
	done(&w, &r);
	done(&w, &unmade);
	is_int(look(&w)->poor_row, 1, "one that was not made sounded like nothing");
	ok(look(&w)->last[STATS_CALL_IN].mos > 0, "and leaves what the last one showed");
	done(&w, &r);
	is_int(look(&w)->poor_row, 2, "two that sounded bad");
	media.near.in.mos = PROBLEMS_CALL_MOS;
	done(&w, &r);
	is_int(look(&w)->poor_row, 0, "one that did not");
	world_end(&w);
}

/* What is not measured is below zero, which no measure is. */
static bool is_unmeasured(const struct stats_call_last *l)
{
	return l->jitter_ns < 0 && l->delay_ns < 0 && l->loss_ratio < 0 && l->mos < 0 &&
	       l->r_factor < 0 && l->heard[STATS_CALL_INBAND] == -1 &&
	       l->heard[STATS_CALL_AS_EVENTS] == -1;
}

/* A call that is answered and no more: nobody listens for tones, nothing comes. */
static void test_silent(void)
{
	static const struct call_media nothing = {
		.near = {.in = {.unscored = MEDIA_UNSCORED_SHORT,
				.jitter_ns = -1,
				.delay_ns = -1}}};
	struct call_report r = made(CALL_FAILURE_NONE);
	const struct stats_call *c;
	struct world w;

	world_begin(&w);
	c = look(&w);
	ok(is_unmeasured(&c->last[STATS_CALL_IN]) &&
		   is_unmeasured(&c->last[STATS_CALL_OUT]) &&
		   c->round_trip_ns[STATS_CALL_AUDIO] == -1 &&
		   c->round_trip_ns[STATS_CALL_RTCP] == -1,
	   "before the first call");
	r.mode = CONFIG_CALL_ANSWER;
	r.has_media = true;
	r.media = &nothing;
	done(&w, &r);
	c = look(&w);
	ok(is_unmeasured(&c->last[STATS_CALL_IN]) &&
		   is_unmeasured(&c->last[STATS_CALL_OUT]),
	   "nor by one without audio");
	is_int(c->poor_row, 0, "which does not sound bad");
	world_end(&w);
}

/* By the trunk's name, whoever asked; nobody's is ignored. */
static void test_made(void)
{
	struct call_report yes = made(CALL_FAILURE_NONE),
			   no = made(CALL_FAILURE_REJECTED);
	const struct stats_bill *bill;
	struct world w;

	world_begin(&w);
	yes.talk_ns = 2000 * MS;
	store_call_made(w.store, "a", &yes);
	store_call_made(w.store, "a", &yes);
	store_call_made(w.store, "a", &no);
	store_call_made(w.store, "gone", &yes);
	store_calls_open(w.store, "a", 3);
	store_calls_open(w.store, "gone", 3);
	store_call_not_ended(w.store, "a");
	store_call_not_ended(w.store, "gone");
	ok(look(&w)->not_ended_s > 0, "remembered when");
	bill = w.seen->trunks[0].bill;
	is_int(bill->answered, 2, "answered");
	is_int(bill->unanswered, 1, "not answered");
	is_int(bill->talk_ns / MS, 4000, "all together");
	is_int(bill->open, 3, "open");
	is_int(bill->not_ended, 1, "not ended");
	store_calls_open(w.store, "a", 70000);
	(void)look(&w);
	is_int(w.seen->trunks[0].bill->open, 65535, "as many as it holds");
	for (int i = 0; i < 65536; i++)
		store_call_not_ended(w.store, "a");
	(void)look(&w);
	is_int(w.seen->trunks[0].bill->not_ended, 65535, "of these too");
	world_end(&w);
}

int main(void)
{
	test_counts();
	test_delays();
	test_packets();
	test_echo();
	test_loop();
	test_rows();
	test_poor();
	test_silent();
	test_made();
	return tap_done();
}
