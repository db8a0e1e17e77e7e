/* Search domains: which names a name stands for, by the rules of resolv.conf(5). */
#ifndef SIPPROBE_DNS_SEARCH_H
#define SIPPROBE_DNS_SEARCH_H

#include "config/config.h"
#include "config/uri.h"
#include "sipprobe/dns/resolv_conf.h"

/* Zeroed: names are taken as they are. */
struct search {
	bool on;
	unsigned ndots; /* names with fewer dots are tried with the domains first */
	unsigned count;
	char domains[RESOLV_SEARCH_MAX][RR_NAME_MAX + 1];
};

/* @conf: or NULL; @resolv_conf: a path, or NULL */
void search_load(struct search *s, const struct config_dns *conf,
		 const char *resolv_conf);

/* One name to try. */
struct candidate {
	char name[RR_NAME_MAX + 1]; /* lower case, without its last dot */
	bool plain;		    /* the host as it is */
};

/*
 * The nth name to try for a host: those that are too long for DNS are left out. A host
 * with a dot at its end, or that is no name, stands for itself alone.
 *
 * Returns false past the last one.
 */
bool search_candidate(struct candidate *c, const struct search *s,
		      const struct config_slice *host, unsigned n);

#endif
