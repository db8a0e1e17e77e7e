/* Numbers in network order, at any address. */
#ifndef SIPPROBE_MEDIA_BYTES_H
#define SIPPROBE_MEDIA_BYTES_H

#include <stdint.h>

static inline uint16_t bytes_read16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t bytes_read32(const uint8_t *p)
{
	return (uint32_t)bytes_read16(p) << 16 | bytes_read16(p + 2);
}

/* They return the end of what they wrote. */
static inline uint8_t *bytes_write16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
	return p + 2;
}

static inline uint8_t *bytes_write32(uint8_t *p, uint32_t value)
{
	return bytes_write16(bytes_write16(p, value >> 16), value);
}

#endif
