#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sipprobe/message/guard.h"
#include "tests/unit/sipprobe/message/guard_bytes.h"

static void bytes_set(struct bytes *b, const char *text)
{
	b->len = strlen(text);
	memcpy(b->data, text, b->len);
}

/* Puts a response's start line where a request's was. */
static void bytes_make_response(struct bytes *b)
{
	static const char line[] = "SIP/2.0 200 OK\r\n";
	char *end = memmem(b->data, b->len, "\r\n", 2);
	size_t rest = b->len - (end + 2 - b->data);

	memmove(b->data + strlen(line), end + 2, rest);
	memcpy(b->data, line, strlen(line));
	b->len = strlen(line) + rest;
}

static bool pl_is(const struct pl *pl, const char *want)
{
	return want ? pl->p && !pl_strcmp(pl, want) : !pl->p;
}

enum {
	GOOD,
	ODD,   /* read, and said to be odd */
	WRONG, /* a request to be answered with 400 or 505 */
	BAD,
	NONE, /* a response already */
};

static int verdict_of(int err, const struct guard_message *m)
{
	if (err)
		return BAD;
	return m->fault ? WRONG : m->oddity ? ODD : GOOD;
}

static const char *const verdicts[] = {"good", "odd", "wrong", "bad"};

/* What a careful element does: with the datagram, and with a response of the same. */
static const struct {
	const char *name;
	int verdict;
	int as_response;
	const char *because;
} torture[] = {
	{"badaspec", ODD, ODD, "spaces inside the angle brackets of To"},
	{"badbranch", GOOD, GOOD, "a bare magic cookie matches as RFC 2543 did"},
	{"baddate", GOOD, GOOD, "nothing here acts on Date"},
	{"baddn", ODD, ODD, "a comma in an unquoted display name"},
	{"badinv01", WRONG, BAD, "empty parameters in Via"},
	{"badvers", WRONG, BAD, "SIP/7.0, in Via too"},
	{"bcast", BAD, NONE, "a response with a second Via is not for us"},
	{"bext01", GOOD, GOOD, "Require is judged above"},
	{"bigcode", BAD, NONE, "a status code of ten digits"},
	{"clerr", WRONG, BAD, "Content-Length past the datagram's end"},
	{"cparam01", GOOD, GOOD, "Contact is the registrar's"},
	{"cparam02", GOOD, GOOD, "Contact is the registrar's"},
	{"dblreq", GOOD, GOOD, "bytes after the message are ignored"},
	{"esc01", GOOD, GOOD, "escapes are valid"},
	{"esc02", GOOD, GOOD, "an escape is no escape in a method"},
	{"escnull", GOOD, GOOD, "an escaped NUL is not one"},
	{"escruri", WRONG, GOOD, "header fields in the Request-URI"},
	{"insuf", WRONG, BAD, "no Call-ID, From and To"},
	{"intmeth", GOOD, GOOD, "odd and right, quoted NUL included"},
	{"inv2543", GOOD, GOOD, "RFC 2543: no branch, tag, Max-Forwards, length"},
	{"invut", GOOD, GOOD, "the body's type is judged above"},
	{"longreq", GOOD, BAD, "long and right; 34 Vias in a response"},
	{"ltgtruri", WRONG, GOOD, "brackets around the Request-URI"},
	{"lwsdisp", GOOD, GOOD, "no space before the bracket is fine"},
	{"lwsruri", WRONG, GOOD, "a space in the Request-URI"},
	{"lwsstart", WRONG, GOOD, "two spaces in the request line"},
	{"mcl01", WRONG, ODD, "two Content-Lengths"},
	{"mismatch01", WRONG, GOOD, "CSeq names another method"},
	{"mismatch02", WRONG, GOOD, "CSeq names another method"},
	{"mpart01", GOOD, GOOD, "binary body"},
	{"multi01", WRONG, BAD, "From, To, Call-ID and CSeq twice"},
	{"ncl", WRONG, ODD, "a negative Content-Length"},
	{"noreason", GOOD, NONE, "an empty reason phrase"},
	{"novelsc", GOOD, GOOD, "the scheme is judged above"},
	{"quotbal", WRONG, ODD, "a quotation mark without its other"},
	{"regaut01", GOOD, GOOD, "Authorization is judged above"},
	{"regbadct", GOOD, GOOD, "Contact is the registrar's"},
	{"regescrt", GOOD, GOOD, "Contact is the registrar's"},
	{"scalar02", WRONG, BAD, "CSeq over 2^31"},
	{"scalarlg", BAD, NONE, "CSeq over 2^31"},
	{"sdp01", GOOD, GOOD, "Accept is judged above"},
	{"semiuri", GOOD, GOOD, "a semicolon in the user part"},
	{"transports", GOOD, BAD, "unknown transports; five Vias in a response"},
	{"trws", WRONG, GOOD, "spaces after SIP/2.0"},
	{"unkscm", GOOD, GOOD, "the scheme is judged above"},
	{"unksm2", GOOD, GOOD, "the scheme is judged above"},
	{"unreason", GOOD, NONE, "UTF-8 in the reason phrase"},
	{"wsinv", GOOD, BAD, "white space wherever allowed; three Vias in a response"},
	{"zeromf", GOOD, GOOD, "Max-Forwards 0 is for forwarders to refuse"},
};

static void test_torture(void)
{
	static struct bytes b;
	struct guard_message m;
	char file[64];
	int got;

	for (size_t i = 0; i < sizeof(torture) / sizeof(*torture); i++) {
		const char *why = "accepted";

		snprintf(file, sizeof(file), "%s.dat", torture[i].name);
		ok(bytes_load(&b, "rfc4475", file), "%s is there", file);
		got = verdict_of(guard_datagram(&m, b.data, b.len, &why), &m);
		ok(got == torture[i].verdict, "%s: %s (%s)", torture[i].name,
		   torture[i].because, got == WRONG ? m.fault : why);
		if (torture[i].as_response == NONE)
			continue;
		bytes_make_response(&b);
		why = "accepted";
		got = verdict_of(guard_datagram(&m, b.data, b.len, &why), &m);
		ok(got == torture[i].as_response, "%s as a response (%s)",
		   torture[i].name, why);
	}
}

/* A good message, into which the tables below put one oddity each. */
#define VIA    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n"
#define FROM   "From: <sip:a@b.example>;tag=1\r\n"
#define TO     "To: <sip:a@b.example>;tag=2\r\n"
#define ID     "Call-ID: x\r\n"
#define CSEQ   "CSeq: 1 OPTIONS\r\n"
#define LENGTH "Content-Length: 0\r\n"
#define REST   VIA FROM TO ID CSEQ LENGTH "\r\n"

static const struct {
	const char *text;
	int verdict;
} heads[] = {
	{"SIP/2.0 200 OK\r\n" REST, GOOD},
	{"SIP/2.0 100 \r\n" REST, GOOD},
	{"SIP/2.0 200\r\n" REST, GOOD}, /* lenient on purpose, see guard.h */
	{"SIP/2.0 699 \xff\tx\r\n" REST, GOOD},
	{"SIP/2.0 099 OK\r\n" REST, BAD},
	{"SIP/2.0 700 OK\r\n" REST, BAD},
	{"SIP/2.0 20 OK\r\n" REST, BAD},
	{"SIP/2.0 2000 OK\r\n" REST, BAD},
	{"SIP/2.0 200OK\r\n" REST, BAD},
	{"SIP/2.0 200\tOK\r\n" REST, BAD},
	{"SIP/2.0  200 OK\r\n" REST, BAD},
	{"SIP/2.0\t200 OK\r\n" REST, BAD},
	{"sip/2.0 200 OK\r\n" REST, GOOD},
	{" SIP/2.0 200 OK\r\n" REST, BAD},
	{"\r\nSIP/2.0 200 OK\r\n" REST, BAD},
	{"SIP/2.0 200 O\x07K\r\n" REST, BAD},
	{"SIP/2.0 200 O\rK\r\n" REST, BAD},
	{"SIP/2.0 200 OK\n" REST, ODD},
	{"SIP/2.0 200 OK\r\n folded\r\n" REST, ODD},
	{"ICY 200 OK\r\n" REST, BAD},
	{"OPTIONS sip:a@b SIP/2.0\r\n" REST, GOOD},
	{"OPTIONS tel:+1 SIP/2.0\r\n" REST, GOOD},
	{"OPTIONS sip:[2001:db8::1]:5060 SIP/2.0\r\n" REST, GOOD},
	{"options sip:a@b SIP/2.0\r\n" REST, WRONG},
	{"OPTIONS sip:a@b sip/2.0\r\n" REST, GOOD},
	{"OPTIONS sip:a@b SIP/2.0 \r\n" REST, WRONG},
	{"OPTIONS sip:a@b\r\n" REST, BAD},
	{"OPTIONS  SIP/2.0\r\n" REST, WRONG},
	{"OPTIONS sip: SIP/2.0\r\n" REST, WRONG},
	{"OPTIONS 1:x SIP/2.0\r\n" REST, WRONG},
	{"OPTIONS sip:\xc3\xa4@b SIP/2.0\r\n" REST, WRONG},
	{"OPTIONS sip:b?Route=x SIP/2.0\r\n" REST, WRONG},
	{"OPTIONS SIPS:a?b@c?d=e SIP/2.0\r\n" REST, WRONG},
	{"OPTIONS sip:a?b@c SIP/2.0\r\n" REST, GOOD},
	{"OPTIONS http://a/?b SIP/2.0\r\n" REST, GOOD},
	{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", BAD},
	{"", BAD},
	{"\r\n\r\n", BAD},
};

/* Fields in the place of those named. */
static const struct {
	const char *field;
	char without;
	int verdict;
} fields[] = {
	{"v:SIP/2.0/UDP h;branch=z9hG4bKx\r\n", 'v', GOOD},
	{"vIA \t:\r\n\tsip\r\n / 2.0 / udp\r\n h : 5060 ; BRANCH = z \r\n", 'v', GOOD},
	{"Via: SIP/2.0/UDP [2001:db8::1]:5060;received=2001:db8::2;branch=z\r\n", 'v',
	 GOOD},
	{"Via: SIP/2.0/UDP h;branch=z (a \\) (b) c)\r\n", 'v', GOOD},
	{"Via: SIP/2.0/UDP h;x=\"a,;\\\"\";branch=z\r\n", 'v', GOOD},
	{"Via: SIP/2.0/UDP h;rport;branch=z\r\n", 'v', GOOD},
	{"Via: SIP/2.0/UDP h\r\n", 'v', GOOD},
	{"", 'v', BAD},
	{"Via:\r\n", 'v', BAD},
	{"Via: SIP/2.0/UDP\r\n", 'v', BAD},
	{"Via: SIP/2.0 UDP h\r\n", 'v', BAD},
	{"Via: SIP/3.0/UDP h\r\n", 'v', BAD},
	{"Via: SIP/2.0/UDPh;branch=z\r\n", 'v', BAD},
	{"Via: SIP/2.0/UDP h:0;branch=z\r\n", 'v', BAD},
	{"Via: SIP/2.0/UDP h:65536;branch=z\r\n", 'v', BAD},
	{"Via: SIP/2.0/UDP h:;branch=z\r\n", 'v', BAD},
	{"Via: SIP/2.0/UDP [::1;branch=z\r\n", 'v', BAD},
	{"Via: SIP/2.0/UDP [];branch=z\r\n", 'v', BAD},
	{"Via: SIP/2.0/UDP h;branch=\r\n", 'v', BAD},
	{"Via: SIP/2.0/UDP h;branch\r\n", 'v', BAD},
	{"Via: SIP/2.0/UDP h;branch=a;Branch=b\r\n", 'v', BAD},
	{"Via: SIP/2.0/UDP h;branch=a (b\r\n", 'v', BAD},
	{"Via: SIP/2.0/UDP h;branch=a)\r\n", 'v', BAD},
	{"Via: SIP/2.0/UDP h;x=\"a;branch=a\r\n", 'v', BAD},
	{"Via: SIP/2.0/UDP h;branch=z,\r\n", 'v', BAD},
	{"Via: SIP/2.0/UDP h;branch=z,SIP/2.0/UDP g\r\n", 'v', BAD},
	{"f: sip:a@b;tag=1\r\n", 'f', GOOD},
	{"From: a b <sip:a@b>\r\n", 'f', GOOD},
	{"From: \"\\\"<sip:x>;tag=9\" <sip:a@b;tag=8>;TAG=1\r\n", 'f', GOOD},
	{"From: sip:a@b\r\n ; tag\r\n =\r\n 1\r\n", 'f', GOOD},
	{"From: sip:a@b;epid=;tag=1\r\n", 'f', GOOD},
	{"", 'f', BAD},
	{"From: <>;tag=1\r\n", 'f', BAD},
	{"From: <sip:a@b;tag=1\r\n", 'f', BAD},
	{"From: <sip:a@b>>;tag=1\r\n", 'f', BAD},
	{"From: <sip:a@b>tag=1\r\n", 'f', BAD},
	{"From: <sip:a@b>;;tag=1\r\n", 'f', ODD},
	{"From: <sip:a@b>;tag=1;\r\n", 'f', ODD},
	{"From: <sip:a@b>;tag=1;tag=1\r\n", 'f', GOOD},
	{"From: <sip:a@b>;tag=\r\n", 'f', ODD},
	{"From: <sip:a@b>;tag\r\n", 'f', ODD},
	{"From: <sip:a@b>;tag=1,<sip:c@d>\r\n", 'f', BAD},
	{"From: sip:a@b,sip:c@d\r\n", 'f', BAD},
	{"From: sip:a@b?x=y;tag=1\r\n", 'f', ODD},
	{"From: a@b;tag=1\r\n", 'f', ODD},
	{"From: \"a\\\" <sip:a@b>;tag=1\r\n", 'f', BAD},
	{"From: \"a\x01\" <sip:a@b>;tag=1\r\n", 'f', BAD},
	{"From: \"a\\\x01\" <sip:a@b>;tag=1\r\n", 'f', GOOD},
	{"From: \"a\\\\\x01\" <sip:a@b>;tag=1\r\n", 'f', BAD},
	{"t: <sip:a@b>\r\n", 't', GOOD},
	{"", 't', ODD},
	{"t: <sip:a@b>\r\n" TO, 't', ODD},
	{"i:a@b\r\n", 'i', GOOD},
	{"", 'i', BAD},
	{"Call-ID:\r\n", 'i', BAD},
	{"Call-ID: a b\r\n", 'i', BAD},
	{"Call-ID: a\\\x01\r\n", 'i', BAD},
	{"Call-ID: a\r\ni: a\r\n", 'i', ODD},
	{"CSEQ:\r\n 2147483647\r\n\tOPTIONS \r\n", 'c', GOOD},
	{"", 'c', BAD},
	{"CSeq: 2147483648 OPTIONS\r\n", 'c', BAD},
	{"CSeq: 4294967297 OPTIONS\r\n", 'c', BAD},
	{"CSeq: 18446744073709551617 OPTIONS\r\n", 'c', BAD},
	{"CSeq: -1 OPTIONS\r\n", 'c', BAD},
	{"CSeq: 1\r\n", 'c', BAD},
	{"CSeq: 1OPTIONS\r\n", 'c', BAD},
	{"CSeq: OPTIONS\r\n", 'c', BAD},
	{"CSeq: 1 OPTIONS x\r\n", 'c', BAD},
	{CSEQ CSEQ, 'c', ODD},
	{"l: 0\r\n", 'l', GOOD},
	{"Content-Length:00000000000000000000000\r\n", 'l', GOOD},
	{"", 'l', GOOD},
	{"Content-Length:\r\n", 'l', ODD},
	{"Content-Length: 1\r\n", 'l', BAD},
	{"Content-Length: +0\r\n", 'l', ODD},
	{"Content-Length: 0x0\r\n", 'l', ODD},
	{"Content-Length: 0, 0\r\n", 'l', ODD},
	{"Content-Length: 4294967296\r\n", 'l', BAD},
	{"Content-Length: 18446744073709551616\r\n", 'l', BAD},
	{"Content-Length: 0\r\nl: 0\r\n", 'l', ODD},
	{"Max-Forwards: 0070\r\n", 0, GOOD},
	{"Max-Forwards: 256\r\n", 0, ODD},
	{"Max-Forwards: a\r\n", 0, ODD},
	{"Max-Forwards: 1\r\nMax-Forwards: 1\r\n", 0, ODD},
	{"Retry-After: soon\r\n", 0, GOOD},
	{"X:\r\n", 0, GOOD},
	{"X: \"( <\r\n", 0, GOOD},
	{"X:y\r\n \r\n", 0, GOOD},
	{"X: \xe4\xff\r\n", 0, GOOD},
	{"X: a\x7f\r\n", 0, ODD},
	{"X: a\nY: b\r\n", 0, ODD},
	{"X: a\rY: b\r\n", 0, ODD},
	{"X: a\n\r\n", 0, ODD},
	{": a\r\n", 0, ODD},
	{"X a\r\n", 0, ODD},
	{"X\r\n", 0, ODD},
	{"X\r\n : a\r\n", 0, ODD},
	{"X(: a\r\n", 0, ODD},
	{"\xc3\xa4: a\r\n", 0, ODD},
};

static const char *field_unless(char without, char is, const char *field)
{
	return without == is ? "" : field;
}

/* Prints text in one line. */
static const char *shown(const char *text)
{
	static char buf[256];
	size_t n = 0;

	for (; *text && n < sizeof(buf) - 1; text++)
		buf[n++] = *text >= ' ' && *text <= '~' && *text != '#' ? *text : '.';
	buf[n] = '\0';
	return buf;
}

static void test_tables(void)
{
	static struct bytes b;
	struct guard_message m;
	char text[2048];
	int got;

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		bytes_set(&b, heads[i].text);
		got = verdict_of(guard_datagram(&m, b.data, b.len, NULL), &m);
		ok(got == heads[i].verdict, "%s: %.40s", verdicts[heads[i].verdict],
		   shown(heads[i].text));
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		char w = fields[i].without;

		snprintf(text, sizeof(text), "SIP/2.0 200 OK\r\n%s%s%s%s%s%s%s\r\n",
			 field_unless(w, 'v', VIA), field_unless(w, 'f', FROM),
			 field_unless(w, 't', TO), fields[i].field,
			 field_unless(w, 'i', ID), field_unless(w, 'c', CSEQ),
			 field_unless(w, 'l', LENGTH));
		bytes_set(&b, text);
		got = verdict_of(guard_datagram(&m, b.data, b.len, NULL), &m);
		ok(got == fields[i].verdict, "%s: %s for %c", verdicts[fields[i].verdict],
		   shown(fields[i].field), w ? w : '-');
	}
}

/* The parts of the four messages of the thread. */
static const struct {
	const char *name;
	const char *method;
	unsigned code;
	uint32_t cseq;
	const char *via, *branch, *call_id, *from_tag, *to_tag, *ruri;
} thread[] = {
	{"acme_options_tcp.sip", "OPTIONS", 0, 18,
	 "SIP/2.0/TCP 192.0.2.20:5060;branch=z9hG4bK1dftos00203hllce83c1",
	 "z9hG4bK1dftos00203hllce83c1",
	 "fb018378727650901dffb4be0eba91720000090@192.0.2.20",
	 "3a658ae239d0f88a98319696327c3e070000090", NULL,
	 "sip:medsrv.lab.example:5060;transport=tcp"},
	{"lync_200.sip", NULL, 200, 18,
	 "SIP/2.0/TCP 192.0.2.20:5060;branch=z9hG4bK1dftos00203hllce83c1",
	 "z9hG4bK1dftos00203hllce83c1",
	 "fb018378727650901dffb4be0eba91720000090@192.0.2.20",
	 "3a658ae239d0f88a98319696327c3e070000090", "b891de15b", NULL},
	{"lync_options_tcp.sip", "OPTIONS", 0, 4351,
	 "SIP/2.0/TCP 192.0.2.10:50012;branch=z9hG4bKda4bc549", "z9hG4bKda4bc549",
	 "d4e0df91996b43d087e11706fb7c3dae", "6a78177e1", NULL,
	 "sip:opensips.example.net"},
	{"opensips_200.sip", NULL, 200, 4351,
	 "SIP/2.0/TCP 192.0.2.10:50012;branch=z9hG4bKda4bc549", "z9hG4bKda4bc549",
	 "d4e0df91996b43d087e11706fb7c3dae", "6a78177e1",
	 "SD50i1399-5c2eff7ee20883dc6fcfd8e6637f3308.42c7", NULL},
};

static void test_thread(void)
{
	static struct bytes b;
	struct guard_message m = {0};

	for (size_t i = 0; i < sizeof(thread) / sizeof(*thread); i++) {
		const char *name = thread[i].name;

		if (!ok(bytes_load(&b, "thread", name) &&
				!guard_stream(&m, b.data, b.len, NULL),
			"%s is accepted", name))
			continue;
		ok(m.size == b.len && !m.body.l, "%s: whole, without body", name);
		ok(m.code == thread[i].code && m.request == !m.code, "%s: code", name);
		ok(m.cseq == thread[i].cseq && pl_is(&m.cseq_method, "OPTIONS"),
		   "%s: CSeq", name);
		ok(pl_is(&m.method, thread[i].method) && pl_is(&m.ruri, thread[i].ruri),
		   "%s: method and Request-URI", name);
		ok(pl_is(&m.via, thread[i].via) && pl_is(&m.branch, thread[i].branch),
		   "%s: Via and branch", name);
		ok(pl_is(&m.call_id, thread[i].call_id), "%s: Call-ID", name);
		ok(pl_is(&m.from_tag, thread[i].from_tag) &&
			   pl_is(&m.to_tag, thread[i].to_tag),
		   "%s: tags", name);
	}
}

/* White space, folds, quotes and several values on a line: the parts of wsinv. */
static void test_parts(void)
{
	static struct bytes b;
	struct guard_message m;

	bytes_load(&b, "rfc4475", "wsinv.dat");
	ok(!guard_datagram(&m, b.data, b.len, NULL), "wsinv is accepted");
	ok(pl_is(&m.via, "SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw"),
	   "its first Via");
	ok(pl_is(&m.branch, "390skdjuw") && pl_is(&m.from_tag, "98asjd8") &&
		   pl_is(&m.to_tag, "1918181833n"),
	   "its branch and tags");
	ok(m.cseq == 9 && pl_is(&m.cseq_method, "INVITE"), "its CSeq");
	ok(m.body.l == 150 && m.size == b.len, "its body");

	bytes_load(&b, "rfc4475", "dblreq.dat");
	ok(!guard_datagram(&m, b.data, b.len, NULL) && m.body.l == 0 && m.size == 300,
	   "dblreq ends where its Content-Length says");

	bytes_set(&b,
		  "OPTIONS sip:a SIP/2.0\r\n"
		  "Via: SIP/2.0/UDP h;x=\",\";branch=z (,) , SIP/2.0/UDP g;branch=y\r\n"
		  "From: \"\\\"<sip:x>;tag=9\" <sip:a@b;tag=8>;TAG=1\r\n" TO ID CSEQ
		  "\r\nbody");
	ok(!guard_datagram(&m, b.data, b.len, NULL), "odd parts are accepted");
	ok(pl_is(&m.via, "SIP/2.0/UDP h;x=\",\";branch=z (,)"), "commas in a Via value");
	ok(pl_is(&m.branch, "z") && pl_is(&m.from_tag, "1"), "the right branch and tag");
	ok(pl_is(&m.body, "body") && m.size == b.len,
	   "the rest of a datagram is the body");
}

/* The number of a copy, as we write it; a peer may have made anything else of it. */
static void test_copy(void)
{
	static const struct {
		const char *text;
		unsigned copy;
	} row[] = {
		{";siptrunk-copy=07", 7},
		{";siptrunk-copy=99", 99},
		{";siptrunk-copy=100", 0},
		{";siptrunk-copy=7a", 0},
		{";siptrunk-copy=a", 0},
		{";siptrunk-copy", 0},
		{"", 0},
	};
	static struct bytes b;
	struct guard_message m;
	char text[256];

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		snprintf(text, sizeof(text),
			 "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z%s\r\n%s%s%s%s",
			 row[i].text, FROM, TO, ID, CSEQ "\r\n");
		bytes_set(&b, text);
		ok(!guard_datagram(&m, b.data, b.len, NULL) && m.copy == row[i].copy,
		   "copy %u of \"%s\"", row[i].copy, row[i].text);
	}
}

/* All of a message as it came, found again from its parts. */
static void test_bytes(void)
{
	static const char *const texts[] = {
		"OPTIONS sip:a SIP/2.0\r\n" REST,
		"SIP/2.0 200 OK\r\n" REST,
		"SIP/2.0 200 \r\n" REST,
		"SIP/2.0 200\r\n" REST,
	};
	static struct bytes b;
	struct guard_message m;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct pl all = {0};

		bytes_set(&b, texts[i]);
		if (!guard_datagram(&m, b.data, b.len, NULL))
			all = guard_bytes(&m);
		ok(all.p == (const char *)b.data && all.l == b.len, "%.15s: all of it",
		   texts[i]);
	}
}

static const struct {
	const char *value;
	int seconds;
} retry_afters[] = {
	{"120", 120},
	{"120 (at lunch)", 120},
	{"120;duration=3600", 120},
	{"0", 0},
	{"2147483647", 2147483647},
	{"2147483648", -1},
	{"949302838503028349304023988", -1},
	{"-1", -1},
	{"12a", -1},
	{"Fri, 01 Jan 2010 16:00:00 GMT", -1},
	{"", -1},
};

static void test_retry_after(void)
{
	static struct bytes b;
	struct guard_message m = {.retry_after_s = 77};
	char text[512];

	for (size_t i = 0; i < sizeof(retry_afters) / sizeof(*retry_afters); i++) {
		snprintf(text, sizeof(text), "SIP/2.0 503 x\r\nRetry-After: %s\r\n" REST,
			 retry_afters[i].value);
		bytes_set(&b, text);
		ok(!guard_datagram(&m, b.data, b.len, NULL) &&
			   m.retry_after_s == retry_afters[i].seconds,
		   "Retry-After: %s", retry_afters[i].value);
	}
	bytes_set(&b, "SIP/2.0 503 x\r\n" REST);
	ok(!guard_datagram(&m, b.data, b.len, NULL) && m.retry_after_s == -1,
	   "no Retry-After");
}

static void test_hostile(void)
{
	static const char *const files[][2] = {
		{"hostile_responses", "a_65736"},
		{"hostile_responses", "b_http"},
		{"hostile_responses", "c_v7"},
		{"hostile_responses", "d_99"},
		{"hostile_responses", "g_2e32_200"},
		{"slow_parse", "B_cseq_digits_01000"},
		{"slow_parse", "B_cseq_digits_02000"},
		{"slow_parse", "B_cseq_digits_04000"},
		{"slow_parse", "B_cseq_digits_07900"},
		{"slow_parse", "B_cseq_digits_16000"},
		{"slow_parse", "B_cseq_digits_32000"},
	};
	static struct bytes b;
	struct guard_message m;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		ok(bytes_load(&b, files[i][0], files[i][1]) &&
			   guard_datagram(&m, b.data, b.len, NULL) == EBADMSG &&
			   guard_stream(&m, b.data, b.len, NULL) == EBADMSG,
		   "%s is refused", files[i][1]);
	}
	bytes_load(&b, "slow_parse", "A_from_colon_32000");
	ok(!guard_datagram(&m, b.data, b.len, NULL) && m.oddity &&
		   pl_is(&m.from_tag, "1"),
	   "a From of colons is read all the same");
}

/* What is odd or wrong is said in words, and what was read of it. */
static const struct {
	const char *text;
	const char *oddity;
	const char *fault;
	unsigned code;
} told[] = {
	{"SIP/2.0 200 OK\r\nBox 1 (Oslo)\r\n" REST, "a line that is no header field"},
	{"SIP/2.0 200 OK\r\nX: a\x01\r\n" REST, "control byte in a header field"},
	{"SIP/2.0 200 OK\r\nX: a\\\n\r\n" REST, "control byte in a header field"},
	{"SIP/2.0 200 OK\r\n" ID REST, "a header field given twice"},
	{"SIP/2.0 200 OK\r\nMax-Forwards: 999\r\n" REST,
	 "Max-Forwards that is no number to 255"},
	{"SIP/2.0 200 OK\r\n" VIA FROM TO ID CSEQ, "no empty line after the head"},
	{"SIP/2.0 200 OK\r\n" VIA FROM ID CSEQ "\r\n", "no To"},
	{"SIP/2.0 200 OK\n" REST, "lines that end in LF alone"},
	{"SIP/2.0 200 OK\r\nContent-Length: 5\r\n" REST, "a header field given twice"},
	{"OPTIONS <sip:a> SIP/2.0\r\n" REST, NULL, "malformed Request-URI", 400},
	{"OPTIONS sip:a SIP/2.0 \r\n" REST, NULL,
	 "request line with white space out of place", 400},
	{"OPTIONS sip:a SIP/3.0\r\n" REST, NULL, "another version than SIP/2.0", 505},
	{"OPTIONS sip:a\x01 SIP/2.0\r\n" REST, NULL, "control byte in the request line",
	 400},
	{"OPTIONS sip:a SIP/2.0\r\n" VIA TO ID CSEQ "\r\n", NULL, "no From", 400},
	{"OPTIONS sip:a SIP/2.0\r\n" VIA FROM ID CSEQ "\r\n", "no To", "no To", 400},
	{"OPTIONS sip:a SIP/2.0\r\nCall-ID: y\r\n" REST, "a header field given twice",
	 "two Call-IDs that differ", 400},
	{"OPTIONS sip:a SIP/2.0\r\nCall-ID: y z\r\n" VIA FROM TO CSEQ "\r\n", NULL,
	 "malformed Call-ID", 400},
	{"OPTIONS sip:a SIP/2.0\r\nCSeq: 1 INFO\r\n" VIA FROM TO ID "\r\n", NULL,
	 "CSeq names another method", 400},
	{"OPTIONS sip:a SIP/2.0\r\nCall-ID: \x01\r\n" VIA FROM TO CSEQ "\r\n", NULL,
	 "control byte in Via, From, Call-ID or CSeq", 400},
	{"OPTIONS sip:a SIP/2.0\r\nContent-Length: 9\r\n" VIA FROM TO ID CSEQ "\r\n",
	 NULL, "datagram shorter than its Content-Length", 400},
	{"OPTIONS sip:a SIP/2.0\r\nContent-Length: x\r\n" VIA FROM TO ID CSEQ "\r\n",
	 "a Content-Length that says nothing", "Content-Length is not one number", 400},
	{"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP\r\n" FROM TO ID CSEQ "\r\n", NULL,
	 "malformed Via", 400},
	{"OPTIONS x:y SIP/2.0\r\n" REST, NULL, NULL, 0},
	{"OPTIONS wx:y SIP/2.0\r\n" REST, NULL, NULL, 0},
	{"OPTIONS sip:a@ SIP/2.0\r\n" REST, NULL, NULL, 0},
	{"OPTIONS sip:a SIP/2.0\r\nContent-Length: \x01\r\nMax-Forwards: \x01\r\n" REST,
	 "control byte in a header field", "Content-Length is not one number", 400},
};

static void test_told(void)
{
	static struct bytes b;
	struct guard_message m;

	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		bytes_set(&b, told[i].text);
		m = (struct guard_message){0};
		ok(!guard_datagram(&m, b.data, b.len, NULL), "read: %.40s",
		   shown(told[i].text));
		is_str(m.oddity ? m.oddity : "", told[i].oddity ? told[i].oddity : "",
		       "its oddity");
		is_str(m.fault ? m.fault : "", told[i].fault ? told[i].fault : "",
		       "its fault");
		is_int(m.fault_code, told[i].code, "and what to answer");
	}
}

static const struct {
	const char *text;
	const char *why;
} refused[] = {
	{"SIP/2.0 200 OK\r\nCall-ID: y\r\n" REST, "two Call-IDs that differ"},
	{"SIP/2.0 200 OK\r\nCSeq: 2 OPTIONS\r\n" REST, "two CSeqs that differ"},
	{"SIP/2.0 200 OK\r\nFrom: <sip:a@b.example>;tag=9\r\n" REST,
	 "two Froms that differ"},
	{"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=a\nb\r\n" FROM TO ID CSEQ "\r\n",
	 "control byte in Via, From, Call-ID or CSeq"},
	{"SIP/2.0 200 OK\r\n" VIA REST, "response with more than one Via"},
	{"SIP/2.0 200 OK\r\n" FROM TO ID CSEQ "\r\n", "no Via"},
	{"SIP/2.0 200 OK\r\n" VIA FROM TO CSEQ "\r\n", "no Call-ID"},
	{"SIP/2.0 200 OK\r\n" VIA FROM "To", "datagram ends inside its head"},
	{"SIP/2.0 200 OK\r\nl: 4\r\n" VIA FROM TO ID CSEQ "\r\nabc",
	 "datagram shorter than its Content-Length"},
	{"SIP/2.0 200 O\x01K\r\n" REST, "control byte in the status line"},
	{"OPTIONS sip:a SIP/2.0\r\n" FROM TO ID CSEQ "\r\n", "no Via"},
	{"GET / HTTP/1.1\r\n" REST, "request line without SIP/2.0 at its end"},
};

static void test_refused(void)
{
	static struct bytes b;
	struct guard_message m;

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		const char *why = "";

		bytes_set(&b, refused[i].text);
		is_int(guard_datagram(&m, b.data, b.len, &why), EBADMSG,
		       shown(refused[i].text));
		is_str(why, refused[i].why, "why");
	}
}

/* On a stream a message has one length, or nobody knows where the next one begins. */
static void test_framing(void)
{
	static const struct {
		const char *start;
		const char *fields;
		const char *why; /* of a response; the fault of a request */
	} cases[] = {
		{"SIP/2.0 200 OK", LENGTH, NULL},
		{"SIP/2.0 200 OK", LENGTH LENGTH, NULL},
		{"SIP/2.0 200 OK", "", "stream message without Content-Length"},
		{"SIP/2.0 200 OK", LENGTH "l: 1\r\n", "Content-Length is not one number"},
		{"SIP/2.0 200 OK", "l: +0\r\n", "Content-Length is not one number"},
		{"SIP/2.0 200 OK", "l: \x01\r\n", "Content-Length is not one number"},
		{"SIP/2.0 200 OK", "l: 70000\r\n", "message too long"},
		{"OPTIONS sip:a SIP/2.0", "", "stream message without Content-Length"},
		{"OPTIONS sip:a SIP/2.0", LENGTH "l: 1\r\n",
		 "Content-Length is not one number"},
		{"OPTIONS sip:a SIP/2.0", "l: 70000\r\n", "message too long"},
	};
	struct guard_message m;
	char text[1024];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool request = *cases[i].start == 'O';
		const char *why = NULL;
		int n = snprintf(text, sizeof(text),
				 "%s\r\n" VIA FROM TO ID CSEQ "%s\r\n", cases[i].start,
				 cases[i].fields);
		int err = guard_stream(&m, text, (size_t)n, &why);

		is_int(err, cases[i].why && !request ? EBADMSG : 0, cases[i].start);
		if (!err)
			why = m.fault;
		is_str(why ? why : "", cases[i].why ? cases[i].why : "", "why");
		ok(err || m.unframed == request, "whether another may follow");
	}
}

/* A head of @fields fields beside the mandatory ones, the last @line bytes long. */
static void bytes_fill(struct bytes *b, size_t count, size_t line, size_t body)
{
	size_t n;

	b->len = sprintf(
		b->data,
		"SIP/2.0 200 OK\r\n" VIA FROM TO ID CSEQ "Content-Length: %zu\r\n", body);
	for (size_t i = 1; i < count; i++)
		b->len += sprintf(b->data + b->len, "X:\r\n");
	if (count) {
		n = sprintf(b->data + b->len, "X:");
		memset(b->data + b->len + n, 'x', line - n);
		memcpy(b->data + b->len + line, "\r\n", 2);
		b->len += line + 2;
	}
	b->len += sprintf(b->data + b->len, "\r\n");
	if (b->len + body < sizeof(b->data))
		memset(b->data + b->len, 'b', body);
	b->len += body;
}

static void test_limits(void)
{
	static struct bytes b;
	struct guard_message m;
	const char *why = NULL;
	size_t head;

	bytes_fill(&b, 12000, 100, 0);
	ok(!guard_datagram(&m, b.data, b.len, NULL),
	   "as many fields as there is room for");
	bytes_fill(&b, 1, 65000, 0);
	ok(!guard_datagram(&m, b.data, b.len, NULL) &&
		   !guard_stream(&m, b.data, b.len, NULL),
	   "a line as long as a message");

	bytes_fill(&b, 0, 0, 0);
	head = b.len;
	bytes_fill(&b, 0, 0, GUARD_MESSAGE_MAX - head - 4);
	ok(!guard_datagram(&m, b.data, b.len, NULL) && m.size == GUARD_MESSAGE_MAX,
	   "as long a message as allowed");
	bytes_fill(&b, 0, 0, GUARD_MESSAGE_MAX - head - 3);
	ok(guard_stream(&m, b.data, head + 4, &why) == EBADMSG,
	   "one byte more is refused before it comes");
	is_str(why, "message too long", "why");
	ok(guard_datagram(&m, b.data, GUARD_MESSAGE_MAX + 1, &why) == EBADMSG,
	   "a longer datagram is refused");
}

/* Lines that never end: refused when they are as long as a message may be. */
static void test_open_ends(void)
{
	static const char *const starts[] = {
		"OPTIONS sip:",
		"SIP/2.0 200 ",
		"SIP/2.0 200 OK\r\nX",
		"SIP/2.0 200 OK\r\nX: ",
	};
	static struct bytes b;
	struct guard_message m;

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		memset(b.data, 'x', sizeof(b.data));
		memcpy(b.data, starts[i], strlen(starts[i]));
		ok(guard_stream(&m, b.data, GUARD_MESSAGE_MAX - 1, NULL) == EAGAIN &&
			   guard_stream(&m, b.data, GUARD_MESSAGE_MAX, NULL) == EBADMSG,
		   "%s… does not go on for ever", shown(starts[i]));
	}
	memset(b.data, 'x', sizeof(b.data));
	ok(guard_stream(&m, b.data, 100, NULL) == EBADMSG, "nor does a method");
}

/* Byte by byte, a long line costs no more than its length. */
static void test_dripped(void)
{
	struct guard_progress g = {.pos = 0};
	static struct bytes b;
	struct guard_message m;
	int64_t begun_ns = clock_monotonic_ns();
	int err = EAGAIN;

	bytes_fill(&b, 1, 64000, 0);
	for (size_t len = 1; len <= b.len && err == EAGAIN; len++)
		err = guard_stream_resume(&m, &g, b.data, len, NULL);
	is_int(err, 0, "a line of 64,000 bytes, a byte at a time");
	/* Searched from its beginning each time it would be two thousand million steps.
	 */
	ok(clock_monotonic_ns() - begun_ns < CLOCK_NS_PER_S / 2, "in linear time");
}

/* Every beginning of a message that cannot become one is refused at once. */
static void test_early(void)
{
	static const char *const openings[] = {
		"\x16\x03\x01",
		"HTTP/1.1 200 OK",
		"SIP/7",
		"SIP/2.0 7",
		"SIP/2.0 2x",
		"SIP/2.0 2000",
		"SIP/2.0 200 OK\r\nCSeq: x\r\nY",
		"SIP/2.0 200 OK\r\n\r\n",
	};
	struct guard_message m;

	for (size_t i = 0; i < sizeof(openings) / sizeof(*openings); i++) {
		size_t len = strlen(openings[i]);

		ok(guard_stream(&m, openings[i], len, NULL) == EBADMSG &&
			   (len < 2 || guard_stream(&m, openings[i], 1, NULL) != 0),
		   "%s is refused at once", shown(openings[i]));
	}
}

static void test_fields(void)
{
	static struct bytes b;
	struct guard_message m;
	struct pl name, value;
	size_t pos = 0, n = 0;
	static const char *const want[][2] = {
		{"a", "1"},
		{"B", "2\r\n 3"},
		{"c", ""},
		{"d", "4"},
	};

	bytes_set(&b, "SIP/2.0 200 OK\r\n"
		      "a:1\r\nB : \r\n 2\r\n 3 \r\nc:\r\nd:\t4\t\r\n" REST);
	ok(!guard_datagram(&m, b.data, b.len, NULL), "fields to walk");
	for (; n < 4 && guard_next_field(&m, &pos, &name, &value); n++)
		ok(pl_is(&name, want[n][0]) && pl_is(&value, want[n][1]), "field %s",
		   want[n][0]);
	while (guard_next_field(&m, &pos, &name, &value))
		n++;
	ok(n == 10 && pos == m.fields.l, "all fields were walked");
	ok(pl_is(&name, "Content-Length") && guard_field_is(&name, "content-length", 'l'),
	   "names match in any case");
	bytes_set(&b, "SIP/2.0 200 OK\r\na: \x01\r\nb: 1\r\n" REST);
	ok(!guard_datagram(&m, b.data, b.len, NULL), "a field with a control byte");
	pos = 0;
	ok(guard_next_field(&m, &pos, &name, &value) && pl_is(&name, "b"),
	   "is walked past");
	bytes_set(&b, "SIP/2.0 200 OK\r\nno field\r\nb: 1\r\n" REST);
	ok(!guard_datagram(&m, b.data, b.len, NULL), "a line that is no field");
	pos = 0;
	ok(guard_next_field(&m, &pos, &name, &value) && pl_is(&name, "b"),
	   "is walked past too");
	pl_set_str(&name, "L");
	ok(guard_field_is(&name, "Content-Length", 'l'), "compact names match too");
	ok(!guard_field_is(&name, "Content-Length", 0), "unless there is none");
	ok(!guard_field_is(&name, "Location", 'm'), "other compact names do not");
}

/* Keep-alives: white space without an end, and a row of zeros of some length. */
static void test_idle_bytes(void)
{
	static const char spaces[100] = {[0 ... 99] = '\n'};
	static const char zeros[GUARD_ZEROS_MAX + 2];
	uint8_t row = 0;

	is_int(guard_idle_bytes(spaces, sizeof(spaces), NULL), sizeof(spaces), "any");
	is_int(guard_idle_bytes(zeros, sizeof(zeros), NULL), GUARD_ZEROS_MAX, "so many");
	is_int(guard_idle_bytes("\r\n\0 \tSIP", 8, NULL), 5, "until something begins");
	is_int(guard_idle_bytes(zeros, GUARD_ZEROS_MAX - 1, &row), GUARD_ZEROS_MAX - 1,
	       "a row in two reads");
	is_int(guard_idle_bytes(zeros, 2, &row), 1, "is one row");
	row = GUARD_ZEROS_MAX - 1;
	is_int(guard_idle_bytes("\n", 1, &row), 1, "white space");
	is_int(row, 0, "ends it");
}

int main(int argc, char *argv[])
{
	if (argc < 2)
		return 1;
	data_dir = argv[1];
	test_torture();
	test_tables();
	test_thread();
	test_parts();
	test_copy();
	test_bytes();
	test_retry_after();
	test_hostile();
	test_limits();
	test_told();
	test_refused();
	test_framing();
	test_open_ends();
	test_dripped();
	test_early();
	test_fields();
	test_idle_bytes();
	return tap_done();
}
