#include "exporter/engine_listener_trace.h"

#include "base/log.h"
#include "exporter/store/store.h"

void engine_listener_traced_h(const char *trunk, const struct trace_report *r,
			      bool by_hand, void *arg)
{
	char words[TRACE_WORDS];

	store_traced(arg, trunk, r, by_hand);
	trace_words(words, sizeof(words), r);
	log_event(LOG_LEVEL_INFO, "way to a trunk traced", LOG_S("trunk", trunk),
		  LOG_S("address", r->address), LOG_S("transport", r->transport),
		  LOG_S("way", words));
}
