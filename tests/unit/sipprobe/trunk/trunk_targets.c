/* A trunk's targets, where one address of several is registered at. */
#include "tests/unit/sipprobe/trunk/trunks.h"

#define AT_FIRST                                                                         \
	", \"interval\": \"24h\", \"timeout\": \"500ms\", \"fall\": 2, \"rise\": 1, "    \
	"\"family\": \"ipv4\", \"register\": {\"bind\": true, \"expires\": \"6h\", "     \
	"\"at\": \"first\"}, \"method\": "

/* The target by REGISTER; there is to be one. */
static unsigned registering(const struct trunks *ts)
{
	unsigned found = UINT_MAX, count = 0;

	for (unsigned i = 0; i < ts->trunk->target_count; i++)
		if (target_prober(trunk_targets(ts->trunk)[i]) == &prober_register) {
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
			  &target_address(trunk_targets(ts->trunk)[registering(ts)])->sa);
	return text[strlen(text) - 1];
}

static const struct {
	const char *name;
	/* The name's addresses; results: y 200, n nothing, 4 403, 5 500, 8 408, a 401, o
	 * other checks answer, "=12" DNS. */
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
	{"refused credentials are, too", "=1,2 a a a", "[\"REGISTER\"]", "1? 1X 1X"},
	{"a server that timed out is not", "=1,2 8 y", "[\"REGISTER\"]", "2? 2U"},
	{"a broken server is not", "=1,2 5 y", "[\"REGISTER\"]", "2? 2U"},
	{"the address goes", "=1,2 y =2,3 y", "[\"REGISTER\"]", "1U 2U"},
	{"a better one comes", "=2,3 y =1,2,3 y", "[\"REGISTER\"]", "2U 2U"},
	{"the order turns", "=1,2 y =2,1 y", "[\"REGISTER\"]", "1U 1U"},
	{"its A is not answered", "=1,2 y =1!,2 y =1!,2 y =1,2 y", "[\"REGISTER\"]",
	 "1U 1U 1U 1U"},
	{"that of the next is not", "=1,2 y =1,2! y n n y", "[\"REGISTER\"]",
	 "1U 1U 1U 2X 2U"},
	{"nor while it fails", "=1,2,3 y n =1!,2,3 n =1!,2,3 n y", "[\"REGISTER\"]",
	 "1U 1U 2X 3X 3U"},
	{"with another check, up needs both", "=1,2 o y n n y",
	 "[\"OPTIONS\", \"REGISTER\"]", "1? 1U 1U 2X 2U"},
	{"with another check, whose first address goes", "=1,2 o y n n y =2 n n",
	 "[\"OPTIONS\", \"REGISTER\"]", "1? 1U 1U 2X 2U 2U 2X"},
};

static void registrar_step(struct trunks *ts, const char *step, char *got, size_t size)
{
	static const char *const statuses[256] = {['y'] = "200 OK",
						  ['4'] = "403 Forbidden",
						  ['5'] = "500 Broken",
						  ['8'] = "408 Request Timeout",
						  ['a'] = "401 Unauthorized"};
	size_t used = strlen(got);

	if (*step == 'o') {
		for (unsigned i = 0; i < ts->trunk->target_count; i++)
			if (target_prober(trunk_targets(ts->trunk)[i]) == &prober_options)
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
		       strstr(registrars[i].steps, "1,2,3") ? 3
		       : strstr(registrars[i].steps, "=2 ") ? 1
							    : 2,
		       "all addresses are told");
		trunks_close(&ts);
	}
}

/* A registration is the trunk's: no check of its address, which may be up without. */
static void test_apart(void)
{
	char zone[1024];
	struct trunks ts;

	trunks_open(&ts, "sip:isp.test;transport=udp",
		    AT_FIRST "[\"OPTIONS\", \"REGISTER\"]", "");
	rotate_zone(&ts, zone, "1,2");
	is_int(ts.trunk->target_count, 3, "two addresses, at one of which it registers");
	registrar_step(&ts, "o", (char[64]){""}, 64);
	is_int(ts.trunk->reported_up, 2, "both are up");
	trunks_close(&ts);
}

/* When a registration at an address that left is taken back: ms from now; -1: never. */
static int64_t left_ms(const struct trunks *ts)
{
	const struct list *leaving = &ts->group.targets.unregistering;

	return list_isempty(leaving)
		       ? -1
		       : (target_due_ns(leaving->head->data) - virtual_now_ns) /
				 CLOCK_NS_PER_MS;
}

/* @holder: the target that is registered; others of the same Contact would keep it */
static void register_at(struct trunks *ts, char *zone, const char *hosts, unsigned holder,
			bool first)
{
	char settings[256];

	(void)snprintf(settings, sizeof(settings),
		       ", \"interval\": \"24h\", \"timeout\": \"500ms\", \"fall\": 2, "
		       "\"family\": \"ipv4\", \"method\": \"REGISTER\", \"register\": "
		       "{\"bind\": true, \"expires\": \"6h\", \"at\": \"%s\"}",
		       first ? "first" : "all");
	trunks_open(ts, "sip:isp.test;transport=udp", settings, "");
	rotate_zone(ts, zone, hosts);
	probe(ts, holder, "200 OK");
	(void)told(ts);
}

/* What is registered at an address that goes is left to one that comes, if any does. */
static void test_left(void)
{
	static const struct {
		const char *name, *before, *after;
		unsigned holder;
		bool first; /* it registers at one address alone */
		bool left;
	} cases[] = {
		{"another in its place", "1", "2", 0, false, true},
		{"the first of two others", "1", "23", 0, false, true},
		{"one more beside who stays", "12", "23", 0, false, true},
		{"one less", "12", "2", 0, false, false},
		{"the last is one less", "12", "1", 1, false, false},
		{"at one alone, which another is now", "12", "2", 0, true, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char zone[1024];
		struct trunks ts;

		register_at(&ts, zone, cases[i].before, cases[i].holder, cases[i].first);
		rotate_zone(&ts, zone, cases[i].after);
		if (cases[i].left)
			ok(left_ms(&ts) > 1000, "%s: it has time", cases[i].name);
		else
			is_int(left_ms(&ts), 0, cases[i].name);
		ok(!ts.group.targets.expecting, "others that go have none");
		trunks_close(&ts);
	}
}

/* The addresses of a trunk, with their priorities. */
static void addresses_print(char *buf, size_t size, const struct trunk *t)
{
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < t->target_count && used < size; i++) {
		const struct resolve_address *a = target_address(trunk_targets(t)[i]);

		(void)re_snprintf(buf + used, size - used, "%s%j/%u", i ? " " : "",
				  &a->sa, a->priority);
		used = strlen(buf);
	}
}

#define SRV_OF(host, priority) "_sip._udp.isp.test 1 SRV " priority " 1 5060 " host "\n"
#define SRV_AB		       SRV_OF("a.test", "1") SRV_OF("b.test", "2")
#define A_1		       "a.test 1 A 127.0.0.1\n"
#define B_2		       "b.test 1 A 127.0.0.2\n"

/* What is not answered is not gone; what is answered holds. */
static void test_unanswered(void)
{
	static const struct {
		const char *name, *before, *after, *want;
	} cases[] = {
		{"the server fails at one", SRV_AB A_1 B_2,
		 SRV_AB "a.test 1 A !SERVFAIL\n" B_2, "127.0.0.1/1 127.0.0.2/2"},
		{"or says nothing", SRV_AB A_1 B_2, SRV_AB A_1 "b.test 1 A !TIMEOUT\n",
		 "127.0.0.1/1 127.0.0.2/2"},
		{"or nothing of use", SRV_AB A_1 B_2, SRV_AB "a.test 1 A !BOGUS\n" B_2,
		 "127.0.0.1/1 127.0.0.2/2"},
		{"or bytes that are no address", SRV_AB A_1 B_2,
		 SRV_AB "a.test 1 A \\x0102\n" B_2, "127.0.0.1/1 127.0.0.2/2"},
		{"one does not exist any more", SRV_AB A_1 B_2, SRV_AB B_2,
		 "127.0.0.2/2"},
		{"one has no such records any more", SRV_AB A_1 B_2,
		 SRV_AB "a.test 1 TXT x\n" B_2, "127.0.0.2/2"},
		{"another moves meanwhile", SRV_AB A_1 B_2,
		 SRV_AB "a.test 1 A !SERVFAIL\nb.test 1 A 127.0.0.3\n",
		 "127.0.0.1/1 127.0.0.3/2"},
		{"SRV names it no more", SRV_AB A_1 B_2, SRV_OF("b.test", "2") B_2,
		 "127.0.0.2/2"},
		{"an address by another name now", SRV_AB A_1 B_2,
		 SRV_AB "a.test 1 A !SERVFAIL\nb.test 1 A 127.0.0.1\n", "127.0.0.1/2"},
		{"one kind of address", "isp.test 1 A 127.0.0.1\nisp.test 1 AAAA ::1\n",
		 "isp.test 1 A !SERVFAIL\nisp.test 1 AAAA ::2\n", "127.0.0.1/0 ::2/0"},
		{"the other kind", "isp.test 1 A 127.0.0.1\nisp.test 1 AAAA ::1\n",
		 "isp.test 1 A 127.0.0.2\nisp.test 1 AAAA !TIMEOUT\n",
		 "::1/0 127.0.0.2/0"},
		{"a kind that always fails",
		 "isp.test 1 A 127.0.0.1\nisp.test 1 AAAA !SERVFAIL\n",
		 "isp.test 1 A 127.0.0.2\nisp.test 1 AAAA !SERVFAIL\n", "127.0.0.2/0"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char got[256];
		struct trunks ts;

		trunks_open(&ts, "sip:isp.test;transport=udp",
			    ", \"interval\": \"24h\", \"fall\": 9", cases[i].before);
		zone_answer_all(ts.zone);
		for (int again = 0; again < 2; again++) {
			ts.zone->text = cases[i].after;
			naming_resolve(ts.trunk->naming);
			zone_answer_all(ts.zone);
			addresses_print(got, sizeof(got), ts.trunk);
			is_str(got, cases[i].want, cases[i].name);
		}
		ts.zone->text = SRV_OF("c.test", "3") "c.test 1 A 127.0.0.4\n";
		naming_resolve(ts.trunk->naming);
		zone_answer_all(ts.zone);
		addresses_print(got, sizeof(got), ts.trunk);
		is_str(got, "127.0.0.4/3", "the next good answer settles it");
		trunks_close(&ts);
	}
}

#define SRV_ABC SRV_AB SRV_OF("c.test", "3")

/* An address that went over to another name stays while that is not answered. */
static void test_unanswered_renamed(void)
{
	static const char *const zones[] = {
		SRV_ABC A_1,
		SRV_ABC "b.test 1 A 127.0.0.1\n",
		SRV_ABC "b.test 1 A !SERVFAIL\nc.test 1 A 127.0.0.3\n",
	};

	for (int first = 0; first < 2; first++) {
		char got[256];
		struct trunks ts;

		trunks_open(&ts, "sip:isp.test;transport=udp",
			    first ? AT_FIRST "\"REGISTER\"" : STEADY, "");
		for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
			ts.zone->text = zones[i];
			if (list_isempty(&ts.zone->asked))
				naming_resolve(ts.trunk->naming);
			zone_answer_all(ts.zone);
		}
		addresses_print(got, sizeof(got), ts.trunk);
		is_str(got, first ? "127.0.0.1/2" : "127.0.0.1/2 127.0.0.3/3",
		       "both are there");
		is_int(ts.trunk->reported_total, 2, "and told");
		trunks_close(&ts);
	}
}

/* What is registered there is not taken back, nor a probe under way waited for. */
static void test_unanswered_registered(void)
{
	for (int first = 0; first < 2; first++) {
		char zone[1024];
		struct trunks ts;

		register_at(&ts, zone, "1,2", 0, first);
		rotate_zone(&ts, zone, "1!,2");
		is_int(left_ms(&ts), -1, "nothing is taken back");
		fixture_probe(trunk_targets(ts.trunk)[0]);
		rotate_zone(&ts, zone, "1!,23");
		is_int(ts.trunk->target_count, first ? 1 : 3, "all are there at once");
		trunks_close(&ts);
	}
}

/* What a trunk that goes has registered is left to one that takes its place. */
static void test_left_by_trunk(void)
{
	for (int succeeded = 0; succeeded < 2; succeeded++) {
		char zone[1024];
		struct trunks ts;

		register_at(&ts, zone, "12", 1, false);
		trunk_expect(ts.trunk, succeeded);
		ts.trunk = mem_deref(ts.trunk);
		ok(succeeded ? left_ms(&ts) > 1000 : !left_ms(&ts), "%s",
		   succeeded ? "with time for who comes" : "and take it back at once");
		ok(!ts.group.targets.expecting, "others that go have none");
		trunks_close(&ts);
	}
}

/* A registration that moves takes its target along, and leaves what it held for a while.
 */
static void test_moves(void)
{
	char zone[1024];
	struct trunks ts;

	register_at(&ts, zone, "1,2", 0, true);
	probe(&ts, 0, NULL);
	probe(&ts, 0, NULL);
	(void)told(&ts);
	pass_ns(WHEEL_TICK_NS);
	is_str(told(&ts), "remove", "the target of the address that failed goes");
	is_int(ts.trunk->target_count, 1, "one is there");
	ok(left_ms(&ts) > 1000, "what it held is not taken back at once");
	ok(!ts.group.targets.expecting, "others that go have no time");
	trunks_close(&ts);
}

/* The next address is tried at once; when all have failed, as what is down is. */
static void test_pace(void)
{
	char zone[1024];
	struct trunks ts;
	int64_t due_ns;

	trunks_open(&ts, "sip:isp.test;transport=udp", AT_FIRST "\"REGISTER\"", "");
	rotate_zone(&ts, zone, "1,2");
	for (int round = 0; round < 2; round++) {
		probe(&ts, 0, NULL);
		due_ns = target_due_ns(trunk_targets(ts.trunk)[0]);
		ok(due_ns > virtual_now_ns + 60 * CLOCK_NS_PER_S, "it is due much later");
		pass_ns(WHEEL_TICK_NS);
		if (!round)
			ok(target_due_ns(trunk_targets(ts.trunk)[0]) <
				   virtual_now_ns + 10 * CLOCK_NS_PER_S,
			   "the next is not");
		else
			is_int(target_due_ns(trunk_targets(ts.trunk)[0]), due_ns,
			       "but after all of them it is");
	}
	trunks_close(&ts);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_registrar,
		test_apart,
		test_left,
		test_left_by_trunk,
		test_moves,
		test_pace,
		test_unanswered,
		test_unanswered_registered,
		test_unanswered_renamed,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}
