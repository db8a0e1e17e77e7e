/* What a renderer is told of the catalogue: each family once, then all of its rows. */
#include "exporter/metrics/catalogue.h"
#include "tests/unit/exporter/metrics/render_fixture.h"
#include "tests/unit/tap.h"

/* What a sink was told of one family. */
struct seen {
	const char *name;
	int families, rows, histograms;
	bool under_way; /* the family is the one that was told last */
};

static void family_h(const struct catalogue_family *f, void *arg)
{
	struct seen *s = arg;

	s->under_way = !strcmp(f->name, s->name);
	s->families += s->under_way;
}

static void samples_h(struct slice labels, const struct sample *samples, size_t count,
		      void *arg)
{
	struct seen *s = arg;

	(void)labels, (void)samples, (void)count;
	s->rows += s->under_way;
}

static void histogram_h(const struct snapshot_target *t, const struct stats_buckets *b,
			void *arg)
{
	struct seen *s = arg;

	(void)t;
	s->histograms += s->under_way && b->count > 0;
}

/* Of two targets one makes calls, or none does. */
static const struct {
	const char *name;
	bool calls;
	int families, rows, histograms;
} cases[] = {
	{"siptrunk_info", false, 1, 2, 0},
	{"siptrunk_up", false, 1, 1, 0},
	{"siptrunk_probes_total", false, 1, 2, 0},
	{"siptrunk_probe_duration_seconds", false, 1, 0, 2},
	{"siptrunk_call_post_dial_delay_seconds", false, 0, 0, 0},
	{"siptrunk_call_post_dial_delay_seconds", true, 1, 0, 1},
	{"siptrunk_exporter_trunks", false, 1, 1, 0},
	{"siptrunk_exporter_probe_lag_seconds", false, 1, 0, 1},
	{"siptrunk_exporter_media_lateness_seconds", false, 0, 0, 0},
};

int main(void)
{
	static const struct catalogue_sink sink = {family_h, samples_h, histogram_h};
	static const struct stats_call call;
	struct fixture f;

	fixture_init(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct snapshot_target two[] = {f.snapshot->targets[0],
						f.snapshot->targets[0]};
		struct seen s = {.name = cases[i].name};
		struct snapshot n = *f.snapshot;

		two[1].call = cases[i].calls ? &call : NULL;
		n.targets = two;
		n.target_count = 2;
		f.src.snapshot = &n;
		catalogue_walk(&f.src, &sink, &s);
		is_int(s.families, cases[i].families, cases[i].name);
		is_int(s.rows, cases[i].rows, "its rows");
		is_int(s.histograms, cases[i].histograms, "its histograms");
	}
	fixture_free(&f);
	return tap_done();
}
