/* HEP's packets, byte for byte. */
#include "sipprobe/hep/hep.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

#define HEAD	    "HEP3"
#define CHUNK(n)    "\0\0\0" n
#define FAMILY	    CHUNK("\x01") "\0\x07"
#define PROTOCOL    CHUNK("\x02") "\0\x07"
#define PORTS(s, d) CHUNK("\x07") "\0\x08" s CHUNK("\x08") "\0\x08" d
#define TIMES	    CHUNK("\x09") "\0\x0a\x69\x28\xb3\x7f" CHUNK("\x0a") "\0\x0a\0\x01\xe2\x40"
#define SIP_AGENT   CHUNK("\x0b") "\0\x07\x01" CHUNK("\x0c") "\0\x0a\0\0\x07\xd1"

/* 2025-11-27 20:26:39.123456789 UTC: what is below a microsecond is not told. */
static const int64_t at_ns = 1764275071123456789LL;

static const struct {
	const char *name;
	const char *from, *to;
	uint16_t sport, dport;
	bool stream;
	const char *call_id;
	const char *payload;
	const char *want;
	size_t len;
} cases[] = {
	/* A chunk a line. */
	/* clang-format off */
	{"IPv4 over UDP", "192.0.2.10", "192.0.2.1", 5060, 5070, false, "c1@h", "OPTIONS",
	 HEAD "\0\x74" FAMILY "\x02" PROTOCOL "\x11"
	 CHUNK("\x03") "\0\x0a\xc0\0\x02\x0a"
	 CHUNK("\x04") "\0\x0a\xc0\0\x02\x01"
	 PORTS("\x13\xc4", "\x13\xce") TIMES SIP_AGENT
	 CHUNK("\x11") "\0\x0a" "c1@h"
	 CHUNK("\x0f") "\0\x0d" "OPTIONS",
	 0x74},
	{"IPv6 over TCP, without a Call-ID", "2001:db8::a", "2001:db8::b", 40000, 5061,
	 true, "", "x",
	 HEAD "\0\x7c" FAMILY "\x0a" PROTOCOL "\x06"
	 CHUNK("\x05") "\0\x16\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0" "\x0a"
	 CHUNK("\x06") "\0\x16\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0" "\x0b"
	 PORTS("\x9c\x40", "\x13\xc5") TIMES SIP_AGENT
	 CHUNK("\x0f") "\0\x07" "x",
	 0x7c},
	/* clang-format on */
};

static void make(struct hep_message *m, struct sa *from, struct sa *to, size_t i)
{
	(void)sa_set_str(from, cases[i].from, cases[i].sport);
	(void)sa_set_str(to, cases[i].to, cases[i].dport);
	*m = (struct hep_message){
		.from = from,
		.to = to,
		.stream = cases[i].stream,
		.at_unix_ns = at_ns,
		.agent = 2001,
		.call_id = {cases[i].call_id, strlen(cases[i].call_id)},
		.payload = {cases[i].payload, strlen(cases[i].payload)},
	};
}

static void check_bytes(size_t i)
{
	uint8_t *out = malloc(cases[i].len);
	struct hep_message m;
	struct sa from, to;
	size_t n;

	make(&m, &from, &to, i);
	n = hep_write(out, cases[i].len, &m);
	is_int((long long)n, (long long)cases[i].len, cases[i].name);
	for (size_t k = 0; k < n; k++)
		if (out[k] != (uint8_t)cases[i].want[k])
			ok(false, "byte %zu is %02x", k, out[k]);
	ok(n && !memcmp(out, cases[i].want, n), "%s: all bytes", cases[i].name);
	free(out);
}

/* What a packet's chunks say of their lengths, to its end. */
static bool is_whole(const uint8_t *p, size_t len, size_t *payload)
{
	size_t at = 6;

	if (len != ((size_t)p[4] << 8 | p[5]))
		return false;
	while (at + 6 <= len) {
		size_t size = (size_t)p[at + 4] << 8 | p[at + 5];

		if (size < 6 || at + size > len)
			return false;
		*payload = p[at + 3] == 15 ? size - 6 : *payload;
		at += size;
	}
	return at == len;
}

/* With less room the payload is cut, and with none for it there is no packet. */
static void check_room(void)
{
	uint8_t out[256];
	struct hep_message m;
	struct sa from, to;
	size_t left = 0;

	make(&m, &from, &to, 0);
	for (size_t size = 0; size <= sizeof(out); size++) {
		size_t n = hep_write(out, size, &m), payload = 0;
		bool fits = size > 0x74 - strlen(cases[0].payload);

		if (!fits)
			ok(!n, "no packet in %zu bytes", size);
		else
			ok(n <= size && is_whole(out, n, &payload) && payload > 0 &&
				   payload >= left,
			   "a whole one in %zu bytes", size);
		left = payload;
	}
}

static void check_large(void)
{
	static uint8_t out[HEP_PACKET_MAX + 100];
	static char text[70000];
	struct hep_message m;
	struct sa from, to;
	size_t n, payload = 0;

	memset(text, 'x', sizeof(text));
	make(&m, &from, &to, 0);
	m.payload = (struct pl){text, sizeof(text)};
	n = hep_write(out, sizeof(out), &m);
	ok(n == HEP_PACKET_MAX && is_whole(out, n, &payload),
	   "as large as UDP can carry");
	ok(payload == HEP_PACKET_MAX - (0x74 - 7), "and not a byte less of it");
	m.call_id = (struct pl){text, HEP_CALL_ID_MAX + 1};
	n = hep_write(out, sizeof(out), &m);
	ok(is_whole(out, n, &payload) && payload == HEP_PACKET_MAX - (0x74 - 7) + 10,
	   "a Call-ID that nobody needs is left out");
	(void)sa_set_str(&to, "::1", 5060);
	is_int((long long)hep_write(out, sizeof(out), &m), 0, "ends of two families");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_bytes(i);
	check_room();
	check_large();
	return tap_done();
}
