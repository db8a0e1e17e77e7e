/* SIP URIs of other servers made ours: with a scheme, without passwords. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/redact.h"
#include "config/peer_address.h"
#include "config/uri.h"
#include "exporter/import/model.h"

enum { URI_MAX = 1024 };

static bool import_uri_has_scheme(const char *text)
{
	return !strncasecmp(text, "sip:", 4) || !strncasecmp(text, "sips:", 5);
}

/*
 * Takes off white space and the brackets of `"Name" <URI>`. A '<' that stands elsewhere
 * stays: it is a placeholder that nobody filled in.
 */
static char *import_uri_bare(char *text)
{
	char *open, *close;
	size_t len;

	text += strspn(text, " \t\r\n");
	len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	open = import_uri_has_scheme(text) ? NULL : strchr(text, '<');
	close = open ? strchr(open, '>') : NULL;
	if (!close || (close[1] && !strchr("; \t", close[1])) ||
	    (open > text && !strchr(" \t\"", open[-1])))
		return text;
	*close = '\0';
	return open + 1;
}

/* Where a user's password begins, or a parameter of the user that is one; or NULL. */
static char *import_uri_password(char *user, const char *at)
{
	for (char *p = user; p < at; p++) {
		if (*p == ':' || !strncasecmp(p, "%3a", 3))
			return p;
		if (*p == ';' && redact_is_secret(p, (size_t)(at - p)))
			return p;
	}
	return NULL;
}

/* Takes parameters whose names say that they are secret out of ";a=b;c". */
static bool import_uri_drop_params(char *p)
{
	bool dropped = false;

	while (*p) {
		size_t len = 1 + strcspn(p + 1, ";");

		if (redact_is_secret(p, 1 + strcspn(p + 1, ";="))) {
			memmove(p, p + len, strlen(p + len) + 1);
			dropped = true;
		} else {
			p += len;
		}
	}
	return dropped;
}

/* Takes all that may be a password out of a URI, in place. Returns whether there was. */
static bool import_uri_drop_secrets(char *uri)
{
	char *user = strchr(uri, ':') + 1, *at = strrchr(user, '@');
	char *password = at ? import_uri_password(user, at) : NULL;
	char *rest = at ? at : user;

	if (password) {
		memmove(password, at, strlen(at) + 1);
		rest = password;
	}
	rest += strcspn(rest, ";");
	return import_uri_drop_params(rest) || password;
}

/* What a text says without what is not for us, or NULL without memory. */
static const char *import_uri_clean(struct import *im, struct import_at at,
				    const char *what, const char *text)
{
	char *copy = import_copy(im, text, strlen(text)), *mark, *end;

	if (!copy)
		return NULL;
	copy = import_uri_bare(copy);
	if (!import_uri_has_scheme(copy))
		copy = import_format(im, "sip:%s", copy);
	if (!copy)
		return NULL;
	end = strrchr(copy, '@');
	mark = strchr(end ? end : copy, '?');
	if (mark) {
		*mark = '\0';
		import_note(im, at, "left out: the headers behind the URI of %s", what);
	}
	if (import_uri_drop_secrets(copy))
		import_note(im, at,
			    "left out: the password in the URI of %s, which is never "
			    "sent",
			    what);
	return copy;
}

/* As a URI is shown whose scheme may be missing. */
static struct redacted import_uri_shown(struct import *im, const char *text)
{
	bool bare = !import_uri_has_scheme(text) && !strstr(text, "://") &&
		    strncasecmp(text, "mailto:", 7) && strncasecmp(text, "tel:", 4);
	char *full = bare ? arena_alloc(&im->arena, strlen(text) + 5, 1) : NULL;
	struct redacted r = redact(text);

	if (full) {
		strcpy(stpcpy(full, "sip:"), text);
		r = redact(full);
		memmove(r.s, r.s + 4, strlen(r.s + 4) + 1);
	}
	return r;
}

/* ws://HOST:PORT/PATH, which the configuration takes as it is; NULL for what is none. */
static const char *import_uri_websocket(struct import *im, const char *text,
					const char **why)
{
	struct config_uri parsed;
	char sip[2 * URI_MAX];

	*why = websocket_url_to_sip(sip, sizeof(sip), text);
	if (!*why)
		*why = config_uri_parse(sip, &parsed);
	if (!*why)
		*why = peer_address_uri_fault(&parsed);
	return *why ? NULL : import_copy(im, text, strlen(text));
}

/* @peer: where a peer is to be found, which not every address can be */
static const char *import_uri_made(struct import *im, struct import_at at,
				   const char *what, const char *text, bool peer)
{
	const char *why = "it is longer than 1024 bytes", *uri;
	struct config_uri parsed;

	if (peer && websocket_url_is(text)) {
		uri = import_uri_websocket(im, text, &why);
		if (!why)
			return uri;
	} else if (strlen(text) + 5 <= URI_MAX) {
		uri = import_uri_clean(im, at, what, text);
		why = uri ? config_uri_parse(uri, &parsed) : NULL;
		if (uri && !why && peer)
			why = peer_address_uri_fault(&parsed);
		if (!why)
			return uri;
	}
	import_note(im, at, "left out: %s \"%.80s\": %s", what,
		    import_uri_shown(im, text).s, why);
	return NULL;
}

const char *import_uri(struct import *im, struct import_at at, const char *what,
		       const char *text)
{
	return import_uri_made(im, at, what, text, true);
}

const char *import_uri_of_ours(struct import *im, struct import_at at, const char *what,
			       const char *text)
{
	return import_uri_made(im, at, what, text, false);
}

const char *import_uri_transport(struct import *im, struct import_at at, const char *who,
				 const char *uri, const char *transport)
{
	struct config_uri parsed;
	const char *longer, *why;

	if (!transport || !strcasecmp(transport, "udp") ||
	    config_uri_parse(uri, &parsed) || parsed.transport != CONFIG_TRANSPORT_NONE)
		return uri;
	longer = import_format(im, "%s;transport=%.40s", uri, transport);
	why = longer ? config_uri_parse(longer, &parsed) : NULL;
	if (!why && !strchr(transport, ';'))
		return longer;
	import_note(im, at,
		    "left out: \"%.80s\" goes over %.40s, which is not probed; udp, tcp, "
		    "tls, ws and wss are",
		    redact(who).s, redact(transport).s);
	return NULL;
}

const char *import_uri_host_name(struct import *im, const char *uri)
{
	char sip[2 * URI_MAX];
	struct config_uri u;

	if (websocket_url_is(uri) && !websocket_url_to_sip(sip, sizeof(sip), uri))
		uri = sip;
	if (config_uri_parse(uri, &u))
		return import_copy(im, uri, strlen(uri));
	if (!u.port)
		return import_copy(im, u.host.p, u.host.l);
	return import_format(im, u.ipv6 ? "[%.*s]:%u" : "%.*s:%u", (int)u.host.l,
			     u.host.p, u.port);
}
