/* What an ICMP error says of a hop. */
#ifndef SIPPROBE_WAY_WAY_ICMP_H
#define SIPPROBE_WAY_WAY_ICMP_H

#include "sipprobe/trace.h"

/*
 * @by_peer: it comes from the address that was asked
 *
 * Returns false for one that ends no way: a packet too big, a fragment that was lost, or
 * anything that is no error.
 */
bool way_icmp_read(enum trace_answer *answer, bool v6, uint8_t type, uint8_t code,
		   bool by_peer);

#endif
