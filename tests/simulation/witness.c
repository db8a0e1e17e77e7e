#include "tests/simulation/witness.h"

#include "tests/simulation/calls/ledger.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/kernel/world.h"

/* For so long, at least, the product knows a request that went unanswered. */
#define LATE_NS (4 * WORLD_S)

struct witness_counts witness_counts;

struct asked *witness_last(struct cell *c)
{
	return &c->asked[(c->asked_count - 1) % FLEET_REQUESTS];
}

/* Asked anew without an answer, or too late: we had stood still, and it has its time
 * again. */
static void witness_next_request(struct cell *c, const struct packet *p)
{
	bool over = world_now_ns() >= c->base_ns + c->trunk->have.timeout_ns;

	if (over && !c->asked_count)
		c->base_ns = world_now_ns();
	if (c->asked_count && (over || (!witness_last(c)->final_ns && !c->trunk->tcp))) {
		c->held = true;
		c->base_ns = world_now_ns();
		if (!witness_last(c)->final_ns || (over && c->garbled))
			c->paced_ns = c->base_ns;
		witness_counts.held++;
	}
	c->asked_count++;
	*witness_last(c) = (struct asked){
		.branch = p->branch, .first_ns = world_now_ns(), .behind = p->behind};
}

void witness_sent(const struct packet *p, bool left)
{
	struct cell *c = p->cell;

	witness_counts.copies++;
	if (p->dials)
		ledger_sent(p, left);
	if (!c)
		return;
	c->sum.copies++;
	c->unsent |= !left;
	if (!c->pending)
		return;
	if (!c->asked_count || witness_last(c)->branch != p->branch)
		witness_next_request(c, p);
	witness_last(c)->copies++;
	c->copies++;
}

static struct asked *witness_find(struct cell *c, uint64_t branch)
{
	for (unsigned i = 0; i < FLEET_REQUESTS && i < c->asked_count; i++)
		if (c->asked[i].branch == branch)
			return &c->asked[i];
	return NULL;
}

/* Bytes that are not SIP are anybody's who asks that address. */
static void witness_garbled(const struct peer *peer)
{
	for (unsigned i = 0; i < FLEET_CHECKS; i++)
		if (peer->cells[i])
			peer->cells[i]->garbled++;
}

void witness_arrived(const struct packet *p)
{
	struct cell *c = p->cell;
	struct asked *a = c ? witness_find(c, p->branch) : NULL;

	if (p->garbled)
		witness_garbled(p->peer);
	if (p->dials)
		ledger_arrived(p);
	if (c && (p->garbled || p->code >= 100))
		c->sum.arrived++;
	if (c && !c->gone && !p->garbled && p->code >= 200 &&
	    p->branch == c->lost_branch && world_now_ns() < c->ended_ns + LATE_NS) {
		c->late++;
		c->lost_branch = 0;
	}
	if (!a || p->code < 200)
		return;
	witness_counts.twice += a->final_ns != 0;
	if (a->final_ns)
		return;
	a->final_ns = world_now_ns();
	a->code = p->code;
	witness_counts.challenged += p->code == 401;
}

void witness_refused(const struct packet *p)
{
	struct cell *c = p->cell;

	witness_counts.refused++;
	if (!c || !c->pending || !c->asked_count || witness_last(c)->branch != p->branch)
		return;
	if (!c->icmp_ns)
		c->icmp_ns = world_now_ns();
}

void witness_broken(const struct peer *peer)
{
	for (unsigned i = 0; i < FLEET_CHECKS; i++)
		if (peer->cells[i])
			peer->cells[i]->broken++;
}

void witness_shown(const struct peer *peer)
{
	for (unsigned i = 0; i < FLEET_CHECKS; i++)
		if (peer->cells[i])
			peer->cells[i]->shaken_hands++;
}
