/*
 * The log: one line an event on stderr, logfmt or JSON. Nothing is logged per probe above
 * debug. Nobody waits for whoever reads it: lines without room are lost, counted, and
 * told of once there is room. Any thread.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
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
	LOG_END,    /* closes the list */
	LOG_STRING, /* NULL: the field is left out */
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

/* Before the first line and before other threads. Else: info and worse, logfmt. */
void log_setup(enum log_level level, enum log_format format);
bool log_enabled(enum log_level level);
uint64_t log_lost(void); /* lines, since the start */

/*
 * Writes one line: ts (RFC 3339, UTC, milliseconds), level, msg, then the fields. Long
 * values are cut and end in "...". Fields past 4 KiB are left out, and the line says
 * truncated=1.
 *
 * @msg:    a static phrase, greppable; what varies goes into @fields
 * @fields: up to LOG_END; NULL: none
 */
void log_write(enum log_level level, const char *msg, const struct log_field *fields);

/* The same, with at least one field, made only when the level is on. */
#define log_event(level, msg, ...)                                                       \
	do {                                                                             \
		if (log_enabled(level))                                                  \
			log_write(level, msg,                                            \
				  (const struct log_field[]){__VA_ARGS__, {0}});         \
	} while (0)

#endif
