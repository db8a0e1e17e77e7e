/* Addresses in the order in which they are to be tried, each once. */
#include "sipprobe/dns/address_set.h"
#include "tests/unit/tap.h"

#define UDP CONFIG_TRANSPORT_UDP
#define TCP CONFIG_TRANSPORT_TCP

enum { ADDED_MAX = 6 };

struct added {
	const char *addr;
	uint16_t port;
	enum config_transport transport;
	uint16_t priority, weight;
	uint32_t scope;
};

static const struct {
	const char *name;
	struct added added[ADDED_MAX];
	const char *want; /* "ADDR:PORT/TRANSPORT/PRIORITY/WEIGHT[%SCOPE] …" */
} cases[] = {
	{"by priority",
	 {{"192.0.2.1", 1, UDP, 20},
	  {"192.0.2.3", 1, UDP, 10},
	  {"192.0.2.2", 1, UDP, 30}},
	 "192.0.2.3:1/1/10/0 192.0.2.1:1/1/20/0 192.0.2.2:1/1/30/0 "},
	{"then IPv4 first, then by address",
	 {{"2001:db8::2", 1, UDP},
	  {"192.0.2.2", 1, UDP},
	  {"2001:db8::1", 1, UDP},
	  {"192.0.2.1", 1, UDP}},
	 "192.0.2.1:1/1/0/0 192.0.2.2:1/1/0/0 2001:db8::1:1/1/0/0 2001:db8::2:1/1/0/0 "},
	{"then by port, then by transport",
	 {{"192.0.2.1", 2, UDP}, {"192.0.2.1", 1, TCP}, {"192.0.2.1", 1, UDP}},
	 "192.0.2.1:1/1/0/0 192.0.2.1:1/2/0/0 192.0.2.1:2/1/0/0 "},
	{"one address on each of two links",
	 {{"fe80::1", 1, UDP, .scope = 2},
	  {"fe80::1", 1, UDP, .scope = 1},
	  {"fe80::1", 1, UDP, .scope = 2},
	  {"fe80::1", 1, UDP, .scope = 1}},
	 "fe80::1:1/1/0/0%1 fe80::1:1/1/0/0%2 "},
	{"again with a better priority: that counts",
	 {{"192.0.2.1", 1, UDP, 10},
	  {"192.0.2.2", 1, UDP, 20},
	  {"192.0.2.3", 1, UDP, 30},
	  {"192.0.2.4", 1, UDP, 40},
	  {"192.0.2.2", 1, UDP, 5, 7}},
	 "192.0.2.2:1/1/5/7 192.0.2.1:1/1/10/0 192.0.2.3:1/1/30/0 192.0.2.4:1/1/40/0 "},
	{"the last one again",
	 {{"192.0.2.1", 1, UDP, 10},
	  {"192.0.2.2", 1, UDP, 20},
	  {"192.0.2.2", 1, UDP, 15}},
	 "192.0.2.1:1/1/10/0 192.0.2.2:1/1/15/0 "},
	{"again with a worse one: it does not",
	 {{"192.0.2.1", 1, UDP, 10, 1}, {"192.0.2.1", 1, UDP, 11, 9}},
	 "192.0.2.1:1/1/10/1 "},
	{"of one priority the greater weight counts",
	 {{"192.0.2.1", 1, UDP, 10, 2},
	  {"192.0.2.2", 1, UDP, 10, 2},
	  {"192.0.2.1", 1, UDP, 10, 3},
	  {"192.0.2.2", 1, UDP, 10, 1}},
	 "192.0.2.1:1/1/10/3 192.0.2.2:1/1/10/2 "},
};

static void add(struct address_set *set, const struct added *d)
{
	struct resolve_address a = {
		.transport = d->transport, .priority = d->priority, .weight = d->weight};

	sa_set_str(&a.sa, d->addr, d->port);
	if (d->scope)
		a.sa.u.in6.sin6_scope_id = d->scope;
	is_int(address_set_add(set, &a), 0, "added");
}

static void print(char *out, size_t size, const struct address_set *set)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < set->count; i++) {
		const struct resolve_address *a = &set->v[i];
		char addr[64];

		sa_ntop(&a->sa, addr, sizeof(addr));
		len += (size_t)snprintf(out + len, size - len, "%s:%u/%d/%u/%u", addr,
					sa_port(&a->sa), a->transport, a->priority,
					a->weight);
		if (sa_af(&a->sa) == AF_INET6 && a->sa.u.in6.sin6_scope_id)
			len += (size_t)snprintf(out + len, size - len, "%%%u",
						a->sa.u.in6.sin6_scope_id);
		len += (size_t)snprintf(out + len, size - len, " ");
	}
}

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address_set set = {.v = NULL};
		char got[512];

		for (size_t n = 0; n < ADDED_MAX && cases[i].added[n].addr; n++)
			add(&set, &cases[i].added[n]);
		print(got, sizeof(got), &set);
		is_str(got, cases[i].want, cases[i].name);
		mem_deref(set.v);
	}
	return tap_done();
}
