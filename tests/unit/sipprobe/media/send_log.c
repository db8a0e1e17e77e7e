/* When packets left, asked by their numbers and by the onset of tones. */
#include "sipprobe/media/send_log.h"
#include "tests/unit/tap.h"

#define MS 1000000LL

/* Packets from @first on, 20 ms apart from 1 s on; each tenth is an event. */
static void fill(struct send_log *l, uint16_t first, unsigned count)
{
	*l = (struct send_log){.ssrc = 1};
	for (unsigned i = 0; i < count; i++)
		send_log_add(l, (uint16_t)(first + i), (1000 + 20 * (int64_t)i) * MS,
			     i % 10 != 9);
}

static void test_times(void)
{
	struct send_log l;

	fill(&l, 65500, 300);
	is_int(send_log_time_ns(&l, (uint16_t)(65500 + 299)) / MS, 1000 + 20 * 299,
	       "the last, past the end of the numbers");
	is_int(send_log_time_ns(&l, (uint16_t)(65500 + 44)) / MS, 1000 + 20 * 44,
	       "the oldest of 256");
	is_int(send_log_time_ns(&l, (uint16_t)(65500 + 43)), -1, "one too old");
	is_int(send_log_time_ns(&l, (uint16_t)(65500 + 300)), -1, "one to come");
	fill(&l, 0, 0);
	is_int(send_log_time_ns(&l, 0), -1, "of nothing sent there is no time");
}

static void test_until(void)
{
	struct send_log l;

	fill(&l, 65500, 300);
	is_int(send_log_audio_until(&l, 1000000 * MS), 270, "all audio, without events");
	is_int(send_log_audio_until(&l, (1000 + 20 * 289) * MS), 261, "but the last ten");
	is_int(send_log_audio_until(&l, 0), 270 - 230, "no further back than it knows");
	fill(&l, 0, 0);
	is_int(send_log_audio_until(&l, 1000 * MS), 0, "none of none");
}

static void test_onsets(void)
{
	struct send_log l = {.ssrc = 1};

	is_int(send_log_onset_before_ns(&l, 5000 * MS), -1, "no nonce yet");
	for (int i = 1; i <= 6; i++)
		send_log_onset(&l, i * 1500 * MS);
	is_int(send_log_onset_before_ns(&l, 9050 * MS) / MS, 9000, "the last one");
	is_int(send_log_onset_before_ns(&l, 8999 * MS) / MS, 7500,
	       "heard before the last began: the one before");
	is_int(send_log_onset_before_ns(&l, 13000 * MS), -1, "four seconds later: none");
	is_int(send_log_onset_before_ns(&l, 3100 * MS), -1,
	       "of one that is forgotten: none");
}

int main(void)
{
	test_times();
	test_until();
	test_onsets();
	return tap_done();
}
