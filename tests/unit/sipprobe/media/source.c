/* From whom a session takes packets: a table of who comes, when, and what is made of it.
 */
#include <stdlib.h>

#include "sipprobe/media/source.h"
#include "tests/unit/tap.h"

#define MS 1000000LL

enum { PEER, OTHER, THIRD };

static struct sa who(int n)
{
	static const char *const addresses[] = {"192.0.2.1", "192.0.2.1", "198.51.100.7"};
	static const uint16_t ports[] = {5000, 6000, 5000};
	struct sa sa;

	if (sa_set_str(&sa, addresses[n], ports[n]))
		abort();
	return sa;
}

/* Steps: who came after how many ms, what was said, and whether it was latched on to. */
static const struct {
	const char *name;
	struct {
		int who, at_ms;
		enum source_verdict want;
		bool latch;
	} steps[6];
} cases[] = {
	{"the peer itself", {{PEER, 10, SOURCE_TAKEN}, {PEER, 9000, SOURCE_TAKEN}}},
	{"another port first, then it alone",
	 {{OTHER, 10, SOURCE_CANDIDATE, true},
	  {OTHER, 20, SOURCE_TAKEN},
	  {THIRD, 30, SOURCE_FOREIGN},
	  {OTHER, 9000, SOURCE_TAKEN}}},
	{"another that does not fit, then one that does",
	 {{THIRD, 10, SOURCE_CANDIDATE},
	  {OTHER, 20, SOURCE_CANDIDATE, true},
	  {THIRD, 30, SOURCE_FOREIGN}}},
	{"after two seconds it is too late",
	 {{OTHER, 2000, SOURCE_CANDIDATE}, {OTHER, 2001, SOURCE_FOREIGN}}},
	{"once the peer was heard nobody else is",
	 {{PEER, 10, SOURCE_TAKEN}, {OTHER, 20, SOURCE_FOREIGN}}},
	{"who was faster than the peer has to go",
	 {{OTHER, 10, SOURCE_CANDIDATE, true},
	  {PEER, 20, SOURCE_TAKEN},
	  {OTHER, 30, SOURCE_FOREIGN},
	  {PEER, 40, SOURCE_TAKEN}}},
};

static void test_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source s = {.until_ns = 0};
		struct sa peer = who(PEER);
		int wrong = 0;

		source_agree(&s, &peer, 0);
		for (size_t k = 0; k < 6 && cases[i].steps[k].at_ms; k++) {
			struct sa src = who(cases[i].steps[k].who);

			wrong += source_judge(&s, &src, cases[i].steps[k].at_ms * MS) !=
				 cases[i].steps[k].want;
			if (cases[i].steps[k].latch)
				source_latch(&s, &src);
		}
		is_int(wrong, 0, cases[i].name);
	}
}

static void test_peer(void)
{
	struct source s = {.until_ns = 0};
	struct sa peer = who(PEER), other = who(OTHER), third = who(THIRD);

	source_agree(&s, &peer, 0);
	ok(sa_cmp(source_peer(&s), &peer, SA_ALL), "sent to where SDP says");
	source_agree(&s, &peer, 30000 * MS);
	is_int(source_judge(&s, &other, 31000 * MS), SOURCE_CANDIDATE,
	       "answered after half a minute of ringing: time once more");
	source_latch(&s, &other);
	ok(sa_cmp(source_peer(&s), &other, SA_ALL), "… then to where packets come from");
	source_agree(&s, &peer, 31100 * MS);
	ok(sa_cmp(source_peer(&s), &other, SA_ALL), "the same SDP again changes nothing");
	source_agree(&s, &third, 50000 * MS);
	ok(sa_cmp(source_peer(&s), &third, SA_ALL), "another one begins anew");
	is_int(source_judge(&s, &other, 50001 * MS), SOURCE_CANDIDATE,
	       "with two seconds more");
}

int main(void)
{
	test_cases();
	test_peer();
	return tap_done();
}
