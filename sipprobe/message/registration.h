/* A registrar's answers to REGISTER (RFC 3261 10.3), read in linear time. */
#ifndef SIPPROBE_MESSAGE_REGISTRATION_H
#define SIPPROBE_MESSAGE_REGISTRATION_H

#include "sipprobe/message/guard.h"

struct registration_bindings {
	unsigned contacts; /* that the registrar lists */
	int64_t own_s;	   /* how long ours is good for; -1: it is not among them */
	int64_t longest_s; /* of all of them; -1: none says */
	int64_t expires_s; /* of the Expires field; -1: there is none */
};

/*
 * Reads Contact and Expires of a 2xx. A Contact without a time has the Expires field's.
 *
 * @own: our Contact's URI as it was sent, or NULL
 */
void registration_read(struct registration_bindings *b, const struct guard_message *m,
		       const char *own);

/*
 * For how long the registrar granted our binding, in seconds: our Contact's time; that of
 * the Expires field where the registrar wrote our Contact anew; else what we asked for.
 */
int64_t registration_granted_s(const struct registration_bindings *b, int64_t asked_s);

/* Min-Expires of a 423 (RFC 3261 20.23); 0: none, or no number. */
uint32_t registration_min_expires_s(const struct guard_message *m);

#endif
