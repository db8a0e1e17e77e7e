#include "exporter/ondemand/probe_cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "exporter/capture/trace_text.h"
#include "exporter/ondemand/probe_all.h"
#include "exporter/ondemand/probe_args.h"
#include "exporter/ondemand/probe_pcap.h"
#include "exporter/ondemand/probe_target.h"
#include "sipprobe/loop.h"

/* All that a run needs. */
struct run {
	struct probe_args args;
	struct config *conf;
	struct engine *engine;
	struct ondemand *probe;
	struct probe_all *all; /* with --all, in place of `probe` */
	struct probe_target target;
	struct buffer out;
	struct capture_trace traced; /* how far a trace was told */
	bool told;		     /* its probe was, before */
	const char *version;
	char why[256];
	int code;
	int lost; /* errno why something of what was found could not be written */
	bool interrupted;
};

/* Nobody listens: what the engine tells of trunks is of none. */
static void probe_cli_stray(int why, void *arg)
{
	(void)why;
	(void)arg;
}

static const struct engine_events no_events = {.stray_h = probe_cli_stray};

static void probe_cli_stopped_h(void *arg)
{
	(void)arg;
	loop_stop();
}

/* A call that is under way ends first; a second signal does not wait for that. */
static void probe_cli_signal_h(int sig, void *arg)
{
	struct run *run = arg;

	(void)sig;
	if (run->engine && !run->interrupted)
		engine_stop(run->engine, probe_cli_stopped_h, NULL);
	else
		loop_stop();
	run->interrupted = true;
}

/* Colour is for eyes: on a terminal that knows it, unless asked not to. */
static bool probe_cli_wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

static struct probe_output probe_cli_output(const struct run *run,
					    const struct ondemand_report *r)
{
	return (struct probe_output){
		.report = r,
		.trunk = run->target.trunk,
		.now_s = clock_wall_ns() / CLOCK_NS_PER_S,
		.colour = probe_cli_wants_colour(),
		.verbose = run->args.verbose,
		.warning = run->args.warning,
		.critical = run->args.critical,
		.days = run->args.has_days ? &run->args.days : NULL,
	};
}

/* What is told gives way to packets. */
static FILE *probe_cli_stream(const struct run *run)
{
	return probe_pcap_is_stdout(run->args.pcap) ? stderr : stdout;
}

/* What comes after something that was lost does not make up for it. */
static void probe_cli_write(struct run *run)
{
	FILE *stream = probe_cli_stream(run);
	const struct buffer *b = &run->out;
	int err = b->err;

	if (!err && b->len &&
	    (fwrite(b->data, 1, b->len, stream) != b->len || fflush(stream)))
		err = errno;
	if (!run->lost)
		run->lost = err;
	buffer_clear(&run->out);
}

/* A trace takes seconds: what is known is told at once, the probe before all. */
static void probe_cli_trace_h(const struct ondemand_report *r,
			      const struct trace_report *t, void *arg)
{
	struct run *run = arg;
	struct probe_output output = probe_cli_output(run, r);

	if (run->interrupted)
		return;
	if (!run->told) {
		output.traces = true;
		run->code = run->args.format->tell(&run->out, &output);
		buffer_str(&run->out, "\n");
	}
	run->told = true;
	capture_trace_more(&run->out, &run->traced, t);
	probe_cli_write(run);
}

static void probe_cli_done_h(const struct ondemand_report *r, void *arg)
{
	struct run *run = arg;
	const struct probe_output output = probe_cli_output(run, r);

	run->probe = NULL;
	if (run->interrupted)
		return;
	run->why[0] = '\0';
	if (!run->told)
		run->code = run->args.format->tell(&run->out, &output);
	else
		probe_text_why(&run->out, r);
	if (run->args.pcap && probe_pcap_write(run->args.pcap, &output, run->version)) {
		fprintf(stderr, "siptrunk_exporter: --pcap: %s: %s\n", run->args.pcap,
			strerror(errno));
		run->code = run->args.format->unknown;
	}
	loop_stop();
}

static int probe_cli_load_config(struct run *run)
{
	static const char empty[] = "{\"trunks\": []}";
	struct config_errors errs = {0};
	int err;

	if (run->args.config_file)
		err = config_load(&run->conf, run->args.config_file, &errs);
	else
		err = config_parse(&run->conf, empty, strlen(empty), NULL, &errs);
	if (err)
		snprintf(run->why, sizeof(run->why),
			 "the configuration %s cannot be used",
			 run->args.config_file ? run->args.config_file : "");
	config_errors_print(&errs, stderr);
	config_errors_clear(&errs);
	return err;
}

static int probe_cli_find_target(struct run *run)
{
	const struct config *c = run->conf;
	const struct config_trunk *trunk = NULL;

	for (size_t i = 0; i < c->trunk_count && !trunk; i++)
		if (!strcmp(c->trunks[i].name, run->args.target))
			trunk = &c->trunks[i];
	return probe_target_find(&run->target, c, trunk, run->args.target,
				 run->args.profile, run->args.methods, run->why,
				 sizeof(run->why));
}

/* A loop comes back to the exporter's own port, which this is not. */
static int probe_cli_check_loop(struct run *run)
{
	const struct config_call *call = run->target.settings->call;

	if (!(run->args.methods >> CONFIG_METHOD_INVITE & 1) || !call ||
	    call->mode != CONFIG_CALL_LOOP)
		return 0;
	snprintf(run->why, sizeof(run->why),
		 "a loop comes back to the exporter's sip.listen: ask it, with "
		 "/probe?target=%s&method=INVITE",
		 run->args.target);
	return EINVAL;
}

/* Its names and nothing else: no trunk of the file, and none of its ports. */
static int probe_cli_start_engine(struct run *run, const char *version)
{
	struct config bare = *run->conf;
	int err = engine_alloc(&run->engine, version, &no_events, NULL);

	bare.trunk_count = 0;
	bare.sip = (struct config_sip){0};
	bare.hep = (struct config_hep){0};
	return err ? err : engine_apply(run->engine, &bare, run->why, sizeof(run->why));
}

static int probe_cli_start_probe(struct run *run)
{
	const struct ondemand_request rq = {
		.uri = run->target.uri,
		.path = run->target.path,
		.settings = run->target.settings,
		.conf = run->conf,
		.methods = run->args.methods,
		.timeout_us = run->args.timeout_us,
		.trust_with = run->args.trust_with,
		.trust_at_s = run->args.trust_at_s,
		.name = run->target.trunk,
		.ladder = true,
		.any_port = true,
		.trace = run->args.trace,
		/* JSON is one object, at the end. */
		.trace_h =
			strcmp(run->args.format->name, "text") ? NULL : probe_cli_trace_h,
	};

	return ondemand_start(&run->probe, run->engine, &rq, probe_cli_done_h, run);
}

static int probe_cli_start(struct run *run)
{
	int err = probe_cli_start_engine(run, run->version);

	if (err)
		return err;
	if (run->args.all)
		return probe_all_start(&run->all, run->engine, &run->args, run->conf,
				       probe_cli_wants_colour(), run->why,
				       sizeof(run->why));
	return probe_cli_start_probe(run);
}

static int probe_cli_probe(struct run *run)
{
	int err = probe_cli_load_config(run);

	if (!err && !run->args.all)
		err = probe_cli_find_target(run);
	if (!err && !run->args.all)
		err = probe_cli_check_loop(run);
	if (!err)
		err = loop_init(probe_cli_signal_h, run);
	if (err)
		return err;
	err = probe_cli_start(run);
	if (!err)
		err = loop_run();
	if (!err && run->all)
		run->code = probe_all_tell(&run->out, run->all);
	if (!err && (run->probe || run->interrupted))
		snprintf(run->why, sizeof(run->why), "interrupted");
	probe_all_free(run->all);
	ondemand_cancel(run->probe);
	engine_free(run->engine);
	loop_close();
	return err;
}

static int probe_cli_print(struct run *run)
{
	probe_cli_write(run);
	if (!run->lost)
		return run->code;
	fprintf(stderr, "siptrunk_exporter: the answer cannot be written: %s\n",
		strerror(run->lost));
	return run->args.format->unknown;
}

static int probe_cli_help(struct run *run)
{
	errno = 0;
	probe_args_help(stdout);
	if (fflush(stdout) || ferror(stdout))
		run->lost = errno ? errno : EIO;
	run->code = 0;
	return probe_cli_print(run);
}

int probe_cli(int argc, char *const argv[], const char *version)
{
	struct run run = {.version = version};
	int err = probe_args_parse(&run.args, argc, argv, run.why, sizeof(run.why));

	if (!err && run.args.help)
		return probe_cli_help(&run);
	run.code = run.args.format->unknown;
	if (err)
		fputs("All flags: siptrunk_exporter probe --help\n", stderr);
	else
		err = probe_cli_probe(&run);
	if (err && !run.why[0])
		snprintf(run.why, sizeof(run.why), "%s", strerror(err));
	if (run.why[0]) {
		run.code = run.args.format->unknown;
		run.args.format->fail(&run.out, run.why);
	}
	config_free(run.conf);
	return probe_cli_print(&run);
}
