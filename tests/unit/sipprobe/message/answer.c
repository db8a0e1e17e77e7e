#include <errno.h>
#include <stdlib.h>

#include "sipprobe/message/answer.h"
#include "tests/unit/exporter/store/kept.h"

static const struct siphash_key key = {{1, 2}};

/* What every 200 ends with. */
#define CAPABILITIES                                                                     \
	"Accept: application/sdp\r\nAccept-Encoding: identity\r\n"                       \
	"Accept-Language: en\r\nSupported:\r\nAllow: OPTIONS\r\n"
#define END                                                                              \
	"Server: siptrunk_exporter/1\r\nUser-Agent: siptrunk_exporter/1\r\n"             \
	"Content-Length: 0\r\n\r\n"

/* A request from its lines, and the answer's bytes. */
#define REQUEST(line, via, more)                                                         \
	line " SIP/2.0\r\n" via "\r\nFrom: <sip:p@h>;tag=f\r\nTo: <sip:us>\r\n"          \
	     "Call-ID: c\r\nCSeq: 7 OPTIONS\r\n" more "Content-Length: 0\r\n\r\n"
#define IDENTITY                                                                         \
	"From: <sip:p@h>;tag=f\r\nTo: <sip:us>;tag=TAG\r\nCall-ID: c\r\n"                \
	"CSeq: 7 OPTIONS\r\n"
#define OK(via)	  "SIP/2.0 200 OK\r\n" via "\r\n" IDENTITY CAPABILITIES END
#define OPT(via)  REQUEST("OPTIONS sip:us", via, "")
#define VIA(rest) "Via: SIP/2.0/UDP " rest

static const struct {
	const char *name;
	const char *request;
	const char *src;
	uint16_t src_port;
	const char *answer;
	const char *dst; /* over UDP */
} table[] = {
	{"sent-by is the source", OPT(VIA("192.0.2.9:5070;branch=z")), "192.0.2.9", 40000,
	 OK(VIA("192.0.2.9:5070;branch=z")), "192.0.2.9:5070"},
	{"no port in sent-by", OPT(VIA("192.0.2.9;branch=z")), "192.0.2.9", 40000,
	 OK(VIA("192.0.2.9;branch=z")), "192.0.2.9:5060"},
	{"sent-by is another address", OPT(VIA("10.0.0.1:5070;branch=z")), "192.0.2.9",
	 40000, OK(VIA("10.0.0.1:5070;received=192.0.2.9;branch=z")), "192.0.2.9:5070"},
	{"sent-by is a name", OPT(VIA("sbc.example;branch=z")), "192.0.2.9", 40000,
	 OK(VIA("sbc.example;received=192.0.2.9;branch=z")), "192.0.2.9:5060"},
	{"rport", OPT(VIA("192.0.2.9:5070;rport;branch=z")), "192.0.2.9", 40000,
	 OK(VIA("192.0.2.9:5070;received=192.0.2.9;rport=40000;branch=z")),
	 "192.0.2.9:40000"},
	{"rport at the end", OPT(VIA("a.example;branch=z; RPORT ")), "192.0.2.9", 40000,
	 OK(VIA("a.example;received=192.0.2.9;branch=z; rport=40000")),
	 "192.0.2.9:40000"},
	{"rport with a value", OPT(VIA("192.0.2.9;branch=z;rport= 1")), "192.0.2.9",
	 40000, OK(VIA("192.0.2.9;received=192.0.2.9;branch=z;rport=40000")),
	 "192.0.2.9:40000"},
	{"rport with an empty value", OPT(VIA("192.0.2.9;rport= ;branch=z")), "192.0.2.9",
	 40000, OK(VIA("192.0.2.9;received=192.0.2.9;rport=40000;branch=z")),
	 "192.0.2.9:40000"},
	{"a received of the sender's own",
	 OPT(VIA("a.example;received=198.51.100.1;branch=z")), "192.0.2.9", 40000,
	 OK(VIA("a.example;received=192.0.2.9;branch=z")), "192.0.2.9:5060"},
	{"both of the sender's own",
	 OPT(VIA("h;rport=1;branch=z;received=198.51.100.1;x")), "192.0.2.9", 40000,
	 OK(VIA("h;rport=40000;branch=z;received=192.0.2.9;x")), "192.0.2.9:40000"},
	{"both, the other way round", OPT(VIA("h;received=::1;branch=z;rport")),
	 "192.0.2.9", 40000, OK(VIA("h;received=192.0.2.9;branch=z;rport=40000")),
	 "192.0.2.9:40000"},
	{"maddr names somebody else", OPT(VIA("192.0.2.9;maddr=198.51.100.1;branch=z")),
	 "192.0.2.9", 40000, OK(VIA("192.0.2.9;maddr=198.51.100.1;branch=z")),
	 "192.0.2.9:5060"},
	{"IPv6", OPT(VIA("[2001:DB8:0::1]:5070;branch=z")), "2001:db8::1", 40000,
	 OK(VIA("[2001:DB8:0::1]:5070;branch=z")), "[2001:db8::1]:5070"},
	{"IPv6, another address", OPT(VIA("[2001:db8::1];rport;branch=z")), "2001:db8::2",
	 40000, OK(VIA("[2001:db8::1];received=2001:db8::2;rport=40000;branch=z")),
	 "[2001:db8::2]:40000"},
	{"an IPv4-mapped source", OPT(VIA("198.51.100.9;branch=z")),
	 "::ffff:198.51.100.9", 40000, OK(VIA("198.51.100.9;branch=z")), NULL},
	{"an IPv4-mapped source that differs", OPT(VIA("192.0.2.8;branch=z")),
	 "::ffff:198.51.100.9", 40000,
	 OK(VIA("192.0.2.8;received=198.51.100.9;branch=z")), NULL},
	{"odd spacing",
	 OPT("VIA \t: SIP / 2.0\r\n\t/ UDP  h : 5070 ;\r\n rport ; branch = z"),
	 "192.0.2.9", 40000,
	 OK("Via: SIP / 2.0\r\n\t/ UDP  h : 5070;received=192.0.2.9 ;\r\n rport=40000 ; "
	    "branch = z"),
	 "192.0.2.9:40000"},
	{"several Vias, two on a line",
	 OPT("v: SIP/2.0/UDP a;branch=z,SIP/2.0/UDP b;rport\r\nVia: SIP/2.0/TCP c"),
	 "192.0.2.9", 40000,
	 OK("Via: SIP/2.0/UDP a;received=192.0.2.9;branch=z\r\nVia: SIP/2.0/UDP "
	    "b;rport\r\n"
	    "Via: SIP/2.0/TCP c"),
	 "192.0.2.9:5060"},
	{"compact names",
	 "OPTIONS sip:us SIP/2.0\r\nv:SIP/2.0/UDP 192.0.2.9\r\nf:sip:p@h;tag=f\r\n"
	 "t:sip:us\r\ni:c\r\nCSeq:7 OPTIONS\r\nl:0\r\n\r\n",
	 "192.0.2.9", 40000,
	 "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.9\r\nFrom: sip:p@h;tag=f\r\n"
	 "To: sip:us;tag=TAG\r\nCall-ID: c\r\nCSeq: 7 OPTIONS\r\n" CAPABILITIES END,
	 "192.0.2.9:5060"},
	{"Max-Forwards 0 has arrived",
	 REQUEST("OPTIONS sip:us", VIA("192.0.2.9"), "Max-Forwards: 0\r\n"), "192.0.2.9",
	 5060, OK(VIA("192.0.2.9")), "192.0.2.9:5060"},
	{"Record-Route is not copied",
	 REQUEST("OPTIONS sip:us", VIA("192.0.2.9"), "Record-Route: <sip:r;lr>\r\n"),
	 "192.0.2.9", 5060, OK(VIA("192.0.2.9")), "192.0.2.9:5060"},
	{"a Via that cannot be read is copied", OPT("Via: SIP/2.0/UDP 192.0.2.9:x"),
	 "192.0.2.9", 40000,
	 "SIP/2.0 400 Bad Request: malformed Via\r\nVia: SIP/2.0/UDP "
	 "192.0.2.9:x\r\n" IDENTITY END,
	 "192.0.2.9:40000"},
	{"what is missing is left out",
	 "OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9\r\nTo: <sip:us>\r\n"
	 "Call-ID: a b\r\nCSeq: 7 INFO\r\n\r\n",
	 "192.0.2.9", 40000,
	 "SIP/2.0 400 Bad Request: malformed Call-ID\r\nVia: SIP/2.0/UDP 192.0.2.9\r\n"
	 "To: <sip:us>;tag=TAG\r\nCall-ID: a b\r\nCSeq: 7 INFO\r\n" END,
	 "192.0.2.9:5060"},
	{"a CSeq that cannot be read is copied",
	 "OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9\r\nTo: <sip:us>\r\n"
	 "From: <sip:p@h>;tag=f\r\nCall-ID: c\r\nCSeq: 99999999999 OPTIONS\r\n\r\n",
	 "192.0.2.9", 40000,
	 "SIP/2.0 400 Bad Request: CSeq without a number under 2^31\r\n"
	 "Via: SIP/2.0/UDP 192.0.2.9\r\nFrom: <sip:p@h>;tag=f\r\nTo: <sip:us>;tag=TAG\r\n"
	 "Call-ID: c\r\nCSeq: 99999999999 OPTIONS\r\n" END,
	 "192.0.2.9:5060"},
	{"another version",
	 "OPTIONS sip:us SIP/3.0\r\nVia: SIP/2.0/UDP 192.0.2.9\r\nFrom: "
	 "<sip:p@h>;tag=f\r\n"
	 "To: <sip:us>\r\nCall-ID: c\r\nCSeq: 7 OPTIONS\r\n\r\n",
	 "192.0.2.9", 40000,
	 "SIP/2.0 505 Version Not Supported: another version than SIP/2.0\r\n"
	 "Via: SIP/2.0/UDP 192.0.2.9\r\n" IDENTITY END,
	 "192.0.2.9:5060"},
	{"control bytes become spaces",
	 REQUEST("OPTIONS sip:us", VIA("192.0.2.9"), "X: 1\r\nTo: <sip:us>\x01\n\r\n"),
	 "192.0.2.9", 5060, OK(VIA("192.0.2.9")), "192.0.2.9:5060"},
	{"lines that end in LF",
	 "OPTIONS sip:us SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9\nFrom: <sip:p@h>\n  ;tag=f\n"
	 "To: <sip:us>\nCall-ID: c\nCSeq: 7 OPTIONS\n\n",
	 "192.0.2.9", 40000,
	 "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.9\r\nFrom: <sip:p@h>   ;tag=f\r\n"
	 "To: <sip:us>;tag=TAG\r\nCall-ID: c\r\nCSeq: 7 OPTIONS\r\n" CAPABILITIES END,
	 "192.0.2.9:5060"},
	{"extensions required",
	 REQUEST("OPTIONS sip:us", VIA("192.0.2.9"),
		 "Require: a, b\r\nProxy-Require: x\r\nREQUIRE: c\r\n"),
	 "192.0.2.9", 5060,
	 "SIP/2.0 420 Bad Extension\r\n" VIA(
		 "192.0.2.9") "\r\n" IDENTITY
			      "Unsupported: a, b\r\nUnsupported: c\r\n" END,
	 "192.0.2.9:5060"},
	{"required in the first field",
	 "OPTIONS sip:us SIP/2.0\r\nRequire: a\r\nVia: SIP/2.0/UDP 192.0.2.9\r\n"
	 "From: <sip:p@h>;tag=f\r\nTo: <sip:us>\r\nCall-ID: c\r\nCSeq: 7 OPTIONS\r\n\r\n",
	 "192.0.2.9", 5060,
	 "SIP/2.0 420 Bad Extension\r\n" VIA("192.0.2.9") "\r\n" IDENTITY
							  "Unsupported: a\r\n" END,
	 "192.0.2.9:5060"},
	{"nothing required",
	 REQUEST("OPTIONS sip:us", VIA("192.0.2.9"), "Require:\r\nProxy-Require: x\r\n"),
	 "192.0.2.9", 5060, OK(VIA("192.0.2.9")), "192.0.2.9:5060"},
	{"a scheme of nobody's",
	 REQUEST("OPTIONS sipx:us", VIA("192.0.2.9"), "Require: a\r\n"), "192.0.2.9",
	 5060,
	 "SIP/2.0 416 Unsupported URI Scheme\r\n" VIA("192.0.2.9") "\r\n" IDENTITY END,
	 "192.0.2.9:5060"},
	{"a telephone number", REQUEST("OPTIONS TEL:+4721", VIA("192.0.2.9"), ""),
	 "192.0.2.9", 5060, OK(VIA("192.0.2.9")), "192.0.2.9:5060"},
};

/* Puts TAG where a To tag of ours stands. Returns whether there was one. */
static bool tag_hide(char *text)
{
	char *to = strstr(text, "\r\nTo:"), *tag = to ? strstr(to, ";tag=") : NULL;
	size_t len;

	if (!tag || tag > strstr(to + 2, "\r\n"))
		return false;
	tag += 5;
	len = strspn(tag, "0123456789abcdef");
	if (len != 16)
		return false;
	memmove(tag + 3, tag + len, strlen(tag + len) + 1);
	memcpy(tag, "TAG", 3);
	return true;
}

/* The answer to a request, as a string of static storage; "" for none. */
static char *answer_text(const char *request, size_t request_len, const struct sa *src)
{
	static char buf[ANSWER_MAX + 1];
	struct answer_info info = {
		.src = src, .agent = "siptrunk_exporter/1", .tag = key};
	struct guard_message m;
	size_t len = 0;

	buf[0] = '\0';
	if (guard_datagram(&m, request, request_len, NULL))
		return buf;
	info.code = answer_code(&m);
	if (!answer_make(buf, ANSWER_MAX, &len, &m, &info))
		buf[len] = '\0';
	return buf;
}

/* libre makes IPv4 of an IPv4-mapped text; a socket's address is as it comes. */
static void source_set(struct sa *src, const char *text, uint16_t port)
{
	uint8_t addr[16] = {[10] = 0xff, [11] = 0xff};
	struct sa v4;

	sa_set_str(src, text, port);
	if (strncmp(text, "::ffff:", 7) != 0)
		return;
	sa_set_str(&v4, text + 7, port);
	memcpy(addr + 12, &v4.u.in.sin_addr, 4);
	sa_set_in6(src, addr, port);
}

static void test_table(void)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const char *request = table[i].request;
		struct sa src, dst;
		struct guard_message m;
		char text[80], *answer;

		source_set(&src, table[i].src, table[i].src_port);
		answer = answer_text(request, strlen(request), &src);
		ok(*answer, "%s: there is an answer", table[i].name);
		ok(tag_hide(answer), "%s: To has a tag", table[i].name);
		is_str(answer, table[i].answer, table[i].name);
		/* How an IPv4-mapped address is printed is libre's affair. */
		if (!table[i].dst || guard_datagram(&m, request, strlen(request), NULL))
			continue;
		answer_destination(&dst, &m, &src);
		re_snprintf(text, sizeof(text), "%J", &dst);
		is_str(text, table[i].dst, "where it goes");
	}
}

static const struct {
	const char *method;
	unsigned code;
} methods[] = {
	{"OPTIONS", 200}, {"INVITE", 405}, {"REGISTER", 405}, {"BYE", 405},
	{"options", 405}, {"X", 405},	   {"CANCEL", 481},   {"ACK", 0},
};

static void test_methods(void)
{
	struct sa src;
	char text[512];

	sa_set_str(&src, "192.0.2.9", 5060);
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		unsigned code = 0;
		char *answer;

		snprintf(text, sizeof(text),
			 "%s sip:us SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: sip:a@b\r\n"
			 "To: sip:us\r\nCall-ID: c\r\nCSeq: 7 %s\r\nRequire: x\r\n\r\n",
			 i ? methods[i].method : "BYE", i ? methods[i].method : "BYE");
		if (!i)
			snprintf(text, sizeof(text), "%s", OPT(VIA("h")));
		answer = answer_text(text, strlen(text), &src);
		ok((sscanf(answer, "SIP/2.0 %u", &code) == 1 ? code : 0) ==
			   methods[i].code,
		   "%s is answered %u", methods[i].method, methods[i].code);
		ok((strstr(answer, "\r\nAllow: OPTIONS\r\n") != NULL) ==
			   (code == 200 || code == 405),
		   "%s: Allow", methods[i].method);
	}
}

static void test_never(void)
{
	static const char response[] =
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h\r\nFrom: sip:a@b\r\n"
		"To: sip:c@d\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n";
	struct answer_info info = {.agent = "x"};
	struct guard_message m;
	size_t len = 77;
	char buf[8];

	ok(!guard_datagram(&m, response, strlen(response), NULL), "a response");
	is_int(answer_code(&m), 0, "is never answered");
	ok(answer_make(buf, sizeof(buf), &len, &m, &info) == EINVAL && len == 77,
	   "nor can be");
}

/* Any size too small is told, and nothing is written past it. */
static void test_size(void)
{
	static const char request[] = OPT(VIA("h;rport;branch=z"));
	struct answer_info info = {.code = 200, .agent = "x", .tag = key};
	struct guard_message m;
	size_t need = 0, wrong = 0;
	char whole[1024], *buf;
	struct sa src;

	sa_set_str(&src, "192.0.2.9", 5060);
	info.src = &src;
	ok(!guard_datagram(&m, request, strlen(request), NULL) &&
		   !answer_make(whole, sizeof(whole), &need, &m, &info),
	   "an answer of %zu bytes", need);
	for (size_t size = 0; size <= need; size++) {
		size_t len = 77;

		buf = malloc(size ? size : 1);
		if (size < need)
			wrong += answer_make(buf, size, &len, &m, &info) != EMSGSIZE ||
				 len != 77;
		else
			wrong += answer_make(buf, size, &len, &m, &info) || len != need ||
				 memcmp(buf, whole, need) != 0;
		free(buf);
	}
	ok(!wrong, "fits exactly, and in nothing less");
	ok(need < strlen(request) + 300, "and is not much longer than the request");
}

static void test_contact(void)
{
	static const char request[] = OPT(VIA("192.0.2.9;branch=z"));
	struct guard_message m;
	struct sa src;

	sa_set_str(&src, "192.0.2.9", 5060);
	ok(!guard_datagram(&m, request, strlen(request), NULL), "a ping");
	for (unsigned code = 200; code <= 405; code += 205) {
		struct answer_info info = {.code = code,
					   .src = &src,
					   .agent = "x",
					   .contact = "sip:us@sbc.example"};
		char buf[1024];
		size_t len = 0;

		ok(!answer_make(buf, sizeof(buf) - 1, &len, &m, &info), "answered");
		buf[len] = '\0';
		is_int(strstr(buf, "\r\nContact: <sip:us@sbc.example>\r\n") != NULL,
		       code == 200, "Contact in a 200 alone");
	}
}

static void test_tags(void)
{
	/* The last is the first again; between them each differs from all others. */
	static const struct {
		const char *branch, *from_tag, *call_id;
		unsigned cseq;
	} requests[] = {
		{"a", "f", "c", 7}, {"b", "f", "c", 7}, {"a", "g", "c", 7},
		{"a", "f", "d", 7}, {"a", "f", "c", 8}, {"a", "f", "c", 7},
	};
	static const char tagged[] =
		"OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9\r\nFrom: "
		"sip:a@b\r\n"
		"To: sip:us;tag=mine\r\nCall-ID: c\r\nCSeq: 7 OPTIONS\r\n\r\n";
	char tags[ARRAY_SIZE(requests)][64], text[512];
	struct sa src;

	sa_set_str(&src, "192.0.2.9", 5060);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		snprintf(text, sizeof(text),
			 "OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=%s\r\n"
			 "From: <sip:p@h>;tag=%s\r\nTo: <sip:us>\r\nCall-ID: %s\r\n"
			 "CSeq: %u OPTIONS\r\n\r\n",
			 requests[i].branch, requests[i].from_tag, requests[i].call_id,
			 requests[i].cseq);
		snprintf(tags[i], sizeof(tags[i]), "%.40s",
			 strstr(answer_text(text, strlen(text), &src), "To: "));
		for (size_t k = 0; k < i; k++)
			ok(!strcmp(tags[k], tags[i]) == (!k && i == 5),
			   "requests %zu and %zu: tags", k, i);
	}
	ok(strstr(answer_text(tagged, strlen(tagged), &src),
		  "\r\nTo: sip:us;tag=mine\r\n"),
	   "a tag that is there stays");
}

/* The pings of the thread: what must be in the answer, in this order. */
static const struct {
	const char *name;
	const char *src;
	const char *lines[8];
} pings[] = {
	{"acme_options_tcp.sip",
	 "192.0.2.20",
	 {"SIP/2.0 200 OK\r\n",
	  "Via: SIP/2.0/TCP 192.0.2.20:5060;branch=z9hG4bK1dftos00203hllce83c1\r\n",
	  "From: <sip:ping@192.0.2.20>;tag=3a658ae239d0f88a98319696327c3e070000090\r\n",
	  "To: <sip:ping@192.0.2.10>;tag=TAG\r\n",
	  "Call-ID: fb018378727650901dffb4be0eba91720000090@192.0.2.20\r\n",
	  "CSeq: 18 OPTIONS\r\n", CAPABILITIES, END}},
	{"lync_options_tcp.sip",
	 "198.51.100.7",
	 {"SIP/2.0 200 OK\r\n",
	  "Via: SIP/2.0/TCP "
	  "192.0.2.10:50012;received=198.51.100.7;branch=z9hG4bKda4bc549\r\n",
	  "From: <sip:medsrv.lab.example;transport=Tcp;ms-opaque=ecf1ab4a34dd4f06>"
	  ";epid=A30F2498B7;tag=6a78177e1\r\n",
	  "To: <sip:opensips.example.net>;tag=TAG\r\n",
	  "Call-ID: d4e0df91996b43d087e11706fb7c3dae\r\n", "CSeq: 4351 OPTIONS\r\n",
	  CAPABILITIES, END}},
};

static void test_pings(const char *data_dir)
{
	char path[512], request[2048], want[2048], *answer;
	struct sa src;

	for (size_t i = 0; i < sizeof(pings) / sizeof(*pings); i++) {
		size_t len, n = 0;

		snprintf(path, sizeof(path), "%s/thread/%s", data_dir, pings[i].name);
		len = kept_read(request, sizeof(request), path);
		for (size_t j = 0; j < 8; j++)
			n += snprintf(want + n, sizeof(want) - n, "%s",
				      pings[i].lines[j]);
		sa_set_str(&src, pings[i].src, 50012);
		answer = answer_text(request, len, &src);
		tag_hide(answer);
		is_str(answer, want, pings[i].name);
	}
}

int main(int argc, char *argv[])
{
	if (argc < 2)
		return 1;
	test_table();
	test_methods();
	test_never();
	test_size();
	test_contact();
	test_tags();
	test_pings(argv[1]);
	return tap_done();
}
