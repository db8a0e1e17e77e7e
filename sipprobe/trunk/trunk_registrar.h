/*
 * The one address of a trunk that is checked by REGISTER, where `register.at` is "first".
 * Several addresses of a name may be there for redundancy: one registration is wanted
 * then, at the first address that answers, by priority (RFC 3263 4.3).
 *
 * It moves on when that address fails: no answer, a broken connection, 408 or 5xx. What
 * was up must be down by `fall` first; what never was, at the first failure. It stays
 * where it is while that answers, also when a better address is back: a registration
 * that follows each flap of a host is worth less than one that stays.
 */
#ifndef SIPPROBE_TRUNK_TRUNK_REGISTRAR_H
#define SIPPROBE_TRUNK_TRUNK_REGISTRAR_H

#include "sipprobe/dns/resolve.h"
#include "sipprobe/health.h"

struct registrar; /* mem_deref() */
struct target;
struct ticker;

/*
 * Sets @rp for a trunk that registers at one address, else to NULL.
 *
 * @move_h: runs from the loop when another address is to be tried: registrar_next()
 *
 * Returns 0 or ENOMEM.
 */
int registrar_alloc(struct registrar **rp, const struct config_settings *s,
		    struct ticker *ticker, void (*move_h)(void *arg), void *arg);

/* The addresses of the name. @r: NULL: the trunk registers at all of them */
void registrar_list(struct registrar *r, const struct resolve_result *res);

/* Those, @count of them. @r: not NULL */
const struct resolve_address *registrar_listed(const struct registrar *r, size_t *count);

/*
 * Chooses the best address that did not fail since one answered. Returns false when all
 * did: then it begins again with the best, and there is no hurry.
 */
bool registrar_next(struct registrar *r, const struct resolve_address **a);

/* Whether this check of an address is to be made. @r: may be NULL */
bool registrar_wants(const struct registrar *r, enum config_method method,
		     const struct resolve_address *a);

/* A result of any target of the trunk's. @r: may be NULL */
void registrar_result(struct registrar *r, const struct target *target,
		      const struct probe_result *last);

/*
 * Whether a target is no member of its address: a registration at one address is the
 * whole trunk's, beside other checks of all of them. @r: may be NULL
 */
bool registrar_is_apart(const struct registrar *r, const struct target *target);

/* The number of addresses, whether or not each has a check. @r: not NULL */
size_t registrar_count(const struct registrar *r);

#endif
