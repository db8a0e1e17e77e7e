/* The stamps of a request that is made anew. */
#ifndef SIPPROBE_MESSAGE_REQUEST_STAMPS_H
#define SIPPROBE_MESSAGE_REQUEST_STAMPS_H

struct request;

/* Writes those of @from, if it has any, into the bytes of @to. */
void request_hand_stamps(struct request *to, const struct request *from);

#endif
