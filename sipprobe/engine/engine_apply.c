/*
 * Puts a configuration in force: all of it is made ready first, and may fail; then it is
 * committed in one step that cannot.
 */
#include <stdlib.h>
#include <string.h>

#include "config/diff.h"
#include "config/uri.h"
#include "sipprobe/call/calls.h"
#include "sipprobe/dns/resolv_watch.h"
#include "sipprobe/engine/engine_hep.h"
#include "sipprobe/engine/engine_pauses.h"
#include "sipprobe/engine/engine_private.h"
#include "sipprobe/engine/engine_starts.h"
#include "sipprobe/target/bindings.h"
#include "sipprobe/target/registry.h"
#include "sipprobe/target/target.h"
#include "sipprobe/tls/tls_cache.h"
#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/tls_watch.h"

/* A configuration made ready by engine_apply(), before it touches the one in force. */
struct plan {
	const struct config *conf;
	const struct config_kin *kin; /* of its trunks: equal ones are kept */
	struct trunk **trunks;	      /* kept ones borrowed, new ones owned */
	bool *stays;		      /* which of those in force are kept */
	struct tls_cache *tls;
	struct resolver *resolver;
};

/* A trunk by another name may be the same: what goes waits for whoever comes. */
static void plan_successors(const struct plan *p, const struct engine *e)
{
	bool comes = false;

	for (size_t i = 0; i < p->conf->trunk_count && !comes; i++)
		comes = p->kin[i].old == CONFIG_NO_KIN &&
			config_trunk_binds(&p->conf->trunks[i]);
	for (size_t i = 0; i < e->trunk_count; i++)
		trunk_expect(e->trunks[i], comes);
}

static int plan_trunk(struct plan *p, size_t i, struct engine *e)
{
	const struct config_trunk *conf = &p->conf->trunks[i];
	size_t old = p->kin[i].old;
	int err;

	if (p->kin[i].equal) {
		p->trunks[i] = e->trunks[old];
		p->stays[old] = true;
		return 0;
	}
	if (old != CONFIG_NO_KIN)
		trunk_expect(e->trunks[old],
			     config_trunk_binds_alike(trunk_conf(e->trunks[old]), conf));
	err = trunk_alloc(&p->trunks[i], &e->group, conf);
	if (!err && old != CONFIG_NO_KIN)
		trunk_follow(p->trunks[i], e->trunks[old]);
	return err;
}

static int plan_trunks(struct plan *p, struct engine *e)
{
	int err = 0;

	p->trunks = calloc(p->conf->trunk_count + 1, sizeof(struct trunk *));
	p->stays = calloc(e->trunk_count + 1, sizeof(*p->stays));
	if (!p->trunks || !p->stays)
		err = ENOMEM;
	if (!err)
		plan_successors(p, e);
	for (size_t i = 0; i < p->conf->trunk_count && !err; i++)
		err = plan_trunk(p, i, e);
	return err;
}

/* Most URIs are of no such kind, and parsing takes longer than seeing that. */
static bool plan_may_be_tls(const char *hop)
{
	if (!strncasecmp(hop, "sip:", 4) && !strchr(hop, ';'))
		return false;
	return strcasestr(hop, "tls") || strcasestr(hop, "wss") ||
	       !strncasecmp(hop, "sips", 4);
}

/* Reads the certificates of all that speak TLS for certain, before anything changes. */
static int plan_tls(struct plan *p, char *err_text, size_t err_size)
{
	const struct config_settings *last = NULL;
	int err = 0;

	for (size_t i = 0; i < p->conf->trunk_count && !err; i++) {
		const struct config_trunk *t = &p->conf->trunks[i];
		struct tls_profile *unused;
		struct config_uri uri;

		if (t->settings == last || !plan_may_be_tls(config_trunk_hop(t)) ||
		    config_uri_parse(config_trunk_hop(t), &uri) ||
		    !config_transport_is_tls(uri.transport))
			continue;
		last = t->settings;
		err = tls_cache_get(p->tls, &unused, &t->settings->tls, false, err_text,
				    err_size);
	}
	return err;
}

static int plan_sockets(struct plan *p, struct engine *e, char *err_text, size_t err_size)
{
	int err = tls_cache_alloc(&p->tls);

	return err ? err
		   : sockets_prepare(e->services.sockets, &p->conf->sip, p->tls, err_text,
				     err_size);
}

static int plan_services(struct plan *p, struct engine *e)
{
	int err = resolver_alloc(&p->resolver, &p->conf->dns);

	if (!err)
		err = engine_hep_prepare(e, p->conf);
	return err ? err : calls_configure(e->services.calls, p->conf);
}

/* Returns @err. */
static int plan_abandon(struct plan *p, struct engine *e, int err, char *err_text,
			size_t err_size)
{
	if (!err_text[0])
		str_ncpy(err_text, strerror(err), err_size);
	for (size_t i = 0; p->trunks && i < p->conf->trunk_count; i++)
		if (!p->kin[i].equal)
			mem_deref(p->trunks[i]);
	free(p->trunks);
	free(p->stays);
	mem_deref(p->tls);
	mem_deref(p->resolver);
	sockets_abandon(e->services.sockets);
	return err;
}

static void engine_rebind_h(struct target *t, void *arg)
{
	(void)arg;
	target_rebind(t);
}

static void remove_dropped(struct engine *e, const struct plan *p)
{
	for (size_t i = 0; i < e->trunk_count; i++)
		if (!p->stays[i])
			mem_deref(e->trunks[i]);
	free(e->trunks);
}

/* From here on nothing can fail. Returns the TLS contexts of before, the caller's. */
static struct tls_cache *engine_commit_services(struct engine *e, struct plan *p)
{
	struct tls_cache *old = e->group.targets.tls;

	e->group.targets.tls = p->tls;
	resolvers_replace(&e->group.resolvers, p->resolver);
	engine_hep_commit(e, p->conf);
	e->group.targets.conf = p->conf;
	e->services.answers_max = p->conf->sip.answers_per_second;
	if (sockets_commit(e->services.sockets))
		registry_each(e->services.registry, engine_rebind_h, NULL);
	return old;
}

static void engine_commit_watches(struct engine *e, const struct plan *p)
{
	tls_watch_follow(e->tls_watch, p->tls, &p->conf->sip);
	resolv_watch_want(e->resolv_watch, !p->conf->dns.server_count ||
						   p->conf->dns.search.system ||
						   p->conf->dns.search.count);
	sockets_review(e->services.sockets);
	engine_review_pauses(e);
}

static void engine_mark_local_h(struct target *t, void *arg)
{
	sockets_mark_local(arg, target_local(t));
}

/* Trunks may have no target yet, and some targets belong to none that stays: those that
 * unregister, and probes on demand. */
static void engine_commit_locals(struct engine *e, const struct plan *p)
{
	for (size_t i = 0; i < e->trunk_count; i++)
		sockets_mark_local(e->services.sockets,
				   &p->conf->trunks[i].settings->local);
	registry_each(e->services.registry, engine_mark_local_h, e->services.sockets);
	sockets_sweep_local(e->services.sockets);
}

static void engine_commit(struct engine *e, struct plan *p)
{
	struct tls_cache *old_tls;

	remove_dropped(e, p);
	e->trunks = p->trunks;
	e->trunk_count = p->conf->trunk_count;
	old_tls = engine_commit_services(e, p);
	for (size_t i = 0; i < e->trunk_count; i++) {
		if (p->kin[i].equal)
			trunk_move(e->trunks[i], &p->conf->trunks[i]);
		else
			trunk_start(e->trunks[i]);
	}
	engine_commit_locals(e, p);
	bindings_sweep(e->group.targets.bindings);
	engine_commit_watches(e, p);
	engine_starts_go(e);
	free(p->stays);
	mem_deref(old_tls);
}

int engine_apply(struct engine *e, const struct config *conf, char *err_text,
		 size_t err_size)
{
	const struct config *in_force = e->group.targets.conf;
	struct config_diff diff;
	int err = config_diff(&diff, in_force ? in_force : &(struct config){0}, conf);

	if (err) {
		str_ncpy(err_text, strerror(err), err_size);
		return err;
	}
	err = engine_apply_diff(e, conf, &diff, err_text, err_size);
	config_diff_clear(&diff);
	return err;
}

int engine_apply_diff(struct engine *e, const struct config *conf,
		      const struct config_diff *diff, char *err_text, size_t err_size)
{
	struct plan p = {.conf = conf, .kin = diff->kin};
	int err;

	err_text[0] = '\0';
	err = plan_sockets(&p, e, err_text, err_size);
	if (!err)
		err = plan_tls(&p, err_text, err_size);
	if (!err)
		err = plan_trunks(&p, e);
	if (!err)
		err = plan_services(&p, e);
	if (err)
		return plan_abandon(&p, e, err, err_text, err_size);
	engine_commit(e, &p);
	return 0;
}

int engine_renew(struct engine *e, char *err_text, size_t err_size)
{
	struct plan p = {.conf = e->group.targets.conf};
	struct tls_cache *old_tls = e->group.targets.tls;
	int err;

	err_text[0] = '\0';
	err = plan_sockets(&p, e, err_text, err_size);
	if (!err)
		err = tls_cache_renew(p.tls, old_tls, err_text, err_size);
	if (!err)
		err = plan_services(&p, e);
	if (err)
		return plan_abandon(&p, e, err, err_text, err_size);
	(void)engine_commit_services(e, &p);
	/* A hundred thousand that have neither are not gone through. */
	if (e->group.namings || !tls_cache_is_empty(p.tls))
		for (size_t i = 0; i < e->trunk_count; i++)
			trunk_renew(e->trunks[i]);
	engine_commit_watches(e, &p);
	mem_deref(old_tls);
	return 0;
}
