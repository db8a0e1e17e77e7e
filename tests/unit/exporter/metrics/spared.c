/* Fewer series by the settings of `metrics`: every combination, in every format. */
#include "tests/unit/metrics.pb-c.h"
#include "exporter/metrics/render.h"
#include "tests/unit/exporter/metrics/render_fixture.h"
#include "tests/unit/tap.h"

#define HISTOGRAM "siptrunk_probe_duration_seconds"

/* Lines that begin so: with everything, and with what they are about spared. */
static const struct {
	const char *begin;
	int all, spared;
	enum { BUCKETS, REASONS, STATES } by;
} cases[] = {
	{HISTOGRAM "_bucket{", 4, 1, BUCKETS},
	{HISTOGRAM "_bucket" TGT ",le=\"+Inf\"} 2", 1, 1, BUCKETS},
	{HISTOGRAM "_sum" TGT "} 5.0015", 1, 1, BUCKETS},
	{HISTOGRAM "_count" TGT "} 2", 1, 1, BUCKETS},
	{"siptrunk_probe_failures_total{", 12, 2, REASONS},
	{"siptrunk_probe_failures_total" TGT ",reason=\"response\"} 1", 1, 1, REASONS},
	{"siptrunk_probe_failures_total" ONE ",method=\"OPTIONS\",address=\"\","
	 "transport=\"\",reason=\"dns\"} 1",
	 1, 1, REASONS},
	{"siptrunk_tls_failures_total{", 8, 0, REASONS},
	{"siptrunk_probe_responses_total{", 2, 2, REASONS},
	{"siptrunk_exporter_stray_messages_total{", 7, 7, REASONS},
	{"siptrunk_state{", 8, 2, STATES},
	{"siptrunk_state" ONE ",state=\"degraded\"} 1", 1, 1, STATES},
	{"siptrunk_state" TWO ",state=\"unknown\"} 1", 1, 1, STATES},
	{"siptrunk_probe_success{", 1, 1, STATES},
};

static int lines_of(const char *text, const char *begin)
{
	size_t len = strlen(begin);
	int count = 0;

	for (; text && *text; text = strchr(text, '\n'), text += text != NULL)
		count += !strncmp(text, begin, len);
	return count;
}

static void test_text(const struct renderer *r, const struct fixture *f)
{
	const struct stats_spared *spared = &f->snapshot->exporter.spared;
	const bool by[] = {spared->buckets, spared->unseen, spared->others};
	struct buffer b = {0};

	r->render(&b, &f->src);
	buffer_add(&b, "", 1);
	is_int(b.err, 0, r->content_type);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(lines_of(b.data, cases[i].begin),
		       by[cases[i].by] ? cases[i].spared : cases[i].all, cases[i].begin);
	is_int(lines_of(b.data, "# TYPE siptrunk_tls_failures"), !spared->unseen,
	       "a family without series is not announced");
	buffer_clear(&b);
}

/* Where the buckets went, the last probe's trace stays to be found. @newest: its end */
static void test_exemplar(const struct fixture *f, const char *newest)
{
	struct buffer b = {0};
	char line[256];

	(void)snprintf(line, sizeof(line),
		       HISTOGRAM "_bucket" TGT ",le=\"+Inf\"} 2 # "
				 "{call_id=\"0123456789abcdef0123456789abcdef\"} %s\n",
		       newest);
	render_openmetrics.render(&b, &f->src);
	buffer_add(&b, "", 1);
	is_int(lines_of(b.data, line), f->snapshot->exporter.spared.buckets,
	       "the newest exemplar is that of +Inf");
	buffer_clear(&b);
}

/* The histogram, in a message that was asked for alone. */
static Prom__MetricFamily *histogram_take(const struct fixture *f)
{
	bool want[CATALOGUE_MAX] = {false};
	struct catalogue_source src = f->src;
	struct buffer b = {0};
	Prom__MetricFamily *family = NULL;
	size_t at = 0;

	catalogue_want(want, SLICE(HISTOGRAM));
	src.wanted = want;
	render_protobuf.render(&b, &src);
	while (at < b.len && b.data[at++] & 0x80)
		;
	if (!b.err)
		family = prom__metric_family__unpack(NULL, b.len - at,
						     (uint8_t *)b.data + at);
	buffer_clear(&b);
	return family;
}

static void test_protobuf(const struct fixture *f)
{
	bool spared = f->snapshot->exporter.spared.buckets;
	Prom__MetricFamily *family = histogram_take(f);
	const Prom__Histogram *h;

	if (!ok(family && family->n_metric == 1, "one histogram in protobuf"))
		return;
	h = family->metric[0]->histogram;
	ok(h->sample_count == 2 && h->sample_sum == 5.0015, "its count and sum");
	is_int((long long)h->n_bucket, spared ? 0 : 4, "its classic buckets");
	is_int((long long)h->n_positive_span, 2, "the native ones are there anyhow");
	is_int((long long)h->n_exemplars, spared ? 2 : 0, "exemplars where buckets went");
	ok(!spared || h->exemplars[0]->value == 0.0015, "with their values");
	prom__metric_family__free_unpacked(family, NULL);
}

/* Buckets filled in either order: what is newest need not be what is last. */
static void make_older(struct fixture *f, int which)
{
	struct stats_exemplar *e =
		(struct stats_exemplar *)(uintptr_t)f->snapshot->targets[0].exemplars;

	e[which].unix_ns -= 1000000000;
}

int main(void)
{
	for (unsigned bits = 0; bits < 8; bits++) {
		struct fixture f;

		fixture_init(&f);
		store_spare(f.store, &(struct config_metrics){
					     .classic_histograms = !(bits & 1),
					     .reasons = bits & 2 ? CONFIG_REASONS_SEEN
								 : CONFIG_REASONS_ALL,
					     .states = bits & 4 ? CONFIG_STATES_CURRENT
								: CONFIG_STATES_ALL});
		snapshot_free(f.snapshot);
		if (snapshot_take(&f.snapshot, f.store,
				  SNAPSHOT_NATIVE | SNAPSHOT_EXEMPLARS))
			return 1;
		f.src.snapshot = f.snapshot;
		make_older(&f, 1);
		printf("# buckets %s, reasons %s, states %s\n", bits & 1 ? "no" : "yes",
		       bits & 2 ? "seen" : "all", bits & 4 ? "current" : "all");
		test_text(&render_text, &f);
		test_text(&render_openmetrics, &f);
		test_exemplar(&f, "0.0015 1763798707.123");
		test_protobuf(&f);
		make_older(&f, 0);
		make_older(&f, 0);
		if (bits & 1)
			test_exemplar(&f, "5 1763798706.123");
		fixture_free(&f);
	}
	return tap_done();
}
