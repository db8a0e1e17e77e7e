/* Presets among the levels: which is in force, and what wins over what it sets. */
#include <errno.h>
#include <string.h>

#include "config/config.h"
#include "tests/unit/tap.h"

/*
 * What each level sets. Of the settings that come of it: preset, interval, timeout and
 * fall. kamailio: 10s, 3s, 3. lync: 60s, 10s, 5. oracle: 30s, 5s, 2, and a Route.
 * Built in: 30s, 5s, 3.
 */
static const struct {
	const char *name;
	const char *defaults, *profile, *trunk; /* profile: NULL: none */
	const char *want;
} cases[] = {
	{"none", "", NULL, "", "- 30/5/3"},
	{"of the defaults", "\"preset\": \"lync\"", NULL, "", "lync 60/10/5"},
	{"the defaults' own keys win over it", "\"preset\": \"lync\", \"fall\": 9", NULL,
	 "", "lync 60/10/9"},
	{"whatever their order", "\"interval\": \"90s\", \"preset\": \"lync\"", NULL, "",
	 "lync 90/10/5"},
	{"and so for who has a profile", "\"preset\": \"lync\", \"fall\": 9", "", "",
	 "lync 60/10/9"},
	{"a profile's keys win over both", "\"preset\": \"lync\", \"fall\": 9",
	 "\"fall\": 8, \"interval\": \"70s\"", "", "lync 70/10/8"},
	{"and a trunk's", "\"preset\": \"lync\", \"fall\": 9", "\"fall\": 8",
	 "\"fall\": 7", "lync 60/10/7"},

	{"of a profile: over the defaults", "\"fall\": 9", "\"preset\": \"lync\"", "",
	 "lync 60/10/5"},
	{"the profile's own keys win over it", "\"fall\": 9",
	 "\"preset\": \"lync\", \"fall\": 8", "", "lync 60/10/8"},
	{"over the defaults that name another", "\"preset\": \"kamailio\", \"fall\": 9",
	 "\"preset\": \"lync\"", "", "lync 60/10/5"},
	{"of which nothing remains", "\"preset\": \"oracle\", \"fall\": 9",
	 "\"preset\": \"lync\"", "", "lync 60/10/5"},
	{"over the defaults that name the same", "\"preset\": \"lync\", \"fall\": 9",
	 "\"preset\": \"lync\"", "", "lync 60/10/5"},

	{"of a trunk: over the defaults", "\"fall\": 9", NULL, "\"preset\": \"lync\"",
	 "lync 60/10/5"},
	{"the trunk's own keys win over it", "\"fall\": 9", NULL,
	 "\"preset\": \"lync\", \"fall\": 7", "lync 60/10/7"},
	{"over the defaults that name another", "\"preset\": \"kamailio\", \"fall\": 9",
	 NULL, "\"preset\": \"lync\"", "lync 60/10/5"},
	{"of which nothing remains", "\"preset\": \"oracle\"", NULL,
	 "\"preset\": \"lync\"", "lync 60/10/5"},
	{"over the defaults that name the same", "\"preset\": \"lync\", \"fall\": 9",
	 NULL, "\"preset\": \"lync\"", "lync 60/10/5"},
	{"under its profile's keys", "\"fall\": 9", "\"fall\": 8", "\"preset\": \"lync\"",
	 "lync 60/10/8"},
	{"under those of a profile that names another", "\"fall\": 9",
	 "\"preset\": \"kamailio\", \"fall\": 8", "\"preset\": \"lync\"", "lync 60/10/8"},
	{"of which nothing remains", "\"fall\": 9", "\"preset\": \"oracle\"",
	 "\"preset\": \"lync\"", "lync 60/10/5"},
	{"or the same", "\"fall\": 9", "\"preset\": \"lync\", \"fall\": 8",
	 "\"preset\": \"lync\"", "lync 60/10/8"},
	{"three", "\"preset\": \"oracle\", \"fall\": 9",
	 "\"preset\": \"kamailio\", \"timeout\": \"7s\"",
	 "\"preset\": \"lync\", \"interval\": \"80s\"", "lync 80/7/5"},
	{"the defaults' keys that it leaves open",
	 "\"preset\": \"oracle\", \"t1\": \"250ms\", \"fall\": 9", NULL,
	 "\"preset\": \"lync\"", "lync 60/10/5 t1"},
};

static struct config *preset_load(const char *defaults, const char *profile,
				  const char *trunk)
{
	struct config_errors errs = {0};
	struct config *c = NULL;
	char text[1024];

	(void)snprintf(
		text, sizeof(text),
		"{\"trunks\": [{\"name\": \"a\", \"uri\": \"sip:a.example\"%s%s%s},"
		" {\"name\": \"b\", \"uri\": \"sip:a.example\"}],"
		" \"profiles\": {\"p\": {%s}}, \"defaults\": {%s}}",
		profile ? ", \"profile\": \"p\"" : "", *trunk ? ", " : "", trunk,
		profile ? profile : "", defaults);
	if (config_parse(&c, text, strlen(text), "test.json", &errs))
		config_errors_print(&errs, stdout);
	config_errors_clear(&errs);
	return c;
}

static const char *preset_told(const struct config_settings *s)
{
	static char told[64];

	(void)snprintf(told, sizeof(told), "%s %lld/%lld/%u%s%s",
		       s->preset ? s->preset : "-", (long long)s->interval_us / 1000000,
		       (long long)s->timeout_us / 1000000, s->fall,
		       s->t1_us == 250000 ? " t1" : "", s->route_count ? " route" : "");
	return told;
}

static void test_levels(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *c =
			preset_load(cases[i].defaults, cases[i].profile, cases[i].trunk);

		is_str(c ? preset_told(c->trunks[0].settings) : NULL, cases[i].want,
		       cases[i].name);
		config_free(c);
	}
}

/* Probes on demand have the defaults, or a profile, as trunks have them. */
static void test_ondemand(void)
{
	struct config *c = preset_load("\"preset\": \"lync\", \"fall\": 9",
				       "\"timeout\": \"7s\"", "");

	is_str(preset_told(c->defaults), "lync 60/10/9", "the defaults");
	is_str(preset_told(c->profiles[0].settings), "lync 60/7/9", "a profile");
	is_str(preset_told(c->trunks[1].settings), "lync 60/10/9", "another trunk");
	config_free(c);
	c = preset_load("\"preset\": \"oracle\", \"fall\": 9",
			"\"preset\": \"lync\", \"timeout\": \"7s\"",
			"\"preset\": \"cube\"");
	is_str(preset_told(c->defaults), "oracle 30/5/9 route", "other presets above");
	is_str(preset_told(c->profiles[0].settings), "lync 60/7/5", "change nothing");
	is_str(preset_told(c->trunks[1].settings), "oracle 30/5/9 route", "below");
	config_free(c);
}

/* What is wrong within a level is told once, whatever presets lie under it. */
static void test_told_once(void)
{
	static const char text[] =
		"{\"defaults\": {\"preset\": \"lync\", \"tls\": {\"cert_file\": "
		"\"/etc/passwd\"}},"
		" \"profiles\": {\"p\": {\"interval\": \"9s\", \"timeout\": \"9s\"}},"
		" \"trunks\": [{\"name\": \"a\", \"uri\": \"sip:a.example\"},"
		" {\"name\": \"b\", \"uri\": \"sip:b.example\", \"preset\": \"cube\"},"
		" {\"name\": \"c\", \"uri\": \"sip:c.example\", \"preset\": \"cucm\"},"
		" {\"name\": \"d\", \"uri\": \"sip:d.example\", \"profile\": \"p\"},"
		" {\"name\": \"e\", \"uri\": \"sip:e.example\", \"profile\": \"p\","
		" \"preset\": \"cube\"}]}";
	struct config_errors errs = {0};
	struct config *c = NULL;
	size_t certificates = 0, timeouts = 0;

	is_int(config_parse(&c, text, strlen(text), "test.json", &errs), EINVAL, "wrong");
	for (size_t i = 0; i < errs.count; i++) {
		certificates += strstr(errs.list[i].message, "cert_file needs") != NULL;
		timeouts += strstr(errs.list[i].json_path, "profiles.p.timeout") != NULL;
	}
	is_int((long long)certificates, 1, "of the defaults");
	is_int((long long)timeouts, 1, "of a profile");
	config_errors_clear(&errs);
}

int main(void)
{
	test_levels();
	test_ondemand();
	test_told_once();
	return tap_done();
}
