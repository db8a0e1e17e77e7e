/* Start lines (RFC 3261 7.1, 7.2). */
#include <string.h>
#include <strings.h>

#include "sipprobe/message/guard_fields.h"
#include "sipprobe/message/guard_scan.h"
#include "sipprobe/message/siphdr.h"

static const struct pl version = PL("SIP/2.0");

/* The code's digits are looked at as they come: what is no status line ends at once. */
static int status_code(struct guard_scan *s)
{
	const char *p = s->buf + version.l + 1;
	unsigned code = 0;

	for (size_t i = 0; i < 3; i++) {
		if (version.l + 1 + i == s->len)
			return guard_want_more(s);
		if (p[i] < (i ? '0' : '1') || p[i] > (i ? '9' : '6'))
			return guard_bad(s, "status code out of range");
		code = code * 10 + (unsigned)(p[i] - '0');
	}
	if (version.l + 4 == s->len)
		return guard_want_more(s);
	if (p[3] != ' ' && p[3] != '\r' && p[3] != '\n')
		return guard_bad(s, "status code without a space after it");
	s->g->parts.code = code;
	return 0;
}

static int status_line(struct guard_scan *s)
{
	struct guard_message *m = &s->g->parts;
	struct guard_line l;
	int err = status_code(s);

	if (!err)
		err = guard_line_take(&l, s, false);
	if (err)
		return err;
	if (l.odd)
		return guard_bad(s, "control byte in the status line");
	m->phrase = l.text;
	pl_advance(&m->phrase, version.l + 4);
	if (m->phrase.l)
		pl_advance(&m->phrase, 1);
	return 0;
}

static bool is_sip_uri(const struct pl *uri)
{
	return (uri->l >= 4 && !strncasecmp(uri->p, "sip:", 4)) ||
	       (uri->l >= 5 && !strncasecmp(uri->p, "sips:", 5));
}

/* RFC 5118 4.2: an IPv6 address without its brackets is none; nor are two ports. */
static bool has_bare_colons(const struct pl *uri)
{
	const char *end = uri->p + uri->l, *p = memchr(uri->p, ':', uri->l);
	const char *at = memrchr(uri->p, '@', uri->l);
	size_t colons = 0;

	p = at ? at + 1 : p + 1;
	if (p < end && *p == '[')
		return false;
	for (; p < end && *p != ';' && *p != '?'; p++)
		colons += *p == ':';
	return colons > 1;
}

/* RFC 3261 19.1.1: header fields in a URI are for links, never for a Request-URI. */
static bool has_uri_headers(const struct pl *uri)
{
	struct pl rest = *uri;
	const char *host = pl_strchr(uri, '@');

	if (host)
		pl_advance(&rest, host - uri->p);
	return pl_strchr(&rest, '?') != NULL;
}

/* Takes SIP/x.y off the end of a request line, with white space around it. */
static bool version_take(struct pl *name, struct pl *line)
{
	size_t n;

	while (line->l && siphdr_is(line->p[line->l - 1], SIPHDR_SPACE))
		line->l--;
	for (n = 0; n < line->l && !siphdr_is(line->p[line->l - 1 - n], SIPHDR_SPACE);)
		n++;
	line->l -= n;
	*name = (struct pl){.p = line->p + line->l, .l = n};
	return n > 4 && !strncasecmp(name->p, "SIP/", 4);
}

const char *guard_request_uri_fault(const struct pl *uri)
{
	if (!uri->l || !siphdr_uri_valid(uri))
		return "malformed Request-URI";
	if (!is_sip_uri(uri))
		return NULL;
	if (has_bare_colons(uri))
		return "Request-URI with colons in its host";
	return has_uri_headers(uri) ? "Request-URI with header fields" : NULL;
}

/* What is wrong with the rest of a request line, the method being taken; or NULL. */
static const char *request_target(struct guard_message *m, const struct pl *line)
{
	struct pl rest = *line, name;
	size_t spaces = line->p[line->l - 1] == ' ';

	/* It is there: without it this would be no request. */
	(void)version_take(&name, &rest);
	if (!rest.l || rest.p[rest.l - 1] != ' ' || spaces)
		return "request line with white space out of place";
	rest.l--;
	m->ruri = rest;
	return guard_request_uri_fault(&rest);
}

/* The method must be there and end in a space; no request has one longer than this. */
static int method_look(struct guard_scan *s)
{
	enum { METHOD_BYTES_MAX = 64 };
	size_t n = 0;

	while (n < s->len && n < METHOD_BYTES_MAX && siphdr_is(s->buf[n], SIPHDR_TOKEN))
		n++;
	if (n == s->len)
		return guard_want_more(s);
	if (!n || n == METHOD_BYTES_MAX || s->buf[n] != ' ')
		return guard_bad(s, "start line of neither request nor response");
	s->g->parts.method = (struct pl){.p = s->buf, .l = n};
	return 0;
}

static int request_line(struct guard_scan *s)
{
	struct guard_message *m = &s->g->parts;
	struct pl rest, target, name;
	const char *why;
	struct guard_line l;
	int err = method_look(s);

	if (!err)
		err = guard_line_take(&l, s, false);
	if (err)
		return err;
	rest = l.text;
	pl_advance(&rest, (ssize_t)m->method.l + 1);
	target = rest;
	if (!version_take(&name, &target))
		return guard_bad(s, "request line without SIP/2.0 at its end");
	m->request = true;
	if (pl_cmp(&name, &version) && pl_casecmp(&name, &version))
		(void)guard_fields_fault(s->g, 505, "another version than SIP/2.0");
	if (l.odd)
		return guard_fault(s, "control byte in the request line");
	why = request_target(m, &rest);
	return why ? guard_fault(s, why) : 0;
}

int guard_start_line(struct guard_scan *s)
{
	struct guard_message *m = &s->g->parts;
	size_t same = 0;
	int err;

	if (!s->g->scanned)
		*m = (struct guard_message){.retry_after_s = -1};
	while (same < version.l && same < s->len &&
	       (s->buf[same] | 0x20) == (version.p[same] | 0x20))
		same++;
	if (same == version.l && same < s->len && s->buf[same] == ' ')
		err = status_line(s);
	else if (same == s->len)
		err = guard_want_more(s);
	else
		err = request_line(s);
	if (!err)
		m->fields.p = s->buf + s->g->pos;
	return err;
}
