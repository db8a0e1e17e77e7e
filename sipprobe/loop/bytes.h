/* A queue of bytes in memory of its own, which it has only while it holds any. */
#ifndef SIPPROBE_LOOP_BYTES_H
#define SIPPROBE_LOOP_BYTES_H

#include <stddef.h>

/* Zeroed: empty. Who lets go of one calls bytes_clear(). */
struct bytes {
	char *p; /* owned; libre's memory */
	size_t len;
	size_t size;
};

/* Behind its end. Returns 0, or ENOMEM and the queue is as it was. */
int bytes_append(struct bytes *b, const char *buf, size_t len);

/* Off its front. */
void bytes_drop(struct bytes *b, size_t len);

void bytes_clear(struct bytes *b);

#endif
