#include "sipprobe/message/guard.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "sipprobe/message/guard_fields.h"
#include "sipprobe/message/siphdr.h"

static const struct pl version = PL("SIP/2.0");

/* The bytes at hand and how far they are checked. */
struct scan {
	const char *buf;
	size_t len;
	struct guard_progress *g;
	const char *why;
};

static int guard_bad(struct scan *s, const char *why)
{
	s->why = why;
	return EBADMSG;
}

/* EAGAIN, unless no further byte could be allowed after so many. */
static int want_more(struct scan *s, size_t line_start)
{
	if (s->len - line_start > GUARD_LINE_MAX)
		return guard_bad(s, "line too long");
	return s->len >= GUARD_HEAD_MAX ? guard_bad(s, "head too long") : EAGAIN;
}

/* A quoted-pair: an odd number of backslashes stands before the byte. */
static bool is_escaped(const char *p, const char *start)
{
	const char *q = p;

	while (q > start && q[-1] == '\\')
		q--;
	return (p - q) % 2 == 1;
}

/*
 * Whether eight bytes are all plain text: none below a space, none DEL. It may say no to
 * a word that is, never yes to one that is not.
 */
static bool is_plain_word(const char *p)
{
	const uint64_t ones = 0x0101010101010101ULL;
	uint64_t word, del;

	memcpy(&word, p, sizeof(word));
	del = word ^ (0x7f * ones);
	return !(((word - 0x20 * ones) & ~word) & (0x80 * ones)) &&
	       !(((del - ones) & ~del) & (0x80 * ones));
}

/*
 * Finds the CRLF that ends the line in which @pos is; with @folds, the one that no white
 * space follows. @start is where the line began.
 */
static int line_end(size_t *end, struct scan *s, size_t start, size_t pos, bool folds)
{
	const char *buf = s->buf;
	size_t stop = start + GUARD_LINE_MAX + 1;

	if (stop > s->len)
		stop = s->len;
	for (size_t i = pos; i < stop; i++) {
		while (i + sizeof(uint64_t) < stop && is_plain_word(buf + i))
			i += sizeof(uint64_t);
		if (siphdr_is(buf[i], SIPHDR_TEXT))
			continue;
		if (buf[i] == '\n')
			return guard_bad(s, "line feed without carriage return");
		if (buf[i] != '\r') {
			if (folds && is_escaped(buf + i, buf + start))
				continue;
			return guard_bad(s, "control byte in the head");
		}
		if (i + 1 < s->len && buf[i + 1] != '\n')
			return guard_bad(s, "carriage return without line feed");
		if (i + (folds ? 2 : 1) >= s->len)
			break;
		if (!folds || (buf[i + 2] != ' ' && buf[i + 2] != '\t')) {
			*end = i;
			return 0;
		}
		i++;
	}
	return want_more(s, start);
}

static int status_line(struct scan *s)
{
	struct guard_message *m = &s->g->parts;
	struct pl rest = {.p = s->buf + version.l + 1};
	size_t end;
	int err;

	for (size_t i = 0; i < 3; i++) {
		unsigned char c;

		if (version.l + 1 + i == s->len)
			return EAGAIN;
		c = rest.p[i];
		if (c < (i ? '0' : '1') || c > (i ? '9' : '6'))
			return guard_bad(s, "status code out of range");
		m->code = m->code * 10 + (c - '0');
	}
	rest.p += 3;
	if (rest.p == s->buf + s->len)
		return EAGAIN;
	if (*rest.p != ' ' && *rest.p != '\r')
		return guard_bad(s, "status code without a space after it");

	err = line_end(&end, s, 0, rest.p - s->buf, false);
	if (err)
		return err;
	rest.l = s->buf + end - rest.p;
	if (rest.l)
		pl_advance(&rest, 1);
	m->phrase = rest;
	s->g->pos = end + 2;
	return 0;
}

/* RFC 3261 19.1.1: header fields in a URI are for links, never for a Request-URI. */
static bool has_uri_headers(const struct pl *uri)
{
	struct pl rest = *uri;
	const char *host = pl_strchr(uri, '@');

	if (host)
		pl_advance(&rest, host - uri->p);
	return pl_strchr(&rest, '?') &&
	       (!strncasecmp(uri->p, "sip:", 4) || !strncasecmp(uri->p, "sips:", 5));
}

/* Method and Request-URI, each with the one space after it, as far as they are there. */
static int request_target(struct scan *s, struct pl *rest)
{
	struct guard_message *m = &s->g->parts;

	if (!siphdr_run_take(&m->method, rest, SIPHDR_TOKEN))
		return guard_bad(s, "start line of neither request nor response");
	if (!rest->l)
		return want_more(s, 0);
	if (*rest->p != ' ')
		return guard_bad(s, "method is no token");
	pl_advance(rest, 1);
	if (!rest->l)
		return EAGAIN;

	if (!siphdr_is(*rest->p, SIPHDR_SCHEME) || *rest->p < 'A')
		return guard_bad(s, "Request-URI without a scheme");
	siphdr_run_take(&m->ruri, rest, SIPHDR_URI);
	if (!rest->l)
		return want_more(s, 0);
	if (*rest->p != ' ')
		return guard_bad(s, "byte that no Request-URI may hold");
	pl_advance(rest, 1);
	return 0;
}

static int request_line(struct scan *s)
{
	struct guard_message *m = &s->g->parts;
	struct pl rest = {.p = s->buf, .l = s->len};
	int err;

	err = request_target(s, &rest);
	if (err)
		return err;
	if (!siphdr_uri_valid(&m->ruri))
		return guard_bad(s, "malformed Request-URI");
	if (has_uri_headers(&m->ruri))
		return guard_bad(s, "Request-URI with header fields");

	for (const char *want = "SIP/2.0\r\n"; *want; want++, pl_advance(&rest, 1)) {
		if (!rest.l)
			return want_more(s, 0);
		if (*rest.p != *want)
			return guard_bad(s, "request line without SIP/2.0 at its end");
	}
	s->g->pos = rest.p - s->buf;
	if (s->g->pos > GUARD_LINE_MAX)
		return guard_bad(s, "line too long");
	m->request = true;
	return 0;
}

static int start_line(struct scan *s)
{
	struct guard_message *m = &s->g->parts;
	size_t same = 0;
	int err;

	*m = (struct guard_message){.retry_after_s = -1};
	while (same < version.l && same < s->len && s->buf[same] == version.p[same])
		same++;
	if (same == version.l && same < s->len && s->buf[same] == ' ')
		err = status_line(s);
	else if (same == s->len)
		err = EAGAIN;
	else
		err = request_line(s);
	if (!err)
		m->fields.p = s->buf + s->g->pos;
	return err;
}

/* White space is folds too: the line is known to be well-formed. */
static void value_trim(struct pl *value)
{
	siphdr_space_skip(value);
	while (value->l && siphdr_is(value->p[value->l - 1], SIPHDR_SPACE))
		value->l--;
}

/* Takes a field's name and colon, and sets @pos past them. */
static int name_take(struct pl *name, size_t *pos, struct scan *s)
{
	size_t start = s->g->pos;
	struct pl rest = {.p = s->buf + start, .l = s->len - start};

	if (!siphdr_run_take(name, &rest, SIPHDR_TOKEN) && rest.l)
		return guard_bad(s, "line that begins with no field name");
	while (rest.l && (*rest.p == ' ' || *rest.p == '\t'))
		pl_advance(&rest, 1);
	if (!rest.l)
		return want_more(s, start);
	if (*rest.p != ':')
		return guard_bad(s, "field name without a colon");
	*pos = rest.p + 1 - s->buf;
	return 0;
}

/* Takes one header field, or the empty line that ends the head. */
static int field_take(struct scan *s)
{
	struct guard_progress *g = s->g;
	struct pl name, value;
	size_t pos, end;
	int err;

	if (g->pos < s->len && s->buf[g->pos] == '\r') {
		if (g->pos + 1 == s->len)
			return want_more(s, g->pos);
		if (s->buf[g->pos + 1] != '\n')
			return guard_bad(s, "carriage return without line feed");
		g->parts.fields.l = s->buf + g->pos - g->parts.fields.p;
		g->pos += 2;
		g->head_done = true;
		return g->pos > GUARD_HEAD_MAX ? guard_bad(s, "head too long") : 0;
	}

	err = name_take(&name, &pos, s);
	if (!err)
		err = line_end(&end, s, g->pos, pos, true);
	if (err)
		return err;
	if (++g->fields > GUARD_FIELDS_MAX)
		return guard_bad(s, "too many header fields");
	value = (struct pl){.p = s->buf + pos, .l = end - pos};
	value_trim(&value);
	g->pos = end + 2;
	if (g->pos > GUARD_HEAD_MAX)
		return guard_bad(s, "head too long");
	s->why = guard_fields_take(g, &name, &value);
	return s->why ? EBADMSG : 0;
}

static int head_judge(struct scan *s)
{
	s->why = guard_fields_judge(s->g);
	if (s->why)
		return EBADMSG;
	if (s->g->pos + s->g->content_length > GUARD_MESSAGE_MAX)
		return guard_bad(s, "message too long");
	return 0;
}

static int head_read(struct scan *s)
{
	int err;

	if (s->g->head_done)
		return 0;
	err = s->g->pos ? 0 : start_line(s);
	while (!err && !s->g->head_done)
		err = field_take(s);
	return err ? err : head_judge(s);
}

static void message_finish(struct guard_message *m, const struct scan *s, size_t body)
{
	const struct guard_progress *g = s->g;

	*m = g->parts;
	m->body = (struct pl){.p = s->buf + g->pos, .l = body};
	m->size = g->pos + body;
}

static int guard_report(const struct scan *s, int err, const char **why)
{
	if (err == EBADMSG && why)
		*why = s->why;
	return err;
}

static int datagram_read(struct scan *s)
{
	const struct guard_progress *g = s->g;
	int err;

	if (s->len > GUARD_MESSAGE_MAX)
		return guard_bad(s, "message too long");
	err = head_read(s);
	if (err == EAGAIN)
		return guard_bad(s, "datagram ends inside its head");
	if (!err && g->content_length > s->len - g->pos)
		return guard_bad(s, "datagram shorter than its Content-Length");
	return err;
}

int guard_datagram(struct guard_message *m, const char *buf, size_t len, const char **why)
{
	struct guard_progress g = {.pos = 0};
	struct scan s = {.buf = buf, .len = len, .g = &g};
	int err = datagram_read(&s);

	if (!err)
		message_finish(m, &s,
			       guard_fields_framed(&g) ? g.content_length : len - g.pos);
	return guard_report(&s, err, why);
}

/* Moves the parts found so far to where the buffer is now. */
static void parts_rebase(struct guard_progress *g, const char *buf)
{
	struct guard_message *m = &g->parts;
	struct pl *parts[] = {
		&m->method, &m->ruri,	 &m->phrase,	  &m->via,
		&m->branch, &m->call_id, &m->from,	  &m->to,
		&m->to_tag, &m->fields,	 &m->cseq_method, &m->from_tag,
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (parts[i]->p)
			parts[i]->p = buf + ((uintptr_t)parts[i]->p - g->base);
	}
}

static int stream_read(struct scan *s)
{
	const struct guard_progress *g = s->g;
	int err = head_read(s);

	if (err)
		return err;
	if (!guard_fields_framed(g))
		return guard_bad(s, "stream message without Content-Length");
	return g->content_length > s->len - g->pos ? EAGAIN : 0;
}

int guard_stream_resume(struct guard_message *m, struct guard_progress *g,
			const char *buf, size_t len, const char **why)
{
	struct scan s = {.buf = buf, .len = len, .g = g};
	int err;

	if (g->base && g->base != (uintptr_t)buf)
		parts_rebase(g, buf);
	g->base = (uintptr_t)buf;
	err = stream_read(&s);
	if (!err)
		message_finish(m, &s, g->content_length);
	if (err != EAGAIN)
		*g = (struct guard_progress){.pos = 0};
	return guard_report(&s, err, why);
}

int guard_stream(struct guard_message *m, const char *buf, size_t len, const char **why)
{
	struct guard_progress g = {.pos = 0};

	return guard_stream_resume(m, &g, buf, len, why);
}

bool guard_next_field(const struct guard_message *m, size_t *pos, struct pl *name,
		      struct pl *value)
{
	struct guard_progress g = {.pos = *pos};
	struct scan s = {.buf = m->fields.p, .len = m->fields.l + 1, .g = &g};
	size_t colon, end;

	/* The empty line's first byte, just past the fields, ends the last one. */
	if (*pos >= m->fields.l || name_take(name, &colon, &s) ||
	    line_end(&end, &s, *pos, colon, true))
		return false;
	*value = (struct pl){.p = m->fields.p + colon, .l = end - colon};
	value_trim(value);
	*pos = end + 2;
	return true;
}
