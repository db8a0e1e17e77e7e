/* Judges a handshake's certificates by other authorities, or as on another day. */
#ifndef SIPPROBE_TLS_TLS_REHEARSAL_H
#define SIPPROBE_TLS_TLS_REHEARSAL_H

#include <openssl/ssl.h>

#include "sipprobe/rehearsal.h"

struct tls_rehearsal; /* mem_deref() */

/*
 * @ca_file:  PEM file of the authorities to trust, and of no others
 * @at_s:     seconds since the epoch to judge at; 0: now
 * @err_text: on failure, why, with the file's name
 *
 * Returns 0; ENOENT, EACCES or EINVAL for the file; ENOMEM.
 */
int tls_rehearsal_alloc(struct tls_rehearsal **rp, const char *ca_file, int64_t at_s,
			char *err_text, size_t err_size);

/*
 * Judges what the peer showed in @ssl's handshake, also what was refused there: as a
 * server, for the name asked for, with the security level of the handshake.
 *
 * @out: `done` is false when it showed nothing
 */
void tls_rehearse(struct rehearsal *out, const struct tls_rehearsal *r, SSL *ssl);

#endif
