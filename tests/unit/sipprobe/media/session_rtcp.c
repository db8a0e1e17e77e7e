/* A session's RTCP: when its reports leave, what they say, and whose it believes. */
#include "tests/unit/sipprobe/media/session_wire.h"

static const struct media_session_conf conf = {.jitter_buffer_ms = 40};

/* The first after 0.5 to 1.5 times 2.5 s, others 5 s, by e - 1.5 (RFC 3550 6.3.1). */
static void test_interval(void)
{
	int64_t least = INT64_MAX, most = 0, at_ns = wire_clock_ns;
	unsigned wrong = 0;

	for (int i = 0; i < 200; i++) {
		int64_t ns;

		begin(&conf);
		ns = session->rtcp_due_ns - at_ns;
		wrong += ns < 1026 * MS || ns > 3079 * MS;
		session_rtcp_send(&media, session, at_ns, false);
		ns = session->rtcp_due_ns - at_ns;
		wrong += ns < 2052 * MS || ns > 6157 * MS;
		least = ns < least ? ns : least;
		most = ns > most ? ns : most;
		finish();
	}
	ok(!wrong && least < 2500 * MS && most > 5700 * MS, "between %d and %d ms",
	   (int)(least / MS), (int)(most / MS));
}

/* Of the SR: RTCP's header, SSRC, NTP, RTP's time, packets, octets. */
static void test_sender(void)
{
	int64_t due_ns;

	begin(&conf);
	session->agreed.sends = false;
	due_ns = session->rtcp_due_ns;
	while (wire_clock_ns + 20 * MS < due_ns)
		pass(1);
	is_int(sent_rtcp.count, 0, "not before its time");
	pass(40);
	ok(sent_rtcp.count == 1 && sent_rtcp.data[0] == 0x80 &&
		   sent_rtcp.data[1] == 201 &&
		   be32(sent_rtcp.data + 4) == session->log->ssrc,
	   "an RR of who sends nothing, and has heard nothing");
	ok(sa_cmp(&sent_rtcp.to, &theirs.rtcp, SA_ALL), "to RTCP's own address");
	ok(sent_rtcp.data[sent_rtcp.bytes - 7] != 203, "and no BYE");
	ok(memmem(sent_rtcp.data, sent_rtcp.bytes, session->name, MEDIA_NAME_BYTES),
	   "with its name");
	session->agreed.sends = true;
	pass(100);
	session_rtcp_send(&media, session, wire_clock_ns, false);
	ok(sent_rtcp.count == 2 && sent_rtcp.data[1] == 200, "then an SR");
	ok(be32(sent_rtcp.data + 8) == (uint32_t)(wire_clock_ns / CLOCK_NS_PER_S) &&
		   be32(sent_rtcp.data + 16) == session->timestamp &&
		   be32(sent_rtcp.data + 20) == 5 && be32(sent_rtcp.data + 24) == 800,
	   "of five packets and their bytes");
	wire_error = EPERM;
	session_rtcp_send(&media, session, wire_clock_ns, false);
	wire_error = 0;
	media.network_count = 0;
	session_allow(&media, session);
	session_rtcp_send(&media, session, wire_clock_ns, false);
	is_int(sent_rtcp.count, 2, "none where it may not go");
	media.network_count = 1;
	finish();
}

static void test_mux(void)
{
	struct sa peer = address("192.0.2.9", 5000);
	struct rtcp_block block = {.lost = 0};
	struct rtcp_report rr = {.ssrc = 7, .name = "x", .block = &block};
	uint8_t data[RTCP_BYTES];

	reserve(&conf);
	theirs.rtcp_mux = true;
	start();
	session_rtcp_send(&media, session, wire_clock_ns, true);
	ok(!sent_rtcp.count && sent_rtp.count == 1 && sent_rtp.data[1] == 201 &&
		   sa_cmp(&sent_rtp.to, &theirs.rtp, SA_ALL),
	   "on one port with RTP, where that is agreed on");
	ok(sent_rtp.data[sent_rtp.bytes - 7] == 203, "BYE at the end");
	block.ssrc = session->log->ssrc;
	lay(data, rtcp_report_write(data, &rr), &peer);
	hear(false);
	is_int(session->report.out.reports, 1, "and the peer's comes there");
	finish();
}

static void take(uint16_t sequence)
{
	rtp((struct rtp_in){.type = 8,
			    .sequence = sequence,
			    .timestamp = (uint32_t)(wire_clock_ns / (MS / 8)),
			    .ssrc = 7});
}

static void report(void)
{
	session->begun = false;
	session_rtcp_send(&media, session, wire_clock_ns, false);
}

/* The block: SSRC, fraction and number lost, highest number, jitter, last SR, since. */
static void test_block(void)
{
	const uint8_t *b = sent_rtcp.data + 8;
	struct sa peer = address("192.0.2.9", 5001);
	struct rtcp_report sr = {
		.ssrc = 7, .name = "x", .sender = true, .ntp = 0x1122334455667788};
	uint8_t data[RTCP_BYTES];

	begin(&conf);
	session->agreed.sends = false;
	for (uint16_t n = 65530; n != 4; n++) {
		if (n != 65533 && n != 1)
			take(n);
		pass(20);
	}
	report();
	ok(sent_rtcp.data[0] == 0x81 && be32(b) == 7 && be32(b + 8) == 65536 + 3,
	   "of the peer's stream, with a cycle");
	ok(b[4] == 51 && (be32(b + 4) & 0xffffff) == 2, "two of ten lost: %u 256ths",
	   b[4]);
	ok(be32(b + 16) == 0 && be32(b + 20) == 0, "no SR came");
	for (uint16_t n = 4; n < 14; n++) {
		take(n);
		pass(20);
	}
	lay(data, rtcp_report_write(data, &sr), &peer);
	hear(true);
	pass(500);
	report();
	ok(b[4] == 0 && (be32(b + 4) & 0xffffff) == 2, "none since, two in all");
	ok(be32(b + 16) == 0x33445566 && be32(b + 20) == 0x8000,
	   "an SR, half a second ago");
	session->stats.jitter_ns = 2.0 * MS;
	report();
	is_int(be32(b + 12), 16, "jitter in ticks");
	finish();
}

/* A report about us. */
static void hear_block(const struct rtcp_block *block, const char *from, uint16_t port,
		       uint32_t sender)
{
	struct rtcp_report r = {.ssrc = sender, .name = "x", .block = block};
	struct sa src = address(from, port);
	uint8_t data[RTCP_BYTES];

	lay(data, rtcp_report_write(data, &r), &src);
	hear(true);
}

static void test_heard(void)
{
	const struct media_outbound *out;
	struct rtcp_block block = {.lost = 1, .jitter = 80};
	static const uint8_t odd[8] = {0x40, 201, 0, 1};
	struct sa peer = address("192.0.2.9", 5001);

	begin(&conf);
	out = &session->report.out;
	pass(200);
	block.ssrc = session->log->ssrc;
	hear_block(&block, "192.0.2.8", 5001, 7);
	ok(session->report.refused.foreign == 1 && !out->reports, "not of a stranger");
	hear_block(&block, "192.0.2.9", 6001, 7);
	ok(out->reports == 1 && out->jitter_ns == 10 * MS && out->loss_ratio == 0.1 &&
		   out->round_trip_ns == -1 && events[MEDIA_EVENT_FIRST_RTCP] == 1,
	   "of the host that RTP comes from, from any port");
	block.lost = 10;
	block.last_sr = rtcp_middle(rtcp_ntp(wire_clock_ns - 100 * MS));
	block.delay = rtcp_middle(rtcp_ntp(60 * MS));
	hear_block(&block, "192.0.2.9", 5001, 7);
	ok(out->loss_ratio == 1 && out->round_trip_ns > 39 * MS &&
		   out->round_trip_ns < 41 * MS,
	   "all lost, and a round trip of 40 ms");
	block.lost = 11;
	block.last_sr = 0;
	hear_block(&block, "192.0.2.9", 5001, 7);
	ok(out->reports == 3 && out->loss_ratio == 1 && out->round_trip_ns > 39 * MS,
	   "more than there were, and no round trip: as before");
	block.lost = 0;
	hear_block(&block, "192.0.2.9", 5001, 7);
	ok(out->loss_ratio == 0, "none lost");
	block.lost = -3;
	hear_block(&block, "192.0.2.9", 5001, 7);
	ok(out->reports == 5 && out->loss_ratio == 0, "copies are no loss");
	hear_block(&block, "192.0.2.9", 5001, session->log->ssrc);
	is_int(out->reports, 5, "our own, that an echo sends back, is none");
	block.ssrc = 99;
	hear_block(&block, "192.0.2.9", 5001, 7);
	is_int(out->reports, 5, "nor one about another");
	lay(odd, sizeof(odd), &peer);
	hear(true);
	ok(session->report.refused.malformed == 1 && events[MEDIA_EVENT_FIRST_RTCP] == 1,
	   "what is no RTCP is counted");
	block.ssrc = session->log->ssrc;
	wire_clock_ns += CLOCK_NS_PER_S - wire_clock_ns % CLOCK_NS_PER_S;
	for (int i = 0; i <= MEDIA_FLOOD; i++)
		hear_block(&block, "192.0.2.9", 5001, 7);
	ok(out->reports == 5 + MEDIA_FLOOD && session->report.refused.flood == 1,
	   "and of a flood all but so many a second");
	finish();
	reserve(&conf);
	theirs.rtcp = address("192.0.2.77", 7001);
	start();
	pass(20);
	block.ssrc = session->log->ssrc;
	hear_block(&block, "192.0.2.77", 7001, 7);
	hear_block(&block, "192.0.2.77", 7003, 7);
	ok(session->report.out.reports == 1 && session->report.refused.foreign == 1,
	   "of RTCP's own host from the port that was agreed on alone");
	finish();
}

/* A stop's last report says BYE, and so is told for good. */
static void test_bye(void)
{
	struct media_message *msg;

	begin(&conf);
	pass(60);
	session_stop(&media, session);
	ok(sent_rtcp.count == 1 && sent_rtcp.data[1] == 200 &&
		   sent_rtcp.data[sent_rtcp.bytes - 7] == 203,
	   "BYE");
	msg = media_message_pop(&media);
	ok(msg && msg->gone && msg->session == session && session->slot == -1 &&
		   session->wires.rtp.fd == -1 && !session->log &&
		   session->report.length_ns == 60 * MS,
	   "and then it is gone");
	finish();
}

int main(void)
{
	test_interval();
	test_sender();
	test_mux();
	test_block();
	test_heard();
	test_bye();
	return tap_done();
}
