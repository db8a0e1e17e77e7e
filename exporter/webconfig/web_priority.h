/* Versions, ciphers and curves as the web configuration names them, for GnuTLS. */
#ifndef EXPORTER_WEBCONFIG_WEB_PRIORITY_H
#define EXPORTER_WEBCONFIG_WEB_PRIORITY_H

#include <stdbool.h>
#include <stddef.h>

struct web_tls_conf;

/* Go's names, as in the exporter-toolkit's format; NULL-terminated. */
extern const char *const web_cipher_names[];
extern const char *const web_curve_names[];

enum { WEB_PRIORITY_BYTES = 512 };

/*
 * Writes GnuTLS' priority string. GnuTLS cannot choose ciphers for TLS 1.3 apart from
 * those of TLS 1.2: a list of suites of TLS 1.2 holds for both.
 *
 * @rsa: whether the certificate's key is an RSA key, else it is one for ECDSA
 *
 * Returns NULL, or what is wrong.
 */
const char *web_priority_text(char text[WEB_PRIORITY_BYTES],
			      const struct web_tls_conf *conf, bool rsa);

#endif
