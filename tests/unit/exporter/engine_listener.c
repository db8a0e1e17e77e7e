/* What the engine tells becomes lines of the log and rows of the store. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "exporter/engine_listener.h"
#include "exporter/store/labels.h"
#include "exporter/store/snapshot.h"
#include "sipprobe/engine.h"
#include "tests/unit/exporter/store/endings.h"
#include "tests/unit/tap.h"

static const double bounds[] = {0.01, 1};
static const struct config_settings settings = {.tls.cert_file = "/etc/ssl/me.pem"};
static const struct config_trunk trunk = {
	.name = "a", .uri = "sip:192.0.2.1", .settings = &settings};
static const struct engine_target udp = {"OPTIONS", "192.0.2.1:5060", "udp"};

static int log_fd[2];

/* The line logged since the last call, from its level on; "" for none. */
static const char *logged(void)
{
	static char line[4096];
	ssize_t n = read(log_fd[0], line, sizeof(line) - 1);
	char *level;

	line[n > 0 ? n : 0] = '\0';
	level = strstr(line, "level=");
	if (level && level[strlen(level) - 1] == '\n')
		level[strlen(level) - 1] = '\0';
	return level ? level : line;
}

struct told {
	struct store *s;
	void *row;
	void *cell;
};

static struct told told_begin(enum log_level level)
{
	struct told t = {0};

	log_setup(level, LOG_FORMAT_LOGFMT);
	if (store_alloc(&t.s, bounds, 2))
		exit(1);
	t.row = engine_listener.trunk_add_h(&trunk, t.s);
	t.cell = engine_listener.probe.target_add_h(t.row, &udp, t.s);
	return t;
}

static void told_end(struct told *t)
{
	engine_listener.probe.target_remove_h(t->cell, t->s);
	engine_listener.trunk_remove_h(t->row, t->s);
	store_free(t->s);
	logged();
}

static struct snapshot *told_take(const struct told *t)
{
	struct snapshot *n = NULL;

	if (snapshot_take(&n, t->s, 0))
		exit(1);
	return n;
}

#define CHANGED "level=warn msg=\"trunk changed state\" trunk=a "

static const struct {
	struct engine_change change;
	struct probe_result last; /* of it, unless its outcome says it has none */
	bool has_last;
	const char *line;
} changes[] = {
	{{HEALTH_UNKNOWN, HEALTH_UP, 1500000000, NULL, "192.0.2.1:5060", "OPTIONS",
	  false},
	 {.outcome = PROBE_RESPONSE, .code = 200, .phrase = "OK"},
	 true,
	 "level=info msg=\"trunk changed state\" trunk=a from=unknown to=up "
	 "address=192.0.2.1:5060 method=OPTIONS reason=response code=200 phrase=OK "
	 "after=1.500"},
	{{HEALTH_UP, HEALTH_DOWN, 0, NULL, "192.0.2.1:5060", "OPTIONS", false, "udp"},
	 {.outcome = PROBE_REFUSED, .err = ECONNREFUSED},
	 true,
	 CHANGED "from=up to=down address=192.0.2.1:5060 transport=udp method=OPTIONS "
		 "reason=refused error=\"Connection refused\" after=0.000 "
		 "why=\"port closed: 192.0.2.1:5060 over udp refused us: nothing "
		 "listens there; it has not answered since the exporter started. To do: "
		 "check the port, and whether the peer's SIP service runs.\""},
	{{HEALTH_UP, HEALTH_DOWN, 0, NULL, "", "", false},
	 {.outcome = PROBE_TLS,
	  .err = EPROTO,
	  .tls_cause = TLS_FAILURE_EXPIRED,
	  .detail = "it has expired"},
	 true,
	 CHANGED "from=up to=down reason=tls cause=expired detail=\"it has expired\" "
		 "after=0.000 why=\"TLS fails: 192.0.2.1 failed at TLS: it has expired. "
		 "To do: look at the certificates of both ends: the trunk's page says "
		 "which and why.\""},
	{{HEALTH_UP, HEALTH_DEGRADED, 0, NULL, "", "", false},
	 {.outcome = PROBE_RESPONSE, .code = 503, .phrase = "No\r\nlevel=info"},
	 true,
	 CHANGED "from=up to=degraded reason=response code=503 "
		 "phrase=\"No\\r\\nlevel=info\" after=0.000"},
	{{HEALTH_UP, HEALTH_DOWN, 0, NULL, "", "", true},
	 {0},
	 false,
	 CHANGED "from=up to=down reason=inbound "
		 "detail=\"its peer stopped pinging us\" after=0.000"},
};

static void test_changes(void)
{
	struct told t = told_begin(LOG_LEVEL_INFO);
	struct snapshot *n;

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		struct engine_change change = changes[i].change;

		change.last = changes[i].has_last ? &changes[i].last : NULL;
		engine_listener.trunk_state_h(t.row, &change, t.s);
		is_str(logged(), changes[i].line, "a change of state");
	}
	n = told_take(&t);
	is_int(n->trunks[0].stats.state, HEALTH_DOWN, "the store has the last");
	is_int(n->trunks[0].stats.state_changes, 5, "and how many there were");
	snapshot_free(n);
	told_end(&t);
}

static void test_pauses(void)
{
	struct told t = told_begin(LOG_LEVEL_INFO);
	struct snapshot *n;

	engine_listener.trunk_paused_h(t.row, true, 0, t.s);
	is_str(logged(), "", "one without an end is as it was written");
	engine_listener.trunk_paused_h(t.row, true, 1796104800, t.s);
	is_str(logged(),
	       "level=info msg=\"trunk is paused\" trunk=a until=2026-12-01T06:00:00Z",
	       "one that ends");
	n = told_take(&t);
	is_int(n->trunks[0].stats.paused_until_s, 1796104800, "the store knows");
	snapshot_free(n);
	engine_listener.trunk_paused_h(t.row, false, 0, t.s);
	is_str(logged(), "level=info msg=\"trunk is no longer paused\" trunk=a",
	       "its end");
	engine_listener.trunk_paused_h(NULL, true, 0, t.s);
	is_str(logged(), "", "of no row, nothing");
	told_end(&t);
}

/* A name that stays broken is a line when it begins, and one when it ends. */
static void test_names(void)
{
	struct told t = told_begin(LOG_LEVEL_INFO);
	struct snapshot *n;

	engine_listener.trunk_addresses_h(t.row, 2, 0, t.s);
	is_str(logged(), "", "addresses of a name that resolves are no news");
	engine_listener.trunk_dns_failed_h(t.row, "no such name", DNS_HINT_NONE, t.s);
	is_str(logged(),
	       "level=warn msg=\"name does not resolve\" trunk=a detail=\"no such name\"",
	       "it begins");
	engine_listener.trunk_dns_failed_h(t.row, "no such name", DNS_HINT_NONE, t.s);
	is_str(logged(), "", "it goes on");
	engine_listener.trunk_addresses_h(t.row, 0, 0, t.s);
	is_str(logged(), "", "no address is no end");
	engine_listener.trunk_addresses_h(t.row, 3, 1, t.s);
	is_str(logged(), "level=info msg=\"name resolves again\" trunk=a addresses=3",
	       "it ends");
	engine_listener.trunk_addresses_h(t.row, 3, 2, t.s);
	is_str(logged(), "", "once");
	engine_listener.trunk_dns_failed_h(t.row, "again", DNS_HINT_NONE, t.s);
	ok(logged()[0], "and may begin again");
	engine_listener.trunk_resolved_h(t.row, "a.example SRV: SERVFAIL", t.s);
	is_str(logged(),
	       "level=info msg=\"name resolves in part\" trunk=a "
	       "detail=\"a.example SRV: SERVFAIL\"",
	       "addresses in spite of a failure");
	engine_listener.trunk_resolved_h(t.row, "a.example SRV: SERVFAIL", t.s);
	is_str(logged(), "", "said once");
	engine_listener.trunk_resolved_h(t.row, "", t.s);
	engine_listener.resolv_conf_h(t.s);
	is_str(logged(), "level=info msg=\"resolv.conf changed and is in force\"",
	       "and when that file changed");
	n = told_take(&t);
	is_int(n->trunks[0].stats.dns_failures, 3, "all failures are counted");
	is_int(n->trunks[0].stats.addresses_up, 2, "and addresses kept");
	snapshot_free(n);
	told_end(&t);
}

static struct probe_result answered(void)
{
	struct probe_result r = probe_result_none();

	r.code = 200;
	r.begun_unix_ns = 5;
	r.phase_ns[PROBE_PHASE_ANSWER] = 12000000;
	r.retransmissions = 2;
	snprintf(r.call_id, sizeof(r.call_id), "c1");
	snprintf(r.phrase, sizeof(r.phrase), "OK");
	return r;
}

static void test_probes(void)
{
	struct told t = told_begin(LOG_LEVEL_DEBUG);
	const struct probe_events *e = &engine_listener.probe;
	struct probe_result r = answered();
	struct snapshot *n;

	e->probe_begin_h(t.cell, 7000, t.s);
	e->probe_done_h(t.cell, &r, t.s);
	is_str(logged(),
	       "level=debug msg=\"probe done\" trunk=a address=192.0.2.1:5060 "
	       "transport=udp method=OPTIONS reason=response code=200 phrase=OK "
	       "took=0.012 retransmissions=2 call_id=c1",
	       "a probe at debug");
	r = probe_result_none();
	r.outcome = PROBE_TIMEOUT;
	r.verdict = PROBE_DOWN;
	e->probe_begin_h(t.cell, 0, t.s);
	e->probe_done_h(t.cell, &r, t.s);
	is_str(logged(),
	       "level=debug msg=\"probe done\" trunk=a address=192.0.2.1:5060 "
	       "transport=udp method=OPTIONS reason=timeout",
	       "one that failed");
	e->probe_late_h(t.cell, t.s);
	is_str(logged(),
	       "level=debug msg=\"late response\" trunk=a address=192.0.2.1:5060 "
	       "transport=udp method=OPTIONS",
	       "a late response");
	e->probe_settled_h(t.cell, &(struct probe_loss){4, 1, 3}, t.s);
	is_str(logged(), "", "what settled is counted only");
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
	e->probe_done_h(t.cell, &r, t.s);
	e->probe_late_h(t.cell, t.s);
	is_str(logged(), "", "above debug no probe is logged");
	n = told_take(&t);
	is_int(n->targets[0].stats.probes, 2, "probes are counted");
	is_int(failures_of(&n->targets[0], PROBE_TIMEOUT), 2, "failures too");
	is_int(n->targets[0].stats.late, 2, "and late responses");
	is_int(n->targets[0].stats.loss.lost, 3, "and what was lost");
	is_int(n->exporter.lag_ns, 7000, "and how late a probe was");
	snapshot_free(n);
	told_end(&t);
}

static void test_ladders(void)
{
	struct told t = told_begin(LOG_LEVEL_INFO);
	const struct probe_events *e = &engine_listener.probe;
	struct probe_result r = answered();
	struct ladder l = {.count = 1};

	ok(!e->ladder_wanted_h(t.cell, &r, t.s), "no ladder where nothing is remembered");
	told_end(&t);
	t = told_begin(LOG_LEVEL_INFO);
	e->target_remove_h(t.cell, t.s);
	store_remember(t.s, 10, 1 << 20);
	t.cell = e->target_add_h(t.row, &udp, t.s);
	ok(e->ladder_wanted_h(t.cell, &r, t.s), "one is wanted at first");
	e->probe_ladder_h(t.cell, &r, &l, t.s);
	ok(!e->ladder_wanted_h(t.cell, &r, t.s), "and kept");
	told_end(&t);
}

static void test_certificates(void)
{
	struct told t = told_begin(LOG_LEVEL_INFO);
	struct snapshot *n;

	engine_listener.trunk_cert_h(t.row, &(struct tls_own){.not_after_s = 77}, t.s);
	is_str(logged(), "", "a good one is not worth a line");
	engine_listener.trunk_cert_h(t.row,
				     &(struct tls_own){.not_after_s = INT64_MAX,
						       .unfit = "is for servers only"},
				     t.s);
	is_str(logged(),
	       "level=warn msg=\"peers may refuse our certificate\" trunk=a "
	       "file=/etc/ssl/me.pem why=\"is for servers only\"",
	       "one that is worse");
	engine_listener.trunk_cert_h(t.row,
				     &(struct tls_own){.not_after_s = INT64_MAX,
						       .unfit = "is for servers only"},
				     t.s);
	is_str(logged(), "", "once");
	engine_listener.trunk_cert_h(t.row, &(struct tls_own){.not_after_s = 77}, t.s);
	(void)logged();
	engine_listener.listen_cert_h("/etc/ssl/listen.pem",
				      &(struct tls_own){.not_after_s = 88}, t.s);
	engine_listener.tls_files_h("me.pem: it is no PEM", t.s);
	is_str(logged(),
	       "level=error msg=\"certificate files changed but cannot be used\" "
	       "error=\"me.pem: it is no PEM\"",
	       "files that cannot be used");
	n = told_take(&t);
	is_int(n->trunks[0].own.until_s, 77, "what a trunk shows");
	is_int(n->exporter.listen_not_after_s, 88, "what is shown to who connects");
	is_str(n->exporter.listen_file, "file=\"listen.pem\"", "and its file");
	ok(n->exporter.tls_files_stale, "what is in use is old");
	snapshot_free(n);
	engine_listener.tls_files_h(NULL, t.s);
	is_str(logged(), "level=info msg=\"certificate files read again\"", "files read");
	engine_listener.listen_cert_h(NULL, NULL, t.s);
	n = told_take(&t);
	ok(!n->exporter.tls_files_stale && !n->exporter.listen_not_after_s,
	   "what is in use is new, and nothing is shown any more");
	snapshot_free(n);
	told_end(&t);
}

static void test_arrivals(void)
{
	struct told t = told_begin(LOG_LEVEL_DEBUG);
	struct config_trunk moved = trunk;
	struct snapshot *n;

	engine_listener.inbound_h(t.row, "OPTIONS", 200, t.s);
	is_str(logged(),
	       "level=debug msg=\"request from a trunk\" trunk=a method=OPTIONS "
	       "answered=200",
	       "a request of a trunk");
	engine_listener.stray_h(ENGINE_STRAY_MALFORMED, t.s);
	is_str(logged(), "level=debug msg=\"stray message\" why=malformed",
	       "what is nobody's");
	n = told_take(&t);
	is_int(n->trunks[0].inbound->requests[0], 1, "the request is counted");
	is_int((long long)n->exporter.stray[ENGINE_STRAY_MALFORMED], 1, "the other too");
	snapshot_free(n);
	moved.name = "b";
	engine_listener.trunk_move_h(t.row, &moved, t.s);
	engine_listener.inbound_h(t.row, "BYE", 405, t.s);
	ok(strstr(logged(), "trunk=b "),
	   "a trunk that moved goes by its new description");
	told_end(&t);
}

/* Without memory a row or a cell is NULL: nothing is told of it, and nothing breaks. */
static void test_null(void)
{
	struct told t = told_begin(LOG_LEVEL_DEBUG);
	const struct engine_events *e = &engine_listener;
	struct engine_change change = {.to = HEALTH_UP};
	struct probe_result r = answered();

	e->trunk_move_h(NULL, &trunk, t.s);
	e->trunk_remove_h(NULL, t.s);
	e->trunk_state_h(NULL, &change, t.s);
	e->trunk_addresses_h(NULL, 1, 1, t.s);
	e->trunk_dns_failed_h(NULL, "x", DNS_HINT_NONE, t.s);
	e->trunk_resolved_h(NULL, "x", t.s);
	e->trunk_cert_h(NULL, &(struct tls_own){.not_after_s = 1}, t.s);
	e->inbound_h(NULL, "OPTIONS", 200, t.s);
	ok(!e->probe.target_add_h(NULL, &udp, t.s), "no cell without a row");
	e->probe.target_remove_h(NULL, t.s);
	e->probe.probe_begin_h(NULL, 0, t.s);
	e->probe.probe_done_h(NULL, &r, t.s);
	e->probe.probe_late_h(NULL, t.s);
	e->probe.probe_settled_h(NULL, &(struct probe_loss){1, 1, 0}, t.s);
	e->probe.chain_h(NULL, NULL, t.s);
	ok(!e->probe.ladder_wanted_h(NULL, &r, t.s), "and no ladder");
	is_str(logged(), "", "nothing is logged of what is not there");
	told_end(&t);
}

int main(void)
{
	if (pipe2(log_fd, O_NONBLOCK) || dup2(log_fd[1], STDERR_FILENO) < 0)
		return 1;
	test_changes();
	test_pauses();
	test_names();
	test_probes();
	test_ladders();
	test_certificates();
	test_arrivals();
	test_null();
	return tap_done();
}
