/*
 * Writes JSON straight into a buffer. cJSON builds a tree first, an allocation a value:
 * for 10,000 trunks that is a million of them for text that is thrown away at once.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* Zeroed but for `out`. A failure stays in out->err. */
struct json {
	struct buffer *out;
	bool ascii; /* all beyond ASCII is escaped: for terminals */
	bool comma; /* a value stands before the next one */
};

/* @key: NULL in an array and at the top. @bracket: '{' or '[', then '}' or ']' */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);

/*
 * Any bytes: what is not UTF-8 becomes U+FFFD, and so does NUL. Characters that mean
 * something to HTML are escaped, too, for whoever pastes JSON into a page.
 */
void json_text(struct json *j, const char *key, struct slice text);
void json_str(struct json *j, const char *key, const char *text); /* NULL: null */

/* A label's value as labels_next() gives it: still escaped. */
void json_label(struct json *j, const char *key, struct slice value);

/* The same, with a label's name for a key. */
void json_member(struct json *j, struct slice name, struct slice value);

/* value / 10^decimals, exactly; @decimals: 0 to 9 */
void json_number(struct json *j, const char *key, int64_t value, unsigned decimals);
void json_null(struct json *j, const char *key);
void json_bool(struct json *j, const char *key, bool value);

/* A number from nanoseconds in seconds, or null for a negative one. */
void json_seconds(struct json *j, const char *key, int64_t ns);

/* A point in time as seconds since the epoch, in milliseconds; 0: null. */
void json_time(struct json *j, const char *key, int64_t unix_ns);

#endif
