/* Why TLS failed. No OpenSSL in it: this is what other layers may see. */
#ifndef SIPPROBE_TLS_FAILURE_H
#define SIPPROBE_TLS_FAILURE_H

/* For the log and siptrunk_tls_failures_total{cause}. */
enum tls_failure {
	TLS_FAILURE_NONE,
	TLS_FAILURE_EXPIRED,
	TLS_FAILURE_NOT_YET_VALID,
	TLS_FAILURE_UNTRUSTED,
	TLS_FAILURE_NAME,
	TLS_FAILURE_VERSION,
	TLS_FAILURE_HANDSHAKE, /* refused, or broken off by the peer */
	TLS_FAILURE_TIMEOUT,   /* the handshake was not done before the deadline */
	TLS_FAILURE_OTHER,
	TLS_FAILURES,
};

/* Faults, finer than causes: what is to be done depends on them. */
enum tls_fault {
	TLS_FAULT_NONE,
	TLS_FAULT_EXPIRED,	  /* the peer's own certificate */
	TLS_FAULT_ISSUER_EXPIRED, /* one above it */
	TLS_FAULT_NOT_YET_VALID,
	TLS_FAULT_SELF_SIGNED,
	TLS_FAULT_ROOT,		/* the chain ends at an authority that we do not trust */
	TLS_FAULT_INTERMEDIATE, /* the peer left out who signed its certificate */
	TLS_FAULT_PURPOSE,	/* its certificate may not be a server's */
	TLS_FAULT_WEAK,		/* a key or a signature that our security level refuses */
	TLS_FAULT_LARGE,	/* a key, a group or a chain that costs too much time */
	TLS_FAULT_CHAIN,	/* another fault of its chain */
	TLS_FAULT_NO_CERTIFICATE,
	TLS_FAULT_NAME,
	TLS_FAULT_VERSION,
	TLS_FAULT_NOT_TLS,
	TLS_FAULT_OURS_WANTED,	  /* it asks for a certificate, we have none */
	TLS_FAULT_OURS_UNTRUSTED, /* it does not trust who signed ours */
	TLS_FAULT_OURS_PURPOSE,	  /* ours may not be a client's */
	TLS_FAULT_OURS_EXPIRED,
	TLS_FAULT_OURS_REFUSED, /* it does not like ours, without saying why */
	TLS_FAULT_PARAMETERS,	/* no cipher, group or signature in common */
	TLS_FAULT_SERVER_NAME,	/* it does not know the name that we sent (SNI) */
	TLS_FAULT_REFUSED,	/* another alert */
	TLS_FAULT_CLOSED,	/* it hung up without a word */
	TLS_FAULT_TIMEOUT,
	TLS_FAULT_OTHER,
	TLS_FAULTS,
};

/* "expired", "not_yet_valid", "untrusted", "name", …; a label's value. */
const char *tls_failure_name(enum tls_failure f);

/* The cause that a fault counts as. */
enum tls_failure tls_failure_of_fault(enum tls_fault f);

/* "expired", "intermediate", "ours_wanted", …; "" for none. For programs. */
const char *tls_fault_name(enum tls_fault f);

#endif
