#include "exporter/findings.h"

#include "base/log.h"
#include "config/uri.h"
#include "exporter/http/http_guard.h"
#include "sipprobe/engine.h"
#include "sipprobe/loop.h"

/* Files, timers, listeners, questions to name servers, and what HTTP holds back. */
enum { DESCRIPTORS_OWN = 128 + HTTP_GUARD_CLIENTS };

/* A connection for each check at an address; of a name's addresses one at least. */
static unsigned descriptors_of(const struct config_trunk *t)
{
	struct config_uri uri;

	if (t->settings->pause.on || config_uri_parse(config_trunk_hop(t), &uri) ||
	    uri.transport == CONFIG_TRANSPORT_NONE ||
	    uri.transport == CONFIG_TRANSPORT_UDP)
		return 0;
	return (unsigned)__builtin_popcount(t->settings->methods);
}

void findings_look(struct findings *f, const struct config *conf)
{
	*f = (struct findings){.descriptors = DESCRIPTORS_OWN};
	/* For want of memory some may be missing: no reason not to run. */
	(void)engine_check(&f->warnings, conf);
	for (size_t i = 0; i < conf->trunk_count; i++)
		f->descriptors += descriptors_of(&conf->trunks[i]);
}

static void findings_tell_each(const struct config_errors *warnings, FILE *out)
{
	if (out)
		config_warnings_print(warnings, out);
	else
		config_warnings_log(warnings, "configuration warning");
}

static void findings_tell_descriptors(int64_t need)
{
	unsigned limit = loop_descriptors();

	if (need <= limit)
		return;
	log_event(LOG_LEVEL_WARN, "too few file descriptors for this configuration",
		  LOG_I("limit", limit), LOG_I("needed", need),
		  LOG_S("next", "raise the limit (LimitNOFILE=, --ulimit nofile=) or "
				"use shards"));
}

void findings_tell(const struct findings *f, const struct config *conf, FILE *out)
{
	findings_tell_each(&conf->warnings, out);
	findings_tell_each(&f->warnings, out);
	if (!out)
		findings_tell_descriptors(f->descriptors);
}

void findings_clear(struct findings *f)
{
	config_errors_clear(&f->warnings);
}
