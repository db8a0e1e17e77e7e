/* What calls say of their trunk: quality, ends that were not confirmed, words. */
#include <stdio.h>

#include "sipprobe/call/call_verdict.h"

#include "base/clock.h"
#include "tests/unit/tap.h"

static const struct config_call_degraded limits = {
	.mos = 3.6, .loss = 0.01, .jitter_us = 30000, .post_dial_delay_us = 5000000};

struct row {
	const char *name;
	double mos, loss;
	int64_t jitter_ms;
	int post_dial_ms;
	enum media_unscored unscored;
	bool ended;
	enum probe_verdict verdict;
	const char *detail;
};

static const struct row rows[] = {
	{"well", 4.4, 0, 2, 800, MEDIA_SCORED, true, PROBE_UP, ""},
	{"a low MOS", 3.5, 0, 2, 800, MEDIA_SCORED, true, PROBE_DEGRADED,
	 "MOS is past call.degraded"},
	{"no MOS is no low one", 0, 0, 2, 800, MEDIA_UNSCORED_LATE, true, PROBE_UP, ""},
	{"at every limit", 3.6, 0.01, 30, 5000, MEDIA_SCORED, true, PROBE_UP, ""},
	{"loss", 4.4, 0.02, 2, 800, MEDIA_SCORED, true, PROBE_DEGRADED,
	 "loss is past call.degraded"},
	{"jitter", 4.4, 0, 40, 800, MEDIA_SCORED, true, PROBE_DEGRADED,
	 "jitter is past call.degraded"},
	{"jitter that was not measured", 4.4, 0, -1, 800, MEDIA_SCORED, true, PROBE_UP,
	 ""},
	{"a long post-dial delay", 4.4, 0, 2, 6000, MEDIA_SCORED, true, PROBE_DEGRADED,
	 "post-dial delay is past call.degraded"},
	{"an end that nobody confirmed", 4.4, 0, 2, 800, MEDIA_SCORED, false,
	 PROBE_DEGRADED, "the peer did not confirm the end of the call"},
};

static struct call_media media;

static struct call_outcome outcome_of(const struct row *r)
{
	/* Whatever stood there before. */
	struct call_outcome o = {
		.outcome = PROBE_RESPONSE, .code = 200, .verdict = PROBE_DOWN};

	o.report = call_report_none();
	o.report.made = o.report.answered = o.report.has_media = true;
	o.report.ended = r->ended;
	o.report.media = &media;
	o.report.post_dial_ns = r->post_dial_ms * CLOCK_NS_PER_MS;
	media.near.in.heard = MEDIA_HEARD_NONCE;
	media.near.in.mos = r->mos;
	media.near.in.loss_ratio = r->loss;
	media.near.in.jitter_ns = r->jitter_ms < 0 ? -1 : r->jitter_ms * CLOCK_NS_PER_MS;
	media.near.in.unscored = r->unscored;
	return o;
}

static void test_quality(void)
{
	struct config_call conf = {.mode = CONFIG_CALL_ECHO, .degraded = limits};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call_outcome o = outcome_of(&rows[i]);

		call_verdict(&o, &conf, true);
		is_int(o.verdict, rows[i].verdict, rows[i].name);
		is_str(o.detail, rows[i].detail, rows[i].name);
	}
}

/* Mode answer judges no audio, and nothing is judged that no limit is set for. */
static void test_spared(void)
{
	static const struct row bad = {"bad",	     1.1,  0.5,	     400, 60000,
				       MEDIA_SCORED, true, PROBE_UP, ""};
	struct config_call conf = {.mode = CONFIG_CALL_ANSWER, .degraded = limits};
	struct call_outcome o = outcome_of(&rows[1]);

	media.near.in.heard = MEDIA_HEARD_NOTHING;
	call_verdict(&o, &conf, true);
	is_int(o.verdict, PROBE_UP, "answer is up whatever was heard");
	is_int(o.report.mode, CONFIG_CALL_ANSWER, "the mode is told");
	conf = (struct config_call){.mode = CONFIG_CALL_ECHO};
	o = outcome_of(&bad);
	call_verdict(&o, &conf, true);
	is_int(o.verdict, PROBE_UP, "no limit, no verdict by it");
	o = outcome_of(&rows[0]);
	o.report.has_media = false;
	call_verdict(&o, &conf, true);
	is_int(o.report.failure, CALL_FAILURE_NO_MEDIA, "an answer without SDP");
	o = (struct call_outcome){.outcome = PROBE_CONNECT};
	o.report = call_report_none();
	o.report.failure = CALL_FAILURE_NO_RINGING;
	call_verdict(&o, &conf, false);
	ok(o.verdict == PROBE_DOWN && o.outcome == PROBE_CONNECT,
	   "a failure of the way stays what it was");
}

struct heard_row {
	const char *name;
	enum config_call_mode mode;
	bool has_far;
	enum media_heard near, far;
	enum call_failure failure;
};

static const struct heard_row heard_rows[] = {
	{"echo", CONFIG_CALL_ECHO, false, MEDIA_HEARD_NONCE, 0, CALL_FAILURE_NONE},
	{"echo, nothing", CONFIG_CALL_ECHO, false, MEDIA_HEARD_NOTHING, 0,
	 CALL_FAILURE_NO_MEDIA},
	{"echo, silence", CONFIG_CALL_ECHO, false, MEDIA_HEARD_SILENCE, 0,
	 CALL_FAILURE_ONE_WAY},
	{"echo, music", CONFIG_CALL_ECHO, false, MEDIA_HEARD_SOUND, 0,
	 CALL_FAILURE_NONCE},
	{"loop", CONFIG_CALL_LOOP, true, MEDIA_HEARD_NONCE, MEDIA_HEARD_NONCE,
	 CALL_FAILURE_NONE},
	{"loop that never came back", CONFIG_CALL_LOOP, false, MEDIA_HEARD_SOUND, 0,
	 CALL_FAILURE_NONCE},
	{"loop, we hear nothing", CONFIG_CALL_LOOP, true, MEDIA_HEARD_NOTHING,
	 MEDIA_HEARD_NONCE, CALL_FAILURE_ONE_WAY},
	{"loop, the called end hears nothing", CONFIG_CALL_LOOP, true, MEDIA_HEARD_NONCE,
	 MEDIA_HEARD_NOTHING, CALL_FAILURE_ONE_WAY},
	{"loop, nobody hears anything", CONFIG_CALL_LOOP, true, MEDIA_HEARD_NOTHING,
	 MEDIA_HEARD_NOTHING, CALL_FAILURE_NO_MEDIA},
};

static void test_heard(void)
{
	for (size_t i = 0; i < sizeof(heard_rows) / sizeof(heard_rows[0]); i++) {
		const struct heard_row *r = &heard_rows[i];
		struct config_call conf = {.mode = r->mode};
		struct call_outcome o = outcome_of(&rows[0]);

		o.report.has_far = r->has_far;
		media.near.in.heard = r->near;
		media.far.in.heard = r->far;
		call_verdict(&o, &conf, true);
		is_int(o.report.failure, r->failure, r->name);
		is_int(o.verdict, r->failure ? PROBE_DOWN : PROBE_UP, r->name);
	}
}

/* Which end of a loop heard badly is said. */
static void test_either_end(void)
{
	struct config_call conf = {.mode = CONFIG_CALL_LOOP, .degraded = limits};

	for (int far = 0; far < 2; far++) {
		struct call_outcome o = outcome_of(&rows[0]);

		o.report.has_far = true;
		media.far.in = media.near.in;
		(far ? &media.far : &media.near)->in.loss_ratio = 0.5;
		call_verdict(&o, &conf, true);
		is_int(o.verdict, PROBE_DEGRADED, far ? "called end" : "our end");
		is_str(o.detail,
		       far ? "loss of what the called end heard is past call.degraded"
			   : "loss of what we heard is past call.degraded",
		       "it is said");
	}
}

struct code_row {
	enum config_call_mode mode;
	unsigned code;
	bool ringing;
	enum call_failure failure;
	const char *detail;
};

#define REDIRECTED "the call was redirected, and redirects are not followed"
#define REJECTED   "the call was rejected"
#define NO_CODEC   "what we offer is not acceptable"
#define NO_ANSWER  "it rang, and nobody answered within call.answer_timeout"
#define NO_RINGING "it did not ring within call.answer_timeout"

static const struct code_row code_rows[] = {
	{CONFIG_CALL_RING, 487, true, CALL_FAILURE_NONE, ""},
	{CONFIG_CALL_RING, 486, true, CALL_FAILURE_NONE, ""},
	{CONFIG_CALL_RING, 0, true, CALL_FAILURE_NONE, ""},
	{CONFIG_CALL_RING, 486, false, CALL_FAILURE_REJECTED, REJECTED},
	{CONFIG_CALL_RING, 487, false, CALL_FAILURE_NO_RINGING, NO_RINGING},
	{CONFIG_CALL_RING, 0, false, CALL_FAILURE_NO_RINGING, NO_RINGING},
	{CONFIG_CALL_ECHO, 487, true, CALL_FAILURE_NO_ANSWER, NO_ANSWER},
	{CONFIG_CALL_ECHO, 0, true, CALL_FAILURE_NO_ANSWER, NO_ANSWER},
	{CONFIG_CALL_ECHO, 299, false, CALL_FAILURE_NO_RINGING, NO_RINGING},
	{CONFIG_CALL_ECHO, 300, false, CALL_FAILURE_REJECTED, REDIRECTED},
	{CONFIG_CALL_ECHO, 399, false, CALL_FAILURE_REJECTED, REDIRECTED},
	{CONFIG_CALL_ECHO, 400, false, CALL_FAILURE_REJECTED, REJECTED},
	{CONFIG_CALL_ECHO, 415, true, CALL_FAILURE_CODEC, NO_CODEC},
	{CONFIG_CALL_ECHO, 488, true, CALL_FAILURE_CODEC, NO_CODEC},
	{CONFIG_CALL_ECHO, 606, false, CALL_FAILURE_CODEC, NO_CODEC},
	{CONFIG_CALL_ECHO, 603, false, CALL_FAILURE_REJECTED, REJECTED},
};

static void test_unanswered(void)
{
	for (size_t i = 0; i < sizeof(code_rows) / sizeof(code_rows[0]); i++) {
		const struct code_row *r = &code_rows[i];
		struct config_call conf = {.mode = r->mode};
		struct call_outcome o = {
			.outcome = PROBE_RESPONSE, .code = r->code, .given_up = true};

		o.report = call_report_none();
		o.report.ended = true;
		call_verdict(&o, &conf, r->ringing);
		is_int(o.report.failure, r->failure, "its failure");
		is_str(o.detail, r->detail, "its words");
		is_int(o.verdict, r->failure ? PROBE_DOWN : PROBE_UP, "its verdict");
		is_int(o.outcome, r->code || !r->failure ? PROBE_RESPONSE : PROBE_TIMEOUT,
		       "its outcome");
	}
}

/* What went wrong first is what is told. */
static void test_first_words(void)
{
	struct config_call conf = {.mode = CONFIG_CALL_ECHO};
	struct call_outcome o = outcome_of(&rows[0]);

	o.report.failure = CALL_FAILURE_ENDED_EARLY;
	snprintf(o.detail, sizeof(o.detail), "the peer hung up");
	media.near.in.heard = MEDIA_HEARD_NOTHING;
	call_verdict(&o, &conf, true);
	is_int(o.report.failure, CALL_FAILURE_ENDED_EARLY, "hung up: the failure stays");
	is_str(o.detail, "the peer hung up", "and its words");
	o = outcome_of(&rows[0]);
	o.report.late = true;
	snprintf(o.detail, sizeof(o.detail), "answered too late");
	call_verdict(&o, &conf, true);
	is_int(o.report.failure, CALL_FAILURE_NO_ANSWER, "a late answer is none");
	is_str(o.detail, "answered too late", "and keeps its words");
}

/* A success has a time, also where no final response came: that of the ringing. */
static void test_rang(void)
{
	struct config_call conf = {.mode = CONFIG_CALL_RING};
	struct call_outcome o = {.outcome = PROBE_RESPONSE};

	o.report = call_report_none();
	o.report.made = true;
	o.report.post_dial_ns = 7;
	call_verdict(&o, &conf, true);
	ok(o.outcome == PROBE_RESPONSE && o.verdict == PROBE_DEGRADED &&
		   o.report.response_ns == 7,
	   "it rang, and no final response came");
}

int main(void)
{
	test_quality();
	test_spared();
	test_heard();
	test_either_end();
	test_unanswered();
	test_first_words();
	test_rang();
	is_str(call_failure_name(CALL_FAILURES), "", "there is no other");
	for (int i = 1; i < CALL_FAILURES; i++)
		ok(*call_failure_name((enum call_failure)i), "failure %d has a name", i);
	is_str(call_mode_name(CONFIG_CALL_LOOP), "loop",
	       "a mode has the name of its setting");
	is_str(call_mode_name(CONFIG_CALL_LOOP + 1), "", "there is no other mode");
	return tap_done();
}
