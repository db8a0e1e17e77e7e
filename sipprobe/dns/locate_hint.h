/* What may be wrong with a name that has no address: other records of it tell. */
#ifndef SIPPROBE_DNS_LOCATE_HINT_H
#define SIPPROBE_DNS_LOCATE_HINT_H

#include "sipprobe/dns/locate.h"

/*
 * SRV names whose records would explain it: with a port in the URI those that a URI
 * without it is asked for; else those that stand where `_sips._tcp.` belongs.
 *
 * Returns how many of @max were filled in.
 */
size_t locate_hint_names(struct choice *v, size_t max, const struct locate *locate);

/* Puts it into the result that @name has records. */
void locate_hint_found(struct resolve_result *res, const char *name, bool has_port);

#endif
