#include "sipprobe/message/dialog.h"

#include <string.h>

#include "config/uri.h"
#include "sipprobe/message/multipart.h"
#include "sipprobe/message/siphdr.h"

static void dialog_destructor(void *arg)
{
	struct dialog *d = arg;

	mem_deref(d->target);
	mem_deref(d->routes);
	mem_deref(d->local);
	mem_deref(d->remote);
}

/* A value as one line: folds and control bytes become spaces. */
static int value_dup(char **out, const struct pl *value)
{
	int err = value->l > DIALOG_VALUE_MAX ? EBADMSG : pl_strdup(out, value);

	for (char *p = err ? NULL : *out; p && *p; p++)
		if (!siphdr_is(*p, SIPHDR_TEXT))
			*p = ' ';
	return err;
}

/* Whether requests can be sent to it (RFC 3261 19.1.1). Header fields are no part of it.
 */
static bool uri_fits(struct pl *uri)
{
	const char *fields = uri->p ? pl_strchr(uri, '?') : NULL;

	if (fields && !memchr(fields, '@', (size_t)(uri->p + uri->l - fields)))
		uri->l = (size_t)(fields - uri->p);
	return uri->p && uri->l <= DIALOG_VALUE_MAX && !guard_request_uri_fault(uri);
}

/* The first URI of the peer's Contact that could be one. */
static bool contact_uri(struct pl *uri, const struct guard_message *m)
{
	struct siphdr_contact c;
	struct pl name, value;
	size_t pos = 0;

	while (guard_next_field(m, &pos, &name, &value)) {
		if (!guard_field_is(&name, "Contact", 'm'))
			continue;
		(void)siphdr_contact_take(&c, &value);
		*uri = c.uri;
		return uri_fits(uri);
	}
	return false;
}

/* Route URIs in the order of the message. Returns how many, 0 for too many. */
static size_t routes_read(struct pl uris[DIALOG_ROUTES_MAX],
			  const struct guard_message *m)
{
	struct siphdr_contact c;
	struct pl name, value;
	size_t pos = 0, count = 0;

	while (guard_next_field(m, &pos, &name, &value)) {
		if (!guard_field_is(&name, "Record-Route", 0))
			continue;
		while (value.l && (siphdr_contact_take(&c, &value) || c.uri.p)) {
			if (count == DIALOG_ROUTES_MAX || c.uri.l > DIALOG_VALUE_MAX)
				return 0;
			if (!uri_fits(&c.uri))
				return count;
			uris[count++] = c.uri;
			if (!value.l)
				break;
		}
	}
	return count;
}

/* @backwards: the caller's order is the other way round (12.1.2) */
static int routes_make(char **out, const struct guard_message *m, bool backwards)
{
	struct pl uris[DIALOG_ROUTES_MAX];
	size_t count = routes_read(uris, m);
	struct mbuf *mb = mbuf_alloc(64);
	int err = mb ? 0 : ENOMEM;

	for (size_t i = 0; i < count && !err; i++) {
		const struct pl *uri = &uris[backwards ? count - 1 - i : i];

		err = mbuf_printf(mb, "Route: <%b>\r\n", uri->p, uri->l);
	}
	if (!err && mb->end > DIALOG_ROUTES_BYTES)
		mb->end = 0;
	if (!err) {
		mb->pos = 0;
		err = mbuf_strdup(mb, out, mb->end);
	}
	mem_deref(mb);
	return err;
}

/* The tag of a value that is ours to keep. */
static struct pl tag_of(const char *value)
{
	struct siphdr_addr a;
	struct pl text;

	pl_set_str(&text, value);
	return siphdr_addr_read_loosely(&a, &text) ? a.tag : pl_null;
}

static int dialog_make(struct dialog **dp, const struct pl *local,
		       const struct pl *remote, const struct pl *target)
{
	struct dialog *d = mem_zalloc(sizeof(*d), dialog_destructor);
	int err = d ? value_dup(&d->local, local) : ENOMEM;

	if (!err)
		err = value_dup(&d->remote, remote);
	if (!err)
		err = pl_strdup(&d->target, target);
	if (err) {
		mem_deref(d);
		return err;
	}
	d->local_tag = tag_of(d->local);
	d->remote_tag = tag_of(d->remote);
	*dp = d;
	return 0;
}

/* It has no byte that value_dup() would change, but in folds. */
static bool is_text(const struct pl *value)
{
	for (size_t i = 0; i < value->l; i++)
		if (!siphdr_is(value->p[i], SIPHDR_TEXT | SIPHDR_SPACE))
			return false;
	return true;
}

/*
 * The peer's To, or ours with its tag where nobody could read back what it made of it
 * (12.1.2: its URI is that of our To).
 */
static int remote_make(char **out, const struct guard_message *invite,
		       const struct guard_message *response)
{
	struct siphdr_addr a;
	struct pl tag, rest;

	if (is_text(&response->to) && siphdr_addr_read(&a, &response->to))
		return pl_strdup(out, &response->to);
	if (!siphdr_addr_read_loosely(&a, &response->to))
		return pl_strdup(out, &invite->to);
	rest = a.tag;
	if (!rest.l || !siphdr_run_take(&tag, &rest, SIPHDR_TOKEN) || rest.l)
		return pl_strdup(out, &invite->to);
	return re_sdprintf(out, "%b;tag=%b", invite->to.p, invite->to.l, tag.p, tag.l);
}

int dialog_read_response(struct dialog **dp, const struct guard_message *invite,
			 const struct guard_message *response)
{
	struct pl target = invite->ruri, to;
	char *remote = NULL;
	struct dialog *d;
	int err;

	if (!contact_uri(&target, response))
		target = invite->ruri;
	err = remote_make(&remote, invite, response);
	if (err)
		return err;
	pl_set_str(&to, remote);
	err = dialog_make(&d, &invite->from, &to, &target);
	mem_deref(remote);
	if (err)
		return err;
	err = routes_make(&d->routes, response, true);
	if (err)
		mem_deref(d);
	else
		*dp = d;
	return err;
}

int dialog_read_invite(struct dialog **dp, const struct guard_message *invite,
		       const char *tag)
{
	struct pl target = pl_null, to;
	struct dialog *d;
	char *text = NULL;
	int err;

	if (!contact_uri(&target, invite))
		return EBADMSG;
	err = re_sdprintf(&text, "%b;tag=%s", invite->to.p, invite->to.l, tag);
	if (err)
		return err;
	pl_set_str(&to, text);
	err = dialog_make(&d, &to, &invite->from, &target);
	mem_deref(text);
	if (err)
		return err;
	err = routes_make(&d->routes, invite, false);
	if (err)
		mem_deref(d);
	else
		*dp = d;
	return err;
}

/* The URI of the first Route, or the target. False where it is too long. */
static bool next_uri(char *out, size_t size, const struct dialog *d)
{
	const char *from = strchr(d->routes, '<'), *to = from ? strchr(from, '>') : NULL;
	struct pl uri;

	if (to)
		uri = (struct pl){.p = from + 1, .l = (size_t)(to - from - 1)};
	else
		pl_set_str(&uri, d->target);
	return !pl_strcpy(&uri, out, size);
}

/* The transport that a URI asks for (RFC 3263 4.1, where nothing is looked up). */
static enum config_transport uri_transport(const struct config_uri *uri)
{
	if (uri->sips)
		return CONFIG_TRANSPORT_TLS;
	return uri->transport == CONFIG_TRANSPORT_NONE ? CONFIG_TRANSPORT_UDP
						       : uri->transport;
}

bool dialog_next_hop(struct sa *hop, const struct dialog *d,
		     enum config_transport transport)
{
	uint16_t port = transport == CONFIG_TRANSPORT_TLS ? 5061 : 5060;
	char text[DIALOG_VALUE_MAX + 1], host[64];
	struct config_uri uri;
	struct sa sa;

	if (!next_uri(text, sizeof(text), d) || config_uri_parse(text, &uri) ||
	    uri.maddr.l || uri_transport(&uri) != transport || !(uri.ipv4 || uri.ipv6) ||
	    uri.host.l >= sizeof(host))
		return false;
	memcpy(host, uri.host.p, uri.host.l);
	host[uri.host.l] = '\0';
	if (sa_set_str(&sa, host, uri.port ? uri.port : port))
		return false;
	*hop = sa;
	return true;
}

int dialog_refresh(struct dialog *d, const struct guard_message *m)
{
	char *target = NULL;
	struct pl uri;
	int err;

	if (!contact_uri(&uri, m))
		return 0;
	err = pl_strdup(&target, &uri);
	if (err)
		return err;
	mem_deref(d->target);
	d->target = target;
	return 0;
}

/* RFC 3261 7.3.1: tags are the same in any case. None is like none. */
static bool same_tag(const struct pl *a, const struct pl *b)
{
	return !pl_casecmp(a, b);
}

bool dialog_has(const struct dialog *d, const struct guard_message *req)
{
	return same_tag(&req->to_tag, &d->local_tag) &&
	       same_tag(&req->from_tag, &d->remote_tag);
}

static bool list_has(struct pl list, const char *token)
{
	struct pl item;

	while (list.l) {
		siphdr_space_skip(&list);
		if (!siphdr_run_take(&item, &list, SIPHDR_TOKEN))
			return false;
		if (!pl_strcasecmp(&item, token))
			return true;
		siphdr_space_skip(&list);
		if (!list.l || *list.p != ',')
			return false;
		pl_advance(&list, 1);
	}
	return false;
}

bool dialog_lists(const struct guard_message *m, const char *field, char compact,
		  const char *token)
{
	struct pl name, value;
	size_t pos = 0;

	while (guard_next_field(m, &pos, &name, &value))
		if (guard_field_is(&name, field, compact) && list_has(value, token))
			return true;
	return false;
}

/* The number that a field begins with; 0 without. */
static uint32_t field_number(const struct guard_message *m, const char *field,
			     char compact)
{
	struct pl name, value;
	size_t pos = 0;
	uint32_t n;

	while (guard_next_field(m, &pos, &name, &value))
		if (guard_field_is(&name, field, compact))
			return siphdr_number_take(&n, &value, INT32_MAX) ? n : 0;
	return 0;
}

uint32_t dialog_rseq(const struct guard_message *m)
{
	if (m->code <= 100 || m->code >= 200 || !dialog_lists(m, "Require", 0, "100rel"))
		return 0;
	return field_number(m, "RSeq", 0);
}

uint32_t dialog_session_expires_s(const struct guard_message *m)
{
	return field_number(m, "Session-Expires", 'x');
}

uint32_t dialog_min_se_s(const struct guard_message *m)
{
	return field_number(m, "Min-SE", 0);
}

struct pl dialog_sdp(const struct guard_message *m)
{
	static const char type[] = "application/sdp";
	struct pl name, value;
	size_t pos = 0;

	while (m->body.l && guard_next_field(m, &pos, &name, &value))
		if (guard_field_is(&name, "Content-Type", 'c'))
			return multipart_is_type(&value, type)
				       ? m->body
				       : multipart_part(&value, &m->body, type);
	return pl_null;
}
