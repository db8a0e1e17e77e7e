/* The queue between askers and the main thread: replies, bound, stop. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exporter/ondemand/probe_service.h"
#include "sipprobe/loop.h"
#include "tests/unit/tap.h"

enum { REPLIES = 8 };

struct replies {
	struct probe_reply list[REPLIES];
	int count;
	int wanted; /* the loop stops with this one; 0: it never does */
};

static void reply_h(struct probe_reply *reply, void *arg)
{
	struct replies *r = arg;

	buffer_add(&reply->body, "", 1);
	r->list[r->count++] = *reply;
	if (r->count == r->wanted)
		loop_stop();
}

static void replies_clear(struct replies *r)
{
	for (int i = 0; i < r->count; i++)
		buffer_clear(&r->list[i].body);
	*r = (struct replies){0};
}

/* A port of loopback that nobody else has while it is open. */
static int port_take(int *fdp, int type)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);

	*fdp = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (bind(*fdp, (const struct sockaddr *)&in, len) ||
	    getsockname(*fdp, (struct sockaddr *)&in, &len))
		exit(1);
	return ntohs(in.sin_port);
}

static void nobody_stray_h(int why, void *arg)
{
	(void)why;
	(void)arg;
}

static const struct engine_events nobody = {.stray_h = nobody_stray_h};

struct bench {
	struct engine *engine;
	struct probe_service *probes;
	struct config *conf;
	int mute_fd, dead_fd; /* one never answers, the other always refuses */
	int dead_port;
	struct replies replies;
};

static struct config *config_make(const struct bench *b, int mute, const char *allow,
				  int max_concurrent)
{
	struct config_errors errs = {0};
	struct config *c = NULL;
	char text[1024];
	int len = snprintf(
		text, sizeof(text),
		"{\"trunks\": [{\"name\": \"dead\", \"uri\": "
		"\"sip:127.0.0.1:%d;transport=tcp\"}, {\"name\": \"mute\", \"uri\": "
		"\"sip:127.0.0.1:%d\", \"timeout\": \"200ms\"}], \"profiles\": {\"p\": "
		"{\"timeout\": \"300ms\"}}, \"probe\": {\"allow\": [%s], "
		"\"max_concurrent\": %d}}",
		b->dead_port, mute, allow, max_concurrent);

	if (config_parse(&c, text, (size_t)len, "/nowhere/c.json", &errs)) {
		config_errors_print(&errs, stdout);
		exit(1);
	}
	return c;
}

/* @allow: the access list's entries in JSON */
static void bench_open(struct bench *b, const char *allow, int max_concurrent)
{
	struct config bare;
	char why[128];
	int mute;

	*b = (struct bench){0};
	mute = port_take(&b->mute_fd, SOCK_DGRAM);
	b->dead_port = port_take(&b->dead_fd, SOCK_STREAM);
	b->conf = config_make(b, mute, allow, max_concurrent);
	bare = *b->conf;
	bare.trunk_count = 0;
	if (loop_init(NULL, NULL) || engine_alloc(&b->engine, "1", &nobody, NULL) ||
	    engine_apply(b->engine, &bare, why, sizeof(why)) ||
	    probe_service_alloc(&b->probes, b->engine))
		exit(1);
}

static void bench_close(struct bench *b)
{
	probe_service_free(b->probes);
	engine_free(b->engine);
	loop_close();
	config_free(b->conf);
	replies_clear(&b->replies);
	close(b->mute_fd);
	close(b->dead_fd);
}

static int bench_ask(struct bench *b, const char *target)
{
	const struct probe_ask ask = {.target = target};

	return probe_service_ask(b->probes, &ask, reply_h, &b->replies);
}

/* Asks and runs the loop until the reply is there. */
static const struct probe_reply *bench_get(struct bench *b, const struct probe_ask *ask)
{
	replies_clear(&b->replies);
	b->replies.wanted = 1;
	if (probe_service_ask(b->probes, ask, reply_h, &b->replies) || loop_run() ||
	    b->replies.count != 1)
		exit(1);
	return &b->replies.list[0];
}

static void test_before(void)
{
	const struct probe_ask ask = {.target = "dead"};
	const struct probe_reply *r;
	struct bench b;

	bench_open(&b, "", 4);
	r = bench_get(&b, &ask);
	is_int(r->status, 503, "before a configuration is applied");
	is_str(r->body.data, "no configuration is applied yet\n", "which is said");
	bench_close(&b);
}

static const char dead_uri[] = "DEAD"; /* stands for the URI of the dead port */

static const struct {
	const char *allow;
	struct probe_ask ask;
	unsigned status;
	const char *body; /* holds this */
} asks[] = {
	{"", {.target = "dead"}, 200, "probe_success 0\n"},
	{"", {.target = "mute"}, 200, "probe_success 0\n"}, /* not the first */
	{"", {.target = "dead", .profile = "p"}, 200, "probe_success 0\n"},
	{"", {.target = "dead", .profile = "x"}, 400, "there is none of this name"},
	{"", {.target = "nobody"}, 400, "no trunk of this name, and it is no SIP URI"},
	{"", {.target = "sip:"}, 400, "target: "},
	{"", {.target = "192.0.2.1"}, 403, "probe.allow is empty"},
	{"\"192.0.2.0/24\"", {.target = dead_uri}, 403, "127.0.0.1"},
	{"\"127.0.0.0/8\"", {.target = dead_uri}, 200, "probe_success 0\n"},
	{"",
	 {.target = "dead", .debug = true},
	 200,
	 "\nMetrics without debug=true:\n\n# HELP probe_success"},
	{"",
	 {.target = "dead", .methods = 1U << CONFIG_METHOD_REGISTER},
	 200,
	 "REGISTER"},
};

static void test_asks(void)
{
	for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++) {
		const struct probe_reply *r;
		struct probe_ask ask = asks[i].ask;
		struct bench b;
		char uri[64];

		bench_open(&b, asks[i].allow, 4);
		probe_service_config(b.probes, b.conf);
		snprintf(uri, sizeof(uri), "sip:127.0.0.1:%d;transport=tcp", b.dead_port);
		if (ask.target == dead_uri)
			ask.target = uri;
		r = bench_get(&b, &ask);
		is_int(r->status, asks[i].status, asks[i].ask.target);
		if (!ok(strstr(r->body.data, asks[i].body), "says it (%zu)", i))
			printf("# %s\n", r->body.data);
		bench_close(&b);
	}
}

/* The asker's patience ends a probe before the settings' own timeout would. */
static void test_timeout(void)
{
	struct bench b;
	const struct probe_reply *r;

	bench_open(&b, "", 4);
	probe_service_config(b.probes, b.conf);
	r = bench_get(&b, &(struct probe_ask){.target = "mute",
					      .profile = "p",
					      .timeout_us = 50000,
					      .debug = true});
	ok(strstr(r->body.data, "gave no final answer within 0.05 s"),
	   "the asker's time is the limit");
	bench_close(&b);
}

/* No more at once than the configuration says, and as many again when they are done. */
static void test_bound(void)
{
	struct bench b;

	bench_open(&b, "", 2);
	probe_service_config(b.probes, b.conf);
	is_int(bench_ask(&b, "mute"), 0, "one");
	is_int(bench_ask(&b, "mute"), 0, "two");
	is_int(bench_ask(&b, "dead"), EAGAIN, "a third is refused");
	is_int(bench_ask(&b, "dead"), EAGAIN, "and leaves nothing behind");
	b.replies.wanted = 2;
	is_int(loop_run(), 0, "the two are probed");
	is_int(b.replies.count, 2, "and told");
	is_int(bench_ask(&b, "dead"), 0, "then there is room again");
	b.replies.wanted = 3;
	is_int(loop_run(), 0, "for one more");
	is_int(b.replies.list[2].status, 200, "which is told too");
	bench_close(&b);
}

/* Who waits when it stops hears of it, whether its probe had begun or not. */
static void stop_h(void *data, void *arg)
{
	(void)data;
	(void)arg;
	loop_stop();
}

static void test_stop(void)
{
	struct bench b;

	bench_open(&b, "", 4);
	probe_service_config(b.probes, b.conf);
	is_int(bench_ask(&b, "mute"), 0, "one is asked for");
	is_int(loop_post(stop_h, NULL, NULL), 0, "the loop comes to it");
	is_int(loop_run(), 0, "and it begins");
	is_int(bench_ask(&b, "mute"), 0, "another is not begun");
	is_int(b.replies.count, 0, "none has ended");
	probe_service_stop(b.probes);
	is_int(b.replies.count, 2, "both are told when it stops");
	for (int i = 0; i < 2; i++) {
		is_int(b.replies.list[i].status, 503, "that it stops");
		is_str(b.replies.list[i].body.data, "the exporter is stopping\n",
		       "in words");
	}
	is_int(bench_ask(&b, "dead"), ESHUTDOWN, "and nobody gets in any more");
	bench_close(&b);
	probe_service_stop(NULL);
	probe_service_free(NULL);
}

int main(void)
{
	test_before();
	test_asks();
	test_timeout();
	test_bound();
	test_stop();
	return tap_done();
}
