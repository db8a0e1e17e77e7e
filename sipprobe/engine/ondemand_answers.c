/*
 * The answers of a probe on demand, collected from its targets and summed up; and the
 * trace that it may end with, to the one that decides.
 */
#include <stdlib.h>
#include <string.h>

#include "sipprobe/engine/ondemand_private.h"

void ondemand_answers_free(struct ondemand *o)
{
	for (unsigned i = 0; i < o->count; i++) {
		free(o->answers[i].ladder_text);
		call_media_free(o->answers[i].media);
		chain_unref(o->answers[i].chain);
	}
	free(o->answers);
	o->answers = NULL;
	o->count = 0;
}

static enum health_state state_of(enum probe_verdict v)
{
	static const enum health_state states[] = {
		[PROBE_UP] = HEALTH_UP,
		[PROBE_DEGRADED] = HEALTH_DEGRADED,
		[PROBE_DOWN] = HEALTH_DOWN,
	};

	return states[v];
}

/*
 * Best first: addresses that work before those that do not, then as DNS prefers; of one
 * address what makes it what it is; then the faster.
 */
static int by_merit(const void *a, const void *b)
{
	const struct ondemand_answer *x = a, *y = b;
	int64_t x_ns = x->result.phase_ns[PROBE_PHASE_ANSWER];
	int64_t y_ns = y->result.phase_ns[PROBE_PHASE_ANSWER];

	if (x->address_verdict != y->address_verdict)
		return x->address_verdict < y->address_verdict ? -1 : 1;
	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	if (x->result.verdict != y->result.verdict)
		return x->result.verdict > y->result.verdict ? -1 : 1;
	return x_ns < y_ns ? -1 : x_ns > y_ns;
}

/* The last answer that makes its address what it is. */
static const struct ondemand_answer *answers_worst(const struct ondemand *o)
{
	const struct ondemand_answer *a = &o->answers[o->count - 1];

	while (a > o->answers && a->result.verdict != a->address_verdict)
		a--;
	return a;
}

/*
 * With "all" it is the worst address that decides, with "primary" the best of those that
 * DNS prefers, else the best of all. What is down altogether is so by its worst.
 */
static const struct ondemand_answer *answers_decisive(const struct ondemand *o)
{
	const struct ondemand_answer *a = &o->answers[0];

	if (o->settings.up_when == CONFIG_UP_WHEN_ALL || o->report.state == HEALTH_DOWN)
		return answers_worst(o);
	for (unsigned i = 1; i < o->count; i++)
		if (o->settings.up_when == CONFIG_UP_WHEN_PRIMARY &&
		    o->answers[i].priority < a->priority)
			a = &o->answers[i];
	return a;
}

bool ondemand_same_address(const struct ondemand_answer *a,
			   const struct ondemand_answer *b)
{
	return !strcmp(a->address, b->address) && !strcmp(a->transport, b->transport);
}

/* An address is as well as the worst of its answers. Returns how many there are. */
static size_t sum_addresses(struct ondemand *o, struct health_member *members)
{
	size_t count = 0;

	for (unsigned i = 0; i < o->count; i++) {
		struct ondemand_answer *a = &o->answers[i];
		bool first = true;

		a->address_verdict = a->result.verdict;
		for (unsigned k = 0; k < o->count; k++) {
			const struct ondemand_answer *b = &o->answers[k];

			if (!ondemand_same_address(a, b))
				continue;
			first = first && k >= i;
			if (b->result.verdict > a->address_verdict)
				a->address_verdict = b->result.verdict;
		}
		if (first)
			members[count++] = (struct health_member){
				.state = state_of(a->address_verdict),
				.priority = a->priority,
			};
	}
	return count;
}

void ondemand_sum_up(struct ondemand *o)
{
	struct health_member members[ONDEMAND_ADDRESSES_MAX];
	struct ondemand_report *r = &o->report;
	size_t count = sum_addresses(o, members);

	qsort(o->answers, o->count, sizeof(o->answers[0]), by_merit);
	r->state = health_rollup(members, count, o->settings.up_when);
	r->decisive = answers_decisive(o);
	r->result = r->decisive->result;
}

/* What a call heard is told for a moment: the report is later. */
static void answer_keep_media(struct ondemand_answer *a, const struct call_media *media)
{
	a->media = media ? call_media_copy(media, true) : NULL;
	if (!a->media)
		a->result.call.has_media = a->result.call.has_far = false;
	a->result.call.media = a->media;
}

void ondemand_answered(struct ondemand *o, struct ondemand_answer *a,
		       const struct probe_result *r)
{
	if (a->done)
		return;
	a->done = true;
	a->result = *r;
	answer_keep_media(a, r->call.media);
	if (--o->pending == 0)
		ondemand_deliver_soon(o);
}

static void *target_add(void *row, const struct engine_target *target, void *arg)
{
	struct ondemand *o = arg;
	struct ondemand_answer *a = &o->answers[o->count++];

	(void)row;
	str_ncpy(a->address, target->address, sizeof(a->address));
	a->transport = target->transport;
	a->method = target->method;
	return a;
}

/* Asked on demand, a trunk that binds is judged as the schedule judges it. */
static bool binds(const struct ondemand *o, const struct ondemand_answer *a)
{
	const struct config_register *reg = o->shared->registration;

	return reg && reg->bind && !strcmp(a->method, "REGISTER");
}

static void probe_done(void *cell, const struct probe_result *result, void *arg)
{
	struct probe_result r = *result;
	const struct ondemand *o = arg;

	if (binds(o, cell) && (r.outcome != PROBE_RESPONSE || r.code >= 300))
		r.verdict = health_unbound(r.verdict, false, HEALTH_UNKNOWN);
	ondemand_answered(arg, cell, &r);
}

static void answers_certificate(void *cell, const struct engine_certificate *c, void *arg)
{
	struct ondemand_answer *a = cell;

	(void)arg;
	a->certificate = *c;
	a->has_certificate = true;
}

static void answers_chain(void *cell, struct chain *c, void *arg)
{
	struct ondemand_answer *a = cell;

	(void)arg;
	chain_unref(a->chain);
	a->chain = chain_ref(c);
}

static void answers_rehearsal(void *cell, const struct rehearsal *r, void *arg)
{
	struct ondemand_answer *a = cell;

	(void)arg;
	a->rehearsal = *r;
}

static bool ladder_wanted(void *cell, const struct probe_result *result, void *arg)
{
	const struct ondemand_answer *a = cell;
	const struct ondemand *o = arg;

	(void)result;
	return o->ladder && !a->ladder_text;
}

/* Its texts are good during the call only: they move into one block of ours. */
static void probe_ladder(void *cell, const struct probe_result *result,
			 const struct ladder *ladder, void *arg)
{
	struct ondemand_answer *a = cell;
	size_t size = 1;
	char *to;

	(void)result;
	(void)arg;
	for (unsigned i = 0; i < ladder->count; i++)
		size += ladder->entries[i].len;
	to = malloc(size);
	if (!to)
		return;
	a->ladder_text = to;
	a->ladder = *ladder;
	for (unsigned i = 0; i < ladder->count; i++) {
		struct ladder_entry *e = &a->ladder.entries[i];

		if (e->len)
			memcpy(to, e->text, e->len);
		e->text = to;
		to += e->len;
	}
}

const struct probe_events ondemand_events = {
	.target_add_h = target_add,
	.probe_done_h = probe_done,
	.certificate_h = answers_certificate,
	.chain_h = answers_chain,
	.rehearsal_h = answers_rehearsal,
	.ladder_wanted_h = ladder_wanted,
	.probe_ladder_h = probe_ladder,
};

static void ondemand_trace_tell(struct ondemand *o, const struct trace_report *r)
{
	if (o->trace_h)
		o->trace_h(&o->report, r, o->arg);
}

static void ondemand_traced_h(const struct trace_report *r, void *arg)
{
	struct ondemand *o = arg;

	ondemand_trace_tell(o, r);
	if (!r->ended)
		return;
	o->trace = NULL;
	o->traced = *r;
	o->report.trace = &o->traced;
	ondemand_deliver_soon(o);
}

/* The address whose answer the report rests on. */
static const struct resolve_address *ondemand_decisive_address(const struct ondemand *o)
{
	const struct ondemand_answer *a = o->report.decisive;
	char text[sizeof(a->address)];

	for (unsigned i = 0; a && i < o->count; i++) {
		const struct resolve_address *r = target_address(o->targets[i]);

		(void)re_snprintf(text, sizeof(text), "%J", &r->sa);
		if (!strcmp(text, a->address) &&
		    !strcmp(config_transport_name(r->transport), a->transport))
			return r;
	}
	return NULL;
}

bool ondemand_trace(struct ondemand *o)
{
	const struct resolve_address *address;
	struct trace_task task;

	if (!o->traces)
		return false;
	o->traces = false;
	address = ondemand_decisive_address(o);
	if (!address)
		return false;
	task = (struct trace_task){
		.uri = o->text,
		.name = o->conf.name[0] ? o->conf.name : NULL,
		.path = o->path,
		.settings = o->shared,
		.conf = o->held,
		.address = *address,
		.any_port = o->any_port,
		.sip_hops = true,
		.silent = o->report.result.outcome == PROBE_TIMEOUT,
		.by_hand = true,
	};
	o->traced.transport = config_transport_name(address->transport);
	(void)re_snprintf(o->traced.address, sizeof(o->traced.address), "%J",
			  &address->sa);
	o->traced.err = trace_start(&o->trace, o->engine, &task, ondemand_traced_h, o);
	if (!o->traced.err)
		return true;
	o->traced.ended = true;
	o->report.trace = &o->traced;
	ondemand_trace_tell(o, &o->traced);
	return false;
}
