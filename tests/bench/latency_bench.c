/*
 * The latency that the engine measures, against a packet capture of the same packets on
 * the wire (an AF_PACKET socket on the loopback device, with the kernel's stamps): by how
 * much a probe's figure is off, at 10,000 probes a second. Needs root.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/responder.h"
#include "tests/bench/rig.h"

enum { TARGETS = 10000, SECONDS = 10, SLOTS = 1 << 20, SNAP = 700 };

/* What the capture saw of one probe, by the first half of its Call-ID. */
struct seen {
	uint64_t key;
	int64_t sent_ns;
	int64_t received_ns;
};

static struct seen *seen; /* shared with the capturing process */
static int64_t *errors_ns;
static size_t error_count;

static struct seen *slot_of(uint64_t key)
{
	size_t i = key % SLOTS;

	while (seen[i].key && seen[i].key != key)
		i = (i + 1) % SLOTS;
	seen[i].key = key;
	return &seen[i];
}

static uint64_t key_of(const char *call_id)
{
	char half[17];

	memcpy(half, call_id, 16);
	half[16] = '\0';
	return strtoull(half, NULL, 16) | 1;
}

static void note(const char *packet, size_t len, int64_t at_ns)
{
	const char *id = memmem(packet, len, "Call-ID: ", 9);
	struct seen *s;

	if (!id || id + 25 > packet + len)
		return;
	s = slot_of(key_of(id + 9));
	if (memmem(packet, len < 60 ? len : 60, "SIP/2.0 200", 11))
		s->received_ns = at_ns;
	else if (!s->sent_ns)
		s->sent_ns = at_ns;
}

static int64_t stamp_ns(struct msghdr *h)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		struct timespec ts;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		return ts.tv_sec * 1000000000LL + ts.tv_nsec;
	}
	return 0;
}

static void capture(int fd)
{
	for (;;) {
		char packet[SNAP], control[128];
		struct sockaddr_ll from;
		struct iovec iov = {packet, sizeof(packet)};
		struct msghdr h = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t n = recvmsg(fd, &h, 0);

		/* The loopback device shows each packet going out and coming in. */
		if (n > 0 && from.sll_pkttype != PACKET_OUTGOING)
			note(packet, (size_t)n, stamp_ns(&h));
	}
}

static pid_t capture_start(void)
{
	struct sockaddr_ll lo = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_IP),
				 .sll_ifindex = (int)if_nametoindex("lo")};
	int on = 1, bytes = 64 << 20;
	int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
	pid_t pid;

	if (fd < 0 || bind(fd, (struct sockaddr *)&lo, sizeof(lo)) ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)))
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		capture(fd);
	}
	(void)close(fd);
	return pid;
}

struct measured {
	uint64_t key;
	int64_t ns;
};

static struct measured *measured;
static size_t measured_count;

static void done_h(const struct probe_result *r, void *arg)
{
	(void)arg;
	if (r->outcome == PROBE_RESPONSE && !r->retransmissions &&
	    measured_count < SLOTS / 2)
		measured[measured_count++] = (struct measured){
			key_of(r->call_id), r->phase_ns[PROBE_PHASE_ANSWER]};
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void compare(void)
{
	for (size_t i = 0; i < measured_count; i++) {
		const struct seen *s = slot_of(measured[i].key);
		int64_t error_ns;

		if (!s->sent_ns || !s->received_ns)
			continue;
		error_ns = measured[i].ns - (s->received_ns - s->sent_ns);
		errors_ns[error_count++] = error_ns < 0 ? -error_ns : error_ns;
	}
	qsort(errors_ns, error_count, sizeof(*errors_ns), by_size);
}

static double quantile_us(double q)
{
	return error_count
		       ? (double)errors_ns[(size_t)(q * (double)(error_count - 1))] / 1e3
		       : 0;
}

int main(void)
{
	struct rig rig = {.targets = TARGETS,
			  .interval = "1s",
			  .timeout = "900ms",
			  .done_h = done_h};
	pid_t peer = responder_start(&rig.port);
	pid_t tap;

	seen = mmap(NULL, SLOTS * sizeof(*seen), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	measured = calloc(SLOTS / 2, sizeof(*measured));
	errors_ns = calloc(SLOTS / 2, sizeof(*errors_ns));
	if (peer < 0 || seen == MAP_FAILED || !measured || !errors_ns)
		return 1;
	tap = capture_start();
	if (tap < 0) {
		(void)fprintf(stderr, "a packet capture needs root\n");
		(void)kill(peer, SIGKILL);
		return 77;
	}
	rig_run(&rig, 3, SECONDS);
	(void)sleep(1);
	compare();
	(void)kill(peer, SIGKILL);
	(void)kill(tap, SIGKILL);
	printf("probes: %.0f/s, %zu compared with the capture\n",
	       (double)rig.done / SECONDS, error_count);
	printf("error:  p50 %.1f us, p90 %.1f us, p99 %.1f us, p99.9 %.1f us\n",
	       quantile_us(0.5), quantile_us(0.9), quantile_us(0.99), quantile_us(0.999));
	return error_count ? 0 : 1;
}
