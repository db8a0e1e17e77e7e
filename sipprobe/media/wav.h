/* A .wav file of what G.711 sounds like: 16 bits a sample, one channel, as all play it.
 */
#ifndef SIPPROBE_MEDIA_WAV_H
#define SIPPROBE_MEDIA_WAV_H

#include "sipprobe/loop/compat.h"
#include "sipprobe/media_report.h"

/*
 * @codes: in two pieces, as a ring holds them; the second may be empty
 *
 * Returns 0 or ENOMEM; then @wav is untouched. mem_deref()
 */
int wav_write(struct mbuf **wav, enum media_codec codec, const uint8_t *first,
	      size_t first_bytes, const uint8_t *second, size_t second_bytes);

#endif
