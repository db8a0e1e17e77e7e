/*
 * Which SIP domains a certificate speaks for (RFC 5922 section 7), as plain questions
 * about one certificate. Everything read here was written by the peer.
 */
#ifndef SIPPROBE_TLS_TLS_IDENTITY_H
#define SIPPROBE_TLS_TLS_IDENTITY_H

#include <openssl/x509.h>

#include "sipprobe/loop/compat.h"

/*
 * Whether @cert proves @name, a host name or an IP literal (brackets, a zone and a final
 * dot are ignored).
 *
 * A host name is proved by a subjectAltName of type URI, `sip:` without a user part, or
 * of type DNS; without any of these two, by the subject's last common name. An IP literal
 * is proved by a subjectAltName of type IP, or by a `sip:` URI with that literal.
 *
 * Two departures from RFC 5922, both because carriers' certificates need them and SBCs
 * grant them: a `*` as the whole left-most label of a DNS name stands for one label (RFC
 * 6125 6.4.3; section 7.2 forbids it, Teams Direct Routing and others use it), and DNS
 * names count beside `sip:` URIs, not only in their absence (7.1). URIs take no wildcard.
 */
bool tls_identity_match(X509 *cert, const char *name);

/*
 * Lists what the certificate is for, "a.example, b.example and 3 more", bytes that are
 * not printable ASCII as '?'. Nothing usable: "no name". Always terminated.
 */
void tls_identity_list(X509 *cert, char *buf, size_t size);

/* The same of its subjectAltName alone; nothing usable: "". */
void tls_identity_alternatives(X509 *cert, char *buf, size_t size);

/* One name to call a certificate, or its issuer, by; printable, cut to fit. */
void tls_identity_title(X509 *cert, char *buf, size_t size);
void tls_identity_issuer(X509 *cert, char *buf, size_t size);

/*
 * The SHA-256 of a certificate's SubjectPublicKeyInfo, in hexadecimal digits as many as
 * fit; "" where it has none that can be read.
 */
void tls_identity_key(char *buf, size_t size, const X509 *cert);

/* Whether @name is an IPv4 or IPv6 literal; @sa (may be NULL) is set to it. */
bool tls_identity_literal(const char *name, struct sa *sa);

#endif
