#include "exporter/metrics/body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Enough for a stream to find what repeats, and few enough calls. */
#define BODY_WINDOW (8 * (size_t)PACKED_PIECE)

/* Under this, a reply fits one segment and compression gains nothing. */
#define BODY_GZIP_MIN 1400

struct body_writer {
	struct buffer window;
	struct deflater *deflater;
	bool gzip;
	bool drained;
	struct body body;
};

static void body_writer_keep(struct body_writer *w, struct slice from, bool last)
{
	int err = w->gzip ? deflater_gzip(w->deflater, &w->body.whole, from, last)
			  : packed_add(w->body.packed, w->deflater, from);

	w->body.len += from.l;
	if (err)
		w->window.err = err;
}

/* Takes whole pieces; packed ones must be. */
static void body_writer_drain_h(struct buffer *b, void *arg)
{
	struct body_writer *w = arg;
	size_t whole = b->len - b->len % PACKED_PIECE;

	w->drained = true;
	body_writer_keep(w, (struct slice){b->data, whole}, false);
	b->len -= whole;
	memmove(b->data, b->data + whole, b->len);
}

int body_writer_alloc(struct body_writer **wp, bool gzip)
{
	struct body_writer *w = calloc(1, sizeof(*w));
	int err = w ? deflater_alloc(&w->deflater) : ENOMEM;

	if (!err && !gzip)
		err = packed_alloc(&w->body.packed);
	if (err) {
		body_writer_free(w);
		return err;
	}
	w->gzip = gzip;
	w->window.drainh = body_writer_drain_h;
	w->window.drain_arg = w;
	w->window.drain_at = BODY_WINDOW;
	*wp = w;
	return 0;
}

void body_writer_free(struct body_writer *w)
{
	if (!w)
		return;
	deflater_free(w->deflater);
	buffer_clear(&w->window);
	body_clear(&w->body);
	free(w);
}

struct buffer *body_writer_window(struct body_writer *w)
{
	return &w->window;
}

/* All of it, as it was written. */
static void body_writer_take_window(struct body_writer *w)
{
	w->body.len = w->window.len;
	w->body.whole = (struct buffer){
		w->window.data, w->window.len, w->window.cap, 0, NULL, NULL, 0};
	w->window = (struct buffer){0};
	packed_free(w->body.packed);
	w->body.packed = NULL;
}

static void body_writer_flush(struct body_writer *w)
{
	body_writer_keep(w, (struct slice){w->window.data, w->window.len}, true);
	w->body.gzip = w->gzip;
	if (w->gzip)
		buffer_shrink(&w->body.whole);
	else
		packed_shrink(w->body.packed);
}

int body_writer_end(struct body_writer *w, struct body *b)
{
	if (w->window.err)
		return w->window.err;
	if (w->drained || (w->gzip && w->window.len >= BODY_GZIP_MIN))
		body_writer_flush(w);
	else
		body_writer_take_window(w);
	if (w->window.err)
		return w->window.err;
	*b = w->body;
	w->body = (struct body){0};
	return 0;
}

size_t body_kept(const struct body *b)
{
	return b->packed ? packed_kept(b->packed) : b->whole.len;
}

void body_clear(struct body *b)
{
	buffer_clear(&b->whole);
	packed_free(b->packed);
	*b = (struct body){0};
}
