/* What is kept of a call for people: its packets by the wall clock, its sound. */
#include <string.h>

#include "config/config.h"
#include "sipprobe/call/call_kept.h"
#include "sipprobe/media/packets.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

enum { PACKETS_HERE = 3, WAV_BYTES = 50 };

static struct media_packets *ring;
static struct mbuf *heard;

int media_session_audio(struct mbuf **wav, const struct media_session *s)
{
	(void)s;
	if (!heard)
		return ENOENT;
	*wav = mem_ref(heard);
	return 0;
}

struct media_packets *media_session_packets(struct media_session *s)
{
	(void)s;
	return mem_ref(ring);
}

static void fill(void)
{
	static const uint8_t data[20] = {0x80};

	ring = packets_alloc(10);
	for (int i = 0; i < PACKETS_HERE; i++)
		packets_add(ring, &(struct media_packet){.at_ns = virtual_now_ns + i,
							 .data = data,
							 .size = sizeof(data),
							 .whole = (uint16_t)(100 + i)});
	heard = mbuf_alloc(2 * WAV_BYTES);
	memset(heard->buf, 7, heard->size);
	heard->end = WAV_BYTES;
}

static void test_kept(void)
{
	struct call_kept kept = {0};
	struct media_report r = {0};
	int64_t wall_ns;
	unsigned wrong = 0;

	fill();
	call_kept_take(&kept, &r, NULL);
	wall_ns = clock_wall_ns();
	is_int((long long)r.packet_count, PACKETS_HERE, "all packets");
	for (size_t i = 0; i < r.packet_count; i++)
		wrong += r.packets[i].whole != 100 + i ||
			 r.packets[i].at_ns < wall_ns - 10 * CLOCK_NS_PER_S ||
			 r.packets[i].at_ns > wall_ns + (int)i;
	ok(!wrong, "as they were, at the time of people");
	is_int(r.packets[2].at_ns - r.packets[0].at_ns, 2, "and as far apart");
	ok(r.wav == heard->buf && r.wav_bytes == WAV_BYTES, "what was heard");
	call_kept_clear(&kept);
	wrong = 0;
	for (size_t i = 0; i < heard->size; i++)
		wrong += heard->buf[i];
	ok(!wrong && mem_nrefs(heard) == 1 && mem_nrefs(ring) == 1,
	   "wiped and given back: it is what people said");
	ok(!kept.wav && !kept.ring && !kept.packets && !kept.packet_count,
	   "and kept no more");
	call_kept_clear(&kept);
	heard = mem_deref(heard);
	ring = mem_deref(ring);
}

static void test_nothing(void)
{
	struct call_kept kept = {0};
	struct media_report r = {.wav_bytes = 1, .packet_count = 1};

	call_kept_take(&kept, &r, NULL);
	ok(!r.wav && !r.wav_bytes && !r.packets && !r.packet_count,
	   "of a session that kept nothing there is nothing");
	call_kept_clear(&kept);
}

int main(void)
{
	const struct config_call conf = {.duration_us = 15 * INT64_C(1000000)};

	test_kept();
	test_nothing();
	is_int((long long)call_kept_packets(&conf), 2500,
	       "15 s and 10 beside them, 50 packets a second each way");
	return tap_done();
}
