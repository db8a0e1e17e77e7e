/* The HTTP server, asked over real sockets by polite clients and by others. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "exporter/http/http.h"
#include "exporter/http/http_guard.h"
#include "tests/unit/exporter/gunzip.h"
#include "tests/unit/exporter/http/http_client.h"
#include "tests/unit/tap.h"

#define GET(path)      "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"
#define GET_GZIP(path) "GET " path " HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"

static const double bounds[] = {0.001, 0.01, 0.1, 1};

struct server {
	struct store *store;
	struct http *http;
	int port;
	struct store_target *cell;
};

static int port_of(const char *name)
{
	return name ? atoi(strrchr(name, ':') + 1) : -1;
}

static void add_trunks(struct server *s, int count)
{
	char name[32];
	int i;

	for (i = 0; i < count; i++) {
		struct config_trunk trunk = {.name = name, .uri = "sip:192.0.2.1"};
		struct engine_target target = {"OPTIONS", "192.0.2.1:5060", "udp"};

		snprintf(name, sizeof(name), "t%05d", i);
		s->cell = store_target_add(s->store, store_trunk_add(s->store, &trunk),
					   &target);
	}
}

static struct server server_start(int trunks)
{
	static const char *const listen[] = {"127.0.0.1:0", "[::1]:0"};
	const struct http_conf conf = {.listen = listen,
				       .listen_count = 2,
				       .telemetry_path = "/metrics",
				       .version = "1.2.3<x>",
				       .libre = "v1.1.0"};
	struct server s = {0};
	char err[256] = "";

	if (store_alloc(&s.store, bounds, 4) ||
	    http_alloc(&s.http, &conf, s.store, err, sizeof(err))) {
		printf("Bail out! %s\n", err);
		exit(1);
	}
	add_trunks(&s, trunks);
	s.port = port_of(http_listening(s.http, 0));
	return s;
}

static void server_stop(struct server *s)
{
	http_free(s->http);
	store_free(s->store);
}

static const struct {
	const char *request;
	int status;
	const char *field; /* a field of the head … */
	const char *value; /* … and its whole value */
	const char *body;  /* something in the body */
} request_cases[] = {
	{GET("/-/healthy"), 200, "Content-Type", "text/plain; charset=utf-8", "healthy"},
	{GET("/-/ready"), 503, "Cache-Control", "no-store", "no configuration"},
	{GET("/metrics"), 200, "Content-Type", "text/plain; version=0.0.4; charset=utf-8",
	 "siptrunk_exporter_trunks 3\n"},
	{GET("/metrics?name=x"), 200, "Vary", "Accept, Accept-Encoding",
	 "libre=\"v1.1.0\"} 1\n"},
	{GET("/"), 200, "Content-Security-Policy",
	 "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
	 "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors "
	 "'none'",
	 "1.2.3&lt;x&gt;"},
	{GET("/"), 200, "Content-Type", "text/html; charset=utf-8", "href=\"-/ready\""},
	{GET("/"), 200, "X-Content-Type-Options", "nosniff", "href=\"metrics\""},
	/* With no-referrer browsers send "Origin: null" with a form of ours. */
	{GET("/"), 200, "Referrer-Policy", "same-origin", ""},
	{GET("/metrics/"), 404, "Content-Type", "text/plain; charset=utf-8", "not found"},
	{GET("/../metrics"), 404, NULL, NULL, "not found"},
	{GET("/favicon.ico"), 404, NULL, NULL, "not found"},
	{"HEAD /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n", 200, "Content-Length", "8", ""},
	{"HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404, NULL, NULL, ""},
	{"DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 405, "Allow", "GET, HEAD",
	 "not allowed"},
	{"OPTIONS /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 405, "Allow", "GET, HEAD", ""},
	{"GE /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 405, "Allow", "GET, HEAD", ""},
	{"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", 405,
	 "Connection", "close", "not allowed"},
	{"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", 413,
	 "Connection", "close", "no body"},
	{"GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "5\r\nhello\r\n0\r\n\r\n",
	 413, "Connection", "close", "no body"},
	{"GET /-/healthy HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 200, NULL,
	 NULL, "healthy"},
	{"GET /-/healthy HTTP/1.0\r\n\r\n", 200, NULL, NULL, "healthy"},
	{"GET http://a.example:1/-/healthy HTTP/1.1\r\nHost: x\r\n\r\n", 200, NULL, NULL,
	 "healthy"},
	{"GET HTTPS://[2001:db8::1]/metrics?name[]=siptrunk_exporter_trunks HTTP/1.1\r\n"
	 "Host: x\r\n\r\n",
	 200, NULL, NULL, "siptrunk_exporter_trunks 3\n"},
	{"GET http://a.example HTTP/1.1\r\nHost: x\r\n\r\n", 200, "Content-Type",
	 "text/html; charset=utf-8", ""},
	{"GET http://a.example/nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404, NULL, NULL,
	 "not found"},
	{"GET http:///metrics HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Connection", "close",
	 "neither a path nor a URL"},
	{"GET metrics HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Connection", "close", ""},
	{"GET /metrics%00foo HTTP/1.1\r\nHost: x\r\n\r\n", 400, "Connection", "close",
	 "a zero in the path"},
	{"GET http://a.example/-/healthy%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400,
	 "Connection", "close", "a zero in the path"},
	{"GET /metrics?name[]=siptrunk_exporter_trunks%00 HTTP/1.1\r\nHost: x\r\n\r\n",
	 200, NULL, NULL, ""},
	{"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404, NULL, NULL, ""},
	{"GET /metrics HTTP/1.1\r\n\r\n", 400, "Connection", "close", ""},
	{"GET http://a.example/metrics HTTP/1.1\r\n\r\n", 400, "Connection", "close", ""},
	{"GET /metrics HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n", 400, "Connection",
	 "close", ""},
	{"GET /metrics HTTP/1.1\r\nHost: x y\r\n\r\n", 400, "Connection", "close", ""},
	{"GET /-/healthy HTTP/1.1\r\nHost: [::1]:10060 \r\n\r\n", 200, NULL, NULL,
	 "healthy"},
	{"GET /-/healthy HTTP/1.1\r\nHost:\r\n\r\n", 200, NULL, NULL, "healthy"},
	{"GET /-/healthy HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400, "Connection",
	 "close", ""},
};

static void test_requests(void)
{
	struct server s = server_start(3);
	size_t i;

	for (i = 0; i < sizeof(request_cases) / sizeof(request_cases[0]); i++) {
		struct reply r = client_ask(s.port, request_cases[i].request);
		const char *field = request_cases[i].field;
		char name[40];

		snprintf(name, sizeof(name), "%.*s",
			 (int)strcspn(request_cases[i].request, "\r"),
			 request_cases[i].request);
		is_int(r.status, request_cases[i].status, name);
		if (field)
			is_str(reply_field(&r, field), request_cases[i].value, field);
		if (request_cases[i].body)
			ok(r.body && strstr(r.body, request_cases[i].body), "the body");
		free(r.body);
	}
	server_stop(&s);
}

static void test_ready(void)
{
	struct server s = server_start(0);
	struct reply r;

	store_reload(s.store, true, 1);
	r = client_ask(s.port, GET("/-/ready"));
	is_int(r.status, 200, "ready once a configuration is applied");
	free(r.body);
	server_stop(&s);
}

static void test_gzip(void)
{
	struct server s = server_start(200);
	struct reply r = client_ask(s.port, GET_GZIP("/metrics"));
	size_t size = 8 << 20, len = 0;
	char *text = malloc(size);

	is_str(reply_field(&r, "Content-Encoding"), "gzip", "gzip when asked for");
	len = gunzip(text, size - 1, r.body, r.body_len);
	ok(len != GUNZIP_WRONG, "one member and nothing after it");
	if (len == GUNZIP_WRONG)
		len = 0;
	text[len] = '\0';
	ok(strstr(text, "\nsiptrunk_probes_total{trunk=\"t00199\""), "whole");
	ok(len > 10 * r.body_len, "%zu bytes became %zu", len, r.body_len);
	free(r.body);
	r = client_ask(s.port, GET("/metrics"));
	ok(!reply_field(&r, "Content-Encoding"), "plain when not asked for");
	ok(r.body && strstr(r.body, "siptrunk_exporter_scrape_size_bytes "),
	   "the scrape before");
	free(r.body);
	r = client_ask(s.port, GET_GZIP("/-/healthy"));
	ok(!reply_field(&r, "Content-Encoding"), "a few bytes are not worth it");
	free(r.body);
	free(text);
	server_stop(&s);
}

static void test_head_of_metrics(void)
{
	struct server s = server_start(10);
	int fd = client_connect(s.port);
	struct reply r;

	client_send(fd, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n" GET("/-/healthy"));
	r = client_read(fd, 1);
	ok(r.status == 200 && atoi(reply_field(&r, "Content-Length")) > 1000,
	   "HEAD tells the length");
	free(r.body);
	r = client_read(fd, 0);
	is_str(r.body, "healthy\n", "and sends no body");
	free(r.body);
	close(fd);
	server_stop(&s);
}

static void test_keep_alive(void)
{
	struct server s = server_start(1);
	int fd = client_connect(s.port);
	struct reply r;
	int i, good = 0;

	for (i = 0; i < 50; i++) {
		client_send(fd, GET("/metrics"));
		r = client_read(fd, 0);
		good += r.status == 200 && strstr(r.body, "siptrunk_probes_total");
		free(r.body);
	}
	is_int(good, 50, "50 scrapes on one connection");
	client_send(fd, GET("/-/healthy") GET("/metrics") GET("/nowhere") "GET /-/hea");
	for (i = 0; i < 3; i++) {
		r = client_read(fd, 0);
		is_int(r.status, i == 2 ? 404 : 200, "a pipelined request");
		free(r.body);
	}
	client_send(fd, "lthy HTTP/1.1\r\nHost: x\r\n\r\n");
	r = client_read(fd, 0);
	is_int(r.status, 200, "and one cut in two");
	free(r.body);
	close(fd);
	server_stop(&s);
}

static void check_alive(const struct server *s, const char *what)
{
	struct reply r = client_ask(s->port, GET("/-/healthy"));

	ok(r.status == 200, "alive after %s", what);
	free(r.body);
}

static void test_hostile(void)
{
	static const char *const requests[] = {
		"\r\n\r\n\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"OPTIONS sip:x SIP/2.0\r\nVia: x\r\n\r\n",
		"GET\r\n\r\n",
		"GET /metrics HTTP/9.9\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
		"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
		"GET /%zz%00%ff HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n\r\n\r\nrubbish\r\n\r\n",
	};
	struct server s = server_start(1);
	char *huge = malloc(200000);
	struct reply r;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		fd = client_connect(s.port);
		client_send(fd, requests[i]);
		shutdown(fd, SHUT_WR);
		ok(client_closed(fd), "closed: case %zu", i);
		close(fd);
		check_alive(&s, "it");
	}
	memset(huge, 'a', 200000);
	memcpy(huge, "GET / HTTP/1.1\r\nX: ", 19);
	huge[199999] = '\0';
	r = client_ask(s.port, huge);
	ok(r.status == 431 || r.status == 413 || r.status == 0, "huge head: %d",
	   r.status);
	free(r.body);
	check_alive(&s, "a huge head");
	free(huge);
	server_stop(&s);
}

/* More than the limit from one address, all slow: a scrape from there still gets in. */
static void test_slow_heads(void)
{
	enum { SLOW = 300 };
	struct server s = server_start(1);
	int64_t begun_ns = clock_monotonic_ns();
	int fds[SLOW], i, good = 0, cut = 0;

	for (i = 0; i < SLOW; i++) {
		fds[i] = client_connect(s.port);
		client_send(fds[i], "GET /metrics HTTP/1.1\r\nX-Slow: ");
	}
	for (i = 0; i < 20; i++) {
		struct reply r = client_ask(s.port, GET("/metrics"));

		good += r.status == 200;
		free(r.body);
	}
	is_int(good, 20, "20 scrapes past 300 slow heads");
	ok(clock_monotonic_ns() - begun_ns < 5 * CLOCK_NS_PER_S, "and none waited");
	for (i = 0; i < SLOW; i++) {
		char byte;

		cut += recv(fds[i], &byte, 1, MSG_DONTWAIT) >= 0 || errno != EAGAIN;
		close(fds[i]);
	}
	ok(cut >= SLOW - HTTP_GUARD_CLIENTS_PER_IP, "%d of them were cut", cut);
	server_stop(&s);
}

struct writer {
	struct server *s;
	atomic_bool stop;
	int64_t worst_ns;
	int64_t sum_ns;
	int64_t writes;
};

static void *writer(void *arg)
{
	struct writer *w = arg;

	while (!atomic_load(&w->stop)) {
		int64_t at_ns = clock_monotonic_ns();
		int64_t took_ns;

		store_probe_begin(w->s->store, w->s->cell, 0);
		took_ns = clock_monotonic_ns() - at_ns;
		w->sum_ns += took_ns;
		w->writes++;
		if (took_ns > w->worst_ns)
			w->worst_ns = took_ns;
		nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
	}
	return NULL;
}

/* Readers that ask and do not read hold neither the store nor other scrapes up. */
static void test_slow_readers(void)
{
	enum { READERS = 20, TRUNKS = 2000 };
	struct server s = server_start(TRUNKS);
	struct writer w = {.s = &s};
	int fds[READERS], i, good = 0;
	pthread_t thread;

	pthread_create(&thread, NULL, writer, &w);
	for (i = 0; i < READERS; i++) {
		fds[i] = client_connect(s.port);
		client_send(fds[i], GET("/metrics"));
	}
	for (i = 0; i < 5; i++) {
		struct reply r = client_ask(s.port, GET("/metrics"));

		good += r.status == 200 && strstr(r.body, "process_start_time_seconds");
		free(r.body);
	}
	is_int(good, 5, "5 whole scrapes beside 20 readers that do not read");
	atomic_store(&w.stop, true);
	pthread_join(thread, NULL);
	printf("# writes took %lld ns on average, %lld at worst\n",
	       (long long)(w.sum_ns / (w.writes ? w.writes : 1)), (long long)w.worst_ns);
	ok(w.writes > 100 && w.sum_ns / w.writes < 1000000, "writers hardly wait");
	for (i = 0; i < READERS; i++)
		close(fds[i]);
	server_stop(&s);
}

static void test_addresses(void)
{
	static const struct {
		const char *address;
		const char *error;
	} bad[] = {
		{"10060", "10060: not an address and a port, as in 127.0.0.1:10060"},
		{"127.0.0.1:99999",
		 "127.0.0.1:99999: not an address and a port, as in 127.0.0.1:10060"},
		{"::1:80", "::1:80: not an address and a port, as in 127.0.0.1:10060"},
		{"192.0.2.1:0", "192.0.2.1:0: Cannot assign requested address"},
	};
	struct http_conf conf = {
		.listen_count = 1, .telemetry_path = "/metrics", .version = "1"};
	struct server s = server_start(1);
	struct http *h = NULL;
	char err[256], want[256], any[16];
	const char *one;
	struct reply r;
	size_t i;

	conf.listen = &one;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		one = bad[i].address;
		ok(http_alloc(&h, &conf, s.store, err, sizeof(err)) != 0, "%s", one);
		is_str(err, bad[i].error, "says why");
	}
	one = http_listening(s.http, 0);
	is_int(http_alloc(&h, &conf, s.store, err, sizeof(err)), EADDRINUSE, "busy port");
	snprintf(want, sizeof(want), "%s: Address already in use", one);
	is_str(err, want, "and which");
	ok(!http_listening(s.http, 2), "two addresses and no more");
	ok(!strncmp(http_listening(s.http, 1), "[::1]:", 6), "IPv6 in brackets");

	one = ":0";
	is_int(http_alloc(&h, &conf, s.store, err, sizeof(err)), 0, "all addresses");
	snprintf(any, sizeof(any), "%s", http_listening(h, 0));
	ok(!strncmp(any, "[::]:", 5) || !strncmp(any, "0.0.0.0:", 8), "%s", any);
	r = client_ask(port_of(any), GET("/-/healthy"));
	is_int(r.status, 200, "IPv4 reaches it");
	free(r.body);
	http_free(h);
	server_stop(&s);
}

static void test_stop(void)
{
	struct server s = server_start(10);
	int idle = client_connect(s.port), half = client_connect(s.port);
	int64_t begun_ns;

	client_send(half, "GET /");
	free(client_ask(s.port, GET("/-/healthy")).body);
	begun_ns = clock_monotonic_ns();
	server_stop(&s);
	ok(clock_monotonic_ns() - begun_ns < CLOCK_NS_PER_S / 2,
	   "stops in half a second");
	ok(client_closed(idle) && client_closed(half), "and closes what is open");
	close(idle);
	close(half);
	is_int(client_connect(s.port), -1, "nobody listens any more");
}

int main(void)
{
	const struct rlimit files = {4096, 4096};

	setrlimit(RLIMIT_NOFILE, &files);
	test_requests();
	test_ready();
	test_gzip();
	test_head_of_metrics();
	test_keep_alive();
	test_hostile();
	test_slow_heads();
	test_slow_readers();
	test_addresses();
	test_stop();
	return tap_done();
}
