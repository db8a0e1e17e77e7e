/*
 * Takes connections in, by a thread for each socket that listens. libmicrohttpd's own way
 * spins where the process has no descriptor left; here some are held back for scrapes,
 * and where those are used up too, somebody who does not need his connection loses it.
 */
#ifndef EXPORTER_HTTP_HTTP_ACCEPT_H
#define EXPORTER_HTTP_HTTP_ACCEPT_H

#include <sys/socket.h>

/* Descriptors that only connections get: the limit is lowered by as many, once. */
enum { HTTP_ACCEPT_SPARES = 16 };

struct http_accept;

/* Both in the thread. The socket is @takeh's from now on, whatever comes of it. */
typedef void(http_accept_take_h)(int fd, const struct sockaddr *peer, socklen_t len,
				 void *arg);
/* No descriptor is left, not even a spare one: somebody has to give his back. */
typedef void(http_accept_shortage_h)(void *arg);

/* @fd: listens; stays the caller's, open until http_accept_stop(). Returns 0 or errno. */
int http_accept_start(struct http_accept **ap, int fd, http_accept_take_h *takeh,
		      http_accept_shortage_h *shortageh, void *arg);
void http_accept_stop(struct http_accept *a); /* NULL is fine */

#endif
