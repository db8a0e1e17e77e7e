#include "sipprobe/loop/token.h"

#include <errno.h>
#include <openssl/rand.h>

/* Drawn a block at a time: a call a probe would cost more than the probe's own work. */
static unsigned char pool[4096];
static size_t pool_used = sizeof(pool);

static int pool_byte(unsigned char *out)
{
	if (pool_used == sizeof(pool)) {
		if (RAND_bytes(pool, sizeof(pool)) != 1)
			return EIO;
		pool_used = 0;
	}
	*out = pool[pool_used];
	pool[pool_used++] = 0;
	return 0;
}

int token_hex(char *out, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i + 1 < len; i += 2) {
		unsigned char b;
		int err = pool_byte(&b);

		if (err)
			return err;
		out[i] = digits[b >> 4];
		out[i + 1] = digits[b & 15];
	}
	return 0;
}
