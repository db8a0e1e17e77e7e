/*
 * What is wrong with a trunk now, as the recording rule siptrunk:problem has it, reckoned
 * from what is kept here. Pure: no clock, no store. What needs a day, a week or another
 * exporter to be seen, only Prometheus can say: error_budget_burn_…, error_codes_rising,
 * latency_above_normal, peer_pings_stopped, addresses_changed, down_from_some_vantages,
 * calls_fail_often, calls_open_too_long, calls_held_back, peer_changed.
 */
#ifndef EXPORTER_STORE_PROBLEMS_H
#define EXPORTER_STORE_PROBLEMS_H

#include <stdbool.h>
#include <stdint.h>

/* The worst first, in the order of the rule's ranks. */
enum problem {
	PROBLEM_DOWN,
	PROBLEM_REGISTRATION_LOST,
	PROBLEM_CALLS_FAILING,
	PROBLEM_CALLS_WITHOUT_AUDIO,
	PROBLEM_CALLS_NOT_ENDED,
	PROBLEM_FLAPPING,
	PROBLEM_PARTIALLY_DOWN,
	PROBLEM_DEGRADED,
	PROBLEM_REGISTRATION_LAPSING,
	PROBLEM_STATE_UNKNOWN,
	PROBLEM_CALL_QUALITY_LOW,
	PROBLEM_PACKET_LOSS,
	PROBLEM_LATENCY_HIGH,
	PROBLEM_DNS_FAILING,
	PROBLEM_CERTIFICATE_EXPIRING,
	PROBLEM_OWN_CERTIFICATE_EXPIRING,
	PROBLEM_OWN_CERTIFICATE_UNFIT,
	PROBLEMS,
};

/* The thresholds of the shipped rules (mixin/config.libsonnet). */
enum {
	PROBLEMS_FLAPS = 6,
	PROBLEMS_FLAP_WINDOW_S = 30 * 60,
	PROBLEMS_FLAP_DOWN_S = 10 * 60, /* one that stays down flaps no more */
	PROBLEMS_LOSS_PERCENT = 5,
	PROBLEMS_LOSS_PACKETS = 5,
	PROBLEMS_LOSS_AFTER_DOWN_S = 35 * 60,
	PROBLEMS_LATENCY_WINDOW_S = 15 * 60,
	PROBLEMS_LATENCY_US = 500000,
	PROBLEMS_DNS_WINDOW_S = 15 * 60,
	PROBLEMS_CERTIFICATE_S = 30 * 86400,
	PROBLEMS_CALLS = 2, /* in a row */
	PROBLEMS_CALL_NOT_ENDED_S = 60 * 60,
};

#define PROBLEMS_CALL_MOS 3.6

/* Times are of the wall clock, in seconds; 0: never, or none. */
struct problems_facts {
	int64_t now_s;
	uint8_t state; /* enum health_state */
	bool paused;
	bool tried; /* a probe or a look-up of its name ended */
	uint32_t addresses;
	uint32_t addresses_up;
	uint32_t flaps;	 /* state changes within the window, counted to PROBLEMS_FLAPS */
	int64_t since_s; /* in its state */
	int64_t down_until_s; /* when it was down last */
	int64_t dns_failed_s; /* the failure of its name before the last one */
	uint32_t requests;    /* over UDP in the last half hour */
	uint32_t lost;
	uint32_t lost_there; /* of them, as far as is known */
	uint32_t lost_back;
	bool slow;		    /* an address, as problems_is_slow() has it */
	int64_t registered_until_s; /* the longest */
	bool register_fails;	    /* the last REGISTER at every address */
	int64_t cert_end_s;	    /* the earliest */
	int64_t own_end_s;
	bool own_unfit;
	uint32_t calls_failed;	  /* in a row, at all addresses */
	bool calls_mute;	  /* the last of them for want of audio */
	uint32_t calls_poor;	  /* in a row, below PROBLEMS_CALL_MOS */
	int64_t call_not_ended_s; /* the last one */
};

/* Bits 1 << enum problem. */
unsigned problems_of(const struct problems_facts *f);

/*
 * Whether answers within the window are slow: their mean is, and more than half of them
 * take more than half of the threshold, so that one late answer cannot speak for the
 * rest.
 */
bool problems_is_slow(uint32_t answers, uint64_t sum_us, uint32_t above_half);

/* "down", "packet_loss", …: the rule's label `problem`. */
const char *problem_name(enum problem p);

#endif
