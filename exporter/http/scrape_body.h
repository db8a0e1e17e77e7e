/*
 * The body of a scrape, made once for all who asked before it was begun. It is kept
 * packed, and counted: who makes them knows how many are alive.
 */
#ifndef EXPORTER_HTTP_SCRAPE_BODY_H
#define EXPORTER_HTTP_SCRAPE_BODY_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>

#include "exporter/metrics/body.h"

struct scrape_body;

/* From this size on, before it is packed, a body counts. */
#define SCRAPE_BODY_LARGE ((size_t)1 << 20)

/* The large ones alive. Whoever frees one signals. */
struct scrape_bodies {
	pthread_mutex_t lock;
	pthread_cond_t freed; /* of CLOCK_MONOTONIC */
	size_t count;
	size_t bytes;
};

int scrape_bodies_init(struct scrape_bodies *all);
void scrape_bodies_close(struct scrape_bodies *all);

/*
 * @from:  emptied, also on failure
 * @all:   outlives the body
 *
 * Returns 0 or ENOMEM; the caller holds one reference.
 */
int scrape_body_make(struct scrape_body **bp, struct body *from,
		     struct scrape_bodies *all);

struct scrape_body *scrape_body_ref(struct scrape_body *b);

/* NULL is ignored. Any thread. */
void scrape_body_unref(struct scrape_body *b);

bool scrape_body_is_gzip(const struct scrape_body *b);

/* Bytes as sent. */
size_t scrape_body_len(const struct scrape_body *b);

/* Takes over a reference, also on failure, which is NULL. */
struct MHD_Response *scrape_body_response(struct scrape_body *b);

#endif
