/*
 * Resolvers that ask a zone of the test's own, in place of libunbound. To be included by
 * the one file of a program that links with resolver_wrap.
 */
#ifndef TESTS_UNIT_SIPPROBE_DNS_ZONE_RESOLVER_H
#define TESTS_UNIT_SIPPROBE_DNS_ZONE_RESOLVER_H

#include "tests/unit/sipprobe/dns/zone.h"

static struct zone *zone_in_use;
static unsigned resolvers_made;

int __wrap_resolver_alloc(struct resolver **rp, const struct config_dns *conf);

int __wrap_resolver_alloc(struct resolver **rp, const struct config_dns *conf)
{
	(void)conf;
	resolvers_made++;
	return resolver_alloc_lookup(rp, mem_ref(&zone_in_use->lookup));
}

/* Resolvers that are made from now on ask @text; freed with mem_deref(). */
static inline struct zone *zone_use(const char *text)
{
	struct zone *z = mem_zalloc(sizeof(*z), NULL);

	z->lookup.ask = zone_ask;
	z->text = text;
	zone_in_use = z;
	resolvers_made = 0;
	return z;
}

#endif
