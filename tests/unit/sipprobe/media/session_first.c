/* What waits in a session's socket when it starts: what came before the answer. */
#include "tests/unit/sipprobe/media/session_wire.h"

static const struct media_session_conf plain = {.jitter_buffer_ms = 40};

/* A packet comes and waits. */
static void wait_rtp(uint16_t sequence)
{
	const struct rtp_packet p = {.type = 8,
				     .sequence = sequence,
				     .timestamp = 160U * sequence,
				     .ssrc = 77};
	struct sa src = address("192.0.2.9", 5000);
	uint8_t data[RTP_HEADER_BYTES + 160];

	memset(rtp_packet_write(data, &p), 0xd5, 160);
	lay(data, sizeof(data), &src);
}

/* @count of them, 20 ms apart. */
static void wait_many(uint16_t first, unsigned count)
{
	for (unsigned i = 0; i < count; i++, wire_clock_ns += 20 * MS)
		wait_rtp((uint16_t)(first + i));
}

/* It starts, and all of them are read. */
static void started(void)
{
	start();
	hear(false);
}

static const struct media_inbound *ended(void)
{
	session_report(session, wire_clock_ns);
	return &session->report.in;
}

/* The socket had room for the first two seconds of twelve. */
static void test_overflow(void)
{
	const struct media_inbound *in;

	reserve(&plain);
	wait_many(0, 100);
	wire_clock_ns += 10 * CLOCK_NS_PER_S;
	started();
	is_int(session->stats.received, 0, "what came long before is thrown away");
	wait_many(600, 50);
	hear(false);
	in = ended();
	ok(in->received == 50 && in->lost == 0 && in->loss_ratio == 0,
	   "and nothing is lost between: %u came, %u lost", in->received, in->lost);
	finish();
}

/* It goes on without a hole, up to what came between the answer and its reading. */
static void test_throughout(void)
{
	int64_t start_ns;

	reserve(&plain);
	wait_many(0, 90);
	start_ns = wire_clock_ns;
	wait_many(90, 10);
	session_start(&media, session,
		      &(struct media_start){.theirs = theirs, .at_ns = start_ns});
	hear(false);
	is_int(session->stats.received, 10, "what came since the answer is heard");
	is_int(ended()->first_packet_ns, 0, "from the first on");
	finish();
}

/* Audio is quicker than the answer that began it. */
static void test_ahead(void)
{
	reserve(&plain);
	wait_many(0, 40);
	started();
	is_int(session->stats.received, 40, "what came shortly before is heard");
	is_int(ended()->first_packet_ns, 0, "it waited for the answer");
	finish();
}

/* In a loop the other end's packets of before the start are no loss either. */
static void test_far(bool old, uint32_t lost)
{
	struct send_log *far = mem_zalloc(sizeof(*far), NULL);
	uint16_t n = 0;

	reserve(&plain);
	session->far = far;
	if (old)
		wait_rtp(1000);
	wire_clock_ns += 2 * CLOCK_NS_PER_S;
	for (; n < 5; n++)
		send_log_add(far, n, wire_clock_ns - MS, true);
	started();
	for (; n < 7; n++)
		send_log_add(far, n, wire_clock_ns + MS, true);
	wire_clock_ns += CLOCK_NS_PER_S;
	ok(ended()->lost == lost, "in a loop %u are lost", lost);
	finish();
}

int main(void)
{
	test_overflow();
	test_throughout();
	test_ahead();
	test_far(true, 2);
	test_far(false, 7);
	return tap_done();
}
