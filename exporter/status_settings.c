/* Settings as text, in the notation of the configuration. Never a secret. */
#include <stdio.h>
#include <string.h>

#include "exporter/status.h"
#include "sipprobe/ladder.h"

enum kind { DURATION, NUMBER, CHOICE, CODES, TEXT, FLAG, ROUTE, HEADERS, METHODS, USER };

struct setting {
	const char *key;
	enum kind kind;
	size_t offset;
	const char *const *names; /* CHOICE */
};

#define AT(member) offsetof(struct config_settings, member)

static const char *const connections[] = {"fresh", "reuse"};
static const char *const families[] = {"any", "ipv4", "ipv6"};
static const char *const up_whens[] = {"any", "all", "primary"};
static const char *const versions[] = {"TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3"};

/* What holds a secret, or names the file of one, has no row. */
static const struct setting settings[] = {
	{"method", METHODS, 0, NULL},
	{"auth.username", USER, 0, NULL},
	{"interval", DURATION, AT(interval_us), NULL},
	{"down_interval", DURATION, AT(down_interval_us), NULL},
	{"timeout", DURATION, AT(timeout_us), NULL},
	{"t1", DURATION, AT(t1_us), NULL},
	{"fall", NUMBER, AT(fall), NULL},
	{"rise", NUMBER, AT(rise), NULL},
	{"up_codes", CODES, AT(up_codes), NULL},
	{"degraded_codes", CODES, AT(degraded_codes), NULL},
	{"up_when", CHOICE, AT(up_when), up_whens},
	{"family", CHOICE, AT(family), families},
	{"connection", CHOICE, AT(connection), connections},
	{"expect_inbound", DURATION, AT(expect_inbound_us), NULL},
	{"paused", FLAG, AT(paused), NULL},
	{"outbound_proxy", TEXT, AT(outbound_proxy), NULL},
	{"dscp", NUMBER, AT(dscp), NULL},
	{"max_forwards", NUMBER, AT(max_forwards), NULL},
	{"request_uri", TEXT, AT(request_uri), NULL},
	{"from", TEXT, AT(from), NULL},
	{"to", TEXT, AT(to), NULL},
	{"contact", TEXT, AT(contact), NULL},
	{"user_agent", TEXT, AT(user_agent), NULL},
	{"route", ROUTE, 0, NULL},
	{"headers", HEADERS, 0, NULL},
	{"tls.ca_file", TEXT, AT(tls.ca_file), NULL},
	{"tls.cert_file", TEXT, AT(tls.cert_file), NULL},
	{"tls.server_name", TEXT, AT(tls.server_name), NULL},
	{"tls.min_version", CHOICE, AT(tls.min_version), versions},
	{"tls.ciphers", TEXT, AT(tls.ciphers), NULL},
	{"tls.insecure_skip_verify", FLAG, AT(tls.insecure_skip_verify), NULL},
};

static void add_duration(struct buffer *out, int64_t us)
{
	static const struct {
		const char *unit;
		int64_t us;
	} units[] = {{"h", 3600000000}, {"m", 60000000}, {"s", 1000000}, {"ms", 1000}};
	char text[40];
	int len = 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (us / units[i].us)
			len += snprintf(text + len, sizeof(text) - (size_t)len, "%lld%s",
					(long long)(us / units[i].us), units[i].unit);
		us %= units[i].us;
	}
	if (us || !len)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%lldus",
				(long long)us);
	buffer_add(out, text, (size_t)len);
}

/* The first code from @code on that is not of the set as @code is. */
static unsigned run_end(const struct config_codes *c, unsigned code)
{
	bool in = config_codes_has(c, code);

	while (code < 700 && config_codes_has(c, code) == in)
		code++;
	return code;
}

/* "2xx, 400-407, 503" */
static void add_codes(struct buffer *out, const struct config_codes *c)
{
	const char *comma = "";
	char text[24];

	for (unsigned code = 100, end; code < 700; code = end) {
		end = run_end(c, code);
		if (!config_codes_has(c, code))
			continue;
		if (code % 100 == 0 && end >= code + 100) {
			end = code + 100;
			snprintf(text, sizeof(text), "%s%uxx", comma, code / 100);
		} else if (end == code + 1) {
			snprintf(text, sizeof(text), "%s%u", comma, code);
		} else {
			snprintf(text, sizeof(text), "%s%u-%u", comma, code, end - 1);
		}
		buffer_str(out, text);
		comma = ", ";
	}
	if (!*comma)
		buffer_str(out, "none");
}

static void add_headers(struct buffer *out, const struct config_settings *s)
{
	char line[1024], shown[LADDER_BYTES];

	for (size_t i = 0; i < s->header_count; i++) {
		int len = snprintf(line, sizeof(line), "%s: %s", s->headers[i].name,
				   s->headers[i].value);
		size_t size = (size_t)len < sizeof(line) ? (size_t)len : sizeof(line) - 1;

		buffer_str(out, i ? "; " : "");
		buffer_add(out, shown, ladder_redact(shown, line, size));
	}
}

static void add_route(struct buffer *out, const struct config_settings *s)
{
	for (size_t i = 0; i < s->route_count; i++) {
		buffer_str(out, i ? ", " : "");
		buffer_str(out, s->route[i]);
	}
}

static void add_methods(struct buffer *out, const struct config_settings *s)
{
	static const char *const names[] = {
		[CONFIG_METHOD_OPTIONS] = "OPTIONS",
		[CONFIG_METHOD_REGISTER] = "REGISTER",
	};
	const char *comma = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!(s->methods >> i & 1))
			continue;
		buffer_str(out, comma);
		buffer_str(out, names[i]);
		comma = ", ";
	}
}

/* Whether the setting says anything. */
static bool is_set(const struct setting *row, const struct config_settings *s)
{
	const void *at = (const char *)s + row->offset;

	switch (row->kind) {
	case DURATION:
		return *(const int64_t *)at != 0;
	case TEXT:
		return *(const char *const *)at != NULL;
	case FLAG:
		return *(const bool *)at;
	case ROUTE:
		return s->route_count;
	case HEADERS:
		return s->header_count;
	case USER:
		return s->auth != NULL;
	default:
		return true;
	}
}

static void add_value(struct buffer *out, const struct setting *row,
		      const struct config_settings *s)
{
	const void *at = (const char *)s + row->offset;
	char text[16];

	switch (row->kind) {
	case DURATION:
		add_duration(out, *(const int64_t *)at);
		break;
	case NUMBER:
		snprintf(text, sizeof(text), "%u", *(const unsigned *)at);
		buffer_str(out, text);
		break;
	case CHOICE:
		buffer_str(out, row->names[*(const unsigned *)at]);
		break;
	case CODES:
		add_codes(out, at);
		break;
	case TEXT:
		buffer_str(out, *(const char *const *)at);
		break;
	case FLAG:
		buffer_str(out, "true");
		break;
	case ROUTE:
		add_route(out, s);
		break;
	case HEADERS:
		add_headers(out, s);
		break;
	case METHODS:
		add_methods(out, s);
		break;
	case USER:
		buffer_str(out, s->auth->username);
		break;
	}
}

void status_settings(struct buffer *out, const struct config_settings *s)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		if (!is_set(&settings[i], s))
			continue;
		buffer_add(out, settings[i].key, strlen(settings[i].key) + 1);
		add_value(out, &settings[i], s);
		buffer_add(out, "", 1);
	}
}
