#include "sipprobe/engine/trace.h"

#include <string.h>

#include "base/clock.h"
#include "sipprobe/engine/engine_private.h"
#include "sipprobe/engine/ondemand_private.h"
#include "sipprobe/way/way.h"

/* A proxy that waits for a hop behind it that is dead says so after seconds. */
#define TRACE_SIP_TIMEOUT_US INT64_C(2000000)

struct trace {
	struct engine *engine;
	struct config *held;
	char *uri;
	char *name; /* or NULL */
	char *path; /* or NULL */
	struct config_settings settings;
	struct config_trunk trunk;
	struct ondemand_address peer;
	struct way *way;
	struct ondemand *question; /* with Max-Forwards; NULL: none under way */
	struct trace_report report;
	bool any_port;
	bool sip_hops;
	bool by_hand;
	trace_h *h;
	void *arg;
};

static void trace_destructor(void *arg)
{
	struct trace *t = arg;

	ondemand_cancel(t->question);
	mem_deref(t->way);
	config_free(t->held);
	mem_deref(t->uri);
	mem_deref(t->name);
	mem_deref(t->path);
}

void trace_cancel(struct trace *t)
{
	mem_deref(t);
}

static void trace_finish(struct trace *t)
{
	const struct engine_events *events = t->engine->group.events;

	t->report.ended = true;
	if (t->name && events->traced_h)
		events->traced_h(t->name, &t->report, t->by_hand, t->engine->group.arg);
	t->h(&t->report, t->arg);
	mem_deref(t);
}

static void trace_copy_text(char *out, size_t size, const char *p, size_t len)
{
	size_t n = len < size - 1 ? len : size - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = p[i] >= 0x20 && p[i] < 0x7f ? p[i] : '?';
	out[n] = '\0';
}

/* The value of a field in a message of a ladder. Returns whether it has one. */
static bool trace_field(char *out, size_t size, const char *text, size_t len,
			const char *name)
{
	size_t name_len = strlen(name);
	const char *end = text + len, *line = text, *next;

	for (; line < end; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (!next)
			break;
		if ((size_t)(next - line) <= name_len || line[name_len] != ':' ||
		    strncasecmp(line, name, name_len) != 0)
			continue;
		line += name_len + 1;
		while (line < next && *line == ' ')
			line++;
		len = (size_t)(next - line);
		trace_copy_text(out, size, line, len - (len && line[len - 1] == '\r'));
		return true;
	}
	return false;
}

/* Who answered: all that tells one SIP hop from the next. */
static void trace_server(struct trace_sip_hop *hop, const struct ladder *l)
{
	for (unsigned i = l->count; i--;) {
		const struct ladder_entry *e = &l->entries[i];

		if (e->kind != LADDER_RECEIVED)
			continue;
		if (!trace_field(hop->server, sizeof(hop->server), e->text, e->len,
				 "Server"))
			(void)trace_field(hop->server, sizeof(hop->server), e->text,
					  e->len, "User-Agent");
		return;
	}
}

static void trace_ask(struct trace *t);

static void trace_sip_answer_h(const struct ondemand_report *r, void *arg)
{
	struct trace *t = arg;
	struct trace_sip_hop *hop = &t->report.sip[t->report.sip_count];
	const struct probe_result *result = &r->result;

	t->question = NULL;
	*hop = (struct trace_sip_hop){
		.max_forwards = t->report.sip_count,
		.outcome = (uint8_t)result->outcome,
		.code = (uint16_t)result->code,
		.rtt_ns = result->phase_ns[PROBE_PHASE_ANSWER],
	};
	trace_copy_text(hop->phrase, sizeof(hop->phrase), result->phrase,
			strlen(result->phrase));
	if (r->count)
		trace_server(hop, &r->answers[0].ladder);
	t->report.sip_count++;
	if (hop->code == 483 && t->report.sip_count < TRACE_SIP_HOPS) {
		t->h(&t->report, t->arg);
		trace_ask(t);
	} else {
		trace_finish(t);
	}
}

static void trace_ask(struct trace *t)
{
	const unsigned max_forwards = t->report.sip_count;
	const struct ondemand_request rq = {
		.uri = t->uri,
		.path = t->path,
		.name = t->name,
		.settings = &t->settings,
		.conf = t->held,
		.methods = 1U << CONFIG_METHOD_OPTIONS,
		.timeout_us = t->settings.timeout_us < TRACE_SIP_TIMEOUT_US
				      ? t->settings.timeout_us
				      : TRACE_SIP_TIMEOUT_US,
		.ladder = true,
		.any_port = t->any_port,
		.only = &t->peer,
		.max_forwards = &max_forwards,
	};

	if (ondemand_start(&t->question, t->engine, &rq, trace_sip_answer_h, t))
		trace_finish(t);
}

static void trace_way_h(bool over, void *arg)
{
	struct trace *t = arg;
	unsigned end = trace_end(&t->report);
	bool answered = end && t->report.hops[end - 1].answer == TRACE_ANSWERED;

	if (!over)
		t->h(&t->report, t->arg);
	else if (t->sip_hops && answered && !t->report.err)
		trace_ask(t);
	else
		trace_finish(t);
}

static int trace_setup(struct trace *t, const struct trace_task *task)
{
	int err = str_dup(&t->uri, task->uri);

	if (!err && task->name)
		err = str_dup(&t->name, task->name);
	if (!err && task->path)
		err = str_dup(&t->path, task->path);
	if (err)
		return err;
	t->held = config_keep(task->conf);
	t->settings = *task->settings;
	if (task->any_port)
		t->settings.local.port = 0;
	t->trunk = (struct config_trunk){
		.name = t->name ? t->name : "", .uri = t->uri, .settings = &t->settings};
	t->peer.a = task->address;
	t->any_port = task->any_port;
	t->sip_hops = task->sip_hops;
	t->by_hand = task->by_hand;
	return 0;
}

int trace_start(struct trace **tp, struct engine *e, const struct trace_task *task,
		trace_h *h, void *arg)
{
	struct trace *t = mem_zalloc(sizeof(*t), trace_destructor);
	int err;

	if (!t)
		return ENOMEM;
	t->engine = e;
	t->h = h;
	t->arg = arg;
	err = trace_setup(t, task);
	if (!err)
		err = way_start(
			&t->way,
			&(struct way_request){.trunk = &t->trunk,
					      .peer = task->address.sa,
					      .transport = task->address.transport,
					      .silent = task->silent,
					      .agent = e->services.agent,
					      .ticker = e->services.ticker,
					      .sockets = e->services.sockets},
			&t->report, trace_way_h, t);
	if (err)
		mem_deref(t);
	else
		*tp = t;
	return err;
}
