#include <stdlib.h>
#include <string.h>

#include "sipprobe/trunk.h"
#include "sipprobe/clock.h"
#include "sipprobe/resolve.h"
#include "sipprobe/target.h"
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
	struct target **targets;
	struct naming *naming;
	int64_t since_ns; /* of the state */
	uint16_t target_count;
	uint16_t told_total;
	uint16_t told_up;
	uint8_t state; /* enum health_state */
};

enum {
	TRUNK_TTL_MAX_S = 3600, /* a longer TTL is looked up again all the same */
};

static void resolve_names(struct naming *n);

static void naming_destructor(void *arg)
{
	struct naming *n = arg;

	ticker_cancel(n->trunk->core->ticker, &n->timer);
	mem_deref(n->resolve);
}

static void destructor(void *arg)
{
	struct trunk *t = arg;

	mem_deref(t->naming);
	for (unsigned i = 0; i < t->target_count; i++)
		mem_deref(t->targets[i]);
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

static enum health_state summed_state(const struct trunk *t)
{
	struct health_member members[RESOLVE_ADDRESSES_MAX];

	if (!t->target_count)
		return t->naming ? (enum health_state)t->naming->health.state
				 : HEALTH_UNKNOWN;
	for (unsigned i = 0; i < t->target_count; i++)
		members[i] = (struct health_member){
			.state = target_state(t->targets[i]),
			.priority = target_address(t->targets[i])->priority,
		};
	return health_rollup(members, t->target_count, t->conf->settings->up_when);
}

/* @always: tell also what was told before */
static void tell_addresses(struct trunk *t, bool always)
{
	uint16_t up = 0;

	for (unsigned i = 0; i < t->target_count; i++) {
		enum health_state s = target_state(t->targets[i]);

		up += s == HEALTH_UP || s == HEALTH_DEGRADED;
	}
	if (up == t->told_up && t->target_count == t->told_total && !always)
		return;
	t->told_up = up;
	t->told_total = t->target_count;
	t->core->events->trunk_addresses_h(t->row, t->told_total, up, t->core->arg);
}

/* @target, @last: what brought the change, or NULL */
static void update(struct trunk *t, const struct target *target,
		   const struct probe_result *last)
{
	enum health_state state = summed_state(t);
	int64_t now_ns = clock_monotonic_ns();
	char address[64] = "";
	struct engine_change change;

	tell_addresses(t, false);
	if (state == (enum health_state)t->state)
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
	};
	t->state = (uint8_t)state;
	t->since_ns = now_ns;
	t->core->events->trunk_state_h(t->row, &change, t->core->arg);
}

void trunk_target_result(struct trunk *t, const struct target *target,
			 const struct probe_result *last, bool changed)
{
	if (changed)
		update(t, target, last);
}

static bool same_address(const struct target *target, const struct resolve_address *a)
{
	const struct resolve_address *have = target_address(target);

	return have->transport == a->transport && sa_cmp(&have->sa, &a->sa, SA_ALL);
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
			mem_deref(t->targets[i]);
	}
	t->target_count = (uint16_t)kept;
}

static struct target *find_target(const struct trunk *t, const struct resolve_address *a)
{
	for (unsigned i = 0; i < t->target_count; i++)
		if (same_address(t->targets[i], a))
			return t->targets[i];
	return NULL;
}

static int add_listed(struct trunk *t, const struct resolve_result *res,
		      int64_t resolve_ns)
{
	struct target **grown = realloc(t->targets, res->count * sizeof(*grown));
	int err = 0;

	if (!grown)
		return ENOMEM;
	t->targets = grown;
	for (size_t i = 0; i < res->count && !err; i++) {
		struct target *have = find_target(t, &res->addresses[i]);

		if (have) {
			target_reprioritize(have, &res->addresses[i], resolve_ns);
			continue;
		}
		err = target_alloc(&t->targets[t->target_count], t->core, t,
				   &res->addresses[i], resolve_ns);
		if (!err)
			t->target_count++;
	}
	return err;
}

static bool has_literal_host(const struct trunk *t)
{
	struct config_uri uri;

	return !config_uri_parse(t->conf->uri, &uri) && (uri.ipv4 || uri.ipv6);
}

static void again_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct naming *n =
		(struct naming *)(void *)((char *)timer - offsetof(struct naming, timer));

	(void)now_ns;
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
	update(t, NULL, &r);
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
	update(t, NULL, NULL);
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

static void resolve_names(struct naming *n)
{
	const struct trunk *t = n->trunk;
	const struct config_settings *s = t->conf->settings;
	struct config_uri uri;
	int err = EINVAL;

	n->begun_ns = clock_monotonic_ns();
	if (!config_uri_parse(t->conf->uri, &uri))
		err = resolve_start(&n->resolve, t->core->resolver, &uri, s->family,
				    resolve_done_h, n);
	if (err)
		resolution_failed(n, err, strerror(err));
	else
		ticker_start(t->core->ticker, &n->timer,
			     n->begun_ns + s->timeout_us * CLOCK_NS_PER_US, give_up_h);
}

void trunk_start(struct trunk *t)
{
	const struct core *core = t->core;

	t->since_ns = clock_monotonic_ns();
	t->row = core->events->trunk_add_h(t->conf, core->arg);
	core->events->trunk_addresses_h(t->row, 0, 0, core->arg);
	resolve_names(t->naming);
}

void trunk_move(struct trunk *t, const struct config_trunk *conf)
{
	struct naming *n = t->naming;

	t->conf = conf;
	t->core->events->trunk_move_h(t->row, conf, t->core->arg);
	for (unsigned i = 0; i < t->target_count; i++)
		target_move(t->targets[i]);
	/* Its resolver is about to go, and would take the question along unanswered. */
	if (n && n->resolve) {
		n->resolve = mem_deref(n->resolve);
		resolve_names(n);
	}
}
