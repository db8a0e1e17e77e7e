/*
 * SDP: what we write, what peers answer and offer, and one row for every way in which one
 * may be wrong. What libre's decoder alone takes wrongly is among them.
 */
#include <stdlib.h>

#include "sipprobe/media/sdp.h"
#include "sipprobe/media/sdp_crypto.h"
#include "tests/unit/tap.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\n"
#define ADDR "c=IN IP4 192.0.2.9\r\n"
#define TIME "t=0 0\r\n"
#define TOP  HEAD ADDR TIME
#define PCMU "m=audio 5000 RTP/AVP 0\r\n"
#define KEY  "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"

static struct sa sa_of(const char *text)
{
	struct sa sa;

	sa_init(&sa, AF_INET);
	if (sa_set_str(&sa, text, 5060))
		abort();
	return sa;
}

static struct sdp_local local_of(const char *address, unsigned codecs, bool secure)
{
	static const enum media_codec all[] = {MEDIA_PCMU, MEDIA_PCMA};
	struct sa sa = sa_of(address);
	struct sdp_local l;

	sa_set_port(&sa, 20000);
	if (sdp_local_init(&l, &sa, 20001, all, codecs, secure))
		abort();
	return l;
}

/* To our offer of PCMU, PCMA and telephone-event by a peer at 192.0.2.1. */
static const struct {
	const char *name;
	enum sdp_fault fault;
	const char *text;
} answers[] = {
	{"plain", SDP_OK, TOP PCMU},
	{"PCMU and PCMA", SDP_OK, TOP "m=audio 5000 RTP/AVP 0 8\r\n"},
	{"lines that end in LF", SDP_OK,
	 "v=0\nc=IN IP4 192.0.2.9\nm=audio 5000 RTP/AVP 0\n"},
	{"no CRLF at the end", SDP_OK, TOP "m=audio 5000 RTP/AVP 0"},
	{"an empty line at the end", SDP_OK, TOP PCMU "\r\n"},
	{"an address of the stream", SDP_OK,
	 HEAD "c=IN IP4 media.example\r\n" TIME PCMU ADDR},
	{"an unknown attribute and a tab", SDP_OK, TOP PCMU "a=x:\ty\r\n"},
	{"spaces at the ends of lines", SDP_OK,
	 HEAD "c=IN IP4 192.0.2.9 \r\n" TIME "m=audio 5000 RTP/AVP 0  \r\n"},
	{"bandwidth", SDP_OK, TOP "b=AS:80\r\n" PCMU},

	{"nothing", SDP_EMPTY, ""},
	{"an empty line", SDP_EMPTY, "\r\n"},
	{"no v=", SDP_BAD_VERSION, "o=- 1 1 IN IP4 192.0.2.9\r\n" ADDR PCMU},
	{"v=1", SDP_BAD_VERSION, "v=1\r\n" ADDR PCMU},
	{"v=0 twice", SDP_BAD_VERSION, "v=0\r\nv=0\r\n" ADDR PCMU},
	{"a space before a line", SDP_BAD_LINE, TOP " m=audio 5000 RTP/AVP 0\r\n"},
	{"an empty line in the middle", SDP_BAD_LINE, TOP "\r\n" PCMU},
	{"a line of one letter", SDP_BAD_LINE, TOP "m\r\n" PCMU},
	{"a capital type", SDP_BAD_LINE, TOP "M=audio 5000 RTP/AVP 0\r\n"},
	{"a lone CR", SDP_BAD_LINE, TOP "a=x\ra=y\r\n" PCMU},
	{"an escape", SDP_BAD_LINE, TOP "a=\033[2J\r\n" PCMU},
	{"two addresses of a stream", SDP_BAD_LINE, TOP PCMU ADDR ADDR},
	{"c= that is none", SDP_BAD_LINE, HEAD "c=192.0.2.9\r\n" PCMU},
	{"c= of IP5", SDP_BAD_LINE, HEAD "c=IN IP5 192.0.2.9\r\n" PCMU},

	{"no address", SDP_NO_ADDRESS, HEAD TIME PCMU},
	{"a name", SDP_ADDRESS_NAME, HEAD "c=IN IP4 media.example\r\n" PCMU},
	{"an empty one", SDP_BAD_LINE, HEAD "c=IN IP4 \r\n" PCMU},
	{"IPv4 that is cut", SDP_ADDRESS_NAME, HEAD "c=IN IP4 192.0.2\r\n" PCMU},
	{"a number with zeros", SDP_ADDRESS_NAME, HEAD "c=IN IP4 0300.0.2.9\r\n" PCMU},
	{"IPv6 as IP4", SDP_ADDRESS_NAME, HEAD "c=IN IP4 2001:db8::1\r\n" PCMU},
	{"more after it", SDP_ADDRESS_NAME, HEAD "c=IN IP4 192.0.2.9 x\r\n" PCMU},
	{"multicast with TTL", SDP_ADDRESS_UNUSABLE,
	 HEAD "c=IN IP4 224.2.1.1/127\r\n" PCMU},
	{"multicast without", SDP_ADDRESS_UNUSABLE, HEAD "c=IN IP4 239.1.2.3\r\n" PCMU},
	{"0.0.0.0", SDP_ADDRESS_UNUSABLE, HEAD "c=IN IP4 0.0.0.0\r\n" PCMU},
	{"0.1.2.3", SDP_ADDRESS_UNUSABLE, HEAD "c=IN IP4 0.1.2.3\r\n" PCMU},
	{"broadcast", SDP_ADDRESS_UNUSABLE, HEAD "c=IN IP4 255.255.255.255\r\n" PCMU},
	{"240/4", SDP_ADDRESS_UNUSABLE, HEAD "c=IN IP4 240.0.0.1\r\n" PCMU},
	{"our own host", SDP_ADDRESS_LOOPBACK, HEAD "c=IN IP4 127.0.0.1\r\n" PCMU},
	{"another of it", SDP_ADDRESS_LOOPBACK, HEAD "c=IN IP4 127.9.8.7\r\n" PCMU},
	{"IPv6", SDP_ADDRESS_FAMILY, HEAD "c=IN IP6 2001:db8::9\r\n" PCMU},

	{"port 0", SDP_REFUSED, TOP "m=audio 0 RTP/AVP 0\r\n"},
	{"port 70000", SDP_BAD_PORT, TOP "m=audio 70000 RTP/AVP 0\r\n"},
	{"port 4294972296", SDP_BAD_PORT, TOP "m=audio 4294972296 RTP/AVP 0\r\n"},
	{"port 5000/2", SDP_BAD_PORT, TOP "m=audio 5000/2 RTP/AVP 0\r\n"},
	{"port 53", SDP_BAD_PORT, TOP "m=audio 53 RTP/AVP 0\r\n"},
	{"port -1", SDP_BAD_PORT, TOP "m=audio -1 RTP/AVP 0\r\n"},
	{"port 65535, RTCP where none is", SDP_BAD_PORT,
	 TOP "m=audio 65535 RTP/AVP 0\r\n"},
	{"port 65535, RTCP elsewhere", SDP_OK,
	 TOP "m=audio 65535 RTP/AVP 0\r\na=rtcp:5001\r\n"},

	{"no stream", SDP_NO_AUDIO, TOP},
	{"a fax", SDP_NO_AUDIO, TOP "m=image 5000 udptl t38\r\n"},
	{"AUDIO", SDP_BAD_STREAM, TOP "m=AUDIO 5000 RTP/AVP 0\r\n"},
	{"a letter before it", SDP_BAD_STREAM, TOP "m=Xaudio 5000 RTP/AVP 0\r\n"},
	{"m= without formats", SDP_BAD_STREAM, TOP "m=audio 5000 RTP/AVP\r\n"},
	{"two spaces", SDP_BAD_STREAM, TOP "m=audio 5000 RTP/AVP 0  8\r\n"},
	{"two streams for one", SDP_STREAMS_DIFFER, TOP PCMU "m=video 0 RTP/AVP 31\r\n"},
	{"three streams", SDP_TOO_MANY_STREAMS, TOP PCMU PCMU PCMU},
	{"SRTP, not asked for", SDP_NOT_PLAIN, TOP "m=audio 5000 RTP/SAVP 0\r\n"},
	{"another profile", SDP_BAD_PROFILE, TOP "m=audio 5000 UDP/TLS/RTP/SAVPF 0\r\n"},

	{"a codec that was not offered", SDP_NO_CODEC, TOP "m=audio 5000 RTP/AVP 18\r\n"},
	{"events alone", SDP_NO_CODEC,
	 TOP "m=audio 5000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n"},
	{"PCMU of 16 kHz", SDP_NO_CODEC, TOP PCMU "a=rtpmap:0 PCMU/16000\r\n"},
	{"0 under another name", SDP_NO_CODEC, TOP PCMU "a=rtpmap:0 L16/8000\r\n"},
	{"a type beyond 127", SDP_NO_CODEC,
	 TOP "m=audio 5000 RTP/AVP 300\r\na=rtpmap:300 PCMU/8000\r\n"},
	{"PCMU under a number of its own", SDP_OK,
	 TOP "m=audio 5000 RTP/AVP 97\r\na=rtpmap:97 pcmu/8000\r\n"},

	{"ptime 5", SDP_BAD_PTIME, TOP PCMU "a=ptime:5\r\n"},
	{"ptime 200", SDP_BAD_PTIME, TOP PCMU "a=ptime:200\r\n"},
	{"ptime many", SDP_BAD_PTIME, TOP PCMU "a=ptime:many\r\n"},
	{"ptime 4294967316", SDP_BAD_PTIME, TOP PCMU "a=ptime:4294967316\r\n"},
	{"maxptime 10", SDP_BAD_PTIME, TOP PCMU "a=maxptime:10\r\n"},
	{"maxptime 150", SDP_OK, TOP PCMU "a=maxptime:150\r\n"},
	{"ptime 30", SDP_OK, TOP PCMU "a=ptime:30\r\n"},

	{"an rtpmap that is none", SDP_UNREADABLE, TOP PCMU "a=rtpmap:0\r\n"},
	{"a bandwidth that is none", SDP_UNREADABLE, TOP "b=x\r\n" PCMU},
};

static void test_answers(void)
{
	struct sdp_local ours = local_of("192.0.2.5", 2, false);
	struct sa peer = sa_of("192.0.2.1");

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct sdp_remote r = {.ptime_ms = 77};
		enum sdp_fault got = sdp_answer_read(&r, &ours, &peer, answers[i].text,
						     strlen(answers[i].text));

		if (!ok(got == answers[i].fault && (!got || r.ptime_ms == 77), "%s: %s",
			answers[i].name,
			*sdp_fault_text(answers[i].fault)
				? sdp_fault_text(answers[i].fault)
				: "taken"))
			printf("# got: %s\n", sdp_fault_text(got));
	}
}

/* Each of the bounds: as many as may be, and one more. */
static void test_bounds(void)
{
	static const struct {
		const char *line, *before, *after;
		unsigned most;
		enum sdp_fault fault;
	} cases[] = {
		{"a=x\r\n", TOP PCMU, "", 64 - 6, SDP_TOO_MANY_LINES},
		{" 0", TOP "m=audio 5000 RTP/AVP", "\r\n", 32, SDP_TOO_MANY_FORMATS},
		{"a=rtpmap:0 PCMU/8000\r\n", TOP PCMU, "", 32, SDP_TOO_MANY_RTPMAPS},
		{"y", TOP PCMU "a=x", "\r\n", 4096 - sizeof(TOP PCMU "a=x") + 1 - 2,
		 SDP_TOO_LONG},
	};
	struct sdp_local ours = local_of("192.0.2.5", 2, false);
	struct sa peer = sa_of("192.0.2.1");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned more = 0; more < 2; more++) {
			static char text[9000];
			struct sdp_remote r;
			enum sdp_fault got;

			strcpy(text, cases[i].before);
			for (unsigned n = 0; n < cases[i].most + more; n++)
				strcat(text, cases[i].line);
			strcat(text, cases[i].after);
			got = sdp_answer_read(&r, &ours, &peer, text, strlen(text));
			if (!ok(got == (more ? cases[i].fault : SDP_OK), "%u: %s",
				cases[i].most + more,
				more ? sdp_fault_text(cases[i].fault) : "taken"))
				printf("# got: %s\n", sdp_fault_text(got));
		}
	}
}

static void test_answer_fields(void)
{
	struct sdp_local ours = local_of("192.0.2.5", 2, false);
	struct sa peer = sa_of("192.0.2.1"), want = sa_of("192.0.2.77");
	struct sdp_remote r;
	static const char text[] = TOP
		"a=sendonly\r\nm=audio 5000 RTP/AVP 18 96 8 0\r\n"
		"c=IN IP4 192.0.2.77\r\na=rtpmap:96 telephone-event/8000\r\n"
		"a=rtpmap:8 PCMA/8000\r\na=ptime:40\r\na=rtcp:6001 IN IP4 192.0.2.78\r\n";

	is_int(sdp_answer_read(&r, &ours, &peer, text, strlen(text)), SDP_OK,
	       "an answer");
	sa_set_port(&want, 5000);
	ok(sa_cmp(&r.rtp, &want, SA_ALL), "the stream's address before the session's");
	want = sa_of("192.0.2.78");
	sa_set_port(&want, 6001);
	ok(sa_cmp(&r.rtcp, &want, SA_ALL), "RTCP where it says");
	ok(r.codec == MEDIA_PCMA && r.codec_type == 8, "the first codec that both have");
	is_int(r.event_type, 96, "telephone-event");
	is_int(r.ptime_ms, 40, "ptime");
	is_str(sdp_way_name(r.way), "sendonly", "the way, of the session");
	ok(!r.secure && !r.rtcp_mux && !*r.other, "and nothing else");
}

static void test_only_codec(void)
{
	static const enum media_codec pcma[] = {MEDIA_PCMA};
	struct sa sa = sa_of("192.0.2.5"), peer = sa_of("192.0.2.1");
	struct sdp_remote r;
	struct sdp_local ours;

	is_int(sdp_local_init(&ours, &sa, 1, pcma, 1, false), 0, "PCMA alone");
	/* SIPp answers so, whatever it was offered. */
	is_int(sdp_answer_read(&r, &ours, &peer, TOP PCMU, strlen(TOP PCMU)),
	       SDP_NO_CODEC, "answered by PCMU");
}

static void test_loopback_peer(void)
{
	struct sdp_local ours = local_of("127.0.0.1", 1, false);
	struct sa peer = sa_of("127.0.0.2");
	struct sdp_remote r;
	static const char text[] = HEAD "c=IN IP4 127.0.0.3\r\n" PCMU;

	is_int(sdp_answer_read(&r, &ours, &peer, text, strlen(text)), SDP_OK,
	       "a peer on this host may name this host");
}

static void test_ipv6(void)
{
	static const struct {
		const char *peer, *line;
		enum sdp_fault fault;
	} cases[] = {
		{"2001:db8::1", "c=IN IP6 2001:db8::9", SDP_OK},
		{"2001:db8::1", "c=IN IP4 192.0.2.9", SDP_ADDRESS_FAMILY},
		{"2001:db8::1", "c=IN IP6 ::", SDP_ADDRESS_UNUSABLE},
		{"2001:db8::1", "c=IN IP6 ff02::1", SDP_ADDRESS_UNUSABLE},
		{"2001:db8::1", "c=IN IP6 ::ffff:192.0.2.9", SDP_ADDRESS_UNUSABLE},
		{"2001:db8::1", "c=IN IP6 fe80::1", SDP_ADDRESS_UNUSABLE},
		{"2001:db8::1", "c=IN IP6 fe80::1%eth0", SDP_ADDRESS_NAME},
		{"2001:db8::1", "c=IN IP6 ::1", SDP_ADDRESS_LOOPBACK},
		{"::1", "c=IN IP6 ::1", SDP_OK},
	};
	struct sdp_local ours = local_of("2001:db8::5", 2, false);
	char offer[SDP_BYTES];

	(void)sdp_offer_write(offer, &ours);
	ok(strstr(offer, "c=IN IP6 2001:db8::5\r\n") != NULL, "our own address");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sa peer = sa_of(cases[i].peer);
		struct sdp_remote r;
		char text[300];

		snprintf(text, sizeof(text), HEAD "%s\r\n" TIME PCMU, cases[i].line);
		is_int(sdp_answer_read(&r, &ours, &peer, text, strlen(text)),
		       cases[i].fault, cases[i].line);
	}
}

static void test_offer_text(void)
{
	struct sdp_local ours = local_of("192.0.2.5", 2, false);
	char offer[SDP_BYTES];
	size_t len;

	ours.id = 4711;
	len = sdp_offer_write(offer, &ours);
	is_str(offer,
	       "v=0\r\no=- 4711 1 IN IP4 192.0.2.5\r\ns=-\r\nc=IN IP4 192.0.2.5\r\n"
	       "t=0 0\r\nm=audio 20000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\n"
	       "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
	       "a=fmtp:101 0-15\r\na=ptime:20\r\na=rtcp:20001\r\na=sendrecv\r\n",
	       "our offer");
	is_int((int)len, (int)strlen(offer), "its length");
}

/* What a peer offers, what we answer. */
static const struct {
	const char *name, *offer, *answer; /* from its m= on; NULL: refused */
} offers[] = {
	{"as we would",
	 TOP "m=audio 5000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n",
	 "m=audio 20000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
	 "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
	 "a=ptime:20\r\na=rtcp:20001\r\na=sendrecv\r\n"},
	{"A before µ, held, with RTCP beside RTP",
	 TOP "m=audio 5000 RTP/AVP 9 8 0\r\na=sendonly\r\na=rtcp-mux\r\n",
	 "m=audio 20000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
	 "a=ptime:20\r\na=rtcp-mux\r\na=recvonly\r\n"},
	{"its own numbers",
	 TOP "m=audio 5000 RTP/AVP 98 96\r\na=rtpmap:98 PCMA/8000\r\n"
	     "a=rtpmap:96 telephone-event/8000\r\na=recvonly\r\n",
	 "m=audio 20000 RTP/AVP 98 96\r\na=rtpmap:98 PCMA/8000\r\n"
	 "a=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\n"
	 "a=ptime:20\r\na=rtcp:20001\r\na=sendonly\r\n"},
	{"video first", TOP "m=video 6000 RTP/AVP 31 32\r\n" PCMU "a=inactive\r\n",
	 "m=video 0 RTP/AVP 31\r\nm=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
	 "a=ptime:20\r\na=rtcp:20001\r\na=inactive\r\n"},
	{"a fax second", TOP PCMU "m=image 6000 udptl t38\r\n",
	 "m=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
	 "a=rtcp:20001\r\na=sendrecv\r\nm=image 0 udptl t38\r\n"},
	{"SRTP or not, as two streams", TOP "m=audio 6000 RTP/SAVP 0\r\n" PCMU,
	 "m=audio 0 RTP/SAVP 0\r\nm=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
	 "a=ptime:20\r\na=rtcp:20001\r\na=sendrecv\r\n"},
	{"first audio refused, second not", TOP "m=audio 0 RTP/AVP 0\r\n" PCMU,
	 "m=audio 0 RTP/AVP 0\r\nm=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
	 "a=ptime:20\r\na=rtcp:20001\r\na=sendrecv\r\n"},
	{"a second stream of a long name",
	 TOP PCMU "m=application 6000 TCP/DTLS/SCTP/AND/SO/ON/AND/ON/AND/ON/AND/ON "
		  "webrtc-datachannel\r\n",
	 NULL},
};

static void test_offers(void)
{
	struct sdp_local ours = local_of("192.0.2.5", 2, false);
	struct sa peer = sa_of("192.0.2.1");

	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		struct sdp_remote r;
		char out[SDP_BYTES];
		enum sdp_fault got = sdp_offer_read(&r, &ours, &peer, offers[i].offer,
						    strlen(offers[i].offer));

		if (!offers[i].answer) {
			ok(got != SDP_OK, "%s: %s", offers[i].name, sdp_fault_text(got));
			continue;
		}
		is_int(got, SDP_OK, offers[i].name);
		(void)sdp_answer_write(out, &ours, &r);
		is_str(strstr(out, "m="), offers[i].answer, "… its answer");
	}
}

/* SDES: our offer, a peer's answer, and the other way round. */
static void test_secure(void)
{
	struct sdp_local a = local_of("192.0.2.5", 2, true);
	struct sdp_local b = local_of("192.0.2.1", 2, true);
	struct sa at_a = sa_of("192.0.2.5"), at_b = sa_of("192.0.2.1");
	struct sdp_remote seen_by_b, seen_by_a;
	char text[SDP_BYTES];

	(void)sdp_offer_write(text, &a);
	ok(strstr(text, "RTP/SAVP 0 8 101\r\n") &&
		   strstr(text, "a=crypto:3 AES_CM_128_HMAC_SHA1_32"),
	   "an offer of SRTP and three suites");
	is_int(sdp_offer_read(&seen_by_b, &b, &at_a, text, strlen(text)), SDP_OK, "read");
	ok(seen_by_b.secure && seen_by_b.crypto.tag == 1 &&
		   !memcmp(seen_by_b.crypto.key, a.cryptos[0].key, 30),
	   "with the first suite and its key");
	(void)sdp_answer_write(text, &b, &seen_by_b);
	is_int(sdp_answer_read(&seen_by_a, &a, &at_b, text, strlen(text)), SDP_OK,
	       "answered");
	ok(seen_by_a.crypto_index == 0 &&
		   !memcmp(seen_by_a.crypto.key, b.cryptos[0].key, 30),
	   "with a key of the other end");
	sdp_local_wipe(&a);
	ok(!a.cryptos[0].key[0] && !a.cryptos[2].key[29], "keys are wiped");
}

static void test_secure_faults(void)
{
	static const struct {
		const char *name, *lines;
		enum sdp_fault fault;
	} cases[] = {
		{"none", "", SDP_NO_CRYPTO},
		{"as offered", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "\r\n", SDP_OK},
		{"the third", "a=crypto:3 AES_CM_128_HMAC_SHA1_32 " KEY "\r\n", SDP_OK},
		{"a tag that was not offered",
		 "a=crypto:4 AES_CM_128_HMAC_SHA1_80 " KEY "\r\n", SDP_BAD_CRYPTO},
		{"a tag with another suite",
		 "a=crypto:1 AES_CM_128_HMAC_SHA1_32 " KEY "\r\n", SDP_BAD_CRYPTO},
		{"a lifetime", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "|2^31\r\n",
		 SDP_OK},
		{"a key identifier",
		 "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "|2^31|1:4\r\n",
		 SDP_NO_CRYPTO},
		{"an identifier without a lifetime",
		 "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "|1:4\r\n", SDP_NO_CRYPTO},
		{"session parameters",
		 "a=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY " UNENCRYPTED_SRTP\r\n",
		 SDP_NO_CRYPTO},
		{"a short key", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAEC\r\n",
		 SDP_NO_CRYPTO},
		{"no key", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\r\n",
		 SDP_NO_CRYPTO},
		{"a key that is no base64",
		 "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
		 "inline:!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!\r\n",
		 SDP_NO_CRYPTO},
		{"a suite of another world", "a=crypto:1 F8_128_HMAC_SHA1_80 " KEY "\r\n",
		 SDP_NO_CRYPTO},
		{"one that is known after one that is not",
		 "a=crypto:9 F8_128_HMAC_SHA1_80 " KEY
		 "\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY "\r\n",
		 SDP_OK},
	};
	struct sdp_local ours = local_of("192.0.2.5", 2, true);
	struct sa peer = sa_of("192.0.2.1");
	struct sdp_remote r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[700];

		snprintf(text, sizeof(text), TOP "m=audio 5000 RTP/SAVP 0\r\n%s",
			 cases[i].lines);
		is_int(sdp_answer_read(&r, &ours, &peer, text, strlen(text)),
		       cases[i].fault, cases[i].name);
	}
	is_int(sdp_answer_read(&r, &ours, &peer, TOP PCMU, strlen(TOP PCMU)),
	       SDP_NOT_SECURE, "RTP in the clear where SRTP is wanted");
}

static void test_names(void)
{
	int missing = 0;

	for (int f = SDP_OK + 1; f < SDP_FAULTS; f++)
		missing += !sdp_fault_text((enum sdp_fault)f) ||
			   !*sdp_fault_text((enum sdp_fault)f);
	is_int(missing, 0, "each fault has its sentence");
	is_int((int)sdp_suite_key_bytes(SDP_AEAD_AES_128_GCM), 28, "a suite's key");
}

int main(void)
{
	test_answers();
	test_bounds();
	test_answer_fields();
	test_only_codec();
	test_loopback_peer();
	test_ipv6();
	test_offer_text();
	test_offers();
	test_secure();
	test_secure_faults();
	test_names();
	return tap_done();
}
