#include "sipprobe/trunk/trunk.h"

#include <stdlib.h>

#include "base/clock.h"
#include "sipprobe/target/target.h"
#include "sipprobe/tls/tls_cache.h"
#include "sipprobe/transport/local_sockets.h"
#include "sipprobe/trunk/heartbeat.h"
#include "sipprobe/trunk/trunk_heirs.h"
#include "sipprobe/trunk/trunk_names.h"
#include "sipprobe/trunk/trunk_parts.h"
#include "sipprobe/trunk/trunk_pause.h"
#include "sipprobe/trunk/trunk_registrar.h"
#include "sipprobe/trunk/trunk_state.h"
#include "sipprobe/trunk/trunk_targets.h"

/* By what the description says, which is the same from its start to its end. */
static bool is_inbound_sensitive(const struct trunk *t)
{
	const struct config_settings *s = t->owner.conf->settings;

	return local_sockets_wanted(&s->local) || s->expect_inbound_us;
}

static void trunk_more_destructor(void *arg)
{
	struct trunk_more *more = arg;

	mem_deref(more->registrar);
	mem_deref(more->heartbeat);
	mem_deref(more->turns);
}

struct trunk_more *trunk_more(struct trunk *t)
{
	if (!t->more)
		t->more = mem_zalloc(sizeof(*t->more), trunk_more_destructor);
	return t->more;
}

static void trunk_destructor(void *arg)
{
	struct trunk *t = arg;

	mem_deref(t->naming);
	t->more = mem_deref(t->more);
	if (t->owner.row)
		t->group->targets.services->inbound_sensitive -= is_inbound_sensitive(t);
	t->group->targets.expecting = t->succeeded;
	for (unsigned i = 0; i < t->target_count; i++)
		target_remove(trunk_targets(t)[i]);
	t->group->targets.expecting = false;
	if (t->many)
		free(t->list);
	if (t->owner.row)
		t->group->events->trunk_remove_h(t->owner.row, t->group->arg);
}

static void trunk_seen_h(struct target_owner *o)
{
	const struct trunk *t = (struct trunk *)o;

	if (trunk_heartbeat(t))
		heartbeat_seen(trunk_heartbeat(t));
}

static const struct target_owner_handlers trunk_handlers = {trunk_result_h, trunk_seen_h};

static void trunk_registrar_h(void *arg)
{
	trunk_move_registration(arg);
	trunk_update(arg, NULL, NULL, false);
}

static int trunk_registrar_alloc(struct trunk *t)
{
	struct registrar *r = NULL;
	int err = registrar_alloc(&r, t->owner.conf->settings, trunk_ticker(t),
				  trunk_registrar_h, t);

	if (err || !r)
		return err;
	if (!trunk_more(t)) {
		mem_deref(r);
		return ENOMEM;
	}
	t->more->registrar = r;
	return 0;
}

int trunk_alloc(struct trunk **tp, struct trunk_group *group,
		const struct config_trunk *conf)
{
	struct trunk *t = mem_zalloc(sizeof(*t), trunk_destructor);
	int err;

	if (!t)
		return ENOMEM;
	t->group = group;
	t->owner = (struct target_owner){.conf = conf, .handlers = &trunk_handlers};
	/* An address needs it for a moment only, and at its turn. */
	err = naming_is_brief(t) ? 0 : naming_alloc(&t->naming, t);
	if (!err)
		err = trunk_registrar_alloc(t);
	if (err)
		mem_deref(t);
	else
		*tp = t;
	return err;
}

void trunk_follow(struct trunk *t, const struct trunk *former)
{
	struct heirs_turns *turns =
		former->target_count
			? heirs_turns_of(trunk_targets(former), former->target_count)
		: former->more ? mem_ref(former->more->turns)
			       : NULL;

	if (turns && trunk_more(t))
		t->more->turns = turns;
	else
		mem_deref(turns);
}

void trunk_expect(struct trunk *t, bool succeeded)
{
	t->succeeded = succeeded;
}

const struct config_trunk *trunk_conf(const struct trunk *t)
{
	return t->owner.conf;
}

static bool speaks_tls(const struct trunk *t)
{
	for (unsigned i = 0; i < t->target_count; i++)
		if (config_transport_is_tls(
			    target_address(trunk_targets(t)[i])->transport))
			return true;
	return false;
}

void trunk_tell_certificate(const struct trunk *t)
{
	const struct config_tls *tls = &t->owner.conf->settings->tls;
	struct tls_profile *profile;
	struct tls_own own;

	if (!tls->cert_file || !t->group->events->trunk_cert_h || !speaks_tls(t) ||
	    tls_cache_get(t->group->targets.tls, &profile, tls, false, NULL, 0))
		return;
	if (tls_profile_own(&own, profile, t->owner.conf))
		t->group->events->trunk_cert_h(t->owner.row, &own, t->group->arg);
}

void trunk_start(struct trunk *t)
{
	const struct trunk_group *group = t->group;

	t->since_ns = clock_monotonic_ns();
	t->owner.row = group->events->trunk_add_h(t->owner.conf, group->arg);
	group->events->trunk_addresses_h(t->owner.row, 0, 0, group->arg);
	t->group->targets.services->inbound_sensitive += is_inbound_sensitive(t);
	trunk_begin_pause(t);
	trunk_expect_pings(t);
	t->waiting = !t->naming;
	if (t->naming)
		naming_resolve(t->naming);
}

bool trunk_waits(const struct trunk *t)
{
	return t->waiting;
}

int trunk_begin(struct trunk *t)
{
	int err = naming_alloc(&t->naming, t);

	if (err)
		return err;
	t->waiting = false;
	naming_resolve(t->naming);
	return 0;
}

void trunk_resolve_again(struct trunk *t)
{
	if (t->naming)
		naming_restart(t->naming);
}

static void review_pause(struct trunk *t, int64_t told_until_s)
{
	if (!trunk_turn_pause(t, told_until_s))
		return;
	trunk_expect_pings(t);
	trunk_tell_addresses(t, true);
	trunk_update(t, NULL, NULL, false);
}

void trunk_review_pause(struct trunk *t)
{
	review_pause(t, t->owner.conf->settings->pause.until_s);
}

void trunk_renew(struct trunk *t)
{
	trunk_tell_certificate(t);
	trunk_resolve_again(t);
}

void trunk_move(struct trunk *t, const struct config_trunk *conf)
{
	int64_t told_until_s = t->owner.conf->settings->pause.until_s;

	t->owner.conf = conf;
	t->group->events->trunk_move_h(t->owner.row, conf, t->group->arg);
	for (unsigned i = 0; i < t->target_count; i++)
		target_move(trunk_targets(t)[i]);
	review_pause(t, told_until_s);
	trunk_renew(t);
}
