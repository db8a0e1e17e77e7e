/* The part of the listener that hears of the exporter itself, and of no trunk. */
#ifndef EXPORTER_ENGINE_LISTENER_SELF_H
#define EXPORTER_ENGINE_LISTENER_SELF_H

#include "sipprobe/engine.h"

/* As engine_events has them, with the struct store as @arg. */
void engine_listener_resolv_conf_h(void *arg);
void engine_listener_listen_cert_h(const char *file, const struct tls_own *own,
				   void *arg);
void engine_listener_tls_files_h(const char *detail, void *arg);
void engine_listener_stray_h(int why, void *arg);
void engine_listener_hep_sent_h(bool sent, void *arg);
void engine_listener_hep_collector_h(const char *address, const char *error, void *arg);
void engine_listener_refused_h(int why, const char *peer, uint64_t count, void *arg);

#endif
