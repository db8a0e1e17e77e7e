#include <stdlib.h>

#include "base/clock.h"
#include "sipprobe/call/calls.h"
#include "sipprobe/dns/resolv_conf.h"
#include "sipprobe/dns/resolv_watch.h"
#include "sipprobe/engine/engine_calls.h"
#include "sipprobe/engine/engine_private.h"
#include "sipprobe/engine/engine_starts.h"
#include "sipprobe/engine/traces.h"
#include "sipprobe/fingerprint/fingerprint.h"
#include "sipprobe/message/request.h"
#include "sipprobe/target/bindings.h"
#include "sipprobe/target/peers.h"
#include "sipprobe/target/registry.h"
#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/tls_watch.h"

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

const char *engine_listening(const struct engine *e, size_t n)
{
	return sockets_listening(e->services.sockets, n);
}
