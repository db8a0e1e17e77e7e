/*
 * Reports made by hand, told in every format, beside tests/data/probe/NAME.FORMAT.
 * BLESS=1 in the environment writes those afresh; read the difference.
 */
#include <errno.h>
#include <stdlib.h>

#include "exporter/ondemand/probe_families.h"
#include "exporter/ondemand/probe_format.h"
#include "sipprobe/tls_failure.h"
#include "tests/unit/exporter/store/kept.h"

enum { NOW_S = 1790000000 };

static const char request[] = "OPTIONS sip:sbc.example SIP/2.0\r\n"
			      "Via: SIP/2.0/UDP 192.0.2.9:5060\r\n\r\n";
static const char response[] = "SIP/2.0 200 OK\r\nServer: \x1b[31m\xff|x\r\n\r\n";

static struct ondemand_answer answered(const char *address, unsigned code,
				       const char *phrase, enum probe_verdict verdict)
{
	struct ondemand_answer a = {
		.transport = "udp",
		.method = "OPTIONS",
		.done = true,
		.result = {.outcome = PROBE_RESPONSE,
			   .verdict = verdict,
			   .code = code,
			   .retry_after_s = code == 503 ? 120 : -1,
			   .begun_unix_ns = NOW_S * INT64_C(1000000000),
			   .phase_ns = {-1, -1, -1, -1, 12345678},
			   .call_id = "0123456789abcdef"},
	};

	snprintf(a.address, sizeof(a.address), "%s", address);
	snprintf(a.result.phrase, sizeof(a.result.phrase), "%s", phrase);
	return a;
}

static struct ondemand_answer failed(const char *address, enum probe_outcome outcome,
				     int err, const char *detail)
{
	struct ondemand_answer a = answered(address, 0, "", PROBE_DOWN);

	a.result.outcome = outcome;
	a.result.err = err;
	a.result.phase_ns[PROBE_PHASE_ANSWER] = -1;
	snprintf(a.result.detail, sizeof(a.result.detail), "%s", detail);
	return a;
}

static void up(struct ondemand_report *r, struct ondemand_answer *a)
{
	a[0] = answered("192.0.2.1:5060", 200, "OK", PROBE_UP);
	a[0].result.retransmissions = 1;
	a[0].ladder.count = 3;
	a[0].ladder.dropped = 2;
	a[0].ladder.entries[0] = (struct ladder_entry){
		100000, request, sizeof(request) - 1, 300, LADDER_SENT};
	a[0].ladder.entries[1] =
		(struct ladder_entry){500100000, "", 0, 0, LADDER_RETRANSMITTED};
	a[0].ladder.entries[2] = (struct ladder_entry){
		512345678, response, sizeof(response) - 1, 200, LADDER_RECEIVED};
	r->uri = "sip:user:hunter2@192.0.2.1";
	r->state = HEALTH_UP;
	r->count = 1;
}

/* Two certificates of which the second ends first; freed by `told`. */
static struct chain *chain_of(bool verified)
{
	static const struct chain_link links[] = {
		{"CN=sbc.example, O=Example & <Sons>", "CN=Example CA",
		 "sbc.example, sip.example", "0a1b", "EC 256", "00ff", NOW_S - 86400,
		 NOW_S + 30 * 86400},
		{"CN=Example CA", "CN=Example Root", "", "02", "RSA 4096", "11ee",
		 NOW_S - 86400, NOW_S + 10 * 86400 - 1},
	};
	struct chain *c = NULL;

	is_int(chain_alloc(&c, links, 2), 0, "a chain");
	c->verified = verified;
	c->left_out = verified ? 0 : 3;
	c->seen_unix_ns = NOW_S * INT64_C(1000000000);
	strcpy(c->version, "TLSv1.3");
	strcpy(c->cipher, "TLS_AES_256_GCM_SHA384");
	return c;
}

static void busy(struct ondemand_report *r, struct ondemand_answer *a)
{
	a[0] = answered("[2001:db8::1]:5061", 503, "Busy | later \"x\"", PROBE_DEGRADED);
	a[0].transport = "tls";
	a[0].result.phase_ns[PROBE_PHASE_RESOLVE] = 3000000;
	a[0].result.phase_ns[PROBE_PHASE_CONNECT] = 4000000;
	a[0].result.phase_ns[PROBE_PHASE_TLS] = 1050000000;
	a[0].result.cert_not_after_s = NOW_S + 10 * 86400 - 1;
	a[0].has_certificate = true;
	a[0].certificate = (struct engine_certificate){
		.subject = "sbc.example",
		.issuer = "Example CA",
		.names = "sbc.example, sip.example",
		.not_before_s = NOW_S - 86400,
		.not_after_s = NOW_S + 30 * 86400,
		.chain_not_after_s = NOW_S + 10 * 86400 - 1,
		.version = "TLSv1.3",
		.cipher = "TLS_AES_256_GCM_SHA384",
		.verified = true,
	};
	a[0].chain = chain_of(true);
	r->uri = "sips:sbc.example";
	r->resolve_ns = 3000000;
	r->state = HEALTH_DEGRADED;
	r->count = 1;
}

static void half(struct ondemand_report *r, struct ondemand_answer *a)
{
	a[0] = answered("192.0.2.1:5060", 404, "Not Found", PROBE_UP);
	a[1] = failed("192.0.2.2:5060", PROBE_TIMEOUT, ETIMEDOUT, "");
	a[1].result.retransmissions = 6;
	a[1].priority = 20;
	r->uri = "sip:sbc.example";
	r->resolve_ns = 2500000;
	r->state = HEALTH_DEGRADED;
	r->count = 2;
	r->addresses = 20;
}

static void expired(struct ondemand_report *r, struct ondemand_answer *a)
{
	a[0] = failed("192.0.2.1:5061", PROBE_TLS, EPROTO,
		      "certificate of sbc.example expired 2026-09-20");
	a[0].transport = "tls";
	a[0].result.phase_ns[PROBE_PHASE_CONNECT] = 900000;
	a[0].result.cert_not_after_s = NOW_S - 90000;
	a[0].result.tls_cause = TLS_FAILURE_EXPIRED;
	a[0].result.tls_fault = TLS_FAULT_EXPIRED;
	a[0].has_certificate = true;
	a[0].certificate = (struct engine_certificate){
		.subject = "sbc.example",
		.issuer = "Example CA",
		.names = "sbc.example",
		.not_before_s = NOW_S - 100000,
		.not_after_s = NOW_S - 90000,
		.chain_not_after_s = NOW_S - 90000,
		.version = "TLSv1.3",
	};
	a[0].chain = chain_of(false);
	r->uri = "sips:192.0.2.1";
	r->state = HEALTH_DOWN;
	r->count = 1;
}

/* Works now, and would not with other authorities; our certificate is none for a client.
 */
static void rehearsed(struct ondemand_report *r, struct ondemand_answer *a)
{
	busy(r, a);
	a[0].result.code = 200;
	a[0].result.verdict = PROBE_UP;
	a[0].result.retry_after_s = -1;
	a[0].certificate.verified_not_after_s = NOW_S + 10 * 86400 - 1;
	strcpy(a[0].certificate.verified_ends, "Example CA");
	a[0].rehearsal = (struct rehearsal){
		.done = true, .text = "authority Example Root is not trusted"};
	r->state = HEALTH_UP;
	r->trust_with = "/etc/ssl/new-roots.pem";
	r->trust_at_s = NOW_S + 86400;
	r->own_file = "/etc/ssl/me.pem";
	r->own = (struct tls_own){
		.not_after_s = INT64_C(4000000000),
		.subject = "me.example",
		.issuer = "Example CA",
		.unfit = "may not be shown as a client: it is for servers only",
	};
}

static void unresolved(struct ondemand_report *r, struct ondemand_answer *a)
{
	*a = failed("", PROBE_DNS, 0, "nowhere.example A: NXDOMAIN");
	r->uri = "sip:nowhere.example";
	r->resolve_ns = 7000000;
	r->end = ONDEMAND_FAILED;
	r->state = HEALTH_DOWN;
}

static void internal(struct ondemand_report *r, struct ondemand_answer *a)
{
	*a = failed("", PROBE_INTERNAL, EMFILE, "");
	r->uri = "sip:192.0.2.1";
	r->end = ONDEMAND_FAILED;
	r->state = HEALTH_DOWN;
}

static const struct {
	const char *name;
	void (*make)(struct ondemand_report *r, struct ondemand_answer *a);
	int codes[4]; /* in the order of probe_formats */
} cases[] = {
	{"up", up, {0, 0, 0, 0}},
	{"busy", busy, {1, 1, 1, 2}},
	{"half", half, {1, 1, 1, 2}},
	{"expired", expired, {2, 2, 2, 1}},
	{"rehearsed", rehearsed, {1, 1, 1, 2}},
	{"unresolved", unresolved, {2, 2, 2, 1}},
	{"internal", internal, {3, 3, 3, 4}},
};

static void make(struct ondemand_report *r, struct ondemand_answer *a, size_t i)
{
	*r = (struct ondemand_report){
		.resolve_ns = -1,
		.took_ns = 600000000,
		.timeout_us = 5000000,
		.addresses = 1,
		.answers = a,
	};
	cases[i].make(r, a);
	r->result = a[0].result;
	r->decisive = r->count ? a : NULL;
	if (!r->count)
		r->addresses = 0;
}

static void compare(struct buffer *b, const char *folder, const char *name,
		    const char *format)
{
	char path[4096], what[128];

	buffer_add(b, "", 1);
	snprintf(path, sizeof(path), "%s/probe/%s.%s", folder, name, format);
	snprintf(what, sizeof(what), "%s as %s", name, format);
	is_kept(b->data, path, what);
	buffer_clear(b);
}

static void told(const char *folder)
{
	struct ondemand_answer answers[ONDEMAND_ADDRESSES_MAX] = {0};
	struct ondemand_report r;
	struct buffer b = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct probe_output t = {.report = &r, .now_s = NOW_S, .verbose = true};

		make(&r, answers, i);
		t.trunk = i ? NULL : "isp-a";
		for (size_t f = 0; f < probe_format_count; f++) {
			is_int(probe_formats[f].tell(&b, &t), cases[i].codes[f],
			       "exit code");
			compare(&b, folder, cases[i].name, probe_formats[f].name);
		}
		probe_families_render(&b, &r);
		compare(&b, folder, cases[i].name, "metrics");
		chain_unref(answers[0].chain);
		answers[0].chain = NULL;
	}
}

static void refused(const char *folder)
{
	static const int codes[] = {3, 3, 3, 4};
	struct buffer b = {0};

	for (size_t f = 0; f < probe_format_count; f++) {
		is_int(probe_formats[f].unknown, codes[f], "exit code");
		probe_formats[f].fail(&b, "what | for \"x\"");
		compare(&b, folder, "refused", probe_formats[f].name);
	}
}

static void thresholds(void)
{
	static const struct {
		const char *warning;
		const char *critical;
		int nagios;
		int orion;
	} rows[] = {
		{NULL, NULL, 0, 0},	 {"1", "2", 0, 0},     {"0.01", NULL, 1, 2},
		{"0.01", "0.012", 2, 3}, {NULL, "@0:1", 2, 3}, {"1:", NULL, 1, 2},
		{"~:0.01", "5", 1, 2},
	};
	struct ondemand_answer answers[ONDEMAND_ADDRESSES_MAX] = {0};
	struct ondemand_report r;
	struct buffer b = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct probe_output t = {.report = &r, .now_s = NOW_S};

		make(&r, answers, 0);
		ok(!rows[i].warning || nagios_range_parse(&t.warning, rows[i].warning),
		   "a range");
		ok(!rows[i].critical || nagios_range_parse(&t.critical, rows[i].critical),
		   "a range");
		is_int(probe_tell_nagios(&b, &t), rows[i].nagios, "Nagios' exit code");
		is_int(probe_tell_solarwinds(&b, &t), rows[i].orion, "Orion's exit code");
		make(&r, answers, 3);
		is_int(probe_tell_nagios(&b, &t), 2, "down stays down");
		is_int(probe_tell_solarwinds(&b, &t), 1, "down stays down");
		chain_unref(answers[0].chain);
	}
	buffer_clear(&b);
}

static void ranges(void)
{
	static const char *const bad[] = {"",	 "x",	 "5:1", ":5", "1:2:3", "inf",
					  "nan", "0x10", "1e3", "@",  "1,5"};
	static const struct {
		const char *text;
		double value;
		bool alerts;
	} rows[] = {
		{"10", 10, false},    {"10", 10.1, true},   {"10", -1, true},
		{"10:", 9, true},     {"10:", 11, false},   {"~:10", -5, false},
		{"~:10", 11, true},   {"10:20", 9, true},   {"10:20", 15, false},
		{"@10:20", 9, false}, {"@10:20", 15, true}, {".5", .4, false},
	};
	struct nagios_range r = {.text = NULL};

	ok(!nagios_range_alerts(&r, 1e9), "no range, no alert");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ok(nagios_range_parse(&r, rows[i].text), "%s is a range", rows[i].text);
		is_int(nagios_range_alerts(&r, rows[i].value), rows[i].alerts,
		       rows[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!nagios_range_parse(&r, bad[i]), "\"%s\" is no range", bad[i]);
}

static void colours(void)
{
	struct ondemand_answer answers[ONDEMAND_ADDRESSES_MAX] = {0};
	struct ondemand_report r;
	struct probe_output t = {.report = &r, .now_s = NOW_S, .colour = true};
	struct buffer b = {0};

	make(&r, answers, 0);
	probe_tell_text(&b, &t);
	buffer_add(&b, "", 1);
	ok(strstr(b.data, "\033[32mup\033[0m"), "up is green");
	ok(!strstr(b.data, "\x1b[31m"), "and nothing that the peer wrote is red");
	buffer_clear(&b);
}

int main(int argc, char *argv[])
{
	const char *folder = argc > 1 ? argv[1] : "tests/data";

	told(folder);
	refused(folder);
	thresholds();
	ranges();
	colours();
	return tap_done();
}
