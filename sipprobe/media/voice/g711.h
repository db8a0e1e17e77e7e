/* G.711 (ITU-T, 11/1988): 8 bits a sample and linear ones of 16 bits, in both laws. */
#ifndef SIPPROBE_MEDIA_G711_H
#define SIPPROBE_MEDIA_G711_H

#include <stddef.h>
#include <stdint.h>

#include "sipprobe/media_report.h"

enum {
	G711_HZ = 8000,
	G711_SAMPLES = 160, /* of the 20 ms that a packet carries (RFC 3551 4.5.14) */
};

#define G711_SAMPLE_NS 125000LL

/* The linear value of every code: Table 1a/1b (A) and 2a/2b (µ), scaled to 16 bits. */
extern const int16_t g711_linear[MEDIA_CODECS][256];

/* The code of a linear sample; those beyond the law's range are taken as its end. */
uint8_t g711_code(enum media_codec codec, int sample);

/* The code of silence. */
uint8_t g711_silence(enum media_codec codec);

/* @pcm: room for @count samples */
void g711_expand(int16_t *pcm, enum media_codec codec, const uint8_t *codes,
		 size_t count);

#endif
