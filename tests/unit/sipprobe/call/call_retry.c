/* Clocks of client transactions over UDP: RFC 3261's own tables of times. */
#include "sipprobe/call/call_retry.h"

#include "tests/unit/tap.h"

#define MS INT64_C(1000000)

/* The times of all copies after the first, and of the end, in ms. */
static unsigned run(int64_t *at_ms, struct call_retry *r)
{
	unsigned n = 0;

	while (call_retry_next_ns(r) != INT64_MAX && n < 20) {
		int64_t now_ns = call_retry_next_ns(r);

		call_retry_look(r, now_ns);
		at_ms[n++] = now_ns / MS;
	}
	return n;
}

static void check(const char *name, struct call_retry *r, const int64_t *want)
{
	int64_t got[20] = {0};
	unsigned n = run(got, r), i = 0;

	while (i < n && want[i] && want[i] == got[i])
		i++;
	ok(i == n && !want[i], "%s: %u times", name, n);
	if (i < n)
		printf("# number %u at %lld ms\n", i, (long long)got[i]);
}

int main(void)
{
	static const int64_t invite[] = {500, 1500, 3500, 7500, 15500, 31500, 32000, 0};
	static const int64_t other[] = {500,   1500,  3500,  7500,  11500, 15500,
					19500, 23500, 27500, 31500, 32000, 0};
	static const int64_t end[] = {32000, 0};
	static const int64_t slow[] = {5000,  9000,  13000, 17000, 21000,
				       25000, 29000, 32000, 0};
	struct call_retry r = {0};

	ok(call_retry_next_ns(&r) == INT64_MAX, "idle");
	ok(call_retry_look(&r, 99 * MS) == CALL_RETRY_NOT_YET, "and quiet");
	call_retry_begin(&r, 0, 500 * MS, true, false);
	check("INVITE (Timer A, Timer B)", &r, invite);
	call_retry_begin(&r, 0, 500 * MS, false, false);
	check("BYE (Timer E, Timer F)", &r, other);
	call_retry_begin(&r, 0, 500 * MS, false, true);
	check("BYE over TCP", &r, end);
	call_retry_lost(&r, 0);
	ok(call_retry_next_ns(&r) == INT64_MAX, "what is over is not begun again");
	call_retry_begin(&r, 0, 500 * MS, false, true);
	call_retry_lost(&r, 0);
	call_retry_lost(&r, 100 * MS);
	check("BYE over TCP that broke", &r, other);
	call_retry_begin(&r, 0, 500 * MS, true, false);
	call_retry_quiet(&r);
	check("an INVITE given up", &r, end);
	call_retry_begin(&r, 0, 500 * MS, false, false);
	call_retry_slow(&r, 1000 * MS);
	check("a provisional response to BYE", &r, slow);
	call_retry_begin(&r, 0, 500 * MS, true, false);
	call_retry_end(&r);
	ok(call_retry_next_ns(&r) == INT64_MAX, "ended");
	return tap_done();
}
