/* Reads traits out of an answer, or sets them as a handshake told them. */
#ifndef SIPPROBE_PORTRAIT_SKETCH_H
#define SIPPROBE_PORTRAIT_SKETCH_H

#include "sipprobe/message/guard.h"
#include "sipprobe/portrait/portrait.h"

/*
 * Whether an answer tells of its sender: a 2xx or 404. Others may come from who knows no
 * more than that it refuses, and lack what he would say else.
 */
bool sketch_tells(unsigned code);

/*
 * A number for all that an answer shows: the same, and a portrait of it is the same. Of
 * two that differ the portraits may yet be equal.
 */
uint32_t sketch_glance(const struct guard_message *m);

/* The same of a sketch. */
uint32_t sketch_glance_of(const struct sketch *s);

/* Everything an answer shows. */
void sketch_answer(struct sketch *s, const struct guard_message *m);

/* What a handshake showed. NULL or "": not known. */
void sketch_handshake(struct sketch *s, const char *tls, const char *key,
		      const char *root);

#endif
