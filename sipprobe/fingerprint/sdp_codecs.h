/*
 * The codecs of an SDP body: encoding names and rates, whatever numbers and ports they
 * have, in which a server may choose anew each time.
 */
#ifndef SIPPROBE_FINGERPRINT_SDP_CODECS_H
#define SIPPROBE_FINGERPRINT_SDP_CODECS_H

#include "sipprobe/fingerprint/token_set.h"

/* Adds them; none of a body that is no SDP. */
void sdp_codecs(struct token_set *s, const struct pl *body);

/* Goes on from @h with the lines that they stand in. */
uint64_t sdp_codecs_raw_hash(uint64_t h, const struct pl *body);

#endif
