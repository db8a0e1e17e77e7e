/* Frames: those of RFC 6455 5.7, the bounds of lengths, and what no server may send. */
#include "sipprobe/websocket/frame.h"

#include <errno.h>

#include "tests/unit/tap.h"

/* A head of these bytes; what it says, or why it is refused. */
static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	int err;
	bool final;
	enum frame_opcode opcode;
	size_t head;
	uint64_t length;
	const char *why;
} heads[] = {
	{"5.7: a text message in one frame", "\x81\x05Hello", 7, 0, true, FRAME_TEXT, 2,
	 5, NULL},
	{"5.7: its first fragment", "\x01\x03Hel", 5, 0, false, FRAME_TEXT, 2, 3, NULL},
	{"5.7: its last", "\x80\x02lo", 4, 0, true, FRAME_CONTINUATION, 2, 2, NULL},
	{"5.7: a ping", "\x89\x05Hello", 7, 0, true, FRAME_PING, 2, 5, NULL},
	{"5.7: 256 bytes of binary", "\x82\x7e\x01\x00", 4, 0, true, FRAME_BINARY, 4, 256,
	 NULL},
	{"5.7: 64 KiB", "\x82\x7f\0\0\0\0\0\1\0\0", 10, 0, true, FRAME_BINARY, 10, 65536,
	 NULL},
	{"a pong with nothing in it", "\x8a\x00", 2, 0, true, FRAME_PONG, 2, 0, NULL},
	{"a close with a code", "\x88\x02\x03\xe8", 4, 0, true, FRAME_CLOSE, 2, 2, NULL},
	{"the longest short one", "\x81\x7d", 2, 0, true, FRAME_TEXT, 2, 125, NULL},
	{"the longest of 16 bits", "\x81\x7e\xff\xff", 4, 0, true, FRAME_TEXT, 4, 65535,
	 NULL},
	{"the longest there is", "\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10, 0, true,
	 FRAME_TEXT, 10, INT64_MAX, NULL},
	{"a length in more bits than it needs", "\x81\x7e\x00\x05", 4, 0, true,
	 FRAME_TEXT, 4, 5, NULL},
	{"nothing", "", 0, EAGAIN, 0, 0, 0, 0, NULL},
	{"half of the least", "\x81", 1, EAGAIN, 0, 0, 0, 0, NULL},
	{"half of 16 bits", "\x81\x7e\x01", 3, EAGAIN, 0, 0, 0, 0, NULL},
	{"all but one of 64", "\x81\x7f\0\0\0\0\0\1\0", 9, EAGAIN, 0, 0, 0, 0, NULL},
	{"the highest bit of 64", "\x81\x7f\x80\0\0\0\0\0\0\0", 10, EPROTO, 0, 0, 0, 0,
	 "a frame's length has its highest bit set"},
	{"RSV1, as permessage-deflate has it", "\xc1\x05", 2, EPROTO, 0, 0, 0, 0,
	 "a frame has reserved bits set"},
	{"RSV3", "\x91\x05", 2, EPROTO, 0, 0, 0, 0, "a frame has reserved bits set"},
	{"opcode 3", "\x83\x05", 2, EPROTO, 0, 0, 0, 0, "a frame has an unknown opcode"},
	{"opcode 15", "\x8f\x05", 2, EPROTO, 0, 0, 0, 0, "a frame has an unknown opcode"},
	{"5.7: masked, as clients do", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11,
	 EPROTO, 0, 0, 0, 0, "a server's frame is masked"},
	{"a ping in pieces", "\x09\x01", 2, EPROTO, 0, 0, 0, 0,
	 "a control frame is fragmented"},
	{"a close of 126 bytes", "\x88\x7e\x00\x7e", 4, EPROTO, 0, 0, 0, 0,
	 "a control frame is longer than 125 bytes"},
};

static void check_heads(void)
{
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct frame f = {0};
		const char *why = NULL;
		int err = frame_read(&f, heads[i].bytes, heads[i].len, &why);

		is_int(err, heads[i].err, heads[i].name);
		is_str(why, heads[i].why, heads[i].name);
		if (err)
			continue;
		ok(f.final == heads[i].final && f.opcode == heads[i].opcode &&
			   f.head == heads[i].head && f.length == heads[i].length,
		   "%s: all of it", heads[i].name);
	}
}

/* Heads that we write, without the mask behind them. */
static const struct {
	size_t length;
	const char *bytes;
	size_t len;
} written[] = {
	{0, "\x81\x80", 2},
	{5, "\x81\x85", 2},
	{125, "\x81\xfd", 2},
	{126, "\x81\xfe\x00\x7e", 4},
	{65535, "\x81\xfe\xff\xff", 4},
	{65536, "\x81\xff\0\0\0\0\0\1\0\0", 10},
};

static void check_written(void)
{
	static const uint8_t mask[] = {0x37, 0xfa, 0x21, 0x3d};

	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		uint8_t out[FRAME_HEAD_MAX];
		size_t n = frame_write_head(out, FRAME_TEXT, written[i].length, mask);

		ok(n == written[i].len + 4 && !memcmp(out, written[i].bytes, n - 4) &&
			   !memcmp(out + n - 4, mask, 4),
		   "the head of %zu bytes", written[i].length);
	}
}

/* 5.7: "Hello" as a client sends it. */
static void check_mask(void)
{
	static const uint8_t mask[] = {0x37, 0xfa, 0x21, 0x3d};
	uint8_t text[] = {'H', 'e', 'l', 'l', 'o'};

	frame_mask(text, sizeof(text), mask);
	ok(!memcmp(text, "\x7f\x9f\x4d\x51\x58", 5), "5.7: the mask of Hello");
	frame_mask(text, sizeof(text), mask);
	ok(!memcmp(text, "Hello", 5), "and off again");
}

int main(void)
{
	check_heads();
	check_written();
	check_mask();
	return tap_done();
}
