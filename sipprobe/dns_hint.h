/* What is likely wrong with a name that gives no address. No libre types. */
#ifndef SIPPROBE_DNS_HINT_H
#define SIPPROBE_DNS_HINT_H

enum dns_hint {
	DNS_HINT_NONE,
	DNS_HINT_SHORT,	   /* a name without a dot, and no search domains are asked for */
	DNS_HINT_PORT,	   /* it has SRV records, which a port in the URI rules out */
	DNS_HINT_SRV_NAME, /* its SRV records have a name that RFC 3263 does not ask for
			    */
	DNS_HINT_NO_PEER,  /* its addresses can be no peer's */
	DNS_HINTS,
};

#endif
