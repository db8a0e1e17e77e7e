/* A process that answers requests over TCP or TLS as cheaply as can be, for benches. */
#ifndef TESTS_BENCH_STREAM_RESPONDER_H
#define TESTS_BENCH_STREAM_RESPONDER_H

#include <stdint.h>
#include <sys/types.h>

/* Whom the responder's certificate is for, and under which name of a file its CA stands.
 */
#define STREAM_RESPONDER_NAME "peer.example"
#define STREAM_RESPONDER_CA   "ca.pem"

/*
 * Answers what comes to any address of this machine with 200 until its parent ends.
 *
 * @port:   where it listens
 * @folder: for TLS, where the authority of its certificate (P-256) is written; NULL: TCP
 *
 * Returns its process, or -1.
 */
pid_t stream_responder_start(uint16_t *port, const char *folder);

#endif
