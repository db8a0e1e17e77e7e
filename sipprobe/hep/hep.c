#include "sipprobe/hep/hep.h"

#include <string.h>

#include "base/clock.h"

/* Generic chunks (vendor 0). */
enum hep_chunk {
	CHUNK_FAMILY = 1,
	CHUNK_PROTOCOL = 2,
	CHUNK_IPV4_FROM = 3,
	CHUNK_IPV4_TO = 4,
	CHUNK_IPV6_FROM = 5,
	CHUNK_IPV6_TO = 6,
	CHUNK_PORT_FROM = 7,
	CHUNK_PORT_TO = 8,
	CHUNK_SECONDS = 9,
	CHUNK_MICROSECONDS = 10,
	CHUNK_KIND = 11,
	CHUNK_AGENT = 12,
	CHUNK_PAYLOAD = 15,
	CHUNK_CORRELATION = 17,
};

enum {
	HEAD_BYTES = 6,	 /* "HEP3" and the packet's length */
	CHUNK_HEAD = 6,	 /* vendor, kind, length with these */
	FAMILY_IPV4 = 2, /* on the wire, whatever this machine calls them */
	FAMILY_IPV6 = 10,
	KIND_SIP = 1,
};

/* A packet being written; `left` is the room that is not used yet. */
struct hep_out {
	uint8_t *p;
	size_t left;
	bool full;
};

static void hep_put(struct hep_out *o, const void *p, size_t len)
{
	if (o->full || len > o->left) {
		o->full = true;
		return;
	}
	memcpy(o->p, p, len);
	o->p += len;
	o->left -= len;
}

static void hep_put_number(struct hep_out *o, uint32_t v, size_t bytes)
{
	uint8_t be[4];

	for (size_t i = 0; i < bytes; i++)
		be[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
	hep_put(o, be, bytes);
}

static void hep_chunk_head(struct hep_out *o, enum hep_chunk kind, size_t len)
{
	hep_put_number(o, 0, 2);
	hep_put_number(o, kind, 2);
	hep_put_number(o, (uint32_t)(CHUNK_HEAD + len), 2);
}

static void hep_chunk_number(struct hep_out *o, enum hep_chunk kind, uint32_t v,
			     size_t bytes)
{
	hep_chunk_head(o, kind, bytes);
	hep_put_number(o, v, bytes);
}

static void hep_chunk_bytes(struct hep_out *o, enum hep_chunk kind, const void *p,
			    size_t len)
{
	hep_chunk_head(o, kind, len);
	hep_put(o, p, len);
}

static void hep_chunk_addresses(struct hep_out *o, const struct hep_message *m)
{
	bool v6 = sa_af(m->from) == AF_INET6;

	hep_chunk_number(o, CHUNK_FAMILY, v6 ? FAMILY_IPV6 : FAMILY_IPV4, 1);
	hep_chunk_number(o, CHUNK_PROTOCOL, m->stream ? IPPROTO_TCP : IPPROTO_UDP, 1);
	if (v6) {
		hep_chunk_bytes(o, CHUNK_IPV6_FROM, &m->from->u.in6.sin6_addr, 16);
		hep_chunk_bytes(o, CHUNK_IPV6_TO, &m->to->u.in6.sin6_addr, 16);
	} else {
		hep_chunk_bytes(o, CHUNK_IPV4_FROM, &m->from->u.in.sin_addr, 4);
		hep_chunk_bytes(o, CHUNK_IPV4_TO, &m->to->u.in.sin_addr, 4);
	}
	hep_chunk_number(o, CHUNK_PORT_FROM, sa_port(m->from), 2);
	hep_chunk_number(o, CHUNK_PORT_TO, sa_port(m->to), 2);
}

static void hep_chunk_times(struct hep_out *o, int64_t at_unix_ns)
{
	int64_t at_us = at_unix_ns / CLOCK_NS_PER_US;

	hep_chunk_number(o, CHUNK_SECONDS, (uint32_t)(at_us / 1000000), 4);
	hep_chunk_number(o, CHUNK_MICROSECONDS, (uint32_t)(at_us % 1000000), 4);
}

size_t hep_write(uint8_t *out, size_t size, const struct hep_message *m)
{
	struct hep_out o = {.p = out, .left = size};
	size_t len, total;

	if (o.left > HEP_PACKET_MAX)
		o.left = HEP_PACKET_MAX;
	if (sa_af(m->from) != sa_af(m->to))
		return 0;
	hep_put(&o, "HEP3\0\0", HEAD_BYTES);
	hep_chunk_addresses(&o, m);
	hep_chunk_times(&o, m->at_unix_ns);
	hep_chunk_number(&o, CHUNK_KIND, KIND_SIP, 1);
	hep_chunk_number(&o, CHUNK_AGENT, m->agent, 4);
	if (m->call_id.l && m->call_id.l <= HEP_CALL_ID_MAX)
		hep_chunk_bytes(&o, CHUNK_CORRELATION, m->call_id.p, m->call_id.l);
	if (o.full || o.left <= CHUNK_HEAD)
		return 0;
	len = m->payload.l < o.left - CHUNK_HEAD ? m->payload.l : o.left - CHUNK_HEAD;
	hep_chunk_bytes(&o, CHUNK_PAYLOAD, m->payload.p, len);
	total = (size_t)(o.p - out);
	out[4] = (uint8_t)(total >> 8);
	out[5] = (uint8_t)total;
	return total;
}
