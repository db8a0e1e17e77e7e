#include "exporter/engine_listener_self.h"

#include "base/log.h"
#include "exporter/store/store.h"

void engine_listener_resolv_conf_h(void *arg)
{
	(void)arg;
	log_write(LOG_LEVEL_INFO, "resolv.conf changed and is in force", NULL);
}

void engine_listener_listen_cert_h(const char *file, const struct tls_own *own, void *arg)
{
	store_listen_certificate(arg, file, own);
}

void engine_listener_tls_files_h(const char *detail, void *arg)
{
	store_tls_files(arg, detail != NULL);
	if (detail)
		log_event(LOG_LEVEL_ERROR, "certificate files changed but cannot be used",
			  LOG_S("error", detail));
	else
		log_write(LOG_LEVEL_INFO, "certificate files read again", NULL);
}

void engine_listener_stray_h(int why, void *arg)
{
	store_stray(arg, (enum engine_stray)why);
	log_event(LOG_LEVEL_DEBUG, "stray message",
		  LOG_S("why", engine_stray_name((enum engine_stray)why)));
}

void engine_listener_hep_sent_h(bool sent, void *arg)
{
	store_hep_sent(arg, sent);
}

void engine_listener_hep_collector_h(const char *address, const char *error, void *arg)
{
	(void)arg;
	if (error)
		log_event(LOG_LEVEL_WARN, "HEP collector cannot be found",
			  LOG_S("error", error));
	else
		log_event(LOG_LEVEL_INFO, "messages are mirrored to a HEP collector",
			  LOG_S("address", address));
}

void engine_listener_refused_h(int why, const char *peer, uint64_t count, void *arg)
{
	bool stranger = why == ENGINE_STRAY_STRANGER;

	(void)arg;
	/* On an open port strangers are no news to whoever runs us. */
	log_event(stranger ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
		  why == ENGINE_STRAY_RATE ? "requests not answered"
					   : "connections refused",
		  LOG_S("why", engine_stray_name((enum engine_stray)why)),
		  LOG_S("address", peer), LOG_I("count", (int64_t)count));
}
