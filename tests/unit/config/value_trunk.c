/* Texts that say how a trunk's requests are made and sent. */
#include "config/value.h"
#include "tests/unit/tap.h"

static void check_templates(void)
{
	static const struct {
		const char *text, *why; /* the beginning of it; NULL: none */
	} cases[] = {
		{"sip:a.example", NULL},
		{"sip:{peer}", NULL},
		{"sip:{local};lr", NULL},
		{"sips:ping@{host}:5061", NULL},
		{"sip:ping@{peer}", NULL},
		{"sip:{host}", NULL},
		{"a.example", "the scheme must be"},
		{"sip:{peer}:5060", "a port is a number"},
		{"sip:{peer};;", "a parameter's name is empty"},
		{"{peer}", "a placeholder stands for the host only"},
		{"sip:a{peer}", "a placeholder stands for the host only"},
		{"sip:{peer", "the placeholders are"},
		{"sip:{}", "the placeholders are"},
		{"sip:{Peer}", "the placeholders are"},
		{"sip:{nobody}", "the placeholders are"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = value_template(cases[i].text), *want = cases[i].why;

		ok(want ? why && !strncmp(why, want, strlen(want)) : !why, "\"%s\": %s",
		   cases[i].text, why ? why : "taken");
	}
}

/* At most 1024 characters with an address in it. */
static void check_template_length(void)
{
	static const char too_long[] = "a URI is at most 1024 characters long";
	char text[4000] = "sip:{host};x=";
	size_t most = 1024 - strlen("192.0.2.1") + strlen("{host}");

	memset(text + strlen(text), 'y', sizeof(text) - 1 - strlen(text));
	is_str(value_template(text), too_long, "too long by much");
	text[most + 1] = '\0';
	is_str(value_template(text), too_long, "too long");
	text[most] = '\0';
	is_str(value_template(text), NULL, "long enough");
	memset(text, 'y', sizeof(text) - 1);
	strcpy(text + sizeof(text) - sizeof("@{host}"), "@{host}");
	memcpy(text, "sip:", 4);
	is_str(value_template(text), too_long, "the host at the end of it");
}

static void check_addresses(void)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{"192.0.2.1", true},
		{"2001:db8::1", true},
		{"fe80::1%eth0", true},
		{"fe80::1%2", true},
		{"fe80::1%", false},
		{"192.0.2.1%eth0", false},
		{"192.0.2.1%", false},
		{"fe80::1%eth0\n", false},
		{"[::1]", false},
		{"192.0.2", false},
		{"a.example", false},
		{"%eth0", false},
		{"", false},
		/* longer by one than an address can be */
		{"2001:db8:0:0000:0000:0000:0:255.255.255.255000", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(!value_address(cases[i].text), cases[i].good, cases[i].text);
}

/* RFC 4594 2.3: eight classes, four that forward assuredly, and single ones. */
static void check_dscps(void)
{
	static const struct {
		const char *text;
		unsigned dscp; /* 99: none */
	} cases[] = {{"DF", 0},	   {"LE", 1},	 {"EF", 46},   {"VOICE-ADMIT", 44},
		     {"CS8", 99},  {"AF01", 99}, {"AF10", 99}, {"AF44", 99},
		     {"AF51", 99}, {"cs3", 99},	 {"CS", 99},   {"", 99}};
	char name[8];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned dscp = 99;
		bool good = !value_dscp(&dscp, cases[i].text);

		ok(good == (cases[i].dscp != 99) && dscp == cases[i].dscp, "DSCP '%s'",
		   cases[i].text);
	}
	for (unsigned class = 0; class < 8; class ++) {
		unsigned dscp = 99;

		(void)snprintf(name, sizeof(name), "CS%u", class);
		ok(!value_dscp(&dscp, name) && dscp == class * 8, "%s", name);
		for (unsigned drop = 1; class > 0 && class < 5 && drop < 4; drop++) {
			(void)snprintf(name, sizeof(name), "AF%u%u", class, drop);
			ok(!value_dscp(&dscp, name) && dscp == class * 8 + drop * 2, "%s",
			   name);
		}
	}
}

int main(void)
{
	check_templates();
	check_template_length();
	check_addresses();
	check_dscps();
	return tap_done();
}
