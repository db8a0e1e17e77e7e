#include "sipprobe/media/send_log.h"

#include <string.h>

#include "base/clock.h"

/* No nonce takes longer than this from one end to the other. */
#define SEND_LOG_TRIP_NS (3 * CLOCK_NS_PER_S)

void send_log_add(struct send_log *l, uint16_t sequence, int64_t at_ns, bool is_audio)
{
	unsigned i = sequence % SEND_LOG;

	l->begun = true;
	l->last = sequence;
	l->audio += is_audio;
	l->at_ns[i] = at_ns;
	l->sequence[i] = sequence;
	l->is_audio[i] = is_audio;
}

void send_log_onset(struct send_log *l, int64_t at_ns)
{
	memmove(l->onset_ns + 1, l->onset_ns,
		(SEND_LOG_ONSETS - 1) * sizeof(l->onset_ns[0]));
	l->onset_ns[0] = at_ns;
}

int64_t send_log_time_ns(const struct send_log *l, uint16_t sequence)
{
	unsigned i = sequence % SEND_LOG;

	return l->at_ns[i] && l->sequence[i] == sequence ? l->at_ns[i] : -1;
}

int64_t send_log_onset_before_ns(const struct send_log *l, int64_t heard_ns)
{
	for (unsigned i = 0; i < SEND_LOG_ONSETS; i++) {
		int64_t at_ns = l->onset_ns[i];

		if (at_ns && at_ns <= heard_ns)
			return heard_ns - at_ns <= SEND_LOG_TRIP_NS ? at_ns : -1;
	}
	return -1;
}

uint32_t send_log_audio_until(const struct send_log *l, int64_t at_ns)
{
	uint32_t after = 0;
	uint16_t sequence = l->last;

	for (unsigned n = 0; n < SEND_LOG && l->begun; n++, sequence--) {
		int64_t sent_ns = send_log_time_ns(l, sequence);

		if (sent_ns < 0 || sent_ns <= at_ns)
			break;
		after += l->is_audio[sequence % SEND_LOG];
	}
	return l->audio - after;
}
