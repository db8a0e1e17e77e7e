#include <stdlib.h>
#include <string.h>
#include <openssl/rand.h>

#include "sipprobe/engine.h"
#include "sipprobe/clock.h"
#include "sipprobe/core.h"
#include "sipprobe/names.h"
#include "sipprobe/peers.h"
#include "sipprobe/prober.h"
#include "sipprobe/registry.h"
#include "sipprobe/resolve.h"
#include "sipprobe/sockets.h"
#include "sipprobe/target.h"
#include "sipprobe/tls_cache.h"
#include "sipprobe/tls_watch.h"
#include "sipprobe/trunk.h"
#include "config/uri.h"

struct engine {
	struct core core;
	struct wheel_timer stop_timer;
	void (*stopped_h)(void *arg); /* NULL: not stopping */
	void *stopped_arg;
	struct tls_watch *tls_watch;
	struct trunk **trunks; /* in the configuration's order */
	size_t trunk_count;
};

/* What engine_apply() makes ready before it touches what is in force. */
struct plan {
	const struct config *conf;
	struct trunk **trunks; /* kept ones borrowed, new ones owned */
	bool *kept;
	struct tls_cache *tls;
	struct resolver *resolver;
};

static void engine_destructor(void *arg)
{
	struct engine *e = arg;
	struct le *le;

	e->core.closing = true;
	if (e->core.ticker)
		ticker_cancel(e->core.ticker, &e->stop_timer);
	for (size_t i = 0; i < e->trunk_count; i++)
		mem_deref(e->trunks[i]);
	free(e->trunks);
	/* Those whose trunks went before; the others went with theirs just now. */
	while ((le = list_head(&e->core.leaving)))
		mem_deref(le->data);
	mem_deref(e->tls_watch);
	mem_deref(e->core.sockets);
	mem_deref(e->core.tls);
	names_replace(&e->core, NULL);
	mem_deref(e->core.peers);
	mem_deref(e->core.guests);
	mem_deref(e->core.registry);
	mem_deref(e->core.ticker);
}

static void certificates_h(void *arg)
{
	struct engine *e = arg;

	for (size_t i = 0; i < e->trunk_count; i++)
		trunk_tell_certificate(e->trunks[i]);
}

int engine_alloc(struct engine **ep, const char *version,
		 const struct engine_events *events, void *arg)
{
	struct engine *e = mem_zalloc(sizeof(*e), engine_destructor);
	int err;

	if (!e)
		return ENOMEM;
	e->core.events = events;
	e->core.targets_stamp = 1;
	e->core.arg = arg;
	(void)re_snprintf(e->core.agent, sizeof(e->core.agent), "siptrunk_exporter/%s",
			  version);
	e->core.schedule.offset_ns = clock_wall_ns() - clock_monotonic_ns();
	err = ticker_alloc(&e->core.ticker);
	if (!err && RAND_bytes((unsigned char *)&e->core.answer_tag,
			       sizeof(e->core.answer_tag)) != 1)
		err = EIO;
	if (!err)
		err = registry_alloc(&e->core.registry);
	if (!err)
		err = peers_alloc(&e->core.peers);
	if (!err)
		err = peers_alloc(&e->core.guests);
	if (!err)
		err = sockets_alloc(&e->core.sockets, &e->core);
	if (!err)
		err = tls_watch_alloc(&e->tls_watch, &e->core, certificates_h, e);
	if (err)
		mem_deref(e);
	else
		*ep = e;
	return err;
}

struct core *engine_core(struct engine *e)
{
	return &e->core;
}

void engine_free(struct engine *e)
{
	mem_deref(e);
}

static int by_name(const void *a, const void *b)
{
	const struct trunk *const *x = a;
	const struct trunk *const *y = b;

	return strcmp(trunk_conf(*x)->name, trunk_conf(*y)->name);
}

static int name_to_trunk(const void *key, const void *element)
{
	const struct trunk *const *t = element;

	return strcmp(key, trunk_conf(*t)->name);
}

/* The trunks in force, sorted by name for look-up. NULL without memory, or without any.
 */
static struct trunk **sorted_trunks(const struct engine *e)
{
	struct trunk **sorted = calloc(e->trunk_count + 1, sizeof(*sorted));

	if (sorted && e->trunk_count) {
		memcpy(sorted, e->trunks, e->trunk_count * sizeof(*sorted));
		qsort(sorted, e->trunk_count, sizeof(*sorted), by_name);
	}
	return sorted;
}

static int plan_trunk(struct plan *p, size_t i, struct engine *e, struct trunk **sorted)
{
	const struct config_trunk *conf = &p->conf->trunks[i];
	struct trunk **found = bsearch(conf->name, sorted, e->trunk_count,
				       sizeof(*sorted), name_to_trunk);

	p->kept[i] = found && config_trunk_equal(trunk_conf(*found), conf);
	if (!p->kept[i])
		return trunk_alloc(&p->trunks[i], &e->core, conf);
	p->trunks[i] = *found;
	return 0;
}

static int plan_trunks(struct plan *p, struct engine *e)
{
	struct trunk **sorted = sorted_trunks(e);
	int err = 0;

	p->trunks = calloc(p->conf->trunk_count + 1, sizeof(struct trunk *));
	p->kept = calloc(p->conf->trunk_count + 1, sizeof(*p->kept));
	if (!sorted || !p->trunks || !p->kept)
		err = ENOMEM;
	for (size_t i = 0; i < p->conf->trunk_count && !err; i++)
		err = plan_trunk(p, i, e, sorted);
	free(sorted);
	return err;
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

		if (config_uri_parse(config_trunk_hop(t), &uri) ||
		    uri.transport != CONFIG_TRANSPORT_TLS || t->settings == last)
			continue;
		last = t->settings;
		err = tls_cache_get(p->tls, &unused, &t->settings->tls, false, err_text,
				    err_size);
	}
	return err;
}

static void plan_abandon(struct plan *p, struct engine *e)
{
	for (size_t i = 0; p->trunks && p->kept && i < p->conf->trunk_count; i++)
		if (!p->kept[i])
			mem_deref(p->trunks[i]);
	free(p->trunks);
	free(p->kept);
	mem_deref(p->tls);
	mem_deref(p->resolver);
	sockets_abandon(e->core.sockets);
}

static void rebind_h(struct target *t, void *arg)
{
	(void)arg;
	target_rebind(t);
}

/* Removes what the plan does not keep: it marks them by their absence from the plan. */
static void remove_dropped(struct engine *e, const struct plan *p)
{
	for (size_t i = 0; i < p->conf->trunk_count; i++)
		if (p->kept[i])
			mem_ref(p->trunks[i]);
	for (size_t i = 0; i < e->trunk_count; i++)
		mem_deref(e->trunks[i]);
	free(e->trunks);
}

/* From here on nothing can fail. */
static void commit(struct engine *e, struct plan *p)
{
	struct tls_cache *old_tls = e->core.tls;

	remove_dropped(e, p);
	e->trunks = p->trunks;
	e->trunk_count = p->conf->trunk_count;
	e->core.tls = p->tls;
	names_replace(&e->core, p->resolver);
	e->core.conf = p->conf;
	if (sockets_commit(e->core.sockets))
		registry_each(e->core.registry, rebind_h, NULL);
	for (size_t i = 0; i < e->trunk_count; i++) {
		if (p->kept[i])
			trunk_move(e->trunks[i], &p->conf->trunks[i]);
		else
			trunk_start(e->trunks[i]);
	}
	for (size_t i = 0; i < e->trunk_count; i++)
		sockets_mark_local(e->core.sockets, &p->conf->trunks[i].settings->local);
	/* Those that take their leave go on sending for a while. */
	for (struct le *le = e->core.leaving.head; le; le = le->next)
		sockets_mark_local(e->core.sockets, target_local(le->data));
	sockets_sweep_local(e->core.sockets);
	tls_watch_listening(e->tls_watch, &p->conf->sip);
	sockets_review(e->core.sockets);
	free(p->kept);
	mem_deref(old_tls);
}

int engine_apply(struct engine *e, const struct config *conf, char *err_text,
		 size_t err_size)
{
	struct plan p = {.conf = conf};
	int err;

	err_text[0] = '\0';
	err = tls_cache_alloc(&p.tls);
	if (!err)
		err = sockets_prepare(e->core.sockets, &conf->sip, p.tls, err_text,
				      err_size);
	if (!err)
		err = plan_tls(&p, err_text, err_size);
	if (!err)
		err = resolver_alloc(&p.resolver, &conf->dns);
	if (!err)
		err = plan_trunks(&p, e);
	if (err) {
		if (!err_text[0])
			str_ncpy(err_text, strerror(err), err_size);
		plan_abandon(&p, e);
		return err;
	}
	commit(e, &p);
	return 0;
}

static void stop_done_h(void *arg)
{
	struct engine *e = arg;

	ticker_cancel(e->core.ticker, &e->stop_timer);
	e->core.left_h = NULL;
	e->stopped_h(e->stopped_arg);
}

static void stop_late_h(struct wheel_timer *timer, int64_t now_ns)
{
	(void)now_ns;
	stop_done_h(wheel_owner(timer, struct engine, stop_timer));
}

struct take_back {
	size_t count;
	int64_t at_ns; /* of the next one */
	int64_t step_ns;
};

static void count_h(struct target *t, void *arg)
{
	struct take_back *b = arg;

	b->count += target_prober(t)->leave != NULL;
}

static void take_back_h(struct target *t, void *arg)
{
	struct take_back *b = arg;

	if (target_take_back(t, b->at_ns))
		b->at_ns += b->step_ns;
}

/* Spread, so that many of them neither stall the loop nor flood a registrar. */
static void take_all_back(struct engine *e, int64_t now_ns)
{
	struct take_back b = {.at_ns = now_ns, .step_ns = CLOCK_NS_PER_MS};
	int64_t span_ns = ENGINE_STOP_MS * CLOCK_NS_PER_MS / 2;

	registry_each(e->core.registry, count_h, &b);
	if (b.count && span_ns / (int64_t)b.count < b.step_ns)
		b.step_ns = span_ns / (int64_t)b.count;
	registry_each(e->core.registry, take_back_h, &b);
}

void engine_stop(struct engine *e, void (*h)(void *arg), void *arg)
{
	int64_t now_ns = clock_monotonic_ns();

	e->stopped_h = h;
	e->stopped_arg = arg;
	ticker_start(e->core.ticker, &e->stop_timer,
		     now_ns + ENGINE_STOP_MS * CLOCK_NS_PER_MS, stop_late_h);
	take_all_back(e, now_ns);
	e->core.left_h = stop_done_h;
	e->core.left_arg = e;
	if (list_isempty(&e->core.leaving))
		stop_done_h(e);
}

const char *engine_listening(const struct engine *e, size_t n)
{
	return sockets_listening(e->core.sockets, n);
}

const char *engine_stray_name(enum engine_stray why)
{
	static const char *const names[ENGINE_STRAYS] = {
		[ENGINE_STRAY_STRANGER] = "stranger",
		[ENGINE_STRAY_RESPONSE] = "unmatched",
		[ENGINE_STRAY_MALFORMED] = "malformed",
	};

	return (unsigned)why < ENGINE_STRAYS ? names[why] : "malformed";
}
