/* Where what may not be shown begins and ends; and the kinds of a ladder's steps. */
#include "sipprobe/ladder.h"
#include "tests/unit/tap.h"

static const struct {
	const char *name, *in, *out;
} cases[] = {
	{"a password without a user", "A\r\nTo: <sip::p@h>, <sips::p@h>\r\n",
	 "A\r\nTo: <sip::redacted@h>, <sips::redacted@h>\r\n"},
	{"no more than that of its own URI", "A\r\nTo: <sip:u:p@h>, <sip:v@w>\r\n",
	 "A\r\nTo: <sip:u:redacted@h>, <sip:v@w>\r\n"},
	{"every letter and digit goes on with a name",
	 "A\r\nX: znonce=1, Anonce=2, 0nonce=3, @nonce=4, [nonce=5, {nonce=6\r\n",
	 "A\r\nX: znonce=1, Anonce=2, 0nonce=3, @nonce=redacted, [nonce=redacted, "
	 "{nonce=redacted\r\n"},
	{"a name within a value", "A\r\nX: nonce=\"a, response=b\", c=d\r\n",
	 "A\r\nX: nonce=redacted, c=d\r\n"},
	{"an empty value", "A\r\nX: nonce=,response=\"\";c=d\r\n",
	 "A\r\nX: nonce=redacted,response=redacted;c=d\r\n"},
	{"another scheme that has one letter more", "A\r\nAuthorization: Digestx\r\n",
	 "A\r\nAuthorization: redacted\r\n"},
	{"a Digest of nothing", "A\r\nAuthorization: Digest\r\n",
	 "A\r\nAuthorization: Digest\r\n"},
	{"SDP without a space before its type",
	 "A\r\nc:application/sdp\r\n\r\nk=clear:s3\r\n",
	 "A\r\nc:application/sdp\r\n\r\nk=xxxxxxxx\r\n"},
	{"a field that only begins like Content-Type",
	 "A\r\nContent-Types: application/sdp\r\ncx: application/sdp\r\n\r\nbody\r\n",
	 "A\r\nContent-Types: application/sdp\r\ncx: application/sdp\r\n\r\n"},
	{"a first line that begins with a space", " A\r\nTo: x\r\n", " A\r\nTo: x\r\n"},
};

static void test_cases(void)
{
	char out[LADDER_BYTES + 1];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t n = ladder_redact(out, cases[i].in, strlen(cases[i].in));

		out[n] = '\0';
		is_str(out, cases[i].out, cases[i].name);
		is_int((long long)n, (long long)strlen(cases[i].out), "and no more");
	}
}

static void test_kinds(void)
{
	static const struct {
		enum ladder_kind kind;
		const char *name;
		bool inbound;
	} kinds[] = {
		{LADDER_CONNECT, "connect", false},
		{LADDER_TLS, "tls", false},
		{LADDER_TLS_RESUMED, "tls_resumed", false},
		{LADDER_WEBSOCKET, "websocket", false},
		{LADDER_SENT, "sent", false},
		{LADDER_RETRANSMITTED, "retransmitted", false},
		{LADDER_RECEIVED, "received", true},
		{LADDER_GARBAGE, "garbage", true},
		{LADDER_ICMP, "icmp", true},
		{LADDER_CLOSED, "closed", false},
		{LADDER_DEADLINE, "deadline", false},
		{LADDER_LATE, "late", true},
		{LADDER_REFUSED, "refused", true},
		{LADDER_ODDITY, "oddity", false},
		{LADDER_ELSEWHERE, "elsewhere", true},
		{LADDER_REPLACED, "replaced", false},
		{LADDER_AUDIO, "audio", false},
		{LADDER_KINDS, "closed", false}, /* none */
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		is_str(ladder_kind_name(kinds[i].kind), kinds[i].name, kinds[i].name);
		is_int(ladder_is_inbound(kinds[i].kind), kinds[i].inbound, "inbound");
	}
	is_int(sizeof(kinds) / sizeof(*kinds), LADDER_KINDS + 1, "all kinds");
}

int main(void)
{
	test_cases();
	test_kinds();
	return tap_done();
}
