/*
 * Two ends of a call through a path with faults, for a system test to compare with what a
 * packet capture of the same packets says.
 *
 *     media_cli FIRST_PORT SECONDS LOSS_PERMILLE TWICE_PERMILLE DELAY_MS SPREAD_MS
 *
 * Prints one JSON object: what each end reports, what the path did.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sipprobe/loop.h"
#include "sipprobe/media/media.h"
#include "tests/support/relay.h"

struct end {
	struct media_session *session;
	struct sdp_local local;
	struct sdp_remote peer;
	struct media_report report;
};

static struct end ends[2];
static unsigned reports;

static void report_h(struct media_session *s, const struct media_report *r, void *arg)
{
	struct end *e = arg;

	(void)s;
	e->report = *r;
	if (++reports == 2)
		loop_stop();
}

static const struct media_handlers handlers = {.report_h = report_h};

static void stop_h(void *arg)
{
	(void)arg;
	loop_stop();
}

static void run_for(uint64_t ms)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, ms, stop_h, NULL);
	(void)loop_run();
	tmr_cancel(&tmr);
}

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "media_cli: %s\n", what);
	exit(1);
}

static void end_open(struct media *m, struct end *e, const char *nonce,
		     const char *expect)
{
	static const enum media_codec codec = MEDIA_PCMU;
	struct media_session_conf c = {
		.inband = true, .jitter_buffer_ms = 40, .concealed = true};
	struct sa sa;

	strcpy(c.nonce, nonce);
	strcpy(c.expect, expect);
	(void)sa_set_str(&sa, "127.0.0.1", 0);
	if (media_session_reserve(&e->session, m, &sa, &c, &handlers, e))
		fail("no session");
	sa = *media_session_local(e->session);
	if (sdp_local_init(&e->local, &sa, (uint16_t)(sa_port(&sa) + 1), &codec, 1,
			   false))
		fail("no random numbers");
	e->peer = (struct sdp_remote){
		.rtp = sa, .rtcp = sa, .event_type = -1, .ptime_ms = 20};
}

static void print_end(const struct end *e, const char *after)
{
	const struct media_inbound *in = &e->report.in;

	printf("{\"port\": %u, \"sent\": %u, \"received\": %u, \"lost\": %u, "
	       "\"duplicate\": %u, \"reordered\": %u, \"discarded\": %u, "
	       "\"loss_ratio\": %.6f, \"burst_ratio\": %.4f, \"jitter_ms\": %.6f, "
	       "\"jitter_max_ms\": %.6f, \"delay_ms\": %.6f, \"nonce\": %s, "
	       "\"r\": %.4f, \"mos\": %.4f, \"unscored\": \"%s\", \"late_p99_us\": %u}%s",
	       sa_port(&e->local.rtp), e->report.out.sent, in->received, in->lost,
	       in->duplicate, in->reordered, in->discarded, in->loss_ratio,
	       in->burst_ratio, (double)in->jitter_ns / 1e6,
	       (double)in->jitter_max_ns / 1e6, (double)in->delay_ns / 1e6,
	       in->nonce_inband ? "true" : "false", in->r_factor, in->mos,
	       media_unscored_name(in->unscored), e->report.late_p99_us, after);
}

int main(int argc, char *argv[])
{
	struct media_conf conf = {.network_count = 1};
	struct relay_fault fault = {0};
	struct relay_counts counts;
	struct relay_path *path = NULL;
	struct relay *relay = NULL;
	struct media *media = NULL;
	uint16_t ports[2];

	if (argc != 7)
		fail("six numbers are wanted");
	conf.port_first = (uint16_t)atoi(argv[1]);
	conf.port_last = (uint16_t)(conf.port_first + 3);
	fault.loss_permille = (unsigned)atoi(argv[3]);
	fault.twice_permille = (unsigned)atoi(argv[4]);
	fault.delay_ms = (unsigned)atoi(argv[5]);
	fault.spread_ms = (unsigned)atoi(argv[6]);
	if (loop_init(NULL, NULL) || media_alloc(&media, &conf) || relay_alloc(&relay) ||
	    relay_path_add(&path, relay, &fault, ports))
		fail("no start");
	end_open(media, &ends[0], "12345", "ABCD0");
	end_open(media, &ends[1], "ABCD0", "12345");
	relay_path_ends(path, sa_port(&ends[0].local.rtp), sa_port(&ends[1].local.rtp));
	(void)media_session_pair(ends[0].session, ends[1].session);
	if (relay_run(relay))
		fail("no relay");
	for (unsigned i = 0; i < 2; i++) {
		sa_set_port(&ends[i].peer.rtp, ports[i]);
		/* Where nobody listens: the capture is of RTP. */
		sa_set_port(&ends[i].peer.rtcp, 9);
		if (media_session_start(ends[i].session, &ends[i].local, &ends[i].peer))
			fail("no call");
	}
	run_for(1000 * strtoul(argv[2], NULL, 10));
	for (unsigned i = 0; i < 2; i++)
		(void)media_session_quiet(ends[i].session);
	run_for(400);
	for (unsigned i = 0; i < 2; i++)
		media_session_stop(ends[i].session);
	(void)loop_run();
	relay_stop(relay);
	counts = relay_path_counts(path);
	relay_free(relay);
	mem_deref(media);
	loop_close();
	printf("{\"ends\": [");
	print_end(&ends[0], ", ");
	print_end(&ends[1], "], ");
	/* Towards the first end is what the second sent. */
	printf("\"lost\": [%u, %u], \"twice\": [%u, %u]}\n", counts.lost[1],
	       counts.lost[0], counts.twice[1], counts.twice[0]);
	return 0;
}
