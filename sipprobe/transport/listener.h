/*
 * A listening TCP or TLS socket: accepts in small batches and hands every connection to
 * the set of inbound connections. Main thread only.
 */
#ifndef SIPPROBE_TRANSPORT_LISTENER_H
#define SIPPROBE_TRANSPORT_LISTENER_H

#include "sipprobe/transport/inbound.h"

struct listener;

/*
 * Binds, listens and begins to accept. Freed with mem_deref(); connections it accepted
 * stay.
 *
 * @laddr: IPv4 or IPv6 with port; port 0 takes a free one. `::` is IPv6 only.
 * @tls:   a server's profile, or NULL for TCP; referenced
 * @in:    referenced
 *
 * Returns 0 or errno: of socket(), bind() (EADDRINUSE, EADDRNOTAVAIL, EACCES), listen().
 */
int listener_alloc(struct listener **lp, const struct sa *laddr, struct tls_profile *tls,
		   struct inbound *in);

/* As bound, with the port that was free. */
const struct sa *listener_local(const struct listener *l);

/* Shows @tls to whoever connects from now on; connections that are open keep theirs. */
void listener_use(struct listener *l, struct tls_profile *tls);

/*
 * Without descriptors or memory a listener refuses what waits, on a descriptor it keeps
 * for that; when even this fails it stops listening to the socket, as the loop would
 * otherwise spin. This begins anew; call it along with inbound_run().
 */
void listener_run(struct listener *l);

#endif
