/* a=crypto lines (RFC 4568): SRTP's keys in SDP. */
#ifndef SIPPROBE_MEDIA_SDP_CRYPTO_H
#define SIPPROBE_MEDIA_SDP_CRYPTO_H

#include "sipprobe/media/sdp.h"

/*
 * Reads the value of one: "1 AES_CM_128_HMAC_SHA1_80 inline:…|2^31". What we cannot do is
 * refused: other suites, several keys, master key identifiers, session parameters.
 *
 * Returns whether it can be used; @c is untouched if not.
 */
bool sdp_crypto_read(struct sdp_crypto *c, const char *value);

enum { SDP_CRYPTO_BYTES = 160 }; /* of a line */

/* Writes "a=crypto:…" with CRLF. @out: SDP_CRYPTO_BYTES; terminated. Returns the length.
 */
size_t sdp_crypto_write(char *out, const struct sdp_crypto *c);

#endif
