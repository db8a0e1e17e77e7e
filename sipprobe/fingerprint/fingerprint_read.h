/* Reads traits out of an answer, or sets them as a handshake told them. */
#ifndef SIPPROBE_FINGERPRINT_FINGERPRINT_READ_H
#define SIPPROBE_FINGERPRINT_FINGERPRINT_READ_H

#include "sipprobe/fingerprint/fingerprint.h"
#include "sipprobe/message/guard.h"

/*
 * Whether an answer tells of its sender: a 2xx or 404. Others may come from who knows no
 * more than that it refuses, and lack what he would say else.
 */
bool fingerprint_tells(unsigned code);

/*
 * A number for all that an answer shows: the same, and a fingerprint of it is the same.
 * Of two that differ the fingerprints may yet be equal.
 */
uint32_t fingerprint_raw_hash(const struct guard_message *m);

/* The same of a draft. */
uint32_t fingerprint_draft_hash(const struct fingerprint_draft *s);

/* Everything an answer shows. */
void fingerprint_read_answer(struct fingerprint_draft *s, const struct guard_message *m);

/* What a handshake showed. NULL or "": not known. */
void fingerprint_read_handshake(struct fingerprint_draft *s, const char *tls,
				const char *key, const char *root);

#endif
