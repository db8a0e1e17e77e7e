#include "exporter/capture/pcapng.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BLOCK_SECTION = 0x0a0d0d0a,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	LINKTYPE_RAW = 101,	  /* a packet begins with its IP header */
	LINKTYPE_UPPER_PDU = 252, /* with tags that say what follows them */
	INTERFACE_RAW = 0,
	INTERFACE_PDU = 1,
	TAG_END = 0,
	TAG_DISSECTOR = 12,
	TAG_IPV4_FROM = 20,
	TAG_IPV4_TO = 21,
	TAG_IPV6_FROM = 22,
	TAG_IPV6_TO = 23,
	TAG_PORT_TYPE = 24,
	TAG_PORT_FROM = 25,
	TAG_PORT_TO = 26,
	PORT_TYPE_TCP = 2,
	TAGS_MAX = 96,
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_FLAGS = 2,	/* of a packet: its direction */
	OPTION_NAME = 2,	/* of an interface */
	OPTION_APPLICATION = 4, /* of a section */
	OPTION_RESOLUTION = 9,	/* of an interface: 10^-9 s */
	COMMENT_MAX = 8000,
	IPV4_HEAD = 20,
	IPV6_HEAD = 40,
	UDP_HEAD = 8,
	TCP_HEAD = 20,
	TTL = 64,
};

/* Blocks are written least byte first, on any machine; packets are most byte first. */
static void pcapng_little(struct buffer *b, uint32_t value, unsigned bytes)
{
	unsigned char out[4];

	for (unsigned i = 0; i < bytes; i++)
		out[i] = (unsigned char)(value >> 8 * i);
	buffer_add(b, out, bytes);
}

static void pcapng_big(unsigned char *out, uint32_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		out[i] = (unsigned char)(value >> 8 * (bytes - 1 - i));
}

static void pcapng_pad(struct buffer *b, size_t len)
{
	buffer_add(b, "\0\0\0", (4 - len % 4) % 4);
}

/* Returns where the block begins, for pcapng_block_end(). */
static size_t pcapng_block_begin(struct buffer *b, uint32_t type)
{
	size_t at = b->len;

	pcapng_little(b, type, 4);
	pcapng_little(b, 0, 4);
	return at;
}

/* A block's length stands at both of its ends. */
static void pcapng_block_end(struct buffer *b, size_t at)
{
	uint32_t len = (uint32_t)(b->len - at + 4);

	pcapng_little(b, len, 4);
	if (!b->err)
		memcpy(b->data + at + 4, b->data + b->len - 4, 4);
}

static void pcapng_option(struct buffer *b, unsigned code, const void *value, size_t len)
{
	pcapng_little(b, code, 2);
	pcapng_little(b, (uint32_t)len, 2);
	if (len)
		buffer_add(b, value, len);
	pcapng_pad(b, len);
}

static void pcapng_text(struct buffer *b, unsigned code, const char *text)
{
	size_t len = text ? strnlen(text, COMMENT_MAX) : 0;

	if (len)
		pcapng_option(b, code, text, len);
}

static void pcapng_interface(struct buffer *b, unsigned link, const char *name)
{
	size_t at = pcapng_block_begin(b, BLOCK_INTERFACE);

	pcapng_little(b, link, 2);
	pcapng_little(b, 0, 2);
	pcapng_little(b, 0, 4); /* no limit of a packet's length */
	pcapng_text(b, OPTION_NAME, name);
	pcapng_option(b, OPTION_RESOLUTION, "\t", 1);
	pcapng_option(b, OPTION_END, NULL, 0);
	pcapng_block_end(b, at);
}

void pcapng_begin(struct buffer *b, const char *program, const char *comment)
{
	size_t at = pcapng_block_begin(b, BLOCK_SECTION);

	pcapng_little(b, BYTE_ORDER_MAGIC, 4);
	pcapng_little(b, 1, 2); /* version 1.0 */
	pcapng_little(b, 0, 2);
	pcapng_little(b, UINT32_MAX, 4); /* how long the section is, it does not say */
	pcapng_little(b, UINT32_MAX, 4);
	pcapng_text(b, OPTION_COMMENT, comment);
	pcapng_text(b, OPTION_APPLICATION, program);
	pcapng_option(b, OPTION_END, NULL, 0);
	pcapng_block_end(b, at);

	pcapng_interface(b, LINKTYPE_RAW, "siptrunk");
	pcapng_interface(b, LINKTYPE_UPPER_PDU, "siptrunk-websocket");
}

static bool pcapng_port_parse(uint16_t *out, const char *text, size_t len)
{
	unsigned port = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || i > 4)
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	*out = (uint16_t)port;
	return len && port <= UINT16_MAX;
}

/* The host of "host:port", without brackets and zone. Returns false for none that fits.
 */
static bool pcapng_host_take(char *out, size_t size, const char *text, size_t len)
{
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len >= size)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	out[strcspn(out, "%")] = '\0';
	return true;
}

bool pcapng_end_parse(struct pcapng_end *out, const char *text, size_t len)
{
	const char *colon = len ? memrchr(text, ':', len) : NULL;
	struct pcapng_end end = {0};
	char host[64];

	if (!colon ||
	    !pcapng_port_parse(&end.port, colon + 1, len - 1 - (size_t)(colon - text)) ||
	    !pcapng_host_take(host, sizeof(host), text, (size_t)(colon - text)))
		return false;
	end.ipv6 = text[0] == '[';
	if (inet_pton(end.ipv6 ? AF_INET6 : AF_INET, host, end.ip) != 1)
		return false;
	*out = end;
	return true;
}

static uint32_t pcapng_sum(uint32_t sum, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static uint16_t pcapng_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* RFC 768, 9293, 8200 8.1: over addresses, length and protocol as well. */
static uint16_t pcapng_checksum(const struct pcapng_packet *p, unsigned protocol,
				const unsigned char *head, size_t head_len, uint32_t size)
{
	size_t ip_len = p->from.ipv6 ? 16 : 4;
	uint32_t sum = protocol + (uint32_t)head_len + size;
	uint16_t folded;

	sum = pcapng_sum(sum, p->from.ip, ip_len);
	sum = pcapng_sum(sum, p->to.ip, ip_len);
	sum = pcapng_sum(sum, head, head_len);
	folded = pcapng_fold(pcapng_sum(sum, p->payload.p, p->payload.l));
	return folded ? folded : 0xffff;
}

static size_t pcapng_ip(unsigned char *out, const struct pcapng_packet *p,
			unsigned protocol, uint32_t len)
{
	size_t ip_len = p->from.ipv6 ? 16 : 4;
	unsigned char *addresses = out + (p->from.ipv6 ? 8 : 12);

	memset(out, 0, IPV6_HEAD);
	memcpy(addresses, p->from.ip, ip_len);
	memcpy(addresses + ip_len, p->to.ip, ip_len);
	if (p->from.ipv6) {
		out[0] = 0x60;
		pcapng_big(out + 4, len, 2);
		out[6] = (unsigned char)protocol;
		out[7] = TTL;
		return IPV6_HEAD;
	}
	out[0] = 0x45;
	pcapng_big(out + 2, len + IPV4_HEAD, 2);
	out[6] = 0x40; /* not to be fragmented */
	out[8] = TTL;
	out[9] = (unsigned char)protocol;
	pcapng_big(out + 10, pcapng_fold(pcapng_sum(0, out, IPV4_HEAD)), 2);
	return IPV4_HEAD;
}

/* A packet's block: heads, then the payload, of which @size bytes went by. */
static void pcapng_block_put(struct buffer *b, const struct pcapng_packet *p,
			     unsigned interface, struct slice head, uint32_t size)
{
	size_t kept = head.l + p->payload.l;
	uint64_t at_ns = p->at_unix_ns > 0 ? (uint64_t)p->at_unix_ns : 0;
	const unsigned char flags[4] = {p->outbound ? 2 : 1};
	size_t at = pcapng_block_begin(b, BLOCK_PACKET);

	pcapng_little(b, interface, 4);
	pcapng_little(b, (uint32_t)(at_ns >> 32), 4);
	pcapng_little(b, (uint32_t)at_ns, 4);
	pcapng_little(b, (uint32_t)kept, 4);
	pcapng_little(b, (uint32_t)(head.l + size), 4);
	buffer_add(b, head.p, head.l);
	if (p->payload.l)
		buffer_add(b, p->payload.p, p->payload.l);
	pcapng_pad(b, kept);
	pcapng_text(b, OPTION_COMMENT, p->comment);
	pcapng_option(b, OPTION_FLAGS, flags, sizeof(flags));
	pcapng_option(b, OPTION_END, NULL, 0);
	pcapng_block_end(b, at);
}

/* The same with an IP header, and the head of what IP carries behind it. */
static void pcapng_packet_put(struct buffer *b, const struct pcapng_packet *p,
			      unsigned protocol, const unsigned char *head,
			      size_t head_len, uint32_t size)
{
	unsigned char heads[IPV6_HEAD + TCP_HEAD];
	size_t ip_len = pcapng_ip(heads, p, protocol, (uint32_t)head_len + size);

	memcpy(heads + ip_len, head, head_len);
	pcapng_block_put(b, p, INTERFACE_RAW,
			 (struct slice){(const char *)heads, ip_len + head_len}, size);
}

/* Tags are most byte first, and padded to four bytes. Returns where the next goes. */
static unsigned char *pcapng_tag(unsigned char *out, unsigned tag, const void *value,
				 size_t len)
{
	size_t padded = (len + 3) / 4 * 4;

	pcapng_big(out, tag, 2);
	pcapng_big(out + 2, (uint32_t)padded, 2);
	memset(out + 4, 0, padded);
	memcpy(out + 4, value, len);
	return out + 4 + padded;
}

static unsigned char *pcapng_tag_number(unsigned char *out, unsigned tag, uint32_t value)
{
	unsigned char bytes[4];

	pcapng_big(bytes, value, 4);
	return pcapng_tag(out, tag, bytes, sizeof(bytes));
}

static size_t pcapng_tags(unsigned char out[TAGS_MAX], const struct pcapng_packet *p)
{
	bool v6 = p->from.ipv6;
	unsigned char *at = pcapng_tag(out, TAG_DISSECTOR, "sip", 3);

	at = pcapng_tag(at, v6 ? TAG_IPV6_FROM : TAG_IPV4_FROM, p->from.ip, v6 ? 16 : 4);
	at = pcapng_tag(at, v6 ? TAG_IPV6_TO : TAG_IPV4_TO, p->to.ip, v6 ? 16 : 4);
	at = pcapng_tag_number(at, TAG_PORT_TYPE, PORT_TYPE_TCP);
	at = pcapng_tag_number(at, TAG_PORT_FROM, p->from.port);
	at = pcapng_tag_number(at, TAG_PORT_TO, p->to.port);
	return (size_t)(pcapng_tag(at, TAG_END, "", 0) - out);
}

/* Cuts what no packet can hold. Returns the payload's size as it went. */
static uint32_t pcapng_fit(struct pcapng_packet *p)
{
	if (p->payload.l > PCAPNG_PAYLOAD_MAX)
		p->payload.l = PCAPNG_PAYLOAD_MAX;
	if (p->size > PCAPNG_PAYLOAD_MAX)
		p->size = PCAPNG_PAYLOAD_MAX;
	return p->size > p->payload.l ? p->size : (uint32_t)p->payload.l;
}

void pcapng_sip(struct buffer *b, const struct pcapng_packet *packet)
{
	struct pcapng_packet p = *packet;
	uint32_t size = pcapng_fit(&p);
	unsigned char tags[TAGS_MAX];
	struct slice head = {(const char *)tags, pcapng_tags(tags, &p)};

	pcapng_block_put(b, &p, INTERFACE_PDU, head, size);
}

void pcapng_udp(struct buffer *b, const struct pcapng_packet *packet)
{
	struct pcapng_packet p = *packet;
	uint32_t size = pcapng_fit(&p);
	unsigned char head[UDP_HEAD] = {0};

	pcapng_big(head, p.from.port, 2);
	pcapng_big(head + 2, p.to.port, 2);
	pcapng_big(head + 4, UDP_HEAD + size, 2);
	pcapng_big(head + 6, pcapng_checksum(&p, IPPROTO_UDP, head, UDP_HEAD, size), 2);
	pcapng_packet_put(b, &p, IPPROTO_UDP, head, UDP_HEAD, size);
}

void pcapng_tcp(struct buffer *b, const struct pcapng_packet *packet, uint32_t seq,
		uint32_t ack)
{
	struct pcapng_packet p = *packet;
	uint32_t size = pcapng_fit(&p);
	unsigned char head[TCP_HEAD] = {0};

	pcapng_big(head, p.from.port, 2);
	pcapng_big(head + 2, p.to.port, 2);
	pcapng_big(head + 4, seq, 4);
	pcapng_big(head + 8, ack, 4);
	head[12] = TCP_HEAD / 4 << 4;
	head[13] = 0x18; /* ACK, PSH */
	pcapng_big(head + 14, UINT16_MAX, 2);
	pcapng_big(head + 16, pcapng_checksum(&p, IPPROTO_TCP, head, TCP_HEAD, size), 2);
	pcapng_packet_put(b, &p, IPPROTO_TCP, head, TCP_HEAD, size);
}
