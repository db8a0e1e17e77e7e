#include "config/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MS INT64_C(1000)
#define S  (1000 * MS)
#define M  (60 * S)
#define H  (60 * M)

static const struct unit {
	const char *name;
	int64_t us;
} units[] = {{"h", H}, {"m", M}, {"s", S}, {"ms", MS}};

enum {
	UNITS = sizeof(units) / sizeof(units[0]),
	DIGITS_MAX = 9, /* before and after the point: no product overflows */
};

/* A number and its unit, from *@text on; the unit must be smaller than @last. */
static const char *duration_part(int64_t *us, const char **text, int64_t last)
{
	size_t whole = strspn(*text, "0123456789"), part = 0, name;
	const char *frac = *text + whole;
	int64_t sum = 0;

	if (*frac == '.')
		part = strspn(++frac, "0123456789");
	if (!whole || (frac[-1] == '.' && !part))
		return "a duration is a number and a unit, as in \"30s\" or \"1m30s\"";
	if (whole > DIGITS_MAX || part > DIGITS_MAX)
		return "a number in a duration has at most nine digits";
	name = strspn(frac + part, "abcdefghijklmnopqrstuvwxyz");
	if (!name)
		return "a duration needs a unit: ms, s, m or h, as in \"30s\"";
	for (size_t i = 0; i < UNITS; i++) {
		if (strlen(units[i].name) != name ||
		    strncmp(units[i].name, frac + part, name))
			continue;
		if (units[i].us >= last)
			return "in a duration the larger unit comes first, as in "
			       "\"1h30m\"";
		for (size_t k = part; k; k--)
			sum = (sum + (frac[k - 1] - '0') * units[i].us) / 10;
		*us += sum + atoll(*text) * units[i].us;
		*text = frac + part + name;
		return NULL;
	}
	return "the unit of a duration is ms, s, m or h";
}

const char *value_duration(int64_t *us, const char *text)
{
	int64_t sum = 0, last = INT64_MAX;

	do {
		const char *why = duration_part(&sum, &text, last);

		if (why)
			return why;
		/* The unit just read: the one whose name ends here. */
		last = text[-1] == 'h'	 ? H
		       : text[-1] == 'm' ? M
		       : text[-2] == 'm' ? MS
					 : S;
	} while (*text);
	*us = sum;
	return NULL;
}

struct duration_text duration_text(int64_t us)
{
	struct duration_text t = {""};
	size_t len = 0;

	for (size_t i = 0; i < UNITS; i++) {
		int64_t n = us / units[i].us;

		us %= units[i].us;
		if (n || (!len && i + 1 == UNITS))
			len += (size_t)snprintf(t.s + len, sizeof(t.s) - len, "%lld%s",
						(long long)n, units[i].name);
	}
	return t;
}

static const char *add_codes(struct config_codes *c, unsigned from, unsigned to)
{
	if (from < 200 || to > 699)
		return "final responses have codes from 200 to 699";
	if (from > to)
		return "the range runs backwards";
	for (unsigned code = from; code <= to; code++)
		c->bits[code / 64] |= UINT64_C(1) << (code % 64);
	return NULL;
}

const char *value_code(struct config_codes *c, double code)
{
	if (!(code >= 200 && code <= 699) || code != (unsigned)code)
		return "final responses have codes from 200 to 699";
	return add_codes(c, (unsigned)code, (unsigned)code);
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
	bool bracket = end > text + 1 && text[0] == '[' && end[-1] == ']';
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
	/* Member by member: padding stays as it was, so that equal items are equal bytes.
	 */
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

const char *value_printable(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
			return "control characters, line ends among them, are not "
			       "allowed";
	return NULL;
}

const char *const value_reserved_labels[] = {
	"address",  "cause",  "code",  "le",	    "method", "phase", "profile",
	"quantile", "reason", "state", "transport", "trunk",  "uri",   NULL,
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

/* What the engine writes itself, and what to do instead. */
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
		if (*p > 0x7e || (!isalnum(*p) && !strchr("-.!%*_+`'~", *p)))
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
