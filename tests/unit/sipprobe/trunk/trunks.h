/* A trunk whose peer is at every address of this machine, and a zone with its name. */
#ifndef TESTS_UNIT_SIPPROBE_TRUNK_TRUNKS_H
#define TESTS_UNIT_SIPPROBE_TRUNK_TRUNKS_H

#include "sipprobe/target/target_state.h"
#include "sipprobe/trunk/trunk.h"
#include "sipprobe/trunk/trunk_names.h"
#include "sipprobe/trunk/trunk_parts.h"
#include "tests/unit/sipprobe/dns/zone_resolver.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define CALM ", \"interval\": \"24h\", \"timeout\": \"5s\", \"fall\": 1, \"rise\": 1"
/* What goes unanswered while hours pass takes nothing down. */
#define STEADY                                                                           \
	", \"interval\": \"24h\", \"timeout\": \"5s\", \"fall\": 9, \"family\": "        \
	"\"ipv4\""
#define TWO                                                                              \
	"isp.test 60 A 127.0.0.1\n"                                                      \
	"isp.test 60 A 127.0.0.2\n"

/* Of the configuration, before its trunks. */
static const char *trunks_top = "";

struct trunks {
	struct fixture f; /* its peer is at every address of this machine */
	struct trunk_group group;
	struct zone *zone;
	struct trunk *trunk;
	int64_t cert_s;
	char cert_unfit[TLS_OWN_TEXT];
	int64_t changed_ns; /* at_ns of the last change of state */
	int64_t held_ns;
	struct probe_result last; /* what brought it, if anything did */
	unsigned by_pings;	  /* changes by the peer's own pings */
	unsigned downs;		  /* that down_h was told */
	enum dns_hint dns_hint;	  /* of the last failure of DNS */
	int64_t until_s;	  /* of the last pause told */
};

static inline void *trunk_add_h(const struct config_trunk *trunk, void *arg)
{
	fixture_tell(&((struct trunks *)arg)->f, "trunk %s", trunk->name);
	return arg;
}

static inline void trunk_move_h(void *row, const struct config_trunk *trunk, void *arg)
{
	(void)row, (void)trunk;
	fixture_tell(&((struct trunks *)arg)->f, "move");
}

static inline void trunk_remove_h(void *row, void *arg)
{
	(void)row;
	fixture_tell(&((struct trunks *)arg)->f, "trunk remove");
}

static inline void trunk_state_h(void *row, const struct engine_change *c, void *arg)
{
	struct trunks *ts = arg;

	(void)row;
	ts->changed_ns = c->at_ns;
	ts->held_ns = c->held_ns;
	ts->by_pings += c->inbound;
	ts->last = c->last ? *c->last : probe_result_none();
	fixture_tell(&ts->f, "%s>%s%s%.*s%s%s%s%s", health_state_name(c->from),
		     health_state_name(c->to), c->address[0] ? " by " : "",
		     (int)strcspn(c->address, ":"), c->address, c->method[0] ? " " : "",
		     c->method,
		     c->last && !c->address[0] ? " by "
		     : c->inbound	       ? " inbound"
					       : "",
		     c->last && !c->address[0] ? probe_outcome_name(c->last->outcome)
					       : "");
}

static inline void trunk_paused_h(void *row, bool paused, int64_t until_s, void *arg)
{
	struct trunks *ts = arg;

	(void)row;
	ts->until_s = until_s;
	fixture_tell(&ts->f, paused ? until_s ? "paused until" : "paused" : "on");
}

static inline void trunk_addresses_h(void *row, unsigned total, unsigned up, void *arg)
{
	(void)row;
	fixture_tell(&((struct trunks *)arg)->f, "%u/%u", up, total);
}

static inline void trunk_dns_failed_h(void *row, const char *detail, enum dns_hint hint,
				      void *arg)
{
	(void)row;
	((struct trunks *)arg)->dns_hint = hint;
	fixture_tell(&((struct trunks *)arg)->f, "dns: %s", detail);
}

static inline void trunk_inbound_h(void *row, bool missing, void *arg)
{
	(void)row;
	fixture_tell(&((struct trunks *)arg)->f, missing ? "missing" : "pinged");
}

static inline void trunk_cert_h(void *row, const struct tls_own *own, void *arg)
{
	struct trunks *ts = arg;

	(void)row;
	ts->cert_s = own->not_after_s;
	str_ncpy(ts->cert_unfit, own->unfit, sizeof(ts->cert_unfit));
	fixture_tell(&ts->f, "cert");
}

static inline void trunk_down_h(const struct trunk *t, const struct target *target,
				const struct probe_result *last, void *arg)
{
	(void)t, (void)target, (void)last;
	((struct trunks *)arg)->downs++;
}

/*
 * Starts a trunk.
 *
 * @uri: with a %u for the peer's port
 */
static inline void trunks_open(struct trunks *ts, const char *uri, const char *settings,
			       const char *zone)
{
	char text[256];

	*ts = (struct trunks){.cert_s = 0};
	fixture_open(&ts->f, CONFIG_TRANSPORT_UDP, "");
	(void)close(ts->f.fd);
	fixture_peer(&ts->f, "0.0.0.0", CONFIG_TRANSPORT_UDP);
	config_free(ts->f.config);
	(void)re_snprintf(text, sizeof(text), uri, sa_port(&ts->f.address.sa));
	ts->f.config =
		fixture_config("{%s\"trunks\": [{\"name\": \"isp\", \"uri\": \"%s\"%s}]}",
			       trunks_top, text, settings);
	ts->zone = zone_use(zone);
	ts->f.events.trunk_add_h = trunk_add_h;
	ts->f.events.trunk_move_h = trunk_move_h;
	ts->f.events.trunk_remove_h = trunk_remove_h;
	ts->f.events.trunk_state_h = trunk_state_h;
	ts->f.events.trunk_paused_h = trunk_paused_h;
	ts->f.events.trunk_addresses_h = trunk_addresses_h;
	ts->f.events.trunk_dns_failed_h = trunk_dns_failed_h;
	ts->f.events.trunk_cert_h = trunk_cert_h;
	ts->f.events.trunk_inbound_h = trunk_inbound_h;
	ts->group = (struct trunk_group){.targets = ts->f.group,
					 .events = &ts->f.events,
					 .arg = ts,
					 .down_h = trunk_down_h,
					 .down_arg = ts};
	ts->group.targets.conf = ts->f.config;
	if (resolver_alloc(&ts->group.resolvers.current, NULL) ||
	    trunk_alloc(&ts->trunk, &ts->group, ts->f.config->trunks))
		puts("# no trunk");
	ts->group.resolvers.since_ns = virtual_now_ns;
	resolvers_made = 0;
	trunk_start(ts->trunk);
}

static inline void trunks_close(struct trunks *ts)
{
	mem_deref(ts->trunk);
	while (ts->group.targets.unregistering.head)
		mem_deref(ts->group.targets.unregistering.head->data);
	resolvers_replace(&ts->group.resolvers, NULL);
	mem_deref(ts->zone);
	fixture_close(&ts->f);
}

/* An address has its turn by then, which is the engine's to give. */
static inline bool has_targets(void *arg)
{
	struct trunk *t = ((struct trunks *)arg)->trunk;

	if (trunk_waits(t))
		(void)trunk_begin(t);
	return t->target_count;
}

/* What was told since, without the probes themselves. */
static inline const char *told(struct trunks *ts)
{
	static char text[FIXTURE_TEXT];
	char *save;

	text[0] = '\0';
	for (char *word = strtok_r(ts->f.told, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		word += *word == ' ';
		if (!strcmp(word, "begin") || !strncmp(word, "response", 8) ||
		    !strncmp(word, "refused", 7) || !strncmp(word, "add", 3))
			continue;
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			       text[0] ? ", " : "", word);
	}
	ts->f.told[0] = '\0';
	return text;
}

/* A probe of the nth target that is answered, by nothing at all: not at all. */
static inline void probe(struct trunks *ts, unsigned n, const char *status)
{
	struct target *t = trunk_targets(ts->trunk)[n];
	char request[FIXTURE_TEXT], buf[FIXTURE_TEXT];

	fixture_probe(t);
	fixture_drain(&ts->f);
	if (!status) {
		target_icmp(t, ECONNREFUSED);
		return;
	}
	/* Its own: in the same tick others may have been due. */
	(void)snprintf(request, sizeof(request), "%.*s", (int)t->request.len,
		       t->request.buf);
	demux_arrivals.datagram_h(NULL, &target_address(t)->sa, buf,
				  fixture_answer(buf, request, status, ""),
				  virtual_now_ns, ts->f.demux);
}

/* Probes all targets, which leaves an hour without probes. */
static inline void all_answer(struct trunks *ts)
{
	for (unsigned i = 0; i < ts->trunk->target_count; i++)
		probe(ts, i, "200 OK");
	(void)told(ts);
}

/*
 * A zone of SRV records, "12,3": 127.0.0.1 and .2 before .3; "!": it fails; "": none;
 * "1!2": the A of the first does.
 */
static inline void rotate_text(struct trunks *ts, char *zone, const char *hosts)
{
	unsigned priority = 1;
	char *at = zone;

	at += sprintf(at, *hosts == '!' ? "_sip._udp.isp.test 1 SRV !TIMEOUT\n"
					: "other.test 1 A 127.0.0.9\n");
	for (; *hosts && *hosts != '!' && *hosts != ' '; hosts++) {
		priority += *hosts == ',';
		if (*hosts == ',')
			continue;
		at += sprintf(at, "_sip._udp.isp.test 1 SRV %u 1 %u h%c.test\n", priority,
			      sa_port(&ts->f.address.sa), *hosts);
		at += sprintf(at,
			      hosts[1] == '!' ? "h%c.test 1 A !SERVFAIL\n"
					      : "h%c.test 1 A 127.0.0.%c\n",
			      *hosts, *hosts);
		hosts += hosts[1] == '!';
	}
	ts->zone->text = zone;
}

static inline void rotate_zone(struct trunks *ts, char *zone, const char *hosts)
{
	rotate_text(ts, zone, hosts);
	/* Without a look at the TTL no time passes, in which it would be probed. */
	if (list_isempty(&ts->zone->asked))
		naming_resolve(ts->trunk->naming);
	zone_answer_all(ts->zone);
}

#endif
