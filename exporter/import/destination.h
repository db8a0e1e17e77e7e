/* One destination of Kamailio's or OpenSIPS' dispatcher, whatever it was written in. */
#ifndef EXPORTER_IMPORT_DESTINATION_H
#define EXPORTER_IMPORT_DESTINATION_H

#include "exporter/import/model.h"

/* Flags, as Kamailio's manual of the dispatcher module names them. */
enum {
	DESTINATION_INACTIVE = 1,
	DESTINATION_TRYING = 2,
	DESTINATION_DISABLED = 4,
	DESTINATION_PROBING = 8,
	DESTINATION_NO_PING = 32,
};

struct destination {
	struct import_at at;
	const char *uri;
	const char *name;   /* NULL or "": its duid, else host and port */
	const char *label;  /* of the set; NULL: none */
	const char *set;    /* the label's value */
	const char *socket; /* "udp:192.0.2.1:5060", or NULL */
	char *attributes;   /* "a=b;c=d", split in place; or NULL */
	unsigned long flags;
	const char
		*off; /* why it is not used there, which is no matter of flags; or NULL */
};

/* Makes a trunk of it, or a note. */
void destination_add(struct import *im, const struct destination *d);

/*
 * Reads a number as Kamailio does, decimal or hexadecimal after 0x. Returns whether it
 * is one that fits an int.
 */
bool destination_number(unsigned long *out, const char *text);

/* Flags of the two letters that Kamailio's RPC shows: "AP", "IX", "DX". */
unsigned long destination_flags_of(const char *letters);

/* The first word of a text that may be a URI, redacted, to name what is left out. */
const char *destination_seen(struct import *im, const char *text, size_t len);

#endif
