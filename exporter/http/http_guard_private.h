/* The guard's inside: http_guard.c, _rank.c and _sweep.c share this. */
#ifndef EXPORTER_HTTP_HTTP_GUARD_PRIVATE_H
#define EXPORTER_HTTP_HTTP_GUARD_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "exporter/http/http_guard.h"

/* A reader who has taken nothing for so long does not read. */
#define HTTP_GUARD_STALL_NS 1000000000LL

/* Younger than this, a head is taken for honest. */
#define HTTP_GUARD_HEAD_HONEST_NS 1000000000LL

enum client_state {
	CLIENT_HEAD,   /* a request head has begun, or the connection is new */
	CLIENT_IDLE,   /* kept alive between two requests */
	CLIENT_ANSWER, /* from a head's end to the response's */
	CLIENT_WAIT,   /* its answer waits for a probe */
	CLIENT_SHUT,   /* we closed it; libmicrohttpd has yet to notice */
};

struct tcp_info;

struct http_client {
	TAILQ_ENTRY(http_client) entry;
	enum client_state state;
	int fd;
	bool scrape;
	int64_t since_ns;    /* of the state */
	uint64_t received;   /* bytes, when it became idle */
	uint64_t acked;	     /* bytes, by its kernel, when last looked at … */
	uint64_t acked_head; /* … and when the head was complete */
	int64_t moved_ns;    /* when that changed, or nothing was on its way */
	uint8_t network[16]; /* who it is, as far as limits go */
};

TAILQ_HEAD(http_clients, http_client);

struct http_guard {
	struct http_guard_conf conf;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t sweeper;
	struct http_clients clients;
	unsigned handed; /* to the server's thread, which has yet to open them */
	bool stop;
};

/* Under the lock, all of these. */
void http_guard_enter(struct http_client *c, enum client_state state);

/*
 * Closes it: libmicrohttpd reads the end of the stream and cleans up. What a client does
 * not read is not kept for him: he is sent a reset then, which he sees.
 */
void http_guard_shut(struct http_client *c);

/* What its kernel says of a connection; zeros of one that is no TCP. */
struct tcp_info http_guard_tcp_info(int fd);

/* Bytes that came from it. */
uint64_t http_guard_received(const struct http_client *c);

/* Bytes wait in the socket: what is late is libmicrohttpd's thread, not the client. */
bool http_guard_unread(int fd);

/* Sees how much its kernel has taken by now. */
void http_guard_look(struct http_client *c, int64_t now_ns);

/* It has taken nothing for so long. */
bool http_guard_stalled(const struct http_client *c, int64_t now_ns, int64_t stall_ns);

/* Whether @a loses its connection before @b; of two readers, who has taken nothing for
 * longer. */
bool http_guard_worse(const struct http_client *a, const struct http_client *b,
		      int64_t now_ns);

/* The sweeper's thread. */
void *http_guard_sweeper(void *arg);

#endif
