#include <stdlib.h>
#include <string.h>

#include "sipprobe/trunk.h"
#include "sipprobe/clock.h"
#include "sipprobe/expect.h"
#include "sipprobe/locals.h"
#include "sipprobe/names.h"
#include "sipprobe/prober.h"
#include "sipprobe/resolve.h"
#include "sipprobe/target.h"
#include "sipprobe/tls_cache.h"
#include "config/uri.h"

/* What only a trunk with a name, not an address, needs. */
struct naming {
	struct wheel_timer timer; /* deadline of a resolution, or time of the next one */
	struct trunk *trunk;
	struct resolve *resolve; /* under way, or NULL */
	int64_t begun_ns;
	struct health health; /* by resolutions, while there is no address */
	bool failing;	      /* the last resolution did */
};

struct trunk {
	struct core *core;
	const struct config_trunk *conf;
	void *row;
	struct target **targets; /* an address's checks need not stand side by side */
	struct naming *naming;
	struct expect *expect; /* of the peer's own pings, or NULL */
	int64_t since_ns;      /* of the state */
	uint16_t target_count;
	uint16_t told_total;
	uint16_t told_up;
	uint8_t state; /* enum health_state */
};

enum {
	TRUNK_TTL_MAX_S = 3600, /* a longer TTL is looked up again all the same */
};

static void resolve_names(struct naming *n);
static void again_h(struct wheel_timer *timer, int64_t now_ns);

static void naming_destructor(void *arg)
{
	struct naming *n = arg;

	ticker_cancel(n->trunk->core->ticker, &n->timer);
	mem_deref(n->resolve);
}

/* By what the description says, which is the same from its start to its end. */
static bool is_choosy(const struct trunk *t)
{
	const struct config_settings *s = t->conf->settings;

	return locals_wanted(&s->local) || s->expect_inbound_us;
}

static void destructor(void *arg)
{
	struct trunk *t = arg;

	mem_deref(t->naming);
	mem_deref(t->expect);
	if (t->row)
		t->core->choosy -= is_choosy(t);
	for (unsigned i = 0; i < t->target_count; i++)
		target_remove(t->targets[i]);
	free(t->targets);
	if (t->row)
		t->core->events->trunk_remove_h(t->row, t->core->arg);
}

int trunk_alloc(struct trunk **tp, struct core *core, const struct config_trunk *conf)
{
	struct trunk *t = mem_zalloc(sizeof(*t), destructor);

	if (!t)
		return ENOMEM;
	t->core = core;
	t->conf = conf;
	t->naming = mem_zalloc(sizeof(*t->naming), naming_destructor);
	if (!t->naming) {
		mem_deref(t);
		return ENOMEM;
	}
	t->naming->trunk = t;
	*tp = t;
	return 0;
}

const struct config_trunk *trunk_conf(const struct trunk *t)
{
	return t->conf;
}

void *trunk_row(const struct trunk *t)
{
	return t->row;
}

static bool same_address(const struct target *target, const struct resolve_address *a)
{
	const struct resolve_address *have = target_address(target);

	return have->transport == a->transport && sa_cmp(&have->sa, &a->sa, SA_ALL);
}

/* Of two checks of one address: it is as well as the worse of them. */
static enum health_state worse(enum health_state a, enum health_state b)
{
	static const uint8_t rank[HEALTH_STATES] = {
		[HEALTH_UP] = 0,
		[HEALTH_DEGRADED] = 1,
		[HEALTH_UNKNOWN] = 2,
		[HEALTH_DOWN] = 3,
	};

	return rank[a] > rank[b] ? a : b;
}

/* The addresses, each with the state that its checks sum up to. */
static size_t sum_addresses(struct health_member *members, const struct trunk *t)
{
	const struct target *first[RESOLVE_ADDRESSES_MAX];
	size_t count = 0;

	for (unsigned i = 0; i < t->target_count; i++) {
		const struct target *target = t->targets[i];
		size_t k = 0;

		while (k < count && !same_address(first[k], target_address(target)))
			k++;
		if (k < count) {
			members[k].state = worse(members[k].state, target_state(target));
			continue;
		}
		first[count] = target;
		members[count++] = (struct health_member){
			.state = target_state(target),
			.priority = target_address(target)->priority,
		};
	}
	return count;
}

static enum health_state summed_state(const struct trunk *t)
{
	struct health_member members[RESOLVE_ADDRESSES_MAX];

	if (!t->target_count)
		return t->naming ? (enum health_state)t->naming->health.state
				 : HEALTH_UNKNOWN;
	return health_with_inbound(health_rollup(members, sum_addresses(members, t),
						 t->conf->settings->up_when),
				   expect_missing(t->expect));
}

/* @always: tell also what was told before */
static void tell_addresses(struct trunk *t, bool always)
{
	struct health_member members[RESOLVE_ADDRESSES_MAX];
	uint16_t total = (uint16_t)sum_addresses(members, t);
	uint16_t up = 0;

	for (size_t i = 0; i < total; i++)
		up += members[i].state == HEALTH_UP ||
		      members[i].state == HEALTH_DEGRADED;
	if (up == t->told_up && total == t->told_total && !always)
		return;
	t->told_up = up;
	t->told_total = total;
	t->core->events->trunk_addresses_h(t->row, total, up, t->core->arg);
}

static void change_state(struct trunk *t, const struct target *target,
			 const struct probe_result *last, bool inbound)
{
	enum health_state state = summed_state(t);
	int64_t now_ns = clock_monotonic_ns();
	char address[64] = "";
	struct engine_change change;

	if (state == (enum health_state)t->state || t->conf->settings->paused)
		return;
	if (target)
		(void)re_snprintf(address, sizeof(address), "%J",
				  &target_address(target)->sa);
	change = (struct engine_change){
		.from = (enum health_state)t->state,
		.to = state,
		.held_ns = now_ns - t->since_ns,
		.last = last,
		.address = address,
		.method = target ? target_prober(target)->method : "",
		.inbound = inbound,
	};
	t->state = (uint8_t)state;
	t->since_ns = now_ns;
	t->core->events->trunk_state_h(t->row, &change, t->core->arg);
}

/* Whether what DNS gave leads nowhere: no address of it answers, or there is none. */
static bool is_lost(const struct trunk *t)
{
	if (!t->target_count)
		return t->naming && t->naming->failing;
	return t->state == HEALTH_DOWN && !t->told_up;
}

/* An outage may be mended by a change of DNS: the TTL's end may be an hour away. */
static void ask_sooner(struct naming *n)
{
	int64_t at_ns = n->begun_ns + NAMES_FRESH_S * CLOCK_NS_PER_S;

	if (!n->resolve && is_lost(n->trunk) && n->timer.at_ns > at_ns)
		ticker_start(n->trunk->core->ticker, &n->timer, at_ns, again_h);
}

/* @target, @last: what brought the change, or NULL; @inbound: the peer's pings did */
static void update(struct trunk *t, const struct target *target,
		   const struct probe_result *last, bool inbound)
{
	tell_addresses(t, false);
	change_state(t, target, last, inbound);
	if (t->naming)
		ask_sooner(t->naming);
}

void trunk_target_result(struct trunk *t, const struct target *target,
			 const struct probe_result *last, bool changed)
{
	if (changed)
		update(t, target, last, false);
}

static bool is_listed(const struct target *target, const struct resolve_result *res)
{
	for (size_t i = 0; i < res->count; i++)
		if (same_address(target, &res->addresses[i]))
			return true;
	return false;
}

/* An address that left DNS leaves the metrics, and takes its target along. */
static void remove_unlisted(struct trunk *t, const struct resolve_result *res)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < t->target_count; i++) {
		if (is_listed(t->targets[i], res))
			t->targets[kept++] = t->targets[i];
		else
			target_remove(t->targets[i]);
	}
	t->target_count = (uint16_t)kept;
}

static struct target *find_target(const struct trunk *t, const struct resolve_address *a,
				  const struct prober *prober)
{
	for (unsigned i = 0; i < t->target_count; i++)
		if (same_address(t->targets[i], a) &&
		    target_prober(t->targets[i]) == prober)
			return t->targets[i];
	return NULL;
}

static int add_checks(struct trunk *t, const struct resolve_address *a,
		      int64_t resolve_ns)
{
	int err = 0;

	for (unsigned i = 0; i < CONFIG_METHODS && !err; i++) {
		const struct prober *prober = prober_of((enum config_method)i);
		struct target *have = find_target(t, a, prober);

		if (!(t->conf->settings->methods & 1U << i))
			continue;
		if (have) {
			target_reprioritize(have, a, resolve_ns);
			continue;
		}
		err = target_alloc(&t->targets[t->target_count], t->core, t, prober, a,
				   resolve_ns);
		if (!err)
			t->target_count++;
	}
	return err;
}

static int add_listed(struct trunk *t, const struct resolve_result *res,
		      int64_t resolve_ns)
{
	size_t checks = (size_t)__builtin_popcount(t->conf->settings->methods);
	struct target **grown =
		realloc(t->targets, res->count * checks * sizeof(struct target *));
	int err = 0;

	if (!grown)
		return ENOMEM;
	t->targets = grown;
	for (size_t i = 0; i < res->count && !err; i++)
		err = add_checks(t, &res->addresses[i], resolve_ns);
	return err;
}

static bool has_literal_host(const struct trunk *t)
{
	struct config_uri uri;

	return !config_uri_parse(config_trunk_hop(t->conf), &uri) &&
	       (uri.ipv4 || uri.ipv6);
}

static void again_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct naming *n =
		(struct naming *)(void *)((char *)timer - offsetof(struct naming, timer));

	(void)now_ns;
	if (is_lost(n->trunk))
		names_forget(n->trunk->core);
	resolve_names(n);
}

static void resolve_again(struct naming *n, int64_t in_ns)
{
	ticker_start(n->trunk->core->ticker, &n->timer, clock_monotonic_ns() + in_ns,
		     again_h);
}

/* Last good addresses stay in use; without any, the trunk itself has failed a probe. */
static void resolution_failed(struct naming *n, int err, const char *detail)
{
	struct trunk *t = n->trunk;
	const struct config_settings *s = t->conf->settings;
	struct probe_result r = {
		.outcome = PROBE_DNS,
		.verdict = PROBE_DOWN,
		.err = err,
		.retry_after_s = -1,
		.registered_until_s = -1,
		.phase_ns = {-1, -1, -1, -1},
	};

	n->failing = true;
	resolve_again(n, (s->down_interval_us ? s->down_interval_us : s->interval_us) *
				 CLOCK_NS_PER_US);
	t->core->events->trunk_dns_failed_h(t->row, detail, t->core->arg);
	if (t->target_count)
		return;
	str_ncpy(r.detail, detail, sizeof(r.detail));
	n->health = health_next(n->health, PROBE_DOWN, s->fall, s->rise);
	update(t, NULL, &r, false);
}

static void resolved(struct naming *n, const struct resolve_result *res)
{
	struct trunk *t = n->trunk;
	bool literal = has_literal_host(t);
	int64_t took_ns = literal ? -1 : clock_monotonic_ns() - n->begun_ns;
	uint32_t ttl_s = res->ttl_s < TRUNK_TTL_MAX_S ? res->ttl_s : TRUNK_TTL_MAX_S;
	int err;

	remove_unlisted(t, res);
	err = add_listed(t, res, took_ns);
	if (err) {
		resolution_failed(n, err, strerror(err));
		return;
	}
	tell_addresses(t, n->failing);
	n->failing = false;
	n->health = (struct health){0};
	if (literal)
		t->naming = mem_deref(n);
	else
		resolve_again(n, (ttl_s ? ttl_s : 1) * CLOCK_NS_PER_S);
	trunk_tell_certificate(t);
	update(t, NULL, NULL, false);
}

static void resolve_done_h(const struct resolve_result *res, void *arg)
{
	struct naming *n = arg;
	struct resolve *done = n->resolve; /* holds @res */

	n->resolve = NULL;
	ticker_cancel(n->trunk->core->ticker, &n->timer);
	if (res->status == RESOLVE_OK)
		resolved(n, res);
	else
		resolution_failed(n, 0, res->detail);
	mem_deref(done);
}

/* A probe does not wait on DNS longer than its own timeout. */
static void give_up_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct naming *n =
		(struct naming *)(void *)((char *)timer - offsetof(struct naming, timer));

	(void)now_ns;
	n->resolve = mem_deref(n->resolve);
	resolution_failed(n, ETIMEDOUT, "no answer from DNS before the probe's deadline");
}

enum config_family trunk_family(const struct config_settings *s)
{
	const char *address = s->local.address;

	if (!address)
		return s->family;
	return strchr(address, ':') ? CONFIG_FAMILY_IPV6 : CONFIG_FAMILY_IPV4;
}

static void resolve_names(struct naming *n)
{
	const struct trunk *t = n->trunk;
	const struct config_settings *s = t->conf->settings;
	struct config_uri uri;
	int err = EINVAL;

	n->begun_ns = clock_monotonic_ns();
	if (!config_uri_parse(config_trunk_hop(t->conf), &uri))
		err = resolve_start(&n->resolve, t->core->resolver, &uri, trunk_family(s),
				    resolve_done_h, n);
	if (err)
		resolution_failed(n, err, strerror(err));
	else if (!uri.ipv4 && !uri.ipv6)
		ticker_start(t->core->ticker, &n->timer,
			     n->begun_ns + s->timeout_us * CLOCK_NS_PER_US, give_up_h);
}

static void inbound_changed_h(void *arg)
{
	update(arg, NULL, NULL, true);
}

void trunk_seen(struct trunk *t)
{
	if (t->expect)
		expect_seen(t->expect);
}

/* Without memory for it the trunk is judged by its answers alone. */
static void expect_pings(struct trunk *t)
{
	const struct config_settings *s = t->conf->settings;

	if (s->expect_inbound_us && !s->paused)
		(void)expect_alloc(&t->expect, t->core->ticker,
				   s->expect_inbound_us * CLOCK_NS_PER_US,
				   inbound_changed_h, t);
}

static bool speaks_tls(const struct trunk *t)
{
	for (unsigned i = 0; i < t->target_count; i++)
		if (target_address(t->targets[i])->transport == CONFIG_TRANSPORT_TLS)
			return true;
	return false;
}

void trunk_tell_certificate(const struct trunk *t)
{
	const struct config_tls *tls = &t->conf->settings->tls;
	struct tls_profile *profile;

	if (!tls->cert_file || !t->core->events->trunk_cert_h || !speaks_tls(t) ||
	    tls_cache_get(t->core->tls, &profile, tls, false, NULL, 0))
		return;
	t->core->events->trunk_cert_h(t->row, tls_profile_not_after_s(profile),
				      t->core->arg);
}

void trunk_start(struct trunk *t)
{
	const struct core *core = t->core;

	t->since_ns = clock_monotonic_ns();
	t->row = core->events->trunk_add_h(t->conf, core->arg);
	core->events->trunk_addresses_h(t->row, 0, 0, core->arg);
	t->core->choosy += is_choosy(t);
	expect_pings(t);
	resolve_names(t->naming);
}

void trunk_move(struct trunk *t, const struct config_trunk *conf)
{
	struct naming *n = t->naming;

	t->conf = conf;
	t->core->events->trunk_move_h(t->row, conf, t->core->arg);
	for (unsigned i = 0; i < t->target_count; i++)
		target_move(t->targets[i]);
	trunk_tell_certificate(t);
	/*
	 * Its resolver is gone, and took the question along unanswered. The new one has
	 * forgotten everything: who reloads after a change of DNS sees it at once.
	 */
	if (n && (n->resolve || is_lost(t))) {
		n->resolve = mem_deref(n->resolve);
		resolve_names(n);
	}
}
