/* An answer becomes libmicrohttpd's response: its header fields, its body. */
#ifndef EXPORTER_HTTP_HTTP_RESPONSE_H
#define EXPORTER_HTTP_HTTP_RESPONSE_H

#include <microhttpd.h>

#include "exporter/http/scrape_body.h"
#include "exporter/pages/http_query.h"
#include "exporter/webconfig/web.h"

/*
 * Queues @a. Its body is libmicrohttpd's then and empty here.
 *
 * @scraped: the body instead of @a's, a reference that is taken over; *scraped may be
 * NULL
 * @headers: the operator's, which take the place of ours
 * @close: the connection ends with it
 *
 * Returns MHD_NO without memory.
 */
enum MHD_Result http_response_send(struct MHD_Connection *conn, struct http_answer *a,
				   struct scrape_body **scraped,
				   const struct web_pairs *headers, bool close);

#endif
