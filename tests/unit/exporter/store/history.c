/* Recent probes and kept ladders, within their budget. */
#include <stdlib.h>

#include "base/clock.h"
#include "exporter/store/history.h"
#include "tests/unit/tap.h"

static struct probe_result result(enum probe_outcome o, unsigned code, int64_t at_s)
{
	return (struct probe_result){
		.outcome = o,
		.verdict = o == PROBE_RESPONSE ? PROBE_UP : PROBE_DOWN,
		.code = code,
		.begun_unix_ns = at_s * CLOCK_NS_PER_S,
		.phase_ns = {-1, -1, -1, -1, o == PROBE_RESPONSE ? 1234567 : -1},
	};
}

static void test_pack(void)
{
	struct probe_result r = result(PROBE_RESPONSE, 699, 1);
	struct history_probe p = history_pack(&r, 29960 * CLOCK_NS_PER_MS);

	is_int(sizeof(p), 8, "eight bytes a probe");
	is_int(p.latency_us, 1234, "latency");
	is_int(p.code, 699, "the largest code");
	is_int(p.gap_ds, 300, "the gap, rounded");
	r.phase_ns[PROBE_PHASE_ANSWER] = INT64_MAX;
	p = history_pack(&r, INT64_MAX / 2);
	is_int(p.latency_us, HISTORY_NO_LATENCY - 1, "a latency past all bounds");
	is_int(p.gap_ds, UINT16_MAX, "a gap past all bounds");
	p = history_pack(&r, -5);
	is_int(p.gap_ds, 0, "a clock that was set back");
	r = result(PROBE_INTERNAL, 0, 1);
	p = history_pack(&r, 0);
	ok(p.latency_us == HISTORY_NO_LATENCY && p.outcome == PROBE_INTERNAL &&
		   p.verdict == PROBE_DOWN,
	   "a failure has no latency");
}

static void test_ring(void)
{
	struct history h;
	struct history_track *t;

	history_init(&h, 3, 1 << 20);
	t = history_track_alloc(&h);
	for (uint32_t i = 1; i <= 5; i++) {
		history_add(&h, t, (struct history_probe){.latency_us = i});
		is_int(t->count, i < 3 ? i : 3, "no more than there is room for");
		is_int(history_get(&h, t, 0).latency_us, i, "the newest");
	}
	is_int(history_get(&h, t, 2).latency_us, 3, "the oldest");
	history_track_free(&h, t);
	is_int((long long)h.bytes, 0, "all of it given back");
}

static struct history_ladder *ladder_of(enum probe_outcome o, int64_t at_s)
{
	struct probe_result r = result(o, o == PROBE_RESPONSE ? 200 : 0, at_s);
	struct ladder l = {.count = 2, .dropped = 1};

	l.entries[0] = (struct ladder_entry){0, "OPTIONS", 7, 400, LADDER_SENT};
	l.entries[1] = (struct ladder_entry){5, NULL, 0, 0, LADDER_DEADLINE};
	return history_ladder_copy(&r, &l);
}

static void test_kept(void)
{
	struct probe_result good = result(PROBE_RESPONSE, 200, 100);
	struct probe_result bad = result(PROBE_TIMEOUT, 0, 100);
	struct history_ladder *held;
	struct history_track *t;
	struct history h;

	history_init(&h, 0, 1 << 20);
	t = history_track_alloc(&h);
	history_add(&h, t, (struct history_probe){0});
	is_int(t->count, 0, "no probes asked for, none kept");
	ok(history_wants(&h, t, &good) && history_wants(&h, t, &bad),
	   "the first of each");
	ok(!history_wants(&h, NULL, &good) && history_wants(&h, NULL, &bad),
	   "without a track a failure");

	history_keep(&h, &t, ladder_of(PROBE_RESPONSE, 100));
	good = result(PROBE_RESPONSE, 200, 130);
	ok(!history_wants(&h, t, &good), "a success is fresh for a minute");
	good = result(PROBE_RESPONSE, 200, 160);
	ok(!history_wants(&h, t, &good), "to its last second");
	good = result(PROBE_RESPONSE, 200, 161);
	ok(history_wants(&h, t, &good), "and then replaced");
	good = result(PROBE_RESPONSE, 200, 100);
	ok(!history_wants(&h, t, &good), "not by one of the same time");
	good = result(PROBE_RESPONSE, 200, 99);
	ok(history_wants(&h, t, &good), "but by one of a clock that was set back");
	good = result(PROBE_RESPONSE, 200, 130);
	atomic_store(&t->watched_until_ns, 130 * CLOCK_NS_PER_S);
	ok(!history_wants(&h, t, &good), "whoever looked until now looks no more");
	atomic_store(&t->watched_until_ns, 131 * CLOCK_NS_PER_S);
	ok(history_wants(&h, t, &good), "at once when somebody looks");

	history_late(NULL, 1);
	history_late(t, 1);
	is_int(atomic_load(&t->success->late_ns), 0, "no failure: nothing is late");
	for (int64_t i = 1; i <= 5; i++)
		history_keep(&h, &t, ladder_of(PROBE_TIMEOUT, i));
	is_int(t->failures[0]->result.begun_unix_ns / CLOCK_NS_PER_S, 5, "newest first");
	is_int(t->failures[2]->result.begun_unix_ns / CLOCK_NS_PER_S, 3,
	       "the last three");
	ok(t->failures[0]->entries[0].text != NULL &&
		   !memcmp(t->failures[0]->entries[0].text, "OPTIONS", 7),
	   "texts are copied");
	history_late(t, 77);
	is_int(atomic_load(&t->failures[0]->late_ns), 77, "a late response is told");

	held = history_ladder_ref(t->failures[0]);
	history_track_free(&h, t);
	is_int((long long)h.bytes, 0, "all of it given back");
	ok(held->count == 2 && !held->track, "a reader may finish");
	history_ladder_unref(held);
	history_ladder_unref(NULL);
}

static void test_budget(void)
{
	struct history_track *t[64] = {0};
	size_t tracks = 0, failures = 0, successes = 0;
	struct probe_result good = result(PROBE_RESPONSE, 200, 1);
	struct history h;

	history_init(&h, 60, 32768);
	while (tracks < 64 && (t[tracks] = history_track_alloc(&h)))
		tracks++;
	ok(tracks > 20 && h.bytes <= 16384, "tracks take half of it at most");
	for (size_t i = 0; i < tracks; i++) {
		if (history_wants(&h, t[i], &good))
			history_keep(&h, &t[i], ladder_of(PROBE_RESPONSE, 1));
	}
	ok(h.bytes <= 32768 / 4 * 3 + 1024, "successes leave room for failures");
	for (int round = 0; round < 4; round++) {
		for (size_t i = 0; i < tracks; i++) {
			history_keep(&h, &t[i], ladder_of(PROBE_TIMEOUT, round));
			if (h.bytes > h.bytes_max)
				break;
		}
	}
	ok(h.bytes <= h.bytes_max, "never more than the budget");
	for (size_t i = 0; i < tracks; i++) {
		successes += t[i]->success != NULL;
		for (int k = 0; k < HISTORY_FAILURES; k++)
			failures += t[i]->failures[k] != NULL;
	}
	is_int((long long)successes, 0, "successes went first");
	ok(failures > 10 && t[tracks - 1]->failures[0], "the newest failures stay");
	for (size_t i = 0; i < tracks; i++)
		history_track_free(&h, t[i]);
	is_int((long long)h.bytes, 0, "all of it given back");
	history_init(&h, 60, 0);
	ok(!history_track_alloc(&h), "no budget, nothing");
}

/* The budget to the byte: what fits is kept, one byte more is not. */
static void test_exact(void)
{
	struct probe_result good = result(PROBE_RESPONSE, 200, 1);
	struct history_ladder *l = ladder_of(PROBE_TIMEOUT, 1);
	size_t ladder_bytes = l->bytes, track_bytes;
	struct history_track *t, *more;
	struct history h;

	history_init(&h, 10, 1 << 20);
	t = history_track_alloc(&h);
	track_bytes = h.bytes;
	history_track_free(&h, t);
	for (int less = 0; less < 2; less++) {
		history_init(&h, 10, 4 * track_bytes - 2 * (size_t)less);
		t = history_track_alloc(&h);
		more = history_track_alloc(&h);
		is_int(more && more->probes, !less, "half of it is for last probes");
		is_int(history_lacks_probes(&h, more), less, "which is told");
		history_track_free(&h, more);
		history_track_free(&h, t);
	}
	for (int less = 0; less < 2; less++) {
		history_init(&h, 0, 1 << 20);
		t = history_track_alloc(&h);
		h.bytes_max = h.bytes + ladder_bytes - (size_t)less;
		history_keep(&h, &t, history_ladder_ref(l));
		is_int(t->failures[0] != NULL, !less, "a ladder that just fits is kept");
		is_int(history_lacks_failures(&h, t), less, "or missed");
		is_int(atomic_load(&l->refs), less ? 1 : 2, "and let go");
		history_track_free(&h, t);
	}
	for (int less = 0; less < 2; less++) {
		history_init(&h, 10, 1 << 20);
		t = history_track_alloc(&h);
		more = history_track_alloc(&h);
		h.bytes_max = h.bytes + ladder_bytes - (size_t)less;
		history_keep(&h, &more, history_ladder_ref(l));
		is_int(t->probes != NULL, !less, "or takes no other's last probes");
		history_track_free(&h, more);
		history_track_free(&h, t);
	}
	for (int less = 0; less < 2; less++) {
		t = NULL;
		history_init(&h, 0, sizeof(*t) + ladder_bytes - (size_t)less);
		history_keep(&h, &t, history_ladder_ref(l));
		is_int(t != NULL, !less, "with the track of who had none before");
		history_track_free(&h, t);
		history_init(&h, 0, 2 * sizeof(*t) - 2 * (size_t)less);
		t = history_track_alloc(&h);
		is_int(t != NULL, !less, "a track is in the half for last probes");
		history_track_free(&h, t);
	}
	for (int less = 0; less < 2; less++) {
		history_init(&h, 0, 1 << 20);
		t = history_track_alloc(&h);
		h.bytes = h.bytes_max / 4 * 3 - (size_t)less;
		is_int(history_wants(&h, t, &good), less,
		       "a first success is for the first three quarters");
		free(t);
	}
	history_ladder_unref(l);
}

/* Who loses an earlier failure keeps its last one's place among those of the others. */
static void test_oldest_last(void)
{
	struct history_track *t[5];
	struct history_ladder *l = ladder_of(PROBE_TIMEOUT, 1);
	struct history h;

	history_init(&h, 0, 1 << 20);
	for (int i = 0; i < 5; i++)
		t[i] = history_track_alloc(&h);
	h.bytes_max = h.bytes + 4 * l->bytes;
	history_keep(&h, &t[0], ladder_of(PROBE_TIMEOUT, 1));
	history_keep(&h, &t[0], ladder_of(PROBE_TIMEOUT, 2));
	for (int i = 1; i < 4; i++)
		history_keep(&h, &t[i], ladder_of(PROBE_TIMEOUT, 2 + i));
	ok(t[0]->failures[0] && !t[0]->failures[1], "an earlier one made room");
	history_keep(&h, &t[4], ladder_of(PROBE_TIMEOUT, 6));
	ok(!t[0]->failures[0] && t[1]->failures[0], "then the oldest of the last");
	for (int i = 0; i < 5; i++)
		history_track_free(&h, t[i]);
	is_int((long long)h.bytes, 0, "all of it given back");
	history_ladder_unref(l);
}

/* Room is made by letting the oldest go, successes before failures. */
static void test_oldest(void)
{
	struct history_track *t[3];
	struct history_ladder *l = ladder_of(PROBE_TIMEOUT, 1);
	const struct probe_result bad = result(PROBE_TIMEOUT, 0, 7);
	const struct ladder large = {.count = 16};
	struct history h;

	history_init(&h, 0, 1 << 20);
	for (int i = 0; i < 3; i++)
		t[i] = history_track_alloc(&h);
	h.bytes_max = h.bytes + 3 * l->bytes;
	history_keep(&h, &t[0], ladder_of(PROBE_TIMEOUT, 1));
	history_keep(&h, &t[1], ladder_of(PROBE_RESPONSE, 2));
	history_keep(&h, &t[2], ladder_of(PROBE_TIMEOUT, 3));
	ok(t[0]->failures[0] && t[1]->success && t[2]->failures[0], "three fit");
	history_keep(&h, &t[2], ladder_of(PROBE_TIMEOUT, 4));
	ok(t[0]->failures[0] && !t[1]->success && t[2]->failures[1],
	   "the success goes first");
	history_keep(&h, &t[2], ladder_of(PROBE_TIMEOUT, 5));
	ok(t[0]->failures[0] && t[2]->failures[1] && !t[2]->failures[2],
	   "then the oldest that is not its target's last");
	ok(history_lacks_failures(&h, t[2]) && !history_lacks_failures(&h, t[0]),
	   "and who lost it is told");
	history_keep(&h, &t[1], ladder_of(PROBE_TIMEOUT, 6));
	ok(t[0]->failures[0] && !t[2]->failures[1] && t[1]->failures[0],
	   "as long as there are any");
	is_int(t[2]->failures[0]->result.begun_unix_ns / CLOCK_NS_PER_S, 5,
	       "the last ones stay");
	history_keep(&h, &t[0], history_ladder_copy(&bad, &large));
	ok(!t[2]->failures[0] && t[1]->failures[0] && t[0]->failures[0],
	   "as many go as one that is larger needs");
	for (int i = 0; i < 3; i++)
		history_track_free(&h, t[i]);
	is_int((long long)h.bytes, 0, "all of it given back");
	ok(TAILQ_EMPTY(&h.last) && TAILQ_EMPTY(&h.earlier) && TAILQ_EMPTY(&h.successes),
	   "and nothing left");
	history_ladder_unref(l);
}

/* A call's ladder with a second of sound and one packet. */
static struct history_ladder *call_of(bool failed, int64_t at_s)
{
	static const uint8_t wav[16000] = "RIFF";
	static const struct media_packet packet = {.data = wav, .size = 172};
	struct call_media media = {.near = {.wav = wav,
					    .wav_bytes = sizeof(wav),
					    .packets = &packet,
					    .packet_count = 1},
				   .far = {.wav = wav, .wav_bytes = 1},
				   .caller_id = "ping"};
	struct probe_result r = result(PROBE_RESPONSE, 200, at_s);
	struct ladder l = {.count = 0};

	r.verdict = failed ? PROBE_DOWN : PROBE_UP;
	r.call.media = &media;
	r.call.has_media = r.call.has_far = true;
	return history_ladder_copy(&r, &l);
}

/* What was heard counts in the budget, stays for failures, and goes where it must. */
static void test_audio(void)
{
	struct history_ladder *good = call_of(false, 1), *bad = call_of(true, 2), *held;
	const struct call_media *m = bad->result.call.media;
	struct history_track *t;
	struct history h;
	size_t before;

	ok(!history_ladder_has_audio(good) && good->result.call.has_media &&
		   !strcmp(good->result.call.media->caller_id, "ping"),
	   "of a good call the figures are kept");
	ok(history_ladder_has_audio(bad) && m->near.wav_bytes == 16000 &&
		   !memcmp(m->near.wav, "RIFF", 5) && m->near.packets[0].size == 172 &&
		   !memcmp(m->near.packets[0].data, "RIFF", 5) && !m->far.wav,
	   "of a failed one sound and packets of our end, copied");
	ok(bad->bytes - good->bytes >= 16172, "which count");
	history_init(&h, 0, 40000);
	t = history_track_alloc(&h);
	before = h.bytes;
	history_keep(&h, &t, good);
	history_keep(&h, &t, bad);
	held = history_ladder_ref(bad);
	history_keep(&h, &t, call_of(true, 3));
	history_keep(&h, &t, call_of(true, 4));
	ok(t->failures[1] && !t->failures[2] && h.bytes <= h.bytes_max,
	   "the oldest goes when there is no room");
	ok(!memcmp(m->near.wav, "RIFF", 5), "who still reads it may finish");
	history_ladder_unref(held);
	history_keep(&h, &t, ladder_of(PROBE_TIMEOUT, 5));
	history_forget_audio(&h);
	ok(t->failures[0] && !t->failures[1] &&
		   t->failures[0]->result.outcome == PROBE_TIMEOUT,
	   "all that have sound go when it may not be kept, and no others");
	history_track_free(&h, t);
	is_int((long long)h.bytes, (long long)(before - sizeof(*t)), "all given back");
}

/* What is left of a target when the sound goes counts as its last failure, and as all. */
static void test_audio_last(void)
{
	struct history_track *t;
	struct history h;

	history_init(&h, 0, 1 << 20);
	t = history_track_alloc(&h);
	history_keep(&h, &t, ladder_of(PROBE_TIMEOUT, 1));
	t->forgot = true;
	history_keep(&h, &t, call_of(true, 2));
	ok(history_lacks_failures(&h, t), "one was let go for want of memory");
	history_keep(&h, &t, call_of(true, 3));
	ok(!history_lacks_failures(&h, t), "there are as many as there can be");
	history_forget_audio(&h);
	ok(t->failures[0] && !t->failures[1] && t->failures[0]->in == &h.last,
	   "that before them is the last one now");
	ok(!history_lacks_failures(&h, t), "and none went for want of memory");
	history_track_free(&h, t);
	is_int((long long)h.bytes, 0, "all given back");
}

/* Many that are well leave room for the few that fail, whoever was there first. */
static void test_failures_first(void)
{
	enum { TRUNKS = 200, FAILING = 12 };
	struct history_track *t[TRUNKS];
	size_t kept = 0, rings = 0, last = 0;
	struct history h;

	history_init(&h, 60, 37920);
	for (int i = 0; i < TRUNKS; i++)
		t[i] = history_track_alloc(&h);
	ok(t[0] && t[0]->probes, "the first have their last probes");
	ok(!t[TRUNKS - 1] || !t[TRUNKS - 1]->probes, "the others have none");
	ok(history_lacks_probes(&h, t[TRUNKS - 1]), "which is told");
	for (int round = 0; round < 3; round++)
		for (int i = TRUNKS - FAILING; i < TRUNKS; i++)
			history_keep(&h, &t[i], ladder_of(PROBE_TIMEOUT, round));
	for (int i = TRUNKS - FAILING; i < TRUNKS; i++)
		kept += t[i] && t[i]->failures[2] && !history_lacks_failures(&h, t[i]);
	is_int((long long)kept, FAILING, "of the last ones each failure is kept");
	for (int i = 0; i < TRUNKS; i++)
		history_keep(&h, &t[i], ladder_of(PROBE_TIMEOUT, 9));
	for (int i = 0; i < TRUNKS; i++) {
		rings += t[i] && t[i]->probes;
		last += t[i] && t[i]->failures[0];
	}
	ok(h.bytes <= h.bytes_max, "within the budget");
	ok(t[TRUNKS - 1]->failures[0] && last > 30, "when all fail, the last ones: %zu",
	   last);
	is_int((long long)rings <= 18432 / 480, 1, "rings never take more than half");
	for (int i = 0; i < TRUNKS; i++)
		history_track_free(&h, t[i]);
	is_int((long long)h.bytes, 0, "all of it given back");
	ok(TAILQ_EMPTY(&h.well), "and nothing left");
}

/* A ring that was given up comes back when there is room again. */
static void test_ring_comes_back(void)
{
	struct history_track *a, *b;
	struct history_ladder *l = ladder_of(PROBE_TIMEOUT, 1);
	struct history h;

	history_init(&h, 60, 1 << 20);
	a = history_track_alloc(&h);
	b = history_track_alloc(&h);
	history_add(&h, a, (struct history_probe){.latency_us = 7});
	h.bytes_max = h.bytes + l->bytes / 2;
	history_keep(&h, &b, l);
	ok(!a->probes && !a->count && b->probes && b->failures[0],
	   "it gives up its last probes for another's failure");
	history_add(&h, a, (struct history_probe){.latency_us = 8});
	ok(!a->probes, "none where there is no room");
	h.bytes_max = 1 << 20;
	history_add(&h, a, (struct history_probe){.latency_us = 9});
	ok(a->count == 1 && history_get(&h, a, 0).latency_us == 9, "then it has some");
	history_track_free(&h, a);
	history_track_free(&h, b);
	is_int((long long)h.bytes, 0, "all of it given back");
}

/* One that failed before it had a ring does not give it up as one that is well does. */
static void test_ring_comes_late(void)
{
	struct history_track *t;
	struct history h;

	history_init(&h, 10, 2 * sizeof(*t));
	t = history_track_alloc(&h);
	h.bytes_max = 1 << 20;
	history_keep(&h, &t, ladder_of(PROBE_TIMEOUT, 1));
	ok(!t->probes, "no room for it");
	history_add(&h, t, (struct history_probe){.latency_us = 7});
	ok(t->probes && TAILQ_EMPTY(&h.well), "then there is, and it is not well");
	history_track_free(&h, t);
}

static void test_rounding(void)
{
	struct probe_result r = result(PROBE_RESPONSE, 200, 1);

	is_int(history_pack(&r, 49 * CLOCK_NS_PER_MS).gap_ds, 0, "rounded down");
	is_int(history_pack(&r, 50 * CLOCK_NS_PER_MS).gap_ds, 1, "rounded up");
	is_int(history_pack(&r, 65534 * 100 * CLOCK_NS_PER_MS).gap_ds, 65534, "large");
	r.phase_ns[PROBE_PHASE_ANSWER] = 999;
	is_int(history_pack(&r, 0).latency_us, 0, "under a microsecond is none");
	r.phase_ns[PROBE_PHASE_ANSWER] = (HISTORY_NO_LATENCY - 1LL) * CLOCK_NS_PER_US;
	is_int(history_pack(&r, 0).latency_us, HISTORY_NO_LATENCY - 1LL, "the longest");
	r.phase_ns[PROBE_PHASE_ANSWER] = -1 * CLOCK_NS_PER_US;
	is_int(history_pack(&r, 0).latency_us, HISTORY_NO_LATENCY, "a response without");
	r.verdict = PROBE_DOWN;
	is_int(history_pack(&r, 0).verdict, PROBE_DOWN, "what it meant");
}

int main(void)
{
	test_exact();
	test_oldest();
	test_oldest_last();
	test_failures_first();
	test_audio();
	test_audio_last();
	test_ring_comes_back();
	test_ring_comes_late();
	test_rounding();
	test_pack();
	test_ring();
	test_kept();
	test_budget();
	return tap_done();
}
