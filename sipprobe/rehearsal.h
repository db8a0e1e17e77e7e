/*
 * The certificates that a peer showed, judged once more without it: by other authorities,
 * or as on another day. No OpenSSL types.
 */
#ifndef SIPPROBE_REHEARSAL_H
#define SIPPROBE_REHEARSAL_H

#include <stdbool.h>
#include <stdint.h>

struct rehearsal {
	bool done; /* there were certificates to judge */
	bool success;
	int64_t not_after_s; /* earliest end of what was verified, on success */
	char text[96];	     /* of a failure, for people; or "" */
};

#endif
