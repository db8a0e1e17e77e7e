/* What the product says, told to the exporter's listener first, then to the judges. */
#include "tests/simulation/witness.h"

#include <string.h>

#include "exporter/engine_listener.h"
#include "tests/simulation/callers.h"
#include "tests/simulation/calls/dialler.h"
#include "tests/simulation/calls/ledger.h"
#include "tests/simulation/expose.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/kernel/world.h"

static void witness_dial_base(struct dialler *d)
{
	d->lost_base = d->lost;
	d->made_base = d->made;
}

static void *witness_trunk_add_h(const struct config_trunk *conf, void *arg)
{
	struct trunk *t = fleet_trunk(conf->name);

	t->row = engine_listener.trunk_add_h(conf, arg);
	world_leave();
	t->here = true;
	t->have = t->want;
	t->shaken = !t->row;
	t->told = HEALTH_UNKNOWN;
	t->told_ns = t->added_ns = world_now_ns();
	t->tally = (struct tally){0};
	t->changes = 0;
	t->failed_since_up = false;
	t->asked_ns[0] = t->asked_ns[1] = 0;
	t->heard_base = t->heard_told;
	if (t->dial)
		witness_dial_base(t->dial);
	callers_forgive(t);
	for (unsigned i = 0; i < FLEET_PEERS; i++)
		t->peers[i].epoch++;
	trace(t, "trunk begins", "", "", 0);
	world_return();
	return t;
}

static void witness_trunk_move_h(void *row, const struct config_trunk *conf, void *arg)
{
	engine_listener.trunk_move_h(((struct trunk *)row)->row, conf, arg);
}

static void witness_trunk_remove_h(void *row, void *arg)
{
	struct trunk *t = row;

	engine_listener.trunk_remove_h(t->row, arg);
	world_leave();
	trace(t, "trunk goes", "", "", 0);
	judge(ON_REMOVED, &(struct occasion){.trunk = t});
	t->here = false;
	t->row = NULL;
	for (unsigned i = 0; i < FLEET_PEERS; i++)
		t->peers[i].epoch++;
	world_return();
}

static void witness_trunk_state_h(void *row, const struct engine_change *change,
				  void *arg)
{
	struct trunk *t = row;

	engine_listener.trunk_state_h(t->row, change, arg);
	world_leave();
	trace(t, "STATE", health_state_name(change->to), " after ms ",
	      change->held_ns / WORLD_MS);
	world_note((uint64_t)change->to ^ (uint64_t)world_now_ns());
	expose_state(t, health_state_name(change->to));
	judge(ON_STATE, &(struct occasion){.trunk = t, .change = change});
	witness_counts.changes++;
	witness_counts.downs += change->to == HEALTH_DOWN;
	t->told = change->to;
	t->told_ns = change->at_ns;
	t->changes++;
	t->changed_epoch = t->peers[0].epoch;
	t->changed_ns = world_now_ns();
	if (change->to == HEALTH_UP)
		t->failed_since_up = false;
	world_return();
}

static void witness_trunk_paused_h(void *row, bool paused, int64_t until_s, void *arg)
{
	struct trunk *t = row;

	engine_listener.trunk_paused_h(t->row, paused, until_s, arg);
	trace(t, paused ? "paused" : "no longer paused", "", "", 0);
}

static void witness_addresses_h(void *row, unsigned total, unsigned up, void *arg)
{
	engine_listener.trunk_addresses_h(((struct trunk *)row)->row, total, up, arg);
}

static void witness_dns_failed_h(void *row, const char *detail, enum dns_hint hint,
				 void *arg)
{
	struct trunk *t = row;
	bool any = false;

	engine_listener.trunk_dns_failed_h(t->row, detail, hint, arg);
	for (unsigned i = 0; i < FLEET_PEERS; i++)
		any |= t->peers[i].cells[0] != NULL;
	/* Without an address the trunk itself has failed. */
	if (!any)
		fleet_add(&t->tally, &t->have, true);
	t->failed_since_up |= !any;
	trace(t, "DNS failed by its word", "", "", any);
}

static void witness_resolved_h(void *row, const char *note, void *arg)
{
	engine_listener.trunk_resolved_h(((struct trunk *)row)->row, note, arg);
}

static struct peer *witness_peer(const char *address)
{
	struct sa sa;

	return sa_decode(&sa, address, strlen(address)) ? NULL : fleet_peer(&sa);
}

static void *witness_target_add_h(void *row, const struct engine_target *info, void *arg)
{
	struct trunk *t = row;
	void *inner = engine_listener.probe.target_add_h(t->row, info, arg);
	struct cell *c = memory_get(sizeof(*c));

	world_leave();
	c->trunk = t;
	c->inner = inner;
	t->shaken |= !inner;
	c->older = t->cells;
	t->cells = c;
	c->check = !strcmp(info->method, "REGISTER") ? 1
		   : !strcmp(info->method, "INVITE") ? FLEET_CALLS
						     : 0;
	c->peer = witness_peer(info->address);
	c->added_ns = world_now_ns();
	witness_counts.heirs += c->added_ns > t->added_ns + WORLD_S;
	c->peer->cells[c->check] = c;
	trace(t, "target begins", info->method, " at peer ", c->peer->index);
	world_return();
	return c;
}

static void witness_target_remove_h(void *cell, void *arg)
{
	struct cell *c = cell;

	engine_listener.probe.target_remove_h(c->inner, arg);
	world_leave();
	judge(ON_EVENT, &(struct occasion){.trunk = c->trunk, .cell = c});
	trace(c->trunk, "target goes", "", " at peer ", c->peer->index);
	c->gone = true;
	c->ended_ns = world_now_ns();
	c->pending = false;
	if (c->peer->cells[c->check] == c)
		c->peer->cells[c->check] = NULL;
	if (!c->peer->cells[0] && !c->peer->cells[1])
		c->peer->unknown_ns = world_now_ns();
	world_return();
}

static void witness_begin_h(void *cell, int64_t lag_ns, void *arg)
{
	struct cell *c = cell;
	struct occasion o = {.trunk = c->trunk, .cell = c, .number = lag_ns};

	engine_listener.probe.probe_begin_h(c->inner, lag_ns, arg);
	world_leave();
	trace(c->trunk, "a probe begins", "", " late by us ", lag_ns / CLOCK_NS_PER_US);
	judge(ON_EVENT, &o);
	judge(c->check == FLEET_CALLS ? ON_DUE : ON_BEGIN, &o);
	c->due_ns = world_now_ns() - lag_ns;
	c->begun_ns = c->base_ns = c->paced_ns = world_now_ns();
	c->pending = c->began = true;
	c->left_out = false;
	if (c->check == FLEET_CALLS) {
		c->trunk->dial->due_ns = c->due_ns;
		c->trunk->dial->left_out = false;
	}
	c->asked_count = c->copies = c->garbled = c->broken = 0;
	c->shaken_hands = 0;
	c->memory = memory_failed();
	c->icmp_ns = 0;
	c->unsent = c->held = false;
	c->sum.begun++;
	witness_counts.probes++;
	world_return();
}

/* What the next probe is judged by. */
static void witness_ended(struct cell *c, const struct probe_result *r)
{
	const struct order *o = &c->trunk->have;
	bool failed = r->verdict == PROBE_DOWN;
	bool fast;

	fleet_add(&c->tally, o, failed);
	if (c->check == FLEET_CALLS)
		dials.room_ns = world_now_ns();
	if (!c->check)
		fleet_add(&c->trunk->tally, o, failed);
	c->trunk->failed_since_up |= failed;
	fast = failed || (fleet_is_single(c->trunk) ? c->trunk->tally.state
						    : c->tally.state) == HEALTH_DOWN;
	/* Refused credentials at a higher rate would only get us locked out. */
	c->refused = r->outcome == PROBE_AUTH;
	c->pace_ns = fast && !c->refused ? o->down_ns : o->interval_ns;
	/* Whose state is another's too is paced by what no single result says. */
	if ((c->trunk->several || (c->trunk->dial && c->trunk->named)) && !failed)
		c->pace_ns = 0;
	c->not_before_ns = r->code == 503 && r->retry_after_s > 0
				   ? world_now_ns() + r->retry_after_s * WORLD_S
				   : 0;
	if (c->check && r->registered_until_s >= 0)
		c->told_until_ns = r->registered_until_s
					   ? r->registered_until_s * WORLD_S -
						     (world_wall_ns() - world_now_ns())
					   : 0;
}

static void witness_called(struct occasion *o)
{
	const char *failure = o->result->call.failure
				      ? call_failure_name(o->result->call.failure)
				      : NULL;

	o->dialled = ledger_find(o->trunk, o->result->call_id);
	judge(ON_CALLED, o);
	witness_counts.called++;
	expose_call(o->cell->peer, failure);
	trace(o->trunk, "a call's verdict:", failure ? failure : "up", " code ",
	      o->result->code);
}

static void witness_done_h(void *cell, const struct probe_result *r, void *arg)
{
	struct cell *c = cell;
	struct occasion o = {.trunk = c->trunk, .cell = c, .result = r};

	engine_listener.probe.probe_done_h(c->inner, r, arg);
	world_leave();
	trace(c->trunk, "a probe ends", probe_outcome_name(r->outcome), " in us ",
	      r->phase_ns[PROBE_PHASE_ANSWER] / CLOCK_NS_PER_US);
	world_note((uint64_t)r->outcome ^ (uint64_t)r->phase_ns[PROBE_PHASE_ANSWER]);
	judge(ON_EVENT, &o);
	if (c->check == FLEET_CALLS)
		witness_called(&o);
	else
		judge(ON_DONE, &o);
	witness_counts.answered += r->outcome == PROBE_RESPONSE;
	witness_counts.failed += r->verdict == PROBE_DOWN;
	witness_counts.stalled += world_stalled_ns(c->begun_ns) > 0;
	c->sum.outcomes[r->outcome]++;
	c->sum.retransmissions += r->retransmissions;
	witness_ended(c, r);
	c->pending = false;
	c->ended_ns = world_now_ns();
	c->lost_branch = r->outcome == PROBE_TIMEOUT && c->asked_count == 1 &&
					 !c->trunk->tcp && !witness_last(c)->final_ns
				 ? witness_last(c)->branch
				 : 0;
	world_return();
}

static void witness_chain_h(void *cell, struct chain *chain, void *arg)
{
	engine_listener.probe.chain_h(((struct cell *)cell)->inner, chain, arg);
}

static void witness_trunk_cert_h(void *row, const struct tls_own *own, void *arg)
{
	engine_listener.trunk_cert_h(((struct trunk *)row)->row, own, arg);
}

static void witness_files_h(const char *detail, void *arg)
{
	engine_listener.tls_files_h(detail, arg);
}

static bool witness_wanted_h(void *cell, const struct probe_result *r, void *arg)
{
	return engine_listener.probe.ladder_wanted_h(((struct cell *)cell)->inner, r,
						     arg);
}

static void witness_ladder_h(void *cell, const struct probe_result *r,
			     const struct ladder *ladder, void *arg)
{
	engine_listener.probe.probe_ladder_h(((struct cell *)cell)->inner, r, ladder,
					     arg);
}

static void witness_call_refused_h(void *cell, const char *why, void *arg)
{
	struct cell *c = cell;
	struct dialler *d = c->trunk->dial;

	engine_listener.probe.call_refused_h(c->inner, why, arg);
	trace(c->trunk, "a call is not made:", why, "", 0);
	c->left_out = d->left_out = true;
	d->refused++;
	c->sum.unmade += c->pending;
	dials.refused++;
	c->pending = false;
	c->ended_ns = world_now_ns();
}

static void witness_calls_open_h(const char *trunk, unsigned open, void *arg)
{
	struct trunk *t = fleet_trunk(trunk);

	engine_listener.calls_open_h(trunk, open, arg);
	trace(t, "calls open, by its word", "", " ", open);
	t->dial->open = open;
	if (!open)
		t->dial->closed_ns = world_now_ns();
	dials.room_ns = world_now_ns();
}

static void witness_made_h(const char *trunk, const struct call_report *r, void *arg)
{
	struct trunk *t = fleet_trunk(trunk);

	engine_listener.call_made_h(trunk, r, arg);
	t->dial->made.calls[!r->answered]++;
	t->dial->made.talk_ns += r->talk_ns;
}

static void witness_not_ended_h(const char *trunk, const char *number, const char *why,
				void *arg)
{
	struct trunk *t = fleet_trunk(trunk);

	engine_listener.call_not_ended_h(trunk, number, why, arg);
	world_leave();
	trace(t, "a call is not ended, by its word:", why, "", 0);
	if (!fleet.over)
		judge(ON_LOST, &(struct occasion){.trunk = t, .text = why});
	t->dial->lost++;
	dials.lost++;
	world_return();
}

static void witness_lateness_h(const struct media_lateness *l, void *arg)
{
	engine_listener.media_lateness_h(l, arg);
}

static void witness_late_h(void *cell, void *arg)
{
	struct cell *c = cell;

	engine_listener.probe.probe_late_h(c->inner, arg);
	world_leave();
	trace(c->trunk, "a late answer, by its word", "", "", 0);
	judge(ON_EVENT, &(struct occasion){.trunk = c->trunk, .cell = c});
	witness_counts.late++;
	c->sum.late++;
	world_return();
}

static void witness_misdirected_h(void *cell, enum probe_misdirected how, void *arg)
{
	engine_listener.probe.probe_misdirected_h(((struct cell *)cell)->inner, how, arg);
}

static void witness_settled_h(void *cell, const struct probe_loss *loss, void *arg)
{
	struct cell *c = cell;

	engine_listener.probe.probe_settled_h(c->inner, loss, arg);
	c->sum.requests += loss->requests;
	c->sum.answers += loss->answers;
	c->sum.lost += loss->lost;
}

static void witness_inbound_h(void *row, const char *method, unsigned code, void *arg)
{
	struct trunk *t = row;

	engine_listener.inbound_h(t->row, method, code, arg);
	t->heard_told++;
}

static void witness_stray_h(int why, void *arg)
{
	engine_listener.stray_h(why, arg);
}

static int64_t told_ns[ENGINE_STRAYS]; /* refusals, when last */

void witness_restarted(void)
{
	memset(told_ns, 0, sizeof(told_ns));
}

static void witness_refused_h(int why, const char *peer, uint64_t count, void *arg)
{
	engine_listener.refused_h(why, peer, count, arg);
	world_leave();
	judge(ON_REFUSED, &(struct occasion){.since_ns = told_ns[why]});
	told_ns[why] = world_now_ns();
	world_return();
}

const struct engine_events witness_events = {
	.trunk_add_h = witness_trunk_add_h,
	.trunk_move_h = witness_trunk_move_h,
	.trunk_remove_h = witness_trunk_remove_h,
	.trunk_state_h = witness_trunk_state_h,
	.trunk_paused_h = witness_trunk_paused_h,
	.trunk_addresses_h = witness_addresses_h,
	.trunk_dns_failed_h = witness_dns_failed_h,
	.trunk_resolved_h = witness_resolved_h,
	.probe =
		{
			.target_add_h = witness_target_add_h,
			.target_remove_h = witness_target_remove_h,
			.probe_begin_h = witness_begin_h,
			.probe_done_h = witness_done_h,
			.call_refused_h = witness_call_refused_h,
			.probe_late_h = witness_late_h,
			.probe_misdirected_h = witness_misdirected_h,
			.probe_settled_h = witness_settled_h,
			.chain_h = witness_chain_h,
			.ladder_wanted_h = witness_wanted_h,
			.probe_ladder_h = witness_ladder_h,
		},
	.trunk_cert_h = witness_trunk_cert_h,
	.tls_files_h = witness_files_h,
	.calls_open_h = witness_calls_open_h,
	.call_made_h = witness_made_h,
	.call_not_ended_h = witness_not_ended_h,
	.media_lateness_h = witness_lateness_h,
	.inbound_h = witness_inbound_h,
	.stray_h = witness_stray_h,
	.refused_h = witness_refused_h,
};

void witness_applied(void)
{
	for (struct trunk *t = fleet_next(NULL); t; t = fleet_next(t))
		t->have = t->want;
}
