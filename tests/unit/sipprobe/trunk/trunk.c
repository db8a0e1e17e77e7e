/* A trunk: the state that its addresses sum up to, and what is told of it. */
#include "sipprobe/trunk/trunk_state.h"
#include "tests/support/ca.h"
#include "tests/unit/sipprobe/trunk/trunks.h"

static void test_literal(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:127.0.0.1:%u", CALM, "");
	is_str(told(&ts), "trunk isp, 0/0", "a trunk begins without addresses");
	ok(trunk_waits(ts.trunk) && !ts.trunk->naming, "and waits with nothing in hand");
	ok(loop_until(has_targets, &ts), "an address needs no DNS");
	is_str(told(&ts), "0/1", "one address, not up yet");
	is_str(ts.zone->log, "", "nothing was asked");
	ok(!trunk_waits(ts.trunk) && !ts.trunk->naming, "and never will be");
	probe(&ts, 0, "200 OK");
	is_str(told(&ts), "1/1, unknown>up by 127.0.0.1 OPTIONS", "up");
	is_int(ts.downs, 0, "which nobody asks why");
	probe(&ts, 0, "200 OK");
	is_str(told(&ts), "", "no news");
	probe(&ts, 0, NULL);
	is_str(told(&ts), "0/1, up>down by 127.0.0.1 OPTIONS", "down");
	ts.trunk = mem_deref(ts.trunk);
	is_str(told(&ts), "remove, trunk remove", "gone");
	is_int(ts.downs, 1, "that it went down was told to who asks why");
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
				struct target *t = trunk_targets(ts.trunk)[s[0] - '0'];

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
	trunks_open(&ts, "sip:isp.test:%u",
		    CALM
		    ", \"family\": \"ipv4\", \"method\": [\"OPTIONS\", \"REGISTER\"]",
		    TWO);
	zone_answer_all(ts.zone);
	is_int(ts.trunk->target_count, 4, "two checks of two addresses");
	is_str(told(&ts), "trunk isp, 0/0, 0/2", "are two addresses");
	ts.trunk = mem_deref(ts.trunk);
	is_str(told(&ts), "remove, remove, remove, remove, trunk remove", "all go");
	trunks_close(&ts);
}

/* The states of two checks of one address, and the trunk's. */
static void test_worse(void)
{
	static const char names[] = "?UDX";
	char got[128] = "";
	struct trunks ts;

	trunks_open(&ts, "sip:127.0.0.1:%u",
		    CALM ", \"method\": [\"OPTIONS\", \"REGISTER\"]", "");
	loop_until(has_targets, &ts);
	for (unsigned a = 0; a < HEALTH_STATES; a++)
		for (unsigned b = 0; b < HEALTH_STATES; b++) {
			trunk_targets(ts.trunk)[0]->health.state = (uint8_t)a;
			trunk_targets(ts.trunk)[1]->health.state = (uint8_t)b;
			ts.trunk->state = ts.trunk->sum = HEALTH_UNKNOWN;
			trunk_update(ts.trunk, NULL, NULL, false);
			(void)snprintf(got + strlen(got), 8, "%c%c%c ", names[a],
				       names[b], names[ts.trunk->state]);
		}
	is_str(got, "??? ?U? ?D? ?XX U?? UUU UDD UXX D?? DUD DDD DXX X?X XUX XDX XXX ",
	       "down before unknown before degraded before up");
	trunks_close(&ts);
}

/* A call of now and then is nothing to wait for, unless there is no other check. */
static void test_rare_check(void)
{
	static const struct {
		const char *name, *methods;
		unsigned rare;
		enum health_state before;
	} cases[] = {
		{"beside another", "[\"OPTIONS\", \"REGISTER\"]", 1, HEALTH_UP},
		{"alone", "\"OPTIONS\"", 0, HEALTH_UNKNOWN},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct prober *prober;
		char settings[256];
		struct target *rare;
		struct trunks ts;

		(void)snprintf(settings, sizeof(settings), CALM ", \"method\": %s",
			       cases[i].methods);
		trunks_open(&ts, "sip:127.0.0.1:%u", settings, "");
		loop_until(has_targets, &ts);
		rare = trunk_targets(ts.trunk)[cases[i].rare];
		prober = rare->prober;
		/* Only looked at: there is nothing here to make calls with. */
		target_probe_at(rare, virtual_now_ns + 3600 * CLOCK_NS_PER_S);
		rare->prober = &prober_invite;
		if (cases[i].rare)
			probe(&ts, 0, "200 OK");
		is_int(ts.trunk->state, cases[i].before, cases[i].name);
		trunk_tell_addresses(ts.trunk, true);
		is_int(ts.trunk->reported_total, 1, "an address");
		rare->health.state = HEALTH_DOWN;
		trunk_update(ts.trunk, NULL, NULL, false);
		is_int(ts.trunk->state, HEALTH_DOWN, "once it failed, it counts");
		rare->prober = prober;
		trunks_close(&ts);
	}
}

/* A change is as old as what brought it, not as our look at it. */
static void test_when(void)
{
	struct trunks ts;
	int64_t begun_ns;

	trunks_open(&ts, "sip:127.0.0.1:%u", CALM, "");
	begun_ns = virtual_now_ns;
	loop_until(has_targets, &ts);
	probe(&ts, 0, "200 OK");
	is_int(ts.changed_ns, virtual_now_ns, "up when the answer came");
	is_int(ts.held_ns, virtual_now_ns - begun_ns, "and unknown since it began");
	fixture_probe(trunk_targets(ts.trunk)[0]);
	begun_ns = trunk_targets(ts.trunk)[0]->begun_ns;
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

static void test_inbound(void)
{
	struct trunks ts;

	trunks_open(&ts, "sip:127.0.0.1:%u", CALM ", \"expect_inbound\": \"1m\"", "");
	is_int(ts.f.services.inbound_sensitive, 1, "demux is told to look closer");
	loop_until(has_targets, &ts);
	probe(&ts, 0, "200 OK");
	(void)told(&ts);
	pass_ms(59000);
	ts.trunk->owner.handlers->seen_h(&ts.trunk->owner);
	pass_ms(59000);
	is_str(told(&ts), "", "pinged in time");
	pass_ms(1001);
	is_str(told(&ts), "missing, up>degraded inbound",
	       "the peer's own pings stay out");
	ts.trunk->owner.handlers->seen_h(&ts.trunk->owner);
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
	is_int(list_count(&ts.zone->asked), 1, "in place of what was asked before");
	zone_answer_all(ts.zone);
	is_str(told(&ts), "0/2", "and answered once");
	trunk_move(ts.trunk, ts.f.config->trunks);
	is_int(ts.zone->count, 2, "what is known need not be asked");
	for (unsigned i = 0; i < 2; i++)
		ok(target_settings(trunk_targets(ts.trunk)[i]) ==
			   ts.f.config->trunks->settings,
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
	trunk_move(ts.trunk, ts.f.config->trunks);
	is_str(told(&ts), "move, cert", "and again in another configuration");
	ts.f.events.trunk_cert_h = NULL;
	trunk_tell_certificate(ts.trunk);
	is_str(told(&ts), "", "unless nobody asks");
	trunks_close(&ts);
	trunks_open(&ts, "sip:127.0.0.1:%u", settings, "");
	loop_until(has_targets, &ts);
	is_str(told(&ts), "trunk isp, 0/0, 0/1", "where TLS is not spoken none is shown");
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
		test_literal,	  test_up_when, test_two_checks, test_worse,
		test_rare_check,  test_when,	test_inbound,	 test_move,
		test_certificate, test_family,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}
