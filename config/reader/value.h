/* Short texts that any file may hold: durations, and texts that print. */
#ifndef CONFIG_READER_VALUE_H
#define CONFIG_READER_VALUE_H

#include <stdint.h>

/*
 * Both return NULL, or a sentence that says what is wrong (static storage). *us is
 * untouched on failure.
 */

/* "30s", "1m30s", "1.5s", "500ms". More than about 290,000 years is too long. */
const char *value_duration(int64_t *us, const char *text);

/* No control characters. The text is valid UTF-8 already. */
const char *value_printable(const char *text);

/* The shortest text of a duration: "1m30s". */
struct duration_text {
	char s[32];
};

/* By value, for use within one call: duration_text(us).s */
struct duration_text duration_text(int64_t us);

#endif
