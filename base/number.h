/* Numbers as decimal text, without printf: most of a scrape is numbers. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdint.h>

/* Longest text that number_print() writes: sign, 19 digits, a point and a zero. */
#define NUMBER_BYTES 24

/*
 * Writes value / 10^decimals exactly, without trailing zeros after the point and without
 * a terminator.
 *
 * @to:       NUMBER_BYTES of room
 * @decimals: 0 to 9
 *
 * Returns the end of what was written.
 */
char *number_print(char *to, int64_t value, unsigned decimals);

#endif
