/* A registrar's answers to REGISTER (RFC 3261 10.3), read in linear time. */
#ifndef SIPPROBE_MESSAGE_REGISTRATION_H
#define SIPPROBE_MESSAGE_REGISTRATION_H

#include "sipprobe/message/guard.h"
#include "sipprobe/message/uri_match.h"

struct registration_bindings {
	unsigned contacts;  /* that the registrar lists */
	enum uri_match own; /* how much the one most like ours is like it */
	int64_t own_s; /* the least time of those that are as much so; -1: none says */
	int64_t longest_s; /* of all of them; -1: none says */
	int64_t expires_s; /* of the Expires field; -1: there is none */
};

/*
 * Reads Contact and Expires of a 2xx. A Contact without a time has the Expires field's,
 * and one with something else in its place no more than an hour. What is no Contact is
 * left out up to the next comma.
 *
 * @own: our Contact's URI as it was sent, or NULL
 */
void registration_read(struct registration_bindings *b, const struct guard_message *m,
		       const char *own);

/*
 * For how long the registrar granted our binding, in seconds. Registrars write other
 * ports, addresses and parameters into Contacts: then each that has our user may be ours,
 * and only the least of their times is sure. Where none has it, any may be ours, and no
 * more than we asked for was granted.
 */
int64_t registration_granted_s(const struct registration_bindings *b, int64_t asked_s);

/* Min-Expires of a 423 (RFC 3261 20.23); 0: none, or no number. */
uint32_t registration_min_expires_s(const struct guard_message *m);

#endif
