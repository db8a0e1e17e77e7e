#include <string.h>
#include <openssl/rand.h>

#include "sipprobe/media/media.h"

/* Digits that are also tones, but for * and #, which machines take for commands. */
static const char nonce_digits[] = "0123456789ABCD";

enum { NONCE_DIGITS = sizeof(nonce_digits) - 1 };

/* Another digit than its neighbours, of those that are left without them. */
static char nonce_digit(uint32_t random, char before, char after)
{
	char left[NONCE_DIGITS] = {0};
	unsigned count = 0;

	for (unsigned i = 0; i < NONCE_DIGITS; i++)
		if (nonce_digits[i] != before && nonce_digits[i] != after)
			left[count++] = nonce_digits[i];
	return left[random % count];
}

int media_nonce(char nonce[MEDIA_NONCE + 1])
{
	uint32_t random[MEDIA_NONCE];
	char made[MEDIA_NONCE + 1] = {0};

	if (RAND_bytes((unsigned char *)random, sizeof(random)) != 1)
		return EIO;
	for (unsigned i = 0; i < MEDIA_NONCE; i++)
		made[i] = nonce_digit(random[i], i ? made[i - 1] : 0,
				      i == MEDIA_NONCE - 1 ? made[0] : 0);
	memcpy(nonce, made, sizeof(made));
	return 0;
}
