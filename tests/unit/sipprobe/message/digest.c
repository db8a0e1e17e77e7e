/* Digest: challenges as peers write them, and the RFCs' own examples of answers. */
#include "base/clock.h"
#include "sipprobe/message/digest.h"
#include "tests/unit/tap.h"

#define NONCE_7616  "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define CNONCE_7616 "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"

#define MUFASA_7616                                                                      \
	.username = "Mufasa", .password = "Circle of Life",                              \
	.realm = "http-auth@example.org", .nonce = NONCE_7616, .cnonce = CNONCE_7616,    \
	.nc = 1, .qop_auth = true, .method = "GET", .uri = "/dir/index.html"

static const struct {
	const char *name;
	struct digest_input in;
	const char *want;
} answers[] = {
	{"RFC 2617 3.5",
	 {.algorithm = DIGEST_MD5,
	  .username = "Mufasa",
	  .password = "Circle Of Life",
	  .realm = "testrealm@host.com",
	  .nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093",
	  .cnonce = "0a4f113b",
	  .nc = 1,
	  .qop_auth = true,
	  .method = "GET",
	  .uri = "/dir/index.html"},
	 "6629fae49393a05397450978507c4ef1"},
	{"RFC 7616 3.9.1, MD5",
	 {.algorithm = DIGEST_MD5, MUFASA_7616},
	 "8ca523f5e9506fed4657c9700eebdbec"},
	{"RFC 7616 3.9.1, SHA-256",
	 {.algorithm = DIGEST_SHA_256, MUFASA_7616},
	 "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
	/* From here on: Python's hashlib, by the formulas of RFC 7616 3.4. */
	{"SHA-512-256, RFC 8760's third",
	 {.algorithm = DIGEST_SHA_512_256, MUFASA_7616},
	 "430d05014cecc49cab6fbe03176d41a1da86cbfe24a16580e22aaad928d960d0"},
	{"MD5-sess",
	 {.algorithm = DIGEST_MD5_SESS, MUFASA_7616},
	 "e783283f46242139c486a698fec7211d"},
	{"SHA-256-sess",
	 {.algorithm = DIGEST_SHA_256_SESS, MUFASA_7616},
	 "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"},
	{"SHA-512-256-sess",
	 {.algorithm = DIGEST_SHA_512_256_SESS, MUFASA_7616},
	 "3f2a34f923c38b0fb26dce2fdfc2ce326c23cecf86fbb1444f3e51fbbc2cb92e"},
	/* The published values of RFC 7616 3.9.2 are not SHA-512/256: erratum 4897. */
	{"RFC 7616 3.9.2, a name past ASCII",
	 {.algorithm = DIGEST_SHA_512_256,
	  .username = "J\xc3\xa4s\xc3\xb8n Doe",
	  .password = "Secret, or not?",
	  .realm = "api@example.org",
	  .nonce = "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
	  .cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm",
	  .nc = 1,
	  .qop_auth = true,
	  .method = "GET",
	  .uri = "/doe.json"},
	 "7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c"},
	{"without qop, as RFC 2069 had it",
	 {.algorithm = DIGEST_MD5,
	  .username = "bob",
	  .password = "zanzibar",
	  .realm = "atlanta.com",
	  .nonce = "ea9c8e88df84f1cec4341ae6cbe5a359",
	  .method = "REGISTER",
	  .uri = "sip:ss2.biloxi.com"},
	 "7166fc0d23f1aa8910cb07ac33fd2884"},
};

static void test_answers(void)
{
	char got[DIGEST_HEX_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		is_int(digest_response(got, &answers[i].in), 0, answers[i].name);
		is_str(got, answers[i].want, answers[i].name);
	}
	is_int(digest_userhash(got, DIGEST_SHA_512_256, "J\xc3\xa4s\xc3\xb8n Doe",
			       "api@example.org"),
	       0, "userhash");
	is_str(got, "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b",
	       "userhash of RFC 7616 3.9.2 as erratum 4897 corrects it");
}

/* Realm, nonce, opaque, algorithm, then letters: q qop, a auth, s stale, u userhash. */
static const struct {
	const char *name;
	const char *value;
	const char *want;
} challenges[] = {
	{"the least there can be", "Digest realm=\"r\", nonce=\"n\"", "r n - MD5 |"},
	{"everything",
	 "Digest realm=\"atlanta.com\", domain=\"sip:ss1.carrier.com\", qop=\"auth\", "
	 "nonce=\"f84f1c\", opaque=\"5ccc\", stale=TRUE, algorithm=SHA-256, "
	 "charset=UTF-8, userhash=true",
	 "atlanta.com f84f1c 5ccc SHA-256 qasu|"},
	{"an empty opaque is there", "Digest realm=\"r\",nonce=\"n\",opaque=\"\"",
	 "r n  MD5 |"},
	{"an empty realm is one", "Digest realm=\"\",nonce=\"n\"", " n - MD5 |"},
	{"folds and odd spaces",
	 "digest \r\n realm = \"r\"\t,\r\n\tnonce =\"n\" , qop= \"auth , auth-int\"",
	 "r n - MD5 qa|"},
	{"any case", "DIGEST REALM=\"r\",NONCE=\"n\",ALGORITHM=md5-SESS,QOP=\"AUTH\"",
	 "r n - MD5-sess qa|"},
	{"values without quotes", "Digest realm=r,nonce=n,qop=auth,algorithm=\"MD5\"",
	 "r n - MD5 qa|"},
	{"an escaped quote stays escaped", "Digest realm=\"a \\\"b\\\", c\",nonce=\"n\"",
	 "a \\\"b\\\", c n - MD5 |"},
	{"auth-int only", "Digest realm=\"r\",nonce=\"n\",qop=\"auth-int\"",
	 "r n - MD5 q|"},
	{"auth is no part of a word", "Digest realm=\"r\",nonce=\"n\",qop=\"authx\"",
	 "r n - MD5 q|"},
	{"an algorithm nobody knows", "Digest realm=\"r\",nonce=\"n\",algorithm=SHA3",
	 "r n -  |"},
	{"several in one field",
	 "Digest realm=\"r\",nonce=\"1\",algorithm=SHA-256, Digest realm=\"r\", "
	 "nonce=\"2\", algorithm=MD5",
	 "r 1 - SHA-256 |r 2 - MD5 |"},
	{"other schemes beside it",
	 "Basic realm=\"b\", Digest realm=\"r\",nonce=\"n\", NTLM, Bearer realm=\"x\"",
	 "r n - MD5 |"},
	{"a scheme with a token of its own",
	 "Negotiate YIIabc/+12==, Digest realm=\"r\",nonce=\"n\"", "r n - MD5 |"},
	{"empty items", ",, Digest realm=\"r\",,nonce=\"n\",", "r n - MD5 |"},
	{"unknown parameters", "Digest x=y,realm=\"r\",nonce=\"n\",z=\"a,b=c\"",
	 "r n - MD5 |"},
	{"no nonce", "Digest realm=\"r\"", ""},
	{"an empty nonce", "Digest realm=\"r\",nonce=\"\"", ""},
	{"no realm", "Digest nonce=\"n\"", ""},
	{"two realms", "Digest realm=\"r\",realm=\"s\",nonce=\"n\"", ""},
	{"two algorithms", "Digest realm=\"r\",nonce=\"n\",algorithm=MD5,algorithm=MD5",
	 ""},
	{"a broken one and a good one",
	 "Digest realm=\"r\" x,nonce=\"n\", Digest realm=\"s\",nonce=\"m\"",
	 "s m - MD5 |"},
	{"two qops", "Digest realm=\"r\",nonce=\"n\",qop=\"auth\",qop=\"auth\"", ""},
	{"options without a space",
	 "Digest realm=\"r\",nonce=\"n\",qop=\"auth-int,auth\"", "r n - MD5 qa|"},
	{"a control byte in a text", "Digest realm=\"r\",nonce=\"n\",opaque=\"\\\001\"",
	 ""},
	{"a comma in quotes ends nothing broken",
	 "\"a, Digest realm=q,nonce=q, b\", Digest realm=\"s\",nonce=\"m\"",
	 "s m - MD5 |"},
	{"nor does one behind an escaped quote",
	 "\"a\\\", Digest realm=q,nonce=q, b\", Digest realm=\"s\",nonce=\"m\"",
	 "s m - MD5 |"},
	{"a quote behind an escaped one ends it",
	 "\"a\\\"\", Digest realm=\"s\",nonce=\"m\"", "s m - MD5 |"},
	{"a scheme with nothing of its own", "Negotiate Digest realm=\"r\",nonce=\"n\"",
	 "r n - MD5 |"},
	{"a quote that does not end, behind all that it takes",
	 "Digest realm=\"r\",nonce=\"n\",opaque=\"o", ""},
	{"a quote that does not end", "Digest realm=\"r\",nonce=\"n", ""},
	{"parameters of no scheme", "realm=\"r\",nonce=\"n\"", ""},
	{"a fold inside a text",
	 "Digest realm=\"a \r\n\t b\",nonce=\"n\",opaque=\"\n c\"", "a b n  c MD5 |"},
	{"a blank before an LF alone", "Digest realm=\"a \n b\",nonce=\"n\"",
	 "a b n - MD5 |"},
	{"a fold at the end of a text", "Digest realm=\"a\r\n \",nonce=\"n\"",
	 "a  n - MD5 |"},
	{"the end of a line inside a text", "Digest realm=\"a\r\nb\",nonce=\"n\"", ""},
	{"no commas", "Digest realm=\"r\" nonce=\"n\"\tqop=auth stale=true",
	 "r n - MD5 qas|"},
	{"no comma before what is no parameter", "Digest realm=\"r\" nonce=\"n\" x", ""},
	{"a realm of another scheme", "Digest nonce=\"n\", Basic realm=\"r\"", ""},
	{"nothing", "", ""},
	{"noise", "\"\\\"=,=;\"=\"=, , ==", ""},
};

static void describe(char *out, size_t size, struct pl *value)
{
	char realm[64], nonce[64], opaque[64] = "-";
	struct digest_challenge c;
	size_t len = 0;

	*out = '\0';
	while (digest_challenge_take(&c, value) && len < size) {
		(void)digest_text_copy(realm, &c.realm);
		(void)digest_text_copy(nonce, &c.nonce);
		if (c.opaque.p)
			(void)digest_text_copy(opaque, &c.opaque);
		len += (size_t)snprintf(out + len, size - len, "%s %s %s %s %s%s%s%s|",
					realm, nonce, opaque,
					digest_algorithm_name(c.algorithm),
					c.qop_given ? "q" : "", c.qop_auth ? "a" : "",
					c.stale ? "s" : "", c.userhash ? "u" : "");
	}
}

static void test_challenges(void)
{
	char got[512];

	for (size_t i = 0; i < ARRAY_SIZE(challenges); i++) {
		struct pl value;

		pl_set_str(&value, challenges[i].value);
		describe(got, sizeof(got), &value);
		is_str(got, challenges[i].want, challenges[i].name);
		is_int((long long)value.l, 0, "all of it was read");
	}
}

/* A text may be as long as DIGEST_TEXT_MAX. */
static void test_long_text(void)
{
	for (size_t len = DIGEST_TEXT_MAX; len <= DIGEST_TEXT_MAX + 1; len++) {
		static char text[DIGEST_TEXT_MAX + 64];
		struct digest_challenge c;
		struct pl value;

		(void)snprintf(text, sizeof(text), "Digest realm=\"r\",nonce=\"%0*d\"",
			       (int)len, 0);
		pl_set_str(&value, text);
		is_int(digest_challenge_take(&c, &value), len == DIGEST_TEXT_MAX,
		       "a long nonce");
	}
}

static const struct {
	struct digest_challenge c;
	bool usable;
} uses[] = {
	{{.algorithm = DIGEST_MD5}, true},
	{{.algorithm = DIGEST_SHA_512_256_SESS, .qop_given = true, .qop_auth = true},
	 true},
	{{.algorithm = DIGEST_MD5, .qop_given = true}, false},
	{{.algorithm = DIGEST_UNKNOWN}, false},
};

static void test_usable(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(uses); i++)
		ok(digest_challenge_usable(&uses[i].c) == uses[i].usable, "use %zu: %d",
		   i, uses[i].usable);
	ok(digest_algorithm_strength(DIGEST_SHA_512_256) >
			   digest_algorithm_strength(DIGEST_SHA_256) &&
		   digest_algorithm_strength(DIGEST_SHA_256) >
			   digest_algorithm_strength(DIGEST_MD5_SESS) &&
		   digest_algorithm_strength(DIGEST_MD5_SESS) ==
			   digest_algorithm_strength(DIGEST_MD5),
	   "strength rises from MD5 to SHA-512-256");
}

/* What would make a parser that looks back or ahead too often slow. */
static void test_linear(void)
{
	static const char *const pieces[] = {
		"a ",	"a=", "\"", ",", "Digest ", "a=\"\\", "Digest realm=\"r\",",
		"\r\n "};
	static char text[1 << 20];

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		size_t len = strlen(pieces[i]), at = 0;
		struct digest_challenge c;
		int64_t begun_ns;
		struct pl value;

		for (; at + len < sizeof(text); at += len)
			memcpy(text + at, pieces[i], len);
		value = (struct pl){.p = text, .l = at};
		begun_ns = clock_monotonic_ns();
		while (digest_challenge_take(&c, &value))
			;
		ok(clock_monotonic_ns() - begun_ns < 5 * CLOCK_NS_PER_S,
		   "a megabyte of piece %zu", i);
	}
}

int main(void)
{
	test_answers();
	test_challenges();
	test_long_text();
	test_usable();
	test_linear();
	return tap_done();
}
