/*
 * Format of a script monitor of SolarWinds Orion (SAM): pairs of Statistic, an integer,
 * and Message under the same name, at most ten, the same ones each time.
 */
#include <string.h>

#include "base/buffer_format.h"
#include "exporter/ondemand/probe_explain.h"
#include "exporter/ondemand/probe_format.h"

enum { NOT_MEASURED = -1 };

static void probe_solarwinds_pair(struct buffer *b, const char *name, int64_t value,
				  const char *message)
{
	buffer_format(b, "Statistic.%s: %lld\nMessage.%s: %s\n", name, (long long)value,
		      name, message);
}

static void probe_solarwinds_duration(struct buffer *b, const char *name, int64_t ns,
				      const char *what)
{
	bool known = ns >= 0;

	probe_solarwinds_pair(b, name, known ? (ns + 500000) / 1000000 : NOT_MEASURED,
			      known ? what : "not measured");
}

static void probe_solarwinds_certificate(struct buffer *b, const struct probe_output *t)
{
	const struct ondemand_answer *a = t->report->decisive;
	char text[160];

	if (!a || !a->has_certificate) {
		probe_solarwinds_pair(b, "CertificateDays", NOT_MEASURED,
				      "no certificate");
		return;
	}
	snprintf(text, sizeof(text), "%s, signed by %s", a->certificate.subject,
		 a->certificate.issuer);
	probe_solarwinds_pair(
		b, "CertificateDays",
		probe_explain_days(probe_explain_end_s(&a->certificate), t->now_s), text);
}

static int probe_solarwinds_exit_code(const struct probe_output *t)
{
	int plain = probe_exit(t->report), code = probe_exit_within(t);

	if (code == PROBE_EXIT_DOWN)
		return plain == PROBE_EXIT_DOWN ? ORION_DOWN : ORION_CRITICAL;
	if (code == PROBE_EXIT_UNKNOWN)
		return ORION_UNKNOWN;
	return code == PROBE_EXIT_UP ? ORION_UP : ORION_WARNING;
}

static void probe_solarwinds_state(struct buffer *b, const struct probe_output *t)
{
	static const int values[HEALTH_STATES] = {
		[HEALTH_UNKNOWN] = NOT_MEASURED,
		[HEALTH_UP] = 2,
		[HEALTH_DEGRADED] = 1,
		[HEALTH_DOWN] = 0,
	};
	struct buffer text = {0};

	probe_explain_verdict(&text, t->report);
	buffer_add(&text, "", 1);
	probe_solarwinds_pair(b, "State", values[t->report->state],
			      text.err ? "" : text.data);
	buffer_clear(&text);
}

int probe_tell_solarwinds(struct buffer *b, const struct probe_output *t)
{
	const struct ondemand_report *r = t->report;
	const struct probe_result *p = &r->result;
	const char *reason =
		p->outcome == PROBE_RESPONSE ? p->phrase : probe_outcome_name(p->outcome);

	probe_solarwinds_state(b, t);
	probe_solarwinds_pair(b, "Code", p->code ? (int64_t)p->code : NOT_MEASURED,
			      reason);
	probe_solarwinds_duration(b, "ResponseMs", p->phase_ns[PROBE_PHASE_ANSWER],
				  "request sent to final response received");
	probe_solarwinds_duration(b, "ResolveMs", p->phase_ns[PROBE_PHASE_RESOLVE],
				  "name resolution");
	probe_solarwinds_duration(b, "ConnectMs", p->phase_ns[PROBE_PHASE_CONNECT],
				  "TCP connection");
	probe_solarwinds_duration(b, "TlsMs", p->phase_ns[PROBE_PHASE_TLS],
				  "TLS handshake");
	if (p->phase_ns[PROBE_PHASE_WEBSOCKET] >= 0)
		probe_solarwinds_duration(b, "WebSocketMs",
					  p->phase_ns[PROBE_PHASE_WEBSOCKET],
					  "WebSocket handshake");
	probe_solarwinds_pair(b, "AddressesUp", (int64_t)probe_explain_alive(r),
			      "addresses of the name that work");
	probe_solarwinds_certificate(b, t);
	return probe_solarwinds_exit_code(t);
}

void probe_fail_solarwinds(struct buffer *b, const char *why)
{
	probe_solarwinds_pair(b, "State", NOT_MEASURED, why);
}
