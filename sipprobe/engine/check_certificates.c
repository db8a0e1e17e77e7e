#include "sipprobe/engine/check_certificates.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "config/uri.h"
#include "sipprobe/tls/tls_cache.h"

enum { SENTENCE_BYTES = 640 };

/* All that is looked at, each distinct set of files once. */
struct look {
	struct config_errors *warnings;
	const struct config *conf;
	struct tls_cache *cache;
};

static const char *check_file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Trunks that share a certificate share what is wrong with it: the first one is told. */
static bool check_is_told(const struct look *l, const char *sentence)
{
	for (size_t i = 0; i < l->warnings->count; i++)
		if (!strcmp(l->warnings->list[i].message, sentence))
			return true;
	return false;
}

static int check_tell(const struct look *l, const struct config_trunk *t, const char *key,
		      const char *sentence)
{
	if (check_is_told(l, sentence))
		return 0;
	return config_warn(l->warnings, l->conf, t, key, "%s", sentence);
}

/* @t: the trunk that shows it, or NULL for who listens */
static int check_shown(const struct look *l, const struct config_tls *conf,
		       const struct config_trunk *t)
{
	int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;
	const char *key = t ? "tls.cert_file" : "sip.tls.cert_file";
	char why[TLS_OWN_TEXT + 96] = "", sentence[SENTENCE_BYTES];
	struct tls_profile *profile;
	struct tls_own own;
	int err = tls_cache_get(l->cache, &profile, conf, !t, why, sizeof(why));

	if (err == ENOMEM)
		return err;
	if (err) {
		snprintf(sentence, sizeof(sentence), "cannot be used: %s", why);
		return check_tell(l, t, t ? "tls" : "sip.tls", sentence);
	}
	if (!tls_profile_own(&own, profile, t))
		return 0;
	tls_own_complaint(why, sizeof(why), &own, now_s);
	snprintf(sentence, sizeof(sentence), "%s %s", check_file_name(conf->cert_file),
		 why);
	return *why ? check_tell(l, t, key, sentence) : 0;
}

static bool check_speaks_tls(const struct config_trunk *t)
{
	struct config_uri uri;

	return !config_uri_parse(config_trunk_hop(t), &uri) &&
	       config_transport_is_tls(uri.transport);
}

static int check_trunks(const struct look *l)
{
	int err = 0;

	for (size_t i = 0; i < l->conf->trunk_count && !err; i++) {
		const struct config_trunk *t = &l->conf->trunks[i];

		if (check_speaks_tls(t))
			err = check_shown(l, &t->settings->tls, t);
	}
	return err;
}

static int check_listeners(const struct look *l)
{
	const struct config_sip *sip = &l->conf->sip;

	for (size_t i = 0; i < sip->listen_count; i++)
		if (sip->listen[i].transport == CONFIG_TRANSPORT_TLS)
			return check_shown(l, &sip->tls, NULL);
	return 0;
}

int check_certificates(struct config_errors *warnings, const struct config *conf)
{
	struct look l = {.warnings = warnings, .conf = conf};
	int err = tls_cache_alloc(&l.cache);

	if (!err)
		err = check_trunks(&l);
	if (!err)
		err = check_listeners(&l);
	mem_deref(l.cache);
	return err;
}
