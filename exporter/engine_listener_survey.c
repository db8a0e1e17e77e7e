#include "exporter/engine_listener_survey.h"

#include "base/log.h"
#include "exporter/engine_listener_private.h"

void engine_listener_survey_size_h(void *p, const struct survey_size_report *r, void *arg)
{
	struct store_target *cell = p;
	enum log_level level = LOG_LEVEL_DEBUG;
	char words[SURVEY_WORDS], text[64];

	if (!cell)
		return;
	if (store_survey_size(arg, cell, r))
		level = LOG_LEVEL_INFO;
	if (!log_enabled(level))
		return;
	survey_size_words(words, sizeof(words), r);
	log_event(level, "sizes checked",
		  LOG_S("trunk", engine_listener_trunk_name(cell)),
		  LOG_S("address", engine_listener_address(arg, cell, text)),
		  LOG_S("size", survey_verdict_name((enum survey_verdict)r->verdict)),
		  LOG_S("detail", words));
}

void engine_listener_survey_train_h(void *p, const struct survey_train_report *r,
				    void *arg)
{
	struct store_target *cell = p;
	char text[64];

	if (!cell)
		return;
	store_survey_train(arg, cell, r);
	log_event(r->limited ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG,
		  r->limited ? "train was cut off: rate limited?" : "train done",
		  LOG_S("trunk", engine_listener_trunk_name(cell)),
		  LOG_S("address", engine_listener_address(arg, cell, text)),
		  LOG_I("requests", r->requests), LOG_I("answers", r->answers));
}
