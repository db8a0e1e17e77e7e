/* What is remembered of single probes: words, late answers, what a call heard. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "exporter/store/status.h"
#include "exporter/store/store.h"
#include "tests/unit/tap.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const double bounds[] = {1};
static const struct config_settings settings;
static const struct config_trunk trunk = {
	.name = "a", .uri = "sip:192.0.2.1", .settings = &settings};
static const struct engine_target udp = {"OPTIONS", "192.0.2.1:5060", "udp"};

struct world {
	struct store *s;
	struct store_target *cell;
};

static void begin(struct world *w)
{
	if (store_alloc(&w->s, bounds, 1))
		exit(1);
	store_remember(w->s, 1, 1 << 20);
	w->cell = store_target_add(w->s, store_trunk_add(w->s, &trunk), &udp);
}

static struct status_trunk *take(struct world *w)
{
	struct status_trunk *t = NULL;

	if (status_trunk_take(&t, w->s, "a"))
		exit(1);
	return t;
}

static void test_words(void)
{
	static const struct {
		enum probe_outcome outcome;
		int err;
		const char *phrase, *detail, *said;
	} cases[] = {
		{PROBE_RESPONSE, 0, "A", "ignored", "A"},
		{PROBE_TLS, EPROTO, "", "B", "B"},
		{PROBE_REFUSED, ECONNREFUSED, "", "", "Connection refused"},
		{PROBE_REFUSED, ECONNREFUSED, "C", "", "C"},
		{PROBE_RESPONSE, 0, "", "", ""},
	};
	struct world w;

	begin(&w);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct probe_result r = probe_result_none();
		struct status_trunk *t;

		r.outcome = cases[i].outcome;
		r.err = cases[i].err;
		snprintf(r.phrase, sizeof(r.phrase), "%.40s", cases[i].phrase);
		snprintf(r.detail, sizeof(r.detail), "%.40s", cases[i].detail);
		store_probe_done(w.s, w.cell, &r);
		t = take(&w);
		ok(t->targets[0].said.l == strlen(cases[i].said) &&
			   !memcmp(t->targets[0].said.p, cases[i].said,
				   t->targets[0].said.l),
		   "it said \"%s\"", cases[i].said);
		status_trunk_free(t);
	}
	store_free(w.s);
}

/* Keeps a failed call of which something was heard. */
static void fail_heard(struct world *w)
{
	static const uint8_t wav[16] = "RIFF";
	const struct call_media media = {.near = {.wav = wav, .wav_bytes = sizeof(wav)}};
	const struct ladder l = {.count = 0};
	struct probe_result r = probe_result_none();

	r.verdict = PROBE_DOWN;
	r.call.media = &media;
	store_ladder(w->s, w->cell, &r, &l);
}

static bool is_kept(struct world *w)
{
	struct status_trunk *t = take(w);
	bool kept = t->targets[0].failures[0];

	status_trunk_free(t);
	return kept;
}

static void test_audio(void)
{
	struct world w;

	begin(&w);
	fail_heard(&w);
	ok(!is_kept(&w), "what was heard is not kept by itself");
	store_keep_audio(w.s, true);
	fail_heard(&w);
	ok(is_kept(&w), "but where it may be");
	store_keep_audio(w.s, true);
	ok(is_kept(&w), "for as long as that is so");
	store_keep_audio(w.s, false);
	ok(!is_kept(&w), "and no longer");
	store_free(w.s);
}

static void test_late(void)
{
	const struct ladder l = {.count = 0};
	struct probe_result r = probe_result_none();
	struct status_trunk *t;
	struct world w;

	begin(&w);
	r.outcome = PROBE_TIMEOUT;
	store_ladder(w.s, w.cell, &r, &l);
	store_probe_late(w.s, w.cell);
	t = take(&w);
	ok(llabs(atomic_load(&t->targets[0].failures[0]->late_ns) - clock_wall_ns()) <
		   60 * CLOCK_NS_PER_S,
	   "that an answer came is written where it was missed");
	status_trunk_free(t);
	store_free(w.s);
}

/* The ladder that is kept: each entry with its own words, which outlive the probe's. */
static void test_ladder(void)
{
	static const char *const words[] = {"", "one", "", "three", "four"};
	struct ladder l = {.dropped = 7};
	struct probe_result r = probe_result_none();
	struct history_ladder *bare, *copy;
	size_t bytes = sizeof(struct history_ladder);
	char texts[COUNT(words)][8];

	bare = history_ladder_copy(&r, &l);
	ok(bare && !bare->count && bare->bytes == bytes, "one without an entry");
	history_ladder_unref(bare);
	r.call.has_media = r.call.has_far = true;
	for (size_t i = 0; i < COUNT(words); i++) {
		snprintf(texts[i], sizeof(texts[i]), "%s", words[i]);
		l.entries[l.count++] = (struct ladder_entry){
			.at_ns = (int64_t)i,
			.text = *words[i] ? texts[i] : NULL,
			.len = (uint32_t)strlen(words[i]),
		};
		bytes += sizeof(struct ladder_entry) + strlen(words[i]);
	}
	copy = history_ladder_copy(&r, &l);
	memset(texts, 'x', sizeof(texts));
	ok(copy->count == COUNT(words) && copy->dropped == 7, "as many, and left out");
	is_int((long long)copy->bytes, (long long)bytes, "of so much memory");
	ok(!copy->result.call.media && !copy->result.call.has_media &&
		   !copy->result.call.has_far,
	   "without what nobody heard");
	for (size_t i = 0; i < COUNT(words); i++)
		ok(copy->entries[i].at_ns == (int64_t)i &&
			   copy->entries[i].len == strlen(words[i]) &&
			   !memcmp(copy->entries[i].text, words[i], strlen(words[i])),
		   "entry \"%s\"", words[i]);
	history_ladder_unref(copy);
}

int main(void)
{
	test_ladder();
	test_words();
	test_audio();
	test_late();
	return tap_done();
}
