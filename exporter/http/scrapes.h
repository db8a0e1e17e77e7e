/*
 * Scrapes are rendered by a thread of their own, one at a time. All who ask for the same
 * before it is begun share it: what they get is as new as if each had been served alone.
 * So slow readers, however many, hold a few packed bodies, and the threads that answer
 * never wait for a rendering.
 */
#ifndef EXPORTER_HTTP_SCRAPES_H
#define EXPORTER_HTTP_SCRAPES_H

#include "exporter/http/scrape_body.h"
#include "exporter/metrics/render.h"

struct scrapes;

enum {
	SCRAPES_BODIES = 8,    /* large ones alive, whoever reads them */
	SCRAPES_QUEUED = 8,    /* different ones that wait to be rendered, … */
	SCRAPES_FILTERED = 4,  /* … of which those of `name[]` */
	SCRAPES_WAITING = 512, /* clients that wait for one */
};

/* And their bytes; a single one may be larger. */
#define SCRAPES_BYTES ((size_t)64 << 20)

/* What makes two scrapes the same. */
struct scrape_want {
	const struct renderer *renderer;
	bool gzip;
	bool some;		      /* `families` alone */
	bool families[CATALOGUE_MAX]; /* all false unless `some` */
};

bool scrapes_same(const struct scrape_want *a, const struct scrape_want *b);

/* Runs on the thread: renders, and makes a body of it. Returns 0 or errno. */
typedef int(scrapes_render_h)(struct scrape_body **bp, const struct scrape_want *want,
			      struct scrape_bodies *all, void *arg);

/* More large bodies are alive than should be: who does not read is to go. */
typedef void(scrapes_crowded_h)(void *arg);

struct scrapes_conf {
	scrapes_render_h *renderh;
	scrapes_crowded_h *crowdedh;
	void *arg;
};

/* Returns 0 or errno. */
int scrapes_alloc(struct scrapes **sp, const struct scrapes_conf *conf);

/*
 * Runs on the thread, or within scrapes_stop(), once for each scrapes_ask() that
 * succeeded.
 *
 * @b:   with a reference for the handler; NULL on failure
 * @err: EBUSY: no body more may be alive; ESHUTDOWN; or why it could not be rendered
 */
typedef void(scrapes_done_h)(struct scrape_body *b, int err, void *arg);

/* Any thread. Returns 0, EBUSY when too many wait, ENOMEM or ESHUTDOWN. */
int scrapes_ask(struct scrapes *s, const struct scrape_want *want, scrapes_done_h *h,
		void *arg);

/* Large bodies alive. */
size_t scrapes_alive(struct scrapes *s);

/* All who wait are answered, and all who ask from now on are refused. */
void scrapes_stop(struct scrapes *s);

/* After the last body is gone. NULL is ignored. */
void scrapes_free(struct scrapes *s);

#endif
