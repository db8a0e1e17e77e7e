/* The order of a trace, on networks made of a character a hop. */
#include "sipprobe/way/way_plan.h"
#include "tests/unit/tap.h"

#define MS 1000000LL

/*
 * A way: r a router that answers, l one that answers the second try, L the third, * one
 * that never does, x a firewall that rejects, p the peer, c the peer with a closed port.
 * Behind its end everything is silent.
 */
struct case_ {
	const char *name;
	const char *way;
	bool silent;	  /* the peer is, when it is asked by itself */
	bool one_by_one;  /* after the first answer nobody can say whose they are */
	const char *want; /* the same letters as found, R for rejected; then "…" */
	unsigned end;	  /* TTL */
	unsigned heard;	  /* the last TTL that spoke */
	unsigned arrived; /* tries that came to the peer, at most */
	int most_ms;	  /* the trace takes no longer */
};

static const struct case_ cases[] = {
	{"all answer", "rrrp", false, false, "rrrp", 4, 4, 3, 10},
	{"the peer next door", "p", false, false, "p", 1, 1, 3, 10},
	{"a silent router is asked three times", "r*rp", false, false, "r*rp", 4, 4, 3,
	 3010},
	{"one that limits ICMP answers a second later", "rlrp", false, false, "rrrp", 4,
	 4, 3, 1020},
	{"or two", "rLrp", false, false, "rrrp", 4, 4, 3, 2020},
	{"a firewall rejects", "rrx", false, false, "rrR", 3, 3, 0, 1010},
	{"a closed port", "rrrc", false, false, "rrrc", 4, 4, 0, 1010},
	{"lost behind the second", "rr****************************", false, false,
	 "rr****************************", 0, 2, 0, 9500},
	{"lost behind the second, as the peer is", "rr****************************", true,
	 false, "rr********", 0, 2, 0, 4100},
	{"one that speaks late goes on", "r*******L*r*******************", true, false,
	 "r*******r*r********", 0, 11, 0, 9500},
	{"nobody at all", "******************************", false, false,
	 "******************************", 0, 0, 0, 9800},
	{"a peer behind silence", "r**********p", false, false, "r**********p", 12, 12, 5,
	 6500},
	{"thirty routers", "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrr", false, false,
	 "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrr", 0, 30, 0, 60},
	{"one at a time", "rrrp", false, true, "rrrp", 4, 4, 1, 1100},
	{"one at a time, with a silent one", "r*rp", false, true, "r*rp", 4, 4, 1, 4200},
	{"one at a time, lost", "rr****************************", false, true, NULL, 0, 2,
	 0, 20500},
};

struct net {
	struct trace_report report;
	struct way_plan plan;
	const struct case_ *c;
	struct {
		int64_t at_ns;
		unsigned ttl, tried;
	} answers[256]; /* under way */
	unsigned count;
	unsigned arrived;
	unsigned most; /* tries of one TTL */
	int64_t last_ns[TRACE_HOPS];
	bool hasty; /* two tries of one TTL within a second */
};

static char hop_kind(const struct net *n, unsigned ttl)
{
	size_t len = strlen(n->c->way);

	return ttl <= len				 ? n->c->way[ttl - 1]
	       : strchr("pc", n->c->way[len - 1]) && len ? n->c->way[len - 1]
							 : '*';
}

static void net_send(struct net *n, unsigned ttl, int64_t now_ns)
{
	unsigned tries = n->report.hops[ttl - 1].tries;
	char kind = hop_kind(n, ttl);
	static const char first[] = "rxpc";

	if (n->last_ns[ttl - 1] && now_ns + 1 - n->last_ns[ttl - 1] < 1000 * MS)
		n->hasty = true;
	n->last_ns[ttl - 1] = now_ns + 1; /* 0: never */
	n->most = tries > n->most ? tries : n->most;
	n->arrived += kind == 'p';
	if (strchr(first, kind) || (kind == 'l' && tries == 2) ||
	    (kind == 'L' && tries == 3)) {
		n->answers[n->count].at_ns = now_ns + (int64_t)ttl * MS / 4;
		n->answers[n->count].ttl = ttl;
		n->answers[n->count++].tried = tries - 1;
	}
}

static void net_answer(struct net *n, unsigned i, int64_t now_ns)
{
	char kind = hop_kind(n, n->answers[i].ttl);
	const struct trace_hop hop = {
		.address = "10.0.0.1",
		.answer = kind == 'p'	? TRACE_ANSWERED
			  : kind == 'c' ? TRACE_REFUSED
			  : kind == 'x' ? TRACE_REJECTED
					: TRACE_ROUTER,
	};
	unsigned single = way_plan_single(&n->plan, now_ns);
	/* An answer of SIP has its branch. */
	bool known = !n->c->one_by_one || (single && kind == 'p');

	if (known || single)
		way_plan_heard(&n->plan, known ? n->answers[i].ttl : single, &hop,
			       now_ns - MS, now_ns);
	else
		way_plan_alone(&n->plan, now_ns);
	n->answers[i].at_ns = INT64_MAX;
}

/* Returns how long it took. */
static int64_t net_run(struct net *n, const struct case_ *c)
{
	int64_t now_ns = 0;

	*n = (struct net){.c = c};
	way_plan_init(&n->plan, &n->report, c->silent, 0);
	while (now_ns < 60000 * MS && !way_plan_done(&n->plan, now_ns)) {
		unsigned ttl;

		while ((ttl = way_plan_next(&n->plan, now_ns)) != 0)
			net_send(n, ttl, now_ns);
		now_ns += MS / 4;
		for (unsigned i = 0; i < n->count; i++)
			if (n->answers[i].at_ns <= now_ns)
				net_answer(n, i, now_ns);
	}
	return now_ns;
}

static const char *net_found(const struct net *n)
{
	static const char letters[] = {[TRACE_SILENT] = '*',
				       [TRACE_ROUTER] = 'r',
				       [TRACE_REJECTED] = 'R',
				       [TRACE_REFUSED] = 'c',
				       [TRACE_ANSWERED] = 'p'};
	static char text[TRACE_HOPS + 1];

	for (unsigned i = 0; i < n->report.count; i++)
		text[i] = letters[n->report.hops[i].answer];
	text[n->report.count] = '\0';
	return text;
}

static void test_ways(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct case_ *c = &cases[i];
		static struct net n;
		int64_t took_ns = net_run(&n, c);

		if (c->want)
			is_str(net_found(&n), c->want, c->name);
		is_int(trace_end(&n.report), c->end, c->name);
		is_int(trace_last_heard(&n.report), c->heard, c->name);
		ok(took_ns <= c->most_ms * MS, "%s: after %lld of %d ms", c->name,
		   (long long)(took_ns / MS), c->most_ms);
		ok(!n.hasty && n.most <= TRACE_TRIES, "%s: tries are a second apart",
		   c->name);
		ok(n.arrived <= c->arrived, "%s: %u came to the peer", c->name,
		   n.arrived);
		is_int(n.report.one_by_one, c->one_by_one, c->name);
	}
}

/* A wake that is never late, and never in the past for good. */
static void test_wakes(void)
{
	struct trace_report r = {0};
	struct way_plan p;
	int64_t now_ns = 5 * MS, wakes = 0;

	way_plan_init(&p, &r, false, now_ns);
	while (!way_plan_done(&p, now_ns) && wakes < 500) {
		while (way_plan_next(&p, now_ns))
			;
		ok(way_plan_wake_ns(&p) > now_ns, "wakes later");
		now_ns = way_plan_wake_ns(&p);
		wakes++;
	}
	ok(wakes < 60, "a trace without answers ends, after %lld wakes",
	   (long long)wakes);
}

static void test_late(void)
{
	struct trace_hop router = {.answer = TRACE_ROUTER, .address = "10.0.0.1"};
	struct trace_hop peer = {.answer = TRACE_ANSWERED, .address = "10.0.0.9"};
	struct trace_report r = {0};
	struct way_plan p;

	way_plan_init(&p, &r, false, 0);
	(void)way_plan_next(&p, 0);
	way_plan_heard(&p, 1, &router, 0, 7 * MS);
	way_plan_heard(&p, 1, &peer, 0, 9 * MS);
	is_int(r.hops[0].answer, TRACE_ROUTER, "the first answer stays");
	is_int(r.hops[0].rtt_ns, 7 * MS, "with its time");
	way_plan_heard(&p, 2, &peer, 0, 9 * MS);
	way_plan_heard(&p, 31, &peer, 0, 9 * MS);
	way_plan_heard(&p, 0, &peer, 0, 9 * MS);
	is_int(r.count, 1, "nothing of what was not asked");
	way_plan_heard(&p, 1, &peer, 9 * MS, 8 * MS);
	ok(r.hops[0].rtt_ns >= 0, "no time below none");
}

int main(void)
{
	test_ways();
	test_wakes();
	test_late();
	return tap_done();
}
