#include <errno.h>
#include <string.h>

#include "sipprobe/locals.h"
#include "sipprobe/resolve_set.h"

struct entry {
	struct le le;
	struct sa wanted; /* its port may be 0 */
	struct udp *udp;
	bool marked;
};

struct locals {
	struct list entries;
	const struct udp_events *events;
	void *arg;
};

static void locals_destructor(void *arg)
{
	struct locals *l = arg;

	list_flush(&l->entries);
}

static void entry_destructor(void *arg)
{
	struct entry *e = arg;

	list_unlink(&e->le);
	mem_deref(e->udp);
}

int locals_alloc(struct locals **lp, const struct udp_events *events, void *arg)
{
	struct locals *l = mem_zalloc(sizeof(*l), locals_destructor);

	if (!l)
		return ENOMEM;
	l->events = events;
	l->arg = arg;
	*lp = l;
	return 0;
}

int locals_address(struct sa *sa, const struct config_local *conf, int af)
{
	int err;

	if (!conf->address) {
		sa_init(sa, af);
		sa_set_port(sa, (uint16_t)conf->port);
		return 0;
	}
	err = resolve_literal(sa, conf->address, strlen(conf->address));
	if (err)
		return err;
	sa_set_port(sa, (uint16_t)conf->port);
	return sa_af(sa) == af ? 0 : EAFNOSUPPORT;
}

bool locals_fits(const struct config_local *conf, const struct sa *bound)
{
	struct sa want;

	if (conf->port && conf->port != sa_port(bound))
		return false;
	if (!conf->address)
		return true;
	return !locals_address(&want, conf, sa_af(bound)) &&
	       sa_cmp(&want, bound, SA_ADDR);
}

static struct entry *find(const struct locals *l, const struct sa *wanted)
{
	for (struct le *le = l->entries.head; le; le = le->next) {
		struct entry *e = le->data;

		if (sa_cmp(&e->wanted, wanted, SA_ALL))
			return e;
	}
	return NULL;
}

struct udp *locals_find(const struct locals *l, const struct sa *wanted)
{
	struct entry *e = find(l, wanted);

	return e ? e->udp : NULL;
}

int locals_get(struct locals *l, struct udp **up, const struct sa *wanted)
{
	struct entry *e = find(l, wanted);
	int err;

	if (!e) {
		e = mem_zalloc(sizeof(*e), entry_destructor);
		if (!e)
			return ENOMEM;
		e->wanted = *wanted;
		err = udp_socket(&e->udp, wanted, l->events, l->arg);
		if (err) {
			mem_deref(e);
			return err;
		}
		list_append(&l->entries, &e->le, e);
	}
	*up = e->udp;
	return 0;
}

void locals_mark(struct locals *l, const struct config_local *conf)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct entry *e;
	struct sa wanted;

	for (int i = 0; i < 2 && locals_wanted(conf); i++) {
		if (locals_address(&wanted, conf, families[i]))
			continue;
		e = find(l, &wanted);
		if (e)
			e->marked = true;
	}
}

void locals_sweep(struct locals *l)
{
	struct le *le = l->entries.head;

	while (le) {
		struct entry *e = le->data;

		le = le->next;
		if (!e->marked)
			mem_deref(e);
		else
			e->marked = false;
	}
}
