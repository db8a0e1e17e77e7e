/* Words that a record's text and its packets share. Only record_*.c include it. */
#ifndef EXPORTER_CAPTURE_RECORD_PRIVATE_H
#define EXPORTER_CAPTURE_RECORD_PRIVATE_H

#include <stdbool.h>

#include "exporter/capture/record.h"

/* What an entry is, before its own words; "" for a plain message. */
const char *capture_words(enum ladder_kind kind);

/* Whether an entry's text is a message, not words. */
bool capture_is_message(enum ladder_kind kind);

/* What an entry is, and its own words where it is no message. */
void capture_put_event(struct buffer *b, const struct ladder_entry *e);

/*
 * The RTP and RTCP of the record's call from its @next packet on, of those before
 * @unix_ns.
 *
 * Returns the first that is left.
 */
size_t record_rtp_until(struct buffer *b, const struct capture_record *r, size_t next,
			int64_t unix_ns);

/* Any bytes as printable ASCII. */
void capture_put_safe(struct buffer *b, const char *text, size_t len);

/* "2026-11-22 08:52:11.123456 UTC" */
void capture_put_time(struct buffer *b, int64_t unix_ns);

/* "200 OK", "timeout", "tls certificate has expired" */
void capture_put_outcome(struct buffer *b, const struct probe_result *r);

#endif
