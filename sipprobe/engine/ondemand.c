#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sipprobe/call/call.h"
#include "sipprobe/engine/engine_private.h"
#include "sipprobe/engine/ondemand_private.h"
#include "sipprobe/target/probers.h"
#include "sipprobe/target/target_probe.h"
#include "sipprobe/tls/tls_cache.h"

/* Targets keep their deadlines themselves; this is for one that had to begin anew. */
#define ONDEMAND_GRACE_NS (20 * CLOCK_NS_PER_MS)

/* Longer than any probe lasts, so that no target comes to its second one. */
#define ONDEMAND_INTERVAL_US (24 * 3600 * 1000000LL)

static void ondemand_destructor(void *arg)
{
	struct ondemand *o = arg;

	if (o->group.services)
		ticker_cancel(o->group.services->ticker, &o->timer);
	trace_cancel(o->trace);
	mem_deref(o->resolve);
	for (unsigned i = 0; i < ONDEMAND_ANSWERS_MAX; i++)
		mem_deref(o->targets[i]);
	ondemand_answers_free(o);
	mem_deref(o->resolver);
	mem_deref(o->group.tls);
	config_free(o->held);
	mem_deref(o->rehearsal);
	mem_deref(o->trust_with);
	mem_deref(o->path);
	mem_deref(o->text);
}

void ondemand_cancel(struct ondemand *o)
{
	mem_deref(o);
}

static struct ondemand *of_timer(struct wheel_timer *timer)
{
	return wheel_owner(timer, struct ondemand, timer);
}

static void ondemand_deliver_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct ondemand *o = of_timer(timer);
	struct ondemand_report *r = &o->report;

	if (!r->trace) {
		r->uri = o->conf.uri;
		r->took_ns = now_ns - o->begun_ns;
		r->timeout_us = o->timeout_us;
		r->answers = o->answers;
		r->count = o->count;
		if (o->count)
			ondemand_sum_up(o);
	}
	if (ondemand_trace(o))
		return;
	o->h(r, o->arg);
	mem_deref(o);
}

/* Not at once: whoever ends a probe is still at work on its target. */
void ondemand_deliver_soon(struct ondemand *o)
{
	ticker_start(o->group.services->ticker, &o->timer, clock_monotonic_ns(),
		     ondemand_deliver_h);
}

static void finish_without(struct ondemand *o, enum ondemand_end end,
			   enum probe_outcome outcome, int err, const char *detail)
{
	struct probe_result *r = &o->report.result;

	*r = probe_result_none();
	r->outcome = outcome;
	r->verdict = PROBE_DOWN;
	r->err = err;
	r->begun_unix_ns = clock_wall_ns();
	r->phase_ns[PROBE_PHASE_RESOLVE] = o->report.resolve_ns;
	str_ncpy(r->detail, detail, sizeof(r->detail));
	o->report.end = end;
	o->report.state = HEALTH_DOWN;
	ondemand_deliver_soon(o);
}

/*
 * The deadline: what has not ended by now never will. A target knows more of its probe
 * than that, but one that had to begin anew may have none under way.
 */
static void ondemand_expire_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct ondemand *o = of_timer(timer);
	struct probe_result r = probe_result_none();

	for (unsigned i = 0; i < o->count; i++)
		target_expire(o->targets[i]);
	r.outcome = PROBE_TIMEOUT;
	r.verdict = PROBE_DOWN;
	r.err = ETIMEDOUT;
	r.begun_unix_ns = clock_wall_ns() - (now_ns - o->begun_ns);
	r.phase_ns[PROBE_PHASE_RESOLVE] = o->report.resolve_ns;
	for (unsigned i = 0; i < o->count; i++)
		ondemand_answered(o, &o->answers[i], &r);
}

static void finish_unresolved(struct ondemand *o, const struct resolve_result *res)
{
	finish_without(o, ONDEMAND_FAILED, PROBE_DNS, 0, res->detail);
	o->report.result.dns_hint = (uint8_t)res->hint;
}

static bool inside_fence(struct ondemand *o, const struct resolve_result *res)
{
	struct sa outside;
	char text[96];

	sa_init(&outside, AF_UNSPEC);
	if (ondemand_inside(o, res, &outside))
		return true;
	(void)re_snprintf(text, sizeof(text),
			  "the address %j is not allowed by probe.allow", &outside);
	finish_without(o, ONDEMAND_FORBIDDEN, PROBE_INTERNAL, EACCES, text);
	return false;
}

/* The certificates are read before the probes begin. */
static int load_tls(struct ondemand *o, const struct resolve_result *res, char *text,
		    size_t size)
{
	struct tls_profile *profile;
	size_t i = 0;
	int err;

	while (i < res->count && !config_transport_is_tls(res->addresses[i].transport))
		i++;
	if (i == res->count)
		return 0;
	err = tls_cache_get(o->group.tls, &profile, &o->shared->tls, false, text, size);
	if (!err && tls_profile_own(&o->report.own, profile, &o->conf))
		o->report.own_file = o->shared->tls.cert_file;
	return err;
}

static int load_rehearsal(struct ondemand *o, char *text, size_t size)
{
	int err;

	if (!o->trust_with)
		return 0;
	err = tls_rehearsal_alloc(&o->rehearsal, o->trust_with, o->report.trust_at_s,
				  text, size);
	o->group.rehearsal = o->rehearsal;
	return err;
}

static int add_checks(struct ondemand *o, const struct resolve_address *address,
		      bool first)
{
	int err = 0;

	for (unsigned m = 0; m < CONFIG_METHODS && !err; m++) {
		unsigned i = o->count;

		if (!(o->settings.methods >> m & 1))
			continue;
		/* One call is what was asked for: at the best address. */
		if (m == CONFIG_METHOD_INVITE && !first)
			continue;
		err = target_alloc(&o->targets[i], &o->group, &o->owner,
				   prober_of((enum config_method)m), address,
				   o->report.resolve_ns);
		if (!err)
			o->answers[i].priority = address->priority;
	}
	return err;
}

static int add_targets(struct ondemand *o, const struct resolve_result *res)
{
	size_t count =
		res->count < ONDEMAND_ADDRESSES_MAX ? res->count : ONDEMAND_ADDRESSES_MAX;
	size_t checks = (size_t)__builtin_popcount(o->settings.methods);
	int err = 0;

	o->answers = calloc(count * checks, sizeof(*o->answers));
	if (!o->answers)
		return ENOMEM;
	for (size_t i = 0; i < count && !err; i++)
		err = add_checks(o, &res->addresses[i], !i);
	return err;
}

static void abandon_targets(struct ondemand *o)
{
	for (unsigned i = 0; i < ONDEMAND_ANSWERS_MAX; i++)
		o->targets[i] = mem_deref(o->targets[i]);
	ondemand_answers_free(o);
}

static void probe_addresses(struct ondemand *o, const struct resolve_result *res)
{
	int64_t end_ns = o->begun_ns + o->timeout_us * CLOCK_NS_PER_US;
	int64_t left_us = (end_ns - clock_monotonic_ns()) / CLOCK_NS_PER_US;
	char text[96] = "";
	int err;

	o->report.addresses = res->count;
	o->settings.timeout_us = left_us > 1000 ? left_us : 1000;
	err = load_tls(o, res, text, sizeof(text));
	if (!err)
		err = load_rehearsal(o, text, sizeof(text));
	if (!err)
		err = add_targets(o, res);
	if (err) {
		abandon_targets(o);
		finish_without(o, ONDEMAND_FAILED, PROBE_INTERNAL, err,
			       *text ? text : strerror(err));
		return;
	}
	o->pending = o->count;
	for (unsigned i = 0; i < o->count; i++)
		target_probe_now(o->targets[i]);
	ticker_start(o->group.services->ticker, &o->timer,
		     end_ns + o->call_us * CLOCK_NS_PER_US + ONDEMAND_GRACE_NS,
		     ondemand_expire_h);
}

static void ondemand_resolved_h(const struct resolve_result *res, void *arg)
{
	struct ondemand *o = arg;
	struct resolve *done = o->resolve; /* holds @res */

	o->resolve = NULL;
	ticker_cancel(o->group.services->ticker, &o->timer);
	if (!ondemand_is_literal(&o->hop))
		o->report.resolve_ns = clock_monotonic_ns() - o->begun_ns;
	if (res->status != RESOLVE_OK)
		finish_unresolved(o, res);
	else if (inside_fence(o, res))
		probe_addresses(o, res);
	mem_deref(done);
}

static void ondemand_unresolved_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct ondemand *o = of_timer(timer);
	const struct resolve_result *settled = resolve_settled(o->resolve);

	o->report.resolve_ns = now_ns - o->begun_ns;
	if (settled)
		finish_unresolved(o, settled);
	else
		finish_without(o, ONDEMAND_FAILED, PROBE_DNS, ETIMEDOUT,
			       "no answer from DNS before the probe's deadline");
	o->resolve = mem_deref(o->resolve);
}

/* As if a name had led to it. */
static void ondemand_probe_only(struct ondemand *o)
{
	const struct resolve_result res = {
		.status = RESOLVE_OK, .addresses = &o->only.a, .count = 1};

	probe_addresses(o, &res);
}

static int ondemand_begin(struct ondemand *o)
{
	int err;

	if (o->alone) {
		ondemand_probe_only(o);
		return 0;
	}
	/* A name that is not listed is not even asked for. */
	if (!ondemand_name_allowed(o)) {
		finish_without(o, ONDEMAND_FORBIDDEN, PROBE_INTERNAL, EACCES,
			       "the target's host name is not allowed by probe.allow");
		return 0;
	}
	err = resolve_start(&o->resolve, o->resolver, &o->hop, trunk_family(&o->settings),
			    ondemand_resolved_h, o);
	/* An address needs no time, and what is said of it must not depend on ours. */
	if (!err && !ondemand_is_literal(&o->hop))
		ticker_start(o->group.services->ticker, &o->timer,
			     o->begun_ns + o->timeout_us * CLOCK_NS_PER_US,
			     ondemand_unresolved_h);
	return err;
}

/* Nobody is called but by who asks for just that. */
static void choose_methods(struct ondemand *o, unsigned asked)
{
	const unsigned call = 1U << CONFIG_METHOD_INVITE;

	if (asked)
		o->settings.methods = asked;
	else
		o->settings.methods &= ~call;
	if (!o->settings.call)
		o->settings.methods &= ~call;
	if (!o->settings.methods)
		o->settings.methods = 1U << CONFIG_METHOD_OPTIONS;
	if (o->settings.methods & call)
		o->call_us = call_longest_us(o->settings.call);
}

/* A registration is the schedule's to keep: one from here would be lost or lose that. */
static void ask_only(struct ondemand *o)
{
	if (!o->settings.registration)
		return;
	o->registration = *o->settings.registration;
	o->registration.bind = false;
	o->registration.interval_us = 0; /* as the other checks: once */
	o->settings.registration = &o->registration;
}

static int ondemand_setup(struct ondemand *o, const struct ondemand_request *rq)
{
	int err = str_dup(&o->text, rq->uri);

	if (!err && rq->trust_with)
		err = str_dup(&o->trust_with, rq->trust_with);
	if (!err && rq->path)
		err = str_dup(&o->path, rq->path);
	if (err)
		return err;
	o->report.trust_with = o->trust_with;
	o->report.trust_at_s = rq->trust_at_s;
	if (config_uri_parse(o->text, &o->uri))
		return EINVAL;
	o->settings = *rq->settings;
	o->settings.interval_us = ONDEMAND_INTERVAL_US;
	o->settings.down_interval_us = 0;
	choose_methods(o, rq->methods);
	ask_only(o);
	o->settings.connection = CONFIG_CONNECTION_FRESH;
	if (o->path)
		o->settings.websocket.path = o->path;
	o->shared = rq->settings;
	o->held = config_keep(rq->conf);
	o->group.conf = o->held;
	o->timeout_us = rq->timeout_us ? rq->timeout_us : rq->settings->timeout_us;
	if (rq->max_forwards)
		o->settings.max_forwards = *rq->max_forwards;
	if (rq->only)
		o->only = *rq->only;
	o->alone = rq->only != NULL;
	o->any_port = rq->any_port;
	o->traces = rq->trace;
	o->trace_h = rq->trace_h;
	o->access = rq->access;
	o->ladder = rq->ladder;
	o->conf = (struct config_trunk){
		.name = rq->name ? rq->name : "",
		.uri = o->text,
		.settings = &o->settings,
	};
	if (rq->any_port)
		o->settings.local.port = 0;
	if (config_uri_parse(config_trunk_hop(&o->conf), &o->hop))
		return EINVAL;
	o->owner.conf = &o->conf;
	return 0;
}

/* Borrows the engine's services, and holds those that a reload may replace meanwhile. */
static int ondemand_borrow(struct ondemand *o, struct engine *e)
{
	const struct trunk_group *group = &e->group;

	if (!group->resolvers.current || !group->targets.tls)
		return ENOENT;
	o->group = (struct target_group){
		.services = &e->services,
		.events = &ondemand_events,
		.arg = o,
		.peers = e->peers.ondemand,
		.tls = mem_ref(group->targets.tls),
		.conf = group->targets.conf,
		/* The trunk's own connection may be kept for ever. */
		.any_port = true,
	};
	o->resolver = mem_ref(group->resolvers.current);
	return 0;
}

int ondemand_start(struct ondemand **op, struct engine *e,
		   const struct ondemand_request *rq, ondemand_h *h, void *arg)
{
	struct ondemand *o = mem_zalloc(sizeof(*o), ondemand_destructor);
	int err;

	if (!o)
		return ENOMEM;
	o->engine = e;
	o->begun_ns = clock_monotonic_ns();
	o->report.resolve_ns = -1;
	o->h = h;
	o->arg = arg;
	err = ondemand_borrow(o, e);
	if (!err)
		err = ondemand_setup(o, rq);
	if (!err)
		err = ondemand_begin(o);
	if (err)
		mem_deref(o);
	else
		*op = o;
	return err;
}
