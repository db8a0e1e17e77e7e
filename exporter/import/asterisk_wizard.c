/*
 * Sections of pjsip_wizard.conf. Asterisk makes an endpoint, an aor, an auth section and
 * registrations of each; so does this, and the rest of the import sees those.
 */
#include <string.h>
#include <strings.h>

#include "base/redact.h"
#include "exporter/import/asterisk.h"
#include "exporter/import/lines.h"

enum { HOSTS_MAX = 64, SETTINGS_MAX = 512, PATTERN_MAX = 1024 };

struct wizard {
	struct import *im;
	struct conf *conf;
	const struct conf_section *from;
	const struct conf_setting *hosts; /* remote_hosts */
};

static void wizard_set(struct wizard *w, struct conf_section *s, const char *key,
		       const char *value)
{
	struct conf_setting v = {NULL, key, value, w->hosts->at};

	if (s && value)
		conf_add(w->im, w->conf, s, &v);
}

/* A section with the settings that begin with `PREFIX/`, without that. */
static struct conf_section *wizard_section(struct wizard *w, const char *type,
					   const char *prefix, const char *name)
{
	const struct conf_setting *list[SETTINGS_MAX], *v = w->from->settings;
	struct conf_section *s = name ? conf_add_section(w->im, w->conf, name) : NULL;
	size_t count = 0, len = strlen(prefix);

	for (; v && count < SETTINGS_MAX; v = v->next) {
		if (!strncasecmp(v->key, prefix, len) && v->key[len] == '/')
			list[count++] = v;
	}
	for (size_t i = count; s && i > 0; i--) {
		const struct conf_setting *from = list[i - 1];
		const struct conf_setting own = {NULL, from->key + len + 1, from->value,
						 from->at};

		conf_add(w->im, w->conf, s, &own);
	}
	if (s)
		s->at = w->from->at;
	wizard_set(w, s, "type", type);
	return s;
}

/* Appends; false when there is no room. */
static bool wizard_append(char *out, const char *text, size_t len)
{
	size_t have = strlen(out);

	if (len >= PATTERN_MAX - have)
		return false;
	memcpy(out + have, text, len);
	out[have + len] = '\0';
	return true;
}

/* A pattern with ${REMOTE_HOST} and ${USERNAME} filled in; NULL, noted, when too long. */
static const char *wizard_fill(struct wizard *w, const char *key, const char *fallback,
			       const char *host)
{
	const char *own = conf_value(w->from, key), *p = own ? own : fallback;
	const char *user = conf_value(w->from, "outbound_auth/username");
	char out[PATTERN_MAX] = "";
	bool good = true;

	while (*p && good) {
		size_t plain = strcspn(p, "$");

		good = wizard_append(out, p, plain);
		p += plain;
		if (!strncmp(p, "${REMOTE_HOST}", 14)) {
			good = good && wizard_append(out, host, strlen(host));
			p += 14;
		} else if (!strncmp(p, "${USERNAME}", 11)) {
			good = good && wizard_append(out, user ? user : "",
						     user ? strlen(user) : 0);
			p += 11;
		} else if (*p) {
			good = good && wizard_append(out, p++, 1);
		}
	}
	if (good)
		return import_copy(w->im, out, strlen(out));
	import_note(w->im, w->hosts->at, "left out: \"%.80s\": its %s is too long",
		    redact(w->from->name).s, key);
	return NULL;
}

static void wizard_add_endpoint(struct wizard *w, const char *auth)
{
	const char *name = w->from->name;
	struct conf_section *s = wizard_section(w, "endpoint", "endpoint", name);

	wizard_set(w, s, "aors", name);
	wizard_set(w, s, "outbound_auth", auth);
	wizard_set(w, s, "transport", conf_value(w->from, "transport"));
	wizard_set(w, s, "outbound_proxy", conf_value(w->from, "outbound_proxy"));
}

static void wizard_add_registration(struct wizard *w, const char *auth, const char *host,
				    unsigned number)
{
	const char *name =
		strlen(w->from->name) < 256
			? import_format(w->im, "%s-reg-%u", w->from->name, number)
			: NULL;
	struct conf_section *s = wizard_section(w, "registration", "registration", name);

	wizard_set(w, s, "server_uri",
		   wizard_fill(w, "server_uri_pattern", "sip:${REMOTE_HOST}", host));
	wizard_set(w, s, "client_uri",
		   wizard_fill(w, "client_uri_pattern", "sip:${USERNAME}@${REMOTE_HOST}",
			       host));
	wizard_set(w, s, "outbound_auth", auth);
	wizard_set(w, s, "transport", conf_value(w->from, "transport"));
	wizard_set(w, s, "outbound_proxy", conf_value(w->from, "outbound_proxy"));
}

static void wizard_add_hosts(struct wizard *w, const char *auth)
{
	struct conf_section *aor = wizard_section(w, "aor", "aor", w->from->name);
	char *hosts = import_copy(w->im, w->hosts->value, strlen(w->hosts->value));
	char *save = NULL;
	unsigned number = 0;

	for (char *h = hosts ? strtok_r(hosts, ",", &save) : NULL;
	     h && number < HOSTS_MAX && !w->im->err; h = strtok_r(NULL, ",", &save)) {
		h = lines_trim(h);
		if (!*h)
			continue;
		wizard_set(w, aor, "contact",
			   wizard_fill(w, "contact_pattern", "sip:${REMOTE_HOST}", h));
		if (conf_is_yes(conf_value(w->from, "sends_registrations")))
			wizard_add_registration(w, auth, h, number);
		number++;
	}
}

void wizard_take(struct import *im, const struct conf_section *s)
{
	struct asterisk *a = im->state;
	struct wizard w = {im, &a->conf, s, conf_find(s, "remote_hosts")};
	const char *auth = NULL;

	if (!w.hosts || !*w.hosts->value) {
		import_note(im, s->at,
			    "left out: wizard \"%.80s\" names no remote_hosts%s",
			    redact(s->name).s,
			    conf_is_yes(conf_value(s, "accepts_registrations"))
				    ? ", so it is a device that registers here"
				    : "");
		return;
	}
	if (conf_is_yes(conf_value(s, "sends_auth")) && strlen(s->name) < 256)
		auth = import_format(im, "%s-oauth", s->name);
	if (auth)
		(void)wizard_section(&w, "auth", "outbound_auth", auth);
	wizard_add_endpoint(&w, auth);
	wizard_add_hosts(&w, auth);
}
