/* What a peer was asked besides probes, as facts of a check. */
#ifndef EXPORTER_PAGES_PAGE_SURVEY_H
#define EXPORTER_PAGES_PAGE_SURVEY_H

#include "base/buffer.h"
#include "exporter/store/stats.h"

void page_survey_size(struct buffer *b, const struct survey_size_report *r);

/* "10 of 10 answered, 0.4 ms (0.3 to 0.9 ms), jitter 0.1 ms" */
void page_survey_train(struct buffer *b, const struct stats_train *t);

#endif
