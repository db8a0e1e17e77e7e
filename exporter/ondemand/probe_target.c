#include "exporter/ondemand/probe_target.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "config/uri.h"

static const struct config_settings *probe_target_find_profile(const struct config *conf,
							       const char *name)
{
	for (size_t i = 0; i < conf->profile_count; i++)
		if (!strcmp(conf->profiles[i].name, name))
			return conf->profiles[i].settings;
	return NULL;
}

/* A word without dot or colon is no host that anybody means: it is a name mistyped. */
static const char *probe_target_read_uri(struct probe_target *out, const char *text)
{
	struct config_uri uri;
	const char *why;

	if (!text || strlen(text) > PROBE_TARGET_MAX)
		return "it is none, or too long";
	out->path = websocket_url_path(text);
	if (websocket_url_is(text)) {
		why = websocket_url_to_sip(out->uri, sizeof(out->uri), text);
		return why ? why : config_uri_parse(out->uri, &uri);
	}
	snprintf(out->uri, sizeof(out->uri), "%s", text);
	why = config_uri_parse(out->uri, &uri);
	if (!why || !strncasecmp(text, "sip:", 4) || !strncasecmp(text, "sips:", 5))
		return why;
	snprintf(out->uri, sizeof(out->uri), "sip:%s", text);
	if (!strpbrk(text, ".:") || config_uri_parse(out->uri, &uri))
		return "there is no trunk of this name, and it is no SIP URI";
	return NULL;
}

/* Nobody is called but by a trunk whose own settings say so. */
static bool probe_target_may_call(const struct config_trunk *trunk,
				  const struct config_settings *settings)
{
	return trunk && settings == trunk->settings && settings->call &&
	       settings->methods >> CONFIG_METHOD_INVITE & 1;
}

int probe_target_find(struct probe_target *out, const struct config *conf,
		      const struct config_trunk *trunk, const char *text,
		      const char *profile, unsigned methods, char *why, size_t why_size)
{
	const char *fault = probe_target_read_uri(out, trunk ? trunk->uri : text);

	if (fault) {
		snprintf(why, why_size, "target: %s", fault);
		return EINVAL;
	}
	out->trunk = trunk ? trunk->name : NULL;
	out->settings = trunk ? trunk->settings : conf->defaults;
	if (profile)
		out->settings = probe_target_find_profile(conf, profile);
	if (!out->settings) {
		snprintf(why, why_size, "profile: there is none of this name");
		return EINVAL;
	}
	if (methods >> CONFIG_METHOD_INVITE & 1 &&
	    !probe_target_may_call(trunk, out->settings)) {
		snprintf(why, why_size,
			 "method: INVITE calls somebody, so it is for a configured "
			 "trunk with INVITE among its methods");
		return EINVAL;
	}
	return 0;
}

const char *const probe_target_methods[] = {
	[CONFIG_METHOD_OPTIONS] = "OPTIONS",
	[CONFIG_METHOD_REGISTER] = "REGISTER",
	[CONFIG_METHOD_INVITE] = "INVITE",
	[CONFIG_METHODS] = NULL,
};

bool probe_target_method(unsigned *bits, const char *text)
{
	for (unsigned i = 0; i < CONFIG_METHODS; i++) {
		if (strcmp(probe_target_methods[i], text) != 0)
			continue;
		*bits = 1U << i;
		return true;
	}
	return false;
}
