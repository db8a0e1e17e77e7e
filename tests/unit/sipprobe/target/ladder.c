/* What of a message may be shown, and what may not. */
#include <stdlib.h>

#include "sipprobe/ladder.h"
#include "tests/unit/tap.h"

static const struct {
	const char *name;
	const char *in;
	const char *out;
} cases[] = {
	{"a plain message", "OPTIONS sip:a SIP/2.0\r\nTo: <sip:a>\r\n\r\n",
	 "OPTIONS sip:a SIP/2.0\r\nTo: <sip:a>\r\n\r\n"},
	{"a body is left out", "A\r\nContent-Length: 4\r\n\r\nbody",
	 "A\r\nContent-Length: 4\r\n\r\n"},
	{"a body after bare line feeds, too", "A\nB: c\n\nbody", "A\nB: c\n\n"},
	{"digest credentials",
	 "A\r\nAuthorization: Digest username=\"u\", realm=\"r\", nonce=\"n1\", "
	 "uri=\"sip:a\", response=\"beef\", cnonce=\"c1\", nc=00000001, qop=auth\r\n\r\n",
	 "A\r\nAuthorization: Digest username=\"u\", realm=\"r\", nonce=redacted, "
	 "uri=\"sip:a\", response=redacted, cnonce=redacted, nc=00000001, "
	 "qop=auth\r\n\r\n"},
	{"any case, any space",
	 "A\r\nPROXY-authorization : DIGEST Response\t= \"be\\\"ef\",NONCE=n;x\r\n\r\n",
	 "A\r\nPROXY-authorization : DIGEST Response\t= redacted,NONCE=redacted;x"
	 "\r\n\r\n"},
	{"a challenge's nonce",
	 "A\r\nWWW-Authenticate: Digest nonce=\"n\",realm=\"r\"\r\n",
	 "A\r\nWWW-Authenticate: Digest nonce=redacted,realm=\"r\"\r\n"},
	{"other schemes whole", "A\r\nAuthorization: Basic dTpw\r\nTo: x\r\n",
	 "A\r\nAuthorization: redacted\r\nTo: x\r\n"},
	{"and what is folded onto them",
	 "A\r\nAuthorization: Bearer\r\n abc\r\n\tdef\r\nTo: x\r\n",
	 "A\r\nAuthorization: redacted\r\n redacted\r\n\tredacted\r\nTo: x\r\n"},
	{"folded digest", "A\r\nAuthorization: Digest\r\n response=\"x\"\r\n",
	 "A\r\nAuthorization: Digest\r\n response=redacted\r\n"},
	{"a value on a line of its own",
	 "A\r\nAuthorization: Digest realm=\"r\", response\r\n =\r\n \"beef\"\r\nTo: "
	 "x\r\n",
	 "A\r\nAuthorization: Digest realm=\"r\", response\r\n =\r\n redacted\r\nTo: "
	 "x\r\n"},
	{"a value that goes on there",
	 "A\r\nWWW-Authenticate: Digest nonce=\"be\r\n ef\",realm=\"r\"\r\nTo: x\r\n",
	 "A\r\nWWW-Authenticate: Digest nonce=redacted,realm=\"r\"\r\nTo: x\r\n"},
	{"no value of a field whose name only ends so",
	 "A\r\nX: anonce=\"b\", Znonce=1, a-nonce=2, 9nonce=3, _nonce=4, .nonce=5\r\n",
	 "A\r\nX: anonce=\"b\", Znonce=1, a-nonce=2, 9nonce=3, _nonce=4, "
	 ".nonce=redacted\r\n"},
	{"a scheme that begins like Digest", "A\r\nAuthorization: Digested be=ef\r\n",
	 "A\r\nAuthorization: redacted\r\n"},
	{"quotes that nobody can pair",
	 "A\r\nX: nonce=\"a,nonce=\"be ef\", b\r\n c\r\nTo: x\r\n",
	 "A\r\nX: nonce=redacted\r\nTo: x\r\n"},
	{"an @ in a password", "A\r\nTo: <sip:u:p@w@h>\r\n",
	 "A\r\nTo: <sip:u:redacted@h>\r\n"},
	{"reflected in another field", "A\r\nX-Echo: Digest response=\"beef\"\r\n",
	 "A\r\nX-Echo: Digest response=redacted\r\n"},
	{"words that only begin or end alike",
	 "A\r\nX: xresponse=1;responses=2;nonce-count=3;response\r\n",
	 "A\r\nX: xresponse=1;responses=2;nonce-count=3;response\r\n"},
	{"a quote that never ends", "A\r\nX: response=\"abc\r\nTo: x\r\n",
	 "A\r\nX: response=redacted\r\nTo: x\r\n"},
	{"a password in a URI",
	 "OPTIONS sip:u:p:w@h:5060 SIP/2.0\r\nTo: <sips:u:p@h>\r\n",
	 "OPTIONS sip:u:redacted@h:5060 SIP/2.0\r\nTo: <sips:u:redacted@h>\r\n"},
	{"a port is none", "A\r\nTo: <sip:u@h:5060>, <sip:h:5060>\r\n",
	 "A\r\nTo: <sip:u@h:5060>, <sip:h:5060>\r\n"},
	{"SDP is shown",
	 "A\r\nContent-Type: application/sdp\r\n\r\nv=0\r\nm=audio 4 RTP/AVP 0\r\n",
	 "A\r\nContent-Type: application/sdp\r\n\r\nv=0\r\nm=audio 4 RTP/AVP 0\r\n"},
	{"keys in it are not",
	 "A\r\nc : Application/SDP;x=y\r\n\r\nk=clear:s3\r\na=crypto:1 AES "
	 "INLINE:a+/b|2^20\r\n"
	 "a=ice-pwd:pw\r\na=key-mgmt:mikey Zz\r\na=crypto:2 b",
	 "A\r\nc : Application/SDP;x=y\r\n\r\nk=xxxxxxxx\r\na=crypto:1 AES "
	 "INLINE:xxxxxxxxx\r\n"
	 "a=ice-pwd:xx\r\na=key-mgmt:xxxxxxxx\r\na=crypto:2 b"},
	{"nor what is secret anywhere",
	 "A\r\nContent-Type:application/sdp\r\n\r\nu=sip:u:p@h\r\na=x "
	 "nonce=1\r\n\r\nmore",
	 "A\r\nContent-Type:application/sdp\r\n\r\nu=sip:u:redacted@h\r\na=x "
	 "nonce=redacted\r\n\r\n"},
	{"another body is left out",
	 "A\r\nContent-Type: text/plain\r\nX: application/sdp\r\n\r\nbody",
	 "A\r\nContent-Type: text/plain\r\nX: application/sdp\r\n\r\n"},
	{"no line end", "response=abc", "response=redacted"},
	{"nothing", "", ""},
	{"only an empty line", "\r\nrest", "\r\n"},
};

static void test_cases(void)
{
	char out[LADDER_BYTES + 1];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t n = ladder_redact(out, cases[i].in, strlen(cases[i].in));

		out[n] = '\0';
		is_str(out, cases[i].out, cases[i].name);
	}
}

/* Whatever the bytes: within its room, and no secret that stands alone on its line. */
static void test_any_bytes(void)
{
	static const char alphabet[] = "\r\n\t \":=;,<>@\\sipSIP\0\xff"
				       "nonceresponse";
	char in[6000], out[LADDER_BYTES + 1];
	unsigned seed = 1;
	bool bounded = true;

	for (int round = 0; round < 3000; round++) {
		size_t len = (size_t)rand_r(&seed) % sizeof(in);
		char *copy = malloc(len + 1);

		for (size_t i = 0; i < len; i++)
			copy[i] =
				alphabet[(size_t)rand_r(&seed) % (sizeof(alphabet) - 1)];
		out[LADDER_BYTES] = '#';
		bounded = bounded && ladder_redact(out, copy, len) <= LADDER_BYTES &&
			  out[LADDER_BYTES] == '#';
		free(copy);
	}
	ok(bounded, "never more than there is room for");
	memset(in, 'x', sizeof(in));
	is_int((long long)ladder_redact(out, in, sizeof(in)), LADDER_BYTES, "cut to fit");
}

static void test_kinds(void)
{
	is_str(ladder_kind_name(LADDER_RETRANSMITTED), "retransmitted", "a kind's name");
	ok(ladder_is_inbound(LADDER_ICMP) && !ladder_is_inbound(LADDER_SENT),
	   "direction");
}

int main(void)
{
	test_cases();
	test_any_bytes();
	test_kinds();
	return tap_done();
}
