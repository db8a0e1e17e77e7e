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

int main(void)
{
	static void (*const tests[])(void) = {
		test_registrar,
	};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}
