#include "exporter/http/scrape_body.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

struct scrape_body {
	atomic_int refs;
	struct scrape_bodies *all;
	bool large;
	struct body body;
};

int scrape_bodies_init(struct scrape_bodies *all)
{
	pthread_condattr_t attr;
	int err = pthread_mutex_init(&all->lock, NULL);

	if (err)
		return err;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	err = pthread_cond_init(&all->freed, &attr);
	pthread_condattr_destroy(&attr);
	return err;
}

void scrape_bodies_close(struct scrape_bodies *all)
{
	pthread_cond_destroy(&all->freed);
	pthread_mutex_destroy(&all->lock);
}

static void scrape_body_count(struct scrape_body *b)
{
	pthread_mutex_lock(&b->all->lock);
	b->all->count++;
	b->all->bytes += body_kept(&b->body);
	pthread_mutex_unlock(&b->all->lock);
}

static void scrape_body_uncount(struct scrape_body *b)
{
	pthread_mutex_lock(&b->all->lock);
	b->all->count--;
	b->all->bytes -= body_kept(&b->body);
	pthread_cond_broadcast(&b->all->freed);
	pthread_mutex_unlock(&b->all->lock);
}

int scrape_body_make(struct scrape_body **bp, struct body *from,
		     struct scrape_bodies *all)
{
	struct scrape_body *b = calloc(1, sizeof(*b));

	if (!b) {
		body_clear(from);
		return ENOMEM;
	}
	b->body = *from;
	*from = (struct body){0};
	atomic_init(&b->refs, 1);
	b->all = all;
	b->large = b->body.len >= SCRAPE_BODY_LARGE;
	if (b->large)
		scrape_body_count(b);
	*bp = b;
	return 0;
}

struct scrape_body *scrape_body_ref(struct scrape_body *b)
{
	atomic_fetch_add(&b->refs, 1);
	return b;
}

void scrape_body_unref(struct scrape_body *b)
{
	if (!b || atomic_fetch_sub(&b->refs, 1) != 1)
		return;
	if (b->large)
		scrape_body_uncount(b);
	body_clear(&b->body);
	free(b);
}

bool scrape_body_is_gzip(const struct scrape_body *b)
{
	return b->body.gzip;
}

size_t scrape_body_len(const struct scrape_body *b)
{
	return b->body.packed ? b->body.len : b->body.whole.len;
}

static ssize_t scrape_body_read_h(void *arg, uint64_t pos, char *to, size_t size)
{
	const struct scrape_body *b = arg;
	size_t got = packed_read(b->body.packed, pos, to, size);

	return got ? (ssize_t)got : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void scrape_body_unref_h(void *arg)
{
	scrape_body_unref(arg);
}

struct MHD_Response *scrape_body_response(struct scrape_body *b)
{
	const struct body *body = &b->body;
	struct MHD_Response *r =
		body->packed ? MHD_create_response_from_callback(body->len, PACKED_PIECE,
								 scrape_body_read_h, b,
								 scrape_body_unref_h)
			     : MHD_create_response_from_buffer_with_free_callback_cls(
				       body->whole.len, body->whole.data,
				       scrape_body_unref_h, b);

	if (!r)
		scrape_body_unref(b);
	return r;
}
