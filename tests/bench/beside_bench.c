/*
 * Whether calls are felt by probes: the latency of 1,000 OPTIONS a second to healthy
 * trunks, alone and beside 100 calls in the same program, in turns.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "sipprobe/media/media.h"
#include "tests/bench/responder.h"
#include "tests/bench/rig.h"

enum {
	TARGETS = 1000,
	CALLS = 100,
	TURN = 5000, /* probes alone, then as many beside calls */
	TURNS = 8,
	PROBES = TURN * TURNS,
	SECONDS = PROBES / TARGETS + 3,
};

static struct media *media;
static struct media_session *sessions[CALLS];
static int64_t took_ns[2][PROBES];
static size_t count[2];
static size_t probes;

static const struct media_handlers handlers = {.event_h = NULL};

static void session_open(unsigned i)
{
	struct media_session_conf c = {.nonce = "12345",
				       .expect = "12345",
				       .inband = true,
				       .jitter_buffer_ms = 40};
	struct sa sa;

	(void)sa_set_str(&sa, "127.0.0.1", 0);
	if (media_session_reserve(&sessions[i], media, &sa, &c, &handlers, NULL))
		exit(1);
}

static void session_begin(unsigned i)
{
	static const enum media_codec codec = MEDIA_PCMU;
	const struct sa *own = media_session_local(sessions[i]);
	struct sdp_remote r = {.rtp = *media_session_local(sessions[i ^ 1]),
			       .event_type = -1,
			       .ptime_ms = 20};
	struct sdp_local l;

	r.rtcp = r.rtp;
	if (sdp_local_init(&l, own, (uint16_t)(sa_port(own) + 1), &codec, 1, false) ||
	    media_session_start(sessions[i], &l, &r))
		exit(1);
}

static void calls_start(void)
{
	struct media_conf conf = {
		.port_first = 30000, .port_last = 34999, .network_count = 1};

	if (media_alloc(&media, &conf))
		exit(1);
	for (unsigned i = 0; i < CALLS; i++)
		session_open(i);
	for (unsigned i = 0; i < CALLS; i++)
		session_begin(i);
}

static void calls_stop(void)
{
	media = mem_deref(media);
}

static void done_h(const struct probe_result *r, void *arg)
{
	bool beside = probes / TURN % 2;

	(void)arg;
	if (probes == PROBES)
		return;
	/* The first of a turn begin while calls do. */
	if (r->outcome == PROBE_RESPONSE && probes % TURN > TURN / 10 &&
	    count[beside] < PROBES)
		took_ns[beside][count[beside]++] = r->phase_ns[PROBE_PHASE_ANSWER];
	if (++probes % TURN)
		return;
	if (probes / TURN % 2)
		calls_start();
	else
		calls_stop();
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static double quantile_us(bool beside, double q)
{
	size_t n = count[beside];

	return n ? (double)took_ns[beside][(size_t)(q * (double)(n - 1))] / 1e3 : 0;
}

int main(void)
{
	struct rig rig = {.targets = TARGETS,
			  .interval = "1s",
			  .timeout = "900ms",
			  .done_h = done_h};
	pid_t peer = responder_start(&rig.port);

	if (peer < 0)
		return 1;
	rig_run(&rig, 0, SECONDS);
	(void)kill(peer, SIGKILL);
	for (int i = 0; i < 2; i++) {
		qsort(took_ns[i], count[i], sizeof(took_ns[i][0]), by_size);
		printf("OPTIONS %s: p50 %.0f us, p90 %.0f us, p99 %.0f us (%zu)\n",
		       i ? "beside 100 calls" : "alone", quantile_us(i, 0.5),
		       quantile_us(i, 0.9), quantile_us(i, 0.99), count[i]);
	}
	return 0;
}
