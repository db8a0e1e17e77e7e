/*
 * What an OPTIONS probe over UDP costs in CPU: the engine, from schedule to result,
 * beside a bare sendto/recvfrom loop that sends the same bytes to the same targets and
 * parses nothing. Both against the same responder, in turns; the median ratio counts.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/responder.h"
#include "tests/bench/rig.h"

enum { TARGETS = 10000, WINDOW = 32, SECONDS = 3, TURNS = 5 };

static double wall_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* One round trip at a time per window slot, one call a datagram, nothing read into. */
static double bare_us(uint16_t port)
{
	static const char request[] = RIG_REQUEST;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	double end_s = wall_s() + SECONDS;
	double begin_cpu_s = rig_cpu_s();
	uint64_t done = 0;
	char buf[4096];

	while (wall_s() < end_s) {
		for (unsigned i = 0; i < WINDOW; i++) {
			struct sockaddr_in to =
				rig_target((unsigned)(done + i) % TARGETS, port);

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
	return (rig_cpu_s() - begin_cpu_s) / (double)done * 1e6;
}

/*
 * Full rate is the highest at which the responder, on what the machine leaves it, loses
 * nothing: a run with lost answers tells of those, not of the engine. @rate: to begin
 * with
 */
static double engine_us(uint16_t port, size_t *rate)
{
	static const struct {
		const char *interval, *timeout;
	} rates[] = {
		{"180ms", "150ms"}, {"200ms", "170ms"}, {"250ms", "200ms"},
		{"300ms", "250ms"}, {"400ms", "350ms"},
	};
	struct rig rig = {.targets = TARGETS, .port = port};

	if (*rate == sizeof(rates) / sizeof(rates[0]))
		--*rate;
	for (; *rate < sizeof(rates) / sizeof(rates[0]); ++*rate) {
		rig = (struct rig){.targets = TARGETS,
				   .port = port,
				   .interval = rates[*rate].interval,
				   .timeout = rates[*rate].timeout};
		rig_run(&rig, 2, SECONDS);
		printf("engine: %.0f probes/s, %.4f answered, %llu retransmissions\n",
		       (double)rig.done / SECONDS,
		       (double)rig.answered / (double)rig.done,
		       (unsigned long long)rig.retransmissions);
		if (rig.answered >= rig.done - rig.done / 1000)
			break;
	}
	return rig.cpu_s / (double)rig.done * 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	uint16_t port;
	pid_t peer = responder_start(&port);
	double ratios[TURNS];
	size_t rate = 0;

	if (peer < 0)
		return 1;
	for (int i = 0; i < TURNS; i++) {
		double bare = bare_us(port), engine = engine_us(port, &rate);

		ratios[i] = engine / bare;
		printf("us of CPU a probe: bare loop %.2f, engine %.2f, ratio %.2f\n",
		       bare, engine, ratios[i]);
	}
	(void)kill(peer, SIGKILL);
	qsort(ratios, TURNS, sizeof(ratios[0]), by_size);
	printf("median ratio: %.2f\n", ratios[TURNS / 2]);
	return 0;
}
