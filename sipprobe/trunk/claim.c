#include "sipprobe/trunk/claim.h"

#include <string.h>

#include "sipprobe/target/peers.h"
#include "sipprobe/target/registry.h"
#include "sipprobe/target/target.h"
#include "sipprobe/transport/sockets.h"
#include "sipprobe/transport/stream.h"

/* The targets that a certificate speaks for; of a connection, in its mark. */
struct proven {
	size_t count;
	struct target *list[];
};

struct proof {
	const struct stream *stream;
	struct proven *proven; /* NULL: nobody yet */
	char name[256];	       /* looked for last: many targets have the same one */
	bool proves;	       /* it is in the certificate */
};

/* The search for the best, and then for its equals. */
struct search {
	const struct claim *claim;
	struct target *best; /* the first of those that fit best */
	int fit;
};

static void claim_seen(const struct target *t)
{
	struct target_owner *o = target_owner(t);

	if (o->handlers && o->handlers->seen_h)
		o->handlers->seen_h(o);
}

/* @fit: as peers_each() tells it. */
static int claim_fit(const struct claim *c, const struct target *t, int fit)
{
	return 8 * (fit >> 1) + 2 * target_fits_local(t, c->local) + (fit & 1);
}

static void claim_best_h(void *row, int fit, void *arg)
{
	struct search *s = arg;

	fit = claim_fit(s->claim, row, fit);
	if (s->best && fit <= s->fit)
		return;
	s->best = row;
	s->fit = fit;
}

static void claim_equal_h(void *row, int fit, void *arg)
{
	const struct search *s = arg;

	if (claim_fit(s->claim, row, fit) == s->fit)
		claim_seen(row);
}

/* The port of a connection that the peer opened is any; 0 fits all. */
static struct sa claim_source(const struct claim *c)
{
	struct sa src = *c->src;

	if (c->stream && stream_accepted(c->stream))
		sa_set_port(&src, 0);
	return src;
}

static void proof_add(struct proof *p, struct target *t)
{
	size_t count = p->proven ? p->proven->count : 0;
	size_t size = sizeof(struct proven) + (count + 1) * sizeof(t);
	struct proven *more =
		count ? mem_realloc(p->proven, size) : mem_zalloc(size, NULL);

	if (!more)
		return;
	more->list[count] = t;
	more->count = count + 1;
	p->proven = more;
}

static void proof_try_h(struct target *t, void *arg)
{
	struct proof *p = arg;
	char name[sizeof(p->name)];

	/* One without a row takes its leave: its trunk is nobody's any more. */
	if (!target_owner(t)->row ||
	    !config_transport_is_tls(target_address(t)->transport) ||
	    target_peer_name(t, name, sizeof(name)))
		return;
	if (strcmp(name, p->name)) {
		str_ncpy(p->name, name, sizeof(p->name));
		p->proves = stream_proves(p->stream, name);
	}
	if (p->proves)
		proof_add(p, t);
}

static void proof_row_h(void *row, int fit, void *arg)
{
	(void)fit;
	proof_try_h(row, arg);
}

/* Looked up again only when targets changed. */
static const struct proven *claim_proven(struct services *s, const struct peers *peers,
					 struct stream *stream)
{
	struct stream_mark *mark = stream_mark(stream);
	struct proof p = {.stream = stream};
	const struct sa *src = stream_peer(stream);

	if (mark->stamp == s->targets_stamp || !stream_verified(stream))
		return mark->proven;
	if (sockets_match_certificate(s->sockets) ||
	    !peers_find(peers, src, CONFIG_TRANSPORT_NONE))
		registry_each(s->registry, proof_try_h, &p);
	else
		peers_each(peers, src, CONFIG_TRANSPORT_TLS, proof_row_h, &p);
	mem_deref(mark->proven);
	mark->proven = p.proven;
	mark->stamp = s->targets_stamp;
	return p.proven;
}

bool claim_is_proven(struct services *s, const struct peers *peers, struct stream *stream)
{
	return claim_proven(s, peers, stream) != NULL;
}

/* Of several trunks of one name, the one of this address, then of our end. */
static int proven_fit(const struct claim *c, const struct target *t)
{
	return 4 * sa_cmp(&target_address(t)->sa, c->src, SA_ADDR) +
	       target_fits_local(t, c->local);
}

static struct target *settle_proven(const struct claim *c, const struct proven *p,
				    bool ping)
{
	struct target *best = p->list[0];

	for (size_t i = 1; i < p->count; i++)
		if (proven_fit(c, p->list[i]) > proven_fit(c, best))
			best = p->list[i];
	for (size_t i = 0; i < p->count && ping; i++)
		if (proven_fit(c, p->list[i]) == proven_fit(c, best))
			claim_seen(p->list[i]);
	return best;
}

/* The target whose connection it is, if it is one of the schedule's. */
static struct target *claim_opener(const struct peers *peers, const struct claim *c)
{
	struct target *t = c->stream ? stream_mark(c->stream)->opener : NULL;

	return t && peers_owns(peers, &target_address(t)->sa,
			       target_address(t)->transport, t)
		       ? t
		       : NULL;
}

struct target *claim_settle(struct services *s, const struct peers *peers,
			    const struct claim *c, bool ping)
{
	struct search search = {.claim = c, .best = claim_opener(peers, c)};
	const struct proven *proven = NULL;
	struct sa src = claim_source(c);

	if (c->stream && stream_accepted(c->stream))
		proven = claim_proven(s, peers, c->stream);
	if (proven)
		return settle_proven(c, proven, ping);
	if (search.best)
		search.fit = claim_fit(c, search.best, 3);
	else if (s->inbound_sensitive)
		peers_each(peers, &src, c->transport, claim_best_h, &search);
	else
		search.best = peers_find(peers, &src, c->transport);
	/* With many trunks at one address to look no further is by far the shorter way.
	 */
	if (search.best && ping && s->inbound_sensitive)
		peers_each(peers, &src, c->transport, claim_equal_h, &search);
	return search.best;
}
