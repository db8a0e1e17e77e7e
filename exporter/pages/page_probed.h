/* What "Probe now" found, for a person. */
#ifndef EXPORTER_PAGES_PAGE_PROBED_H
#define EXPORTER_PAGES_PAGE_PROBED_H

#include "exporter/ondemand/probe_format.h"

/* A page, of which trunk.js takes the section. @site: struct http_site. Any thread. */
void page_probed(struct buffer *b, const struct probe_output *t, const void *site);

#endif
