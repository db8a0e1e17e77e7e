/*
 * Whose request it is, when a peer asks us: told by the connection, the certificate, the
 * transport, our end and the peer's port, in this order. Main thread only.
 */
#ifndef SIPPROBE_TRUNK_CLAIM_H
#define SIPPROBE_TRUNK_CLAIM_H

#include "config/config.h"
#include "sipprobe/loop/compat.h"

struct peers;
struct services;
struct stream;
struct target;

/* What is known of a request besides its bytes. */
struct claim {
	const struct sa *src;
	const struct sa *local; /* our end */
	enum config_transport transport;
	struct stream *stream; /* NULL: it came in a datagram */
};

/*
 * The target that a request belongs to. A connection that a target opened is that
 * target's. Else a verified certificate that proves the name of a trunk over TLS decides,
 * from the trunk's address or, with match_certificate or from an address of no trunk,
 * from anywhere. Else the trunks at the address it came from are weighed: by transport,
 * then by our end, then by the peer's port, but for connections that the peer opened,
 * whose port says nothing; the first among equals. A trunk of another transport has it
 * only when the address has none of this one.
 *
 * @peers: those of the schedule
 * @ping:  it is OPTIONS: the owners of all targets that fit as well are told by seen_h,
 *         as it cannot be said which of them was meant
 *
 * Returns NULL for a stranger's.
 */
struct target *claim_settle(struct services *s, const struct peers *peers,
			    const struct claim *c, bool ping);

/* Whether the certificate of a connection speaks for a trunk, over TLS. */
bool claim_is_proven(struct services *s, const struct peers *peers,
		     struct stream *stream);

#endif
