/* The state of a trunk: its addresses' states, summed up and told when they change. */
#include "sipprobe/trunk/trunk_state.h"

#include "base/clock.h"
#include "sipprobe/target/prober.h"
#include "sipprobe/target/target.h"
#include "sipprobe/trunk/heartbeat.h"
#include "sipprobe/trunk/trunk_names.h"
#include "sipprobe/trunk/trunk_parts.h"
#include "sipprobe/trunk/trunk_registrar.h"
#include "sipprobe/trunk/trunk_targets.h"

/* Of two checks of one address: it is as well as the worse of them. */
static enum health_state trunk_state_worse(enum health_state a, enum health_state b)
{
	static const uint8_t rank[HEALTH_STATES] = {
		[HEALTH_UP] = 0,
		[HEALTH_DEGRADED] = 1,
		[HEALTH_UNKNOWN] = 2,
		[HEALTH_DOWN] = 3,
	};

	return rank[a] > rank[b] ? a : b;
}

/*
 * A check that is made now and then, and was not yet: beside others it says nothing. Not
 * to be known before the first call of a day would be no service.
 */
static bool is_to_come(const struct trunk *t, const struct target *target,
		       enum health_state state)
{
	unsigned methods = t->owner.conf->settings->methods;

	return target_prober(target)->steady && state == HEALTH_UNKNOWN &&
	       methods & (methods - 1);
}

/* The addresses, each with the state that its checks sum up to. */
static size_t sum_addresses(struct health_member *members, const struct trunk *t,
			    enum health_state (*state_of)(const struct target *t))
{
	const struct target *first[RESOLVE_ADDRESSES_MAX];
	size_t count = 0;

	for (unsigned i = 0; i < t->target_count; i++) {
		const struct target *target = trunk_targets(t)[i];
		size_t k = 0;

		if (registrar_is_apart(trunk_registrar(t), target) ||
		    is_to_come(t, target, state_of(target)))
			continue;
		while (k < count && !trunk_same_address(first[k], target_address(target)))
			k++;
		if (k < count) {
			members[k].state =
				trunk_state_worse(members[k].state, state_of(target));
			continue;
		}
		first[count] = target;
		members[count++] = (struct health_member){
			.state = state_of(target),
			.priority = target_address(target)->priority,
		};
	}
	return count;
}

/* A registration at one address is the whole trunk's: it is no better than that. */
static enum health_state with_registration(const struct trunk *t, enum health_state state)
{
	for (unsigned i = 0; i < t->target_count; i++)
		if (registrar_is_apart(trunk_registrar(t), trunk_targets(t)[i]))
			return trunk_state_worse(state,
						 target_state(trunk_targets(t)[i]));
	return state;
}

static enum health_state summed_state(const struct trunk *t)
{
	struct health_member members[RESOLVE_ADDRESSES_MAX];

	if (!t->target_count)
		return naming_state(t->naming);
	return with_registration(t, health_rollup(members,
						  sum_addresses(members, t, target_state),
						  t->owner.conf->settings->up_when));
}

void trunk_tell_addresses(struct trunk *t, bool always)
{
	struct health_member members[RESOLVE_ADDRESSES_MAX];
	size_t count = sum_addresses(members, t, target_own_state);
	uint16_t total =
		(uint16_t)(trunk_registrar(t) ? registrar_count(trunk_registrar(t))
					      : count);
	uint16_t up = 0;

	for (size_t i = 0; i < count; i++)
		up += members[i].state == HEALTH_UP ||
		      members[i].state == HEALTH_DEGRADED;
	if (up == t->reported_up && total == t->reported_total && !always)
		return;
	t->reported_up = up;
	t->reported_total = total;
	t->group->events->trunk_addresses_h(t->owner.row, total, up, t->group->arg);
}

void trunk_tell_inbound(const struct trunk *t)
{
	if (t->group->events->trunk_inbound_h && trunk_heartbeat(t))
		t->group->events->trunk_inbound_h(t->owner.row,
						  heartbeat_missing(trunk_heartbeat(t)),
						  t->group->arg);
}

static void trunk_inbound_h(void *arg);

/* Without memory for it the trunk is judged by its answers alone. */
void trunk_expect_pings(struct trunk *t)
{
	const struct config_settings *s = t->owner.conf->settings;

	if (t->more)
		t->more->heartbeat = mem_deref(t->more->heartbeat);
	if (s->expect_inbound_us && !t->owner.paused && trunk_more(t))
		(void)heartbeat_alloc(&t->more->heartbeat, trunk_ticker(t),
				      s->expect_inbound_us * CLOCK_NS_PER_US,
				      trunk_inbound_h, t);
	trunk_tell_inbound(t);
}

/* While a trunk is down its peer may have cause not to ping us: it gets a new period. */
static void expect_anew(const struct trunk *t, enum health_state sum)
{
	bool was_up = t->state == HEALTH_UP || t->state == HEALTH_DEGRADED;

	if (trunk_heartbeat(t) && !was_up &&
	    (sum == HEALTH_UP || sum == HEALTH_DEGRADED) &&
	    heartbeat_restart(trunk_heartbeat(t)))
		trunk_tell_inbound(t);
}

/* A result has a time of its own: we may have come to look at it late. */
static int64_t trunk_state_at_ns(const struct trunk *t, const struct probe_result *last)
{
	int64_t now_ns = clock_monotonic_ns();
	int64_t at_ns = last && last->ended_ns ? last->ended_ns : now_ns;

	if (at_ns < t->since_ns)
		return t->since_ns;
	return at_ns < now_ns ? at_ns : now_ns;
}

static void change_state(struct trunk *t, const struct target *target,
			 const struct probe_result *last, bool inbound)
{
	enum health_state sum = health_go_on((enum health_state)t->sum, summed_state(t));
	enum health_state state;
	int64_t at_ns = trunk_state_at_ns(t, last);
	char address[64] = "";
	struct engine_change change;

	t->sum = (uint8_t)sum;
	expect_anew(t, sum);
	state = health_with_inbound(sum, heartbeat_missing(trunk_heartbeat(t)));
	if (state == (enum health_state)t->state || t->owner.paused)
		return;
	if (target)
		(void)re_snprintf(address, sizeof(address), "%J",
				  &target_address(target)->sa);
	change = (struct engine_change){
		.from = (enum health_state)t->state,
		.to = state,
		.at_ns = at_ns,
		.held_ns = at_ns - t->since_ns,
		.last = last,
		.address = address,
		.method = target ? target_prober(target)->method : "",
		.transport =
			target ? config_transport_name(target_address(target)->transport)
			       : "",
		.inbound = inbound,
	};
	t->state = (uint8_t)state;
	t->since_ns = at_ns;
	t->group->events->trunk_state_h(t->owner.row, &change, t->group->arg);
	if (state == HEALTH_DOWN && target && last && t->group->down_h)
		t->group->down_h(t, target, last, t->group->down_arg);
}

void trunk_update(struct trunk *t, const struct target *target,
		  const struct probe_result *last, bool inbound)
{
	trunk_tell_addresses(t, false);
	change_state(t, target, last, inbound);
	if (t->naming)
		naming_review(t->naming);
}

void trunk_result_h(struct target_owner *o, const struct target *target,
		    const struct probe_result *last, bool changed)
{
	struct trunk *t = (struct trunk *)o;

	registrar_result(trunk_registrar(t), target, last);
	if (changed)
		trunk_update(t, target, last, false);
}

static void trunk_inbound_h(void *arg)
{
	trunk_tell_inbound(arg);
	trunk_update(arg, NULL, NULL, true);
}
