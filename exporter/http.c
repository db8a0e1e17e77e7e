#include "exporter/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exporter/http_guard.h"
#include "exporter/http_probe.h"
#include "exporter/http_routes.h"
#include "exporter/http_socket.h"
#include "exporter/labels.h"
#include "exporter/log.h"
#include "sipprobe/clock.h"

/* A connection without any traffic; scrapers come back every minute or sooner. */
#define IDLE_TIMEOUT_S 180

#define HEAD_TIMEOUT_NS	  (10 * CLOCK_NS_PER_S)
#define ANSWER_TIMEOUT_NS (60 * CLOCK_NS_PER_S)

/* Head and reply lines of one connection. */
#define CLIENT_MEMORY_BYTES ((size_t)16 * 1024)

/*
 * The guard makes way at its own, lower limit; this is what the kernel's queue is for.
 * Clients that wait for a probe come on top, as many as probe.max_concurrent may allow.
 */
#define CLIENTS_MAX (2U * HTTP_GUARD_CLIENTS + 4096)

/* How long http_free() waits for answers under way. */
#define DRAIN_NS      (400 * CLOCK_NS_PER_MS)
#define DRAIN_STEP_NS (5 * CLOCK_NS_PER_MS)

struct http_listener {
	struct MHD_Daemon *daemon;
	char name[HTTP_SOCKET_NAME];
};

struct http {
	struct http_site site;
	struct http_guard *guard;
	struct probe_desk *desk;
	size_t count;
	struct http_listener listeners[];
};

/* A request, from its head to its answer. */
struct request {
	struct MHD_Connection *conn;
	bool ready; /* the answer that was waited for is there */
	struct http_answer answer;
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

static const char *field(struct MHD_Connection *conn, const char *name)
{
	return MHD_lookup_connection_value(conn, MHD_HEADER_KIND, name);
}

/* A value that holds a NUL goes on behind what we would see of it: it is none. */
static const char *argument(struct MHD_Connection *conn, const char *name)
{
	const char *value = NULL;
	size_t size = 0;

	if (MHD_lookup_connection_value_n(conn, MHD_GET_ARGUMENT_KIND, name, strlen(name),
					  &value, &size) != MHD_YES)
		return NULL;
	return value && strlen(value) == size ? value : "";
}

static bool has_body(struct MHD_Connection *conn)
{
	const char *length = field(conn, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return field(conn, MHD_HTTP_HEADER_TRANSFER_ENCODING) ||
	       (length && strspn(length, "0") != strlen(length));
}

static void add_field(struct MHD_Response *r, const char *name, const char *value)
{
	if (value)
		MHD_add_response_header(r, name, value);
}

static void add_fields(struct MHD_Response *r, const struct http_answer *a, bool close)
{
	add_field(r, "Content-Type", a->content_type);
	add_field(r, "Content-Encoding", a->encoding);
	add_field(r, "Vary", a->vary);
	add_field(r, "Allow", a->allow);
	add_field(r, "Retry-After", a->retry_after);
	add_field(r, "Content-Security-Policy", a->policy);
	add_field(r, "X-Content-Type-Options", "nosniff");
	add_field(r, "Referrer-Policy", "no-referrer");
	add_field(r, "Cache-Control", a->cache ? a->cache : "no-store");
	add_field(r, "Connection", close ? "close" : NULL);
}

/* Hands the body over; libmicrohttpd frees it. */
static enum MHD_Result send_answer(struct MHD_Connection *conn, struct http_answer *a,
				   bool close)
{
	struct MHD_Response *r;
	enum MHD_Result res;

	if (a->body.err)
		return MHD_NO;
	r = MHD_create_response_from_buffer(a->body.len, a->body.data,
					    MHD_RESPMEM_MUST_FREE);
	if (!r)
		return MHD_NO;
	a->body = (struct buffer){0};
	add_fields(r, a, close);
	res = MHD_queue_response(conn, a->status, r);
	MHD_destroy_response(r);
	return res;
}

static struct http_client *client_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

struct args {
	struct http_arg list[HTTP_ARGS_MAX];
	size_t count;
};

/* libmicrohttpd has taken the query apart and decoded it. */
static enum MHD_Result arg_h(void *arg, enum MHD_ValueKind kind, const char *name,
			     size_t name_len, const char *value, size_t value_len)
{
	struct args *args = arg;

	(void)kind;
	if (args->count < HTTP_ARGS_MAX)
		args->list[args->count] =
			(struct http_arg){{name, name_len}, {value, value_len}};
	args->count++;
	return MHD_YES;
}

/* From here on libmicrohttpd's thread has the request again. */
static void probed_h(struct probe_reply *reply, void *arg)
{
	struct request *rq = arg;

	rq->answer.status = reply->status;
	rq->answer.content_type = reply->content_type;
	rq->answer.body = reply->body;
	MHD_resume_connection(rq->conn);
}

/* The answer comes when the main thread has probed; no thread waits for it. */
static enum MHD_Result probe(struct http *h, struct request *rq)
{
	struct http_client *client = client_of(rq->conn);
	const struct probe_ask ask = rq->answer.ask;
	int err;

	rq->ready = true;
	http_guard_wait(h->guard, client);
	MHD_suspend_connection(rq->conn);
	err = probe_desk_ask(h->desk, &ask, probed_h, rq);
	if (err) {
		http_probe_refused(&rq->answer, err);
		MHD_resume_connection(rq->conn);
	}
	return MHD_YES;
}

static enum MHD_Result answer(struct http *h, struct request *rq, const char *method,
			      const char *path, bool body)
{
	struct MHD_Connection *conn = rq->conn;
	struct args args = {.count = 0};
	struct http_query q = {
		.site = &h->site,
		.method = method,
		.path = path,
		.accept = field(conn, "Accept"),
		.accept_encoding = field(conn, "Accept-Encoding"),
		.body = body,
		.target = argument(conn, "target"),
		.profile = argument(conn, "profile"),
		.debug = argument(conn, "debug"),
		.scrape_timeout = field(conn, "X-Prometheus-Scrape-Timeout-Seconds"),
	};

	MHD_get_connection_values_n(conn, MHD_GET_ARGUMENT_KIND, arg_h, &args);
	q.args = args.list;
	q.arg_count = args.count;
	http_routes_answer(&rq->answer, &q);
	if (rq->answer.ask.target && h->desk)
		return probe(h, rq);
	if (rq->answer.ask.target)
		http_answer_text(&rq->answer, 404, "not found\n");
	if (rq->answer.scrape)
		http_guard_scrape(h->guard, client_of(conn));
	return send_answer(conn, &rq->answer, body);
}

/*
 * Runs once when the head is complete, again when the body is, which is at once for a
 * request without one, and again after a probe. A body is refused at the first call,
 * before any of it is read.
 */
static enum MHD_Result access_h(void *arg, struct MHD_Connection *conn, const char *path,
				const char *method, const char *version, const char *data,
				size_t *data_size, void **request)
{
	struct http *h = arg;
	struct request *rq = *request;

	(void)version;
	(void)data;
	if (!rq) {
		rq = calloc(1, sizeof(*rq));
		if (!rq)
			return MHD_NO;
		rq->conn = conn;
		*request = rq;
		http_guard_head(h->guard, client_of(conn));
		return has_body(conn) ? answer(h, rq, method, path, true) : MHD_YES;
	}
	if (*data_size)
		return MHD_NO;
	if (!rq->ready)
		return answer(h, rq, method, path, false);
	http_guard_head(h->guard, client_of(conn));
	return send_answer(conn, &rq->answer, false);
}

static void completed_h(void *arg, struct MHD_Connection *conn, void **request,
			enum MHD_RequestTerminationCode why)
{
	struct http *h = arg;
	struct request *rq = *request;

	(void)why;
	http_guard_done(h->guard, client_of(conn));
	if (rq)
		buffer_clear(&rq->answer.body);
	free(rq);
	*request = NULL;
}

static void connection_h(void *arg, struct MHD_Connection *conn, void **context,
			 enum MHD_ConnectionNotificationCode what)
{
	struct http *h = arg;
	const union MHD_ConnectionInfo *fd, *peer;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		http_guard_closed(h->guard, *context);
		*context = NULL;
		return;
	}
	fd = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	peer = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	*context = fd && peer ? http_guard_opened(h->guard, fd->connect_fd,
						  peer->client_addr)
			      : NULL;
}

static int daemon_start(struct http *h, struct http_listener *l, int fd)
{
	l->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG |
			MHD_ALLOW_SUSPEND_RESUME,
		0, NULL, NULL, access_h, h, MHD_OPTION_EXTERNAL_LOGGER, mhd_log_h, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, CLIENTS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, CLIENT_MEMORY_BYTES,
		MHD_OPTION_NOTIFY_CONNECTION, connection_h, h,
		MHD_OPTION_NOTIFY_COMPLETED, completed_h, h, MHD_OPTION_END);
	return l->daemon ? 0 : errno ? errno : ENOMEM;
}

static int listener_start(struct http *h, const char *address, char *err_text,
			  size_t err_size)
{
	struct http_listener *l = &h->listeners[h->count];
	int fd = -1;
	int err = http_socket_open(&fd, address, err_text, err_size);

	if (err)
		return err;
	err = http_socket_name(fd, l->name);
	if (!err)
		err = daemon_start(h, l, fd);
	if (err) {
		snprintf(err_text, err_size, "%s: %s", address, strerror(err));
		close(fd);
		return err;
	}
	h->count++;
	return 0;
}

static int site_init(struct http_site *site, const struct http_conf *conf,
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

int http_alloc(struct http **hp, const struct http_conf *conf, struct store *store,
	       char *err_text, size_t err_size)
{
	const struct http_guard_conf limits = {HEAD_TIMEOUT_NS, ANSWER_TIMEOUT_NS};
	struct http *h;
	size_t i;
	int err;

	h = calloc(1, sizeof(*h) + conf->listen_count * sizeof(h->listeners[0]));
	if (h)
		h->desk = conf->desk;
	err = h ? site_init(&h->site, conf, store) : ENOMEM;
	if (!err)
		err = http_guard_alloc(&h->guard, &limits);
	if (err)
		snprintf(err_text, err_size, "%s", strerror(err));
	for (i = 0; i < conf->listen_count && !err; i++)
		err = listener_start(h, conf->listen[i], err_text, err_size);
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

static void drain(struct http *h)
{
	const struct timespec step = {.tv_nsec = DRAIN_STEP_NS};
	int64_t end_ns = clock_monotonic_ns() + DRAIN_NS;
	size_t i;

	for (i = 0; i < h->count; i++) {
		MHD_socket fd = MHD_quiesce_daemon(h->listeners[i].daemon);

		if (fd != MHD_INVALID_SOCKET)
			close(fd);
	}
	while (h->count && http_guard_busy(h->guard) && clock_monotonic_ns() < end_ns)
		nanosleep(&step, NULL);
}

void http_free(struct http *h)
{
	size_t i;

	if (!h)
		return;
	/* Who waits for a probe is answered, and can be closed then. */
	probe_desk_stop(h->desk);
	drain(h);
	for (i = 0; i < h->count; i++)
		MHD_stop_daemon(h->listeners[i].daemon);
	http_guard_free(h->guard);
	buffer_clear(&h->site.build);
	free(h->site.telemetry_path);
	free(h->site.version);
	free(h);
}
