/* What a target's peer is asked besides its probes. */
#include "sipprobe/survey/survey.h"
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

static void target_surveyed_destructor(void *arg)
{
	struct target_surveyed *s = arg;

	mem_deref(s->survey);
}

int target_survey_alloc(struct target *t)
{
	struct target_surveyed *s;
	int err;

	if (!target_settings(t)->size || t->prober != &prober_options ||
	    t->address.transport != CONFIG_TRANSPORT_UDP ||
	    !t->group->events->survey_size_h)
		return 0;
	s = mem_zalloc(sizeof(*s), target_surveyed_destructor);
	if (!s)
		return ENOMEM;
	s->host = (struct survey_host){.ticker = target_services(t)->ticker,
				       .peer = &t->address.sa,
				       .method = t->prober->method,
				       .settings_h = survey_settings_h,
				       .make_h = survey_make_h,
				       .size_h = survey_size_h,
				       .arg = t};
	err = survey_alloc(&s->survey, &s->host);
	if (err)
		mem_deref(s);
	else
		t->surveyed = s;
	return err;
}

void target_survey_probed(struct target *t, const struct probe_result *r)
{
	if (t->surveyed && !t->unregistration)
		survey_probed(t->surveyed->survey,
			      r->outcome == PROBE_RESPONSE &&
				      r->verdict != PROBE_DOWN &&
				      t->health.state != HEALTH_DOWN);
}
