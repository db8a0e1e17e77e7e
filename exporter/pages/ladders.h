/* Kept ladders as things of their own: their names, and what they are handed out as. */
#ifndef EXPORTER_PAGES_LADDERS_H
#define EXPORTER_PAGES_LADDERS_H

#include "exporter/capture/record.h"
#include "exporter/pages/http_query.h"
#include "exporter/store/status.h"

enum { LADDERS_ID = 28 }; /* bytes with the NUL */

/* A kept ladder with the names that it has where it is kept. */
struct ladders_view {
	char address[80];
	char transport[8];
	char method[16];
	char id[LADDERS_ID]; /* tells it from all others of its trunk */
	struct capture_record record;
};

/* @trunk: its name; like @t and @l kept while the view is used */
void ladders_view(struct ladders_view *v, const char *trunk,
		  const struct status_target *t, struct history_ladder *l);

/*
 * Another name of a target's success, which stays when a newer one takes its place: that
 * happens at each probe while somebody looks.
 */
void ladders_success(char out[LADDERS_ID], const struct ladders_view *v);

/* Whether what was heard in the call was kept: it can be had as `.wav`. */
bool ladders_has_audio(const struct ladders_view *v);

/*
 * `NAME/ladder.pcapng`, `.txt` or `.wav`: the last failure that is kept, of whichever
 * address, else the last success. Otherwise as ladders_answer(), which hands it out too.
 *
 * `NAME/ladders/ID.pcapng`, `.txt` or `.wav` behind `/api/v1/trunks/`.
 *
 * Returns whether @path has that form and there is such a ladder; then @a is the answer.
 */
bool ladders_answer(struct http_answer *a, const struct http_query *q, const char *path);

#endif
