#include "sipprobe/trunk.h"

#include <stdlib.h>

#include "sipprobe/clock.h"
#include "sipprobe/locals.h"
#include "sipprobe/tls_cache.h"
#include "sipprobe/trunk_private.h"

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
	int err;

	if (!t)
		return ENOMEM;
	t->core = core;
	t->conf = conf;
	err = naming_alloc(&t->naming, t);
	if (err)
		mem_deref(t);
	else
		*tp = t;
	return err;
}

const struct config_trunk *trunk_conf(const struct trunk *t)
{
	return t->conf;
}

void *trunk_row(const struct trunk *t)
{
	return t->row;
}

static void inbound_changed_h(void *arg)
{
	trunk_update(arg, NULL, NULL, true);
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
	naming_resolve(t->naming);
}

void trunk_move(struct trunk *t, const struct config_trunk *conf)
{
	t->conf = conf;
	t->core->events->trunk_move_h(t->row, conf, t->core->arg);
	for (unsigned i = 0; i < t->target_count; i++)
		target_move(t->targets[i]);
	trunk_tell_certificate(t);
	if (t->naming)
		naming_restart(t->naming);
}
