/* What name[] asks for, label values known beforehand, gzip, and the process itself. */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "exporter/metrics/catalogue.h"
#include "exporter/metrics/gzip.h"
#include "exporter/metrics/label_values.h"
#include "exporter/metrics/process.h"
#include "tests/unit/exporter/gunzip.h"
#include "tests/unit/tap.h"

static const struct {
	const char *asked;
	const char *family; /* NULL: none */
} wants[] = {
	{"siptrunk_state", "siptrunk_state"},
	{"siptrunk_stat", NULL},
	{"siptrunk_statex", NULL},
	{"", NULL},
	{"siptrunk_probes_total", "siptrunk_probes_total"},
	{"siptrunk_probes", "siptrunk_probes_total"},
	{"siptrunk_probes_tota", NULL},
	{"siptrunk_probes_info", NULL},
	{"siptrunk_info", "siptrunk_info"},
	{"siptrunk", "siptrunk_info"},
	{"siptrunk_probe_duration_seconds", "siptrunk_probe_duration_seconds"},
	{"siptrunk_probe_duration_seconds_bucket", "siptrunk_probe_duration_seconds"},
	{"siptrunk_probe_duration_seconds_sum", "siptrunk_probe_duration_seconds"},
	{"siptrunk_probe_duration_seconds_count", "siptrunk_probe_duration_seconds"},
	{"siptrunk_probe_duration_seconds_coun", NULL},
	{"siptrunk_probe_duration_seconds_counts", NULL},
	{"siptrunk_probe_duration_seconds_total", NULL},
	{"siptrunk_state_bucket", NULL},
	{"siptrunk_up_total", NULL},
};

static void test_wants(void)
{
	for (size_t i = 0; i < sizeof(wants) / sizeof(*wants); i++) {
		bool wanted[CATALOGUE_MAX] = {false};
		const char *found = NULL;
		int count = 0;

		catalogue_want(wanted,
			       (struct slice){wants[i].asked, strlen(wants[i].asked)});
		for (size_t k = 0; k < catalogue_count; k++) {
			count += wanted[k];
			found = wanted[k] ? catalogue[k].name : found;
		}
		is_str(found, wants[i].family, wants[i].asked);
		is_int(count, wants[i].family != NULL, "and no other");
	}
}

static void test_added(void)
{
	bool wanted[CATALOGUE_MAX] = {false};
	int count = 0;

	catalogue_want(wanted, SLICE("siptrunk_state"));
	catalogue_want(wanted, SLICE("siptrunk_up"));
	for (size_t k = 0; k < catalogue_count; k++)
		count += wanted[k];
	is_int(count, 2, "what was wanted stays so");
}

static void value_is(enum label_set set, size_t i, const char *want)
{
	struct slice s = label_value(set, i);

	ok(s.l == strlen(want) && !memcmp(s.p, want, s.l), "%s", want);
}

static void test_values(void)
{
	value_is(LABEL_STATE, HEALTH_UNKNOWN, "state=\"unknown\"");
	value_is(LABEL_STATE, HEALTH_DOWN, "state=\"down\"");
	value_is(LABEL_PHASE, PROBE_PHASE_RESOLVE, "phase=\"resolve\"");
	value_is(LABEL_PHASE, PROBE_PHASE_ANSWER, "phase=\"response\"");
	value_is(LABEL_REASON, PROBE_RESPONSE, "reason=\"response\"");
	value_is(LABEL_REASON, PROBE_INTERNAL, "reason=\"internal\"");
	value_is(LABEL_DNS, 0,
		 "method=\"OPTIONS\",address=\"\",transport=\"\",reason=\"dns\"");
	value_is(LABEL_METHOD, 0, "method=\"OPTIONS\"");
	value_is(LABEL_METHOD, STATS_METHODS - 1, "method=\"other\"");
	value_is(LABEL_STRAY, ENGINE_STRAY_MALFORMED, "reason=\"malformed\"");
	value_is(LABEL_CAUSE, TLS_FAILURE_EXPIRED, "cause=\"expired\"");
	value_is(LABEL_KIND, PROBE_MISDIRECTED_PORT, "kind=\"port\"");
	value_is(LABEL_CALL, CALL_FAILURE_NO_MEDIA, "reason=\"no_media\"");
	value_is(LABEL_SIGN, MIRROR_HIDDEN, "sign=\"hidden\"");
	value_is(LABEL_TRAIT, PEER_ALLOW, "what=\"allow\"");
	value_is(LABEL_CODE, 0, "code=\"100\"");
	value_is(LABEL_CODE, 599, "code=\"699\"");
}

static void test_gzip(void)
{
	struct buffer from = {0}, b = {0};
	char *back = malloc(50000);

	for (int i = 0; i < 5000; i++)
		buffer_str(&from, "0123456789");
	is_int(gzip_compress(&b, &from), 0, "fifty thousand bytes");
	ok(b.len < 1000 && b.cap == b.len, "become %zu, in as much room", b.len);
	is_int((long long)gunzip(back, 50000, b.data, b.len), 50000, "and are as many");
	ok(!memcmp(back, from.data, 50000), "and the same again");
	buffer_clear(&b);
	buffer_clear(&from);
	is_int(gzip_compress(&b, &from), 0, "nothing");
	is_int((long long)gunzip(back, 50000, b.data, b.len), 0, "is nothing again");
	buffer_clear(&b);
	free(back);
}

static void test_process(void)
{
	struct process_stats before, after;
	int fd;

	process_read(&before);
	fd = dup(STDOUT_FILENO);
	process_read(&after);
	close(fd);
	is_int(after.open_fds, before.open_fds + 1, "one more descriptor is one more");
	ok(before.max_fds >= before.open_fds, "there may be so many");
	ok(after.cpu_ns >= before.cpu_ns && before.cpu_ns > 0, "processor time grows");
	ok(before.virtual_bytes > before.resident_bytes && before.resident_bytes > 100000,
	   "memory");
	ok(before.start_unix_ns <= clock_wall_ns() + CLOCK_NS_PER_S &&
		   before.start_unix_ns > clock_wall_ns() - 3600 * CLOCK_NS_PER_S,
	   "it started a moment ago");
}

int main(void)
{
	test_wants();
	test_added();
	test_values();
	test_gzip();
	test_process();
	return tap_done();
}
