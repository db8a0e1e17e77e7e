/* Settings of SIP over WebSocket (RFC 7118), and the other way to write its addresses. */
#ifndef CONFIG_WEBSOCKET_WEBSOCKET_H
#define CONFIG_WEBSOCKET_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "config/reader/pair.h"

/* What the handshake (RFC 6455 4.1) asks with. */
struct config_websocket {
	const char *path;		   /* and query; begins with '/' */
	const char *origin;		   /* NULL: none is sent */
	const char *host;		   /* of Host; NULL: host and port of the URI */
	const struct config_pair *headers; /* more fields; values may be secrets */
	size_t header_count;
};

struct section;

extern const struct section section_websocket; /* base: struct config_websocket */

/* Whether a text means to be ws://HOST[:PORT][/PATH] or wss://…, in any case. */
bool websocket_url_is(const char *text);

/*
 * Writes it as a SIP URI, "sip:HOST:PORT;transport=ws", which is then to be checked as
 * one.
 *
 * Returns NULL, or a sentence that says what is wrong with it (static storage).
 */
const char *websocket_url_to_sip(char *out, size_t size, const char *url);

/* Its path, a part of @url; NULL for one without, and for what is no such address. */
const char *websocket_url_path(const char *url);

/* What is wrong with a path, or NULL (static storage). */
const char *websocket_path_fault(const char *path);

#endif
