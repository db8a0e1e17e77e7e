#include "exporter/ondemand/probe_families.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/number.h"
#include "exporter/metrics/text_comments.h"
#include "exporter/ondemand/probe_explain.h"

enum { SAMPLES_MAX = ONDEMAND_ANSWERS_MAX + PROBE_OUTCOMES };

/* A number is value / 10^decimals. */
struct probe_sample {
	char label[160];
	int64_t value;
	unsigned decimals;
};

/* Fills @out and returns how many samples there are: none leaves the family out. */
typedef size_t(probe_get_h)(struct probe_sample *out, const struct ondemand_report *r);

struct probe_family {
	const char *name;
	const char *help;
	probe_get_h *get;
};

static size_t sample_set(struct probe_sample *out, int64_t value, unsigned decimals)
{
	out->label[0] = '\0';
	out->value = value;
	out->decimals = decimals;
	return 1;
}

static void sample_label(struct probe_sample *s, const char *name, const char *value)
{
	snprintf(s->label, sizeof(s->label), "%s=\"%s\"", name, value);
}

static size_t probe_family_success(struct probe_sample *out,
				   const struct ondemand_report *r)
{
	return sample_set(out, r->state != HEALTH_DOWN, 0);
}

static size_t probe_family_duration(struct probe_sample *out,
				    const struct ondemand_report *r)
{
	return sample_set(out, r->took_ns, 9);
}

static size_t probe_family_dns_time(struct probe_sample *out,
				    const struct ondemand_report *r)
{
	return sample_set(out, r->resolve_ns < 0 ? 0 : r->resolve_ns, 9);
}

static bool answer_is_ipv6(const struct ondemand_answer *a)
{
	return a->address[0] == '[';
}

static size_t probe_family_ip_protocol(struct probe_sample *out,
				       const struct ondemand_report *r)
{
	return r->decisive ? sample_set(out, answer_is_ipv6(r->decisive) ? 6 : 4, 0) : 0;
}

/* Over the address as text, without its port: changes when the address does. */
static size_t probe_family_ip_hash(struct probe_sample *out,
				   const struct ondemand_report *r)
{
	uint32_t hash = HASH32_START;
	const char *p, *end;

	if (!r->decisive)
		return 0;
	p = r->decisive->address + answer_is_ipv6(r->decisive);
	end = answer_is_ipv6(r->decisive) ? strchr(p, ']') : strrchr(p, ':');
	for (; *p && p != end; p++)
		hash = hash32_byte(hash, (unsigned char)*p);
	return sample_set(out, hash, 0);
}

/* Of all addresses: the one that will fail first is the one to know. */
static size_t probe_family_cert_expiry(struct probe_sample *out,
				       const struct ondemand_report *r)
{
	int64_t first_s = 0;

	for (size_t i = 0; i < r->count; i++) {
		int64_t s = r->answers[i].result.cert_not_after_s;

		if (s && (!first_s || s < first_s))
			first_s = s;
	}
	return first_s ? sample_set(out, first_s, 0) : 0;
}

static size_t probe_family_status_code(struct probe_sample *out,
				       const struct ondemand_report *r)
{
	return sample_set(out, r->result.code, 0);
}

static size_t probe_family_phases(struct probe_sample *out,
				  const struct ondemand_report *r)
{
	size_t n = 0;

	for (int i = 0; i < PROBE_PHASES; i++) {
		if (r->result.phase_ns[i] < 0)
			continue;
		sample_set(&out[n], r->result.phase_ns[i], 9);
		sample_label(&out[n++], "phase", probe_phase_name((enum probe_phase)i));
	}
	return n;
}

static size_t probe_family_state(struct probe_sample *out,
				 const struct ondemand_report *r)
{
	size_t n = 0;

	for (int i = HEALTH_UP; i < HEALTH_STATES; i++) {
		sample_set(&out[n], (int)r->state == i, 0);
		sample_label(&out[n++], "state", health_state_name((enum health_state)i));
	}
	return n;
}

/* Those of siptrunk_probe_failures_total. */
static size_t probe_family_failure(struct probe_sample *out,
				   const struct ondemand_report *r)
{
	bool failed = r->result.verdict == PROBE_DOWN;

	for (int i = 0; i < PROBE_OUTCOMES; i++) {
		sample_set(&out[i], failed && (int)r->result.outcome == i, 0);
		sample_label(&out[i], "reason",
			     probe_outcome_name((enum probe_outcome)i));
	}
	return PROBE_OUTCOMES;
}

static size_t probe_family_retransmissions(struct probe_sample *out,
					   const struct ondemand_report *r)
{
	return sample_set(out, r->result.retransmissions, 0);
}

static size_t probe_family_addresses(struct probe_sample *out,
				     const struct ondemand_report *r)
{
	return sample_set(out, (int64_t)r->addresses, 0);
}

static size_t probe_family_addresses_up(struct probe_sample *out,
					const struct ondemand_report *r)
{
	return sample_set(out, (int64_t)probe_explain_alive(r), 0);
}

static void sample_label_address(struct probe_sample *s, const struct ondemand_answer *a)
{
	snprintf(s->label, sizeof(s->label),
		 "method=\"%s\",address=\"%s\",transport=\"%s\"", a->method, a->address,
		 a->transport);
}

static size_t probe_family_address_success(struct probe_sample *out,
					   const struct ondemand_report *r)
{
	for (size_t i = 0; i < r->count; i++) {
		sample_set(&out[i], r->answers[i].result.verdict != PROBE_DOWN, 0);
		sample_label_address(&out[i], &r->answers[i]);
	}
	return r->count;
}

static size_t probe_family_address_code(struct probe_sample *out,
					const struct ondemand_report *r)
{
	for (size_t i = 0; i < r->count; i++) {
		sample_set(&out[i], r->answers[i].result.code, 0);
		sample_label_address(&out[i], &r->answers[i]);
	}
	return r->count;
}

static size_t probe_family_address_time(struct probe_sample *out,
					const struct ondemand_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++) {
		int64_t ns = r->answers[i].result.phase_ns[PROBE_PHASE_ANSWER];

		if (ns < 0)
			continue;
		sample_set(&out[n], ns, 9);
		sample_label_address(&out[n++], &r->answers[i]);
	}
	return n;
}

/* clang-format off */
static const struct probe_family families[] = {
	{"probe_success",
	 "Whether the target works: 1 up or degraded, 0 down.", probe_family_success},
	{"probe_duration_seconds",
	 "How long the probe took to complete, names included.", probe_family_duration},
	{"probe_dns_lookup_time_seconds",
	 "Time that the name took to resolve, 0 for an address.", probe_family_dns_time},
	{"probe_ip_protocol",
	 "IP version of the address that decided, 4 or 6.", probe_family_ip_protocol},
	{"probe_ip_addr_hash",
	 "Hash of the address that decided, to see when it changes.", probe_family_ip_hash},
	{"probe_ssl_earliest_cert_expiry",
	 "Earliest expiry in the certificate chains that peers presented, in seconds since the epoch.", probe_family_cert_expiry},
	{"probe_sip_status_code",
	 "Status code of the final response, 0 without one.", probe_family_status_code},
	{"probe_sip_phase_duration_seconds",
	 "Time that each phase of the probe took.", probe_family_phases},
	{"probe_sip_state",
	 "State of the target: 1 for the state it is in, 0 for the others.", probe_family_state},
	{"probe_sip_failure",
	 "Why the target is down: 1 for the reason, 0 for the others.", probe_family_failure},
	{"probe_sip_retransmissions",
	 "Requests sent again over UDP because no response had come.", probe_family_retransmissions},
	{"probe_sip_addresses",
	 "Addresses that the target's name resolves to.", probe_family_addresses},
	{"probe_sip_addresses_up",
	 "Addresses of the target that answer.", probe_family_addresses_up},
	{"probe_sip_address_success",
	 "Whether an address works: 1 up or degraded, 0 down.", probe_family_address_success},
	{"probe_sip_address_status_code",
	 "Status code of an address's final response, 0 without one.", probe_family_address_code},
	{"probe_sip_address_duration_seconds",
	 "Time from the request sent to an address to its final response received.", probe_family_address_time},
};
/* clang-format on */

static void probe_family_line(struct buffer *b, const char *name,
			      const struct probe_sample *s)
{
	char number[NUMBER_BYTES];
	char *end = number_print(number, s->value, s->decimals);

	buffer_str(b, name);
	if (*s->label) {
		buffer_str(b, "{");
		buffer_str(b, s->label);
		buffer_str(b, "}");
	}
	buffer_str(b, " ");
	buffer_add(b, number, (size_t)(end - number));
	buffer_str(b, "\n");
}

static void probe_family_render(struct buffer *b, const struct probe_family *f,
				const struct ondemand_report *r)
{
	const struct slice name = {f->name, strlen(f->name)};
	struct probe_sample samples[SAMPLES_MAX];
	size_t count = f->get(samples, r);

	if (!count)
		return;
	text_comments_help(b, name, f->help, false);
	text_comments_type(b, name, "gauge");
	for (size_t i = 0; i < count; i++)
		probe_family_line(b, f->name, &samples[i]);
}

void probe_families_render(struct buffer *b, const struct ondemand_report *r)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		probe_family_render(b, &families[i], r);
}
