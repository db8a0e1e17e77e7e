/*
 * Keeps slow and greedy HTTP clients from shutting others out. libmicrohttpd's own
 * timeout counts inactivity only: a client that sends a byte now and then could hold a
 * connection for good, and 300 of them every connection there is. Here a request head has
 * a deadline as a whole, so has a response, who takes nothing of a scrape for a while is
 * cut off, and when connections run short the one that deserves it least is closed for
 * the next: who reads deserves it, and how much he has read tells him from who does not.
 *
 * libmicrohttpd's threads call in; a thread of the guard's own sweeps.
 */
#ifndef EXPORTER_HTTP_HTTP_GUARD_H
#define EXPORTER_HTTP_HTTP_GUARD_H

#include <stdint.h>
#include <sys/socket.h>

struct http_guard;
struct http_client; /* one connection */

/* Connections past these make room for themselves. */
enum {
	HTTP_GUARD_CLIENTS = 256,
	HTTP_GUARD_CLIENTS_PER_IP = 64, /* an IPv4 address or an IPv6 /64 */
	HTTP_GUARD_BACKLOG = 32, /* heads that wait to be read, before more are let in */
};

struct http_guard_conf {
	int64_t head_ns;   /* from connecting, or a head's first byte, to its end */
	int64_t answer_ns; /* from a head's end to the response's last byte */
	int64_t stall_ns;  /* that a scrape's reader may take without taking a byte */
};

/* Freed with http_guard_free() once every client is closed. Returns 0 or errno. */
int http_guard_alloc(struct http_guard **gp, const struct http_guard_conf *conf);
void http_guard_free(struct http_guard *g);

/*
 * Before a connection that was accepted is handed to libmicrohttpd: waits a moment while
 * many heads wait for its thread, or of a burst each would push out one that nobody has
 * read.
 */
void http_guard_admit(struct http_guard *g);

/*
 * A connection's life, in this order; the middle ones once for each request. The socket
 * must stay open until http_guard_closed(). NULL is returned without memory, and taken by
 * all of them.
 */
struct http_client *http_guard_opened(struct http_guard *g, int fd,
				      const struct sockaddr *peer);
void http_guard_head(struct http_guard *g, struct http_client *c);
/*
 * Its answer waits for a probe, not for the client: until http_guard_head() is called
 * again it counts for no limit here, as such waits have their own.
 */
void http_guard_wait(struct http_guard *g, struct http_client *c);
void http_guard_scrape(struct http_guard *g, struct http_client *c); /* if it is one */
void http_guard_done(struct http_guard *g, struct http_client *c);
void http_guard_closed(struct http_guard *g, struct http_client *c);

/* Scrapes hold too much memory: who reads one slowly, or not at all, is cut off now. */
void http_guard_hurry(struct http_guard *g);

/* Identity of a client, as far as limits go; zeros without one. */
void http_guard_network(uint8_t network[16], const struct http_client *c);

/* Descriptors ran short: whoever deserves it least loses his connection. */
void http_guard_shortage(struct http_guard *g);

/* Requests that are being answered. */
size_t http_guard_busy(struct http_guard *g);

#endif
