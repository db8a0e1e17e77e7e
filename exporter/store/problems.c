#include "exporter/store/problems.h"

#include <stddef.h>

#include "sipprobe/health.h"

static bool problems_is_up(const struct problems_facts *f)
{
	return f->state == HEALTH_UP || f->state == HEALTH_DEGRADED;
}

static bool problems_lacks_addresses(const struct problems_facts *f)
{
	return f->addresses_up < f->addresses;
}

static bool problems_within(const struct problems_facts *f, int64_t at_s,
			    int64_t window_s)
{
	return at_s && f->now_s - at_s <= window_s;
}

static bool problems_down(const struct problems_facts *f)
{
	return f->state == HEALTH_DOWN;
}

static bool problems_registration_lost(const struct problems_facts *f)
{
	return f->registered_until_s && f->registered_until_s <= f->now_s;
}

static bool problems_registration_lapsing(const struct problems_facts *f)
{
	return f->registered_until_s > f->now_s && f->register_fails;
}

static bool problems_calls(const struct problems_facts *f)
{
	return f->calls_failed >= PROBLEMS_CALLS && !f->calls_mute;
}

static bool problems_calls_mute(const struct problems_facts *f)
{
	return f->calls_failed >= PROBLEMS_CALLS && f->calls_mute;
}

static bool problems_calls_poor(const struct problems_facts *f)
{
	return f->calls_poor >= PROBLEMS_CALLS;
}

static bool problems_not_ended(const struct problems_facts *f)
{
	return problems_within(f, f->call_not_ended_s, PROBLEMS_CALL_NOT_ENDED_S);
}

static bool problems_flapping(const struct problems_facts *f)
{
	return f->flaps >= PROBLEMS_FLAPS &&
	       !(f->state == HEALTH_DOWN &&
		 f->now_s - f->since_s >= PROBLEMS_FLAP_DOWN_S);
}

static bool problems_partially_down(const struct problems_facts *f)
{
	return problems_is_up(f) && problems_lacks_addresses(f);
}

static bool problems_degraded(const struct problems_facts *f)
{
	return f->state == HEALTH_DEGRADED && !problems_lacks_addresses(f);
}

static bool problems_unknown(const struct problems_facts *f)
{
	return f->state == HEALTH_UNKNOWN && f->tried;
}

/* Not of an outage or a dead address, which are told by themselves. */
static bool problems_loss(const struct problems_facts *f)
{
	return problems_is_up(f) && !problems_lacks_addresses(f) &&
	       !problems_within(f, f->down_until_s, PROBLEMS_LOSS_AFTER_DOWN_S) &&
	       f->lost >= PROBLEMS_LOSS_PACKETS &&
	       (uint64_t)f->lost * 100 > (uint64_t)f->requests * PROBLEMS_LOSS_PERCENT;
}

static bool problems_latency(const struct problems_facts *f)
{
	return f->slow;
}

static bool problems_dns(const struct problems_facts *f)
{
	return problems_within(f, f->dns_failed_s, PROBLEMS_DNS_WINDOW_S);
}

static bool problems_ends_soon(const struct problems_facts *f, int64_t end_s)
{
	return end_s && end_s - f->now_s < PROBLEMS_CERTIFICATE_S;
}

static bool problems_certificate(const struct problems_facts *f)
{
	return problems_ends_soon(f, f->cert_end_s);
}

static bool problems_own_certificate(const struct problems_facts *f)
{
	return problems_ends_soon(f, f->own_end_s);
}

/* Expiry is told by itself. */
static bool problems_own_unfit(const struct problems_facts *f)
{
	return f->own_unfit && f->own_end_s >= f->now_s;
}

static const struct {
	const char *name;
	bool (*is)(const struct problems_facts *f);
} problems[PROBLEMS] = {
	[PROBLEM_DOWN] = {"down", problems_down},
	[PROBLEM_REGISTRATION_LOST] = {"registration_lost", problems_registration_lost},
	[PROBLEM_CALLS_FAILING] = {"calls_failing", problems_calls},
	[PROBLEM_CALLS_WITHOUT_AUDIO] = {"calls_without_audio", problems_calls_mute},
	[PROBLEM_CALLS_NOT_ENDED] = {"calls_not_ended", problems_not_ended},
	[PROBLEM_CALL_QUALITY_LOW] = {"call_quality_low", problems_calls_poor},
	[PROBLEM_FLAPPING] = {"flapping", problems_flapping},
	[PROBLEM_PARTIALLY_DOWN] = {"partially_down", problems_partially_down},
	[PROBLEM_DEGRADED] = {"degraded", problems_degraded},
	[PROBLEM_REGISTRATION_LAPSING] = {"registration_lapsing",
					  problems_registration_lapsing},
	[PROBLEM_STATE_UNKNOWN] = {"state_unknown", problems_unknown},
	[PROBLEM_PACKET_LOSS] = {"packet_loss", problems_loss},
	[PROBLEM_LATENCY_HIGH] = {"latency_high", problems_latency},
	[PROBLEM_DNS_FAILING] = {"dns_failing", problems_dns},
	[PROBLEM_CERTIFICATE_EXPIRING] = {"certificate_expiring", problems_certificate},
	[PROBLEM_OWN_CERTIFICATE_EXPIRING] = {"own_certificate_expiring",
					      problems_own_certificate},
	[PROBLEM_OWN_CERTIFICATE_UNFIT] = {"own_certificate_unfit", problems_own_unfit},
};

/* A paused trunk has nothing wrong with it, whatever the last half hour looked like. */
unsigned problems_of(const struct problems_facts *f)
{
	unsigned found = 0;

	for (int i = 0; i < PROBLEMS && !f->paused; i++)
		if (problems[i].is(f))
			found |= 1U << i;
	return found;
}

bool problems_is_slow(uint32_t answers, uint64_t sum_us, uint32_t above_half)
{
	return answers && sum_us > (uint64_t)answers * PROBLEMS_LATENCY_US &&
	       above_half * 2 > answers;
}

const char *problem_name(enum problem p)
{
	return problems[p].name;
}
