/* Why a trunk is down, of what the store remembers of it. */
#ifndef EXPORTER_PAGES_PAGE_WHY_H
#define EXPORTER_PAGES_PAGE_WHY_H

#include "base/buffer.h"
#include "exporter/store/outage.h"
#include "exporter/store/traced.h"

/* The line of why.h. @t: the trunk's last trace, or NULL; one from before is passed over
 */
void page_why_line(struct buffer *b, const struct outage *o,
		   const struct trace_report *t);

#endif
