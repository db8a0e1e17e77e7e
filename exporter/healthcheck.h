/* Asks an exporter for its health over HTTP, without a shell or curl in the image. */
#ifndef EXPORTER_HEALTHCHECK_H
#define EXPORTER_HEALTHCHECK_H

#include <stddef.h>

struct healthcheck_conf {
	const char *url;	     /* "http://HOST:PORT/PATH", or https; NULL: none */
	const char *listen;	     /* without a URL: as --web.listen-address has it */
	const char *external_url;    /* as the flags of these names have them, for the */
	const char *route_prefix;    /* path that precedes /-/healthy; or NULL */
	const char *web_config_file; /* which says whether it is TLS; or NULL */
};

/*
 * Asks; "every address" is asked for on loopback. Waits up to three seconds for the
 * server. It is asked for a sign of life, not for its papers: certificates are not
 * verified, and a server that wants to know who we are is well.
 *
 * Returns 0 when the answer is 200 or 401, or a certificate is demanded of us; EINVAL for
 * a wrong URL; EPROTO for another answer; or the socket's errno. @err_text says which,
 * and where.
 */
int healthcheck(const struct healthcheck_conf *conf, char *err_text, size_t err_size);

#endif
