/*
 * SRTP and SRTCP (RFC 3711) of one session by libre, a key each way. Used by the thread
 * that made it, and nowhere else.
 */
#ifndef SIPPROBE_MEDIA_SRTP_PAIR_H
#define SIPPROBE_MEDIA_SRTP_PAIR_H

#include "sipprobe/media/sdp.h"

struct srtp_pair; /* mem_deref() */

/* What protecting adds to a packet at most: a tag of 16 bytes, an index of 4. */
enum { SRTP_ADDED = 32 };

/*
 * @ours: what we send with; @theirs: what the peer does
 *
 * Returns 0, ENOMEM or what libre says of a key.
 */
int srtp_pair_alloc(struct srtp_pair **pp, const struct sdp_crypto *ours,
		    const struct sdp_crypto *theirs);

/*
 * Another key; NULL: that half goes on as it is, with its numbers, as no key may be used
 * twice on one (RFC 3711 9.1).
 *
 * Returns the same. A half that failed protects, or opens, nothing any more.
 */
int srtp_pair_rekey(struct srtp_pair *p, const struct sdp_crypto *ours,
		    const struct sdp_crypto *theirs);

/*
 * Protects a packet of ours in place, or checks and opens one of the peer's.
 *
 * @data: with SRTP_ADDED bytes of room behind *@bytes
 *
 * Returns 0 or errno; EAUTH, EALREADY: it was tampered with, or came before. Only then
 * may the data have changed without success.
 */
int srtp_pair_protect(struct srtp_pair *p, bool rtcp, uint8_t *data, size_t *bytes);
int srtp_pair_open(struct srtp_pair *p, bool rtcp, uint8_t *data, size_t *bytes);

#endif
