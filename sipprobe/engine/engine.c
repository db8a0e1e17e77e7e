#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "config/diff.h"
#include "config/uri.h"
#include "sipprobe/call/calls.h"
#include "sipprobe/dns/resolv_conf.h"
#include "sipprobe/dns/resolv_watch.h"
#include "sipprobe/engine/engine_calls.h"
#include "sipprobe/engine/engine_hep.h"
#include "sipprobe/engine/engine_pauses.h"
#include "sipprobe/engine/engine_private.h"
#include "sipprobe/engine/engine_starts.h"
#include "sipprobe/engine/traces.h"
#include "sipprobe/fingerprint/fingerprint.h"
#include "sipprobe/message/request.h"
#include "sipprobe/target/bindings.h"
#include "sipprobe/target/peers.h"
#include "sipprobe/target/registry.h"
#include "sipprobe/target/target.h"
#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/tls_cache.h"
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

static void engine_destructor(void *arg)
{
	struct engine *e = arg;

	e->services.closing = true;
	if (e->services.ticker) {
		ticker_cancel(e->services.ticker, &e->stop_timer);
		ticker_cancel(e->services.ticker, &e->pause_timer);
		ticker_cancel(e->services.ticker, &e->calls_timer);
	}
	mem_deref(e->starts);
	mem_deref(e->hep);
	e->group.down_h = NULL;
	mem_deref(e->traces);
	for (size_t i = 0; i < e->trunk_count; i++)
		mem_deref(e->trunks[i]);
	free(e->trunks);
	/* Those whose trunks went before; the others went with theirs just now. */
	for (struct le *le; (le = list_head(&e->group.targets.unregistering));)
		mem_deref(le->data);
	mem_deref(e->services.calls);
	mem_deref(e->group.targets.bindings);
	mem_deref(e->tls_watch);
	mem_deref(e->resolv_watch);
	mem_deref(e->services.sockets);
	mem_deref(e->group.targets.tls);
	resolvers_replace(&e->group.resolvers, NULL);
	mem_deref(e->demux);
	mem_deref(e->peers.scheduled);
	mem_deref(e->peers.ondemand);
	mem_deref(e->services.registry);
	mem_deref(e->services.fingerprints);
	mem_deref(e->services.ticker);
}

static void tls_replaced_h(void *arg)
{
	struct engine *e = arg;

	for (size_t i = 0; i < e->trunk_count; i++)
		trunk_tell_certificate(e->trunks[i]);
}

static void tls_listen_cert_h(const char *file, const struct tls_own *own, void *arg)
{
	const struct engine *e = arg;

	if (e->group.events->listen_cert_h)
		e->group.events->listen_cert_h(file, own, e->group.arg);
}

static void tls_files_h(const char *detail, void *arg)
{
	const struct engine *e = arg;

	if (e->group.events->tls_files_h)
		e->group.events->tls_files_h(detail, e->group.arg);
}

static const struct tls_watch_events tls_watch_events = {
	.replaced_h = tls_replaced_h,
	.listen_cert_h = tls_listen_cert_h,
	.files_h = tls_files_h,
};

/* Without the means for another resolver the present one stays. */
static void resolv_changed_h(void *arg)
{
	struct engine *e = arg;
	struct resolver *fresh;

	if (resolver_alloc(&fresh, &e->group.targets.conf->dns))
		return;
	resolvers_replace(&e->group.resolvers, fresh);
	if (e->group.events->resolv_conf_h)
		e->group.events->resolv_conf_h(e->group.arg);
	for (size_t i = 0; i < e->trunk_count; i++)
		trunk_resolve_again(e->trunks[i]);
}

static int peers_and_demux_alloc(struct engine *e)
{
	int err = peers_alloc(&e->peers.scheduled);

	if (!err)
		err = peers_alloc(&e->peers.ondemand);
	if (!err)
		err = demux_alloc(&e->demux, &e->services, &e->peers, e->group.events,
				  e->group.arg);
	return err;
}

static int services_init(struct engine *e, const char *version)
{
	struct services *s = &e->services;
	int err = ticker_alloc(&s->ticker);

	err = err ? err : request_nowhere(s->nowhere, sizeof(s->nowhere));
	(void)re_snprintf(s->agent, sizeof(s->agent), "siptrunk_exporter/%s", version);
	s->schedule.offset_ns = clock_wall_ns() - clock_monotonic_ns();
	s->targets_stamp = 1;
	if (!err)
		err = fingerprint_table_alloc(&s->fingerprints);
	if (!err)
		err = registry_alloc(&s->registry);
	if (!err)
		err = peers_and_demux_alloc(e);
	if (err)
		return err;
	s->arrivals = &demux_arrivals;
	s->arrivals_arg = e->demux;
	err = sockets_alloc(&s->sockets, s->ticker, s->arrivals, s->arrivals_arg);
	return err ? err : engine_calls_alloc(e);
}

int engine_alloc(struct engine **ep, const char *version,
		 const struct engine_events *events, void *arg)
{
	struct engine *e = mem_zalloc(sizeof(*e), engine_destructor);
	int err;

	if (!e)
		return ENOMEM;
	e->group.events = events;
	e->group.arg = arg;
	err = services_init(e, version);
	if (!err)
		err = bindings_alloc(&e->group.targets.bindings);
	e->group.targets.services = &e->services;
	e->group.targets.events = &events->probe;
	e->group.targets.arg = arg;
	e->group.targets.peers = e->peers.scheduled;
	if (!err)
		err = tls_watch_alloc(&e->tls_watch, e->services.ticker,
				      e->services.sockets, &tls_watch_events, e);
	if (!err)
		err = resolv_watch_alloc(&e->resolv_watch, e->services.ticker,
					 RESOLV_CONF_PATH, resolv_changed_h, e);
	if (!err)
		err = engine_starts_alloc(e);
	if (!err)
		err = traces_alloc(&e->traces, e);
	if (err)
		mem_deref(e);
	else
		*ep = e;
	return err;
}

void engine_free(struct engine *e)
{
	mem_deref(e);
}

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

	if (p->kin[i].equal) {
		p->trunks[i] = e->trunks[old];
		p->stays[old] = true;
		return 0;
	}
	if (old != CONFIG_NO_KIN)
		trunk_expect(e->trunks[old],
			     config_trunk_binds_alike(trunk_conf(e->trunks[old]), conf));
	return trunk_alloc(&p->trunks[i], &e->group, conf);
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

static void plan_abandon(struct plan *p, struct engine *e)
{
	for (size_t i = 0; p->trunks && i < p->conf->trunk_count; i++)
		if (!p->kin[i].equal)
			mem_deref(p->trunks[i]);
	free(p->trunks);
	free(p->stays);
	mem_deref(p->tls);
	mem_deref(p->resolver);
	sockets_abandon(e->services.sockets);
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

/* From here on nothing can fail. */
static void engine_commit(struct engine *e, struct plan *p)
{
	struct tls_cache *old_tls = e->group.targets.tls;

	remove_dropped(e, p);
	e->trunks = p->trunks;
	e->trunk_count = p->conf->trunk_count;
	e->group.targets.tls = p->tls;
	resolvers_replace(&e->group.resolvers, p->resolver);
	engine_hep_commit(e, p->conf);
	e->group.targets.conf = p->conf;
	e->services.answers_max = p->conf->sip.answers_per_second;
	if (sockets_commit(e->services.sockets))
		registry_each(e->services.registry, engine_rebind_h, NULL);
	for (size_t i = 0; i < e->trunk_count; i++) {
		if (p->kin[i].equal)
			trunk_move(e->trunks[i], &p->conf->trunks[i]);
		else
			trunk_start(e->trunks[i]);
	}
	for (size_t i = 0; i < e->trunk_count; i++)
		sockets_mark_local(e->services.sockets,
				   &p->conf->trunks[i].settings->local);
	/* Those that unregister go on sending for a while. */
	for (struct le *le = e->group.targets.unregistering.head; le; le = le->next)
		sockets_mark_local(e->services.sockets, target_local(le->data));
	sockets_sweep_local(e->services.sockets);
	bindings_sweep(e->group.targets.bindings);
	tls_watch_follow(e->tls_watch, p->tls, &p->conf->sip);
	resolv_watch_want(e->resolv_watch, !p->conf->dns.server_count ||
						   p->conf->dns.search.system ||
						   p->conf->dns.search.count);
	sockets_review(e->services.sockets);
	engine_review_pauses(e);
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
	int err = tls_cache_alloc(&p.tls);

	err_text[0] = '\0';
	if (!err)
		err = sockets_prepare(e->services.sockets, &conf->sip, p.tls, err_text,
				      err_size);
	if (!err)
		err = plan_tls(&p, err_text, err_size);
	if (!err)
		err = resolver_alloc(&p.resolver, &conf->dns);
	if (!err)
		err = plan_trunks(&p, e);
	if (!err)
		err = engine_hep_prepare(e, conf);
	if (!err)
		err = calls_configure(e->services.calls, conf);
	if (err) {
		if (!err_text[0])
			str_ncpy(err_text, strerror(err), err_size);
		plan_abandon(&p, e);
		return err;
	}
	engine_commit(e, &p);
	return 0;
}

const char *engine_listening(const struct engine *e, size_t n)
{
	return sockets_listening(e->services.sockets, n);
}
