/*
 * chan_sip's registrations:
 * `[PEER?][TRANSPORT://]USER[@DOMAIN][:SECRET[:AUTHUSER]]@HOST[:PORT][/EXTENSION][~EXPIRY]`.
 */
#ifndef EXPORTER_IMPORT_SIP_REGISTER_H
#define EXPORTER_IMPORT_SIP_REGISTER_H

#include <stdbool.h>

/* Parts of one, in its text; NULL: not given. */
struct sip_register {
	const char *peer;
	const char *transport;
	const char *user;
	const char *domain;
	const char *auth_user;
	bool secret; /* there is one */
	char *host;
	char *port;
};

/*
 * Splits one, in place. No part holds any of the secret.
 *
 * @r: zeroed
 *
 * Returns whether it has a user and a host.
 */
bool sip_register_parse(struct sip_register *r, char *text);

#endif
