/* What a target's peer is asked besides its probes. */
#include "sipprobe/survey/size_verdict.h"
#include "sipprobe/survey/survey.h"
#include "sipprobe/target/peers.h"
#include "sipprobe/target/probers.h"
#include "sipprobe/target/target_probe.h"
#include "sipprobe/target/target_state.h"

static const struct config_settings *survey_settings_h(void *arg)
{
	return target_settings(arg);
}

static int survey_make_h(struct request *r, const struct survey_question *q, void *arg)
{
	const struct target *t = arg;
	struct request_info info;
	int err;

	target_request_info(t, &info, q->local);
	info.fields = q->fields;
	info.via = q->via;
	err = request_make(r, &info);
	return err ? err : request_stamp(r);
}

static void survey_size_h(const struct survey_size_report *r, void *arg)
{
	const struct target *t = arg;

	if (t->cell)
		t->group->events->survey_size_h(t->cell, r, t->group->arg);
}

static void survey_train_h(const struct survey_train_report *r, void *arg)
{
	const struct target *t = arg;

	if (t->cell)
		t->group->events->survey_train_h(t->cell, r, t->group->arg);
}

/* Who asks when what is sent to its address, and for when. */
struct survey_around {
	struct survey_times *out;
	const struct target *self;
	int64_t from_ns;
	int64_t to_ns;
};

/* A check of sizes that is due with a probe; it waits for others' checks itself. */
static void survey_check_times(struct survey_times *out, const struct target *t,
			       unsigned nth, int64_t at_ns)
{
	if (!out->checks || !t->more->surveyed ||
	    !survey_checks_with(t->more->surveyed->survey, nth))
		return;
	for (unsigned i = 0; i < SIZE_QUESTIONS; i++)
		survey_times_add(out, at_ns);
}

static void survey_probe_times(struct survey_around *a, const struct target *t)
{
	int64_t copied_ns = attempt_copied_ns(t);
	int64_t every_ns = target_settings(t)->interval_us * CLOCK_NS_PER_US;
	unsigned nth = 0;

	if (t->begun_ns > a->from_ns)
		survey_times_add(a->out, t->begun_ns);
	/* Its last copy, and its next one. */
	if (copied_ns > a->from_ns)
		survey_times_add(a->out, copied_ns);
	if (t->pending && t->attempt->resend_ns)
		survey_times_add(a->out, t->attempt->resend_ns);
	if (t->pending)
		return;
	for (int64_t at_ns = t->due_ns;
	     at_ns < a->to_ns && a->out->count <= SURVEY_BUDGET_TIMES;
	     at_ns += every_ns) {
		survey_times_add(a->out, at_ns);
		survey_check_times(a->out, t, ++nth, at_ns);
	}
}

static void survey_row_h(void *row, int fit, void *arg)
{
	struct survey_around *a = arg;
	const struct target *t = row;

	(void)fit;
	/* Thousands of trunks may have one address. */
	if (a->out->count > SURVEY_BUDGET_TIMES || t->owner->paused)
		return;
	survey_probe_times(a, t);
	if (t != a->self && t->more->surveyed)
		survey_times(t->more->surveyed->survey, a->out);
}

static void survey_times_h(struct survey_times *out, int64_t ahead_ns, void *arg)
{
	const struct target *t = arg;
	int64_t span_ns = SURVEY_BUDGET_MS * CLOCK_NS_PER_MS;
	struct survey_around a = {.out = out, .self = t};

	a.from_ns = clock_monotonic_ns() - span_ns;
	a.to_ns = clock_monotonic_ns() + ahead_ns + span_ns;
	peers_each(t->group->peers, &t->address.sa, CONFIG_TRANSPORT_UDP, survey_row_h,
		   &a);
}

static void target_surveyed_destructor(void *arg)
{
	struct target_surveyed *s = arg;

	mem_deref(s->survey);
}

int target_survey_alloc(struct target *t)
{
	struct target_surveyed *s;
	struct target_more *more;
	int err;

	if (!(target_settings(t)->size || target_settings(t)->train) ||
	    t->prober != &prober_options ||
	    t->address.transport != CONFIG_TRANSPORT_UDP ||
	    !t->group->events->survey_size_h)
		return 0;
	more = target_more(t);
	s = more ? mem_zalloc(sizeof(*s), target_surveyed_destructor) : NULL;
	if (!s)
		return ENOMEM;
	s->host = (struct survey_host){.ticker = target_services(t)->ticker,
				       .peer = &t->address.sa,
				       .method = t->prober->method,
				       .settings_h = survey_settings_h,
				       .make_h = survey_make_h,
				       .size_h = survey_size_h,
				       .train_h = survey_train_h,
				       .times_h = survey_times_h,
				       .arg = t};
	err = survey_alloc(&s->survey, &s->host);
	if (err)
		mem_deref(s);
	else
		more->surveyed = s;
	return err;
}

void target_survey_probed(struct target *t, const struct probe_result *r)
{
	if (t->more->surveyed)
		survey_probed(t->more->surveyed->survey,
			      r->outcome == PROBE_RESPONSE && r->verdict != PROBE_DOWN &&
				      t->health.state != HEALTH_DOWN);
}
