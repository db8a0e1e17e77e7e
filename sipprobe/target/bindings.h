/*
 * The Contacts that the targets of a group have registered, by address of record. One
 * location table may stand behind several addresses, and what is taken back at one of
 * them is gone at all: so a Contact is taken back only when nobody is left who holds it,
 * and never after a newer REGISTER for it.
 *
 * A registration outlives its target here as long as it may last: who registers the same
 * Contact next, after a reload or at an address that DNS gives now, goes on with its
 * Call-ID and CSeq (RFC 3261 10.2.4).
 */
#ifndef SIPPROBE_TARGET_BINDINGS_H
#define SIPPROBE_TARGET_BINDINGS_H

#include <stdbool.h>
#include <stdint.h>

struct bindings; /* mem_deref() */
struct bound;	 /* one Contact at one address; mem_deref() */
struct request_register;
struct target;

/* Returns 0 or ENOMEM. */
int bindings_alloc(struct bindings **bp);

/*
 * Before each REGISTER of @t that binds. Leaving targets that hold the same Contact are
 * freed without another word; at its first one, those of a trunk of the same name that
 * hold another of the same address of record take it back now.
 *
 * @bp: what @t has so far, or NULL; then what it has for @reg. Its reference is the
 *      caller's, its Call-ID is put into the exchange
 *
 * Returns 0 or ENOMEM.
 */
int bindings_take(struct bound **bp, struct target *t,
		  const struct request_register *reg);

/* The monotonic time until which it may last at the registrar; 0: it does not. */
void bindings_last(struct bound *b, int64_t until_ns);

/* Whether another target, one that stays, holds the same Contact. */
bool bindings_shared(const struct bound *b);

/* @t is about to end and holds @b no more, if it still did. */
void bindings_leave(struct bound *b, const struct target *t);

/* Forgets what nobody holds and no registrar can have any more. */
void bindings_sweep(struct bindings *all);

#endif
