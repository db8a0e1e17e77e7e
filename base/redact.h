/* Passwords taken out of texts that are going to be shown. */
#ifndef BASE_REDACT_H
#define BASE_REDACT_H

#include <stdbool.h>
#include <stddef.h>

/* What is shown where a password stood, as in the ladder. */
#define REDACTED "redacted"

/* Whether what a key of this name holds is nobody's to read: "password", "my_secret". */
bool redact_is_secret(const char *word, size_t len);

/*
 * Copies a text without what may be a password in it: what stands between the user and
 * the last '@' of a URI, behind the host where a port should be, in a URI's headers, or
 * behind a word like "password". A text without such things is copied as it is.
 *
 * @out: terminated; cut where it does not fit
 *
 * Returns @out.
 */
char *redact_copy(char *out, size_t size, const char *text);

/* By value, for use within one call: redact(text).s */
struct redacted {
	char s[128];
};

struct redacted redact(const char *text);

#endif
