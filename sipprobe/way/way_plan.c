#include "sipprobe/way/way_plan.h"

void way_plan_init(struct way_plan *p, struct trace_report *r, bool silent,
		   int64_t now_ns)
{
	*p = (struct way_plan){.report = r,
			       .last = TRACE_HOPS,
			       .gap = silent ? WAY_PLAN_GAP : TRACE_HOPS,
			       .begun_ns = now_ns};
	for (unsigned i = 0; i < TRACE_HOPS; i++)
		r->hops[i].rtt_ns = -1;
}

static struct trace_hop *way_plan_hop(const struct way_plan *p, unsigned ttl)
{
	return &p->report->hops[ttl - 1];
}

/* A try that may yet be answered. */
static bool way_plan_pending(const struct way_plan *p, unsigned ttl, int64_t now_ns)
{
	return !way_plan_hop(p, ttl)->answer && way_plan_hop(p, ttl)->tries &&
	       now_ns < p->sent_ns[ttl - 1] + WAY_PLAN_TRY_NS;
}

/* Hops in a row, the last ones asked, that are silent so far. */
static unsigned way_plan_silence(const struct way_plan *p)
{
	unsigned n = 0;

	for (unsigned ttl = p->report->count; ttl && !way_plan_hop(p, ttl)->answer; ttl--)
		n++;
	return n;
}

static unsigned way_plan_at_once(const struct way_plan *p)
{
	if (p->one_by_one)
		return 1;
	if (p->gap == WAY_PLAN_GAP)
		return WAY_PLAN_GAP;
	return way_plan_silence(p) > WAY_PLAN_AT_ONCE + WAY_PLAN_SILENCE
		       ? WAY_PLAN_AT_ONCE_SILENT
		       : WAY_PLAN_AT_ONCE;
}

static unsigned way_plan_under_way(const struct way_plan *p, int64_t now_ns,
				   bool first_tries)
{
	unsigned n = 0;

	for (unsigned ttl = 1; ttl <= p->report->count; ttl++)
		n += way_plan_pending(p, ttl, now_ns) &&
		     !(first_tries && way_plan_hop(p, ttl)->tries > 1);
	return n;
}

/* One that was silent to the tries before and may be asked again. */
static unsigned way_plan_again(const struct way_plan *p, int64_t now_ns)
{
	for (unsigned ttl = 1; ttl <= p->report->count && ttl <= p->last; ttl++) {
		const struct trace_hop *h = way_plan_hop(p, ttl);

		if (!h->answer && !h->settled && h->tries < TRACE_TRIES &&
		    !way_plan_pending(p, ttl, now_ns))
			return ttl;
	}
	return 0;
}

static unsigned way_plan_send(struct way_plan *p, unsigned ttl, int64_t now_ns)
{
	if (ttl > p->report->count)
		p->report->count = (uint8_t)ttl;
	way_plan_hop(p, ttl)->tries++;
	p->sent_ns[ttl - 1] = now_ns;
	return ttl;
}

unsigned way_plan_next(struct way_plan *p, int64_t now_ns)
{
	unsigned ttl;

	if (now_ns < p->quiet_until_ns ||
	    (p->one_by_one && way_plan_under_way(p, now_ns, false)))
		return 0;
	ttl = way_plan_again(p, now_ns);
	if (ttl)
		return way_plan_send(p, ttl, now_ns);
	if (p->report->count >= p->last || way_plan_silence(p) >= p->gap ||
	    way_plan_under_way(p, now_ns, true) >= way_plan_at_once(p))
		return 0;
	return way_plan_send(p, p->report->count + 1U, now_ns);
}

int64_t way_plan_wake_ns(const struct way_plan *p)
{
	int64_t at_ns = INT64_MAX;

	for (unsigned ttl = 1; ttl <= p->report->count; ttl++) {
		int64_t end_ns = p->sent_ns[ttl - 1] + WAY_PLAN_TRY_NS;

		if (!way_plan_hop(p, ttl)->settled && end_ns < at_ns)
			at_ns = end_ns;
	}
	if (at_ns == INT64_MAX || p->quiet_until_ns > at_ns)
		at_ns = p->quiet_until_ns;
	return at_ns;
}

void way_plan_heard(struct way_plan *p, unsigned ttl, const struct trace_hop *what,
		    int64_t sent_ns, int64_t rx_ns)
{
	struct trace_hop *h;

	if (!ttl || ttl > p->report->count || way_plan_hop(p, ttl)->answer)
		return;
	h = way_plan_hop(p, ttl);
	*h = (struct trace_hop){
		.rtt_ns = rx_ns > sent_ns ? rx_ns - sent_ns : 0,
		.answer = what->answer,
		.tries = h->tries,
		.type = what->type,
		.code = what->code,
		.sip_code = what->sip_code,
		.settled = true,
	};
	__builtin_memcpy(h->address, what->address, sizeof(h->address));
	if (what->answer != TRACE_ROUTER && ttl < p->last)
		p->last = (uint8_t)ttl;
}

void way_plan_alone(struct way_plan *p, int64_t now_ns)
{
	if (p->one_by_one)
		return;
	p->one_by_one = p->report->one_by_one = true;
	p->quiet_until_ns = now_ns + WAY_PLAN_TRY_NS;
}

unsigned way_plan_single(const struct way_plan *p, int64_t now_ns)
{
	if (!p->one_by_one || now_ns < p->quiet_until_ns)
		return 0;
	for (unsigned ttl = 1; ttl <= p->report->count; ttl++)
		if (way_plan_pending(p, ttl, now_ns))
			return ttl;
	return 0;
}

/* What was sent past the end, and may have arrived, is no hop of the way. */
static void way_plan_close(struct way_plan *p)
{
	for (unsigned ttl = p->last + 1U; ttl <= p->report->count; ttl++)
		*way_plan_hop(p, ttl) = (struct trace_hop){.rtt_ns = -1};
	if (p->report->count > p->last)
		p->report->count = p->last;
}

/* One that can still change: it may be answered, or asked again. */
static bool way_plan_open(const struct way_plan *p, unsigned ttl, int64_t now_ns)
{
	const struct trace_hop *h = way_plan_hop(p, ttl);

	if (h->settled)
		return false;
	return way_plan_pending(p, ttl, now_ns) ||
	       (ttl <= p->last && h->tries < TRACE_TRIES);
}

bool way_plan_done(struct way_plan *p, int64_t now_ns)
{
	bool late = now_ns >= p->begun_ns + WAY_PLAN_ALL_NS;
	bool done = late || p->report->count >= p->last || way_plan_silence(p) >= p->gap;

	for (unsigned ttl = 1; ttl <= p->report->count; ttl++) {
		struct trace_hop *h = way_plan_hop(p, ttl);

		if (late || !way_plan_open(p, ttl, now_ns))
			h->settled = true;
		done = done && h->settled;
	}
	if (done)
		way_plan_close(p);
	return done;
}
