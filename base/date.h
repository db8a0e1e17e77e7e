/* Moments as people write them: RFC 3339, on the wall clock. */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdint.h>

/*
 * Reads a whole text: "2026-12-01T06:00Z", "2026-12-01 07:00:30+01:00". Seconds may be
 * left out, their fractions are dropped; the offset from UTC may not be left out. A leap
 * second is the one after it. Years from 1970 on.
 *
 * Returns NULL; else, with @unix_s as it was, a sentence that says what is wrong.
 */
const char *date_parse(int64_t *unix_s, const char *text);

enum { DATE_BYTES = 32 };

/* Writes "2026-12-01T06:00:00Z", terminated. Returns @out. */
const char *date_print(char out[DATE_BYTES], int64_t unix_s);

#endif
