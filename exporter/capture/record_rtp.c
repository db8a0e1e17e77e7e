/* A call's audio as packets, as they were on the wire. */
#include <string.h>

#include "exporter/capture/pcapng.h"
#include "exporter/capture/record_private.h"

/* IPv4 is mapped into IPv6 (RFC 4291 2.5.5.2). */
static struct pcapng_end record_rtp_end(const uint8_t ip[16], uint16_t port)
{
	static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
	struct pcapng_end end = {.port = port, .ipv6 = memcmp(ip, mapped, 12) != 0};

	memcpy(end.ip, end.ipv6 ? ip : ip + 12, end.ipv6 ? 16 : 4);
	return end;
}

static void record_rtp_put(struct buffer *b, const struct media_packet *m)
{
	struct pcapng_end own = record_rtp_end(m->own, m->own_port);
	struct pcapng_end peer = record_rtp_end(m->peer, m->peer_port);
	const struct pcapng_packet p = {
		.at_unix_ns = m->at_ns,
		.from = m->inbound ? peer : own,
		.to = m->inbound ? own : peer,
		.outbound = !m->inbound,
		.payload = {(const char *)m->data, m->size},
		.size = m->whole,
	};

	if (own.ipv6 == peer.ipv6)
		pcapng_udp(b, &p);
}

size_t record_rtp_until(struct buffer *b, const struct capture_record *r, size_t next,
			int64_t unix_ns)
{
	const struct call_media *m = r->result->call.media;
	size_t count = m ? m->near.packet_count : 0;

	while (next < count && m->near.packets[next].at_ns < unix_ns)
		record_rtp_put(b, &m->near.packets[next++]);
	return next;
}
