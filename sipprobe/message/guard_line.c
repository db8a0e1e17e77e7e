#include <errno.h>
#include <string.h>

#include "sipprobe/message/guard_fields.h"
#include "sipprobe/message/guard_scan.h"
#include "sipprobe/message/siphdr.h"

int guard_bad(struct guard_scan *s, const char *why)
{
	s->why = why;
	return EBADMSG;
}

int guard_fault(struct guard_scan *s, const char *why)
{
	return guard_fields_fault(s->g, 400, why) ? 0 : guard_bad(s, why);
}

int guard_want_more(struct guard_scan *s)
{
	if (s->whole)
		return guard_bad(s, "datagram ends inside its head");
	return s->len >= GUARD_MESSAGE_MAX ? guard_bad(s, "head too long") : EAGAIN;
}

/* A quoted-pair: an odd number of backslashes stands before the byte. */
static bool is_escaped(const char *p, const char *start)
{
	const char *q = p;

	while (q > start && q[-1] == '\\')
		q--;
	return (p - q) % 2 == 1;
}

/* Sixteen bytes at once, by whatever the processor has for that. */
typedef uint8_t plain_lanes __attribute__((vector_size(16)));
typedef uint64_t plain_words __attribute__((vector_size(16)));

enum { PLAIN_LANES = sizeof(plain_lanes) };

/* Where in a word the first byte stands that is not zero, counted in bytes. */
static size_t plain_first(uint64_t word)
{
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		return (size_t)__builtin_clzll(word) / 8;
	return (size_t)__builtin_ctzll(word) / 8;
}

/* How many of the next bytes are plain text: none below a space, none DEL. */
static size_t plain_bytes(const char *p)
{
	plain_lanes bytes;
	plain_words odd;

	memcpy(&bytes, p, sizeof(bytes));
	odd = (plain_words)((bytes < ' ') | (bytes == 0x7f));
	if (!(odd[0] | odd[1]))
		return PLAIN_LANES;
	return odd[0] ? plain_first(odd[0]) : sizeof(odd[0]) + plain_first(odd[1]);
}

/* Goes over plain text, many bytes at a time, and may stop before its end. */
static size_t plain_skip(const struct guard_scan *s, size_t i)
{
	size_t n = PLAIN_LANES;

	while (n == PLAIN_LANES && i + PLAIN_LANES < s->len) {
		n = plain_bytes(s->buf + i);
		i += n;
	}
	return i;
}

/*
 * How many bytes of a line's end stand at @i: 0 for none, and for the first half of one
 * behind which more may come. The start line's end tells how the others must look.
 */
static size_t line_break(const struct guard_scan *s, size_t i)
{
	if (s->buf[i] == '\n')
		return !s->g->pos || s->g->parts.bare_lf;
	return s->buf[i] == '\r' && i + 1 < s->len && s->buf[i + 1] == '\n' ? 2 : 0;
}

/* Keeps how far a line was searched that has no end yet. */
static int line_open(struct guard_scan *s, size_t i, bool odd)
{
	s->g->scanned = i - s->g->pos;
	s->g->odd_line = odd;
	return guard_want_more(s);
}

/* A line end that is not the end, as the next line goes on with white space. */
static bool is_fold(const struct guard_scan *s, size_t next)
{
	return next < s->len && (s->buf[next] == ' ' || s->buf[next] == '\t');
}

int guard_line_take(struct guard_line *l, struct guard_scan *s, bool folds)
{
	struct guard_progress *g = s->g;
	const char *buf = s->buf;
	bool odd = g->odd_line;
	size_t i = g->pos + g->scanned;

	for (; i < s->len; i++) {
		size_t n;

		i = plain_skip(s, i);
		if (siphdr_is(buf[i], SIPHDR_TEXT))
			continue;
		n = line_break(s, i);
		if (!n) {
			if (buf[i] == '\r' && i + 1 == s->len)
				break;
			odd = odd || buf[i] == '\r' || buf[i] == '\n' ||
			      !is_escaped(buf + i, buf + g->pos);
			continue;
		}
		if (folds && i > g->pos && is_fold(s, i + n)) {
			i += n;
			continue;
		}
		if (folds && i > g->pos && i + n == s->len && !s->whole)
			break;
		*l = (struct guard_line){{buf + g->pos, i - g->pos}, odd};
		if (!g->pos)
			g->parts.bare_lf = n == 1;
		g->pos = i + n;
		g->scanned = 0;
		g->odd_line = false;
		return 0;
	}
	return line_open(s, i, odd);
}
