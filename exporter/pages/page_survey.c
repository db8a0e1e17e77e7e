#include "exporter/pages/page_survey.h"

#include "exporter/pages/page_text.h"

void page_survey_size(struct buffer *b, const struct survey_size_report *r)
{
	char words[SURVEY_WORDS];

	survey_size_words(words, sizeof(words), r);
	page_item_begin(b, "What sizes pass");
	page_str(b, words);
	page_item_end(b);
}

static void page_survey_times(struct buffer *b, const struct survey_train_report *r)
{
	buffer_str(b, ", median ");
	page_duration(b, r->rtt_ns[SURVEY_RTT_MEDIAN]);
	buffer_str(b, " (");
	page_duration(b, r->rtt_ns[SURVEY_RTT_MIN]);
	buffer_str(b, " to ");
	page_duration(b, r->rtt_ns[SURVEY_RTT_MAX]);
	buffer_str(b, ")");
	if (r->jitter_ns < 0)
		return;
	buffer_str(b, ", jitter ");
	page_duration(b, r->jitter_ns);
}

void page_survey_train(struct buffer *b, const struct stats_train *t)
{
	const struct survey_train_report *r = &t->last;

	page_item_begin(b, "Last train");
	page_number(b, r->answers);
	buffer_str(b, " of ");
	page_number(b, r->requests);
	buffer_str(b, " answered");
	if (r->limited)
		buffer_str(b, ": rate limited? It answers single requests");
	if (r->answers)
		page_survey_times(b, r);
	if (r->reordered) {
		buffer_str(b, ", out of order ");
		page_number(b, r->reordered);
	}
	page_item_end(b);
}
