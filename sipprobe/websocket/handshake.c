#include "sipprobe/websocket/handshake.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "config/uri.h"

/* RFC 6455 1.3 */
static const char handshake_guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

enum {
	KEY_BYTES = 16,
	PORT_WS = 80, /* RFC 6455 3 */
	PORT_WSS = 443,
};

int handshake_key(char key[HANDSHAKE_KEY_SIZE])
{
	unsigned char bytes[KEY_BYTES];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return EIO;
	EVP_EncodeBlock((unsigned char *)key, bytes, sizeof(bytes));
	return 0;
}

void handshake_accept(char accept[HANDSHAKE_ACCEPT_SIZE], const char *key)
{
	char text[HANDSHAKE_KEY_SIZE + sizeof(handshake_guid)];
	unsigned char hash[EVP_MAX_MD_SIZE] = {0};
	unsigned len = 0;

	(void)re_snprintf(text, sizeof(text), "%s%s", key, handshake_guid);
	if (EVP_Digest(text, strlen(text), hash, &len, EVP_sha1(), NULL) == 1)
		EVP_EncodeBlock((unsigned char *)accept, hash, (int)len);
	else
		*accept = '\0';
}

/* RFC 6455 4.1: the port is told where it is not the scheme's. */
static int handshake_print_host(struct mbuf *mb, const struct handshake_request *rq)
{
	const char *set = rq->trunk->settings->websocket.host;
	uint16_t usual = rq->secure ? PORT_WSS : PORT_WS;
	struct config_uri uri;
	const char *zone;
	size_t len;
	int err;

	if (set)
		return mbuf_printf(mb, "Host: %s\r\n", set);
	if (config_uri_parse(config_trunk_hop(rq->trunk), &uri))
		return EINVAL;
	zone = memchr(uri.host.p, '%', uri.host.l);
	len = zone ? (size_t)(zone - uri.host.p) : uri.host.l;
	err = mbuf_printf(mb, uri.ipv6 ? "Host: [%b]" : "Host: %b", uri.host.p, len);
	if (!err && uri.port && uri.port != usual)
		err = mbuf_printf(mb, ":%u", uri.port);
	return err ? err : mbuf_write_str(mb, "\r\n");
}

int handshake_print(struct mbuf *mb, const struct handshake_request *rq, const char *key)
{
	const struct config_settings *s = rq->trunk->settings;
	const struct config_websocket *w = &s->websocket;
	int err = mbuf_printf(mb, "GET %s HTTP/1.1\r\n", w->path);

	if (!err)
		err = handshake_print_host(mb, rq);
	if (!err)
		err = mbuf_printf(mb,
				  "Upgrade: websocket\r\n"
				  "Connection: Upgrade\r\n"
				  "Sec-WebSocket-Key: %s\r\n"
				  "Sec-WebSocket-Version: 13\r\n"
				  "Sec-WebSocket-Protocol: sip\r\n"
				  "User-Agent: %s\r\n",
				  key, s->user_agent ? s->user_agent : rq->agent);
	if (!err && w->origin)
		err = mbuf_printf(mb, "Origin: %s\r\n", w->origin);
	for (size_t i = 0; i < w->header_count && !err; i++)
		err = mbuf_printf(mb, "%s: %s\r\n", w->headers[i].name,
				  w->headers[i].value);
	return err ? err : mbuf_write_str(mb, "\r\n");
}
