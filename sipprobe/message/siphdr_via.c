/* Via: RFC 3261 20.42. */
#include "sipprobe/message/siphdr_private.h"

/* Of a parameter that nobody is matched by, the first that says something counts. */
static bool via_param_keep_first(struct pl *slot, const struct pl *value)
{
	if (!slot->p && value->l)
		*slot = *value;
	return true;
}

/* Nothing between two semicolons, or behind the last. */
static bool is_param_empty(const struct pl *c)
{
	return !c->l || *c->p == ';' || *c->p == ',' || *c->p == '(';
}

static bool via_param_take(struct siphdr_via *v, struct pl *c)
{
	struct pl name, value;

	if (is_param_empty(c))
		return true;
	if (!siphdr_param_take(&name, &value, c))
		return false;
	if (SIPHDR_NAME_IS(&name, "branch"))
		return siphdr_param_keep(&v->branch, &value);
	if (SIPHDR_NAME_IS(&name, "received"))
		return via_param_keep_first(&v->received, &value);
	if (SIPHDR_NAME_IS(&name, SIPHDR_VIA_COPY))
		return via_param_keep_first(&v->copy, &value);
	if (!SIPHDR_NAME_IS(&name, "rport"))
		return true;
	if (value.p)
		name.l = value.p + value.l - name.p;
	return via_param_keep_first(&v->rport, &name);
}

static bool host_take(struct pl *host, struct pl *c)
{
	const char *from = c->p;
	struct pl inner;

	if (!siphdr_char_take(c, '['))
		return siphdr_run_take(host, c, SIPHDR_HOST);
	while (c->l && (*c->p == ':' || siphdr_is(*c->p, SIPHDR_HOST)))
		pl_advance(c, 1);
	inner = (struct pl){.p = from + 1, .l = c->p - from - 1};
	if (!inner.l || !siphdr_char_take(c, ']'))
		return false;
	*host = (struct pl){.p = from, .l = c->p - from};
	return true;
}

static bool sent_by_take(struct siphdr_via *v, struct pl *c)
{
	uint32_t port;

	if (!host_take(&v->host, c))
		return false;
	v->sent_by = v->host;
	if (!siphdr_separator_take(c, ':'))
		return true;
	if (!siphdr_number_take(&port, c, UINT16_MAX) || !port)
		return false;
	v->port = port;
	v->sent_by.l = c->p - v->sent_by.p;
	return true;
}

/* SIP/2.0 and the transport, with the white space that must follow. */
static bool sent_protocol_take(struct siphdr_via *v, struct pl *c)
{
	struct pl name, version;

	return siphdr_run_take(&name, c, SIPHDR_TOKEN) && siphdr_separator_take(c, '/') &&
	       siphdr_run_take(&version, c, SIPHDR_TOKEN) &&
	       siphdr_separator_take(c, '/') &&
	       siphdr_run_take(&v->transport, c, SIPHDR_TOKEN) && siphdr_space_skip(c) &&
	       SIPHDR_NAME_IS(&name, "sip") && !pl_strcmp(&version, "2.0");
}

bool siphdr_via_take(struct siphdr_via *v, struct pl *c)
{
	const char *end;

	*v = (struct siphdr_via){.value.p = c->p};
	if (!sent_protocol_take(v, c) || !sent_by_take(v, c))
		return false;
	while (siphdr_separator_take(c, ';')) {
		if (!via_param_take(v, c))
			return false;
	}
	while (siphdr_starts_with(c, '(')) {
		if (!siphdr_comment_take(c))
			return false;
		siphdr_space_skip(c);
	}

	for (end = c->p; siphdr_is(end[-1], SIPHDR_SPACE);)
		end--;
	v->value.l = end - v->value.p;
	if (!c->l)
		return true;
	return siphdr_separator_take(c, ',') && c->l;
}
