/* Whose URI it is: the comparison of RFC 3261 19.1.4, and what comes close to it. */
#include "sipprobe/message/uri_match.h"
#include "tests/unit/tap.h"

static const char *const names[] = {
	[URI_MATCH_NONE] = "none",
	[URI_MATCH_USER] = "user",
	[URI_MATCH_PLACE] = "place",
	[URI_MATCH_EQUAL] = "equal",
};

static const struct {
	const char *own, *other, *want;
} cases[] = {
	/* The sets of 19.1.4, those that match and those that do not. */
	{"sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp",
	 "equal"},
	{"sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", "equal"},
	{"sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on",
	 "equal"},
	{"sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
	 "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", "equal"},
	{"sip:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP",
	 "none"},
	{"sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", "place"},
	{"sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", "place"},
	{"sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", "user"},
	{"sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting",
	 "place"},
	{"sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", "user"},
	{"sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off",
	 "place"},
	/* What registrars write anew. */
	{"sip:me@192.0.2.9:5070", "SIP:me@192.0.2.9:5070", "equal"},
	{"sip:me@192.0.2.9:5070", "sip:me@192.0.2.9:5070;ob", "equal"},
	{"sip:me@192.0.2.9:5070", "sip:me@192.0.2.9:5070;alias=192.0.2.9~5070~1",
	 "equal"},
	{"sip:me@192.0.2.9:5070;transport=tcp", "sip:me@192.0.2.9:5070;transport=TCP;ob",
	 "equal"},
	{"sip:me@192.0.2.9:5070;transport=tcp", "sip:me@192.0.2.9:5070", "place"},
	{"sip:me@192.0.2.9;transport=tls", "sip:me@192.0.2.9:5061;transport=tls",
	 "place"},
	{"sips:me@192.0.2.9", "sip:me@192.0.2.9:5061;transport=tls", "user"},
	{"sip:me@192.0.2.9;transport=tcp", "sip:me@192.0.2.9;transport=udp", "user"},
	{"sip:me@192.0.2.9", "sip:me@192.0.2.9;transport=tcp", "user"},
	{"sip:me@192.0.2.9:5070", "sip:me@203.0.113.9:61234;ob", "user"},
	{"sip:me@[2001:db8::1]:5070", "sip:me@[2001:DB8:0::1]:5070", "equal"},
	{"sip:me@[2001:db8::1]:5070", "sip:me@[2001:db8::2]:5070", "user"},
	{"sip:192.0.2.9:5070", "sip:192.0.2.9:5070;ob", "equal"},
	/* Users. */
	{"sip:a%20b@h.example", "sip:a%20b@h.example", "equal"},
	{"sip:+4712@h.example", "sip:%2B4712@h.example", "place"},
	{"sip:me:secret@h.example", "sip:me@h.example", "place"},
	{"sip:me;x=1@h.example", "sip:me;x=1@h.example", "equal"},
	{"sip:me@h.example", "sip:h.example", "none"},
	{"sip:me@h.example", "sip:you@h.example", "none"},
	{"sip:me@h.example", "sip:me2@h.example", "none"},
	{"sip:me@h.example", "sip:ME@h.example", "none"},
	/* Parameters that a URI without them does not match. */
	{"sip:me@h.example;user=phone", "sip:me@h.example", "place"},
	{"sip:me@h.example", "sip:me@h.example;user=phone", "place"},
	{"sip:me@h.example;ttl=1", "sip:me@h.example", "place"},
	{"sip:me@h.example;method=INVITE", "sip:me@h.example", "place"},
	{"sip:me@h.example;maddr=192.0.2.1", "sip:me@h.example", "place"},
	{"sip:me@h.example;USER=phone", "sip:me@h.example;user=Phone", "equal"},
	{"sip:me@h.example;a=b%3bc", "sip:me@h.example;a=b%3Bc", "equal"},
	{"sip:me@h.example;a", "sip:me@h.example;a=b", "place"},
	/* Ports, those meant and those said. */
	{"sip:me@h.example:5060", "sip:me@h.example:05060", "equal"},
	{"sip:me@h.example:5060", "sip:me@h.example:5061", "user"},
	{"sips:me@h.example", "sips:me@h.example:5061", "place"},
	{"sips:me@h.example", "sips:me@h.example:5060", "user"},
	{"sip:me@h.example;transport=tcp", "sip:me@h.example:5060;transport=tcp",
	 "place"},
	{"sip:me@[2001:db8::1]", "sip:me@[2001:db8::1]:5060", "place"},
	/* Headers. */
	{"sip:me@h.example?a=b", "sip:me@h.example?A=B", "equal"},
	{"sip:me@h.example?a=b", "sip:me@h.example?a=c", "place"},
	/* Escapes, whole and not. */
	{"sip:%4Aoe@h.example", "sip:Joe@h.example", "equal"},
	{"sip:%4aoe@h.example", "sip:Joe@h.example", "equal"},
	{"sip:%50at@h.example", "sip:Pat@h.example", "equal"},
	{"sip:a%0ab@h.example", "sip:a%0Ab@h.example", "equal"},
	{"sip:jo%45@h.example", "sip:joE@h.example", "equal"},
	{"sip:%7Fx@h.example", "sip:\177x@h.example", "equal"},
	{"sip:me%4@h.example", "sip:me%4@h.example", "equal"},
	{"sip:me%4g@h.example", "sip:me%4G@h.example", "none"},
	{"sip:me%g4@h.example", "sip:me%g4@h.example", "equal"},
	{"sip:a%3Bb@h.example", "sip:a;b@h.example", "place"},
	{"sip:a%40b@h.example", "sip:a@b@h.example", "place"},
	{"sip:a%3Bb@h.example", "sip:a%2Fb@h.example", "none"},
	{"sip:me@h.example;a=%2F", "sip:me@h.example;a=/", "place"},
	{"sip:me@h.example?a=%2F", "sip:me@h.example?a=/", "place"},
	{"sip:@h.example", "sip:h.example", "place"},
	{"sip:me@[2001:db8::1]", "sip:me@2001", "user"},
	{"sip:me@h.example", "sip:me@h.exampl", "user"},
	/* What is no such URI. */
	{"sip:me@h.example", "*", "none"},
	{"sip:me@h.example", "sip:", "none"},
	{"sip:me@h.example", "sip:me@", "none"},
	{"sip:me@h.example", "sip:me@[", "user"},
	{"sip:me@h.example", "sip:me@[]", "user"},
	{"sip:me@[2001:db8::1]", "sip:me@[", "user"},
	{"sip:me@[", "sip:me@[2001:db8::1]", "user"},
	{"sip:me@[192.0.2.9]", "sip:me@x192.0.2.9x", "user"},
	{"sip:me@h.example", "sip:me@h.example:", "place"},
	{"sip:me@h.example", "sip:me%@h.example", "none"},
	{"sip:me@h.example", "sip:me@h.example;;;=;", "equal"},
};

static void test_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pl own, other;

		pl_set_str(&own, cases[i].own);
		pl_set_str(&other, cases[i].other);
		is_str(names[uri_match(&own, &other)], cases[i].want, cases[i].other);
	}
}

/* What one name is found by must not tell apart what is equal. */
static void test_hash(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pl own, other;

		pl_set_str(&own, cases[i].own);
		pl_set_str(&other, cases[i].other);
		if (uri_match(&own, &other) == URI_MATCH_EQUAL)
			is_int(uri_hash(&own), uri_hash(&other), cases[i].other);
	}
}

/* Nor may it take all for the same. */
static void test_hash_differs(void)
{
	static const char *const uris[] = {"sip:me@h.example", "sip:ME@h.example",
					   "sip:you@h.example", "sip:me@i.example",
					   "sip:h.example"};

	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		for (size_t k = 0; k < i; k++) {
			struct pl a, b;

			pl_set_str(&a, uris[i]);
			pl_set_str(&b, uris[k]);
			ok(uri_hash(&a) != uri_hash(&b), "%s is not %s", uris[i],
			   uris[k]);
		}
	}
}

/* A hostile Contact: as many parameters as fit, compared with as many as we may have. */
static void test_long(void)
{
	enum { MANY = 20000 };
	static char own[1100] = "sip:me@h.example", other[4 * MANY] = "sip:me@h.example";
	struct pl a, b;

	for (unsigned i = 0; i < 32; i++)
		(void)snprintf(own + strlen(own), 32, ";parameter%u=x", i);
	for (char *p = other + strlen(other); p < other + sizeof(other) - 4; p += 2)
		memcpy(p, ";x", 3);
	pl_set_str(&a, own);
	pl_set_str(&b, other);
	is_str(names[uri_match(&a, &b)], "equal", "a long one");
}

int main(void)
{
	test_cases();
	test_hash();
	test_hash_differs();
	test_long();
	return tap_done();
}
