/* The server with a web configuration: passwords, headers, bodies, reloads, no probes. */
#include <crypt.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "exporter/http/http.h"
#include "sipprobe/loop.h"
#include "tests/unit/exporter/http/http_client.h"
#include "tests/unit/tap.h"

static const double bounds[] = {1};
static char path[] = "/tmp/siptrunk-web-XXXXXX";

static void reload_h(struct reload_requests *l, void *arg)
{
	++*(int *)arg;
	reload_order_answer(reload_requests_take(l), 0);
}

struct server {
	struct store *store;
	struct web *web;
	struct http *http;
	int reloads;
	int port;
};

static void server_open(struct server *s)
{
	static const char *const listen[] = {"127.0.0.1:0"};
	struct http_conf conf = {.listen = listen,
				 .listen_count = 1,
				 .telemetry_path = "/metrics",
				 .version = "1",
				 .orders = {[HTTP_ORDER_RELOAD] = reload_h},
				 .order_arg = &s->reloads};
	struct config_errors errs = {0};
	char err[256] = "";

	*s = (struct server){0};
	if (web_alloc(&s->web, path, &errs)) {
		config_errors_print(&errs, stdout);
		exit(1);
	}
	conf.web = s->web;
	if (store_alloc(&s->store, bounds, 1) ||
	    http_alloc(&s->http, &conf, s->store, err, sizeof(err)))
		exit(1);
	s->port = atoi(strrchr(http_listening(s->http, 0), ':') + 1);
}

static void server_close(struct server *s)
{
	http_free(s->http);
	web_free(s->web);
	store_free(s->store);
}

/* A user with the password "secret", hashed at the least cost. */
static void web_write(void)
{
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];
	int fd = mkstemp(path);

	if (fd < 0 || !crypt_gensalt_rn("$2b$", 4, NULL, 0, salt, sizeof(salt)))
		exit(1);
	dprintf(fd,
		"basic_auth_users:\n  u: '%s'\n"
		"http_server_config:\n  headers:\n    Content-Security-Policy: none\n",
		crypt("secret", salt));
	close(fd);
}

#define HOST	" HTTP/1.1\r\nHost: x\r\n"
#define RIGHT	"Authorization: Basic dTpzZWNyZXQ=\r\n" /* u:secret */
#define WRONG	"Authorization: Basic dTp3cm9uZw==\r\n" /* u:wrong */
#define NOBODY	"Authorization: Basic eDpzZWNyZXQ=\r\n" /* x:secret */
#define CHUNKED "Transfer-Encoding: chunked\r\n"

static const struct {
	const char *request;
	int status;
	const char *field;
	const char *value; /* NULL: there is no such field */
	const char *body;  /* holds this */
} requests[] = {
	{"GET /-/healthy" HOST "\r\n", 401, "WWW-Authenticate",
	 "Basic realm=\"siptrunk_exporter\", charset=\"UTF-8\"", "Unauthorized\n"},
	{"GET /-/healthy" HOST WRONG "\r\n", 401, "WWW-Authenticate",
	 "Basic realm=\"siptrunk_exporter\", charset=\"UTF-8\"", "Unauthorized\n"},
	{"GET /-/healthy" HOST NOBODY "\r\n", 401, NULL, NULL, "Unauthorized\n"},
	{"GET /-/healthy" HOST RIGHT "\r\n", 200, "WWW-Authenticate", NULL, "healthy\n"},
	{"GET /-/healthy" HOST RIGHT "\r\n", 200, "X-Content-Type-Options", "nosniff",
	 "healthy\n"},
	{"GET /nowhere" HOST "\r\n", 401, NULL, NULL, "Unauthorized\n"},
	{"GET /nowhere" HOST RIGHT "\r\n", 404, NULL, NULL, "not found\n"},
	{"GET /" HOST RIGHT "\r\n", 200, "Content-Security-Policy", "none", "0 trunks"},
	{"POST /nowhere" HOST "Content-Length: 1\r\n\r\nx", 413, "Connection", "close",
	 "a request must have no body\n"},
	{"POST /nowhere" HOST CHUNKED "\r\n0\r\n\r\n", 413, "Connection", "close",
	 "a request must have no body\n"},
	{"GET /metrics" HOST RIGHT "Content-Length: 1\r\n\r\nx", 413, "Connection",
	 "close", "a request must have no body\n"},
	{"GET /probe?target=sip:x" HOST RIGHT "\r\n", 404, NULL, NULL, "not found\n"},
	{"GET /probe?target=a%00b" HOST RIGHT "\r\n", 400, NULL, NULL, "target"},
	{"GET /-/reload" HOST RIGHT "\r\n", 405, "Allow", "POST, PUT", "not allowed"},
};

static void test_requests(const struct server *s)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		struct reply r = client_ask(s->port, requests[i].request);

		printf("# request %zu, %.*s\n", i,
		       (int)strcspn(requests[i].request, "\r"), requests[i].request);
		is_int(r.status, requests[i].status, "its status");
		if (requests[i].field)
			is_str(reply_field(&r, requests[i].field), requests[i].value,
			       requests[i].field);
		ok(r.body && strstr(r.body, requests[i].body), "its body");
		free(r.body);
	}
}

static void stop_h(void *data, void *arg)
{
	(void)data;
	(void)arg;
	loop_stop();
}

static void *ask_reload(void *arg)
{
	const struct server *s = arg;
	struct reply r = client_ask(s->port, "POST /-/reload" HOST RIGHT "\r\n");

	is_int(r.status, 200, "who asks for a reload waits for it");
	is_str(r.body, "reloaded\n", "and is told");
	free(r.body);
	loop_post(stop_h, NULL, NULL);
	return NULL;
}

static void test_reload(struct server *s)
{
	pthread_t thread;

	pthread_create(&thread, NULL, ask_reload, s);
	is_int(loop_run(), 0, "the main thread's loop");
	pthread_join(thread, NULL);
	is_int(s->reloads, 1, "reloads once");
}

/* Who waits for a reload that the main thread never comes to is answered at the end. */
static void test_stop(struct server *s)
{
	int fd = client_connect(s->port);
	struct reply r;

	client_send(fd, "POST /-/reload" HOST RIGHT "\r\n");
	free(client_ask(s->port, "GET /-/healthy" HOST RIGHT "\r\n").body);
	http_free(s->http);
	s->http = NULL;
	r = client_read(fd, 0);
	is_int(r.status, 503, "answered at the end");
	is_str(r.body, "the exporter stops\n", "in words");
	is_int(s->reloads, 1, "and nothing was reloaded");
	free(r.body);
	close(fd);
}

static void test_addresses(const struct server *s)
{
	const char *listen[HTTP_LISTEN_MAX + 1];
	struct http_conf conf = {.listen = listen,
				 .listen_count = HTTP_LISTEN_MAX + 1,
				 .telemetry_path = "/metrics",
				 .version = "1"};
	struct http *h = NULL;
	char err[128];

	for (int i = 0; i <= HTTP_LISTEN_MAX; i++)
		listen[i] = "127.0.0.1:0";
	is_int(http_alloc(&h, &conf, s->store, err, sizeof(err)), E2BIG,
	       "more addresses than there may be");
	is_str(err, "more than 16 addresses", "which is said");
	conf.systemd_socket = true;
	unsetenv("LISTEN_FDS");
	is_int(http_alloc(&h, &conf, s->store, err, sizeof(err)), ENOENT,
	       "no socket from systemd");
	is_str(err, "--web.systemd-socket: systemd passed no socket that listens",
	       "which is said");
	ok(!h, "and nothing serves");
}

int main(void)
{
	struct server s;

	if (loop_init(NULL, NULL))
		return 1;
	web_write();
	server_open(&s);
	test_requests(&s);
	test_reload(&s);
	test_addresses(&s);
	test_stop(&s);
	server_close(&s);
	loop_close();
	unlink(path);
	return tap_done();
}
