/* Probes as packets and as text: to the byte, and of any bytes. */
#include <stdlib.h>

#include "exporter/capture/pcapng.h"
#include "exporter/capture/record.h"
#include "tests/unit/tap.h"

static const struct {
	const char *text;
	bool good, ipv6;
	unsigned port;
} ends[] = {
	{"192.0.2.1:5060", true, false, 5060},
	{"[2001:db8::1]:5061", true, true, 5061},
	{"[fe80::1%eth0]:65535", true, true, 65535},
	{"0.0.0.0:0", true, false, 0},
	{"192.0.2.1", false, false, 0},
	{"192.0.2.1:", false, false, 0},
	{"192.0.2.1:65536", false, false, 0},
	{"192.0.2.1:x", false, false, 0},
	{"2001:db8::1", false, false, 0},
	{"[192.0.2.1]:5060", false, false, 0},
	{"host.example:5060", false, false, 0},
	{":5060", false, false, 0},
	{"[]:5060", false, false, 0},
	{"", false, false, 0},
};

static void test_ends(void)
{
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct pcapng_end e = {.port = 7};
		bool good = pcapng_end_parse(&e, ends[i].text, strlen(ends[i].text));

		ok(good == ends[i].good &&
			   (!good || (e.ipv6 == ends[i].ipv6 && e.port == ends[i].port)),
		   "\"%s\"", ends[i].text);
		ok(good || e.port == 7, "untouched if it is none");
	}
}

static uint32_t little(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

/* Walks the blocks, whose length stands at both ends. Returns how many packets, or -1. */
static int blocks(const struct buffer *b)
{
	int packets = 0;

	for (size_t at = 0; at < b->len;) {
		uint32_t len = b->len - at >= 12 ? little(b->data + at + 4) : 0;

		if (len < 12 || len % 4 || len > b->len - at ||
		    little(b->data + at + len - 4) != len)
			return -1;
		if (little(b->data + at) == 6) {
			uint32_t kept = little(b->data + at + 20);

			if (kept > little(b->data + at + 24) || kept > len - 32)
				return -1;
			packets++;
		}
		at += len;
	}
	return packets;
}

static void test_packet(void)
{
	/* IPv4 and UDP of 192.0.2.9:5060 to 192.0.2.1:5080 with "hi"; sums by hand. */
	static const unsigned char want[] = {
		0x45, 0, 0, 30, 0,    0,    0x40, 0,	64, 17, 0xb6, 0xc4, 192, 0,  2, 9,
		192,  0, 2, 1,	0x13, 0xc4, 0x13, 0xd8, 0,  10, 0xeb, 0xc9, 'h', 'i'};
	struct pcapng_packet p = {.at_unix_ns = 0x123456789abcdef0,
				  .payload = SLICE("hi")};
	struct buffer b = {0};

	ok(pcapng_end_parse(&p.from, "192.0.2.9:5060", 14) &&
		   pcapng_end_parse(&p.to, "192.0.2.1:5080", 14),
	   "two ends");
	pcapng_udp(&b, &p);
	is_int(little(b.data), 6, "a packet's block");
	ok(little(b.data + 12) == 0x12345678 && little(b.data + 16) == 0x9abcdef0,
	   "its time, in nanoseconds");
	is_int(little(b.data + 20), 30, "bytes kept");
	is_int(little(b.data + 24), 30, "bytes on the wire");
	if (!ok(!memcmp(b.data + 28, want, sizeof(want)), "headers, sums and payload"))
		for (size_t i = 0; i < sizeof(want); i++)
			printf("# %zu: %02x %02x\n", i, (unsigned char)b.data[28 + i],
			       want[i]);
	buffer_clear(&b);
	p.size = 1000;
	pcapng_tcp(&b, &p, 7, 9);
	is_int(little(b.data + 20), 42, "what is kept of a longer one");
	is_int(little(b.data + 24), 1040, "and how long it was");
	is_int(blocks(&b), 1, "blocks are whole");
	buffer_clear(&b);
	p.size = UINT32_MAX;
	pcapng_udp(&b, &p);
	is_int(little(b.data + 24), PCAPNG_PAYLOAD_MAX + 28, "no longer than IP allows");
	buffer_clear(&b);
}

#define REQUEST                                                                          \
	"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:40000;branch=z\r\n"         \
	"Content-Length: 0\r\n\r\n"

static struct ladder_entry entry(enum ladder_kind kind, int at_ms, const char *text)
{
	return (struct ladder_entry){.at_ns = at_ms * 1000000LL,
				     .text = text,
				     .len = (uint32_t)strlen(text),
				     .size = (uint32_t)strlen(text),
				     .kind = kind};
}

static void fact_h(const char *name, const char *value, void *arg)
{
	strcat(strcat(strcat(strcat(arg, name), "="), value), ";");
}

static struct call_media media_of(void)
{
	return (struct call_media){
		.near = {.codec = MEDIA_PCMA,
			 .out = {.sent = 750, .round_trip_ns = 7000000},
			 .in = {.heard = MEDIA_HEARD_SOUND,
				.received = 700,
				.lost = 50,
				.loss_ratio = 1.0 / 15,
				.discarded = 3,
				.jitter_ns = 1500000,
				.delay_by = MEDIA_DELAY_TONE,
				.delay_ns = 40000000,
				.mos = 3.456,
				.r_factor = 67}},
		.far = {.in = {.loss_ratio = -1,
			       .jitter_ns = -1,
			       .unscored = MEDIA_UNSCORED_NOTHING}},
		.caller_id = "+47\x7f",
	};
}

static void test_call(void)
{
	struct call_media media = media_of();
	struct call_report c = call_report_none();
	char text[1024] = "";

	capture_call(&c, fact_h, text);
	is_str(text, "", "nothing of a call that was not made");
	c.made = c.answered = c.ended = c.has_media = true;
	c.mode = 2;
	c.failure = CALL_FAILURE_NONCE;
	c.post_dial_ns = 800000000;
	c.answer_ns = c.talk_ns = 3000000000;
	c.media = &media;
	capture_call(&c, fact_h, text);
	is_str(text,
	       "mode=echo;failed=nonce;ringing=800.0 ms;answer=3.00 s;talked=3.00 s;"
	       "audio=PCMA, 750 packets sent, 700 received, 50 lost;"
	       "lost=6.7 %, and 3 too late for the jitter buffer;jitter=1.5 ms;"
	       "round trip=40.0 ms;by RTCP=7.0 ms;heard=sound;"
	       "MOS=3.46 (R 67.0, G.107, with loss concealment);",
	       "an echo's figures");
	c.has_far = true;
	c.ended = false;
	c.forks = 2;
	*text = '\0';
	capture_call(&c, fact_h, text);
	ok(strstr(text, "one way, in=40.0 ms;") &&
		   strstr(text, "called end=0 packets sent, 0 received, 0 lost;"
				"heard=nothing;MOS=none: nothing;caller id=+47\\x7f;"
				"forks=2 more answers, hung up;"
				"end=not confirmed by the peer;"),
	   "a loop has two ends, and what is not known is not said");
}

static void test_text(void)
{
	struct probe_result result = probe_result_none();
	struct ladder_entry e[] = {
		entry(LADDER_SENT, 0, REQUEST),
		entry(LADDER_RETRANSMITTED, 500, ""),
		entry(LADDER_GARBAGE, 510, "\033[31m\xff|\n"),
		entry(LADDER_ICMP, 600, "Connection refused"),
	};
	const struct capture_record r = {
		.trunk = "a\nb",
		.address = "192.0.2.1:5080",
		.transport = "udp",
		.method = "OPTIONS",
		.result = &result,
		.entries = e,
		.count = 4,
		.dropped = 2,
		.late_unix_ns = 1700000001000000000,
	};
	static const char want[] =
		"Trunk:   a\\x0ab\n"
		"Peer:    192.0.2.1:5080 udp, probed with OPTIONS\n"
		"Begun:   2023-11-14 22:13:20.000000 UTC\n"
		"Result:  refused Connection refused\n"
		"Call-ID: id\n"
		"Phases:  resolve 1.500 ms\n\n"
		"       +0.000 ms --> 87 bytes\n"
		"        OPTIONS sip:x SIP/2.0\n"
		"        Via: SIP/2.0/UDP 192.0.2.9:40000;branch=z\n"
		"        Content-Length: 0\n"
		"     +500.000 ms --> the same again\n"
		"     +510.000 ms <-- bytes that are not SIP, 8 bytes\n"
		"        \\x1b[31m\\xff|\n"
		"             ... 2 more\n"
		"     +600.000 ms <-- ICMP: Connection refused\n"
		"    +1000.000 ms <-- a response, too late\n"
		"\nMessages without bodies other than SDP; secrets are replaced by "
		"\"redacted\", keys by x.\n";
	struct buffer b = {0};

	result.outcome = PROBE_REFUSED;
	result.begun_unix_ns = 1700000000000000000;
	result.phase_ns[PROBE_PHASE_RESOLVE] = 1500000;
	strcpy(result.detail, "Connection refused");
	strcpy(result.call_id, "id");
	capture_text(&b, &r);
	buffer_add(&b, "", 1);
	is_str(b.data, want, "a probe as text");
	buffer_clear(&b);
	capture_pcapng(&b, &r, 1, "1.2.3");
	is_int(blocks(&b), 3, "and as packets: the request twice, and what came");
	ok(memmem(b.data, b.len, "ICMP: Connection refused", 24) != NULL,
	   "what is no packet is a comment");
	buffer_clear(&b);
}

/* A peer chooses the bytes: headers that end nowhere, lengths that cannot be. */
static void test_any_bytes(void)
{
	static const char *const odd[] = {
		"",
		"\n",
		"\r\n\r\n",
		"Via",
		"\nVia",
		"\nVia:",
		"\nv : ",
		"\nVia: x ",
		"\nVia: x [::1]:5060;",
		"\nVia: x 999.1.1.1:1;",
		"\nl:\n\n",
		"\nContent-Length: 99999999999999999999\r\n\r\n",
		"\nContent-Length: -1\n\n",
		"\xff\xfe\nvia\t:\t\xff ;\n\n",
		"SIP/2.0 200 OK\r\nl: 5\r\n\r\nhello",
	};
	static const char *const addresses[] = {"192.0.2.1:5060", "[::1]:1", "", "x",
						":"};
	struct probe_result result = probe_result_none();
	unsigned seed = 1;
	int wrong = 0;

	for (int round = 0; round < 3000; round++) {
		struct ladder_entry e[LADDER_ENTRIES];
		char bytes[LADDER_ENTRIES][64];
		struct capture_record r = {.trunk = "t",
					   .address = addresses[round % 5],
					   .transport = round & 1 ? "udp" : "tls",
					   .method = "OPTIONS",
					   .result = &result,
					   .entries = e,
					   .count = LADDER_ENTRIES};
		struct buffer b = {0};

		for (int i = 0; i < LADDER_ENTRIES; i++) {
			seed = seed * 1103515245 + 12345;
			snprintf(bytes[i], sizeof(bytes[i]), "%s",
				 odd[seed / 65536 % (sizeof(odd) / sizeof(*odd))]);
			e[i] = entry((enum ladder_kind)(seed / 7 % LADDER_KINDS),
				     (int)(seed % 1000), bytes[i]);
			e[i].size = seed % 5 ? e[i].size : seed;
			if (!e[i].len)
				e[i].text = NULL;
		}
		capture_pcapng(&b, &r, 1, "1");
		wrong += blocks(&b) < 0;
		buffer_clear(&b);
		capture_text(&b, &r);
		for (size_t i = 0; i < b.len; i++)
			wrong += (unsigned char)b.data[i] >= 0x7f ||
				 ((unsigned char)b.data[i] < 0x20 && b.data[i] != '\n');
		buffer_clear(&b);
	}
	is_int(wrong, 0, "blocks stay whole and text printable, whatever came");
}

/* Of IPv4 within IPv6; before and after a message, and one that was cut. */
static void test_rtp(void)
{
	static const uint8_t rtp[12] = {0x80, 0, 0, 1};
	struct media_packet packets[3] = {
		{.at_ns = 999999999, .data = rtp, .size = 12, .whole = 172},
		{.at_ns = 1000000001,
		 .data = rtp,
		 .size = 12,
		 .whole = 12,
		 .inbound = true},
		{.at_ns = 1000000002, .data = rtp, .size = 12, .whole = 12, .rtcp = true},
	};
	struct call_media media = {.near = {.packets = packets, .packet_count = 3}};
	struct probe_result result = probe_result_none();
	struct ladder_entry e = entry(LADDER_SENT, 0, REQUEST);
	const struct capture_record r = {.trunk = "a",
					 .address = "192.0.2.1:5080",
					 .transport = "udp",
					 .method = "INVITE",
					 .result = &result,
					 .entries = &e,
					 .count = 1};
	static const uint8_t end[16] = {[10] = 0xff, 0xff, 192, 0, 2, 9};
	const char *first;
	struct buffer b = {0};

	for (int i = 0; i < 3; i++) {
		memcpy(packets[i].own, end, sizeof(end));
		memcpy(packets[i].peer, end, sizeof(end));
		packets[i].own_port = 4000;
		packets[i].peer_port = 5000;
	}
	result.begun_unix_ns = 1000000000;
	result.call.media = &media;
	capture_pcapng(&b, &r, 1, "1");
	is_int(blocks(&b), 4, "a message and three packets of audio");
	first = memmem(b.data, b.len, "\x0f\xa0\x13\x88", 4);
	ok(first && first < (char *)memmem(b.data, b.len, "OPTIONS", 7),
	   "in order of time");
	ok(first && little(first - 20 - 8) == 40 && little(first - 20 - 4) == 200,
	   "twelve bytes of 172, with their heads");
	ok(memmem(b.data, b.len, "\x13\x88\x0f\xa0", 4) != NULL, "and back");
	buffer_clear(&b);
}

int main(void)
{
	test_ends();
	test_call();
	test_rtp();
	test_packet();
	test_text();
	test_any_bytes();
	return tap_done();
}
