#include "tests/simulation/calls/dialler.h"

#include "tests/simulation/faults.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/chance.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/process.h"
#include "tests/simulation/trace.h"

enum {
	STREAM = 12,		/* of the seed */
	STREAM_TRUNKS = 700000, /* the first trunk's */
	STREAM_BARS = 750000,
	BARRED_MIN = 4, /* minutes; ten times as many at most */
	PORT_FIRST = 20000,
	PORTS_SPARE = 8, /* besides two pairs for each call that may be open */
	SWITCHED_S = 1,	 /* all are told by then */
};

struct dials dials;

static uint64_t stream;

void dialler_limits(unsigned an_hour)
{
	stream = chance_stream(fleet.seed, STREAM);
	dials.at_once = (unsigned)chance_between(&stream, 1, 8);
	dials.an_hour = (unsigned)chance_between(&stream, 5, 40);
	dials.a_day = (unsigned)chance_between(&stream, 50, 400);
	if (an_hour) {
		dials.an_hour = an_hour;
		dials.a_day = an_hour * 24 < 100000 ? an_hour * 24 : 100000;
		dials.at_once = 200;
	}
	dials.loops = fleet.seed % 2 == 0 && faults_has(FAULT_CALLS);
}

static unsigned dialler_ports(void)
{
	return 4 * dials.at_once + PORTS_SPARE;
}

bool dialler_is_audio(uint16_t port)
{
	return port >= PORT_FIRST && port < PORT_FIRST + dialler_ports();
}

struct dialler *dialler_make(const struct trunk *t)
{
	static const int64_t intervals[] = {60, 60, 120, 300};
	struct dialler *d;
	uint64_t s = chance_stream(fleet.seed, STREAM_TRUNKS + t->number);

	if (t->number % 7 != 3 || !faults_has(FAULT_CALLS))
		return NULL;
	d = memory_get(sizeof(*d));
	d->mode = (enum dial_mode)chance_below(&s, DIAL_MODES);
	if (d->mode == DIAL_LOOP && !dials.loops)
		d->mode = DIAL_ECHO;
	d->interval_ns = intervals[chance_below(&s, 4)] * WORLD_S;
	d->duration_ns = chance_of(&s, 100000) ? chance_between(&s, 10, 60) * WORLD_S
					       : chance_between(&s, 1, 6) * WORLD_S;
	d->answer_ns = chance_between(&s, 3, 40) * WORLD_S;
	d->ring_ns = chance_below(&s, 3) * WORLD_S;
	return d;
}

void dialler_write_limits(FILE *f)
{
	if (!faults_has(FAULT_CALLS))
		return;
	(void)fprintf(f,
		      "\"calls\":{\"numbers\":[\"" DIALLER_NUMBER "\"],"
		      "\"max_concurrent\":%u,\"max_per_hour\":%u,\"max_per_day\":%u,"
		      "\"media\":{\"ports\":\"%d-%u\",\"networks\":"
		      "[\"10.0.0.0/16\",\"10.255.0.1/32\",\"fd00::/96\"]}},",
		      dials.at_once, dials.an_hour, dials.a_day, PORT_FIRST,
		      PORT_FIRST + dialler_ports() - 1);
}

void dialler_write(FILE *f, const struct trunk *t)
{
	static const char *const modes[DIAL_MODES] = {"ring", "answer", "echo", "loop"};
	const struct dialler *d = t->dial;

	(void)fprintf(f,
		      ",\"call\":{\"mode\":\"%s\",\"to\":\"" DIALLER_NUMBER
		      "\",\"interval\":\"%llds\",\"duration\":\"%llds\","
		      "\"answer_timeout\":\"%llds\",\"ring_for\":\"%llds\"}",
		      modes[d->mode], (long long)(d->interval_ns / WORLD_S),
		      (long long)(d->duration_ns / WORLD_S),
		      (long long)(d->answer_ns / WORLD_S),
		      (long long)(d->ring_ns / WORLD_S));
}

/* --- the switch --- */

static void dialler_later(int64_t mean_ns, world_h *h)
{
	world_in(chance_between(&stream, mean_ns / 10, 2 * mean_ns), h, NULL);
}

static void dialler_silence_h(void *arg)
{
	(void)arg;
	if (dials.stopped && !world_stalled_ns(dials.switched_ns))
		judge(ON_SWITCHED, &(struct occasion){.since_ns = dials.switched_ns});
}

static void dialler_stop_h(void *arg)
{
	(void)arg;
	dials.stopped = true;
	dials.switched_ns = world_now_ns();
	trace(NULL, "(all calls are stopped)", "", "", 0);
	process_stop_calls();
	world_in(SWITCHED_S * WORLD_S, dialler_silence_h, NULL);
}

void dialler_go_on(void)
{
	dials.stopped = false;
}

static void dialler_start_h(void *arg)
{
	(void)arg;
	trace(NULL, "(calls may be made)", "", "", 0);
	process_start_calls();
	dialler_go_on();
}

static void dialler_switch_h(void *arg)
{
	(void)arg;
	world_post(dials.stopped ? dialler_start_h : dialler_stop_h, NULL);
	dialler_later(dials.stopped ? 2 * WORLD_HOUR : 10 * WORLD_MIN, dialler_switch_h);
}

/* As when the carrier bars the account: pings are answered as ever. */
static void dialler_bar_h(void *arg)
{
	struct trunk *t = arg;
	struct dialler *d = t->dial;

	d->barred = !d->barred;
	trace(t, d->barred ? "(calls are barred)" : "(calls pass)", "", "", 0);
	world_in(chance_between(&d->bars_stream, BARRED_MIN, 10 * BARRED_MIN) * WORLD_MIN,
		 dialler_bar_h, t);
}

static void dialler_begin_bars(struct trunk *t)
{
	if (!t->dial)
		return;
	t->dial->bars_stream = chance_stream(fleet.seed, STREAM_BARS + t->number);
	world_in(chance_between(&t->dial->bars_stream, 1, 10 * BARRED_MIN) * WORLD_MIN,
		 dialler_bar_h, t);
}

void dialler_begin(void)
{
	if (faults_has(FAULT_CALLS))
		dialler_later(2 * WORLD_HOUR, dialler_switch_h);
	for (struct trunk *t = fleet_next(NULL); t; t = fleet_next(t))
		if (faults_has(FAULT_BARRED))
			dialler_begin_bars(t);
}
