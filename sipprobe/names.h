/*
 * The resolver in force, and what it remembers. A name whose addresses all fail may have
 * got better ones long before its TTL ends: while that is so, DNS is asked anew.
 */
#ifndef SIPPROBE_NAMES_H
#define SIPPROBE_NAMES_H

#include "sipprobe/core.h"

enum { NAMES_FRESH_S = 30 };

/*
 * Forgets every answer of DNS, unless that was done, or the resolver begun, within the
 * last NAMES_FRESH_S: libunbound cannot be made to forget, so another resolver takes the
 * place of the one in force. What that one was asked is still answered, within that time.
 *
 * Without the means for it the present one stays.
 */
void names_forget(struct core *core);

/* Puts @resolver in force, a reference that is taken over; former ones are let go. */
void names_replace(struct core *core, struct resolver *resolver);

#endif
