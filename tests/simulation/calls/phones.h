/*
 * Who answers our calls: each trunk's peers, with a small dialog machine of their own,
 * written apart from ours. A call has its manners from the seed: whether it rings, with
 * early media or not, reliably or not; who answers, late, twice, or never; what is heard;
 * who hangs up; and when the phone dies and knows of nothing any more.
 */
#ifndef TESTS_SIMULATION_CALLS_PHONES_H
#define TESTS_SIMULATION_CALLS_PHONES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sipprobe/loop/compat.h"

struct packet;
struct peer;
struct trunk;

/* Whether a message of ours is of a call; and a word for it, static. */
bool phones_are_meant(const char *text);
const char *phones_word(const char *text);

/* One came to its peer. Takes @p over. */
void phones_hear(struct packet *p);

/* A datagram of ours: whether it is of a call's audio, which is heard then. */
bool phones_audio(const struct sa *src, const struct sa *dst, const char *buf, size_t len,
		  bool left);

/* The peer's machine is started anew: no call is known there any more. */
void phones_die(const struct peer *peer);

/* What is heard of a phone, or of who is behind it, if it talks as it is minded to. */
enum phones_voice {
	PHONES_ECHO,
	PHONES_SOUND,
	PHONES_SILENCE,
	PHONES_NOTHING,
	PHONES_UNKNOWN, /* it died, asked for other audio, or hears nothing of ours */
};

enum phones_voice phones_voice(const char *call_id);

/* Whether a call, by our Call-ID, is up at a phone, acknowledged or not. @timed: at one
 * that would have ended it by its session timer, had it been asked to. */
bool phones_are_up(const char *call_id, bool timed);

/*
 * The trunk of a call that was acknowledged, begun before then, and is still up at a peer
 * of which @among says true; NULL: there is none. Those whose BYE goes astray do not
 * count.
 */
const struct trunk *phones_have(int64_t before_ns, bool (*among)(const struct peer *p));

/* How often what was exercised. */
struct phones_counts {
	uint64_t calls, answered, forks, late, loops, deaths, packets;
	uint64_t by_bye, by_cancel, by_their_bye, by_timer, by_no_ack;
};

extern struct phones_counts phones_counts;

#endif
