/*
 * The nonce from mouth to ear: spoken by the talker, through both laws, with packets lost
 * by a seeded chance, at any phase.
 */
#include <stdlib.h>

#include "sipprobe/media/media.h"
#include "sipprobe/media/voice/ear.h"
#include "sipprobe/media/voice/talker.h"
#include "sipprobe/media/voice/telephone_event.h"
#include "tests/unit/tap.h"

enum {
	CALLS = 250,
	ROUND = TALKER_LEAD + 5 * (TALKER_TONE + TALKER_GAP) + TALKER_PAUSE,
};

static uint32_t seed = 7;

static uint32_t chance(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* Same length of packets, but their borders elsewhere: as after a gateway. */
static void shift_phase(int16_t *all, size_t count, size_t by)
{
	memmove(all + by, all, (count - by) * sizeof(*all));
	memset(all, 0, by * sizeof(*all));
}

/* One nonce spoken once. Returns whether it was heard. */
static bool call_once(enum media_codec codec, unsigned loss_percent, bool silence)
{
	static int16_t pcm[(ROUND + 1) * G711_SAMPLES];
	char nonce[MEDIA_NONCE + 1];
	struct talker t;
	struct ear ear;
	bool heard = false;

	(void)media_nonce(nonce);
	talker_begin(&t, nonce, true, false, codec);
	memset(pcm, 0, sizeof(pcm));
	for (size_t i = 0; i < ROUND; i++) {
		struct talk talk;

		talker_next(&talk, &t, false);
		g711_expand(pcm + i * G711_SAMPLES, codec, talk.payload, talk.bytes);
	}
	shift_phase(pcm, sizeof(pcm) / sizeof(pcm[0]), chance(G711_SAMPLES));
	ear_begin(&ear, nonce);
	for (size_t i = 0; i <= ROUND; i++) {
		struct ear_heard h;
		int16_t *packet = pcm + i * G711_SAMPLES;

		if (chance(100) < loss_percent) {
			if (!silence)
				continue;
			memset(packet, 0, G711_SAMPLES * sizeof(*packet));
		}
		ear_hear(&h, &ear, packet, G711_SAMPLES, (int64_t)i * 20 * 1000000,
			 false);
		heard |= h.nonce;
	}
	return heard;
}

static void test_loss(void)
{
	static const struct {
		unsigned loss;
		int least; /* of CALLS */
	} cases[] = {{0, CALLS}, {5, CALLS - 1}, {20, CALLS * 98 / 100}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int left_out = 0, silent = 0;

		for (int n = 0; n < CALLS; n++) {
			left_out += call_once(n % 2, cases[i].loss, false);
			silent += call_once(n % 2, cases[i].loss, true);
		}
		ok(left_out >= cases[i].least && silent >= cases[i].least,
		   "%u %% lost: %d and, where a peer fills with silence, %d of %d are "
		   "heard",
		   cases[i].loss, left_out, silent, CALLS);
	}
}

static void test_nonces(void)
{
	char nonce[MEDIA_NONCE + 1], before[MEDIA_NONCE + 1] = "";
	int wrong = 0, same = 0;

	for (int i = 0; i < 2000; i++) {
		wrong += media_nonce(nonce) != 0;
		wrong += strlen(nonce) != MEDIA_NONCE ||
			 strspn(nonce, "0123456789ABCD") != MEDIA_NONCE;
		for (int k = 0; k < MEDIA_NONCE; k++)
			wrong += nonce[k] == nonce[(k + 1) % MEDIA_NONCE];
		same += !strcmp(nonce, before);
		memcpy(before, nonce, sizeof(before));
	}
	is_int(wrong, 0, "no digit beside its like, not at the ends either");
	ok(same < 3, "another one each time");
}

/* It says its nonce again, and each time the onset of the first tone is told. */
static void test_again(void)
{
	struct talker t;
	struct ear ear;
	struct ear_heard h;
	int64_t onset_ns = -1;
	int heard = 0, right = 0;

	talker_begin(&t, "12131", true, false, MEDIA_PCMA);
	ear_begin(&ear, "12131");
	talker_begin(&t, "12134", true, false, MEDIA_PCMA);
	ear_begin(&ear, "12134");
	for (int i = 0; i < 10 + 4 * 75; i++) {
		int16_t pcm[G711_SAMPLES];
		struct talk talk;

		talker_next(&talk, &t, true);
		if (talk.onset)
			onset_ns = (int64_t)i * 20000000 + 77;
		g711_expand(pcm, MEDIA_PCMA, talk.payload, talk.bytes);
		ear_hear(&h, &ear, pcm, G711_SAMPLES, (int64_t)i * 20000000 + 77, false);
		heard += h.nonce;
		right += h.nonce && llabs(h.nonce_ns - onset_ns) < 1000000;
	}
	is_int(heard, 4, "four rounds, four nonces");
	is_int(right, 4, "each with the time of its own first tone, within 1 ms");
}

/* What is no nonce: noise, tones of machines, another nonce, silence. */
static void test_others(void)
{
	struct ear ear;
	struct ear_heard h;
	int nonces = 0, digits = 0, sounds = 0;
	int16_t pcm[G711_SAMPLES];

	ear_begin(&ear, "12345");
	for (int i = 0; i < 20000; i++) {
		for (int k = 0; k < G711_SAMPLES; k++)
			pcm[k] = (int16_t)((int)chance(12000) - 6000);
		ear_hear(&h, &ear, pcm, G711_SAMPLES, 0, false);
		nonces += h.nonce;
	}
	digits = (int)ear.digits.count;
	is_int(nonces, 0, "400 s of noise: no nonce");
	is_int(digits, 0, "… and no digit");
	for (int i = 0; i < 500; i++) {
		memset(pcm, 0, sizeof(pcm));
		ear_hear(&h, &ear, pcm, G711_SAMPLES, 0, false);
		sounds += h.sound;
	}
	is_int(sounds, 0, "silence is no sound");
	ear_begin(&ear, "");
	is_int(call_once(MEDIA_PCMU, 0, false), 1, "a nonce is");
	nonces = 0;
	for (int i = 0; i < 50; i++) {
		struct ear_digits d = {.count = 0};

		nonces += ear_digits_add(&d, '1', "");
	}
	is_int(nonces, 0, "nothing expected, nothing heard");
}

static void hear_events(struct ear_digits *d, bool *heard, struct talker *t,
			unsigned loss_percent, unsigned packets)
{
	struct telephone_ear ear = {.begun = false};
	uint32_t timestamp = 4294967000U, event = 0;

	for (unsigned i = 0; i < packets; i++, timestamp += G711_SAMPLES) {
		struct telephone_event e;
		struct talk talk;
		char digit;

		talker_next(&talk, t, true);
		if (!talk.event)
			continue;
		if (!talk.event_age)
			event = timestamp;
		if (chance(100) < loss_percent)
			continue;
		digit = telephone_event_read(&e, talk.payload, talk.bytes)
				? telephone_ear_hear(&ear, &e, event)
				: 0;
		if (digit)
			*heard |= ear_digits_add(d, digit, "90A1C");
	}
}

static void test_events(void)
{
	int heard = 0;

	for (int i = 0; i < CALLS; i++) {
		struct ear_digits d = {.count = 0};
		bool once = false;
		struct talker t;

		talker_begin(&t, "90A1C", false, true, MEDIA_PCMU);
		hear_events(&d, &once, &t, i ? 20 : 0, 10 + 75);
		heard += once;
	}
	ok(heard >= CALLS * 99 / 100, "as events, at 20 %% loss: %d of %d", heard, CALLS);
}

/* RFC 4733 2.5.1: durations grow, the end comes three times, unknown events are none. */
static void test_event_packets(void)
{
	struct telephone_event e = {.digit = 0};
	struct talker t;
	struct talk talk;
	uint8_t flash[] = {16, 0x8a, 0, 160};
	char got[200] = "";

	talker_begin(&t, "1", false, true, MEDIA_PCMU);
	for (int i = 0; i < TALKER_LEAD; i++)
		talker_next(&talk, &t, true);
	for (int i = 0; i < 8; i++) {
		talker_next(&talk, &t, true);
		if (talk.event && telephone_event_read(&e, talk.payload, talk.bytes))
			sprintf(got + strlen(got), "%s%c%u%s ", talk.marker ? "M" : "",
				e.digit, e.duration, e.end ? "E" : "");
		else
			strcat(got, "- ");
	}
	is_str(got, "M1160 1320 1480 1640 1800E 1800E 1800E - ", "one digit's packets");
	ok(telephone_event_read(&e, flash, 4) && !e.digit && e.end && e.volume == 10,
	   "a hook flash is an event and no digit");
	ok(!telephone_event_read(&e, flash, 3), "three bytes are no event");
}

/* Without events at the peer, the round is of tones alone. */
static void test_no_events(void)
{
	struct talker t;
	int events = 0, onsets = 0;

	talker_begin(&t, "12345", true, true, MEDIA_PCMU);
	for (int i = 0; i < 10 + 4 * 75; i++) {
		struct talk talk;

		talker_next(&talk, &t, i >= 160);
		events += talk.event;
		onsets += talk.onset;
		if (i == 159)
			is_int(events, 0, "no events while the peer takes none");
	}
	ok(events > 0 && onsets >= 2, "events as soon as it does");
}

int main(void)
{
	test_nonces();
	test_loss();
	test_again();
	test_others();
	test_events();
	test_event_packets();
	test_no_events();
	return tap_done();
}
