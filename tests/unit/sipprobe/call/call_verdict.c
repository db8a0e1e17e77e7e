/* What calls say of their trunk: quality, ends that were not confirmed, words. */
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
	struct call_outcome o = {.outcome = PROBE_RESPONSE, .code = 200};

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
	struct config_call conf = {.mode = CONFIG_CALL_ANSWER, .degraded = limits};
	struct call_outcome o = outcome_of(&rows[1]);

	media.near.in.heard = MEDIA_HEARD_NOTHING;
	call_verdict(&o, &conf, true);
	is_int(o.verdict, PROBE_UP, "answer is up whatever was heard");
	conf = (struct config_call){.mode = CONFIG_CALL_ECHO};
	o = outcome_of(&rows[1]);
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
	test_rang();
	for (int i = 1; i < CALL_FAILURES; i++)
		ok(*call_failure_name((enum call_failure)i), "failure %d has a name", i);
	return tap_done();
}
