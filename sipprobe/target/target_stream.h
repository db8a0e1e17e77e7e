/* A target's connection over TCP or TLS: opened, kept, asked for what it tells. */
#ifndef SIPPROBE_TARGET_TARGET_STREAM_H
#define SIPPROBE_TARGET_TARGET_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "sipprobe/probe.h"

struct target;

/* As target_transact(), over a connection, which is opened first where needed. */
int target_transact_stream(struct target *t);

/* Takes in what the connection has to say before its deadline is judged. */
void target_stream_catch_up(struct target *t);

/* Goes on with a probe that waits for its turn at the port of `local`. */
void target_stream_again(struct target *t);

/* Adds to a result what its connection tells: phases, certificate, cause of failure. */
void target_stream_report(const struct target *t, struct probe_result *r);

/* After a probe: closes a connection that is not to be kept. */
void target_stream_done(struct target *t, bool answered);

/* Closes a kept connection: what is sent next opens another. */
void target_stream_close(struct target *t);

/* Why a probe over a connection ran out of time, by how far it had come. */
enum probe_outcome target_stream_timeout(const struct target *t, const char **detail);

/* The identity that the peer must prove over TLS. Returns 0 or EINVAL. */
int target_peer_name(const struct target *t, char *out, size_t size);

/*
 * When look_ns has come: gives a kept connection up whose peer does not acknowledge, and
 * asks again on another, on the same deadline.
 */
void target_stream_look(struct target *t, int64_t now_ns);

#endif
