/* Pages for people. They work without scripts; with them, they stay current. */
#ifndef EXPORTER_PAGES_PAGES_H
#define EXPORTER_PAGES_PAGES_H

#include "exporter/pages/http_query.h"

enum { PAGES_ROWS = 200 }; /* trunks that the page shows without a script */

/* `/`, all trunks, what is wrong first. Returns 0, ENOMEM or EBUSY. */
int pages_list(struct buffer *b, const struct http_query *q);

/* `/trunks/NAME`. Returns 0; ENOENT, with a page that says so; ENOMEM. */
int pages_trunk(struct buffer *b, const struct http_query *q, const char *name);

#endif
