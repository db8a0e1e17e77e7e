/* Connections: known to the guard, and with TLS under the rules of the moment. */
#include <stdlib.h>

#include "exporter/http/http_private.h"

struct http_connection *http_connection_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/*
 * Before the handshake. Where it cannot be readied, the session keeps libmicrohttpd's
 * credentials, which are none: the handshake fails.
 */
static void tls_ready(struct http_server *s, struct http_connection *c,
		      struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	if (!info || !info->tls_session)
		return;
	c->rules = web_get(s->web);
	if (c->rules->tls)
		(void)web_tls_session(c->rules->tls, info->tls_session);
}

/* An answer of libmicrohttpd 1.0 lasts until it is asked again: one at a time. */
static struct http_client *http_connection_guarded(struct http_server *s,
						   struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	int fd = info ? info->connect_fd : -1;

	info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	return info && fd >= 0 ? http_guard_opened(s->guard, fd, info->client_addr)
			       : NULL;
}

static struct http_connection *http_connection_opened(struct http_server *s,
						      struct MHD_Connection *conn)
{
	struct http_connection *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->client = http_connection_guarded(s, conn);
	if (web_is_tls(s->web))
		tls_ready(s, c, conn);
	return c;
}

void http_connection_h(void *arg, struct MHD_Connection *conn, void **context,
		       enum MHD_ConnectionNotificationCode what)
{
	struct http_server *s = arg;
	struct http_connection *c = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = http_connection_opened(s, conn);
	} else if (c) {
		http_guard_closed(s->guard, c->client);
		web_put(s->web, c->rules);
		free(c);
		*context = NULL;
	}
}
