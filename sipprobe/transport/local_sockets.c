#include "sipprobe/transport/local_sockets.h"

#include <errno.h>
#include <string.h>

#include "sipprobe/loop/ip_literal.h"

struct entry {
	struct le le;
	struct sa wanted; /* its port may be 0 */
	struct udp *udp;
	bool marked;
};

struct local_sockets {
	struct list entries;
	const struct udp_events *events;
	void *arg;
};

static void local_sockets_destructor(void *arg)
{
	struct local_sockets *l = arg;

	list_flush(&l->entries);
}

static void entry_destructor(void *arg)
{
	struct entry *e = arg;

	list_unlink(&e->le);
	mem_deref(e->udp);
}

int local_sockets_alloc(struct local_sockets **lp, const struct udp_events *events,
			void *arg)
{
	struct local_sockets *l = mem_zalloc(sizeof(*l), local_sockets_destructor);

	if (!l)
		return ENOMEM;
	l->events = events;
	l->arg = arg;
	*lp = l;
	return 0;
}

int local_sockets_address(struct sa *sa, const struct config_local *conf, int af)
{
	int err;

	if (!conf->address) {
		sa_init(sa, af);
		sa_set_port(sa, (uint16_t)conf->port);
		return 0;
	}
	err = ip_literal_parse(sa, conf->address, strlen(conf->address));
	if (err)
		return err;
	sa_set_port(sa, (uint16_t)conf->port);
	return sa_af(sa) == af ? 0 : EAFNOSUPPORT;
}

bool local_sockets_fits(const struct config_local *conf, const struct sa *bound)
{
	struct sa want;

	if (conf->port && conf->port != sa_port(bound))
		return false;
	if (!conf->address)
		return true;
	return !local_sockets_address(&want, conf, sa_af(bound)) &&
	       sa_cmp(&want, bound, SA_ADDR);
}

static struct entry *local_sockets_entry(const struct local_sockets *l,
					 const struct sa *wanted)
{
	for (struct le *le = l->entries.head; le; le = le->next) {
		struct entry *e = le->data;

		if (sa_cmp(&e->wanted, wanted, SA_ALL))
			return e;
	}
	return NULL;
}

struct udp *local_sockets_find(const struct local_sockets *l, const struct sa *wanted)
{
	struct entry *e = local_sockets_entry(l, wanted);

	return e ? e->udp : NULL;
}

int local_sockets_get(struct local_sockets *l, struct udp **up, const struct sa *wanted)
{
	struct entry *e = local_sockets_entry(l, wanted);
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

void local_sockets_mark(struct local_sockets *l, const struct config_local *conf)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct entry *e;
	struct sa wanted;

	for (int i = 0; i < 2 && local_sockets_wanted(conf); i++) {
		if (local_sockets_address(&wanted, conf, families[i]))
			continue;
		e = local_sockets_entry(l, &wanted);
		if (e)
			e->marked = true;
	}
}

void local_sockets_sweep(struct local_sockets *l)
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
