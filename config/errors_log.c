/* Errors of a configuration, whichever file has them, on lines of the log. */
#include "base/log.h"
#include "config/config.h"

void config_errors_log(const struct config_errors *errs, const char *message)
{
	for (size_t i = 0; i < errs->count; i++) {
		const struct config_error *e = &errs->list[i];
		struct log_field fields[] = {
			LOG_S("file", e->path),
			LOG_S("json_path", e->json_path),
			LOG_S("error", e->message),
			e->line ? LOG_I("line", e->line) : LOG_S("line", NULL),
			e->line ? LOG_I("column", e->col) : LOG_S("column", NULL),
			{0},
		};

		log_write(LOG_LEVEL_ERROR, message, fields);
	}
	if (errs->dropped)
		log_event(LOG_LEVEL_ERROR, "more configuration errors",
			  LOG_I("count", (int64_t)errs->dropped));
}
