#include "sipprobe/transport/sockets.h"

#include <string.h>

#include "base/clock.h"
#include "config/uri.h"
#include "sipprobe/tls/tls_cache.h"
#include "sipprobe/transport/inbound.h"
#include "sipprobe/transport/listener.h"
#include "sipprobe/transport/local_sockets.h"
#include "sipprobe/transport/sockets_private.h"

/* A peer that pings over a connection of its own does so every minute or two. */
#define INBOUND_IDLE_NS (600 * CLOCK_NS_PER_S)

static void sockets_coming_h(const struct mmsghdr *all, unsigned n, void *arg)
{
	struct sockets *s = arg;

	if (s->arrivals->coming_h)
		s->arrivals->coming_h(all, n, s->arg);
}

static void sockets_datagram_h(struct udp *u, const struct sa *src, const char *buf,
			       size_t len, int64_t rx_ns, void *arg)
{
	struct sockets *s = arg;

	s->arrivals->datagram_h(u, src, buf, len, rx_ns, s->arg);
}

static void sockets_error_h(struct udp *u, const struct sa *dst, int err, const char *buf,
			    size_t len, void *arg)
{
	struct sockets *s = arg;

	(void)u;
	s->arrivals->icmp_h(dst, err, buf, len, s->arg);
}

static struct turns *sockets_turns_h(void *arg)
{
	return sockets_turns(arg);
}

const struct udp_events sockets_udp_events = {
	.coming_h = sockets_coming_h,
	.datagram_h = sockets_datagram_h,
	.error_h = sockets_error_h,
	.turns_h = sockets_turns_h,
};

/* With match_certificate who is not known may show a certificate. */
static enum inbound_rank sockets_rank_h(const struct sa *peer, bool tls, void *arg)
{
	struct sockets *s = arg;

	if (s->arrivals->known_h(peer, s->arg))
		return INBOUND_KNOWN;
	return tls && s->match_certificate ? INBOUND_STRANGER : INBOUND_REFUSED;
}

static bool sockets_proven_h(struct stream *stream, void *arg)
{
	struct sockets *s = arg;

	return s->arrivals->proven_h(stream, s->arg);
}

static void sockets_refused_h(enum engine_stray why, const struct sa *peer, void *arg)
{
	struct sockets *s = arg;

	s->arrivals->refused_h(why, peer, s->arg);
}

static void sockets_message_h(struct stream *stream, const struct guard_message *m,
			      int64_t rx_ns, void *arg)
{
	struct sockets *s = arg;

	if (m->request)
		s->arrivals->request_h(stream,
				       stream_is_tls(stream) ? CONFIG_TRANSPORT_TLS
							     : CONFIG_TRANSPORT_TCP,
				       m, s->arg);
	else if (!s->arrivals->response_h(stream, m, rx_ns, s->arg))
		s->arrivals->stray_h(ENGINE_STRAY_RESPONSE, s->arg);
}

static void sockets_closed_h(struct stream *stream, enum probe_outcome why, int err,
			     const char *detail, void *arg)
{
	struct sockets *s = arg;

	(void)stream, (void)err, (void)detail;
	if (why == PROBE_PROTOCOL)
		s->arrivals->stray_h(ENGINE_STRAY_MALFORMED, s->arg);
}

static const struct inbound_events inbound_events = {
	.rank_h = sockets_rank_h,
	.proven_h = sockets_proven_h,
	.message_h = sockets_message_h,
	.closed_h = sockets_closed_h,
	.refused_h = sockets_refused_h,
};

static void sockets_destructor(void *arg)
{
	struct sockets *s = arg;

	ticker_cancel(s->ticker, &s->sweep);
	list_flush(&s->entries);
	mem_deref(s->inbound);
	mem_deref(s->turns);
	mem_deref(s->locals);
	mem_deref(s->own[0]);
	mem_deref(s->own[1]);
}

static void entry_destructor(void *arg)
{
	struct sockets_entry *e = arg;

	list_unlink(&e->le);
	mem_deref(e->udp);
	mem_deref(e->listener);
	mem_deref(e->tls);
	mem_deref(e->tls_next);
}

int sockets_alloc(struct sockets **sp, struct ticker *ticker,
		  const struct arrivals *arrivals, void *arg)
{
	struct sockets *s = mem_zalloc(sizeof(*s), sockets_destructor);
	int err;

	if (!s)
		return ENOMEM;
	s->ticker = ticker;
	s->arrivals = arrivals;
	s->arg = arg;
	err = turns_alloc(&s->turns);
	if (!err)
		err = inbound_alloc(&s->inbound, s->turns, &inbound_events, s);
	if (!err)
		err = local_sockets_alloc(&s->locals, &sockets_udp_events, s);
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

static int open_entry(struct sockets *s, struct sockets_entry *e)
{
	int err;

	if (e->transport == CONFIG_TRANSPORT_UDP) {
		/* A trunk may have it open already. */
		e->udp = mem_ref(local_sockets_find(s->locals, &e->wanted));
		err = e->udp ? 0
			     : udp_socket(&e->udp, &e->wanted, &sockets_udp_events, s);
		if (!err)
			e->local = *udp_local(e->udp);
	} else {
		err = listener_alloc(&e->listener, &e->wanted, e->tls_next, s->inbound);
		if (!err)
			e->local = *listener_local(e->listener);
	}
	return err;
}

static struct sockets_entry *find_wanted(const struct sockets *s,
					 enum config_transport transport,
					 const struct sa *wanted)
{
	for (struct le *le = s->entries.head; le; le = le->next) {
		struct sockets_entry *e = le->data;

		if (e->transport == transport && !e->wanted_next &&
		    sa_cmp(&e->wanted, wanted, SA_ALL))
			return e;
	}
	return NULL;
}

static int add_entry(struct sockets *s, struct sockets_entry **ep,
		     enum config_transport transport, const struct sa *wanted,
		     struct tls_profile *tls)
{
	struct sockets_entry *e = mem_zalloc(sizeof(*e), entry_destructor);
	int err;

	if (!e)
		return ENOMEM;
	e->transport = transport;
	e->wanted = *wanted;
	e->tls_next = mem_ref(tls);
	err = open_entry(s, e);
	if (err) {
		mem_deref(e);
		return err;
	}
	(void)re_snprintf(e->text, sizeof(e->text), "%s:%J",
			  config_transport_name(transport), &e->local);
	list_append(&s->entries, &e->le, e);
	*ep = e;
	return 0;
}

static int prepare_one(struct sockets *s, const struct config_listen *conf,
		       struct tls_profile *tls)
{
	struct sockets_entry *e;
	struct sa wanted;
	int err = sa_set_str(&wanted, conf->host, conf->port);

	if (err)
		return err;
	e = find_wanted(s, conf->transport, &wanted);
	if (!e) {
		err = add_entry(s, &e, conf->transport, &wanted, tls);
		if (err)
			return err;
	} else {
		e->tls_next = mem_ref(tls);
	}
	e->wanted_next = true;
	return 0;
}

/* The socket in force that has the port, and stays as it is until all else is prepared.
 */
static const char *held_by(const struct sockets *s, const struct config_listen *conf)
{
	for (struct le *le = s->entries.head; le; le = le->next) {
		const struct sockets_entry *e = le->data;
		bool same_kind = (e->transport == CONFIG_TRANSPORT_UDP) ==
				 (conf->transport == CONFIG_TRANSPORT_UDP);

		if (e->in_force && same_kind && sa_port(&e->local) == conf->port)
			return e->text;
	}
	return NULL;
}

static void say_failed(const struct sockets *s, const struct config_listen *conf, int err,
		       char *text, size_t size)
{
	bool v6 = strchr(conf->host, ':') != NULL;
	const char *holder = err == EADDRINUSE ? held_by(s, conf) : NULL;

	(void)re_snprintf(text, size, "%s:%s%s%s:%u: %s%s%s%s",
			  config_transport_name(conf->transport), v6 ? "[" : "",
			  conf->host, v6 ? "]" : "", conf->port, strerror(err),
			  holder ? " by " : "", holder ? holder : "",
			  holder ? " of before: that takes a restart" : "");
}

int sockets_prepare(struct sockets *s, const struct config_sip *sip,
		    struct tls_cache *tls, char *err_text, size_t err_size)
{
	s->match_next = sip->match_certificate;
	for (size_t i = 0; i < sip->listen_count; i++) {
		const struct config_listen *conf = &sip->listen[i];
		struct tls_profile *profile = NULL;
		int err = 0;

		if (conf->transport == CONFIG_TRANSPORT_TLS)
			err = tls_cache_get(tls, &profile, &sip->tls, true, err_text,
					    err_size);
		if (err)
			return err;
		err = prepare_one(s, conf, profile);
		if (err) {
			say_failed(s, conf, err, err_text, err_size);
			return err;
		}
	}
	return 0;
}

static void commit_one(struct sockets_entry *e)
{
	e->in_force = e->wanted_next;
	e->wanted_next = false;
	if (!e->in_force) {
		mem_deref(e);
		return;
	}
	mem_deref(e->tls);
	e->tls = e->tls_next;
	e->tls_next = NULL;
	if (e->listener)
		listener_use(e->listener, e->tls);
}

static bool has_listener(const struct sockets *s)
{
	for (struct le *le = s->entries.head; le; le = le->next)
		if (((const struct sockets_entry *)le->data)->listener)
			return true;
	return false;
}

static void sockets_sweep_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct sockets *s = wheel_owner(timer, struct sockets, sweep);

	(void)inbound_run(s->inbound, now_ns, INBOUND_IDLE_NS);
	for (struct le *le = s->entries.head; le; le = le->next)
		if (((struct sockets_entry *)le->data)->listener)
			listener_run(((struct sockets_entry *)le->data)->listener);
	ticker_start(s->ticker, timer, now_ns + INBOUND_OPENING_NS / 2, sockets_sweep_h);
}

bool sockets_commit(struct sockets *s)
{
	struct le *le = s->entries.head;
	bool changed = false;

	while (le) {
		struct sockets_entry *e = le->data;

		le = le->next;
		changed |= e->udp && e->in_force != e->wanted_next;
		commit_one(e);
	}
	s->match_certificate = s->match_next;
	if (has_listener(s) && !wheel_armed(&s->sweep))
		sockets_sweep_h(&s->sweep, clock_monotonic_ns());
	return changed;
}

void sockets_review(struct sockets *s)
{
	inbound_review(s->inbound);
}

void sockets_abandon(struct sockets *s)
{
	struct le *le = s->entries.head;

	while (le) {
		struct sockets_entry *e = le->data;

		le = le->next;
		e->wanted_next = false;
		e->tls_next = mem_deref(e->tls_next);
		if (!e->in_force)
			mem_deref(e);
	}
}

void sockets_use_tls(struct sockets *s, struct tls_profile *profile)
{
	for (struct le *le = s->entries.head; le; le = le->next) {
		struct sockets_entry *e = le->data;

		if (!e->listener || e->transport != CONFIG_TRANSPORT_TLS)
			continue;
		mem_ref(profile);
		mem_deref(e->tls);
		e->tls = profile;
		listener_use(e->listener, profile);
	}
}

struct turns *sockets_turns(const struct sockets *s)
{
	return s->turns;
}

bool sockets_match_certificate(const struct sockets *s)
{
	return s->match_certificate;
}

const char *sockets_listening(const struct sockets *s, size_t n)
{
	for (struct le *le = s->entries.head; le; le = le->next) {
		const struct sockets_entry *e = le->data;

		if (e->in_force && !n--)
			return e->text;
	}
	return NULL;
}
