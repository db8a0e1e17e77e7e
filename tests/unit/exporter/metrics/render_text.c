/* The text format: exact lines for known numbers, and promtool's opinion of the whole. */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/number.h"
#include "exporter/metrics/render.h"
#include "exporter/store/labels.h"
#include "tests/unit/exporter/metrics/render_fixture.h"
#include "tests/unit/tap.h"

static const struct {
	int64_t value;
	unsigned decimals;
	const char *want;
} number_cases[] = {
	{0, 0, "0"},
	{9, 0, "9"},
	{10, 0, "10"},
	{99, 0, "99"},
	{100, 0, "100"},
	{12345, 0, "12345"},
	{INT64_MAX, 0, "9223372036854775807"},
	{INT64_MIN, 0, "-9223372036854775808"},
	{-7, 0, "-7"},
	{0, 9, "0"},
	{1, 9, "0.000000001"},
	{10, 9, "0.00000001"},
	{1000000000, 9, "1"},
	{1500000000, 9, "1.5"},
	{123456789, 9, "0.123456789"},
	{-1500000000, 9, "-1.5"},
	{1763798707123, 3, "1763798707.123"},
	{1763798707100, 3, "1763798707.1"},
	{1001, 3, "1.001"},
	{INT64_MAX, 9, "9223372036.854775807"},
	{INT64_MIN, 9, "-9223372036.854775808"},
	{5, 1, "0.5"},
};

static void test_numbers(void)
{
	char text[NUMBER_BYTES + 1];
	int wrong = 0;
	size_t i;

	for (i = 0; i < sizeof(number_cases) / sizeof(number_cases[0]); i++) {
		*number_print(text, number_cases[i].value, number_cases[i].decimals) =
			'\0';
		is_str(text, number_cases[i].want, "a number");
	}
	for (i = 0; i < 1000000; i++) {
		int64_t value = (int64_t)(i * 0x9e3779b97f4a7c15ULL) >> (i % 63);
		char want[64];

		*number_print(text, value, 0) = '\0';
		snprintf(want, sizeof(want), "%" PRId64, value);
		wrong += strcmp(text, want) != 0;
		*number_print(text, value >> 20, 6) = '\0';
		wrong += strtod(text, NULL) != (double)(value >> 20) / 1e6;
	}
	is_int(wrong, 0, "a million numbers read back");
}

static const struct {
	const char *value;
	const char *want;
} label_cases[] = {
	{"plain", "l=\"plain\""},
	{"", "l=\"\""},
	{"a\"b\\c\nd", "l=\"a\\\"b\\\\c\\nd\""},
	{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\x9e",
	 "l=\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\x9e\""},
	{"\xff", "l=\"\xef\xbf\xbd\""},
	{"a\xc3", "l=\"a\xef\xbf\xbd\""},
	{"\xc0\xaf", "l=\"\xef\xbf\xbd\xef\xbf\xbd\""},
	{"\xed\xa0\x80", "l=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	{"\xf4\x90\x80\x80", "l=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	{"\t\x01", "l=\"\t\x01\""},
};

static void test_labels(void)
{
	struct slice text = SLICE("a=\"1\",b=\"x\\\",=\\\\\",c=\"\"");
	struct slice name, value;
	size_t i, pos = 0, count = 0;

	for (i = 0; i < sizeof(label_cases) / sizeof(label_cases[0]); i++) {
		struct buffer b = {0};

		labels_add(&b, "l", label_cases[i].value);
		buffer_add(&b, "", 1);
		is_str(b.data ? b.data : "", label_cases[i].want, "a label");
		buffer_clear(&b);
	}
	while (labels_next(text, &pos, &name, &value)) {
		ok(name.l == 1 && name.p[0] == (char)('a' + count), "label %zu", count);
		count++;
		if (count == 2)
			ok(value.l == 7, "an escaped quote does not end a value");
	}
	is_int((long long)count, 3, "three labels");
}

static const char *const wanted[] = {
	"# HELP siptrunk_up Whether the trunk works, after fall and rise: 1 up or "
	"degraded, 0 down. Absent until known.",
	"# TYPE siptrunk_up gauge",
	"siptrunk_up" ONE "} 1",
	"# TYPE siptrunk_state gauge",
	"siptrunk_state" ONE ",state=\"degraded\"} 1",
	"siptrunk_state" ONE ",state=\"up\"} 0",
	"siptrunk_state" TWO ",state=\"unknown\"} 1",
	"siptrunk_state_changes_total" ONE "} 1",
	"siptrunk_state_changes_total" TWO "} 0",
	"siptrunk_state_changed_timestamp_seconds" ONE "} 1700000002.5",
	"siptrunk_addresses" ONE "} 2",
	"siptrunk_addresses_up" ONE "} 1",
	"siptrunk_info" ONE ",uri=\"sip:sbc.example;transport=tls\",transport=\"tls\","
	"profile=\"\"} 1",
	"siptrunk_info" TWO ",uri=\"sip:192.0.2.1\",transport=\"\",profile=\"p\"} 1",
	"siptrunk_probe_success" TGT "} 0",
	"siptrunk_probes_total" TGT "} 2",
	"# TYPE siptrunk_probe_duration_seconds histogram",
	"siptrunk_probe_duration_seconds_bucket" TGT ",le=\"0.001\"} 0",
	"siptrunk_probe_duration_seconds_bucket" TGT ",le=\"0.5\"} 1",
	"siptrunk_probe_duration_seconds_bucket" TGT ",le=\"4\"} 1",
	"siptrunk_probe_duration_seconds_bucket" TGT ",le=\"+Inf\"} 2",
	"siptrunk_probe_duration_seconds_sum" TGT "} 5.0015",
	"siptrunk_probe_duration_seconds_count" TGT "} 2",
	"siptrunk_probe_phase_duration_seconds" TGT ",phase=\"connect\"} 0.000001",
	"siptrunk_probe_phase_duration_seconds" TGT ",phase=\"tls\"} 0.02",
	"siptrunk_probe_phase_duration_seconds" TGT ",phase=\"response\"} 5",
	"siptrunk_probe_responses_total" TGT ",code=\"200\"} 1",
	"siptrunk_probe_responses_total" TGT ",code=\"503\"} 1",
	"siptrunk_probe_failures_total" TGT ",reason=\"response\"} 1",
	"siptrunk_probe_failures_total" TGT ",reason=\"timeout\"} 0",
	"siptrunk_probe_failures_total" ONE ",method=\"OPTIONS\",address=\"\",transport="
	"\"\",reason=\"dns\"} 1",
	"siptrunk_probe_retransmissions_total" TGT "} 4",
	"siptrunk_probe_late_responses_total" TGT "} 1",
	"siptrunk_probe_last_success_timestamp_seconds" TGT "} 1763798707.123",
	"siptrunk_tls_certificate_not_after_timestamp_seconds" TGT "} 1800000000",
	"siptrunk_inbound_requests_total" ONE ",method=\"OPTIONS\"} 1",
	"siptrunk_inbound_options_last_timestamp_seconds" ONE "} 1700000000",
	"siptrunk_exporter_loop_last_turn_timestamp_seconds 1700000003.25",
	"siptrunk_exporter_log_lines_dropped_total 9",
	"siptrunk_exporter_web_certificate_not_after_timestamp_seconds 1800000001",
	"siptrunk_exporter_web_config_last_reload_successful 0",
	"siptrunk_exporter_web_config_last_reload_success_timestamp_seconds 1700000004",
	"siptrunk_exporter_build_info{version=\"1\"} 1",
	"siptrunk_exporter_config_last_reload_successful 1",
	"siptrunk_exporter_config_last_reload_success_timestamp_seconds 1700000001",
	"siptrunk_exporter_trunks 2",
	"siptrunk_exporter_schedule_lag_seconds 0.0025",
	"siptrunk_exporter_stray_messages_total{reason=\"stranger\"} 1",
	"siptrunk_exporter_scrape_duration_seconds 0.000007",
	"siptrunk_exporter_scrape_size_bytes 12",
	"process_open_fds 5",
};

static const char *const unwanted[] = {
	"siptrunk_state_changed_timestamp_seconds" TWO,
	"siptrunk_up" TWO,
	"siptrunk_addresses" TWO,
	"siptrunk_probe_failures_total" TWO,
	"siptrunk_inbound_requests_total" TWO,
	"phase=\"resolve\"",
	"process_max_fds",
	"nan",
};

/* promtool reads the whole and says what Prometheus would not like. */
static int promtool(const struct buffer *b)
{
	FILE *p = popen("promtool check metrics", "we");

	if (!p)
		return -1;
	fwrite(b->data, 1, b->len, p);
	return pclose(p);
}

static bool has_promtool(void)
{
	return system("command -v promtool >/dev/null 2>&1") == 0;
}

static void test_lines(const struct buffer *b)
{
	char *text = malloc(b->len + 2);
	char line[512];
	size_t i;

	text[0] = '\n';
	memcpy(text + 1, b->data, b->len);
	text[b->len + 1] = '\0';
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		snprintf(line, sizeof(line), "\n%s\n", wanted[i]);
		ok(strstr(text, line) != NULL, "%s", wanted[i]);
	}
	for (i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
		ok(!strstr(text, unwanted[i]), "not there: %s", unwanted[i]);
	ok(b->data[b->len - 1] == '\n', "the last line is ended");
	free(text);
}

/* Counts of all trunks together pass 32 bits. */
static void test_wide(bool spare)
{
	const char *want =
		spare ? "\nsiptrunk_exporter_probe_lag_seconds_sum 0.0025\n"
			"siptrunk_exporter_probe_lag_seconds_count 5000000002\n"
		      : "_bucket{le=\"0.001\"} 5000000001\n";
	struct buffer b = {0};
	struct fixture f;

	fixture_init(&f);
	f.snapshot->exporter.lags[0] += 5000000000;
	f.snapshot->exporter.spared.buckets = spare;
	render_text.render(&b, &f.src);
	buffer_add(&b, "", 1);
	ok(strstr(b.data, want) != NULL, "lags%s", spare ? ", with buckets spared" : "");
	buffer_clear(&b);
	fixture_free(&f);
}

static void test_render(void)
{
	struct buffer b = {0};
	struct fixture f;

	fixture_init(&f);
	render_text.render(&b, &f.src);
	is_int(b.err, 0, "rendered");
	test_lines(&b);
	if (has_promtool())
		is_int(promtool(&b), 0, "promtool check metrics is content");
	else
		ok(true, "promtool check metrics # SKIP promtool is not installed");
	buffer_clear(&b);
	fixture_free(&f);
}

int main(void)
{
	test_numbers();
	test_labels();
	test_render();
	test_wide(false);
	test_wide(true);
	return tap_done();
}
