#include "config/uri.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	URI_MAX = 1024, /* bytes; leaves room in a header line of any SIP element */
	HOST_MAX = 253, /* RFC 1035 2.3.4, as text */
	LABEL_MAX = 63,
	ZONE_MAX = 15,	 /* an interface's name on Linux */
	PARAMS_MAX = 32, /* bounds the search for a parameter given twice */
};

#define UNRESERVED "-_.!~*'()"

static bool slice_is(struct config_slice s, const char *word)
{
	return s.l == strlen(word) && !strncasecmp(s.p, word, s.l);
}

/* Takes off and returns what stands before @sep, all when there is none. */
static struct config_slice slice_split(struct config_slice *s, char sep, bool *split)
{
	const char *at = memchr(s->p, sep, s->l);
	struct config_slice head = {s->p, at ? (size_t)(at - s->p) : s->l};

	*split = at;
	s->p += head.l + *split;
	s->l -= head.l + *split;
	return head;
}

/* Letters, digits, %HH and what @extra names: the grammar's sets differ only there. */
static bool is_made_of(struct config_slice s, const char *extra)
{
	for (size_t i = 0; i < s.l; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '%') {
			if (s.l - i < 3 || !isxdigit((unsigned char)s.p[i + 1]) ||
			    !isxdigit((unsigned char)s.p[i + 2]))
				return false;
		} else if (!isalnum(c) && !strchr(extra, c)) {
			return false;
		}
	}
	return true;
}

static bool copy_text(char *buf, size_t size, struct config_slice s)
{
	if (s.l >= size)
		return false;
	memcpy(buf, s.p, s.l);
	buf[s.l] = '\0';
	return true;
}

static bool is_ipv4(struct config_slice s)
{
	struct in_addr a;
	char buf[16];

	return copy_text(buf, sizeof(buf), s) && inet_pton(AF_INET, buf, &a) == 1;
}

static bool is_ipv6(struct config_slice s)
{
	struct in6_addr a;
	char buf[48];

	return copy_text(buf, sizeof(buf), s) && inet_pton(AF_INET6, buf, &a) == 1;
}

static const char *check_ipv6(struct config_slice host)
{
	bool zoned;
	struct config_slice addr = slice_split(&host, '%', &zoned);

	if (!is_ipv6(addr))
		return "what stands in the brackets is not an IPv6 address";
	if (!zoned)
		return NULL;
	if (host.l > 2 && !strncmp(host.p, "25", 2))
		return "the zone follows a plain '%', as in [fe80::1%eth0]";
	if (!host.l || host.l > ZONE_MAX)
		return "a zone is the name of an interface, as in [fe80::1%eth0]";
	for (size_t i = 0; i < host.l; i++)
		if (!isalnum((unsigned char)host.p[i]) && !strchr("_.-", host.p[i]))
			return "a zone is the name of an interface, as in [fe80::1%eth0]";
	return NULL;
}

static const char *check_label(struct config_slice label)
{
	if (!label.l)
		return "the host name has an empty part";
	if (label.l > LABEL_MAX)
		return "a part of the host name is longer than 63 characters";
	if (label.p[0] == '-' || label.p[label.l - 1] == '-')
		return "a part of a host name neither begins nor ends with '-'";
	for (size_t i = 0; i < label.l; i++) {
		unsigned char c = (unsigned char)label.p[i];

		if (c > 0x7e)
			return "a host name is ASCII; write an international one in its "
			       "xn-- form";
		if (!isalnum(c) && c != '-' && c != '_')
			return "a host name holds letters, digits, '-', '_' and '.' only";
	}
	return NULL;
}

static const char *check_name(struct config_slice host)
{
	struct config_slice label;
	bool more;

	if (host.l > HOST_MAX)
		return "the host name is longer than 253 characters";
	do {
		const char *why;

		label = slice_split(&host, '.', &more);
		why = check_label(label);
		if (why)
			return why;
		if (more && !host.l)
			return NULL; /* the root's dot */
	} while (more);
	/* RFC 3261 25.1: the last label begins with a letter, or it is an address. */
	if (strspn(label.p, "0123456789") >= label.l)
		return "an IPv4 address has four numbers from 0 to 255";
	return NULL;
}

/* A host without brackets: a name or an IPv4 address. */
static const char *check_host(struct config_slice host, bool *ipv4)
{
	*ipv4 = is_ipv4(host);
	if (!host.l)
		return "the host is missing";
	if (*ipv4)
		return NULL;
	if (memchr(host.p, ':', host.l))
		return is_ipv6(host) ? "an IPv6 address stands in brackets, as in "
				       "sip:[2001:db8::1]"
				     : "a port is a number from 1 to 65535";
	return check_name(host);
}

static const char *parse_port(struct config_slice s, uint16_t *port)
{
	unsigned v = 0;

	for (size_t i = 0; i < s.l && v <= 65535; i++) {
		if (!isdigit((unsigned char)s.p[i]))
			v = 65536;
		else
			v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	if (!v || v > 65535)
		return "a port is a number from 1 to 65535";
	*port = (uint16_t)v;
	return NULL;
}

/* [IPv6], with a port or without. */
static const char *parse_bracket(struct config_slice s, struct config_uri *u)
{
	bool closed;

	s.p++;
	s.l--;
	u->host = slice_split(&s, ']', &closed);
	u->ipv6 = true;
	if (!closed)
		return "']' is missing after the IPv6 address";
	if (s.l && s.p[0] != ':')
		return "after ']' comes a ':' and the port, or ';'";
	if (s.l) {
		const char *why =
			parse_port((struct config_slice){s.p + 1, s.l - 1}, &u->port);
		if (why)
			return why;
	}
	return check_ipv6(u->host);
}

static const char *parse_hostport(struct config_slice s, struct config_uri *u)
{
	const char *colon = memrchr(s.p, ':', s.l);
	const char *why;

	if (s.l && s.p[0] == '[')
		return parse_bracket(s, u);
	u->host = s;
	if (colon && memchr(s.p, ':', s.l) == colon) {
		size_t l = (size_t)(colon - s.p);

		u->host.l = l;
		why = parse_port((struct config_slice){colon + 1, s.l - l - 1}, &u->port);
		if (why)
			return l ? why : "the host is missing";
	}
	return check_host(u->host, &u->ipv4);
}

static const char *parse_user(struct config_slice user)
{
	struct config_slice password = user;
	bool split;
	struct config_slice name = slice_split(&password, ':', &split);

	if (!name.l)
		return "the user before '@' is empty";
	if (!is_made_of(name, UNRESERVED "&=+$,;?/"))
		return "the user holds a character that must be written as %HH";
	if (split && !is_made_of(password, UNRESERVED "&=+$,"))
		return "the password holds a character that must be written as %HH";
	return NULL;
}

static const char *const transport_names[CONFIG_TRANSPORTS] = {
	[CONFIG_TRANSPORT_NONE] = "",	[CONFIG_TRANSPORT_UDP] = "udp",
	[CONFIG_TRANSPORT_TCP] = "tcp", [CONFIG_TRANSPORT_TLS] = "tls",
	[CONFIG_TRANSPORT_WS] = "ws",	[CONFIG_TRANSPORT_WSS] = "wss",
};

const char *config_transport_name(enum config_transport transport)
{
	return transport_names[transport];
}

static const char *param_transport(struct config_slice value, struct config_uri *u)
{
	for (unsigned i = CONFIG_TRANSPORT_UDP; i < CONFIG_TRANSPORTS; i++) {
		if (!slice_is(value, transport_names[i]))
			continue;
		if (u->sips && i == CONFIG_TRANSPORT_UDP)
			return "sips: means TLS, which does not go over transport=udp";
		/* RFC 3261 26.2.2: sips with transport=tcp is TLS over TCP; so with ws.
		 */
		if (!u->sips)
			u->transport = (enum config_transport)i;
		else if (config_transport_is_websocket((enum config_transport)i))
			u->transport = CONFIG_TRANSPORT_WSS;
		return NULL;
	}
	return "the transport must be udp, tcp, tls, ws or wss";
}

static const char *param_maddr(struct config_slice value, struct config_uri *u)
{
	bool ipv4;

	if (value.l && value.p[0] == '[' && value.p[value.l - 1] == ']') {
		u->maddr = (struct config_slice){value.p + 1, value.l - 2};
		return is_ipv6(u->maddr) ? NULL
					 : "maddr is not an address or a host name";
	}
	u->maddr = value;
	return check_host(value, &ipv4) ? "maddr is not an address or a host name" : NULL;
}

static const char *param_check(struct config_slice name, struct config_slice value,
			       bool valued, struct config_uri *u)
{
	if (!name.l)
		return "a parameter's name is empty (';' without a name)";
	if (!is_made_of(name, UNRESERVED "[]/:&+$") ||
	    !is_made_of(value, UNRESERVED "[]/:&+$"))
		return "a parameter holds a character that must be written as %HH";
	if (valued && !value.l)
		return "a parameter has '=' but no value";
	if (slice_is(name, "transport"))
		return param_transport(value, u);
	if (slice_is(name, "maddr"))
		return param_maddr(value, u);
	return NULL;
}

static const char *parse_params(struct config_slice s, struct config_uri *u)
{
	struct config_slice names[PARAMS_MAX];
	bool more = true, valued;
	size_t count = 0;

	while (more) {
		struct config_slice value = slice_split(&s, ';', &more);
		struct config_slice name = slice_split(&value, '=', &valued);
		const char *why = param_check(name, value, valued, u);

		if (why)
			return why;
		if (count == PARAMS_MAX)
			return "a URI has at most 32 parameters";
		for (size_t i = 0; i < count; i++)
			if (names[i].l == name.l &&
			    !strncasecmp(names[i].p, name.p, name.l))
				return "a parameter is given twice";
		names[count++] = name;
	}
	return NULL;
}

static const char *parse_scheme(struct config_slice *s, struct config_uri *u)
{
	bool split;
	struct config_slice scheme = slice_split(s, ':', &split);

	if (!split || (!slice_is(scheme, "sip") && !slice_is(scheme, "sips")))
		return "the scheme must be sip: or sips:";
	u->sips = scheme.l == 4;
	if (u->sips)
		u->transport = CONFIG_TRANSPORT_TLS;
	return NULL;
}

/* Faults that no part's grammar would explain as well. */
static const char *check_whole(const char *text)
{
	size_t len = strnlen(text, URI_MAX + 1);

	if (!len)
		return "the URI is empty";
	if (len > URI_MAX)
		return "a URI is at most 1024 characters long";
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p <= ' ' || *p == 0x7f || *p == '<' || *p == '>' || *p == '"')
			return "a URI holds no spaces, control characters, quotes or "
			       "angle brackets";
	return NULL;
}

static const char *parse_rest(struct config_slice s, struct config_uri *u)
{
	const char *at = memrchr(s.p, '@', s.l);
	struct config_slice host;
	const char *why;
	bool split;

	if (at) {
		u->user = (struct config_slice){s.p, (size_t)(at - s.p)};
		s.l -= u->user.l + 1;
		s.p = at + 1;
		if (memchr(u->user.p, '@', u->user.l))
			return "a URI has one '@' only; write another as %40";
		why = parse_user(u->user);
		if (why)
			return why;
	}
	if (memchr(s.p, '?', s.l))
		return "headers after '?' are not sent by a probe; use the setting for "
		       "each, or \"headers\"";
	host = slice_split(&s, ';', &split);
	if (split) {
		u->params = (struct config_slice){s.p - 1, s.l + 1};
		why = parse_params(s, u);
		if (why)
			return why;
	}
	return parse_hostport(host, u);
}

const char *config_uri_parse(const char *text, struct config_uri *out)
{
	struct config_slice s = {text, 0};
	struct config_uri u = {0};
	const char *why = check_whole(text);

	if (!why) {
		s.l = strlen(text);
		why = parse_scheme(&s, &u);
	}
	if (!why)
		why = parse_rest(s, &u);
	if (!why)
		*out = u;
	return why;
}

const char *config_host_check(const char *text)
{
	struct config_slice s = {text, strlen(text)};
	bool ipv4;

	if (is_ipv6(s))
		return NULL;
	if (strchr(text, ':'))
		return "a host name or an address, without port and brackets";
	return check_host(s, &ipv4);
}
