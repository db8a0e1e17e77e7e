/* The name of a trunk: resolved ahead of need, and again when its answer grows old. */
#include "sipprobe/trunk/trunk_names.h"

#include <string.h>

#include "base/clock.h"
#include "config/uri.h"
#include "sipprobe/dns_hint.h"
#include "sipprobe/health.h"
#include "sipprobe/trunk/trunk.h"
#include "sipprobe/trunk/trunk_parts.h"
#include "sipprobe/trunk/trunk_state.h"
#include "sipprobe/trunk/trunk_targets.h"

struct naming {
	struct wheel_timer timer; /* deadline of a resolution, or time of the next one */
	struct trunk *trunk;
	struct resolve *resolve; /* under way, or NULL */
	struct resolve *held;	 /* holds `held_result`, which is not in force yet */
	const struct resolve_result *held_result;
	int64_t held_until_ns; /* in force then, or when nothing stands in its way */
	int64_t begun_ns;
	int64_t took_ns;      /* from then to the answer; -1: none was needed */
	struct health health; /* by resolutions, while there is no address */
	uint8_t by;	      /* enum resolve_by: records that gave the addresses */
	bool failing;	      /* the last resolution did */
};

enum {
	TRUNK_TTL_MAX_S = 3600, /* a longer TTL is looked up again all the same */
};

/* Past the deadline of a probe, for its end to be told. */
#define HELD_GRACE_NS (20 * CLOCK_NS_PER_MS)

/* Between two looks whether what an answer waits for is over: calls have long deadlines.
 */
#define HELD_LOOK_NS CLOCK_NS_PER_S

static void naming_destructor(void *arg)
{
	struct naming *n = arg;

	ticker_cancel(trunk_ticker(n->trunk), &n->timer);
	mem_deref(n->resolve);
	mem_deref(n->held);
	n->trunk->group->namings--;
}

int naming_alloc(struct naming **np, struct trunk *t)
{
	struct naming *n = mem_zalloc(sizeof(*n), naming_destructor);

	if (!n)
		return ENOMEM;
	n->trunk = t;
	t->group->namings++;
	*np = n;
	return 0;
}

enum health_state naming_state(const struct naming *n)
{
	return n ? (enum health_state)n->health.state : HEALTH_UNKNOWN;
}

bool naming_is_brief(const struct trunk *t)
{
	struct config_uri uri;

	return !config_uri_parse(config_trunk_hop(t->owner.conf), &uri) &&
	       (uri.ipv4 || uri.ipv6);
}

/* Whether what DNS gave leads nowhere: no address of it answers, or there is none. */
static bool is_lost(const struct naming *n)
{
	const struct trunk *t = n->trunk;

	return t->target_count ? t->state == HEALTH_DOWN && !t->reported_up : n->failing;
}

static void naming_again_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct naming *n = wheel_owner(timer, struct naming, timer);
	struct trunk_group *group = n->trunk->group;

	(void)now_ns;
	if (is_lost(n))
		resolvers_forget(&group->resolvers, &group->targets.conf->dns);
	naming_resolve(n);
}

static void resolve_again(struct naming *n, int64_t in_ns)
{
	ticker_start(trunk_ticker(n->trunk), &n->timer, clock_monotonic_ns() + in_ns,
		     naming_again_h);
}

/* Last good addresses stay in use; without any, the trunk itself has failed a probe. */
static void resolution_failed(struct naming *n, int err, const char *detail,
			      enum dns_hint hint)
{
	struct trunk *t = n->trunk;
	const struct config_settings *s = t->owner.conf->settings;
	struct probe_result r = probe_result_none();

	n->failing = true;
	resolve_again(n, (s->down_interval_us ? s->down_interval_us : s->interval_us) *
				 CLOCK_NS_PER_US);
	t->group->events->trunk_dns_failed_h(t->owner.row, detail, hint, t->group->arg);
	if (t->target_count)
		return;
	r.outcome = PROBE_DNS;
	r.verdict = PROBE_DOWN;
	r.err = err;
	r.dns_hint = (uint8_t)hint;
	str_ncpy(r.detail, detail, sizeof(r.detail));
	n->health = health_next(n->health, PROBE_DOWN, s->fall, s->rise);
	trunk_update(t, NULL, &r, false);
}

static void naming_resolved(struct naming *n, const struct resolve_result *res)
{
	struct trunk *t = n->trunk;
	bool literal = naming_is_brief(t);
	uint32_t ttl_s = res->ttl_s < TRUNK_TTL_MAX_S ? res->ttl_s : TRUNK_TTL_MAX_S;
	int err;

	err = trunk_set_addresses(t, res, n->health, literal ? -1 : n->took_ns);
	if (err) {
		resolution_failed(n, err, strerror(err), DNS_HINT_NONE);
		return;
	}
	n->by = (uint8_t)res->by;
	if (t->group->events->trunk_resolved_h)
		t->group->events->trunk_resolved_h(t->owner.row, res->detail,
						   t->group->arg);
	trunk_tell_addresses(t, n->failing);
	n->failing = false;
	n->health = (struct health){0};
	if (literal)
		t->naming = mem_deref(n);
	else
		resolve_again(n, ttl_s * CLOCK_NS_PER_S);
	trunk_tell_certificate(t);
	trunk_update(t, NULL, NULL, false);
}

/*
 * Whether servers failed at the very records that the addresses in use came by: what was
 * found without them may be others, and the last good ones stay.
 */
static bool naming_is_lesser(const struct naming *n, const struct resolve_result *res)
{
	unsigned needs = n->by == RESOLVE_BY_NAPTR
				 ? 1U << RESOLVE_BY_NAPTR | 1U << RESOLVE_BY_SRV
			 : n->by == RESOLVE_BY_SRV ? 1U << RESOLVE_BY_SRV
						   : 0;

	return n->trunk->target_count && (res->passed_over & needs);
}

static void naming_held_h(struct wheel_timer *timer, int64_t now_ns);

static void naming_hold_on(struct naming *n, int64_t now_ns)
{
	int64_t at_ns = now_ns + HELD_LOOK_NS;

	if (at_ns > n->held_until_ns)
		at_ns = n->held_until_ns;
	ticker_start(trunk_ticker(n->trunk), &n->timer, at_ns, naming_held_h);
}

static void naming_held_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct naming *n = wheel_owner(timer, struct naming, timer);
	struct resolve *held = n->held;

	if (now_ns < n->held_until_ns && trunk_busy_until_ns(n->trunk, n->held_result)) {
		naming_hold_on(n, now_ns);
		return;
	}
	n->held = NULL;
	naming_resolved(n, n->held_result);
	mem_deref(held);
}

/*
 * Addresses whose probe is under way stay until it ends: of a name that changes faster
 * than a silent peer times out, no probe would ever have a result.
 */
static bool naming_hold(struct naming *n, struct resolve *done,
			const struct resolve_result *res)
{
	int64_t until_ns = trunk_busy_until_ns(n->trunk, res);

	if (!until_ns)
		return false;
	n->held = done;
	n->held_result = res;
	n->held_until_ns = until_ns + HELD_GRACE_NS;
	naming_hold_on(n, clock_monotonic_ns());
	return true;
}

static void resolve_done_h(const struct resolve_result *res, void *arg)
{
	struct naming *n = arg;
	struct resolve *done = n->resolve; /* holds @res */

	n->resolve = NULL;
	n->took_ns = clock_monotonic_ns() - n->begun_ns;
	if (res->status != RESOLVE_OK || naming_is_lesser(n, res))
		resolution_failed(n, 0, res->detail, res->hint);
	else if (naming_hold(n, done, res))
		return;
	else
		naming_resolved(n, res);
	mem_deref(done);
}

/* A probe does not wait on DNS longer than its own timeout. */
static void give_up_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct naming *n = wheel_owner(timer, struct naming, timer);
	const struct resolve_result *settled = resolve_settled(n->resolve);
	struct resolve *done = n->resolve;

	(void)now_ns;
	n->resolve = NULL;
	if (settled)
		resolution_failed(n, 0, settled->detail, settled->hint);
	else
		resolution_failed(n, ETIMEDOUT,
				  "no answer from DNS before the probe's deadline",
				  DNS_HINT_NONE);
	mem_deref(done);
}

enum config_family trunk_family(const struct config_settings *s)
{
	const char *address = s->local.address;

	if (!address)
		return s->family;
	return strchr(address, ':') ? CONFIG_FAMILY_IPV6 : CONFIG_FAMILY_IPV4;
}

void naming_resolve(struct naming *n)
{
	const struct trunk *t = n->trunk;
	const struct config_settings *s = t->owner.conf->settings;
	struct config_uri uri;
	int err = EINVAL;

	n->begun_ns = clock_monotonic_ns();
	if (!config_uri_parse(config_trunk_hop(t->owner.conf), &uri))
		err = resolve_start(&n->resolve, t->group->resolvers.current, &uri,
				    trunk_family(s), resolve_done_h, n);
	if (err)
		resolution_failed(n, err, strerror(err), DNS_HINT_NONE);
	else if (uri.ipv4 || uri.ipv6)
		resolve_hasten(n->resolve);
	else
		ticker_start(trunk_ticker(t), &n->timer,
			     n->begun_ns + s->timeout_us * CLOCK_NS_PER_US, give_up_h);
}

void naming_review(struct naming *n)
{
	int64_t at_ns = n->begun_ns + RESOLVERS_FRESH_S * CLOCK_NS_PER_S;

	if (!n->resolve && !n->held && is_lost(n) && n->timer.at_ns > at_ns)
		ticker_start(trunk_ticker(n->trunk), &n->timer, at_ns, naming_again_h);
}

void naming_restart(struct naming *n)
{
	if (!n->resolve && !n->held && !is_lost(n))
		return;
	n->resolve = mem_deref(n->resolve);
	n->held = mem_deref(n->held);
	naming_resolve(n);
}
