/*
 * Protobuf's wire format: fields, each a number and a kind in a tag, then a value.
 * Written straight into room that the caller has made; every writer returns the end of
 * what it wrote. A message is its fields after their length, in any order.
 */
#ifndef EXPORTER_METRICS_WIRE_H
#define EXPORTER_METRICS_WIRE_H

#include <stdint.h>
#include <string.h>

#include "base/buffer.h"

enum { WIRE_VARINT, WIRE_DOUBLE, WIRE_BYTES }; /* kinds, as far as we write them */

enum {
	WIRE_VARINT_MAX = 10,
	WIRE_FIELD_MAX = 2 + WIRE_VARINT_MAX, /* a number, or the head of bytes */
};

/* Seven bits a byte, the low ones first. */
static inline char *wire_varint(char *to, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		*to++ = (char)(value | 0x80);
	*to++ = (char)value;
	return to;
}

static inline size_t wire_varint_len(uint64_t value)
{
	size_t len = 1;

	for (; value > 0x7f; value >>= 7)
		len++;
	return len;
}

/* Small numbers of either sign become small: 0, -1, 1, -2, … */
static inline uint64_t wire_zigzag(int64_t value)
{
	return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline char *wire_tag(char *to, unsigned field, unsigned kind)
{
	return wire_varint(to, field << 3 | kind);
}

static inline char *wire_uint(char *to, unsigned field, uint64_t value)
{
	return wire_varint(wire_tag(to, field, WIRE_VARINT), value);
}

static inline char *wire_sint(char *to, unsigned field, int64_t value)
{
	return wire_uint(to, field, wire_zigzag(value));
}

/* IEEE 754, the low byte first. */
static inline char *wire_double(char *to, unsigned field, double value)
{
	uint64_t bits;

	to = wire_tag(to, field, WIRE_DOUBLE);
	memcpy(&bits, &value, sizeof(bits));
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		bits = __builtin_bswap64(bits);
	memcpy(to, &bits, sizeof(bits));
	return to + sizeof(bits);
}

/* The head of a text or a message of @len bytes, which follow. */
static inline char *wire_head(char *to, unsigned field, size_t len)
{
	return wire_varint(wire_tag(to, field, WIRE_BYTES), len);
}

static inline char *wire_bytes(char *to, unsigned field, const void *p, size_t len)
{
	to = wire_head(to, field, len);
	if (len)
		memcpy(to, p, len);
	return to + len;
}

#endif
