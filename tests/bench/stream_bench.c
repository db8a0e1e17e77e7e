/*
 * What a probe over TCP and TLS costs in CPU: the engine, from schedule to result, beside
 * the least that can do the same with one connection at a time. Over TCP that is a loop
 * of send() and recv(), over kept TLS one of SSL_write() and SSL_read(), each with as
 * many connections as the engine has trunks; over fresh TLS `openssl s_time`, which
 * shakes hands and asks nothing; where sessions are resumed a loop that does just
 * that. All against the same responders (P-256, TLS 1.3), in turns; the medians count.
 */
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/rig.h"
#include "tests/bench/stream_responder.h"
#include "tests/support/ca.h"

enum { TARGETS = 2000, SECONDS = 3, TURNS = 3, RATES = 5 };

static const char request[] = RIG_REQUEST;

struct place {
	uint16_t tcp, tls;
	SSL_CTX *ctx;
};

struct link {
	int fd;
	SSL *ssl;
};

/* Returns CPU seconds a probe. */
typedef double(bare_h)(const struct place *at);

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct link link_open(unsigned i, uint16_t port, SSL_CTX *ctx,
			     SSL_SESSION *session)
{
	struct sockaddr_in to = rig_target(i, port);
	struct link l = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
	int on = 1;

	if (setsockopt(l.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
	    connect(l.fd, (struct sockaddr *)&to, sizeof(to)))
		exit(1);
	if (!ctx)
		return l;
	l.ssl = SSL_new(ctx);
	SSL_set_fd(l.ssl, l.fd);
	if (session)
		SSL_set_session(l.ssl, session);
	if (SSL_connect(l.ssl) != 1)
		exit(1);
	return l;
}

static void link_ask(const struct link *l)
{
	char answer[4096];
	int len = sizeof(request) - 1;
	bool well = l->ssl ? SSL_write(l->ssl, request, len) == len &&
				     SSL_read(l->ssl, answer, sizeof(answer)) > 0
			   : send(l->fd, request, (size_t)len, 0) == len &&
				     recv(l->fd, answer, sizeof(answer), 0) > 0;

	if (!well)
		exit(1);
}

static void link_close(const struct link *l)
{
	SSL_free(l->ssl);
	(void)close(l->fd);
}

static double bare_kept(uint16_t port, SSL_CTX *ctx)
{
	static struct link links[TARGETS];
	double end_s, cpu_s;
	unsigned done = 0;

	for (unsigned i = 0; i < TARGETS; i++)
		links[i] = link_open(i, port, ctx, NULL);
	cpu_s = rig_cpu_s();
	for (end_s = now_s() + SECONDS; now_s() < end_s; done++)
		link_ask(&links[done % TARGETS]);
	cpu_s = rig_cpu_s() - cpu_s;
	for (unsigned i = 0; i < TARGETS; i++)
		link_close(&links[i]);
	return cpu_s / done;
}

static double bare_tcp_kept(const struct place *at)
{
	return bare_kept(at->tcp, NULL);
}

static double bare_tls_kept(const struct place *at)
{
	return bare_kept(at->tls, at->ctx);
}

static double bare_tcp_fresh(const struct place *at)
{
	double end_s = now_s() + SECONDS, cpu_s = rig_cpu_s();
	unsigned done = 0;

	for (; now_s() < end_s; done++) {
		struct link l = link_open(done % TARGETS, at->tcp, NULL, NULL);

		link_ask(&l);
		link_close(&l);
	}
	return (rig_cpu_s() - cpu_s) / done;
}

static double children_cpu_s(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* It says how many handshakes it did; what they cost, the system says. */
static double s_time(const struct place *at, const char *options)
{
	double cpu_s = children_cpu_s();
	unsigned done = 0;
	char line[256];
	FILE *f;

	snprintf(line, sizeof(line),
		 "openssl s_time -connect 127.0.0.1:%u -time %d %s 2>&1", at->tls,
		 SECONDS, options);
	f = popen(line, "r"); /* NOLINT(cert-env33-c): a bench's own words */
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, " connections in "))
			done = (unsigned)strtoul(line, NULL, 10);
	if (!f || pclose(f) || !done)
		exit(1);
	return (children_cpu_s() - cpu_s) / done;
}

static double bare_tls_fresh(const struct place *at)
{
	return s_time(at, "-new");
}

/* s_time does not wait for a ticket of TLS 1.3, so its -reuse resumes nothing. */
static double bare_tls_resumed(const struct place *at)
{
	SSL_SESSION *session = NULL;
	double end_s = now_s() + SECONDS, cpu_s = rig_cpu_s();
	unsigned done = 0;

	for (; now_s() < end_s; done++) {
		struct link l = link_open(done % TARGETS, at->tls, at->ctx, session);

		link_ask(&l);
		SSL_SESSION_free(session);
		session = SSL_get1_session(l.ssl);
		SSL_set_shutdown(l.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
		link_close(&l);
	}
	SSL_SESSION_free(session);
	return (rig_cpu_s() - cpu_s) / done;
}

static double bare_tls_verified(const struct place *at)
{
	return s_time(at, "-new -verify 3 -CAfile " STREAM_RESPONDER_CA);
}

struct pace {
	const char *timeout;
	const char *intervals[RATES]; /* from full rate down */
};

static const struct pace kept = {"80ms", {"100ms", "120ms", "150ms", "200ms", "300ms"}};
static const struct pace fresh = {"150ms", {"200ms", "250ms", "300ms", "400ms", "600ms"}};
static const struct pace hands = {"1s", {"2s", "2500ms", "3s", "4s", "6s"}};

static const char verified[] = "\"ca_file\":\"" STREAM_RESPONDER_CA
			       "\",\"server_name\":\"" STREAM_RESPONDER_NAME "\"";
static const char resumed[] =
	"\"ca_file\":\"" STREAM_RESPONDER_CA "\",\"server_name\":\"" STREAM_RESPONDER_NAME
	"\",\"session_lifetime\":\"1h\"";
static const char unverified[] = "\"insecure_skip_verify\":true";

static const struct kind {
	const char *name;
	const char *transport;
	const char *connection;
	const char *tls; /* settings */
	const struct pace *pace;
	bare_h *bare;
} kinds[] = {
	{"TCP kept", "tcp", "reuse", "", &kept, bare_tcp_kept},
	{"TCP fresh", "tcp", "fresh", "", &fresh, bare_tcp_fresh},
	{"TLS kept", "tls", "reuse", verified, &kept, bare_tls_kept},
	{"TLS fresh, unverified", "tls", "fresh", unverified, &hands, bare_tls_fresh},
	{"TLS fresh", "tls", "fresh", verified, &hands, bare_tls_verified},
	{"TLS resumed", "tls", "fresh", resumed, &hands, bare_tls_resumed},
};

/*
 * Full rate is the highest at which the responder, on what the machine leaves it, loses
 * nothing. @rate: to begin with
 */
static double engine_s(const struct kind *k, const struct place *at, size_t *rate)
{
	char settings[256];
	struct rig rig = {.targets = TARGETS,
			  .port = strcmp(k->transport, "tls") ? at->tcp : at->tls,
			  .transport = k->transport,
			  .settings = settings,
			  .timeout = k->pace->timeout};

	snprintf(settings, sizeof(settings), ",\"connection\":\"%s\",\"tls\":{%s}",
		 k->connection, k->tls);
	for (;; ++*rate) {
		rig.interval = k->pace->intervals[*rate];
		rig_run(&rig, 3, SECONDS);
		if (rig.answered >= rig.done - rig.done / 1000 || *rate + 1 == RATES)
			break;
	}
	if (rig.answered < rig.done - rig.done / 1000)
		printf("%s: %.4f answered\n", k->name,
		       (double)rig.answered / (double)rig.done);
	return rig.cpu_s / (double)rig.done;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double values[TURNS])
{
	qsort(values, TURNS, sizeof(values[0]), by_size);
	return values[TURNS / 2];
}

static void compare(const struct kind *k, const struct place *at)
{
	double bare[TURNS], engine[TURNS], ratios[TURNS], engine_median;
	size_t rate = 0;

	for (int i = 0; i < TURNS; i++) {
		bare[i] = k->bare(at);
		engine[i] = engine_s(k, at, &rate);
		ratios[i] = engine[i] / bare[i];
	}
	engine_median = median(engine);
	printf("%-22s  %8.1f %8.1f %7.2f %10.0f %8s\n", k->name, median(bare) * 1e6,
	       engine_median * 1e6, median(ratios), 1 / engine_median,
	       k->pace->intervals[rate]);
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	char folder[64];
	struct place at = {.ctx = SSL_CTX_new(TLS_client_method())};
	pid_t tcp = stream_responder_start(&at.tcp, NULL);
	pid_t tls = stream_responder_start(&at.tls, ca_dir_make(folder));

	if (tcp < 0 || tls < 0 || chdir(folder))
		return 1;
	printf("%-22s  %8s %8s %7s %10s %8s\n", "us of CPU a probe", "bare", "engine",
	       "ratio", "/s a core", "every");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (argc < 2 || strstr(kinds[i].name, argv[1]))
			compare(&kinds[i], &at);
	(void)kill(tcp, SIGKILL);
	(void)kill(tls, SIGKILL);
	SSL_CTX_free(at.ctx);
	ca_dir_remove(folder);
	return 0;
}
