/*
 * Listens to what comes: whether there is sound, when a tone begins, and whether the
 * nonce that the other end sends is in it.
 */
#ifndef SIPPROBE_MEDIA_EAR_H
#define SIPPROBE_MEDIA_EAR_H

#include <stdbool.h>

#include "sipprobe/media/voice/g711.h"
#include "sipprobe/media/voice/tone_detector.h"

/* The last five digits heard, in order. */
struct ear_digits {
	char last[MEDIA_NONCE];
	unsigned count;
};

/* Another digit. Returns whether the last five are now @nonce; "" never is. */
bool ear_digits_add(struct ear_digits *d, char digit, const char *nonce);

struct ear {
	char expect[MEDIA_NONCE + 1];
	struct tone_detector detector;
	struct ear_digits digits;
	char last;			/* digit of the last block that had one */
	unsigned quiet;			/* samples without sound before this one */
	int64_t onset_ns;		/* when sound began last */
	bool onset_doubtful;		/* a packet before it is missing */
	int64_t onsets_ns[MEDIA_NONCE]; /* of the digits; 0: not seen */
	bool doubtful[MEDIA_NONCE];
};

/* What a packet's audio held. */
struct ear_heard {
	bool sound;	  /* louder than a line's noise */
	bool nonce;	  /* its last digit was in it */
	int64_t nonce_ns; /* then: when its first tone began, by this packet's clock; or 0
			   */
	bool doubtful;	  /* … and a lost packet may have cut that tone's begin */
};

void ear_begin(struct ear *e, const char *expect);

/*
 * @pcm:	at most EAR_SAMPLES
 * @arrival_ns:	when its packet came: the time of its first sample
 * @gap:	packets before it are missing
 */
void ear_hear(struct ear_heard *h, struct ear *e, const int16_t *pcm, size_t count,
	      int64_t arrival_ns, bool gap);

enum { EAR_SAMPLES = 1500 };

#endif
