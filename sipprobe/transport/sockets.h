/*
 * The engine's own ends: the sockets of sip.listen, and one UDP socket a family for
 * probes when nothing listens there. Probes leave from a listening socket where they can,
 * so that a NAT or an SBC sees one address.
 */
#ifndef SIPPROBE_TRANSPORT_SOCKETS_H
#define SIPPROBE_TRANSPORT_SOCKETS_H

#include "sipprobe/loop/ticker.h"
#include "sipprobe/transport/arrivals.h"

struct sockets; /* mem_deref() */
struct tls_cache;
struct udp;
struct tls_profile;
struct turns;

/*
 * Opens nothing yet.
 *
 * @arrivals: of all that arrives here; kept by the caller while the sockets live
 *
 * Returns 0 or errno.
 */
int sockets_alloc(struct sockets **sp, struct ticker *ticker,
		  const struct arrivals *arrivals, void *arg);

/*
 * Opens what @sip lists and is not open yet. Nothing that is open is touched.
 *
 * @tls: where listening TLS sockets take what they show
 *
 * Returns 0; or errno with @err_text ("udp:0.0.0.0:5060: Address already in use"), and
 * what this call opened is to be given up with sockets_abandon().
 */
int sockets_prepare(struct sockets *s, const struct config_sip *sip,
		    struct tls_cache *tls, char *err_text, size_t err_size);

/*
 * Puts what was prepared in force and closes the rest.
 *
 * Returns whether a UDP socket came or went: then everybody's choice is to be made anew.
 */
bool sockets_commit(struct sockets *s);

/* Closes connections of peers that are no trunk's any more. */
void sockets_review(struct sockets *s);

/* Forgets what was prepared. */
void sockets_abandon(struct sockets *s);

/*
 * The UDP socket to probe @dst from: one that listens on the address that the kernel
 * would choose, else on all addresses, else on any address that can reach @dst, else a
 * socket of our own.
 *
 * @up:    a borrowed reference, good until sockets_commit()
 * @local: our end as @dst will see it, with port, for Via
 * @want:  address and port to send from, if any: of a listening socket or of one that
 *         all share who want the same
 *
 * Returns 0 or errno, e.g. ENETUNREACH, or EADDRNOTAVAIL for what @want asks.
 */
int sockets_udp_for(struct sockets *s, struct udp **up, struct sa *local,
		    const struct sa *dst, const struct config_local *want);

/* After sockets_commit(): each `local` that trunks in force have, then what is left. */
void sockets_mark_local(struct sockets *s, const struct config_local *want);
void sockets_sweep_local(struct sockets *s);

/* Shows @profile to whoever connects to a listening TLS socket from now on. */
void sockets_use_tls(struct sockets *s, struct tls_profile *profile);

/* The queue for the loop's time that connections wait in. */
struct turns *sockets_turns(const struct sockets *s);

/*
 * The port at which a TCP or TLS socket listens on an address of ours, or 0. @ours: the
 * unspecified address of its family where it is not known yet: any of that family
 */
uint16_t sockets_stream_port(const struct sockets *s, enum config_transport transport,
			     const struct sa *ours);

/* Whether who proves a trunk's name over TLS may call from anywhere. */
bool sockets_match_certificate(const struct sockets *s);

/* "udp:127.0.0.1:5060", as bound. NULL past the last one. */
const char *sockets_listening(const struct sockets *s, size_t n);

#endif
