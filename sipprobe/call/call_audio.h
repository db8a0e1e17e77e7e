/*
 * The audio of one end of a call: its ports, our SDP, what the peer's says, and what was
 * heard. Its sound is the media thread's.
 */
#ifndef SIPPROBE_CALL_CALL_AUDIO_H
#define SIPPROBE_CALL_CALL_AUDIO_H

#include "config/config.h"
#include "sipprobe/loop/compat.h"
#include "sipprobe/media_report.h"

struct call_audio; /* mem_deref() drops it, report and all */
struct call_tones;
struct media;

struct call_audio_events {
	/* Something worth a line of the ladder; text is static or valid during the call
	 */
	void (*note_h)(int64_t at_ns, const char *text, void *arg);
	/* After call_audio_stop(): the report is there. */
	void (*done_h)(void *arg);
};

struct call_audio_conf {
	struct media *media;
	const struct config_media *ports; /* where audio comes from and goes to */
	const struct config_call *call;
	const struct call_tones *tones; /* what is said and is to be heard */
	bool keep;			/* what was heard */
	const struct sa *local; /* ours towards the peer, without calls.media.address */
	const struct sa *peer;	/* whom the signalling goes to */
};

/*
 * Takes a pair of ports and makes our offer. Nothing of @conf is kept.
 *
 * Returns 0; EADDRINUSE: no pair of ports is free; or errno.
 */
int call_audio_alloc(struct call_audio **ap, const struct call_audio_conf *conf,
		     const struct call_audio_events *events, void *arg);

/* Two of ours are the ends of one call; before the second begins. Returns 0 or errno. */
int call_audio_pair(struct call_audio *a, struct call_audio *b);

/* Our SDP. */
const char *call_audio_offer(const struct call_audio *a);

/*
 * Takes the peer's answer: audio begins, or goes on as it says.
 *
 * Returns NULL, or why it cannot be used, for people.
 */
const char *call_audio_answer(struct call_audio *a, const struct pl *sdp);

/*
 * Takes an offer of the peer's within the call.
 *
 * @text: set to our answer, valid until the next call
 *
 * Returns the same.
 */
const char *call_audio_offered(struct call_audio *a, const char **text,
			       const struct pl *sdp);

/* Says no more, listens on. */
void call_audio_quiet(struct call_audio *a);

/* Ends it; done_h follows. Once. */
void call_audio_stop(struct call_audio *a);

/* Whether audio was begun; and the report, NULL before done_h. */
bool call_audio_begun(const struct call_audio *a);
const struct media_report *call_audio_report(const struct call_audio *a);

#endif
