/* Credentials over probes: which challenges are answered, how, and when it is enough. */
#include "sipprobe/message/auth.h"
#include "tests/unit/tap.h"

#define HEAD                                                                             \
	"SIP/2.0 401 Unauthorized\r\n"                                                   \
	"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\n"                                 \
	"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"                               \
	"Call-ID: x\r\nCSeq: 1 OPTIONS\r\n"

static const struct config_auth any = {
	.username = "bob", .password = "zanzibar", .algorithms = 7};
static const struct config_auth fixed = {
	.username = "bob", .password = "zanzibar", .realm = "here", .algorithms = 7};
static const struct config_auth strong = {
	.username = "bob", .password = "zanzibar", .algorithms = 6};

/* Gives a response with these header fields. Returns why it is refused, or NULL. */
static const char *take(struct auth *a, const struct config_auth *c, const char *fields)
{
	const char *why = NULL;
	struct guard_message m;
	char text[8192];

	(void)snprintf(text, sizeof(text), HEAD "%s\r\n", fields);
	if (guard_datagram(&m, text, strlen(text), &why))
		return why;
	return auth_take(a, c, &m, &why) == AUTH_AGAIN ? NULL : why;
}

/* What the next request says, its hashes and client nonces shown as '#'. */
static const char *say(struct auth *a, const struct config_auth *c)
{
	static char got[8192];
	struct mbuf *mb = mbuf_alloc(512);
	const char *hash[] = {"response=\"", "cnonce=\"", "username=\""};

	if (!mb || auth_print(a, mb, c, "OPTIONS", "sip:d"))
		return NULL;
	(void)snprintf(got, sizeof(got), "%.*s", (int)mb->end, (char *)mb->buf);
	mem_deref(mb);
	for (size_t i = 0; i < 3; i++)
		for (char *p = got; (p = strstr(p, hash[i]));) {
			p += strlen(hash[i]);
			if (i == 2 && strcspn(p, "\"") < 32)
				continue;
			memmove(p + 1, p + strcspn(p, "\""),
				strlen(p + strcspn(p, "\"")) + 1);
			*p = '#';
		}
	return got;
}

static const struct {
	const char *name;
	const struct config_auth *conf;
	const char *fields;
	const char *want; /* what is said; or why not, if it has no colon */
} cases[] = {
	{"qop auth", &any,
	 "WWW-Authenticate: Digest realm=\"r\",nonce=\"n\",opaque=\"o\",qop=\"auth\","
	 "algorithm=MD5\r\n",
	 "Authorization: Digest username=\"bob\", realm=\"r\", nonce=\"n\", "
	 "uri=\"sip:d\", "
	 "response=\"#\", algorithm=MD5, opaque=\"o\", qop=auth, nc=00000001, "
	 "cnonce=\"#\"\r\n"},
	{"as little as RFC 2069 had", &any,
	 "WWW-Authenticate: Digest realm=\"r\",nonce=\"n\"\r\n",
	 "Authorization: Digest username=\"bob\", realm=\"r\", nonce=\"n\", "
	 "uri=\"sip:d\", "
	 "response=\"#\"\r\n"},
	{"a proxy's", &any, "Proxy-Authenticate: Digest realm=\"r\",nonce=\"n\"\r\n",
	 "Proxy-Authorization: Digest username=\"bob\", realm=\"r\", nonce=\"n\", "
	 "uri=\"sip:d\", response=\"#\"\r\n"},
	{"two realms at once", &any,
	 "WWW-Authenticate: Digest realm=\"r\",nonce=\"1\"\r\n"
	 "WWW-Authenticate: Digest realm=\"s\",nonce=\"2\",algorithm=SHA-256\r\n",
	 "Authorization: Digest username=\"bob\", realm=\"r\", nonce=\"1\", "
	 "uri=\"sip:d\", response=\"#\"\r\n"
	 "Authorization: Digest username=\"bob\", realm=\"s\", nonce=\"2\", "
	 "uri=\"sip:d\", response=\"#\", algorithm=SHA-256\r\n"},
	{"the strongest of three fields, whatever their order", &any,
	 "WWW-Authenticate: Digest realm=\"r\",nonce=\"1\",algorithm=SHA-256\r\n"
	 "WWW-Authenticate: Digest realm=\"r\",nonce=\"2\",algorithm=SHA-512-256\r\n"
	 "WWW-Authenticate: Digest realm=\"r\",nonce=\"3\",algorithm=MD5\r\n",
	 "Authorization: Digest username=\"bob\", realm=\"r\", nonce=\"2\", "
	 "uri=\"sip:d\", "
	 "response=\"#\", algorithm=SHA-512-256\r\n"},
	{"the first of two as strong", &any,
	 "WWW-Authenticate: Digest realm=\"r\",nonce=\"1\",algorithm=MD5\r\n"
	 "WWW-Authenticate: Digest realm=\"r\",nonce=\"2\",algorithm=MD5-sess\r\n",
	 "Authorization: Digest username=\"bob\", realm=\"r\", nonce=\"1\", "
	 "uri=\"sip:d\", "
	 "response=\"#\", algorithm=MD5\r\n"},
	{"a weaker one where the stronger is none that we know", &any,
	 "WWW-Authenticate: Digest realm=\"r\",nonce=\"1\",algorithm=SHA3-512\r\n"
	 "WWW-Authenticate: Digest realm=\"r\",nonce=\"2\",algorithm=SHA-256\r\n",
	 "Authorization: Digest username=\"bob\", realm=\"r\", nonce=\"2\", "
	 "uri=\"sip:d\", "
	 "response=\"#\", algorithm=SHA-256\r\n"},
	{"two in one field", &any,
	 "WWW-Authenticate: Digest realm=\"r\",nonce=\"1\", Digest "
	 "realm=\"r\",nonce=\"2\",algorithm=SHA-256\r\n",
	 "Authorization: Digest username=\"bob\", realm=\"r\", nonce=\"2\", "
	 "uri=\"sip:d\", "
	 "response=\"#\", algorithm=SHA-256\r\n"},
	{"peer and proxy at once", &any,
	 "Proxy-Authenticate: Digest realm=\"p\",nonce=\"1\"\r\n"
	 "WWW-Authenticate: Digest realm=\"r\",nonce=\"2\"\r\n",
	 "Proxy-Authorization: Digest username=\"bob\", realm=\"p\", nonce=\"1\", "
	 "uri=\"sip:d\", response=\"#\"\r\n"
	 "Authorization: Digest username=\"bob\", realm=\"r\", nonce=\"2\", "
	 "uri=\"sip:d\", "
	 "response=\"#\"\r\n"},
	{"-sess without qop still says its client nonce", &any,
	 "WWW-Authenticate: Digest realm=\"r\",nonce=\"n\",algorithm=SHA-256-sess\r\n",
	 "Authorization: Digest username=\"bob\", realm=\"r\", nonce=\"n\", "
	 "uri=\"sip:d\", "
	 "response=\"#\", algorithm=SHA-256-sess, cnonce=\"#\"\r\n"},
	{"a hashed name", &any,
	 "WWW-Authenticate: Digest "
	 "realm=\"r\",nonce=\"n\",algorithm=SHA-256,userhash=true\r\n",
	 "Authorization: Digest username=\"#\", realm=\"r\", nonce=\"n\", uri=\"sip:d\", "
	 "response=\"#\", algorithm=SHA-256, userhash=true\r\n"},
	{"only the fixed realm", &fixed,
	 "WWW-Authenticate: Digest realm=\"there\",nonce=\"1\"\r\n"
	 "WWW-Authenticate: Digest realm=\"here\",nonce=\"2\"\r\n",
	 "Authorization: Digest username=\"bob\", realm=\"here\", nonce=\"2\", "
	 "uri=\"sip:d\", response=\"#\"\r\n"},
	{"another realm", &fixed,
	 "WWW-Authenticate: Digest realm=\"there\",nonce=\"1\"\r\n",
	 "challenged for another realm than the configured one"},
	{"a downgrade", &strong, "WWW-Authenticate: Digest realm=\"r\",nonce=\"1\"\r\n",
	 "challenged with an algorithm that is not allowed"},
	{"auth-int", &any,
	 "WWW-Authenticate: Digest realm=\"r\",nonce=\"1\",qop=\"auth-int\"\r\n",
	 "challenged with an algorithm or qop that is not supported"},
	{"Basic", &any, "WWW-Authenticate: Basic realm=\"r\"\r\n",
	 "challenged without a Digest challenge"},
	{"no challenge", &any, "", "challenged without a Digest challenge"},
};

static void test_cases(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct auth *a = NULL;
		const char *why;

		if (auth_alloc(&a))
			return;
		auth_begin(a);
		is_str(say(a, cases[i].conf), "", "nothing is said unasked");
		why = take(a, cases[i].conf, cases[i].fields);
		is_str(why ? why : say(a, cases[i].conf), cases[i].want, cases[i].name);
		mem_deref(a);
	}
}

/*
 * A run: 'b' a probe begins, 's' a request is sent; a challenge with nonce 1 to 9, after
 * '!' a stale one. What came of each challenge: '+' again, '-' refused.
 */
static const struct {
	const char *name;
	const char *run;
	const char *want;
} runs[] = {
	{"challenged once", "bs1s", "+"},
	{"a good nonce is used on", "bs1sbsbs", "+"},
	{"the same nonce again: wrong", "bs1s1", "+-"},
	{"another nonce, not stale: wrong", "bs1s2", "+-"},
	{"stale at once is answered once more", "bs1s!2s", "++"},
	{"stale twice is not", "bs1s!2s!3", "++-"},
	{"stale in a later probe", "bs1sbs!2s", "++"},
	{"each probe may be stale", "bs1sbs!2sbs!3sbs!4s", "++++"},
	{"in a later probe another nonce that does not say stale", "bs1sbs2s", "++"},
	{"and then it is wrong", "bs1sbs2s3", "++-"},
	{"in a later probe the same nonce: wrong", "bs1sbs1", "+-"},
	{"refused, then the next probe begins anew", "bs1s1bs1s", "+-+"},
};

static void test_runs(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		struct auth *a = NULL;
		char got[16] = "", fields[128];
		bool stale = false;
		size_t n = 0;

		if (auth_alloc(&a))
			return;
		for (const char *p = runs[i].run; *p; p++) {
			if (*p == 'b') {
				auth_begin(a);
			} else if (*p == 's') {
				(void)say(a, &any);
			} else if (*p == '!') {
				stale = true;
			} else {
				(void)snprintf(fields, sizeof(fields),
					       "WWW-Authenticate: Digest realm=\"r\", "
					       "nonce=\"%c\", qop=\"auth\"%s\r\n",
					       *p, stale ? ", stale=true" : "");
				got[n++] = take(a, &any, fields) ? '-' : '+';
				stale = false;
			}
		}
		is_str(got, runs[i].want, runs[i].name);
		mem_deref(a);
	}
}

static void test_count(void)
{
	struct auth *a = NULL;
	const char *said;

	if (auth_alloc(&a))
		return;
	(void)take(a, &any,
		   "WWW-Authenticate: Digest realm=\"r\",nonce=\"n\",qop=\"auth\"\r\n");
	for (int i = 0; i < 16; i++)
		(void)say(a, &any);
	said = say(a, &any);
	ok(strstr(said, "nc=00000011,") != NULL, "the 17th use says so, in hexadecimal");
	mem_deref(a);
}

static void test_realms(void)
{
	struct auth *a = NULL;
	char fields[128];
	int taken = 0;

	if (auth_alloc(&a))
		return;
	for (int i = 0; i < 6; i++) {
		(void)snprintf(fields, sizeof(fields),
			       "Proxy-Authenticate: Digest realm=\"%d\",nonce=\"n\"\r\n",
			       i);
		taken += !take(a, &any, fields);
		if (i == 3)
			is_int(taken, 4, "four realms are answered together");
		if (i == 4)
			is_int(taken, 4, "a fifth is refused, and all are forgotten");
	}
	is_int(taken, 5, "and then it begins anew");
	mem_deref(a);
}

int main(void)
{
	test_cases();
	test_runs();
	test_count();
	test_realms();
	return tap_done();
}
