#include "sipprobe/engine/traces.h"

#include "sipprobe/engine/engine_private.h"
#include "sipprobe/engine/trace.h"
#include "sipprobe/target/target.h"

struct traces {
	struct engine *engine;
	struct list waiting;
	struct list running;
};

/* One that waits or runs. Its configuration is held, as its trunk may go. */
struct traced {
	struct le le;
	struct traces *all;
	struct trace *trace;		  /* NULL: it waits */
	const struct config_trunk *trunk; /* of @held */
	struct config *held;
	struct resolve_address address;
	bool silent;
};

static void traces_destructor(void *arg)
{
	struct traces *ts = arg;

	list_flush(&ts->waiting);
	list_flush(&ts->running);
}

static void traced_destructor(void *arg)
{
	struct traced *d = arg;

	list_unlink(&d->le);
	trace_cancel(d->trace);
	config_free(d->held);
}

static void traces_go_on(struct traces *ts);

static void traces_done_h(const struct trace_report *r, void *arg)
{
	struct traced *d = arg;
	struct traces *ts = d->all;

	if (!r->ended)
		return;
	d->trace = NULL;
	mem_deref(d);
	traces_go_on(ts);
}

static int traced_begin(struct traced *d)
{
	const struct trace_task task = {
		.uri = d->trunk->uri,
		.name = d->trunk->name,
		.settings = d->trunk->settings,
		.conf = d->held,
		.address = d->address,
		.silent = d->silent,
	};

	return trace_start(&d->trace, d->all->engine, &task, traces_done_h, d);
}

static void traces_go_on(struct traces *ts)
{
	while (ts->waiting.head && list_count(&ts->running) < TRACES_AT_ONCE) {
		struct traced *d = ts->waiting.head->data;

		list_unlink(&d->le);
		list_append(&ts->running, &d->le, d);
		if (traced_begin(d))
			mem_deref(d);
	}
}

static bool traces_has(const struct list *l, const char *name)
{
	for (const struct le *le = l->head; le; le = le->next)
		if (!str_cmp(((const struct traced *)le->data)->trunk->name, name))
			return true;
	return false;
}

/* Whether a trace can tell more of a failure than it says itself. */
static bool traces_asked_for(const struct traces *ts, const struct config_trunk *trunk,
			     const struct probe_result *last)
{
	return trunk->settings->trace_on_down &&
	       (last->outcome == PROBE_TIMEOUT || last->outcome == PROBE_UNREACHABLE) &&
	       list_count(&ts->waiting) < TRACES_WAITING &&
	       !traces_has(&ts->waiting, trunk->name) &&
	       !traces_has(&ts->running, trunk->name);
}

static void traces_down_h(const struct trunk *t, const struct target *target,
			  const struct probe_result *last, void *arg)
{
	struct traces *ts = arg;
	struct traced *d;

	if (!traces_asked_for(ts, trunk_conf(t), last))
		return;
	d = mem_zalloc(sizeof(*d), traced_destructor);
	if (!d)
		return;
	d->all = ts;
	d->trunk = trunk_conf(t);
	d->held = config_keep(ts->engine->group.targets.conf);
	d->address = *target_address(target);
	d->silent = last->outcome == PROBE_TIMEOUT;
	list_append(&ts->waiting, &d->le, d);
	traces_go_on(ts);
}

int traces_alloc(struct traces **tp, struct engine *e)
{
	struct traces *ts = mem_zalloc(sizeof(*ts), traces_destructor);

	if (!ts)
		return ENOMEM;
	ts->engine = e;
	e->group.down_h = traces_down_h;
	e->group.down_arg = ts;
	*tp = ts;
	return 0;
}
