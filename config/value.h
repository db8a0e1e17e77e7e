/* Short texts of a configuration as values: one pure function for each grammar. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/config.h"
#include "config/reader/value.h"

/*
 * All return NULL, or a sentence that says what is wrong (static storage). Out-parameters
 * are untouched on failure.
 */

/* "404", "2xx", "401-499": adds to the set. Final responses only, 200 to 699. */
const char *value_codes(struct config_codes *c, const char *text);

/* A bare code; as above. */
const char *value_code(struct config_codes *c, double code);

/*
 * "udp:0.0.0.0:5060", "tls:[::1]:0". @host is set to a part of @text, without brackets,
 * @host_len bytes long.
 */
const char *value_listen(struct config_listen *l, const char **host, size_t *host_len,
			 const char *text);

/*
 * A number or user to call: "+4722000000", "*43", "echo". Refused are numbers of
 * emergency services, whatever stands between their digits, and those with 0, 9 or 00
 * before.
 */
const char *value_number(const char *text);

/* "20000-20199": to an even port and a higher one. */
const char *value_ports(unsigned *min, unsigned *max, const char *text);

/* "1%", "0.5%": to a share of one. */
const char *value_percent(double *share, const char *text);

/* "192.0.2.53", "192.0.2.53@5353", "2001:db8::53". */
const char *value_server(const char *text);

/*
 * A SIP URI that may have {peer} (address and port of what is probed), {local} (ours) or
 * {host} (the host of the trunk's URI) for its host.
 */
const char *value_template(const char *text);

/* An IPv4 or IPv6 address, the latter perhaps with a zone. */
const char *value_address(const char *text);

/* "EF", "CS3", "AF31", …: to a DSCP. */
const char *value_dscp(unsigned *dscp, const char *text);

/* A label's name: Prometheus' grammar, and none that the exporter uses itself. */
const char *value_label_name(const char *text);

/* A header's name: an RFC 3261 token, and none that the engine writes itself. */
const char *value_header_name(const char *text);

/*
 * Names and compact forms that value_header_name() refuses because the engine writes
 * them, by rising @i; NULL past the last.
 */
const char *value_owned_header(size_t i);

/* Names that a label must not have, NULL-terminated. */
extern const char *const value_reserved_labels[];

#endif
