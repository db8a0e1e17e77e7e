#include <stdlib.h>
#include <string.h>

#include "sipprobe/once.h"
#include "sipprobe/clock.h"
#include "sipprobe/core.h"
#include "sipprobe/resolve.h"
#include "sipprobe/target.h"
#include "sipprobe/tls_cache.h"
#include "sipprobe/trunk.h"
#include "config/allow.h"
#include "config/uri.h"

/* Targets keep their deadlines themselves; this is for one that had to begin anew. */
#define ONCE_GRACE_NS (20 * CLOCK_NS_PER_MS)

/* Longer than any probe lasts, so that no target comes to its second one. */
#define ONCE_INTERVAL_US (24 * 3600 * 1000000LL)

struct once {
	struct core core; /* the engine's, but what is told is told to us */
	struct config *held;
	struct config_trunk conf;
	struct config_settings settings;
	const struct config_settings *shared; /* what `settings` was copied from */
	const struct config_probe *fence;
	struct config_uri uri; /* of `conf.uri`, which is ours */
	char *text;
	struct trunk *trunk; /* never started: it only tells targets what they are for */
	struct wheel_timer timer;
	struct resolve *resolve;
	struct target *targets[ONCE_ADDRESSES_MAX];
	struct once_answer answers[ONCE_ADDRESSES_MAX];
	unsigned count;
	unsigned pending;
	int64_t begun_ns;
	int64_t timeout_us;
	struct once_report report;
	once_h *h;
	void *arg;
};

static void destructor(void *arg)
{
	struct once *o = arg;

	if (o->core.ticker)
		ticker_cancel(o->core.ticker, &o->timer);
	mem_deref(o->resolve);
	for (unsigned i = 0; i < ONCE_ADDRESSES_MAX; i++)
		mem_deref(o->targets[i]);
	mem_deref(o->trunk);
	mem_deref(o->core.resolver);
	mem_deref(o->core.tls);
	config_free(o->held);
	mem_deref(o->text);
}

void once_cancel(struct once *o)
{
	mem_deref(o);
}

static struct once *of_timer(struct wheel_timer *timer)
{
	return (struct once *)(void *)((char *)timer - offsetof(struct once, timer));
}

static enum health_state state_of(enum probe_verdict v)
{
	static const enum health_state states[] = {
		[PROBE_UP] = HEALTH_UP,
		[PROBE_DEGRADED] = HEALTH_DEGRADED,
		[PROBE_DOWN] = HEALTH_DOWN,
	};

	return states[v];
}

/* Best first: what works before what does not, then as DNS prefers, then the faster. */
static int by_merit(const void *a, const void *b)
{
	const struct once_answer *x = a, *y = b;
	int64_t x_ns = x->result.phase_ns[PROBE_PHASE_ANSWER];
	int64_t y_ns = y->result.phase_ns[PROBE_PHASE_ANSWER];

	if (x->result.verdict != y->result.verdict)
		return x->result.verdict < y->result.verdict ? -1 : 1;
	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return x_ns < y_ns ? -1 : x_ns > y_ns;
}

/*
 * With "all" it is the worst address that decides, with "primary" the best of those that
 * DNS prefers, else the best of all. What is down altogether is so by its worst.
 */
static const struct once_answer *decisive(const struct once *o)
{
	const struct once_answer *a = &o->answers[0];

	if (o->settings.up_when == CONFIG_UP_WHEN_ALL || o->report.state == HEALTH_DOWN)
		return &o->answers[o->count - 1];
	for (unsigned i = 1; i < o->count; i++)
		if (o->settings.up_when == CONFIG_UP_WHEN_PRIMARY &&
		    o->answers[i].priority < a->priority)
			a = &o->answers[i];
	return a;
}

static void sum_up(struct once *o)
{
	struct health_member members[ONCE_ADDRESSES_MAX];
	struct once_report *r = &o->report;

	qsort(o->answers, o->count, sizeof(o->answers[0]), by_merit);
	for (unsigned i = 0; i < o->count; i++)
		members[i] = (struct health_member){
			.state = state_of(o->answers[i].result.verdict),
			.priority = o->answers[i].priority,
		};
	r->state = health_rollup(members, o->count, o->settings.up_when);
	r->decisive = decisive(o);
	r->result = r->decisive->result;
}

static void deliver_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct once *o = of_timer(timer);
	struct once_report *r = &o->report;

	r->uri = o->conf.uri;
	r->took_ns = now_ns - o->begun_ns;
	r->timeout_us = o->timeout_us;
	r->answers = o->answers;
	r->count = o->count;
	if (o->count)
		sum_up(o);
	o->h(r, o->arg);
	mem_deref(o);
}

/* Not at once: whoever ends a probe is still at work on its target. */
static void deliver_soon(struct once *o)
{
	ticker_start(o->core.ticker, &o->timer, clock_monotonic_ns(), deliver_h);
}

static void finish_without(struct once *o, enum once_end end, enum probe_outcome outcome,
			   int err, const char *detail)
{
	struct probe_result *r = &o->report.result;

	*r = (struct probe_result){
		.outcome = outcome,
		.verdict = PROBE_DOWN,
		.err = err,
		.retry_after_s = -1,
		.begun_unix_ns = clock_wall_ns(),
		.phase_ns = {o->report.resolve_ns, -1, -1, -1},
	};
	str_ncpy(r->detail, detail, sizeof(r->detail));
	o->report.end = end;
	o->report.state = HEALTH_DOWN;
	deliver_soon(o);
}

static void *target_add(void *row, const struct engine_target *target, void *arg)
{
	struct once *o = arg;
	struct once_answer *a = &o->answers[o->count++];

	(void)row;
	str_ncpy(a->address, target->address, sizeof(a->address));
	a->transport = target->transport;
	a->method = target->method;
	return a;
}

static void target_remove(void *cell, void *arg)
{
	(void)cell;
	(void)arg;
}

static void probe_begin(void *cell, int64_t lag_ns, void *arg)
{
	(void)cell;
	(void)lag_ns;
	(void)arg;
}

static void probe_done(void *cell, const struct probe_result *result, void *arg)
{
	struct once_answer *a = cell;
	struct once *o = arg;

	if (a->done)
		return;
	a->done = true;
	a->result = *result;
	if (--o->pending == 0)
		deliver_soon(o);
}

static void certificate(void *cell, const struct engine_certificate *c, void *arg)
{
	struct once_answer *a = cell;

	(void)arg;
	a->certificate = *c;
	a->has_certificate = true;
}

static void probe_late(void *cell, void *arg)
{
	(void)cell;
	(void)arg;
}

static void inbound(void *row, const char *method, unsigned code, void *arg)
{
	(void)row;
	(void)method;
	(void)code;
	(void)arg;
}

static void stray(int why, void *arg)
{
	(void)why;
	(void)arg;
}

/* The trunk is never started, so nothing is told of one. */
static const struct engine_events ears = {
	.target_add_h = target_add,
	.target_remove_h = target_remove,
	.probe_begin_h = probe_begin,
	.probe_done_h = probe_done,
	.certificate_h = certificate,
	.probe_late_h = probe_late,
	.inbound_h = inbound,
	.stray_h = stray,
};

/* What has not ended by now will not. */
static void expire_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct once *o = of_timer(timer);
	const struct probe_result r = {
		.outcome = PROBE_TIMEOUT,
		.verdict = PROBE_DOWN,
		.err = ETIMEDOUT,
		.retry_after_s = -1,
		.begun_unix_ns = clock_wall_ns() - (now_ns - o->begun_ns),
		.phase_ns = {o->report.resolve_ns, -1, -1, -1},
	};

	for (unsigned i = 0; i < o->count; i++)
		probe_done(&o->answers[i], &r, o);
}

static void host_of(const struct config_uri *uri, const char **p, size_t *len)
{
	/* RFC 3261 19.1.1: maddr overrides the host. */
	*p = uri->maddr.l ? uri->maddr.p : uri->host.p;
	*len = uri->maddr.l ? uri->maddr.l : uri->host.l;
}

static bool is_literal(const struct config_uri *uri)
{
	char text[64];
	const char *p;
	size_t len;
	struct sa sa;

	host_of(uri, &p, &len);
	if (len >= sizeof(text))
		return false;
	memcpy(text, p, len);
	text[len] = '\0';
	text[strcspn(text, "%")] = '\0';
	return !sa_set_str(&sa, text, 1);
}

static void bytes_of(const struct sa *sa, uint8_t out[16])
{
	memset(out, 0, 16);
	if (sa_af(sa) == AF_INET6) {
		memcpy(out, &sa->u.in6.sin6_addr, 16);
		return;
	}
	out[10] = out[11] = 0xff;
	memcpy(out + 12, &sa->u.in.sin_addr, 4);
}

/* Every one of them: a name that leads to one allowed address proves nothing. */
static bool inside_fence(struct once *o, const struct resolve_result *res)
{
	bool by_name = !is_literal(&o->uri);
	char text[96];

	for (size_t i = 0; i < res->count && o->fence; i++) {
		uint8_t address[16];

		bytes_of(&res->addresses[i].sa, address);
		if (config_allow_address(o->fence, address, by_name))
			continue;
		(void)re_snprintf(text, sizeof(text),
				  "the address %j is not allowed by probe.allow",
				  &res->addresses[i].sa);
		finish_without(o, ONCE_FORBIDDEN, PROBE_INTERNAL, EACCES, text);
		return false;
	}
	return true;
}

/*
 * The certificates are read before the probes begin, with the configuration's own
 * settings, which the cache goes on to refer to.
 */
static int load_tls(struct once *o, const struct resolve_result *res, char *text,
		    size_t size)
{
	struct tls_profile *unused;

	for (size_t i = 0; i < res->count; i++)
		if (res->addresses[i].transport == CONFIG_TRANSPORT_TLS)
			return tls_cache_get(o->core.tls, &unused, &o->shared->tls, false,
					     text, size);
	return 0;
}

static int add_targets(struct once *o, const struct resolve_result *res)
{
	int err = 0;

	for (size_t i = 0; i < res->count && i < ONCE_ADDRESSES_MAX && !err; i++) {
		err = target_alloc(&o->targets[i], &o->core, o->trunk, &res->addresses[i],
				   o->report.resolve_ns);
		if (!err)
			o->answers[i].priority = res->addresses[i].priority;
	}
	return err;
}

static void abandon_targets(struct once *o)
{
	for (unsigned i = 0; i < ONCE_ADDRESSES_MAX; i++)
		o->targets[i] = mem_deref(o->targets[i]);
	o->count = 0;
}

static void probe_addresses(struct once *o, const struct resolve_result *res)
{
	int64_t end_ns = o->begun_ns + o->timeout_us * CLOCK_NS_PER_US;
	int64_t left_us = (end_ns - clock_monotonic_ns()) / CLOCK_NS_PER_US;
	char text[96] = "";
	int err;

	o->report.addresses = res->count;
	o->settings.timeout_us = left_us > 1000 ? left_us : 1000;
	err = load_tls(o, res, text, sizeof(text));
	if (!err)
		err = add_targets(o, res);
	if (err) {
		abandon_targets(o);
		finish_without(o, ONCE_FAILED, PROBE_INTERNAL, err,
			       *text ? text : strerror(err));
		return;
	}
	o->pending = o->count;
	for (unsigned i = 0; i < o->count; i++)
		target_probe_now(o->targets[i]);
	ticker_start(o->core.ticker, &o->timer, end_ns + ONCE_GRACE_NS, expire_h);
}

static void resolved_h(const struct resolve_result *res, void *arg)
{
	struct once *o = arg;
	struct resolve *done = o->resolve; /* holds @res */

	o->resolve = NULL;
	ticker_cancel(o->core.ticker, &o->timer);
	if (!is_literal(&o->uri))
		o->report.resolve_ns = clock_monotonic_ns() - o->begun_ns;
	if (res->status != RESOLVE_OK)
		finish_without(o, ONCE_FAILED, PROBE_DNS, 0, res->detail);
	else if (inside_fence(o, res))
		probe_addresses(o, res);
	mem_deref(done);
}

static void unresolved_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct once *o = of_timer(timer);

	o->resolve = mem_deref(o->resolve);
	o->report.resolve_ns = now_ns - o->begun_ns;
	finish_without(o, ONCE_FAILED, PROBE_DNS, ETIMEDOUT,
		       "no answer from DNS before the probe's deadline");
}

/* A name that is not listed is not even asked for. */
static bool name_allowed(struct once *o)
{
	const char *host;
	size_t len;

	if (!o->fence || is_literal(&o->uri))
		return true;
	host_of(&o->uri, &host, &len);
	if (config_allow_name(o->fence, host, len))
		return true;
	finish_without(o, ONCE_FORBIDDEN, PROBE_INTERNAL, EACCES,
		       "the target's host name is not allowed by probe.allow");
	return false;
}

static int begin(struct once *o)
{
	int err;

	if (!name_allowed(o))
		return 0;
	err = resolve_start(&o->resolve, o->core.resolver, &o->uri, o->settings.family,
			    resolved_h, o);
	if (!err)
		ticker_start(o->core.ticker, &o->timer,
			     o->begun_ns + o->timeout_us * CLOCK_NS_PER_US, unresolved_h);
	return err;
}

static int setup(struct once *o, const struct once_request *rq)
{
	int err = str_dup(&o->text, rq->uri);

	if (err)
		return err;
	if (config_uri_parse(o->text, &o->uri))
		return EINVAL;
	o->settings = *rq->settings;
	o->settings.interval_us = ONCE_INTERVAL_US;
	o->settings.down_interval_us = 0;
	o->settings.connection = CONFIG_CONNECTION_FRESH;
	o->shared = rq->settings;
	o->held = config_ref(rq->conf);
	o->timeout_us = rq->timeout_us ? rq->timeout_us : rq->settings->timeout_us;
	o->fence = rq->fence;
	o->conf = (struct config_trunk){
		.name = "",
		.uri = o->text,
		.settings = &o->settings,
	};
	return trunk_alloc(&o->trunk, &o->core, &o->conf);
}

/* The engine's services, held: a reload may replace them while we are at work. */
static int borrow(struct once *o, struct engine *e)
{
	const struct core *core = engine_core(e);

	if (!core->resolver || !core->tls)
		return ENOENT;
	o->core = *core;
	o->core.events = &ears;
	o->core.arg = o;
	o->core.peers = core->guests;
	mem_ref(o->core.resolver);
	mem_ref(o->core.tls);
	return 0;
}

int once_start(struct once **op, struct engine *e, const struct once_request *rq,
	       once_h *h, void *arg)
{
	struct once *o = mem_zalloc(sizeof(*o), destructor);
	int err;

	if (!o)
		return ENOMEM;
	o->begun_ns = clock_monotonic_ns();
	o->report.resolve_ns = -1;
	o->h = h;
	o->arg = arg;
	err = borrow(o, e);
	if (!err)
		err = setup(o, rq);
	if (!err)
		err = begin(o);
	if (err)
		mem_deref(o);
	else
		*op = o;
	return err;
}
