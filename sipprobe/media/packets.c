#include "sipprobe/media/packets.h"

#include <stdlib.h>
#include <string.h>

/* A packet's begin, and where it went. */
struct packets_head {
	int64_t at_ns;
	uint16_t whole;
	uint8_t size;
	uint8_t end : 6; /* of media_packets.ends */
	uint8_t inbound : 1;
	uint8_t rtcp : 1;
	uint8_t data[PACKETS_HEAD];
};

struct packets_slot {
	struct media_packet packet;
	uint8_t data[PACKETS_BYTES];
};

struct media_packets {
	size_t count; /* of all that went by */
	size_t heads_max;
	struct packets_head *heads;		     /* of the first ones of all */
	struct media_packet ends[2 * PACKETS_PEERS]; /* only their addresses and ports */
	size_t end_count;
	struct packets_slot slots[PACKETS];
};

/* What people said is not left in memory. */
static void packets_destructor(void *arg)
{
	struct media_packets *p = arg;

	free(p->heads);
	explicit_bzero(p->slots, sizeof(p->slots));
}

struct media_packets *packets_alloc(size_t heads)
{
	struct media_packets *p = mem_zalloc(sizeof(*p), packets_destructor);

	if (!p)
		return NULL;
	p->heads = heads ? calloc(heads, sizeof(*p->heads)) : NULL;
	p->heads_max = heads;
	return heads && !p->heads ? mem_deref(p) : p;
}

/* The place of the @n-th packet of all. */
static size_t packets_place(size_t n)
{
	return n < PACKETS_FIRST ? n : PACKETS_FIRST + (n - PACKETS_FIRST) % PACKETS_LAST;
}

static bool packets_same_ends(const struct media_packet *a, const struct media_packet *b)
{
	return !memcmp(a->own, b->own, sizeof(a->own)) &&
	       !memcmp(a->peer, b->peer, sizeof(a->peer)) && a->own_port == b->own_port &&
	       a->peer_port == b->peer_port;
}

/* The number of a packet's ends; the last of all where there are too many. */
static size_t packets_end(struct media_packets *p, const struct media_packet *packet)
{
	size_t i = 0;

	while (i < p->end_count && !packets_same_ends(&p->ends[i], packet))
		i++;
	if (i < p->end_count)
		return i;
	if (i == sizeof(p->ends) / sizeof(p->ends[0]))
		return i - 1;
	p->ends[p->end_count++] = *packet;
	return i;
}

static void packets_add_head(struct media_packets *p, const struct media_packet *packet)
{
	struct packets_head *h = &p->heads[p->count];

	h->at_ns = packet->at_ns;
	h->whole = packet->whole;
	h->inbound = packet->inbound;
	h->rtcp = packet->rtcp;
	h->end = (uint8_t)(packets_end(p, packet) & 0x3f);
	h->size = (uint8_t)(packet->size < PACKETS_HEAD ? packet->size : PACKETS_HEAD);
	memcpy(h->data, packet->data, h->size);
}

void packets_add(struct media_packets *p, const struct media_packet *packet)
{
	struct packets_slot *slot = &p->slots[packets_place(p->count)];

	if (p->count < p->heads_max)
		packets_add_head(p, packet);
	p->count++;
	slot->packet = *packet;
	if (slot->packet.size > PACKETS_BYTES)
		slot->packet.size = PACKETS_BYTES;
	memcpy(slot->data, packet->data, slot->packet.size);
	slot->packet.data = slot->data;
}

/* How many of the first ones of all are there, whole or not. */
static size_t packets_begin(const struct media_packets *p)
{
	size_t begin = p->heads_max > PACKETS_FIRST ? p->heads_max : PACKETS_FIRST;
	size_t before = p->count - PACKETS_LAST;

	return begin < before ? begin : before;
}

size_t media_packets_count(const struct media_packets *p)
{
	return p->count <= PACKETS ? p->count : packets_begin(p) + PACKETS_LAST;
}

static void packets_head_at(struct media_packet *packet, const struct media_packets *p,
			    size_t n)
{
	const struct packets_head *h = &p->heads[n];

	*packet = p->ends[h->end];
	packet->at_ns = h->at_ns;
	packet->data = h->data;
	packet->size = h->size;
	packet->whole = h->whole;
	packet->inbound = h->inbound;
	packet->rtcp = h->rtcp;
}

void media_packets_at(struct media_packet *packet, const struct media_packets *p,
		      size_t i)
{
	size_t n = i;

	if (p->count > PACKETS && i >= packets_begin(p))
		n += p->count - media_packets_count(p);
	if (n >= PACKETS_FIRST && n + PACKETS_LAST < p->count)
		packets_head_at(packet, p, n);
	else
		*packet = p->slots[packets_place(n)].packet;
}
