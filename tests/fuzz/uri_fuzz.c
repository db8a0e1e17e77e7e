/*
 * A SIP URI is what its parts say: put together again they make the same URI, libre reads
 * the same out of it, and a probe's idea of equal URIs holds for it. Input: the URI's
 * text.
 */
#include <string.h>
#include <strings.h>

#include "config/uri.h"
#include "config/value.h"
#include "sipprobe/message/uri_match.h"
#include "tests/fuzz/fuzz.h"

enum { URI_ROOM = 1100 };

static bool slice_same(struct config_slice a, struct config_slice b)
{
	return a.l == b.l && (!a.l || !memcmp(a.p, b.p, a.l));
}

static bool slice_is_pl(struct config_slice a, const struct pl *b)
{
	return a.l == b->l && (!a.l || !memcmp(a.p, b->p, a.l));
}

static void inside_check(struct config_slice s, const char *text)
{
	must(!s.l || (s.p >= text && s.p + s.l <= text + strlen(text)));
}

static void parts_check(const struct config_uri *u, const char *text)
{
	inside_check(u->user, text);
	inside_check(u->host, text);
	inside_check(u->params, text);
	inside_check(u->maddr, text);
	must(u->host.l && !(u->ipv4 && u->ipv6));
	must(!u->sips || config_transport_is_tls(u->transport));
	must(!u->params.l || u->params.p[0] == ';');
}

/* The longest port is 65535; more zeros than that before it are not written again. */
static void uri_print(char *out, const struct config_uri *u)
{
	size_t n = (size_t)snprintf(out, URI_ROOM, "%s:%.*s%s%s%.*s%s",
				    u->sips ? "sips" : "sip", (int)u->user.l, u->user.p,
				    u->user.l ? "@" : "", u->ipv6 ? "[" : "",
				    (int)u->host.l, u->host.p, u->ipv6 ? "]" : "");

	if (u->port)
		n += (size_t)snprintf(out + n, URI_ROOM - n, ":%u", u->port);
	must(n < URI_ROOM);
	snprintf(out + n, URI_ROOM - n, "%.*s", (int)u->params.l, u->params.p);
}

static void again_check(const struct config_uri *u, const char *text)
{
	struct config_uri again;
	char printed[URI_ROOM];

	uri_print(printed, u);
	must(!config_uri_parse(printed, &again));
	must(slice_same(u->user, again.user) && slice_same(u->host, again.host));
	must(slice_same(u->params, again.params) && slice_same(u->maddr, again.maddr));
	must(u->port == again.port && u->transport == again.transport);
	must(u->sips == again.sips && u->ipv4 == again.ipv4 && u->ipv6 == again.ipv6);
	if (strlen(printed) == strlen(text))
		must(!strcasecmp(printed, text));
	else
		must(strlen(printed) < strlen(text) && strstr(text, ":0"));
}

/* libre knows no zones, no IPv4 address within an IPv6 one, and splits a password off. */
static void libre_check(const struct config_uri *u, const char *text)
{
	struct pl pl, user;
	struct uri uri;

	if (memchr(u->host.p, '%', u->host.l) ||
	    (u->ipv6 && memchr(u->host.p, '.', u->host.l)))
		return;
	pl_set_str(&pl, text);
	must(!uri_decode(&uri, &pl));
	must(slice_is_pl(u->host, &uri.host) && u->port == uri.port);
	must(slice_is_pl(u->params, &uri.params) && !uri.headers.l);
	user = (struct pl){.p = u->user.p, .l = u->user.l};
	must(uri.user.l + (uri.password.l ? uri.password.l + 1 : 0) <= user.l);
	must(!uri.user.l || !memcmp(uri.user.p, user.p, uri.user.l));
}

static void match_check(const char *text)
{
	struct pl a, b;
	char copy[URI_ROOM];

	snprintf(copy, sizeof(copy), "%s", text);
	pl_set_str(&a, text);
	pl_set_str(&b, copy);
	must(uri_match(&a, &b) == URI_MATCH_EQUAL && uri_hash(&a) == uri_hash(&b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct config_uri u, before;
	const char *why;

	must(text);
	memcpy(text, data, size);
	text[size] = '\0';
	memset(&u, 0xa5, sizeof(u));
	memcpy(&before, &u, sizeof(u)); /* padding too */
	why = config_uri_parse(text, &u);
	if (why) {
		must(!memcmp((void *)&u, (void *)&before, sizeof(u)));
	} else {
		parts_check(&u, text);
		again_check(&u, text);
		libre_check(&u, text);
		match_check(text);
	}
	(void)config_host_check(text);
	free(text);
	return 0;
}
