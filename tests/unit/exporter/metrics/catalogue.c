/*
 * The catalogue keeps its promises: names, types and labels as Prometheus wants them, and
 * docs/metrics.md as it is now. `unit_catalogue DATA --print` writes that page.
 */
#include <stdlib.h>

#include "exporter/metrics/catalogue.h"
#include "tests/unit/exporter/store/kept.h"

/* docs/contract.md: "rename nothing". */
static const char *const promised[] = {
	"siptrunk_up",
	"siptrunk_state",
	"siptrunk_state_changes_total",
	"siptrunk_state_changed_timestamp_seconds",
	"siptrunk_addresses",
	"siptrunk_addresses_up",
	"siptrunk_info",
	"siptrunk_probe_success",
	"siptrunk_probes_total",
	"siptrunk_probe_duration_seconds",
	"siptrunk_probe_phase_duration_seconds",
	"siptrunk_probe_responses_total",
	"siptrunk_probe_failures_total",
	"siptrunk_probe_retransmissions_total",
	"siptrunk_probe_late_responses_total",
	"siptrunk_probe_udp_requests_total",
	"siptrunk_probe_udp_answers_total",
	"siptrunk_probe_udp_lost_total",
	"siptrunk_probe_reply_hops",
	"siptrunk_probe_reply_hops_changes_total",
	"siptrunk_nat_detected",
	"siptrunk_nat_mapping_changes_total",
	"siptrunk_alg_detected",
	"siptrunk_peer_changes_total",
	"siptrunk_probe_misdirected_responses_total",
	"siptrunk_probe_last_success_timestamp_seconds",
	"siptrunk_tls_certificate_not_after_timestamp_seconds",
	"siptrunk_inbound_requests_total",
	"siptrunk_inbound_options_last_timestamp_seconds",
	"siptrunk_exporter_build_info",
	"siptrunk_exporter_config_last_reload_successful",
	"siptrunk_exporter_config_last_reload_success_timestamp_seconds",
	"siptrunk_exporter_schedule_lag_seconds",
	"process_cpu_seconds_total",
	"process_resident_memory_bytes",
	"process_virtual_memory_bytes",
	"process_open_fds",
	"process_max_fds",
	"process_start_time_seconds",
};

static bool has_family(const char *name)
{
	size_t i;

	for (i = 0; i < catalogue_count; i++) {
		if (!strcmp(catalogue[i].name, name))
			return true;
	}
	return false;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && !strcmp(text + len - end_len, end);
}

static void check_family(const struct catalogue_family *f)
{
	bool histogram = f->histogram || f->call_histogram || f->self_histogram;
	bool counter = f->type == CATALOGUE_COUNTER;
	char unit[32];

	snprintf(unit, sizeof(unit), "_%s%s", f->unit, counter ? "_total" : "");
	ok(ends_with(f->name, "_total") == counter, "%s: _total means counter", f->name);
	ok(!*f->unit || ends_with(f->name, unit), "%s: the name says its unit", f->name);
	ok(ends_with(f->help, "."), "%s: help is a sentence", f->name);
	ok(!strpbrk(f->help, "\\\n\t|"), "%s: help needs no escapes", f->name);
	ok(f->self_get || f->trunk_get || f->target_get || histogram,
	   "%s: something fills it", f->name);
	/* What is told of trunks, and without one of the exporter, has both. */
	ok(((f->self_get == NULL && f->self_histogram == NULL) || f->trunk_get) ==
		   !strncmp(f->labels, "trunk", 5),
	   "%s: a trunk's family has the trunk label", f->name);
	ok(histogram == (f->type == CATALOGUE_HISTOGRAM), "%s: type", f->name);
}

static char *captured(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	print(f);
	fclose(f);
	return text;
}

static void test_list(void)
{
	char *text = captured(catalogue_list);
	size_t lines = 0, tabs = 0;
	const char *p;

	for (p = text; *p; p++) {
		lines += *p == '\n';
		tabs += *p == '\t';
	}
	is_int((long long)lines, (long long)catalogue_count, "one family a line");
	is_int((long long)tabs, 4 * (long long)catalogue_count, "five columns");
	ok(strstr(text, "siptrunk_probe_duration_seconds\thistogram\tseconds\t"
			"trunk,method,address,transport,le\t"),
	   "name, type, unit, labels");
	free(text);
}

static void test_document(const char *data)
{
	char *want = captured(catalogue_document);
	char path[1024], *text = calloc(1, 1 << 20);
	size_t len;

	snprintf(path, sizeof(path), "%s/../../docs/metrics.md", data);
	len = kept_read(text, (1 << 20) - 1, path);
	ok(len > 0 && !strcmp(text, want), "docs/metrics.md is current");
	free(text);
	free(want);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 2 && !strcmp(argv[2], "--print")) {
		catalogue_document(stdout);
		return 0;
	}
	for (i = 0; i < sizeof(promised) / sizeof(promised[0]); i++)
		ok(has_family(promised[i]), "%s is there", promised[i]);
	for (i = 0; i < catalogue_count; i++)
		check_family(&catalogue[i]);
	test_list();
	test_document(argc > 1 ? argv[1] : "tests/data");
	return tap_done();
}
