#include "sipprobe/transport/inbound.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/transport/stream_private.h"

enum { ADDRESS_BUCKETS = 256 };

struct inbound {
	struct list conns;
	struct hash *by_address; /* counts stay short walks, also with INBOUND_MAX open */
	size_t count;
	const struct inbound_events *events;
	void *arg;
};

struct inbound_conn {
	struct le le;
	struct le address_le;
	struct inbound *in;
	struct stream *stream;
	int64_t begun_ns;
	bool up;
	bool tls;
};

static void conn_destructor(void *arg)
{
	struct inbound_conn *c = arg;

	if (c->le.list)
		c->in->count--;
	list_unlink(&c->le);
	hash_unlink(&c->address_le);
	mem_deref(c->stream);
}

static void inbound_destructor(void *arg)
{
	struct inbound *in = arg;

	list_flush(&in->conns);
	mem_deref(in->by_address);
}

static void inbound_up_h(struct stream *s, void *arg)
{
	struct inbound_conn *c = arg;

	(void)s;
	c->up = true;
}

static void inbound_message_h(struct stream *s, const struct guard_message *m,
			      int64_t rx_ns, void *arg)
{
	const struct inbound_conn *c = arg;

	c->in->events->message_h(s, m, rx_ns, c->in->arg);
}

/* The connection leaves the set first: the owner may free the set when it is told. */
static void inbound_closed_h(struct stream *s, enum probe_outcome why, int err,
			     const char *detail, void *arg)
{
	struct inbound_conn *c = arg;
	const struct inbound_events *events = c->in->events;
	void *owner = c->in->arg;

	mem_deref(c);
	events->closed_h(s, why, err, detail, owner);
}

static const struct stream_events conn_events = {inbound_up_h, inbound_message_h,
						 inbound_closed_h};

int inbound_alloc(struct inbound **ip, const struct inbound_events *events, void *arg)
{
	struct inbound *in = mem_zalloc(sizeof(*in), inbound_destructor);
	int err;

	if (!in)
		return ENOMEM;
	in->events = events;
	in->arg = arg;
	err = hash_alloc(&in->by_address, ADDRESS_BUCKETS);
	if (err)
		mem_deref(in);
	else
		*ip = in;
	return err;
}

void inbound_refuse(int fd)
{
	const struct linger reset = {.l_onoff = 1};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
}

static size_t count_of(const struct inbound *in, const struct sa *peer)
{
	const struct list *bucket = hash_list(in->by_address, sa_hash(peer, SA_ADDR));
	struct le *le;
	size_t n = 0;

	LIST_FOREACH(bucket, le) {
		const struct inbound_conn *c = le->data;

		n += sa_cmp(stream_peer(c->stream), peer, SA_ADDR);
	}
	return n;
}

static bool inbound_admitted(const struct inbound *in, const struct sa *peer, bool tls)
{
	return in->events->accept_h(peer, tls, in->arg) && in->count < INBOUND_MAX &&
	       count_of(in, peer) < INBOUND_PER_ADDRESS_MAX;
}

void inbound_take(struct inbound *in, int fd, const struct sa *from,
		  struct tls_profile *tls)
{
	struct inbound_conn *c;
	struct sa peer = *from;

	stream_peer_normalise(&peer);
	if (!inbound_admitted(in, &peer, tls != NULL)) {
		inbound_refuse(fd);
		return;
	}
	c = mem_zalloc(sizeof(*c), conn_destructor);
	if (!c) {
		inbound_refuse(fd);
		return;
	}
	c->in = in;
	c->tls = tls != NULL;
	c->begun_ns = clock_monotonic_ns();
	if (stream_accept(&c->stream, fd, tls, &conn_events, c)) {
		mem_deref(c);
		return;
	}
	list_append(&in->conns, &c->le, c);
	hash_append(in->by_address, sa_hash(&peer, SA_ADDR), &c->address_le, c);
	in->count++;
}

int64_t inbound_run(struct inbound *in, int64_t now_ns, int64_t idle_ns)
{
	int64_t next_ns = INT64_MAX;
	struct le *le = list_head(&in->conns);

	while (le) {
		struct inbound_conn *c = le->data;
		int64_t since_ns = c->up ? stream_rx_ns(c->stream) : c->begun_ns;
		int64_t due_ns = since_ns + (c->up ? idle_ns : INBOUND_OPENING_NS);

		le = le->next;
		if (due_ns <= now_ns)
			mem_deref(c);
		else if (due_ns < next_ns)
			next_ns = due_ns;
	}
	return next_ns;
}

void inbound_review(struct inbound *in)
{
	struct le *le = list_head(&in->conns);

	while (le) {
		struct inbound_conn *c = le->data;

		le = le->next;
		if (!in->events->accept_h(stream_peer(c->stream), c->tls, in->arg))
			mem_deref(c);
	}
}

size_t inbound_count(const struct inbound *in)
{
	return in->count;
}
