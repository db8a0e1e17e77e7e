#include "sipprobe/transport/inbound.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "sipprobe/transport/stream_private.h"

enum { ADDRESS_BUCKETS = 256 };

struct inbound {
	struct list conns;
	struct hash *by_net; /* counts stay short walks, also with INBOUND_MAX open */
	size_t count;
	size_t strangers;
	struct turns *turns;
	struct turns_account *theirs; /* the strangers' */
	struct turns_account
		*accounts[ADDRESS_BUCKETS]; /* of the others; made when used */
	const struct inbound_events *events;
	void *arg;
};

struct inbound_conn {
	struct le le;
	struct le net_le;
	struct inbound *in;
	struct stream *stream;
	int64_t begun_ns;
	enum inbound_rank rank;
	bool up;
	bool tls;
};

/* Every change of a rank goes by here: strangers are counted. */
static void conn_rank(struct inbound_conn *c, enum inbound_rank rank)
{
	c->in->strangers -= c->rank == INBOUND_STRANGER;
	c->rank = rank;
	c->in->strangers += c->rank == INBOUND_STRANGER;
}

static void conn_destructor(void *arg)
{
	struct inbound_conn *c = arg;

	if (c->le.list)
		c->in->count--;
	conn_rank(c, INBOUND_REFUSED);
	list_unlink(&c->le);
	hash_unlink(&c->net_le);
	mem_deref(c->stream);
}

static void inbound_destructor(void *arg)
{
	struct inbound *in = arg;

	list_flush(&in->conns);
	mem_deref(in->by_net);
	mem_deref(in->turns);
	mem_deref(in->theirs);
	for (size_t i = 0; i < ADDRESS_BUCKETS; i++)
		mem_deref(in->accounts[i]);
}

/*
 * What a place is counted by: of strangers the network, since one of them may have all of
 * an IPv6 /64; of the others the address, as each of theirs is configured or proven.
 */
static void inbound_net(struct sa *net, const struct sa *peer)
{
	*net = *peer;
	if (sa_af(peer) == AF_INET6)
		memset(net->u.in6.sin6_addr.s6_addr + 8, 0, 8);
}

bool inbound_shares(enum inbound_rank rank, const struct sa *a, const struct sa *b)
{
	struct sa net_a, net_b;

	if (rank != INBOUND_STRANGER)
		return sa_cmp(a, b, SA_ADDR);
	inbound_net(&net_a, a);
	inbound_net(&net_b, b);
	return sa_cmp(&net_a, &net_b, SA_ADDR);
}

static bool conn_shares(const struct inbound_conn *c, enum inbound_rank rank,
			const struct sa *peer)
{
	return c->rank == rank && inbound_shares(rank, stream_peer(c->stream), peer);
}

/* The connections of that rank that share a peer's places. */
static size_t count_of(const struct inbound *in, enum inbound_rank rank,
		       const struct sa *peer)
{
	const struct list *bucket;
	struct sa net;
	struct le *le;
	size_t n = 0;

	inbound_net(&net, peer);
	bucket = hash_list(in->by_net, sa_hash(&net, SA_ADDR));
	LIST_FOREACH(bucket, le)
		n += conn_shares(le->data, rank, peer);
	return n;
}

/* Without memory for an account of its own it goes on the strangers'. */
static struct turns_account *conn_account(struct inbound_conn *c)
{
	struct turns_account **ap;
	struct sa net;

	inbound_net(&net, stream_peer(c->stream));
	ap = &c->in->accounts[sa_hash(&net, SA_ADDR) % ADDRESS_BUCKETS];
	if (c->rank == INBOUND_STRANGER ||
	    (!*ap && turns_account_alloc(ap, INBOUND_KNOWN_SHARE)))
		return c->in->theirs;
	return *ap;
}

/* Who is somebody else now has somebody else's share. */
static void conn_share(struct inbound_conn *c)
{
	if (c->in->turns)
		stream_share(c->stream, c->in->turns, conn_account(c));
}

/* One that proves who it is need not make room any more, within its own bounds. */
static void conn_prove(struct inbound_conn *c)
{
	struct inbound *in = c->in;

	if (c->up && c->rank == INBOUND_STRANGER &&
	    in->events->proven_h(c->stream, in->arg) &&
	    count_of(in, INBOUND_PROVEN, stream_peer(c->stream)) <
		    INBOUND_PER_ADDRESS_MAX) {
		conn_rank(c, INBOUND_PROVEN);
		conn_share(c);
	}
}

static void inbound_up_h(struct stream *s, void *arg)
{
	struct inbound_conn *c = arg;

	(void)s;
	c->up = true;
	conn_prove(c);
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

int inbound_alloc(struct inbound **ip, struct turns *turns,
		  const struct inbound_events *events, void *arg)
{
	struct inbound *in = mem_zalloc(sizeof(*in), inbound_destructor);
	int err;

	if (!in)
		return ENOMEM;
	in->events = events;
	in->arg = arg;
	in->turns = mem_ref(turns);
	err = hash_alloc(&in->by_net, ADDRESS_BUCKETS);
	if (!err)
		err = turns_account_alloc(&in->theirs, INBOUND_STRANGERS_SHARE);
	if (err)
		mem_deref(in);
	else
		*ip = in;
	return err;
}

void inbound_refuse(const struct inbound *in, int fd, const struct sa *peer,
		    enum engine_stray why)
{
	const struct linger reset = {.l_onoff = 1};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
	in->events->refused_h(why, peer, in->arg);
}

static int64_t conn_since_ns(const struct inbound_conn *c)
{
	return c->up ? stream_rx_ns(c->stream) : c->begun_ns;
}

/*
 * Makes room for a peer at the cost of the idlest stranger.
 *
 * @of: only of one that shares this peer's places; NULL: of any
 * @until_ns: only of one that has been idle since then
 *
 * Returns whether there was one.
 */
static bool inbound_displace(struct inbound *in, const struct sa *of, int64_t until_ns)
{
	struct inbound_conn *idlest = NULL;
	struct sa peer;
	struct le *le;

	LIST_FOREACH(&in->conns, le) {
		struct inbound_conn *c = le->data;

		if (c->rank == INBOUND_STRANGER && stream_rx_ns(c->stream) <= until_ns &&
		    (!of || conn_shares(c, INBOUND_STRANGER, of)) &&
		    (!idlest || stream_rx_ns(c->stream) < stream_rx_ns(idlest->stream)))
			idlest = c;
	}
	if (!idlest)
		return false;
	peer = *stream_peer(idlest->stream);
	mem_deref(idlest);
	in->events->refused_h(ENGINE_STRAY_DISPLACED, &peer, in->arg);
	return true;
}

/* Whether a peer of that rank finds a place, which another may lose by that. */
static bool inbound_place(struct inbound *in, const struct sa *peer,
			  enum inbound_rank rank)
{
	bool own_full = count_of(in, rank, peer) >= INBOUND_PER_ADDRESS_MAX;
	int64_t until_ns = clock_monotonic_ns();

	if (rank == INBOUND_STRANGER) {
		until_ns -= INBOUND_PATIENCE_NS;
		if (own_full)
			return inbound_displace(in, peer, until_ns);
		if (in->strangers >= INBOUND_STRANGERS_MAX)
			return inbound_displace(in, NULL, until_ns);
	}
	if (own_full)
		return false;
	return in->count < INBOUND_MAX || inbound_displace(in, NULL, until_ns);
}

static struct inbound_conn *conn_alloc(struct inbound *in, int fd,
				       struct tls_profile *tls)
{
	struct inbound_conn *c = mem_zalloc(sizeof(*c), conn_destructor);

	if (!c) {
		close(fd);
		return NULL;
	}
	c->in = in;
	c->tls = tls != NULL;
	c->begun_ns = clock_monotonic_ns();
	if (stream_accept(&c->stream, fd, tls, &conn_events, c))
		c = mem_deref(c);
	return c;
}

void inbound_take(struct inbound *in, int fd, const struct sa *from,
		  struct tls_profile *tls)
{
	struct inbound_conn *c;
	enum inbound_rank rank;
	struct sa peer = *from, net;

	stream_peer_normalise(&peer);
	rank = in->events->rank_h(&peer, tls != NULL, in->arg);
	if (rank == INBOUND_REFUSED || !inbound_place(in, &peer, rank)) {
		inbound_refuse(in, fd, &peer,
			       rank == INBOUND_REFUSED ? ENGINE_STRAY_STRANGER
						       : ENGINE_STRAY_FULL);
		return;
	}
	c = conn_alloc(in, fd, tls);
	if (!c)
		return;
	conn_rank(c, rank);
	conn_share(c);
	inbound_net(&net, &peer);
	list_append(&in->conns, &c->le, c);
	hash_append(in->by_net, sa_hash(&net, SA_ADDR), &c->net_le, c);
	in->count++;
}

int64_t inbound_run(struct inbound *in, int64_t now_ns, int64_t idle_ns)
{
	int64_t next_ns = INT64_MAX;
	struct le *le = list_head(&in->conns);

	while (le) {
		struct inbound_conn *c = le->data;
		int64_t due_ns =
			conn_since_ns(c) + (c->up ? idle_ns : INBOUND_OPENING_NS);

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
		enum inbound_rank rank =
			in->events->rank_h(stream_peer(c->stream), c->tls, in->arg);

		le = le->next;
		if (rank == INBOUND_REFUSED) {
			mem_deref(c);
			continue;
		}
		conn_rank(c, rank);
		conn_share(c);
		conn_prove(c);
	}
}

size_t inbound_count(const struct inbound *in)
{
	return in->count;
}
