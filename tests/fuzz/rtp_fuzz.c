/*
 * RTP against any bytes: each packet against libre's decoder of headers, and all of them
 * as one stream through its statistics, whose sums must agree with each other and with a
 * count of our own. An input is packets, each after its length and what is left out of
 * time.
 */
#include <math.h>
#include <string.h>

#include "sipprobe/loop/compat.h"
#include "sipprobe/media/rtp/rtp.h"
#include "sipprobe/media/rtp/rtp_stats.h"
#include "sipprobe/media/voice/ear.h"
#include "sipprobe/media/voice/telephone_event.h"
#include "tests/fuzz/fuzz.h"

static void header_check(const struct rtp_packet *p, bool got, const uint8_t *data,
			 size_t size)
{
	struct mbuf mb = {.buf = (uint8_t *)(uintptr_t)data, .size = size, .end = size};
	struct rtp_header h;
	int err = rtp_hdr_decode(&h, &mb);

	/* libre leaves padding where it is, and takes version 2 alone as we do. */
	must(got || err || h.pad || h.ver != RTP_VERSION);
	if (!got)
		return;
	must(!err && h.ver == RTP_VERSION);
	must(h.pt == p->type && h.m == p->marker && h.seq == p->sequence);
	must(h.ts == p->timestamp && h.ssrc == p->ssrc);
	must(p->payload == data + mb.pos);
	must(p->payload_bytes <= size - mb.pos);
	must(h.pad || p->payload_bytes == size - mb.pos);
}

/* What is written is read as it was. */
static void again_check(const struct rtp_packet *p)
{
	uint8_t out[RTP_HEADER_BYTES];
	struct rtp_packet q;

	must(rtp_packet_write(out, p) == out + sizeof(out));
	must(rtp_packet_read(&q, out, sizeof(out), false));
	must(q.type == p->type && q.marker == p->marker && q.sequence == p->sequence);
	must(q.timestamp == p->timestamp && q.ssrc == p->ssrc && !q.payload_bytes);
}

static void voice_check(const struct rtp_packet *p, struct ear *ear)
{
	int16_t pcm[EAR_SAMPLES];
	size_t n = p->payload_bytes < EAR_SAMPLES ? p->payload_bytes : EAR_SAMPLES;
	struct telephone_event e;
	struct ear_heard h;

	g711_expand(pcm, p->type & 1, p->payload, n);
	ear_hear(&h, ear, pcm, n, 0, false);
	must(ear->digits.count <= MEDIA_NONCE && ear->detector.count < TONE_BLOCK);
	if (telephone_event_read(&e, p->payload, p->payload_bytes))
		must(!e.digit || strchr("0123456789*#ABCD", e.digit));
}

static void sums_check(struct rtp_stats *s, uint32_t received, uint32_t duplicate)
{
	rtp_stats_end(s);
	must(s->received == received && s->duplicate == duplicate);
	must(rtp_stats_lost(s) + received >= rtp_stats_due(s));
	must(s->reordered <= received && s->events <= received);
	must(s->discarded <= received && s->missing <= rtp_stats_due(s));
	must(s->runs <= s->missing && rtp_stats_burst_ratio(s) >= 1);
	must(isfinite(s->jitter_ns) && s->jitter_ns >= 0);
	must(s->jitter_max_ns >= s->jitter_ns);
	/* From one packet to the next it is a leap, or a second at most. */
	must(s->jitter_max_ns <= 1e9);
	must(rtp_stats_jitter_ns(s) >= -1 && s->gap_ns >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t counts[3] = {0};
	struct rtp_stats s;
	struct ear ear;
	int64_t at_ns = 1000000000;

	rtp_stats_begin(&s, 40000000);
	ear_begin(&ear, "12345");
	while (size > 2) {
		size_t bytes = data[0] < size - 2 ? data[0] : size - 2;
		struct rtp_packet p;
		bool got = rtp_packet_read(&p, data + 2, bytes, false);

		/* Steps of 1 ms, backwards too; the longest is 8 s. */
		at_ns += (int64_t)((int8_t)data[1] < 100 ? (int8_t)data[1]
							 : (data[1] - 99) * 300) *
			 1000000;
		header_check(&p, got, data + 2, bytes);
		if (got) {
			again_check(&p);
			voice_check(&p, &ear);
			counts[rtp_stats_packet(&s, &p, at_ns, p.type == 101, NULL)]++;
		}
		data += 2 + bytes;
		size -= 2 + bytes;
	}
	sums_check(&s, counts[RTP_ARRIVAL_NEW], counts[RTP_ARRIVAL_DUPLICATE]);
	return 0;
}
