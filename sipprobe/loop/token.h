/* Random bytes that a sender who does not see our traffic cannot guess. */
#ifndef SIPPROBE_LOOP_TOKEN_H
#define SIPPROBE_LOOP_TOKEN_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes @len lower-case hexadecimal digits (an even number), @len * 4 bits from
 * OpenSSL's generator. Main thread only: what it draws ahead is kept in one pool.
 *
 * Returns 0 or EIO when the generator fails.
 */
int token_hex(char *out, size_t len);

enum { TOKEN_DIGITS = 8 }; /* of one word */

/*
 * Keeps such digits in half as many bytes.
 *
 * @len: a multiple of TOKEN_DIGITS
 *
 * Returns 0; or EINVAL where they are no such digits, @words may be spoilt then.
 */
int token_pack(uint32_t *words, const char *digits, size_t len);

/* The digits again. */
void token_unpack(char *digits, const uint32_t *words, size_t len);

#endif
