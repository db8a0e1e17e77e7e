/* What a call showed, as one block of memory: whoever keeps it has all of it in one. */
#include <stdlib.h>
#include <string.h>

#include "sipprobe/call_report.h"

size_t call_media_bytes(const struct call_media *m)
{
	const struct media_report *r = &m->near;
	size_t bytes = sizeof(*m) + r->packet_count * sizeof(*r->packets) + r->wav_bytes;

	for (size_t i = 0; i < r->packet_count; i++)
		bytes += r->packets[i].size;
	return bytes;
}

static void call_media_forget(struct media_report *r)
{
	r->wav = NULL;
	r->packets = NULL;
	r->wav_bytes = r->packet_count = 0;
}

static const uint8_t *call_media_put(uint8_t **at, const uint8_t *data, size_t bytes)
{
	const uint8_t *begin = *at;

	if (!bytes)
		return NULL;
	memcpy(*at, data, bytes);
	*at += bytes;
	return begin;
}

/* Moves what @to points to behind it: packets, their bytes, then the sound. */
static void call_media_fill(struct call_media *to)
{
	struct media_packet *packets = (struct media_packet *)(to + 1);
	struct media_report *r = &to->near;
	uint8_t *at = (uint8_t *)(packets + r->packet_count);

	for (size_t i = 0; i < r->packet_count; i++) {
		packets[i] = r->packets[i];
		packets[i].data = call_media_put(&at, packets[i].data, packets[i].size);
	}
	r->packets = r->packet_count ? packets : NULL;
	r->wav = call_media_put(&at, r->wav, r->wav_bytes);
}

struct call_media *call_media_copy(const struct call_media *from, bool whole)
{
	struct call_media m = *from, *copy;

	call_media_forget(&m.far);
	if (!whole)
		call_media_forget(&m.near);
	copy = malloc(call_media_bytes(&m));
	if (!copy)
		return NULL;
	*copy = m;
	call_media_fill(copy);
	return copy;
}

void call_media_free(struct call_media *m)
{
	if (m)
		explicit_bzero(m, call_media_bytes(m));
	free(m);
}
