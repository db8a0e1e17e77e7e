#include "sipprobe/call/call_way.h"

#include <errno.h>
#include <string.h>

#include "sipprobe/tls/tls_cache.h"
#include "sipprobe/transport/local_sockets.h"
#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/stream.h"
#include "sipprobe/transport/udp.h"

enum {
	QUEUE_MAX = 65536,  /* bytes that wait for a connection */
	STRAIGHTS_MAX = 16, /* connections past the peer: one for each fork's end */
};

struct call_way {
	struct call_way_conf conf;
	const struct call_way_events *events;
	void *arg;
	char *name;
	struct stream *stream;
	struct mbuf *queue;			   /* waits for the connection */
	struct call_way *straights[STRAIGHTS_MAX]; /* to where dialogs go past the peer */
	unsigned straight_next;			   /* place of the next, a ring */
	struct sa local;
	bool stream_up;
	bool told_up;
	int64_t connect_ns, tls_ns;
};

static void call_way_destructor(void *arg)
{
	struct call_way *w = arg;

	for (unsigned i = 0; i < STRAIGHTS_MAX; i++)
		mem_deref(w->straights[i]);
	mem_deref(w->stream);
	mem_deref(w->queue);
	mem_deref(w->conf.tls);
	mem_deref(w->name);
}

int call_way_alloc(struct call_way **wp, const struct call_way_conf *conf,
		   const struct call_way_events *events, void *arg)
{
	struct call_way *w = mem_zalloc(sizeof(*w), call_way_destructor);
	int err;

	if (!w)
		return ENOMEM;
	w->conf = *conf;
	mem_ref(w->conf.tls);
	w->events = events;
	w->arg = arg;
	w->connect_ns = w->tls_ns = -1;
	err = str_dup(&w->name, conf->name);
	if (!err) {
		w->queue = mbuf_alloc(64);
		err = w->queue ? 0 : ENOMEM;
	}
	if (err)
		mem_deref(w);
	else
		*wp = w;
	return err;
}

static void call_way_tell_up(struct call_way *w)
{
	if (w->told_up)
		return;
	w->told_up = true;
	w->events->up_h(w->arg);
}

/* The port we can be reached at, not the one this connection happens to have. */
static void way_note_local(struct call_way *w)
{
	uint16_t port;

	w->local = *stream_local(w->stream);
	port = sockets_stream_port(w->conf.sockets, w->conf.transport, &w->local);
	if (port)
		sa_set_port(&w->local, port);
}

static void call_way_up_h(struct stream *s, void *arg)
{
	struct call_way *w = arg;
	struct mbuf *queue = w->queue;

	w->stream_up = true;
	w->connect_ns = stream_report(s)->connect_ns;
	w->tls_ns = stream_report(s)->tls_ns;
	way_note_local(w);
	if (queue->end)
		(void)stream_send(s, (const char *)queue->buf, queue->end, NULL);
	queue->pos = queue->end = 0;
	call_way_tell_up(w);
}

static void call_way_message_h(struct stream *s, const struct guard_message *m,
			       int64_t rx_ns, void *arg)
{
	struct call_way *w = arg;

	if (m->request)
		w->conf.arrivals->request_h(s, w->conf.transport, m,
					    w->conf.arrivals_arg);
	else
		w->events->message_h(m, rx_ns, w->arg);
}

static void call_way_closed_h(struct stream *s, enum probe_outcome why, int err,
			      const char *detail, void *arg)
{
	struct call_way *w = arg;
	struct stream *gone = w->stream; /* @detail may be its own */

	(void)s;
	w->stream = NULL;
	w->stream_up = false;
	w->queue->pos = w->queue->end = 0;
	w->events->lost_h(why, err, detail, w->arg);
	mem_deref(gone);
}

static const struct stream_events call_way_stream_events = {
	call_way_up_h, call_way_message_h, call_way_closed_h};

/* Of `local` the address alone: a port is the probes' own connection's. */
static int way_bind(struct call_way *w, struct stream_way *out, struct sa *local)
{
	struct config_local want = {.address = w->conf.settings->local.address};
	int err;

	*out = (struct stream_way){.dscp = w->conf.settings->dscp};
	if (!want.address)
		return 0;
	err = local_sockets_address(local, &want, sa_af(&w->conf.peer));
	out->local = local;
	return err;
}

static int way_connect(struct call_way *w)
{
	struct tls_profile *profile = NULL;
	struct stream_way out;
	struct sa local;
	int err = way_bind(w, &out, &local);

	if (!err && w->conf.transport == CONFIG_TRANSPORT_TLS)
		err = tls_cache_get(w->conf.tls, &profile, &w->conf.settings->tls, false,
				    NULL, 0);
	if (!err)
		err = stream_connect(&w->stream, &w->conf.peer, &out, profile, w->name,
				     &call_way_stream_events, w);
	return err;
}

static int way_choose(struct call_way *w, struct udp **up)
{
	return sockets_udp_for(w->conf.sockets, up, &w->local, &w->conf.peer,
			       &w->conf.settings->local);
}

int call_way_open(struct call_way *w)
{
	struct udp *unused;
	int err;

	if (w->conf.transport != CONFIG_TRANSPORT_UDP)
		return way_connect(w);
	err = way_choose(w, &unused);
	if (!err)
		call_way_tell_up(w);
	return err;
}

static int way_send_udp(struct call_way *w, const struct sa *hop, const char *buf,
			size_t len)
{
	struct udp *u;
	int err = way_choose(w, &u);

	if (err)
		return err;
	return udp_transmit(u, hop ? hop : &w->conf.peer, buf, len,
			    w->conf.settings->dscp);
}

static void straight_up_h(void *arg)
{
	(void)arg;
}

static void straight_message_h(const struct guard_message *m, int64_t rx_ns, void *arg)
{
	struct call_way *w = arg;

	w->events->message_h(m, rx_ns, w->arg);
}

static void straight_lost_h(enum probe_outcome why, int err, const char *detail,
			    void *arg)
{
	struct call_way *w = arg;

	w->events->lost_h(why, err, detail, w->arg);
}

static const struct call_way_events straight_events = {straight_up_h, straight_message_h,
						       straight_lost_h};

static struct call_way *way_straight(const struct call_way *w, const struct sa *hop)
{
	for (unsigned i = 0; i < STRAIGHTS_MAX; i++)
		if (w->straights[i] && sa_cmp(&w->straights[i]->conf.peer, hop, SA_ALL))
			return w->straights[i];
	return NULL;
}

/* Past the last place it takes that of the oldest. */
static int way_open_straight(struct call_way *w, const struct sa *hop)
{
	struct call_way_conf conf = w->conf;
	struct call_way *straight;
	int err;

	conf.peer = *hop;
	conf.name = w->name;
	err = call_way_alloc(&straight, &conf, &straight_events, w);
	if (err)
		return err;
	mem_deref(w->straights[w->straight_next]);
	w->straights[w->straight_next] = straight;
	w->straight_next = (w->straight_next + 1) % STRAIGHTS_MAX;
	return 0;
}

static int way_send_straight(struct call_way *w, const struct sa *hop, const char *buf,
			     size_t len)
{
	int err = way_straight(w, hop) ? 0 : way_open_straight(w, hop);

	return err ? err : call_way_send(way_straight(w, hop), NULL, buf, len);
}

int call_way_send(struct call_way *w, const struct sa *hop, const char *buf, size_t len)
{
	if (w->conf.transport == CONFIG_TRANSPORT_UDP)
		return way_send_udp(w, hop, buf, len);
	if (hop && !sa_cmp(hop, &w->conf.peer, SA_ALL))
		return way_send_straight(w, hop, buf, len);
	if (w->stream && w->stream_up)
		return stream_send(w->stream, buf, len, NULL);
	if (w->queue->end + len > QUEUE_MAX)
		return ENOBUFS;
	if (!w->stream) {
		int err = way_connect(w);

		if (err)
			return err;
	}
	return mbuf_write_mem(w->queue, (const uint8_t *)buf, len);
}

const struct sa *call_way_local(const struct call_way *w)
{
	return &w->local;
}

const char *call_way_transport(const struct call_way *w)
{
	return w->conf.transport == CONFIG_TRANSPORT_UDP   ? "UDP"
	       : w->conf.transport == CONFIG_TRANSPORT_TCP ? "TCP"
							   : "TLS";
}

bool call_way_is_reliable(const struct call_way *w)
{
	return w->conf.transport != CONFIG_TRANSPORT_UDP;
}

void call_way_phases(const struct call_way *w, int64_t *connect_ns, int64_t *tls_ns)
{
	*connect_ns = w->connect_ns;
	*tls_ns = w->tls_ns;
}
