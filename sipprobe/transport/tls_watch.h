/* Looks after certificate files that are replaced while the exporter runs. */
#ifndef SIPPROBE_TRANSPORT_TLS_WATCH_H
#define SIPPROBE_TRANSPORT_TLS_WATCH_H

#include "config/config.h"
#include "sipprobe/loop/ticker.h"
#include "sipprobe/tls_own.h"

struct sockets;
struct tls_cache;
struct tls_watch;

struct tls_watch_events {
	/* Profiles were replaced. */
	void (*replaced_h)(void *arg);
	/* As listen_cert_h and tls_files_h of struct engine_events. */
	void (*listen_cert_h)(const char *file, const struct tls_own *own, void *arg);
	void (*files_h)(const char *detail, void *arg);
};

/*
 * Begins to look every few seconds, once tls_watch_follow() said at what. Freed with
 * mem_deref().
 *
 * @sockets: told of what they show from then on; kept by the caller, as are @events
 *
 * Returns 0 or ENOMEM.
 */
int tls_watch_alloc(struct tls_watch **wp, struct ticker *ticker, struct sockets *sockets,
		    const struct tls_watch_events *events, void *arg);

/*
 * The profiles in force, and what is listened on: a borrowed reference each, good until
 * the next call. Tells of the certificate that is shown to who connects.
 */
void tls_watch_follow(struct tls_watch *w, struct tls_cache *cache,
		      const struct config_sip *sip);

#endif
