/*
 * What a call's media costs, both directions, tones and detection included, beside the
 * least that it can: a loop that sends and receives as many packets of the same size and
 * looks at none. Both ends are in this process, so that a session here is a call.
 */
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/loop.h"
#include "sipprobe/media/media.h"

enum {
	SECONDS = 10,
	CALLS_MAX = 500,
	PACKET = 172,
};

static double cpu_s(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static int bare_socket(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), on = 1;
	socklen_t len = sizeof(*at);

	*at = (struct sockaddr_in){.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (fd < 0 || bind(fd, (struct sockaddr *)at, sizeof(*at)) ||
	    getsockname(fd, (struct sockaddr *)at, &len) ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)))
		exit(1);
	return fd;
}

/* As media reads: a batch of 16 with stamps. */
static void bare_read(int fd)
{
	static char data[16][1500], control[16][64];
	static struct iovec iov[16];
	static struct mmsghdr msgs[16];

	for (int i = 0; i < 16; i++) {
		iov[i] = (struct iovec){data[i], sizeof(data[i])};
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i],
						  .msg_iovlen = 1,
						  .msg_control = control[i],
						  .msg_controllen = 64};
	}
	(void)!recvmmsg(fd, msgs, 16, MSG_DONTWAIT, NULL);
}

/* One thread, one socket a call, 20 slots of 1 ms. Returns CPU seconds. */
static double bare_run(unsigned calls, unsigned seconds)
{
	static struct sockaddr_in at[CALLS_MAX];
	static int fds[CALLS_MAX];
	static char packet[PACKET];
	int ep = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec its = {{0, 1000000}, {0, 1000000}};
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = CALLS_MAX}, es[64];
	uint64_t ticks, slot = 0;
	double cpu;

	epoll_ctl(ep, EPOLL_CTL_ADD, timer, &e);
	for (unsigned i = 0; i < calls; i++) {
		fds[i] = bare_socket(&at[i]);
		e.data.u32 = i;
		epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &e);
	}
	timerfd_settime(timer, 0, &its, NULL);
	cpu = cpu_s();
	while (slot < (uint64_t)seconds * 1000) {
		int n = epoll_wait(ep, es, 64, -1);

		if (read(timer, &ticks, sizeof(ticks)) != sizeof(ticks))
			ticks = 0;
		for (; ticks; ticks--, slot++)
			for (unsigned i = slot % 20; i < calls; i += 20)
				(void)!sendto(fds[i], packet, PACKET, 0,
					      (struct sockaddr *)&at[i ^ 1],
					      sizeof(at[i]));
		for (int k = 0; k < n; k++)
			if (es[k].data.u32 < calls)
				bare_read(fds[es[k].data.u32]);
	}
	cpu = cpu_s() - cpu;
	for (unsigned i = 0; i < calls; i++)
		close(fds[i]);
	close(timer);
	close(ep);
	return cpu;
}

static struct media *media;
static struct media_session *sessions[CALLS_MAX];
static unsigned reports, heard;
static uint64_t received, lost;

static void report_h(struct media_session *s, const struct media_report *r, void *arg)
{
	(void)s, (void)arg;
	heard += r->in.nonce_inband;
	received += r->in.received;
	lost += r->in.lost;
	if (++reports == *(unsigned *)arg)
		loop_stop();
}

static const struct media_handlers handlers = {.report_h = report_h};

static void stop_h(void *arg)
{
	(void)arg;
	loop_stop();
}

static void loop_for(unsigned seconds)
{
	struct tmr tmr;

	tmr_init(&tmr);
	tmr_start(&tmr, (uint64_t)seconds * 1000, stop_h, NULL);
	(void)loop_run();
	tmr_cancel(&tmr);
}

static void session_open(unsigned i, unsigned *calls)
{
	struct media_session_conf c = {.inband = true,
				       .events = true,
				       .jitter_buffer_ms = 40,
				       .concealed = true};
	struct sa sa;

	strcpy(c.nonce, i % 2 ? "12345" : "ABCD0");
	strcpy(c.expect, i % 2 ? "ABCD0" : "12345");
	(void)sa_set_str(&sa, "127.0.0.1", 0);
	if (media_session_reserve(&sessions[i], media, &sa, &c, &handlers, calls)) {
		fputs("no session\n", stderr);
		exit(1);
	}
}

static void session_begin(unsigned i)
{
	static const enum media_codec codec = MEDIA_PCMU;
	const struct sa *own = media_session_local(sessions[i]);
	const struct sa *other = media_session_local(sessions[i ^ 1]);
	struct sdp_remote r = {
		.rtp = *other, .rtcp = *other, .event_type = 101, .ptime_ms = 20};
	struct sdp_local l;

	sa_set_port(&r.rtcp, (uint16_t)(sa_port(other) + 1));
	if (sdp_local_init(&l, own, (uint16_t)(sa_port(own) + 1), &codec, 1, false) ||
	    media_session_start(sessions[i], &l, &r))
		exit(1);
}

static double slab_kb(void)
{
	char line[200];
	double kb = 0;
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Slab: %lf", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

static void media_run(unsigned calls)
{
	struct media_conf conf = {
		.port_first = 30000, .port_last = 34999, .network_count = 1};
	struct media_lateness late;
	double cpu, bare = bare_run(calls, SECONDS), kernel;
	size_t heap;

	if (media_alloc(&media, &conf))
		exit(1);
	heap = mallinfo2().uordblks;
	kernel = slab_kb();
	for (unsigned i = 0; i < calls; i++)
		session_open(i, &calls);
	for (unsigned i = 0; i < calls; i += 2)
		(void)media_session_pair(sessions[i], sessions[i + 1]);
	for (unsigned i = 0; i < calls; i++)
		session_begin(i);
	loop_for(1);
	heap = mallinfo2().uordblks - heap;
	kernel = slab_kb() - kernel;
	cpu = cpu_s();
	loop_for(SECONDS);
	cpu = cpu_s() - cpu;
	media_lateness(media, &late);
	reports = heard = 0;
	received = lost = 0;
	for (unsigned i = 0; i < calls; i++)
		media_session_stop(sessions[i]);
	(void)loop_run();
	media = mem_deref(media);
	printf("%u calls, %d s:\n", calls, SECONDS);
	printf("  a call-second    %7.0f us of CPU, the bare loop %.0f us\n",
	       cpu / SECONDS / calls * 1e6, bare / SECONDS / calls * 1e6);
	printf("  own lateness     p50 %u us, p99 %u us, max %u us\n",
	       media_lateness_percentile_us(&late, 50),
	       media_lateness_percentile_us(&late, 99), late.max_us);
	printf("  a call's memory  %7.0f bytes, and %.0f of the kernel's\n",
	       (double)heap / calls, kernel * 1024 / calls);
	printf("  %u of %u nonces heard, %llu packets, %llu lost\n", heard, calls,
	       (unsigned long long)received, (unsigned long long)lost);
}

int main(void)
{
	if (loop_init(NULL, NULL))
		return 1;
	media_run(2);
	media_run(100);
	media_run(CALLS_MAX);
	loop_close();
	return 0;
}
