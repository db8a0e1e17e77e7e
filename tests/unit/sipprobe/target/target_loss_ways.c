/* What a target tells is what was lost: over ways that lose and delay, counted by itself.
 */
#include "sipprobe/target/probers.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define CALM ", \"interval\": \"23h\", \"down_interval\": \"23h\", \"timeout\": \"5s\""

static uint64_t seed;

static bool chance(double share)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (double)(seed >> 11) / (double)(1ULL << 53) < share;
}

/* The way to the peer and back, and what is on it. */
struct way {
	double there, back;
	int64_t rtt_ns;
	unsigned sent, lost;
	struct {
		int64_t at_ns;
		size_t len;
		char buf[1024];
	} on[16];
	unsigned first, count;
};

static void way_take(struct way *w, struct fixture *f)
{
	while (fixture_got(f)) {
		char buf[FIXTURE_TEXT];
		unsigned at = (w->first + w->count) % 16;

		w->sent++;
		if (chance(w->there) || chance(w->back)) {
			w->lost++;
			continue;
		}
		w->on[at].at_ns = virtual_now_ns + w->rtt_ns;
		w->on[at].len = fixture_answer(buf, f->got, "200 OK", "");
		memcpy(w->on[at].buf, buf, w->on[at].len);
		w->count++;
	}
}

/* Until the next thing happens, here or on the way. */
static void way_pass(struct way *w, struct fixture *f, int64_t until_ns)
{
	while (virtual_now_ns < until_ns) {
		int64_t next_ns = wheel_next_ns(virtual_ticker->wheel);

		if (w->count && w->on[w->first].at_ns < next_ns)
			next_ns = w->on[w->first].at_ns;
		if (next_ns > until_ns)
			next_ns = until_ns;
		if (next_ns > virtual_now_ns)
			pass_ns(next_ns - virtual_now_ns);
		else
			pass_ns(WHEEL_TICK_NS);
		while (w->count && w->on[w->first].at_ns <= virtual_now_ns) {
			fixture_arrive(f, w->on[w->first].buf, w->on[w->first].len);
			w->first = (w->first + 1) % 16;
			w->count--;
		}
		way_take(w, f);
	}
}

/* Told exactly as the way counted it, and near to what it was made to lose. */
static void check_way(double there, double back, int64_t rtt_ms)
{
	struct way w = {.there = there, .back = back, .rtt_ns = rtt_ms * CLOCK_NS_PER_MS};
	double both = 100 * (1 - (1 - there) * (1 - back));
	struct fixture f;
	struct target *t;
	double told;

	seed = 88172645463325252ULL;
	fixture_open(&f, CONFIG_TRANSPORT_UDP, CALM);
	t = fixture_target(&f, &prober_options);
	for (int i = 0; i < 6000; i++) {
		target_probe_now(t);
		way_pass(&w, &f, virtual_now_ns + 6 * CLOCK_NS_PER_S);
		while (t->pending)
			way_pass(&w, &f, virtual_now_ns + CLOCK_NS_PER_S);
		f.told[0] = '\0';
	}
	way_pass(&w, &f, virtual_now_ns + 20 * CLOCK_NS_PER_S);
	is_int(f.loss.requests, w.sent, "every copy is counted");
	is_int(f.loss.lost, w.lost, "and every one that was lost");
	is_int(f.loss.answers, w.sent - w.lost, "as all that came back");
	told = 100.0 * f.loss.lost / f.loss.requests;
	ok(told > both - 1 && told < both + 1 && (both > 0 || told <= 0),
	   "%.0f + %.0f %%, %lld ms: %.2f told as %.2f %%", 100 * there, 100 * back,
	   (long long)rtt_ms, both, told);
	mem_deref(t);
	fixture_close(&f);
}

static void test_ways(void)
{
	static const double shares[] = {0, 0.01, 0.05, 0.2};

	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		check_way(shares[i], shares[i], 10);
		check_way(shares[i], shares[i], 700);
	}
	check_way(0.1, 0, 700);
	check_way(0, 0.1, 10);
}

int main(void)
{
	static void (*const tests[])(void) = {test_ways};

	return fixture_main(tests, 1);
}
