#include "sipprobe/dns/address_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 4 };

static int compare_sa(const struct sa *a, const struct sa *b)
{
	int d = (sa_af(a) == AF_INET6) - (sa_af(b) == AF_INET6);

	if (d)
		return d;
	if (sa_af(a) == AF_INET)
		return memcmp(&a->u.in.sin_addr, &b->u.in.sin_addr, 4);
	d = memcmp(&a->u.in6.sin6_addr, &b->u.in6.sin6_addr, 16);
	if (d)
		return d;
	return (a->u.in6.sin6_scope_id > b->u.in6.sin6_scope_id) -
	       (a->u.in6.sin6_scope_id < b->u.in6.sin6_scope_id);
}

/* Order among what makes an address unique. */
static int compare_identity(const struct resolve_address *a,
			    const struct resolve_address *b)
{
	int d = compare_sa(&a->sa, &b->sa);

	if (!d)
		d = sa_port(&a->sa) - sa_port(&b->sa);
	return d ? d : (int)a->transport - (int)b->transport;
}

static int address_set_compare(const struct resolve_address *a,
			       const struct resolve_address *b)
{
	return a->priority != b->priority ? a->priority - b->priority
					  : compare_identity(a, b);
}

static bool is_better(const struct resolve_address *a, const struct resolve_address *b)
{
	return a->priority != b->priority ? a->priority < b->priority
					  : a->weight > b->weight;
}

static int make_room(struct address_set *set)
{
	size_t room = set->room ? set->room * 2 : ROOM_FIRST;
	struct resolve_address *v;

	if (set->count < set->room)
		return 0;
	v = set->v ? mem_realloc(set->v, room * sizeof(*v))
		   : mem_zalloc(room * sizeof(*v), NULL);
	if (!v)
		return ENOMEM;
	set->v = v;
	set->room = room;
	return 0;
}

static void take_out(struct address_set *set, size_t i)
{
	set->count--;
	memmove(&set->v[i], &set->v[i + 1], (set->count - i) * sizeof(*set->v));
}

static int put_in(struct address_set *set, const struct resolve_address *a)
{
	size_t i = 0;
	int err;

	while (i < set->count && address_set_compare(&set->v[i], a) < 0)
		i++;
	if (i == RESOLVE_ADDRESSES_MAX)
		return 0;
	if (set->count == RESOLVE_ADDRESSES_MAX)
		set->count--;
	err = make_room(set);
	if (err)
		return err;
	memmove(&set->v[i + 1], &set->v[i], (set->count - i) * sizeof(*set->v));
	set->v[i] = *a;
	set->count++;
	return 0;
}

int address_set_add(struct address_set *set, const struct resolve_address *a)
{
	for (size_t i = 0; i < set->count; i++) {
		if (compare_identity(&set->v[i], a))
			continue;
		if (!is_better(a, &set->v[i]))
			return 0;
		take_out(set, i);
		break;
	}
	return put_in(set, a);
}
