/* Certificates in words: what to do about a fault of TLS, and what may become one. */
#ifndef EXPORTER_ONDEMAND_PROBE_CERTIFICATES_H
#define EXPORTER_ONDEMAND_PROBE_CERTIFICATES_H

#include "base/buffer.h"
#include "sipprobe/ondemand.h"
#include "sipprobe/tls_failure.h"

/* Advice on a fault, another for each; what is general for TLS_FAULT_NONE. */
const char *probe_certificates_advice(enum tls_fault f);

/* Advice for a trunk that works although its peer may refuse our certificate, or "". */
const char *probe_certificates_own_advice(const struct ondemand_report *r, int64_t now_s);

/*
 * What a verdict goes on with, each after a semicolon: what peers will mind of our
 * certificate, and how the rehearsal ended that was asked for. Nothing: there is neither.
 */
void probe_certificates_verdict(struct buffer *b, const struct ondemand_report *r,
				int64_t now_s);

#endif
