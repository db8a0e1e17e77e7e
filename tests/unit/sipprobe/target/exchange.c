/* Probes of several transactions: what answers a challenge, and when to give up. */
#include "sipprobe/target/probers.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define AUTH                                                                             \
	", \"interval\": \"2h\", \"auth\": {\"username\": \"bob\", \"password\": "       \
	"\"zanzibar\"}"
#define CHALLENGE(realm, nonce)                                                          \
	"WWW-Authenticate: Digest realm=\"" realm "\",nonce=\"" nonce "\"\r\n"
#define PROXY(realm, nonce)                                                              \
	"Proxy-Authenticate: Digest realm=\"" realm "\",nonce=\"" nonce "\"\r\n"

enum { STEPS = 5 };

/* An answer of the peer, and the fields that the request after it has because of it. */
struct step {
	const char *status, *fields, *credentials;
};

/* "a/1 b/2": realm and nonce of each answer to a challenge, those to a proxy's in (). */
static const char *credentials(const struct fixture *f)
{
	static char text[512];
	const char *at = f->got;

	text[0] = '\0';
	while ((at = strstr(at, "uthorization: Digest "))) {
		char realm[64] = "", nonce[64] = "";
		size_t used = strlen(text);
		bool proxy = at[-1] == 'A' && at[-2] == '-';
		const char *r = strstr(at, "realm=\""), *n = strstr(at, " nonce=\"");

		(void)sscanf(r, "realm=\"%63[^\"]", realm);
		(void)sscanf(n, " nonce=\"%63[^\"]", nonce);
		(void)snprintf(text + used, sizeof(text) - used, "%s%s%s/%s%s",
			       used ? " " : "", proxy ? "(" : "", realm, nonce,
			       proxy ? ")" : "");
		at++;
	}
	return text;
}

static const struct {
	const char *name;
	struct step steps[STEPS];
	const char *told, *detail;
	unsigned requests;
} cases[] = {
	{"nobody asks", {{"200 OK", "", NULL}}, "begin, response 200 up", "", 1},
	{"one challenge",
	 {{"401 Unauthorized", CHALLENGE("a", "1"), "a/1"}, {"200 OK", "", NULL}},
	 "begin, response 200 up",
	 "",
	 2},
	{"of a proxy",
	 {{"407 Proxy Authentication Required", PROXY("a", "1"), "(a/1)"},
	  {"200 OK", "", NULL}},
	 "begin, response 200 up",
	 "",
	 2},
	{"two realms in one response",
	 {{"401 Unauthorized", CHALLENGE("a", "1") CHALLENGE("b", "2"), "a/1 b/2"},
	  {"200 OK", "", NULL}},
	 "begin, response 200 up",
	 "",
	 2},
	{"a realm of the peer and the same of a proxy",
	 {{"401 Unauthorized", CHALLENGE("a", "1") PROXY("a", "2"), "a/1 (a/2)"},
	  {"200 OK", "", NULL}},
	 "begin, response 200 up",
	 "",
	 2},
	{"one realm after another",
	 {{"407 Proxy Authentication Required", PROXY("a", "1"), "(a/1)"},
	  {"401 Unauthorized", CHALLENGE("b", "2"), "(a/1) b/2"},
	  {"200 OK", "", NULL}},
	 "begin, response 200 up",
	 "",
	 3},
	{"the same nonce again: refused",
	 {{"401 Unauthorized", CHALLENGE("a", "1"), "a/1"},
	  {"401 Unauthorized", CHALLENGE("a", "1"), NULL}},
	 "begin, auth 401 down",
	 "user name or password is not accepted",
	 2},
	{"no challenge to answer",
	 {{"401 Unauthorized", "", NULL}},
	 "begin, auth 401 down",
	 "challenged without a Digest challenge",
	 1},
	{"more transactions than there are",
	 {{"401 Unauthorized", CHALLENGE("a", "1"), "a/1"},
	  {"401 Unauthorized", CHALLENGE("b", "2"), "a/1 b/2"},
	  {"401 Unauthorized", CHALLENGE("c", "3"), "a/1 b/2 c/3"},
	  {"401 Unauthorized", CHALLENGE("d", "4"), NULL}},
	 "begin, auth 401 down",
	 "challenged again and again",
	 4},
	{"403 to our credentials: refused",
	 {{"401 Unauthorized", CHALLENGE("a", "1"), "a/1"}, {"403 Forbidden", "", NULL}},
	 "begin, auth 403 down",
	 "user name or password is not accepted, or may not do this",
	 2},
	{"403 unasked: an answer",
	 {{"403 Forbidden", "", NULL}},
	 "begin, response 403 up",
	 "",
	 1},
	{"404 to our credentials: an answer",
	 {{"401 Unauthorized", CHALLENGE("a", "1"), "a/1"}, {"404 Not Found", "", NULL}},
	 "begin, response 404 up",
	 "",
	 2},
	{"another final response in the end",
	 {{"401 Unauthorized", CHALLENGE("a", "1"), "a/1"}, {"503 Busy", "", NULL}},
	 "begin, response 503 degraded",
	 "",
	 2},
};

static void check_case(size_t i)
{
	char call_id[FIXTURE_TEXT], from[FIXTURE_TEXT], cseq[32];
	unsigned requests;
	struct fixture f;
	struct target *t;

	fixture_open(&f, CONFIG_TRANSPORT_UDP, AUTH);
	t = fixture_target(&f, &prober_options);
	(void)fixture_told(&f);
	fixture_probe(t);
	requests = fixture_drain(&f);
	is_str(credentials(&f), "", cases[i].name);
	(void)snprintf(call_id, sizeof(call_id), "%s", fixture_field(&f, "Call-ID"));
	(void)snprintf(from, sizeof(from), "%s", fixture_field(&f, "From"));
	for (const struct step *s = cases[i].steps; s->status; s++) {
		pass_ms(1);
		fixture_reply(&f, s->status, s->fields);
		if (!s->credentials)
			break;
		requests += fixture_drain(&f);
		is_str(credentials(&f), s->credentials, "its challenges are answered");
		is_str(fixture_field(&f, "Call-ID"), call_id, "one Call-ID");
		is_str(fixture_field(&f, "From"), from, "one From tag");
		(void)snprintf(cseq, sizeof(cseq), "%u OPTIONS", requests);
		is_str(fixture_field(&f, "CSeq"), cseq, "a rising CSeq");
	}
	is_str(fixture_told(&f), cases[i].told, "the result");
	is_str(f.last.detail, cases[i].detail, "in words");
	ok(!strncmp(f.last.call_id, call_id, REQUEST_CALL_ID_LEN) &&
		   f.last.ended_ns == virtual_now_ns,
	   "its Call-ID, and when it ended");
	is_int(requests + fixture_drain(&f), cases[i].requests, "no more than that");
	mem_deref(t);
	fixture_close(&f);
}

static void test_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(i);
}

/* The nonce is kept: the next probe is not challenged, and refused it is forgotten. */
static void test_probes(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, CONFIG_TRANSPORT_UDP, AUTH);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	fixture_reply(&f, "401 Unauthorized", CHALLENGE("a", "1"));
	fixture_drain(&f);
	fixture_reply(&f, "200 OK", "");
	(void)fixture_told(&f);

	fixture_probe(t);
	is_int(fixture_drain(&f), 1, "the next probe");
	is_str(credentials(&f), "a/1", "answers ahead of the challenge");
	is_str(fixture_field(&f, "CSeq"), "1 OPTIONS", "in a call of its own");
	fixture_reply(&f, "401 Unauthorized", CHALLENGE("a", "2"));
	is_int(fixture_drain(&f), 1, "a nonce that has gone stale");
	is_str(credentials(&f), "a/2", "is replaced");
	fixture_reply(&f, "401 Unauthorized", CHALLENGE("a", "2"));
	is_str(fixture_told(&f), "begin, auth 401 down", "refused");
	is_str(f.last.phrase, "Unauthorized", "with the peer's words");

	fixture_probe(t);
	fixture_drain(&f);
	is_str(credentials(&f), "", "the probe after it begins as the first did");
	mem_deref(t);
	fixture_close(&f);
}

/* A nonce of an earlier probe that any code refuses: asked without, within the probe. */
static void test_old_nonce(void)
{
	static const char *const codes[] = {
		"403 Forbidden",    "400 Bad Request",	  "404 Not Found",   "480 Away",
		"500 Server Error", "606 Not Acceptable", "401 Unauthorized"};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct fixture f;
		struct target *t;

		fixture_open(&f, CONFIG_TRANSPORT_UDP, AUTH);
		t = fixture_target(&f, &prober_options);
		fixture_probe(t);
		fixture_drain(&f);
		fixture_reply(&f, "401 Unauthorized", CHALLENGE("a", "1"));
		fixture_drain(&f);
		fixture_reply(&f, "200 OK", "");
		(void)fixture_told(&f);
		fixture_probe(t);
		fixture_drain(&f);
		is_str(credentials(&f), "a/1", codes[i]);
		fixture_reply(&f, codes[i], "");
		is_int(fixture_drain(&f), 1, "asked once more");
		is_str(credentials(&f), "", "without credentials");
		fixture_reply(&f, "401 Unauthorized", CHALLENGE("a", "2"));
		fixture_drain(&f);
		is_str(credentials(&f), "a/2", "then with new ones");
		fixture_reply(&f, "200 OK", "");
		is_str(fixture_told(&f), "begin, response 200 up", "one probe, up");
		mem_deref(t);
		fixture_close(&f);
	}
}

/* The registrar that takes each nonce once wants a longer stay: nothing is refused. */
static void test_one_time_too_brief(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, CONFIG_TRANSPORT_UDP,
		     AUTH ", \"method\": \"REGISTER\", \"register\": {\"bind\": true, "
			  "\"expires\": \"60s\"}");
	t = fixture_target(&f, &prober_register);
	fixture_probe(t);
	fixture_drain(&f);
	(void)fixture_told(&f);
	fixture_reply(&f, "401 Unauthorized", CHALLENGE("a", "1"));
	fixture_drain(&f);
	is_str(credentials(&f), "a/1", "challenged");
	fixture_reply(&f, "423 Interval Too Brief", "Min-Expires: 300\r\n");
	fixture_drain(&f);
	is_str(credentials(&f), "", "the nonce has served");
	is_str(fixture_field(&f, "Expires"), "300", "for longer");
	fixture_reply(&f, "401 Unauthorized", CHALLENGE("a", "2"));
	is_int(fixture_drain(&f), 1, "the fourth request");
	is_str(credentials(&f), "a/2", "carries the next");
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "response 200 up", "registered");
	mem_deref(t);
	fixture_close(&f);
}

/* Two realms have no room for a bare request more: the nonces are used once more. */
static void test_two_realms_too_brief(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, CONFIG_TRANSPORT_UDP,
		     AUTH ", \"method\": \"REGISTER\", \"register\": {\"bind\": true, "
			  "\"expires\": \"60s\"}");
	t = fixture_target(&f, &prober_register);
	fixture_probe(t);
	fixture_drain(&f);
	(void)fixture_told(&f);
	fixture_reply(&f, "407 Proxy Authentication Required", PROXY("p", "1"));
	fixture_drain(&f);
	fixture_reply(&f, "401 Unauthorized", CHALLENGE("a", "1"));
	fixture_drain(&f);
	fixture_reply(&f, "423 Interval Too Brief", "Min-Expires: 300\r\n");
	fixture_drain(&f);
	is_str(credentials(&f), "(p/1) a/1", "both again");
	is_str(fixture_field(&f, "Expires"), "300", "for longer");
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "response 200 up", "registered");
	mem_deref(t);
	fixture_close(&f);
}

/* A duplicate of the 401 that was answered is no answer to the request after it. */
static void test_settled(void)
{
	char first[FIXTURE_TEXT];
	struct fixture f;
	struct target *t;

	fixture_open(&f, CONFIG_TRANSPORT_UDP, AUTH);
	f.ladder_wanted = true;
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	memcpy(first, f.got, sizeof(first));
	(void)fixture_told(&f);
	pass_ms(5);
	fixture_reply(&f, "401 Unauthorized", CHALLENGE("a", "1"));
	pass_ms(5);
	fixture_reply(&f, "401 Unauthorized", CHALLENGE("a", "1"));
	is_str(fixture_told(&f), "", "settled: neither late nor a stranger's");
	is_int(fixture_drain(&f), 1, "and answered once");
	pass_ms(5);
	fixture_reply(&f, "200 OK", "");
	is_str(fixture_told(&f), "response 200 up", "the probe goes on");
	is_str(f.ladder, "sent@0 received@5 sent@5 received@15",
	       "the ladder has both transactions");
	memcpy(f.got, first, sizeof(first));
	fixture_reply(&f, "401 Unauthorized", CHALLENGE("a", "1"));
	is_str(fixture_told(&f), "", "also after the end");
	mem_deref(t);
	fixture_close(&f);
}

/* All transactions of a probe share its deadline. */
static void test_deadline(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, CONFIG_TRANSPORT_UDP, AUTH ", \"timeout\": \"1s\"");
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	(void)fixture_told(&f);
	pass_ms(900);
	fixture_reply(&f, "401 Unauthorized", CHALLENGE("a", "1"));
	fixture_drain(&f);
	is_str(fixture_told(&f), "", "challenged near the end");
	pass_ms(98);
	is_str(fixture_told(&f), "", "not yet");
	pass_ms(2);
	is_str(fixture_told(&f), "timeout down", "the deadline is the probe's");
	mem_deref(t);
	fixture_close(&f);
}

/* Each request has its own T1, whenever the one before was answered. */
static void test_copies(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, CONFIG_TRANSPORT_UDP, AUTH);
	t = fixture_target(&f, &prober_options);
	fixture_probe(t);
	fixture_drain(&f);
	pass_ms(400);
	fixture_reply(&f, "401 Unauthorized", CHALLENGE("a", "1"));
	is_int(fixture_drain(&f), 1, "asked again");
	pass_ms(450);
	is_int(fixture_drain(&f), 0, "no copy of it by the first one's time");
	pass_ms(60);
	is_int(fixture_drain(&f), 1, "but by its own");
	mem_deref(t);
	fixture_close(&f);
}

/* Without credentials a challenge is an answer as any other. */
static void test_none(void)
{
	struct fixture f;
	struct target *t;

	fixture_open(&f, CONFIG_TRANSPORT_UDP, "");
	t = fixture_target(&f, &prober_options);
	ok(!t->more->exchange, "nothing is kept for it");
	fixture_probe(t);
	fixture_drain(&f);
	(void)fixture_told(&f);
	fixture_reply(&f, "401 Unauthorized", CHALLENGE("a", "1"));
	is_str(fixture_told(&f), "response 401 up", "a sign of life");
	mem_deref(t);
	fixture_close(&f);
}

int main(void)
{
	static void (*const tests[])(void) = {test_cases,
					      test_probes,
					      test_old_nonce,
					      test_one_time_too_brief,
					      test_two_realms_too_brief,
					      test_settled,
					      test_deadline,
					      test_copies,
					      test_none};

	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}
