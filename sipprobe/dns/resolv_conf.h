/* What resolv.conf(5) says of servers, search domains and dots. */
#ifndef SIPPROBE_DNS_RESOLV_CONF_H
#define SIPPROBE_DNS_RESOLV_CONF_H

#include "sipprobe/dns/rr.h"

#define RESOLV_CONF_PATH "/etc/resolv.conf"

enum {
	RESOLV_SERVERS_MAX = 8, /* glibc takes 3 */
	RESOLV_SEARCH_MAX = 32,
	RESOLV_NDOTS_MAX = 15, /* as glibc's */
	RESOLV_SERVER_LEN = 63,
};

/* All that is not used is zero, so that two can be compared as bytes. */
struct resolv_conf {
	unsigned server_count;
	unsigned search_count;
	unsigned ndots;
	char servers[RESOLV_SERVERS_MAX]
		    [RESOLV_SERVER_LEN + 1]; /* "192.0.2.53", perhaps "@5353" */
	char search[RESOLV_SEARCH_MAX][RR_NAME_MAX + 1]; /* lower case */
};

/*
 * Takes the text of such a file apart, which is written into. Lines and words that make
 * no sense are passed over; of several `search` and `domain` lines the last one counts.
 */
void resolv_conf_parse(struct resolv_conf *rc, char *text);

/*
 * @path: NULL: none
 *
 * Returns 0 or errno; *rc is then what an empty file says.
 */
int resolv_conf_read(struct resolv_conf *rc, const char *path);

#endif
