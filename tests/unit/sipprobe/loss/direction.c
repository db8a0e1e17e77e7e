/* On which way copies were lost: requests one by one, and a model of way and peer. */
#include "sipprobe/loss/direction.h"

#include <stdio.h>

#include "tests/unit/tap.h"

enum { T1_US = 500000 };

static const struct {
	const char *name;
	unsigned copies, finals, provisionals, mark;
	enum loss_marks marks;
	const char *want; /* there, back, either */
} requests[] = {
	{"answered", 1, 1, 0, 1, LOSS_MARKS_NONE, "0 0 0"},
	{"the answer to copy 2: copy 1 never came", 2, 1, 0, 2, LOSS_MARKS_NONE, "1 0 0"},
	{"that of copy 1, once more: it was lost before", 2, 1, 0, 1, LOSS_MARKS_NONE,
	 "0 1 0"},
	{"one of each", 3, 1, 0, 2, LOSS_MARKS_NONE, "1 1 0"},
	{"an answer that does not say", 2, 1, 0, 0, LOSS_MARKS_NONE, "0 0 1"},
	{"a provisional response is not read", 3, 1, 1, 2, LOSS_MARKS_NONE, "0 0 2"},
	{"copy 2 came before copy 1", 2, 2, 0, 2, LOSS_MARKS_SAME, "0 0 0"},
	{"two answers that differ: no state, nobody knows", 3, 2, 0, 1, LOSS_MARKS_DIFFER,
	 "0 0 1"},
};

static void test_requests(void)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct direction d = {.kind = DIRECTION_STATEFUL, .firsts = 10};
		struct loss_request r = {
			.copies = (uint16_t)requests[i].copies,
			.finals = (uint16_t)requests[i].finals,
			.provisionals = (uint16_t)requests[i].provisionals,
			.mark = (uint16_t)requests[i].mark,
			.marks = (uint8_t)requests[i].marks,
			.t1_us = T1_US,
			.answered_us =
				((1 << requests[i].copies) / 2 - 1) * T1_US + 10000,
		};
		struct loss l = {.kind = LOSS_COPIES, .least_us = 10000};
		unsigned answers = loss_answers(&r);
		struct probe_loss p = {.requests = r.copies,
				       .lost = r.copies > answers ? r.copies - answers
								  : 0};
		char text[32];

		direction_settle(&d, &l, &r, &p);
		(void)snprintf(text, sizeof(text), "%u %u %u", p.lost_there, p.lost_back,
			       p.lost - p.lost_there - p.lost_back);
		is_str(text, requests[i].want, requests[i].name);
	}
}

/* A hint makes a peer stateful until there is proof of the contrary; then it takes three.
 */
static void test_kinds(void)
{
	static const struct {
		const char *name;
		const char *heard; /* s: the same, d: they differ, n: neither */
		enum direction_kind want;
	} cases[] = {
		{"nothing", "", DIRECTION_UNKNOWN},
		{"an answer that does not say", "nnnn", DIRECTION_UNKNOWN},
		{"the same twice", "s", DIRECTION_STATEFUL},
		{"not the same", "d", DIRECTION_STATELESS},
		{"the network doubled one", "sd", DIRECTION_STATELESS},
		{"and another", "dss", DIRECTION_STATELESS},
		{"it keeps state since a while", "dsss", DIRECTION_STATEFUL},
		{"not in a row", "dssdss", DIRECTION_STATELESS},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct direction d = {0};

		for (const char *p = cases[i].heard; *p; p++)
			direction_note(&d, *p == 's'   ? LOSS_MARKS_SAME
					   : *p == 'd' ? LOSS_MARKS_DIFFER
						       : LOSS_MARKS_NONE);
		is_int(d.kind, cases[i].want, cases[i].name);
	}
}

/* Of an outage nobody knows where; of a row of two it is as likely as of others. */
static void test_outage(void)
{
	struct direction d = {
		.kind = DIRECTION_STATEFUL, .firsts = 100, .before = 50, .back = 50};
	struct loss_request dead = {.copies = 4};
	struct loss l = {.kind = LOSS_COPIES};
	struct probe_loss sum = {0};

	for (int i = 0; i < 100; i++) {
		struct probe_loss p = {.requests = 4, .lost = 4};

		direction_settle(&d, &l, &dead, &p);
		sum.lost += p.lost;
		sum.lost_there += p.lost_there;
		sum.lost_back += p.lost_back;
	}
	ok(sum.lost_there == 4 && sum.lost_back == 4,
	   "two requests are shared out: %u %u", sum.lost_there, sum.lost_back);
}

static uint64_t seed;

static double chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (double)(seed >> 11) / (double)(1ULL << 53);
}

enum peer { STATEFUL, STATELESS, FIRST_COPY };

/* One request over a way that loses, with 2 s of time, and what its answers say. */
static struct loss_request probe(enum peer peer, double there, double back,
				 int64_t rtt_us)
{
	struct loss_request r = {.t1_us = T1_US};
	int64_t at_us = 0, every_us = T1_US;
	unsigned first = 0;

	while (at_us < 2000000 && !(r.answered_us && r.answered_us <= at_us)) {
		bool here = chance() >= there;
		unsigned mark;

		r.copies++;
		r.last_us = at_us;
		if (here && !(peer == FIRST_COPY && first) && chance() >= back) {
			mark = peer == STATELESS || !first ? r.copies : first;
			if (r.mark)
				r.marks = r.mark == mark ? LOSS_MARKS_SAME
							 : LOSS_MARKS_DIFFER;
			else
				r.mark = (uint16_t)mark;
			if (!r.finals++)
				r.answered_us = at_us + rtt_us;
		}
		if (here && !first)
			first = r.copies;
		at_us += every_us;
		every_us *= 2;
	}
	return r;
}

static struct probe_loss model(struct direction *d, enum peer peer, double there,
			       double back, int64_t rtt_us)
{
	struct loss l = {.kind = peer == FIRST_COPY ? LOSS_FIRST : LOSS_COPIES};
	struct probe_loss sum = {0};

	for (int i = 0; i < 20000; i++) {
		struct loss_request r = probe(peer, there, back, rtt_us);
		struct probe_loss p;

		loss_settle(&l, &r, &p);
		direction_settle(d, &l, &r, &p);
		sum.requests += p.requests;
		sum.lost += p.lost;
		sum.lost_there += p.lost_there;
		sum.lost_back += p.lost_back;
	}
	return sum;
}

static bool is_near(uint32_t n, uint32_t of, double percent, double points)
{
	double got = 100.0 * n / of;

	return got > percent - points && got < percent + points;
}

static void test_models(void)
{
	static const double ways[][2] = {{0, 0},       {0.1, 0},   {0, 0.1},
					 {0.05, 0.05}, {0.2, 0.2}, {0.01, 0.02}};
	static const int64_t rtts_us[] = {10000, 700000};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		for (size_t k = 0; k < 2; k++)
			for (int peer = STATEFUL; peer <= FIRST_COPY; peer++) {
				double there = ways[i][0], back = ways[i][1];
				struct direction d = {
					.kind = peer == STATELESS ? DIRECTION_STATELESS
								  : DIRECTION_STATEFUL};
				struct probe_loss p;
				/* What it says of silence is a little low. */
				double points = peer == FIRST_COPY && back > 0.1 ? 6 : 1;
				bool right;

				seed = 88172645463325252ULL;
				p = model(&d, (enum peer)peer, there, back, rtts_us[k]);
				right = is_near(p.lost_there, p.requests, 100 * there,
						points) &&
					is_near(p.lost_back, p.requests,
						100 * (1 - there) * back, points);
				if (peer == STATELESS)
					right = !p.lost_there && !p.lost_back;
				ok(right && p.lost_there + p.lost_back <= p.lost,
				   "%d: %.0f + %.0f %%, %lld ms: %u + %u of %u in %u",
				   peer, 100 * there, 100 * back,
				   (long long)rtts_us[k] / 1000, p.lost_there,
				   p.lost_back, p.lost, p.requests);
			}
}

int main(void)
{
	test_requests();
	test_kinds();
	test_outage();
	test_models();
	return tap_done();
}
