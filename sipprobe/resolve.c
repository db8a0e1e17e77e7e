#include "sipprobe/resolve.h"
#include "sipprobe/clock.h"
#include "sipprobe/resolve_alarm.h"
#include "sipprobe/resolve_road.h"

#include <errno.h>

struct resolver {
	struct lookup *lookup;
	struct resolve_alarm *alarm;
	struct list running; /* resolutions with questions under way */
	struct list ready;   /* IP literals, which only wait for the loop */
};

struct resolve {
	struct le le;
	struct road road;
	resolve_h *h;
	void *arg;
};

static void silence(struct list *list)
{
	while (list->head) {
		struct resolve *rs = list->head->data;

		list_unlink(&rs->le);
		road_end(&rs->road);
	}
}

static void resolver_destructor(void *data)
{
	struct resolver *r = data;

	silence(&r->running);
	silence(&r->ready);
	mem_deref(r->alarm);
	mem_deref(r->lookup);
}

static void resolve_destructor(void *data)
{
	struct resolve *rs = data;

	list_unlink(&rs->le);
	road_end(&rs->road);
}

static void deliver(void *arg)
{
	struct resolve *rs = arg;

	list_unlink(&rs->le);
	mem_ref(rs); /* the handler may let go of it while it reads the result */
	rs->h(&rs->road.result, rs->arg);
	mem_deref(rs);
}

/* One at a time: the handler may free the resolver. */
static void ready_h(void *arg)
{
	struct resolver *r = arg;
	struct resolve *rs = list_ledata(r->ready.head);

	if (!rs)
		return;
	if (rs->le.next)
		resolve_alarm_set(r->alarm, 0);
	deliver(rs);
}

int resolver_alloc_lookup(struct resolver **rp, struct lookup *lookup)
{
	struct resolver *r = mem_zalloc(sizeof(*r), resolver_destructor);
	int err;

	if (!r) {
		mem_deref(lookup);
		return ENOMEM;
	}
	r->lookup = lookup;
	err = resolve_alarm_alloc(&r->alarm, ready_h, r);
	if (err)
		mem_deref(r);
	else
		*rp = r;
	return err;
}

int resolver_alloc(struct resolver **rp, const struct config_dns *conf)
{
	static const struct lookup_system sys = {
		.resolv_conf = "/etc/resolv.conf",
		.hosts = "/etc/hosts",
	};
	struct lookup *lookup;
	int err = lookup_unbound_alloc(&lookup, conf, &sys);

	return err ? err : resolver_alloc_lookup(rp, lookup);
}

int resolve_start(struct resolve **rp, struct resolver *r, const struct config_uri *uri,
		  enum config_family family, resolve_h *h, void *arg)
{
	struct resolve *rs = mem_zalloc(sizeof(*rs), resolve_destructor);
	bool ready = false;
	int err;

	if (!rs)
		return ENOMEM;
	rs->h = h;
	rs->arg = arg;
	rs->road.lookup = r->lookup;
	rs->road.family = family;
	rs->road.h = deliver;
	rs->road.arg = rs;
	err = road_begin(&rs->road, uri, &ready);
	if (err) {
		mem_deref(rs);
		return err;
	}
	list_append(ready ? &r->ready : &r->running, &rs->le, rs);
	if (ready)
		resolve_alarm_set(r->alarm, 0);
	*rp = rs;
	return 0;
}
