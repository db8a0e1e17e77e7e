/* Credentials over probes: which challenges are answered, how, and when it is enough. */
#include "sipprobe/message/auth.h"
#include "sipprobe/message/digest.h"
#include "tests/unit/tap.h"

#define HEAD                                                                             \
	"SIP/2.0 %u Words\r\n%s"                                                         \
	"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\n"                                 \
	"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"                               \
	"Call-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n"

static const struct config_auth any = {
	.username = "bob", .password = "zanzibar", .algorithms = 7};
static const struct config_auth fixed = {
	.username = "bob", .password = "zanzibar", .realm = "here", .algorithms = 7};
static const struct config_auth strong = {
	.username = "bob", .password = "zanzibar", .algorithms = 6};

/* Gives a response. @why: why it is refused, or NULL */
static enum auth_verdict give(struct auth *a, const struct config_auth *c, unsigned code,
			      const char *fields, bool more, const char **why)
{
	struct guard_message m;
	char text[8192];

	*why = NULL;
	(void)snprintf(text, sizeof(text), HEAD, code, fields);
	if (guard_datagram(&m, text, strlen(text), why))
		return AUTH_ANSWERED;
	return auth_take(a, c, &m, more, why);
}

/* Gives a 401 with these header fields. Returns why it is refused, or NULL. */
static const char *take(struct auth *a, const struct config_auth *c, const char *fields)
{
	const char *why;

	(void)give(a, c, 401, fields, true, &why);
	return why;
}

/* What the next request says, its hashes and client nonces shown as '#'. */
static const char *say(struct auth *a, const struct config_auth *c)
{
	static char got[8192];
	struct mbuf *mb = mbuf_alloc(512);
	static const struct {
		const char *before;
		size_t len; /* digits at least */
	} hashes[] = {{"response=\"", 32},
		      {"cnonce=\"", DIGEST_CNONCE_LEN},
		      {"username=\"", 32}};

	if (!mb || auth_print(a, mb, c, "OPTIONS", "sip:d"))
		return NULL;
	(void)snprintf(got, sizeof(got), "%.*s", (int)mb->end, (char *)mb->buf);
	mem_deref(mb);
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++)
		for (char *p = got; (p = strstr(p, hashes[i].before));) {
			size_t len =
				strspn(p += strlen(hashes[i].before), "0123456789abcdef");

			if (len < hashes[i].len)
				continue;
			memmove(p + 1, p + len, strlen(p + len) + 1);
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
	{"the stronger of a second realm, whatever their order", &any,
	 "WWW-Authenticate: Digest realm=\"r\",nonce=\"1\"\r\n"
	 "WWW-Authenticate: Digest realm=\"s\",nonce=\"2\",algorithm=SHA-256\r\n"
	 "WWW-Authenticate: Digest realm=\"s\",nonce=\"3\",algorithm=MD5\r\n",
	 "Authorization: Digest username=\"bob\", realm=\"r\", nonce=\"1\", "
	 "uri=\"sip:d\", response=\"#\"\r\n"
	 "Authorization: Digest username=\"bob\", realm=\"s\", nonce=\"2\", "
	 "uri=\"sip:d\", response=\"#\", algorithm=SHA-256\r\n"},
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
	{"another field", &any, "X-Authenticate: Digest realm=\"r\",nonce=\"1\"\r\n",
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
		auth_begin(a, true);
		is_str(say(a, cases[i].conf), "", "nothing is said unasked");
		why = take(a, cases[i].conf, cases[i].fields);
		is_str(why ? why : say(a, cases[i].conf), cases[i].want, cases[i].name);
		mem_deref(a);
	}
}

/*
 * A run: 'b' a probe begins, 'B' one after a probe that nobody answered, 's' a request is
 * sent; a challenge with nonce 1 to 9, after '!' a stale one, 'n' a 401 with none;
 * another answer: 'o' 200, 'f' 403, 'd' 400, 'u' 404, 'l' 480, 't' 408, 'x' 503, 'w' 503
 * with Retry-After, 'v' of 0, 'q' 299, 'r' 300, 'p' 500 with Retry-After; 'm' the prober
 * asks for more by itself, 'M' the same with room for another challenge; '.' no further
 * request may be made. What was sent: nonce and count, or '_' for nothing; what came of
 * each answer: '=' it is the peer's, '+' again, '-' refused.
 */
static const struct {
	const char *name;
	const char *run;
	const char *want;
} runs[] = {
	{"challenged once", "bs1s", "_+1.1"},
	{"a good nonce is used on", "bs1sobsobso", "_+1.1=1.2=1.3="},
	{"the same nonce again: wrong", "bs1s1", "_+1.1-"},
	{"another nonce, not stale: wrong", "bs1s2", "_+1.1-"},
	{"stale at once is answered once more", "bs1s!2s", "_+1.1+2.1"},
	{"stale twice is not", "bs1s!2s!3", "_+1.1+2.1-"},
	{"stale in a later probe", "bs1sobs!2so", "_+1.1=1.2+2.1="},
	{"each probe may be stale", "bs1sobs!2sobs!3sobs!4s",
	 "_+1.1=1.2+2.1=2.2+3.1=3.2+4.1"},
	{"stale in a later probe, and again at once", "bs1sobs!2s!3so",
	 "_+1.1=1.2+2.1+3.1="},
	{"but not for ever", "bs1sobs!2s!3s!4", "_+1.1=1.2+2.1+3.1-"},
	{"refused, then the next probe begins anew", "bs1s1bs1s", "_+1.1-_+1.2"},
	{"again and again", "bs1.s!2", "_+1.1-"},

	{"403 to new credentials: refused", "bs1sfbs2sf", "_+1.1-_+2.1-"},
	{"403 unasked is an answer", "bsfbsf", "_=_="},
	{"other codes are answers: 400", "bs1sd", "_+1.1="},
	{"404", "bs1su", "_+1.1="},
	{"480", "bs1sl", "_+1.1="},
	{"503", "bs1sx", "_+1.1="},

	{"an old nonce, another that does not say stale", "bs1sobs2s", "_+1.1=1.2+2.1"},
	{"and then it is wrong", "bs1sobs2s3", "_+1.1=1.2+2.1-"},
	{"an old nonce, the same again: counted on", "bs1sobs1so", "_+1.1=1.2+1.3="},
	{"and then it is wrong", "bs1sobs1s1", "_+1.1=1.2+1.3-"},
	{"an old nonce, 401 without a challenge", "bs1sobsns2so", "_+1.1=1.2+_+2.1="},
	{"an old nonce, 403", "bs1sobsfs2so", "_+1.1=1.2+_+2.1="},
	{"403 is all there is now", "bs1sobsfsf", "_+1.1=1.2+_="},
	{"an old nonce, 403, and the password is wrong", "bs1sobsfs2sfbs3sf",
	 "_+1.1=1.2+_+2.1-_+3.1-"},
	{"an old nonce, 400", "bs1sobsds2so", "_+1.1=1.2+_+2.1="},
	{"480", "bs1sobsls2so", "_+1.1=1.2+_+2.1="},
	{"503", "bs1sobsxs2so", "_+1.1=1.2+_+2.1="},
	{"503 that asks for peace gets it", "bs1sobsw", "_+1.1=1.2="},
	{"even for no time", "bs1sobsv", "_+1.1=1.2="},
	{"which is of 503 alone", "bs1sobsps2so", "_+1.1=1.2+_+2.1="},
	{"300 is a doubt", "bs1sobsrs2so", "_+1.1=1.2+_+2.1="},
	{"and 299 none", "bs1sobsq", "_+1.1=1.2="},
	{"the third use refused: it only aged", "bs1sobsobs2sobso",
	 "_+1.1=1.2=1.3+2.1=2.2="},
	{"stale at the second use: it only aged", "bs1sobs!2sobso", "_+1.1=1.2+2.1=2.2="},
	{"408 is of the way", "bs1sobst", "_+1.1=1.2="},
	{"no room: an answer as any", "bs1sob.sd", "_+1.1=1.2="},
	{"no room: 403 is a refusal", "bs1sob.sf", "_+1.1=1.2-"},
	{"doubted once a probe", "bs1sobsds2soMsd", "_+1.1=1.2+_+2.1=_="},

	{"who refused an old nonce is given none", "bs1sobsfs2sobs3sobs4so",
	 "_+1.1=1.2+_+2.1=_+3.1=_+4.1="},
	{"nor who takes each nonce once", "bs1sobs2sobs3so", "_+1.1=1.2+2.1=_+3.1="},
	{"but a refusal that ends a probe says nothing of the next", "bs1sobs2s3bs4sobs",
	 "_+1.1=1.2+2.1-_+4.1=4.2"},
	{"and who lets it age is", "bs1sobsobs2sobso", "_+1.1=1.2=1.3+2.1=2.2="},
	{"and who says stale", "bs1sobs!2sobso", "_+1.1=1.2+2.1=2.2="},
	{"a code that new nonces get too is not doubted again", "bs1sobsus2subsu",
	 "_+1.1=1.2+_+2.1=2.2="},
	{"until there is another", "bs1subsobsus2su", "_+1.1=1.2=1.3+_+2.1="},
	{"and each probe may doubt", "bs1sobsus2subsls3sl", "_+1.1=1.2+_+2.1=2.2+_+3.1="},
	{"silence: the next probe begins anew", "bs1soBs2so", "_+1.1=_+2.1="},
	{"and counts on what it is given again", "bs1soBs1so", "_+1.1=_+1.2="},

	{"asked for more: the nonce has served", "bs1sMs2so", "_+1.1_+2.1="},
	{"without room it is used on", "bs1smso", "_+1.11.2="},
	{"and may be refused without our being so", "bs1sms2so", "_+1.11.2+2.1="},
	{"by 403 too", "bs1smsfs2so", "_+1.11.2+_+2.1="},
};

static enum auth_verdict run_answer(struct auth *a, char what, bool stale, bool more)
{
	static const struct {
		char what;
		unsigned code;
		const char *fields;
	} answers[] = {
		{'n', 401, ""},
		{'o', 200, ""},
		{'f', 403, ""},
		{'d', 400, ""},
		{'u', 404, ""},
		{'l', 480, ""},
		{'t', 408, ""},
		{'x', 503, ""},
		{'w', 503, "Retry-After: 5\r\n"},
		{'v', 503, "Retry-After: 0\r\n"},
		{'r', 300, ""},
		{'q', 299, ""},
		{'p', 500, "Retry-After: 5\r\n"},
	};
	char fields[128];
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (answers[i].what == what)
			return give(a, &any, answers[i].code, answers[i].fields, more,
				    &why);
	(void)snprintf(fields, sizeof(fields),
		       "WWW-Authenticate: Digest realm=\"r\", nonce=\"%c\", "
		       "qop=\"auth\"%s\r\n",
		       what, stale ? ", stale=true" : "");
	return give(a, &any, 401, fields, more, &why);
}

/* "1.2": the second use of nonce 1; "_": no credentials */
static size_t run_sent(char *out, size_t size, struct auth *a)
{
	const char *said = say(a, &any);
	char nonce = '?';
	unsigned count = 0;

	if (!*said)
		return (size_t)snprintf(out, size, "_");
	(void)sscanf(strstr(said, " nonce="), " nonce=\"%c", &nonce);
	(void)sscanf(strstr(said, "nc="), "nc=%x", &count);
	return (size_t)snprintf(out, size, "%c.%u", nonce, count);
}

static void run_check(size_t i)
{
	struct auth *a = NULL;
	char got[128] = "";
	bool stale = false, more = true;
	size_t n = 0;

	if (auth_alloc(&a))
		return;
	for (const char *p = runs[i].run; *p; p++) {
		if (*p == 'b' || *p == 'B') {
			auth_begin(a, *p == 'b');
			more = true;
		} else if (*p == 'm' || *p == 'M') {
			auth_served(a, *p == 'M');
		} else if (*p == 's') {
			n += run_sent(got + n, sizeof(got) - n, a);
		} else if (*p == '!') {
			stale = true;
		} else if (*p == '.') {
			more = false;
		} else {
			got[n++] = "=+-"[run_answer(a, *p, stale, more)];
			stale = false;
		}
	}
	is_str(got, runs[i].want, runs[i].name);
	mem_deref(a);
}

static void test_runs(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
		run_check(i);
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

/*
 * What the next request says, in short: realm, nonce and count of each answer, a proxy's
 * with 'P' before it.
 */
static const char *say_short(struct auth *a)
{
	static char out[512];
	size_t n = 0;

	out[0] = '\0';
	for (const char *p = say(a, &any); *p; p = strstr(p, "\r\n") + 2) {
		const char *realm = strstr(p, "realm=\"") + 7,
			   *nonce = strstr(p, "nonce=\"") + 7;

		n += (size_t)snprintf(
			out + n, sizeof(out) - n, "%s%s%.*s:%.*s.%.*s", n ? " " : "",
			*p == 'P' ? "P" : "", (int)strcspn(realm, "\""), realm,
			(int)strcspn(nonce, "\""), nonce, 1, strstr(p, "nc=") + 10);
	}
	return out;
}

/* Gives a 401 with challenges written as say_short() does, '!' before a stale nonce. */
static const char *challenge(struct auth *a, const char *text)
{
	char fields[1024] = "";
	size_t n = 0;

	while (*text) {
		bool proxy = *text == 'P';
		const char *nonce = strchr(text, ':') + 1;
		bool stale = *nonce == '!';
		size_t realm_len;

		text += proxy;
		realm_len = strcspn(text, ":");
		nonce += stale;
		n += (size_t)snprintf(
			fields + n, sizeof(fields) - n,
			"%s: Digest realm=\"%.*s\",nonce=\"%.*s\",qop=\"auth\"%s\r\n",
			proxy ? "Proxy-Authenticate" : "WWW-Authenticate", (int)realm_len,
			text, (int)strcspn(nonce, " "), nonce,
			stale ? ",stale=true" : "");
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	return take(a, &any, fields);
}

/*
 * Several realms at once: a challenge and what is said to it; '=' before the first is an
 * answer that came meanwhile and a new probe, '#' a new probe after silence.
 */
static const struct {
	const char *name;
	const char *steps[8]; /* in pairs; what is refused says "no" */
} realms[] = {
	{"each realm counts for itself",
	 {"r:1 s:2", "r:1.1 s:2.1", "s:!3", "r:1.2 s:3.1", "=s:!4", "r:1.3 s:4.1"}},
	{"the second may be old", {"r:1 s:2", "r:1.1 s:2.1", "=s:3", "r:1.2 s:3.1"}},
	{"and wrong in this probe", {"r:1 s:2", "r:1.1 s:2.1", "s:3", "no"}},
	{"after silence only who asks", {"r:1 s:2", "r:1.1 s:2.1", "#s:3", "s:3.1"}},
	{"a nonce counts on in its realm", {"r:1 s:2", "r:1.1 s:2.1", "#s:2", "s:2.2"}},
	{"and not in another's place", {"r:1", "r:1.1", "#t:1", "t:1.1"}},
	{"nor with another nonce", {"r:1", "r:1.1", "#r:2", "r:2.1"}},
	{"peer and proxy of one realm",
	 {"r:1 Pr:2", "r:1.1 Pr:2.1", "Pr:!3", "r:1.2 Pr:3.1"}},
	{"four at once and no more",
	 {"a:1 b:2 c:3 d:4 e:5", "a:1.1 b:2.1 c:3.1 d:4.1", "e:5", "no"}},
	{"places of those who ask no more",
	 {"a:1 b:2 c:3 d:4", "a:1.1 b:2.1 c:3.1 d:4.1", "#e:5", "e:5.1", "f:6",
	  "e:5.2 f:6.1"}},
};

static void test_several(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(realms); i++) {
		struct auth *a = NULL;
		const char *why;

		if (auth_alloc(&a))
			return;
		auth_begin(a, true);
		for (size_t k = 0; realms[i].steps[k]; k += 2) {
			const char *step = realms[i].steps[k];

			if (*step == '=' &&
			    give(a, &any, 200, "", true, &why) != AUTH_ANSWERED)
				return;
			if (*step == '=' || *step == '#')
				auth_begin(a, *step++ == '=');
			why = challenge(a, step);
			is_str(why ? "no" : say_short(a), realms[i].steps[k + 1],
			       realms[i].name);
		}
		mem_deref(a);
	}
}

/* A 403 is a refusal where any realm was answered, the first or not. */
static void test_refused_by_realm(void)
{
	struct auth *a = NULL;
	const char *why;

	if (auth_alloc(&a))
		return;
	(void)challenge(a, "r:1 s:2");
	auth_begin(a, false);
	(void)challenge(a, "s:3");
	is_str(say_short(a), "s:3.1", "the second realm alone");
	is_int(give(a, &any, 403, "", true, &why), AUTH_REFUSED, "is refused");
	mem_deref(a);
}

static void test_texts(void)
{
	struct auth *a = NULL;

	if (auth_alloc(&a))
		return;
	(void)take(a, &any,
		   "WWW-Authenticate: Digest realm=\"\",nonce=\"m\",opaque=\"\"\r\n");
	is_str(say(a, &any),
	       "Authorization: Digest username=\"bob\", realm=\"\", nonce=\"m\", "
	       "uri=\"sip:d\", "
	       "response=\"#\", opaque=\"\"\r\n",
	       "an empty text is one");
	(void)take(a, &any,
		   "Proxy-Authenticate: Digest "
		   "realm=\"a\\\"b\",nonce=\"n\\\\\",opaque=\"o\"\r\n");
	ok(strstr(say(a, &any), "realm=\"a\\\"b\", nonce=\"n\\\\\"") != NULL,
	   "quoted pairs stay as they came");
	mem_deref(a);
}

int main(void)
{
	test_several();
	test_refused_by_realm();
	test_texts();
	test_cases();
	test_runs();
	test_count();
	test_realms();
	return tap_done();
}
