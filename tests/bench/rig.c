#include "tests/bench/rig.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "sipprobe/loop.h"

double rig_cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

struct sockaddr_in rig_target(unsigned i, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(0x7f010001 + i),
	};
}

static void *trunk_add_h(const struct config_trunk *trunk, void *arg)
{
	(void)trunk;
	return arg;
}
static void trunk_move_h(void *row, const struct config_trunk *trunk, void *arg)
{
	(void)row, (void)trunk, (void)arg;
}
static void trunk_remove_h(void *row, void *arg)
{
	(void)row, (void)arg;
}
static void trunk_state_h(void *row, const struct engine_change *change, void *arg)
{
	(void)row, (void)change, (void)arg;
}
static void addresses_h(void *row, unsigned total, unsigned up, void *arg)
{
	(void)row, (void)total, (void)up, (void)arg;
}
static void dns_failed_h(void *row, const char *detail, enum dns_hint hint, void *arg)
{
	(void)hint;
	(void)row, (void)detail, (void)arg;
}
static void *target_add_h(void *row, const struct engine_target *t, void *arg)
{
	(void)row, (void)t;
	return arg;
}
static void begin_h(void *cell, int64_t lag_ns, void *arg)
{
	(void)cell, (void)lag_ns, (void)arg;
}
static void done_h(void *cell, const struct probe_result *result, void *arg)
{
	struct rig *rig = arg;

	(void)cell;
	rig->done++;
	rig->answered += result->outcome == PROBE_RESPONSE;
	rig->retransmissions += result->retransmissions;
	if (rig->done_h)
		rig->done_h(result, rig->arg);
}
static void certificate_h(void *cell, const struct engine_certificate *c, void *arg)
{
	(void)cell, (void)c, (void)arg;
}
static void chain_h(void *cell, struct chain *chain, void *arg)
{
	(void)cell, (void)chain, (void)arg;
}
static void late_h(void *cell, void *arg)
{
	(void)cell, (void)arg;
}
static void shown_h(void *cell, unsigned traits, void *arg)
{
	(void)cell, (void)traits, (void)arg;
}
static void changed_h(void *cell, const struct peer_change *c, void *arg)
{
	(void)cell, (void)c, (void)arg;
}
static void inbound_h(void *row, const char *method, unsigned code, void *arg)
{
	(void)row, (void)method, (void)code, (void)arg;
}
static void stray_h(int why, void *arg)
{
	(void)why, (void)arg;
}

static const struct engine_events events = {
	.trunk_add_h = trunk_add_h,
	.trunk_move_h = trunk_move_h,
	.trunk_remove_h = trunk_remove_h,
	.trunk_state_h = trunk_state_h,
	.trunk_addresses_h = addresses_h,
	.trunk_dns_failed_h = dns_failed_h,
	.probe.target_add_h = target_add_h,
	.probe.target_remove_h = trunk_remove_h,
	.probe.probe_begin_h = begin_h,
	.probe.probe_done_h = done_h,
	.probe.probe_late_h = late_h,
	.probe.certificate_h = certificate_h,
	.probe.chain_h = chain_h,
	.probe.peer_shown_h = shown_h,
	.probe.peer_changed_h = changed_h,
	.inbound_h = inbound_h,
	.stray_h = stray_h,
};

static struct config *make_config(const struct rig *rig)
{
	struct config_errors errs = {0};
	struct config *conf = NULL;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	fprintf(f,
		"{\"defaults\":{\"interval\":\"%s\",\"timeout\":\"%s\","
		"\"down_interval\":\"%s\"%s},\"trunks\":[",
		rig->interval, rig->timeout, rig->interval,
		rig->settings ? rig->settings : "");
	for (unsigned i = 0; i < rig->targets; i++) {
		struct sockaddr_in to = rig_target(i, rig->port);

		fprintf(f, "%s{\"name\":\"t%u\",\"uri\":\"sip:%s:%u;transport=%s\"}",
			i ? "," : "", i, inet_ntoa(to.sin_addr), rig->port,
			rig->transport ? rig->transport : "udp");
	}
	fprintf(f, "]}");
	(void)fclose(f);
	if (config_parse(&conf, text, len, "bench.json", &errs))
		config_errors_print(&errs, stderr);
	config_errors_clear(&errs);
	free(text);
	return conf;
}

static void stop_h(int sig, void *arg)
{
	(void)sig, (void)arg;
	loop_stop();
}

/* A process of its own ends the loop, so that no timer of the bench is in the figures. */
static void loop_for(unsigned seconds)
{
	pid_t timer = fork();

	if (timer == 0) {
		(void)sleep(seconds);
		(void)kill(getppid(), SIGTERM);
		_exit(0);
	}
	(void)loop_run();
}

void rig_run(struct rig *rig, unsigned warm_s, unsigned seconds)
{
	struct engine *e = NULL;
	struct config *conf = make_config(rig);
	char why[256];

	if (!conf || loop_init(stop_h, NULL) || engine_alloc(&e, "0.1.0", &events, rig) ||
	    engine_apply(e, conf, why, sizeof(why)))
		exit(1);
	loop_for(warm_s);
	rig->done = rig->answered = rig->retransmissions = 0;
	rig->cpu_s = rig_cpu_s();
	loop_for(seconds);
	rig->cpu_s = rig_cpu_s() - rig->cpu_s;
	engine_free(e);
	loop_close();
	config_free(conf);
}
