/* Addresses that change: what goes on from one to the next. */
#include "tests/unit/sipprobe/trunk/trunks.h"

/* The checks of the address 127.0.0.@host, which answer, or do not. */
static void rotate_probe(struct trunks *ts, char host, char how)
{
	for (unsigned i = 0; i < ts->trunk->target_count; i++) {
		const struct sa *sa = &target_address(trunk_targets(ts->trunk)[i])->sa;

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
	{"others altogether: each takes a place of its own", "any",
	 "=12 1+ 2- 2- =34 3+ 4-", "?0 U1 U1 U1 U0 U1 D1"},
	{"others altogether: the place of one of the same priority", "any",
	 "=1,2 1- 1- 2+ =3,4 3-", "?0 ?0 ?0 U1 U0 D0"},
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
		is_int(ts.by_pings, 0, "none of it by the peer's pings");
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
	target_probe_at(trunk_targets(ts.trunk)[0],
			virtual_now_ns + 1002 * CLOCK_NS_PER_MS);
	due_ns = target_due_ns(trunk_targets(ts.trunk)[0]);
	rotate_zone(&ts, zone, "2");
	ok(target_due_ns(trunk_targets(ts.trunk)[0]) <= due_ns,
	   "the probe is not put off");
	trunks_close(&ts);
}

static struct target *calling(const struct trunks *ts, unsigned n)
{
	for (unsigned i = 0; i < ts->trunk->target_count; i++)
		if (target_prober(trunk_targets(ts->trunk)[i]) == &prober_invite && !n--)
			return trunk_targets(ts->trunk)[i];
	return NULL;
}

#define CALLS                                                                            \
	"\"calls\": {\"numbers\": [\"100200\"], \"media\": {\"ports\": "                 \
	"\"20000-20199\", \"networks\": [\"192.0.2.0/24\"]}}, "

static void open_calls(struct trunks *ts)
{
	trunks_top = CALLS;
	trunks_open(ts, "sip:isp.test;transport=udp",
		    CALM ", \"family\": \"ipv4\", \"method\": [\"OPTIONS\", \"INVITE\"], "
			 "\"call\": {\"mode\": \"ring\", \"to\": \"100200\", "
			 "\"interval\": \"15m\"}",
		    "");
	trunks_top = "";
}

/* A call as if made just now, and when the next is due. */
static int64_t called(struct target *t, int64_t next_s)
{
	t->begun_ns = virtual_now_ns;
	target_probe_at(t, virtual_now_ns + next_s * CLOCK_NS_PER_S);
	return target_due_ns(t);
}

/* Calls cost: neither an address that changes nor a reload makes one. */
static void test_rotation_of_calls(void)
{
	char zone[1024];
	struct trunks ts;
	struct trunk *old;
	int64_t due_ns;

	open_calls(&ts);
	rotate_zone(&ts, zone, "1");
	ok(target_due_ns(calling(&ts, 0)) <= virtual_now_ns + 60 * CLOCK_NS_PER_S,
	   "the first within a minute");
	due_ns = called(calling(&ts, 0), 800);
	rotate_zone(&ts, zone, "2");
	is_int(target_due_ns(calling(&ts, 0)), due_ns, "another address, and no call");
	rotate_zone(&ts, zone, "23");
	ok(target_due_ns(calling(&ts, 1)) >= virtual_now_ns + 450 * CLOCK_NS_PER_S,
	   "nor by one more, for half an interval");
	rotate_zone(&ts, zone, "4");
	is_int(target_due_ns(calling(&ts, 0)), due_ns, "others altogether");

	old = ts.trunk;
	for (int round = 0; round < 2; round++) {
		(void)trunk_alloc(&ts.trunk, &ts.group, ts.f.config->trunks);
		trunk_follow(ts.trunk, old);
		mem_deref(old);
		trunk_start(ts.trunk);
		old = ts.trunk;
	}
	rotate_zone(&ts, zone, "4");
	is_int(target_due_ns(calling(&ts, 0)), due_ns, "two reloads at once");
	is_int(target_health(calling(&ts, 0)).state, HEALTH_UNKNOWN, "that begin anew");
	is_int(ts.trunk->more && ts.trunk->more->turns, 0, "of which nothing is left");
	target_probe_at(calling(&ts, 0), virtual_now_ns);
	rotate_zone(&ts, zone, "5");
	ok(target_due_ns(calling(&ts, 0)) >= virtual_now_ns + 450 * CLOCK_NS_PER_S,
	   "one that was under way counts as made");
	trunks_close(&ts);
}

/* A pause that ends makes none either. */
static void test_pause_of_calls(void)
{
	char zone[1024];
	struct trunks ts;
	int64_t due_ns;

	open_calls(&ts);
	rotate_zone(&ts, zone, "1");
	due_ns = called(calling(&ts, 0), 800);
	((struct config_settings *)(uintptr_t)ts.trunk->owner.conf->settings)->pause.on =
		true;
	trunk_review_pause(ts.trunk);
	is_int(target_due_ns(calling(&ts, 0)), 0, "paused, none is due");
	((struct config_settings *)(uintptr_t)ts.trunk->owner.conf->settings)->pause.on =
		false;
	trunk_review_pause(ts.trunk);
	ok(due_ns && target_due_ns(calling(&ts, 0)) >=
			     virtual_now_ns + 450 * CLOCK_NS_PER_S,
	   "and then not at once");
	trunks_close(&ts);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_rotations,		  test_rotation_of_checks,
		test_rotation_of_silence, test_rotation_of_due_times,
		test_rotation_of_calls,	  test_pause_of_calls,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}
