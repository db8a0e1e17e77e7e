/* Whole talks of a session with an echo, plain and under SRTP, and with another session.
 */
#include "tests/unit/sipprobe/media/session_wire.h"

enum { ECHO_PACKETS = 2 }; /* on their way: 40 ms */

/* What the echo makes of packets. */
struct echo {
	bool renumbers; /* another source */
	bool twice;
	bool tampers;
	int event_type; /* to which it changes ours; 0: as it was */
};

/* A talk of so many packets, each of which comes back 40 ms after it left. */
static void talk(unsigned packets, const struct echo *e)
{
	static struct sent under_way[ECHO_PACKETS];
	struct sa peer = address("192.0.2.9", 5000);

	for (unsigned n = 0; n < packets; n++) {
		struct sent *old = &under_way[n % ECHO_PACKETS];

		pass(20);
		if (n >= ECHO_PACKETS) {
			if (e->renumbers)
				old->data[11] ^= 1;
			if (e->tampers)
				old->data[40] ^= 1;
			lay(old->data, old->bytes, &peer);
			if (e->twice)
				lay(old->data, old->bytes, &peer);
			hear(false);
		}
		*old = sent_rtp;
	}
}

static const struct media_session_conf both = {.nonce = "1234B",
					       .expect = "1234B",
					       .inband = true,
					       .events = true,
					       .jitter_buffer_ms = 40};

static void test_echo(void)
{
	static const struct echo plain = {.renumbers = false};
	const struct media_inbound *in;

	reserve(&both);
	theirs.event_type = 97;
	start();
	in = &session->report.in;
	talk(60, &plain);
	ok(in->nonce_inband && events[MEDIA_EVENT_NONCE_INBAND] == 1 && !in->nonce_events,
	   "the nonce comes back as tones");
	talk(100, &plain);
	ok(in->nonce_events && events[MEDIA_EVENT_NONCE_EVENTS] == 1, "and as events");
	talk(120, &plain);
	ok(events[MEDIA_EVENT_NONCE_INBAND] == 1 && events[MEDIA_EVENT_NONCE_EVENTS] == 1,
	   "each told once");
	session_report(session, wire_clock_ns);
	ok(in->heard == MEDIA_HEARD_NONCE && in->delay_by == MEDIA_DELAY_SEQUENCE &&
		   in->delay_ns == 40 * MS,
	   "after 40 ms");
	finish();
}

static void test_renumbered(void)
{
	static const struct echo other = {.renumbers = true};
	const struct media_inbound *in;

	begin(&both);
	in = &session->report.in;
	talk(150, &other);
	session_report(session, wire_clock_ns);
	ok(in->heard == MEDIA_HEARD_NONCE && in->delay_by == MEDIA_DELAY_TONE &&
		   in->delay_ns >= 40 * MS && in->delay_ns < 50 * MS,
	   "of another source its delay is that of its tones: %d us",
	   (int)(in->delay_ns / 1000));
	finish();
}

/* Sound that is not what was to be heard, in a session that says nothing. */
static void test_not_ours(void)
{
	static const struct echo plain = {.renumbers = false};
	static const struct media_session_conf other = {.nonce = "1234B",
							.expect = "4321B",
							.inband = true,
							.events = true,
							.jitter_buffer_ms = 40};

	reserve(&other);
	theirs.event_type = 97;
	start();
	talk(200, &plain);
	session_report(session, wire_clock_ns);
	ok(session->report.in.heard == MEDIA_HEARD_SOUND &&
		   !session->report.in.nonce_events && !session->delay_count,
	   "another nonce is sound alone, and of no delay");
	finish();
}

static void secure_begin(const struct media_session_conf *conf)
{
	reserve(conf);
	memset(ours.cryptos[1].key, 5, sizeof(ours.cryptos[1].key));
	ours.cryptos[1].suite = SDP_AES_256_CM_HMAC_SHA1_80;
	theirs.secure = true;
	theirs.crypto_index = 1;
	theirs.crypto = ours.cryptos[1];
	theirs.crypto.suite = SDP_AES_CM_128_HMAC_SHA1_80;
	start();
}

static void test_secure(void)
{
	static const struct echo plain = {.renumbers = false};
	static const struct echo twice = {.twice = true};
	static const struct echo tampers = {.tampers = true};
	const struct media_refused *r;
	struct media_session_conf conf = both;
	struct sa peer = address("192.0.2.9", 5001);
	struct media_packet p, left;
	unsigned sent, came = 0, same = 0, bad = 0;

	conf.keep_packets = 64;
	secure_begin(&conf);
	r = &session->report.refused;
	talk(100, &plain);
	ok(sent_rtp.bytes == 182 && session->report.in.nonce_inband && !r->unprotected &&
		   session->stats.received == 98 && session->report.secure,
	   "sent and heard under SRTP, with the suite that was agreed on");
	/* What comes back is kept with the bytes that left two packets before. */
	for (size_t i = 0; i < 2 * PACKETS_FIRST / 3; i++) {
		media_packets_at(&p, session->packets, i);
		bad += !p.rtcp && p.whole != 182;
		for (size_t k = 0; k < i && p.inbound; k++) {
			media_packets_at(&left, session->packets, k);
			same += !memcmp(left.data, p.data, p.size);
		}
		came += p.inbound;
	}
	ok(came > 5 && same == came && !bad, "kept as it was on the wire, whole");
	talk(12, &twice);
	ok(r->unprotected == 10 && !session->stats.duplicate, "a copy is refused");
	ok(events[MEDIA_EVENT_UNPROTECTED] == 1 &&
		   !strcmp(where[MEDIA_EVENT_UNPROTECTED], "192.0.2.9:5000"),
	   "and told once");
	talk(12, &tampers);
	is_int(r->unprotected, 20, "what was changed, too");
	session_rtcp_send(&media, session, wire_clock_ns, false);
	lay(sent_rtcp.data, sent_rtcp.bytes, &peer);
	lay(sent_rtcp.data, sent_rtcp.bytes, &peer);
	hear(true);
	ok(r->unprotected == 21 && !r->malformed && !r->foreign, "of RTCP the same");
	sent = sent_rtp.count + sent_rtcp.count;
	session->srtp = mem_deref(session->srtp);
	session_rtcp_send(&media, session, wire_clock_ns, false);
	pass(40);
	is_int(sent_rtp.count + sent_rtcp.count, sent, "without keys nothing leaves");
	lay(sent_rtcp.data, sent_rtcp.bytes, &peer);
	hear(true);
	rtp((struct rtp_in){.type = 8, .sequence = 1, .ssrc = 7});
	is_int(r->unprotected, 23, "and nothing that comes is taken");
	finish();
}

/* Two sessions of one call hear of each other, once. */
static void test_pair(void)
{
	struct sa local = address("192.0.2.1", 0);
	struct media_session *a, *b, *c;

	if (media_session_reserve(&a, &media, &local, &both, &handlers, NULL) ||
	    media_session_reserve(&b, &media, &local, &both, &handlers, NULL) ||
	    media_session_reserve(&c, &media, &local, &both, &handlers, NULL))
		abort();
	session_pair(a, b);
	ok(a->far == b->log && b->far == a->log, "each has what the other sends");
	session_pair(a, c);
	ok(a->far == b->log && c->far == a->log, "and that stays");
	mem_deref(a);
	mem_deref(b);
	mem_deref(c);
	list_clear(&media.sessions);
	media.count = 0;
}

/* What came while the thread was busy is no loss. */
static void test_stop_reads(void)
{
	struct sa peer = address("192.0.2.9", 5000), rtcp = address("192.0.2.9", 5001);
	static const struct media_session_conf conf = {.jitter_buffer_ms = 40};
	struct rtcp_report rr = {.ssrc = 7, .name = "x"};
	struct rtcp_block block = {.lost = 0};
	static const uint8_t packet[172] = {0x80, 8, 0, 1, 0, 0, 0, 160, 0, 0, 0, 7};
	uint8_t data[RTCP_BYTES];

	begin(&conf);
	pass(20);
	lay(packet, sizeof(packet), &peer);
	coming_fd = FD_RTP;
	session_stop(&media, session);
	is_int(session->report.in.received, 1, "RTP");
	coming_count = coming_read = 0;
	finish();
	begin(&conf);
	pass(20);
	block.ssrc = session->log->ssrc;
	rr.block = &block;
	lay(data, rtcp_report_write(data, &rr), &rtcp);
	coming_fd = FD_RTCP;
	session_stop(&media, session);
	is_int(session->report.out.reports, 1, "and RTCP");
	coming_count = coming_read = 0;
	finish();
}

/* A flood has its turn, and leaves others theirs. */
static void test_turns(void)
{
	struct sa peer = address("192.0.2.9", 5000);
	static const struct media_session_conf conf = {.jitter_buffer_ms = 40};
	static const uint8_t packet[172] = {0x80, 8};

	begin(&conf);
	for (int i = 0; i < 100; i++)
		lay(packet, sizeof(packet), &peer);
	coming_fd = FD_RTP;
	session_read(&media, session, false);
	is_int(coming_read, MEDIA_PACKETS_A_WAKE, "so many at once");
	session_read(&media, session, false);
	is_int(coming_read, 100, "the rest at the next");
	coming_count = coming_read = 0;
	finish();
}

/* Sessions send 25 at a time, and apart; more than fill all go where there are fewest. */
static void test_wheel(void)
{
	enum { ALL = MEDIA_SLOTS * 25 };
	static struct media_session many[ALL + 2];
	unsigned wrong = 0;

	media.armed_tick = INT64_MAX;
	for (int i = 0; i < ALL; i++) {
		many[i].slot = -1;
		media_wheel_join(&media, &many[i]);
		wrong += many[i].slot != i / 25 * 7 % MEDIA_SLOTS;
	}
	is_int(wrong, 0, "slots are filled one after the other, and are apart");
	media_wheel_leave(&media, &many[30]);
	ok(many[30].slot == -1 && media.slot_load[7] == 24, "one leaves");
	media_wheel_leave(&media, &many[30]);
	is_int(media.slot_load[7], 24, "once");
	media_wheel_join(&media, &many[30]);
	is_int(many[30].slot, 7, "the next has its place");
	media.slot_load[3]--;
	media.slot_load[3] += 25;
	for (int i = 0; i < MEDIA_SLOTS; i++)
		media.slot_load[i] += i == 9 ? 1 : 5;
	media_wheel_join(&media, &many[ALL]);
	is_int(many[ALL].slot, 9, "beyond that, the emptiest");
	for (int i = 0; i <= ALL; i++)
		media_wheel_leave(&media, &many[i]);
	memset(media.slot_load, 0, sizeof(media.slot_load));
}

/* The timer is set to what is due next, and to nothing when nothing is. */
static void test_armed(void)
{
	static struct media_session first, second;
	int64_t tick;

	media.epoch_ns = wire_clock_ns;
	media.tick = 0;
	media.armed_tick = INT64_MAX;
	first.slot = second.slot = -1;
	wire_clock_ns += 1005 * MS;
	media_wheel_join(&media, &first);
	tick = media.tick;
	is_int(tick, 1006, "after a rest nothing is to be caught up with");
	is_int(media.armed_tick, 1020, "the first slot's next tick");
	media_wheel_leave(&media, &first);
	is_int(media.armed_tick, INT64_MAX, "nothing is due");
	media_wheel_join(&media, &second);
	is_int(media.armed_tick, 1020, "and again");
	media_wheel_leave(&media, &second);
}

int main(void)
{
	test_echo();
	test_renumbered();
	test_not_ours();
	test_secure();
	test_pair();
	test_stop_reads();
	test_turns();
	test_wheel();
	test_armed();
	return tap_done();
}
