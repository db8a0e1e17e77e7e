/* Requests that are too long for UDP (RFC 3261 18.1.1). */
#include "sipprobe/engine/check_size.h"

#include <string.h>

#include "config/uri.h"
#include "sipprobe/message/request.h"

enum {
	UDP_BYTES_MAX = 1300, /* of a request, where the path's MTU is not known */
	SPARSE_BYTES = 640,   /* no request has more that nobody configured */
	CALL_BYTES = 480,     /* what INVITE has besides: SDP, and what it supports */
	SRTP_BYTES = 320,     /* keys in that */
	NONCE_BYTES = 64,     /* what peers choose, of a usual length */
	REALM_BYTES = 32,
	OPAQUE_BYTES = 32,
};

/* A header field with credentials, without what is configured or the peer's choice. */
static const char credentials[] =
	"Proxy-Authorization: Digest username=\"\", realm=\"\", nonce=\"\", uri=\"\", "
	"response=\"0123456789abcdef0123456789abcdef\", algorithm=SHA-256, "
	"cnonce=\"0123456789abcdef\", opaque=\"\", qop=auth, nc=00000001\r\n";

static size_t length(const char *text)
{
	return text ? strlen(text) : 0;
}

static size_t credentials_size(const struct config_trunk *t)
{
	const struct config_auth *auth = t->settings->auth;

	if (!auth)
		return 0;
	return strlen(credentials) + length(auth->username) +
	       (auth->realm ? length(auth->realm) : REALM_BYTES) + NONCE_BYTES +
	       OPAQUE_BYTES + length(t->uri);
}

/* Of an INVITE, what other requests do not have. */
static size_t call_size(const struct config_settings *s)
{
	bool secure = s->call && s->call->srtp != CONFIG_SRTP_OFF;

	if (!(s->methods >> CONFIG_METHOD_INVITE & 1))
		return 0;
	return CALL_BYTES + (secure ? SRTP_BYTES : 0);
}

/* Not less than any request of the trunk has, and cheaper than to make one. */
static size_t size_bound(const struct config_trunk *t)
{
	const struct config_settings *s = t->settings;
	const char *texts[] = {s->request_uri, s->from,	      s->to,
			       s->contact,     s->user_agent, s->outbound_proxy};
	size_t sum =
		SPARSE_BYTES + 3 * length(t->uri) + credentials_size(t) + call_size(s);

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		sum += 2 * length(texts[i]);
	for (size_t i = 0; i < s->route_count; i++)
		sum += length(s->route[i]) + length(t->uri) + 64;
	for (size_t i = 0; i < s->header_count; i++)
		sum += length(s->headers[i].name) + length(s->headers[i].value) + 4;
	if (s->registration)
		sum += length(s->registration->aor) * 2;
	return sum;
}

/* The port that requests leave from, or one of as many digits as a free one has. */
static uint16_t local_port(const struct config *conf, const struct config_settings *s)
{
	if (s->local.port)
		return (uint16_t)s->local.port;
	for (size_t i = 0; i < conf->sip.listen_count && !s->local.address; i++)
		if (conf->sip.listen[i].transport == CONFIG_TRANSPORT_UDP &&
		    conf->sip.listen[i].port)
			return conf->sip.listen[i].port;
	return 50000;
}

/*
 * Our end and the peer's, without asking the kernel: as configured, or addresses that
 * are as long as any of the family.
 */
static void ends_guess(struct sa *local, struct sa *peer, const struct config *conf,
		       const struct config_trunk *t, const struct config_uri *hop)
{
	const struct config_settings *s = t->settings;
	bool six = hop->ipv6 || s->family == CONFIG_FAMILY_IPV6;
	const char *widest =
		six ? "2001:db8:1111:2222:3333:4444:5555:6666" : "192.168.111.111";
	struct pl host = {.p = hop->host.p, .l = hop->host.l};

	if (!(hop->ipv4 || hop->ipv6) ||
	    sa_set(peer, &host, hop->port ? hop->port : 5060))
		(void)sa_set_str(peer, widest, hop->port ? hop->port : 5060);
	if (s->local.address)
		(void)sa_set_str(local, s->local.address, 0);
	else if (sa_is_loopback(peer))
		*local = *peer;
	else
		(void)sa_set_str(local, widest, 0);
	sa_set_port(local, local_port(conf, s));
}

static const char *aor_of(char *out, size_t size, const struct config_trunk *t)
{
	const struct config_settings *s = t->settings;
	struct config_uri uri;

	if (s->registration && s->registration->aor)
		return s->registration->aor;
	if (s->from || config_uri_parse(t->uri, &uri))
		return s->from ? s->from : t->uri;
	(void)re_snprintf(out, size, "sip:%s@%b", s->auth ? s->auth->username : "ping",
			  uri.host.p, uri.host.l);
	return out;
}

/* Bytes of a request of one method; 0 where it cannot be made. */
static size_t request_size(struct request_info info)
{
	const struct config_settings *s = info.trunk->settings;
	char aor[REQUEST_URI_SIZE], contact[REQUEST_URI_SIZE];
	struct request_register reg = {.registrar = info.trunk->uri};
	struct request r = {.buf = NULL};
	size_t size;

	if (!strcmp(info.method, "REGISTER")) {
		if (s->request_uri)
			reg.registrar = s->request_uri;
		reg.aor = aor_of(aor, sizeof(aor), info.trunk);
		if (s->registration && s->registration->bind &&
		    !request_contact(contact, sizeof(contact), &info, "ping"))
			reg.contact = contact;
		reg.expires_s = 3600;
		info.registration = &reg;
	}
	if (request_make(&r, &info))
		return 0;
	size = r.len;
	request_free(&r);
	return size;
}

/* Of the longest request that the trunk is probed with. */
static size_t size_largest(const struct config *conf, const struct config_trunk *t,
			   const struct config_uri *hop)
{
	static const struct {
		enum config_method method;
		const char *name;
	} methods[] = {{CONFIG_METHOD_OPTIONS, "OPTIONS"},
		       {CONFIG_METHOD_REGISTER, "REGISTER"},
		       {CONFIG_METHOD_INVITE, "INVITE"}};
	struct sa local, peer;
	struct request_info info = {
		.trunk = t,
		.transport = CONFIG_TRANSPORT_UDP,
		.local = &local,
		.peer = &peer,
		.agent = "siptrunk_exporter/0.0.0",
	};
	size_t most = 0;

	ends_guess(&local, &peer, conf, t, hop);
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		size_t size = 0;

		info.method = methods[i].name;
		if (t->settings->methods & 1U << methods[i].method)
			size = request_size(info);
		if (size && methods[i].method == CONFIG_METHOD_INVITE)
			size += call_size(t->settings);
		most = size > most ? size : most;
	}
	return most;
}

static int size_warn(struct config_errors *warnings, const struct config *conf,
		     const struct config_trunk *t, const struct config_uri *hop)
{
	size_t plain = size_largest(conf, t, hop);
	size_t size = plain + credentials_size(t);

	if (size <= UDP_BYTES_MAX)
		return 0;
	return config_warn(
		warnings, conf, t, NULL,
		"trunk \"%s\": its requests have %s%zu bytes%s over UDP; over %d they "
		"are to go over TCP (RFC 3261 18.1.1), as a fragment lost is a request "
		"lost",
		t->name, size > plain ? "about " : "", size,
		size > plain ? " with credentials" : "", UDP_BYTES_MAX);
}

int check_size(struct config_errors *warnings, const struct config *conf)
{
	int err = 0;

	for (size_t i = 0; i < conf->trunk_count && !err; i++) {
		const struct config_trunk *t = &conf->trunks[i];
		struct config_uri hop;

		if ((t->settings->pause.on && !t->settings->pause.until_s) ||
		    size_bound(t) <= UDP_BYTES_MAX ||
		    config_uri_parse(config_trunk_hop(t), &hop) || hop.sips)
			continue;
		if (hop.transport == CONFIG_TRANSPORT_NONE ||
		    hop.transport == CONFIG_TRANSPORT_UDP)
			err = size_warn(warnings, conf, t, &hop);
	}
	return err;
}
