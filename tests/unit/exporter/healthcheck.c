/* --healthcheck against a real server of ours, over HTTP and HTTPS, and others. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exporter/healthcheck.h"
#include "exporter/http/http.h"
#include "tests/support/ca.h"
#include "tests/unit/tap.h"

static const double bounds[] = {1};

struct server {
	struct store *store;
	struct web *web;
	struct http *http;
	char port[8];
};

static void server_open(struct server *s, const char *web_file, const char *prefix)
{
	static const char *const listen[] = {"127.0.0.1:0"};
	struct http_conf conf = {.listen = listen,
				 .listen_count = 1,
				 .telemetry_path = "/metrics",
				 .route_prefix = prefix,
				 .version = "1"};
	struct config_errors errs = {0};
	char err[256] = "";

	*s = (struct server){0};
	if (web_file && web_alloc(&s->web, web_file, &errs)) {
		config_errors_print(&errs, stdout);
		exit(1);
	}
	conf.web = s->web;
	if (store_alloc(&s->store, bounds, 1) ||
	    http_alloc(&s->http, &conf, s->store, err, sizeof(err))) {
		printf("# %s\n", err);
		exit(1);
	}
	snprintf(s->port, sizeof(s->port), "%s",
		 strrchr(http_listening(s->http, 0), ':') + 1);
}

static void server_close(struct server *s)
{
	http_free(s->http);
	web_free(s->web);
	store_free(s->store);
}

/* @format: an address with its port as %s; @why: the end of the complaint */
static void check(const struct server *s, struct healthcheck_conf conf, int err,
		  const char *why)
{
	char given[256], text[512] = "";
	const char *format = conf.url ? conf.url : conf.listen;
	const char *percent = strstr(format, "PORT");

	if (percent)
		snprintf(given, sizeof(given), "%.*s%s%s", (int)(percent - format),
			 format, s->port, percent + 4);
	else
		snprintf(given, sizeof(given), "%s", format);
	if (conf.url)
		conf.url = given;
	else
		conf.listen = given;
	is_int(healthcheck(&conf, text, sizeof(text)), err, format);
	if (err)
		ok(strlen(text) > strlen(why) &&
			   !strcmp(text + strlen(text) - strlen(why), why),
		   "%s", text);
}

static void test_plain(void)
{
	struct server s;

	server_open(&s, NULL, NULL);
	check(&s, (struct healthcheck_conf){.listen = "127.0.0.1:PORT"}, 0, NULL);
	check(&s, (struct healthcheck_conf){.listen = ":PORT"}, 0, NULL);
	check(&s, (struct healthcheck_conf){.listen = "0.0.0.0:PORT"}, 0, NULL);
	check(&s, (struct healthcheck_conf){.url = "http://127.0.0.1:PORT/-/healthy"}, 0,
	      NULL);
	check(&s, (struct healthcheck_conf){.url = "http://127.0.0.1:PORT"}, 0, NULL);
	check(&s, (struct healthcheck_conf){.url = "http://127.0.0.1:PORT/x"}, EPROTO,
	      "answered 404");
	check(&s, (struct healthcheck_conf){.url = "https://127.0.0.1:PORT/"}, EPROTO,
	      strerror(EPROTO));
	check(&s,
	      (struct healthcheck_conf){.listen = "127.0.0.1:PORT", .route_prefix = "/p"},
	      EPROTO, "answered 404");
	server_close(&s);
	check(&s, (struct healthcheck_conf){.listen = "127.0.0.1:PORT"}, ECONNREFUSED,
	      "Connection refused");
	server_open(&s, NULL, "/p");
	check(&s,
	      (struct healthcheck_conf){.listen = "127.0.0.1:PORT", .route_prefix = "/p"},
	      0, NULL);
	server_close(&s);
}

static const char *const wrong[] = {
	"http://",
	"ftp://127.0.0.1/",
	"http:///x",
	"http://[::1/",
	"http://[::1]x/",
	"http://127.0.0.1:123456/",
	"http://127.0.0.1:/",
	"http://127.0.0.1/a b",
};

static void test_wrong(void)
{
	struct server s = {.port = "1"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		check(&s, (struct healthcheck_conf){.url = wrong[i]}, EINVAL,
		      "not a URL such as http://127.0.0.1:10060/-/healthy");
	check(&s, (struct healthcheck_conf){.listen = "127.0.0.1"}, EINVAL,
	      "not an address such as 127.0.0.1:10060");
	check(&s, (struct healthcheck_conf){.listen = ":1", .route_prefix = "/ "}, EINVAL,
	      "not an address such as 127.0.0.1:10060");
	check(&s, (struct healthcheck_conf){.url = "http://no.such.name.invalid/"},
	      EADDRNOTAVAIL, strerror(EADDRNOTAVAIL));
}

static void test_tls(void)
{
	struct ca_cert cert;
	const struct ca_cert *chain[] = {&cert, NULL};
	char dir[64], path[128], yaml[128];
	struct server s;
	FILE *f;

	ca_dir_make(dir);
	ca_make(&cert, &(struct ca_spec){"localhost", "DNS:localhost"}, NULL);
	ca_write(path, dir, "cert.pem", chain, NULL);
	ca_write(path, dir, "key.pem", NULL, cert.key);
	snprintf(yaml, sizeof(yaml), "%s/web.yml", dir);
	f = fopen(yaml, "we");
	fputs("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n", f);
	fclose(f);
	server_open(&s, yaml, NULL);
	check(&s,
	      (struct healthcheck_conf){.listen = "127.0.0.1:PORT",
					.web_config_file = yaml},
	      0, NULL);
	check(&s, (struct healthcheck_conf){.url = "https://127.0.0.1:PORT/-/healthy"}, 0,
	      NULL);
	server_close(&s);
	f = fopen(yaml, "we");
	fputs("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n"
	      "  client_auth_type: RequireAnyClientCert\n",
	      f);
	fclose(f);
	server_open(&s, yaml, NULL);
	check(&s, (struct healthcheck_conf){.url = "https://127.0.0.1:PORT/-/healthy"}, 0,
	      NULL);
	server_close(&s);
	ca_drop(&cert);
	ca_dir_remove(dir);
}

/* --- a server that is none of ours --- */

struct odd {
	int fd;
	const char *says;
};

static void *odd_run(void *arg)
{
	struct odd *o = arg;
	int fd = accept(o->fd, NULL, NULL);
	char head[1024];

	(void)!read(fd, head, sizeof(head));
	(void)!write(fd, o->says, strlen(o->says));
	close(fd);
	return NULL;
}

static void test_odd(void)
{
	static const struct {
		const char *says;
		int err;
		const char *why;
	} rows[] = {
		{"HTTP/1.0 200 OK\r\n\r\n", 0, NULL},
		{"HTTP/1.1 401 No\r\n\r\n", 0, NULL},
		{"HTTP/1.1 503 No\r\n\r\n", EPROTO, "answered 503"},
		{"HTTP/2.0 200 OK\r\n\r\n", EPROTO, "Protocol error"},
		{"SSH-2.0-x\r\n", EPROTO, "Protocol error"},
		{"", EPROTO, "Protocol error"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sockaddr_in in = {.sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		struct odd o = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
				rows[i].says};
		socklen_t len = sizeof(in);
		struct server s;
		pthread_t thread;

		if (bind(o.fd, (const struct sockaddr *)&in, len) || listen(o.fd, 5) ||
		    getsockname(o.fd, (struct sockaddr *)&in, &len))
			exit(1);
		snprintf(s.port, sizeof(s.port), "%d", ntohs(in.sin_port));
		pthread_create(&thread, NULL, odd_run, &o);
		check(&s, (struct healthcheck_conf){.url = "http://127.0.0.1:PORT/"},
		      rows[i].err, rows[i].why);
		pthread_join(thread, NULL);
		close(o.fd);
	}
}

int main(void)
{
	test_plain();
	test_wrong();
	test_tls();
	test_odd();
	return tap_done();
}
