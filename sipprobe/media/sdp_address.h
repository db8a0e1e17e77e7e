/* Where an SDP may have us send: addresses that can be a peer's. */
#ifndef SIPPROBE_MEDIA_SDP_ADDRESS_H
#define SIPPROBE_MEDIA_SDP_ADDRESS_H

#include "sipprobe/media/sdp.h"

/*
 * Whether to send to @sa as an SDP of @peer's gave it: of the same family, an address
 * that a host can have, and this machine's own only if the peer is at such. An IPv6
 * link-local address takes its interface from @peer.
 *
 * Returns SDP_OK or SDP_ADDRESS_….
 */
enum sdp_fault sdp_address_check(struct sa *sa, const struct sa *peer);

#endif
