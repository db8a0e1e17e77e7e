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

/* "expired", "not_yet_valid", "untrusted", "name", …; a label's value. */
const char *tls_failure_name(enum tls_failure f);

#endif
