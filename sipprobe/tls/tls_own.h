/* Our own chain, read as a peer reads it: what sipprobe/tls_own.h describes. */
#ifndef SIPPROBE_TLS_TLS_OWN_H
#define SIPPROBE_TLS_TLS_OWN_H

#include <openssl/ssl.h>

#include "config/config.h"
#include "sipprobe/tls_own.h"

/*
 * Reads the chain that @ctx shows: purposes (the certificate's and those of all above
 * it), keys and signatures by what OpenSSL's security level 2 refuses, and times. Without
 * a certificate all of @own is zero.
 *
 * @ca_file: of the same settings, or NULL; with the system's store it says which part of
 *           a long chain matters
 * @server:  whether it is shown by who listens; else to who is connected to
 */
void tls_own_read(struct tls_own *own, SSL_CTX *ctx, const char *ca_file, bool server);

/*
 * Adds what is wrong with the certificate's names for a trunk: a host of its own
 * `contact` or `from` that is none of them. Hosts that are no names, that stand for an
 * address of ours, or, in `from`, that are the peer's own domain, are no matter.
 */
void tls_own_compare_names(struct tls_own *own, X509 *cert, const struct config_trunk *t);

#endif
