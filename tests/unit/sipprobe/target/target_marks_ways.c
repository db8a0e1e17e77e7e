/*
 * What is told of each way by numbered copies, over ways that lose and delay, to peers
 * with and without memory: as much as was lost there, and back.
 */
#include "sipprobe/target/probers.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define MARKS                                                                            \
	", \"interval\": \"23h\", \"down_interval\": \"23h\", \"timeout\": \"5s\", "     \
	"\"mark_copies\": true"

static uint64_t seed;

static bool chance(double share)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (double)(seed >> 11) / (double)(1ULL << 53) < share;
}

/* The way and a peer at its end. */
struct way {
	double there, back;
	int64_t rtt_ns;
	bool stateful;
	unsigned sent, lost_there, lost_back;
	char branch[64], first[1024]; /* of the transaction that it remembers */
	size_t first_len;
	struct {
		int64_t at_ns;
		size_t len;
		char buf[1024];
	} on[16];
	unsigned begin, count;
};

static void way_answer(struct way *w, struct fixture *f)
{
	char buf[FIXTURE_TEXT];
	unsigned at = (w->begin + w->count) % 16;
	const char *sent = strstr(f->got, "branch=");
	size_t len = fixture_answer(buf, f->got, "200 OK", "");
	char branch[64] = "";

	if (sent)
		(void)snprintf(branch, sizeof(branch), "%.31s", sent + 7);
	if (strcmp(branch, w->branch)) {
		memcpy(w->branch, branch, sizeof(branch));
		memcpy(w->first, buf, len);
		w->first_len = len;
	}
	if (chance(w->back)) {
		w->lost_back++;
		return;
	}
	w->on[at].at_ns = virtual_now_ns + w->rtt_ns;
	w->on[at].len = w->stateful ? w->first_len : len;
	memcpy(w->on[at].buf, w->stateful ? w->first : buf, w->on[at].len);
	w->count++;
}

static void way_pass(struct way *w, struct fixture *f, int64_t until_ns)
{
	while (virtual_now_ns < until_ns) {
		int64_t next_ns = wheel_next_ns(virtual_ticker->wheel);

		if (w->count && w->on[w->begin].at_ns < next_ns)
			next_ns = w->on[w->begin].at_ns;
		if (next_ns > until_ns)
			next_ns = until_ns;
		pass_ns(next_ns > virtual_now_ns ? next_ns - virtual_now_ns
						 : WHEEL_TICK_NS);
		while (w->count && w->on[w->begin].at_ns <= virtual_now_ns) {
			fixture_arrive(f, w->on[w->begin].buf, w->on[w->begin].len);
			w->begin = (w->begin + 1) % 16;
			w->count--;
		}
		while (fixture_got(f)) {
			w->sent++;
			if (chance(w->there))
				w->lost_there++;
			else
				way_answer(w, f);
		}
	}
}

static void check_way(struct way w)
{
	struct probe_loss *told;
	struct fixture f;
	struct target *t;
	double there, back;

	seed = 88172645463325252ULL;
	fixture_open(&f, CONFIG_TRANSPORT_UDP, MARKS);
	t = fixture_target(&f, &prober_options);
	for (int i = 0; i < 4000; i++) {
		target_probe_now(t);
		way_pass(&w, &f, virtual_now_ns + 6 * CLOCK_NS_PER_S);
		while (t->pending)
			way_pass(&w, &f, virtual_now_ns + CLOCK_NS_PER_S);
		f.told[0] = '\0';
	}
	way_pass(&w, &f, virtual_now_ns + 20 * CLOCK_NS_PER_S);
	told = &f.loss;
	there = 100.0 * told->lost_there / told->requests;
	back = 100.0 * told->lost_back / told->requests;
	if (w.stateful)
		ok(there > 100 * w.there - 1 && there < 100 * w.there + 1 &&
			   back > 100 * (1 - w.there) * w.back - 1 &&
			   back < 100 * (1 - w.there) * w.back + 1,
		   "%.0f + %.0f %%, %lld ms: told %.2f + %.2f", 100 * w.there,
		   100 * w.back, (long long)(w.rtt_ns / CLOCK_NS_PER_MS), there, back);
	else
		is_int(told->lost_there + told->lost_back, 0, "no state: either");
	ok(told->lost_there + told->lost_back <= told->lost, "all ways are all: %u %u %u",
	   told->lost_there, told->lost_back, told->lost);
	ok(told->lost >= w.lost_there + w.lost_back - w.sent / 100 &&
		   told->lost <= w.lost_there + w.lost_back,
	   "and as many as were: %u of %u", told->lost, w.lost_there + w.lost_back);
	mem_deref(t);
	fixture_close(&f);
}

static void test_ways(void)
{
	static const double ways[][2] = {{0.1, 0}, {0, 0.1}, {0.05, 0.05}, {0.2, 0.2}};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		for (int slow = 0; slow < 2; slow++)
			for (int stateful = 0; stateful < 2; stateful++)
				check_way((struct way){.there = ways[i][0],
						       .back = ways[i][1],
						       .rtt_ns = (slow ? 700 : 10) *
								 CLOCK_NS_PER_MS,
						       .stateful = stateful});
}

int main(void)
{
	static void (*const tests[])(void) = {test_ways};

	return fixture_main(tests, 1);
}
