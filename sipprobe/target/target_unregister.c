/*
 * The end of a target that holds a registration at its peer: one more probe, which nobody
 * is told of, takes it back. Its trunk and its configuration may be gone from force by
 * then; what of them it needs is kept until it is done.
 */
#include "sipprobe/target/target_unregister.h"

#include "base/clock.h"
#include "sipprobe/target/peers.h"
#include "sipprobe/target/registry.h"
#include "sipprobe/target/target_probe.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/target/target_stream.h"

static void unregister_destructor(void *arg)
{
	struct unregistration *u = arg;

	list_unlink(&u->le);
	mem_deref(u->tls);
	config_free(u->conf);
}

/* Keeps what a trunk's end would take along. */
static void outlive_trunk(struct target *t, struct unregistration *u)
{
	struct target_group *group = t->group;

	u->outlives = true;
	u->owner.conf = t->owner->conf;
	u->conf = config_keep(group->conf);
	u->tls = mem_ref(group->tls);
	t->owner = &u->owner;
	group->services->targets_stamp++;
	(void)peers_remove(group->peers, &t->address.sa, t->address.transport, t);
	target_tell_removed(t);
	/* A successor that is to use the same port would wait for it in vain. */
	if (group->expecting && target_settings(t)->local.port)
		target_stream_close(t);
}

static void unregister_tell_last(struct target_group *group)
{
	if (list_isempty(&group->unregistering) && group->unregistered_h)
		group->unregistered_h(group->unregistered_arg);
}

static void unregister_unregistered_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct target *t = target_of_timer(timer);
	struct target_group *group = t->group;

	(void)now_ns;
	if (t->more->unregistration->outlives)
		mem_deref(t);
	else
		list_unlink(&t->more->unregistration->le);
	unregister_tell_last(group);
}

/* Later, since its connection may be what called. */
static void unregister_done_h(struct target *t)
{
	ticker_start(target_services(t)->ticker, &t->timer, clock_monotonic_ns(),
		     unregister_unregistered_h);
}

static bool unregister_begin(struct target *t, bool trunk_goes, int64_t at_ns)
{
	struct target_more *more;
	struct unregistration *u;

	if (!t->prober->unregister || !t->prober->unregister(t, !trunk_goes))
		return false;
	more = target_more(t);
	u = more ? mem_zalloc(sizeof(*u), unregister_destructor) : NULL;
	if (!u)
		return false;
	if (trunk_goes)
		outlive_trunk(t, u);
	u->done_h = unregister_done_h;
	more->unregistration = u;
	list_append(&t->group->unregistering, &u->le, t);
	target_probe_at(t, at_ns);
	return true;
}

/*
 * A successor registers at its first probe: when its name is resolved, which may take a
 * timeout, and by its place among all that start.
 */
static int64_t unregister_grace_ns(const struct target *t)
{
	size_t targets = registry_count(target_services(t)->registry);

	return target_settings(t)->timeout_us * CLOCK_NS_PER_US +
	       schedule_start_ns(targets) + CLOCK_NS_PER_S;
}

void target_remove(struct target *t)
{
	int64_t at_ns = clock_monotonic_ns();

	if (!t)
		return;
	if (t->group->expecting)
		at_ns += unregister_grace_ns(t);
	if (target_services(t)->closing || !unregister_begin(t, true, at_ns))
		mem_deref(t);
}

bool target_leaves(const struct target *t)
{
	return t->more->unregistration && t->more->unregistration->outlives;
}

/* What is not registered by now is not to be any more. */
static void unregister_silence(struct target *t)
{
	if (!t->prober->unregister)
		return;
	ticker_cancel(target_services(t)->ticker, &t->timer);
	attempt_drop(t);
}

bool target_unregister(struct target *t, int64_t at_ns)
{
	if (!t->more->unregistration && unregister_begin(t, false, at_ns))
		return true;
	if (!t->more->unregistration)
		unregister_silence(t);
	if (!target_leaves(t) || t->pending || t->due_ns <= at_ns)
		return false;
	target_probe_at(t, at_ns);
	return true;
}

void target_forget(struct target *t)
{
	struct target_group *group = t->group;

	mem_deref(t);
	unregister_tell_last(group);
}
