/*
 * What a target needs to be tested alone: services under virtual time, a peer on
 * loopback, a configuration read from text, and handlers that note what they are told.
 */
#ifndef TESTS_UNIT_SIPPROBE_TARGET_FIXTURE_H
#define TESTS_UNIT_SIPPROBE_TARGET_FIXTURE_H

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sipprobe/target/bindings.h"
#include "sipprobe/target/exchange.h"
#include "sipprobe/target/peers.h"
#include "sipprobe/target/probers.h"
#include "sipprobe/target/registry.h"
#include "sipprobe/target/target.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/tls/tls_cache.h"
#include "sipprobe/transport/sockets.h"
#include "sipprobe/trunk/demux.h"
#include "tests/unit/sipprobe/loop_turn.h"
#include "tests/unit/sipprobe/virtual_time.h"
#include "tests/unit/tap.h"

enum { FIXTURE_TEXT = 4096 };

struct fixture {
	struct services services;
	struct demux_peers peers;
	struct demux *demux;
	struct target_group group;
	struct engine_events events;
	struct target_owner owner;
	struct config *config;
	struct resolve_address address; /* of the peer */
	int fd;				/* the peer's socket: UDP, or listening */
	struct sa from;			/* of the datagram it read last */
	char got[FIXTURE_TEXT];		/* that datagram */
	char told[FIXTURE_TEXT];	/* what the handlers were told */
	char was_told[FIXTURE_TEXT];
	struct probe_result last;
	struct probe_loss loss; /* of all that settled */
	bool ladder_wanted;
	char ladder[FIXTURE_TEXT]; /* "sent retransmitted deadline" */
	char sent[FIXTURE_TEXT];   /* the first message that it says was sent */
	char words[FIXTURE_TEXT];  /* of its entries that are none: "one | other" */
	char sizes[FIXTURE_TEXT];  /* of its messages: "412 398" */
	unsigned owner_results;
	unsigned owner_seen;
	bool owner_changed;
	unsigned unregistered;
};

/* The fixture of a handler, for those that get no argument. */
static struct fixture *fixture_in_use;

/* Adds to a text, after @between where it is not the first. */
__attribute__((format(printf, 3, 4))) static inline void
fixture_add(char text[FIXTURE_TEXT], const char *between, const char *fmt, ...)
{
	size_t used = strlen(text);
	va_list ap;

	if (used)
		used += (size_t)snprintf(text + used, FIXTURE_TEXT - used, "%s", between);
	va_start(ap, fmt);
	(void)vsnprintf(text + used, FIXTURE_TEXT - used, fmt, ap);
	va_end(ap);
}

/* For a handler, whose argument is the fixture. */
#define fixture_tell(f, ...) fixture_add(((struct fixture *)(f))->told, ", ", __VA_ARGS__)

/* What was told since the last call: "begin, done timeout down". */
static inline const char *fixture_told(struct fixture *f)
{
	memcpy(f->was_told, f->told, sizeof(f->was_told));
	f->told[0] = '\0';
	return f->was_told;
}

static inline void *fixture_target_add_h(void *row, const struct engine_target *target,
					 void *arg)
{
	(void)row;
	fixture_tell(arg, "add %s %s", target->method, target->transport);
	return arg;
}

static inline void fixture_target_remove_h(void *cell, void *arg)
{
	(void)cell;
	fixture_tell(arg, "remove");
}

static inline void fixture_begin_h(void *cell, int64_t lag_ns, void *arg)
{
	(void)cell, (void)lag_ns;
	fixture_tell(arg, "begin");
}

static inline void fixture_done_h(void *cell, const struct probe_result *r, void *arg)
{
	static const char *const verdicts[] = {"up", "degraded", "down"};
	struct fixture *f = arg;

	(void)cell;
	f->last = *r;
	if (r->code)
		fixture_tell(f, "%s %u %s", probe_outcome_name(r->outcome), r->code,
			     verdicts[r->verdict]);
	else
		fixture_tell(f, "%s %s", probe_outcome_name(r->outcome),
			     verdicts[r->verdict]);
}

static inline void fixture_late_h(void *cell, void *arg)
{
	(void)cell;
	fixture_tell(arg, "late");
}

static inline void fixture_settled_h(void *cell, const struct probe_loss *loss, void *arg)
{
	struct fixture *f = arg;

	(void)cell;
	f->loss.requests += loss->requests;
	f->loss.answers += loss->answers;
	f->loss.lost += loss->lost;
	f->loss.lost_there += loss->lost_there, f->loss.lost_back += loss->lost_back;
}

/* What settled since the last call: "requests answers lost". */
static inline const char *fixture_settled(struct fixture *f)
{
	static char text[64];

	(void)snprintf(text, sizeof(text), "%u %u %u", f->loss.requests, f->loss.answers,
		       f->loss.lost);
	f->loss = (struct probe_loss){0};
	return text;
}

static inline void fixture_misdirected_h(void *cell, enum probe_misdirected how,
					 void *arg)
{
	(void)cell;
	fixture_tell(arg, "other %s", probe_misdirected_name(how));
}

static inline bool fixture_ladder_wanted_h(void *cell, const struct probe_result *r,
					   void *arg)
{
	(void)cell, (void)r;
	return ((struct fixture *)arg)->ladder_wanted;
}

static inline void fixture_ladder_h(void *cell, const struct probe_result *r,
				    const struct ladder *l, void *arg)
{
	struct fixture *f = arg;

	(void)cell, (void)r;
	f->ladder[0] = f->sent[0] = f->words[0] = f->sizes[0] = '\0';
	for (unsigned i = 0; i < l->count; i++) {
		const struct ladder_entry *e = &l->entries[i];

		if (e->kind == LADDER_SENT && !f->sent[0])
			fixture_add(f->sent, "", "%.*s", (int)e->len, e->text);
		if (e->size)
			fixture_add(f->sizes, " ", "%u", e->size);
		else if (e->len)
			fixture_add(f->words, " | ", "%.*s", (int)e->len, e->text);
		fixture_add(f->ladder, " ", "%s@%lld", ladder_kind_name(e->kind),
			    (long long)(e->at_ns / CLOCK_NS_PER_MS));
	}
	if (l->dropped)
		fixture_add(f->ladder, " ", "%u dropped", l->dropped);
}

static inline void fixture_inbound_h(void *row, const char *method, unsigned code,
				     void *arg)
{
	fixture_tell(arg, "inbound %s %s %u", (const char *)row, method, code);
}

static inline void fixture_stray_h(int why, void *arg)
{
	fixture_tell(arg, "%s", engine_stray_name((enum engine_stray)why));
}

static inline void fixture_result_h(struct target_owner *o, const struct target *t,
				    const struct probe_result *last, bool changed)
{
	(void)o, (void)t, (void)last;
	fixture_in_use->owner_results++;
	fixture_in_use->owner_changed = changed;
}

static inline void fixture_seen_h(struct target_owner *o)
{
	(void)o;
	fixture_in_use->owner_seen++;
}

static const struct target_owner_handlers fixture_owner_handlers = {fixture_result_h,
								    fixture_seen_h};

static inline void fixture_unregistered_h(void *arg)
{
	((struct fixture *)arg)->unregistered++;
}

static inline const struct config_trunk *fixture_trunk(const struct fixture *f)
{
	return &f->config->trunks[0];
}

/* Reads a configuration, the test's own text: it must be right. */
__attribute__((format(printf, 1, 2))) static inline struct config *
fixture_config(const char *fmt, ...)
{
	struct config_errors errs = {0};
	struct config *c = NULL;
	char text[FIXTURE_TEXT];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (config_parse(&c, text, strlen(text), "test.json", &errs)) {
		config_errors_print(&errs, stderr);
		abort();
	}
	config_errors_clear(&errs);
	return c;
}

/* Runs tests with libre ready. Returns what main() is to return. */
static inline int fixture_main(void (*const *tests)(void), size_t count)
{
	if (libre_init() || fd_setsize(1024)) {
		puts("Bail out! libre_init");
		return 1;
	}
	for (size_t i = 0; i < count; i++)
		tests[i]();
	libre_close();
	return tap_done();
}

static inline void fixture_services(struct fixture *f)
{
	struct services *s = &f->services;

	(void)snprintf(s->agent, sizeof(s->agent), "test");
	s->targets_stamp = 1;
	(void)ticker_alloc(&s->ticker);
	(void)registry_alloc(&s->registry);
	(void)peers_alloc(&f->peers.scheduled);
	(void)peers_alloc(&f->peers.ondemand);
	(void)demux_alloc(&f->demux, s, &f->peers, &f->events, f);
	s->arrivals = &demux_arrivals;
	s->arrivals_arg = f->demux;
	(void)sockets_alloc(&s->sockets, s->ticker, s->arrivals, f->demux);
}

static inline void fixture_handlers(struct fixture *f)
{
	f->events = (struct engine_events){
		.probe = {.target_add_h = fixture_target_add_h,
			  .target_remove_h = fixture_target_remove_h,
			  .probe_begin_h = fixture_begin_h,
			  .probe_done_h = fixture_done_h,
			  .probe_late_h = fixture_late_h,
			  .probe_settled_h = fixture_settled_h,
			  .probe_misdirected_h = fixture_misdirected_h,
			  .ladder_wanted_h = fixture_ladder_wanted_h,
			  .probe_ladder_h = fixture_ladder_h},
		.inbound_h = fixture_inbound_h,
		.stray_h = fixture_stray_h,
	};
	f->group = (struct target_group){
		.services = &f->services,
		.events = &f->events.probe,
		.arg = f,
		.peers = f->peers.scheduled,
		.unregistered_h = fixture_unregistered_h,
		.unregistered_arg = f,
	};
	(void)tls_cache_alloc(&f->group.tls);
	(void)bindings_alloc(&f->group.bindings);
	fixture_in_use = f;
}

/* The peer's socket, on a free port of @host. */
static inline void fixture_peer(struct fixture *f, const char *host,
				enum config_transport transport)
{
	bool udp = transport == CONFIG_TRANSPORT_UDP;
	struct sa sa;

	sa_set_str(&sa, host, 0);
	f->fd = socket(sa_af(&sa), (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK, 0);
	sa.len = sizeof(sa.u);
	if (bind(f->fd, &sa.u.sa,
		 sa_af(&sa) == AF_INET ? sizeof(sa.u.in) : sizeof(sa.u.in6)) ||
	    (!udp && listen(f->fd, 8)) || getsockname(f->fd, &sa.u.sa, &sa.len))
		perror("peer");
	f->address = (struct resolve_address){.sa = sa, .transport = transport};
}

/*
 * Opens all of it.
 *
 * @settings: more of the trunk's description: ", \"interval\": \"60s\""
 */
static inline void fixture_open(struct fixture *f, enum config_transport transport,
				const char *settings)
{
	static char isp[] = "isp";

	*f = (struct fixture){.fd = -1};
	fixture_peer(f, "127.0.0.1", transport);
	fixture_services(f);
	fixture_handlers(f);
	f->config = fixture_config("{\"trunks\": [{\"name\": \"isp\", \"uri\": "
				   "\"sip:127.0.0.1:%u;transport=%s\"%s}]}",
				   sa_port(&f->address.sa),
				   config_transport_name(transport), settings);
	f->group.conf = f->config;
	f->owner = (struct target_owner){.conf = fixture_trunk(f),
					 .paused = fixture_trunk(f)->settings->pause.on,
					 .row = isp,
					 .handlers = &fixture_owner_handlers};
}

static inline void fixture_close(struct fixture *f)
{
	f->services.closing = true;
	while (f->group.unregistering.head)
		mem_deref(f->group.unregistering.head->data);
	mem_deref(f->group.bindings);
	mem_deref(f->services.sockets);
	mem_deref(f->group.tls);
	mem_deref(f->demux);
	mem_deref(f->peers.scheduled);
	mem_deref(f->peers.ondemand);
	mem_deref(f->services.registry);
	mem_deref(f->services.ticker);
	config_free(f->config);
	if (f->fd >= 0)
		(void)close(f->fd);
}

static inline struct target *fixture_target(struct fixture *f,
					    const struct prober *prober)
{
	struct target *t = NULL;

	if (target_alloc(&t, &f->group, &f->owner, prober, &f->address, -1))
		puts("# target_alloc failed");
	return t;
}

/* Begins a probe, which takes the wheel a tick. */
static inline void fixture_probe(struct target *t)
{
	target_probe_now(t);
	pass_ns(0);
	if (!t->pending)
		pass_ns(WHEEL_TICK_NS - virtual_now_ns % WHEEL_TICK_NS);
}

/* Our end for the requests of a target with an exchange, as if it had been chosen. */
static inline void fixture_set_local(struct target *t, const struct sa *local)
{
	if (t->local)
		t->local->sa = *local;
	exchange_set_local(t->more->exchange, local);
}

/* Reads the next datagram that reached the peer. Without one the last stays. */
static inline bool fixture_got(struct fixture *f)
{
	char buf[FIXTURE_TEXT];
	struct sa from = {.len = sizeof(from.u)};
	ssize_t n = recvfrom(f->fd, buf, sizeof(buf) - 1, 0, &from.u.sa, &from.len);

	if (n <= 0)
		return false;
	buf[n] = '\0';
	memcpy(f->got, buf, (size_t)n + 1);
	f->from = from;
	return true;
}

/* How many datagrams reached the peer since; the last one is there to be answered. */
static inline unsigned fixture_drain(struct fixture *f)
{
	unsigned n = 0;

	while (fixture_got(f))
		n++;
	return n;
}

/* Answers @request. @status: "200 OK"; @fields: more of them, with their line ends */
static inline size_t fixture_answer(char out[FIXTURE_TEXT], const char *request,
				    const char *status, const char *fields)
{
	static const char *const copied[] = {"Via:", "From:", "To:", "Call-ID:", "CSeq:"};
	size_t n = (size_t)snprintf(out, FIXTURE_TEXT, "SIP/2.0 %s\r\n", status);

	for (const char *line = request; line && *line;) {
		size_t len = strcspn(line, "\r\n");

		for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
			if (!strncmp(line, copied[i], strlen(copied[i])))
				n += (size_t)snprintf(out + n, FIXTURE_TEXT - n,
						      "%.*s%s\r\n", (int)len, line,
						      i == 2 ? ";tag=peer" : "");
		line = strchr(line, '\n');
		line += line != NULL;
	}
	n += (size_t)snprintf(out + n, FIXTURE_TEXT - n, "%sContent-Length: 0\r\n\r\n",
			      fields);
	return n;
}

/* A datagram that came from the peer, by now. */
static inline void fixture_arrive(struct fixture *f, const char *buf, size_t len)
{
	demux_arrivals.datagram_h(NULL, &f->address.sa, buf, len, virtual_now_ns,
				  f->demux);
}

/* The peer answers the datagram that it read last. */
static inline void fixture_reply(struct fixture *f, const char *status,
				 const char *fields)
{
	char buf[FIXTURE_TEXT];

	fixture_arrive(f, buf, fixture_answer(buf, f->got, status, fields));
}

/* A header field of what the peer read last, without its name; "" without one. */
static inline const char *fixture_field(const struct fixture *f, const char *name)
{
	static char value[FIXTURE_TEXT];
	char start[64];
	const char *at;

	(void)snprintf(start, sizeof(start), "\r\n%s: ", name);
	at = strstr(f->got, start);
	if (!at)
		return "";
	at += strlen(start);
	(void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
	return value;
}

#endif
