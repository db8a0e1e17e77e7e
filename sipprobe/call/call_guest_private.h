/* The inside of a loop's called end, for call_guest*.c only. */
#ifndef SIPPROBE_CALL_CALL_GUEST_PRIVATE_H
#define SIPPROBE_CALL_CALL_GUEST_PRIVATE_H

#include "sipprobe/call/call_back.h"
#include "sipprobe/call/call_private.h"

enum { CALL_GUEST_TAG = 16 };

struct call_guest {
	struct call_back back;
	char tag[CALL_GUEST_TAG + 1];
	struct mbuf *invite; /* as it came */
	struct mbuf *ok;     /* our 200, until its ACK */
	struct dialog *dialog;
	struct call_retry again; /* of the 200 */
	struct call_request bye;
	struct call_audio *audio;
	enum call_talk state;
	uint32_t peer_cseq;
	int64_t bye_ns; /* when to hang up ourselves; 0: not yet */
	bool bye_own;	/* our BYE went by the caller's way */
	bool heard;	/* its report is there */
};

void call_guest_step(struct call *c, enum call_talk_event event);

#endif
