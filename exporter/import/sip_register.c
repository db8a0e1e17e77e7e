#include "exporter/import/sip_register.h"

#include <string.h>

/* Splits at a character, in place: gives what is behind it, or NULL. */
static char *sip_cut(char *text, char mark)
{
	char *at = strchr(text, mark);

	if (at)
		*at++ = '\0';
	return at;
}

/* HOST[:PORT][/EXTENSION][~EXPIRY] */
static void sip_register_host(struct sip_register *r, char *text)
{
	text[strcspn(text, "/~")] = '\0';
	r->host = text;
	if (*text == '[') {
		text += strcspn(text, "]");
		text += *text == ']';
	}
	r->port = sip_cut(text, ':');
}

/*
 * USER[@DOMAIN][:SECRET[:AUTHUSER]]. A colon more than that may be one of a secret, of
 * which no part must be taken for a name.
 */
static void sip_register_user(struct sip_register *r, char *text)
{
	char *secret = sip_cut(text, ':'), *auth = secret ? sip_cut(secret, ':') : NULL;

	r->user = text;
	r->domain = sip_cut(text, '@');
	r->secret = secret && *secret;
	r->auth_user = auth && *auth && !strpbrk(auth, ":/") ? auth : NULL;
}

bool sip_register_parse(struct sip_register *r, char *text)
{
	char *at = strrchr(text, '@'), *mark;

	if (!at || at == text)
		return false;
	*at = '\0';
	sip_register_host(r, at + 1);
	mark = strchr(text, '?');
	if (mark && !memchr(text, ':', (size_t)(mark - text))) {
		*mark = '\0';
		r->peer = text;
		text = mark + 1;
	}
	mark = strstr(text, "://");
	if (mark && text + strspn(text, "abcdefghijklmnopqrstuvwxyzTCPLSUDW") == mark) {
		*mark = '\0';
		r->transport = text;
		text = mark + 3;
	}
	sip_register_user(r, text);
	return *r->user && *r->host;
}
