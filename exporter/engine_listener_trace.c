#include "exporter/engine_listener_trace.h"

#include "base/log.h"
#include "exporter/pages/page_why.h"
#include "exporter/store/store.h"

void engine_listener_why(struct buffer *b, struct store *s, const char *trunk,
			 const struct trace_report *r)
{
	struct outage o;

	if (!store_outage(s, trunk, &o))
		return;
	page_why_line(b, &o, r);
	buffer_add(b, "", 1);
}

void engine_listener_traced_h(const char *trunk, const struct trace_report *r,
			      bool by_hand, void *arg)
{
	struct buffer why = {0};
	char words[TRACE_WORDS];

	store_traced(arg, trunk, r, by_hand);
	trace_words(words, sizeof(words), r);
	engine_listener_why(&why, arg, trunk, r);
	log_event(LOG_LEVEL_INFO, "way to a trunk traced", LOG_S("trunk", trunk),
		  LOG_S("address", r->address), LOG_S("transport", r->transport),
		  LOG_S("way", words), LOG_S("why", why.len ? why.data : ""));
	buffer_clear(&why);
}
