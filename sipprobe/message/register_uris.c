#include "sipprobe/message/register_uris.h"

#include <ctype.h>
#include <string.h>

#include "config/uri.h"

/* Writes text as the user part of a URI (RFC 3261 25.1). Returns 0 or ENOBUFS. */
static int user_print(char *out, size_t size, const char *text)
{
	size_t at = 0;

	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		bool plain = *p < 0x80 && (isalnum(*p) || strchr("-_.!~*'()&=+$/", *p));

		if (at + 4 > size)
			return ENOBUFS;
		at += (size_t)snprintf(out + at, size - at, plain ? "%c" : "%%%02X", *p);
	}
	out[at] = '\0';
	return 0;
}

/* The address of record that is configured, or NULL. */
static const char *aor_set(const struct config_settings *s)
{
	return s->registration && s->registration->aor ? s->registration->aor : s->from;
}

/* The URI of a host: a registrar's with its port, a user's without. */
static int host_print(char *out, size_t size, const struct config_uri *uri,
		      const char *user)
{
	char port[8] = "";

	if (uri->port && !user)
		(void)re_snprintf(port, sizeof(port), ":%u", uri->port);
	return re_snprintf(out, size, "%s:%s%s%s%b%s%s", uri->sips ? "sips" : "sip",
			   user ? user : "", user ? "@" : "", uri->ipv6 ? "[" : "",
			   uri->host.p, uri->host.l, uri->ipv6 ? "]" : "", port) < 0
		       ? ENOBUFS
		       : 0;
}

int register_registrar(char *out, const struct request_info *info)
{
	const char *set = info->trunk->settings->request_uri;
	struct config_uri uri;

	if (set)
		return request_uri_of(out, REQUEST_URI_SIZE, info, set);
	if (config_uri_parse(info->trunk->uri, &uri))
		return EINVAL;
	return host_print(out, REQUEST_URI_SIZE, &uri, NULL);
}

int register_aor(char *out, char *user, const struct request_info *info)
{
	const struct config_settings *s = info->trunk->settings;
	const char *set = aor_set(s);
	struct config_uri uri;
	int err;

	if (!set) {
		err = user_print(user, REQUEST_URI_SIZE,
				 s->auth ? s->auth->username : "ping");
		if (!err && config_uri_parse(info->trunk->uri, &uri))
			err = EINVAL;
		return err ? err : host_print(out, REQUEST_URI_SIZE, &uri, user);
	}
	err = request_uri_of(out, REQUEST_URI_SIZE, info, set);
	if (err)
		return err;
	if (config_uri_parse(out, &uri) || !uri.user.l)
		return user_print(user, REQUEST_URI_SIZE, "ping");
	memcpy(user, uri.user.p, uri.user.l);
	user[uri.user.l] = '\0';
	return 0;
}
