/* One TLS profile for all that have equal TLS settings: a context holds megabytes. */
#ifndef SIPPROBE_TLS_TLS_CACHE_H
#define SIPPROBE_TLS_TLS_CACHE_H

#include "sipprobe/tls/tls.h"

struct tls_cache; /* mem_deref() */

/* Returns 0 or ENOMEM. */
int tls_cache_alloc(struct tls_cache **cp);

/* The result of looking at the files again. */
struct tls_cache_look {
	bool changed; /* profiles were replaced: listeners are to be told */
	bool told;    /* something to tell: @text, or with "" that all is well again */
	bool failed;  /* some profile is older than its files */
	char text[256];
};

/*
 * Reads profiles again whose files changed and then stayed as they are since the last
 * call: who replaces a certificate writes two files. One that cannot be read leaves the
 * former profile in use. Connections keep what they were made with.
 */
void tls_cache_look(struct tls_cache *c, struct tls_cache_look *look);

/*
 * The profile for @conf, read from its files at the first call. A borrowed reference,
 * good while the cache lives, which keeps a copy of @conf.
 *
 * Returns 0 or what tls_profile_alloc() returns, with its @err_text.
 */
int tls_cache_get(struct tls_cache *c, struct tls_profile **tp,
		  const struct config_tls *conf, bool server, char *err_text,
		  size_t err_size);

bool tls_cache_is_empty(const struct tls_cache *c);

/*
 * Reads into @fresh, which has none for them yet, the profiles of all that connect by
 * @old. Returns 0 or what tls_cache_get() returns.
 */
int tls_cache_renew(struct tls_cache *fresh, const struct tls_cache *old, char *err_text,
		    size_t err_size);

#endif
