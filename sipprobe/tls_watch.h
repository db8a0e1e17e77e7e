/* Looks after certificate files that are replaced while the exporter runs. */
#ifndef SIPPROBE_TLS_WATCH_H
#define SIPPROBE_TLS_WATCH_H

#include "sipprobe/core.h"

struct tls_watch;

/* Runs after profiles were replaced. */
typedef void(tls_watch_h)(void *arg);

/* Begins to look every few seconds. Freed with mem_deref(). Returns 0 or ENOMEM. */
int tls_watch_alloc(struct tls_watch **wp, struct core *core, tls_watch_h *h, void *arg);

/* What is shown to who connects, in the configuration now in force; NULL for none. */
void tls_watch_listening(struct tls_watch *w, const struct config_sip *sip);

#endif
