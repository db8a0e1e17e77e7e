#include "sipprobe/message/request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/uri.h"
#include "sipprobe/loop/token.h"
#include "sipprobe/message/request_stamps.h"
#include "sipprobe/message/siphdr.h"

#define BRANCH_COOKIE "z9hG4bK"

const char *request_transport_name(enum config_transport t)
{
	static const char *const names[] = {
		[CONFIG_TRANSPORT_NONE] = "UDP", [CONFIG_TRANSPORT_UDP] = "UDP",
		[CONFIG_TRANSPORT_TCP] = "TCP",	 [CONFIG_TRANSPORT_TLS] = "TLS",
		[CONFIG_TRANSPORT_WS] = "WS",	 [CONFIG_TRANSPORT_WSS] = "WSS",
	};

	return names[t];
}

int request_nowhere(char *out, size_t size)
{
	char digits[12];
	int err = token_hex(digits, sizeof(digits));

	if (!err)
		(void)re_snprintf(out, size, "%b.invalid", digits, sizeof(digits));
	return err;
}

/* User part of From, To and Contact when the configuration leaves them to us. */
struct identity {
	const struct request_info *info;
	char local[80];	     /* host:port of our end, brackets with IPv6 */
	const char *reached; /* the same, or a name, as Via and Contact have it */
	const char *scheme;
	const char *param; /* ;transport= of a Contact, or "" */
};

static void identity_make(struct identity *id, const struct request_info *info)
{
	static const char *const params[] = {
		[CONFIG_TRANSPORT_NONE] = "",
		[CONFIG_TRANSPORT_UDP] = "",
		[CONFIG_TRANSPORT_TCP] = ";transport=tcp",
		[CONFIG_TRANSPORT_TLS] = ";transport=tls",
		/* RFC 7118 5.2.4: one name for both; wss is none in URIs. */
		[CONFIG_TRANSPORT_WS] = ";transport=ws",
		[CONFIG_TRANSPORT_WSS] = ";transport=ws",
	};
	struct config_uri uri;

	id->info = info;
	id->scheme = "sip";
	if (!config_uri_parse(info->trunk->uri, &uri) && uri.sips)
		id->scheme = "sips";
	id->param = params[info->transport];
	/* A sips URI says TLS by its scheme; transport=tls is for sip URIs. */
	if (id->scheme[3] && info->transport == CONFIG_TRANSPORT_TLS)
		id->param = "";
	(void)re_snprintf(id->local, sizeof(id->local), "%J", info->local);
	id->reached = config_transport_is_websocket(info->transport) && info->nowhere
			      ? info->nowhere
			      : id->local;
}

/* The length of a host without its zone, which means something on this machine alone. */
static size_t host_length(const struct config_uri *uri)
{
	const char *zone = uri->ipv6 ? memchr(uri->host.p, '%', uri->host.l) : NULL;

	return zone ? (size_t)(zone - uri->host.p) : uri->host.l;
}

static int print_host(struct mbuf *mb, const char *text)
{
	struct config_uri uri;

	if (config_uri_parse(text, &uri))
		return EINVAL;
	return mbuf_printf(mb, uri.ipv6 ? "[%b]" : "%b", uri.host.p, host_length(&uri));
}

/* SIP has no zones: the grammar of RFC 3261 25.1 lets none into a host. */
static int print_unzoned(struct mbuf *mb, const char *text)
{
	struct config_uri uri;
	int err;

	if (!strchr(text, '%') || config_uri_parse(text, &uri))
		return mbuf_write_str(mb, text);
	err = mbuf_write_mem(mb, (const uint8_t *)text,
			     (size_t)(uri.host.p - text) + host_length(&uri));
	return err | mbuf_write_str(mb, uri.host.p + uri.host.l);
}

/* A URI of the configuration, with what its placeholder stands for in this request. */
static int print_uri(struct mbuf *mb, const struct identity *id, const char *text)
{
	const char *open = strchr(text, '{');
	const char *close = open ? strchr(open, '}') : NULL;
	int err;

	if (!close)
		return print_unzoned(mb, text);
	err = mbuf_write_mem(mb, (const uint8_t *)text, (size_t)(open - text));
	if (open[1] == 'p')
		err |= mbuf_printf(mb, "%J", id->info->peer);
	else if (open[1] == 'l')
		err |= mbuf_write_str(mb, id->local);
	else
		err |= print_host(mb, id->info->trunk->uri);
	return err | mbuf_write_str(mb, close + 1);
}

/* The Request-URI as configured. */
static const char *uri_text(const struct request_info *info)
{
	const struct config_settings *s = info->trunk->settings;

	if (info->registration)
		return info->registration->registrar;
	if (info->call)
		return info->call->uri;
	return s->request_uri ? s->request_uri : info->trunk->uri;
}

static int print_contact(struct mbuf *mb, const struct identity *id, const char *user)
{
	const char *set = id->info->trunk->settings->contact;

	if (set)
		return print_uri(mb, id, set);
	return mbuf_printf(mb, "%s:%s@%s%s", id->scheme, user, id->reached, id->param);
}

/* Takes what was printed as a text, and frees the buffer. */
static int text_take(char *out, size_t size, struct mbuf *mb, int err)
{
	if (!err && mb->end >= size)
		err = ENOBUFS;
	if (!err) {
		memcpy(out, mb->buf, mb->end);
		out[mb->end] = '\0';
	}
	mem_deref(mb);
	return err;
}

int request_uri_of(char *out, size_t size, const struct request_info *info,
		   const char *text)
{
	struct mbuf *mb = mbuf_alloc(256);
	struct identity id;

	if (!mb)
		return ENOMEM;
	identity_make(&id, info);
	return text_take(out, size, mb, print_uri(mb, &id, text ? text : uri_text(info)));
}

int request_contact(char *out, size_t size, const struct request_info *info,
		    const char *user)
{
	struct mbuf *mb = mbuf_alloc(256);
	struct identity id;

	if (!mb)
		return ENOMEM;
	identity_make(&id, info);
	return text_take(out, size, mb, print_contact(mb, &id, user));
}

static int print_route(struct mbuf *mb, const struct identity *id, const char *uri)
{
	return mbuf_write_str(mb, "Route: <") | print_uri(mb, id, uri) |
	       mbuf_write_str(mb, ">\r\n");
}

/* RFC 3261 16.12.1.2: a proxy that routes loosely is told by its URI that it may. */
static bool is_loose(const char *text)
{
	struct config_uri uri;
	const char *p, *end;

	if (config_uri_parse(text, &uri))
		return false;
	end = uri.params.p + uri.params.l;
	for (p = uri.params.p; p && p < end;
	     p = memchr(p + 1, ';', (size_t)(end - p - 1)))
		if (end - p >= 3 && !strncasecmp(p, ";lr", 3) &&
		    (end - p == 3 || p[3] == ';' || p[3] == '='))
			return true;
	return false;
}

/* An INVITE's ACK and CANCEL must have its Via (RFC 3261 9.1, 17.1.1.3). */
static bool numbers_copies(const struct request_info *info)
{
	return info->trunk->settings->mark_copies && !info->call &&
	       info->transport == CONFIG_TRANSPORT_UDP;
}

static int print_head(struct mbuf *mb, struct request *r, const struct request_info *info,
		      const struct identity *id)
{
	const struct config_settings *s = info->trunk->settings;
	int err;

	err = mbuf_printf(mb, "%s ", info->method);
	err |= print_uri(mb, id, uri_text(info));
	err |= mbuf_printf(mb, " SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=",
			   request_transport_name(info->transport),
			   info->sent_by ? info->sent_by : id->reached);
	r->branch = (uint16_t)mb->pos;
	err |= mbuf_printf(mb, BRANCH_COOKIE "%08x%016x;rport", info->index, 0);
	if (numbers_copies(info)) {
		err |= mbuf_write_str(mb, ";" SIPHDR_VIA_COPY "=");
		r->copy = (uint16_t)mb->pos;
		err |= mbuf_write_str(mb, "01");
	}
	if (info->via)
		err |= mbuf_write_str(mb, info->via);
	err |= mbuf_write_str(mb, "\r\n");
	err |= mbuf_printf(mb, "Max-Forwards: %u\r\n", s->max_forwards);
	if (s->outbound_proxy && is_loose(s->outbound_proxy))
		err |= print_route(mb, id, s->outbound_proxy);
	for (size_t i = 0; i < s->route_count; i++)
		err |= print_route(mb, id, s->route[i]);
	return err;
}

static int print_binding(struct mbuf *mb, const struct request_register *reg)
{
	if (!reg->contact)
		return 0;
	/* Twice the same, for registrars that look in one place only. */
	return mbuf_printf(mb, "Contact: <%s>;expires=%u\r\nExpires: %u\r\n",
			   reg->contact, reg->expires_s, reg->expires_s) |
	       (reg->stale ? mbuf_printf(mb, "Contact: <%s>;expires=0\r\n", reg->stale)
			   : 0);
}

static int print_dialog(struct mbuf *mb, struct request *r,
			const struct request_info *info, const struct identity *id)
{
	const struct config_settings *s = info->trunk->settings;
	const struct request_register *reg = info->registration;
	const char *from = reg ? reg->aor : s->from;
	const char *to = reg ? reg->aor : info->call ? info->call->uri : s->to;
	int err;

	err = mbuf_write_str(mb, "From: <");
	if (from)
		err |= print_uri(mb, id, from);
	else
		err |= mbuf_printf(mb, "%s:ping@%s", id->scheme, id->local);
	err |= mbuf_write_str(mb, ">;tag=");
	r->tag = (uint16_t)mb->pos;
	err |= mbuf_printf(mb, "%016x\r\nTo: <", 0);
	err |= print_uri(mb, id, to ? to : info->trunk->uri);
	err |= mbuf_write_str(mb, ">\r\nCall-ID: ");
	r->call_id = (uint16_t)mb->pos;
	err |= mbuf_printf(
		mb, "%032x%s%s\r\nCSeq: %u %s\r\n", 0, info->call_id_host ? "@" : "",
		info->call_id_host ? info->call_id_host : "", r->cseq, info->method);
	if (reg)
		return err | print_binding(mb, reg);
	err |= mbuf_write_str(mb, "Contact: <");
	err |= print_contact(mb, id, "ping");
	return err | mbuf_write_str(mb, ">\r\n");
}

static int print_body(struct mbuf *mb, const char *sdp)
{
	if (!sdp)
		return mbuf_write_str(mb, "Content-Length: 0\r\n\r\n");
	return mbuf_printf(mb,
			   "Content-Type: application/sdp\r\n"
			   "Content-Length: %zu\r\n\r\n",
			   strlen(sdp)) |
	       mbuf_write_str(mb, sdp);
}

static int print_tail(struct mbuf *mb, const struct request_info *info)
{
	const struct config_settings *s = info->trunk->settings;
	int err = 0;

	if (!info->registration)
		err = mbuf_write_str(mb, "Accept: application/sdp\r\n");
	if (info->fields)
		err |= mbuf_write_str(mb, info->fields);

	if (s->user_agent)
		err |= mbuf_printf(mb, "User-Agent: %s\r\n", s->user_agent);
	else
		err |= mbuf_printf(mb, "User-Agent: %s\r\n", info->agent);
	for (size_t i = 0; i < s->header_count; i++)
		err |= mbuf_printf(mb, "%s: %s\r\n", s->headers[i].name,
				   s->headers[i].value);
	return err | print_body(mb, info->call ? info->call->body : NULL);
}

int request_make(struct request *r, const struct request_info *info)
{
	struct request made = {.cseq = info->cseq ? info->cseq : 1};
	struct identity id;
	struct mbuf *mb = mbuf_alloc(512);
	int err;

	if (!mb)
		return ENOMEM;
	identity_make(&id, info);
	err = print_head(mb, &made, info, &id);
	err |= print_dialog(mb, &made, info, &id);
	err |= print_tail(mb, info);
	if (err)
		err = ENOMEM;
	else if (mb->end > GUARD_MESSAGE_MAX)
		err = EOVERFLOW;
	if (err)
		goto out;

	/* Not libre's allocator: its header is a tenth of what 100,000 requests take. */
	made.buf = malloc(mb->end);
	if (!made.buf) {
		err = ENOMEM;
		goto out;
	}
	memcpy(made.buf, mb->buf, mb->end);
	made.len = (uint16_t)mb->end;
	request_hand_stamps(&made, r);
	request_free(r);
	*r = made;

out:
	mem_deref(mb);
	return err;
}

void request_free(struct request *r)
{
	free(r->buf);
	r->buf = NULL;
	r->shrunk = false;
}

void request_number_copy(struct request *r, unsigned n)
{
	if (!r->copy)
		return;
	if (n > REQUEST_COPIES_MAX)
		n = 0;
	r->buf[r->copy] = (char)('0' + n / 10);
	r->buf[r->copy + 1] = (char)('0' + n % 10);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool request_branch_index(const struct pl *branch, uint32_t *index)
{
	const size_t cookie = sizeof(BRANCH_COOKIE) - 1;
	uint32_t n = 0;

	if (branch->l != REQUEST_BRANCH_LEN ||
	    strncasecmp(branch->p, BRANCH_COOKIE, cookie))
		return false;
	for (size_t i = cookie; i < cookie + 8; i++) {
		int digit = hex_digit(branch->p[i]);

		if (digit < 0)
			return false;
		n = n << 4 | (uint32_t)digit;
	}
	*index = n;
	return true;
}
