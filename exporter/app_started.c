/* Lines of the log once everything runs. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "exporter/app_private.h"
#include "exporter/findings.h"
#include "exporter/http/http.h"
#include "exporter/webconfig/web.h"
#include "sipprobe/engine.h"

typedef const char *(name_n)(const void *owner, size_t n);

static const char *app_started_http_n(const void *owner, size_t n)
{
	return http_listening(owner, n);
}

static const char *app_started_sip_n(const void *owner, size_t n)
{
	return engine_listening(owner, n);
}

/* Writes "a,b" and returns it, or NULL for none. */
static const char *app_started_join(char *buf, size_t size, name_n *name,
				    const void *owner)
{
	const char *text;
	size_t len = 0;

	for (size_t i = 0; (text = name(owner, i)) && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? "," : "",
					text);
	return len ? buf : NULL;
}

void app_log_started(const struct app *app)
{
	const struct config_shard *shard = &app->cli->shard;
	char http[512], sip[512], share[32];
	struct findings found;
	const char *first = http_listening(app->http, 0);
	const char *port = first ? strrchr(first, ':') : NULL;

	findings_look(&found, app->conf);
	findings_tell(&found, app->conf, NULL);
	findings_clear(&found);
	snprintf(share, sizeof(share), "%u/%u", shard->index, shard->total);
	log_event(LOG_LEVEL_INFO, "started", LOG_S("version", app->version),
		  LOG_S("config", app->cli->config_file),
		  LOG_I("trunks", (int64_t)app->conf->trunk_count),
		  LOG_S("shard", shard->total ? share : NULL),
		  LOG_S("http", app_started_join(http, sizeof(http), app_started_http_n,
						 app->http)),
		  LOG_S("tls", web_is_tls(app->web) ? "on" : NULL),
		  LOG_S("sip", app_started_join(sip, sizeof(sip), app_started_sip_n,
						app->engine)));
	if (!app->cli->demo || !port)
		return;
	snprintf(http, sizeof(http), "http://localhost%s/", port);
	snprintf(sip, sizeof(sip), "http://localhost%s%s", port,
		 app->cli->telemetry_path);
	log_event(LOG_LEVEL_INFO, "the demo runs, look at", LOG_S("page", http),
		  LOG_S("metrics", sip));
}
