/* What of an answer is a trait, and in which words it is the same. */
#include "sipprobe/fingerprint/fingerprint_read.h"
#include "sipprobe/fingerprint/token_set.h"
#include "tests/unit/tap.h"

enum { TEXT = 16384 };

static const struct read {
	const char *name;
	const char *fields; /* with their line ends */
	const char *body;
	enum peer_trait trait;
	const char *want;
} reads[] = {
	{"sorted, in capitals", "Allow: INVITE, ACK,BYE\r\n", "", PEER_ALLOW,
	 "ACK, BYE, INVITE"},
	{"case and spacing", "ALLOW:  invite ,\tAck,,  bYe \r\n", "", PEER_ALLOW,
	 "ACK, BYE, INVITE"},
	{"over several fields, with a fold",
	 "Allow: BYE\r\nX: y\r\nAllow: INVITE,\r\n ACK\r\n", "", PEER_ALLOW,
	 "ACK, BYE, INVITE"},
	{"each once", "Allow: ACK, ack, BYE, ACK\r\n", "", PEER_ALLOW, "ACK, BYE"},
	{"another field that begins alike", "Allow-Events: presence\r\n", "", PEER_ALLOW,
	 ""},
	{"none", "", "", PEER_ALLOW, ""},
	{"a prefix is another", "Allow: INFO, IN, INFO2\r\n", "", PEER_ALLOW,
	 "IN, INFO, INFO2"},
	{"option tags", "Supported: Timer, 100rel\r\n", "", PEER_SUPPORTED,
	 "100rel, timer"},
	{"compact", "k: timer, path\r\n", "", PEER_SUPPORTED, "path, timer"},
	{"empty", "Supported:\r\n", "", PEER_SUPPORTED, ""},
	{"only commas", "Supported: , ,\r\n", "", PEER_SUPPORTED, ""},
	{"media ranges", "Accept: text/plain, Application/SDP ; level = 1\r\n", "",
	 PEER_ACCEPT, "application/sdp;level=1, text/plain"},
	{"a comma in quotes", "Accept: b/c;x=\"1, \\\"2\", a/b\r\n", "", PEER_ACCEPT,
	 "a/b, b/c;x=\"1,\\\"2\""},
	{"not Accept-Language", "Accept-Language: en\r\nAccept: */*\r\n", "", PEER_ACCEPT,
	 "*/*"},
	{"Server", "Server:  Asterisk  PBX 20.1.0 \r\n", "", PEER_SOFTWARE,
	 "Asterisk PBX 20.1.0"},
	{"User-Agent", "User-Agent: FreeSWITCH\r\n", "", PEER_SOFTWARE, "FreeSWITCH"},
	{"both", "User-Agent: a\r\nServer: b\r\n", "", PEER_SOFTWARE, "a, b"},
	{"not ASCII", "Server: caf\303\251 <b>\r\n", "", PEER_SOFTWARE, "caf?? <b>"},
	{"a control byte: no field", "Server: a\001b\r\n", "", PEER_SOFTWARE, ""},
	{"codecs by rtpmap", "",
	 "v=0\r\no=- 1 2 IN IP4 1.2.3.4\r\nm=audio 5004 RTP/AVP 96 8\r\n"
	 "a=rtpmap:96 opus/48000/2\r\na=rtpmap:8 PCMA/8000\r\n",
	 PEER_SDP, "opus/48000/2, pcma/8000"},
	{"codecs without", "", "v=0\r\nm=audio 5004 RTP/AVP 0 8 77\r\n", PEER_SDP,
	 "77, pcma/8000, pcmu/8000"},
	{"lines that end in LF alone", "", "v=0\nm=audio 1 RTP/AVP 0\n", PEER_SDP,
	 "pcmu/8000"},
	{"no RTP", "", "v=0\r\nm=image 9 udptl t38\r\n", PEER_SDP, "t38"},
	{"two media", "",
	 "v=0\r\nm=audio 1 RTP/AVP 0\r\nm=video 2 RTP/AVP 97\r\n"
	 "a=rtpmap:97 H264/90000\r\n",
	 PEER_SDP, "h264/90000, pcmu/8000"},
	{"a body that is none", "", "hello m=audio 1 RTP/AVP 0", PEER_SDP, ""},
	{"lines that are cut off", "",
	 "v=0\r\nm=audio 1\r\na=rtpmap:\r\na=rtpmap:300 x\r\nm=", PEER_SDP, ""},
};

static void parse(struct guard_message *m, char *text, unsigned code, const char *fields,
		  const char *body)
{
	const char *why = "";

	snprintf(text, TEXT,
		 "SIP/2.0 %u OK\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx\r\n"
		 "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: x\r\n"
		 "CSeq: 1 OPTIONS\r\n%sContent-Length: %zu\r\n\r\n%s",
		 code, fields, strlen(body), body);
	if (guard_datagram(m, text, strlen(text), &why))
		printf("Bail out! %s\n", why);
}

static struct fingerprint_draft drawn;

static const struct fingerprint_draft *draw(const char *fields, const char *body)
{
	static char text[TEXT];
	struct guard_message m;

	parse(&m, text, 200, fields, body);
	fingerprint_read_answer(&drawn, &m);
	return &drawn;
}

static uint32_t raw_hash(unsigned code, const char *fields, const char *body)
{
	static char text[TEXT];
	struct guard_message m;

	parse(&m, text, code, fields, body);
	return fingerprint_raw_hash(&m);
}

static void test_reads(void)
{
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		const struct read *r = &reads[i];
		const struct trait *t = &draw(r->fields, r->body)->traits[r->trait];

		is_str(t->text, r->want, r->name);
		ok(!t->id == !*r->want, "%s: known", r->name);
		for (int k = 0; k < PEER_TRAITS; k++)
			if (k != (int)r->trait && drawn.traits[k].id)
				ok(false, "%s: %s", r->name,
				   peer_trait_name((enum peer_trait)k));
	}
}

/* What differs past the text that is kept is another all the same. */
static void test_long(void)
{
	char fields[TEXT] = "Server: ", one[PEER_TEXT];
	uint64_t id;

	for (int i = 0; i < 300; i++)
		strcat(fields, "x");
	id = draw(strcat(fields, "\r\n"), "")->traits[PEER_SOFTWARE].id;
	strcpy(one, drawn.traits[PEER_SOFTWARE].text);
	is_int((long long)strlen(one), PEER_TEXT - 1, "a long text is cut");
	is_str(one + PEER_TEXT - 6, "xx...", "and says so");
	strcpy(fields + strlen(fields) - 2, "y\r\n");
	draw(fields, "");
	is_str(drawn.traits[PEER_SOFTWARE].text, one, "what follows is not shown");
	ok(drawn.traits[PEER_SOFTWARE].id != id, "and yet counts");
}

static void test_many(void)
{
	char fields[TEXT] = "Allow: A";
	uint64_t id;

	for (int i = 1; i < TOKEN_SET_TOKENS; i++)
		snprintf(fields + strlen(fields), 16, ",T%d", i);
	id = draw(strcat(fields, "\r\n"), "")->traits[PEER_ALLOW].id;
	strcpy(fields + strlen(fields) - 2, ",B\r\n");
	is_int((long long)draw(fields, "")->traits[PEER_ALLOW].id, (long long)id,
	       "of too many tokens the first count");
	is_int((long long)strlen(drawn.traits[PEER_ALLOW].text), PEER_TEXT - 1,
	       "cut to fit");
}

/* The same raw_hash, the same draft; what a trait rests on is always seen by a raw_hash.
 */
static void test_raw_hashes(void)
{
	static const char base[] = "Allow: ACK, BYE\r\nSupported: timer\r\nServer: x\r\n"
				   "Accept: a/b\r\nUser-Agent: y\r\n";
	static const char *const others[] = {
		"Allow: ACK, BYE, INFO\r\nSupported: timer\r\nServer: x\r\nAccept: "
		"a/b\r\nUser-Agent: y\r\n",
		"Allow: ACK, BYE\r\nSupported: path\r\nServer: x\r\nAccept: "
		"a/b\r\nUser-Agent: y\r\n",
		"Allow: ACK, BYE\r\nk: path\r\nServer: x\r\nAccept: a/b\r\nUser-Agent: "
		"y\r\n",
		"Allow: ACK, BYE\r\nSupported: timer\r\nServer: z\r\nAccept: "
		"a/b\r\nUser-Agent: y\r\n",
		"Allow: ACK, BYE\r\nSupported: timer\r\nServer: x\r\nAccept: "
		"a/c\r\nUser-Agent: y\r\n",
		"Allow: ACK, BYE\r\nSupported: timer\r\nServer: x\r\nAccept: "
		"a/b\r\nUser-Agent: z\r\n",
		"Allow: ACK, BYE\r\nSupported: timer\r\nAccept: a/b\r\nUser-Agent: y\r\n",
		"Allow: \r\nSupported: timer\r\nServer: x\r\nAccept: a/b\r\nUser-Agent: "
		"y\r\n",
	};
	uint32_t g = raw_hash(200, base, "");

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ok(raw_hash(200, others[i], "") != g, "another hash: %zu", i);
	ok(raw_hash(200, "Accept: x\r\nServer: y\r\n", "") !=
		   raw_hash(200, "Server: x\r\nAccept: y\r\n", ""),
	   "the same values in each other's fields");
	ok(raw_hash(404, base, "") != g, "another code, another hash");
	is_int(raw_hash(200,
			"Warning: 1\r\nAllow: ACK, BYE\r\nSupported: timer\r\nDate: x\r\n"
			"Server: x\r\nAccept: a/b\r\nUser-Agent: y\r\n",
			""),
	       g, "what is no trait is not looked at");
	ok(raw_hash(200, base, "v=0\r\nm=audio 1 RTP/AVP 0\r\n") != g, "codecs are");
	is_int(raw_hash(200, "", "v=0\r\no=- 1 1 IN IP4 x\r\nm=audio 1 RTP/AVP 0\r\n"),
	       raw_hash(200, "", "v=0\r\no=- 2 2 IN IP4 y\r\nm=audio 1 RTP/AVP 0\r\n"),
	       "a session's number is not");
	ok(g, "never 0");
}

static void test_codes(void)
{
	for (unsigned code = 100; code < 700; code++)
		if (fingerprint_tells(code) !=
		    (code == 404 || (code >= 200 && code < 300)))
			ok(false, "code %u", code);
	ok(true, "2xx and 404 tell of their sender");
}

static void test_handshake(void)
{
	struct fingerprint_draft s, t;

	fingerprint_read_handshake(&s, "TLSv1.3 X", "EC 256", "");
	is_str(s.traits[PEER_TLS].text, "TLSv1.3 X", "version and cipher");
	is_str(s.traits[PEER_KEY].text, "EC 256", "key");
	ok(!s.traits[PEER_ROOT].id, "no root without verification");
	fingerprint_read_handshake(&t, "TLSv1.3 X", "EC 256", "r");
	ok(fingerprint_draft_hash(&s) != fingerprint_draft_hash(&t), "another hash");
}

static void test_table(void)
{
	struct fingerprint *a, *b, *c;
	struct fingerprint_table *g;

	if (fingerprint_table_alloc(&g))
		return;
	is_int(fingerprint_table_take(&a, g, draw("Allow: A, B\r\n", "")), 0, "one");
	is_int(fingerprint_table_take(&b, g, draw("Allow: b,a\r\n", "")), 0, "another");
	ok(a == b, "equal ones are kept once");
	is_int(fingerprint_table_take(&c, g, draw("Allow: b\r\n", "")), 0, "a third");
	ok(a != c && fingerprint_table_count(g) == 2, "others are not");
	is_int(fingerprint_traits(c), 1 << PEER_ALLOW, "traits that it has");
	mem_deref(a);
	is_int(fingerprint_table_count(g), 2, "kept for the other");
	mem_deref(b);
	mem_deref(c);
	is_int(fingerprint_table_count(g), 0, "and then no more");
	mem_deref(g);
}

int main(void)
{
	test_reads();
	test_long();
	test_many();
	test_raw_hashes();
	test_codes();
	test_handshake();
	test_table();
	return tap_done();
}
