#include "sipprobe/message/guard.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "sipprobe/message/guard_fields.h"
#include "sipprobe/message/guard_scan.h"
#include "sipprobe/message/siphdr.h"

/* White space is folds too: the line is known to be well-formed. */
static void value_trim(struct pl *value)
{
	siphdr_space_skip(value);
	while (value->l && siphdr_is(value->p[value->l - 1], SIPHDR_SPACE))
		value->l--;
}

/* A field's name and value. Returns false for a line that is no field. */
static bool field_split(struct pl *name, struct pl *value, const struct guard_line *l)
{
	struct pl rest = l->text;

	if (!siphdr_run_take(name, &rest, SIPHDR_TOKEN))
		return false;
	while (rest.l && (*rest.p == ' ' || *rest.p == '\t'))
		pl_advance(&rest, 1);
	if (!rest.l || *rest.p != ':')
		return false;
	pl_advance(&rest, 1);
	*value = rest;
	value_trim(value);
	return true;
}

static void head_end(struct guard_scan *s, size_t fields_end)
{
	s->g->parts.fields.l = s->buf + fields_end - s->g->parts.fields.p;
	s->g->head_done = true;
}

/* NULL, or what is wrong with a line that is not empty. */
static const char *line_read(struct guard_progress *g, const struct guard_line *l)
{
	struct pl name, value;
	unsigned known = l->odd ? 0 : guard_fields_known(&value, &l->text);

	if (known) {
		value_trim(&value);
		return guard_fields_read(g, known, &value, false);
	}
	if (field_split(&name, &value, l))
		return guard_fields_take(g, &name, &value, l->odd);
	guard_fields_note(g, "a line that is no header field");
	return NULL;
}

/* Takes one header field, or the empty line that ends the head. */
static int field_take(struct guard_scan *s)
{
	struct guard_progress *g = s->g;
	size_t start = g->pos;
	struct guard_line l;
	int err;

	if (s->whole && start == s->len) {
		guard_fields_note(g, "no empty line after the head");
		head_end(s, start);
		return 0;
	}
	err = guard_line_take(&l, s, true);
	if (err)
		return err;
	if (!l.text.l) {
		head_end(s, start);
		return 0;
	}
	s->why = line_read(g, &l);
	return s->why ? EBADMSG : 0;
}

static int head_read(struct guard_scan *s)
{
	int err;

	if (s->g->head_done)
		return 0;
	err = s->g->pos ? 0 : guard_start_line(s);
	if (!err && s->g->parts.bare_lf)
		guard_fields_note(s->g, "lines that end in LF alone");
	while (!err && !s->g->head_done)
		err = field_take(s);
	if (err)
		return err;
	s->why = guard_fields_judge(s->g);
	return s->why ? EBADMSG : 0;
}

static void message_finish(struct guard_message *m, const struct guard_scan *s,
			   size_t body)
{
	const struct guard_progress *g = s->g;

	*m = g->parts;
	m->body = (struct pl){.p = s->buf + g->pos, .l = body};
	m->size = g->pos + body;
}

static int guard_report(const struct guard_scan *s, int err, const char **why)
{
	if (err == EBADMSG && why)
		*why = s->why;
	return err;
}

/* How many bytes of body a datagram has. */
static int datagram_body(struct guard_scan *s, size_t *body)
{
	const struct guard_progress *g = s->g;
	size_t rest = s->len - g->pos;

	*body = rest;
	if (!guard_fields_framed(g))
		return 0;
	if (g->length_bad) {
		guard_fields_note(s->g, "a Content-Length that says nothing");
		return g->parts.request
			       ? guard_fault(s, "Content-Length is not one number")
			       : 0;
	}
	if (g->content_length > rest)
		return guard_fault(s, "datagram shorter than its Content-Length");
	*body = g->content_length;
	return 0;
}

int guard_datagram(struct guard_message *m, const char *buf, size_t len, const char **why)
{
	struct guard_progress g = {.pos = 0};
	struct guard_scan s = {.buf = buf, .len = len, .whole = true, .g = &g};
	size_t body = 0;
	int err = len > GUARD_MESSAGE_MAX ? guard_bad(&s, "message too long")
					  : head_read(&s);

	if (!err)
		err = datagram_body(&s, &body);
	if (!err)
		message_finish(m, &s, body);
	return guard_report(&s, err, why);
}

/* Moves the parts found so far to where the buffer is now. */
static void parts_rebase(struct guard_progress *g, const char *buf)
{
	struct guard_message *m = &g->parts;
	struct pl *parts[] = {
		&m->method,   &m->ruri,	      &m->phrase,      &m->via,
		&m->received, &m->rport,      &m->branch,      &m->call_id,
		&m->from,     &m->from_tag,   &m->to,	       &m->to_tag,
		&m->fields,   &m->cseq_value, &m->cseq_method, &g->length,
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (parts[i]->p)
			parts[i]->p = buf + ((uintptr_t)parts[i]->p - g->base);
	}
}

/* A request whose end nobody can tell is answered, and is the last one. */
static int unframed(struct guard_scan *s, const char *why)
{
	int err = guard_fault(s, why);

	s->g->content_length = 0;
	s->g->parts.unframed = true;
	return err;
}

static int stream_read(struct guard_scan *s)
{
	const struct guard_progress *g = s->g;
	int err = head_read(s);

	if (err)
		return err;
	if (!guard_fields_framed(g))
		return unframed(s, "stream message without Content-Length");
	if (g->length_bad)
		return unframed(s, "Content-Length is not one number");
	if (g->pos + (size_t)g->content_length > GUARD_MESSAGE_MAX)
		return unframed(s, "message too long");
	return g->content_length > s->len - g->pos ? EAGAIN : 0;
}

int guard_stream_resume(struct guard_message *m, struct guard_progress *g,
			const char *buf, size_t len, const char **why)
{
	struct guard_scan s = {.buf = buf, .len = len, .g = g};
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

size_t guard_idle_bytes(const char *buf, size_t len, uint8_t *zeros)
{
	uint8_t begun = 0;
	size_t n;

	if (!zeros)
		zeros = &begun;
	for (n = 0; n < len && *zeros < GUARD_ZEROS_MAX; n++) {
		if (buf[n] && !siphdr_is(buf[n], SIPHDR_SPACE))
			break;
		*zeros = buf[n] ? 0 : *zeros + 1;
	}
	return n;
}

bool guard_is_response(const char *buf, size_t len)
{
	return len >= 4 && !strncasecmp(buf, "SIP/", 4);
}

bool guard_next_field(const struct guard_message *m, size_t *pos, struct pl *name,
		      struct pl *value)
{
	/* The start line, which a position of 0 stands for, is not among the fields. */
	const char *before = m->fields.p - 1;
	struct guard_progress g = {.pos = *pos + 1, .parts.bare_lf = m->bare_lf};
	struct guard_scan s = {
		.buf = before, .len = m->fields.l + 1, .whole = true, .g = &g};
	struct guard_line l;
	bool found = false;

	while (!found && g.pos < s.len && !guard_line_take(&l, &s, true))
		found = field_split(name, value, &l) && !l.odd;
	*pos = found ? g.pos - 1 : m->fields.l;
	return found;
}

/* A status line stands right before its reason phrase, with a space or without. */
struct pl guard_bytes(const struct guard_message *m)
{
	size_t before = strlen("SIP/2.0 200");

	if (m->request)
		return (struct pl){.p = m->method.p, .l = m->size};
	before += m->phrase.p[-1] == ' ';
	return (struct pl){.p = m->phrase.p - before, .l = m->size};
}
