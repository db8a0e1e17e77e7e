/*
 * What an OPTIONS probe over UDP costs in CPU: the engine, from schedule to result,
 * beside a bare sendto/recvfrom loop that sends the same bytes to the same targets and
 * parses nothing. Both against the same responder, in one run.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sipprobe/engine.h"
#include "sipprobe/loop.h"
#include "tests/bench/responder.h"

enum { TARGETS = 10000, WINDOW = 32, SECONDS = 5 };

static struct {
	uint64_t done;
	uint64_t answered;
	uint64_t retransmissions;
} engine_count;

static double cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double wall_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct sockaddr_in target(unsigned i, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(0x7f010001 + i),
	};
}

/* One round trip at a time per window slot, one call a datagram, nothing read into. */
static double bare_us(uint16_t port)
{
	static const char request[] =
		"OPTIONS sip:127.1.10.10:50600 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP "
		"127.0.0.1:50601;branch=z9hG4bK0000002a0123456789abcdef;rport\r\n"
		"Max-Forwards: 70\r\n"
		"From: <sip:ping@127.0.0.1:50601>;tag=0123456789abcdef\r\n"
		"To: <sip:127.1.10.10:50600>\r\n"
		"Call-ID: 0123456789abcdef0123456789abcdef\r\n"
		"CSeq: 1 OPTIONS\r\n"
		"Contact: <sip:ping@127.0.0.1:50601>\r\n"
		"Accept: application/sdp\r\n"
		"User-Agent: siptrunk_exporter/0.1.0\r\n"
		"Content-Length: 0\r\n\r\n";
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	double end_s = wall_s() + SECONDS;
	double begin_cpu_s = cpu_s();
	uint64_t done = 0;
	char buf[4096];

	while (wall_s() < end_s) {
		for (unsigned i = 0; i < WINDOW; i++) {
			struct sockaddr_in to =
				target((unsigned)(done + i) % TARGETS, port);

			(void)!sendto(fd, request, sizeof(request) - 1, 0,
				      (struct sockaddr *)&to, sizeof(to));
		}
		for (unsigned i = 0; i < WINDOW; i++) {
			struct sockaddr_in from;
			socklen_t len = sizeof(from);

			if (recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from,
				     &len) > 0)
				done++;
		}
	}
	(void)close(fd);
	return (cpu_s() - begin_cpu_s) / (double)done * 1e6;
}

static void *trunk_add_h(const struct config_trunk *trunk, void *arg)
{
	(void)trunk;
	return arg;
}
static void trunk_move_h(void *row, const struct config_trunk *trunk, void *arg)
{
	(void)row, (void)trunk, (void)arg;
}
static void trunk_remove_h(void *row, void *arg)
{
	(void)row, (void)arg;
}
static void trunk_state_h(void *row, const struct engine_change *change, void *arg)
{
	(void)row, (void)change, (void)arg;
}
static void addresses_h(void *row, unsigned total, unsigned up, void *arg)
{
	(void)row, (void)total, (void)up, (void)arg;
}
static void dns_failed_h(void *row, const char *detail, void *arg)
{
	(void)row, (void)detail, (void)arg;
}
static void *target_add_h(void *row, const struct engine_target *t, void *arg)
{
	(void)row, (void)t;
	return arg;
}
static void begin_h(void *cell, int64_t lag_ns, void *arg)
{
	(void)cell, (void)lag_ns, (void)arg;
}
static void done_h(void *cell, const struct probe_result *result, void *arg)
{
	(void)cell, (void)arg;
	engine_count.done++;
	engine_count.answered += result->outcome == PROBE_RESPONSE;
	engine_count.retransmissions += result->retransmissions;
}
static void late_h(void *cell, void *arg)
{
	(void)cell, (void)arg;
}
static void inbound_h(void *row, const char *method, unsigned code, void *arg)
{
	(void)row, (void)method, (void)code, (void)arg;
}
static void stray_h(int why, void *arg)
{
	(void)why, (void)arg;
}

static const struct engine_events events = {
	.trunk_add_h = trunk_add_h,
	.trunk_move_h = trunk_move_h,
	.trunk_remove_h = trunk_remove_h,
	.trunk_state_h = trunk_state_h,
	.trunk_addresses_h = addresses_h,
	.trunk_dns_failed_h = dns_failed_h,
	.target_add_h = target_add_h,
	.target_remove_h = trunk_remove_h,
	.probe_begin_h = begin_h,
	.probe_done_h = done_h,
	.probe_late_h = late_h,
	.inbound_h = inbound_h,
	.stray_h = stray_h,
};

static struct config *make_config(uint16_t port)
{
	struct config_errors errs = {0};
	struct config *conf = NULL;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	fprintf(f, "{\"defaults\":{\"interval\":\"200ms\",\"timeout\":\"150ms\","
		   "\"down_interval\":\"200ms\"},\"trunks\":[");
	for (unsigned i = 0; i < TARGETS; i++) {
		struct sockaddr_in to = target(i, port);

		fprintf(f, "%s{\"name\":\"t%u\",\"uri\":\"sip:%s:%u\"}", i ? "," : "", i,
			inet_ntoa(to.sin_addr), port);
	}
	fprintf(f, "]}");
	(void)fclose(f);
	if (config_parse(&conf, text, len, "bench.json", &errs))
		config_errors_print(&errs, stderr);
	config_errors_clear(&errs);
	free(text);
	return conf;
}

static void stop_h(int sig, void *arg)
{
	(void)sig, (void)arg;
	loop_stop();
}

/* The first two seconds, in which the targets start, are not counted. */
static double engine_us(uint16_t port)
{
	struct engine *e = NULL;
	struct config *conf = make_config(port);
	char why[256];
	double begin_cpu_s;
	uint64_t begin;
	double us;

	if (!conf || loop_init(stop_h, NULL) ||
	    engine_alloc(&e, "0.1.0", &events, &engine_count) ||
	    engine_apply(e, conf, why, sizeof(why)))
		exit(1);
	(void)alarm(0);
	for (int round = 0; round < 2; round++) {
		pid_t timer;

		begin_cpu_s = cpu_s();
		memset(&engine_count, 0, sizeof(engine_count));
		timer = fork();
		if (timer == 0) {
			(void)sleep(round ? SECONDS : 2);
			(void)kill(getppid(), SIGTERM);
			_exit(0);
		}
		(void)loop_run();
	}
	begin = engine_count.done;
	us = (cpu_s() - begin_cpu_s) / (double)begin * 1e6;
	printf("engine: %.0f probes/s, %.4f answered, %llu retransmissions\n",
	       (double)begin / SECONDS, (double)engine_count.answered / (double)begin,
	       (unsigned long long)engine_count.retransmissions);
	engine_free(e);
	loop_close();
	config_free(conf);
	return us;
}

int main(void)
{
	uint16_t port;
	pid_t peer = responder_start(&port);
	double bare, engine;

	if (peer < 0)
		return 1;
	bare = bare_us(port);
	engine = engine_us(port);
	(void)kill(peer, SIGKILL);
	printf("bare loop: %.2f us of CPU a probe\n", bare);
	printf("engine:    %.2f us of CPU a probe\n", engine);
	printf("ratio:     %.2f\n", engine / bare);
	return 0;
}
