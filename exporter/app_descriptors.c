/* Whether there are descriptors enough for a configuration. */
#include "base/log.h"
#include "config/uri.h"
#include "exporter/app_private.h"
#include "exporter/http/http_guard.h"
#include "sipprobe/loop.h"

/* Files, timers, listeners, questions to name servers, and what HTTP holds back. */
enum { APP_DESCRIPTORS_OWN = 128 + HTTP_GUARD_CLIENTS };

/* A connection for each check at an address; of a name's addresses one at least. */
static unsigned app_descriptors_of(const struct config_trunk *t)
{
	struct config_uri uri;

	if (t->settings->pause.on || config_uri_parse(config_trunk_hop(t), &uri) ||
	    uri.transport == CONFIG_TRANSPORT_NONE ||
	    uri.transport == CONFIG_TRANSPORT_UDP)
		return 0;
	return (unsigned)__builtin_popcount(t->settings->methods);
}

void app_warn_descriptors(const struct config *conf)
{
	int64_t need = APP_DESCRIPTORS_OWN;
	unsigned limit = loop_descriptors();

	for (size_t i = 0; i < conf->trunk_count; i++)
		need += app_descriptors_of(&conf->trunks[i]);
	if (need <= limit)
		return;
	log_event(LOG_LEVEL_WARN, "too few file descriptors for this configuration",
		  LOG_I("limit", limit), LOG_I("needed", need),
		  LOG_S("next", "raise the limit (LimitNOFILE=, --ulimit nofile=) or "
				"use shards"));
}
