#include "sipprobe/engine/engine_hep.h"

#include <string.h>

#include "base/clock.h"
#include "config/uri.h"
#include "sipprobe/dns/resolve.h"
#include "sipprobe/engine/engine_private.h"
#include "sipprobe/hep/hep_mirror.h"

/* When a name is asked for again: by its TTL within these, and after a failure. */
enum {
	HEP_LEAST_S = 30,
	HEP_MOST_S = 3600,
};

struct engine_hep {
	struct engine *engine;
	struct hep_mirror *mirror;
	struct resolver *resolver; /* that is asked; kept while it is */
	struct resolve *resolve;   /* under way, or NULL */
	struct wheel_timer timer;
	char *uri;	 /* of the collector, as a SIP URI has it */
	char *next_uri;	 /* the same after the next commit */
	struct sa aimed; /* where it is sent; unset: nowhere yet */
	bool failing;	 /* the last try to find it failed, and that was told */
};

static void engine_hep_destructor(void *arg)
{
	struct engine_hep *h = arg;

	ticker_cancel(h->engine->services.ticker, &h->timer);
	mem_deref(h->resolve);
	mem_deref(h->resolver);
	mem_deref(h->mirror);
	mem_deref(h->uri);
	mem_deref(h->next_uri);
}

static void engine_hep_sent_h(bool sent, void *arg)
{
	struct engine_hep *h = arg;
	const struct trunk_group *group = &h->engine->group;

	if (group->events->hep_sent_h)
		group->events->hep_sent_h(sent, group->arg);
}

static int engine_hep_alloc(struct engine_hep **hp, struct engine *e)
{
	struct engine_hep *h = mem_zalloc(sizeof(*h), engine_hep_destructor);
	int err;

	if (!h)
		return ENOMEM;
	h->engine = e;
	sa_init(&h->aimed, AF_UNSPEC);
	err = hep_mirror_alloc(&h->mirror, engine_hep_sent_h, h);
	if (err)
		mem_deref(h);
	else
		*hp = h;
	return err;
}

static void engine_hep_tell(struct engine_hep *h, const char *error)
{
	const struct trunk_group *group = &h->engine->group;
	char address[64] = "";

	if (!error)
		(void)re_snprintf(address, sizeof(address), "%J", &h->aimed);
	if (group->events->hep_collector_h)
		group->events->hep_collector_h(error ? NULL : address, error, group->arg);
}

static void engine_hep_resolve(struct engine_hep *h);

static void engine_hep_again_h(struct wheel_timer *timer, int64_t now_ns)
{
	(void)now_ns;
	engine_hep_resolve(wheel_owner(timer, struct engine_hep, timer));
}

static void engine_hep_later(struct engine_hep *h, uint32_t in_s)
{
	in_s = in_s < HEP_LEAST_S ? HEP_LEAST_S : in_s > HEP_MOST_S ? HEP_MOST_S : in_s;
	ticker_start(h->engine->services.ticker, &h->timer,
		     clock_monotonic_ns() + in_s * CLOCK_NS_PER_S, engine_hep_again_h);
}

/* Told once; where there was an address, it stays in use. */
static void engine_hep_fail(struct engine_hep *h, const char *error)
{
	if (!h->failing)
		engine_hep_tell(h, error);
	h->failing = true;
	engine_hep_later(h, HEP_LEAST_S);
}

static void engine_hep_aim(struct engine_hep *h, const struct resolve_result *res)
{
	const struct sa *best = &res->addresses[0].sa;
	bool same = sa_cmp(&h->aimed, best, SA_ALL);
	int err = same ? 0 : hep_mirror_aim(h->mirror, best);

	if (err) {
		engine_hep_fail(h, strerror(err));
		return;
	}
	h->aimed = *best;
	if (!same || h->failing)
		engine_hep_tell(h, NULL);
	h->failing = false;
	engine_hep_later(h, res->ttl_s);
}

static void engine_hep_resolved_h(const struct resolve_result *res, void *arg)
{
	struct engine_hep *h = arg;
	struct resolve *done = h->resolve; /* holds @res */

	h->resolve = NULL;
	if (res->status == RESOLVE_OK && res->count)
		engine_hep_aim(h, res);
	else
		engine_hep_fail(h, res->detail);
	mem_deref(done);
}

static void engine_hep_resolve(struct engine_hep *h)
{
	struct config_uri uri;
	int err = EINVAL;

	h->resolve = mem_deref(h->resolve);
	mem_deref(h->resolver);
	h->resolver = mem_ref(h->engine->group.resolvers.current);
	if (!config_uri_parse(h->uri, &uri))
		err = resolve_start(&h->resolve, h->resolver, &uri, CONFIG_FAMILY_ANY,
				    engine_hep_resolved_h, h);
	if (err)
		engine_hep_fail(h, strerror(err));
}

int engine_hep_prepare(struct engine *e, const struct config *conf)
{
	int err = 0;

	if (!conf->hep.on)
		return 0;
	if (!e->hep)
		err = engine_hep_alloc(&e->hep, e);
	if (err)
		return err;
	e->hep->next_uri = mem_deref(e->hep->next_uri);
	return str_dup(&e->hep->next_uri, conf->hep.collector);
}

void engine_hep_commit(struct engine *e, const struct config *conf)
{
	struct engine_hep *h = e->hep;

	if (!conf->hep.on) {
		e->hep = mem_deref(h);
		return;
	}
	if (str_cmp(h->uri, h->next_uri)) {
		sa_init(&h->aimed, AF_UNSPEC);
		(void)hep_mirror_aim(h->mirror, NULL);
	}
	mem_deref(h->uri);
	h->uri = h->next_uri;
	h->next_uri = NULL;
	hep_mirror_use(h->mirror, conf->hep.id);
	h->failing = false;
	engine_hep_resolve(h);
}
