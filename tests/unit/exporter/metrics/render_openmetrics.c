/* OpenMetrics: exact lines for known numbers, name by name, and filters. */
#include "exporter/metrics/render.h"
#include "tests/unit/exporter/metrics/render_fixture.h"
#include "tests/unit/tap.h"

#define EXEMPLAR(value)                                                                  \
	" # {call_id=\"0123456789abcdef0123456789abcdef\"} " value " 1763798707.123"

static const char *const wanted[] = {
	"# TYPE siptrunk_up gauge",
	"# HELP siptrunk_up Whether the trunk works, after fall and rise: 1 up or "
	"degraded, 0 down. Absent until known.",
	"siptrunk_up" ONE "} 1",
	"# TYPE siptrunk_state gauge",
	"siptrunk_state" ONE ",state=\"degraded\"} 1",
	"# TYPE siptrunk_state_changes counter",
	"siptrunk_state_changes_total" ONE "} 1",
	"# TYPE siptrunk info",
	"siptrunk_info" TWO ",uri=\"sip:192.0.2.1\",transport=\"\",profile=\"p\"} 1",
	"# TYPE siptrunk_probe_duration_seconds histogram",
	"# UNIT siptrunk_probe_duration_seconds seconds",
	"siptrunk_probe_duration_seconds_bucket" TGT ",le=\"0.001\"} 0",
	"siptrunk_probe_duration_seconds_bucket" TGT ",le=\"0.5\"} 1" EXEMPLAR("0.0015"),
	"siptrunk_probe_duration_seconds_bucket" TGT ",le=\"4.0\"} 1",
	"siptrunk_probe_duration_seconds_bucket" TGT ",le=\"+Inf\"} 2" EXEMPLAR("5"),
	"siptrunk_probe_duration_seconds_sum" TGT "} 5.0015",
	"siptrunk_probe_duration_seconds_count" TGT "} 2",
	"siptrunk_probe_responses_total" TGT ",code=\"503\"} 1",
	"siptrunk_tls_certificate_not_after_timestamp_seconds" TGT "} 1800000000",
	"# TYPE siptrunk_exporter_build info",
	"siptrunk_exporter_build_info{version=\"1\"} 1",
	"# TYPE process_cpu_seconds counter",
	"# UNIT process_cpu_seconds seconds",
	"process_cpu_seconds_total 0.000000001",
	"# UNIT process_resident_memory_bytes bytes",
	"process_open_fds 5",
};

static const char *const unwanted[] = {
	"# TYPE siptrunk_info", "_total counter", "_created", "stateset",
	"# UNIT siptrunk_up",	"\n\n",
};

/* The text between line feeds, ended. */
static char *as_text(const struct buffer *b)
{
	char *text = malloc(b->len + 2);

	text[0] = '\n';
	memcpy(text + 1, b->data, b->len);
	text[b->len + 1] = '\0';
	return text;
}

static void test_lines(const struct fixture *f)
{
	struct buffer b = {0};
	char line[512], *text;
	size_t i;

	render_openmetrics.render(&b, &f->src);
	is_int(b.err, 0, "rendered");
	text = as_text(&b);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		snprintf(line, sizeof(line), "\n%s\n", wanted[i]);
		ok(strstr(text, line) != NULL, "%s", wanted[i]);
	}
	for (i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
		ok(!strstr(text, unwanted[i]), "not there: %s", unwanted[i]);
	ok(b.len > 7 && !memcmp(b.data + b.len - 7, "\n# EOF\n", 7), "ends in # EOF");
	free(text);
	buffer_clear(&b);
}

/* Which families a name brings, in order; NULL for none. */
static const struct {
	const char *name;
	const char *first;
	int families;
} filters[] = {
	{"siptrunk_up", "\n# TYPE siptrunk_up gauge", 1},
	{"siptrunk_probes_total", "\n# TYPE siptrunk_probes counter", 1},
	{"siptrunk_probes", "\n# TYPE siptrunk_probes counter", 1},
	{"siptrunk_info", "\n# TYPE siptrunk info", 1},
	{"siptrunk", "\n# TYPE siptrunk info", 1},
	{"siptrunk_probe_duration_seconds",
	 "\n# TYPE siptrunk_probe_duration_seconds histogram", 1},
	{"siptrunk_probe_duration_seconds_bucket",
	 "\n# TYPE siptrunk_probe_duration_seconds histogram", 1},
	{"siptrunk_probe_duration_seconds_sum",
	 "\n# TYPE siptrunk_probe_duration_seconds histogram", 1},
	{"siptrunk_probe_duration_seconds_count",
	 "\n# TYPE siptrunk_probe_duration_seconds histogram", 1},
	{"siptrunk_up_count", "\n# EOF", 0},
	{"siptrunk_up_total", "\n# EOF", 0},
	{"siptrunk_probe", "\n# EOF", 0},
	{"siptrunk_probe_duration_seconds_", "\n# EOF", 0},
	{"siptrunk_u", "\n# EOF", 0},
	{"", "\n# EOF", 0},
	{"_total", "\n# EOF", 0},
	{"nonsense", "\n# EOF", 0},
};

static int count_of(const char *text, const char *what)
{
	int count = 0;

	while ((text = strstr(text, what)) != NULL) {
		text++;
		count++;
	}
	return count;
}

static void test_filters(struct fixture *f)
{
	size_t i;

	for (i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct slice name = {filters[i].name, strlen(filters[i].name)};
		bool want[CATALOGUE_MAX] = {false};
		struct buffer b = {0};
		char *text;

		catalogue_want(want, name);
		f->src.wanted = want;
		render_openmetrics.render(&b, &f->src);
		text = as_text(&b);
		ok(!strncmp(text, filters[i].first, strlen(filters[i].first)),
		   "name[]=%s", filters[i].name);
		is_int(count_of(text, "\n# TYPE "), filters[i].families, "families");
		free(text);
		buffer_clear(&b);
	}
	f->src.wanted = NULL;
}

/* An exemplar that a format could not carry as it is is not kept. */
static void test_odd_call_ids(void)
{
	static const char *const odd[] = {"", "a\"b", "a\\b", "a\nb", "\xc3\xa9", "}"};
	struct engine_target target = {"OPTIONS", "192.0.2.1:5060", "udp"};
	struct probe_result r = {.outcome = PROBE_RESPONSE, .code = 200};
	struct snapshot *n = NULL;
	struct store *s = NULL;
	struct store_target *cell;
	size_t i;

	if (store_alloc(&s, fixture_bounds, 3))
		exit(1);
	cell = store_target_add(s, store_trunk_add(s, &fixture_trunks[0]), &target);
	snprintf(r.call_id, sizeof(r.call_id), "plain");
	store_probe_done(s, cell, &r);
	store_keep_exemplars(s);
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		snprintf(r.call_id, sizeof(r.call_id), "%s", odd[i]);
		store_probe_done(s, cell, &r);
	}
	if (snapshot_take(&n, s, SNAPSHOT_EXEMPLARS))
		exit(1);
	is_int((long long)n->targets[0].exemplar_count, 0,
	       "no exemplar before one is asked for, none with an odd Call-ID");
	ok(!n->targets[0].native && !n->native_kept, "no native histogram unasked for");
	snapshot_free(n);
	store_free(s);
}

int main(void)
{
	struct fixture f;

	fixture_init(&f);
	test_lines(&f);
	test_filters(&f);
	fixture_free(&f);
	test_odd_call_ids();
	return tap_done();
}
