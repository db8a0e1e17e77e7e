#include "sipprobe/media/sdp_gate.h"

#include <string.h>

/* What is being read. */
struct sdp_gate_pass {
	struct sdp_gate *g;
	unsigned lines, rtpmaps;
};

struct pl sdp_word(struct pl *rest)
{
	const char *space = rest->l ? memchr(rest->p, ' ', rest->l) : NULL;
	struct pl word = {rest->p, space ? (size_t)(space - rest->p) : rest->l};

	rest->p += word.l + (space ? 1 : 0);
	rest->l -= word.l + (space ? 1 : 0);
	return word;
}

bool sdp_begins(struct pl *text, const char *name)
{
	size_t len = strlen(name);

	if (text->l < len || memcmp(text->p, name, len) != 0)
		return false;
	text->p += len;
	text->l -= len;
	return true;
}

bool sdp_number(uint32_t *n, const struct pl *text, uint32_t min, uint32_t max)
{
	uint64_t value = 0;

	if (!text->l || text->l > 10)
		return false;
	for (size_t i = 0; i < text->l; i++) {
		if (text->p[i] < '0' || text->p[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text->p[i] - '0');
	}
	if (value < min || value > max)
		return false;
	*n = (uint32_t)value;
	return true;
}

/* An address alone, as RFC 8866 5.7 has it: no name, no TTL, no zone. */
static enum sdp_fault sdp_gate_literal(struct sa *sa, int af, const struct pl *text)
{
	char buf[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	/* Only multicast addresses have a TTL or a count. */
	if (text->l && memchr(text->p, '/', text->l))
		return SDP_ADDRESS_UNUSABLE;
	if (!text->l || text->l >= sizeof(buf))
		return SDP_ADDRESS_NAME;
	memcpy(buf, text->p, text->l);
	buf[text->l] = '\0';
	if (inet_pton(af, buf, bytes) != 1)
		return SDP_ADDRESS_NAME;
	if (af == AF_INET)
		sa_set_in(sa,
			  (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
				  (uint32_t)bytes[2] << 8 | bytes[3],
			  0);
	else
		sa_set_in6(sa, bytes, 0);
	return SDP_OK;
}

/* "IN IP4 192.0.2.1". Returns SDP_BAD_LINE only for what is no address of any kind. */
static enum sdp_fault sdp_gate_address(struct sdp_gate_address *a, struct pl text)
{
	bool v4, v6;

	if (a->present || !sdp_begins(&text, "IN "))
		return SDP_BAD_LINE;
	v4 = sdp_begins(&text, "IP4 ");
	v6 = !v4 && sdp_begins(&text, "IP6 ");
	if (!v4 && !v6)
		return SDP_BAD_LINE;
	a->present = true;
	a->fault = sdp_gate_literal(&a->sa, v4 ? AF_INET : AF_INET6, &text);
	return SDP_OK;
}

static struct sdp_gate_stream *sdp_gate_stream(struct sdp_gate_pass *p)
{
	return p->g->streams ? &p->g->stream[p->g->streams - 1] : NULL;
}

static enum sdp_fault sdp_gate_connection(struct sdp_gate_pass *p, const struct pl *value)
{
	struct sdp_gate_stream *s = sdp_gate_stream(p);

	return sdp_gate_address(s ? &s->address : &p->g->address, *value);
}

/* RFC 3264 8.4: 0 refuses a stream. */
static enum sdp_fault sdp_gate_port(uint16_t *port, const struct pl *text)
{
	uint32_t n;

	if (!sdp_number(&n, text, 0, 65535) || (n && n < SDP_GATE_PORT_MIN))
		return SDP_BAD_PORT;
	*port = (uint16_t)n;
	return SDP_OK;
}

static enum sdp_fault sdp_gate_formats(struct pl formats)
{
	unsigned count = 0;

	while (formats.l) {
		struct pl word = sdp_word(&formats);

		if (!word.l)
			return SDP_BAD_STREAM;
		if (++count > SDP_GATE_FORMATS)
			return SDP_TOO_MANY_FORMATS;
	}
	return count ? SDP_OK : SDP_BAD_STREAM;
}

/* Of small letters, as those that are registered (RFC 8866 8.2.1) are.
 */
static bool sdp_gate_is_media(const struct pl *text)
{
	for (size_t i = 0; i < text->l; i++)
		if (text->p[i] < 'a' || text->p[i] > 'z')
			return false;
	return text->l > 0;
}

/* What was read up to @end belongs to the stream before, or to the session. */
static void sdp_gate_part_end(struct sdp_gate *g, const char *end)
{
	struct pl *part = g->streams ? &g->stream[g->streams - 1].lines : &g->head;

	part->l = (size_t)(end - part->p);
}

/* "audio 5000 RTP/AVP 0 101" */
static enum sdp_fault sdp_gate_media(struct sdp_gate_pass *p, const struct pl *value)
{
	struct sdp_gate_stream *s;
	struct pl rest = *value;

	if (p->g->streams == SDP_GATE_STREAMS)
		return SDP_TOO_MANY_STREAMS;
	sdp_gate_part_end(p->g, value->p - 2);
	s = &p->g->stream[p->g->streams++];
	s->lines.p = value->p - 2;
	s->media = sdp_word(&rest);
	s->port_text = sdp_word(&rest);
	s->profile = sdp_word(&rest);
	s->formats = rest;
	if (!sdp_gate_is_media(&s->media) || !s->port_text.l || !s->profile.l)
		return SDP_BAD_STREAM;
	s->port_fault = sdp_gate_port(&s->port, &s->port_text);
	return sdp_gate_formats(rest);
}

/* "5001", "5001 IN IP4 192.0.2.1" (RFC 3605) */
static enum sdp_fault sdp_gate_rtcp(struct sdp_gate_pass *p, struct pl value)
{
	struct sdp_gate_stream *s = sdp_gate_stream(p);
	struct pl port = sdp_word(&value);
	uint32_t n;

	/* It is of a stream; elsewhere it says nothing. */
	if (!s)
		return SDP_OK;
	if (s->has_rtcp || !sdp_number(&n, &port, 0, UINT16_MAX))
		return SDP_BAD_PORT;
	s->has_rtcp = true;
	s->rtcp_port = n < SDP_GATE_PORT_MIN ? 0 : (uint16_t)n;
	return value.l ? sdp_gate_address(&s->rtcp, value) : SDP_OK;
}

static enum sdp_fault sdp_gate_attribute(struct sdp_gate_pass *p, const struct pl *value)
{
	struct pl rest = *value;

	if (sdp_begins(&rest, "rtcp:"))
		return sdp_gate_rtcp(p, rest);
	if (sdp_begins(&rest, "rtpmap:") && ++p->rtpmaps > SDP_GATE_RTPMAPS)
		return SDP_TOO_MANY_RTPMAPS;
	return SDP_OK;
}

/* Tabs apart, no control character has business in a line (RFC 8866 9, byte-string). */
static bool sdp_gate_is_clean(const struct pl *line)
{
	for (size_t i = 0; i < line->l; i++) {
		unsigned char c = (unsigned char)line->p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static enum sdp_fault sdp_gate_line(struct sdp_gate_pass *p, const struct pl *line)
{
	static const struct {
		char type;
		enum sdp_fault (*read)(struct sdp_gate_pass *p, const struct pl *value);
	} readers[] = {
		{'c', sdp_gate_connection},
		{'m', sdp_gate_media},
		{'a', sdp_gate_attribute},
	};
	struct pl value = {line->p + 2, line->l - 2};

	if (++p->lines > SDP_GATE_LINES)
		return SDP_TOO_MANY_LINES;
	if (line->l < 2 || line->p[0] < 'a' || line->p[0] > 'z' || line->p[1] != '=' ||
	    !sdp_gate_is_clean(line))
		return SDP_BAD_LINE;
	if ((p->lines == 1) != (line->p[0] == 'v'))
		return SDP_BAD_VERSION;
	if (p->lines == 1 && (value.l != 1 || value.p[0] != '0'))
		return SDP_BAD_VERSION;
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (readers[i].type == line->p[0])
			return readers[i].read(p, &value);
	return SDP_OK;
}

/* The next line without its CRLF or LF (RFC 8866 5: both are to be taken). */
static struct pl sdp_gate_next(struct pl *rest)
{
	const char *end = memchr(rest->p, '\n', rest->l);
	struct pl line = {rest->p, end ? (size_t)(end - rest->p) : rest->l};

	rest->p += line.l + (end ? 1 : 0);
	rest->l -= line.l + (end ? 1 : 0);
	if (line.l && line.p[line.l - 1] == '\r')
		line.l--;
	/* None is allowed there, and some write one. */
	while (line.l > 2 && line.p[line.l - 1] == ' ')
		line.l--;
	return line;
}

enum sdp_fault sdp_gate_read(struct sdp_gate *g, const char *text, size_t len)
{
	struct sdp_gate_pass p = {.g = g};
	struct pl rest = {text, len};
	enum sdp_fault fault = SDP_OK;

	memset(g, 0, sizeof(*g));
	g->head.p = text;
	if (!len)
		return SDP_EMPTY;
	if (len > SDP_GATE_BYTES)
		return SDP_TOO_LONG;
	while (rest.l && !fault) {
		struct pl line = sdp_gate_next(&rest);

		/* One empty line at the end is a body's that was written too long. */
		if (line.l || rest.l)
			fault = sdp_gate_line(&p, &line);
	}
	sdp_gate_part_end(g, text + len);
	return !fault && !p.lines ? SDP_EMPTY : fault;
}
