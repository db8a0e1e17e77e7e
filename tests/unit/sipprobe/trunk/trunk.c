/* A trunk: the addresses of its name, and the state that they sum up to. */
#include "base/date.h"
#include "sipprobe/trunk/trunk.h"
#include "sipprobe/trunk/trunk_names.h"
#include "sipprobe/target/target_state.h"
#include "sipprobe/trunk/trunk_parts.h"
#include "sipprobe/trunk/trunk_pause.h"
#include "sipprobe/trunk/trunk_state.h"
#include "tests/support/ca.h"
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

struct trunks {
	struct fixture f; /* its peer is at every address of this machine */
	struct trunk_group group;
	struct zone *zone;
	struct trunk *trunk;
	int64_t cert_s;
	char cert_unfit[TLS_OWN_TEXT];
	int64_t changed_ns; /* at_ns of the last change of state */
	int64_t held_ns;
	int64_t until_s; /* of the last pause told */
};

static void *trunk_add_h(const struct config_trunk *trunk, void *arg)
{
	fixture_tell(&((struct trunks *)arg)->f, "trunk %s", trunk->name);
	return arg;
}

static void trunk_move_h(void *row, const struct config_trunk *trunk, void *arg)
{
	(void)row, (void)trunk;
	fixture_tell(&((struct trunks *)arg)->f, "move");
}

static void trunk_remove_h(void *row, void *arg)
{
	(void)row;
	fixture_tell(&((struct trunks *)arg)->f, "trunk remove");
}

static void trunk_state_h(void *row, const struct engine_change *c, void *arg)
{
	struct trunks *ts = arg;

	(void)row;
	ts->changed_ns = c->at_ns;
	ts->held_ns = c->held_ns;
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

static void trunk_paused_h(void *row, bool paused, int64_t until_s, void *arg)
{
	struct trunks *ts = arg;

	(void)row;
	ts->until_s = until_s;
	fixture_tell(&ts->f, paused ? until_s ? "paused until" : "paused" : "on");
}

static void trunk_addresses_h(void *row, unsigned total, unsigned up, void *arg)
{
	(void)row;
	fixture_tell(&((struct trunks *)arg)->f, "%u/%u", up, total);
}

static void trunk_dns_failed_h(void *row, const char *detail, enum dns_hint hint,
			       void *arg)
{
	(void)hint;
	(void)row;
	fixture_tell(&((struct trunks *)arg)->f, "dns: %s", detail);
}

static void trunk_inbound_h(void *row, bool missing, void *arg)
{
	(void)row;
	fixture_tell(&((struct trunks *)arg)->f, missing ? "missing" : "pinged");
}

static void trunk_cert_h(void *row, const struct tls_own *own, void *arg)
{
	struct trunks *ts = arg;

	(void)row;
	ts->cert_s = own->not_after_s;
	str_ncpy(ts->cert_unfit, own->unfit, sizeof(ts->cert_unfit));
	fixture_tell(&ts->f, "cert");
}

/*
 * Starts a trunk.
 *
 * @uri: with a %u for the peer's port
 */
static void trunks_open(struct trunks *ts, const char *uri, const char *settings,
			const char *zone)
{
	char text[256];

	*ts = (struct trunks){.cert_s = 0};
	fixture_open(&ts->f, CONFIG_TRANSPORT_UDP, "");
	(void)close(ts->f.fd);
	fixture_peer(&ts->f, "0.0.0.0", CONFIG_TRANSPORT_UDP);
	config_free(ts->f.config);
	(void)re_snprintf(text, sizeof(text), uri, sa_port(&ts->f.address.sa));
	ts->f.config = fixture_config(
		"{\"trunks\": [{\"name\": \"isp\", \"uri\": \"%s\"%s}]}", text, settings);
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
	ts->group = (struct trunk_group){
		.targets = ts->f.group, .events = &ts->f.events, .arg = ts};
	ts->group.targets.conf = ts->f.config;
	if (resolver_alloc(&ts->group.resolvers.current, NULL) ||
	    trunk_alloc(&ts->trunk, &ts->group, ts->f.config->trunks))
		puts("# no trunk");
	ts->group.resolvers.since_ns = virtual_now_ns;
	resolvers_made = 0;
	trunk_start(ts->trunk);
}

static void trunks_close(struct trunks *ts)
{
	mem_deref(ts->trunk);
	while (ts->group.targets.unregistering.head)
		mem_deref(ts->group.targets.unregistering.head->data);
	resolvers_replace(&ts->group.resolvers, NULL);
	mem_deref(ts->zone);
	fixture_close(&ts->f);
}

static bool has_targets(void *arg)
{
	return ((struct trunks *)arg)->trunk->target_count;
}

/* What was told since, without the probes themselves. */
static const char *told(struct trunks *ts)
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
static void probe(struct trunks *ts, unsigned n, const char *status)
{
	struct target *t = ts->trunk->targets[n];
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
static void all_answer(struct trunks *ts)
{
	for (unsigned i = 0; i < ts->trunk->target_count; i++)
		probe(ts, i, "200 OK");
	(void)told(ts);
}

static void test_literal(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:127.0.0.1:%u", CALM, "");
	is_str(told(&ts), "trunk isp, 0/0", "a trunk begins without addresses");
	ok(loop_until(has_targets, &ts), "an address needs no DNS");
	is_str(told(&ts), "0/1", "one address, not up yet");
	is_str(ts.zone->log, "", "nothing was asked");
	ok(!ts.trunk->naming, "and never will be");
	probe(&ts, 0, "200 OK");
	is_str(told(&ts), "1/1, unknown>up by 127.0.0.1 OPTIONS", "up");
	probe(&ts, 0, "200 OK");
	is_str(told(&ts), "", "no news");
	probe(&ts, 0, NULL);
	is_str(told(&ts), "0/1, up>down by 127.0.0.1 OPTIONS", "down");
	ts.trunk = mem_deref(ts.trunk);
	is_str(told(&ts), "remove, trunk remove", "gone");
	trunks_close(&ts);
}

/* Steps: "0+" the first address answers, "1-" the second does not. */
static void test_up_when(void)
{
	static const struct {
		const char *up_when, *zone, *steps, *states;
	} cases[] = {
		{"any", TWO, "0+ 1+ 0- 1- 1+", "up degraded down degraded"},
		{"all", TWO, "0+ 1+ 0- 0+ 1-", "up down up down"},
		{"primary",
		 "_sip._udp.isp.test 60 SRV 1 1 9 a.test.\n"
		 "_sip._udp.isp.test 60 SRV 2 1 9 b.test.\n"
		 "a.test 60 A 127.0.0.1\nb.test 60 A 127.0.0.2\n",
		 "1+ 0- 0+", "down up"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char settings[256], states[256] = "";
		struct trunks ts;

		(void)snprintf(settings, sizeof(settings), CALM ", \"up_when\": \"%s\"",
			       cases[i].up_when);
		trunks_open(&ts,
			    i == 2 ? "sip:isp.test;transport=udp" : "sip:isp.test:%u",
			    settings, cases[i].zone);
		zone_answer_all(ts.zone);
		is_int(ts.trunk->target_count, 2, cases[i].up_when);
		for (const char *s = cases[i].steps; *s; s += strcspn(s, " ")) {
			uint8_t before = ts.trunk->state;
			const char *name;

			s += *s == ' ';
			if (i == 2 && s[1] == '+') {
				/* Nobody is at the port that SRV says. */
				struct target *t = ts.trunk->targets[s[0] - '0'];

				t->health.state = t->own.state = HEALTH_UP;
				trunk_update(ts.trunk, t, NULL, false);
			} else {
				probe(&ts, (unsigned)(s[0] - '0'),
				      s[1] == '+' ? "200 OK" : NULL);
			}
			name = health_state_name((enum health_state)ts.trunk->state);
			if (ts.trunk->state != before)
				(void)snprintf(states + strlen(states), 32, "%s%s",
					       states[0] ? " " : "", name);
		}
		is_str(states, cases[i].states, cases[i].steps);
		trunks_close(&ts);
	}
}

/* An address is as well as the worse of its checks, and counts once. */
static void test_two_checks(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:127.0.0.1:%u",
		    CALM ", \"method\": [\"OPTIONS\", \"REGISTER\"]", "");
	loop_until(has_targets, &ts);
	is_str(told(&ts), "trunk isp, 0/0, 0/1", "two checks, one address");
	is_int(ts.trunk->target_count, 2, "a target each");
	probe(&ts, 0, "200 OK");
	is_str(told(&ts), "", "one check is not all");
	probe(&ts, 1, "200 OK");
	is_str(told(&ts), "1/1, unknown>up by 127.0.0.1 REGISTER", "both are well");
	probe(&ts, 1, NULL);
	is_str(told(&ts), "0/1, up>down by 127.0.0.1 REGISTER", "the worse counts");
	trunks_close(&ts);
}

/* Names are asked for again at their TTL's end; what stays keeps all it knows. */
static void test_ttl(void)
{
	struct target *kept;
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u", STEADY, TWO);
	is_str(ts.zone->log, "A isp.test", "asked");
	zone_answer_all(ts.zone);
	is_str(told(&ts), "trunk isp, 0/0, 0/2", "two addresses");
	all_answer(&ts);
	kept = ts.trunk->targets[1];
	ts.zone->text = "isp.test 7200 A 127.0.0.3\nisp.test 7200 A 127.0.0.2\n";
	pass_ms(59 * 1000);
	is_int(ts.zone->count, 1, "good for as long as it says");
	pass_ms(1001);
	is_int(ts.zone->count, 2, "then asked for again");
	zone_answer_all(ts.zone);
	is_str(told(&ts), "remove, 1/2", "one address went and one came");
	is_int(ts.trunk->target_count, 2, "two again");
	ok(ts.trunk->targets[0] == kept && target_state(kept) == HEALTH_UP,
	   "one stayed, and is up as before");
	pass_ms(3599 * 1000);
	is_int(ts.zone->count, 2, "a long TTL");
	pass_ms(1001);
	is_int(ts.zone->count, 3, "is an hour at the most");
	trunks_close(&ts);
}

/* Addresses wait for a probe on one that left, not for its deadline: a call's is far. */
static void test_held(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u",
		    ", \"interval\": \"1h\", \"timeout\": \"50s\", \"family\": \"ipv4\"",
		    TWO);
	zone_answer_all(ts.zone);
	all_answer(&ts);
	ts.zone->text = "isp.test 7200 A 127.0.0.3\nisp.test 7200 A 127.0.0.2\n";
	pass_ms(59 * 1000);
	fixture_probe(ts.trunk->targets[0]);
	pass_ms(1001);
	is_int(ts.zone->count, 2, "asked again");
	zone_answer_all(ts.zone);
	pass_ms(5000);
	is_str(told(&ts), "", "while a probe is under way, nothing changes");
	target_icmp(ts.trunk->targets[0], ECONNREFUSED);
	(void)told(&ts);
	pass_ms(1001);
	is_str(told(&ts), "remove, 1/2", "its end is seen within a second");
	trunks_close(&ts);
}

static void test_dns_failure_first(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u",
		    CALM ", \"family\": \"ipv4\", \"down_interval\": \"10s\"", "");
	zone_answer_all(ts.zone);
	is_str(told(&ts),
	       "trunk isp, 0/0, dns: isp.test A: NXDOMAIN, unknown>down by dns",
	       "no address: the trunk itself has failed");
	is_str(ts.zone->log,
	       "A isp.test, SRV _sip._udp.isp.test, SRV _sip._tcp.isp.test, "
	       "SRV _sips._tcp.isp.test",
	       "asked, and what else there may be of it");
	pass_ms(9900);
	is_int(ts.zone->count, 4, "tried again");
	pass_ms(101);
	is_int(ts.zone->count, 5, "at the pace of what is down");
	ts.zone->text = TWO;
	zone_answer_all(ts.zone);
	is_str(told(&ts), "0/2", "it has addresses, and is down until one answers");
	probe(&ts, 0, "200 OK");
	is_str(told(&ts), "1/2, down>degraded by 127.0.0.1 OPTIONS", "as one does");
	trunks_close(&ts);
}

static void test_dns_failure_later(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u",
		    CALM ", \"family\": \"ipv4\", \"down_interval\": \"10s\"", TWO);
	zone_answer_all(ts.zone);
	all_answer(&ts);
	ts.zone->text = "isp.test 0 A !SERVFAIL";
	pass_ms(60001);
	zone_answer_all(ts.zone);
	is_str(told(&ts), "dns: isp.test A: SERVFAIL", "told");
	is_int(ts.trunk->target_count, 2, "the last good addresses stay");
	ts.zone->text = TWO;
	pass_ms(10001);
	zone_answer_all(ts.zone);
	is_str(told(&ts), "2/2", "and told again when it is over");
	trunks_close(&ts);
}

/* A zone of SRV records, "12,3": 127.0.0.1 and .2 before .3; "!": it fails; "": none. */
static void rotate_text(struct trunks *ts, char *zone, const char *hosts)
{
	unsigned priority = 1;
	char *at = zone;

	at += sprintf(at, *hosts == '!' ? "_sip._udp.isp.test 1 SRV !TIMEOUT\n"
					: "other.test 1 A 127.0.0.9\n");
	for (; *hosts && *hosts != '!' && *hosts != ' '; hosts++) {
		priority += *hosts == ',';
		if (*hosts == ',')
			continue;
		at += sprintf(at,
			      "_sip._udp.isp.test 1 SRV %u 1 %u h%c.test\n"
			      "h%c.test 1 A 127.0.0.%c\n",
			      priority, sa_port(&ts->f.address.sa), *hosts, *hosts,
			      *hosts);
	}
	ts->zone->text = zone;
}

static void rotate_zone(struct trunks *ts, char *zone, const char *hosts)
{
	rotate_text(ts, zone, hosts);
	/* Without a look at the TTL no time passes, in which it would be probed. */
	if (list_isempty(&ts->zone->asked))
		naming_resolve(ts->trunk->naming);
	zone_answer_all(ts->zone);
}

/* The checks of the address 127.0.0.@host, which answer, or do not. */
static void rotate_probe(struct trunks *ts, char host, char how)
{
	for (unsigned i = 0; i < ts->trunk->target_count; i++) {
		const struct sa *sa = &target_address(ts->trunk->targets[i])->sa;

		if ((char)('0' + (ntohl(sa->u.in.sin_addr.s_addr) & 0xff)) == host)
			probe(ts, i,
			      how == '+'   ? "200 OK"
			      : how == 'd' ? "503 Busy"
					   : NULL);
	}
}

/*
 * Steps: "=12" DNS gives .1 and .2; "1+" .1 answers, "1d" it limps, "1-" it does not
 * answer. After each the state, as in unit/health, and how many addresses answer.
 */
static const struct {
	const char *name, *up_when, *steps, *states;
} rotations[] = {
	{"dead: down after as many failures as one address takes", "any",
	 "=1 1- =2 2- =3 3- =1 1-", "?0 ?0 ?0 ?0 ?0 X0 X0 X0"},
	{"well: nothing is to be seen", "any", "=1 1+ =2 2+ =3 3+", "?0 U1 U0 U1 U0 U1"},
	{"well, and dies", "any", "=1 1+ =2 2- =3 3- =1 1-", "?0 U1 U0 U0 U0 U0 U0 X0"},
	{"failures that do not follow on each other", "any",
	 "=1 1+ =2 2- =3 3- =1 1+ =2 2-", "?0 U1 U0 U0 U0 U0 U0 U1 U0 U0"},
	{"down, and comes back: rise is counted over the changes", "any",
	 "=1 1- 1- 1- =2 2+ =3 3+", "?0 ?0 ?0 X0 X0 X1 X0 U1"},
	{"down, comes back, and fails between", "any", "=1 1- 1- 1- =2 2+ =3 3- =1 1+ 1+",
	 "?0 ?0 ?0 X0 X0 X1 X0 X0 X0 X1 U1"},
	{"limps on until another answers", "any", "=1 1d =2 2- 2+", "?0 D1 D0 D0 U1"},
	{"a pool that moves on by one, dead", "any", "=12 1- 2- =23 2- 3- =34 3- 4-",
	 "?0 ?0 ?0 ?0 ?0 ?0 ?0 ?0 X0"},
	{"a pool that moves on by one, and dies one by one", "any",
	 "=12 1+ 2+ 1- 1- 1- 2- =23 2- 3- =34 3- 4-",
	 "?0 U1 U2 U2 U2 D1 D1 D1 D1 D1 D0 D0 X0"},
	{"a pool that moves on by one, well", "any", "=12 1+ 2+ =23 2+ 3+ =34 3+ 4+",
	 "?0 U1 U2 U1 U1 U2 U1 U1 U2"},
	{"a pool of one and two in turn, dead", "any", "=1 1- =23 2- 3- =4 4- =12 1- 2-",
	 "?0 ?0 ?0 ?0 ?0 ?0 X0 X0 X0 X0"},
	{"one that was down left: the other that came is not down", "any",
	 "=12 1+ 2- 2- 2- =13 3+", "?0 U1 U1 U1 D1 D1 U2"},
	{"one that was down left, and another that is came", "any",
	 "=12 1+ 2- 2- 2- =13 3- =14 4- 4-", "?0 U1 U1 U1 D1 D1 D1 D1 D1 D1"},
	{"who works left, and who is down stayed", "any", "=12 1+ 2- 2- 2- =2",
	 "?0 U1 U1 U1 D1 X0"},
	{"who works left, another came beside who is down", "any",
	 "=12 1+ 2- 2- 2- =23 3- 3- 3-", "?0 U1 U1 U1 D1 D0 D0 D0 X0"},
	{"who works left, who is not known stayed", "any", "=12 1+ =2 2- 2- 2-",
	 "?0 U1 U0 U0 U0 X0"},
	{"one more, well", "any", "=1 1+ =12 2+", "?0 U1 U1 U2"},
	{"one more, dead", "any", "=1 1+ =12 2- 2- 2-", "?0 U1 U1 U1 U1 D1"},
	{"one more, of one that is down", "any", "=1 1- 1- 1- =12 2+ 2+",
	 "?0 ?0 ?0 X0 X0 X1 D1"},
	{"a failure of DNS between", "any", "=1 1- =! =2 2- =3 3-",
	 "?0 ?0 ?0 ?0 ?0 ?0 X0"},
	{"all of them, well: one more is no gap", "all", "=1 1+ =12 2+ =23 3+",
	 "?0 U1 U1 U2 U1 U2"},
	{"all of them: a dead one that changes", "all", "=12 1+ 2- =13 3- =14 4-",
	 "?0 ?1 ?1 ?1 ?1 ?1 X1"},
	{"all of them: down until the new one rose", "all", "=12 1+ 2- 2- 2- =13 3+ 3+",
	 "?0 ?1 ?1 ?1 X1 X1 X2 U2"},
	{"all of them: others altogether", "all", "=12 1+ 2- 2- 2- =34 3+ 4+ 3+ 4+",
	 "?0 ?1 ?1 ?1 X1 X0 X1 X2 X2 U2"},
	{"primary: a dead one that changes", "primary", "=1,2 1- 2+ =3,2 3- =4,2 4-",
	 "?0 ?0 ?1 ?1 ?1 ?1 X1"},
	{"primary: down until the new one rose", "primary", "=1,2 2+ 1- 1- 1- =3,2 3+ 3+",
	 "?0 ?1 ?1 ?1 X1 X1 X2 U2"},
	{"primary: the place of one that was down, before all others", "primary",
	 "=1,2 1+ 2- 2- 2- =3,1 3- 3- 3-", "?0 U1 U1 U1 D1 D1 D1 D1 X1"},
	{"primary: others altogether, well", "primary", "=1,2 1+ 2+ =3,4 3+ 4+",
	 "?0 U1 U2 U0 U1 U2"},
};

static void test_rotations(void)
{
	for (size_t i = 0; i < sizeof(rotations) / sizeof(rotations[0]); i++) {
		char settings[256], zone[1024], got[256] = "";
		struct trunks ts;

		(void)snprintf(settings, sizeof(settings),
			       ", \"interval\": \"24h\", \"fall\": 3, \"rise\": 2, "
			       "\"timeout\": \"500ms\", \"family\": \"ipv4\", "
			       "\"up_when\": \"%s\"",
			       rotations[i].up_when);
		trunks_open(&ts, "sip:isp.test;transport=udp", settings, "");
		for (const char *s = rotations[i].steps; *s; s += strcspn(s, " ")) {
			s += *s == ' ';
			if (*s == '=')
				rotate_zone(&ts, zone, s + 1);
			else
				rotate_probe(&ts, s[0], s[1]);
			(void)snprintf(got + strlen(got), 8, "%s%c%u", *got ? " " : "",
				       "?UDX"[ts.trunk->state], ts.trunk->reported_up);
			ts.f.told[0] = '\0';
		}
		is_str(got, rotations[i].states, rotations[i].name);
		trunks_close(&ts);
	}
}

#define AT_FIRST                                                                         \
	", \"interval\": \"24h\", \"timeout\": \"500ms\", \"fall\": 2, \"rise\": 1, "    \
	"\"family\": \"ipv4\", \"register\": {\"bind\": true, \"expires\": \"6h\", "     \
	"\"at\": \"first\"}, \"method\": "

/* The target by REGISTER; there is to be one. */
static unsigned registering(const struct trunks *ts)
{
	unsigned found = UINT_MAX, count = 0;

	for (unsigned i = 0; i < ts->trunk->target_count; i++)
		if (target_prober(ts->trunk->targets[i]) == &prober_register) {
			found = i;
			count++;
		}
	is_int(count, 1, "one address is registered at");
	return found;
}

/* The last digit of the address that is registered at. */
static char registered_at(const struct trunks *ts)
{
	char text[64];

	(void)re_snprintf(text, sizeof(text), "%j",
			  &target_address(ts->trunk->targets[registering(ts)])->sa);
	return text[strlen(text) - 1];
}

static const struct {
	const char *name;
	/* The name's addresses; results: y 200, n nothing, 4 403, 5 500, o other checks
	 * answer, "=12" DNS. */
	const char *steps;
	const char *method;
	const char *want; /* where after each result, and the trunk's state */
} registrars[] = {
	{"stays where it is answered", "=1,2 y y y", "[\"REGISTER\"]", "1U 1U 1U"},
	{"nobody there at the start: the next at once", "=1,2,3 n n y y",
	 "[\"REGISTER\"]", "2? 3X 3U 3U"},
	{"what was up must fall", "=1,2 y n n y y", "[\"REGISTER\"]", "1U 1U 2X 2U 2U"},
	{"it does not go back by itself", "=1,2 n y y y", "[\"REGISTER\"]",
	 "2? 2U 2U 2U"},
	{"but when it fails, to the best that did not", "=1,2,3 n y n n n y",
	 "[\"REGISTER\"]", "2? 2U 2U 1X 3X 3U"},
	{"round and round while all are dead", "=1,2 n n n n", "[\"REGISTER\"]",
	 "2? 1X 2X 1X"},
	{"refused is refused", "=1,2 4 4 4", "[\"REGISTER\"]", "1? 1X 1X"},
	{"a broken server is not", "=1,2 5 y", "[\"REGISTER\"]", "2? 2U"},
	{"the address goes", "=1,2 y =2,3 y", "[\"REGISTER\"]", "1U 2U"},
	{"a better one comes", "=2,3 y =1,2,3 y", "[\"REGISTER\"]", "2U 2U"},
	{"the order turns", "=1,2 y =2,1 y", "[\"REGISTER\"]", "1U 1U"},
	{"with another check, up needs both", "=1,2 o y n n y",
	 "[\"OPTIONS\", \"REGISTER\"]", "1? 1U 1U 2X 2U"},
};

static void registrar_step(struct trunks *ts, const char *step, char *got, size_t size)
{
	static const char *const statuses[256] = {
		['y'] = "200 OK", ['4'] = "403 Forbidden", ['5'] = "500 Broken"};
	size_t used = strlen(got);

	if (*step == 'o') {
		for (unsigned i = 0; i < ts->trunk->target_count; i++)
			if (target_prober(ts->trunk->targets[i]) == &prober_options)
				probe(ts, i, "200 OK");
	} else {
		probe(ts, registering(ts), statuses[(unsigned char)*step]);
	}
	pass_ns(WHEEL_TICK_NS);
	(void)snprintf(got + used, size - used, "%s%c%c", used ? " " : "",
		       registered_at(ts), "?UDX"[ts->trunk->state]);
}

static void test_registrar(void)
{
	for (size_t i = 0; i < sizeof(registrars) / sizeof(registrars[0]); i++) {
		char settings[512], zone[1024], got[256] = "", steps[128];
		char *save, *step;
		struct trunks ts;

		(void)snprintf(settings, sizeof(settings), AT_FIRST "%s",
			       registrars[i].method);
		(void)snprintf(steps, sizeof(steps), "%s", registrars[i].steps);
		trunks_open(&ts, "sip:isp.test;transport=udp", settings, "");
		for (step = strtok_r(steps, " ", &save); step;
		     step = strtok_r(NULL, " ", &save)) {
			if (*step == '=')
				rotate_zone(&ts, zone, step + 1);
			else
				registrar_step(&ts, step, got, sizeof(got));
		}
		is_str(got, registrars[i].want, registrars[i].name);
		is_int(ts.trunk->reported_total,
		       strstr(registrars[i].steps, "1,2,3") ? 3 : 2,
		       "all addresses are told");
		trunks_close(&ts);
	}
}

/* Both checks of an address go on from those of the one before it. */
static void test_rotation_of_checks(void)
{
	static const struct {
		unsigned target;
		const char *status;
	} probes[] = {{0, "200 OK"}, {1, NULL}};
	char zone[1024];
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test;transport=udp",
		    ", \"interval\": \"24h\", \"fall\": 3, \"rise\": 1, \"family\": "
		    "\"ipv4\", "
		    "\"timeout\": \"500ms\", \"method\": [\"OPTIONS\", \"REGISTER\"]",
		    "");
	for (unsigned round = 0; round < 3; round++) {
		rotate_zone(&ts, zone, (const char *const[]){"1", "2", "3"}[round]);
		is_int(ts.trunk->state, HEALTH_UNKNOWN, "one check is not all");
		for (size_t i = 0; i < 2; i++)
			probe(&ts, probes[i].target, probes[i].status);
	}
	is_int(ts.trunk->state, HEALTH_DOWN, "the check that fails, by three addresses");
	trunks_close(&ts);
}

/* Addresses that change faster than a silent peer times out. */
static void test_rotation_of_silence(void)
{
	char hosts[2] = "1", zone[1024];
	struct trunks ts;
	unsigned rounds = 0;

	trunks_open(&ts, "sip:isp.test;transport=udp",
		    ", \"interval\": \"30s\", \"fall\": 3, \"rise\": 2, \"family\": "
		    "\"ipv4\", "
		    "\"timeout\": \"5s\"",
		    "");
	while (ts.trunk->state != HEALTH_DOWN && rounds++ < 60) {
		hosts[0] = (char)('1' + rounds % 3);
		rotate_text(&ts, zone, hosts);
		zone_answer_all(ts.zone);
		pass_ms(1001);
		ts.f.told[0] = '\0';
	}
	ok(rounds > 12 && rounds < 25, "down after three probes of as many addresses");
	is_int(ts.trunk->target_count, 1, "of which one is there");
	trunks_close(&ts);
}

/* Who is due when its address goes is probed at its new one no later. */
static void test_rotation_of_due_times(void)
{
	char zone[1024];
	struct trunks ts;
	int64_t due_ns;

	trunks_open(&ts, "sip:isp.test;transport=udp", CALM ", \"family\": \"ipv4\"", "");
	rotate_zone(&ts, zone, "1");
	target_probe_at(ts.trunk->targets[0], virtual_now_ns + 1002 * CLOCK_NS_PER_MS);
	due_ns = target_due_ns(ts.trunk->targets[0]);
	rotate_zone(&ts, zone, "2");
	ok(target_due_ns(ts.trunk->targets[0]) <= due_ns, "the probe is not put off");
	trunks_close(&ts);
}

static void test_change_of_addresses(void)
{
	test_rotations();
	test_rotation_of_checks();
	test_rotation_of_silence();
	test_rotation_of_due_times();
}

static void test_dns_silence(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u", CALM ", \"family\": \"ipv4\"", TWO);
	pass_ms(5001);
	is_str(told(&ts),
	       "trunk isp, 0/0, dns: no answer from DNS before the probe's deadline, "
	       "unknown>down by dns",
	       "a probe waits no longer than its timeout");
	trunks_close(&ts);
}

/* While no address answers DNS is asked anew, long before the TTL's end. */
static void test_lost(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u", CALM ", \"family\": \"ipv4\"",
		    "isp.test 3600 A 127.0.0.1\n");
	zone_answer_all(ts.zone);
	all_answer(&ts);
	pass_ms(40000);
	is_int(ts.zone->count, 1, "all is well: no hurry");
	probe(&ts, 0, NULL);
	pass_ns(WHEEL_TICK_NS);
	is_int(ts.zone->count, 2, "lost: asked anew");
	is_int(resolvers_made, 1, "without what was remembered");
	zone_answer_all(ts.zone);
	probe(&ts, 0, "200 OK");
	pass_ms(100000);
	is_int(ts.zone->count, 3, "found: once more, as was planned, and no hurry again");
	is_int(resolvers_made, 1, "by what is remembered");
	trunks_close(&ts);
}

/* A change is as old as what brought it, not as our look at it. */
static void test_when(void)
{
	struct trunks ts;
	int64_t begun_ns;

	trunks_open(&ts, "sip:127.0.0.1:%u", CALM, "");
	loop_until(has_targets, &ts);
	probe(&ts, 0, "200 OK");
	is_int(ts.changed_ns, virtual_now_ns, "up when the answer came");
	fixture_probe(ts.trunk->targets[0]);
	begun_ns = ts.trunk->targets[0]->attempt.begun_ns;
	pass_ms(4900);
	virtual_now_ns += 900 * CLOCK_NS_PER_MS;
	pass_ms(0);
	is_int(ts.trunk->state, HEALTH_DOWN, "silence, seen late");
	is_int(ts.changed_ns, begun_ns + 5 * CLOCK_NS_PER_S, "down at the deadline");
	ok(ts.held_ns >= 5 * CLOCK_NS_PER_S &&
		   ts.held_ns < 5 * CLOCK_NS_PER_S + 2 * WHEEL_TICK_NS,
	   "and up until then");
	trunks_close(&ts);
}

static void test_paused(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u",
		    ", \"interval\": \"5s\", \"timeout\": \"1s\", \"paused\": true, "
		    "\"expect_inbound\": \"10s\"",
		    TWO);
	zone_answer_all(ts.zone);
	is_str(told(&ts), "trunk isp, 0/0, paused, 0/2", "resolved");
	pass_ms(50000);
	is_int(fixture_drain(&ts.f), 0, "and not probed");
	is_str(told(&ts), "", "nor judged by its peer's pings");
	ok(!ts.trunk->heartbeat, "which nobody expects");
	trunks_close(&ts);
}

/* The wall clock is set to so many seconds after what it was. */
static void set_wall(struct trunks *ts, int64_t s)
{
	virtual_wall_set_ns = s * CLOCK_NS_PER_S;
	trunk_review_pause(ts->trunk);
}

static void paused_open(struct trunks *ts, int64_t until_s, const char *more)
{
	char settings[256], date[DATE_BYTES];

	(void)snprintf(settings, sizeof(settings),
		       ", \"interval\": \"5s\", \"timeout\": \"1s\", \"fall\": 1, "
		       "\"rise\": 1, \"paused\": \"until %s\"%s",
		       date_print(date, until_s), more);
	trunks_open(ts, "sip:127.0.0.1:%u", settings, "");
}

static void test_paused_until(void)
{
	int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;
	struct trunks ts;

	paused_open(&ts, now_s + 3600, ", \"expect_inbound\": \"10s\"");
	loop_until(has_targets, &ts);
	is_str(told(&ts), "trunk isp, 0/0, paused until, 0/1", "it begins paused");
	is_int(ts.until_s, now_s + 3600, "until then");
	pass_ms(50000);
	is_int(fixture_drain(&ts.f), 0, "and is not probed");
	set_wall(&ts, 3590);
	is_str(told(&ts), "", "nor just before");
	set_wall(&ts, 3600);
	is_str(told(&ts), "on, pinged, 0/1", "at its time it goes on");
	ok(ts.trunk->heartbeat, "with pings expected from now on");
	pass_ms(5000);
	ok(fixture_drain(&ts.f) > 0, "within an interval it is asked");
	probe(&ts, 0, "200 OK");
	is_int(ts.trunk->state, HEALTH_UP, "and its state known");
	(void)told(&ts);
	set_wall(&ts, 7200);
	is_str(told(&ts), "", "once");
	set_wall(&ts, 0);
	is_str(told(&ts), "remove, paused until, 0/1",
	       "a clock that is set back brings it back");
	is_int(ts.trunk->state, HEALTH_UNKNOWN, "without a state");
	ok(!ts.trunk->heartbeat, "or pings expected");
	fixture_drain(&ts.f);
	pass_ms(50000);
	is_int(fixture_drain(&ts.f), 0, "and not probed");
	set_wall(&ts, 3600);
	is_str(told(&ts), "on, pinged, 0/1", "and on again");
	set_wall(&ts, 0);
	trunks_close(&ts);
}

/* A reload says something else of a pause, or the same. */
static void test_paused_moved(void)
{
	static const struct {
		const char *paused;
		const char *told;
		const char *name;
	} moves[] = {
		{"\"until 2999-01-01T00:00Z\"", "move, paused until", "a later end"},
		{"\"until 2999-01-01T01:00+01:00\"", "move", "the same in other words"},
		{"true", "move, paused", "no end"},
		{"true", "move", "the same"},
		{"\"until 2998-01-01T00:00Z\"", "move, paused until", "an end"},
	};
	struct config *conf[sizeof(moves) / sizeof(*moves)];
	struct trunks ts;

	paused_open(&ts, clock_wall_ns() / CLOCK_NS_PER_S + 3600, "");
	loop_until(has_targets, &ts);
	(void)told(&ts);
	for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
		conf[i] = fixture_config(
			"{\"trunks\": [{\"name\": \"isp\", \"uri\": \"%s\", "
			"\"interval\": \"5s\", \"timeout\": \"1s\", \"fall\": 1, "
			"\"rise\": 1, \"paused\": %s}]}",
			ts.f.config->trunks[0].uri, moves[i].paused);
		ok(config_trunk_equal(trunk_conf(ts.trunk), conf[i]->trunks),
		   "%s: the trunk is the same", moves[i].name);
		trunk_move(ts.trunk, conf[i]->trunks);
		is_str(told(&ts), moves[i].told, moves[i].name);
	}
	trunks_close(&ts);
	for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++)
		config_free(conf[i]);
}

static void test_pause_left(void)
{
	static const struct {
		bool on;
		int64_t until_s; /* from now */
		int64_t least_ms, most_ms;
		const char *name;
	} cases[] = {
		{false, 10, INT64_MAX, INT64_MAX, "none"},
		{true, 0, INT64_MAX, INT64_MAX, "one without an end"},
		{true, 10, 5000, 5000, "far away"},
		{true, 3, 1500, 3000, "near"},
		{true, -10, 5000, 5000, "past: a clock may be set back"},
	};
	struct config_settings settings = {0};
	const struct config_trunk conf = {.name = "a", .settings = &settings};
	const struct trunk t = {.owner.conf = &conf};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t left_ns, now_s = clock_wall_ns() / CLOCK_NS_PER_S;

		settings.pause.on = cases[i].on;
		settings.pause.until_s = cases[i].until_s ? now_s + cases[i].until_s : 0;
		left_ns = trunk_pause_left_ns(&t, 5 * CLOCK_NS_PER_S);
		if (cases[i].least_ms == INT64_MAX)
			is_int(left_ns, INT64_MAX, cases[i].name);
		else
			ok(left_ns >= cases[i].least_ms * CLOCK_NS_PER_MS &&
				   left_ns <= cases[i].most_ms * CLOCK_NS_PER_MS,
			   "%s", cases[i].name);
	}
}

static void test_inbound(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:127.0.0.1:%u", CALM ", \"expect_inbound\": \"1m\"", "");
	is_int(ts.f.services.inbound_sensitive, 1, "demux is told to look closer");
	loop_until(has_targets, &ts);
	probe(&ts, 0, "200 OK");
	(void)told(&ts);
	pass_ms(59000);
	ts.trunk->owner.seen_h(&ts.trunk->owner);
	pass_ms(59000);
	is_str(told(&ts), "", "pinged in time");
	pass_ms(1001);
	is_str(told(&ts), "missing, up>degraded inbound",
	       "the peer's own pings stay out");
	ts.trunk->owner.seen_h(&ts.trunk->owner);
	is_str(told(&ts), "pinged, degraded>up inbound", "and are back");
	probe(&ts, 0, NULL);
	is_str(told(&ts), "0/1, up>down by 127.0.0.1 OPTIONS", "down");
	pass_ms(61000);
	is_str(told(&ts), "missing", "a peer that is down pings nobody");
	probe(&ts, 0, "200 OK");
	is_str(told(&ts), "1/1, pinged, down>up by 127.0.0.1 OPTIONS",
	       "back up: it is given another period");
	pass_ms(59000);
	is_str(told(&ts), "", "a whole one");
	pass_ms(1001);
	is_str(told(&ts), "missing, up>degraded inbound", "and no longer");
	ts.trunk = mem_deref(ts.trunk);
	is_int(ts.f.services.inbound_sensitive, 0, "demux need not look any more");
	trunks_close(&ts);
}

static void test_move(void)
{
	struct config *again;
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test:%u", CALM ", \"family\": \"ipv4\"", TWO);
	again = fixture_config("{\"trunks\": [{\"name\": \"isp\", \"uri\": \"%s\"" CALM
			       ", \"family\": \"ipv4\"}]}",
			       ts.f.config->trunks[0].uri);
	(void)told(&ts);
	trunk_move(ts.trunk, again->trunks);
	is_str(told(&ts), "move", "moved");
	ok(trunk_conf(ts.trunk) == again->trunks, "to the description in force");
	is_int(ts.zone->count, 2, "a question under way is asked again");
	zone_answer_all(ts.zone);
	is_str(told(&ts), "0/2", "and answered once");
	trunk_move(ts.trunk, ts.f.config->trunks);
	is_int(ts.zone->count, 2, "what is known need not be asked");
	ok(target_settings(ts.trunk->targets[0]) == ts.f.config->trunks->settings,
	   "its targets moved along");
	trunks_close(&ts);
	config_free(again);
}

static void test_certificate(void)
{
	char dir[64], cert[128], settings[512];
	const struct ca_cert *chain[2] = {NULL};
	struct ca_cert own;
	struct trunks ts;

	ca_dir_make(dir);
	ca_make(&own, &(struct ca_spec){"us"}, NULL);
	chain[0] = &own;
	ca_write(cert, dir, "us.pem", chain, own.key);
	(void)snprintf(settings, sizeof(settings),
		       CALM ", \"tls\": {\"cert_file\": \"%s\", \"key_file\": \"%s\"}",
		       cert, cert);
	trunks_open(&ts, "sips:127.0.0.1:%u", settings, "");
	loop_until(has_targets, &ts);
	is_str(told(&ts), "trunk isp, 0/0, 0/1, cert", "told of what it shows");
	ok(ts.cert_s - clock_wall_ns() / CLOCK_NS_PER_S > 86000, "and until when");
	trunks_close(&ts);
	ca_drop(&own);
	ca_dir_remove(dir);
}

static void test_family(void)
{
	static const struct {
		struct config_settings s;
		enum config_family want;
		const char *name;
	} cases[] = {
		{{.family = CONFIG_FAMILY_ANY}, CONFIG_FAMILY_ANY, "as it is set"},
		{{.local = {.address = "192.0.2.1"}}, CONFIG_FAMILY_IPV4, "of IPv4"},
		{{.local = {.address = "2001:db8::1"}}, CONFIG_FAMILY_IPV6, "of IPv6"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(trunk_family(&cases[i].s), cases[i].want, cases[i].name);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_literal,
		test_up_when,
		test_two_checks,
		test_ttl,
		test_held,
		test_dns_failure_first,
		test_dns_failure_later,
		test_rotations,
		test_registrar,
		test_change_of_addresses,
		test_dns_silence,
		test_lost,
		test_when,
		test_paused,
		test_paused_until,
		test_paused_moved,
		test_pause_left,
		test_inbound,
		test_move,
		test_certificate,
		test_family,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}
