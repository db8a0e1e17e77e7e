/*
 * Torture, as requests and as responses, from the socket's side: the messages of RFC 4475
 * and RFC 5118, and made ones in the manner of PROTOS, where one value or several of a
 * good message is replaced by something overlong, nested, negative, broken or missing.
 * Nothing of it is a success, spoils the probe that waits, or is answered as if it were
 * well; what nobody needs is passed over.
 */
#include "sipprobe/message/answer.h"
#include "sipprobe/target/probers.h"
#include "tests/unit/exporter/store/kept.h"
#include "tests/unit/sipprobe/target/fixture.h"

#define UDP  CONFIG_TRANSPORT_UDP
#define CALM ", \"interval\": \"2h\""

enum { MESSAGE_ROOM = 65536 * 2, LINES = 12, ROUNDS = 3000 };

static const char *data_dir;

/* A trunk with a probe that waits, and the socket that its peer asks us at. */
struct bench {
	struct fixture f;
	struct target *t;
	struct udp *u;
};

static void bench_open(struct bench *b)
{
	const struct config_local local = {.address = "127.0.0.1"};
	struct sa sa;

	fixture_open(&b->f, UDP, CALM);
	b->t = fixture_target(&b->f, &prober_options);
	(void)sockets_udp_for(b->f.services.sockets, &b->u, &sa, &b->f.address.sa,
			      &local);
	(void)fixture_told(&b->f);
	fixture_probe(b->t);
	fixture_drain(&b->f);
	(void)fixture_told(&b->f);
}

static void bench_close(struct bench *b)
{
	mem_deref(b->t);
	fixture_close(&b->f);
}

/* Whether the probe that waits was told to have an answer. */
static bool bench_is_answered(struct bench *b, const char *buf, size_t len)
{
	demux_arrivals.datagram_h(b->u, &b->f.address.sa, buf, len, virtual_now_ns,
				  b->f.demux);
	return strstr(fixture_told(&b->f), "response") != NULL;
}

/* A good answer still counts, whatever came before it; and the next probe begins. */
static bool bench_goes_on(struct bench *b)
{
	bool good;

	fixture_reply(&b->f, "200 OK", "");
	good = strstr(fixture_told(&b->f), "response 200 up") != NULL;
	fixture_probe(b->t);
	fixture_drain(&b->f);
	(void)fixture_told(&b->f);
	return good;
}

/* Made once more, an answer that is short enough for who asked and that can be read. */
static bool is_answer_good(const struct bench *b, const char *buf, size_t len,
			   unsigned code)
{
	struct answer_info info = {
		.code = code, .src = &b->f.address.sa, .agent = "test"};
	static char text[ANSWER_MAX];
	struct guard_message m, answer;
	size_t size = 0;

	if (guard_datagram(&m, buf, len, NULL) || answer_code(&m) != code ||
	    answer_make(text, sizeof(text), &size, &m, &info))
		return false;
	if (size >= ANSWER_GAIN_MAX * len)
		return false;
	/* Its Via values are the asker's: more than one is another's answer to read. */
	return code != 200 || !guard_datagram(&answer, text, size, NULL) ||
	       memchr(m.via.p, ',', m.size);
}

/* The code of our answer to what the peer sends; 0: none; 1: one that is no good. */
static unsigned bench_answer_code(struct bench *b, const char *buf, size_t len)
{
	const char *told, *at;
	unsigned code;

	demux_arrivals.datagram_h(b->u, &b->f.address.sa, buf, len, virtual_now_ns,
				  b->f.demux);
	told = strstr(fixture_told(&b->f), "inbound isp ");
	at = told ? strrchr(told, ' ') : NULL;
	code = at ? (unsigned)strtoul(at, NULL, 10) : 0;
	return code && !is_answer_good(b, buf, len, code) ? 1 : code;
}

/* RFC 4475: how each is answered, 0: not at all, as a response or without a way back. */
static const struct {
	const char *name;
	unsigned code;
} rfc4475[] = {
	{"badaspec", 200},   {"badbranch", 200}, {"baddate", 405},    {"baddn", 200},
	{"badinv01", 400},   {"badvers", 505},	 {"bcast", 0},	      {"bext01", 420},
	{"bigcode", 0},	     {"clerr", 400},	 {"cparam01", 405},   {"cparam02", 405},
	{"dblreq", 405},     {"esc01", 405},	 {"esc02", 405},      {"escnull", 405},
	{"escruri", 400},    {"insuf", 400},	 {"intmeth", 405},    {"inv2543", 405},
	{"invut", 405},	     {"longreq", 405},	 {"ltgtruri", 400},   {"lwsdisp", 200},
	{"lwsruri", 400},    {"lwsstart", 400},	 {"mcl01", 400},      {"mismatch01", 400},
	{"mismatch02", 400}, {"mpart01", 405},	 {"multi01", 400},    {"ncl", 400},
	{"noreason", 0},     {"novelsc", 416},	 {"quotbal", 400},    {"regaut01", 405},
	{"regbadct", 405},   {"regescrt", 405},	 {"scalar02", 400},   {"scalarlg", 0},
	{"sdp01", 405},	     {"semiuri", 200},	 {"transports", 200}, {"trws", 400},
	{"unkscm", 416},     {"unksm2", 405},	 {"unreason", 0},     {"wsinv", 405},
	{"zeromf", 200},
};

static void test_rfc4475(void)
{
	static char buf[MESSAGE_ROOM];
	struct bench b;
	char path[512];

	bench_open(&b);
	for (size_t i = 0; i < sizeof(rfc4475) / sizeof(rfc4475[0]); i++) {
		size_t len;

		snprintf(path, sizeof(path), "%s/rfc4475/%s.dat", data_dir,
			 rfc4475[i].name);
		len = kept_read(buf, sizeof(buf), path);
		ok(len > 0 && !bench_is_answered(&b, buf, len), "%s is no answer",
		   rfc4475[i].name);
		is_int(bench_answer_code(&b, buf, len), rfc4475[i].code,
		       "and answered as it should be");
	}
	ok(bench_goes_on(&b), "the probe that waited is answered");
	bench_close(&b);
}

/* RFC 5118 4.1 to 4.10, each as its section describes it. */
static const struct {
	const char *name, *method, *uri, *via, *contact, *body;
	unsigned code;
} rfc5118[] = {
	{"4.1 an IPv6 reference", "REGISTER", "sip:[2001:db8::10]",
	 "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3", "<sip:c@[2001:db8::1]>", "",
	 405},
	{"4.1 as a ping", "OPTIONS", "sip:[2001:db8::10]",
	 "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3", "<sip:c@[2001:db8::1]>", "",
	 200},
	{"4.2 without its brackets", "REGISTER", "sip:2001:db8::10",
	 "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3", "<sip:c@[2001:db8::1]>", "",
	 400},
	{"4.2 as a ping", "OPTIONS", "sip:u@2001:db8::10;lr",
	 "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3", "<sip:c@[2001:db8::1]>", "",
	 400},
	{"4.3 a port inside the brackets", "OPTIONS", "sip:[2001:db8::10:5070]",
	 "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3", "<sip:c@[2001:db8::1]>", "",
	 200},
	{"4.4 a port behind them", "OPTIONS", "sip:[2001:db8::10]:5070",
	 "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3", "<sip:c@[2001:db8::1]>", "",
	 200},
	{"4.5 received in brackets", "OPTIONS", "sip:u@example.com",
	 "SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3",
	 "<sip:c@[2001:db8::1]>", "", 200},
	{"4.5 received without", "OPTIONS", "sip:u@example.com",
	 "SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3",
	 "<sip:c@[2001:db8::1]>", "", 200},
	{"4.6 IPv6 in SDP", "INVITE", "sip:user@[2001:db8::10]",
	 "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3", "<sip:c@[2001:db8::1]>",
	 "v=0\r\no=a 1 1 IN IP6 2001:db8::20\r\ns=-\r\nc=IN IP6 2001:db8::20\r\n", 405},
	{"4.7 both families in fields", "OPTIONS", "sip:user@host.example.com",
	 "SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3, "
	 "SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKjh, SIP/2.0/UDP host.example.com",
	 "<sip:c@[2001:db8::9:1]>", "", 200},
	{"4.8 both families in SDP", "INVITE", "sip:user@[2001:db8::10]",
	 "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3", "<sip:c@[2001:db8::1]>",
	 "v=0\r\no=a 1 1 IN IP6 2001:db8::20\r\ns=-\r\nc=IN IP4 192.0.2.1\r\n"
	 "m=audio 22334 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n",
	 405},
	{"4.9 an IPv4 address mapped", "OPTIONS", "sip:user@example.com",
	 "SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh",
	 "<sip:c@[::ffff:192.0.2.2]:19823>", "", 200},
	{"4.10 three colons, as the grammar once had it", "OPTIONS",
	 "sip:user@[2001:db8:::192.0.2.1]",
	 "SIP/2.0/UDP [2001:db8:::192.0.2.1];branch=z9hG4bKas3",
	 "<sip:c@[2001:db8:::192.0.2.1]>", "", 200},
};

static void test_rfc5118(void)
{
	char buf[FIXTURE_TEXT];
	struct bench b;

	bench_open(&b);
	for (size_t i = 0; i < sizeof(rfc5118) / sizeof(rfc5118[0]); i++) {
		const char *method = rfc5118[i].method;
		int at = snprintf(buf, sizeof(buf), "%s %s SIP/2.0\r\n", method,
				  rfc5118[i].uri);
		int n = at + snprintf(buf + at, sizeof(buf) - (size_t)at,
				      "To: <sip:user@example.com>\r\nFrom: "
				      "<sip:user@example.com>;tag=81x2\r\nVia: %s\r\n"
				      "Call-ID: SSG9559905523997077@hlau\r\n"
				      "Max-Forwards: 70\r\nContact: %s\r\n"
				      "CSeq: 98176 %s\r\nContent-Length: %zu\r\n\r\n%s",
				      rfc5118[i].via, rfc5118[i].contact, method,
				      strlen(rfc5118[i].body), rfc5118[i].body);

		is_int(bench_answer_code(&b, buf, (size_t)n), rfc5118[i].code,
		       rfc5118[i].name);
		memmove(buf + 16, buf + at, (size_t)(n - at));
		memcpy(buf, "SIP/2.0 200 OK\r\n", 16);
		ok(!bench_is_answered(&b, buf, (size_t)(n - at + 16)),
		   "and as a response answers nothing");
	}
	ok(bench_goes_on(&b), "the probe that waited is answered");
	bench_close(&b);
}

/* A value made of a piece, so many times. */
static const struct {
	const char *piece;
	size_t len, times;
} values[] = {
	{"", 0, 1},
	{" ", 1, 1},
	{" ", 1, 1024},
	{"\t", 1, 1024},
	{"A", 1, 127},
	{"A", 1, 1024},
	{"A", 1, 8192},
	{"A", 1, 32767},
	{"%s%n%x%d", 8, 1},
	{"%s%n%x%d", 8, 128},
	{"%.99999d", 8, 1},
	{"\0", 1, 1},
	{"\0", 1, 64},
	{"a\0b", 3, 1},
	{"\x80\xff", 2, 1},
	{"\xc0\xaf", 2, 64},
	{"\xed\xa0\x80", 3, 1},
	{"\xf8\x88\x80\x80\x80", 5, 1},
	{"-1", 2, 1},
	{"-2147483648", 11, 1},
	{"2147483648", 10, 1},
	{"4294967296", 10, 1},
	{"18446744073709551616", 20, 1},
	{"9", 1, 1024},
	{"0x7fffffff", 10, 1},
	{"1e9", 3, 1},
	{"0", 1, 4096},
	{"<", 1, 512},
	{">", 1, 512},
	{"\"", 1, 511},
	{"\"\\", 2, 512},
	{"(", 1, 1024},
	{"((a)", 4, 256},
	{";", 1, 1024},
	{",", 1, 1024},
	{"=", 1, 1024},
	{":", 1, 1024},
	{"\\", 1, 1024},
	{"/", 1, 1024},
	{"sip:", 4, 256},
	{"<sip:", 5, 256},
	{"sip:@@@@", 8, 1},
	{"sip:[::::::::::]", 16, 1},
	{"[", 1, 512},
	{"a\r\n b", 5, 64},
	{"\r\n \r\n ", 6, 64},
	{"\x7f", 1, 1},
	{"\x01\x02\x1b[31m", 7, 1},
	{";tag=", 5, 64},
	{";branch=z9hG4bK", 15, 16},
	{"OPTIONS OPTIONS", 15, 1},
	{"1 OPTIONS OPTIONS", 17, 1},
	{"a\nX: b", 6, 1},
	{"a\rX: b", 6, 1},
	{"*", 1, 1},
	{"\xef\xbb\xbf", 3, 1},
	{"../", 3, 256},
	{"';--", 4, 64},
};

enum { VALUES = sizeof(values) / sizeof(values[0]) };

/* What becomes of a line. */
enum change {
	REPLACED,
	MISSING,
	REPEATED, /* once more, with the value */
	CHANGES,
};

/* The lines of a message. The first ones are what an answer is matched by. */
enum { VIA, FROM, CALL_ID, CSEQ, MATCHED, TO = MATCHED };

struct message {
	const char *start;
	struct {
		const char *name;
		char value[256];
		bool missing;
		int replaced, repeated; /* index of a value, or -1 */
	} lines[LINES];
	size_t count;
};

static void message_add(struct message *m, const char *name, const char *value)
{
	m->lines[m->count].name = name;
	m->lines[m->count].replaced = m->lines[m->count].repeated = -1;
	m->lines[m->count].missing = false;
	str_ncpy(m->lines[m->count++].value, value, sizeof(m->lines[0].value));
}

/* What every message has that nobody matches by: no change to it may matter. */
static void message_add_rest(struct message *m)
{
	message_add(m, "Max-Forwards", "70");
	message_add(m, "Contact", "<sip:a@b>");
	message_add(m, "User-Agent", "x");
	message_add(m, "Retry-After", "5");
	message_add(m, "WWW-Authenticate", "Digest realm=\"r\", nonce=\"n\"");
	message_add(m, "X-Unknown", "y");
}

static void message_request(struct message *m)
{
	*m = (struct message){.start = "OPTIONS sip:us@127.0.0.1 SIP/2.0"};
	message_add(m, "Via", "SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bKpeer");
	message_add(m, "From", "<sip:peer@127.0.0.1>;tag=1");
	message_add(m, "Call-ID", "peer");
	message_add(m, "CSeq", "7 OPTIONS");
	message_add(m, "To", "<sip:us@127.0.0.1>");
	message_add_rest(m);
}

/* The answer to the request that waits. */
static void message_response(struct message *m, const struct fixture *f)
{
	static const char *const copied[] = {"Via", "From", "Call-ID", "CSeq", "To"};

	*m = (struct message){.start = "SIP/2.0 200 OK"};
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		message_add(m, copied[i], fixture_field(f, copied[i]));
	message_add_rest(m);
}

static size_t put(char *out, size_t at, const char *p, size_t len)
{
	memcpy(out + at, p, len);
	return at + len;
}

static size_t put_line(char *out, size_t at, const char *name, int value,
		       const char *text)
{
	at = put(out, at, name, strlen(name));
	at = put(out, at, ": ", 2);
	if (value < 0)
		at = put(out, at, text, strlen(text));
	for (size_t i = 0; value >= 0 && i < values[value].times; i++)
		at = put(out, at, values[value].piece, values[value].len);
	return put(out, at, "\r\n", 2);
}

static size_t message_print(char *out, const struct message *m)
{
	size_t at = put(out, 0, m->start, strlen(m->start));

	at = put(out, at, "\r\n", 2);
	for (size_t i = 0; i < m->count; i++) {
		const char *name = m->lines[i].name;

		if (!m->lines[i].missing)
			at = put_line(out, at, name, m->lines[i].replaced,
				      m->lines[i].value);
		if (m->lines[i].repeated >= 0)
			at = put_line(out, at, name, m->lines[i].repeated, "");
	}
	return put(out, at, "\r\n", 2);
}

static void message_change(struct message *m, size_t line, enum change how, int value)
{
	if (how == REPLACED)
		m->lines[line].replaced = value;
	if (how == REPEATED)
		m->lines[line].repeated = value;
	m->lines[line].missing = how == MISSING;
}

static bool message_is_changed(const struct message *m, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		if (m->lines[i].missing || m->lines[i].replaced >= 0 ||
		    m->lines[i].repeated >= 0)
			return true;
	return false;
}

/*
 * What is matched by says another thing: it must be no answer. Nothing but what nobody
 * needs is odd: it is one all the same.
 */
static bool response_is_right(struct bench *b, const struct message *m)
{
	static char buf[MESSAGE_ROOM * 2];
	size_t len = message_print(buf, m);
	bool answered = bench_is_answered(b, buf, len);
	bool right = answered ==
		     (!message_is_changed(m, 0, MATCHED) && len <= GUARD_MESSAGE_MAX);

	if (!answered)
		return bench_goes_on(b) && right;
	fixture_probe(b->t);
	fixture_drain(&b->f);
	(void)fixture_told(&b->f);
	return right;
}

/* One change at a time: every line, every value, replaced, repeated, or gone. */
static void test_responses(void)
{
	size_t wrong = 0, count = 0;
	struct message m;
	struct bench b;

	bench_open(&b);
	for (size_t i = 0; i < VALUES * LINES * CHANGES; i++) {
		size_t line = i / CHANGES % LINES, value = i / CHANGES / LINES;
		enum change how = (enum change)(i % CHANGES);

		message_response(&m, &b.f);
		if (line >= m.count)
			continue;
		message_change(&m, line, how, (int)value);
		count++;
		if (response_is_right(&b, &m))
			continue;
		wrong++;
		printf("# %s, value %zu, change %d\n", m.lines[line].name, value, how);
	}
	ok(!wrong && count > 1500, "%zu responses, none taken for another", count);
	bench_close(&b);
}

/* Start lines that are none: whatever else is right, no answer and no ping. */
static void test_start_lines(void)
{
	static const char *const starts[] = {
		"SIP/2.0 65736 OK",
		"SIP/2.0 4294967496 OK",
		"SIP/2.0 -200 OK",
		"SIP/2.0 0200 OK",
		"SIP/2.0 20 OK",
		"SIP/2.0 2OO OK",
		"SIP/2.0  200 OK",
		"SIP/2.0\t200 OK",
		"SIP/2.00 200 OK",
		"SIP/3.0 200 OK",
		"HTTP/1.1 200 OK",
		"SIP/2.0 200\x01",
		"SIP/2.0 700 OK",
		"SIP/2.0 099 OK",
		"SIP/2.0 %d OK",
		"SIP 200 OK",
		"200 OK",
		"",
		"OPTIONS",
		"OPTIONS SIP/2.0",
		"OPTIONS  SIP/2.0",
		"OPTIONS sip:us SIP/-2.0",
		"OPTIONS sip:us SIP/2.0.0",
		"OPTIONS sip:us",
		"OPTIONS %s%n SIP/2.0",
		"OPTIONS <sip:us> SIP/2.0",
		"OPTIONS sip: SIP/2.0",
		"OPTIONS sip:u@1:2:3 SIP/2.0",
		"OPTIONS\tsip:us\tSIP/2.0",
		"OPTIONS sip:us SIP/99999999999.0",
	};
	static char buf[MESSAGE_ROOM];
	struct message m;
	struct bench b;

	bench_open(&b);
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		message_response(&m, &b.f);
		m.start = starts[i];
		ok(!bench_is_answered(&b, buf, message_print(buf, &m)),
		   "\"%s\" is no answer", starts[i]);
		message_request(&m);
		m.start = starts[i];
		ok(bench_answer_code(&b, buf, message_print(buf, &m)) != 200,
		   "\"%s\" is no ping", starts[i]);
	}
	ok(bench_goes_on(&b), "the probe that waited is answered");
	bench_close(&b);
}

/*
 * 200 where nothing that is needed is odd; where Via, CSeq or To are not what they should
 * be, or any of the five is missing, 400 or no answer; of From and Call-ID some values
 * can be read. Too long a datagram is none.
 */
static bool request_is_right(struct bench *b, const struct message *m)
{
	static char buf[MESSAGE_ROOM * 2];
	size_t len = message_print(buf, m);
	unsigned code = bench_answer_code(b, buf, len);
	bool missing = false, odd = false;

	for (size_t i = 0; i <= TO; i++)
		missing = missing || (m->lines[i].missing && m->lines[i].repeated < 0);
	odd = m->lines[VIA].replaced >= 0 || m->lines[VIA].missing ||
	      m->lines[CSEQ].replaced >= 0 || m->lines[CSEQ].repeated >= 0;
	for (size_t i = FROM; i <= CALL_ID; i++)
		odd = odd || (m->lines[i].repeated >= 0 && !m->lines[i].missing &&
			      m->lines[i].repeated != m->lines[i].replaced);
	if (missing || odd || len > GUARD_MESSAGE_MAX)
		return code == 0 || code == 400;
	if (!message_is_changed(m, 0, TO + 1))
		return code == 200;
	return code == 0 || code == 200 || code == 400;
}

static void test_requests(void)
{
	size_t wrong = 0, count = 0;
	struct message m;
	struct bench b;

	bench_open(&b);
	for (size_t i = 0; i < VALUES * LINES * CHANGES; i++) {
		size_t line = i / CHANGES % LINES, value = i / CHANGES / LINES;
		enum change how = (enum change)(i % CHANGES);

		message_request(&m);
		if (line >= m.count)
			continue;
		message_change(&m, line, how, (int)value);
		count++;
		if (request_is_right(&b, &m))
			continue;
		wrong++;
		printf("# %s, value %zu, change %d\n", m.lines[line].name, value, how);
	}
	ok(!wrong && count > 1500, "%zu requests, each answered in its class", count);
	ok(bench_goes_on(&b), "the probe that waited is answered");
	bench_close(&b);
}

/* Several changes in one message, by a seed that is told. */
static void test_random(void)
{
	unsigned seed = 4475, wrong = 0;
	struct bench b;

	bench_open(&b);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned begun = seed, changes = 1 + (unsigned)rand_r(&seed) % 5;
		struct message response, request;

		message_response(&response, &b.f);
		message_request(&request);
		while (changes--) {
			size_t line = (size_t)rand_r(&seed) % request.count;
			int value = rand_r(&seed) % VALUES;
			enum change how = (enum change)(rand_r(&seed) % CHANGES);

			message_change(&response, line, how, value);
			message_change(&request, line, how, value);
		}
		if (response_is_right(&b, &response) && request_is_right(&b, &request))
			continue;
		wrong++;
		printf("# seed %u\n", begun);
	}
	ok(!wrong, "%d messages of each kind with up to five changes", ROUNDS);
	bench_close(&b);
}

int main(int argc, char *argv[])
{
	static void (*const tests[])(void) = {
		test_rfc4475,  test_rfc5118,	 test_responses,
		test_requests, test_start_lines, test_random,
	};

	data_dir = argc > 1 ? argv[1] : "tests/data";
	return fixture_main(tests, sizeof(tests) / sizeof(tests[0]));
}
