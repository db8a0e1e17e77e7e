/*
 * What a certificate of our own is worth to who it is shown: read as a peer will read it
 * (RFC 5280), long before one does. No OpenSSL types.
 */
#ifndef SIPPROBE_TLS_OWN_H
#define SIPPROBE_TLS_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TLS_OWN_TEXT = 192 };

struct tls_own {
	int64_t good_from_s; /* latest begin in what a peer needs of the chain shown */
	int64_t not_after_s; /* earliest end in the same; 0: no chain */
	char ends[48];	  /* who ends then: "" the certificate itself, else its title */
	char subject[48]; /* one name to call it by */
	char issuer[48];  /* the same of who signed it */
	char unfit[TLS_OWN_TEXT]; /* what a peer will mind at any time; "": nothing */
};

/* Whether a peer will accept it now. */
static inline bool tls_own_usable(const struct tls_own *own, int64_t now_s)
{
	return !own->unfit[0] && now_s >= own->good_from_s && now_s <= own->not_after_s;
}

/*
 * Writes what a peer will mind at @now_s, as what follows a name: "may not be shown as a
 * client: it is for servers only". "" when it is usable. Always terminated.
 */
void tls_own_complaint(char *buf, size_t size, const struct tls_own *own, int64_t now_s);

#endif
