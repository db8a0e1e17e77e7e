#include "config/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void add_code(struct config_codes *c, unsigned code)
{
	c->bits[code / 64] |= UINT64_C(1) << (code % 64);
}

static const char *add_codes(struct config_codes *c, unsigned from, unsigned to)
{
	if (from < 200 || to > 699)
		return "final responses have codes from 200 to 699";
	if (from > to)
		return "the range runs backwards";
	for (unsigned code = from; code <= to; code++)
		add_code(c, code);
	return NULL;
}

const char *value_code(struct config_codes *c, double code)
{
	if (!(code >= 200 && code <= 699) || code != (unsigned)code)
		return "final responses have codes from 200 to 699";
	add_code(c, (unsigned)code);
	return NULL;
}

/* Three digits; the caller has seen that they are there. */
static unsigned code_of(const char *p)
{
	return (unsigned)((p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0'));
}

const char *value_codes(struct config_codes *c, const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 1 && !strcasecmp(text + 1, "xx"))
		return add_codes(c, (unsigned)(text[0] - '0') * 100,
				 (unsigned)(text[0] - '0') * 100 + 99);
	if (digits == 3 && !text[3])
		return add_codes(c, code_of(text), code_of(text));
	if (digits == 3 && text[3] == '-' && strspn(text + 4, "0123456789") == 3 &&
	    !text[7])
		return add_codes(c, code_of(text), code_of(text + 4));
	return "codes are written as \"404\", \"4xx\" or \"401-499\"";
}

static bool is_address(int af, const char *text, size_t len)
{
	unsigned char addr[sizeof(struct in6_addr)];
	char buf[INET6_ADDRSTRLEN];

	if (len >= sizeof(buf))
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	return inet_pton(af, buf, addr) == 1;
}

/* Up to 65535, or -1. */
static int port_of(const char *text)
{
	size_t len = strspn(text, "0123456789");

	if (!len || len > 5 || text[len] || atoi(text) > 65535)
		return -1;
	return atoi(text);
}

static const char *listen_host(const char *text, const char *end, const char **host,
			       size_t *len)
{
	bool bracket = text[0] == '[' && end[-1] == ']';
	const char *zone;
	size_t l;

	text += bracket;
	end -= bracket;
	*host = text;
	*len = l = (size_t)(end - text);
	zone = memchr(text, '%', l);
	if (bracket && zone && zone + 1 < end)
		l = (size_t)(zone - text);
	if (is_address(bracket ? AF_INET6 : AF_INET, text, l))
		return NULL;
	if (!bracket && memchr(text, ':', l))
		return "an IPv6 address stands in brackets, as in \"udp:[::]:5060\"";
	return "the address to listen on is an IPv4 address or an IPv6 address in "
	       "brackets, as in \"udp:0.0.0.0:5060\" or \"tcp:[::]:5060\"";
}

const char *value_listen(struct config_listen *l, const char **host, size_t *host_len,
			 const char *text)
{
	static const char *const names[] = {"udp:", "tcp:", "tls:"};
	enum config_transport transport = CONFIG_TRANSPORT_NONE;
	const char *end, *why;
	int port;

	for (unsigned i = 0; i < 3; i++)
		if (!strncmp(text, names[i], 4))
			transport = CONFIG_TRANSPORT_UDP + i;
	if (!transport)
		return "begins with udp:, tcp: or tls:, as in \"udp:0.0.0.0:5060\"";
	text += 4;
	end = strrchr(text, ':');
	port = end ? port_of(end + 1) : -1;
	if (port < 0)
		return "ends with a port from 0 (any free one) to 65535, as in "
		       "\"udp:0.0.0.0:5060\"";
	why = listen_host(text, end, host, host_len);
	if (why)
		return why;
	/* Member by member: padding stays, so that equal items compare equal. */
	l->transport = transport;
	l->port = (uint16_t)port;
	return NULL;
}

const char *value_server(const char *text)
{
	size_t len = strcspn(text, "@");

	if (!is_address(AF_INET, text, len) && !is_address(AF_INET6, text, len))
		return "a resolver is an IPv4 or IPv6 address, as in \"192.0.2.53\" or "
		       "\"2001:db8::53@5353\"";
	if (text[len] && port_of(text + len + 1) < 1)
		return "after '@' comes a port from 1 to 65535";
	return NULL;
}

const char *const value_reserved_labels[] = {
	"address",   "answered", "by",	 "cause",  "code",  "direction", "event",
	"file",	     "kind",	 "le",	 "method", "phase", "profile",	 "purpose",
	"quantile",  "reason",	 "size", "source", "sign",  "stat",	 "state",
	"transport", "trunk",	 "uri",	 "what",   NULL,
};

const char *value_label_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";

	if (!*text || !strchr(letters, *text) ||
	    text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
			      "0123456789")])
		return "a label's name is letters, digits and '_', and begins with no "
		       "digit";
	if (strlen(text) > 128)
		return "a label's name is at most 128 characters long";
	if (text[0] == '_' && text[1] == '_')
		return "names that begin with __ belong to Prometheus";
	for (size_t i = 0; value_reserved_labels[i]; i++)
		if (!strcmp(text, value_reserved_labels[i]))
			return "the exporter uses this label itself; choose another name";
	return NULL;
}

/* Header fields that the engine writes itself, and what to do instead. */
static const struct {
	const char *name;
	const char *compact;
	const char *instead;
} owned_headers[] = {
	{"Via", "v", "the engine writes Via itself"},
	{"Call-ID", "i", "the engine writes Call-ID itself"},
	{"CSeq", NULL, "the engine writes CSeq itself"},
	{"Content-Length", "l", "the engine writes Content-Length itself"},
	{"From", "f", "From is set with \"from\""},
	{"To", "t", "To is set with \"to\""},
	{"Contact", "m", "Contact is set with \"contact\""},
	{"Route", NULL, "Route is set with \"route\""},
	{"Max-Forwards", NULL, "Max-Forwards is set with \"max_forwards\""},
	{"User-Agent", NULL, "User-Agent is set with \"user_agent\""},
};

const char *value_header_name(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (!isalnum(*p) && !strchr("-.!%*_+`'~", *p))
			return "a header's name is letters, digits and -.!%*_+`'~ (an "
			       "RFC 3261 token)";
	if (!*text || strlen(text) > 128)
		return "a header's name is 1 to 128 characters long";
	for (size_t i = 0; i < sizeof(owned_headers) / sizeof(owned_headers[0]); i++)
		if (!strcasecmp(text, owned_headers[i].name) ||
		    (owned_headers[i].compact &&
		     !strcasecmp(text, owned_headers[i].compact)))
			return owned_headers[i].instead;
	return NULL;
}

const char *value_owned_header(size_t i)
{
	size_t count = sizeof(owned_headers) / sizeof(owned_headers[0]);

	if (i >= 2 * count)
		return NULL;
	if (i < count)
		return owned_headers[i].name;
	return owned_headers[i - count].compact ? owned_headers[i - count].compact
						: owned_headers[i - count].name;
}
