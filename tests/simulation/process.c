#include "tests/simulation/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "exporter/store/store.h"
#include "sipprobe/engine.h"
#include "tests/simulation/calls/dialler.h"
#include "tests/simulation/calls/ledger.h"
#include "tests/simulation/kernel/fds.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/kernel/memory.h"
#include "tests/simulation/registrar.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/witness.h"
#include "tests/simulation/kernel/world.h"

enum { REMEMBERED = 60, REMEMBERED_BYTES = 4 << 20 };

static struct {
	struct engine *engine;
	struct store *store;
	struct config *conf;
	bool stopped;
} process;

struct store *process_store(void)
{
	return process.store;
}

/* What cannot be is not to be: the simulator's own configuration is at fault. */
static void process_die(const char *what, const char *why)
{
	printf("sim: %s: %s\n", what, why);
	exit(2);
}

static int process_parse(struct config **cp)
{
	struct config_errors errs = {0};
	char *text;
	int err;

	world_leave();
	text = fleet_config();
	world_return();
	err = config_parse(cp, text, strlen(text), "sim.json", &errs);
	if (err && !memory_failed()) {
		config_errors_print(&errs, stdout);
		process_die("configuration", strerror(err));
	}
	config_errors_clear(&errs);
	free(text);
	return err;
}

static void process_apply(void)
{
	struct config *conf;
	char why[256] = "";
	int err = process_parse(&conf);

	if (err)
		return;
	store_change_begin(process.store);
	err = engine_apply(process.engine, conf, why, sizeof(why));
	store_change_end(process.store);
	if (err) {
		trace(NULL, "a reload failed", strerror(err), " errno ", err);
		config_free(conf);
		if (err != ENOMEM && err != EMFILE)
			process_die("reload", why);
		return;
	}
	witness_applied();
	dialler_go_on();
	if (process.conf)
		config_free(process.conf);
	process.conf = conf;
}

void process_reload_h(void *arg)
{
	(void)arg;
	process_apply();
}

void process_begin(void)
{
	static const double buckets[] = {0.005, 0.01, 0.025, 0.05, 0.1,
					 0.25,	0.5,  1,     2.5};

	/* Calls that may not have ended are errors by its word, and a matter of course
	 * here. */
	log_setup((enum log_level)(LOG_LEVEL_ERROR + 1), LOG_FORMAT_LOGFMT);
	if (store_alloc(&process.store, buckets, sizeof(buckets) / sizeof(buckets[0])))
		process_die("store", "no memory");
	/* Which costs a third of all time: by some seeds only. */
	if (fleet.seed % 4 == 0)
		store_remember(process.store, REMEMBERED, REMEMBERED_BYTES);
	if (engine_alloc(&process.engine, "sim", &witness_events, process.store))
		process_die("engine", "no memory");
	process_apply();
}

static void process_free(void)
{
	engine_free(process.engine);
	if (process.conf)
		config_free(process.conf);
	process.conf = NULL;
	store_free(process.store);
}

/* Dead, it sends nothing; how it goes is ours to tell of, and nobody else's. */
void process_crash_h(void *arg)
{
	(void)arg;
	net_cut_off(true);
	fleet.crashed_ns = world_now_ns();
	fleet.over = true;
	process_free();
	fleet.over = false;
	net_cut_off(false);
	witness_restarted();
	ledger_forget();
	process_begin();
}

void process_stop_calls(void)
{
	(void)engine_calls_stop(process.engine);
}

void process_start_calls(void)
{
	engine_calls_go_on(process.engine);
}

static void process_stopped_h(void *arg)
{
	(void)arg;
	process.stopped = true;
}

static void process_stop_h(void *arg)
{
	(void)arg;
	engine_stop(process.engine, process_stopped_h, NULL);
}

void process_end(void)
{
	fleet.over = true;
	memory_fail(0, 0);
	fds_exhaust(false);
	world_post(process_stop_h, NULL);
	world_run(world_now_ns() + 2 * WORLD_S + world_stalled_ns(world_now_ns()));
	for (struct trunk *t = fleet_next(NULL); t; t = fleet_next(t))
		for (unsigned i = 0; i < FLEET_PEERS; i++)
			if (t->peers[i].registrar)
				judge(ON_STOPPED,
				      &(struct occasion){.trunk = t,
							 .peer = &t->peers[i]});
	judge(ON_END, &(struct occasion){.number = process.stopped ? 0 : -1});
	process_free();
	judge(ON_END, &(struct occasion){.number = fds_count()});
}
