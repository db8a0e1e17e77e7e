#include "sipprobe/trunk/demux.h"

#include <errno.h>
#include <string.h>
#include <openssl/rand.h>

#include "base/clock.h"
#include "base/siphash.h"
#include "sipprobe/call/calls.h"
#include "sipprobe/hep/hep_mirror.h"
#include "sipprobe/message/answer.h"
#include "sipprobe/message/request.h"
#include "sipprobe/target/peers.h"
#include "sipprobe/target/registry.h"
#include "sipprobe/target/target.h"
#include "sipprobe/target/target_probe.h"
#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/stream.h"
#include "sipprobe/transport/udp.h"
#include "sipprobe/trunk/claim.h"
#include "sipprobe/trunk/coming.h"
#include "sipprobe/trunk/refusals.h"

struct demux {
	struct services *services;
	struct demux_peers peers;
	const struct engine_events *events;
	void *arg;
	struct siphash_key answer_tag; /* what To tags of our answers are made of */
	struct refusals refusals;
};

static void demux_destructor(void *arg)
{
	struct demux *d = arg;

	mem_deref(d->peers.scheduled);
	mem_deref(d->peers.ondemand);
}

int demux_alloc(struct demux **dp, struct services *services,
		const struct demux_peers *peers, const struct engine_events *events,
		void *arg)
{
	struct demux *d = mem_zalloc(sizeof(*d), demux_destructor);

	if (!d)
		return ENOMEM;
	d->services = services;
	d->peers.scheduled = mem_ref(peers->scheduled);
	d->peers.ondemand = mem_ref(peers->ondemand);
	d->events = events;
	d->arg = arg;
	if (RAND_bytes((unsigned char *)&d->answer_tag, sizeof(d->answer_tag)) != 1) {
		mem_deref(d);
		return EIO;
	}
	*dp = d;
	return 0;
}

static void demux_stray_h(enum engine_stray why, void *arg)
{
	const struct demux *d = arg;

	d->events->stray_h((int)why, d->arg);
}

/* A faulty one shows that the peer is there, not that its pings are well. */
static bool demux_is_ping(const struct guard_message *m)
{
	return !m->fault && !pl_strcmp(&m->method, "OPTIONS");
}

static void demux_refused_h(enum engine_stray why, const struct sa *peer, void *arg)
{
	struct demux *d = arg;

	demux_stray_h(why, d);
	refusals_note(&d->refusals, why, peer, d->events, d->arg);
}

static struct target *demux_target_of(struct demux *d, const struct claim *c,
				      const struct guard_message *m)
{
	return claim_settle(d->services, d->peers.scheduled, c, demux_is_ping(m));
}

/*
 * Whether the trunk's peer may have another answer: a datagram's source may be forged,
 * and a peer that asks in a loop need not have us turn it. What it did not ask for in the
 * last seconds it may ask for at once.
 */
static bool demux_may_answer(struct demux *d, const struct claim *c,
			     const struct target *t)
{
	struct target_owner *o = target_owner(t);
	int64_t now_ns = clock_monotonic_ns(), spent_ns;

	if (!d->services->answers_max)
		return true;
	spent_ns = o->answers_ns > now_ns ? o->answers_ns : now_ns;
	spent_ns += CLOCK_NS_PER_S / d->services->answers_max;
	if (spent_ns > now_ns + ENGINE_ANSWERS_BURST_S * CLOCK_NS_PER_S) {
		demux_refused_h(ENGINE_STRAY_RATE, c->src, d);
		return false;
	}
	o->answers_ns = spent_ns;
	return true;
}

/* Our end as the peer sees it: an address, and a port that it can reach us at. */
static void demux_our_end(struct demux *d, const struct claim *c, struct sa *local)
{
	uint16_t port = 0;

	*local = *c->local;
	if (sa_is_any(local) && !udp_source(local, c->src))
		sa_set_port(local, sa_port(c->local));
	if (c->stream && !stream_accepted(c->stream))
		port = sockets_stream_port(d->services->sockets, c->transport, local);
	if (port)
		sa_set_port(local, port);
}

/*
 * Tells of the request and makes its answer.
 *
 * Returns 0, or an errno value when there is none to send.
 */
static int make_answer(struct demux *d, const struct target *t, const struct claim *c,
		       const struct guard_message *m, struct pl *text)
{
	static char buf[ANSWER_MAX];
	char contact[REQUEST_URI_SIZE];
	struct answer_info info = {
		.code = answer_code(m),
		.src = c->src,
		.agent = d->services->agent,
		.tag = d->answer_tag,
	};
	char method[32];
	struct sa local;
	int err = EINVAL;

	demux_our_end(d, c, &local);
	if (!target_contact(t, contact, sizeof(contact), &local))
		info.contact = contact;
	if (info.code && demux_may_answer(d, c, t))
		err = answer_make(buf, sizeof(buf), &text->l, m, &info);
	text->p = buf;
	(void)pl_strcpy(&m->method, method, sizeof(method));
	d->events->inbound_h(target_owner(t)->row, method, err ? 0 : info.code, d->arg);
	return err;
}

/*
 * A request within a call of ours, which nobody else can know of, and its answer.
 *
 * Returns whether it was one; @text->l is 0 where it has no answer.
 */
static bool demux_call_request(struct demux *d, const struct sa *src,
			       const struct guard_message *m, int64_t rx_ns,
			       struct pl *text)
{
	static char buf[ANSWER_MAX];
	struct answer_dialog dialog;
	struct answer_info info = {
		.src = src,
		.agent = d->services->agent,
		.tag = d->answer_tag,
		.dialog = &dialog,
	};

	if (!d->services->calls ||
	    !calls_request(d->services->calls, m, rx_ns, &info.code, &dialog))
		return false;
	text->p = buf;
	text->l = 0;
	if (info.code)
		(void)answer_make(buf, sizeof(buf), &text->l, m, &info);
	return true;
}

/*
 * A loop of ours that came back, by a peer of ours: answered where it is known.
 *
 * @u: NULL: on the connection of @c
 */
static bool demux_call_back(struct demux *d, struct udp *u, const struct target *t,
			    const struct claim *c, const struct guard_message *m)
{
	struct sa local;
	const struct call_arrival at = {.transport = c->transport,
					.udp = u,
					.stream = c->stream,
					.src = c->src,
					.local = &local};

	if (m->fault || !d->services->calls || pl_strcmp(&m->method, "INVITE"))
		return false;
	demux_our_end(d, c, &local);
	if (!calls_invite(d->services->calls, m, &at))
		return false;
	d->events->inbound_h(target_owner(t)->row, "INVITE", 200, d->arg);
	return true;
}

static void demux_mirror(const struct udp *u, const struct sa *src,
			 const struct guard_message *m, int64_t rx_ns)
{
	struct hep_mirror_way way = {.peer = src, .at_ns = rx_ns};
	struct pl bytes;

	if (!hep_mirror_is_on())
		return;
	way.local = udp_local(u);
	bytes = guard_bytes(m);
	hep_mirror_message(&way, bytes.p, bytes.l);
}

/* Strangers' are nobody's to keep. */
static void demux_mirror_stream(const struct stream *s, const struct guard_message *m)
{
	if (stream_accepted(s))
		stream_mirror_heard(s, m, clock_monotonic_ns());
}

static void udp_request(struct demux *d, struct udp *u, const struct sa *src,
			const struct guard_message *m, int64_t rx_ns)
{
	const struct claim c = {src, udp_local(u), CONFIG_TRANSPORT_UDP, NULL};
	const struct target *t;
	struct pl text;
	struct sa dst;

	if (demux_call_request(d, src, m, rx_ns, &text)) {
		demux_mirror(u, src, m, rx_ns);
		answer_destination(&dst, m, src);
		if (text.l)
			(void)udp_transmit(u, &dst, text.p, text.l, 0);
		return;
	}
	t = demux_target_of(d, &c, m);
	if (t)
		demux_mirror(u, src, m, rx_ns);
	if (t && demux_call_back(d, u, t, &c, m))
		return;
	if (m->fault)
		demux_stray_h(ENGINE_STRAY_MALFORMED, d);
	else if (!t)
		demux_stray_h(ENGINE_STRAY_STRANGER, d);
	if (t && !make_answer(d, t, &c, m, &text)) {
		answer_destination(&dst, m, src);
		/* Lost on its way out or not: the peer asks again. */
		(void)udp_transmit(u, &dst, text.p, text.l, target_dscp(t));
	}
}

static void udp_response(struct demux *d, const struct udp *u, const struct sa *src,
			 const struct guard_message *m, int64_t rx_ns)
{
	struct target *t = NULL;
	uint32_t index;

	if (d->services->calls && calls_response(d->services->calls, src, m, rx_ns)) {
		demux_mirror(u, src, m, rx_ns);
		return;
	}
	if (request_branch_index(&m->branch, &index))
		t = registry_find(d->services->registry, index);
	/* As it is before it is acted upon: what that sends comes after it. */
	if (t && target_owns_branch(t, &m->branch))
		demux_mirror(u, src, m, rx_ns);
	if (!t || !(target_response(t, src, m, rx_ns) ||
		    target_misdirected(t, u, src, m, rx_ns)))
		demux_stray_h(ENGINE_STRAY_RESPONSE, d);
}

/*
 * Keep-alives of NATs and SBCs that are no message (RFC 5626, and practice): nothing,
 * line ends, zeros; a STUN header (RFC 5389 6); Counterpath's four letters.
 */
static bool is_keep_alive(const char *buf, size_t len)
{
	static const char stun[] = {0x21, 0x12, (char)0xa4, 0x42};

	if (guard_idle_bytes(buf, len, NULL) == len)
		return true;
	if (len >= 20 && !(buf[0] & 0xc0) && !memcmp(buf + 4, stun, sizeof(stun)))
		return true;
	return len >= 3 && len <= 4 && !memcmp(buf, "jaK", 3);
}

static void garbage_of(const struct peers *peers, const struct sa *src,
		       const struct target_garbage *garbage)
{
	struct target *t = peers_find(peers, src, CONFIG_TRANSPORT_UDP);

	if (t)
		target_garbage(t, garbage);
}

static void demux_malformed(struct demux *d, const struct sa *src,
			    const struct target_garbage *garbage)
{
	demux_stray_h(ENGINE_STRAY_MALFORMED, d);
	garbage_of(d->peers.scheduled, src, garbage);
	garbage_of(d->peers.ondemand, src, garbage);
}

static void demux_coming_h(const struct mmsghdr *all, unsigned n, void *arg)
{
	const struct demux *d = arg;

	coming_fetch(d->services->registry, all, n);
}

static void demux_datagram_h(struct udp *u, const struct sa *src, const char *buf,
			     size_t len, int64_t rx_ns, void *arg)
{
	struct target_garbage garbage = {.rx_ns = rx_ns};
	struct demux *d = arg;
	struct guard_message m;
	size_t idle;

	if (is_keep_alive(buf, len))
		return;
	idle = guard_idle_bytes(buf, len, NULL);
	garbage.bytes = (struct pl){.p = buf + idle, .l = len - idle};
	if (guard_datagram(&m, garbage.bytes.p, garbage.bytes.l, &garbage.why)) {
		demux_malformed(d, src, &garbage);
	} else if (m.request) {
		udp_request(d, u, src, &m, rx_ns);
	} else {
		udp_response(d, u, src, &m, rx_ns);
	}
}

/* The branch in the head of a datagram of ours that ICMP brought back, cut anywhere. */
static bool returned_branch(const char *buf, size_t len, struct pl *branch)
{
	static const char name[] = ";branch=";
	const char *at = memmem(buf, len, name, sizeof(name) - 1);

	if (!at || len - (size_t)(at - buf) < sizeof(name) - 1 + REQUEST_BRANCH_LEN)
		return false;
	branch->p = at + sizeof(name) - 1;
	branch->l = REQUEST_BRANCH_LEN;
	return true;
}

/* The target at @dst, when an ICMP error holds no more than the address. */
static struct target *demux_asker(const struct peers *peers, const struct sa *dst)
{
	struct target *t = peers_find(peers, dst, CONFIG_TRANSPORT_UDP);

	return t && sa_cmp(&target_address(t)->sa, dst, SA_ALL) ? t : NULL;
}

static void demux_icmp_h(const struct sa *dst, int err, const char *buf, size_t len,
			 void *arg)
{
	struct demux *d = arg;
	struct target *t = NULL;
	struct pl branch;
	uint32_t index;

	if (!returned_branch(buf, len, &branch)) {
		/* Some routers return no more than the ports. */
		t = demux_asker(d->peers.scheduled, dst);
		if (!t)
			t = demux_asker(d->peers.ondemand, dst);
	} else if (d->services->calls && calls_icmp(d->services->calls, &branch, err)) {
		return;
	} else if (request_branch_index(&branch, &index)) {
		t = registry_find(d->services->registry, index);
		if (t && !target_owns_branch(t, &branch))
			t = NULL;
	}
	if (t)
		target_icmp(t, err);
}

static bool demux_known_h(const struct sa *peer, void *arg)
{
	const struct demux *d = arg;

	return peers_find(d->peers.scheduled, peer, CONFIG_TRANSPORT_NONE) != NULL;
}

static bool demux_proven_h(struct stream *s, void *arg)
{
	struct demux *d = arg;

	return claim_is_proven(d->services, d->peers.scheduled, s);
}

static void demux_request_h(struct stream *s, enum config_transport transport,
			    const struct guard_message *m, void *arg)
{
	struct demux *d = arg;
	const struct claim c = {stream_peer(s), stream_local(s), transport, s};
	const struct target *t;
	struct pl text;

	if (demux_call_request(d, stream_peer(s), m, clock_monotonic_ns(), &text)) {
		demux_mirror_stream(s, m);
		if (text.l)
			(void)stream_send(s, text.p, text.l, NULL);
		return;
	}
	t = demux_target_of(d, &c, m);
	if (t)
		demux_mirror_stream(s, m);
	if (t && demux_call_back(d, NULL, t, &c, m))
		return;
	if (m->fault && !m->unframed)
		demux_stray_h(ENGINE_STRAY_MALFORMED, d);
	else if (!t)
		demux_stray_h(ENGINE_STRAY_STRANGER, d);
	if (t && !make_answer(d, t, &c, m, &text))
		(void)stream_send(s, text.p, text.l, NULL);
}

/* A call's: to the called end of a loop, or over a connection opened for the answer. */
static bool demux_response_h(struct stream *s, const struct guard_message *m,
			     int64_t rx_ns, void *arg)
{
	const struct demux *d = arg;

	if (!d->services->calls ||
	    !calls_response(d->services->calls, stream_peer(s), m, rx_ns))
		return false;
	demux_mirror_stream(s, m);
	return true;
}

const struct arrivals demux_arrivals = {
	.coming_h = demux_coming_h,
	.datagram_h = demux_datagram_h,
	.icmp_h = demux_icmp_h,
	.known_h = demux_known_h,
	.proven_h = demux_proven_h,
	.request_h = demux_request_h,
	.response_h = demux_response_h,
	.stray_h = demux_stray_h,
	.refused_h = demux_refused_h,
};
