/* What answers tell of us and of who rewrites SIP, and what they do not. */
#include "sipprobe/way/mirror_ask.h"
#include "tests/unit/tap.h"

enum { TEXT = 1024 };

#define NAT "203.0.113.7"

struct form {
	const char *name;
	const char *via, *from, *call_id; /* of both answers; NULL: as it was sent */
	const char *received[2];	  /* of the plain and the canary's; NULL: none */
	const char *rport;		  /* ";rport=1", ";rport", "" */
	int signs;
};

#define S(sign) (1 << MIRROR_##sign)

static const struct form forms[] = {
	{"no NAT", NULL, NULL, NULL, {"10.0.0.1", "10.0.0.1"}, ";rport=5062", 0},
	{"no received where it is the address",
	 NULL,
	 NULL,
	 NULL,
	 {NULL, "10.0.0.1"},
	 ";rport=5062",
	 0},
	{"NAT", NULL, NULL, NULL, {NAT, NAT}, ";rport=40112", 0},
	{"the order of parameters", NULL, NULL, NULL, {NAT, NAT}, ";x=1;rport=40112", 0},
	{"rport in words of its own", NULL, NULL, NULL, {NAT, NAT}, ";RPORT", 0},
	{"the kernel's, which hides itself",
	 NULL,
	 NULL,
	 NULL,
	 {"10.0.0.1", NAT},
	 ";rport=5062",
	 S(HIDDEN)},
	{"sent-by that is not put back",
	 NAT ":5062",
	 NULL,
	 NULL,
	 {NAT, NAT},
	 ";rport=40112",
	 S(VIA)},
	{"its port alone",
	 "10.0.0.1:5063",
	 NULL,
	 NULL,
	 {NAT, NAT},
	 ";rport=40112",
	 S(VIA)},
	{"From",
	 NULL,
	 "<sip:ping@" NAT ":5062>;tag=1",
	 NULL,
	 {NAT, NAT},
	 ";rport=40112",
	 S(FROM)},
	{"From in other words",
	 NULL,
	 "\"x\" <SIP:ping@10.0.0.1:5062>;tag=1",
	 NULL,
	 {NAT, NAT},
	 ";rport=40112",
	 0},
	{"Call-ID", NULL, NULL, "a@" NAT, {NAT, NAT}, ";rport=40112", S(CALL_ID)},
	{"rport cut out", NULL, NULL, NULL, {NAT, NAT}, "", S(RPORT)},
	{"two at once",
	 NAT ":5062",
	 NULL,
	 "a@" NAT,
	 {NAT, NAT},
	 ";rport=40112",
	 S(VIA) | S(CALL_ID)},
	{"IPv6", NULL, NULL, NULL, {"2001:db8::1", "[2001:DB8::1]"}, ";rport=5062", 0},
};

static void parse(struct guard_message *m, char *text)
{
	const char *why = "";

	if (guard_datagram(m, text, strlen(text), &why))
		printf("# not SIP: %s\n", why);
}

static void request(char *out, bool canary)
{
	(void)snprintf(
		out, TEXT,
		"OPTIONS sip:p SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK1;rport\r\n"
		"From: <sip:ping@10.0.0.1:5062>;tag=1\r\nTo: <sip:p>\r\n"
		"Call-ID: a@10.0.0.1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
		"Content-Length: 0\r\n\r\n",
		canary ? MIRROR_CANARY : "10.0.0.1:5062");
}

static void answer(char *out, const struct form *f, bool canary)
{
	const char *via = canary ? MIRROR_CANARY : f->via ? f->via : "10.0.0.1:5062";
	const char *received = f->received[canary];

	(void)snprintf(out, TEXT,
		       "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP %s%s;branch=z9hG4bK1%s%s\r\n"
		       "f: %s\r\nTo: <sip:other>;tag=2\r\nCall-ID: %s\r\n"
		       "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
		       via, f->rport, received ? ";received=" : "",
		       received ? received : "",
		       f->from ? f->from : "<sip:ping@10.0.0.1:5062>;tag=1",
		       f->call_id ? f->call_id : "a@10.0.0.1");
}

static void test_signs(void)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		static char sent[TEXT], got[TEXT];
		struct guard_message s, g;
		struct mirror_answer a[2];

		for (int k = 0; k < 2; k++) {
			request(sent, k);
			answer(got, &forms[i], k);
			parse(&s, sent);
			parse(&g, got);
			mirror_compare(&a[k], &s, &g);
		}
		is_int(mirror_judge(&a[0], &a[1]), forms[i].signs, forms[i].name);
		a[1].came = false;
		is_int(mirror_judge(&a[0], &a[1]), -1, "nothing of half a round");
	}
}

static void test_twice(void)
{
	struct mirror_found f = {0};
	int last = -1;

	mirror_conclude(&f, &last, 2);
	ok(!f.known, "one round says nothing");
	mirror_conclude(&f, &last, 0);
	ok(f.known && !f.signs, "a sign that was there once is none");
	mirror_conclude(&f, &last, 2);
	is_int(f.signs, 0, "nor when it comes back once");
	mirror_conclude(&f, &last, 3);
	is_int(f.signs, 2, "twice in a row it is");
	mirror_conclude(&f, &last, 0);
	is_int(f.signs, 2, "and stays without once");
	mirror_conclude(&f, &last, 0);
	is_int(f.signs, 0, "but not twice");
}

static const struct {
	const char *via; /* of the answer */
	bool stream;
	const char *want; /* NULL: nothing */
	bool nat;
} views[] = {
	{"10.0.0.1:5062;branch=z9hG4bK1;received=10.0.0.1;rport=5062", false,
	 "10.0.0.1:5062", false},
	{"10.0.0.1:5062;branch=z9hG4bK1;rport=5062", false, "10.0.0.1:5062", false},
	{"10.0.0.1:5062;rport=40112;branch=z9hG4bK1;received=" NAT, false, NAT ":40112",
	 true},
	{"10.0.0.1:5062;branch=z9hG4bK1;received=10.0.0.1;rport=40112", false,
	 "10.0.0.1:40112", true},
	{"10.0.0.1:5062;branch=z9hG4bK1;received=10.0.0.1;rport=40112", true, "10.0.0.1",
	 false},
	{"10.0.0.1:5062;branch=z9hG4bK1;received=" NAT ";rport=1", true, NAT, true},
	{"10.0.0.1:5062;branch=z9hG4bK1;received=" NAT ";rport", false, NAT, true},
	{"10.0.0.1:5062;branch=z9hG4bK1;received=[2001:db8::1];rport=7", false,
	 "[2001:db8::1]:7", true},
	{"10.0.0.1:5062;branch=z9hG4bK1;received=nonsense;rport=5062", false,
	 "10.0.0.1:5062", false},
	{"a.example;branch=z9hG4bK1;rport=99999", false, NULL, false},
};

static void test_views(void)
{
	static char sent[TEXT], got[TEXT];
	struct guard_message s, g;

	request(sent, false);
	parse(&s, sent);
	for (size_t i = 0; i < sizeof(views) / sizeof(*views); i++) {
		struct mirror_view v;
		bool says;

		(void)snprintf(got, TEXT,
			       "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP %s\r\nFrom: "
			       "<sip:a@b>;tag=1\r\n"
			       "To: <sip:p>;tag=2\r\nCall-ID: a\r\nCSeq: 1 OPTIONS\r\n"
			       "Content-Length: 0\r\n\r\n",
			       views[i].via);
		parse(&g, got);
		says = mirror_read(&v, &s, &g, views[i].stream);
		is_str(says ? v.address : NULL, views[i].want, views[i].via);
		ok(!says || v.nat == views[i].nat, "NAT or not");
	}
}

int main(void)
{
	test_signs();
	test_twice();
	test_views();
	return tap_done();
}
