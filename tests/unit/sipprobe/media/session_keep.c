/* What a session keeps for people: its packets with both ends, the last that it heard. */
#include "sipprobe/media/wav.h"
#include "tests/unit/sipprobe/media/session_wire.h"

static void take(uint8_t type, uint16_t sequence, uint8_t fill)
{
	rtp((struct rtp_in){.type = type,
			    .sequence = sequence,
			    .timestamp = 160u * sequence,
			    .ssrc = 7,
			    .fill = fill});
}

static void test_packets(void)
{
	static const struct media_session_conf conf = {.keep_packets = 10};
	struct sa peer = address("192.0.2.9", 5001);
	struct rtcp_report rr = {.ssrc = 7, .name = "x"};
	uint8_t data[RTCP_BYTES];
	struct media_packets *packets;
	struct media_packet p[4];
	size_t bytes;
	int64_t at_ns;

	begin(&conf);
	pass(20);
	at_ns = wire_clock_ns;
	take(8, 1, 0);
	bytes = rtcp_report_write(data, &rr);
	lay(data, bytes, &peer);
	hear(true);
	session_rtcp_send(&media, session, wire_clock_ns, false);
	packets = media_session_packets(session);
	is_int((int)media_packets_count(packets), 4, "four packets");
	ok(!media_session_packets(session), "whoever asks first has them");
	for (size_t i = 0; i < 4; i++)
		media_packets_at(&p[i], packets, i);
	ok(!p[0].inbound && !p[0].rtcp && p[0].size == 172 && p[0].own_port == 40000 &&
		   p[0].peer_port == 5000 && p[0].own[15] == 1 && p[0].peer[15] == 9,
	   "RTP of ours, with both ends");
	ok(p[1].inbound && !p[1].rtcp && p[1].whole == 172 && p[1].own_port == 40000 &&
		   p[1].peer_port == 5000 && p[1].at_ns == at_ns,
	   "RTP of the peer's");
	ok(p[2].inbound && p[2].rtcp && p[2].size == bytes && p[2].own_port == 40001 &&
		   p[2].peer_port == 5001,
	   "RTCP of the peer's");
	ok(!p[3].inbound && p[3].rtcp && p[3].own_port == 40001 &&
		   p[3].peer_port == 5001 && p[3].at_ns == at_ns,
	   "RTCP of ours");
	mem_deref(packets);
	finish();
}

static unsigned kept_bytes(void)
{
	struct mbuf *wav = NULL;
	unsigned bytes;

	if (media_session_audio(&wav, session))
		return 1;
	bytes = wav ? (unsigned)wav->end : 0;
	mem_deref(wav);
	return bytes;
}

/* The last ten seconds, in order. */
static void test_audio(void)
{
	static const struct media_session_conf conf = {.keep_audio = true};
	const unsigned all = MEDIA_AUDIO_BYTES / 160;
	const size_t head = 44;
	uint16_t n = 1;
	struct mbuf *wav = NULL;
	unsigned wrong = 0;

	begin(&conf);
	is_int(kept_bytes(), 0, "nothing was heard yet");
	take(8, n++, 0x2a);
	is_int(kept_bytes(), 44 + 2 * 160, "a packet");
	for (; n <= all; n++) {
		wire_clock_ns += 20 * MS;
		take(8, n, 0x2a);
	}
	is_int(kept_bytes(), 44 + 2 * MEDIA_AUDIO_BYTES, "ten seconds");
	wire_clock_ns += 20 * MS;
	take(8, n, 0xaa);
	is_int(media_session_audio(&wav, session), 0, "and no more");
	is_int((int)wav->end, 44 + 2 * MEDIA_AUDIO_BYTES, "than that");
	for (size_t i = 0; i < MEDIA_AUDIO_BYTES; i++) {
		uint8_t code = i < MEDIA_AUDIO_BYTES - 160 ? 0x2a : 0xaa;
		int16_t pcm = (int16_t)(wav->buf[head + 2 * i] |
					wav->buf[head + 2 * i + 1] << 8);

		wrong += pcm != g711_linear[MEDIA_PCMA][code];
	}
	is_int(wrong, 0, "the last is at the end");
	mem_deref(wav);
	finish();
}

/* A peer may change over to the other law: what is kept stays in the first. */
static void test_recoded(void)
{
	static const struct media_session_conf conf = {.keep_audio = true};
	int apart;

	begin(&conf);
	take(0, 1, 0x80);
	apart = g711_linear[MEDIA_PCMA][session->audio[0]] -
		g711_linear[MEDIA_PCMU][0x80];
	ok(session->audio_bytes == 160 && apart > -700 && apart < 700 &&
		   session->audio[159] == session->audio[0],
	   "as loud, within %d", apart);
	take(8, 2, 0x2a);
	is_int(session->audio[160], 0x2a, "its own law as it is");
	finish();
}

static void test_none(void)
{
	static const struct media_session_conf conf = {.jitter_buffer_ms = 40};
	struct mbuf *wav = (struct mbuf *)1;

	begin(&conf);
	take(8, 1, 0x2a);
	ok(!media_session_audio(&wav, session) && !wav && !media_session_packets(session),
	   "nothing is kept that was not asked for");
	finish();
}

int main(void)
{
	test_packets();
	test_audio();
	test_recoded();
	test_none();
	return tap_done();
}
