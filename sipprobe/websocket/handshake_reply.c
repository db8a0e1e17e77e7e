/* What a server answers to the opening handshake (RFC 6455 4.1). */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "sipprobe/websocket/handshake.h"

static const char http[] = "HTTP/1.";

enum {
	STATUS_LEN = 12, /* "HTTP/1.1 101" */
	STATUS_AT = 9,
	SHOWN_MAX = 32, /* of what a peer wrote, in a sentence */
};

static int handshake_fail(char why[HANDSHAKE_WHY], const char *text)
{
	str_ncpy(why, text, HANDSHAKE_WHY);
	return EPROTO;
}

/* Of a field that is there and wrong; what a peer wrote is shown as printable ASCII. */
static int handshake_fail_field(char why[HANDSHAKE_WHY], const char *text,
				const struct pl *value)
{
	char shown[SHOWN_MAX + 1];
	size_t n = value->l < SHOWN_MAX ? value->l : SHOWN_MAX;

	for (size_t i = 0; i < n; i++)
		shown[i] = value->p[i] > ' ' && value->p[i] < 0x7f ? value->p[i] : '?';
	shown[n] = '\0';
	(void)re_snprintf(why, HANDSHAKE_WHY, "%s \"%s\"", text, shown);
	return EPROTO;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads "HTTP/1.1 101" as far as it has come. Returns 0, EAGAIN or EPROTO. */
static int handshake_status(const char *buf, size_t len, char why[HANDSHAKE_WHY])
{
	size_t known = len < sizeof(http) - 1 ? len : sizeof(http) - 1;

	if (memcmp(buf, http, known))
		return handshake_fail(why, "its answer is not HTTP");
	if (len <= STATUS_LEN)
		return EAGAIN;
	for (size_t i = 0; i < 3; i++)
		if (!is_digit(buf[STATUS_AT + i]))
			return handshake_fail(why, "its answer is not HTTP");
	if (!is_digit(buf[STATUS_AT - 2]) || buf[STATUS_AT - 1] != ' ' ||
	    (buf[STATUS_LEN] != ' ' && buf[STATUS_LEN] != '\r'))
		return handshake_fail(why, "its answer is not HTTP");
	if (!memcmp(buf + STATUS_AT, "101", 3))
		return 0;
	(void)re_snprintf(why, HANDSHAKE_WHY, "HTTP %b", buf + STATUS_AT, (size_t)3);
	return EPROTO;
}

static void handshake_trim(struct pl *v)
{
	for (; v->l && (*v->p == ' ' || *v->p == '\t'); v->p++)
		v->l--;
	while (v->l && (v->p[v->l - 1] == ' ' || v->p[v->l - 1] == '\t'))
		v->l--;
}

/* The first field of that name in a head that ends in an empty line. */
static bool handshake_field(struct pl *value, const char *head, size_t len,
			    const char *name)
{
	const char *end = head + len, *lf = memchr(head, '\n', len);
	size_t l = strlen(name);

	while (lf && lf + 1 < end) {
		const char *line = lf + 1;

		lf = memchr(line, '\n', (size_t)(end - line));
		if (!lf || (size_t)(lf - line) <= l || strncasecmp(line, name, l) ||
		    line[l] != ':')
			continue;
		value->p = line + l + 1;
		value->l = (size_t)(lf - value->p);
		if (value->l && value->p[value->l - 1] == '\r')
			value->l--;
		handshake_trim(value);
		return true;
	}
	return false;
}

/* Whether a list of tokens, "keep-alive, Upgrade", holds one. */
static bool handshake_has_token(struct pl list, const char *token)
{
	while (list.l) {
		const char *comma = memchr(list.p, ',', list.l);
		struct pl item = {list.p, comma ? (size_t)(comma - list.p) : list.l};
		size_t used = item.l + (comma ? 1 : 0);

		handshake_trim(&item);
		if (!pl_strcasecmp(&item, token))
			return true;
		list.p += used;
		list.l -= used;
	}
	return false;
}

/* The fields of a 101, in the order of RFC 6455 4.1. */
static int handshake_check(const char *head, size_t len, const char *key,
			   char why[HANDSHAKE_WHY])
{
	char accept[HANDSHAKE_ACCEPT_SIZE];
	struct pl v;

	if (!handshake_field(&v, head, len, "Upgrade") || pl_strcasecmp(&v, "websocket"))
		return handshake_fail(why, "its 101 does not upgrade to WebSocket");
	if (!handshake_field(&v, head, len, "Connection") ||
	    !handshake_has_token(v, "upgrade"))
		return handshake_fail(why, "its 101 has no \"Connection: Upgrade\"");
	if (!handshake_field(&v, head, len, "Sec-WebSocket-Accept"))
		return handshake_fail(why, "its 101 has no Sec-WebSocket-Accept");
	handshake_accept(accept, key);
	if (pl_strcmp(&v, accept))
		return handshake_fail(why, "its Sec-WebSocket-Accept is not for our key");
	if (handshake_field(&v, head, len, "Sec-WebSocket-Extensions") && v.l)
		return handshake_fail_field(why, "nobody asked for its extension", &v);
	if (handshake_field(&v, head, len, "Sec-WebSocket-Protocol") && v.l &&
	    pl_strcasecmp(&v, "sip"))
		return handshake_fail_field(why,
					    "it chose another subprotocol than sip:", &v);
	return 0;
}

int handshake_reply(size_t *used, const char *buf, size_t len, const char *key,
		    char why[HANDSHAKE_WHY])
{
	size_t searched = len < HANDSHAKE_REPLY_MAX ? len : HANDSHAKE_REPLY_MAX;
	int err = handshake_status(buf, len, why);
	const char *end;

	if (err)
		return err;
	end = memmem(buf, searched, "\r\n\r\n", 4);
	if (!end && searched == HANDSHAKE_REPLY_MAX)
		return handshake_fail(why, "the head of its answer does not end");
	if (!end)
		return EAGAIN;
	err = handshake_check(buf, (size_t)(end - buf) + 4, key, why);
	if (!err)
		*used = (size_t)(end - buf) + 4;
	return err;
}
