/* Content negotiation by Accept and Accept-Encoding (RFC 9110 12.5). */
#ifndef EXPORTER_METRICS_NEGOTIATE_H
#define EXPORTER_METRICS_NEGOTIATE_H

#include <stdbool.h>

#include "exporter/metrics/render.h"

/* Whether to send gzip. @accept_encoding: the field's value, or NULL */
bool negotiate_gzip(const char *accept_encoding);

/*
 * The renderer the client likes best; of several the one that it names most closely, then
 * the one that comes first in @list. The first one for a client that likes none, since a
 * scraper that mis-spells its wishes still wants an answer.
 *
 * @escaping: set to the scheme that Content-Type is to name beside, since the client did
 *            (Prometheus 3: `escaping=allow-utf-8`) and what we send keeps to it; else
 * NULL
 * @accept:   the field's value, or NULL
 */
const struct renderer *negotiate_renderer(const char **escaping, const char *accept,
					  const struct renderer *const *list,
					  size_t count);

#endif
