/*
 * The log: one line an event on stderr, logfmt or JSON, written whole with one write().
 * Nothing is logged per probe above debug. Any thread.
 */
#ifndef EXPORTER_LOG_H
#define EXPORTER_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR,
};

enum log_format {
	LOG_FORMAT_LOGFMT,
	LOG_FORMAT_JSON,
};

enum log_kind {
	LOG_END, /* closes the list */
	LOG_STRING,
	LOG_INTEGER,
	LOG_SECONDS, /* integer nanoseconds, shown as seconds with three decimals */
};

/* One key and its value. Bytes that are not printable are escaped, whoever sent them. */
struct log_field {
	const char *key;
	enum log_kind kind;
	const char *text;
	int64_t number;
};

#define LOG_S(k, v)   ((struct log_field){(k), LOG_STRING, (v), 0})
#define LOG_I(k, v)   ((struct log_field){(k), LOG_INTEGER, NULL, (v)})
#define LOG_SEC(k, v) ((struct log_field){(k), LOG_SECONDS, NULL, (v)})

void log_setup(enum log_level level, enum log_format format);
bool log_enabled(enum log_level level);

/* @msg: a static phrase, greppable; what varies goes into @fields. */
void log_write(enum log_level level, const char *msg, const struct log_field *fields);

#define log_event(level, msg, ...)                                                       \
	do {                                                                             \
		if (log_enabled(level))                                                  \
			log_write(level, msg,                                            \
				  (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}}); \
	} while (0)

#endif
