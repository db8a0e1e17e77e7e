/* What registrars answer, in every shape that Contact and Expires have. */
#include "sipprobe/message/registration.h"
#include "tests/unit/tap.h"

#define HEAD                                                                             \
	"SIP/2.0 200 OK\r\n%s"                                                           \
	"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\n"                                 \
	"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"                               \
	"Call-ID: x\r\nCSeq: 1 REGISTER\r\n\r\n"

/* Contacts, own, longest and Expires; then what is granted of 3600 asked for. */
static const struct {
	const char *name;
	const char *fields;
	const char *want;
} cases[] = {
	{"ours", "Contact: <sip:me@192.0.2.9>;expires=60\r\n", "1 60 60 -1: 60"},
	{"ours among others",
	 "Contact: <sip:x@192.0.2.8>;expires=900, "
	 "<sip:me@192.0.2.9>;q=0.5;expires=60\r\n",
	 "2 60 900 -1: 60"},
	{"in several fields, compact too",
	 "m: <sip:x@192.0.2.8>;expires=9\r\nContact: \"Me, myself\" "
	 "<sip:me@192.0.2.9>;expires=60\r\n",
	 "2 60 60 -1: 60"},
	{"bare URIs",
	 "Contact: sip:x@192.0.2.8;expires=9 , sip:me@192.0.2.9;expires=60\r\n",
	 "2 60 60 -1: 60"},
	{"Expires for all", "Contact: <sip:me@192.0.2.9>\r\nExpires: 120\r\n",
	 "1 120 120 120: 120"},
	{"Expires for more than an hour",
	 "Contact: <sip:me@192.0.2.9>\r\nExpires: 7200\r\n", "1 7200 7200 7200: 7200"},
	{"the parameter counts more",
	 "Expires: 120\r\nContact: <sip:me@192.0.2.9>;expires=7\r\n", "1 7 7 120: 7"},
	{"only Expires", "Expires: 120\r\n", "0 -1 -1 120: 120"},
	{"two that say otherwise: the less", "Expires: 120\r\nExpires: 60\r\n",
	 "0 -1 -1 60: 60"},
	{"in any order", "Expires: 60\r\nExpires: 120\r\n", "0 -1 -1 60: 60"},
	{"one that is none beside", "Expires: x\r\nExpires: 120\r\n", "0 -1 -1 120: 120"},
	{"nothing is less than none that is one", "Expires: 0\r\nExpires: x\r\n",
	 "0 -1 -1 0: 0"},
	{"Expires of nothing", "Expires: 0\r\n", "0 -1 -1 0: 0"},
	{"no number, and less than an hour for all",
	 "Contact: <sip:me@192.0.2.9>;expires=soon\r\nExpires: 120\r\n",
	 "1 120 120 120: 120"},
	{"no number, and more than that",
	 "Contact: <sip:me@192.0.2.9>;expires=soon\r\nExpires: 7200\r\n",
	 "1 3600 3600 7200: 3600"},
	{"the largest there is", "Contact: <sip:me@192.0.2.9>;expires=4294967295\r\n",
	 "1 4294967295 4294967295 -1: 4294967295"},
	{"an escaped quote ends nothing",
	 "Contact: \"a\\\",<b\" <<sip:x>, <sip:me@192.0.2.9>;expires=60\r\n",
	 "1 60 60 -1: 60"},
	{"nor one right before the last",
	 "Contact: \"a\\\"\" <<sip:x>, <sip:me@192.0.2.9>;expires=60\r\n",
	 "1 60 60 -1: 60"},
	{"a backslash that escapes nothing",
	 "Contact: <sip:me@192.0.2.9>;expires=60, \"x\\\r\n", "1 60 60 -1: 60"},
	{"a comma in brackets ends nothing",
	 "Contact: <<,sip:y@h>, <sip:me@192.0.2.9>;expires=60\r\n", "1 60 60 -1: 60"},
	{"what is behind the brackets is none either",
	 "Contact: <>sip:y@h, <sip:me@192.0.2.9>;expires=60\r\n", "1 60 60 -1: 60"},
	{"nor what no comma is before",
	 "Contact: <sip:me@192.0.2.9>;expires=60 <sip:y@h>\r\n", "1 60 60 -1: 60"},
	{"nor one where a parameter should be",
	 "Contact: <sip:me@192.0.2.9>;expires=60;<sip:y@h>\r\n", "1 60 60 -1: 60"},
	{"neither", "", "0 -1 -1 -1: 3600"},
	{"rewritten by a border controller",
	 "Contact: <sip:me@203.0.113.1:5080>;expires=30\r\n", "1 30 30 -1: 30"},
	{"ours taken away", "Contact: <sip:me@192.0.2.9>;expires=0\r\n", "1 0 0 -1: 0"},
	{"a time that is no number is an hour",
	 "Contact: <sip:me@192.0.2.9>;expires=soon\r\n", "1 3600 3600 -1: 3600"},
	{"nor is one past 32 bits", "Contact: <sip:me@192.0.2.9>;expires=4294967296\r\n",
	 "1 3600 3600 -1: 3600"},
	{"a broken Contact is left out",
	 "Contact: <sip:x@192.0.2.8>;expires=5, <<>>, <sip:me@192.0.2.9>;expires=60\r\n",
	 "2 60 60 -1: 60"},
	{"and so are a comma in quotes, and one too many",
	 "Contact: \"a,<b\" <<sip:x>, , <sip:me@192.0.2.9>;expires=60,\r\n",
	 "1 60 60 -1: 60"},
	{"but what was read of it counts",
	 "Contact: <sip:me@192.0.2.9>;expires=60;=x, <sip:x@192.0.2.8>;expires=5\r\n",
	 "2 60 60 -1: 60"},
	{"one that nothing ends",
	 "Contact: <sip:me@192.0.2.9>;expires=60, \"x, <sip:y@192.0.2.8>;expires=5\r\n",
	 "1 60 60 -1: 60"},
	{"ours, twice",
	 "Contact: <sip:me@192.0.2.9>;expires=60\r\n"
	 "Contact: <sip:me@192.0.2.9;ob>;q=0.1;expires=30\r\n",
	 "2 30 60 -1: 30"},
	{"ours elsewhere among ours elsewhere: the least",
	 "Contact: <sip:me@203.0.113.1:1>;expires=900, <sip:me@203.0.113.2>;expires=60, "
	 "<sip:you@192.0.2.9>;expires=5\r\n",
	 "3 60 900 -1: 60"},
	{"one more like ours counts more",
	 "Contact: <sip:me@203.0.113.1:1>;expires=9, "
	 "<sip:me@192.0.2.9:5060>;expires=60\r\n",
	 "2 60 60 -1: 60"},
	{"elsewhere, without a time: the field's",
	 "Contact: <sip:me@203.0.113.1:1>, <sip:me@203.0.113.2>;expires=900\r\n"
	 "Expires: 120\r\n",
	 "2 120 900 120: 120"},
	{"said twice", "Contact: <sip:me@192.0.2.9>;expires=60;expires=90\r\n",
	 "1 60 60 -1: 60"},
	{"said twice, once as nothing",
	 "Contact: <sip:me@192.0.2.9>;expires=0;expires=90\r\n", "1 0 0 -1: 0"},
	{"in any order", "Contact: <sip:me@192.0.2.9>;expires=90;expires=0\r\n",
	 "1 0 0 -1: 0"},
	{"in quotes, with spaces", "Contact: <sip:me@192.0.2.9>;expires=\" 60 \"\r\n",
	 "1 60 60 -1: 60"},
	{"in quotes", "Contact: <sip:me@192.0.2.9>;expires=\"60\"\r\n", "1 60 60 -1: 60"},
	{"in quotes that hold no number",
	 "Contact: <sip:me@192.0.2.9>;expires=\"soon\"\r\nExpires: 120\r\n",
	 "1 120 120 120: 120"},
	{"other parameters",
	 "Contact: \"6302, x\" <sip:me@192.0.2.9>"
	 ";+sip.instance=\"<urn:uuid:1,2>\";reg-id=1;EXPIRES = 60;x\r\n",
	 "1 60 60 -1: 60"},
	{"no Contact at all but a star", "Contact: *\r\n", "0 -1 -1 -1: 3600"},
	{"an Expires that is no number", "Expires: tomorrow\r\n", "0 -1 -1 -1: 3600"},
	{"an Expires that is a number and more", "Expires: 60;x\r\n", "0 -1 -1 -1: 3600"},
	{"an Expires that is two", "Expires: 60 60\r\n", "0 -1 -1 -1: 3600"},
	{"no user is ours: any may be", "Contact: <sip:you@192.0.2.9>;expires=60\r\n",
	 "1 60 60 -1: 60"},
	{"no more than the field",
	 "Contact: <sip:you@192.0.2.9>;expires=60\r\n"
	 "Expires: 30\r\n",
	 "1 60 60 30: 30"},
	{"nor than we asked for", "Contact: <sip:you@192.0.2.9>;expires=9999\r\n",
	 "1 9999 9999 -1: 3600"},
	{"ours may well be granted more", "Contact: <sip:me@192.0.2.9>;expires=9999\r\n",
	 "1 9999 9999 -1: 9999"},
};

static bool parse(struct guard_message *m, char *text, size_t size, const char *fields)
{
	(void)snprintf(text, size, HEAD, fields);
	return !guard_datagram(m, text, strlen(text), NULL);
}

static void test_cases(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct registration_bindings b;
		struct guard_message m;
		char text[2048], got[128];

		if (!ok(parse(&m, text, sizeof(text), cases[i].fields), "is a message"))
			continue;
		registration_read(&b, &m, "sip:me@192.0.2.9");
		(void)snprintf(got, sizeof(got), "%u %lld %lld %lld: %lld", b.contacts,
			       (long long)b.own_s, (long long)b.longest_s,
			       (long long)b.expires_s,
			       (long long)registration_granted_s(&b, 3600));
		is_str(got, cases[i].want, cases[i].name);
	}
}

static const struct {
	const char *fields;
	long long want;
} minima[] = {
	{"Min-Expires: 300\r\n", 300},	    {"min-expires:300\r\n", 300},
	{"Min-Expires: 1\r\n", 1},	    {"Min-Expires: 4294967295\r\n", 4294967295},
	{"Min-Expires: 0\r\n", 0},	    {"Min-Expires: soon\r\n", 0},
	{"Min-Expires: 4294967296\r\n", 0}, {"Min-Expires: -1\r\n", 0},
	{"Min-Expires: 60;x\r\n", 0},	    {"", 0},
};

static void test_minima(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(minima); i++) {
		struct guard_message m;
		char text[2048];

		if (parse(&m, text, sizeof(text), minima[i].fields))
			is_int(registration_min_expires_s(&m), minima[i].want,
			       minima[i].fields);
	}
}

int main(void)
{
	test_cases();
	test_minima();
	return tap_done();
}
