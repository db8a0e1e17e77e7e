#include "exporter/engine_listener_survey.h"

#include "base/log.h"

void engine_listener_survey_size(const struct survey_size_report *r, bool news,
				 const char *trunk, const char *address)
{
	enum log_level level = news ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
	char words[SURVEY_WORDS];

	if (!log_enabled(level))
		return;
	survey_size_words(words, sizeof(words), r);
	log_event(level, "sizes checked", LOG_S("trunk", trunk),
		  LOG_S("address", address),
		  LOG_S("size", survey_verdict_name((enum survey_verdict)r->verdict)),
		  LOG_S("detail", words));
}

void engine_listener_survey_train(const struct survey_train_report *r, const char *trunk,
				  const char *address)
{
	enum log_level level = r->limited ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG;

	log_event(level, r->limited ? "train was cut off: rate limited?" : "train done",
		  LOG_S("trunk", trunk), LOG_S("address", address),
		  LOG_I("requests", r->requests), LOG_I("answers", r->answers));
}
