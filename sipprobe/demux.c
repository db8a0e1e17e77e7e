#include <string.h>

#include "sipprobe/demux.h"
#include "sipprobe/answer.h"
#include "sipprobe/peers.h"
#include "sipprobe/registry.h"
#include "sipprobe/request.h"
#include "sipprobe/stream.h"
#include "sipprobe/target.h"
#include "sipprobe/trunk.h"
#include "sipprobe/udp.h"

static void stray(const struct core *core, enum engine_stray why)
{
	core->events->stray_h((int)why, core->arg);
}

/* Whose a request is, when several trunks have the address it came from. */
struct claim {
	const struct sa *local; /* where it arrived */
	struct target *best;	/* first of those that fit best */
	int best_fit;
};

static void best_h(void *row, int fit, void *arg)
{
	struct claim *c = arg;

	fit += 4 * target_fits_local(row, c->local);
	if (c->best && fit <= c->best_fit)
		return;
	c->best = row;
	c->best_fit = fit;
}

/* What one SBC sends is a sign of life to all trunks that it may be meant for. */
static void seen_h(void *row, int fit, void *arg)
{
	const struct claim *c = arg;

	if (fit + 4 * target_fits_local(row, c->local) == c->best_fit)
		trunk_seen(target_trunk(row));
}

static struct target *whose(struct core *core, const struct sa *src,
			    const struct sa *local, enum config_transport transport,
			    const struct guard_message *m)
{
	struct claim c = {.local = local};

	/* With many trunks at one address this is by far the shorter way. */
	if (!core->choosy)
		return peers_find(core->peers, src, transport);
	peers_each(core->peers, src, transport, best_h, &c);
	if (c.best && !pl_strcmp(&m->method, "OPTIONS"))
		peers_each(core->peers, src, transport, seen_h, &c);
	return c.best;
}

/*
 * Tells of the request and makes its answer.
 *
 * Returns 0, or an errno value when there is none to send.
 */
static int make_answer(struct core *core, const struct target *t, const struct sa *src,
		       const struct guard_message *m, struct pl *text)
{
	static char buf[ANSWER_MAX];
	const struct answer_info info = {
		.code = answer_code(m),
		.src = src,
		.agent = core->agent,
		.tag = core->answer_tag,
	};
	char method[32];
	int err = answer_make(buf, sizeof(buf), &text->l, m, &info);

	text->p = buf;
	(void)pl_strcpy(&m->method, method, sizeof(method));
	core->events->inbound_h(trunk_row(target_trunk(t)), method, err ? 0 : info.code,
				core->arg);
	return err;
}

static void udp_request(struct core *core, struct udp *u, const struct sa *src,
			const struct guard_message *m)
{
	const struct target *t = whose(core, src, udp_local(u), CONFIG_TRANSPORT_UDP, m);
	struct pl text;
	struct sa dst;

	if (!t) {
		stray(core, ENGINE_STRAY_STRANGER);
	} else if (!make_answer(core, t, src, m, &text)) {
		answer_destination(&dst, m, src);
		/* Lost on its way out or not: the peer asks again. */
		(void)udp_transmit(u, &dst, text.p, text.l, target_dscp(t));
	}
}

static void udp_response(struct core *core, const struct sa *src,
			 const struct guard_message *m, int64_t rx_ns)
{
	struct target *t = NULL;
	uint32_t index;

	if (request_branch_index(&m->branch, &index))
		t = registry_find(core->registry, index);
	if (!t || !target_response(t, src, m, rx_ns))
		stray(core, ENGINE_STRAY_RESPONSE);
}

/* Keep-alives of NATs and SBCs: nothing, line ends, or zeros (RFC 5626, and practice). */
static bool is_keep_alive(const char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (buf[i] != '\r' && buf[i] != '\n' && buf[i] != '\0')
			return false;
	return len <= 8;
}

static void garbage_of(const struct peers *peers, const struct sa *src, const char *buf,
		       size_t len, int64_t rx_ns)
{
	struct target *t = peers_find(peers, src, CONFIG_TRANSPORT_UDP);

	if (t)
		target_garbage(t, buf, len, rx_ns);
}

void demux_datagram(struct core *core, struct udp *u, const struct sa *src,
		    const char *buf, size_t len, int64_t rx_ns)
{
	struct guard_message m;

	if (is_keep_alive(buf, len))
		return;
	if (guard_datagram(&m, buf, len, NULL)) {
		stray(core, ENGINE_STRAY_MALFORMED);
		garbage_of(core->peers, src, buf, len, rx_ns);
		garbage_of(core->guests, src, buf, len, rx_ns);
	} else if (m.request) {
		udp_request(core, u, src, &m);
	} else {
		udp_response(core, src, &m, rx_ns);
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

/* Who asked @dst, when all that came back is the address. */
static struct target *asker(const struct peers *peers, const struct sa *dst)
{
	struct target *t = peers_find(peers, dst, CONFIG_TRANSPORT_UDP);

	return t && sa_cmp(&target_address(t)->sa, dst, SA_ALL) ? t : NULL;
}

void demux_icmp(struct core *core, const struct sa *dst, int err, const char *buf,
		size_t len)
{
	struct target *t = NULL;
	struct pl branch;
	uint32_t index;

	if (!returned_branch(buf, len, &branch)) {
		/* Some routers return no more than the ports. */
		t = asker(core->peers, dst);
		if (!t)
			t = asker(core->guests, dst);
	} else if (request_branch_index(&branch, &index)) {
		t = registry_find(core->registry, index);
		if (t && !target_owns_branch(t, &branch))
			t = NULL;
	}
	if (t)
		target_icmp(t, err);
}

bool demux_welcomes(struct core *core, const struct sa *peer)
{
	if (peers_find(core->peers, peer, CONFIG_TRANSPORT_NONE))
		return true;
	stray(core, ENGINE_STRAY_STRANGER);
	return false;
}

struct proof {
	const struct stream *stream;
	struct target *found;
};

static void proof_h(struct target *t, void *arg)
{
	struct proof *p = arg;
	char name[256];

	/* One without a row takes its leave: its trunk is nobody's any more. */
	if (!p->found && trunk_row(target_trunk(t)) &&
	    target_address(t)->transport == CONFIG_TRANSPORT_TLS &&
	    !target_peer_name(t, name, sizeof(name)) && stream_proves(p->stream, name))
		p->found = t;
}

/* Who the certificate says, looked up again only when trunks or addresses changed. */
static struct target *certified(struct core *core, struct stream *s,
				const struct guard_message *m)
{
	struct stream_mark *mark = stream_mark(s);
	struct proof p = {.stream = s};

	if (mark->stamp != core->targets_stamp) {
		registry_each(core->registry, proof_h, &p);
		mark->who = p.found;
		mark->stamp = core->targets_stamp;
	}
	if (mark->who && !pl_strcmp(&m->method, "OPTIONS"))
		trunk_seen(target_trunk(mark->who));
	return mark->who;
}

void demux_stream_request(struct core *core, struct stream *s,
			  enum config_transport transport, const struct guard_message *m)
{
	const struct sa *src = stream_peer(s);
	const struct target *t = whose(core, src, stream_local(s), transport, m);
	struct pl text;

	if (!t)
		t = certified(core, s, m);
	if (!t)
		stray(core, ENGINE_STRAY_STRANGER);
	else if (!make_answer(core, t, src, m, &text))
		(void)stream_send(s, text.p, text.l, NULL);
}
