/* Settings as text, in the notation of the configuration. Never a secret. */
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/redact.h"
#include "exporter/store/status.h"
#include "sipprobe/ladder.h"

enum kind {
	DURATION,
	NUMBER,
	PORT,
	CHOICE,
	CODES,
	TEXT,
	FLAG,
	ROUTE,
	HEADERS,
	NAMES,
	PAUSE,
	CODECS,
	DEGRADED,
	PATH,
	NAMES_ALONE
};

/* Bases that an offset counts from; parts of settings that a trunk may lack. */
enum part { SETTINGS, AUTH, REGISTER, CALL, SIZE, TRAIN, MIRROR };

struct setting {
	const char *key;
	enum kind kind;
	size_t offset;
	const char *const *names; /* CHOICE, NAMES */
	enum part part;
};

#define AT(member)  offsetof(struct config_settings, member)
#define OF_AUTH(m)  offsetof(struct config_auth, m)
#define OF_REG(m)   offsetof(struct config_register, m)
#define OF_CALL(m)  offsetof(struct config_call, m)
#define OF_SIZE(m)  offsetof(struct config_size, m)
#define OF_TRAIN(m) offsetof(struct config_train, m)

static const char *const register_ats[] = {"all", "first"};
static const char *const connections[] = {"fresh", "reuse"};
static const char *const answers_from[] = {"peer", "anywhere"};
static const char *const families[] = {"any", "ipv4", "ipv6"};
static const char *const up_whens[] = {"any", "all", "primary"};
static const char *const versions[] = {"TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3"};
static const char *const methods[] = {"OPTIONS", "REGISTER", "INVITE", NULL};
static const char *const digests[] = {"MD5", "SHA-256", "SHA-512-256", NULL};

static const char *const call_modes[] = {"ring", "answer", "echo", "loop"};
static const char *const srtps[] = {"off", "required"};
static const char *const nonces[] = {"inband", "events", NULL};
static const char *const codecs[] = {"PCMU", "PCMA"};

/* A row for each key that a trunk may have; what names or is a secret has none. */
static const struct setting settings[] = {
	{"preset", TEXT, AT(preset)},
	{"method", NAMES, AT(methods), methods},
	{"interval", DURATION, AT(interval_us)},
	{"down_interval", DURATION, AT(down_interval_us)},
	{"timeout", DURATION, AT(timeout_us)},
	{"retry_after_max", DURATION, AT(retry_after_max_us)},
	{"t1", DURATION, AT(t1_us)},
	{"fall", NUMBER, AT(fall)},
	{"rise", NUMBER, AT(rise)},
	{"up_codes", CODES, AT(up_codes)},
	{"degraded_codes", CODES, AT(degraded_codes)},
	{"up_when", CHOICE, AT(up_when), up_whens},
	{"expect_inbound", DURATION, AT(expect_inbound_us)},
	{"paused", PAUSE, AT(pause)},
	{"mirror.every", DURATION, offsetof(struct config_mirror, every_us), NULL,
	 MIRROR},
	{"trace_on_down", FLAG, AT(trace_on_down)},
	{"connection", CHOICE, AT(connection), connections},
	{"answers_from", CHOICE, AT(answers_from), answers_from},
	{"watch_changes", FLAG, AT(watch_changes)},
	{"mark_copies", FLAG, AT(mark_copies)},
	{"family", CHOICE, AT(family), families},
	{"local.address", TEXT, AT(local.address)},
	{"local.port", PORT, AT(local.port)},
	{"outbound_proxy", TEXT, AT(outbound_proxy)},
	{"dscp", NUMBER, AT(dscp)},
	{"max_forwards", NUMBER, AT(max_forwards)},
	{"request_uri", TEXT, AT(request_uri)},
	{"from", TEXT, AT(from)},
	{"to", TEXT, AT(to)},
	{"contact", TEXT, AT(contact)},
	{"user_agent", TEXT, AT(user_agent)},
	{"route", ROUTE, 0},
	{"headers", HEADERS, 0},
	{"auth.username", TEXT, OF_AUTH(username), NULL, AUTH},
	{"auth.realm", TEXT, OF_AUTH(realm), NULL, AUTH},
	{"auth.algorithms", NAMES, OF_AUTH(algorithms), digests, AUTH},
	{"register.bind", FLAG, OF_REG(bind), NULL, REGISTER},
	{"register.expires", DURATION, OF_REG(expires_us), NULL, REGISTER},
	{"register.interval", DURATION, OF_REG(interval_us), NULL, REGISTER},
	{"register.aor", TEXT, OF_REG(aor), NULL, REGISTER},
	{"register.at", CHOICE, OF_REG(at), register_ats, REGISTER},
	{"size.bytes", NUMBER, OF_SIZE(bytes), NULL, SIZE},
	{"size.every", NUMBER, OF_SIZE(every), NULL, SIZE},
	{"train.count", NUMBER, OF_TRAIN(count), NULL, TRAIN},
	{"train.gap", DURATION, OF_TRAIN(gap_us), NULL, TRAIN},
	{"train.every", DURATION, OF_TRAIN(every_us), NULL, TRAIN},
	{"train.insist", FLAG, OF_TRAIN(insist), NULL, TRAIN},
	{"call.mode", CHOICE, OF_CALL(mode), call_modes, CALL},
	{"call.to", TEXT, OF_CALL(to), NULL, CALL},
	{"call.interval", DURATION, OF_CALL(interval_us), NULL, CALL},
	{"call.answer_timeout", DURATION, OF_CALL(answer_timeout_us), NULL, CALL},
	{"call.ring_for", DURATION, OF_CALL(ring_for_us), NULL, CALL},
	{"call.duration", DURATION, OF_CALL(duration_us), NULL, CALL},
	{"call.codecs", CODECS, 0, NULL, CALL},
	{"call.srtp", CHOICE, OF_CALL(srtp), srtps, CALL},
	{"call.nonce", NAMES, OF_CALL(nonce), nonces, CALL},
	{"call.jitter_buffer", DURATION, OF_CALL(jitter_buffer_us), NULL, CALL},
	{"call.degraded", DEGRADED, 0, NULL, CALL},
	{"websocket.path", PATH, AT(websocket.path)},
	{"websocket.origin", TEXT, AT(websocket.origin)},
	{"websocket.host", TEXT, AT(websocket.host)},
	{"websocket.headers", NAMES_ALONE, 0},
	{"tls.ca_file", TEXT, AT(tls.ca_file)},
	{"tls.cert_file", TEXT, AT(tls.cert_file)},
	{"tls.server_name", TEXT, AT(tls.server_name)},
	{"tls.min_version", CHOICE, AT(tls.min_version), versions},
	{"tls.ciphers", TEXT, AT(tls.ciphers)},
	{"tls.insecure_skip_verify", FLAG, AT(tls.insecure_skip_verify)},
	{"tls.session_lifetime", DURATION, AT(tls.session_lifetime_us)},
};

/* NULL where the trunk has no such part. */
static const void *settings_value_of(const struct setting *row,
				     const struct config_settings *s)
{
	const void *parts[] = {
		[SETTINGS] = s,	     [AUTH] = s->auth, [REGISTER] = s->registration,
		[CALL] = s->call,    [SIZE] = s->size, [TRAIN] = s->train,
		[MIRROR] = s->mirror};
	const char *part = parts[row->part];

	return part ? part + row->offset : NULL;
}

static void settings_add_duration(struct buffer *out, int64_t us)
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
static unsigned settings_run_end(const struct config_codes *c, unsigned code)
{
	bool in = config_codes_has(c, code);

	while (code < 700 && config_codes_has(c, code) == in)
		code++;
	return code;
}

/* "2xx, 400-407, 503" */
static void settings_add_codes(struct buffer *out, const struct config_codes *c)
{
	const char *comma = "";
	char text[24];

	for (unsigned code = 100, end; code < 700; code = end) {
		end = settings_run_end(c, code);
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

/* Without the passwords that URIs and headers may carry. */
static void settings_add_redacted(struct buffer *out, const char *text)
{
	char shown[LADDER_BYTES];

	buffer_add(out, shown, ladder_redact(shown, text, strlen(text)));
}

static void settings_add_headers(struct buffer *out, const struct config_settings *s)
{
	char line[1024];

	for (size_t i = 0; i < s->header_count; i++) {
		(void)snprintf(line, sizeof(line), "%s: %s", s->headers[i].name,
			       s->headers[i].value);
		buffer_str(out, i ? "; " : "");
		settings_add_redacted(out, line);
	}
}

/* Of a query only that there is one: tokens are handed over in it. */
static void settings_add_path(struct buffer *out, const char *path)
{
	size_t len = path ? strcspn(path, "?") : 0;

	if (!path)
		return;
	buffer_add(out, path, len);
	if (path[len])
		buffer_str(out, "?" REDACTED);
}

/* Each value may be a secret. */
static void settings_add_header_names(struct buffer *out,
				      const struct config_websocket *w)
{
	for (size_t i = 0; i < w->header_count; i++) {
		buffer_str(out, i ? ", " : "");
		buffer_str(out, w->headers[i].name);
	}
}

static void settings_add_route(struct buffer *out, const struct config_settings *s)
{
	for (size_t i = 0; i < s->route_count; i++) {
		buffer_str(out, i ? ", " : "");
		settings_add_redacted(out, s->route[i]);
	}
}

static void settings_add_names(struct buffer *out, const char *const *names,
			       unsigned bits)
{
	const char *comma = "";

	for (unsigned i = 0; names[i]; i++) {
		if (!(bits >> i & 1))
			continue;
		buffer_str(out, comma);
		buffer_str(out, names[i]);
		comma = ", ";
	}
}

static void settings_add_number(struct buffer *out, unsigned n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	buffer_str(out, text);
}

static void settings_add_pause(struct buffer *out, const struct config_pause *pause)
{
	char at[DATE_BYTES];

	if (pause->on && pause->until_s) {
		buffer_str(out, "until ");
		buffer_str(out, date_print(at, pause->until_s));
		return;
	}
	buffer_str(out, pause->on ? "true" : "false");
}

static void settings_add_codecs(struct buffer *out, const struct config_call *c)
{
	for (size_t i = 0; i < c->codec_count; i++) {
		buffer_str(out, i ? ", " : "");
		buffer_str(out, codecs[c->codecs[i]]);
	}
}

/* "MOS 3.6, loss 1%": what is judged by. */
static void settings_add_degraded(struct buffer *out, const struct config_call *c)
{
	const struct config_call_degraded *d = &c->degraded;
	const char *comma = "";
	char text[48];

	if (d->mos > 0) {
		snprintf(text, sizeof(text), "mos %g", d->mos);
		buffer_str(out, text);
		comma = ", ";
	}
	if (d->loss > 0) {
		snprintf(text, sizeof(text), "%sloss %g%%", comma, d->loss * 100);
		buffer_str(out, text);
		comma = ", ";
	}
	if (d->jitter_us) {
		buffer_str(out, comma);
		buffer_str(out, "jitter ");
		settings_add_duration(out, d->jitter_us);
		comma = ", ";
	}
	if (d->post_dial_delay_us) {
		buffer_str(out, comma);
		buffer_str(out, "post_dial_delay ");
		settings_add_duration(out, d->post_dial_delay_us);
	}
}

/* Nothing for what is not set. */
static void settings_add_value(struct buffer *out, const struct setting *row,
			       const struct config_settings *s, const void *at)
{
	switch (row->kind) {
	case DURATION:
		if (*(const int64_t *)at)
			settings_add_duration(out, *(const int64_t *)at);
		break;
	case NUMBER:
		settings_add_number(out, *(const unsigned *)at);
		break;
	case PORT:
		if (*(const unsigned *)at)
			settings_add_number(out, *(const unsigned *)at);
		break;
	case CHOICE:
		buffer_str(out, row->names[*(const unsigned *)at]);
		break;
	case CODES:
		settings_add_codes(out, at);
		break;
	case TEXT:
		if (*(const char *const *)at)
			settings_add_redacted(out, *(const char *const *)at);
		break;
	case FLAG:
		buffer_str(out, *(const bool *)at ? "true" : "false");
		break;
	case PAUSE:
		settings_add_pause(out, at);
		break;
	case ROUTE:
		settings_add_route(out, s);
		break;
	case HEADERS:
		settings_add_headers(out, s);
		break;
	case CODECS:
		settings_add_codecs(out, s->call);
		break;
	case DEGRADED:
		settings_add_degraded(out, s->call);
		break;
	case PATH:
		settings_add_path(out, *(const char *const *)at);
		break;
	case NAMES_ALONE:
		settings_add_header_names(out, &s->websocket);
		break;
	case NAMES:
		settings_add_names(out, row->names, *(const unsigned *)at);
		break;
	}
}

void status_settings(struct buffer *out, const struct config_settings *s)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		const void *at = settings_value_of(&settings[i], s);

		buffer_add(out, settings[i].key, strlen(settings[i].key) + 1);
		if (at)
			settings_add_value(out, &settings[i], s, at);
		buffer_add(out, "", 1);
	}
}
