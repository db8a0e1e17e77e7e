/*
 * TLS of the HTTP server, set connection by connection on libmicrohttpd's GnuTLS
 * sessions: what is in force when a connection begins holds for it, so that certificates
 * and rules change without a restart.
 */
#ifndef EXPORTER_WEBCONFIG_WEB_TLS_H
#define EXPORTER_WEBCONFIG_WEB_TLS_H

#include <gnutls/gnutls.h>
#include <stddef.h>
#include <stdint.h>

struct web_tls_conf;
struct web_tls;

/*
 * Reads certificates and keys. @conf need not outlive it, but for its lists and texts.
 *
 * @err_text: on failure, what is wrong, with the file's name
 *
 * Returns 0 or errno.
 */
int web_tls_alloc(struct web_tls **tp, const struct web_tls_conf *conf, char *err_text,
		  size_t err_size);
void web_tls_free(struct web_tls *t);

/* Earliest end in the certificate chain that is shown, seconds since the epoch. */
int64_t web_tls_not_after_s(const struct web_tls *t);

/*
 * Readies a session before its handshake. @t must outlive the session. Returns 0 or an
 * error of GnuTLS.
 */
int web_tls_session(struct web_tls *t, gnutls_session_t session);

#endif
