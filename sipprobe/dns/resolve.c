#include "sipprobe/dns/resolve.h"

#include <errno.h>

#include "base/clock.h"
#include "sipprobe/dns/locate.h"
#include "sipprobe/loop/alarm.h"

struct resolver {
	struct lookup *lookup;
	struct alarm *alarm;
	struct list running; /* resolutions with questions under way */
	struct list ready;   /* IP literals, which only wait for the loop */
};

struct resolve {
	struct le le;
	struct locate locate;
	resolve_h *h;
	void *arg;
};

static void resolve_silence(struct list *list)
{
	while (list->head) {
		struct resolve *rs = list->head->data;

		list_unlink(&rs->le);
		locate_end(&rs->locate);
	}
}

static void resolver_destructor(void *data)
{
	struct resolver *r = data;

	resolve_silence(&r->running);
	resolve_silence(&r->ready);
	mem_deref(r->alarm);
	mem_deref(r->lookup);
}

static void resolve_destructor(void *data)
{
	struct resolve *rs = data;

	list_unlink(&rs->le);
	locate_end(&rs->locate);
}

static void resolve_deliver(void *arg)
{
	struct resolve *rs = arg;

	list_unlink(&rs->le);
	mem_ref(rs); /* the handler may let go of it while it reads the result */
	rs->h(&rs->locate.result, rs->arg);
	mem_deref(rs);
}

/* One at a time: the handler may free the resolver. */
static void resolve_ready_h(void *arg)
{
	struct resolver *r = arg;
	struct resolve *rs = list_ledata(r->ready.head);

	if (!rs)
		return;
	if (rs->le.next)
		alarm_set(r->alarm, 0);
	resolve_deliver(rs);
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
	err = alarm_alloc(&r->alarm, resolve_ready_h, r);
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
	rs->locate.lookup = r->lookup;
	rs->locate.family = family;
	rs->locate.hints = true;
	rs->locate.h = resolve_deliver;
	rs->locate.arg = rs;
	err = locate_begin(&rs->locate, uri, &ready);
	if (err) {
		mem_deref(rs);
		return err;
	}
	list_append(ready ? &r->ready : &r->running, &rs->le, rs);
	if (ready)
		alarm_set(r->alarm, 0);
	*rp = rs;
	return 0;
}

const struct resolve_result *resolve_settled(const struct resolve *rs)
{
	return rs->locate.settled ? &rs->locate.result : NULL;
}
