#include "exporter/http/scrape_body.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "exporter/metrics/gzip.h"
#include "exporter/metrics/packed.h"

/* Under this, a reply fits one segment and compression gains nothing. */
#define GZIP_MIN_BYTES 1400

struct scrape_body {
	atomic_int refs;
	struct scrape_bodies *all;
	bool large;
	bool gzip;
	struct buffer whole;   /* as sent … */
	struct packed *packed; /* … unless it is this */
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

static size_t scrape_body_kept(const struct scrape_body *b)
{
	return b->packed ? packed_kept(b->packed) : b->whole.len;
}

static void scrape_body_count(struct scrape_body *b)
{
	pthread_mutex_lock(&b->all->lock);
	b->all->count++;
	b->all->bytes += scrape_body_kept(b);
	pthread_mutex_unlock(&b->all->lock);
}

static void scrape_body_uncount(struct scrape_body *b)
{
	pthread_mutex_lock(&b->all->lock);
	b->all->count--;
	b->all->bytes -= scrape_body_kept(b);
	pthread_cond_broadcast(&b->all->freed);
	pthread_mutex_unlock(&b->all->lock);
}

static int scrape_body_fill(struct scrape_body *b, struct buffer *from, bool gzip)
{
	if (from->err)
		return from->err;
	b->large = from->len >= SCRAPE_BODY_LARGE;
	b->gzip = gzip && from->len >= GZIP_MIN_BYTES;
	if (b->gzip)
		return gzip_compress(&b->whole, from);
	if (b->large)
		return packed_make(&b->packed, from);
	b->whole = *from;
	*from = (struct buffer){0};
	return 0;
}

static void scrape_body_free(struct scrape_body *b)
{
	buffer_clear(&b->whole);
	packed_free(b->packed);
	free(b);
}

int scrape_body_make(struct scrape_body **bp, struct buffer *from, bool gzip,
		     struct scrape_bodies *all)
{
	struct scrape_body *b = calloc(1, sizeof(*b));
	int err = b ? scrape_body_fill(b, from, gzip) : ENOMEM;

	buffer_clear(from);
	if (err) {
		if (b)
			scrape_body_free(b);
		return err;
	}
	atomic_init(&b->refs, 1);
	b->all = all;
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
	scrape_body_free(b);
}

bool scrape_body_is_gzip(const struct scrape_body *b)
{
	return b->gzip;
}

size_t scrape_body_len(const struct scrape_body *b)
{
	return b->packed ? packed_len(b->packed) : b->whole.len;
}

static ssize_t scrape_body_read_h(void *arg, uint64_t pos, char *to, size_t size)
{
	const struct scrape_body *b = arg;
	size_t got = packed_read(b->packed, pos, to, size);

	return got ? (ssize_t)got : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void scrape_body_unref_h(void *arg)
{
	scrape_body_unref(arg);
}

struct MHD_Response *scrape_body_response(struct scrape_body *b)
{
	struct MHD_Response *r =
		b->packed ? MHD_create_response_from_callback(
				    packed_len(b->packed), PACKED_PIECE,
				    scrape_body_read_h, b, scrape_body_unref_h)
			  : MHD_create_response_from_buffer_with_free_callback_cls(
				    b->whole.len, b->whole.data, scrape_body_unref_h, b);

	if (!r)
		scrape_body_unref(b);
	return r;
}
