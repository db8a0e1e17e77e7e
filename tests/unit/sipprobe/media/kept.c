/* What is kept of a call for people: packets, sound, and the figures' names. */
#include "sipprobe/media/media_private.h"
#include "sipprobe/media/voice/g711.h"
#include "sipprobe/media/wav.h"
#include "tests/unit/tap.h"

static void add(struct media_packets *p, int n)
{
	uint8_t data[300];
	struct media_packet packet = {
		.at_ns = n,
		.data = data,
		.whole = 300,
		.size = 300,
		.peer_port = (uint16_t)(n % 3),
	};

	memset(data, n & 0xff, sizeof(data));
	packets_add(p, &packet);
}

/* Of the first 32, and of the last 96 of all. */
static bool is_end(const struct media_packet *k, int added)
{
	return k->at_ns < PACKETS_FIRST || k->at_ns >= added - PACKETS_LAST;
}

/* The first 32, and the last 96 of those after them; between them their heads. */
static void test_packets(void)
{
	static const struct {
		int added, count,
			at[4]; /* the numbers at places 0, 31, 32 and the last */
		size_t heads;
	} cases[] = {
		{1, 1, {0, -1, -1, 0}, 0},	   {32, 32, {0, 31, -1, 31}, 0},
		{100, 100, {0, 31, 32, 99}, 0},	   {128, 128, {0, 31, 32, 127}, 0},
		{129, 128, {0, 31, 33, 128}, 0},   {1000, 128, {0, 31, 904, 999}, 0},
		{129, 129, {0, 31, 32, 128}, 40},  {1000, 136, {0, 31, 32, 999}, 40},
		{1000, 128, {0, 31, 904, 999}, 5}, {1000, 1000, {0, 31, 32, 999}, 2000},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct media_packets *p = packets_alloc(cases[i].heads);
		int places[] = {0, 31, 32, cases[i].count - 1}, wrong = 0, falls = 0;
		int64_t before = -1;
		struct media_packet k;

		for (int n = 0; n < cases[i].added; n++)
			add(p, n);
		for (int n = 0; n < 4; n++) {
			if (cases[i].at[n] < 0)
				continue;
			media_packets_at(&k, p, (size_t)places[n]);
			wrong += k.at_ns != cases[i].at[n] ||
				 k.data[5] != (cases[i].at[n] & 0xff);
		}
		for (size_t n = 0; n < media_packets_count(p); n++) {
			media_packets_at(&k, p, n);
			falls += k.at_ns <= before;
			before = k.at_ns;
			wrong += k.size != (is_end(&k, cases[i].added) ? PACKETS_BYTES
								       : PACKETS_HEAD) ||
				 k.whole != 300 || k.data[0] != (k.at_ns & 0xff) ||
				 k.peer_port != k.at_ns % 3;
		}
		ok((int)media_packets_count(p) == cases[i].count && !wrong && !falls,
		   "%d packets: %d kept", cases[i].added, cases[i].count);
		mem_deref(p);
	}
}

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int16_t le16(const uint8_t *p)
{
	return (int16_t)(p[0] | p[1] << 8);
}

/* Codes of A law: the least above 0 and its like below, then three more. */
static void test_wav(void)
{
	static const uint8_t first[] = {0xd5, 0x55, 'c'}, second[] = {'d', 'e'};
	struct mbuf *mb = NULL;

	is_int(wav_write(&mb, MEDIA_PCMA, first, 3, second, 2), 0, "a .wav");
	ok(!memcmp(mb->buf, "RIFF", 4) && !memcmp(mb->buf + 8, "WAVEfmt ", 8) &&
		   le32(mb->buf + 4) == mb->end - 8 && le32(mb->buf + 16) == 16,
	   "its head");
	ok(mb->buf[20] == 1 && mb->buf[22] == 1 && le32(mb->buf + 24) == 8000 &&
		   le32(mb->buf + 28) == 16000 && mb->buf[32] == 2 && mb->buf[34] == 16,
	   "PCM, one channel, 8,000 Hz, 16 bits");
	ok(!memcmp(mb->buf + 36, "data", 4) && le32(mb->buf + 40) == 10 && mb->end == 54,
	   "five samples");
	is_int(le16(mb->buf + 44), 8, "the first piece");
	is_int(le16(mb->buf + 46), -8, "and below 0");
	is_int(le16(mb->buf + 52), g711_linear[MEDIA_PCMA]['e'],
	       "to the end of the other");
	mem_deref(mb);
}

static void test_percentiles(void)
{
	struct media_lateness l = {.packets = 0};

	is_int(media_lateness_percentile_us(&l, 99), 0, "of nothing");
	for (int i = 0; i < 99; i++)
		media_lateness_add(&l, 80 * CLOCK_NS_PER_US);
	media_lateness_add(&l, 7 * CLOCK_NS_PER_MS);
	is_int(media_lateness_percentile_us(&l, 50), 100, "half under 100 us");
	is_int(media_lateness_percentile_us(&l, 99), 100, "99 of 100 as well");
	is_int(media_lateness_percentile_us(&l, 100), 7000, "all: the greatest");
	media_lateness_add(&l, 600 * CLOCK_NS_PER_MS);
	is_int(media_lateness_percentile_us(&l, 100), 600000, "beyond all bounds too");
	media_lateness_add(&l, -5);
	is_int((long long)l.count[0], 1, "who is early is not late");
}

static void test_networks(void)
{
	const struct media_network networks[] = {
		{{[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2}, 120},
		{{0x20, 0x01, 0x0d, 0xb8}, 35},
	};
	static const struct {
		const char *address;
		bool allowed;
	} cases[] = {{"192.0.2.0", true},	 {"192.0.2.255", true},
		     {"192.0.3.0", false},	 {"192.0.1.255", false},
		     {"2001:db8::1", true},	 {"2001:db8:1fff::1", true},
		     {"2001:db8:2000::1", false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sa sa;

		(void)sa_set_str(&sa, cases[i].address, 5000);
		is_int(media_is_allowed(networks, 2, &sa), cases[i].allowed,
		       cases[i].address);
		ok(!media_is_allowed(networks, 0, &sa), "none without networks");
	}
}

static void test_names(void)
{
	int missing = 0;

	for (int k = 0; k < MEDIA_EVENT_KINDS; k++)
		missing += !media_event_name((enum media_event_kind)k);
	for (int u = 0; u < MEDIA_UNSCOREDS; u++)
		missing += !media_unscored_name((enum media_unscored)u);
	is_int(missing, 0, "all have names");
	is_str(media_heard_name(MEDIA_HEARD_NONCE), "nonce", "what was heard");
	is_str(media_codec_name(MEDIA_PCMA), "PCMA", "a codec");
	ok(sizeof(struct media_session) + sizeof(struct send_log) < 9000,
	   "a call's own memory: %zu bytes",
	   sizeof(struct media_session) + sizeof(struct send_log));
}

int main(void)
{
	test_packets();
	test_wav();
	test_percentiles();
	test_networks();
	test_names();
	return tap_done();
}
