/*
 * What back-to-back scrapes do to the main thread's writes: the same writer alone and
 * beside a scraper. Usage: bench_scrape [TRUNKS] [SECONDS]
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "exporter/http/http.h"
#include "tests/bench/fleet.h"
#include "tests/unit/exporter/http/http_client.h"

#define WRITES_MAX 4000000

struct scraper {
	int port;
	atomic_bool stop;
	long count;
	long long bytes;
};

static const char request[] =
	"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n";

static void *scraper(void *arg)
{
	struct scraper *s = arg;
	int fd = client_connect(s->port);

	while (!atomic_load(&s->stop)) {
		struct reply r;

		client_send(fd, request);
		r = client_read(fd, 0);
		if (r.status != 200)
			exit(1);
		s->count++;
		s->bytes += (long long)r.body_len;
		free(r.body);
	}
	close(fd);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* 10,000 writes a second, as a probe's end makes them; prints how long they took. */
static void write_for(const struct fleet *f, int seconds, const char *what)
{
	int64_t end_ns = clock_monotonic_ns() + seconds * CLOCK_NS_PER_S;
	int64_t *took_ns = calloc(WRITES_MAX, sizeof(*took_ns));
	struct probe_result r = {.code = 200, .phase_ns = {-1, -1, -1, -1, 12345678}};
	size_t n = 0;

	while (took_ns && n < WRITES_MAX && clock_monotonic_ns() < end_ns) {
		int64_t at_ns = clock_monotonic_ns();

		store_probe_done(f->store, f->cells[n % (size_t)f->count], &r);
		took_ns[n++] = clock_monotonic_ns() - at_ns;
		nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
	}
	if (!n)
		exit(1);
	qsort(took_ns, n, sizeof(*took_ns), compare);
	printf("%-10s %7zu writes: p50 %lld ns, p99 %lld ns, p99.9 %lld ns, worst %lld "
	       "ns\n",
	       what, n, (long long)took_ns[n / 2], (long long)took_ns[n * 99 / 100],
	       (long long)took_ns[n * 999 / 1000], (long long)took_ns[n - 1]);
	free(took_ns);
}

int main(int argc, char **argv)
{
	int trunks = argc > 1 ? atoi(argv[1]) : 10000;
	int seconds = argc > 2 ? atoi(argv[2]) : 3;
	static const char *const listen[] = {"127.0.0.1:0"};
	const struct http_conf conf = {.listen = listen,
				       .listen_count = 1,
				       .telemetry_path = "/metrics",
				       .version = "0"};
	struct fleet fleet = fleet_make(trunks);
	struct scraper s = {0};
	struct http *http;
	pthread_t thread;
	char err[256];

	if (http_alloc(&http, &conf, fleet.store, err, sizeof(err)))
		return 1;
	s.port = atoi(strrchr(http_listening(http, 0), ':') + 1);
	write_for(&fleet, seconds, "alone");
	pthread_create(&thread, NULL, scraper, &s);
	write_for(&fleet, seconds, "scraped");
	atomic_store(&s.stop, true);
	pthread_join(thread, NULL);
	printf("%ld scrapes, %.0f ms and %.2f MB each\n", s.count,
	       seconds * 1000.0 / (double)s.count,
	       (double)s.bytes / (double)s.count / 1e6);
	http_free(http);
	fleet_free(&fleet);
	return 0;
}
