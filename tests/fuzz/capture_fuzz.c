/*
 * A probe's messages of any bytes as packets and as text: blocks stay whole, what is told
 * to be kept is there, and text is printable. Input: entries, each a byte for its kind,
 * one for its length, one for how much longer it was, and its text.
 */
#include <string.h>

#include "base/buffer.h"
#include "exporter/capture/record.h"
#include "tests/fuzz/fuzz.h"

static uint32_t little(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

static void blocks_check(const struct buffer *b)
{
	for (size_t at = 0; at < b->len;) {
		uint32_t len = b->len - at >= 12 ? little(b->data + at + 4) : 0;

		must(len >= 12 && len % 4 == 0 && len <= b->len - at);
		must(little(b->data + at + len - 4) == len);
		if (little(b->data + at) == 6) {
			must(little(b->data + at + 20) <= little(b->data + at + 24));
			must(little(b->data + at + 20) <= len - 32);
		}
		at += len;
	}
}

static void text_check(const struct buffer *b)
{
	for (size_t i = 0; i < b->len; i++)
		must((b->data[i] >= 0x20 && b->data[i] < 0x7f) || b->data[i] == '\n');
}

static unsigned entries_read(struct ladder_entry *e, const uint8_t *data, size_t size)
{
	unsigned count = 0;

	while (size >= 3 && count < LADDER_ENTRIES) {
		size_t len = data[1] < size - 3 ? data[1] : size - 3;

		e[count] = (struct ladder_entry){
			.at_ns = count * 1000LL,
			.text = (const char *)data + 3,
			.len = (uint32_t)len,
			.size = (uint32_t)len + data[2] * 300U,
			.kind = (enum ladder_kind)(data[0] % LADDER_KINDS),
		};
		count++;
		data += 3 + len;
		size -= 3 + len;
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const transports[] = {"udp", "tcp", "tls"};
	static const char *const addresses[] = {"192.0.2.1:5060", "[2001:db8::1]:5061"};
	struct ladder_entry e[LADDER_ENTRIES];
	struct probe_result result = probe_result_none();
	struct capture_record r = {
		.trunk = "t",
		.address = addresses[size % 2],
		.transport = transports[size % 3],
		.method = "OPTIONS",
		.result = &result,
		.entries = e,
		.count = entries_read(e, data, size),
	};
	struct buffer b = {0};

	capture_pcapng(&b, &r, 1, "1");
	blocks_check(&b);
	buffer_clear(&b);
	capture_text(&b, &r);
	text_check(&b);
	buffer_clear(&b);
	return 0;
}
