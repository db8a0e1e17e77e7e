/* Errors of a configuration and warnings, whichever file has them, in the log. */
#include "base/log.h"
#include "config/reader/errors.h"

static void errors_log(const struct config_errors *errs, enum log_level level,
		       const char *what, const char *message, const char *more)
{
	for (size_t i = 0; i < errs->count; i++) {
		const struct config_error *e = &errs->list[i];
		struct log_field fields[] = {
			LOG_S("file", e->path),
			LOG_S("json_path", e->json_path),
			LOG_S(what, e->message),
			e->line ? LOG_I("line", e->line) : LOG_S("line", NULL),
			e->line ? LOG_I("column", e->col) : LOG_S("column", NULL),
			{0},
		};

		log_write(level, message, fields);
	}
	if (errs->dropped)
		log_event(level, more, LOG_I("count", (int64_t)errs->dropped));
}

void config_errors_log(const struct config_errors *errs, const char *message)
{
	errors_log(errs, LOG_LEVEL_ERROR, "error", message, "more configuration errors");
}

void config_warnings_log(const struct config_errors *warnings, const char *message)
{
	errors_log(warnings, LOG_LEVEL_WARN, "warning", message,
		   "more configuration warnings");
}
