/* Label text of values that are known beforehand, such as `state="up"`: made once. */
#ifndef EXPORTER_METRICS_LABEL_VALUES_H
#define EXPORTER_METRICS_LABEL_VALUES_H

#include "base/buffer.h"

enum label_set {
	LABEL_STATE,  /* by enum health_state */
	LABEL_PHASE,  /* by enum probe_phase */
	LABEL_REASON, /* by enum probe_outcome */
	LABEL_DNS,    /* 0: a trunk's failed resolution, in the shape of a probe's */
	LABEL_METHOD, /* by stats_method_name()'s index */
	LABEL_STRAY,  /* by enum engine_stray */
	LABEL_CAUSE,  /* by enum tls_failure */
	LABEL_KIND,   /* by enum probe_misdirected */
	LABEL_CALL,   /* by enum call_failure */
	LABEL_SIGN,   /* by enum mirror_sign */
	LABEL_TRAIT,  /* by enum peer_trait */
	LABEL_CODE,   /* by status code less 100 */
	LABEL_SETS,
};

/* Any thread. The text lives as long as the process. */
struct slice label_value(enum label_set set, size_t i);

#endif
