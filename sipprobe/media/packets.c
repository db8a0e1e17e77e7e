#include "sipprobe/media/packets.h"

#include <string.h>

struct media_packets {
	size_t count; /* of all that went by */
	struct packets_slot {
		struct media_packet packet;
		uint8_t data[PACKETS_BYTES];
	} slots[PACKETS];
};

struct media_packets *packets_alloc(void)
{
	return mem_zalloc(sizeof(struct media_packets), NULL);
}

/* The place of the @n-th packet of all. */
static size_t packets_place(size_t n)
{
	return n < PACKETS_FIRST ? n : PACKETS_FIRST + (n - PACKETS_FIRST) % PACKETS_LAST;
}

void packets_add(struct media_packets *p, const struct media_packet *packet)
{
	struct packets_slot *slot = &p->slots[packets_place(p->count++)];

	slot->packet = *packet;
	if (slot->packet.size > PACKETS_BYTES)
		slot->packet.size = PACKETS_BYTES;
	memcpy(slot->data, packet->data, slot->packet.size);
	slot->packet.data = slot->data;
}

size_t media_packets_count(const struct media_packets *p)
{
	return p->count < PACKETS ? p->count : PACKETS;
}

void media_packets_at(struct media_packet *packet, const struct media_packets *p,
		      size_t i)
{
	size_t n = i;

	/* Past the first ones, those that are left are the last of all. */
	if (p->count > PACKETS && i >= PACKETS_FIRST)
		n += p->count - PACKETS;
	*packet = p->slots[packets_place(n)].packet;
}
