#include "sipprobe/call/call_kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "config/config.h"
#include "sipprobe/media/media.h"

enum {
	PACKETS_A_SECOND = 100, /* 20 ms each, both ways */
	BESIDE_S = 10,		/* early media, what comes late, RTCP */
};

size_t call_kept_packets(const struct config_call *conf)
{
	return (size_t)(conf->duration_us / 1000000 + BESIDE_S) * PACKETS_A_SECOND;
}

/* Media's clock is monotonic, and people's is not. */
static void call_kept_list(struct call_kept *k)
{
	size_t count = k->ring ? media_packets_count(k->ring) : 0;
	int64_t ahead_ns = clock_wall_ns() - clock_monotonic_ns();

	k->packets = count ? calloc(count, sizeof(*k->packets)) : NULL;
	if (!k->packets)
		return;
	for (k->packet_count = 0; k->packet_count < count; k->packet_count++) {
		struct media_packet *p = &k->packets[k->packet_count];

		media_packets_at(p, k->ring, k->packet_count);
		p->at_ns += ahead_ns;
	}
}

void call_kept_take(struct call_kept *k, struct media_report *r, struct media_session *s)
{
	(void)media_session_audio(&k->wav, s);
	k->ring = media_session_packets(s);
	call_kept_list(k);
	r->wav = k->wav ? k->wav->buf : NULL;
	r->wav_bytes = k->wav ? k->wav->end : 0;
	r->packets = k->packets;
	r->packet_count = k->packet_count;
}

void call_kept_clear(struct call_kept *k)
{
	if (k->wav)
		explicit_bzero(k->wav->buf, k->wav->size);
	mem_deref(k->wav);
	mem_deref(k->ring);
	free(k->packets);
	*k = (struct call_kept){0};
}
