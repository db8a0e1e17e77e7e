/* The numbers kept of a target that makes calls: plain data, copied whole. */
#ifndef EXPORTER_STORE_STATS_CALL_H
#define EXPORTER_STORE_STATS_CALL_H

#include <stdint.h>

#include "sipprobe/call_report.h"

/* Which way audio went: towards us, or from us. */
enum stats_call_way {
	STATS_CALL_IN,
	STATS_CALL_OUT,
	STATS_CALL_WAYS,
};

/* Events of packets; metrics' `event`. */
enum stats_call_event {
	STATS_CALL_SENT,
	STATS_CALL_RECEIVED,
	STATS_CALL_LOST,
	STATS_CALL_DUPLICATE,
	STATS_CALL_REORDERED,
	STATS_CALL_DISCARDED,
	STATS_CALL_EVENTS,
};

/* How a round trip was measured; metrics' `source`. */
enum stats_call_source {
	STATS_CALL_AUDIO,
	STATS_CALL_RTCP,
	STATS_CALL_SOURCES,
};

/* How a nonce came; metrics' `by`. */
enum stats_call_by {
	STATS_CALL_INBAND,
	STATS_CALL_AS_EVENTS,
	STATS_CALL_BYS,
};

enum { STATS_CALL_BUCKETS = 12 }; /* of delays, without +Inf */

/* What the last call showed one way; negative: not measured. */
struct stats_call_last {
	int64_t jitter_ns;
	int64_t delay_ns; /* one way */
	double loss_ratio;
	double mos;
	double r_factor;
	int8_t heard[STATS_CALL_BYS]; /* 1, 0; -1: nobody listened for it */
};

struct stats_call_histogram {
	uint32_t counts[STATS_CALL_BUCKETS + 1];
	int64_t sum_ns;
};

struct stats_call {
	uint32_t failures[CALL_FAILURES];
	/* In a row, to now: calls that failed while the trunk answered other checks; that
	 * sounded bad. */
	uint32_t failed_row, poor_row;
	uint8_t failed_last; /* enum call_failure */
	int64_t not_ended_s; /* wall clock, the trunk's last call that did not end; 0:
				none */
	uint32_t answered, unanswered;
	int64_t talk_ns; /* all together */
	uint64_t packets[STATS_CALL_WAYS][STATS_CALL_EVENTS];
	struct stats_call_histogram post_dial, answer;
	/* Of the last call; negative: not measured. */
	int64_t first_audio_ns;
	int64_t round_trip_ns[STATS_CALL_SOURCES];
	struct stats_call_last last[STATS_CALL_WAYS];
};

#endif
