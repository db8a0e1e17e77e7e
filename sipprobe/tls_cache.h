/* One TLS profile for all that have equal TLS settings: a context holds megabytes. */
#ifndef SIPPROBE_TLS_CACHE_H
#define SIPPROBE_TLS_CACHE_H

#include "sipprobe/tls.h"

struct tls_cache; /* mem_deref() */

int tls_cache_alloc(struct tls_cache **cp);

/*
 * The profile for @conf, read from its files at the first call. A borrowed reference,
 * good while the cache lives. @conf's strings must outlive the cache.
 *
 * Returns 0 or what tls_profile_alloc() returns, with its @err_text.
 */
int tls_cache_get(struct tls_cache *c, struct tls_profile **tp,
		  const struct config_tls *conf, bool server, char *err_text,
		  size_t err_size);

#endif
