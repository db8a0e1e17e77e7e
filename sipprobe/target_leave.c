/*
 * The end of a target that holds something at its peer, as a registration: one more
 * probe, which nobody is told of, takes it back. Its trunk and its configuration may be
 * gone from force by then; what of them it needs is kept until it is done.
 */
#include "sipprobe/target_private.h"
#include "sipprobe/clock.h"
#include "sipprobe/peers.h"

struct farewell {
	struct le le;	     /* in core->leaving */
	struct trunk *trunk; /* stands in for one that goes; NULL: it stays for now */
	struct tls_cache *tls;
	struct config *conf;
};

static void destructor(void *arg)
{
	struct farewell *f = arg;

	list_unlink(&f->le);
	mem_deref(f->trunk);
	mem_deref(f->tls);
	config_free(f->conf);
}

struct tls_cache *target_tls(const struct target *t)
{
	return t->farewell && t->farewell->tls ? t->farewell->tls : t->core->tls;
}

/* Keeps what a trunk's end would take along. Returns 0 or ENOMEM. */
static int outlive(struct target *t, struct farewell *f)
{
	struct core *core = t->core;
	int err = trunk_alloc(&f->trunk, core, trunk_conf(t->trunk));

	if (err)
		return err;
	f->conf = config_keep(core->conf);
	f->tls = mem_ref(core->tls);
	t->trunk = f->trunk;
	core->targets_stamp++;
	(void)peers_remove(core->peers, &t->address.sa, t->address.transport, t);
	core->events->target_remove_h(t->cell, core->arg);
	t->cell = NULL;
	return 0;
}

static bool begin(struct target *t, bool trunk_goes, int64_t at_ns)
{
	struct farewell *f;

	if (t->farewell || !t->prober->leave || !t->prober->leave(t))
		return false;
	f = mem_zalloc(sizeof(*f), destructor);
	if (!f || (trunk_goes && outlive(t, f))) {
		mem_deref(f);
		return false;
	}
	t->farewell = f;
	list_append(&t->core->leaving, &f->le, t);
	target_probe_at(t, at_ns);
	return true;
}

void target_remove(struct target *t)
{
	if (!t)
		return;
	if (t->core->closing || !begin(t, true, clock_monotonic_ns()))
		mem_deref(t);
}

bool target_take_back(struct target *t, int64_t at_ns)
{
	return begin(t, false, at_ns);
}

static void left_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct target *t = target_of_timer(timer);
	struct core *core = t->core;

	(void)now_ns;
	if (t->farewell->trunk)
		mem_deref(t);
	else
		list_unlink(&t->farewell->le);
	if (list_isempty(&core->leaving) && core->left_h)
		core->left_h(core->left_arg);
}

/* Later, since its connection may be what called. */
void target_left(struct target *t)
{
	ticker_start(t->core->ticker, &t->timer, clock_monotonic_ns(), left_h);
}
