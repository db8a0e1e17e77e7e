#include "sipprobe/message/dialog_request.h"

#include <string.h>
#include <strings.h>

static int field_print(struct mbuf *mb, const char *name, const struct pl *value)
{
	return mbuf_printf(mb, "%s: %b\r\n", name, value->p, value->l);
}

/* The Route fields of our own INVITE, as they are. */
static int routes_copy(struct mbuf *mb, const struct guard_message *invite)
{
	struct pl name, value;
	size_t pos = 0;
	int err = 0;

	while (!err && guard_next_field(invite, &pos, &name, &value))
		if (guard_field_is(&name, "Route", 0))
			err = field_print(mb, "Route", &value);
	return err;
}

/* @to: of the INVITE, or of the response that is acknowledged */
static int print_alike(struct mbuf *mb, const char *method,
		       const struct guard_message *invite, const struct pl *to)
{
	int err = mbuf_printf(mb, "%s %b SIP/2.0\r\n", method, invite->ruri.p,
			      invite->ruri.l);

	err |= field_print(mb, "Via", &invite->via);
	err |= mbuf_write_str(mb, "Max-Forwards: 70\r\n");
	err |= routes_copy(mb, invite);
	err |= field_print(mb, "From", &invite->from);
	err |= field_print(mb, "To", to);
	err |= field_print(mb, "Call-ID", &invite->call_id);
	err |= mbuf_printf(mb, "CSeq: %u %s\r\n", invite->cseq, method);
	err |= mbuf_write_str(mb, "Content-Length: 0\r\n\r\n");
	return err ? ENOMEM : 0;
}

int dialog_print_cancel(struct mbuf *mb, const struct guard_message *invite)
{
	return print_alike(mb, "CANCEL", invite, &invite->to);
}

int dialog_print_ack(struct mbuf *mb, const struct guard_message *invite,
		     const struct guard_message *response)
{
	return print_alike(mb, "ACK", invite, &response->to);
}

/* RFC 3261 16.12.1.1: the URI of a proxy that routes loosely has lr. */
static bool is_loose(const struct pl *uri)
{
	for (const char *p = uri->p, *end = p + uri->l; p && end - p >= 3;
	     p = memchr(p + 1, ';', (size_t)(end - p - 1)))
		if (!strncasecmp(p, ";lr", 3) &&
		    (end - p == 3 || p[3] == ';' || p[3] == '='))
			return true;
	return false;
}

/* The first of the Route fields, if it is a strict one; what follows it in @rest. */
static bool strict_first(struct pl *uri, const char **rest, const char *routes)
{
	const char *open = strchr(routes, '<');
	const char *close = open ? strchr(open, '>') : NULL;
	const char *line = close ? strchr(close, '\n') : NULL;

	if (!line)
		return false;
	*uri = (struct pl){.p = open + 1, .l = (size_t)(close - open - 1)};
	*rest = line + 1;
	return !is_loose(uri);
}

int dialog_print_request(struct mbuf *mb, const struct dialog *d,
			 const struct dialog_request *r)
{
	const char *routes = d->routes;
	struct pl uri;
	bool strict = strict_first(&uri, &routes, d->routes);
	int err;

	if (strict) {
		err = mbuf_printf(mb, "%s %b SIP/2.0\r\n", r->method, uri.p, uri.l);
	} else {
		routes = d->routes;
		err = mbuf_printf(mb, "%s %s SIP/2.0\r\n", r->method, d->target);
	}
	err |= mbuf_printf(mb, "Via: SIP/2.0/%s %J;branch=%s;rport\r\n", r->transport,
			   r->local, r->branch);
	err |= mbuf_printf(mb, "Max-Forwards: %u\r\n%s", r->max_forwards, routes);
	if (strict)
		err |= mbuf_printf(mb, "Route: <%s>\r\n", d->target);
	err |= mbuf_printf(mb, "From: %s\r\nTo: %s\r\n", d->local, d->remote);
	err |= field_print(mb, "Call-ID", r->call_id);
	err |= mbuf_printf(mb, "CSeq: %u %s\r\n%sUser-Agent: %s\r\n", r->cseq, r->method,
			   r->fields, r->agent);
	err |= mbuf_write_str(mb, "Content-Length: 0\r\n\r\n");
	return err ? ENOMEM : 0;
}
