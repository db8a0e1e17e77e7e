#include "exporter/metrics/label_values.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "exporter/store/stats.h"

enum {
	TEXT_BYTES = 64,
	CODES = 600,
	TEXTS = HEALTH_STATES + PROBE_PHASES + PROBE_OUTCOMES + 1 + STATS_METHODS +
		ENGINE_STRAYS + TLS_FAILURES + PROBE_MISDIRECTEDS + CALL_FAILURES +
		MIRROR_SIGNS + PEER_TRAITS + CODES,
};

static void label_values_state_text(char *to, size_t i)
{
	snprintf(to, TEXT_BYTES, "state=\"%s\"", health_state_name((enum health_state)i));
}

static void label_values_phase_text(char *to, size_t i)
{
	snprintf(to, TEXT_BYTES, "phase=\"%s\"", probe_phase_name((enum probe_phase)i));
}

static void label_values_reason_text(char *to, size_t i)
{
	snprintf(to, TEXT_BYTES, "reason=\"%s\"",
		 probe_outcome_name((enum probe_outcome)i));
}

static void label_values_dns_text(char *to, size_t i)
{
	(void)i;
	snprintf(to, TEXT_BYTES,
		 "method=\"OPTIONS\",address=\"\",transport=\"\",reason=\"%s\"",
		 probe_outcome_name(PROBE_DNS));
}

static void label_values_method_text(char *to, size_t i)
{
	snprintf(to, TEXT_BYTES, "method=\"%s\"", stats_method_name(i));
}

static void label_values_stray_text(char *to, size_t i)
{
	snprintf(to, TEXT_BYTES, "reason=\"%s\"",
		 engine_stray_name((enum engine_stray)i));
}

static void label_values_cause_text(char *to, size_t i)
{
	snprintf(to, TEXT_BYTES, "cause=\"%s\"", tls_failure_name((enum tls_failure)i));
}

static void label_values_kind_text(char *to, size_t i)
{
	snprintf(to, TEXT_BYTES, "kind=\"%s\"",
		 probe_misdirected_name((enum probe_misdirected)i));
}

static void label_values_call_text(char *to, size_t i)
{
	snprintf(to, TEXT_BYTES, "reason=\"%s\"",
		 call_failure_name((enum call_failure)i));
}

static void label_values_sign_text(char *to, size_t i)
{
	snprintf(to, TEXT_BYTES, "sign=\"%s\"", mirror_sign_name((enum mirror_sign)i));
}

static void label_values_trait_text(char *to, size_t i)
{
	snprintf(to, TEXT_BYTES, "what=\"%s\"", peer_trait_name((enum peer_trait)i));
}

static void label_values_code_text(char *to, size_t i)
{
	snprintf(to, TEXT_BYTES, "code=\"%03zu\"", i + 100);
}

static const struct {
	size_t count;
	void (*text)(char *to, size_t i);
} sets[LABEL_SETS] = {
	[LABEL_STATE] = {HEALTH_STATES, label_values_state_text},
	[LABEL_PHASE] = {PROBE_PHASES, label_values_phase_text},
	[LABEL_REASON] = {PROBE_OUTCOMES, label_values_reason_text},
	[LABEL_DNS] = {1, label_values_dns_text},
	[LABEL_METHOD] = {STATS_METHODS, label_values_method_text},
	[LABEL_STRAY] = {ENGINE_STRAYS, label_values_stray_text},
	[LABEL_CAUSE] = {TLS_FAILURES, label_values_cause_text},
	[LABEL_KIND] = {PROBE_MISDIRECTEDS, label_values_kind_text},
	[LABEL_CALL] = {CALL_FAILURES, label_values_call_text},
	[LABEL_SIGN] = {MIRROR_SIGNS, label_values_sign_text},
	[LABEL_TRAIT] = {PEER_TRAITS, label_values_trait_text},
	[LABEL_CODE] = {CODES, label_values_code_text},
};

static struct slice slices[TEXTS];
static const struct slice *first[LABEL_SETS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void label_values_make_all(void)
{
	static char texts[TEXTS][TEXT_BYTES];
	size_t set, i, at = 0;

	for (set = 0; set < LABEL_SETS; set++) {
		first[set] = &slices[at];
		for (i = 0; i < sets[set].count; i++, at++) {
			sets[set].text(texts[at], i);
			slices[at].p = texts[at];
			slices[at].l = strlen(texts[at]);
		}
	}
}

struct slice label_value(enum label_set set, size_t i)
{
	pthread_once(&once, label_values_make_all);
	return first[set][i];
}
