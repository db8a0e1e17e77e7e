/* UTF-8 as RFC 3629 has it. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at @p, 0 when it is not valid; @left bytes may be read. */
size_t utf8_length(const char *p, size_t left);

/* The code point of a valid character. @len: what utf8_length() returned, not 0 */
uint32_t utf8_point(const char *p, size_t len);

#endif
