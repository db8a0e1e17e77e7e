#include "exporter/http/http.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "exporter/http/http_accept.h"
#include "exporter/http/http_private.h"
#include "exporter/http/http_scrape.h"
#include "exporter/http/http_socket.h"
#include "exporter/http/http_systemd.h"
#include "exporter/http/http_unix.h"
#include "exporter/store/labels.h"

/* A connection without any traffic; scrapers come back every minute or sooner. */
#define IDLE_TIMEOUT_S 180

#define HEAD_TIMEOUT_NS	  (10 * CLOCK_NS_PER_S)
#define ANSWER_TIMEOUT_NS (60 * CLOCK_NS_PER_S)
#define STALL_TIMEOUT_NS  (8 * CLOCK_NS_PER_S)

/* Head and reply lines of one connection. */
#define CLIENT_MEMORY_BYTES ((size_t)16 * 1024)

/*
 * The guard makes way at its own, lower limit; this is what the kernel's queue is for.
 * Clients that wait for a probe come on top, as many as probe.max_concurrent may allow.
 */
#define CLIENTS_MAX (2U * HTTP_GUARD_CLIENTS + 4096)

/* Time that http_free() waits for answers under way. */
#define DRAIN_NS      (400 * CLOCK_NS_PER_MS)
#define DRAIN_STEP_NS (5 * CLOCK_NS_PER_MS)

struct http_listener {
	struct MHD_Daemon *daemon;
	struct http_accept *accept;
	struct http_guard *guard; /* the server's */
	int fd;
	char name[HTTP_SOCKET_NAME];
	bool ours; /* made here, not by systemd */
};

struct http {
	struct http_server server;
	struct web *own_web; /* when none was given */
	size_t count;
	struct http_listener listeners[HTTP_LISTEN_MAX];
};

__attribute__((format(printf, 2, 0))) static void mhd_log_h(void *arg, const char *fmt,
							    va_list ap)
{
	char text[256];

	(void)arg;
	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_event(LOG_LEVEL_DEBUG, "http", LOG_S("detail", text));
}

/* Every session gets its own certificate at its beginning; what did not, gets none. */
static int http_no_certificate_h(gnutls_session_t session,
				 const gnutls_datum_t *req_ca_dn, int nreqs,
				 const gnutls_pk_algorithm_t *pk_algos,
				 int pk_algos_length, gnutls_pcert_st **pcert,
				 unsigned *pcert_length, gnutls_privkey_t *privkey)
{
	(void)session;
	(void)req_ca_dn;
	(void)nreqs;
	(void)pk_algos;
	(void)pk_algos_length;
	(void)pcert;
	(void)pcert_length;
	(void)privkey;
	return -1;
}

static void http_take_h(int fd, const struct sockaddr *peer, socklen_t len, void *arg)
{
	const struct http_listener *l = arg;

	http_guard_admit(l->guard);
	/* It closes what it cannot take. */
	(void)MHD_add_connection(l->daemon, fd, peer, len);
}

static void http_shortage_h(void *arg)
{
	const struct http_listener *l = arg;

	http_guard_shortage(l->guard);
}

static int http_daemon_start(struct http *h, struct http_listener *l)
{
	struct http_server *s = &h->server;
	bool tls = web_is_tls(s->web);

	l->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG |
			MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
			(tls ? MHD_USE_TLS : 0),
		0, NULL, NULL, http_request_h, s, MHD_OPTION_EXTERNAL_LOGGER, mhd_log_h,
		NULL, MHD_OPTION_CONNECTION_LIMIT, CLIENTS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, CLIENT_MEMORY_BYTES,
		MHD_OPTION_NOTIFY_CONNECTION, http_connection_h, s,
		MHD_OPTION_URI_LOG_CALLBACK, http_request_target_h, s,
		MHD_OPTION_NOTIFY_COMPLETED, http_request_done_h, s,
		tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END,
		http_no_certificate_h, MHD_OPTION_END);
	return l->daemon ? 0 : errno ? errno : ENOMEM;
}

/* Takes over the socket, also on failure. */
static int http_listener_start(struct http *h, int fd, bool ours)
{
	struct http_listener *l = &h->listeners[h->count];
	int err = http_socket_name(fd, l->name);

	l->ours = ours;
	l->fd = fd;
	l->guard = h->server.guard;
	if (!err)
		err = http_daemon_start(h, l);
	if (!err)
		err = http_accept_start(&l->accept, fd, http_take_h, http_shortage_h, l);
	if (!err) {
		h->count++;
		return 0;
	}
	if (l->daemon)
		MHD_stop_daemon(l->daemon);
	close(fd);
	return err;
}

static int http_listen_at(struct http *h, const char *address, char *err_text,
			  size_t err_size)
{
	int fd = -1;
	int err = http_socket_open(&fd, address, err_text, err_size);

	if (err)
		return err;
	err = http_listener_start(h, fd, true);
	if (err)
		snprintf(err_text, err_size, "%s: %s", address, strerror(err));
	return err;
}

static int http_listen_systemd(struct http *h, char *err_text, size_t err_size)
{
	int fds[HTTP_LISTEN_MAX];
	size_t count = 0;
	int err = http_systemd_sockets(fds, &count, HTTP_LISTEN_MAX);

	if (err) {
		snprintf(err_text, err_size, "--web.systemd-socket: %s",
			 err == ENOENT ? "systemd passed no socket that listens"
				       : strerror(err));
		return err;
	}
	for (size_t i = 0; i < count; i++) {
		if (err)
			close(fds[i]);
		else
			err = http_listener_start(h, fds[i], false);
	}
	if (err)
		snprintf(err_text, err_size, "systemd's socket: %s", strerror(err));
	return err;
}

static int http_listen_all(struct http *h, const struct http_conf *conf, char *err_text,
			   size_t err_size)
{
	int err = 0;

	if (conf->systemd_socket)
		return http_listen_systemd(h, err_text, err_size);
	if (conf->listen_count > HTTP_LISTEN_MAX) {
		snprintf(err_text, err_size, "more than %d addresses", HTTP_LISTEN_MAX);
		return E2BIG;
	}
	for (size_t i = 0; i < conf->listen_count && !err; i++)
		err = http_listen_at(h, conf->listen[i], err_text, err_size);
	return err;
}

static int http_site_init(struct http_site *site, const struct http_conf *conf,
			  struct store *store)
{
	site->store = store;
	site->telemetry_path = strdup(conf->telemetry_path);
	site->version = strdup(conf->version);
	atomic_init(&site->scrape_bytes, -1);
	labels_add(&site->build, "version", conf->version);
	labels_add(&site->build, "revision", conf->revision ? conf->revision : "");
	labels_add(&site->build, "cversion", __VERSION__);
	labels_add(&site->build, "libre", conf->libre ? conf->libre : "");
	return site->telemetry_path && site->version ? site->build.err : ENOMEM;
}

static int http_render_h(struct scrape_body **bp, const struct scrape_want *want,
			 struct scrape_bodies *all, void *arg)
{
	struct http_server *s = arg;
	int64_t begun_ns = clock_monotonic_ns();
	struct body_writer *w = NULL;
	struct body body = {0};
	int err = body_writer_alloc(&w, want->gzip);

	if (!err)
		err = http_scrape_render(body_writer_window(w), want, &s->site);
	if (!err)
		err = body_writer_end(w, &body);
	if (!err)
		err = scrape_body_make(bp, &body, all);
	body_writer_free(w);
	atomic_store(&s->site.scrape_ns, clock_monotonic_ns() - begun_ns);
	return err;
}

static void http_crowded_h(void *arg)
{
	const struct http_server *s = arg;

	http_guard_hurry(s->guard);
}

static int http_server_init(struct http *h, const struct http_conf *conf,
			    struct store *store)
{
	const struct http_guard_conf limits = {HEAD_TIMEOUT_NS, ANSWER_TIMEOUT_NS,
					       STALL_TIMEOUT_NS};
	struct http_server *s = &h->server;
	const struct scrapes_conf scrapes = {http_render_h, http_crowded_h, s};
	struct config_errors errs = {0};
	int err = http_site_init(&s->site, conf, store);

	s->web = conf->web;
	s->probes = conf->probes;
	if (!err && !s->web) {
		err = web_alloc(&h->own_web, NULL, &errs);
		s->web = h->own_web;
	}
	if (!err)
		err = http_guard_alloc(&s->guard, &limits);
	if (!err)
		err = scrapes_alloc(&s->scrapes, &scrapes);
	for (int i = 0; i < HTTP_ORDERS && !err; i++)
		if (conf->orders[i])
			err = reload_requests_alloc(&s->orders[i], conf->orders[i],
						    conf->order_arg);
	s->site.web = s->web;
	s->site.reloads = s->orders[HTTP_ORDER_RELOAD];
	s->site.calls = s->orders[HTTP_ORDER_CALLS_STOP];
	return err;
}

int http_alloc(struct http **hp, const struct http_conf *conf, struct store *store,
	       char *err_text, size_t err_size)
{
	struct http *h = calloc(1, sizeof(*h));
	int err = h ? http_server_init(h, conf, store) : ENOMEM;

	if (err)
		snprintf(err_text, err_size, "%s", strerror(err));
	else
		err = http_paths_init(&h->server.site.paths, conf->external_url,
				      conf->route_prefix, err_text, err_size);
	if (!err)
		err = http_listen_all(h, conf, err_text, err_size);
	if (err)
		http_free(h);
	else
		*hp = h;
	return err;
}

const char *http_listening(const struct http *h, size_t n)
{
	return h && n < h->count ? h->listeners[n].name : NULL;
}

static void http_drain(struct http *h)
{
	const struct timespec step = {.tv_nsec = DRAIN_STEP_NS};
	int64_t end_ns = clock_monotonic_ns() + DRAIN_NS;
	size_t i;

	for (i = 0; i < h->count; i++) {
		struct http_listener *l = &h->listeners[i];

		http_accept_stop(l->accept);
		/* Before it is closed: until then nobody else can have taken the name. */
		if (l->ours)
			http_unix_remove(l->name);
		close(l->fd);
	}
	while (h->count && http_guard_busy(h->server.guard) &&
	       clock_monotonic_ns() < end_ns)
		nanosleep(&step, NULL);
}

void http_free(struct http *h)
{
	size_t i;

	if (!h)
		return;
	/* Clients that wait, for whatever, are answered, and can be closed then. */
	if (h->server.web)
		web_stop(h->server.web);
	for (i = 0; i < HTTP_ORDERS; i++)
		reload_requests_stop(h->server.orders[i]);
	probe_service_stop(h->server.probes);
	scrapes_stop(h->server.scrapes);
	http_drain(h);
	for (i = 0; i < h->count; i++)
		MHD_stop_daemon(h->listeners[i].daemon);
	scrapes_free(h->server.scrapes);
	http_guard_free(h->server.guard);
	for (i = 0; i < HTTP_ORDERS; i++)
		reload_requests_free(h->server.orders[i]);
	web_free(h->own_web);
	buffer_clear(&h->server.site.build);
	free(h->server.site.telemetry_path);
	free(h->server.site.version);
	free(h);
}
