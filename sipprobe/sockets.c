#include <string.h>

#include "sipprobe/sockets.h"
#include "sipprobe/clock.h"
#include "sipprobe/demux.h"
#include "sipprobe/inbound.h"
#include "sipprobe/listener.h"
#include "sipprobe/locals.h"
#include "sipprobe/tls_cache.h"
#include "sipprobe/udp.h"

/* One of sip.listen, open. */
struct entry {
	struct le le;
	enum config_transport transport;
	struct sa wanted; /* as configured; its port may be 0 */
	struct sa local;  /* as bound */
	struct udp *udp;  /* owned; or */
	struct listener *listener;
	struct tls_profile *tls;      /* of a TLS listener, in force; owned */
	struct tls_profile *tls_next; /* the same after the next commit */
	bool in_force;
	bool wanted_next; /* the configuration being prepared lists it */
	char text[64];
};

struct sockets {
	struct core *core;
	struct list entries;
	bool match_certificate;
	bool match_next;	 /* the same after the next commit */
	struct inbound *inbound; /* connections that peers opened to us */
	struct wheel_timer sweep;
	struct locals *locals; /* for trunks that say where from */
	struct udp *own[2];    /* for IPv4 and IPv6, opened when first needed */
};

/* A peer that pings over a connection of its own does so every minute or two. */
#define INBOUND_IDLE_NS (600 * CLOCK_NS_PER_S)

static const char *const transport_names[] = {
	[CONFIG_TRANSPORT_NONE] = "",
	[CONFIG_TRANSPORT_UDP] = "udp",
	[CONFIG_TRANSPORT_TCP] = "tcp",
	[CONFIG_TRANSPORT_TLS] = "tls",
};

static void datagram_h(struct udp *u, const struct sa *src, const char *buf, size_t len,
		       int64_t rx_ns, void *arg)
{
	struct sockets *s = arg;

	demux_datagram(s->core, u, src, buf, len, rx_ns);
}

static void error_h(struct udp *u, const struct sa *dst, int err, const char *buf,
		    size_t len, void *arg)
{
	struct sockets *s = arg;

	(void)u;
	demux_icmp(s->core, dst, err, buf, len);
}

static const struct udp_events udp_events = {datagram_h, error_h};

/* Whose certificate speaks for it is asked when a request is there to be answered. */
static bool accept_h(const struct sa *peer, bool tls, void *arg)
{
	struct sockets *s = arg;

	if (tls && s->match_certificate)
		return true;
	return demux_welcomes(s->core, peer);
}

static void message_h(struct stream *stream, const struct guard_message *m, int64_t rx_ns,
		      void *arg)
{
	struct sockets *s = arg;

	(void)rx_ns;
	if (m->request)
		demux_stream_request(s->core, stream, CONFIG_TRANSPORT_NONE, m);
	else
		s->core->events->stray_h(ENGINE_STRAY_RESPONSE, s->core->arg);
}

static void closed_h(struct stream *stream, enum probe_outcome why, int err,
		     const char *detail, void *arg)
{
	struct sockets *s = arg;

	(void)stream, (void)err, (void)detail;
	if (why == PROBE_PROTOCOL)
		s->core->events->stray_h(ENGINE_STRAY_MALFORMED, s->core->arg);
}

static const struct inbound_events inbound_events = {accept_h, message_h, closed_h};

static void sockets_destructor(void *arg)
{
	struct sockets *s = arg;

	ticker_cancel(s->core->ticker, &s->sweep);
	list_flush(&s->entries);
	mem_deref(s->inbound);
	mem_deref(s->locals);
	mem_deref(s->own[0]);
	mem_deref(s->own[1]);
}

static void entry_destructor(void *arg)
{
	struct entry *e = arg;

	list_unlink(&e->le);
	mem_deref(e->udp);
	mem_deref(e->listener);
	mem_deref(e->tls);
	mem_deref(e->tls_next);
}

int sockets_alloc(struct sockets **sp, struct core *core)
{
	struct sockets *s = mem_zalloc(sizeof(*s), sockets_destructor);
	int err;

	if (!s)
		return ENOMEM;
	s->core = core;
	err = inbound_alloc(&s->inbound, &inbound_events, s);
	if (!err)
		err = locals_alloc(&s->locals, &udp_events, s);
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

static int open_entry(struct sockets *s, struct entry *e)
{
	int err;

	if (e->transport == CONFIG_TRANSPORT_UDP) {
		/* A trunk may have it open already. */
		e->udp = mem_ref(locals_find(s->locals, &e->wanted));
		err = e->udp ? 0 : udp_socket(&e->udp, &e->wanted, &udp_events, s);
		if (!err)
			e->local = *udp_local(e->udp);
	} else {
		err = listener_alloc(&e->listener, &e->wanted, e->tls_next, s->inbound);
		if (!err)
			e->local = *listener_local(e->listener);
	}
	return err;
}

static struct entry *find_wanted(const struct sockets *s, enum config_transport transport,
				 const struct sa *wanted)
{
	for (struct le *le = s->entries.head; le; le = le->next) {
		struct entry *e = le->data;

		if (e->transport == transport && !e->wanted_next &&
		    sa_cmp(&e->wanted, wanted, SA_ALL))
			return e;
	}
	return NULL;
}

static int add_entry(struct sockets *s, struct entry **ep,
		     enum config_transport transport, const struct sa *wanted,
		     struct tls_profile *tls)
{
	struct entry *e = mem_zalloc(sizeof(*e), entry_destructor);
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
	(void)re_snprintf(e->text, sizeof(e->text), "%s:%J", transport_names[transport],
			  &e->local);
	list_append(&s->entries, &e->le, e);
	*ep = e;
	return 0;
}

static int prepare_one(struct sockets *s, const struct config_listen *conf,
		       struct tls_profile *tls)
{
	struct entry *e;
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
		mem_deref(e->tls_next);
		e->tls_next = mem_ref(tls);
	}
	e->wanted_next = true;
	return 0;
}

static void say_failed(const struct config_listen *conf, int err, char *text, size_t size)
{
	bool v6 = strchr(conf->host, ':') != NULL;

	(void)re_snprintf(text, size, "%s:%s%s%s:%u: %s",
			  transport_names[conf->transport], v6 ? "[" : "", conf->host,
			  v6 ? "]" : "", conf->port, strerror(err));
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
			say_failed(conf, err, err_text, err_size);
			return err;
		}
	}
	return 0;
}

static void commit_one(struct entry *e)
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
		if (((const struct entry *)le->data)->listener)
			return true;
	return false;
}

static void sweep_h(struct wheel_timer *timer, int64_t now_ns)
{
	struct sockets *s = (struct sockets *)(void *)((char *)timer -
						       offsetof(struct sockets, sweep));

	(void)inbound_run(s->inbound, now_ns, INBOUND_IDLE_NS);
	for (struct le *le = s->entries.head; le; le = le->next)
		if (((struct entry *)le->data)->listener)
			listener_run(((struct entry *)le->data)->listener);
	ticker_start(s->core->ticker, timer, now_ns + INBOUND_OPENING_NS / 2, sweep_h);
}

bool sockets_commit(struct sockets *s)
{
	struct le *le = s->entries.head;
	bool changed = false;

	while (le) {
		struct entry *e = le->data;

		le = le->next;
		changed |= e->udp && e->in_force != e->wanted_next;
		commit_one(e);
	}
	s->match_certificate = s->match_next;
	if (has_listener(s) && !wheel_armed(&s->sweep))
		sweep_h(&s->sweep, clock_monotonic_ns());
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
		struct entry *e = le->data;

		le = le->next;
		e->wanted_next = false;
		e->tls_next = mem_deref(e->tls_next);
		if (!e->in_force)
			mem_deref(e);
	}
}

/* How well a listening socket suits probes to an address; 0: not at all. */
static int suits(const struct entry *e, const struct sa *dst, const struct sa *source)
{
	if (e->transport != CONFIG_TRANSPORT_UDP || !e->in_force ||
	    sa_af(&e->local) != sa_af(dst))
		return 0;
	if (sa_cmp(&e->local, source, SA_ADDR))
		return 3;
	if (sa_is_any(&e->local))
		return 2;
	/* From a loopback address nothing leaves the machine, nor comes to it. */
	return sa_is_loopback(&e->local) == sa_is_loopback(source) ? 1 : 0;
}

static struct udp *listening_for(const struct sockets *s, const struct sa *dst,
				 const struct sa *source)
{
	const struct entry *best = NULL;
	int best_score = 0;

	for (struct le *le = s->entries.head; le; le = le->next) {
		const struct entry *e = le->data;
		int score = suits(e, dst, source);

		if (score > best_score) {
			best = e;
			best_score = score;
		}
	}
	return best ? best->udp : NULL;
}

static int own_socket(struct sockets *s, struct udp **up, int af)
{
	struct udp **own = &s->own[af == AF_INET6];
	struct sa any;
	int err = 0;

	if (!*own) {
		sa_init(&any, af);
		err = udp_socket(own, &any, &udp_events, s);
	}
	if (!err)
		*up = *own;
	return err;
}

/* The socket that listens where a trunk wants to send from, else one of its own. */
static int wanted_socket(struct sockets *s, struct udp **up, int af,
			 const struct config_local *want)
{
	struct sa sa;
	int err = locals_address(&sa, want, af);

	if (err)
		return err;
	for (struct le *le = s->entries.head; le; le = le->next) {
		const struct entry *e = le->data;

		if (e->udp && e->in_force && sa_af(&e->local) == af &&
		    locals_fits(want, &e->local)) {
			*up = e->udp;
			return 0;
		}
	}
	return locals_get(s->locals, up, &sa);
}

void sockets_mark_local(struct sockets *s, const struct config_local *want)
{
	locals_mark(s->locals, want);
}

void sockets_sweep_local(struct sockets *s)
{
	locals_sweep(s->locals);
}

int sockets_udp_for(struct sockets *s, struct udp **up, struct sa *local,
		    const struct sa *dst, const struct config_local *want)
{
	struct sa source;
	struct udp *u = NULL;
	int err = udp_source(&source, dst);

	if (err)
		return err;
	if (locals_wanted(want))
		err = wanted_socket(s, &u, sa_af(dst), want);
	else
		u = listening_for(s, dst, &source);
	if (!u && !err)
		err = own_socket(s, &u, sa_af(dst));
	if (err)
		return err;
	*local = sa_is_any(udp_local(u)) ? source : *udp_local(u);
	sa_set_port(local, sa_port(udp_local(u)));
	*up = u;
	return 0;
}

uint16_t sockets_stream_port(const struct sockets *s, enum config_transport transport,
			     int af)
{
	for (struct le *le = s->entries.head; le; le = le->next) {
		const struct entry *e = le->data;

		if (e->in_force && e->transport == transport && sa_af(&e->local) == af)
			return sa_port(&e->local);
	}
	return 0;
}

void sockets_use_tls(struct sockets *s, struct tls_profile *profile)
{
	for (struct le *le = s->entries.head; le; le = le->next) {
		struct entry *e = le->data;

		if (!e->listener || e->transport != CONFIG_TRANSPORT_TLS)
			continue;
		mem_ref(profile);
		mem_deref(e->tls);
		e->tls = profile;
		listener_use(e->listener, profile);
	}
}

const char *sockets_listening(const struct sockets *s, size_t n)
{
	for (struct le *le = s->entries.head; le; le = le->next) {
		const struct entry *e = le->data;

		if (e->in_force && !n--)
			return e->text;
	}
	return NULL;
}
