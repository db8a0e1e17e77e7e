/* A session's own work, packet by packet: what it sends, takes, refuses and tells. */
#include "tests/unit/sipprobe/media/session_wire.h"

static const struct media_session_conf plain = {.nonce = "12345",
						.expect = "12345",
						.inband = true,
						.events = true,
						.jitter_buffer_ms = 40,
						.dscp = 46};

static void test_reserve(void)
{
	struct sa local = address("192.0.2.1", 0);
	struct media_session *none = NULL;
	const struct media_inbound *in;
	const struct media_outbound *out;

	reserve(&plain);
	in = &session->report.in;
	out = &session->report.out;
	ok(in->loss_ratio == -1 && in->burst_ratio == -1 && in->jitter_ns == -1 &&
		   in->jitter_max_ns == -1 && in->first_packet_ns == -1 &&
		   in->first_sound_ns == -1 && in->longest_gap_ns == -1 &&
		   in->delay_ns == -1 && in->unscored == MEDIA_UNSCORED_NOTHING,
	   "nothing is measured of what comes");
	ok(out->loss_ratio == -1 && out->jitter_ns == -1 && out->round_trip_ns == -1,
	   "nor of what leaves");
	ok(session->sequence <= 0x7fff && strlen(session->name) == MEDIA_NAME_BYTES &&
		   session->log->ssrc && session->timestamp && session->random,
	   "it is by chance who it is");
	ok(wire_dscp == 46 && media.count == 1 &&
		   sa_port(media_session_local(session)) == 40000,
	   "it has its ports");
	media.count = MEDIA_SESSIONS;
	is_int(media_session_reserve(&none, &media, &local, &plain, &handlers, NULL),
	       EMFILE, "no more than there may be");
	media.count = 1;
	session_report(session, wire_clock_ns);
	is_int(in->longest_gap_ns, -1, "one that never began has no figures");
	finish();
	is_int(media.count, 0, "it is gone");
}

/* Who sends: our end may, and theirs takes it. */
static void test_ways(void)
{
	for (int a = SDP_WAY_SENDRECV; a <= SDP_WAY_INACTIVE; a++)
		for (int b = SDP_WAY_SENDRECV; b <= SDP_WAY_INACTIVE; b++) {
			bool we = a == SDP_WAY_SENDRECV || a == SDP_WAY_SENDONLY;
			bool they = b == SDP_WAY_SENDRECV || b == SDP_WAY_RECVONLY;

			reserve(&plain);
			ours.way = (enum sdp_way)a;
			theirs.way = (enum sdp_way)b;
			start();
			pass(40);
			is_int(sent_rtp.count, we && they ? 2 : 0, "packets in 40 ms");
			finish();
		}
}

static void test_barred(void)
{
	reserve(&plain);
	theirs.rtp = address("198.51.100.1", 5000);
	is_int(media_session_start(session, &ours, &theirs), EACCES, "RTP elsewhere");
	agree();
	theirs.rtcp = address("198.51.100.1", 5001);
	is_int(media_session_start(session, &ours, &theirs), EACCES, "RTCP elsewhere");
	agree();
	start();
	media.network_count = 0;
	session_allow(&media, session);
	pass(100);
	ok(!sent_rtp.count && session->report.out.withheld == 5 &&
		   events[MEDIA_EVENT_WITHHELD] == 1,
	   "what may not leave is withheld");
	is_str(where[MEDIA_EVENT_WITHHELD], "192.0.2.9:5000", "it is told for whom");
	finish();
}

/* After its end nothing is asked of a session, and it ends once. */
static void test_ending(void)
{
	static struct media_session *other;
	struct sa local = address("192.0.2.1", 0);
	static const enum media_command_kind kinds[] = {
		MEDIA_COMMAND_PAIR, MEDIA_COMMAND_QUIET, MEDIA_COMMAND_STOP};
	unsigned commands = 0, wrong = 0;

	reserve(&plain);
	if (media_session_reserve(&other, &media, &local, &plain, &handlers, NULL))
		abort();
	is_int(media_session_pair(session, other), 0, "a pair");
	is_int(media_session_quiet(session), 0, "quiet");
	media_session_stop(other);
	media_session_drop(other);
	is_int(media_session_pair(session, other), EALREADY, "no pair of one that ends");
	is_int(media_session_start(other, &ours, &theirs), EALREADY, "no start");
	is_int(media_session_quiet(other), EALREADY, "no quiet");
	ok(other->dropped && other->ending, "it is dropped");
	for (struct media_command *c; (c = media_command_pop(&media)); commands++) {
		wrong += c->kind != kinds[commands % 3] ||
			 c->session != (commands < 2 ? session : other) ||
			 (!commands && c->other != other);
		if (c->kind == MEDIA_COMMAND_STOP)
			session_stop(&media, c->session);
		media_command_free(c);
	}
	ok(commands == 3 && !wrong, "pair, quiet and stop, once each");
	is_int(sent_rtcp.count, 0, "no BYE of what never began");
	(void)media_message_pop(&media);
	list_unlink(&other->le);
	mem_deref(other);
	media.count--;
	finish();
}

/* One packet in 20 ms, each with the next number, the first with the marker. */
static void test_send(void)
{
	unsigned sequence, timestamp;
	uint32_t ssrc;

	begin(&plain);
	sequence = session->sequence;
	timestamp = session->timestamp;
	ssrc = session->log->ssrc;
	pass(20);
	ok(sent_rtp.count == 1 && sent_rtp.bytes == 172 && sent_rtp.data[0] == 0x80 &&
		   sent_rtp.data[1] == (0x80 | 8),
	   "the first has the marker");
	ok(be16(sent_rtp.data + 2) == sequence && be32(sent_rtp.data + 4) == timestamp &&
		   be32(sent_rtp.data + 8) == ssrc,
	   "and the first numbers");
	ok(sa_cmp(&sent_rtp.to, &theirs.rtp, SA_ALL), "to the peer");
	pass(20);
	ok(sent_rtp.count == 2 && sent_rtp.data[1] == 8 &&
		   be16(sent_rtp.data + 2) == sequence + 1 &&
		   be32(sent_rtp.data + 4) == timestamp + 160,
	   "the next has the next");
	wire_error = ENOBUFS;
	pass(20);
	wire_error = 0;
	ok(session->report.out.unsent == 1 && session->report.out.sent == 2,
	   "one did not leave");
	pass(20);
	ok(sent_rtp.count == 3 && be16(sent_rtp.data + 2) == sequence + 3 &&
		   be32(sent_rtp.data + 4) == timestamp + 480,
	   "its number is spent");
	wire_clock_ns += 140 * MS;
	pass(1);
	ok(session->report.out.skipped == 2 && session->report.out.sent == 8,
	   "who stood still for long sends the last 100 ms: %u, %u",
	   session->report.out.skipped, session->report.out.sent);
	ok(be32(sent_rtp.data + 4) == timestamp + 160 * 10 &&
		   be16(sent_rtp.data + 2) == sequence + 8,
	   "time went on, numbers did not");
	session->quiet = true;
	pass(40);
	is_int(sent_rtp.count, 8, "quiet");
	is_int(session->report.out.sent, 8, "as is counted");
	session->quiet = false;
	pass(20);
	ok(be32(sent_rtp.data + 4) == timestamp + 160 * 13, "time goes on meanwhile");
	ok(session->lateness.packets == 9 && session->lateness.max_us == 81000 &&
		   media.late_max_us == session->lateness.max_us,
	   "how late they were: %u us", session->lateness.max_us);
	finish();
}

/* All packets of an event have the time of its begin (RFC 4733 2.2.1). */
static void test_send_events(void)
{
	static const struct media_session_conf conf = {.nonce = "12345",
						       .expect = "12345",
						       .events = true,
						       .jitter_buffer_ms = 40};
	unsigned seen = 0, bad = 0, marked = 0;
	uint32_t timestamp = 0;

	reserve(&conf);
	theirs.event_type = 97;
	start();
	for (int i = 0; i < 80; i++) {
		uint32_t at = session->timestamp;

		pass(20);
		if ((sent_rtp.data[1] & 0x7f) != 97) {
			bad += be32(sent_rtp.data + 4) != at;
			continue;
		}
		if (sent_rtp.data[1] & 0x80) {
			marked++;
			timestamp = be32(sent_rtp.data + 4);
			bad += timestamp != at;
		}
		seen++;
		bad += be32(sent_rtp.data + 4) != timestamp || sent_rtp.bytes != 16;
	}
	ok(marked == 5 && seen == 5 * (TALKER_EVENT + 2) && !bad,
	   "five events, %u packets of them, %u odd", seen, bad);
	ok(session->log->audio == 80 - seen, "which are no audio");
	finish();
}

/* A packet of the peer's, of the time at which it comes. */
static void take(uint8_t type, uint16_t sequence)
{
	rtp((struct rtp_in){.type = type,
			    .sequence = sequence,
			    .timestamp = (uint32_t)(wire_clock_ns / (MS / 8)),
			    .ssrc = 7});
}

/* What a payload type is, by what both agreed on. */
static void test_types(void)
{
	static const struct {
		uint8_t type;
		bool first, second; /* taken: of both codecs offered, of none */
	} types[] = {{96, true, true},	 {0, true, false},   {8, true, false},
		     {9, false, false},	 {13, true, true},   {97, true, true},
		     {101, true, false}, {98, false, false}, {12, false, false}};

	for (int second = 0; second < 2; second++) {
		uint16_t sequence = 1;

		reserve(&plain);
		theirs.codec_type = 96;
		theirs.event_type = 97;
		if (second) {
			ours.codec_count = 0;
			ours.events = false;
		}
		start();
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			uint32_t before = session->report.refused.malformed;
			bool want = second ? types[i].second : types[i].first;

			take(types[i].type, sequence);
			sequence += want;
			ok(session->report.refused.malformed == before + !want &&
				   session->stats.received == sequence - 1u,
			   "type %u", types[i].type);
		}
		session_report(session, wire_clock_ns);
		is_int(session->report.in.event_packets, second ? 1 : 2, "events");
		finish();
	}
}

/* From whom, how long, how many. */
static void test_refused(void)
{
	const struct media_refused *r;
	struct sa peer = address("192.0.2.9", 5000);
	static const uint8_t none[200] = {0x80, 8};

	begin(&plain);
	r = &session->report.refused;
	take(8, 1);
	is_str(where[MEDIA_EVENT_FIRST_PACKET], "192.0.2.9:5000", "the first packet");
	rtp((struct rtp_in){.type = 8, .sequence = 2, .ssrc = 7, .from = "192.0.2.8"});
	rtp((struct rtp_in){.type = 8, .sequence = 2, .ssrc = 7, .port = 5002});
	is_int(r->foreign, 2, "another address, another port");
	lay(none, 172, &peer);
	coming[0].cut = true;
	hear(false);
	is_int(r->oversize, 1, "too long");
	lay(none, 11, &peer);
	hear(false);
	is_int(r->malformed, 1, "too short");
	wire_clock_ns += CLOCK_NS_PER_S - wire_clock_ns % CLOCK_NS_PER_S;
	for (int n = 0; n < MEDIA_FLOOD; n++) {
		take(8, (uint16_t)(2 + n));
		wire_clock_ns += MS;
	}
	is_int(r->flood, 0, "as many a second as may be");
	take(8, 300);
	is_int(r->flood, 1, "and one more");
	wire_clock_ns += CLOCK_NS_PER_S;
	take(8, 301);
	is_int(r->flood, 1, "the next second begins anew");
	ok(events[MEDIA_EVENT_FIRST_PACKET] == 1 && r->foreign == 2 &&
		   r->malformed == 1 && r->oversize == 1 && !r->unprotected,
	   "nothing else is odd");
	finish();
}

/* Behind a NAT the first that fits is taken, once, where its network is allowed. */
static void test_latch(void)
{
	begin(&plain);
	rtp((struct rtp_in){.type = 8, .sequence = 1, .ssrc = 7, .from = "198.51.100.1"});
	ok(session->report.refused.foreign == 1 && !session->report.latched,
	   "not of another network");
	rtp((struct rtp_in){.type = 50, .sequence = 1, .ssrc = 7, .port = 6000});
	ok(session->report.refused.malformed == 1 && !session->report.latched,
	   "nor by a packet that is none of the call");
	rtp((struct rtp_in){.type = 8, .sequence = 1, .ssrc = 7, .port = 6000});
	ok(session->report.latched && events[MEDIA_EVENT_LATCHED] == 1, "but that");
	is_str(where[MEDIA_EVENT_LATCHED], "192.0.2.9:6000", "it is told");
	pass(20);
	is_int(sa_port(&sent_rtp.to), 6000, "what we send goes there");
	finish();
}

/* A second without a packet is silence; what comes then ends it, up to eight times. */
static void test_silence(void)
{
	begin(&plain);
	pass(1500);
	is_int(events[MEDIA_EVENT_SILENCE], 0, "nothing came yet: none to miss");
	take(8, 1);
	pass(980);
	is_int(events[MEDIA_EVENT_SILENCE], 0, "not yet");
	pass(40);
	is_int(events[MEDIA_EVENT_SILENCE], 1, "a second");
	pass(2000);
	is_int(events[MEDIA_EVENT_SILENCE], 1, "told once");
	take(8, 2);
	is_int(events[MEDIA_EVENT_RESUMED], 1, "it goes on");
	take(8, 3);
	is_int(events[MEDIA_EVENT_RESUMED], 1, "once");
	for (uint16_t n = 4; n < 24; n++) {
		pass(1040);
		take(8, n);
	}
	ok(events[MEDIA_EVENT_SILENCE] == 8 && events[MEDIA_EVENT_RESUMED] == 8,
	   "no more than eight times");
	is_int(events[MEDIA_EVENT_SOURCE], 0, "of one source");
	rtp((struct rtp_in){.type = 8, .sequence = 900, .ssrc = 9});
	pass(20);
	rtp((struct rtp_in){.type = 8, .sequence = 901, .timestamp = 160, .ssrc = 9});
	is_int(events[MEDIA_EVENT_SOURCE], 1, "and another is told");
	finish();
}

/* Sound of A law, and times since the begin. */
static void test_sound(void)
{
	const struct media_inbound *in;

	begin(&plain);
	in = &session->report.in;
	pass(100);
	take(8, 1);
	ok(!events[MEDIA_EVENT_FIRST_SOUND] && in->first_sound_ns == -1, "silence");
	pass(20);
	for (uint16_t n = 2; n < 6; n++) {
		uint8_t loud[172] = {0x80,
				     8,
				     0,
				     (uint8_t)n,
				     0,
				     0,
				     (uint8_t)(n * 160 >> 8),
				     (uint8_t)(n * 160),
				     0,
				     0,
				     0,
				     7};
		struct sa peer = address("192.0.2.9", 5000);

		for (int i = 12; i < 172; i++)
			loud[i] = i / 4 % 2 ? 0x2a : 0xaa;
		lay(loud, sizeof(loud), &peer);
		hear(false);
		pass(20);
	}
	ok(events[MEDIA_EVENT_FIRST_SOUND] == 1 && in->first_sound_ns == 120 * MS,
	   "then sound after %d ms", (int)(in->first_sound_ns / MS));
	rtp((struct rtp_in){
		.type = 8, .sequence = 6, .timestamp = 960, .ssrc = 7, .bytes = 80});
	ok(session->audio_received == 5 && session->odd_length == 1,
	   "packets of 20 ms are told from others");
	pass(60);
	session_report(session, wire_clock_ns);
	ok(in->first_packet_ns == 100 * MS && in->longest_gap_ns == 60 * MS &&
		   session->report.length_ns == 260 * MS,
	   "first packet, longest gap, length: %d %d %d", (int)(in->first_packet_ns / MS),
	   (int)(in->longest_gap_ns / MS), (int)(session->report.length_ns / MS));
	finish();
}

/* An echo brings back what was sent, number by number: how long that took is known. */
static void test_delay(void)
{
	uint8_t echo[WIRE_PACKET_ROOM];
	struct sa peer = address("192.0.2.9", 5000);

	begin(&plain);
	for (int i = 0; i < 4; i++) {
		pass(20);
		memcpy(echo, sent_rtp.data, sent_rtp.bytes);
		wire_clock_ns += 10 * MS;
		lay(echo, sent_rtp.bytes, &peer);
		hear(false);
		wire_clock_ns -= 10 * MS;
	}
	ok(session->delay_count == 4 && session->delay_sum_ns == 40.0 * MS, "10 ms each");
	rtp((struct rtp_in){
		.type = 8, .sequence = (uint16_t)(session->sequence - 1), .ssrc = 7});
	is_int(session->delay_count, 4, "of another source it is not known");
	rtp((struct rtp_in){.type = 8,
			    .sequence = (uint16_t)(session->sequence + 90),
			    .ssrc = session->log->ssrc});
	is_int(session->delay_count, 4, "nor of a number that never left");
	finish();
}

/* A new SDP goes on with what was begun, in its own codec. */
static void test_again(void)
{
	static const struct media_session_conf silent = {.jitter_buffer_ms = 40};

	begin(&silent);
	take(8, 1);
	pass(20);
	ok(sent_rtp.data[1] == (0x80 | 8) && sent_rtp.data[12] == 0xd5,
	   "silence of A law");
	theirs.codec = MEDIA_PCMU;
	theirs.codec_type = 0;
	start();
	pass(20);
	ok(sent_rtp.data[1] == 0 && sent_rtp.data[12] == 0xff, "then of the other");
	ok(session->stats.received == 1 && media.slot_load[session->slot] == 1 &&
		   sent_rtp.count == 2,
	   "and nothing begins anew");
	finish();
}

/* Its numbers do not come round within a call (RFC 3711 3.3.1), nor are they known. */
static void test_chance(void)
{
	unsigned greatest = 0, differ = 0, last = 0;

	for (int i = 0; i < 40; i++) {
		reserve(&plain);
		greatest = session->sequence > greatest ? session->sequence : greatest;
		differ += session->sequence != last;
		last = session->sequence;
		finish();
	}
	ok(greatest <= 0x7fff && differ > 30, "%u at most, %u differ", greatest, differ);
}

int main(void)
{
	test_again();
	test_chance();
	test_reserve();
	test_ways();
	test_barred();
	test_ending();
	test_send();
	test_send_events();
	test_types();
	test_refused();
	test_latch();
	test_silence();
	test_sound();
	test_delay();
	return tap_done();
}
